"""Turn any other file into the long form of the annual return: a draft to be read and mended.

An official table by area, a reply as printed, a table pasted into a text file, the text of an
e-mail: whatever shows a number becomes one row, with the cell it came from, what was understood of
it and why, and everything that may mislead. What a cell means is read from the words that stand to
its left, above it and over its table, through lists of names. The rules of a row are those of the
door: a figure whose row `annual_return` would stop is left blank with the reason, and `ingest`
refuses it until somebody has filled it in.
"""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import xlsxwriter

from rso_report.dataset import Tables
from rso_report.errors import FaultError, ReportError, on_one_line
from rso_report.intake import words
from rso_report.intake.annual_return import row_faults
from rso_report.intake.cells import Cell, Place, Sheet, as_date, cell_name, quoted, text_of
from rso_report.intake.checks import RSOS
from rso_report.intake.sheets import read_sheets
from rso_report.intake.words import Meaning, plain
from rso_report.return_form import (
    SHEET,
    SPLIT_FIELDS,
    SPLITS,
    csv_bytes,
    fields,
    measures,
    titles,
)

# What a person may say beside the columns of the form: which column or sheet is meant, until when
# a part-year was counted, and the day and month of counts printed with their year only.
SAYS = ("column", "sheet", "part_year_end", "year_day")
ONLY_YEAR = "the reply states only the year"
_DAYS = ("as_at", "period_start", "period_end", "part_year_end")
# What has to be right before a number may stand in a draft; the rest is remarked beside it.
_SURE = ("force", "measure_code", "as_at", "period_start", "period_end", "value")
_NO_HEAD = "under no head: has a thousands comma split a cell?"
_SECTION = re.compile(r"(?:question |q)?(\d{1,2}[a-z]?)\s*[:.)]\s*([^\W\d].*)", re.IGNORECASE)
_PAIR = re.compile(r"([^:=]*[^\W\d][^:=]*?)\s*[:=]\s*(\S.*)")
_YEARS = re.compile(r"(?:(\d{4})\s*=\s*([\d,]+)[\s;,.]*)+")

Label = tuple[str, str, Place]  # role (row, head, heading), text, where
Filled = list[tuple[int, Cell]]  # the cells of a row that hold something, with their columns


@dataclass
class _Table:
    """Rows below a head: the rows of the head, and the words over it."""

    heads: list[int]
    heading: str
    number: str
    codes: list[str] = field(default_factory=list)  # measures of the offence titles in it
    spans: dict[int, dict[str, str]] = field(default_factory=dict)  # what heads say of the time
    has_body: bool = False

    @property
    def code(self) -> str:
        """The measure of most of its offence titles; "" if it has none that is known."""
        return Counter(self.codes).most_common(1)[0][0] if self.codes else ""


@dataclass
class Figure:
    """A number that stands in a file: its place, what it is, and the words that belong to it."""

    sheet: Sheet
    place: Place
    read: words.Reading
    stored: Cell
    labels: list[Label]
    table: _Table | None
    reasons: list[str] = field(default_factory=list)  # why it is left blank
    remarks: list[str] = field(default_factory=list)


@dataclass
class Draft:
    """The rows of the long form, and remarks that belong to none of them."""

    rows: list[dict[str, str]]
    remarks: list[str]

    @property
    def blank(self) -> int:
        """How many figures were not understood."""
        return sum(not row["value_status"] for row in self.rows)

    def __str__(self) -> str:
        """What a person is told."""
        count = len(self.rows)
        lines = [f"{count} figure{'s' if count != 1 else ''}, {self.blank} of them left blank."]
        for row in self.rows:
            if not row["value_status"]:
                lines.append(f"  {row['from_cell']}, '{row['text_shown']}': {row['remarks']}")
        return "\n".join(lines + [f"  {remark}" for remark in self.remarks])


