"""Drafts of files as they come: a right figure with its place, or an honest blank, each time.

All figures are invented, but for those of the founding replies, whose printed tables, errors
included, give exactly the rows that the data hold of them.
"""

import csv
import io
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import workbooks
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from test_cli import call
from test_ingest import state

from rso_report import dataset
from rso_report.errors import FaultError, ReportError
from rso_report.intake import ingest
from rso_report.intake.annual_return import faults, tidy, typed
from rso_report.intake.draft import draft, written
from rso_report.intake.rows import rows_of_return
from rso_report.intake.sheets import read_sheets

FIXTURES = Path(__file__).parent / "fixtures"
TITLE = "Failure to comply with (Sexual Offence) Notification Order"
ORDER = "Breach Sexual Harm Prevention Order (SHPO) Sentencing Act 2020 Sec 354 (1) (4)"
MAPPA = {"measure_code": "STOCK_MAPPA", "as_at": "2025-03-31", "column": "Category 1"}
OUTCOME = {"measure_code": "BREACH_OUTCOME", "as_at": "2025-03-31"}
WAR = {"force": "WAR"}
ON = {"force": "WAR", "as_at": "2025-03-31"}


@pytest.fixture
def made(tmp_path, data):
    """Make a draft of cells or of a file."""

    def made(content, say=None, read_as=None, name="reply.xlsx"):
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_bytes(content if isinstance(content, bytes) else workbooks.xlsx(content))
        return draft(path, data, say or {}, read_as or {})

    return made


def values(found, *names):
    """What each row says: where, and the value, or None where it was left blank."""
    own = []
    for row in found.rows:
        value = row["value"] or row["value_status"] or None
        own.append((*(row[name] for name in names), value))
    return own


def raised(text, note):
    return CellRichText([text, TextBlock(InlineFont(vertAlign="superscript"), note)])


def ods_text(body):
    style = '<style:text-properties style:text-position="33% 58%"/>'
    style = f'<style:style style:name="T1" style:family="text">{style}</style:style>'
    return workbooks.ods_file(f'<table:table table:name="Table 2">{body}</table:table>', style)


def ods_row(*cells):
    ready = [
        c if isinstance(c, str) and c.startswith("<") else workbooks.ods_cell(c) for c in cells
    ]
    return f"<table:table-row>{''.join(ready)}</table:table-row>"


def ods_shown(value, text):
    kind = f'office:value-type="float" office:value="{value}"'
    return f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"


# The founding replies -------------------------------------------------------------------------

SAID_2022 = {"force": "WMP", "part_year_end": "2022-02-22", "custody_status": "both"} | {
    "year_day": "02-22"
}
SAID_2014 = {"force": "WMP", "as_at": "2014-06-30", "as_at_precision": "response_date"} | {
    "definition_code": "WHEREABOUTS_UNKNOWN"
}


