"""The block in which the book publishes each chart and each table, and the files it offers.

A notebook stores what a figure says and shows (modules `figures` and `tables`); only the book
knows its number, its citation and where its files lie. Here the two become HTML and files.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import vl_convert

from rso_report import tables

PNG_SCALE = 2

_HEADLINE = re.compile(r'<p class="headline">([^<]*)')
_CAPTION = re.compile(r"<caption><span>([^<]*)")


@dataclass(frozen=True)
class Place:
    """What the book knows of a block: its number, its citation, the way to the site's root."""

    number: str  # `Figure 2.1`
    citation: str
    root: str  # `../`, or nothing for a page at the root


@dataclass(frozen=True)
class Block:
    """One chart or table of a page.

    `files` are what it offers for download, by path below the site's `_static` folder; `html`
    holds the block but for its number and the ways to its files, which `placed` adds.
    """

    kind: str  # Figure or Table
    name: str
    title: str
    html: str
    files: dict[str, bytes]

    def placed(self, place: Place) -> str:
        """Return the HTML of the block at its place in the book."""
        number = f'<span class="rso-block-number">{place.number}:</span> '
        title = _HEADLINE.search(self.html) or _CAPTION.search(self.html)
        html = self.html[: title.start(1)] + number + self.html[title.start(1) :]
        html = html.replace('src="_static/', f'src="{place.root}_static/')
        return html.removesuffix("</figure>") + self._tools(place) + "</figure>\n"

    def _tools(self, place: Place) -> str:
        """Return the links under the block; they need no script, and scripts add buttons."""
        kind, number = self.kind.lower(), place.number
        downloads = "".join(
            f'<li><a href="{place.root}_static/{path}" download '
            f'aria-label="Download {form}: {number}">Download {form}</a></li>'
            for path in self.files
            for form in [path.rpartition(".")[2].upper()]
        )
        return (
            f'<ul class="rso-tools" aria-label="{number}: link and downloads">'
            f'<li><a class="rso-link" href="#{self.name}" aria-label="Link to this {kind}: '
            f'{number}">Link to this {kind}</a></li>{downloads}</ul>\n'
            f'<details class="rso-cite"><summary aria-label="Cite {number}">Cite</summary>'
            f"<p>{escape(place.citation)}</p></details>"
        )


def figure_block(spec: dict[str, Any]) -> Block:
    """Return the block of a chart from what `figures.show` stored.

    The static image is the SVG file that is also offered for download, fetched with the page
    and not lazily: a chart is never missing on paper or without scripts, and the page itself
    stays light. Raises ValueError if Vega-Lite cannot draw the chart, so that no page is
    published with a figure that only some readers can see.
    """
    figure = spec["usermeta"]["figure"]
    name, alt = figure["id"], figure["alt"]
    # Compiled here rather than in the browser: less work there, one result for both pictures,
    # and no console messages about how Vega-Lite settled on a size.
    vega = vl_convert.vegalite_to_vega({k: v for k, v in spec.items() if k != "usermeta"})
    vega.pop("$schema", None)
    svg = vl_convert.vega_to_svg(vega, allowed_base_urls=[])
    width, height = re.match(r'<svg[^>]*? width="(\d+)[^>]*? height="(\d+)', svg).groups()
    files = {
        f"figures/{name}.svg": svg.encode(),
        f"figures/{name}.png": vl_convert.vega_to_png(vega, scale=PNG_SCALE, allowed_base_urls=[]),
    }
    data = ""
    if figure["table"]:
        files[f"figures/{name}.csv"] = tables.csv_file(figure["table"])
        table = tables.html(figure["table"], on_page=True)
        data = f"<details><summary>Data behind this chart</summary>\n{table}</details>\n"
    # "<" is escaped because the HTML parser ends a script at any "</script", even inside JSON.
    script = json.dumps(vega, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    names = escape(json.dumps(figure.get("highlight", []), ensure_ascii=False))
    html = (
        f'<figure class="rso-figure" id="{name}">\n<figcaption>'
        f'<p class="headline">{escape(figure["headline"])}</p>'
        f'<p class="rso-subtitle">{escape(figure["subtitle"])}</p></figcaption>\n'
        f'<div class="rso-chart rso-scroll" data-state="static" data-highlight="{names}">'
        f'<img src="_static/figures/{name}.svg" alt="{escape(alt)}" '
        f'width="{width}" height="{height}">\n'
        f'<script type="application/json">{script}</script></div>\n{data}'
        f"{tables.below_html('', figure['notes'], figure.get('as_at', ''))}"
        f"{tables.sources_html(figure)}</figure>"
    )
    return Block("Figure", name, figure["headline"], html, files)


def table_block(table: dict[str, Any]) -> Block:
    """Return the block of a table from what `tables.show` stored."""
    return Block(
        "Table",
        table["id"],
        table["headline"] or table["caption"],
        tables.html(table, on_page=True),
        {f"tables/{table['id']}.csv": tables.csv_file(table)},
    )
