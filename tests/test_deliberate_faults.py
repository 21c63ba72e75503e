"""Each kind of fault that a reviewer fears, made on purpose: the check named beside it finds it.

    pytest tests/test_deliberate_faults.py -v        the table, a line for each

The faults are made in copies. What must find them is what a reviewer types: plain nbval on the
notebook, or the check of the data.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rso_report import dataset
from rso_report.publication import review

ROOT = Path(__file__).resolve().parents[1]
CHARTS = "src/rso_report/charts.py"


def copied(folder):
    """A copy of what the notebooks are made from, with the data stated by its own folder.

    As after a build: its data are known to be sound, until a byte of them is changed.
    """
    for part in ("notebooks", "data", "src"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__py*"))
    (folder / "build").mkdir()
    shutil.copy(dataset.RECORD, folder / "build" / dataset.RECORD.name)
    return folder


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_outputs(copy, name, faults):
    """Change one place where each pattern stands in a notebook's stored outputs, each in another
    cell; return the numbers of those cells among the cells of code.
    """
    path = copy / "notebooks" / f"{name}.ipynb"
    notebook, changed = nbformat.read(path, as_version=4), {}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for fault, (pattern, new) in faults.items():
        for number, cell in enumerate(cells):
            stored = json.dumps(cell.outputs)
            if (
                number not in changed.values()
                and (edited := re.sub(pattern, new, stored, count=1)) != stored
            ):
                cell.outputs = [nbformat.from_dict(output) for output in json.loads(edited)]
                changed[fault] = number
                break
        assert fault in changed, f"no stored output of {name} holds {pattern}"
    nbformat.write(notebook, path)
    return changed


def edit_source(copy, name, old, new):
    """Change the code of the one cell of a notebook in which a text stands."""
    path = copy / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and old in c.source]
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, path)


def rows(copy, table):
    return (copy / "data" / f"{table}.csv").read_text(encoding="utf-8").splitlines(keepends=True)


def write_rows(copy, table, lines):
    (copy / "data" / f"{table}.csv").write_text("".join(lines), encoding="utf-8")


def edit_row(copy, table, number, old, new):
    """Change one row of a table; the row after the header is number 1."""
    lines = rows(copy, table)
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    write_rows(copy, table, lines)


_ROW = r"(<tr>(?:(?!</tr>).)*</tr>)"
STORED = {
    "a number changed in a stored table": ("1,677", "1,678"),
    "a word changed in a stored sentence": (r"\bnotification\b", "registration"),
    "two rows of a stored table swapped": (
        rf"(<tbody>\W*(?:\\n)*\s*){_ROW}(\s*(?:\\n)*\s*){_ROW}",
        r"\1\4\3\2",
    ),
    "a colour changed in a stored chart": ("#12436D", "#F46A25"),
    "the last digit changed of a point of a stored chart": (r'"value": 12\.6\b', '"value": 12.7'),
}


def changed_value(copy):
    edit_row(copy, "breaches", 1, ",412,", ",413,")


def doubled_value(copy):
    edit_row(copy, "missing", 1, ",43,exact", ",86,exact")


def dropped_row(copy):
    lines = rows(copy, "breaches")
    write_rows(copy, "breaches", lines[:2] + lines[3:])


def swapped_source(copy):
    edit_row(copy, "breaches", 1, "wmp-foi-233a-22", "wmp-foi-5022-14")


def changed_definition(copy):
    edit(copy / "src/rso_report/breaches.py", 'value=("value", "sum")', 'value=("value", "max")')


def changed_arithmetic(copy):
    edit_source(copy, "breaches", '1000 * outcomes["value"] / people', 'outcomes["value"] / people')


def changed_encoding(copy):
    edit(
        copy / CHARTS, '"value:Q", axis=None, scale=top', '"value:Q", axis=None, stack="normalize"'
    )


def changed_mark(copy):
    edit(copy / CHARTS, ".mark_bar(stroke=COLOURS[0]", ".mark_line(stroke=COLOURS[0]")


def stale_parameter(copy):
    edit_source(copy, "breaches", '"2021-22"', '"2020-21"')


FOUND_BY_NBVAL = {
    "a value changed in a CSV": (changed_value, "breaches"),
    "a value doubled in a CSV": (doubled_value, "missing-offenders"),
    "a row dropped from a CSV": (dropped_row, "breaches"),
    "a figure given another source": (swapped_source, "breaches"),
    "a sum turned into a maximum in the package": (changed_definition, "breaches"),
    "a rate multiplied wrongly in a notebook": (changed_arithmetic, "breaches"),
    "a chart's encoding changed": (changed_encoding, "breaches"),
    "a chart's mark changed": (changed_mark, "breaches"),
    "a parameter changed and its outputs left": (stale_parameter, "breaches"),
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Each fault in a copy of its own, and the cells that nbval finds wrong there, by fault.

    One run of what a reviewer types is for all copies: each kernel starts beside its notebook, and
    finds the data and the package of its copy from there.
    """
    base = tmp_path_factory.mktemp("faults")
    made = edit_outputs(copied(base / "stored"), "breaches", STORED)
    notebooks = ["stored/notebooks/breaches.ipynb"]
    for fault, name in FOUND_BY_NBVAL.values():
        fault(copied(base / fault.__name__))
        notebooks.append(f"{fault.__name__}/notebooks/{name}.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", *notebooks],
        cwd=base,
        env=os.environ | {"PYTHONPATH": "../src", "RSO_REPORT_DATA": "../data"},
        capture_output=True,
        text=True,
    )
    failed = {}
    cell = re.compile(r"^_+ (\w+)/notebooks/\S+::Cell (\d+) _+$", re.M)
    for fault, number in cell.findall(done.stdout):
        failed.setdefault(fault, set()).add(int(number))
    return made, failed, done.stdout


