"""Whatever file a reply comes in, it is read cell by cell or refused with one clear message."""

import os
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import workbooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rso_report.errors import FaultError, FileError
from rso_report.intake.cells import as_date
from rso_report.intake.marks import shown
from rso_report.intake.sheets import read_sheets

TABLE = [
    ["force", "as_at", "value", "share", "final"],
    ["WMP", date(2022, 2, 22), 4585, 0.5, True],
    [None, None, None, None, None],
    ["a note\nof two lines", None, 0, -2, False],
]
ROW = "<table:table-row>{}</table:table-row>"
SHEET = '<table:table table:name="A">{}</table:table>'
A_CELL = workbooks.ods_cell("x")


@pytest.fixture
def read(tmp_path):
    def read(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_sheets(path, **options)

    return read


@pytest.fixture
def refusal(read):
    """The message with which a file is refused."""

    def refusal(name, content):
        with pytest.raises(FileError) as caught:
            read(name, content)
        message = str(caught.value)
        assert message.startswith(f"{name}: found ")
        assert "; allowed: " in message and message.count("; ") >= 2
        assert "\n" not in message and message.isprintable()
        return message

    return refusal


# What is read -------------------------------------------------------------------------------


def test_workbooks_give_the_same_plain_cells_from_xlsx_and_ods(read):
    (of_xlsx,) = read("t.xlsx", workbooks.xlsx(TABLE))
    (of_ods,) = read("t.ods", workbooks.ods(TABLE))
    assert of_xlsx.rows == TABLE
    assert [type(c) for row in of_xlsx.rows for c in row] == [type(c) for r in TABLE for c in r]
    assert of_ods.rows[:3] == TABLE[:3]
    assert of_xlsx.faults == of_ods.faults == []


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_is_read_whatever_its_mark_its_first_bytes_and_its_ends_of_lines(
    read, mark, start, end
):
    lines = [mark.join(["force", "value", "note"]), mark.join(["WMP", '"4,585"', '"a ""b"""'])]
    (sheet,) = read("t.csv", start + end.join(lines) + end)
    assert sheet.rows == [["force", "value", "note"], ["WMP", "4,585", 'a "b"']]
    assert sheet.name == "t"


def test_row_numbers_are_those_that_a_person_sees(read):
    (sheet,) = read("t.csv", "\n\na,b\n\n,7\n")
    assert sheet.rows[4][1] == "7"

    def far(book):
        book.active["C7"] = 5

    (sheet,) = read("t.xlsx", workbooks.xlsx([], change=far))
    assert sheet.rows[6][2] == 5 and len(sheet.rows) == 7
    blank = '<table:table-row table:number-rows-repeated="6"><table:table-cell/></table:table-row>'
    row = ROW.format('<table:table-cell table:number-columns-repeated="2"/>' + A_CELL)
    (sheet,) = read("t.ods", workbooks.ods_file(SHEET.format(blank + row)))
    assert sheet.rows[6] == [None, None, "x"] and len(sheet.rows) == 7


def test_the_empty_rest_of_a_sheet_is_no_part_of_it(read):
    rest = (
        '<table:table-row table:number-rows-repeated="1048575">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    (sheet,) = read("t.ods", workbooks.ods_file(SHEET.format(ROW.format(A_CELL) + rest)))
    assert sheet.rows == [["x"]]

    def coloured(book):
        book.active.cell(1_000_000, 300).fill = openpyxl.styles.PatternFill("solid", "FFFF00")

    (sheet,) = read("t.xlsx", workbooks.xlsx([["x"]], change=coloured))
    assert sheet.rows == [["x"]]


def test_repeated_cells_and_rows_of_ods_are_written_out(read):
    cell = A_CELL.replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="3"'
    )
    row = ROW.format(cell).replace(
        "<table:table-row", '<table:table-row table:number-rows-repeated="2"'
    )
    (sheet,) = read("t.ods", workbooks.ods_file(SHEET.format(row)))
    assert sheet.rows == [["x"] * 3] * 2


def test_comments_and_deleted_cells_of_ods_are_not_values(read):
    comment = "<office:annotation><text:p>hidden</text:p></office:annotation>"
    cell = A_CELL.replace("<text:p>", comment + "<text:p>", 1)
    old = (
        f"<table:tracked-changes><table:deletion>{A_CELL}</table:deletion></table:tracked-changes>"
    )
    (sheet,) = read("t.ods", workbooks.ods_file(old + SHEET.format(ROW.format(cell))))
    assert sheet.rows == [["x"]]


def test_a_day_with_an_hour_is_not_taken_for_a_day(read):
    (sheet,) = read("t.xlsx", workbooks.xlsx([[datetime(2022, 2, 22, 9, 30)]]))
    assert sheet.rows == [["2022-02-22 09:30"]]
    with pytest.raises(FaultError):
        as_date(sheet.rows[0][0])


# What may mislead ---------------------------------------------------------------------------


def problems(sheets):
    return [(f.row, f.column, f.code) for sheet in sheets for f in sheet.faults]


def test_merged_cells_formulas_without_values_and_hidden_parts_are_told(read):
    def change(book):
        sheet = book.active
        sheet.merge_cells("B2:D3")
        sheet["E5"] = "=SUM(A1:A4)"
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["C"].hidden = True
        book.create_sheet("Lists").sheet_state = "hidden"

    sheets = read("t.xlsx", workbooks.xlsx([["x"] * 5] * 4, change=change))
    severe = {(f.row, f.column, f.code): f.severity for f in sheets[0].faults + sheets[1].faults}
    assert severe == {
        (4, None, "hidden"): "warn",
        (None, 3, "hidden"): "warn",
        (2, 2, "merged"): "stop",
        (5, 5, "formula"): "stop",
        (None, None, "hidden"): "warn",
    }


def test_ods_tells_the_same(read):
    style = '<style:table-properties table:display="false"/>'
    style = f'<style:style style:name="off">{style}</style:style>'
    merged = A_CELL.replace(
        "<table:table-cell", '<table:table-cell table:number-columns-spanned="2"'
    )
    formula = '<table:table-cell table:formula="of:=SUM([.A1])"/>'
    body = '<table:table table:name="A" table:style-name="off">'
    body += '<table:table-column/><table:table-column table:visibility="collapse"/>'
    body += ROW.format(merged + "<table:covered-table-cell/>" + formula + A_CELL)
    hidden = ROW.format(A_CELL).replace("-row>", '-row table:visibility="filter">', 1)
    sheets = read("t.ods", workbooks.ods_file(body + hidden + "</table:table>", style))
    assert problems(sheets) == [
        (1, 1, "merged"),
        (1, 3, "formula"),
        (None, None, "hidden"),
        (2, None, "hidden"),
        (None, 2, "hidden"),
    ]


def test_a_formula_with_a_saved_value_is_its_value(read):
    def saved(xml):
        return xml.replace(b"<v></v>", b"<v>7</v>").replace(b"<v />", b"<v>7</v>")

    content = workbooks.xlsx([["=SUM(A2:A3)"]])
    part = "xl/worksheets/sheet1.xml"
    (sheet,) = read("t.xlsx", workbooks.with_part(content, part, saved))
    assert sheet.rows == [[7]] and not sheet.faults


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#REF!", "error"),
        ("#DIV/0!", "error"),
        ("-5", None),
        ("-", None),
        ("- none", None),
    ],
)
def test_text_that_is_no_value_is_told_with_its_cell(read, text, kind):
    sheets = read("t.csv", f"a,b\n1,{text}\n")
    assert problems(sheets) == ([(2, 2, kind)] if kind else [])


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ('[<5]"*";#,##0', 3, "*"),
        ('[<5]"*";#,##0', 61, None),
        ('[>=5]#,##0;"<5"', 3, "<5"),
        ('#,##0;-#,##0;"-"', 0, "-"),
        (";;;", 61, ""),
        ('"[c]"', 3, "[c]"),
        ("#,##0,", 12000, "12"),
        ('#,##0"*"', 7, "7 *"),
        ("0%", 0.5, "50%"),
        ("0", 83.4, "83"),
        ("General", 3, None),
        ("#,##0.##", 18.25, None),
        ("[Red]#,##0", 4, None),
        ("yyyy-mm-dd", 45000, None),
    ],
)
def test_a_number_format_that_shows_something_else_is_seen_through(form, value, text):
    assert shown(form, value) == text


