"""The ten answers: the figures they must quote, the gaps they must admit, where they come from."""

import copy
import re

import pytest

from rso_report import breach_words, breaches, dataset, findings, home_visits, missing_words
from rso_report.edition import open_edition

ANSWERS = [
    findings.community,
    findings.rates,
    findings.change,
    findings.register_difference,
    missing_words.whereabouts_unknown,
    breach_words.offences,
    breach_words.outcomes,
    home_visits.visit_frequency,
    findings.gaps,
]


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


def opened(data, year="2021-22", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)


def text(data, answer, **edition):
    return "\n".join(answer(data, opened(data, **edition)[0]))


@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        (findings.community, ["3,655", "1,318", "31 March 2021", "no figure found"]),
        (findings.rates, ["144", "130", "122", "139.1 to 148.5"]),
        (findings.change, ["+6.4%", "over the same dates +6.6%"]),
        (findings.register_difference, ["4,620", "3,655", "965", "79.1%"]),
        (
            missing_words.whereabouts_unknown,
            ["46", "1.05%", "4,380", "14", "2 [r]", "5 at first", "52"],
        ),
        (breach_words.offences, ["268 in 2020-21", "50 in 2020-21", "49 in 2020-21", "286 [p]"]),
        (breach_words.outcomes, ["46 (printed as “breaches”), 12.6", "19.7", "11.4", "41.0"]),
        (home_visits.visit_frequency, ["12 visits", "4 visits", "2 visits", "1 visit a year"]),
        (findings.gaps, ["Warwickshire Police"]),
    ],
)
def test_an_answer_quotes_the_figures_of_the_default_edition(data, answer, quoted):
    said = text(data, answer)
    assert [q for q in quoted if q not in said] == []


def test_two_forces_are_compared_by_a_ratio_with_its_interval(data):
    edition, _ = opened(data)
    said = breach_words.outcome_ratios(data, edition)
    assert len(said) == 1 and "0.64 times" in said[0] and "0.39 to 1.03" in said[0]
    assert "no clear difference" in said[0]


def test_recorded_offences_and_outcomes_are_said_not_to_compare():
    assert "do not compare with recorded offences" in breach_words.not_comparable()


def test_every_answer_with_a_number_names_its_source(data):
    for answer in (findings.community, breach_words.offences, missing_words.whereabouts_unknown):
        for line in text(data, answer).splitlines():
            if re.search(r"\*\*: \d", line) and "sum of its forces" not in line:
                assert "data-and-sources.md#source-" in line, line
                assert "#row-" in line, line


def test_every_source_that_is_linked_exists(data):
    known = set(data.sources["source_id"])
    for answer in ANSWERS:
        linked = re.findall(r"#source-([a-z0-9-]+)", text(data, answer))
        assert set(linked) <= known


def test_an_earlier_edition_does_not_know_later_figures(data):
    early = "\n".join(text(data, answer, year="2019-20") for answer in ANSWERS)
    assert "2020-21" not in early and "2021" not in early.replace("November 2021", "").replace(
        "autumn 2021", ""
    ).replace("es-2021", "")
    assert "3,655" not in early and "268" not in early


def test_a_region_without_figures_says_so_and_goes_on(data):
    edition, _ = opened(data, year="2012-13", region="Wales")
    for answer in ANSWERS:
        assert answer(data, edition)
    assert "no figure found" in text(data, findings.rates, year="2012-13", region="Wales")


@pytest.mark.parametrize(
    "region", ["North East", "London", "South West", "Yorkshire and the Humber"]
)
@pytest.mark.parametrize("year", ["2001-02", "2009-10", "2017-18", "2023-24"])
def test_every_region_and_year_has_ten_answers(data, region, year):
    edition, _ = opened(data, year, region)
    for answer in ANSWERS:
        assert all(isinstance(line, str) and "nan" not in line for line in answer(data, edition))


