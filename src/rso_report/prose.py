"""How numbers, dates and sources are put into words, the same way on every page."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd
from IPython.display import Markdown, display

from rso_report import periods, tables
from rso_report.dataset import ROW_TABLES, Tables
from rso_report.edition import Edition
from rso_report.statistics import round_half_up
from rso_report.trace import apart

SOURCES_PAGE = "../book/data-and-sources.md"
LEDGER = "../notebooks/data-quality.ipynb#tab-ledger"
YEARS_INFERRED = "years inferred: the source does not state which year, or kind of year, it means"
NOT_FOUND = "no figure found"  # a gap is one of our finding: `searched` says where we looked

# `2 [r] (5 at first)`, `2 [r]`, `2021-22 [p]` of a part-year, `3,655 [p]`
_IN_WORDS = {
    r" \[r\] \((?=[^)]* at first\))": " (revised; ",
    r" \[r\]": " (revised)",
    r"(\d{4}-\d{2}) \[p\]": r"\1 (a part of the year)",
    r" \[p\]": " (provisional)",
}
_UNSTATED = " (as-at date not stated)"
_REPORTED = "A date “reported” is of publication: the day that the figure holds for is not stated."


def say(*paragraphs: str) -> None:
    """Show paragraphs of Markdown as the output of a notebook cell; nothing where there is none."""
    if paragraphs:
        display(Markdown(in_words("\n\n".join(paragraphs))))


def in_words(text: str) -> str:
    """A text whose marks are words: they are explained where there is a table, not in sentences."""
    for mark, words in _IN_WORDS.items():
        text = re.sub(mark, words, text)
    return text


def number(value: float, digits: int = 0) -> str:
    """`3,655`; with digits `143.7`. Rounded half up, as a hand check would."""
    return f"{round_half_up(value, digits):,.{digits}f}"


def percent(value: float) -> str:
    """`30.4%`, and two decimals below 2%: `1.05%`."""
    return f"{number(value, 2 if abs(value) < 2 else 1)}%"


def signed(value: float, digits: int = 1) -> str:
    """`+6.4` or `−11.5`, with a true minus sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value), digits)}"


def interval(lower: float, upper: float, digits: int = 1) -> str:
    """`139.1 to 148.5`."""
    return f"{number(lower, digits)} to {number(upper, digits)}"


def qualified(text: str, qualifier: str) -> str:
    """A number with how exact it is: `at least 1,640`; as it is where it is exact."""
    words = {"rounded": "{} (rounded)", "at_least": "at least {}", "approximately": "about {}"}
    return words.get(qualifier, "{}").format(text)


def counted(row: pd.Series) -> str:
    """A number with its qualifier and marks: `3,655`, `at least 1,640`, `2 [r]`, `61.5`."""
    decimals = f"{row['value']:.2f}".rstrip("0").partition(".")[2]  # only of full-time equivalents
    text = qualified(number(row["value"], len(decimals)), row["qualifier"])
    marks = {"revised": " [r]", "provisional": " [p]"}
    return text + marks.get(row["status"], "")


def beside_first(text: str, first: float, digits: int = 0) -> str:
    """A figure with what stood there before it was revised: `2 [r] (5 at first)`.

    `text` alone where `first` is missing: nothing was revised.
    """
    if pd.isna(first):
        return text
    marked = text if text.endswith(" [r]") else f"{text} [r]"
    return f"{marked} ({number(first, digits)} at first)"


def with_first(row: pd.Series) -> str:
    """A count as `counted` gives it, and its first value if it was revised."""
    return beside_first(counted(row), row["first_value"])


def as_at(row: pd.Series) -> str:
    """The as-at date of a row, never more precise than its source."""
    return periods.as_at_label(row["as_at"], row["as_at_precision"])


def short(said: str) -> str:
    """A date in words without the remark that the note of `reported` makes for all."""
    return said.replace(_UNSTATED, "")


def reported(rows: pd.DataFrame) -> list[str]:
    """What `short` leaves out, as a note for a table with such dates; [] for one without."""
    return [_REPORTED] * bool((rows["as_at_precision"] == "publication_date").any())


def short_date(row: pd.Series) -> str:
    """The as-at date of a row as `short` has it: `reported 22 February 2018`."""
    return short(as_at(row))


def on_date(row: pd.Series) -> str:
    """The as-at date of a row inside a sentence, with its preposition."""
    return periods.as_at_phrase(row["as_at"], row["as_at_precision"])


def with_age(text: str, day: date, edition: Edition) -> str:
    """A text about a day, with the age of that day where it is old for the edition."""
    age = periods.age_words(day, edition.year.end)
    return f"{text}, {age}" if age else text


