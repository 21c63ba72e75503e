"""The Markdown that notebooks display, held to what sentences need.

Sentences are put together from the data by code. Whatever a name or a title holds, its page shows
it as text: of Markdown only paragraphs, lists, emphasis, code and links within the report are read,
and nothing of what MyST adds to it, which includes files, evaluates templates and passes HTML on.
"""

import re
from dataclasses import replace

from docutils import nodes
from markdown_it import MarkdownIt
from myst_nb.core.render import MimeData, NbElementRenderer
from myst_parser.parsers.mdit import create_md_parser

# An anchor of this page, or a page of the report; a link to any other file would publish it.
_WITHIN = re.compile(r"(?:(?:\.\./)?(?:[a-z]+/)?[a-z0-9-]+\.(?:md|ipynb))?(?:#[\w-]+)?")
_BLOCKS = ("html_block", "fence", "code", "heading", "lheading", "blockquote", "table", "hr")
_MYST = ("front_matter", "myst_line_comment", "myst_block_break", "myst_target", "myst_role")
_INLINE = ("html_inline", "image", "autolink", "footnote_ref")
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


def _within(parser: MarkdownIt) -> MarkdownIt:
    """The same parser, which shows a link to anywhere else as it is written."""
    parser.validateLink = lambda address: bool(_WITHIN.fullmatch(address))
    return parser
