"""The patterns of personal details find each kind, and leave counts, dates and offices alone."""

import shutil
import time
from pathlib import Path

import pytest

from rso_report import personal
from rso_report.errors import ReportError

ROOT = Path(__file__).resolve().parents[1]

# Made up: names of nobody, and the numbers that are kept free for such use.
PLANTED = {
    "name": [
        "Mr Smythe-Example",
        "mr smythe",
        "MRS SMYTHE",
        "Mr. J. Smythe",
        "Dr Éxample",
        "Ms A B Smythe",
        "PC Smythe",
        "DC 1234 Smythe",
        "Sgt. Smythe",
        "Det Insp Smythe",
        "Detective Constable Smythe",
        "PS Smythe",
        "Judge Smythe",
        "Alex Smythe, 45, of Exampleton",
        "Alex Smythe (45) was moved",
        "Alex Smythe, aged 45",
        "Alex B Smythe age 45",
        "a man named Smythe",
        "alias Smythe",
        "Surname: Smythe",
        "M\u200br Smythe",
        "Mr\u00a0Smythe",
        "Mr\nSmythe",
        "Ｍｒ Smythe",
    ],
    "age or date of birth": [
        "DOB 01/02/1970",
        "D.O.B.: 1.2.70",
        "dob 1970-02-01",
        "Date of birth: 1 February 1970",
        "date of birth was March 1970",
        "born 1 February 1970",
        "born on 01/02/1970",
        "born in 1970",
        "born in March 1970",
        "a 45-year-old man",
        "45 year old female",
        "45-year-old Alex Smythe",
    ],
    "e-mail address": [
        "a.smythe@example.org",
        "A.SMYTHE+x@mail.example.co.uk",
        "mailto:a@example.org",
        "a.smythe [at] example.org",
        "smythe(at)example(dot)org",
    ],
    "telephone number": [
        "0121 496 0123",
        "01214960123",
        "(0121) 496 0123",
        "0121-496-0123",
        "020 7946 0123",
        "07700 900123",
        "07700900123",
        "+44 121 496 0123",
        "+44 (0)121 496 0123",
        "+447700900123",
        "0044 7700 900123",
        "0808 157 0123",
        "01632 960123",
    ],
    "postcode": [
        "WM99 3WZ",
        "B1 1AA",
        "EC1A 1BB",
        "W1A0AX",
        "CV34 4XX",
        "b1 1aa",
        "WS1 1ST",
        "ws1 1sa",
    ],
    "street address": [
        "12 Example Street",
        "12a Example Road",
        "flat 3, 12 Old Example Lane",
        "7 St Example Avenue",
    ],
    "National Insurance number": ["AB123456C", "AB 12 34 56 C", "ab123456c"],
    "NHS number": ["943 476 5919", "943-476-5919", "NHS number: 9434765919", "NHS no 9434765919"],
}
CLEAN = [
    "Per 100,000 people aged 10 and over, residents aged 0 to 9, aged 10+, aged 10 or over",
    "West Midlands Police aged 10 and over", "Residents of England Wales aged 10 to 17",
    "4,585 + 57 = 4,642 at 31 March 2021; 2021-22; 2017-18", "0.788323 to 1.39792", "0 0 116 40",
    "M 01 23 L 012 345", "answer 1a, row 2, column 2017-18", "To the Chief Constable on figures",
    "45 constables, 8 sergeants and 1 inspector", "Constable (total)", "5022_14", "233A/22",
    "SI 2015/373", "sections 103D(4) and 122C", "Crown Court", "1 Crown Court", "3 County Court",
    "sha256:57f20512de84f84aec5f30c397b3b3f227c7699e3d9d6602186ef45f0c0c01fc",
    "https://example.org/news/06072023000037", "RO0001 to RO0012, PD-WMP-2021", "E06000047",
    "no names, dates of birth or addresses", "call 101, or 999 in an emergency", "S1 1st, s1 2nd",
    "943 476 5918", "9434765919", "miss the deadline", "a rate in Ms", "DS and DI", "@media print",
    "The name of each force", "Mr and Mrs", "2021-03-31T00:00:00", "Greater Manchester, 20, 14",
    "3,655 West Mercia", "Registered sexual offender (RSO)",
]  # fmt: skip


