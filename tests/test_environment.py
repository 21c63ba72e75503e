"""What is installed, by whichever way, is the same; and nothing names where it comes from."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
UNTRACKED = {".git", ".venv", ".snakemake", "build", "_build", "_site", "__pycache__"}
PYTHONS = ("3.11", "3.12", "3.13")

# The brackets keep this file from holding what it looks for.
HOSTS = r"py[p]i\.org|pythonho[s]ted\.org|anacon[d]a\.(org|com)|np[m]js\.(org|com)"
OPTIONS = r"--(extra-)?inde[x]-url|--find-lin[k]s|\b(inde[x]-url|find-lin[k]s)\s*="
DOWNLOADS = r"(https?|file)://\S+(\.wh[l]\b|\.tar\.g[z]\b|/simpl[e]\b)"
SOURCES = re.compile(f"{HOSTS}|{OPTIONS}|{DOWNLOADS}", re.IGNORECASE)


def declared():
    """The direct dependencies of the package, of its tests and of its other extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in sum(extras, project["dependencies"])]


def lock_entries():
    """The entries of the lock, each with the lines of its hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def locked():
    return [Requirement(entry.split("--hash")[0]) for entry in lock_entries()]


def conda_pins():
    """The lines under `pip:` in environment.yml."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [item for item in environment["dependencies"] if isinstance(item, dict)]
    return pip["pip"]


def for_python(version, requirements):
    """What these requirements install under a version of Python: names and version specifiers."""
    environment = {"python_version": version, "python_full_version": f"{version}.7"}
    return {
        canonicalize_name(requirement.name): str(requirement.specifier)
        for requirement in requirements
        if (requirement.marker or Marker("python_version > '3'")).evaluate(environment)
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_environment_yml_pins_the_direct_dependencies_at_the_versions_of_the_lock(python):
    conda = [Requirement(line) for line in conda_pins() if line != "-e ."]
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    lock = for_python(python, locked())
    assert for_python(python, conda) == {name: lock[name] for name in names}


def test_environment_yml_installs_this_package_from_the_folder():
    assert conda_pins()[-1] == "-e ."


@pytest.mark.parametrize("python", PYTHONS)
def test_locked_versions_satisfy_pyproject(python):
    lock = for_python(python, locked())
    for requirement in declared():
        version = lock[canonicalize_name(requirement.name)].removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


def test_every_entry_of_the_lock_is_one_version_with_hashes():
    entries = lock_entries()
    assert len(entries) > len(declared())
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==[0-9][^\s;*]* ", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry[:80]


def repository_files():
    """Files that are or would be committed; outside git, all that aren't built or installed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in UNTRACKED]
        found += [Path(folder) / name for name in files]
    return found


def package_sources(path):
    """The lines of a file that name where packages are downloaded from."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line.strip()[:100] for line in text.splitlines() if SOURCES.search(line)]


def test_no_file_names_where_packages_are_downloaded_from():
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    found = {path: lines for path in files if (lines := package_sources(path))}
    assert not found, "\n".join(
        f"{path.relative_to(ROOT)}: {line}" for path in found for line in found[path]
    )


@pytest.mark.parametrize(
    "line",  # an asterisk stands for nothing
    [
        "https://py*pi.org/project/x",
        "pip install --inde*x-url https://mirror.example/",
        "find-lin*ks = ./folder",
        "https://mirror.example/simpl*e/",
        "x @ https://mirror.example/x-1-py3-none-any.wh*l",
    ],
)
def test_the_search_for_download_addresses_finds_them(line, tmp_path):
    (tmp_path / "file").write_text(line.replace("*", ""))
    assert package_sources(tmp_path / "file")


def test_nothing_that_an_installed_package_needs_is_missing():
    # The lock is installed without asking what its packages need.
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
