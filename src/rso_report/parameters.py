"""The parameters of an edition: one typed model, read from a mapping or a YAML file.

Every parameter that any notebook has stands here once, with type, range, description, unit and
reason; a test holds the notebooks' cells of parameters to it. `read_parameters` refuses everything
wrong at once. It reads the two tables that say what is possible without pandas, so that a build
can ask it before each kernel at no cost.
"""

import csv
import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rso_report import plain_yaml
from rso_report.errors import Fault, FaultError, FileError, ReportError, on_one_line, shown
from rso_report.periods import FinancialYear, financial_year, year_of
from rso_report.places import data_folder
from rso_report.plain_yaml import Refused

_YEAR_MEANT = re.compile(r"\s*([0-9]{4})(?:[^0-9]*[0-9]{2}|[^0-9]+[0-9]{4})?\s*")


def _about(  # noqa: ANN202
    description: str, unit: str, reason: str, allowed: str = "", **limits: float
):
    """What is said of a parameter, and its range; a number's range says what is allowed."""
    extra = {"unit": unit, "reason": reason, "allowed": allowed}
    return Field(description=description, json_schema_extra=extra, **limits)


class EditionParameters(BaseModel):
    """All parameters of an edition; the defaults are those of the notebooks.

    Report year and region choose the edition. The others are the assumptions of the worked
    illustration on home visits; an empty mix and 0 officers mean what the data hold.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    report_year: Annotated[
        str,
        _about(
            "Financial year, such as 2021-22; later figures are hidden",
            "April to March",
            "the latest year with both register and breach figures of the region's forces",
            "two years with a hyphen, such as '2021-22'",
        ),
    ] = "2021-22"
    region: Annotated[
        str,
        _about(
            "Region of England, or Wales; its police forces are shown",
            "region",
            "the region that the report was first written for",
            "a region by name, such as 'North East'",
        ),
    ] = "West Midlands"
    force: Annotated[
        str,
        _about(
            "Force of the illustration, such as WMP; empty: the largest",
            "area_id of areas.csv",
            "an illustration needs one force; a rule chooses it, the largest count",
            "the code of a force of the region, or '' for the largest",
        ),
    ] = ""
    policy_id: Annotated[
        Literal["WMP_2014"],
        _about(
            "Visit policy with fixed intervals, from visit_policy.csv",
            "policy_id of visit_policy.csv",
            "the only policy in the data with a fixed interval for every tier",
            "'WMP_2014'",
        ),
    ] = "WMP_2014"
    tier_mix: Annotated[
        str,
        _about(
            "Assumed percent at very high/high/medium/low risk; empty: the national mix",
            "percent",
            "the mix of a force was found nowhere; a national one is in risk_tiers.csv",
            "four percentages that add to 100, very high/high/medium/low, such as '2/18/30/50', "
            "or '' for the national mix in risk_tiers.csv",
        ),
    ] = ""
    concentration: Annotated[
        int,
        _about(
            "How closely the drawn mixes keep to the mix; larger keeps them closer",
            "none",
            "an assumption, shown beside a looser and a closer one",
            ge=1,
            le=10_000,
        ),
    ] = 50
    officers: Annotated[
        int,
        _about(
            "Visiting officers; 0: the force's own constables in staffing.csv, if any",
            "officers",
            "the data know the constables of some forces; another force's say nothing",
            ge=0,
            le=10_000,
        ),
    ] = 0
    crew: Annotated[
        int,
        _about(
            "Officers on each visit, for the double-crewed figure",
            "officers",
            "an assumption, shown beside one officer on each visit",
            ge=1,
            le=4,
        ),
    ] = 2
    weeks: Annotated[
        int,
        _about(
            "Working weeks of an officer in a year",
            "weeks",
            "an assumption: 52 weeks less leave, public holidays and training",
            ge=1,
            le=52,
        ),
    ] = 44
    success_share: Annotated[
        float,
        _about(
            "Share of attempts that find the person in, above 0, at most 1",
            "share of 1",
            "an assumption: every attempt succeeds, the fewest that the policy can need",
            gt=0.001,  # of less, the number of attempts soon has no end
            le=1,
        ),
    ] = 1.0
    seed: Annotated[
        int,
        _about(
            "Seed of the random draws of the band, so that a run can be repeated",
            "none",
            "any number does, and the same one gives the same band",
            ge=0,
            le=4_294_967_295,
        ),
    ] = 20220331

    @property
    def changed(self) -> dict[str, Any]:
        """The parameters that differ from their defaults, in the order of the model."""
        default = EditionParameters().model_dump()
        return {name: value for name, value in self.model_dump().items() if value != default[name]}

    @property
    def slug(self) -> str:
        """Name of the edition's folder, such as `west-midlands-2021-22`.

        If other parameters than year and region differ from their defaults, a short digest of
        them follows: such an edition never takes the place of the plain one.
        """
        plain = slug(f"{self.region} {self.report_year}")
        others = {n: v for n, v in self.changed.items() if n not in ("report_year", "region")}
        if not others:
            return plain
        text = json.dumps(others, sort_keys=True)
        return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def for_notebook(self, declared: Collection[str]) -> dict[str, Any]:
        """What to pass to a notebook: of the parameters it declares those that differ."""
        return {name: value for name, value in self.changed.items() if name in declared}

    def mix(self) -> dict[str, float] | None:
        """The assumed tier mix as shares of 1, by tier; None: the national one of the data.

        Raises FaultError if it is not four parts of 100.
        """
        from rso_report.visits import TIERS  # needs numpy and scipy, which checking does not

        if not self.tier_mix:
            return None
        parts = percentages(self.tier_mix)
        if parts is None:
            raise FaultError([_fault("tier_mix", self.tier_mix)], PARAMETERS)
        return {tier: part / 100 for tier, part in zip(TIERS, parts, strict=True)}


NAMES = tuple(EditionParameters.model_fields)
PARAMETERS = "the parameters"  # what an error with several faults says is wrong


@dataclass(frozen=True)
class Choices:
    """What the data allow.

    `areas` are the rows of the table, and `covered(year, region)` gives first and last year with
    a count for the region, whose row it is given.
    """

    areas: list[Mapping[str, Any]]
    covered: Callable[[FinancialYear, Mapping[str, Any]], tuple[FinancialYear, FinancialYear]]

    @property
    def regions(self) -> dict[str, Mapping[str, Any]]:
        """Row of each region by its short name, in the order of the table."""
        return {row["short_name"]: row for row in self.areas if row["kind"] == "region"}

    def forces(self, region: Mapping[str, Any]) -> list[str]:
        """Codes of the forces of a region."""
        own = [row for row in self.areas if row["parent_id"] == region["area_id"]]
        return [row["area_id"] for row in own if row["kind"] == "force"]


def stored_choices(folder: Path | None = None) -> Choices:
    """What the data package in `folder` allows. Raises FileError if its tables can't be read."""
    folder = folder or data_folder()
    areas = _rows(folder / "areas.csv", "area_id", "name", "short_name", "kind", "parent_id")
    counts = _rows(folder / "registered_offenders.csv", "area_id", "as_at")

    def covered(_: FinancialYear, region: Mapping[str, Any]) -> tuple:
        units = {row["area_id"] for row in areas if row["parent_id"] == region["area_id"]}
        units |= {region["area_id"], "EW"}
        days = [row["as_at"] for row in counts if row["area_id"] in units]  # ISO dates, as text
        try:
            first, last = (year_of(date.fromisoformat(day)) for day in (min(days), max(days)))
        except ValueError as error:
            name = region["name"]
            raise FileError(f"the dates of the counts of {name} cannot be read: {error}") from None
        return first, last

    return Choices(areas, covered)


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


