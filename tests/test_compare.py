"""Two editions figure by figure: kinds, changes that may be given, and reasons where not."""

import csv
import io
import json
import shutil

import pandas as pd
import pytest
from statsmodels.stats import proportion, rates

from rso_report import breaches, compare, compare_words, dataset, edition_figures
from rso_report.compare_words import changed
from rso_report.edition import open_edition
from rso_report.errors import ReportError


def opened(data, year, region="West Midlands"):
    return open_edition(data, report_year=year, region=region)[0]


@pytest.fixture(scope="module")
def data():
    return dataset.load(*compare.TABLES)


@pytest.fixture(scope="module")
def found(data):
    return compare.compare(data, opened(data, "2020-21"), opened(data, "2021-22"))


def one(frame, kind, measure, area, detail=""):
    own = frame[
        (frame["kind"] == kind)
        & (frame["measure"] == measure)
        & (frame["area_id"] == area)
        & (frame["detail"] == detail)
    ]
    assert len(own) == 1, own
    return own.iloc[0]


def older(tmp_path, table, edit):
    """The data package as another release had it: `edit` changes the rows of one table."""
    folder = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), folder)
    path = folder / f"{table}.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    names = list(rows[0])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(edit(rows))
    return dataset.load(*compare.TABLES, folder=folder)


# Every figure of an edition


def test_a_figure_carries_its_value_its_interval_its_rows_and_its_date(data):
    own = edition_figures.figures(data, opened(data, "2021-22"))
    assert list(own.columns) == list(edition_figures.FIGURE)
    rate = own[(own["measure"] == "rate_computed") & (own["area_id"] == "WMP")].iloc[-1]
    assert rate[["value", "lower", "upper"]].tolist() == pytest.approx(
        [143.744, 139.121, 148.481], abs=5e-4
    )
    assert (rate["count"], rate["base"]) == (3655, 2542714)
    assert (rate["rows"], rate["when"]) == ("RO0008+PD-WMP-2020", "31 March 2021")


@pytest.mark.parametrize("region", ["West Midlands", "North West", "Wales"])
def test_every_figure_has_a_measure_an_area_a_date_a_value_rows_and_a_source(data, region):
    own = edition_figures.figures(data, opened(data, "2022-23", region))
    assert set(own["measure"]) <= set(edition_figures.MEASURES)
    assert own[["value", "date"]].notna().all(axis=None)
    assert (own[["area", "when", "rows", "source_id", "series_id"]] != "").sum().min() >= len(
        own[~own["measure"].isin(["visit_policy", "risk_tiers", "staffing"])]
    )
    assert not (own["date"] > pd.Timestamp("2023-03-31")).any()


def test_no_figure_stands_in_an_edition_twice(data):
    for year in ("2012-13", "2017-18", "2022-23"):
        own = edition_figures.figures(data, opened(data, year))
        key = ["measure", "area_id", "detail", "definition", "period_start", "date"]
        assert not own.duplicated(key).any()


def test_a_revised_figure_is_marked_and_keeps_its_first_value(data):
    own = edition_figures.figures(data, opened(data, "2021-22"))
    row = own[(own["measure"] == "missing") & (own["area_id"] == "STA")].iloc[-1]
    assert (row["value"], row["mark"], row["first_value"]) == (2, "[r]", 5)


# Kinds


def test_what_a_year_adds_is_new_and_all_else_is_the_same(data, found):
    before, after = (edition_figures.figures(data, opened(data, y)) for y in ("2020-21", "2021-22"))
    kinds = found["kind"].value_counts()
    assert kinds["same"] == len(before) and kinds["new"] == len(after) - len(before) > 0
    assert not {"gone", "revised"} & set(kinds.index)
    new = one(found, "new", "register", "WMP")
    assert (new["value_b"], new["rows_b"], new["when_b"]) == (
        4642,
        "RO0001+RO0002",
        "22 February 2022",
    )
    assert pd.isna(new["value_a"]) and new["rows_a"] == ""


