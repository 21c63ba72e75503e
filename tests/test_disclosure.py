"""What may be published: the rule, secondary suppression under attack, the search of the output."""

import base64
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import LinearConstraint, milp

from rso_report import dataset, disclosure, missing
from rso_report.disclosure import HIDDEN, RULES, TOTAL, DisclosureError
from rso_report.edition import open_edition
from rso_report.publication import leaks
from rso_report.publication.leaks import Secret
from rso_report.tables import to_html

ROOT = Path(__file__).resolve().parents[1]
steady = settings(deadline=None, derandomize=True)


def cell(**facts):
    """A district's cleared count of 25 people, with other facts as given."""
    usual = {
        "value": 25,
        "geography_level": "district",
        "population_total": 120_000,
        "public_domain": False,
        "force_clearance": True,
        "derived": False,
        "attribute": False,
    }
    return pd.DataFrame([usual | facts])


def decision(threshold=5, mode="standard", **facts):
    row = disclosure.decide(cell(**facts), threshold, mode).iloc[0]
    assert (row["sdc_decision"] == "PUBLISH") or pd.isna(row["value_out"])
    shown = row["symbol"] if pd.isna(row["value_out"]) else row["value_out"]
    return row["sdc_decision"], shown


FORCE = {"geography_level": "force", "public_domain": True, "force_clearance": False}


# The rule


@pytest.mark.parametrize("level", ["country", "region", "group", "joint", "force"])
@pytest.mark.parametrize("value", [0, 1, 4, 5, 4642])
def test_a_published_figure_of_a_force_or_more_is_published(level, value):
    facts = FORCE | {"geography_level": level, "population_total": pd.NA}
    assert decision(value=value, **facts) == ("PUBLISH", value)


def test_the_city_of_london_has_fewer_than_10000_residents_and_is_a_force():
    assert decision(**FORCE, value=0, population_total=8_600) == ("PUBLISH", 0)
    assert decision(**FORCE, value=0, population_total=8_600, derived=True) == ("WITHHOLD", "[c]")


def test_strict_mode_also_hides_1_to_4_of_a_force_but_no_zero():
    shown = [decision(**FORCE, value=value, mode="strict")[1] for value in range(6)]
    assert shown == [0, "[c]", "[c]", "[c]", "[c]", 5]


def test_below_force_level_a_missing_population_withholds():
    assert decision(population_total=pd.NA) == ("WITHHOLD", "[x]")


@pytest.mark.parametrize("value", [0, 3, 25, pd.NA])
@pytest.mark.parametrize("cleared", [True, False])
def test_10000_residents_are_a_small_area_where_even_zero_is_withheld(value, cleared):
    facts = {"value": value, "force_clearance": cleared, "public_domain": True}
    assert decision(population_total=10_000, **facts) == ("WITHHOLD", "[c]")
    assert decision(population_total=10_001, **facts)[1] != "[c]" or (value == 3 and cleared)


def test_a_district_waits_for_its_force_whatever_its_value_and_wherever_it_was_printed():
    for value, public in itertools.product((0, 3, 25, pd.NA), (True, False)):
        facts = {"value": value, "public_domain": public, "force_clearance": False}
        assert decision(**facts) == ("REVIEW", "[x]")


def test_a_cleared_district_shows_0_and_5_and_hides_1_to_4():
    shown = [decision(value=value)[1] for value in range(6)]
    assert shown == [0, "[c]", "[c]", "[c]", "[c]", 5]
    assert decision(value=7, threshold=8) == ("WITHHOLD", "[c]")


def test_with_a_further_attribute_the_threshold_is_10():
    assert decision(value=9, attribute=True) == ("WITHHOLD", "[c]")
    assert decision(value=10, attribute=True) == ("PUBLISH", 10)
    assert decision(value=10, attribute=True, threshold=12) == ("WITHHOLD", "[c]")


def test_an_attribute_of_one_person_is_hidden_even_if_it_was_printed():
    assert decision(**FORCE, value=1, attribute=True) == ("WITHHOLD", "[c]")
    assert decision(**FORCE, value=2, attribute=True) == ("PUBLISH", 2)


