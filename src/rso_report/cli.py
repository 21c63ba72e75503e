"""`rso-report`, the command line: one thin door for each thing that the package does.

Without installing: `python -m rso_report.cli`. A command only reads its options, calls functions
of the package, and prints. It imports them when it runs, so that `--help` is there at once. A
ReportError that reaches the group is printed as it is, and its `exit_status` is what the program
ends with.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import chdir
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from rso_report.errors import FileError, ReportError

# Cores, and no lock of its own: the Snakefile holds one that ends with its process. The profile
# says the same to a plain `snakemake`, and Snakemake would say in a line that it read it.
SNAKEMAKE = ["--cores", "all", "--rerun-incomplete", "--nolock", "--scheduler", "greedy"]
SNAKEMAKE += ["--workflow-profile", "none"]
CODES = """\b
Exit codes:
  0  all right
  1  faults were found (in data, a return, parameters, a site), or differences where asked for
  2  wrong usage: no such command or option
  3  something could not be read or written"""


class Door(click.Group):
    """A group of commands whose errors are one message on standard error, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command; print what a person can act on and end with its exit status."""
        try:
            return super().invoke(ctx)
        except ReportError as error:
            click.echo(error, err=True)
            ctx.exit(error.exit_status)
        except OSError as error:
            if error.filename is None:  # not about a file: click or Python says it
                raise
            click.echo(f"{error.filename}: {error.strerror}.", err=True)
            ctx.exit(FileError.exit_status)


class BuildCommand(click.Command):
    """A command whose help ends with all parameters of an edition, from the typed model."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the parameters, each with what it is, what is allowed and its default."""
        from rso_report import parameters

        with formatter.section("Parameters that a file can hold"):
            rows = [
                (
                    name,
                    f"{field.description}. Allowed: {parameters.allowed(name)}. "
                    f"Default: {field.default!r}, {field.json_schema_extra['reason']}.",
                )
                for name, field in parameters.EditionParameters.model_fields.items()
            ]
            formatter.write_dl(rows)


def as_json(thing: Any) -> str:  # noqa: ANN401
    """A thing as JSON for scripts: indented, in a fixed order, the same bytes each time."""
    return json.dumps(thing, indent=2, ensure_ascii=False)


@click.group(
    cls=Door,
    epilog=CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="rso-report", prog_name="rso-report")
def main() -> None:
    """How registered sexual offenders are managed: check the data, build editions of the report.

    An edition is the report for one region and one financial year. Each command has a --help of
    its own.

    \b
    Examples:
      rso-report check
      rso-report editions --region "North East"
      rso-report build --year 2020-21 --region "North East"
    """


@main.command(cls=BuildCommand, short_help="Build an edition of the report and publish it.")
@click.option("--year", default="", help="Report year, such as 2020-21.")
@click.option("--region", default="", help="Region or force, such as 'North East'.")
@click.option("--parameters", type=Path, metavar="FILE", help="YAML file of parameters, see below.")
@click.option("--pdf", is_flag=True, help="Print all pages to one PDF too (needs Chromium).")
def build(year: str, region: str, parameters: Path | None, pdf: bool) -> None:
    """Build an edition of the report and publish it into _site/.

    Reads data/, notebooks/ and book/, executes the notebooks that a change touches, builds the
    pages in build/, and puts them into a folder of _site/ that is named by region and year. Each
    step says why it is done; the start page is named at the end. If anything is wrong, the last
    good edition stays as it was. What is not given has its default, and --year and --region go
    before the file. An edition with other parameters gets a folder of its own.

    Exit codes: 0 built, 1 a parameter was refused or a step failed, 2 wrong usage, 3 the file of
    parameters or data/ cannot be read.

    \b
    Examples:
      rso-report build
      rso-report build --year 2020-21 --region "North East"
      rso-report build --parameters my-edition.yaml

    \b
    Example of a file of parameters:
      report_year: 2020-21
      region: North East
      officers: 30
    """
    from rso_report import places
    from rso_report.publication import ready
    from rso_report.publication.assemble import commit

    root = places.root()
    if not (root / "Snakefile").is_file():
        raise FileError(f"{root} is no checkout of the report: it has no Snakefile.")
    file = parameters and parameters.resolve()
    with chdir(root):
        said = [] if pdf else ready.said([year, region, str(file or "")], commit(Path()))
    if said:
        click.echo("Nothing has changed since it was built.", err=True)
        click.echo("\n".join(said))
        return
    from rso_report.selection import is_several

    if not any(map(is_several, (year, region))):
        _given(year, region, parameters)  # of several editions the graph sees to each
    sys.stdout.flush()
    os.chdir(root)
    # In the place of this program: signals, progress and exit status are Snakemake's own.
    command = graph("pdf" if pdf else "report", year, region, file)
    os.execv(sys.executable, command)


