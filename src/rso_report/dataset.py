"""Load and check the data package in `data/`.

`datapackage.json` is the one description of the tables: columns, types, allowed values, keys.
Frictionless checks every cell against it; module `plain_cells` holds what no cell may hold, and the
rules below add what a table schema cannot say. A fault stops loading, and all faults are reported
together. No file is read but those beside the description that it names.
"""

import ast
import datetime as dt
import hashlib
import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from rso_report import disclosure, package, plain_cells, revisions
from rso_report.errors import Fault, FaultError, ReportError, shown
from rso_report.places import data_folder, root

Tables = SimpleNamespace  # one data frame for each table that was loaded, by its name

# The first two letters of a row's identifier name its table; `PD` are sums of district rows.
ROW_TABLES = {
    "RO": "registered_offenders",
    "RT": "published_rates",
    "CH": "published_changes",
    "BR": "breaches",
    "TO": "printed_totals",
    "OR": "orders",
    "MI": "missing",
    "VP": "visit_policy",
    "TI": "risk_tiers",
    "ST": "staffing",
    "AN": "answers",
    "SM": "statements",
    "PD": "population_districts",
}

# What makes a revision one of the same figure: all of these that its table has are equal.
_SAME_FIGURE = (
    *("series_id", "measure", "measure_code", "detail", "order_type", "family", "offence_title"),
    *("unit", "axis", "area_id", "as_at", "from_date", "period_start", "period_end"),
    *("custody_status", "sex", "mappa_level", "definition_code", "subset", "believed_abroad"),
    *("went_missing_since", "mix_id", "risk_tier", "risk_tool", "rank", "statistic"),
)

# Where the check of a build writes down the digest of what it found sound.
RECORD = root() / "build" / "data-checked"

STOCK_SERIES = ("STOCK_MAPPA", "STOCK_FOI", "ORDER_STOCK", "MISSING_STOCK")


def descriptor(folder: Path | None = None) -> dict:
    """Read `datapackage.json`. Raises FaultError for whatever `package.read` refuses."""
    return package.read(folder or data_folder())


def contents(resource: dict[str, Any], folder: Path | None = None) -> bytes:
    """Return the bytes of a table's file, which lies in the folder itself.

    Raises FaultError if it is absent, cannot be read, or is a link to another place.
    """
    path = (folder or data_folder()) / f"{resource['name']}.csv"
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("no such file, or a link")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        fault = Fault(f"data/{path.name}", str(error), "a CSV file in the folder itself")
        raise FaultError([fault]) from None


def load(*names: str, folder: Path | None = None) -> Tables:
    """Load the named tables, and those they refer to, after checking them.

    A text may name several: `load("breaches orders", "answers")`.

    Returns a namespace with one data frame for each table, e.g. `data.breaches`. Dates are
    datetime64, whole numbers int64 (Int64 where a cell may be empty), text is str with "" for
    an empty cell. Raises FaultError with every fault found, KeyError for an unknown table.
    """
    folder = folder or data_folder()
    described = descriptor(folder)
    wanted = _with_references(described, names)
    if _known_to_be_sound(described, folder):
        own = [r for r in described["resources"] if r["name"] in wanted]
        return Tables(**{resource["name"]: _frame(resource, folder) for resource in own})
    faults, frames = _checked(described, wanted, folder)
    if faults:
        raise FaultError(faults)
    return Tables(**frames)


def check(folder: Path | None = None) -> list[Fault]:
    """Every fault in the whole data package, an empty list if there is none."""
    folder = folder or data_folder()
    described = descriptor(folder)
    return _checked(described, [r["name"] for r in described["resources"]], folder)[0]


# The modules that decide whether data are sound.
_CHECKING = ("dataset", "package", "plain_cells", "disclosure", "revisions", "errors", "trace")


