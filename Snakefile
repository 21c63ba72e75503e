"""The graph of the report: data, package and notebooks in; executed notebooks, pages, site out.

`make report` is the short way in. Without make, or on other machines than this one:

    snakemake --cores all --config year=2020-21 region="West Midlands"

Snakemake decides what has to run, and each step says why. A year or a region that isn't given is
the one that the notebooks themselves declare in their cell of parameters.
"""

import ast
import fcntl
import json
import os
import re
import sys
import unicodedata
from hashlib import sha256
from logging import WARNING
from pathlib import Path

from papermill import inspect_notebook
from snakemake.logging import DefaultFormatter, logger

from rso_report.dataset import tables_read
from rso_report.publish import commit, page_files


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

    def filter(self, record):
        """Let steps, failures and warnings through."""
        return getattr(record, "event", None) == "job_info" or (
            record.levelno >= WARNING and not self.SAID_BY_THE_STEP.search(record.getMessage())
        )

    def format_job_info(self, job):
        why = str(job["reason"])
        for pattern, plain in self.REASONS.items():
            why = re.sub(pattern, plain, why)
        why = "; ".join(filter(None, why.split("; "))) or "not there yet"
        return f"{job['rule_msg'] or job['rule_name']} ({why})"

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
    return {name: ast.literal_eval(parameters[name]["default"]) for name in EDITION}


def slug(text):
    """Return text as part of a file name: lower case, plain letters and digits, hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def sources(wildcards):
    """Return what a notebook's execution depends on, as paths from here: people read them."""
    notebook = f"notebooks/{wildcards.name}.ipynb"
    return [notebook, *map(os.path.relpath, tables_read(Path(notebook))), *PACKAGE]


def schema():
    """Return the description of the data without sizes, hashes, days: they change with any row."""
    package = json.loads(Path(DESCRIPTOR).read_text(encoding="utf-8"))
    for resource in package["resources"]:
        for name in ("bytes", "hash", "updated"):
            resource.pop(name, None)
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

EDITION = {"report_year": config.get("year"), "region": config.get("region")}
DEFAULTS = declared("notebooks/key-findings.ipynb")
ASKED = {name: str(value) for name, value in EDITION.items() if value not in (None, "")}
GIVEN = {name: value for name, value in ASKED.items() if value != DEFAULTS[name]}
CHOSEN = DEFAULTS | GIVEN
NAME = f"{slug(CHOSEN['region'])}-{slug(CHOSEN['report_year'])}"
BUILD = f"build/{NAME}"
LOGS = f"build/{NAME}/logs"

SOURCES = sorted(map(str, Path("notebooks").glob("*.ipynb")))
NOTEBOOKS = [Path(source).stem for source in SOURCES]
DESCRIPTOR = "data/datapackage.json"
DATA = sorted(map(str, Path("data").glob("*.csv"))) + [DESCRIPTOR]
PACKAGE = sorted(map(str, Path("src/rso_report").glob("*.py"))) + ["requirements.lock"]
PAGES = list(map(str, page_files(Path())))
PYTHON = sys.executable


localrules:
    report,
    check_data,
    book,


# Publishing is cheap and always done: it puts back a site that someone deleted.
rule report:
    input:
        f"{BUILD}/book/_build/html/index.html",
    params:
        live=f"_site/{NAME}",
    log:
        f"{LOGS}/publish.log",
    message:
        "Publishing"
    shell:
        # Whatever may not be published stops here, before the site is switched.
        "({PYTHON:q} -m rso_report.leaks $(dirname {input:q})"
        " && {PYTHON:q} -m rso_report.publish site {params.live:q} {input:q}) 2> {log:q}"


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
        f"{LOGS}/data.log",
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
        content=lambda wildcards: digest(sources(wildcards), schema()),
        # A function, for what is given may hold braces, which mean something to Snakemake.
        parameters=lambda _: [word for pair in sorted(GIVEN.items()) for word in ("-p", *pair)],
    log:
        f"{LOGS}/notebook-{{name}}.log",
    message:
        "Executing {input.notebook}"
    shell:
        "{PYTHON:q} -m rso_report.execute {input.notebook:q} {output:q} {params.parameters:q}"
        " 2> {log:q}"


rule book:
    input:
        "build/data-checked",
        PACKAGE,
        PAGES,
        notebooks=expand(rules.execute_notebook.output, name=NOTEBOOKS),
    output:
        f"{BUILD}/book/_build/html/index.html",
    params:
        content=digest(PACKAGE + PAGES + SOURCES),
        address=os.environ.get("RSO_REPORT_URL", ""),  # read by the book
        commit=commit(Path()),  # each page names it
    log:
        f"{LOGS}/book.log",
    message:
        "Building the pages"
    shell:
        "{PYTHON:q} -m rso_report.publish book {BUILD}/book {input.notebooks:q} 2> {log:q}"


# Only on demand: it needs a browser, and nothing else here does.
rule pdf:
    input:
        f"{BUILD}/book/_build/html/index.html",
    output:
        f"_site/{NAME}.pdf",
    log:
        f"{LOGS}/pdf.log",
    message:
        "Printing the PDF"
    shell:
        "({PYTHON:q} -m rso_report.leaks $(dirname {input:q})"
        " && {PYTHON:q} -m rso_report.pdf $(dirname {input:q}) {output:q}) 2> {log:q}"