def cells_of(name):
    """The cells of a fixture; thousands stay text, other whole numbers are numbers."""
    text = (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    return [[int(c) if c.isdecimal() else c or None for c in row] for row in rows]


def as_csv(name):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(cells_of(name))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(name):
    def merge(book):  # headings across the table, as people make them
        for row in book.active.iter_rows(max_col=1):
            if str(row[0].value)[:3] in ("1a:", "2a:", "3a:"):
                book.active.merge_cells(
                    start_row=row[0].row, end_row=row[0].row, end_column=7, start_column=1
                )

    return workbooks.xlsx(cells_of(name), change=merge)


SHAPES = {
    "txt": lambda name: (FIXTURES / f"{name}.txt").read_bytes(),
    "csv": as_csv,
    "xlsx": as_xlsx,
    "ods": lambda name: workbooks.ods(cells_of(name)),
}


def rows_for_the_data(found, data, source):
    frame, wrong = tidy([list(found.rows[0]), *(list(row.values()) for row in found.rows)])
    stops = [str(f) for f in faults(frame, data) if f.severity == "stop"]
    assert not wrong and stops == []
    rows, _ = rows_of_return(typed(frame, data), data, source, "reply")
    return {table: pd.DataFrame(own) for table, own in rows.items() if own}


def assert_same(own, held, loose=()):
    """Value by value: every column but identifiers, places and remarks."""
    names = [c for c in held.columns if c not in ("row_id", "locator", *loose)]

    def plain(v):
        return "" if pd.isna(v) else f"{v:%Y-%m-%d}" if isinstance(v, pd.Timestamp) else str(v)

    before = sorted(held[names].astype("object").map(plain).itertuples(index=False))
    mine = own.reindex(columns=names).astype("object").fillna("").astype(str)
    assert sorted(mine.itertuples(index=False)) == before


@pytest.mark.parametrize("shape", SHAPES)
def test_the_reply_of_2022_gives_every_row_of_the_data_and_no_other(shape, made, data):
    found = made(SHAPES[shape]("wmp_2022"), SAID_2022, name=f"reply.{shape}")
    assert found.blank == 0
    rows = rows_for_the_data(found, data, "wmp-foi-233a-22")
    assert {table: len(own) for table, own in rows.items()} == {
        "registered_offenders": 7,
        "orders": 4,
        "breaches": 45,
        "printed_totals": 27,
    }
    for table, own in rows.items():
        held = getattr(data, table)
        # The reply does not say when in its last weeks the part-year was counted: the data
        # keep the span of days, a return has one.
        loose = ("covered_to_latest",) if table == "breaches" else ()
        assert_same(own, held[held["source_id"] == "wmp-foi-233a-22"], loose)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_reply_of_2014_gives_every_count_of_missing_people(shape, made, data):
    found = made(SHAPES[shape]("wmp_2014"), SAID_2014, name=f"reply.{shape}")
    first, *_, again = found.rows  # the total is printed twice; the door names the second
    assert first["value"] == again["value"] == "43"
    found.rows.remove(again)
    rows = rows_for_the_data(found, data, "wmp-foi-5022-14")
    held = data.missing[data.missing["source_id"] == "wmp-foi-5022-14"]
    assert list(rows) == ["missing"]
    assert_same(rows["missing"], held.assign(definition_said=""))  # our words, not the table's
    told = " ".join(found.remarks)
    assert "45 Constables" in told and "every 12 months" in told  # read by nobody else


@pytest.mark.parametrize("absent", ["force", "part_year_end", "custody_status", "year_day"])
def test_what_a_reply_does_not_say_leaves_its_figures_blank(absent, made):
    said = {name: value for name, value in SAID_2022.items() if name != absent}
    found = made(SHAPES["txt"]("wmp_2022"), said, name="reply.txt")
    # Without the last day counted, a year that was not over is told by the date of the reply.
    assert found.blank or absent == "part_year_end"
    assert all(not row["value"] for row in found.rows if not row["value_status"])
    assert all(absent in row["remarks"] for row in found.rows if not row["value_status"])


# Official tables by area ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(
            [["Area", "Region", "Category 1"], ["Cleveland", "North East", 950]],
            [("CLEVELAND", "950")],
            id="region after the force",
        ),
        pytest.param(
            [["Force", "Country", "Category 1"], ["Dyfed-Powys", "Wales", 600]],
            [("DYFED_POWYS", "600")],
            id="country after the force",
        ),
        pytest.param(
            [["Code", "Name", "Geography", "Category 1"]]
            + [["W15000002", "Gwent", "Police force area", 850]],
            [("GWENT", "850")],
            id="kind of area in a column",
        ),
        pytest.param(
            [["As at 31 March", "Area", "Category 1"], [2025, "Gwent", 1234], [2025, "Kent", 7]],
            [("GWENT", "1234"), ("KENT", "7")],
            id="year first",
        ),
        pytest.param(
            [["As at 31 March", "Area", "Category 1"], [2024, "Gwent", 1234], [2024, "Kent", 7]],
            [("GWENT", None), ("KENT", None)],
            id="another year first",
        ),
        pytest.param(
            [["Region", "Police force", "Category 1"], ["North East", "Total North East", 4100]],
            [("NE", "4100")],
            id="total of a region",
        ),
        pytest.param(
            [["Area", "Category 1"], ["Cleveland and North East", 5]],
            [("", None)],
            id="a name that is no area",
        ),
        pytest.param(
            [["Area", "Area name", "Category 1"], ["Cleveland", "Kent", 5]],
            [("", None)],
            id="two forces in a row",
        ),
        pytest.param(
            [["Area", "Category 1"], ["Gwent", 850.0], ["Kent", "1,900.0"]],
            [("GWENT", "850"), ("KENT", "1900")],
            id="counts as decimals",
        ),
        pytest.param(
            [["Area", "Category 1"], ["Gwent", 850.5], ["Kent", -3], ["Essex", "about 40"]],
            [("GWENT", None), ("KENT", None), ("ESSEX", None)],
            id="no counts",
        ),
        pytest.param(
            [["Area", "Category 1"], ["Gwent", "see note"], ["Kent", 5]],
            [("GWENT", None), ("KENT", "5")],
            id="words in place of the first count",
        ),
        pytest.param(
            [["Area", "Category 1 [note 2]"], ["Gwent [note 1]", 850]],
            [("GWENT", "850")],
            id="notes in brackets",
        ),
        pytest.param(
            [["Police force/Region", "Category 1"], ["London", 7100], ["London, City of", 20]],
            [("LON", "7100"), ("CITY_OF_LONDON", "20")],
            id="the City is not the region",
        ),
        pytest.param(
            [["Area", "Category 1"], ["West Midlands", 3000]],
            [("", None)],
            id="a region or a force",
        ),
        pytest.param(
            [["Police force/Region", "Category 1"], ["West Midlands", 6000]]
            + [["Staffordshire", 1200], ["Warwickshire", 500], ["West Mercia", 1300]]
            + [["West Midlands", 3000], ["England and Wales", 69000]],
            [("WM", "6000"), ("STA", "1200"), ("WAR", "500"), ("WMC", "1300"), ("WMP", "3000")]
            + [("EW", "69000")],
            id="region and force of one name",
        ),
    ],
)
def test_a_figure_belongs_to_its_force_or_is_left_blank(cells, expected, made):
    assert values(made(cells, MAPPA), "force") == expected


