"""Counts, rates and the register, on the real data."""

import copy

import pandas as pd
import pytest

from rso_report import dataset, register
from rso_report.edition import open_edition


@pytest.fixture(scope="module")
def data():
    return dataset.load(
        "areas", "sources", "registered_offenders", "published_rates", "population_districts"
    )


@pytest.fixture(scope="module")
def edition(data):
    return open_edition(data, report_year="2021-22", region="West Midlands")[0]


def at(frame, area, day):
    row = frame[(frame["area_id"] == area) & (frame["as_at"] == day)]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.parametrize(
    ("area", "day", "count", "rate"),
    [
        ("WMP", "2021-03-31", 3655, 144),
        ("WMP", "2020-03-31", 3563, 141),
        ("STA", "2021-03-31", 1318, 130),
        ("WMC", "2020-03-31", 1405, 122),
        ("EW", "2021-03-31", 64300, 122),
        ("EW", "2020-03-31", 62435, 119),
    ],
)
def test_our_rate_rounds_to_the_published_one(data, edition, area, day, count, rate):
    row = at(register.rates(data, edition), area, day)
    assert (row["count"], row["published"]) == (count, rate)
    assert round(row["rate"]) == rate
    assert row["lower"] < row["rate"] < row["upper"]


@pytest.mark.parametrize(
    ("area", "year", "people"),
    [
        ("WMP", 2019, 2_528_009),
        ("WMP", 2020, 2_542_714),
        ("STA", 2020, 1_013_088),
        ("WMC", 2019, 1_150_924),
        ("WAR", 2023, 550_525),
        ("EW", 2020, 52_597_300),
    ],
)
def test_people_aged_10_and_over(data, area, year, people):
    assert register.population_10plus(data.population_districts, area, year) == people


def test_a_population_that_is_not_held_is_none(data):
    assert register.population_10plus(data.population_districts, "WMP", 2018) is None


def test_the_register_of_2022_is_the_sum_of_the_sexes(data, edition):
    totals = register.register_totals(data, edition)
    rows = totals[(totals["area_id"] == "WMP") & (totals["custody_status"] == "both")]
    by_year = dict(zip(rows["as_at"].dt.year, rows["value"], strict=True))
    assert by_year == {2017: 4171, 2018: 4295, 2019: 4540, 2020: 4581, 2021: 4620, 2022: 4642}
    assert rows.loc[rows["computed"], "value"].tolist() == [4642]


def test_community_and_register_of_2021_are_965_apart(data, edition):
    pairs = register.community_and_register(data, edition).set_index("year")
    assert pairs.loc[2021, ["register", "community", "gap"]].tolist() == [4620, 3655, 965]
    assert pairs.at[2021, "ratio_percent"] == pytest.approx(79.1126, abs=5e-5)
    assert pairs.at[2019, "gap"] == 1105


def test_two_of_four_forces_are_not_the_region(data, edition):
    counts = register.community(data, edition)
    day = pd.Timestamp("2021-03-31")
    found = register.region(counts, edition)
    assert (found.as_at, found.total, found.absent) == (day, None, ["WMC", "WAR"])


def test_a_region_with_all_its_forces_has_a_total(data):
    edition, _ = open_edition(data, report_year="2020-21", region="North East")
    counts = register.community(data, edition)
    assert register.region(counts, edition).total == 901 + 1084 + 1774
    counts.loc[counts["area_id"] == "DURHAM", "qualifier"] = "approximately"
    assert register.region(counts, edition).total is None


def test_a_return_that_gives_every_custody_status_by_sex_keeps_them_apart(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    other = copy.copy(data)
    first = data.registered_offenders[
        data.registered_offenders["row_id"].isin(["RO0001", "RO0002"])
    ]
    more = [
        first.assign(
            row_id=[f"RO{number}0", f"RO{number}1"],
            custody_status=custody,
            value=values,
            area_id="STA",
        )
        for number, (custody, values) in enumerate(
            {"both": [1500, 30], "community": [1300, 28], "custody": [200, 2]}.items(), start=900
        )
    ]
    other.registered_offenders = pd.concat([data.registered_offenders, *more], ignore_index=True)
    found = register.by_sex(other, edition).set_index(["area_id", "custody_status"])
    assert found.loc["STA", "male"].to_dict() == {"both": 1500, "community": 1300, "custody": 200}
    assert found.loc[("WMP", "both"), ["male", "female"]].tolist() == [4585, 57]


def test_a_doubtful_count_is_never_used(data):
    edition, _ = open_edition(data, report_year="2022-23", region="East of England")
    counts = register.community(data, edition)
    assert at(counts, "HERTFORDSHIRE", "2023-03-31")["value"] == 816
    assert at(counts, "BEDFORDSHIRE", "2023-03-31")["value"] == 568


def test_a_revised_count_is_shown_with_its_first_value(data):
    edition, _ = open_edition(data, report_year="2022-23", region="South East")
    row = at(register.community(data, edition), "SUSSEX", "2019-03-31")
    assert (row["value"], row["first_value"], row["status"]) == (1707, 1702, "revised")


def test_an_exact_number_from_a_better_source_goes_first(data, edition):
    counts = register.community(data, edition)
    assert at(counts, "EW", "2003-03-31")["value"] == 21413  # the parliamentary answer
    assert at(counts, "EW", "2021-03-31")["source_id"] == "es-2021-11-04"
