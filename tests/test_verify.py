"""What the record of an edition holds, and that a change of anything it names is found."""

import functools
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from reading import pages_of

from rso_report import dataset
from rso_report.cli import main
from rso_report.publication import downloads, provenance
from rso_report.publication.assemble import commit
from rso_report.publication.provenance import RECORD, UnreadableError, report, verify

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = {
    f"notebooks/{name}": ROOT / f"notebooks/{name}.ipynb" for name in ("summary", "breaches")
}
NOTICE = (
    '<aside class="edition-notice" data-edition-notice><p>There is a later edition: '
    '<a href="../../west-midlands-2022-23/index.html">2022-23</a>.</p></aside>'
)
PAGE = "<html><body>\n<main><p>3,655 people</p>\n</main></body></html>\n"


@pytest.fixture(scope="module", autouse=True)
def data_once():
    """Hashes of the data are computed once for every data folder: no test changes one twice."""
    with pytest.MonkeyPatch.context() as patch:
        known = functools.cache(lambda folder: provenance_data())
        provenance_data = provenance.data
        patch.setattr(provenance, "data", lambda: known(dataset.data_folder()))
        yield


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
    provenance.write_record(site, provenance.made_from(NOTEBOOKS, ""))
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


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rewritten(site, change):
    """Change the record of a site as somebody would who wants to hide what was done."""
    record = json.loads((site / RECORD).read_text())
    change(record)
    (site / RECORD).write_text(json.dumps(record))


def found(site):
    return [(each.kind, each.subject) for each in verify(site).differences]


def test_a_whole_site_is_what_its_record_says(whole):
    text, status = report(whole)
    assert status == 0
    record = hashlib.sha256((whole / RECORD).read_bytes()).hexdigest()
    assert text == (
        f"West Midlands region, 2021-22 ({whole}): 6 files, data, code and lock are those of its "
        f"record, SHA-256 {record}"
    )


def test_the_record_says_what_went_in(whole):
    record = json.loads((whole / RECORD).read_text())
    default = {"report_year": "2021-22", "region": "West Midlands"}
    assert record["edition"] == default | {"others": ""}
    assert record["pages"]["notebooks/breaches"]["parameters"] == default
    assert "breaches.csv" in record["pages"]["notebooks/breaches"]["data"]
    for name in ("breaches.csv", "datapackage.json"):
        content = (ROOT / "data" / name).read_bytes()
        assert record["data"]["files"][name] == hashlib.sha256(content).hexdigest()
    assert record["data"]["updated"] == max(r["updated"] for r in dataset.descriptor()["resources"])
    assert {"src/rso_report/breaches.py", "book/methods.md", "notebooks/summary.ipynb"} <= set(
        record["code"]["files"]
    )
    lock = (ROOT / "requirements.lock").read_bytes()
    assert record["software"]["lock"] == hashlib.sha256(lock).hexdigest()
    assert f"pandas=={record['software']['packages']['pandas']} " in lock.decode()
    assert RECORD not in record["files"]


