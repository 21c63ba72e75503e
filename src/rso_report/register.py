"""How many people are registered: community counts, published and computed rates, the register.

Two series, never joined: STOCK_MAPPA counts people managed in the community on 31 March,
STOCK_FOI is what a force itself calls its register, usually with people in custody.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from rso_report import disclosure, periods, series, statistics
from rso_report.comparable import RATE, alike, beside, segments, unbroken
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.revisions import current, first_total
from rso_report.series import ratio_caveat
from rso_report.trace import across, together

_KEY = ["series_id", "area_id", "as_at", "custody_status", "sex", "mappa_level"]
_PRECISION = ["day", "month", "response_date", "publication_date", "year", "inferred"]
_QUALIFIER = ["exact", "rounded", "approximately", "at_least"]
_ENDS = ("from", "to")  # of a change
_KNOWN = ("first_count", "qualifier_count", "status_count")  # of a count
CUSTODY = {
    "both": "community and custody",
    "not_stated": "not stated",
    "community": "community",
    "custody": "custody",
    "abroad": "abroad",
}


def preferred(
    frame: pd.DataFrame, sources: pd.DataFrame, key: list[str] | None = None
) -> pd.DataFrame:
    """One row for each key where several sources give the same figure.

    Doubtful rows and rows that another revises are left out. A revised figure goes before others;
    then comes the better known date, official statistics before reports of them, a founding
    document, the more exact number, a dated source, and the order of the table. Adds what
    `revisions.current` adds.
    """
    key = key or [column for column in _KEY if column in frame]
    by_source = sources.set_index("source_id")
    official = by_source["kind"] == "official_statistics"
    founding = by_source["founding"] == "yes"
    dated = by_source["published"].notna()
    ranked = current(frame).assign(
        _revised=lambda f: f["status"] != "revised",
        _date=lambda f: f["as_at_precision"].map(_PRECISION.index),
        _official=lambda f: ~f["source_id"].map(official).astype(bool),
        _founding=lambda f: ~f["source_id"].map(founding).astype(bool),
        _exact=lambda f: f["qualifier"].map(_QUALIFIER.index),
        _dated=lambda f: ~f["source_id"].map(dated).astype(bool),
    )
    marks = ["_revised", "_date", "_official", "_founding", "_exact", "_dated"]
    best = ranked.sort_values([*key, *marks, "row_id"]).drop_duplicates(key)
    return best.drop(columns=marks).reset_index(drop=True)


def community(data: Tables, edition: Edition, areas: list[str] | None = None) -> pd.DataFrame:
    """RSOs managed in the community (STOCK_MAPPA), one row for each area and 31 March.

    Columns of `registered_offenders` and what `revisions.current` adds. `areas` defaults to the
    region's units and England and Wales.
    """
    rows = data.registered_offenders
    own = rows[
        (rows["series_id"] == "STOCK_MAPPA")
        & (rows["sex"] == "all")
        & (rows["mappa_level"] == "all")
        & rows["area_id"].isin(areas or [*edition.units, "EW"])
    ]
    return preferred(edition.visible(own), data.sources)


def comparable(counts: pd.DataFrame, breaks: pd.DataFrame, area: str) -> pd.DataFrame:
    """Community counts of an area between which a change can be given, oldest first.

    Exact or rounded counts since the last break in the series (`series_breaks`).
    """
    own = counts[(counts["area_id"] == area) & counts["qualifier"].isin(["exact", "rounded"])]
    return unbroken(own, breaks, "STOCK_MAPPA")


def register_totals(data: Tables, edition: Edition) -> pd.DataFrame:
    """Register totals of the region's forces (STOCK_FOI), in and out of custody together.

    Where a reply prints only the sexes, their sum is the total and `computed` is True. A reply is
    the source that gave the figure first, `first_source`, whoever revised it.
    """
    rows = current(edition.visible(data.registered_offenders))
    own = rows[
        (rows["series_id"] == "STOCK_FOI")
        & rows["custody_status"].isin(["both", "not_stated"])
        & (rows["mappa_level"] == "all")
        & rows["area_id"].isin(edition.units)
    ]
    printed = own[own["sex"] == "all"].assign(computed=False)
    key = ["series_id", "area_id", "as_at", "custody_status", "first_source"]
    sexes = own[own["sex"] != "all"]
    have = pd.MultiIndex.from_frame(printed[key])
    sexes = sexes[~pd.MultiIndex.from_frame(sexes[key]).isin(have)]
    both = pd.concat([printed, *(_sum_of_sexes(own) for _, own in sexes.groupby(key))])
    both = both.astype({"first_value": "Int64"})
    return both.sort_values(["area_id", "as_at"], kind="stable").reset_index(drop=True)


def _sum_of_sexes(own: pd.DataFrame) -> pd.DataFrame:
    """The sexes of one reply as one row, which is revised if one of them is."""
    first = first_total(own)
    status = {} if pd.isna(first) else {"status": "revised"}
    whole = {
        "sex": "all",
        "value": own["value"].sum(),
        "first_value": first,
        "source_id": together(own["source_id"]),
        "row_id": together(own["row_id"]),
        "first_row": together(own["first_row"]),
        "rows": together(own["rows"]),
    }
    return own.iloc[:1].assign(revises_row="", note="", computed=True, **whole, **status)


def by_sex(data: Tables, edition: Edition) -> pd.DataFrame:
    """What the region's forces call their register by sex, a row for each force, date and custody.

    Columns: area_id, as_at, custody_status, male, female, first_male, first_female and first_both
    (before a revision, else <NA>), source_id (several as `a+b`), rows. Only dates for which both
    sexes are given.
    """
    stocks = edition.visible(data.registered_offenders)
    own = stocks[stocks["sex"].isin(["male", "female"]) & stocks["area_id"].isin(edition.forces)]
    key = ["area_id", "as_at", "custody_status"]
    return sexes_side_by_side(preferred(own, data.sources), key)


def sexes_side_by_side(own: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Rows of `revisions.current` by sex as one row for each key: see `by_sex`."""
    found = []
    for values, group in own.groupby(key):
        sexes = group.set_index("sex")
        if {"male", "female"} <= set(sexes.index):
            found.append(
                dict(zip(key, values, strict=True))
                | {sex: sexes.at[sex, "value"] for sex in ("male", "female")}
                | {f"first_{sex}": sexes.at[sex, "first_value"] for sex in ("male", "female")}
                | {"first_both": first_total(sexes.loc[["male", "female"]])}
                | {name: together(group[name]) for name in ("source_id", "rows")}
            )
    counts = ["male", "female", "first_male", "first_female", "first_both"]
    return pd.DataFrame(found, columns=None if found else [*key, *counts, "source_id", "rows"])


