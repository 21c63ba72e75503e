"""How a notebook shows a frame: a table or a chart's data whose cells say what they know.

A frame of the analysis holds one figure a line: beside its number how exact it is (`qualifier`,
`status`), what stood there first (`first_value`), its rows of data (`rows`) and its source
(`source_id`). A notebook names the columns to show; marks, first values, sources, dates and the
links to the rows come from the frame by themselves, the same on every page.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from string import Formatter
from typing import Any

import altair as alt
import pandas as pd

from rso_report import answers, coverage, figures, findings, periods, prose, revisions, tables
from rso_report.dataset import Tables
from rso_report.edition import Edition, open_edition
from rso_report.parameters import NAMES
from rso_report.register import CUSTODY, community
from rso_report.statistics import round_half_up
from rso_report.tables import Cell, Link

_INFERRED = "(inferred): the source does not state of which date the figure is."

Cells = Callable[[pd.Series], Any]  # what makes a cell of a line
Columns = Mapping[str, str]  # by heading, each as `Page.cell` takes it
# A column and what is asked of it: `rate`, `share:1`, `change:+1%`, `women:2±`, `often:0?[z]`.
_ASKED = re.compile(r"([^:?]+)(?::(\+?)(\w+)(%?)(±?))?(?:\?(.*))?")
# What says which figure a line holds: where a table begins with such columns, they head its rows.
_IDENTITY = ("area_id", "area", "as_at", "period", "year", "order_type", "tier", "label")
_IDENTITY += ("detail", "part")
_LONG, _SHOWN = 12, 6  # of a table of more lines than the one, a page shows the other first
_SAYS_NOTHING = ["", "[z]"]  # a column with nothing else in it is left out
_SPOKEN = 8  # lines of a chart's data that its alternative text says in full, at most


def count(value: str = "value", missing: str = "[x]") -> Cells:
    """Cells such as `3,655`, `at least 1,640` and `2 [r] (5 at first)`.

    What is known of a number stands beside it under its own name: `first_people`,
    `qualifier_people` and `status_people` of `people`; of `value`, as in the data, `qualifier` and
    `status`. A number without them is exact and final.
    """
    ending = "" if value == "value" else f"_{value}"

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        if ending and line[value] % 1:
            raise ValueError(f"{line[value]} needs decimal places: name the column '{value}:1'")
        known = {
            "value": line[value],
            "first_value": line.get(f"first_{value}", pd.NA),
            "qualifier": line.get(f"qualifier{ending}", "exact"),
            "status": line.get(f"status{ending}", "final"),
        }
        return Cell(prose.with_first(pd.Series(known)), float(line[value]))

    return cell


def decimal(value: str, digits: int | str = 1, missing: str = "[x]") -> Cells:
    """Cells with a fixed number of decimal places, or as many as the column `digits` says.

    What a number was before a revision stands in `first_` and its name.
    """

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        places = int(line[digits]) if isinstance(digits, str) else digits
        said = prose.number(line[value], places)
        first = line.get(f"first_{value}", pd.NA)
        return _cell(prose.beside_first(said, first, places), line[value], places)

    return cell


def signed(value: str, digits: int = 1, missing: str = "[z]", unit: str = "") -> Cells:
    """Cells such as `+2.6` and `−11.5%`; `missing` where there is no number.

    What it was before figures were revised (`first_` and its name) is added where that is another
    number: `+6.6 (+7.6 as first released)`.
    """

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        text = f"{prose.signed(line[value], digits)}{unit}"
        first = line.get(f"first_{value}", pd.NA)
        before = text if pd.isna(first) else f"{prose.signed(first, digits)}{unit}"
        said = text if before == text else f"{text} ({before} as first released)"
        return _cell(said, line[value], digits)

    return cell


def interval(digits: int = 1, missing: str = "[x]") -> Cells:
    """Cells such as `139.1 to 148.5`, from `lower` to `upper`."""
    return lambda line: (
        missing if pd.isna(line["lower"]) else prose.interval(line["lower"], line["upper"], digits)
    )


def estimate(value: str, digits: int = 1, missing: str = "[x]") -> Cells:
    """Cells such as `1.05 (0.79 to 1.40)`; without its interval where there is none."""
    limits = interval(digits, "")

    def cell(line: pd.Series) -> Cell | str:
        if pd.isna(line[value]):
            return missing
        said = f"{prose.number(line[value], digits)} ({limits(line)})"
        return _cell(said.removesuffix(" ()"), line[value], digits)

    return cell


def day(name: str = "as_at", missing: str = "not stated") -> Cells:
    """Cells such as `31 March 2021`, never more precise than the source."""
    return lambda line: (
        missing
        if pd.isna(line[name])
        else periods.as_at_label(line[name], line.get("as_at_precision", "day"))
    )


def year(name: str = "as_at") -> Cells:
    """Cells such as `2021`, marked where the source does not state of which date the figure is."""
    known = name.replace("as_at", "as_at_precision")
    return lambda line: f"{line[name].year}{' (inferred)' * (line.get(known) == 'inferred')}"


def period() -> Cells:
    """Cells such as `2020-21`, and `2021-22 [p]` of a part-year."""
    return lambda line: (
        periods.period_label(line["period_start"], line["period_end"])
        + " [p]" * bool(line.get("part", line.get("period_status") == "part"))
    )


def headed(columns: str) -> Columns:
    """Columns by their heading, of a text as a notebook names them: a name may be its own.

    `Force=area_id | Share=share:1 | due` are Force, Share and Due.
    """
    parts = (each.strip().rpartition("=") for each in columns.split("|"))
    return {heading or name[0].upper() + name[1:]: name for heading, _, name in parts}


def open_page(
    data: Tables, names: Mapping[str, Any] | None = None, **given: Any
) -> tuple[Edition, "Page"]:
    """Check the parameters that a notebook declares, say which edition it is, return its page.

    They are `given` by name, or are those among the `names` of the notebook, its `vars()`.
    Raises FaultError for what `open_edition` refuses.
    """
    # A frame at the end of a cell is for who checks the calculation: as text, alike anywhere.
    pd.set_option("display.notebook_repr_html", False, "display.width", 120)
    edition, _ = open_edition(data, **given or {n: names[n] for n in NAMES if n in names})
    prose.say(findings.status_line(data, edition))
    return edition, Page(data, edition)


def _cell(text: str, number: float, digits: int) -> Cell:
    """A cell whose number is rounded as its text: nobody finds more in a file."""
    return Cell(text, round_half_up(number, digits))


def _revisions(frame: pd.DataFrame) -> list[str]:
    """What a chart says under it where some of its figures were revised; tables show the firsts."""
    firsts = frame.filter(regex="^first_").select_dtypes("number")
    if firsts.isna().all(axis=None):
        return []
    return ["[r]: some figures were revised; the data behind this figure give their first values."]


def _listed(notes: str | Iterable[str]) -> list[str]:
    return [notes] if isinstance(notes, str) else [*notes]


def _marks(chart: alt.TopLevelMixin) -> list[str]:
    """The notes that explain the marks of a chart, which the chart brings with it."""
    return [] if chart.usermeta is alt.Undefined else chart.usermeta["notes"]


def _speaking(cells: pd.DataFrame, names: int = 1) -> pd.DataFrame:
    """The cells of a table without the columns, after those that name a line, that say nothing."""
    silent = cells.iloc[:, names:].map(tables.cell_text).isin(_SAYS_NOTHING).all()
    return cells.drop(columns=silent.index[silent])


def _spoken(frame: pd.DataFrame, table: pd.DataFrame) -> str:
    """The lines of a chart's data as words: all of a few, of many those that matter to a listener.

    Of each series the newest and, if that is still not too much, its lowest and highest number.
    """
    said, which = table.drop(columns="Rows", errors="ignore").map(tables.cell_text), ""
    when = next((name for name in ("as_at", "period_end") if name in frame), "")
    if len(said) > _SPOKEN and when and "value" in frame:
        every = frame.reset_index(drop=True).groupby("name" if "name" in frame else "area_id")
        newest, ends = {*every[when].idxmax()}, {*every["value"].idxmin(), *every["value"].idxmax()}
        few = len(newest | ends) <= _SPOKEN
        said = said.loc[sorted(newest | ends if few else newest)]
        which = f"; of each series the {'lowest, the highest and the ' * few}newest"
    if len(said) > 2 * _SPOKEN:
        return ""
    lines, before = [], ""
    for first, *others in said.values:  # a name that repeats is said once
        told = [*[first] * (first != before), *others]
        lines.append(", ".join(cell for cell in told if cell not in _SAYS_NOTHING))
        before = first
    return prose.in_words(f"{which} ({', '.join(said)}): {'; '.join(lines)}")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


class Page:
    """Shows frames of one edition: knows the names of its areas and the labels of its sources."""

    def __init__(self, data: Tables, edition: Edition) -> None:
        """Keep the tables `sources` and `discrepancies` of `data`, and the edition."""
        self._data, self._edition = data, edition

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the names of its areas and the labels of its sources, for a chart."""
        return frame.assign(
            area=frame["area_id"].map(self._edition.name),
            source=[prose.source_label(self._data.sources, each) for each in frame["source_id"]],
        )

    def cell(self, frame: pd.DataFrame, column: str) -> Cells:
        """What makes a cell of a line: a column is shown as its kind asks.

        `area_id` by name and `source_id` by publisher and date, days as far as they are known, a
        `period` with the mark of a part-year, a `year` without separators, numbers as `count` does,
        a `custody_status` in words, a remark (`note`, `remark`) that is not there as [z]; texts and
        all else as they are. Of any frame `interval` is that from lower to upper, `age` how old its
        figure is for the edition (`, 4 years before March 2022`, or nothing), and `aged` its date
        with that, as in a sentence. After a colon stands how: `share:1` with one decimal place,
        `rate:places` with as many as that column says, `share:2±` with its interval, `change:+1%`
        with sign and unit, `as_at:year` the year of a day. After a question mark, at the end, what
        stands where there is none: nothing, or what follows it, as in `often:0?[z]`.
        """
        if not (asked := _ASKED.fullmatch(column)):
            allowed = "a name, with `:1`, `:+1%`, `:2±`, `?[z]`"
            raise ValueError(f"found the column '{column}'; allowed: {allowed}")
        name, sign, kind, unit, spread, missing = asked.groups()
        absent = {} if missing is None else {"missing": missing}
        if kind == "year":
            return year(name)
        digits = int(kind) if kind and kind.isdigit() else kind
        if name == "interval":
            return interval(digits=1 if digits is None else digits, **absent)
        if sign:
            return signed(name, digits, unit=unit, **absent)
        if kind:
            return (estimate if spread else decimal)(name, digits, **absent)
        edition = self._edition
        if name == "area_id":
            return lambda line: edition.name(line[name])
        if name == "source_id":
            return lambda line: Link(*prose.source_links(self._data.sources, [line[name]])[0])
        if name == "age":
            return lambda line: prose.with_age(
                "", line.get("as_at", line.get("period_end")), edition
            )
        if name == "aged":
            return lambda line: prose.aged(edition, line)
        if name == "custody_status":
            return lambda line: CUSTODY[line[name]]
        if name in ("note", "remark"):
            return lambda line: line[name] or "[z]"
        if name == "period" and "period_start" in frame:
            return period()
        if name == "year":
            return lambda line: str(line[name])
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            told = day(name, **absent)
            return lambda line: prose.short(told(line))
        number = count(name, **absent)
        return lambda line: (
            number(line) if pd.isna(line[name]) or _is_number(line[name]) else line[name]
        )

    def frame(self, frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
        """Return the cells to show: a column for each of `columns`, and one of the rows of data."""
        lines = [line for _, line in frame.iterrows()]
        cells = {}
        for name, column in columns.items():
            cell = self.cell(frame, column)
            cells[name] = [cell(line) for line in lines]
        if "rows" in frame:
            cells["Rows"] = prose.rows(frame["rows"].fillna(""))
        return pd.DataFrame({name: pd.Series(own, dtype=object) for name, own in cells.items()})

    def phrases(
        self, frame: pd.DataFrame, template: str, columns: Columns | None = None
    ) -> list[str]:
        """Return `template` for each line, its `{names}` filled with the cells of `columns`.

        A name that is none of them is that of a column of the frame: `{area_id} {share:1}`.
        """
        parts = [
            (text, f"{name}:{kind}" if kind else name)
            for text, name, kind, _ in Formatter().parse(template)
        ]
        own = columns or {}
        cells = self.frame(frame, {name: own.get(name, name) for _, name in parts if name})
        return [
            "".join(f"{text}{line[name] if name else ''}" for text, name in parts)
            for line in cells.to_dict("records") or [{}] * len(frame)
        ]

    def cited(self, frame: pd.DataFrame) -> str:
        """Return links to the sources and the rows of data of a frame, for a sentence."""
        return prose.cited(self._data.sources, frame["source_id"].dropna(), frame["rows"])

    def absent(self, frame: pd.DataFrame, what: str = "No figure found") -> list[str]:
        """Return a note on the forces of which a frame has no line; none where it has all."""
        silent = self._edition.absent(frame["area_id"])
        return [f"{what} for {prose.listed(silent)}."] * bool(silent)

    def point(self, frame: pd.DataFrame, lead: str, *said: str) -> list[str]:
        """Return `lead`, what is `said` of the lines of a frame, and their sources, as a point.

        `lead` may name columns of the first line; of a frame without a line there is no point.
        """
        if frame.empty:
            return []
        return [f"- {self._filled(lead, frame, {})}{prose.listed(said)} {self.cited(frame)}."]

    def current(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table of the data that the edition shows, the newest of each."""
        return revisions.current(self._edition.visible(rows))

    def cuts(self, *topics: str) -> pd.DataFrame:
        """Return the breaks in series of some topics, or of all, in order of time."""
        return coverage.breaks(self._data, self._edition, topics).sort_values("date")

    def breaks(self, table_id: str, caption: str, *topics: str) -> None:
        """Show the breaks in series of some topics, or of all, as a table."""
        rows = coverage.breaks(self._data, self._edition, topics)
        coverage.show_breaks(rows, table_id=table_id, caption=caption)

    def together(self) -> list[str]:
        """Return the sum of a region's forces or why there is none, or that a force has no count.

        As a point; nothing of one force that has a count.
        """
        counts, edition = community(self._data, self._edition), self._edition
        if len(edition.forces) > 1:
            return [f"- {findings.together(self._data, edition, counts)}"]
        silent = edition.absent(counts["area_id"])
        return [f"- **{edition.the_forces}**: {prose.NOT_FOUND}."] * bool(silent)

    def stated(self, topic: str) -> None:
        """Show what documents say about a topic beside their figures."""
        prose.say(*findings.stated(self._data, topic, self._edition))

    def answers(self, topic: str, caption: str, shown: str = "") -> None:
        """Show what forces answered about a topic, without the rows that are `shown` elsewhere."""
        answers.show(self._data, self._edition, topic, caption, shown)

    def table(
        self,
        frame: pd.DataFrame,
        table_id: str,
        columns: str = "",
        *,
        headline: str = "",
        caption: str,
        names: int | None = None,
        notes: str | Iterable[str] = (),
        as_at: str = "",
        first: int | None = None,
        sources: Iterable[str] | None = None,
        source: str = "",
        none: str = "",
    ) -> None:
        """Show a frame as a table; the first `names` columns say what a line is about.

        Without `names` those are the first column and what of an area, a date or the like follows.

        `columns` names them as `headed` takes it; without, a frame is shown as it is. A column that
        says nothing in any line is left out. In `headline` the name of a column in braces,
        `{Area}`, stands for its cell in the first line. Of an empty frame nothing is shown but the
        sentence `none`, if any.

        Sources are those of the frame's `source_id` unless `sources` names them or `source` says
        in words what they are; `as_at` is that of the frame's column. Of a long table the page
        shows the `first` lines and folds the others. See `tables.show`.
        """
        if frame.empty:
            prose.say(*filter(None, [none]))
            return
        all_of_it = {name: name for name in frame if name != "rows"}
        by_heading = headed(columns) if columns else all_of_it
        known = itertools.takewhile(_IDENTITY.__contains__, list(by_heading.values())[1:])
        names = names or 1 + len(list(known))
        first = _SHOWN if first is None and len(frame) > _LONG else first
        tables.show(
            _speaking(self.frame(frame, by_heading), names),
            table_id=table_id,
            headline=self._filled(headline, frame, by_heading) or None,
            caption=caption,
            row_header=list(by_heading)[:names],
            notes=[*_listed(notes), *self._notes(frame)],
            as_at=as_at or self._as_at(frame),
            first=first,
            source=source or self._sources(frame, sources),
        )

    def chart(
        self,
        chart: alt.TopLevelMixin | Callable[[pd.DataFrame], alt.TopLevelMixin],
        figure_id: str,
        frame: pd.DataFrame,
        columns: str,
        *,
        headline: str,
        subtitle: str,
        alt: str = "",
        notes: str | Iterable[str] = (),
        as_at: str = "",
        sources: Iterable[str] | None = None,
        source: str = "",
        none: str = "",
    ) -> None:
        """Show a chart, or what `chart` draws of the frame, with the frame as its data table.

        `headline`, `subtitle` and `alt` name cells of the first line, and an empty frame is
        shown, as in a `table`. A chart brings what is to be seen in it, as its description, and
        notes that explain its marks; `alt` is for more. To what does not end with a full stop the
        lines of the data are added. See `figures.show`.
        """
        if frame.empty:
            prose.say(*filter(None, [none]))
            return
        drawn = chart(frame) if callable(chart) else chart
        by_heading = headed(columns)
        table = _speaking(self.frame(frame, by_heading))
        seen = self._filled(alt, frame, by_heading) or drawn.description
        figures.show(
            drawn,
            figure_id=figure_id,
            headline=self._filled(headline, frame, by_heading),
            subtitle=self._filled(subtitle, frame, by_heading),
            alt=seen if seen.endswith(".") else f"{seen}{_spoken(frame, table)}.",
            notes=[*_listed(notes), *_marks(drawn), *self._notes(frame), *_revisions(frame)],
            as_at=as_at or self._as_at(frame, "the dates in the data behind this chart"),
            source=source or self._sources(frame, sources),
            table=table,
        )

    def _notes(self, frame: pd.DataFrame) -> list[str]:
        """What is to be known of lines in doubt and of dates that are not those of the figures."""
        notes = []
        when = next((name for name in ("period", "as_at") if name in frame), None)
        if when and "doubt" in frame:
            said = f"{{area_id}}, {{{when}}}: in doubt (ledger: {{doubt}}), compared with nothing."
            notes += self.phrases(frame[frame["doubt"] != ""], said)
        if "as_at_precision" in frame:
            notes += prose.reported(frame)
        known = frame.filter(like="as_at_precision")
        notes += [_INFERRED] * bool((known == "inferred").any(axis=None))
        if "letter" in frame:  # for a definition, which would be too long for a cell or a ring
            meant = frame[["letter", "definition"]].drop_duplicates()
            meant = meant.sort_values("letter", key=lambda letters: letters.replace("?", "~"))
            notes += self.phrases(meant, "{letter}: {definition}.")
        if "inferred" in frame:
            notes += [f"{prose.YEARS_INFERRED.capitalize()}."] * bool(frame["inferred"].any())
        return notes

    def _filled(self, template: str, frame: pd.DataFrame, columns: Columns) -> str:
        return prose.in_words(self.phrases(frame.iloc[:1], template, columns)[0])

    def _as_at(
        self, frame: pd.DataFrame, several: str = "the date beside each figure"
    ) -> str | None:
        if "as_at" in frame:
            known = frame.get("as_at_precision", pd.Series("day", index=frame.index))
            if (known == "day").all():
                return periods.span_label(frame["as_at"])
            said = {periods.as_at_label(*each) for each in zip(frame["as_at"], known, strict=True)}
            return prose.short(said.pop()) if len(said) == 1 else several
        return "the year in each row" if {"period", "period_end", "year"} & {*frame} else None

    def _sources(self, frame: pd.DataFrame, given: Iterable[str] | None) -> tables.Source:
        known = frame["source_id"].dropna() if given is None else given
        return prose.provenance(self._data, known)
