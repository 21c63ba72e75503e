"""An estimate for police areas of which no count was found, and whether it can be trusted.

The rates of the areas of a date scatter around the national rate. How far they do is measured on
the areas that are held; an area without a count is given the national rate times its population,
with a 95% prediction interval that has this scatter and chance in it. The held areas are those that
somebody wrote about, and their rates lie above the national one more often than below. So the
national rate stands in the middle and not their own, and being to one side counts as scatter.

Areas of one region are more alike than others, so the forces of a region that are estimated are
taken to lie to the same side of the national rate: their errors do not cancel in its sum.

An area whose rate of the date was published is given that rate times its population instead: it was
counted, and only the count itself was not found. Its interval is that of the rounding.

Whether such intervals hold what they should is seen by leaving out each held count in turn.
An estimate is no published figure: it is marked [e] and is in no total but the estimated one.
"""

import pandas as pd

from rso_report import statistics
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.register import Comparison, base_row, community, latest, population_10plus
from rso_report.revisions import current
from rso_report.trace import together

# 95% intervals that cover more or less often than this are not what they claim to be.
COVERS = (90, 98)
# Below so many residents aged 10 and over chance is not normal, and people could be singled out.
FEWEST_PEOPLE = 100_000
_COLUMNS = ["area_id", "as_at", "value", "lower", "upper", "way", "held", "latest"]


def for_gaps(data: Tables, edition: Edition, found: Comparison | None) -> pd.DataFrame:
    """Estimated counts of the region's forces without one at a date, then of the region.

    Columns: area_id, as_at, population (of the forces that are estimated), value, lower, upper
    (people; a 95% prediction interval), way (what the value rests on: `national rate` or `own
    published rate`, of the region perhaps both), held (counts that are in the value, unchanged),
    latest, first_latest and found (the newest count of an earlier date, what it was before a
    revision, and its date; missing for the region), rows and source_id of all this. Empty without a
    comparison, or if no force of the region is absent; no row for a force that is too small
    (`FEWEST_PEOPLE`), and then none for the region.
    """
    if found is None:
        return pd.DataFrame(columns=_COLUMNS)
    counts = community(data, edition)
    behind = [found.national.rows, *found.sound["rows"]]
    sources = [found.national.source_id, *found.sound["source_id"]]
    spread = variance(found.sound, found.national.rate)

    def row(area: str, parts: dict[str, int], held: int) -> dict:
        own = {part: _published(data, edition, part, parts[part], found.as_at) for part in parts}
        told = [each for each in own.values() if each]
        people = sum(parts[part] for part, each in own.items() if not each)
        ends = [(each["value"], each["lower"], each["upper"]) for each in told]
        if people:
            rest = statistics.predicted_count(
                people, found.national.rate, spread, areas=len(found.sound)
            )
            ends.append((rest.value, rest.lower, rest.upper))
        value, lower, upper = (held + sum(each) for each in zip(*ends, strict=True))
        before = latest(counts[counts["as_at"] < found.as_at], area) if area in parts else None
        known = [] if before is None else [before]
        bases = [base_row(data, part, found.as_at) for part in parts]
        return {
            "area_id": area,
            "as_at": found.as_at,
            "population": sum(parts.values()),
            "value": value,
            "lower": lower,
            "upper": upper,
            "way": " and ".join(
                ["national rate"] * (people > 0) + ["own published rate"] * bool(told)
            ),
            "held": held,
            "latest": pd.NA if before is None else before["value"],
            "first_latest": pd.NA if before is None else before["first_value"],
            "qualifier_latest": "exact" if before is None else before["qualifier"],
            "found": pd.NaT if before is None else before["as_at"],
            "rows": together([*behind, *bases, *(row["rows"] for row in (*told, *known))]),
            "source_id": together([*sources, *(row["source_id"] for row in (*told, *known))]),
        }

    gaps = [force for force in edition.forces if force in found.absent]
    people = {force: population_10plus(data, force, found.as_at) for force in gaps}
    enough = {force: many for force, many in people.items() if many and many >= FEWEST_PEOPLE}
    rows = [row(force, {force: many}, 0) for force, many in enough.items()]
    if edition.region_id and enough and len(enough) == len(gaps):
        own = found.areas["area_id"].isin(edition.forces)
        rows.append(row(edition.region_id, enough, int(found.areas.loc[own, "count"].sum())))
    return pd.DataFrame(rows, columns=None if rows else _COLUMNS)


