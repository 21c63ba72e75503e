"""The shapes of chart that several pages share; `figures.show` publishes them.

Charts take tidy frames and return Altair charts, nothing else: what is in them is decided where
they are called.
"""

import json
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rso_report import statistics
from rso_report.figures import COLOURS

INK = "#0b0c0c"
FADED = 0.4


def highlightable(chart: alt.TopLevelMixin, names: list[str]) -> alt.TopLevelMixin:
    """Let the page highlight one of `names` in `chart`: its signal `highlight` is set to it.

    One list on each page drives all its charts (rso-charts.js). The chart decides what that does
    with `emphasis`; the signal is empty at first, in print and without scripts.
    """
    return chart.add_params(alt.param(name="highlight", value="")).properties(
        usermeta={"highlight": names}
    )


def emphasis(field: str, chosen: float, usual: float, other: float) -> dict[str, Any]:
    """A value for the marks of the highlighted area, for all when none is, and for the others."""
    return alt.value(
        alt.ExprRef(
            f"highlight == '' ? {usual} : datum['{field}'] == highlight ? {chosen} : {other}"
        )
    )


def by_year(
    frame: pd.DataFrame, value_title: str, areas: list[str], breaks: pd.DataFrame | None = None
) -> alt.LayerChart:
    """Points by year, joined only where years follow each other within one segment.

    `frame` has columns area (name), year, value, source (label), and base (a number that changes
    where figures stop being comparable: no line crosses it); it may have interval (text).
    `areas` are the names in their order of colour and shape; each can be highlighted. `breaks`
    (columns date, title) are drawn as dashed vertical lines.
    """
    columns = ["area", "year", "value", "base", "source", *frame.columns.intersection(["interval"])]
    drawn = frame[columns].sort_values(["area", "year"])
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
            *[alt.Tooltip("interval:N", title="95% interval")] * ("interval" in columns),
            alt.Tooltip("source:N", title="Source"),
        ],
        opacity=emphasis("area", 1, 1, FADED),
    )
    shape = alt.Shape("area:N", title=None, sort=areas, scale=scale)
    lines = base.mark_line().encode(detail="segment:N")
    points = base.mark_point(filled=True).encode(shape=shape, size=emphasis("area", 160, 60, 30))
    if breaks is None or breaks.empty:
        return highlightable(lines + points, areas)
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
    return highlightable(rules + lines + points, areas)


def intervals(frame: pd.DataFrame, value_title: str) -> alt.LayerChart:
    """One row for each label: a point and its 95% interval, in the order of `frame`.

    Columns: label, value, lower, upper, source (label).
    """
    drawn = frame[["label", "value", "lower", "upper", "source"]].round(1)
    base = alt.Chart(drawn).encode(
        y=alt.Y("label:N", sort=list(drawn["label"]), title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("label:N", title="Area"),
            alt.Tooltip("value:Q", title=value_title),
            alt.Tooltip("lower:Q", title="Lower limit"),
            alt.Tooltip("upper:Q", title="Upper limit"),
            alt.Tooltip("source:N", title="Source"),
        ],
    )
    lines = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("lower:Q", title=value_title, scale=alt.Scale(zero=True)), x2="upper:Q"
    )
    points = base.mark_point(filled=True, size=90).encode(x="value:Q")
    return (lines + points).properties(height=alt.Step(36))


