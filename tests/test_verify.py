"""What the lists of an edition hold, and that a change of anything they name is found."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from reading import replace
from test_environment import repository_files

from rso_report import dataset
from rso_report.cli import main
from rso_report.errors import FileError
from rso_report.parameters import EditionParameters
from rso_report.publication import downloads, provenance, provenance_pages
from rso_report.publication.assemble import commit
from rso_report.publication.provenance import MANIFEST, RECORD, SOURCES, report, verify

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = {
    f"notebooks/{name}": ROOT / f"notebooks/{name}.ipynb" for name in ("summary", "breaches")
}
NOTICE = (
    '<aside class="edition-notice" data-edition-notice><p>There is a later edition: '
    '<a href="../../west-midlands-2022-23/index.html">2022-23</a>.</p></aside>'
)
PAGE = "<html><body>\n<main><p>3,655 people</p>\n</main></body></html>\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A site of the parts that a record speaks of, without building a book."""
    site = tmp_path_factory.mktemp("whole")
    for page, path in NOTEBOOKS.items():
        (site / "_sources" / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, site / "_sources" / f"{page}.ipynb")
        (site / page).parent.mkdir(exist_ok=True)
        (site / f"{page}.html").write_text(PAGE)
    (site / "_static").mkdir()
    (site / "_static" / "fig-register.csv").write_text("year,count\n2022,3655\n")
    archive = site / downloads.DATA
    archive.parent.mkdir()
    archive.write_bytes(downloads.archive(downloads.data_files() | {"README.txt": b"words"}))
    said = {"region": "West Midlands", "year": "2021-22"}
    (site / RECORD).write_text(json.dumps(said | provenance_pages.made_from(NOTEBOOKS)))
    provenance.write_lists(site)
    return site


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "site"))


@pytest.fixture
def another_checkout(tmp_path, monkeypatch):
    """A copy of this checkout, which can be changed, as the one that verifies."""
    root = tmp_path / "checkout"
    for part in ("src/rso_report", "notebooks", "book", "data"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for pattern in ("*.md", "_*.yml", "LICENSE", "CITATION.cff", "Snakefile", "pyproject.toml"):
        for path in ROOT.glob(pattern):
            shutil.copy(path, root)
    shutil.copy(ROOT / "requirements.lock", root)
    monkeypatch.setattr(provenance, "checkout", lambda: root)
    monkeypatch.setenv("RSO_REPORT_DATA", str(root / "data"))
    return root


def hide(site):
    """Write the list of files anew, as somebody would who wants to hide what was done."""
    provenance.write_manifest(site)


def found(site):
    return [each.file for each in verify(site)]


def test_a_whole_site_is_what_its_lists_say(whole):
    text, status = report(whole)
    assert status == 0
    list_itself = provenance.digest((whole / MANIFEST).read_bytes())
    assert text == f"{whole}: 8 files are those of its list, SHA-256 {list_itself}"


@pytest.mark.parametrize(("name", "folder"), [(MANIFEST, None), (SOURCES, ROOT)])
def test_the_lists_are_those_of_sha256sum(whole, name, folder):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", whole / name], cwd=folder or whole
    )
    assert done.returncode == 0


def test_the_lists_name_all_that_was_made_and_all_that_made_it(whole):
    files = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    assert set(provenance.read(whole / MANIFEST)) == files - {MANIFEST}
    sources = set(provenance.read(whole / SOURCES))
    assert {"src/rso_report/breaches.py", "book/methods.md", "notebooks/summary.ipynb"} <= sources
    assert {"requirements.lock", "data/breaches.csv", "data/datapackage.json"} <= sources


def test_the_record_says_how_each_notebook_was_executed(whole):
    made = json.loads((whole / RECORD).read_text())["notebooks"]["notebooks/breaches"]
    default = EditionParameters()
    assert made["parameters"] == {"report_year": default.report_year, "region": default.region}
    assert "breaches.csv" in made["data"]


def change_a_figure(site):
    replace(site / "notebooks" / "breaches.html", "3,655", "3,565")


def swap_a_csv(site):
    (site / "_static" / "fig-register.csv").write_text("year,count\n2022,3565\n")


def add_a_script(site):
    (site / "_static" / "more.js").write_text("document.title = '';")


def add_a_link_to_elsewhere(site):
    (site / "_static" / "more.css").symlink_to(site / "_static" / "fig-register.csv")


def remove_a_page(site):
    (site / "notebooks" / "summary.html").unlink()