def population_base(data: Tables, as_at: pd.Timestamp) -> pd.Series | None:
    """The row of `population_bases` for the rates of a 31 March.

    None where none is held, or only one that no published rate has tested: which population a
    year's rates divide by is a fact about that year, and no rule gives it.
    """
    bases = data.population_bases
    own = bases[(bases["as_at"] == as_at) & (bases["evidence"] != "untested")]
    return None if own.empty else own.iloc[0]


def _members(areas: pd.DataFrame, area: str) -> set[str]:
    """The police areas that an area is made of: all for `EW`, itself where it is one."""
    # Row by row: it is asked hundreds of times, and a filter of a small frame takes longer.
    rows = [*zip(*(areas[name] for name in ("area_id", "kind", "parent_id")), strict=True)]
    if area == "EW":
        return {name for name, kind, _ in rows if kind == "force"}
    inside = {name for name, kind, parent in rows if (kind, parent) == ("force", area)}
    together = dict(zip(areas["area_id"], areas["coverage"], strict=True)).get(area, "")
    return {area, *inside, *together.split("|")}


def populations(data: Tables, keys: Iterable[tuple[str, pd.Timestamp]]) -> pd.DataFrame:
    """Residents that the rates of areas and dates divide by, one row for each (area, date).

    Columns: population_10plus (all ages less those aged 0 to 9) and all_ages, Int64, summed over
    the districts of the area; population_row (see there); base_date, the day of those residents;
    base_segment, within which rates compare. `EW` are all districts; a region or a unit of several
    forces has those of its forces. <NA>, NaT and "" where `population_base` knows no base.
    """
    keys = list(keys)
    bases = {day: population_base(data, day) for day in dict.fromkeys(day for _, day in keys)}
    needed = [base["base_date"] for base in bases.values() if base is not None]
    parts = data.population_districts[data.population_districts["date"].isin(needed)]
    parts = parts.assign(older=parts["all_ages"] - parts["aged_0_9"])
    sums = parts.groupby(["date", "area_id"])[["older", "all_ages"]].sum().to_dict("index")
    rows, members = [], {}
    for area, as_at in keys:
        if area not in members:
            members[area] = _members(data.areas, area)
        row = (pd.NA, pd.NA, "", pd.NaT, "")
        if (base := bases[as_at]) is not None:
            day = base["base_date"]
            found = [sums[day, part] for part in members[area] if (day, part) in sums]
            row = (*row[:3], day, base["segment"])
            if found:
                older, whole = (sum(f[name] for f in found) for name in ("older", "all_ages"))
                row = (older, whole, population_row(area, day), *row[3:])
        rows.append(row)
    columns = ["population_10plus", "all_ages", "population_row", "base_date", "base_segment"]
    return pd.DataFrame(rows, columns=columns).astype(
        {"population_10plus": "Int64", "all_ages": "Int64", "base_date": "datetime64[us]"}
    )


