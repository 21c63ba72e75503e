"""The build as a whole, on a toy project: what runs again, what stays when something fails."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rso_report.publication import ready
from rso_report.publication.assemble import complaints
from rso_report.publication.site import without_notice

ROOT = Path(__file__).resolve().parents[1]
STEP = re.compile(r"Step (\d+) of (\d+): (.+?) \((.+)\)")
STEPS = (
    *("__init__", "errors", "exchange", "execute", "parameters", "periods", "places", "edition"),
    *("cli", "dependencies", "selection", "warm", "publication/__init__"),
    *(
        f"publication/{name}"
        for name in ("assemble", "citation", "policy", "provenance", "ready", "site")
    ),
)
AREAS = """area_id,name,short_name,kind,parent_id
WA,Wales,Wales,region,EW
WM,West Midlands,West Midlands,region,EW
"""
COUNTS = "area_id,as_at\nWA,2021-03-31\nWM,2020-03-31\nWM,2022-03-31\n"
MAKES_OWN = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "YEAR", "REGION", "PARAMETERS"}
PARAMETERS = 'report_year = "2021-22"\nregion = "West Midlands"'
CONFIG = 'title: Toy\nexecute:\n  execute_notebooks: "off"\nonly_build_toc_files: true\n'
CONFIG += "sphinx:\n  extra_extensions: [rso_report.publication.book]\n"
TOC = "format: jb-book\nroot: book/index\nchapters:\n- file: notebooks/summary\n"
BOOK = """
import json, re
from pathlib import Path

class ChartRenderer:
    mime_priority_overrides = []

def say(work):
    region, year = re.match(r"(.+?)-([0-9]{4}-[0-9]{2})", Path(work).parent.name).groups()
    region = region.replace("-", " ").title()
    said = {"region": region, "year": year, "title": f"{region}, {year}"}
    said |= {"data_end": "2021-03-31", "lacks": []}
    Path(work, "_build", "html", "edition.json").write_text(json.dumps(said))

def setup(app):
    app.connect("build-finished", lambda app, _: say(app.srcdir))
    return {"parallel_read_safe": True}
"""
DATASET = """
import re, sys
from pathlib import Path
from rso_report.errors import ReportError

DATA = Path(__file__).parents[2] / "data"

def check():
    if any("bad" in path.read_text() for path in DATA.glob("*.csv")):
        raise ReportError("orders.csv, row 1: bad.")

def load(table, region="", *others):
    check()
    text = (DATA / f"{table}.csv").read_text()
    if f"none for {region}" in text:
        raise ReportError(f"{table}.csv: no figure for {region}.")
    return text

def tables_read(notebook):
    return [DATA / f"{table}.csv" for table in re.findall(r"load\\('(.+?)'", notebook.read_text())]

if __name__ == "__main__":
    try:
        check()
    except ReportError as error:
        sys.exit(str(error))
    Path(sys.argv[2]).write_text("sound")  # record FILE
"""

GATE = "def require_publishable(site, live): pass"  # it finds nothing
SEARCH = """
from rso_report.errors import ReportError

def require_none(folder, names):
    for table in folder.rglob("*.csv"):
        if "personal" in table.read_text():
            raise ReportError("A personal detail stands in a table.")
"""

QUICK_BOOK = """
import sys
from pathlib import Path
from rso_report.publication.book import say

def main():
    work = Path(sys.argv[-1])
    (work / "_build" / "html" / "notebooks").mkdir(parents=True, exist_ok=True)
    (work / "_build" / "html" / "index.html").touch()
    say(work)
    for notebook in (work / "notebooks").iterdir():
        page = work / "_build" / "html" / "notebooks" / f"{notebook.stem}.html"
        page.write_text(notebook.read_text())
