"""Every row of the reference file is reproduced by the package to the printed digits.

Inputs are typed here as the file describes them; expected numbers come from the file only.
"""

import csv
import math
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
import reference_methods as reference

from rso_report import breaches, dataset, register
from rso_report import statistics as st
from rso_report import visits as v
from rso_report.edition import open_edition

ROWS = {
    row["id"]: row
    for row in csv.DictReader(
        (Path(__file__).parent / "reference_values.csv").read_text(encoding="utf-8").splitlines()
    )
}

WMP = reference.implied_population(3655, 144).value
STA = reference.implied_population(1318, 130).value
WMP_2019 = 3435 * 732
NOTIFICATION = [433, 338, 396, 268]
SHPO = [20, 30, 52, 50]
SRO = [32, 30, 33, 49]
REGISTER = [4171, 4295, 4540, 4581, 4620, 4642]
SYNTHETIC_D = [100_000, 90_000, 160_000, 50_000, 120_000]
SYNTHETIC_1 = [120, 95, 210, 60, 150]
SYNTHETIC_2 = [150, 70, 260, 40, 150]
POLICY = dict(zip(v.TIERS, (12, 4, 2, 1), strict=True))
MIX = dict(zip(v.TIERS, (0.02, 0.18, 0.30, 0.50), strict=True))
REACTIVE = 16_000 / 52_000


@cache
def real_data():
    data = dataset.load(
        "areas", "sources", "registered_offenders", "breaches", "printed_totals", "published_rates"
    )
    return data, open_edition(data, report_year="2021-22", region="West Midlands")[0]


def row_total(family, title):
    """The computed total of a row of the founding document, from the cells in the data."""
    table = breaches.title_table(*real_data(), "WMP", family)
    return table.loc[table["Offence title"].str.startswith(title), "Total"].item().number


def gap(year):
    """Register total less community count of West Midlands Police, from the data."""
    pairs = register.community_and_register(*real_data())
    return pairs.loc[(pairs["area_id"] == "WMP") & (pairs["year"] == year), "gap"].item()


def synthetic_limits(counts):
    target = st.pooled_rate(counts, SYNTHETIC_D).value
    more = max(1, reference.funnel_dispersion(counts, SYNTHETIC_D)) - 1  # beyond chance
    return st.funnel_limits(100_000, target, variance=more * target)


def policy_visits(reactive=0):
    return v.minimum_visits(reference.expected_tiers(3655, MIX), POLICY, reactive)


def growth():
    return reference.growth_split(3435, WMP_2019, 3655, WMP)


