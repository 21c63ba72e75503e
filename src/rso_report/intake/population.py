"""Take in the residents of a year from the workbook of the Office for National Statistics.

Its table has a row for each local authority and a column for each single year of age. A district
belongs to the force to which its code belonged before; a new code is asked for, and the districts
have to sum to the printed total of England and Wales.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from rso_report import dataset
from rso_report.dataset import Tables
from rso_report.errors import ReportError, on_one_line
from rso_report.exchange import recover
from rso_report.intake import ingest
from rso_report.intake.cells import Cell, Sheet
from rso_report.intake.sheets import read_sheets

_DISTRICT = re.compile(r"[EW]0[6-9]\d{6}")
_TOTAL = "K04000001"  # England and Wales


def take_in(
    path: Path,
    year: int,
    source: ingest.Source,
    said: Mapping[str, str],
    folder: Path | None = None,
    dry_run: bool = False,
) -> str:
    """Add the estimates of 30 June of a year to the data package, or change nothing.

    `said` names the force of a district whose code is new, such as {"E06000066": "AVON_SOMERSET"}.
    Returns what became of it, in words. Raises ReportError with everything that is wrong.
    """
    folder = Path(folder or dataset.data_folder()).resolve()
    with ingest.alone(folder):
        recover(folder)
        data = ingest.load(folder)
        rows = _rows(read_sheets(Path(path)), year, source.source_id, said, data)
        tables = {"population_bases": _base(year, data), "population_districts": rows}
        reading = ingest.Reading(tables, {}, [], [], Path(path).name, "")
        ingest.add(folder, data, reading, source, dry_run)
    word = "would be added" if dry_run else "added"
    residents = sum(int(row["all_ages"]) for row in rows)
    return f"{source.source_id}: {word}, {len(rows)} districts with {residents:,} residents."


def _rows(
    sheets: list[Sheet], year: int, source_id: str, said: Mapping[str, str], data: Tables
) -> list[dict[str, str]]:
    """A row for each district; raises ReportError with everything that is wrong."""
    day = date(year, 6, 30)
    held = data.population_districts
    if (held["date"].dt.date == day).any():
        raise ReportError(f"the residents of {day} are in the data already.")
    sheet, head = _table(sheets)
    names = [str(cell).strip().casefold() for cell in sheet.rows[head]]
    code, name, total = names.index("code"), names.index("name"), names.index("all ages")
    ages = [names.index(str(age)) for age in range(10)]
    latest = held.sort_values("date").drop_duplicates("lad_code", keep="last")
    force = dict(zip(latest["lad_code"], latest["area_id"], strict=True)) | dict(said)
    rows, wrong, printed = [], [], None
    for number, row in enumerate(sheet.rows[head + 1 :], head + 2):
        key = str(row[code] or "").strip()
        if key == _TOTAL:
            printed = _whole(row[total])
        if not _DISTRICT.fullmatch(key):
            continue
        values = [_whole(row[place]) for place in (total, *ages)]
        if None in values:
            wrong.append(f"row {number}: an age of {key} is no whole number")
        elif key not in force:
            shown = on_one_line(str(row[name]))
            wrong.append(f"row {number}: the district {shown} is new: say --read-as {key}=FORCE")
        else:
            rows.append(
                {
                    "date": str(day),
                    "lad_code": key,
                    "lad_name": str(row[name]).strip(),
                    "area_id": force[key],
                    "assignment": "by_hand" if key in said else "lookup",
                    "census_base": "2021",
                    "all_ages": str(values[0]),
                    "aged_0_9": str(sum(values[1:])),
                    "source_id": source_id,
                }
            )
    summed = sum(int(row["all_ages"]) for row in rows)
    if not wrong and summed != printed:
        total_words = "no total" if printed is None else f"a total of {printed:,}"
        wrong.append(f"the districts have {summed:,} residents, but {total_words} of England and "
                     f"Wales ({_TOTAL}) is printed")  # fmt: skip
    if wrong:
        raise ReportError("\n".join(wrong))
    return rows


def _base(year: int, data: Tables) -> list[dict[str, str]]:
    """The row by which the date may be a base of rates: untested, so none is computed yet."""
    bases = data.population_bases
    if (bases["base_date"].dt.date == date(year, 6, 30)).any():
        return []
    taken = set(bases["as_at"].dt.date)
    march = next(d for n in range(1, 99) if (d := date(year + n, 3, 31)) not in taken)
    note = "Not yet tested against a printed rate, so no rate is computed"
    row = {"as_at": str(march), "base_date": f"{year}-06-30", "evidence": "untested", "note": note}
    return [row]


def _table(sheets: list[Sheet]) -> tuple[Sheet, int]:
    """The sheet of persons by single year of age, and the row of its heads."""
    found = []
    for sheet in sheets:
        for index, row in enumerate(sheet.rows[:20]):
            names = {str(cell).strip().casefold() for cell in row if cell is not None}
            if {"code", "name", "all ages", *map(str, range(10))} <= names:
                found.append((sheet, index))
    persons = [each for each in found if re.search("person", each[0].name, re.IGNORECASE)]
    chosen = persons or found
    if len(chosen) != 1:
        sheet_names = ", ".join(sheet.name for sheet, _ in found) or "none"
        raise ReportError(
            "found no one sheet of persons with the columns Code, Name, All ages and 0 to 9 "
            f"(such sheets: {sheet_names}); take the workbook of mid-year estimates by single year "
            "of age, with one of its sheets named persons."
        )
    return chosen[0]


def _whole(cell: Cell) -> int | None:
    if isinstance(cell, str):
        cell = int(cell.replace(",", "")) if re.fullmatch(r"[\d,]+", cell) else None
    return cell if isinstance(cell, int) and not isinstance(cell, bool) else None
