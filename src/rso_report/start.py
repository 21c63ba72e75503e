"""The tiles of the start page: five answers, each with its dates, sources and rows.

A tile quotes one series. What a tile says is decided by the modules of the mission (register,
missing, breaches, findings); here it is made short and put side by side.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd
from IPython.display import display

from rso_report import (
    breaches,
    findings,
    missing,
    periods,
    prose,
    register,
    sparks,
    statistics,
    tables,
)
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.findings import NOT_PUBLISHED
from rso_report.parameters import EditionParameters
from rso_report.prose import beside_first, counted, listed, number, on_date, signed, with_first
from rso_report.revisions import first_total
from rso_report.series import SeriesError
from rso_report.sparks import Spark

SMALLEST_BASE = 20  # no percentage is given of less


@dataclass(frozen=True)
class Entry:
    """One number of a tile: of whom, as at when, from which rows; or the words that say a gap.

    `value` is what is shown; a gap has neither date nor rows. `rows` are the identifiers of the
    rows of the number, `beside` those of the other numbers in `note` and of the chart; `sources`
    are source identifiers, `series` is the series that the number belongs to.
    """

    label: str
    value: str
    series: str
    when: str = ""
    note: str = ""
    rows: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    spark: Spark | None = None

    @property
    def all_rows(self) -> list[str]:
        """Every row that the entry quotes, once."""
        drawn = self.spark.rows if self.spark else ()
        return list(dict.fromkeys([*self.rows, *self.beside, *drawn]))

    @property
    def is_gap(self) -> bool:
        """Whether there is no number to show."""
        return not self.rows


@dataclass(frozen=True)
class Tile:
    """A heading, its answers, what they do not mean, and the page that says more."""

    tile_id: str
    heading: str
    entries: tuple[Entry, ...]
    caveat: str
    page: tuple[str, str]


def tiles(data: Tables, edition: Edition, parameters: EditionParameters) -> list[Tile]:
    """The tiles of the start page in their order.

    `data` needs areas, sources, registered_offenders, published_rates, population_districts,
    breaches, missing, visit_policy, risk_tiers and series_breaks.
    """
    return [
        community(data, edition),
        whereabouts_unknown(data, edition),
        recorded(data, edition),
        outcomes(data, edition),
        workload(data, edition, parameters),
    ]


def community(data: Tables, edition: Edition) -> Tile:
    """How many each force manages in the community, and how fast that grows."""
    counts = register.community(data, edition)
    rates = register.rates(data, edition)
    entries = [
        _count(data, edition, area, register.latest(counts, area), rates) for area in edition.forces
    ]
    entries.append(_region(edition, counts))
    dates = counts.loc[counts["area_id"].isin(edition.forces), "as_at"]
    country = counts[counts["area_id"] == "EW"]
    beside = country[country["as_at"] == dates.max()]
    row = beside.iloc[0] if len(beside) else register.latest(counts, "EW")
    entries.append(_count(data, edition, "EW", row, rates))
    return Tile(
        "tile-community",
        "Managed in the community, and how fast that grows",
        tuple(entries),
        "People in custody are left out. More people does not mean more offending: periods are "
        "long, many without end.",
        ("Regional trends", "regional-trends.ipynb"),
    )


def _count(
    data: Tables, edition: Edition, area: str, row: pd.Series | None, rates: pd.DataFrame
) -> Entry:
    name = edition.name(area)
    if row is None:
        return Entry(name, NOT_PUBLISHED, "STOCK_MAPPA")
    until = rates[rates["as_at"] <= row["as_at"]]
    own = register.comparable(until, area)
    grown = (
        len(own) > 1
        and own.iloc[-1]["count_row"] == row["row_id"]
        and own.iloc[[0, -1]]["count"].min() >= SMALLEST_BASE
    )
    note, rows, sources = "no earlier count to compare with", [], []
    if grown:
        note, rows, sources = _growth(until, own, area)
    return Entry(
        name,
        with_first(row),
        "STOCK_MAPPA",
        on_date(row),
        note,
        tuple(row["rows"].split("+")),
        tuple(rows),
        tuple(dict.fromkeys([row["source_id"], *sources])),
        _stock_spark(data, name, own) if grown else None,
    )


def _growth(rates: pd.DataFrame, own: pd.DataFrame, area: str) -> tuple[str, list[str], list[str]]:
    """The change of a count, in all and a year and beside the population's; its rows and sources.

    `own` are the comparable counts of the area in `rates`.
    """
    first, last = own.iloc[0], own.iloc[-1]
    years = last["as_at"].year - first["as_at"].year
    text = f"{signed(statistics.total_change(first['count'], last['count']))}% since "
    text += periods.day_label(first["as_at"])
    if years > 1:
        yearly = statistics.compound_growth(first["count"], last["count"], years)
        text += f", {signed(yearly)}% a year"
    used, rows = [first, last], []
    if split := register.growth_split(rates, area):
        *ends, count, residents = split
        text += (
            f"; {ends[0]['as_at'].year} to {ends[1]['as_at'].year}: {signed(count)}% "
            f"(residents aged 10+: {signed(residents)}%)"
        )
        used += ends
        rows = [end["population_row"] for end in ends]
    counts = [each["count_row"] for each in used]
    return text, counts + rows, [each["count_source"] for each in used]


def _stock_spark(data: Tables, name: str, own: pd.DataFrame) -> Spark:
    breaks = data.series_breaks
    days = breaks.loc[breaks["topic"] == "register", "date"]
    drawn = own.rename(columns={"count": "value"})
    said = "; ".join(
        f"{r.as_at.year} {beside_first(number(r.value), r.first_count)}" for r in drawn.itertuples()
    )
    return Spark(
        sparks.counts(drawn, days),
        f"{name}, 31 March of each year with a published count: {said}.",
        f"{own['as_at'].min().year} to {own['as_at'].max().year}",
        tuple(row for names in own["count_rows"] for row in names.split("+")),
    )


def _region(edition: Edition, counts: pd.DataFrame) -> Entry:
    """The sum of the forces on their newest date, or why there is none."""
    name = edition.name(edition.region_id)
    own = counts[counts["area_id"].isin(edition.forces)]
    if own.empty:
        return Entry(name, NOT_PUBLISHED, "STOCK_MAPPA")
    own = own[own["as_at"] == own["as_at"].max()]
    when = periods.day_label(own["as_at"].iloc[0])
    if absent := register.missing_parts(counts, edition, own["as_at"].iloc[0]):
        names = listed(edition.name(force) for force in absent)
        why = f"no figure for {names} on {when} is published"
        return Entry(name, "no total", "STOCK_MAPPA", note=why)
    try:
        total = register.region_total(counts, edition, own["as_at"].iloc[0])
    except SeriesError:
        why = f"a force's figure on {when} is not an exact number"
        return Entry(name, "no total", "STOCK_MAPPA", note=why)
    return Entry(
        name,
        beside_first(number(total), first_total(own)),
        "STOCK_MAPPA",
        f"on {when}",
        "the sum of its forces",
        tuple(row for names in own["rows"] for row in names.split("+")),
        sources=tuple(dict.fromkeys(own["source_id"])),
    )


def whereabouts_unknown(data: Tables, edition: Edition) -> Tile:
    """How many were missing at the latest snapshot of each unit, newest first."""
    snaps = missing.snapshots(data, edition)
    kinds = edition.areas.set_index("area_id")["kind"]
    units = [unit for unit in edition.units if kinds[unit] != "group"]
    found = [row for unit in units if (row := register.latest(snaps, unit)) is not None]
    found.sort(key=lambda row: row["as_at"], reverse=True)
    entries = [_snapshot(edition, row) for row in found]
    covered = {
        part
        for unit in {row["area_id"] for row in found}
        for part in [unit, *str(edition.areas.set_index("area_id").at[unit, "coverage"]).split("|")]
    }
    entries += _gap(edition, covered, "MISSING_STOCK")
    return Tile(
        "tile-missing",
        "Missing at the latest snapshot",
        tuple(entries),
        "Missing: the force did not know where the person was on that date. It does not mean "
        "nearby. Dates are neither added nor joined by a line.",
        ("Missing offenders", "missing-offenders.ipynb"),
    )


def _snapshot(edition: Edition, row: pd.Series) -> Entry:
    """One snapshot with its definition; no chart, because definitions differ or are not stated."""
    return Entry(
        edition.name(row["area_id"]),
        counted(row),
        "MISSING_STOCK",
        on_date(row),
        "; ".join(findings.snapshot_notes(row)),
        tuple(row["row_id"].split("+")),
        tuple(row["rows"].replace("+", " ").split()),
        (row["source_id"],),
    )


def recorded(data: Tables, edition: Edition) -> Tile:
    """Breach offences recorded in the newest period, by force and family."""
    offences = breaches.recorded(data, edition)
    families = breaches.by_family(offences)
    entries = [
        _offences(edition, own.sort_values("period_end"))
        for _, own in families.groupby(["area_id", "family"], sort=False)
    ]
    entries += _gap(edition, set(offences["area_id"]), "BREACH_RECORDED")
    return Tile(
        "tile-recorded",
        "Breach offences recorded",
        tuple(entries),
        "An offence recorded is neither a person nor a conviction, and one person may have "
        "several. A part-year is not a fall.",
        ("Breaches", "breaches.ipynb"),
    )


def _offences(edition: Edition, own: pd.DataFrame) -> Entry:
    last = own.iloc[-1]
    name = f"{edition.name(last['area_id'])}, {breaches.FAMILIES[last['family']]}"
    shown, note = [last], ""
    complete = own[~own["part"]]
    if last["part"] and len(complete):
        shown.append(complete.iloc[-1])
        before = beside_first(number(shown[-1]["value"]), shown[-1]["first_value"])
        note = f"{before} in {shown[-1]['period']}, the last complete year"
    return Entry(
        name,
        findings.recorded_words(last["value"], last["first_value"], last["part"]),
        "BREACH_RECORDED",
        f"in {last['period']}",
        note,
        tuple(last["rows"].split("+")),
        tuple(row for each in shown[1:] for row in each["rows"].split("+")),
        tuple(dict.fromkeys(each["source_id"] for each in shown)),
        _flow_spark(name, own, "offences recorded"),
    )


def outcomes(data: Tables, edition: Edition) -> Tile:
    """Cautions or convictions for breach in the newest year of each force and the country."""
    found = breaches.outcomes(data, edition).assign(part=False)
    entries = []
    for area in [*edition.forces, "EW"]:
        own = found[found["area_id"] == area]
        if own.empty:
            continue
        row, name = own.iloc[-1], edition.name(area)
        entries.append(
            Entry(
                name,
                with_first(row),
                "BREACH_OUTCOME",
                f"in {row['period']}",
                "",
                tuple(row["rows"].split("+")),
                (),
                (row["source_id"],),
                _flow_spark(name, own[own["qualifier"] == "exact"], "cautions or convictions"),
            )
        )
    entries += _gap(edition, set(found["area_id"]), "BREACH_OUTCOME")
    return Tile(
        "tile-outcomes",
        "Cautions or convictions",
        tuple(entries),
        "Counted in the year a court or caution decided, among people in the community. Not "
        "comparable with offences recorded, nor a share of them.",
        ("Breaches", "breaches.ipynb"),
    )


def _flow_spark(name: str, own: pd.DataFrame, what: str) -> Spark | None:
    """Bars by financial year; None with fewer than two, or if a period is of another kind."""
    yearly = own["period"].tolist()
    plain = all(len(label) == len("2020-21") for label in yearly)
    if len(own) < 2 or not plain or len(set(yearly)) < len(own):
        return None
    said = "; ".join(
        f"{r.period} {beside_first(number(r.value), r.first_value)}"
        f"{' (part-year)' if r.part else ''}"
        for r in own.itertuples()
    )
    drawn = own.assign(year=own["period_start"].dt.year)
    return Spark(
        sparks.bars(drawn),
        f"{name}, {what} by financial year: {said}.",
        f"{yearly[0]} to {yearly[-1]}",
        tuple(row for each in own["rows"] for row in each.split("+")),
    )


def workload(data: Tables, edition: Edition, parameters: EditionParameters) -> Tile:
    """What minimum of visits would follow for one force: an illustration, and marked as one."""
    model = findings.illustration(data, edition, parameters)
    if model is None:
        why = "no count, or no policy known by then, to start from"
        entry = Entry("Illustration", NOT_PUBLISHED, "STOCK_MAPPA", note=why)
    else:
        people = beside_first(number(model["people"]), model["first_people"])
        entry = Entry(
            model["force"],
            f"{number(model['visits'])} visits a year",
            "STOCK_MAPPA",
            f"for the {people} people managed in the community {model['on_date']}",
            f"if the intervals of 2014 applied to an assumed risk mix ({parameters.tier_mix} "
            f"percent): {number(model['per_week'], 2)} a week for each of {parameters.officers} "
            f"officers. The mix is not published; the range is {number(model['fewest'])} to "
            f"{number(model['most'])}",
            tuple(dict.fromkeys([*model["people_rows"].split("+"), *model["rows"]])),
            sources=tuple(dict.fromkeys(model["sources"])),
        )
    return Tile(
        "tile-workload",
        "Workload: an illustration",
        (entry,),
        "Not a finding: this joins figures of different years. A visit that is due is not a visit "
        "that was made.",
        ("Home visits", "home-visits.ipynb"),
    )


def _gap(edition: Edition, covered: set[str], series_id: str) -> list[Entry]:
    """One entry that names the forces without a figure; none if there is no such force."""
    silent = [edition.name(force) for force in edition.forces if force not in covered]
    return [Entry(listed(silent), NOT_PUBLISHED, series_id)] if silent else []


def to_html(shown: Iterable[Tile], data: Tables) -> str:
    """The tiles as a list of HTML, each with its heading, entries, links and caveat."""
    items = "".join(_tile_html(tile, data) for tile in shown)
    return f'<div class="rso-start">\n<ul class="rso-tiles">\n{items}</ul>\n{_key(shown)}</div>'


def _key(shown: Iterable[Tile]) -> str:
    """What the small charts and the marks mean, as far as they occur."""
    entries = [entry for tile in shown for entry in tile.entries]
    words = [entry.spark.words for entry in entries if entry.spark]
    used = " ".join([*(f"{each.value} {each.when} {each.note}" for each in entries), *words])
    marks = ", ".join(f"{mark} {word}" for mark, word in tables.SYMBOLS.items() if mark in used)
    key = [f"Shorthand: {marks}."] if marks else []
    if any(entry.spark for entry in entries):
        key.append(
            "Small charts start at zero. Dots are published figures, joined only between "
            "consecutive years without a break; a dashed line is a break in the series; a hollow "
            "bar is a part-year. The years under a chart unfold the rows of all its figures."
        )
    return f'<p class="rso-key">{" ".join(key)}</p>\n' if key else ""


def _tile_html(tile: Tile, data: Tables) -> str:
    entries = "".join(map(_entry_html, tile.entries))
    sources = dict.fromkeys(s for entry in tile.entries for s in entry.sources)
    links = prose.source_links(data.sources, sources)
    source = f'<p class="rso-source">Source: {tables.source_html(links)}</p>\n' if links else ""
    more = tables.Link(tile.page[0], tile.page[1]).html()
    return (
        f'<li class="rso-tile" id="{tile.tile_id}">\n<h2>{escape(tile.heading)}</h2>\n'
        f'<ul class="rso-entries">\n{entries}</ul>\n'
        f'<p class="rso-caveat">{escape(tile.caveat)} More: {more}.</p>\n{source}</li>\n'
    )


def _entry_html(entry: Entry) -> str:
    kind = "rso-entry rso-gap" if entry.is_gap else "rso-entry"
    spark = ""
    if entry.spark:
        spark = (
            f'<div class="rso-spark">{entry.spark.svg()}<details><summary>{entry.spark.span}'
            '<span class="visually-hidden">, all rows</span></summary>'
            f"{_rows_html(entry.all_rows)}</details></div>"
        )
    # The digits apart from their qualifier, so that the page can make them large.
    number_ = re.sub(r"\d[\d,]*", r"<span>\g<0></span>", escape(entry.value), count=1)
    after = [escape(part) for part in (entry.when, entry.note) if part]
    if entry.rows:
        # With a chart, the rows of everything unfold under it.
        names = entry.rows if entry.spark else entry.all_rows
        word = "row" if len(names) == 1 else "rows"
        after[0] += f', <span class="rso-rows">{word} {_rows_html(names)}</span>'
    detail = f'<span class="rso-detail">{"; ".join(after)}</span>' if after else ""
    return (
        f'<li class="{kind}"><span class="rso-label">{escape(entry.label)}</span> '
        f'<strong class="rso-number">{number_}</strong> {spark}{detail}</li>\n'
    )


def _rows_html(names: Iterable[str]) -> str:
    return " ".join(tables.Link(label, href).html() for label, href in prose.row_links(names))


def to_text(shown: Iterable[Tile]) -> str:
    """The tiles as plain text: a line for each heading, entry and caveat."""
    lines = []
    for tile in shown:
        lines.append(tile.heading)
        for entry in tile.entries:
            parts = [entry.when, entry.note, " ".join(entry.all_rows)]
            beyond = "; ".join(part for part in parts if part)
            lines.append(f"- {entry.label}: {entry.value}{f' ({beyond})' if beyond else ''}")
        lines.append(tile.caveat)
    return "\n".join(lines)


def show(shown: list[Tile], data: Tables) -> None:
    """Show the tiles as the output of a notebook cell: HTML, and plain text where there is none."""
    display({"text/html": to_html(shown, data), "text/plain": to_text(shown)}, raw=True)
