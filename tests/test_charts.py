"""Chart shapes: what is joined, what is drawn, what the sliders compute."""

import itertools
import re

import pandas as pd
import pytest
import vl_convert

from rso_report import charts, figures, visits

MIX = dict(zip(visits.TIERS, (0.02, 0.18, 0.30, 0.50), strict=True))
OFTEN = dict(zip(visits.TIERS, (12, 4, 2, 1), strict=True))


def svg(chart):
    return vl_convert.vegalite_to_svg(figures.specification(chart))


def counts(years, values, base, **more):
    """A frame of counts on 31 March of some years."""
    days = pd.to_datetime([f"{year}-03-31" for year in years])
    frame = {"area": "A", "as_at": days, "value": values, "first_value": pd.NA, "base": base}
    return pd.DataFrame({**frame, **more})


NO_BREAK = pd.DataFrame({"date": pd.to_datetime([]), "title": []})


def points_of(chart):
    """What is drawn as points, in the order of areas and years."""
    sets = figures.specification(chart)["datasets"].values()
    return [row for rows in sets for row in rows if "segment" in row]


def segments(frame):
    return [row["segment"] for row in points_of(charts.by_year(frame, NO_BREAK))]


def test_years_that_do_not_follow_are_not_joined():
    first, second, third = segments(counts([2010, 2011, 2015], [1, 2, 3], 0))
    assert first == second != third


def test_no_line_crosses_a_change_of_base():
    first, second = segments(counts([2021, 2022], [122, 126], [0, 1]))
    assert first != second


def test_no_line_joins_two_areas():
    frame = pd.concat([counts([2021], [1], 0), counts([2022], [2], 0, area="B")])
    assert len(set(segments(frame))) == 2


def test_each_of_few_points_says_its_value_once():
    frame = counts([2008, 2009, 2010, 2011, 2012], [1000, 2000, 3000, 4000, 5000], [0, 0, 1, 1, 1])
    drawn = points_of(charts.by_year(frame, NO_BREAK))
    assert [row["above"] or row["below"] for row in drawn] == [row["text"] for row in drawn]
    assert not [row for row in drawn if row["above"] and row["below"]]
    assert [row["below"] for row in drawn][2] == "3,000"  # where a stretch begins
    assert [row["above"] for row in drawn][-1] == "5,000"


def test_of_many_points_the_ends_and_the_turns_say_their_values_and_none_covers_another():
    values = [1000, 1100, 1200, 1300, 1400, 1500, 1600, 1500, 1400, 1300, 1200, 1100, 1000, 900]
    years = range(2000, 2000 + len(values))
    drawn = points_of(charts.by_year(counts(years, values, 0), NO_BREAK))
    said = {row["year"]: row["above"] or row["below"] for row in drawn}
    assert {year for year, text in said.items() if text} == {2000, 2006, 2013}
    crowded = points_of(charts.by_year(counts(years, [1000, 1100] * 7, 0), NO_BREAK))
    for side in ("above", "below"):
        at = [row["year"] for row in crowded if row[side]]
        assert all(later - year >= 3 for year, later in itertools.pairwise(at)), side
    assert crowded[-1]["above"] == "1,100"


def test_a_revised_value_has_its_mark_where_it_is_written():
    frame = counts([2012], [5000], 0, first_value=4000)
    assert "5,000 [r]" in svg(charts.by_year(frame, NO_BREAK))


def test_each_area_has_its_own_scale_from_0():
    frame = pd.concat([counts([2021], [10], 0), counts([2021], [9000], 0, area="B")])
    panels = figures.specification(charts.by_year(frame, NO_BREAK))["vconcat"]
    scales = [panel["layer"][0]["encoding"]["y"]["scale"]["domain"] for panel in panels]
    assert [low for low, _ in scales] == [0, 0]
    assert 10 < scales[0][1] < 20 and scales[1][1] > 9000


