"""Turn any other file into the long form of the annual return: a draft to be read and mended.

An official table by area, a reply as printed, a table pasted into a text file, the text of an
e-mail: whatever shows a number becomes one row, with the cell it came from, what was understood of
it and why, and everything that may mislead. What a cell means is read from the words that stand to
its left, above it and over its table, through lists of names; what cannot be told for certain is
left blank with its reason, and `ingest` refuses such a row until somebody has filled it in.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path

import xlsxwriter

from rso_report.dataset import Tables
from rso_report.errors import ReportError, on_one_line
from rso_report.intake import words
from rso_report.intake.cells import Cell, Place, Sheet, SheetError, as_date, letters
from rso_report.intake.sheets import TEXT_ENDINGS, read_sheets
from rso_report.intake.words import Meaning, plain
from rso_report.return_form import SHEET, SPLIT_FIELDS, SPLITS, fields, measures, titles

# What a person may say beside the columns of the form: which column or sheet is meant, until when
# a part-year was counted, and the day and month of counts printed with their year only.
SAYS = ("column", "sheet", "part_year_end", "year_day")
ONLY_YEAR = "the reply states only the year"
_SECTION = re.compile(r"(?:question |q)?(\d{1,2}[a-z]?)\s*[:.)]\s*([^\W\d].*)", re.IGNORECASE)
_PAIR = re.compile(r"([^:=]*[^\W\d][^:=]*?)\s*[:=]\s*(\S.*)")
_YEARS = re.compile(r"(?:(\d{4})\s*=\s*([\d,]+)[\s;,.]*)+")
_NAME_HEAD = re.compile(r"(?:area )?code|area|area name|name|offences?|offence titles?|titles?|"
                        r"year|force.*|police.*|region|country", re.IGNORECASE)  # fmt: skip
_SAYS_NOTHING = re.compile(r"[EWKNS]\d{8}|\d{2,3}[/.]\d{2}|\d{1,3}[A-Z]|police force areas?|"
                           r"(?:police )?(?:force|area|region|country)", re.IGNORECASE)  # fmt: skip


class DraftError(ReportError):
    """A draft cannot be made of what was given."""


@dataclass
class Figure:
    """A number that stands in a file: its place, what it is, and the words that belong to it."""

    sheet: Sheet
    place: Place
    read: words.Reading
    stored: Cell
    labels: list[tuple[str, str, Place]] = field(default_factory=list)  # role, text, where
    reasons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    table: "_Table | None" = None


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
    heading: str = ""
    number: str = ""
    columns: list[int] = field(default_factory=list)


def draft(path: Path, data: Tables, say: Mapping[str, str], read_as: Mapping[str, str]) -> Draft:
    """The draft of a file.

    `say` fills columns of the form for every figure that does not say them itself, and has `SAYS`;
    `read_as` says what a printed word means: an area, a measure, a year, a day; `nothing`; or, with
    an empty meaning, that the figures beside or below it are left out. Raises SheetError for a
    file that cannot be read, DraftError for what was said wrongly.
    """
    known = [*(name for name, f in fields().items() if f.part != "draft"), *SAYS]
    for name in say:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise DraftError(f"--say {name}: found no such column of the form{hint}")
    path = Path(path)
    sheets = read_sheets(path, ragged=True)
    if wanted := say.get("sheet"):
        named = [sheet for sheet in sheets if plain(sheet.name) == plain(wanted)]
        if not named:
            names = ", ".join(sheet.name for sheet in sheets)
            raise DraftError(f"--say sheet={wanted}: found no such sheet; allowed: one of {names}")
        sheets = named
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
        self.found_columns: list[str] = []
        self.tables = 0

    # Where figures stand ------------------------------------------------------------------

    def read(self, sheet: Sheet) -> None:
        """Collect the figures of a sheet with the words that belong to them."""
        if self.path.suffix.lower() in TEXT_ENDINGS[3:]:
            sheet.rows = [_split(row) for row in sheet.rows]
        self.sheet = sheet
        self.table: _Table | None = None
        self.heading, self.number = "", ""
        self.above: list[tuple[int, str]] = []  # lines of text since the last figure
        first = len(self.figures)
        for index, row in enumerate(sheet.rows):
            filled = [(c, cell) for c, cell in enumerate(row) if cell is not None]
            if filled:
                self._row(index, row, filled)
            elif self.table is None:
                self._let_go()
        self._let_go()
        self._rounded(sheet, self.figures[first:])
        where = f"sheet {sheet.name}: " if sheet.name != self.path.stem else ""
        used = {figure.place for figure in self.figures[first:]}
        for problem in sheet.problems:
            if (problem.row, problem.column) not in used:
                place = f"{_cell((problem.row or 0, problem.column or 0))}: "
                self.remarks.append(f"{where}{place if problem.row else ''}{problem.found}")

    def _row(self, index: int, row: list[Cell], filled: list[tuple[int, Cell]]) -> None:
        first = filled[0][1]
        text = " ".join(first.split()) if isinstance(first, str) else ""
        if len(filled) > 1 and re.fullmatch(r"\d{1,2}[a-z]", str(first)):
            text = f"{first}: {filled[1][1]}"
            filled = [(filled[0][0], text), *filled[2:]]
        section = _SECTION.fullmatch(text)
        if section and len(filled) <= 2:
            self._let_go()
            self.table = None
            self.number, self.heading = section[1], words.heading(section[2])
            if len(filled) == 2:
                label = ("heading", self.heading, (index, filled[0][0]))
                self._figure(index, filled[1][0], [label])
        elif len(filled) == 1 and _YEARS.fullmatch(text):
            self._year_line(index, filled[0][0], text)
        elif head := self._head(index, filled):
            self.table = head
        elif self.table and self._body(index, row, filled):
            pass
        elif len(filled) == 2 and text and words.read(filled[1][1]):
            self._figure(index, filled[1][0], [("row", text, (index, filled[0][0]))])
        elif len(filled) == 1 and (pair := _PAIR.fullmatch(text)) and words.read(pair[2]):
            self._figure(index, filled[0][0], [("row", pair[1], (index, filled[0][0]))], pair[2])
        elif len(filled) == 1 and text:
            self.above.append((index, text))
        else:
            places = [column for column, cell in filled if words.read(cell)]
            for column in places:
                others = [("row", str(c), (index, k)) for k, c in filled if k != column]
                self._figure(index, column, others)
            if not places:
                self._note(" ".join(str(cell) for _, cell in filled))

    def _head(self, index: int, filled: list[tuple[int, Cell]]) -> _Table | None:
        """A table, if the row is the head of one: words over columns of figures."""
        texts = [(c, self._text((index, c), cell)) for c, cell in filled]
        below = self._below(index)
        figures = [c for c, _ in texts if any(words.read(row[c]) for row in below if c < len(row))]
        over = [c for c, text in texts if self.lexicon.is_head(text) or self._is_column(text)]
        numbers = [c for c, cell in filled if words.read(cell) and c not in over]
        named = _NAME_HEAD.fullmatch(texts[0][1]) and len(texts) > 1
        years = [c for c, text in texts if words.like_year(text) or (
            named and words.plain_year(text))]  # fmt: skip
        numbers = [c for c in numbers if c not in years]
        if numbers or not figures or not (over or years or named):
            return None
        self.tables += 1
        names = [text for _, text in self.above]
        titled = self.heading or (names[-1] if names else "")
        for _, text in self.above[:-1] if not self.heading else self.above:
            self._note(text)
        self.above = []
        table = _Table(index, words.heading(titled), self.number or f"table {self.tables}")
        table.columns = self._figure_columns(index, below)
        for column in table.columns:
            self.heads.append(self._head_text(table, column))
        return table if table.columns else None

    def _below(self, index: int) -> list[list[Cell]]:
        """The rows that may be the body of a table: up to the next numbered heading."""
        found = []
        for row in self.sheet.rows[index + 1 :]:
            filled = [cell for cell in row if cell is not None]
            if len(filled) == 1 and _SECTION.fullmatch(str(filled[0])):
                break
            found.append(row)
        return [row for row in found if len([cell for cell in row if cell is not None]) > 1]

    def _figure_columns(self, index: int, below: list[list[Cell]]) -> list[int]:
        """Columns that hold figures: more numbers than words, and no years or codes of areas."""
        width = max([len(self.sheet.rows[index]), *map(len, below)], default=0)
        found = []
        for column in range(width):
            cells = [row[column] for row in below if column < len(row) and row[column] is not None]
            head = self._text((index, column), self._at(index, column))
            figures = [cell for cell in cells if words.read(cell)]
            years = all(words.plain_year(str(cell)) for cell in cells)
            labelled = re.search(r"code|year|as at|date|^title|^offence", head, re.IGNORECASE)
            marks = all(isinstance(cell, str) and words.is_mark(cell) for cell in cells)
            if not cells or (years and labelled) or (marks and not head):
                continue
            if head and labelled and not self.lexicon.is_head(head):
                continue
            most = len(figures) * 2 - len(cells)
            if figures and (most > 0 or (most == 0 and column > 0)) and (column > 0 or head):
                found.append(column)
        return found

    def _body(self, index: int, row: list[Cell], filled: list[tuple[int, Cell]]) -> bool:
        """Take a row below a head; False if it belongs to no table."""
        table = self.table
        own = [column for column, _ in filled if column in table.columns]
        if not own:
            if len(filled) == 1 and isinstance(filled[0][1], str):
                self.above.append((index, " ".join(filled[0][1].split())))
                return True
            return False
        labels = []
        for column in range(min(len(row), max(table.columns) + 1)):
            cell = self._at(index, column)
            if cell is None or column in table.columns:
                continue
            text = self._text((index, column), cell)
            if column > own[0] and words.is_mark(text):
                continue  # read with the figure that it stands beside
            labels.append(("row", self._joined(text), (index, column)))
        self._let_go(inside=True)
        for column in own:
            head = [("head", text, where) for text, where in self._heads(table, column)]
            reason = "" if head else "under no head: has a thousands comma split a cell?"
            self._figure(index, column, labels + head, reason=reason)
        beyond = [c for c, cell in filled if c > max(table.columns) and words.read(cell)]
        for column in beyond:
            reason = "beyond the last column: has a thousands comma split a cell?"
            self._figure(index, column, labels, reason=reason)
        return True

    def _joined(self, text: str) -> str:
        """A title that goes on in this line from the one above it."""
        known = titles()
        if self.above and " ".join([self.above[-1][1], text]) in known:
            return " ".join([self.above.pop()[1], text])
        return text

    def _heads(self, table: _Table, column: int) -> Iterator[tuple[str, Place]]:
        """The words over a column, from the head and from a head of several columns above it."""
        for index in (table.head - 1, table.head):
            cell = self._at(index, column) if index >= 0 else None
            above = index < table.head and self._own_line(table, index)
            if cell is None or above or (index < table.head and words.read(cell)):
                continue
            yield self._text((index, column), cell), (index, column)

    def _own_line(self, table: _Table, index: int) -> bool:
        """Whether a row is a line of text, and no head of columns."""
        filled = [c for c, cell in enumerate(self.sheet.rows[index]) if cell is not None]
        merged = any(row == index + 1 for row, _ in self.sheet.merged)
        return len(filled) < 2 and not (merged and filled and filled[0] >= min(table.columns))

    def _head_text(self, table: _Table, column: int) -> str:
        return " ".join(text for text, _ in self._heads(table, column))

    def _at(self, index: int, column: int) -> Cell:
        """A cell, or the one that was merged over it."""
        row, place = self.sheet.merged.get((index + 1, column + 1), (index + 1, column + 1))
        rows = self.sheet.rows
        in_range = row <= len(rows) and place <= len(rows[row - 1])
        return rows[row - 1][place - 1] if in_range else None

    def _text(self, place: Place, cell: Cell) -> str:
        if isinstance(cell, date):
            return cell.isoformat()
        return " ".join(str(cell).split()) if cell is not None else ""

    def _is_column(self, text: str) -> bool:
        return bool(self.say.get("column")) and words.same(text, self.say["column"])

    def _figure(
        self,
        index: int,
        column: int,
        labels: list[tuple[str, str, Place]],
        text: str = "",
        reason: str = "",
    ) -> None:
        stored = text or self._at(index, column)
        place = index + 1, column + 1
        shown = self.sheet.shown.get(place, "")
        if place in self.sheet.shown and not isinstance(stored, date):
            read = words.read(shown or "not shown")
        else:
            read = words.read(stored)
        read = read or words.Reading(None, "", reason=f"'{stored}' is no figure")
        if wanted := self.say.get("column"):
            heads = [label for role, label, _ in labels if role == "head"]
            if not any(words.same(head, wanted) for head in heads):
                return
            self.found_columns.append(f"{self.sheet.name}!{letters(column + 1)}")
        figure = Figure(self.sheet, place, read, stored, list(labels), table=self.table)
        figure.reasons += [each for each in (read.reason, reason) if each]
        figure.remarks += [read.remark] if read.remark else []
        mark = self._at(index, column + 1)
        over = self.table and self._at(self.table.head, column + 1)
        if isinstance(mark, str) and not over and (what := words.mark(mark)):
            read.status = what[0] or read.status
            figure.remarks.append(f"the mark '{mark}' in the next cell: {what[1]}")
        heading = self.table.heading if self.table else self.heading
        if heading and ("heading", heading) not in [label[:2] for label in labels]:
            figure.labels.append(("heading", heading, (index, column)))
        if place[0] in self.sheet.hidden_rows:
            figure.remarks.append("in a hidden row")
        if place[1] in self.sheet.hidden_columns:
            figure.remarks.append("in a hidden column")
        own = [each for each in self.sheet.problems if (each.row, each.column) == place]
        for problem in own:
            told = problem.kind in ("raised", "masked")  # the figure is the one that is shown
            (figure.remarks if told else figure.reasons).append(problem.found)
        if place in self.sheet.merged:
            figure.reasons.append("merged cells: for which of them it holds is not said")
        self.figures.append(figure)

    def _year_line(self, index: int, column: int, text: str) -> None:
        """`2021 = 4,620 2020 = 4,581`: one count for each year."""
        for year, number in re.findall(r"(\d{4})\s*=\s*([\d,]+\d)", text):
            self._figure(index, column, [("row", year, (index, column))], number)

    def _let_go(self, inside: bool = False) -> None:
        """Lines of text that turned out to be neither heading nor title."""
        for index, text in self.above:
            if inside and text in titles():
                self.remarks.append(f"row {index + 1}: no figures beside '{on_one_line(text)}'")
            else:
                self._note(text, index)
        self.above = []

    def _note(self, text: str, index: int | None = None) -> None:
        """A line that belongs to no table: a figure in a sentence is left to whoever reads it."""
        numbers = words.numbers_in(text)
        found = self.lexicon.measures_in(text)
        if index is not None and len(numbers) == 1 and len(found) == 1:
            reason = "a number in a sentence: read it, and fill in value and value_status"
            self._figure(index, 0, [("heading", text, (index, 0))], numbers[0], reason)
        elif numbers:
            self.remarks.append(f"text with figures, not read: '{on_one_line(text)}'")

    def _rounded(self, sheet: Sheet, figures: list[Figure]) -> None:
        """What is said of rounding anywhere in a sheet holds for its figures."""
        texts = [cell for row in sheet.rows for cell in row if isinstance(cell, str)]
        said = [text for text in texts if re.search(r"\bround(ed|ing)\b", text, re.IGNORECASE)]
        for figure in figures if said else []:
            if figure.read.value is not None and not figure.read.qualifier:
                figure.read.qualifier = "rounded"
                figure.remarks.append(f"the sheet says: {on_one_line(said[0])}")

    # What they mean -----------------------------------------------------------------------

    def result(self) -> Draft:
        """The rows, each understood or left blank."""
        wanted = self.say.get("column")
        if wanted and not self.found_columns:
            near = words.nearest(wanted, self.heads)
            hint = f"; did you mean '{near}'?" if near else ""
            raise DraftError(f"{self.path.name}: found no column '{wanted}'{hint}")
        if wanted and len(set(self.found_columns)) > 1:
            places = ", ".join(sorted(set(self.found_columns)))
            self.remarks.append(f"'{wanted}' is the head of {places}: look which is meant")
        areas = self._areas()
        rows: list[dict[str, str]] = []
        for number, figure in enumerate(self.figures):
            row = self._understood(figure, areas.get(number))
            if row and not any(_same(row, other) for other in rows):
                rows.append(row)
        if not rows:
            self.remarks.append("no figure was found")
        return Draft(rows, list(dict.fromkeys(self.remarks)))

    def _areas(self) -> dict[int, tuple[str, str]]:
        """The area of each figure, or why it is not sure, told from all names of its column."""
        rows: dict[tuple[int, int, int], list[int]] = {}
        for number, figure in enumerate(self.figures):
            head = figure.table.head if figure.table else -1
            rows.setdefault((id(figure.sheet), head, figure.place[0]), []).append(number)
        named = [
            (key, numbers, self._names(self.figures[numbers[0]])) for key, numbers in rows.items()
        ]
        found: dict[int, tuple[str, str]] = {}
        tables: dict[tuple[int, int], list] = {}
        for key, numbers, names in named:
            tables.setdefault(key[:2], []).append((numbers, names))
        for lines in tables.values():
            settled = self.lexicon.settle([names for _, names in lines])
            for (numbers, _), answer in zip(lines, settled, strict=True):
                found |= dict.fromkeys(numbers, answer)
        return found

    def _names(self, figure: Figure) -> list[words.Name]:
        """The names of areas to the left of a figure, each with the head over it."""
        found = []
        for role, text, (_, column) in figure.labels:
            areas = self.lexicon.areas(text) if role == "row" else []
            if areas:
                head = figure.table and self._head_of(figure, column)
                found.append(words.Name(text, areas, head or ""))
        return found

    def _head_of(self, figure: Figure, column: int) -> str:
        rows = figure.sheet.rows
        row = rows[figure.table.head] if figure.table else []
        return str(row[column]) if column < len(row) and row[column] is not None else ""

    def _understood(self, figure: Figure, area: tuple[str, str] | None) -> dict[str, str] | None:
        """The row of a figure; None if it was said to be left out."""
        meant, heading = Meaning(), {}
        why: list[str] = []
        for role, text, (index, column) in figure.labels:
            if self.lexicon.left_out(text):
                return None
            where = _cell((index + 1, column + 1))
            shown = words.day_of(figure.sheet.shown.get((index + 1, column + 1), ""))
            if shown and str(shown) != text:
                figure.reasons.append(f"{where} shows another day than the {text} that it holds")
            if role == "head" and self._is_column(text) and "measure_code" in self.say:
                meant.add(self.lexicon.time(text), f"{text} ({where})", figure.reasons)
                continue
            if role == "row" and self.lexicon.areas(text):
                why.append(f"{text} ({where})")
                continue
            if _SAYS_NOTHING.fullmatch(text) or self.lexicon.says_nothing(text):
                continue
            head = self._head_of(figure, column) if role == "row" else ""
            head = head or (figure.table.heading if figure.table else self.heading_of(figure))
            found = self.lexicon.meaning(text, role, head)
            if found is None and role != "heading":
                near = self.lexicon.suggestion(text)
                hint = f"; it probably means {near}: say --read-as '{text}={near}'" if near else ""
                figure.reasons.append(f"'{on_one_line(text)}' ({where}) is not understood{hint}")
            elif found and role == "heading":
                heading = found
            elif found:
                meant.add(found, f"{text} ({where})", figure.reasons)
            if found:
                why.append(f"{text} ({where})")
        said = {name: value for name, value in self.say.items() if name not in SAYS}
        if "measure_code" in said or "offence_title" in meant or self._titled(figure):
            heading = {name: v for name, v in heading.items() if name != "measure_code"}
        meant.weakly(heading)
        if area:
            if area[1]:
                (figure.remarks if area[0] else figure.reasons).append(area[1])
            if area[0]:
                meant.add({"force": area[0]}, "the names beside it", figure.reasons)
        for name, value in said.items():
            if name in ("force", "measure_code", "as_at"):
                meant.add({name: value}, f"--say {name}", figure.reasons)
            meant.setdefault(name, value)
        self._measure(figure, meant)
        self._time(figure, meant)
        for name in ("force", "measure_code"):
            if not meant.get(name):
                figure.reasons.append(f"no {name}: say --say {name}=…")
        return self._as_row(figure, meant, why)

    def _measure(self, figure: Figure, meant: Meaning) -> None:
        """The measure, by the title of the offence or by who is counted of the register."""
        table = figure.table
        if meant.get("measure_code") == words.REGISTER:
            by = {"both": "RSO_REGISTER", "community": "RSO_COMMUNITY", "custody": "RSO_CUSTODY"}
            code = by.get(meant.get("custody_status", ""), "")
            if not code:
                figure.reasons.append("who is counted is not said: say --say custody_status=both, "
                                      "community or custody")  # fmt: skip
            meant["measure_code"] = code
            if meant.get("mappa_level") and code:
                meant["measure_code"] = "RSO_BY_LEVEL"
            elif meant.get("risk_tier") and code:
                meant["measure_code"] = "RSO_BY_TIER"
        family = meant.pop("family", "")
        if meant.get("offence_title") or (meant.get("total") and family):
            own = [each.code for each in measures().values() if each.family == family and family]
            meant["measure_code"] = own[0] if own else meant.get("measure_code", "")
        if meant.get("total") and not self._of_titles(figure, meant):
            meant.pop("total")
        if meant.get("offence_title") or meant.get("total"):
            if table and not meant.get("measure_code"):
                own = [self.lexicon.family_code(label[1]) for other in self.figures
                       if other.table is table for label in other.labels]  # fmt: skip
                known = Counter(code for code in own if code)
                meant["measure_code"] = known.most_common(1)[0][0] if known else ""
            if table:
                meant["table_as_printed"] = table.number
                meant["heading_as_printed"] = table.heading
        measure = measures().get(meant.get("measure_code", ""))
        value = figure.read.value
        if measure and isinstance(value, float) and not measure.decimals:
            figure.reasons.append(f"{value:g} is no whole number")
        if measure and meant.get("sex") == "all":
            meant.pop("sex")

    def _of_titles(self, figure: Figure, meant: Meaning) -> bool:
        """Whether a total is one of offences by title, which is kept beside its cells."""
        measure = measures().get(meant.get("measure_code", ""))
        if measure and "offence_title" not in measure.needs:
            return False
        return self._titled(figure)

    def _titled(self, figure: Figure) -> bool:
        """Whether a figure stands in a table of offence titles."""
        return figure.table is not None and any(
            self.lexicon.family_code(text)
            for other in self.figures
            if other.table is figure.table
            for _, text, _ in other.labels
        )

    def heading_of(self, figure: Figure) -> str:
        """The heading over a figure that stands in no table."""
        return next((text for role, text, _ in figure.labels if role == "heading"), "")

    def _time(self, figure: Figure, meant: Meaning) -> None:
        """The day of a stock or the period of a flow, of which the figure says one."""
        measure = measures().get(meant.get("measure_code", ""))
        if not measure:
            return
        if measure.kind == "stock":
            if meant.get("year") and not meant.get("as_at"):
                if day := self.say.get("year_day"):
                    meant["as_at"] = f"{meant['year']}-{day}"
                    meant["as_at_precision"], meant["note"] = "year", ONLY_YEAR
                else:
                    figure.reasons.append(f"only the year {meant['year']}: say --say year_day="
                                          "03-31, or whichever day and month it is")  # fmt: skip
            elif not meant.get("as_at"):
                figure.reasons.append("no day: say --say as_at=2026-03-31")
            elif meant.get("year", meant["as_at"][:4]) != meant["as_at"][:4]:
                figure.reasons.append(f"the year {meant['year']} beside it, not {meant['as_at']}")
            for name in ("period_start", "period_end"):
                if meant.pop(name, "") and name == "period_start":
                    figure.reasons.append("a year over a count of one day")
            if meant.get("as_at") and not _is_day(meant["as_at"]):
                figure.reasons.append(f"'{meant['as_at']}' is no day: write it as 2026-03-31")
        else:
            self._period(figure, meant)
        meant.pop("year", None)

    def _period(self, figure: Figure, meant: Meaning) -> None:
        if meant.get("total") in ("row", "grand") and figure.table:
            spans = [self.lexicon.time(self._head_text(figure.table, column))
                     for column in figure.table.columns]  # fmt: skip
            spans = [span for span in spans if span.get("period_start")]
            if spans:
                meant["period_start"] = min(span["period_start"] for span in spans)
                meant["period_end"] = max(span["period_end"] for span in spans)
        day = meant.pop("as_at", "")
        meant.pop("as_at_precision", None)
        if day and not meant.get("period_end") and _is_day(day):
            end = date.fromisoformat(day)
            start = end.replace(year=end.year - 1, day=min(end.day, 28)) if end.month == 2 else (
                end.replace(year=end.year - 1))  # fmt: skip
            meant["period_start"] = str(start + timedelta(days=1))
            meant["period_end"] = day
            figure.remarks.append(f"taken for the year that ends on {day}")
        if not meant.get("period_end"):
            figure.reasons.append("no period: say --say period_start=… and period_end=…")
            return
        part = self.say.get("part_year_end", "")
        if part and meant["period_start"] <= part < meant["period_end"]:
            meant["period_end"] = part
            figure.read.status = figure.read.status or "provisional"
        elif meant.pop("part", ""):
            figure.reasons.append("a part-year: say --say part_year_end=…, the last day counted")
        meant.pop("part", None)

    def _as_row(self, figure: Figure, meant: Meaning, why: list[str]) -> dict[str, str]:
        read, sure = figure.read, not figure.reasons
        row = dict.fromkeys(fields(), "")
        row |= {name: value for name, value in meant.items() if name in row}
        row["value"] = "" if not sure or read.value is None else f"{read.value:g}"
        if isinstance(read.value, int) and row["value"]:
            row["value"] = str(read.value)
        row["value_status"] = (read.status or "final") if sure else ""
        row["qualifier"] = read.qualifier if sure else ""
        measure = measures().get(row["measure_code"])
        if measure:  # what was said of all figures and does not apply to this one
            asked = (*SPLITS[measure.table], *measure.needs)
            row |= {name: "" for name in self.say if name in SPLIT_FIELDS and name not in asked}
        if measure and measure.row.get("qualifier") == row["qualifier"]:
            row["qualifier"] = ""
        lacks = [name for name in (measure.needs if measure else ()) if not row[name]]
        lacks = [name for name in lacks if not (name == "offence_title" and row["total"])]
        remarks = figure.reasons + figure.remarks + [f"{name} is not said" for name in lacks]
        place = f"cell {_cell(figure.place)}"
        if self.path.suffix.lower() == ".txt":
            line, column = figure.place
            place = f"line {line}" + (f", column {column}" if column > 1 else "")
        row |= {
            "from_file": self.path.name,
            "from_sheet": figure.sheet.name if figure.sheet.name != self.path.stem else "",
            "from_cell": place,
            "text_shown": figure.sheet.shown.get(figure.place, "") or str(figure.stored),
            "value_stored": str(self._stored(figure)),
            "understood": "; ".join(dict.fromkeys(why)),
            "remarks": "; ".join(dict.fromkeys(remarks)),
        }
        return row

    def _stored(self, figure: Figure) -> Cell:
        row, column = figure.place
        rows = figure.sheet.rows
        in_range = row <= len(rows) and column <= len(rows[row - 1])
        return rows[row - 1][column - 1] if in_range else figure.stored


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


def _is_day(text: str) -> bool:
    try:
        return bool(as_date(text))
    except SheetError:
        return False


def _cell(place: Place) -> str:
    row, column = place
    return f"{letters(column)}{row or ''}"


def written(found: Draft, kind: str) -> bytes:
    """A draft as a file that `ingest` takes once it has been read: kind is csv or xlsx.

    Nothing in it can be run by a spreadsheet: text that begins as a formula does is marked as text.
    """
    used = [name for name in fields() if any(row[name] for row in found.rows)]
    required = [name for name, each in fields().items() if each.part == "required"]
    names = [name for name in fields() if name in {*used, *required}]
    lines = [[_as_text(row[name]) for name in names] for row in found.rows]
    if kind == "csv":
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows([names, *lines])
        return b"\xef\xbb\xbf" + text.getvalue().encode()
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    blank = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFE9B8"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 2)
    sheet.write_row(0, 0, names, head)
    for place, name in enumerate(names):
        sheet.set_column(place, place, 48 if name in ("understood", "remarks") else 16)
    for number, (row, line) in enumerate(zip(found.rows, lines, strict=True), 1):
        for place, text in enumerate(line):
            sheet.write_string(number, place, text, cell if row["value_status"] else blank)
    rest = book.add_worksheet("Remarks")
    rest.set_column(0, 0, 120)
    rest.write_row(0, 0, ["What belongs to no figure"], head)
    for number, remark in enumerate(found.remarks, 1):
        rest.write_string(number, 0, remark, cell)
    book.close()
    return file.getvalue()


def _as_text(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
