"""What may enter the data of a count of people, decided at the door because `data/` is public.

`decide` is the rule of the page methods, "Small numbers and privacy". `dataset` asks it of each row
that it loads, so that a file edited by hand is held to it too, and `checks` of each row of a
return before anything is written. What is not published never stands in the data, so there is
nothing that a later step would have to hide or search for. `difference` is the rule for what the
report itself works out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

FORCE_OR_ABOVE = ("country", "region", "group", "joint", "force")
SMALL_AREA = 10_000  # residents; the national advice sees likely harm where there are no more
HIDDEN = "[c]"
PEOPLE = ("registered_offenders", "missing", "orders", "risk_tiers", "answers")  # tables
# Columns that narrow a count to people with something in common, unless they say one of _WHOLE.
PARTS = (
    "sex",
    "mappa_level",
    "risk_tier",
    "custody_status",
    "subset",
    "believed_abroad",
    "went_missing_since",
)
_WHOLE = ("", "all", "unknown", "both", "community", "not_stated")
THRESHOLD = 5  # people; a difference of fewer, other than none, singles them out


class Against(NamedTuple):
    """Why a row may not enter the data: in which column, what was found, and what is allowed."""

    column: str
    found: str
    allowed: str


def decide(value: float | None, level: str, parts: Mapping[str, Any]) -> Against | None:
    """What stands against one count that a force gave or that was printed; None if nothing does.

    `level` is the kind of its area, and `parts` are those of `PARTS` that its table has. No value,
    nothing to decide. Below a force every value is refused, zeros included. At any level one person
    by sex, tier or the like is refused, even if it was printed.
    """
    if value is None:
        return None
    if level not in FORCE_OR_ABOVE:
        return Against("area_id", f"a {level}", "a whole force")
    narrow = [name for name, part in parts.items() if not pd.isna(part) and part not in _WHOLE]
    if value == 1 and narrow:
        found = f"one person by {', '.join(narrow)}"
        return Against(narrow[0], found, "no attribute of a single person")
    return None


def refused(
    table: str, frame: pd.DataFrame, areas: pd.DataFrame
) -> Iterator[tuple[int, str, str, str]]:
    """Yield index, column, what was found and what is allowed of each row that may not be there.

    The schema of areas has no kind below a force, but the detail of an answer can name a district.
    """
    if table not in PEOPLE:
        return
    kinds = areas.set_index("area_id")["kind"]
    for index, row in frame[frame["value"].notna()].iterrows():
        level, parts = kinds[row["area_id"]], row
        if table == "answers":
            parts = dict(each.partition(": ")[::2] for each in row["detail"].split("; "))
            level = "district" if "geography_code" in parts else level
        narrow = {name: parts[name] for name in PARTS if name in parts}
        if against := decide(row["value"], level, narrow):
            yield index, "detail" if table == "answers" else against.column, *against[1:]


def difference(people: int) -> int | str:
    """A number of people that the report gets by taking one count from another, or [c] for 1 to 4.

    Of two counts that overlap, what is left over are people, of whom nobody published a number.
    """
    return HIDDEN if 1 <= abs(people) < THRESHOLD else people
