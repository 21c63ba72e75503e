"""Which modules of the package the execution of a notebook depends on, read from its imports."""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# What executes a notebook, which no notebook imports.
RUNNER = "rso_report.execute"


@cache  # all notebooks import the same modules, and to parse one takes a while
def imports(code: str) -> frozenset[str]:
    """Names of all modules that code imports, wherever it stands in it, and of what it takes."""
    found: set[str] = set()
    for node in _statements(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below one, and none of the many more expressions, which import nothing."""
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        for each in getattr(node, part, ()):
            yield each
            yield from _statements(each)


def code_of(notebook: Path, tag: str = "") -> str:
    """The code of all cells of a notebook, or of those with a tag."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(
        "".join(cell["source"])
        for cell in code
        if not tag or tag in cell["metadata"].get("tags", [])
    )


def modules_used(notebook: Path, package: Path = PACKAGE) -> list[Path]:
    """Files of the package that a notebook and its runner import, and those that they import."""
    return modules_imported({*imports(code_of(notebook)), RUNNER}, package)


def modules_imported(names: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """Files of these modules of the package, and of those that they import.

    A module that is imported by its name as text is not seen: so `dataset` reaches the rules
    between the sources, on which what it loads does not depend.
    """
    waiting = set(names)
    files: set[Path] = {package / "__init__.py"}
    while waiting:
        file = _file(waiting.pop(), package)
        if file and file not in files:
            files.add(file)
            waiting |= imports(file.read_text(encoding="utf-8"))
    return sorted(files)


def _file(name: str, package: Path) -> Path | None:
    """File of a module of the package; None for what is none."""
    path = package.parent.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if name.split(".")[0] == package.name and file.is_file():
            return file
    return None
