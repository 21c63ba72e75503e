"""The annual return to fill in, as a workbook and as CSV, made from the form (`return_form`).

Laid out as the Government Analysis Function asks of spreadsheets: cover, contents and notes, one
marked-up table a sheet, no merged cells. The same form gives the same bytes.
"""

import csv
import io
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from rso_report.dataset import Tables
from rso_report.intake.annual_return import EARLIEST, allowed_values, force_codes
from rso_report.return_form import (
    EXAMPLE_MARK,
    SHEET,
    STATUS_WORDS,
    asked,
    template_fields,
    titles,
)

EXAMPLE_SHEET = "Example"
ROWS = 400  # of the sheet to fill in that have drop-downs
HEADER_ROW = 3  # as an index: title and instructions stand above
_CREATED = datetime(1980, 1, 1)
_CODES = "Codes"
_WIDTHS = {"measure_code": 32, "offence_title": 44, "heading_as_printed": 24, "note": 44}

# The worked example: rows of an invented return, which the checks refuse because of their mark.
_EXAMPLE = (
    {"measure_code": "RSO_REGISTER", "as_at": "2026-03-31", "value": 1000},
    {"measure_code": "RSO_COMMUNITY", "as_at": "2026-03-31", "value": 790},
    {"measure_code": "RSO_CUSTODY", "as_at": "2026-03-31", "value": 200},
    {"measure_code": "RSO_ABROAD", "as_at": "2026-03-31", "value": 10},
    {
        "measure_code": "MISSING_STOCK",
        "as_at": "2026-03-31",
        "definition_code": "WHEREABOUTS_UNKNOWN",
        "value": 10,
    },
    {
        "measure_code": "NOTIF_OFFENCES",
        "period_start": "2025-04-01",
        "period_end": "2026-03-31",
        "offence_title": "Failure to comply with (Sexual Offence) Notification Order",
        "value": 100,
    },
    {
        "measure_code": "VISITS_MADE",
        "period_start": "2025-04-01",
        "period_end": "2026-01-31",
        "value": 1500,
        "value_status": "provisional",
        "note": "April to January only",
    },
    {"measure_code": "MISSING_RULE_DAYS", "as_at": "2026-03-31", "value_status": "not_held"},
    {
        "measure_code": "RSO_BY_TIER",
        "as_at": "2026-03-31",
        "risk_tier": "VH",
        "risk_tool": "ARMS",
        "custody_status": "community",
        "value": 20,
    },
)


def csv_template() -> bytes:
    """The names of the columns as a CSV file, with the mark by which Excel reads UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([field.name for field in template_fields()])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def workbook_template(data: Tables) -> bytes:
    """The workbook to fill in; `data` needs the table `areas`, which has the forces."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties(
        {
            "title": "Annual return on the management of registered sexual offenders",
            "comments": "Template. Not official statistics.",
            "created": _CREATED,
        }
    )
    styles = {
        "title": book.add_format({"bold": True, "font_size": 16}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "#,##0.##"}),
        "words": book.add_format({"num_format": "@"}),
        "link": book.get_default_url_format(),
    }
    names = ["Cover", "Contents", "Notes", SHEET, EXAMPLE_SHEET, "Columns", "Measures", _CODES]
    sheets = {name: book.add_worksheet(name) for name in names}
    _words(sheets["Cover"], styles, COVER[0], COVER[1:])
    _table(
        sheets["Contents"],
        styles,
        "Contents",
        "This worksheet contains one table, with a link to each worksheet.",
        ["Worksheet", "What it holds"],
        [[name, _HOLDS[name]] for name in names[2:]],
        (16, 90),
    )
    for row, name in enumerate(names[2:], HEADER_ROW + 1):
        sheets["Contents"].write_url(row, 0, f"internal:'{name}'!A1", styles["link"], name)
    _table(
        sheets["Notes"],
        styles,
        "Notes",
        "This worksheet contains one table.",
        ["Note", "Text"],
        [[number, text] for number, text in enumerate(NOTES, 1)],
        (8, 110),
    )
    columns = _codes(sheets[_CODES], styles, data)
    _fill_in(sheets[SHEET], styles, columns)
    _example(sheets[EXAMPLE_SHEET], styles)
    _table(
        sheets["Columns"],
        styles,
        "Columns of the return",
        "This worksheet contains one table. What the codes mean is on the worksheet Codes.",
        ["Column", "Kind", "What it says", "When to fill it in", "Codes"],
        [[f.name, f.kind, f.says, f.when, _listed(f.allowed)] for f in template_fields()],
        (22, 14, 50, 50, 60),
    )
    _table(
        sheets["Measures"],
        styles,
        "Measures",
        "This worksheet contains one table. A stock is counted on a day, a flow over a period.",
        ["Measure code", "Question", "Kind", "Unit", "What is counted", "Also needed"],
        [
            [m.code, m.question, m.kind, m.unit, m.says, _listed(m.needs) or "nothing more"]
            for m in asked().values()
        ],
        (32, 10, 8, 22, 80, 50),
    )
    sheets["Cover"].activate()
    book.close()
    return file.getvalue()


