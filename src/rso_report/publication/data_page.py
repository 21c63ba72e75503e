"""The pages of the data and their sources, made from the data package when the book is built.

A Sphinx directive, so that the pages cannot fall behind the data: every table with its columns,
every source, every row of a figure with the anchors that sentences and figures link to, and every
row that replaces another.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import ClassVar

import pandas as pd
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from rso_report import corrections, dataset, periods, prose, tables
from rso_report.dataset import ROW_TABLES
from rso_report.register import population_sums
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


class DataPackage(SphinxDirective):
    """`{data-package} tables` lists tables and columns, `sources` the sources.

    The name of a table lists its rows: `{data-package} breaches`. `{data-package} corrections`
    lists the rows that replace others.
    """

    required_arguments = 1
    parts: ClassVar[tuple[str, ...]] = ("tables", "sources", "corrections", *ROW_TABLES.values())

    def run(self) -> list[nodes.Node]:
        """Return the part asked for as HTML; raises an error naming the parts if unknown."""
        part = self.arguments[0]
        if part not in self.parts:
            raise self.error(f"data-package: found {part!r}; allowed: {self.parts}")
        needed = _needed(part)
        for file in ("datapackage.json", *(f"{name}.csv" for name in needed)):
            self.env.note_dependency(str(dataset.data_folder() / file))
            # A copy, if that differs, which is younger than the page that was made of the last one.
            self.env.note_dependency(str(Path(self.env.srcdir, "data", file)))
        data = dataset.load(*needed)
        if part in needed and getattr(data, part).empty:
            return [nodes.paragraph(text="There is no row yet.")]
        html, targets = _PARTS.get(part, _rows)(data, part)
        for anchor, title in targets.items():  # to which the Markdown of any page can link
            domain = self.env.get_domain("std")
            domain.note_hyperlink_target(anchor, self.env.docname, anchor, title)
        # A search for `RO0008` leads to its row.
        found = [("single", title, anchor, "main", None) for anchor, title in targets.items()]
        return [addnodes.index(entries=found), nodes.raw("", page_links(html), format="html")]


def _needed(part: str) -> list[str]:
    """The tables of the data that a part shows."""
    if part == "tables":
        return []
    if part == "corrections":
        revised = [r["name"] for r in dataset.descriptor()["resources"] if can_revise(r)]
        return ["areas", "sources", "series", *revised]
    return ["sources"] if part == "sources" else [part, "areas", "sources"]


def can_revise(resource: dict) -> bool:
    """Whether the rows of a table can name a row that they replace."""
    return "revises_row" in [field["name"] for field in resource["schema"]["fields"]]


def corrections_html(data: dataset.Tables) -> str:
    """How many figures were corrected or revised, in a sentence, and a table of them all."""
    found = corrections.replacements(data)
    sentence = f"<p>{escape(corrections.sentence(data))}</p>"
    if found.empty:
        return sentence
    names = data.areas.set_index("area_id")["name"]

    def linked(row_id: str) -> tables.Link:
        return tables.Link(row_id, prose.row_address(row_id).removeprefix("../book/"))

    frame = pd.DataFrame(
        {
            "Figure": [
                ", ".join(filter(None, [names.get(row.area_id, ""), row.measure, row.when]))
                for row in found.itertuples()
            ],
            "Was": [_value(value) for value in found["old_value"]],
            "Is now": [_value(value) for value in found["value"]],
            "Stood in": [prose.source_label(data.sources, s) for s in found["old_source"]],
            "Changed by": [
                "our correction"
                if row.ours
                else f"a revision, {prose.source_label(data.sources, row.source_id)}"
                for row in found.itertuples()
            ],
            "Why": [note or "no reason given" for note in found["note"]],
            "Rows": [
                tables.Links((linked(old), linked(new)))
                for old, new in zip(found["old_row"], found["row_id"], strict=True)
            ],
        }
    ).sort_values(["Changed by", "Figure"], kind="stable", key=_corrections_first)
    table = tables.to_html(
        frame,
        table_id="tab-corrections",
        caption="Figures that a later row replaces",
        notes=[
            "Stood in: the source and its date, since when the first number was published; in "
            "this report it stood in every version of the data that has no row for the second.",
            "Rows: the row that is replaced, then the row that replaces it. Both stay in the data.",
        ],
    )
    return f"{sentence}\n{table}"


def _corrections_first(column: pd.Series) -> pd.Series:
    return column != "our correction" if column.name == "Changed by" else column


def _source_page(source_id: str) -> str:
    return f"data-and-sources.md#source-{source_id}"


def _source_cells(data: dataset.Tables, rows: pd.DataFrame) -> list[tables.Links]:
    """For each row its source, then what replaces it and what it replaces, on the same page."""
    revises = rows.get("revises_row", pd.Series("", index=rows.index))
    following = dict(zip(revises, rows["row_id"], strict=True))
    labels = {s: prose.source_label(data.sources, s) for s in rows["source_id"].unique()}
    found = []
    for row_id, source, revised in zip(rows["row_id"], rows["source_id"], revises, strict=True):
        links = [tables.Link(labels[source], _source_page(source))]
        for word, name in (("replaced by", following.get(row_id)), ("replaces", revised)):
            if name:
                links.append(tables.Link(f"{word} {name}", f"#row-{name.lower()}"))
        found.append(tables.Links(tuple(links)))
    return found


_USUAL = {"", "all", "exact", "final"}  # what a cell says that says nothing
_DATES = {"as_at", "as_at_precision", "period_start", "period_end"}  # shown as one column
_COLUMNS = {"row_id", "area_id", "value", "source_id", "locator", "revises_row"}  # as they are


def rows_html(data: dataset.Tables, name: str) -> str:
    """One table of the data as HTML: each row with its value, its source and its place there."""
    rows = getattr(data, name)
    cells: dict[str, Iterable] = {"Row": rows["row_id"]}
    if "area_id" in rows:
        cells["Area"] = rows["area_id"].map(data.areas.set_index("area_id")["name"])
    if _DATES & {*rows}:
        cells["Date"] = [_when(row) for _, row in rows.iterrows()]
    if "value" in rows:
        said = zip(rows["value"], rows.get("status", rows["value"]), strict=True)
        cells["Value"] = [_value(value, status) for value, status in said]
    shown = ["locator", *(column for column in rows if column not in _COLUMNS | _DATES)]
    cells |= {
        "Source": _source_cells(data, rows),
        "Place in it, and what else the row says": [
            "; ".join(
                f"{column.replace('_', ' ')}: {_plain(value)}" if column != "locator" else value
                for column, value in zip(shown, values, strict=True)
                if _plain(value) not in _USUAL
            )
            for values in rows[shown].itertuples(index=False)
        ],
    }
    return tables.to_html(
        pd.DataFrame(cells),
        table_id=f"tab-rows-{name.replace('_', '-')}",
        caption=f"Rows of {name}.csv",
        notes=[
            "Not repeated here: a cell that is empty or says “all”, “exact” or “final”.",
            *(prose.reported(rows) if "as_at_precision" in rows else []),
        ],
    )


def _when(row: pd.Series) -> str:
    """The date or the period of a row, as on the other pages."""
    if pd.notna(row.get("period_start")):
        return periods.period_label(row["period_start"], row["period_end"])
    return prose.short_date(row) if pd.notna(row.get("as_at")) else "[z]"


_SEGMENTS = {
    "before-census-2021": "estimates before Census 2021",
    "census-2021": "Census 2021",
    "after-census-2021": "estimates after Census 2021",
    "": "not known",
}
_EVIDENCE = {
    "reproduced": "published rates agree with it",
    "by_pattern": "no published rate found to test it; the dates on both sides are tested",
    "untested": "not tested: no rate is computed",
}


def _population(data: dataset.Tables) -> tuple[str, list[str]]:
    """Which population the rates of each March divide by, then the residents of every area."""
    bases, sums = data.population_bases, population_sums(data)
    names = data.areas.set_index("area_id")["name"]
    by_march = pd.DataFrame(
        {
            "Rates of": bases["as_at"].map(tables.cell_text),
            "Divide by residents of": bases["base_date"].map(tables.cell_text),
            "Compare with rates on": bases["segment"].map(_SEGMENTS),
            "Tested": bases["evidence"].map(_EVIDENCE),
            "Note": bases["note"],
        }
    )
    by_area = pd.DataFrame(
        {
            "Row": sums["row_id"],
            "Area": sums["area_id"].map(names),
            "Day": [
                tables.Link(tables.cell_text(row.date), _source_page(row.source_id))
                for row in sums.itertuples()
            ],
            "Districts": sums["districts"],
            "All ages": sums["all_ages"],
            "Aged 0 to 9": sums["aged_0_9"],
            "Aged 10 and over": sums["aged_10plus"],
        }
    )
    html = [
        tables.to_html(
            by_march,
            table_id="tab-rows-population-bases",
            caption="Rows of population_bases.csv: what the rates of each 31 March divide by",
        ),
        tables.to_html(
            by_area,
            table_id="tab-rows-population-districts",
            caption="Residents by area and day: sums of population_districts.csv",
            notes=[
                "Each day leads to its source.",
                "Aged 10 and over: all ages less those aged 0 to 9. Figures of different bases are "
                "not subtracted from each other.",
            ],
        ),
    ]
    return "\n".join(html), sums["row_id"].tolist()


def _value(value: object, status: object = "") -> str:
    """A number, or the mark that there is none: [c] if it is withheld, else [x]."""
    if pd.isna(value):
        return "[c]" if status == "withheld" else "[x]"
    return tables.cell_text(value, 0 if float(value).is_integer() else 2)


def _plain(value: object) -> str:
    """A cell as it stands in the file, dates without a time, nothing for an empty one."""
    if value is pd.NaT or value is pd.NA or value != value:
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


Part = tuple[str, dict[str, str]]  # HTML, and the titles of its anchors


def _tables(data: dataset.Tables, part: str) -> Part:
    """Every table of the data with its columns."""
    html, targets = [], {}
    for resource in dataset.descriptor()["resources"]:
        anchor = f"tab-columns-{resource['name'].replace('_', '-')}"
        targets[anchor] = resource["title"]
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
        caption = f"{resource['title']}: {resource['path']}"
        size = f"{resource['bytes']:,} bytes, {resource['hash']}."
        notes = [
            f"{resource['description']}.",
            f"{size} Terms: {resource['licenses'][0]['title']}.",
        ]
        html.append(tables.to_html(columns, table_id=anchor, caption=caption, notes=notes))
    return "\n".join(html), targets


def _allowed(rules: dict) -> str:
    words = []
    if "enum" in rules:
        words.append(", ".join(rules["enum"]))
    if "minimum" in rules:
        words.append(f"{rules['minimum']} or more")
    if not rules.get("required"):
        words.append("may be empty")
    return "; ".join(words) or "any"


def _sources(data: dataset.Tables, part: str) -> Part:
    """Every source."""
    sources = data.sources
    frame = pd.DataFrame(
        {
            "Source": sources["source_id"],
            "Title": [
                tables.Link(row.title, row.address) if row.address else row.title
                for row in sources.itertuples()
            ],
            "Publisher and date": [
                prose.source_label(sources, name) for name in sources["source_id"]
            ],
            "Kind": sources["kind"].map(_KINDS),
            "Terms": sources["licence"].map(_LICENCES),
            "Read": sources["read"],
        }
    )
    html = tables.to_html(frame, table_id="tab-sources-list", caption="Every source of a figure")
    titles = dict(zip("source-" + sources["source_id"], sources["title"], strict=True))
    return _anchored(html, sources["source_id"], "source"), titles


def _corrections(data: dataset.Tables, part: str) -> Part:
    return corrections_html(data), {"tab-corrections": "Figures that a later row replaces"}


def _rows(data: dataset.Tables, part: str) -> Part:
    """The rows of one table."""
    targets = {}
    if part == "population_districts":
        html, identifiers = _population(data)
        targets["tab-rows-population-bases"] = "Population bases"
    else:
        html, identifiers = rows_html(data, part), getattr(data, part)["row_id"]
    targets |= {f"row-{row_id.lower()}": row_id for row_id in identifiers}
    return _anchored(html, identifiers, "row"), targets


_PARTS = {"tables": _tables, "sources": _sources, "corrections": _corrections}


def _anchored(html: str, names: Iterable[str], kind: str) -> str:
    """A table whose row of each name is the target `kind-name` that citations lead to."""
    for name in names:
        cell = f'<th scope="row">{name}</th>'
        html = html.replace(cell, f'<th scope="row" id="{kind}-{name.lower()}">{name}</th>', 1)
    return html
