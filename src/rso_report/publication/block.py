"""The block in which the book publishes each chart and each table, and the files it offers.

A notebook stores what a figure says and shows (modules `figures` and `tables`); only the book
knows its number, its citation and where its files lie. Here the two become HTML and files.
"""

import copy
import json
import re
import textwrap
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from rso_report import tables
from rso_report.publication.kept import drawn, drawn_as_png

PNG_SCALE = 2

# A screen this wide or narrower gets a picture of its own, so that the whole of it is in view and
# its words can be read; the room beside the edges of page and card on the smallest common phone.
NARROW_SCREEN = 480
NARROW_WIDTH = 316
LABEL_ABOVE = 500  # pixels of room
LONGEST_TITLE = 30  # characters of an axis title in a line of the narrow picture
# What each colour becomes in the dark theme, in the same order of the house palette.
DARK = {
    "white": "#121212",
    "#0b0c0c": "#f3f2f1",
    "#3d3d3d": "#c8c8c8",
    "#b1b4b6": "#4a4d50",
    "#757575": "#9a9a9a",
    "#12436d": "#7fb2e5",
    "#28a197": "#3fc1b6",
    "#801650": "#e58bbf",
    "#f46a25": "#f88a50",
    "#a285d1": "#bba3e0",
    "#505a5f": "#a9b0b5",
    "#cfd3d6": "#3a3d40",
    "#cfe1f2": "#1f3a54",
}

_PAINTED = ("fill", "stroke", "stop-color")  # the parts of a chart that have a colour
_COLOUR = re.compile(rf'(?<=")({"|".join(DARK)})(?=")', re.IGNORECASE)
_SIZE = re.compile(r'<svg[^>]*? width="(\d+)[^>]*? height="(\d+)')
_HEADLINE = re.compile(r'<p class="headline">([^<]*)</p>')
# What carries the number where there is no headline.
_SECOND = re.compile(r'(?:<p class="rso-subtitle">|<caption><span>)([^<]*)')


@dataclass(frozen=True)
class Place:
    """What the book knows of a block: its number, its citation, the way to the site's root."""

    number: str  # `Figure 2.1`
    citation: str
    root: str  # `../`, or nothing for a page at the root