def graph(target: str, year: str, region: str, parameters: Path | None = None) -> list[str]:
    """Return the command that makes a target of the graph, a rule or a file, for what is asked."""
    file = parameters.resolve() if parameters else ""
    # !!str keeps Snakemake from guessing types: it would turn 2024_25 into 202425 and 012 into 12.
    asked = {"year": year, "region": region, "parameters": file}
    config = [f"{name}=!!str {value}" for name, value in asked.items()]
    return [sys.executable, "-m", "snakemake", target, *SNAKEMAKE, "--config", *config]


@main.command(short_help="Check the data package and say all that is wrong with it.")
@click.option("--json", "machine", is_flag=True, help="Print the findings as JSON for scripts.")
def check(machine: bool) -> None:
    """Check the data package and say all that is wrong with it.

    Reads data/ (or the folder in RSO_REPORT_DATA) and writes nothing. Three things are checked:
    every cell and rule of datapackage.json; that sizes and hashes there are those of the files;
    and that the ledger in discrepancies.csv speaks of every contradiction that the rules find
    between the sources, and states no figure of them that the rows no longer give.

    Exit codes: 0 nothing is wrong, 1 something is, 3 data/ cannot be read.

    \b
    Examples:
      rso-report check
      rso-report check --json | jq .faults
    """
    from dataclasses import asdict

    from rso_report import dataset, reconcile

    folder = dataset.data_folder()
    if not (folder / "datapackage.json").is_file():
        raise FileError(f"There is no data package in {folder}: datapackage.json is absent.")
    found = reconcile.check()
    if machine:
        click.echo(as_json({"ok": not found.lines, **asdict(found)}))
    else:
        for line in found.lines:
            click.echo(line)
        count = len(found.lines)
        words = f"{count} to put right" if count else "nothing is wrong"
        click.echo(f"{found.tables} tables: {words}.")
    sys.exit(1 if found.lines else 0)


@main.command(short_help="Compare two editions of a region figure by figure.")
@click.argument("a", metavar="A", help="The older edition.")
@click.argument("b", metavar="B", help="The later edition.")
@click.option("--region", default="", help="Region or force of A and B where they are only years.")
@click.option("--data-a", type=Path, metavar="FOLDER", help="Data of A, if not those of B.")
@click.option("--csv", "file", type=Path, metavar="FILE", help="Write all of it to a CSV file.")
@click.option("--json", "machine", is_flag=True, help="Print all of it as JSON for scripts.")
def compare(
    a: str, b: str, region: str, data_a: Path | None, file: Path | None, machine: bool
) -> None:
    """Compare edition A with edition B of the same region, figure by figure.

    Reads data/; neither edition needs to be built. A and B are years, such as 2020-21, or names of
    editions, such as north-east-2020-21. Printed are the figures that were revised, then the
    latest figure of A and of B for each measure and area, with the change and its interval, or
    the reason why none is given. --csv and --json have the new, gone and unchanged figures too.
    With --data-a, an older release of the data, the same edition can be compared with itself.

    Exit codes: 0 compared, 1 no such edition or not of one region, 2 wrong usage, 3 data/ cannot be
    read or FILE not be written.

    \b
    Examples:
      rso-report compare 2020-21 2021-22
      rso-report compare 2017-18 2021-22 --region "North East" --csv changes.csv
    """
    from rso_report import compare as changes
    from rso_report import compare_words, dataset

    data = dataset.load(*changes.TABLES)
    older = dataset.load(*changes.TABLES, folder=data_a) if data_a else data
    first, second = _edition(older, a, region), _edition(data, b, region)
    found = changes.compare(data, first, second, older)
    if file:
        file.write_bytes(changes.csv_file(found))
    if machine:
        click.echo(as_json(changes.records(found)))
        return
    for line in compare_words.lines(found, first, second):
        click.echo(line)
    if file:
        click.echo(f"Written: {file}")


