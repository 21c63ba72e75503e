"""Editions: what is shown, and which parameters are refused with which words."""

import pandas as pd
import pytest

from rso_report import dataset, edition
from rso_report.edition import open_edition
from rso_report.errors import FaultError

DEFAULT = {"report_year": "2021-22", "region": "West Midlands"}


def opened(data, **changes):
    return open_edition(data, **{**DEFAULT, **changes})[0]


def test_the_region_has_four_forces_and_a_joint_unit(data):
    found = opened(data)
    assert found.forces == ["WMP", "STA", "WMC", "WAR"]
    assert "WMC_WAR_JOINT" in found.units and found.units[-1] == "WM"
    assert found.title == "West Midlands region, 2021-22"


def test_every_force_of_england_and_wales_lies_in_one_region(data):
    forces = data.areas[data.areas["kind"] == "force"]
    regions = data.areas[data.areas["kind"] == "region"]
    assert len(forces) == 43 and len(regions) == 10
    assert set(forces["parent_id"]) == set(regions["area_id"])


@pytest.mark.parametrize("name", ["West Mercia", "West Mercia Police"])
def test_one_force_is_an_edition_of_its_own(data, name):
    found = opened(data, region=name)
    assert (found.forces, found.region_id) == (["WMC"], "")
    assert found.units == ["WMC", "WMC_WAR_JOINT"]  # it is never told apart in a joint reply
    assert (found.title, found.slug) == (
        "West Mercia Police, 2021-22",
        "west-mercia-police-2021-22",
    )
    assert found.a_force == found.the_forces == "West Mercia Police"


def test_a_name_of_both_is_the_region_and_the_force_goes_by_its_full_one(data):
    assert opened(data, region="West Midlands").region_id == "WM"
    assert opened(data, region="West Midlands Police").forces == ["WMP"]


def test_every_force_can_be_named_and_no_region_is_taken_for_one(data):
    areas = data.areas[data.areas["kind"].isin(["force", "region"])]
    for area in areas.itertuples():
        name = area.name if area.kind == "force" else area.short_name
        found = opened(data, region=name)
        assert found.area_id == area.area_id
        assert found.title == f"{area.name}, 2021-22"


@pytest.mark.parametrize(("said", "meant"), [("Duram", "Durham Constabulary"), ("WMP", "West Mid")])
def test_a_misspelt_force_is_refused_with_the_one_that_may_be_meant(data, said, meant):
    with pytest.raises(FaultError, match=f"did you mean '{meant}.*or a force by its name"):
        opened(data, region=said)


@pytest.mark.parametrize("region", ["North West", "Greater Manchester Police"])
def test_the_newest_figure_of_any_table_opens_its_year(region):
    """The newest one of the North West says how many visits were made; its counts end before."""
    for found in (edition.choices(dataset.load("areas")), edition.stored_choices()):
        assert str(found.years(region)[1]) == "2024-25"
        assert str(found.years("West Midlands")[1]) == "2023-24"


def test_figures_after_the_report_year_are_hidden(data):
    early = opened(data, report_year="2019-20")
    shown = early.visible(data.breaches)
    assert shown["period_end"].max() <= pd.Timestamp("2020-03-31")
    assert (early.hidden(data.breaches)["period_end"] > pd.Timestamp("2020-03-31")).all()
    assert len(early.hidden(data.breaches)) > 0


def test_a_snapshot_on_the_last_day_of_the_year_is_shown(data):
    shown = opened(data, report_year="2020-21").visible(data.registered_offenders)
    assert (shown["as_at"].dt.strftime("%Y-%m-%d") == "2021-03-31").any()


def test_the_default_year_is_the_latest_with_register_and_breach_figures(data):
    found = opened(data, report_year="2022-23")
    register = data.registered_offenders[data.registered_offenders["series_id"] == "STOCK_FOI"]
    register = register[register["custody_status"] == "both"]
    offences = data.breaches[data.breaches["series_id"] == "BREACH_RECORDED"]
    years = [
        {str(edition.periods.year_of(day)) for day in frame.loc[own, column]}
        for frame, column in ((register, "as_at"), (offences, "period_end"))
        for own in [frame["area_id"].isin(found.forces)]
    ]
    assert max(years[0] & years[1]) == DEFAULT["report_year"]


def test_what_papermill_injects_and_the_notebook_does_not_declare_is_refused(data, monkeypatch):
    monkeypatch.setattr(edition, "_injected_names", lambda: ["report_yaer", "weeks"])
    with pytest.raises(FaultError) as caught:
        opened(data, region="Mars")
    assert [fault.where for fault in caught.value.faults] == ["report_yaer", "weeks", "region"]
    assert "report_yaer: found an unknown parameter (did you mean 'report_year'?)" in str(
        caught.value
    )
    assert caught.value.faults[1].allowed == "report_year, region"  # what this notebook declares
