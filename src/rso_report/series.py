"""The guard between series that count different things.

A register total, a community count, an offence recorded and a conviction are not the same kind
of number. Every sum, ratio or trend of this package passes through here, so that mixing them is
an error and not a footnote.
"""

from dataclasses import dataclass

import pandas as pd

from rso_report.errors import ReportError


@dataclass(frozen=True)
class AllowedRatio:
    """A ratio across series that may be shown, only with its caveat."""

    numerator: str
    denominator: str
    caveat: str


ALLOWED_RATIOS = (
    AllowedRatio(
        "STOCK_MAPPA",
        "STOCK_FOI",
        "The register total includes people in custody and was counted to a day of its own; the "
        "ratio describes two definitions, not a share of one group.",
    ),
    AllowedRatio(
        "BREACH_OUTCOME",
        "STOCK_MAPPA",
        "Outcomes of the year over the number of people at its end; one person can have more "
        "than one outcome, and people who left during the year are not in the denominator.",
    ),
    AllowedRatio(
        "MISSING_STOCK",
        "STOCK_FOI",
        "Both numbers come from the same reply; what the force counts as registered and as "
        "missing is its own definition.",
    ),
)

# What makes two rows of one series comparable: custody basis, sex, level, subset, family.
_SAME = ("series_id", "custody_status", "sex", "mappa_level", "subset", "family", "order_type")


def require_one_series(frame: pd.DataFrame, purpose: str) -> pd.DataFrame:
    """Return `frame` unchanged if its rows count the same thing.

    `purpose` completes the message, e.g. "add" or "draw one line through". Raises ReportError
    if rows differ in series, custody basis, sex, MAPPA level, subset, family or order.
    """
    for column in _SAME:
        if column in frame and frame[column].nunique() > 1:
            values = ", ".join(sorted(frame[column].astype("str").unique()))
            raise ReportError(
                f"Cannot {purpose} rows that differ in {column} ({values}): they count different "
                f"things. {_why(column)}"
            )
    return frame


def total(frame: pd.DataFrame) -> int:
    """Sum of `value`, only within one series and one date, and never over dates of a stock."""
    require_one_series(frame, "add")
    if "as_at" in frame and frame["as_at"].nunique() > 1:
        raise ReportError(
            "Cannot add snapshots of different dates: the same person can stand in each of them."
        )
    if "qualifier" in frame and (frame["qualifier"] != "exact").any():
        raise ReportError("Cannot add rounded or approximate numbers as if they were exact.")
    return int(frame["value"].sum())


def ratio_caveat(numerator: str, denominator: str) -> str:
    """Caveat of an allowed ratio of two series. Raises ReportError for any other pair."""
    for allowed in ALLOWED_RATIOS:
        if (numerator, denominator) == (allowed.numerator, allowed.denominator):
            return allowed.caveat
    pairs = "; ".join(f"{a.numerator} / {a.denominator}" for a in ALLOWED_RATIOS)
    raise ReportError(
        f"Cannot divide {numerator} by {denominator}: they count different things. "
        f"Only these ratios may be shown, each with its caveat: {pairs}."
    )


def _why(column: str) -> str:
    return {
        "series_id": "A register total, a community count, offences and outcomes differ in who "
        "is counted, when and in what unit.",
        "custody_status": "A count with custody cannot stand beside one of the community only.",
        "family": "A breach of one order is not a breach of another; show the families apart.",
    }.get(column, "Show them apart.")
