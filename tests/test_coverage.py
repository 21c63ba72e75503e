"""The map of gaps: what was found for whom and when, and where the figures come from."""

import copy

from rso_report import coverage, prose
from rso_report.edition import open_edition


def test_a_gap_is_no_row_and_never_a_nought(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    grid = coverage.by_year(data, edition)
    assert (grid["figures"] > 0).all()
    assert "WAR" not in set(grid.loc[grid["measure"] == "rate", "area_id"])
    years = grid.query("measure == 'community' and area_id == 'WMP'")["year"]
    assert sorted(years) == [
        "2002-03",
        "2008-09",
        "2009-10",
        "2010-11",
        "2018-19",
        "2019-20",
        "2020-21",
    ]


def test_the_origin_of_the_counts_follows_the_kinds_of_the_sources(data):
    before = coverage.origins(data)
    changed = copy.copy(data)
    official = data.sources["kind"] == "official_statistics"
    changed.sources = data.sources.assign(kind=data.sources["kind"].where(~official, "news_report"))
    assert " 0 from official statistics" in coverage.origins(changed) != before


def test_what_was_searched_is_counted_from_the_sources(data):
    some = data.sources.iloc[:7].assign(read=["opening part only"] * 3 + ["whole text"] * 4)
    said = prose.searched(some)
    assert "7 sources" in said and "Of 3 of them" in said
