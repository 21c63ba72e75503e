"""Which figures compare: those of one date side by side, those of one run over time.

Figures of several areas stand beside each other only through `beside` and `alike`, which refuse
what differs in date, series, unit or population base. A change, a line or a model stops at a break.
Both are decided here, breaks from the table `series_breaks`, and nowhere else. `cuts` of a break
names what it cuts: a series (`STOCK_MAPPA`), a family of one (`BREACH_RECORDED.SHPO`), or `RATE`
for rates per population. Two editions are set against each other by `compare`.
"""

import pandas as pd

from rso_report.errors import ReportError
from rso_report.series import require_one_series

# What has to be the same of figures beside each other, where a frame says it.
ALIKE = {
    "as_at": "date",
    "period_start": "first day of the period",
    "period_end": "last day of the period",
    "unit": "unit",
    "base_date": "population base",
}
RATE = "RATE"  # a rate also rests on its count: it is cut where STOCK_MAPPA is


def alike(figures: pd.DataFrame) -> pd.DataFrame:
    """Return figures that may stand beside each other: one date, series, unit, population base.

    Raises ReportError for any others, with what they differ in and the areas.
    """
    for column, name in ALIKE.items():
        if column in figures and figures[column].nunique() > 1:
            found = figures.drop_duplicates(["area_id", column])
            found = (f"{row['area_id']} {_plain(row[column])}" for _, row in found.iterrows())
            raise ReportError(
                f"Cannot set beside each other figures that differ in {name}: {', '.join(found)}. "
                "Allowed: figures of one date or period, series, unit and population base."
            )
    return require_one_series(figures, "set beside each other")


def beside(own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The figures of `others` of the date or period of `own`, if they may stand beside them.

    Both are dated by as_at, or by period_start and period_end. None may be of that date: the result
    is empty then, and not the nearest date. Raises ReportError as `alike` does.
    """
    dated = [name for name in ("as_at", "period_start", "period_end") if name in own]
    of_one_date = own[dated].drop_duplicates()
    picked = others[
        pd.MultiIndex.from_frame(others[dated]).isin(pd.MultiIndex.from_frame(of_one_date))
    ]
    alike(pd.concat([own, picked]))
    return picked


def _plain(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


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
