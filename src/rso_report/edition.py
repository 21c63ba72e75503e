"""An edition: the report for one region, or one force, and one year, checked before all else.

What is wrong with a year, a region or another parameter is said all at once. What the data allow
is read without pandas, so that a build can ask it before each kernel at no cost.
"""

import ast
import csv
import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr, ValidationError

from rso_report import periods
from rso_report.errors import Fault, FaultError, FileError, on_one_line, shown
from rso_report.parameters import (
    NAMES,
    PARAMETERS,
    EditionParameters,
    allowed,
    percentages,
    read_file,
    refused,
)
from rso_report.places import data_folder

if TYPE_CHECKING:
    import pandas as pd

    from rso_report.dataset import Tables


# The tables that hold figures of the report; any of them can have the newest one of a region.
FIGURES = (
    "registered_offenders",
    "published_rates",
    "breaches",
    "missing",
    "orders",
    "staffing",
    "risk_tiers",
    "answers",
)


class Edition(EditionParameters):
    """The parameters of an edition and, once it is opened, what of the data belongs to it."""

    _areas: Any = PrivateAttr(None)

    @property
    def areas(self) -> "pd.DataFrame":
        """The table of areas; only an edition that `open_edition` returned has it."""
        return self._areas

    @property
    def year(self) -> periods.FinancialYear:
        """The report year."""
        return periods.financial_year(self.report_year)

    @property
    def title(self) -> str:
        """Name of the edition by region and year, such as `West Midlands region, 2021-22`."""
        return f"{region_name(self.region)}, {self.report_year}"

    @property
    def full_title(self) -> str:
        """The title with what was changed beside them: `West Midlands region, … (officers 30)`."""
        return f"{self.title} ({self.others})" if self.others else self.title

    @property
    def changed(self) -> dict[str, Any]:
        """The parameters that differ from their defaults, in the order of the model."""
        default = EditionParameters().model_dump()
        return {name: value for name, value in self.model_dump().items() if value != default[name]}

    @property
    def _changed_beside(self) -> dict[str, Any]:
        return {n: v for n, v in self.changed.items() if n not in ("report_year", "region")}

    @property
    def others(self) -> str:
        """The changed parameters beside year and region, in words."""
        return ", ".join(f"{name} {value}" for name, value in self._changed_beside.items())

    @property
    def slug(self) -> str:
        """Name of the edition's folder, such as `west-midlands-2021-22`.

        If other parameters than year and region differ from their defaults, a short digest of
        them follows: such an edition never takes the place of the plain one.
        """
        plain = slug(f"{self.region} {self.report_year}")
        if not self._changed_beside:
            return plain
        text = json.dumps(self._changed_beside, sort_keys=True)
        return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def for_notebook(self, declared: Collection[str]) -> dict[str, Any]:
        """What to pass to a notebook: of the parameters it declares those that differ."""
        return {name: value for name, value in self.changed.items() if name in declared}

    @cached_property
    def area_id(self) -> str:
        """Area code of the region, or of the one force that the edition is about."""
        areas = self.areas
        named = areas["short_name"].where(areas["kind"] == "region", areas["name"])
        return areas.loc[named == self.region, "area_id"].iloc[0]

    @cached_property
    def region_id(self) -> str:
        """Area code of the region; empty where the edition is about one force."""
        is_region = self.areas.set_index("area_id")["kind"] == "region"
        return self.area_id if is_region[self.area_id] else ""

    @cached_property
    def forces(self) -> list[str]:
        """Area codes of the region's forces, in the order of the areas table; or the one force."""
        return self._parts("force") if self.region_id else [self.area_id]

    @cached_property
    def units(self) -> list[str]:
        """Forces, then units that report together, then the region itself.

        Of one force: itself, and the units in which it reports together with others.
        """
        if self.region_id:
            return [*self.forces, *self._parts("joint", "group"), self.region_id]
        joint = self.areas[self.areas["kind"] == "joint"]
        own = joint["coverage"].map(lambda forces: self.area_id in forces.split("|"))
        return [self.area_id, *joint.loc[own, "area_id"]]

    def _parts(self, *kinds: str) -> list[str]:
        inside = self.areas[self.areas["parent_id"] == self.region_id]
        return inside.loc[inside["kind"].isin(kinds), "area_id"].tolist()

    @property
    def the_forces(self) -> str:
        """The forces in a sentence: `the forces of the region`, or the name of the one."""
        return "the forces of the region" if self.region_id else self.region

    @property
    def a_force(self) -> str:
        """Any of the forces in a sentence: `a force of the region`, or the name of the one."""
        return "a force of the region" if self.region_id else self.region

    def name(self, area_id: str) -> str:
        """Full name of an area: `West Midlands Police`, `West Midlands region`."""
        return self._names[area_id]

    @cached_property
    def _names(self) -> dict[str, str]:
        return dict(zip(self.areas["area_id"], self.areas["name"], strict=True))

    def absent(self, area_ids: Iterable[str]) -> list[str]:
        """Names of the edition's forces that are not among some areas."""
        present = set(area_ids)
        return [self.name(force) for force in self.forces if force not in present]

    def visible(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Rows whose as-at date or period ends by the end of the report year.

        When a figure was published does not matter: a later correction of an earlier date shows.
        """
        return frame[_ends(frame) <= str(self.year.end)]

    def hidden(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Rows of this region or force that are later than the report year."""
        return frame[(_ends(frame) > str(self.year.end)) & frame["area_id"].isin(self.units)]


def region_name(region: str) -> str:
    """`North East region`, as the table of areas has it; Wales and a force keep their bare name."""
    bare = region == "Wales" or re.search("Police|Constabulary", region)  # as each force is called
    return region if bare else f"{region} region"


def slug(text: str) -> str:
    """Text as part of a file name: lower case, plain letters and digits, hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def _ends(frame: "pd.DataFrame") -> "pd.Series":
    if "period_end" not in frame:
        return frame["as_at"]
    return (
        frame["period_end"] if "as_at" not in frame else frame["as_at"].fillna(frame["period_end"])
    )


@dataclass(frozen=True)
class Choices:
    """What the data allow: `areas` are rows of the table, `figures` area and ISO day of each.

    `policies` are those of visits; none where a notebook does not read them.
    """

    areas: list[Mapping[str, Any]]
    figures: list[tuple[str, str]]
    policies: tuple[str, ...] = ()

    @property
    def regions(self) -> dict[str, str]:
        """Area code of each region by its short name, in the order of the table."""
        return {row["short_name"]: row["area_id"] for row in self.areas if row["kind"] == "region"}

    @property
    def places(self) -> dict[str, str]:
        """Area code of all that an edition can be about: regions, then forces by their full names.

        A force that is called as a region is, such as West Midlands, is told from it by that.
        """
        forces = {row["name"]: row["area_id"] for row in self.areas if row["kind"] == "force"}
        return self.regions | forces

    @property
    def short_names(self) -> dict[str, str]:
        """Full name of each force by its short one, unless a region is called so."""
        forces = (row for row in self.areas if row["kind"] == "force")
        named = {row["short_name"]: row["name"] for row in forces}
        return {short: full for short, full in named.items() if short not in self.regions}

    def meant(self, name: object) -> object:
        """The full name of the force that a short one stands for; else the name as it is."""
        return self.short_names.get(name, name) if isinstance(name, str) else name

    def forces(self, region: str) -> list[str]:
        """Codes of the forces of a region, or of the one that it names."""
        own = self.places[region]
        inside = [row for row in self.areas if own in (row["area_id"], row["parent_id"])]
        return [row["area_id"] for row in inside if row["kind"] == "force"]

    def years(self, region: str) -> tuple[periods.FinancialYear, periods.FinancialYear]:
        """First and last financial year with a figure for a region's units or their country."""
        days = self._days(region, "EW")
        try:
            first, last = (
                periods.year_of(date.fromisoformat(day)) for day in (min(days), max(days))
            )
        except ValueError as error:
            raise FileError(f"{region}: the dates of its figures cannot be read: {error}") from None
        return first, last

    def newest(self, edition: Edition) -> str:
        """Day of the newest figure of an edition's own area, as an ISO date; empty if none."""
        end = edition.year.end.isoformat()
        return max((day for day in self._days(edition.region) if day <= end), default="")

    def _days(self, region: str, *more: str) -> list[str]:
        """Days of the figures of a region's units or of the one force, and of `more` areas."""
        own = self.places[region]
        units = {row["area_id"] for row in self.areas if own in (row["area_id"], row["parent_id"])}
        return [day for area, day in self.figures if day and area in units.union(more)]

    def editions_of(self, *places: str) -> list[Edition]:
        """Every edition of some regions or forces that the data allow, years ascending."""
        return [
            Edition(region=place, report_year=str(periods.FinancialYear(start)))
            for place in places
            for first, last in [self.years(place)]
            for start in range(first.start_year, last.start_year + 1)
        ]


def stored_choices(folder: Path | None = None) -> Choices:
    """What the data package in `folder` allows. Raises FileError if its tables can't be read."""
    folder = folder or data_folder()
    areas = _rows(folder / "areas.csv", "area_id", "name", "short_name", "kind", "parent_id")
    policies = dict.fromkeys(
        r["policy_id"] for r in _rows(folder / "visit_policy.csv", "policy_id")
    )
    return Choices(areas, _stored_figures(FIGURES, folder), tuple(policies))


def _stored_figures(names: Iterable[str], folder: Path) -> list[tuple[str, str]]:
    """Area and ISO day of the figures in some tables; what is not there, `check` reports."""
    paths = [folder / f"{name}.csv" for name in names]
    return [
        (row.get("area_id") or "", row.get("as_at") or row.get("period_end") or "")
        for path in paths
        if path.is_file()
        for row in _rows(path)
    ]


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    try:
        if path.is_symlink():
            raise OSError("it is a link")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if any(row.get(column) is None for row in rows for column in columns):
            raise ValueError(f"a row lacks {', '.join(columns)}")
    except (OSError, ValueError, csv.Error) as error:
        raise FileError(f"{path} cannot be read: {error}") from None
    return rows


def choices(data: "Tables") -> Choices:
    """What the data allow; tables of `FIGURES` that are not loaded are read as they are stored.

    No notebook loads all of them, but all pages of an edition have to agree on its year.
    """
    loaded = [name for name in FIGURES if hasattr(data, name)]
    figures = _stored_figures([name for name in FIGURES if name not in loaded], data_folder())
    for name in loaded:
        rows = getattr(data, name)
        days = _ends(rows).dt.strftime("%Y-%m-%d").fillna("")
        figures += zip(rows["area_id"], days, strict=True)
    policies = data.visit_policy["policy_id"].unique() if hasattr(data, "visit_policy") else ()
    return Choices(data.areas.to_dict("records"), figures, tuple(policies))


def open_edition(data: "Tables", **given: Any) -> tuple[Edition, Edition]:
    """Check a notebook's parameters and return `(edition, parameters)`, which are one thing.

    `given` are the parameters that the notebook declares. A name that Papermill injected and the
    notebook does not declare, a badly written or impossible value, an unknown region and a year
    outside the data all raise FaultError with what was found and what is allowed. `data` needs
    the table `areas`.
    """
    possible = choices(data)
    if "region" in given:
        given["region"] = possible.meant(given["region"])
    faults = unknown(_injected_names(), given) + faults_of(given, possible)
    if faults:
        raise FaultError(faults, PARAMETERS)
    edition = Edition.model_validate(given)
    edition._areas = data.areas
    return edition, edition


def read_parameters(
    source: Path | str | Mapping[str, Any], *, choices: Choices | None = None, **given: object
) -> Edition:
    """Check the parameters of an edition and return it; those not given have their defaults.

    `source` is a mapping, or the path of a YAML file; what is `given` by name goes before it.
    `choices` is what the data allow, read from the data folder if absent.

    Raises:
        FaultError: with every unknown, misspelt, ill-typed or impossible parameter.
        FileError: the file or the tables of the data can't be read.
    """
    named = "" if isinstance(source, Mapping) else str(source)
    values = (read_file(Path(named)) if named else dict(source)) | given
    choices = choices or stored_choices()
    if "region" in values:
        values["region"] = choices.meant(values["region"])
    if faults := faults_of(values, choices):
        raise FaultError(faults, PARAMETERS, named)
    return Edition.model_validate(values)


def unknown(names: Iterable[object], known: Collection[str]) -> list[Fault]:
    """A fault for each name that is not known, with the one that may be meant."""
    return [
        Fault(
            on_one_line(str(name)),
            f"an unknown parameter{suggestion(str(name), known)}",
            ", ".join(known) or "no parameter",
        )
        for name in names
        if name not in known
    ]


def faults_of(values: Mapping[Any, Any], choices: Choices) -> list[Fault]:
    """Unknown names, then values that are wrong by type or range, by the data, by each other."""
    given = EditionParameters().model_dump() | {n: values[n] for n in NAMES if n in values}
    wrong: set[str] = set()
    try:
        EditionParameters.model_validate(given)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
    sound = {name: value for name, value in given.items() if name not in wrong}
    if "region" in sound and sound["region"] not in choices.places:
        wrong.add("region")
    if "report_year" in sound and not periods.is_year(sound["report_year"]):
        wrong.add("report_year")
    if sound.get("tier_mix") and not percentages(sound["tier_mix"]):
        wrong.add("tier_mix")
    faults = {name: _fault(name, given[name], choices) for name in wrong}
    if "region" not in wrong:
        faults = _faults_of_region(sound["region"], sound, choices) | faults
    policy = sound.get("policy_id")
    if policy not in (None, EditionParameters().policy_id, *choices.policies) and choices.policies:
        said = f"{shown(policy)}{suggestion(policy, choices.policies)}"
        faults["policy_id"] = Fault("policy_id", said, ", ".join(choices.policies))
    officers, crew = sound.get("officers"), sound.get("crew", 1)  # 0: the data's, not known here
    if officers and crew > officers:
        faults["crew"] = Fault("crew", str(crew), f"no more than officers, which is {officers}")
    return unknown(values, NAMES) + [faults[name] for name in NAMES if name in faults]


def _faults_of_region(region: str, sound: dict[str, Any], choices: Choices) -> dict[str, Fault]:
    """A year without data for a region, and a force of another one."""
    faults = {}
    force, forces = sound.get("force"), choices.forces(region)
    if force and force not in forces:
        said = f"{shown(force)}{suggestion(force, forces)}"
        words = f"{', '.join(forces)}, or '' for the one with the largest count"
        faults["force"] = Fault("force", said, words)
    year, (first, last) = sound.get("report_year"), choices.years(region)
    if periods.is_year(year) and not first <= periods.financial_year(year) <= last:
        said = f"'{year}', but no data covers {year} for {region_name(region)}"
        faults["report_year"] = Fault("report_year", said, f"the data reach from {first} to {last}")
    return faults


def _fault(name: str, value: object, choices: Choices) -> Fault:
    """A fault of a value that is wrong by itself."""
    hint = ""
    if name == "report_year" and (year := periods.meant(str(value))):
        hint = f" (did you mean '{year}'?)"
    elif name == "region":
        codes = {code: place for place, code in choices.places.items()}
        hint = suggestion(str(value), choices.places, choices.short_names | codes)
    may = allowed(name)
    if name == "region":
        may = f"{', '.join(choices.regions)}, or a force by its name"
    return Fault(name, f"{refused(name, value)}{hint}", may)


def suggestion(
    word: str, known: Iterable[str], other_names: Mapping[str, str] | None = None
) -> str:
    """` (did you mean 'region'?)` if a known word is near, whatever the case; else nothing."""
    names = {choice.casefold(): choice for choice in known}
    names |= {other.casefold(): name for other, name in (other_names or {}).items()}
    near = difflib.get_close_matches(word.casefold(), names, n=1)
    return f" (did you mean '{names[near[0]]}'?)" if near else ""


def _injected_names() -> list[str]:
    """Names that Papermill set in the cell it adds after the notebook's own parameters cell."""
    try:
        cells = get_ipython().user_ns["In"]  # type: ignore[name-defined]
    except NameError:  # not in a notebook: the caller passes what it means
        return []
    return [n for cell in cells if cell.startswith("# Parameters\n") for n in assigned(cell)]


def assigned(code: str) -> dict[str, ast.expr]:
    """The names that a cell of parameters sets, each with the expression that it is set to."""
    found = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            found[ast.unparse(target)] = node.value
    return found
