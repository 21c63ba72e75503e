"""Which editions are asked for: one year or region, a list, a range, or all of them.

`2020-21`, `2017-18..2021-22`, `2015-16, 2020-21` and `all` are ways to name years; a region's
name, a list of names and `all` are ways to name regions.
"""

from collections.abc import Iterable

from rso_report.errors import ReportError
from rso_report.parameters import Choices
from rso_report.periods import FinancialYear, financial_year

ALL = "all"


def is_several(text: str) -> bool:
    """Return whether a year or region as given stands for several of them."""
    return text.strip() == ALL or ".." in text or "," in text


def covered(choices: Choices) -> list[tuple[str, str]]:
    """Return all editions for which there are data, each a year and a region, years ascending.

    The same as `editions.buildable` finds, without reading more than two small files: a cluster
    asks this again for each step.
    """
    found = []
    for name, region in choices.regions.items():
        first, last = choices.covered(FinancialYear(0), region)
        years = range(first.start_year, last.start_year + 1)
        found += [(str(FinancialYear(start)), name) for start in years]
    return found


def select(
    years: str, regions: str, buildable: Iterable[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the editions asked for, each a year and a region: those with data, those without.

    `buildable` are all for which there are data. Raises ReportError for a year that is not
    written as one, for a region that no data know, and where nothing is left to build.
    """
    known = set(buildable)
    regions_asked = _regions(regions, sorted({region for _, region in known}))
    years_known = sorted({year for year, region in known if region in regions_asked})
    asked = [(year, region) for year in _years(years, years_known) for region in regions_asked]
    found = [edition for edition in asked if edition in known]
    if not found:
        raise ReportError(
            f"No data cover {years} for {regions}; they reach from {years_known[0]} to "
            f"{years_known[-1]}."
        )
    return found, [edition for edition in asked if edition not in known]


def left_out_lines(left_out: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each year with editions that can't be built, naming the regions."""
    regions: dict[str, list[str]] = {}
    for year, region in left_out:
        regions.setdefault(year, []).append(region)
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
