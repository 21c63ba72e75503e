"""The graph of the report: data, package and notebooks in; executed notebooks, pages, site out.

`make report` is the short way in. Without make, or on other machines than this one:

    snakemake --cores all --config year=2020-21 region="West Midlands"
    snakemake --cores all --config year=2017-18..2021-22 region=all
    snakemake --profile profiles/slurm --config year=all region=all

Snakemake decides what has to run, and each step says why. A year or a region that isn't given is
the one that the notebooks themselves declare in their cell of parameters. Of many editions each
stands alone: one that fails stays as it was, and the others are built.
"""

import ast
import fcntl
import json
import os
import re
import subprocess
import sys
import unicodedata
from functools import cache
from hashlib import sha256
from logging import WARNING
from pathlib import Path

from snakemake.logging import DefaultFormatter, logger

import rso_report  # before papermill, which it makes faster to import
from papermill import inspect_notebook
from rso_report.dataset import load, tables_read
from rso_report.errors import ReportError
from rso_report.publish import page_files
from rso_report.selection import is_several, left_out_lines, select


class Terse(DefaultFormatter):
    """A line for each step, with its reason; of a failed step its own message, once."""

    SAID_BY_THE_STEP = re.compile(
        "CalledProcessError|because a job execution failed|job did not complete successfully"
    )

    REASONS = {
        "Missing output files: [^;]*": "",
        "Input files updated by another job: [^;]*": "earlier steps ran",
        "Params have changed since last execution: [^;]*": "parameters or contents changed",
        "Forced execution": "interrupted last time",
        "Rules with a run or shell declaration .*": "always done",
    }

    def __init__(self):
        super().__init__()
        self.said = set()
        self.steps = {}
        self.total = 0

    def filter(self, record):
        """Let steps, failures and warnings through; note how many steps there will be."""
        event = getattr(record, "event", None)
        if event == "run_info":
            self.total = record.stats["total"]
        return event == "job_info" or (
            record.levelno >= WARNING and not self.SAID_BY_THE_STEP.search(record.getMessage())
        )

    def format_job_info(self, job):
        why = str(job["reason"])
        for pattern, plain in self.REASONS.items():
            why = re.sub(pattern, plain, why)
        why = "; ".join(filter(None, why.split("; "))) or "not there yet"
        step = self.steps.setdefault(job["jobid"], len(self.steps) + 1)
        return (
            f"Step {step} of {self.total}: {job['rule_msg'] or job['rule_name']}"
            f"{self.which(job)} ({why})"
        )

    def which(self, job):
        """Return which edition a step belongs to, where there are several."""
        edition = (job.get("wildcards") or {}).get("edition")
        return f" for {EDITIONS[edition]['label']}" if edition and len(EDITIONS) > 1 else ""

    def format_job_error(self, job):
        logs = [Path(log) for log in job["log"] if Path(log).exists()]
        message = "\n".join(log.read_text(encoding="utf-8").strip() for log in logs)
        message = message or f"{job['rule_name']} was stopped before it could say why."
        if message.endswith("KeyboardInterrupt"):
            message = "Interrupted."
        return "" if message in self.said else self.said.add(message) or message


def hold_lock():
    """Keep a second build out of this folder; the system lets go of it however this one ends."""
    Path("build").mkdir(exist_ok=True)
    lock = open("build/.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Another build is running in this folder. Wait until it has finished.")
    return lock


def declared(notebook):
    """Return the year and the region that a notebook declares as its default edition."""
    parameters = inspect_notebook(notebook)
    return {name: ast.literal_eval(parameters[name]["default"]) for name in DEFAULT_NAMES}


