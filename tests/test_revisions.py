"""A figure that was corrected or revised counts once, is marked, and keeps its first value.

One copy of the data has a revising row in every table. The notebooks are run on it, and each block
that showed the old figure must show the new one with [r] and the old one beside it, and no block
their sum.
"""

import copy
import csv
import io
import json
import re
import shutil

import nbformat
import notebook_blocks
import pandas as pd
import pytest

from rso_report import (
    breaches,
    corrections,
    dataset,
    missing,
    reconcile,
    register,
    revisions,
    tables,
)
from rso_report.edition import open_edition
from rso_report.errors import FaultError
from rso_report.publication import data_page, workbook

LATER = "bpost-2023-01-05"  # a source published after the default edition's year
# Row that is revised, its identifier, its new value, and who changed it: another source, the same
# source in a later place, or we ourselves, who had read the place wrongly.
REVISED = [
    ("RO0003", "RO9001", 4783, "another source"),
    ("RO0002", "RO9002", 173, "a later place"),
    ("RO0011", "RO9003", 4447, "another source"),
    ("RO0008", "RO9004", 3911, "a later place"),
    ("RO9004", "RO9005", 4001, "another source"),
    ("RT0001", "RT9001", 457, "another source"),
    ("RT0005", "RT9002", 431, "a later place"),
    ("BR0004", "BR9001", 307, "another source"),
    ("BR0029", "BR9002", 461, "our reading"),
    ("BR0047", "BR9003", 353, "another source"),
    ("OR0001", "OR9001", 2113, "a later place"),
    ("OR0005", "OR9002", 283, "another source"),
    ("MI0007", "MI9001", 151, "another source"),
    ("MI0009", "MI9002", 139, "a later place"),
    ("MI0010", "MI9003", 97, "a later place"),
    ("TI0003", "TI9001", 499, "another source"),
    ("TI0010", "TI9002", 17123, "a later place"),
    ("ST0003", "ST9001", 347, "a later place"),
    ("TO0002", "TO9001", 709, "our reading"),
    ("CH0001", "CH9001", 11, "another source"),
]
PRINTED = ["published_changes"]  # these stand on no page of the edition by themselves
FINDINGS = "data-quality: tab-rule-findings"  # what the sources print, whoever revised it


def table_of(row_id):
    return dataset.ROW_TABLES[row_id[:2]]


def revise(folder, changes):
    """Append to the files of a data package a row for each change."""
    for old_id, new_id, value, how in changes:
        path = folder / f"{table_of(old_id)}.csv"
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        old = next(row for row in rows if row["row_id"] == old_id)
        new = old | {"row_id": new_id, "value": value, "status": "revised", "revises_row": old_id}
        if how == "another source":
            new |= {"source_id": LATER, "locator": "article text"}
        elif how == "a later place":
            new |= {"locator": "a later letter"}
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, list(old), lineterminator="\n").writerow(new)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(dataset.data_folder(), tmp_path / "data")


@pytest.fixture(scope="module")
def revised(tmp_path_factory):
    """The data with every revision, as the data package is loaded: so all checks pass."""
    folder = shutil.copytree(dataset.data_folder(), tmp_path_factory.mktemp("revised") / "data")
    revise(folder, REVISED)
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]], folder=folder)


@pytest.fixture(scope="module")
def outputs(revised):
    return {path: notebook_blocks.run(path, revised) for path in notebook_blocks.NOTEBOOKS}


@pytest.fixture(scope="module")
def shown(outputs):
    """Blocks of the edition on the revised data."""
    return [block for path, own in outputs.items() for block in notebook_blocks.blocks(path, own)]


@pytest.fixture(scope="module")
def before():
    return [
        block
        for path in notebook_blocks.NOTEBOOKS
        for block in notebook_blocks.blocks(path, notebook_blocks.known_outputs(path))
    ]


def words(block):
    """What is read of a block; of a chart its words, not its drawing.

    Without the least and most visits of the illustration: with one visit a year for each person,
    the least is the same number as the people.
    """
    text = " ".join(json.loads(block.text)[0].values()) if block.key == "chart" else block.text
    text = text.replace("**", "")
    return re.sub(r"from [\d,]+ to [\d,]+|Everybody at low risk.*", "", text)


