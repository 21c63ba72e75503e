"""Take an annual return into the data package: all of it, once, or nothing.

The one door: only the form is taken in. Whatever else came is turned into it by a draft first.

The rows are added to a copy of the package beside it. Only if the copy has no fault does it take
the place of the package, by two renamings, of which the next run undoes a first without a second.
So a run that is killed leaves the old package or the new one, whole.
"""

import csv
import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from rso_report import dataset, reconcile
from rso_report.dataset import Tables
from rso_report.errors import Fault, FaultError, ReportError
from rso_report.exchange import beside, recover, switch
from rso_report.intake import questions
from rso_report.intake.annual_return import faults, force_codes, header_row, tidy, typed
from rso_report.intake.cells import cell_name, letters
from rso_report.intake.rows import (
    Rows,
    clashes,
    held_already,
    is_withheld,
    next_number,
    place_of,
    rows_of_return,
)
from rso_report.intake.sheets import read_sheets
from rso_report.return_form import SHEET, Answer, measures
from rso_report.trace import apart

_TREATMENT = "Kept as given; not yet put to the force."
# What the rules of the reconciliation find in a return is remarked under these checks.
_CHECK_OF = {
    "part_year": "V05",
    "parts_of_total": "V09",
    "row_total": "V13",
    "column_total": "V13",
    "grand_total_of_rows": "V13",
    "heading_and_title": "V14",
    "large_step": "V16",
    "rate_miss": "V22",
    "two_counts": "V23",
}
_LEDGER_CHECKS = ("V06", "V07", "V08", "V11", "V12", "V13", "V14", "V16", "V22", "V23")


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
        published = self.published.isoformat() if self.published else ""
        return vars(self) | {"published": published, "founding": "no", "read": "data file"}


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
    remarks: list[Fault] = field(default_factory=list)

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


@dataclass(frozen=True)
class Reading:
    """A return that was checked: rows for the tables, what is behind each, remarks, forces."""

    rows: Rows
    places: dict[str, Answer]
    remarks: list[Fault]
    forces: list[str]
    file: str
    sheet: str


def ingest(
    path: Path, source: Source, folder: Path | None = None, dry_run: bool = False
) -> Ingested:
    """Check a return and add it to the data package in `folder`.

    Nothing is written unless nothing stops the return and the package is sound with it; nothing at
    all with `dry_run`. The same return a second time changes nothing.

    Raises:
        FileError: the file cannot be read.
        ReportError: the source lacks something, is there with other content, or the folder changed.
        FaultError: the return has faults, or the data package has some of its own; it holds all.
    """
    path, folder = Path(path), Path(folder or dataset.data_folder()).resolve()
    with alone(folder):
        recover(folder)
        data = load(folder)
        source = _known_source(source, data)
        read = _read_return(path, source, data, folder)
        is_held, differs = held_already(folder, read.rows, read.places, source.source_id)
        if is_held:
            if differs:
                raise ReportError(
                    f"source {source.source_id} is in the data already, with other content: "
                    f"{differs}. If the force sent a correction, take it in as a source of its "
                    "own, and name in revises_row what each row replaces."
                )
            return Ingested(source.source_id, "already in the data", remarks=read.remarks)
        source = _described(source, read.forces, data)
        entries, remarks = add(folder, data, read, source, dry_run)
    return Ingested(
        source.source_id,
        "would be added" if dry_run else "added",
        {table: [row["row_id"] for row in own] for table, own in read.rows.items() if own},
        sum(fault.severity == "withhold" for fault in remarks),
        entries,
        remarks,
    )


def _read_return(path: Path, source: Source, data: Tables, folder: Path) -> Reading:
    """The form, checked; raises FaultError with everything that stops it."""
    frame, remarks = _read(path, data)
    sheet = frame.attrs["sheet"]
    told = {(fault.row, fault.column) for fault in remarks if fault.row and fault.column}
    own = faults(frame, data, source.published)
    remarks += [replace(f, where=sheet) for f in own if (f.row, f.column) not in told]
    _refuse(path, remarks)
    values = typed(frame, data)
    file = f"{path.name}, {sheet}"
    rows, places = rows_of_return(values, data, source.source_id, file)
    clashing = clashes(rows, places, data, dataset.descriptor(folder), source.source_id)
    remarks += [replace(fault, where=sheet) for fault in clashing]
    _refuse(path, remarks)
    return Reading(rows, places, remarks, list(dict.fromkeys(values["force"])), file, sheet)


