"""What an edition was made of, on its pages and beside them, as `edition.json`.

The Sphinx plug-in of `provenance`. The foot of each page is one line, and the rest closed; a page
of its own is filled by the directive `{made-from}`. `edition.json` says the same to programs, and
what of it a list of editions needs; it and the lists of files are written when all else is there.
"""

import datetime as dt
import json
import sys
from functools import lru_cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from packaging.requirements import Requirement
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from rso_report import coverage, dataset, places, tables
from rso_report.dataset import Tables
from rso_report.edition import FIGURES, Edition, open_edition
from rso_report.periods import day_label
from rso_report.publication import citation, provenance
from rso_report.publication.assemble import commit
from rso_report.publication.provenance import LOCK, MANIFEST, RECORD, SOURCES, digest, listed
from rso_report.tables import page_links

PAGE = "book/provenance"
TABLES = ("areas", "sources", *FIGURES)  # of the data, for `described`
_SHOWN = "made_from"  # in the metadata of a page that shows a part of the record
NO_COMMIT = (
    "not known (made from a ZIP, from a shallow clone, or with changes that no commit holds yet)"
)


def described(data: Tables, edition: Edition) -> dict[str, Any]:
    """Return the region, the year, the last day of the figures and the measures without any.

    `data` needs the tables named in `TABLES`.
    """
    found = set(coverage.by_year(data, edition)["measure"])
    return {
        "region": edition.region,
        "year": str(edition.year),
        "title": edition.full_title,
        "data_end": f"{_last_day(data, edition):%Y-%m-%d}",
        "lacks": [name for measure, name in coverage.MEASURES.items() if measure not in found],
    }


def _last_day(data: Tables, edition: Edition) -> pd.Timestamp:
    """The last as-at date or end of a period among the figures that the edition shows."""
    days = []
    for name in FIGURES:
        rows = edition.visible(getattr(data, name))
        own = rows[rows["area_id"].isin([*edition.units, "EW"])]
        days += [own[column].max() for column in ("as_at", "period_end") if column in own]
    return max(day for day in days if pd.notna(day))


def made_from(notebooks: dict[str, Path]) -> dict[str, Any]:
    """Return what an edition was made of; `notebooks` are the executed ones by page."""
    root = provenance.checkout()
    ours = places.data_folder().resolve() == root / "data"
    return {
        "address": citation.public_address(),
        "version": version("rso-report"),
        "commit": commit(root) if ours else "",
        "data_updated": max(each["updated"] for each in dataset.descriptor()["resources"]),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "installed_otherwise": installed_otherwise((root / LOCK).read_text(encoding="utf-8")),
        "notebooks": {
            page: {
                "parameters": citation.stored_parameters(path),
                "data": sorted({table.name for table in dataset.tables_read(path)}),
            }
            for page, path in notebooks.items()
        },
    }


def installed_otherwise(lock: str) -> dict[str, str]:
    """Return what is installed in another version than a lock file says for this Python and system.

    By name, in words: `1.0 in place of 1.1`.
    """
    lines = (line.rstrip("\\ ") for line in lock.splitlines())
    pinned = [
        Requirement(line) for line in lines if "==" in line and not line.startswith(("#", " "))
    ]
    wanted = [each for each in pinned if each.marker is None or each.marker.evaluate()]
    found = {each.name: _installed(each.name) for each in wanted}
    return {
        each.name: f"{found[each.name] or 'none'} in place of {str(each.specifier)[2:]}"
        for each in wanted
        if str(each.specifier) != f"=={found[each.name]}"
    }


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@lru_cache(maxsize=1)
def record(app: Sphinx) -> dict[str, Any]:
    """Return the record of the edition that a book shows; made once for all pages of a build."""
    made = made_from(citation.notebook_pages(app.env))
    title = citation.shown_edition(app.env).full_title
    return {"title": title, **made, "sources": provenance.sources()}


class MadeFrom(SphinxDirective):
    """`{made-from} data` shows a part of the record of the edition on a page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the part as a table; raises an error naming the parts if unknown."""
        name = self.arguments[0]
        if name not in _PARTS:
            raise self.error(f"made-from: found {name!r}; allowed: {', '.join(_PARTS)}")
        self.env.metadata[self.env.docname][_SHOWN] = True
        return [nodes.raw("", page_links(_PARTS[name](record(self.env.app))), format="html")]


def _parameter_words(parameters: dict[str, object]) -> str:
    """Parameters as a notebook declares them: `report_year = '2021-22'`."""
    return "; ".join(f"{name} = {value!r}" for name, value in parameters.items())


def _changed(made: dict[str, Any]) -> str:
    """The day on which the data were last changed: `25 November 2026`."""
    return day_label(pd.Timestamp(dt.date.fromisoformat(made["data_updated"])))


