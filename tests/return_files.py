"""Returns as forces might send them, made by code: rows, and the files that hold them.

All figures are invented. Nothing of this is data of the report.
"""

import csv
import io

import workbooks

STOCK = {"force": "STA", "as_at": "2025-03-31", "value_status": "final"}
FLOW = {
    "force": "STA",
    "period_start": "2024-04-01",
    "period_end": "2025-03-31",
    "value_status": "final",
}
TITLE = "Failure to comply with (Sexual Offence) Notification Order"
ORDER = "Breach Sexual Harm Prevention Order (SHPO) Sentencing Act 2020 Sec 354 (1) (4)"
COLUMNS = (
    "force",
    "measure_code",
    "as_at",
    "period_start",
    "period_end",
    "geography_level",
    "geography_code",
    "population_total",
    "population_10plus",
    "sex",
    "risk_tier",
    "risk_tool",
    "mappa_level",
    "custody_status",
    "offence_title",
    "heading_as_printed",
    "definition_code",
    "value",
    "value_status",
    "revises_row",
    "source_ref",
    "note",
)


def stock(code, value, **more):
    return STOCK | {"measure_code": code, "value": value} | more


def flow(code, value, **more):
    return FLOW | {"measure_code": code, "value": value} | more


def offences(value, **more):
    return flow("NOTIF_OFFENCES", value, **({"offence_title": TITLE} | more))


def gone(value, **more):
    return stock("MISSING_STOCK", value, **({"definition_code": "WHEREABOUTS_UNKNOWN"} | more))


def silent(code, status, **more):
    """An answer without a number."""
    return {**(STOCK if "as_at" in more else FLOW), "measure_code": code, "value": ""} | {
        "value_status": status,
        **more,
    }


def good():
    """A return with nothing wrong in it, of every kind that a table takes."""
    return [
        stock("RSO_REGISTER", 1700),
        stock("RSO_COMMUNITY", 1400),
        stock("RSO_CUSTODY", 290),
        stock("RSO_ABROAD", 10),
        gone(9),
        flow("MISSING_NEW", 20, definition_code="WHEREABOUTS_UNKNOWN"),
        flow("MISSING_TRACED", 21, definition_code="WHEREABOUTS_UNKNOWN"),
        offences(120),
        flow("SHPO_OFFENCES", 40, offence_title=ORDER, period_end="2025-01-31")
        | {"value_status": "provisional"},
        stock("RSO_BY_LEVEL", 1390, mappa_level="1", custody_status="community"),
        stock("RSO_BY_TIER", 30, risk_tier="VH", risk_tool="ARMS", custody_status="community"),
        stock("OFFICERS_FTE", 18.25),
        stock("SUBJECT_SHPO", 900, custody_status="both"),
        flow("VISITS_DUE", 4000),
        flow("VISITS_MADE", 3900),
        flow("TRAVEL_NOTIFIED", 60, sex="female"),
        silent("MISSING_RULE_DAYS", "not_held", as_at="2025-03-31"),
        silent("NAME_CHANGE_NOTIFIED", "cost_limit"),
    ]


def table(rows, columns=COLUMNS):
    """Rows as a list of lists, the names of the columns first."""
    return [list(columns), *([row.get(name, "") for name in columns] for row in rows)]


def as_csv(path, cells, encoding="utf-8", start=b"", delimiter=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(cells)
    path.write_bytes(start + text.getvalue().encode(encoding))
    return path


def as_xlsx(path, cells, sheet="Return", change=lambda sheet: None):
    rows = [[None if cell == "" else cell for cell in row] for row in cells]
    path.write_bytes(workbooks.xlsx(rows, change=lambda book: change(book.active), name=sheet))
    return path


def as_ods(path, cells, sheet="Return"):
    rows = [[None if cell == "" else cell for cell in row] for row in cells]
    path.write_bytes(workbooks.ods(rows, name=sheet))
    return path
