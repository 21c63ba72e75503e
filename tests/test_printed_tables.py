"""The printed tables of the founding documents give exactly the rows that the data hold of them.

The fixtures are those tables in the shape in which they were printed, errors included: totals that
do not add, headings over the titles of another order, years that are misspelt.
"""

import csv
import io
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import workbooks
from click.testing import CliRunner

from rso_report import dataset
from rso_report.cli import main
from rso_report.returns.annual_return import faults, typed
from rso_report.returns.checks import ReturnError
from rso_report.returns.ingest import Source, ingest
from rso_report.returns.printed_tables import (
    Context,
    PrintedError,
    VisitInterval,
    context_of,
    read_printed,
)
from rso_report.returns.rows import rows_of_return
from rso_report.returns.sheets import Sheet, read_sheets

FIXTURES = Path(__file__).parent / "fixtures"
REPLY_2022 = Context(
    force="WMP",
    published=date(2022, 3, 14),
    part_year_end=date(2022, 2, 22),
    custody_status="both",
    year_day="02-22",
)
REPLY_2014 = Context(
    force="WMP",
    as_at=date(2014, 6, 30),
    as_at_precision="response_date",
    definition_code="WHEREABOUTS_UNKNOWN",
)
FOI_2022, FOI_2014 = "wmp-foi-233a-22", "wmp-foi-5022-14"


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


