"""The ten questions of the report, each answered in sentences computed from the data.

Every function returns Markdown, one paragraph or bullet per text, with a link to each source.
What was not found is said, not filled.
"""

from collections.abc import Iterable
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from rso_report import (
    answers,
    breaches,
    missing,
    periods,
    prose,
    register,
    statistics,
    tables,
    visits,
)
from rso_report.comparable import breaks_between
from rso_report.dataset import Tables
from rso_report.edition import Edition, years_covered
from rso_report.parameters import EditionParameters
from rso_report.prose import (
    LEDGER,
    NOT_FOUND,
    as_at,
    beside_first,
    cited,
    counted,
    interval,
    listed,
    number,
    on_date,
    percent,
    signed,
    with_first,
)
from rso_report.revisions import current, first_total, unreplaced
from rso_report.tables import cell_text

YEARS_INFERRED = "the years are inferred, for the source does not say which kind of year they are"
TIER_NAMES = {"very_high": "very high", "high": "high", "medium": "medium", "low": "low"}
LOOSE_AND_CLOSE = (10, 200)  # concentrations shown beside that of the parameters
_REACTIVE = ("reactive_eligible_persons", "rsos_in_same_statement")


def status_line(data: Tables, edition: Edition) -> str:
    """What the page is and up to when it shows figures, for the top of every notebook."""
    first, last = years_covered(data, edition)
    return (
        f"**Edition: {edition.title}.** It shows figures whose date or period ends by "
        f"{periods.day_label(edition.year.end)}, whenever they were published; the data reach from "
        f"{first} to {last}. Independent analysis of published figures; not official statistics. "
        f"{prose.searched(data.sources)}"
    )


def community(data: Tables, edition: Edition) -> list[str]:
    """1. How many RSOs each force manages in the community, and the region, as at when."""
    counts = register.community(data, edition)
    bullets = []
    for force in edition.forces:
        row = register.latest(counts, force)
        bullets.append(f"- **{edition.name(force)}**: {_count_with_date(data, edition, row)}")
    bullets += _region(data, edition, counts)
    bullets.append(f"- **{edition.name('EW')}**: {_country(data, edition, counts)}")
    return bullets


def _country(data: Tables, edition: Edition, counts: pd.DataFrame) -> str:
    """England and Wales on the date of the forces' latest counts, and its newest if later."""
    newest = register.latest(counts, "EW")
    forces = counts.loc[counts["area_id"].isin(edition.forces), "as_at"]
    beside = counts[(counts["area_id"] == "EW") & (counts["as_at"] == forces.max())]
    if newest is None or beside.empty or newest["as_at"] == forces.max():
        return _count_with_date(data, edition, newest)
    both = (_count_with_date(data, edition, row) for row in (beside.iloc[0], newest))
    return "; ".join(both)


def _count_with_date(data: Tables, edition: Edition, row: pd.Series | None) -> str:
    if row is None:
        return f"{NOT_FOUND} for any date"
    return f"{with_first(row)} {aged(edition, row)} {_cite(data, row)}"


def aged(edition: Edition, row: pd.Series) -> str:
    """The date of a figure inside a sentence, with its age where it is old for the edition."""
    age = periods.age_words(row["as_at"], edition.year.end)
    return on_date(row) + (f", {age}" if age else "")


def _region(data: Tables, edition: Edition, counts: pd.DataFrame) -> list[str]:
    """The sum of the forces, or why there is none; then what somebody printed for the region."""
    name = edition.name(edition.region_id)
    found = register.region(counts, edition)
    printed = register.latest(counts, edition.region_id)
    bullets = []
    if found is not None and found.total is not None:
        total = beside_first(number(found.total), first_total(found.parts))
        cite = cited(data.sources, found.parts["source_id"], found.parts["rows"])
        when = periods.day_label(found.as_at)
        return [f"- **{name}**: {total} on {when}, the sum of its forces {cite}"]
    if found is not None:
        why = f"because {why_no_total(edition, found)}"
        bullets.append(f"- **{name}**: no total for {periods.day_label(found.as_at)}, {why}")
    if printed is not None:
        own = f"{counted(printed)} {aged(edition, printed)} {_cite(data, printed)}"
        bullets.append(f"- **{name}, as printed**: {own}")
    return bullets or [f"- **{name}**: {NOT_FOUND}"]


def why_no_total(edition: Edition, found: register.Region) -> str:
    """Why there is no sum of the forces of a region at their newest date."""
    if found.absent:
        names = listed(edition.name(force) for force in found.absent)
        return f"for {names} no figure of that date was found"
    return "a force's figure of that date is not an exact number"


def rates(data: Tables, edition: Edition) -> list[str]:
    """2. The rate per 100,000 aged 10 and over, with its interval, against England and Wales."""
    found = register.rates(data, edition)
    bullets = []
    for force in edition.forces:
        row = _latest_rate(found, force)
        if row is None:
            bullets.append(f"- **{edition.name(force)}**: {NOT_FOUND}")
            continue
        country = found[(found["area_id"] == "EW") & (found["as_at"] == row["as_at"])]
        age = periods.age_words(row["as_at"], edition.year.end)
        known = [part for part in ("rate", "count") if pd.notna(row[f"{part}_row"])]
        sources = [row[f"{part}_source"] for part in known]
        # The published rate stands there with its first value, the count does not stand there.
        names = {"rate": "rate_rows", "count": "count_row"}
        rows = [row[names[part]] for part in known] + [row["population_row"]]
        against = ""
        if len(country) and pd.notna(country.iloc[0]["published"]):
            against = f", against {_published(country.iloc[0])} in England and Wales"
            sources.append(country.iloc[0]["rate_source"])
            rows.append(country.iloc[0]["rate_rows"])
        if len(country) and pd.notna(row["rate"]) and pd.notna(country.iloc[0]["rate"]):
            base = ["count", "population_10plus"]
            ratio = statistics.rate_ratio(*row[base], *country.iloc[0][base])
            whose = "the rate of England and Wales"
            against += f"; {_times_words(row, country.iloc[0], ratio, whose)}"
            sources.append(country.iloc[0]["count_source"])
            rows += [country.iloc[0]["count_row"], country.iloc[0]["population_row"]]
        cite = cited(data.sources, sources, rows)
        bullets.append(
            f"- **{edition.name(force)}**: {_rate_words(row)} on "
            f"{periods.day_label(row['as_at'])}{f' ({age})' if age else ''}{against} {cite}"
        )
    return bullets


