"""People whose whereabouts were unknown: snapshots of stocks, each true only for its date.

Snapshots are never added over dates or joined by a line: the same person can stand in many of
them, definitions change, and replies come when somebody asks.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from rso_report import periods, register, statistics
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.revisions import current, first_printed, now
from rso_report.series import ratio_caveat
from rso_report.trace import across, together

_KEY = ["area_id", "as_at"]

DEFINITIONS = {
    "WHEREABOUTS_UNKNOWN": "whereabouts unknown to the force",
    "WANTED_WARRANT": "wanted on a warrant",
    "MISSING_PERSON": "missing person",
    "NOT_STATED": "no definition found",  # of most sources only the opening was read
}

NOT_STATED = DEFINITIONS["NOT_STATED"]
SUM_OF_REPLIES = "what each reply calls missing"


def definition_words(rows: pd.DataFrame) -> pd.Series:
    """What each row counts as missing: in a few words of ours, or as its code says."""
    by_code = rows["definition_code"].map(DEFINITIONS).astype("str")
    if "definition_said" not in rows:
        return by_code
    return rows["definition_said"].where(rows["definition_said"] != "", by_code)


def definitions_differ(first: pd.Series, last: pd.Series) -> str:
    """Why two snapshots may not count the same, in words; "" if both say the same in our words.

    One code for both is not enough: sources that share it word it differently.
    """
    silent = [str(r["as_at"].year) for r in (first, last) if r["definition_code"] == "NOT_STATED"]
    if silent:
        return f"no definition of missing was found for {' and '.join(dict.fromkeys(silent))}"
    if first["definition"] != last["definition"]:
        return (
            f"what counted as missing differs: {first['definition']} in {first['as_at'].year}, "
            f"{last['definition']} in {last['as_at'].year}"
        )
    if not first.get("definition_said"):
        return "whether the same was counted as missing on both dates is not known"
    return ""


def no_trend(snaps: pd.DataFrame) -> str:
    """Why no trend can be read from these counts (`snapshots`): dates and definitions."""
    dates = snaps["as_at"].nunique()
    if dates == 1:
        return "What was counted on one date shows no trend."
    # A sum of replies has no definition of its own.
    stated = snaps.loc[~snaps["definition"].isin([NOT_STATED, SUM_OF_REPLIES]), "definition"]
    said = "what was counted as missing is known for none of them"
    if len(stated):
        said = f"what was counted as missing is known for {len(stated)} of them"
        said += ", and differs" if stated.nunique() > 1 else ""
    return f"No trend can be read from these {len(snaps)} counts on {dates} dates: {said}."


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that count all missing RSOs, not a part of them."""
    return rows[
        (rows["series_id"] == "MISSING_STOCK")
        & (rows["subset"] == "all")
        & (rows["mappa_level"] == "all")
        & (rows["believed_abroad"] == "all")
        & rows["went_missing_since"].isna()
    ]