def token(value):
    """A pattern for a number that stands alone."""
    return rf"(?<![\d,.]){re.escape(f'{value:,}')}(?![\d,]|\.\d)"


def ends():
    """Each chain of revisions: first row and last row, first value and last value."""
    whole = dataset.load(*{table_of(old) for old, *_ in REVISED})
    replaced = {old for old, *_ in REVISED}
    for old_id, new_id, value, _ in REVISED:
        if new_id in replaced:
            continue
        first = old_id
        while first in {new for _, new, *_ in REVISED}:
            first = next(old for old, new, *_ in REVISED if new == first)
        rows = getattr(whole, table_of(first)).set_index("row_id")
        yield first, new_id, int(rows.at[first, "value"]), value


ENDS = list(ends())


@pytest.mark.parametrize(("first", "last", "was", "now"), ENDS, ids=[e[0] for e in ENDS])
def test_wherever_a_figure_stood_it_is_revised_marked_and_beside_its_first_value(
    before, shown, first, last, was, now
):
    old = [
        block
        for block in before
        if first in block.rows and re.search(token(was), words(block)) and block.place != FINDINGS
    ]
    assert old or table_of(first) in PRINTED, "the figure stands nowhere, so nothing is proved"
    old_value = rf"{re.escape(f'{was:,}')} at first"
    # A mark in a table, which explains it; in a sentence words.
    told = rf"{token(now)}[^|;]{{0,20}}(\[r\] \(|\(revised; ){old_value}\)"
    if first.startswith("MI"):  # a sentence puts the date between, a table a column of its own
        told += (
            rf"|{token(now)} (\[r\]|\(revised\)) "
            rf"(\| {was} \||[^;]*; {old_value} reply|[^;]*{old_value} reply\))"
        )
    for block in old:
        own = [b for b in shown if b.place == block.place and last in b.rows]
        assert any(re.search(told, words(b)) for b in own), (block.place, block.text[:300])


@pytest.mark.parametrize(("first", "last", "was", "now"), ENDS, ids=[e[0] for e in ENDS])
def test_no_block_shows_it_unmarked_or_names_only_the_old_row_or_adds_both(
    shown, first, last, was, now
):
    for block in shown:
        text = words(block)
        if last in block.rows and block.place != FINDINGS:
            for found in re.finditer(token(now), text):
                marked = text[found.end() : found.end() + 25]
                assert "[r]" in marked or "(revised" in marked, (block.place, text[:300])
        if first in block.rows and block.place != FINDINGS:
            assert last in block.rows, (block.place, text[:300])
        if last in block.rows:
            assert not re.search(token(was + now), text), (block.place, text[:300])


def test_no_block_shows_or_names_a_revision_that_was_itself_revised(shown):
    own = [block for block in shown if "RO9004" in block.rows or "3,911" in words(block)]
    assert {block.place for block in own} <= {FINDINGS}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        # 268 became 307: the family, its total and the total of the title follow.
        ("summary: text", "307 (revised; 268 at first)"),
        ("breaches: text", "307 (revised; 268 at first) breaches of notification"),
        ("breaches: tab-titles-notification-wmp", "1,716 [r] (1,677 at first)"),
        ("breaches: tab-titles-notification-wmp", "1,760 [r] (1,721 at first)"),
        # What the source printed is printed still, unless we had read it wrongly.
        ("breaches: tab-titles-notification-wmp", "709 [r] (18 at first)"),
        ("breaches: fig-recorded-offences-chart", "307 [r] (268 at first)"),
        # 49 became 461, in both readings of a heading that names another order.
        ("breaches: tab-headings-and-titles", "461 [r] (49 at first)"),
        # 4,585 men and 57 women, which became 173.
        ("regional-trends: tab-register-totals", "4,758 [r] (4,642 at first)"),
        ("regional-trends: tab-register-by-sex", "4,758 [r] (4,642 at first)"),
        ("breaches: tab-orders-in-force", "2,129 [r] (2,052 at first)"),
        # The printed sum of 55 follows its parts: 46 became 151, 5 became 2, 4 became 97.
        ("missing-offenders: tab-missing-snapshots", "250 [r] (55 at first)"),
        ("missing-offenders: tab-missing-snapshots", "| 151 [r] (46 at first) |"),
        ("missing-offenders: tab-missing-snapshots", "of 4,447 [r] (4,380 at first)"),
        ("missing-offenders: fig-missing-share", "139 [r] (14 at first)"),
        (
            "missing-offenders: text",
            "3 replies were changed later, which makes 250",
        ),
        ("home-visits: text", "356 (revised; 54 at first) together"),
        ("home-visits: tab-visits-by-tier", "4,001 [r] (3,655 at first)"),
        ("data-quality: tab-rate-back-test", "4,001 [r] (3,655 at first)"),
        ("data-quality: tab-rate-back-test", "457 [r] (144 at first)"),
        (
            "breaches: tab-outcomes",
            "353 [r] (46 at first) (“breaches”) | 4,001 [r] (3,655 at first)",
        ),
    ],
)
def test_sums_and_shares_follow_the_figure_that_counts_now(shown, place, text):
    own = [words(block) for block in shown if block.place == place]
    assert any(text in said for said in own), "\n".join(own)


