"""The claims of the summary page: each in a sentence or two, from the figures of the other pages.

What a figure is, is decided by the modules of the mission (register, breaches, missing, home
visits); here the one that says most is chosen and put into words. Every function returns Markdown
that ends with links to the sources and the rows of its numbers.
"""

import pandas as pd

from rso_report import (
    breach_words,
    breaches,
    comparable,
    coverage,
    findings,
    home_visits,
    missing,
    missing_words,
    periods,
    prose,
    register,
    statistics,
    visit_words,
)
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    aged,
    cite,
    cited,
    number,
    with_age,
    with_first,
)
from rso_report.statistics import SMALLEST_BASE

_EVERYBODY = "NOTIFICATION"  # the family of the duty that everybody on the register has
NONE_FOUND = f"{prose.NOT_FOUND[0].upper()}{prose.NOT_FOUND[1:]}"


def people(data: Tables, edition: Edition) -> list[str]:
    """How many people the forces manage, and how that of the largest one has changed."""
    counts = register.community(data, edition)
    newest = [row for f in edition.forces if (row := register.latest(counts, f)) is not None]
    if not newest:
        return [
            f"People managed in the community by {edition.the_forces}: "
            f"{prose.NOT_FOUND} up to {periods.day_label(edition.year.end)}."
        ]
    # The newest date leads, and on it the force that manages most; a count in doubt does not.
    doubted = register.doubted(data)
    sound = [row for row in newest if row["row_id"] not in doubted]
    if not sound:
        return _every_force(data, edition, counts, newest)
    lead = max(sound, key=lambda row: (row["as_at"], row["value"]))
    return [_lead(data, edition, lead), *_every_force(data, edition, counts, newest, lead)]


def _lead(data: Tables, edition: Edition, row: pd.Series) -> str:
    """The count of a force and its change since the last break, beside residents and country."""
    when = prose.on_date(row)
    age = periods.age_words(row["as_at"], edition.year.end)
    text = f"{when[0].upper()}{when[1:]} {edition.name(row['area_id'])} managed "
    text += f"**{with_first(row)} people** in the community{f' (a count {age})' * bool(age)}"
    line = _span(data, edition, row)
    if line is None:
        return f"{text}; no earlier count under the same rules was found {cite(data, row)}."
    if line["doubt"]:
        rows = [row["rows"], line["doubt_rows"]]
        link = cited(data.sources, [row["source_id"], line["doubt_source"]], rows)
        why = "a count since the series last broke is in doubt"
        return f"{text}; no change is given, for {why} {link}."
    if not _large(line):
        return f"{text}; too few for a change in percent {cite(data, row)}."
    text += f", {_change(line)}, the earliest comparable count found"
    beside = []
    if pd.notna(line["people_from"]):
        residents = statistics.total_change(line["people_from"], line["people_to"])
        days = (register.residents_day(line[f"base_date_{end}"]) for end in ("from", "to"))
        whose = "residents of its area aged 10 and over"
        beside.append(f"{whose} {_moved(residents)} ({' to '.join(days)})")
    if line[["country_from", "country_to"]].notna().all():
        country = statistics.total_change(line["country_from"], line["country_to"])
        first = statistics.total_change(line["first_country_from"], line["first_country_to"])
        revised = number(first, 1) != number(country, 1)
        at_first = f" ({number(first, 1)}% as first released)" * revised
        beside.append(f"the people managed in England and Wales {_moved(country)}{at_first}")
    if beside:
        text += f". Over the same time {' and '.join(beside)}"
    return f"{text} {cite(data, line)}."


def _span(data: Tables, edition: Edition, row: pd.Series) -> pd.Series | None:
    """The line of `register.changes` that ends at a count, None where no earlier one compares."""
    found = register.counted(data, edition)
    found = found[found["as_at"] <= row["as_at"]]
    ends = register.changes(found, data.series_breaks, [row["area_id"]]).head(1)
    ends = ends[ends["as_at_to"] == row["as_at"]]
    return None if ends.empty else ends.iloc[0]


def _large(line: pd.Series) -> bool:
    """Whether both counts of a line are large enough for a change in percent."""
    return min(line["count_from"], line["count_to"]) >= SMALLEST_BASE


def _change(line: pd.Series) -> str:
    """`6.4% more than on 31 March 2019`."""
    change = statistics.total_change(line["count_from"], line["count_to"])
    since = periods.as_at_phrase(line["as_at_from"], line["as_at_precision_from"])
    return f"{number(abs(change), 1)}% {'more' if change >= 0 else 'fewer'} than {since}"


