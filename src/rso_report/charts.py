"""The shapes of chart that several pages share; `figures.show` publishes them.

Charts take tidy frames and return Altair charts: what is in them is decided where they are called.
Each says what is to be seen in it (its description) and explains its own marks (see `_explained`).
"""

import itertools
import json
import textwrap
from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd

from rso_report.figures import COLOURS
from rso_report.prose import beside_first, counted, number, percent
from rso_report.statistics import round_half_up

INK = "#0b0c0c"
_BY_LINE = "split(datum.label, '\\n')"
_TOP = alt.ExprRef("datum.top")
_LINE = 15  # pixels of a line of words
_WIDE = 300  # of the picture of rates beside each other, without names and values
_PHONE = 190  # pixels between the first and the last year of a picture on a phone
_FEW = 8  # points of which each has its value beside it, where there is room
_ABOVE = 1.25  # the top of a scale, of the highest value


def by_year(
    frame: pd.DataFrame, breaks: pd.DataFrame, x_title: str = "31 March of year"
) -> alt.VConcatChart:
    """One small picture for each area, below each other, each with a scale of its own from 0.

    `frame` has columns area (name), as_at, value, first_value (before a revision) and base (a
    number that changes where figures stop being comparable). Points are joined where years follow
    each other on one base, and have their values beside them as far as there is room.
    `breaks` (columns date and title) are dashed strokes at the top, named over the first picture.
    """
    figures = list(zip(frame["value"], frame["first_value"], strict=True))
    drawn = pd.DataFrame(
        {
            "area": frame["area"],
            "year": frame["as_at"].dt.year,
            "value": frame["value"].astype("int64"),
            "text": [number(value) + " [r]" * pd.notna(first) for value, first in figures],
            "people": [beside_first(number(value), first) for value, first in figures],
            "base": frame["base"],
        }
    ).sort_values(["area", "year"], kind="stable", ignore_index=True)
    runs = drawn.groupby(["area", "base"])["year"]
    drawn = drawn.assign(
        segment=(runs.diff().fillna(9) > 1).cumsum(),
        newest=drawn["base"] == drawn.groupby("area")["base"].transform("max"),
    )
    marks = pd.DataFrame(
        {
            "year": (breaks["date"].dt.year + breaks["date"].dt.day_of_year / 365 - 0.25).round(2),
            "lines": breaks["title"].map(lambda title: "\n".join(textwrap.wrap(title, 23))),
        }
    ).astype({"lines": "string"})
    first_year, last_year = drawn["year"].agg(["min", "max"]).tolist()
    marks = marks[marks["year"].between(first_year - 1, last_year + 1)].sort_values("year")
    # A name stands beside its stroke, on the side where there is room for it.
    marks["late"] = marks["year"] > first_year + 0.6 * (last_year - first_year)
    marks = marks.sort_values("late", ascending=False, kind="stable", ignore_index=True)
    areas = frame["area"].unique()
    height = 84 if len(areas) > 1 else 150
    year = _PHONE / max(last_year - first_year, 1)
    sides = [_values_beside(own, year, height) for _, own in drawn.groupby("area", sort=False)]
    drawn = drawn.join(pd.concat(sides))
    years = alt.Scale(domain=[first_year, last_year], nice=False, padding=34)
    panels = [
        _panel(
            drawn[drawn["area"] == area],
            marks if area == areas[0] else marks.assign(lines=""),
            years,
            x_title * (area == areas[-1]),
            height,
        )
        for area in areas
    ]
    scales = {"Each area has a scale of its own, from 0.": len(areas) > 1}
    return _explained(alt.vconcat(*panels, spacing=8), "Points by year", scales)


