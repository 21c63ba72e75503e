"""One look for every chart, and one output that a notebook, a test and the book all read.

A chart is stored in the notebook as its Vega-Lite specification with what the page says about
it; the book (module `book`) makes the figure block from that. Altair's own renderers write a
random id or point to another host, and neither survives a strict comparison or works offline.
"""

from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd
from IPython.display import display

from rso_report import tables

MIME_TYPE = tables.CHART
WIDTH = 640

# Government Analysis Function palette in its order, then its two extra colours. Each stands
# out from white by 3:1, enough for lines and areas; as text (4.5:1) only the darker ones do.
COLOURS = ["#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1"]

_INK = "#0b0c0c"
_RULE = "#b1b4b6"
# Arial and its metric twins exist nearly everywhere, so the text measured when the static
# image is made is the text that the reader's machine draws.
_FONT = "Arial, Helvetica, sans-serif"
_TEXT = {
    "labelFont": _FONT,
    "titleFont": _FONT,
    "labelColor": _INK,
    "titleColor": _INK,
    "labelFontSize": 14,
    "titleFontSize": 14,
    "titleFontWeight": "normal",
}


@alt.theme.register("rso_report", enable=False)
def house_theme() -> alt.theme.ThemeConfig:
    """Return the house look, as an Altair theme named `rso_report`.

    Axis titles stay horizontal, above the axis they name; the only grid lines are those that
    lead from a quantity to its label; `aria` is off because the image text and the data table
    already say it, and hundreds of labelled marks would bury them.
    """
    config = {
        "aria": False,
        "background": "white",
        # Room at both sides: a font in the place of Arial may be wider than was measured.
        "padding": {"left": 16, "top": 5, "right": 12, "bottom": 5},
        "font": _FONT,
        "range": {"category": COLOURS},
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": 320, "step": 30},
        "scale": {"bandPaddingInner": 0.25},
        "axis": {
            **_TEXT,
            "grid": False,
            "domainColor": _INK,
            "tickColor": _INK,
            "gridColor": _RULE,
            "labelAngle": 0,
            "labelFlush": False,
            "labelLimit": 260,
            "labelPadding": 8,
            "labelSeparation": 10,
            "titlePadding": 10,
        },
        "axisBand": {"ticks": False},
        "axisQuantitative": {"grid": True, "domain": False, "ticks": False, "tickCount": 6},
        "axisY": {
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "start",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -10,
        },
        # Two columns and a gap: long names fit, and the title of the y axis stays clear of them.
        "legend": {
            **_TEXT,
            "orient": "top",
            "title": None,
            "symbolType": "square",
            "labelLimit": 420,
            "columns": 2,
            "offset": 36,
        },
        "header": {**_TEXT, "labelFontWeight": "bold", "labelPadding": 26},
        "headerRow": {"labelAngle": 0, "labelOrient": "top", "labelAnchor": "start"},
        "facet": {"spacing": 32},
        "text": {"font": _FONT, "fontSize": 14, "color": _INK},
        "title": {"color": _INK},
        "mark": {"color": COLOURS[0]},
        "line": {"strokeWidth": 2.5},
        "point": {"filled": True, "opacity": 1, "size": 70},
        "rule": {"color": _INK},
    }
    return {"config": config}


def _rounded(value: object) -> object:
    """Return `value` with every fraction at 6 significant digits: the rest is noise."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if value % 1 else value
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def _is_single_view(spec: dict[str, Any]) -> bool:
    compound = {"facet", "repeat", "concat", "hconcat", "vconcat"}
    return not compound & set(spec) and not {"row", "column", "facet"} & set(
        spec.get("encoding", {})
    )


def _measures_upwards(part: object) -> bool:
    """Return whether any view of a specification has a quantity on its y axis."""
    if isinstance(part, list):
        return any(map(_measures_upwards, part))
    if not isinstance(part, dict):
        return False
    y = part.get("encoding", {}).get("y", {})
    views = (part[key] for key in ("layer", "spec", "concat", "hconcat", "vconcat") if key in part)
    return y.get("type") == "quantitative" or any(map(_measures_upwards, views))


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return the Vega-Lite specification of `chart` in the house look, the same on every run.

    A single or layered chart without a width is made `WIDTH` pixels wide *including* its axes
    and labels. A width that its author gives, and those of facets and concatenations, are the
    width of the plot alone, as always in Altair; the page shrinks what then exceeds `WIDTH`.
    """
    with alt.theme.enable("rso_report"):
        spec = chart.to_dict()
    if _is_single_view(spec) and "width" not in spec:
        spec |= {"width": WIDTH, "autosize": {"type": "fit-x", "contains": "padding"}}
    if _measures_upwards(spec):
        # Years and the like along x; lines up from them would be noise beside those for y.
        quiet = {"grid": False, "domain": True, "ticks": True}
        spec["config"]["axisXQuantitative"] = quiet | spec["config"].get("axisXQuantitative", {})
    return _rounded(spec)


def show(
    chart: alt.TopLevelMixin,
    *,
    figure_id: str,
    headline: str,
    subtitle: str,
    alt: str,
    source: tables.Source,
    notes: Iterable[str] = (),
    table: pd.DataFrame | None = None,
    as_at: str | None = None,
) -> None:
    """Display `chart` as a figure of the report: one output, with no random or clock value.

    `headline` states the finding, `subtitle` the measure with its unit, area and period, `alt`
    what a sighted reader takes away. `source` is plain text or a list of (label, address or
    None); `table` the data behind the chart, in columns of text or whole numbers (round
    fractions to text first, so that chart and table agree). `as_at` is the date or the dates
    that the figures hold for.

    Dates: use Timestamps, or years as text. JavaScript reads a bare "2021-03-31" as midnight
    UTC, which west of Greenwich is the day before.

    Raises ValueError for an id that is not lower-case letters, digits and hyphens, for an empty
    text, and for a table that `tables.show` would refuse.
    """
    tables.check_identifier(figure_id)
    texts = {"headline": headline, "subtitle": subtitle, "alt": alt, "source": source}
    tables.check_texts(figure_id, {**texts, "as_at": as_at})
    spec = specification(chart)
    spec.pop("description", None)  # which is in `alt`
    spec["usermeta"] = {
        "figure": {
            "id": figure_id,
            **texts,
            "as_at": as_at or "",
            "notes": list(notes),
            "table": None
            if table is None
            else tables.record(table, table_id=f"{figure_id}-data", caption=f"Data: {subtitle}"),
        }
    }
    display({MIME_TYPE: spec, "text/plain": f"{headline}\n{alt}"}, raw=True)
