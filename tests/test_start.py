"""The start page: what its tiles say, where each number leads, and what an edition adds."""

import copy
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from rso_report import dataset, news, register, sparks, start
from rso_report.edition import open_edition
from rso_report.sparks import Spark

ROOT = Path(__file__).resolve().parents[1]
CASES = [
    ("2021-22", "West Midlands"),
    ("2019-20", "West Midlands"),
    ("2012-13", "Wales"),
    ("2019-20", "London"),
    ("2020-21", "North East"),
    ("2001-02", "South West"),
    ("2009-10", "East Midlands"),
    ("2023-24", "Yorkshire and the Humber"),
]
MADE = {}


@pytest.fixture(scope="module")
def data():
    return dataset.load(*[r["name"] for r in dataset.descriptor()["resources"]])


def opened(data, year="2021-22", region="West Midlands"):
    return open_edition(data, report_year=year, region=region)


def made(data, year="2021-22", region="West Midlands"):
    """The tiles of an edition; of the unchanged data they are made once."""
    key = (id(data), year, region)
    if key not in MADE:
        MADE[key] = (data, start.tiles(data, opened(data, year, region)[0]))
    return MADE[key][1]


def tile(data, tile_id, **edition):
    return next(each for each in made(data, **edition) if each.tile_id == tile_id)


def entry(data, tile_id, label, **edition):
    found = [e for e in tile(data, tile_id, **edition).entries if e.label.startswith(label)]
    assert len(found) == 1, [e.label for e in found]
    return found[0]


def changed(data, table, row_id, value):
    """A copy of the data in which one cell has another value."""
    other = copy.copy(data)
    frame = getattr(data, table).copy()
    frame.loc[frame["row_id"] == row_id, "value"] = value
    setattr(other, table, frame)
    return other


@pytest.mark.parametrize(
    ("tile_id", "label", "value", "when", "note", "row"),
    [
        (
            "tile-community",
            "West Midlands Police",
            "3,655",
            "on 31 March 2021",
            "+6.4% since 31 March 2019",
            "RO0008",
        ),
        (
            "tile-community",
            "Staffordshire",
            "1,318",
            "on 31 March 2021",
            "+40.4% since 31 March 2015",
            "RO0009",
        ),
        (
            "tile-community",
            "West Mercia",
            "1,405",
            "on 31 March 2020",
            "no comparable count",
            "RO0048",
        ),
        (
            "tile-missing",
            "West Midlands Police",
            "46",
            "22 February 2018",
            "of the 4,380",
            "RO0011",
        ),
        ("tile-missing", "West Midlands Police", "46", "", "1.05% (0.79 to 1.40)", "MI0007"),
        ("tile-missing", "Staffordshire", "2 [r]", "22 February 2018", "5 at first", "MI0006"),
        ("tile-missing", "West Midlands region", "52 [r]", "", "55 at first reply", "MI0010"),
        ("tile-recorded", "West Midlands Police, not", "268", "in 2020-21", "286 [p]", "BR0005"),
        ("tile-recorded", "West Midlands Police, sexual h", "50", "in 2020-21", "44 if", "BR0040"),
        ("tile-outcomes", "West Mercia", "16", "in 2019-20", "printed as “offenders”", "BR0049"),
        ("tile-outcomes", "West Midlands Police", "46", "in 2020-21", "", "BR0047"),
        ("tile-outcomes", "Staffordshire Police", "26", "in 2020-21", "", "BR0048"),
        ("tile-visits", "Staffordshire", "260", "December 2017", "had been made", "ST0006"),
        (
            "tile-visits",
            "West Midlands Police",
            "about 250",
            "2015 (as-at date not stated), 6 years",
            "checks",
            "ST0014",
        ),
    ],
)
def test_a_tile_quotes_the_figures_of_the_default_edition(
    data, tile_id, label, value, when, note, row
):
    found = entry(data, tile_id, label)
    assert found.value.startswith(value)
    assert when in found.when and note in found.note and row in found.all_rows


