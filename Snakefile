"""The graph of the report: data, package and notebooks in; executed notebooks, pages, site out.

`make report` is the short way in. Without make, or on other machines than this one:

    snakemake --cores all --config year=2020-21 region="West Midlands"
    snakemake --cores all --config year=2017-18..2021-22 region=all
    snakemake --profile profiles/slurm --config year=all region=all

Instead of a region one police force may be named, such as region="West Mercia".

Snakemake decides what has to run, and each step says why. What isn't given, as year, as region or
in a YAML file (parameters=FILE), is as the notebooks declare it. Of many editions each stands
alone: one that fails stays as it was, and the others are built.
"""

import atexit
import fcntl
import json
import os
import re
import subprocess
import sys
from functools import cache
from hashlib import sha256
from logging import WARNING
from pathlib import Path

from snakemake.logging import DefaultFormatter, logger

from rso_report.dataset import load, tables_read
from rso_report.dependencies import code_of, modules_imported, modules_used
from rso_report.edition import assigned, read_parameters, stored_choices
from rso_report.errors import ReportError
from rso_report.parameters import EditionParameters, read_file
from rso_report.publication.assemble import commit, page_files
from rso_report.publication.citation import public_address
from rso_report.publication.ready import state
from rso_report.selection import is_several, left_out_lines, select
from rso_report.warm import WARM


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
        again = " again" if job["jobid"] in self.steps else ""  # a job that was killed
        step = self.steps.setdefault(job["jobid"], len(self.steps) + 1)
        what = job["rule_msg"] or job["rule_name"]
        if not self.total:  # one step, on the machine of a cluster
            return f"{what} ({why})"
        return f"Step {step} of {self.total}{again}: {what}{self.which(job)} ({why})"

    def which(self, job):
        """Return which edition a step belongs to, where there are several."""
        edition = (job.get("wildcards") or {}).get("edition")
        if not edition or len(EDITIONS) == 1:
            return ""
        return f" for {EDITIONS[edition].region}, {EDITIONS[edition].report_year}"

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
    lock = open("build/.lock", "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        sys.exit(
            f"Another build is running in this folder (process {lock.read() or 'unknown'}). "
            "Wait until it has finished and give the same command again. There is no lock to "
            "remove: it ends with that process."
        )
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def warm_process():
    """Start the process that notebooks and books are made in forks of; it ends with this one."""
    command = [PYTHON, "-m", "rso_report.warm", "--serve"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    warm = subprocess.Popen(command, env=os.environ | {WARM: SOCKET}, **pipes)

    def end():
        if WARM not in os.environ:  # nobody was told of it: it may still be importing
            warm.kill()
        warm.communicate()

    atexit.register(end)
    return warm


def require_readable(paths):
    """Stop if a source can't be read.

    Snakemake would take what was made from it earlier for a source of its own, and publish that.
    """
    for path in paths:
        try:
            open(path, "rb").close()
        except OSError as error:
            sys.exit(f"{path}: {error.strerror}. Nothing was built, and the site stays as it was.")


def editions(year, region, file):
    """Return the parameters of each edition asked for, by the name of its folder.

    Of several, those for which there are no data are left out, with a line that says so. Several
    are not begun with faulty data: loading all tables checks them.
    """
    given = {"report_year": year, "region": region}
    given = {name: text for name, text in given.items() if text}
    if not any(map(is_several, given.values())):
        chosen = [read_parameters(file or {}, **given)]
    else:
        choices = stored_choices()
        source = read_file(Path(file)) if file else {}
        asked = EditionParameters().model_dump() | source | given
        years, regions = str(asked["report_year"]), str(asked["region"])
        names = [choices.meant(name.strip()) for name in regions.split(",")]
        forces = [name for name in names if name in choices.places]  # `all` does not mean these
        known = choices.editions_of(*choices.regions, *forces)
        found, left_out = select(years, ",".join(names), known)
        if workflow.is_main_process:
            load(*(Path(table).stem for table in DATA if table != DESCRIPTOR))
            print("".join(f"{line}\n" for line in left_out_lines(left_out)), end="", file=sys.stderr)
        chosen = [
            read_parameters(file or {}, choices=choices, report_year=year, region=region)
            for year, region in ((edition.report_year, edition.region) for edition in found)
        ]
    return {parameters.slug: parameters for parameters in chosen}


@cache
def declared(name):
    """Return the names of the parameters that the notebook of this name declares."""
    return frozenset(assigned(code_of(Path(f"notebooks/{name}.ipynb"), "parameters")))


def parameters(wildcards):
    """Return what a notebook is given, as the options of its execution.

    A function, for what is given may hold braces, which mean something to Snakemake.
    """
    given = EDITIONS[wildcards.edition].for_notebook(declared(wildcards.name))
    return ["-y", json.dumps(given, ensure_ascii=False)] if given else []


def address(wildcards):
    """Return the address of an edition, a folder of the site, if that of the site is known."""
    return f"{SITE_ADDRESS}{wildcards.edition}/" if SITE_ADDRESS else ""


@cache
def notebook_sources(name):
    """Return what a notebook's execution depends on, as paths from here: people read them."""
    notebook = Path(f"notebooks/{name}.ipynb")
    read = [*tables_read(notebook), *modules_used(notebook)]
    return [str(notebook), *map(os.path.relpath, read), "requirements.lock"]


def sources(wildcards):
    """Return what the execution of the notebook of this name depends on."""
    return notebook_sources(wildcards.name)


@cache
def notebook_digest(name):
    """Return the digest of what a notebook's execution depends on."""
    return digest(notebook_sources(name), schema())


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
PYTHON, SOCKET = sys.executable, "build/.warm"
# It imports while the graph is made.
WARM_PROCESS = warm_process() if workflow.is_main_process else None

COMMIT = commit(Path())
DESCRIPTOR = "data/datapackage.json"
DATA = sorted(map(str, Path("data").glob("*.csv"))) + [DESCRIPTOR]
ASKED = [str(config.get(name) or "") for name in ("year", "region", "parameters")]
try:
    SITE_ADDRESS = public_address()  # refused here, not after all notebooks
    EDITIONS = editions(*ASKED)
except ReportError as error:
    sys.exit(str(error))

SOURCES = sorted(map(str, Path("notebooks").glob("*.ipynb")))
NOTEBOOKS = [Path(source).stem for source in SOURCES]
PACKAGE = sorted(map(str, Path("src/rso_report").rglob("*.py"))) + ["requirements.lock"]
# What the check of the data depends on.
CHECKING = modules_imported(["rso_report.dataset", "rso_report.reconcile"])
CHECKING = [*map(os.path.relpath, CHECKING), "requirements.lock"]
PAGES = list(map(str, page_files(Path())))
if workflow.is_main_process:
    require_readable([*DATA, *SOURCES, *PACKAGE, *PAGES])
BUILD = "build/{edition}"
LOGS = f"{BUILD}/logs"
ONCE = "--once" if len(EDITIONS) > 1 else ""  # what is kept of one edition is no use to another
PUBLISH = [PYTHON, "-m", "rso_report.publication.site", "_site"]
STATE = ["--state", state(ASKED, COMMIT)] if len(EDITIONS) == 1 else []


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
    # Not on a cluster, whose jobs stay within what each was given.
    here = workflow.is_main_process and workflow.local_exec
    forked = ("execute_notebook", "book")
    if here and any(job.rule.name in forked for job in workflow.dag.needrun_jobs()):
        WARM_PROCESS.stdout.readline()  # now it can be asked, and answers when it is ready
        os.environ[WARM] = SOCKET


# Publishing is cheap and always done: it puts back a site that someone deleted.
rule report:
    input:
        starts(EDITIONS),
    log:
        "build/publish.log",
    message:
        "Publishing"
    shell:
        "{PUBLISH:q} {input:q} {STATE:q} 2> {log:q}"


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
        CHECKING,
    output:
        "build/data-checked",
    params:
        content=digest(DATA + CHECKING),
    log:
        "build/data.log",
    message:
        "Checking the data"
    priority: 100
    threads: 1000  # Snakemake takes as many as there are
    shell:
        "{PYTHON:q} -m rso_report.dataset record {output:q} > /dev/null 2> {log:q}"


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
        "{PYTHON:q} -m rso_report.warm rso_report.execute {input.notebook:q} {output:q}"
        " {params.parameters:q}"
        " 2> {log:q}"


# Whatever may not be published stops here, before anybody can see it. The pages get their place
# in one step, and only when they are whole. Of a single edition what Sphinx read is kept, so that
# the words of one page take seconds to be seen.
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
        address=address,
        commit=COMMIT,  # which a page names
    log:
        f"{LOGS}/book.log",
    message:
        "Building the pages"
    resources:
        mem_mb=1000,
        runtime=15,
    shell:
        "RSO_REPORT_URL={params.address:q} {PYTHON:q} -m rso_report.publication.assemble"
        " build/{wildcards.edition}/book $(dirname {output:q}) {input.notebooks:q} {ONCE}"
        " 2> {log:q}"


# Only on demand: it needs a browser, and nothing else here does. It stands beside the pages, and
# is published as long as it is younger than they are.
rule print_pdf:
    input:
        f"{BUILD}/pages/index.html",
    output:
        report=f"{BUILD}/report.pdf",
        briefing=f"{BUILD}/briefing.pdf",
    log:
        f"{LOGS}/pdf.log",
    message:
        "Printing the PDF"
    shell:
        "{PYTHON:q} -m rso_report.publication.pdf $(dirname {input:q}) {output.report:q} 2> {log:q}"


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
