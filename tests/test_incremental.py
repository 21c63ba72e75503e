"""A build that goes on from the one before gives the same bytes as one from nothing."""

import os
import re
from datetime import date

import pytest
from reading import contents, replace
from test_reproducible import copied

from rso_report.dataset import stamp
from rso_report.publication import assemble

PROSE = "book/help.md"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("going-on") / "root")


def built(root, work):
    """The pages of a book, built in a folder as the graph does it."""
    assemble.main(
        [str(work / "book"), str(work / "pages"), *map(str, sorted(root.glob("notebooks/*.ipynb")))]
    )
    return contents(work / "pages")


def read_by_sphinx(work):
    """The pages that the last build read."""
    log = re.sub(r"\x1b\[[\d;]*m", "", (work / "book.log").read_text())
    return sorted(set(re.findall(r"reading sources\.\.\. \[ *\d+%\] (\S+)", log)))


@pytest.mark.slow
def test_what_is_kept_makes_the_same_site_as_a_build_from_nothing(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setenv("RSO_REPORT_DATA", str(root / "data"))
    first = built(root, tmp_path / "kept")
    assert len(read_by_sphinx(tmp_path / "kept")) > 30

    # The words of a page, then those that other pages show too.
    (root / PROSE).write_text((root / PROSE).read_text() + "\nA sentence more.\n")
    second = built(root, tmp_path / "kept")
    assert read_by_sphinx(tmp_path / "kept") == ["book/help", "book/provenance"]
    assert second["book/help.html"] != first["book/help.html"]

    replace(root / PROSE, "\n# ", "\n# New: ")
    (root / PROSE).write_text((root / PROSE).read_text() + "\n## A new part\n\nIt is.\n")
    third = built(root, tmp_path / "kept")
    assert read_by_sphinx(tmp_path / "kept") == ["book/help", "book/provenance"]
    require_same(third, built(root, tmp_path / "anew"))

    # A row of the data, in a file that is older than the pages; all pages say when they changed.
    replace(root / "data" / "visit_policy.csv", "answer", "reply")
    stamp(root / "data", date(2036, 1, 1))
    for name in ("visit_policy.csv", "datapackage.json"):
        os.utime(root / "data" / name, (10**9, 10**9))
    fourth = built(root, tmp_path / "kept")
    read = read_by_sphinx(tmp_path / "kept")
    assert "book/rows-visit-policy" in read
    assert "book/methods" not in read and not [page for page in read if "notebooks" in page]
    assert b"1 January 2036" in fourth["book/methods.html"]
    assert b"reply" in fourth["book/rows-visit-policy.html"]
    require_same(fourth, built(root, tmp_path / "anew-again"))


def require_same(site, anew):
    assert sorted(site) == sorted(anew)
    assert [name for name in anew if anew[name] != site[name]] == []


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A book of three files, whose parts are taken for what was built of it."""
    for name in ("book/a.md", "data/a.csv", "notebooks/a.ipynb", "requirements.lock"):
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text("1")
    monkeypatch.setenv("RSO_REPORT_DATA", str(tmp_path / "root" / "data"))
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ("book/a.md", True),
        ("notebooks/a.ipynb", True),
        ("data/a.csv", True),
        ("requirements.lock", False),
        ("book/new.md", False),
        ("src/rso_report/new.py", False),
    ],
)
def test_only_words_and_rows_leave_what_was_built(small, tmp_path, changed, kept):
    work, notebooks = tmp_path / "work", [small / "notebooks" / "a.ipynb"]
    made, _ = assemble.assemble(small, notebooks, work)
    (work / assemble.MADE).write_text(assemble.json.dumps(made))
    (work / "_build").mkdir()
    (small / changed).parent.mkdir(parents=True, exist_ok=True)
    (small / changed).write_text("2")
    assemble.assemble(small, notebooks, work)
    assert (work / "_build").exists() is kept
    assert not (work / assemble.MADE).exists()  # until its pages are whole
    if not changed.startswith(("src", "requirements")):
        assert (work / changed).read_text() == "2"


def test_what_a_build_left_that_was_cut_short_is_not_gone_on_from(small, tmp_path):
    work, notebooks = tmp_path / "work", [small / "notebooks" / "a.ipynb"]
    assemble.assemble(small, notebooks, work)
    (work / "_build").mkdir()
    assemble.assemble(small, notebooks, work)
    assert not (work / "_build").exists()