def aged(edition: Edition, row: pd.Series, when: str = "") -> str:
    """The date of a figure, as in a sentence or as `when`, with its age where that is old.

    Of a figure of a year, whose day is not known, the least that it can be.
    """
    when = when or on_date(row)
    if row["as_at_precision"] != "year":
        return with_age(when, row["as_at"], edition)
    age = periods.age_words(row["as_at"].replace(month=12, day=31), edition.year.end)
    return f"{when}, at least {age}" if age else when


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 offence`, `4 offences`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def opened(sources: pd.DataFrame) -> str:
    """Of how many sources only the opening could be read."""
    return number((sources["read"] == "opening part only").sum())


def searched(sources: pd.DataFrame) -> str:
    """What `NOT_FOUND` means: how many sources were searched, and how far they were read."""
    return (
        f"“{NOT_FOUND[0].upper()}{NOT_FOUND[1:]}” means: not in the "
        f"[{number(len(sources))} sources listed]({SOURCES_PAGE}#sources). Of {opened(sources)} of "
        "them only the opening could be read, so it does not mean that nothing was published."
    )


def source_label(sources: pd.DataFrame, source_id: str, first: float = float("nan")) -> str:
    """Publisher and date of a source: `Express & Star, 4 November 2021`.

    Of a sum, `a+b`, those of each. With `first`, the first value of a figure that was revised, it
    says so: for the notes that a chart shows beside its points.
    """
    by_source = sources.set_index("source_id")
    labels = []
    for name in apart(source_id):
        row = by_source.loc[name]
        dated = pd.notna(row["published"])
        when = periods.day_label(row["published"]) if dated else "date not shown"
        labels.append(f"{row['publisher']}, {when}")
    revised = [] if pd.isna(first) else [f"revised [r], {number(first)} at first"]
    return "; ".join([*labels, *revised])


def source_links(sources: pd.DataFrame, ids: Iterable[str]) -> list[tuple[str, str]]:
    """`(label, link)` of each source once, in order; a text may name several (`a+b`)."""
    unique = apart(*ids)
    return [(source_label(sources, i), f"{SOURCES_PAGE}#source-{i}") for i in unique]


def provenance(data: Tables, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Source links for a table or figure, and the mark that leads to the ledger.

    The mark names every entry of `discrepancies` that concerns one of the sources.
    """
    unique = apart(*ids)
    entries = [
        entry.discrepancy_id
        for entry in data.discrepancies.itertuples()
        if not {entry.source_id, *entry.other_sources.split("|")}.isdisjoint(unique)
    ]
    mark = [(f"{tables.DISCREPANCIES}: {', '.join(entries)}", LEDGER)] if entries else []
    return source_links(data.sources, unique) + mark


def rows(identifiers: Iterable[str]) -> list[tables.Links]:
    """For each text of row identifiers (`RO0001+RO0002`), links to the rows themselves."""
    return [
        tables.Links(tuple(tables.Link(label, href) for label, href in row_links([text])))
        for text in identifiers
    ]


def row_links(identifiers: Iterable[str]) -> list[tuple[str, str]]:
    """`(label, link)` of each row named in texts of identifiers (`RO0001+RO0002`), once.

    Three or more rows that follow each other become one link, `BR0001 to BR0005`: they stand
    below each other where it leads.
    """
    names = sorted(apart(*identifiers))
    runs: list[list[str]] = []
    for name in names:
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    labels = []
    for run in runs:
        labels += run if len(run) < 3 else [f"{run[0]} to {run[-1]}"]
    return [(label, row_address(label.split()[0])) for label in labels]


def _follows(before: str, name: str) -> bool:
    digits = before[2:].isdigit() and name[2:].isdigit()
    return digits and before[:2] == name[:2] and int(before[2:]) + 1 == int(name[2:])


def row_address(identifier: str) -> str:
    """Where a row of the data stands on the pages: `../book/rows-breaches.md#row-br0001`."""
    table = ROW_TABLES[identifier[:2]].replace("_", "-")
    return f"../book/rows-{table}.md#row-{identifier.lower()}"


def cited(sources: pd.DataFrame, ids: Iterable[str], rows: Iterable[str] = ()) -> str:
    """Markdown links to sources: `([Express & Star, 4 November 2021](…))`.

    With `rows`, texts of row identifiers (`RO0001+RO0002`), a link to each row follows, in which
    the number stands with its source, place and definition.
    """
    links = [*source_links(sources, ids), *row_links(rows)]
    return f"({'; '.join(f'[{label}]({href})' for label, href in links)})"


def cite(data: Tables, *found: Any) -> str:
    """Links to the sources of one or several rows and to the rows that `rows` of each names."""
    return cited(data.sources, [row.source_id for row in found], [row.rows for row in found])