def digest(described: dict[str, Any], folder: Path) -> str:
    """Digest of the whole data package and of the code that checks it.

    What was found sound once is known by it: a build checks the data once and not at each load.
    Raises FaultError if a file cannot be read.
    """
    parts = [json.dumps(described, sort_keys=True).encode()]
    parts += [contents(resource, folder) for resource in described["resources"]]
    parts += [Path(__file__).with_name(f"{name}.py").read_bytes() for name in _CHECKING]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _known_to_be_sound(described: dict[str, Any], folder: Path) -> bool:
    """Whether the build's check found these very data sound, with this very code."""
    try:
        return RECORD.read_text(encoding="utf-8") == digest(described, folder)
    except (OSError, UnicodeDecodeError, FaultError):
        return False


def stale_hashes(folder: Path | None = None) -> list[str]:
    """Names of the files that are absent, or whose size or SHA-256 `datapackage.json` misstates."""
    folder = folder or data_folder()
    stale = []
    for resource in descriptor(folder)["resources"]:
        try:
            present = _fingerprint(contents(resource, folder))
        except FaultError:
            present = ()
        if present != (resource["hash"], resource["bytes"]):
            stale.append(resource["path"])
    return stale


def stamp(folder: Path | None = None, day: dt.date | None = None) -> None:
    """Write the present size and SHA-256 of every file into `datapackage.json`.

    A file that changed since the last stamp is `updated` on `day`, which is today unless given:
    the pages state this day, so that a build needs no clock.
    """
    folder = folder or data_folder()
    described = descriptor(folder)
    for resource in described["resources"]:
        present = _fingerprint(contents(resource, folder))
        if (resource.get("hash"), resource.get("bytes")) != present or "updated" not in resource:
            resource["updated"] = str(day or dt.date.today())
        resource["hash"], resource["bytes"] = present
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(text, encoding="utf-8")


def tables_read(notebook: Path) -> list[Path]:
    """Data files that a notebook reads: the arguments of its `dataset.load(...)` calls.

    The notebook is the one truth about this, so that the build graph re-executes it exactly
    when one of those files changes. Raises ValueError if a name is not written out.
    """
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    names: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "dataset.load":
            if not all(isinstance(a, ast.Constant) for a in node.args):
                raise ValueError(f"{notebook}: dataset.load takes table names written out as text")
            names += [a.value for a in node.args]
    return [data_folder() / f"{name}.csv" for name in _with_references(descriptor(), names)]


def _with_references(described: dict, names: Iterable[str]) -> list[str]:
    """The named tables and all tables that their foreign keys lead to."""
    schemas = {r["name"]: r["schema"] for r in described["resources"]}
    wanted = " ".join(names).split()
    for name in wanted:  # which grows as references lead on
        if name not in schemas:
            raise KeyError(f"no table '{name}' in the data package; there are {sorted(schemas)}")
        keys = schemas[name].get("foreignKeys", [])
        others = dict.fromkeys(key["reference"]["resource"] for key in keys)
        wanted += [other for other in others if other and other not in wanted]
    return list(dict.fromkeys(wanted))


def _checked(
    described: dict, names: list[str], folder: Path
) -> tuple[list[Fault], dict[str, pd.DataFrame]]:
    # Without size and hash: an analyst may edit a file and look at the result before stamping it.
    resources = [
        {key: value for key, value in resource.items() if key not in ("hash", "bytes")}
        for resource in described["resources"]
        if resource["name"] in names
    ]
    found, whole = _cell_faults(resources, folder)
    if not whole:  # a table without the tables it refers to would be at fault on every row
        return found, {}
    faults = _schema_faults({**described, "resources": resources}, folder)
    if "datapackage.json" in {fault.where for fault in faults}:
        return faults, {}  # nothing can be read by a description that is itself wrong
    known = {(fault.where, fault.row, fault.column) for fault in faults}
    faults += [fault for fault in found if (fault.where, fault.row, fault.column) not in known]
    faulty = {fault.where for fault in faults}
    sound = [r for r in resources if f"data/{r['path']}" not in faulty]
    frames = {r["name"]: _frame(r, folder) for r in sound}  # the rules need well-typed cells
    for resource in sound:
        try:
            faults += _rule_faults(resource, frames)
        except KeyError as error:
            note = f"no column {error} in {resource['name']}"
            faults.append(Fault("datapackage.json", note, "the columns of its rules"))
    return faults, frames


