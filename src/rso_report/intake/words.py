"""What the words of a printed table mean: areas, measures, years, days, sexes, levels, figures.

The names of areas and measures and the titles of offences come from the data; the rest is how
people write numbers and dates. A word that could mean two things means nothing here: `draft` then
leaves the figure blank and says so.
"""

import calendar
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rso_report.dataset import Tables
from rso_report.errors import ReportError
from rso_report.intake.cells import Cell
from rso_report.periods import MONTHS, FinancialYear, financial_year
from rso_report.return_form import measures, titles

REGISTER = "REGISTER"  # of whom: in the community, in custody, or both
NOTHING = "nothing"
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \xa0]\d{3})+|\d+"
_FIGURE = re.compile(
    rf"({_NUMBER})(\.\d+)?\s*((?:\((?:[^()]*)\)|\[[a-z0-9 ]+\]|[*†‡§¹²³])?)\s*", re.IGNORECASE
)
_BELOW = re.compile(r"(?:<|(?:less|fewer) than|under|below)\s*(\d+|[a-z]+)(?: people)?", re.I)
_SMALL = {"three": 3, "five": 5, "six": 6, "ten": 10}
_NO_VALUE = {
    "not held": "not_held",
    "no information held": "not_held",
    "exempt": "exempt",
    "cost limit": "cost_limit",
} | dict.fromkeys(("[c]", "(c)", "suppressed", "withheld", "redacted"), "suppressed")
_OPEN = re.compile(r"\*+|-|–|—|\.{1,3}|:|#|\[?[xzu]\]?|\[low\]|n/?a|nil|none|"
                   r"not (?:available|known|recorded)", re.IGNORECASE)  # fmt: skip
_MARK = re.compile(r"\[?(?:[a-z]{1,2}|note \d+)\]?|[*†‡§¹²³]+|\(\w\)", re.IGNORECASE)
_MARKS = re.compile(r"(?:\s*(?:\[[a-z0-9 ]+\]|\([0-9a-z]\)|[*†‡§¹²³]))+$", re.IGNORECASE)
_YEAR = re.compile(r"(\d{4})\s*[-/\u2010-\u2013]\s*(\d{4}|\d{2})(?!\d)")
_MONTH = "|".join(f"{month[:3]}[a-z]*" for month in MONTHS)
_DAY = re.compile(
    rf"\b(?:(\d{{4}})-(\d\d)-(\d\d)|(\d{{1,2}})[./](\d{{1,2}})[./](\d{{4}}|\d\d)|"
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+)?({_MONTH})\s+(\d{{4}}|\d\d))\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(grand )?totals?", re.IGNORECASE)
# What words say wherever they stand, as columns of the form; some say nothing of the figure.
_MEANS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("male", "males", "men", "m"), {"sex": "male"}),
    **dict.fromkeys(("female", "females", "women", "f"), {"sex": "female"}),
    **dict.fromkeys(("all", "persons", "people", "all persons", "both sexes"), {"sex": "all"}),
    **{f"{of}level {n}": {"mappa_level": n} for of in ("", "mappa ") for n in "123"},
    **{f"{tier}{end}": {"risk_tier": code} for end in ("", " risk") for tier, code in (
        ("very high", "VH"), ("high", "H"), ("medium", "M"), ("low", "L"))},
    **dict.fromkeys(("as at", "at", "year ending", "year", "financial year", "31 march"), {}),
    **dict.fromkeys(("number", "numbers", "count", "total number"), {}),
    **dict.fromkeys(("area", "region", "country", "force", "police force", "police area"), {}),
    **dict.fromkeys(("police force area", "police force areas"), {}),
}  # fmt: skip
_CODE = re.compile(r"[ewkns]\d{8}|\d{2,3}[/.]\d{2}|\d{1,3}[a-z]")
_GENERIC = re.compile(
    r"registered sex(?:ual)? offenders|\brsos?\b|on the register|sex(?:ual)? offenders register",
    re.IGNORECASE,
)
_NO_PEOPLE = re.compile(r"breach|offence|recorded|visit|officer", re.IGNORECASE)


@dataclass
class Reading:
    """What a cell says: a number, a status without one, or why neither is sure."""

    value: int | float | None
    status: str = ""
    qualifier: str = ""
    reason: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Name:
    """A name beside a figure: the areas that have it, and the head of its column."""

    text: str
    areas: list[str]
    head: str


