"""How far the figures can be trusted, in sentences: gaps, rates tried, errors, small numbers."""

import pandas as pd

from rso_report import coverage, disclosure
from rso_report.edition import Edition
from rso_report.prose import listed, number, plural


def gaps(edition: Edition, grid: pd.DataFrame, pairs: pd.DataFrame, asked: int) -> str:
    """How many of the `asked` pairs of a force and a measure have a figure, and who has none.

    `grid` as `coverage.by_year` returns it; `pairs` has one row a pair with a figure.
    """
    return (
        f"- **Gaps.** Of {number(asked)} pairs of a force and a measure "
        f"({number(len(coverage.MEASURES))} measures), {number(len(pairs))} have a figure by the "
        f"end of {edition.year}. Forces without any of their own: "
        f"{listed(edition.absent(grid['area_id']) or ['none'])}."
    )


def rates_tried(printed: int, well: int) -> str:
    """How many of the published rates that can be computed again agree with it."""
    return (
        f"- **Rates.** Of {number(printed)} published rates per 100,000 whose count and population "
        f"are both held, {number(well)} agree, after rounding, with the rate computed again: that "
        "tries the arithmetic, not the counts."
    )


def errors_of_sources(errors: int, left_out: int, stale: pd.DataFrame, found: int, of: int) -> str:
    """How many errors are listed, of what use that is, and what arithmetic finds beside them.

    `left_out` of the `errors` keep counts out of use, the entries `stale` are out of date; `found`
    of the contradictions that arithmetic finds are listed, `of` that many.
    """
    return (
        f"- **Errors of the sources.** {number(errors)} errors and contradictions are listed; "
        f"{plural(left_out, 'of them keeps', 'of them keep')} counts that would else be used "
        f"out of estimates or comparisons. Arithmetic finds {number(of)}; the entries of the "
        f"list cover {number(found)} of these, some of them several. Entries out of date: "
        f"{listed(stale['discrepancy_id'] + ', ' + stale['stale']) or 'none'}."
    )


def slips(entries: int) -> list[str]:
    """That a revision may be a slip of the later source, where `entries` of the list say so."""
    if not entries:
        return []
    return [
        "A figure marked as revised rests on what a later source prints. Where that source does "
        f"not say why, as in {plural(entries, 'entry', 'entries')}, the later number may be a "
        "slip."
    ]


def small_numbers(counts: int, few: int) -> list[str]:
    """Which rule all `counts` of people passed, `few` of one to four, and what is kept out."""
    return [
        f"Each of {number(counts)} counts of people on a register, missing or under an order "
        "passed a rule when this page read it. It is of a police force or a larger area, and none "
        f"is of one person of a stated sex, level or the like. {number(few)} of them are of one to "
        "four people: they are shown as their source printed them.",
        f"Areas of {number(disclosure.SMALL_AREA)} residents or fewer are kept out whatever the "
        "count, zeros included, and so is a larger area below the level of a force until the force "
        "clears it. A number of people that the report gets by taking one count from another is "
        f"not shown if it is less than {number(disclosure.THRESHOLD)}, other than none: "
        "[how this is decided](../book/methods.md#small-numbers-and-privacy).",
    ]
