"""Financial years and as-at dates."""

from datetime import date

import pandas as pd
import pytest

from rso_report import periods
from rso_report.errors import ReportError


def test_a_financial_year_runs_from_april_to_march():
    year = periods.financial_year("2021-22")
    assert (year.start, year.end, str(year)) == (date(2021, 4, 1), date(2022, 3, 31), "2021-22")


def test_the_century_turns():
    assert str(periods.FinancialYear(1999)) == "1999-00"
    assert periods.financial_year("1999-00").end == date(2000, 3, 31)


@pytest.mark.parametrize(
    "found", ["2021", "2021/22", "2021-2022", "21-22", " 2021-22", "2021-22 ", "None"]
)
def test_another_form_is_refused_with_the_right_one(found):
    with pytest.raises(ReportError, match="two years with a hyphen"):
        periods.financial_year(found)


def test_papermills_number_is_refused():
    with pytest.raises(ReportError, match="found 202122"):
        periods.financial_year(202122)


def test_years_that_do_not_follow_are_refused():
    with pytest.raises(ReportError, match="did you mean '2021-22'"):
        periods.financial_year("2021-23")


@pytest.mark.parametrize(("day", "year"), [((2021, 3, 31), "2020-21"), ((2021, 4, 1), "2021-22")])
def test_the_year_turns_on_1_april(day, year):
    assert str(periods.year_of(date(*day))) == year


def test_a_date_is_never_more_precise_than_its_source():
    day = date(2021, 2, 22)
    assert periods.as_at_label(day, "day") == "22 February 2021"
    assert periods.as_at_label(day, "month") == "February 2021"
    assert periods.as_at_label(day, "year") == "2021 (day not stated)"
    assert "as-at date not stated" in periods.as_at_label(day, "publication_date")


def test_periods_are_named_by_what_they_are():
    assert periods.period_label(date(2020, 4, 1), date(2021, 3, 31)) == "2020-21"
    assert periods.period_label(date(2020, 1, 1), date(2020, 12, 31)) == "calendar year 2020"
    assert periods.period_label(date(2019, 4, 1), date(2022, 3, 31)) == "2019-20 to 2021-22"


@pytest.mark.parametrize(
    ("day", "end", "said"),
    [
        (date(2018, 2, 22), date(2022, 3, 31), "4 years before March 2022"),
        (date(2019, 3, 31), date(2022, 3, 31), "3 years before March 2022"),
        (date(2019, 4, 1), date(2022, 3, 31), "2 years before March 2022"),
        (date(2020, 3, 31), date(2022, 3, 31), ""),
        (date(2022, 3, 31), date(2022, 3, 31), ""),
        (date(2020, 2, 29), date(2024, 3, 31), "4 years before March 2024"),
        (pd.NaT, date(2022, 3, 31), ""),
    ],
)
def test_a_figure_of_more_than_two_years_carries_its_age(day, end, said):
    assert periods.age_words(day, end) == said