@pytest.mark.parametrize("value", [-4, -1, 1, 4])
def test_a_derived_figure_that_isolates_1_to_4_people_is_hidden_at_any_level(value):
    for level in ("country", "joint", "force"):
        facts = FORCE | {"geography_level": level}
        assert decision(**facts, value=value, derived=True) == ("WITHHOLD", "[c]")
    assert decision(value=value, derived=True) == ("WITHHOLD", "[c]")


@pytest.mark.parametrize("value", [-5, 0, 5, 8275])
def test_other_sums_and_differences_of_public_figures_are_published(value):
    assert decision(**FORCE, value=value, derived=True) == ("PUBLISH", value)


def test_a_figure_of_a_force_that_nobody_published_waits_too():
    facts = FORCE | {"public_domain": False}
    assert decision(**facts) == decision(**facts, derived=True) == ("REVIEW", "[x]")


def test_a_figure_that_does_not_exist_is_not_available_rather_than_confidential():
    assert decision(**FORCE, value=pd.NA) == ("PUBLISH", "[x]")
    assert decision(value=pd.NA) == ("PUBLISH", "[x]")


def test_a_missing_answer_counts_as_the_careful_one():
    assert decision(force_clearance=None) == ("REVIEW", "[x]")
    assert decision(**(FORCE | {"public_domain": None})) == ("REVIEW", "[x]")
    assert decision(value=9, attribute=None) == ("WITHHOLD", "[c]")
    assert decision(**FORCE, value=3, derived=None) == ("WITHHOLD", "[c]")
    assert decision(**(FORCE | {"geography_level": "Force"})) == ("REVIEW", "[x]")


def by_hand(value, level, population, public, cleared, derived, attribute, strict):
    """The rule of the methods, a second time and as prose would put it."""
    limit = 10 if attribute else 5
    small = value is not None and 1 <= abs(value) < limit
    one = attribute and value is not None and abs(value) == 1
    upper = level in ("force", "region")
    if upper and public and not derived and not one:
        return ("WITHHOLD", "[c]") if strict and small else ("PUBLISH", value)
    if not upper and population is None:
        return "WITHHOLD", "[x]"
    if population is not None and population <= 10_000:
        return "WITHHOLD", "[c]"
    if not (upper and public) and not cleared:
        return "REVIEW", "[x]"
    return ("WITHHOLD", "[c]") if small else ("PUBLISH", value)


def test_every_combination_of_facts_is_decided_as_the_methods_say():
    values = [None, -10, -4, -1, 0, 1, 4, 5, 9, 10, 500]
    levels = ["region", "force", "district", "ward"]
    flags = [[True, False]] * 4
    facts = list(itertools.product(values, levels, [None, 0, 10_000, 10_001], *flags))
    facts = [f for f in facts if f[5] or f[0] is None or f[0] >= 0]
    names = ["value", "geography_level", "population_total", "public_domain", "force_clearance"]
    cells = pd.DataFrame(facts, columns=[*names, "derived", "attribute"])
    seen = set()
    for mode in ("standard", "strict"):
        decided = disclosure.decide(cells, mode=mode)
        seen |= set(decided["sdc_rule"])
        for fact, row in zip(facts, decided.itertuples(), strict=True):
            wanted = by_hand(*fact, mode == "strict")
            shown = row.symbol if pd.isna(row.value_out) else row.value_out
            assert (row.sdc_decision, shown) == (
                wanted[0],
                "[x]" if wanted[1] is None else wanted[1],
            )
            assert (row.reviewer == "force") == row.sdc_rule.startswith("4 ")
    assert seen == {rule.name for rule in RULES}, "a rule that never decides"


