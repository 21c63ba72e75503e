"""Minimum home visits and workload: facts of the domain, properties, errors."""

import copy
import json
import math
import re
import shutil
from fractions import Fraction
from pathlib import Path

import notebook_blocks
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PHStatsMethods import confidence_intervals as phs
from reference_methods import expected_tiers

from rso_report import dataset, home_visits, summary, visit_words
from rso_report import visits as v
from rso_report.edition import open_edition
from rso_report.errors import ReportError
from rso_report.parameters import EditionParameters

ROOT = Path(__file__).resolve().parents[1]
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


def test_the_tiers_of_merseyside_bound_its_visits_and_those_of_a_force_with_the_same_shares():
    fewest, most = (6 * 12 + 277 * 4 + 1486 * each for each in (1, 2))
    assert [round(each * 3655 / 1769) for each in (fewest, most)] == [5508, 8579]
    stored = (ROOT / "notebooks" / "home-visits.ipynb").read_text(encoding="utf-8")
    assert "5,508 to 8,579" in stored


BANDS = {10: (4933, 12506), 50: (6087, 9640), 200: (6730, 8524)}


@pytest.mark.parametrize(("concentration", "span"), BANDS.items())
def test_the_band_of_the_illustration_at_each_concentration(concentration, span):
    seed = EditionParameters().seed
    band = v.dirichlet_band(3655, MIX, POLICY, seed=seed, concentration=concentration)
    assert (round(band.lower), round(band.upper)) == span