class Meaning(dict[str, str]):
    """Columns of the form that words fill in; two words that differ are a reason to ask."""

    def add(self, found: Mapping[str, str], where: str, reasons: list[str]) -> None:
        """Take over what a word means."""
        for name, value in found.items():
            if name == "total" and self.get(name, value) != value:
                self[name] = "grand"
            elif self.get(name, value) != value:
                reasons.append(f"{name} is {self[name]} and, by {where}, {value}")
            self.setdefault(name, value)


def plain(text: str) -> str:
    """A name as it is compared: without marks of notes, case, hyphens and double spaces."""
    text = _MARKS.sub("", text.strip()).casefold().replace("&", " and ")
    text = re.sub(r"['\u2019]", "", text).replace("-", " ").rstrip(": ")
    return " ".join(text.split())


def same(text: str, wanted: str) -> bool:
    """Whether a head is the one that a person named, also as a date in another spelling."""
    days = [_one_day(each) for each in (text, wanted)]
    return plain(text) == plain(wanted) or bool(days[0] and days[0] == days[1])


def read(cell: Cell) -> Reading | None:
    """A cell as a figure; None if it is none. What shows a number withheld or absent is one too."""
    if isinstance(cell, bool | date) or cell is None:
        return None
    if isinstance(cell, int | float):
        sure = cell >= 0
        return Reading(cell if sure else None, reason="" if sure else f"{cell:g} is below 0")
    text = " ".join(cell.split())
    if match := _FIGURE.fullmatch(text):
        number = re.sub(r"[,\s\xa0]", "", match[1]) + (match[2] or "")
        value = float(number)
        what = mark(match[3].strip("()")) if match[3] else None
        remark = f"'{text}' has a mark: {what[1] if what else 'read the note'}" if match[3] else ""
        whole = int(value) if value.is_integer() else value
        return Reading(whole, what[0] if what else "", remark=remark)
    if match := _BELOW.fullmatch(text):
        limit = int(match[1]) if match[1].isdecimal() else _SMALL.get(match[1].lower())
        if limit:
            return Reading(limit, "suppressed", "fewer_than", remark="withheld as small")
        return Reading(None, reason=f"'{text}': a limit that is not understood")
    if status := _NO_VALUE.get(text.casefold()):
        told = f"'{text}': withheld by the sender" if status == "suppressed" else ""
        return Reading(None, status, remark=told)
    if _OPEN.fullmatch(text):
        reason = f"'{text}' is no number: 0, not held, or withheld?"
        if text.startswith("*"):
            reason = f"'{text}': often a small number that is withheld: if so, write suppressed in "
            reason += "value_status"
        return Reading(None, reason=reason)
    if re.fullmatch(rf"[-\u2212~c.]*\s*(?:{_NUMBER})(?:\.\d+)?\s*%?", text):
        return Reading(None, reason=f"'{text}' is not a plain number")
    return None


def mark(text: str) -> tuple[str, str] | None:
    """The status that a mark of a note gives, and what it says; None if it is no mark."""
    bare = text.strip("[]() ").casefold()
    if bare == "p":
        return "provisional", "provisional"
    if bare == "r":
        return "", ("revised since it was first published: if it replaces a row that is held, "
                    "write revised, and the row in revises_row")  # fmt: skip
    return ("", "read the note") if is_mark(text) else None


def is_mark(text: str) -> bool:
    """Whether a text is but a mark of a note."""
    return bool(_MARK.fullmatch(text.strip()))


def plain_year(text: str) -> bool:
    """Whether a text is a calendar year."""
    return bool(re.fullmatch(r"(?:19[89]|20[0-5])\d", text))


def heading(text: str) -> str:
    """A heading without the list of its years."""
    return re.sub(r"(?:[\s:;,.]|and\b|in\b|\d{3,6}\s*[-/]\s*\d{1,5})*$", "", text)


def _year(text: str) -> FinancialYear | None:
    """The financial year that a label names, in any of the usual spellings."""
    match = _YEAR.fullmatch(text.strip())
    if not match or (len(match[2]) == 4 and int(match[2]) != int(match[1]) + 1):
        return None
    try:
        return financial_year(f"{match[1]}-{match[2][-2:]}")
    except ReportError:
        return None


