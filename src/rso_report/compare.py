"""Two editions of a region, figure by figure: what is new, gone or revised, and what has changed.

The figures come from the functions that the notebooks use, so that what is compared is what the
pages show. A change between two dates is given only between figures that count the same thing;
otherwise the reason stands in its place.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rso_report import (
    breaches,
    coverage,
    missing,
    news,
    periods,
    register,
    revisions,
    series,
    statistics,
    tables,
)
from rso_report.dataset import Tables
from rso_report.edition import Edition, years_covered
from rso_report.errors import ReportError
from rso_report.findings import TIER_NAMES
from rso_report.prose import beside_first, interval, listed, number, plural, signed
from rso_report.prose import rows as row_links
from rso_report.series import SeriesError
from rso_report.statistics import Estimate

# The tables of the data package that a comparison reads.
TABLES = (
    "areas",
    "sources",
    "registered_offenders",
    "published_rates",
    "population_districts",
    "breaches",
    "missing",
    "orders",
    "visit_policy",
    "risk_tiers",
    "staffing",
    "series_breaks",
)


@dataclass(frozen=True)
class Measure:
    """One kind of figure: its name, how a change of it is worked out, the breaks that concern it.

    `change` is a key of `_CHANGES`, empty where the report gives no change of the measure.
    """

    name: str
    change: str = ""
    topics: tuple[str, ...] = ()


MEASURES = {
    "community": Measure("RSOs in the community", "stock", ("register",)),
    "rate_published": Measure("Published rate", "rounded", ("register", "rates")),
    "rate_computed": Measure("Rate by our calculation", "rate", ("register", "rates")),
    "register": Measure("Force register", "stock", ("register",)),
    "recorded": Measure("Recorded breach offences", "events", ("breaches",)),
    "outcome": Measure("Cautions or convictions", "events", ("breaches",)),
    "outcome_rate": Measure(
        "Cautions or convictions per 1,000 RSOs", "rate", ("breaches", "register")
    ),
    "missing": Measure("Missing, snapshots"),
    "missing_share": Measure("Share missing", "share", ("missing",)),
    "missing_part": Measure("Missing, parts of snapshots"),
    "orders_in_force": Measure("People subject to an order", "stock", ("breaches",)),
    "orders_imposed": Measure("Orders imposed", "events", ("breaches",)),
    "visit_policy": Measure("Minimum visits a year under a policy"),
    "risk_tiers": Measure("People by risk tier"),
    "staffing": Measure("Staffing and overdue visits"),
}

FIGURE = (
    "measure",
    "series_id",
    "area_id",
    "area",
    "detail",  # which part of the measure: a family of offences, an order, a tier
    "definition",  # what can differ between two figures of the same measure, area and detail
    "period_start",
    "date",
    "when",
    "value",
    "lower",
    "upper",
    "unit",
    "qualifier",
    "mark",
    "first_value",
    "count",
    "base",
    "rows",
    "source_id",
)
KINDS = ("new", "gone", "revised", "same", "latest")
NOT_NEWER = "no newer figure"
SMALLEST_BASE = 20  # no percentage is given of less

_SERIES = ["measure", "area_id", "detail"]  # what is followed from one edition to the next
_FIGURE = [*_SERIES, "series_id", "definition", "period_start", "date", "copy"]
_PAIRED = (
    *("when", "date", "value", "lower", "upper", "qualifier", "mark", "first_value"),
    *("rows", "source_id"),
)
_COLUMNS = (
    "kind",
    "measure",
    "series_id",
    "area_id",
    "area",
    "detail",
    "definition",
    "unit",
    *(f"{name}_{side}" for side in "ab" for name in _PAIRED),
    "change",
    "change_lower",
    "change_upper",
    "change_unit",
    "method",
    "reason",
)
_MARKS = {"revised": "[r]", "provisional": "[p]"}
_CUSTODY = {
    "both": "in custody or not",
    "community": "in the community",
    "custody": "in custody",
    "not_stated": "custody not stated",
}
_UNKNOWN = (_CUSTODY["not_stated"], missing.DEFINITIONS["NOT_STATED"])


def figures(data: Tables, edition: Edition) -> pd.DataFrame:
    """Every figure of an edition, one row each, in the columns of `FIGURE`.

    `detail` and `definition` are words; `date` is the as-at date or the end of the period, `when`
    the same as a page writes it; `lower` and `upper` are the interval that the report gives;
    `count` and `base` are the parts of a rate or a share; `mark` is [r], [p] or nothing and
    `first_value` what a revised figure was at first; `rows` are identifiers joined by +. `data`
    needs the tables named in `TABLES`.
    """
    found = [figure for part in _PARTS for figure in part(data, edition)]
    frame = pd.DataFrame(found, columns=FIGURE)
    for column in ("value", "lower", "upper", "first_value", "count", "base"):
        frame[column] = pd.to_numeric(frame[column]).astype("float64")
    for column in ("period_start", "date"):
        frame[column] = pd.to_datetime(frame[column])
    order = {measure: place for place, measure in enumerate(MEASURES)}
    areas = {area: place for place, area in enumerate([*edition.units, "EW"])}
    ranked = frame.assign(_m=frame["measure"].map(order), _a=frame["area_id"].map(areas))
    return (
        ranked.sort_values(["_m", "_a", "detail", "date", "definition", "rows"], kind="stable")
        .drop(columns=["_m", "_a"])
        .reset_index(drop=True)
    )


def _figure(edition: Edition, measure: str, row: Any, unit: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """One figure from a row of the data or of a function of the report; `more` goes first."""
    flow = getattr(row, "period_end", pd.NaT)
    if pd.notna(flow):
        start, date = row.period_start, flow
        when = periods.period_label(start, date)
    else:
        start, date = pd.NaT, row.as_at
        when = periods.as_at_label(date, getattr(row, "as_at_precision", "day"))
    status = getattr(row, "status", "")
    return {
        "measure": measure,
        "series_id": getattr(row, "series_id", ""),
        "area_id": row.area_id,
        "area": edition.name(row.area_id),
        "detail": "",
        "definition": "",
        "period_start": start,
        "date": date,
        "when": when,
        "value": getattr(row, "value", None),
        "unit": unit,
        "qualifier": getattr(row, "qualifier", "exact"),
        "mark": _MARKS.get(status, ""),
        "first_value": getattr(row, "first_value", None),
        "rows": "+".join(filter(None, (getattr(row, n, "") for n in ("row_id", "first_row")))),
        "source_id": getattr(row, "source_id", ""),
        **more,
    }


def _community(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    counts = register.community(data, edition)
    for row in counts.itertuples():
        yield _figure(edition, "community", row, "people")
    printed = set(counts.loc[counts["area_id"] == edition.region_id, "as_at"])
    for as_at, own in counts.groupby("as_at"):
        parts = own[own["area_id"].isin(edition.forces)]
        if as_at in printed or register.missing_parts(own, edition, as_at):
            continue
        try:
            total = register.region_total(own, edition, as_at)
        except SeriesError:  # a part is not an exact number
            continue
        row = parts.iloc[0].copy()
        row["area_id"], row["value"], row["row_id"] = (
            edition.region_id,
            total,
            "+".join(parts["rows"]),
        )
        row["source_id"] = "+".join(dict.fromkeys(parts["source_id"]))
        row["first_value"], row["first_row"] = revisions.first_total(parts), ""
        row["status"] = "revised" if pd.notna(row["first_value"]) else "final"
        yield _figure(edition, "community", row, "people")


def _rates(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    unit = "per 100,000 aged 10 and over"
    for row in register.published_rates(data, edition).itertuples():
        yield _figure(edition, "rate_published", row, unit, series_id="RATE_10PLUS")
    found = register.rates(data, edition)
    for row in found[found["rate"].notna()].rename(columns={"count": "count_value"}).itertuples():
        yield _figure(
            edition,
            "rate_computed",
            row,
            unit,
            series_id="STOCK_MAPPA",
            value=row.rate,
            lower=row.lower,
            upper=row.upper,
            count=row.count_value,
            base=row.population_10plus,
            rows=f"{row.count_row}+{row.population_row}",
            source_id=row.count_source,
        )


def _register(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    for row in register.register_totals(data, edition).itertuples():
        yield _figure(edition, "register", row, "people", definition=_CUSTODY[row.custody_status])


def _breaches(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    families = breaches.by_family(breaches.recorded(data, edition))
    for row in families.itertuples():
        yield _figure(
            edition,
            "recorded",
            row,
            "offences",
            series_id="BREACH_RECORDED",
            detail=breaches.FAMILIES[row.family],
            mark="[p]" if row.part else "[r]" if pd.notna(row.first_value) else "",
            rows=row.rows,
        )
    for row in breaches.outcomes(data, edition).itertuples():
        own = {"definition": f"counted as {row.unit_as_printed}"}
        part = {"mark": "[p]"} if row.period_status == "part" else {}
        yield _figure(edition, "outcome", row, row.unit, **own, **part)
        if pd.notna(row.per_1000):
            yield _figure(
                edition,
                "outcome_rate",
                row,
                "per 1,000 RSOs in the community",
                **own,
                **part,
                value=row.per_1000,
                lower=row.lower,
                upper=row.upper,
                first_value=None,
                count=row.value,
                base=row.stock,
                rows=f"{row.row_id}+{row.stock_row}",
                source_id="+".join(dict.fromkeys([row.source_id, row.stock_source])),
            )


def _missing(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    for row in missing.snapshots(data, edition).itertuples():
        own = {"definition": missing.DEFINITIONS[row.definition_code]}
        yield _figure(edition, "missing", row, "people", **own)
        if pd.notna(row.share):
            yield _figure(
                edition,
                "missing_share",
                row,
                "percent of RSOs in the same reply",
                **own,
                value=row.share,
                lower=row.lower,
                upper=row.upper,
                first_value=None,
                count=row.value,
                base=row.registered,
                rows=f"{row.row_id}+{row.denominator_row}",
            )
    for row in missing.breakdowns(data, edition).itertuples():
        yield _figure(
            edition,
            "missing_part",
            row,
            "people",
            detail=row.part,
            definition=missing.DEFINITIONS[row.definition_code],
        )


def _orders(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    own = _of_edition(edition, data.orders)
    # The same number from several sources is one figure.
    key = ["series_id", "order_type", "area_id", "as_at", "period_start", "period_end"]
    own = own.drop_duplicates([*key, "custody_status", "sex", "value"])
    for row in own.itertuples():
        stock = row.series_id == "ORDER_STOCK"
        yield _figure(
            edition,
            "orders_in_force" if stock else "orders_imposed",
            row,
            "people" if stock else "orders",
            detail=row.order_type + ("" if row.sex == "all" else f", {row.sex}"),
            definition=_CUSTODY.get(row.custody_status, ""),
        )


def _visits(data: Tables, edition: Edition) -> Iterator[dict[str, Any]]:
    policy = data.visit_policy
    known = policy[
        (policy["valid_from"] <= pd.Timestamp(edition.year.end))
        & policy["area_id"].isin([*edition.forces, "EW"])
        & policy["min_visits_per_year"].notna()
    ]
    for row in known.assign(as_at=known["valid_from"]).itertuples():
        yield _figure(
            edition,
            "visit_policy",
            row,
            "visits a year",
            value=row.min_visits_per_year,
            when=f"from {periods.day_label(row.valid_from)}",
            detail=f"{TIER_NAMES[row.risk_tier]} risk",
            definition=row.policy_name,
        )
    for row in _of_edition(edition, data.risk_tiers).itertuples():
        yield _figure(
            edition,
            "risk_tiers",
            row,
            "percent" if row.measure == "share_pct" else "people",
            detail=f"{_words(row.measure)}, {TIER_NAMES.get(row.risk_tier, row.risk_tier)}",
            definition=_CUSTODY[row.custody_status],
        )
    for row in _of_edition(edition, data.staffing).itertuples():
        parts = [_words(row.measure), row.rank, "" if row.statistic == "total" else row.statistic]
        yield _figure(
            edition,
            "staffing",
            row,
            "",
            detail=", ".join(filter(None, parts)),
            definition=_CUSTODY[row.custody_status],
        )


_PARTS = (_community, _rates, _register, _breaches, _missing, _orders, _visits)


def _of_edition(edition: Edition, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the region and of England and Wales up to the year that count, each once."""
    rows = revisions.current(edition.visible(frame))
    return rows[rows["area_id"].isin([*edition.units, "EW"])]


