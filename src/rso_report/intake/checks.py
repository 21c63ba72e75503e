"""The checks of an annual return that set several rows, or a row and the data held, side by side.

Each check takes the rows whose cells are sound (`annual_return.typed`) and yields what it finds.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Literal

import pandas as pd

from rso_report import disclosure
from rso_report.breaches import FAMILIES
from rso_report.dataset import Tables
from rso_report.errors import ReportError
from rso_report.periods import day_label
from rso_report.reconcile import LARGE_STEP
from rso_report.return_form import KEY, WITH_VALUE, Answer, measures, titles

FAR_BELOW = 0.75  # share of the visits due
NEAR = 0.05  # of a rate; a count or a base that was revised moves it less
# Areas that the official tables count with another one and do not list.
WITHIN = {"CITY_OF_LONDON": "METROPOLITAN"}
_RECENT = timedelta(days=2 * 366)  # an older figure says nothing about a sudden change
_RSOS = {"both": "RSO_REGISTER", "community": "RSO_COMMUNITY", "custody": "RSO_CUSTODY"}
_HEADINGS = (
    ("SHPO", re.compile(r"\bSHPOs?\b|\bSOPOs?\b|harm prevention|offences prevention", re.I)),
    ("SRO", re.compile(r"\bSROs?\b|risk (?:of (?:sexual )?harm )?orders?", re.I)),
    ("NOTIFICATION", re.compile(r"notif|register", re.I)),
)

Rows = list[Answer]  # of `annual_return.typed`, each with the columns as attributes


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
        place = [self.code] if self.code else []
        if self.sheet:
            place.append(f"sheet {self.sheet}")
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            cell = self.column.startswith("cell ")
            place.append(self.column if cell else f"column {self.column}")
        return f"{', '.join(place)}: found {self.found}; allowed: {self.allowed}; {self.remedy}"


class ReturnError(ReportError):
    """A return that cannot be taken in; `faults` holds everything found in it."""

    def __init__(self, file: str, faults: Iterable[ReturnFault]) -> None:
        """Keep the faults and make one message of them, each line with the name of the file."""
        self.faults = list(faults)
        stops = [fault for fault in self.faults if fault.severity == "stop"]
        others = [fault for fault in self.faults if fault.severity != "stop"]
        count = len(stops)
        lines = [
            f"{file}: {count} fault{'s' if count != 1 else ''} to correct; nothing was written."
        ]
        lines += [f"  {file}, {fault}" for fault in stops]
        if others:
            lines.append("Noticed too, which stops nothing:")
            lines += [f"  {file}, {fault}" for fault in others]
        super().__init__("\n".join(lines))


def checks_across_rows(rows: pd.DataFrame, data: Tables) -> list[ReturnFault]:
    """Everything that the checks find in the sound rows of a return."""
    sound = list(rows.itertuples(index=False))
    return [fault for check in CHECKS for fault in check(sound, data)]


def family_of_heading(heading: str) -> str:
    """The family of orders that a printed heading names; "" if it names none that is known."""
    return next((family for family, words in _HEADINGS if words.search(heading)), "")


def whole_years(start: date, end: date) -> bool:
    """Whether a period is one or more whole years from its first day."""
    after = end + timedelta(days=1)
    return (after.month, after.day) == (start.month, start.day) and after.year > start.year


def _warn(code: str, row: Answer, column: str, found: str, allowed: str, do: str) -> ReturnFault:
    return ReturnFault(code, row.row, column, found, allowed, do, "warn")


def _groups(rows: Iterable[Answer], *names: str) -> dict[tuple, Rows]:
    """Rows with a number, by the fields named and by the area."""
    found = defaultdict(list)
    for row in rows:
        if row.value is not None and not row.total and row.value_status in WITH_VALUE:
            area = (row.force, row.geography_level, row.geography_code)
            found[(*area, *(getattr(row, name) for name in names))].append(row)
    return found


def _places(rows: Rows) -> str:
    numbers = [str(row.row) for row in rows]
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}" if rows[1:] else f"row {numbers[0]}"


def _one_year(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V05: a flow covers one year, or is marked provisional."""
    for row in rows:
        start, end = row.period_start, row.period_end
        if not start or not end or row.value is None or row.total in ("row", "grand"):
            continue
        days = (end - start).days + 1
        if whole_years(start, end) and days <= 366:
            continue
        if row.value_status != "provisional":
            yield ReturnFault(
                "V05",
                row.row,
                "period_end",
                f"a period of {days} days",
                "a year of 365 or 366 days, unless value_status is provisional",
                "correct the period, or write provisional in value_status",
            )
        else:
            yield _warn(
                "V05",
                row,
                "period_end",
                f"a period of {days} days",
                "a part of a year, if it is provisional",
                "it will be shown as provisional [p]",
            )


