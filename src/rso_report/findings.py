"""The ten questions of the report, each answered in sentences computed from the data.

Every function returns Markdown, one paragraph or bullet per text, with a link to each source.
What is not published is said, not filled.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pandas as pd

from rso_report import breaches, missing, periods, prose, register, statistics, visits
from rso_report.dataset import Tables
from rso_report.edition import Edition, years_covered
from rso_report.parameters import EditionParameters
from rso_report.prose import (
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

TIER_NAMES = {"very_high": "very high", "high": "high", "medium": "medium", "low": "low"}
NOT_PUBLISHED = "no figure published"
_REACTIVE = ("reactive_eligible_persons", "rsos_in_same_statement")


def status_line(data: Tables, edition: Edition) -> str:
    """What the page is and up to when it shows figures, for the top of every notebook."""
    first, last = years_covered(data, edition)
    return (
        f"**Edition: {edition.title}.** It shows figures whose date or period ends by "
        f"{periods.day_label(edition.year.end)}, whenever they were published; the data reach from "
        f"{first} to {last}. Independent analysis of published figures; not official statistics."
    )


def community(data: Tables, edition: Edition) -> list[str]:
    """1. How many RSOs each force manages in the community, and the region, as at when."""
    counts = register.community(data, edition)
    bullets = []
    for force in edition.forces:
        row = register.latest(counts, force)
        bullets.append(f"- **{edition.name(force)}**: {_count_with_date(data, row)}")
    bullets.append(f"- **{edition.name(edition.region_id)}**: {_region(data, edition, counts)}")
    bullets.append(f"- **{edition.name('EW')}**: {_country(data, edition, counts)}")
    return bullets


def _country(data: Tables, edition: Edition, counts: pd.DataFrame) -> str:
    """England and Wales on the date of the forces' latest counts, and its newest if later."""
    newest = register.latest(counts, "EW")
    forces = counts.loc[counts["area_id"].isin(edition.forces), "as_at"]
    beside = counts[(counts["area_id"] == "EW") & (counts["as_at"] == forces.max())]
    if newest is None or beside.empty or newest["as_at"] == forces.max():
        return _count_with_date(data, newest)
    both = (_count_with_date(data, row) for row in (beside.iloc[0], newest))
    return "; ".join(both)


def _count_with_date(data: Tables, row: pd.Series | None) -> str:
    if row is None:
        return f"{NOT_PUBLISHED} for any date"
    return f"{with_first(row)} {on_date(row)} {_cite(data, row)}"


def _region(data: Tables, edition: Edition, counts: pd.DataFrame) -> str:
    dates = counts.loc[counts["area_id"].isin(edition.forces), "as_at"]
    if dates.empty:
        return NOT_PUBLISHED
    last = dates.max()
    absent = register.missing_parts(counts, edition, last)
    when = periods.day_label(last)
    if absent:
        names = listed(edition.name(force) for force in absent)
        return f"no total, because no figure for {names} on {when} is published"
    parts = counts[(counts["as_at"] == last) & counts["area_id"].isin(edition.forces)]
    total = number(register.region_total(counts, edition, last))
    return (
        f"{beside_first(total, first_total(parts))} on {when}, the sum of its forces "
        f"{cited(data.sources, parts['source_id'], parts['rows'])}"
    )


