"""The files that a reader can take away, written into `downloads/` of the finished site.

All are made from what the pages are made of: the data package and the stored outputs of the
executed notebooks. The same input gives the same bytes, so a file that differs is a change.
"""

import io
import re
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from rso_report import dataset
from rso_report.edition import Edition
from rso_report.intake import questions
from rso_report.publication import citation
from rso_report.publication.citation import notebook_pages
from rso_report.publication.kept import kept
from rso_report.publication.workbook import published_tables, workbook

FOLDER = "downloads"
DATA, TABLES = f"{FOLDER}/rso-report-data.zip", f"{FOLDER}/rso-report-tables.xlsx"
BIBTEX, CITATION = f"{FOLDER}/rso-report.bib", f"{FOLDER}/rso-report-citation.txt"
_NUMBERED = re.compile(r"(Figure|Table) [\d.]+")
RETURN_XLSX = f"{FOLDER}/rso-annual-return.xlsx"
RETURN_CSV = f"{FOLDER}/rso-annual-return.csv"
_LISTS = "lists_downloads"  # in the metadata of a page that is filled in when all are read
GROUPS = ("data", "tables", "notebooks", "citation", "return")


@dataclass(frozen=True)
class Download:
    """One file to take away: where it is in the site, and what a reader is told of it."""

    group: str
    path: str
    name: str
    kind: str
    words: str
    content: bytes

    def html(self, up: str) -> str:
        """The file as an item of a list; `up` leads from the page to the root of the site."""
        return (
            f'<li><a href="{escape(up + self.path)}" download>{escape(self.name)}</a> '
            f"({self.kind}, {size_words(len(self.content))}): {escape(self.words)}</li>\n"
        )


def size_words(size: int) -> str:
    """A number of bytes as people say it: `1.2 MB`, `34 kB`, never less than 1 kB."""
    return f"{size / 1e6:.1f} MB" if size >= 999_500 else f"{max(1, round(size / 1e3))} kB"


def archive(files: dict[str, bytes]) -> bytes:
    """Return a ZIP of files by name, the same bytes whenever, wherever and by whom it is made."""
    written = io.BytesIO()
    with ZipFile(written, "w") as out:
        for name in sorted(files):
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3  # Unix, to which the permissions belong
            entry.external_attr = 0o644 << 16
            out.writestr(entry, files[name], compresslevel=9)
    return written.getvalue()


def data_files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the files of the data package by name. Raises FaultError if the data have faults."""
    folder = folder or dataset.data_folder()
    resources = dataset.descriptor(folder)["resources"]
    dataset.load(*(resource["name"] for resource in resources), folder=folder)  # checks them
    files = {r["path"]: dataset.contents(r, folder) for r in resources}
    return files | {"datapackage.json": (folder / "datapackage.json").read_bytes()}


def read_me(package: dict[str, Any]) -> str:
    """Return the words that go with the data: what they are, how to read them, their terms."""
    tables = "".join(f"  {r['path']}: {r['description']}.\n" for r in package["resources"])
    return (
        f"{package['title']}\n\n{package['description']}\n\n{citation.STATUS}.\n\n"
        "Files. datapackage.json describes every table: columns, types, allowed values, keys and "
        "the SHA-256 of\neach file (Frictionless Data Package). All are CSV in UTF-8; an empty "
        f"cell is a missing value.\n{tables}\n"
        "Before use. Rows with different values of series_id count different things: do not add, "
        "divide or join\nthem. The column qualifier says how exact a number is, status whether it "
        "is final; a revision names the\nrow that it replaces and both are kept.\n\n"
        f"Terms. {citation.LICENCE}\nsources.csv names the terms of each source.\n"
    )


def citation_text(edition: Edition, address: str) -> str:
    """Return the citation of an edition as a short text file."""
    return f"{citation.plain(edition, address=address)}\n\n{citation.STATUS}.\n{citation.LICENCE}\n"


def downloads(
    notebooks: dict[str, Path],
    titles: dict[str, str],
    numbers: dict[str, str],
    address: str,
    folder: Path,
) -> list[Download]:
    """Return every download.

    `notebooks` are the executed ones by the name of their page, in the order of the pages;
    `titles` their titles; `numbers` the numbers that figures and tables have there, by their
    anchors. The workbook, which takes long, is kept in the folder, which goes whenever code or
    packages change (module `assemble`).
    """
    edition = citation.stored_edition(next(iter(notebooks.values())))
    tables = [
        replace(table, number=numbers.get(table.identifier, ""))
        for table in published_tables(notebooks.values())
    ]
    stems = {path.stem: titles[page] for page, path in notebooks.items()}
    package = dataset.descriptor()
    data = {**data_files(), "README.txt": read_me(package).encode()}
    return [
        Download(
            "data",
            DATA,
            "All data",
            "ZIP of CSV files",
            f"{len(package['resources'])} tables with their description, sources and terms, as a "
            "Frictionless Data Package",
            archive(data),
        ),
        Download(
            "tables",
            TABLES,
            "All tables",
            "Excel workbook",
            f"the {len(tables)} tables of the report and data of its charts, one a sheet, with "
            "cover, contents and notes",
            kept(workbook, tables, edition, stems, address, folder=folder),
        ),
        Download(
            "citation",
            BIBTEX,
            "Citation for reference managers",
            "BibTeX",
            edition.full_title,
            citation.bibtex(edition, address).encode(),
        ),
        Download(
            "citation",
            CITATION,
            "Citation as text",
            "plain text",
            f"{edition.full_title}, with its terms",
            citation_text(edition, address).encode(),
        ),
        Download(
            "return",
            RETURN_XLSX,
            "Annual return to fill in",
            "Excel workbook",
            "with lists to choose from, and notes",
            questions.workbook_template(dataset.load("areas")),
        ),
        Download(
            "return",
            RETURN_CSV,
            "Annual return to fill in, names of the columns only",
            "CSV file",
            "for a force that writes the return from its own system",
            questions.csv_template(),
        ),
        *(
            Download(
                "notebooks",
                f"_sources/{page}.ipynb",
                titles[page],
                "Jupyter notebook",
                "the page with its code, as it was executed",
                path.read_bytes(),
            )
            for page, path in notebooks.items()
        ),
    ]


class DownloadList(nodes.General, nodes.Element):
    """Stands for a list of downloads until all pages are read and the files are made."""


class Downloads(SphinxDirective):
    """`{downloads} data` lists the downloads of a group, with their sizes."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a mark that is replaced by the list; raises an error for an unknown group."""
        if self.arguments[0] not in GROUPS:
            raise self.error(f"downloads: found {self.arguments[0]!r}; allowed: {GROUPS}")
        self.env.metadata[self.env.docname][_LISTS] = True
        return [DownloadList(group=self.arguments[0])]


