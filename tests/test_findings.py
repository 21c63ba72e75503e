"""The main points: the figures they must quote, the gaps they must admit, where they come from."""

import re

import pytest

from rso_report import breach_words, missing_words, summary, visit_words
from rso_report.edition import open_edition

ANSWERS = [
    summary.people,
    missing_words.whereabouts_unknown,
    breach_words.offences,
    breach_words.outcomes,
    visit_words.visit_frequency,
]


def opened(data, year="2021-22", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)


def text(data, answer, **edition):
    return "\n".join(answer(data, opened(data, **edition)[0]))


@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        (summary.people, ["3,655", "1,318", "31 March 2021", "no figure found"]),
        (
            missing_words.whereabouts_unknown,
            ["46", "1.05%", "4,380", "14", "2 [r]", "5 at first", "52"],
        ),
        (breach_words.offences, ["268", "50", "49", "in 2020-21", "286 breaches"]),
        (breach_words.outcomes, ["46 “breaches”, 12.6", "19.7", "11.4", "41.0"]),
        (visit_words.visit_frequency, ["12 at very high", "4 at high", "2 at medium", "1 at low"]),
    ],
)
def test_an_answer_quotes_the_figures_of_the_default_edition(data, answer, quoted):
    said = text(data, answer)
    assert [q for q in quoted if q not in said] == []


def test_every_answer_with_a_number_names_its_source(data):
    for answer in (summary.people, breach_words.offences, missing_words.whereabouts_unknown):
        for line in text(data, answer).splitlines():
            if re.search(r"\*\*: \d", line) and "sum of its forces" not in line:
                assert "data-and-sources.md#source-" in line, line
                assert "#row-" in line, line


def test_an_earlier_edition_does_not_know_later_figures(data):
    early = "\n".join(text(data, answer, year="2019-20") for answer in ANSWERS)
    assert "2020-21" not in early and "2021" not in early.replace("November 2021", "").replace(
        "autumn 2021", ""
    ).replace("es-2021", "")
    assert "3,655" not in early and "268" not in early


@pytest.mark.parametrize(
    "region", ["North East", "London", "South West", "Yorkshire and the Humber"]
)
@pytest.mark.parametrize("year", ["2001-02", "2009-10", "2017-18", "2023-24"])
def test_every_region_and_year_has_its_answers(data, region, year):
    edition, _ = opened(data, year, region)
    for answer in ANSWERS:
        assert all(isinstance(line, str) and "nan" not in line for line in answer(data, edition))
