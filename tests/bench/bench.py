"""How long it takes to see a change, beside what others would do with the same notebooks and pages.

    python tests/bench/bench.py [--rounds ROUNDS] [--only PART]... [--into README.md]

Everything is done in a copy of this checkout, one way after the other in each round, so that what
else the machine does meets all of them. Growth (more editions, more rows) and the first look are
measured once. The tables give medians: seconds on the clock, seconds of all processors, the memory
of all processes together at its height, and the seconds of processors as a share of a build of
ours from nothing. They and a chart are written into build/.
"""

import argparse
import csv
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import first_look
import psutil

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "build", "_*ite", "__pycache__")
COLD = "ours, from nothing"
BEGIN, END = "<!-- bench -->", "<!-- end of bench -->"  # in the file that tables are written into
REGIONS = "West Midlands,Wales,North East,North West,Yorkshire and the Humber,East Midlands"
REGIONS += ",East of England,London,South East,South West"
# All cells of all notebooks in one process that has imported what they need.
WARM = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for name in sys.argv[1:]:
    shell.reset()
    for cell in json.load(open(name))["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"])).raise_error()
"""
Way = Callable[[Path], None]
Measured = tuple[float, float, float]  # seconds on the clock, of all processors, megabytes


def run(folder: Path, *command: object) -> None:
    """Run a command in a folder; end with what it said if it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{command}: {done.stdout[-3000:]}")


# Our way


def ours(folder: Path, *asked: str) -> None:
    """Build and publish as `make report` does, all checks included."""
    run(folder, sys.executable, "-m", "rso_report.cli", "build", *asked)


def from_nothing(folder: Path, *asked: str) -> None:
    """Build without anything that an earlier build left, the exported chart library too."""
    for name in ("build", "_site", ".snakemake"):
        path = folder / name
        path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
    ours(folder, *asked)


def prose(folder: Path) -> None:
    """Write a sentence more at the end of one page, and build."""
    path = folder / "book" / "help.md"
    path.write_text(f"{path.read_text('utf-8').rstrip()} A sentence more.\n", encoding="utf-8")
    ours(folder)


def words(folder: Path) -> None:
    """Write a sentence more in one notebook, and build."""
    path = folder / "notebooks" / "missing-offenders.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    cell["source"] = [*cell["source"], "\n\nA sentence more."]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    ours(folder)


def replace_once(path: Path, old: str, new: str) -> None:
    """Put `new` in the place of the first `old` of a file."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"{path}: found no {old!r}.")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def cell(folder: Path) -> None:
    """Change one cell of the data, the place of a row in its source, and build."""
    replace_once(folder / "data" / "visit_policy.csv", "answer", "reply")
    run(folder, sys.executable, "-m", "rso_report.dataset", "stamp")
    ours(folder)


def function(folder: Path) -> None:
    """Change a line of one function, in a module that four notebooks import, and build."""
    package = folder / "src" / "rso_report"
    replace_once(package / "missing.py", "\n    return ", "\n    # A remark more.\n    return ")
    ours(folder)


# Other ways


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a copy."""
    return sorted((folder / "notebooks").glob("*.ipynb"))


def book(folder: Path, output: str, *more: object) -> None:
    """Build the pages by Jupyter Book alone, from nothing."""
    shutil.rmtree(folder / output, ignore_errors=True)
    command = [BIN / "jupyter-book", "build", "--all", "--path-output", folder / output, *more]
    run(folder, *command, folder)


def loop(folder: Path) -> None:
    """A shell's loop: Papermill for each notebook, then Jupyter Book."""
    for notebook in notebooks(folder):
        run(folder, BIN / "papermill", notebook, folder / "build" / f"loop-{notebook.name}")
    book(folder, "build/loop")


def itself(folder: Path) -> None:
    """Jupyter Book executes the notebooks itself, and makes the pages with our extensions."""
    config = (folder / "_config.yml").read_text(encoding="utf-8")
    forced = folder / "build" / "forced.yml"
    forced.write_text(config.replace('execute_notebooks: "off"', "execute_notebooks: force"))
    book(folder, "build/forced", "--config", forced)


