"""Breaches in sentences, with a link to each source: offences recorded, and their outcomes.

`breaches` computes what is said here. A `row` of its `by_family` is a tuple of `itertuples`.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from rso_report import breaches, prose, tables
from rso_report.comparable import breaks_between
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    NOT_FOUND,
    beside_first,
    cite,
    cited,
    interval,
    listed,
    number,
    on_date,
    signed,
    times_words,
    with_age,
    with_first,
)
from rso_report.revisions import current, first_total

YEARS_INFERRED = "the years are inferred, for the source does not say which kind of year they are"


def offences(data: Tables, edition: Edition) -> list[str]:
    """6. How many notification, SHPO and SRO offences were recorded, by title.

    The last complete year first; a part-year after it, then earlier years. `data` needs
    series_breaks.
    """
    recorded = breaches.recorded(data, edition)
    if recorded.empty:
        return [f"Recorded breach offences: {NOT_FOUND} for the forces of the region."]
    bullets = []
    for _, own in breaches.by_family(recorded).groupby(breaches.SERIES, sort=False):
        *earlier, last = own.sort_values("period_start").itertuples()
        lead = last_complete([*earlier, last])
        said = [with_age(f"{recorded_words(lead)} in {lead.period}", lead.period_end, edition)]
        if last is not lead:
            said.append(part_year_words(last, lead, data.series_breaks))
        if others := [f"{r.period} {recorded_words(r)}" for r in earlier if r is not lead]:
            said.append(f"before: {', '.join(others)}")
        if absent := breaches.without_figure(own):
            said.append(f"no figure found for {listed(absent)}")
        if own["inferred"].any():
            said.append(YEARS_INFERRED)
        name = series_name(data, edition, lead)
        cites = cite(data, *own.itertuples())
        bullets.append(f"- **{name}**, offences recorded: {'; '.join(said)} {cites}")
    return bullets


def series_name(data: Tables, edition: Edition, row: NamedTuple) -> str:
    """Force and family of a row of `breaches.by_family`; its reply where there are several."""
    name = f"{edition.name(row.area_id)}, {breaches.FAMILIES[row.family]}"
    return f"{name}, by {prose.source_label(data.sources, row.reply)}" if row.reply else name


def last_complete(rows: list[NamedTuple]) -> NamedTuple:
    """The last row, in order of time, that is not of a part-year; the last of all without one."""
    return next((row for row in reversed(rows) if not row.part), rows[-1])


def count_words(row: NamedTuple) -> str:
    """Recorded offences of a row with their marks: `286 [p]`, `268 [r] (260 at first)`."""
    return beside_first(f"{number(row.value)}{' [p]' if row.part else ''}", row.first_value)


def recorded_words(row: NamedTuple) -> str:
    """`count_words` with the doubt: `85 [p] (it holds 41 and 41 under two titles: …)`."""
    return count_words(row) + in_brackets(row)


def in_brackets(row: NamedTuple) -> str:
    """`repeated_words` of a row after a blank and in brackets; "" where no number is repeated."""
    return f" ({repeated_words(row)})" if row.repeated else ""


def repeated_words(row: NamedTuple) -> str:
    """What equal numbers under several titles may mean for the sum of a row of `by_family`."""
    titles = prose.plural(row.repeated.count(" and ") + 1, "title")
    return (
        f"it holds {row.repeated} under {titles}: {number(row.least)} if that is one number "
        "printed more than once"
    )


def part_year_words(part: NamedTuple, complete: NamedTuple, breaks: pd.DataFrame) -> str:
    """A part-year in words, and whether it already exceeds the complete year before it.

    That is said only where no break lies between and where it holds without numbers that may be
    printed twice. `breaks` is `series_breaks`.
    """
    low, high = (
        (day - part.period_start).days + 1
        for day in (part.covered_to_earliest, part.covered_to_latest)
    )
    days = prose.plural(low, "day") if low == high else f"{low} to {high} days"
    words = f"{recorded_words(part)} in the {days} of {part.period} that the reply covers"
    span = complete.period_start, part.period_end
    cut = breaks_between(breaks, "BREACH_RECORDED", *span, part.family)
    sure = not (complete.part or complete.inferred)
    if cut.empty and sure and part.least > complete.value:
        words += f", already more than in all of {complete.period}"
    return words


def offences_and_people(data: Tables, edition: Edition) -> list[str]:
    """Orders of which more offences are recorded by title than people are under them.

    What speaks against reading a title as its order. `data` needs orders.
    """
    orders = current(edition.visible(data.orders))
    orders = orders[(orders["series_id"] == "ORDER_STOCK") & orders["area_id"].isin(edition.forces)]
    recorded = breaches.recorded(data, edition)
    titled = breaches.by_family(recorded)
    headed = breaches.by_family(recorded.assign(family=recorded["heading_family"]))
    texts = []
    for (area, order, day), people in orders.groupby(["area_id", "order_type", "as_at"]):
        by_title, by_heading = (
            each[(each["area_id"] == area) & (each["family"] == order)] for each in (titled, headed)
        )
        for row in by_title.itertuples():
            within = row.period_start <= day <= row.period_end
            if not within or row.value <= people["value"].sum():
                continue
            # What the other reading would make of it, where a heading disagrees.
            same = by_heading[["period", "first_source"]] == [row.period, row.first_source]
            more = by_heading[same.all(axis=1) & (by_heading["value"] > row.value)]
            texts.append(_odd_together(data, edition, row, people, list(more.itertuples())))
    return texts


def _odd_together(
    data: Tables,
    edition: Edition,
    row: NamedTuple,
    people: pd.DataFrame,
    by_heading: list[NamedTuple],
) -> str:
    """Offences of a family in a row, fewer people under its orders, and the other reading."""
    counted = beside_first(number(people["value"].sum()), first_total(people))
    odder = "".join(
        f" By heading the offences would be {recorded_words(other)}, which is odder."
        for other in by_heading
    )
    rows = [row.rows, *people["rows"], *(other.rows for other in by_heading)]
    return (
        f"{edition.name(row.area_id)} recorded {recorded_words(row)} offences in {row.period} "
        f"under titles of {breaches.FAMILIES[row.family]}, and counted {counted} people under such "
        f"orders {on_date(people.iloc[0])}. One person can have several offences, and the titles "
        "also name the orders that these replaced; still the numbers sit oddly together, "
        f"and offences of another kind may be among them.{odder} So the reading by "
        "title is not certain, and no rate of breaches per order is given "
        f"{cited(data.sources, [row.source_id, *people['source_id']], rows)}."
    )


def show_titles(
    data: Tables, edition: Edition, families: pd.DataFrame, family: str, what: str
) -> None:
    """Show the titles of a family for each force, and for each of its replies where they overlap.

    `families` are those of `breaches.by_family`; `what` completes "Recorded ..., police force".
    """
    chosen = families[families["family"] == family]
    for (area, reply, _), own in chosen.groupby(breaches.SERIES, sort=False):
        table = breaches.title_table(data, edition, area, family, reply)
        cells = table.iloc[:-1].drop(columns=["Total, printed", "Rows"])
        name = "-".join(filter(None, ["tab-titles", family, area, reply]))
        doubtful = own[own["repeated"] != ""]
        tables.show(
            table.assign(Rows=prose.rows(table["Rows"])),
            table_id=name.lower().replace("_", "-"),
            headline=title_headline(own),
            as_at="the year over each column",
            caption=f"Recorded {what}, {series_name(data, edition, own.iloc[0])}",
            source=prose.provenance(data, own["source_id"]),
            notes=[
                "Computed totals are sums of the cells; printed totals are the source's own. Where "
                "they differ, the cells are used and the ledger on the page data quality says why.",
                *["[x] under a year: no figure found for that title and year. It is not 0."]
                * bool(cells.eq("[x]").any(axis=None)),
                *(f"{row.period}: {repeated_words(row)}." for row in doubtful.itertuples()),
                *[f"{YEARS_INFERRED.capitalize()}."] * bool(own["inferred"].any()),
            ],
        )
    if chosen.empty:
        prose.say("No figure found for the forces of the region.")


def title_headline(own: pd.DataFrame) -> str:
    """The last complete year of a series: `268 offences recorded in 2020-21`; no sum of years.

    `own` are the rows of one series of `breaches.by_family`.
    """
    row = last_complete(list(own.sort_values("period_start").itertuples()))
    noun = "offence" if row.value == 1 else "offences"
    return f"{count_words(row)} {noun} recorded in {row.period}{in_brackets(row)}"


def recoded_titles(data: Tables, edition: Edition) -> list[str]:
    """Titles that drop to a printed 0 while others go on, and what that does not mean."""
    found = breaches.recoded_titles(breaches.recorded(data, edition))
    texts = []
    key = ["area_id", "first_source", "family", "period"]
    for (area, source, family, period), own in found.groupby(key, sort=False):
        before = "; ".join(listed(map(number, values)) for values in own["before"])
        merged = "it was" if len(own) == 1 else "they were"
        texts.append(
            f"{edition.name(area)}, {breaches.FAMILIES[family]}: "
            f"{prose.plural(len(own), 'title is', 'titles are')} printed as 0 from {period} on "
            f"(before: {before}), while other titles of the table hold "
            f"{number(own['others'].iloc[0])} from then on. Probably {merged} merged into another "
            "title; it does not mean that such breaches ended "
            f"{cited(data.sources, [source], [*own['rows'], own['others_rows'].iloc[0]])}."
        )
    return [" ".join(texts)] if texts else []  # one paragraph


def readings_headline(readings: pd.DataFrame, edition: Edition) -> str:
    """What each family comes to by title and by heading in the last complete year of each force.

    `readings` are from `breaches.both_readings`.
    """
    ending = " by title"
    columns = [c for c in breaches.reading_columns(readings) if c.endswith(ending)]
    said = []
    for (area, _), own in readings.groupby(["area_id", "first_source"], sort=False):
        complete = own[~own["part"].astype("bool")]
        row = (complete if len(complete) else own).iloc[-1]
        families = "; ".join(_both_readings(row, name.removesuffix(ending)) for name in columns)
        said.append(f"{edition.name(area)} in {row['period']}, {families}")
    return f"The two readings differ: {'. '.join(said)}"


def _both_readings(row: pd.Series, family: str) -> str:
    """`SHPO 50 by title, 41 by heading`, without a reading that the row has no number for."""
    said = (
        f"{beside_first(number(row[f'{family} {way}']), row[f'first {family} {way}'])} {way}"
        for way in ("by title", "by heading")
        if pd.notna(row[f"{family} {way}"])
    )
    return f"{family} {', '.join(said)}"


def breach_trend(data: Tables, edition: Edition, run: pd.DataFrame) -> str:
    """The fitted change over one of `breaches.runs` in a sentence; "" where no model is fitted."""
    fit = breaches.run_trend(run)
    if fit is None:
        return ""
    change = fit.change
    unsure = change.lower <= 0 <= change.upper
    return (
        f"{series_name(data, edition, run.iloc[-1])}, {years_of_run(run)}: the fitted change is "
        f"{signed(change.value)}% a year ({signed(change.lower)} to {signed(change.upper)}%)"
        f"{': no rise or fall is established' if unsure else ''} "
        f"{cited(data.sources, run['source_id'], run['row_id'])}."
    )


def years_of_run(run: pd.DataFrame) -> str:
    """`2017-18 to 2020-21`, and which years between have no figure."""
    labels = run["period"].tolist()
    words = labels[0] if len(run) == 1 else f"{labels[0]} to {labels[-1]}"
    absent = breaches.without_figure(run)
    return f"{words}, without {listed(absent)}" if absent else words


def trends_headline(runs: Iterable[pd.DataFrame]) -> str:
    """For how many series a rise or fall is established, or why no model is fitted."""
    fits = [fit for run in runs if (fit := breaches.run_trend(run))]
    if not fits:
        return (
            "No change a year is fitted: that takes five complete years with no break in the family"
        )
    clear = sum(not fit.change.lower <= 0 <= fit.change.upper for fit in fits)
    return (
        f"A rise or fall is established for {number(clear)} of {number(len(fits))} series with "
        "five complete years with no break in the family"
    )


def outcomes(data: Tables, edition: Edition) -> list[str]:
    """7. How many cautions or convictions, each force beside the country in the same year.

    `not_comparable` says what they are not.
    """
    found = breaches.outcomes(data, edition)
    bullets, beside = [], False
    for area in edition.forces:
        own = found[found["area_id"] == area]
        if own.empty:
            continue
        row = (own if own["inferred"].all() else own[~own["inferred"]]).iloc[-1]
        words = with_age(outcome_words(row), row["period_end"], edition)
        used = [row]
        if pair := breaches.same_year(found, area, "EW"):
            beside = True
            words += _against_country(row, *pair)
            used += [each for each in pair if each["row_id"] != row["row_id"]]
        year = f"{row['period']} (year inferred)" if row["inferred"] else row["period"]
        bullets.append(f"- **{edition.name(area)}**, {year}: {words} {_cite_rated(data, used)}")
    country = found[(found["area_id"] == "EW") & ~found["inferred"]]
    if not bullets and country.empty:
        return [f"Cautions or convictions: {NOT_FOUND} for the region."]
    bullets = bullets or [f"- {edition.name(edition.region_id)}: {NOT_FOUND}"]
    if len(country) and not beside:
        row = country.iloc[-1]
        words = f"{row['period']}: {outcome_words(row)} {_cite_rated(data, [row])}"
        bullets.append(f"- **{edition.name('EW')}**, {words}")
    return bullets


def outcome_words(row: pd.Series) -> str:
    """Outcomes with the unit as printed, and their rate: `16 (printed as “offenders”), 11.4 …`."""
    words = f"{with_first(row)} (printed as “{row['unit_as_printed']}”)"
    if pd.isna(row["per_1000"]):
        return words
    return f"{words}, {outcome_rate(row)} per 1,000 RSOs in the community"


def outcome_rate(row: pd.Series) -> str:
    """`11.4 (6.5 to 18.5)`, and of a lower bound `at least 25.5`, without an interval."""
    rate = number(row["per_1000"], 1)
    if row["qualifier"] == "at_least":
        return f"at least {rate}"
    return f"{rate} ({interval(row['lower'], row['upper'])})"


def _against_country(latest: pd.Series, own: pd.Series, country: pd.Series) -> str:
    """A force's outcome rate beside that of the country in the newest year that both have."""
    words = f"; England and Wales in the same year {outcome_words(country)}"
    if own["row_id"] != latest["row_id"]:
        words = (
            f"; in {own['period']}, the latest year that both have, {outcome_words(own)}, and "
            f"England and Wales {outcome_words(country)}"
        )
    if ratio := breaches.rate_ratio(own, country):
        words += f"; the force's rate was {times_words(own, country, ratio, 'that')}"
    return words


