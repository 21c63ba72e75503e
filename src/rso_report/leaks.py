"""A search of finished files for values that were withheld, before anybody can read them.

python -m rso_report.leaks FOLDER     fail if a withheld count of the data stands in a file
"""

import csv
import io
import json
import re
import sys
import unicodedata
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree
from zipfile import ZipFile

from rso_report import dataset
from rso_report.dataset import Tables
from rso_report.disclosure import COUNTS, DisclosureError, decide_package
from rso_report.errors import ReportError

_TEXTS = (".html", ".json", ".csv", ".ipynb", ".svg", ".js", ".txt", ".md", ".xml", ".bib")
_ARCHIVES = (".zip", ".xlsx")
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ADDRESS = re.compile(
    r"data:(text/[a-z]+|image/svg\+xml|application/json)[^,\"']*?(;base64)?,([^\"')\s]*)"
)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_ATTRIBUTE = re.compile(r"\b(?:alt|title|content|label|value|aria-[a-z]+|data-[\w-]+)=\"([^\"]*)\"")
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<caption\b.*?</caption>|<thead\b.*?</thead>", re.DOTALL)
_ROW = re.compile(r"(?=<tr\b)")
_BLOCK = re.compile(
    r"</?(?:p|div|li|d[dt]|h[1-6]|figcaption|summary|text|title|desc|pre|br)\b[^>]*>"
)
_NESTED = re.compile(r"\n|</|^\s*[{\[]")
_TAG = re.compile(r"<[/!a-zA-Z][^>]*>")
_MONTH = r" (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d"
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_COUNTED = r" (?:\w+ )?(?:people|persons?|m[ae]n|wom[ae]n|rsos?|offenders?|missing|were|was)\b"


@dataclass(frozen=True)
class Secret:
    """A withheld value and the words that name its cell, e.g. ("West Mercia", "May 2012").

    The fewest words that tell the cell from others find the most.
    """

    words: tuple[str, ...]
    value: int | str = field(repr=False)


def scan(folder: Path, secrets: Iterable[Secret]) -> list[str]:
    """Return the text files below `folder` in which a withheld value stands with its words.

    That is: in one table row, JSON object or list, CSV row, attribute, block or line of text; some
    of the words, not all, may stand above it, in captions, column heads and enclosing objects.
    Numbers are found as digits, or as a word that counts people ("three people", up to nine), also
    inside `data:` addresses, and in the members of ZIP files and the rows of spreadsheets. It errs
    towards a hit. It can't see what a drawing shows by lengths or separate labels, pictures, nor
    what a value was rounded to or is part of (a sum, a rate), unless that is given as a secret too.
    """
    sought = [([_pattern(w) for w in s.words], _pattern(s.value)) for s in secrets]
    if not sought:
        return []

    def held(above: str, record: str) -> bool:
        here = _plain(record)
        likely = [words for words, value in sought if value.search(here)]
        return any(
            any(word.search(here) for word in words)
            and all(word.search(here) or word.search(_plain(above)) for word in words)
            for words in likely
        )

    return [
        name
        for path in _files(folder)
        for name, records in _contents(path.relative_to(folder).as_posix(), path.read_bytes())
        if any(held(above, record) for above, record in records)
    ]


def require_clean(folder: Path, secrets: Iterable[Secret]) -> None:
    """Raise DisclosureError, with the names of the files but not the values, if `scan` has hits.

    Also if there is no file to search: a mistyped folder is not a clean one.
    """
    if not _files(folder):
        raise DisclosureError(f"{folder}: there is no file to search for withheld values.")
    if hits := scan(folder, secrets):
        raise DisclosureError(f"A withheld value stands in {', '.join(hits)}.")


def secrets(data: Tables) -> list[Secret]:
    """Return the counts of the data that may not be published, each with the name of its area."""
    names = data.areas.set_index("area_id")["short_name"]
    decided = decide_package(data)
    hidden = decided[(decided["sdc_decision"] != "PUBLISH") & decided["value"].notna()]
    return [Secret((names[row.area_id],), int(row.value)) for row in hidden.itertuples()]


def _files(folder: Path) -> list[Path]:
    """Files to search: not the chart library, nor the search index, whose numbers number pages."""
    return sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix in (*_TEXTS, *_ARCHIVES) and not re.match(r"vega|searchindex\.js", path.name)
    )