class ReportCitation(SphinxDirective):
    """`{report-citation} plain`, `figure` and `bibtex` show how to cite this edition."""

    required_arguments = 1
    forms: ClassVar[tuple[str, ...]] = ("plain", "figure", "bibtex")

    def run(self) -> list[nodes.Node]:
        """Return a block, with a button to copy it, that is filled in when all pages are read."""
        form = self.arguments[0]
        if form not in self.forms:
            raise self.error(f"report-citation: found {form!r}; allowed: {self.forms}")
        self.env.metadata[self.env.docname][_LISTS] = True
        language = "bibtex" if form == "bibtex" else "text"
        return [nodes.literal_block(language=language, classes=["rso-citation"], cites=form)]


def _write(written: list[Download], app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write the files once all pages are read, and add to `written` what the pages then list.

    Return these pages, to be written again whatever has changed.
    """
    notebooks = notebook_pages(env)
    if app.builder.format != "html" or not notebooks:
        return []
    titles = {page: env.titles[page].astext() for page in notebooks}
    address, folder = citation.public_address(), Path(app.doctreedir)
    written += downloads(notebooks, titles, _numbers(env), address, folder)
    for download in written:
        target = Path(app.outdir, download.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(download.content)
    return [page for page, told in env.metadata.items() if _LISTS in told]


def _numbers(env: BuildEnvironment) -> dict[str, str]:
    """The numbers of figures and tables by their anchors, as links to them read."""
    labels = env.get_domain("std").labels
    titles = {name: str(label[2]) for name, label in labels.items()}
    return {name: title for name, title in titles.items() if _NUMBERED.fullmatch(title)}


def _citation(env: BuildEnvironment, form: str) -> str:
    """One form of the citation of the edition that the book shows."""
    edition, address = citation.shown_edition(env), citation.public_address()
    if form == "bibtex":
        return citation.bibtex(edition, address).rstrip()
    if form == "plain":
        return citation.plain(edition, address=address)
    tables = published_tables(notebook_pages(env).values())
    example = next(table for table in tables if table.is_chart)
    number = _numbers(env).get(example.identifier, "Figure")
    return citation.plain(edition, f"{number}: {example.title}", address)


def _show(written: list[Download], app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put lists and citations in the place of their marks."""
    for block in doctree.findall(nodes.literal_block):
        if form := block.get("cites"):
            block.rawsource = text = _citation(app.env, form)
            block += nodes.Text(text)
    for mark in list(doctree.findall(DownloadList)):
        items = "".join(
            download.html("../" * page.count("/"))
            for download in written
            if download.group == mark["group"]
        )
        html = f'<ul class="rso-downloads">\n{items}</ul>\n' if items else ""
        mark.replace_self(nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    app.add_directive("downloads", Downloads)
    app.add_directive("report-citation", ReportCitation)
    app.add_node(DownloadList)
    written: list[Download] = []
    app.connect("env-updated", partial(_write, written))
    app.connect("doctree-resolved", partial(_show, written))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
