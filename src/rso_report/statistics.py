"""Intervals, rates, trends and chart limits, as pure functions of counts and populations.

Intervals are 95% and follow the practice of the Office for Health Improvement and Disparities
(OHID): its Fingertips technical guidance on rates and on proportions. They describe random
variation in the process that produced a count; they are not sampling error, and they say nothing
of errors in definition or recording.

Nothing is rounded before display: call `round_half_up` last. Every function raises ValueError,
naming the value found and what is allowed, for a negative or fractional count, a population of
zero or less, a missing value (NaN, None), or lists of different lengths.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Real

import numpy as np
import scipy  # which imports its part `special` when it is first used: pages need none of it

Z95 = 1.959964
Z998 = 3.090232
TAIL = 0.025
EXACT_BELOW = 10
TREND_POINTS = 5
PER = 100_000  # people, for rates of areas
SMALLEST_BASE = 20  # no percentage is given of less
WINSORISE = 0.1  # share of rates at each end that `between_variance` sets back


@dataclass(frozen=True)
class Estimate:
    """A value between its lower and upper limits, and the method that gave the limits."""

    value: float
    lower: float
    upper: float
    method: str


@dataclass(frozen=True)
class Trend:
    """A fitted average change per year, in percent.

    `change` is the cautious interval of `trend`, `poisson` the plain Poisson one; `dispersion` is
    phi.
    """

    change: Estimate
    poisson: Estimate
    dispersion: float


# Checks on what comes in


def _finite(value: float, name: str, allowed: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} must be {allowed}; found {value!r}.")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be {allowed}; found {float(value)}.")
    return float(value)


def checked_number(value: float, name: str, *, positive: bool = False) -> float:
    """Return `value` as a float of 0 or more (above 0 if `positive`), or raise ValueError."""
    allowed = "a number above 0" if positive else "a number of 0 or more"
    number = _finite(value, name, allowed)
    if number < 0 or (positive and number == 0):
        raise ValueError(f"{name} must be {allowed}; found {number:g}.")
    return number


def checked_count(value: float, name: str = "count", minimum: int = 0) -> int:
    """Return `value` as a whole number of `minimum` or more, or raise ValueError."""
    allowed = f"a whole number of {minimum} or more"
    number = _finite(value, name, allowed)
    if number < minimum or not number.is_integer():
        raise ValueError(f"{name} must be {allowed}; found {number:.10g}.")
    return int(value)


def _counts(values: Iterable[float], at_least: int) -> np.ndarray:
    counts = [checked_count(v, f"counts[{i}]") for i, v in enumerate(values)]
    if len(counts) < at_least:
        raise ValueError(f"counts must hold {at_least} or more values; found {len(counts)}.")
    return np.array(counts, dtype=float)


def _positive(values: Iterable[float], name: str, length: int) -> np.ndarray:
    numbers = [checked_number(v, f"{name}[{i}]", positive=True) for i, v in enumerate(values)]
    if len(numbers) != length:
        raise ValueError(f"{name} must hold one value per count ({length}); found {len(numbers)}.")
    return np.array(numbers)


def _times(values: Iterable[float] | None, length: int) -> np.ndarray:
    years = range(length) if values is None else values
    times = np.array([_finite(v, f"times[{i}]", "a number") for i, v in enumerate(years)])
    if len(times) != length:
        raise ValueError(f"times must hold one value per count ({length}); found {len(times)}.")
    if (np.diff(times) <= 0).any():
        raise ValueError(f"times must be in increasing order; found {times.tolist()}.")
    return times - times[0]


def _part(count: float, total: float) -> tuple[int, int]:
    part, whole = checked_count(count), checked_count(total, "total", minimum=1)
    if part > whole:
        raise ValueError(f"count must not exceed the total of {whole}; found {part}.")
    return part, whole


# Counts, rates and ratios


def byar(count: float) -> Estimate:
    """A count with Byar's approximate Poisson interval (OHID Fingertips, rates: count >= 10)."""
    o = checked_count(count)
    lower = o * (1 - 1 / (9 * o) - Z95 / (3 * math.sqrt(o))) ** 3 if o else 0.0
    upper = (o + 1) * (1 - 1 / (9 * (o + 1)) + Z95 / (3 * math.sqrt(o + 1))) ** 3
    return Estimate(o, lower, upper, "Byar 95%")


def exact_poisson(count: float) -> Estimate:
    """A count with its exact Poisson interval (OHID Fingertips, rates: count < 10).

    A chi-squared quantile with 2k degrees of freedom is twice a gamma quantile of shape k.
    """
    o = checked_count(count)
    lower = float(scipy.special.gammaincinv(o, TAIL)) if o else 0.0
    return Estimate(o, lower, float(scipy.special.gammainccinv(o + 1, TAIL)), "exact Poisson 95%")


def count_interval(count: float) -> Estimate:
    """A count with its interval by the OHID rule: exact below 10, Byar from 10."""
    return exact_poisson(count) if checked_count(count) < EXACT_BELOW else byar(count)