def slug(text):
    """Return text as part of a file name: lower case, plain letters and digits, hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def edition(year, region):
    """Return the name of an edition's folder, and what is known of it.

    Given to the notebooks is only what differs from what they declare themselves.
    """
    chosen = DEFAULTS | {"report_year": year, "region": region}
    given = {name: value for name, value in chosen.items() if value != DEFAULTS[name]}
    return f"{slug(region)}-{slug(year)}", {"given": given, "label": f"{region}, {year}"}


def editions(year, region):
    """Return the editions asked for by folder name; say which were left out for want of data.

    Several are not begun with faulty data: reading all tables checks them.
    """
    if not (is_several(year) or is_several(region)):
        return dict([edition(year, region)])
    from rso_report.editions import buildable  # takes a second to import, and seldom needed

    try:
        data = load(*(Path(table).stem for table in DATA if table != DESCRIPTOR))
        found, left_out = select(year, region, buildable(data))
    except ReportError as error:
        sys.exit(str(error))
    if workflow.is_main_process:
        print(*left_out_lines(left_out), sep="\n", end="\n" * bool(left_out), file=sys.stderr)
    return dict(edition(*one) for one in found)


def parameters(wildcards):
    """Return what a notebook is given, as the options of its execution.

    A function, for what is given may hold braces, which mean something to Snakemake.
    """
    given = EDITIONS[wildcards.edition]["given"]
    return ["-y", json.dumps(given, ensure_ascii=False, sort_keys=True)] if given else []


@cache
def notebook_sources(name):
    """Return what a notebook's execution depends on, as paths from here: people read them."""
    notebook = f"notebooks/{name}.ipynb"
    return [notebook, *map(os.path.relpath, tables_read(Path(notebook))), *PACKAGE]


def sources(wildcards):
    """Return what the execution of the notebook of this name depends on."""
    return notebook_sources(wildcards.name)


@cache
def notebook_digest(name):
    """Return the digest of what a notebook's execution depends on."""
    return digest(notebook_sources(name), schema())


def schema():
    """Return the description of the data without sizes and hashes, which change with any row."""
    package = json.loads(Path(DESCRIPTOR).read_text(encoding="utf-8"))
    for resource in package["resources"]:
        resource.pop("bytes", None)
        resource.pop("hash", None)
    return json.dumps(package, sort_keys=True)


def digest(paths, text=""):
    """Return a digest of files: a copied-in file can be different and yet older than its pages."""
    files = (Path(path) for path in paths)
    contents = [text.encode(), *(file.read_bytes() for file in files if file.is_file())]
    return sha256(b"".join(sha256(content).digest() for content in contents)).hexdigest()[:16]


if "--verbose" not in sys.argv:
    for handler in logger.handlers:
        handler.setFormatter(terse := Terse())
        handler.addFilter(terse)
LOCK = hold_lock() if workflow.is_main_process else None

DESCRIPTOR = "data/datapackage.json"
DATA = sorted(map(str, Path("data").glob("*.csv"))) + [DESCRIPTOR]
DEFAULT_NAMES = ("report_year", "region")
DEFAULTS = declared("notebooks/key-findings.ipynb")
ASKED = [str(config.get(name) or "") for name in ("year", "region")]
EDITIONS = editions(ASKED[0] or DEFAULTS["report_year"], ASKED[1] or DEFAULTS["region"])

SOURCES = sorted(map(str, Path("notebooks").glob("*.ipynb")))
NOTEBOOKS = [Path(source).stem for source in SOURCES]
PACKAGE = sorted(map(str, Path("src/rso_report").glob("*.py"))) + ["requirements.lock"]
PAGES = list(map(str, page_files(Path())))
PYTHON = sys.executable
BUILD = "build/{edition}"
LOGS = f"{BUILD}/logs"
PUBLISH = [PYTHON, "-m", "rso_report.publish", "site", "_site"]


def starts(names):
    """Return the start pages of editions that wait to be published."""
    return [f"build/{name}/pages/index.html" for name in names]


wildcard_constraints:
    edition="[^/]+",
    name="[^/]+",


localrules:
    report,
    pdf,
    check_data,


