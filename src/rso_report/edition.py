"""An edition: one report year for one region, checked before anything is computed."""

import ast
import difflib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rso_report import disclosure, periods
from rso_report.dataset import Tables
from rso_report.errors import ReportError
from rso_report.visits import TIERS


class Parameters(BaseModel):
    """Parameters that every notebook has."""

    model_config = ConfigDict(extra="forbid", strict=True)

    report_year: Annotated[str, Field(description="financial year such as '2021-22'")]
    region: Annotated[str, Field(description="region such as 'West Midlands'")]


class VisitParameters(Parameters):
    """Parameters of the home-visits notebook: the assumptions of its worked illustration.

    The defaults are those of the illustration that the key findings quote.
    """

    force: Annotated[
        str, Field(description="code of a force of the region, '' for the largest")
    ] = ""
    policy_id: Literal["WMP_2014"] = "WMP_2014"
    tier_mix: Annotated[
        str, Field(description="percentages very high/high/medium/low, such as '2/18/30/50'")
    ] = "2/18/30/50"
    officers: Annotated[int, Field(ge=1, le=10_000, description="visiting officers")] = 45
    crew: Annotated[int, Field(ge=1, le=4, description="officers on each visit")] = 2
    weeks: Annotated[int, Field(ge=1, le=52, description="working weeks a year")] = 44
    success_share: Annotated[
        float, Field(gt=0, le=1, description="share of attempts that find the person in")
    ] = 1.0
    seed: Annotated[int, Field(ge=0, description="seed of the random draws")] = 20220331

    def mix(self) -> dict[str, float]:
        """The tier mix as shares of 1, by tier; ReportError if not four parts of 100."""
        try:
            parts = [float(part) for part in self.tier_mix.split("/")]
        except ValueError:
            parts = []
        if len(parts) != len(TIERS) or min(parts, default=-1) < 0 or abs(sum(parts) - 100) > 1e-6:
            raise ReportError(
                f"tier_mix: found '{self.tier_mix}'; allowed: four percentages that add to 100, "
                "very high/high/medium/low, such as '2/18/30/50'."
            )
        return {tier: part / 100 for tier, part in zip(TIERS, parts, strict=True)}


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


def open_edition(data: Tables, model: type[Parameters] = Parameters, **given: Any) -> tuple:
    """Check a notebook's parameters and return `(edition, parameters)`.

    `given` are the parameters that the notebook declares. A name that Papermill injected and the
    notebook does not declare, a badly written or impossible value, an unknown region and a year
    outside the data all raise ReportError with what was found and what is allowed. `data` needs
    the tables `areas` and `registered_offenders`; counts that may not be published are dropped
    from it here, before anything is computed.
    """
    _refuse_unknown(_injected_names(), list(given))
    disclosure.release(data)
    year = periods.financial_year(given["report_year"])
    try:
        parameters = model(**given)
    except ValidationError as error:
        raise ReportError(_in_words(error, model)) from None
    region_id = _region(data.areas, parameters.region)
    edition = Edition(year, region_id, parameters.region, data.areas)
    if isinstance(parameters, VisitParameters):
        parameters.mix()
        if parameters.force not in ["", *edition.forces]:
            raise ReportError(
                f"force: found '{parameters.force}'; allowed: {', '.join(edition.forces)}, or '' "
                "for the one with the largest count."
            )
    first, last = years_covered(data, edition)
    if not first <= year <= last:
        raise ReportError(
            f"report_year: no data covers {year} for {edition.name(region_id)}; "
            f"the data reach from {first} to {last}."
        )
    return edition, parameters


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


def _region(areas: pd.DataFrame, name: str) -> str:
    regions = areas[areas["kind"] == "region"].set_index("short_name")["area_id"]
    if name not in regions:
        raise ReportError(
            f"region: found '{name}'{_suggestion(name, list(regions.index))}; "
            f"allowed: {', '.join(regions.index)}."
        )
    return regions[name]


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


def _refuse_unknown(found: list[str], allowed: list[str]) -> None:
    unknown = [name for name in found if name not in allowed]
    if unknown:
        lines = [f"unknown parameter '{name}'{_suggestion(name, allowed)}" for name in unknown]
        raise ReportError("; ".join(lines) + f"; this notebook takes: {', '.join(allowed)}.")


def _suggestion(word: str, choices: list[str]) -> str:
    near = difflib.get_close_matches(word, choices, n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _in_words(error: ValidationError, model: type[Parameters]) -> str:
    lines = []
    for fault in error.errors():
        name = str(fault["loc"][0])
        field = model.model_fields.get(name)
        what = field.description if field and field.description else "see the parameters cell"
        lines.append(f"{name}: found {fault['input']!r}; {fault['msg'].lower()} ({what}).")
    return "\n".join(lines)
