"""What the notebooks publish, block by block, for tests that ask where each number comes from.

A block is what is read as one: a row of a table, a paragraph or bullet, a point of a chart's data,
or the words and picture of a chart. Each names the rows of data that it comes from by its links.
"""

import dataclasses
import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import nbformat
from altair.utils.schemapi import debug_mode

from rso_report import dataset, figures, prose, tables
from rso_report.figures import MIME_TYPE
from rso_report.parameters import EditionParameters

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# The edition whose figures the tests name, whichever is the default.
EDITION = {"report_year": "2021-22", "region": "West Midlands"}
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
ROW = re.compile(r"#row-([a-z]{2}[-\w]*)$")
RUN = re.compile(r"([A-Z]{2})(\d{4}) to [A-Z]{2}(\d{4})")


@dataclass(frozen=True)
class Block:
    """`place` is notebook and table, chart or kind; `text` is what is read, without its links."""

    place: str
    key: str
    text: str
    rows: frozenset[str]
    cells: tuple[tuple[str, str], ...] = ()


def named_rows(links):
    """Identifiers that links lead to; `BR0001 to BR0005` names five."""
    found = set()
    for label, href in links:
        if run := RUN.fullmatch(label):
            prefix, first, last = run.groups()
            found |= {f"{prefix}{number:04d}" for number in range(int(first), int(last) + 1)}
        elif ROW.search(href):
            found.add(label)
    return frozenset(found)


@functools.cache
def whole():
    """All tables of this checkout."""
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


def outputs_of(path):
    """The stored outputs of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return [dict(o.data) for c in cells for o in c.get("outputs", []) if "data" in o]


def known_outputs(path):
    """What a notebook shows of EDITION: as it is committed, while that is the default edition."""
    if EditionParameters(**EDITION) == EditionParameters():
        return outputs_of(path)
    return run(path, whole())


def run(path, data, keep_going=False, ends=None, names=None, enough=None, **parameters):
    """Execute a notebook in this process on given tables; return what it displays.

    It gets only the tables that it says it reads. Quicker than a kernel by a second for each,
    which matters where it is done hundreds of times. With `keep_going` a cell that fails is passed
    over. `parameters` go before EDITION, and that before the notebook's own. `ends` is a dictionary
    to fill: by the id of each cell, how much has been displayed at its end. `names` is one to fill
    with its variables. Once `enough` holds of what is displayed, the cells that follow are left.

    Altair checks a chart once, when it is whole, and not each of its parts as it is made too, which
    takes a seventh of the time.
    """
    shown, names = [], {} if names is None else names
    tables_of_it = {table.stem for table in dataset.tables_read(path)}
    modules = (figures, prose, tables)
    replaced = [(module, "display", module.display) for module in modules]
    replaced.append((dataset, "load", dataset.load))

    def display(content, raw=False):
        shown.append(content if raw else {"text/markdown": content.data})

    def load(*_):
        return SimpleNamespace(**{name: getattr(data, name).copy() for name in tables_of_it})

    try:
        for module in modules:
            module.display = display
        dataset.load = load
        for cell in nbformat.read(path, as_version=4).cells:
            if enough and enough(shown):
                break
            if cell.cell_type == "code":
                try:
                    with debug_mode(False):
                        exec(compile(cell.source, path.name, "exec"), names)
                except Exception:
                    if not keep_going:
                        raise
                if "parameters" in cell.metadata.get("tags", []):
                    names.update(EDITION | parameters)
                if ends is not None:
                    ends[cell.id] = len(shown)
    finally:
        for module, name, original in replaced:
            setattr(module, name, original)
    return shown


def blocks(path, outputs):
    """Every block of a notebook's outputs."""
    found = []
    charts = {}
    for number, output in enumerate(outputs):
        if MIME_TYPE in output:
            own = _chart_blocks(path.stem, output[MIME_TYPE])
            charts[f"(#{output[MIME_TYPE]['usermeta']['figure']['id']})"] = own
            found += own
        elif tables.MIME_TYPE in output:
            found += _table_blocks(path.stem, json.loads(output[tables.MIME_TYPE]))
        elif "text/markdown" in output:
            found += _text_blocks(path.stem, number, "".join(output["text/markdown"]))
    return [_with_rows_of_charts(block, charts) for block in found]


def _with_rows_of_charts(block, charts):
    """What leads to a chart names the points of the date that it speaks of.

    A table that does so is computed from the points, and from none that is in doubt.
    """
    points = [p for name, own in charts.items() if name in block.key for p in own if p.cells]
    if not block.place.endswith(": text"):
        points = [p for p in points if not dict(p.cells).get("In doubt")]
    rows = [p.rows for p in points if dict(p.cells).get("Date", "") in block.text]
    return dataclasses.replace(block, rows=block.rows.union(*rows))


def _rows_of(table, place, key):
    """A block for each row of a stored table, with the links that stand behind it."""
    heads = [column["name"] for column in table["columns"]]
    found = []
    for number, row in enumerate(table["rows"]):
        links = [tuple(link) for link in row["rows"]]
        within = [link for c in row["cells"] if isinstance(c, dict) for link in c.get("links", [])]
        links += map(tuple, within)
        texts = tuple(zip(heads, map(tables.stored_text, row["cells"]), strict=True))
        said = " | ".join(text for _, text in texts)
        name = " ".join([f"{key} {number + 1}", *(f"({href})" for _, href in links)])
        found.append(Block(place, name, said, named_rows(links), texts))
    return found


def _table_blocks(page, table):
    place = f"{page}: {table['id']}"
    found = _rows_of(table, place, "row")
    if table["headline"]:
        said = "\n".join([table["headline"], *(block.text for block in found)])
        rows = frozenset().union(*(block.rows for block in found))
        key = " ".join(["headline and all rows", *(block.key for block in found)])
        found.append(Block(place, key, said, rows))
    return found


def _text_blocks(page, number, markdown):
    parts = [p for p in re.split(r"\n\n|\n(?=- )", markdown) if p.strip()]
    found = []
    for part in parts:
        text = LINK.sub(lambda m: "" if ROW.search(m[2]) else m[1], part)
        links = LINK.findall(part)
        found.append(Block(f"{page}: text", f"{number} {part}", text, named_rows(links)))
    return found


def _chart_blocks(page, spec):
    figure = spec["usermeta"]["figure"]
    place = f"{page}: {figure['id']}"
    found = _rows_of(figure["table"], place, "point")
    drawn = {name: value for name, value in spec.items() if name != "usermeta"}
    words = {name: figure[name] for name in ("headline", "subtitle", "alt")}
    whole = frozenset().union(*(block.rows for block in found))
    found.append(Block(place, "chart", json.dumps([words, drawn], sort_keys=True), whole))
    return found
