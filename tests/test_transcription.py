"""The data against the five founding documents, figure by figure.

The numbers below were typed from the documents themselves, not from the data.
"""

import pandas as pd
import pytest

from rso_report.edition import open_edition

FOI_2014, FOI_2022 = "wmp-foi-5022-14", "wmp-foi-233a-22"
PRESS_2018, PRESS_2021, ADVICE = "es-2018-02-22", "es-2021-11-04", "npcc-cru-43-23"


def of(frame, source):
    return frame[frame["source_id"] == source]


def test_2014_43_missing_42_at_level_1_and_1_unknown(data):
    rows = of(data.missing, FOI_2014).set_index("mappa_level")
    assert rows["value"].to_dict() == {"all": 43, "1": 42, "unknown": 1}
    assert (rows["as_at"] == "2014-06-30").all()
    assert (rows["as_at_precision"] == "response_date").all()
    assert (rows["definition_code"] == "WHEREABOUTS_UNKNOWN").all()


def test_2014_one_inspector_eight_sergeants_45_constables(data):
    rows = of(data.staffing, FOI_2014).set_index("rank")["value"]
    assert rows.to_dict() == {"inspector": 1, "sergeant": 8, "constable": 45}


def test_2014_visits_every_1_3_6_and_12_months(data):
    rows = of(data.visit_policy, FOI_2014).set_index("risk_tier")
    months = {"very_high": 1, "high": 3, "medium": 6, "low": 12}
    assert rows["max_interval_months"].to_dict() == months
    assert rows["min_visits_per_year"].to_dict() == {t: 12 // m for t, m in months.items()}
    assert (rows["risk_tool"] == "RM2000").all()


def test_2022_register_totals(data):
    rows = of(data.registered_offenders, FOI_2022)
    years = {r.as_at.year: r.value for r in rows[rows["sex"] == "all"].itertuples()}
    assert years == {2021: 4620, 2020: 4581, 2019: 4540, 2018: 4295, 2017: 4171}
    sexes = rows[rows["sex"] != "all"].set_index("sex")
    assert sexes["value"].to_dict() == {"male": 4585, "female": 57}
    assert (sexes["as_at"] == "2022-02-22").all()
    assert (sexes["as_at_precision"] == "day").all()
    assert (rows.loc[rows["sex"] == "all", "as_at_precision"] == "year").all()
    assert (rows["custody_status"] == "both").all()


def test_2022_people_on_orders(data):
    rows = of(data.orders, FOI_2022).set_index(["order_type", "sex"])["value"]
    assert rows.to_dict() == {
        ("SHPO", "male"): 2036,
        ("SHPO", "female"): 16,
        ("SRO", "male"): 17,
        ("SRO", "female"): 2,
    }


# Table, first words of the title, the five cells, the row total as printed.
PRINTED = [
    ("1a", "Failure to comply with (Sexual Offence)", [412, 315, 396, 268, 286], 1677),
    ("1a", "Fail to Comply with Notification of changes", [9, 9, 0, 0, 0], 18),
    ("1a", "Fail to Comply with the Periodic", [4, 5, 0, 0, 0], 9),
    ("1a", "Fail to Comply with requirement to notify travel", [8, 9, 0, 0, 0], 17),
    ("2a", "Attempted - Breach a sexual risk order", [0, 0, 0, 0, 4], 4),
    ("2a", "Breach a sexual risk order", [32, 30, 33, 49, 26], 112),
    ("3a", "Attempted - Breach SHPO", [0, 0, 0, 0, 3], 3),
    ("3a", "Breach Sexual Harm Prevention Order (SHPO) Sentencing", [0, 0, 0, 0, 41], 41),
    ("3a", "Breach SHPO / interim SHPO", [20, 30, 52, 50, 41], 151),
]
COLUMN_TOTALS = {
    "1a": ([433, 338, 396, 268, 286], 1721),
    "2a": ([32, 30, 33, 49, 30], 174),
    "3a": ([20, 30, 52, 50, 85], 237),
}


@pytest.mark.parametrize(("table", "title", "cells", "total"), PRINTED)
def test_2022_offences_cell_by_cell(data, table, title, cells, total):
    rows = of(data.breaches, FOI_2022)
    rows = rows[(rows["table_as_printed"] == table) & rows["offence_title"].str.startswith(title)]
    assert rows.sort_values("period_start")["value"].tolist() == cells
    starts = rows["period_start"].dt.year.sort_values().tolist()
    assert starts == [2017, 2018, 2019, 2020, 2021]
    totals = of(data.printed_totals, FOI_2022)
    same = totals["offence_title"].isin(rows["offence_title"])
    printed = totals[(totals["axis"] == "row") & same]
    assert printed["value"].tolist() == [total]


@pytest.mark.parametrize("table", COLUMN_TOTALS)
def test_2022_totals_as_printed(data, table):
    totals = of(data.printed_totals, FOI_2022)
    totals = totals[totals["table_as_printed"] == table]
    columns = totals[totals["axis"] == "column"].sort_values("period_start")["value"]
    grand = totals[totals["axis"] == "grand"]["value"]
    assert (columns.tolist(), *grand.tolist()) == COLUMN_TOTALS[table]


def test_2022_has_45_cells_and_27_totals_and_no_more(data):
    assert len(of(data.breaches, FOI_2022)) == 5 * len(PRINTED)
    assert len(of(data.printed_totals, FOI_2022)) == len(PRINTED) + 3 * 6


def test_2022_headings_are_kept_and_titles_classify(data):
    rows = of(data.breaches, FOI_2022)
    pairs = set(zip(rows["table_as_printed"], rows["heading_family"], rows["family"], strict=True))
    assert pairs == {
        ("1a", "NOTIFICATION", "NOTIFICATION"),
        ("2a", "SHPO", "SRO"),
        ("3a", "SRO", "SHPO"),
    }


def test_2022_the_last_year_is_a_part_year_of_328_to_348_days(data):
    rows = of(data.breaches, FOI_2022)
    part = rows[rows["period_start"] == "2021-04-01"]
    assert (part["period_status"] == "part").all() and (part["status"] == "provisional").all()
    first = part["covered_to_earliest"].iloc[0] - pd.Timestamp("2021-04-01")
    last = part["covered_to_latest"].iloc[0] - pd.Timestamp("2021-04-01")
    assert (first.days + 1, last.days + 1) == (328, 348)


def test_2021_counts_and_rates(data):
    counts = of(data.registered_offenders, PRESS_2021).set_index("area_id")
    assert counts["value"].to_dict() == {"WMP": 3655, "STA": 1318, "EW": 64300}
    assert counts["qualifier"].to_dict() == {"WMP": "exact", "STA": "exact", "EW": "rounded"}
    assert (counts["as_at"] == "2021-03-31").all()
    rates = of(data.published_rates, PRESS_2021)
    found = {(r.area_id, r.as_at.year): r.value for r in rates.itertuples()}
    assert found == {
        ("WMP", 2021): 144,
        ("WMP", 2020): 141,
        ("STA", 2021): 130,
        ("STA", 2020): 130,
        ("EW", 2021): 122,
    }
    change = of(data.published_changes, PRESS_2021)
    assert change["value"].tolist() == [3]


def test_2021_cautions_or_convictions(data):
    rows = of(data.breaches, PRESS_2021).set_index("area_id")
    assert rows["value"].to_dict() == {"EW": 1640, "WMP": 46, "STA": 26}
    assert rows["qualifier"].to_dict() == {"EW": "at_least", "WMP": "exact", "STA": "exact"}
    assert rows["unit_as_printed"].to_dict() == {
        "EW": "times",
        "WMP": "breaches",
        "STA": "breaches",
    }
    assert (rows["series_id"] == "BREACH_OUTCOME").all()


def test_2018_missing_with_revision(data):
    rows = of(data.missing, PRESS_2018)
    whole = rows[(rows["believed_abroad"] == "all") & rows["went_missing_since"].isna()]
    first = whole[whole["revises_row"] == ""].set_index("area_id")["value"].to_dict()
    assert first == {"WM": 55, "STA": 5, "WMP": 46, "WMC_WAR_JOINT": 4}
    revised = whole[whole["revises_row"] != ""]
    assert revised[["area_id", "value"]].values.tolist() == [["STA", 2]]
    assert rows[rows["believed_abroad"] == "yes"]["value"].tolist() == [14]
    assert rows[rows["went_missing_since"].notna()]["value"].tolist() == [5]
    register = of(data.registered_offenders, PRESS_2018)
    assert register["value"].tolist() == [4380]


def test_no_attribute_of_one_person_was_taken(data):
    assert not any("longest" in column for column in data.missing.columns)


def test_2023_advice_gives_no_count(data):
    for name in ("registered_offenders", "missing", "breaches", "orders", "staffing"):
        assert of(getattr(data, name), ADVICE).empty
    assert ADVICE in set(data.sources["source_id"])


def test_every_founding_document_is_marked(data):
    founding = set(data.sources.loc[data.sources["founding"] == "yes", "source_id"])
    assert founding == {FOI_2014, FOI_2022, PRESS_2018, PRESS_2021, ADVICE}


def test_2022_questions_1_to_4_met_the_cost_limit(data):
    rows = of(data.answers, FOI_2022)
    assert rows["measure_code"].tolist() == [
        "RSO_REGISTER",
        "SUBJECT_SHPO",
        "SUBJECT_SRO",
        "OFFICERS_FTE",
    ]
    assert (rows["status"] == "cost_limit").all() and rows["value"].isna().all()
    assert rows["locator"].str.extract(r"answer (\d)")[0].tolist() == ["1", "2", "3", "4"]


def test_founding_facts_without_a_number_have_a_row(data):
    sources = set(data.statements["source_id"])
    assert {FOI_2014, FOI_2022, PRESS_2021, ADVICE} <= sources
    advice = of(data.statements, ADVICE)
    days = advice["as_at"].dt.strftime("%Y-%m-%d").tolist()
    assert days == ["2022-09-22"] * 6 + ["2023-01-25"]  # the two messages, older first
    told = " ".join(advice["says"])
    assert all(word in told for word in ("section 12", "section 21", "section 40", "10,000"))


def test_greater_manchester_made_more_than_9_700_visits_in_a_year(data):
    row = data.answers[data.answers["measure_code"] == "VISITS_MADE"].iloc[0]
    assert (row["area_id"], row["value"], row["qualifier"]) == (
        "GREATER_MANCHESTER",
        9700,
        "at_least",
    )
    assert (str(row["period_start"].date()), str(row["period_end"].date())) == (
        "2023-11-01",
        "2024-10-31",
    )


def test_missing_of_other_forces_and_of_the_national_register(data):
    rows = data.missing.set_index(["source_id", "area_id", "subset", "as_at"])["value"]
    found = {key: rows.xs(key, level="source_id").tolist() for key in THIRD_BATCH}
    assert found == THIRD_BATCH
    national = of(data.missing, "dmail-2012-03-05")
    assert set(national["area_id"]) == {"UK_REGISTER"}, "another exercise than replies of forces"
    assert set(national["subset"]) == {"all", "more_than_12_months"}


THIRD_BATCH = {
    "burtonmail-2018-03-31": [7, 1],
    "cambstimes-2015": [5, 1],
    "dmail-2012-03-05": [843, 690, 356, 260],
}


def test_an_undated_figure_is_in_no_edition(data):
    rows = data.staffing[data.staffing["as_at_precision"] == "undated"]
    assert rows[["area_id", "value"]].values.tolist() == [["STA", 26]]
    edition, _ = open_edition(data, report_year="2023-24", region="West Midlands")
    assert not edition.visible(data.staffing)["row_id"].isin(rows["row_id"]).any()


def test_a_figure_whose_year_is_not_printed_says_so(data):
    rows = data.breaches.set_index("row_id")["period_precision"]
    assert rows["BR0060"] == "inferred"
    assert (of(data.breaches, FOI_2022)["period_precision"] == "stated").all()
    assert (of(data.breaches, PRESS_2021)["period_precision"] == "stated").all()


def test_a_date_that_we_chose_is_not_called_known(data):
    """Where a note says that the source gives no day, or no year, the precision is not `day`."""
    unsaid = (
        "no day|no year|year not printed|da(?:y|te) not stated|year read|year fixed|early March"
    )
    for name in ("registered_offenders", "staffing", "risk_tiers", "missing"):
        rows = getattr(data, name)
        exact = rows[rows["note"].str.contains(unsaid) & (rows["as_at_precision"] == "day")]
        assert exact["row_id"].tolist() == [], name


def test_the_doubtful_counts_of_cleveland_are_named_in_the_ledger(data):
    left_out = data.discrepancies[data.discrepancies["effect"] == "not_estimated"]
    rows = set("|".join(left_out["rows"]).split("|"))
    counts = data.registered_offenders[data.registered_offenders["row_id"].isin(rows)]
    assert counts[["area_id", "value"]].values.tolist() == [
        ["CLEVELAND", 1084],
        ["CLEVELAND", 1104],
        ["CLEVELAND", 1116],
    ]
