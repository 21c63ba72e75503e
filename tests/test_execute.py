"""Executing a notebook: the same bytes each time, nothing half done, one clear message."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rso_report.errors import ReportError
from rso_report.execute import ThisPython, execute, is_ours, main
from rso_report.warm import WARM

PARAMETERS = 'report_year = "2021-22"\nregion = "West Midlands"'
KERNEL = {"name": "python3", "display_name": "Somebody's own", "language": "python"}
LANGUAGE = {"name": "python", "version": "3.0"}
CHATTY = """
import sys
for number in range(50):
    print(number, flush=True)
    print("aside", file=sys.stderr, flush=True)
report_year, region
"""


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook with a cell of parameters and one of the given code."""

    def make(code, **metadata):
        cells = [
            new_markdown_cell("# A notebook", id="title"),
            new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
            new_code_cell(code, id="code"),
        ]
        metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE} | metadata
        path = tmp_path / "notebook.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
        return path

    return make


def failure(notebook, output):
    """The message with which an execution fails; it must leave no output behind."""
    with pytest.raises(ReportError) as caught:
        execute(notebook, output)
    assert list(output.parent.iterdir()) == [notebook]
    return str(caught.value)


def test_executing_twice_gives_the_same_bytes(notebook, tmp_path):
    source = notebook(CHATTY)
    for name in ("once", "twice"):
        execute(source, tmp_path / name, {"report_year": "2020-21"})
    assert (tmp_path / "once").read_bytes() == (tmp_path / "twice").read_bytes()
    assert (tmp_path / "once").read_bytes().endswith(b"}\n")


def test_an_execution_starts_one_kernel(notebook, tmp_path, monkeypatch):
    started, start = [], ThisPython.start_kernel

    def counted(self, **given):
        started.append(self)
        return start(self, **given)

    monkeypatch.setattr(ThisPython, "start_kernel", counted)
    execute(notebook("1"), tmp_path / "out")
    assert len(started) == 1


def test_nothing_of_the_run_is_left_in_the_output(notebook, tmp_path):
    source = notebook(CHATTY, papermill={"version": "0"})
    execute(source, tmp_path / "out" / "notebook.ipynb", {"report_year": "2020-21"})
    text = (tmp_path / "out" / "notebook.ipynb").read_text()
    for trace in ("papermill", "duration", "start_time", 'execution"', "version", str(tmp_path)):
        assert trace not in text
    executed = json.loads(text)
    assert executed["metadata"] == {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    title, parameters, injected, code = executed["cells"]
    assert [cell["id"] for cell in (title, parameters, code)] == ["title", "parameters", "code"]
    assert injected["id"] == "injected-parameters"
    assert injected["metadata"] == {"tags": ["injected-parameters", "remove-cell"]}
    assert code["execution_count"] == 3
    assert [output.get("name") for output in code["outputs"]] == ["stdout", "stderr", None]


def test_the_python_that_runs_this_executes_whatever_the_surroundings_say(
    notebook, tmp_path, monkeypatch
):
    """A kernel of the same name belongs to another checkout, or is of no use."""
    other = tmp_path / "other" / "rso_report"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("print('another checkout')")
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    specification.parent.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("PIP_USER", "1")
    source = notebook("import sys, rso_report\nsys.executable")
    for argv in (command, ["/bin/false"]):
        said = {"argv": argv, "display_name": "Another", "language": "python"}
        specification.write_text(json.dumps(said | {"env": {"PYTHONPATH": str(other.parent)}}))
        execute(source, tmp_path / "out")
        text = (tmp_path / "out").read_text()
        assert "another checkout" not in text
        assert sys.executable in text


def test_nobodys_own_start_up_file_is_run(notebook, tmp_path, monkeypatch):
    (tmp_path / "startup.py").write_text("surplus = 1")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    execute(notebook("'surplus' in globals()"), tmp_path / "out")
    (output,) = json.loads((tmp_path / "out").read_text())["cells"][-1]["outputs"]
    assert output["data"]["text/plain"] == ["False"]


def test_without_parameters_a_notebook_is_executed_in_place_and_then_stays_as_it_is(notebook):
    path = notebook("report_year, region")
    execute(path, path)
    first = path.read_bytes()
    execute(path, path)
    assert path.read_bytes() == first
    assert b"injected" not in first
    assert b"West Midlands" in first


def test_cells_without_ids_get_the_same_ones_each_time(notebook, tmp_path):
    path = notebook("1 + 1")
    old = json.loads(path.read_text()) | {"nbformat_minor": 4}
    for cell in old["cells"]:
        del cell["id"]
    path.write_text(json.dumps(old))
    execute(path, tmp_path / "out")
    cells = json.loads((tmp_path / "out").read_text())["cells"]
    assert [cell["id"] for cell in cells] == ["cell-0", "cell-1", "cell-2"]


@pytest.mark.parametrize("value", ["2024_25", "012", "No", "1e3"])
def test_p_passes_what_was_typed_as_a_string(notebook, tmp_path, value, monkeypatch):
    passed = {}
    monkeypatch.setattr("rso_report.execute.execute", lambda *given: passed.update(given[2]))
    assert main(["in", "out", "-p", "report_year", value, "-y", "weeks: 44"]) == 0
    assert passed == {"report_year": value, "weeks": 44}


def test_a_failing_notebook_writes_nothing_and_its_message_comes_last(notebook, tmp_path):
    output = tmp_path / "notebook-out.ipynb"
    command = [sys.executable, "-m", "rso_report.execute", notebook("def f():\n    1 / 0\nf()")]
    done = subprocess.run([*command, output], capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert lines[0].endswith("notebook.ipynb stopped in cell [2]:")
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert len(lines) < 6
    assert not output.exists()


def test_a_failing_notebook_leaves_the_last_output_alone(notebook, tmp_path):
    output = tmp_path / "out.ipynb"
    output.write_text("the last one")
    with pytest.raises(ReportError):
        execute(notebook("1 / 0"), output)
    assert output.read_text() == "the last one"


def test_an_error_of_the_package_is_its_message_alone(notebook, tmp_path):
    code = "from rso_report.errors import ReportError\nraise ReportError('region: found Mars.')"
    assert failure(notebook(code), tmp_path / "out") == "region: found Mars."
    assert is_ours("ReportError")
    assert not is_ours("ValueError")
    assert not is_ours("JSONDecodeError")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit(0)", "left by sys.exit before its last cell"),
        ("import os; os._exit(0)", "Python died while executing it"),
    ],
)
def test_a_notebook_that_ends_early_has_failed(notebook, tmp_path, code, message):
    assert message in failure(notebook(code), tmp_path / "out")


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(ReportError, match=r"There is no notebook .*nowhere\.ipynb"):
        execute(tmp_path / "nowhere.ipynb", tmp_path / "out")


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "text.ipynb"
    path.write_text("# Heading")
    assert failure(path, tmp_path / "out").startswith(f"{path} is not a notebook")


