"""Snapshots of people whose whereabouts were unknown, on the real data."""

import copy

import pytest

from rso_report import missing, missing_words, statistics
from rso_report.edition import open_edition


@pytest.fixture(scope="module")
def edition(data):
    return open_edition(data, report_year="2021-22", region="West Midlands")[0]


@pytest.fixture(scope="module")
def snapshots(data, edition):
    return missing.snapshots(data, edition)


def one(frame, area, year):
    row = frame[(frame["area_id"] == area) & (frame["as_at"].dt.year == year)]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.parametrize(
    ("area", "year", "value"),
    [
        ("WMP", 2007, 25),
        ("WMP", 2010, 30),
        ("WMP", 2012, 34),
        ("WMP", 2014, 43),
        ("WMP", 2015, 39),
        ("WMP", 2018, 46),
        ("STA", 2012, 5),
        ("WMC", 2015, 6),
        ("WMC_WAR_JOINT", 2018, 4),
    ],
)
def test_every_snapshot_of_the_evidence_is_there(snapshots, area, year, value):
    assert one(snapshots, area, year)["value"] == value


def test_46_of_4380_is_1_05_percent(snapshots):
    row = one(snapshots, "WMP", 2018)
    assert row["registered"] == 4380 and row["abroad"] == 14
    assert (row["share"], row["lower"], row["upper"]) == pytest.approx(
        (1.05023, 0.788323, 1.39792), abs=5e-6
    )


def test_no_share_without_a_denominator_from_the_same_reply(snapshots):
    assert one(snapshots, "WMP", 2014)[["registered", "share"]].isna().all()


def test_five_became_two_and_both_are_kept(snapshots):
    row = one(snapshots, "STA", 2018)
    assert (row["value"], row["first_value"], row["status"]) == (2, 5, "revised")


def test_the_regional_55_became_52(data, edition, snapshots):
    total = missing.region_totals(data, edition).iloc[0]
    assert (total["printed"], total["first"], total["current"], total["units"]) == (55, 55, 52, 3)
    row = one(snapshots, "WM", 2018)
    assert (row["value"], row["first_value"], row["status"]) == (52, 55, "revised")


def test_a_joint_reply_is_never_split(data, snapshots):
    joint = data.missing[data.missing["source_id"] == "es-2018-02-22"]
    assert not set(joint["area_id"]) & {"WMC", "WAR"}
    assert not ((snapshots["area_id"].isin(["WMC", "WAR"])) & (snapshots["as_at"] > "2018")).any()


def test_the_2014_snapshot_by_mappa_level(data, edition):
    parts = missing.breakdowns(data, edition)
    own = parts[parts["as_at"] == "2014-06-30"]
    assert own.set_index("part")["value"].to_dict() == {
        "MAPPA level 1": 42,
        "MAPPA level unknown": 1,
    }


def test_no_evidence_of_a_change_in_share(snapshots):
    first, last = (one(snapshots, "WMP", year) for year in (2012, 2018))
    change = statistics.share_difference(last["value"], last["base"], first["value"], first["base"])
    assert (change.value, change.lower, change.upper) == pytest.approx(
        (-0.0169406, -0.512198, 0.443913), abs=5e-7
    )


def test_what_is_counted_as_missing_is_said_and_is_not_the_same_in_2014_and_2018(snapshots):
    before, after = (one(snapshots, "WMP", year) for year in (2014, 2018))
    assert "wanted" in before["definition"] and "address" in after["definition"]
    assert missing.definitions_differ(before, after)
    assert one(snapshots, "WMP", 2012)["definition"] == missing.DEFINITIONS["NOT_STATED"]


def test_the_same_words_on_both_dates_are_the_same_and_one_code_is_not(snapshots):
    row = one(snapshots, "WMP", 2018)
    assert missing.definitions_differ(row, row) == ""
    joint = one(snapshots, "WMC_WAR_JOINT", 2018)  # classed, but not in words of its own
    assert missing.definitions_differ(joint, joint)


def test_the_change_in_share_says_that_a_definition_was_not_found(data, edition, snapshots):
    first, last = (one(snapshots, "WMP", year) for year in (2012, 2018))
    difference = statistics.share_difference(46, 4380, 34, 3186)
    said = missing_words.share_change(data, edition, first, last, difference)
    assert "cannot be told, for no definition of missing was found for 2012" in said.replace(
        "*", ""
    )


def test_a_snapshot_that_stands_alone_carries_its_age(data, edition):
    def said(year):
        own = open_edition(data, report_year=year, region="West Midlands")[0]
        return missing_words.whereabouts_unknown(data, own)[0]

    assert "4 years before March 2022" in said("2021-22")
    assert "years before" not in said("2018-19")


def test_the_main_points_quote_count_share_interval_people_abroad_and_definition(data, edition):
    first, others, *_ = missing_words.whereabouts_unknown(data, edition)
    for quoted in ("46", "1.05%", "4,380", "0.79 to 1.40", "14 of them", "address", "#row-mi0007"):
        assert quoted in first
    assert "2 [r] (5 at first)" in others and "52 [r] (55 at first)" in others


def test_a_region_without_a_count_says_so(data):
    wales = open_edition(data, report_year="2001-02", region="Wales")[0]
    said = missing_words.whereabouts_unknown(data, wales)
    assert len(said) == 1 and "no figure found" in said[0]


def test_a_total_whose_parts_do_not_add_is_kept_as_printed(data, edition):
    changed = copy.copy(data)
    changed.missing = data.missing.copy()
    changed.missing.loc[changed.missing["row_id"] == "MI0007", "value"] = 56
    total = missing.region_totals(changed, edition).iloc[0]
    assert (total["printed"], total["first"]) == (55, 65)
    assert one(missing.snapshots(changed, edition), "WM", 2018)["value"] == 55


def test_a_total_of_which_a_part_is_not_given_is_never_set_against_the_others(data, edition):
    # 42 of three forces in 2012, with two of them: the difference would be the third alone.
    assert "THREE_MIDLANDS" in set(missing.snapshots(data, edition)["area_id"])
    assert "THREE_MIDLANDS" not in set(missing.region_totals(data, edition)["area_id"])


def test_no_row_counts_more_missing_than_registered(data):
    registered = data.registered_offenders.set_index("row_id")["value"]
    rows = data.missing[data.missing["denominator_row"] != ""]
    assert len(rows) and (rows["value"] <= rows["denominator_row"].map(registered)).all()


def test_later_snapshots_are_hidden_from_earlier_editions(data):
    early = open_edition(data, report_year="2013-14", region="West Midlands")[0]
    assert missing.snapshots(data, early)["as_at"].dt.year.max() == 2012
    late = open_edition(data, report_year="2022-23", region="West Midlands")[0]
    assert one(missing.snapshots(data, late), "WMP", 2023)["value"] == 59
