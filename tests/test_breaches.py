"""Recorded offences by title and outcomes, on the real data."""

import functools
import math
from types import SimpleNamespace

import notebook_blocks
import pandas as pd
import pytest

from rso_report import breaches, statistics, summary
from rso_report.edition import open_edition


@functools.cache
def notebook(name):
    """The variables of a notebook."""
    names = {}
    path = notebook_blocks.ROOT / "notebooks" / f"{name}.ipynb"
    notebook_blocks.run(path, notebook_blocks.whole(), names=names)
    return names


def other(data, **tables):
    """The data with other tables in place of some."""
    return SimpleNamespace(**vars(data) | tables)


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
    (cell,) = table.loc[table["Offence title"].str.startswith(title), "Total"]
    assert str(cell) == (f"{computed:,} ({printed:,})" if printed != computed else str(computed))


@pytest.mark.parametrize(
    ("sums", "printed", "text", "beside"),
    [
        ((193, pd.NA), (151, pd.NA), "193 (151)", True),
        ((1716, 1677), (1677, pd.NA), "1,716 [r] (1,677 at first) (1,677)", True),
        ((170, pd.NA), (112, 110), "170 (112 [r] (110 at first))", True),
        ((1716, 1677), (1716, pd.NA), "1,716 [r] (1,677 at first)", False),
        ((237, pd.NA), (237, pd.NA), "237", False),
        ((), (112, pd.NA), "[x]", False),
    ],
)
def test_a_total_of_the_source_is_told_from_a_first_value(sums, printed, text, beside):
    frame = [
        pd.DataFrame([each] if each else [], columns=["value", "first_value"])
        for each in (sums, printed)
    ]
    cell = breaches._sum_and_printed(*frame)
    assert str(cell) == text
    assert isinstance(cell, breaches.BesidePrinted) is beside


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
    assert changed.loc[1:, "Total"].tolist() == whole.loc[1:, "Total"].tolist()
    assert changed["Offence title"][0] == "Title not given in the source"


def test_a_part_year_is_marked_in_the_table(data):
    table = breaches.title_table(data, edition_of(data), "WMP", "SRO")
    assert "2021-22 [p]" in table.columns and "2020-21" in table.columns


def test_a_printed_total_over_later_years_is_not_shown_in_an_earlier_edition(data):
    table = breaches.title_table(data, edition_of(data, "2019-20"), "WMP", "SRO")
    assert [c for c in table.columns if c[:2] == "20"] == ["2019-20", "2018-19", "2017-18"]
    assert table["Total"].tolist() == [0, 95, 95]


def test_both_readings_of_headings_and_titles(data):
    readings = breaches.both_readings(breaches.recorded(data, edition_of(data)))
    last = readings.iloc[-1]
    assert (last["SHPO by title"], last["SHPO by heading"]) == (85, 30)
    assert (last["SRO by title"], last["SRO by heading"]) == (30, 85)


def years_of(runs, family):
    own = [run for run in runs if run["family"].iloc[0] == family]
    return [(run["period"].iloc[0], len(run)) for run in own]


def test_a_run_of_years_ends_at_a_break_and_holds_complete_years_only(data, families):
    runs = list(breaches.runs(families, data.series_breaks))
    assert years_of(runs, "NOTIFICATION") == [("2017-18", 4)]
    # The Sentencing Act began within 2020-21.
    assert years_of(runs, "SHPO") == [("2017-18", 3), ("2020-21", 1)]
    assert years_of(runs, "SRO") == [("2017-18", 4)]


def test_a_model_takes_five_years_and_the_cautious_interval(data, families):
    # Steady counts, which Wald's z would make look certain.
    complete = families.assign(part=False, value=[30, 31, 30, 29, 30] * 3)
    fits = {
        run["family"].iloc[0]: fit
        for run in breaches.runs(complete, data.series_breaks)
        if (fit := breaches.run_trend(run))
    }
    assert set(fits) == {"NOTIFICATION", "SRO"}
    assert all("t(3)" in fit.change.method for fit in fits.values())
    assert not any(map(breaches.run_trend, breaches.runs(families, data.series_breaks)))


