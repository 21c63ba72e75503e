"""Plain cells of a spreadsheet, what may mislead about one, and the limits of a file."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice, product
from typing import Literal

from rso_report.errors import Fault, FaultError, FileError, on_one_line, shown
from rso_report.periods import day_label

Cell = None | str | int | float | bool | date
Place = tuple[int, int]  # row and column as a person counts them, from 1

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_AREA = 2_000_000  # cells of all sheets, with the blank ones between them
MAX_TEXT = 5_000
MAX_PROBLEMS = 1_000  # in a sheet; nobody reads more, and a hostile file has a million
SINCE_1900, SINCE_1904 = date(1899, 12, 30), date(1904, 1, 1)  # day 0 of the two date systems

ALLOWED = "a CSV file in UTF-8, or a workbook as .xlsx or .ods"
SHORTER = "send the table of the reply alone; lists of single events are not wanted"

_ERROR_VALUE = re.compile(
    r"#(REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}"
)

# What a file may hold beside plain values: what is allowed instead, and what to do.
KINDS_OF_PROBLEM = {
    "merged": ("one value in each cell", "unmerge, and write the value into each cell it is for"),
    "formula": ("a value", "open the file in a spreadsheet, let it calculate, and save it"),
    "error": ("a value", "correct the formula, or write the value"),
    "hidden": ("all cells in view", "unhide and look whether it belongs to the reply"),
    "raised": ("the figure or name alone", "move the mark of the note into a cell of its own"),
    "masked": ("a cell that shows what it holds", "write what is to be read; a hidden figure is "
               "not for publication"),
}  # fmt: skip


def refused(found: str, allowed: str, remedy: str) -> FileError:
    """The error for a file that is not read; `read_sheets` puts its name before it."""
    return FileError(str(Fault("", found, allowed, remedy=remedy)))


@dataclass
class Sheet:
    """One table of cells; the cell that a person calls C7 is `rows[6][2]`. Blank cells are None.

    Text is stripped at both ends and has no raised characters, whole numbers are int, dates are
    date. Cells of a text file are all text, and its rows differ in length. `shown` has what a cell
    shows where that is not what it holds, `plain` its text without raised characters; `merged`
    leads from the cells of a merged block to its first; `day_0` is the day from which it counts.
    `faults` is what may mislead, with the number of its column and as code a key of
    `KINDS_OF_PROBLEM`: those that stop leave the cell without a sure value, the others are only
    told.
    """

    name: str
    rows: list[list[Cell]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    shown: dict[Place, str] = field(default_factory=dict)
    plain: dict[Place, str] = field(default_factory=dict)
    merged: dict[Place, Place] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    day_0: date = SINCE_1900

    def at(self, row: int, column: int) -> Cell:
        """A cell by its place from 1, or the one that was merged over it; None outside."""
        row, column = self.merged.get((row, column), (row, column))
        inside = 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1])
        return self.rows[row - 1][column - 1] if inside else None

    def tell(self, place: tuple[int | None, int | None], kind: str, found: str,
             severe: bool = True) -> None:  # fmt: skip
        """Add a fault; FileError if there are so many that it is no table of figures."""
        allowed, remedy = KINDS_OF_PROBLEM[kind]
        row, column = place
        severity: Literal["stop", "warn"] = "stop" if severe else "warn"
        where = f"sheet {self.name}"
        self.faults.append(Fault(where, found, allowed, row, column, remedy, kind, severity))
        if len(self.faults) > MAX_PROBLEMS:
            raise refused(
                f"more than {MAX_PROBLEMS:,} merged cells, formulas without values, or error "
                "values", "a table of figures", "copy the values alone to a new sheet",
            )  # fmt: skip

    def hide(self, sheet: bool, rows: Iterable[int], columns: Iterable[int]) -> None:
        """One fault each for a hidden sheet, for all hidden rows and for all hidden columns."""
        self.hidden_rows, self.hidden_columns = frozenset(rows), frozenset(columns)
        if sheet:
            self.tell((None, None), "hidden", "a hidden sheet", False)
        if numbers := sorted(self.hidden_rows):
            text = "hidden rows (or of height 0) " + ", ".join(map(str, numbers))
            self.tell((numbers[0], None), "hidden", on_one_line(text), False)
        if numbers := sorted(self.hidden_columns):
            text = "hidden columns (or of width 0) " + ", ".join(map(letters, numbers))
            self.tell((None, numbers[0]), "hidden", on_one_line(text), False)

    def merge(self, row: int, column: int, down: int, across: int) -> None:
        """A block of cells of which one value stands for all, or for which is not said."""
        last = f"{letters(column + across - 1)}{row + down - 1}"
        self.tell((row, column), "merged", f"merged cells ({letters(column)}{row}:{last})")
        rows = range(row, min(row + down, MAX_ROWS + 1))
        columns = range(column, min(column + across, MAX_COLUMNS + 1))
        self.merged |= dict.fromkeys(islice(product(rows, columns), 1, 2_000), (row, column))

    def without_raised(self, place: Place, plain: str, raised: str) -> None:
        """Characters set above the line, which are a note and no part of a figure or name."""
        if raised.strip() and plain.strip():
            note = on_one_line(raised.strip())
            self.tell(place, "raised", f"raised characters '{note}' beside '{on_one_line(plain)}'")
            self.plain[place] = plain

    def shows(self, place: Place, text: str, value: float) -> None:
        """A cell that shows another text than its value."""
        self.shown[place] = text
        digits = re.sub(r"[,\s£]", "", text)
        rounded = re.fullmatch(r"-?\d+(\.\d+)?", digits) and abs(float(digits) - value) <= 0.5
        found = f"a cell that shows '{on_one_line(text)}' and holds {value:,g}"
        self.tell(place, "masked", found, severe=not rounded)


def letters(column: int) -> str:
    """The name of a column, such as AB for 28."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell_name(row: int, column: int) -> str:
    """The name of a cell, such as AB7."""
    return f"{letters(column)}{row or ''}"


