"""Breaches: offences recorded by title, and cautions or convictions, never set against each other.

Offences are classified by their title. Where a source prints a title under the heading of
another order, the heading is kept and both readings can be shown.
"""

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from rso_report import comparable, periods, register, statistics
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.errors import ReportError
from rso_report.prose import revised_cells
from rso_report.revisions import current, first_total
from rso_report.series import ratio_caveat, require_one_series
from rso_report.statistics import Trend

FAMILIES = {
    "NOTIFICATION": "notification requirements",
    "SHPO": "sexual harm prevention orders (SHPOs)",
    "SRO": "sexual risk orders (SROs)",
}
NO_TITLE = "Title not given in the source"
EQUAL_CELLS_FROM = 20  # equal small numbers are common and say nothing
# A force's figures of one family, in order of time: one line of a chart, one row of a table.
SERIES = ["area_id", "reply", "family"]


def recorded(data: Tables, edition: Edition) -> pd.DataFrame:
    """Recorded breach offences of the region's forces, one row for each title and period.

    Adds what `revisions.current` adds, `period` (a label such as 2020-21) and `part` (True for a
    part-year). A revised figure keeps its place in the table of the reply that first gave it.
    """
    rows = edition.visible(data.breaches)
    own = current(
        rows[(rows["series_id"] == "BREACH_RECORDED") & rows["area_id"].isin(edition.forces)]
    )
    places = own["first_row"].where(own["first_row"] != "", own["row_id"])
    printed = rows.set_index("row_id")
    return own.assign(
        **{
            column: places.map(printed[column])
            for column in ("table_as_printed", "heading_as_printed", "heading_family")
        },
        period=[
            periods.period_label(start, end)
            for start, end in zip(own["period_start"], own["period_end"], strict=True)
        ],
        part=own["period_status"] == "part",
    ).reset_index(drop=True)


def by_family(offences: pd.DataFrame) -> pd.DataFrame:
    """Offences by force, family (by title) and period: sums of the titles of a reply.

    Columns: area_id, first_source (of the reply), family, period, period_start, period_end, value,
    first_value (before revisions, <NA> if none), part, covered_to_earliest, covered_to_latest,
    source_id (several as `a+b`), rows (the identifiers of the rows that were added, and of those
    they replace), row_id (without those), repeated (`41 and 41` where titles of a table carry the
    same number, of 20 or more, else ""), least (the sum if that is one number printed twice),
    inferred (whether the source leaves the year to be inferred) and reply (the first source where
    replies of a force overlap in time, else ""): figures that agree in area_id, reply and family
    are one series.
    """
    require_one_series(offences[["series_id"]], "add")
    key = ["area_id", "first_source", "family", "period", "period_start", "period_end"]
    revised = offences["first_value"].notna()
    first = offences["first_value"].fillna(offences["value"])
    cells = [*key, "table_as_printed", "value"]
    large = (offences["table_as_printed"] != "") & (offences["value"] >= EQUAL_CELLS_FROM)
    equal = large & offences.duplicated(cells, keep=False)
    found = (
        offences.assign(
            _first=first,
            _revised=revised,
            _equal=offences["value"].astype("str").where(equal, ""),
            _once=offences["value"].mask(equal & offences.duplicated(cells), 0),
        )
        .groupby(key, as_index=False)
        .agg(
            value=("value", "sum"),
            first_value=("_first", "sum"),
            _revised=("_revised", "any"),
            source_id=("source_id", lambda ids: "+".join(dict.fromkeys(ids))),
            part=("part", "any"),
            covered_to_earliest=("covered_to_earliest", "min"),
            covered_to_latest=("covered_to_latest", "max"),
            rows=("rows", "+".join),
            row_id=("row_id", "+".join),
            repeated=("_equal", lambda values: " and ".join(filter(None, values))),
            least=("_once", "sum"),
            inferred=("period_precision", lambda precisions: precisions.eq("inferred").any()),
        )
        .assign(first_value=lambda f: f["first_value"].where(f["_revised"]))
        .drop(columns="_revised")
        .sort_values(["area_id", "family", "period_start"])
        .reset_index(drop=True)
    )
    return found.assign(reply=_replies(found))


def _replies(families: pd.DataFrame) -> pd.Series:
    """The first source of figures whose force has two of a family for the same days, else ""."""
    apart = {
        (a.area_id, a.family)
        for a, b in combinations(families.itertuples(), 2)
        if (a.area_id, a.family) == (b.area_id, b.family)
        and a.first_source != b.first_source
        and a.period_start <= b.period_end
        and b.period_start <= a.period_end
    }
    names = [
        row.first_source if (row.area_id, row.family) in apart else ""
        for row in families.itertuples()
    ]
    return pd.Series(names, index=families.index, dtype="object")