def test_growth_is_set_beside_the_growth_of_the_population(data):
    found = entry(data, "tile-community", "West Midlands Police")
    assert "+6.4% since 31 March 2019 (residents aged 10+: +1.2%; England and Wales: +6.6% (" in (
        found.note
    )
    assert {"PD-WMP-2018", "PD-WMP-2020", "RO0008", "RO0050"} <= set(found.all_rows)


def test_a_force_without_a_figure_and_a_region_without_a_force_are_named_as_gaps(data):
    assert entry(data, "tile-community", "Warwickshire").value == "no figure found"
    region = entry(data, "tile-community", "West Midlands region")
    assert region.value == "no total" and region.is_gap
    assert "31 March 2021: for West Mercia Police and Warwickshire Police" in region.note
    assert entry(data, "tile-recorded", "Staffordshire").value == "no figure found"


def test_a_region_with_all_its_forces_has_a_sum_that_names_every_row(data):
    found = entry(data, "tile-community", "North East region", year="2020-21", region="North East")
    assert found.value == "3,759" and len(found.rows) == 3


@pytest.mark.parametrize(("year", "region"), CASES)
def test_every_number_has_its_date_source_and_row_and_every_gap_says_so(data, year, region):
    known = {name for table in ("registered_offenders", "missing", "breaches", "staffing")
             for name in getattr(data, table)["row_id"]}  # fmt: skip
    known |= set(register.population_sums(data)["row_id"])
    sources = set(data.sources["source_id"])
    for each in made(data, year, region):
        assert each.entries and each.caveat
        for found in each.entries:
            if re.search(r"\d", found.value):
                assert found.when and found.rows and found.sources, (each.tile_id, found)
                assert set(found.all_rows) <= known and set(found.sources) <= sources
            else:
                assert found.value in ("no figure found", "no total"), found
                assert found.is_gap and found.spark is None
            assert "nan" not in f"{found.value} {found.when} {found.note}"


@pytest.mark.parametrize(("year", "region"), CASES)
def test_no_tile_mixes_series_and_a_number_comes_from_rows_of_its_series(data, year, region):
    frames = [data.registered_offenders, data.missing, data.breaches]
    series = pd.concat(frames).set_index("row_id")["series_id"]
    for each in made(data, year, region):
        assert len({found.series for found in each.entries}) == 1, each.tile_id
        for found in each.entries:
            own = [series[row] for row in found.all_rows if row in series.index]
            # A share of missing people also names the register of the same reply.
            beside = (
                {"STOCK_FOI"} if each.tile_id == "tile-missing" and "%" in found.note else set()
            )
            assert set(own) <= {found.series} | beside, (each.tile_id, found)


@pytest.mark.parametrize(("year", "region"), CASES)
def test_no_tile_shows_a_figure_later_than_its_edition(data, year, region):
    edition, _ = opened(data, year, region)
    frames = [data.registered_offenders, data.missing, data.breaches, data.staffing]
    visible = {row for frame in frames for row in edition.visible(frame)["row_id"]}
    shown = {row for each in made(data, year, region) for e in each.entries for row in e.all_rows}
    assert {row for row in shown if not row.startswith("PD")} <= visible


@pytest.mark.parametrize(
    ("table", "row", "value", "tile_id", "label", "said"),
    [
        ("registered_offenders", "RO0008", 3666, "tile-community", "West Midlands Police", "3,666"),
        ("registered_offenders", "RO0050", 3400, "tile-community", "West Midlands P", "+7.5%"),
        ("missing", "MI0007", 47, "tile-missing", "West Midlands Police", "1.07%"),
        ("breaches", "BR0005", 287, "tile-recorded", "West Midlands Police, not", "287 [p]"),
        ("breaches", "BR0047", 48, "tile-outcomes", "West Midlands Police", "48"),
        ("staffing", "ST0006", 271, "tile-visits", "Staffordshire Police", "271"),
    ],
)
def test_a_changed_row_changes_the_tile(data, table, row, value, tile_id, label, said):
    assert said not in str(entry(data, tile_id, label))
    assert said in str(entry(changed(data, table, row, value), tile_id, label))


