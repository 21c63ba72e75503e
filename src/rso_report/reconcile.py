"""Checks of the sources against themselves and each other, from the raw rows.

Each rule returns what it finds; the ledger `discrepancies` says, in words, what it means and how
the report treats it. A new source passes through the same rules. A source is checked as it printed
its figures first; sources are set against each other with what they printed later, too.
"""

import re
from collections.abc import Callable
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


def findings(data: Tables) -> pd.DataFrame:
    """Everything the rules find, one row each, with the columns of `Finding`."""
    found = [asdict(finding) for rule in RULES for finding in rule(data)]
    return pd.DataFrame(found, columns=list(Finding.__annotations__))


def ledger(data: Tables, found: pd.DataFrame) -> pd.DataFrame:
    """The ledger with `evidence` and `stale`, for the entries that a rule computes.

    `evidence` is the number of findings that bear the entry out. `stale` says why the entry no
    longer fits the rows ("" if it does): no finding bears it out, or a number that it states is
    neither in those findings nor in the rows of its sources.
    """
    entries = data.discrepancies
    held = _values_by_source(data)
    evidence, stale = [], []
    for entry in entries.itertuples():
        own = [finding for finding in found.itertuples() if _bears_out(entry, finding)]
        evidence.append(len(own))
        stale.append(_why_stale(entry, own, held) if entry.rule else "")
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
    absent = sorted(_numbers(entry.printed, entry.found) - known)
    if not absent:
        return ""
    return f"the rows no longer give {', '.join(f'{number:,g}' for number in absent)}"


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


def _values_by_source(data: Tables) -> dict[str, set[float]]:
    """Every value that the rows of a source hold, by source."""
    held: dict[str, set[float]] = {}
    for name in ROW_TABLES.values():
        frame = getattr(data, name, None)
        if frame is not None and {"value", "source_id"} <= set(frame):
            for source, own in frame.dropna(subset=["value"]).groupby("source_id"):
                held.setdefault(source, set()).update(own["value"].abs().astype("float64"))
    return held


def _printed_totals(data: Tables) -> list[Finding]:
    """Row, column and grand totals as printed against the sum of their cells."""
    cells = _cells_of_tables(data)
    found = []
    for total in first_printed(data.printed_totals).itertuples():
        own = cells[
            (cells["source_id"] == total.source_id)
            & (cells["table_as_printed"] == total.table_as_printed)
            & (cells["period_start"] >= total.period_start)
            & (cells["period_end"] <= total.period_end)
        ]
        if total.axis == "row":
            own = own[own["offence_title"] == total.offence_title]
        summed = int(own["value"].sum())
        if summed != total.value:
            rule = "row_total" if total.axis == "row" else "column_total"
            found.append(
                Finding(
                    rule,
                    total.source_id,
                    own["area_id"].iloc[0],
                    total.locator,
                    str(total.value),
                    f"cells sum to {summed}",
                    "+".join([total.row_id, *own["row_id"]]),
                )
            )
    return found


def _cells_of_tables(data: Tables) -> pd.DataFrame:
    rows = first_printed(data.breaches)
    return rows[rows["table_as_printed"] != ""]


def _grand_totals(data: Tables) -> list[Finding]:
    """Grand totals as printed against the sum of the printed row totals."""
    totals = first_printed(data.printed_totals)
    found = []
    for total in totals[totals["axis"] == "grand"].itertuples():
        rows = totals[
            (totals["axis"] == "row")
            & (totals["source_id"] == total.source_id)
            & (totals["table_as_printed"] == total.table_as_printed)
        ]
        summed = int(rows["value"].sum())
        if summed != total.value:
            found.append(
                Finding(
                    "grand_total_of_rows",
                    total.source_id,
                    "",
                    total.locator,
                    str(total.value),
                    f"printed row totals sum to {summed}",
                    "+".join([total.row_id, *rows["row_id"]]),
                )
            )
    return found


def _headings(data: Tables) -> list[Finding]:
    """Tables whose heading names another order than the titles in them."""
    cells = _cells_of_tables(data)
    odd = cells[cells["heading_family"] != cells["family"]]
    key = ["source_id", "area_id", "table_as_printed", "heading_family", "family"]
    return [
        Finding(
            "heading_and_title",
            source,
            area,
            f"table {table}",
            f"heading: {FAMILIES[heading]}",
            f"titles: {FAMILIES[family]}",
            "+".join(group["row_id"]),
        )
        for (source, area, table, heading, family), group in odd.groupby(key)
    ]


