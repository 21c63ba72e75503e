"""The brackets of sources become marks and notes, and nothing else of a paragraph changes."""

import re
from copy import deepcopy

import notebook_blocks
import pytest
from docutils import nodes
from docutils.utils import new_document

from rso_report.publication import sentences


def link(label, target):
    return nodes.reference("", label, refuri=target)


def paragraph(*parts):
    text = nodes.paragraph()
    for part in parts:
        text += nodes.Text(part) if isinstance(part, str) else part
    return text


SOURCE, ROW = ("Star", "x.html#source-star"), ("RO0001", "y.html#row-ro0001")


@pytest.mark.parametrize(
    ("parts", "read", "notes"),
    [
        (("3 people (", SOURCE, "; ", ROW, ")."), "3 people.^", ["Star; RO0001"]),
        (("3 (", SOURCE, "). And 4 (", ROW, ")."), "3.^ And 4.^", ["Star", "RO0001"]),
        (("3 (", SOURCE, ") and 4 (", SOURCE, ")"), "3^ and 4^", ["Star"]),
        (("3 (about) as ", SOURCE, " says"), "3 (about) as Star says", []),
        (("3 (", ("here", "z.html#help"), ")"), "3 (here)", []),
    ],
)
def test_a_bracket_of_sources_is_one_mark_and_all_words_stay(parts, read, notes):
    document = new_document("page")
    text = paragraph(*(link(*part) if isinstance(part, tuple) else part for part in parts))
    document += text
    sentences.sources_to_notes(document, text)
    shown = ["^" if isinstance(n, nodes.footnote_reference) else n.astext() for n in text.children]
    assert "".join(shown) == read
    assert [note.astext() for note in document.autofootnotes] == notes


BRACKET = re.compile(r"\s*\((?:\[[^\]]*\]\([^)]*(?:#source-|#row-|ledger)[^)]*\)(?:; )?)+\)")


@pytest.mark.parametrize("path", notebook_blocks.NOTEBOOKS, ids=lambda path: path.stem)
def test_every_word_that_a_notebook_says_is_on_its_page(documents, path):
    page = deepcopy(documents[f"notebooks/{path.stem}.html"])  # of which the marks are taken out
    for mark in page.select(".footnote-reference"):
        mark.decompose()
    read = "".join(page.article.get_text().split())
    lost = []
    for output in notebook_blocks.outputs_of(path):
        for part in re.split(r"\n\n|\n(?=- )", "".join(output.get("text/markdown", ""))):
            said = notebook_blocks.LINK.sub(r"\1", BRACKET.sub("", part))
            words = "".join(said.replace("**", "").removeprefix("- ").split())
            lost += [part] if words not in read else []
    assert not lost, "\n".join(lost)