def test_an_edition_against_itself_holds_only_the_same(data):
    edition = opened(data, "2021-22")
    own = compare.compare(data, edition, edition)
    assert set(own["kind"]) == {"same", "latest"}
    assert (own.loc[own["kind"] == "latest", "reason"] == compare.NOT_NEWER).all()


def test_looking_back_what_the_later_edition_added_is_gone(data):
    own = compare.compare(data, opened(data, "2021-22"), opened(data, "2020-21"))
    assert one(own, "gone", "register", "WMP")["value_a"] == 4642
    assert one(own, "latest", "register", "WMP")["reason"] == (
        "the figure of the edition for 2020-21 is the older one"
    )


def test_a_figure_that_another_release_gives_otherwise_is_revised_with_both_values(data, tmp_path):
    def edit(rows):
        return [row | ({"value": "3600"} if row["row_id"] == "RO0008" else {}) for row in rows]

    old = older(tmp_path, "registered_offenders", edit)
    a, b = opened(old, "2021-22"), opened(data, "2021-22")
    own = compare.compare(data, a, b, data_a=old)
    row = one(own, "revised", "community", "WMP")
    assert (row["value_a"], row["value_b"], row["when_a"]) == (3600, 3655, "31 March 2021")
    # What rests on it is revised with it: the rate by our calculation, and the rate of outcomes.
    assert set(own.loc[own["kind"] == "revised", "measure"]) == {
        "community",
        "rate_computed",
        "outcome_rate",
    }
    latest = one(own, "latest", "community", "WMP")
    assert latest["reason"] == "the same date: a revision, not a change"
    assert pd.isna(latest["change"])


def test_a_row_that_only_one_release_has_is_new_or_gone(data, tmp_path):
    old = older(
        tmp_path,
        "registered_offenders",
        lambda rows: [row for row in rows if row["row_id"] not in ("RO0001", "RO0002")],
    )
    edition = opened(data, "2021-22")
    assert (
        one(compare.compare(data, edition, edition, old), "new", "register", "WMP")["value_b"]
        == 4642
    )
    assert (
        one(compare.compare(old, edition, edition, data), "gone", "register", "WMP")["value_a"]
        == 4642
    )


def test_editions_of_two_regions_are_refused(data):
    with pytest.raises(ReportError, match="only editions of the same region"):
        compare.compare(data, opened(data, "2021-22"), opened(data, "2021-22", "North West"))


# Changes


def figure(measure="community", year=2021, value=100, **more):
    return pd.Series(
        {
            "measure": measure,
            "series_id": "S",
            "area_id": "WMP",
            "detail": "",
            "definition": "",
            "period_start": pd.NaT,
            "date": pd.Timestamp(f"{year}-03-31"),
            "value": value,
            "qualifier": "exact",
            "mark": "",
            "source_id": "one",
            "count": float("nan"),
            "base": float("nan"),
        }
        | more
    )


def flow(measure="recorded", year=2021, value=100, **more):
    return figure(measure, year, value, period_start=pd.Timestamp(f"{year - 1}-04-01"), **more)


@pytest.fixture(scope="module")
def change(data):
    a, b = opened(data, "2020-21"), opened(data, "2022-23")
    breaks = data.series_breaks

    def worked_out(old, new, breaks=breaks[:0]):
        return compare.why_no_change(old, new, a, b, breaks)

    worked_out.breaks = breaks
    return worked_out


def test_a_stock_changes_in_percent_without_an_interval(change):
    made = change(figure(value=4620), figure(year=2022, value=4642))
    assert made.value == pytest.approx(100 * 22 / 4620)
    assert pd.isna(made.lower) and pd.isna(made.upper)


def test_the_change_of_events_has_the_interval_of_a_ratio_of_two_counts(change):
    made = change(flow(value=268), flow(year=2022, value=286))
    low, high = rates.confint_poisson_2indep(286, 1, 268, 1, method="wald-log", compare="ratio")
    assert (made.value, made.lower, made.upper) == pytest.approx(
        (100 * 18 / 268, 100 * (low - 1), 100 * (high - 1)), rel=1e-5
    )