def _cell_faults(resources: list[dict], folder: Path) -> tuple[list[Fault], bool]:
    """What module `plain_cells` finds in all files, and whether each can be read as a table."""
    faults, whole = [], True
    for resource in resources:
        try:
            found, table = plain_cells.faults(resource, contents(resource, folder))
        except FaultError as error:
            found, table = error.faults, False
        faults += found
        whole = whole and table
    return faults, whole


def _schema_faults(described: dict, folder: Path) -> list[Fault]:
    """What Frictionless finds, each put in our words with what the schema allows."""
    from frictionless import FrictionlessException, Package  # 0.4 s: only when data are loaded

    try:
        report = Package.from_descriptor(described, basepath=str(folder)).validate()
    except FrictionlessException as error:
        return [Fault("datapackage.json", str(error.error.note), "a valid description")]
    schemas = {r["name"]: r["schema"] for r in described["resources"]}
    of_package = [
        Fault("datapackage.json", error.message, "a valid description") for error in report.errors
    ]
    return of_package + [
        _schema_fault(task.name, error, schemas[task.name])
        for task in report.tasks
        for error in task.errors
    ]


def _schema_fault(table: str, error: Any, schema: dict) -> Fault:  # noqa: ANN401
    column = getattr(error, "field_name", None) or getattr(error, "label", None)
    cell = getattr(error, "cell", None)
    found = shown(cell) if cell else "nothing" if cell == "" else error.note or "nothing"
    if error.type == "foreign-key":
        column, found = ", ".join(error.field_names), shown(", ".join(error.field_cells))
    elif error.type == "primary-key":
        key = schema["primaryKey"]
        column = key if isinstance(key, str) else "+".join(key)
    field = next((f for f in schema["fields"] if f["name"] == column), None)
    row = getattr(error, "row_number", None)
    return Fault(f"data/{table}.csv", found, _allowed(error, field), row, column)


_ALLOWED = {  # by type of error, where the description of the column does not say it
    "primary-key": "each value only once",
    "blank-row": "no empty row",
} | dict.fromkeys(
    ("encoding-error", "source-error", "scheme-error", "format-error"),
    "a CSV file in UTF-8 with the columns of datapackage.json",
)
_KINDS = {"integer": "a whole number", "number": "a number", "date": "a date YYYY-MM-DD"}


def _allowed(error: Any, field: dict | None) -> str:  # noqa: ANN401
    """What a cell may hold, in words, from its column's description."""
    if error.type == "foreign-key":
        return f"a value that stands in {error.reference_name or 'the same table'}"
    if error.type in _ALLOWED:
        return _ALLOWED[error.type]
    if field is None or error.type not in ("type-error", "constraint-error"):
        return error.description.rstrip(".")
    rules = field.get("constraints", {})
    if "enum" in rules:
        return "one of " + ", ".join(rules["enum"])
    text = _KINDS.get(field["type"], "text")
    for rule, words in (
        ("minimum", " of {} or more"),
        ("maximum", ", at most {}"),
        ("pattern", " of the form {}"),
    ):
        text += words.format(rules[rule]) if rule in rules else ""
    return text + ("" if rules.get("required") else ", or nothing")


def _frame(resource: dict, folder: Path) -> pd.DataFrame:
    # Read as it was checked: another reader of CSV would split some lines in another way.
    head, *rows = plain_cells.rows(contents(resource, folder))
    frame = pd.DataFrame(rows, columns=head, dtype="str")
    for field in resource["schema"]["fields"]:
        name, kind = field["name"], field["type"]
        if kind == "string":
            continue
        column = frame[name].where(frame[name] != "", None)
        if kind == "date":
            frame[name] = pd.to_datetime(column, format="%Y-%m-%d")
        elif kind == "number":
            frame[name] = pd.to_numeric(column).astype("float64")
        else:
            whole = pd.to_numeric(column).astype("Int64")
            frame[name] = whole.astype("int64") if whole.notna().all() else whole
    return frame