def test_a_digest_of_many_files_can_be_computed_with_sha256sum(tmp_path):
    files = {"b.txt": b"two", "a.txt": b"one"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    lines = subprocess.run(
        ["sha256sum", "a.txt", "b.txt"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    hashes = {name: provenance.sha256(content) for name, content in files.items()}
    assert provenance.digest(hashes) == hashlib.sha256(lines).hexdigest()


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


def change_the_archive(site):
    path = site / downloads.DATA
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["breaches.csv"] += b"\n"
    path.write_bytes(downloads.archive(members))
    rewritten(site, lambda r: r["files"].update({downloads.DATA: hash_of(path)}))


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change_a_notebook(site, cell=1, old=None, new=None):
    """Change a cell of code of an executed notebook, and its hash wherever it is recorded."""
    path = site / "_sources" / "notebooks" / "breaches.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = [each for each in notebook.cells if each.cell_type == "code"]
    chosen = next(each for each in cells if old in each.source) if old else cells[cell]
    chosen.source = chosen.source.replace(old, new) if old else chosen.source + "\n1 + 1"
    nbformat.write(notebook, path)

    def hide(record):
        record["files"]["_sources/notebooks/breaches.ipynb"] = hash_of(path)
        record["pages"]["notebooks/breaches"]["sha256"] = hash_of(path)

    rewritten(site, hide)


def change_parameters_of_a_notebook(site):
    change_a_notebook(site, old='"2021-22"', new='"2020-21"')


def change_recorded_parameters(site):
    def change(record):
        record["pages"]["notebooks/breaches"]["parameters"]["report_year"] = "2020-21"

    rewritten(site, change)


def change_the_recorded_edition(site):
    rewritten(site, lambda record: record["edition"].update(report_year="2020-21"))


def change_the_recorded_code(site):
    def change(record):
        record["code"]["files"]["src/rso_report/breaches.py"] = "0" * 64

    rewritten(site, change)


def open_a_way_out(site):
    rewritten(site, lambda record: record["files"].update({"../../etc/passwd": "0" * 64}))


NOTEBOOK = "_sources/notebooks/breaches.ipynb"


@pytest.mark.parametrize(
    ("tamper", "differences"),
    [
        (change_a_figure, [("file changed", "notebooks/breaches.html")]),
        (swap_a_csv, [("file changed", "_static/fig-register.csv")]),
        (add_a_script, [("file extra", "_static/more.js")]),
        (add_a_link_to_elsewhere, [("file extra", "_static/more.css")]),
        (remove_a_page, [("file missing", "notebooks/summary.html")]),
        (change_the_archive, [("data changed", "breaches.csv")]),
        (change_a_notebook, [("notebook", NOTEBOOK)]),
        (
            change_parameters_of_a_notebook,
            [("parameters", NOTEBOOK), ("parameters", NOTEBOOK), ("notebook", NOTEBOOK)],
        ),
        (change_recorded_parameters, [("parameters", NOTEBOOK)]),
        (
            change_the_recorded_edition,
            [("parameters", "_sources/notebooks/summary.ipynb"), ("parameters", NOTEBOOK)],
        ),
        (
            change_the_recorded_code,
            [("code changed", "src/rso_report/breaches.py"), ("record", RECORD)],
        ),
        (open_a_way_out, [("file missing", "../../etc/passwd")]),
    ],
)
def test_tampering_is_found_and_named(copy, tamper, differences):
    tamper(copy)
    assert sorted(found(copy)) == sorted(differences)
    text, status = report(copy)
    assert status == 1
    assert all(subject in text for _, subject in differences)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/rso_report/breaches.py", "code changed"),
        ("notebooks/breaches.ipynb", "code changed"),
        ("book/methods.md", "code changed"),
        ("_config.yml", "code changed"),
        ("requirements.lock", "lock"),
    ],
)
def test_a_checkout_that_differs_from_the_one_that_made_the_site_is_found(
    whole, another_checkout, path, kind
):
    assert verify(whole).differences == []
    with (another_checkout / path).open("a") as file:
        file.write("\n")
    assert found(whole) == [(kind, path)]


def test_data_that_differ_from_those_of_the_site_are_found(whole, another_checkout):
    replace(another_checkout / "data" / "breaches.csv", ",412,", ",413,")
    assert found(whole) == [("data changed", "data/breaches.csv")]


def test_a_pdf_that_was_printed_from_other_pages_is_found(copy):
    pdf = copy.with_name(f"{copy.name}.pdf")
    pdf.write_bytes(f"%PDF-1.3 /Keywords ({provenance.mark(copy)})".encode())
    assert found(copy) == []
    rewritten(copy, lambda record: record)  # the same in other bytes
    assert found(copy) == [("pdf", pdf.name)]


@pytest.mark.parametrize("line", [NOTICE, NOTICE + "\n"])
def test_a_notice_that_a_later_edition_exists_is_no_change(copy, line):
    path = copy / "notebooks" / "breaches.html"
    replace(path, "<main>", f"{line}<main>")
    assert found(copy) == []
    replace(path, "3,655", "3,565")
    assert found(copy) == [("file changed", "notebooks/breaches.html")]


@pytest.mark.parametrize(
    "more",
    ["<script>alert(1)</script>", '<a href="#" onclick="alert(1)">now</a>', "<table></table>"],
)
def test_a_notice_may_hold_words_and_links_only(copy, more):
    path = copy / "notebooks" / "breaches.html"
    replace(path, "<main>", NOTICE.replace("<p>", f"<p>{more}") + "<main>")
    assert found(copy) == [("file changed", "notebooks/breaches.html")]


def test_a_second_notice_is_a_change(copy):
    replace(copy / "notebooks" / "breaches.html", "<main>", NOTICE * 2 + "<main>")
    assert found(copy) == [("file changed", "notebooks/breaches.html")]


def test_editions_side_by_side_are_all_verified(whole, tmp_path):
    for year in ("2020-21", "2021-22"):
        shutil.copytree(whole, tmp_path / f"west-midlands-{year}")
    (tmp_path / "index.html").write_text("<h1>Editions</h1>")
    text, status = report(tmp_path)
    assert (status, len(text.splitlines())) == (0, 2)
    change_a_figure(tmp_path / "west-midlands-2020-21")
    told = json.loads(report(tmp_path, as_json=True)[0])
    assert told["status"] == 1
    assert [len(each["differences"]) for each in told["editions"]] == [1, 0]
    (tmp_path / "west-midlands-2021-22" / RECORD).unlink()
    text, status = report(tmp_path)
    assert status == 3
    assert "west-midlands-2021-22: can't be verified" in text
    assert "notebooks/breaches.html: is not as it was built" in text


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"files": 1}', b"\xff", b'{"files": {}, "pages": []}']
)
def test_a_record_that_is_none_is_told_and_not_a_crash(copy, content):
    (copy / RECORD).write_bytes(content)
    text, status = report(copy)
    assert status == 3
    assert "is not a record of an edition" in text


