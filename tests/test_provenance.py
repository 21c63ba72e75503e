"""From any number of the report to the rows of data it comes from, and back.

The stored outputs of the notebooks are read as a reader sees them. Every block with a number leads
to rows that exist, with a source and a place in it, and the number comes out of those rows: in
tables and chart data by a sum done again here, in sentences by computing them from nothing else.
"""

import copy
import dataclasses
import functools
import re

import notebook_blocks
import numpy as np
import pandas as pd
import pytest
from notebook_blocks import whole
from PHStatsMethods import confidence_intervals as phs
from scipy import stats

from rso_report import dataset, edition, periods

# Tables that hold definitions, dates of breaks, numbers of rows, or the ledger's own words: each is
# a table of the data shown as it is, or counts rows, so that no row of a figure stands behind it.
WITHOUT_ROWS = {
    "tab-breach-breaks",
    "fig-coverage",
    "tab-estimate-coverage",
    "tab-ledger",
    "tab-register-breaks",
    "tab-series-breaks",
    "tab-series-definitions",
    "tab-summary-coverage",
    "tab-visit-breaks",
}
# Paragraphs with numbers that are no figures: dates of the edition, headings of tables, how many
# rows there are, and the limits of the disclosure rule.
WITHOUT_FIGURES = (
    "**Edition: ",
    "In the reply ",
    "- **Gaps.** ",
    "- **Rates.** ",
    "- **Errors of the sources.** ",
    "- The ledger holds ",
    "- 2 later figures ",
    "Each of ",
    "Areas of 10,000 residents ",
    "- Counts of people, orders and offences, of all areas: ",
    "A figure marked as revised ",
    "“No figure found” means",
    "- No trend can be read from ",
    "Compared with the edition for ",
    "- **Orders**, ",
    "- **Nothing new**: ",
    "No figure of this report has been corrected ",
    "Against the edition for ",
    "For 13 measures of an area ",
)
# The rules' own findings, in words: tests of `reconcile` hold them, test_mutation.py their rows.
IN_WORDS = {"tab-rule-findings"}
THIS = notebook_blocks.EDITION["report_year"]
BEFORE = str(periods.FinancialYear(periods.financial_year(THIS).start_year - 1))
# The country is given for the date of the forces' latest count, which is that of this row.
DATED_BY = {"- **England and Wales**: 64,300": "RO0008", "England and Wales 64,300": "RO0008"}
# Columns that say what a row is about.
LABELS = {
    "31 March",
    "Area",
    "Area and year",
    "As printed",
    "Our measure",
    "Complete years",
    "Date",
    "Date or period",
    f"Date, {BEFORE}",
    f"Date, {THIS}",
    "Definition",
    "Explanation",
    "Family",
    "Force",
    "Force or group",
    "Found for",
    "In doubt",
    "Kind of breach",
    "Known from",
    "Measure",
    "Offence title",
    "Part",
    "Policy",
    "Quantity",
    "Rate of one over the other",
    "Remark",
    "Resident on",
    "Risk tier",
    "Row",
    "Rows",
    "Tool",
    "Until",
    "Year",
}


@functools.cache
def stored():
    """Every block of the notebooks."""
    found = []
    for path in notebook_blocks.NOTEBOOKS:
        found += notebook_blocks.blocks(path, notebook_blocks.known_outputs(path))
    return found


def table_of(block):
    return block.place.split(": ")[1]


