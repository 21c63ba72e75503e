"""Areas of one date beside the national rate, and the estimate where no count was found."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from rso_report import estimate, register
from rso_report import statistics as st
from rso_report.edition import open_edition


def opened(data, year="2023-24", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)[0]


@pytest.fixture(scope="module")
def found(data):
    return register.comparisons(data, opened(data))


@pytest.fixture(scope="module")
def march_2021(found):
    return next(each for each in found if each.as_at == pd.Timestamp("2021-03-31"))


@pytest.fixture(scope="module")
def guesses(data, march_2021):
    return estimate.for_gaps(data, opened(data), march_2021).set_index("area_id")


def changed(data, row_id, value):
    other, counts = copy.copy(data), data.registered_offenders.copy()
    counts.loc[counts["row_id"] == row_id, "value"] = value
    other.registered_offenders = counts
    return other


# The comparison


def test_every_police_area_is_either_compared_or_named_as_absent(found):
    for each in found:
        assert len(each.areas) + len(each.absent) == 43
        assert not set(each.areas["area_id"]) & set(each.absent)


def test_the_target_is_the_published_national_rate_and_not_the_pooled_rate_of_the_held(march_2021):
    assert (march_2021.national.rate, march_2021.national.computed) == (122, False)
    pooled = st.pooled_rate(march_2021.areas["count"], march_2021.areas["population"]).value
    assert pooled > 126


def test_a_national_rate_that_is_not_published_is_computed_and_said_to_be(found):
    newest = found[-1].national
    assert newest.computed
    assert newest.rate == pytest.approx(1e5 * newest.count / newest.population)


def test_limits_are_additive_and_flag_an_area_of_any_size(march_2021):
    national, tau2 = march_2021.national.rate, march_2021.variance
    for area in march_2021.areas.itertuples():
        width = stats.norm.ppf(0.999) * (1e5 * national / area.population + tau2) ** 0.5
        assert area.limit_high - national == pytest.approx(width, rel=1e-6)
        beyond = abs(area.rate - national) > width
        assert area.outside == (beyond and not area.doubted)
    widest, narrowest = (
        f(march_2021.areas["limit_high"] - march_2021.areas["limit_low"]) for f in (max, min)
    )
    assert widest < 1.1 * narrowest


def test_an_area_whose_rate_was_published_is_given_what_that_rate_implies(data):
    edition = opened(data, "2019-20")
    shown = register.beside_region(register.comparisons(data, edition), edition)
    rows = estimate.for_gaps(data, edition, shown).set_index("area_id")
    staffordshire, region = rows.loc["STA"], rows.loc["WM"]
    people = register.population_10plus(data, "STA", shown.as_at)
    assert staffordshire["value"] == pytest.approx(130 * people / 1e5)  # RT0004
    assert staffordshire["upper"] - staffordshire["lower"] == pytest.approx(people / 1e5)
    assert staffordshire["way"] == "own published rate"
    assert "RT0004" in staffordshire["rows"].split("+")
    assert rows.at["WAR", "way"] == "national rate"
    parts = rows.loc[["STA", "WAR"], "value"].sum() + region["held"]
    assert region["value"] == pytest.approx(parts)


def test_a_doubted_count_is_marked_and_has_no_part_in_the_limits_or_the_estimate(
    data, march_2021, guesses
):
    doubted = march_2021.areas[march_2021.areas["doubted"] != ""]
    assert set(doubted["area_id"]) == {"CLEVELAND"} and not doubted["outside"].any()
    row_id = doubted["rows"].iloc[0].split("+")[0]
    other = changed(data, row_id, 600)  # near the national rate, so no outlier to be set back
    again = next(
        each for each in register.comparisons(other, opened(data)) if each.as_at == march_2021.as_at
    )
    assert again.variance == march_2021.variance
    pd.testing.assert_frame_equal(
        estimate.for_gaps(other, opened(data), again).set_index("area_id"), guesses
    )
    sound = march_2021.sound["rows"].iloc[0].split("+")[0]
    other = register.comparisons(changed(data, sound, 3000), opened(data))
    assert any(each.variance > march_2021.variance for each in other)


def test_the_date_shown_is_the_newest_with_a_force_of_the_region(data):
    edition = opened(data, "2021-22")
    found = register.comparisons(data, edition)
    shown = register.beside_region(found, edition)
    assert found[-1].as_at > shown.as_at
    assert set(edition.forces) & set(shown.areas["area_id"])
    assert register.beside_region([], edition) is None


def test_areas_are_shown_after_the_country_and_the_regions_forces(data, march_2021):
    shown = register.side_by_side(march_2021, opened(data))
    assert shown["area_id"].tolist()[:3] == ["EW", "WMP", "STA"]
    assert shown["own"].sum() == 2 and len(shown) == 1 + len(march_2021.areas)
    assert (shown.at[0, "rate"], shown.at[0, "rows"]) == (122, "RT0005")
    # The region's forces keep their whole names; so would one that is called as a region is.
    labels = shown.set_index("area_id")["label"]
    assert (labels["STA"], labels["WMP"]) == ("Staffordshire Police", "West Midlands Police")
    assert labels["DURHAM"] == "Durham"


# The estimate


def test_an_estimate_is_the_national_rate_times_the_population_with_the_spread_of_the_held(
    data, march_2021, guesses
):
    sound = march_2021.sound
    rates = 1e5 * sound["count"] / sound["population"]
    tau2 = np.mean((rates - 122) ** 2 - 122e5 / sound["population"])
    people = register.population_10plus(data, "WAR", march_2021.as_at)
    error = stats.t.ppf(0.975, len(sound)) * np.sqrt(122e-5 * people + tau2 * (people / 1e5) ** 2)
    own = guesses.loc["WAR"]
    assert own["value"] == pytest.approx(122e-5 * people)
    assert (own["upper"] - own["value"], own["value"] - own["lower"]) == pytest.approx((error,) * 2)
    assert 600 < own["value"] < 680  # two others had about 630 and 680


def test_the_region_is_the_counts_held_and_the_estimates_for_the_rest(march_2021, guesses):
    counts = march_2021.areas.set_index("area_id")["count"]
    parts = guesses.loc[["WMC", "WAR"]]
    region = guesses.loc["WM"]
    assert region["held"] == counts["WMP"] + counts["STA"] == 3655 + 1318
    assert region["value"] == pytest.approx(region["held"] + parts["value"].sum())
    # Errors of neighbours do not cancel: nearly as wide as both together.
    width, widths = region["upper"] - region["value"], parts["upper"] - parts["value"]
    assert 0.98 * widths.sum() < width < widths.sum()
    assert region["lower"] > region["held"]


def test_only_forces_without_a_count_are_estimated(data, march_2021, guesses):
    assert set(guesses.index) == {"WMC", "WAR", "WM"}
    edition = opened(data, region="North East")  # all three have a count for March 2021
    assert estimate.for_gaps(data, edition, march_2021).empty


def test_an_estimate_names_every_row_behind_it_and_the_count_of_an_earlier_date(guesses):
    mercia, warwickshire = guesses.loc["WMC"], guesses.loc["WAR"]
    rows = set(mercia["rows"].split("+"))
    assert {"RT0005", "RO0008", "PD-WMP-2020", "PD-WMC-2020", "RO0048"} < rows
    assert "RO0297" not in rows  # a count in doubt has no part in it
    assert (mercia["latest"], mercia["found"]) == (1405, pd.Timestamp("2020-03-31"))
    assert pd.isna(warwickshire["latest"]) and pd.isna(warwickshire["found"])


def test_without_a_comparison_there_is_no_estimate(data):
    assert estimate.for_gaps(data, opened(data), None).empty


def test_a_force_too_small_for_an_estimate_has_none_and_neither_has_its_region(data, march_2021):
    edition = opened(data, region="London")
    guessed = estimate.for_gaps(data, edition, march_2021)
    assert set(guessed["area_id"]) == {"METROPOLITAN"}


# Whether it may be shown


def test_95_percent_intervals_cover_90_to_98_percent_of_all_held_counts(found):
    frame = estimate.coverage(found)
    assert frame["areas"].iloc[-1] == sum(len(each.areas) for each in found) > 100
    assert 90 <= frame["percent"].iloc[-1] <= 98
    assert estimate.holds(frame)


def test_each_count_is_left_out_before_it_is_estimated(found):
    covered = 0
    for each in found:
        for area in each.areas.to_dict("records"):
            others = each.sound[each.sound["area_id"] != area["area_id"]]
            target, size = each.national.rate, area["population"] / 1e5
            rates = 1e5 * others["count"] / others["population"]
            tau2 = max(0, np.mean((rates - target) ** 2 - 1e5 * target / others["population"]))
            spread = np.sqrt(target * size + tau2 * size**2)
            width = stats.t.ppf(0.975, len(others)) * spread
            covered += abs(area["count"] - target * size) <= width
    assert estimate.coverage(found)["covered"].iloc[-1] == covered


def test_sums_of_two_areas_of_one_region_are_covered_as_well(data, found):
    """Taken together they are; as if they scattered apart from each other they are not."""
    region = data.areas.set_index("area_id")["parent_id"]
    together, apart = [], []
    for each in found:
        target = each.national.rate
        for one, two in itertools.combinations(each.areas.to_dict("records"), 2):
            if region[one["area_id"]] != region[two["area_id"]]:
                continue
            pair = {one["area_id"], two["area_id"]}
            others = each.sound[~each.sound["area_id"].isin(pair)]
            tau2 = estimate.variance(others, target)
            people, count = one["population"] + two["population"], one["count"] + two["count"]
            guess = st.predicted_count(people, target, tau2, areas=len(others))
            together.append(guess.lower <= count <= guess.upper)
            scattered = tau2 * (one["population"] ** 2 + two["population"] ** 2) / people**2
            guess = st.predicted_count(people, target, scattered, areas=len(others))
            apart.append(guess.lower <= count <= guess.upper)
    assert len(together) > 90
    assert 0.9 <= np.mean(together) <= 0.98
    assert np.mean(apart) < 0.9


def test_intervals_that_cover_too_little_or_too_much_hide_the_estimate(found):
    frame = estimate.coverage(found)
    for percent, shown in ((89.9, False), (90, True), (98, True), (98.1, False)):
        frame.loc[frame.index[-1], "percent"] = percent
        assert estimate.holds(frame) is shown
    assert not estimate.holds(estimate.coverage([]))


def test_the_areas_without_a_count_come_to_about_what_the_national_count_leaves(found):
    """The test that leaving out cannot make: whether areas the press left out are like the held."""
    frame = estimate.coverage(found).iloc[:-1]
    assert ((frame["expected"] / frame["actual"].astype(float) - 1).abs() < 0.1).all()


def test_a_log_normal_form_around_the_mean_of_the_held_expects_too_many_elsewhere(found):
    """It covers about as many held counts, whose rates are on average above the national one."""
    frame = estimate.coverage(found)
    covered = 0
    for each, actual in zip(found, frame["actual"], strict=False):
        assert (1e5 * each.areas["count"] / each.areas["population"]).mean() > each.national.rate
        left = each.national.population - each.areas["population"].sum()
        centre, tau2, _ = log_normal(each.sound)
        assert np.exp(centre + tau2 / 2) * left > actual
        for area in each.areas.to_dict("records"):
            others = each.sound[each.sound["area_id"] != area["area_id"]]
            centre, tau2, error2 = log_normal(others)
            expected = np.exp(centre) * area["population"]
            width = stats.t.ppf(0.975, len(others) - 2) * np.sqrt(tau2 + error2 + 1 / expected)
            covered += abs(np.log(area["count"] / expected)) <= width
    assert covered == pytest.approx(frame["covered"].iloc[-1], abs=4)


def log_normal(areas):
    """Mean of log rates with random effects, its between-area and its own variance."""
    logs, chance = np.log(areas["count"] / areas["population"]), 1 / areas["count"]
    fit = combine_effects(logs.to_numpy(), chance.to_numpy(), method_re="chi2")
    return fit.mean_effect_re, fit.tau2, fit.var_eff_w_re


def test_a_count_of_the_year_before_is_nearer_than_the_estimate(found):
    """So the page says that where there is one, it says more."""
    nearer = []
    for before, now in itertools.pairwise(found):
        pairs = before.areas.merge(now.areas, on="area_id", suffixes=("_before", ""))
        guess = now.national.rate * pairs["population"] / 1e5
        earlier = pairs["count_before"]
        nearer += list((earlier - pairs["count"]).abs() < (guess - pairs["count"]).abs())
    assert len(nearer) > 50
    assert np.mean(nearer) > 0.7


def test_the_interval_covers_19_of_20_where_its_assumptions_hold():
    """Another route: draw areas from the model and see how often a new one is inside."""
    rng = np.random.default_rng(20210331)
    people, new, target, tau = np.linspace(4e5, 2.5e6, 16), 5.2e5, 122.0, 23.0
    inside = []
    for _ in range(4000):
        rates = rng.normal(target, tau, len(people) + 1) / 1e5
        *counts, count = rng.poisson(rates * [*people, new])
        tau2 = st.variance_about(counts, people, target)
        guess = st.predicted_count(new, target, tau2, areas=len(people))
        inside.append(guess.lower <= count <= guess.upper)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)
