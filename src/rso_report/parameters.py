"""The parameters of an edition: what each is, what it may be, and how a YAML file of them is read.

Every parameter that any notebook has stands here once, with type, range, description, unit and
reason; a test holds the notebooks' cells of parameters to it. Whether values fit the data and each
other is checked where an edition is opened: module `edition`.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from rso_report.errors import Fault, FaultError, FileError, shown

PARAMETERS = "the parameters"  # what an error with several faults says is wrong
LONGEST = 100_000  # bytes of a file; one of all parameters has about 500
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")


def _is(  # noqa: ANN202
    default: object, description: str, unit: str, reason: str, allowed: str = "", **limits: float
):
    """What is said of a parameter, and its range; a number's range says what is allowed."""
    extra = {"unit": unit, "reason": reason, "allowed": allowed}
    return Field(default, description=description, json_schema_extra=extra, **limits)


class EditionParameters(BaseModel):
    """All parameters of an edition; the defaults are those of the notebooks.

    Report year and region choose the edition. The others are the assumptions of the worked
    illustration on home visits; an empty mix and 0 officers mean what the data hold.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    report_year: str = _is(
        "2021-22",
        "Financial year, such as 2021-22; later figures are hidden",
        "April to March",
        "the latest year with both register and breach figures of the region's forces",
        "two years with a hyphen, such as '2021-22'",
    )
    region: str = _is(
        "West Midlands",
        "Region of England, Wales, or one police force by its name",
        "region or force",
        "the region that the report was first written for",
        "a region or a force by name, such as 'North East' or 'West Mercia Police'",
    )
    force: str = _is(
        "",
        "Force of the illustration, such as WMP; empty: the largest",
        "area_id of areas.csv",
        "an illustration needs one force; a rule chooses it, the largest count",
        "the code of a force of the region, or '' for the largest",
    )
    policy_id: str = _is(
        "WMP_2014",
        "Visit policy with fixed intervals, from visit_policy.csv",
        "policy_id of visit_policy.csv",
        "the only policy in the data with a fixed interval for every tier",
        "a policy_id of visit_policy.csv, such as 'WMP_2014'",
    )
    tier_mix: str = _is(
        "",
        "Assumed percent at very high/high/medium/low risk; empty: the national mix",
        "percent",
        "the mix of a force was found nowhere; a national one is in risk_tiers.csv",
        "four percentages that add to 100, very high/high/medium/low, such as '2/18/30/50', "
        "or '' for the national mix in risk_tiers.csv",
    )
    concentration: int = _is(
        50,
        "How closely the drawn mixes keep to the mix; larger keeps them closer",
        "none",
        "an assumption, shown beside a looser and a closer one",
        ge=1,
        le=10_000,
    )
    officers: int = _is(
        0,
        "Visiting officers; 0: the force's own constables in staffing.csv, if any",
        "officers",
        "the data know the constables of some forces; another force's say nothing",
        ge=0,
        le=10_000,
    )
    crew: int = _is(
        2,
        "Officers on each visit, for the double-crewed figure",
        "officers",
        "an assumption, shown beside one officer on each visit",
        ge=1,
        le=4,
    )
    weeks: int = _is(
        44,
        "Working weeks of an officer in a year",
        "weeks",
        "an assumption: 52 weeks less leave, public holidays and training",
        ge=1,
        le=52,
    )
    success_share: float = _is(
        1.0,
        "Share of attempts that find the person in, above 0, at most 1",
        "share of 1",
        "an assumption: every attempt succeeds, the fewest that the policy can need",
        gt=0.001,  # of less, the number of attempts soon has no end
        le=1,
    )
    seed: int = _is(
        20220331,
        "Seed of the random draws of the band, so that a run can be repeated",
        "none",
        "any number does, and the same one gives the same band",
        ge=0,
        le=4_294_967_295,
    )

    def mix(self) -> dict[str, float] | None:
        """The assumed tier mix as shares of 1, by tier; None: the national one of the data."""
        from rso_report.visits import TIERS  # needs numpy and scipy, which checking does not

        parts = percentages(self.tier_mix)
        return (
            {tier: part / 100 for tier, part in zip(TIERS, parts, strict=True)} if parts else None
        )


NAMES = tuple(EditionParameters.model_fields)
_NUMBERS = [n for n, f in EditionParameters.model_fields.items() if f.annotation in (int, float)]


def allowed(name: str) -> str:
    """What a parameter may be, in words."""
    field = EditionParameters.model_fields[name]
    if words := field.json_schema_extra["allowed"]:
        return words
    limits = {
        kind: getattr(rule, kind)
        for rule in field.metadata
        for kind in ("gt", "ge", "le")
        if hasattr(rule, kind)
    }
    if "gt" in limits:
        return f"a number above {limits['gt']}, at most {limits['le']}"
    return f"a whole number from {limits['ge']} to {limits['le']:,}"


def refused(name: str, value: object) -> str:
    """A value that was refused, in words."""
    kind = "not text" if name not in _NUMBERS else "text, not a number"
    fits = isinstance(value, str) != (name in _NUMBERS)
    return shown(value) if fits else f"{shown(value)}, which is {kind}"


def percentages(text: str) -> list[float] | None:
    """The four parts of a tier mix such as `2/18/30/50`; None if they are not four parts of 100."""
    parts = text.split("/")
    if len(parts) != 4 or not all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", part) for part in parts):
        return None
    percents = [float(part) for part in parts]
    return percents if abs(sum(percents) - 100) < 1e-6 else None


class _AsWritten(yaml.BaseLoader):
    """Reads every scalar as the text that it is, makes nothing of tags, and no name stands twice.

    YAML itself guesses: `2024_25` becomes the number 202425, `No` false, `012` ten.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        values = super().construct_mapping(node, deep)
        if len(values) < len(node.value):
            problem = "found a name twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return values


def read_file(path: Path) -> dict[str, Any]:
    """The parameters in a YAML file as they are written, not yet checked.

    Raises FileError if it can't be read, FaultError if it holds no parameters.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise _no_mapping(f"more than {LONGEST:,} bytes", str(path))
        return read_text(content.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise _no_mapping("text that is not UTF-8", str(path)) from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}.") from None


def read_text(text: str, source: str = "") -> dict[str, Any]:
    """Parameters written in YAML or JSON; of numbers, those written plainly become numbers."""
    try:
        values = yaml.load(text, Loader=_AsWritten)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read as such"
        where = f", line {mark.line + 1}" if mark else ""
        raise _no_mapping(f"no YAML ({problem}{where})", source) from None
    if not isinstance(values, dict):
        raise _no_mapping(shown(values) if values else "nothing", source)
    return {name: _number(value) if name in _NUMBERS else value for name, value in values.items()}


def _number(value: object) -> object:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def _no_mapping(said: str, source: str) -> FaultError:
    fault = Fault(
        "parameters in YAML", said, "lines of the form `name: value`, such as `weeks: 44`"
    )
    return FaultError([fault], PARAMETERS, source)
