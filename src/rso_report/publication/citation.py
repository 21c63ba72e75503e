"""Which edition a set of executed notebooks is, and how it is cited."""

import ast
import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import nbformat

from rso_report.errors import ReportError
from rso_report.parameters import EditionParameters

TITLE = "How registered sexual offenders are managed"
AUTHOR = "The rso-report contributors"
STATUS = "Independent analysis of published figures; not official statistics"
LICENCE = (
    "The compilation of the data may be used under the Creative Commons Attribution 4.0 licence; "
    "facts stay under the terms of their sources. Population estimates: Office for National "
    "Statistics, under the Open Government Licence v3.0."
)


@dataclass(frozen=True)
class StoredEdition:
    """The report year and the region that executed notebooks were made with.

    `others` are the parameters of any of them that differ from their defaults, in words.
    """

    report_year: str
    region: str
    others: str = ""

    @property
    def name(self) -> str:
        """`West Midlands region, 2021-22`; Wales is a country and keeps its bare name.

        What was changed beside year and region is part of the name: `…, 2021-22 (officers 30)`.
        """
        region = self.region if self.region == "Wales" else f"{self.region} region"
        return f"{region}, {self.report_year}{f' ({self.others})' if self.others else ''}"


@lru_cache(maxsize=256)  # each page asks for its edition
def _parameter_cells(notebook: Path, changed: int) -> tuple[str, ...]:
    return tuple(
        cell.source
        for cell in nbformat.read(notebook, as_version=4).cells
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
    )


def stored_parameters(notebook: Path) -> dict[str, object]:
    """Return the parameters that a notebook was executed with, from its cells of parameters.

    What Papermill injected comes after the notebook's own parameters and goes before them.
    """
    values: dict[str, object] = {}
    for source in _parameter_cells(notebook, notebook.stat().st_mtime_ns):
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                values[ast.unparse(target)] = ast.literal_eval(node.value)
    return values


def stored_edition(notebook: Path) -> StoredEdition:
    """Return the edition of an executed notebook and of those that lie beside it.

    Raises KeyError if the notebook declares no `report_year` or no `region`.
    """
    values = stored_parameters(notebook)
    beside = [stored_parameters(path) for path in sorted(notebook.parent.glob("*.ipynb"))]
    every = {name: value for own in beside for name, value in own.items()}
    default = EditionParameters().model_dump()
    others = ", ".join(
        f"{name} {every[name]}"
        for name in default
        if name not in ("report_year", "region") and every.get(name, default[name]) != default[name]
    )
    return StoredEdition(str(values["report_year"]), str(values["region"]), others)


def public_address() -> str:
    """Return where this edition is published, ending in a slash, or "" if nobody has said.

    Read from the environment variable RSO_REPORT_URL, such as `https://example.org/report/`: the
    pages can't know it, and no address is ever guessed. Raises ReportError for anything else than
    the web address of a folder.
    """
    given = os.environ.get("RSO_REPORT_URL", "").strip()
    if not given:
        return ""
    parts = urlsplit(given)
    whole = parts.scheme in ("http", "https") and parts.netloc and not re.search(r'[\s"<>]', given)
    if not whole or parts.query or parts.fragment or parts.path.endswith(".html"):
        raise ReportError(
            f"RSO_REPORT_URL: found {given!r}; allowed: the web address of the folder in which "
            "the report is published, such as 'https://example.org/report/', or nothing."
        )
    return given.rstrip("/") + "/"


def plain(edition: StoredEdition, part: str = "", address: str = "") -> str:
    """A citation in one line; `part` names a figure or table, such as `Figure 2.1`."""
    where = f"{part}. " if part else ""
    return f"{AUTHOR}. {where}{TITLE}: {edition.name}.{f' {address}' if address else ''}"


def bibtex(edition: StoredEdition, address: str = "") -> str:
    """The citation as a BibTeX entry; without a year of publication, which the build can't know."""
    fields = {
        "author": f"{{{_latex(AUTHOR)}}}",
        "title": f"{{{_latex(f'{TITLE}: {edition.name}')}}}",
        "version": version("rso-report"),
        "note": _latex(STATUS),
        "url": address,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{_key(edition)},\n{lines}}}\n"


def _key(edition: StoredEdition) -> str:
    """A key of plain letters, digits and hyphens, such as `rso-report-west-midlands-2021-22`."""
    text = unicodedata.normalize("NFKD", f"rso-report {edition.region} {edition.report_year}")
    return re.sub("[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower()).strip("-")


def _latex(text: str) -> str:
    """Text with the characters escaped that mean something to LaTeX."""
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