def _rule_faults(resource: dict, frames: dict[str, pd.DataFrame]) -> list[Fault]:
    """Rules across cells: keys, dates, revisions, more missing than registered, disclosure."""
    name, frame = resource["name"], frames[resource["name"]]
    faults = [
        Fault(
            f"data/{name}.csv",
            found if isinstance(found, str) else str(found[index]),
            allowed,
            index + 2,
            column,
        )
        for rows, column, found, allowed in _rules(resource, frames)
        for index in frame.index[rows.fillna(False).astype(bool)]
    ]
    if "revises_row" in frame:
        faults += _revision_faults(name, frame)
    if "areas" in frames:
        for index, column, *words in disclosure.refused(name, frame, frames["areas"]):
            faults.append(Fault(f"data/{name}.csv", *words, index + 2, column))
    return faults


Rule = tuple[pd.Series, str, pd.Series | str, str]  # rows at fault, column, found, allowed


def _rules(resource: dict, frames: dict[str, pd.DataFrame]) -> Iterator[Rule]:
    """The rules that a table has by its name and columns, each with the rows that break it."""
    name, frame = resource["name"], frames[resource["name"]]
    for key in resource["schema"].get("uniqueKeys", []):
        again = frame.duplicated(key, keep="first")
        if "revises_row" in frame:  # two revisions of one row are told apart elsewhere
            again &= frame["revises_row"] == ""
        twice = "the same figure of the same source a second time"
        yield again, "+".join(key), twice, "one row for each"
    if "period_start" in frame:
        yield from _period_rules(frame)
    if "revises_row" in frame:
        unlike = (frame["revises_row"] != "") != (frame["status"] == "revised")
        allowed = "revised exactly where revises_row names a row"
        yield unlike, "status", frame["status"], allowed
    if name == "staffing":
        unlike = frame["as_at"].isna() != (frame["as_at_precision"] == "undated")
        yield unlike, "as_at", "a date and undated, or neither", "a date, or nothing and undated"
    if name == "missing" and "registered_offenders" in frames:
        counts = frames["registered_offenders"]
        registered = revisions.now(counts, frame["denominator_row"])
        most = registered.map(counts.set_index("row_id")["value"])
        value = frame["value"]
        yield value > most, "value", value, "no more missing than registered"
    if name == "discrepancies":
        yield from _ledger_rules(frame, frames)
    if name == "population_districts":
        people = frame["all_ages"]
        allowed = "at least the residents aged 0 to 9"
        yield frame["aged_0_9"] > people, "all_ages", people, allowed


def _period_rules(frame: pd.DataFrame) -> Iterator[Rule]:
    start, end = frame["period_start"], frame["period_end"]
    if "series_id" in frame:
        stock = frame["series_id"].isin(STOCK_SERIES)
        as_at = frame["as_at"] if "as_at" in frame else pd.Series(pd.NaT, index=frame.index)
        some, both = start.notna() | end.notna(), start.notna() & end.notna()
        yield stock & (as_at.isna() | some), "as_at", "a stock", "an as-at date and no period"
        yield ~stock & (as_at.notna() | ~both), "period_start", "a flow", "a start and an end"
    after = end + pd.Timedelta(days=1)
    years = (after.dt.month == start.dt.month) & (after.dt.day == start.dt.day) & (end > start)
    allowed = "the last day of whole years from period_start (mark part-years in period_status)"
    broken = start.notna() & end.notna() & ~years
    yield broken, "period_end", end.dt.strftime("%Y-%m-%d"), allowed
    if "period_status" in frame:
        part, status = frame["period_status"] == "part", frame["status"]
        low, high = frame["covered_to_earliest"], frame["covered_to_latest"]
        inside = (low >= start) & (high <= end) & (low <= high)
        yield part & ~inside, "covered_to_latest", "a part-year", "two days within the period"
        provisional = status.isin(["provisional", "revised"])
        yield part & ~provisional, "status", status, "provisional for a part-year, or revised"
    if "period_precision" in frame:
        precision = "period_precision"
        unlike = start.notna() == (frame[precision] == "")
        allowed = "stated or inferred exactly where there is a period"
        yield unlike, precision, "a period without it, or it without a period", allowed


