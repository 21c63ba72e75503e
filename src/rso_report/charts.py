"""The shapes of chart that several pages share; `figures.show` publishes them.

Charts take tidy frames and return Altair charts, nothing else: what is in them is decided where
they are called.
"""

import altair as alt
import numpy as np
import pandas as pd

from rso_report import statistics
from rso_report.figures import COLOURS

INK = "#0b0c0c"


def by_year(
    frame: pd.DataFrame, value_title: str, areas: list[str], breaks: pd.DataFrame | None = None
) -> alt.LayerChart:
    """Points by year, joined only where years follow each other within one segment.

    `frame` has columns area (name), year, value, and base (a number that changes where figures
    stop being comparable: no line crosses it). `areas` are the names in their order of colour and
    shape. `breaks` (columns date, title) are drawn as dashed vertical lines.
    """
    drawn = frame[["area", "year", "value", "base"]].sort_values(["area", "year"])
    apart = drawn.groupby("area")["year"].diff().fillna(9) > 1
    turned = drawn.groupby("area")["base"].diff().fillna(0) != 0
    drawn = drawn.assign(segment=drawn["area"] + (apart | turned).cumsum().astype("str"))
    scale = alt.Scale(domain=areas)
    base = alt.Chart(drawn.drop(columns="base")).encode(
        x=alt.X(
            "year:Q",
            title="31 March of year",
            axis=alt.Axis(format="d", tickMinStep=1),
            scale=alt.Scale(zero=False, nice=False, padding=12),
        ),
        y=alt.Y("value:Q", title=value_title, scale=alt.Scale(zero=True)),
        color=alt.Color("area:N", title=None, sort=areas, scale=scale),
        tooltip=[
            alt.Tooltip("area:N", title="Area"),
            alt.Tooltip("year:Q", title="31 March"),
            alt.Tooltip("value:Q", title=value_title, format=","),
        ],
    )
    shape = alt.Shape("area:N", title=None, sort=areas, scale=scale)
    lines = base.mark_line().encode(detail="segment:N")
    points = base.mark_point(filled=True, size=60).encode(shape=shape)
    if breaks is None or breaks.empty:
        return lines + points
    marks = pd.DataFrame(
        {
            "year": breaks["date"].dt.year + breaks["date"].dt.day_of_year / 365 - 0.25,
            "title": breaks["title"],
        }
    ).round(2)
    marks = marks[marks["year"].between(drawn["year"].min() - 1, drawn["year"].max() + 1)]
    rules = (
        alt.Chart(marks)
        .mark_rule(strokeDash=[4, 4], color="#3D3D3D")
        .encode(x="year:Q", tooltip=[alt.Tooltip("title:N", title="Break")])
    )
    return rules + lines + points


def intervals(frame: pd.DataFrame, value_title: str) -> alt.LayerChart:
    """One row for each label: a point and its 95% interval, in the order of `frame`.

    Columns: label, value, lower, upper.
    """
    drawn = frame[["label", "value", "lower", "upper"]].round(1)
    base = alt.Chart(drawn).encode(
        y=alt.Y("label:N", sort=list(drawn["label"]), title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("label:N", title="Area"),
            alt.Tooltip("value:Q", title=value_title),
            alt.Tooltip("lower:Q", title="Lower limit"),
            alt.Tooltip("upper:Q", title="Upper limit"),
        ],
    )
    lines = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("lower:Q", title=value_title, scale=alt.Scale(zero=True)), x2="upper:Q"
    )
    points = base.mark_point(filled=True, size=90).encode(x="value:Q")
    return (lines + points).properties(height=alt.Step(36))


