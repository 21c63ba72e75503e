"""How far the figures can be trusted, in sentences: gaps, rates tried, errors, small numbers."""

import pandas as pd

from rso_report import coverage, disclosure
from rso_report.dataset import Tables
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


def errors_of_sources(errors: pd.DataFrame, found: int, explained: int) -> str:
    """How many errors are listed, of what use that is, and what arithmetic finds beside them.

    `errors` as `reconcile.ledger` returns them; of the contradictions `found` by arithmetic that
    many are `explained` by an entry.
    """
    left_out, stale = errors[errors["effect"] != ""], errors[errors["stale"] != ""]
    return (
        f"- **Errors of the sources.** {number(len(errors))} errors and contradictions are listed; "
        f"{plural(len(left_out), 'of them keeps', 'of them keep')} counts that would else be used "
        f"out of estimates or comparisons. Arithmetic finds {number(found)}; the entries of the "
        f"list cover {number(explained)} of these, some of them several. Entries out of date: "
        f"{listed(stale['discrepancy_id'] + ', ' + stale['stale']) or 'none'}."
    )


def slips(errors: pd.DataFrame) -> list[str]:
    """That a revision may be a slip of the later source, where entries of the ledger say so."""
    entries = errors[(errors["rule"] == "two_counts") & errors["found"].str.contains("slip")]
    if entries.empty:
        return []
    return [
        "A figure marked as revised rests on what a later source prints. Where that source does "
        f"not say why, as in {plural(len(entries), 'entry', 'entries')}, the later number may be a "
        "slip."
    ]


def small_numbers(data: Tables) -> list[str]:
    """Which rule every count of people passed, and what is kept out or not shown for privacy."""
    people = [data.registered_offenders, data.missing, data.orders[data.orders["as_at"].notna()]]
    counts = pd.concat([rows["value"].dropna() for rows in people])
    few = int(counts.between(1, disclosure.THRESHOLD - 1).sum())
    return [
        f"Each of {number(len(counts))} counts of people on a register, missing or under an order "
        "passed a rule when this page read it. It is of a police force or a larger area, and none "
        f"is of one person of a stated sex, level or the like. {number(few)} of them are of one to "
        "four people: they are shown as their source printed them.",
        f"Areas of {number(disclosure.SMALL_AREA)} residents or fewer are kept out whatever the "
        "count, zeros included, and so is a larger area below the level of a force until the force "
        "clears it. A number of people that the report gets by taking one count from another is "
        f"not shown if it is less than {number(disclosure.THRESHOLD)}, other than none: "
        "[how this is decided](../book/methods.md#small-numbers-and-privacy).",
    ]
