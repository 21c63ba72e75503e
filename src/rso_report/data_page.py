"""The page "Data and sources", made from the data package when the book is built.

A Sphinx directive, so that the page cannot fall behind the data: every table with its columns,
and every source with the anchor that sentences and figures link to.
"""

from typing import ClassVar

import pandas as pd
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rso_report import dataset, tables

_KINDS = {
    "foi_response": "Freedom of information reply",
    "news_report": "Press report",
    "official_statistics": "Official statistics",
    "guidance": "Guidance",
    "force_statement": "Statement of a force",
}
_LICENCES = {
    "OGL": "Open Government Licence",
    "OPL": "Open Parliament Licence",
    "not_stated": "not stated: facts only",
}


class DataPackage(SphinxDirective):
    """`{data-package} tables` lists tables and columns, `{data-package} sources` the sources."""

    required_arguments = 1
    parts: ClassVar[tuple[str, ...]] = ("tables", "sources")

    def run(self) -> list[nodes.Node]:
        """Return the part asked for as HTML; raises an error naming the parts if unknown."""
        self.env.note_dependency(str(dataset.data_folder() / "datapackage.json"))
        if self.arguments[0] == "tables":
            return [nodes.raw("", html, format="html") for html in _tables_html()]
        if self.arguments[0] == "sources":
            return self._sources()
        raise self.error(f"data-package: found {self.arguments[0]!r}; allowed: {self.parts}")

    def _sources(self) -> list[nodes.Node]:
        self.env.note_dependency(str(dataset.data_folder() / "sources.csv"))
        sources = dataset.load("sources").sources
        standard = self.env.get_domain("std")
        for row in sources.itertuples():
            anchor = f"source-{row.source_id}"
            standard.note_hyperlink_target(anchor, self.env.docname, anchor, row.title)
        return [nodes.raw("", _sources_html(sources), format="html")]


def _tables_html() -> list[str]:
    found = []
    for resource in dataset.descriptor()["resources"]:
        name = resource["name"]
        columns = pd.DataFrame(
            [
                {
                    "Column": field["name"],
                    "Type": field["type"],
                    "Meaning": field["description"],
                    "Allowed": _allowed(field.get("constraints", {})),
                }
                for field in resource["schema"]["fields"]
            ]
        )
        licence = resource["licenses"][0]["title"]
        found.append(
            tables.to_html(
                columns,
                table_id=f"tab-{name.replace('_', '-')}",
                caption=f"{resource['title']}: {resource['path']}",
                notes=[
                    f"{resource['description']}.",
                    f"{resource['bytes']:,} bytes, {resource['hash']}. Terms: {licence}.",
                ],
            )
        )
    return found


def _allowed(rules: dict) -> str:
    words = []
    if "enum" in rules:
        words.append(", ".join(rules["enum"]))
    if "minimum" in rules:
        words.append(f"{rules['minimum']} or more")
    if not rules.get("required"):
        words.append("may be empty")
    return "; ".join(words) or "any"


def _sources_html(sources: pd.DataFrame) -> str:
    frame = pd.DataFrame(
        {
            "Source": sources["source_id"],
            "Title": [
                tables.Link(row.title, row.address) if row.address else row.title
                for row in sources.itertuples()
            ],
            "Publisher": sources["publisher"],
            "Published": [
                tables.cell_text(day) if day == day else "not shown" for day in sources["published"]
            ],
            "Kind": sources["kind"].map(_KINDS),
            "Terms": sources["licence"].map(_LICENCES),
            "Read": sources["read"],
        }
    )
    html = tables.to_html(frame, table_id="tab-sources-list", caption="Every source of a figure")
    for source_id in sources["source_id"]:  # the anchor that every citation leads to
        cell = f'<th scope="row">{source_id}</th>'
        html = html.replace(cell, f'<th scope="row" id="source-{source_id}">{source_id}</th>', 1)
    return html