def test_rates_are_computed_from_the_figure_that_counts_now(revised):
    edition, _ = open_edition(copy.copy(revised), report_year="2021-22", region="West Midlands")
    rates = register.rates(revised, edition).set_index(["area_id", "as_at"])
    row = rates.loc[("WMP", pd.Timestamp("2021-03-31"))]
    assert (row["count"], row["first_count"], row["count_rows"]) == (4001, 3655, "RO9005+RO0008")
    assert row["rate"] == pytest.approx(1e5 * 4001 / 2_542_714)
    snapshot = missing.snapshots(revised, edition).set_index("row_id").loc["MI9001"]
    assert snapshot["share"] == pytest.approx(100 * 151 / 4447)
    outcome = breaches.outcomes(revised, edition).set_index("row_id").loc["BR9003"]
    assert outcome["per_1000"] == pytest.approx(1000 * 353 / 4001)


def test_a_later_source_reaches_the_edition_of_the_year_that_the_figure_is_about(revised):
    published = revised.sources.set_index("source_id").at[LATER, "published"]
    edition, _ = open_edition(copy.copy(revised), report_year="2020-21", region="West Midlands")
    assert published > pd.Timestamp(edition.year.end)
    latest = register.latest(register.community(revised, edition), "WMP")
    assert (latest["row_id"], latest["value"], latest["first_value"]) == ("RO9005", 4001, 3655)


def test_files_and_spreadsheet_have_number_mark_and_first_value(outputs, tmp_path):
    path = next(p for p in outputs if p.stem == "breaches")
    cells = [
        nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=output)])
        for output in outputs[path]
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "breaches.ipynb")
    sheets = {t.identifier: t for t in workbook.published_tables([tmp_path / "breaches.ipynb"])}
    columns, values, _ = workbook.cells(sheets["tab-titles-notification-wmp"].table)
    at = columns.index("2020-21")
    assert columns[at + 1] == "2020-21: shorthand"
    assert values[0][at : at + 2] == [307, "[r] (268 at first)"]
    columns, values, _ = workbook.cells(sheets["fig-recorded-offences-chart"].table)
    at = columns.index("Offences")
    assert [307, "[r] (268 at first)"] in [row[at : at + 2] for row in values]
    table = sheets["tab-titles-notification-wmp"].table
    html = tables.html(table)
    assert b"307 [r] (268 at first)" in tables.csv_file(table)
    assert '<td class="num">307 [r] (268 at first)</td>' in html
    assert "[r] revised" in html


def test_a_block_that_forgets_the_mark_is_caught(shown):
    block = next(b for b in shown if "4,001 [r] (3,655 at first)" in b.text)
    bare = copy.copy(block)
    object.__setattr__(bare, "text", block.text.replace(" [r] (3,655 at first)", ""))
    with pytest.raises(AssertionError):
        test_no_block_shows_it_unmarked_or_names_only_the_old_row_or_adds_both(
            [bare], "RO0008", "RO9005", 3655, 4001
        )


# The rule itself


def frame(*rows):
    columns = ["row_id", "revises_row", "value", "source_id", "locator"]
    return pd.DataFrame(rows, columns=columns).assign(status="final")


CHAIN = frame(
    ("A", "", 1, "s", "p. 1"),
    ("B", "A", 2, "s", "p. 1"),  # we had misread page 1
    ("C", "B", 3, "s", "p. 9"),  # the source changed its figure
    ("D", "C", 4, "s", "p. 9"),  # we had misread page 9
    ("E", "", 5, "s", "p. 2"),
)


