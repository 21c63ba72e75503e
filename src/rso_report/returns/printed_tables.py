"""Read the tables that replies really bring, wide and with totals, into rows of the annual return.

Understood are: offence titles by financial year with a Total row and column; counts of people by
sex with the day in the label; a line such as `2021 = 4,620 2020 = 4,581`; answers by MAPPA level;
intervals of visits by risk level. They may stand below each other in one sheet, under headings
such as `1a: breaches of ...`, with notes and blank rows between.

What a table does not say (force, day, custody, end of a part-year) is given as `Context` or in
lines such as `force: WMP` in the sheet. It is never guessed, and a label that looks misprinted is
refused with what it probably means. A figure that cannot be placed stops the reading.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from typing import Any

import pandas as pd
from openpyxl.utils import get_column_letter

from rso_report.errors import ReportError, on_one_line
from rso_report.periods import FinancialYear, day_label, financial_year
from rso_report.return_form import FIELDS, KEY, MEASURES, TITLES
from rso_report.returns.cells import Cell, Problem, Sheet, SheetError, as_date

ONLY_YEAR = "the reply states only the year"

_TOTAL = re.compile(r"(grand )?totals?", re.IGNORECASE)
_TITLES_HEAD = re.compile(r"(offence|offence title|title|offence type)s?", re.IGNORECASE)
_SEXES = {
    "male": "male",
    "males": "male",
    "men": "male",
    "female": "female",
    "females": "female",
    "women": "female",
    "unknown": "unknown",
    "not known": "unknown",
    "all": "all",
    "total": "all",
    "persons": "all",
}
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \xa0]\d{3})+|\d+"
_FIGURE = re.compile(rf"({_NUMBER})\s*((?:\([^()]*\)|\[[a-z]\]|[*†‡§¹²³])\s*)*")
_YEAR_FIGURE = re.compile(rf"(\d{{4,5}})\s*=\s*({_NUMBER})(?![\d,])[\s;,.]*")
_SECTION = re.compile(r"(?:question |q)?(\d{1,2}[a-z]?)\s*[:.)]\s*([^\W\d].*)", re.IGNORECASE)
_LEVEL = re.compile(r"(?:mappa )?level (\d)|(unknown|not known)|(total)", re.IGNORECASE)
_TIER = re.compile(r"(very high|high|medium|low)(?: risk)?", re.IGNORECASE)
_RANK = re.compile(r"(?:chief |detective )*(inspector|sergeant|constable)s?", re.IGNORECASE)
_INTERVAL = re.compile(
    r"(?:at least )?(?:once (?:a|every|per) month|every month|(?:once )?every (\w+) months|"
    r"once (?:a|every|per) (year))",
    re.IGNORECASE,
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORDS += ("ten", "eleven", "twelve")
_YEAR_LABEL = re.compile(r"(\d{4})\s*[-/\u2010-\u2013]\s*(\d{4}|\d{2})")
_LIKE_YEAR = re.compile(r"\d{3,6}\s*[-/\u2010-\u2013]\s*\d{1,5}")
_MARKS = re.compile(r"\s*(?:\[[a-z]\]|[*†‡§¹²³]|\(part[ -]year\))\s*$", re.IGNORECASE)
_NO_VALUE = {"not held": "not_held", "exempt": "exempt", "cost limit": "cost_limit"}
_REGISTER = {"both": "RSO_REGISTER", "community": "RSO_COMMUNITY", "custody": "RSO_CUSTODY"}
_YEARS = [str(FinancialYear(start)) for start in range(1997, 2060)]


@dataclass(frozen=True)
class Context:
    """What the tables of a reply may not say themselves; each also a line `name: value` in it.

    `published` is the day of the reply; `part_year_end` the last day that a year not yet over is
    counted to; `as_at` the day of a count whose table names none, and `as_at_precision` what that
    day is (day, month, response_date or publication_date); `year_day` (such as 02-22) the
    day and month of a count printed with the year only.
    """

    force: str | None = None
    published: date | None = None
    part_year_end: date | None = None
    as_at: date | None = None
    as_at_precision: str | None = None
    year_day: str | None = None
    custody_status: str | None = None
    definition_code: str | None = None
    measure_code: str | None = None


CONTEXT = tuple(each.name for each in fields(Context))
_DAYS = ("published", "part_year_end", "as_at")
_SETTING = re.compile(rf"({'|'.join(CONTEXT)})\s*(?:[:=]\s*(.*))?", re.IGNORECASE)


class PrintedRow(int):
    """Number of a row of a return, written as the printed cell behind it: `12 (cell C12)`.

    A printed row holds many values, and each makes a row of its own: the checks need their own
    number for each, and people the place at which they find it.
    """

    def __new__(cls, number: int, place: str) -> "PrintedRow":
        """Keep the place, such as `12 (cell C12)`, beside the number."""
        row = super().__new__(cls, number)
        row.place = place
        return row

    def __getnewargs__(self) -> tuple[int, str]:
        """What a copy is made of."""
        return int(self), self.place

    def __str__(self) -> str:
        """The place."""
        return self.place

    def __format__(self, spec: str) -> str:
        """The place, in messages too."""
        return self.place


def with_places(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `dataclasses.asdict`: rows by their places, as they stand in messages."""
    return {name: str(v) if isinstance(v, PrintedRow) else v for name, v in pairs}