def test_deciding_keeps_the_rows_and_the_columns_it_was_given():
    cells = pd.concat([cell(value=2, note="a"), cell(value=30, note="b")])
    decided = disclosure.decide(cells)
    assert decided.index.tolist() == [0, 0] and decided["note"].tolist() == ["a", "b"]
    assert decided["symbol"].tolist() == ["[c]", ""] and str(decided["value_out"].dtype) == "Int64"
    assert disclosure.decide(cells.iloc[:0])["sdc_decision"].empty


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"value": 3.75}, "value: only whole numbers"),
        ({"value": -3}, "only a derived value"),
        ({"population_total": "about 3,75"}, "population_total: only whole numbers"),
        ({"public_domain": "perhaps 3.75"}, "public_domain: only true and false"),
    ],
)
def test_what_cannot_be_decided_is_an_error_that_repeats_no_value(facts, message):
    with pytest.raises(DisclosureError, match=message) as error:
        disclosure.decide(cell(**facts))
    assert "3" not in str(error.value) and error.value.__cause__ is None


def test_a_missing_column_or_an_unknown_mode_is_an_error():
    with pytest.raises(DisclosureError, match="derived is missing"):
        disclosure.decide(cell().drop(columns="derived"))
    for wrong in ({"mode": "lenient"}, {"threshold": 0}):
        with pytest.raises(DisclosureError, match="standard or strict"):
            disclosure.decide(cell(), **wrong)


def test_the_log_tells_decisions_and_no_values():
    secret = cell(value=7391, population_total=9_000, area_id="E1", note="7391 people", count=7391)
    log = disclosure.log(disclosure.decide(secret))
    assert log[["area_id", "sdc_decision", "sdc_rule"]].to_numpy().tolist() == [
        ["E1", "WITHHOLD", "3 small area"]
    ]
    assert "7391" not in log.to_csv() and "value_out" not in log


# The data package


@pytest.fixture(scope="module")
def data():
    return dataset.load("registered_offenders", "missing", "orders", "breaches")


def test_every_row_of_the_data_package_may_be_published(data):
    decided = disclosure.decide_package(data)
    tables = (data.registered_offenders, data.missing, data.orders, data.breaches)
    assert len(decided) == sum(map(len, tables)) > 500
    assert decided["row_id"].is_unique
    assert decided.loc[decided["sdc_decision"] != "PUBLISH", "row_id"].tolist() == []
    assert (decided["value_out"] == decided["value"]).all() and (decided["symbol"] == "").all()


def test_strict_mode_hides_the_two_of_staffordshire(data):
    decided = disclosure.decide_package(data, mode="strict").set_index("row_id")
    assert decided.loc["MI0006", ["symbol", "sdc_rule"]].tolist() == ["[c]", "1 strict mode"]
    assert decided.loc["MI0007", "value_out"] == 46


def test_a_district_or_an_unpublished_return_would_not_pass(data):
    def changed(table, column, value):
        frames = vars(data) | {table: getattr(data, table).assign(**{column: value})}
        return set(disclosure.decide_package(dataset.Tables(**frames))["sdc_decision"])

    assert changed("areas", "kind", "district") == {"WITHHOLD"}
    assert changed("sources", "kind", "force_return") == {"REVIEW"}


def test_parts_of_a_count_are_attributes_and_whole_counts_are_not(data):
    attribute = disclosure.decide_package(data).set_index("row_id")["attribute"]
    assert attribute[["RO0001", "MI0002", "MI0008", "MI0009", "MI0024", "OR0004"]].all()
    assert not attribute[["RO0003", "MI0001", "MI0003", "MI0007", "BR0001", "OR0005"]].any()


def test_west_mercia_alone_of_three_forces_42_34_and_5_stays_hidden(data):
    reply = data.missing[data.missing["source_id"] == "es-2012-05-19"]
    whole = reply[(reply["believed_abroad"] == "all")].set_index("area_id")["value"]
    assert whole.to_dict() == {"THREE_MIDLANDS": 42, "STA": 5, "WMP": 34}
    alone = whole["THREE_MIDLANDS"] - whole["STA"] - whole["WMP"]
    assert decision(**FORCE, value=alone, derived=True) == ("WITHHOLD", "[c]")
    leaks.require_clean(ROOT / "notebooks", [Secret(("West Mercia", "May 2012"), int(alone))])