def test_offences_all_in_one_end_year_get_no_model(data, families):
    zeros = families.assign(part=False, value=[0] * 4 + [9] + [0] * 10)
    assert not any(map(breaches.run_trend, breaches.runs(zeros, data.series_breaks)))


def test_a_title_that_a_reply_does_not_list_is_not_0(data):
    gone = data.breaches[~data.breaches["row_id"].isin(["BR0008", "BR0009", "BR0010"])]
    table = breaches.title_table(
        other(data, breaches=gone), edition_of(data), "WMP", "NOTIFICATION"
    ).set_index("Offence title")
    row = table.loc["Fail to Comply with Notification of changes requirement"]
    assert row[["2017-18", "2019-20", "2020-21"]].tolist() == [9, "[x]", "[x]"]
    assert row["Total"] == 18
    assert table.loc["Fail to Comply with the Periodic Notification requirement", "2019-20"] == 0


def test_a_year_without_a_figure_keeps_its_column(data):
    gone = data.breaches[data.breaches["period_start"] != "2018-04-01"]
    without = other(data, breaches=gone)
    table = breaches.title_table(without, edition_of(data), "WMP", "SRO")
    assert (table["2018-19"] == "[x]").all()


def test_two_replies_about_the_same_years_are_kept_apart(data):
    again = data.breaches[data.breaches["source_id"] == "wmp-foi-233a-22"]
    again = again.assign(
        row_id=again["row_id"].str.replace("BR00", "BR90"), source_id="wmp-foi-5022-14"
    )
    both = other(data, breaches=pd.concat([data.breaches, again], ignore_index=True))
    edition = edition_of(data)
    found = breaches.by_family(breaches.recorded(both, edition))
    own = found[found["family"] == "SRO"]
    assert set(own["reply"]) == {"wmp-foi-233a-22", "wmp-foi-5022-14"}
    assert all(each["value"].sum() == 174 for _, each in own.groupby(breaches.SERIES))
    table = breaches.title_table(both, edition, "WMP", "SRO", "wmp-foi-5022-14")
    assert table.loc[table["Offence title"] == "All titles", "2020-21"].tolist() == [49]


def test_a_later_reply_about_other_years_goes_on_with_the_series(data, families):
    later = data.breaches[data.breaches["row_id"].isin(["BR0001", "BR0006"])].assign(
        row_id=["BR9001", "BR9002"],
        source_id="wmp-foi-5022-14",
        period_start=pd.Timestamp("2016-04-01"),
        period_end=pd.Timestamp("2017-03-31"),
    )
    both = other(data, breaches=pd.concat([data.breaches, later], ignore_index=True))
    found = breaches.by_family(breaches.recorded(both, edition_of(data)))
    assert set(found["reply"]) == {""} and len(found) == len(families) + 1


def test_equal_numbers_under_two_titles_may_be_one_number(families):
    last = families.set_index(["family", "period"])
    assert last.loc[("SHPO", "2021-22"), ["value", "repeated", "least"]].tolist() == [
        85,
        "41 and 41",
        44,
    ]
    rest = families.drop(index=families[families["repeated"] != ""].index)
    assert len(rest) == 14 and (rest["least"] == rest["value"]).all()


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


@pytest.fixture(scope="module")
def rated(data):
    return breaches.outcomes(data, edition_of(data))


def test_a_lower_bound_has_a_rate_without_interval(rated):
    row = rated.set_index(["area_id", "period"]).loc[("EW", "2020-21")]
    assert row["per_1000"] == pytest.approx(25.5054, abs=5e-5) and math.isnan(row["lower"])


