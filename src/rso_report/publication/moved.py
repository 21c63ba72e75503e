"""Old addresses go on to work: what stood at one leads to where it stands now.

`book/moved.csv` has a line for each: `old,new`, such as `book/cite.html#terms,book/downloads.html`.
An old page that is gone becomes a small page that leads on, to the right place for each anchor it
had; an old anchor of a page that is still there becomes an empty place before its new one, or at
the end of the page a sentence that leads to it.
"""

import csv
import os
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from rso_report.publication.policy import plain_page

FILE = "book/moved.csv"


def read(root: Path) -> list[tuple[str, str]]:
    """Return the old and the new addresses of the book in `root`, as `page.html#anchor`."""
    path = root / FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [(line["old"], line["new"]) for line in csv.DictReader(lines)]


def with_old_anchors(body: str, page: str, moves: list[tuple[str, str]]) -> str:
    """Return the words of a page with a place for each anchor that it once had.

    It stands at the start of the page where what it is to lead to is not in this edition.
    """
    for old, new in moves:
        was, _, name = old.partition("#")
        now, _, target = new.partition("#")
        if was != page or f'id="{name}"' in body:
            continue
        if now != page:
            body += (
                f'<p class="rso-moved" id="{escape(name)}">What stood at “{_words(name)}” is now '
                f'<a href="{_from(page, new)}">{_words(target or now)}</a>.</p>\n'
            )
            continue
        place = re.search(rf'<[a-z0-9]+\b[^<>]* id="{re.escape(target)}"', body)
        start = place.start() if place else 0
        body = f'{body[:start]}<span id="{escape(name)}"></span>{body[start:]}'
    return body


def leading_on(page: str, moves: list[tuple[str, str]]) -> str:
    """Return a page in the place of one that is gone; without scripts it leads to one place."""
    first = next(new for old, new in moves if old.partition("#")[0] == page)
    links = "".join(
        f'<li><a id="{escape(old.partition("#")[2])}" href="{_from(page, new)}">'
        f"{_words(old.partition('#')[2])}</a></li>\n"
        for old, new in moves
        if old.partition("#")[0] == page and "#" in old
    )
    first, up = _from(page, first), _from(page, "")
    head = (
        '<meta name="robots" content="noindex">\n'
        f'<link rel="icon" href="{up}_static/favicon.svg">\n'
        f'<noscript><meta http-equiv="refresh" content="0; url={first}"></noscript>\n'
        f'<script defer src="{up}_static/rso-moved.js"></script>\n'
    )
    body = f'<p><a href="{first}">Go to where it is now</a></p>\n<ul>\n{links}</ul>\n'
    return plain_page("This page has moved", "What stood here has moved.", body, head)


def _words(name: str) -> str:
    return escape(name.removesuffix(".html").rpartition("/")[2].replace("-", " "))


def _from(page: str, address: str) -> str:
    """The way from one page of the site to an address of it, or to its root."""
    if not address:
        return "../" * page.count("/")
    there, mark, name = address.partition("#")
    return escape(os.path.relpath(there, os.path.dirname(page) or ".") + mark + name)


def _held(site: Path, new: str) -> str:
    """An address of the site; its page alone where the anchor is not in this edition."""
    page, _, anchor = new.partition("#")
    return new if f'id="{anchor}"' in (site / page).read_text(encoding="utf-8") else page


def _keep_anchors(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is not None:
        moves = read(Path(app.srcdir))
        context["body"] = with_old_anchors(context["body"], f"{page}.html", moves)


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write a page that leads on for each that is gone."""
    if exception or app.builder.format != "html":
        return
    moves = [(old, _held(Path(app.outdir), new)) for old, new in read(Path(app.srcdir))]
    for page in dict.fromkeys(old.partition("#")[0] for old, _ in moves):
        if page.removesuffix(".html") not in app.env.found_docs:
            path = Path(app.outdir, page)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(leading_on(page, moves), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.connect("html-page-context", _keep_anchors)
    # Before the policy is put into each page and the record of all files is made.
    app.connect("build-finished", _write, priority=300)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
