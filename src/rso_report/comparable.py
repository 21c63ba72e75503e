"""Where a series breaks, and which of its figures are on one side of every break.

A change, a line or a model stops at a break. That is decided here, from the table `series_breaks`,
and nowhere else. `cuts` of a break names what it cuts: a series (`STOCK_MAPPA`), a family of one
(`BREACH_RECORDED.SHPO`), or `RATE` for rates per population. That figures beside each other are of
one date or year is decided where they are set side by side: `register.comparisons`,
`breaches.pairs`, and for two editions `compare`.
"""

import pandas as pd

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