def rate(count: float, population: float, per: float = PER) -> Estimate:
    """A count per `per` of the population, with the OHID interval of the count."""
    o, base = count_interval(count), checked_number(population, "population", positive=True)
    return Estimate(per * o.value / base, per * o.lower / base, per * o.upper / base, o.method)


def pooled_rate(counts: Iterable[float], populations: Iterable[float]) -> Estimate:
    """One rate for several areas: counts and populations are summed; rates are never averaged."""
    o = _counts(counts, at_least=1)
    d = _positive(populations, "populations", len(o))
    return rate(o.sum(), math.fsum(d))


def rate_ratio(count_a: float, base_a: float, count_b: float, base_b: float) -> Estimate:
    """Rate a over rate b, log method; rough if a count is below 10, undefined (ValueError) at 0."""
    a, b = checked_count(count_a, "count_a", 1), checked_count(count_b, "count_b", 1)
    d_a = checked_number(base_a, "base_a", positive=True)
    d_b = checked_number(base_b, "base_b", positive=True)
    value, spread = (a / d_a) / (b / d_b), math.exp(Z95 * math.sqrt(1 / a + 1 / b))
    return Estimate(value, value / spread, value * spread, "log method 95%")


# Shares


def share(count: float, total: float) -> Estimate:
    """A share in percent, with Wilson's interval (OHID Fingertips, proportions)."""
    o, n = _part(count, total)
    centre, width = 2 * o + Z95**2, Z95 * math.sqrt(Z95**2 + 4 * o * (1 - o / n))
    lower = 100 * (centre - width) / (2 * (n + Z95**2)) if o else 0.0
    upper = 100 * (centre + width) / (2 * (n + Z95**2)) if o < n else 100.0
    return Estimate(100 * o / n, lower, upper, "Wilson 95%")


def wilson(counts: Iterable[float], totals: Iterable[float]) -> tuple[list[float], list[float]]:
    """Lower and upper limits of shares in percent; NaN where there is no total."""
    none = Estimate(math.nan, math.nan, math.nan, "")
    found = [
        none if total != total else share(count, total)
        for count, total in zip(counts, map(float, totals), strict=True)
    ]
    return [each.lower for each in found], [each.upper for each in found]


def share_difference(count_a: float, total_a: float, count_b: float, total_b: float) -> Estimate:
    """Share a less share b in percentage points; Newcombe's (1998) hybrid of Wilson intervals."""
    a, b = share(count_a, total_a), share(count_b, total_b)
    value = a.value - b.value
    lower = value - math.hypot(a.value - a.lower, b.upper - b.value)
    upper = value + math.hypot(a.upper - a.value, b.value - b.lower)
    return Estimate(value, lower, upper, "Newcombe 95%")


# Areas of one date beside a target rate (Spiegelhalter, Statistics in Medicine 2005; 24: 1185)


def funnel_limits(
    population: float, target: float, z: float = Z95, variance: float = 0
) -> Estimate:
    """Limits, per 100,000, around a target rate at one population; never below 0.

    theta +- z sqrt(theta/D + tau^2), the additive random-effects form: `z` is Z95, or Z998 to flag
    an area; `variance` is tau^2, that of rates between areas (see `between_variance`).
    """
    d = checked_number(population, "population", positive=True) / PER
    theta = checked_number(target, "target", positive=True)
    width = z * math.sqrt(theta / d + checked_number(variance, "variance"))
    return Estimate(target, max(0.0, target - width), target + width, f"limits, z = {z:g}")


def between_variance(counts: Iterable[float], populations: Iterable[float], target: float) -> float:
    """Variance tau^2 of areas' rates beyond chance, in squared units of the rate; 0 or more.

    DerSimonian and Laird's (1986) moment estimate from the rates r, with s^2 = theta/D and
    w = 1/s^2: Q = sum w (r - m)^2 about the weighted mean m, and tau^2 = (Q - (k - 1)) /
    (sum w - sum w^2 / sum w). Rates beyond the quantiles WINSORISE and 1 - WINSORISE (linear
    interpolation) are first set to them, so that an outlier does not hide itself.
    """
    r, chance = _rates_and_chance(counts, populations, target)
    r = np.clip(r, *np.quantile(r, [WINSORISE, 1 - WINSORISE]))
    w = 1 / chance
    q = w @ (r - w @ r / w.sum()) ** 2
    return max(0.0, float((q - (len(r) - 1)) / (w.sum() - w @ w / w.sum())))


def variance_about(counts: Iterable[float], populations: Iterable[float], target: float) -> float:
    """Mean squared distance of areas' rates from a target rate, less that of chance; 0 or more.

    mean((r - theta)^2 - theta/D), in squared units of the rate. Unlike `between_variance` it counts
    it as spread if the areas lie to one side of the target, and sets no rate back.
    """
    r, chance = _rates_and_chance(counts, populations, target)
    return max(0.0, float(np.mean((r - target) ** 2 - chance)))