def _moved(change: float) -> str:
    """`rose by 1.2%`, or `fell by 1.2%`."""
    return f"{'rose' if change >= 0 else 'fell'} by {number(abs(change), 1)}%"


def _every_force(
    data: Tables,
    edition: Edition,
    counts: pd.DataFrame,
    newest: list[pd.Series],
    lead: pd.Series | None = None,
) -> list[str]:
    """The newest count of each force but the `lead`, and the total or why there is none.

    Without changes: their spans differ, and stand on the page of people beside the country's.
    """
    if len(edition.forces) == 1:
        return []
    first = [] if lead is None else [lead]
    paragraphs = []
    if others := [row for row in newest if not first or row["area_id"] != lead["area_id"]]:
        doubted = register.doubted(data)
        texts = [
            f"{edition.name(row['area_id'])} {with_first(row)} {aged(edition, row)}"
            + " (in doubt)" * (row["row_id"] in doubted)
            for row in others
        ]
        others_are = "Others: " if first else ""
        link = f"{cite(data, *first, *others)}. [Their changes](regional-trends.ipynb)."
        paragraphs = [f"{others_are}{'; '.join(texts)} {link}"]
    return [*paragraphs, findings.together(data, edition, counts)]


def offences(data: Tables, edition: Edition) -> list[str]:
    """Offences recorded in the last complete year, against the duty that all have: to notify."""
    recorded = breaches.by_family(breaches.recorded(data, edition))
    recorded = recorded[recorded["family"] == _EVERYBODY]
    if recorded.empty:
        return [f"**{NONE_FOUND}** of breach offences that {edition.a_force} recorded."]
    series = [
        list(own.sort_values("period_end").itertuples())
        for _, own in recorded.groupby(breaches.SERIES, sort=False)
    ]
    own = max(series, key=lambda rows: breach_words.last_complete(rows).period_end)
    lead, last = breach_words.last_complete(own), own[-1]
    shown = [lead] if last is lead else [lead, last]
    text = f"offences against {breaches.FAMILIES[lead.family]} recorded by "
    text += f"{edition.name(lead.area_id)} in {lead.period}"
    notes = [
        breach_words.repeated_words(lead) if lead.repeated else "",
        prose.YEARS_INFERRED if lead.inferred else "",
        periods.age_words(lead.period_end, edition.year.end),
    ]
    text += "".join(f", {note}" for note in notes if note)
    if last is not lead:
        text += f"; {breach_words.part_year_words(last, lead, data.series_breaks)}"
    return [
        f"**{breach_words.count_words(lead)}** {text} {cite(data, *shown)}. Offences are not "
        "people: one person can have several. [Earlier years, and orders](breaches.ipynb)."
    ]


def missing_people(data: Tables, edition: Edition) -> list[str]:
    """The newest number of missing people that stands beside the number registered."""
    found = missing.latest(missing.snapshots(data, edition), edition)
    if not found:
        return [f"**{NONE_FOUND}** of people whose whereabouts a force did not know."]
    own = [row for row in found if row["area_id"] in edition.forces] or found
    row = max(own, key=lambda row: (row["as_at"], pd.notna(row["share"]), row["value"]))
    *notes, means = missing_words.snapshot_notes(row)
    noun = "person" if row["value"] == 1 else "people"
    text = f"{noun} counted as missing by {edition.name(row['area_id'])}, "
    text += prose.short(prose.on_date(row))
    return [
        f"**{prose.counted(row)}** {'; '.join([text, *notes])}. {means[0].upper()}{means[1:]} "
        f"{cite(data, row)}."
    ]


