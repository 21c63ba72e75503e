"""From a number in a table of the report to the rows of data it came from, and back.

The stored outputs of the notebooks are read as a reader sees them: every row identifier must
exist and lead to a source, a place and a definition, and the number must come out of those rows.
"""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from rso_report import dataset

ROOT = Path(__file__).resolve().parents[1]
PREFIXES = {
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
    "PO": "population",
}
# Column that holds the number, for each table whose rows name what they came from.
NUMBERS = {
    "tab-register-totals": ["People on the register"],
    "tab-community-and-register": ["Register, with custody", "Community at 31 March"],
    "tab-outcomes": ["Cautions or convictions", "RSOs in the community at the end"],
    "tab-orders-imposed": ["Orders made"],
    "tab-missing-snapshots": ["Missing"],
    "tab-missing-parts": ["People"],
    "tab-missing-elsewhere": ["Missing"],
    "tab-visit-policies": ["Longest interval, months"],
    "tab-published-tiers": ["Value"],
    "tab-staffing": ["Value"],
    "tab-titles-notification-wmp": ["Total, computed"],
    "tab-titles-shpo-wmp": ["Total, computed"],
    "tab-titles-sro-wmp": ["Total, computed"],
    "tab-community-counts-and-rates": ["RSOs in the community", "Rate as published"],
}

KINDS = {
    "RSOs in the community": "RO",
    "Rate as published": "RT",
    "Cautions or convictions": "BR",
    "RSOs in the community at the end": "RO",
}


@pytest.fixture(scope="module")
def data():
    return dataset.load(*PREFIXES.values())


@pytest.fixture(scope="module")
def tables():
    """Every table of the committed notebooks that names its rows: identifier and records."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                html = output.get("data", {}).get("text/html", "")
                for figure in BeautifulSoup(html, "html.parser").find_all("figure"):
                    heads = [th.get_text() for th in figure.select("thead th")]
                    if {"Row", "Rows"} & set(heads):
                        body = [
                            dict(
                                zip(
                                    heads,
                                    [c.get_text() for c in tr.find_all(["th", "td"])],
                                    strict=True,
                                )
                            )
                            for tr in figure.select("tbody tr")
                        ]
                        found[figure["id"]] = body
    return found


def identifiers(record):
    return (record.get("Row") or record.get("Rows") or "").split()


def row_of(data, identifier):
    table = getattr(data, PREFIXES[identifier[:2]])
    rows = table[table["row_id"] == identifier]
    assert len(rows) == 1, f"{identifier} is not in the data"
    return rows.iloc[0]


def number(text):
    found = re.search(r"\d[\d,]*", text)
    return int(found[0].replace(",", "")) if found else None


def test_the_tables_that_name_their_rows_are_the_ones_checked_here(tables):
    assert set(tables) == {*NUMBERS, "tab-rule-findings"}


def test_every_identifier_leads_to_a_row_with_source_place_and_definition(data, tables):
    names = {i for body in tables.values() for record in body for i in identifiers(record)}
    assert len(names) > 200
    sources = set(data.sources["source_id"])
    for name in names:
        row = row_of(data, name)
        assert row["source_id"] in sources and row["locator"]


@pytest.mark.parametrize("table_id", NUMBERS)
def test_the_number_comes_out_of_its_rows(data, tables, table_id):
    checked = 0
    for record in tables[table_id]:
        rows = [row_of(data, name) for name in identifiers(record)]
        if not rows:  # a row of totals, or one that says that nothing is published
            continue
        value = "max_interval_months" if table_id == "tab-visit-policies" else "value"
        columns = NUMBERS[table_id]
        for position, column in enumerate(columns):
            shown = number(record[column])
            if shown is None:  # [x], or set for each person
                continue
            own = rows
            if column in KINDS:
                own = [row for row in rows if row["row_id"].startswith(KINDS[column])]
            elif len(columns) == 2:  # two rows of one table, in the order of the columns
                own = [rows[position]]
            assert shown == sum(row[value] for row in own), (column, record)
            checked += 1
    assert checked


def test_a_revised_total_comes_out_of_the_revised_rows(data, tables):
    region = next(r for r in tables["tab-missing-snapshots"] if "region" in r["Unit"])
    assert number(region["Missing"]) == 52 and number(region["At first reply"]) == 55