def funnel(years: dict[str, tuple[pd.DataFrame, float, float]]) -> alt.LayerChart:
    """Rates against population with 95% and 99.8% limits, per 100,000, a date at a time.

    `years` holds for each date (label, oldest first; the reader chooses, the last is shown first)
    the frame, the target and the dispersion. Columns of the frame: area, population (people aged
    10 and over), rate, lower, upper (95%), source (label), own (True for the areas to name).
    Limits are widened by the square root of the dispersion where it is above 1. Any area can be
    highlighted, and is then named.
    """
    frames = [frame.assign(date=date) for date, (frame, _, _) in years.items()]
    points = pd.concat(frames, ignore_index=True)
    curves = pd.DataFrame(
        [
            (date, population / 1e6, getattr(limits, side), f"{name} limit", side)
            for date, (frame, target, dispersion) in years.items()
            for z, name in ((statistics.Z95, "95%"), (statistics.Z998, "99.8%"))
            # Closer together where the limits bend, so that few points draw a smooth curve.
            for population in np.geomspace(
                max(float(frame["population"].min()) * 0.6, 1e5),
                float(frame["population"].max()) * 1.05,
                24,
            )
            for limits in [statistics.funnel_limits(population, target, z=z, dispersion=dispersion)]
            for side in ("lower", "upper")
        ],
        columns=["date", "population", "rate", "limit", "side"],
    )
    targets = pd.DataFrame(
        [(date, target) for date, (_, target, _) in years.items()], columns=["date", "rate"]
    )
    points = points.assign(
        population=points["population"] / 1e6,
        who=points["own"].map({True: "force of the region", False: "other area"}),
        interval=[
            f"{low:.1f} to {high:.1f}"
            for low, high in zip(points["lower"], points["upper"], strict=True)
        ],
    ).drop(columns=["lower", "upper"])
    # The widest area of the date fills the width: London, where it has a count, is far the largest.
    widths = {
        date: round(float(frame["population"].max()) * 1.2 / 1e6, 1)
        for date, (frame, _, _) in years.items()
    }
    x = alt.X(
        "population:Q",
        title="People aged 10 and over, millions",
        scale=alt.Scale(
            domainMin=0, domainMax=alt.ExprRef(f"{json.dumps(widths)}[chosen]"), nice=False
        ),
    )
    # One scale of rates for all dates, so that a change of the date moves the points.
    y = alt.Y(
        "rate:Q",
        title="RSOs per 100,000 people aged 10 and over",
        scale=alt.Scale(domain=[0, float(np.ceil(curves["rate"].max() / 50) * 50)]),
    )
    choice = {"bind": alt.binding_select(options=list(years), name="Date ")}
    chosen = alt.param(name="chosen", value=list(years)[-1], **(choice if len(years) > 1 else {}))
    limits = (
        alt.Chart(curves)
        .transform_filter("datum.date == chosen")
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
    rule = (
        alt.Chart(targets)
        .transform_filter("datum.date == chosen")
        .mark_rule(color="#3D3D3D")
        .encode(y="rate:Q")
    )
    domain = ["force of the region", "other area"]
    drawn = points[["date", "area", "population", "rate", "interval", "source", "who", "own"]]
    base = alt.Chart(drawn).transform_filter("datum.date == chosen").encode(x=x, y=y)
    dots = base.mark_point(filled=True).encode(
        color=alt.Color(
            "who:N", title=None, scale=alt.Scale(domain=domain, range=[COLOURS[0], "#757575"])
        ),
        shape=alt.Shape(
            "who:N", title=None, scale=alt.Scale(domain=domain, range=["diamond", "circle"])
        ),
        opacity=emphasis("area", 1, 1, FADED),
        size=emphasis("area", 220, 80, 60),
        tooltip=[
            alt.Tooltip("area:N", title="Area"),
            alt.Tooltip("date:N", title="Date"),
            alt.Tooltip("rate:Q", title="Rate", format=".1f"),
            alt.Tooltip("interval:N", title="95% interval"),
            alt.Tooltip("population:Q", title="People aged 10+, millions", format=".2f"),
            alt.Tooltip("source:N", title="Source"),
        ],
    )
    names = (
        base.transform_filter("datum.own || datum.area == highlight")
        .mark_text(dy=-14, color=INK)
        .encode(text="area:N")
    )
    own_first = points.sort_values(["own", "area"], ascending=[False, True])["area"]
    return highlightable(limits + rule + dots + names, list(dict.fromkeys(own_first))).add_params(
        chosen
    )


def visit_explorer(
    people: int,
    frequencies: dict[str, int],
    mix: dict[str, float],
    officers: float | None,
    weeks: int,
) -> alt.VConcatChart:
    """Visits a year by tier, with the tier mix in the reader's hands.

    Three sliders set the percent at very high, high and medium risk; the rest is low. A line of
    text gives the total and, where the officers are known, the visits a week for each. `mix`
    (shares of 1) is where the sliders start; without scripts the chart shows that mix.
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
    each = " + ".join(f"{tier} * {frequencies[tier]}" for tier in ("very_high", "high", "medium"))
    due = f"{people} / 100 * ({each} + max(0, 100 - ({given})) * {frequencies['low']})"
    each_week = ""
    if officers:
        each_week = (
            f" + ', ' + format({due} / {officers * weeks:g}, '.2f') + "
            f"' a week for each of {officers:g} officers'"
        )
    # A signal of this name is also spoken to screen readers when it changes (rso-charts.js).
    sentence = alt.param(
        name="sentence",
        expr=f"{given} > 100 ? 'The three tiers add to more than 100 percent' : "
        f"format({due}, ',.0f') + ' visits a year'{each_week}",
    )
    total = (
        alt.Chart(pd.DataFrame({"line": [0]}))
        .mark_text(align="left", baseline="middle", fontSize=16, fontWeight="bold", color=INK)
        .encode(text=alt.value(alt.ExprRef("sentence")), x=alt.value(0))
        .properties(height=24)
    )
    return alt.vconcat(total, bars.properties(width=520, height=alt.Step(36))).add_params(
        *sliders, sentence
    )
