"""What a cell of a data file may hold, whatever its table: text that is only text, plain numbers.

Cells end up in HTML, Markdown, spreadsheets and the terminals of those who read messages. Each of
those escapes what it shows; what could mean something else to any of them is kept out here, with
the place where it stands. So is what looks like a number or a date and is read as another.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from rso_report.errors import Fault, shown

MOST_BYTES = 20_000_000
LONGEST = 2_000
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(rf"(?:{_WHOLE.pattern})(?:\.[0-9]{{1,10}})?")
_MERGE = re.compile(r"(?:<{7}|={7}|>{7})(?= |\Z)")
_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MARKUP = re.compile(r"[<>{}\[\]`\\*$~^]|&#?\w+;|\A:::")
_FORMULA = re.compile(r"[=+\-@](?![0-9][0-9,]*(?:\.[0-9]+)? ?%?\Z)")  # "+85%" is a number


def faults(resource: dict[str, Any], content: bytes) -> tuple[list[Fault], bool]:
    """Return the faults of a file's cells, and whether it can be read as a table at all.

    Its columns, keys and allowed values are left to Frictionless.
    """
    file = f"data/{resource['path']}"
    if (unreadable := _unreadable(content)) is not None:
        row, found = unreadable
        allowed = "a CSV file in UTF-8 with the columns of datapackage.json"
        return [Fault(file, found, allowed, row)], False
    columns = [
        (field["name"], field["type"], "pattern" in field.get("constraints", {}))
        for field in resource["schema"]["fields"]
    ]
    return [
        Fault(file, shown(text), allowed, row, column)
        for row, cells in enumerate(rows(content), 1)
        for named, text in zip(columns, cells, strict=False)
        for column, kind, patterned in [named if row > 1 else (None, "string", False)]
        if (allowed := _fault(kind, patterned, text))
    ], True


def _unreadable(content: bytes) -> tuple[int | None, str] | None:
    """Why the bytes are no table, and in which row if that is known; None if they are one."""
    if len(content) > MOST_BYTES:
        return None, f"{len(content):,} bytes, more than {MOST_BYTES:,}"
    if not content.strip():
        return None, "an empty file"
    if content.startswith(b"\xef\xbb\xbf"):
        return 1, "a byte order mark"
    if b"\r" in content.replace(b"\r\n", b""):
        return None, "a carriage return that ends no line"
    row = 0
    try:
        for row, cells in enumerate(rows(content), 1):
            if "\0" in "".join(cells):
                return row, "a NUL character"
            if cells and (mark := _MERGE.match(cells[0])):
                return row, f"{shown(mark[0])}, with which git marks two versions of a file"
    except UnicodeDecodeError as error:
        return None, f"bytes that are not UTF-8 ({error.reason} at byte {error.start:,})"
    except csv.Error as error:
        return row + 1, str(error)
    return None


def rows(content: bytes) -> Iterator[list[str]]:
    """The rows of a CSV file, the header first; UnicodeDecodeError or csv.Error if it is none."""
    return csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)


@lru_cache(maxsize=100_000)  # most cells hold what another holds
def _fault(kind: str, patterned: bool, text: str) -> str:
    """What is allowed instead of a cell's text, which may have a pattern to follow besides.

    Nothing if the text is allowed.
    """
    if text == "":
        return ""
    if kind == "string":
        fault = _invisible_or_long(text) if patterned else text_fault(text)
        return fault[1] if fault else ""
    if kind == "date":
        return "" if is_date(text) else "a date YYYY-MM-DD from 1900 to 2099"
    if kind == "integer":
        return "" if _WHOLE.fullmatch(text) else "a whole number in digits alone, at most 15"
    return "" if _NUMBER.fullmatch(text) else "a number in digits and one point, at most 15 before"


def is_date(text: str) -> bool:
    """Whether a text is a day of 1900 to 2099, written 2021-03-31."""
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def text_fault(text: str) -> tuple[str, str] | None:
    """The character or beginning for which a text is refused, and what is allowed; None if none.

    Text is what it says: without characters that cannot be seen or turn the direction of reading,
    without what a page would read as markup or a template, and not beginning as a formula does.
    """
    if fault := _invisible_or_long(text):
        return fault
    if found := _MARKUP.search(text):
        return found[0], "text without < > { } [ ] ` \\ * $ ~ ^ and codes as &lt;, which pages read"
    if _FORMULA.match(unicodedata.normalize("NFKC", text)):
        return text[0], "text that does not begin with = + - @, as a formula does"
    return None


def _invisible_or_long(text: str) -> tuple[str, str] | None:
    if len(text) > LONGEST:
        return text[:1], f"at most {LONGEST:,} characters"
    if not text.isprintable():  # its categories begin with C or Z, but for the space
        c = next(c for c in text if not c.isprintable())
        return c, f"no invisible character; {unicodedata.name(c, f'code {ord(c):X}')} is one"
    if text != text.strip():
        return text[:1], "no space at the beginning or the end"
    return None
