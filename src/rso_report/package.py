"""What `datapackage.json` may say: the description of the tables, held to the parts we read.

Frictionless also reads descriptions that fetch tables from the web, from other folders or out of
archives. Ours names files that lie beside it, and nothing else.
"""

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from rso_report.errors import Fault, FaultError, shown
from rso_report.plain_cells import is_date, text_fault

NAME = "datapackage.json"
_MOST_BYTES = 5_000_000


def _plain(text: str) -> str:
    if fault := text_fault(text):
        raise ValueError(fault[1])
    return text


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"a regular expression ({error})") from None
    return text


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


Text = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_plain)]
Name = Annotated[str, Field(pattern=r"\A[a-z][a-z0-9_]{0,60}\z")]
Names = Name | Annotated[list[Name], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Titled(_Part):
    title: Text


class _Licence(_Part):
    name: Text
    title: Text


class _Rules(_Part):
    required: bool = False
    enum: Annotated[list[Text], Field(min_length=1)] | None = None
    pattern: Annotated[str, Field(max_length=200), AfterValidator(_expression)] | None = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None


class _Column(_Part):
    name: Name
    type: Literal["string", "integer", "number", "date"]
    description: Text
    constraints: _Rules = _Rules()

    @model_validator(mode="after")
    def _rules_fit(self) -> "_Column":
        rules = self.constraints
        bounds = [bound for bound in (rules.minimum, rules.maximum) if bound is not None]
        if self.type != "string" and (rules.enum or rules.pattern):
            raise ValueError("enum and pattern for text alone")
        if not all(self._is_bound(bound) for bound in bounds):
            raise ValueError("minimum and maximum for numbers and dates, and of their kind")
        return self

    def _is_bound(self, bound: float | str) -> bool:
        if isinstance(bound, str):
            return self.type == "date" and is_date(bound)
        # What a float and a whole number of 64 bits both hold exactly.
        return self.type in ("integer", "number") and abs(bound) <= 10**15


class _Reference(_Part):
    resource: Name | Literal[""]
    fields: Names


class _ForeignKey(_Part):
    fields: Names
    reference: _Reference


class _Schema(_Part):
    fields: Annotated[list[_Column], Field(min_length=1)]
    primaryKey: Names
    missingValues: tuple[Literal[""]] | None = Field(default=None, strict=False)
    foreignKeys: list[_ForeignKey] = []
    uniqueKeys: list[Annotated[list[Name], Field(min_length=1)]] = []

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.fields]

    @model_validator(mode="after")
    def _columns_exist(self) -> "_Schema":
        used = [*_as_list(self.primaryKey), *sum(self.uniqueKeys, [])]
        used += [name for key in self.foreignKeys for name in _as_list(key.fields)]
        if twice := [name for name, count in Counter(self.names).items() if count > 1]:
            raise ValueError(f"each column once; {', '.join(twice)} stands there more often")
        if absent := sorted(set(used) - set(self.names)):
            raise ValueError(f"keys of columns that there are; there is no {', '.join(absent)}")
        return self


class _Table(_Part):
    name: Name
    type: Literal["table"]
    path: str
    title: Text
    description: Text
    scheme: Literal["file"]
    format: Literal["csv"]
    mediatype: Literal["text/csv"]
    encoding: Literal["utf-8"]
    hash: Annotated[str, Field(pattern=r"\Asha256:[0-9a-f]{64}\z")]
    bytes: Annotated[int, Field(ge=0)]
    updated: Annotated[str, Field(pattern=r"\A20[0-9]{2}-[0-9]{2}-[0-9]{2}\z")] | None = None
    licenses: Annotated[list[_Licence], Field(min_length=1)]
    schema_: _Schema = Field(alias="schema")

    @model_validator(mode="after")
    def _beside(self) -> "_Table":
        if self.path != f"{self.name}.csv":
            raise ValueError(f"the path {self.name}.csv, a file beside {NAME}")
        return self


class _Package(_Part):
    name: Annotated[str, Field(pattern=r"\A[a-z0-9][a-z0-9.-]{0,60}\z")]
    title: Text
    description: Text
    version: Annotated[str, Field(pattern=r"\A[0-9]+\.[0-9]+\.[0-9]+\z")]
    licenses: Annotated[list[_Licence], Field(min_length=1)]
    sources: list[_Titled] = []
    resources: Annotated[list[_Table], Field(min_length=1)]

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> "_Package":
        columns = {table.name: table.schema_.names for table in self.resources}
        if len(columns) < len(self.resources):
            raise ValueError("each table once")
        for table in self.resources:
            for key in table.schema_.foreignKeys:
                there = columns.get(key.reference.resource or table.name, [])
                own, other = _as_list(key.fields), _as_list(key.reference.fields)
                if len(own) != len(other) or not set(other) <= set(there):
                    raise ValueError(f"references to columns that there are (table {table.name})")
        return self


def read(folder: Path) -> dict[str, Any]:
    """Return the description of the tables in `folder`, as it stands there.

    Raises FaultError if it is absent, a link, no JSON, or says anything that we don't read: each
    fault with its place in the description, what was found and what is allowed.
    """
    path = folder / NAME
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            raise ValueError("a link, or a file of more than 5 MB")
        text = path.read_text(encoding="utf-8")
        _require_sound(text)
        return json.loads(text)
    except ValidationError as error:
        raise FaultError(
            Fault(
                NAME,
                shown(fault["input"]),
                fault["msg"].removeprefix("Value error, "),
                column=".".join(map(str, fault["loc"])) or None,
            )
            for fault in error.errors(include_url=False)
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise FaultError([Fault(NAME, str(error), "a data package")]) from None


@lru_cache(maxsize=2)  # a build of the pages reads it 45 times
def _require_sound(text: str) -> None:
    _Package.model_validate(json.loads(text, parse_constant=_refuse))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant}, which is no number in JSON")