def rates(data: Tables, edition: Edition) -> list[str]:
    """2. The rate per 100,000 aged 10 and over, with its interval, against England and Wales."""
    found = register.rates(data, edition)
    bullets = []
    for force in edition.forces:
        row = _latest_rate(found, force)
        if row is None:
            bullets.append(f"- **{edition.name(force)}**: {NOT_PUBLISHED}")
            continue
        country = found[(found["area_id"] == "EW") & (found["as_at"] == row["as_at"])]
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
        cite = cited(data.sources, sources, rows)
        bullets.append(
            f"- **{edition.name(force)}**: {_rate_words(row)} on "
            f"{periods.day_label(row['as_at'])}{against} {cite}"
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
    """3. How the counts have changed, and how much of that is population."""
    found = register.rates(data, edition)
    bullets = []
    for area in [*edition.forces, "EW"]:
        own = register.comparable(found, area)
        if len(own) < 2:
            why = "only one count" if len(own) else "no count"
            bullets.append(f"- **{edition.name(area)}**: cannot be said, {why} is published")
            continue
        first, last = own.iloc[0], own.iloc[-1]
        years = last["as_at"].year - first["as_at"].year
        total = statistics.total_change(first["count"], last["count"])
        words = (
            f"from {beside_first(number(first['count']), first['first_count'])} on "
            f"{periods.day_label(first['as_at'])} to "
            f"{beside_first(number(last['count']), last['first_count'])} on "
            f"{periods.day_label(last['as_at'])}, "
            f"{signed(total)}%"
        )
        if years > 1:
            yearly = statistics.compound_growth(first["count"], last["count"], years)
            words += f" ({signed(yearly)}% a year)"
        used = [first, last]
        if split := register.growth_split(found, area):
            *parts, count, residents = split
            used += parts
            words += (
                f"; from {parts[0]['as_at'].year} to {parts[1]['as_at'].year} it was "
                f"{signed(count)}%, with a population that grew {signed(residents)}%"
            )
        else:
            parts = []
            words += "; the part that is population growth cannot be computed"
        rows = [first["count_rows"], last["count_rows"], *(row["count_row"] for row in parts)]
        rows += [row["population_row"] for row in parts]
        cite = cited(data.sources, [row["count_source"] for row in used], rows)
        bullets.append(f"- **{edition.name(area)}**: {words} {cite}")
    return bullets


def register_difference(data: Tables, edition: Edition) -> list[str]:
    """4. How the force's register differs from the community count, and why."""
    pairs = register.community_and_register(data, edition)
    if pairs.empty:
        return [
            "No force of the region has published a register total including custody beside a "
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
            f"{_cite(data, newest)}; no community count of that year is published."
        )
    return [
        f"In {row['year']} the register of {edition.name(row['area_id'])} held "
        f"{beside_first(number(row['register']), row['first_register'])} people and "
        f"{beside_first(number(row['community']), row['first_community'])} were managed in the "
        f"community, {number(row['gap'])} fewer. The register includes people in custody and was "
        "counted on another date, so the two are different measures, not a disagreement; the "
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
    bullets += [f"- **{edition.name(force)}**: {prose.NOT_FOUND}" for force in silent]
    return bullets or [f"- {edition.name(edition.region_id)}: {prose.NOT_FOUND}"]


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
    notes = [row["age"]] if row["age"] else []
    if pd.notna(row["first_value"]):
        notes.append(f"{number(row['first_value'])} at first reply")
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
    """6. How many notification, SHPO and SRO offences were recorded, by title."""
    recorded = breaches.recorded(data, edition)
    if recorded.empty:
        return [f"Recorded breach offences: {NOT_PUBLISHED} for the forces of the region."]
    families = breaches.by_family(recorded)
    bullets = []
    for (area, family), own in families.groupby(["area_id", "family"], sort=False):
        own = own.sort_values("period_start")
        by_year = "; ".join(
            f"{row.period} {recorded_words(row.value, row.first_value, row.part)}"
            for row in own.itertuples()
        )
        bullets.append(
            f"- **{edition.name(area)}, {breaches.FAMILIES[family]}**: {by_year}; together "
            f"{beside_first(number(own['value'].sum()), first_total(own))} "
            f"{cited(data.sources, own['source_id'], own['rows'])}"
        )
    return bullets


def recorded_words(value: float, first: float, part: bool) -> str:
    """Recorded offences of a period with their marks: `286 [p]`, `268 [r] (260 at first)`."""
    return beside_first(f"{number(value)}{' [p]' if part else ''}", first)


def outcomes(data: Tables, edition: Edition) -> list[str]:
    """7. How many cautions or convictions; `not_comparable` says what they are not."""
    found = breaches.outcomes(data, edition)
    bullets = []
    for area in [*edition.forces, "EW"]:
        own = found[found["area_id"] == area]
        if own.empty:
            continue
        row = own.iloc[-1]
        per = ""
        if pd.notna(row["per_1000"]):
            span = f" ({interval(row['lower'], row['upper'])})"
            bound = row["qualifier"] == "at_least"  # an interval around a lower bound misleads
            rate = f"at least {number(row['per_1000'], 1)}" if bound else number(row["per_1000"], 1)
            per = f", {rate}{'' if bound else span} per 1,000 RSOs in the community"
        bullets.append(
            f"- **{edition.name(area)}**, {row['period']}: {with_first(row)}{per} "
            f"{cited(data.sources, _outcome_sources(row), _outcome_rows(row))}"
        )
    if not bullets:
        return [f"Cautions or convictions: {NOT_PUBLISHED} for the region."]
    return bullets


def _outcome_rows(row: pd.Series) -> list[str]:
    """The rows that an outcome and its rate are from."""
    return [row["rows"], *([row["stock_row"]] if pd.notna(row["stock_row"]) else [])]


def _outcome_sources(row: pd.Series) -> list[str]:
    return [row["source_id"], *([row["stock_source"]] if pd.notna(row["stock_row"]) else [])]


def outcome_ratios(data: Tables, edition: Edition) -> list[str]:
    """Ratio of the outcome rates of two forces in the latest year that they share."""
    found = breaches.outcomes(data, edition)
    own = found[found["per_1000"].notna() & found["area_id"].isin(edition.forces)]
    texts = []
    for first, second in combinations(edition.forces, 2):
        pair = own[own["area_id"] == first].merge(
            own[own["area_id"] == second], on="period", suffixes=("_a", "_b")
        )
        if pair.empty:
            continue
        row = pair.iloc[-1]
        rows = [row.row_id_a, row.row_id_b, row.stock_row_a, row.stock_row_b]
        ratio = statistics.rate_ratio(row.value_a, row.stock_a, row.value_b, row.stock_b)
        clear = (
            "a clear difference" if not ratio.lower <= 1 <= ratio.upper else "no clear difference"
        )
        texts.append(
            f"In {row.period} the rate of {edition.name(first)} was {number(ratio.value, 2)} times "
            f"that of {edition.name(second)} ({interval(ratio.lower, ratio.upper, 2)}): {clear} "
            f"{cited(data.sources, [row.source_id_a, row.source_id_b], rows)}."
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


def visit_frequency(data: Tables, edition: Edition) -> list[str]:
    """8. Which visit frequency applies to each tier, and from which policy."""
    known = data.visit_policy[data.visit_policy["valid_from"] <= pd.Timestamp(edition.year.end)]
    own = known[known["area_id"].isin([*edition.forces, "EW"])]
    if own.empty:
        return [f"Visiting intervals: {NOT_PUBLISHED} by the end of {edition.year}."]
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
                f"was {tiers} {link}."
            )
        else:
            paragraphs.append(
                f"Since {periods.day_label(row['valid_from'])} no fixed number applies nationally. "
                "The interval follows an individual plan, and some people at low risk are managed "
                f"reactively, without home visits {link}."
            )
    return paragraphs


def workload(data: Tables, edition: Edition, parameters: EditionParameters) -> list[str]:
    """9. What minimum workload would follow, over what range: an illustration, not a finding."""
    model = illustration(data, edition, parameters)
    if model is None:
        return [f"No illustration: {NOT_PUBLISHED} for a community count of the region's forces."]
    people = beside_first(number(model["people"]), model["first_people"])
    return [
        f"At least {number(model['visits'])} visits a year would be due, or "
        f"{number(model['per_week'], 2)} a week for each of {parameters.officers} officers, under "
        f"three assumptions. All {people} people whom {model['force']} managed "
        f"in the community {model['on_date']} are visited; the intervals are those of 2014; the "
        f"mix of risk tiers is {parameters.tier_mix} per cent. The mix is not published for any "
        "force: the true figure could lie anywhere from "
        f"{number(model['fewest'])} to {number(model['most'])} "
        f"{cited(data.sources, model['sources'], [model['people_rows'], *model['rows']])}. "
        "This is an illustration that joins figures of different years, not a finding, and a "
        "minimum that is due is not a visit that was made."
    ]


def illustration(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> dict[str, Any] | None:
    """The numbers of the worked illustration; None without a count or a known policy.

    Keys: force, area_id, people, first_people (before a revision, else <NA>), people_rows (of
    both), as_at, on_date, rows and sources (of the count and the policy), reactive_rows and
    reactive_sources, frequencies, tiers (people by tier), visits (a year), attempts (a year, at
    the success share), per_week (visits of an officer, one officer a visit), crew_per_week
    (attempts, with the crew of the parameters), fewest, most, per_point (visits for each percentage
    point moved from low to very high), band, reactive.
    """
    policy = data.visit_policy[data.visit_policy["valid_from"] <= pd.Timestamp(edition.year.end)]
    counts = register.community(data, edition)
    counts = counts[counts["qualifier"] == "exact"]
    last = [row for f in edition.forces if (row := register.latest(counts, f)) is not None]
    if parameters.force:
        last = [row for row in last if row["area_id"] == parameters.force]
    if not last or parameters.policy_id not in set(policy["policy_id"]):
        return None
    row = max(last, key=lambda r: r["value"])
    people = int(row["value"])
    often = visits.frequencies(policy, parameters.policy_id)
    rules = policy[policy["policy_id"] == parameters.policy_id]
    reactive = current(data.risk_tiers)
    reactive = reactive[reactive["measure"].isin(_REACTIVE)]
    mix = parameters.mix()
    tiers = visits.largest_remainder(people, mix)
    due = visits.minimum_visits(tiers, often)
    fewest, most = visits.visit_bounds(people, often)
    exact = people * visits.visits_per_person(mix, often)
    return {
        "force": edition.name(row["area_id"]),
        "area_id": row["area_id"],
        "people": people,
        "first_people": row["first_value"],
        "people_rows": row["rows"],
        "as_at": as_at(row),
        "on_date": on_date(row),
        "rows": [row["row_id"], *rules["row_id"]],
        "sources": [row["source_id"], *rules["source_id"]],
        "reactive_rows": reactive["row_id"].tolist(),
        "reactive_sources": reactive["source_id"].tolist(),
        "frequencies": often,
        "tiers": tiers,
        "visits": due,
        "attempts": visits.attempts(due, parameters.success_share),
        "per_week": visits.officer_load(exact, parameters.officers, parameters.weeks),
        "crew_per_week": visits.officer_load(
            exact,
            parameters.officers,
            parameters.weeks,
            crew=parameters.crew,
            success_share=parameters.success_share,
        ),
        "fewest": fewest,
        "most": most,
        "per_point": visits.sensitivity(people, often),
        "band": visits.dirichlet_band(people, mix, often, seed=parameters.seed),
        "reactive": _with_reactive_management(data, people, mix, often),
    }


def _with_reactive_management(
    data: Tables,
    people: int,
    mix: dict[str, float],
    often: dict[str, int],
) -> float | None:
    """Visits due if the published share were managed without visits; None if it does not fit."""
    rows = current(data.risk_tiers).set_index("measure")["value"]
    if not {*_REACTIVE} <= {*rows.index}:
        return None
    share = rows[_REACTIVE[0]] / rows[_REACTIVE[1]]
    return people * visits.visits_per_person(mix, often, share) if share <= mix["low"] else None


def gaps(data: Tables, edition: Edition) -> list[str]:
    """10. What is missing, disputed or left out."""
    counts = register.community(data, edition)
    none = [edition.name(f) for f in edition.forces if register.latest(counts, f) is None]
    rows = data.discrepancies
    later = sum(
        len(unreplaced(edition.hidden(frame)))
        for frame in (data.registered_offenders, data.breaches, data.missing)
    )
    bullets = []
    if none:
        bullets.append(f"- No community count at all: {listed(none)}.")
    recorded = set(breaches.recorded(data, edition)["area_id"])
    silent = [edition.name(f) for f in edition.forces if f not in recorded]
    if silent:
        bullets.append(f"- No recorded breach offences published: {listed(silent)}.")
    bullets += [
        "- No force has published how its RSOs divide into risk tiers, nor how many visits were "
        "due and made.",
        f"- The ledger holds {len(rows)} errors, contradictions and oddities of the sources.",
        "- Counts below the level of a force are left out: nobody has cleared them for "
        "publication.",
    ]
    if later:
        bullets.append(
            f"- {prose.plural(later, 'later figure')} for the region, after {edition.year}, "
            "belong to later editions."
        )
    return bullets


def breach_trend(data: Tables, edition: Edition, area: str, family: str) -> str:
    """The trend of a family of recorded offences in one sentence, with its honest interval."""
    families = breaches.by_family(breaches.recorded(data, edition))
    own = families[(families["area_id"] == area) & (families["family"] == family)]
    complete = own[~own["part"]]
    name = breaches.FAMILIES[family]
    if len(complete) < 3:
        return f"For {name}, too few complete years are published to fit a trend."
    fit = breaches.family_trend(families, area, family)
    first, last = complete.iloc[0]["period"], complete.iloc[-1]["period"]
    text = (
        f"For {name}, {first} to {last}, the fitted change is {signed(fit.change.value)}% a year "
        f"({signed(fit.change.lower)} to {signed(fit.change.upper)}%; {fit.model}, dispersion "
        f"{number(fit.dispersion, 1)})"
    )
    if fit.change.lower <= 0 <= fit.change.upper:
        text += ": no rise or fall is established"
    if not fit.interpretable:
        text += f"; with {fit.complete_points} complete years it is exploratory and not interpreted"
    return f"{text} {cited(data.sources, complete['source_id'], complete['row_id'])}."


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
        f"For {edition.name(area)}, the share missing differs by "
        f"{signed(difference.value, 2)} percentage points ({signed(difference.lower, 2)} to "
        f"{signed(difference.upper, 2)}) between the snapshots {on_date(first)} and "
        f"{on_date(last)}: {verdict}{f'; but {differ}' if differ else ''} {cite}. The interval "
        "describes chance variation only."
    )


def title_headline(families: pd.DataFrame, area: str, family: str) -> str:
    """What a table of titles comes to: `1,721 offences recorded, 2017-18 to 2021-22 [p]`."""
    own = families[(families["area_id"] == area) & (families["family"] == family)]
    own = own.sort_values("period_start")
    labels = [f"{row.period}{' [p]' if row.part else ''}" for row in own.itertuples()]
    span = labels[0] if len(own) == 1 else f"{labels[0]} to {labels[-1]}"
    total = own["value"].sum()
    counted_ = beside_first(number(total), first_total(own))
    return f"{counted_} {'offence' if total == 1 else 'offences'} recorded, {span}"


def readings_headline(readings: pd.DataFrame) -> str:
    """What each family comes to by title and by heading, from `breaches.both_readings`."""

    def total(column: str) -> str:
        first = readings[f"first {column}"]
        own = pd.DataFrame({"value": readings[column], "first_value": first})
        return beside_first(number(readings[column].sum()), first_total(own))

    said = listed(
        f"{column.removesuffix(' by title')} {total(column)} by title, "
        f"{total(column.replace('by title', 'by heading'))} by heading"
        for column in breaches.reading_columns(readings)
        if column.endswith(" by title")
    )
    return f"The two readings differ: {said}"


def trends_headline(families: pd.DataFrame, areas: Iterable[str]) -> str:
    """For how many families of offences a rise or fall is established, complete years only."""
    complete = families[~families["part"]]
    fits = [
        breaches.family_trend(families, area, family)
        for area in areas
        for family in breaches.FAMILIES
        if ((complete["area_id"] == area) & (complete["family"] == family)).sum() >= 3
    ]
    if not fits:
        return "No trend can be fitted: fewer than three complete years"
    usable = [fit for fit in fits if fit.interpretable]
    if not usable:
        return "No rise or fall is established: too few complete years to interpret any change"
    clear = sum(not fit.change.lower <= 0 <= fit.change.upper for fit in usable)
    return f"A rise or fall is established for {number(clear)} of {len(fits)} families of offences"
