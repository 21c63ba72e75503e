"""The tiles of the start page: five answers, each with its dates, sources and rows.

A tile quotes one series. What a tile says is decided by the modules of the mission (register,
missing, breaches) and their words; here it is made short and put side by side.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd
from IPython.display import display

from rso_report import (
    breach_words,
    breaches,
    findings,
    home_visits,
    missing,
    missing_words,
    periods,
    prose,
    register,
    sparks,
    statistics,
    tables,
)
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    NOT_FOUND,
    aged,
    beside_first,
    counted,
    listed,
    number,
    on_date,
    signed,
    with_first,
)
from rso_report.revisions import first_total
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


def tiles(data: Tables, edition: Edition) -> list[Tile]:
    """The tiles of the start page in their order.

    `data` needs areas, sources, registered_offenders, published_rates, population_districts,
    breaches, missing, staffing and series_breaks.
    """
    return [
        community(data, edition),
        whereabouts_unknown(data, edition),
        recorded(data, edition),
        outcomes(data, edition),
        visits_overdue(data, edition),
    ]


def community(data: Tables, edition: Edition) -> Tile:
    """How many each force manages in the community, and how fast that grows."""
    counts = register.community(data, edition)
    rates = register.rates(data, edition)
    entries = [
        _count(data, edition, area, register.latest(counts, area), rates) for area in edition.forces
    ]
    entries.append(_region(edition, counts))
    entries.append(_country(data, edition, counts))
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
        return Entry(name, NOT_FOUND, "STOCK_MAPPA")
    own = register.comparable(rates[rates["as_at"] <= row["as_at"]], data.series_breaks, area)
    grown = (
        len(own) > 1
        and own.iloc[-1]["count_row"] == row["row_id"]
        and own.iloc[[0, -1]]["count"].min() >= SMALLEST_BASE
    )
    note, rows, sources = "no comparable count before it", [], []
    if grown:
        note, rows, sources = _growth(data, rates, own, area)
    return Entry(
        name,
        with_first(row),
        "STOCK_MAPPA",
        aged(edition, row),
        note,
        tuple(row["rows"].split("+")),
        tuple(rows),
        tuple(dict.fromkeys([row["source_id"], *sources])),
        _stock_spark(data, name, own) if grown else None,
    )


def _growth(
    data: Tables, rates: pd.DataFrame, own: pd.DataFrame, area: str
) -> tuple[str, list[str], list[str]]:
    """The change of a count, of the population and of England and Wales over the same dates.

    `own` are the comparable counts of the area in `rates`. Also the rows and the sources.
    """
    first, last = own.iloc[0], own.iloc[-1]
    text = f"{signed(statistics.total_change(first['count'], last['count']))}% since "
    text += periods.day_label(first["as_at"])
    used, rows, beside = [first, last], [], []
    split = register.growth_split(rates, data.series_breaks, area)
    if split and (split[0]["as_at"], split[1]["as_at"]) == (first["as_at"], last["as_at"]):
        beside.append(f"residents aged 10+: {signed(split[3])}%")
        rows += [end["population_row"] for end in split[:2]]
    if len(both := findings.country_between(rates, own)) == 2:
        beside.append(f"England and Wales: {findings.country_change(both)}")
        used += [row for _, row in both.iterrows()]
        rows += [row for names in both["count_rows"] for row in names.split("+")]
    text += f" ({'; '.join(beside)})" if beside else ""
    entries = findings.doubts(data, own)
    text += f"; counts in between are in doubt ({', '.join(entries)})" if entries else ""
    return text, [each["count_row"] for each in used] + rows, [u["count_source"] for u in used]


def _country(data: Tables, edition: Edition, counts: pd.DataFrame) -> Entry:
    """England and Wales at the newest date of the forces, or its own newest if that is old."""
    name = edition.name("EW")
    newest = register.latest(counts, "EW")
    if newest is None:
        return Entry(name, NOT_FOUND, "STOCK_MAPPA")
    dates = counts.loc[counts["area_id"].isin(edition.forces), "as_at"]
    beside = counts[(counts["area_id"] == "EW") & (counts["as_at"] == dates.max())]
    row = newest
    if len(beside) and not periods.age_words(dates.max(), edition.year.end):
        row = beside.iloc[0]
    other = newest if row is not newest else beside.iloc[0] if len(beside) else newest
    note, more = "", ()
    if other["row_id"] != row["row_id"]:
        note, more = f"{with_first(other)} {on_date(other)}", tuple(other["rows"].split("+"))
    return Entry(
        name,
        with_first(row),
        "STOCK_MAPPA",
        aged(edition, row),
        note,
        tuple(row["rows"].split("+")),
        more,
        tuple(dict.fromkeys([row["source_id"], other["source_id"]])),
    )


def _stock_spark(data: Tables, name: str, own: pd.DataFrame) -> Spark:
    breaks = data.series_breaks
    days = breaks.loc[breaks["cuts"].str.contains("STOCK_MAPPA"), "date"]
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
    found = register.region(counts, edition)
    if found is None:
        return Entry(name, NOT_FOUND, "STOCK_MAPPA")
    when = f"on {periods.day_label(found.as_at)}"
    if found.total is None:
        why = f"{when}: {findings.why_no_total(edition, found)}"
        return Entry(name, "no total", "STOCK_MAPPA", note=why)
    return Entry(
        name,
        beside_first(number(found.total), first_total(found.parts)),
        "STOCK_MAPPA",
        when,
        "the sum of its forces",
        tuple(row for names in found.parts["rows"] for row in names.split("+")),
        sources=tuple(dict.fromkeys(found.parts["source_id"])),
    )


def whereabouts_unknown(data: Tables, edition: Edition) -> Tile:
    """How many were missing at the latest snapshot of each unit, newest first."""
    snaps = missing.snapshots(data, edition)
    found = sorted(missing.latest(snaps, edition), key=lambda row: row["as_at"], reverse=True)
    entries = [_snapshot(edition, row) for row in found]
    covered = missing.covered(edition, [row["area_id"] for row in found])
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
        "; ".join(missing_words.snapshot_notes(row)),
        tuple(row["row_id"].split("+")),
        tuple(row["rows"].replace("+", " ").split()),
        (row["source_id"],),
    )


def recorded(data: Tables, edition: Edition) -> Tile:
    """Breach offences recorded in the last complete year, by force and family."""
    offences = breaches.recorded(data, edition)
    families = breaches.by_family(offences)
    entries = [
        _offences(data, edition, own.sort_values("period_end"))
        for _, own in families.groupby(breaches.SERIES, sort=False)
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


def _offences(data: Tables, edition: Edition, own: pd.DataFrame) -> Entry:
    """The last complete year of a series, and in its note the part-year that follows."""
    rows = list(own.itertuples())
    lead, last = breach_words.last_complete(rows), rows[-1]
    name = breach_words.series_name(data, edition, lead)
    notes = [
        breach_words.repeated_words(lead) if lead.repeated else "",
        breach_words.YEARS_INFERRED if lead.inferred else "",
        periods.age_words(lead.period_end, edition.year.end),
    ]
    if last is not lead:
        notes.append(breach_words.part_year_words(last, lead, data.series_breaks))
    shown = [lead, *([last] if last is not lead else [])]
    return Entry(
        name,
        breach_words.count_words(lead),
        "BREACH_RECORDED",
        f"in {lead.period}",
        "; ".join(filter(None, notes)),
        tuple(lead.rows.split("+")),
        tuple(row for each in shown[1:] for row in each.rows.split("+")),
        tuple(dict.fromkeys(each.source_id for each in shown)),
        _flow_spark(name, own, "offences recorded"),
    )


def outcomes(data: Tables, edition: Edition) -> Tile:
    """Cautions or convictions for breach: of each force, and of the country in their newest year.

    A figure whose year is inferred stands only where there is no other.
    """
    found = breaches.outcomes(data, edition).assign(part=False, repeated="")
    entries, years = [], set()
    for area in [*edition.forces, "EW"]:
        own = found[found["area_id"] == area]
        own = own[~own["inferred"]] if not own["inferred"].all() else own
        if own.empty:
            continue
        shared = own[own["period_end"].isin(years)] if area == "EW" else own
        row, name = (shared if len(shared) else own).iloc[-1], edition.name(area)
        years.add(row["period_end"])
        # Each force's year stands beside the country in that year.
        same = (found["area_id"] == "EW") & (found["period_end"] == row["period_end"])
        beside = found[same & ~found["inferred"]] if area != "EW" else found[:0]
        country = beside.iloc[0] if len(beside) else None
        notes = [
            "" if country is None else f"{edition.name('EW')} in that year {with_first(country)}",
            f"printed as “{row['unit_as_printed']}”",
            "the year is inferred" if row["inferred"] else "",
            periods.age_words(row["period_end"], edition.year.end),
        ]
        entries.append(
            Entry(
                name,
                with_first(row),
                "BREACH_OUTCOME",
                f"in {row['period']}",
                "; ".join(filter(None, notes)),
                tuple(row["rows"].split("+")),
                () if country is None else tuple(country["rows"].split("+")),
                (row["source_id"], *([] if country is None else [country["source_id"]])),
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
        f"{breach_words.in_brackets(r)}"
        for r in own.itertuples()
    )
    if absent := breaches.without_figure(own):
        said += f"; no figure found for {listed(absent)}"
    drawn = own.assign(year=own["period_start"].dt.year)
    return Spark(
        sparks.bars(drawn),
        f"{name}, {what} by financial year: {said}.",
        f"{yearly[0]} to {yearly[-1]}",
        tuple(row for each in own["rows"] for row in each.split("+")),
    )


def visits_overdue(data: Tables, edition: Edition) -> Tile:
    """Visits reported overdue, each with its age and the remark that belongs to it."""
    found = home_visits.overdue(data, edition)
    entries = [
        Entry(
            edition.name(row["area_id"]),
            with_first(row),
            "VISITS_OVERDUE",
            aged(edition, row),
            row["note"],
            tuple(row["rows"].split("+")),
            sources=(row["source_id"],),
        )
        for _, row in found.iterrows()
    ]
    entries += _gap(edition, set(found["area_id"]), "VISITS_OVERDUE")
    return Tile(
        "tile-visits",
        "Home visits reported overdue",
        tuple(entries),
        "What inspectors or forces said on one day, in different years and words: not comparable. "
        "How many visits were due or made is not in these figures.",
        ("Home visits", "home-visits.ipynb"),
    )


def _gap(edition: Edition, covered: set[str], series_id: str) -> list[Entry]:
    """One entry that names the forces without a figure; none if there is no such force."""
    silent = edition.absent(covered)
    return [Entry(listed(silent), NOT_FOUND, series_id)] if silent else []


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