def one_year(frame: pd.DataFrame) -> pd.Series:
    """Whether each period of a frame is one year long, whatever day it begins on."""
    next_day = frame["period_end"] + pd.Timedelta(days=1)
    return next_day == frame["period_start"] + pd.DateOffset(years=1)


def full_span(frame: pd.DataFrame) -> list[str]:
    """Labels of all years from the first to the last of a frame, also of those without a figure.

    Where its periods (period, period_start, period_end) are not all years that begin on the same
    day, the labels of the periods alone.
    """
    own = frame.sort_values(["period_start", "period_end"], kind="stable")
    own = own.drop_duplicates("period")
    starts = own["period_start"]
    if own.empty or not one_year(own).all() or starts.dt.strftime("%m-%d").nunique() > 1:
        return own["period"].tolist()
    year = pd.DateOffset(years=1)
    begins = pd.date_range(starts.iloc[0], starts.iloc[-1], freq=year)
    return [periods.period_label(day, day + year - pd.Timedelta(days=1)) for day in begins]


def without_figure(frame: pd.DataFrame) -> list[str]:
    """Labels of the years within the span of a frame for which it has no figure."""
    have = set(frame["period"])
    return [label for label in full_span(frame) if label not in have]


def recoded_titles(offences: pd.DataFrame) -> pd.DataFrame:
    """Titles that are printed as 0 from some complete year on, while others of their table go on.

    One row for each title: area_id, first_source, family, offence_title, period (the first that
    is 0), before (its values until then), others (sum of the other titles since), others_rows
    and rows (of the title).
    """
    found = []
    key = ["area_id", "first_source", "table_as_printed"]
    for _, table in offences[offences["table_as_printed"] != ""].groupby(key, sort=False):
        for _, own in table.groupby("offence_title", sort=False):
            own = own.sort_values("period_start")
            ended = own[own["value"].gt(0)[::-1].cumsum()[::-1] == 0]
            after = table["period_start"].isin(ended["period_start"])
            if ended["part"].all() or len(ended) == len(own) or not table.loc[after, "value"].any():
                continue
            row = ended.iloc[0]
            names = ["area_id", "first_source", "family", "offence_title", "period"]
            going_on = table[after & table["value"].gt(0)]
            before = own.loc[~own.index.isin(ended.index), "value"].tolist()
            found.append(
                {
                    **row[names],
                    "before": before,
                    "others": int(going_on["value"].sum()),
                    "others_rows": "+".join(going_on["rows"]),
                    "rows": "+".join(own["rows"]),
                }
            )
    columns = ["area_id", "first_source", "family", "offence_title", "period"]
    return pd.DataFrame(found, columns=[*columns, "before", "others", "others_rows", "rows"])