def test_no_snapshot_of_the_report_is_a_1_to_4_that_nobody_printed(data):
    printed = set(data.missing[["area_id", "as_at", "value"]].itertuples(index=False, name=None))
    small = set()
    for year in ("2012-13", "2014-15", "2017-18", "2021-22", "2022-23"):
        edition = open_edition(data, report_year=year, region="West Midlands")[0]
        found = missing.snapshots(data, edition)
        small |= {
            (row.area_id, row.as_at, value)
            for row in found.itertuples()
            for value in (row.value, row.first_value, row.abroad)
            if pd.notna(value) and 1 <= value <= 4
        }
        totals = missing.region_totals(data, edition)
        assert totals.empty or (totals[["printed", "first", "current"]] > 4).all(axis=None)
    assert ("STA", pd.Timestamp("2018-02-22"), 2) in small
    assert small <= printed


# Additive tables under attack


def table_of(*rows):
    return pd.DataFrame(
        list(rows),
        index=[f"r{number}" for number in range(len(rows))],
        columns=[f"c{number}" for number in range(len(rows[0]))],
    )


def full_cells(table):
    """Every cell with its true value, totals too, worked out here and not by the module."""
    known = {
        (r, c): int(value)
        for r, row in zip(table.index, table.to_numpy(), strict=True)
        for c, value in zip(table.columns, row, strict=True)
    }
    return {
        (r, c): sum(v for (i, j), v in known.items() if r in (i, TOTAL) and c in (j, TOTAL))
        for r in [*table.index, TOTAL]
        for c in [*table.columns, TOTAL]
    }


def fillings(size, total):
    """Every way to put `total` people into `size` cells."""
    if size == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in fillings(size - 1, total - first):
            yield (first, *rest)


def possible_values(table, hidden, spare=0):
    """Attack by enumeration: what each hidden cell can be in tables that agree with the published.

    Exact if the grand total is published; else only tables of up to `spare` people more.
    """
    truth = full_cells(table)
    top = truth[TOTAL, TOTAL]
    sizes = [top] if (TOTAL, TOTAL) not in hidden else range(top + spare + 1)
    tables = [t for size in sizes for t in fillings(table.size, size)]
    inner = np.array(tables).reshape(-1, *table.shape)
    margins = np.concatenate([inner, inner.sum(axis=1, keepdims=True)], axis=1)
    whole = np.concatenate([margins, margins.sum(axis=2, keepdims=True)], axis=2)
    values = dict(zip(truth, whole.reshape(len(whole), -1).T, strict=True))
    agrees = np.ones(len(whole), dtype=bool)
    for each in truth:
        if each not in hidden:
            agrees &= values[each] == truth[each]
    return {each: set(values[each][agrees].tolist()) for each in hidden}


def widest_gap(table, hidden, target, spare):
    """Attack by another programme: how far apart two whole-number tables can be in one cell.

    All cells of both tables are unknowns, totals too, tied by the additions and by what is
    published; every total may exceed the truth by `spare` at most, so the gap is at least real.
    """
    truth = full_cells(table)
    keys, count = list(truth), len(truth)
    rows, columns = [*table.index, TOTAL], [*table.columns, TOTAL]
    lines = [[(r, c) for c in columns] for r in rows] + [[(r, c) for r in rows] for c in columns]
    additions = np.zeros((2 * len(lines), 2 * count))
    for number, line in enumerate(lines):
        for copy in (0, 1):
            for each in line:
                sign = -1 if each == line[-1] else 1
                additions[2 * number + copy, copy * count + keys.index(each)] = sign
    top = truth[TOTAL, TOTAL] + spare
    low = [0 if key in hidden else truth[key] for key in keys] * 2
    high = [top if key in hidden else truth[key] for key in keys] * 2
    goal = np.zeros(2 * count)
    goal[[keys.index(target), count + keys.index(target)]] = -1, 1
    best = milp(
        goal,
        integrality=np.ones(2 * count),
        bounds=(low, high),
        constraints=LinearConstraint(additions, 0, 0),
    )
    assert best.status == 0, best.message
    return round(-best.fun)