def _latest_rate(found: pd.DataFrame, area: str) -> pd.Series | None:
    usable = found[found["published"].notna() | found["rate"].notna()]
    return register.latest(usable, area)


def _published(row: pd.Series) -> str:
    return beside_first(f"{row['published']:.0f}", row["first_published"])


def _rate_words(row: pd.Series) -> str:
    parts = []
    if pd.notna(row["published"]):
        parts.append(f"{_published(row)} per 100,000 people aged 10 and over as published")
    if pd.notna(row["rate"]):
        span = interval(row["lower"], row["upper"])
        base = "" if parts else " per 100,000 people aged 10 and over"
        parts.append(f"{number(row['rate'], 1)}{base} ({span}) by our calculation")
    return ", ".join(parts)


def change(data: Tables, edition: Edition) -> list[str]:
    """3. How the counts have changed, beside the population and England and Wales.

    A change is given since the last break in the series, and of England and Wales over the same
    dates as of the force.
    """
    found = register.rates(data, edition)
    bullets = []
    for area in [*edition.forces, "EW"]:
        own = register.comparable(found, data.series_breaks, area)
        if len(own) < 2:
            bullets.append(f"- **{edition.name(area)}**: {_no_change(data, found, own, area)}")
            continue
        first, last = own.iloc[0], own.iloc[-1]
        words, used, rows = _growth(data, found, own, area)
        country = found[found["area_id"] == "EW"].set_index("as_at")
        ends = [first["as_at"], last["as_at"]]
        if area != "EW" and set(ends) <= set(country[country["count"].notna()].index):
            both = country.loc[ends]
            total = statistics.total_change(*both["count"])
            words += f"; England and Wales over the same dates {signed(total)}%"
            used += both["count_source"].tolist()
            rows += both["count_rows"].tolist()
        cite = cited(data.sources, used, rows)
        bullets.append(f"- **{edition.name(area)}**: {words} {cite}")
    return bullets


def _no_change(data: Tables, found: pd.DataFrame, own: pd.DataFrame, area: str) -> str:
    every = found[(found["area_id"] == area) & found["count"].notna()]
    if every.empty:
        return "cannot be said: no count was found"
    if len(every) == len(own):
        return "cannot be said: one count was found"
    last = every["as_at"].max()
    crossed = breaks_between(data.series_breaks, "STOCK_MAPPA", every["as_at"].min(), last)
    if len(crossed):
        return f"cannot be said: the series breaks between those found ({listed(crossed['title'])})"
    return "cannot be said: of those found all but one are bounds or approximate"


def _growth(
    data: Tables, found: pd.DataFrame, own: pd.DataFrame, area: str
) -> tuple[str, list[str], list[str]]:
    """The change between the ends of `own` in words, with its sources and rows.

    Beside it stands the growth of the population, over the dates that rest on one base.
    """
    first, last = own.iloc[0], own.iloc[-1]
    years = last["as_at"].year - first["as_at"].year
    words = (
        f"from {beside_first(number(first['count']), first['first_count'])} on "
        f"{periods.day_label(first['as_at'])} to "
        f"{beside_first(number(last['count']), last['first_count'])} on "
        f"{periods.day_label(last['as_at'])}, "
        f"{signed(statistics.total_change(first['count'], last['count']))}%"
    )
    if years > 1:
        yearly = statistics.compound_growth(first["count"], last["count"], years)
        words += f" ({signed(yearly)}% a year)"
    used, rows = [first, last], [first["count_rows"], last["count_rows"]]
    if split := register.growth_split(found, data.series_breaks, area):
        start, end, count, residents = split
        same = (start["as_at"], end["as_at"]) == (first["as_at"], last["as_at"])
        words += (
            "; "
            if same
            else (
                f"; from {start['as_at'].year} to {end['as_at'].year} it was {signed(count)}%, and "
            )
        )
        words += f"the number of residents aged 10 and over changed by {signed(residents)}%"
        used += [start, end]
        rows += [start["count_row"], end["count_row"]]
        rows += [start["population_row"], end["population_row"]]
    else:
        words += "; the part that is population growth cannot be computed"
    words += in_doubt(data, own)
    return words, [row["count_source"] for row in used], rows


def in_doubt(data: Tables, own: pd.DataFrame) -> str:
    """Which entries of the ledger doubt counts between which a change is given; "" if none does."""
    doubts = register.doubted(data)
    entries = dict.fromkeys(doubts[row] for row in own["count_row"] if row in doubts)
    return f"; counts in between are in doubt ([{', '.join(entries)}]({LEDGER}))" if entries else ""