def cells_of(name):
    """The cells of a fixture; thousands stay text, other whole numbers are numbers."""
    text = (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    return [[int(c) if c.isdecimal() else c or None for c in row] for row in rows]


def as_txt(name):
    return (FIXTURES / f"{name}.txt").read_bytes()


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


def as_ods(name):
    return workbooks.ods(cells_of(name))


SHAPES = {"txt": as_txt, "csv": as_csv, "xlsx": as_xlsx, "ods": as_ods}


@pytest.fixture(scope="module", params=SHAPES)
def read(request, tmp_path_factory):
    """Read a fixture in one of the shapes; the same for each of them."""
    folder = tmp_path_factory.mktemp("replies")

    def read(name, context, **options):
        path = folder / f"{name}.{request.param}"
        path.write_bytes(SHAPES[request.param](name))
        return read_printed(read_sheets(path, ragged=True), context, **options)

    return read


def rows_for_the_data(printed, data, source):
    found = faults(printed.frame, data)
    assert [str(fault) for fault in found if fault.severity == "stop"] == []
    rows, _ = rows_of_return(typed(printed.frame, data), data, source, "reply")
    return {table: pd.DataFrame(own) for table, own in rows.items() if own}, found


def assert_same(own, held, loose=()):
    """Value by value: every column but identifiers, places and remarks."""
    names = [c for c in held.columns if c not in ("row_id", "locator", *loose)]
    as_text = (
        held[names]
        .astype("object")
        .map(
            lambda v: (
                "" if pd.isna(v) else f"{v:%Y-%m-%d}" if isinstance(v, pd.Timestamp) else str(v)
            )
        )
    )
    mine = own.reindex(columns=names).astype("object").fillna("").astype(str)
    assert sorted(mine.itertuples(index=False)) == sorted(as_text.itertuples(index=False))


def test_the_reply_of_2022_gives_every_row_of_the_data_and_no_other(read, data):
    printed = read("wmp_2022", REPLY_2022)
    rows, _ = rows_for_the_data(printed, data, FOI_2022)
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
        assert_same(own, held[held["source_id"] == FOI_2022], loose)


def test_the_reply_of_2014_gives_every_count_of_missing_people(read, data):
    printed = read("wmp_2014", REPLY_2014)
    rows, _ = rows_for_the_data(printed, data, FOI_2014)
    assert list(rows) == ["missing"]
    held = data.missing[data.missing["source_id"] == FOI_2014]
    assert_same(rows["missing"], held.assign(definition_said=""))  # our words, not the table's


def test_the_intervals_of_2014_are_those_of_the_data_and_said_to_be_no_part_of_a_return(read, data):
    printed = read("wmp_2014", REPLY_2014)
    held = data.visit_policy[data.visit_policy["source_id"] == FOI_2014]
    own = {each.risk_tier: each.max_interval_months for each in printed.intervals}
    assert own == dict(zip(held["risk_tier"], held["max_interval_months"], strict=True))
    not_taken = [each for each in printed.warnings if each.kind == "not taken"]
    assert len(not_taken) == 4  # three ranks, and the intervals
    assert "staffing.csv by hand" in not_taken[0].remedy


def test_the_wrong_totals_of_2022_are_kept_and_found(read, data):
    printed = read("wmp_2022", REPLY_2022)
    _, found = rows_for_the_data(printed, data, FOI_2022)
    totals = [(str(f.row), f.found) for f in found if f.code == "V13"]
    assert totals == [
        ("28 (cell G28)", "the printed total 112, but the cells sum to 170: 58 apart"),
        ("43 (cell G43)", "the printed total 151, but the cells sum to 193: 42 apart"),
    ]


def test_titles_under_the_headings_of_another_order_are_classified_by_title(read, data):
    printed = read("wmp_2022", REPLY_2022)
    rows, found = rows_for_the_data(printed, data, FOI_2022)
    families = rows["breaches"].groupby("table_as_printed")[["family", "heading_family"]].agg(set)
    assert families.loc["2a"].to_list() == [{"SRO"}, {"SHPO"}]
    assert families.loc["3a"].to_list() == [{"SHPO"}, {"SRO"}]
    told = [f.found for f in found if f.code == "V14"]
    assert len(told) == 5 and all(each.endswith(", in 6 cells") for each in told)


def test_the_misprinted_years_of_the_headings_are_told_and_change_nothing(read):
    printed = read("wmp_2022", REPLY_2022)
    told = [each.found for each in printed.warnings if each.kind == "label"]
    assert told == ["'20218-19' in a heading, probably 2018-19"] * 3


def test_the_year_line_says_only_the_year(read):
    frame = read("wmp_2022", REPLY_2022).frame
    by_year = frame[frame["as_at_precision"] == "year"]
    assert {day.year: value for day, value in by_year[["as_at", "value"]].to_numpy()} == {
        2021: 4620,
        2020: 4581,
        2019: 4540,
        2018: 4295,
        2017: 4171,
    }
    assert set(by_year["note"]) == {"the reply states only the year"}


# What is refused, and what it says -----------------------------------------------------------

NOTIFY = "Fail to Comply with Notification of changes requirement"
TRAVEL = "Fail to Comply with requirement to notify travel outside UK"
WHOLE = Context(force="WMP", published=date(2024, 6, 1), custody_status="both")


def printed(*rows, context=WHOLE, **options):
    return read_printed([Sheet("s", [list(row) for row in rows])], context, **options)


def refusals(*rows, **options):
    with pytest.raises(PrintedError) as caught:
        printed(*rows, **options)
    return [str(line) for line in str(caught.value).splitlines()[1:]]


def values(tables):
    return [(row.period_start.year, row.value) for row in tables.frame.itertuples()]


def test_what_the_tables_do_not_say_is_asked_for_all_at_once():
    sheets = [Sheet("s", cells_of("wmp_2022"))]
    with pytest.raises(PrintedError) as caught:
        read_printed(sheets)
    asked = [p.found.split(":")[0].removeprefix("no ") for p in caught.value.problems]
    assert asked == ["custody_status", "force", "year_day", "published"]


def test_a_year_that_was_not_over_needs_the_day_it_is_counted_to():
    rows = [["Offence", "2023-24", "2024-25"], [NOTIFY, 1, 2]]
    (line,) = refusals(*rows)
    assert "found no part_year_end: 2024-25 is a part-year" in line
    tables = printed(["part_year_end: 2024-05-31"], *rows)
    assert tables.frame["value_status"].to_list() == ["final", "provisional"]
    assert tables.frame["period_end"].to_list() == [date(2024, 3, 31), date(2024, 5, 31)]


@pytest.mark.parametrize("label", ["2022-23 (part year)", "2022-23 [p]"])
def test_a_year_that_the_table_calls_part_needs_it_too(label):
    assert "found no part_year_end" in refusals(["Offence", label], [NOTIFY, 1])[0]


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("20218-19", "it probably means 2018-19"),
        ("2018-9", "it probably means 2018-19"),
        ("2018-20", "it probably means 2018-19:"),
        ("2018", "it probably means 2018-19"),
        (2018, "it probably means 2018-19 or 2017-18"),
        (date(2011, 12, 1), "if it means the year 2011-12, format the cell as text"),
        ("Q1", "write the year in that form"),
    ],
)
def test_a_misprinted_year_is_asked_for_and_not_guessed(label, says):
    (line,) = refusals(["Offence Title", "2019-20", label], [NOTIFY, 1, 2])
    assert "row 1, column C, " in line and says in line


