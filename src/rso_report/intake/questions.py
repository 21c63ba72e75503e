"""The annual return as a person at a force fills it in: one sheet of questions in words.

Each question has its cells laid out as an answer is given: in all, men and women; titles down and
years across; tiers down and people and visits across. No codes. The same layout writes the sheet
and reads it back, into the same rows as the long table, so that both go through one door.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import xlsxwriter

from rso_report.dataset import Tables
from rso_report.errors import Fault, FaultError
from rso_report.intake import words
from rso_report.intake.annual_return import force_codes
from rso_report.intake.cells import Cell, Sheet, as_date, cell_name, quoted
from rso_report.intake.checks import held_rows
from rso_report.intake.rows import held_offences
from rso_report.periods import FinancialYear, day_label
from rso_report.return_form import csv_bytes, fields, measures, template_fields, titles

FORM = "Form"
NO_NUMBER = {
    "not held": "not_held",
    "over the cost limit": "cost_limit",
    "exempt": "exempt",
    "fewer than 5": "suppressed",
}
MISSING = {
    "whereabouts unknown": "WHEREABOUTS_UNKNOWN",
    "wanted on a warrant": "WANTED_WARRANT",
    "reported as a missing person": "MISSING_PERSON",
    "something else, said in the remark": "NOT_STATED",
}
COUNTED = {"community and custody": "both", "community only": "community"}
TOOLS = {"ARMS": "ARMS", "OSP": "OSP", "Risk Matrix 2000": "RM2000"}
SEXES = (("In all", {}), ("Men", {"sex": "male"}), ("Women", {"sex": "female"}))
TIERS = {"Very high": "VH", "High": "H", "Medium": "M", "Low": "L"}
# Where the answers about the whole form stand, as row and column from 0.
FORCE, DAY, START, END = (3, 1), (4, 1), (5, 1), (6, 1)
_FIRST = 8
_WIDEST = 4  # answer cells of a row
_WHY, _WHEN, _BEFORE, _NOTE = range(_WIDEST + 1, _WIDEST + 5)
_SPARE = 4  # lines for titles that the form does not know
_CREATED = datetime(1980, 1, 1)


@dataclass(frozen=True)
class Block:
    """One question: heads of its cells, its lines, and a choice that holds for all of them."""

    title: str
    heads: tuple[tuple[str, dict[str, str]], ...]
    lines: tuple[tuple[str, dict[str, str]], ...]
    choice: tuple[str, str, dict[str, str]] | None = None  # label, column of the form, options


@dataclass(frozen=True)
class Line:
    """A line of the sheet: its row from 0, label, and what each of its cells is about."""

    row: int
    label: str
    cells: tuple[dict[str, str], ...] = ()
    block: Block = field(default=None)  # type: ignore[assignment]
    kind: str = "answer"  # or title, choice


def blocks(last: date | None) -> list[Block]:
    """The questions, for a period that ends on `last`, or for none in particular."""
    number = (("Number", {}),)
    asked = measures()

    def of(*questions: str) -> tuple[tuple[str, dict[str, str]], ...]:
        """A line for each measure of some questions, or for some measures."""
        return tuple((m.asks, {"measure_code": m.code}) for m in asked.values()
                     if not m.official and {m.code, m.question} & set(questions))  # fmt: skip

    by_title = [(title, {"offence_title": title, "measure_code": _of_family(family)})
                for title, family in titles().items()]  # fmt: skip
    by_title += [("", {"measure_code": "NOTIF_OFFENCES"})] * _SPARE
    tiers = (
        ("People", {"measure_code": "RSO_BY_TIER", "custody_status": "community"}),
        ("Visits due", {"measure_code": "VISITS_DUE"}),
        ("Visits made", {"measure_code": "VISITS_MADE"}),
        ("Visits overdue", {"measure_code": "VISITS_OVERDUE"}),
    )
    levels = tuple((f"Level {level}", {"mappa_level": str(level)}) for level in (1, 2, 3))
    return [
        Block("1. People on the register, on the day", SEXES, of("1")),
        Block("2 to 5. Travel, households with a child, names: in the period", number,
              of("2", "3", "4", "5")),
        Block("6. Offences recorded in each year, by title, word for word", _years(last),
              tuple(by_title)),
        Block("7. People who did not confirm their details: in the period", number, of("7")),
        Block("8. When somebody counts as missing", number, of("8")),
        Block("9. Missing people", number, of("9"),
              ("What missing means here", "definition_code", MISSING)),
        Block("People in the community by MAPPA level, on the day", levels,
              (("People", {"measure_code": "RSO_BY_LEVEL", "custody_status": "community"}),)),
        Block("People subject to orders, on the day", SEXES, of("SUBJECT_SHPO", "SUBJECT_SRO"),
              ("Who is counted", "custody_status", COUNTED)),
        Block("Staff, on the day", number, of("OFFICERS_FTE", "RSO_REACTIVE")[::-1]),
        Block("People in the community and home visits, by risk tier", tiers,
              (*((tier, {"risk_tier": code}) for tier, code in TIERS.items()), ("All tiers", {})),
              ("Tool that gave the tier", "risk_tool", TOOLS)),
    ]  # fmt: skip


def _years(last: date | None) -> tuple[tuple[str, dict[str, str]], ...]:
    """What stands over three columns of years, and how many years each lies back."""
    names = ["2 years before", "Year before", "This year"]
    if last:
        march = (last.month, last.day) == (3, 31)
        years = range(last.year - 2, last.year + 1)
        names = [str(FinancialYear(year - 1)) if march else f"to {year}" for year in years]
    return tuple((name, {"years_before": str(2 - n)}) for n, name in enumerate(names))


def layout(last: date | None) -> Iterator[Line]:
    """Every line of the sheet below the answers about the whole form."""
    row = _FIRST
    for block in blocks(last):
        yield Line(row, block.title, block=block, kind="title")
        row += 1
        if block.choice:
            yield Line(row, block.choice[0], block=block, kind="choice")
            row += 1
        for label, about in block.lines:
            cells = tuple(about | head for _, head in block.heads)
            if label == "All tiers":  # people in all tiers are asked in question 1
                cells = ({}, *cells[1:])
            yield Line(row, label, cells, block)
            row += 1
        row += 1


def _of_family(family: str) -> str:
    return next(m.code for m in measures().values() if m.family == family and m.needs)


def csv_template() -> bytes:
    """The names of the columns of the long table, with the mark by which Excel reads UTF-8."""
    return csv_bytes([[each.name for each in template_fields()]])


# Writing -----------------------------------------------------------------------------------------


def workbook_template(data: Tables, force: str = "", year: FinancialYear | None = None) -> bytes:
    """The sheet to fill in; with a force, its latest published figures stand beside the answers."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({
        "title": "Annual return on the management of registered sexual offenders",
        "comments": "Template. Not official statistics.",
        "created": _CREATED,
    })  # fmt: skip
    sheet, lists = book.add_worksheet(FORM), book.add_worksheet("Lists")
    names = force_codes(data)
    for number, name in enumerate(names.values()):
        lists.write(number, 0, name)
    lists.hide()
    styles = _styles(book)
    _set_up(sheet)
    top = (
        "Annual return on the management of registered sexual offenders (RSOs)",
        "Write into the yellow cells: a number in digits, 0 if there were none. Where you have no "
        "number, choose why in the column No number because. Nothing about single people, please: "
        "no names, dates of birth or addresses. The figures are published with their source.",
    )
    sheet.merge_range(0, 0, 0, _NOTE, top[0], styles["title"])
    sheet.merge_range(1, 0, 1, _NOTE, top[1], styles["text"])
    sheet.set_row(1, 32)
    last = year.end if year else None
    given = [
        (FORCE, "Police force", names.get(force, ""), "answer"),
        (DAY, "Day on which people are counted", last, "date"),
        (START, "Numbers over a period: first day", year.start if year else None, "date"),
        (END, "Numbers over a period: last day", last, "date"),
    ]
    for (row, column), label, value, style in given:
        sheet.write(row, 0, label, styles["text"])
        sheet.merge_range(row, column, row, column + 2, value or "", styles[style])
    choices = {"validate": "list", "source": f"=Lists!$A$1:$A${len(names)}"}
    sheet.data_validation(*FORCE, *FORCE, choices)
    for line in layout(last):
        _write_line(sheet, styles, line, _before(line, force, data) if force else "")
    sheet.protect("", {"format_columns": True, "format_rows": True})
    book.close()
    return file.getvalue()