def _sexes(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V06: the sexes sum to the total."""
    names = [name for name in KEY if name not in ("force", "sex") and "geography" not in name]
    for group in _groups(rows, *names).values():
        by_sex = {row.sex: row for row in group}
        if {"all", "male", "female"} <= set(by_sex):
            parts = sum(row.value for row in by_sex.values()) - by_sex["all"].value
            yield from _sum("V06", "sexes", parts, by_sex["all"], group)


def _levels(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V07: the MAPPA levels sum to the count of the same people."""
    own = [row for row in rows if row.measure_code == "RSO_BY_LEVEL"]
    for key, group in _groups(own, "as_at", "custody_status", "sex").items():
        total = _count(rows, key)
        if total and {"1", "2", "3"} <= {row.mappa_level for row in group}:
            parts = sum(row.value for row in group)
            yield from _sum("V07", "MAPPA levels", parts, total, group)


def _tiers(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V08: the risk tiers, of one tool or of all together, sum to the count of the same people."""
    own = [row for row in rows if row.measure_code == "RSO_BY_TIER"]
    for key, group in _groups(own, "as_at", "custody_status", "sex").items():
        total = _count(rows, key)
        if not total or not {"VH", "H", "M", "L"} <= {row.risk_tier for row in group}:
            continue
        sums = defaultdict(int)
        for row in group:
            sums[row.risk_tool] += row.value
        parts = sum(sums.values())
        if total.value not in (parts, *sums.values()):
            yield from _sum("V08", "risk tiers", parts, total, group)


def _count(rows: Rows, key: tuple) -> Answer | None:
    """The row that counts all RSOs of one area, day, custody status and sex."""
    *area, as_at, custody, sex = key
    return next(
        (
            row
            for row in rows
            if row.measure_code == _RSOS.get(custody)
            and [row.force, row.geography_level, row.geography_code] == area
            and (row.as_at, row.sex) == (as_at, sex)
            and row.value is not None
        ),
        None,
    )


def _sum(code: str, what: str, parts: int, total: Answer, group: Rows) -> Iterator[ReturnFault]:
    if parts != total.value:
        others = [row for row in group if row is not total]
        yield _warn(
            code,
            total,
            "value",
            f"{total.value:,}, but the {what} sum to {parts:,} ({_places(others)})",
            "a total that is the sum of its parts",
            "correct it, or say in note why it is not",
        )


def _missing_and_registered(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V10: no more people missing than registered, on the same day, of the same custody status."""
    for row in rows:
        total = registered_with(row, rows)
        if total is not None and row.value > total.value:
            yield ReturnFault(
                "V10",
                row.row,
                "value",
                f"{row.value:,} people missing of {total.value:,} on the register (row "
                f"{total.row})",
                "no more missing than registered",
                "correct one of the two",
            )


def registered_with(row: Answer, rows: Iterable[Answer]) -> Answer | None:
    """The count of RSOs in the same return that a count of missing people is a part of."""
    if row.measure_code != "MISSING_STOCK" or row.value is None:
        return None
    area = [row.force, row.geography_level, row.geography_code]
    return _count(list(rows), (*area, row.as_at, row.custody_status or "both", "all"))


def _flow_of_missing(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V11: the missing at the start, with those new and without those traced, are the last."""
    names = ("MISSING_NEW", "MISSING_TRACED")
    stocks = [
        (row.force, row.as_at, row.value, f"row {row.row}")
        for row in rows
        if row.measure_code == "MISSING_STOCK"
        and row.value is not None
        and row.geography_level == "force"
        and not row.mappa_level
    ]
    held = data.missing[(data.missing["series_id"] == "MISSING_STOCK")]
    held = held[(held["subset"] == "all") & (held["mappa_level"] == "all")]
    held = held[(held["believed_abroad"] == "all") & held["went_missing_since"].isna()]
    stocks += [
        (row.area_id, row.as_at.date(), int(row.value), row.row_id) for row in held.itertuples()
    ]
    own = [row for row in rows if row.measure_code in names and row.geography_level == "force"]
    for (force, *_, start, end, _), group in _groups(
        own, "period_start", "period_end", "mappa_level"
    ).items():
        by = {row.measure_code: row for row in group}
        first = [s for s in stocks if s[0] == force and s[1] in (start, start - timedelta(days=1))]
        last = [s for s in stocks if s[0] == force and s[1] == end]
        if len(by) < 2 or not first or not last or group[0].mappa_level:
            continue
        expected = first[0][2] + by["MISSING_NEW"].value - by["MISSING_TRACED"].value
        if expected != last[0][2]:
            yield _warn(
                "V11",
                by["MISSING_NEW"],
                "value",
                f"{first[0][2]:,} missing at the start ({first[0][3]}), "
                f"{by['MISSING_NEW'].value:,} new and {by['MISSING_TRACED'].value:,} traced, "
                f"which does not make the {last[0][2]:,} at the end ({last[0][3]})",
                "a flow that leads from the first stock to the last",
                "correct it, or explain it in note",
            )


def _persons_and_events(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V12: nobody fails to confirm without a failure."""
    names = ("ANNUAL_CONTACT_FAIL_PERSONS", "ANNUAL_CONTACT_FAIL_EVENTS")
    own = [row for row in rows if row.measure_code in names]
    for group in _groups(own, "period_start", "period_end", "sex", "risk_tier").values():
        by = {row.measure_code: row for row in group}
        if len(by) == 2 and by[names[0]].value > by[names[1]].value:
            yield _warn(
                "V12",
                by[names[0]],
                "value",
                f"{by[names[0]].value:,} people, but {by[names[1]].value:,} failures (row "
                f"{by[names[1]].row})",
                "at least one failure for each person",
                "check whether the two were exchanged",
            )


def _printed_totals(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V13: a printed total stands below cells of its table; `reconcile` compares the two."""
    for total in rows:
        if (
            total.total
            and total.value is not None
            and not any(
                not row.total
                and row.value is not None
                and (row.force, row.table_as_printed) == (total.force, total.table_as_printed)
                for row in rows
            )
        ):
            yield ReturnFault(
                "V13",
                total.row,
                "total",
                f"the total {total.value:,} of a table without cells",
                "a total below the cells that it sums, of the same table_as_printed",
                "add the cells, or leave the total out",
            )


def _titles(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V15: a title that nobody has read yet; V14: a title under the measure of another order.

    Titles under the printed heading of a table are set against it by `reconcile`.
    """
    known = titles()
    for row in rows:
        if not row.offence_title:
            continue
        family, own = known.get(row.offence_title), measures()[row.measure_code].family
        if family is None:
            plain = {title.casefold(): title for title in known}
            near = get_close_matches(row.offence_title.casefold(), plain, 1, 0.9)
            do = f"did you mean '{plain[near[0]]}'? If it is another, " if near else ""
            yield ReturnFault(
                "V15",
                row.row,
                "offence_title",
                f"'{row.offence_title}'",
                "a title of data/offence_titles.csv",
                f"{do}read which order it names and add it there",
            )
        elif (
            not row.table_as_printed
            and (family_of_heading(row.heading_as_printed) or own) != family
        ):
            heading = row.heading_as_printed
            under = f"the heading '{heading}'" if heading else row.measure_code
            other = FAMILIES[family_of_heading(heading) or own]
            yield _warn(
                "V14",
                row,
                "offence_title",
                f"a title about {FAMILIES[family]} under {under}, which names {other}",
                "a title below the heading of its own order",
                "ask the force; the title decides where it is counted",
            )


def _large_steps(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V16: a change of more than a fifth, and of more than 20, since the figure before."""
    share, least = LARGE_STEP
    for row in rows:
        if row.value is None or row.total or row.geography_level == "district":
            continue
        if row.measure_code == "STOCK_MAPPA" or row.value_status not in WITH_VALUE:
            continue  # `reconcile` finds the steps of the official counts
        if row.period_start and not whole_years(row.period_start, row.period_end):
            continue
        before = _before(row, rows, data)
        if before is None or not before[1]:
            continue
        step = row.value - before[1]
        if abs(step) > least and abs(step) > share * before[1]:
            yield _warn(
                "V16",
                row,
                "value",
                f"{row.value:,}, {100 * step / before[1]:+.0f} % since {day_label(before[0])} "
                f"({before[1]:,}, {before[2]})",
                f"a change of at most {share:.0%}, or of {least}",
                "confirm it with the force, and say in note what happened",
            )


def _before(row: Answer, rows: Rows, data: Tables) -> tuple[date, float, str] | None:
    """Day, value and place of the latest figure before this one, in the return or in the data."""
    day = row.as_at or row.period_end
    split = [name for name in KEY if name not in ("as_at", "period_start", "period_end")]
    known = [
        (other.as_at or other.period_end, other.value, f"row {other.row}")
        for other in rows
        if other.value is not None
        and all(getattr(other, name) == getattr(row, name) for name in split)
    ]
    held = held_rows(row, data)
    if held is not None:
        dates = held["as_at" if row.as_at else "period_end"]
        known += [
            (when.date(), value, row_id)
            for when, value, row_id in zip(dates, held["value"], held["row_id"], strict=True)
        ]
    earlier = [each for each in known if day - _RECENT <= each[0] < day]
    return max(earlier, key=lambda each: (each[0], each[2]), default=None)


def held_rows(row: Answer, data: Tables) -> pd.DataFrame | None:
    """Exact, whole-year rows of the data with the same measure, area and splits, of any date."""
    measure = measures()[row.measure_code]
    table = getattr(data, measure.table, None)
    if table is None or table.empty:
        return None
    wanted = {
        "area_id": row.force,
        "qualifier": "exact",
        "sex": row.sex,
        "mappa_level": row.mappa_level or "all",
        "offence_title": row.offence_title,
        "measure_code": row.measure_code,
        "subset": "all",
        "believed_abroad": "all",
        "detail": "",
        **measure.row,
    }
    for name in ("base_as_printed", "unit_as_printed"):
        wanted.pop(name, None)
    if measure.table in ("registered_offenders", "orders") and "custody_status" not in measure.row:
        wanted["custody_status"] = row.custody_status
    if measure.table == "risk_tiers":
        return None  # mixes of tools and custody: no two compare by themselves
    own = table
    for name, value in wanted.items():
        if name in own and not (name == "mappa_level" and measure.table == "answers"):
            own = own[own[name] == value]
    if "period_status" in own:
        own = own[own["period_status"] != "part"]
    if "went_missing_since" in own:
        own = own[own["went_missing_since"].isna()]
    return own[own["status"].isin(WITH_VALUE) & own["value"].notna()]


def _custody(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V17: parts of one breakdown, or a part and its total, that count different people."""
    own = [row for row in rows if row.measure_code in ("RSO_BY_TIER", "RSO_BY_LEVEL")]
    for group in _groups(own, "measure_code", "as_at", "risk_tool", "sex").values():
        for row in group:
            if row.custody_status != group[0].custody_status:
                yield ReturnFault(
                    "V17",
                    row.row,
                    "custody_status",
                    f"'{row.custody_status}', but '{group[0].custody_status}' in row "
                    f"{group[0].row} of the same breakdown",
                    "one custody status: a count with people in custody and one of the community "
                    "only cannot be compared",
                    "give each breakdown whole, for one custody status",
                )
    for row in rows:
        if row.measure_code != "MISSING_STOCK" or not row.custody_status or row.value is None:
            continue
        area = [row.force, row.geography_level, row.geography_code]
        held = {s: _count(rows, (*area, row.as_at, s, "all")) for s in _RSOS}
        others = [count for count in held.values() if count]
        if others and not held[row.custody_status]:
            yield ReturnFault(
                "V17",
                row.row,
                "custody_status",
                f"'{row.custody_status}', but only {others[0].measure_code} (row "
                f"{others[0].row}) for that day",
                "missing people and RSOs of the same custody status",
                f"add {_RSOS[row.custody_status]} for that day, or correct custody_status",
            )


def _twice(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V18: the same measure twice, in the return or for offences that another source gave."""
    first: dict[tuple, int] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in KEY)
        if key in first:
            yield ReturnFault(
                "V18",
                row.row,
                None,
                f"the same measure as row {first[key]}",
                "each measure once for each force, date and split",
                "delete one of the two",
            )
        first.setdefault(key, row.row)


def decided(row: Answer) -> disclosure.Decision:
    """Whether a row of a return may enter the data: the rule of module `disclosure`."""
    parts = {name: getattr(row, name) for name in disclosure.PARTS if hasattr(row, name)}
    return disclosure.decide(row.value, row.geography_level, row.population_total, parts)


def _disclosure(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V19: one person by an attribute is refused, and the value of a district is withheld."""
    for row in rows:
        outcome, column, found, allowed = decided(row)
        if outcome == "refused":
            do = "fill it in" if column == "population_total" else "leave the breakdown out"
            yield ReturnFault("V19", row.row, column, found, allowed, do)
        elif outcome == "withheld":
            do = "nothing to do: the row is kept, its value is not"
            yield ReturnFault("V19", row.row, column, found, allowed, do, "withhold")


def _unlikely(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V21: more people under an order than RSOs; far fewer visits made than were due."""
    own = [row for row in rows if row.measure_code == "SUBJECT_SHPO"]
    for key, group in _groups(own, "as_at", "custody_status", "sex").items():
        total = _count(rows, key)
        if total and group[0].value > total.value:
            yield _warn(
                "V21",
                group[0],
                "value",
                f"{group[0].value:,} people subject to an SHPO, of {total.value:,} RSOs (row "
                f"{total.row})",
                "no more than there are RSOs, usually",
                "check it",
            )
    own = [row for row in rows if row.measure_code in ("VISITS_DUE", "VISITS_MADE")]
    names = ("period_start", "period_end", "risk_tier", "risk_tool", "custody_status")
    for group in _groups(own, *names).values():
        by = {row.measure_code: row for row in group}
        if len(by) == 2 and by["VISITS_MADE"].value < FAR_BELOW * by["VISITS_DUE"].value:
            yield _warn(
                "V21",
                by["VISITS_MADE"],
                "value",
                f"{by['VISITS_MADE'].value:,} visits made of {by['VISITS_DUE'].value:,} due (row "
                f"{by['VISITS_DUE'].row})",
                f"about as many as were due; less than {FAR_BELOW:.0%} is far below",
                "check it",
            )


def _rates(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V22: a published rate is near the one that the count of its day and the residents make."""
    counts = {
        (row.force, row.as_at): row.value for row in rows if row.measure_code == "STOCK_MAPPA"
    }
    for row in rows:
        if row.measure_code != "RATE_PER_100K_10PLUS" or row.value is None:
            continue
        count = counts.get((row.force, row.as_at))
        held = data.registered_offenders
        held = held[(held["series_id"] == "STOCK_MAPPA") & (held["area_id"] == row.force)]
        held = held[(held["as_at"] == pd.Timestamp(row.as_at)) & (held["mappa_level"] == "all")]
        if count is None and not held.empty:
            count = int(held.iloc[-1]["value"])
        people = _residents(row.force, row.as_at, data)
        if count is None or not people:
            continue
        computed = 1e5 * count / people
        if abs(row.value - computed) > NEAR * computed:
            yield _warn(
                "V22",
                row,
                "value",
                f"the rate {row.value:g}, but {count:,} people and {people:,} residents aged 10 "
                f"and over make {computed:.1f}",
                f"a rate within {NEAR:.0%} of that",
                "look whether the right column was read",
            )


def _residents(area: str, day: date, data: Tables) -> int:
    """Residents aged 10 and over of the latest estimate up to a year after a day; 0 if none."""
    areas = data.areas.set_index("area_id")
    within = {area}
    for _ in range(2):  # the forces of a region, the regions of the country
        within |= set(areas.index[areas["parent_id"].isin(within)])
    own = data.population_districts
    own = own[own["area_id"].isin(within) & (own["date"] <= pd.Timestamp(day) + _RECENT / 2)]
    if own.empty:
        return 0
    own = own[own["date"] == own["date"].max()]
    return int((own["all_ages"] - own["aged_0_9"]).sum())


def _other_sources(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V23: another source has another number for the same force, measure and day or period."""
    for row in rows:
        held = held_rows(row, data) if row.value is not None and not row.total else None
        if held is None or row.value_status not in ("final", "provisional"):
            continue
        column, day = ("as_at", row.as_at) if row.as_at else ("period_end", row.period_end)
        held = held[(held[column] == pd.Timestamp(day)) & (held["value"] != row.value)]
        for other in held.itertuples():
            yield _warn(
                "V23",
                row,
                "value",
                f"{row.value:,}, but {other.value:,} in {other.row_id}, from {other.source_id}",
                "one number for one thing",
                "ask which holds; both are kept, each with its source",
            )


def _areas_of_totals(rows: Rows, data: Tables) -> Iterator[ReturnFault]:
    """V13: a total of a region or the country is the sum of its areas, if all are there."""
    children: dict[str, list[str]] = defaultdict(list)
    for area in data.areas[data.areas["kind"].isin(["country", "region", "force"])].itertuples():
        children[area.parent_id].append(area.area_id)
    official = [
        row
        for row in rows
        if measures()[row.measure_code].official
        and not measures()[row.measure_code].decimals
        and row.value is not None
    ]
    groups: dict[tuple, dict[str, Answer]] = defaultdict(dict)
    for row in official:
        groups[row.measure_code, row.as_at or row.period_end][row.force] = row

    def summed(area: str, printed: dict[str, Answer]) -> int | None:
        """The sum of the areas of an area; None if one of them is not printed."""
        parts = []
        for child in children.get(area, []):
            part = summed(child, printed)
            if part is None and child in printed:
                part = printed[child].value
            if part is None and WITHIN.get(child) in printed:
                part = 0
            parts.append(part)
        return sum(parts) if parts and None not in parts else None

    for printed in groups.values():
        for area, row in printed.items():
            total = summed(area, printed)
            if total not in (None, row.value):
                yield _warn(
                    "V13",
                    row,
                    "value",
                    f"{row.value:,}, but its areas sum to {total:,}",
                    "a total that is the sum of its areas",
                    "look whether a row was misread; both are kept as printed",
                )


CHECKS: tuple[Callable[[Rows, Tables], Iterator[ReturnFault]], ...] = (
    _one_year,
    _sexes,
    _levels,
    _tiers,
    _missing_and_registered,
    _flow_of_missing,
    _persons_and_events,
    _printed_totals,
    _titles,
    _large_steps,
    _custody,
    _twice,
    _disclosure,
    _unlikely,
    _rates,
    _other_sources,
    _areas_of_totals,
)
