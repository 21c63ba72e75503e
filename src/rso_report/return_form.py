"""What an annual return is: its columns, its measures, and the values that each may hold.

The form is data: `form_columns.csv`, `form_measures.csv` and `offence_titles.csv` in the data
folder, which an analyst extends without Python. The template, the checks, the page for forces and
the mapping to the tables of the data are all made from them. What stands here is what those tables
cannot say. The questions are those that police forces have been asked in freedom of information
requests; `question` is the number of the question in the national advice on them (source
`npcc-cru-43-23`), `+` what the report asks beside them.
"""

import csv
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rso_report.places import data_folder

SHEET = "Return"


@dataclass(frozen=True)
class Field:
    """One column: what it may hold (`allowed` empty: any of its kind) and when it is filled in."""

    name: str
    kind: str  # code, date, whole number, number, text
    says: str
    when: str
    allowed: tuple[str, ...]
    default: str  # what an empty cell means
    part: str  # required, optional, printed (of printed tables), draft (read by people only)


@dataclass(frozen=True)
class Measure:
    """One thing that is asked: what it counts, and the table of the data that takes it.

    `custody` is who it counts if the measure says so itself; `needs` names columns that must be
    filled in beside a number; `row` holds the columns of the table that the measure decides;
    `words` are those by which a printed table names it.
    """

    code: str
    question: str
    kind: str  # stock or flow
    unit: str
    says: str
    instruction: str
    table: str
    row: dict[str, str]
    custody: str
    needs: tuple[str, ...]
    decimals: bool
    family: str  # of the offences that belong under it
    topic: str
    official: bool  # from official tables, which have regions and countries too
    words: tuple[str, ...]

    @property
    def asks(self) -> str:
        """The question as the form puts it: what is counted, and how to answer."""
        return "; ".join(filter(None, [self.says, self.instruction]))


Answer = Any  # a row of a return as `annual_return.typed` gives it: the columns as attributes

TIERS = {"VH": "very_high", "H": "high", "M": "medium", "L": "low", "unknown": "unknown"}
WITH_VALUE = ("final", "provisional", "revised")
STATUS_WORDS = {
    "final": "the number is final",
    "provisional": "the number can still change, or its period is not a whole year",
    "revised": "the number replaces one that was given before; revises_row names it",
    "not_held": "the force does not hold this",
    "cost_limit": "finding it out would go beyond the cost limit",
    "exempt": "the force relies on an exemption",
    "suppressed": "the force withholds it because it is small; value may hold the limit that it "
    "names, such as 5, with fewer_than in qualifier",
    "withheld": "given by the force, and not published here: the area is too small or not cleared",
}

# Splits that a table of the data can hold; any other would be lost, so it stops the return. The
# custody status of missing people says which count of RSOs they are compared with.
SPLITS = {
    "registered_offenders": ("sex", "custody_status"),
    "orders": ("sex", "custody_status"),
    "missing": ("mappa_level", "custody_status", "definition_code"),
    "risk_tiers": ("custody_status",),
    "breaches": ("heading_as_printed",),
    "staffing": (),
    "published_rates": (),
    "answers": ("sex", "risk_tier", "risk_tool", "mappa_level", "custody_status"),
}
SPLIT_FIELDS = (
    "sex",
    "risk_tier",
    "risk_tool",
    "mappa_level",
    "custody_status",
    "offence_title",
    "heading_as_printed",
    "definition_code",
)
# Rows that agree in all of these are the same answer; but for its time, the same thing counted.
KEY = (
    *("force", "measure_code", "as_at", "period_start", "period_end"),
    *("geography_level", "geography_code", *SPLIT_FIELDS, "table_as_printed", "total"),
)


def fields() -> dict[str, Field]:
    """The columns of the long form, by name, in their order."""
    return _form(data_folder())[0]


def measures() -> dict[str, Measure]:
    """What is asked of forces, and what is taken from official tables, by code."""
    return _form(data_folder())[1]


def asked() -> dict[str, Measure]:
    """What is asked of forces."""
    return {code: each for code, each in measures().items() if not each.official}


def titles() -> dict[str, str]:
    """The family of the order or duty that each known offence title names itself.

    A title that is not among them stops a return (V15): nobody has yet read what it is about.
    """
    return _form(data_folder())[2]


def template_fields() -> list[Field]:
    """The columns for which a force is asked: totals and drafts have more."""
    return [each for each in fields().values() if each.part in ("required", "optional")]


@lru_cache(maxsize=4)
def _form(folder: Path) -> tuple[dict[str, Field], dict[str, Measure], dict[str, str]]:
    columns = {
        row["column"]: Field(row.pop("column"), **row | {"allowed": _listed(row["allowed"])})
        for row in _rows(folder / "form_columns.csv")
    }
    asked = {}
    for row in _rows(folder / "form_measures.csv"):
        code, official = row.pop("measure_code"), row.pop("asked_of") == "official"
        row |= {"question": row["question"] or "+", "decimals": row["decimals"] == "yes"}
        row |= {name: _listed(row[name]) for name in ("needs", "words")}
        row["row"] = dict(pair.partition(": ")[::2] for pair in row["row"].split("; ") if pair)
        asked[code] = Measure(code, official=official, **row)
    known = {row["offence_title"]: row["family"] for row in _rows(folder / "offence_titles.csv")}
    return columns, asked, known


def csv_bytes(rows: list[list[str]]) -> bytes:
    """Rows as a CSV file with the mark by which Excel reads UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


# What each check looks at, and what it does: stop the return, withhold the value, or remark on it.
# A remark is shown to whoever takes the return in, and most enter the ledger of discrepancies.
CHECKS = {
    "V01": ("Every column is there that must be, once, and none that nobody asked for", "stop"),
    "V02": ("Numbers are whole, 0 or more, and there exactly where value_status says so", "stop"),
    "V03": ("Codes are those of the form, and what a measure needs beside it is filled in", "stop"),
    "V04": ("A stock has one day, a flow a first and a last, and none lies in the future", "stop"),
    "V05": ("A period is a year of 365 or 366 days, or the row is marked provisional", "stop"),
    "V06": ("Male, female and unknown sum to all", "remark"),
    "V07": ("MAPPA levels sum to the count of the same people", "remark"),
    "V08": ("Risk tiers sum to the count of the same people", "remark"),
    "V09": ("Community, custody and abroad sum to the register, or a note says why not", "remark"),
    "V10": ("No more people are missing than registered on the same day", "stop"),
    "V11": ("Missing at the start, with those new and without those traced, is the end", "remark"),
    "V12": ("No more people failed to confirm their details than there were failures", "remark"),
    "V13": ("Printed totals are the sums of their cells or areas; both are kept", "remark"),
    "V14": ("A title stands under the heading of its own order; the title decides", "remark"),
    "V15": ("Somebody has read which order each offence title names", "stop"),
    "V16": ("No figure changes by more than a fifth, and by more than 20, in a year", "remark"),
    "V17": ("Counts with people in custody are not compared with the community only", "stop"),
    "V18": ("Each measure is there once, in the return and beside the published data", "stop"),
    "V19": (
        "The area is a whole force; if it is a district, its residents are stated; no row is of "
        "one person by sex, tier or the like",
        "withhold",
    ),
    "V20": ("No text seems to be about one person", "stop"),
    "V21": (
        "Orders and visits made are in likely proportion to RSOs and to visits due",
        "remark",
    ),
    "V22": ("A published rate is near the one that count and residents make", "remark"),
    "V23": ("No other source has another number for the same thing", "remark"),
}