class Rows:
    """The rows of data that a block names, by kind: those that count now, or as they were first."""

    def __init__(self, identifiers, first=False):
        self.by_kind = {}
        self.first = first
        for name in sorted(identifiers):
            self.by_kind.setdefault(name[:2], []).append(row_of(name))

    def standing(self, kind):
        """Without the rows that others replace; with `first`, without those that replace them."""
        rows = self.by_kind.get(kind, [])
        old = {row["revises_row"] for row in rows if "revises_row" in row} & {
            row["row_id"] for row in rows if "row_id" in row
        }
        if self.first:
            return [row for row in rows if row.get("revises_row") not in old]
        return [row for row in rows if row.get("row_id") not in old]

    def of(self, kind, **wanted):
        return [
            row
            for row in self.standing(kind)
            if all(row[name] == value for name, value in wanted.items())
        ]

    def sum(self, kind, **wanted):
        return sum(row["value"] for row in self.of(kind, **wanted))

    @property
    def count(self):
        """The one count of RSOs in the community."""
        (row,) = self.of("RO", series_id="STOCK_MAPPA")
        return row["value"]

    @property
    def register(self):
        return self.sum("RO", series_id="STOCK_FOI")

    @property
    def people(self):
        (row,) = self.of("PD")
        return row["value"]

    @property
    def missing(self):
        """Missing people now, and as first given, of a unit or of the sum of several."""
        rows = [row for row in self.by_kind["MI"] if row["believed_abroad"] == "all"]
        replaced = {row["revises_row"] for row in rows}
        first = [row for row in rows if row["row_id"] in replaced]
        now = [row for row in rows if row["row_id"] not in replaced]
        # One count that two sources give, of which the other says what was counted.
        now = [*{(row["area_id"], row["as_at"], row["value"]): row for row in now}.values()]
        if len({row["area_id"] for row in now}) > 1:
            (first,) = ([row] for row in now if row["area_id"] == "WM")
            now = [row for row in now if row["area_id"] != "WM"]
        if self.first:
            return (sum(row["value"] for row in first),)
        return sum(row["value"] for row in now), sum(row["value"] for row in first)


def of_population(table, name):
    """Which districts a sum of them, `PD-WMP-2020` or `PD-WMP-2021-03-21`, is made of."""
    area, year, day = re.fullmatch(r"PD-(\w+?)-(\d{4})(-\d\d-\d\d)?", name).groups()
    areas = whole().areas
    inside = {area, *areas.loc[areas["parent_id"] == area, "area_id"]}
    own = table["date"] == f"{year}{day or '-06-30'}"
    return own if area == "EW" else own & table["area_id"].isin(inside)


def row_of(name):
    """A row as a mapping; of a population, the people aged 10 and over of its districts."""
    table = getattr(whole(), dataset.ROW_TABLES[name[:2]])
    if name.startswith("PD"):
        rows = table[of_population(table, name)]
        assert len(rows), f"{name} has no districts"
        return {
            "value": rows["all_ages"].sum() - rows["aged_0_9"].sum(),
            "area_id": name.split("-")[1],
            "source_id": rows["source_id"].iloc[0],
            "locator": "districts",
            "date": rows["date"].iloc[0],
        }
    rows = table[table["row_id"] == name]
    assert len(rows) == 1, f"{name} is not in the data"
    return rows.iloc[0].to_dict()


def byar(count, base, per):
    return [per * phs.byars_lower(count) / base, per * phs.byars_upper(count) / base]


def wilson(count, base):
    return [100 * phs.wilson_lower(count, base), 100 * phs.wilson_upper(count, base)]


def share_of_reply(r):
    (base,) = r.of("RO")
    return r.missing[0], base["value"]


def period(row):
    return periods.period_label(row["period_start"], row["period_end"])


def title_cell(r, cells, column):
    """A cell of a table of titles: a sum of cells, beside the printed total if that differs."""
    year = column.removesuffix(" [p]")
    added = sum(row["value"] for row in r.of("BR") if period(row) == year)
    return with_printed(added, [row for row in r.of("TO", axis="column") if period(row) == year])


def title_total(r, cells):
    axis = "grand" if cells["Offence title"].startswith("All") else "row"
    return with_printed(r.sum("BR"), r.of("TO", axis=axis))


def with_printed(added, totals):
    """A sum, and the total that its source prints where that is another number."""
    return [added, *(row["value"] for row in totals if row["value"] != added)]


