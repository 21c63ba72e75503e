"""Every table of the executed notebooks as one accessible spreadsheet.

Read from the stored outputs, not computed again, so that a sheet holds what the page shows. Laid
out as the Government Analysis Function asks (gptables does that): cover, contents and notes, one
marked-up table a sheet, no merged cells, numbers as numbers.
"""

import io
import json
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import gptables
import nbformat
import pandas as pd
from gptables.core.gptable import FormatList

from rso_report import tables
from rso_report.edition import Edition
from rso_report.publication import citation
from rso_report.tables import SYMBOLS

# The build has no clock: the same tables give the same bytes on every day.
_CREATED = datetime(1980, 1, 1)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_LONGEST_NAME = 31  # of a sheet; a limit of the file format
_WIDEST = 360  # pixels of a column; longer text wraps
_NARROWEST = 90
_LETTER = 6.6  # pixels of a letter, on average
_LINE = 15  # points of a line of text

_DIGITS = re.compile(r"([-−+]?)(\d[\d,]*)(\.\d+)?(\s?%)?")
# What gptables would take for a link or for the number of a note, or refuse as empty decoration.
_NOT_PLAIN = re.compile(r"\[.+\]\(.+\)|\$\$|^[^a-zA-Z0-9]+$")

Cell = str | int | float


@dataclass(frozen=True)
class PublishedTable:
    """A table or the data of a chart, as `tables.record` stored it, and where it stands."""

    page: str  # of the notebook, such as `breaches`
    identifier: str  # its anchor on the page
    table: dict[str, Any]
    title: str
    subtitle: str = ""
    as_at: str = ""
    source: tables.Source = ""
    notes: tuple[str, ...] = ()
    number: str = ""  # on the page, such as `Table 2.1`

    @property
    def sources(self) -> list[str]:
        """The labels of its sources."""
        source = [(self.source, None)] if isinstance(self.source, str) else self.source
        return [label for label, _ in source if label]

    @property
    def sheet(self) -> str:
        """The name of its sheet: its number on the page, or else its anchor, cut to fit."""
        return (self.number or self.identifier)[:_LONGEST_NAME]

    @property
    def is_chart(self) -> bool:
        """Whether these are the data behind a chart."""
        return self.identifier.startswith("fig-")

    @property
    def symbols(self) -> list[str]:
        """The shorthand symbols that occur in the table or its words."""
        return tables.symbols_of(self.table)


def published_tables(notebooks: Iterable[Path]) -> list[PublishedTable]:
    """Return every table, and the data of every chart, in the order in which pages show them."""
    return [
        found
        for path in notebooks
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if (found := _published(path.stem, output.get("data", {})))
    ]


def _published(page: str, data: dict[str, Any]) -> PublishedTable | None:
    """The table of one output, if it has one."""
    figure = data.get(tables.CHART, {}).get("usermeta", {}).get("figure")
    words = figure or json.loads(data.get(tables.MIME_TYPE, "null"))
    table = figure["table"] if figure else words
    if not table:
        return None
    return PublishedTable(
        page,
        words["id"],
        table,
        words["headline"] or words["caption"],
        subtitle=figure["subtitle"] if figure else words["caption"] * bool(words["headline"]),
        as_at=f"As at: {words['as_at']}" if words["as_at"] else "",
        source=words["source"],
        notes=tuple(words["notes"]),
    )


def cells(table: dict[str, Any]) -> tuple[list[str], list[list[Cell]], dict[tuple[int, int], str]]:
    """Return the columns, the cells and the formats of the numbers, by row and column.

    What stands beside a number ("174 [p]") goes into a column of its own: with it the cell would
    be text, and without it a reader would take a part-year for a year.
    """
    columns: list[str] = []
    values: list[list[Cell]] = [[] for _ in table["rows"]]
    formats: dict[tuple[int, int], str] = {}
    for position, column in enumerate(table["columns"]):
        stored = [row["cells"][position] for row in table["rows"]]
        beside = list(map(_beside, stored))
        for row, cell in enumerate(stored):
            number = cell.get("number") if isinstance(cell, dict) else cell
            if isinstance(number, int | float) and not column["header"]:
                formats[row, len(columns)] = _format(tables.stored_text(cell))
                values[row].append(number)
            else:
                values[row].append(tables.stored_text(cell))
            if any(beside):
                values[row].append(beside[row])
        name = column["name"]
        columns += [name, f"{name}: shorthand"] if any(beside) else [name]
    if any(row["rows"] for row in table["rows"]):
        columns.append(tables.ROWS[-1])
        for row, stored_row in zip(values, table["rows"], strict=True):
            row.append(" ".join(text for text, _ in stored_row["rows"]))
    return columns, values, formats


