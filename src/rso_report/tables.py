"""Tables a screen reader, a narrow screen and a sheet of paper can all use.

pandas' own HTML has neither a caption nor row headers, and its Styler adds random ids that a
strict notebook comparison rejects; so the markup is written here, once, for every table.
"""

import csv
import datetime as dt
import io
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from numbers import Integral, Real
from typing import Any

import pandas as pd
from IPython.display import display

# JSON as text and not as an object: a notebook file then keeps one row of a table on one line.
MIME_TYPE = "application/vnd.rso-table.v1"
CHART = "application/vnd.vegalite.v6+json"  # here, as who reads charts needs no Altair
# Characters on a wide page, between two columns, and of a column and of one that names the row at
# least (rso.css).
ROOM, GAP, LEAST_COLUMN, LEAST_NAME = 86, 1.3, 6, 14
DISCREPANCIES = "known discrepancies"  # beside sources, what leads to their entries in the ledger
ROWS = ("Row", "Rows")  # columns that lead to the rows of data behind a row

SYMBOLS = {
    "[c]": "confidential",
    "[r]": "revised",
    "[p]": "provisional or part-year",
    "[x]": "not available",
    "[z]": "not applicable",
    "[b]": "break in series",
    "[e]": "estimated, not a published figure",
}

Source = str | Sequence[tuple[str, str | None]]
Stored = str | int | dict[str, Any]  # a cell as `record` returns it

_NEXT_CELL = re.compile(r"(</(?:td|th|li|p|summary|caption)>)<")
_YEAR_CELL = re.compile(r">(\d{4}-\d{2}(?: \[p\])?)(</t[dh]>)")
_PAGE_LINK = re.compile(r'href="(?![a-z]+:|[^"]*_sources/)([^"#]+)\.(?:md|ipynb)(#[^"]*)?"')
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*")
_SAFE_HREF = re.compile(r"https?://|mailto:|(?![A-Za-z][A-Za-z0-9+.-]*:|//)")
_NUMBER = r"[-−+<>≤≥£]?\s?\d{1,3}(,?\d{3})*(\.\d+)?\s?%?"
# A number alone or with marks, in words: `−3.0`, `1.05%`, `174 [p]`, `2 [r] (5 at first)`.
_MARKED = re.compile(
    r"([-−+]?(?:\d{1,3}(?:,\d{3})+|0|[1-9]\d*)(?:\.\d+)?)\s?%?"
    r"(?:\s+\[[a-z]\])*(?:\s\([^)]* at first\))?"
)
_SEPARATED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_SPAN = rf"{_NUMBER}(\s?(–|to)\s?{_NUMBER})?"
_SPAN_ONLY = re.compile(_SPAN)
_NUMBER_LIKE = re.compile(
    r"((at least|at most|about) )?"
    rf"({_SPAN}(\s?\([^)]*\))?)?(\s*\[[a-z]\])*(\s\(.* at first\))?(\s\(.*\))?"
)


@dataclass(frozen=True)
class Link:
    """A table cell that links somewhere.

    `href` is a web address, or a path relative to the page; write links to other pages of the
    report as Markdown does (`../book/methods.md#rates`), the book turns them into `.html`.
    Raises ValueError for any other scheme, because a cell must not be able to run a script.
    """

    text: str
    href: str

    def __post_init__(self) -> None:
        """Refuse addresses a reader should not be sent to."""
        if not _SAFE_HREF.match(self.href):
            raise ValueError(f"link {self.text!r}: {self.href!r} is not a web or relative address")

    def __str__(self) -> str:
        """Return the words of the link, as used in plain text."""
        return self.text

    def html(self) -> str:
        """Return the link as HTML."""
        return f'<a href="{escape(self.href)}">{escape(self.text)}</a>'


@dataclass(frozen=True)
class Links:
    """A table cell that holds several links."""

    parts: tuple[Link, ...]

    def __str__(self) -> str:
        """Return the words of the links, as used in plain text."""
        return " ".join(map(str, self.parts))

    def html(self) -> str:
        """Return the links as HTML."""
        return " ".join(part.html() for part in self.parts)


@dataclass(frozen=True)
class Cell:
    """A table cell that shows a number with more than its digits: `at least 1,640`, `2 [r]`."""

    text: str
    number: float

    def __str__(self) -> str:
        """Return what is shown."""
        return self.text