def test_a_part_year_cannot_end_after_the_reply_and_no_year_begin_after_it():
    after = replace(WHOLE, published=date(2022, 3, 14), part_year_end=date(2022, 3, 20))
    lines = refusals(["Offence", "2021-22"], [NOTIFY, 1], context=after)
    assert "a part-year counted to 20 March 2022 in a reply of 14 March 2022" in lines[0]
    lines = refusals(["Offence", "2025-26"], [NOTIFY, 1])
    assert "the year 2025-26 in a reply of 1 June 2024" in lines[0]


@pytest.mark.parametrize("heading", ["1: subject to an SHPO", "1: subject to an SRO"])
def test_who_is_counted_is_asked_for(heading):
    rows = [heading], ["Year", "Male", "Female"], ["as at 2022-02-22", 3, 4]
    assert "found no custody_status" in refusals(*rows, context=Context(force="WMP"))[0]


def test_a_row_without_a_label_is_refused():
    assert "found no label" in refusals(["Offence", "2018-19"], [NOTIFY, 1], [None, 2])[0]


def test_the_answer_to_a_misprint_is_taken():
    rows = [["Offence Title", "2017-18", "20218-19"], [NOTIFY, 9, 8]]
    assert values(printed(*rows, read_as={"20218-19": "2018-19"})) == [(2017, 9), (2018, 8)]


@pytest.mark.parametrize(
    "label", ["2018-19", "2018/19", "2018\N{EN DASH}19", "2018-2019", "2018/2019", "2018-19*"]
)
def test_the_usual_spellings_of_a_year_are_read(label):
    assert values(printed(["Offence Title", label], [NOTIFY, 9])) == [(2018, 9)]


def test_a_year_twice_is_refused():
    assert (
        "the year 2018-19 a second time"
        in refusals(["Offence Title", "2018-19", "2018/19"], [NOTIFY, 1, 2])[0]
    )


@pytest.mark.parametrize(
    ("cell", "value"), [(4620, 4620), ("4,620", 4620), ("4 620", 4620), ("12*", 12), ("7 [r]", 7)]
)
def test_a_figure_may_have_thousands_commas_and_marks(cell, value):
    assert values(printed(["Offence Title", "2018-19"], [NOTIFY, cell])) == [(2018, value)]


@pytest.mark.parametrize(
    "cell", ["", None, "-", "..", "n/a", "<5", "4,62", "1.5", 1.5, -1, True, "nil"]
)
def test_a_cell_that_is_no_whole_number_is_refused_with_its_place(cell):
    lines = refusals(["Offence Title", "2018-19", "2019-20"], [NOTIFY, cell or None, 3])
    assert lines[0].startswith("  row 2, column B, found ")


def test_a_status_in_words_is_a_status():
    frame = printed(["Offence Title", "2018-19"], [NOTIFY, "not held"]).frame
    assert frame["value"].to_list() == [None] and frame["value_status"].to_list() == ["not_held"]


def test_thousands_commas_that_split_a_cell_are_found():
    """`412,1,677` without quotation marks: one cell too many."""
    lines = refusals(["Offence Title", "2018-19", "Total"], [NOTIFY, "412", "1", "677"])
    assert "'677' beyond the last column" in lines[0] and "quotation marks" in lines[0]
    lines = refusals(["1: RSOs"], ["2021 = 4", "620 2020 = 4", "581"])
    assert "row 2" in lines[0] and "quotation marks" in lines[0]


def test_a_figure_outside_every_table_is_refused():
    assert "'55', which is in no table" in refusals(["something", 55])[0]
    assert "which is in no table" in refusals(["1: RSOs"], ["2021 = 4,620 or so"])[0]