def _part_years(data: Tables) -> list[Finding]:
    """Periods that were not over when they were counted."""
    rows = first_printed(data.breaches)
    part = rows[rows["period_status"] == "part"]
    key = ["source_id", "area_id", "period_start"]
    found = []
    for (source, area, start), group in part.groupby(key):
        row = group.iloc[0]
        low = (row["covered_to_earliest"] - start).days + 1
        high = (row["covered_to_latest"] - start).days + 1
        days = (row["period_end"] - start).days + 1
        span = f"{low}" if low == high else f"{low} to {high}"
        found.append(
            Finding(
                "part_year",
                source,
                area,
                periods.period_label(start, row["period_end"]),
                str(int(group["value"].sum())),
                f"covers {span} of {days} days",
                "+".join(group["row_id"]),
            )
        )
    return found


def _equal_cells(data: Tables) -> list[Finding]:
    """Two titles of one table with the same number in the same year."""
    cells = _cells_of_tables(data)
    cells = cells[cells["value"] >= EQUAL_CELLS_FROM]
    key = ["source_id", "area_id", "table_as_printed", "period_start", "period_end", "value"]
    return [
        Finding(
            "equal_cells",
            k[0],
            k[1],
            f"table {k[2]}, {periods.period_label(k[3], k[4])}",
            " and ".join([str(k[5])] * len(group)),
            "the same number under two titles",
            "+".join(group["row_id"]),
        )
        for k, group in cells.groupby(key)
        if len(group) > 1
    ]


def _recoded(data: Tables) -> list[Finding]:
    """Titles that drop to 0 for good while others of their table go on."""
    cells = _cells_of_tables(data)
    found = []
    for (source, area, title), group in cells.groupby(["source_id", "area_id", "offence_title"]):
        values = group.sort_values("period_start")["value"].tolist()
        zeros = next((i for i, v in enumerate(values) if not any(values[i:])), len(values))
        if 0 < zeros < len(values) and values[0] > 0:
            found.append(
                Finding(
                    "recoded_to_zero",
                    source,
                    area,
                    title,
                    ", ".join(map(str, values)),
                    f"0 from period {zeros + 1} on",
                    "+".join(group["row_id"]),
                )
            )
    return found


def _no_total(data: Tables) -> list[Finding]:
    """Parts that the source printed without their total."""
    found = []
    counts = first_printed(data.registered_offenders)
    key = ["source_id", "area_id", "as_at"]
    for (source, area, as_at), group in counts.groupby(key):
        sexes = group[group["sex"].isin(["male", "female"])]
        if len(sexes) == 2 and not (group["sex"] == "all").any():
            parts = " and ".join(f"{v:,}" for v in sexes["value"])
            total = f"sum {sexes['value'].sum():,}"
            rows = "+".join(sexes["row_id"])
            found.append(
                Finding("total_not_printed", source, area, f"{as_at.year}", parts, total, rows)
            )
    staff = first_printed(data.staffing)
    ranks = staff[(staff["measure"] == "officers") & (staff["rank"] != "")]
    for (source, area, as_at), group in ranks.groupby(key):
        parts = ", ".join(f"{v:g}" for v in group["value"])
        total = f"sum {group['value'].sum():g}"
        rows = "+".join(group["row_id"])
        found.append(
            Finding("total_not_printed", source, area, f"{as_at.year}", parts, total, rows)
        )
    return found


def _apart(people: int) -> str:
    """How far apart two counts of people are, in words that single nobody out."""
    gap = difference(abs(people))
    return f"fewer than {THRESHOLD} apart" if gap == HIDDEN else f"{gap:,} apart"


def _two_counts(data: Tables) -> list[Finding]:
    """The same thing counted twice for one area and month, with different results."""
    stocks = as_printed(data.registered_offenders)
    stocks = stocks[(stocks["sex"] == "all") & (stocks["mappa_level"] == "all")]
    overdue = as_printed(data.staffing)
    overdue = overdue[overdue["measure"] == "visits_overdue"]
    lost = whole(first_printed(data.missing))
    groups: dict[tuple, list[pd.Series]] = {}
    in_all = stocks[stocks["custody_status"].isin(["both", "not_stated"])]
    community = stocks[stocks["custody_status"] == "community"]
    for frame, what in (
        (in_all, "series_id"),
        (community, "custody_status"),
        (lost, "series_id"),
        (overdue, "measure"),
    ):
        exact = frame[frame["qualifier"] == "exact"]
        month = exact["as_at"].dt.strftime("%Y-%m")
        for _, group in exact.groupby([exact[what], exact["area_id"], month]):
            if group["value"].nunique() > 1:
                groups[tuple(sorted(group["row_id"]))] = [r for _, r in group.iterrows()]
    found = []
    for rows, group in groups.items():
        values = sorted({int(r["value"]) for r in group})
        found.append(
            Finding(
                "two_counts",
                "|".join(dict.fromkeys(r["source_id"] for r in group)),
                group[0]["area_id"],
                periods.as_at_label(group[0]["as_at"], "month"),
                " and ".join(f"{v:,}" for v in values),
                _apart(values[-1] - values[0]),
                "+".join(rows),
            )
        )
    return found