@pytest.mark.parametrize(("year", "region"), CASES)
def test_the_list_is_the_same_every_time_and_its_only_ids_are_the_tiles(data, year, region):
    shown = made(data, year, region)
    html = start.to_html(shown, data)
    again = start.tiles(data, opened(data, year, region)[0])
    assert html == start.to_html(again, data)
    page = BeautifulSoup(html, "html.parser")
    assert [tag["id"] for tag in page.find_all(id=True)] == [each.tile_id for each in shown]
    assert len(page.select(".rso-tiles > li > h2")) == len(shown) == 5
    for found in page.select("li.rso-entry:not(.rso-gap)"):
        assert found.select("a[href^='../book/rows-']"), found
    for each, one in zip(shown, page.select(".rso-tile"), strict=True):
        cited = any(e.sources for e in each.entries)
        assert bool(one.select(".rso-source a[href*='#source-']")) == cited
    assert all(tag["aria-label"] for tag in page.select("[role=img]"))
    assert not page.select("svg [role], svg [aria-label], svg image")
    assert not page.find_all(["script", "style"]) and " on" + "click" not in html


def test_plain_text_says_what_the_list_says(data):
    text = start.to_text(made(data))
    for said in ("3,655", "no figure found", "1.05% (0.79 to 1.40)", "RO0008"):
        assert said in text


def drawn(chart, mark):
    """Marks of a kind in the SVG of a small chart."""
    svg = BeautifulSoup(Spark(chart, "words", "span", ()).svg(), "html.parser")
    groups = svg.select(f"g.mark-{mark}")
    return [path for group in groups for path in group.find_all(["path", "line"])]


def stock(*pairs):
    return pd.DataFrame([(pd.Timestamp(day), n) for day, n in pairs], columns=["as_at", "value"])


def test_a_line_joins_consecutive_years_only_and_never_crosses_a_break():
    gap = stock(("2009-03-31", 5), ("2011-03-31", 6), ("2012-03-31", 7), ("2013-03-31", 8))
    joined = [path for path in drawn(sparks.counts(gap), "line") if "L" in path["d"]]
    assert len(joined) == 1 and joined[0]["d"].count("L") == 2
    broken = drawn(sparks.counts(gap, [pd.Timestamp("2012-07-30")]), "line")
    assert sum(path["d"].count("L") for path in broken) == 1
    assert len(drawn(sparks.counts(gap, [pd.Timestamp("2012-07-30")]), "rule")) == 1
    assert not drawn(sparks.counts(gap, [pd.Timestamp("2020-01-01")]), "rule")
    assert len(drawn(sparks.counts(gap), "symbol")) == 4


def test_snapshots_that_do_not_count_the_same_are_not_drawn_beside_each_other(data):
    snapshots = [e for t in made(data) if t.tile_id == "tile-missing" for e in t.entries]
    assert snapshots and not any(e.spark for e in snapshots)
    west_midlands = entry(data, "tile-missing", "West Midlands Police")
    assert "address" in west_midlands.note and "4 years old by March 2022" in west_midlands.note


def test_a_part_year_is_hollow_and_a_year_without_figure_keeps_its_place():
    years = pd.DataFrame({"year": [2017, 2019], "value": [4, 2], "part": [False, True]})
    first, last = drawn(sparks.bars(years), "rect")
    assert (first["fill-opacity"], last["fill-opacity"]) == ("1", "0")
    assert sparks.bars(years).to_dict()["encoding"]["x"]["scale"]["domain"] == [2017, 2018, 2019]


def test_a_single_figure_has_no_chart(data):
    assert entry(data, "tile-outcomes", "West Midlands Police").spark is None
    assert entry(data, "tile-visits", "West Midlands Police").spark is None