# What is refused ----------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
BOMB_ROWS = ROW.replace("row>", 'row table:number-rows-repeated="1048576">', 1).format(A_CELL)
XML_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 10))
    + b"]><x>&a9;</x>"
).replace(b"&a0;", b"&a;")


def good():
    return workbooks.xlsx(TABLE)


def sheet_part(old, new):
    return lambda: workbooks.with_part(
        good(), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(old, new, 1)
    )


def duplicated():
    with pytest.warns(UserWarning, match="Duplicate"):
        return workbooks.zipped([*workbooks.parts_of(good()), ("xl/workbook.xml", b"<x/>")])


def lying():
    """A zip whose directory states a smaller part than there is."""
    content = bytearray(
        workbooks.zipped([("mimetype", workbooks.ODS), ("content.xml", b"a" * 9999)])
    )
    for place in range(len(content) - 4):
        if content[place : place + 4] == (9999).to_bytes(4, "little"):
            content[place : place + 4] = (99).to_bytes(4, "little")
    return bytes(content)


LOCKED = "damaged, locked by a password or of another kind"
BROKEN = [
    ("empty", "t.csv", b"", "no value in any cell"),
    ("no values", "t.csv", b",,\n,,\n", "no value in any cell"),
    ("no values in a workbook", "t.xlsx", lambda: workbooks.xlsx([]), "no value in any cell"),
    ("xls", "t.xls", OLE, "save its tables as .xlsx"),
    ("xls named xlsx", "t.xlsx", OLE, LOCKED),
    ("xlsm", "t.xlsm", good, "ends in .xlsm"),
    ("no ending", "t", b"a,b\n", "ends in nothing"),
    ("csv named xlsx", "t.xlsx", b"a,b\n1,2\n", LOCKED),
    ("xlsx named csv", "t.csv", good, "no text in UTF-8"),
    ("ods named xlsx", "t.xlsx", lambda: workbooks.ods(TABLE), LOCKED),
    (
        "password",
        "t.xlsx",
        OLE + "EncryptedPackage".encode("utf-16-le"),
        "save it without a password",
    ),
    ("half a zip", "t.xlsx", lambda: good()[:2000], LOCKED),
    ("a zip with a wrong sum", "t.ods", lying, LOCKED),
    ("no XML inside", "t.xlsx", sheet_part(b"<sheetData>", b"<sheetData"), LOCKED),
    ("a wrong place", "t.xlsx", sheet_part(b'r="A1"', b'r="A0"'), LOCKED),
    ("the same part twice", "t.xlsx", duplicated, "two parts of one name"),
    (
        "entities",
        "t.xlsx",
        lambda: workbooks.with_part(good(), "xl/styles.xml", XML_BOMB),
        "entities",
    ),
    (
        "entities in ods",
        "t.ods",
        lambda: workbooks.with_part(workbooks.ods(TABLE), "content.xml", XML_BOMB),
        "entities",
    ),
    (
        "a file named by an entity",
        "t.ods",
        lambda: workbooks.with_part(
            workbooks.ods(TABLE),
            "content.xml",
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        ),
        "entities",
    ),
    (
        "a million rows by one element",
        "t.ods",
        lambda: workbooks.ods_file(SHEET.format(BOMB_ROWS)),
        "more than 10,000 rows",
    ),
    (
        "a million columns by one element",
        "t.ods",
        lambda: workbooks.ods_file(
            SHEET.format(
                ROW.format(A_CELL.replace("l ", 'l table:number-columns-repeated="999" ', 1))
            )
        ),
        "more than 200 columns",
    ),
    (
        "a table in a cell",
        "t.ods",
        lambda: workbooks.ods_file(SHEET.format(SHEET.format(""))),
        "a table inside a cell",
    ),
    (
        "elements without end",
        "t.xlsx",
        lambda: workbooks.with_part(good(), "xl/styles.xml", b"<x>" + b"<y/>" * 600_000 + b"</x>"),
        "more than a table of figures can need",
    ),
    (
        "elements in elements",
        "t.xlsx",
        lambda: workbooks.with_part(good(), "xl/styles.xml", b"<x>" * 5_000),
        "more than a table of figures can need",
    ),
    ("a far cell", "t.xlsx", sheet_part(b'r="A1"', b'r="XFD1048576"'), "more than 10,000 rows"),
    ("a wide cell", "t.xlsx", sheet_part(b'r="A1"', b'r="XFD1"'), "more than 200 columns"),
    ("utf-16", "t.csv", "a,b\n1,2\n".encode("utf-16"), "line 1 that is no text in UTF-8"),
    ("utf-16 unmarked", "t.csv", "a,b\n1,2\n".encode("utf-16-le"), "0x00 in line 1"),
    ("windows-1252", "t.csv", "a,b\n1,caf\xe9\n".encode("cp1252"), "a byte 0xE9 in line 2"),
    ("nul", "t.csv", b"a,b\n1,x\0y\n3,4\n5,6\n", "a byte 0x00 in line 2"),
    ("open quote", "t.csv", 'a,b\n1,"2\n3,4\n', "quotation marks that do not pair in row 2"),
    ("text after a quote", "t.csv", 'a,b\n1,"2"3\n', "quotation marks that do not pair in row 2"),
    ("many rows", "t.csv", "a,b\n" + "1,2\n" * 100_000, "more than 10,000 rows"),
    ("many columns", "t.csv", "1," * 250 + "\n", "more than 200 columns"),
    ("long cell", "t.csv", "a,b\n1," + "x" * 5_001, "more than 5,000 characters in row 2"),
    ("very long cell", "t.csv", 'a,b\n1,"' + "x" * 200_000, "marks that do not pair in row 2"),
    ("error upon error", "t.csv", "#REF!\n" * 2_000, "more than 1,000 merged cells"),
    (
        "merged upon merged",
        "t.xlsx",
        sheet_part(b"</sheetData>", b"</sheetData>" + b'<mergeCell ref="A1:XFD1048576"/>' * 2_000),
        "more than 1,000 merged cells",
    ),
    ("large", "t.csv", b"a" * 20_000_001, "more than 20 MB"),
]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [pytest.param(*case, id=label) for label, *case in BROKEN],
)
def test_a_broken_file_is_refused_with_what_is_wrong(refusal, name, content, says):
    assert says in refusal(name, content() if callable(content) else content)


