"""Home visits: what is held of visits due, made and overdue, and what an illustration rests on.

What is taken from the data, as frames; `visit_words` puts them into sentences. The arithmetic of
the illustration stands in its notebook, by the formulas of `visits`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from rso_report import periods, register, visits
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.prose import (
    as_at,
    beside_first,
    number,
    short,
)
from rso_report.return_form import TIERS as CODES
from rso_report.revisions import current, first_total
from rso_report.trace import across, together

MEASURES = {"VISITS_DUE": "due", "VISITS_MADE": "made", "VISITS_OVERDUE": "overdue"}
_COUNTS = (*MEASURES.values(), "people")
_TIER = r"(?:risk_tier: (\w+)(?:; risk_tool: \w+)?)?"  # what an answer may be split by, and no more
_LABELS = {"all": "all tiers", **visits.TIER_NAMES, "unknown": "tier not known"}
TIER_MEASURES = {
    "share_pct": "share of RSOs, %",
    "persons": "people",
    "reactive_eligible_persons": "people eligible for reactive management",
    "rsos_in_same_statement": "RSOs in the same statement",
}
_INFERRED = {"inferred": "the period is inferred"}
_REACTIVE = ("reactive_eligible_persons", "rsos_in_same_statement")


def known_policies(data: Tables, edition: Edition) -> pd.DataFrame:
    """Rows of `visit_policy` known by the end of the report year, newest first.

    `valid_to` is empty if later. With rows, and in words tier, tool and until: of one force the day
    on which a policy ended was not found, only that of the national announcement.
    """
    end = pd.Timestamp(edition.year.end)
    known = data.visit_policy[data.visit_policy["valid_from"] <= end]
    known = known.sort_values("valid_from", ascending=False, kind="stable")
    over = known["valid_to"] <= end
    national = known["valid_to"].where(known["area_id"] == "EW")
    return known.assign(
        rows=known["row_id"],
        tier=known["risk_tier"].map(visits.TIER_NAMES),
        tool=known["risk_tool"].replace({"RM2000": "Risk Matrix 2000", "not_stated": "not stated"}),
        valid_to=known["valid_to"].where(over),
        until=[
            periods.day_label(day) if ended and pd.notna(day) else "no end found"
            for ended, day in zip(over, national, strict=True)
        ],
    )


def overdue(data: Tables, edition: Edition) -> pd.DataFrame:
    """The newest number of overdue visits of each force of the region, in the region's order.

    Columns of `staffing` and what `revisions.current` adds.
    """
    best = overdue_by_date(data, edition)
    newest = [row for f in edition.forces if (row := register.latest(best, f)) is not None]
    return pd.DataFrame(newest, columns=best.columns)


def overdue_by_date(data: Tables, edition: Edition) -> pd.DataFrame:
    """Overdue visits of the forces of the region, one row a force and date, newest first."""
    rows = edition.visible(data.staffing)
    own = rows[(rows["measure"] == "visits_overdue") & rows["area_id"].isin(edition.forces)]
    best = register.preferred(own, data.sources, ["area_id", "as_at"])
    return best.sort_values("as_at", ascending=False, kind="stable")


def due_and_made(data: Tables, edition: Edition) -> pd.DataFrame:
    """Visits due and made by unit of the region, period and tier, newest first.

    Columns: area_id, period_start, period_end, period_status, tier (`all` of the unit's own total,
    or else the sum of its four tiers), label (the tier in words), due, made, overdue and people (in
    the community; both on the last day of the period), each missing where not held and with its
    `first_` and `qualifier_`, exact (whether all numbers are), rows, source_id and the rows of each
    number, `rows_due` (several as `a+b`), and note: what is remarked of any of them.
    """
    rows = current(edition.visible(data.answers)).assign(
        code=lambda f: f["detail"].str.extract(f"^{_TIER}$")[0],
        measure=lambda f: f["measure_code"].map(MEASURES),
    )
    rows = rows[rows["measure"].notna() & rows["value"].notna()]
    rows = rows[rows["area_id"].isin(edition.units) & rows["detail"].str.fullmatch(_TIER)]
    rows = rows.assign(tier=rows["code"].map(CODES).fillna("all"))
    by_tier = current(edition.visible(data.risk_tiers)).rename(columns={"risk_tier": "tier"})
    by_tier = by_tier[by_tier["measure"] == "persons"]
    by_tier = by_tier[by_tier["custody_status"] == "community"]
    last_day = pd.concat([rows, by_tier.assign(measure="people")])
    found = []
    period = ["area_id", "period_start", "period_end", "period_status"]
    for values, own in rows.groupby(period, sort=False):
        area, _, end, _ = values
        own = pd.concat([own, last_day[(last_day["area_id"] == area) & (last_day["as_at"] == end)]])
        lines = [_line(each) | {"tier": tier} for tier, each in own.groupby("tier", sort=False)]
        tiers = [line for line in lines if line["tier"] in visits.TIERS]
        if "all" not in own["tier"].array and len(tiers) == len(visits.TIERS):
            lines.append(_sum(tiers) | {"tier": "all"})
        found += [dict(zip(period, values, strict=True)) | line for line in lines]
    frame = pd.DataFrame(found, columns=None if found else [*period, "tier", *_line(rows)])
    frame["place"] = frame["tier"].map(list(_LABELS).index)
    frame["label"] = frame["tier"].map(_LABELS)
    frame = frame.sort_values(["period_end", "area_id", "place"], ascending=[False, True, True])
    frame = frame.astype(dict.fromkeys([*_COUNTS, *(f"first_{n}" for n in _COUNTS)], "float64"))
    return frame.drop(columns="place").reset_index(drop=True)


def _line(own: pd.DataFrame) -> dict:
    """Due, made and people of one tier, where each is there once."""
    line: dict = {}
    for name in _COUNTS:
        one = own[own["measure"] == name]
        known = one.to_dict("records")[0] if len(one) == 1 else {}
        line[name], line[f"first_{name}"] = known.get("value"), known.get("first_value")
        line[f"rows_{name}"] = known.get("rows", "")
        line[f"qualifier_{name}"] = known.get("qualifier", "exact")
    return (
        line
        | {name: together(own[name]) for name in ("rows", "source_id")}
        | {"exact": bool((own["qualifier"] == "exact").all())}
        | {"note": _joined([*own["note"], *own["period_precision"].map(_INFERRED)])}
    )


def _sum(lines: list[dict]) -> dict:
    """The tiers of one period together; missing where one of them is."""
    frame, total = pd.DataFrame(lines), {}
    for name in _COUNTS:
        values, firsts = frame[name].astype("float64"), frame[f"first_{name}"].astype("float64")
        total[name] = values.sum(skipna=False)
        revised = firsts.notna().any()
        total[f"first_{name}"] = firsts.fillna(values).sum(skipna=False) if revised else None
        total[f"rows_{name}"] = together(frame[f"rows_{name}"])
        inexact = {*frame[f"qualifier_{name}"]} - {"exact"} or {"exact"}
        total[f"qualifier_{name}"] = inexact.pop() if len(inexact) == 1 else "approximately"
    joined = {name: together(frame[name]) for name in ("rows", "source_id")}
    return total | joined | {"exact": bool(frame["exact"].all()), "note": _joined(frame["note"])}


def _joined(texts: Iterable[str | float]) -> str:
    """Remarks, each once, without those that are missing."""
    return "; ".join(dict.fromkeys(text for text in texts if text and pd.notna(text)))


def known_tiers(data: Tables, edition: Edition, names: tuple[str, ...]) -> pd.DataFrame:
    """Forces that gave some numbers by tier at once, one row for each date, oldest first.

    `names` are tiers, and `people` for all people of the force. Columns: area_id, as_at,
    as_at_precision, custody_status, `names` also with `first_` (before a revision, else <NA>),
    rows and source_id. All are exact, of one source, one date and one custody status.
    """
    tiers = current(edition.visible(data.risk_tiers))
    whole = current(edition.visible(data.registered_offenders)).assign(risk_tier="people")
    whole = whole[(whole["sex"] == "all") & (whole["mappa_level"] == "all")]
    given = pd.concat([tiers[tiers["measure"] == "persons"], whole])
    given = given[(given["qualifier"] == "exact") & given["risk_tier"].isin(names)]
    found = []
    for _, own in given.groupby(["as_at", "area_id", "first_source", "custody_status"]):
        by_name = own.set_index("risk_tier")
        if set(names) != set(by_name.index) or by_name.index.duplicated().any():
            continue
        place = ["area_id", "as_at", "as_at_precision", "custody_status"]
        found.append(
            own.iloc[0][place].to_dict()
            | by_name.loc[list(names), "value"].astype(int).to_dict()
            | by_name.loc[list(names), "first_value"].add_prefix("first_").to_dict()
            | {name: together(own[name]) for name in ("rows", "source_id")}
        )
    columns = ["area_id", "as_at", "custody_status", *names, "rows", "source_id"]
    return pd.DataFrame(found, columns=None if found else columns)


@dataclass(frozen=True)
class Model:
    """What an illustration rests on; frames hold rows with `rows` and `source_id`, or none."""

    label: str  # `assumed`, or `the force's own`
    count: pd.Series  # of the people: value, first_value, as_at, as_at_precision, rows, source_id
    policy: pd.DataFrame  # by tier, in their order
    mix: dict[str, float]  # shares of 1
    mix_rows: pd.DataFrame  # empty where the mix is a parameter

    @property
    def people(self) -> int:
        """How many people are visited."""
        return int(self.count["value"])

    @property
    def often(self) -> dict[str, int]:
        """Visits a year by tier."""
        visits_a_year = self.policy["min_visits_per_year"].astype(int)
        return dict(zip(self.policy["risk_tier"], visits_a_year, strict=True))

    @property
    def counted(self) -> str:
        """How many people are visited, with what the number was before a revision."""
        return beside_first(number(self.people), self.count["first_value"])

    @property
    def dates(self) -> str:
        """The dates that the people and the intervals are of."""
        known = periods.day_label(self.policy["valid_from"].iloc[0])
        return f"people: {short(as_at(self.count))}; intervals: {known}"

    @property
    def mix_name(self) -> str:
        """The mix as a reader chooses it."""
        if self.mix_rows.empty:
            return "Mix given as a parameter"
        year = self.mix_rows["as_at"].iloc[0].year
        return f"National mix of {year}" if "value" in self.mix_rows else "The force's own mix"

    @property
    def rows(self) -> list[str]:
        """Identifiers of the rows of the people, the policy and the mix, each once."""
        own = [self.count["rows"], *self.policy["rows"], *self.mix_rows["rows"]]
        return list(dict.fromkeys(own))

    @property
    def sources(self) -> list[str]:
        """Sources of the people, the policy and the mix."""
        return [self.count["source_id"], *self.policy["source_id"], *self.mix_rows["source_id"]]


def models(data: Tables, edition: Edition) -> tuple[list[Model], str]:
    """What the illustration rests on, the one used first, or none and the reason in words.

    A force's own tiers and its own intervals go before what is assumed, which then stands beside
    them; a mix that is given as a parameter goes before both. All is dated by the end of the year.
    """
    end = periods.day_label(edition.year.end)
    policy = _intervals(data, edition, edition.policy_id)
    counts = register.community(data, edition)
    counts = counts[counts["qualifier"] == "exact"]
    tiers = known_tiers(data, edition, visits.TIERS)
    tiers = tiers[tiers["custody_status"] == "community"]
    forces = [edition.force] if edition.force else edition.forces
    newest = [row for f in forces if (row := register.latest(counts, f)) is not None]
    newest += [tier_total(row) for f in forces if (row := register.latest(tiers, f)) is not None]
    if not newest:
        whose = edition.name(edition.force) if edition.force else edition.a_force
        return [], (
            f"no exact count of the people managed in the community was found for {whose} up to "
            f"{end}."
        )
    if policy.empty:
        return [], (
            f"no policy with a fixed interval for every tier was found that was known by {end}."
        )
    count = max(newest, key=lambda row: row["value"])
    mix, mix_rows = _assumed_mix(data, edition)
    found = []
    if mix is not None:
        found.append(Model("assumed", count, policy, mix, mix_rows))
    own = register.latest(tiers, count["area_id"])
    own_policy = _intervals(data, edition, area=count["area_id"])
    own_policy = own_policy if len(own_policy) else policy
    if own is not None:
        count, mix_rows = tier_total(own), pd.DataFrame([own])
        mix = {tier: own[tier] / count["value"] for tier in visits.TIERS}
    changed = own is not None or not own_policy["row_id"].equals(policy["row_id"])
    if changed and mix is not None:
        place = len(found) if edition.tier_mix else 0
        found.insert(place, Model("the force's own", count, own_policy, mix, mix_rows))
    none = f"no mix of risk tiers was found for a date up to {end}, and none is assumed."
    return found, "" if found else none


def by_tier(found: list[Model]) -> pd.DataFrame:
    """People by tier of each illustration, then all of them: columns case, tier, share (percent).

    Also people (whole, see `visits.largest_remainder`; all of them with `first_people`), often
    (visits a year that the policy sets for each, missing for all) and rows.
    """
    lines = []
    for each in found:
        people = visits.largest_remainder(each.people, each.mix)
        shared = [each.count["rows"], *each.mix_rows["rows"]]
        own = [
            {
                "tier": visits.TIER_NAMES[tier],
                "share": 100 * each.mix[tier],
                "people": people[tier],
                "often": each.often[tier],
                "rows": together([*shared, row]),
            }
            for tier, row in zip(visits.TIERS, each.policy["rows"], strict=True)
        ]
        known = {"share": 100.0, "people": each.people, "first_people": each.count["first_value"]}
        own.append({"tier": _LABELS["all"], **known, "rows": together(each.rows)})
        lines += [{"case": each.label} | line for line in own]
    return pd.DataFrame(lines)


def mixes(found: list[Model]) -> dict[str, dict[str, float]]:
    """The mixes to choose from: those of the illustrations, then everybody at one risk."""
    named = {each.mix_name: each.mix for each in found}
    extremes = {tier: {**dict.fromkeys(visits.TIERS, 0), tier: 1} for tier in ("low", "very_high")}
    return named | {
        f"Everybody at {visits.TIER_NAMES[tier]} risk": mix for tier, mix in extremes.items()
    }


def tier_total(tiers: pd.Series) -> pd.Series:
    """All people of a row of `known_tiers` that has all four tiers, as a count."""
    by_tier = {"value": list(visits.TIERS), "first_value": [f"first_{t}" for t in visits.TIERS]}
    parts = pd.DataFrame({name: tiers[columns].to_numpy() for name, columns in by_tier.items()})
    known = {"value": parts["value"].sum(), "first_value": first_total(parts)}
    return pd.Series(tiers.to_dict() | known | {"qualifier": "exact", "status": "final"})


def _intervals(data: Tables, edition: Edition, policy_id: str = "", area: str = "") -> pd.DataFrame:
    """The fixed intervals of a policy, or of the newest of an area, by tier.

    Empty where none is known yet, or where the policy sets no fixed number for some tier.
    """
    known = known_policies(data, edition)
    known = known[known["min_visits_per_year"].notna()]
    if area:
        own = known[known["area_id"] == area].sort_values("valid_from", kind="stable")
        policy_id = own["policy_id"].iloc[-1] if len(own) else ""
    own = known[known["policy_id"] == policy_id]
    if sorted(own["risk_tier"]) != sorted(visits.TIERS):
        return own.iloc[:0]
    return own.sort_values("risk_tier", key=lambda tiers: tiers.map(visits.TIERS.index))


def _assumed_mix(data: Tables, edition: Edition) -> tuple[dict[str, float] | None, pd.DataFrame]:
    """The mix of the parameters, or else the newest national one and its rows; None if neither.

    Rounded percentages need not add to 100, so each is taken of their sum.
    """
    rows = edition.visible(data.risk_tiers)
    shares = rows[(rows["measure"] == "share_pct") & (rows["area_id"] == "EW")]
    known = register.preferred(shares, data.sources, ["as_at", "risk_tier"])
    if given := edition.mix():
        return given, known.iloc[:0]
    known = known[known["as_at"] == known["as_at"].max()].set_index("risk_tier", drop=False)
    if not set(visits.TIERS) <= set(known.index):
        return None, known
    known = known.loc[list(visits.TIERS)]
    return (known["value"].astype(float) / known["value"].sum()).to_dict(), known


def officers(staff: pd.DataFrame) -> pd.DataFrame:
    """Of rows of `staffing` those of officers who visit: full-time equivalents or constables."""
    constables = (staff["measure"] == "officers") & (staff["rank"] == "constable")
    return staff[constables | (staff["measure"] == "officers_fte")]


def visiting_officers(
    data: Tables, edition: Edition, area: str
) -> tuple[float | None, pd.DataFrame]:
    """The officers given, or the force's own in full-time equivalents or constables; their rows."""
    own = officers(current(edition.visible(data.staffing)))[lambda f: f["area_id"] == area]
    if edition.officers or own.empty:
        return edition.officers or None, own.iloc[:0]
    row = own.loc[[own["as_at"].idxmax()]]
    return float(row["value"].iloc[0]), row