def test_a_small_chart_says_its_numbers_in_words(data):
    words = entry(data, "tile-community", "West Midlands Police").spark.words
    assert "2019 3,435; 2020 3,563; 2021 3,655" in words


def test_change_is_given_only_between_comparable_counts(data):
    edition, _ = opened(data)
    counts = register.comparable(register.rates(data, edition), data.series_breaks, "WMP")
    assert set(counts["qualifier"]) <= {"exact", "rounded"}
    # Those of 2009 to 2011 lie before the review of indefinite notification.
    assert counts["as_at"].dt.year.tolist() == [2019, 2020, 2021]


def test_what_is_new_names_the_figures_that_end_in_the_year(data):
    edition, _ = opened(data)
    said = "\n".join(news.whats_new(data, edition))
    assert "edition for 2020-21" in said and "15 rows" in said
    for quoted in ("4,642 on 22 February 2022", "286 [p] in 2021-22", "66,741", "row-ro0001"):
        assert quoted in said
    assert "3,655" not in said and "Nothing new**: RSOs in the community" in said


def test_an_edition_with_nothing_new_says_so(data):
    lead = news.whats_new(data, opened(data, "2012-13", "Wales")[0])[0]
    assert lead.startswith("Nothing is new for the region") and "2011-12" in lead


def test_the_first_edition_has_none_before_it(data):
    lead = news.whats_new(data, opened(data, "2001-02", "South West")[0])[0]
    assert "first edition" in lead


def test_what_is_new_is_what_the_edition_before_does_not_see(data):
    edition, _ = opened(data)
    before = news.previous(edition)
    for frame in (data.registered_offenders, data.breaches, data.missing):
        new = set(edition.visible(frame)["row_id"]) - set(before.visible(frame)["row_id"])
        dates = [frame[name] for name in ("as_at", "period_end") if name in frame]
        ends = dates[0] if len(dates) == 1 else dates[0].fillna(dates[1])
        late = frame.loc[ends.between("2021-04-01", "2022-03-31"), "row_id"]
        assert new == set(late)


def test_revisions_by_sources_are_not_counted_as_corrections_of_ours(data):
    assert news.corrections(data).startswith("No figure of this report has been corrected so far.")
    assert "8 figures marked revised" in news.corrections(data)


def test_a_row_that_replaces_one_of_the_same_place_is_a_correction(data):
    other = copy.copy(data)
    frame = data.registered_offenders.copy()
    old = frame[frame["row_id"] == "RO0008"]
    new = old.assign(row_id="RO9999", status="revised", revises_row="RO0008", value=3656)
    other.registered_offenders = pd.concat([frame, new], ignore_index=True)
    assert news.corrections(other).startswith("1 figure of this report has been corrected.")
    assert "8 figures marked revised" in news.corrections(other)


def test_the_start_page_is_the_root_and_help_has_one_label():
    assert "root: notebooks/start\n" in (ROOT / "_toc.yml").read_text(encoding="utf-8")
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")]
    pages += [
        cell.source
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    ]
    assert sum(page.count("(help)=") for page in pages) == 1
    assert not any("book/index" in page or "(index.md" in page for page in pages)


def test_the_front_door_leads_to_the_start_page(site):
    assert "url=notebooks/start.html" in (site / "index.html").read_text(encoding="utf-8")
    page = BeautifulSoup((site / "notebooks/start.html").read_text(encoding="utf-8"), "html.parser")
    assert [h.get_text(strip=True).rstrip("#") for h in page.select("article h1")] == [
        "How registered sexual offenders are managed"
    ]
    assert "not official statistics" in page.get_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_holds_the_first_number_of_every_tile(browser, site, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto((site / "notebooks/start.html").as_uri())
    tops = page.locator(".rso-tile > .rso-entries > li:first-child .rso-number").all()
    assert len(tops) == 5
    for number in tops:
        box = number.bounding_box()
        assert box["y"] + box["height"] <= 800
    context.close()
