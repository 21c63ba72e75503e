"""Chart shapes: what is joined, what is drawn, what the sliders compute."""

import re

import pandas as pd
import pytest
import vl_convert

from rso_report import charts, dataset, figures, register, visits
from rso_report.edition import open_edition

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


def test_the_explorer_starts_at_the_stated_mix():
    text = svg(charts.visit_explorer(3655, OFTEN, MIX, 45, 44))
    assert "7,529 visits a year, 3.80 a week for each of 45 officers" in text


@pytest.mark.parametrize(
    ("mix", "said"),
    [((0, 0, 0, 1), "3,655 visits a year"), ((1, 0, 0, 0), "43,860 visits a year")],
)
def test_the_explorer_reaches_the_exact_bounds(mix, said):
    text = svg(
        charts.visit_explorer(3655, OFTEN, dict(zip(visits.TIERS, mix, strict=True)), 45, 44)
    )
    assert said in text


def test_the_explorer_says_when_the_mix_is_impossible():
    mix = dict(zip(visits.TIERS, (0.6, 0.6, 0, 0), strict=True))
    assert "more than 100 percent" in svg(charts.visit_explorer(3655, OFTEN, mix, 45, 44))


@pytest.fixture(scope="module")
def funnel():
    data = dataset.load("areas", "sources", "registered_offenders", "population_districts")
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    return register.funnels(data, edition)[-1]


def test_the_funnel_counts_every_area_once(funnel):
    assert len(funnel.areas) + len(funnel.absent) == 43
    assert {"WMP", "STA"} <= set(funnel.areas["area_id"])
    assert {"WMC", "WAR"} <= set(funnel.absent)


def test_the_funnel_uses_the_pooled_rate_and_dispersion_of_all_areas(funnel):
    areas = funnel.areas
    pooled = 1e5 * areas["count"].sum() / areas["population"].sum()
    assert funnel.target == pytest.approx(pooled)
    raw = (areas["rate"] - pooled) / (pooled * 1e5 / areas["population"]) ** 0.5
    assert funnel.dispersion == pytest.approx((raw**2).mean())
    assert (areas["z"] ** 2).mean() == pytest.approx(1)  # widened limits: z is scaled to 1


def test_the_funnel_names_only_the_forces_of_the_region(funnel):
    frame = funnel.areas.assign(area=funnel.areas["area_id"], own=funnel.areas["area_id"] == "WMP")
    frame["source"] = "S"
    text = svg(charts.funnel({"31 March 2021": (frame, funnel.target, funnel.dispersion)}))
    assert re.findall(r">(WMP|STA|CLEVELAND)<", text) == ["WMP"]