def _words(code: str) -> str:
    return code.replace("rsos", "RSOs").replace("_pct", "").replace("_", " ")


def compare(data: Tables, a: Edition, b: Edition, data_a: Tables | None = None) -> pd.DataFrame:
    """Two editions of one region, figure by figure.

    `kind` says what a row is. `new`: only in B; `gone`: only in A; `revised`: of the same measure,
    area and date, with another value; `same`. Then a row `latest` for each measure, area and
    detail: the latest figure of A against the latest of B, with `change` (`change_lower`,
    `change_upper`, `change_unit`, `method`), or else the `reason` why none is given. `data_a` is
    the data package of A where it is not that of B, such as an older release. Raises ReportError
    for editions of different regions.
    """
    if a.region_id != b.region_id:
        raise ReportError(
            f"compare: found {a.title} and {b.title}; only editions of the same region can be "
            "compared, because figures of different areas are not changes of each other."
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
    shared = ["area", "unit"]
    merged = sides[0].merge(
        sides[1], on=_FIGURE, how="outer", suffixes=("_a", "_b"), indicator="side", sort=False
    )
    merged = merged.assign(date_a=merged["date"], date_b=merged["date"])
    for name in shared:
        merged[name] = merged[f"{name}_b"].where(merged["side"] != "left_only", merged[f"{name}_a"])
    merged.loc[merged["side"] == "left_only", "date_b"] = pd.NaT
    merged.loc[merged["side"] == "right_only", "date_a"] = pd.NaT
    alike = (merged["value_a"] - merged["value_b"]).abs() <= 1e-9
    kinds = merged["side"].map({"left_only": "gone", "right_only": "new", "both": "revised"})
    merged["kind"] = kinds.astype("object").where(~alike, "same")
    order = {name: place for place, name in enumerate(KINDS)}
    measures = {name: place for place, name in enumerate(MEASURES)}
    return merged.assign(
        _k=merged["kind"].map(order), _m=merged["measure"].map(measures)
    ).sort_values(["_k", "_m", "area", "detail", "date", "definition", "copy"], kind="stable")


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
    order = {name: place for place, name in enumerate(MEASURES)}
    keys = keys.assign(_m=keys["measure"].map(order)).sort_values("_m", kind="stable")
    found = []
    for key in keys[_SERIES].itertuples(index=False, name=None):
        pair = [side.get(key) for side in by_key]
        known = pair[1] if pair[1] is not None else pair[0]
        row = {"kind": "latest"} | known[
            ["measure", "series_id", "area_id", "area", "detail", "definition", "unit"]
        ].to_dict()
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
        return f"not counted alike: {old['definition']}; {new['definition']}"
    if new["definition"] in _UNKNOWN and old["source_id"] != new["source_id"]:
        return f"{new['definition']}, and the sources differ"
    if not pair["qualifier"].isin(["exact", "rounded"]).all():
        return "a figure is not an exact number"
    if "[p]" in "".join(pair["mark"]):
        return "a figure is provisional or of a part-year"
    if pair["period_start"].notna().any() and not _same_length(pair):
        return "the periods differ in length"
    if crossed := _between(old, new, breaks[breaks["topic"].isin(measure.topics)]):
        return f"break in the series: {listed(crossed)}"
    return _CHANGES[measure.change](old, new)


def _same_length(pair: pd.DataFrame) -> bool:
    """Whether both are financial years, or both calendar years, and so on: leap days aside."""
    ends = pair["date"] + pd.Timedelta(days=1)
    months = (ends.dt.year - pair["period_start"].dt.year) * 12
    months = months + ends.dt.month - pair["period_start"].dt.month
    return bool(pair["period_start"].notna().all() and months.nunique() == 1)


def _between(old: pd.Series, new: pd.Series, breaks: pd.DataFrame) -> list[str]:
    """The breaks after the date of the old figure, or the start of its period, up to the new."""
    start = old["period_start"] if pd.notna(old["period_start"]) else old["date"]
    crossed = breaks[(breaks["date"] > start) & (breaks["date"] <= new["date"])]
    return [f"{row.title} ({periods.day_label(row.date)})" for row in crossed.itertuples()]


def _stock(old: pd.Series, new: pd.Series) -> Estimate | str:
    """Change of a number of people. Most stand in both counts: no interval describes that."""
    if min(old["value"], new["value"]) < SMALLEST_BASE:
        return f"no percentage of fewer than {SMALLEST_BASE}"
    change = statistics.total_change(old["value"], new["value"])
    return Estimate(change, float("nan"), float("nan"), "plain change of two counts")


def _events(old: pd.Series, new: pd.Series) -> Estimate | str:
    if min(old["value"], new["value"]) < SMALLEST_BASE:
        return f"no percentage of fewer than {SMALLEST_BASE}"
    return _in_percent(statistics.rate_ratio(new["value"], 1, old["value"], 1))


def _rate(old: pd.Series, new: pd.Series) -> Estimate | str:
    if min(old["count"], new["count"]) < SMALLEST_BASE:
        return f"no percentage of fewer than {SMALLEST_BASE}"
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


# In words, for pages and for the command line


def summary(found: pd.DataFrame, a: Edition, b: Edition) -> list[str]:
    """What a comparison found, in two sentences: figures by kind, and changes that can be given."""
    kinds = found["kind"].value_counts()
    new, gone, revised, same = (int(kinds.get(kind, 0)) for kind in KINDS[:-1])
    latest = newer(found)
    given = int(latest["change"].notna().sum())
    lines = [
        f"Against the edition for {a.year}, the edition for {b.year} has "
        f"{plural(new, 'new figure')}; {_of_them(revised, 'revised')}, "
        f"{_of_them(gone, 'no longer shown')}, and {_of_them(same, 'the same')}."
    ]
    if len(latest):
        lines.append(
            f"For {plural(len(latest), 'measure of an area', 'measures of an area')} the latest "
            f"figure differs between the two editions. A change is given for {number(given)} of "
            "them; for the others the reason stands in its place."
        )
    return lines


def _of_them(count: int, what: str) -> str:
    return f"{number(count) if count else 'none'} {'is' if count < 2 else 'are'} {what}"


def newer(found: pd.DataFrame) -> pd.DataFrame:
    """The rows `latest` of a comparison of which the two editions show different figures."""
    return found[(found["kind"] == "latest") & (found["reason"] != NOT_NEWER)]


def measured(row: pd.Series) -> str:
    """What a figure measures, in words: the measure, its part, and how it is counted."""
    name = MEASURES[row["measure"]].name
    inside = "; ".join(filter(None, [row["detail"], row["definition"]]))
    return f"{name}: {inside}" if inside else name


def valued(row: pd.Series, side: str) -> str:
    """The value of one side as a page writes it, with qualifier, interval and mark, or [x]."""
    value, lower, upper = (row[f"{name}_{side}"] for name in ("value", "lower", "upper"))
    if pd.isna(value):
        return "[x]"
    digits = _digits(row["measure"], value)
    words = {"rounded": "{} (rounded)", "at_least": "at least {}", "approximately": "about {}"}
    text = words.get(row[f"qualifier_{side}"], "{}").format(number(value, digits))
    if pd.notna(lower):
        text = text.removesuffix(" (rounded)") + f" ({interval(lower, upper, digits)})"
    text = f"{text} {row[f'mark_{side}']}".strip()
    return beside_first(text, row[f"first_value_{side}"], digits)


def _digits(measure: str, value: float) -> int:
    if measure == "missing_share":
        return 2
    return (
        0 if float(value).is_integer() and measure not in ("rate_computed", "outcome_rate") else 1
    )


def changed(row: pd.Series) -> str:
    """The change of a row `latest` with its interval, or the reason why none is given.

    Where more than a year lies between the figures, the words say how much.
    """
    if pd.isna(row["change"]):
        return row["reason"]
    points = row["change_unit"] != "percent"
    digits, unit = (2, " percentage points") if points else (1, "%")
    text = f"{signed(row['change'], digits)}{unit}"
    if pd.notna(row["change_lower"]):
        ends = (signed(row[f"change_{end}"], digits) for end in ("lower", "upper"))
        text += f" ({' to '.join(ends)})"
    years = round((row["date_b"] - row["date_a"]).days / 365.25)
    return f"{text} in {years} years" if years > 1 else text


def since_last(data: Tables, edition: Edition) -> pd.DataFrame:
    """The comparison of an edition with the one for the year before; empty if there is none."""
    before = news.previous(edition)
    if before.year < years_covered(data, edition)[0]:
        return pd.DataFrame(columns=list(_COLUMNS))
    return compare(data, before, edition)


def listed_figures(found: pd.DataFrame, kind: str, a: Edition, b: Edition) -> pd.DataFrame:
    """The figures of one kind as a table of a page, with links to the rows of both editions."""
    own = found[found["kind"] == kind]
    rows = [row for _, row in own.iterrows()]
    sides = {"new": "b", "gone": "a"}.get(kind, "ab")
    years = {"a": a.year, "b": b.year}
    shown = {
        "Measure": [measured(row) for row in rows],
        "Area": own["area"].tolist(),
        "Date or period": [row["when_b"] or row["when_a"] for row in rows],
    }
    for side in sides:
        shown[f"Edition for {years[side]}"] = [valued(row, side) for row in rows]
    return pd.DataFrame(shown | {"Rows": row_links([_row_names(row) for row in rows])})


def listed_changes(latest: pd.DataFrame, a: Edition, b: Edition) -> pd.DataFrame:
    """Latest figures side by side as a table of a page, each with its change or the reason."""
    rows = [row for _, row in latest.iterrows()]
    shown = {"Measure": [measured(row) for row in rows], "Area": latest["area"].tolist()}
    for side, edition in (("a", a), ("b", b)):
        shown[f"Date, {edition.year}"] = [row[f"when_{side}"] or "[x]" for row in rows]
        shown[f"Figure, {edition.year}"] = [valued(row, side) for row in rows]
    shown["Change, or why none is given"] = [changed(row) for row in rows]
    return pd.DataFrame(shown | {"Rows": row_links([_row_names(row) for row in rows])})


def source_ids(found: pd.DataFrame) -> list[str]:
    """The sources of all figures of a comparison, each once."""
    named = found["source_id_b"] + "+" + found["source_id_a"]
    return list(dict.fromkeys(name for text in named for name in text.split("+") if name))


def _row_names(row: pd.Series) -> str:
    return "+".join(filter(None, [row["rows_a"], row["rows_b"]]))


def lines(found: pd.DataFrame, a: Edition, b: Edition) -> Iterator[str]:
    """A comparison for a terminal: what was found, what was revised, the latest figures."""
    yield " ".join(summary(found, a, b))
    for kind, title in (("revised", "Revised"), ("gone", "No longer shown")):
        for _, row in found[found["kind"] == kind].iterrows():
            pair = " to ".join(
                valued(row, side) for side in ("a", "b" * (kind == "revised")) if side
            )
            when = row["when_b"] or row["when_a"]
            yield f"{title}: {measured(row)}, {row['area']}, {when}: {pair}"
    for _, row in newer(found).iterrows():
        pair = [f"{valued(row, s)} ({row[f'when_{s}'] or 'no figure'})" for s in "ab"]
        yield f"{measured(row)}, {row['area']}: {' to '.join(pair)}: {changed(row)}"


def csv_file(found: pd.DataFrame) -> bytes:
    """A comparison as the bytes of a CSV file: all columns, numbers to six decimal places."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(found.columns)
    for row in found.itertuples(index=False):
        writer.writerow([tables.csv_cell(_plain(value)) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _plain(value: object) -> str:
    """A value as a cell of a CSV file."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """A comparison as plain values, for JSON: dates as text, what is missing as None."""
    return [
        {name: _json(value) for name, value in zip(found.columns, row, strict=True)}
        for row in found.itertuples(index=False)
    ]


def _json(value: object) -> str | float | None:
    if pd.isna(value):
        return None
    return round(value, 6) if isinstance(value, float) else _plain(value)