def test_the_last_row_of_a_chain_counts_with_the_value_of_the_first():
    found = revisions.current(CHAIN).set_index("row_id")
    assert found.index.tolist() == ["D", "E"]
    assert found.loc["D", ["value", "first_value", "first_row", "rows"]].tolist() == [
        *(4, 1, "A", "D+A")
    ]
    assert found.loc["E", ["first_row", "rows"]].tolist() == ["", "E"]
    assert pd.isna(found.at["E", "first_value"])
    assert revisions.first_total(found) == 6
    assert pd.isna(revisions.first_total(found.loc[["E"]]))


def test_a_doubtful_row_does_not_count():
    doubted = CHAIN.assign(status=["final"] * 4 + ["doubtful"])
    assert revisions.current(doubted)["row_id"].tolist() == ["D"]


def test_what_a_source_printed_is_without_our_misreadings_and_first_without_its_revisions():
    assert revisions.as_printed(CHAIN)["row_id"].tolist() == ["B", "D", "E"]
    assert revisions.first_printed(CHAIN)["row_id"].tolist() == ["B", "E"]
    assert revisions.is_correction(CHAIN).tolist() == [False, True, False, True, False]


def test_a_row_that_is_referred_to_is_followed_to_the_one_that_counts_now():
    assert revisions.now(CHAIN, pd.Series(["A", "C", "E", ""])).tolist() == ["D", "D", "E", ""]


def test_a_table_without_rows_has_none_that_count():
    assert revisions.current(CHAIN.iloc[:0]).empty
    assert revisions.first_printed(CHAIN.iloc[:0]).empty


# What the data check refuses


def faults(folder, name):
    try:
        dataset.load(name, folder=folder)
    except FaultError as error:
        return error.faults
    return []


# Answers have no row yet; that one is corrected by another, test_ingest.py shows.
@pytest.mark.parametrize(
    "name",
    [
        r["name"]
        for r in dataset.descriptor()["resources"]
        if data_page.can_revise(r) and r["name"] != "answers"
    ],
)
def test_every_table_takes_a_revision_by_the_same_source_and_a_revision_of_it(folder, name):
    kind = next(kind for kind, table in dataset.ROW_TABLES.items() if table == name)
    first = dataset.load(name)
    row = getattr(first, name).loc[lambda f: f["revises_row"] == ""].iloc[0]
    value = int(row["value"])
    revise(
        folder,
        [
            (row["row_id"], f"{kind}9001", value, "a later place"),
            (f"{kind}9001", f"{kind}9002", value, "a later place"),
        ],
    )
    found = getattr(dataset.load(name, folder=folder), name)
    assert len(revisions.current(found)) == len(revisions.current(getattr(first, name)))


def respell(folder, name, old, new):
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_row_that_revises_itself_or_goes_round_in_a_circle_is_one_fault(folder):
    revise(folder, [("ST0003", "ST9001", 46, "a later place")])
    respell(folder, "staffing", "45,exact,final,,", "45,exact,revised,ST9001,")
    (fault,) = faults(folder, "staffing")
    assert "leads back to this row (ST0003 to ST9001 to ST0003)" in str(fault)
    respell(folder, "staffing", "46,exact,revised,ST0003", "46,exact,revised,ST9001")
    itself = [fault for fault in faults(folder, "staffing") if "ST9001 to ST9001" in fault.found]
    assert len(itself) == 1


@pytest.mark.parametrize("how", ["a later place", "another source"])
def test_two_revisions_of_one_row_are_one_fault(folder, how):
    revise(folder, [("ST0003", "ST9001", 46, "a later place"), ("ST0003", "ST9002", 47, how)])
    (fault,) = faults(folder, "staffing")
    assert "'ST0003', which ST9001 revises too" in str(fault) and fault.row


