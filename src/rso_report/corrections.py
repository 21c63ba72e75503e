"""What has been corrected or revised in the data, and in how many figures."""

import pandas as pd

from rso_report import periods
from rso_report.dataset import ROW_TABLES, Tables
from rso_report.prose import plural
from rso_report.revisions import is_correction


def sentence(data: Tables) -> str:
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
        frame = frame.assign(value=frame["value"].astype(object), table=name)
        rows = frame.assign(ours=is_correction(frame))
        rows = rows[rows["revises_row"] != ""].rename(columns={"revises_row": "old_row"})
        old = frame.set_index("row_id").loc[rows["old_row"]]
        rows["measure"] = [_measure(data, name, row) for _, row in old.iterrows()]
        rows["when"] = [_when(row) for _, row in old.iterrows()]
        rows["old_value"], rows["old_source"] = old["value"].array, old["source_id"].array
        found.append(rows)
    columns = ["table", "row_id", "old_row", "ours", "area_id", "measure", "when"]
    columns += ["value", "old_value", "source_id", "old_source", "note"]
    whole = pd.concat(found).reindex(columns=columns).fillna({"area_id": "", "note": ""})
    return whole.reset_index(drop=True).infer_objects().astype({"ours": "bool"})


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