"""


def write_notebook(path, table):
    code = "from rso_report.dataset import load\n"
    code += f"print(load('{table}', region), region, report_year)"
    cells = [
        new_markdown_cell(f"# On {table}", id="title"),
        new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell(code, id="code"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def write_project(root):
    """A project with the real Snakefile and steps, two tables and a notebook on each."""
    for folder in ("book", "data", "notebooks", "src/rso_report/publication"):
        (root / folder).mkdir(parents=True)
    package = root / "src" / "rso_report"
    for name in STEPS:
        shutil.copy(ROOT / "src" / "rso_report" / f"{name}.py", package / f"{name}.py")
    (package / "dataset.py").write_text(DATASET)
    (package / "publication" / "book.py").write_text(BOOK)
    (package / "personal.py").write_text(SEARCH)
    (package / "publication" / "gate.py").write_text(GATE)
    for name in ("Makefile", "Snakefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "profiles", root / "profiles")
    (root / "_config.yml").write_text(CONFIG)
    (root / "_toc.yml").write_text(TOC + "- file: notebooks/more\n")
    (root / "book" / "index.md").write_text("# Start\n")
    (root / "data" / "datapackage.json").write_text('{"resources": [{"bytes": 1}]}')
    (root / "data" / "areas.csv").write_text(AREAS)
    (root / "data" / "registered_offenders.csv").write_text(COUNTS)
    (root / "data" / "visit_policy.csv").write_text("policy_id\nWMP_2014\n")
    for table, notebook in (("register", "summary"), ("orders", "more")):
        (root / "data" / f"{table}.csv").write_text("count\n1\n")
        write_notebook(root / "notebooks" / f"{notebook}.ipynb", table)


class Project:
    """A toy project in a folder, built as everybody does: by `make report`."""

    def __init__(self, root):
        self.root = root
        self.live = root / "_site" / "west-midlands-2021-22"
        self.executed = root / "build" / "west-midlands-2021-22" / "notebooks"
        python = root / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        # This environment, under guard: nothing is installed into it.
        guard = '[ "$2" = pip ] && exit 1'
        python.write_text(f'#!/bin/sh\n{guard}\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        (root / ".venv" / ".ready").write_text(f"{root}\n")

    def start(self, *edition, command=("make", "report")):
        environment = {name: os.environ[name] for name in set(os.environ) - MAKES_OWN}
        return subprocess.Popen(
            [*command, *edition],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(self.root / "src")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def make(self, *edition, command=("make", "report")):
        """Build; return whether it succeeded, the notebooks executed, and the last message."""
        running = self.start(*edition, command=command)
        self.said, self.errors = running.communicate()
        lines = [line for line in self.errors.strip().splitlines() if not line.startswith("make")]
        self.steps = [STEP.fullmatch(line).groups() for line in lines if STEP.fullmatch(line)]
        executed = [
            words.split("/")[1].split(".")[0] for _, _, words, _ in self.steps if "/" in words
        ]
        return running.returncode == 0, sorted(executed), lines[-1]

    def site(self):
        """The bytes of every file of the published report, without what leads to other editions."""
        files = (path for path in self.live.rglob("*") if path.is_file())
        return {path: without_notice(path.read_bytes()) for path in files}

    def page(self, name, edition=None):
        live = self.live.with_name(edition) if edition else self.live
        return without_notice((live / "notebooks" / f"{name}.html").read_bytes()).decode()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy") / "with space"
    write_project(root)
    project = Project(root)
    succeeded, executed, last = project.make()
    assert (succeeded, executed) == (True, ["more", "summary"]), last
    assert [words for _, _, words, _ in project.steps].count("Checking the data") == 1
    assert project.said == f"The report is ready: {project.live}/index.html\n"
    assert "count\n1\n West Midlands 2021-22" in project.page("more")  # the output of its code
    return project


def stand_in(root, book):
    """Let a project be built by a module of its own in the place of Jupyter Book."""
    package = root / "src" / "jupyter_book" / "cli"
    package.mkdir(parents=True, exist_ok=True)
    for folder in (package.parent, package):  # without these, the installed one goes first
        (folder / "__init__.py").touch()
    (package / "main.py").write_text(book)


def copied(project, root):
    """A copy of a built project, with a stand-in for the real Jupyter Book that built it."""
    shutil.copytree(project.root, root, symlinks=True)
    for kept in root.glob("build/*/book"):  # by Sphinx, which the stand-in can't go on from
        shutil.rmtree(kept)
    stand_in(root, QUICK_BOOK)
    return Project(root)


@pytest.fixture
def project(built, tmp_path):
    return copied(built, tmp_path / "toy")


def test_a_second_run_executes_nothing_and_puts_back_a_site_that_was_deleted(project):
    before = project.site()
    (project.root / "_site").unlink()
    succeeded, executed, last = project.make()
    assert (succeeded, executed, last) == (True, [], "Step 1 of 1: Publishing (always done)")
    assert project.site() == before


NOTHING = "Nothing has changed since it was built."


def test_what_has_not_changed_is_known_without_the_graph_and_what_has_is_not_passed_over(project):
    project.make()
    before, said = project.site(), project.said
    assert project.make() == (True, [], NOTHING)
    assert (project.said, project.site()) == (said, before)
    next(project.live.rglob("summary.html")).unlink()
    assert project.make()[2] != NOTHING
    assert project.site() == before


def test_every_change_counts_also_one_that_was_taken_back(project, monkeypatch):
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(ready, "data_folder", lambda: project.root / "data")
    asked = ["", "", ""]

    def built():
        ready.note(ready.state(asked, "commit"), ["said"])

    built()
    assert ready.said(asked, "commit") == ["said"]
    assert ready.said(["2020-21", "", ""], "commit") == ready.said(asked, "later") == []
    for name in ("data/orders.csv", "book/index.md", "notebooks/more.ipynb", "requirements.lock"):
        path = project.root / name
        known = path.read_bytes()
        for content in (known + b"\n5\n", known):
            path.write_bytes(content)
            assert ready.said(asked, "commit") == [], path
        built()
    monkeypatch.setenv("RSO_REPORT_URL", "https://example.org")
    assert ready.said(asked, "commit") == []


def test_a_changed_table_even_if_older_executes_only_the_notebooks_that_read_it(project):
    table = project.root / "data" / "orders.csv"
    table.write_text("count\n4711\n")
    os.utime(table, (0, 0))
    (project.root / "data" / "register.csv").touch()
    (project.root / "data" / "datapackage.json").write_text('{"resources": [{"bytes": 2}]}')
    succeeded, executed, last = project.make()
    assert (succeeded, executed) == (True, ["more"]), last
    assert "4711" in project.page("more")


def test_a_changed_schema_executes_all_notebooks(project):
    (project.root / "data" / "datapackage.json").write_text('{"resources": [{"name": "new"}]}')
    succeeded, executed, last = project.make()
    assert (succeeded, executed) == (True, ["more", "summary"]), last


def test_another_edition_stands_beside_the_default_one(project):
    before = project.site()
    succeeded, executed, _ = project.make("YEAR=2019-20")
    assert (succeeded, executed) == (True, ["more", "summary"])
    assert project.site() == before
    other = project.root / "_site" / "west-midlands-2019-20" / "notebooks" / "more.html"
    assert "2019-20" in other.read_text()


def test_a_failing_notebook_leaves_the_site_alone_and_its_message_comes_last(project):
    before = project.site()
    (project.root / "data" / "orders.csv").write_text("none for West Midlands")
    succeeded, executed, last = project.make()
    assert (succeeded, executed) == (False, ["more"])
    assert last == "orders.csv: no figure for West Midlands."
    assert project.site() == before


def test_an_address_that_is_none_is_refused_by_name_before_any_step(project, monkeypatch):
    monkeypatch.setenv("RSO_REPORT_URL", "example.org/report")
    succeeded, _, last = project.make()
    assert (succeeded, project.steps) == (False, [])
    assert last.startswith("RSO_REPORT_URL: found 'example.org/report'; allowed: the web address")


def test_faulty_data_stop_the_build_before_any_notebook(project):
    before = project.site()
    (project.root / "data" / "orders.csv").write_text("bad")
    assert project.make() == (False, [], "orders.csv, row 1: bad.")
    assert project.site() == before


def test_a_warning_of_the_book_stops_the_build_and_names_the_page(project):
    before = project.site()
    shutil.rmtree(project.root / "src" / "jupyter_book")
    (project.root / "book" / "index.md").write_text("# Start\n\n[broken](nowhere.md)\n")
    succeeded, _, last = project.make()
    assert not succeeded
    assert last.startswith("book/index.md:3: WARNING: ")
    assert "nowhere.md" in last
    assert project.site() == before


def test_a_personal_detail_in_a_source_stops_the_build_before_the_site_is_switched(project):
    before = project.site()
    (project.root / "data" / "orders.csv").write_text("count\npersonal\n")
    succeeded, _, last = project.make()
    assert (succeeded, last) == (False, "A personal detail stands in a table.")
    assert project.site() == before


def test_a_second_build_at_the_same_time_is_refused(project):
    with open(project.root / "build" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        succeeded, _, last = project.make()
    assert not succeeded
    assert last == (
        "Another build is running in this folder (process 4711). Wait until it has finished and "
        "give the same command again. There is no lock to remove: it ends with that process."
    )


@pytest.mark.parametrize(
    "command", [("make", "report"), (sys.executable, "-m", "snakemake", "--cores", "all")]
)
def test_a_build_that_was_killed_is_made_good_by_the_next(project, command):
    (project.root / "data" / "orders.csv").write_text("count\n4711\n")
    running = project.start(command=command)
    while "Executing" not in running.stderr.readline():
        assert running.poll() is None
    time.sleep(1)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    (project.executed / "more.ipynb").write_text("half of a notebook")
    succeeded, executed, last = project.make(command=command)
    assert (succeeded, executed) == (True, ["more"]), last
    assert "4711" in project.page("more")


def test_pages_older_than_a_notebook_are_built_again_even_if_its_execution_got_lost(project):
    write_notebook(project.root / "notebooks" / "more.ipynb", "register")
    only = project.executed.relative_to(project.root) / "more.ipynb"
    snakemake = (sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", only)
    project.start(command=snakemake).communicate()
    (project.root / only).unlink()
    succeeded, executed, last = project.make()
    assert (succeeded, executed) == (True, ["more"]), last
    assert "On register" in project.page("more")


MANY = ("YEAR=2020-21..2021-22", "REGION=all")
SITES = {  # whether Wales and 2020-21 stand in their executed notebooks' pages
    "wales-2020-21": (True, True),
    "west-midlands-2020-21": (False, True),
    "west-midlands-2021-22": (False, False),
}


@pytest.fixture(scope="module")
def first_run(built, tmp_path_factory):
    """All editions of two years, of which one was there and one has no data."""
    project = copied(built, tmp_path_factory.mktemp("many") / "toy")
    project.result = project.make(*MANY)
    return project


@pytest.fixture
def many(first_run, tmp_path):
    """A copy of the project with three editions."""
    return copied(first_run, tmp_path / "toy")


def test_all_editions_are_built_in_one_run_and_share_what_is_common(first_run):
    succeeded, executed, last = first_run.result
    assert succeeded, last
    # Neither the edition that was there nor the check of the data is done again.
    assert executed == ["more"] * 2 + ["summary"] * 2
    assert not any("Checking" in words for _, _, words, _ in first_run.steps)
    for name in SITES:
        page = first_run.page("more", name)
        assert ("Wales" in page, "2020-21" in page) == SITES[name], name
    assert sorted(path.parent.name for path in first_run.root.glob("_site/*/index.html")) == (
        sorted(SITES)
    )


def test_an_edition_without_data_is_left_out_with_a_line_that_says_so(first_run):
    assert first_run.errors.splitlines()[0] == ("Left out, as no data cover it: 2021-22 for Wales.")


def test_each_step_of_many_says_its_number_its_edition_and_why(first_run):
    assert [(int(step), total) for step, total, _, _ in first_run.steps] == [
        (step, "7") for step in range(1, 8)
    ]
    said = {words: why for _, _, words, why in first_run.steps}
    assert said["Executing notebooks/more.ipynb for Wales, 2020-21"] == "not there yet"
    assert said["Building the pages for West Midlands, 2020-21"] == "earlier steps ran"
    assert said["Publishing"] == "always done"


def test_an_edition_that_fails_keeps_its_last_good_site_and_stops_no_other(many):
    before = many.page("more", "wales-2020-21")
    (many.root / "data" / "orders.csv").write_text("count\n4711, none for Wales\n")
    succeeded, executed, _ = many.make(*MANY)
    assert (succeeded, executed) == (False, ["more"] * 3)
    assert many.errors.count("orders.csv: no figure for Wales.") == 1
    assert many.page("more", "wales-2020-21") == before
    for name in ("west-midlands-2020-21", "west-midlands-2021-22"):
        assert "4711" in many.page("more", name)


def test_a_run_of_many_that_was_killed_goes_on_where_it_was(many):
    (many.root / "data" / "orders.csv").write_text("count\n4711\n")
    running = many.start(*MANY)
    while "Building" not in running.stderr.readline():
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    succeeded, executed, last = many.make(*MANY)
    assert succeeded, last
    assert len(executed) < 3  # some were there already
    for name in SITES:
        assert "4711" in many.page("more", name)


def test_parameters_from_a_file_make_an_edition_of_their_own(project):
    notebook = nbformat.read(project.root / "notebooks" / "more.ipynb", as_version=4)
    notebook.cells[1].source += "\nweeks = 44"
    notebook.cells[2].source += "\nprint(weeks, 'weeks')"
    nbformat.write(notebook, project.root / "notebooks" / "more.ipynb")
    (project.root / "my edition.yaml").write_text("report_year: 2020-21\nweeks: 40\n")
    succeeded, executed, last = project.make("PARAMETERS=my edition.yaml")
    assert (succeeded, executed) == (True, ["more", "summary"]), last
    [name] = [path.parent.name for path in project.root.glob("_site/*-2020-21-*/index.html")]
    assert re.fullmatch("west-midlands-2020-21-[0-9a-f]{8}", name)
    assert "40 weeks" in project.page("more", name)  # and the other was given what it declares


def test_complaints_are_the_warnings_or_else_the_last_lines(tmp_path):
    page = tmp_path.resolve() / "book" / "index.md"
    said = f"reading\n\x1b[31m{page}:3: WARNING: no such target\x1b[0m\ndone\n"
    assert complaints(said, tmp_path) == "book/index.md:3: WARNING: no such target"
    assert complaints("one\n\ntwo\n", tmp_path) == "one\ntwo"
    many = complaints("".join(f"{n}: WARNING: x\n" for n in range(100)), tmp_path).splitlines()
    assert (len(many), many[0]) == (16, "0: WARNING: x")
    assert many[-1] == f"... and 85 more; all is in {tmp_path}.log"


@pytest.fixture
def make(tmp_path):
    """Run the real Makefile in a folder of its own, with a stand-in for Python."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)

    def run(*arguments, python="exit 1"):
        stand_in = tmp_path / "python"
        stand_in.write_text(f"#!/bin/sh\n{python}\n")
        stand_in.chmod(0o755)
        command = ["make", *arguments, f"PYTHON={stand_in}"]
        # As typed in a shell, also where the tests themselves were started by make.
        own = {name: os.environ[name] for name in set(os.environ) - MAKES_OWN}
        return subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)

    return run


