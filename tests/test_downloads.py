"""The files to take away hold what the pages show and what the data say."""

import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

from rso_report import tables
from rso_report.edition import Edition
from rso_report.errors import FaultError
from rso_report.publication import downloads, workbook
from rso_report.publication.workbook import PublishedTable, cells

ROOT = Path(__file__).resolve().parents[1]
EDITION = Edition()
GIVEN = ("Cover", "Contents", "Notes")


def small(*counts, **words):
    """A table of a year and a count for each of some texts."""
    frame = pd.DataFrame(
        {"Year": [f"{2020 - n}-{21 - n}" for n in range(len(counts))], "Count": counts}
    )
    table = tables.record(frame, table_id="tab-small", caption="Offences")
    return PublishedTable("breaches", "tab-small", table, "Offences", **words)


PLACE = re.compile(r"On the page (.+): (?:https?://.*?/)?(notebooks/[\w-]+\.html)#([\w-]+)")


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def book_of(*tables):
    return opened(workbook.workbook(list(tables), EDITION, {}))


@pytest.fixture(scope="module")
def book(site):
    return opened((site / downloads.TABLES).read_bytes())


@pytest.fixture(scope="module")
def sheets(book):
    return [sheet for sheet in book.worksheets if sheet.title not in GIVEN]


def column(sheet):
    """The lines above a table, and its name: all texts of the first column down to the table."""
    return [cell.value for (cell,) in sheet.iter_rows(max_col=1)]


def shown(cell):
    """What a spreadsheet program displays: the value in the format of its cell."""
    if isinstance(cell.value, str) or cell.value is None:
        return cell.value or ""
    form = cell.number_format.split(";")[0]
    form, _, percent = form.removesuffix('"').partition('"')
    digits = len(form.partition(".")[2])
    sign = "+" if form.startswith("+") and cell.value > 0 else ""
    return f"{sign}{cell.value:{',' if '#,##0' in form else ''}.{digits}f}{percent}"


def rows_shown(sheet):
    """The table of a sheet as texts, marks put back beside the numbers that they belong to."""
    (table,) = sheet.tables.values()
    lines = [[shown(cell) for cell in row] for row in sheet[table.ref]]
    for position in reversed(range(len(lines[0]))):
        if lines[0][position].endswith(": shorthand"):
            for line in lines:
                mark = line.pop(position)
                before = mark.startswith(("at least", "about", "fewer than"))
                parts = (mark, line[position - 1]) if before else (line[position - 1], mark)
                if line is not lines[0]:
                    line[position - 1] = " ".join(filter(None, parts))
    return lines


def rows_on_page(page, anchor):
    """What a page shows of a table, folded rows included, without the marks of its rows of data."""
    block = page.find(id=anchor)
    head, *rows = [
        [" ".join(c.get_text().split()) for c in row.select("th:not(.rso-mark), td:not(.rso-mark)")]
        for row in block.select("tr")
    ]
    return [head, *(row for row in rows if row != head)]


def without_rows(lines):
    """Without the last column where it names the rows of data, to which a page has marks."""
    return [line[:-1] for line in lines] if lines[0][-1] == "Rows" else lines


def plain_signs(lines):
    return [[text.replace("−", "-") for text in line] for line in lines]


def test_every_sheet_shows_what_its_place_on_the_page_shows(documents, sheets):
    different = []
    for sheet in sheets:
        place = next(filter(None, map(PLACE.fullmatch, filter(None, column(sheet)))))
        on_page = rows_on_page(documents[place[2]], place[3])
        if plain_signs(without_rows(rows_shown(sheet))) != plain_signs(on_page):
            different.append(f"{sheet.title}: {place[0]}")
    assert not different, "\n".join(different)


def test_every_table_and_chart_of_a_notebook_has_a_sheet(documents, sheets):
    places = {
        (place[2], place[3])
        for sheet in sheets
        for place in map(PLACE.fullmatch, filter(None, column(sheet)))
        if place
    }
    blocks = {
        (name, block["id"])
        for name in documents
        if name.startswith("notebooks/")
        for block in documents[name].select("figure.rso-table, figure.rso-figure")
        if not block.find_parent("figure")
    }
    assert places == blocks


def test_each_sheet_is_one_marked_table_without_merged_cells(book):
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges, sheet.title
        assert len(sheet.tables) == (sheet.title != "Cover"), sheet.title
        for table in sheet.tables.values():
            assert table.headerRowCount == 1
            first, *rows = sheet[table.ref]
            assert [cell.value for cell in first] == [each.name for each in table.tableColumns]
            assert all(any(cell.value is not None for cell in row) for row in rows), sheet.title