@dataclass(frozen=True)
class VisitInterval:
    """The longest time between two visits to a person of a risk tier, in months."""

    row: int
    risk_tier: str
    max_interval_months: int


@dataclass
class PrintedTables:
    """What was read: `frame` as `annual_return.faults` takes it, and what is to be looked at.

    `frame` has `row` (a `PrintedRow`) and the columns of `return_form.FIELDS`; rows with `total`
    are printed totals. `intervals` are no part of a return. `warnings` do not stop it; `notes` are
    the lines of text that belong to no table.
    """

    frame: pd.DataFrame
    intervals: list[VisitInterval]
    warnings: list[Problem]
    notes: list[str]


class PrintedError(ReportError):
    """Tables that cannot be read as they stand; `problems` holds everything found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems and make one message of them."""
        self.problems = list(problems)
        lines = [
            "".join(
                [
                    f"  sheet {each.sheet}, " if each.sheet else "  ",
                    f"row {each.row}, " if each.row else "",
                    f"column {each.column}, " if each.column else "",
                    f"found {each.found}; allowed: {each.allowed}; what to do: {each.remedy}",
                ]
            )
            for each in self.problems
        ]
        super().__init__("\n".join(["The printed tables cannot be read as they stand:", *lines]))


def context_of(said: Mapping[str, str]) -> Context:
    """The context that a person gave as text, such as {"force": "WMP", "as_at": "2026-03-31"}.

    Raises PrintedError for an unknown name and for a day that is none, all at once.
    """
    problems, values = [], {}
    for name, text in said.items():
        if name not in CONTEXT:
            near = get_close_matches(name, CONTEXT, 1)
            do = f"did you mean {near[0]}?" if near else "use one of these names"
            allowed = "one of " + ", ".join(CONTEXT)
            problems.append(Problem(None, None, f"'{name}'", allowed, do, "context"))
            continue
        try:
            values[name] = as_date(text) if name in _DAYS else text
        except SheetError as error:
            found = f"{error.found} for {name}"
            problems.append(Problem(None, None, found, error.allowed, error.remedy, "context"))
    if problems:
        raise PrintedError(problems)
    return Context(**values)


def read_printed(
    sheets: Iterable[Sheet],
    context: Context | None = None,
    read_as: Mapping[str, str] | None = None,
) -> PrintedTables:
    """Read all tables of a reply.

    `read_as` says what misprinted labels of years mean, such as {"20218-19": "2018-19"}. Raises
    PrintedError with everything that is missing, cannot be placed or would have to be guessed.
    """
    reader = _Reader(context or Context(), read_as or {})
    sheets = list(sheets)
    for sheet in sheets:
        reader.read(sheet, several=len(sheets) > 1)
    return reader.result()


@dataclass
class _Table:
    """A table under way: which column holds what."""

    kind: str  # titles or sexes
    head: int
    columns: dict[int, FinancialYear | str]  # a year, a sex, or "total"
    number: str
    heading: str
    context: Context
    first: int
    partial: set[FinancialYear]  # years that the table itself calls part-years
    rows: list[tuple[int, str, dict[int, Cell], bool]] = field(default_factory=list)


