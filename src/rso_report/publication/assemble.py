"""Assemble the book of one edition and build its pages.

    python -m rso_report.publication.assemble WORK NOTEBOOK...    build WORK/_build/html

The work folder mirrors the repository, with executed notebooks in the place of the stored ones,
so that one ``_config.yml`` and one ``_toc.yml`` serve both.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rso_report.errors import ReportError, first_of

# It can't be run by python -m. Why the package goes first: see its __init__.
BUILDER = "import rso_report; from jupyter_book.cli.main import main; main()"
PAGES = ("_config.yml", "_toc.yml", "book/**/*", "data/**/*", "*.md", "LICENSE", "CITATION.cff")
CODE = ("src/rso_report/**/*", "notebooks/*.ipynb", "Snakefile", "pyproject.toml")
NOTEWORTHY = re.compile(r"\b(WARNING|ERROR|CRITICAL): |^\w*(Error|Exception): .")


class BuildError(ReportError):
    """The book was not built; the message holds what the builder complained of."""


def page_files(root: Path) -> list[Path]:
    """Return the files that the book is made of, notebooks aside, as paths below ``root``."""
    found = {path.relative_to(root) for pattern in PAGES for path in root.glob(pattern)}
    hidden = {path for path in found if any(part.startswith(".") for part in path.parts)}
    return sorted(path for path in found - hidden if (root / path).is_file())


def code_files(root: Path) -> list[Path]:
    """Return the files that decide how the pages are made, data and lock aside, below ``root``."""
    found = {path for path in page_files(root) if path.parts[0] != "data"}
    for pattern in CODE:
        found |= {path.relative_to(root) for path in root.glob(pattern) if path.is_file()}
    return sorted(
        path for path in found if not {"__pycache__", ".ipynb_checkpoints"} & {*path.parts}
    )


def commit(root: Path) -> str:
    """Return the commit that holds the code and the data of ``root``; "" if there is none.

    It is the last one that changed them, so a commit of tests alone changes no page. There is none
    outside a git checkout, as in a ZIP, and where a file differs from what was committed; nor in a
    shallow clone whose history ends before that commit, as its oldest one seems to change all.
    """
    root = root.resolve()
    paths = ["data", "requirements.lock", *dict.fromkeys(p.parts[0] for p in code_files(root))]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", root, *words],
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
        )
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    if shutil.which("git") is None or git("rev-parse", "--show-toplevel") != str(root):
        return ""
    if git("status", "--porcelain", "--untracked-files=normal", "--", *paths):
        return ""
    last = git("log", "-1", "--format=%H", "--", *paths)
    cut_off = root / git("rev-parse", "--git-path", "shallow")
    return "" if cut_off.is_file() and last in cut_off.read_text("ascii").split() else last


def assemble(root: Path, notebooks: list[Path], work: Path) -> None:
    """Make ``work`` a fresh source of the book: the pages of ``root`` and these notebooks."""
    shutil.rmtree(work, ignore_errors=True)
    copies = {path: root / path for path in page_files(root)}
    copies |= {Path("notebooks", notebook.name): notebook for notebook in notebooks}
    for path, source in copies.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, work / path)


def build(work: Path) -> Path:
    """Build the book in ``work`` with warnings as errors and return the folder of its pages.

    The builder's output goes to ``WORK.log``.

    Raises:
        BuildError: the builder failed or warned; its complaints, with paths as in the repository.
    """
    done = subprocess.run(
        [sys.executable, "-c", BUILDER, "build", "-W", "-n", "--keep-going", work],
        env=os.environ | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    work.with_suffix(".log").write_text(done.stdout, encoding="utf-8")
    pages = work / "_build" / "html"
    if done.returncode or not (pages / "index.html").is_file():
        raise BuildError(complaints(done.stdout, work))
    return pages


def complaints(output: str, work: Path) -> str:
    """Return the first lines of the builder's output that say what is wrong, or else the last."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output).replace(f"{work.resolve()}{os.sep}", "")
    lines = [line for line in plain.splitlines() if line.strip()]
    wrong = list(dict.fromkeys(line for line in lines if NOTEWORTHY.search(line)))
    more = f"more; all is in {work.with_suffix('.log')}"
    return first_of(wrong or lines[-15:], more)


def main(arguments: list[str] | None = None) -> int:
    """Build a book as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rso_report.publication.assemble")
    parser.add_argument("work", type=Path, help="the folder to work in")
    parser.add_argument("notebooks", type=Path, nargs="+", help="executed ones")
    options = parser.parse_args(arguments)
    try:
        assemble(Path.cwd(), options.notebooks, options.work)
        build(options.work)
    except (BuildError, OSError) as error:
        print(f"The book was not built:\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
