"""Counts, rates and the register, on the real data."""

import copy

import pandas as pd
import pytest

from rso_report import register
from rso_report.edition import open_edition

WM = "West Midlands"


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
    ("area", "march", "people"),
    [
        ("WMP", 2016, 2_437_860),
        ("WMP", 2019, 2_513_248),
        ("WMP", 2020, 2_528_009),
        ("WMP", 2021, 2_542_714),
        ("WMP", 2022, 2_538_999),
        ("WMP", 2023, 2_537_544),
        ("WMP", 2024, 2_572_800),
        ("STA", 2018, 997_919),
        ("STA", 2021, 1_013_088),
        ("WMC", 2020, 1_150_924),
        ("WMC", 2024, 1_180_326),
        ("WAR", 2017, 492_571),
        ("WAR", 2022, 531_747),
        ("EW", 2021, 52_597_300),
    ],
)
def test_people_aged_10_and_over_that_the_rate_of_a_march_divides_by(data, area, march, people):
    day = pd.Timestamp(f"{march}-03-31")
    assert register.population_10plus(data, area, day) == people


@pytest.mark.parametrize("day", ["2015-03-31", "2025-03-31", "2026-03-31", "2021-12-31"])
def test_a_date_without_a_tested_base_has_no_population(data, day):
    assert register.population_10plus(data, "WMP", pd.Timestamp(day)) is None
    assert register.base_row(data, "WMP", pd.Timestamp(day)) == ""


@pytest.mark.parametrize(
    ("day", "printed", "areas"),
    [
        ("2015-06-30", 57_885_413, 348),
        ("2016-06-30", 58_381_217, 348),
        ("2017-06-30", 58_744_595, 348),
        ("2018-06-30", 59_115_809, 339),
        ("2021-03-21", 59_597_539, 331),  # cells are perturbed: 3 below the published total
        ("2021-06-30", 59_641_829, 331),
        ("2022-06-30", 60_238_038, 318),
        ("2024-06-30", 61_806_682, 318),
    ],
)
def test_districts_make_the_country_as_its_source_prints_it(data, day, printed, areas):
    sums = register.population_sums(data)
    row = sums[(sums["area_id"] == "EW") & (sums["date"] == day)].iloc[0]
    assert (row["all_ages"], row["districts"]) == (printed, areas)


def test_a_region_has_the_people_of_its_forces(data):
    day = pd.Timestamp("2024-03-31")
    parts = [
        register.population_10plus(data, a, day) for a in ("NORTHUMBRIA", "DURHAM", "CLEVELAND")
    ]
    assert register.population_10plus(data, "NE", day) == sum(parts)


def test_the_stretches_of_one_base_end_where_the_table_of_breaks_says(data):
    breaks = data.series_breaks
    own = set(breaks.loc[breaks["cuts"] == "RATE", "date"])
    bases = data.population_bases[data.population_bases["evidence"] != "untested"]
    new = bases.loc[bases["segment"] != bases["segment"].shift(), "as_at"].iloc[1:]
    assert set(new) == own == {pd.Timestamp("2022-03-31"), pd.Timestamp("2023-03-31")}


def test_durham_of_march_2024_comes_out_as_published(data):
    edition, _ = open_edition(data, report_year="2023-24", region="North East")
    row = at(register.rates(data, edition), "DURHAM", "2024-03-31")
    assert (row["published"], round(row["rate"], 1)) == (196, 195.8)


def test_every_community_count_from_2016_on_has_a_rate_with_its_interval(data):
    regions = data.areas.loc[data.areas["kind"] == "region", "short_name"]
    for region in regions:
        edition, _ = open_edition(data, report_year="2023-24", region=region)
        found = register.rates(data, edition)
        recent = found[(found["as_at"] >= "2016-03-31") & found["count"].notna()]
        assert recent[["rate", "lower", "upper"]].notna().all(axis=None), region
        assert (recent["base_segment"] != "").all() and (recent["population_row"] != "").all()


def changes_of(data, year, region, areas):
    edition, _ = open_edition(data, report_year=year, region=region)
    found = register.counted(data, edition)
    return register.changes(found, data.series_breaks, areas)


def years_of(line):
    return line["as_at_from"].year, line["as_at_to"].year


def test_a_change_goes_over_all_counts_since_the_last_break_then_over_one_population_base(data):
    whole, one_base = (line for _, line in changes_of(data, "2021-22", WM, ["STA"]).iterrows())
    assert years_of(whole) == (2015, 2021)  # 2002, 2003 and 2009 are before a break
    assert (whole["count_from"], whole["count_to"]) == (939, 1318)
    assert pd.isna(whole["people_from"]) and pd.isna(whole["people_to"])
    assert years_of(one_base) == (2016, 2021)
    assert (one_base["people_from"], one_base["people_to"]) == (986_943, 1_013_088)
    assert (one_base["country_from"], one_base["country_to"]) == (52_770, 64_300)
    rows = {"RO0037", "RO0009", "RO0119", "RO0010", "PD-STA-2015", "PD-STA-2020"}
    assert set(one_base["rows"].split("+")) == rows


def test_a_change_names_the_national_count_as_it_was_first_released(data):
    (line,) = changes_of(data, "2021-22", WM, ["WMP"]).to_dict("records")
    assert (line["country_from"], line["first_country_from"]) == (60_294, 59_742)
    assert line["country_to"] == line["first_country_to"] == 64_300
    assert {"RO0068", "RO0227"} < set(line["rows"].split("+"))


def test_no_change_crosses_a_break_or_is_made_of_one_count(data):
    assert changes_of(data, "2021-22", WM, ["WMC", "WAR"]).empty  # 2011 and 2020; none


def test_residents_are_not_compared_between_two_bases(data):
    found = changes_of(data, "2023-24", "North East", ["DURHAM"])
    assert [years_of(line) for _, line in found.iterrows()] == [(2013, 2024), (2023, 2024)]
    assert found["people_from"].isna().tolist() == [True, False]


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
