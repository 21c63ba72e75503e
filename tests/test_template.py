"""The form to fill in: laid out for everybody, the same bytes each time, read back as filled in."""

import io
from datetime import date

import openpyxl
import pytest
from click.testing import CliRunner
from return_files import good

from rso_report import dataset
from rso_report.cli import main
from rso_report.intake import ingest, template
from rso_report.intake.annual_return import allowed_values, faults, typed
from rso_report.intake.checks import ReturnError
from rso_report.return_form import SHEET, asked, template_fields

NAMES = [field.name for field in template_fields()]
HEADER = template.HEADER_ROW + 1  # as a person counts


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


@pytest.fixture(scope="module")
def content(data):
    return template.workbook_template(data)


@pytest.fixture
def book(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def test_the_same_form_gives_the_same_bytes(content, data):
    assert template.workbook_template(data) == content
    assert template.csv_template() == template.csv_template()


def test_cover_contents_and_notes_come_first_and_each_sheet_has_one_marked_up_table(book):
    assert book.sheetnames[:4] == ["Cover", "Contents", "Notes", SHEET]
    assert book["Cover"].tables == {}
    for sheet in book.worksheets[1:]:
        assert len(sheet.tables) == 1, sheet.title
        (table,) = sheet.tables.values()
        assert table.ref.startswith(f"A{HEADER}:"), sheet.title
        names = [cell.value for cell in sheet[HEADER]]
        assert all(names) and len(set(names)) == len(names)
    for sheet in book.worksheets:
        assert sheet["A1"].value and not sheet.merged_cells.ranges
        assert sheet.sheet_state == "visible"


def test_contents_lead_to_every_sheet_after_them(book):
    links = {c.value: c.hyperlink.location for c in book["Contents"]["A"] if c.hyperlink}
    assert links == {name: f"'{name}'!A1" for name in book.sheetnames[2:]}


def test_every_column_has_a_note_and_every_code_column_a_list_of_its_codes(book, data):
    sheet, codes = book[SHEET], book["Codes"]
    assert [cell.value for cell in sheet[HEADER]] == NAMES
    assert all(cell.comment and cell.comment.text for cell in sheet[HEADER])
    lists = {}
    for rule in sheet.data_validations.dataValidation:
        (place,) = rule.sqref.ranges
        assert place.min_row == HEADER + 1 and place.size["rows"] == template.ROWS
        if rule.type == "list":
            cells = codes[rule.formula1.split("!")[1].replace("$", "")]
            cells = cells if isinstance(cells, tuple) else ((cells,),)
            lists[NAMES[place.min_col - 1]] = tuple(row[0].value for row in cells)
    assert lists.pop("offence_title")
    expected = {f.name: allowed_values(f.name, data) for f in template_fields() if f.kind == "code"}
    expected["measure_code"] = tuple(asked())
    assert lists == expected


def test_every_measure_and_column_is_explained(book):
    assert {row[0].value for row in book["Measures"].iter_rows(min_row=HEADER + 1)} == {*asked()}
    assert {row[0].value for row in book["Columns"].iter_rows(min_row=HEADER + 1)} == {*NAMES}


def test_a_filled_in_form_is_read_as_it_was_filled_in(book, data, tmp_path):
    sheet = book[SHEET]
    for number, row in enumerate(good(), HEADER + 1):
        for place, name in enumerate(NAMES, 1):
            value = row.get(name, "")
            if name in ("as_at", "period_start", "period_end") and value:
                value = date.fromisoformat(value)
            sheet.cell(number, place).value = value or (value if value == 0 else None)
    book.save(tmp_path / "return.xlsx")
    frame, wrong = ingest._read(tmp_path / "return.xlsx")
    assert not wrong
    assert [str(f) for f in faults(frame, data) if f.severity == "stop"] == []
    assert typed(frame, data)["measure_code"].tolist() == [row["measure_code"] for row in good()]
    assert frame["row"].iloc[0] == HEADER + 1


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_empty_form_is_known_as_one(kind, content, tmp_path):
    path = tmp_path / f"return.{kind}"
    path.write_bytes(content if kind == "xlsx" else template.csv_template())
    with pytest.raises(ReturnError, match="no rows filled in"):
        ingest._read(path)


def test_rows_of_the_example_are_refused_where_a_force_fills_in(book, data, tmp_path):
    for row in book[template.EXAMPLE_SHEET].iter_rows(min_row=HEADER + 1, values_only=True):
        book[SHEET].append(row)
    book.save(tmp_path / "return.xlsx")
    frame, _ = ingest._read(tmp_path / "return.xlsx")
    own = [f for f in faults(frame, data) if f.severity == "stop"]
    assert {fault.row for fault in own} == set(frame["row"])
    assert {fault.found for fault in own} == {"a row of the worked example"}


def test_the_example_would_be_a_good_return_without_its_mark(book, data, tmp_path):
    place = NAMES.index("source_ref") + 1
    for row in book[template.EXAMPLE_SHEET].iter_rows(min_row=HEADER + 1):
        row[place - 1].value = None
    book.remove(book[SHEET])
    book[template.EXAMPLE_SHEET].title = SHEET
    book.save(tmp_path / "return.xlsx")
    frame, wrong = ingest._read(tmp_path / "return.xlsx")
    assert not wrong and len(frame) >= 8
    assert [str(f) for f in faults(frame, data) if f.severity == "stop"] == []


def run(*words):
    return CliRunner().invoke(main, list(map(str, words)))


def test_the_command_writes_the_form_in_the_format_asked_for(tmp_path, content):
    assert run("template", tmp_path / "a.xlsx").exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == content
    assert run("template", "--format", "csv", tmp_path / "a.txt").exit_code == 0
    assert (tmp_path / "a.txt").read_bytes() == template.csv_template()
    assert run("template", tmp_path / "a.doc").exit_code == 2
    assert run("template", tmp_path / "no" / "a.csv").exit_code == 3


def test_the_command_says_what_is_wrong_with_a_return(tmp_path, content, monkeypatch, data):
    monkeypatch.setattr(ingest, "_load", lambda folder: data)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    given = ("ingest", path, "--source", "a-b", "--published", "2025-05-14")
    done = run(*given)
    assert done.exit_code == 1 and "no rows filled in" in done.stderr and not done.stdout
    done = run(*given, "--json")
    assert done.exit_code == 1 and '"outcome": "refused"' in done.stdout
    absent = run("ingest", tmp_path / "no.csv", "--source", "a-b", "--published", "2025-05-14")
    assert absent.exit_code == 3 and "no such file" in absent.stderr
