"""Which editions the data allow, what each of them lacks, and which are built."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rso_report import coverage, parameters, periods
from rso_report.dataset import Tables
from rso_report.edition import Edition, years_covered
from rso_report.publication.citation import StoredEdition, stored_edition

WIDTH = 100  # characters of a line to read
TABLES = ("areas", *coverage.TABLES)  # of the data package, for `buildable`


def buildable(data: Tables) -> pd.DataFrame:
    """Every edition that the data allow: each region, from its first to its last year with data.

    Columns: region, report_year, slug (name of the edition's folder), and lacks, the measures as
    in `coverage.MEASURES` of which no unit of the region has a figure in or before the year.
    `data` is `dataset.load(*TABLES)`. Regions are in the order of the areas table, years ascending.
    """
    found = []
    for region in data.areas[data.areas["kind"] == "region"].itertuples():
        any_year = periods.FinancialYear(0)
        edition = Edition(any_year, region.area_id, region.short_name, data.areas)
        first, last = years_covered(data, edition)
        grid = coverage.by_year(data, replace(edition, year=last))
        begins = grid.groupby("measure")["year"].min()
        for start in range(first.start_year, last.start_year + 1):
            year = str(periods.FinancialYear(start))
            lacks = tuple(m for m in coverage.MEASURES if m not in begins or begins[m] > year)
            slug = parameters.slug(f"{region.short_name} {year}")
            found.append((region.short_name, year, slug, lacks))
    return pd.DataFrame(found, columns=["region", "report_year", "slug", "lacks"])


def built(site: Path) -> dict[str, StoredEdition]:
    """Editions in the folder of all sites, by the name of their folder.

    What an edition is stands in the executed notebooks that are published with it; a folder
    without them is no edition.
    """
    notebooks = sorted(site.glob("[!.]*/_sources/notebooks/*.ipynb"))
    return {path.parents[2].name: stored_edition(path) for path in notebooks}


def overview(data: Tables, site: Path) -> pd.DataFrame:
    """All of `buildable` and, with other parameters, of `built`, with two more columns.

    `built` says whether the edition is in the folder of sites, `latest` whether it is the built
    one of its region with the latest year. An edition that was built with other parameters than
    year and region has a row of its own, and is never the latest.
    """
    plain, there = buildable(data), built(site)
    lacks = plain.set_index(["region", "report_year"])["lacks"]
    others = [
        (known.region, known.report_year, slug, lacks.get((known.region, known.report_year), ()))
        for slug, known in there.items()
        if slug not in set(plain["slug"])
    ]
    found = pd.concat([plain, pd.DataFrame(others, columns=plain.columns)], ignore_index=True)
    found["built"] = found["slug"].isin(there)
    own = found[found["built"] & found["slug"].isin(plain["slug"])]
    found["latest"] = found["slug"].isin(own.groupby("region")["slug"].last())
    return found


def lines(editions: pd.DataFrame) -> Iterator[str]:
    """What `overview` says as lines to read; years of a region that are alike stand together."""
    for region, own in editions.groupby("region", sort=False):
        yield region
        state = own["latest"].map({True: "built, latest", False: ""})
        state = state.where(own["latest"], own["built"].map({True: "built", False: "not built"}))
        plain = own["slug"].str.endswith(tuple(own["report_year"]))
        state = state.where(plain, "built with other parameters: " + own["slug"])
        alike = (state == state.shift()) & (own["lacks"] == own["lacks"].shift())
        for _, run in own.groupby((~alike).cumsum()):
            years = " to ".join(dict.fromkeys(run["report_year"].iloc[[0, -1]]))
            lacks = "; ".join(coverage.MEASURES[measure] for measure in run["lacks"].iloc[0])
            line = f"  {years:<18}  {state[run.index[0]]:<13}  lacks: {lacks or 'nothing'}"
            yield textwrap.fill(line, WIDTH, subsequent_indent=" " * 44)