COVER = (
    "Annual return on the management of registered sexual offenders (RSOs)",
    "For police forces. One row is one figure, or one answer that there is none.",
    f"Fill in the worksheet {SHEET} and send the file back. No other worksheet is read.",
    "Every question can be answered with not_held, cost_limit or exempt in the column "
    "value_status instead of a number.",
    "Do not write about single people: no names, dates of birth, addresses or reference numbers.",
    "The figures are published with their source. This return has no official standing: it asks, "
    "in one form, what forces are asked one by one under the Freedom of Information Act.",
    "The worksheet Contents lists the worksheets with a link to each.",
)
_HOLDS = {
    "Notes": "How to fill in the return",
    SHEET: "The table to fill in",
    EXAMPLE_SHEET: "An invented return of a few rows, to look at",
    "Columns": "What each column means and when it is filled in",
    "Measures": "What is asked",
    _CODES: "Every code that a column takes",
}
NOTES = (
    "A stock is a number on one day: fill in as_at and leave the period empty.",
    "A flow is a number over a period: fill in period_start and period_end and leave as_at empty. "
    "A period is a year of 365 or 366 days; if it is not, value_status is provisional.",
    "Dates are written as year, month, day: 2026-03-31.",
    "A number is written in digits alone, without commas, words or signs. 0 means that there were "
    "none; if you do not know, leave value empty and say so in value_status.",
    "RSO_REGISTER counts everybody on the register. RSO_COMMUNITY, RSO_CUSTODY and RSO_ABROAD are "
    "its parts and sum to it; if they do not, say why in note.",
    "Offences are given by title, word for word as recorded, one row for each title.",
    "A row for each sex, tier or level may be added beside the total; together they sum to it.",
    "The value of a district is not kept: no count below a force is published. Leave out areas of "
    "10,000 residents or fewer, and a breakdown in which a sex, tier or level is one person.",
    "If a number replaces one that is published already, write revised in value_status and the "
    "identifier of the published row, such as BR0005, in revises_row.",
)


def _words(sheet: Worksheet, styles: dict, title: str, lines: tuple[str, ...]) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 100)
    sheet.write(0, 0, title, styles["title"])
    for row, line in enumerate(lines, 1):
        sheet.write(row, 0, line, styles["text"])


def _table(
    sheet: Worksheet,
    styles: dict,
    title: str,
    instructions: str,
    names: list[str],
    rows: list[list],
    widths: tuple[int, ...],
) -> None:
    """One marked-up table below its title and a line that says what the sheet holds."""
    sheet.write(0, 0, title, styles["title"])
    sheet.write(1, 0, instructions)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.add_table(
        HEADER_ROW,
        0,
        HEADER_ROW + max(1, len(rows)),
        len(names) - 1,
        {
            "name": f"table_{sheet.get_name().lower()}",
            "autofilter": False,
            "style": "Table Style Light 1",
            "banded_rows": False,
            "columns": [{"header": name, "header_format": styles["head"]} for name in names],
        },
    )
    for number, row in enumerate(rows, HEADER_ROW + 1):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell, styles["text"])