def test_a_figure_whose_year_is_inferred_has_no_rate_and_is_no_headline(data, rated):
    (row,) = [row for _, row in rated.iterrows() if row["inferred"]]
    assert (row["row_id"], row["value"]) == ("BR0060", 1905)
    assert math.isnan(row["per_1000"]) and math.isnan(row["upper"])
    assert "1,905" not in "".join(summary.outcomes(data, edition_of(data)))


def test_rates_stand_side_by_side_within_one_year_only(data, rated):
    shown = breaches.side_by_side(rated, edition_of(data))
    assert list(zip(shown["period"], shown["area_id"], strict=True)) == [
        *(("2020-21", area) for area in ("WMP", "STA", "EW")),
        *(("2019-20", area) for area in ("WMC", "EW")),
    ]
    found = breaches.pairs(shown)
    assert list(zip(found["area_id"], found["area_id_2"], strict=True)) == [
        *(("WMP", "STA"), ("WMP", "EW"), ("STA", "EW"), ("WMC", "EW"))
    ]


def test_no_ratio_of_a_count_below_10_or_of_two_lower_bounds(data, rated):
    shown = breaches.side_by_side(rated, edition_of(data))
    assert len(breaches.pairs(shown.replace({"value": {46: 9}}))) == 2
    assert breaches.pairs(shown.assign(qualifier="at_least")).empty


def test_rates_of_the_notebook_and_of_the_package_agree(data, rated):
    """Both compute them, one for a reviewer to read and one for the pages that quote them."""
    names = notebook("breaches")
    own = names["outcomes"].set_index("row_id")[["per_1000", "lower", "upper"]]
    pd.testing.assert_frame_equal(
        own.sort_index(), rated.set_index("row_id")[own.columns].sort_index()
    )


@pytest.mark.parametrize(
    ("areas", "counts", "printed"),
    [
        (("WMC", "EW"), (16, 1405, 2559, 62435), ("0.28", "0.17", "0.45")),
        (("WMP", "EW"), (46, 3655, 1640, 64300), ("0.49", "0.37", "0.66")),
        (("WMP", "STA"), (46, 3655, 26, 1318), ("0.64", "0.39", "1.03")),
    ],
)
def test_the_ratio_of_the_notebook_is_that_of_the_package(areas, counts, printed):
    own = notebook("breaches")["pairs"].set_index(["area_id", "area_id_2"]).loc[areas]
    found = statistics.rate_ratio(*counts)
    limits = own["ratio"], own["lower"], own["upper"]
    assert limits == pytest.approx((found.value, found.lower, found.upper))
    assert tuple(f"{limit:.2f}" for limit in limits) == printed
    assert own["bound"] == ("at most " if areas[0] == "WMP" and areas[1] == "EW" else "")
    assert own["clear"] == (areas[1] == "EW")


def test_numbers_that_the_ledger_doubts_stand_beside_no_other_area(data):
    edition = edition_of(data, "2023-24", "South East")
    found = breaches.outcomes(data, edition)
    doubted = found[found["doubt"] != ""]
    assert set(zip(doubted["area_id"], doubted["value"], strict=True)) == {
        ("HAMPSHIRE", 218),
        ("THAMES_VALLEY", 233),
        ("THAMES_VALLEY", 60),
    }
    shown = breaches.side_by_side(found, edition)
    assert not set(shown["row_id"]) & set(doubted["row_id"])


@pytest.mark.parametrize(
    ("area", "counts", "printed"),
    [
        ("WMP", (3655, 2542714, 64300, 52597300), ("1.18", "1.14", "1.22")),
        ("STA", (1318, 1013088, 64300, 52597300), ("1.06", "1.01", "1.12")),
    ],
)
def test_the_ratio_of_a_force_to_the_country_is_that_of_the_package(area, counts, printed):
    own = notebook("regional-trends")["shown"].set_index("area_id").loc[area]
    found = statistics.rate_ratio(*counts)
    limits = own["ratio"], own["ratio_low"], own["ratio_high"]
    assert limits == pytest.approx((found.value, found.lower, found.upper), rel=1e-6)
    assert tuple(f"{limit:.2f}" for limit in limits) == printed