@main.command(short_help="Turn any file with figures into a return to be read and mended.")
@click.argument("file", type=Path, help="The file: CSV, XLSX, ODS or plain text.")
@click.option("--out", type=Path, help="The draft: .xlsx or .csv; else FILE-draft.xlsx here.")
@click.option("--say", multiple=True, metavar="NAME=VALUE", help="What the file does not say.")
@click.option("--read-as", multiple=True, metavar="PRINTED=MEANT", help="What a word in it means.")
def draft(file: Path, out: Path | None, say: tuple[str, ...], read_as: tuple[str, ...]) -> None:
    """Turn any FILE with figures into the long form of the annual return, as a draft.

    Reads FILE and the names in data/, and writes the draft alone. FILE is an official table by
    area, a reply as printed, a table pasted into a text file or the text of an e-mail (CSV, XLSX,
    ODS or plain text). Each figure becomes a row with its cell, what was understood of it, and
    everything that may mislead. A figure that is not understood for certain is left blank with its
    reason. Read the draft, mend it, and give it to `ingest`.

    --say fills in a column of the form where the file does not say it: force, measure_code, as_at,
    custody_status and so on. Besides: column (take only figures under this head), sheet,
    part_year_end (the last day of a year not over), year_day (day of counts with a year only).
    --read-as says what a printed word means: an area, a measure, a year, or `nothing`; with an
    empty meaning its figures are left out.

    Exit codes: 0 written; 1 something said was wrong; 2 wrong usage; 3 a file cannot be read or
    written.

    \b
    Examples:
      rso-report draft reply.xlsx --say force=WAR --say custody_status=both
      rso-report draft mappa.ods --say measure_code=STOCK_MAPPA --say as_at=2026-03-31 \\
        --say column="Category 1" --read-as "West Midlands=WMP"
    """
    from rso_report import dataset
    from rso_report.intake import draft as drafts

    out = out or Path(f"{file.stem}-draft.xlsx")
    kind = _kind(out)
    if out.exists():
        raise click.UsageError(f"{out} is there already: it may have been mended. Name another.")
    said, meant = _pairs("--say", say), _pairs("--read-as", read_as)
    found = drafts.draft(file, dataset.load("areas"), said, meant)
    out.write_bytes(drafts.written(found, kind))
    click.echo(f"{found}\nWritten: {out}. Read it, mend it, and give it to rso-report ingest.")


@main.command(short_help="List the editions that can be built or are.")
@click.option("--region", help="Only this region or force, such as 'North East'.")
@click.option("--year", help="Only this report year, such as 2020-21.")
@click.option("--json", "machine", is_flag=True, help="Print the editions as JSON for scripts.")
def editions(region: str | None, year: str | None, machine: bool) -> None:
    """List the editions that can be built, what each would lack, and which are built.

    Reads data/ and _site/ and writes nothing. An edition can be built for every region of England
    and Wales, for a force that is named, and for every year from the first to the last with a
    figure. The newest figure is that of the area itself; where several years stand in a line, by
    the end of the last. An edition lacks a measure of which nothing was found for the area in that
    year or before; its pages then say so. The latest built one is what its older ones link to.

    Exit codes: 0 listed, 1 no such region or year, 3 data/ or _site/ cannot be read.

    \b
    Examples:
      rso-report editions --region "North East"
      rso-report editions --year 2020-21 --json
    """
    from rso_report import coverage, dataset, places
    from rso_report.publication import editions as listing

    asked = [_given(year, region).region] if region else []
    found = listing.overview(dataset.load(*listing.TABLES), places.root() / "_site", asked)
    if region:
        found = found[found["region"].isin(asked)]
    if year:
        found = found[found["report_year"] == year]
        if found.empty:
            _given(year, region)  # which says why
    if machine:
        listed = found.assign(lacks=found["lacks"].map(list)).to_dict("records")
        click.echo(as_json({"measures": coverage.MEASURES, "editions": listed}))
    else:
        for line in listing.lines(found):
            click.echo(line)