def outcome_ratio(r, cells):
    """Ratio of two outcome rates with its limits by the log method."""
    (a, n), (b, m) = (
        (r.of("BR", area_id=area)[0]["value"], r.of("RO", area_id=area)[0]["value"])
        for area in map(area_named, cells["Rate of one over the other"].split(" over "))
    )
    ratio, spread = (a / n) / (b / m), np.exp(stats.norm.ppf(0.975) * np.sqrt(1 / a + 1 / b))
    return [ratio, ratio / spread, ratio * spread]


def area_named(name):
    areas = whole().areas.set_index("name")
    return areas.at[name, "area_id"]


TIERS = ("very_high", "high", "medium", "low")
WEEKS, CREW, SEED = 44, 2, 20220331  # defaults of the notebook


def mix(r):
    """Share of each tier, of the sum of the shares printed."""
    shares = {row["risk_tier"]: row["value"] for row in r.of("TI", measure="share_pct")}
    return {tier.replace("_", " "): shares[tier] / sum(shares.values()) for tier in TIERS}


def tier_people(r):
    """People by tier by largest remainder."""
    exact = {tier: r.count * share for tier, share in mix(r).items()}
    people = {tier: int(value) for tier, value in exact.items()}
    by_remainder = sorted(exact, key=lambda tier: people[tier] - exact[tier])
    for tier in by_remainder[: r.count - sum(people.values())]:
        people[tier] += 1
    return people


def often(r):
    return {row["risk_tier"].replace("_", " "): row["min_visits_per_year"] for row in r.of("VP")}


def people_of_tier(r, cells):
    people = tier_people(r)
    return people.get(cells["Risk tier"], sum(people.values()))


def visits_of_tier(r, cells):
    people = tier_people(r)
    return sum(people[tier] * visits for tier, visits in often(r).items())


def visit_result(r, cells):
    quantity, visits = cells["Quantity"], often(r)
    if quantity.startswith("With the tiers of"):
        return scaled_bounds(r, cells)
    if quantity.startswith("Extra"):
        return [r.count * (visits["very high"] - visits["low"]) / 100]
    per_person = sum(mix(r)[tier] * f for tier, f in visits.items())
    if quantity.startswith(("Visits a week", "Visits to attend a week")):
        (constables,) = r.of("ST", rank="constable")
        crew = CREW if quantity.startswith("Visits to attend") else 1
        return [crew * r.count * per_person / (constables["value"] * WEEKS)]
    if quantity.startswith("95 in 100"):
        alpha = [int(quantity.split()[-1]) * share for share in mix(r).values()]
        mixes = np.random.default_rng(SEED).dirichlet(alpha, 10_000)
        drawn = r.count * mixes @ np.array([visits[tier] for tier in mix(r)])
        return list(np.percentile(drawn, [2.5, 97.5]))
    (eligible,) = r.of("TI", measure="reactive_eligible_persons")
    (of_all,) = r.of("TI", measure="rsos_in_same_statement")
    return [r.count * (per_person - visits["low"] * eligible["value"] / of_all["value"])]


def tier_bounds(r, cells):
    """Visits due by the tiers of another force, the rest at low and at medium risk."""
    known = {row["risk_tier"].replace("_", " "): row["value"] for row in r.of("TI")}
    (whole,) = r.of("RO", series_id="STOCK_FOI")
    rest = whole["value"] - sum(known.values())
    certain = sum(people * often(r)[tier] for tier, people in known.items())
    return [certain + rest * often(r)[tier] for tier in ("low", "medium")]


def scaled_bounds(r, cells):
    (people,) = r.of("RO", series_id="STOCK_MAPPA")
    (whole,) = r.of("RO", series_id="STOCK_FOI")
    return [each * people["value"] / whole["value"] for each in tier_bounds(r, cells)]


def by_sex(kind):
    def total(r, cells):
        return r.sum(kind)

    return {
        "Men": lambda r, c: r.sum(kind, sex="male"),
        "Women": lambda r, c: r.sum(kind, sex="female"),
        "Both, computed": total,
        "Women, percent": lambda r, c: 100 * r.sum(kind, sex="female") / r.sum(kind),
        "Women, %": lambda r, c: [
            100 * r.sum(kind, sex="female") / r.sum(kind),
            *wilson(r.sum(kind, sex="female"), r.sum(kind)),
        ],
    }


