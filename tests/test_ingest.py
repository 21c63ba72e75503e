"""Taking a return in: what it becomes, all of it or nothing, and once."""

import os
import shutil
import signal
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from return_files import COLUMNS, TITLE, as_csv, flow, gone, good, offences, stock, table

from rso_report import answers, dataset, reconcile
from rso_report.edition import open_edition
from rso_report.errors import FaultError, ReportError
from rso_report.exchange import beside, switch
from rso_report.intake import ingest
from rso_report.intake.ingest import Source

SOURCE = Source(
    "sta-return-2025",
    title="Annual return of Staffordshire Police, 2024-25 (invented, for a test)",
    published=date(2025, 5, 14),
)
SPLIT = gone(
    3, geography_level="district", geography_code="E07000192", population_total=9_000, note="3 men"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package with a good return, and what became of it."""
    folder = tmp_path_factory.mktemp("package") / "data"
    shutil.copytree(dataset.data_folder(), folder)
    path = as_csv(folder.parent / "return.csv", table([*good(), SPLIT]))
    before = state(folder)
    trial = ingest.ingest(path, SOURCE, folder, dry_run=True)
    assert state(folder) == before and trial.outcome == "would be added"
    done = ingest.ingest(path, SOURCE, folder)
    assert replace(trial, outcome="added") == done
    return folder, path, done, before


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(dataset.data_folder(), copy)
    return copy


@pytest.fixture
def quick(monkeypatch, data):
    """The data as they were, without reading them again: for what does not depend on them."""
    monkeypatch.setattr(ingest, "load", lambda folder: data)


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def added(package, table_name):
    rows = getattr(ingest_load(package), table_name)
    return rows[rows["source_id"] == SOURCE.source_id]


_LOADED = {}


def ingest_load(package):
    return _LOADED.setdefault(package[0], ingest.load(package[0]))


def test_rows_are_added_to_the_table_that_takes_them(package):
    done = package[2]
    assert done.outcome == "added" and done.withheld == 1
    assert {table_name: len(names) for table_name, names in done.rows.items()} == {
        "registered_offenders": 5,
        "breaches": 2,
        "orders": 1,
        "missing": 2,
        "risk_tiers": 1,
        "staffing": 1,
        "answers": 7,
    }
    stocks = added(package, "registered_offenders").set_index("row_id")
    assert set(stocks["series_id"]) == {"STOCK_FOI"} and set(stocks["area_id"]) == {"STA"}
    assert stocks["custody_status"].tolist()[:4] == ["both", "community", "custody", "abroad"]
    assert stocks["locator"].iloc[0] == "return.csv, sheet Return, row 2"
    assert added(package, "staffing")["value"].tolist() == [18.25]
    assert added(package, "risk_tiers")["risk_tier"].tolist() == ["very_high"]


def test_identifiers_go_on_and_what_was_there_keeps_its_bytes(package, data):
    folder, _, done, before = package
    last = data.breaches["row_id"].max()
    assert done.rows["breaches"][0] == f"BR{int(last[2:]) + 1:04d}"
    for name, content in state(folder).items():
        if name.endswith(".csv"):
            assert content.startswith(before[name]), name
    assert dataset.check(folder) == [] and dataset.stale_hashes(folder) == []


def test_missing_people_name_the_count_they_are_a_part_of(package):
    snapshot = added(package, "missing").set_index("series_id").loc["MISSING_STOCK"]
    register = added(package, "registered_offenders").set_index("row_id")
    assert register.at[snapshot["denominator_row"], "value"] == 1700
    assert register.at[snapshot["denominator_row"], "custody_status"] == "both"


def test_a_part_year_is_a_year_and_how_far_it_was_counted(package):
    part = added(package, "breaches").set_index("family").loc["SHPO"]
    assert str(part["period_end"])[:10] == "2025-03-31"
    assert str(part["covered_to_latest"])[:10] == "2025-01-31"
    assert (part["period_status"], part["status"]) == ("part", "provisional")


def test_an_answer_without_a_number_is_kept_as_one(package):
    own = added(package, "answers").set_index("measure_code")
    assert own.at["MISSING_RULE_DAYS", "status"] == "not_held"
    assert own.at["NAME_CHANGE_NOTIFIED", "status"] == "cost_limit"
    assert pd.isna(own.at["MISSING_RULE_DAYS", "value"])
    assert own.at["TRAVEL_NOTIFIED", "detail"] == "sex: female"


def test_a_withheld_value_is_written_nowhere(package):
    row = added(package, "answers").set_index("measure_code").loc["MISSING_STOCK"]
    assert row["status"] == "withheld" and pd.isna(row["value"]) and row["note"] == ""
    for name, content in state(package[0]).items():
        assert b"3 men" not in content, name


def test_the_source_is_described(package):
    row = ingest_load(package).sources.set_index("source_id").loc[SOURCE.source_id]
    assert row["publisher"] == "Staffordshire Police"  # from the only force of the return
    assert (row["kind"], row["licence"], row["read"]) == ("foi_response", "not_stated", "data file")


def test_what_the_rules_find_in_the_return_is_in_the_ledger(package):
    data = ingest_load(package)
    assert reconcile.unexplained(data, reconcile.findings(data)).empty
    ledger = data.discrepancies
    own = ledger[ledger["source_id"] == SOURCE.source_id]
    assert own["discrepancy_id"].tolist() == package[2].ledger != []
    assert own["discrepancy_id"].is_unique
    assert {"part_year"} <= set(own["rule"])


def test_the_same_return_again_changes_nothing(package):
    folder, path, _, _ = package
    before = state(folder)
    again = as_csv(path.with_name("copy.csv"), table([*good(), SPLIT]))
    assert ingest.ingest(path, SOURCE, folder).outcome == "already in the data"
    assert ingest.ingest(again, Source(SOURCE.source_id), folder).rows == {}
    assert state(folder) == before


@pytest.mark.parametrize(
    "rows", [[*good(), SPLIT][:-2], [stock("RSO_REGISTER", 1701), *good()[1:], SPLIT]]
)
def test_another_return_under_the_same_source_is_refused(package, rows, tmp_path):
    folder = package[0]
    before = state(folder)
    path = as_csv(tmp_path / "other.csv", table(rows))
    with pytest.raises(ReportError, match="with other content.*as a source of its own"):
        ingest.ingest(path, SOURCE, folder)
    assert state(folder) == before


def test_what_a_force_answered_is_shown_on_the_pages(package):
    data = dataset.load(
        "areas", "registered_offenders", "answers", "sources", "discrepancies", folder=package[0]
    )
    edition, _ = open_edition(data, report_year="2024-25", region="West Midlands")
    rows = answers.answers(data, edition, ["visits"])
    shown = answers.table(rows[rows["source_id"] == SOURCE.source_id], edition)
    assert shown["Answer"].tolist() == ["4,000 visits", "3,900 visits"]
    assert shown["Date or period"].tolist() == ["2024-25", "2024-25"]
    missing = answers.table(answers.answers(data, edition, ["missing"]), edition)
    assert missing["Answer"].tolist() == ["21 people", "not held", "[c]"]
    assert "11 answers" in answers.coverage_sentence(data, edition)  # 4 refused in 2022
    earlier, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    assert "4 answers, none with a number" in answers.coverage_sentence(data, earlier)
    before, _ = open_edition(data, report_year="2020-21", region="West Midlands")
    assert "no answer of a force" in answers.coverage_sentence(data, before)


def test_printed_totals_are_kept_and_what_does_not_add_is_in_the_ledger(folder):
    columns = (*COLUMNS, "table_as_printed", "total")
    own = {"table_as_printed": "1a", "period_start": "2023-04-01"}
    rows = [
        offences(40, table_as_printed="1a"),
        offences(50, **own, period_end="2024-03-31"),
        offences(91, **own, total="row"),
    ]
    path = as_csv(folder.parent / "printed.csv", table(rows, columns))
    done = ingest.ingest(path, SOURCE, folder)
    data = ingest.load(folder)
    total = data.printed_totals.set_index("row_id").loc[done.rows["printed_totals"][0]]
    assert (total["axis"], total["value"], total["offence_title"]) == ("row", 91, TITLE)
    entry = data.discrepancies.set_index("discrepancy_id").loc[done.ledger]
    assert entry["rule"].tolist() == ["row_total"]
    assert entry["found"].tolist() == ["Cells sum to 90."]


def test_a_correction_is_a_row_that_revises_the_first(folder):
    rows = [
        offences(
            270,
            force="WMP",
            period_start="2020-04-01",
            period_end="2021-03-31",
            value_status="revised",
            revises_row="BR0004",
        )
    ]
    path = as_csv(folder.parent / "correction.csv", table(rows))
    done = ingest.ingest(path, replace(SOURCE, source_id="wmp-return-2025"), folder)
    row = ingest.load(folder).breaches.set_index("row_id").loc[done.rows["breaches"][0]]
    assert (row["value"], row["status"], row["revises_row"]) == (270, "revised", "BR0004")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (replace(SOURCE, published=None), "its date is missing"),
        (replace(SOURCE, title=""), "its title is missing"),
        (replace(SOURCE, published=date(2999, 1, 1)), "found the date 2999-01-01.*still to come"),
        (Source("wmp-foi-233a-22", title="Another"), "found title 'Another', but sources.csv has"),
        (
            Source("wmp-foi-233a-22", published=date(2022, 3, 15)),
            "found published '2022-03-15', but sources.csv has '2022-03-14'",
        ),
    ],
)
def test_what_a_source_lacks_is_named(folder, quick, source, words):
    path = as_csv(
        folder.parent / "return.csv",
        table([flow("VISITS_MADE", 5, period_end="2022-03-31", period_start="2021-04-01")]),
    )
    before = state(folder)
    with pytest.raises(ReportError, match=words):
        ingest.ingest(path, source, folder)
    assert state(folder) == before


def test_a_rate_that_does_not_fit_and_a_second_source_come_in_with_a_remark_each(folder):
    rows = [
        stock("STOCK_MAPPA", 3600, force="WMP", as_at="2021-03-31"),
        stock("RATE_PER_100K_10PLUS", 210, force="WMP", as_at="2021-03-31"),
    ]
    path = as_csv(folder.parent / "official.csv", table(rows))
    done = ingest.ingest(path, SOURCE, folder, dry_run=True)
    said = [f"{fault.code}: {fault.found}" for fault in done.remarks]
    for words in ("V22: 210 per 100,000; ", "V23: 3,600, but 3,655", "V23: 210, but"):
        assert any(each.startswith(words) for each in said), said
    # Each stays known when the figures are in, and is one thing to look at, whoever found it.
    assert len(done.ledger) == len(done.remarks) == 4


def test_a_return_of_two_forces_needs_a_publisher(folder, quick):
    rows = [stock("RSO_REGISTER", 9), stock("RSO_REGISTER", 9, force="WMP")]
    path = as_csv(folder.parent / "return.csv", table(rows))
    with pytest.raises(ReportError, match="publisher is missing, and the return is from 2 forces"):
        ingest.ingest(path, SOURCE, folder)


def test_a_source_identifier_of_another_form_writes_nothing(folder, quick):
    path = as_csv(folder.parent / "return.csv", table(good()))
    before = state(folder)
    with pytest.raises(FaultError, match="source_id"):
        ingest.ingest(path, replace(SOURCE, source_id="Return 2025"), folder)
    assert state(folder) == before and not beside(folder, "new").exists()


def killed(action):
    """Run in a process of its own that is expected to be killed, with no chance to clean up."""
    child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("moment", ["prepared", "exchanged", "between two renames"])
def test_a_run_that_is_killed_leaves_the_old_package_or_the_new_one(
    folder, quick, monkeypatch, moment
):
    path = as_csv(folder.parent / "return.csv", table(good()))
    before = state(folder)
    with monkeypatch.context() as change:
        if moment == "prepared":
            change.setattr(ingest, "switch", kill)
        elif moment == "exchanged":
            change.setattr(ingest.shutil, "rmtree", kill)
            change.setattr(ingest, "recover", lambda folder: None)
        else:
            change.setattr(type(folder), "rename", _rename_once(type(folder).rename))
        killed(lambda: ingest.ingest(path, SOURCE, folder))
    if moment == "between two renames":
        assert not folder.exists()
        with ingest.alone(folder):
            ingest.recover(folder)
    old = moment != "exchanged"
    assert (state(folder) == before) == old
    assert dataset.stale_hashes(folder) == []
    if old:
        assert ingest.ingest(path, SOURCE, folder).outcome == "added"
    assert dataset.check(folder) == []
    ingest.recover(folder)
    assert sorted(p.name for p in folder.parent.iterdir()) == ["data", "return.csv"]


@pytest.mark.parametrize("exception", [OSError, KeyboardInterrupt])
def test_what_interrupts_between_two_renames_puts_the_old_folder_back(
    tmp_path, monkeypatch, exception
):
    for name in ("live", "new"):
        (tmp_path / name / name).mkdir(parents=True)
    calls, rename = [], Path.rename

    def interrupted(path, target):
        calls.append(path)
        if len(calls) == 2:
            raise exception
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(exception):
        switch(tmp_path / "new", tmp_path / "live")
    assert (tmp_path / "live" / "live").is_dir() and not beside(tmp_path / "live", "old").exists()


def _rename_once(rename):
    done = []

    def renamed(path, target):
        if done:
            kill()
        done.append(path)
        return rename(path, target)

    return renamed


def test_a_second_run_waits_its_turn(folder, quick):
    path = as_csv(folder.parent / "return.csv", table(good()))
    with ingest.alone(folder), pytest.raises(ReportError, match="Another return is being taken"):
        ingest.ingest(path, SOURCE, folder)


def test_data_that_change_meanwhile_are_not_written_over(folder, quick, monkeypatch):
    path = as_csv(folder.parent / "return.csv", table(good()))

    def edited(new):
        with (folder / "series.csv").open("a") as file:
            file.write("\n")

    monkeypatch.setattr(ingest, "_sync", edited)
    with pytest.raises(ReportError, match="changed while the return was checked"):
        ingest.ingest(path, SOURCE, folder)
    assert (folder / "series.csv").read_bytes().endswith(b"\n\n")
    assert b"sta-return" not in (folder / "sources.csv").read_bytes()


def test_a_faulty_package_takes_nothing_in(folder):
    text = (folder / "breaches.csv").read_text()
    (folder / "breaches.csv").write_text(text.replace(",412,", ",many,", 1))
    path = as_csv(folder.parent / "return.csv", table(good()))
    with pytest.raises(FaultError, match="many"):
        ingest.ingest(path, SOURCE, folder)


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> other"])
def test_a_mark_of_a_merge_is_one_line_that_names_it(mark, folder):
    with (folder / "missing.csv").open("a") as file:
        file.write(f"{mark}\n")
    (fault,) = dataset.check(folder)
    assert fault.where == "data/missing.csv" and "git marks two versions" in fault.found
