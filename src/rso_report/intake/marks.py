"""What the values of a workbook do not tell, read from its XML: hidden, merged, raised, masked.

A library reads the values. It does not say which rows are hidden, which characters are raised,
which cells are merged, or that a cell which holds 3 shows `[c]`. The limits are checked here
before any value is read, so that no file makes the library fill the memory.
"""

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.parsers import expat

from rso_report.errors import on_one_line
from rso_report.intake.cells import (
    ALLOWED,
    MAX_AREA,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    SINCE_1900,
    SINCE_1904,
    Place,
    Problem,
    SheetError,
    check_problems,
    check_size,
    letters,
    too_many_cells,
)

# XML elements in all, and in one part that holds neither cells nor their text; how deep they nest.
MAX_ELEMENTS = 1_000_000
MAX_SMALL_PART = 100_000
MAX_DEPTH = 60
# Formats that a spreadsheet knows by number and that may show something else than the number.
_KNOWN_FORMATS = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"}
_KNOWN_FORMATS |= dict.fromkeys(range(41, 45), '#,##0.##;-#,##0.##;"-"')
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
_NAMES = {"xlsx": r"xl/worksheets/.*\.xml", "ods": r"content\.xml"}
_FIRST = ("styles.xml", "sharedStrings.xml", "workbook.xml", "workbook.xml.rels")


@dataclass
class Marks:
    """What is beside the values of one sheet; `plain` has texts without their raised characters."""

    name: str = ""
    problems: list[Problem] = field(default_factory=list)
    plain: dict[Place, str] = field(default_factory=dict)
    shown: dict[Place, str] = field(default_factory=dict)
    merged: dict[Place, Place] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    day_0: date = SINCE_1900

    @property
    def beside(self) -> dict[str, Any]:
        """What stands beside the values of a `Sheet`."""
        return {name: value for name, value in vars(self).items() if name != "plain"}

    def hide(self, sheet: bool, rows: Iterable[int], columns: Iterable[int]) -> None:
        """One problem each for a hidden sheet, for all hidden rows and for all hidden columns."""
        self.hidden_rows, self.hidden_columns = frozenset(rows), frozenset(columns)
        if sheet:
            self.problems.append(Problem(None, None, "hidden", "a hidden sheet", False))
        if rows := sorted(set(rows)):
            text = "hidden rows (or of height 0) " + ", ".join(map(str, rows[:10]))
            text += f" and {len(rows) - 10} more" if len(rows) > 10 else ""
            self.problems.append(Problem(rows[0], None, "hidden", text, False))
        if columns := sorted(set(columns)):
            text = "hidden columns (or of width 0) " + ", ".join(map(letters, columns))
            self.problems.append(Problem(None, columns[0], "hidden", text, False))

    def merge(self, row: int, column: int, down: int, across: int) -> None:
        """A block of cells of which one value stands for all, or for which is not said."""
        last = f"{letters(column + across - 1)}{row + down - 1}"
        text = f"merged cells ({letters(column)}{row}:{last})"
        self.problems.append(Problem(row, column, "merged", text))
        for place in [
            (r, c)
            for r in range(row, min(row + down, MAX_ROWS + 1))
            for c in range(column, min(column + across, MAX_COLUMNS + 1))
        ][1:2_000]:
            self.merged[place] = (row, column)  # fmt: skip

    def raise_(self, place: Place, plain: str, raised: str) -> None:
        """Characters set above the line, which are a note and no part of a figure or name."""
        if raised.strip() and plain.strip():
            text = (
                f"raised characters '{on_one_line(raised.strip())}' beside '{on_one_line(plain)}'"
            )
            self.problems.append(Problem(*place, "raised", text))
            self.plain[place] = plain

    def show(self, place: Place, text: str, value: float) -> None:
        """A cell that shows another text than its value."""
        self.shown[place] = text
        digits = re.sub(r"[,\s£]", "", text)
        rounded = re.fullmatch(r"-?\d+(\.\d+)?", digits) and abs(float(digits) - value) <= 0.5
        text = f"a cell that shows '{on_one_line(text)}' and holds {value:,g}"
        self.problems.append(Problem(*place, "masked", text, severe=not rounded))


def broken(error: Exception) -> SheetError:
    """The message for a file that is not what it says; nothing of the error but its kind."""
    return SheetError(
        f"a damaged file ({type(error).__name__})",
        ALLOWED,
        "open it in a spreadsheet, save it as 'Excel Workbook (.xlsx)' and send that, or send CSV",
    )


