"""The tables of the page for police forces, made from the form of the annual return."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rso_report import dataset, tables
from rso_report.breaches import FAMILIES
from rso_report.intake.annual_return import force_codes
from rso_report.return_form import CHECKS, STATUS_WORDS, asked, fields, template_fields, titles

_DOES = {
    "stop": "stops the return",
    "withhold": "stops the return, or withholds the value of a district",
    "remark": "a remark",
}


_KINDS = {
    "code": "a code of this page",
    "date": "a date such as 2026-03-31",
    "whole number": "a whole number of 1 or more",
    "number": "a number of 0 or more",
    "text": "text",
}


def tables_of_the_form() -> dict[str, tuple[str, list[dict[str, str]]]]:
    """Each table of the page by its name: its caption and its rows."""
    return {
        "measures": ("What the annual return asks", [
            {"Code": m.code,
             "What is counted": m.asks + (f". Needs {', '.join(m.needs)}" if m.needs else ""),
             "Kind": f"{m.kind}, {m.unit}", "Question": m.question}
            for m in asked().values()
        ]),
        "columns": ("Columns of the annual return", [
            {"Column": f.name, "Meaning": f.says, "Fill in": f.when,
             "Takes": ", ".join(f.allowed) or _KINDS[f.kind]}
            for f in template_fields()
        ]),
        "forces": ("Codes of forces", [
            {"Code": code, "Force": name}
            for code, name in force_codes(dataset.load("areas")).items()
        ]),
        "statuses": ("Codes of value_status", [
            {"Code": code, "Meaning": STATUS_WORDS.get(code, code)}
            for code in fields()["value_status"].allowed
        ]),
        "titles": ("Offence titles and where they are counted", [
            {"Title, word for word": title, "Counted under": FAMILIES.get(family, family)}
            for title, family in titles().items()
        ]),
        "checks": ("Checks of the annual return", [
            {"Check": code, "What must hold": words, "If not": _DOES[does]}
            for code, (words, does) in CHECKS.items()
        ]),
    }  # fmt: skip


class AnnualReturn(SphinxDirective):
    """`{annual-return} measures` shows one table of the form."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table asked for as HTML; raises an error naming the parts if unknown."""
        for folder in (dataset.data_folder(), Path(self.env.srcdir, "data")):
            for path in folder.glob("*.*"):
                self.env.note_dependency(str(path))
        name, parts = self.arguments[0], tables_of_the_form()
        if name not in parts:
            raise self.error(f"annual-return: found {name!r}; allowed: {[*parts]}")
        caption, rows = parts[name]
        html = tables.to_html(pd.DataFrame(rows), table_id=f"tab-return-{name}", caption=caption)
        return [nodes.raw("", _breakable(html), format="html")]


def _breakable(html: str) -> str:
    """A table whose long codes may go on in a new line after an underscore, as on a phone."""
    return re.sub(r">[^<]+<", lambda text: text[0].replace("_", "_<wbr>"), html)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("annual-return", AnnualReturn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
