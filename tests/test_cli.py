"""The command line as a person and a script use it: output, exit codes, wrong commands."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from reading import replace

from rso_report import cli, dataset, places
from rso_report.edition import Edition
from rso_report.errors import FileError, ReportError
from rso_report.publication import ready

ROOT = Path(__file__).resolve().parents[1]


def call(*arguments):
    """Run a command in this process; nothing but a wanted end may come out of it."""
    done = CliRunner().invoke(cli.main, arguments, prog_name="rso-report")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the data package, in the place of the real one."""
    shutil.copytree(dataset.data_folder(), tmp_path / "data")
    monkeypatch.setenv("RSO_REPORT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# The group


def test_help_names_every_command_and_the_exit_codes():
    said = call("--help").output
    for name, command in cli.main.commands.items():
        assert f"\n  {name} " in said and command.short_help in said  # and not cut
    for code in range(4):
        assert f"\n    {code}  " in said
    assert call("-h").output == said


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_the_help_of_each_command_needs_no_manual(name):
    said = call(name, "--help").output
    paragraphs = " ".join(said.split())
    assert "Exit codes: 0 " in paragraphs
    assert "Examples: rso-report " in paragraphs or "Example: rso-report " in paragraphs
    assert "Reads " in paragraphs  # and what it writes
    for option in cli.main.commands[name].params:
        assert not hasattr(option, "help") or option.help, option.name


def test_help_is_there_at_once_as_nothing_heavy_is_imported():
    heavy = "{'pandas', 'numpy', 'papermill', 'frictionless', 'pydantic', 'snakemake'}"
    code = (
        "import sys; from rso_report.cli import main\n"
        "try: main(['--help'])\n"
        f"finally: assert not {heavy} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chekc"], "No such command 'chekc'. Did you mean 'check'?"),
        (["build", "--yaer", "2020-21"], "No such option '--yaer'. Did you mean '--year'?"),
        (["build", "2020-21"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_may_be_meant(arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr and "Error: " in done.stderr
    assert done.stdout == ""


def test_the_version():
    assert call("--version").output == f"rso-report, version {version('rso-report')}\n"


def test_the_entry_point_is_this_program():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'rso-report = "rso_report.cli:main"' in text
    command = [sys.executable, "-m", "rso_report.cli", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: rso-report [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ReportError("two\nlines"), 1, "two\nlines\n"),
        (FileError("x.csv: cannot be read."), 3, "x.csv: cannot be read.\n"),
        (PermissionError(13, "Permission denied", "x.csv"), 3, "x.csv: Permission denied.\n"),
    ],
)
def test_an_error_is_one_message_without_a_traceback(monkeypatch, error, status, said):
    def fail(*_):
        raise error

    monkeypatch.setattr(dataset, "descriptor", fail)
    done = call("check")
    assert (done.exit_code, done.stdout, done.stderr) == (status, "", said)


# check


def test_check_of_good_data():
    done = call("check", "--json")
    assert done.exit_code == 0
    tables = len(dataset.descriptor()["resources"])
    assert json.loads(done.stdout) == {
        "ok": True,
        "tables": tables,
        "faults": [],
        "stale_hashes": [],
        "unexplained_findings": [],
        "outdated_entries": [],
    }


def test_check_tells_faults_and_stale_hashes_at_once_for_people_and_scripts(copy):
    replace(copy / "missing.csv", ",43,exact", ",forty-three,exact")
    replace(copy / "staffing.csv", ",45,exact", ",-45,exact")
    before = {path: path.read_bytes() for path in copy.iterdir()}
    done = call("check")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("data/missing.csv, row 2, column value: found 'forty-three'; allow")
    assert lines[1].startswith("data/staffing.csv, row 4, column value: found '-45'; allowed: ")
    assert [line.split(":")[0] for line in lines[2:4]] == ["data/missing.csv", "data/staffing.csv"]
    assert "rso_report.dataset stamp" in lines[2]
    assert lines[4].endswith(" tables: 4 to put right.")
    found = json.loads(call("check", "--json").stdout)
    assert found["ok"] is False
    assert found["stale_hashes"] == ["missing.csv", "staffing.csv"]
    assert [fault["where"] for fault in found["faults"]] == [
        "data/missing.csv",
        "data/staffing.csv",
    ]
    assert {path: path.read_bytes() for path in copy.iterdir()} == before


def test_check_tells_a_contradiction_that_the_ledger_does_not_speak_of(copy):
    ledger = copy / "discrepancies.csv"
    head, *entries = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [entry for entry in entries if "printed_totals" not in entry]
    ledger.write_text("".join([head, *kept[: len(kept) // 3]]), encoding="utf-8")
    done = call("check")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("data/discrepancies.csv: found other contents than")
    assert lines[1].startswith("data/discrepancies.csv: found no entry for rule ")
    assert lines[1].endswith("; add an entry that says how it is treated")


def test_check_tells_an_entry_of_the_ledger_that_states_what_the_rows_do_not_give(copy):
    replace(copy / "discrepancies.csv", "which makes 52.", "which makes 53.")
    dataset.stamp(copy)
    done = call("check")
    assert done.exit_code == 1
    (entry, count) = done.stdout.splitlines()
    assert entry.startswith("data/discrepancies.csv, entry D16: ") and "53" in entry
    assert count.endswith(": 1 to put right.")
    (found,) = json.loads(call("check", "--json").stdout)["outdated_entries"]
    assert found["discrepancy_id"] == "D16"


def test_check_without_a_data_package_cannot_read_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RSO_REPORT_DATA", str(tmp_path))
    done = call("check", "--json")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == f"There is no data package in {tmp_path}: datapackage.json is absent.\n"


# editions


@pytest.fixture
def listed(data, monkeypatch, tmp_path):
    """The listing of the real data beside a site in which nothing is built."""
    monkeypatch.setenv("RSO_REPORT_DATA", str(dataset.data_folder()))
    monkeypatch.setattr(dataset, "load", lambda *_: data)
    monkeypatch.setattr(places, "root", lambda: tmp_path)


def test_editions_as_a_list_to_read(listed):
    done = call("editions", "--region", "Wales")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Wales"
    assert lines[1].startswith("  2001-02 to ")
    assert max(map(len, lines)) <= 100


def test_editions_as_json_are_the_same_each_time(listed):
    done = call("editions", "--json")
    assert done.stdout == call("editions", "--json").stdout
    found = json.loads(done.stdout)
    assert len(found["editions"]) > 200
    for edition in found["editions"]:
        assert set(edition["lacks"]) <= set(found["measures"])
    one = json.loads(
        call("editions", "--json", "--region", "West Midlands", "--year", "2021-22").stdout
    )
    assert one["editions"] == [
        {
            "region": "West Midlands",
            "report_year": "2021-22",
            "slug": "west-midlands-2021-22",
            "newest": "2022-03-31",
            "lacks": ["visits"],
            "built": False,
            "latest": False,
        }
    ]


def test_editions_of_no_such_region_or_year():
    done = call("editions", "--region", "Walse", "--year", "2021")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "(did you mean 'Wales'?)" in done.stderr
    assert "(did you mean '2021-22'?)" in done.stderr


# build


@pytest.fixture
def started(monkeypatch):
    """What would be run in the place of this program: its folder and its words."""
    runs = []
    monkeypatch.setattr(os, "execv", lambda program, words: runs.append((os.getcwd(), words)))
    monkeypatch.chdir(ROOT / "tests")
    monkeypatch.setattr(ready, "RECORD", Path("never built"))
    return runs


def test_build_runs_the_graph_in_the_root_as_typed(started, tmp_path):
    path = tmp_path / "my edition.yaml"
    path.write_text("officers: 30\n")
    arguments = ["--year", "2020-21", "--region", "North East", "--parameters", str(path)]
    assert call("build", *arguments).exit_code == 0
    folder, words = started[0]
    assert folder == str(ROOT)
    assert words[1:4] == ["-m", "snakemake", "report"]
    assert words[words.index("--config") + 1 :] == [
        "year=!!str 2020-21",
        "region=!!str North East",
        f"parameters=!!str {path}",
    ]


def test_build_of_the_default_edition_and_of_its_pdf(started):
    assert call("build").exit_code == 0
    assert call("build", "--pdf", "--year", "", "--region", "").exit_code == 0
    assert [words[3:5] for _, words in started] == [["report", "--cores"], ["pdf", "--cores"]]
    assert started[0][1][-3:] == ["year=!!str ", "region=!!str ", "parameters=!!str "]


@pytest.mark.parametrize(
    "asked", [["--region", "all"], ["--year", "2019-20..2021-22"], ["--year", "2019-20,2020-21"]]
)
def test_several_editions_are_left_to_the_graph(started, asked):
    assert call("build", *asked).exit_code == 0
    assert len(started) == 1


@pytest.mark.parametrize(
    ("arguments", "content", "status", "said"),
    [
        (["--year", "2020_21"], None, 1, "report_year: found '2020_21'"),
        (
            [],
            "region: No\nweeks: 0",
            1,
            "2 faults in my-edition.yaml:\n  region: found 'No'; allowed",
        ),
        (["--parameters", "absent.yaml"], None, 3, "absent.yaml: cannot be read: No such file"),
    ],
)
def test_build_refuses_before_anything_starts(
    started, tmp_path, monkeypatch, arguments, content, status, said
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("my-edition.yaml").write_text(content)
        arguments = [*arguments, "--parameters", "my-edition.yaml"]
    done = call("build", *arguments)
    assert (done.exit_code, done.stdout, started) == (status, "", [])
    assert said in done.stderr


def test_build_outside_a_checkout_says_so(started, monkeypatch, tmp_path):
    monkeypatch.setattr(places, "root", lambda: tmp_path)
    done = call("build")
    assert (done.exit_code, started) == (3, [])
    assert done.stderr == f"{tmp_path} is no checkout of the report: it has no Snakefile.\n"


def test_build_passes_on_what_the_graph_says_and_its_exit_status(tmp_path):
    (tmp_path / "snakemake").mkdir()
    (tmp_path / "snakemake" / "__init__.py").touch()
    (tmp_path / "snakemake" / "__main__.py").write_text(
        "import sys; print('a step'); print('a fault', file=sys.stderr); sys.exit(7)"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    parameters = tmp_path / "never built.yaml"
    parameters.write_text("officers: 30\n")
    done = subprocess.run(
        [sys.executable, "-m", "rso_report.cli", "build", "--parameters", str(parameters)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "a step\n", "a fault\n")


def test_the_help_of_build_holds_every_parameter_and_a_file_that_is_read(started, tmp_path):
    said = call("build", "--help").output
    section = said.split("Parameters that a file can hold:")[1]
    for name in Edition.model_fields:
        assert f"\n  {name} " in section
    example = said.split("Example of a file of parameters:\n")[1].split("\n\n")[0]
    path = tmp_path / "my-edition.yaml"
    path.write_text("\n".join(line.strip() for line in example.splitlines()))
    assert call("build", "--parameters", str(path)).exit_code == 0
    assert len(started) == 1


def test_two_editions_are_compared_by_year_or_by_name(tmp_path):
    by_year = call("compare", "2020-21", "2021-22", "--csv", str(tmp_path / "changes.csv"))
    by_name = call("compare", "west-midlands-2020-21", "west-midlands-2021-22")
    assert by_year.exit_code == by_name.exit_code == 0
    *lines, last = by_year.output.splitlines()
    assert lines == by_name.output.splitlines()
    assert last == f"Written: {tmp_path / 'changes.csv'}"
    (register,) = [line for line in lines if line.startswith("Force register")]
    assert register == (
        "Force register: in custody or not, West Midlands Police: 4,620 (2021 (day not stated)) "
        "to 4,642 (22 February 2022): +0.5%"
    )
    written = (tmp_path / "changes.csv").read_text(encoding="utf-8-sig").splitlines()
    found = json.loads(call("compare", "2020-21", "2021-22", "--json").output)
    assert len(written) == 1 + len(found)
    assert list(found[0]) == written[0].split(",")


def test_an_edition_of_an_older_release_of_the_data_shows_what_was_revised(copy, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(copy, older)
    replace(older / "registered_offenders.csv", ",both,male,all,4585,", ",both,male,all,4580,")
    said = call("compare", "2021-22", "2021-22", "--data-a", str(older))
    assert said.exit_code == 0
    assert (
        "Revised: Force register: in custody or not, West Midlands Police, 22 February 2022: "
        "4,637 to 4,642" in said.output
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("2020-21", "north-east-2020-21"),
            "only editions of the same region or force can be compared",
        ),
        (("2020-2", "2021-22"), "report_year: found '2020-2'"),
        (("2020-21", "2021-22", "--region", "North Easst"), "did you mean 'North East'?"),
        (("2020-21", "2021-22", "--data-a", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_message(arguments, message):
    done = call("compare", *arguments)
    assert done.exit_code in (1, 3)
    assert message in done.output
    assert "Traceback" not in done.output