def reading(family, column):
    return lambda r, c: r.sum("BR", **{column: family})


def dated(row):
    """When a row holds, as a page writes it."""
    if pd.notna(row.get("period_end")):
        return period(row)
    return periods.as_at_label(row["as_at"], row["as_at_precision"])


def figure_of(date):
    """A figure of an edition from those of the rows of its line that hold on its date."""

    def figure(r, cells):
        own = [
            row
            for kind in ("BR", "RO", "RT", "OR", "MI")
            for row in r.of(kind)
            if dated(row) == cells[date]
        ]
        value = sum(row["value"] for row in own)
        if "per 1,000" in cells["Measure"]:
            (base,) = r.of("RO", as_at=own[0]["period_end"])
            return [1000 * value / base["value"], *byar(value, base["value"], 1000)]
        if "by our calculation" in cells["Measure"]:
            bases = whole().population_bases.set_index("as_at")["base_date"]
            (base,) = r.of("PD", date=bases[own[0]["as_at"]])
            return [1e5 * value / base["value"], *byar(value, base["value"], 1e5)]
        return value

    return figure


def change_of(r, cells):
    """The change in percent of a number of people; the numbers of a reason stand for themselves."""
    text = cells["Change, or why none is given"]
    if not text.startswith(("+", "−")):
        return [value for value, _ in numbers(text)]
    old, new = (figure_of(f"Date, {year}")(r, cells) for year in (BEFORE, THIS))
    return 100 * (new - old) / old


SNAPSHOT = {
    "Missing": lambda r, c: r.missing[0],
    "Registered, same reply": lambda r, c: r.sum("RO"),
    "Percent of those registered": lambda r, c: [
        100 * share_of_reply(r)[0] / share_of_reply(r)[1],
        *wilson(*share_of_reply(r)),
        r.sum("RO"),
    ],
    "Believed abroad": lambda r, c: r.sum("MI", believed_abroad="yes"),
}
COMMUNITY_RATE = {
    "RSOs in the community": lambda r, c: r.count,
    "RSOs": lambda r, c: r.count,
    "Count": lambda r, c: r.count,
    "Rate as published": lambda r, c: r.sum("RT"),
    "Published": lambda r, c: r.sum("RT"),
    "Published rate": lambda r, c: r.sum("RT"),
    "Rate computed": lambda r, c: 1e5 * r.count / r.people,
    "Rate": lambda r, c: 1e5 * r.count / r.people,
    "Computed": lambda r, c: 1e5 * r.count / r.people,
    "Difference": lambda r, c: 1e5 * r.count / r.people - r.sum("RT"),
    "95% interval": lambda r, c: byar(r.count, r.people, 1e5),
    "People aged 10 and over": lambda r, c: r.people,
}


def rate_of_area(r, cells):
    """A rate of an area, or the published one of the country."""
    return 1e5 * r.count / r.people if r.by_kind.get("RO") else r.sum("RT")


def latest_count(r, cells):
    """The one count that is not of the date of the estimate."""
    (row,) = (row for row in r.of("RO") if periods.day_label(row["as_at"]) != cells["Date"])
    return row["value"]


def estimated(r, cells):
    """Estimate and prediction interval to the nearest ten, from every row behind them."""
    counts = {
        row["area_id"]: row["value"]
        for row in r.of("RO")
        if periods.day_label(row["as_at"]) == cells["Date"]
    }
    people = {row["area_id"]: row["value"] for row in r.of("PD")}
    target, names = r.sum("RT"), whole().areas.set_index("area_id")
    kept_out = whole().discrepancies.query("effect == 'not_estimated'")["rows"].str.split("|").sum()
    doubted = {row["area_id"] for row in r.of("RO") if row["row_id"] in kept_out}
    sound = [area for area in counts if area not in doubted]
    tau2 = np.mean(
        [(1e5 * counts[a] / people[a] - target) ** 2 - 1e5 * target / people[a] for a in sound]
    )
    size = sum(people[area] for area in people if area not in counts) / 1e5
    region = names.index[names["name"] == cells["Area"]][0]
    held = sum(counts[a] for a in counts if names.at[a, "parent_id"] == region)
    width = stats.t.ppf(0.975, len(sound)) * np.sqrt(target * size + tau2 * size**2)
    value = held + target * size
    return [10 * np.floor(x / 10 + 0.5) for x in (value, value - width, value + width)]


