"""What may enter the data of a count of people, decided at the door because `data/` is public.

`decide` is the rule of the page methods, "Small numbers and privacy". `dataset` asks it of each row
that it loads, so that a file edited by hand is held to it too, and `returns` of each row of a
return before anything is written. What is not published never stands in the data, so there is
nothing that a later step would have to hide or search for. `difference` is the rule for what the
report itself works out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd

FORCE_OR_ABOVE = ("country", "region", "group", "joint", "force")
SMALL_AREA = 10_000  # residents of all ages; an area of exactly so many is small
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


class Decision(NamedTuple):
    """Whether a row may enter the data; if not, in which column, what was found, what is allowed.

    `withheld`: a return may keep the row, marked so, without its value. `refused`: not even that,
    because other rows of the return would tell it, or because what is needed to decide is missing.
    """

    outcome: Literal["allowed", "withheld", "refused"]
    column: str = ""
    found: str = ""
    allowed: str = ""


def decide(
    value: float | None, level: str, residents: float | None, parts: Mapping[str, Any]
) -> Decision:
    """Decide one count that a force gave or that was printed, by the first rule that holds.

    `level` is the kind of its area, `residents` of all ages are needed below a force, and `parts`
    are those of `PARTS` that its table has. No value, nothing to decide. Below a force a row
    without residents is refused and any other withheld: a small area for good, zeros included, a
    larger one until the force clears it, for which the data have no column. At any level one person
    by sex, tier or the like is refused, even if it was printed. Source of the 10,000 residents:
    advice of the national unit for freedom of information, 2023 (sources.csv, npcc-cru-43-23).
    """
    if value is None:
        return Decision("allowed")
    if level not in FORCE_OR_ABOVE:
        enough = f"more than {SMALL_AREA:,} residents"
        if residents is None:
            return Decision("refused", "population_total", f"a {level} without residents", enough)
        if residents <= SMALL_AREA:
            return Decision("withheld", "value", f"{residents:,} residents", enough)
        allowed = "a whole force, until it clears its districts"
        return Decision("withheld", "value", f"a {level}", allowed)
    narrow = [name for name, part in parts.items() if not pd.isna(part) and part not in _WHOLE]
    if value == 1 and narrow:
        found = f"one person by {', '.join(narrow)}"
        return Decision("refused", narrow[0], found, "no attribute of a single person")
    return Decision("allowed")


def refused(
    table: str, frame: pd.DataFrame, areas: pd.DataFrame
) -> Iterator[tuple[int, str, str, str]]:
    """Yield index, column, what was found and what is allowed of each row that may not be there.

    The schema of areas has no kind below a force, but the detail of an answer can name a district,
    and a value can stand beside the status withheld. The data hold no residents of districts by
    answer and no clearance, so such a value is always refused.
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
        decided = decide(row["value"], level, None, narrow)
        if decided.outcome != "allowed":
            place = "detail" if table == "answers" else "area_id"
            column = decided.column if decided.column in frame else place
            yield index, column, decided.found, decided.allowed
        elif row["status"] == "withheld":
            yield index, "value", "a value that is withheld", "nothing, as it is not published"


def difference(people: int) -> int | str:
    """A number of people that the report gets by taking one count from another, or [c] for 1 to 4.

    Of two counts that overlap, what is left over are people, of whom nobody published a number.
    """
    return HIDDEN if 1 <= abs(people) < THRESHOLD else people
