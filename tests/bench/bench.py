"""How long it takes to see a change, beside what others would do with the same notebooks and pages.

    python tests/bench/bench.py [ROUNDS]

Everything is done in a copy of this checkout, one way after the other in each round, so that what
else the machine does meets all of them. The table gives medians: seconds on the clock, seconds of
all processors, and that to a build of ours from nothing.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "build", "_*ite", "__pycache__")
COLD = "ours, from nothing"
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


def run(folder: Path, *command: object) -> None:
    """Run a command in a folder; raise an error with what it said if it fails."""
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


def ours(folder: Path) -> None:
    """Build and publish as `make report` does, all checks included."""
    run(folder, sys.executable, "-m", "rso_report.cli", "build")


def from_nothing(folder: Path) -> None:
    """Build without anything that an earlier build left, the exported chart library too."""
    for name in ("build", "_site", ".snakemake"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "_site").unlink(missing_ok=True)
    ours(folder)


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


def nbconvert(folder: Path) -> None:
    """Execute all notebooks by nbconvert, and make no pages."""
    options = ["--to", "notebook", "--execute", "--output-dir", folder / "build" / "nbconvert"]
    run(folder, BIN / "jupyter", "nbconvert", *options, *notebooks(folder))


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


def prose(folder: Path) -> None:
    """Write a sentence more on one page, and build."""
    with (folder / "book" / "help.md").open("a", encoding="utf-8") as file:
        file.write("\nA sentence more.\n")
    ours(folder)


def words(folder: Path) -> None:
    """Write a sentence more in one notebook, and build."""
    path = folder / "notebooks" / "missing-offenders.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    cell["source"] = [*cell["source"], "\n\nA sentence more."]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    ours(folder)


def cell(folder: Path) -> None:
    """Change one cell of the data, the place of a row in its source, and build."""
    path = folder / "data" / "visit_policy.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("answer", "reply", 1))
    run(folder, sys.executable, "-m", "rso_report.dataset", "stamp")
    ours(folder)


WAYS: dict[str, Callable[[Path], None]] = {
    COLD: from_nothing,
    "nothing changed": ours,
    "a sentence of one page": prose,
    "a sentence of one notebook": words,
    "one cell of the data": cell,
    "a loop of papermill, then jupyter-book": loop,
    "nbconvert --execute, no pages": nbconvert,
    "floor: one warm process, bare pages": floor,
}


def measured(way: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    """Return the seconds on the clock and of all processors that a way takes."""
    started, before = time.monotonic(), os.times()
    way(folder)
    after = os.times()
    used = after.children_user + after.children_system
    return time.monotonic() - started, used - before.children_user - before.children_system


def table(found: dict[str, list[tuple[float, float]]]) -> str:
    """Return the medians as a table in Markdown, with the machine that they are of."""
    medians = {
        name: [statistics.median(each) for each in zip(*runs, strict=True)]
        for name, runs in found.items()
    }
    cold = medians[COLD][1]
    lines = [
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}; medians of {len(found[COLD])}",
        "",
        "| Way | Seconds | Of all processors | To ours from nothing |",
        "|---|---:|---:|---:|",
    ]
    for name, (clock, used) in medians.items():
        lines.append(f"| {name} | {clock:.1f} | {used:.1f} | {used / cold:.2f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure all ways in so many rounds; print the table and keep it in build/."""
    rounds = int(arguments[0]) if arguments else 3
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary) / "checkout"
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        for number in range(rounds):
            for name, way in WAYS.items():
                found[name].append(measured(way, folder))
                clock, used = found[name][-1]
                print(f"round {number + 1}, {name}: {clock:.1f} s, {used:.1f} s of processors")
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench.md").write_text(table(found) + "\n", encoding="utf-8")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
