"""Which editions are asked for: one year or region, a list, a range, or all of them.

`2020-21`, `2017-18..2021-22`, `2015-16, 2020-21` and `all` are ways to name years; a region's or a
force's name, a list of names and `all`, which is all regions, are ways to name regions.
"""

from collections.abc import Iterable

from rso_report.edition import Edition
from rso_report.errors import ReportError
from rso_report.periods import FinancialYear, financial_year

ALL = "all"


def is_several(text: str) -> bool:
    """Return whether a year or region as given stands for several of them."""
    return text.strip() == ALL or ".." in text or "," in text


def select(
    years: str, regions: str, known: Iterable[Edition]
) -> tuple[list[Edition], list[Edition]]:
    """Return the editions asked for: those with data, which are `known`, and those without.

    Raises ReportError for a year that is not written as one, for a region that no data know, and
    where nothing is left to build.
    """
    known = set(known)
    regions_asked = _regions(regions, sorted({edition.region for edition in known}))
    years_known = sorted({e.report_year for e in known if e.region in regions_asked})
    asked = [
        Edition(region=region, report_year=year)
        for year in _years(years, years_known)
        for region in regions_asked
    ]
    held = [edition for edition in asked if edition in known]
    if not held:
        raise ReportError(
            f"No data cover {years} for {regions}; they reach from {years_known[0]} to "
            f"{years_known[-1]}."
        )
    return held, [edition for edition in asked if edition not in known]


def left_out_lines(left_out: Iterable[Edition]) -> list[str]:
    """Return a sentence for each year with editions that can't be built, naming the regions."""
    regions: dict[str, list[str]] = {}
    for edition in left_out:
        regions.setdefault(edition.report_year, []).append(edition.region)
    return [
        f"Left out, as no data cover it: {year} for {', '.join(names)}."
        for year, names in regions.items()
    ]


def _years(text: str, known: list[str]) -> list[str]:
    if text.strip() == ALL:
        return known
    first, dots, last = text.partition("..")
    if dots:
        return [str(FinancialYear(start)) for start in range(_start(first), _start(last) + 1)]
    return list(dict.fromkeys(str(FinancialYear(_start(part))) for part in text.split(",")))


def _regions(text: str, known: list[str]) -> list[str]:
    if text.strip() == ALL:
        return known
    asked = list(dict.fromkeys(part.strip() for part in text.split(",")))
    unknown = [region for region in asked if region not in known]
    if unknown:
        raise ReportError(
            f"region: found '{', '.join(unknown)}'; allowed: all, {', '.join(known)}."
        )
    return asked


def _start(text: str) -> int:
    try:
        return financial_year(text.strip()).start_year
    except ReportError:
        raise ReportError(
            f"year: found '{text.strip()}'; write a year as 2020-21, several as "
            f"2017-18..2021-22 or 2015-16,2020-21, or {ALL}."
        ) from None
