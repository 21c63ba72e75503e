"""Every page says what it is: to search engines, link previews and catalogues of data."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx

from rso_report.publication import metadata

ADDRESS = "https://example.org/report/"


@pytest.fixture(scope="module")
def documents(site, documents):
    """The pages, and the door that leads to the first of them."""
    return documents | {
        "index.html": BeautifulSoup((site / "index.html").read_text(), "html.parser")
    }


def tag(document, **attributes):
    found = document.head.find_all("meta", attrs=attributes)
    assert len(found) <= 1, found
    return found[0]["content"] if found else None


def data_blocks(document):
    scripts = document.find_all("script", type="application/ld+json")
    return [json.loads(script.string) for script in scripts]


def test_every_page_has_a_description_of_one_to_a_few_sentences(documents):
    for name, document in documents.items():
        words = tag(document, name="description")
        assert words and 20 <= len(words) <= 200, f"{name}: {words}"
        assert words.endswith((".", "…")) and "<" not in words, f"{name}: {words}"


def test_every_page_of_the_report_can_be_previewed(documents):
    for name, document in documents.items():
        if name == "404.html":
            continue
        said = {key: tag(document, property=f"og:{key}") for key in OPEN_GRAPH}
        assert all(said.values()), f"{name}: {said}"
        assert said["description"] == tag(document, name="description")
        assert said["title"] in document.title.string, name
        assert said["type"] == ("website" if document is start(documents) else "article") or (
            name == "index.html"
        )
        assert said["locale"] == "en_GB"


OPEN_GRAPH = ("title", "description", "type", "locale", "site_name")


def start(documents):
    (refresh,) = documents["index.html"].find_all("meta", attrs={"http-equiv": "refresh"})
    return documents[refresh["content"].partition("url=")[2]]


def test_no_address_is_invented(site, documents):
    for document in documents.values():
        assert not document.find("link", rel="canonical")
        assert not document.find("meta", property=["og:url", "og:image"])
    assert not (site / "sitemap.xml").exists()
    assert (site / "robots.txt").read_text() == "User-agent: *\nAllow: /\n"


def test_the_data_are_described_where_they_are_shown(site, documents):
    described = {
        name: block
        for name, document in documents.items()
        for block in data_blocks(document)
        if block["@type"] == "Dataset" and block["@context"] == "https://schema.org"
    }
    pages = {name for name, document in documents.items() if document is start(documents)}
    assert {*pages, "book/data-and-sources.html", "book/downloads.html"} <= set(described)
    for name, data in described.items():
        assert 50 <= len(data["description"]) <= 5000  # what catalogues take
        assert all(data[key] for key in ("name", "license", "creator", "temporalCoverage"))
        assert "isBasedOn" not in data
        assert {place["name"] for place in data["spatialCoverage"]} >= {"England and Wales"}
        first, last = data["temporalCoverage"].split("/")
        assert first < last
        for file in data["distribution"]:
            assert ((site / name).parent / file["contentUrl"]).resolve().is_file(), name


def test_structured_data_cannot_end_their_own_block():
    html = metadata.json_ld({"name": "</script><script>alert(1)</script>"})
    assert html.count("</script>") == 1
    assert json.loads(BeautifulSoup(html, "html.parser").script.string)["name"].startswith("</scr")


def test_a_description_is_cut_after_a_sentence():
    assert metadata.cut("One. Two is longer. Three.", 20) == "One. Two is longer."
    assert metadata.cut("There are tables. They are:") == "There are tables."
    assert metadata.cut("At 31 March 2021. Then.", 17) == "At 31 March 2021."
    assert metadata.cut("One very long sentence, without an end.", 25) == "One very long sentence…"


def test_a_description_is_the_first_paragraph_without_markup():
    document = nodes.section(
        "",
        nodes.title("", "Title"),
        nodes.paragraph("", "", nodes.strong("", "Bold"), nodes.Text(" & plain.")),
    )
    assert metadata.description(document) == "Bold & plain."
    assert metadata.description(nodes.section("", nodes.title("", "Title"))) == "Title"


def test_words_of_a_page_stay_inside_their_attribute():
    html = metadata.tags('A "title"', '"><script>')
    assert "<script" not in html
    assert (
        tag(BeautifulSoup(f"<head>{html}</head>", "html.parser"), name="description")
        == '"><script>'
    )


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A book of two pages, built for an address."""
    monkeypatch.setenv("RSO_REPORT_URL", ADDRESS)
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "more").mkdir(parents=True)
    (source / "index.rst").write_text(
        "Start\n=====\n\nFirst words.\n\n.. toctree::\n\n   more/page\n"
    )
    (source / "more" / "page.rst").write_text("Page\n====\n\nOther words.\n")
    settings = {"extensions": ["rso_report.publication.metadata"], "html_theme": "basic"}
    Sphinx(source, None, out, tmp_path / "trees", "html", settings, status=None).build()
    return out


def test_a_known_address_is_in_every_page_and_in_the_sitemap(toy):
    for name in ("index.html", "more/page.html"):
        document = BeautifulSoup((toy / name).read_text(), "html.parser")
        (canonical,) = document.find_all("link", rel="canonical")
        assert canonical["href"] == tag(document, property="og:url") == ADDRESS + name
    found = ElementTree.parse(toy / "sitemap.xml").findall("{*}url/{*}loc")
    places = [place.text for place in found]
    assert places == [f"{ADDRESS}index.html", f"{ADDRESS}more/page.html"]
    assert (toy / "robots.txt").read_text().endswith(f"Sitemap: {ADDRESS}sitemap.xml\n")
    missing = BeautifulSoup((toy / "404.html").read_text(), "html.parser")
    assert [a["href"] for a in missing.find_all("a")] == [
        f"{ADDRESS}index.html",
        f"{ADDRESS}search.html",
    ]


def test_the_404_page_helps_in_the_folder_and_without_scripts(site):
    document = BeautifulSoup((site / "404.html").read_text(), "html.parser")
    assert document.html["lang"] == "en-GB" and document.title.string and document.h1.string
    assert not document.find_all("script")
    links = [a["href"] for a in document.find_all("a")]
    assert len(links) == 2 and all((site / link).is_file() for link in links)


def test_an_address_that_is_none_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setenv("RSO_REPORT_URL", "somewhere")
    Path(tmp_path, "index.rst").write_text("Start\n=====\n")
    settings = {"extensions": ["rso_report.publication.metadata"]}
    with pytest.raises(Exception, match="RSO_REPORT_URL: found 'somewhere'"):
        Sphinx(tmp_path, None, tmp_path / "out", tmp_path / "trees", "html", settings, status=None)
