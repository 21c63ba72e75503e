"""The record of a review: what was done, on what, and what differs, so that a person can sign."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from rso_report.publication import review
from rso_report.publication.review import Check

ROOT = Path(__file__).resolve().parents[1]
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def notebook(text):
    output = new_output("stream", text=f"{text}\n")
    return new_notebook(cells=[new_code_cell("print(total)", id="total", outputs=[output])])


def test_a_difference_of_outputs_is_shown_as_a_person_would_read_it():
    said = review.difference(notebook("1,677 offences"), notebook("1,678 offences"), "x.ipynb")
    assert "x.ipynb (stored)" in said
    changed = [line for line in said.splitlines() if "offences" in line]
    assert [(line[0], line.strip('-+ "\\n')) for line in changed] == [
        ("-", "1,677 offences"),
        ("+", "1,678 offences"),
    ]


def test_equal_notebooks_have_no_difference():
    assert review.difference(notebook("1,677"), notebook("1,677"), "x.ipynb") == ""


def test_another_version_or_a_package_that_is_not_there_is_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "pandas==1.0 \\\n    --hash=sha256:00\nno-such-thing==2 \\\n    --hash=sha256:00\n"
        "never==3 ; python_version < '3' \\\n    --hash=sha256:00\n"
    )
    check = review.environment_check(lock)
    assert not check.passed
    assert check.result == "2 packages are not those of the lock"
    assert "no-such-thing: none in place of 2" in check.detail


@pytest.mark.parametrize(
    ("body", "passed", "result"),
    [
        ("def test_one(): pass", True, "1 of 1 passed"),
        ("def test_one(): pass\ndef test_two(): assert 2 < 1", False, "1 of 2 passed"),
        ("import pytest\ndef test_one(): pytest.skip('later')", False, "0 of 1 passed"),
        ("", False, "0 of 0 passed"),
        ("import nothing_of_that_name", False, "0 of 1 passed"),
    ],
    ids=["passing", "failing", "skipped", "no test at all", "not to be read"],
)
def test_tests_pass_only_if_there_are_some_and_all_ran_and_none_failed(
    body, passed, result, tmp_path
):
    path = tmp_path / "test_toy.py"
    path.write_text(body)
    check = review.test_check(
        "a toy", [str(path), "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    )
    assert (check.passed, check.result) == (passed, result)
    assert bool(check.detail) != passed


def test_the_record_says_what_failed_and_leaves_the_signature_to_a_person(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("")
    checks = [
        Check("The data are whole", "python -m x", True, "17 tables"),
        Check("Notebooks", "pytest --nbval notebooks", False, "80 of 81 passed", "- 1\n+ 2"),
    ]
    text = review.record(checks, [file], WHEN)
    assert "**1 of 2 checks failed.**" in text
    assert "| Notebooks | `pytest --nbval notebooks` | **failed**: 80 of 81 passed |" in text
    assert "- 1\n+ 2" in text
    assert "2026-01-02 03:04 UTC" in text
    assert "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" in text
    assert "| Reviewed by | |" in text


def test_every_test_that_a_review_runs_exists():
    paths = [path for arguments in review.TESTS.values() for path in arguments if "/" in path]
    assert paths
    assert all((ROOT / path).is_file() for path in paths)