def test_a_name_of_two_areas_is_read_as_was_said(made):
    cells = [["Area", "Category 1"], ["West Midlands", 3000], ["Total", 9]]
    assert "--read-as 'West Midlands=WMP'" in made(cells, MAPPA).rows[0]["remarks"]
    found = made(cells, MAPPA, {"West Midlands": "WMP", "Total": ""})
    assert values(found, "force") == [("WMP", "3000")]


def test_a_raised_note_is_no_digit(made):
    cells = [["Area", "Category 1"], ["Gwent", raised("83", "1")], [raised("Kent", "a"), 1800]]
    for content in (workbooks.xlsx(cells), workbooks.as_excel_stores(workbooks.xlsx(cells))):
        found = made(content, MAPPA)
        assert values(found, "force") == [("GWENT", "83"), ("KENT", "1800")]
        assert "raised characters '1' beside '83'" in found.rows[0]["remarks"]
    body = ods_row("Area", "Category 1") + ods_row(
        "Gwent",
        '<table:table-cell office:value-type="string"><text:p>83<text:span text:style-name="T1">1'
        "</text:span></text:p></table:table-cell>",
    )
    assert values(made(ods_text(body), MAPPA, name="t.ods"), "force") == [("GWENT", "83")]


def test_what_the_sender_masked_is_not_read(made):
    def change(book):
        for cell, form in (("B2", '[<5]"*";#,##0'), ("B3", '[<5]"[c]";#,##0'), ("B4", ";;;")):
            book.active[cell].number_format = form

    rows = [["Area", "Cautioned or convicted"], ["Gwent", 3], ["Kent", 2], ["Essex", 61]]
    found = made(workbooks.xlsx(rows, change=change), OUTCOME)
    assert values(found, "force") == [("GWENT", None), ("KENT", "suppressed"), ("ESSEX", None)]
    assert "shows '*' and holds 3" in found.rows[0]["remarks"]
    body = ods_row(*rows[0]) + ods_row("Gwent", ods_shown(3, "[c]"))
    body += ods_row("Kent", ods_shown(1240, "1,240")) + ods_row("Essex", ods_shown(2, "*"))
    found = made(ods_text(body), OUTCOME, name="t.ods")
    assert values(found, "force") == [("GWENT", "suppressed"), ("KENT", "1240"), ("ESSEX", None)]