def title_table(
    data: Tables, edition: Edition, area: str, family: str, reply: str = ""
) -> pd.DataFrame:
    """Titles of a family by year, with computed totals beside printed ones.

    One row for each title, then `All titles, computed` and `All titles, printed`; one column for
    each year of the span (part-years marked [p]; a revised cell, and a sum with one, is a text with
    [r] and the first value; a title that the source does not list for a year is [x], which is not
    0), then `Total, computed`, `Total, printed` and `Rows` (the
    row identifiers of the cells and of the printed totals). A printed total is [z] where part of
    what it sums lies after the edition's year, [x] where none is printed. Offences without a title
    in their source have a row of their own. With `reply`, only of that source.
    """
    offences = recorded(data, edition)
    own = offences[(offences["area_id"] == area) & (offences["family"] == family)]
    own = own[own["first_source"].eq(reply) | (reply == "")]
    own = own.replace({"offence_title": {"": NO_TITLE}})
    part = set(own.loc[own["part"], "period"])
    titles = list(dict.fromkeys(own["offence_title"]))
    columns = full_span(own)

    def added(title: str = "", period: str = "") -> object:
        """The sum of the cells of a title, of a period, of one of both, or of all."""
        cells = own[own["offence_title"].eq(title) | (title == "")]
        cells = cells[cells["period"].eq(period) | (period == "")]
        if cells.empty:
            return "[x]"
        return revised_cells([int(cells["value"].sum())], [first_total(cells)])[0]

    wide = pd.DataFrame(
        [[added(title, period) for period in columns] for title in titles],
        index=pd.Index(titles, name="offence_title"),
        columns=columns,
        dtype="object",
    )
    totals = current(data.printed_totals)
    totals = totals[
        totals["first_source"].isin(own["first_source"])
        & totals["table_as_printed"].isin(own["table_as_printed"])
    ]
    totals = totals.assign(
        period=[
            periods.period_label(start, end)
            for start, end in zip(totals["period_start"], totals["period_end"], strict=True)
        ]
    )
    shown_totals = edition.visible(totals)

    def printed(axis: str, period: str = "", title: str = "") -> object:
        hit = totals[(totals["axis"] == axis) & (totals["offence_title"] == title)]
        hit = hit[hit["period"] == period] if period else hit
        if hit.empty:
            return "[x]"
        if hit.index[0] not in shown_totals.index:
            return "[z]"
        return revised_cells(hit["value"].astype("int64"), hit["first_value"])[0]

    wide["Total, computed"] = pd.Series(map(added, titles), index=wide.index, dtype="object")
    wide["Total, printed"] = pd.Series(
        [printed("row", title=title) for title in wide.index], index=wide.index, dtype="object"
    )
    by_period = [added(period=period) for period in columns]
    wide.loc["All titles, computed"] = [*by_period, added(), "[z]"]
    wide.loc["All titles, printed"] = [
        *(printed("column", period) for period in columns),
        "[z]",
        printed("grand"),
    ]
    cells = own.groupby("offence_title")["rows"].agg("+".join)
    of_rows = shown_totals[shown_totals["axis"] == "row"].groupby("offence_title")["rows"]
    named = cells.str.cat(of_rows.agg("+".join).reindex(cells.index).fillna(""), sep="+")
    named["All titles, computed"] = "+".join(own["rows"])
    of_columns = shown_totals[shown_totals["axis"] != "row"]
    of_columns = of_columns[of_columns["period"].isin(columns) | (of_columns["axis"] == "grand")]
    named["All titles, printed"] = "+".join(of_columns["rows"])
    wide["Rows"] = named.reindex(wide.index).astype("object")
    marked = {period: f"{period} [p]" for period in part}
    return wide.rename(columns=marked).rename_axis("Offence title", axis=0).reset_index()


def both_readings(offences: pd.DataFrame) -> pd.DataFrame:
    """Offences by period, classified by title and by printed heading, where the two differ.

    Columns: area_id, first_source, period, period_start, period_end, part, for each family
    `<family> by title`, `<family> by heading` (numbers; what they came to before a revision in
    `first <column>`, else <NA>), and rows (the row identifiers of all of them).
    """
    swapped = offences[
        (offences["heading_family"] != "") & (offences["heading_family"] != offences["family"])
    ]
    families = sorted(set(swapped["family"]) | set(swapped["heading_family"]))
    key = ["area_id", "first_source", "period", "period_start", "period_end", "part"]
    parts = []
    for family in families:
        for column, name in (("family", "by title"), ("heading_family", "by heading")):
            chosen = offences[offences[column] == family].groupby(key)
            parts.append(chosen["value"].sum().rename(f"{family} {name}"))
            firsts = chosen[["value", "first_value"]].apply(first_total)
            parts.append(firsts.rename(f"first {family} {name}").astype("Int64"))
    if not parts:
        return pd.DataFrame(columns=[*key, "rows"])
    counted = offences[offences[["family", "heading_family"]].isin(families).any(axis=1)]
    parts.append(counted.groupby(key)["rows"].agg("+".join).rename("rows"))
    return (
        pd.concat(parts, axis=1)
        .reset_index()
        .sort_values(["area_id", "first_source", "period_start"])
        .reset_index(drop=True)
    )


def reading_columns(readings: pd.DataFrame) -> list[str]:
    """The columns of `both_readings` that hold numbers to show, without their first values."""
    return [name for name in readings if " by " in name and not name.startswith("first ")]


