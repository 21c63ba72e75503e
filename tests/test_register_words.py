from types import SimpleNamespace

import pytest

from rso_report.register_words import sides_of_country


@pytest.mark.parametrize(
    ("above", "below", "forces", "title"),
    [
        (["A", "B"], [], 3, "A and B above England and Wales"),
        (["A"], ["B"], 3, "A above, B below England and Wales"),
        (["A", "B"], ["C"], 3, "Of 3 forces 2 above, 1 below England and Wales"),
        ([], [], 3, "No force clearly above or below England and Wales"),
        ([], [], 1, "A not clearly above or below England and Wales"),
        ([], [], 0, "Rates of other police areas"),
    ],
)
def test_a_title_names_two_forces_at_most_and_counts_more(above, below, forces, title):
    edition = SimpleNamespace(forces=["A", "B", "C"][: max(forces, 1)], region="A")
    assert sides_of_country(edition, {"above": above, "below": below}, forces) == title
