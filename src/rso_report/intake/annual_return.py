"""The checks of an annual return: V01 to V23, all faults at once, each with its place.

`tidy` makes a frame of a sheet; `faults` checks it against the form (`return_form`) and against
the data that are held; `typed` gives the values once nothing stops it. Checks across rows are in
`checks`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from itertools import zip_longest

import pandas as pd

from rso_report import personal, plain_cells
from rso_report.dataset import Tables
from rso_report.errors import Fault, FaultError, on_one_line, shown
from rso_report.intake.cells import SINCE_1900, Cell, as_date, letters, quoted, text_of
from rso_report.intake.checks import checks_across_rows
from rso_report.return_form import (
    SPLIT_FIELDS,
    SPLITS,
    WITH_VALUE,
    Field,
    Measure,
    fields,
    measures,
)

EARLIEST = date(1997, 9, 1)  # the register begins
LARGEST = 99_999_999
_HEADER_WITHIN = 20  # rows; above the column names stand a title and instructions
_WHOLE = re.compile(r"\d+(?:\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
# In a note of a yearly return a day before 2000 is hardly anything but a date of birth.
_EARLY_DAY = re.compile(
    r"\b\d{1,2}[\s./-]+(?:\d{1,2}|[A-Za-z]{3,9})[\s./-]+19\d\d\b|\b19\d\d-\d\d-\d\d\b"
)


def header_row(rows: list[list[Cell]]) -> int | None:
    """Where the names of the columns stand, as an index; None if no row near the top has them."""
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        if len({text_of(cell).casefold() for cell in row} & set(fields())) > 1:
            return index
    return None


def tidy(rows: list[list[Cell]]) -> tuple[pd.DataFrame, list[Fault]]:
    """The filled-in rows of a sheet as a frame, and what is wrong with its columns (V01).

    Columns: `row` (as a person sees it in the sheet), and the names that the sheet gives to its
    columns. Empty rows are left out. Without a row of column names the frame is empty.
    """
    head = header_row(rows)
    if head is None:
        found, allowed = "no row with the names of the columns", "a row with the column names "
        do = "start from the template, or make a draft of the file with rso-report draft"
        fault = _fault("V01", None, found, allowed + ", ".join(_required()), do)
        return pd.DataFrame(columns=["row"]), [fault]
    names = [text_of(cell) for cell in rows[head]]
    used = [*dict.fromkeys(filter(None, names))]
    do = "delete or rename one of the two"
    wrong = [
        _fault("V01", name, "the column a second time", "each column once", do, head + 1)
        for name in used
        if names.count(name) > 1
    ]
    records = []
    for number, row in enumerate(rows[head + 1 :], head + 2):
        cells: dict[str, Cell] = {}
        for place, (name, cell) in enumerate(zip_longest(names, row, fillvalue=""), 1):
            cells.setdefault(str(name), cell)
            if text_of(cell) and not name:
                found = f"{quoted(cell)} in a column without a name"
                may, do = "values only below the name of a column", "move or delete it"
                wrong.append(_fault("V01", letters(place), found, may, do, number))
        if any(text_of(cells[name]) for name in used):
            records.append({"row": number} | cells)
    return pd.DataFrame(records, columns=["row", *used], dtype=object), wrong


def faults(frame: pd.DataFrame, data: Tables, published: date | None = None) -> list[Fault]:
    """Everything wrong in a return, in the order of its rows; an empty list if there is nothing.

    `frame` is one of `tidy`: `row`, and the cells as they were read. `data` are all tables of the
    data that are held. No date may lie after `published`, the date of the return.
    """
    read, found = _read(frame, data, published)
    stopped = {fault.row for fault in found if fault.severity == "stop"}
    sound = read[~read["row"].isin(stopped)]
    found += checks_across_rows(sound, data)
    order = {row: number for number, row in enumerate(frame["row"], 1)}
    return sorted(found, key=lambda f: (order.get(f.row, 0), f.code, f.column or ""))


def row_faults(frame: pd.DataFrame, data: Tables) -> list[Fault]:
    """What would stop single rows of a return, whatever the others are."""
    return [fault for fault in _read(frame, data, None)[1] if fault.severity == "stop"]


def typed(frame: pd.DataFrame, data: Tables) -> pd.DataFrame:
    """The values of a return: all columns of the form, text as str, dates as date, else None.

    An empty cell that means something by the form has that value; a measure that counts people of
    one custody status has it. Cells that `faults` complains of are empty.
    """
    return _read(frame, data, None)[0]


def force_codes(data: Tables) -> dict[str, str]:
    """Every force, and every set of forces that answer together, by its code, with its name."""
    return _codes(data, "force", "joint")


def area_codes(data: Tables) -> dict[str, str]:
    """Every area that an official table has, by its code, with its name."""
    return force_codes(data) | _codes(data, "region", "country")


def _codes(data: Tables, *kinds: str) -> dict[str, str]:
    units = data.areas[data.areas["kind"].isin(kinds)]
    return dict(zip(units["area_id"], units["name"], strict=True))


def allowed_values(name: str, data: Tables, official: bool = False) -> tuple[str, ...]:
    """The codes that a column may hold, in the order in which they are offered."""
    if name == "force":
        return tuple(area_codes(data) if official else force_codes(data))
    return tuple(measures()) if name == "measure_code" else fields()[name].allowed


def _required() -> list[str]:
    return [field.name for field in fields().values() if field.part == "required"]


def _read(
    frame: pd.DataFrame, data: Tables, published: date | None
) -> tuple[pd.DataFrame, list[Fault]]:
    """The values of every cell, and the faults that one row shows by itself."""
    found = list(_column_faults([c for c in frame.columns if c != "row"]))
    names, day_0 = area_codes(data), frame.attrs.get("day_0", SINCE_1900)
    records = []
    for cells in frame.to_dict("records"):
        row, wrong = {"row": cells["row"]}, []
        measure = measures().get(text_of(cells.get("measure_code")))
        for field in fields().values():
            if field.part == "draft":  # written by us for whoever reads the draft
                row[field.name] = text_of(cells.get(field.name))
                continue
            official = bool(measure and measure.official)
            allowed = allowed_values(field.name, data, official) if field.kind == "code" else ()
            row[field.name] = field.default if field.kind in ("code", "text") else None
            try:
                row[field.name] = _value(field, cells.get(field.name), allowed, names, day_0)
            except FaultError as error:
                wrong += [replace(fault, column=field.name) for fault in error.faults]
        if row["remarks"] and not row["value_status"] and row["value"] is None:
            wrong = [fault for fault in wrong if fault.column != "value_status"]
            wrong.append(_left_open(row))
        rules = [*_place(row)]
        if measure:
            rules += [*_dates(row, measure.kind, published), *_number(row, measure.decimals)]
            rules += _splits(row, measure)
            row["custody_status"] = row["custody_status"] or measure.custody
        bad = {fault.column for fault in wrong}
        wrong += [fault for fault in rules if fault.column not in bad]
        records.append(row)
        found += [replace(fault, row=row["row"]) for fault in wrong]
    return pd.DataFrame(records, columns=["row", *fields()], dtype=object), found


def _column_faults(columns: list[str]) -> Iterator[Fault]:
    """V01: columns that are missing, and columns that nobody asked for."""
    for name in _required():
        if name not in columns:
            do = "add it, or start from the template"
            yield _fault("V01", name, "no such column", f"a column {name}", do)
    for name in columns:
        if name not in fields():
            near = get_close_matches(name.casefold(), fields(), 1, 0.75)
            do = f"did you mean {near[0]}?" if near else "delete it, or move its content to note"
            found = f"the unknown column {quoted(name)}"
            yield _fault("V01", None, found, "the columns of the template", do)


def _fault(
    code: str, column: str | None, found: str, allowed: str, do: str, row: int | None = None
) -> Fault:
    """A fault of the sheet, or of a row that is named later."""
    return Fault("", found, allowed, row, column, do, code)


def _wrong(code: str, found: str, allowed: str, do: str) -> FaultError:
    """What is wrong with a cell that is named later."""
    return FaultError([_fault(code, None, found, allowed, do)])


def _value(
    field: Field, cell: Cell, allowed: tuple[str, ...], names: dict[str, str], day_0: date
) -> object:
    """The value of one cell; raises FaultError if it has none."""
    text = text_of(cell)
    if isinstance(cell, str) and field.kind == "text":
        _check_text(text)
    if not text:
        if field.name in ("force", "measure_code", "value_status"):
            raise _wrong("V03", "nothing", f"one of {', '.join(allowed)}", "fill it in")
        return field.default if field.kind in ("code", "text") else None
    if field.kind == "code" and text not in allowed:
        may, do = f"one of {', '.join(allowed)}", _meant(text, allowed, names)
        raise _wrong("V03", quoted(text), may, do)
    if field.kind in ("text", "code"):
        return text
    if field.kind == "date":
        try:
            return as_date(cell, day_0)
        except FaultError as error:
            raise FaultError([replace(error.faults[0], code="V04")]) from None
    return _amount(field, cell, text)


def _check_text(text: str) -> None:
    """V02 and V20 of free text. The text is not repeated where it may be about a person."""
    if fault := plain_cells.text_fault(text):
        raise _wrong("V02", f"text with {shown(fault[0])}", fault[1], "write it differently")
    details = [detail.kind for detail in personal.findings(text)]
    if details or _EARLY_DAY.search(text):
        found = f"what looks like: {[*details, 'age or date of birth'][0]}"
        raise _wrong("V20", found, "nothing about one person", "remove it")


def _amount(field: Field, cell: Cell, text: str) -> int | float:
    least = 1 if field.kind == "whole number" else 0
    words = "a number" if field.kind == "number" else "a whole number"
    may, do = f"{words} of {least} or more", "write the number alone, in digits"
    form = _DECIMAL if field.kind == "number" else _WHOLE
    if form.fullmatch(text) and not isinstance(cell, bool | date):
        amount = float(text)
        if amount < least or amount > LARGEST:
            may += f", at most {LARGEST:,}"
            raise _wrong("V02", quoted(text), may, "correct it")
        return int(amount) if amount.is_integer() else amount
    bare = text.lstrip("<>~£ ").replace(",", "").replace(" ", "")
    if text.startswith(("-", "−")):
        do = "a count cannot be negative; correct it"
    elif text.startswith("<"):
        do = "a count below a limit is not a number: give it exactly, or write the limit "
        do += "alone, fewer_than in qualifier and suppressed in value_status"
    elif _DECIMAL.fullmatch(bare):
        do = f"write {bare}, if that is the exact number"
    raise _wrong("V02", quoted(text), may, do)


def _dates(row: dict, kind: str, published: date | None) -> Iterator[Fault]:
    """V04: a stock has one day, a flow a first and a last, none before 1997 or in the future."""
    asked = ("as_at",) if kind == "stock" else ("period_start", "period_end")
    other = ("period_start", "period_end") if kind == "stock" else ("as_at",)
    word = "a stock, which needs an as-at date and no period"
    if kind == "flow":
        word = "a flow, which needs a start and an end of its period, and no as-at date"
    may = f"{row['measure_code']} is {word}"
    for name in asked:
        day = row[name]
        if day is None:
            yield _fault("V04", name, "nothing", may, f"fill in {name}")
        elif day < EARLIEST:
            yield _fault("V04", name, day.isoformat(), f"{EARLIEST} or later", "correct the year")
        elif published and day > published:
            until = f"no day after {published}, the date of the return"
            yield _fault(
                "V04", name, day.isoformat(), until, "correct the date, or leave the row out"
            )
    for name in other:
        if row[name] is not None:
            yield _fault("V04", name, row[name].isoformat(), may, f"empty {name}")
    start, end = row["period_start"], row["period_end"]
    if kind == "flow" and start and end and end < start:
        shown = f"{end}, before the start {start}"
        yield _fault(
            "V04", "period_end", shown, "a day after period_start", "correct one of the two"
        )


def _number(row: dict, decimals: bool) -> Iterator[Fault]:
    """V02: a number where the status promises one, and none where it says there is none."""
    value, status = row["value"], row["value_status"]
    if value is not None and not decimals and isinstance(value, float):
        do = "only full-time equivalents and rates may have decimals"
        yield _fault("V02", "value", f"'{value:g}'", "a whole number of 0 or more", do)
    if status in WITH_VALUE and value is None:
        do = "fill in the number, or say why there is none: not_held, cost_limit or exempt"
        yield _fault("V02", "value", "nothing", f"a number, because value_status is {status}", do)
    limit = row["qualifier"] == "fewer_than"
    if limit and status != "suppressed" or (limit and value is None):
        do = "write the limit in value and suppressed in value_status, or correct the qualifier"
        yield _fault(
            "V03", "qualifier", "'fewer_than'", "a limit below which the force withholds", do
        )
    if status and status not in WITH_VALUE and value is not None and not limit:
        do = "empty value, or correct value_status"
        yield _fault(
            "V02", "value", f"'{value:g}'", f"nothing, because value_status is {status}", do
        )
    if status and status not in WITH_VALUE and row["total"]:
        yield _fault(
            "V03", "total", quoted(row["total"]), "a total with its number", "delete the row"
        )
    if (status == "revised") != bool(row["revises_row"]):
        do = "name the row of the published data, such as BR0005, or correct value_status"
        may = "a row exactly where value_status is revised"
        yield _fault("V03", "revises_row", quoted(row["revises_row"]), may, do)


def _splits(row: dict, measure: Measure) -> Iterator[Fault]:
    """V03 and V17: what the measure must say beside its number, and what would be lost."""
    code, table = measure.code, measure.table
    if row["value"] is not None and row["value_status"] in WITH_VALUE:
        for name in measure.needs:
            if not row[name] and not (name == "offence_title" and row["total"]):
                may = f"needed for {code}: {fields()[name].says}"
                yield _fault("V03", name, "nothing", may, "fill it in")
    else:
        table = "answers"  # keeps the splits in words
    for name in SPLIT_FIELDS:
        given = row[name] and row[name] != fields()[name].default
        fits = name in (*SPLITS[table], *SPLITS[measure.table], *measure.needs)
        if given and not fits:
            may = f"nothing: {code} is not asked by {name}"
            yield _fault(
                "V03", name, quoted(row[name]), may, "empty it, or use another measure_code"
            )
    if measure.custody and row["custody_status"] not in ("", measure.custody):
        may = f"{measure.custody}, or nothing: a count with people in custody and one of the "
        may += "community only cannot be compared"
        yield _fault("V17", "custody_status", quoted(row["custody_status"]), may, f"check {code}")


def _left_open(row: dict) -> Fault:
    """V03: a figure that a draft did not understand, and nobody has filled in."""
    found = f"nothing; the draft says: {on_one_line(row['remarks'], 300)}"
    do = "fill in the number or say why there is none, or delete the row"
    return _fault("V03", "value_status", found, "a figure that was read", do)


def _place(row: dict) -> Iterator[Fault]:
    """V03: a district has a code, a force has none."""
    code, is_district = row["geography_code"], row["geography_level"] == "district"
    if bool(code) != is_district:
        may = "the code of a district exactly where geography_level is district"
        yield _fault("V03", "geography_code", quoted(code), may, "correct one of the two")


def _meant(text: str, allowed: tuple[str, ...], names: dict[str, str]) -> str:
    """What a person who wrote a wrong code may have meant."""
    by_name = {name.casefold(): code for code, name in names.items() if code in allowed}
    by_code = {code.casefold(): code for code in allowed}
    known = {**by_name, **by_code}
    near = get_close_matches(text.casefold(), known, 1, 0.6)
    return f"did you mean {known[near[0]]}?" if near else "use one of these codes"
