"""What stands in finished files, piece by piece, for those who search them before publication.

Also inside `data:` addresses, notebooks, JSON, the members of ZIP files and the rows of sheets.
"""

import csv
import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree
from zipfile import ZipFile

_TEXTS = (".html", ".json", ".csv", ".ipynb", ".svg", ".js", ".txt", ".md", ".xml", ".bib")
_ARCHIVES = (".zip", ".xlsx")
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ADDRESS = re.compile(
    r"data:(text/[a-z]+|image/svg\+xml|application/json)[^,\"']*?(;base64)?,([^\"')\s]*)"
)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_ATTRIBUTE = re.compile(r"\b(?:alt|title|content|label|value|aria-[a-z]+|data-[\w-]+)=\"([^\"]*)\"")
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_ROW = re.compile(r"(?=<tr\b)")
_BLOCK = re.compile(
    r"</?(?:p|div|li|d[dt]|h[1-6]|figcaption|summary|text|title|desc|pre|br)\b[^>]*>"
)
_NESTED = re.compile(r"\n|</|^\s*[{\[]")
_TAG = re.compile(r"<[/!a-zA-Z][^>]*>")


def files(folder: Path) -> list[Path]:
    """Files to search: not the chart library, nor the search index, whose numbers number pages.

    Nor what was built in a folder of sources, which is made of them.
    """
    return sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix in (*_TEXTS, *_ARCHIVES)
        and not re.match(r"vega|searchindex\.js", path.name)
        and path.relative_to(folder).parts[0] != "_build"
    )


def contents(name: str, content: bytes) -> Iterator[tuple[str, Iterator[str]]]:
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
                yield from contents(f"{name}: {member}", members.read(member))
    elif kind in _TEXTS:
        yield name, _records(content.decode("utf-8", errors="replace"), kind)


def without_tags(record: str) -> str:
    """A piece of text without tags and entities."""
    return unescape(_TAG.sub(" ", record))


def _sheet_records(content: bytes) -> Iterator[str]:
    """The rows of every sheet of a workbook."""
    with ZipFile(io.BytesIO(content)) as members:
        names = sorted(members.namelist())
        shared = "xl/sharedStrings.xml"
        texts = [
            "".join(item.itertext())
            for item in (ElementTree.fromstring(members.read(shared)) if shared in names else ())
        ]
        for name in names:
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                for row in ElementTree.fromstring(members.read(name)).iter(f"{_SHEET}row"):
                    yield "; ".join(_sheet_cell(cell, texts) for cell in row.iter(f"{_SHEET}c"))


def _sheet_cell(cell: ElementTree.Element, texts: list[str]) -> str:
    value = cell.findtext(f"{_SHEET}v", "") or "".join(cell.itertext())
    return texts[int(value)] if cell.get("t") == "s" else value


def _records(text: str, kind: str = "") -> Iterator[str]:
    """The parts of a text whose words belong together. `kind` is a file's suffix or a MIME type."""
    if "csv" in kind:
        yield from ("; ".join(row) for row in csv.reader(text.splitlines()))
        return
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from _json_records(json.loads(text))
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
    yield from _ATTRIBUTE.findall(text)
    for table in _TABLE.findall(text):
        yield from _ROW.split(table)
    text = _TABLE.sub("", text)
    yield from _BLOCK.split(text) if "</" in text else text.splitlines()


def _json_records(node: object) -> Iterator[str]:
    """The plain texts of each object and list of a JSON value."""
    if isinstance(node, str):
        yield from _records(node) if _NESTED.search(node) else ()
    elif isinstance(node, list) and any(isinstance(n, str) and n.endswith("\n") for n in node):
        yield from _records("".join(map(str, node)))  # the lines of a notebook
    elif isinstance(node, dict | list):
        if isinstance(node, dict):  # a picture is letters without a meaning
            node = {key: value for key, value in node.items() if key != "image/png"}
        pairs = node.items() if isinstance(node, dict) else [("", node)]
        items = [(key, n) for key, n in pairs for n in (n if isinstance(n, list) else [n])]
        yield "; ".join(f"{k} {n}" for k, n in items if not _NESTED.search(str(n)))
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _json_records(inner)
