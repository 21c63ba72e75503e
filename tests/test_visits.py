"""Minimum home visits and workload: facts of the domain, properties, errors."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rso_report import visits as v

steady = settings(deadline=None, derandomize=True)
POLICY = {"very_high": 12, "high": 4, "medium": 2, "low": 1}
MIX = {"very_high": 0.02, "high": 0.18, "medium": 0.30, "low": 0.50}
totals = some.integers(0, 20_000)


@some.composite
def mixes(draw):
    parts = draw(some.lists(some.integers(0, 1000), min_size=4, max_size=4).filter(any))
    return {tier: part / sum(parts) for tier, part in zip(v.TIERS, parts, strict=True)}


policies = some.lists(some.integers(0, 52), min_size=4, max_size=4).map(
    lambda visits: dict(zip(v.TIERS, sorted(visits, reverse=True), strict=True))
)


# Facts of the domain


def test_3655_people_at_the_illustrative_mix_fall_into_tiers_that_sum_to_3655():
    tiers = v.largest_remainder(3655, MIX)
    assert list(tiers) == list(v.TIERS)
    assert sum(tiers.values()) == 3655


def test_a_tie_between_medium_and_low_goes_to_medium_the_higher_tier():
    tiers = v.largest_remainder(3655, MIX)
    assert tiers["medium"] == math.ceil(0.30 * 3655) and tiers["low"] == math.floor(0.50 * 3655)
    assert v.largest_remainder(1, dict.fromkeys(v.TIERS, 0.25))["very_high"] == 1


def test_the_order_in_which_a_mix_is_written_does_not_matter():
    reversed_mix = dict(reversed(MIX.items()))
    assert list(v.largest_remainder(3655, reversed_mix).items()) == list(
        v.largest_remainder(3655, MIX).items()
    )


def test_three_equal_shares_that_do_not_print_exactly_still_share_out_everyone():
    mix = {"very_high": 1 / 3, "high": 1 / 3, "medium": 1 / 3, "low": 0}
    assert list(v.largest_remainder(100, mix).values()) == [34, 33, 33, 0]


def test_an_unknown_mix_is_bounded_by_everyone_low_and_everyone_very_high():
    assert v.visit_bounds(3655, POLICY) == (3655, 12 * 3655)


def test_reactive_management_of_the_low_tier_saves_its_visits_and_no_others():
    people = v.largest_remainder(3655, MIX)
    saved = v.minimum_visits(people, POLICY) - v.minimum_visits(people, POLICY, reactive=1000)
    assert saved == 1000 * POLICY["low"]
    unvisited = {**POLICY, "low": 0}
    assert v.minimum_visits(people, POLICY, people["low"]) == v.minimum_visits(people, unvisited)


def test_a_policy_without_visits_to_the_low_tier_saves_nothing_by_reactive_management():
    unvisited = {**POLICY, "low": 0}
    assert v.visits_per_person(MIX, unvisited, 0.5) == v.visits_per_person(MIX, unvisited)


def test_double_crewing_doubles_the_load_and_half_the_attempts_failing_doubles_it_again():
    single = v.officer_load(7529, officers=45, weeks=44)
    assert v.officer_load(7529, 45, 44, crew=2) == pytest.approx(2 * single)
    assert v.officer_load(7529, 45, 44, crew=2, success_share=0.5) == pytest.approx(4 * single)


def test_one_percentage_point_moved_from_low_to_very_high_adds_what_the_mix_says():
    moved = {**MIX, "low": MIX["low"] - 0.01, "very_high": MIX["very_high"] + 0.01}
    extra = 3655 * (v.visits_per_person(moved, POLICY) - v.visits_per_person(MIX, POLICY))
    assert v.sensitivity(3655, POLICY) == pytest.approx(extra)
    assert v.sensitivity(3655, POLICY, "very_high", "low") == pytest.approx(-extra)


def test_the_simulated_band_is_the_same_for_the_same_seed_and_differs_for_another():
    band = v.dirichlet_band(3655, MIX, POLICY, seed=2021)
    assert band == v.dirichlet_band(3655, MIX, POLICY, seed=2021)
    assert band != v.dirichlet_band(3655, MIX, POLICY, seed=2022)


def test_the_band_is_drawn_10_000_times_at_concentration_50_unless_told_otherwise():
    stated = v.dirichlet_band(3655, MIX, POLICY, seed=2021, concentration=50, draws=10_000)
    assert v.dirichlet_band(3655, MIX, POLICY, seed=2021) == stated


def test_the_simulated_band_surrounds_the_stated_mix_and_lies_within_the_bounds():
    band = v.dirichlet_band(3655, MIX, POLICY, seed=2021)
    fewest, most = v.visit_bounds(3655, POLICY)
    assert fewest < band.lower < 3655 * v.visits_per_person(MIX, POLICY) < band.upper < most


def test_the_simulated_band_has_the_spread_of_a_dirichlet_distribution():
    band = v.dirichlet_band(3655, MIX, POLICY, seed=2021, concentration=5000, draws=40_000)
    shares, visits = np.array(list(MIX.values())), np.array(list(POLICY.values()))
    mean = shares @ visits
    deviation = math.sqrt((shares @ visits**2 - mean**2) / 5001)
    assert band.median == pytest.approx(3655 * mean, rel=0.005)
    assert band.upper - band.lower == pytest.approx(3655 * 2 * 1.96 * deviation, rel=0.05)


def test_a_mix_held_more_firmly_gives_a_narrower_band():
    loose, firm = (
        v.dirichlet_band(3655, MIX, POLICY, seed=1, concentration=weight) for weight in (50, 500)
    )
    assert firm.upper - firm.lower < loose.upper - loose.lower


def test_an_empty_tier_stays_empty_in_the_simulated_band():
    all_low = {"very_high": 0, "high": 0, "medium": 0, "low": 1}
    band = v.dirichlet_band(3655, all_low, POLICY, seed=1)
    assert (band.lower, band.median, band.upper) == pytest.approx((3655, 3655, 3655))


# Properties


@steady
@given(totals, mixes())
def test_largest_remainder_sums_to_the_total_and_each_tier_is_within_one_of_exact(total, mix):
    tiers = v.largest_remainder(total, mix)
    assert sum(tiers.values()) == total
    scale = sum(Fraction(repr(float(part))) for part in mix.values())
    for tier, part in mix.items():
        assert abs(tiers[tier] - total * Fraction(repr(float(part))) / scale) < 1
        assert part > 0 or tiers[tier] == 0


@steady
@given(totals, mixes(), policies)
def test_minimum_visits_lie_within_the_bounds(total, mix, policy):
    fewest, most = v.visit_bounds(total, policy)
    assert fewest <= v.minimum_visits(v.largest_remainder(total, mix), policy) <= most
    visits = v.minimum_visits(v.expected_tiers(total, mix), policy)
    assert fewest - 1e-6 <= visits <= most + 1e-6
    assert visits == pytest.approx(total * v.visits_per_person(mix, policy), abs=1e-6)


@steady
@given(totals, mixes(), policies, some.floats(0, 1))
def test_reactive_management_never_adds_visits_nor_makes_them_negative(total, mix, policy, part):
    people = v.expected_tiers(total, mix)
    visits = v.minimum_visits(people, policy, reactive=part * people["low"])
    assert -1e-6 <= visits <= v.minimum_visits(people, policy)


@steady
@given(some.floats(0, 1e6), some.floats(0.01, 1))
def test_attempts_are_at_least_the_visits_they_achieve(visits, success):
    assert v.attempts(visits, success) >= visits
    assert v.attempts(visits, success) * success == pytest.approx(visits)


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: v.visits_per_person({**MIX, "low": 0.4}, POLICY), "mix must sum to 1; found 0.9"),
        (lambda: v.largest_remainder(10, {**MIX, "low": 0.50001}), "must sum to 1; found 1.00001"),
        (lambda: v.expected_tiers(10, {**MIX, "low": -0.5}), r"mix\[low\] must be .* found -0.5"),
        (lambda: v.expected_tiers(10, {**MIX, "low": math.nan}), r"mix\[low\] must be .* nan"),
        (lambda: v.expected_tiers(10, {**MIX, "lowest": 0}), "Unknown tier 'lowest'; the tiers"),
        (lambda: v.expected_tiers(10, {"high": 1}), "found none for very_high, medium, low"),
        (lambda: v.expected_tiers(1.5, MIX), "total must be a whole number of 0 or more"),
        (lambda: v.visit_bounds(-1, POLICY), "total must be a whole number .* found -1"),
        (lambda: v.visit_bounds(9, {**POLICY, "high": None}), r"frequencies\[high\] .* None"),
        (lambda: v.sensitivity(9, POLICY, "lowest", "high"), "Unknown tier 'lowest'"),
        (lambda: v.minimum_visits({**POLICY, "low": -1}, POLICY), r"people\[low\] must be"),
        (lambda: v.minimum_visits(POLICY, POLICY, reactive=2), "low tier of 1; found 2"),
        (lambda: v.minimum_visits(POLICY, POLICY, reactive=-1), "reactive must be a number of 0"),
        (lambda: v.visits_per_person(MIX, POLICY, 0.51), "low tier of 0.5; found 0.51"),
        (lambda: v.officer_load(100, 0, 44), "officers must be a number above 0; found 0"),
        (lambda: v.officer_load(100, 45, 0), "weeks must be a number above 0; found 0"),
        (lambda: v.officer_load(100, 45, 54), "at most 53; found 54"),
        (lambda: v.officer_load(100, 45, 44, crew=0.5), "crew must be 1 or more .* found 0.5"),
        (lambda: v.officer_load(-1, 45, 44), "visits must be a number of 0 or more; found -1"),
        (lambda: v.attempts(100, 0), "success_share must be a number above 0; found 0"),
        (lambda: v.attempts(100, 1.1), "above 0 and at most 1; found 1.1"),
        (lambda: v.people_per_officer(100, 0), "officers must be a number above 0; found 0"),
        (lambda: v.dirichlet_band(9, MIX, POLICY, seed=None), "seed must be a whole number"),
        (lambda: v.dirichlet_band(9, MIX, POLICY, seed=1, draws=0), "draws must be a whole number"),
        (lambda: v.dirichlet_band(9, MIX, POLICY, seed=1, concentration=0), "concentration must"),
    ],
)
def test_an_impossible_input_is_refused_with_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_mix_is_accepted_when_only_its_last_printed_digit_misses_1():
    mix = {**MIX, "low": 0.5000005}
    assert v.largest_remainder(100, mix)["low"] == 50
    assert sum(v.largest_remainder(50_000_000, mix).values()) == 50_000_000