@pytest.mark.parametrize(
    ("row_id", "old", "new", "column"),
    [
        ("RO0003", ",2021-02-22,", ",2021-02-21,", "as_at"),
        ("RO0003", ",both,all,all,", ",both,male,all,", "sex"),
        ("RO0003", ",both,all,all,", ",both,all,2,", "mappa_level"),
        ("RO0003", ",both,all,all,", ",custody,all,all,", "custody_status"),
        ("RO0003", ",WMP,", ",STA,", "area_id"),
        ("RO0003", ",STOCK_FOI,", ",STOCK_MAPPA,", "series_id"),
        ("RT0001", ",rate_per_100k_10plus,", ",rate_per_100k_all_ages,", "measure"),
        ("CH0001", ",2020-03-31,", ",2019-03-31,", "from_date"),
        ("BR0004", ",Failure to comply with", ",Other failure to comply with", "offence_title"),
        ("BR0004", ",2020-04-01,2021-03-31,", ",2021-04-01,2022-03-31,", "period_start"),
        ("OR0001", ",SHPO,", ",SRO,", "order_type"),
        ("MI0007", ",WHEREABOUTS_UNKNOWN,", ",NOT_STATED,", "definition_code"),
        ("MI0007", ",all,all,all,", ",all,all,yes,", "believed_abroad"),
        ("TI0003", ",high,", ",very_high,", "risk_tier"),
        ("ST0003", ",constable,", ",sergeant,", "rank"),
        ("TO0002", ",row,", ",grand,", "axis"),
    ],
)
def test_a_revision_of_another_figure_is_one_fault_that_says_in_what(
    folder, row_id, old, new, column
):
    name, new_id = table_of(row_id), f"{row_id[:2]}9001"
    allowed = {f["name"]: f for f in resource(name)["schema"]["fields"]}[column]
    value = new.strip(",").split(",")[-1]
    assert column not in ("measure",) or value in allowed["constraints"]["enum"], allowed
    revise(folder, [(row_id, new_id, 7, "another source")])
    path = folder / f"{name}.csv"
    *lines, last = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert old in last
    path.write_text("".join([*lines, last.replace(old, new, 1)]), encoding="utf-8")
    (fault,) = [f for f in faults(folder, name) if f.column == "revises_row"]
    assert fault.row == len(lines) + 1 and f"differs in {column}" in fault.found
    assert "same area, date, measure and kind" in fault.allowed


def resource(name):
    return next(r for r in dataset.descriptor()["resources"] if r["name"] == name)


# Pages of the data


def test_a_replaced_row_stays_on_its_page_with_a_link_to_what_replaces_it(revised):
    html = data_page.rows_html(revised, "registered_offenders")
    assert '<a href="#row-ro9004">replaced by RO9004</a></td>' in html
    both = '<a href="#row-ro9005">replaced by RO9005</a> <a href="#row-ro0008">replaces RO0008</a>'
    assert both in html
    assert "replace" not in data_page.rows_html(revised, "visit_policy")


def test_the_corrections_page_lists_every_row_that_replaces_another(revised, data):
    html = data_page.corrections_html(revised)
    new = revised.breaches.set_index("row_id").loc["BR9002"]
    assert html.count("<tr>") == 1 + len(corrections.replacements(data)) + len(REVISED)
    for old, new, *_ in REVISED:
        page = f"rows-{table_of(old).replace('_', '-')}.md"
        links = (f'<a href="{page}#row-{name.lower()}">{name}</a>' for name in (old, new))
        assert f">{' '.join(links)}</td>" in html
    assert html.count("<td>our correction</td>") == 2
    assert "2 figures of this report have been corrected." in html


def test_with_no_replacement_the_corrections_page_says_so_and_shows_no_table(data):
    data = copy.copy(data)
    for name in dataset.ROW_TABLES.values():
        rows = getattr(data, name)
        if "revises_row" in rows:
            setattr(data, name, rows[rows["revises_row"] == ""])
    assert data_page.corrections_html(data) == (
        "<p>No figure of this report has been corrected so far.</p>"
    )


# Those who ask what the sources say


def test_a_source_is_checked_as_it_printed_its_figures_not_as_others_changed_them(data, revised):
    def totals(data):
        found = reconcile.findings(data)
        own = found[found["rule"].isin(["row_total", "column_total"])]
        return set(zip(own["place"], own["printed"], own["found"], strict=True))

    misread = {found for found in totals(revised) if "582" in found[2] or found[1] == "709"}
    # Our own corrections (49 to 461, 18 to 709) change what the source is taken to print; the
    # revision of 268 by another source does not make its table add up otherwise.
    assert misread and not [
        found
        for found in totals(revised) - totals(data) - misread
        if "1716" in found[2] or "1760" in found[2]
    ]
