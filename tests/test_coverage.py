"""The map of gaps: what was found for whom and when, and where the figures come from."""

import copy

import pytest

from rso_report import coverage, dataset, prose
from rso_report.edition import open_edition


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


@pytest.fixture(scope="module")
def shown(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    table = coverage.table(coverage.by_year(data, edition), edition)
    return table.set_index(["Measure", "Unit"])


def test_a_gap_is_never_shown_as_a_number(shown):
    assert not shown.isin([0, "0"]).any().any()
    assert (shown.loc[("Published rate", "Warwickshire Police")] == coverage.GAP).all()


def test_every_force_has_a_row_for_every_measure(shown):
    for force in ("West Midlands", "Staffordshire", "West Mercia", "Warwickshire"):
        rows = shown.xs(f"{force} Police", level="Unit")
        assert set(rows.index) == set(coverage.MEASURES.values())


def test_years_without_a_figure_are_not_spanned(shown):
    years = shown.at[("RSOs in the community", "West Midlands Police"), shown.columns[-1]]
    assert years == "2002-03, 2008-09 to 2010-11, 2018-19 to 2020-21"


def test_the_origin_of_the_counts_follows_the_kinds_of_the_sources(data):
    before = coverage.origins(data)
    changed = copy.copy(data)
    official = data.sources["kind"] == "official_statistics"
    changed.sources = data.sources.assign(kind=data.sources["kind"].where(~official, "news_report"))
    assert " 0 from official statistics" in coverage.origins(changed) != before


def test_what_was_searched_is_counted_from_the_sources(data):
    some = data.sources.iloc[:7].assign(read=["opening part only"] * 3 + ["whole text"] * 4)
    said = prose.searched(some)
    assert "7 sources" in said and "of 3 of which" in said
