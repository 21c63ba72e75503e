"""Financial years and as-at dates, and how they are written on a page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rso_report.errors import ReportError, shown

_YEAR = re.compile(r"\s*(\d{4})(?:\D*\d{2}|\D+\d{4})?\s*", re.ASCII)  # 2021-22, 2021/2022, 2021


@dataclass(frozen=True, order=True)
class FinancialYear:
    """April to March, the year of police and MAPPA statistics; `start_year` 2021 is 2021-22."""

    start_year: int

    @property
    def start(self) -> date:
        """1 April."""
        return date(self.start_year, 4, 1)

    @property
    def end(self) -> date:
        """31 March of the following calendar year."""
        return date(self.start_year + 1, 3, 31)

    def __str__(self) -> str:
        """Label as it is written everywhere, e.g. 2021-22."""
        return f"{self.start_year}-{(self.start_year + 1) % 100:02d}"


def meant(text: str) -> FinancialYear | None:
    """The year that a text seems to mean, however it is written; None if it is like none."""
    match = _YEAR.fullmatch(text)
    return FinancialYear(int(match[1])) if match else None


def is_year(text: object) -> bool:
    """Whether this is a financial year as it is written everywhere, such as `2021-22`."""
    year = meant(text) if isinstance(text, str) else None
    return year is not None and str(year) == text


def financial_year(text: object) -> FinancialYear:
    """Read a label such as `2021-22`.

    Raises ReportError for anything else, with the right form: a number (Papermill turns
    `2021_22` into 202122), a calendar year, a slash, or two years that do not follow each other.
    """
    if not is_year(text):
        form = "write it as two years with a hyphen, such as 2021-22"
        hint = f" (did you mean '{year}'?)" if (year := meant(str(text))) else ""
        raise ReportError(f"report_year: found {shown(text)}{hint}; {form}.")
    return FinancialYear(int(text[:4]))


def year_of(day: date) -> FinancialYear:
    """The financial year in which a day lies."""
    return FinancialYear(day.year if day.month >= 4 else day.year - 1)


def period_label(start: date, end: date) -> str:
    """A period as written on a page: `2020-21`, `calendar year 2020`, or both dates."""
    if (start.month, start.day, end.month, end.day) == (4, 1, 3, 31):
        first, last = year_of(start), year_of(end)
        return str(first) if first == last else f"{first} to {last}"
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return f"calendar year {start.year}" + (f" to {end.year}" if end.year > start.year else "")
    return f"{day_label(start)} to {day_label(end)}"


def day_label(day: date) -> str:
    """A day as written on a page: `31 March 2021` (not by the locale of the machine)."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def as_at_label(day: date, precision: str) -> str:
    """An as-at date, never more precise than the source: `2021 (day not stated)`."""
    if day is None or day != day:  # None or NaT, which is not even equal to itself
        return "not stated"
    return {
        "day": day_label(day),
        "month": f"{MONTHS[day.month - 1]} {day.year}",
        "year": f"{day.year} (day not stated)",
        "publication_date": f"reported {day_label(day)} (as-at date not stated)",
        "response_date": f"reply of {day_label(day)}",
        "undated": "not dated",
        "inferred": f"about {MONTHS[day.month - 1]} {day.year} (inferred)",
    }[precision]


def as_at_phrase(day: date, precision: str) -> str:
    """An as-at date inside a sentence: `on 31 March 2021`, `in 2021 (day not stated)`."""
    label = as_at_label(day, precision)
    words = {"day": "on ", "month": "in ", "year": "in ", "publication_date": "as "}
    return ("in the " if precision == "response_date" else words.get(precision, "")) + label


def age_words(day: date, edition_end: date) -> str:
    """How old a figure is when its edition ends: `4 years before March 2022`.

    "" where it is not older than two years: then its date says enough. Whole years, as of a person.
    """
    if day is None or day != day:
        return ""
    birthday_to_come = (edition_end.month, edition_end.day) < (day.month, day.day)
    years = edition_end.year - day.year - birthday_to_come
    exactly = (edition_end.month, edition_end.day) == (day.month, day.day)
    if years < 2 or (years == 2 and exactly):
        return ""
    return f"{years} years before {MONTHS[edition_end.month - 1]} {edition_end.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def span_label(dates: Iterable[date]) -> str:
    """First and last of some days: `31 March 2002 to 31 March 2021`, or the only one."""
    first, last = min(dates), max(dates)
    return day_label(first) if first == last else f"{day_label(first)} to {day_label(last)}"