def test_hidden_rows_and_columns_are_remarked(made):
    def change(book):
        book.active.row_dimensions[2].hidden = True
        book.active.row_dimensions[3].height = 0
        book.active.column_dimensions["B"].width = 0.0001

    rows = [
        ["Area", "Working", "Category 1"],
        ["Gwent", 1, 850],
        ["Kent", 2, 1800],
        ["Essex", 3, 9],
    ]
    found = made(workbooks.xlsx(rows, change=change), MAPPA)
    hidden = ["hidden row" in row["remarks"] for row in found.rows]
    assert hidden == [True, True, False]
    assert any("hidden columns (or of width 0) B" in each for each in found.remarks)


def test_the_head_of_a_column_may_be_a_day(made):
    rows = [["Table 1"], [None, "As at:"]]
    rows += [[None, date(2024, 3, 31), date(2025, 3, 31)], ["Gwent", 840, 850]]
    found = made(workbooks.ods(rows), {"measure_code": "STOCK_MAPPA"}, name="t.ods")
    assert values(found, "as_at") == [("2024-03-31", "840"), ("2025-03-31", "850")]
    found = made(workbooks.ods(rows), MAPPA | {"column": "31 March 2025"}, name="t.ods")
    assert values(found, "as_at") == [("2025-03-31", "850")]
    assert values(made(rows, MAPPA | {"column": "2024-03-31"}), "force") == [("GWENT", None)]


def test_a_mark_in_the_next_column_is_read_with_its_figure(made):
    rows = [["Police force", "Category 1", None, "Category 2"]]
    rows += [["Cleveland", 950, "R", 20], ["Durham", 1130, None, 20], ["Northumbria", 2020, "P", 5]]
    found = made(rows, MAPPA)
    assert [row["value_status"] for row in found.rows] == ["final", "final", "provisional"]
    assert "revised" in found.rows[0]["remarks"] and not found.rows[1]["remarks"]


def test_a_figure_in_merged_cells_is_left_blank(made):
    def change(book):
        book.active.merge_cells("B2:B3")

    rows = [["Area", "Category 1"], ["Gwent", 5], ["Kent", None]]
    assert values(made(workbooks.xlsx(rows, change=change), MAPPA), "force")[0] == ("GWENT", None)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(made):
    rows = [["Area", "Category 2", "Category 1: Registered sexual offenders"], ["Gwent", 4, 5]]
    with pytest.raises(ReportError, match="'Category 2', 'Category 1: Registered"):
        made(rows, MAPPA)
    with pytest.raises(ReportError, match="mesure_code.*did you mean measure_code"):
        made(rows, {"mesure_code": "STOCK_MAPPA"})


def test_columns_that_nobody_named_are_not_guessed(made):
    rows = [["Area", "Category 1", "Category 2"], ["Gwent", 4, 5]]
    found = made(rows, {"as_at": "2025-03-31"})
    assert values(found, "measure_code") == [("STOCK_MAPPA", "4"), ("", None)]
    assert "'Category 2' (C1) is not understood" in found.rows[1]["remarks"]


# Replies of forces ----------------------------------------------------------------------------

HEAD = ["Offence", "2022/23", "2023-24"]


