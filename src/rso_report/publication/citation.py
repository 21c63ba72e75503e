"""Which edition a set of executed notebooks is, and how it is cited."""

import ast
import json
import os
import re
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rso_report.edition import Edition, assigned, slug
from rso_report.errors import ReportError
from rso_report.parameters import NAMES

if TYPE_CHECKING:  # Sphinx is slow to come, and who publishes needs none of it
    from sphinx.environment import BuildEnvironment

TITLE = "How registered sexual offenders are managed"
AUTHOR = "The rso-report contributors"
STATUS = "Independent analysis of published figures; not official statistics"
LICENCE = (
    "The compilation of the data may be used under the Creative Commons Attribution 4.0 licence; "
    "facts stay under the terms of their sources. Population estimates: Office for National "
    "Statistics, under the Open Government Licence v3.0."
)


@lru_cache(maxsize=256)  # each page asks for its edition
def _parameter_cells(notebook: Path, changed: int) -> tuple[str, ...]:
    return tuple(
        "".join(cell["source"])
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if {"parameters", "injected-parameters"} & set(cell["metadata"].get("tags", []))
    )


def stored_parameters(notebook: Path) -> dict[str, object]:
    """Return the parameters that a notebook was executed with, from its cells of parameters.

    What Papermill injected comes after the notebook's own parameters and goes before them.
    """
    sources = _parameter_cells(notebook, notebook.stat().st_mtime_ns)
    values = {name: value for source in sources for name, value in assigned(source).items()}
    return {name: ast.literal_eval(value) for name, value in values.items()}


def stored_edition(notebook: Path) -> Edition:
    """Return the edition of an executed notebook and of those that lie beside it.

    Raises KeyError if the notebook declares no `report_year` or no `region`.
    """
    values = {}
    for path in sorted(notebook.parent.glob("*.ipynb")):
        values |= stored_parameters(path)
    own = stored_parameters(notebook)
    values |= {name: own[name] for name in ("report_year", "region")}
    return Edition.model_construct(**{name: values[name] for name in NAMES if name in values})


def notebook_pages(env: "BuildEnvironment") -> dict[str, Path]:
    """Return the notebooks that are pages, by name, in the order of the table of contents."""
    listed = getattr(env, "external_site_map", ())  # of which a book of other tools has none
    paths = {page: Path(env.doc2path(page)) for page in listed if page in env.found_docs}
    return {page: path for page, path in paths.items() if path.suffix == ".ipynb"}


def shown_edition(env: "BuildEnvironment") -> Edition:
    """Return the edition that a book shows."""
    return stored_edition(next(iter(notebook_pages(env).values())))


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


def plain(edition: Edition, part: str = "", address: str = "") -> str:
    """A citation in one line; `part` names a figure or table, such as `Figure 2.1`."""
    where = f"{part}. " if part else ""
    return f"{AUTHOR}. {where}{TITLE}: {edition.full_title}.{f' {address}' if address else ''}"


def bibtex(edition: Edition, address: str = "") -> str:
    """The citation as a BibTeX entry; without a year of publication, which the build can't know."""
    fields = {
        "author": f"{{{_latex(AUTHOR)}}}",
        "title": f"{{{_latex(f'{TITLE}: {edition.full_title}')}}}",
        "version": version("rso-report"),
        "note": _latex(STATUS),
        "url": address,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{slug(f'rso-report {edition.region} {edition.report_year}')},\n{lines}}}\n"


def _latex(text: str) -> str:
    """Text with the characters escaped that mean something to LaTeX."""
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
