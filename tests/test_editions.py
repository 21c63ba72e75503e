"""Which editions the data allow, what each lacks, and which are built."""

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from rso_report import coverage, dataset
from rso_report.edition import open_edition
from rso_report.publication import editions


@pytest.fixture(scope="module")
def data():
    return dataset.load(*editions.TABLES)


@pytest.fixture(scope="module")
def allowed(data):
    return editions.buildable(data)


def build(site, slug, year, region):
    """Stand-in for a built edition: the executed notebook that is published with it."""
    folder = site / slug / "_sources" / "notebooks"
    folder.mkdir(parents=True)
    code = f'report_year: str = "{year}"\nregion: str = "{region}"'
    cell = new_code_cell(code, metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell]), folder / "start.ipynb")


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


def test_every_region_has_an_edition_of_every_year_with_data(allowed):
    assert list(allowed.columns) == ["region", "report_year", "slug", "lacks"]
    assert allowed["region"].nunique() == 10
    years = allowed.groupby("region")["report_year"].agg(["first", "last", "nunique"])
    assert tuple(years.loc["West Midlands"]) == ("2001-02", "2023-24", 23)
    starts = years[["first", "last"]].map(lambda year: int(year[:4]))
    assert (starts["last"] - starts["first"] + 1 == years["nunique"]).all()  # no year is left out
    assert allowed["slug"].is_unique
    assert "yorkshire-and-the-humber-2012-13" in set(allowed["slug"])


def test_each_is_accepted_as_an_edition_and_the_years_around_are_not(data, allowed):
    for row in allowed[allowed["report_year"].isin(["2001-02", "2023-24"])].itertuples():
        edition, found = open_edition(data, report_year=row.report_year, region=row.region)
        assert found.slug == row.slug


@pytest.mark.parametrize("region", ["West Midlands", "Yorkshire and the Humber", "Wales"])
@pytest.mark.parametrize("year", ["2001-02", "2012-13", "2018-19", "2023-24"])
def test_it_lacks_what_its_own_map_of_gaps_has_no_figure_of(data, allowed, region, year):
    edition, _ = open_edition(data, report_year=year, region=region)
    there = set(coverage.by_year(data, edition)["measure"])
    row = allowed[(allowed["region"] == region) & (allowed["report_year"] == year)].iloc[0]
    assert row["lacks"] == tuple(name for name in coverage.MEASURES if name not in there)


def test_a_later_edition_lacks_no_more_than_an_earlier_one(allowed):
    for _, own in allowed.groupby("region"):
        for earlier, later in zip(own["lacks"], own["lacks"].iloc[1:], strict=False):
            assert set(later) <= set(earlier)


def test_the_default_edition_lacks_nothing(allowed):
    assert allowed.set_index("slug").at["west-midlands-2021-22", "lacks"] == ()


def test_a_measure_is_lacked_until_its_first_figure(data):
    only = vars(data) | {"missing": data.missing[data.missing["row_id"] == "MI0001"]}
    found = editions.buildable(dataset.Tables(**only)).set_index("slug")["lacks"]
    assert "missing" in found["west-midlands-2013-14"]
    assert "missing" not in found["west-midlands-2014-15"]  # answered on 30 June 2014
    assert "missing" in found["wales-2023-24"]


def test_what_is_built_is_what_the_published_notebooks_say(site):
    found = editions.built(site)
    assert list(found) == [
        "wales-2010-11",
        "west-midlands-2019-20",
        "west-midlands-2021-22",
        "west-midlands-2022-23-0123abcd",
    ]
    assert found["wales-2010-11"].name == "Wales, 2010-11"


def test_nothing_is_built_where_there_is_no_site(tmp_path, data):
    assert editions.built(tmp_path / "absent") == {}
    assert not editions.overview(data, tmp_path)[["built", "latest"]].any().any()


def test_the_latest_built_of_a_region_is_never_one_with_other_parameters(data, site):
    found = editions.overview(data, site)
    assert sorted(found.loc[found["built"], "slug"]) == list(editions.built(site))
    assert list(found.loc[found["latest"], "slug"]) == ["west-midlands-2021-22", "wales-2010-11"]
    assert list(found.iloc[-1][["region", "report_year", "slug"]]) == [
        "West Midlands",
        "2022-23",
        "west-midlands-2022-23-0123abcd",
    ]


def test_years_that_are_alike_stand_in_one_line():
    names = ["region", "report_year", "slug", "lacks", "built", "latest"]
    rows = [
        ("Wales", "2010-11", "wales-2010-11", ("orders", "missing"), False, False),
        ("Wales", "2011-12", "wales-2011-12", ("orders", "missing"), False, False),
        ("Wales", "2012-13", "wales-2012-13", ("orders", "missing"), True, False),
        ("Wales", "2013-14", "wales-2013-14", (), True, True),
        ("Wales", "2013-14", "wales-2013-14-0123abcd", (), True, False),
    ]
    assert list(editions.lines(pd.DataFrame(rows, columns=names))) == [
        "Wales",
        "  2010-11 to 2011-12  not built      lacks: Orders; Missing, snapshots",
        "  2012-13             built          lacks: Orders; Missing, snapshots",
        "  2013-14             built, latest  lacks: nothing",
        "  2013-14             built with other parameters: wales-2013-14-0123abcd  lacks: nothing",
    ]