@pytest.mark.parametrize(
    ("cell", "value", "status", "qualifier"),
    [
        (4620, "4620", "final", ""),
        ("4,620", "4620", "final", ""),
        ("4 620", "4620", "final", ""),
        ("12*", "12", "final", ""),
        ("7 [p]", "7", "provisional", ""),
        ("<5", "5", "suppressed", "fewer_than"),
        ("Less than 5", "5", "suppressed", "fewer_than"),
        ("fewer than five", "5", "suppressed", "fewer_than"),
        ("[c]", "", "suppressed", ""),
        ("not held", "", "not_held", ""),
        ("*", "", "", ""),
        ("-", "", "", ""),
        ("n/a", "", "", ""),
        ("nil", "", "", ""),
        ("4,62", "", "", ""),
        ("-3", "", "", ""),
        ("about 40", "", "", ""),
        (1.5, "", "", ""),
    ],
)
def test_a_cell_is_a_number_an_answer_or_left_open(cell, value, status, qualifier, made):
    row = made([["1: Breaches"], HEAD, [TITLE, cell, 41]], WAR).rows[0]
    assert (row["value"], row["value_status"], row["qualifier"]) == (value, status, qualifier)
    assert status or row["remarks"]


def test_a_code_column_before_the_titles_does_not_matter(made):
    found = made([["HO Code", "Offence", "2022-23"], ["066/91", TITLE, 33]], WAR)
    assert values(found, "measure_code", "period_end") == [("NOTIF_OFFENCES", "2023-03-31", "33")]


def test_figures_that_are_said_to_be_rounded_are(made):
    found = made([["1: Breaches (rounded to the nearest 5)"], HEAD, [TITLE, 35, 40]], WAR)
    assert {row["qualifier"] for row in found.rows} == {"rounded"}


@pytest.mark.parametrize("label", ["20218-19", "2018-9", "2018-20", "Q1"])
def test_a_misprinted_year_is_asked_for_and_not_guessed(label, made):
    cells = [["Offence", "2019-20", label], [TITLE, 1, 2]]
    found = made(cells, WAR)
    assert values(found) == [("1",), (None,)]
    assert f"--read-as '{label}=" in found.rows[1]["remarks"]
    assert values(made(cells, WAR, {label: "2018-19"})) == [("1",), ("2",)]


@pytest.mark.parametrize("label", ["2022-23 (part year)", "2022-23 [p]"])
def test_a_part_year_needs_the_last_day_that_was_counted(label, made):
    cells = [["Offence", label], [TITLE, 1]]
    assert "part_year_end" in made(cells, WAR).rows[0]["remarks"]
    row = made(cells, WAR | {"part_year_end": "2023-01-31"}).rows[0]
    assert (row["period_end"], row["value_status"]) == ("2023-01-31", "provisional")


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("2022 (as at 22/02/22)", "2022-02-22"),
        ("2022 (as at 22 February 2022)", "2022-02-22"),
        ("31st March 2022", "2022-03-31"),
        (date(2022, 2, 22), "2022-02-22"),
        ("2022 (as at 03/04/22)", None),
        ("2021 (as at 22/02/22)", None),
        ("last spring", None),
        (44614, None),
    ],
)
def test_the_day_of_a_count_is_read_from_its_label_if_it_is_sure(label, day, made):
    cells = [["1: RSOs"], [None, "Male", "Female"], [label, "4,585", 57]]
    found = made(cells, WAR | {"custody_status": "both"})
    own = {(row["as_at"] or None) if row["value"] else None for row in found.rows}
    assert own == {day}
    assert [row["sex"] for row in found.rows[:2]] == ["male", "female"] or not day


