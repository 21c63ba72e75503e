"""The shapes of chart that several pages share; `figures.show` publishes them.

Charts take tidy frames and return Altair charts, nothing else: what is in them is decided where
they are called.
"""

import json
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


def bars(frame: pd.DataFrame, span: list[str], title: str, under: list[str]) -> alt.LayerChart:
    """A bar with its number over it for each period of `span`, on a scale of its own.

    A part-year is an empty bar with a broken outline. Columns: period, value, part (true for a
    part-year), label (what stands over the bar, three lines for a part-year), source (label). The
    lines `under` the title say where the series breaks.
    """
    drawn = frame[["period", "value", "part", "label", "source"]]
    room = drawn["value"].clip(lower=1) * drawn["part"].map({True: 1.9, False: 1.25})
    top = alt.Scale(domainMax=float(room.max()), nice=False)
    years = alt.Axis(labelExpr="replace(datum.label, 'calendar year ', '')")
    base = alt.Chart(drawn).encode(
        x=alt.X("period:O", title=None, axis=years, scale=alt.Scale(domain=span)),
        y=alt.Y("value:Q", axis=None, scale=top),
        tooltip=[
            alt.Tooltip("period:O", title="Year"),
            alt.Tooltip("value:Q", title="Offences", format=","),
            alt.Tooltip("source:N", title="Source"),
        ],
    )
    shapes = base.mark_bar(stroke=COLOURS[0], strokeWidth=2).encode(
        fill=alt.condition("datum.part", alt.value("transparent"), alt.value(COLOURS[0])),
        strokeDash=alt.condition("datum.part", alt.value([5, 4]), alt.value([1, 0])),
    )
    over = alt.ExprRef("datum.part ? -36 : -4")
    labels = base.mark_text(baseline="bottom", dy=over, lineBreak="\n", lineHeight=16)
    words = alt.TitleParams(
        title,
        subtitle=under,
        anchor="start",
        color=INK,
        subtitleColor=INK,
        fontSize=14,
        subtitleFontSize=14,
    )
    layers = shapes + labels.encode(text="label:N")
    return layers.properties(width=470, height=130, title=words)


def intervals(frame: pd.DataFrame, value_title: str) -> alt.VConcatChart:
    """A point with its 95% interval for each label, its words over it; a panel for each group.

    Columns: group (the title of the panel), label, value, lower, upper (empty for a lower bound,
    which is drawn as an arrow to the right), said (the value in words), source (label). Groups and
    labels keep the order of `frame`; all panels have one scale.
    """
    columns = ["label", "value", "lower", "upper", "words", "source"]
    words = frame["label"] + "\n" + frame["said"]
    drawn = frame.assign(words=words).round({"value": 1, "lower": 1, "upper": 1})
    scale = alt.Scale(domain=[0, float(drawn[["value", "upper"]].max().max()) * 1.05], nice=False)
    panels = []
    for group, own in drawn.groupby("group", sort=False):
        last = group == drawn["group"].iloc[-1]
        base = alt.Chart(own[columns]).encode(
            y=alt.Y("words:N", sort=list(own["words"]), axis=None),
            tooltip=[
                alt.Tooltip("label:N", title="Area"),
                alt.Tooltip("value:Q", title=value_title),
                alt.Tooltip("lower:Q", title="Lower limit"),
                alt.Tooltip("upper:Q", title="Upper limit"),
                alt.Tooltip("source:N", title="Source"),
            ],
        )
        axis = alt.Axis(tickCount=5, grid=False, domain=True, ticks=True) if last else None
        sure, bound = (f"{word}isValid(datum.lower)" for word in ("", "!"))
        low, value = (
            alt.X(f"{name}:Q", title=value_title, scale=scale, axis=axis)
            for name in ("lower", "value")
        )
        lines = base.mark_rule(strokeWidth=3, yOffset=12).encode(x=low, x2="upper:Q")
        points = base.transform_filter(sure).mark_point(size=90, yOffset=12).encode(x=value)
        arrows = base.transform_filter(bound).mark_point(
            size=110, yOffset=12, shape="triangle-right"
        )
        said = base.mark_text(align="left", yOffset=-24, lineBreak="\n", lineHeight=16)
        said = said.encode(x=alt.value(0), text="words:N")
        title = alt.TitleParams(group, anchor="start", color=INK, fontSize=14, offset=6)
        layers = lines + points + arrows.encode(x=value) + said
        panels.append(layers.properties(width=470, height=alt.Step(66), title=title))
    return alt.vconcat(*panels, spacing=16)


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