def register_difference(data: Tables, edition: Edition) -> list[str]:
    """4. How the force's register differs from the community count, and why."""
    pairs = register.community_and_register(data, edition)
    if pairs.empty:
        return [
            "For no force of the region was a register total that includes custody found beside a "
            "community count of the same year."
        ]
    row = pairs.iloc[-1]
    sources = [row["community_source"], row["register_source"]]
    totals = register.register_totals(data, edition)
    own = totals[(totals["area_id"] == row["area_id"]) & (totals["custody_status"] == "both")]
    newest = own.iloc[-1]
    later = ""
    if newest["as_at"].year > row["year"]:
        later = (
            f" The newest register total is "
            f"{beside_first(number(newest['value']), newest['first_value'])} {on_date(newest)} "
            f"{_cite(data, newest)}; no community count of that year was found."
        )
    odd = (
        " The community count is the larger one, which it cannot be if both are right."
        if row["community"] > row["register"]
        else ""
    )
    gap = cell_text(row["gap"]).removeprefix("−").removeprefix("-")
    apart = f"{gap} {'more' if odd else 'fewer'}"
    return [
        f"In {row['year']} the register of {edition.name(row['area_id'])} held "
        f"{beside_first(number(row['register']), row['first_register'])} people and "
        f"{beside_first(number(row['community']), row['first_community'])} were managed in the "
        f"community, {apart}.{odd} The register includes people in custody and was counted on "
        "another date, so the two are different measures, not a disagreement; the "
        f"community count is {percent(row['ratio_percent'])} of the register total "
        f"{cited(data.sources, sources, [row['community_row'], row['register_row']])}.{later}"
    ]


def whereabouts_unknown(data: Tables, edition: Edition) -> list[str]:
    """5. How many were missing at the latest snapshot of each unit, the share, the definition."""
    snaps = missing.snapshots(data, edition)
    bullets = []
    kinds = edition.areas.set_index("area_id")["kind"]
    for unit in edition.units:
        row = register.latest(snaps, unit)
        if row is None or kinds[unit] == "group":  # a changing set of forces: in the table only
            continue
        cite = cited(data.sources, [row["source_id"]], [row["rows"]])
        bullets.append(f"- **{edition.name(unit)}**: {snapshot_words(row)} {cite}")
    covered = set(snaps["area_id"])
    silent = [f for f in edition.forces if f not in covered and not _in_joint(edition, covered, f)]
    bullets += [f"- **{edition.name(force)}**: {NOT_FOUND}" for force in silent]
    return bullets or [f"- {edition.name(edition.region_id)}: {NOT_FOUND}"]


def _in_joint(edition: Edition, covered: set[str], force: str) -> bool:
    joint = edition.areas[edition.areas["area_id"].isin(covered)]
    return joint["coverage"].str.split("|").apply(lambda parts: force in parts).any()


def _cite(data: Tables, row: pd.Series) -> str:
    return cited(data.sources, [row["source_id"]], [row["rows"]])


def snapshot_words(row: pd.Series) -> str:
    """One snapshot in words: count, date, and what `snapshot_notes` gives."""
    return "; ".join([f"{counted(row)} {on_date(row)}", *snapshot_notes(row)])


def snapshot_notes(row: pd.Series) -> list[str]:
    """What stands beside a snapshot: age, first reply, share, abroad and definition, if known."""
    revised = pd.notna(row["first_value"])
    notes = [f"{number(row['first_value'])} at first reply"] if revised else []
    notes += [row["age"]] if row["age"] else []
    if pd.notna(row["share"]):
        notes.append(
            f"{percent(row['share'])} ({interval(row['lower'], row['upper'], 2)}) "
            f"of the {beside_first(number(row['registered']), row['first_registered'])} registered "
            "in the same reply"
        )
    if pd.notna(row["abroad"]):
        abroad = beside_first(number(row["abroad"]), row["first_abroad"])
        notes.append(f"{abroad} of them believed to be abroad")
    unknown = row["definition"] == missing.DEFINITIONS["NOT_STATED"]
    return [*notes, row["definition"] if unknown else f"counted as missing: {row['definition']}"]


def offences(data: Tables, edition: Edition) -> list[str]:
    """6. How many notification, SHPO and SRO offences were recorded, by title.

    The last complete year first; a part-year after it, then earlier years. `data` needs
    series_breaks.
    """
    recorded = breaches.recorded(data, edition)
    if recorded.empty:
        return [f"Recorded breach offences: {NOT_FOUND} for the forces of the region."]
    families = breaches.by_family(recorded)
    bullets = []
    for _, own in families.groupby(breaches.SERIES, sort=False):
        rows = list(own.sort_values("period_start").itertuples())
        lead = last_complete(rows)
        said = [f"{recorded_words(lead)} in {lead.period}"]
        if age := periods.age_words(lead.period_end, edition.year.end):
            said[0] += f", {age}"
        if rows[-1] is not lead:
            said.append(part_year_words(rows[-1], lead, data.series_breaks))
        others = [row for row in rows[:-1] if row is not lead]
        if others:
            years = ", ".join(f"{row.period} {recorded_words(row)}" for row in others)
            said.append(f"before: {years}")
        if absent := breaches.without_figure(own):
            said.append(f"no figure found for {listed(absent)}")
        if own["inferred"].any():
            said.append(YEARS_INFERRED)
        bullets.append(
            f"- **{series_name(data, edition, lead)}**, offences recorded: {'; '.join(said)} "
            f"{cited(data.sources, own['source_id'], own['rows'])}"
        )
    return bullets


def series_name(data: Tables, edition: Edition, row: NamedTuple) -> str:
    """Force and family of a row of `breaches.by_family`; its reply where there are several."""
    name = f"{edition.name(row.area_id)}, {breaches.FAMILIES[row.family]}"
    return f"{name}, by {prose.source_label(data.sources, row.reply)}" if row.reply else name


