"""Which editions a year and a region stand for, given those that can be built."""

import pytest

from rso_report.edition import Edition
from rso_report.errors import ReportError
from rso_report.selection import is_several, left_out_lines, select

HELD = [
    ("2019-20", "Wales"),
    ("2019-20", "London"),
    ("2020-21", "Wales"),
    ("2021-22", "London"),
    ("2021-22", "Wales"),
]


def editions(pairs):
    return [Edition(report_year=year, region=region) for year, region in pairs]


@pytest.mark.parametrize(
    ("years", "regions", "found", "left_out"),
    [
        ("2020-21", "all", [("2020-21", "Wales")], [("2020-21", "London")]),
        (
            "all",
            "London",
            [("2019-20", "London"), ("2021-22", "London")],
            [],
        ),
        (
            "2020-21..2022-23",
            "Wales",
            [("2020-21", "Wales"), ("2021-22", "Wales")],
            [("2022-23", "Wales")],
        ),
        (
            "2019-20, 2021-22",
            "London, Wales",
            [
                ("2019-20", "London"),
                ("2019-20", "Wales"),
                ("2021-22", "London"),
                ("2021-22", "Wales"),
            ],
            [],
        ),
    ],
)
def test_what_is_asked_for_is_built_where_there_are_data(years, regions, found, left_out):
    held = select(years, regions, editions(HELD))
    assert held == (editions(found), editions(left_out))


def test_all_years_and_regions_are_all_that_can_be_built():
    found, left_out = select("all", "all", editions(HELD))
    assert set(found) == set(editions(HELD)) and len(found) == len(HELD)
    assert left_out == editions([("2020-21", "London")])


@pytest.mark.parametrize(
    "text", ["2019/20..2020-21", "2019-20..", "2019-21, 2020-21", "all,2020-21"]
)
def test_a_year_that_is_not_written_as_one_is_refused(text):
    with pytest.raises(ReportError, match="write a year as 2020-21"):
        select(text, "all", editions(HELD))


def test_a_region_that_no_data_know_is_refused_with_those_that_are_known():
    with pytest.raises(ReportError, match="found 'Mars'; allowed: all, London, Wales"):
        select("all", "Wales,Mars", editions(HELD))


def test_nothing_to_build_is_an_error_that_says_how_far_the_data_reach():
    with pytest.raises(ReportError, match="No data cover 2001-02 for all; .* 2019-20 to 2021-22"):
        select("2001-02", "all", editions(HELD))


@pytest.mark.parametrize(
    ("text", "several"),
    [("2020-21", False), ("", False), ("all", True), ("2017-18..2021-22", True), ("a, b", True)],
)
def test_several_are_told_from_one(text, several):
    assert is_several(text) == several


def test_what_was_left_out_is_said_in_a_line_for_each_year():
    left_out = [("2020-21", "London"), ("2020-21", "Wales"), ("2022-23", "Wales")]
    assert left_out_lines(editions(left_out)) == [
        "Left out, as no data cover it: 2020-21 for London, Wales.",
        "Left out, as no data cover it: 2022-23 for Wales.",
    ]
