"""What the public repository runs by itself: it names what exists, and keeps to what it may do."""

import re
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def workflow(name):
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))


def commands(text):
    """The make targets and the files of this repository that a workflow runs."""
    targets = [
        word for line in re.findall(r"\bmake ([a-z ]+)$", text, re.M) for word in line.split()
    ]
    files = re.findall(r"(?<![\w/])(\.(?:ci|github)/[\w./-]+)", text)
    return targets, files


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_only_targets_and_files_that_exist(path):
    targets, files = commands(path.read_text(encoding="utf-8"))
    assert targets or files
    made = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert not set(targets) - set(made)
    assert all((ROOT / file).is_file() for file in files)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_holds_no_secret_and_may_only_read_unless_a_job_says_otherwise(path):
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert workflow(path.name)["permissions"] == {"contents": "read"}
    for job in workflow(path.name)["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_the_tests_run_under_every_python_that_the_package_promises():
    tested = workflow("test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = SpecifierSet(project["requires-python"])
    assert all(promised.contains(python) for python in tested)
    (python,) = [line for line in CONDA["dependencies"] if str(line).startswith("python>")]
    offered = SpecifierSet(python.removeprefix("python"))
    assert [f"3.{n}" for n in range(20) if offered.contains(f"3.{n}")] == tested


def test_only_a_tag_publishes_and_only_after_the_tests():
    publish = workflow("publish.yml")
    assert publish[True] == {"push": {"tags": ["v*"]}}  # `on`, which YAML reads as true
    steps = [step.get("run", step.get("uses", "")) for step in publish["jobs"]["build"]["steps"]]
    assert steps.index(".ci/run all") < steps.index("make pdf")
    assert all(publish["jobs"][job]["needs"] == "build" for job in ("release", "pages"))


def test_the_same_site_packs_to_the_same_archive_whose_manifest_names_every_file(tmp_path):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/pack").write_bytes((ROOT / ".github/pack").read_bytes())
    real = tmp_path / "build" / "site"
    real.mkdir(parents=True)
    (real / "index.html").write_text("a page")
    (real / "with space.csv").write_text("1,2")
    (tmp_path / "_site").symlink_to(real)
    packed = []
    for mode in (0o600, 0o644):
        (real / "index.html").chmod(mode)
        subprocess.run(["bash", tmp_path / ".github/pack", "v1"], check=True, capture_output=True)
        packed.append({file.name: file.read_bytes() for file in (tmp_path / "dist").iterdir()})
    assert packed[0] == packed[1]
    manifest = (tmp_path / "dist/rso-report-v1.manifest").read_text()
    assert [line.split("  ", 1)[1] for line in manifest.splitlines()] == [
        "./index.html",
        "./with space.csv",
    ]
    with tarfile.open(tmp_path / "dist/rso-report-v1.tar.gz") as archive:
        assert "rso-report-v1/with space.csv" in archive.getnames()
