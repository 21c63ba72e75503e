"""The ledger: each computed entry is found again, and nothing is found that it is silent about."""

import copy

import pytest

from rso_report import reconcile


@pytest.fixture(scope="module")
def findings(data):
    return reconcile.findings(data)


@pytest.fixture(scope="module")
def ledger(data, findings):
    return reconcile.ledger(data, findings).set_index("discrepancy_id")


def test_all_25_discrepancies_of_the_founding_documents_are_there(ledger):
    assert [i for i in ledger.index if i.startswith("D")] == [f"D{n:02d}" for n in range(1, 26)]


def test_every_entry_marked_as_computed_is_found_by_its_rule(ledger):
    unfounded = ledger[(ledger["rule"] != "") & (ledger["evidence"] == 0)]
    assert unfounded.index.tolist() == []


def test_no_entry_states_a_figure_that_the_rows_do_not_give(ledger):
    assert ledger.loc[ledger["stale"] != "", "stale"].to_dict() == {}


def with_value(data, table, row, value):
    changed = copy.copy(data)
    frame = getattr(data, table).copy()
    assert (frame["row_id"] == row).sum() == 1
    frame.loc[frame["row_id"] == row, "value"] = value
    setattr(changed, table, frame)
    return changed


@pytest.mark.parametrize(
    ("table", "row", "value", "entry"),
    [
        ("missing", "MI0007", 56, "D16"),  # a part that its total no longer is the sum of
        ("missing", "MI0006", 3, "D16"),  # the revised part: the region comes to 53, not 52
        ("missing", "MI0004", 56, "D16"),  # the printed total
        ("breaches", "BR0028", 34, "D01"),  # a cell: the row comes to 171
        ("breaches", "BR0040", 42, "D08"),  # no longer twice the same number
        ("printed_totals", "TO0012", 170, "D01"),  # a total that agrees after all
        ("registered_offenders", "RO0011", 4390, "D11"),
        ("registered_offenders", "RO0008", 3656, "D12"),
        ("registered_offenders", "RO0128", 32357, "F33"),
        ("staffing", "ST0003", 46, "D23"),
        ("orders", "OR0003", 40, "F52"),  # an entry without a rule: the rows that it names
        ("registered_offenders", "RO0082", 3187, "F50"),  # their sum; the total is in no row
    ],
)
def test_an_entry_whose_rows_have_changed_is_reported(data, table, row, value, entry):
    changed = with_value(data, table, row, value)
    rows = reconcile.ledger(changed, reconcile.findings(changed)).set_index("discrepancy_id")
    assert rows.at[entry, "stale"]


def test_an_entry_is_not_borne_out_by_a_finding_about_other_figures(data):
    # Two row totals of one source are wrong; the one that is right again has no finding left.
    changed = with_value(data, "printed_totals", "TO0012", 170)
    rows = reconcile.ledger(changed, reconcile.findings(changed)).set_index("discrepancy_id")
    assert (rows.at["D01", "evidence"], rows.at["D03", "evidence"]) == (0, 1)


@pytest.mark.parametrize(
    ("row", "value", "says"),
    [
        ("MI0007", 56, "parts sum to 65"),
        ("MI0010", 5, "parts sum to 56"),
        ("MI0002", 41, "parts sum to 42"),  # MAPPA levels of 2014
        ("MI0009", 47, "a part of 47"),  # more abroad than missing
    ],
)
def test_parts_of_missing_people_that_do_not_fit_their_total_are_new_findings(
    data, row, value, says
):
    changed = with_value(data, "missing", row, value)
    new = reconcile.unexplained(changed, reconcile.findings(changed))
    assert says in set(new.loc[new["rule"] == "parts_of_total", "found"])


def test_nothing_is_found_of_which_the_ledger_does_not_speak(data, findings):
    assert reconcile.unexplained(data, findings).empty


@pytest.mark.parametrize(
    ("rule", "printed", "found"),
    [
        ("row_total", "112", "cells sum to 170"),
        ("row_total", "151", "cells sum to 193"),
        ("grand_total_of_rows", "174", "printed row totals sum to 116"),
        ("grand_total_of_rows", "237", "printed row totals sum to 195"),
        ("equal_cells", "41 and 41", "the same number under two titles"),
        ("part_year", "286, 30, 85", "covers 328 to 348 of 365 days"),
        ("total_not_printed", "4,585 and 57", "sum 4,642"),
        ("total_not_printed", "1, 8, 45", "sum 54"),
        ("two_counts", "4,295 and 4,380", "85 apart"),
        ("revised_total", "55", "52 after the revision of one part"),
        ("parts_of_total", "1,092", "parts sum to 1,060, 32 apart"),
    ],
)
def test_the_known_errors_come_out_of_the_rows(findings, rule, printed, found):
    hit = findings[(findings["rule"] == rule) & (findings["printed"] == printed)]
    assert hit["found"].tolist() == [found]


def test_a_new_error_in_a_source_is_found(data):
    changed = copy.copy(data)
    changed.breaches = data.breaches.copy()
    cell = changed.breaches["value"] == 412
    assert cell.sum() == 1
    changed.breaches.loc[cell, "value"] = 413
    new = reconcile.findings(changed)
    rules = set(new.loc[new["source_id"] == "wmp-foi-233a-22", "rule"])
    assert "column_total" in rules
    assert "1677" in set(new.loc[new["rule"] == "row_total", "printed"])


def test_every_published_rate_comes_out_but_those_whose_count_was_revised_and_one(data):
    rates = reconcile.rate_back_test(data)
    years = set(rates["as_at"].dt.year)
    assert years == {2016, 2017, 2019, 2020, 2021, 2022, 2023, 2024}
    missed = rates.loc[~rates["agrees"], ["area_id", "as_at"]].drop_duplicates()
    assert {(row.area_id, row.as_at.year) for row in missed.itertuples()} == {
        ("DURHAM", 2019),
        ("CLEVELAND", 2019),
        ("NORFOLK", 2022),
    }


def test_one_in_n_comes_out_but_for_known_misses(data):
    found = reconcile.rate_back_test(data, reconcile.PEOPLE_PER_RSO)
    missed = found[~found["agrees"]]
    assert set(zip(missed["area_id"], missed["published"], strict=True)) == {
        ("EW", 869),
        ("EW", 769),
        ("SOUTH_WALES", 721),
        ("DYFED_POWYS", 945),
    }


@pytest.mark.parametrize("measure", [reconcile.RATE, reconcile.PEOPLE_PER_RSO])
def test_every_rate_that_misses_has_an_explanation(data, measure):
    rates = reconcile.rate_back_test(data, measure)
    assert "not explained" not in set(rates["explanation"])


def test_a_rate_that_misses_and_of_which_the_ledger_is_silent_is_not_explained(data):
    changed = copy.copy(data)
    changed.published_rates = data.published_rates.copy()
    changed.published_rates.loc[changed.published_rates["row_id"] == "RT0001", "value"] = 150
    rates = reconcile.rate_back_test(changed)
    wrong = rates[rates["rows"].str.startswith("RT0001+")]
    assert wrong["explanation"].tolist() == ["not explained"]
    assert "rate_miss" in set(reconcile.unexplained(changed, reconcile.findings(changed))["rule"])


def test_a_base_is_called_reproduced_exactly_where_published_rates_come_out_with_it(data):
    rates = reconcile.rate_back_test(data)
    out = set(rates.loc[rates["agrees"], "as_at"])
    bases = data.population_bases
    assert set(bases.loc[bases["evidence"] == "reproduced", "as_at"]) == out
