"""Read a file that came (CSV, XLSX or ODS) into plain cells, and trust nothing in it.

A file is read once, into memory. Nothing is evaluated and no other file is opened. What cannot be
read is refused with one message; what can be read but may mislead (merged cells, raised characters,
hidden rows, a cell that shows another text than its value) comes back as problems beside the cells.
"""

import csv
import io
import os
import re
import stat
import zipfile
from pathlib import Path

import python_calamine

from rso_report.errors import on_one_line
from rso_report.intake.cells import (
    ALLOWED,
    MAX_AREA,
    MAX_ROWS,
    Cell,
    Sheet,
    SheetError,
    check_problems,
    check_size,
    filled_length,
    plain_cell,
    rectangle,
    text_problems,
    too_long,
    too_many_cells,
)
from rso_report.intake.marks import broken, marks_of

# Of a zip: bytes unpacked, times its own size, parts.
MAX_UNPACKED = 50_000_000
MAX_RATIO = 250
MAX_PARTS = 500

# What a file is, in words, and what its sender can do about it.
KINDS = {
    "text": ("plain text", "give the file the ending .csv, or save the workbook again as .xlsx"),
    "xlsx": ("an Excel workbook", "give the file the ending .xlsx"),
    "ods": ("an OpenDocument spreadsheet", "give the file the ending .ods"),
    "xls": ("an old Excel workbook (.xls)", "open it and save it as .xlsx"),
    "xlsb": ("a binary Excel workbook (.xlsb)", "open it and save it as .xlsx"),
    "xlsm": ("a workbook that holds macros", "save it as .xlsx or .ods without macros"),
    "password": ("a file protected by a password", "remove the password and save it again"),
    "numbers": ("a Numbers document", "export it as .xlsx or CSV"),
    "pdf": ("a PDF document", "ask for the spreadsheet that it was printed from"),
    "html": ("a web page (HTML)", "open it in a spreadsheet and save it as .xlsx"),
    "xml": ("an XML file", "open it in a spreadsheet and save it as .xlsx"),
    "word": ("a text document", "copy its tables to a spreadsheet and save that as .xlsx"),
    "archive": ("an archive of files", "unpack it and give the spreadsheet in it"),
    "image": ("a picture", "ask for the spreadsheet that it shows"),
    "unknown": ("a file of another kind", "save the table as .xlsx, .ods or CSV"),
}

MAX_BYTES = 20_000_000
TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".txt")
_ENDINGS_OF = {
    "xls": ".xls .xlt",
    "xlsb": ".xlsb",
    "xlsm": ".xlsm .xltm .xlam",
    "numbers": ".numbers",
    "pdf": ".pdf",
    "html": ".htm .html .mht",
    "xml": ".xml .fods",
    "word": ".doc .docx .odt .rtf",
    "archive": ".zip .7z .rar .gz",
    "image": ".png .jpg .jpeg .tif",
}
ENDINGS = {end: kind for kind, ends in _ENDINGS_OF.items() for end in ends.split()}


def read_sheets(path: Path, *, ragged: bool = False) -> list[Sheet]:
    """Read a file into its sheets; a text file is one sheet named as the file.

    `ragged` lets the rows of a text file differ in length, as they do where several tables and
    notes stand below each other. Raises SheetError, and nothing else, for whatever cannot be read.
    """
    path = Path(path)
    try:
        content = _content(path)
        kind, ending = _kind(content), path.suffix.lower()
        wanted = "text" if ending in TEXT_ENDINGS else ending.removeprefix(".")
        if kind != wanted:
            found, remedy = KINDS[kind]
            raise SheetError(f"{found} in a file named {ending}", ALLOWED, remedy)
        if kind == "text":
            sheets = [_text_sheet(path.stem, content, ending, ragged)]
        else:
            sheets = _workbook(content, kind)
        if not any(sheet.rows for sheet in sheets):
            raise SheetError("no value in any cell", "a table with figures", "send the filled file")
        for sheet in sheets:
            for problem in text_problems(sheet.rows):
                sheet.problems.append(problem)
                check_problems(len(sheet.problems))
        return sheets
    except SheetError as error:
        name = on_one_line(path.name or str(path))
        raise SheetError(error.found, error.allowed, error.remedy, file=name) from None


