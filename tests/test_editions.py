"""Which editions the data allow, what each lacks, and which are built."""

import itertools
import json

import pandas as pd
import pytest

from rso_report import coverage, dataset
from rso_report.edition import Edition, choices, open_edition
from rso_report.periods import FinancialYear
from rso_report.publication import editions


@pytest.fixture(scope="module")
def data():
    return dataset.load(*editions.TABLES)


@pytest.fixture(scope="module")
def lacking(data):
    return editions.lacking(data)


def build(site, slug, year, region):
    """Stand-in for a built edition: what is published with it of what it is."""
    said = {"region": region, "year": year, "title": f"{region}, {year}", "lacks": []}
    (site / slug).mkdir(parents=True)
    (site / slug / "edition.json").write_text(json.dumps(said | {"data_end": "2022-03-31"}))


@pytest.fixture
def site(tmp_path):
    site = tmp_path / "_site"
    build(site, "west-midlands-2019-20", "2019-20", "West Midlands")
    build(site, "west-midlands-2021-22", "2021-22", "West Midlands")
    build(site, "west-midlands-2022-23-0123abcd", "2022-23", "West Midlands")
    build(site, ".west-midlands-2023-24.new", "2023-24", "West Midlands")  # half replaced
    build(site, "wales-2010-11", "2010-11", "Wales")
    (site / "notes").mkdir()
    (site / "west-midlands-2021-22.pdf").touch()
    return site


def test_every_region_has_an_edition_of_every_year_with_data(data, lacking):
    for region in data.areas.loc[data.areas["kind"] == "region", "short_name"]:
        years = [e.report_year for e in lacking if e.region == region]
        first, last = choices(data).years(region)
        assert years == [
            str(FinancialYear(y)) for y in range(first.start_year, last.start_year + 1)
        ]
    assert len({edition.slug for edition in lacking}) == len(lacking)


def test_each_is_accepted_as_an_edition(data, lacking):
    for edition in list(lacking)[::20]:
        again, _ = open_edition(data, report_year=edition.report_year, region=edition.region)
        assert again.slug == edition.slug


@pytest.mark.parametrize("region", ["West Midlands", "Yorkshire and the Humber", "Wales"])
@pytest.mark.parametrize("year", ["2001-02", "2012-13", "2018-19", "2023-24"])
def test_it_lacks_what_its_own_map_of_gaps_has_no_figure_of(data, lacking, region, year):
    edition, _ = open_edition(data, report_year=year, region=region)
    there = set(coverage.by_year(data, edition)["measure"])
    lacks = lacking[Edition(report_year=year, region=region)]
    assert lacks == tuple(name for name in coverage.MEASURES if name not in there)


def test_a_later_edition_lacks_no_more_than_an_earlier_one(lacking):
    for earlier, later in itertools.pairwise(lacking):
        if earlier.region == later.region:
            assert set(lacking[later]) <= set(lacking[earlier])


def test_a_measure_is_lacked_until_its_first_figure(data):
    only = vars(data) | {"missing": data.missing[data.missing["row_id"] == "MI0001"]}
    lacks = {e.slug: found for e, found in editions.lacking(dataset.Tables(**only)).items()}
    assert "missing" in lacks["west-midlands-2013-14"]
    assert "missing" not in lacks["west-midlands-2014-15"]  # answered on 30 June 2014
    assert "missing" in lacks["wales-2023-24"]


def test_what_is_built_is_what_the_published_records_say(site):
    found = editions.built(site)
    assert sorted(found) == [
        "wales-2010-11",
        "west-midlands-2019-20",
        "west-midlands-2021-22",
        "west-midlands-2022-23-0123abcd",
    ]
    assert found["wales-2010-11"].title == "Wales, 2010-11"


def test_the_newest_figure_is_one_of_the_area_itself_by_the_end_of_the_year(data, tmp_path):
    found = editions.overview(data, tmp_path, ["Greater Manchester Police"]).set_index("slug")
    for slug in ("north-west-2024-25", "greater-manchester-police-2024-25"):
        assert found.at[slug, "newest"] >= "2024-10-31"  # visits made in the year to that day
    assert found.at["west-midlands-2021-22", "newest"] <= "2022-03-31"
    assert found.at["wales-2001-02", "newest"] == "2002-03-31"


def test_nothing_is_built_where_there_is_no_site(tmp_path, data):
    assert editions.built(tmp_path / "absent") == {}
    assert not editions.overview(data, tmp_path)[["built", "latest"]].any().any()


def test_the_latest_built_of_a_region_is_never_one_with_other_parameters(data, site):
    found = editions.overview(data, site)
    assert sorted(found.loc[found["built"], "slug"]) == sorted(editions.built(site))
    assert list(found.loc[found["latest"], "slug"]) == ["west-midlands-2021-22", "wales-2010-11"]
    assert list(found.iloc[-1][["region", "report_year", "slug"]]) == [
        "West Midlands",
        "2022-23",
        "west-midlands-2022-23-0123abcd",
    ]


def test_years_that_are_alike_stand_in_one_line():
    names = ["region", "report_year", "slug", "newest", "lacks", "built", "latest"]
    rows = [
        ("Wales", "2010-11", "wales-2010-11", "", ("orders", "missing"), False, False),
        ("Wales", "2011-12", "wales-2011-12", "2011-03-31", ("orders", "missing"), False, False),
        ("Wales", "2012-13", "wales-2012-13", "2013-03-31", ("orders", "missing"), True, False),
        ("Wales", "2013-14", "wales-2013-14", "2014-03-31", (), True, True),
        ("Wales", "2013-14", "wales-2013-14-0123abcd", "2014-03-31", (), True, False),
    ]
    said = "\n".join(editions.lines(pd.DataFrame(rows, columns=names)))
    assert said.splitlines() == [
        "Wales",
        "  2010-11 to 2011-12  not built      newest figure: 31 March 2011; lacks: Orders; "
        "Missing people",
        "  2012-13             built          newest figure: 31 March 2013; lacks: Orders; "
        "Missing people",
        "  2013-14             built, latest  newest figure: 31 March 2014; lacks: nothing",
        "  2013-14             built with other parameters: wales-2013-14-0123abcd  newest figure: "
        "31 March",
        f"{' ' * 44}2014; lacks: nothing",
    ]