def runs(families: pd.DataFrame, breaks: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Complete years of each series between which nothing breaks it, oldest first.

    A year within which a break falls compares with no other, so it is a run of its own. `breaks`
    is `series_breaks`.
    """
    complete = families[~families["part"] & one_year(families)]
    for (_, _, family), own in complete.groupby(SERIES, sort=False):
        starts = []
        for row in own.itertuples():
            cut = not comparable.breaks_between(
                breaks,
                "BREACH_RECORDED",
                starts[-1] if starts else row.period_start,
                row.period_end,
                family,
            ).empty
            starts.append(row.period_start if cut or not starts else starts[-1])
        yield from (run for _, run in own.groupby(starts))


def run_trend(run: pd.DataFrame) -> Trend | None:
    """Average annual change over one of `runs`, by `statistics.trend`.

    None with fewer than five years, with one whose year is inferred, or where all offences fall in
    the first or the last of them.
    """
    if len(run) < statistics.TREND_POINTS or run["inferred"].any():
        return None
    if not run["value"].iloc[1:].any() or not run["value"].iloc[:-1].any():
        return None
    years = run["period_start"].dt.year.tolist()
    return statistics.trend(run["value"].tolist(), times=years)


def outcomes(data: Tables, edition: Edition) -> pd.DataFrame:
    """Cautions or convictions for breach of notification requirements, and per 1,000 RSOs.

    One row for each area and year: the count as printed and, where the community count of the
    same area at the end of the year is held, the rate per 1,000 RSOs with its interval (Byar, exact
    below 10). A number printed as a lower bound has no interval; one whose year is `inferred` has
    no rate and no interval. Both rows are identified, and what `revisions.current` adds is there of
    the outcomes, and as first_stock and stock_rows of the counts.
    """
    ratio_caveat("BREACH_OUTCOME", "STOCK_MAPPA")
    rows = edition.visible(data.breaches)
    own = current(
        rows[(rows["series_id"] == "BREACH_OUTCOME") & rows["area_id"].isin([*edition.units, "EW"])]
    )
    own = own.assign(inferred=own["period_precision"] == "inferred")
    stock = register.community(data, edition)
    stock = stock[stock["qualifier"].isin(["exact", "rounded"])]
    names = {
        "as_at": "period_end",
        "value": "stock",
        "row_id": "stock_row",
        "source_id": "stock_source",
        "first_value": "first_stock",
        "rows": "stock_rows",
    }
    stock = stock.rename(columns=names)[["area_id", *names.values()]]
    merged = own.merge(stock, on=["area_id", "period_end"], how="left")
    taken = [name for name in names.values() if name != "period_end"]
    merged[taken] = merged[taken].mask(merged["inferred"])
    found = [
        statistics.rate(int(count), int(people), per=1000) if pd.notna(people) else None
        for count, people in zip(merged["value"], merged["stock"], strict=True)
    ]
    for name in ("value", "lower", "upper"):
        column = "per_1000" if name == "value" else name
        merged[column] = [getattr(e, name) if e else float("nan") for e in found]
    bound = merged["qualifier"] == "at_least"
    merged[["lower", "upper"]] = merged[["lower", "upper"]].mask(bound)
    merged["period"] = [
        periods.period_label(start, end)
        for start, end in zip(merged["period_start"], merged["period_end"], strict=True)
    ]
    merged["stock"] = merged["stock"].astype("Int64")
    return merged.sort_values(["area_id", "period_end"]).reset_index(drop=True)


def same_year(found: pd.DataFrame, first: str, second: str) -> tuple[pd.Series, pd.Series] | None:
    """The outcomes, with a rate, of two areas in the newest year that both have; None without."""
    try:
        pair = comparable.latest_shared(found[found["per_1000"].notna()], [first, second])
    except ReportError:
        return None
    return pair.iloc[0], pair.iloc[1]


def rate_ratio(first: pd.Series, second: pd.Series) -> statistics.Estimate | None:
    """Outcome rate of the first of two areas over the second's, of one year, log method.

    None where either count is below 10, for which the method is too rough, or both are lower
    bounds. If the second alone is a lower bound the ratio is at most this, if the first alone is,
    at least.
    """
    bounds = [row["qualifier"] == "at_least" for row in (first, second)]
    if all(bounds) or min(first["value"], second["value"]) < statistics.EXACT_BELOW:
        return None
    return statistics.rate_ratio(first["value"], first["stock"], second["value"], second["stock"])


def outcome_years(found: pd.DataFrame, edition: Edition) -> Iterator[tuple[str, pd.DataFrame]]:
    """Outcome rates to set side by side: `(year, rows)`, newest first, areas in their order.

    Only years in which an area of the region and another area have a rate.
    """
    order = [*edition.units, "EW"]
    rated = found[found["per_1000"].notna()]
    for _, own in reversed(list(rated.groupby(["period_end", "period_start"]))):
        if own["area_id"].nunique() > 1 and own["area_id"].ne("EW").any():
            by_area = own.sort_values("area_id", key=lambda ids: ids.map(order.index))
            yield own["period"].iloc[0], by_area
