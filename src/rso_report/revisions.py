"""Which row counts where a figure was corrected or revised, and what stood there first.

A wrong or changed figure is never overwritten: a new row names the row that it replaces
(`revises_row`). Everything that shows, adds or counts figures passes through `current`, so that no
figure is there twice; `as_printed` is for those who ask what the sources themselves say.
"""

import pandas as pd

from rso_report.trace import across

# A row from the same place of the same source corrects our reading; any other is a revision.
PLACE = ["source_id", "locator"]


def unreplaced(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that no other row of `frame` revises: for counting how many figures are published."""
    return frame[~frame["row_id"].isin(frame["revises_row"])]


def current(frame: pd.DataFrame) -> pd.DataFrame:
    """The figures that count: the last row of each chain of revisions, unless it is doubtful.

    Adds, from the first row of the chain, `first_value` (<NA> where nothing was replaced),
    `first_row` (its identifier, "" where nothing was replaced) and `first_source` (its source, the
    row's own where nothing was replaced), and `rows`: the identifiers of the row and of the first.
    """
    by_row = frame.set_index("row_id")
    own = unreplaced(frame)
    own = own[own["status"] != "doubtful"]
    first = _first_of_chain(frame, own)
    replaced = first != own["row_id"]
    kind = "Int64" if pd.api.types.is_integer_dtype(frame["value"]) else "Float64"
    return own.assign(
        first_value=first.map(by_row["value"]).astype(kind).where(replaced),
        first_row=first.where(replaced, ""),
        first_source=first.map(by_row["source_id"]),
        rows=across(own["row_id"], first.where(replaced, "")),
    )


def as_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows as their sources print them: without readings of ours that a later row corrects."""
    return frame[~frame["row_id"].isin(frame.loc[is_correction(frame), "revises_row"])]


def first_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows as their source first printed them: `as_printed` without the revisions by sources."""
    own = as_printed(frame)
    return own[_same_place(frame, own, _first_of_chain(frame, own))]


def is_correction(frame: pd.DataFrame) -> pd.Series:
    """Whether each row corrects how we read the place in which the row that it revises stands.

    A row that revises one from another source or another place is not a correction of ours.
    """
    return _same_place(frame, frame, frame["revises_row"])


def first_total(rows: pd.DataFrame) -> float:
    """What figures that `current` returned came to at first; <NA> if none has been revised."""
    if rows["first_value"].isna().all():
        return pd.NA
    return rows["first_value"].fillna(rows["value"]).sum()


def now(frame: pd.DataFrame, identifiers: pd.Series) -> pd.Series:
    """The rows that count now in place of the rows that are named; what is not named stays."""
    following = _following(frame)
    return identifiers.map(lambda name: _last(following, name))


def _first_of_chain(frame: pd.DataFrame, own: pd.DataFrame) -> pd.Series:
    """Identifier of the row that each of `own` goes back to; its own where it revises none."""
    known = frame[frame["revises_row"].isin(frame["row_id"])]
    before = dict(zip(known["row_id"], known["revises_row"], strict=True))
    return own["row_id"].map(lambda name: _last(before, name)).astype("str")


def _following(frame: pd.DataFrame) -> dict[str, str]:
    own = frame[frame["revises_row"] != ""]
    return dict(zip(own["revises_row"], own["row_id"], strict=True))


def _last(step: dict[str, str], name: str) -> str:
    """Where steps from `name` end; the data check has refused those that go in a circle."""
    while name in step:
        name = step[name]
    return name


def _same_place(frame: pd.DataFrame, own: pd.DataFrame, others: pd.Series) -> pd.Series:
    """Whether each of `own` stands in the same place of the same source as the row named."""
    by_row = frame.set_index("row_id")
    same = [own[column] == others.map(by_row[column]) for column in PLACE]
    return same[0] & same[1]
