"""Breaches: offences recorded by title, and cautions or convictions, never set against each other.

Offences are classified by their title. Where a source prints a title under the heading of
another order, the heading is kept and both readings can be shown.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from rso_report import comparable, periods, register, statistics
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import beside_first, number
from rso_report.revisions import current, first_total
from rso_report.series import ratio_caveat, require_one_series
from rso_report.statistics import Trend
from rso_report.tables import Cell
from rso_report.trace import across, together

FAMILIES = {
    "NOTIFICATION": "notification requirements",
    "SHPO": "sexual harm prevention orders (SHPOs)",
    "SRO": "sexual risk orders (SROs)",
}
SHORT = FAMILIES | {"SHPO": "SHPOs", "SRO": "SROs"}
NO_TITLE = "Title not given in the source"
ALL_TITLES = "All titles"
EQUAL_CELLS_FROM = 20  # equal small numbers are common and say nothing
# A force's figures of one family, in order of time: one line of a chart, one row of a table.
SERIES = ["area_id", "reply", "family"]
# What makes one sum of titles: `by_family` has a row for each.
FAMILY_YEAR = ["area_id", "first_source", "family", "period", "period_start", "period_end"]


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
    revised = offences["first_value"].notna()
    first = offences["first_value"].fillna(offences["value"])
    cells = [*FAMILY_YEAR, "table_as_printed", "value"]
    large = (offences["table_as_printed"] != "") & (offences["value"] >= EQUAL_CELLS_FROM)
    equal = large & offences.duplicated(cells, keep=False)
    found = (
        offences.assign(
            _first=first,
            _revised=revised,
            _equal=offences["value"].astype("str").where(equal, ""),
            _once=offences["value"].mask(equal & offences.duplicated(cells), 0),
        )
        .groupby(FAMILY_YEAR, as_index=False)
        .agg(
            value=("value", "sum"),
            first_value=("_first", "sum"),
            _revised=("_revised", "any"),
            source_id=("source_id", together),
            part=("part", "any"),
            covered_to_earliest=("covered_to_earliest", "min"),
            covered_to_latest=("covered_to_latest", "max"),
            rows=("rows", together),
            row_id=("row_id", together),
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
                    "others_rows": together(going_on["rows"]),
                    "rows": together(own["rows"]),
                }
            )
    columns = ["area_id", "first_source", "family", "offence_title", "period"]
    return pd.DataFrame(found, columns=[*columns, "before", "others", "others_rows", "rows"])


def title_table(
    data: Tables, edition: Edition, area: str, family: str, reply: str = ""
) -> pd.DataFrame:
    """Titles of a family by year, newest first: what a table of the page shows.

    One row for each title, then `All titles`; columns `Offence title`, one for each year of the
    span (part-years marked [p]), `Total` and rows (the identifiers of the cells and of the totals
    that the source prints). A sum that differs from the source's own total has that in brackets:
    `170 (112)`, a `BesidePrinted`; a printed total that sums years after the edition's is left out.
    A revised cell has [r] and its first value; a title that the source does not list for a year is
    [x], which is not 0. Offences without a title in their source have a row of their own. With
    `reply`, only of that.
    """
    offences = recorded(data, edition)
    own = offences[(offences["area_id"] == area) & (offences["family"] == family)]
    own = own[own["first_source"].eq(reply) | (reply == "")]
    own = own.replace({"offence_title": {"": NO_TITLE}})
    years = full_span(own)[::-1]
    part = set(own.loc[own["part"], "period"])
    printed = _printed_totals(data, edition, own)
    lines = []
    for title in [*dict.fromkeys(own["offence_title"]), ALL_TITLES]:
        every = title == ALL_TITLES
        cells = own if every else own[own["offence_title"] == title]
        totals = printed[printed["offence_title"] == ("" if every else title)]
        of_years = totals[(totals["axis"] == "column") & totals["period"].isin(years)]
        of_all = totals[totals["axis"] == ("grand" if every else "row")]
        line = {"Offence title": title}
        for year in years:
            line[f"{year} [p]" if year in part else year] = _sum_and_printed(
                cells[cells["period"] == year], of_years[of_years["period"] == year]
            )
        line["Total"] = _sum_and_printed(cells, of_all)
        line["rows"] = together([*cells["rows"], *of_years["rows"], *of_all["rows"]])
        lines.append(line)
    return pd.DataFrame(lines, dtype="object")


def _printed_totals(data: Tables, edition: Edition, own: pd.DataFrame) -> pd.DataFrame:
    """Totals that the sources of offences print, as far as the edition covers what they sum."""
    totals = current(data.printed_totals)
    totals = totals[
        totals["first_source"].isin(own["first_source"])
        & totals["table_as_printed"].isin(own["table_as_printed"])
    ]
    labels = map(periods.period_label, totals["period_start"], totals["period_end"])
    return edition.visible(totals.assign(period=pd.Series(labels, totals.index, dtype="object")))


class BesidePrinted(Cell):
    """A sum of cells with the source's own total, which is another number, in brackets."""