def waffle(count: int, marked: int, whole: int, mark: str) -> alt.VConcatChart:
    """`count` squares, the first `marked` of them filled, above all `whole` at their true share.

    Every square is one thing counted; `mark` says what the filled ones are.
    """
    words = f"\u25a0 {marked:,} {mark}   \u25a1 {count - marked:,} others" if marked else ""
    rows, far_rows = -(-count // 20), -(-whole // 100)
    near = alt.layer(
        _squares(count, 20, rows).mark_rect(fillOpacity=0, stroke=COLOURS[0], strokeWidth=1.5),
        _squares(marked, 20, rows).mark_rect(color=COLOURS[0]),
    ).properties(width=440, height=22 * rows, title=_above(words))
    # One field with lines across it: thousands of single squares would make a page heavy.
    field = pd.DataFrame(
        {"right": [100, whole % 100], "top": [0, whole // 100], "bottom": [whole // 100, far_rows]}
    ).assign(left=0)
    x, y = _place("x", 100), _place("y", far_rows, reverse=True)
    lines = {"color": "white", "strokeWidth": 1}
    far = alt.layer(
        alt.Chart(field)
        .mark_rect(color="#cfd3d6")
        .encode(x=x | {"field": "left"}, x2="right:Q", y=y | {"field": "top"}, y2="bottom:Q"),
        _squares(count, 100, far_rows).mark_rect(color=COLOURS[0]),
        alt.Chart(alt.sequence(1, 100, as_="x")).mark_rule(**lines).encode(x=x),
        alt.Chart(alt.sequence(1, far_rows, as_="y")).mark_rule(**lines).encode(y=y),
    ).properties(
        width=600, height=6 * far_rows, title=_above(f"{count:,} of all {whole:,} registered")
    )
    return alt.vconcat(near, far, spacing=24).resolve_scale(x="independent", y="independent")


def _squares(number: int, per_row: int, rows: int) -> alt.Chart:
    """That many squares, row by row from the top."""
    return (
        alt.Chart(alt.sequence(0, number, as_="n"))
        .transform_calculate(
            x=f"datum.n % {per_row} + 0.08", y=f"floor(datum.n / {per_row}) + 0.08"
        )
        .transform_calculate(x2="datum.x + 0.84", y2="datum.y + 0.84")
        .encode(x=_place("x", per_row), x2="x2:Q", y=_place("y", rows, reverse=True), y2="y2:Q")
    )


def _place(field: str, most: int, reverse: bool = False) -> dict[str, Any]:
    """A position from 0 to `most`, without an axis."""
    scale = {"domain": [0, most], "nice": False, "reverse": reverse}
    return {"field": field, "type": "quantitative", "axis": None, "scale": scale}


def _above(words: str) -> alt.TitleParams:
    return alt.TitleParams(words, anchor="start", fontSize=14, fontWeight="normal", offset=6)


def visit_explorer(
    people: int,
    often: dict[str, int],
    mixes: dict[str, dict[str, float]],
) -> alt.VConcatChart:
    """People and visits due by risk tier as parts of 100%, with the mix in the reader's hands.

    The reader chooses one of `mixes` (shares of 1 by tier) and moves people from low to very high
    risk, so that the parts always make 100. A line of text gives the visits due. Without scripts
    the chart shows the first mix.
    """
    names = {"very_high": "Very high", "high": "High", "medium": "Medium", "low": "Low"}
    tiers = pd.DataFrame(
        {
            "mix": name,
            "tier": names[tier],
            "position": position,
            "share": round(100 * mix[tier], 4),
            "often": often[tier],
        }
        for name, mix in mixes.items()
        for position, tier in enumerate(names)
    )

    def of_mix(numbers: dict[str, float]) -> str:
        chosen = [f"mix == {json.dumps(name)} ? {value:.10g} : " for name, value in numbers.items()]
        return "".join([*chosen, "0"])

    each = {name: sum(m[tier] * often[tier] for tier in names) for name, m in mixes.items()}
    steps = [
        alt.param(name="lowest", expr=of_mix({name: 100 * m["low"] for name, m in mixes.items()})),
        alt.param(name="over", expr="min(moved, lowest) / 100"),
        alt.param(
            name="due",
            expr=f"{people} * (({of_mix(each)}) + over * {often['very_high'] - often['low']})",
        ),
    ]
    # A signal of this name is also spoken to screen readers when it changes (rso-charts.js).
    sentence = alt.param(name="sentence", expr="format(due, ',.0f') + ' visits a year'")
    controls = [
        alt.param(
            name="mix",
            value=next(iter(mixes)),
            bind=alt.binding_select(options=list(mixes), name="Mix of risk tiers "),
        ),
        alt.param(
            name="moved",
            value=0,
            bind=alt.binding_range(
                min=0, max=50, step=1, name="Percentage points moved from low to very high risk "
            ),
        ),
    ]
    shown = (
        alt.Chart(tiers)
        .transform_filter("datum.mix == mix")
        .transform_calculate(
            part="datum.share + 100 * over * "
            "(datum.position == 0 ? 1 : datum.position == 3 ? -1 : 0)"
        )
        .transform_calculate(
            People="datum.part", Visits=f"due ? datum.part * datum.often * {people} / due : 0"
        )
        .transform_fold(["People", "Visits"], as_=["what", "percent"])
        .encode(
            y=alt.Y("what:N", title=None, sort=["People", "Visits"]),
            x=alt.X(
                "percent:Q",
                title="Percent of all",
                stack="zero",
                scale=alt.Scale(domain=[0, 100], nice=False),
                axis=alt.Axis(values=[0, 25, 50, 75, 100]),
            ),
            order=alt.Order("position:Q"),
            tooltip=[
                alt.Tooltip("tier:N", title="Risk tier"),
                alt.Tooltip("People:Q", title="Percent of the people", format=".0f"),
                alt.Tooltip("Visits:Q", title="Percent of the visits", format=".0f"),
            ],
        )
    )
    kinds = list(names.values())
    bars = shown.mark_bar(stroke="white").encode(
        color=alt.Color(
            "tier:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds),
            legend=alt.Legend(title=None, columns=4, offset=10),
        )
    )
    labels = (
        shown.transform_calculate(said="datum.percent >= 5 ? format(datum.percent, '.0f') : ''")
        .mark_text()
        .encode(
            x=alt.X("percent:Q", stack="zero", bandPosition=0.5, title="Percent of all"),
            text="said:N",
            # Dark on the two lighter colours.
            color=alt.condition("datum.position % 2", alt.value(INK), alt.value("white")),
        )
    )
    total = (
        alt.Chart(pd.DataFrame({"line": [0]}))
        .mark_text(align="left", baseline="middle", fontSize=16, fontWeight="bold", color=INK)
        .encode(text=alt.value(alt.ExprRef("sentence")), x=alt.value(0))
        .properties(height=24)
    )
    bars = alt.layer(bars, labels).properties(width=500, height=alt.Step(48))
    return alt.vconcat(total, bars).add_params(*controls, *steps, sentence)


def known(frame: pd.DataFrame, areas: list[str], measures: list[str]) -> alt.LayerChart:
    """A grid of what is held: columns area (name), measure and said, "" where nothing was found.

    `said` breaks into lines at `|`, the name of a measure after its first word.
    """
    drawn = frame[["area", "measure", "said"]].assign(found=frame["said"] != "")
    drawn["said"] = drawn["said"].where(drawn["found"], "none|found")
    tight = alt.Scale(paddingInner=0.06, paddingOuter=0)
    base = alt.Chart(drawn).encode(
        x=alt.X(
            "measure:N",
            sort=measures,
            title=None,
            scale=tight,
            axis=alt.Axis(
                orient="top",
                labelPadding=26,  # of two lines
                domain=False,
                ticks=False,
                labelExpr="[split(datum.label, ' ')[0], "
                "slice(datum.label, indexof(datum.label, ' '))]",
            ),
        ),
        y=alt.Y(
            "area:N",
            sort=areas,
            title=None,
            scale=tight,
            axis=alt.Axis(domain=False, ticks=False, labelLimit=190),
        ),
    )
    cells = base.mark_rect(stroke="#757575").encode(
        color=alt.condition("datum.found", alt.value("#cfe1f2"), alt.value("white"))
    )
    texts = base.mark_text(lineBreak="|", baseline="middle", dy=-8).encode(
        text="said:N", color=alt.condition("datum.found", alt.value(INK), alt.value("#505a5f"))
    )
    return (cells + texts).properties(height=alt.Step(48))
