"""What may enter the data of a count of people: the rule, the files, and what the report derives.

How a return is held to the rule is in test_returns.py (V19) and test_ingest.py.
"""

import csv
import itertools
import json
import shutil

import pandas as pd
import pytest

from rso_report import compare, dataset, disclosure, missing, reconcile, register
from rso_report.disclosure import decide
from rso_report.edition import open_edition
from rso_report.errors import FaultError

WHOLE = {"sex": "all", "mappa_level": "unknown", "custody_status": "both", "believed_abroad": "all"}


def by_hand(value, level, residents, sex):
    """The rule of the methods, a second time and as prose would put it."""
    if value is None:
        return "allowed"
    if level in ("district", "ward"):
        return "refused" if residents is None else "withheld"
    return "refused" if value == 1 and sex == "female" else "allowed"


def test_every_combination_of_facts_is_decided_as_the_methods_say():
    levels = ("country", "region", "group", "joint", "force", "district", "ward")
    values, residents = (None, 0, 1, 2, 4, 5, 25), (None, 0, 8_600, 10_000, 10_001, 120_000)
    seen = set()
    for facts in itertools.product(values, levels, residents, ("all", "female")):
        value, level, people, sex = facts
        outcome = decide(value, level, people, WHOLE | {"sex": sex}).outcome
        assert outcome == by_hand(*facts), facts
        seen.add(outcome)
    assert seen == {"allowed", "withheld", "refused"}


@pytest.mark.parametrize(
    "part",
    [
        {"sex": "male"},
        {"mappa_level": "3"},
        {"risk_tier": "very_high"},
        {"subset": "child_sex_offenders"},
        {"believed_abroad": "yes"},
        {"custody_status": "abroad"},
        {"went_missing_since": pd.Timestamp("2014-08-01")},
    ],
)
def test_no_attribute_of_one_person_is_taken_even_if_it_was_printed(part):
    decided = decide(1, "force", None, WHOLE | part)
    assert (decided.outcome, decided.column) == ("refused", *part)
    assert decide(2, "force", None, WHOLE | part).outcome == "allowed"


def test_a_larger_district_waits_for_its_force_and_a_smaller_one_for_nothing():
    for value in (0, 3, 25):
        assert decide(value, "district", 10_000, WHOLE).allowed == "more than 10,000 residents"
        assert "until it clears" in decide(value, "district", 10_001, WHOLE).allowed


def test_one_person_missing_and_a_force_of_8600_residents_are_allowed():
    assert decide(1, "force", None, WHOLE | {"went_missing_since": pd.NaT}).outcome == "allowed"
    assert decide(0, "force", 8_600, WHOLE).outcome == "allowed"


# The files, edited by hand

NEW = {  # cells that a new row has, if its table has such a column
    "series_id": "STOCK_FOI",
    "measure_code": "RSO_REACTIVE",
    "measure": "persons",
    "area_id": "WMP",
    "as_at": "2018-02-21",
    "as_at_precision": "day",
    "custody_status": "both",
    "sex": "all",
    "mappa_level": "all",
    "risk_tier": "all",
    "risk_tool": "ARMS",
    "definition_code": "WHEREABOUTS_UNKNOWN",
    "subset": "all",
    "believed_abroad": "all",
    "value": "1",
    "qualifier": "exact",
    "status": "final",
    "source_id": "es-2018-02-22",
    "locator": "made up for a test",
}
DISTRICT = "TESTBOROUGH,Testborough district,Testborough,district,WM,\n"


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    return copy


def add(folder, table, line):
    """Add a line to a table; return its place as messages name it."""
    path = folder / f"{table}.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
    return f"data/{table}.csv, row {len(path.read_text().splitlines())}"