@dataclass(frozen=True)
class Block:
    """One chart or table of a page.

    `files` are what it offers for download and `pictures` what it shows beside them, by path below
    the site's `_static` folder; `html` holds the block but for its number and the ways to its
    files, which `placed` adds.
    """

    kind: str  # Figure or Table
    name: str
    title: str
    headline: str  # what it shows, in a few words; "" of a table that only lists
    html: str
    files: dict[str, bytes]
    pictures: dict[str, bytes] = field(default_factory=dict)

    def without_headline(self) -> "Block":
        """Return the block for under a title that says its headline: its own title is the rest."""
        return replace(self, html=_HEADLINE.sub("", self.html, count=1))

    def placed(self, place: Place) -> str:
        """Return the HTML of the block at its place in the book."""
        number = f'<span class="rso-block-number">{place.number}:</span> '
        title = _HEADLINE.search(self.html) or _SECOND.search(self.html)
        html = self.html[: title.start(1)] + number + self.html[title.start(1) :]
        html = re.sub(r'\b(src|srcset)="_static/', rf'\1="{place.root}_static/', html)
        return html.removesuffix("</figure>") + self._tools(place) + "</figure>\n"

    def _tools(self, place: Place) -> str:
        """Return link, downloads and citation, folded; no script is needed, one adds buttons."""
        kind, number = self.kind.lower(), place.number
        downloads = "".join(
            f'<li><a href="{place.root}_static/{path}" download '
            f'aria-label="Download {form}: {number}">Download {form}</a></li>'
            for path in self.files
            for form in [path.rpartition(".")[2].upper()]
        )
        return (
            f'<details class="rso-tools"><summary aria-label="Link, download, cite: {number}">'
            f'Link, download, cite</summary><ul><li><a class="rso-link" href="#{self.name}" '
            f'aria-label="Link to this {kind}: {number}">Link to this {kind}</a></li>{downloads}'
            f'</ul><p class="rso-cite">{escape(place.citation)}</p></details>\n'
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
    spec = {key: value for key, value in spec.items() if key != "usermeta"}
    # Compiled here rather than in the browser: less work there, one result for both pictures,
    # and no console messages about how Vega-Lite settled on a size.
    vega, wide = drawn(spec)
    vega.pop("$schema", None)
    narrow_vega, narrow = drawn_narrow(spec)
    files = {
        f"figures/{name}.svg": wide.encode(),
        f"figures/{name}.png": drawn_as_png(vega, PNG_SCALE),
    }
    pictures = {
        f"figures/{name}-narrow.svg": narrow.encode(),
        f"figures/{name}-dark.svg": dark(wide).encode(),
        f"figures/{name}-narrow-dark.svg": dark(narrow).encode(),
    }
    data = ""
    if figure["table"]:
        files[f"figures/{name}.csv"] = tables.csv_file(figure["table"])
        table = tables.html(figure["table"], on_page=True)
        words = "<summary>Data behind this chart</summary>"
        data = f'<details class="rso-data">{words}\n{table}</details>\n'
    scripts = f'<script type="application/json">{_json(vega)}</script>'
    if any("bind" in signal for signal in vega.get("signals", ())):
        # A reader with controls gets the chart itself on a phone, too, and not a picture of it.
        scripts += f'<script type="application/json" data-narrow>{_json(narrow_vega)}</script>'
    html = (
        f'<figure class="rso-figure" id="{name}">\n<figcaption>'
        f'<p class="headline">{escape(figure["headline"])}</p>'
        f'<p class="rso-subtitle">{escape(figure["subtitle"])}</p></figcaption>\n'
        f'<div class="rso-chart rso-scroll" data-state="static">'
        f"{_picture(name, wide, narrow, alt)}"
        # Seen in the dark theme only, and fetched only then.
        f"{_picture(name, wide, narrow, alt, '-dark')}\n"
        f"{scripts}</div>\n{data}"
        f"{tables.below_html('', figure['notes'], figure.get('as_at', ''))}"
        f"{tables.sources_html(figure)}</figure>"
    )
    return Block("Figure", name, figure["headline"], figure["headline"], html, files, pictures)


def _json(vega: dict[str, Any]) -> str:
    """A chart for a script within the page; "<" is escaped, as any "</script" would end it."""
    return json.dumps(vega, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _picture(name: str, wide: str, narrow: str, alt: str, theme: str = "") -> str:
    """The picture of a chart for wide screens and for narrow ones, in one of the themes."""
    sizes = ['width="{}" height="{}"'.format(*_SIZE.match(svg).groups()) for svg in (wide, narrow)]
    lazy = ' loading="lazy"' if theme else ""
    return (
        f'<picture class="rso-picture{theme}"><source media="(max-width: {NARROW_SCREEN}px)" '
        f'srcset="_static/figures/{name}-narrow{theme}.svg" {sizes[1]}>'
        f'<img class="dark-light" src="_static/figures/{name}{theme}.svg" alt="{escape(alt)}" '
        f"{sizes[0]}{lazy}>"
        "</picture>"
    )


def dark(svg: str) -> str:
    """Return a picture in the colours of the dark theme."""
    return _COLOUR.sub(lambda found: DARK[found[1].lower()], svg)


def dark_css() -> str:
    """Return the style sheet that gives a chart drawn in the browser the colours of the dark theme.

    The chart library writes each colour on its element, and a white ground on the whole.
    """
    chart = 'html[data-theme="dark"] .rso-chart svg'
    rules = [f"{chart}.marks {{ background-color: {DARK['white']} !important; }}"]
    for light, own in DARK.items():
        rules += [f'{chart} [{part}="{light}" i] {{ {part}: {own}; }}' for part in _PAINTED]
    return "@media screen {\n" + "\n".join(rules) + "\n}\n"


def drawn_narrow(spec: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a chart for a narrow screen as Vega, and drawn: the same marks and words, less room.

    Views that stand side by side stand below each other. The width of a plot in several parts is
    found by drawing it: what its labels take is not known before.
    """
    spec = _narrowed(copy.deepcopy(spec))
    spec["config"] |= {
        # Some room at the sides: a font in the place of Arial may be wider than was measured.
        "padding": {"left": 20, "top": 5, "right": 14, "bottom": 5},
        "axisX": {"titleAnchor": "end"} | spec["config"].get("axisX", {}),
    }
    if "autosize" in spec:
        return drawn(spec | {"width": NARROW_WIDTH})
    width = NARROW_WIDTH
    for _ in range(3):
        vega, svg = drawn(_with_width(spec, width))
        over = int(_SIZE.match(svg)[1]) - NARROW_WIDTH
        if over <= 0:
            break
        width = max(80, width - over)
    return vega, svg


def _narrowed(part: object, label: int = 150) -> object:
    """A specification whose words need less room: smaller, shorter, one below the other."""
    if isinstance(part, list):
        return [_narrowed(each, label) for each in part]
    if not isinstance(part, dict):
        return part
    most = {"labelFontSize": 12, "titleFontSize": 13, "fontSize": 13, "columns": 1, "tickCount": 4}
    most["labelLimit"] = label
    found = {}
    for key, value in part.items():
        if key in ("data", "datasets"):
            found[key] = value
        elif key in most and isinstance(value, int | float):
            # A label with that much room stands above what it names.
            above = key == "labelLimit" and value >= LABEL_ABOVE
            found[key] = NARROW_WIDTH if above else min(value, most[key])
        elif key == "labelFontWeight":
            found[key] = "normal"  # bold names do not fit beside a plot on a phone
        elif key == "title" and isinstance(value, str) and len(value) > LONGEST_TITLE:
            found[key] = textwrap.wrap(value, LONGEST_TITLE)
        else:
            # The words of a legend have the whole width: nothing stands beside them.
            own = NARROW_WIDTH - 50 if key == "legend" else label
            found["vconcat" if key == "hconcat" else key] = _narrowed(value, own)
    return found


def _with_width(part: object, width: int) -> object:
    """A specification whose plots have this width."""
    if isinstance(part, list):
        return [_with_width(each, width) for each in part]
    if not isinstance(part, dict):
        return part
    views = ("spec", "layer", "concat", "vconcat")
    found = {key: _with_width(v, width) if key in views else v for key, v in part.items()}
    if not isinstance(old := part.get("width"), int | float):
        return found
    if str(part.get("name", "")).startswith("squares"):  # which stay squares
        found["height"] = round(part["height"] * width / old)
    return found | {"width": width}


def table_block(table: dict[str, Any]) -> Block:
    """Return the block of a table from what `tables.show` stored."""
    return Block(
        "Table",
        table["id"],
        table["headline"] or table["caption"],
        table["headline"],
        tables.html(table, on_page=True),
        {f"tables/{table['id']}.csv": tables.csv_file(table)},
    )
