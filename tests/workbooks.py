"""Spreadsheets for the tests, built from rows of cells; there is no library that writes ODS."""

import io
import re
import zipfile
from datetime import date
from xml.sax.saxutils import escape

import openpyxl

ODS = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)


def zipped(parts, method=zipfile.ZIP_DEFLATED):
    """A zip of parts, each a name with its content, in their order."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def with_part(content, name, new):
    """The same zip with one part changed (`new` may be a function of the old one) or added."""
    parts = dict(parts_of(content))
    parts[name] = new(parts[name]) if callable(new) else new
    return zipped(parts.items())


def xlsx(*tables, change=None, name="Sheet{}"):
    """A workbook with one sheet for each table; `change` is called with it before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(tables, start=1):
        sheet = book.create_sheet(name.format(number))
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_excel_stores(content):
    """The same workbook with its texts in a list apart from the cells, which Excel makes of them.

    The library that writes these workbooks leaves each text in its cell.
    """
    parts, texts = dict(parts_of(content)), []

    def moved(cell):
        texts.append(f"<si>{cell[2]}</si>")
        return f'{cell[1]} t="s"><v>{len(texts) - 1}</v></c>'

    for name in [each for each in parts if each.startswith("xl/worksheets/")]:
        pattern = r'(<c [^>]*?) t="inlineStr"><is>(.*?)</is></c>'
        parts[name] = re.sub(pattern, moved, parts[name].decode(), flags=re.DOTALL).encode()
    of = "http://schemas.openxmlformats.org/"
    listed = f'<sst xmlns="{of}spreadsheetml/2006/main">{"".join(texts)}</sst>'
    link = f'<Relationship Id="texts" Type="{of}officeDocument/2006/relationships/sharedStrings"'
    link += ' Target="sharedStrings.xml"/></Relationships>'
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(b"</Relationships>", link.encode())
    return zipped([*parts.items(), ("xl/sharedStrings.xml", listed)])


def ods(*tables, name="Sheet{}"):
    """An OpenDocument spreadsheet with one sheet for each table."""
    sheets = [
        f'<table:table table:name="{name.format(number)}">'
        + "".join(
            f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows
        )
        + "</table:table>"
        for number, rows in enumerate(tables, start=1)
    ]
    return ods_file("".join(sheets))


def ods_file(body, styles=""):
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:x"/>'
    parts = [("mimetype", ODS), ("content.xml", content), ("META-INF/manifest.xml", manifest)]
    return zipped(parts)


def ods_cell(value):
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, bool):
        kind = f'"boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, int | float):
        kind = f'"float" office:value="{value}"'
    elif isinstance(value, date):
        kind = f'"date" office:date-value="{value}"'
    else:
        kind = '"string"'
    text = escape(str(value))
    return f"<table:table-cell office:value-type={kind}><text:p>{text}</text:p></table:table-cell>"