def last_complete(rows: list[NamedTuple]) -> NamedTuple:
    """The last row, in order of time, that is not of a part-year; the last of all without one."""
    return next((row for row in reversed(rows) if not row.part), rows[-1])


def recorded_words(row: NamedTuple) -> str:
    """Recorded offences of a row of `breaches.by_family` with their marks and doubts.

    `286 [p]`, `268 [r] (260 at first)`, `85 [p] (41 and 41 under two titles: …)`.
    """
    words = beside_first(f"{number(row.value)}{' [p]' if row.part else ''}", row.first_value)
    return f"{words} ({repeated_words(row)})" if row.repeated else words


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
    printed twice. Rows are of `breaches.by_family`, `breaks` is `series_breaks`.
    """
    low, high = (
        (day - part.period_start).days + 1
        for day in (part.covered_to_earliest, part.covered_to_latest)
    )
    days = prose.plural(low, "day") if low == high else f"{low} to {high} days"
    words = f"{recorded_words(part)} in the {days} of {part.period} that the reply covers"
    cut = breaks_between(
        breaks, "BREACH_RECORDED", complete.period_start, part.period_end, part.family
    )
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
    families = breaches.by_family(recorded)
    headed = breaches.by_family(recorded.assign(family=recorded["heading_family"]))
    texts = []
    for (area, order, day), people in orders.groupby(["area_id", "order_type", "as_at"]):
        for row in families[families["area_id"] == area].itertuples():
            total = people["value"].sum()
            within = row.period_start <= day <= row.period_end
            if row.family != order or not within or row.value <= total:
                continue
            # What the other reading would make of it, where a heading disagrees.
            others = [
                other
                for other in headed.itertuples()
                if (other.area_id, other.family, other.period) == (area, order, row.period)
                and other.first_source == row.first_source
                and other.value > row.value
            ]
            by_heading = "".join(
                f" By heading the offences would be {recorded_words(other)}, which is odder."
                for other in others
            )
            texts.append(
                f"{edition.name(area)} recorded {recorded_words(row)} offences in {row.period} "
                f"under titles of {breaches.FAMILIES[order]}, and counted "
                f"{beside_first(number(total), first_total(people))} people under such orders "
                f"{on_date(people.iloc[0])}. One person can have several offences, and the titles "
                "also name the orders that these replaced; still the numbers sit oddly together, "
                f"and offences of another kind may be among them.{by_heading} So the reading by "
                "title is not certain, and no rate of breaches per order is given "
                + cited(
                    data.sources,
                    [row.source_id, *people["source_id"]],
                    [row.rows, *people["rows"], *(other.rows for other in others)],
                )
                + "."
            )
    return texts


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
        tables.show(
            table.assign(Rows=prose.rows(table["Rows"])),
            table_id="-".join(filter(None, ["tab-titles", family, area, reply]))
            .lower()
            .replace("_", "-"),
            headline=title_headline(own),
            as_at="the year over each column",
            caption=f"Recorded {what}, {series_name(data, edition, own.iloc[0])}",
            source=prose.provenance(data, own["source_id"]),
            notes=[
                "Computed totals are sums of the cells; printed totals are the source's own. Where "
                "they differ, the cells are used and the ledger on the page data quality says why.",
                *["[x] under a year: no figure found for that title and year. It is not 0."]
                * bool(cells.eq("[x]").any(axis=None)),
                *(
                    f"{row.period}: {repeated_words(row)}."
                    for row in own[own["repeated"] != ""].itertuples()
                ),
                *[f"{YEARS_INFERRED.capitalize()}."] * bool(own["inferred"].any()),
            ],
        )
    if chosen.empty:
        prose.say("No figure found for the forces of the region.")


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


def outcomes(data: Tables, edition: Edition) -> list[str]:
    """7. How many cautions or convictions, each force beside the country in the same year.

    `not_comparable` says what they are not.
    """
    found = breaches.outcomes(data, edition)
    sure = found[~found["inferred"]]
    bullets, said = [], set()
    for area in edition.forces:
        own = found[found["area_id"] == area]
        if own.empty:
            continue
        own = sure[sure["area_id"] == area] if (sure["area_id"] == area).any() else own
        row = own.iloc[-1]
        words = outcome_words(row)
        if age := periods.age_words(row["period_end"], edition.year.end):
            words += f", {age}"
        used = [row]
        if pair := breaches.same_year(found, area, "EW"):
            used += [each for each in pair if each["row_id"] != row["row_id"]]
            said.add(pair[1]["period"])
            words += _against_country(row, *pair)
        year = f"{row['period']} (year inferred)" if row["inferred"] else row["period"]
        bullets.append(f"- **{edition.name(area)}**, {year}: {words} {_cites(data, used)}")
    country = sure[sure["area_id"] == "EW"]
    if not bullets and country.empty:
        return [f"Cautions or convictions: {NOT_FOUND} for the region."]
    if not bullets:
        bullets.append(f"- {edition.name(edition.region_id)}: {NOT_FOUND}")
    if len(country) and not said:
        row = country.iloc[-1]
        bullets.append(
            f"- **{edition.name('EW')}**, {row['period']}: {outcome_words(row)} "
            f"{_cites(data, [row])}"
        )
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
    if own["row_id"] == latest["row_id"]:
        words = f"; England and Wales in the same year {outcome_words(country)}"
    else:
        words = (
            f"; in {own['period']}, the latest year that both have, {outcome_words(own)}, and "
            f"England and Wales {outcome_words(country)}"
        )
    ratio = breaches.rate_ratio(own, country)
    if ratio:
        words += f"; the force's rate was {_times_words(own, country, ratio, 'that')}"
    return words


def _times_words(
    first: pd.Series, second: pd.Series, ratio: statistics.Estimate, whose: str
) -> str:
    """`0.28 times that (0.17 to 0.45)`; where one of the two is a lower bound, it says so."""
    times = f"{number(ratio.value, 2)} times {whose}"
    span = interval(ratio.lower, ratio.upper, 2)
    for row, word in ((second, "at most"), (first, "at least")):
        if row["qualifier"] == "at_least":
            return f"{word} {times} ({span} at the bound)"
    return f"{times} ({span})"


def _cites(data: Tables, used: Iterable[pd.Series]) -> str:
    """Links to sources and rows of outcomes and of the counts under their rates."""
    used = list(used)
    sources = [row["source_id"] for row in used]
    sources += [row["stock_source"] for row in used if pd.notna(row["stock_row"])]
    rows = [row["rows"] for row in used]
    rows += [row["stock_row"] for row in used if pd.notna(row["stock_row"])]
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
        clear = (
            "a clear difference" if not ratio.lower <= 1 <= ratio.upper else "no clear difference"
        )
        texts.append(
            f"In {pair[0]['period']} the rate of {edition.name(first)} was "
            f"{_times_words(*pair, ratio, f'that of {edition.name(second)}')}: {clear} "
            f"{_cites(data, pair)}."
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


def known_policies(data: Tables, edition: Edition) -> pd.DataFrame:
    """Rows of `visit_policy` known by the end of the report year; `valid_to` empty if later."""
    end = pd.Timestamp(edition.year.end)
    known = data.visit_policy[data.visit_policy["valid_from"] <= end]
    return known.assign(valid_to=known["valid_to"].where(known["valid_to"] <= end))


def visit_frequency(data: Tables, edition: Edition) -> list[str]:
    """8. Which visit frequency applied to each tier, from which policy, and until when."""
    known = known_policies(data, edition)
    own = known[known["area_id"].isin([*edition.forces, "EW"])]
    if own.empty:
        return [f"Visiting intervals: none found that was known by the end of {edition.year}."]
    paragraphs = []
    for _, policy in own.groupby("policy_id", sort=False):
        row = policy.iloc[0]
        link = cited(data.sources, [row["source_id"]], policy["row_id"])
        if row["kind"] == "fixed_interval":
            tiers = listed(
                f"{prose.plural(p.max_interval_months, 'month')} at {TIER_NAMES[p.risk_tier]} risk "
                f"({prose.plural(p.min_visits_per_year, 'visit')} a year)"
                for p in policy.itertuples()
            )
            paragraphs.append(
                f"The policy of {edition.name(row['area_id'])} known on "
                f"{periods.day_label(row['valid_from'])} set the longest time between visits. It "
                f"was {tiers}.{_ended(row)} On these rows: {row['note']} {link}."
            )
        else:
            paragraphs.append(
                f"Since {periods.day_label(row['valid_from'])} no fixed number applies nationally. "
                "The interval follows an individual plan, and some people at low risk are managed "
                f"reactively, without home visits {link}."
            )
    return paragraphs


def _ended(policy: pd.Series) -> str:
    """That fixed intervals have ended, if they had by the end of the report year."""
    if pd.isna(policy["valid_to"]):
        return ""
    return f" Fixed intervals ended on {periods.day_label(policy['valid_to'])}."


def overdue(data: Tables, edition: Edition) -> pd.DataFrame:
    """The newest number of overdue visits of each force of the region, in the region's order.

    Columns of `staffing` and what `revisions.current` adds.
    """
    rows = edition.visible(data.staffing)
    own = rows[(rows["measure"] == "visits_overdue") & rows["area_id"].isin(edition.forces)]
    best = register.preferred(own, data.sources, ["area_id", "as_at"])
    newest = [row for f in edition.forces if (row := register.latest(best, f)) is not None]
    return pd.DataFrame(newest, columns=best.columns)


def overdue_visits(data: Tables, edition: Edition) -> list[str]:
    """Overdue visits of the region's forces as reported, each with its age and its remark."""
    found = overdue(data, edition)
    bullets = []
    for _, row in found.iterrows():
        said = "; ".join(filter(None, [aged(edition, row), row["note"]]))
        bullets.append(
            f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits reported overdue; "
            f"{said} {_cite(data, row)}"
        )
    silent = [edition.name(f) for f in edition.forces if f not in set(found["area_id"])]
    if silent:
        bullets.append(f"- **{listed(silent)}**: no figure of overdue visits found")
    return bullets