def test_a_zip_bomb_is_refused_by_its_directory_before_anything_is_unpacked(refusal, monkeypatch):
    bomb = workbooks.with_part(good(), "xl/x.xml", b" " * 60_000_000)
    large = workbooks.zipped([("x", os.urandom(1000) * 60_000)])

    def never(*_):
        raise AssertionError("unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "open", never)
    assert "that unpacks to 60,0" in refusal("t.xlsx", bomb)
    assert "that unpacks to 60,000,000" in refusal("t.xlsx", large)


def test_a_folder_a_pipe_and_nothing_are_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("folder.csv", "pipe.csv", "none.csv", "n\0.csv"):
        with pytest.raises(FileError, match="no such file, or no plain one"):
            read_sheets(tmp_path / name)


def test_no_other_file_is_opened(read):
    contents = {"t.csv": b"a,b\n", "t.xlsx": good(), "t.ods": workbooks.ods(TABLE)}
    for name, content in contents.items():
        read(name, content)  # so that all modules are there
    opened = []
    listening = True

    def hear(event, arguments):
        if not listening or not arguments or isinstance(arguments[0], int):
            return  # of no concern here: another test's, or a file that is open already
        if event in ("open", "subprocess.Popen", "socket.connect", "exec", "import"):
            opened.append((event, str(arguments[0])))

    sys.addaudithook(hear)  # cannot be taken off again, only told to be quiet
    for name, content in contents.items():
        read(name, content)
    listening = False
    assert {event for event, _ in opened} == {"open"}
    assert {Path(name).name for _, name in opened} == set(contents)


def test_100_000_rows_of_a_workbook_are_refused_at_the_row_that_is_too_many(refusal):
    row = "".join(f'<c r="{letter}{{0}}"><v>1</v></c>' for letter in "ABCDEFGHIJ")
    rows = "".join(f'<row r="{n}">{row.format(n)}</row>' for n in range(1, 100_001)).encode()
    content = workbooks.with_part(
        workbooks.xlsx([["x"]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: (
            xml.split(b"<sheetData>")[0] + b"<sheetData>" + rows + b"</sheetData></worksheet>"
        ),
    )
    start = os.times().user
    assert "more than 10,000 rows" in refusal("t.xlsx", content)
    assert os.times().user - start < 3


# Dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["2022-02-22", " 2022-02-22 ", date(2022, 2, 22)])
def test_a_date_is_an_iso_date_or_a_date_cell(value):
    assert as_date(value) == date(2022, 2, 22)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (44614, "it is probably 22 February 2022: if so, write 2022-02-22"),
        ("44614", "it is probably 22 February 2022"),
        (44614.5, "it is probably 22 February 2022"),
        ("22/02/2022", "if it means 22 February 2022, write 2022-02-22"),
        ("3/4/22", "if it means 3 April 2022"),
        ("2022-02-30", "not in the calendar"),
        ("02/30/2022", "write the date in that form"),
        (None, "found nothing"),
        (True, "'True'"),
        (2022, "'2022'"),
        ("٢٠٢٢-٠٢-٢٢", "write the date in that form"),
    ],
)
def test_what_only_may_be_a_date_is_refused_with_the_date_it_probably_is(value, says):
    with pytest.raises(FaultError, match=says):
        as_date(value)


# Anything at all ----------------------------------------------------------------------------

SEEDS = {
    ".xlsx": workbooks.xlsx(TABLE, [["=1+1", "x"]]),
    ".ods": workbooks.ods(TABLE),
    ".csv": b'a,b\n1,"2,000"\n\xc3\xa9,\n',
}
SOUP = st.sampled_from(
    [b"<", b">", b'"', b"&", b"\0", b"\xff", b"-1", b"99999999", b"r=", b"<c/>", b"<f/>", b"<row>"]
    + [b"</table:table>", b"PK\x03\x04", b't="s"', b"<v>9</v>", b"nan", b"1e999", b's="99"']
) | st.binary(max_size=4)


def outcome(path, content):
    """Only sheets or a FileError may come of a file; any other error fails the test."""
    path.write_bytes(content)
    try:
        assert any(sheet.rows for sheet in read_sheets(path))
    except FileError as error:
        assert str(error).isprintable()


def changed(content, places, pieces):
    for place, piece in zip(places, pieces, strict=False):
        at = int(place * len(content))
        content = content[:at] + piece + content[at + len(piece) :]
    return content


FUZZ = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLACES = st.lists(st.floats(0, 0.9999), min_size=1, max_size=4)
PIECES = st.lists(SOUP, min_size=4, max_size=4)


@settings(FUZZ, max_examples=800)
@given(st.sampled_from(sorted(SEEDS)), st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(tmp_path, ending, content):
    outcome(tmp_path / f"t{ending}", content)


@settings(FUZZ, max_examples=700)
@given(st.sampled_from(sorted(SEEDS)), PLACES, PIECES)
def test_changed_files_are_read_or_refused(tmp_path, ending, places, pieces):
    outcome(tmp_path / f"t{ending}", changed(SEEDS[ending], places, pieces))


@settings(FUZZ, max_examples=700)
@given(st.sampled_from([".xlsx", ".ods"]), st.integers(0, 20), PLACES, PIECES)
def test_changed_parts_of_sound_zips_are_read_or_refused(tmp_path, ending, which, places, pieces):
    parts = workbooks.parts_of(SEEDS[ending])
    name, content = parts[which % len(parts)]
    parts[which % len(parts)] = name, changed(content, places, pieces)
    outcome(tmp_path / f"t{ending}", workbooks.zipped(parts))
