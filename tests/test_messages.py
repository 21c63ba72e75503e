"""The words of twenty messages, each in full: `fixtures/messages.txt` is to be read by a person.

Other tests ask that a thing is refused, and where; what a person reads of it stands here alone.
"""

import re
import shutil
from functools import cache
from pathlib import Path

import pytest
import test_population
from test_draft import HEAD, TITLE
from test_returns import BROKEN as RETURNS
from test_returns import SOURCE
from test_sheets import BROKEN as FILES

from rso_report import dataset
from rso_report.edition import read_parameters
from rso_report.errors import ReportError
from rso_report.intake import ingest
from rso_report.intake.draft import draft
from rso_report.intake.population import take_in
from rso_report.intake.sheets import read_sheets

TEXT = (Path(__file__).parent / "fixtures" / "messages.txt").read_text(encoding="utf-8")
MESSAGES = dict(re.findall(r"^# (.+)\n((?:[^#\n].*\n)+)", TEXT, re.MULTILINE))


@cache
def data():
    return ingest.load(dataset.data_folder())


def package(folder):
    """A copy of the data package: taking a return in locks the folder that it stands in."""
    return shutil.copytree(dataset.data_folder(), folder / "package" / "data")


def parameters(**given):
    return lambda folder: read_parameters({}, **given)


def parameters_file(text):
    def read(folder):
        (folder / "my.yaml").write_text(text)
        return read_parameters(folder / "my.yaml")

    return read


def table(name, old, new):
    """The data package with one cell of it spoilt."""

    def load(folder):
        path = package(folder) / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        return dataset.load(name, folder=path.parent)

    return load


def drafted(cells, **say):
    def make(folder):
        (folder / "reply.txt").write_text("\n".join("\t".join(row) for row in cells))
        print(draft(folder / "reply.txt", data(), say, {}))

    return make


def residents(change):
    def add(folder):
        path, _ = test_population.workbook(folder / "mye.xlsx", change)
        return take_in(path, 2034, SOURCE, {}, package(folder))

    return add


OTHERS = {
    "parameter misspelt": parameters(report_yaer="2020-21"),
    "year as a number": parameters(report_year=202021),
    "region misspelt": parameters(region="Duram"),
    "two parameters of a file": parameters_file("region: No\nweeks: 0\n"),
    "cell of the data": table("breaches", ",412,", ",many,"),
    "column of a draft misspelt": drafted([HEAD, [TITLE, "3", "4"]], mesure_code="STOCK_MAPPA"),
    "figure that a draft leaves blank": drafted([HEAD, [TITLE, "*", "4"]], force="WAR"),
    "district that is new": residents(test_population.unknown),
}


def said(label, folder, capsys):
    """What a person is told of a wrong input, without the folder that it stands in."""
    files = {name: case for name, *case in FILES}
    try:
        if label in RETURNS:
            ingest.ingest(RETURNS[label][0](folder), SOURCE, package(folder))
        elif label in files:
            name, content, _ = files[label]
            content = content() if callable(content) else content
            content = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(content)
            read_sheets(folder / name)
        else:
            OTHERS[label](folder)
        told = capsys.readouterr().out
    except ReportError as error:
        told = str(error)
    return told.replace(f"{folder}/", "").strip()


@pytest.mark.parametrize("label", MESSAGES)
def test_a_message_says_where_what_was_found_what_is_allowed_and_what_to_do(
    label, tmp_path, capsys, monkeypatch
):
    held = data()
    monkeypatch.setattr(ingest, "load", lambda folder: held)
    assert said(label, tmp_path, capsys) == MESSAGES[label].strip()
