"""A count that may not be published reaches no notebook and no site, shown on the real data."""

import shutil
from zipfile import ZipFile

import openpyxl
import pytest

from rso_report import dataset, disclosure
from rso_report.edition import open_edition
from rso_report.missing import snapshots
from rso_report.publication import leaks

DISTRICT = "TESTBOROUGH,Testborough district,Testborough,district,WM,\n"
ROW = (
    "MI9999,MISSING_STOCK,TESTBOROUGH,2018-02-22,publication_date,,,,WHEREABOUTS_UNKNOWN,,all,all,"
    "all,,,7,exact,final,,es-2018-02-22,made up for a test,\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the data with a count for a district, which nobody has cleared."""
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    for name, line in (("areas", DISTRICT), ("missing", ROW)):
        with (copy / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(line)
    monkeypatch.setenv("RSO_REPORT_DATA", str(copy))
    return copy


def load():
    return dataset.load("areas", "sources", "registered_offenders", "missing")


def test_nothing_is_withheld_from_the_committed_data():
    assert disclosure.release(load()) == 0
    assert leaks.secrets(dataset.load(*disclosure.COUNTS)) == []


def test_an_uncleared_count_is_dropped_before_anything_is_computed(folder):
    data = load()
    assert "MI9999" in set(data.missing["row_id"])
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    assert "MI9999" not in set(data.missing["row_id"])
    areas = [*edition.units, "TESTBOROUGH"]
    assert "TESTBOROUGH" not in set(snapshots(data, edition, areas)["area_id"])


def test_a_site_that_shows_it_is_refused_without_repeating_it(folder, tmp_path, capsys):
    site = tmp_path / "site"
    site.mkdir()
    (site / "a.html").write_text("<table><tr><th>Testborough</th><td>7</td></tr></table>")
    assert leaks.main([str(site)]) == 1
    message = capsys.readouterr().err
    assert "a.html" in message and "7" not in message


def test_a_site_that_withholds_it_passes(folder, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "a.html").write_text("<table><tr><th>Testborough</th><td>[c]</td></tr></table>")
    assert leaks.main([str(site)]) == 0


def write_sheet(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def write_archive(path, name, text):
    with ZipFile(path, "w") as archive:
        archive.writestr(name, text)


def test_spreadsheets_and_archives_are_searched_too(folder, tmp_path, capsys):
    site = tmp_path / "site"
    site.mkdir()
    write_sheet(site / "a.xlsx", ["Counts"], ["Area", "Missing"], ["Testborough", 7])
    write_archive(site / "b.zip", "missing.csv", "area,missing\nTestborough,7\n")
    write_archive(site / "c.zip", "book.xlsx", (site / "a.xlsx").read_bytes())
    assert leaks.main([str(site)]) == 1
    message = capsys.readouterr().err
    assert all(name in message for name in ("a.xlsx", "b.zip: missing.csv", "c.zip: book.xlsx"))
    assert "7" not in message


def test_spreadsheets_and_archives_that_withhold_it_pass(folder, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    write_sheet(site / "a.xlsx", ["Area", "Missing"], ["Testborough", "[c]"], ["Elsewhere", 7])
    write_archive(site / "b.zip", "missing.csv", "area,missing\nTestborough,[c]\nElsewhere,7\n")
    assert leaks.main([str(site)]) == 0


def test_a_mistyped_folder_is_not_a_clean_one(tmp_path):
    assert leaks.main([str(tmp_path / "nowhere")]) == 1
    assert leaks.main([]) == 2
