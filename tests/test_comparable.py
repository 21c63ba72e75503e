"""No change, line or model across a break of its series."""

import pandas as pd
import pytest

from rso_report import breach_words, dataset, summary
from rso_report.comparable import alike, beside, breaks_between, segments, unbroken
from rso_report.edition import open_edition
from rso_report.errors import ReportError


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


def test_beside_picks_the_figure_of_the_same_date_and_not_the_nearest():
    own = stocks(("WMP", "2021-03-31", 3655))
    country = stocks(("EW", "2020-03-31", 62435), ("EW", "2021-03-31", 64300))
    assert beside(own, country)["value"].tolist() == [64300]
    assert beside(own, country.head(1)).empty
    rates = years(2019).assign(area_id="EW")
    assert len(beside(years(2019), rates)) == 1
    longer = rates.assign(period_start=pd.Timestamp("2019-01-01"))  # ends on the same day
    assert beside(years(2019), longer).empty


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("as_at", ["2021-03-31", "2022-03-31"], "differ in date: WMP 2021-03-31, EW 2022-03-31"),
        ("period_start", ["2019-04-01", "2020-04-01"], "differ in first day of the period"),
        ("period_end", ["2020-03-31", "2021-03-31"], "differ in last day of the period"),
        ("base_date", ["2020-06-30", "2021-03-21"], "differ in population base"),
        ("unit", ["offences", "persons"], "differ in unit: WMP offences, EW persons"),
        ("series_id", ["STOCK_FOI", "STOCK_MAPPA"], "differ in series_id"),
        ("custody_status", ["both", "community"], "differ in custody_status"),
    ],
)
def test_figures_that_differ_are_refused_beside_each_other(column, values, said):
    both = stocks(("WMP", "2021-03-31", 3655), ("EW", "2021-03-31", 64300))
    dates = column in {"as_at", "period_start", "period_end", "base_date"}
    assert len(alike(both)) == 2
    both[column] = pd.to_datetime(values) if dates else values
    with pytest.raises(ReportError, match=said):
        alike(both)


@pytest.mark.parametrize("said", [breach_words.outcomes, summary.outcomes])
def test_a_page_stops_rather_than_set_another_unit_beside_a_force(said):
    data = dataset.load(
        *dataset.ROW_TABLES.values(), "areas", "sources", "series_breaks", "discrepancies"
    )
    edition, _ = open_edition(data, report_year="2020-21", region="West Midlands")
    assert said(data, edition)
    other = data.breaches["area_id"].eq("EW") & data.breaches["series_id"].eq("BREACH_OUTCOME")
    data.breaches = data.breaches.assign(unit=data.breaches["unit"].mask(other, "occasions"))
    with pytest.raises(ReportError, match="differ in unit"):
        said(data, edition)
