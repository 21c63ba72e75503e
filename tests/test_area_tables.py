"""Official tables by police area: what they become, and what is refused. All figures invented."""

import shutil
from dataclasses import replace
from datetime import date

import pytest
from return_files import as_csv, as_ods, as_xlsx
from test_cli import call
from test_ingest import state

from rso_report import dataset
from rso_report.returns import ingest
from rso_report.returns.area_tables import AreaTable
from rso_report.returns.checks import ReturnError
from rso_report.returns.ingest import IngestError, Source

SOURCE = Source(
    "synthetic-mappa-2025",
    title="MAPPA tables, 2024-25 (synthetic, invented for a test)",
    publisher="Nobody (synthetic)",
    published=date(2025, 10, 30),
    licence="OGL",
    kind="official_statistics",
)
COUNTS = AreaTable("STOCK_MAPPA", date(2025, 3, 31), "Category 1")
RATES = replace(COUNTS, measure="rate_per_100k_10plus", column="Rate")
OUTCOMES = replace(COUNTS, measure="BREACH_OUTCOME", column="Cautioned or convicted")
SAID = {"West Midlands": "WMP"}
HEAD = ["Region", "Area code", "Area", "Category 1", "Rate", "Cautioned or convicted", "Category 2"]


def row(name, count, rate=120, outcome=20, region="", code="E23000014"):
    return [region, code, name, count, rate, outcome, 9]


def wales(total=5500):
    """A table as it is published: a title above, a total, notes below."""
    return [
        ["Table 2: synthetic, invented for a test"],
        HEAD,
        row("Dyfed-Powys", 900),
        row("Gwent [note 1]", "1,100"),
        row("North Wales", 1300),
        row("South Wales", 2200, 140, 30),
        row("", total, region="Wales", code="W92000004"),
        row("West Midlands", 3900, 150.5, 60),
        row("England & Wales", 72000),
        [],
        ["Note 1: invented"],
    ]


def refuse(message, cells, tmp_path, data, said=COUNTS, **read_as):
    """The faults of a table that must be refused, each a line; the message must be there."""
    path = as_csv(tmp_path / "mappa.csv", cells)
    with pytest.raises(ReturnError) as caught:
        ingest._area_reading(path, SOURCE, data, said, SAID | read_as)
    stops = [str(fault) for fault in caught.value.faults if fault.severity == "stop"]
    assert any(message in line for line in stops), stops
    return stops