def test_the_change_of_a_rate_takes_both_populations_into_account(change):
    old = flow("outcome_rate", count=40, base=3000)
    new = flow("outcome_rate", 2022, count=50, base=3500)
    low, high = rates.confint_poisson_2indep(50, 3500, 40, 3000, method="wald-log", compare="ratio")
    made = change(old, new)
    assert (made.value, made.lower, made.upper) == pytest.approx(
        (100 * (50 / 3500 / (40 / 3000) - 1), 100 * (low - 1), 100 * (high - 1)), rel=1e-5
    )


def test_the_change_of_a_share_is_in_points_with_newcombes_interval(change):
    made = change(
        figure("missing_share", count=34, base=3186, definition="missing person"),
        figure("missing_share", 2022, count=46, base=4380, definition="missing person"),
    )
    low, high = proportion.confint_proportions_2indep(
        46, 4380, 34, 3186, method="newcomb", compare="diff"
    )
    assert (made.lower, made.upper) == pytest.approx((100 * low, 100 * high), rel=1e-4)
    assert made.value == pytest.approx(100 * (46 / 4380 - 34 / 3186))


def test_the_change_of_a_printed_rate_has_the_bounds_of_its_rounding(change):
    made = change(figure("rate_published", value=119), figure("rate_published", 2022, value=122))
    assert (made.value, made.lower, made.upper) == pytest.approx(
        (100 * 3 / 119, 100 * (121.5 / 119.5 - 1), 100 * (122.5 / 118.5 - 1))
    )
    assert made.method == "rounding bounds"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (None, figure(), "no figure in the edition for 2020-21"),
        (figure(), None, "no figure in the edition for 2022-23"),
        (figure(), figure(), compare.NOT_NEWER),
        (figure(), figure(value=101), "the same date: a revision, not a change"),
        (figure(year=2022), figure(), "the figure of the edition for 2022-23 is the older one"),
        (
            figure("missing"),
            figure("missing", 2022),
            "of this measure the report gives no changes",
        ),
        (
            figure(definition="in custody or not"),
            figure(year=2022, definition="in the community"),
            "not counted alike: in custody or not; in the community",
        ),
        (
            figure(definition="custody not stated"),
            figure(year=2022, definition="custody not stated", source_id="another"),
            "custody not stated, and the sources differ",
        ),
        (figure(), figure(year=2022, qualifier="at_least"), "a figure is not an exact number"),
        (flow(), flow(year=2022, mark="[p]"), "a figure is provisional or of a part-year"),
        (
            flow(),
            flow(year=2022, date=pd.Timestamp("2021-12-31")),
            "the periods differ in length",
        ),
        (figure(value=19), figure(year=2022), "no percentage of fewer than 20"),
        (flow(), flow(year=2022, value=0), "no percentage of fewer than 20"),
        (
            flow("outcome_rate", count=5, base=1000),
            flow("outcome_rate", 2022, count=50, base=1000),
            "no percentage of fewer than 20",
        ),
    ],
)
def test_where_two_figures_cannot_be_set_against_each_other_the_reason_is_given(
    change, old, new, why
):
    assert change(old, new) == why


def test_figures_of_two_series_are_never_set_against_each_other(change):
    with pytest.raises(ReportError, match="Cannot compare rows that differ in series_id"):
        change(figure(series_id="STOCK_FOI"), figure(year=2022, series_id="STOCK_MAPPA"))


def test_no_change_across_a_break_of_the_measures_own_topic(change):
    old, new = figure("rate_published"), figure("rate_published", 2022)
    assert change(old, new, change.breaks) == (
        "break in the series: Census 2021 population base (31 March 2022)"
    )
    assert change(figure(), figure(year=2022), change.breaks).value == 0  # a count has no base