def nbclient(folder: Path) -> None:
    """Execute all notebooks by what `nbconvert --execute` executes them by, and make no pages."""
    run(folder, BIN / "jupyter-execute", *notebooks(folder))


def floor(folder: Path) -> None:
    """The least that can be: all cells in one warm process, pages without our extensions."""
    run(folder, sys.executable, "-c", WARM, *notebooks(folder))
    ours_alone = ("- rso_report.", "html_math_renderer")
    config = (folder / "_config.yml").read_text(encoding="utf-8").splitlines()
    bare = folder / "build" / "bare.yml"
    bare.write_text(
        "\n".join(line for line in config if not any(word in line for word in ours_alone))
    )
    book(folder, "build/bare", "--config", bare)


# Growth


def editions(number: int) -> Way:
    """Build the newest edition of that many regions, from nothing."""
    return lambda folder: from_nothing(
        folder, "--region", ",".join(REGIONS.split(",")[:number]), "--year", "2021-22"
    )


def rows(number: int) -> Way:
    """Cut each district into that many, whose residents add up to its own, and build.

    `population_districts` holds two thirds of all rows. All figures of the report stay the same.
    A hundred times as many are more than a table of the data may have, so the copy allows more.
    """

    def build(folder: Path) -> None:
        limit = folder / "src" / "rso_report" / "plain_cells.py"
        replace_once(limit, "MOST_BYTES = 20_000_000", "MOST_BYTES = 200_000_000")
        path = folder / "data" / "population_districts.csv"
        kept = path.read_text(encoding="utf-8")
        with path.open("w", encoding="utf-8", newline="") as file:
            whole = csv.DictReader(kept.splitlines())
            parts = csv.DictWriter(file, list(whole.fieldnames or ()), lineterminator="\n")
            parts.writeheader()
            parts.writerows(part for row in whole for part in cut(row, number))
        run(folder, sys.executable, "-m", "rso_report.dataset", "stamp")
        from_nothing(folder)
        path.write_text(kept, encoding="utf-8")
        run(folder, sys.executable, "-m", "rso_report.dataset", "stamp")
        replace_once(limit, "MOST_BYTES = 200_000_000", "MOST_BYTES = 20_000_000")

    return build


