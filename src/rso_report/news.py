"""What an edition has that the one before it had not, and what has been corrected."""

import pandas as pd

from rso_report import breaches, coverage, missing, periods, register
from rso_report.breach_words import recorded_words
from rso_report.dataset import ROW_TABLES, Tables
from rso_report.edition import Edition, years_covered
from rso_report.prose import cite, cited, on_date, plural, with_first
from rso_report.revisions import is_correction


def previous(edition: Edition) -> Edition:
    """The edition of the year before, for the same region."""
    return edition.in_year(periods.FinancialYear(edition.year.start_year - 1))


def whats_new(data: Tables, edition: Edition) -> list[str]:
    """Figures whose date or period ends in the report year, against the edition before it.

    Markdown: a sentence, then a bullet for each measure with new figures. `data` needs the
    tables that `coverage.by_year` counts.
    """
    before = previous(edition)
    first, _ = years_covered(data, edition)
    grid = coverage.by_year(data, edition)
    own = grid[grid["year"] == str(edition.year)]
    sums = own.groupby("measure")["figures"].sum()
    found = [measure for measure in coverage.MEASURES if measure in sums.index]
    absent = [coverage.MEASURES[measure] for measure in coverage.MEASURES if measure not in found]
    if before.year < first:
        lead = f"{edition.title} is the first edition that the data allow; none is before it."
    elif not found:
        lead = (
            f"Nothing is new for the region: no figure of its forces has a date or period that "
            f"ends in {edition.year}. Of the forces, those shown are the figures of the edition "
            f"for {before.year}."
        )
    else:
        lead = (
            f"Compared with the edition for {before.year}, this one adds "
            f"{plural(sums.sum(), 'row')} of data for the region and its forces: those whose date "
            f"or period ends in {edition.year}. Several rows can give one figure, from several "
            "sources or in parts."
        )
    values = _new_values(data, edition)
    bullets = [
        f"- **{coverage.MEASURES[measure]}**, {plural(sums[measure], 'new row')}"
        + (f": {'; '.join(values[measure])}" if values.get(measure) else "")
        for measure in found
    ]
    if country := values["country"]:
        bullets.append(f"- **England and Wales**: {country[0]}")
    if found and absent:
        bullets.append(
            f"- **Nothing new**: {'; '.join(absent)}. What the report shows of these was already "
            f"in the edition for {before.year}."
        )
    return [lead, "\n".join(bullets)] if bullets else [lead]


def _new_values(data: Tables, edition: Edition) -> dict[str, list[str]]:
    """The new figures that are worth a line, in words with links, by measure."""
    counts = register.community(data, edition)
    totals = register.register_totals(data, edition)
    families = breaches.by_family(breaches.recorded(data, edition))
    kinds = edition.areas.set_index("area_id")["kind"]
    snaps = missing.snapshots(data, edition)
    snaps = snaps[snaps["area_id"].map(kinds) != "group"]
    outcomes = breaches.outcomes(data, edition)
    return {
        "community": _stocks(data, edition, counts[counts["area_id"] != "EW"]),
        "country": _stocks(data, edition, counts[counts["area_id"] == "EW"], named=False),
        "register": _stocks(data, edition, totals),
        "recorded": [
            f"{edition.name(row.area_id)}, {breaches.FAMILIES[row.family]}, "
            f"{recorded_words(row)} in {row.period} "
            f"{cite(data, row)}"
            for row in families.itertuples()
            if periods.year_of(row.period_end) == edition.year
        ],
        "outcome": [
            f"{edition.name(row['area_id'])}, {with_first(row)} in {row['period']} "
            f"{cite(data, row)}"
            for _, row in outcomes[outcomes["area_id"] != "EW"].iterrows()
            if periods.year_of(row["period_end"]) == edition.year
        ],
        "missing": _stocks(data, edition, snaps),
    }


