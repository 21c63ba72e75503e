"""A fault of the data, in words that a person can act on, and the error that holds all of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from rso_report.errors import ReportError


@dataclass(frozen=True)
class Fault:
    """One thing wrong in the data: where it is, what was found and what is allowed."""

    file: str
    row: int | None
    column: str | None
    found: str
    allowed: str

    def __str__(self) -> str:
        """One line that a person can act on; `row` is the line of the file, header = 1."""
        place = [self.file]
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: found {self.found}; allowed: {self.allowed}"


class DataError(ReportError):
    """The data package has faults; `faults` holds all of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults and make one message of them."""
        self.faults = list(faults)
        count = len(self.faults)
        title = f"{count} fault{'s' if count != 1 else ''} in the data:"
        super().__init__("\n".join([title, *(f"  {fault}" for fault in self.faults)]))