def _sum_and_printed(cells: pd.DataFrame, printed: pd.DataFrame) -> int | Cell | str:
    """The sum of some cells, and the source's own total of them where that is another number."""
    if cells.empty:
        return "[x]"
    value = int(cells["value"].sum())
    text = beside_first(number(value), first_total(cells))
    if len(printed) and printed["value"].iloc[0] != value:
        total = printed.iloc[0]
        said = beside_first(number(total["value"]), total["first_value"])
        return BesidePrinted(f"{text} ({said})", value)
    return value if text == number(value) else Cell(text, value)


def both_readings(offences: pd.DataFrame) -> pd.DataFrame:
    """Offences by period, classified by title and by printed heading, where the two differ.

    Columns: area_id, first_source, period, period_start, period_end, part, for each family
    `<family> by title`, `<family> by heading` (numbers; what they came to before a revision in
    `first_<column>`, else <NA>), and rows (the row identifiers of all of them).
    """
    swapped = offences[
        (offences["heading_family"] != "") & (offences["heading_family"] != offences["family"])
    ]
    families = sorted(set(swapped["family"]) | set(swapped["heading_family"]))
    key = ["area_id", "first_source", "period", "period_start", "period_end", "part"]
    parts = []
    for family in families:
        for column, name in (("family", "by title"), ("heading_family", "by heading")):
            if not offences[column].eq(family).any():
                continue
            chosen = offences[offences[column] == family].groupby(key)
            parts.append(chosen["value"].sum().rename(f"{family} {name}"))
            firsts = chosen[["value", "first_value"]].apply(first_total)
            parts.append(firsts.rename(f"first_{family} {name}").astype("Int64"))
    if not parts:
        return pd.DataFrame(columns=[*key, "rows"])
    counted = offences[offences[["family", "heading_family"]].isin(families).any(axis=1)]
    parts.append(counted.groupby(key)["rows"].agg(together).rename("rows"))
    return (
        pd.concat(parts, axis=1)
        .reset_index()
        .sort_values(["area_id", "first_source", "period_start"])
        .reset_index(drop=True)
    )


def furthest_apart(readings: pd.DataFrame) -> pd.DataFrame:
    """The line of `both_readings` in which the two readings of a kind are furthest apart.

    With its columns also kind, title and heading (numbers); empty where there is no such line.
    """
    lines = [readings.iloc[:0].assign(kind="", title=0, heading=0)]
    for kind in FAMILIES:
        of_kind = {
            f"{first}{kind} by {name}": first + name
            for first in ("", "first_")
            for name in ("title", "heading")
        }
        own = readings.rename(columns=of_kind).assign(kind=kind)
        if {"title", "heading"} <= {*own}:
            lines.append(own)
    both = pd.concat(lines)
    both["apart"] = (both["title"] - both["heading"]).abs()
    return both.dropna(subset="apart").sort_values("apart", ascending=False, kind="stable").head(1)


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


def exceeds(part: NamedTuple, complete: NamedTuple, breaks: pd.DataFrame) -> bool:
    """Whether a part-year holds more offences than the complete year before it, beyond doubt.

    So only where no break lies between (`breaks` is `series_breaks`), no year is inferred, and
    without numbers that may be printed twice. Both are rows of `by_family`.
    """
    span = complete.period_start, part.period_end
    cut = comparable.breaks_between(breaks, "BREACH_RECORDED", *span, part.family)
    sure = not (complete.part or complete.inferred)
    return bool(cut.empty and sure and part.least > complete.value)


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


