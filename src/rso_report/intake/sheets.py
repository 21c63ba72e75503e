"""Read a file that came (CSV, XLSX or ODS) into plain cells, and trust nothing in it.

A file is read once, into memory. Nothing is evaluated and no other file is opened. What cannot be
read is refused with one message; what can be read but may mislead (merged cells, raised characters,
hidden rows, a cell that shows another text than its value) comes back as faults beside the cells.
"""

import csv
import io
import os
import re
import stat
import zipfile
from pathlib import Path

import python_calamine

from rso_report.errors import FileError, on_one_line
from rso_report.intake.cells import (
    ALLOWED,
    MAX_ROWS,
    MAX_TEXT,
    Cell,
    Sheet,
    check_cells,
    check_size,
    filled_length,
    plain_cell,
    rectangle,
    refused,
    text_problems,
    too_many,
)
from rso_report.intake.marks import broken, marks_of

MAX_BYTES = 20_000_000
MAX_UNPACKED = 50_000_000  # of a zip: it says so before anything is unpacked
TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".txt")

# What the sender of another file can do, by the ending that says, or would say, what it is.
_SPREADSHEET = (".xls", ".xlt", ".xlsb", ".xlsm", ".xltm", ".xlam", ".numbers", ".fods", ".xml",
                ".htm", ".html", ".mht")  # fmt: skip
REMEDIES = (
    dict.fromkeys(_SPREADSHEET, "open it in a spreadsheet and save it as .xlsx")
    | dict.fromkeys((".doc", ".docx", ".odt", ".rtf"), "copy its tables to a spreadsheet")
    | dict.fromkeys((".zip", ".7z", ".rar", ".gz"), "unpack it and give the spreadsheet in it")
    | dict.fromkeys(
        (".pdf", ".png", ".jpg", ".jpeg", ".gif", ".tif"), "ask for the spreadsheet it shows"
    )
)
_BEGINS = {
    b"%PDF": ".pdf",
    b"{\\rtf": ".rtf",
    b"\x1f\x8b": ".gz",
    b"7z\xbc\xaf": ".7z",
    b"Rar!": ".rar",
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ".xls",
}


def read_sheets(path: Path, *, ragged: bool = False) -> list[Sheet]:
    """Read a file into its sheets; a text file is one sheet named as the file.

    `ragged` lets the rows of a text file differ in length, as they do where several tables and
    notes stand below each other. Raises FileError, and nothing else, for whatever cannot be read.
    """
    path = Path(path)
    try:
        content = _content(path)
        ending = path.suffix.lower()
        if ending in TEXT_ENDINGS:
            sheets = [_text_sheet(path.stem, content, ending, ragged)]
        else:
            sheets = _workbook(content, ending)
        if not any(sheet.rows for sheet in sheets):
            raise refused("no value in any cell", "a table with figures", "send the filled file")
        for sheet in sheets:
            for problem in text_problems(sheet.rows):
                sheet.tell(*problem)
        return sheets
    except FileError as error:
        name = on_one_line(path.name or str(path))
        raise FileError(f"{name}: {error}") from None


def _content(path: Path) -> bytes:
    """The bytes of a plain file that is not a link, not empty and not too large."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise refused("a link to another file", ALLOWED, "give the file itself")
        if stat.S_ISDIR(mode):
            raise refused("a folder", ALLOWED, "name one file in it")
        if not stat.S_ISREG(mode):
            found = "something that is not a plain file"
            raise refused(found, ALLOWED, "give the file itself")
        ending = path.suffix.lower()
        if ending not in (*TEXT_ENDINGS, ".xlsx", ".ods"):
            do = REMEDIES.get(ending, "save the table as .xlsx, .ods or CSV")
            raise refused(f"a file that ends in {ending or 'nothing'}", ALLOWED, do)
        # The file may have been exchanged for a link meanwhile: a link is not followed.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise refused("no such file", ALLOWED, "check the name and the folder") from None
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror})"
        raise refused(found, ALLOWED, "check who may read it") from None
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise refused("an empty file", ALLOWED, "send the filled file")
    if len(content) > MAX_BYTES:
        do = "send only the tables of the reply, without pictures"
        raise refused(f"more than {MAX_BYTES // 1_000_000} MB", f"at most {MAX_ROWS:,} rows", do)
    own = _ending_of(content)
    if own != (".csv" if ending in TEXT_ENDINGS else ending):
        do = REMEDIES.get(own, f"give the file the ending {own}")
        raise refused(f"a file of the kind {own}, named {ending}", ALLOWED, do)
    return content


def _ending_of(content: bytes) -> str:
    """The ending that a file should have by its content; refuses what is locked or unsafe."""
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check_directory(archive)
                return _ending_of_zip(archive)
        except FileError:
            raise
        except Exception as error:  # zipfile raises many kinds on a broken archive
            raise broken(error) from None
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise _locked()
    head = content[:2_000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"<(!doctype html|html|head|body|table|meta|!--)", head):
        return ".html"
    found = [ending for start, ending in _BEGINS.items() if content.startswith(start)]
    return found[0] if found else ".xml" if head.startswith(b"<?xml") else ".csv"


def _ending_of_zip(archive: zipfile.ZipFile) -> str:
    """The ending that a zip should have, by the names of its parts and what it says of itself."""
    names = set(archive.namelist())

    def start_of(name: str) -> bytes:
        with archive.open(name) as part:
            return part.read(1_000_000)

    if "mimetype" in names and b"opendocument" in (kind := start_of("mimetype")):
        manifest = "META-INF/manifest.xml"
        if manifest in names and b"encryption-data" in start_of(manifest):
            raise _locked()
        return ".odt" if b"opendocument.text" in kind else ".ods"
    for name, ending in (("xl/workbook.bin", ".xlsb"), ("xl/vbaProject.bin", ".xlsm"),
                         ("xl/workbook.xml", ".xlsx"), ("word/document.xml", ".docx")):  # fmt: skip
        if name in names:
            return ending
    return ".numbers" if any(name.endswith(".iwa") for name in names) else ".zip"


def _locked() -> FileError:
    return refused(
        "a file protected by a password", ALLOWED, "remove the password and save it again"
    )


def _check_directory(archive: zipfile.ZipFile) -> None:
    """Refuse by the zip's directory alone: too much to unpack, a part twice, a password."""
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
    if any(part.flag_bits & 0x1 for part in parts):
        raise _locked()


