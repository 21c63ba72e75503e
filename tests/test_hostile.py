"""Whatever is in the data package or the parameters: accepted, or refused in plain words.

Random input by the thousand, made from what was ever seen to break a reader of files. Each case
ends in one of two ways, and no file is opened but those of the data folder.
"""

import copy
import csv
import functools
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rso_report import dataset, edition, package, parameters, periods, personal, plain_cells
from rso_report.errors import FaultError, ReportError

NASTY = [
    *("", " ", "\0", "\r", "\t", "\n", "\v", "\x1b[2J", "\x7f", "\x85", "\xa0", "\xad", "\ufeff"),
    *("\u200b", "\u200d", "\u202e", "\u2066", "\u2028", "\ue000", "\U000e0001", "\U0010ffff"),
    *("=1+1", "+1+1", "-2+3", "@SUM(A1)", "=cmd|'/c calc'!A0", "＝1+1", "\t=1", "'=1", "|", '"'),
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "</td>", "<!--"),
    *(
        "{{ 7*7 }}",
        "{% raw %}",
        "${7*7}",
        "#{7*7}",
        "`x`",
        "{eval-rst}",
        "```{include} /etc/passwd",
    ),
    *(
        "![](javascript:alert(1))",
        "[x](javascript:alert(1))",
        "javascript:alert(1)",
        "data:text/html",
    ),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "file:///etc/passwd", "http://example.org/a.csv"),
    *(
        "NaN",
        "inf",
        "-inf",
        "1e309",
        "1_000",
        "０",
        "٣",
        "²",
        "1,000",
        "0x10",
        "012",
        "+5",
        " 5",
        "-0",
    ),
    *("9" * 15, "9" * 16, "9" * 400, "9" * 5000, "-1", "1.5", "1.", ".5", "1e5", "True", "null"),
    *("2021-02-30", "0000-00-00", "9999-12-31", "1677-01-01", "2262-05-01", "2021-3-1", "21-03-01"),
    *(
        "2021-03-31T00:00",
        "２０２１-03-31",
        "x" * 3000,
        "é",
        "e\u0301",
        "😀",
        "a\u0301" * 50,
        "%s%n",
    ),
    *("2021-22", "WMP", "STOCK_MAPPA", "RO0001", "exact", "final", "es-2018-02-22", "412"),
]
TEXT = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.builds(str.__add__, st.sampled_from(NASTY), st.sampled_from(NASTY)),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ANYTHING = st.one_of(JSON, st.binary(max_size=4), st.text(max_size=8), st.tuples(TEXT, TEXT))


CASES = {
    "cells": 3_000,
    "bytes": 1_000,
    "rules": 300,
    "description": 1_500,
    "broken description": 600,
    "whole package": 100,
    "report year": 1_000,
    "parameters": 1_500,
    "file of parameters": 1_000,
    "possible editions": 500,
    "free text": 500,
}
SMALL = ("areas", "sources", "series", "registered_offenders", "missing", "breaches")


