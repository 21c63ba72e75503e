"""What several pages say alike: the edition, why there is no total, what documents state."""

from collections.abc import Iterable

from rso_report import periods, prose, register
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import cited, listed, number
from rso_report.revisions import first_total

ADVICE = ("documents", "missing")  # topics of `statements`


def status_line(data: Tables, edition: Edition) -> str:
    """What the page is and up to when it shows figures, for the top of every notebook."""
    return (
        f"**Edition: {edition.full_title}.** Figures up to {periods.day_label(edition.year.end)}, "
        "whenever they were published. Independent analysis of published figures; not official "
        "statistics. "
        f"[“No figure found”]({prose.SOURCES_PAGE}#sources) means: not in what "
        f"could be read of {number(len(data.sources))} sources, {prose.opened(data.sources)} of "
        "them only in their opening."
    )


def why_no_total(edition: Edition, found: register.Region) -> str:
    """Why there is no sum of the forces of a region at their newest date."""
    if found.absent:
        names = listed(edition.name(force) for force in found.absent)
        return f"for {names} no figure of that date was found"
    return "a force's figure of that date is not an exact number"


def together(
    data: Tables, edition: Edition, found: register.Region | None, counted: Iterable[str]
) -> str:
    """The sum of the forces at their newest date, or why there is none; `counted` have a count."""
    if found is None or found.total is None:
        why = "no count of a force was found" if found is None else why_no_total(edition, found)
        never = edition.absent(counted)
        more = f" (of {listed(never)} none of any date)" if found and never else ""
        return f"**Not known**: a total of the region: {why}{more}."
    total = prose.beside_first(number(found.total), first_total(found.parts))
    link = cited(data.sources, found.parts["source_id"], found.parts["rows"])
    doubtful = found.parts["row_id"].isin(register.doubted(data)).any()
    doubt = ", with a count in doubt" * bool(doubtful)
    return f"**Together**, the forces of the region: {total}{doubt} {link}."


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