def add_row(folder, table, **cells):
    """Add a sound row of one person, but for these cells; return its place."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    series = {"series_id": "MISSING_STOCK"} if table == "missing" else {}
    row = NEW | series | {"row_id": "XX9999"} | cells
    assert set(cells) <= set(columns)
    return add(folder, table, ",".join(row.get(name, "") for name in columns) + "\n")


PLACE = "geography_code: E07000192"
REFUSED = [
    ("registered_offenders", {"sex": "female"}, "sex"),
    ("registered_offenders", {"custody_status": "custody"}, "custody_status"),
    ("missing", {"mappa_level": "2"}, "mappa_level"),
    ("missing", {"believed_abroad": "yes"}, "believed_abroad"),
    ("missing", {"went_missing_since": "2017-08-01"}, "went_missing_since"),
    ("risk_tiers", {"risk_tier": "high"}, "risk_tier"),
    ("answers", {"detail": "sex: male; mappa_level: 2"}, "detail"),
    ("answers", {"detail": PLACE, "value": "25"}, "detail"),
    ("answers", {"detail": PLACE, "value": "25", "status": "withheld"}, "detail"),
    ("answers", {"value": "25", "status": "withheld"}, "value"),
]


@pytest.mark.parametrize(("table", "cells", "column"), REFUSED)
def test_a_row_added_by_hand_is_refused_in_one_message(folder, table, cells, column):
    place = add_row(folder, table, **cells)
    with pytest.raises(FaultError) as caught:
        dataset.load(table, folder=folder)
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"{place}, column {column}: found ") and fault.allowed


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("registered_offenders", {}),
        ("registered_offenders", {"sex": "female", "value": "2"}),
        ("missing", {}),
        ("missing", {"went_missing_since": "2017-08-01", "value": "2"}),
        ("risk_tiers", {"risk_tier": "high", "value": "2"}),
        ("answers", {}),
        ("answers", {"detail": PLACE, "value": "", "status": "withheld"}),
    ],
)
def test_what_is_just_allowed_is_loaded(folder, table, cells):
    add_row(folder, table, **cells)
    dataset.load(table, folder=folder)


def test_there_is_no_area_below_a_force(folder):
    place = add(folder, "areas", DISTRICT)
    add_row(folder, "missing", area_id="TESTBOROUGH", value="25")
    (fault,) = dataset.check(folder)
    assert str(fault).startswith(f"{place}, column kind: found 'district'; allowed: one of country")


def test_nor_would_its_count_enter_if_the_schema_were_widened(folder):
    path = folder / "datapackage.json"
    described = json.loads(path.read_text())
    areas = next(r for r in described["resources"] if r["name"] == "areas")
    kind = next(f for f in areas["schema"]["fields"] if f["name"] == "kind")
    kind["constraints"]["enum"].append("district")
    path.write_text(json.dumps(described))
    add(folder, "areas", DISTRICT)
    place = add_row(folder, "missing", area_id="TESTBOROUGH", value="25")
    (fault,) = dataset.check(folder)
    assert str(fault).startswith(f"{place}, column area_id: found a district")


def test_every_source_is_of_a_kind_that_is_published(folder):
    add(folder, "sources", "x-return,A return,A force,2024-01-01,force_return,,not_stated,no,x\n")
    assert {(f.where, f.column) for f in dataset.check(folder)} >= {("data/sources.csv", "kind")}


# What the report derives


def changed(data, table, row_id, value):
    """The data with another value in one row."""
    frame = getattr(data, table).copy()
    frame.loc[frame["row_id"] == row_id, "value"] = value
    return dataset.Tables(**(vars(data) | {table: frame}))


@pytest.mark.parametrize("people", range(-6, 7))
def test_a_difference_of_1_to_4_people_is_not_shown(people):
    shown = disclosure.difference(people)
    assert shown == (people if abs(people) in (0, 5, 6) else "[c]")


def test_register_and_community_less_than_five_apart(data):
    def pair(community):
        edited = changed(data, "registered_offenders", row["rows"].split("+")[1], community)
        edition, _ = open_edition(edited, report_year="2021-22", region="West Midlands")
        last = register.community_and_register(edited, edition).iloc[-1]
        return last["gap"]

    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    row = register.community_and_register(data, edition).iloc[-1]
    assert pair(row["register"] - 3) == "[c]"
    assert pair(row["register"] - 5) == 5


def test_two_counts_less_than_five_apart(data):
    found = reconcile.findings(data)
    own = found[found["rule"] == "two_counts"]
    for row in own.itertuples():
        values = [int(each.replace(",", "")) for each in row.printed.split(" and ")]
        gap = max(values) - min(values)
        shown = "fewer than 5" if gap < 5 else f"{gap:,}"
        assert row.found == f"{shown} apart"
    assert {"fewer than 5 apart"} < set(own["found"])


def test_parts_and_total_less_than_five_apart(data):
    rows = data.registered_offenders
    like = rows[rows["custody_status"] == "both"].iloc[[0]].assign(sex="all", mappa_level="all")
    added = pd.concat([like] * 3).assign(
        row_id=["XX1", "XX2", "XX3"],
        custody_status=["both", "community", "custody"],
        value=[1003, 700, 300],
        source_id="wmp-foi-233a-22",
        as_at=pd.Timestamp("2020-03-31"),
        revises_row="",
    )
    edited = dataset.Tables(**(vars(data) | {"registered_offenders": pd.concat([rows, added])}))
    found = reconcile.findings(edited)
    own = found[(found["rule"] == "parts_of_total") & found["rows"].str.contains("XX1")]
    assert own["found"].item() == "parts sum to 1,000, fewer than 5 apart"


def test_a_claimed_change_of_less_than_five_people_is_not_worked_out(data):
    known = reconcile.findings(data).set_index("rule").loc[["change_claim"], "rows"].iloc[0]
    claim, first, last = known.split("+")
    before = data.registered_offenders.set_index("row_id").at[first, "value"]
    claimed = changed(data, "published_changes", claim, 400)
    rows = claimed.published_changes["row_id"] == claim
    claimed.published_changes.loc[rows, ["measure", "qualifier"]] = ["change_persons", "exact"]

    def words(step):
        found = reconcile.findings(changed(claimed, "registered_offenders", last, before + step))
        return found.loc[found["rows"].str.startswith(claim), "found"].item()

    assert words(3).startswith("[c] from ") and words(5).startswith("+5.0 from ")


def test_a_comparison_gives_no_number_of_people_as_a_change(data):
    a, _ = open_edition(data, report_year="2018-19", region="West Midlands")
    b, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    found = compare.compare(data, a, b)
    assert set(found.loc[found["change"].notna(), "change_unit"]) <= {
        "percent",
        "percentage points",
    }
    assert found.loc[found["measure"].isin(["missing", "missing_part"]), "change"].isna().all()


def test_no_snapshot_is_of_1_to_4_people_that_nobody_printed(data):
    """So West Mercia alone, of 42 for three forces less 34 and 5, is nowhere."""
    printed = set(data.missing[["area_id", "as_at", "value"]].itertuples(index=False, name=None))
    small = set()
    for region in data.areas.loc[data.areas["kind"] == "region", "short_name"]:
        for year in ("2012-13", "2014-15", "2017-18", "2021-22", "2022-23"):
            edition, _ = open_edition(data, report_year=year, region=region)
            found = missing.snapshots(data, edition)
            small |= {
                (row.area_id, row.as_at, value)
                for row in found.itertuples()
                for value in (row.value, row.first_value, row.abroad)
                if pd.notna(value) and 1 <= value <= 4
            }
    assert ("STA", pd.Timestamp("2018-02-22"), 2) in small
    assert small <= printed
