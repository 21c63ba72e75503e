"""Broken returns: each kind has its message, and the data are the same bytes afterwards."""

import shutil
from datetime import date

import pytest
import workbooks
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
    bomb,
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
from rso_report.return_form import CHECKS, KEY, SPLITS, asked, fields, measures, titles

SOURCE = ingest.Source("sta-return-2025", "Annual return, 2024-25", "Staffordshire Police")
SOURCE = ingest.Source(**(vars(SOURCE) | {"published": date(2025, 5, 14)}))


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


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


def stored(make):
    """A workbook as Excel stores it."""

    def made(path):
        file = make(path)
        file.write_bytes(workbooks.as_excel_stores(file.read_bytes()))
        return file

    return made


def from_1904(sheet):
    sheet.parent.epoch = CALENDAR_MAC_1904


def merge(sheet):
    sheet.merge_cells("R2:R3")


def ods(*given):
    return lambda path: as_ods(path / "return.ods", table([*good(), *given]))


NOTE = STOCK | {"measure_code": "RSO_REACTIVE", "value": 5}
FIRST = len(good()) + 2  # row of the first fault in a sheet of good rows and others
PLACE = f"row {FIRST}, column"

# What is wrong: a file made by code, and parts of the message that a person reads.
BROKEN = {
    # The file.
    "no such file": (lambda path: path / "absent.csv", ["absent.csv", "no such file"]),
    "empty file": (text(b""), ["an empty file", "send the filled file"]),
    "another format under its name": (text(b"PK\x03\x04 not", "a.xlsx"), ["a.xlsx"]),
    "zip bomb": (lambda path: bomb(path / "a.xlsx"), ["unpacks to", "at most"]),
    "100,000 rows": (
        lambda path: as_csv(path / "a.csv", table([flow("VISITS_MADE", 1)] * 100_000)),
        ["more than 10,000 rows", "lists of single events are not wanted"],
    ),
    "more rows than a return has": (
        lambda path: as_csv(path / "a.csv", table([flow("VISITS_MADE", 1)] * 5_001)),
        ["5,001 rows", "at most 5,000"],
    ),
    # The sheet.
    "wrong sheet": (two_sheets, ["V01", "the sheets Figures, Notes", "a sheet named Return"]),
    "no row of names": (text(b"Staffordshire Police\n1700\n"), ["V01", "no row with the names"]),
    "no rows filled in": (alone(), ["V01, sheet Return: found no rows filled in"]),
    "missing column": (
        without("value_status"),
        ["V01", "column value_status: found no such column"],
    ),
    "misspelt column": (
        renamed("custody_status", "custody_staus"),
        ["V01", "unknown column 'custody_staus'", "did you mean custody_status?"],
    ),
    "required column misspelt": (
        renamed("value", "values"),
        ["column value: found no such column", "rename 'values'"],
    ),
    "column twice": (renamed("note", "value"), ["column value: found the column a second time"]),
    "value beside the table": (
        xlsx(cell("W3", "see note")),
        ["row 3, column W: found 'see note' in a column without a name"],
    ),
    "merged cells": (xlsx(merge), ["row 2, column value: found merged cells", "unmerge"]),
    "formula without a value": (
        xlsx(cell("R3", "=R2*2")),
        ["row 3, column value: found a formula without a saved value", "let it calculate"],
    ),
    "error value": (xlsx(cell("R3", "#REF!")), ["row 3, column value", "#REF!"]),
    # Cells.
    "text in numbers": (
        rows(offences("about 40")),
        [f"V02, sheet Return, {PLACE} value", "'about"],
    ),
    "thousands comma": (rows(gone("1,200")), [f"{PLACE} value", "write 1200, if that is"]),
    "less than": (
        rows(gone("<5")),
        ["found '<5'", "fewer_than in qualifier and suppressed in value_status"],
    ),
    "negative": (rows(gone(-3)), ["found '-3'", "a number of 0 or more", "cannot be negative"]),
    "decimal": (
        rows(flow("VISITS_MADE", 12.5, custody_status="both")),
        ["found '12.5'", "a whole number", "only full-time equivalents"],
    ),
    "too large": (rows(gone(10**12)), ["at most 99,999,999"]),
    "number in exponent form": (rows(gone("1e3")), ["found '1e3'"]),
    "digits of another script": (rows(gone("\u0663\u0664")), [f"{PLACE} value: found"]),
    "yes instead of a number": (
        xlsx(given=[gone(True)]),
        [f"{PLACE} value: found 'True'"],
    ),
    "value blank without status": (
        alone({**STOCK, "measure_code": "RSO_REGISTER", "value_status": ""}),
        ["V03, sheet Return, row 2, column value_status: found nothing"],
    ),
    "value blank with status final": (
        rows(gone("")),
        [f"{PLACE} value: found nothing", "a number, because value_status is final"],
    ),
    "value with status not_held": (
        rows(gone(4) | {"value_status": "not_held"}),
        [f"{PLACE} value: found '4'", "nothing, because value_status is not_held"],
    ),
    "unknown force": (
        rows(gone(4) | {"force": "STX"}),
        [f"V03, sheet Return, {PLACE} force: found 'STX'", "did you mean STA?"],
    ),
    "name of a force": (
        rows(gone(4) | {"force": "Staffordshire Police"}),
        ["did you mean STA?"],
    ),
    "wrong case": (
        rows(gone(4) | {"measure_code": "missing_stock"}),
        ["column measure_code: found 'missing_stock'", "did you mean MISSING_STOCK?"],
    ),
    "unknown measure": (
        rows(gone(4) | {"measure_code": "REOFFENDED"}),
        ["found 'REOFFENDED'", "one of RSO_REGISTER, RSO_COMMUNITY"],
    ),
    "unknown status": (rows(gone(4) | {"value_status": "ok"}), ["'ok'", "one of final, provis"]),
    "definition not given": (
        rows(gone(4, definition_code="")),
        [f"{PLACE} definition_code: found nothing", "needed for MISSING_STOCK"],
    ),
    "tier of a measure without tiers": (
        rows(flow("VISITS_MADE", 5, definition_code="MISSING_PERSON")),
        ["VISITS_MADE is not asked by definition_code"],
    ),
    "register by tier": (
        rows(stock("RSO_REGISTER", 5, risk_tier="H")),
        ["column risk_tier: found 'H'", "RSO_REGISTER is not asked by risk_tier"],
    ),
    # Dates.
    "Excel serial": (
        rows(gone(4, as_at="45747")),
        [f"V04, sheet Return, {PLACE} as_at", "31 March 2025", "2025-03-31"],
    ),
    "serial of the 1904 system": (
        xlsx(from_1904, given=[gone(4, as_at=44285)]),  # four years and a day less than 45747
        ["V04", "the number 44285", "write 2025-03-31"],
    ),
    "raised note": (
        xlsx(cell("R3", RAISED)),
        ["V02", "row 3", "raised characters '3' beside '29'"],
    ),
    "raised note as Excel stores it": (
        stored(xlsx(cell("R3", RAISED))),
        ["V02", "row 3", "raised characters '3' beside '29'"],
    ),
    "Excel serial as a number": (xlsx(given=[gone(4, as_at=45747)]), ["write 2025-03-31"]),
    "British date": (rows(gone(4, as_at="31/03/2025")), ["'31/03/2025'", "write 2025-03-31"]),
    "American date": (rows(gone(4, as_at="03/31/2025")), ["'03/31/2025'", "YYYY-MM-DD"]),
    "no such day": (rows(gone(4, as_at="2025-02-30")), ["'2025-02-30'"]),
    "future date": (
        rows(gone(4, as_at="2026-03-31")),
        ["found 2026-03-31", "no day after 2025-05-14, the date of the return"],
    ),
    "before the register": (rows(gone(4, as_at="1925-03-31")), ["found 1925-03-31", "1997"]),
    "stock with a period": (
        rows(gone(4, period_start="2024-04-01")),
        [f"{PLACE} period_start: found 2024-04-01", "is a stock", "empty period_start"],
    ),
    "stock without a day": (rows(gone(4, as_at="")), [f"{PLACE} as_at: found nothing"]),
    "flow without end": (
        rows(offences(4, period_end="")),
        [f"{PLACE} period_end: found nothing", "is a flow", "fill in period_end"],
    ),
    "end before start": (
        rows(offences(4, period_end="2024-03-31")),
        ["2024-03-31, before the start 2024-04-01"],
    ),
    "period of 11 months": (
        rows(offences(4, period_end="2025-02-28")),
        [f"V05, sheet Return, {PLACE} period_end", "a period of 334 days", "provisional"],
    ),
    "period of 18 months": (rows(offences(4, period_start="2023-10-01")), ["548 days"]),
    # Places.
    "district without a code": (
        rows(gone(4, geography_level="district", population_total=60_000)),
        ["column geography_code: found nothing", "a district of STA"],
    ),
    "district of another force": (
        rows(gone(4, geography_level="district", geography_code="E08000025", population_total=9)),
        ["'E08000025'", "a district of STA"],
    ),
    "district without a population": (
        rows(gone(4, geography_level="district", geography_code="E07000192")),
        ["V19", "column population_total: found a district without residents"],
    ),
    "one person by sex": (
        rows(stock("RSO_REGISTER", 1, sex="female")),
        ["V19", "column sex: found one person by sex"],
    ),
    "one person by level": (
        rows(stock("RSO_BY_LEVEL", 1, mappa_level="3", custody_status="community")),
        ["V19", "column mappa_level: found one person"],
    ),
    "no residents": (rows(gone(4, population_total=0)), ["a whole number of 1 or more"]),
    "more aged 10 and over than residents": (
        rows(gone(4, population_total=500_000, population_10plus=600_000)),
        ["found '600000'", "at most population_total"],
    ),
    # Rows against each other.
    "duplicate rows": (
        rows(offences(121)),
        [f"V18, sheet Return, row {FIRST}: found the same measure as row 9"],
    ),
    "more missing than RSOs": (
        alone(stock("RSO_REGISTER", 40), gone(41)),
        ["V10, sheet Return, row 3", "41 people missing of 40 on the register (row 2)"],
    ),
    "custody in a community count": (
        rows(stock("RSO_COMMUNITY", 4, sex="male", custody_status="both")),
        ["V17", "found 'both'", "cannot be compared"],
    ),
    "mixed custody": (
        rows(
            stock("RSO_BY_TIER", 3, risk_tier="H", risk_tool="ARMS", custody_status="both"),
        ),
        ["V17", "'both', but 'community' in row 12 of the same breakdown"],
    ),
    "missing of another custody status": (
        alone(stock("RSO_REGISTER", 40), gone(4, custody_status="community")),
        ["V17, sheet Return, row 3", "add RSO_COMMUNITY for that day"],
    ),
    "unknown title": (
        rows(offences(4, offence_title="Breach of something")),
        ["V15", "found 'Breach of something'", "add it there"],
    ),
    "title in other letters": (
        rows(offences(4, offence_title=TITLE.upper())),
        ["V15", f"did you mean '{TITLE}'?"],
    ),
    "total without cells": (
        alone(
            offences(9, table_as_printed="1a", total="column"),
            columns=(*COLUMNS, "table_as_printed", "total"),
        ),
        ["V13", "the total 9 of a table without cells"],
    ),
    # Text.
    "name in a note": (rows(NOTE | {"note": "asked Mr Smith"}), ["V20", f"{PLACE} note", "name"]),
    "e-mail address": (rows(NOTE | {"source_ref": "a.b@example.org"}), ["V20", "e-mail"]),
    "date of birth": (rows(NOTE | {"note": "born on 3 May 1975"}), ["V20", "date of birth"]),
    "a day of another century": (rows(NOTE | {"note": "see 03/05/1975"}), ["V20", "birth"]),
    "telephone": (rows(NOTE | {"note": "ring 01785 550 199"}), ["V20", "telephone"]),
    "postcode": (rows(NOTE | {"note": "lives in ST16 2LD"}), ["V20", "postcode"]),
    "address": (rows(NOTE | {"note": "12 Station Road"}), ["V20", "street address"]),
    "National Insurance": (rows(NOTE | {"note": "AB 12 34 56 C"}), ["V20"]),
    "CSV injection": (
        rows(NOTE | {"note": '=HYPERLINK("http://example.org")'}),
        [f"{PLACE} note", "runs as a formula"],
    ),
    "injection by a sign": (rows(NOTE | {"note": "-2+3 cases"}), ["begins with '-'"]),
    "injection by an at sign": (rows(NOTE | {"source_ref": "@SUM(1)"}), [f"{PLACE} source_ref"]),
    "long note": (rows(NOTE | {"note": "a " * 600}), ["characters", "at most 1,000"]),
    "invisible character": (rows(NOTE | {"note": "a\x07b"}), ["U+0007"]),
    "rows of the example": (
        rows(NOTE | {"source_ref": "EXAMPLE ONLY"}),
        ["a row of the worked example", "delete the rows"],
    ),
    # What is published already.
    "revision of nothing": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised", "revises_row": "MI9999"}),
        ["V03", "column revises_row: found 'MI9999'", "for STA"],
    ),
    "revision of another force": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised", "revises_row": "MI0001"}),
        ["found 'MI0001'", "for STA"],
    ),
    "revised without a row": (
        rows(gone(4, as_at="2024-03-31") | {"value_status": "revised"}),
        ["column revises_row: found nothing", "such as BR0005"],
    ),
    "offences that another source gave": (
        rows(offences(500, force="WMP", period_start="2020-04-01", period_end="2021-03-31")),
        ["V18", "the same offences and period as BR0004, from source wmp-foi-233a-22"],
    ),
    "two definitions on one day": (
        rows(gone(7, definition_code="WANTED_WARRANT")),
        ["V18", "missing.csv cannot hold beside row 6"],
    ),
    "in an ODS file": (ods(gone("many", as_at="2024-03-31")), ["return.ods", f"{PLACE} value"]),
    "in an XLSX file": (xlsx(given=[gone("many", as_at="2024-03-31")]), [f"{PLACE} value"]),
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
    assert [part for part in expected if part not in message] == [], message
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
    assert "3 faults to correct" in str(caught.value)


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
    "V22": (
        [stock("STOCK_MAPPA", 1400), stock("RATE_PER_100K_10PLUS", 210)],
        "the rate 210, but 1,400 people",
    ),
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
        ("V22", [stock("STOCK_MAPPA", 1400), stock("RATE_PER_100K_10PLUS", 139)]),
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


def test_a_joint_return_may_speak_of_a_district_of_either_force(data):
    row = gone(4, geography_level="district", geography_code="E07000237", population_total=90_000)
    assert {f.code for f in found(data, row | {"force": "WMC_WAR_JOINT"})} == {"V19"}


def test_the_form_declares_each_thing_once():
    assert set(KEY) <= set(fields())
    assert {measure.table for measure in measures().values()} == set(SPLITS)
    assert list(CHECKS) == [f"V{number:02d}" for number in range(1, 24)]
    for measure in measures().values():
        assert set(measure.needs) <= set(fields()), measure.code
    assert "STOCK_MAPPA" not in asked()


def test_the_map_of_titles_agrees_with_the_rows_that_are_held(data):
    titled = data.breaches[data.breaches["offence_title"] != ""]
    for row in titled.itertuples():
        assert titles()[row.offence_title] == row.family
        if row.heading_as_printed:
            assert family_of_heading(row.heading_as_printed) == row.heading_family
