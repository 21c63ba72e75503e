"""The guard: figures that count different things cannot be combined."""

from itertools import product

import pandas as pd
import pytest

from rso_report import series
from rso_report.errors import ReportError


def counts(**columns):
    return pd.DataFrame({"value": [3655, 4620], **columns})


def test_a_register_total_and_a_community_count_cannot_be_added():
    frame = counts(series_id=["STOCK_MAPPA", "STOCK_FOI"])
    with pytest.raises(ReportError, match="count different things"):
        series.total(frame)


def test_custody_and_community_cannot_stand_in_one_line():
    frame = counts(series_id="STOCK_FOI", custody_status=["both", "community"])
    with pytest.raises(ReportError, match="custody"):
        series.require_one_series(frame, "draw one line through")


def test_snapshots_of_two_dates_cannot_be_added():
    frame = counts(series_id="MISSING_STOCK", as_at=pd.to_datetime(["2014-06-30", "2018-02-22"]))
    with pytest.raises(ReportError, match="same person"):
        series.total(frame)


def test_rounded_numbers_cannot_be_added_as_if_exact():
    with pytest.raises(ReportError, match="rounded"):
        series.total(counts(series_id="STOCK_MAPPA", qualifier=["exact", "rounded"]))


def test_forces_of_one_series_and_date_add_up():
    assert series.total(counts(series_id="STOCK_MAPPA", qualifier="exact")) == 8275


def test_only_three_ratios_across_series_are_allowed():
    names = ["STOCK_MAPPA", "STOCK_FOI", "BREACH_OUTCOME", "BREACH_RECORDED", "ORDER_STOCK"]
    names.append("MISSING_STOCK")
    allowed = set()
    for numerator, denominator in product(names, names):
        try:
            assert series.ratio_caveat(numerator, denominator)
        except ReportError:
            continue
        allowed.add((numerator, denominator))
    assert allowed == {
        ("STOCK_MAPPA", "STOCK_FOI"),
        ("BREACH_OUTCOME", "STOCK_MAPPA"),
        ("MISSING_STOCK", "STOCK_FOI"),
    }


def test_recorded_offences_over_outcomes_say_why_not():
    with pytest.raises(ReportError, match="Cannot divide BREACH_RECORDED by BREACH_OUTCOME"):
        series.ratio_caveat("BREACH_RECORDED", "BREACH_OUTCOME")
