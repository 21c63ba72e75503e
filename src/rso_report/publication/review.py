"""Review in one command: do everything again, and write down what was done and what came of it.

    python -m rso_report.publication.review [FOLDER]    `make review`; FOLDER is build/review

The record, ``review.md``, says what was run and on what: versions, hashes, the result of each
check, and each difference between a stored notebook and the same one executed now, as a diff
that a person can read. It is meant to be attached to a sign-off, so it is the one thing here
that carries the date and the machine. The exit status is 1 if any check failed.
"""

import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import nbformat
from nbformat import NotebookNode

from rso_report import dataset, reconcile
from rso_report.errors import ReportError
from rso_report.execute import PICTURE, charts, execute
from rso_report.publication.assemble import commit
from rso_report.publication.provenance_pages import NO_COMMIT, installed_otherwise

# Each is typed by a reviewer as it stands here; the words say what it shows.
TESTS = {
    "Each deliberate fault is caught": ["tests/test_deliberate_faults.py"],
    "Independently computed values are reproduced": [
        "tests/test_reference_values.py",
        "tests/test_oracles.py",
    ],
    "The data say what the founding documents say": ["tests/test_transcription.py"],
    "Every number comes from the rows that it names": ["tests/test_provenance.py"],
}


@dataclass(frozen=True)
class Check:
    """One thing that was done: whether it held, the result in a line, and what to read if not."""

    name: str
    command: str
    passed: bool
    result: str
    detail: str = ""


def environment_check(lock: Path) -> Check:
    """Compare the installed packages with those of the lock, where this platform uses them."""
    wrong = installed_otherwise(lock.read_text(encoding="utf-8"))
    result = "all packages are those of the lock"
    if wrong:
        result = f"{len(wrong)} packages are not those of the lock"
    detail = "\n".join(f"{name}: {words}" for name, words in wrong.items())
    return Check("The environment is the locked one", "", not wrong, result, detail)


def data_check() -> Check:
    """Check the data package: cells, rules, hashes, and the ledger against the sources."""
    found = reconcile.check()
    faults = found.lines
    result = f"{found.tables} tables, {len(faults) or 'no'} fault{'s' if len(faults) > 1 else ''}"
    command = "python -m rso_report.dataset"
    return Check("The data package is whole", command, not faults, result, "\n".join(faults))


def difference(stored: NotebookNode, executed: NotebookNode, name: str) -> str:
    """Return the lines in which two notebooks differ, for a person to read; nothing if none."""
    lines = [nbformat.writes(each).splitlines() for each in (stored, executed)]
    return "\n".join(unified_diff(*lines, f"{name} (stored)", f"{name} (now)", lineterm=""))


def notebook_check(notebook: Path) -> Check:
    """Execute a notebook again and compare all of it, pictures and metadata too."""
    name = f"{notebook.stem}: executed again, it is the stored file"
    command = f"python -m rso_report.execute {notebook.as_posix()} OUTPUT"
    with tempfile.TemporaryDirectory(prefix="rso-") as folder:
        output = Path(folder, notebook.name)
        try:
            execute(notebook, output)
        except ReportError as error:
            return Check(name, command, False, "it stopped", str(error))
        both = [nbformat.read(path, as_version=4) for path in (notebook, output)]
    for chart in charts(both[0]):
        chart.pop(PICTURE, None)  # drawn for who opens the notebook, with the fonts of a machine
    if both[0] == both[1]:
        return Check(name, command, True, "the same outputs")
    return Check(name, command, False, "it differs", difference(*both, notebook.name))


def test_check(name: str, arguments: list[str]) -> Check:
    """Run tests as a reviewer would type them; the detail is the end of what they print."""
    with tempfile.TemporaryDirectory(prefix="rso-") as folder:
        report = Path(folder, "tests.xml")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments],
            capture_output=True,
            text=True,
        )
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    bad = [
        case for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    skipped = [case for case in cases if case.find("skipped") is not None]
    passed = done.returncode == 0 and bool(cases) and not skipped
    result = f"{len(cases) - len(bad) - len(skipped)} of {len(cases)} passed"
    detail = "" if passed else "\n".join((done.stdout + done.stderr).splitlines()[-60:])
    return Check(name, " ".join(["pytest", *arguments]), passed, result, detail)


def record(checks: list[Check], files: list[Path], when: datetime) -> str:
    """Return the review report as Markdown, to be read, kept and signed."""
    failed = [check for check in checks if not check.passed]
    verdict = f"{len(failed)} of {len(checks)} checks failed." if failed else "Every check passed."
    rows = "\n".join(
        f"| {check.name} | {f'`{check.command}`' if check.command else 'in this command'} "
        f"| {'passed' if check.passed else '**failed**'}: {check.result} |"
        for check in checks
    )
    told = [f"### {check.name}\n\n```\n{check.detail}\n```\n" for check in checks if check.detail]
    details = "\n".join(["## What differs or failed", "", *told, ""]) if told else ""
    hashes = "\n".join(
        f"| {path.as_posix()} | {sha256(path.read_bytes()).hexdigest()} |" for path in files
    )
    return f"""# Record of a review

**{verdict}**

- When: {when:%Y-%m-%d %H:%M} UTC
- Code: {commit(Path.cwd()) or NO_COMMIT}
- Python: {platform.python_version()} on {platform.system()} {platform.machine()}

## What was run

| What it shows | Command | Result |
|---|---|---|
{rows}

{details}## What it was run on

| File | SHA-256 |
|---|---|
{hashes}

## Sign-off

| | |
|---|---|
| Reviewed by | |
| Role, and independent of the authors? | |
| Sections read (page *review it*) | |
| Remarks | |
| Date and signature | |
"""


def review(folder: Path) -> bool:
    """Run every check, saying which is under way, and write the record into ``folder``."""
    root = Path.cwd()
    notebooks = sorted(Path("notebooks").glob("*.ipynb"))
    steps = [
        (environment_check, Path("requirements.lock")),
        (data_check,),
        *((notebook_check, notebook) for notebook in notebooks),
        *((test_check, name, arguments) for name, arguments in TESTS.items()),
    ]
    checks = []
    for number, (step, *arguments) in enumerate(steps, 1):
        checks.append(check := step(*arguments))
        verdict = "passed" if check.passed else "FAILED"
        print(f"[{number} of {len(steps)}] {check.name}: {verdict}, {check.result}", flush=True)
    files = [Path("requirements.lock"), *notebooks]
    files += [path.relative_to(root) for path in sorted(dataset.data_folder().glob("*.*"))]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "review.md"
    path.write_text(record(checks, files, datetime.now(UTC)), encoding="utf-8")
    print(f"The record of this review: {path.resolve()}")
    return all(check.passed for check in checks)


if __name__ == "__main__":
    sys.exit(0 if review(Path(*sys.argv[1:2] or ["build/review"])) else 1)
