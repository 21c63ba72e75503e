"""What forces answered or stated on questions that no other table takes."""

from collections.abc import Iterable

import pandas as pd

from rso_report import periods, prose, tables
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.return_form import measures
from rso_report.trace import apart

_WITHOUT_NUMBER = {
    "not_held": "not held",
    "cost_limit": "not given: cost limit",
    "exempt": "not given: exempt",
    "withheld": "[c]",
    "suppressed": "[c]",
}


_FEW = 3  # rows that are not worth a fold


def answers(data: Tables, edition: Edition, topics: Iterable[str] = ()) -> pd.DataFrame:
    """Rows of `answers` of the region's units on some topics, or on all; the latest revision."""
    rows = edition.visible(data.answers)
    topics = list(topics)
    asked = measures().items()
    of_topic = {code for code, measure in asked if measure.topic in topics or not topics}
    own = rows[rows["area_id"].isin(edition.units) & rows["measure_code"].isin(of_topic)]
    return own[~own["row_id"].isin(rows["revises_row"])]


def table(rows: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Answers as a reader sees them, one row each: who, what, when, and the number or why none."""
    return pd.DataFrame(
        {
            "Force or group": rows["area_id"].map(edition.name),
            "Our measure": [
                ": ".join(filter(None, [measures()[code].says, detail]))
                for code, detail in zip(rows["measure_code"], rows["detail"], strict=True)
            ],
            "Answer": [_answer(row) for _, row in rows.iterrows()],
            "Date or period": [when(row) for _, row in rows.iterrows()],
            "Remark": rows["note"].where(rows["note"] != "", "[z]"),
            "Row": prose.rows(rows["row_id"]),
        }
    )


def show(data: Tables, edition: Edition, topic: str, caption: str, shown: str = "") -> None:
    """Show the answers on a topic as a table of the page; nothing if there are none.

    Without the rows that another table of the page has `shown` (identifiers, as `a+b`).
    """
    rows = answers(data, edition, [topic])
    rows = rows[~rows["row_id"].isin(apart(shown))]
    if rows.empty:
        return
    tables.show(
        table(rows, edition),
        table_id=f"tab-answers-{topic}",
        caption=caption,
        headline=f"{caption}: {prose.plural(len(rows), 'answer')}",
        first=None if len(rows) <= _FEW else 0,
        row_header=["Force or group", "Our measure"],
        as_at="the date or the period in each row",
        source=prose.provenance(data, rows["source_id"]),
        notes=[
            "Our measure: in the words of our annual return. What was asked may differ: see remark."
        ],
    )


def coverage_sentence(data: Tables, edition: Edition) -> str:
    """How many answers that no other table takes the edition shows, or that there is none."""
    rows = answers(data, edition)
    if rows.empty:
        return (
            f"Beside the figures of the other pages no answer of {edition.a_force} to our "
            "[annual return](../book/annual-return.md) was found up to the end of the report year."
        )
    silent = int(rows["status"].isin(list(_WITHOUT_NUMBER)).sum())
    without = f"{prose.number(silent)} without" if silent < len(rows) else "none with"
    return (
        f"Beside the figures of the other pages, {edition.the_forces.removeprefix('the ')} gave "
        f"{prose.plural(len(rows), 'answer')}, {without} a number "
        f"{prose.cited(data.sources, rows['source_id'], rows['row_id'])}."
    )


def when(row: pd.Series) -> str:
    """The date or the period of an answer, as a reader sees it."""
    if pd.notna(row["as_at"]):
        return prose.as_at(row)
    if row["period_status"] == "part":
        start, end = row["period_start"], row["covered_to_latest"]
        return f"{periods.day_label(start)} to {periods.day_label(end)}"
    return periods.period_label(row["period_start"], row["period_end"])


def _answer(row: pd.Series) -> str:
    """The number, or why there is none; [c] for a small one that the force withholds."""
    if row["qualifier"] == "fewer_than":
        return f"[c], fewer than {prose.number(row['value'])}"
    return _WITHOUT_NUMBER.get(row["status"]) or _value(row)


def _value(row: pd.Series) -> str:
    unit = measures()[row["measure_code"]].unit
    return f"{prose.counted(row)} {unit}"
