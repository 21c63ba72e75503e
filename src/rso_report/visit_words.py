"""What is said about home visits: each sentence with its date, its doubt and its sources.

What the numbers are, `home_visits` decides; here they are put into words.
"""

import pandas as pd

from rso_report import answers, findings, home_visits, periods, prose, statistics, visits
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    aged,
    as_at,
    beside_first,
    cite,
    cited,
    interval,
    listed,
    number,
    on_date,
    percent,
    short,
    with_first,
)
from rso_report.revisions import current, first_total

_STAFFING = {
    "officers": "officers",
    "staff": "staff",
    "staff_added": "staff added",
    "rsos_per_officer": "RSOs for each officer",
    "visits_overdue": "visits overdue",
    "assessments_overdue": "assessments overdue",
    "officers_fte": "officers, full-time equivalents",
}


def in_words(row: pd.Series, name: str) -> str:
    """A number of `due_and_made` in words: `at least 9,700`."""
    known = {"value": row[name], "first_value": row[f"first_{name}"], "status": "final"}
    return with_first(pd.Series({**known, "qualifier": row[f"qualifier_{name}"]}))


def staffing_words(rows: pd.DataFrame) -> pd.Series:
    """What rows of `staffing` count: `officers (sergeant)`, `RSOs for each officer, highest`."""
    said = rows["measure"].map(_STAFFING)
    said += (" (" + rows["rank"] + ")").where(rows["rank"] != "", "")
    told = rows["statistic"].isin(["lowest", "highest", "guideline"])
    said += (", " + rows["statistic"]).where(told, "")
    return said + (rows["custody_status"] == "both").map({True: ", with custody", False: ""})


def stated(data: Tables, edition: Edition) -> tuple[list[str], list[str]]:
    """What documents state about visits: those that a visit policy is taken from, and others."""
    of_policies = set(data.visit_policy["source_id"])
    others = set(data.statements["source_id"]) - of_policies
    first, last = (findings.stated(data, "visits", edition, own) for own in (of_policies, others))
    return first, last


def visit_frequency(data: Tables, edition: Edition) -> list[str]:
    """8. Which visit frequency applied to each tier, from which policy, and until when."""
    known = home_visits.known_policies(data, edition)
    own = known[known["area_id"].isin([*edition.forces, "EW"])]
    if own.empty:
        said = f"Visiting intervals of {edition.the_forces}: none found"
        said += f", up to the end of {edition.year}"
        others = listed(map(edition.name, known["area_id"].unique()))
        return [f"{said}; the table shows those of {others}." if others else f"{said}."]
    paragraphs = []
    for _, policy in own.groupby("policy_id", sort=False):
        row = policy.iloc[0]
        link = cited(data.sources, [row["source_id"]], policy["row_id"])
        since = periods.day_label(row["valid_from"])
        if row["kind"] == "fixed_interval":
            tiers = listed(
                f"{number(p.min_visits_per_year)} at {visits.TIER_NAMES[p.risk_tier]} risk"
                for p in policy.itertuples()
            )
            paragraphs.append(
                f"The policy of {edition.name(row['area_id'])} known on "
                f"{prose.with_age(since, row['valid_from'], edition)}, set intervals. It asked for "
                f"so many visits a year: {tiers} {link}. It does not say whether they were "
                f"made.{ended(row)}"
            )
        else:
            paragraphs.append(
                f"By the announcement of {since} **no fixed number applies nationally**. The "
                "interval follows an individual plan, and some people at low risk are managed "
                f"reactively, without home visits {link}."
            )
    return paragraphs


def ended(policy: pd.Series) -> str:
    """That fixed intervals have ended, if they had by the end of the report year."""
    if pd.isna(policy["valid_to"]):
        return ""
    return (
        f" Fixed intervals ended with a national announcement of "
        f"{periods.day_label(policy['valid_to'])}; when this force stopped was not found."
    )


def overdue_visits(data: Tables, edition: Edition) -> list[str]:
    """Overdue visits of the region's forces as reported, each with its age and its remark."""
    found = home_visits.overdue(data, edition)
    bullets = []
    for _, row in found.iterrows():
        said = "; ".join(filter(None, [short(aged(edition, row)), row["note"]]))
        bullets.append(
            f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits reported overdue; "
            f"{said} {cite(data, row)}"
        )
    if silent := edition.absent(found["area_id"]):
        bullets.append(f"- **{listed(silent)}**: no figure of overdue visits found.")
    return bullets