def _values_beside(own: pd.DataFrame, year: float, height: int) -> pd.DataFrame:
    """Which values of one area stand `above` and which `below` their points, in these columns.

    The last of each stretch on one base comes first, the newest before others, then the first ones,
    then where the line turns; all others only of few points. None touches another, where a `year`
    is so many pixels wide, nor the axis below.
    """
    value = own["value"]
    last, first = (~own.duplicated("base", keep=keep) for keep in ("last", "first"))
    turns = value.diff() * value.diff(-1) > 0
    rank = (4 - turns).mask(first, 2).mask(last, 1).mask(last & own["newest"], 0)
    below = first & ~last | turns & (value.diff() < 0)
    sides = pd.DataFrame("", own.index, ["above", "below"])
    taken = {"above": [], "below": []}
    for index in rank[(rank < 4) | (len(own) <= _FEW)].sort_values(kind="stable").index:
        text, where = own.at[index, "text"], year * own.at[index, "year"]
        half = 4 * len(text) + 2
        low = height * value[index] / (_ABOVE * value.max()) < 24
        for side in ["below", "above"] if below[index] else ["above", "below"]:
            middle = where + (12 if side == "below" else 0 if own.at[index, "newest"] else -14)
            clear = all(abs(middle - other) >= half + room for other, room in taken[side])
            if clear and not (side == "below" and low):
                taken[side].append((middle, half))
                sides.at[index, side] = text
                break
    return sides


def _panel(
    own: pd.DataFrame, marks: pd.DataFrame, scale: alt.Scale, x_title: str, height: int
) -> alt.LayerChart:
    """The picture of one area; only with `x_title` has it an axis of years."""
    axis = alt.Axis(format="d", tickMinStep=1, tickCount=5)
    years = alt.X("year:Q", title=x_title or None, axis=axis if x_title else None, scale=scale)
    top = _ABOVE * float(own["value"].max())
    base = alt.Chart(own.drop(columns=["area", "base"])).encode(
        x=years,
        y=alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, top], nice=False)),
        tooltip=[alt.Tooltip("year:Q", title="Year"), alt.Tooltip("people:N", title="People")],
    )
    layers = [
        base.mark_line().encode(detail="segment:N"),
        base.mark_point(filled=True),
        # The number of an older stretch stands to the left, off the point that follows.
        base.mark_text(dy=-12, dx=alt.ExprRef("datum.newest ? 0 : -14")).encode(text="above:N"),
        base.mark_text(dy=16, dx=12).encode(text="below:N"),
    ]
    if len(marks):
        # The names stand below each other over the picture: within it they would cover its numbers.
        over = (marks["lines"].str.count("\n") + marks["lines"].ne("")) * _LINE
        strokes = alt.Chart(marks.assign(top=-6 - over[::-1].cumsum()[::-1])).encode(x=years)
        rules = strokes.mark_rule(strokeDash=[4, 4], color="#757575", y=_TOP, y2=14)
        names = strokes.mark_text(
            y=_TOP,
            align=alt.ExprRef("datum.late ? 'right' : 'left'"),
            dx=alt.ExprRef("datum.late ? -5 : 5"),
            baseline="top",
            lineBreak="\n",
            lineHeight=_LINE,
        ).encode(text="lines:N")
        layers[:0] = [rules, names] if over.any() else [rules]
    title = alt.TitleParams(own["area"].iloc[0], anchor="start", fontSize=14, offset=12)
    return alt.layer(*layers).properties(title=title, width=440, height=height)


def bars(
    frame: pd.DataFrame, span: list[str], title: str, under: list[str], most: float
) -> alt.LayerChart:
    """A bar with its number over it for each period of `span`, on a scale up to `most`.

    A part-year is a hatched bar with a broken outline. Columns: period, value, least (a line across
    the bar where it is lower: what the number may be instead), part (true for a part-year), label
    (what stands over the bar, three lines for a part-year), source (label). The lines `under` the
    title say where the series breaks.
    """
    drawn = frame[["period", "value", "least", "part", "label", "source"]]
    top = alt.Scale(domain=[0, most], nice=False)
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
        fill=alt.condition("datum.part", alt.value(_hatched()), alt.value(COLOURS[0])),
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
    doubted = base.transform_filter("datum.least < datum.value")
    doubts = doubted.mark_rule(color=COLOURS[0], strokeWidth=3, xOffset=-30, x2Offset=30).encode(
        x2="period:O", y=alt.Y("least:Q", axis=None, scale=top)
    )
    layers = shapes + doubts + labels.encode(text="label:N")
    return layers.properties(width=470, height=130, title=words)


def _hatched(stripes: int = 10) -> alt.Gradient:
    """Slanted stripes: a gradient whose colours change at once."""
    edges = [number / (2 * stripes) for number in range(2 * stripes + 1)]
    stops = [
        alt.GradientStop(color="white" if number % 2 else "#cfe1f2", offset=edge)
        for number, span in enumerate(itertools.pairwise(edges))
        for edge in span
    ]
    return alt.Gradient(gradient="linear", x1=0, y1=0, x2=1, y2=1, stops=stops)


