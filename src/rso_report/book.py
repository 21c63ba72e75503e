"""The Jupyter Book plug-in: figure blocks, and a site that asks nothing of any other host.

Two entrances. MyST-NB finds `ChartRenderer` through the package's entry point and gives it each
notebook output; Sphinx calls `setup` because `_config.yml` lists this module as an extension.
"""

import csv
import io
import json
import re
from base64 import b64encode
from html import escape, unescape
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pandas as pd
import vl_convert
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from rso_report import tables
from rso_report.data_page import DataPackage
from rso_report.figures import MIME_TYPE
from rso_report.tables import page_links

_TABLE = re.compile(r'<figure class="rso-table" id="([^"]+)">.*?<caption><span>([^<]*)', re.DOTALL)


def _csv_address(columns: list[str], rows: list[list]) -> str:
    """Return the data of a chart as a `data:` address, which downloads from any kind of page."""
    text = io.StringIO()
    csv.writer(text).writerows([columns, *([str(cell) for cell in row] for row in rows)])
    return "data:text/csv;charset=utf-8," + quote(text.getvalue())


def _image(vega: dict[str, Any], alt: str) -> str:
    """Return the chart as a static image inside the page.

    Inside, not beside: a page that is saved, mailed or moved keeps its pictures, and a printer
    never meets one that has not loaded yet.
    """
    svg = vl_convert.vega_to_svg(vega, allowed_base_urls=[])
    size = re.match(r'<svg[^>]*? width="(\d+)[^>]*? height="(\d+)', svg)
    width, height = size.groups()
    address = "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
    return f'<img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}">'


def _cell(stored: str | int | list) -> str | int | tables.Links:
    """One cell as `figures.show` stored it; a list holds links."""
    if isinstance(stored, list):
        return tables.Links(tuple(tables.Link(text, href) for text, href in stored))
    return stored


def _data_table(figure: dict[str, Any]) -> str:
    columns = figure["table"]["columns"]
    rows = [[_cell(stored) for stored in row] for row in figure["table"]["rows"]]
    table = tables.to_html(
        pd.DataFrame(rows, columns=columns, dtype=object),
        table_id=f"{figure['id']}-data",
        caption=f"Data: {figure['subtitle']}",
    )
    return (
        f"<details><summary>Data behind this chart</summary>\n{table}\n"
        f'<p><a href="{_csv_address(columns, rows)}" download="{figure["id"]}.csv">'
        "Download this data as CSV</a></p></details>\n"
    )


def figure_block(spec: dict[str, Any]) -> str:
    """Return the HTML of one figure: words, picture, data and source.

    `spec` is what `figures.show` stored. Raises ValueError if Vega-Lite cannot draw it, so that
    no page is published with a figure that only some readers can see.
    """
    figure = spec["usermeta"]["figure"]
    # Compiled here rather than in the browser: less work there, one result for both pictures,
    # and no console messages about how Vega-Lite settled on a size.
    vega = vl_convert.vegalite_to_vega({k: v for k, v in spec.items() if k != "usermeta"})
    vega.pop("$schema", None)
    # "<" is escaped because the HTML parser ends a script at any "</script", even inside JSON.
    script = json.dumps(vega, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<figure class="rso-figure" id="{figure["id"]}">\n<figcaption>'
        f'<p class="headline">{escape(figure["headline"])}</p>'
        f'<p class="rso-subtitle">{escape(figure["subtitle"])}</p></figcaption>\n'
        f'<div class="rso-chart rso-scroll" data-state="static">{_image(vega, figure["alt"])}\n'
        f'<script type="application/json">{script}</script></div>\n'
        f"{_data_table(figure) if figure['table'] else ''}"
        f"{tables.source_and_notes_html(figure['source'], figure['notes'])}</figure>\n"
    )


class ChartRenderer:
    """MyST-NB plug-in for the outputs of `figures.show`, `tables.show` and `start.show`."""

    mime_priority_overrides: ClassVar = [("html", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the nodes of one output, or None where it is not ours.

        The id of each figure and table becomes a link target, so that `[text](#fig-x)` works in
        the Markdown of any page; Sphinx warns if an id is used twice. Raises ExtensionError,
        which ends the build, for a chart that was not made by `figures.show` or can't be drawn.
        """
        if data.mime_type == MIME_TYPE:
            try:
                html = figure_block(data.content)
            except (KeyError, ValueError) as error:
                place = f"{renderer.source}, cell {data.cell_index}"
                raise ExtensionError(
                    f"{place}: cannot draw this chart (was it made by figures.show?): {error!r}"
                ) from error
            figure = data.content["usermeta"]["figure"]
            name, title = figure["id"], figure["headline"]
        elif data.mime_type == "text/html" and (table := _TABLE.match(data.string)):
            html = data.string
            name, title = map(unescape, table.groups())
        elif data.mime_type == "text/html" and data.string.startswith('<div class="rso-start">'):
            return [nodes.raw("", page_links(data.string), format="html")]
        else:
            return None
        env = renderer.renderer.sphinx_env
        env.get_domain("std").note_hyperlink_target(name, env.docname, name, title)
        return [nodes.raw("", page_links(html), format="html")]


def _visit_math(writer: nodes.NodeVisitor, node: nodes.Element) -> None:
    # MathML needs no script and no font from another host, which MathJax does.
    writer.body.append(tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def _forget_asset_hashes(app: Sphinx) -> None:
    """Disconnect the book theme's hashing of its assets.

    It announces the theme's script as a style sheet, which browsers block, with an error, on
    pages opened from a folder. Sphinx adds check sums to the addresses of assets itself.
    """
    listeners = app.events.listeners["html-page-context"]
    listeners[:] = [each for each in listeners if each.handler.__name__ != "hash_html_assets"]


def _share_targets(app: Sphinx, doctree: nodes.document) -> None:
    """Let `page.md#target` reach every target of a page, as by default it does only headings."""
    env, labels = app.env, app.env.get_domain("std").anonlabels
    titles = env.get_domain("std").labels
    slugs = env.metadata[env.docname].setdefault("myst_slugs", {})
    for name, (docname, node_id) in labels.items():
        if docname == env.docname:
            slugs.setdefault(name, (0, node_id, titles[name][2] if name in titles else name))


def _write_extra_files(app: Sphinx, exception: Exception | None) -> None:
    """Write the chart library and the front door into the finished site."""
    if exception or app.builder.format != "html":
        return
    site, root = Path(app.outdir), app.config.root_doc + ".html"
    # In a function of its own: the library's one-letter names would otherwise become global.
    library = f"(() => {{{vl_convert.javascript_bundle()}}})();\n"
    (site / "_static" / "vega-bundle.js").write_text(library, encoding="utf-8")
    title = escape(app.config.html_title)
    (site / "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="{app.config.language.replace("_", "-")}"><head>'
        f'<meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="refresh" content="0; url={root}"></head>'
        f'<body><h1>{title}</h1><p><a href="{root}">Read the report</a></p></body></html>\n',
        encoding="utf-8",
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("data-package", DataPackage)
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math, None))
    # The theme complains in every console of an unset mode, though it then takes this one.
    app.add_js_file(None, body='document.documentElement.dataset.mode ||= "auto";')
    app.connect("builder-inited", _forget_asset_hashes)
    app.connect("doctree-read", _share_targets)
    # Before the table-of-contents extension writes its own index.html, without a language.
    app.connect("build-finished", _write_extra_files, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