def _described(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes a source in the options that describe it."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Check everything and write nothing."),
        click.option("--address", default="", help="Where it is published, if it is."),
        click.option(
            "--published", type=click.DateTime(["%Y-%m-%d"]), help="Its day, such as 2026-05-14."
        ),
        click.option("--title", default="", help="Title by which a reader can find the source."),
        click.option(
            "--source", "source_id", required=True, help="Identifier, such as wmp-return-2026."
        ),
    ):
        command = option(command)
    return command


@main.command(short_help="Check a return or a reply and add it to the data.")
@click.argument("file", type=Path, help="The return or reply: CSV, XLSX or ODS.")
@_described
@click.option(
    "--publisher", default="", help="Who sent it; the only force of the return if left out."
)
@click.option(
    "--licence",
    type=click.Choice(["OGL", "OPL", "not_stated"]),
    default="not_stated",
    show_default=True,
    help="Terms: Open Government Licence, Open Parliament Licence.",
)
@click.option(
    "--kind",
    type=click.Choice(["foi_response", "official_statistics", "force_statement"]),
    default="foi_response",
    show_default=True,
    help="What kind of source it is.",
)
@click.option("--json", "machine", is_flag=True, help="Print what became of it as JSON.")
def ingest(file: Path, dry_run: bool, machine: bool, **described: Any) -> None:
    """Check an annual return (CSV, XLSX or ODS) and add it to the data.

    Reads FILE and data/, and writes data/ alone. Everything wrong in FILE is said at once: row,
    column, what was found, what is allowed, what to do. If nothing stops it, its rows go into the
    tables of data/, its source into sources.csv, and what the checks remarked into
    discrepancies.csv: all of it, or nothing. The same return a second time changes nothing. A
    source that sources.csv has already needs only --source.

    Only the form is taken in: the workbook or the long table of the annual return, or a draft of
    it. Make a draft of any other file first, with `rso-report draft`.

    Exit codes: 0 added, or in the data already; 1 the return or the data have faults; 2 wrong
    usage; 3 something could not be read or written.

    \b
    Examples:
      rso-report ingest reply.xlsx --source wmp-return-2026 --published 2026-05-14 \\
        --title "Annual return of West Midlands Police, 2025-26" --dry-run
      rso-report ingest mappa-draft.xlsx --source mappa-2026 --published 2026-10-29 \\
        --licence OGL --kind official_statistics --publisher "Ministry of Justice" \\
        --title "MAPPA, 2025-26"
    """
    from dataclasses import asdict

    from rso_report.errors import FaultError
    from rso_report.intake import ingest as door

    source = _source(**described)
    try:
        done = door.ingest(file, source, dry_run=dry_run)
    except FaultError as error:
        if not machine:
            click.echo("Nothing was written.", err=True)
            raise
        faults = [asdict(fault) for fault in error.faults]
        click.echo(as_json({"source_id": source.source_id, "outcome": "refused", "faults": faults}))
        sys.exit(error.exit_status)
    click.echo(as_json(asdict(done)) if machine else done)


@main.command(short_help="Add the residents of a year from the workbook of the ONS.")
@click.argument("file", type=Path, help="Mid-year estimates by single year of age.")
@click.option("--year", type=int, required=True, help="The year of 30 June, such as 2025.")
@_described
@click.option("--read-as", multiple=True, metavar="CODE=FORCE", help="Force of a new district.")
def population(
    file: Path, year: int, read_as: tuple[str, ...], dry_run: bool, **described: Any
) -> None:
    """Add the residents of a year to the data, from the workbook of the ONS.

    Reads FILE, the mid-year estimates by local authority and single year of age, and writes data/
    alone: one row a district, with its residents of all ages and aged 0 to 9. A district whose
    code is new is asked for, and all of them have to sum to the printed total of England and
    Wales. All of it is added, or nothing.

    Exit codes: 0 added, 1 something is wrong, 2 wrong usage, 3 a file cannot be read or written.

    \b
    Example:
      rso-report population mye25.xlsx --year 2025 --source ons-mye-2025 \\
        --published 2026-07-15 --title "Mid-year population estimates, 2025"
    """
    from rso_report.intake.population import take_in

    own = {"publisher": "Office for National Statistics", "licence": "OGL"}
    source = _source(kind="official_statistics", **own, **described)
    click.echo(take_in(file, year, source, _pairs("--read-as", read_as), dry_run=dry_run))


