"""Breaches: offences recorded by title, and cautions or convictions, never set against each other.

Offences are classified by their title. Where a source prints a title under the heading of
another order, the heading is kept and both readings can be shown.
"""

import pandas as pd

from rso_report import periods, register, statistics
from rso_report.dataset import Tables
from rso_report.edition import Edition
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
    they replace), row_id (without those).
    """
    require_one_series(offences[["series_id"]], "add")
    key = ["area_id", "first_source", "family", "period", "period_start", "period_end"]
    revised = offences["first_value"].notna()
    first = offences["first_value"].fillna(offences["value"])
    return (
        offences.assign(_first=first, _revised=revised)
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
        )
        .assign(first_value=lambda f: f["first_value"].where(f["_revised"]))
        .drop(columns="_revised")
        .sort_values(["area_id", "family", "period_start"])
        .reset_index(drop=True)
    )


def title_table(data: Tables, edition: Edition, area: str, family: str) -> pd.DataFrame:
    """Titles of a family by year, with computed totals beside printed ones.

    One row for each title, then `All titles, computed` and `All titles, printed`; one column for
    each period (part-years marked [p]; a revised cell, and a sum with one, is a text with [r] and
    the first value), then `Total, computed`, `Total, printed` and `Rows` (the
    row identifiers of the cells and of the printed totals). A printed total is [z] where part of
    what it sums lies after the edition's year, [x] where none is printed. Offences without a title
    in their source have a row of their own.
    """
    offences = recorded(data, edition)
    own = offences[(offences["area_id"] == area) & (offences["family"] == family)]
    own = own.replace({"offence_title": {"": NO_TITLE}})
    part = set(own.loc[own["part"], "period"])
    titles = list(dict.fromkeys(own["offence_title"]))
    columns = list(dict.fromkeys(own.sort_values("period_start", kind="stable")["period"]))

    def added(title: str = "", period: str = "") -> object:
        """The sum of the cells of a title, of a period, of one of both, or of all."""
        cells = own[own["offence_title"].eq(title) | (title == "")]
        cells = cells[cells["period"].eq(period) | (period == "")]
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

    Columns: area_id, period, for each family `<family> by title`, `<family> by heading` (numbers;
    what they came to before a revision in `first <column>`, else <NA>), and rows (the row
    identifiers of all of them).
    """
    swapped = offences[
        (offences["heading_family"] != "") & (offences["heading_family"] != offences["family"])
    ]
    families = sorted(set(swapped["family"]) | set(swapped["heading_family"]))
    key = ["area_id", "period", "period_start"]
    parts = []
    for family in families:
        for column, name in (("family", "by title"), ("heading_family", "by heading")):
            chosen = offences[offences[column] == family].groupby(key)
            parts.append(chosen["value"].sum().rename(f"{family} {name}"))
            firsts = chosen[["value", "first_value"]].apply(first_total)
            parts.append(firsts.rename(f"first {family} {name}").astype("Int64"))
    if not parts:
        return pd.DataFrame(columns=["area_id", "period", "rows"])
    counted = offences[offences[["family", "heading_family"]].isin(families).any(axis=1)]
    parts.append(counted.groupby(key)["rows"].agg("+".join).rename("rows"))
    return (
        pd.concat(parts, axis=1)
        .reset_index()
        .sort_values("period_start")
        .drop(columns="period_start")
    )


def reading_columns(readings: pd.DataFrame) -> list[str]:
    """The columns of `both_readings` that hold numbers to show, without their first values."""
    return [name for name in readings if " by " in name and not name.startswith("first ")]


def family_trend(families: pd.DataFrame, area: str, family: str, part_years: str = "") -> Trend:
    """Average annual change of recorded offences of a family, by the stated trend rule.

    Complete years only; with `part_years` "earliest" or "latest" a part-year takes part with the
    share of the year that it covers as exposure. Raises ValueError with fewer than three years.
    """
    own = families[(families["area_id"] == area) & (families["family"] == family)]
    own = own if part_years else own[~own["part"]]
    days = (own["period_end"] - own["period_start"]).dt.days + 1
    covered = days.astype("float64")
    if part_years:
        until = own[f"covered_to_{part_years}"].where(own["part"], own["period_end"])
        covered = ((until - own["period_start"]).dt.days + 1).astype("float64")
    return statistics.trend(
        own["value"].tolist(),
        year_share=(covered / days).tolist(),
        times=own["period_start"].dt.year.tolist(),
    )


def outcomes(data: Tables, edition: Edition) -> pd.DataFrame:
    """Cautions or convictions for breach of notification requirements, and per 1,000 RSOs.

    One row for each area and year: the count as printed and, where the community count of the
    same area at the end of the year is published, the rate per 1,000 RSOs with its interval
    (Byar, exact below 10). Both rows are identified, and what `revisions.current` adds is there of
    the outcomes, and as first_stock and stock_rows of the counts.
    """
    ratio_caveat("BREACH_OUTCOME", "STOCK_MAPPA")
    rows = edition.visible(data.breaches)
    own = current(
        rows[(rows["series_id"] == "BREACH_OUTCOME") & rows["area_id"].isin([*edition.units, "EW"])]
    )
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
    found = [
        statistics.rate(int(count), int(people), per=1000) if pd.notna(people) else None
        for count, people in zip(merged["value"], merged["stock"], strict=True)
    ]
    for name in ("value", "lower", "upper"):
        column = "per_1000" if name == "value" else name
        merged[column] = [getattr(e, name) if e else float("nan") for e in found]
    merged["period"] = [
        periods.period_label(start, end)
        for start, end in zip(merged["period_start"], merged["period_end"], strict=True)
    ]
    merged["stock"] = merged["stock"].astype("Int64")
    return merged.sort_values(["area_id", "period_end"]).reset_index(drop=True)