OPENS = """
from rso_report import dataset
from rso_report.edition import open_edition
open_edition(dataset.load("areas"), report_year=report_year, region=region)
"""


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        ({"yaer": "2020-21"}, ["yaer"]),
        ({"weeks": 40}, ["weeks"]),  # known to the model, not declared by this notebook
        (
            {"report_year": 202021, "region": "Mars", "regoin": "x"},
            ["regoin", "report_year", "region"],
        ),
    ],
)
def test_wrong_parameters_are_refused_all_at_once_by_the_notebook(
    notebook, tmp_path, parameters, faults
):
    with pytest.raises(ReportError) as caught:
        execute(notebook(OPENS), tmp_path / "out", parameters)
    lines = str(caught.value).splitlines()[-len(faults) :]
    assert [line.strip().partition(": found ")[0] for line in lines] == faults
    assert not (tmp_path / "out").exists()


def test_yaml_on_the_command_line_is_read_as_it_is_written(notebook, tmp_path, capsys):
    path, output = str(notebook(OPENS)), str(tmp_path / "out")
    assert main([path, output, "-y", "region: No"]) == 1
    assert "found 'No'; allowed" in capsys.readouterr().err
    assert main([path, output, "-y", "[weeks]"]) == 1
    assert "found ['weeks']; allowed: lines of the form" in capsys.readouterr().err


# In forks of one warm process, as in a build.

# What differs between a kernel and another Python, and what one notebook could leave to another.
SURROUNDINGS = """
import os, random, sys, warnings
import pandas as pd
print(pd.options.display.max_columns, pd.options.display.precision, random.Random(1).random())
print(sys.executable, os.environ.get("LEFT"), hasattr(sys, "left"), os.getcwd(), __name__)
print(("ignore", None, Warning) in [each[:3] for each in warnings.filters])
"""
LEAVES = """
import os, sys
import pandas as pd
pd.options.display.precision, os.environ["LEFT"], sys.left = 1, "left", True
os.chdir("/")
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """The environment of the steps of a build, with the process that it starts."""
    environment = os.environ | {WARM: str(tmp_path_factory.mktemp("warm") / "socket")}
    process = subprocess.Popen(
        [sys.executable, "-m", "rso_report.warm", "--serve"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    yield environment
    process.communicate()
    assert process.returncode == 0


def in_fork(source, output):
    return [sys.executable, "-m", "rso_report.warm", "rso_report.execute", source, output]


def test_a_fork_gives_the_same_bytes_whatever_another_did_before_it(notebook, warm, tmp_path):
    def executed(code, environment):
        command = in_fork(notebook(code), tmp_path / "out")
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return (tmp_path / "out").read_bytes()

    alone = executed(SURROUNDINGS, os.environ)
    assert executed(SURROUNDINGS, warm) == alone
    executed(LEAVES, warm)
    assert executed(SURROUNDINGS, warm) == alone


@pytest.mark.parametrize(
    ("code", "message"),
    [("1 / 0", "ZeroDivisionError"), ("import os; os.kill(os.getpid(), 9)", "Python died")],
)
def test_what_fails_in_a_fork_says_so_and_so_does_its_status(
    notebook, warm, tmp_path, code, message
):
    command = in_fork(notebook(code), tmp_path / "out")
    done = subprocess.run(command, env=warm, capture_output=True, text=True)
    assert (done.returncode, message in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_ends_an_execution_ends_its_fork_and_its_kernel(notebook, warm, tmp_path, end):
    said = tmp_path / "pid"
    code = f"open({str(said)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    source = notebook(f"import os, time\n{code}")
    running = subprocess.Popen(in_fork(source, tmp_path / "out"), env=warm)
    while not said.exists() or not said.read_text():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(end)
    assert running.wait() == -end
    state = Path("/proc", said.read_text(), "stat")
    until = time.monotonic() + 30
    while state.exists() and state.read_text().split()[2] != "Z":
        assert time.monotonic() < until
        time.sleep(0.1)