@pytest.fixture(scope="module")
def data():
    return ingest._load(dataset.data_folder())


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package with two measures of one publication, and the file."""
    folder = tmp_path_factory.mktemp("areas") / "data"
    shutil.copytree(dataset.data_folder(), folder)
    path = as_ods(folder.parent / "mappa.ods", wales(), "Table 2")
    done = {
        said.measure: ingest.ingest(path, SOURCE, folder, printed=said, read_as=SAID)
        for said in (COUNTS, OUTCOMES)
    }
    return folder, path, done, ingest._load(folder)


def test_each_measure_goes_to_its_table_with_area_date_and_place(package):
    data = package[3]
    own = data.registered_offenders.query("source_id == 'synthetic-mappa-2025'")
    assert dict(zip(own["area_id"], own["value"], strict=True)) == {
        "DYFED_POWYS": 900,
        "GWENT": 1100,
        "NORTH_WALES": 1300,
        "SOUTH_WALES": 2200,
        "WAL": 5500,
        "WMP": 3900,
        "EW": 72000,
    }
    assert set(own["series_id"]) == {"STOCK_MAPPA"} and set(own["custody_status"]) == {"community"}
    assert {f"{day:%Y-%m-%d}" for day in own["as_at"]} == {"2025-03-31"}
    assert own["locator"].iloc[1] == "mappa.ods, sheet Table 2, row 4, column Category 1"
    rates = ingest._area_reading(package[1], SOURCE, data, RATES, SAID).rows["published_rates"]
    assert {r["area_id"]: r["value"] for r in rates}["WMP"] == "150.5"
    assert {r["qualifier"] for r in rates} == {"rounded"}
    outcomes = data.breaches.query("source_id == 'synthetic-mappa-2025'").set_index("area_id")
    row = outcomes.loc["SOUTH_WALES"]
    assert (row["series_id"], row["value"], row["unit"]) == ("BREACH_OUTCOME", 30, "persons")
    period = f"{row['period_start']:%Y-%m-%d} {row['period_end']:%Y-%m-%d}"
    assert period == "2024-04-01 2025-03-31"


def test_the_source_is_official_and_there_once_and_the_package_is_sound(package):
    folder, _, done, data = package
    sources = data.sources.query("source_id == 'synthetic-mappa-2025'")
    assert sources["kind"].tolist() == ["official_statistics"]
    assert sources["licence"].tolist() == ["OGL"]
    assert {each.outcome for each in done.values()} == {"added"}
    assert dataset.check(folder) == [] and dataset.stale_hashes(folder) == []


def test_a_mark_of_a_note_and_a_total_of_outcomes_are_told(package):
    remarks = [str(each) for each in package[2]["BREACH_OUTCOME"].remarks]
    assert any("20 for WAL, but its areas sum to 90" in each for each in remarks)
    entries = package[3].discrepancies.query("source_id == 'synthetic-mappa-2025'")
    (wrong,) = entries[entries["topic"] == "breaches"].to_dict("records")
    assert (wrong["printed"], wrong["found"]) == ("20", "Its areas sum to 90.")
    assert not any("sum" in str(each) for each in package[2]["STOCK_MAPPA"].remarks)


def test_the_same_table_again_changes_nothing_and_another_is_refused(package, tmp_path):
    folder, path, _, _ = package
    before = state(folder)
    again = ingest.ingest(path, SOURCE, folder, printed=COUNTS, read_as=SAID)
    assert again.outcome == "already in the data"
    other = as_csv(tmp_path / "mappa.csv", [HEAD, row("Gwent", 1101)])
    with pytest.raises(IngestError, match="with other content"):
        ingest.ingest(other, SOURCE, folder, printed=COUNTS)
    assert state(folder) == before


def test_a_total_that_differs_is_a_remark_and_one_with_an_area_missing_is_not(data, tmp_path):
    path = as_csv(tmp_path / "mappa.csv", wales(5501))
    read = ingest._area_reading(path, SOURCE, data, COUNTS, SAID)
    assert [each.code for each in read.remarks if "sum" in each.found] == ["V13"]
    assert [cells["topic"] for _, cells in read.noted] == ["register"]
    without = [line for line in wales(5501) if "Gwent [note 1]" not in line]
    path = as_csv(tmp_path / "less.csv", without)
    assert ingest._area_reading(path, SOURCE, data, COUNTS, SAID).noted == []


def test_the_total_of_the_country_counts_each_area_once(data, tmp_path):
    forces = data.areas[data.areas["kind"] == "force"]
    cells = [HEAD, *(row(a.area_id, 10) for a in forces.itertuples())]
    cells = [line for line in cells if "CITY_OF_LONDON" not in line]
    for total, differs in ((420, 0), (421, 1)):
        path = as_csv(tmp_path / "all.csv", [*cells, row("Wales", 40), row("EW", total)])
        read = ingest._area_reading(path, SOURCE, data, COUNTS, {})
        assert len(read.noted) == differs


def test_a_gap_is_a_remark(data, tmp_path):
    path = as_xlsx(tmp_path / "mappa.xlsx", [HEAD, row("Gwent", "[c]"), row("South Wales", 1)])
    read = ingest._area_reading(path, SOURCE, data, COUNTS, {})
    assert len(read.rows["registered_offenders"]) == 1
    assert "no number for Gwent but '[c]'" in str(read.remarks[0])


@pytest.mark.parametrize(
    ("message", "cells"),
    [
        ("no column 'Category 1'; allowed: one column with this head; did you mean 'Category 2'?",
         [["Area", "Category 2"], ["Gwent", 4]]),
        ("'Category 1' in mappa!B1, mappa!C1", [["Area", "Category 1", "Category 1"], ["x", 1, 2]]),
        ("found 'Northumbira'; allowed: a police area, a region, or England and Wales; did you "
         "mean Northumbria?", [HEAD, row("Northumbira", 5)]),
        ("did you mean Avon and Somerset? Then say --read-as",
         [HEAD, row("Avon", 5)]),
        ("found 'Total'", [HEAD, row("Total", 5)]),
        ("found 'Gwent' again, as in row 2", [HEAD, row("Gwent", 5), row("Gwent Police", 5),
                                              row("Gwent", 5)]),
        ("column Category 1: found '-4'", [HEAD, row("Gwent", -4)]),
        ("column Category 1: found '4.5'", [HEAD, row("Gwent", "4.5")]),
        ("found 'about 900'; allowed: a whole number", [HEAD, row("Gwent", "about 900")]),
        ("found '5' without a name", [HEAD, row("", 5, code="")]),
        ("no number under it", [HEAD, ["", "", "Notes"]]),
    ],
)  # fmt: skip
def test_a_broken_table_is_refused_with_what_to_do(message, cells, data, tmp_path):
    refuse(message, cells, tmp_path, data)


def test_every_fault_is_named_at_once(data, tmp_path):
    cells = [HEAD, row("Gwemt", 5), row("South Wales", "many"), row("Suffolk", -1)]
    assert len(refuse("Gwemt", cells, tmp_path, data)) == 3


def test_a_name_of_two_areas_is_asked_for(data, tmp_path):
    path = as_csv(tmp_path / "mappa.csv", [HEAD, row("West Midlands", 5)])
    with pytest.raises(ReturnError, match="the region WM or the force WMP"):
        ingest._area_reading(path, SOURCE, data, COUNTS, {})
    read = ingest._area_reading(path, SOURCE, data, COUNTS, {"west midlands": "WM"})
    assert read.rows["registered_offenders"][0]["area_id"] == "WM"


def test_a_row_can_be_left_out_by_its_name(data, tmp_path):
    path = as_csv(tmp_path / "mappa.csv", [HEAD, row("England", 5), row("Gwent", 1)])
    read = ingest._area_reading(path, SOURCE, data, COUNTS, {"England": ""})
    assert [each["area_id"] for each in read.rows["registered_offenders"]] == ["GWENT"]


def test_outcomes_that_another_source_gave_are_refused(data, tmp_path):
    said = replace(OUTCOMES, as_at=date(2022, 3, 31))
    refuse("the same area and year as BR0060", wales(), tmp_path, data, said)


def test_a_day_after_publication_is_refused(data, tmp_path):
    refuse(
        "2026-03-31 for as_at", wales(), tmp_path, data, replace(COUNTS, as_at=date(2026, 3, 31))
    )


def test_merged_names_and_formulas_without_values_are_refused(data, tmp_path):
    def spoil(sheet):
        sheet["D3"] = "=1+1"
        sheet.merge_cells("C2:C3")

    cells = [HEAD, row("Gwent", 5), row("South Wales", 6)]
    path = as_xlsx(tmp_path / "mappa.xlsx", cells, "Table 2", spoil)
    with pytest.raises(ReturnError) as caught:
        ingest._area_reading(path, SOURCE, data, COUNTS, {})
    found = " ".join(fault.found for fault in caught.value.faults)
    assert "merged cells" in found


def test_the_command_says_all_that_was_said_wrong(tmp_path):
    path = as_csv(tmp_path / "mappa.csv", wales())
    line = ["ingest", str(path), "--source", "a-b", "--shape", "areas"]
    said = ["--say", "mesure=x", "--say", "as_at=2025-04-01", "--say", "measure=STOCK_MAPA"]
    done = call(*line, *said)
    assert done.exit_code == 1
    for words in (
        "did you mean measure?",
        "found no column",
        "did you mean STOCK_MAPPA?",
        "found 2025-04-01 for as_at; allowed: a 31 March",
    ):
        assert words in done.stderr
    assert call(*line[:-1], "form", "--say", "a=b").exit_code == 2
