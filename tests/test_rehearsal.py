"""A whole new year, played on invented returns: replies in, checked, built, compared, published.

Four forces reply for 2024-25, each in a shape of its own, one of them wrongly at first; the
official tables come too. All is done in a copy of the checkout, by the commands that an analyst
types. Every figure is invented, and each source says so; nothing of it may be in the checkout.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from return_files import ORDER, TITLE, as_csv, as_ods, as_xlsx, flow, good, offences, stock, table
from test_population import workbook as population_workbook

from rso_report import dataset
from rso_report.intake import questions
from rso_report.periods import FinancialYear
from rso_report.return_form import SHEET, template_fields

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
MARKS = ("synthetic-rehearsal", "SYNTHETIC, invented for a rehearsal")
NOBODY = "Nobody (invented for a rehearsal)"
EARLIER, LATEST = "west-midlands-2021-22", "west-midlands-2024-25"
SRO = "Breach a sexual risk order / risk of harm order etc. or fail to comply with requirement"
SRO += " under Sec 122 c (4)"
NAMES = [field.name for field in template_fields()]


def source(force, day="2025-06-02"):
    """The options that describe the return of a force."""
    title = f"{MARKS[1]}: {force}, 2024-25"
    own = ["--source", f"{MARKS[0]}-{force}", "--title", title, "--publisher", NOBODY]
    return [*own, "--published", day]


def of(force, rows):
    return [row | {"force": force} for row in rows]


def west_midlands():
    """The return of the largest force, with a figure that replaces one of an earlier reply."""
    return of(
        "WMP",
        [
            stock("RSO_REGISTER", 5101),
            stock("RSO_COMMUNITY", 4002),
            stock("RSO_CUSTODY", 1090),
            stock("RSO_ABROAD", 9),
            stock("MISSING_STOCK", 58, definition_code="WHEREABOUTS_UNKNOWN"),
            offences(333),
            flow("SHPO_OFFENCES", 141, offence_title=ORDER),
            offences(271, period_start="2020-04-01", period_end="2021-03-31")
            | {"value_status": "revised", "revises_row": "BR0004"},
        ],
    )


def west_mercia():
    return of("WMC", [stock("RSO_REGISTER", 1811), stock("RSO_COMMUNITY", 1502), offences(97)])


def broken():
    """The same return with five faults of five kinds."""
    register, community, notified = west_mercia()
    return [
        register | {"value": -1811},
        community | {"as_at": 45747},  # 31 March 2025, as a spreadsheet counts days
        notified | {"offence_title": "Failure to wave"},
        register | {"force": "WMX"},
        notified | {"measure_code": "NOTIF_OFENCES"},
    ]


WARWICKSHIRE = [
    ["1a: breaches of the notification requirements"],
    ["Offence Title", "2023-24", "2024-25", "Total"],
    [TITLE, 40, 61, 101],
    ["Total", 40, 61, 101],
]
MAIL = """From: Freedom of Information
Subject: Your request (SYNTHETIC, invented for a rehearsal)