def draft(path: Path, data: Tables, say: Mapping[str, str], read_as: Mapping[str, str]) -> Draft:
    """The draft of a file.

    `say` fills columns of the form for every figure that does not say them itself, and has `SAYS`;
    `read_as` says what a printed word means: an area, a measure, a year, a day; `nothing`; or, with
    an empty meaning, that the figures beside or below it are left out. Raises FileError for a
    file that cannot be read, ReportError for what was said wrongly.
    """
    known = [*(name for name, f in fields().items() if f.part != "draft"), *SAYS]
    for name in say:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ReportError(f"--say {name}: found no such column of the form{hint}")
        if name in _DAYS:
            try:
                as_date(say[name])
            except FaultError as error:
                raise FaultError([replace(error.faults[0], where=f"--say {name}")]) from None
    path = Path(path)
    sheets = read_sheets(path)
    if wanted := say.get("sheet"):
        names = ", ".join(sheet.name for sheet in sheets)
        sheets = [sheet for sheet in sheets if plain(sheet.name) == plain(wanted)]
        if not sheets:
            raise ReportError(f"--say sheet={wanted}: found no such sheet; allowed: one of {names}")
    lexicon = words.Lexicon(data, read_as)
    finder = _Finder(lexicon, say, path)
    for sheet in sheets:
        finder.read(sheet)
    finder.require_column()
    rows = _Reader(lexicon, say, path).rows(finder.figures, data)
    remarks = finder.remarks if rows else [*finder.remarks, "no figure was found"]
    return Draft(rows, list(dict.fromkeys(remarks)))


# Where figures stand ------------------------------------------------------------------------------