def test_make_alone_lists_what_there_is(make):
    done = make()
    assert done.returncode == 0
    for goal in ("report", "test", "refresh", "clean"):
        assert f"make {goal} " in done.stdout


@pytest.mark.parametrize(
    ("given", "meant"),
    [("YAER=2019-20", " (did you mean YEAR?)"), ("region=Wales", " (did you mean REGION?)")],
)
def test_make_refuses_a_variable_that_it_does_not_know_in_one_line(make, given, meant):
    done = make("report", given)
    (line,) = done.stderr.splitlines()
    name = given.partition("=")[0]
    assert done.returncode and not done.stdout
    assert f"{name}: an unknown variable{meant}; allowed: YEAR REGION PARAMETERS PYTHON" in line


@pytest.mark.parametrize("given", ["REGION=North East", "YEAR=all", "PARAMETERS=a.yaml", "VENV=x"])
def test_make_takes_the_variables_that_it_knows(make, given):
    assert make("help", given).returncode == 0


def test_make_takes_no_notice_of_the_environment(make, monkeypatch):
    monkeypatch.setenv("YAER", "2019-20")
    assert make("help").returncode == 0


def test_make_keeps_somebodys_settings_of_pip_python_and_jupyter_from_the_build(
    make, monkeypatch, tmp_path
):
    own = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "JUPYTER_PATH", "PYTHONDONTWRITEBYTECODE"}
    for name in own:
        monkeypatch.setenv(name, "1")
    make("report", python='env > "$0.environment"; exit 1')
    lines = (tmp_path / "python.environment").read_text().splitlines()
    passed_on = {line.partition("=")[0] for line in lines}
    assert "PATH" in passed_on and not own & passed_on


def test_make_says_which_python_is_needed(make):
    done = make("report")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_make_says_how_to_get_the_venv_module(make):
    done = make("report", python='case "$2" in *ensurepip*) exit 1;; esac')
    assert done.returncode != 0
    assert "lacks the venv module. On Debian or Ubuntu: apt install python3-venv" in done.stderr