def change_the_list_of_sources(site):
    path = site / SOURCES
    name = "src/rso_report/breaches.py"
    path.write_text(re.sub(f"[0-9a-f]{{64}}(?=  {name})", "0" * 64, path.read_text()))
    hide(site)


def open_a_way_out(site):
    with (site / MANIFEST).open("a") as lines:
        lines.write(f"{'0' * 64}  ../../etc/passwd\n")


@pytest.mark.parametrize(
    ("tamper", "differences"),
    [
        (change_a_figure, ["notebooks/breaches.html"]),
        (swap_a_csv, ["_static/fig-register.csv"]),
        (add_a_script, ["_static/more.js"]),
        (add_a_link_to_elsewhere, ["_static/more.css"]),
        (remove_a_page, ["notebooks/summary.html"]),
        (change_the_list_of_sources, ["src/rso_report/breaches.py"]),
        (open_a_way_out, ["../../etc/passwd"]),
    ],
)
def test_tampering_is_found_and_named(copy, tamper, differences):
    tamper(copy)
    assert sorted(found(copy)) == sorted(differences)
    text, status = report(copy)
    assert status == 1
    assert all(name in text for name in differences)


@pytest.mark.parametrize(
    "path",
    [
        "src/rso_report/breaches.py",
        "notebooks/breaches.ipynb",
        "book/methods.md",
        "_config.yml",
        "requirements.lock",
        "data/breaches.csv",
    ],
)
def test_a_checkout_that_differs_from_the_one_that_made_the_site_is_found(
    whole, another_checkout, path
):
    assert verify(whole) == []
    with (another_checkout / path).open("a") as file:
        file.write("\n")
    assert found(whole) == [path]
    if path != "requirements.lock":  # without it, it is no checkout
        (another_checkout / path).rename(another_checkout / f"{path}-moved")
        assert path in found(whole)


def test_a_pdf_that_was_printed_from_other_pages_is_found(copy):
    pdf = copy.with_name(f"{copy.name}.pdf")
    pdf.write_bytes(f"%PDF-1.3 /Keywords ({provenance.mark(copy)})".encode())
    assert found(copy) == []
    swap_a_csv(copy)
    hide(copy)
    assert found(copy) == [pdf.name]


def test_a_notice_that_a_later_edition_exists_is_no_change(copy):
    path = copy / "notebooks" / "breaches.html"
    replace(path, "<main>", f"{NOTICE}<main>")
    assert found(copy) == []
    replace(path, "3,655", "3,565")
    assert found(copy) == ["notebooks/breaches.html"]


@pytest.mark.parametrize(
    "more",
    ["<script>alert(1)</script>", '<a href="#" onclick="alert(1)">now</a>', "<table></table>"],
)
def test_a_notice_may_hold_words_and_links_only(copy, more):
    path = copy / "notebooks" / "breaches.html"
    replace(path, "<main>", NOTICE.replace("<p>", f"<p>{more}") + "<main>")
    assert found(copy) == ["notebooks/breaches.html"]


def test_a_second_notice_is_a_change(copy):
    replace(copy / "notebooks" / "breaches.html", "<main>", NOTICE * 2 + "<main>")
    assert found(copy) == ["notebooks/breaches.html"]


@pytest.fixture
def several(whole, tmp_path):
    """Two editions side by side, with their index and the PDF of one."""
    site = tmp_path / "_site"
    for year in ("2020-21", "2021-22"):
        shutil.copytree(whole, site / f"west-midlands-{year}")
    (site / "index.html").write_text("<h1>Editions</h1>")
    (site / "west-midlands-2021-22.pdf").write_bytes(f"%PDF {provenance.mark(whole)}".encode())
    provenance.write_manifest(site)
    return site


def packed(site):
    return Path(shutil.make_archive(site.with_name("packed"), "zip", site.parent, site.name))


@pytest.mark.parametrize("form", [lambda site: site, packed])
def test_editions_side_by_side_are_all_verified(several, form):
    text, status = report(form(several))
    assert (status, len(text.splitlines())) == (0, 3)
    change_a_figure(several / "west-midlands-2020-21")
    told = json.loads(report(form(several), as_json=True)[0])
    assert told["status"] == 1
    assert [len(each["differences"]) for each in told["folders"]] == [0, 1, 0]
    (several / "west-midlands-2021-22" / MANIFEST).unlink()
    text, status = report(form(several))
    assert status == 3
    assert "west-midlands-2021-22: can't be verified" in text
    assert "notebooks/breaches.html: is not as it was built" in text


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda site: (site / "index.html").write_text("<h1>None</h1>"), "index.html"),
        (
            lambda site: (site / "west-midlands-2021-22.pdf").open("a").write("more"),
            "west-midlands-2021-22.pdf",
        ),
        (lambda site: (site / "more.html").touch(), "more.html"),
        (lambda site: (site / "index.html").unlink(), "index.html"),
    ],
)
def test_what_stands_beside_the_editions_is_verified_too(several, change, name):
    change(several)
    assert found(several) == [name]
    assert report(several)[1] == report(packed(several))[1] == 1


