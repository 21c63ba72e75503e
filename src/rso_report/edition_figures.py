"""Every figure of an edition, one row each, as the functions of the notebooks give it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rso_report import breaches, coverage, missing, periods, register, revisions
from rso_report.breach_words import repeated_words
from rso_report.comparable import RATE
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.trace import across, together
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
    found = [figures for part in _PARTS for figures in part(data, edition)]
    frame = pd.concat(found, ignore_index=True).reindex(columns=list(FIGURE))
    for column in ("value", "lower", "upper", "first_value", "count", "base"):
        frame[column] = pd.to_numeric(frame[column]).astype("float64")
    for column in ("period_start", "date"):
        frame[column] = frame[column].astype("datetime64[us]")
    order = {measure: place for place, measure in enumerate(MEASURES)}
    areas = {area: place for place, area in enumerate([*edition.units, "EW"])}
    ranked = frame.assign(_m=frame["measure"].map(order), _a=frame["area_id"].map(areas))
    return (
        ranked.sort_values(["_m", "_a", "detail", "date", "definition", "rows"], kind="stable")
        .drop(columns=["_m", "_a"])
        .reset_index(drop=True)
    )


# What a figure takes from its row, and what stands there if the row does not say it.
_TAKEN = {
    **dict.fromkeys(("series_id", "area_id", "status", "row_id", "first_row", "source_id"), ""),
    **dict.fromkeys(("period_start", "period_end", "as_at"), pd.NaT),
    **{"as_at_precision": "day", "value": None, "first_value": None, "qualifier": "exact"},
}


def _figures(
    edition: Edition,
    measure: str,
    frame: pd.DataFrame,
    unit: object,
    taken: Mapping[str, str] | None = None,
    **more: object,
) -> pd.DataFrame:
    """Rows of the data, or of a function of the report, as figures of a measure.

    `taken` names columns of `frame` that hold more of a figure; `more` says it.
    """
    if frame.empty:
        return pd.DataFrame()
    given = {name: frame.get(name, default) for name, default in _TAKEN.items()}
    found = pd.DataFrame(given, index=frame.index)
    flow = found["period_end"].notna()
    own = {
        "measure": measure,
        "area": found["area_id"].map(edition.name),
        "detail": "",
        "definition": "",
        "period_start": found["period_start"].where(flow),
        "date": found["period_end"].fillna(found["as_at"]),
        "when": [_when(row) for row in found.itertuples()],
        "unit": unit,
        "mark": found["status"].map(_MARKS).fillna(""),
        "rows": across(found["row_id"], found["first_row"]),
    }
    own |= {name: frame[column] for name, column in (taken or {}).items()}
    return found.assign(**own | more)


def _when(row: Any) -> str:  # noqa: ANN401
    if pd.notna(row.period_end):
        return periods.period_label(row.period_start, row.period_end)
    return periods.as_at_label(row.as_at, row.as_at_precision)


def _community(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    counts = register.community(data, edition)
    yield _figures(edition, "community", counts, "people")
    printed = set(counts.loc[counts["area_id"] == edition.area_id, "as_at"])
    for as_at in sorted(set(counts["as_at"]) - printed):
        whole = register.region(counts, edition, as_at)
        if whole is None or whole.total is None:
            continue
        first = revisions.first_total(whole.parts)
        total = whole.parts.head(1).assign(
            area_id=edition.area_id,
            value=whole.total,
            first_value=first,
            status="revised" if pd.notna(first) else "final",
            source_id=together(whole.parts["source_id"]),
        )
        rows = together(whole.parts["rows"])
        yield _figures(edition, "community", total, "people", rows=rows)


def _rates(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    unit = "per 100,000 aged 10 and over"
    printed = register.published_rates(data, edition)
    yield _figures(edition, "rate_published", printed, unit, series_id="RATE_10PLUS")
    found = register.rates(data, edition)
    found = found[found["rate"].notna()]
    taken = {"value": "rate", "lower": "lower", "upper": "upper"}
    taken |= {"count": "count", "base": "population_10plus", "source_id": "count_source"}
    rows = across(found["count_row"], found["population_row"])
    own = {"series_id": "STOCK_MAPPA", "rows": rows}
    yield _figures(edition, "rate_computed", found, unit, taken, **own)


def _register(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    totals = register.register_totals(data, edition)
    custody = totals["custody_status"].map(CUSTODY)
    yield _figures(edition, "register", totals, "people", definition=custody)


def _breaches(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    families = breaches.by_family(breaches.recorded(data, edition))
    revised = families["first_value"].notna().map({True: "[r]", False: ""})
    own = {
        "series_id": "BREACH_RECORDED",
        "detail": families["family"].map(breaches.FAMILIES),
        "definition": [repeated_words(r) if r.repeated else "" for r in families.itertuples()],
        "mark": revised.mask(families["part"].astype(bool), "[p]"),
    }
    yield _figures(edition, "recorded", families, "offences", {"rows": "rows"}, **own)
    found = breaches.outcomes(data, edition)
    # Units as printed are read as one official count (assumption A4).
    inferred = found["inferred"].astype(bool).map({True: "the year is inferred; ", False: ""})
    doubt = ("in doubt (" + found["doubt"] + ")").where(found["doubt"] != "", "")
    found["definition"] = (inferred + doubt).str.removesuffix("; ")
    found.loc[found["period_status"] == "part", "status"] = "provisional"
    own = {"definition": "definition"}
    yield _figures(edition, "outcome", found, found["unit"], own)
    rated = found[found["per_1000"].notna()]
    yield _figures(
        edition,
        "outcome_rate",
        rated,
        "per 1,000 RSOs in the community",
        own | {"value": "per_1000", "lower": "lower", "upper": "upper"},
        first_value=None,
        count=rated["value"],
        base=rated["stock"],
        rows=across(rated["row_id"], rated["stock_row"]),
        source_id=across(rated["source_id"], rated["stock_source"]),
    )


def _missing(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    found, parts = missing.snapshots(data, edition), missing.breakdowns(data, edition)
    own = {"definition": found["definition_code"].map(missing.DEFINITIONS)}
    yield _figures(edition, "missing", found, "people", **own)
    shares = found[found["share"].notna()]
    taken = {"value": "share", "lower": "lower", "upper": "upper"}
    taken |= {"count": "value", "base": "registered"}
    own |= {"first_value": None, "rows": across(shares["row_id"], shares["denominator_row"])}
    yield _figures(
        edition, "missing_share", shares, "percent of RSOs in the same reply", taken, **own
    )
    own = {"definition": parts["definition_code"].map(missing.DEFINITIONS)}
    yield _figures(edition, "missing_part", parts, "people", {"detail": "part"}, **own)


def _orders(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    own = _of_edition(edition, data.orders)
    # The same number from several sources is one figure.
    key = ["series_id", "order_type", "area_id", "as_at", "period_start", "period_end"]
    own = own.drop_duplicates([*key, "custody_status", "sex", "value"])
    own["detail"] = own["order_type"] + (", " + own["sex"]).where(own["sex"] != "all", "")
    own["definition"] = own["custody_status"].map(CUSTODY).fillna("")
    taken = {"detail": "detail", "definition": "definition"}
    stock = own["series_id"] == "ORDER_STOCK"
    yield _figures(edition, "orders_in_force", own[stock], "people", taken)
    yield _figures(edition, "orders_imposed", own[~stock], "orders", taken)


def _visits(data: Tables, edition: Edition) -> Iterator[pd.DataFrame]:
    policy = data.visit_policy
    known = policy[
        (policy["valid_from"] <= pd.Timestamp(edition.year.end))
        & policy["area_id"].isin([*edition.forces, "EW"])
        & policy["min_visits_per_year"].notna()
    ]
    taken = {"value": "min_visits_per_year", "date": "valid_from", "definition": "policy_name"}
    own = {
        "when": [f"from {periods.day_label(day)}" for day in known["valid_from"]],
        "detail": known["risk_tier"].map(TIER_NAMES) + " risk",
    }
    known = known.assign(as_at=known["valid_from"])
    yield _figures(edition, "visit_policy", known, "visits a year", taken, **own)
    tiers = _of_edition(edition, data.risk_tiers)
    unit = (tiers["measure"] == "share_pct").map({True: "percent", False: "people"})
    names = tiers["risk_tier"].map(TIER_NAMES).fillna(tiers["risk_tier"])
    own = {"detail": tiers["measure"].map(_words) + ", " + names}
    own["definition"] = tiers["custody_status"].map(CUSTODY)
    yield _figures(edition, "risk_tiers", tiers, unit, **own)
    staff = _of_edition(edition, data.staffing)
    parts = staff["measure"].map(_words), staff["rank"], staff["statistic"].replace("total", "")
    own = {"detail": [", ".join(filter(None, each)) for each in zip(*parts, strict=True)]}
    own["definition"] = staff["custody_status"].map(CUSTODY)
    yield _figures(edition, "staffing", staff, "", **own)


_PARTS = (_community, _rates, _register, _breaches, _missing, _orders, _visits)


def _of_edition(edition: Edition, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the region and of England and Wales up to the year that count, each once."""
    rows = revisions.current(edition.visible(frame))
    return rows[rows["area_id"].isin([*edition.units, "EW"])]


def _words(code: str) -> str:
    return code.replace("rsos", "RSOs").replace("_pct", "").replace("_", " ")
