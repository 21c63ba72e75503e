"""Assemble the book of one edition and build its pages.

    python -m rso_report.publication.assemble WORK PAGES NOTEBOOK...

The work folder mirrors the repository, with executed notebooks in the place of the stored ones,
so that one ``_config.yml`` and one ``_toc.yml`` serve both. It is kept: where the next build
differs in words of pages or rows of data alone, Sphinx reads and writes those, and what shows
parts of them.
``PAGES`` is a copy, which takes the place of the last one when it is whole.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from rso_report import exchange, personal
from rso_report.errors import ReportError, first_of
from rso_report.places import data_folder
from rso_report.warm import BOOK

BUILDER = ["-m", "rso_report.warm", BOOK]  # in a build a fork of what has imported it
PAGES = ("_config.yml", "_toc.yml", "book/**/*", "data/**/*", "*.md", "LICENSE", "CITATION.cff")
CODE = ("src/rso_report/**/*", "notebooks/*.ipynb", "Snakefile", "pyproject.toml")
# In the work folder, and only while its pages are whole: what they were made of.
MADE = ".made-of.json"
_NOT_BUILT = "The book was not built:"
NOTEWORTHY = re.compile(r"\b(WARNING|ERROR|CRITICAL): |^\w*(Error|Exception): .")


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


def made_of(root: Path, sources: dict[Path, Path]) -> dict[str, str]:
    """Return the digest of everything that pages are made of, by its name.

    Beside the sources these are the code, the packages, and what the environment says of both.
    """
    files = {Path("code") / path: root / path for path in code_files(root)} | sources
    files[Path("code/requirements.lock")] = root / "requirements.lock"
    files |= {Path("code/data", path.name): path for path in data_folder().glob("*.*")}
    # A change of a page or a notebook is told by itself; as code, they are only named in a record.
    told = {path for path in files if path.parts[0] == "code" and path.suffix in (".md", ".ipynb")}
    found = {
        str(path): sha256(file.read_bytes()).hexdigest()
        for path, file in files.items()
        if path not in told
    }
    world = [sys.version, sys.prefix, os.environ.get("RSO_REPORT_URL", "")]
    return found | {"world": sha256(repr(world).encode()).hexdigest()}


def assemble(root: Path, notebooks: list[Path], work: Path) -> tuple[dict[str, str], set[str]]:
    """Make ``work`` a source of the book: the pages of ``root`` and these notebooks.

    Return what it is made of, and what of that is not as it was. What was built there is kept if
    nothing but the words of pages and notebooks and the tables of the data are others now; else
    all is made anew.
    """
    sources = {path: root / path for path in page_files(root)}
    sources |= {Path("notebooks", notebook.name): notebook for notebook in notebooks}
    known, made = _known(work), made_of(root, sources)
    changed = {name for name in {*known, *made} if known.get(name) != made.get(name)}
    if known.keys() != made.keys() or not all(_is_followed(n, root) for n in changed):
        shutil.rmtree(work, ignore_errors=True)
        changed = {*made}
    (work / MADE).unlink(missing_ok=True)
    for path in (work / "_build" / "html" / "_static").glob("*.*"):
        path.unlink()  # what extensions find there they name in other words than the first time
    for path, source in sources.items():
        if str(path) in changed:  # and younger than the page made of it, for Sphinx to see
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, work / path)
    return made, changed


def _is_followed(name: str, root: Path) -> bool:
    """Whether Sphinx is told which pages it reads again after a change of this source.

    Of the data those here: what is shown of others has no copy that is younger than its page.
    """
    path = Path(name.removeprefix("code/"))
    ours = data_folder().resolve() == (root / "data").resolve()
    return path.suffix in (".md", ".ipynb") or (path.parent == Path("data") and ours)


def _known(work: Path) -> dict[str, str]:
    """What the pages in ``work`` were made of; nothing if they are not whole or not there."""
    try:
        return dict(json.loads((work / MADE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def put(built: Path, pages: Path) -> None:
    """Put a copy of what was built in the place of ``pages`` once it is whole."""
    exchange.recover(pages)
    exchange.switch(Path(shutil.copytree(built, exchange.beside(pages, "new"))), pages)


def build(work: Path) -> Path:
    """Build the book in ``work`` with warnings as errors and return the folder of its pages.

    The builder's output goes to ``WORK.log``. Raises ReportError with its complaints, whose paths
    are those of the repository, if it failed or warned.
    """
    done = subprocess.run(
        [sys.executable, *BUILDER, "build", "-W", "-n", "--keep-going", work],
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
        raise ReportError(f"{_NOT_BUILT}\n{complaints(done.stdout, work)}")
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
    parser.add_argument("pages", type=Path, help="the folder that the pages are put in")
    parser.add_argument("notebooks", type=Path, nargs="+", help="executed ones")
    parser.add_argument("--once", action="store_true", help="keep nothing for a next build")
    options = parser.parse_args(arguments)
    try:
        made, changed = assemble(Path.cwd(), options.notebooks, options.work)
        personal.require_none(options.work, changed)  # the others have been searched
        put(build(options.work), options.pages)
        if options.once:
            shutil.rmtree(options.work)
        else:
            (options.work / MADE).write_text(json.dumps(made), encoding="utf-8")
    except (ReportError, OSError) as error:
        print(f"{_NOT_BUILT}\n{error}" if isinstance(error, OSError) else error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
