"""Plain cells of a spreadsheet, what can be wrong with one, and the limits of a file."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from rso_report.errors import FileError, on_one_line
from rso_report.periods import day_label

Cell = None | str | int | float | bool | date
Place = tuple[int, int]  # row and column as a person counts them, from 1

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_CELLS = 250_000  # that hold a value
MAX_AREA = 2_000_000  # with the blank ones between them
MAX_TEXT = 5_000
MAX_SHEETS = 50
MAX_PROBLEMS = 1_000  # in a sheet; nobody reads more, and a hostile file has a million
SINCE_1900, SINCE_1904 = date(1899, 12, 30), date(1904, 1, 1)  # day 0 of the two date systems

ALLOWED = "a CSV file in UTF-8, or a workbook as .xlsx or .ods"

_ERROR_VALUE = re.compile(
    r"#(REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}"
)
_FORMULA_TEXT = re.compile(r"[=@].|[+-][^\d\s.,+-]", re.DOTALL)

# What a file may hold beside plain values: what is allowed instead, and what to do.
KINDS_OF_PROBLEM = {
    "merged": ("one value in each cell", "unmerge, and write the value into each cell it is for"),
    "formula": ("a value", "open the file in a spreadsheet, let it calculate, and save it"),
    "error": ("a value", "correct the formula, or write the value"),
    "control": ("plain text", "type the text again"),
    "hidden": ("all cells in view", "unhide and look whether it belongs to the reply"),
    "raised": ("the figure or name alone", "move the mark of the note into a cell of its own"),
    "masked": ("a cell that shows what it holds", "write what is to be read; a hidden figure is "
               "not for publication"),
}  # fmt: skip


class SheetError(FileError):
    """Something that cannot be read: `file`, `found`, `allowed` and `remedy` (what to do)."""

    def __init__(self, found: str, allowed: str, remedy: str, file: str = "") -> None:
        """Keep the parts and make one message of them."""
        self.found, self.allowed, self.remedy, self.file = found, allowed, remedy, file
        place = f"{file}: " if file else ""
        super().__init__(f"{place}found {found}; allowed: {allowed}; what to do: {remedy}.")


@dataclass(frozen=True)
class Problem:
    """Something in a sheet that may mislead; `kind` is a key of `KINDS_OF_PROBLEM`.

    `row` and `column` are numbers from 1, None for the whole of it. `severe` problems leave the
    cell without a sure value; others are only told.
    """

    row: int | None
    column: int | None
    kind: str
    found: str
    severe: bool = True

    @property
    def allowed(self) -> str:
        """What may stand there instead."""
        return KINDS_OF_PROBLEM[self.kind][0]

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return KINDS_OF_PROBLEM[self.kind][1]


@dataclass
class Sheet:
    """One table of cells; the cell that a person calls C7 is `rows[6][2]`. Blank cells are None.

    Text is stripped at both ends and has no raised characters, whole numbers are int, dates are
    date. Cells of a text file are all text. Rows are as long as the widest, unless a text file was
    read with `ragged`. `shown` has what a cell shows where that is not what it holds; `merged` the
    cells below and beside the first of a merged block; `day_0` is the day from which it counts.
    """

    name: str
    rows: list[list[Cell]]
    problems: list[Problem] = field(default_factory=list)
    shown: dict[Place, str] = field(default_factory=dict)
    merged: dict[Place, Place] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    day_0: date = SINCE_1900


def letters(column: int) -> str:
    """The name of a column, such as AB for 28."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def as_date(value: Cell, day_0: date = SINCE_1900) -> date:
    """A date from a date cell or from text such as 2022-02-22.

    Raises SheetError for anything else. A number may be a date that a spreadsheet stored as a
    count of days since `day_0`, and day and month may be swapped: the message names the date it
    probably is, because a guess is not a figure.
    """
    form = "a date as YYYY-MM-DD"
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise SheetError(f"'{text}', not in the calendar", form, "correct it") from None
        if match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2}|\d{4})", text, re.ASCII):
            day, month, year = (int(part) for part in match.groups())
            try:
                probable = date(year + 2000 if year < 100 else year, month, day)
            except ValueError:
                raise SheetError(f"'{text}'", form, "write the date in that form") from None
            remedy = f"if it means {day_label(probable)}, write {probable}"
            raise SheetError(f"'{text}'", form, remedy)
        if re.fullmatch(r"\d{5}(\.\d+)?", text, re.ASCII):
            value = float(text)
    if isinstance(value, int | float) and not isinstance(value, bool) and 20_000 <= value < 80_000:
        probable = day_0 + timedelta(days=int(value))
        remedy = f"it is probably {day_label(probable)}: if so, write {probable}"
        raise SheetError(f"the number {value:g}, how a spreadsheet stores a date", form, remedy)
    shown = "nothing" if value is None else f"'{on_one_line(str(value))}'"
    raise SheetError(shown, form, "write the date in that form")


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


def check_size(rows: int, columns: int) -> None:
    """Refuse at the first row or column that is too many, without reading the rest."""
    shorter = "send the table of the reply; lists of single events are not wanted"
    if rows > MAX_ROWS:
        raise SheetError(f"more than {MAX_ROWS:,} rows", f"at most {MAX_ROWS:,}", shorter)
    if columns > MAX_COLUMNS:
        raise SheetError(f"more than {MAX_COLUMNS} columns", f"at most {MAX_COLUMNS}", shorter)


def too_many_cells() -> SheetError:
    """The error for a file that holds more than any reply can."""
    return SheetError(
        "more than a table of figures can need",
        f"at most {MAX_CELLS:,} cells in a file",
        "send only the tables of the reply",
    )


def too_long(row: int) -> SheetError:
    """The error for a cell that holds more text than any figure or note needs."""
    return SheetError(
        f"a cell of more than {MAX_TEXT:,} characters in row {row}",
        f"at most {MAX_TEXT:,}",
        "shorten the text, and look for a quotation mark that is not closed",
    )


def check_problems(count: int) -> None:
    """Refuse a sheet that has so many problems that it is no table of figures."""
    if count > MAX_PROBLEMS:
        raise SheetError(
            f"more than {MAX_PROBLEMS:,} merged cells, formulas without values, or error values",
            "a table of figures",
            "copy the values alone to a new sheet",
        )


def filled_length(row: list[Cell]) -> int:
    """Length of a row without the blank cells at its end."""
    return max((n for n, value in enumerate(row, start=1) if value is not None), default=0)


def rectangle(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows of one length, without the blank ones below and the blank columns to the right."""
    lengths = [filled_length(row) for row in rows]
    width = max(lengths, default=0)
    last = max((n for n, length in enumerate(lengths, start=1) if length), default=0)
    return [row[:width] + [None] * (width - len(row)) for row in rows[:last]]


def text_problems(rows: list[list[Cell]]) -> Iterator[Problem]:
    """What the text of cells shows: error values, formulas as text, control characters."""
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if not isinstance(value, str):
                continue
            if len(value) > MAX_TEXT:
                raise too_long(number)
            if _ERROR_VALUE.fullmatch(value):
                yield Problem(number, column, "error", f"the error value {value}")
            elif _FORMULA_TEXT.match(value):
                found = f"text that a spreadsheet runs as a formula ('{on_one_line(value)}')"
                yield Problem(number, column, "formula", found)
            strange = {c for c in value if c not in "\n\t" and unicodedata.category(c)[0] == "C"}
            if strange:
                codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(strange)[:5])
                yield Problem(number, column, "control", f"invisible characters ({codes})")
