"""Take an annual return into the data package: all of it, once, or nothing.

The rows are added to a copy of the package beside it. Only if the copy has no fault does it take
the place of the package, in one step where the system can exchange two folders (Linux), and
otherwise in two, of which the next run undoes a first without a second. So a run that is killed
leaves the old package or the new one, whole.
"""

import csv
import ctypes
import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from rso_report import dataset, reconcile
from rso_report.annual_return import faults, force_codes, tidy, typed
from rso_report.dataset import ROW_TABLES, Tables
from rso_report.errors import ReportError
from rso_report.publish import beside, recover, switch
from rso_report.return_checks import (
    ReturnError,
    ReturnFault,
    family_of_heading,
    registered_with,
    whole_years,
)
from rso_report.return_form import FIELD, MEASURE, SHEET, TIERS, TITLES

PREFIXES = {table: prefix for prefix, table in ROW_TABLES.items()}
_TOPICS = {  # of the ledger, by the letters that rows begin with
    "RO": "register",
    "CH": "register",
    "RT": "rates",
    "PO": "population",
    "PD": "population",
    "BR": "breaches",
    "TO": "breaches",
    "OR": "breaches",
    "MI": "missing",
}
_TREATMENTS = {
    "row_total": "Cells are used; the printed total is kept beside them.",
    "column_total": "Cells are used; the printed total is kept beside them.",
    "grand_total_of_rows": "Cells are used; both totals are shown.",
    "heading_and_title": "Classified by title; the heading is kept. The force has not confirmed it.",
    "part_year": "Marked as part-year; never annualised unseen.",
    "total_not_printed": "Total computed and said to be so.",
    "two_series": "Never joined; one ratio with its caveat.",
}
_TREATMENT = "Kept as given; not explained by the force."
# Checks of a return that a rule of the reconciliation makes too: what it finds is entered once.
_SAME_RULE = {
    "V09": ("parts_of_total",),
    "V13": ("row_total", "column_total"),
    "V14": ("heading_and_title",),
    "V16": ("large_step",),
}
_LEDGER_CHECKS = ("V06", "V07", "V08", "V09", "V11", "V12", "V13", "V14", "V16")
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)


class IngestError(ReportError):
    """The return cannot be taken in, for a reason that is not a fault of one of its rows."""


@dataclass(frozen=True)
class Source:
    """What is known of the document that a return is, as a row of the table of sources."""

    source_id: str
    title: str = ""
    publisher: str = ""
    published: date | None = None
    licence: str = "not_stated"
    address: str = ""
    kind: str = "foi_response"

    def row(self) -> dict[str, str]:
        """The row for `sources.csv`."""
        return {
            "source_id": self.source_id,
            "title": self.title,
            "publisher": self.publisher,
            "published": self.published.isoformat() if self.published else "",
            "kind": self.kind,
            "address": self.address,
            "licence": self.licence,
            "founding": "no",
            "read": "data file",
        }


@dataclass(frozen=True)
class Ingested:
    """What became of a return: rows added by table, entries of the ledger, remarks of the checks.

    `outcome` is `added`, `would be added` (nothing was written) or `already in the data`.
    """

    source_id: str
    outcome: str
    rows: dict[str, list[str]] = field(default_factory=dict)
    withheld: int = 0
    ledger: list[str] = field(default_factory=list)
    remarks: list[ReturnFault] = field(default_factory=list)

    def __str__(self) -> str:
        """What a person wants to know, in a few lines."""
        count = sum(map(len, self.rows.values()))
        lines = [f"{self.source_id}: {self.outcome}" + (f", {count} rows" if count else "") + "."]
        lines += [
            f"  {table}.csv: {names[0]}" + (f" to {names[-1]}" if names[1:] else "")
            for table, names in self.rows.items()
        ]
        if self.withheld:
            lines.append(f"  {self.withheld} values withheld, which are not written anywhere.")
        if self.ledger:
            lines.append(f"  discrepancies.csv: {', '.join(self.ledger)}")
        if self.remarks:
            lines.append(f"  {len(self.remarks)} remarks, none of which stops the return:")
            lines += [f"    {remark}" for remark in self.remarks]
        return "\n".join(lines)


