"""Methods of the reference file that no page uses: formulas only, for inputs known to be sound."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, chdtrc, stdtrit

from rso_report import statistics as st


def ratio(numerator, denominator, per=1):
    return per * numerator / denominator


def observed_over_expected(count, expected):
    return st.rate(count, expected, per=1)


def expected_tiers(total, mix):
    """People per tier, unrounded."""
    return {tier: total * part for tier, part in mix.items()}


def share_exact(count, total):
    """Clopper and Pearson, for 0 < count < total."""
    lower = betaincinv(count, total - count + 1, st.TAIL)
    upper = betaincinv(count + 1, total - count, 1 - st.TAIL)
    return st.Estimate(100 * count / total, 100 * lower, 100 * upper, "Clopper-Pearson 95%")


def funnel_z(count, population, target):
    """How many standard errors of chance a rate lies above the target."""
    error = math.sqrt(st.PER * target / population)
    return (st.rate(count, population).value - target) / error


def funnel_dispersion(counts, populations):
    """Mean squared z of areas around their pooled rate, without winsorising."""
    target = st.pooled_rate(counts, populations).value
    areas = zip(counts, populations, strict=True)
    return float(np.mean([funnel_z(*area, target) ** 2 for area in areas]))


def plain_change(counts, exposure=None):
    """The rule of the file: quasi-Poisson with t for phi > 1, else Poisson with Wald's z."""
    trend = st.trend(counts, exposure)
    return trend.change if trend.dispersion > 1 else trend.poisson


def log_growth(values):
    """Change per year by least squares on logs, t(n - 2)."""
    y, t = np.log(values), np.arange(len(values)) - (len(values) - 1) / 2
    slope = t @ y / (t @ t)
    residual = y - y.mean() - slope * t
    margin = stdtrit(len(y) - 2, 1 - st.TAIL) * math.sqrt(
        residual @ residual / (len(y) - 2) / (t @ t)
    )
    ends = 100 * np.expm1([slope, slope - margin, slope + margin])
    return st.Estimate(*ends.tolist(), "log-linear, t 95%")


def c_chart(counts):
    mean = float(np.mean(counts))
    width = 3 * math.sqrt(mean)
    return st.Estimate(mean, max(0.0, mean - width), mean + width, "c-chart, 3 sigma")


def xmr(counts):
    mean, width = float(np.mean(counts)), 2.66 * float(np.abs(np.diff(counts)).mean())
    return st.Estimate(mean, max(0.0, mean - width), mean + width, "XmR, 2.66 moving ranges")


def homogeneity(counts):
    """Chi-squared of counts of equal periods around their mean, and its p-value."""
    o = np.array(counts)
    statistic = float(((o - o.mean()) ** 2 / o.mean()).sum())
    return statistic, float(chdtrc(len(o) - 1, statistic))


def implied_population(count, printed_rate, count_step=0):
    """Population behind a count and a rate printed as a whole number, with bounds of rounding."""
    lower = st.PER * (count - count_step / 2) / (printed_rate + 0.5)
    upper = st.PER * (count + count_step / 2) / (printed_rate - 0.5)
    return st.Estimate(st.PER * count / printed_rate, lower, upper, "rounding bounds")


def one_in_n(printed_rate):
    lower, upper = st.PER / (printed_rate + 0.5), st.PER / (printed_rate - 0.5)
    return st.Estimate(st.PER / printed_rate, lower, upper, "rounding bounds")


def annualised(count, days):
    return count * 365 / days


@dataclass(frozen=True)
class GrowthSplit:
    """Log growth of a count, and its two parts: growth of the rate and of the population."""

    count: float
    rate: float
    population: float


def compound_growth(first: float, last: float, years: float) -> float:
    """The constant change per year, in percent, that leads from first to last."""
    growth = 1 + st.total_change(first, last) / 100
    return 100 * (growth ** (1 / st.checked_number(years, "years", positive=True)) - 1)


def growth_split(
    first_count: float, first_population: float, last_count: float, last_population: float
) -> GrowthSplit:
    """Split log growth of a count: ln(O2/O1) = ln(r2/r1) + ln(D2/D1), r = O/D; counts above 0."""
    first, last = st.checked_count(first_count, minimum=1), st.checked_count(last_count, minimum=1)
    d1 = st.checked_number(first_population, "first_population", positive=True)
    d2 = st.checked_number(last_population, "last_population", positive=True)
    return GrowthSplit(
        math.log(last / first), math.log((last / d2) / (first / d1)), math.log(d2 / d1)
    )
