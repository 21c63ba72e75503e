"""The Jupyter Book plug-in: figure blocks, and a site that asks nothing of any other host.

Two entrances. MyST-NB finds `ChartRenderer` through the package's entry point and gives it each
notebook output; Sphinx calls `setup` because `_config.yml` lists this module as an extension.
"""

import json
import pickle
from collections import Counter
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from myst_nb.core.render import MimeData, NbElementRenderer
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish
from sphinx.transforms.post_transforms import SphinxPostTransform

from rso_report import tables
from rso_report.places import data_folder
from rso_report.publication import block, sentences
from rso_report.publication.block import Place
from rso_report.publication.citation import notebook_pages, plain, shown_edition
from rso_report.publication.data_page import DataPackage
from rso_report.publication.kept import chart_library, templates
from rso_report.tables import page_links

_FILES = "block_files"  # in the metadata of a page: the names of the files that its blocks offer


class ChartRenderer:
    """MyST-NB plug-in for what `figures`, `tables` and `prose` show."""

    mime_priority_overrides: ClassVar = [("html", tables.CHART, 1), ("html", tables.MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the nodes of one output, or None where it is not ours.

        Raises ExtensionError, which ends the build, for a chart that was not made by
        `figures.show` or can't be drawn.
        """
        if data.mime_type == tables.CHART:
            try:
                found = block.figure_block(data.content)
            except (KeyError, ValueError) as error:
                place = f"{renderer.source}, cell {data.cell_index}"
                raise ExtensionError(
                    f"{place}: cannot draw this chart (was it made by figures.show?): {error!r}"
                ) from error
        elif data.mime_type == tables.MIME_TYPE:
            found = block.table_block(json.loads(data.string))
        elif data.mime_type == "text/markdown":
            return sentences.rendered(renderer, data, inline)
        else:
            return None
        return [nodes.raw("", "", format="html", block=found)]


class CalculationLast(SphinxPostTransform):
    """Let a section show what it found, and at its end, in one fold, the cells that found it."""

    default_priority = 200  # after MyST-NB has folded the code of each cell
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Move the code of all cells of each section to the end of its own text."""
        folds: list[nodes.Element] = []
        for section in list(self.document.findall(nodes.section)):
            for cell in [each for each in section if "cell" in each.get("classes", ())]:
                own = [each for each in cell if isinstance(each, HideCodeCellNode)]
                for fold in own:
                    cell.remove(fold)
                folds += own
                if not cell.children:
                    section.remove(cell)
            below = [n for n, each in enumerate(section) if isinstance(each, nodes.section)]
            # What a page sets up before its first section goes with that section.
            if folds and not (below and isinstance(section.parent, nodes.document)):
                for fold in folds[1:]:
                    folds[0].extend(fold.children)
                code = nodes.container("", folds[0], classes=["cell", "rso-calculation"])
                section.insert(next(iter(below), len(section)), code)
                folds = []


class FoldedSections(SphinxPostTransform):
    """Leave of a section with a cell tagged `fold` its title open: what it shows is one click away.

    The title says what was found.
    """

    default_priority = 210  # after the calculations have gone to the end of their sections
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Put what follows the title of each such section into a fold."""
        opening = '<details class="rso-older rso-section"><summary>Show this section</summary>'
        for section in list(self.document.findall(nodes.section)):
            if any("tag_fold" in each.get("classes", ()) for each in section.children):
                below = [n for n, each in enumerate(section) if isinstance(each, nodes.section)]
                end = next(iter(below), len(section))
                section.insert(end, nodes.raw("", "</details>", format="html"))
                section.insert(1, nodes.raw("", opening, format="html"))


class _English(SearchEnglish):
    """English for the search, which finds the stem of a word once, and not once for each page."""

    def init(self, options: dict[str, str]) -> None:
        super().init(options)
        self.stem = cache(self.stem)


def _chapter(env: BuildEnvironment, docname: str) -> str:
    """Return `2.` for the second notebook below the start page, nothing for other pages."""
    below = [page for page in notebook_pages(env) if page != env.config.root_doc]
    return f"{below.index(docname) + 1}." if docname in below else ""


def _title_sections(app: Sphinx, doctree: nodes.document) -> None:
    """Let the title of a section say what it found: what the cells tagged `title` say first.

    That is the headline of a figure or table, or else the words in bold of a sentence. In the
    notebook a title is fixed, and so is the anchor that it gives; what was found is not.
    """
    for section in doctree.findall(nodes.section):
        cells = [each for each in section if "tag_title" in each.get("classes", ())]
        shown = [raw for cell in cells for raw in cell.findall(nodes.raw) if "block" in raw]
        said = [strong.astext() for cell in cells for strong in cell.findall(nodes.strong)][:1]
        for raw in [raw for raw in shown if raw["block"].headline][:1]:
            said, raw["block"] = [raw["block"].headline], raw["block"].without_headline()
        for words in said:
            section.next_node(nodes.title).append(nodes.Text(f" \u2013 {words}"))


def _place_blocks(app: Sphinx, doctree: nodes.document) -> None:
    """Number the figures and tables of a page, and make each a target of links.

    `[](#fig-x)` in the Markdown of any page then reads "Figure 2.1"; Sphinx warns if an id is
    used twice. Numbers run by kind within the page, in its order.
    """
    env, counts = app.env, Counter()
    for node in list(doctree.findall(lambda each: isinstance(each, nodes.raw) and "block" in each)):
        found = node["block"]
        counts[found.kind] += 1
        number = f"{found.kind} {_chapter(env, env.docname)}{counts[found.kind]}"
        place = Place(
            number,
            plain(shown_edition(env), f"{number}: {found.title}"),
            "../" * env.docname.count("/"),
        )
        env.get_domain("std").note_hyperlink_target(found.name, env.docname, found.name, number)
        html = page_links(found.placed(place))
        files = found.files | found.pictures
        env.metadata[env.docname].setdefault(_FILES, []).extend(files)
        node.replace_self(nodes.raw("", html, format="html", files=files))


def _write_files(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the files that the blocks of a page offer, whenever the page itself is written."""
    for node in doctree.findall(lambda each: isinstance(each, nodes.raw) and "files" in each):
        for name, content in node["files"].items():
            path = Path(app.outdir, "_static", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _remove_stale_files(app: Sphinx) -> None:
    """Remove files of blocks that a page had when it was built before, and has no more."""
    static = Path(app.outdir, "_static")
    offered = {static / name for told in app.env.metadata.values() for name in told.get(_FILES, ())}
    for folder in ("figures", "tables"):
        for path in {*(static / folder).glob("*")} - offered:
            path.unlink()


def _shared(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """Return all pages, to be written again, if anything of which they show parts is another.

    Menus hold titles, links hold titles, numbers and anchors, first uses of a term the place of
    its entry, the foot what the data are. Beside the pages that were read last stands a digest.
    """
    std = env.get_domain("std")
    titles = {page: title.astext() for page, title in env.titles.items()}
    slugs = {page: told.get("myst_slugs") for page, told in env.metadata.items()}
    targets = (std.labels, std.anonlabels, std.objects, slugs)
    data = {path.name: sha256(path.read_bytes()).digest() for path in data_folder().glob("*.*")}
    shared = [titles, env.toctree_includes, *targets, data]
    text = repr([sorted((repr(k), repr(v)) for k, v in each.items()) for each in shared])
    path, found = Path(app.doctreedir, "shared"), sha256(text.encode()).hexdigest()
    known = path.read_text() if path.is_file() else ""
    path.write_text(found)
    return set() if found == known else set(env.found_docs)


def _forget_lost_words(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Take words that no page has any more out of the index for the search; return no page."""
    index = getattr(app.builder, "indexer", None)
    for words in (index._mapping, index._title_mapping) if index else ():
        for word in [word for word, pages in words.items() if not pages]:
            del words[word]
    return []


def _keep_environment(app: Sphinx, exception: Exception | None) -> None:
    """Write down what Sphinx knows of the pages once more.

    It did so before it wrote them, and of the index for the search it learns a part only then.
    """
    if not exception:
        path = Path(app.doctreedir, ENV_PICKLE_FILENAME)
        path.write_bytes(pickle.dumps(app.env, pickle.HIGHEST_PROTOCOL))


def _write_dark_css(app: Sphinx) -> None:
    """Write the style sheet of dark charts, before any page names it with its check sum."""
    if app.builder.format != "html":
        return
    path = Path(app.outdir, "_static", "rso-dark.css")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.dark_css(), encoding="utf-8")


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


def _keep_templates(app: Sphinx) -> None:
    """Let the templates of the theme be compiled once, and not by each build."""
    app.builder.templates.environment.bytecode_cache = templates()


def _name_start_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Call the start page in the menu by what it is; its own title is that of the report."""
    context["root_title"] = "Summary"


def _write_extra_files(app: Sphinx, exception: Exception | None) -> None:
    """Write the chart library into the finished site."""
    if exception or app.builder.format != "html":
        return
    _remove_stale_files(app)
    site = Path(app.outdir)
    # Sphinx's own note for a later build. It hashes `templates_path`, to which the theme adds the
    # folder where it is installed: two environments that make the same pages would differ in it.
    (site / ".buildinfo").unlink(missing_ok=True)
    # In a function of its own: the library's one-letter names would otherwise become global.
    library = f"(() => {{{chart_library()}}})();\n"
    (site / "_static" / "vega-bundle.js").write_text(library, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_search_language(_English)
    app.add_directive("data-package", DataPackage)
    app.add_transform(sentences.SourceNotes)
    app.add_post_transform(CalculationLast)
    app.add_post_transform(FoldedSections)
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math, None))
    # The theme complains in every console of an unset mode, though it then takes this one.
    app.add_js_file(None, body='document.documentElement.dataset.mode ||= "auto";')
    app.add_css_file("rso-dark.css")
    app.connect("builder-inited", _write_dark_css)
    app.connect("builder-inited", _forget_asset_hashes)
    app.connect("builder-inited", _keep_templates)
    app.connect("html-page-context", _name_start_page, priority=900)  # after the theme
    app.connect("doctree-read", _title_sections, priority=400)  # before Sphinx collects titles
    app.connect("doctree-read", _place_blocks)
    app.connect("doctree-read", _share_targets)
    app.connect("doctree-resolved", _write_files)
    app.connect("env-updated", _shared)
    app.connect("html-collect-pages", _forget_lost_words)
    app.connect("build-finished", _keep_environment)
    app.connect("build-finished", _write_extra_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