def _apart(gap: int) -> str:
    own = difference(gap)
    return f"fewer than {THRESHOLD} apart" if own == HIDDEN else f"{abs(gap):,} apart"


def _two_series(data: Tables) -> list[Finding]:
    """A register total with custody and a community count of one force and year."""
    stocks = first_printed(data.registered_offenders)
    stocks = stocks[(stocks["sex"] == "all") & (stocks["mappa_level"] == "all")]
    year = stocks["as_at"].dt.year
    with_custody = stocks.assign(year=year)[stocks["custody_status"] == "both"]
    community = stocks.assign(year=year)[stocks["series_id"] == "STOCK_MAPPA"]
    pairs = with_custody.merge(community, on=["area_id", "year"], suffixes=("", "_community"))
    return [
        Finding(
            "two_series",
            p.source_id,
            p.area_id,
            str(p.year),
            f"{p.value:,} and {p.value_community:,}",
            "with custody, and in the community",
            f"{p.row_id}+{p.row_id_community}",
        )
        for p in pairs.itertuples()
    ]


def _rate_base(data: Tables) -> list[Finding]:
    """Rates said to be per 100,000 people that come out only with people aged 10 and over."""
    printed = as_printed(data.published_rates)
    printed = printed[
        (printed["measure"] == RATE)
        & printed["base_as_printed"].isin(["people", "population", "residents"])
    ]
    counts = _community_counts(data)
    keys = list(zip(printed["area_id"], printed["as_at"], strict=True))
    found = []
    for row, base in zip(printed.itertuples(), populations(data, keys).itertuples(), strict=True):
        key = (row.area_id, row.as_at)
        if not base.population_row or key not in counts.index:
            continue
        count = int(counts.at[key, "value"])
        by_10plus, by_all = (1e5 * count / n for n in (base.population_10plus, base.all_ages))
        if _agrees(RATE, by_10plus, row.value) and not _agrees(RATE, by_all, row.value):
            found.append(
                Finding(
                    "rate_base",
                    row.source_id,
                    row.area_id,
                    periods.as_at_label(row.as_at, row.as_at_precision),
                    f"{row.value:g} per 100,000 {row.base_as_printed}",
                    f"{by_10plus:.0f} with residents aged 10 and over, {by_all:.0f} with all ages",
                    "+".join([row.row_id, counts.at[key, "row_id"], base.population_row]),
                )
            )
    return found


def _totals_of_missing(data: Tables) -> list[Finding]:
    """Totals of missing people that a source printed for several forces against their parts.

    As first given they have to add up; later, a revised part may leave its total behind.
    """
    found = []
    for total in totals_with_parts(whole(data.missing), data.areas):
        if total["first"] != total["printed"]:
            rule, says = "parts_of_total", f"parts sum to {total['first']:,}"
        elif total["current"] != total["printed"] and not total["total_revised"]:
            parts = "one part" if total["revised"] == 1 else f"{total['revised']} parts"
            rule, says = "revised_total", f"{total['current']:,} after the revision of {parts}"
        else:
            continue
        found.append(
            Finding(
                rule,
                total["source_id"],
                total["area_id"],
                periods.as_at_label(total["as_at"], total["as_at_precision"]),
                f"{total['printed']:,}",
                says,
                "+".join(dict.fromkeys(f"{total['first_rows']}+{total['rows']}".split("+"))),
            )
        )
    return found