def test_a_changed_cell_changes_the_sentence(data):
    changed = copy.copy(data)
    changed.registered_offenders = data.registered_offenders.copy()
    cell = changed.registered_offenders["row_id"] == "RO0008"
    assert changed.registered_offenders.loc[cell, "value"].tolist() == [3655]
    changed.registered_offenders.loc[cell, "value"] = 3656
    assert "3,656" in text(changed, findings.community)
    assert "3,655" not in text(changed, findings.community)


def with_values(data, table="breaches", **cells):
    """A copy of the data in which rows of a table have other values."""
    changed = copy.copy(data)
    frame = getattr(data, table).copy()
    for row_id, value in cells.items():
        frame.loc[frame["row_id"] == row_id, "value"] = value
    setattr(changed, table, frame)
    return changed


def test_no_change_a_year_is_fitted_to_four_years(data):
    edition, _ = opened(data)
    families = breaches.by_family(breaches.recorded(data, edition))
    runs = list(breaches.runs(families, data.series_breaks))
    assert not any(breach_words.breach_trend(data, edition, run) for run in runs)
    assert breach_words.trends_headline(runs).startswith("No change a year is fitted")


def test_with_five_complete_years_an_interval_across_0_establishes_nothing(data):
    edition, _ = opened(data)
    full = copy.copy(data)
    full.breaches = data.breaches.assign(period_status="complete")
    families = breaches.by_family(breaches.recorded(full, edition))
    runs = list(breaches.runs(families, data.series_breaks))
    said = [text for run in runs if (text := breach_words.breach_trend(full, edition, run))]
    assert len(said) == 2  # SHPO offences have three years before the Sentencing Act
    assert all("no rise or fall is established" in text for text in said)
    assert breach_words.trends_headline(runs).startswith("A rise or fall is established for 0 of 2")


def test_a_lower_bound_gets_no_interval(data):
    said = text(data, breach_words.outcomes, year="2020-21")
    line = next(line for line in said.splitlines() if "England and Wales" in line)
    assert "at least 1,640 (printed as “times”), at least 25.5 per 1,000" in line


def test_a_force_stands_beside_the_country_in_the_same_year(data):
    lines = text(data, breach_words.outcomes).splitlines()
    mercia, midlands = (
        next(line for line in lines if name in line) for name in ("West Mercia", "West Midlands P")
    )
    assert "2019-20" in mercia and "0.28 times that (0.17 to 0.45)" in mercia
    assert "2020-21" in midlands and "at most 0.49 times that (0.37 to 0.66" in midlands
    assert "1,905" not in "".join(lines)  # its year is inferred


def test_a_part_year_that_exceeds_the_year_before_is_said_only_where_it_holds(data):
    def line(data, family):
        lines = text(data, breach_words.offences).splitlines()
        return next(line for line in lines if family in line)

    beyond = "already more than in all of 2020-21"
    assert beyond in line(data, "notification requirements")
    assert beyond not in line(with_values(data, BR0005=268), "notification requirements")
    assert beyond not in line(data, "prevention orders")  # the Sentencing Act lies between
    assert beyond not in line(data, "risk orders")
    assert beyond in line(with_values(data, BR0030=60), "risk orders")


def test_one_number_under_two_titles_is_said_beside_the_sum(data):
    doubt = "41 and 41 under 2 titles: 44 if that is one number"
    assert text(data, breach_words.offences).count(doubt) == 1
    assert "one number" not in text(with_values(data, BR0040=42), breach_words.offences)


def test_more_offences_than_people_under_an_order_are_said_where_it_is_so(data):
    edition, _ = opened(data)
    (said,) = breach_words.offences_and_people(data, edition)
    assert "30 [p]" in said and "19 people" in said and "85 [p]" in said
    assert not breach_words.offences_and_people(with_values(data, "orders", OR0003=28), edition)


def test_titles_are_called_merged_only_where_a_0_is_printed(data):
    edition, _ = opened(data)
    (said,) = breach_words.recoded_titles(data, edition)
    assert "3 titles are printed as 0 from 2019-20" in said
    silent = copy.copy(data)
    silent.breaches = data.breaches[data.breaches["value"] != 0]
    assert not breach_words.recoded_titles(silent, edition)