def _workbook(content: bytes, ending: str) -> list[Sheet]:
    """The sheets of a workbook: marks from its XML, which comes first, values by the library."""
    try:
        sheets = marks_of(content, ending)
        with python_calamine.load_workbook(io.BytesIO(content)) as book:
            for sheet in sheets:
                found = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                rows = [[plain_cell(value) for value in row] for row in found]
                for (row, column), plain in sheet.plain.items():
                    if row <= len(rows) and column <= len(rows[row - 1]):
                        rows[row - 1][column - 1] = plain_cell(plain)
                sheet.rows = rectangle(rows)
    except (FileError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the libraries raise many kinds, and panic, on a broken file
        raise broken(error) from None
    return sheets


def _text_sheet(name: str, content: bytes, ending: str, ragged: bool) -> Sheet:
    text = _decoded(content)
    delimiter = _delimiter(text) if ending == ".csv" else "\t"
    rows: list[list[Cell]] = []
    area = 0
    quoting = csv.QUOTE_NONE if ending == ".txt" else csv.QUOTE_MINIMAL  # a letter, not a table
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting)
    try:
        for record in reader:
            row = [plain_cell(value) for value in record]
            check_size(len(rows) + 1, filled_length(row))
            area += len(row)
            check_cells(0, area)
            rows.append(row)
    except csv.Error as error:
        place = f"row {len(rows) + 1}"
        if "field larger" in str(error):
            do = "look for a quotation mark that is not closed"
            raise too_many(f"characters in {place}", MAX_TEXT, do) from None
        raise refused(
            f"quotation marks that do not pair in {place}",
            'text in quotation marks closed in the same cell, a mark inside it doubled ("")',
            "correct the marks, or save the table again from a spreadsheet",
        ) from None
    if not ragged:
        _check_widths(rows, delimiter)
    return Sheet(name, rectangle(rows))


def _decoded(content: bytes) -> str:
    """Text in UTF-8; another encoding is named, because guessing one changes letters."""

    def line(place: int) -> int:
        return content.count(b"\n", 0, place) + 1

    found = ""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = "text in UTF-16"
    elif b"\0" in content:
        sample = content[:4_000]
        utf_16 = max(sample[0::2].count(0), sample[1::2].count(0)) > len(sample) // 4
        found = f"a NUL byte in line {line(content.index(bytes(1)))}, so no plain text"
        found = "text that looks like UTF-16" if utf_16 else found
    else:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            byte = content[error.start]
            letter = bytes([byte]).decode("cp1252", errors="ignore")
            found = f"a byte 0x{byte:02X} in line {line(error.start)} that is not UTF-8"
            if letter.strip() and letter.isprintable():
                found += f" ('{letter}' in Windows-1252, which it looks like)"
    do = "save it as 'CSV UTF-8 (comma delimited)', or send the .xlsx"
    raise refused(found, "text in UTF-8", do)


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: the one that stands, outside quotes, in most of the first lines."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:50_000].splitlines()[:50]]
    # The first wins a tie: thousands commas stand in cells between tabs, not the other way round.
    return max("\t;,", key=lambda mark: sum(mark in line for line in lines))


def _check_widths(rows: list[list[Cell]], delimiter: str) -> None:
    """Every row that is not blank must have as many cells as the first."""
    filled = [(n, row, filled_length(row)) for n, row in enumerate(rows, 1) if filled_length(row)]
    first, _, width = filled[0] if filled else (0, [], 0)
    for number, row, length in filled:
        if length > width or len(row) < width:
            mark = {"\t": "tab", ";": "semicolon", ",": "comma"}[delimiter]
            raise refused(
                f"{len(row)} cells in row {number} where row {first} has {width}",
                "the same number of cells in each row",
                f"put text with a {mark} into quotation marks, write 4620 instead of 4,620, and "
                "keep notes out of the table",
            )