def linked(what: str) -> SheetError:
    """The error for figures that stand in another file."""
    allowed = "figures that stand in the file itself"
    return SheetError(f"links to {what}", allowed, "break the links and save it again")


def marks_of(content: bytes, kind: str) -> list[Marks]:
    """The marks of each sheet of an XLSX or ODS file whose directory was checked.

    Every part that is XML is walked, whatever its name. Raises SheetError.
    """
    scans: dict[str, _Scan] = {}
    left = MAX_ELEMENTS
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = sorted(archive.infolist(), key=lambda part: not part.filename.endswith(_FIRST))
        for part in parts:
            name = part.filename
            if kind == "xlsx" and re.match("xl/(externalLinks/|connections|queryTables/)", name):
                raise linked("other workbooks or databases")
            try:
                with archive.open(part) as file:
                    head = file.read(512)
                if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
                    raise SheetError(
                        f"another file inside it ('{on_one_line(name)}')",
                        "a workbook of tables only",
                        "delete the embedded object and save it again",
                    )
                if not re.match(rb"(\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff|<\0|\0<", head):
                    continue
                scan = scans[name] = _scan_for(name, kind, scans)
                small = type(scan) is not _Strings and not re.fullmatch(_NAMES[kind], name)
                given = scan.left = min(left, MAX_SMALL_PART) if small else left
                with archive.open(part) as file:
                    scan.run(file)
                left -= given - scan.left
            except SheetError:
                raise
            except expat.ExpatError as error:
                if not name.endswith(".vml"):  # drawings of notes are not always sound XML
                    raise broken(error) from None
            except Exception as error:  # zipfile and zlib raise many kinds
                raise broken(error) from None
    if kind == "ods":
        content_xml = scans.get("content.xml")
        return content_xml.sheets if isinstance(content_xml, _Ods) else []
    return _of_xlsx(scans)


def _scan_for(name: str, kind: str, scans: dict[str, "_Scan"]) -> "_Scan":
    if kind == "ods":
        if name in ("styles.xml", "content.xml"):
            return _Ods(scans.get("styles.xml"))
    elif re.fullmatch(_NAMES["xlsx"], name):
        return _Sheet(scans.get("xl/styles.xml"))
    elif name.endswith(".rels") or name == "xl/workbook.xml":
        return _Book()
    elif name.endswith("sharedStrings.xml"):
        return _Strings()
    elif name.endswith("styles.xml"):
        return _Styles()
    return _Scan()