@main.command(short_help="Write the annual return for a force to fill in.")
@click.argument("out", type=Path, help="The file to write: .xlsx or .csv.")
@click.option("--force", default="", help="Code of the force: its latest figures stand beside.")
@click.option("--year", default="", help="Financial year that is asked for, such as 2025-26.")
def template(out: Path, force: str, year: str) -> None:
    """Write the annual return for a force to fill in, as OUT.

    Reads data/ and writes OUT alone: a workbook (.xlsx) with one sheet of questions for a person to
    fill in, or a file (.csv) with the names of the columns of the long table, for a machine.

    Exit codes: 0 written, 2 wrong usage, 3 it could not be written.

    \b
    Examples:
      rso-report template return.xlsx
      rso-report template wmp.xlsx --force WMP --year 2025-26
      rso-report template return.csv
    """
    from rso_report import dataset
    from rso_report.intake.annual_return import force_codes
    from rso_report.intake.questions import csv_template, workbook_template
    from rso_report.periods import financial_year

    kind = _kind(out)
    if kind == "csv":
        content = csv_template()
    else:
        names = [each["name"] for each in dataset.descriptor()["resources"]]
        data = dataset.load(*names)
        if force and force not in force_codes(data):
            raise click.UsageError(f"--force {force}: no such code; WMP is one.")
        content = workbook_template(data, force, financial_year(year) if year else None)
    out.write_bytes(content)
    click.echo(f"Written: {out}")


@main.command(short_help="Compare a built site with the lists of its files and sources.")
@click.argument("site", type=Path, help="The folder of an edition, or of all, or a ZIP of it.")
@click.option("--json", "machine", is_flag=True, help="Print the result as JSON for scripts.")
def verify(site: Path, machine: bool) -> None:
    """Compare a built SITE with the lists of its files and of what it was made from.

    SITE is the folder of one edition, the folder with all of them, such as _site, or a ZIP file of
    either. Every file is hashed again and compared with SHA256SUMS: changed, missing, extra. The
    data, code, pages and lock of this checkout are compared with SHA256SUMS.sources. Reads SITE and
    this checkout and writes nothing. At the end stands the SHA-256 of the list itself, to compare
    with the one published elsewhere.

    Exit codes: 0 all is as listed, 1 something differs, 3 no list, or one that can't be read.

    \b
    Examples:
      rso-report verify _site
      rso-report verify --json _site/west-midlands-2021-22 | jq .folders[].differences
    """
    from rso_report.publication.provenance import report

    text, status = report(site, machine)
    click.echo(text)
    sys.exit(status)


def _given(year: str | None, region: str | None, file: Path | None = None) -> Any:  # noqa: ANN401
    """Return an edition, or refuse one that cannot be; what is not given has its default."""
    from rso_report.edition import read_parameters

    asked = {"report_year": year, "region": region}
    return read_parameters(file or {}, **{name: value for name, value in asked.items() if value})


def _source(published: datetime | None, **described: str) -> Any:  # noqa: ANN401
    """What is known of the document that is taken in, from the options that say it."""
    from rso_report.intake.ingest import Source

    return Source(published=published.date() if published else None, **described)


def _kind(out: Path) -> str:
    """What a file to be written is, by the ending of its name."""
    kind = out.suffix.lstrip(".").lower()
    if kind not in ("csv", "xlsx"):
        raise click.UsageError(f"{out} ends in neither .xlsx nor .csv.")
    return kind


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """What was given as NAME=VALUE."""
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise click.UsageError(f"{option} '{wrong[0]}': write it as NAME=VALUE.")
    return dict(text.split("=", 1) for text in texts)


def _edition(data: Any, text: str, region: str) -> Any:  # noqa: ANN401
    """The edition that a year or the name of an edition stands for."""
    from rso_report.edition import choices, open_edition

    given = {"report_year": text} | ({"region": region} if region else {})
    possible = choices(data)
    for edition in possible.editions_of(*possible.places):
        if edition.slug == text:
            given = {"report_year": edition.report_year, "region": edition.region}
    return open_edition(data, **given)[0]


if __name__ == "__main__":
    main(prog_name="rso-report")