class _Finder:
    """Collects the figures of a file with the words that belong to them."""

    def __init__(self, lexicon: words.Lexicon, say: Mapping[str, str], path: Path) -> None:
        self.lexicon, self.path, self.wanted = lexicon, path, say.get("column", "")
        self.figures: list[Figure] = []
        self.remarks: list[str] = []
        self.heads: list[str] = []  # of columns, to suggest one
        self.has_column = False
        self.tables = 0

    def read(self, sheet: Sheet) -> None:
        """Collect the figures of a sheet."""
        if self.path.suffix.lower() == ".txt":
            sheet.rows = [_split(row) for row in sheet.rows]
        self.sheet = sheet
        self.table: _Table | None = None
        self.heading, self.number = "", ""
        self.above: list[str] = []  # lines of text since the last figure
        first = len(self.figures)
        apart = True  # from what stands above, by a blank row or a heading
        for number, row in enumerate(sheet.rows, 1):
            filled = [(column, cell) for column, cell in enumerate(row, 1) if cell is not None]
            if filled:
                apart = self._row(number, filled, apart)
                continue
            apart = True
            if self.table is None:
                self._let_go()
        self._let_go()
        own = self.figures[first:]
        self._rounded(own)
        where = f"sheet {sheet.name}: " if sheet.name != self.path.stem else ""
        for fault in sheet.faults:
            place = fault.row or 0, fault.column or 0
            if place not in [figure.place for figure in own]:
                name = f"{cell_name(*place)}: " if fault.row else ""
                self.remarks.append(f"{where}{name}{fault.found}")

    def require_column(self) -> None:
        """Raise ReportError if the column that was asked for is not there."""
        if self.wanted and not self.has_column:
            heads = ", ".join(f"'{on_one_line(head, 40)}'" for head in self.heads[:12]) or "none"
            found = f"found no column '{self.wanted}'; allowed: {heads}"
            raise ReportError(f"{self.path.name}: {found}")

    def _row(self, row: int, filled: Filled, apart: bool) -> bool:
        """Take a row; return whether what follows stands apart from it, as below a heading."""
        column, first = filled[0]
        text = text_of(first) if isinstance(first, str) else ""
        place, pair, section = (row, column), _PAIR.fullmatch(text), _SECTION.fullmatch(text)
        if section and len(filled) <= 2:
            self._let_go()
            self.table = None
            self.number, self.heading = section[1], words.heading(section[2])
            for other, _ in filled[1:]:
                self._figure((row, other), [("heading", self.heading, place)])
            return True
        if len(filled) == 1 and _YEARS.fullmatch(text):  # 2021 = 4,620 2020 = 4,581
            for year, number in re.findall(r"(\d{4})\s*=\s*([\d,]+\d)", text):
                self._figure(place, [("row", year, place)], number)
        elif self._is_head(filled, apart):
            return self._head(row, filled)
        elif len(filled) == 1 and pair and words.read(pair[2]):
            self._figure(place, [("row", pair[1], place)], pair[2])
        elif len(filled) == 1 and text:
            self.above.append(text)
        else:
            self._body(row, filled)
        return False

    def _is_head(self, filled: Filled, apart: bool) -> bool:
        """Whether a row may be the head of a table: words or years over columns, no figures."""
        texts = [text_of(cell) for column, cell in filled if column > 1]
        known = any(self.lexicon.is_head(text) or self._is_column(text) for text in texts)
        numbers = [str(cell) for _, cell in filled if words.read(cell)]
        years = len(numbers) > 1 and all(map(words.plain_year, numbers))
        return bool(texts) and (known or apart) and (years or not numbers)

    def _head(self, row: int, filled: Filled) -> bool:
        """Begin a table, or add a row to its head; return whether it may go on in the next row.

        That is so where the first column is blank, for want of a name of the names below it.
        """
        if self.table and not self.table.has_body and self.table.heads[-1] == row - 1:
            self.table.heads.append(row)
        else:
            self.tables += 1
            title = self.heading or (self.above.pop() if self.above else "")
            number = self.number or f"table {self.tables}"
            self.table = _Table([row], words.heading(title), number)
        self._let_go()
        table, width = self.table, max(column for column, _ in filled)
        heads = {column: self._head_text(table, column) for column in range(2, width + 1)}
        table.spans = {column: self.lexicon.time(head) for column, head in heads.items()}
        self.heads += [head for head in heads.values() if head and head not in self.heads]
        return filled[0][0] > 1

    def _is_figure(self, column: int, cell: Cell) -> bool:
        """Whether a cell is a figure, or stands where one should: no name, year or code."""
        head = self._head_text(self.table, column) if self.table else ""
        if words.plain_year(str(cell)) and re.search("year|as at|date", head, re.IGNORECASE):
            return False
        known = self._is_column(head) or self.lexicon.is_head(head)
        return column > 1 and (known or bool(words.read(cell)))

    def _body(self, row: int, filled: Filled) -> None:
        """Take the figures of a row, below a head or not."""
        table = self.table
        own = [column for column, cell in filled if self._is_figure(column, cell)]
        if not own:
            self._note(" ".join(str(cell) for _, cell in filled))
            return
        if table:
            table.has_body = True
        labels: list[Label] = []
        for column in range(1, max(own) + 1):
            text = text_of(self.sheet.at(row, column))
            if not text or column in own or (column > own[0] and words.is_mark(text)):
                continue  # a mark is read with the figure that it stands beside
            labels.append(("row", self._joined(text), (row, column)))
        if table:
            table.codes += filter(None, (self.lexicon.family_code(text) for _, text, _ in labels))
        self._let_go()
        for column in own:
            head = self._over(table, column) if table else []
            self._figure((row, column), labels + head, reason="" if head or not table else _NO_HEAD)

    def _joined(self, text: str) -> str:
        """A title that goes on in this line from the one above it."""
        if self.above and f"{self.above[-1]} {text}" in titles():
            return f"{self.above.pop()} {text}"
        return text

    def _over(self, table: _Table, column: int) -> list[Label]:
        """The words over a column."""
        places = [(row, column) for row in table.heads]
        found = [("head", text_of(self.sheet.at(*place)), place) for place in places]
        return [label for label in found if label[1]]

    def _head_text(self, table: _Table, column: int) -> str:
        return " ".join(text for _, text, _ in self._over(table, column))

    def _is_column(self, text: str) -> bool:
        return bool(self.wanted) and words.same(text, self.wanted)

    def _figure(self, place: Place, labels: list[Label], text: str = "", reason: str = "") -> None:
        sheet, table = self.sheet, self.table
        stored = text or sheet.at(*place)
        read = words.read(sheet.shown.get(place, stored))
        read = read or words.Reading(None, "", reason=f"'{stored}' is no figure")
        if self.wanted:
            if not any(self._is_column(head) for role, head, _ in labels if role == "head"):
                return
            self.has_column = True
        figure = Figure(sheet, place, read, stored, list(labels), table)
        figure.reasons += filter(None, [read.reason, reason])
        figure.remarks += filter(None, [read.remark])
        mark = sheet.at(place[0], place[1] + 1)
        over = table and sheet.at(table.heads[-1], place[1] + 1)
        if isinstance(mark, str) and not over and (what := words.mark(mark)):
            read.status = what[0] or read.status
            figure.remarks.append(f"the mark '{mark}' in the next cell: {what[1]}")
        heading = table.heading if table else self.heading
        if heading and ("heading", heading) not in [label[:2] for label in labels]:
            figure.labels.append(("heading", heading, place))
        if place[0] in sheet.hidden_rows:
            figure.remarks.append("in a hidden row")
        if place[1] in sheet.hidden_columns:
            figure.remarks.append("in a hidden column")
        for fault in sheet.faults:
            if (fault.row, fault.column) == place:
                told = fault.code in ("raised", "masked")  # the figure is the one that is shown
                (figure.remarks if told else figure.reasons).append(fault.found)
        if place in sheet.merged:
            figure.reasons.append("merged cells: for which of them it holds is not said")
        self.figures.append(figure)

    def _let_go(self) -> None:
        """Lines of text that turned out to be neither heading nor title."""
        for text in self.above:
            self._note(text)
        self.above = []

    def _note(self, text: str) -> None:
        """A line that belongs to no table: a figure in a sentence is left to whoever reads it."""
        if re.search(r"\d", text):
            self.remarks.append(f"text with figures, not read: {quoted(text)}")

    def _rounded(self, figures: list[Figure]) -> None:
        """What is said of rounding anywhere in a sheet holds for its figures."""
        texts = [cell for row in self.sheet.rows for cell in row if isinstance(cell, str)]
        said = [text for text in texts if re.search(r"\bround(ed|ing)\b", text, re.IGNORECASE)]
        for figure in figures if said else []:
            if figure.read.value is not None and not figure.read.qualifier:
                figure.read.qualifier = "rounded"
                figure.remarks.append(f"the sheet says: {quoted(said[0])[1:-1]}")


