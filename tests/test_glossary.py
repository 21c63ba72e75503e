"""First uses of glossary terms lead to the glossary: once on a page, and nowhere by mistake."""

import subprocess
import sys
from collections import Counter
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document

from rso_report.publication.glossary import Terms, forms, link_first_uses

GLOSSARY = "book/glossary.html"


def test_a_term_line_may_name_further_forms():
    assert forms("Breach") == ["Breach"]
    assert forms("Registered sexual offender (RSO)") == ["Registered sexual offender", "RSO"]
    assert forms("Stock and flow (stock, flow)") == ["Stock and flow", "stock", "flow"]
    assert forms("Rate (per 1,000 people)") == ["Rate", "per 1,000 people"]


TERMS = Terms(
    {
        "ARMS": "#arms",
        "Breach": "#breach",
        "Byar's method": "#byar",
        "MAPPA": "#mappa",
        "MAPPA category": "#category",
        "Part-year": "#part-year",
        "Registered sexual offender (RSO)": "#rso",
    }
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an RSO", ["RSO"]),
        ("registered sexual offenders (RSOs)", ["registered sexual offenders", "RSOs"]),
        ("Breaches by\nregistered\nsexual offenders", ["Breaches", "registered\nsexual offenders"]),
        ("MAPPA categories, then MAPPA", ["MAPPA categories", "MAPPA"]),
        ("Byar’s method", ["Byar’s method"]),  # as Sphinx sets the apostrophe
        ("arms, rso, RSOx, non-RSO, breached, part-year-end", []),
    ],
)
def test_forms_are_found_as_whole_words_with_plurals_longest_first(text, found):
    assert [text[start:stop] for start, stop, _ in TERMS.uses(text)] == found


def page(*children):
    document = new_document("page")
    document += children
    return document


def linked(document):
    link_first_uses(document, TERMS)
    return [(link.astext(), link["refuri"]) for link in document.findall(nodes.reference)]


def test_the_first_use_is_linked_and_no_other():
    strong = nodes.paragraph("", "", nodes.strong("", "A breach"), nodes.Text(" by an RSO"))
    items = nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "RSOs, a breach, ARMS")))
    document = page(strong, items)
    assert linked(document) == [("breach", "#breach"), ("RSO", "#rso"), ("ARMS", "#arms")]
    assert document.astext() == "A breach by an RSO\n\nRSOs, a breach, ARMS"


@pytest.mark.parametrize(
    "place",
    [
        nodes.title("", "A breach"),
        nodes.paragraph("", "", nodes.reference("", "A breach", refuri="x")),
        nodes.paragraph("", "", nodes.literal("", "breach")),
        nodes.paragraph("", "", nodes.math("", "breach")),
        nodes.paragraph("", "", nodes.raw("", "<i>breach</i>", format="html")),
        nodes.literal_block("", "breach"),
        nodes.raw("", "<p>A breach</p>", format="html"),
        nodes.table("", nodes.entry("", nodes.paragraph("", "A breach"))),
        nodes.container("", nodes.paragraph("", "A breach"), classes=["sd-card"]),
    ],
    ids=[
        "heading",
        "link",
        "code",
        "formula",
        "inline HTML",
        "code block",
        "raw HTML",
        "table",
        "card",
    ],
)
def test_outside_prose_nothing_is_linked(place):
    document = page(place)
    before = len(list(document.findall(nodes.reference)))
    assert len(linked(document)) == before


CONFIG = """
extensions = ["myst_parser", "rso_report.publication.glossary"]
exclude_patterns = ["out"]
"""


def build(root, **pages):
    """Build a book of Markdown pages, strictly; return the HTML of each page, or the complaint."""
    root.mkdir(exist_ok=True)
    (root / "conf.py").write_text(CONFIG)
    for name, text in pages.items():
        (root / f"{name}.md").write_text(text)
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", root, root / "out"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return run.stderr
    pages = (root / "out").glob("*.html")
    return {path.stem: BeautifulSoup(path.read_text(), "html.parser") for path in pages}


ENTRY = "# Glossary\n\n```{glossary}\nBreach (failure)\n  Not complying.\n```\n"
TREE = "\n\n```{toctree}\nother\nglossary\n```\n"


def addresses(document):
    return [link["href"] for link in document.select("a.rso-term")]


def test_a_built_page_leads_to_the_entry_and_follows_the_glossary(tmp_path):
    pages = {"index": "# Start\n\nA breach." + TREE, "other": "# Other\n\nTwo orders."}
    built = build(tmp_path / "book", glossary=ENTRY, **pages)
    assert addresses(built["index"]) == ["glossary.html#term-breach"]
    assert built["glossary"].find(id="term-breach") and not addresses(built["glossary"])
    assert addresses(built["other"]) == []
    # A new term links pages that did not change themselves.
    more = ENTRY.replace("Breach", "Order\n  By a court.\n\nBreach")
    built = build(tmp_path / "book", glossary=more)
    assert addresses(built["other"]) == ["glossary.html#term-order"]


def test_a_link_to_a_term_that_the_glossary_lacks_stops_the_build(tmp_path):
    start = "# Start\n\nSee {term}`Breech`." + TREE
    said = build(tmp_path / "book", index=start, other="# Other", glossary=ENTRY)
    assert "term not in glossary: 'Breech'" in said


def entries(lists):
    return {term["id"] for each in lists for term in each.select("dt[id^=term-]")}


def term_links(document):
    return [unquote(urldefrag(link["href"]).fragment) for link in document.select("a.rso-term")]


def test_every_link_of_the_report_is_the_only_one_on_its_page_and_has_an_entry(documents):
    known = entries(documents[GLOSSARY].select("dl.glossary"))
    for name, document in documents.items():
        links = term_links(document)
        assert not [term for term, times in Counter(links).items() if times > 1], name
        assert set(links) <= known, name
        assert not document.select(":is(h1, h2, h3, table, figure, code, a) a.rso-term"), name
    assert not term_links(documents[GLOSSARY])


def test_every_term_of_this_report_is_used_in_it(documents):
    """Terms that only sources use stand in the second list of the glossary."""
    used = {term for document in documents.values() for term in term_links(document)}
    of_this_report, of_sources = documents[GLOSSARY].select("dl.glossary")
    assert sorted(entries([of_this_report]) - used) == []
    assert sorted(entries([of_sources]) & used) == []