def test_breaks_within_the_years_are_drawn_with_their_name():
    breaks = pd.DataFrame(
        {"date": pd.to_datetime(["2006-04-01", "1980-01-01"]), "title": ["X", "Y"]}
    )
    drawn = svg(charts.by_year(counts([2002, 2010], [1, 2], 0), breaks))
    assert ">X</text>" in drawn and ">Y</text>" not in drawn


ALL = {tier: {**dict.fromkeys(visits.TIERS, 0), tier: 1} for tier in visits.TIERS}


def test_the_explorer_starts_at_the_first_mix():
    text = svg(charts.visit_explorer(3655, OFTEN, {"National": MIX} | ALL))
    assert "7,529 visits a year" in text


@pytest.mark.parametrize(("tier", "due"), [("low", "3,655"), ("very_high", "43,860")])
def test_the_explorer_reaches_the_exact_bounds(tier, due):
    text = svg(charts.visit_explorer(3655, OFTEN, {tier: ALL[tier]}))
    assert f"{due} visits a year" in text


@pytest.mark.parametrize(("points", "due"), [(0, 7529), (1, 7931), (50, 27632)])
def test_people_moved_to_very_high_risk_add_their_visits_and_the_parts_stay_100(points, due):
    spec = figures.specification(charts.visit_explorer(3655, OFTEN, {"National": MIX}))
    (moved,) = (param for param in spec["params"] if param["name"] == "moved")
    moved["value"] = points
    text = vl_convert.vegalite_to_svg(spec)
    assert f"{due:,} visits a year" in text
    x = spec["vconcat"][1]["layer"][0]["encoding"]["x"]
    assert x["scale"]["domain"] == [0, 100]
    people = [2 + points, 18, 30, 50 - points]
    assert all(f">{part}</text>" in text for part in people if part >= 5)


RATES = pd.DataFrame(
    {
        "label": ["B", "A", "C"],
        "name": ["B Police", "A Police", "C Police"],
        "rate": [144.04, 217.0, 78.0],
        "lower": [139.0, 204.0, 73.0],
        "upper": [149.0, 230.0, 84.0],
        "own": [True, False, False],
        "doubted": ["", "F18", ""],
    }
)


def test_areas_beside_a_rate_are_drawn_in_their_order_with_their_rates_and_the_line_named():
    drawn = svg(charts.beside(RATES, 122, "Country 122"))
    assert re.findall(r">([ABC](?: \(in doubt\))?)</text>", drawn) == ["B", "A (in doubt)", "C"]
    assert re.findall(r">(\d+\.\d)<", drawn) == ["144.0", "217.0", "78.0"]
    assert ">Country 122</text>" in drawn


@pytest.mark.parametrize("own", [[False] * 3, [True] * 3])
def test_areas_beside_a_rate_are_drawn_when_all_or_none_are_of_the_region(own):
    drawn = svg(charts.beside(RATES.assign(own=own), 122, "Country 122"))
    assert re.findall(r">([ABC])(?: \(in doubt\))?</text>", drawn) == ["B", "A", "C"]


@pytest.mark.parametrize(("count", "marked", "whole"), [(46, 14, 4380), (0, 0, 20), (5, 5, 800)])
def test_a_waffle_has_a_square_for_each_one_counted_and_the_whole_at_its_share(
    count, marked, whole
):
    spec = figures.specification(charts.waffle(count, marked, whole, "believed abroad"))
    near, far = spec["vconcat"]
    drawn = [layer["data"]["sequence"] for layer in near["layer"]]
    assert [each["stop"] - each["start"] for each in drawn] == [count, marked]
    (field,) = [rows for rows in spec["datasets"].values() if "right" in rows[0]]
    assert sum(each["right"] * (each["bottom"] - each["top"]) for each in field) == whole
    assert far["layer"][1]["data"]["sequence"]["stop"] == count
    assert f"{count:,} of all {whole:,}" in svg(charts.waffle(count, marked, whole, "abroad"))
