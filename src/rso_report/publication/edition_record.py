"""What an edition says of itself, as `edition.json` beside its pages.

The list of editions is made from these records, so that an edition that was built from older data
is described by the data that its own pages show.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from sphinx.application import Sphinx

from rso_report import coverage, dataset
from rso_report.dataset import Tables
from rso_report.edition import Edition, open_edition
from rso_report.publication.citation import stored_edition
from rso_report.publication.downloads import notebook_pages
from rso_report.publication.site import RECORD

TABLES = ("areas", "sources", *coverage.TABLES)


def record(data: Tables, edition: Edition) -> dict[str, Any]:
    """Return the region, the year, the last day of the figures and the measures without any.

    `data` needs the tables named in `TABLES`.
    """
    found = set(coverage.by_year(data, edition)["measure"])
    return {
        "region": edition.region,
        "year": str(edition.year),
        "title": edition.title,
        "data_end": f"{_last_day(data, edition):%Y-%m-%d}",
        "lacks": [name for measure, name in coverage.MEASURES.items() if measure not in found],
    }


def _last_day(data: Tables, edition: Edition) -> pd.Timestamp:
    """The last as-at date or end of a period among the figures that the edition shows."""
    days = []
    for name in ("registered_offenders", "published_rates", "breaches", "missing", "orders"):
        rows = edition.visible(getattr(data, name))
        own = rows[rows["area_id"].isin([*edition.units, "EW"])]
        days += [own[column].max() for column in ("as_at", "period_end") if column in own]
    return max(day for day in days if pd.notna(day))


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write the record of the edition that the notebooks of a finished book were made for."""
    if exception or app.builder.format != "html":
        return
    notebooks = list(notebook_pages(app.env).values())
    if not notebooks:
        return
    stored = stored_edition(notebooks[0])
    data = dataset.load(*TABLES)
    edition, _ = open_edition(data, report_year=stored.report_year, region=stored.region)
    # The title names parameters that were changed, which the year and the region do not tell.
    text = (
        json.dumps(
            {**record(data, edition), "title": stored.full_title}, indent=1, ensure_ascii=False
        )
        + "\n"
    )
    Path(app.outdir, RECORD).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    # Before the record of all files is made.
    app.connect("build-finished", _write, priority=300)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