def test_the_assumptions_list_the_concentration_with_the_effect_that_is_computed():
    page = (ROOT / "book" / "methods.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith("| A14 "))
    found = re.findall(r"([\d,]+) to ([\d,]+)(?: visits)? at (?:a concentration of )?(\d+)", line)
    said = {int(c): tuple(int(n.replace(",", "")) for n in span) for *span, c in found}
    assert said == BANDS and f"concentration of {EditionParameters().concentration} " in line


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
    visits = v.minimum_visits(expected_tiers(total, mix), policy)
    assert fewest - 1e-6 <= visits <= most + 1e-6
    assert visits == pytest.approx(total * v.visits_per_person(mix, policy), abs=1e-6)


@steady
@given(totals, mixes(), policies, some.floats(0, 1))
def test_reactive_management_never_adds_visits_nor_makes_them_negative(total, mix, policy, part):
    people = expected_tiers(total, mix)
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
        (
            lambda: v.largest_remainder(10, {**MIX, "low": -0.5}),
            r"mix\[low\] must be .* found -0.5",
        ),
        (lambda: v.largest_remainder(10, {**MIX, "low": math.nan}), r"mix\[low\] must be .* nan"),
        (lambda: v.largest_remainder(10, {**MIX, "lowest": 0}), "Unknown tier 'lowest'; the tiers"),
        (lambda: v.largest_remainder(10, {"high": 1}), "found none for very_high, medium, low"),
        (lambda: v.largest_remainder(1.5, MIX), "total must be a whole number of 0 or more"),
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


# What an edition takes from the data


def opened(data, year="2021-22", region="West Midlands", **given):
    return open_edition(copy.copy(data), report_year=year, region=region, **given)[0]


def illustrated(data, *args, **given):
    """The model of the illustration that is used first, and its mix in words."""
    edition = opened(data, *args, **given)
    model = home_visits.models(data, edition)[0][0]
    return model, visit_words.mix_words(model, edition)


def with_values(data, table, **values):
    """A copy of the data in which rows of a table have other values."""
    other = copy.copy(data)
    frame = getattr(data, table).copy()
    for row, value in values.items():
        assert (frame["row_id"] == row).sum() == 1
        frame.loc[frame["row_id"] == row, "value"] = value
    setattr(other, table, frame)
    return other


def test_the_mix_is_the_national_one_in_the_data_and_is_cited(data):
    model, said = illustrated(data)
    assert model.mix == MIX
    assert list(model.mix_rows["row_id"]) == ["TI0006", "TI0007", "TI0008", "TI0009"]
    assert "national mix" in said
    moved, said = illustrated(with_values(data, "risk_tiers", TI0006=12, TI0009=40))
    assert moved.mix == {**MIX, "very_high": 0.12, "low": 0.40} and "12/18/30/40" in said


def test_rounded_shares_that_add_to_101_are_taken_of_their_sum(data):
    model, _ = illustrated(with_values(data, "risk_tiers", TI0006=3))
    assert sum(model.mix.values()) == pytest.approx(1)
    assert model.mix["very_high"] == pytest.approx(3 / 101)


def test_a_mix_that_is_given_is_called_assumed_and_the_national_one_is_not_cited(data):
    model, said = illustrated(data, tier_mix="5/20/30/45")
    assert model.mix["very_high"] == 0.05 and model.mix_rows.empty
    assert "assumed" in said and "TI0006" not in model.rows


def staffed(data, area, **given):
    count, rows = home_visits.visiting_officers(data, opened(data, **given), area)
    return count, visit_words.officers_words(count, rows) if count else ""


def test_the_officers_are_the_constables_of_the_force_in_the_data(data):
    assert staffed(data, "WMP") == (45, "45 constables (reply of 30 June 2014)")
    assert staffed(with_values(data, "staffing", ST0003=90), "WMP")[0] == 90


@pytest.mark.parametrize(
    ("region", "area"), [("London", "METROPOLITAN"), ("North West", "MERSEYSIDE")]
)
def test_no_region_borrows_the_officers_of_another(data, region, area):
    assert staffed(data, area, region=region) == (None, "")
    assert staffed(data, area, region=region, officers=30) == (30, "30 officers (assumed)")


@pytest.mark.parametrize(
    ("year", "given", "reason"),
    [
        ("2013-14", {}, "policy with a fixed interval"),
        (
            "2021-22",
            {"policy_id": "NPCC_2017"},
            "policy with a fixed interval for every tier",
        ),
        ("2015-16", {}, "mix of risk tiers"),
        ("2021-22", {"force": "WAR"}, "count .* Warwickshire Police"),
    ],
)
def test_where_there_is_no_illustration_the_reason_is_the_part_not_found(data, year, given, reason):
    found, why = home_visits.models(data, opened(data, year, **given))
    assert found == [] and re.match(f"no .*{reason}", why)


def test_nothing_of_june_2017_is_used_or_said_before(data):
    edition = opened(data, "2015-16", tier_mix="2/18/30/50")
    (model,), _ = home_visits.models(data, edition)
    assert home_visits.reactive_share(data, edition)[0] is None
    said = [visit_words.mix_words(model, edition), visit_words.ended(model.policy.iloc[0])]
    for text in [*said, *visit_words.visit_frequency(data, edition)]:
        assert "2017" not in text and "ended" not in text and "reactive" not in text
    assert home_visits.known_policies(data, edition)["valid_to"].isna().all()
    assert home_visits.reactive_share(data, opened(data, "2017-18"))[0]


def test_the_intervals_say_whom_the_question_was_about_and_that_they_ended(data):
    path = next(p for p in notebook_blocks.NOTEBOOKS if p.stem == "home-visits")
    shown = json.dumps(notebook_blocks.run(path, data))
    assert "after statutory supervision" in shown
    assert "a national announcement of 29 June 2017" in shown
    assert "An illustration, not a finding" in path.read_text(encoding="utf-8")


def test_overdue_visits_carry_their_age_and_the_remark_that_changes_their_meaning(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    wmp, sta, silent = visit_words.overdue_visits(data, edition)
    assert "about 250" in wmp and "checks" in wmp and "6 years" in wmp
    assert "260" in sta and "later that the visits had been made" in sta and "4 years" in sta
    assert "West Mercia Police and Warwickshire Police" in silent and "no figure" in silent


def test_an_edition_shows_the_newest_overdue_visits_that_it_knows(data):
    def said(year):
        edition, _ = open_edition(copy.copy(data), report_year=year, region="South West")
        return visit_words.overdue_visits(data, edition)[0]

    assert "217" in said("2022-23") and " years" not in said("2022-23")
    assert "283" in said("2023-24") and "217" not in said("2023-24")
    assert "no figure" in said("2021-22")


def test_visits_made_are_shown_once_their_period_is_over_whatever_the_area(data):
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    assert "no figure found" in visit_words.visits_made(data, edition)[0]
    other = copy.copy(data)
    made = data.answers["measure_code"] == "VISITS_MADE"
    earlier = data.answers.assign(
        period_start=data.answers["period_start"].where(~made, pd.Timestamp("2020-04-01")),
        period_end=data.answers["period_end"].where(~made, pd.Timestamp("2021-03-31")),
    )
    other.answers = earlier
    (said,) = visit_words.visits_made(other, edition)
    assert "Greater Manchester Police" in said and "at least 9,700" in said
    assert "2020-21" in said


def test_a_number_that_is_a_lower_bound_is_called_one_for_the_force_itself_too(data):
    edition = opened(data, "2024-25", "North West")
    (row,) = (row for _, row in home_visits.due_and_made(data, edition).iterrows())
    assert visit_words.in_words(row, "made").startswith("at least ")
    assert summary.visits(data, edition)[0].startswith("**at least ")


def test_only_ranks_of_one_source_and_date_are_added_and_decimals_stay(data):
    later = data.staffing.iloc[:2].assign(
        row_id=["ST9001", "ST9002"], value=[2.0, 56.5], as_at=pd.Timestamp("2021-11-30"), note=""
    )
    other = copy.copy(data)
    staffing = data.staffing.assign(value=data.staffing["value"].astype(float))
    other.staffing = pd.concat([staffing, later], ignore_index=True)
    path = next(p for p in notebook_blocks.NOTEBOOKS if p.stem == "home-visits")
    shown = notebook_blocks.blocks(path, notebook_blocks.run(path, other))
    said = [block.text for block in shown if "together" in block.text]
    assert len(said) == 2 and "54 together" in said[0] and "58.5 together" in said[1]


# A force that answers every question on visits: invented figures of Staffordshire for 2021-22


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """The data with an invented return in which every measure of visits is filled in."""
    folder = shutil.copytree(dataset.data_folder(), tmp_path_factory.mktemp("visits") / "data")
    for path in (ROOT / "tests" / "fixtures" / "visits").glob("*.csv"):
        _, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        with (folder / path.name).open("a", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]], folder=folder)