def foot(made: dict[str, Any], page: str) -> str:
    """Return the foot of a page: which edition of which data and code, and how it was made.

    It names nothing that can change while the page does not: pages are kept from build to build.
    """
    up, notebook = "../" * page.count("/"), made["notebooks"].get(page)
    name = page.rpartition("/")[2] + ".ipynb"
    items = {}
    if notebook:
        read = [f"{each} {_code(made['sources'][f'data/{each}'])}" for each in notebook["data"]]
        items = {
            "Parameters": f"<code>{escape(_parameter_words(notebook['parameters']))}</code>",
            "Data read": ", ".join(read),
            "Notebook": f'<a href="{up}_sources/{page}.ipynb" download>{name} as it was executed'
            "</a>",
        }
    items["Packages"] = f"Python {made['python']} and {LOCK}, {_code(made['sources'][LOCK])}"
    items["Record"] = (
        f'<a href="{up}{PAGE}.html">Provenance of this edition</a>, with its commit, and '
        f'<a href="{up}{MANIFEST}">{MANIFEST}</a> of every file'
    )
    rows = "".join(f"<dt>{name}</dt><dd>{html}</dd>\n" for name, html in items.items())
    return (
        f'<div class="rso-made">\n<p>Edition: {escape(made["title"])}. Data last changed: '
        f"{_changed(made)}. Code: version {escape(made['version'])}.</p>\n<details>\n<summary>How "
        f"this page was made</summary>\n<dl>\n{rows}</dl>\n</details>\n</div>"
    )


def _code(hexadecimal: str) -> str:
    return f"<code>{hexadecimal[:12]}</code>"  # enough to tell any two apart


def _table(rows: list[tuple[object, ...]], columns: list[str], name: str, caption: str) -> str:
    return tables.to_html(
        pd.DataFrame(rows, columns=columns), table_id=f"tab-made-{name}", caption=caption
    )


def _edition(made: dict[str, Any]) -> str:
    otherwise = [f"{name} {words}" for name, words in made["installed_otherwise"].items()]
    rows = [
        ("Edition", made["title"]),
        ("Public address", made["address"] or "none was given"),
        ("Version", made["version"]),
        ("Commit", made["commit"] or NO_COMMIT),
        ("Files of code, pages and data", f"{len(made['sources'])}"),
        (f"SHA-256 of their list, {SOURCES}", digest(listed(made["sources"]).encode())),
        ("Data last changed", _changed(made)),
        ("Python", made["python"]),
        (f"SHA-256 of {LOCK}", made["sources"][LOCK]),
        ("Installed in another version", ", ".join(otherwise) or "none"),
    ]
    return _table(rows, ["What", "Value"], "edition", "What this edition was made of")


def _notebooks(made: dict[str, Any]) -> str:
    rows = [
        (
            tables.Link(page.rpartition("/")[2], f"../{page}.ipynb"),
            _parameter_words(each["parameters"]),
            ", ".join(name.removesuffix(".csv") for name in each["data"]),
        )
        for page, each in made["notebooks"].items()
    ]
    columns = ["Notebook", "Parameters", "Tables read"]
    return _table(rows, columns, "notebooks", "Executed notebooks, their parameters and tables")


def _data(made: dict[str, Any]) -> str:
    rows = [(name[5:], hash_) for name, hash_ in made["sources"].items() if name[:5] == "data/"]
    return _table(rows, ["File", "SHA-256"], "data", "Files of the data")


_PARTS = {"edition": _edition, "notebooks": _notebooks, "data": _data}


def _foot(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    made = record(app)
    context["theme_extra_footer"] = foot(made, page)
    if page == app.config.root_doc:  # who opens the report sees first of when it is
        day = f'</h1>\n<p class="rso-day">Data last changed {_changed(made)}</p>'
        context["body"] = context["body"].replace("</h1>", day, 1)


def _pages_with_the_record(
    app: Sphinx, env: BuildEnvironment, added: set[str], *_: set[str]
) -> set[str]:
    """Return the pages that show the record, to be read again whatever has changed."""
    return {page for page, told in env.metadata.items() if _SHOWN in told} - added


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write the record and the lists of a finished book."""
    if exception or app.builder.format != "html" or not citation.notebook_pages(app.env):
        return
    stored = citation.shown_edition(app.env)
    data = dataset.load(*TABLES)
    edition, _ = open_edition(data, report_year=stored.report_year, region=stored.region)
    made = {name: value for name, value in record(app).items() if name != "sources"}
    text = json.dumps({**described(data, edition), **made}, indent=1, ensure_ascii=False)
    (Path(app.outdir) / RECORD).write_text(f"{text}\n", encoding="utf-8")
    provenance.write_lists(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("made-from", MadeFrom)
    app.connect("env-get-outdated", _pages_with_the_record)
    app.connect("html-page-context", _foot)
    # After everything else that writes a file.
    app.connect("build-finished", _write, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
