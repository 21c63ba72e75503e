"""People whose whereabouts were unknown, in sentences with a link to each source."""

import string

import pandas as pd

from rso_report import missing
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    NOT_FOUND,
    aged,
    beside_first,
    cite,
    cited,
    interval,
    listed,
    number,
    on_date,
    percent,
    plural,
    short,
    signed,
    with_first,
)
from rso_report.statistics import Estimate


def whereabouts_unknown(data: Tables, edition: Edition) -> list[str]:
    """5. How many were missing by the newest counts, what that means, and what is not known."""
    counts = missing.snapshots(data, edition)
    kinds = edition.areas.set_index("area_id")["kind"]
    counts = counts[counts["area_id"].map(kinds) != "group"]
    newest = missing.latest(counts, edition)
    if not newest:
        return [f"- {edition.name(edition.area_id)}: {NOT_FOUND} by the end of {edition.year}"]
    # First the newest of a force with a share; of several of one day the largest.
    newest.sort(
        key=lambda row: (
            pd.notna(row["share"]),
            row["area_id"] != edition.region_id,
            row["as_at"],
            row["value"],
        ),
        reverse=True,
    )
    first, others = newest[0], newest[1:]
    bullets = [f"- {_count(edition, first)}. {_definition(first)} {cite(data, first)}."]
    if others:
        days: dict[str, list[str]] = {}
        for row in others:
            said = f"{edition.name(row['area_id'])} {with_first(row)}"
            said += " (a sum of replies)" * (row["definition"] == missing.SUM_OF_REPLIES)
            days.setdefault(short(aged(edition, row)), []).append(said)
        said = "; ".join(f"{', '.join(own)} ({day})" for day, own in days.items())
        bullets.append(f"- The newest counts of others: {said} {cite(data, *others)}.")
    if silent := edition.absent(missing.covered(edition, counts["area_id"])):
        told = f"{bullets.pop().removesuffix('.')}; for" if others else "- For"
        bullets.append(f"{told} {listed(silent)}: {NOT_FOUND}.")
    bullets.append(
        "- **Missing does not mean nearby**; what a force counted so stands beside its number."
    )
    return [*bullets, f"- {missing.no_trend(counts)}"]


def _count(edition: Edition, row: pd.Series) -> str:
    """A count in a sentence, with its share of the people registered and those abroad."""
    people = "person" if row["value"] == 1 else "people"
    said = f"**{edition.name(row['area_id'])}** counted {with_first(row)} {people} as missing "
    said += aged(edition, row)
    if pd.notna(row["share"]):
        registered = beside_first(number(row["registered"]), row["first_registered"])
        said += f": {percent(row['share'])} of the {registered} registered in the same reply "
        said += f"(95% interval {interval(row['lower'], row['upper'], 2)})"
    if pd.notna(row["abroad"]):
        abroad = beside_first(number(row["abroad"]), row["first_abroad"])
        said += f", {abroad} of them believed to be abroad"
    return said


def _definition(row: pd.Series) -> str:
    """What a count takes as missing, as a sentence without its full stop."""
    if row["definition"] == missing.NOT_STATED:
        return f"What counts as missing: {row['definition']}"
    return f"Counted as missing: {row['definition']}"


def letters(definitions: pd.Series) -> pd.Series:
    """A letter for each definition; `?` where none was found, `sum` of what several replies say."""
    by_words = {missing.NOT_STATED: "?", missing.SUM_OF_REPLIES: "sum"}
    known = [words for words in definitions.unique() if words not in by_words]
    by_words |= dict(zip(known, string.ascii_letters, strict=False))
    return definitions.map(by_words)


def snapshot_notes(row: pd.Series) -> list[str]:
    """What stands beside a snapshot: age, first reply, share, abroad and definition, if known."""
    revised = pd.notna(row["first_value"])
    notes = [f"{number(row['first_value'])} at first reply"] if revised else []
    notes += [row["age"]] if row["age"] else []
    if pd.notna(row["share"]):
        notes.append(
            f"{percent(row['share'])} ({interval(row['lower'], row['upper'], 2)}) "
            f"of the {beside_first(number(row['registered']), row['first_registered'])} registered "
            "in the same reply"
        )
    if pd.notna(row["abroad"]):
        abroad = beside_first(number(row["abroad"]), row["first_abroad"])
        notes.append(f"{abroad} of them believed to be abroad")
    unknown = row["definition"] == missing.NOT_STATED
    return [*notes, row["definition"] if unknown else f"counted as missing: {row['definition']}"]


def share_change(
    data: Tables, edition: Edition, first: pd.Series, last: pd.Series, difference: Estimate
) -> str:
    """The difference in the share missing between two counts of a force, in words."""
    both = (first, last)
    behind = [row[name] for row in both for name in ("row_id", "first_row", "denominator_rows")]
    link = cited(data.sources, [row["source_id"] for row in both], behind)
    if differ := missing.definitions_differ(first, last):
        verdict = f"whether it changed **cannot be told**, for {differ}"
    elif difference.lower <= 0 <= difference.upper:
        verdict = "**no evidence of a change**"
    else:
        verdict = "**a difference beyond chance**"
    return (
        f"{edition.name(first['area_id'])}, {short(on_date(first))} and {short(on_date(last))}: "
        f"the share missing differs by {signed(difference.value, 2)} percentage points "
        f"({signed(difference.lower, 2)} to {signed(difference.upper, 2)}); {verdict} {link}. "
        "The interval describes chance variation only."
    )


def region_total(data: Tables, edition: Edition, row: pd.Series) -> str:
    """How a printed total of several forces came about, and what became of it.

    `row` is one of `missing.region_totals`.
    """
    text = (
        f"The total of {number(row['printed'])} for the {edition.name(row['area_id'])} "
        f"{cited(data.sources, [row['source_id']], [row['rows'], row['first_rows']])} is"
    )
    if row["first"] != row["printed"]:
        return (
            f"{text} **not the sum of the {row['units']} replies** beside it, "
            f"{number(row['first'])}: the source contradicts itself. This report keeps the "
            "printed total."
        )
    text += f" **the sum of {row['units']} replies**"
    if row["current"] == row["printed"]:
        return f"{text}."
    changed = plural(row["revised"], "reply", "replies")
    return (
        f"{text}. {changed} {'was' if row['revised'] == 1 else 'were'} changed later, "
        f"which makes {number(row['current'])}; no later total of the source was found. "
        "This report uses the later number and keeps the first beside it."
    )