class _Reader:
    """Goes down the rows of the sheets and collects rows of the return, and problems."""

    def __init__(self, context: Context, read_as: Mapping[str, str]) -> None:
        self.context, self.read_as = context, read_as
        self.rows: list[dict] = []
        self.intervals: list[VisitInterval] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.notes: list[str] = []
        self._missing: dict[str, tuple[str, int, str]] = {}
        self._tables = 0

    # Row by row ---------------------------------------------------------------------------

    def read(self, sheet: Sheet, several: bool) -> None:
        """Take in one sheet; problems name it where there are several."""
        self.sheet = sheet.name if several else ""
        self.number, self.heading, self.table = "", "", None
        self.pending: list[tuple[int, str]] = []
        self.levels: list[tuple[int, int, str, int | None]] = []
        self.used: set[int] = set()
        outer = self.context
        for number, row in enumerate(sheet.rows, start=1):
            self._row(number, row)
        self._end_section()
        self.context = outer
        for problem in sheet.problems:
            harmless = problem.kind == "merged" and problem.row not in self.used
            problem = replace(problem, sheet=self.sheet)
            (self.warnings if problem.warning or harmless else self.problems).append(problem)

    def _row(self, number: int, row: list[Cell]) -> None:
        cells = {place: _flat(cell) for place, cell in enumerate(row) if cell is not None}
        if not cells:
            self._let_go()
            return
        places = list(cells)
        first = cells[places[0]]
        if self._setting(number, cells) or self._header(number, cells):
            return
        if (
            isinstance(first, str | int)
            and re.fullmatch(r"\d{1,2}[a-z]?", str(first))
            and len(places) > 1
            and _wordy(cells[places[1]])
        ):
            first = f"{first}: {cells[places[1]]}"
            cells = {places[1]: first, **{p: cells[p] for p in places[2:]}}
            places = list(cells)
        if isinstance(first, str) and (match := _SECTION.fullmatch(first)):
            self._end_section()
            self.number, self.heading = match[1], self._heading(number, match[2])
            if len(places) == 2 and not _wordy(cells[places[1]]):
                self._count(number, places[1], cells[places[1]])
            elif len(places) > 1:
                self._not_placed(number, places[1], cells[places[1]])
            return
        if self.table and (len(places) > 1 or places[0] in self.table.columns):
            self._table_row(number, cells)
        elif all(isinstance(c, str) and _YEAR_FIGURE.match(c) for c in cells.values()):
            self._year_line(number, cells)
        elif len(places) <= 2 and self._answer(number, cells):
            pass
        elif len(places) == 1 and _wordy(first):
            self.pending.append((number, first))
        elif any(not _wordy(cell) or _YEAR_FIGURE.search(str(cell)) for cell in cells.values()):
            place = next(p for p, c in cells.items() if not _wordy(c) or "=" in str(c))
            self._not_placed(number, place, cells[place])
        else:
            self._note(number, " ".join(str(cell) for cell in cells.values()))

    def _setting(self, number: int, cells: dict[int, Cell]) -> bool:
        places = list(cells)
        match = isinstance(cells[places[0]], str) and _SETTING.fullmatch(cells[places[0]])
        if not match or len(places) > 2 or bool(match[2]) == (len(places) == 2):
            return False
        name, value = match[1].lower(), match[2] or cells[places[-1]]
        if name in _DAYS:
            try:
                value = as_date(value)
            except SheetError as error:
                self._problem(number, places[-1], error.found, error.allowed, error.remedy)
                return True
        self._end_section()
        self.context = replace(self.context, **{name: value})
        return True

    def _header(self, number: int, cells: dict[int, Cell]) -> bool:
        """Start a table if the row is the head of one."""
        places = list(cells)
        labels = {p: str(cells[p]).strip().lower() for p in places}
        partial: set[FinancialYear] = set()
        sexes = {p: _SEXES[labels[p]] for p in places if labels[p] in _SEXES}
        years = [p for p in places if _LIKE_YEAR.match(labels[p]) or _TOTAL.fullmatch(labels[p])]
        first = next((p for p in places if p not in years), max(places[0] - 1, 0))
        if {"male", "female"} <= set(sexes.values()):
            kind, columns, first = "sexes", sexes, places[0]
        elif len(places) > 1 and (
            _TITLES_HEAD.fullmatch(labels[places[0]]) or len(years) >= max(2, len(places) - 1)
        ):
            kind = "titles"
            columns = self._year_columns(
                number, {p: cells[p] for p in places if p != first}, partial
            )
        else:
            return False
        self._end_table()
        if self.pending:  # the line above a table is its heading, if it had none
            above, text = self.pending.pop()
            if not self.heading:
                self.heading = self._heading(above, text)
            else:
                self._note(above, text)
        self._let_go()
        self._tables += 1
        self.used.add(number)
        name = self.number or f"table {self._tables}"
        self.table = _Table(kind, number, columns, name, self.heading, self.context, first, partial)
        return True

    def _year_columns(
        self, number: int, cells: dict[int, Cell], partial: set[FinancialYear]
    ) -> dict[int, FinancialYear | str]:
        columns: dict[int, FinancialYear | str] = {}
        for place, cell in cells.items():
            text = str(cell)
            text = self.read_as.get(text, text)
            if _TOTAL.fullmatch(text):
                columns[place] = "total"
                continue
            year = _year(text)
            if year is None:
                others = {str(y) for y in map(_year, map(str, cells.values())) if y}
                self._year_problem(number, place, cell, others)
            elif re.search(r"part|\[p\]", text, re.IGNORECASE):
                partial.add(year)
            elif _MARKS.search(text):
                self._warn_of_mark(number, place, text)
            if year and year in columns.values():
                shown = f"the year {year} a second time"
                self._problem(number, place, shown, "each year once", "correct the label")
            columns[place] = year or "unread"
        return columns

    def _year_problem(self, number: int, place: int, cell: Cell, others: set[str]) -> None:
        form = "a financial year such as 2021-22, or Total"
        if isinstance(cell, date):
            label = f"{cell.year}-{cell.month:02d}"
            do = f"if it means the year {label}, format the cell as text and write {label}"
            self._problem(number, place, f"the date {day_label(cell)}", form, do)
            return
        near = _probable(str(cell), others)
        do = "write the year in that form"
        if near:
            do = f"it probably means {' or '.join(near)}: ask the force, then say it with "
            do += f"--read-as '{on_one_line(str(cell))}={near[0]}'"
        self._problem(number, place, f"'{on_one_line(str(cell))}'", form, do)

    def _heading(self, number: int, text: str) -> str:
        """A heading without its list of years; a misprint in that list is only told."""
        for word in _LIKE_YEAR.findall(text):
            if _year(word) is None and (near := _probable(word, set())):
                found = f"'{word}' in a heading, probably {' or '.join(near)}"
                do = "nothing, if the years over the columns are right"
                self._warn(number, found, "a year", do, "label")
        if question := re.match(r"how many (.+?) (?:have been|were|was) recorded\b", text, re.I):
            return question[1]
        return re.sub(r"(?:[\s:;,.]|and\b|in\b|\d{3,6}\s*[-/]\s*\d{1,5})*$", "", text)

    # Tables -------------------------------------------------------------------------------

    def _table_row(self, number: int, cells: dict[int, Cell]) -> None:
        table = self.table
        label = cells.pop(table.first, "")
        if table.kind == "titles":
            label = str(label)  # the end of a title may be a number, such as that of an Act
        last = max(table.columns)
        for place in [p for p in cells if p not in table.columns]:
            do = "if a number has thousands commas, put it into quotation marks; else delete it"
            where = "beyond the last column" if place > last else "under no heading"
            found = f"'{on_one_line(str(cells.pop(place)))}' {where} of the table"
            self._problem(number, place, found, "cells below the headings only", do)
        if table.kind == "titles" and (label in TITLES or _TOTAL.fullmatch(label)):
            self._without_figures(table)
        wrapped = " ".join(text for _, text in self.pending)
        self.pending = []
        if not label and not wrapped:
            do = "write what the row counts"
            self._problem(number, table.first, "no label", "a label in each row", do)
            return
        self.used.add(number)
        if table.kind == "titles":
            label = f"{wrapped} {label}".strip()
            total = bool(_TOTAL.fullmatch(label))
        else:
            if wrapped:
                self._note(number - 1, wrapped)
            total = False
        table.rows.append((number, label, cells, total))
        if total:
            self._end_table()

    def _end_table(self) -> None:
        table, self.table = self.table, None
        if table:
            (self._titles if table.kind == "titles" else self._sexes)(table)

    def _titles(self, table: _Table) -> None:
        titles = [label for _, label, _, total in table.rows if not total]
        families = [TITLES[title] for title in titles if title in TITLES]
        measure = next((m.code for m in MEASURES if families and m.family == families[0]), "")
        years = [y for y in table.columns.values() if isinstance(y, FinancialYear)]
        if not years or not table.rows:
            lacks = "rows of figures" if years else "a column for a year"
            do = "complete the table, or delete it"
            self._problem(table.head, table.first, f"a table without {lacks}", "a table", do)
            return
        # The titles, not the heading, say which question a table answers; a table stays together,
        # so that its totals can be compared. V14 and V15 look at each title.
        measure = measure or self._need("measure_code", table.rows[0][0], table.context)
        periods = {year: self._period(year, table) for year in years}
        whole = (min(years).start, max(periods[year][1] for year in years))
        part = any(status == "provisional" for *_, status in periods.values())
        common = {
            "force": self._need("force", table.rows[0][0], table.context),
            "measure_code": measure,
            "heading_as_printed": table.heading or None,
            "table_as_printed": table.number,
        }
        for number, label, cells, total_row in table.rows:
            for place, what in table.columns.items():
                value, status = self._figure(number, place, cells.get(place))
                if what == "unread" or (value is None and status is None):
                    continue
                total_column = what == "total"
                start, end, own_status = (
                    (*whole, "provisional" if part else "final") if total_column else periods[what]
                )
                total = {(True, True): "grand", (True, False): "column", (False, True): "row"}
                self.rows.append(
                    {
                        **common,
                        "row": self._next_row(number, place),
                        "period_start": start,
                        "period_end": end,
                        "offence_title": None if total_row else label,
                        "value": value,
                        "value_status": status or own_status,
                        "total": total.get((total_row, total_column)),
                    }
                )

    def _period(self, year: FinancialYear, table: _Table) -> tuple[date, date, str]:
        """First and last day counted of a year, and whether the year was over."""
        number = table.rows[0][0]
        published = self._need("published", number, table.context)
        end = table.context.part_year_end
        if end and year.start <= end < year.end and not (published and end > published):
            return year.start, end, "provisional"
        if end and published and end > published:
            found = f"a part-year counted to {day_label(end)} in a reply of {day_label(published)}"
            do = "correct part_year_end, or the day of the reply"
            self._problem(number, None, found, "a day before the reply", do)
        elif published and published < year.start:
            found = f"the year {year} in a reply of {day_label(published)}"
            do = "correct the label, or the day of the reply"
            self._problem(number, None, found, "years that had begun", do)
        elif year in table.partial or (published and published <= year.end):
            self._missing.setdefault(
                "part_year_end",
                (
                    self.sheet,
                    number,
                    f"{year} is a part-year, or was not over on the day of the reply",
                ),
            )
        return year.start, year.end, "final"

    def _sexes(self, table: _Table) -> None:
        for number, label, cells, _ in table.rows:
            day, precision = self._day(number, table.first, label, table.context)
            for place, sex in table.columns.items():
                value, status = self._figure(number, place, cells.get(place))
                if value is not None or status:
                    row = {"sex": sex, "value": value, "value_status": status or "final"}
                    self._stock(number, place, table.heading, table.context, day, precision, row)

    # Counts of people ---------------------------------------------------------------------

    def _stock(
        self,
        number: int,
        place: int,
        heading: str,
        context: Context,
        day: date | None,
        precision: str,
        row: dict,
    ) -> None:
        measure = context.measure_code or self._measure(number, heading, context)
        missing = measure == "MISSING_STOCK"
        if measure in _REGISTER.values() and row.get("mappa_level"):
            measure = "RSO_BY_LEVEL"
        custody = context.custody_status
        if measure.startswith(("SUBJECT_", "RSO_BY_")):
            custody = self._need("custody_status", number, context)
        new = {
            "row": self._next_row(number, place),
            "force": self._need("force", number, context),
            "measure_code": measure,
            "as_at": day,
            "as_at_precision": precision,
            "custody_status": custody,
            "definition_code": self._need("definition_code", number, context) if missing else None,
            "note": ONLY_YEAR if precision == "year" else None,
            **row,
        }
        for other in self.rows:
            if day and all(other.get(name) == new.get(name) for name in KEY):
                if other.get("value") == new["value"]:
                    return  # printed twice in one reply, and the same both times
                found = f"{new['value']:,}, but {other['value']:,} in row {other['row']}"
                do = "ask the force which holds, and delete the other"
                self._problem(number, place, found, "one value for each count", do)
                return
        self.rows.append(new)

    def _measure(self, number: int, heading: str, context: Context) -> str:
        """What a table counts, by the words of its heading; "" and a problem if they do not say."""
        for code, words in (
            ("MISSING_STOCK", r"missing|whereabouts"),
            ("SUBJECT_SHPO", r"harm prevention|\bSHPOs?\b"),
            ("SUBJECT_SRO", r"risk orders?|\bSROs?\b"),
        ):
            if re.search(words, heading, re.IGNORECASE):
                return code
        if re.search(r"register|\bRSOs?\b", heading, re.IGNORECASE):
            return _REGISTER.get(self._need("custody_status", number, context), "")
        return self._need("measure_code", number, context)

    def _year_line(self, number: int, cells: dict[int, Cell]) -> None:
        self._let_go()
        self._end_table()
        for place, cell in cells.items():
            if not re.fullmatch(rf"(?:{_YEAR_FIGURE.pattern})+", str(cell)):
                self._not_placed(number, place, cell)
                return
        self.used.add(number)
        for place, cell in cells.items():
            for year, figure in _YEAR_FIGURE.findall(str(cell)):
                day, precision = self._day(number, place, year, self.context)
                row = {"sex": "all", "value": _whole(figure), "value_status": "final"}
                self._stock(number, place, self.heading, self.context, day, precision, row)

    def _count(self, number: int, place: int, cell: Cell) -> None:
        """The answer to a question that asks for one number."""
        value, status = self._figure(number, place, cell)
        self.used.add(number)
        if value is not None or status:
            day = self._need("as_at", number, self.context) or None
            precision = self.context.as_at_precision or "day"
            row = {"value": value, "value_status": status or "final"}
            self._stock(number, place, self.heading, self.context, day, precision, row)

    def _answer(self, number: int, cells: dict[int, Cell]) -> bool:
        """A label and what belongs to it, in two cells or with a colon between, or a rank."""
        places = list(cells)
        if len(places) == 2:
            label, value = str(cells[places[0]]).rstrip(": "), cells[places[1]]
        elif match := re.fullmatch(r"([^:]+?)\s*:\s*(.+)", str(cells[places[0]])):
            label, value = match.groups()
        elif match := re.fullmatch(rf"({_NUMBER}) (\D+)", str(cells[places[0]])):
            value, label = match.groups()
        else:
            return False
        if (match := _LEVEL.fullmatch(label)) and not _wordy(value):
            level = match[1] or ("unknown" if match[2] else "")
            self.levels.append(
                (number, places[-1], level, self._figure(number, places[-1], value)[0])
            )
        elif (match := _TIER.fullmatch(label)) and (found := _INTERVAL.fullmatch(str(value))):
            months = {"year": 12}.get(found[2], 1)
            if found[1]:
                word = found[1].lower()
                months = _WORDS.index(word) + 1 if word in _WORDS else int(word)
            tier = match[1].lower().replace(" ", "_")
            self.intervals.append(VisitInterval(number, tier, months))
        elif _RANK.fullmatch(label) and not _wordy(value):
            found = f"a number of officers by rank ('{on_one_line(f'{label}: {value}')}')"
            do = "add it to data/staffing.csv by hand"
            allowed = "full-time equivalents, which a return can hold"
            self._warn(number, found, allowed, do, "not taken")
        else:
            return False
        self.used.add(number)
        return True

    def _end_section(self) -> None:
        """Close what is under way: a table, or answers by level."""
        self._let_go()
        self._end_table()
        levels, self.levels = self.levels, []
        if levels:
            day = self._need("as_at", levels[0][0], self.context) or None
            precision = self.context.as_at_precision or "day"
            for number, place, level, value in levels:
                if value is not None:
                    row = {"mappa_level": level or None, "value": value, "value_status": "final"}
                    self._stock(number, place, self.heading, self.context, day, precision, row)
            parts = sum(value or 0 for *_, level, value in levels if level)
            for number, _, level, total in levels:
                if not level and total is not None and total != parts:
                    found = f"the printed total {total:,}, but the levels sum to {parts:,}"
                    do = "ask the force; both are kept"
                    allowed = "a total that is the sum of its parts"
                    self._warn(number, found, allowed, do, "total")
        self.heading, self.number = "", ""

    def _let_go(self) -> None:
        """Lines of text that turned out to be neither heading nor title are notes."""
        if self.table and any(text in TITLES for _, text in self.pending):
            self._without_figures(self.table)
        for number, text in self.pending:
            self._note(number, text)
        self.pending = []

    def _note(self, number: int, text: str) -> None:
        """Keep a line that belongs to no table; one with figures may say something."""
        self.notes.append(text)
        if re.search(r"\d", text):
            found = f"text with figures, which are not read: '{on_one_line(text)}'"
            self._warn(number, found, "notes", "read it; what it counts is not taken in", "text")

    def _without_figures(self, table: _Table) -> None:
        """Lines inside a table that are not the first half of the title in the next line."""
        for number, text in self.pending:
            self.used.add(number)
            do = "write the figures (0 only if none happened), or delete the line"
            found = f"no figures beside '{on_one_line(text)}'"
            self._problem(number, table.first, found, "figures in each row of a table", do)
        self.pending = []

    # Cells --------------------------------------------------------------------------------

    def _figure(self, number: int, place: int, cell: Cell) -> tuple[int | None, str | None]:
        """Value of a cell and, instead of one, the status that says why there is none."""
        if isinstance(cell, int) and not isinstance(cell, bool) and cell >= 0:
            return cell, None
        if isinstance(cell, str):
            if match := _FIGURE.fullmatch(cell):
                if match[2]:
                    self._warn_of_mark(number, place, cell)
                return _whole(match[1]), None
            if cell.lower() in _NO_VALUE:
                return None, _NO_VALUE[cell.lower()]
        shown = "an empty cell" if cell is None else f"'{on_one_line(str(cell))}'"
        allowed = "a whole number of 0 or more, not held, exempt, or cost limit"
        self._problem(number, place, shown, allowed, "write which it is; 0 only if none happened")
        return None, None

    def _day(
        self, number: int, place: int, label: Cell, context: Context
    ) -> tuple[date | None, str]:
        """The day a count holds for, and how exactly it is printed."""
        if isinstance(label, date):
            return label, "day"
        text = str(label)
        form = "a day such as 2022-02-22, or 2022 (as at 22 February 2022)"
        if re.fullmatch(r"(19|20)\d\d", text):
            day = self._need("year_day", number, context)
            try:
                return (date.fromisoformat(f"{text}-{day}") if day else None), "year"
            except ValueError:
                self._problem(number, None, f"'{day}' for year_day", "such as 02-22", "correct it")
                return None, "year"
        match = re.fullmatch(r"(?:(\d{4})\s*)?\(?\s*as at:?\s*(.+?)\s*\)?", text, re.IGNORECASE)
        day = _spoken_day(match[2] if match else text)
        if day and (not match or not match[1] or int(match[1]) == day.year):
            return day, "day"
        if not text and context.as_at:
            return context.as_at, context.as_at_precision or "day"
        do = "write the day in that form"
        try:
            as_date(match[2] if match else text)
        except SheetError as error:
            do = error.remedy
        self._problem(number, place, f"'{on_one_line(text)}'", form, do)
        return None, "day"

    def _need(self, name: str, number: int, context: Context) -> str | date:
        value = getattr(context, name)
        if not value:
            self._missing.setdefault(name, (self.sheet, number, "the table does not say it"))
        return value or ""

    def _not_placed(self, number: int, place: int, cell: Cell) -> None:
        found = f"'{on_one_line(str(cell))}', which is in no table that can be read"
        do = "put it under the headings of a table, or delete it; a number with thousands commas "
        do += "needs quotation marks in a CSV file"
        self._problem(number, place, found, "figures in tables, notes as text", do)

    def _problem(self, number: int, place: int | None, found: str, allowed: str, do: str) -> None:
        column = None if place is None else get_column_letter(place + 1)
        self.problems.append(Problem(number, column, found, allowed, do, "table", self.sheet))

    def _warn(self, number: int, found: str, allowed: str, do: str, kind: str) -> None:
        self.warnings.append(Problem(number, None, found, allowed, do, kind, self.sheet))

    def _next_row(self, number: int, place: int) -> PrintedRow:
        cell = _cell(number, place)
        where = f"sheet {self.sheet}, {cell}" if self.sheet else cell
        return PrintedRow(len(self.rows) + 2, f"{number} ({where})")

    def _warn_of_mark(self, number: int, place: int, text: str) -> None:
        found = f"'{on_one_line(text)}' in {_cell(number, place)}, with a mark or an addition"
        do = "read the note that belongs to it"
        self._warn(number, found, "a figure or a label alone", do, "mark")

    # All together -------------------------------------------------------------------------

    def result(self) -> PrintedTables:
        for name, (sheet, number, why) in self._missing.items():
            do = f"say it with --say {name}=..., or in a line '{name}: ...' above the table"
            found = f"no {name}: {why}"
            allowed = "nothing that would have to be guessed"
            self.problems.append(Problem(number, None, found, allowed, do, "missing", sheet))
        if not self.rows and not self.intervals and not self.problems:
            allowed = "offence titles by financial year, people by sex and day, a line such as "
            allowed += "2021 = 4,620, or answers by MAPPA level"
            do = "copy the tables of the reply into a sheet as they are printed"
            found = "no table that can be read"
            self.problems.append(Problem(None, None, found, allowed, do, "missing"))
        if self.problems:
            raise PrintedError(self.problems)
        if self.intervals:
            found = f"{len(self.intervals)} intervals of visits by risk level"
            do = "add them to data/visit_policy.csv by hand"
            self._warn(self.intervals[0].row, found, "counts", do, "not taken")
        frame = pd.DataFrame(
            self.rows, columns=["row", *(each.name for each in FIELDS)], dtype=object
        )
        frame = frame.where(frame.notna(), None)
        return PrintedTables(frame, self.intervals, self.warnings, self.notes)