def test_notes_footnotes_and_blank_rows_are_passed_over():
    tables = printed(
        ["Breaches of notification requirements"],
        [None, None],
        ["Offence Title", "2018-19", "Total"],
        [NOTIFY, 9, 9],
        [None, None],
        [TRAVEL, 1, 1],
        ["Total", 10, 10],
        ["* as recorded on 3 May 2024"],
        ["Source: crime system"],
    )
    assert tables.frame["total"].to_list() == [None, "row", None, "row", "column", "grand"]
    assert tables.notes[-2:] == ["* as recorded on 3 May 2024", "Source: crime system"]


def test_a_title_without_figures_is_not_passed_over():
    head = ["Offence Title", "2018-19"]
    for rows in ([NOTIFY], [TRAVEL, 1]), ([NOTIFY], ["Total", 0]), ([TRAVEL, 1], [NOTIFY]):
        assert f"no figures beside '{NOTIFY}'" in refusals(head, *rows)[0]


@pytest.mark.parametrize(
    "head",
    [[None, "2018-19", "2019-20"], ["Breach of", "2018-19", "Total"], ["", "2018-19", "Total"]],
)
def test_years_are_the_head_of_a_table_whatever_stands_over_the_titles(head):
    tables = printed([c or None for c in head], [NOTIFY, 9, 9])
    assert set(tables.frame["offence_title"]) == {NOTIFY}


def test_a_table_without_rows_or_years_is_refused():
    assert "without rows of figures" in refusals(["Offence Title", "2018-19"])[0]
    assert "without a column for a year" in refusals(["Offence Title", "Total"], [NOTIFY, 9])[0]


def test_text_with_figures_is_told_because_it_is_not_read():
    tables = printed(
        ["Offence Title", "2018-19"], [NOTIFY, 9], ["Total", 9], ["5 are under review"]
    )
    assert [(w.row, w.kind) for w in tables.warnings] == [(4, "text")]


def test_people_in_the_community_by_level_are_a_breakdown():
    context = Context(force="WMP", as_at=date(2022, 3, 31), custody_status="community")
    rows = ["1: RSOs by MAPPA level"], ["Level 1", 42], ["Level 2", 3], ["Total", 45]
    frame = printed(*rows, context=context).frame
    assert frame["measure_code"].to_list() == ["RSO_BY_LEVEL"] * 2 + ["RSO_COMMUNITY"]


def test_the_line_above_a_table_is_its_heading():
    tables = printed(["breaches of SROs"], ["Offence Title", "2018-19"], [NOTIFY, 9])
    assert set(tables.frame["heading_as_printed"]) == {"breaches of SROs"}
    asked = printed(
        ["2a. How many breaches of SROs were recorded in 2018-19?"],
        ["Offence Title", "2018-19"],
        [NOTIFY, 9],
    )
    assert set(asked.frame["heading_as_printed"]) == {"breaches of SROs"}
    assert set(asked.frame["table_as_printed"]) == {"2a"}


def test_an_unknown_title_reaches_the_checks_as_it_is_printed(data):
    tables = printed(
        ["measure_code", "NOTIF_OFFENCES"], ["Offence Title", "2018-19"], ["Fail to wave", 9]
    )
    assert [f.code for f in faults(tables.frame, data) if f.severity == "stop"] == ["V15"]


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("2022 (as at 22/02/22)", date(2022, 2, 22)),
        ("2022 (as at 22 February 2022)", date(2022, 2, 22)),
        ("as at 2022-02-22", date(2022, 2, 22)),
        ("31st March 2022", date(2022, 3, 31)),
        (date(2022, 2, 22), date(2022, 2, 22)),
    ],
)
def test_the_day_of_a_count_is_read_from_its_label(label, day):
    frame = printed(["1: RSOs"], ["Year", "Male", "Female"], [label, "4,585", 57]).frame
    assert set(frame["as_at"]) == {day} and frame["sex"].to_list() == ["male", "female"]


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("2022 (as at 03/04/22)", "if it means 3 April 2022, write 2022-04-03"),
        ("2021 (as at 22/02/22)", "2021 (as at 22/02/22)"),
        (44614, "it is probably 22 February 2022"),
        ("last spring", "write the"),
    ],
)
def test_a_day_that_is_not_sure_is_asked_for(label, says):
    lines = refusals(["1: RSOs"], ["Year", "Male", "Female"], [label, 4585, 57])
    assert says in lines[0] and "row 3, column A" in lines[0]


