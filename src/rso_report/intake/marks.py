"""What the values of a workbook do not tell, read from its XML: hidden, merged, raised, masked.

A library reads the values. It does not say which rows are hidden, which characters are raised,
which cells are merged, or that a cell which holds 3 shows `[c]`. The limits are checked here
before any value is read, so that no file makes the library fill the memory.
"""

import io
import re
import zipfile
from collections.abc import Iterable
from functools import lru_cache
from xml.etree import ElementTree as ET

from rso_report.errors import FileError, on_one_line
from rso_report.intake.cells import (
    ALLOWED,
    MAX_COLUMNS,
    MAX_ROWS,
    SINCE_1904,
    Place,
    Sheet,
    check_area,
    check_size,
    refused,
    too_large,
)

MAX_ELEMENTS = 600_000  # of XML, in all parts that are read
MAX_DEPTH = 60  # how deep they nest
# Formats that a spreadsheet knows by number and that may show something else than the number.
_KNOWN_FORMATS = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"}
_KNOWN_FORMATS |= dict.fromkeys(range(41, 45), '#,##0.##;-#,##0.##;"-"')
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
_KEPT = re.compile(r"xl/(worksheets/.*|workbook|styles)\.xml|.*sharedStrings\.xml|.*/workbook\.xml"
                   r"\.rels|(content|styles)\.xml")  # fmt: skip

Trees = dict[str, ET.Element]  # the parts of a workbook by their names


def broken(error: BaseException) -> FileError:
    """The message for a file that is not what it says; nothing of the error but its kind."""
    return refused(
        f"a file that is damaged, locked by a password or of another kind ({type(error).__name__})",
        ALLOWED,
        "open it in a spreadsheet, save it without a password as 'Excel Workbook (.xlsx)' and send "
        "that, or send CSV",
    )


def marks_of(content: bytes, ending: str) -> list[Sheet]:
    """The sheets of an XLSX or ODS file whose directory was checked, without their rows.

    Raises FileError, and whatever zipfile, the parser of XML or a number that is none raise on a
    broken file.
    """
    trees: Trees = {}
    left = MAX_ELEMENTS
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in filter(_KEPT.fullmatch, archive.namelist()):
            builder = _Builder(left)
            parser = ET.XMLParser(target=builder)
            parser.feed(archive.read(name))
            trees[name] = parser.close()
            left = builder.left
    return _of_ods(trees) if ending == ".ods" else _of_xlsx(trees)


@lru_cache(maxsize=10_000)
def _local(name: str) -> str:
    """A name of XML without its space; one string for all, or a large file would fill memory."""
    return name.rpartition("}")[2]


