"""How many people, what rate and what change, and what is missing: sentences from the data.

The ten questions of the report are answered here and in `missing_words`, `breach_words` and
`home_visits`. Every function returns Markdown, one paragraph or bullet per text, with a link to
each source. What was not found is said, not filled.
"""

import pandas as pd

from rso_report import breaches, periods, prose, register, statistics
from rso_report.comparable import breaks_between
from rso_report.dataset import Tables
from rso_report.edition import Edition, years_covered
from rso_report.prose import (
    LEDGER,
    NOT_FOUND,
    aged,
    beside_first,
    cite,
    cited,
    counted,
    interval,
    listed,
    number,
    on_date,
    percent,
    signed,
    times_words,
    with_first,
)
from rso_report.revisions import first_total, unreplaced
from rso_report.tables import cell_text


def status_line(data: Tables, edition: Edition) -> str:
    """What the page is and up to when it shows figures, for the top of every notebook."""
    first, last = years_covered(data, edition)
    return (
        f"**Edition: {edition.title}.** It shows figures whose date or period ends by "
        f"{periods.day_label(edition.year.end)}, whenever they were published; counts of RSOs for "
        f"it and its country reach from {first} to {last}. Independent analysis of published "
        "figures; not official statistics. "
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
    """A count with its date, age and links, or that none was found."""
    if row is None:
        return f"{NOT_FOUND} for any date"
    return f"{with_first(row)} {aged(edition, row)} {cite(data, row)}"


def _region(data: Tables, edition: Edition, counts: pd.DataFrame) -> list[str]:
    """The sum of the forces, or why there is none; then what somebody printed for the region."""
    name = edition.name(edition.region_id)
    found = register.region(counts, edition)
    printed = register.latest(counts, edition.region_id)
    bullets = []
    if found is not None and found.total is not None:
        total = beside_first(number(found.total), first_total(found.parts))
        link = cited(data.sources, found.parts["source_id"], found.parts["rows"])
        when = periods.day_label(found.as_at)
        return [f"- **{name}**: {total} on {when}, the sum of its forces {link}"]
    if found is not None:
        why = f"because {why_no_total(edition, found)}"
        bullets.append(f"- **{name}**: no total for {periods.day_label(found.as_at)}, {why}")
    if printed is not None:
        own = f"{counted(printed)} {aged(edition, printed)} {cite(data, printed)}"
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
        words = NOT_FOUND if row is None else _rate_against_country(data, edition, found, row)
        bullets.append(f"- **{edition.name(force)}**: {words}")
    return bullets


def _rate_against_country(
    data: Tables, edition: Edition, found: pd.DataFrame, row: pd.Series
) -> str:
    """A rate of a force and those of England and Wales on the same date, with their sources."""
    age = periods.age_words(row["as_at"], edition.year.end)
    words = f"{_rate_words(row)} on {periods.day_label(row['as_at'])}{f' ({age})' if age else ''}"
    # The published rate stands there with its first value, the count does not stand there.
    used = [(row["rate_source"], row["rate_rows"]), (row["count_source"], row["count_row"])]
    rows = [row["population_row"]]
    beside = found[(found["area_id"] == "EW") & (found["as_at"] == row["as_at"])]
    for _, country in beside.iterrows():  # one row, or none
        if pd.notna(country["published"]):
            words += f", against {_published(country)} in England and Wales"
            used.append((country["rate_source"], country["rate_rows"]))
        if pd.notna(row["rate"]) and pd.notna(country["rate"]):
            base = ["count", "population_10plus"]
            ratio = statistics.rate_ratio(*row[base], *country[base])
            words += f"; {times_words(row, country, ratio, 'the rate of England and Wales')}"
            used.append((country["count_source"], country["count_row"]))
            rows.append(country["population_row"])
    sources, named = zip(*(each for each in used if pd.notna(each[0])), strict=True)
    return f"{words} {cited(data.sources, sources, [*named, *rows])}"


def _latest_rate(found: pd.DataFrame, area: str) -> pd.Series | None:
    """The newest rate of an area, published or our own; None if there is neither."""
    usable = found[found["published"].notna() | found["rate"].notna()]
    return register.latest(usable, area)


def _published(row: pd.Series) -> str:
    """A published rate, and the first one where it was revised."""
    return beside_first(f"{row['published']:.0f}", row["first_published"])


def _rate_words(row: pd.Series) -> str:
    """The published rate of a row and our own with its interval, as far as they are known."""
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
        words, used, rows = _growth(data, found, own, area)
        bullets.append(f"- **{edition.name(area)}**: {words} {cited(data.sources, used, rows)}")
    return bullets


def _no_change(data: Tables, found: pd.DataFrame, own: pd.DataFrame, area: str) -> str:
    """Why no change can be given of the counts of an area, of which `own` are comparable."""
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
    ends = [own.iloc[0], own.iloc[-1]]
    counts, years = [end["count"] for end in ends], [end["as_at"].year for end in ends]
    words = " to ".join(
        f"{beside_first(number(end['count']), end['first_count'])} on "
        f"{periods.day_label(end['as_at'])}"
        for end in ends
    )
    words = f"from {words}, {signed(statistics.total_change(*counts))}%"
    if (span := years[1] - years[0]) > 1:
        words += f" ({signed(statistics.compound_growth(*counts, span))}% a year)"
    used, rows = ends, [end["count_rows"] for end in ends]
    if area != "EW" and len(both := country_between(found, own)) == 2:
        words += f"; England and Wales over the same dates {country_change(both)}"
        used = [*used, *(row for _, row in both.iterrows())]
        rows += both["count_rows"].tolist()
    if split := register.growth_split(found, data.series_breaks, area):
        *inner, count, residents = split
        first, last = (end["as_at"] for end in inner)
        words += "; "
        if [first, last] != [end["as_at"] for end in ends]:
            words += f"from {first.year} to {last.year} it was {signed(count)}%, and "
        words += f"the number of residents aged 10 and over changed by {signed(residents)}%"
        used = [*used, *inner]
        rows += [end[name] for end in inner for name in ("count_row", "population_row")]
    else:
        words += "; the part that is population growth cannot be computed"
    if entries := doubts(data, own):
        words += f"; counts in between are in doubt ([{', '.join(entries)}]({LEDGER}))"
    return words, [end["count_source"] for end in used], rows


def country_between(found: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """The counts of England and Wales at both ends of the comparable counts `own` of an area."""
    country = found[(found["area_id"] == "EW") & found["count"].notna()]
    return country[country["as_at"].isin(own["as_at"].iloc[[0, -1]])]


def country_change(both: pd.DataFrame) -> str:
    """Change between two national counts; also from what was first released, if it was revised."""
    words = f"{signed(statistics.total_change(*both['count']))}%"
    firsts = both["first_count"].fillna(both["count"])
    if both["first_count"].notna().any():
        words += f" ({signed(statistics.total_change(*firsts))}% between the counts first released)"
    return words


def doubts(data: Tables, own: pd.DataFrame) -> list[str]:
    """Entries of the ledger that doubt counts between which a change is given, each once."""
    by_row = register.doubted(data)
    return list(dict.fromkeys(by_row[row] for row in own["count_row"] if row in by_row))


def register_difference(data: Tables, edition: Edition) -> list[str]:
    """4. How the force's register differs from the community count, and why."""
    pairs = register.community_and_register(data, edition)
    if pairs.empty:
        return [
            "For no force of the region was a register total that includes custody found beside a "
            "community count of the same year."
        ]
    row = pairs.iloc[-1]
    link = cited(
        data.sources,
        [row["community_source"], row["register_source"]],
        [row["community_row"], row["register_row"]],
    )
    odd, apart = "", "fewer"
    if row["community"] > row["register"]:
        odd = " The community count is the larger one, which it cannot be if both are right."
        apart = "more"
    gap = cell_text(row["gap"]).removeprefix("−").removeprefix("-")
    return [
        f"In {row['year']} the register of {edition.name(row['area_id'])} held "
        f"{beside_first(number(row['register']), row['first_register'])} people and "
        f"{beside_first(number(row['community']), row['first_community'])} were managed in the "
        f"community, {gap} {apart}.{odd} The register includes people in custody and was counted "
        "to a day of its own, so the two are different measures, not a disagreement; the "
        f"community count is {percent(row['ratio_percent'])} of the register total "
        f"{link}.{_later_register(data, edition, row)}"
    ]


def _later_register(data: Tables, edition: Edition, pair: pd.Series) -> str:
    """The newest register total with custody if it is of a later year than a pair; else ""."""
    totals = register.register_totals(data, edition)
    own = totals[(totals["area_id"] == pair["area_id"]) & (totals["custody_status"] == "both")]
    newest = own.iloc[-1]
    if newest["as_at"].year <= pair["year"]:
        return ""
    total = beside_first(number(newest["value"]), newest["first_value"])
    return (
        f" The newest register total is {total} {on_date(newest)} {cite(data, newest)}; no "
        "community count of that year was found."
    )


def stated(data: Tables, topic: str, edition: Edition | None = None) -> list[str]:
    """What documents say about a topic beside their figures, in our words, each with its source.

    With `edition` only what was said by the end of its year. Columns of `statements`.
    """
    rows = data.statements if edition is None else edition.visible(data.statements)
    return [
        f"{row['says']} {cited(data.sources, [row['source_id']], [row['row_id']])}"
        for _, row in rows[rows["topic"] == topic].iterrows()
    ]


def gaps(data: Tables, edition: Edition) -> list[str]:
    """10. What is missing, disputed or left out."""
    bullets = []
    if silent := edition.absent(register.community(data, edition)["area_id"]):
        bullets.append(f"- No community count found for any date: {listed(silent)}.")
    if silent := edition.absent(breaches.recorded(data, edition)["area_id"]):
        bullets.append(f"- No recorded breach offences found: {listed(silent)}.")
    if not edition.visible(data.risk_tiers)["area_id"].isin(edition.forces).any():
        bullets.append(
            "- How the RSOs of any force of the region divide into risk tiers: no figure found."
        )
    bullets += [
        f"- The ledger holds {len(data.discrepancies)} errors, contradictions and oddities of the "
        "sources.",
        "- Counts below the level of a force are left out: nobody has cleared them for "
        "publication.",
    ]
    hidden = map(edition.hidden, (data.registered_offenders, data.breaches, data.missing))
    if later := sum(len(unreplaced(frame)) for frame in hidden):
        bullets.append(
            f"- {prose.plural(later, 'later figure')} for the region, after {edition.year}, belong "
            "to later editions."
        )
    return bullets
