"""Which measures were found for which unit and year, and where series break: the map of gaps."""

from collections.abc import Iterable

import pandas as pd

from rso_report import periods, prose, tables
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.revisions import unreplaced

MEASURES = {
    "community": "RSOs in the community",
    "register": "Force register",
    "rate": "Published rate",
    "recorded": "Recorded breach offences",
    "outcome": "Cautions or convictions",
    "missing": "Missing people",
    "orders": "Orders",
    "staffing": "Officers and caseloads",
    "overdue": "Visits overdue",
    "visits": "Visits made",
}
# The measure that the figures of a series are of.
OF_SERIES = {
    "STOCK_MAPPA": "community",
    "STOCK_FOI": "register",
    "RATE": "rate",
    "BREACH_RECORDED": "recorded",
    "BREACH_OUTCOME": "outcome",
    "MISSING_STOCK": "missing",
    "ORDER_STOCK": "orders",
    "ORDER_IMPOSED": "orders",
}
COUNTS = ("registered_offenders", "missing", "orders", "breaches")
GAP = "–"


def by_year(data: Tables, edition: Edition) -> pd.DataFrame:
    """Number of figures by measure, unit and financial year, up to the edition's year.

    A figure that was revised counts once. Columns: measure, area_id, year, figures; only
    combinations with a figure.
    """
    stocks, flows = data.registered_offenders, data.breaches
    overdue = data.staffing["measure"] == "visits_overdue"
    made = data.answers[data.answers["measure_code"] == "VISITS_MADE"]
    parts = {
        "community": stocks[stocks["series_id"] == "STOCK_MAPPA"],
        "register": stocks[stocks["series_id"] == "STOCK_FOI"],
        "rate": data.published_rates[data.published_rates["measure"] == "rate_per_100k_10plus"],
        "recorded": flows[flows["series_id"] == "BREACH_RECORDED"],
        "outcome": flows[flows["series_id"] == "BREACH_OUTCOME"],
        "missing": data.missing[data.missing["series_id"] == "MISSING_STOCK"],
        "orders": data.orders,
        "staffing": data.staffing[~overdue],
        "overdue": data.staffing[overdue],
        "visits": made[made["value"].notna()],
    }
    found = []
    for measure, rows in parts.items():
        own = unreplaced(edition.visible(rows))
        own = own[own["area_id"].isin(edition.units)]
        ends = own["as_at"] if "as_at" in own else own["period_end"]
        if "period_end" in own:
            ends = ends.fillna(own["period_end"])
        years = [str(periods.year_of(day)) for day in ends]
        counted = own.assign(year=years).groupby(["area_id", "year"], as_index=False).size()
        found.append(counted.rename(columns={"size": "figures"}).assign(measure=measure))
    return pd.concat(found, ignore_index=True)[["measure", "area_id", "year", "figures"]]


def newest_years(grid: pd.DataFrame, units: Iterable[str]) -> pd.DataFrame:
    """The newest financial year with a figure: a row for each unit, a column for each measure.

    `grid` is what `by_year` returns. Where none was found stands `GAP`, never 0.
    """
    newest = grid.groupby(["area_id", "measure"])["year"].max().unstack()
    newest = newest.reindex(index=list(units), columns=list(MEASURES))
    return newest.astype("object").fillna(GAP)


