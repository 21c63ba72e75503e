"""Home visits: the intervals of policies, visits overdue and made, and a worked illustration.

First what is taken from the data and the numbers that follow by the formulas of `visits`, then
the sentences that say them, with a link to each source.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from rso_report import answers, periods, prose, register, visits
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.parameters import EditionParameters
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
    with_first,
)
from rso_report.revisions import current

LOOSE_AND_CLOSE = (10, 200)  # concentrations shown beside that of the parameters
_REACTIVE = ("reactive_eligible_persons", "rsos_in_same_statement")


def known_policies(data: Tables, edition: Edition) -> pd.DataFrame:
    """Rows of `visit_policy` known by the end of the report year; `valid_to` empty if later."""
    end = pd.Timestamp(edition.year.end)
    known = data.visit_policy[data.visit_policy["valid_from"] <= end]
    return known.assign(valid_to=known["valid_to"].where(known["valid_to"] <= end))


def overdue(data: Tables, edition: Edition) -> pd.DataFrame:
    """The newest number of overdue visits of each force of the region, in the region's order.

    Columns of `staffing` and what `revisions.current` adds.
    """
    rows = edition.visible(data.staffing)
    own = rows[(rows["measure"] == "visits_overdue") & rows["area_id"].isin(edition.forces)]
    best = register.preferred(own, data.sources, ["area_id", "as_at"])
    newest = [row for f in edition.forces if (row := register.latest(best, f)) is not None]
    return pd.DataFrame(newest, columns=best.columns)


def known_tiers(data: Tables, edition: Edition) -> pd.DataFrame:
    """Forces that gave some of their tiers and all their people at once, one row for each date.

    Columns: area_id, as_at, as_at_precision, people, very_high, high, the last three also with
    `first_` (before a revision, else <NA>), rows and source_id (several as `a+b`). All numbers are
    exact, of one source, one date and one custody status.
    """
    tiers = current(edition.visible(data.risk_tiers))
    whole = current(edition.visible(data.registered_offenders)).assign(risk_tier="people")
    whole = whole[(whole["sex"] == "all") & (whole["mappa_level"] == "all")]
    given = pd.concat([tiers[tiers["measure"] == "persons"], whole])
    given = given[given["qualifier"] == "exact"]
    names = ["people", "very_high", "high"]
    found = []
    for _, own in given.groupby(["area_id", "as_at", "first_source", "custody_status"]):
        by_name = own.set_index("risk_tier")
        if not set(names) <= set(by_name.index) or by_name.index.duplicated().any():
            continue
        found.append(
            own.iloc[0][["area_id", "as_at", "as_at_precision"]].to_dict()
            | by_name.loc[names, "value"].astype(int).to_dict()
            | by_name.loc[names, "first_value"].add_prefix("first_").to_dict()
            | {name: "+".join(dict.fromkeys(own[name])) for name in ("rows", "source_id")}
        )
    return pd.DataFrame(found)


@dataclass(frozen=True)
class Illustration:
    """Visits due a year if fixed intervals applied to the people of a force: numbers alone.

    Frames hold the rows that a number rests on, with `rows` and `source_id`; they are empty where
    it is assumed or not known.
    """

    count: pd.Series  # of the people: a row of `register.community`
    policy: pd.DataFrame  # by tier, as `mix_rows`
    frequencies: dict[str, int]  # visits a year
    mix: dict[str, float]  # shares of 1
    mix_rows: pd.DataFrame
    tiers: dict[str, int]  # people
    visits: float
    attempts: float  # at the share of attempts that succeed
    fewest: float  # everybody at low risk
    most: float  # everybody at very high risk
    per_point: float  # visits for each percentage point moved from low to very high
    bands: dict[float, visits.VisitBand]  # by concentration
    officers: float | None
    officers_rows: pd.DataFrame
    per_week: float | None  # visits of an officer, one on each visit; None without officers
    crew_per_week: float | None  # attempts of an officer, with the crew of the parameters
    reactive: float | None  # visits if the share reported as eligible were not visited
    reactive_rows: pd.DataFrame

    @property
    def people(self) -> int:
        """How many people are visited."""
        return int(self.count["value"])

    @property
    def rows(self) -> list[str]:
        """Identifiers of the rows of the people, the policy and the mix."""
        return [self.count["rows"], *self.policy["rows"], *self.mix_rows["rows"]]

    @property
    def sources(self) -> list[str]:
        """Sources of the people, the policy, the mix and the officers."""
        frames = (self.policy, self.mix_rows, self.officers_rows)
        return [self.count["source_id"], *pd.concat([each["source_id"] for each in frames])]


def illustration(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> Illustration | None:
    """The worked illustration; None if a part of it was not found.

    Everything used is dated by the end of the report year.
    """
    policy = _fixed_policy(data, edition, parameters)
    count = _largest_force(data, edition, parameters)
    mix, mix_rows = _tier_mix(data, edition, parameters)
    if policy.empty or count is None or mix is None:
        return None
    people, often = int(count["value"]), visits.frequencies(policy, parameters.policy_id)
    tiers = visits.largest_remainder(people, mix)
    due = visits.minimum_visits(tiers, often)
    unrounded = people * visits.visits_per_person(mix, often)
    fewest, most = visits.visit_bounds(people, often)
    band = partial(visits.dirichlet_band, people, mix, often, seed=parameters.seed)
    weights = sorted({*LOOSE_AND_CLOSE, parameters.concentration})
    return Illustration(
        count=count,
        policy=policy,
        frequencies=often,
        mix=mix,
        mix_rows=mix_rows,
        tiers=tiers,
        visits=due,
        attempts=visits.attempts(due, parameters.success_share),
        fewest=fewest,
        most=most,
        per_point=visits.sensitivity(people, often),
        bands={weight: band(concentration=weight) for weight in weights},
        **_with_officers(data, edition, parameters, count["area_id"], unrounded),
        **_with_reactive_management(data, edition, people, mix, often),
    )


def _fixed_policy(data: Tables, edition: Edition, parameters: EditionParameters) -> pd.DataFrame:
    """Rows of the policy of the parameters, in the order of the tiers; empty if not known yet."""
    known = known_policies(data, edition)
    own = known[known["policy_id"] == parameters.policy_id].assign(rows=known["row_id"])
    return own.sort_values("risk_tier", key=lambda tiers: tiers.map(visits.TIERS.index))


def _largest_force(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> pd.Series | None:
    """The newest exact community count of the force of the parameters, or of the largest one."""
    counts = register.community(data, edition)
    counts = counts[counts["qualifier"] == "exact"]
    forces = [parameters.force] if parameters.force else edition.forces
    newest = [row for f in forces if (row := register.latest(counts, f)) is not None]
    return max(newest, key=lambda row: row["value"]) if newest else None


def _tier_mix(
    data: Tables, edition: Edition, parameters: EditionParameters
) -> tuple[dict[str, float] | None, pd.DataFrame]:
    """The assumed mix, or else the newest national one and its rows; None if neither is known.

    Rounded percentages need not add to 100, so each is taken of their sum.
    """
    rows = edition.visible(data.risk_tiers)
    shares = rows[(rows["measure"] == "share_pct") & (rows["area_id"] == "EW")]
    known = register.preferred(shares, data.sources, ["as_at", "risk_tier"])
    if given := parameters.mix():
        return given, known.iloc[:0]
    known = known[known["as_at"] == known["as_at"].max()].set_index("risk_tier", drop=False)
    if not set(visits.TIERS) <= set(known.index):
        return None, known
    known = known.loc[list(visits.TIERS)]
    return (known["value"].astype(float) / known["value"].sum()).to_dict(), known


def _with_officers(
    data: Tables, edition: Edition, parameters: EditionParameters, area: str, due: float
) -> dict[str, Any]:
    """The visiting officers, those given or the force's own constables, and the load of each."""
    given = parameters.officers or None
    staff = current(edition.visible(data.staffing))
    own = staff[(staff["measure"] == "officers") & (staff["rank"] == "constable")]
    row = None if given else register.latest(own, area)
    officers = given if row is None else float(row["value"])
    rows = own.loc[[] if row is None else [row.name]]
    found = {"officers": officers, "officers_rows": rows, "per_week": None, "crew_per_week": None}
    if officers is None:
        return found
    load = partial(visits.officer_load, due, officers, parameters.weeks)
    crew = load(crew=parameters.crew, success_share=parameters.success_share)
    return found | {"per_week": load(), "crew_per_week": crew}