def _styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    text = {"text_wrap": True, "valign": "top", "font_size": 10}
    open_cell = {**text, "bg_color": "#FFF8DC", "border": 1, "border_color": "#999999",
                 "locked": False}  # fmt: skip
    return {
        "title": book.add_format({"bold": True, "font_size": 15}),
        "text": book.add_format(text),
        "head": book.add_format({**text, "bold": True, "bottom": 1, "bg_color": "#E8EDF3"}),
        "answer": book.add_format(open_cell),
        "number": book.add_format({**open_cell, "num_format": "#,##0.##", "align": "right"}),
        "date": book.add_format({**open_cell, "num_format": "d mmmm yyyy", "align": "left"}),
    }


def _set_up(sheet: Any) -> None:  # noqa: ANN401
    """Columns, and two or three landscape pages on paper."""
    sheet.set_column(0, 0, 62)
    sheet.set_column(1, _WIDEST, 10)
    for column, width in ((_WHY, 17), (_WHEN, 15), (_BEFORE, 18), (_NOTE, 30)):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.5, 0.5)
    sheet.set_footer("&L&8Annual return, registered sexual offenders&R&8Page &P of &N")
    sheet.freeze_panes(_FIRST - 1, 1)


def _write_line(sheet: Any, styles: dict[str, Any], line: Line, before: str) -> None:  # noqa: ANN401
    row, block = line.row, line.block
    if line.kind == "title":
        heads = [label for label, _ in block.heads] + [""] * (_WIDEST - len(block.heads))
        tail = ["No number because", "Another date, or last day", "Last published", "Remark"]
        for column, text in enumerate([line.label, *heads, *tail]):
            sheet.write(row, column, text, styles["head"])
        sheet.set_row(row, 28)
        return
    sheet.write(row, 0, line.label, styles["answer" if not line.label else "text"])
    if line.kind == "choice" and block.choice:
        sheet.merge_range(row, 1, row, _WIDEST, "", styles["answer"])
        rule = {"validate": "list", "source": list(block.choice[2])}
        sheet.data_validation(row, 1, row, 1, rule)
        return
    if len(line.label) > 66:
        sheet.set_row(row, 27 if len(line.label) < 132 else 40)
    for column, about in enumerate(line.cells, 1):
        if about:
            sheet.write_blank(row, column, None, styles["number"])
    sheet.write_blank(row, _WHY, None, styles["answer"])
    sheet.data_validation(row, _WHY, row, _WHY, {"validate": "list", "source": list(NO_NUMBER)})
    sheet.write_blank(row, _WHEN, None, styles["date"])
    sheet.write(row, _BEFORE, before, styles["text"])
    sheet.write_blank(row, _NOTE, None, styles["answer"])