@some.composite
def tables_with_hidden(draw, most=6, largest=60):
    rows, columns = draw(some.integers(1, most)), draw(some.integers(1, most))
    size = some.one_of(some.integers(0, min(6, largest)), some.integers(0, largest))
    table = table_of(
        *draw(
            some.lists(
                some.lists(size, min_size=columns, max_size=columns), min_size=rows, max_size=rows
            )
        )
    )
    inner = list(itertools.product(table.index, table.columns))
    hidden = draw(some.sets(some.sampled_from(inner), min_size=1, max_size=4))
    return table, hidden


@settings(steady, max_examples=30)
@given(tables_with_hidden(), some.sampled_from([3, 5, 10]))
def test_no_attacker_can_bound_a_hidden_cell_more_tightly_than_the_threshold(case, threshold):
    table, primary = case
    try:
        hidden = disclosure.protect(table, primary, threshold)
    except DisclosureError:  # nothing left to publish: only tables of few people end so
        assert table.to_numpy().sum() < threshold or 1 in table.shape
        return
    truth, shown = full_cells(table), disclosure.published(table, hidden)
    assert primary <= hidden
    for each, value in truth.items():
        assert shown.loc[each] == (HIDDEN if each in hidden else value)
    assert disclosure.audit(table, hidden, threshold)["safe"].all()
    sample = random.Random(0).sample(sorted(hidden), min(4, len(hidden)))
    for target in sample:
        assert widest_gap(table, hidden, target, spare=threshold) >= threshold


@settings(steady, max_examples=30)
@given(tables_with_hidden(most=2, largest=7), some.sampled_from([2, 3, 5]))
def test_nor_can_one_who_tries_every_table(case, threshold):
    table, primary = case
    try:
        hidden = disclosure.protect(table, primary, threshold)
    except DisclosureError:
        return
    for values in possible_values(table, hidden, spare=threshold).values():
        assert max(values) - min(values) >= threshold


@settings(steady, max_examples=60)
@given(tables_with_hidden(most=2, largest=5), some.integers(0, 2), some.integers(0, 2))
def test_the_bounds_of_the_audit_are_those_of_trying_every_table(case, rows, columns):
    table, hidden = case
    hidden |= {(r, TOTAL) for r in table.index[:rows]} | {
        (TOTAL, c) for c in table.columns[:columns]
    }
    audited = disclosure.audit(table, hidden, threshold=2).set_index(["row", "column"])
    for each, values in possible_values(table, hidden).items():
        lower, upper, safe = audited.loc[each]
        assert safe == (max(values) - min(values) >= 2)
        assert (
            (lower, upper) == (min(values), max(values)) if safe else np.isnan([lower, upper]).all()
        )


@settings(steady, max_examples=30)
@given(tables_with_hidden(most=4))
def test_protection_is_the_same_every_time_and_adds_nothing_to_itself(case):
    table, primary = case
    backwards = sorted(primary, reverse=True)
    once = disclosure.suppress(table, primary)
    assert once == disclosure.suppress(table.copy(), backwards) == disclosure.suppress(table, once)
    try:
        hidden = disclosure.protect(table, primary)
    except DisclosureError:
        return
    assert hidden == disclosure.protect(table, backwards) == disclosure.protect(table, hidden)


@settings(steady, max_examples=100)
@given(tables_with_hidden())
def test_after_suppression_no_line_has_exactly_one_hidden_cell(case):
    table, primary = case
    hidden = disclosure.suppress(table, primary)
    assert primary <= hidden
    for axis in (0, 1):
        lines = [each[axis] for each in hidden]
        assert all(lines.count(label) > 1 for label in lines)


DISTRICTS = pd.DataFrame(
    {"high": [3, 21, 18], "medium": [40, 52, 37], "low": [95, 110, 64]},
    index=["Northtown", "Southtown", "Westtown"],
)
THREE = ("Northtown", "high")


def test_the_smallest_neighbours_are_hidden_too():
    assert disclosure.protect(DISTRICTS, [THREE]) == {
        THREE,
        ("Northtown", "medium"),
        ("Westtown", "high"),
        ("Westtown", "medium"),
    }
    shown = disclosure.published(DISTRICTS, disclosure.protect(DISTRICTS, [THREE]))
    assert shown.loc["Northtown"].tolist() == ["[c]", "[c]", 95, 138]
    assert shown.loc[TOTAL].tolist() == [42, 129, 269, 440]


