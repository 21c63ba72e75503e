"""No change, line or model across a break of its series."""

import pandas as pd
import pytest

from rso_report import dataset
from rso_report.comparable import breaks_between, segments, unbroken


@pytest.fixture(scope="module")
def breaks():
    return dataset.load("series_breaks").series_breaks


def stocks(*rows, **more):
    frame = pd.DataFrame(rows, columns=["area_id", "as_at", "value"])
    return frame.assign(as_at=pd.to_datetime(frame["as_at"]), series_id="STOCK_MAPPA", **more)


def years(*starts, family="SHPO"):
    return pd.DataFrame(
        {
            "area_id": "WMP",
            "family": family,
            "period_start": pd.to_datetime([f"{year}-04-01" for year in starts]),
            "period_end": pd.to_datetime([f"{year + 1}-03-31" for year in starts]),
            "value": range(len(starts)),
        }
    )


@pytest.mark.parametrize(
    ("start", "end", "cut"),
    [
        ("2012-03-31", "2013-03-31", True),  # the review of indefinite notification began between
        ("2013-03-31", "2021-03-31", False),
        ("2006-03-31", "2007-03-31", True),
        ("2007-03-31", "2012-03-31", False),
    ],
)
def test_counts_compare_only_between_two_breaks(breaks, start, end, cut):
    found = breaks_between(breaks, "STOCK_MAPPA", pd.Timestamp(start), pd.Timestamp(end))
    assert bool(len(found)) is cut


def test_a_rate_is_cut_by_its_population_too_and_a_count_is_not(breaks):
    days = pd.Timestamp("2021-03-31"), pd.Timestamp("2022-03-31")
    assert len(breaks_between(breaks, "RATE", *days)) == 1
    assert breaks_between(breaks, "STOCK_MAPPA", *days).empty


def test_a_year_in_which_the_break_falls_compares_with_neither_side(breaks):
    # The Sentencing Act began in December 2020, within 2020-21.
    assert unbroken(years(2017, 2018, 2019), breaks, "BREACH_RECORDED", "SHPO").shape[0] == 3
    kept = unbroken(years(2018, 2019, 2020, 2021, 2022), breaks, "BREACH_RECORDED", "NOTIFICATION")
    assert len(kept) == 5
    kept = unbroken(years(2019, 2020, 2021), breaks, "BREACH_RECORDED", "SHPO")
    assert kept["period_start"].dt.year.tolist() == [2021]


def test_unbroken_keeps_the_newest_run_oldest_first(breaks):
    counts = stocks(("EW", "2021-03-31", 3), ("EW", "2009-03-31", 1), ("EW", "2013-03-31", 2))
    assert unbroken(counts, breaks, "STOCK_MAPPA")["value"].tolist() == [2, 3]
    assert unbroken(counts[:0], breaks, "STOCK_MAPPA").empty


def test_segments_change_where_a_line_may_not_go_on(breaks):
    counts = stocks(("EW", "2007-03-31", 1), ("EW", "2012-03-31", 2), ("EW", "2013-03-31", 3))
    first, second, third = segments(counts, breaks, "STOCK_MAPPA")
    assert first == second != third