def _cite_rated(data: Tables, used: Sequence[pd.Series]) -> str:
    """Links to sources and rows of outcomes and of the counts under their rates."""
    rated = [row for row in used if pd.notna(row["stock_row"])]
    sources = [row["source_id"] for row in used] + [row["stock_source"] for row in rated]
    rows = [row["rows"] for row in used] + [row["stock_row"] for row in rated]
    return cited(data.sources, sources, rows)


def outcome_ratios(data: Tables, edition: Edition) -> list[str]:
    """Ratio of the outcome rates of two forces in the latest year that they share."""
    found = breaches.outcomes(data, edition)
    texts = []
    for first, second in combinations(edition.forces, 2):
        pair = breaches.same_year(found, first, second)
        ratio = breaches.rate_ratio(*pair) if pair else None
        if ratio is None:
            continue
        clear = "no clear" if ratio.lower <= 1 <= ratio.upper else "a clear"
        texts.append(
            f"In {pair[0]['period']} the rate of {edition.name(first)} was "
            f"{times_words(*pair, ratio, f'that of {edition.name(second)}')}: {clear} difference "
            f"{_cite_rated(data, pair)}."
        )
    return texts


def not_comparable() -> str:
    """Why cautions or convictions and recorded offences are never divided by each other."""
    return (
        "Cautions or convictions do not compare with recorded offences. An outcome counts people "
        "or occasions dealt with by caution or conviction, in the year of disposal, among RSOs "
        "managed in the community. A recorded offence counts each offence, in the year of "
        "recording, whatever became of it. One person may have several offences, and courts take "
        "time. Neither number is a share of the other."
    )
