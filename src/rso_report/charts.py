"""The shapes of chart that several pages share; `figures.show` publishes them.

Charts take tidy frames and return Altair charts, nothing else: what is in them is decided where
they are called.
"""

from typing import Any

import altair as alt
import pandas as pd

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


KINDS_OF_AREA = ("force of the region", "other police area", "count in doubt", "England and Wales")


def beside(frame: pd.DataFrame, target: float, value_title: str) -> alt.LayerChart:
    """Rates of the areas of one date with their intervals, around a vertical line at `target`.

    One row for each area, in the order of `frame`. Columns: area (name), kind (one of
    `KINDS_OF_AREA`), rate, lower, upper (95%; empty for England and Wales), limit_low, limit_high
    (drawn as short upright strokes), source (label). Any area can be highlighted.
    """
    columns = ["area", "kind", "rate", "lower", "upper", "limit_low", "limit_high", "source"]
    drawn = frame[columns].round(1)
    drawn["interval"] = [
        f"{low:.1f} to {high:.1f}" if low == low else "as published"
        for low, high in zip(drawn["lower"], drawn["upper"], strict=True)
    ]
    kinds = [kind for kind in KINDS_OF_AREA if kind in set(drawn["kind"])]
    shapes = dict(zip(KINDS_OF_AREA, ("diamond", "circle", "cross", "square"), strict=True))
    colours = dict(zip(KINDS_OF_AREA, (COLOURS[0], "#757575", COLOURS[2], INK), strict=True))
    x = alt.X("rate:Q", title=value_title, scale=alt.Scale(zero=True))
    base = alt.Chart(drawn).encode(
        y=alt.Y("area:N", sort=list(drawn["area"]), title=None, axis=alt.Axis(labelLimit=280)),
        tooltip=[
            alt.Tooltip("area:N", title="Area"),
            alt.Tooltip("rate:Q", title="Rate", format=".1f"),
            alt.Tooltip("interval:N", title="95% interval"),
            alt.Tooltip("source:N", title="Source"),
        ],
    )
    sides = [
        base.transform_filter(f"isValid(datum.{side})")
        .mark_text(text="|", fontSize=16, baseline="middle", color="#757575")
        .encode(x=alt.X(f"{side}:Q", title=value_title))
        for side in ("limit_low", "limit_high")
    ]
    intervals = (
        base.transform_filter("isValid(datum.lower)")
        .mark_rule(strokeWidth=3)
        .encode(x=alt.X("lower:Q", title=value_title), x2="upper:Q")
    )
    dots = base.mark_point(filled=True).encode(
        x=x,
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=[colours[kind] for kind in kinds]),
        ),
        shape=alt.Shape(
            "kind:N", title=None, scale=alt.Scale(domain=kinds, range=[shapes[k] for k in kinds])
        ),
        opacity=emphasis("area", 1, 1, FADED),
        size=emphasis("area", 220, 100, 60),
    )
    line = alt.Chart(pd.DataFrame({"rate": [round(target, 1)]})).mark_rule(color=INK).encode(x=x)
    chart = alt.layer(line, *sides, intervals, dots).properties(height=alt.Step(26))
    return highlightable(chart, list(drawn["area"]))


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
