"""What pages tell search engines, link previews and catalogues of data; and the 404 page.

Words and numbers are computed from the page and the data. What needs the public address of the
report (canonical links, `og:url`, the sitemap) is there only if `RSO_REPORT_URL` says it.
"""

import json
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from rso_report import dataset
from rso_report.coverage import COUNTS
from rso_report.edition import Edition
from rso_report.errors import ReportError
from rso_report.publication import citation
from rso_report.publication.downloads import DATA, TABLES
from rso_report.publication.policy import STYLED, plain_page

_COUNTS = (*COUNTS, "answers")
_LONGEST = 200  # characters of a description; what search engines show is about that long
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"'])")
_LICENCES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
_ON_DATA = ("book/data-and-sources", "book/data-rows", "book/downloads")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WHOLE = "England and Wales"  # what the data package covers, whatever the edition
_AUTHOR = {"@type": "Organization", "name": citation.AUTHOR}
_SEARCH = "Search the pages of this report; the search works without a network."


def description(doctree: nodes.document | None) -> str:
    """Return the first paragraph of a page as plain text, cut after a sentence."""
    if doctree is None:
        return _SEARCH
    paragraphs = (
        " ".join(each.astext().split())
        for each in doctree.findall(nodes.paragraph)
        if isinstance(each.parent, nodes.section) and not each.next_node(nodes.raw)
    )
    return cut(next(filter(None, paragraphs), doctree.next_node(nodes.title).astext()))