def ends_of(r, area):
    """The first and the last count of an area that a row names."""
    rows = sorted(r.of("RO", area_id=area), key=lambda row: row["as_at"])
    return [row["value"] for row in (rows[0], rows[-1])]


def percent_change(old, new):
    return 100 * (new / old - 1)


def own_area(r):
    """The area that a line of changes is about: the one beside England and Wales, or this."""
    return min({row["area_id"] for row in r.by_kind["RO"]}, key=lambda area: area == "EW")


def yearly_change(r, cells):
    start, end = (int(year) for year in cells["31 March"].split(" to "))
    old, new = ends_of(r, own_area(r))
    return 100 * ((new / old) ** (1 / (end - start)) - 1)


def residents_change(r, cells):
    old, new = sorted(r.of("PD"), key=lambda row: row["date"])
    return percent_change(old["value"], new["value"])


def country_change(r, cells):
    """Of England and Wales, and between the counts first released where they differ."""
    at_first = copy.copy(r)
    at_first.first = True
    found = [percent_change(*ends_of(which, "EW")) for which in (r, at_first)]
    return list(dict.fromkeys(found))


def outcome_ratio_interval(r, cells):
    """Of a ratio over a lower bound only the upper limit holds."""
    _, lower, upper = outcome_ratio(r, cells)
    bound = any(row["qualifier"] == "at_least" for row in r.of("BR"))
    return [upper] if bound else [lower, upper]


