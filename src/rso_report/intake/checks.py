"""The checks of an annual return that set several rows, or a row and the data held, side by side.

Each check takes the rows whose cells are sound (`annual_return.typed`) and yields what it finds.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from difflib import get_close_matches

import pandas as pd

from rso_report import disclosure
from rso_report.breaches import FAMILIES
from rso_report.dataset import Tables
from rso_report.errors import Fault, place
from rso_report.periods import day_label
from rso_report.reconcile import LARGE_STEP
from rso_report.return_form import CHECKS, KEY, WITH_VALUE, Answer, measures, titles

FAR_BELOW = 0.75  # share of the visits due
# Areas that the official tables count with another one and do not list.
WITHIN = {"CITY_OF_LONDON": "METROPOLITAN"}
_RECENT = timedelta(days=2 * 366)  # an older figure says nothing about a sudden change
RSOS = {"both": "RSO_REGISTER", "community": "RSO_COMMUNITY", "custody": "RSO_CUSTODY"}
_HEADINGS = (
    ("SHPO", re.compile(r"\bSHPOs?\b|\bSOPOs?\b|harm prevention|offences prevention", re.I)),
    ("SRO", re.compile(r"\bSROs?\b|risk (?:of (?:sexual )?harm )?orders?", re.I)),
    ("NOTIFICATION", re.compile(r"notif|register", re.I)),
)
_SHARE, _PEOPLE = LARGE_STEP
# By check: what to do, where it is the same for all that it finds. What is allowed says the form.
_DO = {
    "V05": "correct the period, or write provisional in value_status",
    "V10": "correct one of the two",
    "V11": "correct it, or explain it in note",
    "V12": "check whether the two were exchanged",
    "V13": "look whether a row was misread; both are kept as printed",
    "V14": "ask the force; the title decides where it is counted",
    "V16": "confirm it with the force, and say in note what happened",
    "V17": "give each breakdown whole, for one custody status",
    "V23": "ask which holds; both are kept, each with its source",
}
_CORRECT = "correct it, or say in note why it is not"

Rows = list[Answer]  # of `annual_return.typed`, each with the columns as attributes


def checks_across_rows(rows: pd.DataFrame, data: Tables) -> list[Fault]:
    """Everything that the checks find in the sound rows of a return."""
    sound = list(rows.itertuples(index=False))
    return [fault for check in _CHECKS for fault in check(sound, data)]


def family_of_heading(heading: str) -> str:
    """The family of orders that a printed heading names; "" if it names none that is known."""
    return next((family for family, words in _HEADINGS if words.search(heading)), "")


def whole_years(start: date, end: date) -> bool:
    """Whether a period is one or more whole years from its first day."""
    after = end + timedelta(days=1)
    return (after.month, after.day) == (start.month, start.day) and after.year > start.year


def _stop(code: str, row: Answer, column: str | None, found: str, *says: str) -> Fault:
    words = CHECKS[code][0]
    words = words if words[1].isupper() else words[0].lower() + words[1:]
    allowed, remedy = says or (words, _DO.get(code, _CORRECT))
    return Fault("", found, allowed, row.row, column, remedy, code)


def _warn(code: str, row: Answer, column: str, found: str, *says: str) -> Fault:
    return replace(_stop(code, row, column, found, *says), severity="warn")


def _area(row: Answer) -> tuple[str, str, str]:
    return row.force, row.geography_level, row.geography_code


def _groups(rows: Iterable[Answer], codes: Iterable[str], *names: str) -> dict[tuple, Rows]:
    """Rows of some measures that have a number, by their area and by the fields named."""
    found = defaultdict(list)
    for row in rows:
        if row.measure_code in codes and _has_number(row):
            found[(*_area(row), *(getattr(row, name) for name in names))].append(row)
    return found


def _has_number(row: Answer) -> bool:
    return row.value is not None and not row.total and row.value_status in WITH_VALUE


def _pairs(rows: Rows, one: str, other: str, *names: str) -> Iterator[tuple[Answer, Answer]]:
    """Rows of one measure, each with that of another for the same area and fields named."""
    for group in _groups(rows, (one, other), *names).values():
        by = {row.measure_code: row for row in group}
        if len(by) == 2:
            yield by[one], by[other]


def _count(rows: Iterable[Answer], row: Answer, custody: str, sex: str) -> Answer | None:
    """The row that counts all RSOs of the area and day of another."""
    wanted = (RSOS.get(custody), *_area(row), row.as_at, sex)
    return next((each for each in rows if each.value is not None and wanted == (
        each.measure_code, *_area(each), each.as_at, each.sex)), None)  # fmt: skip


def _one_year(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V05: a flow covers one year, or is marked provisional."""
    for row in rows:
        start, end = row.period_start, row.period_end
        if not start or not end or row.value is None or row.total in ("row", "grand"):
            continue
        days = (end - start).days + 1
        found = f"a period of {days} days"
        if whole_years(start, end) and days <= 366:
            continue
        if row.value_status != "provisional":
            yield _stop("V05", row, "period_end", found)
        else:
            allowed = "a part of a year, if it is provisional"
            shown = "it will be shown as provisional [p]"
            yield _warn("V05", row, "period_end", found, allowed, shown)