def population_10plus(data: Tables, area: str, as_at: pd.Timestamp) -> int | None:
    """Residents aged 10 and over that the rate of an area on a 31 March divides by, or None."""
    people = populations(data, [(area, as_at)])["population_10plus"].iloc[0]
    return None if pd.isna(people) else int(people)


def base_row(data: Tables, area: str, as_at: pd.Timestamp) -> str:
    """`population_row` of what the rate of an area and date divides by, "" where there is none."""
    return populations(data, [(area, as_at)])["population_row"].iloc[0]


def population_row(area: str, date: pd.Timestamp) -> str:
    """Identifier of a sum of district rows: `PD-WMP-2020`, for a census `PD-WMP-2021-03-21`.

    `date` is the day of the residents. A year alone stands for its mid-year estimate.
    """
    mid_year = (date.month, date.day) == (6, 30)
    return f"PD-{area}-{date:%Y}" if mid_year else f"PD-{area}-{date:%Y-%m-%d}"


def residents_day(date: pd.Timestamp) -> str:
    """The day of residents in words: `mid-2020` of an estimate, `21 March 2021` of a census."""
    mid_year = (date.month, date.day) == (6, 30)
    return f"mid-{date.year}" if mid_year else periods.day_label(date)


def population_sums(data: Tables) -> pd.DataFrame:
    """Residents of every area that consists of whole police areas, on every date that is held.

    Columns: row_id (`population_row`), area_id, date, districts (how many), all_ages, aged_0_9,
    aged_10plus, source_id. In the order of the areas table, by date.
    """
    areas = data.areas["area_id"]
    members = [(place, part) for place in areas for part in sorted(_members(data.areas, place))]
    parts = pd.DataFrame(members, columns=["place", "area_id"]).merge(data.population_districts)
    found = (
        parts.assign(place=pd.Categorical(parts["place"], areas))
        .groupby(["place", "date", "source_id"], observed=True, as_index=False)
        .agg(
            districts=("lad_code", "count"),
            all_ages=("all_ages", "sum"),
            aged_0_9=("aged_0_9", "sum"),
        )
    )
    found["place"] = found["place"].astype("str")
    rows = [population_row(*key) for key in zip(found["place"], found["date"], strict=True)]
    return found.rename(columns={"place": "area_id"}).assign(
        row_id=rows, aged_10plus=found["all_ages"] - found["aged_0_9"]
    )


def published_rates(data: Tables, edition: Edition) -> pd.DataFrame:
    """Published rates per 100,000 aged 10 and over, one for each area and date."""
    rows = data.published_rates
    own = rows[
        (rows["measure"] == "rate_per_100k_10plus")
        & rows["area_id"].isin([*edition.units, "EW"])
        & (rows["as_at"].dt.month == 3)
    ]
    return preferred(edition.visible(own), data.sources, ["area_id", "as_at"])