def _split(row: list[Cell]) -> list[Cell]:
    """A line of a pasted table, whose columns stand apart by two spaces or more."""
    if len(row) == 1 and isinstance(row[0], str):
        parts = re.split(r"\s{2,}|\s*\|\s*", row[0].strip("| "))
        return [part or None for part in parts]
    return row


# What they mean -----------------------------------------------------------------------------------


class _Reader:
    """Makes a row of the form of each figure; one that is not understood for certain is blank."""

    def __init__(self, lexicon: words.Lexicon, say: Mapping[str, str], path: Path) -> None:
        self.lexicon, self.say, self.path = lexicon, say, path
        self.said = {name: value for name, value in say.items() if name not in SAYS}

    def rows(self, figures: list[Figure], data: Tables) -> list[dict[str, str]]:
        """The rows of the form, one for each figure that was not said to be left out."""
        areas = self._areas(figures)
        understood = []
        for number, figure in enumerate(figures):
            if not any(self.lexicon.left_out(text) for _, text, _ in figure.labels):
                row = self._row(figure, *areas[id(figure)]) | {"row": number}
                understood.append((figure, row))
        asked = [row for figure, row in understood if not figure.reasons]
        frame = pd.DataFrame(asked, columns=["row", *fields()], dtype=object)
        for fault in row_faults(frame, data):
            figure = figures[int(fault.row or 0)]
            told = f"{fault.column}: found {fault.found}; allowed: {fault.allowed}"
            (figure.reasons if fault.column in _SURE else figure.remarks).append(told)
        return [self._with_remarks(figure, row) for figure, row in understood]

    def _areas(self, figures: list[Figure]) -> dict[int, tuple[str, str]]:
        """The area of each figure, or why it is not sure, told from all names of its column."""
        tables: dict[tuple, dict[int, list[Figure]]] = defaultdict(lambda: defaultdict(list))
        for figure in figures:
            key = id(figure.sheet), id(figure.table)
            tables[key][figure.place[0]].append(figure)
        areas: dict[int, tuple[str, str]] = {}
        for lines in tables.values():
            settled = self.lexicon.settle([self._names(own[0]) for own in lines.values()])
            for own, answer in zip(lines.values(), settled, strict=True):
                areas |= {id(figure): answer for figure in own}
        return areas

    def _names(self, figure: Figure) -> list[words.Name]:
        """The names of areas to the left of a figure, each with the head over it."""
        beside = [(text, at, self.lexicon.areas(text)) for role, text, at in figure.labels
                  if role == "row"]  # fmt: skip
        return [words.Name(text, areas, _head_over(figure, at)) for text, at, areas in beside
                if areas]  # fmt: skip

    def _row(self, figure: Figure, area: str, doubt: str) -> dict[str, str]:
        """The row of a figure, as far as its words say it."""
        meant, heading, why = Meaning(), {}, []
        for role, text, place in figure.labels:
            where = f"{text} ({cell_name(*place)})"
            if role == "row" and self.lexicon.areas(text):
                why.append(where)
                continue
            if self.lexicon.says_nothing(text):
                continue
            found = self._meaning(figure, role, text, place)
            if found is None:
                name = f"{quoted(text)} ({cell_name(*place)})"
                figure.reasons.append(f"{name} is not understood: say --read-as '{text}=…'")
            elif role == "heading":
                heading = found or heading
            else:
                meant.add(found, where, figure.reasons)
            why += [where] if found else []
        if doubt:
            figure.reasons.append(doubt)
        if area:
            meant.add({"force": area}, "the names beside it", figure.reasons)
        for name, value in self.said.items():
            if name in ("force", "measure_code", "as_at"):
                meant.add({name: value}, f"--say {name}", figure.reasons)
            meant.setdefault(name, value)
        for name, value in heading.items():
            meant.setdefault(name, value)
        self._measure(figure, meant)
        if measure := measures().get(meant.get("measure_code", "")):
            (self._day if measure.kind == "stock" else self._period)(figure, meant)
        for name in ("force", "measure_code"):
            if not meant.get(name):
                figure.reasons.append(f"no {name}: say --say {name}=…")
        return self._as_row(figure, meant, why)

    def _meaning(
        self, figure: Figure, role: str, text: str, place: Place
    ) -> Mapping[str, str] | None:
        """What a word says of a figure; None if it is not understood."""
        wanted = self.say.get("column", "")
        if role == "head" and wanted and "measure_code" in self.say and words.same(text, wanted):
            return self.lexicon.time(text)
        head = _head_over(figure, place) if role == "row" else ""
        heading = next((own for role, own, _ in figure.labels if role == "heading"), "")
        return self.lexicon.meaning(text, role, head or heading)

    def _measure(self, figure: Figure, meant: Meaning) -> None:
        """The measure, by the title of the offence or by who is counted of the register."""
        table, of_titles = figure.table, _code(figure)
        if meant.get("measure_code") == words.REGISTER:
            meant["measure_code"] = RSOS.get(meant.get("custody_status", ""), "")
            if not meant["measure_code"]:
                figure.reasons.append("who is counted is not said: say --say custody_status=both, "
                                      "community or custody")  # fmt: skip
            elif meant.get("mappa_level"):
                meant["measure_code"] = "RSO_BY_LEVEL"
            elif meant.get("risk_tier"):
                meant["measure_code"] = "RSO_BY_TIER"
        title = meant.get("offence_title", "")
        if code := self.lexicon.family_code(title):
            meant["measure_code"] = code
        measure = measures().get(meant.get("measure_code", ""))
        if not of_titles or (measure and "offence_title" not in measure.needs):
            meant.pop("total", None)  # only those of offences by title are kept beside their cells
        if table and (title or meant.get("total")):
            meant["measure_code"] = of_titles or meant.get("measure_code", "")
            meant["table_as_printed"], meant["heading_as_printed"] = table.number, table.heading

    def _day(self, figure: Figure, meant: Meaning) -> None:
        """The day of a stock."""
        year = meant.pop("year", "")
        if year and not meant.get("as_at"):
            if day := self.say.get("year_day"):
                meant["as_at"] = f"{year}-{day}"
                meant["as_at_precision"], meant["note"] = "year", ONLY_YEAR
            else:
                figure.reasons.append(f"only the year {year}: say --say year_day=03-31, or "
                                      "whichever day and month it is")  # fmt: skip
        elif year and year != meant["as_at"][:4]:
            figure.reasons.append(f"the year {year} beside it, not {meant['as_at']}")

    def _period(self, figure: Figure, meant: Meaning) -> None:
        """The period of a flow."""
        meant.pop("year", None)
        if meant.get("total") in ("row", "grand") and figure.table:
            spans = [span for span in figure.table.spans.values() if "period_start" in span]
            if spans:
                meant["period_start"] = min(span["period_start"] for span in spans)
                meant["period_end"] = max(span["period_end"] for span in spans)
        day, part = meant.pop("as_at", ""), self.say.get("part_year_end", "")
        meant.pop("as_at_precision", None)
        is_part = meant.pop("part", "")
        if day and not meant.get("period_end"):
            start = pd.Timestamp(day) - pd.DateOffset(years=1, days=-1)
            meant["period_start"], meant["period_end"] = str(start.date()), day
            figure.remarks.append(f"taken for the year that ends on {day}")
        if part and meant.get("period_start", part + "~") <= part < meant["period_end"]:
            meant["period_end"] = part
            figure.read.status = figure.read.status or "provisional"
        elif is_part:
            figure.reasons.append("a part-year: say --say part_year_end=…, the last day counted")

    def _as_row(self, figure: Figure, meant: Meaning, why: list[str]) -> dict[str, str]:
        read, sheet, place = figure.read, figure.sheet, figure.place
        row = dict.fromkeys(fields(), "")
        row |= {name: value for name, value in meant.items() if name in row}
        row["value"] = "" if read.value is None else str(read.value)
        row["value_status"], row["qualifier"] = read.status or "final", read.qualifier
        if measure := measures().get(row["measure_code"]):
            asked = (*SPLITS[measure.table], *measure.needs)  # else it does not apply to this one
            row |= {name: "" for name in self.said if name in SPLIT_FIELDS and name not in asked}
        where = f"cell {cell_name(*place)}"
        if self.path.suffix.lower() == ".txt":
            where = f"line {place[0]}" + (f", column {place[1]}" if place[1] > 1 else "")
        stored = sheet.at(*place)
        return row | {
            "from_file": self.path.name,
            "from_sheet": sheet.name if sheet.name != self.path.stem else "",
            "from_cell": where,
            "text_shown": sheet.shown.get(place, "") or str(figure.stored),
            "value_stored": str(figure.stored if stored is None else stored),
            "understood": "; ".join(dict.fromkeys(why)),
        }

    def _with_remarks(self, figure: Figure, row: dict[str, str]) -> dict[str, str]:
        """A row with what may mislead; without its value if there is a reason to ask."""
        blank = dict.fromkeys(("value", "value_status", "qualifier"), "") if figure.reasons else {}
        remarks = "; ".join(dict.fromkeys(figure.reasons + figure.remarks))
        return {name: row[name] for name in fields()} | blank | {"remarks": remarks}


