"""Checks of the sources against themselves and each other, from the raw rows.

Each rule returns what it finds; the ledger `discrepancies` says, in words, what it means and how
the report treats it. A new source passes through the same rules. A source is checked as it printed
its figures first; sources are set against each other with what they printed later, too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from rso_report import dataset, periods, statistics
from rso_report.breaches import EQUAL_CELLS_FROM, FAMILIES
from rso_report.dataset import ROW_TABLES, Tables
from rso_report.disclosure import HIDDEN, THRESHOLD, difference
from rso_report.errors import Fault, FaultError
from rso_report.missing import totals_with_parts, whole
from rso_report.prose import beside_first
from rso_report.register import populations, preferred
from rso_report.revisions import as_printed, current, first_printed
from rso_report.trace import across, together

RATE, PEOPLE_PER_RSO = "rate_per_100k_10plus", "people_10plus_per_rso"
LARGE_STEP = (0.20, 20)  # share and people; DOMAIN check V16


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: the rule, where, what was printed and what comes out.

    `source_id` holds several sources, separated by |, where they contradict each other.
    """

    rule: str
    source_id: str
    area_id: str
    place: str
    printed: str
    found: str
    rows: str


@dataclass(frozen=True)
class Check:
    """What is wrong with the data package: what `rso-report check` says and a build refuses.

    `tables` (how many), faults of cells and rules, files other than their stated hashes, findings
    that no entry of the ledger speaks of, entries that state what the rows no longer give.
    """

    tables: int
    faults: list[Fault]
    stale_hashes: list[str]
    unexplained_findings: list[dict[str, str]]
    outdated_entries: list[dict[str, str]]

    @property
    def lines(self) -> list[str]:
        """One line for each thing that is wrong, with what to do about it."""
        return [
            *map(str, self.faults),
            *(
                f"data/{path}: found other contents than datapackage.json states; if the change "
                "is meant, run `python -m rso_report.dataset stamp`"
                for path in self.stale_hashes
            ),
            *(
                f"data/discrepancies.csv: found no entry for rule {finding['rule']}, "
                f"{finding['source_id']}, {finding['place']}: printed {finding['printed']}, "
                f"found {finding['found']}; add an entry that says how it is treated"
                for finding in self.unexplained_findings
            ),
            *(
                f"data/discrepancies.csv, entry {entry['discrepancy_id']}: {entry['stale']}; "
                "put the entry or the rows right"
                for entry in self.outdated_entries
            ),
        ]


def check() -> Check:
    """Check the whole data package: cells, rules, hashes, and the ledger against the sources.

    Raises FaultError if `datapackage.json` cannot be read.
    """
    tables = [resource["name"] for resource in dataset.descriptor()["resources"]]
    stale = dataset.stale_hashes()
    try:
        data = dataset.load(*tables)
    except FaultError as error:
        return Check(len(tables), error.faults, stale, [], [])
    found = findings(data)
    new = unexplained(data, found)[["rule", "source_id", "place", "printed", "found"]]
    entries = ledger(data, found)
    outdated = entries.loc[entries["stale"] != "", ["discrepancy_id", "stale"]]
    return Check(len(tables), [], stale, new.to_dict("records"), outdated.to_dict("records"))


# What each rule finds, in words.
SAYS = {
    "row_total": "row total differs from its cells",
    "column_total": "column total differs from its cells",
    "grand_total_of_rows": "grand total differs from the printed row totals",
    "heading_and_title": "heading names another order than the titles",
    "part_year": "period not over when counted",
    "equal_cells": "same number under two titles",
    "recoded_to_zero": "title drops to zero for good",
    "total_not_printed": "parts without a printed total",
    "two_counts": "two counts of the same thing",
    "two_series": "two series for one force and year",
    "rate_base": "rate agrees only with people aged 10 and over",
    "revised_total": "total printed before a part was revised",
    "change_claim": "printed change differs from the counts",
    "parts_of_total": "parts differ from the total",
    "rate_miss": "rate that does not agree with count and population",
    "large_step": "change of more than a fifth in a year",
}


def findings(data: Tables) -> pd.DataFrame:
    """Everything the rules find, one row each, with the columns of `Finding`."""
    found = [asdict(finding) for rule in RULES for finding in rule(data)]
    return pd.DataFrame(found, columns=list(Finding.__annotations__))


