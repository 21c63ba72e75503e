"""The rows of the data that an annual return becomes, and how they stand to those that are held."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from rso_report.dataset import ROW_TABLES, Tables
from rso_report.errors import Fault, place
from rso_report.intake.checks import decided, family_of_heading, registered_with, whole_years
from rso_report.return_form import TIERS, Answer, fields, measures, titles

Rows = dict[str, list[dict[str, str]]]  # by table, each row with the text of its cells
PREFIXES = {table: prefix for prefix, table in ROW_TABLES.items()}


def rows_of_return(
    values: pd.DataFrame, data: Tables, source_id: str, file: str
) -> tuple[Rows, dict[str, Answer]]:
    """Rows for each table with their identifiers, and the row of the return behind each of them.

    `values` are those of `annual_return.typed`; `file` names the file and the sheet in locators.
    """
    tables = [table for table in PREFIXES if "row_id" in getattr(data, table)]
    numbers = {table: next_number(getattr(data, table)["row_id"]) for table in tables}
    rows: dict[str, list[dict[str, str]]] = {table: [] for table in numbers}
    places: dict[str, Answer] = {}
    names: dict[int, str] = {}
    returned = list(values.itertuples(index=False))
    for row in returned:
        table, cells = _cells(row)
        row_id = f"{PREFIXES[table]}{numbers[table]:04d}"
        numbers[table] += 1
        names[row.row], places[row_id] = row_id, row
        cells |= {"row_id": row_id, "source_id": source_id, "locator": place_of(row, file)}
        rows[table].append(cells)
    for cells in rows["missing"]:
        total = registered_with(places[cells["row_id"]], returned)
        if total is not None and names[total.row].startswith("RO"):
            cells["denominator_row"] = names[total.row]
    return rows, places


_LOOSE = ("row_id", "denominator_row", "locator")

# What pages read as markup may not stand in the data: a file is named without it.
_AS_TEXT = str.maketrans("[]{}<>`\\*$~^", "()()()'/+S--")


def place_of(row: Answer, file: str) -> str:
    """Where a figure stands: in the document of which a draft was made, or in the form."""
    where = f"{file}, {place(row.row)}"
    if row.from_cell:
        sheet = row.from_sheet and f"sheet {row.from_sheet}"
        where = ", ".join(filter(None, [row.from_file, sheet, row.from_cell]))
    return where.translate(_AS_TEXT)


def next_number(names: pd.Series) -> int:
    """The number after the highest one that identifiers such as BR0086 or F43 end with."""
    used = names.str.extract(r"(\d+)$")[0].dropna().astype(int)
    return int(used.max()) + 1 if len(used) else 1


def _cells(row: Answer) -> tuple[str, dict[str, str]]:
    """The table of the data that takes a row of a return, and the cells it has there."""
    measure = measures()[row.measure_code]
    withheld = is_withheld(row)
    suppressed = row.value_status == "suppressed"
    part = row.period_start and not whole_years(row.period_start, row.period_end)
    table = measure.table
    if row.value is None or withheld or suppressed or (part and table == "missing"):
        table = "answers"  # the table of missing people cannot say that a period is not over
    cells = {
        "area_id": row.force,
        "as_at": _day(row.as_at),
        "as_at_precision": row.as_at_precision if row.as_at else "",
        "value": "" if row.value is None or withheld else str(row.value),
        "qualifier": row.qualifier,
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
            "family": titles().get(row.offence_title, ""),
            "offence_title": row.offence_title,
            "table_as_printed": row.table_as_printed,
            "heading_as_printed": row.heading_as_printed,
            "heading_family": family_of_heading(row.heading_as_printed),
            "unit": "offences",
            **measure.row,
        }
        if row.table_as_printed and not cells["heading_family"]:
            cells["heading_family"] = measure.family
        if row.total:
            return "printed_totals", cells | {"axis": row.total}
    return table, cells


def is_withheld(row: Answer) -> bool:
    """Whether the value of a row is not to be written anywhere (V19)."""
    return decided(row).outcome != "allowed"


def _period(start: date | None, end: date | None) -> dict[str, str]:
    """A period as the data have it: whole years, and how far a part-year was counted."""
    if not start or not end:
        return {}
    if whole_years(start, end):
        return {
            "period_start": _day(start),
            "period_end": _day(end),
            "period_precision": "stated",
            "period_status": "complete",
        }
    years = 1
    while (last := start + pd.DateOffset(years=years, days=-1)).date() < end:
        years += 1
    return {
        "period_start": _day(start),
        "period_end": _day(last.date()),
        "period_precision": "stated",
        "period_status": "part",
        "covered_to_earliest": _day(end),
        "covered_to_latest": _day(end),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _note(row: Answer) -> str:
    return "; ".join(filter(None, [row.note, row.source_ref and f"held in: {row.source_ref}"]))


def _detail(row: Answer) -> str:
    """What a row is about beside its measure, as columns of the form with their values."""
    names = ("geography_code", "sex", "risk_tier", "risk_tool", "mappa_level")
    names += ("custody_status", "definition_code", "offence_title")
    given = {name: getattr(row, name) for name in names}
    if measures()[row.measure_code].custody:
        given["custody_status"] = ""  # the measure says it
    return "; ".join(
        f"{name}: {value}"
        for name, value in given.items()
        if value not in ("", fields()[name].default)
    )


def clashes(
    rows: Rows, places: dict[str, Answer], data: Tables, package: dict, source_id: str
) -> list[Fault]:
    """V18 and V03 against the data: what they cannot hold beside what they have, and revisions.

    `package` is the description of the data package, which has the unique keys of each table.
    """
    keys = {r["name"]: r["schema"].get("uniqueKeys", []) for r in package["resources"]}
    found = []
    for table, own in rows.items():
        held = getattr(data, table)
        for cells in own:
            row = places[cells["row_id"]]
            if cells.get("revises_row"):
                found += _revision(cells, row, held)
            elif table == "breaches":
                found += _second_source(cells, row, held, source_id)
        for key in keys[table]:
            first: dict[tuple[str, ...], Answer] = {}
            for cells in own:
                row = places[cells["row_id"]]
                other = first.setdefault(tuple(cells.get(name, "") for name in key), row)
                if other is not row:
                    clash = f"the same figure as {place(other.row)}"
                    may = f"in {table}.csv one for each {', '.join(key)}"
                    do = "delete one of the two"
                    found.append(Fault("", clash, may, row.row, None, do, "V18"))
    return found


def _second_source(
    cells: dict[str, str], row: Answer, held: pd.DataFrame, source_id: str
) -> Iterator[Fault]:
    """V18: offences that another source gave: titles are summed, so they would count twice."""
    same = held_offences(held, cells)
    for other in same[same["source_id"] != source_id].itertuples():
        found = f"the same offences and period as {other.row_id}, from source {other.source_id}"
        do = f"if this replaces it, write revised in value_status and {other.row_id} in "
        do += "revises_row; if not, leave the row out"
        may = "one current number for each title and period"
        yield Fault("", found, may, row.row, None, do, "V18")


def held_offences(held: pd.DataFrame, cells: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of the data, not revised since, with the area, title and period of another."""
    same = held[~held["row_id"].isin(held["revises_row"])]
    for name in ("area_id", "offence_title", "period_start", "period_end"):
        same = same[same[name] == cells[name]]
    return same


