"""Read workbooks that are zips (XLSX, ODS) into plain cells, and trust nothing in them.

Every limit is checked before the part it protects against: sizes and names of the parts before
unpacking, the elements of each part before a library builds anything from it.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.parsers import expat

import openpyxl
from openpyxl.utils import get_column_letter

from rso_report.errors import on_one_line
from rso_report.returns.cells import (
    ALLOWED,
    MAX_AREA,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    Cell,
    Problem,
    Sheet,
    SheetError,
    check_count,
    check_problems,
    check_size,
    formula_problem,
    hidden_problems,
    merged_problem,
    plain_cell,
    rectangle,
    too_many_cells,
)

# Of a zip: bytes unpacked, times its own size, parts; XML elements in all, and in one part that
# holds neither cells nor their text; how deep elements may stand in each other.
MAX_UNPACKED = 50_000_000
MAX_RATIO = 250
MAX_PARTS = 500
MAX_ELEMENTS = 1_000_000
MAX_SMALL_PART = 100_000
MAX_DEPTH = 60

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

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")


def zip_kind(content: bytes) -> str:
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
        raise _broken(error) from None


def _broken(error: Exception) -> SheetError:
    """The message for a file that is not what it says; nothing of the error but its kind."""
    return SheetError(
        f"a damaged file ({type(error).__name__})",
        ALLOWED,
        "open it in a spreadsheet, save it as 'Excel Workbook (.xlsx)' and send that, or send CSV",
    )


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


def xlsx_sheets(content: bytes) -> list[Sheet]:
    """Sheets of an XLSX file whose directory was checked. Raises SheetError."""
    parts = _scan_all(content, lambda name: _XlsxScan() if "/worksheets/" in name else None)
    linked = ("xl/externalLinks/", "xl/connections", "xl/queryTables/")
    if any(name.startswith(linked) for name in parts):
        raise SheetError(
            "links to other workbooks or databases",
            "figures that stand in the file itself",
            "break the links (Data, Edit Links, Break Link) and save it again",
        )
    sheets = []
    area = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features, such as drop-downs, not needed here
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            for sheet in check_count(book.worksheets):
                # The path of its part is the one thing that the library does not tell openly.
                scan = parts.get(sheet._worksheet_path.removeprefix("/"))
                if not isinstance(scan, _XlsxScan):
                    raise ValueError("a sheet outside the folder of sheets")
                area += scan.last_row * scan.last_column
                if area > MAX_AREA:
                    raise too_many_cells()
                problems = scan.problems(sheet.sheet_state != "visible")
                sheets.append(Sheet(sheet.title, [], problems))
                if not scan.last_row:
                    continue
                sheet.reset_dimensions()  # what the file says of its own size may be wrong
                found = sheet.iter_rows(
                    max_row=scan.last_row, max_col=scan.last_column, values_only=True
                )
                sheets[-1].rows = rectangle([[plain_cell(value) for value in row] for row in found])
    except SheetError:
        raise
    except Exception as error:  # the library raises many kinds on a broken file
        raise _broken(error) from None
    return sheets


class _Scan:
    """Reads the elements of one part without building a tree; refuses floods and entities."""

    def __init__(self) -> None:
        self.left = self.depth = 0

    def run(self, part: Any) -> None:  # noqa: ANN401
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        while chunk := part.read(65_536):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        self.left -= 1
        self.depth += 1
        if self.left < 0 or self.depth > MAX_DEPTH:
            raise too_many_cells()
        self.start(name.rsplit(":", 1)[-1], attributes)

    def _closed(self, name: str) -> None:
        self.depth -= 1
        self.end(name.rsplit(":", 1)[-1])

    def _refuse_doctype(self, *_: object) -> None:
        raise SheetError(
            "a document type or entities inside the file, which no spreadsheet writes",
            "a workbook as a spreadsheet saves it",
            "open it in a spreadsheet and save it again",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        pass

    def end(self, name: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


def _scan_all(content: bytes, scan_of: Callable[[str], _Scan | None]) -> dict[str, _Scan]:
    """Scan every part that is XML, whatever its name, sheets first; refuse an archive in it."""
    scans: dict[str, _Scan] = {}
    left = MAX_ELEMENTS
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(scan_of(part.filename), part) for part in archive.infolist()]
        for scan, part in sorted(parts, key=lambda pair: pair[0] is None):
            name = part.filename
            try:
                with archive.open(part) as file:
                    head = file.read(512)
                if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
                    raise SheetError(
                        f"another file inside it ('{on_one_line(name)}')",
                        "a workbook of tables only",
                        "delete the embedded object and save it again",
                    )
                scan = scans[name] = scan or _Scan()
                if not re.match(rb"(\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff|<\0|\0<", head):
                    continue
                small = type(scan) is _Scan and "sharedStrings" not in name
                given = scan.left = min(left, MAX_SMALL_PART) if small else left
                with archive.open(part) as file:
                    scan.run(file)
                left -= given - scan.left
            except SheetError:
                raise
            except expat.ExpatError as error:
                if not name.endswith(".vml"):  # drawings of notes are not always sound XML
                    raise _broken(error) from None
            except Exception as error:  # zipfile and zlib raise many kinds
                raise _broken(error) from None
    return scans


class _XlsxScan(_Scan):
    """Extent of a worksheet, and what its values do not tell: merged, hidden, never calculated."""

    def __init__(self) -> None:
        super().__init__()
        self.row = self.column = self.last_row = self.last_column = self.cells = 0
        self.merged: list[str] = []
        self.uncalculated: list[tuple[int, int]] = []
        self.hidden_rows: list[int] = []
        self.hidden_columns: set[int] = set()
        self._formula = self._value = self._in_value = False
        self._type = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.row = _number(attributes.get("r"), self.row + 1)
            self.column = 0
            if attributes.get("hidden") in ("1", "true"):
                self.hidden_rows.append(self.row)
        elif name == "c":
            self.row, self.column = _position(attributes.get("r"), self.row, self.column + 1)
            self._formula = self._value = False
            self._type = attributes.get("t", "")
        elif name == "f":
            self._formula = True
        elif name in ("v", "t"):
            self._in_value = True
        elif name == "mergeCell":
            self.merged.append(attributes.get("ref", ""))
            check_problems(len(self.merged))
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first = _number(attributes.get("min"), 1)
            last = _number(attributes.get("max"), first)
            self.hidden_columns.update(range(first, min(last, MAX_COLUMNS) + 1))

    def text(self, text: str) -> None:
        self._value = self._value or (self._in_value and bool(text))

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._in_value = False
        elif name == "c" and (self._value or self._formula):
            check_size(self.row, self.column)
            self.cells += 1
            if self.cells > MAX_CELLS:
                raise too_many_cells()
            self.last_row = max(self.last_row, self.row)
            self.last_column = max(self.last_column, self.column)
            # A formula whose result is empty text says so by its type.
            if self._formula and not self._value and self._type != "str":
                self.uncalculated.append((self.row, self.column))
                check_problems(len(self.uncalculated))

    def problems(self, hidden_sheet: bool) -> list[Problem]:
        found = hidden_problems(
            hidden_sheet,
            [row for row in self.hidden_rows if row <= self.last_row],
            [column for column in sorted(self.hidden_columns) if column <= self.last_column],
        )
        for reference in self.merged:
            row, column = _position(reference.split(":")[0], 1, 1)
            found.append(merged_problem(row, column, on_one_line(reference)))
        return found + [formula_problem(row, column) for row, column in self.uncalculated]


def ods_sheets(content: bytes) -> list[Sheet]:
    """Sheets of an ODS file whose directory was checked. Raises SheetError."""
    parts = _scan_all(content, lambda name: _OdsScan() if name == "content.xml" else None)
    scan = parts.get("content.xml")
    if not isinstance(scan, _OdsScan):
        raise _broken(ValueError())
    return scan.sheets


class _OdsScan(_Scan):
    """The cells of an OpenDocument spreadsheet.

    A library gives the values but not merged cells, formulas without values, hidden rows or
    the counts by which one element stands for a million cells; those need this walk anyway.
    """

    # Text in these is no value of the cell: comments, drawings, and cells as they once were.
    ASIDE = ("annotation", "frame", "custom-shape", "shapes", "tracked-changes")

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self.cells = self.area = self._aside = self._paragraphs = 0
        self._in_table = False
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._attributes: dict[str, str] | None = None
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self.ASIDE:
            self._aside += 1
        if self._aside:
            return
        if name in ("table-source", "dde-link", "dde-links"):
            raise SheetError(
                "links to other files",
                "figures that stand in the file itself",
                "break the links (Edit, Links to External Files) and save it again",
            )
        if name == "style":
            self._style = attributes.get("style:name", "")
        elif name == "table-properties" and attributes.get("table:display") == "false":
            self._hidden_styles.add(self._style)
        elif name == "table":
            if self._in_table:
                raise SheetError("a table inside a cell", "one value in each cell", "take it out")
            self._in_table = True
            self.sheets.append(Sheet(attributes.get("table:name", ""), []))
            check_count(self.sheets)
            self._hidden_sheet = attributes.get("table:style-name") in self._hidden_styles
            self._row = self._column = self._defined_columns = self._width = 0
            self._hidden_rows: list[int] = []
            self._hidden_columns: list[int] = []
        elif not self._in_table:
            return
        elif name == "table-column":
            count = _number(attributes.get("table:number-columns-repeated"), 1)
            if attributes.get("table:visibility", "visible") != "visible":
                first = self._defined_columns + 1
                self._hidden_columns += range(first, min(first + count, MAX_COLUMNS + 1))
            self._defined_columns += count
        elif name == "table-row":
            self._cells: list[tuple[Cell, int]] = []
            self._column = 0
            self._row_attributes = attributes
        elif name in ("table-cell", "covered-table-cell"):
            self._attributes, self._text = attributes, []
        elif self._attributes is not None:
            if name == "p":
                self._paragraphs += 1
                self._text += ["\n"] if self._text else []
            elif name == "s":
                self._text.append(" " * min(_number(attributes.get("text:c"), 1), MAX_TEXT))
            elif name in ("tab", "line-break"):
                self._text.append(" ")

    def text(self, text: str) -> None:
        if self._attributes is not None and self._paragraphs and not self._aside:
            self._text.append(text)

    def end(self, name: str) -> None:
        if name in self.ASIDE:
            self._aside -= 1
        elif self._aside or not self._in_table:
            return
        elif name == "p" and self._attributes is not None:
            self._paragraphs -= 1
        elif name in ("table-cell", "covered-table-cell") and self._attributes is not None:
            self._close_cell(self._attributes)
            self._attributes = None
        elif name == "table-row":
            self._close_row()
        elif name == "table":
            self._in_table = False
            sheet = self.sheets[-1]
            self.area += len(sheet.rows) * self._width
            if self.area > MAX_AREA:
                raise too_many_cells()
            sheet.rows = rectangle(sheet.rows)
            rows = [row for row in self._hidden_rows if row <= len(sheet.rows)]
            columns = [column for column in self._hidden_columns if column <= self._width]
            sheet.problems += hidden_problems(self._hidden_sheet, rows, columns)

    def _close_cell(self, about: dict[str, str]) -> None:
        count = _number(about.get("table:number-columns-repeated"), 1)
        value = _ods_value(about, "".join(self._text))
        row, column = self._row + 1, self._column + 1
        down = _number(about.get("table:number-rows-spanned"), 1)
        across = _number(about.get("table:number-columns-spanned"), 1)
        if (down > 1 or across > 1) and column <= MAX_COLUMNS:
            corner = f"{get_column_letter(column)}{row}"
            size = f"{down} rows by {across} columns from {corner}"
            self.sheets[-1].problems.append(merged_problem(row, column, size))
        if "table:formula" in about and "office:value-type" not in about and value is None:
            self.sheets[-1].problems.append(formula_problem(row, min(column, MAX_COLUMNS)))
        check_problems(len(self.sheets[-1].problems))
        self._cells.append((value, count))
        self._column += count
        if value is not None:
            check_size(row, self._column)

    def _close_row(self) -> None:
        count = _number(self._row_attributes.get("table:number-rows-repeated"), 1)
        while self._cells and self._cells[-1][0] is None:
            self._cells.pop()  # the blank rest of a row, often told as a thousand cells
        if self._row_attributes.get("table:visibility", "visible") != "visible":
            most = min(self._row + count, MAX_ROWS)
            self._hidden_rows += range(self._row + 1, most + 1)
        if self._cells:
            check_size(self._row + count, 1)
            values = [value for value, times in self._cells for _ in range(times)]
            rows = self.sheets[-1].rows
            self.cells += count * len(values)
            if self.cells > MAX_CELLS:
                raise too_many_cells()
            rows += [[] for _ in range(self._row - len(rows))]  # blank rows before this one
            rows += [list(values) for _ in range(count)]
            self._width = max(self._width, len(values))
        self._row += count


def _ods_value(about: dict[str, str], text: str) -> Cell:
    """Value of a cell from its attributes; text as shown where the type has no other value."""
    kind = about.get("office:value-type", "")
    if kind in ("float", "percentage", "currency"):
        return plain_cell(float(about.get("office:value", "nan")))
    if kind == "boolean":
        return about.get("office:boolean-value") == "true"
    if kind == "date":
        return plain_cell(datetime.fromisoformat(about.get("office:date-value", "")))
    return plain_cell(text or about.get("office:string-value", ""))


def _number(text: str | None, otherwise: int) -> int:
    """A count or position in a file's XML, at most what any spreadsheet can hold."""
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,7}", text, re.ASCII):
        raise _broken(ValueError())
    return int(text)


def _position(reference: str | None, row: int, column: int) -> tuple[int, int]:
    """Row and column of a reference such as C7, or those given if there is none."""
    if reference is None:
        return row, column
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise _broken(ValueError())
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column
