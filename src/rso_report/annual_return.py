"""The checks of an annual return: V01 to V21, all faults at once, each with its place.

`tidy` makes a frame of a sheet; `faults` checks it against the form (`return_form`) and against
the data that are held; `typed` gives the values once nothing stops it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from rso_report.dataset import Tables
from rso_report.errors import ReportError


@dataclass(frozen=True)
class ReturnFault:
    """One thing wrong in a return: where, what was found, what is allowed, what to do.

    `row` is the row as a person sees it in the sheet; `severity` says whether it stops the return,
    withholds the cell, or is logged and shown.
    """

    code: str
    row: int | None
    column: str | None
    found: str
    allowed: str
    remedy: str
    severity: Literal["stop", "withhold", "warn"] = "stop"
    sheet: str = ""

    def __str__(self) -> str:
        """One line that a person can act on."""
        place = [self.code]
        if self.sheet:
            place.append(f"sheet {self.sheet}")
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: found {self.found}; allowed: {self.allowed}; {self.remedy}"


class ReturnError(ReportError):
    """A return that cannot be taken in; `faults` holds everything found in it."""

    def __init__(self, file: str, faults: list[ReturnFault]) -> None:
        """Keep the faults and make one message of them, each line with the name of the file."""
        self.faults = faults
        count = sum(fault.severity == "stop" for fault in faults)
        title = f"{file}: {count} fault{'s' if count != 1 else ''}; nothing was written."
        super().__init__("\n".join([title, *(f"  {file}, {fault}" for fault in faults)]))


def faults(frame: pd.DataFrame, data: Tables, published: date | None = None) -> list[ReturnFault]:
    """Everything wrong in a return, in the order of its rows; an empty list if there is nothing.

    `frame` has the columns of `return_form.FIELDS` that the sheet has, with its cells as they were
    read, and `row`, the row of the sheet. `data` are the tables of the data that are held (all of
    them). No date may lie after `published`, the date of the return.
    """
    raise NotImplementedError
