"""Which edition a set of executed notebooks is, and how it is cited."""

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat

TITLE = "How registered sexual offenders are managed"
AUTHOR = "The rso-report contributors"


@dataclass(frozen=True)
class StoredEdition:
    """The report year and the region that executed notebooks were made with."""

    report_year: str
    region: str

    @property
    def name(self) -> str:
        """`West Midlands region, 2021-22`; Wales is a country and keeps its bare name."""
        region = self.region if self.region == "Wales" else f"{self.region} region"
        return f"{region}, {self.report_year}"


def stored_edition(notebook: Path) -> StoredEdition:
    """Return the edition of an executed notebook, from its cells of parameters.

    What Papermill injected comes after the notebook's own parameters and goes before them.
    Raises KeyError if the notebook declares no `report_year` or no `region`.
    """
    values: dict[str, object] = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                    values[ast.unparse(target)] = ast.literal_eval(node.value)
    return StoredEdition(str(values["report_year"]), str(values["region"]))


def plain(edition: StoredEdition, part: str = "") -> str:
    """A citation in one line; `part` names a figure or table, such as `Figure 2.1`."""
    where = f"{part}. " if part else ""
    return f"{AUTHOR}. {where}{TITLE}: {edition.name}."