def test_a_folder_more_is_none_of_the_site(several):
    (several / "more").mkdir()
    assert report(several)[1] == 3


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_refused(several):
    path = packed(several)
    with ZipFile(path, "a") as archive:
        archive.writestr("_site/index.html", "another")
    text, status = report(path)
    assert status == 3 and "two files of one name" in text


def test_a_site_without_its_list_is_not_taken_for_whole(several):
    (several / MANIFEST).unlink()
    assert report(several)[1] == 3


@pytest.mark.parametrize("content", [b"{", b"0  a\n", b"\xff"])
@pytest.mark.parametrize("name", [MANIFEST, SOURCES])
def test_a_list_that_is_none_is_told_and_not_a_crash(copy, name, content):
    (copy / name).write_bytes(content)
    text, status = report(copy)
    assert status == 3 and name in text


def test_a_folder_that_is_no_report_is_told(tmp_path):
    assert report(tmp_path)[1] == 3
    with pytest.raises(FileError, match="neither a folder nor a ZIP"):
        provenance.folders(tmp_path / "absent")


def test_the_command_prints_the_result_and_ends_with_its_status(copy, tmp_path):
    run = CliRunner().invoke
    done = run(main, ["verify", str(copy)])
    assert (done.exit_code, done.output) == (0, report(copy)[0] + "\n")
    assert run(main, ["verify", str(tmp_path / "absent")]).exit_code == 3
    add_a_script(copy)
    done = run(main, ["verify", str(copy), "--json"])
    told = json.loads(done.output)
    assert done.exit_code == 1
    words = "is extra: it was not built"
    assert told["folders"][0]["differences"] == [{"file": "_static/more.js", "words": words}]


def test_git_keeps_the_line_endings_of_every_text_whatever_its_settings_say(tmp_path):
    git(tmp_path, "init", "-q")  # not of this checkout, which may be none of git
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    names = ["a.py", "book/a.md", "new/Dockerfile"]
    names += [str(path.relative_to(ROOT)) for path in repository_files()]
    said = set(git(tmp_path, "check-attr", "text", "eol", "--", *names).splitlines())
    for name in names:
        as_it_came = name.startswith("data/") and f"{name}: text: unset" in said
        assert as_it_came or {f"{name}: text: auto", f"{name}: eol: lf"} <= said


# --- the commit ------------------------------------------------------------------------------


def git(root, *words):
    name = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", root, *name, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    for name in ("src/rso_report/a.py", "data/a.csv", "requirements.lock", "tests/test_a.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n")
    git(tmp_path, "init", "-q", str(root))
    git(root, "add", ".")
    git(root, "commit", "-qm", "One")
    return root


def test_the_commit_is_the_last_that_changed_code_or_data(repository):
    first = git(repository, "rev-parse", "HEAD")
    assert commit(repository) == first
    (repository / "tests" / "test_a.py").write_text("2\n")
    assert commit(repository) == first
    git(repository, "commit", "-qam", "Tests alone")
    assert commit(repository) == first != git(repository, "rev-parse", "HEAD")
    (repository / "data" / "a.csv").write_text("2\n")
    git(repository, "commit", "-qam", "Data")
    assert commit(repository) == git(repository, "rev-parse", "HEAD")


def test_a_shallow_clone_names_the_commit_of_the_full_one_or_none(repository, tmp_path):
    for name, words in (("data/a.csv", "Data"), ("tests/test_a.py", "Tests alone")):
        (repository / name).write_text("2\n")
        git(repository, "commit", "-qam", words)
    commits = {}
    for depth in (1, 2, 3, 9):
        clone = tmp_path / f"{depth}"
        git(tmp_path, "clone", "-q", f"--depth={depth}", repository.as_uri(), str(clone))
        commits[depth] = commit(clone)
    full = commit(repository)
    assert commits == {1: "", 2: "", 3: full, 9: full}


@pytest.mark.parametrize("name", ["src/rso_report/a.py", "src/rso_report/new.py", "data/a.csv"])
def test_files_that_no_commit_holds_have_no_commit(repository, name):
    (repository / name).write_text("2\n")
    assert commit(repository) == ""