def _named(frame: pd.DataFrame, value: str, part: str) -> pd.DataFrame:
    """A frame whose columns say that they are of this part of `rates`."""
    names = {"value": value, "first_value": f"first_{value}", "row_id": f"{part}_row"}
    names |= {name: f"{name}_{value}" for name in ("qualifier", "status")}
    names |= {"as_at_precision": f"{part}_precision"}
    return frame.rename(columns=names | {"source_id": f"{part}_source", "rows": f"{part}_rows"})


def counted(data: Tables, edition: Edition) -> pd.DataFrame:
    """Community count, published rate, and the residents that it divides by, by area and date.

    Which residents the rate of a 31 March divides by, `population_bases` says. Columns: area_id,
    as_at with as_at_precision, count with qualifier_count and status_count, population_10plus,
    base_date (day of those residents), base_segment (rates compare within one; "" where there is no
    base), published, and the row and source identifiers (`population_row`: a sum of district rows).
    `first_count` and `first_published` are what a revised one said at first, `count_rows` and
    `rate_rows` name the rows of both, `doubt` the entry of the ledger that doubts the count, else
    "". `rows` and `source_id` are those of all. Empty where no figure is held.
    """
    keep = ["area_id", "as_at"]
    counts = _named(community(data, edition), "count", "count")
    printed = _named(published_rates(data, edition), "published", "rate")
    own = ["count", *_KNOWN, "count_row", "count_rows", "count_source", "count_precision"]
    rate = ["published", "first_published", "rate_row", "rate_rows", "rate_source"]
    found = counts[[*keep, *own]].merge(
        printed[[*keep, *rate, "rate_precision"]], on=keep, how="outer"
    )
    found["as_at_precision"] = found.pop("count_precision").fillna(found.pop("rate_precision"))
    people = populations(data, zip(found["area_id"], found["as_at"], strict=True))
    found = found.join(people.drop(columns="all_ages"))
    parts = {"rows": ["count_rows", "rate_rows", "population_row"]}
    for name, columns in (parts | {"source_id": ["count_source", "rate_source"]}).items():
        found[name] = across(*(found[column] for column in columns))
    found["doubt"] = found["count_row"].map(doubted(data)).fillna("")
    # A total has the doubts of its parts.
    whole, parts = (found["area_id"].isin(a) for a in ([edition.region_id], edition.forces))
    doubts = found[parts & (found["doubt"] != "")].groupby("as_at")["doubt"].first()
    of_parts = pd.Series([doubts.get(day, "") for day in found["as_at"]], found.index, dtype="str")
    found["doubt"] = found["doubt"].mask(whole, of_parts)
    return found.sort_values(keep).reset_index(drop=True)


def rates(data: Tables, edition: Edition) -> pd.DataFrame:
    """What `counted` gives with rate, lower and upper (per 100,000; Byar, exact below 10)."""
    found = counted(data, edition)
    for column in ("rate", "lower", "upper"):
        found[column] = pd.Series(float("nan"), index=found.index)
    for index in found.index[found["count"].notna() & found["population_10plus"].notna()]:
        rate = statistics.rate(
            int(found.at[index, "count"]), int(found.at[index, "population_10plus"])
        )
        found.loc[index, ["rate", "lower", "upper"]] = [rate.value, rate.lower, rate.upper]
    return found


