"""Which figures may stand side by side: same date, same unit, same base, and no break between them.

DOMAIN's rule: a sentence, a chart or a model compares figures of one date or period, and a change
stops at a break in the series. Both are decided here, from the table `series_breaks`, and nowhere
else. `cuts` of a break names what it cuts: a series (`STOCK_MAPPA`), a family of one
(`BREACH_RECORDED.SHPO`), or `RATE` for rates per population.
"""

from collections.abc import Iterable

import pandas as pd

from rso_report.errors import ReportError
from rso_report.periods import day_label
from rso_report.series import require_one_series

RATE = "RATE"  # a rate also rests on its count: it is cut where STOCK_MAPPA is


def breaks_between(
    breaks: pd.DataFrame,
    series: str,
    start: pd.Timestamp,
    end: pd.Timestamp,
    family: str = "",
) -> pd.DataFrame:
    """The rows of `series_breaks` that cut a series between two of its figures.

    `start` is the day of the older figure, or the first of its period; `end` the day of the newer
    one, or the last of its period. A break that lies within either period cuts as well.
    """
    names = {series, f"{series}.{family}"} | ({"STOCK_MAPPA"} if series == RATE else set())
    cuts = breaks["cuts"].str.split("|").map(lambda own: not names.isdisjoint(own))
    until = breaks["date_to"].fillna(breaks["date"])
    return breaks[cuts & (until > start) & (breaks["date"] <= end)]


def unbroken(
    frame: pd.DataFrame, breaks: pd.DataFrame, series: str, family: str = ""
) -> pd.DataFrame:
    """The newest rows of `frame` between which nothing breaks the series, oldest first.

    `frame` holds figures of one area and series, dated by `as_at`, or by `period_start` and
    `period_end`.
    """
    if frame.empty:
        return frame
    start = "period_start" if "period_start" in frame else "as_at"
    end = "period_end" if "period_end" in frame else "as_at"
    ordered = frame.sort_values(end, kind="stable")
    last = ordered[end].iloc[-1]
    whole = [breaks_between(breaks, series, day, last, family).empty for day in ordered[start]]
    return ordered[whole]


def segments(frame: pd.DataFrame, breaks: pd.DataFrame, series: str) -> pd.Series:
    """A number for each row of `frame` by `as_at`, the same only where no break lies between."""
    first = frame["as_at"].min()
    return frame["as_at"].map(lambda day: len(breaks_between(breaks, series, first, day)))


def latest_shared(frame: pd.DataFrame, areas: Iterable[str]) -> pd.DataFrame:
    """The rows of the newest date, or period, that all `areas` have, in the order of `areas`.

    Raises ReportError if the rows count different things, if an area has two figures of that date,
    or if there is no date that all have: figures of different dates are not set side by side.
    """
    areas = list(areas)
    own = require_one_series(frame[frame["area_id"].isin(areas)], "set side by side")
    if "unit" in own and own["unit"].nunique() > 1:
        units = ", ".join(sorted(own["unit"].unique()))
        raise ReportError(f"Cannot set side by side figures in different units: {units}.")
    key = "period_end" if "period_end" in own else "as_at"
    spans = [column for column in ("period_start", key) if column in own]
    have = own.groupby(spans)["area_id"].agg(set)
    shared = [span for span, found in have.items() if found == set(areas)]
    if not shared:
        raise ReportError(f"No date at which {' and '.join(areas)} all have a figure.")
    newest = pd.DataFrame([shared[-1]] if len(spans) == 1 else list(shared[-1:]), columns=spans)
    rows = own.merge(newest, on=spans)
    if len(rows) != len(areas):
        raise ReportError(f"More than one figure of an area at {day_label(rows[key].iloc[0])}.")
    return rows.sort_values("area_id", key=lambda ids: ids.map(areas.index), ignore_index=True)