def outcomes_and_people(data: Tables, edition: Edition) -> pd.DataFrame:
    """Cautions or convictions for breach of notification requirements, and the people they are of.

    One row for each area and year: the count as printed (`inferred` where its year is), and as
    `stock` the community count of the same area at the end of the year, <NA> where none is held or
    the year is inferred. Both rows are identified, and what `revisions.current` adds is there of
    the outcomes, and as first_stock and stock_rows of the counts, with their qualifier_stock.
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
        "qualifier": "qualifier_stock",
        "row_id": "stock_row",
        "source_id": "stock_source",
        "first_value": "first_stock",
        "rows": "stock_rows",
    }
    stock = stock.rename(columns=names)[["area_id", *names.values()]]
    found = own.merge(stock, on=["area_id", "period_end"], how="left")
    taken = [name for name in names.values() if name != "period_end"]
    found[taken] = found[taken].mask(found["inferred"])
    labels = map(periods.period_label, found["period_start"], found["period_end"])
    found["period"] = pd.Series(labels, found.index, dtype="object")
    found["stock"] = found["stock"].astype("Int64")
    found["doubt"] = found["row_id"].map(register.doubted(data)).fillna("")
    return found.sort_values(["area_id", "period_end"]).reset_index(drop=True)


def outcomes(data: Tables, edition: Edition) -> pd.DataFrame:
    """`outcomes_and_people` with the rate per 1,000 RSOs and its interval (Byar, exact below 10).

    per_1000, lower and upper are NaN where no people are given. A number printed as a lower bound
    has no interval.
    """
    found = outcomes_and_people(data, edition)
    rates = [
        statistics.rate(int(count), int(people), per=1000) if pd.notna(people) else None
        for count, people in zip(found["value"], found["stock"], strict=True)
    ]
    for name in ("value", "lower", "upper"):
        column = "per_1000" if name == "value" else name
        found[column] = [getattr(rate, name) if rate else float("nan") for rate in rates]
    bound = found["qualifier"] == "at_least"
    found[["lower", "upper"]] = found[["lower", "upper"]].mask(bound)
    return found


def side_by_side(outcomes: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Outcome rates of years in which an area of the region and another area have one.

    Newest year first, areas in the order of the report. Other years say nothing beside each other,
    and numbers that the ledger doubts beside none.
    """
    order = [*edition.units, "EW"]
    rated = outcomes[outcomes["per_1000"].notna() & (outcomes["doubt"] == "")]
    years = rated.groupby(["period_start", "period_end"])["area_id"]
    own = rated[years.transform("nunique") > 1]
    place = own["area_id"].map(order.index)
    return (
        own.assign(_place=place)
        .sort_values(["period_end", "period_start", "_place"], ascending=[False, False, True])
        .drop(columns="_place")
        .reset_index(drop=True)
    )


def pairs(rated: pd.DataFrame) -> pd.DataFrame:
    """Each two outcome rates of one year that a ratio may compare, in the order of `rated`.

    The columns of the second have the ending `_2`, but rows and source_id are those of both and of
    the people under them. Left out are counts below 10, for which the interval of a ratio is too
    rough, and two lower bounds.
    """
    numbered = rated.assign(place=range(len(rated)))
    year = ["period", "period_start", "period_end"]
    for _, own in rated.groupby(year):
        comparable.alike(own)
    both = numbered.merge(numbered, on=year, suffixes=("", "_2"))
    counted = both[["value", "value_2"]].min(axis=1) >= statistics.EXACT_BELOW
    bounds = both[["qualifier", "qualifier_2"]].eq("at_least").all(axis=1)
    found = both[(both["place"] < both["place_2"]) & counted & ~bounds].reset_index(drop=True)
    for name, stock in (("rows", "stock_rows"), ("source_id", "stock_source")):
        parts = (name, f"{name}_2", stock, f"{stock}_2")
        found[name] = across(*(found[part] for part in parts))
    return found
