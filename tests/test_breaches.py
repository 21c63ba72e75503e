"""Recorded offences by title and outcomes, on the real data."""

from types import SimpleNamespace

import pytest

from rso_report import breaches, dataset
from rso_report.edition import open_edition


@pytest.fixture(scope="module")
def data():
    return dataset.load("areas", "sources", "registered_offenders", "breaches", "printed_totals")


def edition_of(data, year="2021-22", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)[0]


@pytest.fixture(scope="module")
def families(data):
    return breaches.by_family(breaches.recorded(data, edition_of(data)))


@pytest.mark.parametrize(
    ("family", "values", "total"),
    [
        ("NOTIFICATION", [433, 338, 396, 268, 286], 1721),
        ("SHPO", [20, 30, 52, 50, 85], 237),
        ("SRO", [32, 30, 33, 49, 30], 174),
    ],
)
def test_families_are_classified_by_title(families, family, values, total):
    own = families[(families["area_id"] == "WMP") & (families["family"] == family)]
    assert own["value"].tolist() == values
    assert own["value"].sum() == total
    assert own["part"].tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("family", "title", "computed", "printed"),
    [
        ("SRO", "Breach a sexual risk order", 170, 112),
        ("SHPO", "Breach SHPO / interim", 193, 151),
        ("NOTIFICATION", "Failure to comply", 1677, 1677),
    ],
)
def test_printed_totals_stand_beside_computed_ones(data, family, title, computed, printed):
    table = breaches.title_table(data, edition_of(data), "WMP", family)
    row = table[table["Offence title"].str.startswith(title)].iloc[0]
    assert (row["Total, computed"], row["Total, printed"]) == (computed, printed)


def test_offences_without_a_title_stand_in_a_row_of_their_own(data):
    table = breaches.title_table(
        data, edition_of(data, region="North East"), "NORTHUMBRIA", "NOTIFICATION"
    )
    assert table["Offence title"].tolist()[0] == "Title not given in the source"
    assert table.loc[0, ["2019-20", "2020-21", "2021-22"]].tolist() == [303, 76, 196]
    whole = breaches.title_table(data, edition_of(data), "WMP", "SRO")
    one = data.breaches["offence_title"] == whole["Offence title"][0]
    without = data.breaches.assign(offence_title=data.breaches["offence_title"].mask(one, ""))
    changed = breaches.title_table(
        SimpleNamespace(**vars(data) | {"breaches": without}), edition_of(data), "WMP", "SRO"
    )
    assert changed["Total, computed"].tolist() == whole["Total, computed"].tolist()
    assert changed["Offence title"][0] == "Title not given in the source"


def test_a_part_year_is_marked_in_the_table(data):
    table = breaches.title_table(data, edition_of(data), "WMP", "SRO")
    assert "2021-22 [p]" in table.columns and "2020-21" in table.columns


def test_a_printed_total_over_later_years_is_not_shown_in_an_earlier_edition(data):
    table = breaches.title_table(data, edition_of(data, "2019-20"), "WMP", "SRO")
    assert [c for c in table.columns if c[:2] == "20"] == ["2017-18", "2018-19", "2019-20"]
    assert 112 not in table.to_numpy() and 174 not in table.to_numpy()
    assert (table["Total, printed"] == "[z]").all()


def test_both_readings_of_headings_and_titles(data):
    readings = breaches.both_readings(breaches.recorded(data, edition_of(data)))
    last = readings.iloc[-1]
    assert (last["SHPO by title"], last["SHPO by heading"]) == (85, 30)
    assert (last["SRO by title"], last["SRO by heading"]) == (30, 85)


def test_the_fall_in_notification_offences_is_not_established(families):
    fit = breaches.family_trend(families, "WMP", "NOTIFICATION")
    assert fit.model == "quasi-Poisson" and not fit.interpretable
    assert fit.change.lower < 0 < fit.change.upper
    assert not fit.poisson.lower < 0 < fit.poisson.upper  # the plain interval would mislead


def test_a_part_year_counts_for_the_share_of_the_year_it_covers(families):
    fit = breaches.family_trend(families, "WMP", "NOTIFICATION", "earliest")
    assert (fit.points, fit.complete_points) == (5, 4)
    assert fit.change.value == pytest.approx(-8.36516, abs=5e-6)  # R47 of the reference values
    later = breaches.family_trend(families, "WMP", "NOTIFICATION", "latest")
    assert later.change.value < fit.change.value  # more days covered: a lower rate


def test_outcomes_are_per_1000_in_the_community_at_the_end_of_the_year(data):
    found = breaches.outcomes(data, edition_of(data)).set_index(["area_id", "period"])
    wmp, staffordshire = found.loc[("WMP", "2020-21")], found.loc[("STA", "2020-21")]
    assert (wmp["value"], wmp["stock"]) == (46, 3655)
    assert (staffordshire["value"], staffordshire["stock"]) == (26, 1318)
    assert wmp["per_1000"] == pytest.approx(12.5855, abs=5e-5)
    assert staffordshire["upper"] == pytest.approx(28.9056, abs=5e-5)


def test_a_region_without_recorded_offences_gives_an_empty_frame(data):
    edition = edition_of(data, "2012-13", "Wales")
    recorded = breaches.recorded(data, edition)
    assert recorded.empty and breaches.by_family(recorded).empty
    assert breaches.both_readings(recorded).empty
