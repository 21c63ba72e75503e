"""Tables a screen reader, a narrow screen and a sheet of paper can all use.

pandas' own HTML has neither a caption nor row headers, and its Styler adds random ids that a
strict notebook comparison rejects; so the markup is written here, once, for every table.
"""

import csv
import datetime as dt
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from html.parser import HTMLParser
from numbers import Integral, Real

import pandas as pd
from IPython.display import display

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

_PAGE_LINK = re.compile(r'href="(?![a-z]+:|[^"]*_sources/)([^"#]+)\.(?:md|ipynb)(#[^"]*)?"')
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*")
_SAFE_HREF = re.compile(r"https?://|mailto:|(?![A-Za-z][A-Za-z0-9+.-]*:|//)")
_NUMBER = r"[-−+<>≤≥£]?\s?\d{1,3}(,?\d{3})*(\.\d+)?\s?%?"
_SEPARATED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_SPAN = rf"{_NUMBER}(\s?(–|to)\s?{_NUMBER})?"
_SPAN_ONLY = re.compile(_SPAN)
_NUMBER_LIKE = re.compile(rf"({_SPAN}(\s?\([^)]*\))?)?(\s*\[[a-z]\])*(\s\([^)]* at first\))?")


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
    if isinstance(value, str | Link | Links):
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


def _row_header_columns(frame: pd.DataFrame, row_header: str | Sequence[str] | None) -> list[str]:
    if row_header is None:
        return [frame.columns[0]]
    return [row_header] if isinstance(row_header, str) else list(row_header)


def _texts(frame: pd.DataFrame, formats: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the display text of every cell, by column; name the column where one fails."""
    texts = {}
    for column in frame.columns:
        try:
            texts[column] = [cell_text(value, formats.get(column)) for value in frame[column]]
        except ValueError as error:
            raise ValueError(f"column {column!r}: {error}") from error
    return texts


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


def to_html(
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
) -> str:
    """Return `frame` as an accessible HTML table; see `show` for the arguments and errors."""
    formats = formats or {}
    headers = _row_header_columns(frame, row_header)
    _check(frame, table_id, [*headers, *formats])
    check_texts(table_id, {"caption": caption, "headline": headline, "as_at": as_at})
    texts = _texts(frame, formats)
    numeric = {column for column in frame if all(map(_NUMBER_LIKE.fullmatch, texts[column]))}

    align = {column: ' class="num"' if column in numeric - set(headers) else "" for column in frame}

    def cell(column: str, position: int) -> str:
        value = frame[column].iloc[position]
        content = (
            value.html() if isinstance(value, Link | Links) else escape(texts[column][position])
        )
        if column in headers:
            return f'<th scope="row">{content}</th>'
        return f"<td{align[column]}>{content}</td>"

    head = "".join(f'<th scope="col"{align[name]}>{escape(name)}</th>' for name in frame.columns)
    body = "".join(
        f"<tr>{''.join(cell(column, position) for column in frame.columns)}</tr>\n"
        for position in range(len(frame))
    )
    notes = list(notes)
    used = " ".join([caption, *notes, *frame.columns, *sum(texts.values(), [])])
    legend = ", ".join(f"{mark} {word}" for mark, word in SYMBOLS.items() if mark in used)
    shorthand = f'<p class="rso-symbols">Shorthand: {legend}</p>' if legend else ""
    finding = f'<p class="headline">{escape(headline)}</p>' if headline else ""
    return (
        f'<figure class="rso-table" id="{table_id}">{finding}{shorthand}'
        f'<div class="rso-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">\n'
        f"<table><caption><span>{escape(caption)}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>"
        f"{below_html(source, notes, as_at or '')}</figure>"
    )


def show(
    frame: pd.DataFrame,
    *,
    table_id: str,
    caption: str,
    source: Source,
    notes: Iterable[str] = (),
    row_header: str | Sequence[str] | None = None,
    formats: Mapping[str, int] | None = None,
    headline: str | None = None,
    as_at: str | None = None,
) -> None:
    """Display `frame` as a table of the report.

    Columns are published in their order, under their names. `row_header` names the column or
    columns that identify a row (default: the first). `formats` gives decimal places by column;
    a column of fractional numbers must have one, so that no table shows accidental precision.
    Text that begins with a shorthand symbol such as [c] is kept, and the symbols that occur are
    explained above the table. `source` is plain text or a list of (label, address or None).
    `headline` states the finding, computed from the data; the caption under it then says what is
    measured, where and when. `as_at` is the date or the dates that the figures hold for.

    Raises ValueError for an empty frame, an empty text, an unknown or repeated column, an id
    that is not lower-case letters, digits and hyphens, or a fractional number without a format.
    """
    notes = list(notes)
    html = to_html(
        frame,
        table_id=table_id,
        caption=caption,
        source=source,
        notes=notes,
        row_header=row_header,
        formats=formats,
        headline=headline,
        as_at=as_at,
    )
    rows = zip(*_texts(frame, formats or {}).values(), strict=True)
    title = [headline, caption] if headline else [caption]
    plain = "\n".join([*title, "\t".join(frame.columns), *map("\t".join, rows)])
    display({"text/html": html, "text/plain": plain}, raw=True)


class _Cells(HTMLParser):
    """The text of the cells of a table written by `to_html`, row by row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


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


def csv_file(html: str) -> bytes:
    """Return the cells of a table as `to_html` wrote it, as the bytes of a CSV file.

    It starts with a byte order mark, without which Excel takes UTF-8 for another encoding and
    garbles minus signs and dashes.
    """
    text = io.StringIO()
    csv.writer(text).writerows([map(csv_cell, row) for row in _Cells(html).rows])
    return text.getvalue().encode("utf-8-sig")


def page_links(html: str) -> str:
    """Return `html` with links to sources of pages (`../book/x.md#y`) turned into `.html`.

    Sphinx does this for Markdown but leaves raw HTML alone; with it, authors need one form of
    link everywhere, and the one that also works where notebooks are read as they are.
    """
    return _PAGE_LINK.sub(r'href="\1.html\2"', html)