def read_parameters(
    source: Path | str | Mapping[str, Any], *, choices: Choices | None = None, **given: object
) -> EditionParameters:
    """Check the parameters of an edition and return them; those not given have their defaults.

    `source` is a mapping, or the path of a YAML file; what is `given` by name goes before it.
    `choices` is what the data allow, read from the data folder if absent.

    Raises:
        FaultError: with every unknown, misspelt, ill-typed or impossible parameter.
        FileError: the file or the tables of the data can't be read.
    """
    named = "" if isinstance(source, Mapping) else str(source)
    if named:
        source = read_file(Path(source))
    values = dict(source) | given
    faults = unknown(values, NAMES) + _wrong(values, choices or stored_choices())
    if faults:
        raise FaultError(faults, PARAMETERS, named)
    return EditionParameters.model_validate(values)


def read_file(path: Path) -> dict[str, Any]:
    """The parameters in a YAML file as they are written, not yet checked."""
    try:
        return plain_yaml.read(path)
    except plain_yaml.NotPlain as error:
        raise FaultError([_no_mapping(error)], PARAMETERS, str(path)) from None


def read_text(text: str) -> dict[str, Any]:
    """Parameters written in YAML as they are written, not yet checked."""
    try:
        return plain_yaml.values(text)
    except plain_yaml.NotPlain as error:
        raise FaultError([_no_mapping(error)], PARAMETERS) from None


def _no_mapping(error: plain_yaml.NotPlain) -> Fault:
    lines = "lines of the form `name: value`, such as `weeks: 44`"
    return Fault("parameters in YAML", str(error), lines)