class _Builder(ET.TreeBuilder):
    """Builds the tree of one part, names without their spaces; refuses floods and entities."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left, self.depth, self.rows = left, 0, 0

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self.left -= 1
        self.depth += 1
        if self.left < 0 or self.depth > MAX_DEPTH:
            raise too_large()
        # Where a program repeats an attribute in a space of its own, the one of the standard holds.
        own = {_local(name): v for name, v in attrs.items() if "calcext" not in name}
        return super().start(_local(tag), own)

    def end(self, tag: str) -> ET.Element:
        self.depth -= 1
        part = super().end(_local(tag))
        if part.tag == "row" and len(part):  # stop early in a list of a million
            self.rows += 1
            check_size(self.rows, 1)
        return part

    def doctype(self, *_: object) -> None:
        raise refused(
            "a document type or entities inside the file, which no spreadsheet writes",
            "a workbook as a spreadsheet saves it",
            "open it in a spreadsheet and save it again",
        )


# Excel --------------------------------------------------------------------------------------------


def _of_xlsx(trees: Trees) -> list[Sheet]:
    """The worksheets in the order of the workbook."""
    book, links = trees["xl/workbook.xml"], trees["xl/_rels/workbook.xml.rels"]
    targets = {link.get("Id"): link.get("Target", "") for link in links.iter("Relationship")}
    named = list(book.iter("sheet"))
    strings = next((tree for name, tree in trees.items() if name.endswith("Strings.xml")), None)
    texts = [] if strings is None else [_runs(each) for each in strings.iterfind("si")]
    formats = _formats(trees.get("xl/styles.xml"))
    from_1904 = any(each.get("date1904") in ("1", "true") for each in book.iter("workbookPr"))
    found, area = [], 0
    for each in named:
        target = targets.get(each.get("id"), "")
        tree = trees.get(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if tree is None or tree.tag != "worksheet":
            continue  # a sheet of charts
        sheet = Sheet(each.get("name", ""))
        area += _worksheet(sheet, tree, each.get("state", "visible"), texts, formats)
        sheet.day_0 = SINCE_1904 if from_1904 else sheet.day_0
        found.append(sheet)
    check_area(area)
    return found


def _formats(styles: ET.Element | None) -> list[str]:
    """The number format of each style of cells."""
    if styles is None:
        return []
    codes = _KNOWN_FORMATS | {
        _number(each.get("numFmtId"), 0): each.get("formatCode", "")
        for each in styles.iterfind("numFmts/numFmt")
    }
    own = styles.iterfind("cellXfs/xf")
    return [codes.get(_number(style.get("numFmtId"), 0), "") for style in own]


def _runs(text: ET.Element) -> tuple[str, str]:
    """The text of a cell, and the raised characters in it."""
    plain, raised = text.findtext("t") or "", ""
    for run in text.iterfind("r"):
        place = run.find("rPr/vertAlign")
        if place is not None and place.get("val") in ("superscript", "subscript"):
            raised += run.findtext("t") or ""
        else:
            plain += run.findtext("t") or ""
    return plain, raised


def _worksheet(
    sheet: Sheet, tree: ET.Element, state: str, texts: list[tuple[str, str]], formats: list[str]
) -> int:
    """Tell what a worksheet holds beside values; return its area."""
    hidden_rows: list[int] = []
    number = last_row = last_column = 0
    for row in tree.iterfind("sheetData/row"):
        number, column = _number(row.get("r"), number + 1), 0
        height = row.get("ht", "0" if row.get("customHeight") == "1" else "15")
        if row.get("hidden") in ("1", "true") or _size(height) < 1:
            hidden_rows.append(number)
        for cell in row.iterfind("c"):
            place = _position(cell.get("r"), (number, column + 1))
            column = place[1]
            if _cell(sheet, place, cell, texts, formats):
                check_size(*place)
                last_row, last_column = max(last_row, place[0]), max(last_column, place[1])
    columns: list[int] = []
    for each in tree.iterfind("cols/col"):
        if each.get("hidden") in ("1", "true") or _size(each.get("width", "9")) < 0.5:
            start = _number(each.get("min"), 1)
            end = _number(each.get("max"), start)
            columns += range(start, min(end, last_column) + 1)
    sheet.hide(state != "visible", [row for row in hidden_rows if row <= last_row], columns)
    for each in tree.iter("mergeCell"):
        first, _, last = each.get("ref", "").partition(":")
        start, end = _position(first, (1, 1)), _position(last or first, (1, 1))
        sheet.merge(*start, end[0] - start[0] + 1, end[1] - start[1] + 1)
    return last_row * last_column


def _cell(
    sheet: Sheet, place: Place, cell: ET.Element, texts: list[tuple[str, str]], formats: list[str]
) -> bool:
    """Tell what a cell holds beside its value; return whether it holds anything."""
    value, inline = cell.findtext("v") or "", cell.find("is")
    kind, style = cell.get("t", "n"), _number(cell.get("s"), 0)
    formula = cell.find("f") is not None
    if kind == "e":
        sheet.tell(place, "error", f"the error value {on_one_line(value)}")
    elif kind == "s" and value.strip().isdecimal() and int(value) < len(texts):
        sheet.without_raised(place, *texts[int(value)])
    elif inline is not None:
        sheet.without_raised(place, *_runs(inline))
    elif kind == "n" and value:
        text = shown(formats[style] if style < len(formats) else "", float(value))
        if text is not None:
            sheet.shows(place, text, float(value))
    # A formula whose result is empty text says so by its type.
    if formula and not value and kind != "str":
        sheet.tell(place, "formula", "a formula without a saved value")
    return bool(value or formula or inline is not None)


# OpenDocument -------------------------------------------------------------------------------------


def _of_ods(trees: Trees) -> list[Sheet]:
    """The tables of an OpenDocument spreadsheet."""
    content = trees["content.xml"]
    tables = content.findall(".//spreadsheet/table")
    if any(table.find(".//table") is not None for table in tables):
        raise refused("a table inside a cell", "one value in each cell", "take it out")
    off, up = _styles(tree for name, tree in trees.items() if name in ("styles.xml", "content.xml"))
    sheets, area = [], 0
    for table in tables:
        sheet = Sheet(table.get("name", ""))
        area += _table(sheet, table, off, up)
        check_area(area)
        sheets.append(sheet)
    return sheets


def _styles(trees: Iterable[ET.Element]) -> tuple[set[str], set[str]]:
    """The names of styles by which something is not seen, and by which text is raised."""
    off, up = set(), set()
    for style in (style for tree in trees for style in tree.iter("style")):
        for each in style:
            size = each.get("row-height", each.get("column-width", "1"))
            if each.get("display") == "false" or _size(size) < 0.001:
                off.add(style.get("name", ""))
            if re.match(r"super|sub|-?[1-9]", each.get("text-position", "")):
                up.add(style.get("name", ""))
    return off, up


def _table(sheet: Sheet, table: ET.Element, off: set[str], up: set[str]) -> int:
    """Tell what a table holds beside values; return its area."""

    def is_off(part: ET.Element) -> bool:
        return part.get("style-name") in off or part.get("visibility", "visible") != "visible"

    hidden_columns, column = [], 0
    for each in table.iter("table-column"):
        count = _number(each.get("number-columns-repeated"), 1)
        if is_off(each):
            hidden_columns += range(column + 1, min(column + count, MAX_COLUMNS) + 1)
        column += count
    hidden_rows, row, width, height = [], 0, 0, 0
    for each in table.iter("table-row"):
        count = _number(each.get("number-rows-repeated"), 1)
        filled = _row(sheet, each, row + 1, up)
        if is_off(each):
            hidden_rows += range(row + 1, min(row + count, MAX_ROWS) + 1)
        row += count
        if filled:
            check_size(row, 1)
            height, width = row, max(width, filled)
    sheet.hide(table.get("style-name") in off, [each for each in hidden_rows if each <= height],
               [each for each in hidden_columns if each <= width])  # fmt: skip
    return height * width


def _row(sheet: Sheet, row: ET.Element, number: int, up: set[str]) -> int:
    """Tell what the cells of a row hold beside values; return the last that is filled."""
    column = filled = 0
    for cell in row:
        if cell.tag not in ("table-cell", "covered-table-cell"):
            continue
        place = number, min(column + 1, MAX_COLUMNS)
        lines = [_paragraph(line, up) for line in cell.iterfind("p")]
        text = "\n".join(plain for plain, _ in lines)
        raised, kind = "".join(raised for _, raised in lines), cell.get("value-type", "")
        down = _number(cell.get("number-rows-spanned"), 1)
        across = _number(cell.get("number-columns-spanned"), 1)
        if (down > 1 or across > 1) and column < MAX_COLUMNS:
            sheet.merge(*place, down, across)
        if cell.get("formula") and not kind and not text.strip():
            sheet.tell(place, "formula", "a formula without a saved value")
        if raised:
            sheet.without_raised(place, text, raised)
        elif kind in ("float", "percentage", "currency") and lines:
            value = float(cell.get("value", "nan"))
            if _figure(text) != value:
                sheet.shows(place, text.strip(), value)
        column += _number(cell.get("number-columns-repeated"), 1)
        if kind or text.strip():
            check_size(number, column)
            filled = column
    return filled


def _paragraph(line: ET.Element, up: set[str], is_up: bool = False) -> tuple[str, str]:
    """The text of a paragraph or of a part of it, and the raised characters in it."""
    found = ["", ""]
    found[is_up] += line.text or ""
    for part in line:
        if part.tag in ("s", "tab", "line-break"):
            found[0] += " "
        elif part.tag not in ("annotation", "frame", "custom-shape"):  # beside the text
            plain, raised = _paragraph(part, up, is_up or part.get("style-name") in up)
            found = [found[0] + plain, found[1] + raised]
        found[is_up] += part.tail or ""
    return found[0], found[1]


# Both ---------------------------------------------------------------------------------------------


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
    section = _section(re.sub(r"\[(?![<>=])[^\]]*\]|_.|\*.", "", code).split(";"), value)
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


def _section(sections: list[str], value: float) -> str:
    """The section of a number format that is for a value: by its conditions, else by its sign."""
    conditions = [re.match(r"\[([<>=]+)(-?[\d.]+)\](.*)", each, re.DOTALL) for each in sections]
    if not any(conditions):
        place = 1 if value < 0 else 2 if value == 0 else 0
        return sections[place] if place < len(sections) else sections[0]
    for match in filter(None, conditions[:2]):
        limit = float(match[2])
        holds = {"<": value < limit, "<=": value <= limit, ">": value > limit,
                 ">=": value >= limit, "=": value == limit}  # fmt: skip
        if holds.get(match[1], value != limit):
            return match[3]
    return next((each for each in sections if not each.startswith("[")), "")


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
        raise ValueError("no count")
    return int(text)


def _position(reference: str | None, otherwise: Place) -> Place:
    """Row and column of a reference such as C7, or those given if there is none."""
    if reference is None:
        return otherwise
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError("no place of a cell")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column