def changes(found: pd.DataFrame, breaks: pd.DataFrame, areas: Iterable[str]) -> pd.DataFrame:
    """The dates between which counts of areas can be compared, with what is known of both.

    `found` is what `counted` returns. A line goes from the first to the last exact or rounded count
    since the last break in the series. Where the residents of these two are not of one base, a
    second line goes over the newest run of dates that have one. Columns: area_id, rows and
    source_id of all, and for each end (`_from`, `_to`): as_at, as_at_precision, count, first_count,
    qualifier_count, status_count, people and base_date, their day (missing unless of one base),
    country (the count of England and Wales, except beside itself) and first_country (what it was
    before a revision, or else the same). `doubt` names the entries of the ledger that doubt a count
    from the first end to the last, and doubt_rows and doubt_source those counts; "" where there is
    none.
    """
    lines = []
    for area in areas:
        own = comparable(found.rename(columns={"qualifier_count": "qualifier"}), breaks, area)
        based = own[own["population_10plus"].notna()]
        runs = [run for _, run in based.groupby(segments(based, breaks, RATE)) if len(run) > 1]
        whole = [(own.index[0], own.index[-1])] if len(own) > 1 else []
        on_base = [(run.index[0], run.index[-1]) for run in runs[-1:]]
        lines += [
            _change(found, ends, ends in on_base) for ends in dict.fromkeys([*whole, *on_base])
        ]
    kinds = {"as_at": "datetime64[us]", "count": "Float64", "people": "Float64"}
    kinds |= {"country": "Float64", "first_country": "Float64", "first_count": "Float64"}
    kinds |= {"base_date": "datetime64[us]"}
    names = dict.fromkeys([*kinds, "as_at_precision", *_KNOWN])
    columns = ["area_id", *(f"{n}_{end}" for n in names for end in _ENDS), "source_id", "rows"]
    columns += ["doubt", "doubt_rows", "doubt_source"]
    return pd.DataFrame(lines, columns=columns).astype(
        {f"{name}_{end}": kind for name, kind in kinds.items() for end in _ENDS}
    )


def _change(found: pd.DataFrame, ends: tuple[int, int], one_base: bool) -> dict:
    """A line of `changes`: both ends of it, in columns of their own."""
    line, used = {"area_id": found.at[ends[0], "area_id"]}, []
    for end, (_, row) in zip(_ENDS, found.loc[list(ends)].iterrows(), strict=True):
        country = found[(found["area_id"] == "EW") & (row["area_id"] != "EW")]
        country = beside(found.loc[[row.name]], country[country["count"].notna()])
        own = row[["as_at", "as_at_precision", "count", *_KNOWN]].to_dict()
        own["people"] = row["population_10plus"] if one_base else pd.NA
        own["base_date"] = row["base_date"] if one_base else pd.NaT
        for _, other in country.iterrows():  # one row, or none
            own |= {"country": other["count"], "first_country": other["first_count"]}
            if pd.isna(other["first_count"]):
                own["first_country"] = other["count"]
        line |= {f"{name}_{end}": value for name, value in own.items()}
        used += [(row["count_source"], row["count_rows"])]
        used += [("", row["population_row"])] * one_base
        used += list(zip(country["count_source"], country["count_rows"], strict=True))
    sources, rows = zip(*used, strict=True)
    first, last = found.loc[list(ends), "as_at"]
    own = (found["area_id"] == line["area_id"]) & found["as_at"].between(first, last)
    doubts = found[own & (found["doubt"] != "")]
    return line | {
        "doubt": ", ".join(doubts["doubt"].unique()),
        "doubt_rows": together(doubts["count_row"]),
        "doubt_source": together(doubts["count_source"]),
        "source_id": together(sources),
        "rows": together(rows),
    }


def latest(frame: pd.DataFrame, area: str) -> pd.Series | None:
    """The most recent row of an area, None if there is none."""
    own = frame[frame["area_id"] == area]
    return None if own.empty else own.loc[own["as_at"].idxmax()]


def missing_parts(counts: pd.DataFrame, edition: Edition, as_at: pd.Timestamp) -> list[str]:
    """Forces of the region without a community count at a date; empty if the region is whole."""
    have = set(counts.loc[counts["as_at"] == as_at, "area_id"])
    return [force for force in edition.forces if force not in have]


@dataclass(frozen=True)
class Region:
    """The region at the newest date of its forces: the sum of all of them, or why there is none.

    `parts` are the rows of `community` of its forces at `as_at`; `total` is None where a force is
    `absent` or a part is not an exact number.
    """

    as_at: pd.Timestamp
    parts: pd.DataFrame
    absent: list[str]
    total: int | None


def region(
    counts: pd.DataFrame, edition: Edition, as_at: pd.Timestamp | None = None
) -> Region | None:
    """The region at a date, or at the newest date of its forces; None if they have no count.

    Part of a region is never called the region (see `series.total` for what is not added).
    """
    own = counts[counts["area_id"].isin(edition.forces)]
    if own.empty:
        return None
    as_at = own["as_at"].max() if as_at is None else as_at
    parts = own[own["as_at"] == as_at]
    absent = missing_parts(counts, edition, as_at)
    exact = (parts["qualifier"] == "exact").all()
    return Region(as_at, parts, absent, series.total(parts) if exact and not absent else None)