@pytest.mark.parametrize(
    ("heading", "custody", "measure"),
    [
        ("people on the Sex Offenders' Register", "both", "RSO_REGISTER"),
        ("RSOs", "community", "RSO_COMMUNITY"),
        ("RSOs", "", ""),
        ("subject to an SHPO", "both", "SUBJECT_SHPO"),
        ("RSOs missing", "both", "MISSING_STOCK"),
        ("something else", "both", ""),
    ],
)
def test_what_a_table_counts_is_read_from_its_heading(heading, custody, measure, made):
    cells = [[f"1: {heading}"], ["Year", "Male"], ["as at 2022-02-22", 3]]
    row = made(cells, WAR | ({"custody_status": custody} if custody else {})).rows[0]
    assert row["measure_code"] == measure and bool(row["value"]) == bool(measure)


def test_people_by_level_and_by_tier_are_breakdowns(made):
    say = ON | {"custody_status": "community"}
    cells = [["1: RSOs by MAPPA level"], ["Level 1", 42], ["Unknown", 3], ["Total", 45]]
    found = values(made(cells, say), "measure_code", "mappa_level")
    assert found == [("RSO_BY_LEVEL", "1", "42"), ("RSO_BY_LEVEL", "unknown", "3")] + [
        ("RSO_COMMUNITY", "", "45")
    ]
    cells = [["2: RSOs by risk"], ["Very high risk", 12], ["Low", 30]]
    found = values(made(cells, say | {"risk_tool": "ARMS"}), "measure_code", "risk_tier")
    assert found == [("RSO_BY_TIER", "VH", "12"), ("RSO_BY_TIER", "L", "30")]


def test_an_unknown_title_reaches_the_door_as_it_is_printed(made, data):
    cells = [["Offence", "2022-23"], ["Fail to wave", 9]]
    row = made(cells, WAR | {"measure_code": "NOTIF_OFFENCES"}).rows[0]
    assert (row["offence_title"], row["value"]) == ("Fail to wave", "9")


def test_what_is_no_number_is_not_passed_over_and_no_measure_is_suggested(made):
    found = made([["Area", "Category 1"], ["Gwent", "1.234"], ["Kent", "1 2"]], MAPPA)
    assert values(found, "force") == [("GWENT", None), ("KENT", None)]
    found = made([["Area", "Category 1 rate"], ["Gwent", 840]], {"as_at": "2025-03-31"})
    assert not found.rows[0]["value"] and "STOCK_MAPPA" not in found.rows[0]["remarks"]


def test_figures_that_stand_nowhere_are_left_blank(made):
    found = made([["something", 55], ["1a: breaches"], HEAD, [TITLE, "412", "1", "677"]], WAR)
    blank = [row for row in found.rows if not row["value_status"]]
    assert [row["text_shown"] for row in blank] == ["55", "677"]
    assert "thousands comma" in blank[1]["remarks"]


MAIL = """Dear analyst,

thank you for your request of 3 April 2026. Our answers:

Registered sexual offenders in the community: 1,502
RSOs in custody: 390
Missing: fewer than 5
We had 18 people managed reactively on that day.

Offence  2023-24  2024-25
Failure to comply with (Sexual Offence) Notification Order  40  61

Kind regards
"""


def test_the_text_of_an_e_mail_reads(made):
    found = made(MAIL, ON | {"definition_code": "NOT_STATED"}, name="mail.txt")
    assert values(found, "measure_code") == [
        ("RSO_COMMUNITY", "1502"),
        ("RSO_CUSTODY", "390"),
        ("MISSING_STOCK", "5"),
        ("NOTIF_OFFENCES", "40"),
        ("NOTIF_OFFENCES", "61"),
    ]
    assert found.rows[0]["from_cell"] == "line 5"
    assert any("We had 18 people managed reactively" in told for told in found.remarks)


# Through the door -----------------------------------------------------------------------------