def snapshots(data: Tables, edition: Edition, areas: Iterable[str] | None = None) -> pd.DataFrame:
    """Every snapshot of the region's units, or of `areas`, revised where its source revised it.

    Columns of `missing` plus `first_value`, `registered` (RSOs in the same reply), `share`,
    `lower`, `upper` (percent, Wilson; only of a `base`, an exact number registered of 20 or more)
    and `abroad` (believed to be abroad, same reply), `first_registered` and `first_abroad` (what a
    revised one said at first, else <NA>), `rows`, the identifiers of all these, `definition` (what
    it counts, in words) and `age` (how old it is when the edition ends, "" up to two years).
    """
    ratio_caveat("MISSING_STOCK", "STOCK_FOI")
    rows = edition.visible(data.missing)
    chosen = list(areas) if areas is not None else edition.units
    own = register.preferred(whole(rows)[lambda f: f["area_id"].isin(chosen)], data.sources, _KEY)
    names = {"value": "abroad", "first_value": "first_abroad", "rows": "abroad_rows"}
    abroad = current(rows[rows["believed_abroad"] == "yes"]).rename(columns=names)
    same_reply = [*_KEY, "first_source"]
    own = own.merge(abroad[[*same_reply, *names.values()]], on=same_reply, how="left")
    own["abroad"] = own["abroad"].astype("Int64")
    for sum_ in region_totals(data, edition).itertuples():  # a printed total follows its parts
        if sum_.first == sum_.printed != sum_.current:
            row = (own["area_id"] == sum_.area_id) & (own["as_at"] == sum_.as_at)
            own.loc[row, ["value", "first_value", "status", "row_id", "first_row"]] = [
                sum_.current,
                sum_.printed,
                "revised",
                sum_.rows,
                sum_.first_rows,
            ]
    registered = current(data.registered_offenders).set_index("row_id")
    own["denominator_row"] = now(data.registered_offenders, own["denominator_row"])
    own["registered"] = own["denominator_row"].map(registered["value"]).astype("Int64")
    own["first_registered"] = own["denominator_row"].map(registered["first_value"])
    exact = own["denominator_row"].map(registered["qualifier"]) == "exact"
    base = own["registered"].astype("float64")
    own["base"] = base.where(exact & (base >= statistics.SMALLEST_BASE))
    own["share"] = 100 * own["value"].astype("float64") / own["base"]
    own["lower"], own["upper"] = statistics.wilson(own["value"], own["base"])
    own["denominator_rows"] = own["denominator_row"].map(registered["rows"])
    own = _defined_elsewhere(own, whole(rows))
    parts = ("row_id", "first_row", "denominator_rows", "abroad_rows", "definition_row")
    own["rows"] = across(*(own[name] for name in parts))
    ends = edition.year.end
    own["definition"] = definition_words(own)
    # A sum of replies counts what each of them counts.
    own.loc[own["area_id"] == edition.region_id, "definition"] = SUM_OF_REPLIES
    own["age"] = [periods.age_words(day, ends) for day in own["as_at"]]
    return own.sort_values(["as_at", "area_id"]).reset_index(drop=True)