def test_without_secondary_suppression_the_attack_succeeds():
    table = table_of([3, 4], [5, 2])
    alone = {("r0", "c0")}
    assert possible_values(table, alone) == {("r0", "c0"): {3}}
    assert not disclosure.audit(table, alone)["safe"].any()
    assert widest_gap(DISTRICTS, {THREE}, THREE, spare=5) == 0
    protected = disclosure.protect(DISTRICTS, {THREE})
    assert widest_gap(DISTRICTS, protected, THREE, spare=5) >= 5


def test_two_small_neighbours_alone_do_not_protect_each_other():
    table = table_of([1, 2, 30], [2, 1, 30], [40, 40, 40])
    twice = disclosure.suppress(table, {("r0", "c0")})
    assert twice == {("r0", "c0"), ("r0", "c1"), ("r1", "c0"), ("r1", "c1")}
    assert widest_gap(table, twice, ("r0", "c0"), spare=5) == 3
    assert disclosure.audit(table, twice, threshold=3)["safe"].all()
    assert not disclosure.audit(table, twice, threshold=5)["safe"].any()
    assert twice < disclosure.protect(table, {("r0", "c0")}, threshold=5)


def test_the_audit_never_tells_what_an_unsafe_cell_must_be():
    audited = disclosure.audit(DISTRICTS, {THREE})
    assert audited.columns.tolist() == ["row", "column", "lower", "upper", "safe"]
    assert audited[["lower", "upper"]].isna().all(axis=None)


def test_a_hidden_total_of_shown_parts_is_unsafe_until_some_of_them_are_hidden():
    total = ("Northtown", TOTAL)
    assert not disclosure.audit(DISTRICTS, {total})["safe"].any()
    hidden = disclosure.protect(DISTRICTS, {total})
    assert THREE in hidden and (TOTAL, TOTAL) not in hidden
    assert widest_gap(DISTRICTS, hidden, total, spare=5) >= 5


@pytest.mark.parametrize(
    "table",
    [table_of([3]), table_of([0]), table_of([1, 2]), table_of([1], [2])],
    ids=["one cell", "one zero", "one short row", "one short column"],
)
def test_a_table_of_almost_nobody_must_be_made_coarser(table):
    with pytest.raises(DisclosureError, match="coarser level"):
        disclosure.protect(table, {("r0", "c0")})


@pytest.mark.parametrize(
    "table", [table_of([3, 7, 9]), table_of([3], [7], [9])], ids=["row", "column"]
)
def test_a_single_row_or_column_keeps_its_total(table):
    hidden = disclosure.protect(table, {("r0", "c0")})
    assert (TOTAL, TOTAL) not in hidden and {("r0", "c0"), (TOTAL, "c0")} & hidden
    assert disclosure.audit(table, hidden)["safe"].all()


def test_a_zero_of_a_small_area_is_protected_like_any_value():
    table = table_of([0, 0, 0], [8, 12, 9], [11, 7, 20])
    hidden = disclosure.protect(table, {("r0", "c0")})
    assert ("r0", TOTAL) in hidden and (TOTAL, TOTAL) not in hidden
    assert widest_gap(table, hidden, ("r0", "c0"), spare=5) >= 5


def test_in_a_table_of_zeros_the_totals_are_hidden_with_the_cell():
    hidden = disclosure.protect(table_of([0, 0], [0, 0]), {("r0", "c0")})
    assert {("r0", TOTAL), (TOTAL, "c0"), (TOTAL, TOTAL)} < hidden