def _published(
    data: Tables, edition: Edition, area: str, people: int, as_at: pd.Timestamp
) -> dict | None:
    """The count that the published rate of an area and date implies, with the ends of its rounding.

    Keys value, lower, upper, rows and source_id; None where no such rate is held.
    """
    rows = current(edition.visible(data.published_rates))
    rows = rows[(rows["area_id"] == area) & (rows["as_at"] == as_at)]
    for measure, count in (
        ("rate_per_100k_10plus", lambda rate: rate * people / 1e5),
        ("people_10plus_per_rso", lambda each: people / each),
    ):
        for _, row in rows[rows["measure"] == measure].iterrows():
            ends = sorted(count(float(row["value"]) + half) for half in (-0.5, 0.5))
            return {
                "value": count(float(row["value"])),
                "lower": ends[0],
                "upper": ends[1],
                "rows": row["rows"],
                "source_id": row["source_id"],
            }
    return None


def variance(areas: pd.DataFrame, target: float) -> float:
    """How far rates of areas lie from the national rate beyond chance: see `variance_about`."""
    return statistics.variance_about(areas["count"], areas["population"], target)


def coverage(found: list[Comparison]) -> pd.DataFrame:
    """How the estimate would have done for counts that are held, by date and over all dates.

    Each count is left out in turn and estimated from the others of its date. Columns: as_at (NaT:
    all dates), areas (counts left out in turn), covered (those within their 95% interval), percent,
    and for the areas of which no count was found, together: expected (the national rate times their
    population) and actual (the national count less the counts held; <NA> where no exact one is).
    """
    rows = [
        {
            "as_at": each.as_at,
            "areas": len(each.areas),
            "covered": sum(_covers(each, area) for _, area in each.areas.iterrows()),
            "expected": _expected_rest(each),
            "actual": _actual_rest(each),
        }
        for each in found
    ]
    frame = pd.DataFrame(rows, columns=["as_at", "areas", "covered", "expected", "actual"])
    whole = {"as_at": pd.NaT, "areas": frame["areas"].sum(), "covered": frame["covered"].sum()}
    frame = pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)
    frame = frame.astype({"areas": "int64", "covered": "int64", "actual": "Int64"})
    return frame.assign(percent=100 * frame["covered"] / frame["areas"])


def holds(coverage_of_dates: pd.DataFrame) -> bool:
    """Whether the intervals cover as often as they should over all dates of `coverage`."""
    low, high = COVERS
    return bool(low <= coverage_of_dates["percent"].iloc[-1] <= high)


def _covers(found: Comparison, area: pd.Series) -> bool:
    """Whether the interval made without an area holds its count."""
    others = found.sound[found.sound["area_id"] != area["area_id"]]
    spread = variance(others, found.national.rate)
    guess = statistics.predicted_count(
        area["population"], found.national.rate, spread, areas=len(others)
    )
    return bool(guess.lower <= area["count"] <= guess.upper)


def _expected_rest(found: Comparison) -> float:
    """The national rate times the population of the areas of which no count was found."""
    rest = found.national.population - found.areas["population"].sum()
    return found.national.rate * rest / 1e5


def _actual_rest(found: Comparison) -> int | None:
    """The national count less the counts that are held."""
    whole = found.national.count
    return None if whole is None else whole - int(found.areas["count"].sum())