OUTCOME_RATE = {
    "Per 1,000 RSOs": lambda r, c: 1000 * r.sum("BR") / r.count,
    "95% interval": lambda r, c: byar(r.sum("BR"), r.count, 1000),
}
OUTCOMES = {
    "Cautions or convictions": lambda r, c: r.sum("BR"),
    "RSOs at the end of the year": lambda r, c: r.count,
    "Per 1,000 RSOs (95% interval)": lambda r, c: (
        [1000 * r.sum("BR") / r.count]
        + byar(r.sum("BR"), r.count, 1000) * (r.of("BR")[0]["qualifier"] == "exact")
    ),
}
TITLES = {"Total": title_total, "Total [p]": title_total}
VISITS = {
    "Share of people, %": lambda r, c: 100 * mix(r).get(c["Risk tier"], sum(mix(r).values())),
    "People": people_of_tier,
    "Visits a year each": lambda r, c: often(r)[c["Risk tier"]],
    "Visits a year": visits_of_tier,
}
RECIPES = {
    "fig-summary-rates": COMMUNITY_RATE,
    "tab-community-counts-and-rates": COMMUNITY_RATE,
    "fig-community-counts": COMMUNITY_RATE,
    "fig-country-counts": COMMUNITY_RATE,
    "fig-funnel": {**COMMUNITY_RATE, "Rate": rate_of_area},
    "tab-changes-in-counts": {
        "Change": lambda r, c: percent_change(*ends_of(r, own_area(r))),
        "Residents": residents_change,
        "England and Wales": country_change,
        "A year": yearly_change,
        "From": lambda r, c: ends_of(r, own_area(r))[0],
        "To": lambda r, c: ends_of(r, own_area(r))[1],
    },
    "tab-estimate": {
        "Estimate": lambda r, c: estimated(r, c)[:1],
        "95% interval": lambda r, c: estimated(r, c)[1:],
        "Latest count found": latest_count,
    },
    "tab-rate-back-test": COMMUNITY_RATE,
    "tab-register-totals": {"People on the register": lambda r, c: r.register},
    "fig-register-by-year": {"People on the register": lambda r, c: r.register},
    "tab-register-by-sex": by_sex("RO"),
    "tab-community-and-register": {
        "Register, with custody": lambda r, c: r.register,
        "Community at 31 March": lambda r, c: r.count,
        "Difference": lambda r, c: r.register - r.count,
        "Community as % of register": lambda r, c: 100 * r.count / r.register,
    },
    "fig-recorded-offences-chart": {"Offences": lambda r, c: r.sum("BR")},
    "tab-titles-notification-wmp": TITLES,
    "tab-titles-shpo-wmp": TITLES,
    "tab-titles-sro-wmp": TITLES,
    "tab-headings-and-titles": {
        "SHPO by title": reading("SHPO", "family"),
        "SHPO by heading": reading("SHPO", "heading_family"),
        "SRO by title": reading("SRO", "family"),
        "SRO by heading": reading("SRO", "heading_family"),
    },
    "tab-outcomes": OUTCOMES,
    "fig-outcome-rates": OUTCOME_RATE,
    "tab-outcome-ratios": {
        "Ratio": lambda r, c: outcome_ratio(r, c)[:1],
        "95% interval": outcome_ratio_interval,
    },
    "tab-orders-in-force": by_sex("OR"),
    "tab-orders-imposed": {"Orders made": lambda r, c: r.sum("OR")},
    "tab-missing-snapshots": SNAPSHOT,
    "tab-missing-elsewhere": SNAPSHOT,
    "fig-missing-points": SNAPSHOT,
    "fig-missing-share": SNAPSHOT,
    "tab-missing-parts": {"People": lambda r, c: r.sum("MI")},
    "tab-visit-policies": {
        f"{tier} risk".capitalize(): lambda r, c, tier=tier: next(
            row["min_visits_per_year"] for row in r.of("VP", risk_tier=tier.replace(" ", "_"))
        )
        for tier in ("very high", "high", "medium", "low")
    },
    "tab-visits-by-tier": VISITS,
    "fig-visit-explorer": VISITS,
    "tab-visit-results": {"Value": visit_result},
    "tab-visits-overdue": {"Overdue": lambda r, c: r.sum("ST")},
    "tab-published-tiers": {"Value": lambda r, c: r.sum("TI")},
    "tab-staffing": {"Value": lambda r, c: r.sum("ST")},
    **{
        f"tab-answers-{topic}": {"Answer": lambda r, c: r.sum("AN")}
        for topic in ("register", "breaches", "visits")
    },
    "tab-changes-new": {f"Edition for {THIS}": figure_of("Date or period")},
    "tab-changes-latest": {
        f"Figure, {BEFORE}": figure_of(f"Date, {BEFORE}"),
        f"Figure, {THIS}": figure_of(f"Date, {THIS}"),
        "Change, or why none is given": change_of,
    },
}


def numbers(text):
    """Numbers of a cell with the size of their last digit: `1.05` gives (1.05, 0.01)."""
    text = re.sub(r"\[[a-z]\]", "", text).replace("−", "-").replace(",", "")
    found = re.findall(r"-?\d+(?:\.\d+)?", text)
    return [(float(n), 10.0 ** -len(n.partition(".")[2])) for n in found]


def cell_faults(block):
    """Cells of a table row that do not come out of the rows it names, or that nobody checks."""
    rows, cells, faults = Rows(block.rows), dict(block.cells), []
    recipes = RECIPES[table_of(block)]
    for column, whole_text in block.cells:
        text, at_first, first = whole_text.partition(" [r] (")
        shown = numbers(text)
        if column in LABELS or not shown:
            continue
        if at_first:
            wanted = RECIPES[table_of(block)][column](Rows(block.rows, first=True), cells)
            if numbers(first)[0][0] != wanted:
                faults.append(f"{block.place}, {column}: {whole_text!r}, first {wanted}")
        if table_of(block).startswith("tab-titles-") and re.match(r"\d{4}-\d{2}", column):
            expected = title_cell(rows, cells, column)
        elif column in recipes:
            expected = recipes[column](rows, cells)
        else:
            faults.append(f"{block.place}, {column}: no recipe for {text!r}")
            continue
        expected = expected if isinstance(expected, list) else [expected]
        close = len(shown) == len(expected) and all(
            abs(value - want) <= 0.5000001 * unit
            for (value, unit), want in zip(shown, expected, strict=True)
        )
        if not close:
            faults.append(f"{block.place}, {block.key}, {column}: {text!r}, computed {expected}")
    return faults