def _content(path: Path) -> bytes:
    """The bytes of a plain file that is not a link, not empty and not too large."""
    name_it = "give the file itself"
    try:
        about = os.lstat(path)
    except (OSError, ValueError):
        raise SheetError("no such file", ALLOWED, "check the name and the folder") from None
    if stat.S_ISLNK(about.st_mode):
        raise SheetError("a link to another file", ALLOWED, name_it)
    if stat.S_ISDIR(about.st_mode):
        raise SheetError("a folder", ALLOWED, "name one file in it")
    if not stat.S_ISREG(about.st_mode):
        raise SheetError("something that is not a plain file", ALLOWED, name_it)
    ending = path.suffix.lower()
    if ending not in (*TEXT_ENDINGS, ".xlsx", ".ods"):
        found, remedy = KINDS[ENDINGS.get(ending, "unknown")]
        ends = f" ending in {on_one_line(ending)}" if ending not in ENDINGS else ""
        raise SheetError(found + ends, ALLOWED, remedy)
    try:
        # The file may have been exchanged for a link meanwhile: a link is not followed.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror})"
        raise SheetError(found, ALLOWED, "check who may read it") from None
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise SheetError("an empty file", ALLOWED, "send the filled file")
    if len(content) > MAX_BYTES:
        raise SheetError(
            f"more than {MAX_BYTES // 1_000_000} MB",
            f"a table of at most {MAX_ROWS:,} rows",
            "send only the tables of the reply, without pictures",
        )
    return content


def _kind(content: bytes) -> str:
    """What a file is by its content, a key of `KINDS`."""
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        return "password" if locked else "xls"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(content)
    for start, kind in (
        (b"%PDF", "pdf"),
        (b"{\\rtf", "word"),
        (b"\x1f\x8b", "archive"),
        (b"7z\xbc\xaf", "archive"),
        (b"Rar!", "archive"),
        (b"\x89PNG", "image"),
        (b"\xff\xd8\xff", "image"),
        (b"GIF8", "image"),
    ):
        if content.startswith(start):
            return kind
    head = content[:2_000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"<(!doctype html|html|head|body|table|meta|!--)", head):
        return "html"
    return "xml" if head.startswith(b"<?xml") else "text"


def _zip_kind(content: bytes) -> str:
    """What a zip holds, after its directory was checked and before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
            names = set(archive.namelist())
            if "xl/workbook.bin" in names:
                return "xlsb"
            if any(name.startswith(("Basic/", "Scripts/")) for name in names) or any(
                name.rsplit("/", 1)[-1].lower().startswith("vbaproject") for name in names
            ):
                return "xlsm"
            if "mimetype" in names:
                with archive.open("mimetype") as part:
                    kind = part.read(100).strip()
                if kind.startswith(b"application/vnd.oasis.opendocument.text"):
                    return "word"
                if kind == b"application/vnd.oasis.opendocument.spreadsheet":
                    if "META-INF/manifest.xml" in names:
                        with archive.open("META-INF/manifest.xml") as part:
                            if b"encryption-data" in part.read(1_000_000):
                                return "password"
                    return "ods"
            if "[Content_Types].xml" in names:
                with archive.open("[Content_Types].xml") as part:
                    types = part.read(1_000_000)
                if b"macroEnabled" in types:
                    return "xlsm"
                if "xl/workbook.xml" in names or b"spreadsheetml.sheet.main" in types:
                    return "xlsx"
                return "word" if "word/document.xml" in names else "unknown"
            if any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
                return "numbers"
            return "archive"
    except SheetError:
        raise
    except Exception as error:  # zipfile raises many kinds on a broken archive
        raise broken(error) from None


def _check_directory(archive: zipfile.ZipFile) -> None:
    """Refuse by the zip's directory alone: too many or too large parts, unsafe names, passwords."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    resave = "open it in a spreadsheet and save it again"
    if len(parts) > MAX_PARTS:
        raise SheetError(f"a file of {len(parts):,} parts", f"at most {MAX_PARTS}", resave)
    if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED // 5 and unpacked > MAX_RATIO * packed):
        raise SheetError(
            f"a file of {packed:,} bytes that unpacks to {unpacked:,}",
            f"at most {MAX_UNPACKED:,} bytes, and {MAX_RATIO} times its own size",
            "send only the tables of the reply; if it was not made to do harm, send CSV",
        )
    seen = set()
    for part in parts:
        name = part.filename
        steps = name.replace("\\", "/").split("/")
        if name in seen or "\\" in name or ".." in steps or steps[0] == "" or ":" in name:
            found = f"a part named '{on_one_line(name)}' inside the file"
            raise SheetError(found, "names inside the file, each once", resave)
        seen.add(name)
        if part.flag_bits & 0x1:
            raise SheetError(KINDS["password"][0], ALLOWED, KINDS["password"][1])
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SheetError("a part packed by an unusual method", "an ordinary file", resave)