def _with_reactive_management(
    data: Tables, edition: Edition, people: int, mix: dict[str, float], often: dict[str, int]
) -> dict[str, Any]:
    """Visits due if the share reported as eligible were managed without visits.

    None, and no rows, if no share is known by then or the low tier is smaller.
    """
    rows = current(edition.visible(data.risk_tiers))
    rows = rows[rows["measure"].isin(_REACTIVE)]
    by_measure = rows.set_index("measure")["value"]
    if {*_REACTIVE} <= {*by_measure.index}:
        share = by_measure[_REACTIVE[0]] / by_measure[_REACTIVE[1]]
        if share <= mix["low"]:
            due = people * visits.visits_per_person(mix, often, share)
            return {"reactive": due, "reactive_rows": rows}
    return {"reactive": None, "reactive_rows": rows.iloc[:0]}


def visit_frequency(data: Tables, edition: Edition) -> list[str]:
    """8. Which visit frequency applied to each tier, from which policy, and until when."""
    known = known_policies(data, edition)
    own = known[known["area_id"].isin([*edition.forces, "EW"])]
    if own.empty:
        return [f"Visiting intervals: none found that was known by the end of {edition.year}."]
    paragraphs = []
    for _, policy in own.groupby("policy_id", sort=False):
        row = policy.iloc[0]
        link = cited(data.sources, [row["source_id"]], policy["row_id"])
        since = periods.day_label(row["valid_from"])
        if row["kind"] == "fixed_interval":
            tiers = listed(
                f"{prose.plural(p.max_interval_months, 'month')} at "
                f"{visits.TIER_NAMES[p.risk_tier]} risk "
                f"({prose.plural(p.min_visits_per_year, 'visit')} a year)"
                for p in policy.itertuples()
            )
            paragraphs.append(
                f"The policy of {edition.name(row['area_id'])} known on "
                f"{prose.with_age(since, row['valid_from'], edition)}, set the longest "
                f"time between visits. It was {tiers}.{_ended(row)} On these rows: {row['note']} "
                f"{link}."
            )
        else:
            paragraphs.append(
                f"Since {since} no fixed number applies nationally. The interval follows an "
                "individual plan, and some people at low risk are managed reactively, without "
                f"home visits {link}."
            )
    return paragraphs


