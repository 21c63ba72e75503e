"""Read a file that came (CSV, XLSX or ODS) into plain cells, and trust nothing in it.

A file is read once, into memory. Nothing is evaluated and no other file is opened. What cannot be
read is refused with one message; what can be read but may mislead (merged cells, raised characters,
hidden rows, a cell that shows another text than its value) comes back as faults beside the cells.
"""

import csv
import io
import re
import zipfile
from pathlib import Path

import python_calamine

from rso_report.errors import FileError, on_one_line
from rso_report.intake.cells import (
    ALLOWED,
    MAX_ROWS,
    Cell,
    Sheet,
    check_size,
    error_values,
    plain_cell,
    refused,
)
from rso_report.intake.marks import broken, marks_of

MAX_BYTES = 20_000_000
MAX_UNPACKED = 50_000_000  # of a zip: it says so before anything is unpacked
_TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".txt")


def read_sheets(path: Path) -> list[Sheet]:
    """Read a file into its sheets; a text file is one sheet named as the file.

    Raises FileError, and nothing else, for whatever cannot be read.
    """
    path = Path(path)
    ending = path.suffix.lower()
    try:
        content = _content(path, ending)
        if ending in _TEXT_ENDINGS:
            sheets = [_text_sheet(path.stem, content, ending)]
        else:
            sheets = _workbook(content, ending)
        if all(cell is None for sheet in sheets for row in sheet.rows for cell in row):
            raise refused("no value in any cell", "a table with figures", "send the filled file")
        for sheet in sheets:
            for problem in error_values(sheet.rows):
                sheet.tell(*problem)
        return sheets
    except FileError as error:
        name = on_one_line(path.name or str(path))
        raise FileError(f"{name}: {error}") from None


def _content(path: Path, ending: str) -> bytes:
    """The bytes of a plain file of a known kind that is not too large."""
    if ending not in (*_TEXT_ENDINGS, ".xlsx", ".ods"):
        do = "open it in the program that made it, and save its tables as .xlsx, .ods or CSV"
        raise refused(f"a file that ends in {ending or 'nothing'}", ALLOWED, do)
    if not path.is_file():
        raise refused("no such file, or no plain one", ALLOWED, "check the name and the folder")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror})"
        raise refused(found, ALLOWED, "check who may read it") from None
    if len(content) > MAX_BYTES:
        do = "send only the tables of the reply, without pictures"
        raise refused(f"more than {MAX_BYTES // 1_000_000} MB", f"at most {MAX_ROWS:,} rows", do)
    return content


def _workbook(content: bytes, ending: str) -> list[Sheet]:
    """The sheets of a workbook: marks from its XML, which comes first, values by the library."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
        sheets = marks_of(content, ending)
        with python_calamine.load_workbook(io.BytesIO(content)) as book:
            for sheet in sheets:
                found = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                rows = [[plain_cell(value) for value in row] for row in found]
                for (row, column), plain in sheet.plain.items():
                    if row <= len(rows) and column <= len(rows[row - 1]):
                        rows[row - 1][column - 1] = plain_cell(plain)
                sheet.rows = rows
    except (FileError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the libraries raise many kinds, and panic, on a broken file
        raise broken(error) from None
    return sheets


def _check_directory(archive: zipfile.ZipFile) -> None:
    """Refuse by the zip's directory alone: too much to unpack, or a part twice."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED:
        packed = sum(part.compress_size for part in parts)
        raise refused(
            f"a file of {packed:,} bytes that unpacks to {unpacked:,}",
            f"at most {MAX_UNPACKED:,} bytes",
            "send only the tables of the reply; if it was not made to do harm, send CSV",
        )
    if len({part.filename for part in parts}) < len(parts):
        do = "open it in a spreadsheet and save it again"
        raise refused("two parts of one name inside the file", "each part once", do)


def _text_sheet(name: str, content: bytes, ending: str) -> Sheet:
    text = _decoded(content)
    delimiter = _delimiter(text) if ending == ".csv" else "\t"
    quoting = csv.QUOTE_NONE if ending == ".txt" else csv.QUOTE_MINIMAL  # a letter, not a table
    lines = io.StringIO(text, newline="")
    rows: list[list[Cell]] = []
    try:
        for record in csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting):
            check_size(len(rows) + 1, len(record))
            rows.append([plain_cell(value) for value in record])
    except csv.Error:
        raise refused(
            f"quotation marks that do not pair in row {len(rows) + 1}",
            'text in quotation marks closed in the same cell, a mark inside it doubled ("")',
            "correct the marks, or save the table again from a spreadsheet",
        ) from None
    return Sheet(name, rows)


def _decoded(content: bytes) -> str:
    """Text in UTF-8; another encoding is not guessed, because that changes letters."""
    place = content.find(b"\0")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text, place = "", error.start
    if place < 0:
        return text
    line = content.count(b"\n", 0, place) + 1
    found = f"a byte 0x{content[place]:02X} in line {line} that is no text in UTF-8"
    do = "save it as 'CSV UTF-8 (comma delimited)', or send the .xlsx"
    raise refused(found, "text in UTF-8", do)


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: the one that stands, outside quotes, in most of the first lines."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:50_000].splitlines()[:50]]
    # The first wins a tie: thousands commas stand in cells between tabs, not the other way round.
    return max("\t;,", key=lambda mark: sum(mark in line for line in lines))
