import csv
import datetime as dt
import io
import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from rso_report import tables
from rso_report.publication import block

FORCES = pd.DataFrame(
    {
        "Police force area": ["West Midlands", "Staffordshire", "Warwickshire"],
        "RSOs": [3655, 0, None],
        "Rate": [144.25, 130.0, np.nan],
        "Missing": ["46 [r]", "[c]", "[x]"],
        "Status": ["Final", "[p]", "Final"],
    }
)


def rendered(frame=FORCES, **changes):
    arguments = {
        "table_id": "tab-forces",
        "caption": "RSOs by police force area",
        "formats": {"Rate": 1} if "Rate" in frame else None,
    }
    return BeautifulSoup(tables.to_html(frame, **(arguments | changes)), "html.parser")


def stored(frame=FORCES, **changes):
    arguments = {
        "table_id": "tab-forces",
        "caption": "RSOs by police force area",
        "formats": {"Rate": 1} if "Rate" in frame else None,
    }
    return tables.record(frame, **(arguments | changes))


def row(table, number):
    return [cell.text for cell in table.select("tbody tr")[number].find_all(["th", "td"])]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3655, None, "3,655"),
        (np.int64(-1200), None, "-1,200"),
        (3655.0, None, "3,655"),
        (0, None, "0"),
        (-0.04, 1, "0.0"),
        (0.125, 2, "0.13"),
        (2.675, 2, "2.68"),
        (144.25, 1, "144.3"),
        (1234567.5, 0, "1,234,568"),
        (None, None, "[x]"),
        (np.nan, 1, "[x]"),
        (pd.NA, None, "[x]"),
        (pd.NaT, None, "[x]"),
        ("[c]", None, "[c]"),
        (np.bool_(True), None, "Yes"),
        (pd.Timestamp("2021-03-31"), None, "31 March 2021"),
        (dt.date(2014, 6, 3), None, "3 June 2014"),
    ],
)
def test_one_value_reads_as(value, digits, text):
    assert tables.cell_text(value, digits) == text


def test_a_missing_value_is_not_a_zero():
    assert row(rendered(), 1) == ["Staffordshire", "0", "130.0", "[c]", "[p]"]
    assert row(rendered(), 2) == ["Warwickshire", "[x]", "[x]", "[x]", "Final"]


def test_a_fraction_needs_its_number_of_decimal_places():
    with pytest.raises(ValueError, match="column 'Rate': 144.25 needs"):
        rendered(formats=None)


def test_headers_say_what_they_head():
    table = rendered()
    assert table.caption.text == "RSOs by police force area"
    assert [cell["scope"] for cell in table.select("thead th")] == ["col"] * 5
    assert [cell["scope"] for cell in table.select("tbody th")] == ["row"] * 3


def test_rows_may_be_named_by_other_columns_than_the_first():
    table = rendered(row_header=["Status", "Police force area"])
    assert [cell.text for cell in table.select("tbody tr")[0].find_all("th")] == [
        "West Midlands",
        "Final",
    ]


def test_numbers_and_their_symbols_are_aligned_right_words_are_not():
    assert [cell.text for cell in rendered().select("thead th.num")] == ["RSOs", "Rate", "Missing"]
    intervals = pd.DataFrame({"Year": ["2019-20"], "95%": ["139.4–148.7"], "Next": ["2020-21"]})
    assert [cell.text for cell in rendered(intervals).select("th.num")] == ["95%"]


def test_only_the_symbols_that_occur_are_explained():
    assert rendered().select_one(".rso-symbols").text == (
        "Shorthand: [c] confidential, [r] revised, [p] provisional or part-year, [x] not available"
    )
    assert rendered(FORCES[["Police force area"]]).select_one(".rso-symbols") is None


def test_the_table_scrolls_in_a_named_box_that_the_keyboard_reaches():
    box = rendered().select_one(".rso-scroll")
    assert (box["tabindex"], box["role"]) == ("0", "region")
    assert box["aria-label"] == "RSOs by police force area"


def test_nothing_in_a_table_can_become_markup():
    frame = pd.DataFrame({"<b>A": ["<script>x</script>"], "B": [tables.Link("<i>", 'x"y')]})
    html = tables.to_html(
        frame, table_id="t", caption='<u>"', source=[("<s>", "x.md")], notes=["<em>"]
    )
    assert not any(tag in html for tag in ("<b>", "<script", "<i>", "<u>", "<s>", "<em>", 'x"y'))


def test_a_link_cannot_run_a_script():
    assert tables.Link("S1", "../book/sources.md#s1").html() == (
        '<a href="../book/sources.md#s1">S1</a>'
    )
    for address in ("javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//host/x"):
        with pytest.raises(ValueError, match="not a web or relative address"):
            tables.Link("S1", address)


def test_a_source_may_be_text_or_parts_with_links():
    assert tables.source_html("MoJ & ONS") == "MoJ &amp; ONS"
    assert tables.source_html([("MoJ", "https://www.gov.uk/"), ("ONS", None)]) == (
        '<a href="https://www.gov.uk/">MoJ</a>; ONS'
    )


@pytest.mark.parametrize(
    ("frame", "changes", "message"),
    [
        (FORCES.head(0), {}, "is empty"),
        (FORCES, {"formats": {"Rat": 1}}, "has no column Rat"),
        (FORCES, {"row_header": "Force"}, "has no column Force"),
        (FORCES, {"table_id": "Tab 1"}, "lower-case"),
        (FORCES, {"headline": "", "as_at": ""}, "'tab-forces' needs headline and as_at"),
        (FORCES.rename(columns={"Status": "RSOs"}), {}, "unique"),
    ],
)
def test_a_table_that_would_mislead_is_refused(frame, changes, message):
    with pytest.raises(ValueError, match=message):
        rendered(frame, **changes)


