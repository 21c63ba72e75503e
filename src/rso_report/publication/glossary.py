"""Links from the first use of each glossary term on a page to its entry in the glossary.

A Sphinx extension. The terms are those of the glossary page itself (the `{glossary}` directive),
so there is no second list to keep: a term line may name further forms in brackets, as in
`Registered sexual offender (RSO)` or `95% interval (confidence interval, 95% limits)`. The anchor
of an entry is made of its name alone, `#term-95-interval`, so that it stays when a form is added.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

# What stands in a paragraph and takes no link, and tables, whose cells are paragraphs to Sphinx.
# Headings and blocks of code are no paragraphs; tables and charts of the notebooks are raw HTML.
_NOT_PROSE = (nodes.reference, nodes.literal, nodes.math, nodes.raw, nodes.table)
_NO_LINKS_INSIDE = {"sd-card"}  # a card is one link already


def forms(term: str) -> list[str]:
    """Return the forms of a term line: `["Registered sexual offender", "RSO"]`."""
    name, _, bracket = term.partition(" (")
    return [name, *(form for form in bracket.removesuffix(")").split(", ") if form)]


def _pattern(form: str) -> str:
    """Return a regular expression for a form and its plural.

    A word with a capital after its first letter is an abbreviation and keeps its case, so that
    ARMS is not found in "arms"; other words may begin a sentence or not.
    """
    *words, last = form.split()
    if re.search(r"[^aeiou]y$", last):
        ending = "(?:y|ies)"
        last = last[:-1]
    else:
        ending = "(?:es)?" if re.search(r"(s|x|ch|sh)$", last) else "s?"
    parts = []
    for word in [*words, last]:
        escaped = re.escape(word).replace("'", "['’]")
        parts.append(escaped if re.search(r".[A-Z]", word) else f"(?i:{escaped})")
    return r"\s+".join(parts) + ending


class Terms:
    """The terms of a glossary and where their entries stand."""

    def __init__(self, entries: dict[str, str]) -> None:
        """Take the address of the entry of each term line, such as `{"Breach": "#term-Breach"}`."""
        found = [(form, address) for term, address in entries.items() for form in forms(term)]
        found.sort(key=lambda each: -len(each[0]))  # "MAPPA level" goes before "MAPPA"
        self._addresses = [address for _, address in found]
        ways = "|".join(f"({_pattern(form)})" for form, _ in found)
        self._pattern = re.compile(rf"(?<![\w-])(?:{ways})(?![\w-])")

    def uses(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and address of every use of a term in a text, in order."""
        for match in self._pattern.finditer(text):
            yield match.start(), match.end(), self._addresses[match.lastindex - 1]


def _prose(node: nodes.Node) -> Iterator[nodes.Text]:
    """Yield the pieces of text of paragraphs, in reading order."""
    for child in node.children:
        if isinstance(child, _NOT_PROSE) or (
            isinstance(child, nodes.Element) and _NO_LINKS_INSIDE & set(child["classes"])
        ):
            continue
        if isinstance(child, nodes.Text):
            if _in_paragraph(child):
                yield child
        else:
            yield from _prose(child)


def _in_paragraph(text: nodes.Text) -> bool:
    node = text.parent
    while isinstance(node, nodes.Inline):
        node = node.parent
    return isinstance(node, nodes.paragraph)


def link_first_uses(document: nodes.document, terms: Terms) -> None:
    """Put a link on the first use of each term in the prose of a page."""
    linked: set[str] = set()
    for text in list(_prose(document)):
        plain, parts, end = text.astext(), [], 0
        for start, stop, address in terms.uses(plain):
            if address in linked:
                continue
            linked.add(address)
            link = nodes.reference("", plain[start:stop], refuri=address, internal=True)
            link["classes"].append("rso-term")
            parts += [nodes.Text(plain[end:start]), link]
            end = stop
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(plain[end:])])


def _entries(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return page and anchor of the entry of each glossary term."""
    objects = env.get_domain("std").get_objects()
    return {term: (page, anchor) for _, term, kind, page, anchor, _ in objects if kind == "term"}


def _anchor_by_name(app: Sphinx, document: nodes.document) -> None:
    """Give each glossary entry of a page the anchor of its name, beside that of its whole line."""
    objects = app.env.get_domain("std").objects
    for entry in document.findall(nodes.term):
        term = entry.astext().replace("’", "'")  # as it was before Sphinx set the apostrophes
        if objects.get(("term", term), ("",))[0] == app.env.docname:
            anchor = nodes.make_id(f"term-{forms(term)[0]}")
            entry["ids"] = list(dict.fromkeys([anchor, *entry["ids"]]))
            objects["term", term] = (app.env.docname, anchor)


def _on_resolved(app: Sphinx, document: nodes.document, docname: str) -> None:
    entries = _entries(app.env)
    if entries and docname not in {page for page, _ in entries.values()}:
        to = app.builder.get_relative_uri
        addresses = {term: f"{to(docname, page)}#{at}" for term, (page, at) in entries.items()}
        link_first_uses(document, Terms(addresses))


def _pages_to_write_again(_: Sphinx, env: BuildEnvironment, *changes: set[str]) -> set[str]:
    """Return every page if one with a glossary was added, changed or removed."""
    pages = {page for page, _ in _entries(env).values()}
    return set(env.found_docs) if pages & set().union(*changes) else set()


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.connect("env-get-outdated", _pages_to_write_again)
    app.connect("doctree-read", _anchor_by_name)
    app.connect("doctree-resolved", _on_resolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
