"""How a notebook shows a frame: a table or a chart's data whose cells say what they know.

A frame of the analysis holds one figure a line: beside its number how exact it is (`qualifier`,
`status`), what stood there first (`first_value`), its rows of data (`rows`) and its source
(`source_id`). A notebook names the columns to show; marks, first values, sources, dates and the
links to the rows come from the frame by themselves, the same on every page.
"""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any

import altair as alt
import pandas as pd

from rso_report import figures, periods, prose, tables
from rso_report.dataset import Tables
from rso_report.edition import Edition
from rso_report.tables import Cell

Column = str | Callable[[pd.Series], Any]  # a column of the frame, or what makes a cell of a line
Columns = Mapping[str, Column]


def count(
    value: str = "value", first: str = "", end: str | None = None, missing: str = "[x]"
) -> Column:
    """Cells such as `3,655`, `at least 1,640` and `2 [r] (5 at first)`.

    What was there first stands in `first`, by default the column `first_` and the name of `value`.
    Qualifier and status of a line are those of its `value`: another number is taken as exact,
    unless `end` says how the names of its own two columns end after `qualifier` and `status`.
    """
    ending = "" if value == "value" else end

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        known = {"value": line[value], "first_value": line.get(first or f"first_{value}", pd.NA)}
        for name, usual in (("qualifier", "exact"), ("status", "final")):
            known[name] = usual if ending is None else line.get(f"{name}{ending}", usual)
        return Cell(prose.with_first(pd.Series(known)), float(line[value]))

    return cell


def decimal(value: str, digits: int = 1, missing: str = "[x]") -> Column:
    """Cells with a fixed number of decimal places; `missing` where there is no number."""
    return lambda line: (
        missing
        if pd.isna(line[value])
        else Cell(prose.number(line[value], digits), float(line[value]))
    )


def signed(
    value: str, digits: int = 1, missing: str = "[z]", first: str = "", unit: str = ""
) -> Column:
    """Cells such as `+2.6` and `−11.5`; `missing` where there is no number.

    With `first`, the column of what it was before figures were revised, that is added where it
    differs: `+6.6 (+7.6 as first released)`.
    """

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        text = f"{prose.signed(line[value], digits)}{unit}"
        if first and pd.notna(line[first]) and line[first] != line[value]:
            text += f" ({prose.signed(line[first], digits)}{unit} as first released)"
        return Cell(text, float(line[value]))

    return cell


def interval(
    lower: str = "lower", upper: str = "upper", digits: int = 1, missing: str = "[x]"
) -> Column:
    """Cells such as `139.1 to 148.5`."""
    return lambda line: (
        missing if pd.isna(line[lower]) else prose.interval(line[lower], line[upper], digits)
    )


def estimate(
    value: str, digits: int = 1, lower: str = "lower", upper: str = "upper", missing: str = "[x]"
) -> Column:
    """Cells such as `1.05 (0.79 to 1.40)`; without its interval where there is none."""

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        said = prose.number(line[value], digits)
        if pd.notna(line[lower]):
            said += f" ({prose.interval(line[lower], line[upper], digits)})"
        return Cell(said, float(line[value]))

    return cell


def day(name: str = "as_at", missing: str = "not stated") -> Column:
    """Cells such as `31 March 2021`, never more precise than the source."""
    return lambda line: (
        missing
        if pd.isna(line[name])
        else periods.as_at_label(line[name], line.get("as_at_precision", "day"))
    )


def year(name: str = "as_at") -> Column:
    """Cells such as `2021`."""
    return lambda line: str(line[name].year)


class Page:
    """Shows frames of one edition: knows the names of its areas and the labels of its sources."""

    def __init__(self, data: Tables, edition: Edition) -> None:
        """Keep the tables `sources` and `discrepancies` of `data`, and the edition."""
        self._data, self._edition = data, edition

    def area(self, name: str = "area_id") -> Column:
        """Cells with the name of an area."""
        return lambda line: self._edition.name(line[name])

    def source(self, name: str = "source_id") -> Column:
        """Cells with publisher and date of the source."""
        return lambda line: prose.source_label(self._data.sources, line[name])

    def frame(self, frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
        """Return the cells to show: a column for each of `columns`, and one of the rows of data."""
        lines = [line for _, line in frame.iterrows()]
        cells = {
            name: [line[make] if isinstance(make, str) else make(line) for line in lines]
            for name, make in columns.items()
        }
        if "rows" in frame:
            cells["Rows"] = prose.rows(frame["rows"].fillna(""))
        return pd.DataFrame({name: pd.Series(own, dtype=object) for name, own in cells.items()})

    def phrases(self, frame: pd.DataFrame, template: str, columns: Columns) -> list[str]:
        """Return `template` for each line, its `{names}` filled with the cells of `columns`."""
        asked = {name for _, name, _, _ in Formatter().parse(template) if name}
        cells = self.frame(frame, {name: columns[name] for name in asked}).to_dict("records")
        return [template.format(**line) for line in cells or [{}] * len(frame)]

    def cited(self, frame: pd.DataFrame) -> str:
        """Return links to the sources and the rows of data of a frame, for a sentence."""
        return prose.cited(self._data.sources, frame["source_id"].dropna(), frame["rows"])

    def table(
        self,
        frame: pd.DataFrame,
        table_id: str,
        columns: Columns,
        *,
        headline: str,
        caption: str,
        names: int = 1,
        notes: Iterable[str] = (),
        as_at: str = "",
        first: int | None = None,
        sources: Iterable[str] | None = None,
        none: str = "",
    ) -> None:
        """Show a frame as a table; the first `names` columns say what a line is about.

        In `headline` the name of a column in braces, `{Area}`, stands for its cell in the first
        line. Of an empty frame nothing is shown but the sentence `none`.

        `columns` gives each column of the table its column of the frame or the function that
        makes its cells. Sources are those of the frame's `source_id` unless `sources` names them;
        `as_at` is taken from its column `as_at` where it has one. See `tables.show` for the rest.
        """
        if none and frame.empty:
            prose.say(none)
            return
        tables.show(
            self.frame(frame, columns),
            table_id=table_id,
            headline=self.phrases(frame.iloc[:1], headline, columns)[0],
            caption=caption,
            row_header=list(columns)[:names],
            notes=notes,
            as_at=as_at or self._as_at(frame),
            first=first,
            source=self._sources(frame, sources),
        )

    def chart(
        self,
        chart: alt.TopLevelMixin,
        figure_id: str,
        frame: pd.DataFrame,
        columns: Columns,
        *,
        headline: str,
        subtitle: str,
        alt: str,
        notes: Iterable[str] = (),
        as_at: str = "",
        sources: Iterable[str] | None = None,
    ) -> None:
        """Show a chart with the frame behind it as its data table; see `figures.show`."""
        figures.show(
            chart,
            figure_id=figure_id,
            headline=headline,
            subtitle=subtitle,
            alt=alt,
            notes=notes,
            as_at=as_at or self._as_at(frame),
            source=self._sources(frame, sources),
            table=self.frame(frame, columns),
        )

    def _as_at(self, frame: pd.DataFrame) -> str:
        return periods.span_label(frame["as_at"]) if "as_at" in frame else "the year in each row"

    def _sources(self, frame: pd.DataFrame, given: Iterable[str] | None) -> tables.Source:
        known = frame["source_id"].dropna() if given is None else given
        return prose.provenance(self._data, known)