def test_each_sheet_starts_with_its_title_and_names_its_source_and_its_notes(site, sheets):
    notebooks = sorted((site / "_sources" / "notebooks").glob("*.ipynb"))
    tables = {table.identifier: table for table in workbook.published_tables(notebooks)}
    for sheet in sheets:
        lines = [line for line in column(sheet) if isinstance(line, str)]
        place = next(filter(None, map(PLACE.fullmatch, lines)))
        table = tables[place[3]]
        assert lines[0].endswith(table.title)
        assert [line for line in lines if "[note " in line] or not table.notes
        assert all(f"{s} {workbook.SYMBOLS[s]}" in " ".join(lines) for s in table.symbols)
        for source in table.sources:
            assert any(line.casefold().endswith(source.casefold()) for line in lines), source
        assert not table.as_at or table.as_at in lines


def test_contents_leads_to_every_sheet(book, sheets):
    links = [
        cell.hyperlink.location
        for (cell,) in book["Contents"].iter_rows(min_row=4, max_col=1)
        if cell.hyperlink
    ]
    assert links == [f"'{sheet.title}'!A1" for sheet in sheets]
    assert book.sheetnames[:3] == list(GIVEN)
    assert max(map(len, book.sheetnames)) <= 31


@pytest.mark.parametrize(
    "text", ["=1+1", "{=1+1}", "+SUM(A1)", "-2+3", "@x", "[r](x)", "–", "$$1$$"]
)
def test_a_text_stays_the_text_that_it_is(text):
    (sheet,) = book_of(small(text)).worksheets[3:]
    cell = sheet.cell(sheet.max_row, 2)
    assert (cell.value, cell.data_type) == (text, "s")


@pytest.mark.parametrize(
    ("text", "value", "shape"),
    [
        ("4,585", 4585, "#,##0"),
        ("0", 0, "#,##0"),
        ("2021", 2021, "0"),
        ("143.8", 143.8, "#,##0.0"),
        ("1.05%", 1.05, '#,##0.00"%"'),
        ("-3.0", -3.0, "#,##0.0"),
        ("−3", -3, "#,##0"),
        ("+12.0", 12, "+#,##0.0;-#,##0.0;#,##0.0"),
    ],
)
def test_a_number_is_a_number_that_looks_as_on_the_page(text, value, shape):
    _, values, formats = cells(small(text).table)
    assert (values[0][1], formats) == (value, {(0, 1): shape})


def test_a_mark_moves_into_a_column_of_its_own_so_that_the_number_stays_one():
    columns, values, _ = cells(small("174 [p]", "9").table)
    assert columns == ["Year", "Count", "Count: shorthand"]
    assert values == [["2020-21", 174, "[p]"], ["2019-20", 9, ""]]


def test_no_sheet_takes_the_place_of_another():
    long = [replace(small("7"), identifier=f"tab-{'x' * 40}{end}") for end in "ab"]
    with pytest.raises(ValueError, match="two tables for one sheet"):
        book_of(*long)


def test_the_data_archive_is_the_data_folder(site):
    with ZipFile(site / downloads.DATA) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    readme = found.pop("README.txt").decode()
    assert "not official statistics" in readme and "Creative Commons" in readme
    paths = [path for path in (ROOT / "data").iterdir() if path.suffix in (".csv", ".json")]
    assert found == {path.name: path.read_bytes() for path in paths}


def test_data_that_the_check_refuses_are_not_in_the_archive(tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    with (folder / "risk_tiers.csv").open("a", encoding="utf-8") as file:
        file.write("TI9999,,WMP,2024-03-31,day,high,ARMS,both,persons,1,exact,final,,bbc-2015,x,\n")
    with pytest.raises(FaultError, match=r"risk_tiers\.csv"):
        downloads.data_files(folder)


def test_the_page_lists_every_file_with_its_size(site, documents):
    listed = {}
    for item in documents["book/downloads.html"].select(".rso-downloads li"):
        target = (site / "book" / item.a["href"]).resolve()
        listed[target.relative_to(site.resolve()).as_posix()] = item.get_text()
    own = {path.relative_to(site).as_posix() for path in (site / downloads.FOLDER).iterdir()}
    notebooks = {path.relative_to(site).as_posix() for path in site.glob("_sources/**/*.ipynb")}
    assert set(listed) == own | notebooks
    for path, words in listed.items():
        assert downloads.size_words((site / path).stat().st_size) in words


def test_each_notebook_to_download_is_one_that_was_executed(site):
    for path in site.glob("_sources/**/*.ipynb"):
        codes = [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
        assert any(cell["outputs"] for cell in codes), path.name


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 kB"), (34_400, "34 kB"), (999_600, "1.0 MB"), (1_240_000, "1.2 MB")]
)
def test_sizes_read_as_people_say_them(size, words):
    assert downloads.size_words(size) == words
