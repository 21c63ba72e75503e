"""The same commit and data give the same bytes: two builds in two worlds, every file compared.

The second world has another clock, folder, time zone, locale, hash seed, umask, home, user and
width of terminal, twice the cores, files that are older and were created in another order, and
what makes the pages is installed in another place. There no browser is found, so that axe does not
look, until the PDFs are printed.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import sphinx
from reading import contents

from rso_report.execute import PICTURE, charts

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("_config.yml", "_toc.yml", "book", "data", "notebooks", "src/rso_report")
FILES = ("Snakefile", "pyproject.toml", "requirements.lock", "*.md", "LICENSE", "CITATION.cff")
NAME = "west-midlands-2021-22"
# Python reads it at every start. The clock of a process can't be set, so its functions are changed.
CLOCK = """
import ctypes, datetime, gc, time
AHEAD = 400 * 86400 + 12345
names = "time", "time_ns", "localtime", "gmtime", "strftime"
real = {name: getattr(time, name) for name in names}
time.time = lambda: real["time"]() + AHEAD
time.time_ns = lambda: real["time_ns"]() + AHEAD * 10**9
time.localtime = lambda at=None: real["localtime"](time.time() if at is None else at)
time.gmtime = lambda at=None: real["gmtime"](time.time() if at is None else at)
time.strftime = lambda form, at=None: real["strftime"](form, at or time.localtime())
def change(kind, **methods):
    gc.get_referents(kind.__dict__)[0].update({n: classmethod(m) for n, m in methods.items()})
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
change(datetime.date, today=lambda kind: kind.fromtimestamp(time.time()))
change(
    datetime.datetime,
    now=lambda kind, tz=None: kind.fromtimestamp(time.time(), tz),
    today=lambda kind: kind.fromtimestamp(time.time()),
    utcnow=lambda kind: kind.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None),
)
"""


def sources():
    """The files that a build needs, as they are in this checkout."""
    found = {path for part in PARTS for path in [ROOT / part, *(ROOT / part).rglob("*")]}
    found |= {path for pattern in FILES for path in ROOT.glob(pattern)}
    left_out = {"__pycache__", ".ipynb_checkpoints"}
    return sorted(path for path in found if path.is_file() and not left_out & {*path.parts})


def copied(folder, backwards=False):
    """A copy of the checkout, without git; backwards its files are created in the other order."""
    for path in reversed(sources()) if backwards else sources():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
        if backwards:
            os.utime(target, (978_307_200, 978_307_200))  # 2001
    return folder


def installed(folder):
    """A copy of Sphinx, its extensions and its themes, as of an environment of that folder."""
    left_out = shutil.ignore_patterns("__pycache__")  # which knows where it was made
    for pattern in ("sphinx*", "myst*", "jupyter_book", "pydata*"):
        for package in Path(sphinx.__file__).parents[1].glob(pattern):
            if package.is_dir() and package.suffix != ".dist-info":
                shutil.copytree(package, folder / package.name, ignore=left_out)
    return folder


def path_without_browser(folder):
    """A path on which there is what Snakemake asks for, and no Chromium."""
    folder.mkdir()
    for name in ("bash", "dirname", "which"):
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def built(root, cores, umask, python_path=(), path=os.environ["PATH"], **environment):
    """Build the default edition, with `path`, and its PDFs in a copy.

    Return the PDFs and every file of the site.
    """
    package = os.pathsep.join([str(root / "src"), *map(str, python_path)])
    environment = os.environ | {"PYTHONPATH": package} | environment
    for goal, found_on in (("report", path), ("pdf", os.environ["PATH"])):
        command = f"-m snakemake {goal} --rerun-incomplete --nolock --scheduler greedy --cores"
        edition = ["--config", "year=!!str ", "region=!!str "]
        done = subprocess.run(
            [sys.executable, *command.split(), str(cores), *edition],
            cwd=root,
            env=environment | {"PATH": found_on},
            umask=umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert done.returncode == 0, done.stderr[-3000:]
        looked = "pages with axe" in done.stdout
        assert looked == (goal == "report" and path == os.environ["PATH"])
    briefing = root / "build" / NAME / "briefing.pdf"
    return contents(root / "_site") | {briefing.name: briefing.read_bytes()}


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory):
    here, away = (tmp_path_factory.mktemp(name) for name in ("here", "away"))
    (away / "clock").mkdir()
    (away / "clock" / "sitecustomize.py").write_text(CLOCK)
    (away / "home").mkdir()
    elsewhere = copied(away / "a much longer name, with spaces, and é" / "checkout", True)
    with ThreadPoolExecutor() as both:
        one = both.submit(
            built, copied(here / "c"), 1, 0o022, TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="0"
        )
        other = both.submit(
            built,
            elsewhere,
            2,
            0o077,
            [away / "clock", installed(away / "environment")],
            path_without_browser(away / "bin"),
            TZ="Pacific/Auckland",
            LC_ALL="C",
            LANG="de_DE.UTF-8",
            LANGUAGE="de",
            PYTHONHASHSEED="4711",
            HOME=str(away / "home"),
            USER="somebody-else",
            LOGNAME="somebody-else",
            COLUMNS="40",
            SOURCE_DATE_EPOCH="86400",
        )
        return one.result(), other.result()


def test_two_builds_in_two_worlds_give_the_same_bytes_in_every_file(two_builds, capsys):
    one, other = two_builds
    assert sorted(one) == sorted(other)
    different = [name for name in one if one[name] != other[name]]
    assert not different, f"{len(different)} of {len(one)} files differ: {different}"
    kinds = {Path(name).suffix for name in one}
    assert {".pdf", ".xlsx", ".zip", ".html", ".ipynb", ".csv", ".png", ".svg", ".json"} <= kinds
    with capsys.disabled():
        print(f"\n{len(one)} files of two builds are the same, byte for byte")


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_each_notebook_is_executed_elsewhere_to_what_is_committed(two_builds, path):
    def of_cells(content):
        notebook = nbformat.reads(content.decode(), as_version=4)
        for chart in charts(notebook):  # a picture depends on the fonts of a machine
            chart.pop(PICTURE, None)
        return notebook

    executed = two_builds[1][f"{NAME}/_sources/notebooks/{path.name}"]
    assert of_cells(executed) == of_cells(path.read_bytes())