# Of several editions a failing one doesn't stop the others; of one, the first fault is enough.
onstart:
    workflow.scheduler.keepgoing |= len(EDITIONS) > 1


# Publishing is cheap and always done: it puts back a site that someone deleted.
rule report:
    input:
        starts(EDITIONS),
    log:
        "build/publish.log",
    message:
        "Publishing"
    shell:
        "{PUBLISH:q} {input:q} 2> {log:q}"


# Some editions failed, and what they had published stays. The others, and the earlier pages of
# those that failed, are whole: pages get their place in one step, at the end of the rule `book`.
onerror:
    whole = [start for start in starts(EDITIONS) if Path(start).exists()]
    if len(EDITIONS) > 1 and whole:
        print("Publishing what was built", file=sys.stderr)
        subprocess.run([*PUBLISH, *whole], check=False)


# The check comes before any notebook by its priority and by taking every core. It isn't an input
# of the notebooks: then a change of one table would execute all of them, and marked as ancient()
# it would keep Snakemake from seeing any change at all in the run in which it is made.
rule check_data:
    input:
        DATA,
        PACKAGE,
    output:
        touch("build/data-checked"),
    params:
        content=digest(DATA + PACKAGE),
    log:
        "build/data.log",
    message:
        "Checking the data"
    priority: 100
    threads: 1000  # Snakemake takes as many as there are
    shell:
        "{PYTHON:q} -m rso_report.dataset > /dev/null 2> {log:q}"


rule execute_notebook:
    input:
        sources,
        ancient(DESCRIPTOR),  # what matters of it is in params
        notebook="notebooks/{name}.ipynb",
    output:
        f"{BUILD}/notebooks/{{name}}.ipynb",
    params:
        content=lambda wildcards: notebook_digest(wildcards.name),
        parameters=parameters,
    log:
        f"{LOGS}/notebook-{{name}}.log",
    message:
        "Executing {input.notebook}"
    resources:
        mem_mb=600,
        runtime=10,
    shell:
        "{PYTHON:q} -m rso_report.execute {input.notebook:q} {output:q} {params.parameters:q}"
        " 2> {log:q}"


# Whatever may not be published stops here, before anybody can see it. The pages get their place
# in one step, and only when they are whole.
rule book:
    input:
        "build/data-checked",
        PACKAGE,
        PAGES,
        notebooks=expand(f"{BUILD}/notebooks/{{name}}.ipynb", name=NOTEBOOKS, allow_missing=True),
    output:
        f"{BUILD}/pages/index.html",
    params:
        content=digest(PACKAGE + PAGES + SOURCES),
        address=os.environ.get("RSO_REPORT_URL", ""),  # read by the book
    log:
        f"{LOGS}/book.log",
    message:
        "Building the pages"
    resources:
        mem_mb=1000,
        runtime=15,
    shell:
        "book=build/{wildcards.edition}/book; pages=$(dirname {output:q});"
        " ({PYTHON:q} -m rso_report.publish book $book {input.notebooks:q}"
        " && {PYTHON:q} -m rso_report.leaks $book/_build/html"
        " && rm -rf $pages && mv $book/_build/html $pages && rm -rf $book) 2> {log:q}"


# Only on demand: it needs a browser, and nothing else here does. It stands beside the pages, and
# is published as long as it is younger than they are.
rule print_pdf:
    input:
        f"{BUILD}/pages/index.html",
    output:
        f"{BUILD}/report.pdf",
    log:
        f"{LOGS}/pdf.log",
    message:
        "Printing the PDF"
    shell:
        "{PYTHON:q} -m rso_report.pdf $(dirname {input:q}) {output:q} 2> {log:q}"


rule pdf:
    input:
        [f"build/{name}/report.pdf" for name in EDITIONS],
        pages=starts(EDITIONS),
    log:
        "build/publish-pdf.log",
    message:
        "Publishing with the PDF"
    shell:
        "{PUBLISH:q} {input.pages:q} 2> {log:q}"