def _defined_elsewhere(own: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Counts without a definition take the one that another source gives of the same count.

    Adds `definition_row`: the row that the definition was taken from, if it is another one.
    """
    key, words = [*_KEY, "value"], ["definition_code", "definition_said"]
    told = rows[rows["definition_code"] != "NOT_STATED"].drop_duplicates(key)
    told = told[[*key, *words, "row_id"]].rename(columns={"row_id": "definition_row"})
    found = own[key].merge(told, on=key, how="left").set_index(own.index)
    silent = (own["definition_code"] == "NOT_STATED") & found["definition_row"].notna()
    own = own.assign(definition_row=found["definition_row"].where(silent))
    own.loc[silent, words] = found.loc[silent, words]
    return own


def apart(edition: Edition) -> list[str]:
    """The areas whose counts may stand beside each other: the region's units, then other forces.

    A group of forces that changes is left out: beside its members it would tell of the others.
    """
    kinds = edition.areas.set_index("area_id")["kind"]
    others = kinds.index[(kinds == "force") & ~kinds.index.isin(edition.forces)]
    return [unit for unit in [*edition.units, *others] if kinds[unit] != "group"]


def latest(snaps: pd.DataFrame, edition: Edition) -> list[pd.Series]:
    """The newest of `snapshots` of each unit of the region that `apart` names."""
    units = [unit for unit in apart(edition) if unit in edition.units]
    return [row for unit in units if (row := register.latest(snaps, unit)) is not None]


def covered(edition: Edition, units: Iterable[str]) -> set[str]:
    """The units that are named and the forces that they cover together."""
    inside = edition.areas.set_index("area_id")["coverage"]
    return {part for unit in units for part in [unit, *inside[unit].split("|")]}


def breakdowns(data: Tables, edition: Edition) -> pd.DataFrame:
    """Parts of a snapshot: by MAPPA level, believed abroad, missing since a date.

    Columns of `missing`, what `revisions.current` adds, and `part`, in words.
    """
    rows = current(edition.visible(data.missing))
    own = rows[(rows["series_id"] == "MISSING_STOCK") & rows["area_id"].isin(edition.units)]
    parts = own[~own["row_id"].isin(whole(own)["row_id"])]
    kinds = []
    for row in parts.itertuples():
        if row.mappa_level != "all":
            level = row.mappa_level
            kinds.append(f"MAPPA level {level}" if level != "unknown" else "MAPPA level unknown")
        elif row.believed_abroad == "yes":
            kinds.append("believed to be abroad")
        elif pd.notna(row.went_missing_since):
            kinds.append(f"missing since {row.went_missing_since.year} began")
        else:
            kinds.append("people convicted of offences against children only")
    return parts.assign(part=kinds).sort_values(["as_at", "row_id"]).reset_index(drop=True)


def region_totals(data: Tables, edition: Edition) -> pd.DataFrame:
    """Totals that one source printed for several units, and what they come to after revisions.

    One row for each printed total whose parts the same source gives, unless a source has revised
    the total itself. Columns: area_id, as_at, as_at_precision, printed, first (sum of the parts as
    first given; other than `printed`, the source contradicts itself), current (after revisions),
    units (number of units), revised (number of units whose part was revised), source_id, rows (of
    the current sum), first_rows (of the printed total and of the sum as first given).
    """
    rows = whole(edition.visible(data.missing))
    rows = rows[rows["area_id"].isin(edition.units)]
    totals = totals_with_parts(rows, data.areas)
    return pd.DataFrame(t for t in totals if not t.pop("total_revised"))


def totals_with_parts(rows: pd.DataFrame, areas: pd.DataFrame) -> list[dict[str, Any]]:
    """Every total in `rows` whose parts the same source gives for the same date, none absent.

    `rows` count all missing people (`whole`). Each total is a mapping with the columns of
    `region_totals` and total_revised: whether the total itself was revised.
    """
    forces = _forces_of(areas)
    newest, as_first = current(rows), first_printed(rows)
    several = [area for area, own in forces.items() if len(own) > 1]  # others have no parts
    found = []
    for printed in as_first[as_first["area_id"].isin(several)].itertuples():
        own = forces[printed.area_id]
        inside = {name for name, part in forces.items() if part < own}
        first, last = (
            parts[
                (parts[source] == printed.source_id)
                & (parts["as_at"] == printed.as_at)
                & parts["area_id"].isin(inside)
            ]
            for parts, source in ((as_first, "source_id"), (newest, "first_source"))
        )
        covered = [force for part in first["area_id"] for force in forces[part]]
        if sorted(covered) != sorted(own) or set(last["area_id"]) != set(first["area_id"]):
            continue
        found.append(
            {
                "area_id": printed.area_id,
                "as_at": printed.as_at,
                "as_at_precision": printed.as_at_precision,
                "printed": int(printed.value),
                "first": int(first["value"].sum()),
                "current": int(last["value"].sum()),
                "units": len(last),
                "revised": len(set(last["row_id"]) - set(first["row_id"])),
                "source_id": printed.source_id,
                "rows": together(last["row_id"]),
                "first_rows": together([printed.row_id, *first["row_id"]]),
                "total_revised": printed.row_id not in set(newest["row_id"]),
            }
        )
    return found


def _forces_of(areas: pd.DataFrame) -> dict[str, frozenset[str]]:
    """The forces that each force, region and named group of forces takes in."""
    is_force = areas["kind"] == "force"
    forces = set(areas.loc[is_force, "area_id"])
    found = {force: frozenset([force]) for force in forces}
    for row in areas[~is_force].itertuples():
        named = set(row.coverage.split("|"))
        own = set(areas.loc[is_force & (areas["parent_id"] == row.area_id), "area_id"])
        if parts := named if named <= forces else own:
            found[row.area_id] = frozenset(parts)
    return found