def cut(row: dict[str, str], number: int) -> Iterator[dict[str, str]]:
    """Yield the parts of a district: each has a code of its own, and its share of the people."""
    kind, code = row["lad_code"][:3], int(row["lad_code"][3:])
    for part in range(number):
        share = {name: str((int(row[name]) + part) // number) for name in ("all_ages", "aged_0_9")}
        yield row | share | {"lad_code": f"{kind}{code * number + part:06d}"}


PARTS: dict[str, dict[str, Way]] = {
    "ways": {
        COLD: from_nothing,
        "nothing changed": ours,
        "a sentence of one page": prose,
        "a sentence of one notebook": words,
        "one cell of the data": cell,
        "one function of the package": function,
        "a loop of papermill, then jupyter-book": loop,
        "jupyter-book executes by itself": itself,
        "jupyter execute, no pages": nbclient,
        "floor: one warm process, bare pages": floor,
    },
    "growth": {f"editions, from nothing: {number}": editions(number) for number in (1, 3, 10)},
    "rows": {f"rows of districts, times {number}": rows(number) for number in (1, 10, 100)},
}


def look(folder: Path) -> str:
    """Return how soon a reader sees a page of ours, and that of the plain stack."""
    ours(folder)
    executed = folder / "build" / first_look.EDITION / f"{first_look.PAGE}.ipynb"
    site = folder / "_site" / first_look.EDITION
    return first_look.table(site, executed, folder / "build" / "plain", run)


# Measuring


def measured(way: Way, folder: Path) -> Measured:
    """Return the seconds on the clock and of all processors that a way takes, and megabytes."""
    over, peak = threading.Event(), [0]
    watching = threading.Thread(target=watch, args=(over, peak))
    watching.start()
    started, before = time.monotonic(), os.times()
    way(folder)
    after, clock = os.times(), time.monotonic() - started
    over.set()
    watching.join()
    used = after.children_user + after.children_system
    return clock, used - before.children_user - before.children_system, peak[0] / 1e6


def watch(over: threading.Event, peak: list[int]) -> None:
    """Note the most memory that all processes below this one hold, what they share once."""
    while not over.wait(0.5):
        held = 0
        for process in psutil.Process().children(recursive=True):
            try:
                held += process.memory_full_info().pss
            except psutil.Error:  # it has ended
                continue
        peak[0] = max(peak[0], held)


def medians(found: dict[str, list[Measured]]) -> dict[str, list[float]]:
    """Return the median of each thing measured, by the name of the way."""
    return {
        name: [statistics.median(each) for each in zip(*runs, strict=True)]
        for name, runs in found.items()
    }


def machine() -> str:
    """Return what the numbers were measured on."""
    cpus, memory = Path("/proc/cpuinfo"), psutil.virtual_memory().total / 2**30
    model = re.search(r"model name\s*: (.+)", cpus.read_text()) if cpus.is_file() else None
    name = model[1] if model else platform.machine()
    return (
        f"{os.cpu_count()} cores of {name}, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def table(found: dict[str, list[Measured]]) -> str:
    """Return the medians as a table in Markdown, each beside the first of them."""
    lines = [
        "| Way | Seconds | Of all processors | Memory, MB | Share of the first |",
        "|---|---:|---:|---:|---:|",
    ]
    each = medians(found)
    first = next(iter(each.values()))[1]
    for name, (clock, used, held) in each.items():
        lines.append(f"| {name} | {clock:.1f} | {used:.1f} | {held:.0f} | {used / first:.2f} |")
    return "\n".join(lines)


def further(found: dict[str, list[Measured]]) -> str:
    """Return what an edition more costs beside the first."""
    one, *_, ten = (used for _, used, _ in medians(found).values())
    return f"Each further edition takes {(ten - one) / 9 / one:.2f} of the first."


def picture(found: dict[str, list[Measured]], path: Path) -> None:
    """Draw the medians of processor time as bars into a file."""
    import altair as alt
    import pandas as pd

    seconds = pd.DataFrame(
        [(name, used) for name, (_, used, _) in medians(found).items()], columns=["way", "seconds"]
    )
    bars = alt.Chart(seconds, title="Seconds of all processors, median").encode(
        x=alt.X("seconds:Q", title=None, axis=None),
        y=alt.Y("way:N", sort=None, title=None, axis=alt.Axis(labelLimit=300)),
        text=alt.Text("seconds:Q", format=".1f"),
    )
    labels = bars.mark_text(align="left", dx=3)
    (bars.mark_bar(color="#12436D") + labels).properties(width=420).save(path)


def main() -> int:
    """Measure what is asked for; print the tables, and keep them and a chart in build/."""
    names = [*PARTS, "look"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often the ways are measured")
    parser.add_argument("--only", action="append", choices=names, help="a part; all if not given")
    parser.add_argument("--into", type=Path, help="a file to write the tables into, such as README")
    options = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    said = [machine()]
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary) / "checkout"
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        (folder / "build").mkdir()
        for part in options.only or names:
            if part == "look":
                said.append(look(folder))
                continue
            found: dict[str, list[Measured]] = {name: [] for name in PARTS[part]}
            for number in range(rounds := options.rounds if part == "ways" else 1):
                for name, way in PARTS[part].items():
                    found[name].append(measured(way, folder))
                    clock, used, held = found[name][-1]
                    print(
                        f"round {number + 1}, {name}: {clock:.1f} s, {used:.1f} s of processors, "
                        f"{held:.0f} MB",
                        flush=True,
                    )
            said += [f"Medians of {rounds}" if rounds > 1 else "Measured once", table(found)]
            said += [further(found)] if part == "growth" else []
            picture(found, ROOT / "build" / f"bench-{part}.svg")
    text = "\n\n".join(said) + "\n"
    (ROOT / "build" / "bench.md").write_text(text, encoding="utf-8")
    if options.into:
        old = options.into.read_text(encoding="utf-8")
        before, after = re.split(f"(?<={BEGIN})\n.*(?={END})", old, flags=re.DOTALL)
        options.into.write_text(f"{before}\n{text}{after}", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