def _ended(policy: pd.Series) -> str:
    """That fixed intervals have ended, if they had by the end of the report year."""
    if pd.isna(policy["valid_to"]):
        return ""
    return (
        f" Fixed intervals ended with a national announcement of "
        f"{periods.day_label(policy['valid_to'])}; when this force stopped was not found."
    )


def overdue_visits(data: Tables, edition: Edition) -> list[str]:
    """Overdue visits of the region's forces as reported, each with its age and its remark."""
    found = overdue(data, edition)
    bullets = []
    for _, row in found.iterrows():
        said = "; ".join(filter(None, [aged(edition, row), row["note"]]))
        bullets.append(
            f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits reported overdue; "
            f"{said} {cite(data, row)}"
        )
    if silent := edition.absent(found["area_id"]):
        bullets.append(f"- **{listed(silent)}**: no figure of overdue visits found")
    return bullets


def visits_made(data: Tables, edition: Edition) -> list[str]:
    """Visits made as reported, for any area, each with its remark; or that none was found."""
    rows = edition.visible(data.answers)
    found = current(rows[(rows["measure_code"] == "VISITS_MADE") & rows["value"].notna()])
    bullets = [
        f"- **{edition.name(row['area_id'])}**: {with_first(row)} visits made, "
        f"{answers.when(row)}; {row['note']} {cite(data, row)}"
        for _, row in found.iterrows()
    ]
    end = periods.day_label(edition.year.end)
    return bullets or [f"- **Visits made**: no figure found, for any area, up to {end}"]