def test_a_break_inside_the_earlier_period_counts_too(change):
    orders = breaches.FAMILIES["SHPO"]
    why = change(flow(detail=orders), flow(year=2022, detail=orders), change.breaks)
    assert why == "break in the series: Sentencing Act 2020 (1 December 2020)"


def test_a_break_of_one_family_of_offences_does_not_cut_another(change):
    duties = breaches.FAMILIES["NOTIFICATION"]
    made = change(flow(detail=duties), flow(year=2022, detail=duties), change.breaks)
    assert made.value == 0


def test_a_rate_is_cut_where_its_count_is(change):
    old, new = figure("rate_published", 2012), figure("rate_published", 2013)
    assert change(old, new, change.breaks) == (
        "break in the series: Review of indefinite notification begins (30 July 2012)"
    )


def test_two_calendar_years_are_of_one_length_though_one_has_a_leap_day(change):
    def year(of):
        start = pd.Timestamp(f"{of}-01-01")
        return figure("recorded", of, period_start=start, date=pd.Timestamp(f"{of}-12-31"))

    assert change(year(2019), year(2020)).value == 0


# On real data


def test_the_register_of_west_midlands_police_rose_by_0_5_percent(found):
    row = one(found, "latest", "register", "WMP")
    assert row["change"] == pytest.approx(100 * (4642 - 4620) / 4620)
    assert (row["change_unit"], row["reason"]) == ("percent", "")
    assert changed(row) == "+0.5%"


def test_a_change_over_several_years_says_over_how_many(data):
    own = compare.compare(data, opened(data, "2019-20"), opened(data, "2020-21"))
    assert changed(one(own, "latest", "community", "STA")) == "+31.5% in 5 years"
    assert changed(one(own, "latest", "rate_published", "WMP")) == "+2.1% (+1.4 to +2.8)"
    assert changed(one(own, "latest", "rate_computed", "WMP")) == "+2.0% (−2.6 to +6.8)"


def test_a_row_gives_either_a_change_or_a_reason(found):
    latest = found[found["kind"] == "latest"]
    assert (latest["change"].notna() != (latest["reason"] != "")).all()
    assert (latest["change"].notna() == (latest["method"] != "")).all()
    assert not latest.duplicated(["measure", "area_id", "detail"]).any()


@pytest.mark.parametrize("region", ["West Midlands", "London"])
def test_any_two_editions_in_a_row_can_be_compared(data, region):
    for year in ("2009-10", "2014-15", "2021-22"):
        b = opened(data, year, region)
        a = opened(data, f"{int(year[:4]) - 1}-{int(year[2:4]):02d}", region)
        own = compare.compare(data, a, b)
        assert set(own["kind"]) <= {"new", "same", "latest"}  # one release revises nothing
        assert all("figure" in line for line in compare_words.summary(own, a, b))


def test_the_summary_counts_what_the_comparison_holds(data, found):
    a, b = opened(data, "2020-21"), opened(data, "2021-22")
    first, second = compare_words.summary(found, a, b)
    new, same = ((found["kind"] == kind).sum() for kind in ("new", "same"))
    assert first == (
        f"Against the edition for 2020-21, the edition for 2021-22 has {new} new figures; none is "
        f"revised, none is no longer shown, and {same} are the same."
    )
    newer = compare.newer(found)
    assert second.startswith(f"For {len(newer)} measures of an area")
    assert f"given for {newer['change'].notna().sum()} of them" in second


def test_the_csv_holds_every_row_and_column_and_nothing_that_runs(found):
    bad = found.head(3).assign(area="=1+1")
    lines = list(csv.reader(io.StringIO(compare.csv_file(bad).decode("utf-8-sig"))))
    assert len(lines) == 4 and lines[0] == list(found.columns)
    assert {line[lines[0].index("area")] for line in lines[1:]} == {"'=1+1"}
    assert lines[1][lines[0].index("value_b")] == "66741"


def test_the_records_are_json(found):
    made = json.loads(json.dumps(compare.records(found), allow_nan=False))
    assert len(made) == len(found)
    assert made[0]["value_b"] == 66741 and made[0]["value_a"] is None
