"""Plain cells of a spreadsheet, and what can be wrong with one: the words of `sheets`."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from openpyxl.utils import get_column_letter

from rso_report.errors import FileError, on_one_line
from rso_report.periods import day_label

Cell = None | str | int | float | bool | date

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_CELLS = 250_000  # that hold a value
MAX_AREA = 2_000_000  # with the blank ones between them
MAX_TEXT = 5_000
MAX_SHEETS = 50
MAX_PROBLEMS = 1_000  # in a sheet; nobody reads more, and a hostile file has a million

ALLOWED = "a CSV file in UTF-8, or a workbook as .xlsx or .ods"

_ERROR_VALUE = re.compile(
    r"#(REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}"
)
_FORMULA_TEXT = re.compile(r"[=@].|[+-][^\d\s.,+-]", re.DOTALL)


class SheetError(FileError):
    """Something that cannot be read: `file`, `found`, `allowed` and `remedy` (what to do)."""

    def __init__(self, found: str, allowed: str, remedy: str, file: str = "") -> None:
        """Keep the parts and make one message of them."""
        self.found, self.allowed, self.remedy, self.file = found, allowed, remedy, file
        place = f"{file}: " if file else ""
        super().__init__(f"{place}found {found}; allowed: {allowed}; what to do: {remedy}.")


@dataclass(frozen=True)
class Problem:
    """Something in a sheet that may mislead; `column` is a letter as the spreadsheet shows it.

    `kind` is one of merged, formula, error, control, hidden. Hidden parts are only warned of.
    """

    row: int | None
    column: str | None
    found: str
    allowed: str
    remedy: str
    kind: str
    sheet: str = ""

    @property
    def warning(self) -> bool:
        """True where the cells can still be taken as they are."""
        return self.kind == "hidden"


@dataclass
class Sheet:
    """One table of cells; the cell that a person calls C7 is `rows[6][2]`. Blank cells are None.

    Text is stripped at both ends, whole numbers are int, dates are date. Cells of a text file
    are all text. Rows are as long as the widest, unless a text file was read with `ragged`.
    """

    name: str
    rows: list[list[Cell]]
    problems: list[Problem] = field(default_factory=list)


def as_date(value: Cell) -> date:
    """A date from a date cell or from text such as 2022-02-22.

    Raises SheetError for anything else. A number may be a date that a spreadsheet stored as a
    count of days, and day and month may be swapped: the message names the date it probably is,
    because a guess is not a figure.
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
        probable = date(1899, 12, 30) + timedelta(days=int(value))
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


def check_count(sheets: list[Sheet]) -> list[Sheet]:
    """The sheets, unless there are too many."""
    if len(sheets) > MAX_SHEETS:
        remedy = "send only the sheets of the reply"
        raise SheetError(f"more than {MAX_SHEETS} sheets", f"at most {MAX_SHEETS}", remedy)
    return sheets


def filled_length(row: list[Cell]) -> int:
    """Length of a row without the blank cells at its end."""
    return max((n for n, value in enumerate(row, start=1) if value is not None), default=0)


def rectangle(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows of one length, without the blank ones below and the blank columns to the right."""
    lengths = [filled_length(row) for row in rows]
    width = max(lengths, default=0)
    last = max((n for n, length in enumerate(lengths, start=1) if length), default=0)
    return [row[:width] + [None] * (width - len(row)) for row in rows[:last]]


def merged_problem(row: int, column: int, size: str) -> Problem:
    """One value stands in a block of cells: it is not said for which of them it holds."""
    return Problem(
        row,
        get_column_letter(column),
        f"merged cells ({size})",
        "one value in each cell",
        "unmerge the cells and write the value into each that it stands for",
        "merged",
    )


def formula_problem(row: int, column: int) -> Problem:
    """The file holds how a figure is worked out, but not the figure."""
    return Problem(
        row,
        get_column_letter(column),
        "a formula without a saved value",
        "a value",
        "open the file in a spreadsheet, let it calculate, and save it; or write the value",
        "formula",
    )


def hidden_problems(sheet: bool, rows: list[int], columns: list[int]) -> list[Problem]:
    """One warning each for a hidden sheet, for all hidden rows and for all hidden columns."""
    remedy = "unhide and look whether it belongs to the reply"
    shown = "all cells in view"
    found = []
    if sheet:
        found.append(Problem(None, None, "a hidden sheet", shown, remedy, "hidden"))
    if rows:
        text = "hidden rows " + ", ".join(str(row) for row in rows[:10])
        text += f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        found.append(Problem(rows[0], None, text, shown, remedy, "hidden"))
    if columns:
        letters = [get_column_letter(column) for column in columns]
        text = "hidden columns " + ", ".join(letters)
        found.append(Problem(None, letters[0], text, shown, remedy, "hidden"))
    return found


def cell_problems(rows: list[list[Cell]]) -> Iterator[Problem]:
    """What the text of cells shows: error values, formulas as text, control characters."""
    for number, row in enumerate(rows, start=1):
        for index, value in enumerate(row, start=1):
            if not isinstance(value, str):
                continue
            if len(value) > MAX_TEXT:
                raise too_long(number)
            place = number, get_column_letter(index)
            if _ERROR_VALUE.fullmatch(value):
                remedy = "correct the formula, or write the value"
                yield Problem(*place, f"the error value {value}", "a value", remedy, "error")
            elif _FORMULA_TEXT.match(value):
                found = f"text that a spreadsheet runs as a formula ('{on_one_line(value)}')"
                yield Problem(*place, found, "a value", "write the value", "formula")
            strange = {c for c in value if c not in "\n\t" and unicodedata.category(c)[0] == "C"}
            if strange:
                codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(strange)[:5])
                found = f"invisible characters ({codes})"
                yield Problem(*place, found, "plain text", "type the text again", "control")
