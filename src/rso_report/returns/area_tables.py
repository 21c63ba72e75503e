"""Read official tables of one figure by police area into rows of the data.

The yearly MAPPA tables have areas as rows and measures as columns: the community counts of 31
March, the published rates, and the people cautioned or convicted in the year that ends that day.
Which column is which is said (`AreaTable`), never guessed. A row with a number and a name that is
no area stops the reading, and so does a name that two areas have.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from types import SimpleNamespace
from typing import Any

import pandas as pd
from openpyxl.utils import get_column_letter

from rso_report.dataset import Tables
from rso_report.errors import on_one_line
from rso_report.returns.cells import Cell, Sheet, SheetError, as_date
from rso_report.returns.checks import ReturnError, ReturnFault
from rso_report.returns.rows import PREFIXES, Rows, next_number, number_text

# Areas that the official tables count with another one and do not list.
WITHIN = {"CITY_OF_LONDON": "METROPOLITAN"}
NAMES = ("measure", "as_at", "column", "sheet")
_KINDS = ("country", "region", "force")
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
_MARKS = re.compile(r"(?:\s*(?:\[[a-z0-9 ]+\]|\([0-9a-z]\)|[*†‡§¹²³]))+$", re.IGNORECASE)
_NO_NUMBER = re.compile(r"\[[a-z]+\]|\.{1,2}|:|-|–|n/?a", re.IGNORECASE)
_CODE = re.compile(r"[EWK]\d{8}")  # of the Office for National Statistics


@dataclass(frozen=True)
class AreaMeasure:
    """A measure of the official tables: the table that takes it and the columns it decides."""

    table: str
    topic: str
    row: dict[str, str]
    adds: bool = True  # whether areas sum to their region

    def dates(self, as_at: date) -> dict[str, str]:
        """The columns that say when: the day, or the year that ends on it."""
        if self.table != "breaches":
            return {"as_at": as_at.isoformat(), "as_at_precision": "day"}
        start = as_at.replace(year=as_at.year - 1) + timedelta(days=1)
        return {
            "period_start": start.isoformat(),
            "period_end": as_at.isoformat(),
            "period_precision": "stated",
        }


MEASURES = {
    "STOCK_MAPPA": AreaMeasure(
        "registered_offenders",
        "register",
        {
            "series_id": "STOCK_MAPPA",
            "custody_status": "community",
            "sex": "all",
            "mappa_level": "all",
            "qualifier": "exact",
        },
    ),
    "rate_per_100k_10plus": AreaMeasure(
        "published_rates",
        "rates",
        {
            "measure": "rate_per_100k_10plus",
            "base_as_printed": "not recorded",
            "qualifier": "rounded",
        },
        adds=False,
    ),
    "BREACH_OUTCOME": AreaMeasure(
        "breaches",
        "breaches",
        {
            "series_id": "BREACH_OUTCOME",
            "family": "NOTIFICATION",
            "period_status": "complete",
            "unit": "persons",
            "unit_as_printed": "offenders",
            "qualifier": "exact",
        },
    ),
}


@dataclass(frozen=True)
class AreaTable:
    """What is said of a table: its measure, the 31 March, the head of the column, the sheet.

    The 31 March is the day of a count or rate, or the last day of the year of a flow. The sheet
    is needed only where several have such a column.
    """

    measure: str
    as_at: date
    column: str
    sheet: str = ""

    @property
    def about(self) -> AreaMeasure:
        """The measure."""
        return MEASURES[self.measure]


@dataclass(frozen=True)
class AreaFigure:
    """A figure of an area and where it stands."""

    area_id: str
    value: float
    sheet: str
    row: int


def area_table_of(said: Mapping[str, str]) -> AreaTable:
    """What a person said of a table, as text. Raises ReturnError with everything wrong in it."""
    faults = []

    def wrong(found: str, allowed: str, do: str) -> None:
        faults.append(ReturnFault("", None, None, found, allowed, do))

    for name in said:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, 1)
            do = f"did you mean {near[0]}?" if near else "leave it out"
            wrong(f"'{name}' said of a table by area", "one of " + ", ".join(NAMES), do)
    for name in NAMES[:3]:
        if not said.get(name, "").strip():
            wrong(f"no {name}", f"{name} said", f"add --say {name}=…")
    if (measure := said.get("measure", "").strip()) and measure not in MEASURES:
        near = get_close_matches(measure.upper(), [each.upper() for each in MEASURES], 1)
        do = next((f"did you mean {m}?" for m in MEASURES if m.upper() in near), "use one of them")
        wrong(f"the measure '{measure}'", "one of " + ", ".join(MEASURES), do)
    as_at = None
    if said.get("as_at", "").strip():
        try:
            as_at = as_date(said["as_at"])
        except SheetError as error:
            wrong(f"{error.found} for as_at", error.allowed, error.remedy)
    if as_at and (as_at.month, as_at.day) != (3, 31):
        do = "figures of another day are no part of this series"
        wrong(f"{as_at} for as_at", "a 31 March", do)
    if faults or as_at is None:
        raise ReturnError("--say", faults)
    return AreaTable(measure, as_at, said["column"].strip(), said.get("sheet", "").strip())


def read_areas(
    sheets: Iterable[Sheet], said: AreaTable, data: Tables, read_as: Mapping[str, str]
) -> tuple[list[AreaFigure], list[ReturnFault]]:
    """The figures of the areas, and everything that is wrong or worth a remark.

    `read_as` says which area a printed name means, such as {"West Midlands": "WMP"}, or, with
    nothing after the sign, that its row is left out.
    """
    sheets = list(sheets)
    if said.sheet:
        named = [each for each in sheets if _plain(each.name) == _plain(said.sheet)]
        if not named:
            may = "one of " + ", ".join(each.name for each in sheets)
            do = "name a sheet of the file"
            return [], [ReturnFault("V01", None, None, f"no sheet '{said.sheet}'", may, do)]
        sheets = named
    heads = [
        (sheet, row, place)
        for sheet in sheets
        for row, cells in enumerate(sheet.rows)
        for place, cell in enumerate(cells)
        if isinstance(cell, str | int) and _plain(str(cell)) == _plain(said.column)
    ]
    if len(heads) != 1:
        return [], [_no_head(heads, said, sheets)]
    return _Reader(*heads[0], data, read_as, said).read()


def _no_head(heads: list[tuple[Sheet, int, int]], said: AreaTable, sheets: list) -> ReturnFault:
    may = "one column with this head"
    if heads:
        places = [f"{s.name}!{get_column_letter(p + 1)}{r + 1}" for s, r, p in heads]
        do = "name the sheet with --say sheet=…, or leave only the right table in a copy"
        found = f"'{said.column}' in {', '.join(places[:6])}"
        return ReturnFault("V01", None, None, found, may, do)
    texts = dict.fromkeys(
        on_one_line(cell)
        for sheet in sheets
        for row in sheet.rows
        for cell in row
        if isinstance(cell, str)
    )
    near = get_close_matches(said.column, texts, 1)
    do = f"did you mean '{near[0]}'?" if near else "write the head as it stands in the table"
    return ReturnFault("V01", None, None, f"no column '{said.column}'", may, do)


def _plain(text: str) -> str:
    """A name as it is compared: without marks of notes, case, hyphens and double spaces."""
    text = _MARKS.sub("", text.strip()).casefold().replace("&", " and ").replace("-", " ")
    return " ".join(text.split())


class _Reader:
    """Goes down one column of one sheet."""

    def __init__(
        self,
        sheet: Sheet,
        head: int,
        place: int,
        data: Tables,
        read_as: Mapping[str, str],
        said: AreaTable,
    ) -> None:
        self.sheet, self.head, self.place, self.said = sheet, head, place, said
        self.areas = data.areas[data.areas["kind"].isin(_KINDS)]
        self.read_as = {_plain(printed): meant.strip() for printed, meant in read_as.items()}
        self.figures: dict[str, AreaFigure] = {}
        self.faults: list[ReturnFault] = []
        self.names: dict[str, list[str]] = {}
        for area in self.areas.itertuples():
            for name in {_plain(area.area_id), _plain(area.name), _plain(area.short_name)}:
                self.names.setdefault(name, []).append(area.area_id)

    def read(self) -> tuple[list[AreaFigure], list[ReturnFault]]:
        """The figures and the faults."""
        for row in range(self.head + 1, len(self.sheet.rows)):
            self._row(row)
        used = {self.head + 1, *(each.row for each in self.figures.values())}
        for problem in self.sheet.problems:
            if problem.row in used or (problem.warning and problem.row is None):
                self.faults.append(
                    ReturnFault(
                        "V02",
                        problem.row,
                        problem.column,
                        problem.found,
                        problem.allowed,
                        problem.remedy,
                        "warn" if problem.warning else "stop",
                        self.sheet.name,
                    )
                )
        if not self.figures and not self.faults:
            do = "look whether the head is the right one"
            self._fault("V01", None, "no number under it", "a number for each area", do)
        return list(self.figures.values()), self.faults

    def _fault(
        self, code: str, row: int | None, found: str, may: str, do: str, how: str = "stop"
    ) -> None:
        line = None if row is None else row + 1
        column = self.said.column if row is not None else None
        self.faults.append(ReturnFault(code, line, column, found, may, do, how, self.sheet.name))

    def _row(self, row: int) -> None:
        cells = self.sheet.rows[row]
        cell = cells[self.place] if self.place < len(cells) else None
        label = self._label(cells)
        if not label:
            if cell is not None:
                do = "write the name of the area to the left of its number"
                self._fault("V03", row, f"{_shown(cell)} without a name", "a police area", do)
            return
        meant = self.read_as.get(_plain(label), label)
        if not meant:
            return  # left out, as was said
        found = self.names.get(_plain(meant), [])
        value = self._value(row, cell, label, bool(found))
        if value is None:
            return
        if len(found) != 1:
            self._no_area(row, label, found)
        elif found[0] in self.figures:
            first = self.figures[found[0]].row
            do = "leave one of the two out: --read-as 'NAME=' leaves out a row by its name"
            self._fault("V18", row, f"'{label}' again, as in row {first}", "each area once", do)
        else:
            self.figures[found[0]] = AreaFigure(found[0], value, self.sheet.name, row + 1)

    def _label(self, cells: list[Cell]) -> str:
        """The last text before the first number of a row that is no code: the name of its area."""
        names = []
        for cell in cells[: self.place]:
            if isinstance(cell, int | float) or (
                isinstance(cell, str) and _NUMBER.fullmatch(cell.strip())
            ):
                break
            if isinstance(cell, str) and not _CODE.fullmatch(cell) and not _NO_NUMBER.match(cell):
                names.append(cell)
        return on_one_line(names[-1]) if names else ""

    def _value(self, row: int, cell: Cell, label: str, known: bool) -> float | None:
        """The number of a row; None, and a fault or a remark, if there is none."""
        whole = self.said.about.table != "published_rates"
        may = "a whole number, 0 or more" if whole else "a number, 0 or more"
        text = _MARKS.sub("", cell).strip() if isinstance(cell, str) else cell
        if cell is None or (isinstance(cell, str) and (not text or _NO_NUMBER.fullmatch(text))):
            if known:
                found = f"no number for {label}" + ("" if cell is None else f" but '{cell}'")
                do = "the report shows a gap"
                self._fault("V02", row, found, may, do, "warn")
            return None
        value = text
        if isinstance(text, str) and (match := _NUMBER.fullmatch(text)):
            value = float(match[0].replace(",", ""))
            value = int(value) if value.is_integer() and not match[2] else value
            if text != cell.strip():
                found = f"a mark of a note in '{cell}'"
                do = "read the note; a figure that is not final is added by hand"
                self._fault("V02", row, found, may, do, "warn")
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or value < 0
            or (whole and not isinstance(value, int))
        ):
            if known or not isinstance(cell, str):
                self._fault("V02", row, _shown(cell), may, "write the number as it is printed")
            return None  # text under a name that is no area: a note, or the head of another table
        return value

    def _no_area(self, row: int, label: str, found: list[str]) -> None:
        if found:
            ways = [f"--read-as '{label}={area}'" for area in found]
            kinds = self.areas.set_index("area_id")["kind"]
            what = " or ".join(f"the {kinds[area]} {area}" for area in found)
            do = f"say which with {' or '.join(ways)}"
            self._fault("V03", row, f"'{label}', which may be {what}", "one area", do)
            return
        name = _plain(label)
        names = {_plain(n): n for kind in ("name", "short_name") for n in self.areas[kind]}
        near = sorted((n for key, n in names.items() if key.startswith(name)), key=len)
        near = near[:1] or [names[key] for key in get_close_matches(name, names, 1)]
        do = f"did you mean {near[0]}? Then say " if near else "say what it means with "
        do += f"--read-as '{label}={near[0] if near else 'AREA'}', or leave it out with "
        do += f"--read-as '{label}='"
        may = "a police area, a region, or England and Wales"
        self._fault("V03", row, f"'{label}'", may, do)


def _shown(cell: Cell) -> str:
    return f"'{on_one_line(str(cell))}'" if isinstance(cell, str) else f"{cell}"


def totals_that_differ(
    figures: list[AreaFigure], said: AreaTable, data: Tables
) -> list[tuple[AreaFigure, int]]:
    """Printed totals of regions and of England and Wales that are not the sum of their areas.

    A total is compared only if each of its areas is printed; the sum stands beside it.
    """
    if not said.about.adds:
        return []
    printed = {each.area_id: each for each in figures}
    children: dict[str, list[str]] = {}
    for area in data.areas[data.areas["kind"].isin(_KINDS)].itertuples():
        children.setdefault(area.parent_id, []).append(area.area_id)

    def summed(area: str) -> int | None:
        """The sum of the areas of an area; None if one of them is not printed."""
        parts = []
        for child in children.get(area, []):
            part = summed(child) if child in children else None
            if part is None and child in printed:
                part = int(printed[child].value)
            if part is None and WITHIN.get(child) in printed:
                part = 0
            parts.append(part)
        return sum(parts) if parts and None not in parts else None

    sums = [(figure, summed(area)) for area, figure in printed.items() if area in children]
    return [(figure, total) for figure, total in sums if total not in (None, figure.value)]


def rows_of_areas(
    figures: list[AreaFigure], said: AreaTable, data: Tables, source_id: str, file: str
) -> Rows:
    """The rows of the data that the figures become."""
    table = said.about.table
    number = next_number(getattr(data, table)["row_id"])
    return {
        table: [
            {
                "row_id": f"{PREFIXES[table]}{number + place:04d}",
                "area_id": each.area_id,
                **said.about.row,
                **said.about.dates(said.as_at),
                "value": number_text(each.value),
                "status": "final",
                "source_id": source_id,
                "locator": f"{file}, sheet {each.sheet}, row {each.row}, column {said.column}",
            }
            for place, each in enumerate(figures)
        ]
    }


def held_alike(data: Tables, said: AreaTable) -> Any:  # noqa: ANN401
    """The tables of rows with only what is held of this measure and date.

    One publication has several tables, which come one by one: each is there once.
    """
    found = {table: getattr(data, table).iloc[:0] for table in PREFIXES}
    own = getattr(data, said.about.table)
    about = said.about.row | said.about.dates(said.as_at)
    keys = [name for name in ("series_id", "measure", "as_at", "period_end") if name in about]
    for name in keys:
        wanted = pd.Timestamp(about[name]) if name in ("as_at", "period_end") else about[name]
        own = own[own[name] == wanted]
    return SimpleNamespace(**found | {said.about.table: own})


def given_already(
    figures: list[AreaFigure], said: AreaTable, data: Tables, source_id: str
) -> Iterator[ReturnFault]:
    """V18: outcomes of an area and year that another source gave, which would be shown twice."""
    if said.about.table != "breaches":
        return  # of counts and rates the report takes the official one
    alike = held_alike(data, said).breaches
    alike = alike[~alike["row_id"].isin(data.breaches["revises_row"])]
    other = alike[alike["source_id"] != source_id].set_index("area_id")["row_id"]
    for each in figures:
        if each.area_id in other:
            yield ReturnFault(
                "V18",
                each.row,
                said.column,
                f"the same area and year as {other[each.area_id]}, from another source",
                "one current number for each area and year",
                "leave the row out with --read-as 'NAME='; if the number is another one, add it "
                "by hand as a revision of that row",
                sheet=each.sheet,
            )


def remarks_on_totals(
    differing: list[tuple[AreaFigure, int]], said: AreaTable
) -> Iterator[ReturnFault]:
    """V13 for each printed total that is not the sum of its areas."""
    for figure, total in differing:
        yield ReturnFault(
            "V13",
            figure.row,
            said.column,
            f"{figure.value:,} for {figure.area_id}, but its areas sum to {total:,}",
            f"{total:,}, the sum",
            "look whether a row was misread; both are kept as printed",
            "warn",
            figure.sheet,
        )