def people_and_officers(data: Tables, edition: Edition) -> pd.DataFrame:
    """Officers in full-time equivalents (value) and people in the community of one reply and date.

    Rows of `staffing` of the region's units with people, first_people, and the rows of both.
    """
    staff = current(edition.visible(data.staffing))
    staff = staff[(staff["measure"] == "officers_fte") & staff["area_id"].isin(edition.units)]
    people = current(edition.visible(data.registered_offenders))
    whole = (people["sex"] == "all") & (people["mappa_level"] == "all")
    people = people[whole & (people["custody_status"] == "community")]
    both = staff.merge(people, on=["area_id", "as_at", "source_id"], suffixes=("", "_people"))
    both["rows"] = across(both["rows"], both["rows_people"])
    names = {"value_people": "people", "first_value_people": "first_people"}
    return both.drop(columns=["qualifier_people", "status_people"]).rename(columns=names)


def reactive_share(data: Tables, edition: Edition) -> tuple[float | None, pd.DataFrame]:
    """The share reported as eligible for reactive management, without visits, and its rows."""
    rows = current(edition.visible(data.risk_tiers))
    rows = rows[rows["measure"].isin(_REACTIVE)]
    by_measure = rows.set_index("measure")["value"]
    if not {*_REACTIVE} <= {*by_measure.index}:
        return None, rows.iloc[:0]
    return by_measure[_REACTIVE[0]] / by_measure[_REACTIVE[1]], rows
