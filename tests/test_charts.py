"""Chart shapes: what is joined, what is drawn, what the sliders compute."""

import re

import pandas as pd
import pytest
import vl_convert

from rso_report import charts, figures, visits

MIX = dict(zip(visits.TIERS, (0.02, 0.18, 0.30, 0.50), strict=True))
OFTEN = dict(zip(visits.TIERS, (12, 4, 2, 1), strict=True))


def svg(chart):
    return vl_convert.vegalite_to_svg(figures.specification(chart))


def lines_of(frame, **more):
    drawn = charts.by_year(frame, "Rate", ["A"], **more)
    data = figures.specification(drawn)["datasets"]
    return next(rows for rows in data.values() if "segment" in rows[0])


def test_years_that_do_not_follow_are_not_joined():
    frame = pd.DataFrame(
        {"area": "A", "year": [2010, 2011, 2015], "value": [1, 2, 3], "base": 0, "source": "S"}
    )
    segments = [row["segment"] for row in lines_of(frame)]
    assert segments[0] == segments[1] != segments[2]


def test_no_line_crosses_a_change_of_base():
    frame = pd.DataFrame(
        {"area": "A", "year": [2021, 2022], "value": [122, 126], "base": [0, 1], "source": "S"}
    )
    first, second = (row["segment"] for row in lines_of(frame))
    assert first != second


def test_breaks_within_the_years_are_drawn():
    frame = pd.DataFrame(
        {"area": "A", "year": [2002, 2010], "value": [1, 2], "base": 0, "source": "S"}
    )
    breaks = pd.DataFrame(
        {"date": pd.to_datetime(["2006-04-01", "1980-01-01"]), "title": ["x", "y"]}
    )
    spec = figures.specification(charts.by_year(frame, "Rate", ["A"], breaks))
    drawn = [rows for rows in spec["datasets"].values() if "title" in rows[0]]
    assert [row["title"] for row in drawn[0]] == ["x"]


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


def test_areas_beside_a_rate_are_drawn_one_point_each_and_in_their_order():
    frame = pd.DataFrame(
        {
            "area": ["England and Wales", "B", "A", "C"],
            "kind": ["England and Wales", "force of the region", "count in doubt"]
            + ["other police area"],
            "rate": [122, 144, 217, 78],
            "lower": [float("nan"), 139, 204, 73],
            "upper": [float("nan"), 149, 230, 84],
            "limit_low": [float("nan"), 63, 62, 63],
            "limit_high": [float("nan"), 181, 182, 181],
            "source": "S",
        }
    )
    chart = charts.beside(frame, 122, "Rate")
    written = re.findall(r">(England and Wales|[ABC])</text>", svg(chart))
    assert [name for name in written if len(name) == 1] == ["B", "A", "C"]
    spec = figures.specification(chart)
    sort = next(each["encoding"]["y"]["sort"] for each in spec["layer"] if "y" in each["encoding"])
    assert sort == ["England and Wales", "B", "A", "C"]
    assert spec["usermeta"]["highlight"] == sort


def test_a_kind_of_area_keeps_its_shape_whichever_others_are_there():
    frame = pd.DataFrame(
        {
            "area": ["A", "B"],
            "kind": ["other police area", "count in doubt"],
            "rate": [100, 200],
            "lower": [90, 190],
            "upper": [110, 210],
            "limit_low": 60,
            "limit_high": 180,
            "source": "S",
        }
    )

    def shapes(drawn):
        layers = figures.specification(charts.beside(drawn, 122, "Rate"))["layer"]
        scale = next(x["encoding"]["shape"] for x in layers if "shape" in x["encoding"])["scale"]
        return dict(zip(scale["domain"], scale["range"], strict=True))

    assert shapes(frame).items() >= shapes(frame.iloc[1:]).items()
    assert len(set(shapes(frame).values())) == 2


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