def funnel(frame: pd.DataFrame, target: float, dispersion: float) -> alt.LayerChart:
    """Rates against population with 95% and 99.8% limits around `target`, per 100,000.

    Columns of `frame`: area, population (people aged 10 and over), rate, own (True for the areas
    to name). Limits are widened by the square root of `dispersion` where it is above 1.
    """
    top = float(frame["population"].max())
    grid = np.linspace(max(float(frame["population"].min()) * 0.6, 1e5), top * 1.05, 60)
    rows = []
    for z, name in ((statistics.Z95, "95%"), (statistics.Z998, "99.8%")):
        for population in grid:
            limits = statistics.funnel_limits(population, target, z=z, dispersion=dispersion)
            for side in ("lower", "upper"):
                rows.append((population / 1e6, getattr(limits, side), f"{name} limit", side))
    curves = pd.DataFrame(rows, columns=["population", "rate", "limit", "side"])
    points = frame.assign(population=frame["population"] / 1e6)
    points["who"] = points["own"].map({True: "force of the region", False: "other area"})
    x = alt.X(
        "population:Q",
        title="People aged 10 and over, millions",
        scale=alt.Scale(domain=[0, round(top * 1.2 / 1e6, 1)], nice=False),
    )
    y = alt.Y(
        "rate:Q", title="RSOs per 100,000 people aged 10 and over", scale=alt.Scale(zero=True)
    )
    limits = (
        alt.Chart(curves)
        .mark_line(color="#3D3D3D", strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            detail="side:N",
            strokeDash=alt.StrokeDash(
                "limit:N",
                title=None,
                scale=alt.Scale(range=[[6, 3], [2, 3]]),
                legend=alt.Legend(symbolType="stroke", symbolSize=300),
            ),
        )
    )
    rule = alt.Chart(pd.DataFrame({"rate": [target]})).mark_rule(color="#3D3D3D").encode(y="rate:Q")
    domain = ["force of the region", "other area"]
    dots = (
        alt.Chart(points[["area", "population", "rate", "who"]])
        .mark_point(filled=True, size=80)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "who:N", title=None, scale=alt.Scale(domain=domain, range=[COLOURS[0], "#8c8c8c"])
            ),
            shape=alt.Shape(
                "who:N", title=None, scale=alt.Scale(domain=domain, range=["diamond", "circle"])
            ),
            tooltip=[
                alt.Tooltip("area:N", title="Area"),
                alt.Tooltip("rate:Q", title="Rate", format=".1f"),
                alt.Tooltip("population:Q", title="People aged 10+, millions", format=".2f"),
            ],
        )
    )
    names = (
        alt.Chart(points[points["own"]][["area", "population", "rate"]])
        .mark_text(dy=-14, color=INK)
        .encode(x=x, y=y, text="area:N")
    )
    return limits + rule + dots + names


def visit_explorer(
    people: int, frequencies: dict[str, int], mix: dict[str, float], officers: int, weeks: int
) -> alt.VConcatChart:
    """Visits a year by tier, with the tier mix in the reader's hands.

    Three sliders set the percent at very high, high and medium risk; the rest is low. A line of
    text gives the total and the visits a week for each officer. `mix` (shares of 1) is where the
    sliders start; without scripts the chart shows that mix.
    """
    names = {"very_high": "Very high", "high": "High", "medium": "Medium", "low": "Low"}
    sliders = [
        alt.param(
            name=tier,
            value=round(100 * mix[tier]),
            bind=alt.binding_range(min=0, max=100, step=1, name=f"{names[tier]} risk, percent "),
        )
        for tier in ("very_high", "high", "medium")
    ]
    given = "very_high + high + medium"
    tiers = pd.DataFrame(
        {
            "tier": list(names.values()),
            "often": [frequencies[tier] for tier in names],
            "position": range(len(names)),
        }
    )
    share = (
        "datum.position == 0 ? very_high : datum.position == 1 ? high : "
        f"datum.position == 2 ? medium : max(0, 100 - ({given}))"
    )
    visits = f"{people} * datum.share / 100 * datum.often"
    base = (
        alt.Chart(tiers)
        .transform_calculate(share=share)
        .transform_calculate(visits=visits, people=f"{people} * datum.share / 100")
    )
    bars = base.mark_bar().encode(
        y=alt.Y("tier:N", sort=list(names.values()), title="Assumed risk tier"),
        x=alt.X("visits:Q", title="Visits due a year"),
        tooltip=[
            alt.Tooltip("tier:N", title="Tier"),
            alt.Tooltip("share:Q", title="Percent assumed", format=".0f"),
            alt.Tooltip("people:Q", title="People", format=",.0f"),
            alt.Tooltip("visits:Q", title="Visits a year", format=",.0f"),
        ],
    )
    words = (
        f"{given} > 100 ? 'The three tiers add to more than 100 percent' : "
        "format(datum.total, ',.0f') + ' visits a year, ' + "
        f"format(datum.total / {officers * weeks}, '.2f') + "
        f"' a week for each of {officers} officers'"
    )
    total = (
        base.transform_aggregate(total="sum(visits)")
        .transform_calculate(words=words)
        .mark_text(align="left", baseline="middle", fontSize=16, fontWeight="bold", color=INK)
        .encode(text="words:N", x=alt.value(0))
        .properties(height=24)
    )
    return alt.vconcat(total, bars.properties(width=520, height=alt.Step(36))).add_params(*sliders)
