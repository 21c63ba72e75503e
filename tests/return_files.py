"""Returns as forces might send them, made by code: rows, and the files that hold them.

All figures are invented. Nothing of this is data of the report.
"""

import csv
import io
import zipfile
from xml.sax.saxutils import escape

import openpyxl

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
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in cells:
        book.active.append([None if cell == "" else cell for cell in row])
    change(book.active)
    book.save(path)
    return path


def as_ods(path, cells, sheet="Return"):
    def cell(value):
        if value == "":
            return "<table:table-cell/>"
        if isinstance(value, int | float):
            kind = f'office:value-type="float" office:value="{value}"'
        else:
            kind = 'office:value-type="string"'
        return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in cells)
    name = "urn:oasis:names:tc:opendocument:xmlns:"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        out.writestr(zipfile.ZipInfo("mimetype"), kind)
        out.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{name}manifest:1.0"><m:file-entry m:full-path="/" '
            f'm:media-type="{kind}"/><m:file-entry m:full-path="content.xml" '
            'm:media-type="text/xml"/></m:manifest>',
        )
        out.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{name}office:1.0" '
            f'xmlns:table="{name}table:1.0" xmlns:text="{name}text:1.0" office:version="1.3">'
            f'<office:body><office:spreadsheet><table:table table:name="{sheet}">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return path