def ledger(data: Tables, found: pd.DataFrame) -> pd.DataFrame:
    """The ledger with `evidence` and `stale`, for the entries that a rule computes or name rows.

    `evidence` is the number of findings that bear the entry out. `stale` says why the entry no
    longer fits the rows ("" if it does): no finding bears it out, or a number that it states is
    neither in those findings nor in the rows of its sources. Of an entry without a rule the figures
    printed, or else those found, have to be in the rows that it names, or their sum.
    """
    entries = data.discrepancies
    held, by_row = _values_by_source(data), _values_by_row(data)
    evidence, stale = [], []
    for entry in entries.itertuples():
        own = [finding for finding in found.itertuples() if _bears_out(entry, finding)]
        evidence.append(len(own))
        stale.append(_why_stale(entry, own, held) if entry.rule else _unlike_rows(entry, by_row))
    return entries.assign(evidence=evidence, stale=stale)


def unexplained(data: Tables, found: pd.DataFrame) -> pd.DataFrame:
    """Findings that no entry of the ledger speaks of: a new source may bring some."""
    entries = list(data.discrepancies.itertuples())
    known = [any(_bears_out(e, finding) for e in entries) for finding in found.itertuples()]
    return found[[not k for k in known]]


def _bears_out(entry: Any, finding: Any) -> bool:  # noqa: ANN401
    """Whether a finding is what a ledger entry says: its rule, a source and a number in common.

    Without the number one finding would stand for every entry about its source.
    """
    own = {entry.source_id, *entry.other_sources.split("|")}
    if entry.rule != finding.rule or own.isdisjoint(finding.source_id.split("|")):
        return False
    stated = _numbers(entry.printed, entry.found)
    return not stated or not stated.isdisjoint(_numbers(finding.printed, finding.found))


def _why_stale(entry: Any, own: list[Any], held: dict[str, set[float]]) -> str:  # noqa: ANN401
    if not own:
        return "no finding of its rule bears it out"
    known: set[float] = set()
    for finding in own:
        known |= _numbers(finding.place, finding.printed, finding.found)
    if entry.rule in ("rate_base", "rate_miss"):  # "one in N" and a rate are the same figure
        known |= {1e5} | {float(statistics.round_half_up(1e5 / n, 1)) for n in known if n}
    for source in (entry.source_id, *entry.other_sources.split("|")):
        known |= held.get(source, set())
    known |= {float(statistics.round_half_up(number)) for number in known}  # 56.1 is told as 56
    return _absent(_numbers(entry.printed, entry.found) - known)


def _unlike_rows(entry: Any, by_row: Mapping[str, float]) -> str:  # noqa: ANN401
    named = pd.Series({row: by_row[row] for row in entry.rows.split("|") if row in by_row})
    if named.empty:
        return ""
    known = {*named, *named.groupby(named.index.str[:2]).sum()}
    stated = [_numbers(entry.printed), _numbers(entry.found)]
    # A figure that was not taken stands in no row: then those found beside it do.
    fits = any(numbers and numbers <= known for numbers in stated)
    return "" if fits else _absent(stated[0] - known)


def _absent(figures: set[float]) -> str:
    said = ", ".join(f"{figure:,g}" for figure in sorted(figures))
    return f"the rows no longer give {said}" if said else ""


# Years, days of a month and numbers of forces stand in ledger sentences beside the figures.
_FIGURE = re.compile(
    r"(?<![\d.])(?!(?:19|20)\d\d\b(?!,\d))\d[\d,]*+(?:\.\d+)?+(?! forces| (?:"
    + "|".join(month[:3] for month in periods.MONTHS)
    + r"))"
)


def _numbers(*texts: str) -> set[float]:
    """The figures stated in texts, without signs."""
    found = (match.strip(",") for text in texts for match in _FIGURE.findall(text))
    return {float(text.replace(",", "")) for text in found}


def _values_by_row(data: Tables) -> dict[str, float]:
    """Every value by the identifier of its row."""
    frames = (getattr(data, name, None) for name in ROW_TABLES.values())
    held = [f.set_index("row_id")["value"] for f in frames if f is not None and "value" in f]
    return pd.concat(held).dropna().astype("float64").to_dict()


def _values_by_source(data: Tables) -> dict[str, set[float]]:
    """Every value that the rows of a source hold, by source."""
    held: dict[str, set[float]] = {}
    for name in ROW_TABLES.values():
        frame = getattr(data, name, None)
        if frame is not None and {"value", "source_id"} <= set(frame):
            for source, own in frame.dropna(subset=["value"]).groupby("source_id"):
                held.setdefault(source, set()).update(own["value"].abs().astype("float64"))
    return held


