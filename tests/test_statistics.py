"""The methods of the report: facts of the domain, independent oracles, properties, errors."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from rso_report import statistics as st

steady = settings(deadline=None, derandomize=True)
counts = some.integers(0, 100_000)
positive_counts = some.integers(1, 100_000)
populations = some.integers(1, 5_000_000)
parts_of_totals = some.integers(1, 50_000).flatmap(
    lambda n: some.tuples(some.integers(0, n), some.just(n))
)
areas = some.lists(some.tuples(counts, populations), min_size=1, max_size=8)
series = some.lists(some.integers(0, 5_000), min_size=3, max_size=12).filter(
    lambda y: any(y[1:]) and any(y[:-1])
)

NOTIFICATION = [433, 338, 396, 268]
REGISTER = [4171, 4295, 4540, 4581, 4620, 4642]


def limits(estimate):
    return estimate.lower, estimate.upper


# Facts of the domain


def test_a_force_with_46_missing_of_4380_has_a_share_of_1_05_percent_0_79_to_1_40():
    share = st.share(46, 4380)
    shown = [st.round_half_up(x, 2) for x in (share.value, share.lower, share.upper)]
    assert shown == [1.05, 0.79, 1.40]


def test_missing_shares_of_may_2012_and_february_2018_show_no_evidence_of_change():
    difference = st.share_difference(46, 4380, 34, 3186)
    assert difference.lower < 0 < difference.upper


def test_the_two_force_rate_is_pooled_and_is_not_the_mean_of_the_two_rates():
    pooled = st.pooled_rate([3655, 1318], [3655e5 / 144, 1318e5 / 130])
    assert st.round_half_up(pooled.value, 1) == 140.0
    assert pooled.value != pytest.approx((144 + 130) / 2)


def test_counts_below_10_have_exact_intervals_and_counts_from_10_have_byar_intervals():
    assert st.count_interval(9) == st.exact_poisson(9)
    assert st.count_interval(10) == st.byar(10)
    assert st.rate(9, 1000).method == "exact Poisson 95%"
    assert st.rate(10, 1000).method == "Byar 95%"


def test_a_count_of_0_has_a_lower_limit_of_0_and_an_upper_limit_above_3():
    assert st.count_interval(0).lower == st.byar(0).lower == 0
    assert st.count_interval(0).upper > 3


def test_four_years_of_notification_offences_show_no_established_fall():
    trend = st.trend(NOTIFICATION)
    assert trend.dispersion > 1
    assert trend.change.lower < 0 < trend.change.upper
    assert trend.poisson.upper < 0, "the plain Poisson interval would have claimed a fall"


def test_a_short_series_is_not_made_to_look_certain():
    counts = [32, 30, 33, 49]  # breaches of sexual risk orders: phi is 0.96
    trend = st.trend(counts)
    assert [st.round_half_up(limit, 1) for limit in limits(trend.poisson)] == [0.3, 34.8]
    assert [st.round_half_up(limit) for limit in limits(trend.change)] == [-16, 61]
    assert trend.change.value == trend.poisson.value and "t(2)" in trend.change.method


def test_counts_steadier_than_chance_do_not_narrow_the_interval():
    steady = st.trend([100, 100, 101, 100, 100])
    assert steady.dispersion < 0.1
    assert steady.change.upper > steady.poisson.upper


def test_the_register_grew_by_471_people_or_11_3_percent():
    assert st.round_half_up(st.total_change(4171, 4642), 1) == 11.3


AREAS = [120, 95, 310, 60, 150, 240, 75], [1e5, 9e4, 1.6e5, 5e4, 1.2e5, 1.5e5, 8e4]


def test_between_area_variance_is_that_of_dersimonian_and_laird():
    counts, people = np.array(AREAS)
    rates, chance = 1e5 * counts / people, 1e5 * 122 / people
    as_they_are = combine_effects(rates, chance, method_re="chi2").tau2
    pulled_in = np.clip(rates, *np.percentile(rates, [10, 90]))
    theirs = combine_effects(pulled_in, chance, method_re="chi2").tau2
    assert st.between_variance(*AREAS, 122) == pytest.approx(theirs)
    assert st.between_variance(*AREAS, 122) < as_they_are


def test_areas_that_differ_by_chance_alone_have_no_variance_between_them():
    alike = [122, 244, 61], [1e5, 2e5, 5e4]
    assert st.between_variance(*alike, 122) == st.variance_about(*alike, 122) == 0


def test_lying_to_one_side_of_the_target_is_spread_about_it_and_not_between_areas():
    apart = [150, 300, 75], [1e5, 2e5, 5e4]
    assert st.between_variance(*apart, 122) == 0
    chance = np.mean([122e5 / people for people in apart[1]])
    assert st.variance_about(*apart, 122) == pytest.approx(28**2 - chance)


def test_additive_limits_do_not_close_in_on_the_target_however_many_people():
    assert st.funnel_limits(1e5, 122, variance=0) == st.funnel_limits(1e5, 122)
    vast = st.funnel_limits(1e12, 122, variance=400)
    assert vast.upper - 122 == pytest.approx(st.Z95 * 20, rel=1e-4)
    small = st.funnel_limits(1e5, 122, variance=400)
    assert small.upper - 122 == pytest.approx(st.Z95 * math.sqrt(122 + 400))


def test_a_prediction_allows_for_chance_and_for_the_spread_between_areas():
    one = st.predicted_count(5e5, 122, 400, areas=16)
    assert one.value == pytest.approx(610)
    width = stats.t.ppf(0.975, 16) * math.sqrt(610 + 400 * 5**2)
    assert (one.upper - 610, 610 - one.lower) == pytest.approx((width, width))
    assert st.predicted_count(5e5, 122, 400, areas=4).upper > one.upper
    assert st.predicted_count(5e5, 122, 1e6, areas=16).lower == 0


def test_limits_never_fall_below_0():
    assert st.funnel_limits(100, 122).lower == 0


def test_a_difference_of_one_printed_rate_may_be_no_difference_at_all():
    change = st.rounded_change(144, 145)
    assert change.lower == pytest.approx(0) and change.upper > change.value


# Independent oracles


@pytest.mark.parametrize("count", [0, 1, 5, 9, 46])
def test_each_exact_limit_leaves_two_and_a_half_percent_in_one_tail(count):
    interval = st.exact_poisson(count)
    assert stats.poisson.cdf(count, interval.upper) == pytest.approx(0.025)
    if count:
        assert stats.poisson.sf(count - 1, interval.lower) == pytest.approx(0.025)


@steady
@given(some.integers(10, 100_000))
def test_byar_is_within_half_a_percent_of_exact_from_10(count):
    assert limits(st.byar(count)) == pytest.approx(limits(st.exact_poisson(count)), rel=5e-3)


@pytest.mark.filterwarnings("ignore:Perfect separation", "ignore:divide by zero")
def test_a_rate_ratio_equals_a_poisson_regression_of_two_areas():
    fit = sm.GLM(
        [3655, 1318], [[1, 1], [1, 0]], sm.families.Poisson(), offset=np.log([2_538_194, 1_013_846])
    ).fit()
    found = st.rate_ratio(3655, 2_538_194, 1318, 1_013_846)
    assert [found.value, *limits(found)] == pytest.approx(
        np.exp([fit.params[1], *fit.conf_int()[1]]), rel=1e-6
    )


def glm(y, exposure, times):
    design = sm.add_constant(np.asarray(times, dtype=float))
    model = sm.GLM(y, design, sm.families.Poisson(), offset=np.log(exposure))
    return model.fit(tol=1e-12, maxiter=200)


def percent(logs):
    return (100 * np.expm1(np.asarray(logs))).tolist()


@pytest.mark.parametrize(
    ("y", "exposure", "times"),
    [
        (NOTIFICATION, [1, 1, 1, 1], [0, 1, 2, 3]),
        ([20, 30, 52, 50, 85], [1, 1, 1, 1, 0.9], [2017, 2018, 2019, 2020, 2021]),
        ([3, 0, 2, 1, 4, 0], [1e5, 1.1e5, 1.1e5, 1.2e5, 1.2e5, 1.3e5], [0, 1, 2, 4, 5, 9]),
        (REGISTER, [2.5e6] * 6, range(6)),
    ],
)
def test_a_trend_equals_a_poisson_regression_in_statsmodels(y, exposure, times):
    plain = glm(y, exposure, times)
    trend = st.trend(y, exposure, times)
    phi = plain.pearson_chi2 / (len(y) - 2)
    assert trend.dispersion == pytest.approx(phi, rel=1e-6)
    assert trend.change.value == pytest.approx(percent(plain.params[1]), rel=1e-6)
    assert limits(trend.poisson) == pytest.approx(percent(plain.conf_int()[1]), rel=1e-5)
    margin = stats.t.ppf(0.975, len(y) - 2) * plain.bse[1] * math.sqrt(max(1, phi))
    ends = plain.params[1] - margin, plain.params[1] + margin
    assert limits(trend.change) == pytest.approx(percent(ends), rel=1e-5)


# Properties


@steady
@given(counts, populations)
def test_every_interval_contains_its_estimate(count, population):
    for found in (
        st.byar(count),
        st.exact_poisson(count),
        st.rate(count, population),
        st.funnel_limits(population, 122),
    ):
        assert 0 <= found.lower <= found.value <= found.upper


@steady
@given(parts_of_totals, parts_of_totals)
def test_shares_lie_within_0_to_100_and_differences_within_minus_100_to_100(first, second):
    found = st.share(*first)
    assert 0 <= found.lower <= found.value <= found.upper <= 100
    difference = st.share_difference(*first, *second)
    assert -100 - 1e-9 <= difference.lower <= difference.value <= difference.upper <= 100 + 1e-9


@steady
@given(parts_of_totals)
def test_the_share_of_the_rest_mirrors_the_share(part):
    count, total = part
    rest, share = st.share(total - count, total), st.share(count, total)
    assert (100 - rest.upper, 100 - rest.lower) == pytest.approx(limits(share), abs=1e-9)


@steady
@given(counts, populations)
def test_limits_rise_with_the_count_and_rates_fall_with_the_population(count, population):
    for function in (st.byar, st.exact_poisson):
        assert function(count).lower <= function(count + 1).lower
        assert function(count).upper < function(count + 1).upper
    assert st.rate(count, population + 1).upper < st.rate(count, population).upper


@steady
@given(areas)
def test_a_pooled_rate_lies_between_the_lowest_and_the_highest_rate(parts):
    pooled = st.pooled_rate(*zip(*parts, strict=True)).value
    rates = [st.rate(*part).value for part in parts]
    assert min(rates) * (1 - 1e-9) <= pooled <= max(rates) * (1 + 1e-9)


@steady
@given(positive_counts, populations, positive_counts, populations)
def test_a_rate_ratio_turned_over_is_one_over_the_ratio(o1, d1, o2, d2):
    one_way, other_way = st.rate_ratio(o1, d1, o2, d2), st.rate_ratio(o2, d2, o1, d1)
    assert one_way.value * other_way.value == pytest.approx(1)
    assert one_way.lower * other_way.upper == pytest.approx(1)


@steady
@given(series, some.floats(1e-3, 1e6))
def test_a_trend_does_not_depend_on_the_scale_of_the_exposure(y, scale):
    plain, scaled = st.trend(y), st.trend(y, exposure=[scale] * len(y))
    assert scaled.change.value == pytest.approx(plain.change.value, rel=1e-6, abs=1e-6)
    assert scaled.dispersion == pytest.approx(plain.dispersion, rel=1e-6, abs=1e-9)


@steady
@given(series)
def test_a_trend_does_not_depend_on_the_first_year_and_lies_in_its_intervals(y):
    trend = st.trend(y)
    for first in (2017, 1 - len(y)):
        moved = st.trend(y, times=range(first, first + len(y)))
        assert moved.change.value == pytest.approx(trend.change.value, rel=1e-6, abs=1e-6)
    for found in (trend.change, trend.poisson):
        assert -100 <= found.lower <= found.value <= found.upper


@steady
@given(some.integers(50, 500), some.floats(-0.2, 0.2))
def test_an_exact_exponential_exposure_is_taken_out_of_the_trend(level, growth):
    exposure = [math.exp(growth * year) for year in range(6)]
    assert st.trend([level] * 6, exposure).change.value == pytest.approx(percent(-growth), abs=1e-6)


# Display


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (2.675, 2, 2.68),
        (1.005, 2, 1.01),
        (12.25, 1, 12.3),
        (64_300, -2, 64_300.0),
        (1e300, 2, 1e300),
    ],
)
def test_halves_round_away_from_zero(value, digits, shown):
    assert st.round_half_up(value, digits) == shown


def test_a_share_on_a_tie_rounds_up_as_its_decimal_reads():
    assert st.round_half_up(st.share(247, 2000).value, 1) == 12.4


def test_a_small_negative_value_is_not_displayed_as_minus_zero():
    assert f"{st.round_half_up(-0.004, 2):.2f}" == "0.00"


@steady
@given(some.floats(-1e9, 1e9), some.integers(0, 6))
def test_rounding_moves_a_value_by_at_most_half_a_step_and_is_stable(value, digits):
    shown = st.round_half_up(value, digits)
    assert abs(shown - value) <= 0.5 * 10**-digits * (1 + 1e-6) + 1e-6
    assert st.round_half_up(shown, digits) == shown


# Errors


@pytest.mark.parametrize("bad", [-1, 3.5, math.nan, math.inf, None, "46", True, pd.NA])
@pytest.mark.parametrize(
    "function",
    [
        st.byar,
        st.exact_poisson,
        st.count_interval,
        lambda x: st.rate(x, 1000),
        lambda x: st.pooled_rate([x], [1000]),
        lambda x: st.share(x, 1000),
        lambda x: st.trend([1, 2, x]),
    ],
)
def test_a_count_that_is_not_a_whole_number_of_0_or_more_is_refused(function, bad):
    with pytest.raises(ValueError, match="must be a whole number of .* or more; found"):
        function(bad)


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, None, "many", pd.NA])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: st.rate(5, x),
        lambda x: st.pooled_rate([5, 6], [1000, x]),
        lambda x: st.rate_ratio(5, x, 6, 1000),
        lambda x: st.funnel_limits(x, 122),
        lambda x: st.funnel_limits(1000, x),
        lambda x: st.between_variance([5, 6], [1000, x], 122),
        lambda x: st.between_variance([5, 6], [1000, 900], x),
        lambda x: st.variance_about([5, 6], [1000, x], 122),
        lambda x: st.predicted_count(x, 122, 400, 5),
        lambda x: st.predicted_count(1000, x, 400, 5),
        lambda x: st.trend([5, 6, 7], exposure=[1, 1, x]),
        lambda x: st.total_change(x, 5),
        lambda x: st.rounded_change(x, 144),
    ],
)
def test_a_population_or_base_that_is_not_above_0_is_refused(function, bad):
    with pytest.raises(ValueError, match="must be a number above 0; found"):
        function(bad)


def test_a_part_larger_than_its_total_is_refused():
    with pytest.raises(ValueError, match="must not exceed the total of 43; found 44"):
        st.share(44, 43)


def test_a_share_of_nobody_is_refused():
    with pytest.raises(ValueError, match="total must be a whole number of 1 or more; found 0"):
        st.share(0, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: st.pooled_rate([1, 2], [10]), r"populations must hold .* \(2\); found 1"),
        (lambda: st.trend([1, 2, 3], exposure=[1, 1]), "exposure must hold .*; found 2"),
        (lambda: st.trend([1, 2, 3], times=[1, 2]), "times must hold .*; found 2"),
    ],
)
def test_lists_of_different_lengths_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: st.pooled_rate([], []), "1 or more values; found 0"),
        (lambda: st.between_variance([1], [10], 122), "2 or more values; found 1"),
        (lambda: st.variance_about([1], [10], 122), "2 or more values; found 1"),
        (lambda: st.predicted_count(10, 122, -1, 5), "variance must be a number of 0"),
        (lambda: st.predicted_count(10, 122, 1, 0), "areas must be a whole number of 1"),
        (lambda: st.funnel_limits(10, 122, variance=-1), "variance must be a number of 0"),
        (lambda: st.trend([1, 2]), "3 or more values; found 2"),
        (lambda: st.trend([0, 0, 0]), "must not all fall in one end year, nor be 0"),
        (lambda: st.trend([0, 0, 7]), "must not all fall in one end year"),
        (lambda: st.trend([1, 2, 3], times=[2017, 2019, 2018]), "in increasing order"),
        (lambda: st.trend([1, 2, 3], times=[2017, 2017, 2018]), "in increasing order"),
        (lambda: st.trend([1, 2, 3], times=[1, 2, math.nan]), "times.2. must be a number"),
        (lambda: st.rate_ratio(0, 10, 5, 10), "count_a must be a whole number of 1 or more"),
        (lambda: st.round_half_up(math.nan), "value must be a finite number; found nan"),
        (lambda: st.round_half_up(None), "value must be a finite number; found None"),
    ],
)
def test_an_input_without_an_answer_is_refused_with_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_columns_of_a_data_frame_are_accepted():
    table = pd.DataFrame({"o": pd.array([3655, 1318], dtype="Int64"), "d": [2.5e6, 1.0e6]})
    assert st.pooled_rate(table.o, table.d) == st.pooled_rate([3655, 1318], [2.5e6, 1.0e6])
    assert st.trend(pd.Series(REGISTER)) == st.trend(REGISTER)


def test_importing_the_methods_does_not_import_the_slow_libraries():
    code = (
        "import sys, rso_report.statistics, rso_report.visits;"
        "sys.exit(bool({'scipy.stats', 'statsmodels', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