def _before(line: Line, force: str, data: Tables) -> str:
    """The latest published figure of the first cell of a line, with its date."""
    about = next((each for each in line.cells if each.get("measure_code")), None)
    if line.kind != "answer" or not about or not line.label:
        return ""
    row = dict.fromkeys(fields(), "") | {"sex": "all", "force": force} | about
    measure = measures()[row["measure_code"]]
    row["custody_status"] = row["custody_status"] or measure.custody
    held = held_rows(pd.Series(row), data)
    if held is None or held.empty:
        return ""
    when = "as_at" if measure.kind == "stock" else "period_end"
    latest = held.sort_values(when).iloc[-1]
    word = "" if measure.kind == "stock" else "to "
    return f"{latest['value']:,g} ({word}{day_label(latest[when].date())})"


# Reading -----------------------------------------------------------------------------------------


def read(sheet: Sheet, data: Tables, file: str) -> tuple[pd.DataFrame, list[Fault]]:
    """The rows of the long table that a filled-in sheet stands for, and what is wrong in it.

    `row` is the cell of the answer, such as B10.
    """
    reader = _Reader(sheet, data, file)
    frame = pd.DataFrame(reader.rows, columns=["row", *fields()], dtype=object)
    return frame, reader.faults


class _Reader:
    def __init__(self, sheet: Sheet, data: Tables, file: str) -> None:
        self.file, self.data = file, data
        forces = {name: code for code, name in force_codes(data).items()}
        self.sheet, self.rows, self.faults = sheet, [], []  # type: ignore[var-annotated]
        self.force = forces.get(str(self._at(*FORCE) or ""), "")
        if not self.force:
            self._fault(FORCE, self._at(*FORCE), "the name of a force", "choose it from the list")
        self.day, self.start, self.end = (self._date(place) for place in (DAY, START, END))
        if self.faults or not self.end:
            return
        choices: dict[str, str] = {}
        for line in layout(self.end):
            label = str(self._at(line.row, 0) or "")
            if line.label and " ".join(label.split()) != " ".join(line.label.split()):
                found = f"{quoted(label)} where the form has {quoted(line.label)}"
                do = "write the answers into the form, without moving its lines"
                self._fault((line.row, 0), None, "the form as it was sent", do, found)
                return
            if line.kind == "title":
                choices = {}
            elif line.kind == "choice" and line.block.choice:
                _, name, options = line.block.choice
                choices = {name: self._chosen((line.row, 1), options)}
            else:
                self._line(line, label, choices)

    def _line(self, line: Line, label: str, choices: dict[str, str]) -> None:
        """The answers of a line: each number, and why there is none where one is chosen."""
        why = self._chosen((line.row, _WHY), NO_NUMBER)
        own = [(column, about, self._at(line.row, column))
               for column, about in enumerate(line.cells, 1) if about]  # fmt: skip
        filled = any(cell is not None for *_, cell in own)
        for number, (column, about, cell) in enumerate(own):
            if cell is None and (not why or (number and not filled)):
                continue
            needs = measures()[about["measure_code"]].needs
            chosen = {name: value for name, value in choices.items() if name in needs}
            row = dict.fromkeys(fields(), "") | chosen | about
            if not line.label:  # a title that the form does not know
                row["offence_title"] = " ".join(label.split())
            read_cell = words.read("<5" if cell is None else cell)
            if cell is None and why != "suppressed":
                row["value_status"] = why
            elif read_cell is None or read_cell.reason:
                do = "write the number alone, or empty the cell and choose why"
                self._fault((line.row, column), cell, "a number in digits, or <5", do)
                continue
            else:
                row["value"] = "" if read_cell.value is None else read_cell.value
                row["value_status"] = read_cell.status or "final"
                row["qualifier"] = read_cell.qualifier
            self._add(row, line, column)

    def _chosen(self, place: tuple[int, int], options: dict[str, str]) -> str:
        """The code of what was chosen from a list; "" if nothing was."""
        said = self._at(*place)
        if said is not None and str(said) not in options:
            self._fault(place, said, "one of " + ", ".join(options), "choose one")
        return options.get(str(said), "")

    def _add(self, row: dict[str, Any], line: Line, column: int) -> None:
        back = int(row.pop("years_before", 0) or 0)
        other = self._date((line.row, _WHEN), needed=False)
        if measures()[row["measure_code"]].kind == "stock":
            row["as_at"] = other or self.day
        else:
            row["period_start"] = _years_back(self.start, back)
            row["period_end"] = other or _years_back(self.end, back)
            if other and row["value_status"] == "final":
                row["value_status"] = "provisional"
        row["force"], row["note"] = self.force, self._at(line.row, _NOTE) or ""
        if self._is_held(row):
            return
        cell = cell_name(line.row + 1, column + 1)
        row |= {"row": cell, "from_sheet": FORM}
        row |= {"from_file": self.file, "from_cell": f"cell {cell}"}
        self.rows.append(row)

    def _is_held(self, row: dict[str, Any]) -> bool:
        """Whether the data have this number of offences already; another number revises it.

        The form asks for earlier years again, so that a force can put right what it gave.
        """
        if not row["offence_title"] or row["value_status"] != "final":
            return False
        days = {name: str(row[name]) for name in ("period_start", "period_end")}
        held = held_offences(self.data.breaches, row | days | {"area_id": self.force})
        if len(held) != 1:
            return False
        if held.iloc[0]["value"] == row["value"]:
            return True
        row |= {"value_status": "revised", "revises_row": held.iloc[0]["row_id"]}
        return False

    def _at(self, row: int, column: int) -> Cell:
        return self.sheet.at(row + 1, column + 1)

    def _date(self, place: tuple[int, int], needed: bool = True) -> date | None:
        cell = self._at(*place)
        if cell is None and not needed:
            return None
        try:
            return as_date(cell, self.sheet.day_0)
        except FaultError as error:
            (told,) = error.faults
            self._fault(place, cell, told.allowed, told.remedy, told.found)
            return None

    def _fault(
        self, place: tuple[int, int], cell: Cell, allowed: str, do: str, found: str = ""
    ) -> None:
        where = cell_name(place[0] + 1, place[1] + 1)
        self.faults.append(Fault("", found or quoted(cell), allowed, where, None, do, "V02"))


def _years_back(day: date, years: int) -> date:
    after = day + timedelta(days=1)  # the last day of February, whatever the year
    return after.replace(year=after.year - years) - timedelta(days=1) if years else day