def _code(figure: Figure) -> str:
    """The measure of the offence titles in the table of a figure, if it has some."""
    return figure.table.code if figure.table else ""


def _head_over(figure: Figure, place: Place) -> str:
    """What stands in the head of a figure's table over another cell."""
    return text_of(figure.sheet.at(figure.table.heads[-1], place[1])) if figure.table else ""


def written(found: Draft, kind: str) -> bytes:
    """A draft as a file that `ingest` takes once it has been read: kind is csv or xlsx.

    Nothing in it can be run by a spreadsheet: text that begins as a formula does is marked as text.
    """
    names = [name for name, each in fields().items()
             if each.part == "required" or any(row[name] for row in found.rows)]  # fmt: skip
    lines = [[_as_text(row[name]) for name in names] for row in found.rows]
    if kind == "csv":
        return csv_bytes([names, *lines])
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    blank = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFE9B8"})
    sheet, rest = book.add_worksheet(SHEET), book.add_worksheet("Remarks")
    sheet.freeze_panes(1, 2)
    sheet.write_row(0, 0, names, head)
    for place, name in enumerate(names):
        sheet.set_column(place, place, 48 if name in ("understood", "remarks") else 16)
    for number, (row, line) in enumerate(zip(found.rows, lines, strict=True), 1):
        for place, text in enumerate(line):
            sheet.write_string(number, place, text, cell if row["value_status"] else blank)
    rest.set_column(0, 0, 120)
    rest.write_row(0, 0, ["What belongs to no figure"], head)
    for number, remark in enumerate(found.remarks, 1):
        rest.write_string(number, 0, remark, cell)
    book.close()
    return file.getvalue()


def _as_text(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