def bars_by_name(frame: pd.DataFrame) -> alt.VConcatChart:
    """`bars` for each `name` of a frame, with its title, span and the lines under it (`under`).

    Panels of one `scale` have the same.
    """
    room = frame["value"].clip(lower=1) * frame["part"].map({True: 1.9, False: 1.25})
    drawn = frame.assign(most=room.groupby(frame["scale"]).transform("max").astype("float"))
    panels = [
        bars(own, *own[["span", "title", "under", "most"]].iloc[0])
        for _, own in drawn.groupby("name", sort=False)
    ]
    under = drawn["under"].map(lambda lines: lines[1:]).explode().dropna().unique()
    told = f" ({'; '.join(under)})" if len(under) else ""
    shapes = {
        "A hatched bar [p] covers the part of a year that stands over it.": drawn["part"].any(),
        "A line across a bar: the number, if the source printed one of its numbers twice.": (
            drawn["least"] < drawn["value"]
        ).any(),
    }
    chart = alt.vconcat(*panels, spacing=18)
    return _explained(chart, f"A bar by year for each kind of breach{told}", shapes)


def _explained(
    chart: alt.VConcatChart, description: str, shapes: dict[str, bool]
) -> alt.VConcatChart:
    """A chart that says what is to be seen in it, with notes on those `shapes` that it has."""
    notes = [note for note, drawn in shapes.items() if drawn]
    return chart.properties(description=description, usermeta={"notes": notes})


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
        title = alt.TitleParams(
            group, anchor="start", frame="group", color=INK, fontSize=14, offset=6
        )
        layers = lines + points + arrows.encode(x=value) + said
        panels.append(layers.properties(width=470, height=alt.Step(66), title=title))
    chart = alt.vconcat(*panels, spacing=16)
    arrow = "An arrow is a lower bound, printed as “at least”: no fall can be read from it."
    bounds = frame["lower"].isna().any()
    return _explained(chart, "A point with its interval for each figure", {arrow: bounds})


def rates(frame: pd.DataFrame) -> alt.LayerChart:
    """A dot for the rate of each area, in the order of `frame`, with its interval where it has one.

    Columns: area (name), shown (the rate per 100,000), lower, upper (missing for a printed rate),
    label (the rate in words).
    """
    drawn = frame[["area", "shown", "lower", "upper", "label"]]
    base = alt.Chart(drawn.astype({"shown": "float"}).round(1))
    base = base.encode(y=alt.Y("area:N", sort=None, title=None))
    x = alt.X("shown:Q", title="Per 100,000 people aged 10 and over", scale=alt.Scale(zero=True))
    spans = base.transform_filter("isValid(datum.lower)").mark_rule(strokeWidth=3)
    dots = base.mark_point(filled=True, size=50).encode(x=x)  # so that the interval is seen
    texts = base.mark_text(dy=-14, fontSize=15).encode(x=x, text="label:N")
    chart = spans.encode(x=alt.X("lower:Q", title=None), x2="upper:Q") + dots + texts
    seen = "A dot with its interval for each area"
    return chart.properties(height=alt.Step(46), description=seen)