def _refuse(path: Path, remarks: list[Fault], empty: bool = False) -> None:
    """Raise FaultError if something stops the return."""
    if empty or any(fault.severity == "stop" for fault in remarks):
        raise FaultError(remarks, source=path.name)


def load(folder: Path) -> Tables:
    """All tables of a data package."""
    names = [resource["name"] for resource in dataset.descriptor(folder)["resources"]]
    return dataset.load(*names, folder=folder)


def _read(path: Path, data: Tables) -> tuple[pd.DataFrame, list[Fault]]:
    """The filled-in rows of the form or of the long table, and what is wrong with its sheet.

    Raises FaultError if there is no such sheet, or no row in it.
    """
    sheets = read_sheets(path)
    named = {sheet.name.strip().casefold(): sheet for sheet in sheets}
    sheet = named.get(questions.FORM.casefold()) or named.get(SHEET.casefold())
    sheet = sheet or (sheets[0] if len(sheets) == 1 else None)
    if sheet is None:
        found = "the sheets " + ", ".join(each.name for each in sheets)
        do = f"name the sheet with the answers {SHEET}, as in the template"
        _refuse(path, [Fault("", found, f"a sheet named {SHEET}", remedy=do, code="V01")])
    is_form = sheet is named.get(questions.FORM.casefold())
    if is_form:
        frame, wrong = questions.read(sheet, data, path.name)
        missing = ("no cell filled in", "an answer", "write into the yellow cells")
    else:
        frame, wrong = tidy(sheet.rows)
        do = "fill in rows below the names of the columns; other sheets are not read"
        missing = ("no rows filled in", "a row for each answer", do)
    frame.attrs |= {"day_0": sheet.day_0, "sheet": f"sheet {questions.FORM if is_form else SHEET}"}
    head = (header_row(sheet.rows) or 0) + 1
    for fault in sheet.faults:
        if is_form and fault.code == "merged":
            continue  # as they were sent
        row, column = fault.row, fault.column
        if column and is_form:
            row, column = cell_name(row or 0, column), None
        elif column:
            column = str(sheet.at(head, column) or letters(column))
        wrong.append(replace(fault, row=row, column=column, code="V02"))
    if frame.empty and not any(fault.severity == "stop" for fault in wrong):
        found, allowed, do = missing
        wrong = [Fault("", found, allowed, remedy=do, code="V01")]
    wrong = [replace(fault, where=frame.attrs["sheet"]) for fault in wrong]
    if frame.empty:
        _refuse(path, wrong, empty=True)
    return frame, wrong


def _known_source(source: Source, data: Tables) -> Source:
    """The source as the data describe it already, if they do; raises ReportError if at odds."""
    of = f"source {source.source_id}: "
    if source.published and source.published > date.today():
        raise ReportError(
            f"{of}found the date {source.published}, which is still to come; give the day on which "
            "it was sent or published (--published)."
        )
    known = data.sources[data.sources["source_id"] == source.source_id]
    if known.empty:
        if source.published is None:
            raise ReportError(
                f"{of}its date is missing, and no date of the return may lie after it; give the "
                "day on which the force sent it (--published 2026-05-14)."
            )
        return source
    held = known.iloc[0][["title", "publisher", "address", "licence", "kind"]].to_dict()
    day = known.iloc[0]["published"]
    held["published"] = source.published if pd.isna(day) else day.date()
    for name in ("title", "publisher", "address", "published"):
        if (given := getattr(source, name)) and given != held[name]:
            raise ReportError(
                f"{of}found {name} '{given}', but sources.csv has '{held[name]}'; leave --{name} "
                "out, or choose another identifier."
            )
    return replace(source, **held)


def _described(source: Source, forces: list[str], data: Tables) -> Source:
    """The source with a title and a publisher; raises ReportError if they cannot be told."""
    publisher = source.publisher
    if not publisher and len(forces) == 1 and source.kind != "official_statistics":
        publisher = force_codes(data).get(forces[0], "")
    for name, value in (("publisher", publisher), ("title", source.title)):
        if not value:
            raise ReportError(
                f"source {source.source_id}: its {name} is missing, and the return is from "
                f"{len(forces)} {'force' if len(forces) == 1 else 'forces'}; give it (--{name})."
            )
    return replace(source, publisher=publisher)