def _ledger_rules(frame: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> Iterator[Rule]:
    """Rows that the ledger names and no loaded table has, and an effect on no row."""
    there = {key: set(frames[t].get("row_id", ())) for key, t in ROW_TABLES.items() if t in frames}

    def absent(names: str) -> str:
        named = (name for name in names.split("|") if name)
        lost = (n for n in named if n[:2] not in ROW_TABLES or n not in there.get(n[:2], {n}))
        return f"'{next(lost, '')}'"

    lost = frame["rows"].map(absent)
    yield lost != "''", "rows", lost, "identifiers of rows that are there"
    idle, effect = (frame["effect"] != "") & (frame["rows"] == ""), "'" + frame["effect"] + "'"
    yield idle, "effect", effect, "nothing, where rows is empty"


def _revision_faults(name: str, frame: pd.DataFrame) -> list[Fault]:
    """Revisions that go in a circle, of a row already revised, or of another figure."""
    faults: list[Fault] = []
    by_row = frame.set_index("row_id")
    columns = [column for column in _SAME_FIGURE if column in frame]
    before = {row: old for row, old in by_row["revises_row"].items() if old}
    taken: dict[str, str] = {}
    in_circles: set[str] = set()
    for index, (row, old) in zip(
        frame.index[frame["revises_row"] != ""], before.items(), strict=True
    ):
        path = [row]
        while (step := before.get(path[-1])) and step not in path:
            path.append(step)
        first = taken.setdefault(old, row)
        differing = [c for c in columns if _differ(by_row.at[old, c], frame.at[index, c])]
        found = allowed = ""
        if before.get(path[-1]) == row:
            if not in_circles.intersection(path):  # one message for each circle
                found = f"which leads back to this row ({' to '.join([*path, row])})"
                allowed = "a row that was there before"
            in_circles.update(path)
        elif first != row:
            found, allowed = f"which {first} revises too", "one revision of a row, then of that"
        elif differing:
            found = f"which differs in {', '.join(differing)}"
            allowed = "a row of the same area, date, measure and kind"
        if found:
            words = f"'{old}', {found}", allowed
            faults.append(Fault(f"data/{name}.csv", *words, index + 2, "revises_row"))
    return faults


def _differ(one: Any, other: Any) -> bool:  # noqa: ANN401
    return bool(one != other) and not (pd.isna(one) and pd.isna(other))


def _fingerprint(content: bytes) -> tuple[str, int]:
    return f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)


def main(arguments: list[str]) -> int:
    """Check the data package; with `stamp`, first bring its hashes up to date.

    With `record FILE` the digest of sound data is written there, for `load` to know them by.
    """
    record = arguments[1:] if arguments[:1] == ["record"] else []
    if arguments == ["stamp"]:
        stamp()
    elif arguments and len(record) != 1:
        print("usage: python -m rso_report.dataset [stamp | record FILE]", file=sys.stderr)
        return 2
    # By its name, so that whoever loads data does not depend on the rules between sources.
    reconcile = importlib.import_module("rso_report.reconcile")
    try:
        found = reconcile.check()
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    if found.lines:
        print("\n".join(found.lines), file=sys.stderr)
        return 1
    for path in map(Path, record):
        path.write_text(digest(descriptor(), data_folder()), encoding="utf-8")
    print(f"data package: {found.tables} tables, no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