def fuzz(kind):
    """Run a test on random input, the same at every run, and see that it ran as often as it says.

    The test takes the drawn value alone.
    """

    def decorated(strategy, test):
        ran = []

        @settings(
            max_examples=CASES[kind],
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def cases(drawn):
            ran.append(1)
            test(drawn)

        cases()
        assert len(ran) >= CASES[kind], f"{kind}: only {len(ran)} cases"
        print(f"{kind}: {len(ran):,} cases")

    return decorated


def test_ten_thousand_cases_are_run():
    assert sum(CASES.values()) >= 10_000


# What the interpreter opens for itself, when a module is imported late.
_OWN = (sys.prefix, sys.base_prefix, str(Path(dataset.__file__).parent))
_OWN += ("/usr/lib", "/proc", "/sys")  # how many processors there are, and the like
_NEVER = ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen", "os.system")
_seen: list[tuple[str, str]] | None = None


def _hook(event, arguments):
    if _seen is None:
        return
    if event == "open" and not isinstance(arguments[0], int):
        writes = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        _seen.append(("write" if writes else "read", os.fsdecode(arguments[0])))
    elif event in _NEVER or event in ("os.rename", "os.remove", "os.mkdir", "os.symlink"):
        _seen.append((event, str(arguments[0])))


sys.addaudithook(_hook)


def strays(folder):
    """What was done since the watch began, but for reading in `folder` itself."""
    inside = {str(folder / name) for name in os.listdir(folder)} | {str(folder)}
    inside.add(str(dataset.RECORD))  # the digest of what was found sound
    return [
        (kind, path)
        for kind, path in _seen
        if not (kind == "read" and (path in inside or os.path.realpath(path).startswith(_OWN)))
    ]


def outcome(call, folder):
    """True if accepted, False if refused in plain words; any other error fails the test."""
    global _seen
    _seen = []
    try:
        call()
    except ReportError as error:
        check_words(error)
        return False
    finally:
        done, _seen = strays(folder), None
        assert not done
    return True


def check_words(error):
    """A message can be read and printed anywhere, and says what was found and what is allowed."""
    message = str(error)
    assert message and all(line.isprintable() for line in message.split("\n"))
    message.encode("utf-8")
    if isinstance(error, FaultError):
        assert error.faults
        for fault in error.faults:
            assert fault.where and fault.found
            assert fault.allowed and len(fault.found) < 2_000
    else:
        assert "found" in message or "cannot be read" in message


@functools.cache
def described():
    """The description of some tables that refer to each other, without the others."""
    package_ = dataset.descriptor()
    package_["resources"] = [r for r in package_["resources"] if r["name"] in SMALL]
    for resource in package_["resources"]:
        resource["schema"]["foreignKeys"] = [
            key
            for key in resource["schema"].get("foreignKeys", [])
            if key["reference"]["resource"] in (*SMALL, "")
        ]
    return package_


@functools.cache
def lines(name):
    """The header and some rows of a table, as lists of cells."""
    with (dataset.data_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [rows[0], *rows[1:4], *rows[-2:]]


def resource(name):
    return next(r for r in described()["resources"] if r["name"] == name)


def as_bytes(rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


@st.composite
def spoiled(draw, of=TEXT):
    """A table with some cells, headers or rows changed: its name and its rows."""
    name = draw(st.sampled_from(SMALL))
    rows = copy.deepcopy(lines(name))
    for _ in range(draw(st.integers(1, 3))):
        y = draw(st.integers(0, len(rows) - 1))
        what = draw(st.sampled_from(["cell"] * 8 + ["drop", "repeat", "longer", "shorter"]))
        if what == "cell" and rows[y]:
            rows[y][draw(st.integers(0, len(rows[y]) - 1))] = draw(of)
        elif what == "drop" and len(rows) > 2:
            del rows[y]
        elif what == "repeat":
            rows.insert(y, list(rows[y]))
        elif what == "longer":
            rows[y].append(draw(of))
        elif rows[y]:
            rows[y].pop()
    return name, rows


def test_whatever_stands_in_cells_is_read_or_refused_with_its_place(tmp_path):
    def case(drawn):
        name, rows = drawn
        found, whole = plain_cells.faults(resource(name), as_bytes(rows))
        assert whole or found
        for fault in found:
            check_words(FaultError([fault]))
            assert fault.where == f"data/{name}.csv"
            assert not whole or fault.column or fault.row == 1
        shaped = rows and all(len(row) == len(rows[0]) for row in rows)
        if not found and shaped and rows[0] == lines(name)[0]:
            (tmp_path / f"{name}.csv").write_bytes(as_bytes(rows))
            assert outcome(lambda: dataset._frame(resource(name), tmp_path), tmp_path)

    fuzz("cells")(spoiled(), case)


def test_whatever_the_bytes_of_a_table_are_they_are_read_or_refused():
    @st.composite
    def spoiled_bytes(draw):
        name = draw(st.sampled_from(SMALL))
        content = bytearray(as_bytes(lines(name)))
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(content)))
            content[at : at + draw(st.integers(0, 3))] = draw(
                st.one_of(
                    st.binary(max_size=6),
                    st.sampled_from(
                        [b"\0", b'"', b"\r", b"\n", b"\xff\xfe", b"\xed\xa0\x80", b","]
                    ),
                )
            )
        return name, bytes(content)

    def case(drawn):
        name, content = drawn
        found, whole = plain_cells.faults(resource(name), content)
        assert whole or found
        if found:
            check_words(FaultError(found))

    fuzz("bytes")(spoiled_bytes(), case)


def test_whatever_sound_values_meet_the_rules_report_and_never_fail(tmp_path):
    """Cells that are each allowed, in rows that make no sense together."""

    @st.composite
    def plausible(draw):
        name = draw(st.sampled_from(SMALL))
        rows = copy.deepcopy(lines(name))
        for _ in range(draw(st.integers(1, 5))):
            y = draw(st.integers(1, len(rows) - 1))
            x = draw(st.integers(0, len(rows[0]) - 1))
            field = resource(name)["schema"]["fields"][x]
            rules = field.get("constraints", {})
            days = st.dates().map(str).filter(plain_cells.is_date)
            others = st.sampled_from([row[x] for row in rows[1:]])
            kinds = {"date": days, "integer": st.integers(0, 10**15 - 1).map(str)}
            choice = st.sampled_from(rules["enum"]) if "enum" in rules else others
            rows[y][x] = draw(st.one_of(st.just(""), kinds.get(field["type"], choice), choice))
        return name, rows

    def case(drawn):
        name, rows = drawn
        for each in SMALL:
            (tmp_path / f"{each}.csv").write_bytes(as_bytes(rows if each == name else lines(each)))
        frames = {each: dataset._frame(resource(each), tmp_path) for each in {name, *SMALL[3:5]}}
        if all(frame["row_id"].is_unique for frame in frames.values() if "row_id" in frame):
            for fault in dataset._rule_faults(resource(name), frames):
                check_words(FaultError([fault]))

    fuzz("rules")(plausible(), case)


@st.composite
def spoiled_description(draw):
    """The description with some node replaced, left out, or given a further key."""
    found = copy.deepcopy(described())
    for _ in range(draw(st.integers(1, 2))):
        node, depth = found, draw(st.integers(1, 7))
        for _ in range(depth):
            keys = list(node) if isinstance(node, dict) else range(len(node))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = node[key]
            if depth == 1 or not isinstance(inner, dict | list) or draw(st.integers(0, 6)) == 0:
                what = draw(st.sampled_from(["replace"] * 4 + ["drop", "add"]))
                if what == "drop":
                    del node[key]
                elif what == "add" and isinstance(node, dict):
                    node[draw(TEXT)] = draw(JSON)
                else:
                    node[key] = draw(JSON)
                break
            node = inner
    return found


def test_whatever_the_description_says_it_names_no_other_file(tmp_path):
    def case(found):
        (tmp_path / package.NAME).write_text(json.dumps(found), encoding="utf-8")
        if outcome(lambda: package.read(tmp_path), tmp_path):
            assert all(r["path"] == f"{r['name']}.csv" for r in found["resources"])
            assert all(r["name"].isidentifier() for r in found["resources"])

    fuzz("description")(spoiled_description(), case)


def test_a_broken_description_is_one_clear_message(tmp_path):
    whole = json.dumps(described()).encode()

    @st.composite
    def broken(draw):
        at = draw(st.integers(0, len(whole)))
        tokens = st.sampled_from([b"", b"NaN", b"1e999", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000])
        return (
            whole[:at]
            + draw(tokens | st.binary(max_size=8))
            + whole[at + draw(st.integers(0, 9)) :]
        )

    def case(content):
        (tmp_path / package.NAME).write_bytes(content)
        outcome(lambda: package.read(tmp_path), tmp_path)

    fuzz("broken description")(broken(), case)


def test_the_whole_loader_accepts_or_refuses(tmp_path):
    @st.composite
    def folder(draw):
        # The tables may be spoiled, or their description, or both.
        names = draw(st.sampled_from([("table",), ("description",), ("table", "description")]))
        return (
            draw(spoiled(TEXT | st.dates().map(str) | st.integers(0, 9999).map(str)))
            if "table" in names
            else None,
            draw(spoiled_description()) if "description" in names else described(),
        )

    def case(drawn):
        table, description = drawn
        (tmp_path / package.NAME).write_text(json.dumps(description), encoding="utf-8")
        for name in SMALL:
            rows = table[1] if table and table[0] == name else lines(name)
            (tmp_path / f"{name}.csv").write_bytes(as_bytes(rows))

        def load():
            if faults := dataset.check(tmp_path):
                raise FaultError(faults)

        outcome(load, tmp_path)

    fuzz("whole package")(folder(), case)


def write_package(folder, description):
    (folder / package.NAME).write_text(json.dumps(description), encoding="utf-8")
    for name in SMALL:
        (folder / f"{name}.csv").write_bytes((dataset.data_folder() / f"{name}.csv").read_bytes())


@pytest.mark.parametrize(
    "path",
    [
        *("../../../../etc/passwd", "/etc/passwd", "../areas.csv", "x/../areas.csv", "./areas.csv"),
        *("http://example.org/areas.csv", "file:///etc/passwd", "sources.csv", "areas.csv\0", ""),
        *(["areas.csv", "/etc/passwd"], "areas.zip"),
    ],
)
def test_a_description_that_leads_elsewhere_is_refused_unopened(tmp_path, path):
    description = copy.deepcopy(described())
    description["resources"][0]["path"] = path
    write_package(tmp_path, description)
    assert not outcome(lambda: dataset.load("areas", folder=tmp_path), tmp_path)


def test_a_link_to_a_file_elsewhere_is_refused_unopened(tmp_path):
    outside, folder = tmp_path / "outside.csv", tmp_path / "data"
    folder.mkdir()
    write_package(folder, described())
    assert outcome(lambda: dataset.load("areas", folder=folder), folder)
    for name in ("areas.csv", package.NAME):
        shutil.copy(folder / name, outside)
        (folder / name).unlink()
        (folder / name).symlink_to(outside)
        assert not outcome(lambda: dataset.load("areas", folder=folder), folder), name
        (folder / name).unlink()
        shutil.copy(outside, folder / name)


def test_the_watch_sees_what_is_opened_elsewhere(tmp_path):
    (tmp_path / "in.txt").write_text("x")
    assert outcome((tmp_path / "in.txt").read_text, tmp_path)
    for stray in (
        lambda: Path("/etc/hostname").read_text(),
        lambda: (tmp_path / "out.txt").write_text("x"),
        lambda: (tmp_path / ".." / "in.txt").exists() or open("/etc/passwd").close(),
    ):
        with pytest.raises(AssertionError):
            outcome(stray, tmp_path)


def test_whatever_is_given_as_a_year_is_a_year_or_refused(tmp_path):
    digits = st.text("0123456789-_/ ٣２", max_size=8)

    def case(value):
        if outcome(lambda: periods.financial_year(value), tmp_path):
            assert str(periods.financial_year(value)) == value and value.isascii()

    fuzz("report year")(st.one_of(ANYTHING, digits), case)


NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(-1, 99), ANYTHING)
PARTS = st.sampled_from(["25", "25.0", "nan", "inf", "-0", "100", "1e2", "2_5", "", "٢٥", " 25"])
MIXES = st.lists(st.just("25") | PARTS, min_size=4, max_size=4).map("/".join)
WRONG = {"tier_mix": st.one_of(MIXES, ANYTHING)}
WRONG |= {name: NUMBERS for name in ("officers", "crew", "weeks", "concentration", "seed")}
WRONG["success_share"] = st.one_of(st.floats(0, 1), NUMBERS)