def _contents(name: str, content: bytes) -> Iterator[tuple[str, Iterator[tuple[str, str]]]]:
    """The records of a file, or of each member of an archive, with the name to report."""
    kind = Path(name).suffix
    if kind == ".xlsx":
        yield name, _sheet_records(content)
    if kind in _ARCHIVES:
        with ZipFile(io.BytesIO(content)) as members:
            for member in sorted(members.namelist()):
                # Of a workbook the sheets are read above, row by row, and the rest is layout.
                if kind == ".xlsx" and not member.startswith("docProps/"):
                    continue
                yield from _contents(f"{name}: {member}", members.read(member))
    elif kind in _TEXTS:
        yield name, _records(content.decode("utf-8", errors="replace"), kind)


def _sheet_records(content: bytes) -> Iterator[tuple[str, str]]:
    """The rows of every sheet of a workbook, each with what stands above the table's rows.

    That is the lines of one cell, and the first row of several, which holds the column names.
    """
    with ZipFile(io.BytesIO(content)) as members:
        names = sorted(members.namelist())
        shared = "xl/sharedStrings.xml"
        texts = [
            "".join(item.itertext())
            for item in (ElementTree.fromstring(members.read(shared)) if shared in names else ())
        ]
        for name in names:
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                rows = [
                    [_sheet_cell(cell, texts) for cell in row.iter(f"{_SHEET}c")]
                    for row in ElementTree.fromstring(members.read(name)).iter(f"{_SHEET}row")
                ]
                first = next((i for i, row in enumerate(rows) if len(row) > 1), len(rows))
                above = "; ".join(text for row in rows[: first + 1] for text in row)
                yield from ((above, "; ".join(row)) for row in rows)


def _sheet_cell(cell: ElementTree.Element, texts: list[str]) -> str:
    value = cell.findtext(f"{_SHEET}v", "") or "".join(cell.itertext())
    return texts[int(value)] if cell.get("t") == "s" else value


def _records(text: str, kind: str = "") -> Iterator[tuple[str, str]]:
    """The parts of a text in which a value and its words belong together, each with what is above.

    `kind` is a file's suffix or a MIME type.
    """
    if "csv" in kind:
        rows = ["; ".join(row) for row in csv.reader(text.splitlines())]
        yield from ((rows[0], row) for row in rows)
        return
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from _json_records(json.loads(text), "")
            return
        except ValueError:  # a line of text, or a script
            pass
    for mime, coded, data in _ADDRESS.findall(text):
        content = unquote_to_bytes(data)
        yield from _records(
            (b64decode(content) if coded else content).decode("utf-8", "replace"), mime
        )
    text = _ADDRESS.sub("", text)
    for script in _SCRIPT.findall(text):
        yield from _records(script)
    text = _SCRIPT.sub("", text)
    yield from (("", words) for words in _ATTRIBUTE.findall(text))
    for table in _TABLE.findall(text):
        yield from ((" ".join(_HEAD.findall(table)), row) for row in _ROW.split(table))
    text = _TABLE.sub("", text)
    yield from (("", part) for part in (_BLOCK.split(text) if "</" in text else text.splitlines()))


def _json_records(node: object, above: str) -> Iterator[tuple[str, str]]:
    """The objects and lists of a JSON value, below the plain texts of those that enclose them."""
    if isinstance(node, str):
        yield from _records(node) if _NESTED.search(node) else ()
    elif isinstance(node, list) and any(isinstance(n, str) and n.endswith("\n") for n in node):
        yield from _records("".join(map(str, node)))  # the lines of a notebook
    elif isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else [("", node)]
        items = [(key, n) for key, n in pairs for n in (n if isinstance(n, list) else [n])]
        plain = [f"{k} {n}" for k, n in items if not _NESTED.search(str(n))]
        yield above, "; ".join(plain)
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _json_records(inner, f"{above}; {'; '.join(plain)}")


def _plain(text: str) -> str:
    """Text without tags, entities, case, and kinds of space."""
    words = unicodedata.normalize("NFKC", unescape(_TAG.sub(" ", text)))
    return " ".join(words.casefold().split())


def _pattern(sought: int | str) -> re.Pattern[str]:
    """Finds words, or a number that is no part of another, of a name or of a date."""
    if isinstance(sought, str):
        return re.compile(rf"(?<!\w){re.escape(_plain(sought))}(?!\w)")
    digits = f"{abs(sought):,}".replace(",", "[, ]?")
    number = rf"(?<![\w.])(?<!\w-){digits}(?:\.0+)?(?!\w|\.\d|,\d{{3}}|{_MONTH})"
    word = _WORDS[abs(sought)] if abs(sought) < len(_WORDS) else digits
    return re.compile(rf"{number}|\b{word}{_COUNTED}")


def main(arguments: list[str]) -> int:
    """Search a folder for the withheld counts of the data; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m rso_report.leaks FOLDER", file=sys.stderr)
        return 2
    try:
        require_clean(Path(arguments[0]), secrets(dataset.load(*COUNTS)))
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