On 31 March 2025 we recorded:
Registered sexual offenders in the community: 702
RSOs in custody: 190
Missing: 6
"""
# Printed for one force each: an ODS of offences, and a workbook with a raised note at a number.
MERCIA = [["Offence Title", "2023-24", "2024-25"], [ORDER, 30, 44]]
BIRMINGHAM = [
    ["Offence Title", "2023-24", "2024-25"],
    [SRO, 33, CellRichText(["51", TextBlock(InlineFont(vertAlign="superscript"), "2")])],
]
# As the Ministry of Justice lays it out: a region, then its forces, "West Midlands" twice.
OFFICIAL = [
    ["Table 2: SYNTHETIC, invented for a rehearsal"],
    ["This worksheet contains one table. Some cells refer to notes."],
    ["Area", "31 March 2024", "31 March 2025"],
    ["West Midlands", 7370, 7605],
    ["Staffordshire", 1390, 1400],
    ["Warwickshire", 700, 705],
    ["West Mercia", 1480, 1500],
    ["West Midlands", 3800, 4000],
]


def filled_form(path, rows):
    """The form that a force is sent for 2024-25, filled in; what it has no cell for is left out."""
    data = dataset.load(*[each["name"] for each in dataset.descriptor()["resources"]])
    book = openpyxl.load_workbook(
        BytesIO(questions.workbook_template(data, rows[0]["force"], FinancialYear(2024)))
    )
    sheet = book[questions.FORM]
    for line in questions.layout(date(2025, 3, 31)):
        if line.kind == "choice" and "missing" in line.label:
            sheet.cell(line.row + 1, 2).value = "whereabouts unknown"
        for column, about in enumerate(line.cells, 2):
            for row in rows:
                same = all(row.get(n, "") == v for n, v in about.items() if n != "years_before")
                now = about.get("years_before", "0") == "0" and not about.get("sex")
                if about and same and now and line.label and not row.get("revises_row"):
                    sheet.cell(line.row + 1, column).value = row["value"]
    book.save(path)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


class Desk:
    """A copy of the checkout at which an analyst works."""

    def __init__(self, folder):
        self.root = folder / "checkout"
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.root / name)
        self.replies = folder / "replies"
        self.replies.mkdir()

    def __call__(self, *words, status=0, module="rso_report.cli"):
        """What a command printed, once it ended as it should."""
        environment = os.environ | {"PYTHONPATH": str(self.root / "src")}
        environment.pop("RSO_REPORT_DATA", None)
        command = [sys.executable, "-m", module, *map(str, words)]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )
        assert done.returncode == status, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def page(self, edition, name):
        """A page of an edition, as text and as a tree."""
        path = self.root / "_site" / edition / "notebooks" / f"{name}.html"
        tree = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        return " ".join(tree.select_one("article").get_text(" ").split()), tree


@pytest.fixture(scope="module")
def desk(tmp_path_factory, site):
    """The whole day; what each command printed is kept under its name."""
    desk = Desk(tmp_path_factory.mktemp("rehearsal"))
    # The last edition is online, built from the data as they were.
    served = desk.root / "build" / EARLIER / "pages"
    shutil.copytree(site, served)
    desk("_site", served / "index.html", module="rso_report.publication.site")
    desk.first = contents(desk.root / "data")
    shutil.copytree(desk.root / "data", desk.root.parent / "earlier-data")

    replies, said = desk.replies, {}
    wmp = as_xlsx(replies / "wmp.xlsx", table(west_midlands()))
    staffordshire = as_csv(replies / "sta.csv", table(good()), start=b"\xef\xbb\xbf")
    mercia = as_ods(replies / "wmc.ods", table(broken()), SHEET)
    warwickshire = as_csv(replies / "war.csv", WARWICKSHIRE)
    official = as_ods(replies / "mappa.ods", OFFICIAL, "Table_2")

    said["refused"] = desk("ingest", mercia, *source("wmc"), status=1)
    desk.after_refusal = contents(desk.root / "data")
    said["wmp"] = desk("ingest", wmp, *source("wmp"))
    said["sta"] = desk("ingest", staffordshire, *source("sta"))
    said["wmc"] = desk("ingest", filled_form(replies / "wmc.xlsx", west_mercia()), *source("wmc"))
    drafted = replies / "war-draft.xlsx"
    said["war draft"] = desk("draft", warwickshire, "--say", "force=WAR", "--out", drafted)
    said["war"] = desk("ingest", drafted, *source("war"))
    (replies / "war-mail.txt").write_text(MAIL, encoding="utf-8")
    on_day = ("--say", "as_at=2025-03-31", "--say", "definition_code=NOT_STATED")
    for force, file, more in (
        ("war-mail", replies / "war-mail.txt", on_day),
        ("wmc-orders", as_ods(replies / "orders.ods", MERCIA), ()),
        ("wmp-orders", as_xlsx(replies / "orders.xlsx", BIRMINGHAM), ()),
    ):
        drafted = replies / f"{force}-draft.xlsx"
        own = ("--say", f"force={force[:3].upper()}", *more)
        said[f"{force} draft"] = desk("draft", file, *own, "--out", drafted)
        said[force] = desk("ingest", drafted, *source(force))
    residents, _ = population_workbook(replies / "mye.xlsx", year=2025)
    said["residents"] = desk(
        *("population", residents, "--year", "2025", *source("mye", "2025-07-15")[:4]),
        *("--published", "2025-07-15"),
    )
    for year in ("2024", "2025"):
        drafted = replies / f"mappa-{year}.csv"
        desk(
            *("draft", official, "--out", drafted, "--say", "measure_code=STOCK_MAPPA"),
            *("--say", f"as_at={year}-03-31", "--say", f"column=31 March {year}"),
        )
        said[f"mappa {year}"] = desk(
            *("ingest", drafted, *source("mappa", "2025-10-30")),
            *("--kind", "official_statistics"),
        )
    desk.last = contents(desk.root / "data")
    said["again"] = desk("ingest", wmp, *source("wmp"))
    said["check"] = desk("check")
    said["build"] = desk("build", "--year", "2024-25")
    region = ("--region", "West Midlands")
    desk.changes = json.loads(desk("compare", "2023-24", "2024-25", *region, "--json"))
    older = ("--data-a", desk.root.parent / "earlier-data")
    said["revised"] = desk("compare", "2021-22", "2024-25", *region, *older)
    desk.said = said
    return desk


def test_a_broken_return_is_refused_with_every_fault_named_and_nothing_written(desk):
    assert desk.after_refusal == desk.first
    refused = desk.said["refused"]
    assert "Nothing was written." in refused and "5 faults in wmc.ods" in refused
    for words in ("-1811", "2025-03-31", "Failure to wave", "WMX", "did you mean NOTIF_OFFENCES"):
        assert words in refused, words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wmp", "added, 8 rows"),
        ("sta", "added, 18 rows"),
        ("wmc", "added, 3 rows"),
        ("war", "added, 6 rows"),
        ("war-mail", "added, 3 rows"),
        ("wmc-orders", "added, 2 rows"),
        ("wmp-orders", "added, 2 rows"),
        ("residents", "districts"),
        ("mappa 2024", "added, 5 rows"),
        ("mappa 2025", "added, 5 rows"),
    ],
)
def test_each_reply_is_taken_in_whatever_its_shape(desk, name, words):
    assert words in desk.said[name]


def test_the_same_return_again_is_in_the_data_already(desk):
    assert "already in the data" in desk.said["again"]
    assert contents(desk.root / "data") == desk.last != desk.first


def test_the_data_are_sound_with_all_of_it(desk):
    assert "nothing is wrong" in desk.said["check"]


def test_the_new_edition_shows_the_figures_that_came_in(desk):
    assert f"_site/{LATEST}/index.html" in desk.said["build"]
    trends, _ = desk.page(LATEST, "regional-trends")
    for number in ("4,000", "1,400", "1,500", "705"):
        assert number in trends, number
    breaches, _ = desk.page(LATEST, "breaches")
    for number in ("333", "141", "97", "61", "44", "51"):
        assert number in breaches, number
    assert "512" not in breaches  # the note 2 at the 51
    assert "58" in desk.page(LATEST, "missing-offenders")[0]


def test_a_figure_that_was_revised_has_its_mark_and_first_value(desk):
    text, _ = desk.page(LATEST, "breaches")
    assert "2020-21 271 [r] (268 at first)" in text


def test_every_source_says_on_the_page_that_it_is_invented(desk):
    for name in ("regional-trends", "breaches", "missing-offenders"):
        assert NOBODY in desk.page(LATEST, name)[0], name
    book = desk.root / "_site" / LATEST / "book"
    for name, says in (("rows-breaches", NOBODY), ("data-and-sources", MARKS[1])):
        assert says in (book / f"{name}.html").read_text(encoding="utf-8"), name


def test_the_earlier_edition_says_that_a_later_one_exists_and_leads_to_it(desk):
    for name in ("breaches", "summary"):
        _, tree = desk.page(EARLIER, name)
        notice = tree.select_one(".edition-notice")
        assert "This is the edition for 2021-22." in notice.get_text()
        target = desk.root / "_site" / EARLIER / "notebooks" / notice.a["href"]
        assert target.resolve().is_file() and f"/{LATEST}/notebooks/{name}.html" in str(target)
    switch = desk.page(LATEST, "breaches")[1].select_one(".edition-notice")
    assert switch.strong is None and f"/{EARLIER}/notebooks/breaches.html" in switch.a["href"]


def test_the_index_lists_both_editions(desk):
    listed = json.loads((desk.root / "_site" / "editions.json").read_text())["editions"]
    assert [(each["name"], each["latest"]) for each in listed] == [(LATEST, True), (EARLIER, False)]


def test_the_comparison_lists_what_is_new_and_what_changed_with_an_interval(desk):
    def found(**wanted):
        return [r for r in desk.changes if all(r[name] == v for name, v in wanted.items())]

    assert found(kind="new", value_b=333) and not found(kind="gone")
    (count,) = found(kind="latest", measure="community", area_id="WMP")
    assert (count["value_a"], count["value_b"]) == (3800, 4000)
    assert round(count["change"], 1) == 5.3  # everybody is counted: no interval
    (offences,) = found(kind="latest", measure="recorded", area_id="WAR")
    assert (offences["value_a"], offences["value_b"]) == (40, 61)
    shown = [round(offences[name], 1) for name in ("change", "change_lower", "change_upper")]
    assert shown == [52.5, 2.4, 127.2]  # 61/40, times and divided by exp(1.96 √(1/40 + 1/61))


def test_against_the_earlier_data_the_comparison_lists_what_was_revised(desk):
    revised = [line for line in desk.said["revised"].splitlines() if line.startswith("Revised: ")]
    assert len(revised) == 1 and revised[0].endswith(", 2020-21: 268 to 271 [r] (268 at first)")


def test_nothing_invented_is_in_the_checkout():
    for folder in ("data", "notebooks", "book"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                content = path.read_bytes().lower()
                assert not any(mark.lower().encode() in content for mark in MARKS), path