def _of_xlsx(scans: dict[str, "_Scan"]) -> list[Marks]:
    """The marks of each worksheet in the order of the workbook."""
    book, links = scans.get("xl/workbook.xml"), scans.get("xl/_rels/workbook.xml.rels")
    if not isinstance(book, _Book) or not isinstance(links, _Book):
        raise broken(KeyError())
    if len(book.sheets) > MAX_SHEETS:
        remedy = "send only the sheets of the reply"
        raise SheetError(f"more than {MAX_SHEETS} sheets", f"at most {MAX_SHEETS}", remedy)
    strings = next((s.raised for s in scans.values() if isinstance(s, _Strings)), {})
    found, area = [], 0
    for name, state, link in book.sheets:
        target = links.targets.get(link, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        scan = scans.get(path)
        if isinstance(scan, _Sheet):
            area += scan.last_row * scan.last_column
            found.append(scan.marks(name, state not in ("", "visible"), strings))
            found[-1].day_0 = SINCE_1904 if book.from_1904 else SINCE_1900
    if area > MAX_AREA:
        raise too_many_cells()
    return found


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


class _Book(_Scan):
    """Names, states and links of the sheets, and from when days are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, str]] = []
        self.targets: dict[str, str] = {}
        self.from_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            link = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            self.sheets.append((attributes.get("name", ""), attributes.get("state", ""), link))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _Styles(_Scan):
    """The number format of each style."""

    def __init__(self) -> None:
        super().__init__()
        self._codes, self._of_cells = dict(_KNOWN_FORMATS), False
        self.formats: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt" and self._of_cells is False:
            number = _number(attributes.get("numFmtId"), 0)
            self._codes[number] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyleXfs"):
            self._of_cells = name == "cellXfs"
        elif name == "xf" and self._of_cells:
            number = _number(attributes.get("numFmtId"), 0)
            self.formats.append(self._codes.get(number, ""))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._of_cells = False


class _Runs(_Scan):
    """Text in runs, of which some are raised."""

    def __init__(self) -> None:
        super().__init__()
        self._in_text = self._up = self._aside = False
        self._plain, self._raised = "", ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self._up = False
        elif name == "vertAlign":
            self._up = attributes.get("val") in ("superscript", "subscript")
        elif name == "rPh":
            self._aside = True  # how it is pronounced
        elif name == "t":
            self._in_text = not self._aside

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._aside = False
        elif name == "r":
            self._up = False

    def text(self, text: str) -> None:
        if self._in_text and self._up:
            self._raised += text
        elif self._in_text:
            self._plain += text


class _Strings(_Runs):
    """The texts that cells share: those with raised characters, by number."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: dict[int, tuple[str, str]] = {}
        self._count = 0

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            if self._raised:
                self.raised[self._count] = self._plain, self._raised
            self._count += 1
            self._plain = self._raised = ""


class _Sheet(_Runs):
    """Extent of a worksheet, and what its values do not tell."""

    def __init__(self, styles: _Scan | None) -> None:
        super().__init__()
        self._formats = styles.formats if isinstance(styles, _Styles) else []
        self.row = self.column = self.last_row = self.last_column = self.cells = 0
        self._found = Marks()
        self._shared: dict[Place, str] = {}
        self._hidden_rows: list[int] = []
        self._hidden_columns: set[int] = set()
        self._uncalculated: list[Place] = []
        self._merged: list[str] = []
        self._formula = self._in_value = False
        self._value = self._type = self._style = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "row":
            self.row = _number(attributes.get("r"), self.row + 1)
            self.column = 0
            height = attributes.get("ht", "0" if attributes.get("customHeight") == "1" else "15")
            if attributes.get("hidden") in ("1", "true") or _size(height) < 1:
                self._hidden_rows.append(self.row)
        elif name == "c":
            self.row, self.column = _position(attributes.get("r"), self.row, self.column + 1)
            self._formula, self._value, self._plain, self._raised = False, "", "", ""
            self._type, self._style = attributes.get("t", ""), attributes.get("s", "")
        elif name == "f":
            self._formula = True
        elif name == "v":
            self._in_value = True
        elif name == "mergeCell":
            self._merged.append(attributes.get("ref", ""))
            check_problems(len(self._merged))
        elif name == "col" and (
            attributes.get("hidden") in ("1", "true") or _size(attributes.get("width", "9")) < 0.5
        ):
            first = _number(attributes.get("min"), 1)
            last = _number(attributes.get("max"), first)
            self._hidden_columns.update(range(first, min(last, MAX_COLUMNS) + 1))

    def text(self, text: str) -> None:
        if self._in_value:
            self._value += text
        super().text(text)

    def end(self, name: str) -> None:
        super().end(name)
        if name == "v":
            self._in_value = False
        elif name == "c" and (self._value or self._plain or self._raised or self._formula):
            self._close_cell()

    def _close_cell(self) -> None:
        place = self.row, self.column
        check_size(*place)
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise too_many_cells()
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        if self._type == "e":
            text = f"the error value {on_one_line(self._value)}"
            self._found.problems.append(Problem(*place, "error", text))
        elif self._type == "s":
            self._shared[place] = self._value
        elif self._raised:
            self._found.raise_(place, self._plain, self._raised)
        elif self._type in ("", "n") and self._value:
            style = _number(self._style or None, 0)
            code = self._formats[style] if style < len(self._formats) else ""
            if (text := shown(code, float(self._value))) is not None:
                self._found.show(place, text, float(self._value))
        # A formula whose result is empty text says so by its type.
        if self._formula and not self._value and self._type != "str":
            self._uncalculated.append(place)
        check_problems(len(self._uncalculated) + len(self._found.problems))

    def marks(self, name: str, hidden: bool, strings: dict[int, tuple[str, str]]) -> Marks:
        """What was found, once the texts that cells share are known."""
        found = self._found
        cells, found.problems, found.name = found.problems, [], name
        rows = [row for row in self._hidden_rows if row <= self.last_row]
        columns = [column for column in self._hidden_columns if column <= self.last_column]
        found.hide(hidden, rows, columns)
        for reference in self._merged:
            first, _, last = reference.partition(":")
            row, column = _position(first, 1, 1)
            end = _position(last or first, 1, 1)
            found.merge(row, column, end[0] - row + 1, end[1] - column + 1)
        found.problems += cells
        for place in self._uncalculated:
            found.problems.append(Problem(*place, "formula", "a formula without a saved value"))
        for place, number in self._shared.items():
            if number.strip().isdecimal() and int(number) in strings:
                found.raise_(place, *strings[int(number)])
        check_problems(len(found.problems))
        return found


class _Ods(_Scan):
    """The tables of an OpenDocument spreadsheet, cell by cell; or the styles that they use."""

    # Text in these is no value of the cell: comments, drawings, and cells as they once were.
    ASIDE = ("annotation", "frame", "custom-shape", "shapes", "tracked-changes")

    def __init__(self, styles: _Scan | None) -> None:
        super().__init__()
        given = styles if isinstance(styles, _Ods) else None
        self._off: set[str] = set(given._off if given else ())  # tables, rows, columns unseen
        self._up: set[str] = set(given._up if given else ())  # raised text
        self.sheets: list[Marks] = []
        self.cells = self.area = self._aside = 0
        self._style = ""
        self._in_table = False
        self._about: dict[str, str] | None = None
        self._spans: list[bool] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self.ASIDE:
            self._aside += 1
        if self._aside:
            return
        if name in ("table-source", "dde-link", "dde-links"):
            raise linked("other files")
        if name == "style":
            self._style = attributes.get("style:name", "")
        elif name.endswith("-properties"):
            size = attributes.get("style:row-height", attributes.get("style:column-width", "1"))
            if attributes.get("table:display") == "false" or _size(size) < 0.001:
                self._off.add(self._style)
            position = attributes.get("style:text-position", "")
            if re.match(r"super|sub|-?[1-9]", position):
                self._up.add(self._style)
        elif name == "table":
            self._open_table(attributes)
        elif self._in_table:
            self._in_row(name, attributes)

    def _open_table(self, attributes: dict[str, str]) -> None:
        if self._in_table:
            raise SheetError("a table inside a cell", "one value in each cell", "take it out")
        self._in_table = True
        self.sheets.append(Marks(attributes.get("table:name", "")))
        if len(self.sheets) > MAX_SHEETS:
            remedy = "send only the sheets of the reply"
            raise SheetError(f"more than {MAX_SHEETS} sheets", f"at most {MAX_SHEETS}", remedy)
        self._hidden = attributes.get("table:style-name") in self._off
        self._row = self._columns = self._width = self._height = 0
        self._hidden_rows: list[int] = []
        self._hidden_columns: list[int] = []

    def _in_row(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table-column":
            count = _number(attributes.get("table:number-columns-repeated"), 1)
            if self._is_off(attributes):
                first = self._columns + 1
                self._hidden_columns += range(first, min(first + count, MAX_COLUMNS + 1))
            self._columns += count
        elif name == "table-row":
            self._column = self._filled = self._values = 0
            self._of_row = attributes
        elif name in ("table-cell", "covered-table-cell"):
            self._about, self._text, self._raised, self._paragraphs = attributes, "", "", 0
        elif self._about is not None and name == "p":
            self._paragraphs += 1
            self._text += "\n" if self._text else ""
        elif self._about is not None and name == "span":
            self._spans.append(attributes.get("text:style-name") in self._up)
        elif self._about is not None and name in ("s", "tab", "line-break"):
            self._text += " "

    def _is_off(self, attributes: dict[str, str]) -> bool:
        by_style = attributes.get("table:style-name", "") in self._off
        return by_style or attributes.get("table:visibility", "visible") != "visible"

    def text(self, text: str) -> None:
        if self._about is None or self._aside or not self._paragraphs:
            return
        if any(self._spans):
            self._raised += text
        else:
            self._text += text

    def end(self, name: str) -> None:
        if name in self.ASIDE:
            self._aside -= 1
        elif self._aside or not self._in_table:
            return
        elif name == "span" and self._spans:
            self._spans.pop()
        elif name in ("table-cell", "covered-table-cell") and self._about is not None:
            self._close_cell(self._about)
            self._about = None
        elif name == "table-row":
            self._close_row()
        elif name == "table":
            self._in_table = False
            self.area += self._height * self._width
            if self.area > MAX_AREA:
                raise too_many_cells()
            rows = [row for row in self._hidden_rows if row <= self._height]
            columns = [column for column in self._hidden_columns if column <= self._width]
            self.sheets[-1].hide(self._hidden, rows, columns)

    def _close_cell(self, about: dict[str, str]) -> None:
        sheet, place = self.sheets[-1], (self._row + 1, self._column + 1)
        count = _number(about.get("table:number-columns-repeated"), 1)
        kind = about.get("office:value-type", "")
        filled = bool(kind or self._text.strip())
        down = _number(about.get("table:number-rows-spanned"), 1)
        across = _number(about.get("table:number-columns-spanned"), 1)
        if (down > 1 or across > 1) and place[1] <= MAX_COLUMNS:
            sheet.merge(*place, down, across)
        if "table:formula" in about and not filled:
            column = min(place[1], MAX_COLUMNS)
            text = "a formula without a saved value"
            sheet.problems.append(Problem(place[0], column, "formula", text))
        if self._raised:
            sheet.raise_(place, self._text, self._raised)
        elif kind in ("float", "percentage", "currency") and self._paragraphs:
            value = float(about.get("office:value", "nan"))
            text = self._text.strip()
            if _figure(text) != value:
                sheet.show(place, text, value)
        elif kind == "date":
            sheet.shown[place] = self._text.strip()
        check_problems(len(sheet.problems))
        self._column += count
        if filled:
            check_size(place[0], self._column)
            self._filled = self._column
            self._values += count

    def _close_row(self) -> None:
        count = _number(self._of_row.get("table:number-rows-repeated"), 1)
        if self._is_off(self._of_row):
            most = min(self._row + count, MAX_ROWS)
            self._hidden_rows += range(self._row + 1, most + 1)
        self._row += count
        if self._filled:
            check_size(self._row, 1)
            self.cells += count * self._filled
            if self.cells > MAX_CELLS:
                raise too_many_cells()
            self._height, self._width = self._row, max(self._width, self._filled)


def shown(code: str, value: float) -> str | None:
    """What a number format shows in place of the number; None where it shows the number.

    Only what can mislead is worked out: text instead of digits, a number scaled or rounded.
    """
    if code in ("", "General", "@"):
        return None
    words: list[str] = []  # what stands between quotation marks, out of the way of what follows

    def aside(match: re.Match) -> str:
        words.append(match[1] or match[2] or "")
        return f"\0{chr(57344 + len(words) - 1)}"

    code = re.sub(r'"([^"]*)"|\\(.)', aside, code)
    sections = [re.sub(r"\[(?![<>=])[^\]]*\]|_.|\*.", "", each) for each in code.split(";")]
    section, conditional = sections[0], re.search(r"\[[<>=]", code)
    for each in sections[:2]:
        if match := re.match(r"\[([<>=]+)(-?[\d.]+)\]", each):
            limit = float(match[2])
            holds = {"<": value < limit, "<=": value <= limit, ">": value > limit,
                     ">=": value >= limit, "=": value == limit}  # fmt: skip
            section = re.sub(r"^\[[^\]]*\]", "", each)
            if holds.get(match[1], value != limit):
                break
            others = [e for e in sections if not e.startswith("[")]
            section = others[0] if others else ""
    else:
        if not conditional and value < 0 and len(sections) > 1:
            section = sections[1]
        elif not conditional and value == 0 and len(sections) > 2:
            section = sections[2]
    literal = "".join(words[ord(each) - 57344] for each in re.findall("\0(.)", section))
    bare = re.sub("\0.", "", section)
    if re.search(r"[ymdhs]", bare, re.IGNORECASE):
        return None  # a date, which is read as one
    if not re.search(r"[0#?]", bare):
        return (literal + bare).strip()
    if literal.strip(" £$€()-"):
        return f"{value:,g} {literal.strip()}"
    if "%" in bare:
        return f"{100 * value:g}%"
    if match := re.search(r"[0#?](,+)(?:\.|[^0#?,]|$)", bare):
        return f"{value / 1000 ** len(match[1]):,g}"
    decimals = len(re.sub(r"[^0#?]", "", bare.partition(".")[2]))
    rounded = round(value, decimals)
    return None if rounded == value else f"{rounded:,.{decimals}f}"


def _figure(text: str) -> float | None:
    """The number that a text shows, with separators and a sign of per cent or money."""
    bare = re.sub(r"[,\s\xa0£]", "", text).replace("\N{MINUS SIGN}", "-")
    try:
        return float(bare[:-1]) / 100 if bare.endswith("%") else float(bare)
    except ValueError:
        return None


def _size(text: str) -> float:
    match = re.match(r"\d*\.?\d+", text)
    return float(match[0]) if match else 1.0


def _number(text: str | None, otherwise: int) -> int:
    """A count or position in a file's XML, at most what any spreadsheet can hold."""
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,7}", text, re.ASCII):
        raise broken(ValueError())
    return int(text)


def _position(reference: str | None, row: int, column: int) -> Place:
    """Row and column of a reference such as C7, or those given if there is none."""
    if reference is None:
        return row, column
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise broken(ValueError())
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column