def beside(frame: pd.DataFrame, target: float, target_text: str) -> alt.LayerChart:
    """Rates of areas on one date as dots with their intervals, and a line at `target`.

    One row for each area, in the order of `frame`. Columns: label, name, rate, lower, upper (95%),
    own (of the region: emphasised, and set apart) and doubted (entry of the ledger, or "").
    `target_text` is written on the line.
    """
    drawn = frame[["name", "label", "own"]].copy()
    for column in ("rate", "lower", "upper"):
        drawn[column] = frame[column].map(lambda value: round_half_up(value, 1))
    drawn["text"] = drawn["rate"].map("{:.1f}".format)
    drawn["label"] += (frame["doubted"] != "").map({True: " (in doubt)", False: ""})
    drawn["interval"] = [
        f"{low:.1f} to {high:.1f}" for low, high in zip(drawn["lower"], drawn["upper"], strict=True)
    ]
    names = drawn["label"].tolist()
    first = int(drawn["own"].sum())
    order = [*names[:first], " ", *names[first:]] if 0 < first < len(names) else names
    rows = alt.Y(
        "label:N",
        title=None,
        scale=alt.Scale(domain=order),
        axis=alt.Axis(labelLimit=215, domain=False),
    )
    title = "Per 100,000; the axis does not start at 0"
    x = alt.X(
        "rate:Q",
        title=title,
        axis=alt.Axis(tickCount=4, grid=False),
        scale=alt.Scale(zero=False),
    )
    base = alt.Chart(drawn).encode(
        y=rows,
        color=alt.condition("datum.own", alt.value(COLOURS[0]), alt.value("#757575")),
        tooltip=[
            alt.Tooltip("name:N", title="Area"),
            alt.Tooltip("text:N", title="Rate"),
            alt.Tooltip("interval:N", title="95% interval"),
        ],
    )
    low = alt.X("lower:Q", title=title)
    intervals = base.mark_rule(strokeWidth=3).encode(x=low, x2="upper:Q")
    dots = base.mark_point(filled=True).encode(
        x=x,
        size=alt.condition("datum.own", alt.value(70), alt.value(35)),
        shape=alt.condition("datum.own", alt.value("diamond"), alt.value("circle")),
    )
    values = base.mark_text(align="left", dx=10).encode(
        x=alt.value(alt.ExprRef("width")), text="text:N", color=alt.value(INK)
    )
    at = alt.Chart(pd.DataFrame({"rate": [round(target, 1)], "text": [target_text]})).encode(x=x)
    line = at.mark_rule(color=COLOURS[3], strokeWidth=2)
    name = at.mark_text(dy=-10).encode(y=alt.value(0), text="text:N")
    chart = alt.layer(line, intervals, dots, values, name)
    own = [f"{row.label} {row.text}" for row in drawn[drawn["own"]].itertuples()]
    seen = (
        "; ".join(["One dot with its interval for each police area", *own])
        + f"; all from {drawn['rate'].min()} to {drawn['rate'].max()}; a line, {target_text}."
    )
    return chart.properties(width=_WIDE, height=alt.Step(25), description=seen)


