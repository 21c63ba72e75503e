"""The tables of the page for police forces, made from the form of the annual return."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rso_report import dataset, tables
from rso_report.breaches import FAMILIES
from rso_report.intake.annual_return import force_codes
from rso_report.return_form import CHECKS, STATUS_WORDS, asked, fields, template_fields
from rso_report.return_form import titles as known_titles

_DOES = {
    "stop": "stops the return",
    "withhold": "stops the return, or withholds the value of a district",
    "remark": "a remark",
}


def measures() -> pd.DataFrame:
    """Everything that is asked, with what is needed beside the number."""
    own = asked().values()
    needed = [f". Needs {', '.join(m.needs)}" if m.needs else "" for m in own]
    return pd.DataFrame(
        {
            "Code": [m.code for m in own],
            "What is counted": [m.says + more for m, more in zip(own, needed, strict=True)],
            "Kind": [f"{m.kind}, {m.unit}" for m in own],
            "Question": [m.question for m in own],
        }
    )


def columns() -> pd.DataFrame:
    """Every column of the return, when it is filled in and what it takes."""
    return pd.DataFrame(
        {
            "Column": [f.name for f in template_fields()],
            "Meaning": [f.says for f in template_fields()],
            "Fill in": [f.when for f in template_fields()],
            "Takes": [", ".join(f.allowed) or _KINDS[f.kind] for f in template_fields()],
        }
    )


_KINDS = {
    "code": "a code of this page",
    "date": "a date such as 2026-03-31",
    "whole number": "a whole number of 1 or more",
    "number": "a number of 0 or more",
    "text": "text",
}


def forces() -> pd.DataFrame:
    """The code of every force, and of forces that answer together."""
    names = force_codes(dataset.load("areas"))
    return pd.DataFrame({"Code": list(names), "Force": list(names.values())})


def statuses() -> pd.DataFrame:
    """What each code of `value_status` says."""
    field = fields()["value_status"]
    return pd.DataFrame(
        {"Code": field.allowed, "Meaning": [STATUS_WORDS.get(code, code) for code in field.allowed]}
    )


def titles() -> pd.DataFrame:
    """The map of offence titles."""
    return pd.DataFrame(
        {
            "Title, word for word": list(known_titles()),
            "Counted under": [FAMILIES.get(family, family) for family in known_titles().values()],
        }
    )


def checks() -> pd.DataFrame:
    """The checks, in the order of their codes."""
    return pd.DataFrame(
        {
            "Check": list(CHECKS),
            "What must hold": [words for words, _ in CHECKS.values()],
            "If not": [_DOES[does] for _, does in CHECKS.values()],
        }
    )


_CAPTIONS: dict[Callable[[], pd.DataFrame], str] = {
    measures: "What the annual return asks",
    columns: "Columns of the annual return",
    forces: "Codes of forces",
    statuses: "Codes of value_status",
    titles: "Offence titles and where they are counted",
    checks: "Checks of the annual return",
}


class AnnualReturn(SphinxDirective):
    """`{annual-return} measures` shows one table of the form; `parts` names them."""

    required_arguments = 1
    parts: ClassVar[dict[str, Callable[[], pd.DataFrame]]] = {
        each.__name__: each for each in _CAPTIONS
    }

    def run(self) -> list[nodes.Node]:
        """Return the table asked for as HTML; raises an error naming the parts if unknown."""
        self.env.note_dependency(str(dataset.data_folder() / "areas.csv"))
        part = self.parts.get(self.arguments[0])
        if part is None:
            raise self.error(
                f"annual-return: found {self.arguments[0]!r}; allowed: {[*self.parts]}"
            )
        html = tables.to_html(
            part(), table_id=f"tab-return-{self.arguments[0]}", caption=_CAPTIONS[part]
        )
        return [nodes.raw("", _breakable(html), format="html")]


def _breakable(html: str) -> str:
    """A table whose long codes may go on in a new line after an underscore, as on a phone."""
    return re.sub(r">[^<]+<", lambda text: text[0].replace("_", "_<wbr>"), html)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("annual-return", AnnualReturn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