SOURCE = ["--source", "war-foi-x", "--published", "2025-05-14", "--title", "Invented reply"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    monkeypatch.setenv("RSO_REPORT_DATA", str(copy))
    monkeypatch.chdir(tmp_path)
    return copy


def test_a_draft_is_read_mended_and_taken_in_with_the_place_in_the_forces_own_file(folder):
    cells = [["1: Breaches"], HEAD, [TITLE, "<5", 41], [ORDER, "*", 7]]
    Path("reply[1].xlsx").write_bytes(workbooks.xlsx(cells))
    before = state(folder)
    done = call("draft", "reply[1].xlsx", "--say", "force=WAR", "--out", "draft.csv")
    assert done.exit_code == 0 and "4 figures, 1 of them left blank" in done.stdout
    refused = call("ingest", "draft.csv", *SOURCE)
    assert refused.exit_code == 1 and "the draft says: '*': often a small number" in refused.stderr
    assert state(folder) == before
    text = Path("draft.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    rows[2]["value_status"] = "suppressed"
    with open("mended.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = call("ingest", "mended.csv", *SOURCE)
    assert done.exit_code == 0 and "added, 4 rows" in done.stdout, done.stderr
    data = ingest.load(folder)
    own = data.breaches[data.breaches["source_id"] == "war-foi-x"]
    assert own["locator"].tolist() == [
        "reply(1).xlsx, sheet Sheet1, cell C3",
        "reply(1).xlsx, sheet Sheet1, cell C4",
    ]
    held = data.answers[data.answers["source_id"] == "war-foi-x"]
    assert held["status"].tolist() == ["suppressed", "suppressed"]
    assert held["qualifier"].tolist() == ["fewer_than", "exact"]


def test_a_large_step_is_taken_in_remarked_and_in_the_ledger(folder):
    rows = [["Area", "Category 1"], ["Durham", 1400], ["Cleveland", 950], ["Northumbria", 2050]]
    held = dataset.load("registered_offenders").registered_offenders
    held = held[(held["series_id"] == "STOCK_MAPPA") & (held["area_id"] == "DURHAM")]
    year = held["as_at"].max().year + 1
    Path("mappa.xlsx").write_bytes(workbooks.xlsx(rows))
    say = ["--say", "measure_code=STOCK_MAPPA", "--say", f"as_at={year}-03-31"]
    assert call("draft", "mappa.xlsx", *say).exit_code == 0
    source = ["--source", "mappa-x", "--published", f"{year}-10-30", "--title", "Invented tables"]
    source += ["--publisher", "Nobody", "--kind", "official_statistics", "--licence", "OGL"]
    done = call("ingest", "mappa-draft.xlsx", *source)
    assert done.exit_code == 0 and "V16" in done.stdout, done.stderr
    ledger = ingest.load(folder).discrepancies
    (found,) = ledger[(ledger["source_id"] == "mappa-x") & (ledger["rule"] == "large_step")][
        "found"
    ]
    assert found.startswith("A change of ")
    assert call("ingest", "mappa-draft.xlsx", *source).stdout.startswith("mappa-x: already in")


def test_a_draft_is_not_written_over_one_that_may_have_been_mended(folder):
    Path("a.csv").write_text("Area,Category 1\nGwent,5\n")
    assert call("draft", "a.csv").exit_code == 0
    assert call("draft", "a.csv").exit_code == 2
    assert call("draft", "a.csv", "--out", "a.doc").exit_code == 2
    assert call("draft", "none.csv").exit_code == 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_draft_as_a_file_is_read_by_the_door_and_runs_nothing(kind, made, tmp_path):
    found = made([["1: Breaches"], HEAD, ["=cmd()", 3, "-"], [TITLE, 3, 4]], WAR)
    path = tmp_path / f"draft.{kind}"
    path.write_bytes(written(found, kind))
    (sheet, *_) = read_sheets(path)
    frame, wrong = tidy(sheet.rows)
    assert not wrong and len(frame) == len(found.rows)
    assert not any(str(cell)[:1] in "=+-@" for row in sheet.rows for cell in row if cell)


def test_what_is_no_form_is_sent_to_the_draft(tmp_path, data):
    path = tmp_path / "reply.xlsx"
    path.write_bytes(workbooks.xlsx([HEAD, [TITLE, 3, 4]]))
    with pytest.raises(FaultError, match="rso-report draft"):
        ingest._read(path, data)