def _rates_and_chance(
    counts: Iterable[float], populations: Iterable[float], target: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rates of two or more areas, and the variance that chance alone gives each at the target."""
    o = _counts(counts, at_least=2)
    d = _positive(populations, "populations", len(o))
    return PER * o / d, PER * checked_number(target, "target", positive=True) / d


def predicted_count(population: float, target: float, variance: float, areas: int) -> Estimate:
    """Count to expect in an area without a figure, with its 95% prediction interval.

    theta D +- t sqrt(theta D + tau^2 D^2), D in units of 100,000: rates of areas scatter around the
    target with `variance` and, on top, by chance. t has as many degrees of freedom as there were
    `areas` to estimate the variance from (see `variance_about`: the target is given, not
    estimated). Never below 0. Of several areas together give the population of all: they are then
    taken to lie to the same side, and their errors do not cancel.
    """
    d = checked_number(population, "population", positive=True) / PER
    expected = checked_number(target, "target", positive=True) * d
    spread = math.sqrt(expected + checked_number(variance, "variance") * d**2)
    degrees = checked_count(areas, "areas", minimum=1)
    width = float(scipy.special.stdtrit(degrees, 1 - TAIL)) * spread
    method = f"prediction, t({degrees}) 95%"
    return Estimate(expected, max(0.0, expected - width), expected + width, method)


# Change over time


def _change(slope: float, error: float, quantile: float, method: str) -> Estimate:
    with np.errstate(over="ignore"):
        limits = 100 * np.expm1([slope, slope - quantile * error, slope + quantile * error])
    return Estimate(*limits.tolist(), method)


def _poisson_fit(y: np.ndarray, exposure: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """Maximum-likelihood slope and fitted counts of ln E(y) = a + b*t + ln(exposure).

    The slope is the b at which mean time, weighted by the fit, equals mean time weighted by y;
    that mean rises with b, so bisection finds it whatever the data.
    """
    if not y[1:].any() or not y[:-1].any():
        raise ValueError(f"counts must not all fall in one end year, nor be 0; found {y.tolist()}.")

    def weights(slope: float) -> np.ndarray:
        log_weight = np.log(exposure) + slope * t
        weight = np.exp(log_weight - log_weight.max())
        return weight / weight.sum()

    observed = y @ t / y.sum()
    low, high = -1 / t[-1], 1 / t[-1]
    while weights(low) @ t > observed:
        low *= 2
    while weights(high) @ t < observed:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if weights(middle) @ t < observed else (low, middle)
    return high, y.sum() * weights(high)


def trend(
    counts: Iterable[float],
    exposure: Iterable[float] | None = None,
    times: Iterable[float] | None = None,
) -> Trend:
    """Average change per year in percent: Poisson log-linear, with an exposure offset.

    `exposure` is a population or other base; `times` are years (0, 1, 2, ... if not given). phi is
    Pearson's chi-squared over n - 2. The standard error is multiplied by sqrt(max(1, phi)), and t
    with n - 2 degrees of freedom is used whatever phi is: Wald's z makes a short series look
    certain. Fewer than TREND_POINTS years are exploratory. For a stock the interval is descriptive
    only: its years hold mostly the same people.

    ValueError also for fewer than 3 counts, or if all events fall in the first or the last year.
    """
    y = _counts(counts, at_least=3)
    n = len(y)
    t = _times(times, n)
    base = np.ones(n) if exposure is None else _positive(exposure, "exposure", n)
    slope, fitted = _poisson_fit(y, base, t)
    error = 1 / math.sqrt(fitted @ (t - fitted @ t / fitted.sum()) ** 2)
    dispersion = float(((y - fitted) ** 2 / fitted).sum() / (n - 2))
    quantile = float(scipy.special.stdtrit(n - 2, 1 - TAIL))
    method = f"{'quasi-Poisson' if dispersion > 1 else 'Poisson'}, t({n - 2}) 95%"
    change = _change(slope, error * math.sqrt(max(1.0, dispersion)), quantile, method)
    return Trend(change, _change(slope, error, Z95, "Poisson, Wald z 95%"), dispersion)


def total_change(first: float, last: float) -> float:
    """Change from first to last in percent of the first."""
    start = checked_number(first, "first", positive=True)
    return 100 * (checked_number(last, "last") - start) / start


# What rounded figures in a source can and cannot say


def _rounding_range(printed: float, step: float, name: str) -> tuple[float, float, float]:
    value, half = checked_number(printed, name, positive=True), checked_number(step, "step") / 2
    if half >= value:
        raise ValueError(f"{name} must exceed half its rounding step ({half:g}); found {value:g}.")
    return value, value - half, value + half


def rounded_change(first_rate: float, last_rate: float, step: float = 1) -> Estimate:
    """Change in percent between two printed rates, with bounds from rounding (not a 95% range)."""
    a, a_low, a_high = _rounding_range(first_rate, step, "first_rate")
    b, b_low, b_high = _rounding_range(last_rate, step, "last_rate")
    ends = total_change(a, b), total_change(a_high, b_low), total_change(a_low, b_high)
    return Estimate(*ends, "rounding bounds")


# Display


def round_half_up(value: float, digits: int = 0) -> float:
    """Round for display: halves away from zero, as the decimal number reads; never prints -0."""
    number = Decimal(repr(_finite(value, "value", "a finite number")))
    return (
        float(number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, Context(prec=700))) + 0.0
    )
