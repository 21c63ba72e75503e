"""Breaches in sentences, with a link to each source: offences recorded, and their outcomes.

`breaches` computes what is said here. A `row` of its `by_family` is a tuple of `itertuples`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from rso_report import breaches, comparable, periods, prose
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
    with_age,
    with_first,
)
from rso_report.revisions import current, first_total


def offences(data: Tables, edition: Edition) -> list[str]:
    """6. How many notification, SHPO and SRO offences were recorded, by title.

    For each force the last complete year, then the part-year that follows. `data` needs
    series_breaks.
    """
    families = breaches.by_family(breaches.recorded(data, edition))
    bullets = []
    for _, own in families.groupby(["area_id", "reply"], sort=False):
        series = [
            list(f.sort_values("period_start").itertuples()) for _, f in own.groupby("family")
        ]
        # A part-year stands in a sentence of its own, whatever came before it.
        leads = [row for rows in series if not (row := last_complete(rows)).part]
        said = []
        for end in sorted({row.period_end for row in leads}, reverse=True):
            same = [(row, _doubt(row)) for row in leads if row.period_end == end]
            when = with_age(f"in {same[0][0].period}", end, edition)
            said.append(f"recorded {_by_family(same, breaches.FAMILIES)} {when}")
        said += [prose.YEARS_INFERRED.capitalize()] * any(row.inferred for row in leads)
        force = series_name(data, edition, series[0][0], "**{}**")
        bullets += [f"- {force} {'. '.join(said)} {cite(data, *leads)}."] * bool(leads)
        part = [(rows[-1], last_complete(rows)) for rows in series if rows[-1].part]
        for days in dict.fromkeys(covered_days(row) for row, _ in part):
            same = [(row, lead) for row, lead in part if covered_days(row) == days]
            counted, named = [], []
            for row, lead in same:
                more = _exceeding(row, lead, data)
                counted.append((row, more + _doubt(row)))
                named += [row, lead] if more else [row]
            bullets.append(
                f"- {force}, {days}: {_by_family(counted, breaches.SHORT)} {cite(data, *named)}."
            )
    return bullets or [f"- Recorded breach offences: {NOT_FOUND} for {edition.the_forces}."]


def _by_family(counted: Iterable[tuple[NamedTuple, str]], names: Mapping[str, str]) -> str:
    """`268 breaches of notification requirements, 50 of SHPOs (doubt) and 49 of SROs`."""
    said, unit = [], {1: " breach"}
    for row, doubt in counted:
        noun = "" if said else unit.get(row.value, " breaches")
        said.append(f"{count_words(row)}{noun} of {names[row.family]}{doubt}")
    return listed(said)


def _doubt(row: NamedTuple) -> str:
    """` (44 if one number is printed twice)` of a row that repeats a number."""
    return f" ({number(row.least)} if one number is printed twice)" * bool(row.repeated)


def _exceeding(part: NamedTuple, complete: NamedTuple, data: Tables) -> str:
    more = breaches.exceeds(part, complete, data.series_breaks)
    return f" (already more than the {count_words(complete)} of {complete.period})" * more


def series_name(data: Tables, edition: Edition, row: NamedTuple, form: str = "{}, {}") -> str:
    """Force and family of a row of `breaches.by_family`; its reply where there are several."""
    name = form.format(edition.name(row.area_id), breaches.FAMILIES[row.family])
    return f"{name}, by {prose.source_label(data.sources, row.reply)}" if row.reply else name


def last_complete(rows: list[NamedTuple]) -> NamedTuple:
    """The last row, in order of time, that is not of a part-year; the last of all without one."""
    return next((row for row in reversed(rows) if not row.part), rows[-1])


def count_words(row: NamedTuple) -> str:
    """Recorded offences of a row: `286`, `268 [r] (260 at first)`."""
    return beside_first(number(row.value), row.first_value)


def year_words(row: NamedTuple) -> str:
    """The year of a row in a sentence: `2020-21`, `a part of 2021-22`."""
    return f"{'a part of ' * row.part}{row.period}"


def headline(edition: Edition, families: pd.DataFrame) -> str:
    """`West Midlands Police: 268 breaches of notification requirements in 2020-21`.

    Of the last complete year of the first series; "" where there is none.
    """
    if families.empty:
        return ""
    _, first = next(iter(families.groupby(breaches.SERIES, sort=False)))
    row = last_complete(list(first.sort_values("period_start").itertuples()))
    said = _by_family([(row, _doubt(row))], breaches.SHORT)
    return f"{edition.name(row.area_id)}: {said} in {year_words(row)}"


def by_year(data: Tables, edition: Edition, families: pd.DataFrame) -> pd.DataFrame:
    """The figures of `breaches.by_family` of one year each, with what a picture of them says.

    Adds name (of the series), title (the kind of breach), under (the force, and what breaks the
    series), span (the years to draw), scale (equal where bars are to be as tall for one number),
    label (what stands over a bar), remark (the doubt about it, "" without one) and source. `data`
    needs series_breaks.
    """
    parts = []
    merged = breaches.recoded_titles(breaches.recorded(data, edition))
    for (_, _, family), own in families[breaches.one_year(families)].groupby(
        breaches.SERIES, sort=False
    ):
        rows, kind = list(own.itertuples()), breaches.FAMILIES[family]
        name = series_name(data, edition, rows[0])
        under = [f"Break in the series {day}" for day in break_days(data.series_breaks, own)]
        here = merged[(merged["area_id"] == rows[0].area_id) & (merged["family"] == family)]
        here = here[here["first_source"].isin(own["first_source"])]
        under += [f"Titles probably merged from {year} on" for year in here["period"].unique()]
        shared = {
            "name": name,
            "title": kind[0].upper() + kind[1:],
            "under": [name.replace(f", {kind}", ""), *under],
            "span": breaches.full_span(own),
            "scale": "notification" if family == "NOTIFICATION" else "orders",
        }
        parts.append(
            own.assign(
                **{column: [value] * len(own) for column, value in shared.items()},
                label=[bar_label(row) for row in rows],
                remark=[repeated_words(row) if row.repeated else "" for row in rows],
                source=[
                    prose.source_label(data.sources, row.source_id, row.first_value) for row in rows
                ],
            )
        )
    added = ["name", "title", "under", "span", "scale", "label", "remark", "source"]
    return pd.concat(parts) if parts else families.iloc[:0].reindex(columns=[*families, *added])


def break_days(breaks: pd.DataFrame, own: pd.DataFrame) -> list[str]:
    """When breaks fall between figures of one family: `on 1 December 2020`, `in November 2022`."""
    family, span = own["family"].iloc[0], (own["period_start"].min(), own["period_end"].max())
    cuts = comparable.breaks_between(breaks, "BREACH_RECORDED", *span, family)
    return [periods.as_at_phrase(row.date, row.date_precision) for row in cuts.itertuples()]


def recorded_words(row: NamedTuple) -> str:
    """`count_words` with the doubt: `85 (it holds 41 and 41 under two titles: …)`."""
    return count_words(row) + (f" ({repeated_words(row)})" if row.repeated else "")


def repeated_words(row: NamedTuple) -> str:
    """What equal numbers under several titles may mean for the sum of a row of `by_family`."""
    titles = prose.plural(row.repeated.count(" and ") + 1, "title")
    return (
        f"it holds {row.repeated} under {titles}: {number(row.least)} if that is one number "
        "printed more than once"
    )


def title_notes(data: Tables, own: pd.DataFrame, titles: pd.DataFrame) -> list[str]:
    """What has to be said under a `breaches.title_table` of `own`, a series of `by_family`."""
    across = break_days(data.series_breaks, own)
    counts = titles.drop(columns=["Offence title", "rows"])
    total = "Total: the sum of the years shown" + ", one of them a part-year" * bool(
        own["part"].any()
    )
    total += f", across the break in the series {listed(across)}" * bool(across)
    said = {
        "In brackets: the total that the source prints, where it is another than the sum.": (
            counts.map(lambda cell: isinstance(cell, breaches.BesidePrinted)).any(axis=None)
        ),
        f"{total}. It only serves to check the total that the source prints.": "Total" in titles,
        "[x] under a year: no figure found for that title and year. It is not 0.": (
            counts.eq("[x]").any(axis=None)
        ),
        f"{prose.YEARS_INFERRED.capitalize()}.": own["inferred"].any(),
    }
    doubts = [f"{row.period}: {repeated_words(row)}." for row in own.itertuples() if row.repeated]
    return [note for note, holds in said.items() if holds] + doubts


def covered_days(part: NamedTuple) -> str:
    """`in the 328 to 348 days of 2021-22 that the reply covers`."""
    low, high = (
        (day - part.period_start).days + 1
        for day in (part.covered_to_earliest, part.covered_to_latest)
    )
    days = prose.plural(low, "day") if low == high else f"{low} to {high} days"
    return f"in the {days} of {part.period} that the reply covers"


def bar_label(row: NamedTuple) -> str:
    """What stands over a bar: `268`; of a part-year with its months, `85 [p] or 44` if doubted."""
    least = f" or {number(row.least)}" if row.repeated else ""
    if not row.part:
        return count_words(row) + least
    days = row.period_start, row.covered_to_earliest, row.covered_to_latest
    first, *last = (periods.MONTHS[day.month - 1][:3] for day in days)
    return f"{count_words(row)} [p]{least}\n{first} to\n{'/'.join(dict.fromkeys(last))}"


def part_year_words(part: NamedTuple, complete: NamedTuple, breaks: pd.DataFrame) -> str:
    """A part-year, its days, and whether it `breaches.exceeds` the complete year said before it."""
    more = ", already more"
    said = f"{recorded_words(part)} {covered_days(part)}"
    return said + more * breaches.exceeds(part, complete, breaks)


def headings(data: Tables, offences: pd.DataFrame) -> list[str]:
    """Which tables of a reply are headed by another order than their titles name.

    `offences` are from `breaches.recorded`.
    """
    other = offences["heading_family"] != offences["family"]
    odd = offences[other & (offences["heading_family"] != "")]
    texts = []
    for source, own in odd.drop_duplicates(["first_source", "table_as_printed"]).groupby(
        "first_source", sort=False
    ):
        said = listed(
            f"table {row.table_as_printed} is headed “{row.heading_as_printed}” and lists titles "
            f"of {breaches.FAMILIES[row.family]}"
            for row in own.itertuples()
        )
        texts.append(
            f"In the reply {cited(data.sources, [source])}, {said}. Each title names its own order "
            "and section of the Act, so this report classifies by title; no confirmation by the "
            "force was found."
        )
    return texts


def offences_and_people(data: Tables, edition: Edition) -> list[str]:
    """Orders of which more offences are recorded by title than people are under them.

    What speaks against reading a title as its order. `data` needs orders.
    """
    orders = current(edition.visible(data.orders))
    orders = orders[(orders["series_id"] == "ORDER_STOCK") & orders["area_id"].isin(edition.forces)]
    families = breaches.by_family(breaches.recorded(data, edition))
    texts = []
    for (area, order, day), people in orders.groupby(["area_id", "order_type", "as_at"]):
        own = families[(families["area_id"] == area) & (families["family"] == order)]
        own = own[(own["period_start"] <= day) & (day <= own["period_end"])]
        count = people["value"].sum()
        counted = beside_first(number(count), first_total(people))
        noun = "person" if count == 1 else "people"
        for row in own[own["value"] > people["value"].sum()].itertuples():
            sources, rows = [row.source_id, *people["source_id"]], [row.rows, *people["rows"]]
            texts.append(
                f"The reading by title is not certain: in {year_words(row)} {edition.name(area)} "
                f"recorded {recorded_words(row)} breaches of {breaches.FAMILIES[order]}, and "
                f"counted {counted} {noun} under such orders {on_date(people.iloc[0])}. One person "
                "can have several offences, and offences of another kind may be among them, so no "
                f"rate of breaches per order is given {cited(data.sources, sources, rows)}."
            )
    return texts


def recoded_titles(data: Tables, edition: Edition) -> list[str]:
    """Titles that drop to a printed 0 while others go on, and what that does not mean."""
    found = breaches.recoded_titles(breaches.recorded(data, edition))
    texts = []
    key = ["area_id", "first_source", "family", "period"]
    for (area, source, family, period), own in found.groupby(key, sort=False):
        before = "; ".join(listed(map(number, values)) for values in own["before"])
        texts.append(
            f"{edition.name(area)}, {breaches.FAMILIES[family]}: "
            f"{prose.plural(len(own), 'title is', 'titles are')} printed as 0 from {period} on "
            f"(before: {before}), while others of the table hold "
            f"{number(own['others'].iloc[0])} from then on. Probably they were merged: it does not "
            "mean that such breaches ended "
            f"{cited(data.sources, [source], [*own['rows'], own['others_rows'].iloc[0]])}."
        )
    return [" ".join(texts)] if texts else []  # one paragraph


def trends(data: Tables, edition: Edition, families: pd.DataFrame) -> list[str]:
    """The change a year of each kind of breach that has years enough; else that none has."""
    fitted = [(r, breaches.run_trend(r)) for r in breaches.runs(families, data.series_breaks)]
    texts = []
    for run, change in ((run, fit.change) for run, fit in fitted if fit):
        unsure = change.lower <= 0 <= change.upper
        span = f"{run['period'].iloc[0]} to {run['period'].iloc[-1]}"
        texts.append(
            f"{series_name(data, edition, run.iloc[-1])}, {span}: the fitted change is "
            f"{signed(change.value)}% a year ({signed(change.lower)} to {signed(change.upper)}%)"
            f"{': no rise or fall is established' if unsure else ''} "
            f"{cite(data, *run.itertuples())}."
        )
    return texts or [
        "**No rise or fall can be read** from the years above: a change a year is fitted to five "
        "complete years or more with no break between them, and no kind of breach has so many."
    ]


def outcomes(data: Tables, edition: Edition) -> list[str]:
    """7. How many cautions or convictions, and per 1,000 RSOs, beside the country in that year.

    Each unit stands in its newest year whose date is sure.
    """
    found = breaches.outcomes(data, edition).sort_values(
        ["inferred", "period_end"], ascending=[True, False], kind="stable"
    )
    country = found[(found["area_id"] == "EW") & ~found["inferred"]]
    newest = found[found["area_id"] != "EW"].drop_duplicates("area_id")
    texts = []
    years = newest if len(newest) else country.iloc[:1]
    for (end, _), own in sorted(years.groupby(["period_end", "period_start"]), reverse=True):
        forces = own[own["area_id"] != "EW"]
        forces = forces.sort_values("area_id", key=lambda ids: ids.map(edition.units.index))
        # Beside a number in doubt stands none.
        sure = own[own["doubt"] == ""]
        beside = comparable.beside(sure, country)
        shown = pd.concat([forces, beside]) if len(forces) else beside
        said = [f"{NOT_FOUND} for {edition.the_forces}"] * forces.empty
        said += [f"{edition.name(r['area_id'])} {outcome_words(r)}" for _, r in shown.iterrows()]
        said += [f"{edition.name('EW')}: {NOT_FOUND} for that year"] * bool(
            beside.empty and len(sure)
        )
        words = "; ".join(said).replace(" per 1,000", " per 1,000 RSOs in the community", 1)
        when = with_age(own["period"].iloc[0], end, edition)
        cites = _cite_rated(data, shown)
        texts.append(f"- **Cautions or convictions**, {when}: {words} {cites}.")
    return texts or [f"- **Cautions or convictions**: {NOT_FOUND} for {edition.the_forces}."]


def outcome_words(row: pd.Series) -> str:
    """`16 “offenders”, 11.4 per 1,000 (6.5 to 18.5)`; the unit is as printed."""
    year = " (the year is inferred)" if row["inferred"] else ""
    year += " (in doubt)" if row["doubt"] else ""
    words = f"{with_first(row)} “{row['unit_as_printed']}”{year}"
    if pd.isna(row["per_1000"]) or row["doubt"]:
        return words
    return f"{words}, {rate_words(row, ' per 1,000')}"


def rate_words(row: pd.Series, per: str = "") -> str:
    """`11.4 (6.5 to 18.5)`, of a lower bound `at least 25.5`, and [x] where there is none."""
    if pd.isna(row["per_1000"]):
        return "[x]"
    rate = f"{number(row['per_1000'], 1)}{per}"
    if row["qualifier"] == "at_least":
        return f"at least {rate}"
    return f"{rate} ({interval(row['lower'], row['upper'])})"


def _cite_rated(data: Tables, used: pd.DataFrame) -> str:
    """Links to sources and rows of outcomes and of the counts under their rates."""
    rated = used[used["stock_row"].notna() & (used["doubt"] == "")]
    sources = [*used["source_id"], *rated["stock_source"]]
    return cited(data.sources, sources, [*used["rows"], *rated["stock_rows"]])
