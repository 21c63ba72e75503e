"""What several pages say alike: the edition, why there is no total, what documents state."""

from collections.abc import Iterable

import pandas as pd

from rso_report import periods, prose, register
from rso_report.dataset import Tables
from rso_report.edition import FIGURES, Edition
from rso_report.prose import cited, listed, number
from rso_report.revisions import first_total

ADVICE = ("documents", "missing")  # topics of `statements`


def status_line(data: Tables, edition: Edition) -> str:
    """What the page is and up to when it shows figures, for the top of every notebook."""
    return (
        f"**Edition: {edition.full_title}.** Figures up to {periods.day_label(edition.year.end)}, "
        "whenever they were published. Independent, not official statistics. "
        f"[“No figure found”]({prose.SOURCES_PAGE}#sources): not in what could be read of "
        f"{number(len(data.sources))} sources, {prose.opened(data.sources)} of them only in their "
        f"opening.{later(data, edition)}"
    )


def later(data: Tables, edition: Edition) -> str:
    """That the data hold figures of the forces which an edition of this year does not show."""
    tables = [getattr(data, name) for name in FIGURES if hasattr(data, name)]
    held = any(len(edition.hidden(rows)) for rows in tables)
    return " The data hold [later figures](../book/data-rows.md)." * held


def together(data: Tables, edition: Edition, counts: pd.DataFrame) -> str:
    """The sum of the forces of a region at their newest date, or why there is none.

    `counts` as `register.community` returns them.
    """
    found = register.region(counts, edition)
    if found is None or found.total is None:
        if silent := edition.absent(counts["area_id"]):
            why = f"{prose.NOT_FOUND} for {listed(silent)}"
        elif found.absent:
            whose = listed(map(edition.name, found.absent))
            why = f"{prose.NOT_FOUND} for {whose} on {periods.day_label(found.as_at)}"
        else:
            why = "a force's number is not exact"
        return f"No total of the region can be counted: {why}."
    total = prose.beside_first(number(found.total), first_total(found.parts))
    doubted = found.parts["row_id"].isin(register.doubted(data)).any()
    doubt = ", with the count in doubt" * bool(doubted)
    link = cited(data.sources, found.parts["source_id"], found.parts["rows"])
    return f"Together they managed {total} on {periods.day_label(found.as_at)}{doubt} {link}."


def stated(
    data: Tables, topic: str, edition: Edition, sources: Iterable[str] | None = None
) -> list[str]:
    """What documents say about a topic beside their figures, in our words, with date and source.

    Of what a source says about a force or its figures only what was said by the end of the year;
    advice on how to read or to release figures (`ADVICE`) whenever it was given. With `sources`
    only what these say.
    """
    rows = data.statements if topic in ADVICE else edition.visible(data.statements)
    rows = rows[(rows["topic"] == topic) & rows["area_id"].isin([*edition.units, "EW"])]
    rows = rows if sources is None else rows[rows["source_id"].isin(sources)]
    return [
        f"{row['says'].removesuffix('.')} ({prose.short_date(row)}). "
        f"{cited(data.sources, [row['source_id']], [row['row_id']])}"
        for _, row in rows.iterrows()
    ]
