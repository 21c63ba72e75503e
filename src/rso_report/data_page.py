"""The page "Data and sources", made from the data package when the book is built.

A Sphinx directive, so that the page cannot fall behind the data: every table with its columns,
and every source with the anchor that sentences and figures link to.
"""

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rso_report import dataset, tables
from rso_report.tables import page_links

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

_WITH_ROWS = (
    "registered_offenders",
    "published_rates",
    "published_changes",
    "breaches",
    "printed_totals",
    "orders",
    "missing",
    "visit_policy",
    "risk_tiers",
    "staffing",
    "population",
)


class DataPackage(SphinxDirective):
    """`{data-package} tables` lists tables and columns, `sources` the sources, `rows` all rows."""

    required_arguments = 1
    parts: ClassVar[tuple[str, ...]] = ("tables", "sources", "rows")

    def run(self) -> list[nodes.Node]:
        """Return the part asked for as HTML; raises an error naming the parts if unknown."""
        self.env.note_dependency(str(dataset.data_folder() / "datapackage.json"))
        if self.arguments[0] == "tables":
            return [nodes.raw("", html, format="html") for html in _tables_html()]
        if self.arguments[0] == "sources":
            return self._sources()
        if self.arguments[0] == "rows":
            return self._rows()
        raise self.error(f"data-package: found {self.arguments[0]!r}; allowed: {self.parts}")

    def _sources(self) -> list[nodes.Node]:
        self.env.note_dependency(str(dataset.data_folder() / "sources.csv"))
        sources = dataset.load("sources").sources
        standard = self.env.get_domain("std")
        for row in sources.itertuples():
            anchor = f"source-{row.source_id}"
            standard.note_hyperlink_target(anchor, self.env.docname, anchor, row.title)
        return [nodes.raw("", _sources_html(sources), format="html")]

    def _rows(self) -> list[nodes.Node]:
        data = dataset.load(*_WITH_ROWS)
        standard = self.env.get_domain("std")
        found: list[nodes.Node] = []
        for name in _WITH_ROWS:
            self.env.note_dependency(str(dataset.data_folder() / f"{name}.csv"))
            for row_id in getattr(data, name)["row_id"]:
                anchor = f"row-{row_id.lower()}"
                standard.note_hyperlink_target(anchor, self.env.docname, anchor, row_id)
            found.append(nodes.raw("", page_links(_rows_html(data, name)), format="html"))
        return found


def _rows_html(data: dataset.Tables, name: str) -> str:
    """One table of the data as HTML: each row with its value, its source and its place there."""
    rows = getattr(data, name)
    areas = data.areas.set_index("area_id")["name"]
    titles = data.sources.set_index("source_id")["title"]
    addresses = data.sources.set_index("source_id")["address"]
    told = {"row_id", "area_id", "value", "source_id", "locator"}
    shown = [column for column in rows.columns if column not in told]
    frame = pd.DataFrame(
        {
            "Row": rows["row_id"],
            "Area": rows["area_id"].map(areas) if "area_id" in rows else "[z]",
            "Value": [_value(value) for value in rows["value"]] if "value" in rows else "[z]",
            "Source": [
                tables.Link(titles[s], f"data-and-sources.md#source-{s}") for s in rows["source_id"]
            ],
            "Found at": [
                tables.Link("address", addresses[s]) if addresses[s] else "not recorded"
                for s in rows["source_id"]
            ],
            "Place": rows["locator"],
            "Definition and dates": [
                "; ".join(
                    f"{column}: {_plain(value)}"
                    for column, value in zip(shown, values, strict=True)
                    if _plain(value)
                )
                for values in rows[shown].itertuples(index=False)
            ],
        }
    )
    html = tables.to_html(
        frame, table_id=f"tab-rows-{name.replace('_', '-')}", caption=f"Rows of {name}.csv"
    )
    return _anchored(html, rows["row_id"], "row")


def _value(value: object) -> str:
    return tables.cell_text(value, 0 if float(value).is_integer() else 2)


def _plain(value: object) -> str:
    """A cell as it stands in the file, dates without a time, nothing for an empty one."""
    if value is pd.NaT or value is pd.NA or value != value:
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


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
    return _anchored(html, sources["source_id"], "source")


def _anchored(html: str, names: Iterable[str], kind: str) -> str:
    """A table whose row of each name is the target `kind-name` that citations lead to."""
    for name in names:
        cell = f'<th scope="row">{name}</th>'
        html = html.replace(cell, f'<th scope="row" id="{kind}-{name.lower()}">{name}</th>', 1)
    return html
