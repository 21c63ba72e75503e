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

from rso_report.publication import review

ROOT = Path(__file__).resolve().parents[1]
CHARTS = "src/rso_report/charts.py"


@pytest.fixture
def copy(tmp_path):
    """A copy of what the notebooks are made from, with the data stated by its own folder."""
    for folder in ("notebooks", "data", "src"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__py*"))
    return tmp_path


def nbval(copy, name, option="--nbval"):
    """Compare a notebook of the copy as a reviewer does; return the exit status and the output."""
    path = os.pathsep.join(filter(None, [str(copy / "src"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", option]
        + [f"notebooks/{name}.ipynb"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": path, "RSO_REPORT_DATA": str(copy / "data")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_output(copy, name, pattern, new):
    """Change the first place in the stored outputs of a notebook where a pattern stands."""
    path = copy / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        stored = json.dumps(cell.get("outputs", []))
        changed = re.sub(pattern, new, stored, count=1)
        if changed != stored:
            cell.outputs = [nbformat.from_dict(output) for output in json.loads(changed)]
            nbformat.write(notebook, path)
            return
    raise AssertionError(f"no stored output of {name} holds {pattern}")


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


def changed_number(copy):
    edit_output(copy, "breaches", "1,677", "1,678")


def changed_word(copy):
    edit_output(copy, "missing-offenders", r"\bwhereabouts\b", "addresses")


def reordered_table(copy):
    row = r"(<tr>(?:(?!</tr>).)*</tr>)"
    edit_output(
        copy, "breaches", rf"(<tbody>\W*(?:\\n)*\s*){row}(\s*(?:\\n)*\s*){row}", r"\1\4\3\2"
    )


def changed_colour(copy):
    edit_output(copy, "breaches", "#12436D", "#F46A25")


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
    "a number changed in a stored table": (changed_number, "breaches"),
    "a word changed in a stored sentence": (changed_word, "missing-offenders"),
    "two rows of a stored table swapped": (reordered_table, "breaches"),
    "a colour changed in a stored chart": (changed_colour, "breaches"),
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


@pytest.mark.parametrize(("fault", "name"), FOUND_BY_NBVAL.values(), ids=FOUND_BY_NBVAL)
def test_nbval_finds(fault, name, copy):
    fault(copy)
    status, said = nbval(copy, name)
    assert status == 1, said


def test_without_a_fault_nbval_finds_none_in_such_a_copy(copy):
    assert nbval(copy, "breaches")[0] == 0


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


def test_the_review_finds_a_csv_that_was_edited_and_not_stamped(copy, monkeypatch):
    changed_value(copy)
    monkeypatch.setenv("RSO_REPORT_DATA", str(copy / "data"))
    check = review.data_check()
    assert not check.passed
    assert check.detail.startswith("data/breaches.csv: found other contents than")
