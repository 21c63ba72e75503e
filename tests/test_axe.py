"""The look that axe takes at pages before they are published."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from rso_report.errors import ReportError
from rso_report.publication import axe
from rso_report.publication.axe import kinds, pages_to_check

CLEAN = (
    '<!DOCTYPE html><html lang="en-GB"><head><title>Clean</title></head><body><main><h1>Clean</h1>'
    '<p>Words. <a href="#more">More</a></p><h2 id="more">More</h2></main></body></html>'
)
PALE = CLEAN.replace("<p>", '<p style="color: #999; background: #fff">')
FRONT = (
    '<!DOCTYPE html><html><head><meta http-equiv="refresh" content="0; url=b.html"></head></html>'
)


@pytest.fixture
def write(tmp_path):
    """Write pages below a folder of a site; return the folder."""

    def write(folder, **pages):
        for name, content in pages.items():
            path = tmp_path / folder / f"{name.replace('__', '/')}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path / folder

    return write


def require_accessible(site):
    """What the module does, in a thread: tests of a browser leave a loop of events in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(axe.require_accessible, site).result()


def test_a_page_with_a_fault_is_named_and_the_others_are_not(write, capsys):
    with pytest.raises(ReportError) as caught:
        require_accessible(write("site", clean=CLEAN, worse=PALE))
    assert capsys.readouterr().out == "Checking 2 pages with axe\n"
    said = str(caught.value)
    assert said.startswith("axe finds on the pages:\nworse.html: color-contrast: <p ")
    assert "clean.html" not in said


def test_what_is_wrong_with_a_page_is_found(write):
    wrong = (
        '<!DOCTYPE html><html><head></head><body><h1>One</h1><h4>Four</h4><img src="data:,">'
        '<p style="color: #999; background: #fff">Pale</p></body></html>'
    )
    with pytest.raises(ReportError) as caught:
        require_accessible(write("site", wrong=wrong))
    said = {line.split(": ")[1] for line in str(caught.value).splitlines()[1:] if ": " in line}
    assert said >= {
        "color-contrast",
        "document-title",
        "heading-order",
        "html-has-lang",
        "image-alt",
        "landmark-one-main",
        "region",
    }


def test_clean_pages_pass(write):
    require_accessible(write("site", one=CLEAN, two=CLEAN))


def test_without_a_browser_pages_pass_and_that_is_said(write, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    require_accessible(write("site", worse=PALE))
    said = capsys.readouterr().out
    assert said == "Not checked with axe: there is no program `chromium` on the path.\n"


@pytest.mark.parametrize(
    ("old", "new", "is_looked_at"),
    [
        ("Words.", "Other words.", False),
        ("Words.", "", True),
        ('<h2 id="more">More</h2>', '<h2 id="more"></h2>', True),
        ('href="#more"', 'href="#less"', False),
        ("<p>Words", '<p style="color: #999">Words', True),
        ("<p>Words", '<p class="pale">Words', True),
        ("<p>Words", "<p>A <b>word</b>", True),
        ("<a href", '<a aria-label="x" href', True),
        ('lang="en-GB"', 'lang="xx"', True),
        ("More</a>", "</a>", True),
        ("More</a>", "<b>More</b></a>", True),
        ("Words.", "Words.</p><p>Words.", False),
        ('<a href="#more">', '<a href="#more" id="more">', True),
        ('<h2 id="more">More</h2>', '<h3 id="more">More</h3>', True),
        ("<title>Clean</title>", "", True),
        ("<main>", "<main><main>", True),
        ("<title>", '<link rel="stylesheet" href="other.css"><title>', True),
    ],
)
def test_a_page_that_differs_from_what_is_served_in_words_alone_is_not_looked_at(
    write, old, new, is_looked_at
):
    assert old in CLEAN
    live = write("live", a__notebooks__summary=CLEAN)
    changed = write("new", a__notebooks__summary=CLEAN.replace(old, new))
    assert bool([*pages_to_check(changed, live)]) is is_looked_at


def test_what_is_served_already_and_what_is_alike_is_not_looked_at_again(write):
    new = write(
        "new",
        index=CLEAN.replace("<p>", "<hr><p>"),
        a__index=FRONT,
        a__book__methods=CLEAN,
        a__notebooks__summary=CLEAN,
        a___static__part=PALE,
        b__book__methods=PALE,
        b__notebooks__summary=CLEAN.replace("Words", "Others"),
        b__notebooks__more=PALE,
    )
    live = write("live", a__notebooks__summary=CLEAN, b__notebooks__more=CLEAN)
    looked_at = [path.relative_to(new).as_posix() for path in pages_to_check(new, live)]
    # All that is on a clean page is on the first, and the pale ones are of one kind.
    assert looked_at == ["index.html", "b/book/methods.html"]


def test_each_kind_of_element_of_the_report_is_looked_at_and_not_again_for_another_edition(
    site, all_pages, tmp_path
):
    def every_kind(paths):
        return set().union(*(kinds(path.read_bytes()) for path in paths))

    paths = pages_to_check(site)
    assert every_kind(paths) >= every_kind(site / name for name in all_pages)
    assert len(paths) < 0.75 * len(all_pages)
    for edition in ("a", "b"):
        for path in site.rglob("*.html"):
            page = tmp_path / edition / path.relative_to(site)
            page.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, page)
    assert len(pages_to_check(tmp_path)) == len(paths)