def _beside(cell: tables.Stored) -> str:
    """What a cell says beside its number: `[p]` of "174 [p]", `at least` of "at least 25.5"."""
    if not isinstance(cell, dict) or "number" not in cell:
        return ""
    before, _, after = cell["text"].partition(_DIGITS.search(cell["text"])[0])
    return f"{before.strip(' +-−')} {after.strip(' %')}".strip()


def _format(text: str) -> str:
    """The format that shows a number as its text does."""
    sign, whole, fraction, percent = _DIGITS.search(text).groups()
    shown = "#,##0" if "," in whole or len(whole) < 4 else "0"  # four digits bare are a year
    shown += f".{'0' * (len(fraction) - 1)}" if fraction else ""
    shown += f'"{percent}"' if percent else ""
    return f"+{shown};-{shown};{shown}" if sign == "+" else shown


def workbook(
    tables: list[PublishedTable],
    edition: Edition,
    pages: dict[str, str],
    address: str = "",
) -> bytes:
    """Return the spreadsheet of all tables of an edition.

    `pages` gives the title of each page by its name; `address` is where the report is published,
    if that is known. Raises ValueError for two sheets of one name, and for a table whose columns
    differ only in case, which the file format can't hold.
    """
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    numbers = {note: str(place) for place, note in enumerate(notes, 1)}
    sheets = {
        table.sheet: _sheet(table, pages.get(table.page, table.page), numbers, address)
        for table in tables
    }
    if len(sheets) < len(tables):
        raise ValueError(f"two tables for one sheet: {sorted(table.sheet for table in tables)}")
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Of blank cells, which the sheet's instructions explain, and of pandas still to come.
        warnings.filterwarnings("ignore", module=r"gptables\.")
        book = gptables.produce_workbook(
            file,
            sheets,
            cover=_cover(edition, address),
            contentsheet_options={
                "column_names": ["Sheet", "Table"],
                "instructions": "This worksheet contains one table, with a link to each sheet.",
            },
            notes_table=_notes_table(numbers),
            workbook_options=_OPTIONS,
        )
    book.set_properties(
        {
            "title": f"{citation.TITLE}: {edition.full_title}: tables",
            "author": citation.AUTHOR,
            "comments": "Independent analysis of published figures; not official statistics.",
            "created": _CREATED,
        }
    )
    for sheet in book.worksheets():
        _fit(sheet, {"Cover": 700, "Contents": 900, "Notes": 900}.get(sheet.name, _WIDEST))
    book.close()
    return file.getvalue()


def _notes_table(numbers: dict[str, str]) -> pd.DataFrame:
    if not numbers:
        return pd.DataFrame(
            {"Reference": ["1"], "Note text": ["No table of this edition has one."]}
        )
    return pd.DataFrame({"Reference": numbers.values(), "Note text": list(map(_kept, numbers))})