def community_and_register(data: Tables, edition: Edition) -> pd.DataFrame:
    """Community count beside register total of the same force and calendar year.

    Columns: area_id, year, community, register, first_community and first_register (before a
    revision, else <NA>), gap (`disclosure.difference`), ratio_percent, caveat, rows and
    source_id of both. Dates and definitions differ, so the ratio has no interval.
    """
    caveat = ratio_caveat("STOCK_MAPPA", "STOCK_FOI")
    totals = register_totals(data, edition)
    totals = totals[totals["custody_status"] == "both"].assign(year=lambda f: f["as_at"].dt.year)
    counts = community(data, edition).assign(year=lambda f: f["as_at"].dt.year)
    pairs = counts.merge(totals, on=["area_id", "year"], suffixes=("_community", "_register"))
    return pd.DataFrame(
        {
            "area_id": pairs["area_id"],
            "year": pairs["year"],
            "community": pairs["value_community"],
            "register": pairs["value_register"],
            "first_community": pairs["first_value_community"],
            "first_register": pairs["first_value_register"],
            "gap": (pairs["value_register"] - pairs["value_community"]).map(disclosure.difference),
            "ratio_percent": 100 * pairs["value_community"] / pairs["value_register"],
            "caveat": caveat,
            "rows": across(pairs["rows_register"], pairs["rows_community"]),
            "source_id": across(pairs["source_id_register"], pairs["source_id_community"]),
        }
    )


FEWEST_AREAS = 10


@dataclass(frozen=True)
class National:
    """The rate of England and Wales on a 31 March, per 100,000 residents aged 10 and over.

    `rate` is the published one; where none is held, `computed` is True and it is the count over
    the population. `rows` and `source_id` say where it stands. `count` is None if none is held,
    `first_rate` is the published rate before a revision, else <NA>.
    """

    rate: float
    computed: bool
    count: int | None
    population: int
    rows: str
    source_id: str
    first_rate: float = pd.NA


@dataclass(frozen=True)
class Comparison:
    """Rates of all police areas with a count on a 31 March, beside the national rate.

    `areas` has a row for each area, in the order of the areas table: area_id, count, first_count
    (before a revision, else <NA>), population, rate (per 100,000 aged 10 and over), lower, upper
    (95%), limit_low, limit_high (99.8%, see `statistics.funnel_limits`), doubted (entry of the
    ledger that doubts the count, else ""), outside (beyond the limits, and not doubted), source_id
    (of the count), rows (count and population). `variance` is that between areas; doubted counts
    have no part in it. `absent` are the areas of which no count was found.
    """

    as_at: pd.Timestamp
    national: National
    variance: float
    areas: pd.DataFrame
    absent: list[str]

    @property
    def sound(self) -> pd.DataFrame:
        """The areas whose count no entry of the ledger doubts."""
        return self.areas[self.areas["doubted"] == ""]


def comparisons(data: Tables, edition: Edition) -> list[Comparison]:
    """Each 31 March with a national rate and ten exact counts of police areas or more, in order.

    Dates without a population base are left out.
    """
    forces = edition.areas.loc[edition.areas["kind"] == "force", "area_id"].tolist()
    counts = community(data, edition, forces)
    counts = counts[(counts["qualifier"] == "exact") & (counts["as_at_precision"] == "day")]
    counts = counts.sort_values("area_id", key=lambda ids: ids.map(forces.index), kind="stable")
    found = []
    for as_at, own in counts[counts["as_at"].dt.month == 3].groupby("as_at"):
        if len(own) >= FEWEST_AREAS and (national := national_rate(data, edition, as_at)):
            absent = [force for force in forces if force not in set(own["area_id"])]
            found.append(_comparison(data, own, national, absent))
    return found


def beside_region(found: list[Comparison], edition: Edition) -> Comparison | None:
    """The newest date at which a force of the region has a count, else the newest of all."""
    own = [each for each in found if each.areas["area_id"].isin(edition.forces).any()]
    return (own or found or [None])[-1]