def visits_made(data: Tables, edition: Edition) -> list[str]:
    """Visits made of those due, newest of each unit; then numbers of others; or none found."""
    held = home_visits.due_and_made(data, edition)
    held = held[(held["tier"] == "all") & held["made"].notna()].drop_duplicates("area_id")
    bullets = [_made_of_due(data, edition, row) for _, row in held.iterrows()]
    rows = edition.visible(data.answers)
    rows = rows[(rows["measure_code"] == "VISITS_MADE") & rows["value"].notna()]
    rows = current(rows)[lambda f: (f["detail"] == "") & ~f["area_id"].isin(held["area_id"])]
    bullets += [
        f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits made, "
        f"{'; '.join(filter(None, [answers.when(row), row['note']]))} {cite(data, row)}"
        for _, row in rows.iterrows()
    ]
    end = periods.day_label(edition.year.end)
    return bullets or [f"- **Visits made**: no figure found, for any area, up to {end}."]


def _made_of_due(data: Tables, edition: Edition, row: pd.Series) -> str:
    """Visits made in a period of those due, in a bullet."""
    text = f"{in_words(row, 'made')} visits made"
    if pd.notna(row["due"]):
        text += f" of {in_words(row, 'due')} due"
    if row["exact"] and pd.notna(row["due"]) and row["made"] <= row["due"]:
        share = statistics.share(row["made"], row["due"])
        text += f", {percent(share.value)} ({interval(share.lower, share.upper)})"
    when = periods.period_label(row["period_start"], row["period_end"])
    part = ", a part of the year" if row["period_status"] == "part" else ""
    note = f"; {row['note']}" if row["note"] else ""
    link = cited(data.sources, [row["source_id"]], [row["rows_made"], row["rows_due"]])
    return f"- **{edition.name(row['area_id'])}**: {text}, {when}{part}{note} {link}"


def officers_by_rank(data: Tables, edition: Edition) -> list[str]:
    """Officers of the region's units by rank, and their sum where one source gives all on a day."""
    staff = current(edition.visible(data.staffing))
    own = staff["area_id"].isin(edition.units) & (staff["rank"] != "")
    ranks = staff[own & (staff["measure"] == "officers")]
    texts = []
    for (area, _, _), own in ranks.groupby(["area_id", "as_at", "first_source"], sort=False):
        said = listed(
            f"{with_first(r)} {r['rank'] if r['value'] == 1 else r['rank'] + 's'}"
            for _, r in own.iterrows()
        )
        total = pd.Series({"value": own["value"].sum(), "qualifier": "exact", "status": "final"})
        together = beside_first(prose.counted(total), first_total(own))
        age = periods.age_words(own["as_at"].iloc[0], edition.year.end)
        about = "; ".join(filter(None, [as_at(own.iloc[0]), age, *own["note"].unique()]))
        texts.append(
            f"{edition.name(area)} had {said}, {together} together by our sum ({about}) "
            f"{cited(data.sources, own['source_id'], own['rows'])}."
        )
    return texts


def illustration(data: Tables, edition: Edition, model: home_visits.Model, due: float) -> str:
    """What an illustration takes, and the visits a year that would be due, in words."""
    policy = model.policy.iloc[0]
    return (
        f"It takes the {model.counted} people whom {edition.name(model.count['area_id'])} managed "
        f"in the community {short(aged(edition, model.count))}, and {mix_words(model, edition)}. "
        f"If the intervals of {edition.name(policy['area_id'])} known on "
        f"{periods.day_label(policy['valid_from'])} applied to them, {number(due)} visits a year "
        f"would be due; any mix gives from "
        f"{interval(*visits.visit_bounds(model.people, model.often), 0)} "
        f"{cited(data.sources, model.sources, model.rows)}."
    )


def mix_words(model: home_visits.Model, edition: Edition) -> str:
    """The mix of an illustration in words: assumed, national or the force's own, with its date."""
    at = "per cent at very high, high, medium and low risk"
    if model.mix_rows.empty:
        return f"an assumed mix of risk tiers ({edition.tier_mix} {at})"
    if "value" not in model.mix_rows:
        return f"the risk tiers that the force gave {on_date(model.count)}"
    printed = "/".join(f"{value:g}" for value in model.mix_rows["value"])
    when = short(on_date(model.mix_rows.iloc[0]))
    return f"the national mix of risk tiers {when}, about {printed} {at}"


def officers_words(count: float, rows: pd.DataFrame) -> str:
    """Officers of an illustration: `30 officers (assumed)`, or the force's own with their date."""
    if rows.empty:
        return f"{prose.plural(count, 'officer')} (assumed)"
    row = rows.iloc[0]
    kind = "constables" if row["rank"] == "constable" else "officers"
    return f"{with_first(row)} {kind} ({as_at(row)})"