def _parts_of_missing(data: Tables) -> list[Finding]:
    """MAPPA levels, people abroad and other parts of missing people that exceed their total.

    Levels that name the unknown one too have to make the total.
    """
    rows = first_printed(data.missing)
    rows = rows[(rows["series_id"] == "MISSING_STOCK") & (rows["subset"] == "all")]
    totals = whole(rows)
    found = []
    for total in totals.itertuples():
        own = rows[
            (rows["source_id"] == total.source_id)
            & (rows["area_id"] == total.area_id)
            & (rows["as_at"] == total.as_at)
            & ~rows["row_id"].isin(totals["row_id"])
        ]
        levels = own[own["mappa_level"] != "all"]
        sums = [(f"parts sum to {levels['value'].sum():,}", levels)]
        others = own.drop(levels.index)
        sums += [
            (f"a part of {row.value:,}", others.loc[[row.Index]]) for row in others.itertuples()
        ]
        for says, parts in sums:
            whole_split = "unknown" in set(parts["mappa_level"])
            summed = parts["value"].sum()
            if summed > total.value or (whole_split and summed != total.value):
                found.append(
                    Finding(
                        "parts_of_total",
                        total.source_id,
                        total.area_id,
                        periods.as_at_label(total.as_at, total.as_at_precision),
                        f"{total.value:,}",
                        says,
                        "+".join([total.row_id, *parts["row_id"]]),
                    )
                )
    return found


def _change_claims(data: Tables) -> list[Finding]:
    """Percentages and differences as printed against the counts of the two dates."""
    counts = preferred(data.registered_offenders, data.sources)
    counts = counts[(counts["series_id"] == "STOCK_MAPPA") & (counts["qualifier"] == "exact")]
    counts = counts[(counts["sex"] == "all") & (counts["mappa_level"] == "all")]
    counts = counts.set_index(["area_id", "as_at"])
    value, row_id, at_first = counts["value"], counts["rows"], counts["first_value"]
    found = []
    for claim in as_printed(data.published_changes).itertuples():
        first = value.get((claim.area_id, claim.from_date))
        last = value.get((claim.area_id, claim.as_at))
        if first is None or last is None:
            continue
        change = _change(claim.measure, first, last)
        digits = 0 if float(claim.value).is_integer() else len(str(claim.value).split(".")[1])
        if claim.qualifier == "exact" and claim.measure == "change_persons":
            digits = 0
        if abs(change - claim.value) > 0.5 * 10**-digits + 1e-9 and claim.qualifier in (
            "exact",
            "rounded",
        ):
            found.append(
                Finding(
                    "change_claim",
                    claim.source_id,
                    claim.area_id,
                    f"{claim.from_date.year} to {claim.as_at.year}",
                    f"{claim.value:g}" + (" %" if claim.measure == "change_pct" else ""),
                    _change_words(
                        claim.measure,
                        (first, at_first[claim.area_id, claim.from_date]),
                        (last, at_first[claim.area_id, claim.as_at]),
                    ),
                    "+".join(
                        [
                            claim.row_id,
                            row_id[claim.area_id, claim.from_date],
                            row_id[claim.area_id, claim.as_at],
                        ]
                    ),
                )
            )
    return found


def _change(measure: str, first: float, last: float) -> float:
    return 100 * (last - first) / first if measure == "change_pct" else last - first


def _change_words(measure: str, first: tuple[float, float], last: tuple[float, float]) -> str:
    """The change between two counts, each given now and at first (<NA> if never revised)."""

    def words(first: float, last: float) -> str:
        change = _change(measure, first, last)
        hidden = measure == "change_persons" and difference(int(change)) == HIDDEN
        return HIDDEN if hidden else f"{change:+.1f}"

    text = (
        f"{words(first[0], last[0])} from "
        f"{beside_first(f'{first[0]:,}', first[1])} to {beside_first(f'{last[0]:,}', last[1])}"
    )
    if pd.isna(first[1]) and pd.isna(last[1]):
        return text
    before = [now if pd.isna(old) else old for now, old in (first, last)]
    return f"{text}; {words(*before)} by the first values"


def _parts_of_total(data: Tables) -> list[Finding]:
    """Community, custody and, if given, abroad against the total of the same source and date."""
    stocks = first_printed(data.registered_offenders)
    stocks = stocks[(stocks["sex"] == "all") & (stocks["mappa_level"] == "all")]
    found = []
    for (source, area, as_at), group in stocks.groupby(["source_id", "area_id", "as_at"]):
        by = group.drop_duplicates("custody_status").set_index("custody_status")
        if {"community", "custody", "both"} <= set(by.index):
            own = by.index.intersection(["community", "custody", "abroad"])
            parts = int(by.loc[own, "value"].sum())
            total = int(by.at["both", "value"])
            if parts != total:
                found.append(
                    Finding(
                        "parts_of_total",
                        source,
                        area,
                        periods.as_at_label(as_at, "month"),
                        f"{total:,}",
                        f"parts sum to {parts:,}, {_apart(total - parts)}",
                        "+".join(by["row_id"]),
                    )
                )
    return found


