"""Each interval and rate against another library, on a thousand random inputs and the edges."""

import numpy as np
import pandas as pd
import pytest
from PHStatsMethods import confidence_intervals as phs
from PHStatsMethods import ph_rate
from scipy import stats
from statsmodels.stats import proportion, rates

from rso_report import statistics as st

EDGES = [0, 1, 9, 10]
SEED, DRAWS = 20220331, 2000
ALPHA = 2 * stats.norm.sf(st.Z95)


def counts():
    """Counts of every size, small ones often: the edges, then random draws."""
    drawn = np.random.default_rng(SEED).integers(0, 10 ** np.arange(1, 6), (DRAWS // 5, 5))
    return [*EDGES, *drawn.ravel().tolist()]


def shares():
    """Pairs of a count and its total, the ends among them."""
    rng = np.random.default_rng(SEED + 1)
    totals = rng.integers(1, 5000, DRAWS)
    pairs = [(int(rng.integers(0, n + 1)), int(n)) for n in totals]
    return [(0, 1), (1, 1), (0, 4380), (4380, 4380), (9, 10), *pairs]


def limits(estimate):
    return [estimate.lower, estimate.upper]


def test_there_are_a_thousand_inputs_for_each_method():
    assert len([count for count in counts() if count >= 10]) >= 1000
    assert len(shares()) >= 1000


def test_exact_poisson_limits():
    for count in counts():
        expected = rates.confint_poisson(count, 1, method="exact-c", alpha=ALPHA)
        expected = [0.0 if np.isnan(expected[0]) else expected[0], expected[1]]
        assert limits(st.exact_poisson(count)) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_byar_limits():
    for count in (c for c in counts() if c >= 10):
        expected = [phs.byars_lower(count), phs.byars_upper(count)]
        assert limits(st.byar(count)) == pytest.approx(expected, rel=1e-6)


def test_rates_of_a_public_health_library():
    rng = np.random.default_rng(SEED + 4)
    drawn = np.array([count for count in counts() if count > 0])  # the library refuses 0
    people = rng.integers(np.maximum(drawn, 1), 10**7)
    frame = pd.DataFrame({"count": drawn, "people": people})
    expected = ph_rate(frame, "count", "people", metadata=False)
    for count, population, row in zip(drawn, people, expected.itertuples(), strict=True):
        found = st.rate(int(count), int(population))
        assert found.value == pytest.approx(row.Value)
        assert limits(found) == pytest.approx([row.lower_95_ci, row.upper_95_ci], rel=1e-6)


def test_the_rule_changes_at_ten():
    for count in counts():
        chosen = st.byar(count) if count >= 10 else st.exact_poisson(count)
        assert limits(st.count_interval(count)) == limits(chosen)


def test_rates_are_counts_with_their_limits_over_the_population():
    rng = np.random.default_rng(SEED + 2)
    for count in counts():
        people = int(rng.integers(max(count, 1), 10**7))
        found, interval = st.rate(count, people), st.count_interval(count)
        expected = np.array([count, interval.lower, interval.upper]) / people * 1e5
        assert [found.value, *limits(found)] == pytest.approx(expected.tolist())


def test_wilson_limits():
    for count, total in shares():
        low, high = proportion.proportion_confint(count, total, ALPHA, "wilson")
        assert limits(st.share(count, total)) == pytest.approx([100 * low, 100 * high], abs=1e-9)


def test_newcombe_limits():
    pairs = shares()
    for (a, n), (b, m) in zip(pairs, reversed(pairs), strict=True):
        low, high = proportion.confint_proportions_2indep(
            a, n, b, m, method="newcomb", compare="diff", alpha=ALPHA
        )
        found = st.share_difference(a, n, b, m)
        assert limits(found) == pytest.approx([100 * low, 100 * high], abs=1e-7)


def test_rate_ratio_limits():
    rng = np.random.default_rng(SEED + 3)
    drawn = [c for c in counts() if c > 0]
    for a, b in zip(drawn, reversed(drawn), strict=True):
        n, m = (int(x) for x in rng.integers(10**5, 10**7, 2))
        log, error = np.log((a / n) / (b / m)), np.sqrt(1 / a + 1 / b)
        low, high = stats.norm.interval(1 - ALPHA, log, error)
        assert limits(st.rate_ratio(a, n, b, m)) == pytest.approx([np.exp(low), np.exp(high)])
