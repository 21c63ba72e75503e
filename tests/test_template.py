"""The form to fill in: questions in words, read back into the rows of the long table."""

import io
import shutil
from datetime import date

import openpyxl
import pytest
from return_files import ORDER, TITLE, as_csv, flow, gone, offences, stock, table
from test_cli import call

from rso_report import dataset
from rso_report.errors import FaultError
from rso_report.intake import ingest, questions
from rso_report.intake.annual_return import faults, typed
from rso_report.periods import FinancialYear
from rso_report.return_form import asked, fields, measures, titles

YEAR = FinancialYear(2024)


@pytest.fixture
def fill(data, tmp_path):
    """Fill in the form: answers by label, and by label and column for several."""

    def fill(answers, force="Staffordshire Police", change=lambda sheet: None, name="form.xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(questions.workbook_template(data, "STA", YEAR)))
        sheet = book[questions.FORM]
        sheet.cell(questions.FORCE[0] + 1, 2).value = force
        for line in questions.layout(YEAR.end):
            given = answers.get(line.label) if line.label else None
            for column, value in (given or {}).items():
                sheet.cell(line.row + 1, column).value = value
        change(sheet)
        book.save(tmp_path / name)
        return tmp_path / name

    return fill


def words_of(code):
    return measures()[code].asks


ANSWERS = {
    words_of("RSO_REGISTER"): {2: 1700},
    words_of("RSO_COMMUNITY"): {2: 1400},
    words_of("RSO_CUSTODY"): {2: 290},
    words_of("RSO_ABROAD"): {2: "<5", 9: "counted by hand"},
    words_of("TRAVEL_NOTIFIED"): {2: 60},
    words_of("NAME_CHANGE_NOTIFIED"): {6: "over the cost limit"},
    words_of("MISSING_RULE_DAYS"): {6: "not held"},
    "What missing means here": {2: "whereabouts unknown"},
    words_of("MISSING_STOCK"): {2: 9},
    TITLE: {2: 110, 3: 115, 4: 120},
    ORDER: {4: 40, 7: date(2025, 1, 31)},
    "Tool that gave the tier": {2: "ARMS"},
    "Very high": {2: 30, 3: 400, 4: 390},
    "All tiers": {3: 4000, 4: 3900},
}


def rows_of(answers_path, data):
    frame, wrong = ingest._read(answers_path, data)
    found = wrong + faults(frame, data, date(2025, 5, 14))
    assert [str(f) for f in found if f.severity == "stop"] == []
    values = typed(frame, data)
    own = [name for name, each in fields().items() if each.part in ("required", "optional")]
    return sorted(map(str, values[own].itertuples(index=False)))


def test_the_form_and_the_long_table_give_the_same_rows(fill, data, tmp_path):
    earlier = [
        offences(115, period_start="2023-04-01", period_end="2024-03-31"),
        offences(110, period_start="2022-04-01", period_end="2023-03-31"),
    ]
    tier = {"risk_tier": "VH"}
    long = [
        stock("RSO_REGISTER", 1700),
        stock("RSO_COMMUNITY", 1400),
        stock("RSO_CUSTODY", 290),
        stock("RSO_ABROAD", 5, value_status="suppressed", qualifier="fewer_than")
        | {"note": "counted by hand"},
        flow("TRAVEL_NOTIFIED", 60),
        flow("NAME_CHANGE_NOTIFIED", "", value_status="cost_limit"),
        stock("MISSING_RULE_DAYS", "", value_status="not_held"),
        gone(9),
        offences(120),
        *earlier,
        flow("SHPO_OFFENCES", 40, offence_title=ORDER, period_end="2025-01-31")
        | {"value_status": "provisional"},
        stock("RSO_BY_TIER", 30, risk_tool="ARMS", custody_status="community", **tier),
        flow("VISITS_DUE", 400, **tier),
        flow("VISITS_MADE", 390, **tier),
        flow("VISITS_DUE", 4000),
        flow("VISITS_MADE", 3900),
    ]
    columns = [*fields()][:24]
    path = as_csv(tmp_path / "long.csv", table(long, columns))
    assert rows_of(fill(ANSWERS), data) == rows_of(path, data)


def test_every_question_of_the_return_has_its_cells_and_no_code_is_shown(data):
    lines = list(questions.layout(YEAR.end))
    assert {a["measure_code"] for line in lines for a in line.cells if a} == {*asked()}
    assert set(titles()) <= {line.label for line in lines}
    book = openpyxl.load_workbook(io.BytesIO(questions.workbook_template(data, "WMP", YEAR)))
    shown = [str(c.value) for row in book[questions.FORM] for c in row if c.value is not None]
    codes = {c for c in [*asked(), *fields(), "WMP", "not_held", "VH"] if "_" in c or c.isupper()}
    assert not [text for text in shown if codes & set(text.split())]
    assert any(text.startswith("268 (to 31 March 2021") for text in shown)  # what was published
    assert questions.workbook_template(data) == questions.workbook_template(data)


def test_only_the_cells_for_answers_can_be_written_and_choices_are_lists(data):
    book = openpyxl.load_workbook(io.BytesIO(questions.workbook_template(data)))
    sheet = book[questions.FORM]
    assert {rule.type for rule in sheet.data_validations.dataValidation} == {"list"}
    unlocked = {(c.row, c.column) for row in sheet for c in row if not c.protection.locked}
    lines = [line for line in questions.layout(None) if line.label and line.kind == "answer"]
    asked = {(line.row + 1, n) for line in lines for n, about in enumerate(line.cells, 2) if about}
    assert sheet.protection.sheet and asked <= unlocked


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({words_of("RSO_REGISTER"): {2: "about 1700"}}, "cell B10: found 'about 1700'"),
        ({words_of("RSO_REGISTER"): {2: -3}}, "cell B10: found '-3'"),
        ({words_of("RSO_REGISTER"): {6: "dunno"}}, "cell F10: found 'dunno'; allowed: one of not"),
        ({words_of("MISSING_STOCK"): {2: 9}}, "column definition_code: found nothing"),
        (
            {words_of("TRAVEL_NOTIFIED"): {2: 6, 9: "asked Mr Smith"}},
            "V20, sheet Form, cell B16, column note",
        ),
        ({}, "no cell filled in"),
    ],
)
def test_a_wrong_answer_is_named_by_its_cell_and_nothing_is_written(answers, says, fill, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    source = ingest.Source("sta-return-x", "Invented", published=date(2025, 5, 14))
    with pytest.raises(FaultError) as caught:
        ingest.ingest(fill(answers), source, folder)
    assert says in str(caught.value), str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_earlier_year_that_is_held_is_no_new_figure_and_another_number_revises_it(fill, data):
    first = data.breaches[data.breaches["row_id"] == "BR0004"].iloc[0]
    end = first["period_end"].date()

    def change(sheet):
        for place, day in ((questions.START, date(end.year - 1, 4, 1)), (questions.END, end)):
            sheet.cell(place[0] + 1, 2).value = day

    for value, expected in ((int(first["value"]), []), (271, [("revised", "BR0004")])):
        path = fill({TITLE: {4: value}}, force="West Midlands Police", change=change)
        if not expected:
            with pytest.raises(FaultError, match="no cell filled in"):
                ingest._read(path, data)
            continue
        frame, _ = ingest._read(path, data)
        assert list(zip(frame["value_status"], frame["revises_row"], strict=True)) == expected


def test_a_form_whose_lines_were_moved_is_not_guessed(fill, data):
    path = fill(ANSWERS, change=lambda sheet: sheet.delete_rows(12))
    _, wrong = ingest._read(path, data)
    assert "the form as it was sent" in {fault.allowed for fault in wrong}
    path = fill(ANSWERS, force="Staffordshire")
    with pytest.raises(FaultError, match="cell B4: found 'Staffordshire'"):
        ingest._read(path, data)


def test_the_long_table_is_known_when_nothing_is_filled_in(tmp_path, data):
    (tmp_path / "long.csv").write_bytes(questions.csv_template())
    with pytest.raises(FaultError, match="no rows filled in"):
        ingest._read(tmp_path / "long.csv", data)


def test_the_command_writes_the_form_in_the_format_that_its_name_ends_in(tmp_path, data):
    assert call("template", str(tmp_path / "a.xlsx")).exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == questions.workbook_template(data)
    assert call("template", str(tmp_path / "a.csv")).exit_code == 0
    assert (tmp_path / "a.csv").read_bytes() == questions.csv_template()
    assert call("template", str(tmp_path / "a.doc")).exit_code == 2
    for code in ("XXX", "WM"):  # WM is a region
        assert call("template", str(tmp_path / "b.xlsx"), "--force", code).exit_code == 2
    assert call("template", str(tmp_path / "no" / "a.csv")).exit_code == 3
