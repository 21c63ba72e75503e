"""What stops a publication: each fault is planted, named, and the last site stays as it was."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from reading import contents

from rso_report.cli import main
from rso_report.errors import ReportError
from rso_report.publication import axe, links, provenance
from rso_report.publication.policy import secured
from rso_report.publication.provenance import RECORD
from rso_report.publication.site import publish

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "notebooks/summary"
PAGES = ("index.html", f"{NOTEBOOK}.html", "notebooks/breaches.html")
BODY = (
    '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">\n<title>A page</title>'
    '<link rel="stylesheet" href="{up}_static/rso.css"></head>\n'
    '<body><main id="main-content"><h1 id="top">A page</h1>{words}'
    '<a href="{up}notebooks/summary.html#top">Start</a></main></body></html>\n'
)


@pytest.fixture
def without_axe(monkeypatch):
    """The gate without its slow part, which test_axe has."""
    monkeypatch.setattr(axe, "require_accessible", lambda *_: None)


def page(name, words=""):
    return secured(BODY.format(up="../" * name.count("/"), words=words))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The pages of an edition: small, and with all that the gate looks at."""
    pages = tmp_path_factory.mktemp("edition") / "pages"
    for name in PAGES:
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(page(name))
    (pages / "_static").mkdir()
    (pages / "_static" / "rso.css").write_text("p { margin: 0; }\n")
    source = pages / "_sources" / f"{NOTEBOOK}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / f"{NOTEBOOK}.ipynb", source)
    return pages


@pytest.fixture
def edition(template, tmp_path):
    """Make an edition as the graph builds it; return the folder of its pages."""

    def make(year):
        pages = tmp_path / "build" / f"west-midlands-{year}" / "pages"
        shutil.copytree(template, pages)
        title = f"West Midlands region, {year}"
        said = {"region": "West Midlands", "year": year, "title": title, "lacks": []}
        said |= {"notebooks": {}}
        (pages / RECORD).write_text(json.dumps(said | {"data_end": f"20{year[-2:]}-03-31"}))
        again(pages)
        return pages

    return make


def again(pages):
    """Write the lists of the files as they are, so that nothing but the planted fault is wrong."""
    provenance.write_lists(pages)


@pytest.fixture
def live(tmp_path, edition, without_axe):
    """A site of two editions."""
    live = tmp_path / "_site"
    publish(live, [edition(year) / "index.html" for year in ("2019-20", "2020-21")])
    return live


def rewrite(pages, words):
    name = f"{NOTEBOOK}.html"
    (pages / name).write_text(page(name, words))


def put(pages, name, text):
    (pages / name).write_text(text)


