"""What an edition was made of, on its pages: the foot of each, a page of its own, and the record.

The Sphinx plug-in of `provenance`. The foot is one line, and the rest closed; the page is filled
by the directive `{made-from}`; `provenance.json` is written when all other files are there.
"""

import datetime as dt
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from rso_report import tables
from rso_report.edition import title
from rso_report.periods import day_label
from rso_report.publication import citation, provenance
from rso_report.publication.provenance import LOCK, RECORD, short
from rso_report.tables import page_links

PAGE = "book/provenance"
_SHOWN = "made_from"  # in the metadata of a page that shows a part of the record
_FOOT = re.compile(r'<div class="rso-made">.*?</details>\n</div>', re.DOTALL)
_NO_COMMIT = (
    "not known (made from a ZIP, from a shallow clone, or with changes that no commit holds yet)"
)


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


@lru_cache(maxsize=1)
def record(app: Sphinx) -> dict[str, Any]:
    """Return the record of the edition that a book shows; made once for all pages of a build."""
    env = app.env
    pages = [page for page in env.external_site_map if page in env.found_docs]
    paths = {page: Path(env.doc2path(page)) for page in pages}
    notebooks = {page: path for page, path in paths.items() if path.suffix == ".ipynb"}
    return provenance.made_from(notebooks, citation.public_address())


def code_words(code: dict[str, Any]) -> str:
    """Return how the code of an edition is known: `version 0.1.0, commit 1e4f22c0a1b2`."""
    commit = short(code["commit"]) if code["commit"] else _NO_COMMIT
    return f"version {code['version']}, commit {commit}"


def parameter_words(parameters: dict[str, object]) -> str:
    """Return parameters as a notebook declares them: `report_year = '2021-22'`."""
    return "; ".join(f"{name} = {value!r}" for name, value in parameters.items())


def edition_name(made: dict[str, Any]) -> str:
    """Return the name of the edition: `West Midlands region, 2021-22`."""
    return title(**made["edition"])


def changed_words(made: dict[str, Any]) -> str:
    """Return the day on which the data were last changed: `25 November 2026`."""
    return day_label(pd.Timestamp(dt.date.fromisoformat(made["data"]["updated"])))


def foot(made: dict[str, Any], page: str) -> str:
    """Return the foot of a page: which edition of which data and code, and how it was made."""
    up, notebook = "../" * page.count("/"), made["pages"].get(page)
    code, software = made["code"], made["software"]
    line = (
        f"Edition: {escape(edition_name(made))}. Data last changed: {changed_words(made)}. Code: "
        f"version {escape(code['version'])}, <code>{short(code['digest'])}</code>."
    )
    items = {
        "Code": f"{escape(code_words(code))}; SHA-256 of its files {_code(code['digest'])}",
        "Packages": f"Python {software['python']} and {LOCK}, {_code(software['lock'])}",
    }
    if notebook:
        name = Path(notebook["notebook"]).name
        files = [
            f"{escape(each)} {_code(made['data']['files'][each])}" for each in notebook["data"]
        ]
        items = {
            "Parameters": f"<code>{escape(parameter_words(notebook['parameters']))}</code>",
            "Data read": ", ".join(files),
            **items,
            "Notebook": f'<a href="{up}{notebook["notebook"]}" download>{escape(name)} as it was '
            f"executed</a>, {_code(notebook['sha256'])}",
        }
    else:
        items = {"Data": f"all files, SHA-256 {_code(made['data']['digest'])}", **items}
    items["Record"] = (
        f'<a href="{up}{PAGE}.html">Provenance of this edition</a>, and '
        f'<a href="{up}{RECORD}">{RECORD}</a> with the SHA-256 of every file'
    )
    rows = "".join(f"<dt>{name}</dt><dd>{html}</dd>\n" for name, html in items.items())
    return (
        f'<div class="rso-made">\n<p>{line}</p>\n<details>\n<summary>How this page was made'
        f"</summary>\n<dl>\n{rows}</dl>\n</details>\n</div>"
    )


def _code(hexadecimal: str) -> str:
    return f"<code>{short(hexadecimal)}</code>"


def _table(rows: list[tuple[object, ...]], columns: list[str], name: str, caption: str) -> str:
    return tables.to_html(
        pd.DataFrame(rows, columns=columns), table_id=f"tab-made-{name}", caption=caption
    )


def _edition(made: dict[str, Any]) -> str:
    code, software, data = made["code"], made["software"], made["data"]
    otherwise = ", ".join(
        f"{name} {present or 'absent'} in place of {software['packages'][name]}"
        for name, present in software["installed_otherwise"].items()
    )
    rows = [
        ("Edition", edition_name(made)),
        ("Public address", made["address"] or "none was given"),
        ("Version", code["version"]),
        ("Commit", code["commit"] or _NO_COMMIT),
        ("SHA-256 of code, notebooks and pages", code["digest"]),
        ("Files of code, notebooks and pages", f"{len(code['files'])}"),
        ("Data last changed", changed_words(made)),
        ("SHA-256 of the data", data["digest"]),
        ("Python", software["python"]),
        (f"SHA-256 of {LOCK}", software["lock"]),
        ("Packages locked for this Python", f"{len(software['packages'])}"),
        ("Installed in another version", otherwise or "none"),
    ]
    return _table(rows, ["What", "Value"], "edition", "What this edition was made of")


def _notebooks(made: dict[str, Any]) -> str:
    rows = [
        (
            tables.Link(page.rpartition("/")[2], f"../{page}.ipynb"),
            parameter_words(each["parameters"]),
            ", ".join(name.removesuffix(".csv") for name in each["data"]),
            each["sha256"],
        )
        for page, each in made["pages"].items()
    ]
    columns = ["Notebook", "Parameters", "Tables read", "SHA-256 as executed"]
    return _table(rows, columns, "notebooks", "Executed notebooks, their parameters and tables")


def _data(made: dict[str, Any]) -> str:
    rows = list(made["data"]["files"].items())
    return _table(rows, ["File", "SHA-256"], "data", "Files of the data")


_PARTS = {"edition": _edition, "notebooks": _notebooks, "data": _data}


def _foot(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["theme_extra_footer"] = foot(record(app), page)


def _pages_with_the_record(
    app: Sphinx, env: BuildEnvironment, added: set[str], *_: set[str]
) -> set[str]:
    """Return the pages that show the record, to be read again whatever has changed."""
    return {page for page, told in env.metadata.items() if _SHOWN in told} - added


def _renew_feet(app: Sphinx) -> None:
    """Give pages that were kept from an earlier build the foot of this one."""
    for page in app.env.found_docs:
        path = Path(app.outdir, f"{page}.html")
        html = path.read_text(encoding="utf-8")
        new = _FOOT.sub(lambda _, page=page: foot(record(app), page), html, count=1)
        if new != html:
            path.write_text(new, encoding="utf-8")


def _write(app: Sphinx, exception: Exception | None) -> None:
    if not exception and app.builder.format == "html":
        _renew_feet(app)
        provenance.write_record(Path(app.outdir), record(app))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("made-from", MadeFrom)
    app.connect("env-get-outdated", _pages_with_the_record)
    app.connect("html-page-context", _foot)
    # After everything else that writes a file.
    app.connect("build-finished", _write, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
