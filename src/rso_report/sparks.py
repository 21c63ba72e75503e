"""Small charts beside a number: a shape without axes, in the colour of the text around it.

The numbers stand in the text that goes with each; a screen reader is read that instead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import altair as alt
import pandas as pd
import vl_convert

WIDTH, HEIGHT = 104, 30


@dataclass(frozen=True)
class Spark:
    """An Altair chart of one series, the words for those who don't see it, its span and rows."""

    chart: alt.TopLevelMixin
    words: str
    span: str
    rows: tuple[str, ...]

    def svg(self) -> str:
        """The chart as SVG inside the page, with its words; it has no id and loads nothing."""
        spec = self.chart.properties(width=WIDTH, height=HEIGHT).to_dict()
        # The colour of the text serves both themes and paper, at the contrast of the text.
        spec["config"] = {
            "background": None,
            "padding": 3,
            "view": {"stroke": None},
            "line": {"strokeWidth": 2},
            "point": {"filled": True, "opacity": 1, "size": 18},
        }
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        # The words stand for the whole; roles without names inside would be read as images.
        svg = re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", svg)
        return f'<span role="img" aria-label="{escape(self.words)}">{svg}</span>'


def counts(points: pd.DataFrame, breaks: Iterable[pd.Timestamp] = ()) -> alt.LayerChart:
    """Dots of a yearly stock, joined only where years follow each other with no break between.

    `points` has columns as_at and value. A break within the span is a dashed line.
    """
    own = points.sort_values("as_at")
    days = pd.Series(sorted(breaks), dtype="datetime64[ns]")
    days = days[days.between(own["as_at"].min(), own["as_at"].max())]
    apart = own["as_at"].dt.year.diff().fillna(9) > 1
    broken = [bool(((days > a) & (days <= b)).any()) for a, b in _steps(own["as_at"])]
    drawn = pd.DataFrame(
        {
            "year": _years(own["as_at"]),
            "value": own["value"].astype("int64"),
            "segment": (apart | pd.Series(broken, index=own.index)).cumsum(),
        }
    )
    base = alt.Chart(drawn).encode(x=_x("year"), y=_y(drawn["value"].max()))
    layers = [
        base.mark_line(color="currentColor").encode(detail="segment:N"),
        base.mark_point(color="currentColor"),
    ]
    if len(days):
        rules = alt.Chart(pd.DataFrame({"year": _years(days)}))
        layers.append(rules.mark_rule(color="currentColor", strokeDash=[2, 2]).encode(x=_x("year")))
    return alt.layer(*layers)


def bars(points: pd.DataFrame) -> alt.Chart:
    """A bar for each year of a flow, hollow for a part-year; a year without figure stays empty.

    Columns: year (number of the year in which it began), value, part.
    """
    drawn = points[["year", "value", "part"]].astype({"value": "int64", "part": "bool"})
    years = list(range(int(drawn["year"].min()), int(drawn["year"].max()) + 1))
    return (
        alt.Chart(drawn)
        .mark_bar(color="currentColor", stroke="currentColor", strokeWidth=1)
        .encode(
            x=alt.X("year:O", axis=None, scale=alt.Scale(domain=years, paddingInner=0.3)),
            y=_y(drawn["value"].max()),
            fillOpacity=alt.condition("datum.part", alt.value(0), alt.value(1)),
        )
    )


def _steps(days: pd.Series) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Each day with the one before it, the first with itself."""
    return list(zip([days.iloc[0], *days.iloc[:-1]], days, strict=True))


def _years(days: pd.Series) -> pd.Series:
    """Days as years with a fraction, which no time zone of a browser can move."""
    return (days.dt.year + days.dt.day_of_year / 366).round(3)


def _x(name: str) -> alt.X:
    return alt.X(f"{name}:Q", axis=None, scale=alt.Scale(zero=False, nice=False))


def _y(top: float) -> alt.Y:
    return alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, max(int(top), 1)]))
