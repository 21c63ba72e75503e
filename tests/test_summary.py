"""What the summary page claims, chosen from the figures of an edition."""

import pytest

from rso_report import register, summary
from rso_report.edition import open_edition


def said(data, claim, year="2021-22", region="West Midlands"):
    edition, _ = open_edition(data, report_year=year, region=region)
    return "\n".join(claim(data, edition))


@pytest.mark.parametrize(
    ("claim", "numbers"),
    [
        (summary.people, ["**3,655 people**", "6.4% more", "1.2%", "6.6%", "1,318", "1,405"]),
        (summary.offences, ["**268**", "286", "328 to 348 days"]),
        (summary.missing_people, ["**46**", "1.05% (0.79 to 1.40)", "4,380", "14"]),
        (summary.outcomes, ["**12.6 per 1,000**", "46", "at least 25.5"]),
        (summary.visits, ["**No figure found**", "about 250", "260"]),
    ],
)
def test_a_claim_holds_its_numbers(data, claim, numbers):
    text = said(data, claim)
    assert [number for number in numbers if number not in text] == []


def test_a_total_stands_only_where_every_force_has_a_figure_of_the_date(data):
    assert "No total of the region can be counted" in said(data, summary.people)
    assert "Together they managed 3,759" in said(data, summary.people, "2020-21", "North East")


def test_without_figures_the_page_says_that_none_was_found(data):
    claims = (summary.people, summary.offences, summary.missing_people, summary.outcomes)
    for claim in (*claims, summary.visits):
        text = said(data, claim, "2001-02", "South West")
        assert "no figure found" in text.lower()


def test_a_year_without_a_figure_of_a_force_is_a_dash_and_never_zero(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    grid = summary.newest_years(data, edition).set_index("Area")
    assert grid.loc["Warwickshire Police"].tolist() == ["–"] * grid.shape[1]
    assert grid.loc["West Midlands Police", "People"] == "2020-21"


def test_a_count_in_doubt_leads_nothing_and_is_marked(data):
    text = said(data, summary.people, "2020-21", "North East")
    assert text.startswith("On 31 March 2021 Northumbria Police managed **1,774 people**")
    assert "Cleveland Police (Teesside) 1,084 on 31 March 2021 (in doubt)" in text
    assert "Together they managed 3,759 on 31 March 2021, with the count in doubt" in text


def test_a_figure_whose_year_is_inferred_leads_nothing_but_is_mentioned(data):
    text = said(data, summary.outcomes, "2012-13", "Wales")
    assert "No figure found" in text and "1 figure in doubt or with" in text


def test_a_number_that_the_ledger_doubts_is_not_in_large_type(data):
    text = said(data, summary.outcomes, "2023-24", "South East")
    assert "**No figure found**" in text and "3 figures in doubt" in text
    assert "per 1,000" not in text


def test_of_two_forces_the_summary_gives_no_changes_over_different_years(data):
    text = said(data, summary.people)
    assert "6.4% more than on 31 March 2019" in text
    assert "Staffordshire Police 1,318 on 31 March 2021;" in text and "40.4%" not in text


def test_a_change_of_the_country_says_what_it_was_as_first_released(data):
    assert "England and Wales rose by 6.6% (7.6% as first released)" in said(data, summary.people)


def test_an_old_figure_of_another_force_says_its_age(data):
    text = said(data, summary.outcomes, "2023-24", "North West")
    assert "Cheshire Constabulary " in text and "8 in 2002-03, 21 years before March 2024" in text


def test_no_change_is_given_across_a_count_in_doubt(data, monkeypatch):
    monkeypatch.setattr(register, "doubted", lambda _: {"RO0050": "F99"})  # March 2019
    text = said(data, summary.people).splitlines()[0]
    assert "**3,655 people**" in text and "is in doubt" in text and "6.4%" not in text