LATER = "../../west-midlands-2019-20/notebooks/breaches.html"
FAULTS = {
    "a link to no page": (
        lambda pages: rewrite(pages, '<a href="gone.html">x</a>'),
        "west-midlands-2021-22/notebooks/summary.html, line 6: gone.html leads nowhere",
    ),
    "an anchor that is not on the page": (
        lambda pages: rewrite(pages, '<a href="#gone">x</a>'),
        "#gone leads to no such anchor",
    ),
    "an anchor that is not on another page": (
        lambda pages: rewrite(pages, '<a href="breaches.html?q=1#gone">x</a>'),
        "breaches.html?q=1#gone leads to no such anchor",
    ),
    "an anchor that is not in another edition": (
        lambda pages: rewrite(pages, f'<a href="{LATER}#gone">x</a>'),
        f"{LATER}#gone leads to no such anchor",
    ),
    "a page of another edition that is not there": (
        lambda pages: rewrite(pages, f'<a href="{LATER}x">x</a>'),
        f"{LATER}x leads nowhere",
    ),
    "a link out of the site": (
        lambda pages: rewrite(pages, '<a href="../../../../../data/areas.csv">x</a>'),
        "../../../../../data/areas.csv leads nowhere",
    ),
    "a picture that is absent": (
        lambda pages: rewrite(pages, '<img src="gone.png" alt="">'),
        "gone.png leads nowhere",
    ),
    "a script of another host": (
        lambda pages: rewrite(pages, '<script src="https://example.org/a.js"></script>'),
        "https://example.org/a.js is loaded from another host",
    ),
    "a picture of another host": (
        lambda pages: rewrite(pages, '<img src="//example.org/a.png" alt="">'),
        "//example.org/a.png is loaded from another host",
    ),
    "a style sheet that loads from another host": (
        lambda pages: put(pages, "_static/rso.css", "@import 'https://example.org/a.css';"),
        "west-midlands-2021-22/_static/rso.css: loads from another host",
    ),
    "a page without its policy": (
        lambda pages: put(pages, f"{NOTEBOOK}.html", BODY.format(up="../", words="")),
        "Pages without the Content-Security-Policy, built by another version or changed since. "
        "Build their editions again:\nwest-midlands-2021-22/notebooks/summary.html",
    ),
    "a page that leads on to another host": (
        lambda pages: rewrite(
            pages, '<meta http-equiv="refresh" content="0; url=https://example.org/">'
        ),
        "https://example.org/ is loaded from another host",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_stops_the_publication_by_its_name_and_the_last_site_stays(live, edition, fault):
    plant, words = FAULTS[fault]
    before, pages = contents(live), edition("2021-22")
    plant(pages)
    again(pages)
    with pytest.raises(ReportError) as caught:
        publish(live, [pages / "index.html"])
    said = str(caught.value)
    assert said.startswith("The site was not published, and the last one stays as it was. ")
    assert words in said
    assert contents(live) == before
    assert sorted(path.name for path in live.resolve().parent.iterdir()) == [
        ".lock",
        live.resolve().name,
    ]


def test_an_edition_that_is_not_what_was_built_is_not_published(live, edition):
    """What `verify` finds in one folder of a site: the planted faults are in test_verify."""
    before, pages = contents(live), edition("2021-22")
    put(pages, f"{NOTEBOOK}.html", page(f"{NOTEBOOK}.html", "<!-- later -->"))
    put(pages, "more.txt", "more")
    with pytest.raises(ReportError) as caught:
        publish(live, [pages / "index.html"])
    assert str(caught.value).splitlines() == [
        "The site was not published, and the last one stays as it was. Editions are not what was "
        "built. Build them again, or remove their folders from the site:",
        "west-midlands-2021-22, more.txt: is extra: it was not built",
        "west-midlands-2021-22, notebooks/summary.html: is not as it was built",
    ]
    assert contents(live) == before


def test_an_edition_of_older_data_and_code_stays_publishable(live, edition, monkeypatch):
    start = edition("2021-22") / "index.html"
    monkeypatch.setattr(provenance, "checkout", lambda: ROOT / "nowhere")
    publish(live, [start])
    assert (live / "west-midlands-2021-22" / "index.html").is_file()


def test_what_axe_finds_stops_the_publication(live, edition, monkeypatch):
    def find(*_):
        raise ReportError("image-alt: <img>")

    monkeypatch.setattr(axe, "require_accessible", find)
    before = contents(live)
    with pytest.raises(ReportError, match="stays as it was. image-alt: <img>"):
        publish(live, [edition("2021-22") / "index.html"])
    assert contents(live) == before


def test_links_that_are_right_are_let_through(tmp_path):
    put(tmp_path, "a b.html", '<p id="é">x</p>')
    put(tmp_path, "404.html", '<a href="/report/a.html">x</a>')
    links_of = (
        '<a name="n" href="#n">x</a><a href="a%20b.html#%C3%A9">x</a><a href="?q=1">x</a>'
        '<a href="https://example.org/#x">x</a><link rel="canonical" href="https://example.org">'
        '<link rel="icon" href="data:,"><img src="data:image/png;base64,AA">'
        '<a href="mailto:a">x</a>'
        '<meta http-equiv="refresh" content="0; url=a%20b.html">'
    )
    put(tmp_path, "a.html", links_of)
    assert links.faults(tmp_path) == []
    put(tmp_path, "a.html", links_of.replace("a%20b.html", "gone.html"))
    assert len(links.faults(tmp_path)) == 2
    put(tmp_path, "a.html", '<a href="/a.html">x</a>')
    assert links.faults(tmp_path) == ["a.html, line 1: /a.html leads nowhere"]


@pytest.mark.slow
def test_two_real_editions_side_by_side_pass_the_gate_and_are_verified(site, tmp_path):
    """The pages of the default edition, published twice, once as those of an earlier year."""
    for year in ("2020-21", "2021-22"):
        pages = tmp_path / "build" / f"west-midlands-{year}" / "pages"
        shutil.copytree(site, pages)
        said = json.loads((pages / RECORD).read_text())
        said |= {"year": year, "title": f"West Midlands region, {year}"}
        if year != "2021-22":  # of which the notebooks are
            said |= {"notebooks": {}}
        (pages / RECORD).write_text(json.dumps(said))
        again(pages)
    live = tmp_path / "_site"
    # In a thread of its own: the browser of other tests keeps this one's event loop.
    with ThreadPoolExecutor() as pool:
        pool.submit(publish, live, sorted((tmp_path / "build").glob("*/pages/index.html"))).result()
    noticed = [p for p in live.rglob("*.html") if b"<strong>This is the edit" in p.read_bytes()]
    assert {page.relative_to(live).parts[0] for page in noticed} == {"west-midlands-2020-21"}
    assert len(noticed) > 20
    verified = CliRunner().invoke(main, ["verify", str(live)])
    assert verified.exit_code == 0, verified.output
    assert verified.output.count("are those of its list") == 3


def test_the_gate_does_not_wait_for_what_only_a_build_needs():
    seen = "import sys, rso_report.publication.gate; print({'pandas', 'sphinx'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
