"""Two editions of a region, figure by figure: what is new, gone or revised, and what has changed.

The figures come from the functions that the notebooks use, so that what is compared is what the
pages show. A change between two dates is given only between figures that count the same thing;
otherwise the reason stands in its place.
"""

from typing import Any

import pandas as pd

from rso_report import coverage, missing, periods, series, statistics, tables
from rso_report.breaches import FAMILIES
from rso_report.comparable import breaks_between
from rso_report.dataset import Tables
from rso_report.edition import Edition, choices
from rso_report.edition_figures import CUSTODY, MEASURES, Measure, figures
from rso_report.edition_figures import TABLES as FIGURE_TABLES
from rso_report.errors import ReportError
from rso_report.prose import listed
from rso_report.statistics import SMALLEST_BASE, Estimate

# The tables of the data package that `compare` reads.
TABLES = (*FIGURE_TABLES, "series_breaks")
KINDS = ("new", "gone", "revised", "same", "latest")
NOT_NEWER = "no newer figure"

_SERIES = ["measure", "area_id", "detail"]  # what is followed from one edition to the next
_FIGURE = [*_SERIES, "series_id", "definition", "period_start", "date", "copy"]
_PAIRED = (
    *("when", "date", "value", "lower", "upper", "qualifier", "mark", "first_value"),
    *("rows", "source_id"),
)
_KNOWN = ["measure", "series_id", "area_id", "area", "detail", "definition", "unit"]
_COLUMNS = (
    *("kind", *_KNOWN, *(f"{name}_{side}" for side in "ab" for name in _PAIRED)),
    *("change", "change_lower", "change_upper", "change_unit", "method", "reason"),
)
_ORDER = [*MEASURES]
_UNKNOWN = (CUSTODY["not_stated"], missing.DEFINITIONS["NOT_STATED"])


def compare(data: Tables, a: Edition, b: Edition, data_a: Tables | None = None) -> pd.DataFrame:
    """Two editions of one region, figure by figure.

    `kind` says what a row is. `new`: only in B; `gone`: only in A; `revised`: of the same measure,
    area and date, with another value; `same`. Then a row `latest` for each measure, area and
    detail: the latest figure of A against the latest of B, with `change` (`change_lower`,
    `change_upper`, `change_unit`, `method`), or else the `reason` why none is given. `data_a` is
    the data package of A where it is not that of B, such as an older release. Raises ReportError
    for editions of different regions.
    """
    if a.region != b.region:
        raise ReportError(
            f"compare: found {a.title} and {b.title}; only editions of the same region or force "
            "can be compared, because figures of different areas are not changes of each other."
        )
    old = figures(data if data_a is None else data_a, a)
    new = figures(data, b)
    by_figure = _by_figure(old, new)
    latest = _latest(old, new, a, b, coverage.breaks(data, b))
    found = pd.concat([by_figure, latest], ignore_index=True).reindex(columns=list(_COLUMNS))
    words = found.select_dtypes(exclude=["number", "datetime"]).columns
    return found.fillna(dict.fromkeys(words, ""))