def ingest(
    path: Path, source: Source, folder: Path | None = None, dry_run: bool = False
) -> Ingested:
    """Check a return and add it to the data package in `folder`.

    Nothing is written unless nothing stops the return and the package is sound with it; nothing at
    all with `dry_run`. The same return a second time changes nothing.

    Raises:
        SheetError: the file cannot be read.
        ReturnError: the return has faults; it holds all of them.
        IngestError: the source lacks something, is there with other content, or the folder changed.
        DataError: the data package has faults of its own.
    """
    path, folder = Path(path), Path(folder or dataset.data_folder()).resolve()
    with _alone(folder):
        recover(folder)
        data = _load(folder)
        frame, remarks = _read(path)
        source = _known_source(source, data)
        remarks += [
            replace(fault, sheet=fault.sheet or SHEET)
            for fault in faults(frame, data, source.published)
        ]
        values = typed(frame, data) if not _stops(remarks) else frame.iloc[:0]
        rows, places = _rows(values, data, source, path.name)
        remarks += _held_already(rows, places, data, source)
        if _stops(remarks):
            raise ReturnError(path.name, remarks)
        source = _described(source, values, data)
        kept = [fault for fault in remarks if fault.severity != "stop"]
        if _rows_of(source.source_id, data):
            _require_same(rows, data, source)
            return Ingested(source.source_id, "already in the data", remarks=kept)
        new = beside(folder, "new")
        try:
            entries = _write(folder, new, rows, source, kept, values, path.name)
            if not dry_run:
                _exchange(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return Ingested(
        source.source_id,
        "would be added" if dry_run else "added",
        {table: [row["row_id"] for row in own] for table, own in rows.items() if own},
        sum(fault.severity == "withhold" for fault in kept),
        entries,
        kept,
    )


def _stops(remarks: list[ReturnFault]) -> bool:
    return any(fault.severity == "stop" for fault in remarks)


def _load(folder: Path) -> Tables:
    names = [resource["name"] for resource in dataset.descriptor(folder)["resources"]]
    return dataset.load(*names, folder=folder)


def _read(path: Path) -> tuple[pd.DataFrame, list[ReturnFault]]:
    """The filled-in rows of the file, and what is wrong with its sheet; at least one of the two."""
    from rso_report.sheets import read_sheets

    sheets = read_sheets(path)
    named = [sheet for sheet in sheets if sheet.name.strip().casefold() == SHEET.casefold()]
    sheet = named[0] if named else sheets[0] if len(sheets) == 1 else None
    if sheet is None:
        found = f"the sheets {', '.join(repr(each.name) for each in sheets)}" if sheets else "none"
        do = f"name the sheet with the answers {SHEET}, as in the template"
        fault = ReturnFault("V01", None, None, found, f"a sheet named {SHEET}", do)
        raise ReturnError(path.name, [fault])
    frame, wrong = tidy(sheet.rows)
    wrong += [
        ReturnFault(
            "V02", problem.row, problem.column, problem.found, problem.allowed, problem.remedy
        )
        for problem in sheet.problems
    ]
    if frame.empty and not wrong:
        do = "fill in at least one row below the names of the columns, and nowhere else"
        wrong = [ReturnFault("V01", None, None, "no rows filled in", "one row for each answer", do)]
    wrong = [replace(fault, sheet=sheet.name) for fault in wrong]
    if frame.empty:
        raise ReturnError(path.name, wrong)
    return frame, wrong


def _known_source(source: Source, data: Tables) -> Source:
    """The source as the data describe it already, if they do; raises IngestError if at odds."""
    known = data.sources[data.sources["source_id"] == source.source_id]
    if known.empty:
        if source.published is None:
            raise IngestError(
                f"source {source.source_id}: its date is missing, and no date of the return may "
                "lie after it; give the day on which the force sent it (--published 2026-05-14)."
            )
        return source
    row = known.iloc[0]
    day = None if pd.isna(row["published"]) else row["published"].date()
    for name in ("title", "publisher", "address"):
        given = getattr(source, name)
        if given and given != row[name]:
            raise IngestError(
                f"source {source.source_id}: found {name} '{given}', but sources.csv has "
                f"'{row[name]}'; leave --{name} out, or choose another identifier."
            )
    if source.published and day and source.published != day:
        raise IngestError(
            f"source {source.source_id}: found the date {source.published}, but sources.csv has "
            f"{day}; leave --published out, or choose another identifier."
        )
    return replace(
        source,
        title=row["title"],
        publisher=row["publisher"],
        published=day or source.published,
        address=row["address"],
        licence=row["licence"],
        kind=row["kind"],
    )


def _described(source: Source, values: pd.DataFrame, data: Tables) -> Source:
    """The source with a title and a publisher; raises IngestError if they cannot be told."""
    forces = list(dict.fromkeys(values["force"]))
    names = force_codes(data)
    publisher = source.publisher or (names[forces[0]] if len(forces) == 1 else "")
    if not publisher:
        raise IngestError(
            f"source {source.source_id}: its publisher is missing, and the return is from "
            f"{len(forces)} forces; name who sent it (--publisher)."
        )
    if not source.title:
        raise IngestError(
            f"source {source.source_id}: its title is missing; give one that a reader can find it "
            f"by (--title 'Annual return of {publisher}, 2025-26')."
        )
    return replace(source, publisher=publisher)


def _rows(
    values: pd.DataFrame, data: Tables, source: Source, file: str
) -> tuple[dict[str, list[dict[str, str]]], dict[str, Any]]:
    """Rows for each table, with their identifiers, and the row of the return behind each."""
    numbers = {table: _next_number(table, data) for table in PREFIXES if table in vars(data)}
    rows: dict[str, list[dict[str, str]]] = {table: [] for table in numbers}
    places: dict[str, Any] = {}
    names: dict[int, str] = {}
    returned = list(values.itertuples(index=False))
    for row in returned:
        table, cells = _cells(row)
        row_id = f"{PREFIXES[table]}{numbers[table]:04d}"
        numbers[table] += 1
        names[row.row], places[row_id] = row_id, row
        place = f"{file}, sheet {SHEET}, row {row.row}"
        cells |= {"row_id": row_id, "source_id": source.source_id, "locator": place}
        rows[table].append(cells)
    for cells in rows["missing"]:
        total = registered_with(places[cells["row_id"]], returned)
        if total is not None and names[total.row].startswith("RO"):
            cells["denominator_row"] = names[total.row]
    return rows, places


def _next_number(table: str, data: Tables) -> int:
    if "row_id" not in getattr(data, table):
        return 1
    used = getattr(data, table)["row_id"].str.extract(r"(\d+)$")[0].dropna()
    return int(used.astype(int).max()) + 1 if len(used) else 1


def _cells(row: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401
    """The table of the data that takes a row of a return, and the cells it has there."""
    measure = MEASURE[row.measure_code]
    withheld = is_withheld(row)
    part = row.period_start and not whole_years(row.period_start, row.period_end)
    table = measure.table
    if row.value is None or withheld or (part and table == "missing"):
        table = "answers"  # the table of missing people cannot say that a period is not over
    cells = {
        "area_id": row.force,
        "as_at": _day(row.as_at),
        "as_at_precision": "day" if row.as_at else "",
        "value": "" if row.value is None or withheld else _number(row.value),
        "qualifier": "exact",
        "status": "withheld" if withheld else row.value_status,
        "revises_row": "" if withheld else row.revises_row,
        "note": "" if withheld else _note(row),
        **_period(row.period_start, row.period_end),
    }
    if table == "answers":
        return table, cells | {"measure_code": row.measure_code, "detail": _detail(row)}
    custody = row.custody_status or "not_stated"
    cells |= {
        "custody_status": custody,
        "sex": row.sex,
        "mappa_level": row.mappa_level or "all",
        "risk_tier": TIERS.get(row.risk_tier, "all"),
        "risk_tool": row.risk_tool or "not_stated",
        "definition_code": row.definition_code,
        "subset": "all",
        "believed_abroad": "all",
        **measure.row,
    }
    if table == "breaches":
        cells |= {
            "family": TITLES.get(row.offence_title, ""),
            "offence_title": row.offence_title,
            "table_as_printed": row.table_as_printed,
            "heading_as_printed": row.heading_as_printed,
            "heading_family": family_of_heading(row.heading_as_printed),
            "unit": "offences",
        }
        if row.table_as_printed and not cells["heading_family"]:
            cells["heading_family"] = measure.family
        if row.total:
            return "printed_totals", cells | {
                "axis": row.total,
                "period_start": _day(row.period_start),
                "period_end": _day(row.period_end),
            }
    return table, cells


def is_withheld(row: Any) -> bool:  # noqa: ANN401
    """Whether the value of a row is not to be written anywhere (V19)."""
    few = row.population_total is not None and row.population_total <= dataset_small()
    return row.value is not None and (few or row.geography_level == "district")


def dataset_small() -> int:
    """Residents up to which an area is small."""
    from rso_report.disclosure import SMALL_AREA

    return SMALL_AREA


def _period(start: date | None, end: date | None) -> dict[str, str]:
    """A period as the data have it: whole years, and how far a part-year was counted."""
    if not start or not end:
        return {}
    if whole_years(start, end):
        return {
            "period_start": _day(start),
            "period_end": _day(end),
            "period_status": "complete",
        }
    year = start.year + 1
    while (last := _year_later(start, year)) < end:
        year += 1
    return {
        "period_start": _day(start),
        "period_end": _day(last),
        "period_status": "part",
        "covered_to_earliest": _day(end),
        "covered_to_latest": _day(end),
    }


def _year_later(start: date, year: int) -> date:
    """The day before the one on which a period from `start` would begin again in `year`."""
    try:
        return start.replace(year=year) - timedelta(days=1)
    except ValueError:  # from 29 February
        return date(year, 2, 28)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _number(value: float) -> str:
    return str(value)


def _note(row: Any) -> str:  # noqa: ANN401
    return "; ".join(filter(None, [row.note, row.source_ref and f"held in: {row.source_ref}"]))


def _detail(row: Any) -> str:  # noqa: ANN401
    """What a row is about beside its measure, as columns of the form with their values."""
    names = ("geography_code", "sex", "risk_tier", "risk_tool", "mappa_level")
    names += ("custody_status", "definition_code", "offence_title")
    given = {name: getattr(row, name) for name in names}
    if MEASURE[row.measure_code].custody:
        given["custody_status"] = ""  # the measure says it
    return "; ".join(
        f"{name}: {value}"
        for name, value in given.items()
        if value not in ("", FIELD[name].default)
    )


def _held_already(
    rows: dict[str, list[dict[str, str]]], places: dict[str, Any], data: Tables, source: Source
) -> list[ReturnFault]:
    """V18 and V03 against the data: rows that they cannot hold beside each other, revisions."""
    found = []
    for table, own in rows.items():
        held = getattr(data, table)
        for cells in own:
            row = places[cells["row_id"]]
            if cells.get("revises_row"):
                found += _revision(cells, row, held)
            elif table == "breaches":
                same = held[
                    (held["series_id"] == cells["series_id"])
                    & (held["area_id"] == cells["area_id"])
                    & (held["offence_title"] == cells["offence_title"])
                    & (held["period_start"] == cells["period_start"])
                    & (held["period_end"] == cells["period_end"])
                    & (held["source_id"] != source.source_id)
                    & ~held["row_id"].isin(held["revises_row"])
                ]
                for other in same.itertuples():
                    found.append(
                        ReturnFault(
                            "V18",
                            row.row,
                            None,
                            f"the same offences and period as {other.row_id}, from source "
                            f"{other.source_id}",
                            "one current number for each title and period",
                            f"if this replaces it, write revised and {other.row_id} in "
                            "revises_row; if not, leave the row out",
                            sheet=SHEET,
                        )
                    )
    return found


def _revision(cells: dict[str, str], row: Any, held: pd.DataFrame) -> list[ReturnFault]:  # noqa: ANN401
    """V03: a revision names a row of the same table and area that no other replaces already."""
    name = cells["revises_row"]
    if "revises_row" not in held:
        held = held.assign(revises_row="", area_id="")
    old = held[held["row_id"] == name]
    if not old.empty and old.iloc[0]["area_id"] == cells["area_id"]:
        return []
    may = f"a row of the published data with the same measure for {cells['area_id']}"
    do = "look it up on the pages of the rows"
    return [ReturnFault("V03", row.row, "revises_row", f"'{name}'", may, do, sheet=SHEET)]


def _rows_of(source_id: str, data: Tables) -> bool:
    return any(
        (getattr(data, table)["source_id"] == source_id).any()
        for table in PREFIXES
        if table in vars(data)
    )


def _require_same(rows: dict[str, list[dict[str, str]]], data: Tables, source: Source) -> None:
    """Raise IngestError if the data hold other rows of this source than these."""
    loose = ("row_id", "denominator_row", "locator")
    for table, own in rows.items():
        held = getattr(data, table)
        held = held[held["source_id"] == source.source_id]
        columns = [name for name in held.columns if name not in loose]
        as_text = held[columns].astype("object").map(_plain)
        before = sorted(map(tuple, as_text.itertuples(index=False)))
        after = sorted(tuple(_plain(cells.get(name, "")) for name in columns) for cells in own)
        if before != after:
            raise IngestError(
                f"source {source.source_id} is in the data already, with other content: "
                f"{table}.csv has {len(before)} of its rows, the return has {len(after)}"
                f"{', some of them different' if len(before) == len(after) else ''}. If the force "
                "sent a correction, take it in as a source of its own, and name in revises_row "
                "what it replaces."
            )


def _plain(value: object) -> str:
    """A cell of a loaded table as text, to compare it with one that is about to be written."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    text = str(value)
    return text[:-2] if text.endswith(".0") else text


def _write(
    folder: Path,
    new: Path,
    rows: dict[str, list[dict[str, str]]],
    source: Source,
    remarks: list[ReturnFault],
    values: pd.DataFrame,
    file: str,
) -> list[str]:
    """Make `new` the package with the return, checked; return its new entries of the ledger."""
    before = _state(folder)
    shutil.copytree(folder, new)
    package = dataset.descriptor(new)
    columns = {r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]}
    held = dataset.load("sources", folder=new).sources["source_id"]
    if source.source_id not in set(held):
        _append(new / "sources.csv", columns["sources"], [source.row()])
    for table, own in rows.items():
        _append(new / f"{table}.csv", columns[table], own)
    data = _load(new)  # raises DataError if the rows do not fit
    entries = _ledger(data, _load(folder), source, remarks, values, file)
    _append(new / "discrepancies.csv", columns["discrepancies"], entries)
    dataset.stamp(new)
    if faults := dataset.check(new):
        raise dataset.DataError(faults)
    _sync(new)
    if _state(folder) != before:
        raise IngestError("The data were changed while the return was checked; do it again.")
    return [entry["discrepancy_id"] for entry in entries]


def _append(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Add rows at the end of a CSV file; what is there keeps its bytes."""
    if not rows:
        return
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writerows(rows)
    old = path.read_bytes()
    gap = b"" if old.endswith(b"\n") else b"\n"
    path.write_bytes(old + gap + text.getvalue().encode())


def _ledger(
    data: Tables,
    before: Tables,
    source: Source,
    remarks: list[ReturnFault],
    values: pd.DataFrame,
    file: str,
) -> list[dict[str, str]]:
    """Entries for what the rules of the reconciliation find anew and what the checks remarked."""
    found = reconcile.unexplained(data, reconcile.findings(data))
    known = reconcile.unexplained(before, reconcile.findings(before))
    found = found[~found["rows"].isin(known["rows"])]
    number = _next_number("discrepancies", Tables(discrepancies=_as_rows(data.discrepancies)))
    entries = []

    def add(**cells: str) -> None:
        entries.append({"discrepancy_id": f"F{number + len(entries):02d}", **cells})

    for finding in found.itertuples():
        sources = list(dict.fromkeys(finding.source_id.split("|")))
        own = source.source_id if source.source_id in sources else sources[0]
        add(
            source_id=own,
            other_sources="|".join(each for each in sources if each != own),
            topic=_TOPICS.get(finding.rows[:2], "visits"),
            place=finding.place,
            printed=finding.printed,
            found=f"{finding.found[0].upper()}{finding.found[1:]}.",
            treatment=_TREATMENTS.get(finding.rule, _TREATMENT),
            rule=finding.rule,
        )
    rules = set(found["rule"])
    returned = {row.row: row for row in values.itertuples(index=False)}
    for remark in remarks:
        row = returned.get(remark.row)
        if remark.code not in _LEDGER_CHECKS or row is None or is_withheld(row):
            continue
        if rules & set(_SAME_RULE.get(remark.code, ())):
            continue
        add(
            source_id=source.source_id,
            topic=MEASURE[row.measure_code].topic,
            place=f"{file}, sheet {SHEET}, row {remark.row}",
            printed=_number(row.value) if remark.column == "value" else row.offence_title,
            found=f"Check {remark.code} of the return: {remark.found}.",
            treatment=_TREATMENT,
        )
    return entries


def _as_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """The findings of the ledger (F..) with their numbers as row identifiers."""
    return ledger[ledger["discrepancy_id"].str.startswith("F")].rename(
        columns={"discrepancy_id": "row_id"}
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second run away from the package; the system lets go of it however this one ends."""
    lock = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise IngestError("Another return is being taken in. Wait until it is done.") from None
    try:
        yield
    finally:
        os.close(lock)


def _state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _sync(folder: Path) -> None:
    """Have every file of a folder, and the folder, on the disk before it is used."""
    for path in [*sorted(folder.iterdir()), folder]:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _exchange(new: Path, live: Path) -> None:
    """Put `new` in the place of `live`: in one step if the system can, else in two."""
    if not _exchanged(new, live):
        switch(new, live)
    handle = os.open(live.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change names in one step; return whether the system could do that."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # not Linux
        return False
    here = -100  # AT_FDCWD; both paths are absolute
    return rename(here, os.fsencode(one), here, os.fsencode(other), _EXCHANGE) == 0