def waffle(count: int, marked: int, whole: int, mark: str) -> alt.VConcatChart:
    """`count` squares, the first `marked` of them filled, above all `whole` at their true share.

    Every square is one thing counted; `mark` says what the filled ones are.
    """
    others = f"Outlined: {count - marked:,} others."
    words = [f"Filled: {marked:,} {mark}.", others] if marked else ""
    rows, far_rows = -(-count // 20), -(-whole // 100)
    near = alt.layer(
        _squares(count, 20, rows).mark_rect(fillOpacity=0, stroke=COLOURS[0], strokeWidth=1.5),
        _squares(marked, 20, rows).mark_rect(color=COLOURS[0]),
    ).properties(name="squares", width=440, height=22 * rows, title=_above(words))
    # One field with lines across it: thousands of single squares would make a page heavy.
    field = pd.DataFrame(
        {"right": [100, whole % 100], "top": [0, whole // 100], "bottom": [whole // 100, far_rows]}
    ).assign(left=0)
    x, y = _place("x", 100), _place("y", far_rows, reverse=True)
    lines = {"color": "white", "strokeWidth": 1}
    far = alt.layer(
        alt.Chart(field)
        .mark_rect(color="#cfd3d6", stroke="#757575")
        .encode(x=x | {"field": "left"}, x2="right:Q", y=y | {"field": "top"}, y2="bottom:Q"),
        _squares(count, 100, far_rows).mark_rect(color=COLOURS[0]),
        alt.Chart(alt.sequence(1, 100, as_="x")).mark_rule(**lines).encode(x=x),
        alt.Chart(alt.sequence(1, far_rows, as_="y")).mark_rule(**lines).encode(y=y),
    ).properties(
        name="squares_of_all",
        width=600,
        height=6 * far_rows,
        title=_above(f"{count:,} of all {whole:,} registered"),
    )
    chart = alt.vconcat(near, far, spacing=24).resolve_scale(x="independent", y="independent")
    seen = f"A square for each person{f', filled if {mark}' * bool(marked)}, above a field of all "
    seen += f"squares in which they take up {percent(100 * count / whole)}"
    return chart.properties(description=seen)


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


def _above(words: str | list[str]) -> alt.TitleParams:
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
            # Dark on the two lighter colours, in the dark theme too, where the ink is light.
            color=alt.condition("datum.position % 2", alt.value("#121212"), alt.value("white")),
        )
    )
    total = (
        alt.Chart(pd.DataFrame({"line": [0]}))
        .mark_text(align="left", baseline="middle", fontSize=16, fontWeight="bold", color=INK)
        .encode(text=alt.value(alt.ExprRef("sentence")), x=alt.value(0))
        .properties(height=24)
    )
    bars = alt.layer(bars, labels).properties(width=500, height=alt.Step(48))
    chart = alt.vconcat(total, bars).add_params(*controls, *steps, sentence)
    seen = "Two bars of a hundred percent, people and visits due, divided by risk tier"
    return chart.properties(description=seen)


def on_days(frame: pd.DataFrame, areas: Iterable[str]) -> alt.LayerChart:
    """Numbers of single days, a row for each of the `areas` that has one, and no line between them.

    Columns: area (name), as_at, value with its qualifier and status, which stands under its ring or
    over it where the one before is near, and where they are known definition (what was counted) and
    letter (in the ring).
    """
    place = {area: position for position, area in enumerate(areas)}
    frame = frame.assign(place=frame["area"].map(place)).sort_values(["place", "as_at"])
    span = frame["as_at"].max() - frame["as_at"].min()
    apart = ~(frame.groupby("place")["as_at"].diff() < 0.1 * span)
    drawn = frame[["area", "value", *sorted({"letter", "definition"} & {*frame})]].assign(
        date=frame["as_at"].dt.strftime("%Y-%m-%d"),
        lines=["\n".join(textwrap.wrap(area, 36)) for area in frame["area"]],
        label=[counted(row) for _, row in frame.iterrows()],
        over=apart.groupby(apart.cumsum()).cumcount() % 2 == 1,
    )
    years = "%Y" if span.days > 4 * 365 else "%b %Y"
    base = alt.Chart(drawn).encode(
        # In local time a reader's zone would move the points.
        x=alt.X(
            "date:T",
            title=None,
            axis=alt.Axis(format=years, tickCount=5),
            scale=alt.Scale(type="utc", padding=18),
        ),
        # Names above their rows: beside them, long ones would leave no room for the dates.
        y=alt.Y(
            "lines:N",
            sort=None,
            title=None,
            axis=alt.Axis(
                labelExpr=_BY_LINE,
                labelAlign="left",
                labelPadding=-4,
                labelOffset=-28,
                labelLimit=540,
                domain=False,
                ticks=False,
            ),
        ),
        tooltip=[
            alt.Tooltip(f"{name}:N", title=name.title())
            for name in ("area", "label", "date", "definition")
            if name in drawn
        ],
    )
    rings = base.mark_point(filled=False, size=330, strokeWidth=2)
    beside = alt.ExprRef("datum.over ? -21 : 21")
    layers = [rings, base.mark_text(dy=beside, fontWeight="bold").encode(text="label:N")]
    if "letter" in drawn:
        layers.insert(1, base.mark_text(baseline="middle", dy=1).encode(text="letter:N"))
    seen = "A ring with its number for each day, in a row for each area, and no line between them"
    return alt.layer(*layers).properties(width=540, height=alt.Step(70), description=seen)


def coverage(frame: pd.DataFrame) -> alt.LayerChart:
    """A square for each year with a figure and an upright bar for each break, by measure.

    The frame is what `coverage.timeline` returns.
    """
    drawn = frame[["name", "when", "end", "what", "is_break"]]
    # Names on two lines leave a phone room for the years, whatever font it has.
    drawn = drawn.assign(lines=["\n".join(textwrap.wrap(name, 16)) for name in drawn["name"]])
    base = alt.Chart(drawn).encode(
        x=alt.X(
            "end:Q",
            title="Financial year ending in",
            axis=alt.Axis(format="d", tickMinStep=1),
            scale=alt.Scale(zero=False, padding=12),
        ),
        y=alt.Y("lines:N", sort=None, title=None, axis=alt.Axis(labelExpr=_BY_LINE)),
        tooltip=[
            alt.Tooltip("name:N", title="Measure"),
            alt.Tooltip("when:N", title="year"),
            "what:N",
        ],
    )
    points = base.transform_filter("!datum.is_break").mark_square(size=90)
    ticks = base.transform_filter("datum.is_break")
    ticks = ticks.mark_tick(color=COLOURS[3], thickness=4, size=26)
    seen = "A row for each measure, with a square for each year of which a figure was found"
    return alt.layer(points, ticks).properties(height=alt.Step(34), description=seen)