def test_outside_a_git_checkout_there_is_no_commit(repository, tmp_path):
    inside = repository / "unpacked"
    shutil.copytree(repository / "src", inside / "src")
    assert commit(inside) == ""
    shutil.rmtree(repository / ".git")
    assert commit(repository) == ""


# --- the lock, the day of the data -------------------------------------------------------------


def test_the_lock_is_read_for_this_python_and_this_system():
    lock = (
        "one==1.0 \\\n    --hash=sha256:00\n"
        "two==2.0 ; python_full_version < '3' \\\n    --hash=sha256:00\n"
        "two==2.1 ; python_full_version >= '3'\n"
    )
    assert provenance_pages.installed_otherwise(lock) == {
        "one": "none in place of 1.0",
        "two": "none in place of 2.1",
    }
    other = provenance_pages.installed_otherwise("pandas==0.1 \\\n    --hash=sha256:00\n")
    assert re.fullmatch(r"[\d.]+ in place of 0\.1", other["pandas"])
    real = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert provenance_pages.installed_otherwise(real) == {}


def test_a_stamp_dates_the_files_that_changed_and_no_other(tmp_path):
    import datetime as dt

    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    before = {r["name"]: r["updated"] for r in dataset.descriptor(folder)["resources"]}
    dataset.stamp(folder, dt.date(2031, 1, 2))
    assert before == {r["name"]: r["updated"] for r in dataset.descriptor(folder)["resources"]}
    replace(folder / "breaches.csv", ",412,", ",413,")
    dataset.stamp(folder, dt.date(2031, 1, 2))
    after = {r["name"]: r["updated"] for r in dataset.descriptor(folder)["resources"]}
    assert after == before | {"breaches": "2031-01-02"}


def test_every_file_of_the_data_says_when_it_was_changed():
    for resource in dataset.descriptor()["resources"]:
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", resource["updated"]), resource["name"]


# --- the pages -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def feet(documents):
    """The foot of each page that has the navigation."""
    return {
        name: document.select(".rso-made")
        for name, document in documents.items()
        if document.select(".bd-docs-nav")
    }


def test_the_built_site_is_what_its_lists_say(site):
    assert verify(site) == []


def test_every_page_says_at_its_foot_what_it_was_made_of(site, feet):
    sources, default = provenance.read(site / SOURCES), EditionParameters()
    assert len(feet) > 25
    for name, found_feet in feet.items():
        (foot,) = found_feet
        words = " ".join(foot.get_text().split())
        edition = f"{default.region} region, {default.report_year}"
        assert words.startswith(f"Edition: {edition}. Data last changed: "), name
        assert sources["requirements.lock"][:12] in words
        assert not foot.details.has_attr("open")
        assert foot.details.summary.get_text() == "How this page was made"
        for link in foot.select("a"):
            target = (site / name).parent / link["href"]
            assert target.is_file(), f"{name}: {link}"
        assert len(str(foot)) < 2500, name


def test_the_foot_of_a_notebook_names_its_parameters_the_tables_it_read_and_the_notebook(
    site, feet
):
    sources = provenance.read(site / SOURCES)
    for page, made in json.loads((site / RECORD).read_text(encoding="utf-8"))["notebooks"].items():
        (foot,) = feet[f"{page}.html"]
        words = " ".join(foot.get_text().split())
        for name, value in made["parameters"].items():
            assert f"{name} = {value!r}" in words
        for table in made["data"]:
            assert f"{table} {sources[f'data/{table}'][:12]}" in words
        (link,) = foot.select("a[download]")
        assert link["href"] == f"../_sources/{page}.ipynb" and (site / link["href"][3:]).is_file()


def test_the_page_of_the_edition_holds_whole_hashes(site):
    text = (site / "book" / "provenance.html").read_text(encoding="utf-8")
    sources = provenance.read(site / SOURCES)
    whole = [hash_ for name, hash_ in sources.items() if name.startswith("data/")]
    whole += [sources["requirements.lock"], provenance.read(site / MANIFEST)[SOURCES]]
    assert all(each in text for each in whole)


def test_on_paper_the_foot_is_one_line(site, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / "notebooks" / "breaches.html").as_uri())
    line, details = page.locator(".rso-made p"), page.locator(".rso-made details")
    details.locator("summary").click()
    assert page.locator(".rso-made dl").is_visible()
    details.locator("summary").click()
    page.emulate_media(media="print")
    assert line.is_visible() and not details.is_visible()
    page.close()