def side_by_side(found: Comparison, edition: Edition) -> pd.DataFrame:
    """A comparison as it is shown: England and Wales, the region's forces, then the others by name.

    The region's forces keep the order of the areas table, as everywhere. `Comparison.areas` with
    as_at, name, own (a force of the region), label (the short name; the whole one of the region's
    forces, and where a region has the same) and digits (decimal places of the rate: a published
    one has none). Of England and Wales there is the rate alone.
    """
    country, areas = found.national, edition.areas.set_index("area_id")
    line = {"area_id": "EW", "rate": country.rate, "first_rate": country.first_rate, "doubted": ""}
    line |= {"source_id": country.source_id, "rows": country.rows, "outside": False, "own": False}
    line["digits"] = int(country.computed)
    own = found.areas["area_id"].isin(edition.forces)
    rest = found.areas.assign(own=own, name=found.areas["area_id"].map(areas["name"]), digits=1)
    rest["place"] = rest["name"].mask(rest["own"], "")
    rest = rest.sort_values(["own", "place"], ascending=[False, True], kind="stable")
    rest = rest.drop(columns="place")
    shown = pd.concat([pd.DataFrame([line]), rest], ignore_index=True).assign(as_at=found.as_at)
    shown["name"], short = (shown["area_id"].map(areas[name]) for name in ("name", "short_name"))
    regions = areas.loc[areas["kind"] == "region", "short_name"]
    return shown.assign(label=short.mask(short.isin(regions) | shown["own"], shown["name"]))


def national_rate(data: Tables, edition: Edition, as_at: pd.Timestamp) -> National | None:
    """The rate of England and Wales at a date; None without a population, or rate and count."""
    people = population_10plus(data, "EW", as_at)
    counts, printed = community(data, edition, ["EW"]), published_rates(data, edition)
    counts = counts[(counts["as_at"] == as_at) & counts["qualifier"].isin(["exact", "rounded"])]
    printed = printed[(printed["area_id"] == "EW") & (printed["as_at"] == as_at)]
    if not people or (counts.empty and printed.empty):
        return None
    count = None if counts.empty else int(counts["value"].iloc[0])
    if len(printed):
        row = printed.iloc[0]
        place = row["rows"], row["source_id"]
        return National(float(row["value"]), False, count, people, *place, row["first_value"])
    row = counts.iloc[0]
    rows = f"{row['rows']}+{base_row(data, 'EW', as_at)}"
    return National(1e5 * count / people, True, count, people, rows, row["source_id"])


def doubted(data: Tables) -> dict[str, str]:
    """Figures that the ledger keeps out of estimates: its entry by row identifier."""
    ledger = data.discrepancies[data.discrepancies["effect"] == "not_estimated"]
    return {
        row: each.discrepancy_id for each in ledger.itertuples() for row in each.rows.split("|")
    }


def _comparison(
    data: Tables, own: pd.DataFrame, national: National, absent: list[str]
) -> Comparison:
    """The areas of one date, given their counts."""
    as_at = own["as_at"].iloc[0]
    own = own.reset_index(drop=True)
    base = populations(data, [(area, as_at) for area in own["area_id"]])
    alike(own.assign(base_date=base["base_date"]))
    frame = pd.DataFrame(
        {
            "area_id": own["area_id"],
            "count": own["value"].astype("int64"),
            "first_count": own["first_value"],
            "population": base["population_10plus"].astype("int64"),
            "doubted": own["row_id"].map(doubted(data)).fillna(""),
            "source_id": own["source_id"],
            "rows": across(own["rows"], base["population_row"]),
        }
    )
    sound = frame[frame["doubted"] == ""]
    variance = statistics.between_variance(sound["count"], sound["population"], national.rate)
    for index, count, people in frame[["count", "population"]].itertuples():
        rate = statistics.rate(count, people)
        limits = statistics.funnel_limits(
            people, national.rate, z=statistics.Z998, variance=variance
        )
        frame.loc[index, ["rate", "lower", "upper"]] = [rate.value, rate.lower, rate.upper]
        frame.loc[index, ["limit_low", "limit_high"]] = [limits.lower, limits.upper]
    within = frame["rate"].between(frame["limit_low"], frame["limit_high"])
    frame["outside"] = ~within & (frame["doubted"] == "")
    return Comparison(as_at, national, variance, frame, absent)