@pytest.mark.parametrize(
    ("heading", "custody", "measure"),
    [
        ("people on the Sex Offenders' Register", "both", "RSO_REGISTER"),
        ("RSOs", "community", "RSO_COMMUNITY"),
        ("subject to an SHPO", "both", "SUBJECT_SHPO"),
        ("subject to a Sexual Risk Order", "both", "SUBJECT_SRO"),
    ],
)
def test_what_a_table_counts_is_read_from_its_heading(heading, custody, measure):
    context = Context(force="WMP", custody_status=custody)
    head = [f"1: {heading}"], ["Year", "Male", "Female"]
    frame = printed(*head, ["as at 2022-02-22", 3, 4], context=context).frame
    assert set(frame["measure_code"]) == {measure}


def test_a_table_whose_heading_does_not_say_what_it_counts_asks():
    lines = refusals(["Year", "Male", "Female"], ["as at 2022-02-22", 3, 4])
    assert "found no measure_code" in lines[0]


def test_the_same_count_twice_is_one_count_and_two_values_are_refused():
    rows = [["1: missing RSOs", 43], ["2: missing RSOs by level"], ["Level 1", 42], ["Unknown", 1]]
    context = Context(force="WMP", as_at=date(2014, 6, 30), definition_code="NOT_STATED")
    assert len(printed(*rows, ["Total", 43], context=context).frame) == 3
    lines = refusals(*rows, ["Total", 44], context=context)
    assert "found 44, but 43 in row 1 (cell B1)" in lines[0]


def test_levels_that_do_not_sum_to_their_total_are_told():
    context = Context(force="WMP", as_at=date(2014, 6, 30), definition_code="NOT_STATED")
    rows = ["3: missing RSOs by level"], ["Level 1", 42], ["Level 2", 3], ["Total", 43]
    tables = printed(*rows, context=context)
    assert [w.found for w in tables.warnings] == ["the printed total 43, but the levels sum to 45"]


def test_lines_in_the_sheet_say_what_the_tables_do_not():
    lines = ["force: STA"], ["published", "2024-06-01"]
    table = ["Offence Title", "2018-19"], [NOTIFY, 9]
    assert set(printed(*lines, *table, context=Context()).frame["force"]) == {"STA"}
    assert "'22/05/2024'" in refusals(["published: 22/05/2024"], *table)[0]


def test_options_in_text_become_a_context_or_are_refused_together():
    said = {"force": "WMP", "part_year_end": "2022-02-22", "year_day": "02-22"}
    assert context_of(said) == Context(
        force="WMP", part_year_end=date(2022, 2, 22), year_day="02-22"
    )
    with pytest.raises(PrintedError) as caught:
        context_of({"forse": "WMP", "published": "14/03/2022"})
    assert [(p.found, p.remedy) for p in caught.value.problems] == [
        ("'forse'", "did you mean force?"),
        ("'14/03/2022' for published", "if it means 14 March 2022, write 2022-03-14"),
    ]


def test_formulas_without_values_stop_and_merged_headings_do_not(tmp_path):
    def change(book):
        sheet = book.active
        sheet.merge_cells("A1:B1")
        sheet["B3"] = "=1+1"

    path = tmp_path / "t.xlsx"
    rows = [["breaches", None], ["Offence Title", "2018-19"], [NOTIFY, 2], [TRAVEL, 3]]
    path.write_bytes(workbooks.xlsx(rows, change=change))
    with pytest.raises(PrintedError) as caught:
        read_printed(read_sheets(path), WHOLE)
    assert [(p.row, p.column, p.kind) for p in caught.value.problems] == [
        (3, "A", "table"),
        (3, "B", "formula"),
    ]


def test_every_sheet_is_read_and_named():
    table = [["Offence Title", "2018-19"], [NOTIFY, 9]]
    other = [["Offence Title", "2018-19"], [TRAVEL, "x"]]
    with pytest.raises(PrintedError) as caught:
        read_printed([Sheet("one", table), Sheet("two", other)], WHOLE)
    assert [p.sheet for p in caught.value.problems] == ["two"]
    frame = read_printed([Sheet("one", table), Sheet("two", [])], WHOLE).frame
    assert [str(row) for row in frame["row"]] == ["2 (sheet one, cell B2)"]