def _codes(sheet: Worksheet, styles: dict, data: Tables) -> dict[str, str]:
    """Write every code with its meaning; return where the codes of each column stand."""
    rows, places = [], {}
    names = force_codes(data)
    meanings = {measure.code: measure.says for measure in asked().values()} | names | STATUS_WORDS
    for field in template_fields():
        allowed = allowed_values(field.name, data) if field.kind == "code" else ()
        if field.name == "measure_code":
            allowed = tuple(asked())
        if field.name == "offence_title":
            allowed = tuple(titles())
        if not allowed:
            continue
        first = HEADER_ROW + 2 + len(rows)
        rows += [[field.name, code, meanings.get(code, "")] for code in allowed]
        places[field.name] = f"={_CODES}!$B${first}:$B${first + len(allowed) - 1}"
    _table(
        sheet,
        styles,
        "Codes",
        "This worksheet contains one table. A blank cell means that the code explains itself. "
        "Offence titles are those known so far; another may be written as it is recorded.",
        ["Column", "Code", "Meaning"],
        rows,
        (22, 60, 80),
    )
    return places


def _fill_in(sheet: Worksheet, styles: dict, codes: dict[str, str]) -> None:
    """The table to fill in: drop-downs, checks of dates and numbers, and a note on each column."""
    names = [field.name for field in template_fields()]
    _table(
        sheet,
        styles,
        "Return",
        "This worksheet contains one table, to fill in from the row below the column names. "
        "The worksheets Notes, Columns and Measures say how. Blank cells are to be filled in.",
        names,
        [],
        tuple(_WIDTHS.get(name, 18) for name in names),
    )
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    last = HEADER_ROW + ROWS
    for place, field in enumerate(template_fields()):
        style = {"date": "date", "number": "number", "whole number": "number"}.get(field.kind)
        sheet.set_column(
            place, place, _WIDTHS.get(field.name, 18), styles[style] if style else styles["words"]
        )
        told = f"{field.says}. Fill in {field.when}."
        sheet.write_comment(HEADER_ROW, place, told, {"author": "", "x_scale": 2})
        rule = _rule(field.kind, codes.get(field.name, ""))
        if rule:
            rule |= {
                "ignore_blank": True,
                "error_title": field.name,
                "error_message": _refused(field.kind)[:255],
                "error_type": "warning" if field.name == "offence_title" else "stop",
            }
            sheet.data_validation(HEADER_ROW + 1, place, last, place, rule)


def _rule(kind: str, codes: str) -> dict:
    if codes:
        return {"validate": "list", "source": codes}
    if kind == "date":
        return {"validate": "date", "criteria": ">=", "value": EARLIEST}
    if kind in ("number", "whole number"):
        return {
            "validate": "decimal" if kind == "number" else "integer",
            "criteria": ">=",
            "value": 0,
        }
    return {}


def _refused(kind: str) -> str:
    return {
        "code": "Choose one of the codes in the list. The worksheet Codes says what they mean.",
        "text": "This title is not known yet. Keep it if it is word for word as recorded.",
        "date": "Write the day as year, month, day, such as 2026-03-31.",
    }.get(kind, "Write a number of 0 or more in digits alone, or leave the cell empty.")


def _example(sheet: Worksheet, styles: dict) -> None:
    """An invented return that cannot be mistaken for one, whether it is read or copied."""
    names = [field.name for field in template_fields()]
    rows = []
    for given in _EXAMPLE:
        row = {"force": "STA", "value_status": "final", "source_ref": EXAMPLE_MARK} | given
        rows.append([row.get(name, "") for name in names])
    _table(
        sheet,
        styles,
        f"{EXAMPLE_MARK}: an invented return of a few rows",
        f"This worksheet contains one table. Its numbers are invented. It is not read; rows that "
        f"are copied from here are refused because of the words {EXAMPLE_MARK}. A blank cell means "
        "that the column does not apply.",
        names,
        rows,
        tuple(_WIDTHS.get(name, 18) for name in names),
    )
    sheet.set_tab_color("#7f7f7f")
    sheet.freeze_panes(HEADER_ROW + 1, 2)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)
