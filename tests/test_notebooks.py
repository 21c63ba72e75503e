"""The notebooks as an analyst and a reviewer use them: plain Papermill, plain nbval."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import nbformat
import notebook_blocks
import pytest
from papermill import inspect_notebook

from rso_report import dataset, reconcile
from rso_report.edition import open_edition, stored_choices
from rso_report.parameters import EditionParameters

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]


def tool(name, *arguments, **environment):
    """Run a command line tool of this environment from the root, as a person would."""
    return subprocess.run(
        [Path(sys.executable).with_name(name), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def papermill(name, output, *arguments, **environment):
    return tool("papermill", f"notebooks/{name}.ipynb", output, *arguments, **environment)


def displayed(outputs):
    """What was displayed, as text."""
    return "\n".join(
        json.dumps(value, ensure_ascii=False) for output in outputs for value in output.values()
    )


def code_cells(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_committed_with_outputs_and_without_times_or_random_ids(path):
    text = path.read_text(encoding="utf-8")
    assert displayed(notebook_blocks.outputs_of(path))
    assert not re.search(
        r'"(papermill|start_time|end_time|duration|iopub)|altair-viz-[0-9a-f]', text
    )
    assert all(c.get("execution_count") for c in code_cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_no_function_is_defined_in_a_notebook(path):
    for cell in code_cells(path):
        assert not re.search(r"^\s*(def|class) ", cell.source, re.M), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_page_folds_its_code_or_leaves_it_out(path):
    allowed = {"remove-input", "remove-cell", "hide-input", "hide-cell"}
    tags = {cell.id: {*cell.metadata.get("tags", [])} for cell in code_cells(path)}
    assert [cell for cell, own in tags.items() if not own & allowed] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_cell_of_parameters_agrees_with_the_typed_model(path):
    fields = EditionParameters.model_fields
    declared = inspect_notebook(path)
    assert list(declared)[:2] == ["report_year", "region"]
    assert list(declared) == [name for name in fields if name in declared]
    for name, said in declared.items():
        kind = type(fields[name].default)  # of the one choice among policies too
        assert said["inferred_type_name"] == kind.__name__, name
        assert ast.literal_eval(said["default"]) == fields[name].default, name
        assert type(ast.literal_eval(said["default"])) is kind, name
        assert said["help"] == fields[name].description, name


def test_every_parameter_of_the_typed_model_is_declared_by_a_notebook():
    declared = {name for path in NOTEBOOKS for name in inspect_notebook(path)}
    assert declared == set(EditionParameters.model_fields)


def test_help_reads_as_documentation():
    said = tool("papermill", "--help-notebook", "notebooks/home-visits.ipynb").stdout
    for name, field in EditionParameters.model_fields.items():
        kind = type(field.default).__name__
        line = rf"^\s+{name}: {kind} \(default .*\)\s+{re.escape(field.description)}$"
        assert re.search(line, said, re.M), f"{name} is not documented:\n{said}"


@pytest.fixture(scope="module")
def earlier(data):
    """What every notebook displays for 2019-20, by its name."""
    return {path.stem: notebook_blocks.run(path, data, report_year="2019-20") for path in NOTEBOOKS}


def test_plain_papermill_displays_what_the_notebooks_compute(earlier, tmp_path):
    run = papermill("breaches", tmp_path / "out.ipynb", "-p", "report_year", "2019-20")
    assert run.returncode == 0, run.stderr[-2000:]
    executed = notebook_blocks.outputs_of(tmp_path / "out.ipynb")
    assert read(executed) == read(earlier["breaches"])


def read(shown):
    """What is read in the outputs of a notebook and the rows that it names."""
    found = notebook_blocks.blocks(Path("breaches"), shown)
    return [(block.place, block.text, block.rows, block.cells) for block in found]


@pytest.mark.parametrize("name", NAMES)
def test_another_year_says_which_it_is(earlier, name):
    assert "Edition: West Midlands region, 2019-20" in displayed(earlier[name])


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("breaches", ["2020-21", "2021-22", "1,721", "1,640"]),
        ("regional-trends", ["3,655", "1,318", "64,300", "4,642", "4,620"]),
        ("home-visits", ["3,655", "7,529"]),
        ("summary", ["3,655", "1,318", "268", "286"]),
    ],
)
def test_another_year_hides_later_data(earlier, name, later):
    shown = displayed(earlier[name])
    full = displayed(notebook_blocks.known_outputs(ROOT / f"notebooks/{name}.ipynb"))
    assert [value for value in later if value not in full] == []
    assert [value for value in later if value in shown] == []


def test_another_year_shows_what_was_known_by_then(earlier):
    breaches = displayed(earlier["breaches"])
    assert "433" in breaches and "396" in breaches
    assert "3,563" in displayed(earlier["regional-trends"])


def test_wrong_parameters_stop_plain_papermill_with_one_message(tmp_path):
    wrong = ("-p", "report_yaer", "2019-20", "-p", "report_year", "2019_20")
    run = papermill("breaches", tmp_path / "out.ipynb", *wrong)
    assert run.returncode != 0
    assert "an unknown parameter (did you mean 'report_year'?)" in run.stderr
    assert "found 201920, which is not text" in run.stderr
    assert "Traceback" not in run.stderr.split("papermill.exceptions")[-1]


def test_a_region_without_some_figures_says_so_and_goes_on(data):
    path = ROOT / "notebooks/breaches.ipynb"
    shown = notebook_blocks.run(path, data, region="South West", report_year="2012-13")
    assert "no figure found" in displayed(shown).lower()


@pytest.fixture(scope="module")
def found_by_rules(data):
    return reconcile.findings(data)


@pytest.fixture
def same_findings(found_by_rules, monkeypatch):
    """What the rules find depends on no edition, and is half of what the page of it takes."""
    monkeypatch.setattr(reconcile, "findings", lambda _: found_by_rules.copy())


REGIONS = dataset.load("areas").areas.query("kind == 'region'")["short_name"].tolist()


YEARS = ["2001-02", "2012-13"]
# The fewest data; with most of them the default edition is executed by other tests.
ALWAYS = [("Wales", "2001-02"), ("West Midlands", "2012-13")]
NEWEST = [(region, str(stored_choices().years(region)[1])) for region in REGIONS]
MORE = sorted({*product(REGIONS, YEARS), *NEWEST} - {*ALWAYS})


@pytest.mark.parametrize(
    ("region", "year"), [*ALWAYS, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in MORE)]
)
def test_every_region_has_an_edition_in_its_first_a_middle_and_its_last_year(
    data, same_findings, region, year
):
    for path in NOTEBOOKS:
        shown = notebook_blocks.run(path, data, report_year=year, region=region)
        said = notebook_blocks.blocks(path, shown)
        assert f"{region.removesuffix(' region')}" in said[0].text and year in said[0].text
        assert not [b.text for b in said if re.search(r"\bnan\b|NaT|<NA>", b.text)]


# With a register and offences, hardly any figure; then one of another region, visits made alone.
FORCES = [("West Midlands Police", "2021-22"), ("Warwickshire", "2021-22")]
MORE_FORCES = [("Durham", "2022-23"), ("Greater Manchester", "2024-25")]


@pytest.mark.parametrize(
    ("force", "year"),
    [*FORCES, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in MORE_FORCES)],
)
def test_an_edition_of_one_force_speaks_of_that_force_and_of_no_region(
    data, same_findings, force, year
):
    edition, _ = open_edition(data, report_year=year, region=force)
    own = re.compile("|".join(re.escape(edition.name(unit)) for unit in edition.units[::-1]))
    forces = data.areas.loc[data.areas["kind"] == "force", "name"]
    for path in NOTEBOOKS:
        shown = notebook_blocks.run(path, data, report_year=year, region=force)
        said = notebook_blocks.blocks(path, shown)
        assert f"{edition.region}, {year}" in said[0].text
        assert not [b.text for b in said if re.search(r"\bnan\b|NaT|<NA>", b.text)]
        if path.stem == "data-quality":  # its lists of errors are of all areas
            continue
        assert not [b.text for b in said if re.search(r"\bregion\b(?!\")", b.text)], path.stem
        if path.stem == "summary":
            others = "".join(own.sub("", b.text) for b in said)
            assert not [name for name in forces if name in others]


def test_what_a_page_says_in_every_edition_is_true_of_a_force_too():
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                assert not re.search(r"\b(the|this) region\b", cell.source), path.stem


def test_a_malformed_row_stops_papermill_naming_row_and_column(tmp_path):
    data = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), data)
    path = data / "missing.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",43,exact", ",forty-three,exact", 1), encoding="utf-8")
    run = papermill("missing-offenders", tmp_path / "out.ipynb", RSO_REPORT_DATA=str(data))
    assert run.returncode != 0
    assert re.search(r"data/missing\.csv, row \d+, column value: found 'forty-three'", run.stderr)