def _stocks(
    data: Tables, edition: Edition, frame: pd.DataFrame, *, named: bool = True
) -> list[str]:
    """Counts that hold for a day of the report year."""
    return [
        (f"{edition.name(row['area_id'])}, " if named else "")
        + f"{with_first(row)} {on_date(row)} "
        + cited(data.sources, [row["source_id"]], [row["row_id"], row["first_row"]])
        for _, row in frame.iterrows()
        if periods.year_of(row["as_at"]) == edition.year
    ]


def corrections(data: Tables) -> str:
    """How many figures this report has corrected, and how many its sources have revised.

    A row that replaces another from the same place of the same source corrects how we read it; a
    row from another source or place is a revision that the source made.
    """
    found = replacements(data)
    ours = int(found["ours"].sum())
    theirs = len(found) - ours
    text = (
        f"{plural(ours, 'figure')} of this report {'has' if ours == 1 else 'have'} been corrected."
        if ours
        else "No figure of this report has been corrected so far."
    )
    if theirs:
        text += (
            f" {plural(theirs, 'figure')} marked revised in the data "
            f"{'is a revision' if theirs == 1 else 'are revisions'} by the sources, or slips "
            "of theirs, as the ledger says: a later source, or a later place of the same one, "
            "gives another number for the same date. Those are not corrections of ours."
        )
    return text


def replacements(data: Tables) -> pd.DataFrame:
    """Every row that replaces another, in every table that is loaded.

    Columns: table, row_id, old_row, ours (whether it corrects how we read the source; else the
    source revised its figure), area_id ("" for a total that names none), measure and when, in
    words, value and old_value, source_id and old_source, note.
    """
    found = []
    for name in ROW_TABLES.values():
        frame = getattr(data, name, pd.DataFrame())
        if "revises_row" not in frame:
            continue
        by_row = frame.set_index("row_id")
        rows = frame.assign(ours=is_correction(frame))
        for row in rows[rows["revises_row"] != ""].itertuples():
            old = by_row.loc[row.revises_row]
            found.append(
                {
                    "table": name,
                    "row_id": row.row_id,
                    "old_row": row.revises_row,
                    "ours": row.ours,
                    "area_id": getattr(row, "area_id", ""),
                    "measure": _measure(data, name, old),
                    "when": _when(old),
                    "value": row.value,
                    "old_value": old["value"],
                    "source_id": row.source_id,
                    "old_source": old["source_id"],
                    "note": getattr(row, "note", ""),
                }
            )
    columns = ["table", "row_id", "old_row", "ours", "area_id", "measure", "when"]
    columns += ["value", "old_value", "source_id", "old_source", "note"]
    return pd.DataFrame(found, columns=columns).astype({"ours": "bool"})


# What tells apart the figures of one table, and words that say nothing.
_KINDS = ("measure", "order_type", "offence_title", "axis", "risk_tier", "rank")
_KINDS += ("statistic", "sex", "mappa_level", "custody_status", "subset", "believed_abroad")
_UNSAID = {"", "all", "not_stated", "community", "value"}
_IN_WORDS = {
    "mappa_level": "MAPPA level {}",
    "believed_abroad": "believed abroad: {}",
    "custody_status": "custody: {}",
    "axis": "printed total of a {}",
}


def _measure(data: Tables, table: str, row: pd.Series) -> str:
    """What a row counts, in words: the name of its series, then what sets it apart."""
    words = []
    if "series_id" in row:
        words.append(data.series.set_index("series_id").at[row["series_id"], "name"])
    for column in _KINDS:
        said = str(row.get(column, ""))
        if said not in _UNSAID:
            words.append(_IN_WORDS.get(column, "{}").format(said.replace("_", " ")))
    return ", ".join(words)


def _when(row: pd.Series) -> str:
    if pd.notna(row.get("period_start")):
        return periods.period_label(row["period_start"], row["period_end"])
    return periods.as_at_label(row["as_at"], row["as_at_precision"])