def tabular():
    return [b for b in stored() if b.cells and table_of(b) not in WITHOUT_ROWS | IN_WORDS]


def texts():
    return [b for b in stored() if b.place.endswith((": text", ": tiles"))]


def test_every_table_and_chart_is_checked_here():
    tables = {table_of(block) for block in stored()} - {"text", "tiles"}
    assert tables == {*RECIPES, *WITHOUT_ROWS, *IN_WORDS}


def test_every_block_with_a_number_names_its_rows():
    silent = [
        f"{block.place}: {block.text[:120]}"
        for block in stored()
        if not block.rows
        and table_of(block) not in WITHOUT_ROWS
        and not block.text.startswith(WITHOUT_FIGURES)
        and numbers(re.sub(r"\d{1,2} \w+ (19|20)\d\d", "", block.text))
    ]
    assert not silent, "\n".join(silent)


def test_every_row_that_is_named_exists_with_its_source_and_its_place():
    names = {name for block in stored() for name in block.rows}
    assert len(names) > 400
    sources = whole().sources.set_index("source_id")
    for name in names:
        row = row_of(name)
        assert row["source_id"] in sources.index and row["locator"], name


@pytest.mark.parametrize("table", RECIPES)
def test_every_number_of_a_table_comes_out_of_its_rows(table):
    own = [block for block in tabular() if table_of(block) == table]
    faults = [fault for block in own for fault in cell_faults(block)]
    assert own and not faults, "\n".join(faults)


def test_a_wrong_number_or_a_wrong_row_is_caught():
    block = next(
        b for b in tabular() if table_of(b) == "fig-community-counts" and "3,655" in b.text
    )
    assert not cell_faults(block)
    wrong = tuple((c, "3,656" if t == "3,655" else t) for c, t in block.cells)
    assert cell_faults(dataclasses.replace(block, cells=wrong))
    assert cell_faults(dataclasses.replace(block, rows=frozenset({"RO0009"})))


def only(names):
    """The data with nothing but the named rows in the tables of figures."""
    data = copy.copy(whole())
    for kind, table in dataset.ROW_TABLES.items():
        frame = getattr(data, table)
        if kind == "PD":
            keep = frame["date"].isna()
            for name in (n for n in names if n.startswith("PD")):
                keep |= of_population(frame, name)
        else:
            keep = frame["row_id"].isin(names)
        setattr(data, table, frame[keep].reset_index(drop=True))
    return data


def sentences():
    return [b for b in texts() if b.rows and not b.text.startswith(WITHOUT_FIGURES)]


@pytest.mark.parametrize("block", sentences(), ids=lambda b: f"{b.place} {b.key[:30]}")
def test_a_sentence_comes_out_of_the_rows_that_it_names_and_no_others(block, monkeypatch):
    years = edition.choices(whole()).years(notebook_blocks.EDITION["region"])
    monkeypatch.setattr(edition.Choices, "years", lambda *_: years)  # few rows, the same edition
    path = next(p for p in notebook_blocks.NOTEBOOKS if p.stem == block.place.split(":")[0])
    rows = block.rows | {row for start, row in DATED_BY.items() if block.text.startswith(start)}
    said = []

    def is_said(shown):
        said[:] = [b.text for b in notebook_blocks.blocks(path, shown)]
        return block.text in said

    shown = notebook_blocks.run(path, only(rows), keep_going=True, enough=is_said)
    assert is_said(shown), "\n".join([block.text, *said])
