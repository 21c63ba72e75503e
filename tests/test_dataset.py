"""The data package: sound as committed, and each kind of fault reported with its place."""

import json
import shutil

import pandas as pd
import pytest

from rso_report import dataset
from rso_report.errors import FaultError


@pytest.fixture
def folder(tmp_path):
    """A copy of the data package to spoil."""
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    return copy


def spoil(folder, table, old, new):
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, "the fault must hit something"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(folder, table):
    with pytest.raises(FaultError) as caught:
        dataset.load(table, folder=folder)
    return caught.value.faults


def test_the_data_package_has_no_fault():
    assert dataset.check() == []


def test_sizes_and_hashes_are_those_of_the_files():
    assert dataset.stale_hashes() == [], "run: python -m rso_report.dataset stamp"


def test_a_changed_file_is_noticed_and_can_be_stamped(folder):
    spoil(folder, "breaches", ",412,", ",413,")
    assert dataset.stale_hashes(folder) == ["breaches.csv"]
    dataset.stamp(folder)
    assert dataset.stale_hashes(folder) == []


def test_every_table_has_types_keys_licence_and_description():
    for resource in dataset.descriptor()["resources"]:
        assert resource["schema"]["primaryKey"]
        assert resource["licenses"] and resource["description"]
        assert all(f["type"] and f["description"] for f in resource["schema"]["fields"])


def test_tables_bring_the_tables_they_refer_to():
    data = dataset.load("missing")
    assert {"areas", "sources", "series", "registered_offenders"} <= set(vars(data))


@pytest.mark.parametrize(
    ("table", "old", "new", "column", "allowed"),
    [
        ("breaches", ",412,", ",many,", "value", "a whole number of 0 or more"),
        ("breaches", ",412,", ",-1,", "value", "a whole number of 0 or more"),
        ("breaches", ",412,", ",4.5,", "value", "a whole number of 0 or more"),
        ("breaches", "2017-04-01", "2017-04-31", "period_start", "a date YYYY-MM-DD"),
        ("breaches", "2018-03-31", "2018-03-30", "period_end", "the last day of whole years"),
        ("breaches", "NOTIFICATION", "NOTICE", "family", "one of NOTIFICATION, SHPO, SRO"),
        ("breaches", ",WMP,", ",XYZ,", "area_id", "stands in areas"),
        ("breaches", "wmp-foi-233a-22", "wmp-foi-999", "source_id", "stands in sources"),
        ("breaches", "BR0001,", "BR0002,", "row_id", "each value only once"),
        ("missing", "2014-06-30,response_date", ",response_date", "as_at", "an as-at date"),
        ("missing", "2014-06-30", "30/06/2014", "as_at", "a date YYYY-MM-DD"),
        ("missing", ",46,exact", ",4600,exact", "value", "no more missing than registered"),
        ("registered_offenders", ",4585,exact", ",,exact", "value", "a whole number"),
        ("breaches", ",complete,stated,", ",complete,,", "period_precision", ""),
        ("orders", ",2011-03-31,stated,", ",2011-03-31,,", "period_precision", "inferred exactly"),
        (
            "staffing",
            ",2014-06-30,response_date",
            ",,response_date",
            "as_at",
            "nothing and undated",
        ),
        ("staffing", ",STA,,undated", ",STA,2020-01-01,undated", "as_at", "nothing and undated"),
        ("series_breaks", ",aru-arms", ",aru-armed", "source_id", "stands in sources"),
        (
            "series_breaks",
            "2013-01-01,2020-03-31,year",
            "2013-01-01,2020-03-31,",
            "date_precision",
            "",
        ),
        ("sources", "https://", "javascript:", "address", "of the form"),
    ],
)
def test_a_fault_names_file_row_column_found_and_allowed(folder, table, old, new, column, allowed):
    spoil(folder, table, old, new)
    found = faults(folder, table)
    hit = [f for f in found if f.column == column and allowed in f.allowed]
    assert hit, [str(f) for f in found]
    assert hit[0].where == f"data/{table}.csv"
    assert hit[0].row and hit[0].row >= 2
    assert str(hit[0]).startswith(f"data/{table}.csv, row {hit[0].row}, column {column}: found ")


def test_the_row_is_the_line_of_the_file(folder):
    path = folder / "breaches.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if ",315," in text)
    spoil(folder, "breaches", ",315,", ",x,")
    assert [f.row for f in faults(folder, "breaches")] == [line]


def test_all_faults_come_at_once(folder):
    spoil(folder, "breaches", ",412,", ",many,")
    spoil(folder, "breaches", ",SRO,", ",SSO,")
    spoil(folder, "sources", ",foi_response,", ",letter,")
    found = faults(folder, "breaches")
    assert {(f.where, f.column) for f in found} == {
        ("data/breaches.csv", "value"),
        ("data/breaches.csv", "family"),
        ("data/sources.csv", "kind"),
    }


