"""The report on paper: one PDF of A4 pages with contents, bookmarks and tags."""

import os
import re
import subprocess
import sys
import unicodedata
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from rso_report.publication import pdf, provenance


def bookmark_titles(outline):
    for each in outline:
        if isinstance(each, list):
            yield from bookmark_titles(each)
        else:
            yield each.title


def words_of(text):
    """The words without spaces and ligatures, which printing changes."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def make_pdf(site, output, **environment):
    """Print in a process of its own, as `make pdf` does; this one holds a browser already."""
    return subprocess.run(
        [sys.executable, "-m", "rso_report.publication.pdf", site, output],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def output(site, tmp_path_factory):
    """The PDF of the site, with its briefing beside it. That each run gives the same bytes, the
    test of two builds says.
    """
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    done = make_pdf(site, path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def printed(output):
    return output.read_bytes()


def test_the_briefing_is_the_summary_on_one_sheet(output, documents):
    content = output.with_name("briefing.pdf").read_bytes()
    (sheet,) = PdfReader(BytesIO(content)).pages
    said = words_of(sheet.extract_text())
    for claim in documents["notebooks/summary.html"].select(".tag_lead strong, .tag_card strong"):
        assert words_of(claim.get_text()) in said
    assert "file:" not in content.decode("latin-1")


@pytest.fixture(scope="module")
def reader(printed):
    return PdfReader(BytesIO(printed))


@pytest.fixture(scope="module")
def texts(reader):
    """What can be read on each page."""
    return [page.extract_text() for page in reader.pages]


@pytest.fixture(scope="module")
def listed(site, documents):
    """The pages for readers, as the menu of the start page lists them: their titles by name."""
    door = BeautifulSoup((site / "index.html").read_text(), "html.parser").select_one("a")["href"]
    links = documents[door].select(".bd-docs-nav .toctree-l1 > a")
    paths = [(site / door).parent / link["href"].split("#")[0] for link in links]
    names = [path.resolve().relative_to(site.resolve()).as_posix() for path in paths]
    names = [door, *(name for name in names if name in documents and "/analysts." not in name)]
    return {
        name: documents[name].article.h1.find(string=True).strip() for name in dict.fromkeys(names)
    }


def test_the_pages_for_readers_are_the_chapters_in_the_order_of_the_menu(reader, listed):
    chapters = [each.title for each in reader.outline if not isinstance(each, list)]
    assert chapters[1:] == list(listed.values())


def test_headings_are_bookmarks_with_whole_titles(reader, listed, documents):
    headings = [
        words_of(heading.find(string=True))
        for name in listed
        for heading in documents[name].article.select("h1, h2, h3")
    ]
    titles = [words_of(title) for title in bookmark_titles(reader.outline)]
    missing = [each for each in headings if not any(title.startswith(each) for title in titles)]
    assert len(headings) > len(listed)
    assert not missing


def test_contents_state_the_page_on_which_each_chapter_starts(printed, reader, texts, listed):
    numbers = pdf.chapter_pages(printed)
    assert len(numbers) == len(listed)
    for number, title in zip(numbers, listed.values(), strict=True):
        assert words_of(title) in words_of(texts[number - 1])
    contents = "\n".join(texts[: numbers[0] - 1])
    assert [number for number in numbers if str(number) not in contents.split()] == []
    assert sum("/Annots" in page for page in reader.pages[:1]), "the contents are no links"


def test_a_person_would_print_it(reader):
    assert len(reader.pages) <= 60  # once it was 325


def test_every_page_is_a4_holds_words_and_is_numbered(reader, texts):
    for number, (page, text) in enumerate(zip(reader.pages, map(str.strip, texts), strict=True), 1):
        width, height = (float(side) / 72 * 25.4 for side in page.mediabox[2:])
        assert (round(width), round(height)) == (210, 297)
        assert len(text) > 20, f"page {number} is empty"
        assert text.endswith(str(number)) or text.startswith(str(number)), f"page {number}"


def test_words_of_figures_can_be_found(texts, listed, documents):
    text = words_of("".join(texts))
    headlines = [
        words_of(each.text)
        for name in listed
        for each in documents[name].select(".rso-figure .headline")
    ]
    assert headlines
    assert [each for each in headlines if each not in text] == []


def test_it_says_its_title_and_language_and_is_tagged(reader, listed, site):
    root = reader.root_object
    assert reader.metadata.title == next(iter(listed.values()))
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert reader.metadata.creation_date is None
    assert reader.metadata.keywords == provenance.mark(site)


def test_it_names_no_file_of_this_machine(printed, site):
    assert b"file:" not in printed and str(site.parent).encode() not in printed


def test_without_a_browser_it_says_what_is_missing(site, tmp_path):
    done = make_pdf(site, tmp_path / "x.pdf", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "needs the program `chromium`" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "x.pdf").exists()


def test_without_a_report_it_says_so(tmp_path):
    done = make_pdf(tmp_path, tmp_path / "x.pdf")
    assert done.returncode == 1
    assert "no built report" in done.stderr and "Traceback" not in done.stderr
