"""What may use what: notebooks and figures know nothing of returns and of the site's pages."""

from pathlib import Path

import pytest
import yaml

from rso_report.dependencies import imports, modules_imported, modules_used

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "rso_report"
APART = ("rso_report.publication", "rso_report.intake")


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# The door, what makes and publishes pages, and what names editions: no figure comes from them.
NOT_CALCULATION = ("cli", "exchange", "personal", "selection", "reconcile")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_when_pages_returns_or_help_texts_change(path):
    used = {file.relative_to(PACKAGE).as_posix() for file in modules_used(path)}
    assert not [name for name in used if name.startswith(("publication/", "intake/"))]
    spared = {f"{name}.py" for name in NOT_CALCULATION}
    spared -= {"reconcile.py"} if path.stem == "data-quality" else set()
    assert not used & spared


def test_a_notebook_is_executed_again_when_what_it_imports_at_second_hand_changes():
    used = {file.stem for file in modules_used(ROOT / "notebooks" / "breaches.ipynb")}
    assert {"breaches", "statistics", "revisions", "execute", "__init__"} <= used


def test_what_is_taken_in_does_not_know_how_it_is_published():
    for path in (PACKAGE / "intake").glob("*.py"):
        found = imports(path.read_text())
        assert not [name for name in found if name.startswith(APART[0])], path.name


def test_where_pages_are_built_and_published_nothing_is_imported_that_draws_or_executes():
    """Each takes as long to import as a page takes to be built."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
    used = modules_imported([*config["extensions"], *APART, "rso_report.publication.site"])
    names = {name.split(".")[0] for path in used for name in imports(path.read_text())}
    assert "vl_convert" in names
    assert not names & {"altair", "papermill", "nbclient"}


def test_an_import_is_seen():
    code = "def f():\n    from rso_report.intake import ingest\n"
    assert "rso_report.intake.ingest" in imports(code)