def test_show_displays_html_and_text(monkeypatch):
    shown = []
    monkeypatch.setattr(tables, "display", lambda bundle, raw: shown.append(bundle))
    tables.show(FORCES, table_id="t", caption="C", source="S", notes=iter("N"), formats={"Rate": 0})
    (bundle,) = shown
    assert bundle["text/html"].startswith('<figure class="rso-table" id="t">')
    assert "Source: S" in bundle["text/html"]
    assert "<li>N</li>" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[2] == "West Midlands\t3,655\t144\t46 [r]\tFinal"


def test_a_headline_stands_above_and_the_caption_stays_in_the_table():
    table = rendered(headline="West Midlands has most", as_at="31 March 2021")
    assert table.select_one(".rso-table > .headline").text == "West Midlands has most"
    assert table.caption.text == "RSOs by police force area"
    assert table.select_one(".rso-as-at").text == "As at: 31 March 2021"


@pytest.mark.parametrize("headline", [None, "West <Midlands> has most"])
def test_the_book_numbers_a_table_links_to_it_and_cites_it(headline):
    found = block.table_block(stored(headline=headline))
    title = headline or "RSOs by police force area"
    assert (found.kind, found.name, found.title) == ("Table", "tab-forces", title)
    page = BeautifulSoup(found.placed(block.Place("Table 2.3", "Cite.", "../")), "html.parser")
    shown = page.select_one(".headline" if headline else "caption").text
    assert shown == f"Table 2.3: {title}"
    assert [link["href"] for link in page.select(".rso-tools a")] == [
        "#tab-forces",
        "../_static/tables/tab-forces.csv",
    ]
    assert page.select_one(".rso-cite").text == "Cite."


def test_a_stored_table_has_one_row_a_line_and_numbers_as_numbers():
    text = tables.dumps(stored())
    assert json.loads(text) == stored()
    assert [json.loads(line.rstrip(","))["cells"] for line in text.splitlines()[-4:-1]] == [
        [
            "West Midlands",
            3655,
            {"number": 144.3, "text": "144.3"},
            {"number": 46.0, "text": "46 [r]"},
            "Final",
        ],
        ["Staffordshire", 0, {"number": 130.0, "text": "130.0"}, "[c]", "[p]"],
        ["Warwickshire", "[x]", "[x]", "[x]", "Final"],
    ]


@pytest.mark.parametrize("text", ["", "[x]", "130 to 140", "007", "2020-21", "at least 3", "1,23"])
def test_what_is_no_number_stays_text(text):
    frame = pd.DataFrame({"A": ["a"], "B": [text]})
    assert stored(frame)["rows"][0]["cells"][1] == text


def test_cells_stay_on_one_line_as_far_as_there_is_room_and_one_long_one_takes_none():
    frame = pd.DataFrame(
        {
            "Area": ["A police"] * 4,
            "Text": ["word " * 30] * 4,
            "Note": ["short one"] * 3 + ["a b " * 9],
        }
    )
    page = BeautifulSoup(tables.html(stored(frame), on_page=True), "html.parser")
    assert page.table["data-whole"] == "1 3"
    assert [td.text for td in page.select("tbody .long")] == ["a b " * 9]


LINKED = pd.DataFrame(
    {
        "Area": ["A", "A", "B"],
        "Count": [1, 2, 3],
        "Rows": [
            tables.Links((tables.Link(f"RO000{n}", f"x.md#row-ro000{n}"),)) for n in (1, 1, 2)
        ],
    }
)


def test_on_a_page_each_row_leads_to_its_rows_of_data_and_the_sources_are_folded():
    html = tables.html(stored(LINKED, source=[("MoJ", "x.md#source-moj")], first=2), on_page=True)
    page = BeautifulSoup(html, "html.parser")
    marks = [mark["href"] for mark in page.select("td.rso-mark a")]
    assert marks == [f"#tab-forces-from-{number}" for number in (1, 1, 2)]
    assert all(page.select_one(mark) for mark in marks)
    assert page.select_one("#tab-forces-from-2").text == "RO0002"
    assert page.select_one("details.rso-sources summary").text == "1 source and the rows of data"
    assert [tr.th.text for tr in page.select("details.rso-older tbody tr")] == ["B"]
    assert [th.text for th in page.select("th.rso-again")] == ["A"]


def test_the_csv_holds_exactly_the_cells_shown():
    found = block.table_block(stored())
    rows = found.files["tables/tab-forces.csv"].decode("utf-8-sig").splitlines()
    assert rows == [
        "Police force area,RSOs,Rate,Missing,Status",
        "West Midlands,3655,144.3,46 [r],Final",
        "Staffordshire,0,130.0,[c],[p]",
        "Warwickshire,[x],[x],[x],Final",
    ]


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-SUM(A1)", "'-SUM(A1)"),
        ("@A1", "'@A1"),
        ("\tx", "'\tx"),
        ("-1,200", "-1200"),
        ("+6.4%", "+6.4%"),
        ("−11.5", "−11.5"),
        ("-35.0 to 20.5", "-35.0 to 20.5"),
        ("-2+3+cmd|x", "'-2+3+cmd|x"),
        ("1,234,568.5", "1234568.5"),
        ("1,234 to 5,678", "1,234 to 5,678"),
        ("A & B", "A & B"),
    ],
)
def test_a_spreadsheet_runs_nothing_and_reads_numbers(cell, stored):
    table = tables.record(pd.DataFrame({"A": [cell]}), table_id="t", caption="C")
    (_, (value,)) = csv.reader(io.StringIO(tables.csv_file(table).decode("utf-8-sig")))
    assert value == stored
