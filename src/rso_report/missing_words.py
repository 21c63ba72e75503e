"""People whose whereabouts were unknown, in sentences with a link to each source."""

import pandas as pd

from rso_report import missing
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    NOT_FOUND,
    beside_first,
    cite,
    counted,
    interval,
    number,
    on_date,
    percent,
    signed,
)


def whereabouts_unknown(data: Tables, edition: Edition) -> list[str]:
    """5. How many were missing at the latest snapshot of each unit, the share, the definition."""
    snaps = missing.snapshots(data, edition)
    bullets = []
    for row in missing.latest(snaps, edition):
        words = "; ".join([f"{counted(row)} {on_date(row)}", *snapshot_notes(row)])
        bullets.append(f"- **{edition.name(row['area_id'])}**: {words} {cite(data, row)}")
    silent = edition.absent(missing.covered(edition, snaps["area_id"]))
    bullets += [f"- **{name}**: {NOT_FOUND}" for name in silent]
    return bullets or [f"- {edition.name(edition.region_id)}: {NOT_FOUND}"]


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
    unknown = row["definition"] == missing.DEFINITIONS["NOT_STATED"]
    return [*notes, row["definition"] if unknown else f"counted as missing: {row['definition']}"]


def share_change(data: Tables, edition: Edition, area: str) -> str:
    """The difference in the share missing between two dates, in one sentence; "" if unknown."""
    pair = missing.share_change(missing.snapshots(data, edition), area)
    if pair is None:
        return ""
    first, last, difference = pair
    verdict = (
        "no evidence of a change"
        if difference.lower <= 0 <= difference.upper
        else "a difference beyond chance, which a change of definition could also make"
    )
    differ = missing.definitions_differ(first, last)
    return (
        f"For {edition.name(area)} there are snapshots {on_date(first)} and {on_date(last)}. The "
        f"share missing differs between them by {signed(difference.value, 2)} percentage points "
        f"({signed(difference.lower, 2)} to {signed(difference.upper, 2)}): "
        f"{verdict}{f'; but {differ}' if differ else ''} {cite(data, first, last)}. The interval "
        "describes chance variation only."
    )