def test_a_folder_that_is_no_report_is_told(tmp_path):
    assert report(tmp_path)[1] == 3
    with pytest.raises(UnreadableError, match="it is not a built report"):
        provenance.editions(tmp_path / "absent")


def test_the_command_prints_the_result_and_ends_with_its_status(copy, tmp_path):
    run = CliRunner().invoke
    done = run(main, ["verify", str(copy)])
    assert (done.exit_code, done.output) == (0, report(copy)[0] + "\n")
    assert run(main, ["verify", str(tmp_path / "absent")]).exit_code == 3
    add_a_script(copy)
    done = run(main, ["verify", str(copy), "--json"])
    told = json.loads(done.output)
    assert done.exit_code == 1
    assert told["editions"][0]["differences"] == [
        {
            "kind": "file extra",
            "subject": "_static/more.js",
            "words": "is extra: no such file was built",
        }
    ]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_endings_are_no_change_of_a_text(copy, another_checkout, ending):
    """As git converts them in checkouts where it is told to; a CSV for Excel has them already."""
    (copy / "return.csv").write_bytes(b"a,b\r\n")
    provenance.write_record(copy, provenance.made_from(NOTEBOOKS, ""))
    texts = [copy / "return.csv", another_checkout / "requirements.lock"]
    texts += [*copy.rglob("*.html"), *copy.rglob("*.ipynb")]
    texts += [*another_checkout.glob("book/*.md"), *another_checkout.glob("src/**/*.py")]
    for path in texts:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ending))
    assert found(copy) == []


def test_line_endings_in_what_is_no_text_are_a_change(copy):
    picture = copy / "_static" / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\0\r\n")
    provenance.write_record(copy, provenance.made_from(NOTEBOOKS, ""))
    picture.write_bytes(b"\x89PNG\n\0\n")
    assert found(copy) == [("file changed", "_static/picture.png")]


def test_git_keeps_the_line_endings_of_every_text_whatever_its_settings_say():
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    names = ["a.py", "book/a.md", "new/Dockerfile", *git(ROOT, "ls-files").splitlines()]
    said = set(git(ROOT, "check-attr", "text", "eol", "--", *names).splitlines())
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
    assert provenance.packages(lock) == {"one": "1.0", "two": "2.1"}
    assert provenance.installed_otherwise({"one-that-nobody-made": "1.0"}) == {
        "one-that-nobody-made": ""
    }
    pandas = {"pandas": "0.1"}
    assert provenance.installed_otherwise(pandas)["pandas"] not in ("", "0.1")


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
def feet(site):
    """The foot of each page that has the navigation."""
    soups = {
        name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for name, path in pages_of(site).items()
    }
    return {
        name: soup.select(".rso-made")
        for name, soup in soups.items()
        if soup.select(".bd-docs-nav")
    }


def test_the_built_site_is_what_its_record_says(site):
    assert verify(site).differences == []


def test_every_page_says_at_its_foot_what_it_was_made_of(site, feet):
    record = json.loads((site / RECORD).read_text(encoding="utf-8"))
    assert len(feet) > 25
    for name, found_feet in feet.items():
        (foot,) = found_feet
        words = " ".join(foot.get_text().split())
        assert words.startswith("Edition: West Midlands region, 2021-22. Data last changed: "), name
        assert record["code"]["digest"][:12] in words and record["software"]["lock"][:12] in words
        assert not foot.details.has_attr("open")
        assert foot.details.summary.get_text() == "How this page was made"
        for link in foot.select("a"):
            target = (site / name).parent / link["href"]
            assert target.is_file(), f"{name}: {link}"
        assert len(str(foot)) < 2500, name


def test_the_foot_of_a_notebook_names_its_parameters_the_tables_it_read_and_the_notebook(
    site, feet
):
    record = json.loads((site / RECORD).read_text(encoding="utf-8"))
    for page, made in record["pages"].items():
        (foot,) = feet[f"{page}.html"]
        words = " ".join(foot.get_text().split())
        for name, value in made["parameters"].items():
            assert f"{name} = {value!r}" in words
        for table in made["data"]:
            assert f"{table} {hash_of(ROOT / 'data' / table)[:12]}" in words
        (link,) = foot.select("a[download]")
        notebook = (site / page).parent / link["href"]
        assert hash_of(notebook) == made["sha256"] == record["files"][made["notebook"]]


def test_the_page_of_the_edition_holds_whole_hashes(site):
    text = (site / "book" / "provenance.html").read_text(encoding="utf-8")
    record = json.loads((site / RECORD).read_text(encoding="utf-8"))
    whole = [
        *record["data"]["files"].values(),
        record["code"]["digest"],
        record["software"]["lock"],
    ]
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
