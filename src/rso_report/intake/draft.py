"""Turn any other file into the long form of the annual return: a draft to be read and mended.

An official table by area, a reply as printed, a table pasted into a text file, the text of an
e-mail: whatever shows a number becomes one row, with the cell it came from, what was understood of
it and why, and everything that may mislead. What a cell means is read from the words that stand to
its left, above it and over its table, through lists of names; what cannot be told for certain is
left blank with its reason, and `ingest` refuses such a row until somebody has filled it in.
"""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import xlsxwriter

from rso_report.dataset import Tables
from rso_report.errors import FaultError, ReportError, on_one_line
from rso_report.intake import words
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
_COMMA = "has a thousands comma split a cell?"
_SECTION = re.compile(r"(?:question |q)?(\d{1,2}[a-z]?)\s*[:.)]\s*([^\W\d].*)", re.IGNORECASE)
_PAIR = re.compile(r"([^:=]*[^\W\d][^:=]*?)\s*[:=]\s*(\S.*)")
_YEARS = re.compile(r"(?:(\d{4})\s*=\s*([\d,]+)[\s;,.]*)+")
_NAME_HEAD = re.compile(r"(?:area )?code|area|area name|name|offences?|offence titles?|titles?|"
                        r"year|force.*|police.*|region|country", re.IGNORECASE)  # fmt: skip
_SAYS_NOTHING = re.compile(r"[EWKNS]\d{8}|\d{2,3}[/.]\d{2}|\d{1,3}[A-Z]|police force areas?|"
                           r"(?:police )?(?:force|area|region|country)", re.IGNORECASE)  # fmt: skip

Label = tuple[str, str, Place]  # role (row, head, heading), text, where


@dataclass
class Figure:
    """A number that stands in a file: its place, what it is, and the words that belong to it."""

    sheet: Sheet
    place: Place
    read: words.Reading
    stored: Cell
    labels: list[Label]
    table: "_Table | None"
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


@dataclass
class _Table:
    """Rows below a head: which columns hold figures, and the words over it."""

    head: int
    heading: str
    number: str
    columns: list[int]


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
    sheets = read_sheets(path, ragged=True)
    if wanted := say.get("sheet"):
        names = ", ".join(sheet.name for sheet in sheets)
        sheets = [sheet for sheet in sheets if plain(sheet.name) == plain(wanted)]
        if not sheets:
            raise ReportError(f"--say sheet={wanted}: found no such sheet; allowed: one of {names}")
    reader = _Reader(words.Lexicon(data, read_as), say, path)
    for sheet in sheets:
        reader.read(sheet)
    return reader.result()