def outcomes(data: Tables, edition: Edition) -> list[str]:
    """Cautions or convictions per 1,000 people of a force, beside the country in that year."""
    found = breaches.outcomes(data, edition)
    unsure = found["inferred"] | (found["doubt"] != "")
    in_region = found["area_id"].isin(edition.forces)
    others, found = found[unsure & in_region], found[~unsure]
    own = found[found["area_id"].isin(edition.forces)]
    if own.empty:
        text = f"**{NONE_FOUND}** of cautions or convictions for breach, for {edition.the_forces}"
        if len(others):
            text += (
                f", that is beyond doubt; {prose.plural(len(others), 'figure')} in doubt or with "
            )
            text += "the year inferred: see [breaches](breaches.ipynb)"
        return [f"{text}."]
    last = own[own["period_end"] == own["period_end"].max()]
    row = last.loc[last["value"].astype(float).idxmax()]
    year = f"in {row['period']}"
    if age := periods.age_words(row["period_end"], edition.year.end):
        year += f", {age}"
    whose = f"{edition.name(row['area_id'])}, which the source calls “{row['unit_as_printed']}”"
    used, rows = [row["source_id"]], [row["rows"]]
    if pd.isna(row["per_1000"]):
        big, text = with_first(row), f"cautions or convictions {year}: {whose}"
    else:
        big = f"{_per_1000(row)} per 1,000"
        text = f"people managed: {with_first(row)} cautions or convictions {year}, {whose}"
        used.append(row["stock_source"])
        rows.append(row["stock_rows"])
        rated = found[(found["area_id"] == "EW") & found["per_1000"].notna()]
        for _, country in comparable.beside(last.loc[[row.name]], rated).iterrows():
            text += f"; in England and Wales {breach_words.rate_words(country)}"
            used += [country["source_id"], country["stock_source"]]
            rows += [country["rows"], country["stock_rows"]]
    newest = own.sort_values("period_end").drop_duplicates("area_id", keep="last")
    newest = newest.set_index("area_id", drop=False).drop(row["area_id"])
    others = [newest.loc[force] for force in edition.forces if force in newest.index]
    said = []
    for other in others:
        # A rate stands beside that of the first of its own year alone; else the count does.
        rated = row["period"] == other["period"] and pd.notna(row["per_1000"] + other["per_1000"])
        said.append(_other_outcome(edition, other, rated))
        used += [other["source_id"], *[other["stock_source"]] * rated]
        rows += [other["rows"], *[other["stock_rows"]] * rated]
    if said:
        text += f". Others: {'; '.join(said)}"
    return [
        f"**{big}** {text} {cited(data.sources, used, rows)}. Not a share of people or of "
        "offences recorded."
    ]


def _per_1000(row: pd.Series) -> str:
    """`at least 25.5`."""
    return f"{'at least ' * (row['qualifier'] == 'at_least')}{number(row['per_1000'], 1)}"


def _other_outcome(edition: Edition, row: pd.Series, rated: bool) -> str:
    """`Force 19.7 per 1,000 (26)` of the year of the first, or `Force a count of 16 in 2019-20`."""
    count = with_first(row)
    if rated:
        return f"{edition.name(row['area_id'])} {_per_1000(row)} per 1,000 ({count})"
    when = with_age("in " + row["period"], row["period_end"], edition)
    return f"{edition.name(row['area_id'])} a count of {count} {when}"


def visits(data: Tables, edition: Edition) -> list[str]:
    """What is known of home visits: made, and reported overdue."""
    held = home_visits.due_and_made(data, edition)
    held = held[
        (held["tier"] == "all") & held["made"].notna() & held["area_id"].isin(edition.forces)
    ]
    big, text = f"**{NONE_FOUND}**", f"of home visits made by {edition.a_force}."
    if len(held):
        row = held.iloc[0]
        big = f"**{visit_words.in_words(row, 'made')}**"
        when = periods.period_label(row["period_start"], row["period_end"])
        text = f"home visits made, {edition.name(row['area_id'])}, {when}"
        text += f" ({row['note']})" if row["note"] else ""
        rows = [row["rows_made"]]
        if pd.notna(row["due"]):
            text += f", of {visit_words.in_words(row, 'due')} due"
            rows.append(row["rows_due"])
        text += f" {cited(data.sources, [row['source_id']], rows)}."
    overdue = home_visits.overdue(data, edition)
    for place, (_, row) in enumerate(overdue.iterrows()):
        note = f" ({row['note']})" if row["note"] else ""
        text += " Reported overdue: " if place == 0 else " And "
        when = prose.short(aged(edition, row))
        text += f"{with_first(row)} by {edition.name(row['area_id'])} {when}{note} "
        text += f"{cite(data, row)}."
    return [f"{big} {text}"]


_ASKED = {
    "community": "People",
    "rate": "Rate",
    "recorded": "Breaches recorded",
    "outcome": "Cautions or convictions",
    "missing": "Missing",
    "overdue": "Visits overdue",
    "visits": "Visits made",
}


def newest_years(data: Tables, edition: Edition) -> pd.DataFrame:
    """The newest financial year with a figure: a row for each force, a column for each measure."""
    grid = coverage.by_year(data, edition)
    kinds = edition.areas.set_index("area_id")["kind"]
    together = [unit for unit in edition.units if kinds[unit] == "joint"]
    units = [*edition.forces, *(unit for unit in together if unit in set(grid["area_id"]))]
    shown = coverage.newest_years(grid, units)[list(_ASKED)]
    shown.insert(0, "Area", list(map(edition.name, units)))
    return shown.rename(columns=_ASKED)
