"""What is said about breaches: claims that hold, doubts beside their numbers, gaps admitted."""

import copy
import re
from pathlib import Path

from rso_report import breach_words, breaches, prose
from rso_report.edition import open_edition

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "breaches.ipynb"


def opened(data, year="2021-22", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)[0]


def text(data, answer, **edition):
    return "\n".join(answer(data, opened(data, **edition)))


def with_values(data, table="breaches", **cells):
    """A copy of the data in which rows of a table have other values."""
    changed = copy.copy(data)
    frame = getattr(data, table).copy()
    for row_id, value in cells.items():
        frame.loc[frame["row_id"] == row_id, "value"] = value
    setattr(changed, table, frame)
    return changed


def test_recorded_offences_and_outcomes_are_said_not_to_compare():
    assert "do not compare with recorded offences" in NOTEBOOK.read_text()


def fitted(data):
    edition = opened(data)
    families = breaches.by_family(breaches.recorded(data, edition))
    return breach_words.trends(data, edition, families)


def test_no_change_a_year_is_fitted_to_four_years(data):
    (said,) = fitted(data)
    assert "No rise or fall can be read" in said and "%" not in said


def test_with_five_complete_years_an_interval_across_0_establishes_nothing(data):
    full = copy.copy(data)
    full.breaches = data.breaches.assign(period_status="complete")
    said = fitted(full)
    assert len(said) == 2  # SHPO offences have three years before the Sentencing Act
    assert all("no rise or fall is established" in text for text in said)


def line(data, name, **edition):
    lines = text(data, breach_words.outcomes, **edition).splitlines()
    return next(line for line in lines if name in line)


def test_a_lower_bound_gets_no_interval(data):
    said = line(data, "England and Wales", year="2020-21")
    assert "at least 1,640 “times”, at least 25.5 per 1,000 (" in said  # its links


def test_a_force_stands_beside_the_country_in_the_same_year(data):
    mercia, midlands = line(data, "West Mercia"), line(data, "West Midlands P")
    assert "2019-20" in mercia and "2,559" in mercia and "1,640" not in mercia
    assert "2020-21" in midlands and "1,640" in midlands and "2,559" not in midlands
    assert "1,905" not in mercia + midlands  # its year is inferred


def test_a_year_without_a_figure_of_the_country_says_so(data):
    said = line(data, "Cheshire", year="2012-13", region="North West")
    assert "20.5 per 1,000" in said and "England and Wales: no figure found for that year" in said


def test_a_region_without_outcomes_says_so_beside_the_country(data):
    said = text(data, breach_words.outcomes, region="North East", year="2023-24")
    assert "no figure found for the forces of the region" in said and "1,640" in said


def test_a_part_year_that_exceeds_the_year_before_is_said_only_where_it_holds(data):
    def beyond(data):
        said = re.split(r"already more than the \d+ of 2020-21", text(data, breach_words.offences))
        return [re.split(r"\d+ ", part)[-1] for part in said[:-1]]

    def names(data):
        return [
            part.replace("breaches of ", "").replace("of ", "").strip(" (") for part in beyond(data)
        ]

    assert "already more than the 268 of 2020-21" in text(data, breach_words.offences)
    # Of SHPOs never: the Sentencing Act lies between.
    assert names(data) == ["notification requirements"]
    assert names(with_values(data, BR0005=268)) == []
    assert names(with_values(data, BR0030=60)) == ["notification requirements", "SROs"]


def test_one_number_under_two_titles_is_said_beside_the_sum(data):
    doubt = "85 of SHPOs (44 if one number is printed twice)"
    assert text(data, breach_words.offences).count(doubt) == 1
    assert "one number" not in text(with_values(data, BR0040=42), breach_words.offences)


def test_a_part_year_is_labelled_with_its_days_and_its_months(data):
    assert "in the 328 to 348 days of 2021-22" in text(data, breach_words.offences)
    families = breaches.by_family(breaches.recorded(data, opened(data)))
    labels = [breach_words.bar_label(row) for row in families.itertuples()]
    assert labels.count("268") == 1
    assert {"85 [p] or 44\nApr to\nFeb/Mar", "286 [p]\nApr to\nFeb/Mar"} <= set(labels)


def test_a_break_is_dated_no_finer_than_it_is_known(data):
    families = breaches.by_family(breaches.recorded(data, opened(data, "2023-24", "North East")))
    own = families[families["family"] == "SHPO"]
    known = ["on 1 December 2020", "in November 2022"]
    assert breach_words.break_days(data.series_breaks, own) == known


def test_kinds_of_orders_are_drawn_on_one_scale_and_their_breaks_are_named(data):
    edition = opened(data)
    families = breaches.by_family(breaches.recorded(data, edition))
    yearly = breach_words.by_year(data, edition, families)
    assert yearly.groupby("scale")["family"].unique().map(list).to_dict() == {
        "notification": ["NOTIFICATION"],
        "orders": ["SHPO", "SRO"],
    }
    under = yearly.drop_duplicates("family").set_index("family")["under"]
    assert under["NOTIFICATION"][1:] == ["Titles probably merged from 2019-20 on"]
    assert under["SHPO"][1:] == ["Break in the series on 1 December 2020"]
    doubted = yearly[yearly["remark"] != ""]
    assert doubted["remark"].str.contains("44 if that is one number").tolist() == [True]


def test_inferred_years_are_said_to_be(data):
    said = text(data, breach_words.offences, year="2023-24", region="North East")
    cleveland, northumbria = said.splitlines()
    assert prose.YEARS_INFERRED.capitalize() in cleveland
    assert prose.YEARS_INFERRED.capitalize() not in northumbria


def test_more_offences_than_people_under_an_order_are_said_where_it_is_so(data):
    (said,) = breach_words.offences_and_people(data, opened(data))
    assert (
        "in a part of 2021-22 West Midlands Police recorded 30 breaches" in said
        and "19 people" in said
        and "no rate of breaches per order" in said
    )
    fewer = with_values(data, "orders", OR0003=28)
    assert not breach_words.offences_and_people(fewer, opened(data))


def test_titles_are_called_merged_only_where_a_0_is_printed(data):
    (said,) = breach_words.recoded_titles(data, opened(data))
    assert "3 titles are printed as 0 from 2019-20" in said
    silent = copy.copy(data)
    silent.breaches = data.breaches[data.breaches["value"] != 0]
    assert not breach_words.recoded_titles(silent, opened(data))


def test_headings_of_another_order_are_named_and_not_trusted(data):
    offences = breaches.recorded(data, opened(data))
    (said,) = breach_words.headings(data, offences)
    assert "table 2a is headed “breaches of SHPOs” and lists titles of sexual risk orders" in said
    agreed = offences.assign(heading_family=offences["family"])
    assert breach_words.headings(data, agreed) == []