def _finding(rule: str, row: Any, place: str, printed: str, found: str, rows: str) -> Finding:  # noqa: ANN401
    """A finding about the source and the area, if it has one, of a row."""
    return Finding(rule, row.source_id, getattr(row, "area_id", ""), place, printed, found, rows)


def _everybody(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts of people of any sex and MAPPA level."""
    return rows[(rows["sex"] == "all") & (rows["mappa_level"] == "all")]


def _groups(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[pd.Series, pd.DataFrame]]:
    """Rows that have some columns in common, with the first of them."""
    for _, group in rows.groupby(list(columns)):
        yield group.iloc[0], group


def _printed_totals(data: Tables) -> Iterator[Finding]:
    """Row, column and grand totals as printed against the sum of their cells."""
    cells = _cells_of_tables(data)
    for total in first_printed(data.printed_totals).itertuples():
        within = cells[
            (cells["source_id"] == total.source_id)
            & (cells["table_as_printed"] == total.table_as_printed)
            & (cells["period_start"] >= total.period_start)
            & (cells["period_end"] <= total.period_end)
        ]
        if total.axis == "row":
            within = within[within["offence_title"] == total.offence_title]
        if (summed := int(within["value"].sum())) != total.value:
            rule = "row_total" if total.axis == "row" else "column_total"
            place, says = total.locator, f"cells sum to {summed}"
            rows = together([total.row_id, *within["row_id"]])
            yield _finding(rule, within.iloc[0], place, str(total.value), says, rows)


def _cells_of_tables(data: Tables) -> pd.DataFrame:
    rows = first_printed(data.breaches)
    return rows[rows["table_as_printed"] != ""]


def _grand_totals(data: Tables) -> Iterator[Finding]:
    """Grand totals as printed against the sum of the printed row totals."""
    totals = first_printed(data.printed_totals)
    for total in totals[totals["axis"] == "grand"].itertuples():
        rows = totals[
            (totals["axis"] == "row")
            & (totals["source_id"] == total.source_id)
            & (totals["table_as_printed"] == total.table_as_printed)
        ]
        if (summed := int(rows["value"].sum())) != total.value:
            place, says = total.locator, f"printed row totals sum to {summed}"
            rows = together([total.row_id, *rows["row_id"]])
            yield _finding("grand_total_of_rows", total, place, str(total.value), says, rows)


def _headings(data: Tables) -> Iterator[Finding]:
    """Tables whose heading names another order than the titles in them."""
    cells = _cells_of_tables(data)
    odd = cells[cells["heading_family"] != cells["family"]]
    key = ("source_id", "area_id", "table_as_printed", "heading_family", "family")
    for row, group in _groups(odd, *key):
        printed = f"heading: {FAMILIES[row.heading_family]}"
        says = f"titles: {FAMILIES[row.family]}"
        place = f"table {row.table_as_printed}"
        yield _finding("heading_and_title", row, place, printed, says, together(group["row_id"]))


def _part_years(data: Tables) -> Iterator[Finding]:
    """Periods that were not over when they were counted."""
    rows = first_printed(data.breaches)
    part = rows[rows["period_status"] == "part"]
    for row, group in _groups(part, "source_id", "area_id", "period_start"):
        ends = row.covered_to_earliest, row.covered_to_latest, row.period_end
        low, high, days = ((end - row.period_start).days + 1 for end in ends)
        says = f"covers {low if low == high else f'{low} to {high}'} of {days} days"
        place = periods.period_label(row.period_start, row.period_end)
        # Kinds of breach are never added to each other.
        printed = ", ".join(map(str, group.groupby("family", sort=False)["value"].sum()))
        yield _finding("part_year", row, place, printed, says, together(group["row_id"]))


def _equal_cells(data: Tables) -> Iterator[Finding]:
    """Two titles of one table with the same number in the same year."""
    cells = _cells_of_tables(data)
    cells = cells[cells["value"] >= EQUAL_CELLS_FROM]
    key = ("source_id", "area_id", "table_as_printed", "period_start", "period_end", "value")
    for row, group in _groups(cells, *key):
        if len(group) > 1:
            period = periods.period_label(row.period_start, row.period_end)
            place = f"table {row.table_as_printed}, {period}"
            printed = " and ".join([str(row.value)] * len(group))
            says = "the same number under two titles"
            yield _finding("equal_cells", row, place, printed, says, together(group["row_id"]))


def _recoded(data: Tables) -> Iterator[Finding]:
    """Titles that drop to 0 for good while others of their table go on."""
    cells = _cells_of_tables(data)
    for row, group in _groups(cells, "source_id", "area_id", "offence_title"):
        values = group.sort_values("period_start")["value"].tolist()
        zeros = next((i for i, v in enumerate(values) if not any(values[i:])), len(values))
        if 0 < zeros < len(values) and values[0] > 0:
            printed, says = ", ".join(map(str, values)), f"0 from period {zeros + 1} on"
            rows = together(group["row_id"])
            yield _finding("recoded_to_zero", row, row.offence_title, printed, says, rows)


def _no_total(data: Tables) -> Iterator[Finding]:
    """Parts that the source printed without their total."""
    key = ("source_id", "area_id", "as_at")
    rule = "total_not_printed"
    rows = first_printed(data.registered_offenders)
    of_all = set(rows.loc[rows["sex"] == "all", list(key)].itertuples(index=False, name=None))
    for row, sexes in _groups(rows[rows["sex"].isin(["male", "female"])], *key):
        if len(sexes) == 2 and tuple(row[list(key)]) not in of_all:
            parts = " and ".join(f"{v:,}" for v in sexes["value"])
            says = f"sum {sexes['value'].sum():,}"
            yield _finding(rule, row, f"{row.as_at.year}", parts, says, together(sexes["row_id"]))
    staff = first_printed(data.staffing)
    ranks = staff[(staff["measure"] == "officers") & (staff["rank"] != "")]
    for row, group in _groups(ranks, *key):
        parts = ", ".join(f"{v:g}" for v in group["value"])
        says = f"sum {group['value'].sum():g}"
        yield _finding(rule, row, f"{row.as_at.year}", parts, says, together(group["row_id"]))


def _apart(gap: int) -> str:
    """How far apart two counts of people are, in words that single nobody out."""
    hidden = difference(gap) == HIDDEN
    return f"fewer than {THRESHOLD} apart" if hidden else f"{abs(gap):,} apart"


def _two_counts(data: Tables) -> Iterator[Finding]:
    """The same thing counted twice for one area and month, with different results."""
    stocks, overdue = as_printed(data.registered_offenders), as_printed(data.staffing)
    stocks = _everybody(stocks)
    pairs: dict[tuple, pd.DataFrame] = {}
    for rows, what in (
        (stocks[stocks["custody_status"].isin(["both", "not_stated"])], "series_id"),
        (stocks[stocks["custody_status"] == "community"], "custody_status"),
        (whole(first_printed(data.missing)), "series_id"),
        (overdue[overdue["measure"] == "visits_overdue"], "measure"),
    ):
        exact = rows[rows["qualifier"] == "exact"]
        exact = exact.assign(month=exact["as_at"].dt.strftime("%Y-%m"))
        for _, group in _groups(exact, what, "area_id", "month"):
            if group["value"].nunique() > 1:
                pairs[tuple(sorted(group["row_id"]))] = group
    for rows, group in pairs.items():
        values = sorted(set(group["value"].astype("int64")))
        row = group.assign(source_id="|".join(dict.fromkeys(group["source_id"]))).iloc[0]
        place, says = periods.as_at_label(row.as_at, "month"), _apart(values[-1] - values[0])
        printed = " and ".join(f"{v:,}" for v in values)
        yield _finding("two_counts", row, place, printed, says, together(rows))


def _two_series(data: Tables) -> Iterator[Finding]:
    """A register total with custody and a community count of one force and year."""
    stocks = _everybody(first_printed(data.registered_offenders))
    stocks = stocks.assign(year=stocks["as_at"].dt.year)
    with_custody = stocks[stocks["custody_status"] == "both"]
    community = stocks[stocks["series_id"] == "STOCK_MAPPA"]
    both = with_custody.merge(community, on=["area_id", "year"], suffixes=("", "_community"))
    says = "with custody, and in the community"
    for row in both.itertuples():
        printed = f"{row.value:,} and {row.value_community:,}"
        rows = together([row.row_id, row.row_id_community])
        yield _finding("two_series", row, str(row.year), printed, says, rows)


def _rate_base(data: Tables) -> Iterator[Finding]:
    """Rates said to be per 100,000 people that come out only with people aged 10 and over."""
    printed = as_printed(data.published_rates)
    printed = printed[printed["measure"] == RATE]
    printed = printed[printed["base_as_printed"].isin(["people", "population", "residents"])]
    for row in _with_count_and_base(data, printed).itertuples():
        people = row.population_10plus, row.all_ages
        by_10plus, by_all = (1e5 * row.value_count / each for each in people)
        if _agrees(RATE, by_10plus, row.value) and not _agrees(RATE, by_all, row.value):
            place = periods.as_at_label(row.as_at, row.as_at_precision)
            words = f"{row.value:g} per 100,000 {row.base_as_printed}"
            says = f"{by_10plus:.0f} with residents aged 10 and over, {by_all:.0f} with all ages"
            rows = together([row.row_id, row.row_id_count, row.population_row])
            yield _finding("rate_base", row, place, words, says, rows)


def _with_count_and_base(data: Tables, rates: pd.DataFrame) -> pd.DataFrame:
    """Rates with the community count and the population of their area and date, if both are held.

    The count is the one that is used, by both, unless it is a bound; its columns end in `_count`.
    """
    counts = _everybody(preferred(data.registered_offenders, data.sources))
    counts = counts[counts["series_id"] == "STOCK_MAPPA"]
    counts = counts[counts["qualifier"].isin(["exact", "rounded"])]
    found = rates.merge(counts, on=["area_id", "as_at"], suffixes=("", "_count"))
    found = found.join(populations(data, zip(found["area_id"], found["as_at"], strict=True)))
    return found[found["population_row"] != ""]


def _totals_of_missing(data: Tables) -> Iterator[Finding]:
    """Totals of missing people that a source printed for several forces against their parts.

    As first given they have to add up; later, a revised part may leave its total behind.
    """
    for total in totals_with_parts(whole(data.missing), data.areas):
        if total["first"] != total["printed"]:
            rule, says = "parts_of_total", f"parts sum to {total['first']:,}"
        elif total["current"] != total["printed"] and not total["total_revised"]:
            parts = "one part" if total["revised"] == 1 else f"{total['revised']} parts"
            rule, says = "revised_total", f"{total['current']:,} after the revision of {parts}"
        else:
            continue
        place = periods.as_at_label(total["as_at"], total["as_at_precision"])
        rows = together([total["first_rows"], total["rows"]])
        yield _finding(rule, pd.Series(total), place, f"{total['printed']:,}", says, rows)


def _parts_of_missing(data: Tables) -> Iterator[Finding]:
    """MAPPA levels, people abroad and other parts of missing people that exceed their total.

    Levels that name the unknown one too have to make the total.
    """
    rows = first_printed(data.missing)
    rows = rows[(rows["series_id"] == "MISSING_STOCK") & (rows["subset"] == "all")]
    totals = whole(rows)
    rest = rows[~rows["row_id"].isin(totals["row_id"])]
    for total in totals.itertuples():
        parts = rest[
            (rest["source_id"] == total.source_id)
            & (rest["area_id"] == total.area_id)
            & (rest["as_at"] == total.as_at)
        ]
        levels = parts[parts["mappa_level"] != "all"]
        others = parts.drop(levels.index)
        groups = [(f"parts sum to {levels['value'].sum():,}", levels)]
        groups += [(f"a part of {row['value']:,}", others.loc[[i]]) for i, row in others.iterrows()]
        for says, group in groups:
            summed, split = group["value"].sum(), "unknown" in set(group["mappa_level"])
            if summed > total.value or (split and summed != total.value):
                place = periods.as_at_label(total.as_at, total.as_at_precision)
                rows = together([total.row_id, *group["row_id"]])
                yield _finding("parts_of_total", total, place, f"{total.value:,}", says, rows)


def _change_claims(data: Tables) -> Iterator[Finding]:
    """Percentages and differences as printed against the counts of the two dates."""
    counts = _everybody(preferred(data.registered_offenders, data.sources))
    counts = counts[(counts["series_id"] == "STOCK_MAPPA") & (counts["qualifier"] == "exact")]
    by_place = {(row.area_id, row.as_at): row for row in counts.itertuples()}
    claims = as_printed(data.published_changes)
    for claim in claims[claims["qualifier"].isin(["exact", "rounded"])].itertuples():
        first = by_place.get((claim.area_id, claim.from_date))
        last = by_place.get((claim.area_id, claim.as_at))
        if first is None or last is None:
            continue
        exactly = claim.qualifier == "exact" and claim.measure == "change_persons"
        digits = 0 if exactly else _decimals(claim.value)
        change = _change(claim.measure, first.value, last.value)
        if abs(change - claim.value) > 0.5 * 10**-digits + 1e-9:
            place = f"{claim.from_date.year} to {claim.as_at.year}"
            printed = f"{claim.value:g}" + (" %" if claim.measure == "change_pct" else "")
            says = _change_words(claim.measure, first, last)
            rows = together([claim.row_id, first.rows, last.rows])
            yield _finding("change_claim", claim, place, printed, says, rows)


def _decimals(number: float) -> int:
    return 0 if float(number).is_integer() else len(str(number).split(".")[1])


def _change(measure: str, first: float, last: float) -> float:
    return 100 * (last - first) / first if measure == "change_pct" else last - first


def _change_words(measure: str, first: Any, last: Any) -> str:  # noqa: ANN401
    """The change between two counts, now and, if one was revised, by their first values."""

    def words(first: float, last: float) -> str:
        change = _change(measure, first, last)
        hidden = measure == "change_persons" and difference(int(change)) == HIDDEN
        return HIDDEN if hidden else f"{change:+.1f}"

    ends = [beside_first(f"{row.value:,}", row.first_value) for row in (first, last)]
    text = f"{words(first.value, last.value)} from {' to '.join(ends)}"
    if pd.isna(first.first_value) and pd.isna(last.first_value):
        return text
    before = [row.value if pd.isna(row.first_value) else row.first_value for row in (first, last)]
    return f"{text}; {words(*before)} by the first values"


def _parts_of_total(data: Tables) -> Iterator[Finding]:
    """Community, custody and, if given, abroad against the total of the same source and date."""
    stocks = _everybody(first_printed(data.registered_offenders))
    for row, group in _groups(stocks, "source_id", "area_id", "as_at"):
        if {"community", "custody", "both"} <= set(group["custody_status"]):
            by = group.drop_duplicates("custody_status").set_index("custody_status")
            given = by.index.intersection(["community", "custody", "abroad"])
            parts, total = int(by.loc[given, "value"].sum()), int(by.at["both", "value"])
            if parts != total:
                place = periods.as_at_label(row.as_at, "month")
                says = f"parts sum to {parts:,}, {_apart(total - parts)}"
                rows = together(by["row_id"])
                yield _finding("parts_of_total", row, place, f"{total:,}", says, rows)


def _large_steps(data: Tables) -> Iterator[Finding]:
    """Community counts that change by more than a fifth from one March to the next."""
    counts = preferred(data.registered_offenders, data.sources)
    counts = counts[
        (counts["series_id"] == "STOCK_MAPPA")
        & (counts["mappa_level"] == "all")
        & (counts["qualifier"] == "exact")
        & (counts["as_at"].dt.year > 2010)
    ]
    share, people = LARGE_STEP
    for _, group in _groups(counts.sort_values("as_at"), "area_id"):
        for before, after in pairwise(group.itertuples()):
            step, years = after.value - before.value, (before.as_at.year, after.as_at.year)
            yearly = years[1] == years[0] + 1
            if yearly and abs(step) > people and abs(step) / before.value > share:
                ends = [beside_first(f"{row.value:,}", row.first_value) for row in (before, after)]
                place, says = (
                    "March {} to March {}".format(*years),
                    f"{100 * step / before.value:+.0f} %",
                )
                rows = together([before.rows, after.rows])
                yield _finding("large_step", after, place, " to ".join(ends), says, rows)


def rate_back_test(data: Tables, measure: str = RATE) -> pd.DataFrame:
    """Every published rate for which a count and the population of its date are held, again.

    `measure` is RATE, per 100,000, or PEOPLE_PER_RSO, the "one in N" of the press. Columns:
    area_id, as_at, count, population_10plus, base_date and base_segment (see `register.rates`),
    published, first_count and first_published (before a revision, else <NA>), computed (unrounded),
    difference (computed less published), agrees (see `_agrees`), explanation, source_id (of the
    rate), rows (rate, count, population).
    """
    return _tested(data, measure).assign(
        explanation=lambda tests: [_why(data, test) for test in tests.itertuples()]
    )


def _tested(data: Tables, measure: str) -> pd.DataFrame:
    """What `rate_back_test` returns, unexplained; `by_first` is the rate of a first count."""
    rates = current(data.published_rates)
    tests = _with_count_and_base(data, rates[rates["measure"] == measure])
    tests["rows"] = across(*(tests[name] for name in ("rows", "rows_count", "population_row")))
    names = {"value": "published", "first_value": "first_published", "value_count": "count"}
    tests = tests.rename(columns=names)
    tests["first_count"] = tests["first_value_count"].astype("Int64")
    people = tests["population_10plus"].astype("int64")
    tests["computed"] = _rate(measure, tests["count"], people)
    tests["by_first"] = _rate(measure, tests["first_count"], people)
    tests["difference"] = tests["computed"] - tests["published"]
    pairs = zip(tests["computed"], tests["published"], strict=True)
    tests["agrees"] = [_agrees(measure, *pair) for pair in pairs]
    columns = ["area_id", "as_at", "measure", "count", "population_10plus", "base_date"]
    columns += ["base_segment", "published", "first_count", "first_published", "computed"]
    columns += ["by_first", "difference", "agrees", "source_id", "rows"]
    return tests[columns].sort_values(["as_at", "area_id", "rows"]).reset_index(drop=True)


def _rate(measure: str, count: pd.Series, people: pd.Series) -> pd.Series:
    return 1e5 * count / people if measure == RATE else people / count


def _agrees(measure: str, computed: float, published: float) -> bool:
    """Whether a computed rate is the published one after rounding half up to its decimals.

    "One in N" agrees too if N is 100,000 divided by the rounded rate, as the press makes it.
    """
    if statistics.round_half_up(computed, _decimals(published)) == published:
        return True
    rounded = statistics.round_half_up(1e5 / computed)
    return bool(
        measure == PEOPLE_PER_RSO
        and rounded > 0
        and statistics.round_half_up(1e5 / rounded) == published
    )


def _first_fits(test: Any) -> bool:  # noqa: ANN401
    """Whether the count of a test was revised, and the rate is the one of the first count."""
    return pd.notna(test.by_first) and _agrees(test.measure, test.by_first, test.published)


def _why(data: Tables, test: Any) -> str:  # noqa: ANN401
    """Why a published rate does not come out: a revised count, else what the ledger says of it."""
    if test.agrees:
        return "agrees after rounding"
    ledger = data.discrepancies
    entries = [
        entry
        for entry in ledger[ledger["rule"] == "rate_miss"].itertuples()
        if test.source_id in {entry.source_id, *entry.other_sources.split("|")}
        and _place(data, test) in entry.place.split("; ")
    ]
    known = "; ".join(f"{entry.discrepancy_id}: {entry.found}" for entry in entries)
    if _first_fits(test):
        return f"agrees with the count as first published, {test.first_count:,}" + (
            f" ({', '.join(entry.discrepancy_id for entry in entries)})" if entries else ""
        )
    return known or "not explained"


def _place(data: Tables, test: Any) -> str:  # noqa: ANN401
    """The area and date of a test as the ledger writes them: `Norfolk, March 2022`."""
    name = data.areas.set_index("area_id").at[test.area_id, "short_name"]
    return f"{name}, {test.as_at:%B %Y}"


def _rate_misses(data: Tables) -> Iterator[Finding]:
    """Published rates that do not come out from the count and the population of their date."""
    for measure, words in ((RATE, "{:g} per 100,000"), (PEOPLE_PER_RSO, "1 in {:g}")):
        tests = _tested(data, measure)
        for test in tests[~tests["agrees"]].itertuples():
            first = f"; {test.first_count:,} make {test.by_first:.1f}" if _first_fits(test) else ""
            says = f"{test.count:,} make {test.computed:.1f}{first}"
            printed = words.format(test.published)
            yield _finding("rate_miss", test, _place(data, test), printed, says, test.rows)


RULES: tuple[Callable[[Tables], Iterator[Finding]], ...] = (
    _printed_totals,
    _grand_totals,
    _headings,
    _part_years,
    _equal_cells,
    _recoded,
    _no_total,
    _two_counts,
    _two_series,
    _rate_base,
    _rate_misses,
    _totals_of_missing,
    _parts_of_missing,
    _change_claims,
    _parts_of_total,
    _large_steps,
)
