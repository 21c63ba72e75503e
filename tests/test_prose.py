"""Words and numbers as a reader sees them."""

import pandas as pd
import pytest

from rso_report import dataset, prose


def row(**changes):
    return pd.Series({"value": 1640, "qualifier": "exact", "status": "final", **changes})


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(3655, 0, "3,655"), (143.744, 1, "143.7"), (2.5, 0, "3"), (0.125, 2, "0.13")],
)
def test_numbers_have_separators_and_round_half_up(value, digits, text):
    assert prose.number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(1.05023, "1.05%"), (30.4348, "30.4%"), (2.0, "2.0%")])
def test_percentages_below_two_have_two_decimals(value, text):
    assert prose.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(6.4, "+6.4"), (-11.5142, "−11.5"), (0, "0.0")])
def test_changes_carry_their_sign(value, text):
    assert prose.signed(value) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "1,640"),
        ({"qualifier": "at_least"}, "at least 1,640"),
        ({"qualifier": "rounded"}, "1,640 (rounded)"),
        ({"qualifier": "approximately"}, "about 1,640"),
        ({"status": "revised"}, "1,640 [r]"),
        ({"status": "provisional"}, "1,640 [p]"),
    ],
)
def test_a_count_keeps_its_qualifier_and_marks(changes, text):
    assert prose.counted(row(**changes)) == text


def test_lists_read_as_english():
    assert prose.listed(["a"]) == "a"
    assert prose.listed(["a", "b", "c"]) == "a, b and c"


def test_a_source_without_a_date_says_so():
    sources = dataset.load("sources").sources
    assert prose.source_label(sources, "malvern-2015") == "Malvern Gazette, date not shown"
    assert prose.source_label(sources, "es-2021-11-04") == "Express & Star, 4 November 2021"


def test_the_ledger_is_named_where_a_source_is_in_it():
    data = dataset.load("discrepancies")
    links = prose.provenance(data, ["es-2018-02-22", "malvern-2015"])
    mark, address = links[-1]
    assert mark.startswith("known discrepancies: D11, D16") and address.endswith("#tab-ledger")
    assert prose.provenance(data, ["malvern-2015"])[-1][0].startswith("Malvern Gazette")