def test_nothing_hidden_and_everything_hidden_stay_as_they_are():
    everything = set(full_cells(DISTRICTS))
    for hidden in (set(), everything):
        assert disclosure.suppress(DISTRICTS, hidden) == hidden
        assert disclosure.protect(DISTRICTS, hidden) == hidden
    assert disclosure.audit(DISTRICTS, []).empty
    assert (disclosure.published(DISTRICTS, everything) == HIDDEN).all(axis=None)
    assert np.isinf(disclosure.audit(DISTRICTS, everything)["upper"]).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (table_of([-7, 2]), "whole number of 0 or more"),
        (table_of([7.5, 2]), "whole number of 0 or more"),
        (table_of([None, 7]), "whole number of 0 or more"),
        (table_of([7, "?"]), "whole number of 0 or more"),
        (table_of([7, 2]).rename(columns={"c0": TOTAL}), "unique labels other than Total"),
        (table_of([7, 2]).rename(columns={"c0": "c1"}), "unique labels"),
        (table_of([7, 2]).iloc[:0], "needs cells"),
    ],
)
def test_other_tables_are_refused_without_a_value_in_the_message(table, message):
    for use in (disclosure.suppress, disclosure.protect, disclosure.audit, disclosure.published):
        with pytest.raises(DisclosureError, match=message) as error:
            use(table, [])
        assert "7" not in str(error.value)


def test_a_cell_that_the_table_does_not_have_is_refused():
    with pytest.raises(DisclosureError, match="no cell .*Easttown"):
        disclosure.protect(DISTRICTS, [("Easttown", "high")])


def test_the_solver_is_not_imported_before_a_table_is_audited():
    code = "import sys, rso_report.disclosure; sys.exit('scipy.optimize' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# The search of what was built

SECRET = Secret(("Northtown", "high"), 3)
CHART = {"data": [{"name": "high tier", "values": [{"area": "Northtown", "value": 3.0}]}]}
LEAK_TABLE = DISTRICTS.rename_axis("district").reset_index()


def page(table):
    return to_html(table, table_id="t", caption="People by risk tier")