def workload(data: Tables, edition: Edition, parameters: EditionParameters) -> list[str]:
    """9. What visits would be due under fixed intervals: an illustration, or why there is none."""
    model = illustration(data, edition, parameters)
    if model is None:
        return [f"No illustration: {_without_illustration(data, edition, parameters)}"]
    policy, force = model.policy.iloc[0], edition.name(model.count["area_id"])
    text = (
        "An illustration, not a finding. It takes the "
        f"{beside_first(number(model.people), model.count['first_value'])} people whom {force} "
        f"managed in the community {aged(edition, model.count)}, and "
        f"{mix_words(model, parameters)}. If the intervals of {edition.name(policy['area_id'])} "
        f"known on {periods.day_label(policy['valid_from'])} applied to them, "
        f"{number(model.visits)} visits a year would be due."
    )
    if model.officers:
        text += (
            f" That is {number(model.per_week, 2)} a week for each of "
            f"{officers_words(model)} in {prose.plural(parameters.weeks, 'working week')}."
        )
    else:
        text += f" No number of constables of {force} was found."
    text += f" Under these intervals any mix gives from {interval(model.fewest, model.most, 0)}."
    if model.reactive:
        text += (
            f" It is no floor: {number(model.reactive)} would be due if the share of low-risk "
            "people reported as eligible for reactive management were not visited."
        )
    sources = [*model.sources, *model.reactive_rows["source_id"]]
    rows = [*model.rows, *model.officers_rows["rows"], *model.reactive_rows["rows"]]
    return [
        f"{text}{_ended(policy)} This joins figures of different years, and a visit that is due "
        f"is not a visit that was made {cited(data.sources, sources, rows)}."
    ]


def mix_words(model: Illustration, parameters: EditionParameters) -> str:
    """The mix of an illustration in words: assumed, or national with its date and its shares."""
    at = "per cent at very high, high, medium and low risk"
    if model.mix_rows.empty:
        return f"an assumed mix of risk tiers ({parameters.tier_mix} {at})"
    printed = "/".join(f"{value:g}" for value in model.mix_rows["value"])
    when = on_date(model.mix_rows.iloc[0])
    return f"the national mix of risk tiers {when}, about {printed} {at}"


def officers_words(model: Illustration) -> str:
    """The officers of an illustration: `30 officers (assumed)` or constables with their date."""
    if model.officers_rows.empty:
        return f"{prose.plural(model.officers, 'officer')} (assumed)"
    row = model.officers_rows.iloc[0]
    return f"{with_first(row)} constables ({as_at(row)})"


def _without_illustration(data: Tables, edition: Edition, parameters: EditionParameters) -> str:
    """Which of the parts of an illustration was not found, as a sentence."""
    end = periods.day_label(edition.year.end)
    if _fixed_policy(data, edition, parameters).empty:
        return f"no policy with fixed intervals was found that was known by {end}."
    if _largest_force(data, edition, parameters) is None:
        whose = edition.name(parameters.force) if parameters.force else "a force of the region"
        return (
            "no exact count of the people managed in the community was found for "
            f"{whose} up to {end}."
        )
    return (
        f"no mix of risk tiers was found for a date up to {end}, and none is assumed for this "
        "edition."
    )