def visits_made(data: Tables, edition: Edition) -> list[str]:
    """Visits made as reported, for any area, each with its remark; or that none was found."""
    rows = edition.visible(data.answers)
    found = current(rows[(rows["measure_code"] == "VISITS_MADE") & rows["value"].notna()])
    bullets = [
        f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits made, "
        f"{answers.when(row)}; {row['note']} {_cite(data, row)}"
        for _, row in found.iterrows()
    ]
    end = periods.day_label(edition.year.end)
    return bullets or [f"- **Visits made**: no figure found, for any area, up to {end}"]


def stated(data: Tables, topic: str, edition: Edition | None = None) -> list[str]:
    """What documents say about a topic beside their figures, in our words, each with its source.

    With `edition` only what was said by the end of its year. Columns of `statements`.
    """
    rows = data.statements if edition is None else edition.visible(data.statements)
    return [
        f"{row['says']} {cited(data.sources, [row['source_id']], [row['row_id']])}"
        for _, row in rows[rows["topic"] == topic].iterrows()
    ]


def workload(data: Tables, edition: Edition, parameters: EditionParameters) -> list[str]:
    """9. What visits would be due under fixed intervals: an illustration, or why there is none."""
    model = illustration(data, edition, parameters)
    if model is None:
        return [f"No illustration: {_without_illustration(data, edition, parameters)}"]
    people = beside_first(number(model["people"]), model["first_people"])
    text = (
        f"An illustration, not a finding. It takes the {people} people whom {model['force']} "
        f"managed in the community {model['on_date']}, and {model['mix_words']}. If "
        f"{model['policy']} applied to them, {number(model['visits'])} visits a year would be due."
    )
    if model["officers"]:
        text += (
            f" That is {number(model['per_week'], 2)} a week for each of "
            f"{model['officers_words']} in {prose.plural(parameters.weeks, 'working week')}."
        )
    else:
        text += f" No number of constables of {model['force']} was found."
    bounds = interval(model["fewest"], model["most"], 0)
    text += f" Under these intervals any mix gives from {bounds}."
    used = [model["people_rows"], *model["policy_rows"], *model["mix_rows"], model["officers_rows"]]
    sources = model["sources"]
    if model["reactive"]:
        text += (
            f" It is no floor: {number(model['reactive'])} would be due if the share of low-risk "
            "people reported as eligible for reactive management were not visited."
        )
        used, sources = used + model["reactive_rows"], sources + model["reactive_sources"]
    text += (
        f"{model['ended']} This joins figures of different years, and a visit that is due is not "
        "a visit that was made"
    )
    return [f"{text} {cited(data.sources, sources, filter(None, used))}."]


