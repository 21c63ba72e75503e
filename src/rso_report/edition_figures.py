"""Every figure of an edition, one row each, as the functions of the notebooks give it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rso_report import breaches, coverage, missing, periods, register, revisions
from rso_report.breach_words import repeated_words
from rso_report.comparable import RATE
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.visits import TIER_NAMES

# The tables of the data package that `figures` reads.
TABLES = (
    "areas",
    "sources",
    "discrepancies",
    "registered_offenders",
    "published_rates",
    "population_districts",
    "breaches",
    "missing",
    "orders",
    "visit_policy",
    "risk_tiers",
    "staffing",
)


@dataclass(frozen=True)
class Measure:
    """One kind of figure: its name, how a change of it is worked out, what cuts it.

    `change` is a key of `compare._CHANGES`, empty where the report gives no change of the measure;
    `cut_by` are the series whose breaks no change of it crosses (`comparable.breaks_between`).
    """

    name: str
    change: str = ""
    cut_by: tuple[str, ...] = ()


_NAMES = coverage.MEASURES
MEASURES = {
    "community": Measure(_NAMES["community"], "stock", ("STOCK_MAPPA",)),
    "rate_published": Measure(_NAMES["rate"], "rounded", (RATE,)),
    "rate_computed": Measure("Rate by our calculation", "rate", (RATE,)),
    "register": Measure(_NAMES["register"], "stock", ("STOCK_FOI",)),
    "recorded": Measure(_NAMES["recorded"], "events", ("BREACH_RECORDED",)),
    "outcome": Measure(_NAMES["outcome"], "events", ("BREACH_OUTCOME",)),
    "outcome_rate": Measure(
        "Cautions or convictions per 1,000 RSOs", "rate", ("BREACH_OUTCOME", "STOCK_MAPPA")
    ),
    "missing": Measure(_NAMES["missing"]),
    "missing_share": Measure("Share missing", "share", ("MISSING_STOCK",)),
    "missing_part": Measure("Missing, parts of snapshots"),
    "orders_in_force": Measure("People subject to an order", "stock", ("ORDER_STOCK",)),
    "orders_imposed": Measure("Orders imposed", "events", ("ORDER_IMPOSED",)),
    "visit_policy": Measure("Minimum visits a year under a policy"),
    "risk_tiers": Measure("People by risk tier"),
    "staffing": Measure("Officers, caseloads and visits overdue"),
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

_MARKS = {"revised": "[r]", "provisional": "[p]"}
CUSTODY = {
    "both": "in custody or not",
    "community": "in the community",
    "custody": "in custody",
    "not_stated": "custody not stated",
}


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
    printed = set(counts.loc[counts["area_id"] == edition.area_id, "as_at"])
    for as_at in sorted(set(counts["as_at"]) - printed):
        whole = register.region(counts, edition, as_at)
        if whole is None or whole.total is None:
            continue
        first = revisions.first_total(whole.parts)
        row = whole.parts.iloc[0].copy()
        row["area_id"], row["value"] = edition.area_id, whole.total
        row["row_id"], row["first_row"] = "+".join(whole.parts["rows"]), ""
        row["source_id"] = "+".join(dict.fromkeys(whole.parts["source_id"]))
        row["first_value"], row["status"] = first, "revised" if pd.notna(first) else "final"
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
        yield _figure(edition, "register", row, "people", definition=CUSTODY[row.custody_status])


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
            definition=repeated_words(row) if row.repeated else "",
            mark="[p]" if row.part else "[r]" if pd.notna(row.first_value) else "",
            rows=row.rows,
        )
    for row in breaches.outcomes(data, edition).itertuples():
        # Units as printed are read as one official count (assumption A4).
        doubts = ["the year is inferred"] * bool(row.inferred)
        doubts += [f"in doubt ({row.doubt})"] * bool(row.doubt)
        own = {"definition": "; ".join(doubts)}
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
            definition=CUSTODY.get(row.custody_status, ""),
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
            definition=CUSTODY[row.custody_status],
        )
    for row in _of_edition(edition, data.staffing).itertuples():
        parts = [_words(row.measure), row.rank, "" if row.statistic == "total" else row.statistic]
        yield _figure(
            edition,
            "staffing",
            row,
            "",
            detail=", ".join(filter(None, parts)),
            definition=CUSTODY[row.custody_status],
        )


_PARTS = (_community, _rates, _register, _breaches, _missing, _orders, _visits)


def _of_edition(edition: Edition, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the region and of England and Wales up to the year that count, each once."""
    rows = revisions.current(edition.visible(frame))
    return rows[rows["area_id"].isin([*edition.units, "EW"])]


def _words(code: str) -> str:
    return code.replace("rsos", "RSOs").replace("_pct", "").replace("_", " ")