COMPUTE = {
    "R01": lambda: reference.implied_population(3655, 144),
    "R02": lambda: reference.implied_population(1318, 130),
    "R03": lambda: reference.implied_population(64300, 122, count_step=100),
    "R04": lambda: st.byar(3655),
    "R05": lambda: st.exact_poisson(3655),
    "R06": lambda: st.byar(1318),
    "R07": lambda: st.exact_poisson(1318),
    "R08": lambda: st.count_interval(55),
    "R09": lambda: st.exact_poisson(55),
    "R10": lambda: st.count_interval(46),
    "R11": lambda: st.exact_poisson(46),
    "R12": lambda: st.count_interval(5),
    "R13": lambda: st.count_interval(2),
    "R14": lambda: st.count_interval(0),
    "R15": lambda: st.rate(3655, WMP),
    "R16": lambda: st.rate(1318, STA),
    "R17": lambda: st.pooled_rate([3655, 1318], [WMP, STA]),
    "R18": lambda: reference.one_in_n(144),
    "R19": lambda: st.rate_ratio(3655, WMP, 1318, STA),
    "R20": lambda: reference.observed_over_expected(3655, 122e-5 * WMP),
    "R21": lambda: st.funnel_limits(WMP, 122),
    "R22": lambda: st.funnel_limits(STA, 122, z=st.Z998),
    "R23": lambda: reference.funnel_z(3655, WMP, 122),
    "R24": lambda: reference.funnel_z(1318, STA, 122),
    "R25": lambda: st.rounded_change(141, 144),
    "R26": lambda: st.share(46, 4380),
    "R27": lambda: reference.share_exact(46, 4380),
    "R28": lambda: st.share(14, 46),
    "R29": lambda: st.share(57, 4585 + 57),
    "R30": lambda: st.share(16, 2036 + 16),
    "R31": lambda: st.share(2, 17 + 2),
    "R32": lambda: st.share(42, 43),
    "R33": lambda: st.share_difference(46, 4380, 34, 3186),
    "R34": lambda: reference.ratio(3655, 4620, per=100),
    "R35": lambda: st.count_interval(46 + 2 + 4),
    "R36": lambda: st.rate(46, 3655, per=1000),
    "R37": lambda: st.rate(26, 1318, per=1000),
    "R38": lambda: st.rate_ratio(46, 3655, 26, 1318),
    "R39": lambda: reference.ratio(268, 46),
    "R40": lambda: row_total("SRO", "Breach a sexual risk order"),
    "R41": lambda: row_total("SHPO", "Breach SHPO / interim"),
    "R42": lambda: reference.annualised(286, 328),
    "R43": lambda: reference.annualised(286, 348),
    "R44": lambda: st.trend(NOTIFICATION).poisson,
    "R45": lambda: st.trend(NOTIFICATION).dispersion,
    "R46": lambda: reference.plain_change(NOTIFICATION),
    "R47": lambda: reference.plain_change([*NOTIFICATION, 286], [1, 1, 1, 1, 328 / 365]),
    "R48": lambda: st.trend(SHPO).poisson,
    "R49": lambda: reference.plain_change(SRO),
    "R50": lambda: reference.c_chart(NOTIFICATION),
    "R51": lambda: reference.xmr(NOTIFICATION),
    "R52": lambda: reference.homogeneity(NOTIFICATION)[0],
    "R53": lambda: st.trend(REGISTER).poisson,
    "R54": lambda: st.trend(REGISTER).dispersion,
    "R55": lambda: reference.compound_growth(4171, 4642, 5),
    "R56": lambda: st.total_change(4171, 4642),
    "R57": lambda: reference.log_growth(REGISTER),
    "R58": lambda: growth().count,
    "R59": lambda: growth().rate,
    "R60": lambda: growth().population,
    "R61": lambda: v.visits_per_person(MIX, POLICY),
    "R62": lambda: (policy_visits(), *v.visit_bounds(3655, POLICY)),
    "R63": lambda: v.officer_load(policy_visits(), officers=45, weeks=52),
    "R64": lambda: v.officer_load(policy_visits(), officers=45, weeks=44),
    "R65": lambda: v.officer_load(policy_visits(), officers=45, weeks=44, crew=2),
    "R66": lambda: v.visits_per_person(MIX, POLICY, REACTIVE),
    "R67": lambda: policy_visits(reactive=3655 * REACTIVE),
    "R68": lambda: v.sensitivity(3655, POLICY, "low", "very_high"),
    "R69": lambda: reference.ratio(3655, 1 + 8 + 45),
    "R70": lambda: list(v.largest_remainder(3655, MIX).values()),
    "R71": lambda: v.minimum_visits(v.largest_remainder(3655, MIX), POLICY),
    "R72": lambda: st.rate(1640, 64300, per=1000),
    "R73": lambda: gap(2021),
    "R74": lambda: reference.funnel_dispersion(SYNTHETIC_1, SYNTHETIC_D),
    "R75": lambda: synthetic_limits(SYNTHETIC_1),
    "R76": lambda: reference.funnel_dispersion(SYNTHETIC_2, SYNTHETIC_D),
    "R77": lambda: synthetic_limits(SYNTHETIC_2),
    "R78": lambda: reference.homogeneity(NOTIFICATION)[1],
    "R79": lambda: gap(2019),
    "R80": lambda: reference.plain_change(SHPO),
    "R81": lambda: st.trend(SHPO).dispersion,
    "R82": lambda: st.trend(SRO).dispersion,
}


def significant_digits(printed):
    """Digits a figure is printed to; a whole number is read as printed to at least six."""
    digits = printed.lower().split("e")[0].lstrip("-").replace(".", "").lstrip("0")
    return len(digits) if "." in printed else max(6, len(digits.rstrip("0")))


def to_printed_digits(computed, printed):
    return Decimal(f"{computed:.{significant_digits(printed) - 1}e}")


def columns(result):
    """A result as the file's value, lower and upper; None where it has no interval."""
    if isinstance(result, st.Estimate):
        return [result.value], result.lower, result.upper
    if isinstance(result, tuple):
        value, lower, upper = result
        return [value], lower, upper
    return (result if isinstance(result, list) else [result]), None, None


def test_the_mapping_covers_exactly_the_rows_of_the_reference_file():
    assert set(COMPUTE) == set(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_reference_value_is_reproduced_to_the_printed_digits(row):
    values, lower, upper = columns(COMPUTE[row["id"]]())
    printed = row["value"].split(";")
    assert [to_printed_digits(c, p) for c, p in zip(values, printed, strict=True)] == [
        Decimal(p) for p in printed
    ]
    for name, computed in (("lower", lower), ("upper", upper)):
        assert (computed is None) == (row[name] == ""), f"{name} is given by only one side"
        if computed is not None:
            assert to_printed_digits(computed, row[name]) == Decimal(row[name]), name


@pytest.mark.parametrize(
    ("printed", "digits"),
    [("1247.80", 6), ("0.00941082", 6), ("-0.0169406", 6), ("2.03213e-09", 6), ("2538190", 6)],
)
def test_printed_digits_are_counted_with_their_trailing_zeros(printed, digits):
    assert significant_digits(printed) == digits


def test_a_difference_in_the_last_printed_digit_is_seen():
    for row in ROWS.values():
        for printed in filter(None, (row["lower"], row["upper"])):
            scale = 10.0 ** (Decimal(printed).adjusted() - significant_digits(printed) + 1)
            moved = math.nextafter(float(printed), math.inf) + scale
            assert to_printed_digits(moved, printed) != Decimal(printed)