def _sexes(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V06: the sexes sum to the total."""
    names = [name for name in KEY if name not in ("force", "sex") and "geography" not in name]
    for group in _groups(rows, measures(), *names).values():
        by_sex = {row.sex: row for row in group}
        if {"all", "male", "female"} <= set(by_sex):
            total = by_sex.pop("all")
            yield from _sum("V06", "sexes", total, list(by_sex.values()))


def _levels_and_tiers(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V07, V08: levels, and tiers of one tool or of all, sum to the count of the same people."""
    for code, measure, name, needed, what in (
        ("V07", "RSO_BY_LEVEL", "mappa_level", {"1", "2", "3"}, "MAPPA levels"),
        ("V08", "RSO_BY_TIER", "risk_tier", {"VH", "H", "M", "L"}, "risk tiers"),
    ):
        for group in _groups(rows, [measure], "as_at", "custody_status", "sex").values():
            total = _count(rows, group[0], group[0].custody_status, group[0].sex)
            of_tool = defaultdict(int)
            for row in group:
                of_tool[row.risk_tool] += row.value
            complete = needed <= {getattr(row, name) for row in group}
            if total and complete and total.value not in of_tool.values():
                yield from _sum(code, what, total, group)


def _sum(code: str, what: str, total: Answer, parts: Rows) -> Iterator[Fault]:
    summed, names = sum(row.value for row in parts), [str(row.row) for row in parts]
    if summed != total.value:
        kind = place(parts[0].row).split()[0] + "s"
        where = f"{kind} {', '.join(names[:-1])} and {names[-1]}"
        found = f"{total.value:,}, but the {what} sum to {summed:,} ({where})"
        yield _warn(code, total, "value", found)


def _missing_and_registered(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V10: no more people missing than registered, on the same day, of the same custody status."""
    for row in rows:
        total = registered_with(row, rows)
        if total is not None and row.value > total.value:
            found = f"{row.value:,} people missing of {total.value:,} on the register "
            yield _stop("V10", row, "value", f"{found}({place(total.row)})")


def registered_with(row: Answer, rows: Iterable[Answer]) -> Answer | None:
    """The count of RSOs in the same return that a count of missing people is a part of."""
    if row.measure_code != "MISSING_STOCK" or row.value is None:
        return None
    return _count(rows, row, row.custody_status or "both", "all")


def _flow_of_missing(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V11: the missing at the start, with those new and without those traced, are the last."""
    stocks = {
        (row.force, row.as_at): (row.value, place(row.row))
        for row in rows
        if row.measure_code == "MISSING_STOCK"
        and row.value is not None
        and row.geography_level == "force"
        and not row.mappa_level
    }
    held = data.missing[(data.missing["series_id"] == "MISSING_STOCK")]
    held = held[(held["subset"] == "all") & (held["mappa_level"] == "all")]
    held = held[(held["believed_abroad"] == "all") & held["went_missing_since"].isna()]
    for row in held.itertuples():
        stocks.setdefault((row.area_id, row.as_at.date()), (int(row.value), row.row_id))
    names = ("period_start", "period_end", "mappa_level")
    for new, traced in _pairs(rows, "MISSING_NEW", "MISSING_TRACED", *names):
        days = (new.period_start, new.period_start - timedelta(days=1))
        first = next((stocks[new.force, day] for day in days if (new.force, day) in stocks), None)
        last = stocks.get((new.force, new.period_end))
        if not first or not last or new.mappa_level or new.geography_level != "force":
            continue
        if first[0] + new.value - traced.value != last[0]:
            found = f"{first[0]:,} missing at the start ({first[1]}), {new.value:,} new and "
            found += f"{traced.value:,} traced, which does not make the {last[0]:,} at the end "
            yield _warn("V11", new, "value", f"{found}({last[1]})")


def _persons_and_events(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V12: nobody fails to confirm without a failure."""
    codes = ("ANNUAL_CONTACT_FAIL_PERSONS", "ANNUAL_CONTACT_FAIL_EVENTS")
    for people, events in _pairs(rows, *codes, "period_start", "period_end", "sex", "risk_tier"):
        if people.value > events.value:
            found = f"{people.value:,} people, but {events.value:,} failures ({place(events.row)})"
            yield _warn("V12", people, "value", found)


def _printed_totals(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V13: a printed total stands below cells of its table; `reconcile` compares the two."""
    with_cells = {(row.force, row.table_as_printed)
                  for row in rows if not row.total and row.value is not None}  # fmt: skip
    for row in rows:
        alone = (row.force, row.table_as_printed) not in with_cells
        if row.total and row.value is not None and alone:
            allowed = "a total below the cells that it sums, of the same table_as_printed"
            found = f"the total {row.value:,} of a table without cells"
            yield _stop("V13", row, "total", found, allowed, "add the cells, or leave it out")


def _titles(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V15: a title that nobody has read yet; V14: a title under the measure of another order.

    Titles under the printed heading of a table are set against it by `reconcile`.
    """
    known = titles()
    for row in (row for row in rows if row.offence_title):
        family, heading = known.get(row.offence_title), row.heading_as_printed
        under = family_of_heading(heading) or measures()[row.measure_code].family
        if family is None:
            plain = {title.casefold(): title for title in known}
            near = get_close_matches(row.offence_title.casefold(), plain, 1, 0.9)
            do = f"did you mean '{plain[near[0]]}'? If it is another, " if near else ""
            says = "a title of data/offence_titles.csv", f"{do}read which order it names and add it"
            yield _stop("V15", row, "offence_title", f"'{row.offence_title}'", says[0],
                        f"{says[1]} there")  # fmt: skip
        elif not row.table_as_printed and under != family:
            where = f"the heading '{heading}'" if heading else row.measure_code
            found = f"a title about {FAMILIES[family]} under {where}, which names "
            yield _warn("V14", row, "offence_title", found + FAMILIES[under])


def _large_steps(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V16: a change of more than a fifth, and of more than 20, since the figure before."""
    for row in rows:
        if not _has_number(row) or row.geography_level == "district":
            continue
        if row.measure_code == "STOCK_MAPPA":
            continue  # `reconcile` finds the steps of the official counts
        if row.period_start and not whole_years(row.period_start, row.period_end):
            continue
        day, value, where = _before(row, rows, data) or (None, None, "")
        if value and abs(row.value - value) > max(_PEOPLE, _SHARE * value):
            change = f"{100 * (row.value - value) / value:+.0f} % since {day_label(day)}"
            yield _warn("V16", row, "value", f"{row.value:,}, {change} ({value:,}, {where})")


def _before(row: Answer, rows: Rows, data: Tables) -> tuple[date, float, str] | None:
    """Day, value and place of the latest figure before this one, in the return or in the data."""
    day = row.as_at or row.period_end
    split = [name for name in KEY if name not in ("as_at", "period_start", "period_end")]
    known = [
        (other.as_at or other.period_end, other.value, place(other.row))
        for other in rows
        if other.value is not None
        and all(getattr(other, name) == getattr(row, name) for name in split)
    ]
    held = held_rows(row, data)
    if held is not None:
        days = held["as_at" if row.as_at else "period_end"].dt.date
        known += zip(days, held["value"], held["row_id"], strict=True)
    earlier = [each for each in known if day - _RECENT <= each[0] < day]
    return max(earlier, key=lambda each: (each[0], each[2]), default=None)


def held_rows(row: Answer, data: Tables) -> pd.DataFrame | None:
    """Exact, whole-year rows of the data with the same measure, area and splits, of any date."""
    measure = measures()[row.measure_code]
    own = getattr(data, measure.table, None)
    if own is None or own.empty or measure.table == "risk_tiers":
        return None  # mixes of tools and custody: no two compare by themselves
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
    if measure.table in ("registered_offenders", "orders"):
        wanted.setdefault("custody_status", row.custody_status)
    for name, value in wanted.items():
        if name in own and name not in ("base_as_printed", "unit_as_printed"):
            own = own[own[name] == value]
    if "period_status" in own:
        own = own[own["period_status"] != "part"]
    if "went_missing_since" in own:
        own = own[own["went_missing_since"].isna()]
    return own[own["status"].isin(WITH_VALUE) & own["value"].notna()]


def _custody(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V17: parts of one breakdown that count different people."""
    codes = ("RSO_BY_TIER", "RSO_BY_LEVEL")
    for first, *rest in _groups(rows, codes, "measure_code", "as_at", "risk_tool", "sex").values():
        for row in rest:
            if row.custody_status != first.custody_status:
                found = f"'{row.custody_status}', but '{first.custody_status}' in "
                found += f"{place(first.row)} of the same breakdown"
                yield _stop("V17", row, "custody_status", found)


def decided(row: Answer) -> disclosure.Decision:
    """Whether a row of a return may enter the data: the rule of module `disclosure`."""
    parts = {name: getattr(row, name) for name in disclosure.PARTS if hasattr(row, name)}
    return disclosure.decide(row.value, row.geography_level, row.population_total, parts)


def _disclosure(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V19: one person by an attribute is refused, and the value of a district is withheld."""
    for row in rows:
        outcome, column, found, allowed = decided(row)
        if outcome == "refused":
            do = "fill it in" if column == "population_total" else "leave the breakdown out"
            yield _stop("V19", row, column, found, allowed, do)
        elif outcome == "withheld":
            do = "nothing to do: the row is kept, its value is not"
            told = _stop("V19", row, column, found, allowed, do)
            yield replace(told, severity="withhold")


def _unlikely(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V21: more people under an order than RSOs; far fewer visits made than were due."""
    for row, *_ in _groups(rows, ["SUBJECT_SHPO"], "as_at", "custody_status", "sex").values():
        total = _count(rows, row, row.custody_status, row.sex)
        if total and row.value > total.value:
            found = f"{row.value:,} people subject to an SHPO, of {total.value:,} RSOs "
            found += f"({place(total.row)})"
            yield _warn("V21", row, "value", found, "no more than there are RSOs, usually",
                        "check it")  # fmt: skip
    names = ("period_start", "period_end", "risk_tier", "risk_tool", "custody_status")
    for made, due in _pairs(rows, "VISITS_MADE", "VISITS_DUE", *names):
        if made.value < FAR_BELOW * due.value:
            found = f"{made.value:,} visits made of {due.value:,} due ({place(due.row)})"
            allowed = f"about as many as were due; less than {FAR_BELOW:.0%} is far below"
            yield _warn("V21", made, "value", found, allowed, "check it")


def _other_sources(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V23: another source has another number for the same force, measure and day or period."""
    for row in rows:
        held = held_rows(row, data) if row.value is not None and not row.total else None
        if held is None or row.value_status not in ("final", "provisional"):
            continue
        column, day = ("as_at", row.as_at) if row.as_at else ("period_end", row.period_end)
        held = held[(held[column] == pd.Timestamp(day)) & (held["value"] != row.value)]
        for other in held.itertuples():
            found = f"{row.value:,}, but {other.value:,} in {other.row_id}, from {other.source_id}"
            yield _warn("V23", row, "value", found)


def _areas_of_totals(rows: Rows, data: Tables) -> Iterator[Fault]:
    """V13: a total of a region or the country is the sum of its areas, if all are there."""
    areas = data.areas[data.areas["kind"].isin(["country", "region", "force"])]
    children = areas.groupby("parent_id")["area_id"].agg(list).to_dict()
    groups: dict[tuple, dict[str, Answer]] = defaultdict(dict)
    for row in rows:
        measure = measures()[row.measure_code]
        if measure.official and not measure.decimals and row.value is not None:
            groups[row.measure_code, row.as_at or row.period_end][row.force] = row

    def summed(area: str, printed: dict[str, Answer]) -> int | None:
        """The sum of the areas of an area; None if one of them is not printed."""
        parts = []
        for child in children.get(area, []):
            part = summed(child, printed)
            if part is None and child in printed:
                part = printed[child].value
            parts.append(0 if part is None and WITHIN.get(child) in printed else part)
        return sum(parts) if parts and None not in parts else None

    for printed in groups.values():
        for area, row in printed.items():
            if (total := summed(area, printed)) not in (None, row.value):
                yield _warn("V13", row, "value", f"{row.value:,}, but its areas sum to {total:,}")


_CHECKS: tuple[Callable[[Rows, Tables], Iterator[Fault]], ...] = (
    _one_year,
    _sexes,
    _levels_and_tiers,
    _missing_and_registered,
    _flow_of_missing,
    _persons_and_events,
    _printed_totals,
    _titles,
    _large_steps,
    _custody,
    _disclosure,
    _unlikely,
    _other_sources,
    _areas_of_totals,
)