def _day(match: re.Match) -> tuple[date, str] | None:
    """The day that was found, and how exactly it is named; None if day and month may be swapped."""
    if match[1]:
        year, month, day = match.group(1, 2, 3)
    elif match[4]:
        day, month, year = match.group(4, 5, 6)
        if int(day) <= 12 and day != month:
            return None
    else:
        day, name, year = match[7], match[8].casefold(), match[9]
        month = next((n for n, m in enumerate(MONTHS, 1) if m.casefold().startswith(name)), 0)
    full = int(year) + (2000 if len(year) == 2 else 0)
    try:
        last = calendar.monthrange(full, int(month))[1]
        return date(full, int(month), int(day or last)), "day" if day else "month"
    except (ValueError, calendar.IllegalMonthError):
        return None


def _one_day(text: str) -> tuple[date, str] | None:
    """The one day that a text names."""
    found = list(_DAY.finditer(text))
    return _day(found[0]) if len(found) == 1 else None


class Lexicon:
    """The names of the data, and what a person said that printed words mean."""

    def __init__(self, data: Tables, read_as: Mapping[str, str]) -> None:
        """Collect the names of all areas and measures."""
        self._said = {plain(printed): meant.strip() for printed, meant in read_as.items()}
        areas = data.areas[data.areas["kind"].isin(["country", "region", "force", "joint"])]
        self.kinds = dict(zip(areas["area_id"], areas["kind"], strict=True))
        self._parent = dict(zip(areas["area_id"], areas["parent_id"], strict=True))
        self._names: dict[str, list[str]] = defaultdict(list)
        for area in areas.itertuples():
            for name in {self._bare(n) for n in (area.area_id, area.name, area.short_name)}:
                self._names[name].append(area.area_id)
        self._words: dict[str, list[str]] = defaultdict(list)
        for measure in measures().values():
            for word in measure.words:
                self._words[plain(word)].append(measure.code)

    @staticmethod
    def _bare(name: str) -> str:
        name = plain(name)
        if match := re.fullmatch(r"(.+), (.+ of)", name):
            name = f"{match[2]} {match[1]}"
        return re.sub(r"^the | (?:police|constabulary|police service)$", "", name)

    def left_out(self, text: str) -> bool:
        """Whether it was said that what stands beside this is left out."""
        return self._said.get(plain(text), "x") == ""

    def says_nothing(self, text: str) -> bool:
        """Whether it was said that this does not matter."""
        return self._said.get(plain(text)) == NOTHING

    def areas(self, text: str) -> list[str]:
        """The areas that have this name."""
        text = self._said.get(plain(text), text)
        if text in self.kinds:
            return [text]
        bare = self._bare(text)
        found = self._names.get(bare, [])
        if not found and bare.startswith("total "):
            own = self._names.get(bare.removeprefix("total "), [])
            found = [area for area in own if self.kinds[area] in ("region", "country")]
        if not found and re.search(r" (?:region|force)$", bare):
            name, _, kind = bare.rpartition(" ")
            found = [area for area in self._names.get(name, []) if self.kinds[area] == kind]
        return found

    def settle(self, lines: list[list[Name]]) -> list[tuple[str, str]]:
        """The area of each row of a table, or "" and why it is not sure.

        A name of a region and of a force is the region where the forces of that region follow it
        up to the second row of that name.
        """
        found = [self._fitting(names) for names in lines]
        for first, areas in enumerate(found):
            region = next((area for area in areas if self.kinds[area] == "region"), "")
            second = next((n for n in range(first + 2, len(found)) if found[n] == areas), first)
            between = found[first + 1 : second]
            if len(areas) == 2 and region and between and all(
                len(own) == 1 and self._within(own[0], region) for own in between
            ):  # fmt: skip
                found[first], found[second] = [region], [a for a in areas if a != region]
        return [
            (areas[0] if len(areas) == 1 else "", self._doubt(names, areas))
            for names, areas in zip(lines, found, strict=True)
        ]

    def _fitting(self, names: list[Name]) -> list[str]:
        """The areas that a row may be about: each lies within every area that is named in it.

        Where one name stands under the head of forces, it is the force.
        """
        of_force = re.compile(r"force|police(?!.*region)", re.IGNORECASE)
        forces = [name for name in names if of_force.match(name.head)]
        own = forces if len(forces) == 1 else names
        fits = [
            area
            for name in own
            for area in name.areas
            if all(any(self._within(area, other) for other in each.areas) for each in names)
        ]
        if own is forces:
            fits = [area for area in fits if self.kinds[area] in ("force", "joint")] or fits
        return list(dict.fromkeys(fits))

    def _doubt(self, names: list[Name], areas: list[str]) -> str:
        """Why it is not sure which area a row with names is about; "" if it is."""
        if len(areas) > 1:
            what = " or ".join(f"the {self.kinds[area]} {area}" for area in areas)
            ways = " or ".join(f"--read-as '{names[-1].text}={area}'" for area in areas)
            return f"'{names[-1].text}' may be {what}: say {ways}"
        several = ", ".join(f"'{name.text}'" for name in names)
        return f"no area is {several}: which is meant?" if names and not areas else ""

    def _within(self, area: str, other: str) -> bool:
        while area:
            if area == other:
                return True
            area = self._parent.get(area, "")
        return False

    def is_head(self, text: str) -> bool:
        """Whether a text can stand over a column of figures."""
        meant = self._said.get(plain(text), text)
        found = self.meaning(meant, "head", "")
        return bool(found) and "year" not in found

    def time(self, text: str) -> dict[str, str]:
        """The day, month, or financial year that a label names; empty if none for certain."""
        text = self._said.get(plain(text), text)
        bare = re.sub(r"\s*(?:\(part[ -]year\)|\[p\])\s*$", "", text, flags=re.IGNORECASE)
        if year := _year(_MARKS.sub("", bare)):
            part = {"part": "yes"} if bare != text else {}
            return {"period_start": str(year.start), "period_end": str(year.end), **part}
        stated = re.match(r"\s*(\d{4})\s*(?=\()", text)  # 2022 (as at 22 February 2022)
        rest = text[stated.end() :] if stated else text
        if (day := _one_day(text)) and not re.search(r"\d", _DAY.sub("", rest)):
            if stated and int(stated[1]) != day[0].year:
                return {}
            of_year = re.search(r"year (?:ending|ended|to)|12 months", text, re.IGNORECASE)
            precision = {} if of_year else {"as_at_precision": day[1]}
            return {"as_at": str(day[0]), **precision}
        return {"year": text} if plain_year(text) else {}

    def meaning(self, text: str, role: str, head: str) -> Mapping[str, str] | None:
        """What a word says; None if it is not understood, empty if it says nothing of the figure.

        `role`: row (beside it), head (over its column), heading (over its table). `head` is what
        stands over a word of the first role, or the heading of the table.
        """
        if role == "heading":
            return self._of_heading(text)
        text = self._said.get(plain(text), text)
        if text in measures():
            return {"measure_code": text}
        if time := self.time(text):
            return time
        known = {" ".join(title.split()): title for title in titles()}
        if title := known.get(" ".join(text.split())):
            return {"offence_title": title, "family": titles()[title]}
        bare = plain(text)
        if _TOTAL.fullmatch(bare):
            return {"total": "column" if role == "row" else "row"}
        if bare in _MEANS or _CODE.fullmatch(bare):
            return _MEANS.get(bare, {})
        if bare in ("unknown", "not known"):
            risk, level = (re.search(each, head, re.I) for each in ("risk|tier", "level"))
            return {"risk_tier" if risk else "mappa_level" if level else "sex": "unknown"}
        if role == "row" and re.match("offence|title|breach", head, re.IGNORECASE):
            return {"offence_title": " ".join(text.split())}
        found = self.measures_in(text)
        rest = self._of_heading(text)
        return {**rest, "measure_code": found[0]} if len(found) == 1 else None

    def measures_in(self, text: str) -> list[str]:
        """The measures that a text may name: by all of it in official tables, else by its words."""
        bare = plain(text)
        own = [code for code in self._words.get(bare, []) if measures()[code].official]
        if own:
            return own
        found = [
            (word, code)
            for word, codes in self._words.items()
            for code in codes
            if not measures()[code].official and re.search(rf"\b{re.escape(word)}\b", bare)
        ]
        # A word inside a longer one that names another measure says nothing of its own.
        longest = [
            code for word, code in found if not any(word != w and word in w for w, _ in found)
        ]
        if not longest and _GENERIC.search(bare) and not _NO_PEOPLE.search(bare):
            return [REGISTER]
        return list(dict.fromkeys(longest))

    def _of_heading(self, text: str) -> dict[str, str]:
        """What the heading over a table says: a measure, a day."""
        found: dict[str, str] = {}
        codes = [] if re.search("breach|offences", text, re.I) else self.measures_in(text)
        if len(codes) == 1:
            found["measure_code"] = codes[0]
        if (day := _one_day(text)) and day[1] == "day":
            found |= {"as_at": str(day[0]), "as_at_precision": "day"}
        return found

    def family_code(self, text: str) -> str:
        """The measure of the offences that a title belongs to; "" if it is no known title."""
        family = titles().get(text, "")
        return next((m.code for m in measures().values() if family and m.family == family), "")
