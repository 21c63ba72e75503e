"""Which editions the data allow, what each of them lacks, and which are built."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from rso_report import coverage, periods
from rso_report.dataset import Tables
from rso_report.edition import FIGURES, Edition, choices, open_edition
from rso_report.publication.provenance import RECORD
from rso_report.publication.site import BuiltEdition, in_order, read_edition

WIDTH = 100  # characters of a line to read
TABLES = ("areas", *FIGURES)  # of the data package, for `overview`


def lacking(data: Tables, forces: Iterable[str] = ()) -> dict[Edition, tuple[str, ...]]:
    """Every edition of a region, and of some forces, that the data allow, with what it lacks.

    It lacks those of `coverage.MEASURES` of which no unit of the region has a figure in or before
    the year. `data` is `dataset.load(*TABLES)`.
    """
    lacks = {}
    possible = choices(data)
    for region in dict.fromkeys([*possible.regions, *forces]):
        *_, last = of_region = possible.editions_of(region)
        whole, _ = open_edition(data, region=region, report_year=last.report_year)
        begins = coverage.by_year(data, whole).groupby("measure")["year"].min().to_dict()
        for each in of_region:
            lacks[each] = tuple(
                m for m in coverage.MEASURES if begins.get(m, "9999") > each.report_year
            )
    return lacks


def built(site: Path) -> dict[str, BuiltEdition]:
    """Editions in the folder of all sites, by the name of their folder."""
    records = sorted(site.glob(f"[!.]*/{RECORD}"))
    editions = (read_edition(path.parent, path.parent.name) for path in records)
    return {edition.name: edition for edition in in_order(editions)}


def overview(data: Tables, site: Path, forces: Iterable[str] = ()) -> pd.DataFrame:
    """Every edition that the data allow of a region or of some `forces`, or that is built.

    Columns: region, report_year, slug (name of the edition's folder), newest (day of its newest
    figure of the region or force itself), lacks, built, and latest: whether it is the built one of
    its region with the latest year. An edition that was built with other parameters than year and
    region has a row of its own, and is never the latest.
    """
    there, possible = built(site), choices(data)
    forces = [*forces, *(edition.region for edition in there.values())]
    lacks = lacking(data, [name for name in forces if name in possible.places])
    slugs = {(edition.region, edition.report_year): edition.slug for edition in lacks}
    allowed = {edition.slug: (possible.newest(edition), lacks[edition]) for edition in lacks}
    places = {slug: place for place, slug in slugs.items()}
    places |= {name: (e.region, e.year) for name, e in there.items() if name not in places}
    rows = [
        (*place, slug, *allowed.get(slugs.get(place), ("", ())), slug in there)
        for slug, place in places.items()
    ]
    names = ["region", "report_year", "slug", "newest", "lacks", "built"]
    latest = [name for name, edition in there.items() if edition.latest]
    listed = pd.DataFrame(rows, columns=names)
    return listed.assign(latest=listed["slug"].isin(latest))


def lines(editions: pd.DataFrame) -> Iterator[str]:
    """What `overview` says as lines to read; years of a region that are alike stand together.

    Of years together the newest figure is that of the last one.
    """
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
            newest = run["newest"].iloc[-1]
            newest = periods.day_label(date.fromisoformat(newest)) if newest else "none"
            line = f"  {years:<18}  {state[run.index[0]]:<13}  newest figure: {newest}; "
            line += f"lacks: {lacks or 'nothing'}"
            yield textwrap.fill(line, WIDTH, subsequent_indent=" " * 44)