@pytest.mark.parametrize("kind", PLANTED)
def test_each_kind_is_found_wherever_it_stands(kind):
    for words in PLANTED[kind]:
        for text in (words, f"See: {words}.", f"(note {words}; checked)"):
            assert kind in [found.kind for found in personal.findings(text)], text


@pytest.mark.parametrize("text", CLEAN)
def test_counts_dates_laws_and_offices_are_nobody(text):
    assert [(found.kind, found.text) for found in personal.findings(text)] == []


def test_findings_stand_in_the_order_of_the_text_and_do_not_repeat_themselves_in_messages():
    found = personal.findings("Mr Smythe, a@example.org, WM99 3WZ")
    assert [each.kind for each in found] == ["name", "e-mail address", "postcode"]
    assert "Smythe" not in repr(found) and "example" not in repr(found)


def test_a_text_made_to_be_slow_is_not():
    for text in ("Mr " * 50_000, "A" * 100_000, "a." * 50_000, "0121 " * 20_000, "Aa " * 50_000):
        started = time.process_time()
        personal.findings(text)
        assert time.process_time() - started < 2


def folder_with(tmp_path, name, text):
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<p>Seen by Mr <b>Smythe</b>.</p>"),
        ("a.html", "<table><tr><td>Note</td><td>Alex Smythe, aged 45</td></tr></table>"),
        ("a.html", '<img alt="Ms Smythe at home">'),
        ("a.html", '<a href="mailto:a@example.org">Write to us</a>'),
        ("a.html", '<a href="tel:01214960123">Ring us</a>'),
        ("a.csv", "area,note\nWest Midlands,born 1 February 1970\n"),
        ("a.ipynb", '{"cells": [{"source": ["x = 1\\n", "# WM99 3WZ"]}]}'),
        ("a.ipynb", '{"cells": [{"outputs": [{"data": {"text/plain": "Mrs Smythe"}}]}]}'),
        ("a.json", '{"note": "AB123456C"}'),
        ("a.json", "half of it: { AB123456C"),
        ("a.md", "Seen by Mr **Smythe**."),
        ("a.svg", "<svg><text>PC Smythe</text></svg>"),
        ("a.md", "# Contact\n\n12 Example Street\n"),
    ],
)
def test_a_file_with_a_personal_detail_is_not_published(tmp_path, name, text):
    folder = folder_with(tmp_path, name, text)
    with pytest.raises(ReportError) as caught:
        personal.require_none(folder)
    assert name in str(caught.value)
    assert not any(word in str(caught.value) for word in ("Smythe", "1970", "example.org", "3WZ"))


def test_a_folder_without_any_is_passed_and_a_mistyped_one_is_not(tmp_path):
    personal.require_none(folder_with(tmp_path, "a.html", "<p>A force manages people.</p>"))
    with pytest.raises(ReportError, match="there is no file"):
        personal.require_none(tmp_path / "nowhere")


def test_only_files_that_changed_can_be_searched(tmp_path):
    folder = folder_with(tmp_path, "a.md", "Mr Smythe")
    folder_with(tmp_path, "b.md", "Nobody.")
    personal.require_none(folder, ["b.md"])
    with pytest.raises(ReportError, match=r"a\.md: name"):
        personal.require_none(folder, ["a.md", "b.md"])


def test_words_of_neighbouring_cells_make_no_name(tmp_path):
    row = "<table><tr><td>three forces named</td><td>Four are counted</td></tr></table>"
    personal.require_none(folder_with(tmp_path, "a.html", row))


@pytest.mark.parametrize("name", ["data", "notebooks", "book"])
def test_nobody_is_named_in_what_the_report_is_made_of(name, tmp_path):
    personal.require_none(ROOT / name)
    copy = tmp_path / name
    shutil.copytree(ROOT / name, copy)
    path = next(
        path for path in sorted(copy.rglob("*")) if path.suffix in (".csv", ".ipynb", ".md")
    )
    text = path.read_text(encoding="utf-8")
    where = text.index("\n", len(text) // 2)
    if path.suffix == ".ipynb":
        path.write_text(text.replace('"cells": [', '"note": "Mr Smythe", "cells": [', 1))
    else:
        path.write_text(text[:where] + "\nMr Smythe" + text[where:])
    with pytest.raises(ReportError):
        personal.require_none(copy)