@functools.cache
def choices():
    return edition.stored_choices()


def read_and_use(*source):
    """Read parameters, and do with them what the notebooks do before they compute."""
    read = edition.read_parameters(*source, choices=choices())
    if (mix := read.mix()) is not None:
        assert abs(sum(mix.values()) - 1) < 1e-6 and all(0 <= part <= 1 for part in mix.values())
    assert 0 < read.success_share <= 1 and 1 / read.success_share < 1e6
    assert re.fullmatch(r"[a-z0-9-]{1,80}", read.slug)  # the name of a folder


@st.composite
def some_parameters(draw):
    """Parameters of which some are anything."""
    found = {}
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*parameters.NAMES, "tier_mix", "typo"]))
        found[name] = draw(WRONG.get(name, ANYTHING))
    return found


def test_whatever_is_given_as_parameters_is_accepted_or_refused_by_name(tmp_path):
    choices()
    fuzz("parameters")(
        some_parameters(), lambda values: outcome(lambda: read_and_use(values), tmp_path)
    )


def test_whatever_a_file_of_parameters_says_is_accepted_or_refused(tmp_path):
    choices()
    path = tmp_path / "parameters.yaml"
    tags = st.sampled_from(
        [
            *(
                "!!python/object/apply:os.system [id]",
                "&a [*a]",
                "*a",
                "<<: *a",
                "!include /etc/passwd",
            ),
            *(
                "[" * 500,
                "{{ 7*7 }}",
                "2024_25",
                "No",
                "012",
                "0o7",
                "1:30",
                "~",
                ".nan",
                "2021-22",
            ),
            *(
                "2021-03-31",
                "'2021-22'",
                "West Midlands",
                "45",
                "1.0",
                "{a: 1}",
                "|\n  x",
                "a: b: c",
            ),
        ]
    )
    line = st.builds(
        "{}{}{}".format,
        st.sampled_from([*parameters.NAMES, "typo", "", "---", "%YAML 1.1", "- a", "? a"]),
        st.sampled_from([": ", ":", " ", ""]),
        tags | TEXT,
    )

    def case(content):
        path.write_bytes(content)
        outcome(lambda: read_and_use(path), tmp_path)

    lines = st.lists(line, max_size=4).map("\n".join)
    fuzz("file of parameters")(st.one_of(lines.map(str.encode), st.binary(max_size=20)), case)


def test_whatever_the_tables_hold_that_say_what_is_possible(tmp_path):
    """They are read before anything is checked, to refuse an edition before a kernel starts."""

    def case(drawn):
        name, rows = drawn
        for each in ("areas", "visit_policy", *edition.FIGURES):
            content = as_bytes(rows if each == name else lines(each))
            (tmp_path / f"{each}.csv").write_bytes(content)

        def call():
            for region in (found := edition.stored_choices(tmp_path)).regions:
                found.forces(region)
                found.years(region)

        outcome(call, tmp_path)

    fuzz("possible editions")(spoiled(), case)


def test_any_text_can_be_searched_for_personal_details():
    fuzz("free text")(TEXT, lambda text: [found.kind for found in personal.findings(text)])
