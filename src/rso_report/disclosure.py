"""What may be published of a count of people, and the proof that the rest cannot be worked out.

Two layers, as statistical offices have them: a rule for each cell (`decide`), and further cells of
an additive table hidden and audited as an attacker would (`protect`). A rate, chart, tooltip or
download is withheld with its count: `release` leaves the row of the count out of all of them.
Module `leaks` is the third layer: it searches the finished files for what was withheld.
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from rso_report.dataset import Tables
from rso_report.errors import ReportError
from rso_report.revisions import chains

Cell = tuple[Hashable, Hashable]  # labels of row and column; TOTAL stands for a margin
TOTAL = "Total"
HIDDEN = "[c]"
FORCE_OR_ABOVE = ("country", "region", "group", "joint", "force")
PUBLIC_SOURCES = ("foi_response", "official_statistics", "force_statement", "news_report")
SMALL_AREA = 10_000  # residents of all ages; an area of exactly so many is small
ATTRIBUTE_THRESHOLD = 10
COUNTS = ("registered_offenders", "missing", "orders", "breaches", "answers")
_SPLITS = ["sex", "mappa_level", "subset", "believed_abroad", "custody_status"]


class DisclosureError(ReportError):
    """Something that must not be published could be, or could be worked out."""


@dataclass(frozen=True)
class Rule:
    """One step of the decision: the first rule whose `when` holds decides the cell.

    `when` is an expression over the facts of a cell: `upper` (force level or above), `public`,
    `derived`, `cleared`, `small` (1 to threshold - 1), `one` (an attribute of one person), `few`
    (10,000 residents or fewer), `unpopulated` (population missing), `strict`, `always`.
    """

    name: str
    when: str
    decision: Literal["PUBLISH", "WITHHOLD", "REVIEW"]
    symbol: str = ""
    reviewer: str = ""


_OPEN = "(upper and public)"
RULES = (
    Rule("1 strict mode", f"{_OPEN} and not derived and strict and small", "WITHHOLD", HIDDEN),
    Rule("1 public", f"{_OPEN} and not derived and not one", "PUBLISH"),
    Rule("2 population missing", "unpopulated and not upper", "WITHHOLD", "[x]"),
    Rule("3 small area", "few", "WITHHOLD", HIDDEN),
    Rule("4 not cleared", f"not cleared and not {_OPEN}", "REVIEW", "[x]", "force"),
    Rule("6 one person", "one", "WITHHOLD", HIDDEN),
    Rule("5 derived", "derived and small", "WITHHOLD", HIDDEN),
    Rule("4 below threshold", "small", "WITHHOLD", HIDDEN, "force"),
    Rule("4 cleared", f"not {_OPEN}", "PUBLISH", "", "force"),
    Rule("5 derived from public", "always", "PUBLISH"),
)


def decide(
    cells: pd.DataFrame, threshold: int = 5, mode: Literal["standard", "strict"] = "standard"
) -> pd.DataFrame:
    """Return `cells` with value_out, symbol, sdc_decision, sdc_rule and reviewer added.

    Columns read: value, population_total (whole numbers or missing), geography_level, and, true or
    false, public_domain (printed by the force or official statistics; if derived: all its parts
    are), force_clearance, derived (computed by the report), attribute (threshold at least 10). A
    missing answer counts as the careful one, an unknown level as below force level. Only a derived
    value can be negative: a difference of -3 isolates three people. A missing value is [x] where a
    value would be published. Raises DisclosureError for a missing or mistyped column.
    """
    if mode not in ("standard", "strict") or threshold < 1:
        raise DisclosureError("The mode is standard or strict, the threshold 1 or more.")
    value = _typed(cells, "value", "Int64")
    residents = _typed(cells, "population_total", "Int64")
    derived = _typed(cells, "derived", "boolean", missing=True)
    attribute = _typed(cells, "attribute", "boolean", missing=True)
    if ((value < 0).fillna(False) & ~derived).any():
        raise DisclosureError("Column value: only a derived value can be negative.")
    size = value.abs().fillna(0)
    limit = np.where(attribute, max(threshold, ATTRIBUTE_THRESHOLD), threshold)
    facts = pd.DataFrame(
        {
            "upper": _typed(cells, "geography_level", "object").isin(FORCE_OR_ABOVE),
            "public": _typed(cells, "public_domain", "boolean", missing=False),
            "derived": derived,
            "cleared": _typed(cells, "force_clearance", "boolean", missing=False),
            "small": (size >= 1) & (size < limit),
            "one": attribute & (size == 1),
            "few": (residents <= SMALL_AREA).fillna(False),
            "unpopulated": residents.isna(),
            "strict": mode == "strict",
            "always": True,
        }
    ).astype(bool)
    holds = np.column_stack([facts.eval(rule.when, engine="python") for rule in RULES])
    decided = pd.DataFrame(
        [astuple(RULES[number]) for number in holds.argmax(axis=1)],
        index=cells.index,
        columns=["sdc_rule", "when", "sdc_decision", "symbol", "reviewer"],
        dtype="str",
    )
    publish = decided["sdc_decision"] == "PUBLISH"
    return cells.assign(
        value_out=value.where(publish),
        symbol=decided["symbol"].mask(publish & value.isna(), "[x]"),
        **decided[["sdc_decision", "sdc_rule", "reviewer"]],
    )


def log(decided: pd.DataFrame) -> pd.DataFrame:
    """Return what was decided of each cell, and why, without any value.

    Columns are taken by name, because a note can repeat a value. It is for reviewers, not for
    readers: the rule says more about a hidden value than its [c] does.
    """
    labels = ("table", "row_id", "series_id", "area_id", "as_at", "geography_level")
    given = [name for name in labels if name in decided]
    return decided[[*given, "symbol", "sdc_decision", "sdc_rule", "reviewer"]]


def decide_package(
    data: Tables, threshold: int = 5, mode: Literal["standard", "strict"] = "standard"
) -> pd.DataFrame:
    """Return the decision (see `decide`) on every row of the tables of counts that are loaded.

    Keeps table, row_id, series_id and area_id. A row is public if its source is of a kind that is
    published. Force level needs no population, so a row below it would be withheld as [x].
    """
    tables = [name for name in COUNTS if hasattr(data, name)]
    rows = pd.concat([getattr(data, name).assign(table=name) for name in tables])
    rows = rows.reindex(columns=rows.columns.union([*_SPLITS, "went_missing_since", "detail"]))
    split = (
        rows[_SPLITS].astype("object").fillna("")
    )  # a table that is not loaded has no such column
    whole = split.isin(["", "all", "unknown", "both", "community", "not_stated"]).all(axis=1)
    cells = rows[["table", "row_id", "series_id", "area_id", "value"]].assign(
        geography_level=rows["area_id"].map(data.areas.set_index("area_id")["kind"]),
        population_total=pd.NA,
        public_domain=rows["source_id"]
        .map(data.sources.set_index("source_id")["kind"])
        .isin(PUBLIC_SOURCES),
        force_clearance=False,
        derived=False,
        attribute=~whole
        | rows["went_missing_since"].notna()
        | rows["detail"].astype("object").fillna("").ne(""),
    )
    return decide(cells.reset_index(drop=True), threshold, mode)


def release(data: Tables) -> int:
    """Drop from `data` every row of a count that may not be published; return how many.

    Called before anything is computed, so that no total, rate, chart or sentence can hold them.
    """
    withheld = withheld_rows(data)
    for name, rows in withheld.items():
        table = getattr(data, name)
        setattr(data, name, table[~table["row_id"].isin(rows)].reset_index(drop=True))
    return sum(map(len, withheld.values()))


def withheld_rows(data: Tables) -> dict[str, set[str]]:
    """Identifiers of the rows that may not be published, by table.

    With a row goes every row that revises it or is revised by it: what is left would otherwise
    stand there as if it were the figure that counts.
    """
    decided = decide_package(data)
    found = decided[decided["sdc_decision"] != "PUBLISH"]
    return {
        name: chains(getattr(data, name), rows["row_id"]) for name, rows in found.groupby("table")
    }


def suppress(table: pd.DataFrame, hidden: Iterable[Cell]) -> frozenset[Cell]:
    """Return `hidden` and the cells that keep it from being worked out by subtraction.

    `table` has the inner cells, whole numbers of 0 or more; its totals are published unless
    hidden, as (row, TOTAL), (TOTAL, column) and (TOTAL, TOTAL). In a line with one hidden cell
    the smallest other non-zero one is hidden too, or a total if there is none; the first of equals.
    Raises DisclosureError for another kind of table or an unknown cell.
    """
    cells = _cells(table, hidden := set(hidden))
    labels = [(axis, label) for axis in (0, 1) for label in dict.fromkeys(c[axis] for c in cells)]
    lines = [[cell for cell in cells if cell[axis] == label] for axis, label in labels]
    while alone := next((line for line in lines if len(hidden.intersection(line)) == 1), None):
        hidden.add(_next(cells, set(alone) - hidden))
    return frozenset(hidden)


def audit(table: pd.DataFrame, hidden: Iterable[Cell], threshold: int = 5) -> pd.DataFrame:
    """Return row, column, lower, upper, safe of each hidden cell: what an attacker can know.

    Bounds by linear programme, given all that is published and that no count is negative (Handbook
    on Statistical Disclosure Control, chapter 4); safe if `threshold` apart. Those of an unsafe
    cell are left empty, as they can be its value. Not assumed known: a hidden total from elsewhere,
    another table with the same cells, or that values of some size are always, or never, hidden.
    """
    cells = _cells(table, hidden := set(hidden))
    rows = []
    for cell in filter(hidden.__contains__, cells):
        lower, upper = _bounds(cells, hidden, cell)
        safe = upper - lower >= threshold
        rows.append((*cell, *((lower, upper) if safe else (np.nan, np.nan)), safe))
    audited = pd.DataFrame(rows, columns=["row", "column", "lower", "upper", "safe"])
    return audited.astype({"lower": "float64", "upper": "float64", "safe": "bool"})


def protect(
    table: pd.DataFrame, primary_hidden: Iterable[Cell], threshold: int = 5
) -> frozenset[Cell]:
    """Return the cells to hide, `primary_hidden` among them, so that `audit` finds all safe.

    Hides what `suppress` does, then the smallest non-zero cell, or else a total, in the row or
    column of an unsafe one (if none is left, anywhere) until all are safe. Raises DisclosureError
    if that leaves nothing to publish.
    """
    cells = _cells(table, primary := set(primary_hidden))
    hidden, safe = suppress(table, primary), set()  # safe for good: hiding more widens all ranges
    while cell := next((c for c in cells if c in hidden and c not in safe), None):
        lower, upper = _bounds(cells, hidden, cell)
        if upper - lower >= threshold:
            safe.add(cell)
        else:
            rest = [c for c in cells if c not in hidden]
            useful = [c for c in rest if cells[c] or TOTAL in c]  # a hidden zero makes no room
            cross = [c for c in useful if c[0] == cell[0] or c[1] == cell[1]]
            hidden = suppress(table, hidden | {_next(cells, cross or rest)})
    if len(hidden) == len(cells) > len(primary):
        raise DisclosureError(
            "No part of this table can be shown safely. Publish at a coarser level: larger areas, "
            "fewer categories, or several years together."
        )
    return hidden


def published(table: pd.DataFrame, hidden: Iterable[Cell]) -> pd.DataFrame:
    """Return the table to show: with its totals, and [c] in each hidden cell."""
    cells = _cells(table, hidden := set(hidden))
    rows, columns = [*table.index, TOTAL], [*table.columns, TOTAL]
    shown = [[HIDDEN if (r, c) in hidden else cells[r, c] for c in columns] for r in rows]
    return pd.DataFrame(shown, rows, columns, dtype=object)


def _typed(cells: pd.DataFrame, name: str, dtype: str, missing: bool | None = None) -> pd.Series:
    """One column as `dtype`, with `missing` in its gaps; a failure names it, never a value."""
    try:
        column = cells[name].astype(dtype)
        return column if missing is None else column.fillna(missing).astype(bool)
    except KeyError:
        raise DisclosureError(f"Column {name} is missing.") from None
    except (TypeError, ValueError, OverflowError):
        words = "whole numbers" if dtype == "Int64" else "true and false"
        raise DisclosureError(f"Column {name}: only {words}, or nothing.") from None


def _cells(table: pd.DataFrame, hidden: Collection[Cell]) -> dict[Cell, int]:
    """Inner cells and totals in reading order, after checking the table and the hidden cells."""
    rows, columns = [*table.index, TOTAL], [*table.columns, TOTAL]
    if table.empty or len({*rows}) < len(rows) or len({*columns}) < len(columns):
        raise DisclosureError(f"A table needs cells, and unique labels other than {TOTAL}.")
    numbers = table.apply(pd.to_numeric, errors="coerce").to_numpy("float64", na_value=np.nan)
    if not ((numbers >= 0) & (numbers % 1 == 0)).all():
        raise DisclosureError("Every cell of a table must be a whole number of 0 or more.")
    full = np.vstack([numbers, numbers.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)]).astype("int64")
    cells = {(r, c): int(full[i, j]) for i, r in enumerate(rows) for j, c in enumerate(columns)}
    if unknown := set(hidden) - set(cells):
        raise DisclosureError(f"The table has no cell {', '.join(sorted(map(str, unknown)))}.")
    return cells


def _next(cells: dict[Cell, int], choice: Collection[Cell]) -> Cell:
    """The cell of `choice` to hide: inner before total before zero, then smallest, then first."""
    return min(
        (cell for cell in cells if cell in choice),
        key=lambda c: (cells[c] == 0 and TOTAL not in c, c.count(TOTAL), cells[c]),
    )


def _bounds(cells: dict[Cell, int], hidden: Collection[Cell], cell: Cell) -> tuple[float, float]:
    """Least and most that a hidden cell can be. Whole: such a table has integral corners."""
    from scipy.optimize import linprog  # takes half a second: only where a table is audited

    inner = [c for c in cells if c in hidden and TOTAL not in c]
    truth = np.array([cells[c] for c in inner])

    def parts(cell: Cell) -> list[bool]:  # which of the unknowns a cell is the sum of
        return [cell[0] in (row, TOTAL) and cell[1] in (column, TOTAL) for row, column in inner]

    goal = np.array(parts(cell), dtype="float64")
    known = cells[cell] - goal @ truth  # the sum of its published parts
    if not goal.any():
        return known, known
    sums = np.array([parts(c) for c in cells if TOTAL in c and c not in hidden], dtype="float64")
    sums = sums.reshape(-1, len(inner))
    found = []
    for sign in (1, -1):
        # Without presolve HiGHS tells an unbounded programme from one it could not solve.
        best = linprog(
            sign * goal, A_eq=sums, b_eq=sums @ truth, method="highs", options={"presolve": False}
        )
        if best.status not in (0, 3):
            raise DisclosureError(f"The audit has no result: {best.message}")
        found.append(known + sign * round(best.fun) if best.status == 0 else np.inf)
    return found[0], found[1]