def test_nbval_finds_each_fault_in_what_is_stored_and_nothing_else(compared):
    """Each in another cell, and the cells that fail are those: so each is found by itself."""
    made, failed, said = compared
    assert failed["stored"] == set(made.values()), said
    assert len(failed["stored"]) == len(STORED)


@pytest.mark.parametrize("fault", [each for each, _ in FOUND_BY_NBVAL.values()], ids=FOUND_BY_NBVAL)
def test_nbval_finds(fault, compared):
    assert compared[1].get(fault.__name__), compared[2]


def cleared_output(notebook):
    [cell.outputs.clear() for cell in notebook.cells if "fig-recorded" in cell.get("source", "")]


def executed_in_another_order(notebook):
    first, second = [cell for cell in notebook.cells if cell.get("outputs")][:2]
    first.execution_count, second.execution_count = second.execution_count, first.execution_count


# What nbval does not compare: it passes over cells without stored outputs, and their order.
FOUND_BY_REVIEW = {
    "the outputs of a cell cleared": cleared_output,
    "cells executed in another order": executed_in_another_order,
}


@pytest.mark.parametrize("fault", FOUND_BY_REVIEW.values(), ids=FOUND_BY_REVIEW)
def test_the_review_finds(fault, tmp_path):
    notebook = nbformat.read(ROOT / "notebooks/breaches.ipynb", as_version=4)
    before = nbformat.writes(notebook)
    fault(notebook)
    assert nbformat.writes(notebook) != before
    path = tmp_path / "breaches.ipynb"
    nbformat.write(notebook, path)
    check = review.notebook_check(path)
    assert not check.passed
    assert "breaches.ipynb (stored)" in check.detail


def test_the_review_finds_a_csv_that_was_edited_and_not_stamped(tmp_path, monkeypatch):
    copy = copied(tmp_path / "copy")
    changed_value(copy)
    monkeypatch.setenv("RSO_REPORT_DATA", str(copy / "data"))
    check = review.data_check()
    assert not check.passed
    assert check.detail.startswith("data/breaches.csv: found other contents than")