class _Reader:
    def __init__(self, lexicon: words.Lexicon, say: Mapping[str, str], path: Path) -> None:
        self.lexicon, self.say, self.path = lexicon, dict(say), path
        self.figures: list[Figure] = []
        self.remarks: list[str] = []
        self.heads: list[str] = []  # of columns, to suggest one
        self.found_columns: set[str] = set()
        self.tables = 0

    # Where figures stand ------------------------------------------------------------------

    def read(self, sheet: Sheet) -> None:
        """Collect the figures of a sheet with the words that belong to them."""
        if self.path.suffix.lower() == ".txt":
            sheet.rows = [_split(row) for row in sheet.rows]
        self.sheet = sheet
        self.table: _Table | None = None
        self.heading, self.number = "", ""
        self.above: list[tuple[Place, str]] = []  # lines of text since the last figure
        first = len(self.figures)
        for number, row in enumerate(sheet.rows, 1):
            filled = [(column, cell) for column, cell in enumerate(row, 1) if cell is not None]
            if filled:
                self._row(number, filled)
            elif self.table is None:
                self._let_go()
        self._let_go()
        own = self.figures[first:]
        self._rounded(sheet, own)
        where = f"sheet {sheet.name}: " if sheet.name != self.path.stem else ""
        for fault in sheet.faults:
            place = fault.row or 0, fault.column or 0
            if place not in [figure.place for figure in own]:
                name = f"{cell_name(*place)}: " if fault.row else ""
                self.remarks.append(f"{where}{name}{fault.found}")

    def _row(self, row: int, filled: list[tuple[int, Cell]]) -> None:
        column, first = filled[0]
        text = text_of(first) if isinstance(first, str) else ""
        if len(filled) > 1 and re.fullmatch(r"\d{1,2}[a-z]", str(first)):
            text = f"{first}: {filled[1][1]}"
            filled = [(column, text), *filled[2:]]
        place, pair, section = (row, column), _PAIR.fullmatch(text), _SECTION.fullmatch(text)
        if section and len(filled) <= 2:
            self._let_go()
            self.table = None
            self.number, self.heading = section[1], words.heading(section[2])
            for other, _ in filled[1:]:
                self._figure((row, other), [("heading", self.heading, place)])
        elif len(filled) == 1 and _YEARS.fullmatch(text):  # 2021 = 4,620 2020 = 4,581
            for year, number in re.findall(r"(\d{4})\s*=\s*([\d,]+\d)", text):
                self._figure(place, [("row", year, place)], number)
        elif head := self._head(row, filled):
            self.table = head
        elif self.table and self._body(self.table, row, filled):
            pass
        elif len(filled) == 2 and text and words.read(filled[1][1]):
            self._figure((row, filled[1][0]), [("row", text, place)])
        elif len(filled) == 1 and pair and words.read(pair[2]):
            self._figure(place, [("row", pair[1], place)], pair[2])
        elif len(filled) == 1 and text:
            self.above.append((place, text))
        else:
            places = [column for column, cell in filled if words.read(cell)]
            for column in places:
                others = [("row", str(c), (row, k)) for k, c in filled if k != column]
                self._figure((row, column), others)
            if not places:
                self._note(" ".join(str(cell) for _, cell in filled))

    def _head(self, row: int, filled: list[tuple[int, Cell]]) -> _Table | None:
        """A table, if the row is the head of one: words over columns of figures."""
        texts = [(column, text_of(cell)) for column, cell in filled]
        below = self._below(row)
        named = bool(_NAME_HEAD.fullmatch(texts[0][1])) and len(texts) > 1
        years = [c for c, text in texts if words.like_year(text) or (
            named and words.plain_year(text))]  # fmt: skip
        over = [c for c, text in texts if self.lexicon.is_head(text) or self._is_column(text)]
        over += years
        numbers = [c for c, cell in filled if words.read(cell) and c not in over]
        figures = any(words.read(self.sheet.rows[r - 1][c - 1]) for r in below for c, _ in texts
                      if c <= len(self.sheet.rows[r - 1]))  # fmt: skip
        if numbers or not figures or not (over or named):
            return None
        self.tables += 1
        title = self.heading or (self.above.pop()[1] if self.above else "")
        for _, text in self.above:
            self._note(text)
        self.above = []
        columns = self._figure_columns(row, below)
        table = _Table(row, words.heading(title), self.number or f"table {self.tables}", columns)
        self.heads += [self._head_text(table, column) for column in columns]
        return table if columns else None

    def _below(self, row: int) -> list[int]:
        """The rows that may be the body of a table: up to the next numbered heading."""
        found = []
        for number, cells in enumerate(self.sheet.rows[row:], row + 1):
            filled = [cell for cell in cells if cell is not None]
            if len(filled) == 1 and _SECTION.fullmatch(str(filled[0])):
                break
            if len(filled) > 1:
                found.append(number)
        return found

    def _figure_columns(self, head_row: int, below: list[int]) -> list[int]:
        """Columns that hold figures: more numbers than words, and no years or codes of areas."""
        rows = [self.sheet.rows[row - 1] for row in below]
        width = max(map(len, [self.sheet.rows[head_row - 1], *rows]))
        found = []
        for column in range(1, width + 1):
            cells = [row[column - 1] for row in rows if len(row) >= column]
            cells = [cell for cell in cells if cell is not None]
            head = text_of(self.sheet.at(head_row, column))
            labelled = re.search(r"code|year|as at|date|^title|^offence", head, re.IGNORECASE)
            years = all(words.plain_year(str(cell)) for cell in cells)
            marks = all(isinstance(cell, str) and words.is_mark(cell) for cell in cells)
            if labelled and (years or not self.lexicon.is_head(head)) or (marks and not head):
                continue
            figures = sum(bool(words.read(cell)) for cell in cells)
            most = figures * 2 - len(cells)
            if figures and (most > 0 or (most == 0 and column > 1)) and (column > 1 or head):
                found.append(column)
        return found

    def _body(self, table: _Table, row: int, filled: list[tuple[int, Cell]]) -> bool:
        """Take a row below a head; False if it belongs to no table."""
        own = [column for column, _ in filled if column in table.columns]
        if not own:
            if len(filled) == 1 and isinstance(filled[0][1], str):
                self.above.append(((row, filled[0][0]), text_of(filled[0][1])))
                return True
            return False
        labels: list[Label] = []
        for column in range(1, min(len(self.sheet.rows[row - 1]), max(table.columns)) + 1):
            text = text_of(self.sheet.at(row, column))
            if not text or column in table.columns:
                continue
            if column > own[0] and words.is_mark(text):
                continue  # read with the figure that it stands beside
            labels.append(("row", self._joined(text), (row, column)))
        self._let_go(inside=True)
        for column in own:
            head = self._heads(table, column)
            reason = "" if head else f"under no head: {_COMMA}"
            self._figure((row, column), labels + head, reason=reason)
        for column, cell in filled:
            if column > max(table.columns) and words.read(cell):
                self._figure((row, column), labels, reason=f"beyond the last column: {_COMMA}")
        return True

    def _joined(self, text: str) -> str:
        """A title that goes on in this line from the one above it."""
        if self.above and f"{self.above[-1][1]} {text}" in titles():
            return f"{self.above.pop()[1]} {text}"
        return text

    def _heads(self, table: _Table, column: int) -> list[Label]:
        """The words over a column, from the head and from a head of several columns above it."""
        places = [(table.head, column)]
        over = self.sheet.at(table.head - 1, column)
        if over is not None and not words.read(over) and not self._own_line(table, table.head - 1):
            places.insert(0, (table.head - 1, column))
        found = [("head", text_of(self.sheet.at(*place)), place) for place in places]
        return [label for label in found if label[1]]

    def _own_line(self, table: _Table, row: int) -> bool:
        """Whether a row is a line of text, and no head of columns."""
        cells = self.sheet.rows[row - 1]
        filled = [column for column, cell in enumerate(cells, 1) if cell is not None]
        merged = any(each == row for each, _ in self.sheet.merged)
        return len(filled) < 2 and not (merged and filled and filled[0] >= min(table.columns))

    def _head_text(self, table: _Table, column: int) -> str:
        return " ".join(text for _, text, _ in self._heads(table, column))

    def _is_column(self, text: str) -> bool:
        return bool(self.say.get("column")) and words.same(text, self.say["column"])

    def _figure(self, place: Place, labels: list[Label], text: str = "", reason: str = "") -> None:
        sheet, table = self.sheet, self.table
        stored = text or sheet.at(*place)
        if place in sheet.shown and not isinstance(stored, date):
            read = words.read(sheet.shown[place] or "not shown")
        else:
            read = words.read(stored)
        read = read or words.Reading(None, "", reason=f"'{stored}' is no figure")
        if self.say.get("column"):
            if not any(self._is_column(head) for role, head, _ in labels if role == "head"):
                return
            self.found_columns.add(f"{sheet.name}!{cell_name(0, place[1])}")
        figure = Figure(sheet, place, read, stored, list(labels), table)
        figure.reasons += filter(None, [read.reason, reason])
        figure.remarks += filter(None, [read.remark])
        mark = sheet.at(place[0], place[1] + 1)
        over = table and sheet.at(table.head, place[1] + 1)
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

    def _let_go(self, inside: bool = False) -> None:
        """Lines of text that turned out to be neither heading nor title."""
        for place, text in self.above:
            if inside and text in titles():
                self.remarks.append(f"row {place[0]}: no figures beside {quoted(text)}")
            else:
                self._note(text, place)
        self.above = []

    def _note(self, text: str, place: Place | None = None) -> None:
        """A line that belongs to no table: a figure in a sentence is left to whoever reads it."""
        numbers = words.numbers_in(text)
        if place and len(numbers) == 1 and len(self.lexicon.measures_in(text)) == 1:
            reason = "a number in a sentence: read it, and fill in value and value_status"
            place = place[0], 1
            self._figure(place, [("heading", text, place)], numbers[0], reason)
        elif numbers:
            self.remarks.append(f"text with figures, not read: {quoted(text)}")

    def _rounded(self, sheet: Sheet, figures: list[Figure]) -> None:
        """What is said of rounding anywhere in a sheet holds for its figures."""
        texts = [cell for row in sheet.rows for cell in row if isinstance(cell, str)]
        said = [text for text in texts if re.search(r"\bround(ed|ing)\b", text, re.IGNORECASE)]
        for figure in figures if said else []:
            if figure.read.value is not None and not figure.read.qualifier:
                figure.read.qualifier = "rounded"
                figure.remarks.append(f"the sheet says: {quoted(said[0])[1:-1]}")

    # What they mean -----------------------------------------------------------------------

    def result(self) -> Draft:
        """The rows, each understood or left blank."""
        wanted = self.say.get("column")
        if wanted and not self.found_columns:
            near = words.nearest(wanted, self.heads)
            hint = f" (did you mean '{near}'?)" if near else ""
            heads = ", ".join(f"'{on_one_line(head, 40)}'" for head in list(self.heads)[:12])
            raise ReportError(
                f"{self.path.name}: found no column '{wanted}'{hint}; allowed: {heads or 'none'}"
            )
        if wanted and len(self.found_columns) > 1:
            places = ", ".join(sorted(self.found_columns))
            self.remarks.append(f"'{wanted}' is the head of {places}: look which is meant")
        self._name_areas()
        rows: list[dict[str, str]] = []
        for figure in self.figures:
            row = self._understood(figure)
            if row and not any(_same(row, other) for other in rows):
                rows.append(row)
        if not rows:
            self.remarks.append("no figure was found")
        return Draft(rows, list(dict.fromkeys(self.remarks)))

    def _name_areas(self) -> None:
        """The area of each figure, or why it is not sure, told from all names of its column."""
        tables: dict[tuple, dict[int, list[Figure]]] = defaultdict(lambda: defaultdict(list))
        for figure in self.figures:
            key = id(figure.sheet), figure.table.head if figure.table else 0
            tables[key][figure.place[0]].append(figure)
        self.areas: dict[int, tuple[str, str]] = {}
        for lines in tables.values():
            settled = self.lexicon.settle([self._names(own[0]) for own in lines.values()])
            for own, answer in zip(lines.values(), settled, strict=True):
                self.areas |= {id(figure): answer for figure in own}

    def _names(self, figure: Figure) -> list[words.Name]:
        """The names of areas to the left of a figure, each with the head over it."""
        beside = [(text, at, self.lexicon.areas(text)) for r, text, at in figure.labels
                  if r == "row"]  # fmt: skip
        return [words.Name(text, areas, _head_over(figure, at)) for text, at, areas in beside
                if areas]  # fmt: skip

    def _understood(self, figure: Figure) -> dict[str, str] | None:
        """The row of a figure; None if it was said to be left out."""
        meant, heading, why = Meaning(), {}, []
        of_table = [text for role, text, _ in figure.labels if role == "heading"]
        for role, text, place in figure.labels:
            if self.lexicon.left_out(text):
                return None
            where = f"{text} ({cell_name(*place)})"
            shown = words.day_of(figure.sheet.shown.get(place, ""))
            if shown and str(shown) != text:
                shows = f"{cell_name(*place)} shows another day than the {text} that it holds"
                figure.reasons.append(shows)
            if role == "head" and self._is_column(text) and "measure_code" in self.say:
                meant.add(self.lexicon.time(text), where, figure.reasons)
                continue
            if role == "row" and self.lexicon.areas(text):
                why.append(where)
                continue
            if _SAYS_NOTHING.fullmatch(text) or self.lexicon.says_nothing(text):
                continue
            head = _head_over(figure, place) if role == "row" else ""
            head = head or (figure.table.heading if figure.table else "".join(of_table[:1]))
            found = self.lexicon.meaning(text, role, head)
            if found is None:
                near = self.lexicon.suggestion(text)
                hint = f"; it probably means {near}: say --read-as '{text}={near}'" if near else ""
                name = f"{quoted(text)} ({cell_name(*place)})"
                figure.reasons.append(f"{name} is not understood{hint}")
            elif role == "heading":
                heading = found or heading
            else:
                meant.add(found, where, figure.reasons)
            why += [where] if found else []
        said = {name: value for name, value in self.say.items() if name not in SAYS}
        if "measure_code" in said or "offence_title" in meant or self._titled(figure):
            heading = {name: v for name, v in heading.items() if name != "measure_code"}
        meant.weakly(heading)
        area, doubt = self.areas[id(figure)]
        if doubt:
            (figure.remarks if area else figure.reasons).append(doubt)
        if area:
            meant.add({"force": area}, "the names beside it", figure.reasons)
        for name, value in said.items():
            if name in ("force", "measure_code", "as_at"):
                meant.add({name: value}, f"--say {name}", figure.reasons)
            meant.setdefault(name, value)
        self._measure(figure, meant)
        if measure := measures().get(meant.get("measure_code", "")):
            (self._day if measure.kind == "stock" else self._period)(figure, meant)
        for name in ("force", "measure_code"):
            if not meant.get(name):
                figure.reasons.append(f"no {name}: say --say {name}=…")
        return self._as_row(figure, meant, why)

    def _measure(self, figure: Figure, meant: Meaning) -> None:
        """The measure, by the title of the offence or by who is counted of the register."""
        table = figure.table
        if meant.get("measure_code") == words.REGISTER:
            meant["measure_code"] = RSOS.get(meant.get("custody_status", ""), "")
            if not meant["measure_code"]:
                figure.reasons.append("who is counted is not said: say --say custody_status=both, "
                                      "community or custody")  # fmt: skip
            elif meant.get("mappa_level"):
                meant["measure_code"] = "RSO_BY_LEVEL"
            elif meant.get("risk_tier"):
                meant["measure_code"] = "RSO_BY_TIER"
        family = meant.pop("family", "")
        if family and (meant.get("offence_title") or meant.get("total")):
            own = [each.code for each in measures().values() if each.family == family]
            meant["measure_code"] = own[0] if own else meant.get("measure_code", "")
        measure = measures().get(meant.get("measure_code", ""))
        of_titles = not measure or "offence_title" in measure.needs
        if not (of_titles and self._titled(figure)):
            meant.pop("total", None)  # only those of offences by title are kept beside their cells
        if table and (meant.get("offence_title") or meant.get("total")):
            if not meant.get("measure_code"):
                known = Counter(filter(None, self._families(table)))
                meant["measure_code"] = known.most_common(1)[0][0] if known else ""
            meant["table_as_printed"], meant["heading_as_printed"] = table.number, table.heading
        measure, value = measures().get(meant.get("measure_code", "")), figure.read.value
        if measure and isinstance(value, float) and not measure.decimals:
            figure.reasons.append(f"{value:g} is no whole number")
        if measure and meant.get("sex") == "all":
            meant.pop("sex")

    def _families(self, table: _Table) -> list[str]:
        """The measures of the offence titles in a table."""
        return [self.lexicon.family_code(text) for figure in self.figures
                if figure.table is table for _, text, _ in figure.labels]  # fmt: skip

    def _titled(self, figure: Figure) -> bool:
        """Whether a figure stands in a table of offence titles."""
        return figure.table is not None and any(self._families(figure.table))

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
        elif not meant.get("as_at"):
            figure.reasons.append("no day: say --say as_at=2026-03-31")
        elif year and year != meant["as_at"][:4]:
            figure.reasons.append(f"the year {year} beside it, not {meant['as_at']}")
        if meant.pop("period_start", ""):
            figure.reasons.append("a year over a count of one day")
        meant.pop("period_end", "")

    def _period(self, figure: Figure, meant: Meaning) -> None:
        """The period of a flow."""
        meant.pop("year", None)
        if meant.get("total") in ("row", "grand") and figure.table:
            spans = [self.lexicon.time(self._head_text(figure.table, column))
                     for column in figure.table.columns]  # fmt: skip
            spans = [span for span in spans if span.get("period_start")]
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
        if not meant.get("period_end"):
            figure.reasons.append("no period: say --say period_start=… and period_end=…")
        elif part and meant["period_start"] <= part < meant["period_end"]:
            meant["period_end"] = part
            figure.read.status = figure.read.status or "provisional"
        elif is_part:
            figure.reasons.append("a part-year: say --say part_year_end=…, the last day counted")

    def _as_row(self, figure: Figure, meant: Meaning, why: list[str]) -> dict[str, str]:
        read, sheet, place = figure.read, figure.sheet, figure.place
        row = dict.fromkeys(fields(), "")
        row |= {name: value for name, value in meant.items() if name in row}
        row |= {"value": "", "value_status": "", "qualifier": ""}
        if not figure.reasons:
            row["value"] = "" if read.value is None else str(read.value)
            row["value_status"], row["qualifier"] = read.status or "final", read.qualifier
        lacks: list[str] = []
        if measure := measures().get(row["measure_code"]):
            asked = (*SPLITS[measure.table], *measure.needs)  # else it does not apply to this one
            row |= {name: "" for name in self.say if name in SPLIT_FIELDS and name not in asked}
            if measure.row.get("qualifier") == row["qualifier"]:
                row["qualifier"] = ""
            needed = [n for n in measure.needs if not (n == "offence_title" and row["total"])]
            lacks = [f"{name} is not said" for name in needed if not row[name]]
        where = f"cell {cell_name(*place)}"
        if self.path.suffix.lower() == ".txt":
            where = f"line {place[0]}" + (f", column {place[1]}" if place[1] > 1 else "")
        cells = sheet.rows[place[0] - 1] if place[0] <= len(sheet.rows) else []
        stored = cells[place[1] - 1] if place[1] <= len(cells) else figure.stored
        remarks = figure.reasons + figure.remarks + lacks
        return row | {
            "from_file": self.path.name,
            "from_sheet": sheet.name if sheet.name != self.path.stem else "",
            "from_cell": where,
            "text_shown": sheet.shown.get(place, "") or str(figure.stored),
            "value_stored": str(stored),
            "understood": "; ".join(dict.fromkeys(why)),
            "remarks": "; ".join(dict.fromkeys(remarks)),
        }


def _head_over(figure: Figure, place: Place) -> str:
    """What stands in the head of a figure's table over another cell."""
    row = figure.sheet.rows[figure.table.head - 1] if figure.table else []
    cell = row[place[1] - 1] if place[1] <= len(row) else None
    return "" if cell is None else str(cell)


def _same(row: dict[str, str], other: dict[str, str]) -> bool:
    """Whether a figure stands twice in a file, and says the same both times."""
    own = [name for name, each in fields().items() if each.part != "draft"]
    return bool(row["value_status"]) and all(row[name] == other[name] for name in own)


def _split(row: list[Cell]) -> list[Cell]:
    """A line of a pasted table, whose columns stand apart by two spaces or more."""
    if len(row) == 1 and isinstance(row[0], str):
        parts = re.split(r"\s{2,}|\s*\|\s*", row[0].strip("| "))
        return [part or None for part in parts]
    return row


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