def text_of(cell: object) -> str:
    """A cell as text without spaces around it, a blank one as none; 12.0 of a spreadsheet is 12."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def quoted(cell: object) -> str:
    """A cell as a message repeats it: short, on one line, unable to steer a terminal."""
    return shown(text_of(cell)) if text_of(cell) else "nothing"


def as_date(value: Cell, day_0: date = SINCE_1900) -> date:
    """A date from a date cell or from text such as 2022-02-22.

    Raises FaultError for anything else. A number may be a date that a spreadsheet stored as a
    count of days since `day_0`, and day and month may be swapped: the message names the date it
    probably is, because a guess is not a figure.
    """

    def wrong(found: str, remedy: str) -> FaultError:
        return FaultError([Fault("", found, "a date as YYYY-MM-DD", remedy=remedy)])

    if isinstance(value, date):
        return value
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
        if match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2}|\d{4})", text, re.ASCII):
            day, month, year = map(int, match.groups())
            probable = date(year + 2000 if year < 100 else year, month, day)
            do = f"if it means {day_label(probable)}, write {probable}"
            raise wrong(quoted(text), do)
    except ValueError:
        found = f"'{text}', not in the calendar" if text[4:5] == "-" else quoted(text)
        raise wrong(found, "write the date in that form") from None
    if re.fullmatch(r"\d{5}(\.\d+)?", text, re.ASCII) and 20_000 <= float(text) < 80_000:
        probable = day_0 + timedelta(days=int(float(text)))
        do = f"it is probably {day_label(probable)}: if so, write {probable}"
        found = f"the number {float(text):g}, how a spreadsheet stores a date"
        raise wrong(found, do)
    raise wrong(quoted(value), "write the date in that form")


def plain_cell(value: object) -> Cell:
    """One of the few types a cell may have; text stripped, blank text None."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return "#NUM!"
        return int(value) if value == int(value) and abs(value) < 2**53 else value
    if isinstance(value, datetime):
        if value.time() == time(0):
            return value.date()
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip() or None


def too_many(what: str, most: int, do: str = SHORTER) -> FileError:
    """The error for more of something than a reply can have."""
    return refused(f"more than {most:,} {what}", f"at most {most:,}", do)


def check_size(rows: int, columns: int) -> None:
    """Refuse at the first row or column that is too many, without reading the rest."""
    if rows > MAX_ROWS:
        raise too_many("rows", MAX_ROWS)
    if columns > MAX_COLUMNS:
        raise too_many("columns", MAX_COLUMNS)


def check_area(area: int) -> None:
    """Refuse a file that holds more cells, blank ones too, than any reply can."""
    if area > MAX_AREA:
        raise too_large()


def too_large() -> FileError:
    """The error for a file with more in it than a reply can have."""
    found = "more than a table of figures can need"
    return refused(found, f"at most {MAX_AREA:,} cells in a file", SHORTER)


def error_values(rows: list[list[Cell]]) -> Iterator[tuple[Place, str, str]]:
    """The error values that a table shows in place of values; refuses text without an end."""
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if isinstance(value, str) and len(value) > MAX_TEXT:
                do = "shorten the text, and look for a quotation mark that is not closed"
                raise too_many(f"characters in row {number}", MAX_TEXT, do)
            if isinstance(value, str) and _ERROR_VALUE.fullmatch(value):
                yield (number, column), "error", f"the error value {value}"
