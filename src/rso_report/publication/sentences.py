"""The Markdown that notebooks display, held to what sentences need.

Sentences are put together from the data by code. Whatever a name or a title holds, its page shows
it as text: of Markdown only paragraphs, lists, emphasis, code and links within the report are read,
and nothing of what MyST adds to it, which includes files, evaluates templates and passes HTML on.

A sentence ends with links to its sources and its rows in brackets, as a notebook shows them. On a
page they become one numbered mark, and the links a note at the end of the page: so that a sentence
can be read, and without a script or on paper its source is found all the same.
"""

import re
from dataclasses import replace

from docutils import nodes
from markdown_it import MarkdownIt
from myst_nb.core.render import MimeData, NbElementRenderer
from myst_parser.parsers.mdit import create_md_parser
from sphinx.transforms import SphinxTransform

# An anchor of this page, or a page of the report; a link to any other file would publish it.
_WITHIN = re.compile(r"(?:(?:\.\./)?(?:[a-z]+/)?[a-z0-9-]+\.(?:md|ipynb))?(?:#[\w-]+)?")
_BLOCKS = ("html_block", "fence", "code", "heading", "lheading", "blockquote", "table", "hr")
_MYST = ("front_matter", "myst_line_comment", "myst_block_break", "myst_target", "myst_role")
_INLINE = ("html_inline", "image", "autolink", "footnote_ref")
_SOURCE = re.compile(r"#(?:source|row)-|ledger")
_NOT_READ = (*_BLOCKS, "reference", "footnote_def", *_MYST, *_INLINE)


def rendered(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element]:
    """Return the nodes of one Markdown output."""
    page, holder = renderer.renderer, nodes.Element()
    whole_parser, whole_config = page.md, page.md_config
    page.md_config = replace(whole_config, enable_extensions=set(), disable_syntax=_NOT_READ)
    page.md = _within(create_md_parser(page.md_config, type(page)))
    try:
        with page.current_node_context(holder):
            page.nested_render_text(data.string, data.line or 0, inline=inline)
    finally:
        page.md, page.md_config = whole_parser, whole_config
    return holder.children


class SourceNotes(SphinxTransform):
    """Turns the brackets of sources on a page into marks and notes."""

    default_priority = 600  # before docutils numbers the notes

    def apply(self) -> None:
        """Look through every paragraph of the page."""
        for text in list(self.document.findall(nodes.paragraph)):
            sources_to_notes(self.document, text)


def _leads_to_source(node: nodes.Node) -> bool:
    """Whether a node is a link to a source, to a row of the data or to the ledger of errors."""
    if not isinstance(node, nodes.Element):
        return False
    target = f"{node.get('refuri', '')}#{node.get('reftargetid', node.get('reftarget', ''))}"
    return bool(_SOURCE.search(target))


def sources_to_notes(document: nodes.document, text: nodes.TextElement) -> None:
    """Replace each bracket of links to sources in a paragraph by a mark that leads to a note."""
    children, place = text.children, 0
    while place < len(children):
        links, end = [], place + 1
        while end < len(children) and _leads_to_source(children[end]):
            links.append(children[end])
            end += 2  # the link and what stands after it
            if end > len(children) or children[end - 1] != "; ":
                break
        opens = isinstance(children[place], nodes.Text) and children[place].endswith("(")
        if not (links and opens and end <= len(children) and children[end - 1].startswith(")")):
            place += 1
            continue
        after = children[end - 1].removeprefix(")")
        # The mark stands after a full stop or comma, not before it.
        point = after[:1] if after[:1] in ".,;:" else ""
        before = nodes.Text(children[place].removesuffix("(").rstrip() + point)
        rest = [nodes.Text(after.removeprefix(point))] if after != point else []
        children[place:end] = [before, _mark(document, links), *rest]
        for child in children:
            text.setup_child(child)
        place += 2


def _mark(document: nodes.document, links: list[nodes.Element]) -> nodes.footnote_reference:
    """A mark that leads to the note with these links; sentences with the same links share it."""
    content = "; ".join(link.astext() for link in links)
    note = next((n for n in document.autofootnotes if n.get("content") == content), None)
    if note is None:
        name = f"note-{len(document.autofootnotes) + 1}"
        note = nodes.footnote("", names=[name], auto=1, content=content)
        paragraph = nodes.paragraph()
        for link in links:
            paragraph += [nodes.Text("; "), link] if len(paragraph) else [link]
        note += paragraph
        document.note_autofootnote(note)
        document.note_explicit_target(note, note)
        _notes(document).append(note)
    mark = nodes.footnote_reference("", auto=1, refname=note["names"][0])
    document.note_autofootnote_ref(mark)
    document.note_footnote_ref(mark)
    return mark


def _notes(document: nodes.document) -> nodes.Element:
    """Where the notes of a page stand: at its end, under a title."""
    known = [each for each in document.children if "rso-page-notes" in each.get("classes", [])]
    if not known:
        known = [nodes.container(classes=["rso-page-notes"])]
        known[0] += nodes.rubric("", "Notes: sources and rows of data")
        document += known[0]
    return known[0]


def _within(parser: MarkdownIt) -> MarkdownIt:
    """The same parser, which shows a link to anywhere else as it is written."""
    parser.validateLink = lambda address: bool(_WITHIN.fullmatch(address))
    return parser