def _cell(number: int, place: int) -> str:
    """A cell as a person finds it."""
    return f"cell {get_column_letter(place + 1)}{number}"


def _flat(cell: Cell) -> Cell:
    """Text on one line with single spaces; everything else as it is."""
    return " ".join(cell.split()) if isinstance(cell, str) else cell


def _wordy(cell: Cell) -> bool:
    """Whether a cell is text that is not just a figure."""
    return isinstance(cell, str) and not _FIGURE.fullmatch(cell) and cell.lower() not in _NO_VALUE


def _whole(text: str) -> int:
    return int(re.sub(r"[,\s]", "", text))


def _year(text: str) -> FinancialYear | None:
    """The financial year that a label names, in any of the usual spellings."""
    match = _YEAR_LABEL.fullmatch(_MARKS.sub("", text).strip())
    if not match or (len(match[2]) == 4 and int(match[2]) != int(match[1]) + 1):
        return None
    try:
        return financial_year(f"{match[1]}-{match[2][-2:]}")
    except ReportError:
        return None


def _probable(text: str, others: set[str]) -> list[str]:
    """Financial years that a misprinted label may mean, best first, none that is there already."""
    if re.fullmatch(r"(19|20)\d\d", text):
        start = int(text)
        return [str(FinancialYear(start)), str(FinancialYear(start - 1))]
    if match := _YEAR_LABEL.fullmatch(text):
        ends = [int(match[1]), int(match[1][:2] + match[2][-2:]) - 1]
        return [
            str(FinancialYear(start)) for start in ends if str(FinancialYear(start)) not in others
        ]
    likeness = {
        label: SequenceMatcher(None, text, label).ratio() for label in _YEARS if label not in others
    }
    best = max(likeness.values())
    return [label for label, value in likeness.items() if value == best][:2] if best > 0.8 else []


def _spoken_day(text: str) -> date | None:
    """A day as printed; None where it is no day or where day and month could be swapped."""
    if match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{2}|\d{4})", text, re.ASCII):
        day, month, year = (int(part) for part in match.groups())
        if day <= 12 and day != month:
            return None
        text = f"{year + 2000 if year < 100 else year}-{month:02d}-{day:02d}"
    elif match := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)? ([A-Za-z]+) (\d{4})", text, re.ASCII):
        months = [day_label(date(2000, n, 1)).split()[1].lower() for n in range(1, 13)]
        name = match[2].lower()
        found = [n for n, month in enumerate(months, 1) if len(name) > 2 and month.startswith(name)]
        text = f"{match[3]}-{found[0]:02d}-{int(match[1]):02d}" if found else text
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