def _large_steps(data: Tables) -> list[Finding]:
    """Community counts that change by more than a fifth from one March to the next."""
    counts = preferred(data.registered_offenders, data.sources)
    counts = counts[
        (counts["series_id"] == "STOCK_MAPPA")
        & (counts["mappa_level"] == "all")
        & (counts["qualifier"] == "exact")
        & (counts["as_at"].dt.year > 2010)
    ]
    found = []
    for area, group in counts.groupby("area_id"):
        rows = [r for _, r in group.sort_values("as_at").iterrows()]
        for before, after in pairwise(rows):
            step = after["value"] - before["value"]
            yearly = after["as_at"].year == before["as_at"].year + 1
            share, people = LARGE_STEP
            if yearly and abs(step) > people and abs(step) / before["value"] > share:
                found.append(
                    Finding(
                        "large_step",
                        after["source_id"],
                        area,
                        f"March {before['as_at'].year} to March {after['as_at'].year}",
                        " to ".join(
                            beside_first(f"{row['value']:,}", row["first_value"])
                            for row in (before, after)
                        ),
                        f"{100 * step / before['value']:+.0f} %",
                        f"{before['rows']}+{after['rows']}",
                    )
                )
    return found


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
    counts = _community_counts(data)
    rates = rates[rates["measure"] == measure]
    keys = list(zip(rates["area_id"], rates["as_at"], strict=True))
    found = []
    for row, base in zip(rates.itertuples(), populations(data, keys).itertuples(), strict=True):
        key = (row.area_id, row.as_at)
        if not base.population_row or key not in counts.index:
            continue
        people = int(base.population_10plus)
        count, first = int(counts.at[key, "value"]), counts.at[key, "first_value"]
        computed = _rate(measure, count, people)
        found.append(
            {
                "area_id": row.area_id,
                "as_at": row.as_at,
                "measure": measure,
                "count": count,
                "population_10plus": people,
                "base_date": base.base_date,
                "base_segment": base.base_segment,
                "published": row.value,
                "first_count": first,
                "first_published": row.first_value,
                "computed": computed,
                "by_first": None if pd.isna(first) else _rate(measure, int(first), people),
                "difference": computed - row.value,
                "agrees": _agrees(measure, computed, row.value),
                "source_id": row.source_id,
                "rows": "+".join([row.rows, counts.at[key, "rows"], base.population_row]),
            }
        )
    return pd.DataFrame(found).sort_values(["as_at", "area_id", "rows"]).reset_index(drop=True)


def _community_counts(data: Tables) -> pd.DataFrame:
    """The community count that is used of each area and date, by both, unless it is a bound."""
    counts = preferred(data.registered_offenders, data.sources)
    own = counts[
        (counts["series_id"] == "STOCK_MAPPA")
        & (counts["sex"] == "all")
        & (counts["mappa_level"] == "all")
        & counts["qualifier"].isin(["exact", "rounded"])
    ]
    return own.set_index(["area_id", "as_at"])


def _rate(measure: str, count: int, people: int) -> float:
    return 1e5 * count / people if measure == RATE else people / count


def _agrees(measure: str, computed: float, published: float) -> bool:
    """Whether a computed rate is the published one after rounding half up to its decimals.

    "One in N" agrees too if N is 100,000 divided by the rounded rate, as the press makes it.
    """
    digits = 0 if float(published).is_integer() else len(str(published).split(".")[1])
    if statistics.round_half_up(computed, digits) == published:
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


def _rate_misses(data: Tables) -> list[Finding]:
    """Published rates that do not come out from the count and the population of their date."""
    found = []
    for measure, words in ((RATE, "{:g} per 100,000"), (PEOPLE_PER_RSO, "1 in {:g}")):
        tests = _tested(data, measure)
        for test in tests[~tests["agrees"]].itertuples():
            first = f"; {test.first_count:,} make {test.by_first:.1f}" if _first_fits(test) else ""
            found.append(
                Finding(
                    "rate_miss",
                    test.source_id,
                    test.area_id,
                    _place(data, test),
                    words.format(test.published),
                    f"{test.count:,} make {test.computed:.1f}{first}",
                    test.rows,
                )
            )
    return found


RULES: tuple[Callable[[Any], list[Finding]], ...] = (
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