def test_faults_of_cells_and_of_rules_come_together(folder):
    spoil(folder, "areas", ",force,", ",constabulary,")
    spoil(folder, "breaches", ",286,exact,provisional", ",286,exact,final")
    found = faults(folder, "breaches")
    assert {f.where for f in found} == {"data/areas.csv", "data/breaches.csv"}


def test_the_same_figure_of_the_same_source_twice_is_a_fault(folder):
    path = folder / "breaches.csv"
    row = next(r for r in path.read_text(encoding="utf-8").splitlines() if r.startswith("BR0001,"))
    with path.open("a", encoding="utf-8") as file:
        file.write(row.replace("BR0001", "BR9999", 1) + "\n")
    assert "a second time" in str(faults(folder, "breaches")[0])


def test_a_missing_column_is_named(folder):
    spoil(folder, "staffing", "qualifier", "qualified")
    assert any("qualifi" in str(f) for f in faults(folder, "staffing"))


def test_a_part_year_must_be_provisional(folder):
    spoil(folder, "breaches", ",286,exact,provisional", ",286,exact,final")
    assert any("provisional for a part-year" in f.allowed for f in faults(folder, "breaches"))


def test_a_revision_must_name_a_row_of_the_same_area(folder):
    text = (folder / "missing.csv").read_text(encoding="utf-8")
    row = next(r for r in text.splitlines() if ",revised,MI" in r and "es-2018" in r)
    old = row.split(",revised,")[1].split(",")[0]
    spoil(folder, "missing", row, row.replace(f"revised,{old}", "revised,MI0001"))
    assert any("same area" in f.allowed for f in faults(folder, "missing"))


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("RO0297|", "RO9297|", "rows"),
        ("RO0297|", "XX0297|", "rows"),
        ("RO0297|RO0298|RO0299|RT0019|RT0143,", ",", "effect"),
    ],
)
def test_the_ledger_names_rows_that_are_there(folder, old, new, column):
    spoil(folder, "discrepancies", old, new)
    found = [fault for fault in dataset.check(folder) if fault.column == column]
    assert [fault.where for fault in found] == ["data/discrepancies.csv"], found


def test_an_absent_package_is_one_clear_message(tmp_path):
    with pytest.raises(FaultError, match=r"datapackage\.json"):
        dataset.load("areas", folder=tmp_path)


def test_an_absent_file_is_named(folder):
    (folder / "staffing.csv").unlink()
    assert {f.where for f in faults(folder, "staffing")} == {"data/staffing.csv"}


def test_a_description_that_is_itself_wrong_is_a_clear_message(folder):
    path = folder / "datapackage.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"integer"', '"whole"'))
    assert faults(folder, "orders")


def test_a_file_that_is_not_utf_8_is_named_with_what_is_allowed(folder):
    (folder / "staffing.csv").write_bytes(b"\xff\xfePK\x03")
    assert "data/staffing.csv: found" in str(faults(folder, "staffing")[0])
    assert "CSV file in UTF-8" in str(faults(folder, "staffing")[0])


def test_an_unknown_table_is_named():
    with pytest.raises(KeyError, match="no table 'offenders'"):
        dataset.load("offenders")


def test_tables_read_are_those_the_notebook_names(tmp_path):
    notebook = tmp_path / "n.ipynb"
    cell = {"cell_type": "code", "source": ['data = dataset.load("areas",\n', ' "staffing")']}
    notebook.write_text(json.dumps({"cells": [cell]}))
    read = {path.name for path in dataset.tables_read(notebook)}
    assert read == {"areas.csv", "staffing.csv", "sources.csv"}


def test_no_quotation_contact_or_path_of_a_machine_is_in_the_data():
    for path in dataset.data_folder().glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert "quote" not in text.splitlines()[0].split(",")
        assert "@" not in text


def recorded(folder, tmp_path, monkeypatch):
    """Data that a build's check has found sound, and a Frictionless that must not be asked."""
    monkeypatch.setattr(dataset, "RECORD", tmp_path / "data-checked")
    digest = dataset.digest(dataset.descriptor(folder), folder)
    dataset.RECORD.write_text(digest, encoding="utf-8")
    monkeypatch.setattr(dataset, "_schema_faults", lambda *_: pytest.fail("checked again"))


def test_data_that_a_build_has_checked_are_not_checked_at_each_load(folder, tmp_path, monkeypatch):
    plain = dataset.load("breaches", folder=folder).breaches
    recorded(folder, tmp_path, monkeypatch)
    pd.testing.assert_frame_equal(dataset.load("breaches", folder=folder).breaches, plain)


def test_a_changed_byte_anywhere_is_checked_again(folder, tmp_path, monkeypatch):
    recorded(folder, tmp_path, monkeypatch)
    path = folder / "missing.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="checked again"):
        dataset.load("breaches", folder=folder)
