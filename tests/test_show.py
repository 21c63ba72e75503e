"""How a column is named, and what its cells then say."""

import pandas as pd
import pytest

from rso_report import dataset, show
from rso_report.edition import open_edition


@pytest.fixture(scope="module")
def page():
    data = dataset.load("discrepancies registered_offenders", "missing")  # several in one text
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    return show.Page(data, edition)


FRAME = pd.DataFrame(
    {
        "area_id": ["WMP", "EW"],
        "as_at": pd.to_datetime(["2021-03-31", "2019-03-31"]),
        "many": [3655, None],
        "first_many": [None, None],
        "share": [1.047, None],
        "first_share": [2.0, None],
        "lower": [0.79, None],
        "upper": [1.4, None],
        "places": [2, 0],
    }
)


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("area_id", "West Midlands Police", "England and Wales"),
        ("as_at", "31 March 2021", "31 March 2019"),
        ("as_at:year", "2021", "2019"),
        ("many", "3,655", "[x]"),
        ("many?", "3,655", ""),
        ("many?none found", "3,655", "none found"),
        ("lower:1", "0.8", "[x]"),
        ("lower:places?", "0.79", ""),
        ("lower:2±", "0.79 (0.79 to 1.40)", "[x]"),
        ("interval", "0.8 to 1.4", "[x]"),
        ("interval:2?[z]", "0.79 to 1.40", "[z]"),
        ("lower:+1%", "+0.8%", "[z]"),
        ("share:+1%?[x]", "+1.0% (+2.0% as first released)", "[x]"),
    ],
)
def test_a_column_says_after_its_name_how_it_is_shown(page, column, first, second):
    cells = page.frame(FRAME, show.headed(f"Seen={column}"))
    assert [str(cell) for cell in cells["Seen"]] == [first, second]
    assert page.phrases(FRAME, f"It is {{{column}}}.") == [f"It is {first}.", f"It is {second}."]


@pytest.mark.parametrize("column", ["share: 1", "share:1%%", "", ":1"])
def test_a_column_that_asks_for_nothing_known_is_refused_with_what_is_allowed(page, column):
    with pytest.raises(ValueError, match="allowed: a name, with"):
        page.cell(FRAME, column)


def test_a_name_without_a_heading_is_its_own():
    columns = show.headed("Force=area_id | many | SHPO by title | Men, %=share:1")
    assert columns == {
        "Force": "area_id",
        "Many": "many",
        "SHPO by title": "SHPO by title",
        "Men, %": "share:1",
    }


def test_a_page_takes_all_parameters_that_its_notebook_declares():
    data = dataset.load("discrepancies registered_offenders")
    names = {"report_year": "2019-20", "region": "North East", "weeks": 40, "pd": pd}
    edition, _ = show.open_page(data, names)
    assert (str(edition.year), edition.weeks) == ("2019-20", 40)
