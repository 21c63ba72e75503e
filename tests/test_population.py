"""The residents of a year from a workbook laid out as the ONS lays out its estimates."""

import shutil

import pytest
import workbooks
from test_cli import call
from test_ingest import state

from rso_report import dataset

SOURCE = ["--year", "2034", "--source", "ons-mye-x", "--published", "2025-07-15"]
SOURCE += ["--title", "Invented estimates"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    monkeypatch.setenv("RSO_REPORT_DATA", str(copy))
    return copy


def workbook(path, change=lambda rows: None, year=2034):
    """Every district of the latest estimates, each with 1,000 people in each year of age to 99."""
    held = dataset.load("population_districts").population_districts
    latest = held[held["date"] == held["date"].max()]
    head = ["Code", "Name", "Geography", "All ages", *range(90), "90+"]
    ages = [1000] * 90 + [10_000]
    rows = [["Population estimates, invented"], [None], [f"Mid-{year}"], head]
    count = len(latest)
    rows.append(["K04000001", "ENGLAND AND WALES", "Country", 100_000 * count,
                 *[each * count for each in ages]])  # fmt: skip
    rows += [[d.lad_code, d.lad_name, "District", 100_000, *ages] for d in latest.itertuples()]
    change(rows)
    notes = [["Notes"], ["1. Invented."]]
    content = workbooks.xlsx(notes, rows, rows[:6], change=name)
    path.write_bytes(content)
    return path, count


def name(book):
    book.worksheets[1].title, book.worksheets[2].title = "MYE2 - Persons", "MYE2 - Males"


def test_a_year_is_added_with_its_source_and_the_force_of_each_district(folder, tmp_path):
    path, count = workbook(tmp_path / "mye.xlsx")
    done = call("population", str(path), *SOURCE)
    assert done.exit_code == 0 and f"added, {count} districts" in done.stdout, done.stderr
    data = dataset.load("population_districts", folder=folder)
    new = data.population_districts.query("source_id == 'ons-mye-x'")
    assert set(new["aged_0_9"]) == {10_000} and set(new["all_ages"]) == {100_000}
    before = data.population_districts.query("source_id != 'ons-mye-x'")
    before = before.sort_values("date").drop_duplicates("lad_code", keep="last")
    known = dict(zip(before["lad_code"], before["area_id"], strict=True))
    assert all(known[row.lad_code] == row.area_id for row in new.itertuples())
    assert dataset.check(folder) == [] and dataset.stale_hashes(folder) == []
    again = call("population", str(path), *SOURCE)
    assert again.exit_code == 1 and "in the data already" in again.stderr


def unknown(rows):
    rows[5][0] = "E06999999"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (unknown, "is new: say --read-as E06999999=FORCE"),
        (lambda rows: rows[6].__setitem__(3, 100_001), "have 31,800,001 residents"),
        (lambda rows: rows[6].__setitem__(7, "x"), "an age of"),
        (lambda rows: rows.pop(4), "but no total of England and Wales"),
        (lambda rows: rows[3].__setitem__(3, "Total"), "found no one sheet of persons"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(change, says, folder, tmp_path):
    path, count = workbook(tmp_path / "mye.xlsx", change)
    before = state(folder)
    done = call("population", str(path), *SOURCE)
    says = says.replace("31,800,001", f"{100_000 * count + 1:,}")
    assert done.exit_code == 1 and says in done.stderr, done.stderr
    assert state(folder) == before
