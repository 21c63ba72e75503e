"""Names of rows and sources that a number rests on, as one text."""

import pandas as pd

from rso_report.trace import across, apart, together


def test_each_name_stands_once_and_in_order_and_what_is_missing_has_none():
    given = ["RO0008+RO0009", "", None, pd.NA, "RO0008", "BR0001"]
    assert together(given) == "RO0008+RO0009+BR0001"
    assert apart(together(["b", "a", "b"])) == ["b", "a"]
    assert together([]) == ""
    assert apart("") == []


def test_columns_are_joined_line_by_line_and_keep_their_lines():
    frame = pd.DataFrame({"one": ["RO0001", None], "two": ["", "RT0002+RO0001"]}, index=[7, 3])
    assert across(frame["one"], frame["two"]).to_dict() == {7: "RO0001", 3: "RT0002+RO0001"}
