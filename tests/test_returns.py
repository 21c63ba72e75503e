"""Broken returns: each kind has its message, and the data are the same bytes afterwards."""

import shutil
from datetime import date

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from return_files import (
    COLUMNS,
    ORDER,
    STOCK,
    TITLE,
    as_csv,
    as_ods,
    as_xlsx,
    flow,
    gone,
    good,
    offences,
    stock,
    table,
)

from rso_report import dataset
from rso_report.errors import ReportError
from rso_report.intake import ingest
from rso_report.intake.annual_return import faults, tidy, typed
from rso_report.intake.checks import family_of_heading
from rso_report.return_form import KEY, SPLITS, fields, measures, titles

SOURCE = ingest.Source("sta-return-2025", "Annual return, 2024-25", "Staffordshire Police")
SOURCE = ingest.Source(**(vars(SOURCE) | {"published": date(2025, 5, 14)}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the data package; nothing of this module may change a byte of it."""
    copy = tmp_path_factory.mktemp("package") / "data"
    shutil.copytree(dataset.data_folder(), copy)
    return copy


def state(folder):
    return {path.name: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}


def rows(*given):
    """A CSV file of good rows and these: faults must be found among sound rows."""
    return lambda path: as_csv(path / "return.csv", table([*good(), *given]))


def alone(*given, columns=COLUMNS):
    return lambda path: as_csv(path / "return.csv", table(given, columns))


def without(*names):
    columns = [name for name in COLUMNS if name not in names]
    return lambda path: as_csv(path / "return.csv", table(good(), columns))


def renamed(old, new):
    cells = table(good())
    cells[0] = [new if name == old else name for name in cells[0]]
    return lambda path: as_csv(path / "return.csv", cells)


def csv_file(**how):
    return lambda path: as_csv(path / "return.csv", table(good()), **how)


def text(content, name="return.csv"):
    def make(path):
        (path / name).write_bytes(content)
        return path / name

    return make


def xlsx(change=lambda sheet: None, given=(), name="Return", file="return.xlsx"):
    cells = table([*good(), *given])
    return lambda path: as_xlsx(path / file, cells, name, change)


def two_sheets(path):
    return as_xlsx(
        path / "return.xlsx",
        table(good()),
        "Figures",
        lambda sheet: sheet.parent.create_sheet("Notes").append(["see above"]),
    )


def cell(place, value):
    def change(sheet):
        sheet[place] = value

    return change


RAISED = CellRichText(["29", TextBlock(InlineFont(vertAlign="superscript"), "3")])


def from_1904(sheet):
    sheet.parent.epoch = CALENDAR_MAC_1904


def merge(sheet):
    sheet.merge_cells("R2:R3")


def ods(*given):
    return lambda path: as_ods(path / "return.ods", table([*good(), *given]))


NOTE = STOCK | {"measure_code": "RSO_REACTIVE", "value": 5}
FIRST = len(good()) + 2  # row of the first fault in a sheet of good rows and others

# What is wrong: a file made by code, and the check and place of its fault (row and column); of a
# file that cannot be read, words of its message.
BROKEN = {
    # The file.
    "no such file": (lambda path: path / "absent.csv", ["absent.csv", "no such file"]),
    "more rows than a return has": (
        lambda path: as_csv(path / "a.csv", table([flow("VISITS_MADE", 1)] * 10_001)),
        ["a.csv", "more than 10,000 rows", "lists of single events are not wanted"],
    ),
    # The sheet.
    "wrong sheet": (two_sheets, ("V01", None, None)),
    "no row of names": (text(b"Staffordshire Police\n1700\n"), ("V01", None, None)),
    "no rows filled in": (alone(), ("V01", None, None)),
    "missing column": (without("value_status"), ("V01", None, "value_status")),
    "misspelt column": (renamed("custody_status", "custody_staus"), ("V01", None, None)),
    "required column misspelt": (renamed("value", "values"), ("V01", None, "value")),
    "column twice": (renamed("note", "value"), ("V01", 1, "value")),
    "value beside the table": (xlsx(cell("W3", "see note")), ("V01", 3, "W")),
    "a comma that pushes cells along": (
        lambda path: as_csv(path / "return.csv", [*table(good()), [*COLUMNS, "620"]]),
        ("V01", FIRST, "W"),
    ),
    "merged cells": (xlsx(merge), ("V02", 2, "value")),
    "formula without a value": (xlsx(cell("R3", "=R2*2")), ("V02", 3, "value")),
    "error value": (xlsx(cell("R3", "#REF!")), ("V02", 3, "value")),
    # Cells.
    "text in numbers": (rows(offences("about 40")), ("V02", FIRST, "value")),
    "thousands comma": (rows(gone("1,200")), ("V02", FIRST, "value")),
    "less than": (rows(gone("<5")), ("V02", FIRST, "value")),
    "negative": (rows(gone(-3)), ("V02", FIRST, "value")),
    "decimal": (rows(flow("VISITS_MADE", 12.5, custody_status="both")), ("V02", FIRST, "value")),
    "too large": (rows(gone(10**12)), ("V02", FIRST, "value")),
    "digits of another script": (rows(gone("\u0663\u0664")), ("V02", FIRST, "value")),
    "yes instead of a number": (xlsx(given=[gone(True)]), ("V02", FIRST, "value")),
    "value blank without status": (
        alone({**STOCK, "measure_code": "RSO_REGISTER", "value_status": ""}),
        ("V03", 2, "value_status"),
    ),
    "value blank with status final": (rows(gone("")), ("V02", FIRST, "value")),
    "value with status not_held": (
        rows(gone(4) | {"value_status": "not_held"}),
        ("V02", FIRST, "value"),
    ),
    "unknown force": (rows(gone(4) | {"force": "STX"}), ("V03", FIRST, "force")),
    "name of a force": (rows(gone(4) | {"force": "Staffordshire Police"}), ("V03", FIRST, "force")),
    "wrong case": (
        rows(gone(4) | {"measure_code": "missing_stock"}),
        ("V03", FIRST, "measure_code"),
    ),
    "unknown status": (rows(gone(4) | {"value_status": "ok"}), ("V03", FIRST, "value_status")),
    "definition not given": (rows(gone(4, definition_code="")), ("V03", FIRST, "definition_code")),
    "tier of a measure without tiers": (
        rows(flow("VISITS_MADE", 5, definition_code="MISSING_PERSON")),
        ("V03", FIRST, "definition_code"),
    ),
    "register by tier": (
        rows(stock("RSO_REGISTER", 5, risk_tier="H")),
        ("V03", FIRST, "risk_tier"),
    ),
    # Dates.
    "Excel serial": (rows(gone(4, as_at="45747")), ("V04", FIRST, "as_at")),
    "serial of the 1904 system": (
        xlsx(from_1904, given=[gone(4, as_at=44285)]),  # four years and a day less than 45747
        ("V04", FIRST, "as_at"),
    ),
    "raised note": (xlsx(cell("R3", RAISED)), ("V02", 3, "value")),
    "British date": (rows(gone(4, as_at="31/03/2025")), ("V04", FIRST, "as_at")),
    "future date": (rows(gone(4, as_at="2026-03-31")), ("V04", FIRST, "as_at")),
    "before the register": (rows(gone(4, as_at="1925-03-31")), ("V04", FIRST, "as_at")),
    "stock with a period": (
        rows(gone(4, period_start="2024-04-01")),
        ("V04", FIRST, "period_start"),
    ),
    "stock without a day": (rows(gone(4, as_at="")), ("V04", FIRST, "as_at")),
    "flow without end": (rows(offences(4, period_end="")), ("V04", FIRST, "period_end")),
    "end before start": (rows(offences(4, period_end="2024-03-31")), ("V04", FIRST, "period_end")),
    "period of 11 months": (
        rows(offences(4, period_end="2025-02-28")),
        ("V05", FIRST, "period_end"),
    ),
    "period of 18 months": (
        rows(offences(4, period_start="2023-10-01")),
        ("V05", FIRST, "period_end"),
    ),
    # Places.
    "district without a code": (
        rows(gone(4, geography_level="district", population_total=60_000)),
        ("V03", FIRST, "geography_code"),
    ),
    "code of a district for a whole force": (
        rows(gone(4, geography_code="E08000025")),
        ("V03", FIRST, "geography_code"),
    ),
    "district without a population": (
        rows(gone(4, geography_level="district", geography_code="E07000192")),
        ("V19", FIRST, "population_total"),
    ),
    "one person by sex": (rows(stock("RSO_REGISTER", 1, sex="female")), ("V19", FIRST, "sex")),
    "one person by level": (
        rows(stock("RSO_BY_LEVEL", 1, mappa_level="3", custody_status="community")),
        ("V19", FIRST, "mappa_level"),
    ),
    "no residents": (rows(gone(4, population_total=0)), ("V02", FIRST, "population_total")),
    # Rows against each other.
    "duplicate rows": (rows(offences(121)), ("V18", FIRST, None)),
    "more missing than RSOs": (alone(stock("RSO_REGISTER", 40), gone(41)), ("V10", 3, "value")),
    "custody in a community count": (
        rows(stock("RSO_COMMUNITY", 4, sex="male", custody_status="both")),
        ("V17", FIRST, "custody_status"),
    ),
    "mixed custody": (
        rows(
            stock("RSO_BY_TIER", 3, risk_tier="H", risk_tool="ARMS", custody_status="both"),
        ),
        ("V17", FIRST, "custody_status"),
    ),
    "unknown title": (
        rows(offences(4, offence_title="Breach of something")),
        ("V15", FIRST, "offence_title"),
    ),
    "title in other letters": (
        rows(offences(4, offence_title=TITLE.upper())),
        ("V15", FIRST, "offence_title"),
    ),
    "total without cells": (
        alone(
            offences(9, table_as_printed="1a", total="column"),
            columns=(*COLUMNS, "table_as_printed", "total"),
        ),
        ("V13", 2, "total"),
    ),
    # Text.
    "name in a note": (rows(NOTE | {"note": "asked Mr Smith"}), ("V20", FIRST, "note")),
    "e-mail address": (
        rows(NOTE | {"source_ref": "a.b@example.org"}),
        ("V20", FIRST, "source_ref"),
    ),
    "date of birth": (rows(NOTE | {"note": "born on 3 May 1975"}), ("V20", FIRST, "note")),
    "a day of another century": (rows(NOTE | {"note": "see 03/05/1975"}), ("V20", FIRST, "note")),
    "CSV injection": (
        rows(NOTE | {"note": '=HYPERLINK("http://example.org")'}),
        ("V02", FIRST, "note"),
    ),
    "markup": (rows(NOTE | {"note": "<b>5</b>"}), ("V02", FIRST, "note")),
    "injection by an at sign": (
        rows(NOTE | {"source_ref": "@SUM(1)"}),
        ("V02", FIRST, "source_ref"),
    ),
    "long note": (rows(NOTE | {"note": "a " * 1_200}), ("V02", FIRST, "note")),
    "invisible character": (rows(NOTE | {"note": "a\x07b"}), ("V02", FIRST, "note")),
    # What is published already.
    "revision of nothing": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised", "revises_row": "MI9999"}),
        ("V03", FIRST, "revises_row"),
    ),
    "revision of another force": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised", "revises_row": "MI0001"}),
        ("V03", FIRST, "revises_row"),
    ),
    "revised without a row": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised"}),
        ("V03", FIRST, "revises_row"),
    ),
    "offences that another source gave": (
        rows(offences(500, force="WMP", period_start="2020-04-01", period_end="2021-03-31")),
        ("V18", FIRST, None),
    ),
    "two definitions on one day": (
        rows(gone(7, definition_code="WANTED_WARRANT")),
        ("V18", FIRST, None),
    ),
    "in an ODS file": (ods(gone("many", as_at="2024-03-31")), ("V02", FIRST, "value")),
    "in an XLSX file": (xlsx(given=[gone("many", as_at="2024-03-31")]), ("V02", FIRST, "value")),
}


# Where a message names another place, a date or a name that may be meant, that is a fact.
MEANT = {
    "misspelt column": "custody_status",
    "required column misspelt": "'values'",
    "serial of the 1904 system": "2025-03-31",
    "British date": "2025-03-31",
    "future date": "2025-05-14",
    "raised note": "'3' beside '29'",
    "name of a force": "did you mean STA?",
    "wrong case": "did you mean MISSING_STOCK?",
    "title in other letters": f"did you mean '{TITLE}'?",
    "duplicate rows": "row 9",
    "mixed custody": "row 12",
    "two definitions on one day": "row 6",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_return_says_what_is_wrong_and_changes_nothing(
    kind, folder, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(ingest, "load", lambda folder: data)
    make, expected = BROKEN[kind]
    path, before = make(tmp_path), state(folder)
    with pytest.raises(ReportError) as caught:
        ingest.ingest(path, SOURCE, folder)
    message = str(caught.value)
    if isinstance(expected, tuple):
        found = [(f.code, f.row, f.column) for f in caught.value.faults if f.severity == "stop"]
        assert expected in found, message
    else:
        assert [part for part in expected if part not in message] == [], message
    assert MEANT.get(kind, "") in message
    assert path.name in message
    assert state(folder) == before


def test_a_message_about_a_person_does_not_repeat_the_details(folder, data, tmp_path, monkeypatch):
    monkeypatch.setattr(ingest, "load", lambda folder: data)
    path = rows(NOTE | {"note": "asked Mr Smithson, born 3 May 1975"})(tmp_path)
    with pytest.raises(ReportError) as caught:
        ingest.ingest(path, SOURCE, folder)
    assert "Smithson" not in str(caught.value) and "1975" not in str(caught.value)


def test_all_faults_are_reported_at_once(folder, data, tmp_path, monkeypatch):
    monkeypatch.setattr(ingest, "load", lambda folder: data)
    path = rows(gone("many"), offences(4, period_end="2025-02-28"), NOTE | {"note": "Mr Smith"})(
        tmp_path
    )
    with pytest.raises(ReportError) as caught:
        ingest.ingest(path, SOURCE, folder)
    codes = [(fault.code, fault.row) for fault in caught.value.faults if fault.severity == "stop"]
    assert codes == [("V02", FIRST), ("V05", FIRST + 1), ("V20", FIRST + 2)]
    assert "3 faults in return.csv" in str(caught.value)


def found(data, *given, columns=COLUMNS):
    frame, wrong = tidy(table(given, columns))
    return wrong + faults(frame, data, SOURCE.published)


@pytest.mark.parametrize("make", [rows(), ods(), xlsx()], ids=["csv", "ods", "xlsx"])
def test_a_good_return_has_no_fault_in_any_format(make, data, tmp_path):
    frame, wrong = ingest._read(make(tmp_path), data)
    assert not wrong
    assert [str(f) for f in faults(frame, data, SOURCE.published) if f.severity == "stop"] == []
    values = typed(frame, data)
    assert values["value"].tolist()[:3] == [1700, 1400, 290]
    assert values["as_at"].iloc[0] == date(2025, 3, 31)
    assert values["custody_status"].tolist()[:3] == ["both", "community", "custody"]


@pytest.mark.parametrize("how", [{"start": b"\xef\xbb\xbf"}, {"delimiter": ";"}])
def test_what_spreadsheets_do_to_csv_files_is_read(how, tmp_path, data):
    frame, wrong = ingest._read(csv_file(**how)(tmp_path), data)
    assert not wrong and len(frame) == len(good())


def test_names_of_columns_may_stand_below_a_title(data):
    cells = [["Return of a force"], [None], *table(good())]
    frame, wrong = tidy(cells)
    assert not wrong and frame["row"].tolist()[0] == 4


# Remarks: shown and logged, the figures are taken as given.
REGISTER = stock("RSO_REGISTER", 1000)
BY_SEX = (stock("RSO_REGISTER", 900, sex="male"), stock("RSO_REGISTER", 90, sex="female"))
LEVEL = {"custody_status": "both"}
TIER = {"custody_status": "both", "risk_tool": "ARMS"}
MOVED = {"definition_code": "WHEREABOUTS_UNKNOWN"}
REMARKS = {
    "V05": ([offences(4, period_end="2025-02-28") | {"value_status": "provisional"}], "334 days"),
    "V06": ([REGISTER, *BY_SEX], "1,000, but the sexes sum to 990 (rows 3 and 4)"),
    "V07": (
        [REGISTER, *(stock("RSO_BY_LEVEL", 300, mappa_level=x, **LEVEL) for x in "123")],
        "1,000, but the MAPPA levels sum to 900",
    ),
    "V08": (
        [
            REGISTER,
            *(stock("RSO_BY_TIER", 200, risk_tier=x, **TIER) for x in ("VH", "H", "M", "L")),
        ],
        "1,000, but the risk tiers sum to 800",
    ),
    "V11": (
        [
            gone(10, as_at="2024-03-31"),
            flow("MISSING_NEW", 5, **MOVED),
            flow("MISSING_TRACED", 3, **MOVED),
            gone(11),
        ],
        "which does not make the 11 at the end (row 5)",
    ),
    "V12": (
        [flow("ANNUAL_CONTACT_FAIL_PERSONS", 9), flow("ANNUAL_CONTACT_FAIL_EVENTS", 8)],
        "9 people, but 8 failures",
    ),
    "V14": (
        [offences(4, offence_title=ORDER, heading_as_printed="breaches of SROs")],
        "under the heading 'breaches of SROs'",
    ),
    "V16": (
        [stock("RSO_REGISTER", 1000, as_at="2024-03-31"), stock("RSO_REGISTER", 1300)],
        "1,300, +30 % since 31 March 2024 (1,000, row 2)",
    ),
    "V19": (
        [gone(4, geography_level="district", geography_code="E07000192", population_total=10_000)],
        "10,000 residents",
    ),
    "V21": ([flow("VISITS_DUE", 100), flow("VISITS_MADE", 74)], "74 visits made of 100 due"),
    "V23": (
        [stock("STOCK_MAPPA", 3600, force="WMP", as_at="2021-03-31")],
        "3,600, but 3,655 in RO",
    ),
}


@pytest.mark.parametrize("code", REMARKS)
def test_a_remark_says_what_does_not_fit_and_stops_nothing(code, data):
    given, words = REMARKS[code]
    own = [fault for fault in found(data, *given) if fault.code == code]
    assert [fault.severity for fault in own] == ["withhold" if code == "V19" else "warn"]
    assert words in own[0].found
    assert all(fault.severity != "stop" for fault in found(data, *given))


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("V06", [stock("RSO_REGISTER", 990), *BY_SEX]),
        ("V10", [REGISTER, gone(1000)]),
        ("V16", [stock("RSO_REGISTER", 1000, as_at="2024-03-31"), stock("RSO_REGISTER", 1200)]),
        ("V19", [gone(4, population_total=8_600), gone(1, force="LANCASHIRE")]),
        ("V21", [flow("VISITS_DUE", 100), flow("VISITS_MADE", 75)]),
        ("V23", [stock("STOCK_MAPPA", 3655, force="WMP", as_at="2021-03-31")]),
        ("V20", [NOTE | {"note": "counted on 31 March 2025; 12 reviews in 2024-25"}]),
        ("V05", [offences(4, period_start="2024-03-01", period_end="2025-02-28")]),
    ],
)
def test_what_is_just_right_is_not_remarked(code, given, data):
    assert [str(fault) for fault in found(data, *given) if fault.code == code] == []


def test_every_force_of_the_data_may_answer(data):
    units = data.areas[data.areas["kind"].isin(["force", "joint"])]["area_id"]
    given = [gone(4) | {"force": unit} for unit in units]
    assert len(units) == 44
    assert [str(fault) for fault in found(data, *given) if fault.severity == "stop"] == []


def test_the_form_declares_each_thing_once():
    assert set(KEY) <= set(fields())
    assert {measure.table for measure in measures().values()} == set(SPLITS)
    for measure in measures().values():
        assert set(measure.needs) <= set(fields()), measure.code


def test_the_map_of_titles_agrees_with_the_rows_that_are_held(data):
    titled = data.breaches[data.breaches["offence_title"] != ""]
    for row in titled.itertuples():
        assert titles()[row.offence_title] == row.family
        if row.heading_as_printed:
            assert family_of_heading(row.heading_as_printed) == row.heading_family