def _revision(cells: dict[str, str], row: Answer, held: pd.DataFrame) -> Iterator[Fault]:
    """V03: a revision names a row of the table that takes it, and of its area."""
    name, area = cells["revises_row"], cells["area_id"]
    old = held[(held["row_id"] == name) & (held["area_id"] == area)]
    if old.empty:
        may = f"a row of the published data with the same measure for {area}"
        do = "look it up on the pages that list the rows"
        yield Fault("", f"'{name}'", may, row.row, "revises_row", do, "V03")


def held_already(
    folder: Path, rows: Rows, places: dict[str, Answer], source_id: str
) -> tuple[bool, str]:
    """Whether the data have rows of this source, and in words where they are others; "" if nowhere.

    Identifiers and the name of the file do not matter: the same answers may come in a copy. One
    official publication has several tables, which come one by one: what is held of it counts where
    it has the same measures and dates. A return of a force comes whole.
    """
    official = [measures()[row.measure_code].official for row in places.values()]
    keys = ("series_id", "measure", "as_at", "period_end") if official and all(official) else ()
    is_held, differs = False, ""
    for table, own in rows.items():
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            columns = [name for name in lines.fieldnames or () if name not in _LOOSE]
            alike = {tuple(cells.get(key, "") for key in keys) for cells in own}
            held = [
                tuple(line[name] for name in columns)
                for line in lines
                if line["source_id"] == source_id
                and (not keys or tuple(line.get(key, "") for key in keys) in alike)
            ]
        new = [tuple(cells.get(name, "") for name in columns) for cells in own]
        is_held = is_held or bool(held)
        if sorted(held) != sorted(new) and not differs:
            differs = f"{table}.csv has {len(held)} of its rows, the return {len(new)}, of which "
            differs += f"{len(set(new) - set(held))} differ"
    return is_held, differs