@pytest.fixture(scope="module")
def page(answered):
    """By table, chart or text the lines that the page shows of it, with their rows."""
    path = next(p for p in notebook_blocks.NOTEBOOKS if p.stem == "home-visits")
    found = {}
    for block in notebook_blocks.blocks(path, notebook_blocks.run(path, answered, force="STA")):
        found.setdefault(block.place.split(": ")[1], []).append(block)
    return found


def lines(page, place):
    return [block.text for block in page[place] if block.cells]


def test_visits_made_stand_beside_those_due_by_tier_with_share_interval_and_visits_a_person(page):
    shown = lines(page, "tab-visits-made")
    force, year = "Staffordshire Police", "2021-22"
    low, high = wilson(700, 800)
    assert f"{force} | {year} | high | 800 | 700 | 87.5 ({low:.1f} to {high:.1f}) | 200 | 3.50" in (
        shown
    )
    # More made than due, so no share of those due
    assert f"{force} | {year} | low | 700 | 720 | [x] | 725 | 0.99" in shown
    assert shown[0].startswith(f"{force} | {year} | all tiers | 2,700 | 2,455 | 90.9 (")
    (high,) = (
        block for block in page["tab-visits-made"] if " | high | " in block.text and block.cells
    )
    assert high.rows == {"AN8002", "AN8006", "TI8002"}
    assert len(lines(page, "fig-visits-made")) == 3


def wilson(count, total):
    return 100 * phs.wilson_lower(count, total), 100 * phs.wilson_upper(count, total)


def test_the_main_points_say_made_of_due_and_no_raw_line_of_the_return_is_shown(page):
    (said,) = (b for b in page["text"] if "2,455 visits made of 2,700 due, 90.9%" in b.text)
    assert said.rows == {f"AN800{number}" for number in range(1, 9)}
    everything = "\n".join(block.text for own in page.values() for block in own)
    assert "risk_tier" not in everything
    assert "Visits due and visits made by risk tier: no figure found" not in everything


def test_overdue_visits_stand_over_time_and_people_for_each_officer_are_of_one_date(page):
    assert lines(page, "fig-visits-overdue") == [
        "Staffordshire Police | 31 March 2022 | 64",
        "Staffordshire Police | 2017 (day not stated) | 260",
    ]
    assert lines(page, "tab-people-per-officer") == [
        "Staffordshire Police | 31 March 2022 | 1,400 | 17.5 | 80.0"
    ]


def test_the_illustration_uses_the_forces_own_tiers_and_intervals_beside_what_is_assumed(page):
    shown = lines(page, "tab-visits-by-tier")
    assert "the force's own | high | 14.3 | 200 | 6 | 1,200" in shown
    assert "the force's own | all tiers | 100.0 | 1,400 | [z] | 3,575" in shown
    assert "assumed | high | 18.0 | 252 | 4 | 1,008" in shown
    results = dict(text.split(" | ") for text in lines(page, "tab-visit-results"))
    load, who = 3575 / (17.5 * 44), "17.5 officers (31 March 2022)"
    assert results[f"Visits a week for each of {who}, 44 weeks a year"] == f"{load:.2f}"


def test_a_mix_that_is_given_goes_before_the_forces_own_which_stands_beside_it(answered):
    given = {"force": "STA", "tier_mix": "5/20/30/45"}
    found, _ = home_visits.models(answered, opened(answered, **given))
    assert [model.label for model in found] == ["assumed", "the force's own"]


def test_a_policy_is_any_of_the_table(answered):
    edition = opened(answered, force="STA", policy_id="STA_2020")
    for model in home_visits.models(answered, edition)[0]:
        assert model.often == {"very_high": 12, "high": 6, "medium": 3, "low": 1}
    with pytest.raises(ReportError, match="'STA_2021' .did you mean 'STA_2020'"):
        opened(answered, policy_id="STA_2021")


def test_before_the_year_of_the_return_nothing_of_it_is_known(answered):
    edition = opened(answered, "2020-21")
    assert home_visits.due_and_made(answered, edition).empty
    assert "no figure found" in visit_words.visits_made(answered, edition)[0]