def cut(text: str, longest: int = _LONGEST) -> str:
    """Return as many whole sentences as fit; of a longer first one as many words.

    A sentence that leads to a list, ending in a colon, says nothing without it.
    """
    said, *more = _SENTENCE_END.split(text)
    said = re.sub(":$", ".", said)
    for sentence in more:
        if len(said) + 1 + len(sentence) > longest or sentence.endswith(":"):
            break
        said += f" {sentence}"
    if len(said) > longest:
        said = said[: longest - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return said


def tags(title: str, words: str, address: str = "", kind: str = "article") -> str:
    """Return the description and the Open Graph tags of a page as HTML.

    No picture is named: none is known to show the figures of this edition.
    """
    properties = {
        "og:title": title,
        "og:description": words,
        "og:type": kind,
        "og:locale": "en_GB",
        "og:site_name": citation.TITLE,
        "og:url": address,
    }
    lines = [f'<meta name="description" content="{escape(words)}">']
    lines += [
        f'<meta property="{name}" content="{escape(value)}">'
        for name, value in properties.items()
        if value
    ]
    return "\n".join(lines) + "\n"


def json_ld(thing: dict[str, Any]) -> str:
    """Return a schema.org description as a block of data, which browsers never run.

    "<" is escaped because the HTML parser ends a script at any "</script", even inside JSON.
    """
    text = json.dumps({"@context": "https://schema.org", **thing}, ensure_ascii=False, indent=1)
    text = text.replace("<", "\\u003c")
    return f'<script type="application/ld+json">\n{text}\n</script>\n'


def years(frames: list[pd.DataFrame]) -> str:
    """Return the first and the last day that rows are about, as `2002-03-31/2022-03-31`."""
    columns = ("as_at", "period_start", "period_end")
    days = pd.concat([frame[name] for frame in frames for name in columns if name in frame])
    return f"{days.min():%Y-%m-%d}/{days.max():%Y-%m-%d}"


def about_data(edition: Edition, base: str) -> dict[str, Any]:
    """Return the schema.org description of the data package; `base` leads to the site's root."""
    package = dataset.descriptor()
    names = {package["licenses"][0]["name"]}
    names |= {licence["name"] for r in package["resources"] for licence in r["licenses"]}
    data = dataset.load(*_COUNTS)
    region = edition.full_title.rpartition(", ")[0]
    files = {DATA: "application/zip", TABLES: _XLSX}
    return {
        "@type": "Dataset",
        "name": package["title"],
        "description": f"{package['description']} {citation.STATUS}.",
        "version": package["version"],
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "creator": _AUTHOR,
        "license": [_LICENCES[name] for name in sorted(names)],
        "spatialCoverage": [
            {"@type": "Place", "name": name} for name in dict.fromkeys([region, _WHOLE])
        ],
        "temporalCoverage": years([getattr(data, name) for name in _COUNTS]),
        "measurementTechnique": "Transcription of published figures, one row a figure, each with "
        "its source, its place in the source, its definition and its date",
        "variableMeasured": data.series["name"].tolist(),
        "distribution": [
            {"@type": "DataDownload", "contentUrl": base + path, "encodingFormat": kind}
            for path, kind in files.items()
        ],
    }


def _describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the tags to the head of a page, and to those that show the data what these are."""
    address = app.config.html_baseurl
    title = re.sub("<[^>]*>", "", context.get("title") or citation.TITLE)
    start = page == app.config.root_doc
    where = urljoin(address, f"{page}.html") if address else ""
    head = tags(title, description(doctree), where, "website" if start else "article")
    if (start or page.startswith(_ON_DATA)) and citation.notebook_pages(app.env):
        edition = citation.shown_edition(app.env)
        head += json_ld(about_data(edition, address or "../" * page.count("/")))
    context["metatags"] = context.get("metatags", "") + head


def not_found(address: str, root: str) -> str:
    """Return the page for an address that leads nowhere, which a server shows at any depth.

    Its links are whole addresses if `address` is known, or else right in the folder of the site.
    `root` is the name of the start page.
    """
    body = (
        "<p>There is no page of this report at that address. It may have been mistyped, or cut "
        "short when it was copied.</p>\n"
        f'<ul>\n<li><a href="{escape(address)}{root}.html">Start page of the report</a></li>\n'
        f'<li><a href="{escape(address)}search.html">Search the report</a></li>\n</ul>\n'
    )
    words = "There is no page of this report at that address."
    head = f'<meta name="robots" content="noindex">\n{STYLED}'
    return plain_page(f"Page not found — {escape(citation.TITLE)}", words, body, head)


def front_door(title: str, words: str, address: str, start: str) -> str:
    """Return the page at the root of the site, which leads on to the start page by itself."""
    link = f'<link rel="canonical" href="{escape(address)}{start}">\n' if address else ""
    where = f"{address}{start}" if address else ""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head>'
        f'<meta charset="utf-8"><title>{escape(title)}</title>'
        '<link rel="icon" href="_static/favicon.svg">'
        f'<meta http-equiv="refresh" content="0; url={start}">'
        f"{link}{tags(title, words, where, 'website')}</head>"
        f'<body><h1>{escape(title)}</h1><p><a href="{start}">Read the report</a></p></body>'
        "</html>\n"
    )


def sitemap(address: str, pages: list[str]) -> str:
    """Return the list of pages for search engines; without dates, as the build has no clock."""
    places = "".join(f"<url><loc>{escape(address)}{page}.html</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    )


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write the files for search engines and the 404 page, and the front door."""
    if exception or app.builder.format != "html":
        return
    site, address, root = Path(app.outdir), app.config.html_baseurl, app.config.root_doc
    (site / "404.html").write_text(not_found(address, root), encoding="utf-8")
    rules = "User-agent: *\nAllow: /\n"
    if address:
        pages = sitemap(address, sorted(app.env.found_docs))
        (site / "sitemap.xml").write_text(pages, encoding="utf-8")
        rules += f"Sitemap: {address}sitemap.xml\n"
    (site / "robots.txt").write_text(rules, encoding="utf-8")
    if root != "index":
        words = description(app.env.get_doctree(root))
        door = front_door(app.config.html_title, words, address, f"{root}.html")
        (site / "index.html").write_text(door, encoding="utf-8")


def _know_address(app: Sphinx, config: Config) -> None:
    """Tell Sphinx the public address, from which it makes canonical links."""
    try:
        config.html_baseurl = citation.public_address()
    except ReportError as error:
        raise ConfigError(str(error)) from None


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.connect("config-inited", _know_address)
    app.connect("html-page-context", _describe)
    # Before the table-of-contents extension writes its own front door, without a language.
    app.connect("build-finished", _write, priority=450)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
