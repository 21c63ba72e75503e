"""The errors that are meant for the person who runs the report, and the faults that they hold."""

import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


class ReportError(Exception):
    """A message in plain words: what was found, what is allowed, what to do.

    IPython shows it without a traceback, so that it stands alone under plain Papermill too. What
    was found may be anything, so characters that a terminal would obey, or that reverse what is
    read, are shown as their codes. `exit_status` is what the command line ends with.
    """

    exit_status = 1

    def __init__(self, message: str) -> None:
        """Keep the message, printable on every line."""
        super().__init__(printable(message))

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class FileError(ReportError):
    """Something could not be read or written: it is absent, no such format, or not permitted."""

    exit_status = 3


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where it is, what was found there, what is allowed and what to do.

    `where` is a parameter, a file or a sheet, of a file or sheet perhaps with `row`, its line
    (header = 1) or a cell of a form such as B10, and `column`, by name or number. `code` is the
    check or the kind of fault, if it has one. `severity` says whether it stops what is checked,
    withholds a value, or is only remarked.
    """

    where: str
    found: str
    allowed: str
    row: int | str | None = None
    column: str | int | None = None
    remedy: str = ""
    code: str = ""
    severity: Literal["stop", "withhold", "warn"] = "stop"

    def __str__(self) -> str:
        """One line that a person can act on."""
        parts = [self.code, self.where, self.row and place(self.row)]
        parts.append(self.column and f"column {self.column}")
        at = ", ".join(filter(None, parts))
        said = f"found {self.found}; allowed: {self.allowed}"
        return (f"{at}: " if at else "") + said + (f"; {self.remedy}" if self.remedy else "")


def place(row: int | str) -> str:
    """Where something stands, as a person finds it: `row 7` of a table, `cell B7` of a form."""
    return f"row {row}" if isinstance(row, int) else f"cell {row}"


class FaultError(ReportError):
    """What was checked has faults; `faults` holds all of them, also those that stop nothing."""

    def __init__(self, faults: Iterable[Fault], of: str = "the data", source: str = "") -> None:
        """Make one message of the faults; `source` is the file of what was checked, if any."""
        self.faults = list(faults)
        stops = [f"  {fault}" for fault in self.faults if fault.severity == "stop"]
        others = [f"  {fault}" for fault in self.faults if fault.severity != "stop"]
        lines = [f"{len(stops)} fault{'s' * (len(stops) != 1)} in {source or of}:", *stops]
        lines += ["Noticed too, which stops nothing:", *others] if others else []
        if len(self.faults) == 1:
            lines = [f"{source}: {self.faults[0]}" if source else str(self.faults[0])]
        super().__init__("\n".join(lines))


def first_of(lines: list[str], more: str = "more", shown: int = 15) -> str:
    """Lines of a message: all of them, or the first and how many `more` there are."""
    rest = [f"... and {len(lines) - shown} {more}"] if len(lines) > shown else []
    return "\n".join(lines[:shown] + rest)


def printable(text: str) -> str:
    r"""Text with its invisible characters, but for the ends of lines, as codes such as `\u202e`."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


def on_one_line(text: str, longest: int = 80) -> str:
    """Text of a file inside a message: on one line, its invisible characters as codes, cut."""
    plain = printable(text).replace("\n", "\\n")
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def shown(found: object) -> str:
    """What was found, as a message shows it: text between quotes, and shortened if it is long."""
    return f"'{on_one_line(found)}'" if isinstance(found, str) else on_one_line(reprlib.repr(found))