def test_a_file_without_a_table_is_refused():
    assert "no table that can be read" in refusals(["Dear reader"])[0]


def test_an_interval_may_be_written_in_several_ways():
    rows = [
        ["Very High Risk: at least once a month"],
        ["Low", "once a year"],
        ["High", "every 3 months"],
    ]
    assert printed(*rows).intervals == [
        VisitInterval(1, "very_high", 1),
        VisitInterval(2, "low", 12),
        VisitInterval(3, "high", 3),
    ]


# Into the data package -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the data package; the printed tables are taken in as if another force sent them."""
    folder = tmp_path_factory.mktemp("package") / "data"
    shutil.copytree(dataset.data_folder(), folder)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


SYNTHETIC = Source("synthetic-2022", "Synthetic reply for a test", published=date(2022, 3, 14))
AS_STAFFORDSHIRE = replace(REPLY_2022, force="STA", published=None)


def test_a_printed_reply_that_leaves_something_open_changes_no_byte(package, tmp_path):
    before = contents(package)
    path = tmp_path / "reply.xlsx"
    path.write_bytes(as_xlsx("wmp_2022"))
    with pytest.raises(ReturnError) as caught:
        ingest(path, SYNTHETIC, package, printed=replace(AS_STAFFORDSHIRE, part_year_end=None))
    assert "reply.xlsx: 1 fault to correct; nothing was written." in str(caught.value)
    assert "found no part_year_end" in str(caught.value)
    assert contents(package) == before


def test_the_command_line_asks_for_the_same_and_says_the_printed_cell(
    package, tmp_path, monkeypatch
):
    monkeypatch.setenv("RSO_REPORT_DATA", str(package))
    path = tmp_path / "reply.csv"
    path.write_text(f"1a: breaches\nOffence Title,20221-22,Total\n{NOTIFY},9,9\n")
    line = ["ingest", str(path), "--source", "synthetic", "--published", "2022-06-01"]
    line += ["--title", "Synthetic", "--dry-run"]
    run = CliRunner().invoke
    assert "belong to --shape printed and areas" in run(main, [*line, "--say", "force=STA"]).output
    line += ["--shape", "printed", "--say", "force=STA"]
    asked = run(main, line)
    assert asked.exit_code == 1 and "--read-as '20221-22=2021-22'" in asked.output
    assert "did you mean force?" in run(main, [*line, "--say", "forse=STA"]).output
    path.write_text(path.read_text().replace(NOTIFY, "Fail to wave"))
    line += ["--read-as", "20221-22=2021-22", "--say", "measure_code=NOTIF_OFFENCES", "--json"]
    refused = json.loads(run(main, line).output)
    assert {(f["code"], f["row"]) for f in refused["faults"] if f["severity"] == "stop"} == {
        ("V15", "3 (cell B3)"),
        ("V15", "3 (cell C3)"),
    }


def test_a_printed_reply_is_taken_in_once_with_its_cells_as_places(package, tmp_path):
    path = tmp_path / "reply.ods"
    path.write_bytes(as_ods("wmp_2022"))
    first = ingest(path, SYNTHETIC, package, printed=AS_STAFFORDSHIRE)
    assert first.outcome == "added"
    assert {table: len(rows) for table, rows in first.rows.items()} == {
        "registered_offenders": 7,
        "breaches": 45,
        "printed_totals": 27,
        "orders": 4,
    }
    after = contents(package)
    lines = after["discrepancies.csv"].decode().splitlines()
    assert any('"reply.ods, row 28 (cell G28)",112,Cells sum to 170.' in line for line in lines)
    years = after["registered_offenders.csv"].decode()
    assert (
        'STOCK_FOI,STA,2021-02-22,year,both,all,all,4620,exact,final,,synthetic-2022,"reply'
        in years
    )
    again = ingest(path, SYNTHETIC, package, printed=AS_STAFFORDSHIRE)
    assert again.outcome == "already in the data" and contents(package) == after
