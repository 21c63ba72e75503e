"""The guard between series that count different things.

A register total, a community count, an offence recorded and a conviction are not the same kind
of number. Every sum, ratio or trend of this package passes through here, so that mixing them is
an error and not a footnote.
"""

import pandas as pd

from rso_report.errors import ReportError

# Ratios across series that may be shown, each only with its caveat.
ALLOWED_RATIOS = {
    ("STOCK_MAPPA", "STOCK_FOI"): (
        "The register total includes people in custody and was counted to a day of its own; the "
        "ratio describes two definitions, not a share of one group."
    ),
    ("BREACH_OUTCOME", "STOCK_MAPPA"): (
        "Outcomes of the year over the number of people at its end; one person can have more "
        "than one outcome, and people who left during the year are not in the denominator."
    ),
    ("MISSING_STOCK", "STOCK_FOI"): (
        "Both numbers come from the same reply; what the force counts as registered and as "
        "missing is its own definition."
    ),
}

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
                "things. Show them apart."
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
    if caveat := ALLOWED_RATIOS.get((numerator, denominator)):
        return caveat
    pairs = "; ".join(" / ".join(pair) for pair in ALLOWED_RATIOS)
    raise ReportError(
        f"Cannot divide {numerator} by {denominator}: they count different things. "
        f"Only these ratios may be shown, each with its caveat: {pairs}."
    )