def _without_illustration(data: Tables, edition: Edition, parameters: EditionParameters) -> str:
    """Which of the parts of an illustration was not found, as a sentence."""
    end = periods.day_label(edition.year.end)
    if _fixed_policy(data, edition, parameters).empty:
        return f"no policy with fixed intervals was found that was known by {end}."
    if _largest_force(data, edition, parameters) is None:
        whose = edition.name(parameters.force) if parameters.force else "a force of the region"
        return (
            "no exact count of the people managed in the community was found for "
            f"{whose} up to {end}."
        )
    return (
        f"no mix of risk tiers was found for a date up to {end}, and none is assumed for this "
        "edition."
    )


def illustration(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> dict[str, Any] | None:
    """The numbers of the worked illustration; None if a part of it was not found.

    Everything used is dated by the end of the report year. Keys: force, area_id, people,
    first_people (before a revision, else <NA>), people_rows (of both), as_at, on_date (and age);
    policy (in words), policy_rows (by tier), policy_year, ended (a sentence, or ""), frequencies;
    mix (shares of 1), mix_words, mix_rows (by tier; [] if assumed); sources (of all these and of
    the officers); officers (None if not known), officers_words, officers_rows; tiers (people by
    tier), visits (a year), attempts (a year, at the success share), per_week (visits of an
    officer, one officer a visit), crew_per_week (attempts, with the crew of the parameters; both
    None without officers), fewest, most, per_point (visits for each percentage point moved from
    low to very high), bands (by concentration), reactive (None if not known), reactive_rows,
    reactive_sources.
    """
    rules = _fixed_policy(data, edition, parameters)
    row = _largest_force(data, edition, parameters)
    mix = _tier_mix(data, edition, parameters)
    if rules.empty or row is None or mix is None:
        return None
    people, often = int(row["value"]), visits.frequencies(rules, parameters.policy_id)
    shares = mix["mix"]
    due = visits.minimum_visits(visits.largest_remainder(people, shares), often)
    fewest, most = visits.visit_bounds(people, often)
    officers = _officers(data, edition, parameters, row["area_id"])
    policy = rules.iloc[0]
    sources = [row["source_id"], *rules["source_id"], *mix["mix_sources"]]
    return {
        "force": edition.name(row["area_id"]),
        "area_id": row["area_id"],
        "people": people,
        "first_people": row["first_value"],
        "people_rows": row["rows"],
        "as_at": as_at(row),
        "on_date": aged(edition, row),
        "policy": f"the intervals of {edition.name(policy['area_id'])} known on "
        f"{periods.day_label(policy['valid_from'])}",
        "policy_rows": rules["row_id"].tolist(),
        "policy_year": policy["valid_from"].year,
        "ended": _ended(policy),
        "frequencies": often,
        **mix,
        **officers,
        "sources": sources + officers["officers_sources"],
        "tiers": visits.largest_remainder(people, shares),
        "visits": due,
        "attempts": visits.attempts(due, parameters.success_share),
        **_loads(people * visits.visits_per_person(shares, often), officers, parameters),
        "fewest": fewest,
        "most": most,
        "per_point": visits.sensitivity(people, often),
        "bands": {
            weight: visits.dirichlet_band(
                people, shares, often, seed=parameters.seed, concentration=weight
            )
            for weight in sorted({*LOOSE_AND_CLOSE, parameters.concentration})
        },
        **_with_reactive_management(data, edition, people, shares, often),
    }


def _fixed_policy(data: Tables, edition: Edition, parameters: EditionParameters) -> pd.DataFrame:
    """Rows of the policy of the parameters, in the order of the tiers; empty if not known yet."""
    known = known_policies(data, edition)
    own = known[known["policy_id"] == parameters.policy_id]
    return own.sort_values("risk_tier", key=lambda tiers: tiers.map(visits.TIERS.index))


def _largest_force(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> pd.Series | None:
    """The newest exact community count of the force of the parameters, or of the largest one."""
    counts = register.community(data, edition)
    counts = counts[counts["qualifier"] == "exact"]
    forces = [parameters.force] if parameters.force else edition.forces
    newest = [row for f in forces if (row := register.latest(counts, f)) is not None]
    return max(newest, key=lambda row: row["value"]) if newest else None


def _tier_mix(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> dict[str, Any] | None:
    """The mix of an illustration: mix, mix_words, mix_rows, mix_sources; None if none is known.

    The assumed one, or else the newest national one. Rounded percentages need not add to 100, so
    each is taken of their sum.
    """
    at = "per cent at very high, high, medium and low risk"
    if given := parameters.mix():
        words = f"an assumed mix of risk tiers ({parameters.tier_mix} {at})"
        return {"mix": given, "mix_words": words, "mix_rows": [], "mix_sources": []}
    rows = edition.visible(data.risk_tiers)
    shares = rows[(rows["measure"] == "share_pct") & (rows["area_id"] == "EW")]
    known = register.preferred(shares, data.sources, ["as_at", "risk_tier"])
    known = known[known["as_at"] == known["as_at"].max()].set_index("risk_tier")
    if not set(visits.TIERS) <= set(known.index):
        return None
    known = known.loc[list(visits.TIERS)]
    printed = "/".join(f"{value:g}" for value in known["value"])
    return {
        "mix": (known["value"].astype(float) / known["value"].sum()).to_dict(),
        "mix_words": f"the national mix of risk tiers {on_date(known.iloc[0])}, about {printed} "
        f"{at}",
        "mix_rows": known["rows"].tolist(),
        "mix_sources": known["source_id"].tolist(),
    }


def _officers(
    data: Tables, edition: Edition, parameters: EditionParameters, area: str
) -> dict[str, Any]:
    """The visiting officers of an illustration: those given, or the force's own constables.

    Keys: officers (None if neither is known), officers_words, officers_rows, officers_sources.
    """
    given = parameters.officers
    found = {"officers": given or None, "officers_rows": "", "officers_sources": []}
    if given:
        return found | {"officers_words": f"{prose.plural(given, 'officer')} (assumed)"}
    staff = current(edition.visible(data.staffing))
    own = staff[(staff["measure"] == "officers") & (staff["rank"] == "constable")]
    row = register.latest(own, area)
    if row is None:
        return found | {"officers_words": ""}
    return {
        "officers": float(row["value"]),
        "officers_words": f"{with_first(row)} constables ({as_at(row)})",
        "officers_rows": row["rows"],
        "officers_sources": [row["source_id"]],
    }


def _loads(
    due: float, officers: dict[str, Any], parameters: EditionParameters
) -> dict[str, float | None]:
    """Visits and attempts a week for each officer; None where no number of officers is known."""
    if not officers["officers"]:
        return {"per_week": None, "crew_per_week": None}
    crew, success = parameters.crew, parameters.success_share
    load = partial(visits.officer_load, due, officers["officers"], parameters.weeks)
    return {"per_week": load(), "crew_per_week": load(crew=crew, success_share=success)}


def _with_reactive_management(
    data: Tables,
    edition: Edition,
    people: int,
    mix: dict[str, float],
    often: dict[str, int],
) -> dict[str, Any]:
    """Visits due if the share reported as eligible were managed without visits.

    Keys: reactive (None if no share is known by then, or the low tier is smaller),
    reactive_rows, reactive_sources.
    """
    rows = current(edition.visible(data.risk_tiers))
    rows = rows[rows["measure"].isin(_REACTIVE)]
    by_measure = rows.set_index("measure")["value"]
    none = {"reactive": None, "reactive_rows": [], "reactive_sources": []}
    if not {*_REACTIVE} <= {*by_measure.index}:
        return none
    share = by_measure[_REACTIVE[0]] / by_measure[_REACTIVE[1]]
    if share > mix["low"]:
        return none
    return {
        "reactive": people * visits.visits_per_person(mix, often, share),
        "reactive_rows": rows["rows"].tolist(),
        "reactive_sources": rows["source_id"].tolist(),
    }


def known_tiers(data: Tables, edition: Edition) -> pd.DataFrame:
    """Forces that gave some of their tiers and all their people at once, one row for each date.

    Columns: area_id, as_at, as_at_precision, people, very_high, high, the last three also with
    `first_` (before a revision, else <NA>), rows and source_id (several as `a+b`). All numbers are
    exact, of one source, one date and one custody status.
    """
    key = ["area_id", "as_at", "first_source", "custody_status"]
    tiers = current(edition.visible(data.risk_tiers))
    tiers = tiers[(tiers["measure"] == "persons") & (tiers["qualifier"] == "exact")]
    whole = current(edition.visible(data.registered_offenders))
    whole = whole[
        (whole["sex"] == "all") & (whole["mappa_level"] == "all") & (whole["qualifier"] == "exact")
    ]
    found = []
    for values, own in tiers.groupby(key):
        by_tier = own.set_index("risk_tier")
        total = whole[(whole[key] == list(values)).all(axis=1)]
        if not {"very_high", "high"} <= set(by_tier.index) or len(total) != 1:
            continue
        rows = [*own["rows"], *total["rows"]]
        sources = dict.fromkeys([*own["source_id"], *total["source_id"]])
        found.append(
            {name: own.iloc[0][name] for name in ("area_id", "as_at", "as_at_precision")}
            | {"people": int(total["value"].iloc[0])}
            | {"first_people": total["first_value"].iloc[0]}
            | {tier: int(by_tier.at[tier, "value"]) for tier in ("very_high", "high")}
            | {f"first_{tier}": by_tier.at[tier, "first_value"] for tier in ("very_high", "high")}
            | {"rows": "+".join(rows), "source_id": "+".join(sources)}
        )
    return pd.DataFrame(found)


def gaps(data: Tables, edition: Edition) -> list[str]:
    """10. What is missing, disputed or left out."""
    counts = register.community(data, edition)
    none = [edition.name(f) for f in edition.forces if register.latest(counts, f) is None]
    later = sum(
        len(unreplaced(edition.hidden(frame)))
        for frame in (data.registered_offenders, data.breaches, data.missing)
    )
    recorded = set(breaches.recorded(data, edition)["area_id"])
    silent = [edition.name(f) for f in edition.forces if f not in recorded]
    tiers = edition.visible(data.risk_tiers)
    tiered = set(tiers["area_id"]) & set(edition.forces)
    bullets = [
        f"- No community count found for any date: {listed(none)}." if none else "",
        f"- No recorded breach offences found: {listed(silent)}." if silent else "",
        ""
        if tiered
        else "- How the RSOs of any force of the region divide into risk tiers: no figure found.",
        f"- The ledger holds {len(data.discrepancies)} errors, contradictions and oddities of the "
        "sources.",
        "- Counts below the level of a force are left out: nobody has cleared them for "
        "publication.",
        f"- {prose.plural(later, 'later figure')} for the region, after {edition.year}, belong to "
        "later editions."
        if later
        else "",
    ]
    return [bullet for bullet in bullets if bullet]


def breach_trend(data: Tables, edition: Edition, run: pd.DataFrame) -> str:
    """The fitted change over one of `breaches.runs` in a sentence; "" where no model is fitted."""
    fit = breaches.run_trend(run)
    if fit is None:
        return ""
    row = run.iloc[-1]
    text = (
        f"{series_name(data, edition, row)}, {years_of_run(run)}: the fitted change is "
        f"{signed(fit.change.value)}% a year ({signed(fit.change.lower)} to "
        f"{signed(fit.change.upper)}%)"
    )
    if fit.change.lower <= 0 <= fit.change.upper:
        text += ": no rise or fall is established"
    return f"{text} {cited(data.sources, run['source_id'], run['row_id'])}."


def years_of_run(run: pd.DataFrame) -> str:
    """`2017-18 to 2020-21`, and which years between have no figure."""
    periods_ = run["period"].tolist()
    words = periods_[0] if len(run) == 1 else f"{periods_[0]} to {periods_[-1]}"
    absent = breaches.without_figure(run)
    return f"{words}, without {listed(absent)}" if absent else words


def share_change(data: Tables, edition: Edition, area: str) -> str:
    """The difference in the share missing between two dates, in one sentence; "" if unknown."""
    pair = missing.share_change(missing.snapshots(data, edition), area)
    if pair is None:
        return ""
    first, last, difference = pair
    cite = cited(
        data.sources, [first["source_id"], last["source_id"]], [first["rows"], last["rows"]]
    )
    verdict = (
        "no evidence of a change"
        if difference.lower <= 0 <= difference.upper
        else "a difference beyond chance, which a change of definition could also make"
    )
    differ = missing.definitions_differ(first, last)
    return (
        f"For {edition.name(area)} there are snapshots {on_date(first)} and {on_date(last)}. The "
        f"share missing differs between them by {signed(difference.value, 2)} percentage points "
        f"({signed(difference.lower, 2)} to {signed(difference.upper, 2)}): "
        f"{verdict}{f'; but {differ}' if differ else ''} {cite}. The interval describes chance "
        "variation only."
    )


def title_headline(own: pd.DataFrame) -> str:
    """The last complete year of a series: `268 offences recorded in 2020-21`; no sum of years.

    `own` are the rows of one series of `breaches.by_family`.
    """
    row = last_complete(list(own.sort_values("period_start").itertuples()))
    noun = "offence" if row.value == 1 else "offences"
    counted_ = beside_first(f"{number(row.value)}{' [p]' if row.part else ''}", row.first_value)
    doubt = f" ({repeated_words(row)})" if row.repeated else ""
    return f"{counted_} {noun} recorded in {row.period}{doubt}"


def readings_headline(readings: pd.DataFrame, edition: Edition) -> str:
    """What each family comes to by title and by heading in the last complete year of each force.

    `readings` are from `breaches.both_readings`.
    """
    said = []
    for (area, _), own in readings.groupby(["area_id", "first_source"], sort=False):
        complete = own[~own["part"].astype("bool")]
        row = (complete if len(complete) else own).iloc[-1]
        families = "; ".join(
            f"{column.removesuffix(' by title')} "
            + ", ".join(
                f"{beside_first(number(row[name]), row[f'first {name}'])} {name.split(' ', 1)[1]}"
                for name in (column, column.replace("by title", "by heading"))
                if pd.notna(row[name])
            )
            for column in breaches.reading_columns(readings)
            if column.endswith(" by title")
        )
        said.append(f"{edition.name(area)} in {row['period']}, {families}")
    return f"The two readings differ: {'. '.join(said)}"


def trends_headline(runs: Iterable[pd.DataFrame]) -> str:
    """For how many series a rise or fall is established, or why no model is fitted."""
    fits = [fit for run in runs if (fit := breaches.run_trend(run))]
    if not fits:
        return "No change a year is fitted: that takes five complete years without a break"
    clear = sum(not fit.change.lower <= 0 <= fit.change.upper for fit in fits)
    return (
        f"A rise or fall is established for {number(clear)} of {number(len(fits))} series with "
        "five complete years without a break"
    )
