"""Text of the data stays text: on every page, in every file, in the browser and in a spreadsheet.

The loader refuses such text. Here it is planted all the same, in every column of free text, past
the loader, and a whole report is made of it: each place where text is shown escapes it too.
"""

import csv
import io
import json
import shutil
import zlib

import nbformat
import notebook_blocks
import openpyxl
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output
from reading import draw_charts

from rso_report import dataset, plain_cells, tables
from rso_report.publication import assemble

AFTER = [
    "<script>window.pwned=1;alert(1)</script>",
    '"><img src=x onerror="window.pwned=1">',
    "'><svg onload=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "--><b class=pwned>x</b><!--",
    "<iframe src=//evil.example></iframe>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "{{ 7*7 }}",
    "{% raw %}",
    "${7*7}",
    "{eval-rst}`x`",
    "```{include} /etc/passwd",
    "{download}`/etc/passwd`",
    ":::{danger}",
    "![](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](https://evil.example/)",
    "[x](../../../../../../../../etc/passwd)",
    "<javascript:alert(1)>",
    "<https://evil.example/>",
    "\u202egnp.exe",
    "a\u200bb",
]
BEFORE = [
    "=cmd|'/c calc'!A0",
    "+1+1",
    "@SUM(1+1)",
    "-2+3",
    "＝1+1",
    "```{include} /etc/passwd",
    ":::",
]
ADDRESS = "https://example.org/?a='onmouseover=alert(1)//"


def poisoned(text):
    """A text with something hostile before or after it; the same for the same text."""
    number = zlib.crc32(text.encode()) % (len(AFTER) + len(BEFORE))
    return (
        f"{text} {AFTER[number]}"
        if number < len(AFTER)
        else f"{BEFORE[number - len(AFTER)]} {text}"
    )


def free_text(resource):
    """Columns that hold words, not codes."""
    schema = resource["schema"]
    keys = [schema["primaryKey"], *(key["fields"] for key in schema.get("foreignKeys", []))]
    coded = {name for key in keys for name in ([key] if isinstance(key, str) else key)}
    return [
        field["name"]
        for field in schema["fields"]
        if field["type"] == "string"
        and not {"enum", "pattern"} & set(field.get("constraints", {}))
        and field["name"] not in coded
    ]