def unknown(names: Iterable[object], allowed: Collection[str]) -> list[Fault]:
    """A fault for each name that is not allowed, with the one that may be meant."""
    return [
        Fault(
            on_one_line(str(name)),
            f"an unknown parameter{suggestion(str(name), allowed)}",
            ", ".join(allowed) or "no parameter",
        )
        for name in names
        if name not in allowed
    ]


def _wrong(values: Mapping[Any, Any], choices: Choices) -> list[Fault]:
    """Known parameters with a wrong value: by type and range, by the data, by each other."""
    known = {name: values[name] for name in NAMES if name in values}
    wrong: set[str] = set()
    try:
        valid = EditionParameters.model_validate(known).model_dump()
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        valid = EditionParameters().model_dump() | known
        valid = {name: value for name, value in valid.items() if name not in wrong}
    faults = [_fault(name, known[name], choices) for name in NAMES if name in wrong]
    region = choices.regions.get(valid.get("region", ""))
    if "region" in valid and not region:
        faults.append(_fault("region", valid["region"], choices))
    if "report_year" in valid:
        faults += _year_faults(valid["report_year"], region, choices)
    if region and valid.get("force") and valid["force"] not in choices.forces(region):
        forces = choices.forces(region)
        found = f"{shown(valid['force'])}{suggestion(valid['force'], forces)}"
        allowed = f"{', '.join(forces)}, or '' for the one with the largest count"
        faults.append(Fault("force", found, allowed))
    if valid.get("tier_mix") and percentages(valid["tier_mix"]) is None:
        faults.append(_fault("tier_mix", valid["tier_mix"]))
    officers = valid.get("officers")  # 0: the data's, which are not known here
    if officers and valid.get("crew", 1) > officers:
        allowed = f"no more than officers, which is {valid['officers']}"
        faults.append(Fault("crew", str(valid["crew"]), allowed))
    return sorted(faults, key=lambda fault: NAMES.index(fault.where))


def _year_faults(value: str, region: Mapping[str, Any] | None, choices: Choices) -> list[Fault]:
    try:
        year = financial_year(value)
    except ReportError:
        return [_fault("report_year", value)]
    if region is None:
        return []
    first, last = choices.covered(year, region)
    if first <= year <= last:
        return []
    found = f"'{year}', but no data covers {year} for {region['name']}"
    return [Fault("report_year", found, f"the data reach from {first} to {last}")]


def _fault(name: str, value: object, choices: Choices | None = None) -> Fault:
    """A fault of a value that is wrong by itself."""
    written = value.written if isinstance(value, Refused) else str(value)
    hint = ""
    if name == "report_year" and (meant := _YEAR_MEANT.fullmatch(written)):
        hint = f" (did you mean '{FinancialYear(int(meant[1]))}'?)"
    elif name == "region" and choices:
        codes = {row["area_id"]: name for name, row in choices.regions.items()}
        hint = suggestion(written, choices.regions, codes)
    return Fault(name, f"{_found(name, value)}{hint}", allowed(name, choices))


def allowed(name: str, choices: Choices | None = None) -> str:
    """What a parameter may be, in words."""
    if name == "region" and choices:
        return ", ".join(choices.regions)
    field = EditionParameters.model_fields[name]
    if words := field.json_schema_extra["allowed"]:
        return words
    limits = {
        kind: getattr(limit, kind)
        for limit in field.metadata
        for kind in ("gt", "ge", "le")
        if hasattr(limit, kind)
    }
    if "gt" in limits:
        return f"a number above {limits['gt']}, at most {limits['le']}"
    return f"a whole number from {limits['ge']} to {limits['le']:,}"


def _found(name: str, value: object) -> str:
    if isinstance(value, Refused):
        return value.found
    text = EditionParameters.model_fields[name].annotation not in (int, float)
    found = shown(value)
    if text and not isinstance(value, str):
        return f"{found}, which is not text"
    if not text and isinstance(value, str):
        return f"{found}, which is text"
    return found


def suggestion(
    word: str, choices: Iterable[str], other_names: Mapping[str, str] | None = None
) -> str:
    """` (did you mean 'region'?)` if a choice is near, whatever the case; else nothing."""
    names = {choice.casefold(): choice for choice in choices}
    names |= {other.casefold(): name for other, name in (other_names or {}).items()}
    near = difflib.get_close_matches(word.casefold(), names, n=1)
    return f" (did you mean '{names[near[0]]}'?)" if near else ""


def percentages(text: str) -> list[float] | None:
    """The four parts of a tier mix such as `2/18/30/50`; None if they are not four parts of 100."""
    parts = text.split("/")
    if len(parts) != 4 or not all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", part) for part in parts):
        return None
    percents = [float(part) for part in parts]
    return percents if abs(sum(percents) - 100) < 1e-6 else None


def slug(text: str) -> str:
    """Text as part of a file name: lower case, plain letters and digits, hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")
