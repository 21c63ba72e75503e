"""What may use what: notebooks and figures know nothing of returns and of the site's pages."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "rso_report"
APART = ("rso_report.publication", "rso_report.returns")
# The command line is the door to all of them, and nothing imports it.
CALCULATION = sorted(set(PACKAGE.glob("*.py")) - {PACKAGE / "cli.py"})


def imports(code):
    """Return the names of all modules that code imports, wherever it stands in it."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def code_of(path):
    """Return the code of a module, or of all cells of a notebook."""
    if path.suffix == ".py":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize(
    "path", [*CALCULATION, *(ROOT / "notebooks").glob("*.ipynb")], ids=lambda path: path.name
)
def test_the_graph_may_keep_a_notebook_when_pages_or_returns_change(path):
    found = imports(code_of(path))
    assert not [name for name in found if name.startswith((*APART, "rso_report.cli"))]


def test_what_is_taken_in_does_not_know_how_it_is_published():
    for path in (PACKAGE / "returns").glob("*.py"):
        found = imports(path.read_text())
        assert not [name for name in found if name.startswith(APART[0])], path.name


def test_an_import_is_seen():
    code = "def f():\n    from rso_report.returns import ingest\n"
    assert "rso_report.returns.ingest" in imports(code)