def _sheet(
    table: PublishedTable, page: str, numbers: dict[str, str], address: str
) -> gptables.GPTable:
    columns, values, formats = cells(table.table)
    if len({name.casefold() for name in columns}) < len(columns):
        raise ValueError(f"table {table.identifier!r} has columns that differ only in case")
    instructions = "This worksheet contains one table."
    if table.notes:
        instructions += " Notes are on the worksheet Notes."
    if any(value == "" for row in values for value in row):
        instructions += " A blank cell means that there is nothing to add."
    references = "".join(f"$${numbers[note]}$$" for note in table.notes)
    subtitles = [table.subtitle, table.as_at, f"Notes: {references}" if references else ""]
    symbols = [f"{symbol} {SYMBOLS[symbol]}" for symbol in table.symbols]
    place = f"notebooks/{table.page}.html#{table.identifier}"
    return gptables.GPTable(
        pd.DataFrame([list(map(_kept, row)) for row in values], columns=columns, dtype=object),
        table_name=table.identifier.replace("-", "_"),
        title=_text_kept(f"{table.number}: {table.title}" if table.number else table.title),
        subtitles=[
            *(_text_kept(line) for line in subtitles[:2] if line),
            *filter(None, subtitles[2:]),
        ],
        instructions=instructions,
        # One line a source: they don't wrap, because the first column may be narrow.
        legend=[
            *([f"Shorthand: {', '.join(symbols)}"] if symbols else []),
            *(_text_kept(_source_line(source)) for source in table.sources),
        ],
        scope=_text_kept(f"On the page {page}: {address}{place}"),
        index_columns={2: 0},
        additional_formatting=[
            # gptables counts the line of column names as the first.
            {
                "cell": {
                    "cells": (row + 1, column),
                    "format": {"num_format": shown, "align": "right"},
                }
            }
            for (row, column), shown in formats.items()
        ],
    )


def _source_line(source: str) -> str:
    return source[0].upper() + source[1:] if source.startswith("known ") else f"Source: {source}"


def _kept(value: Cell) -> Cell | FormatList:
    """The value, kept from gptables where it would read more into a text than is there."""
    plain = not isinstance(value, str) or not _NOT_PLAIN.search(value)
    return value if plain else FormatList([{}, value])


def _text_kept(text: str) -> str | list:
    """The same for the words around a table, which gptables takes in another form."""
    return [{}, text] if _NOT_PLAIN.search(text) else text


def _cover(edition: Edition, address: str) -> gptables.Cover:
    return gptables.Cover(
        _kept(f"{citation.TITLE}: {edition.full_title}"),
        intro=[
            "All tables of the report, and the data behind each of its charts, as the pages show "
            "them.",
            "This is an independent analysis of published figures. It is not official statistics.",
            "The worksheet Contents lists the tables with a link to each.",
        ],
        about=[
            "Each sheet names the sources of its figures and the page that it stands on.",
            "Series that count different things stand in tables of their own. Do not add them, "
            "divide one by the other, or join them into one line.",
            "Shorthand: " + ", ".join(f"{mark} {word}" for mark, word in SYMBOLS.items()) + ".",
            "A zero is a true zero. A mark that belongs to a number stands in the column after it.",
            _text_kept(f"Cite as: {citation.plain(edition, address=address)}"),
            citation.LICENCE,
        ],
        contact=["Please report an error through the repository of this report."],
    )


def _fit(sheet: Any, widest: int) -> None:  # noqa: ANN401
    """Keep columns readable: gptables makes them as wide as their longest text."""
    for column, info in sheet.col_info.items():
        pixels = info.width if hasattr(info, "width") else info[0]
        sheet.set_column_pixels(column, column, min(max(pixels, _NARROWEST), widest))
    for row, lines in _lines(sheet).items():
        if lines > 1:
            sheet.set_row(row, _LINE * lines)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)  # the width of the paper, and as many pages as that takes


def _lines(sheet: Any) -> dict[int, int]:  # noqa: ANN401
    """How many lines the longest wrapped text of each row takes: not every program works it out."""
    texts = {index: text for text, index in sheet.str_table.string_table.items()}
    found = {}
    for row, cells_of_row in sheet.table.items():
        if row in sheet.row_info:
            continue  # a height that was set
        for column, cell in cells_of_row.items():
            text = texts.get(getattr(cell, "string", None), "")
            wraps = getattr(getattr(cell, "format", None), "text_wrap", 0)
            if text and wraps and column in sheet.col_info:
                info = sheet.col_info[column]
                width = info.width if hasattr(info, "width") else info[0]
                needed = sum(-(-len(part) * _LETTER // width) or 1 for part in text.split("\n"))
                found[row] = max(found.get(row, 1), int(needed))
    return found