def check_identifier(name: str) -> str:
    """Return `name` if it can be an HTML id and a link target; raise ValueError if not."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"id {name!r}: use lower-case letters, digits and hyphens")
    return name


def cell_text(value: object, digits: int | None = None) -> str:
    """Return what a reader sees for one value.

    Whole numbers get thousands separators, other numbers `digits` decimal places rounded half
    up (as a hand check would, unlike Python's half-even), dates read "31 March 2021", and a
    missing value is [x]. Raises ValueError for a fractional number without `digits`.
    """
    if isinstance(value, str | Link | Links | Cell):
        return str(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return "[x]"
    if pd.api.types.is_bool(value):
        return "Yes" if value else "No"
    if isinstance(value, dt.date):
        return f"{value.day} {value:%B %Y}"
    if not isinstance(value, Real | Decimal):
        return str(value)
    if math.isnan(value):
        return "[x]"
    if digits is None and not isinstance(value, Integral) and value % 1:
        raise ValueError(f"{value!r} needs a number of decimal places: pass formats={{column: n}}")
    exact = Decimal(int(value)) if isinstance(value, Integral) else Decimal(str(value))
    shown = exact.quantize(Decimal(1).scaleb(-(digits or 0)), rounding=ROUND_HALF_UP)
    return f"{abs(shown) if shown == 0 else shown:,}"


def source_html(source: Source) -> str:
    """Return a source given as plain text, or as (label, address or None) parts, as HTML."""
    parts = [(source, None)] if isinstance(source, str) else source
    return "; ".join(Link(label, href).html() if href else escape(label) for label, href in parts)


def below_html(source: Source, notes: Iterable[str], as_at: str = "") -> str:
    """Return the source line, the as-at line and the notes that stand under a table or chart."""
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    lines = f'<p class="rso-source">Source: {source_html(source)}</p>' if source else ""
    lines += f'<p class="rso-as-at">As at: {escape(as_at)}</p>' if as_at else ""
    return lines + (f'<ul class="rso-notes" aria-label="Notes">{items}</ul>' if items else "")


def _stored(value: object, digits: int | None) -> Stored:
    """One cell as it is stored: with its number where it has one, with its links if it has some."""
    if isinstance(value, Link | Links):
        parts = value.parts if isinstance(value, Links) else (value,)
        return {"links": [[link.text, link.href] for link in parts]}
    if isinstance(value, Cell):
        return {"number": value.number, "text": value.text}
    text = cell_text(value, digits)
    if isinstance(value, str) and (found := _MARKED.fullmatch(text)):
        return {"number": float(found[1].replace(",", "").replace("−", "-")), "text": text}
    if not pd.api.types.is_number(value) or pd.isna(value) or pd.api.types.is_bool(value):
        return text
    number = float(text.replace(",", ""))  # rounded as it is shown: nobody finds more in a file
    return (
        int(number) if number.is_integer() and digits is None else {"number": number, "text": text}
    )


def stored_text(cell: Stored) -> str:
    """What a reader sees of a stored cell."""
    if isinstance(cell, dict):
        return cell["text"] if "text" in cell else " ".join(text for text, _ in cell["links"])
    return f"{cell:,}" if isinstance(cell, int) else cell


def check_texts(name: str, texts: Mapping[str, object]) -> None:
    """Raise ValueError if a text of the table or figure `name` is empty; None is left out."""
    if missing := [key for key, text in texts.items() if text is not None and not text]:
        raise ValueError(f"{name!r} needs {' and '.join(missing)}")


def _check(frame: pd.DataFrame, table_id: str, columns_named: Iterable[str]) -> None:
    check_identifier(table_id)
    if frame.empty:
        raise ValueError(f"table {table_id!r} is empty: say so in a sentence instead")
    if not frame.columns.is_unique or not all(isinstance(name, str) for name in frame.columns):
        raise ValueError(f"table {table_id!r}: column names must be unique strings")
    if unknown := sorted(set(columns_named) - set(frame.columns)):
        raise ValueError(f"table {table_id!r} has no column {', '.join(unknown)}")


def _cells(frame: pd.DataFrame, formats: Mapping[str, int]) -> dict[str, list[Stored]]:
    """Return every cell as it is stored, by column; name the column where one fails."""
    stored = {}
    for column in frame.columns:
        try:
            stored[column] = [_stored(value, formats.get(column)) for value in frame[column]]
        except ValueError as error:
            raise ValueError(f"column {column!r}: {error}") from error
    return stored


def record(
    frame: pd.DataFrame,
    *,
    table_id: str,
    caption: str,
    source: Source = "",
    notes: Iterable[str] = (),
    row_header: str | Sequence[str] | None = None,
    formats: Mapping[str, int] | None = None,
    headline: str | None = None,
    as_at: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """Return `frame` as the report stores a table: JSON types only; see `show` for the arguments.

    Keys: id, headline, caption, as_at, notes, source, first, columns (each with name, header,
    numeric) and rows (each with cells and rows, the links to the rows of data behind it). A cell
    is a text, a whole number, a number with the text that shows it, or links.
    """
    formats = formats or {}
    headers = [row_header] if isinstance(row_header, str) else row_header or [frame.columns[0]]
    _check(frame, table_id, [*headers, *formats])
    check_texts(table_id, {"caption": caption, "headline": headline, "as_at": as_at})
    stored = _cells(frame, formats)
    behind = [name for name in frame if name in ROWS and name not in headers]
    links = [
        [link for name in behind for link in stored[name][position].get("links", [])]
        for position in range(len(frame))
    ]
    shown = {name: cells for name, cells in stored.items() if name not in behind}
    texts = {name: list(map(stored_text, cells)) for name, cells in shown.items()}
    return {
        "id": table_id,
        "headline": headline or "",
        "caption": caption,
        "as_at": as_at or "",
        "notes": list(notes),
        "source": source if isinstance(source, str) else [list(part) for part in source],
        "first": first,
        "columns": [
            {
                "name": name,
                "header": name in headers,
                "numeric": all(map(_NUMBER_LIKE.fullmatch, texts[name])),
            }
            for name in shown
        ],
        "rows": [
            {"cells": list(cells), "rows": own}
            for cells, own in zip(zip(*shown.values(), strict=True), links, strict=True)
        ],
    }


def dumps(table: Mapping[str, Any]) -> str:
    """Return a stored table as JSON, one row a line: a changed row is one changed line."""
    words = [f"{json.dumps(name)}: {_json(table[name])}" for name in table if name != "rows"]
    rows = ",\n".join(map(_json, table["rows"]))
    return "{" + ",\n".join(words) + f',\n"rows": [\n{rows}\n]}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell_html(cell: Stored) -> str:
    if isinstance(cell, dict) and "links" in cell:
        return " ".join(Link(text, href).html() for text, href in cell["links"])
    return escape(stored_text(cell))


def _whole_columns(table: dict[str, Any]) -> dict[int, int]:
    """How many characters of a cell stay on one line on a wide screen, by position of its column.

    So that rows are of one height: that is what three cells of four need, as long as the other
    columns keep room for what cannot break; the narrowest columns come first.
    """
    wants, least = {}, {}
    names = [each["name"] for each in table["columns"] if each["header"]]
    for position, column in enumerate(table["columns"]):
        texts = [stored_text(row["cells"][position]) for row in table["rows"]]
        words = [len(word) for text in [column["name"], *texts] for word in text.split()]
        room = LEAST_NAME if column["name"] == names[-1] else LEAST_COLUMN
        least[position] = max(room, *words)
        wants[position] = max(least[position], sorted(map(len, texts))[(3 * len(texts) - 1) // 4])
    room, whole = ROOM - sum(least.values()) - GAP * len(least), {}
    for position in sorted(wants, key=wants.get):
        if wants[position] - least[position] <= room:
            room -= wants[position] - least[position]
            whole[position] = wants[position]
    return whole


def _table_html(
    table: dict[str, Any], rows: list[dict], last: list[str], caption: str, mark: str = ROWS[-1]
) -> str:
    """A table of some rows; `last` holds what leads from each to the data, if anything does."""
    head, again, whole = "", "", _whole_columns(table)
    for column in table["columns"]:
        kind = ' class="num"' if column["numeric"] and not column["header"] else ""
        head += f'<th scope="col"{kind}>{escape(column["name"])}</th>'
    head += f'<th scope="col" class="rso-mark">{mark}</th>' if last else ""
    body = ""
    for row, link in itertools.zip_longest(rows, last):
        cells = ""
        for position, (column, cell) in enumerate(zip(table["columns"], row["cells"], strict=True)):
            content = _cell_html(cell)
            kinds = ["num"] if column["numeric"] and not column["header"] else []
            kinds += ["long"] if len(stored_text(cell)) > whole.get(position, math.inf) else []
            if column["header"] and position == 0:
                # A name that repeats is read out and stays on a phone, where each row is apart.
                kinds += ["rso-again"] if content == again else []
                again = content
            kind = f' class="{" ".join(kinds)}"' if kinds else ""
            tag, scope = ("th", ' scope="row"') if column["header"] else ("td", "")
            cells += f"<{tag}{scope}{kind}>{content}</{tag}>"
        cells += f'<td class="rso-mark">{link}</td>' if last else ""
        body += f"<tr>{cells}</tr>\n"
    return (
        f'<div class="rso-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">\n'
        f'<table data-whole="{" ".join(str(place + 1) for place in sorted(whole))}">'
        f"<caption><span>{escape(caption)}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>"
    )


def symbols_of(table: Mapping[str, Any]) -> list[str]:
    """The shorthand symbols that occur in a stored table or its words."""
    texts = [stored_text(cell) for row in table["rows"] for cell in row["cells"]]
    names = [column["name"] for column in table["columns"]]
    used = " ".join([table["headline"], table["caption"], *table["notes"], *names, *texts])
    return [mark for mark in SYMBOLS if mark in used]


def html(table: dict[str, Any], on_page: bool = False) -> str:
    """Return a stored table as accessible HTML.

    As a notebook shows it, each row ends with links to its rows of data. `on_page` each ends with
    a mark that leads to them below the table, where they and the sources are folded; rows after
    the `first` are folded as well: all of them if that is 0.
    """
    legend = ", ".join(f"{mark} {SYMBOLS[mark]}" for mark in symbols_of(table))
    begin = f'<figure class="rso-table" id="{table["id"]}">'
    begin += f'<p class="headline">{escape(table["headline"])}</p>' if table["headline"] else ""
    begin += f'<p class="rso-symbols">Shorthand: {legend}</p>' if legend else ""
    rows, caption = table["rows"], table["caption"]
    behind = [[Link(*link).html() for link in row["rows"]] for row in rows]
    if not on_page:
        last = [" ".join(links) for links in behind] if any(behind) else []
        below = below_html(table["source"], table["notes"], table["as_at"])
        return f"{begin}{_table_html(table, rows, last, caption)}{below}</figure>"
    notes = list(dict.fromkeys("; ".join(links) for links in behind if links))
    last = [_mark(table["id"], notes, links) for links in behind] if notes else []
    shown = len(rows) if table["first"] is None else table["first"]
    tables = _table_html(table, rows[:shown], last[:shown], caption, "Source") if shown else ""
    if rest := rows[shown:]:
        more, title = ("more ", f"{caption}: more rows") if shown else ("", caption)
        words = f"{len(rest)} {more}row{'s' * (len(rest) > 1)}"
        tables += f'<details class="rso-older"><summary>{words}</summary>'
        tables += f"{_table_html(table, rest, last[shown:], title, 'Source')}</details>"
    below = below_html("", table["notes"], table["as_at"])
    return f"{begin}{tables}{below}{sources_html(table, notes)}</figure>"


def _mark(table_id: str, notes: list[str], links: list[str]) -> str:
    """The mark that leads from a row to the rows of data behind it."""
    if not links:
        return ""
    number = notes.index("; ".join(links)) + 1
    return f'<a href="#{table_id}-from-{number}" aria-label="Rows of data {number}">{number}</a>'


def sources_html(table: Mapping[str, Any], notes: Sequence[str] = ()) -> str:
    """Return the sources of a table or chart, and the rows of data behind its rows, folded."""
    source = table["source"]
    if not source and not notes:
        return ""
    if isinstance(source, str) and not notes:
        return f'<p class="rso-source">Source: {escape(source)}</p>'
    links = [] if isinstance(source, str) else [label for label, href in source if href]
    count = len([label for label in links if not label.startswith(DISCREPANCIES)]) or 1
    summary = f"{count} source{'s' * (count != 1)}" if source else "Rows of data"
    summary += " and the rows of data" if source and notes else ""
    lines = f'<p class="rso-source">Source: {source_html(source)}</p>' if source else ""
    items = "".join(
        f'<li id="{table["id"]}-from-{number}">{links}</li>'
        for number, links in enumerate(notes, 1)
    )
    lines += f'<ol class="rso-from" aria-label="Rows of data">{items}</ol>' if items else ""
    return f'<details class="rso-sources"><summary>{summary}</summary>{lines}</details>'


def to_html(frame: pd.DataFrame, **words: Any) -> str:
    """Return `frame` as an accessible HTML table; see `show` for the arguments and errors."""
    return html(record(frame, **words))


def show(frame: pd.DataFrame, *, source: Source, **words: Any) -> None:
    """Display `frame` as a table of the report; the arguments are those of `record`.

    Columns are published in their order, under their names; links in a column named `Rows` lead
    to the rows of data behind each row. `row_header` names the column or columns that identify a
    row (default: the first). `formats` gives decimal places by column; a column of fractional
    numbers must have one, so that no table shows accidental precision. Text that begins with a
    shorthand symbol such as [c] is kept, and the symbols that occur are explained above the table.
    `source` is plain text or a list of (label, address or None). `headline` states the finding,
    computed from the data; the caption under it then says what is measured, where and when.
    `as_at` is the date or the dates that the figures hold for. Of a long table the page shows the
    `first` rows and folds the others.

    Raises ValueError for an empty frame, an empty text, an unknown or repeated column, an id
    that is not lower-case letters, digits and hyphens, or a fractional number without a format.
    """
    table = record(frame, source=source, **words)
    title = filter(None, [table["headline"], table["caption"]])
    plain = "\n".join([*title, *map("\t".join, grid(table))])
    display({MIME_TYPE: dumps(table), "text/html": html(table), "text/plain": plain}, raw=True)


def grid(table: dict[str, Any]) -> list[list[str]]:
    """The texts of a stored table, its columns first; the rows of data last, if any are named."""
    linked = any(row["rows"] for row in table["rows"])
    head = [column["name"] for column in table["columns"]]
    return [
        [*head, *[ROWS[-1]] * linked],
        *(
            [*map(stored_text, row["cells"]), *[" ".join(t for t, _ in row["rows"])] * linked]
            for row in table["rows"]
        ),
    ]


def csv_cell(text: str) -> str:
    """Return the text of a cell as a spreadsheet may safely read it.

    Numbers lose their thousands separators, which programs take for text; a text that a
    spreadsheet would run as a formula gets an apostrophe in front.
    """
    if _SEPARATED.fullmatch(text):
        return text.replace(",", "")
    # Some programs take the wide signs of East Asian scripts for the plain ones.
    begins = unicodedata.normalize("NFKC", text[:1]).startswith(("=", "+", "-", "@", "\t", "\r"))
    runs = begins and not _SPAN_ONLY.fullmatch(text)
    return f"'{text}" if runs else text


def csv_file(table: dict[str, Any]) -> bytes:
    """Return the cells of a stored table as the bytes of a CSV file.

    It starts with a byte order mark, without which Excel takes UTF-8 for another encoding and
    garbles minus signs and dashes.
    """
    text = io.StringIO()
    csv.writer(text).writerows([map(csv_cell, row) for row in grid(table)])
    return text.getvalue().encode("utf-8-sig")


def page_links(html: str) -> str:
    """Return `html` as a page holds it: links to sources of pages (`../book/x.md#y`) are `.html`.

    Sphinx does this for Markdown but leaves raw HTML alone; with it, authors need one form of
    link everywhere, and the one that also works where notebooks are read as they are. Cells stand
    on lines of their own, as the index for the search drops tags and would glue their words. A
    financial year does not break at its hyphen.
    """
    html = _YEAR_CELL.sub(r'><span class="rso-year">\1</span>\2', html)
    return _PAGE_LINK.sub(r'href="\1.html\2"', _NEXT_CELL.sub(r"\1\n<", html))