LEAKS = {
    "table.html": page(LEAK_TABLE),
    "caption.html": "<table><caption>Northtown, high: 3</caption><tr><td>1</td></tr></table>",
    "paragraph.html": "<p>In Northtown,\n<b>3</b> people were\nin the high tier.</p>",
    "words.html": "<p>Northtown had three people in the high tier.</p>",
    "alt.html": '<img src="x.png" alt="Northtown: high 3, medium 40">',
    "spaces.html": "<p>NORTHTOWN&nbsp;high&#58;&#8239;3</p>",
    "chart.html": f'<script type="application/json">{json.dumps(CHART)}</script>',
    "download.html": '<a href="data:text/csv;charset=utf-8,{}">'.format(
        quote("area,high\nNorthtown,3\n")
    ),
    "picture.html": '<img src="data:image/svg+xml;base64,{}">'.format(
        base64.b64encode(b"<svg><text>Northtown, high: 3</text></svg>").decode()
    ),
    "rows.json": json.dumps([{"area": "Northtown", "tier": "high", "value": 3}], indent=1),
    "split.json": json.dumps({"columns": ["area", "high"], "data": [["Northtown", 3]]}),
    "table.csv": LEAK_TABLE.to_csv(index=False),
    "book.ipynb": json.dumps(
        {"cells": [{"outputs": [{"data": {"text/html": page(LEAK_TABLE).splitlines(True)}}]}]}
    ),
    "printed.ipynb": json.dumps(
        {"cells": [{"outputs": [{"text": ["tier\n", "Northtown high 3\n"]}]}]}
    ),
    "chart.svg": '<svg><path aria-label="area: Northtown; high: 3" d="M0 0"/></svg>',
    "own.js": 'const data = {"area": "Northtown", "high": 3};',
    "log.txt": "Southtown high 21\nNorthtown high 3\n",
}
HIDDEN_TABLE = (
    disclosure.published(DISTRICTS, disclosure.protect(DISTRICTS, [THREE]))
    .rename_axis("district")
    .reset_index()
)
CLEAN = {
    "table.html": page(HIDDEN_TABLE),
    "other-row.html": "<table><tr><td>Northtown high [c]<tr><td>Southtown high 3</table>",
    "above.html": "<table><caption>Northtown, high</caption><tr><td>Southtown<td>3</table>",
    "other-number.html": "<p>Northtown, high tier: 3.5%, 13, 3,655 and tier-3 on 3 May 2012</p>",
    "other-paragraph.html": "<p>Northtown, high tier: [c]</p><p>Southtown: 3</p>",
    "markup.html": '<p class="a 3" id="3">Northtown<span style="margin: 3"> high</span> [c]</p>',
    "table.csv": HIDDEN_TABLE.to_csv(index=False),
    "rows.json": json.dumps([{"area": "Northtown", "high": "[c]"}, {"area": "X", "high": 3}]),
    "printed.ipynb": json.dumps({"text": ["Northtown high [c]\n", "Westtown high 3\n"]}),
    "log.txt": "Northtown high [c]\nWesttown high 3\n",
    "no-count.html": "<p>Three districts, Northtown among them, have a high tier.</p>",
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_withheld_value_is_found_in(name, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text(LEAKS[name], encoding="utf-8")
    assert leaks.scan(tmp_path, [SECRET]) == [f"sub/{name}"]
    with pytest.raises(DisclosureError, match=f"sub/{name}") as error:
        leaks.require_clean(tmp_path, [SECRET])
    assert "3" not in str(error.value)


@pytest.mark.parametrize("name", CLEAN)
def test_a_withheld_value_is_not_seen_where_it_is_not(name, tmp_path):
    (tmp_path / name).write_text(CLEAN[name], encoding="utf-8")
    assert leaks.scan(tmp_path, [SECRET]) == []


@steady
@given(some.integers(0, 5_000_000), some.sampled_from(["{}", "{:,}", "{}.0"]))
def test_any_number_is_found_however_it_is_written(tmp_path_factory, value, style):
    folder = tmp_path_factory.mktemp("site")
    (folder / "a.html").write_text(f"<tr><td>Northtown<td>{style.format(value)}</tr>")
    (folder / "b.html").write_text(f"<tr><td>Northtown<td>{value}1<td>1{value}<td>{value}.5</tr>")
    assert leaks.scan(folder, [Secret(("Northtown",), value)]) == ["a.html"]


def test_names_and_numbers_are_found_in_every_spelling_of_the_same_characters(tmp_path):
    (tmp_path / "a.html").write_text("<p>YNYS&nbsp;Mo&#770;n:\n1&#8239;234</p>", encoding="utf-8")
    assert leaks.scan(tmp_path, [Secret(("Ynys M\u00f4n",), 1234)]) == ["a.html"]


def test_the_chart_library_the_search_index_and_pictures_are_not_searched(tmp_path):
    for name in ("vega-bundle.js", "searchindex.js", "chart.png"):
        (tmp_path / name).write_text(LEAKS["log.txt"])
    assert leaks.scan(tmp_path, [SECRET]) == []


def test_a_folder_with_nothing_to_search_is_not_clean(tmp_path):
    for folder in (tmp_path, tmp_path / "mistyped"):
        with pytest.raises(DisclosureError, match="no file to search"):
            leaks.require_clean(folder, [SECRET])


def test_a_secret_does_not_show_its_value():
    assert "3" not in repr(SECRET)


def test_from_counts_to_pages_nothing_hidden_gets_out_and_an_open_table_does_not_pass(tmp_path):
    long = (
        DISTRICTS.rename_axis("district").melt(ignore_index=False, value_name="value").reset_index()
    )
    facts = cell(attribute=True).drop(columns="value").iloc[0].to_dict()
    decided = disclosure.decide(long.assign(**facts))
    withheld = decided[decided["sdc_decision"] != "PUBLISH"]
    primary = withheld[["district", "variable"]].itertuples(index=False, name=None)
    hidden = disclosure.protect(DISTRICTS, primary)
    secrets = [Secret((r, c), int(DISTRICTS.loc[r, c])) for r, c in hidden if TOTAL not in (r, c)]
    assert Secret(THREE, 3) in secrets and len(secrets) == 4
    shown = disclosure.published(DISTRICTS, hidden).rename_axis("district").reset_index()
    (tmp_path / "index.html").write_text(page(shown), encoding="utf-8")
    leaks.require_clean(tmp_path, secrets)
    (tmp_path / "index.html").write_text(page(LEAK_TABLE), encoding="utf-8")
    with pytest.raises(DisclosureError, match="index.html"):
        leaks.require_clean(tmp_path, secrets)