def _workbook(content: bytes, kind: str) -> list[Sheet]:
    """The sheets of a workbook: values by the library, marks from its XML, which comes first."""
    marks = marks_of(content, kind)
    sheets = []
    try:
        with python_calamine.load_workbook(io.BytesIO(content)) as book:
            for mark in marks:
                found = book.get_sheet_by_name(mark.name)
                values = found.to_python(skip_empty_area=False)
                rows = [[plain_cell(value) for value in row] for row in values]
                for (row, column), plain in mark.plain.items():
                    if row <= len(rows) and column <= len(rows[row - 1]):
                        rows[row - 1][column - 1] = plain_cell(plain)
                sheets.append(Sheet(rows=rectangle(rows), **mark.beside))
    except SheetError:
        raise
    except BaseException as error:  # the library raises many kinds, and panics, on a broken file
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise broken(error) from None
    return sheets


def _text_sheet(name: str, content: bytes, ending: str, ragged: bool) -> Sheet:
    text = _decoded(content)
    delimiter = _delimiter(text) if ending == ".csv" else "\t"
    rows: list[list[Cell]] = []
    cells = 0
    quoting = csv.QUOTE_NONE if ending == ".txt" else csv.QUOTE_MINIMAL  # a letter, not a table
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting)
    try:
        for record in reader:
            row = [plain_cell(value) for value in record]
            filled = filled_length(row)
            check_size(len(rows) + 1 if filled else 0, filled)
            cells += len(row)
            if cells > MAX_AREA or len(rows) > 10 * MAX_ROWS:
                raise too_many_cells()
            rows.append(row)
    except csv.Error as error:
        if "field larger" in str(error):
            raise too_long(len(rows) + 1) from None
        raise SheetError(
            f"quotation marks that do not pair in row {len(rows) + 1}",
            'text in quotation marks closed in the same cell, a mark inside it doubled ("")',
            "correct the marks, or save the table again from a spreadsheet",
        ) from None
    if not ragged:
        _check_widths(rows, delimiter)
    return Sheet(name, rectangle(rows))


def _decoded(content: bytes) -> str:
    """Text in UTF-8; another encoding is named, because guessing one changes letters."""
    save = "save it as 'CSV UTF-8 (comma delimited)', or send the .xlsx"
    form = "text in UTF-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SheetError("text in UTF-16", form, save)
    if b"\0" in content:
        sample = content[:4_000]
        if max(sample[0::2].count(0), sample[1::2].count(0)) > len(sample) // 4:
            raise SheetError("text that looks like UTF-16", form, save)
        row = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise SheetError(f"a NUL byte in line {row}, so no plain text", form, save)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        letter = bytes([byte]).decode("cp1252", errors="ignore")
        looks = (
            f" ('{letter}' in Windows-1252, which it looks like)"
            if letter.strip() and letter.isprintable()
            else ""
        )
        found = f"a byte 0x{byte:02X} in line {row} that is not UTF-8{looks}"
        raise SheetError(found, form, save) from None


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: the one that stands, outside quotes, in most of the first lines."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:50_000].splitlines()[:50]]
    # The first wins a tie: thousands commas stand in cells between tabs, not the other way round.
    return max("\t;,", key=lambda mark: sum(mark in line for line in lines))


def _check_widths(rows: list[list[Cell]], delimiter: str) -> None:
    """Every row that is not blank must have as many cells as the first."""
    first = width = 0
    for number, row in enumerate(rows, start=1):
        if not filled_length(row):
            continue
        if not first:
            first, width = number, filled_length(row)
        if filled_length(row) > width or len(row) < width:
            mark = {"\t": "tab", ";": "semicolon", ",": "comma"}[delimiter]
            raise SheetError(
                f"{len(row)} cells in row {number} where row {first} has {width}",
                "the same number of cells in each row",
                f"put text with a {mark} into quotation marks, write 4620 instead of 4,620, and "
                "keep notes out of the table",
            )
