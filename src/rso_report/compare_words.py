"""A comparison of two editions in words: for a page, and for the command line."""

from collections.abc import Iterator

import pandas as pd

from rso_report.compare import KINDS, newer
from rso_report.edition import Edition
from rso_report.edition_figures import MEASURES
from rso_report.prose import beside_first, interval, number, plural, qualified, signed
from rso_report.prose import rows as row_links
from rso_report.trace import across, apart, together


def summary(found: pd.DataFrame, a: Edition, b: Edition) -> list[str]:
    """What a comparison found, in two sentences: figures by kind, and changes that can be given."""
    kinds = found["kind"].value_counts()
    new, gone, revised, same = (int(kinds.get(kind, 0)) for kind in KINDS[:-1])
    latest = newer(found)
    given = int(latest["change"].notna().sum())
    lines = [
        f"Against the edition for {a.year}, the edition for {b.year} has "
        f"{plural(new, 'new figure')}; {_of_them(revised, 'revised')}, "
        f"{_of_them(gone, 'no longer shown')}, and {_of_them(same, 'the same')}."
    ]
    if len(latest):
        lines.append(
            f"For {plural(len(latest), 'measure of an area', 'measures of an area')} the latest "
            f"figure differs between the two editions. A change is given for {number(given)} of "
            "them; for the others the reason stands in its place."
        )
    return lines


def _of_them(count: int, what: str) -> str:
    return f"{number(count) if count else 'none'} {'is' if count < 2 else 'are'} {what}"


def measured(row: pd.Series) -> str:
    """What a figure measures, in words: the measure, its part, and how it is counted."""
    name = MEASURES[row["measure"]].name
    inside = "; ".join(filter(None, [row["detail"], row["definition"]]))
    return f"{name}: {inside}" if inside else name


def valued(row: pd.Series, side: str) -> str:
    """The value of one side as a page writes it, with qualifier, interval and mark, or [x]."""
    value, lower, upper = (row[f"{name}_{side}"] for name in ("value", "lower", "upper"))
    if pd.isna(value):
        return "[x]"
    digits = _digits(row["measure"], value)
    text = qualified(number(value, digits), row[f"qualifier_{side}"])
    if pd.notna(lower):
        text = text.removesuffix(" (rounded)") + f" ({interval(lower, upper, digits)})"
    text = f"{text} {row[f'mark_{side}']}".strip()
    return beside_first(text, row[f"first_value_{side}"], digits)


def _digits(measure: str, value: float) -> int:
    if measure == "missing_share":
        return 2
    return (
        0 if float(value).is_integer() and measure not in ("rate_computed", "outcome_rate") else 1
    )


def changed(row: pd.Series) -> str:
    """The change of a row `latest` with its interval, or the reason why none is given.

    Where more than a year lies between the figures, the words say how much.
    """
    if pd.isna(row["change"]):
        return row["reason"]
    points = row["change_unit"] != "percent"
    digits, unit = (2, " percentage points") if points else (1, "%")
    text = f"{signed(row['change'], digits)}{unit}"
    if pd.notna(row["change_lower"]):
        ends = (signed(row[f"change_{end}"], digits) for end in ("lower", "upper"))
        text += f" ({' to '.join(ends)})"
    years = round((row["date_b"] - row["date_a"]).days / 365.25)
    return f"{text} in {years} years" if years > 1 else text


def listed_figures(found: pd.DataFrame, kind: str, a: Edition, b: Edition) -> pd.DataFrame:
    """The figures of one kind as a table of a page, with links to the rows of both editions."""
    own = found[found["kind"] == kind]
    rows = [row for _, row in own.iterrows()]
    sides = {"new": "b", "gone": "a"}.get(kind, "ab")
    years = {"a": a.year, "b": b.year}
    shown = {
        "Measure": [measured(row) for row in rows],
        "Area": own["area"].tolist(),
        "Date or period": [row["when_b"] or row["when_a"] for row in rows],
    }
    for side in sides:
        shown[f"Edition for {years[side]}"] = [valued(row, side) for row in rows]
    return pd.DataFrame(shown | {"Rows": row_links([_row_names(row) for row in rows])})


def listed_changes(latest: pd.DataFrame, a: Edition, b: Edition) -> pd.DataFrame:
    """Latest figures side by side as a table of a page, each with its change or the reason."""
    rows = [row for _, row in latest.iterrows()]
    shown = {"Measure": [measured(row) for row in rows], "Area": latest["area"].tolist()}
    for side, edition in (("a", a), ("b", b)):
        shown[f"Date, {edition.year}"] = [row[f"when_{side}"] or "[x]" for row in rows]
        shown[f"Figure, {edition.year}"] = [valued(row, side) for row in rows]
    shown["Change, or why none is given"] = [changed(row) for row in rows]
    return pd.DataFrame(shown | {"Rows": row_links([_row_names(row) for row in rows])})


def source_ids(found: pd.DataFrame) -> list[str]:
    """The sources of all figures of a comparison, each once."""
    return apart(*across(found["source_id_b"], found["source_id_a"]))


def _row_names(row: pd.Series) -> str:
    return together([row["rows_a"], row["rows_b"]])


def lines(found: pd.DataFrame, a: Edition, b: Edition) -> Iterator[str]:
    """A comparison for a terminal: what was found, what was revised, the latest figures."""
    yield " ".join(summary(found, a, b))
    for kind, title in (("revised", "Revised"), ("gone", "No longer shown")):
        for _, row in found[found["kind"] == kind].iterrows():
            pair = " to ".join(
                valued(row, side) for side in ("a", "b" * (kind == "revised")) if side
            )
            when = row["when_b"] or row["when_a"]
            yield f"{title}: {measured(row)}, {row['area']}, {when}: {pair}"
    for _, row in newer(found).iterrows():
        pair = [f"{valued(row, s)} ({row[f'when_{s}'] or 'no figure'})" for s in "ab"]
        yield f"{measured(row)}, {row['area']}: {' to '.join(pair)}: {changed(row)}"
