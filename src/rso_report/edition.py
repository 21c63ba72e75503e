"""An edition: one report year for one region, checked before anything is computed."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rso_report import periods
from rso_report.dataset import Tables
from rso_report.errors import FaultError
from rso_report.parameters import (
    PARAMETERS,
    Choices,
    EditionParameters,
    read_parameters,
    unknown,
)


@dataclass(frozen=True)
class Edition:
    """A report year and a region, and what of the data belongs to them."""

    year: periods.FinancialYear
    region_id: str
    region: str
    areas: pd.DataFrame

    @property
    def title(self) -> str:
        """Name of the edition, e.g. `West Midlands region, 2021-22`."""
        return f"{self.name(self.region_id)}, {self.year}"

    @property
    def forces(self) -> list[str]:
        """Area codes of the region's forces, in the order of the areas table."""
        own = self.areas[(self.areas["parent_id"] == self.region_id)]
        return own.loc[own["kind"] == "force", "area_id"].tolist()

    @property
    def units(self) -> list[str]:
        """Forces, then units that report together, then the region itself."""
        own = self.areas[self.areas["parent_id"] == self.region_id]
        together = own.loc[own["kind"].isin(["joint", "group"]), "area_id"].tolist()
        return [*self.forces, *together, self.region_id]

    def name(self, area_id: str) -> str:
        """Full name of an area: `West Midlands Police`, `West Midlands region`."""
        return self.areas.set_index("area_id").at[area_id, "name"]

    def absent(self, area_ids: Iterable[str]) -> list[str]:
        """Names of the forces of the region that are not among some areas."""
        present = set(area_ids)
        return [self.name(force) for force in self.forces if force not in present]

    def visible(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows whose as-at date or period ends by the end of the report year.

        When a figure was published does not matter: a later correction of an earlier date shows.
        """
        return frame[_ends(frame) <= pd.Timestamp(self.year.end)]

    def hidden(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of this region that are later than the report year."""
        return frame[
            (_ends(frame) > pd.Timestamp(self.year.end)) & frame["area_id"].isin(self.units)
        ]


def open_edition(data: Tables, **given: Any) -> tuple[Edition, EditionParameters]:
    """Check a notebook's parameters and return `(edition, parameters)`.

    `given` are the parameters that the notebook declares. A name that Papermill injected and the
    notebook does not declare, a badly written or impossible value, an unknown region and a year
    outside the data all raise FaultError with what was found and what is allowed. `data` needs
    the tables `areas` and `registered_offenders`.
    """
    faults = unknown(_injected_names(), given)
    try:
        parameters = read_parameters(given, choices=choices(data))
    except FaultError as error:
        raise FaultError(faults + error.faults, PARAMETERS) from None
    if faults:
        raise FaultError(faults, PARAMETERS)
    regions = data.areas[data.areas["kind"] == "region"].set_index("short_name")["area_id"]
    year = periods.financial_year(parameters.report_year)
    region = parameters.region
    return Edition(year, regions[region], region, data.areas), parameters


def choices(data: Tables) -> Choices:
    """What loaded tables allow, as `parameters.stored_choices` reads it from the files."""

    def covered(year: periods.FinancialYear, region: Mapping[str, Any]) -> tuple:
        edition = Edition(year, region["area_id"], region["short_name"], data.areas)
        return years_covered(data, edition)

    return Choices(data.areas.to_dict("records"), covered)


def years_covered(
    data: Tables,
    edition: Edition,
) -> tuple[periods.FinancialYear, periods.FinancialYear]:
    """First and last financial year with a count of RSOs for the region's units or its country."""
    counts = data.registered_offenders
    own = counts[counts["area_id"].isin([*edition.units, "EW"])]
    return periods.year_of(own["as_at"].min()), periods.year_of(own["as_at"].max())


def _ends(frame: pd.DataFrame) -> pd.Series:
    if "period_end" not in frame:
        return frame["as_at"]
    return (
        frame["period_end"] if "as_at" not in frame else frame["as_at"].fillna(frame["period_end"])
    )


def _injected_names() -> list[str]:
    """Names that Papermill set in the cell it adds after the notebook's own parameters cell."""
    try:
        cells = get_ipython().user_ns["In"]  # type: ignore[name-defined]
    except NameError:  # not in a notebook: the caller passes what it means
        return []
    names = []
    for cell in cells:
        if cell.startswith("# Parameters\n"):
            assigned = (n for n in ast.parse(cell).body if isinstance(n, ast.Assign))
            names += [t.id for n in assigned for t in n.targets if isinstance(t, ast.Name)]
    return names