def _by_figure(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Each figure of either edition once, with its kind."""
    # Two sources may give the same measure of the same date: the first goes with the first.
    sides = [
        side.assign(copy=side.groupby(_FIGURE[:-1], dropna=False).cumcount()) for side in (old, new)
    ]
    merged = sides[0].merge(
        sides[1], on=_FIGURE, how="outer", suffixes=("_a", "_b"), indicator="kind", sort=False
    )
    names = {"left_only": "gone", "right_only": "new", "both": "revised"}
    merged["kind"] = merged["kind"].map(names).astype("object")
    for name in ("area", "unit"):
        merged[name] = merged[f"{name}_b"].where(merged["kind"] != "gone", merged[f"{name}_a"])
    merged["date_a"] = merged["date"].where(merged["kind"] != "new")
    merged["date_b"] = merged["date"].where(merged["kind"] != "gone")
    merged.loc[(merged["value_a"] - merged["value_b"]).abs() <= 1e-9, "kind"] = "same"
    ranked = merged.assign(
        _k=merged["kind"].map(KINDS.index), _m=merged["measure"].map(_ORDER.index)
    )
    by = ["_k", "_m", "area", "detail", "date", "definition", "copy"]
    return ranked.sort_values(by, kind="stable")


def _latest(
    old: pd.DataFrame, new: pd.DataFrame, a: Edition, b: Edition, breaks: pd.DataFrame
) -> pd.DataFrame:
    """The latest figure of A against the latest of B, of each measure, area and detail."""
    last = [
        side.sort_values("date", kind="stable").drop_duplicates(_SERIES, keep="last")
        for side in (old, new)
    ]
    by_key = [{tuple(row[_SERIES]): row for _, row in side.iterrows()} for side in last]
    keys = pd.concat([new, old])[_SERIES].drop_duplicates()
    keys = keys.iloc[keys["measure"].map(_ORDER.index).argsort(kind="stable")]
    found = []
    for key in keys.itertuples(index=False, name=None):
        pair = [side.get(key) for side in by_key]
        known = pair[1] if pair[1] is not None else pair[0]
        row = {"kind": "latest"} | known[_KNOWN].to_dict()
        for side, figure in zip("ab", pair, strict=True):
            if figure is not None:
                row |= {f"{name}_{side}": figure[name] for name in _PAIRED}
        change = why_no_change(*pair, a, b, breaks)
        if isinstance(change, Estimate):
            share = MEASURES[key[0]].change == "share"
            row |= {
                "change": change.value,
                "change_lower": change.lower,
                "change_upper": change.upper,
                "change_unit": "percentage points" if share else "percent",
                "method": change.method,
            }
        else:
            row["reason"] = change
        found.append(row)
    return pd.DataFrame(found, columns=list(_COLUMNS))


def why_no_change(
    old: pd.Series | None, new: pd.Series | None, a: Edition, b: Edition, breaks: pd.DataFrame
) -> Estimate | str:
    """The change from the figure `old` to the figure `new`, or why it is not given, in words."""
    if old is None or new is None:
        return f"no figure in the edition for {(a if old is None else b).year}"
    if old["date"] == new["date"]:
        alike = abs(old["value"] - new["value"]) <= 1e-9
        return NOT_NEWER if alike else "the same date: a revision, not a change"
    if old["date"] > new["date"]:
        return f"the figure of the edition for {b.year} is the older one"
    measure = MEASURES[new["measure"]]
    if not measure.change:
        return "of this measure the report gives no changes"
    pair = pd.DataFrame([old, new])
    series.require_one_series(pair[["series_id"]], "compare")
    if old["definition"] != new["definition"]:
        both = filter(None, [old["definition"], new["definition"]])
        return f"not counted alike: {'; '.join(both)}"
    if "in doubt" in new["definition"]:
        return new["definition"]
    if new["definition"] in _UNKNOWN and old["source_id"] != new["source_id"]:
        return f"{new['definition']}, and the sources differ"
    if not pair["qualifier"].isin(["exact", "rounded"]).all():
        return "a figure is not an exact number"
    if "[p]" in "".join(pair["mark"]):
        return "a figure is provisional or of a part-year"
    if pair["period_start"].notna().any() and not _same_length(pair):
        return "the periods differ in length"
    if crossed := _between(old, new, measure, breaks):
        return f"break in the series: {listed(crossed)}"
    counted = {"stock": "value", "events": "value", "rate": "count"}.get(measure.change)
    if counted and min(old[counted], new[counted]) < SMALLEST_BASE:
        return f"no percentage of fewer than {SMALLEST_BASE}"
    return _CHANGES[measure.change](old, new)


def _same_length(pair: pd.DataFrame) -> bool:
    """Whether both are financial years, or both calendar years, and so on: leap days aside."""
    ends = pair["date"] + pd.Timedelta(days=1)
    months = (ends.dt.year - pair["period_start"].dt.year) * 12
    months = months + ends.dt.month - pair["period_start"].dt.month
    return bool(pair["period_start"].notna().all() and months.nunique() == 1)


def _between(old: pd.Series, new: pd.Series, measure: Measure, breaks: pd.DataFrame) -> list[str]:
    """The breaks between two figures of a measure, in words."""
    start = old["period_start"] if pd.notna(old["period_start"]) else old["date"]
    family = next((code for code, name in FAMILIES.items() if name == new["detail"]), "")
    crossed = pd.concat(
        breaks_between(breaks, series_id, start, new["date"], family)
        for series_id in measure.cut_by
    )
    crossed = crossed.drop_duplicates("break_id")
    when = map(periods.as_at_label, crossed["date"], crossed["date_precision"])
    return [f"{title} ({day})" for title, day in zip(crossed["title"], when, strict=True)]


def _stock(old: pd.Series, new: pd.Series) -> Estimate:
    """Change of a number of people. Most stand in both counts: no interval describes that."""
    change = statistics.total_change(old["value"], new["value"])
    return Estimate(change, float("nan"), float("nan"), "plain change of two counts")


def _events(old: pd.Series, new: pd.Series) -> Estimate:
    return _in_percent(statistics.rate_ratio(new["value"], 1, old["value"], 1))


def _rate(old: pd.Series, new: pd.Series) -> Estimate:
    parts = new["count"], new["base"], old["count"], old["base"]
    return _in_percent(statistics.rate_ratio(*parts))


def _in_percent(ratio: Estimate) -> Estimate:
    ends = (100 * (end - 1) for end in (ratio.value, ratio.lower, ratio.upper))
    return Estimate(*ends, ratio.method)


def _rounded(old: pd.Series, new: pd.Series) -> Estimate:
    whole = float(old["value"]).is_integer() and float(new["value"]).is_integer()
    return statistics.rounded_change(old["value"], new["value"], 1 if whole else 0.1)


def _share(old: pd.Series, new: pd.Series) -> Estimate:
    return statistics.share_difference(new["count"], new["base"], old["count"], old["base"])


_CHANGES = {
    "stock": _stock,
    "events": _events,
    "rate": _rate,
    "rounded": _rounded,
    "share": _share,
}


def newer(found: pd.DataFrame) -> pd.DataFrame:
    """The rows `latest` of a comparison of which the two editions show different figures."""
    return found[(found["kind"] == "latest") & (found["reason"] != NOT_NEWER)]


def previous(edition: Edition) -> Edition:
    """The edition of the year before, for the same region."""
    before = periods.FinancialYear(edition.year.start_year - 1)
    return edition.model_copy(update={"report_year": str(before)})


def since_last(data: Tables, edition: Edition) -> pd.DataFrame:
    """The comparison of an edition with the one for the year before; empty if there is none."""
    before = previous(edition)
    if before.year < choices(data).years(edition.region)[0]:
        return pd.DataFrame(columns=list(_COLUMNS))
    return compare(data, before, edition)


def csv_file(found: pd.DataFrame) -> bytes:
    """A comparison as the bytes of a CSV file: all columns, numbers to six decimal places."""
    cells = found.astype(object).map(_cell)
    return cells.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _cell(value: object) -> str:
    if isinstance(value, float) and not pd.isna(value):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return tables.csv_cell(_plain(value) or "")


def records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """A comparison as plain values, for JSON: dates as text, what is missing as None."""
    rows = found.itertuples(index=False, name=None)
    return [dict(zip(found.columns, map(_plain, row), strict=True)) for row in rows]


def _plain(value: object) -> str | float | None:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return round(value, 6) if isinstance(value, float) else value
