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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pandas as pd
from openpyxl.utils import column_index_from_string

from rso_report import dataset, reconcile
from rso_report.dataset import Tables
from rso_report.errors import ReportError
from rso_report.exchange import beside, recover, switch
from rso_report.return_form import MEASURE, SHEET
from rso_report.returns.annual_return import faults, force_codes, header_row, tidy, typed
from rso_report.returns.area_tables import (
    AreaTable,
    given_already,
    held_alike,
    read_areas,
    remarks_on_totals,
    rows_of_areas,
    totals_that_differ,
)
from rso_report.returns.checks import ReturnError, ReturnFault
from rso_report.returns.printed_tables import Context, PrintedError, read_printed
from rso_report.returns.rows import (
    Rows,
    clashes,
    difference,
    is_held,
    is_withheld,
    next_number,
    number_text,
    rows_of_return,
)
from rso_report.returns.sheets import Sheet, read_sheets

_TOPICS = {  # of the ledger, by the letters that rows begin with
    "RO": "register",
    "CH": "register",
    "RT": "rates",
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
    "heading_and_title": "Classified by title; the heading is kept, unconfirmed by the force.",
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
            lines.append(f"  Remarked, which stops nothing ({len(self.remarks)}):")
            lines += [f"    {remark}" for remark in self.remarks]
        return "\n".join(lines)


@dataclass
class _Reading:
    """What a file comes to: rows, remarks, those of them that enter the ledger, and its forces."""

    rows: Rows
    remarks: list[ReturnFault]
    noted: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # check, and its entry
    forces: list[str] = field(default_factory=list)


def ingest(
    path: Path,
    source: Source,
    folder: Path | None = None,
    dry_run: bool = False,
    printed: Context | AreaTable | None = None,
    read_as: Mapping[str, str] | None = None,
) -> Ingested:
    """Check a return and add it to the data package in `folder`.

    With `printed` the file does not hold the form: tables as a reply prints them for a `Context`
    (`printed_tables`), an official table by area for an `AreaTable` (`area_tables`). `read_as`
    says what misprinted years, or names of areas, in them mean.

    Nothing is written unless nothing stops the return and the package is sound with it; nothing at
    all with `dry_run`. The same return a second time changes nothing.

    Raises:
        SheetError: the file cannot be read.
        ReturnError: the return has faults; it holds all of them.
        IngestError: the source lacks something, is there with other content, or the folder changed.
        FaultError: the data package has faults of its own.
    """
    path, folder = Path(path), Path(folder or dataset.data_folder()).resolve()
    with _alone(folder):
        recover(folder)
        data = _load(folder)
        source = _known_source(source, data)
        if isinstance(printed, AreaTable):
            read = _area_reading(path, source, data, printed, read_as or {})
            held = held_alike(data, printed)
        else:
            read = _return_reading(path, source, data, folder, printed, read_as)
            held = data
        remarks = read.remarks
        if is_held(source.source_id, held):
            if differs := difference(read.rows, held, source.source_id):
                raise IngestError(
                    f"source {source.source_id} is in the data already, with other content: "
                    f"{differs}. If the force sent a correction, take it in as a source of its "
                    "own, and name in revises_row what each row replaces."
                )
            return Ingested(source.source_id, "already in the data", remarks=remarks)
        source = _described(source, read.forces, data)
        new = beside(folder, "new")
        try:
            entries = _write(folder, new, data, read, source)
            if not dry_run:
                _exchange(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return Ingested(
        source.source_id,
        "would be added" if dry_run else "added",
        {table: [row["row_id"] for row in own] for table, own in read.rows.items() if own},
        sum(fault.severity == "withhold" for fault in remarks),
        entries,
        remarks,
    )


def _return_reading(
    path: Path,
    source: Source,
    data: Tables,
    folder: Path,
    printed: Context | None,
    read_as: Mapping[str, str] | None,
) -> _Reading:
    """The form, or printed tables, checked; raises ReturnError with everything that stops it."""
    sheet = "" if printed else SHEET
    place = f"{path.name}, sheet {sheet}" if sheet else path.name
    if printed:
        context = replace(printed, published=printed.published or source.published)
        frame, remarks = _read_printed(path, context, read_as)
    else:
        frame, remarks = _read(path)
    remarks += [
        replace(fault, sheet=sheet)
        for fault in faults(frame, data, source.published)
        if not any(_same_place(fault, other) for other in remarks)
    ]
    if _stops(remarks):
        raise ReturnError(path.name, remarks)
    values = typed(frame, data)
    rows, places = rows_of_return(values, data, source.source_id, place)
    remarks += [
        replace(fault, sheet=sheet)
        for fault in clashes(rows, places, data, dataset.descriptor(folder), source.source_id)
    ]
    if _stops(remarks):
        raise ReturnError(path.name, remarks)
    forces = list(dict.fromkeys(values["force"]))
    return _Reading(rows, remarks, _noted(remarks, values, place), forces)


def _area_reading(
    path: Path, source: Source, data: Tables, said: AreaTable, read_as: Mapping[str, str]
) -> _Reading:
    """A table by area, checked; raises ReturnError with everything that stops it."""
    figures, remarks = read_areas(read_sheets(path, ragged=True), said, data, read_as)
    if source.published and said.as_at > source.published:
        found = f"{said.as_at} for as_at, after {source.published}"
        may, do = "a day before the source was published", "correct as_at or --published"
        remarks.append(ReturnFault("V04", None, None, found, may, do))
    remarks += given_already(figures, said, data, source.source_id)
    differing = totals_that_differ(figures, said, data)
    remarks += remarks_on_totals(differing, said)
    if _stops(remarks):
        raise ReturnError(path.name, remarks)
    noted = [
        (
            "V13",
            {
                "topic": said.about.topic,
                "place": f"{path.name}, sheet {each.sheet}, row {each.row}, column {said.column}",
                "printed": f"{each.value:,}",
                "found": f"Its areas sum to {total:,}.",
                "treatment": "The printed total and its areas are kept as printed.",
            },
        )
        for each, total in differing
    ]
    return _Reading(rows_of_areas(figures, said, data, source.source_id, path.name), remarks, noted)


def return_sheet(sheets: list[Sheet]) -> Sheet | None:
    """The sheet of a file that holds the answers: the one named so, or the only one."""
    named = [sheet for sheet in sheets if sheet.name.strip().casefold() == SHEET.casefold()]
    return named[0] if named else sheets[0] if len(sheets) == 1 else None


def _same_place(fault: ReturnFault, other: ReturnFault) -> bool:
    """Whether the reader of the file has complained of the cell already."""
    return bool(fault.row and fault.column) and (fault.row, fault.column) == (
        other.row,
        other.column,
    )


def _stops(remarks: list[ReturnFault]) -> bool:
    return any(fault.severity == "stop" for fault in remarks)


def _load(folder: Path) -> Tables:
    names = [resource["name"] for resource in dataset.descriptor(folder)["resources"]]
    return dataset.load(*names, folder=folder)


def _read(path: Path) -> tuple[pd.DataFrame, list[ReturnFault]]:
    """The filled-in rows of the file, and what is wrong with its sheet.

    Raises ReturnError if there is no such sheet, or no row in it.
    """
    sheets = read_sheets(path)
    sheet = return_sheet(sheets)
    if sheet is None:
        found = "the sheets " + ", ".join(each.name for each in sheets)
        do = f"name the sheet with the answers {SHEET}, as in the template"
        fault = ReturnFault("V01", None, None, found, f"a sheet named {SHEET}", do)
        raise ReturnError(path.name, [fault])
    frame, wrong = tidy(sheet.rows)
    start = header_row(sheet.rows) or 0
    names = sheet.rows[start]
    for problem in sheet.problems:
        place = column_index_from_string(problem.column) if problem.column else 0
        name = str(names[place - 1]) if 0 < place <= len(names) and names[place - 1] else None
        wrong.append(
            ReturnFault(
                "V02",
                problem.row,
                name or problem.column,
                problem.found,
                problem.allowed,
                problem.remedy,
                "warn" if problem.warning else "stop",
            )
        )
    if frame.empty and not _stops(wrong):
        do = "fill in rows below the names of the columns; other sheets are not read"
        wrong = [ReturnFault("V01", None, None, "no rows filled in", "a row for each answer", do)]
    wrong = [replace(fault, sheet=SHEET) for fault in wrong]
    if frame.empty:
        raise ReturnError(path.name, wrong)
    return frame, wrong


def _read_printed(
    path: Path, context: Context, read_as: Mapping[str, str] | None
) -> tuple[pd.DataFrame, list[ReturnFault]]:
    """The rows of the return that printed tables make, and remarks.

    Raises ReturnError with everything that cannot be read or would have to be guessed.
    """
    try:
        tables = read_printed(read_sheets(path, ragged=True), context, read_as)
        problems, severity = tables.warnings, "warn"
    except PrintedError as error:
        problems, severity = error.problems, "stop"
    remarks = [
        ReturnFault("", p.row, p.column, p.found, p.allowed, p.remedy, severity, p.sheet)
        for p in problems
    ]
    if severity == "stop":
        raise ReturnError(path.name, remarks)
    return tables.frame, remarks


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


def _described(source: Source, forces: list[str], data: Tables) -> Source:
    """The source with a title and a publisher; raises IngestError if they cannot be told."""
    names = force_codes(data)
    publisher = source.publisher or (names[forces[0]] if len(forces) == 1 else "")
    if not publisher:
        several = f", and the return is from {len(forces)} forces" if forces else ""
        raise IngestError(
            f"source {source.source_id}: its publisher is missing{several}; name who sent it "
            "(--publisher)."
        )
    if not source.title:
        raise IngestError(
            f"source {source.source_id}: its title is missing; give one that a reader can find it "
            f"by (--title 'Annual return of {publisher}, 2025-26')."
        )
    return replace(source, publisher=publisher)


def _write(
    folder: Path,
    new: Path,
    held: Tables,
    read: _Reading,
    source: Source,
) -> list[str]:
    """Make `new` the package with the return, checked; return its new entries of the ledger."""
    before = _state(folder)
    shutil.copytree(folder, new)
    package = dataset.descriptor(new)
    columns = {r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]}
    if source.source_id not in set(held.sources["source_id"]):
        _append(new / "sources.csv", columns["sources"], [source.row()])
    for table, own in read.rows.items():
        _append(new / f"{table}.csv", columns[table], own)
    data = _load(new)  # raises FaultError if the rows do not fit
    names = {row["row_id"] for own in read.rows.values() for row in own}
    entries = _ledger(data, names, source, read.noted)
    _append(new / "discrepancies.csv", columns["discrepancies"], entries)
    dataset.load("discrepancies", folder=new)  # nothing else has changed since all was checked
    dataset.stamp(new)
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
    new: set[str],
    source: Source,
    noted: list[tuple[str, dict[str, str]]],
) -> list[dict[str, str]]:
    """Entries for what the reconciliation finds in `new` rows and for what the checks remarked."""
    found = reconcile.unexplained(data, reconcile.findings(data))
    mask = [not new.isdisjoint(rows.split("+")) for rows in found["rows"]]
    found = found.loc[pd.Series(mask, index=found.index, dtype=bool)]
    names = data.discrepancies["discrepancy_id"]
    number = next_number(names[names.str.startswith("F")])
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
    for check, cells in noted:
        if not rules & set(_SAME_RULE.get(check, ())):
            add(source_id=source.source_id, **cells)
    return entries


def _noted(
    remarks: list[ReturnFault], values: pd.DataFrame, file: str
) -> list[tuple[str, dict[str, str]]]:
    """What of the remarks on a return enters the ledger: the check, and the cells of the entry."""
    returned = {row.row: row for row in values.itertuples(index=False)}
    found = []
    for remark in remarks:
        row = returned.get(remark.row)
        if remark.code not in _LEDGER_CHECKS or row is None or is_withheld(row):
            continue
        cells = {
            "topic": MEASURE[row.measure_code].topic,
            "place": f"{file}, row {remark.row}",
            "printed": number_text(row.value) if remark.column == "value" else row.offence_title,
            "found": f"Check {remark.code} of the return: {remark.found}.",
            "treatment": _TREATMENT,
        }
        found.append((remark.code, cells))
    return found


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