def add(
    folder: Path, held: Tables, read: Reading, source: Source, dry_run: bool
) -> tuple[list[str], list[Fault]]:
    """Put the package with what was read in the place of `folder`, if it is sound.

    Return the new entries of the ledger, and all remarks.
    """
    new = beside(folder, "new")
    try:
        found = _write(folder, new, held, read, source)
        if not dry_run:
            switch(new, folder)
        return found
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(
    folder: Path, new: Path, held: Tables, read: Reading, source: Source
) -> tuple[list[str], list[Fault]]:
    """Make `new` the package with the return, checked; return its new entries of the ledger.

    With all remarks: those of the checks, and what the reconciliation finds in the new rows.
    """
    before = _state(folder)
    shutil.copytree(folder, new)
    package = dataset.descriptor(new)
    columns = {r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]}
    if source.source_id not in set(held.sources["source_id"]):
        _append(new / "sources.csv", columns["sources"], [source.row()])
    for table, own in read.rows.items():
        _append(new / f"{table}.csv", columns[table], own)
    data = load(new)  # raises FaultError if the rows do not fit
    found = _findings(data, set(read.places))
    known = [_remark(finding, read) for finding in found.itertuples()]
    entries = _ledger(data, found, source, read, _places(known))
    _append(new / "discrepancies.csv", columns["discrepancies"], entries)
    dataset.load("discrepancies", folder=new)  # nothing else has changed since all was checked
    dataset.stamp(new)
    _sync(new)
    if _state(folder) != before:
        raise ReportError("The data were changed while the return was checked; do it again.")
    told = _places(read.remarks)
    remarks = read.remarks + [each for each in known if (each.code, each.row) not in told]
    return [entry["discrepancy_id"] for entry in entries], remarks


def _places(remarks: list[Fault]) -> set[tuple[str, object]]:
    """Which check remarked on which row: a check and the reconciliation may find one thing."""
    return {(fault.code, fault.row) for fault in remarks}


def _findings(data: Tables, new: set[str]) -> pd.DataFrame:
    """What the reconciliation finds in `new` rows and no entry of the ledger speaks of."""
    found = reconcile.unexplained(data, reconcile.findings(data))
    mask = [not new.isdisjoint(apart(rows)) for rows in found["rows"]]
    return found.loc[pd.Series(mask, index=found.index, dtype=bool)]


def _remark(finding: Any, read: Reading) -> Fault:  # noqa: ANN401
    """A finding of the reconciliation as a remark on the first row that it is about."""
    row = _first_new(finding, read)
    found = f"{finding.printed}; {finding.found} ({finding.place})"
    may, do = "figures that fit each other", "ask the force; it is in the ledger"
    code = _CHECK_OF.get(finding.rule, "")
    return Fault(read.sheet, found, may, row.row, "value", do, code, "warn")


def _first_new(finding: Any, read: Reading) -> Answer:  # noqa: ANN401
    """The first row of the return that a finding is about."""
    return next(read.places[each] for each in apart(finding.rows) if each in read.places)


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
    found: pd.DataFrame,
    source: Source,
    read: Reading,
    known: set[tuple[str, object]],
) -> list[dict[str, str]]:
    """Entries for what the reconciliation found in the new rows, and for what the checks remarked.

    Not for a remark on what it found too: `known` has the check and the row of each finding.
    """
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
            topic=measures()[_first_new(finding, read).measure_code].topic,
            place=finding.place,
            printed=finding.printed,
            found=_sentence(finding.found),
            treatment=_TREATMENT,
            rule=finding.rule,
        )
    returned = {row.row: row for row in read.places.values()}
    for remark in read.remarks:
        row = returned.get(remark.row)
        if remark.code not in _LEDGER_CHECKS or row is None or is_withheld(row):
            continue
        if (remark.code, remark.row) in known:
            continue
        add(
            source_id=source.source_id,
            topic=measures()[row.measure_code].topic,
            place=place_of(row, read.file),
            printed=str(row.value) if remark.column == "value" else row.offence_title,
            found=f"Check {remark.code} of the return: {remark.found}.",
            treatment=_TREATMENT,
        )
    return entries


def _sentence(text: str) -> str:
    """A finding as a sentence; one that begins with a sign would be read as a formula."""
    words = f"A change of {text}" if text[:1] in "+-" else f"{text[0].upper()}{text[1:]}"
    return f"{words}."


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second run away from the package; the system lets go of it however this one ends."""
    lock = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ReportError("Another return is being taken in. Wait until it is done.") from None
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