def timeline(grid: pd.DataFrame, cuts: pd.DataFrame) -> pd.DataFrame:
    """What there is of each measure over time: years with a figure, then breaks of its series.

    `grid` is what `by_year` returns, `cuts` rows of `series_breaks`. Columns: measure, name (in
    words), when (a financial year or a day), end (the same as a number: a year at the 31 March on
    which it ends), what (in words) and is_break. Measures without a figure are left out.
    """
    held = grid.groupby(["measure", "year"], as_index=False)["figures"].sum()
    held = held.rename(columns={"year": "when"})
    held = held.sort_values("measure", key=lambda m: m.map([*MEASURES].index), kind="stable")
    held["end"] = held["when"].astype("str").str[:4].astype(int) + 1.0
    held["what"] = [prose.plural(n, "row") + " held" for n in held["figures"]]
    series = cuts.assign(series=cuts["cuts"].str.split("|")).explode("series")
    days = series["date"]
    known = zip(days, series["date_precision"], strict=True)
    breaks = pd.DataFrame(
        {
            "measure": series["series"].str.split(".").str[0].map(OF_SERIES),
            "when": [periods.as_at_label(*each) for each in known],
            "end": (days.dt.year + days.dt.day_of_year / 365).round(2),
            "what": "break: " + series["title"],
            "is_break": True,
        }
    ).drop_duplicates()
    found = pd.concat([held.assign(is_break=False), breaks], ignore_index=True)
    found = found[found["measure"].isin(held["measure"])].reset_index(drop=True)
    return found.assign(name=found["measure"].map(MEASURES))


def spans(grid: pd.DataFrame) -> list[str]:
    """Of each measure how many years have a figure, the first and the last of them, in words."""
    return [
        f"{MEASURES[measure]}, {prose.plural(len(years), 'year')} "
        + (f"from {min(years)} to {max(years)}" if len(years) > 1 else f"({years[0]})")
        for measure, years in grid.groupby("measure", sort=False)["year"].unique().items()
    ]


def origins(data: Tables) -> str:
    """From which kinds of source the counts of people, orders and offences come, in a sentence."""
    kinds = _kinds(data)
    official = int((kinds == "official_statistics").sum())
    others = len(kinds) - int((kinds == "news_report").sum()) - official
    return (
        f"Counts of people, orders and offences, of all areas: {press(data)}, "
        f"{prose.number(official)} from official statistics; the other {prose.number(others)} are "
        "replies and statements of forces."
    )


def press(data: Tables) -> str:
    """How many of the counts of people, orders and offences come from press reports, in words."""
    kinds = _kinds(data)
    reports = prose.number((kinds == "news_report").sum())
    return f"{reports} of {prose.number(len(kinds))} come from press reports"


def _kinds(data: Tables) -> pd.Series:
    """The kind of source of each count."""
    rows = pd.concat([getattr(data, name) for name in COUNTS])
    rows = rows[rows["value"].notna()]
    return rows["source_id"].map(data.sources.set_index("source_id")["kind"])


def breaks(data: Tables, edition: Edition, topics: Iterable[str] = ()) -> pd.DataFrame:
    """Rows of `series_breaks` of some topics, or of all, up to the end of the report year.

    A break that concerns some areas only is left out where none of them is of the region.
    """
    rows = data.series_breaks
    rows = rows[rows["date"] <= pd.Timestamp(edition.year.end)]
    names = {"", *edition.units}
    own = [not names.isdisjoint(areas.split("|")) for areas in rows["areas"]]
    rows = rows[pd.Series(own, index=rows.index, dtype="bool")]
    return rows[rows["topic"].isin(list(topics))] if topics else rows


def show_breaks(rows: pd.DataFrame, *, table_id: str, caption: str) -> None:
    """Show breaks, newest first, as a table of the page, or say that there is none."""
    if rows.empty:
        prose.say("No break falls before the end of this report year.")
        return
    rows = rows.sort_values("date", ascending=False, kind="stable")
    shown = pd.DataFrame(
        {
            "Date": [
                periods.as_at_label(row.date, row.date_precision) for row in rows.itertuples()
            ],
            "Topic": rows["topic"],
            "What changed": rows["title"],
            "What it does": rows["effect"],
            "Stated in": rows["basis"],
        }
    )
    tables.show(
        shown if shown["Topic"].nunique() > 1 else shown.drop(columns="Topic"),
        table_id=table_id,
        caption=caption,
        as_at="the date in each row",
        row_header=["Date", "What changed"],
        headline=f"{prose.plural(len(rows), 'break')}, the newest of {shown['Date'].iloc[0]}",
        source="The laws, documents and rates named in each row",
    )