def test_the_loader_lets_none_of_it_in():
    resource = {"path": "t.csv", "schema": {"fields": [{"name": "note", "type": "string"}]}}
    for text in [*(f"words {each}" for each in AFTER), *(f"{each} words" for each in BEFORE)]:
        written = io.StringIO()
        csv.writer(written).writerows([["note"], [text]])
        found, _ = plain_cells.faults(resource, written.getvalue().encode())
        assert found and found[0].row == 2 and found[0].column == "note", text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the data with something hostile in every cell of free text."""
    copy = tmp_path_factory.mktemp("poisoned") / "data"
    shutil.copytree(dataset.data_folder(), copy)
    for resource in dataset.descriptor()["resources"]:
        path = copy / resource["path"]
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        if not rows:  # nobody has answered yet
            continue
        for row in rows:
            row.update({name: poisoned(row[name]) for name in free_text(resource) if row[name]})
            if row.get("address"):
                row["address"] = ADDRESS
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return copy


def executed(path, data, to):
    """Write a notebook with what it displays on some data, as an execution would."""
    ends, region = {}, poisoned("West Midlands")
    shown = notebook_blocks.run(path, data, ends=ends, region=region)
    notebook, start = nbformat.read(path, as_version=4), 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found, start = shown[start : ends[cell.id]], ends[cell.id]
            cell.outputs = [new_output("display_data", data=each) for each in found]
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += f"\nregion = {region!r}"
    nbformat.write(notebook, to / path.name)


@pytest.fixture(scope="module")
def poisoned_site(folder, tmp_path_factory):
    """A whole report made of hostile data, which the loader was told to accept."""
    work = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_cells, "faults", lambda *_: ([], True))
        patch.setenv("RSO_REPORT_DATA", str(folder))
        record = work / "data-checked"  # as if they had been found sound, so that none is looked at
        record.write_text(dataset.digest(dataset.descriptor(), folder))
        patch.setattr(dataset, "RECORD", record)
        names = [resource["name"] for resource in dataset.descriptor()["resources"]]
        data = dataset.load(*names)
        (work / "notebooks").mkdir()
        for path in notebook_blocks.NOTEBOOKS:
            executed(path, data, work / "notebooks")
        past = "import pathlib; from rso_report import dataset, plain_cells; "
        past += f"dataset.RECORD = pathlib.Path({str(record)!r}); "
        past += "plain_cells.faults = lambda *_: ([], True); "
        patch.setattr(
            assemble, "BUILDER", ["-c", f"{past}from {assemble.BOOK} import main; main()"]
        )
        made = sorted((work / "notebooks").glob("*.ipynb"))
        assemble.assemble(notebook_blocks.ROOT, made, work / "book")
        return assemble.build(work / "book")


@pytest.fixture(scope="module")
def documents(poisoned_site):
    return {
        path.relative_to(poisoned_site).as_posix(): BeautifulSoup(path.read_text(), "html.parser")
        for path in sorted(poisoned_site.rglob("*.html"))
        if not path.relative_to(poisoned_site).as_posix().startswith("_")
    }


def test_every_kind_is_shown_as_it_is_written(documents):
    said = " ".join(
        [document.get_text() for document in documents.values()]
        + [tag["alt"] for document in documents.values() for tag in document.find_all(alt=True)]
    )
    assert [each for each in AFTER + BEFORE if each not in said] == []


def test_no_tag_of_the_data_is_a_tag_and_no_link_leads_out(documents):
    for name, document in documents.items():
        assert not document.select(".pwned, iframe, [onerror], [onload], [onmouseover]"), name
        assert not document.select(".admonition.danger, .problematic"), name
        for tag in document.find_all(href=True):
            assert "evil.example" not in tag["href"] and "etc/passwd" not in tag["href"], name
            assert not tag["href"].strip().lower().startswith("javascript:"), name
        for script in document.find_all("script", type=["application/json", "application/ld+json"]):
            json.loads(script.string)


def test_no_other_file_is_taken_into_the_site(poisoned_site):
    assert not (poisoned_site / "_downloads").exists()
    for path in poisoned_site.rglob("*"):
        assert not path.is_file() or b"root:x:0:0" not in path.read_bytes()


def test_nothing_runs_in_a_browser(browser, poisoned_site, documents):
    context, ran = browser.new_context(), []
    page = context.new_page()
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: "evil" in request.url and ran.append(request.url))
    for name, document in documents.items():
        page.goto((poisoned_site / name).as_uri())
        if document.find("meta", attrs={"http-equiv": "refresh"}):
            page.wait_for_url(lambda url, name=name: not url.endswith(f"/{name}"))
        draw_charts(page)
        if page.evaluate("'pwned' in window || document.querySelector('.pwned') !== null"):
            ran.append(name)
    context.close()
    assert ran == []


def test_no_cell_of_a_spreadsheet_is_a_formula(poisoned_site):
    files = [path for path in poisoned_site.rglob("*.csv") if "_static" in path.parts]
    assert len(files) > 20
    for path in files:
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
            for cell in row:
                plain = cell[:1] not in tuple("=+-@＝＋－＠\t\r") or tables._SPAN_ONLY.fullmatch(
                    cell
                )
                assert cell == "" or plain, (path.name, cell)
    book = openpyxl.load_workbook(poisoned_site / "downloads" / "rso-report-tables.xlsx")
    texts = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in texts if cell.data_type == "f"]
    assert any(str(cell.value).startswith("=cmd|") for cell in texts), "it holds none of them"
    links = [cell.hyperlink.target for cell in texts if cell.hyperlink and cell.hyperlink.target]
    assert not [target for target in links if "evil" in target or "passwd" in target]
