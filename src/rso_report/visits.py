"""Home visits due under fixed intervals, and the workload that follows, as pure functions.

Visits due are demand, not visits made, and no floor once fixed intervals have ended or people are
managed reactively. People in custody, abroad or missing receive no home
visits: leave them out of the people passed in. `frequencies` are minimum visits a year for each
tier, `mix` is the share of people in each tier; both name all four TIERS. Every function raises
ValueError, saying what was found and what is allowed, for an unknown or absent tier, a negative or
missing value, or a mix that does not sum to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rso_report.statistics import checked_count, checked_number

TIERS = ("very_high", "high", "medium", "low")
TIER_NAMES = {"very_high": "very high", "high": "high", "medium": "medium", "low": "low"}
MIX_TOLERANCE = 1e-6
DRAWS = 10_000  # random mixes behind a band


@dataclass(frozen=True)
class VisitBand:
    """Minimum visits a year at the 2.5th, 50th and 97.5th percentile of simulated mixes."""

    lower: float
    median: float
    upper: float


def _tier(name: str) -> str:
    if name not in TIERS:
        raise ValueError(f"Unknown tier {name!r}; the tiers are {', '.join(TIERS)}.")
    return name


def _by_tier(values: Mapping[str, float], name: str) -> dict[str, float]:
    absent = [tier for tier in TIERS if tier not in {_tier(key) for key in values}]
    if absent:
        raise ValueError(f"{name} must name every tier; found none for {', '.join(absent)}.")
    return {tier: checked_number(values[tier], f"{name}[{tier}]") for tier in TIERS}


def _checked_mix(mix: Mapping[str, float]) -> dict[str, float]:
    shares = _by_tier(mix, "mix")
    if abs(sum(shares.values()) - 1) > MIX_TOLERANCE:
        raise ValueError(f"mix must sum to 1; found {sum(shares.values()):.7g}.")
    return shares


def largest_remainder(total: float, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole people per tier that sum to the total, by largest remainder.

    Shares are read as the decimals they print as, so that ties are exact; the higher tier wins one.
    """
    people = checked_count(total, "total")
    exact = {tier: Fraction(repr(part)) for tier, part in _checked_mix(shares).items()}
    quota = {tier: people * part / sum(exact.values()) for tier, part in exact.items()}
    counts = {tier: int(part) for tier, part in quota.items()}
    by_remainder = sorted(TIERS, key=lambda tier: counts[tier] - quota[tier])
    for tier in by_remainder[: people - sum(counts.values())]:
        counts[tier] += 1
    return counts


def minimum_visits(
    people: Mapping[str, float], frequencies: Mapping[str, float], reactive: float = 0
) -> float:
    """Minimum visits a year: people times frequency over the tiers, less reactive management.

    `people` are numbers or shares of people by tier, such as those of `largest_remainder`;
    `reactive` is the number of people in the low tier managed without visits.
    """
    number, visits = _by_tier(people, "people"), _by_tier(frequencies, "frequencies")
    without_visits = checked_number(reactive, "reactive")
    if without_visits > number["low"] * (1 + 1e-9):
        raise ValueError(
            f"reactive must not exceed the low tier of {number['low']:g}; found {without_visits:g}."
        )
    return sum(number[tier] * visits[tier] for tier in TIERS) - without_visits * visits["low"]


def visits_per_person(
    mix: Mapping[str, float], frequencies: Mapping[str, float], reactive_share: float = 0
) -> float:
    """Minimum visits a year per person; `reactive_share` is a share of all, taken from low."""
    return minimum_visits(_checked_mix(mix), frequencies, reactive_share)


def visit_bounds(total: float, frequencies: Mapping[str, float]) -> tuple[float, float]:
    """Fewest and most minimum visits a year when the mix is unknown: all low to all very high."""
    people, visits = checked_count(total, "total"), _by_tier(frequencies, "frequencies").values()
    return people * min(visits), people * max(visits)


def sensitivity(
    total: float,
    frequencies: Mapping[str, float],
    from_tier: str = "low",
    to_tier: str = "very_high",
) -> float:
    """Extra minimum visits a year for each percentage point of people moved between two tiers."""
    people, visits = checked_count(total, "total"), _by_tier(frequencies, "frequencies")
    return people * (visits[_tier(to_tier)] - visits[_tier(from_tier)]) / 100


def dirichlet_band(
    total: float,
    mix: Mapping[str, float],
    frequencies: Mapping[str, float],
    *,
    seed: int,
    concentration: float = 50,
    draws: int = DRAWS,
) -> VisitBand:
    """Minimum visits a year when the mix is only roughly known: a seeded 95% band.

    Mixes are drawn from a Dirichlet distribution around `mix`; a larger `concentration` keeps
    them closer to it. The same seed gives the same band.
    """
    people, shares = checked_count(total, "total"), _checked_mix(mix)
    visits = _by_tier(frequencies, "frequencies")
    weight = checked_number(concentration, "concentration", positive=True)
    size = checked_count(draws, "draws", minimum=1)
    alpha = [weight * part for part in shares.values()]
    mixes = np.random.default_rng(checked_count(seed, "seed")).dirichlet(alpha, size)
    simulated = people * mixes @ np.array(list(visits.values()))
    return VisitBand(*np.percentile(simulated, [2.5, 50, 97.5]).tolist())


def attempts(visits: float, success_share: float = 1) -> float:
    """Attempts needed for a number of visits when only a share of attempts finds the person in."""
    success = checked_number(success_share, "success_share", positive=True)
    if success > 1:
        raise ValueError(f"success_share must be above 0 and at most 1; found {success:g}.")
    return checked_number(visits, "visits") / success


def officer_load(
    visits: float, officers: float, weeks: float, crew: float = 1, success_share: float = 1
) -> float:
    """Attempts per officer and working week; each attempt takes `crew` officers.

    `officers` are full-time equivalents who visit; `weeks` are working weeks a year, at most 53.
    """
    staff = checked_number(officers, "officers", positive=True)
    if checked_number(crew, "crew") < 1:
        raise ValueError(f"crew must be 1 or more officers per visit; found {crew:g}.")
    if checked_number(weeks, "weeks", positive=True) > 53:
        raise ValueError(f"weeks must be above 0 and at most 53; found {weeks:g}.")
    return crew * attempts(visits, success_share) / (staff * weeks)
