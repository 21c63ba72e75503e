"""Execute one notebook with Papermill and write it down the same way every time.

    python -m rso_report.execute NOTEBOOK OUTPUT [-p NAME VALUE]... [-y YAML]

Papermill leaves times, durations, versions and paths in what it writes, and gives the cell that it
injects a random id. All of that is taken out again, so executing twice gives the same bytes and a
difference in a committed notebook is a difference in the report.

``-p`` always passes a string. Papermill's own ``-p`` guesses: ``2024_25`` becomes the number
202425 and ``No`` becomes False, and a year or a region must arrive as it was typed. Numbers are
given in YAML, as with Papermill: ``-y 'weeks: 44'``. The notebook refuses wrong ones when it opens
its edition, as it does under Papermill alone.

Without parameters no cell is injected, so a committed notebook can be executed in place. Then each
chart also gets a picture: JupyterLab and code hosts do not draw the Vega-Lite that is stored, and
would show two lines of text. nbval leaves pictures out, which differ with a machine's fonts.
"""

import argparse
import base64
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, ValidationError
from nbformat.reader import NotJSONError
from papermill.exceptions import PapermillExecutionError, strip_color
from traitlets.config import Config

from rso_report import errors
from rso_report.errors import ReportError
from rso_report.parameters import read_text
from rso_report.warm import WARM

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
CHART, PICTURE = "application/vnd.vegalite.v6+json", "image/png"
INJECTED = "injected-parameters"
LONGEST_SOCKET_PATH = 90  # bytes; the systems' own limits are 104 and 108, and a port is added


class ThisPython(AsyncKernelManager):
    """Starts the Python that runs this, whichever kernel goes by the name in the notebook.

    By its name a kernel is looked for in JUPYTER_PATH first, and the one found there can belong to
    another checkout, with other data.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of this environment: its command begins with `sys.executable`."""
        kernel = get_kernel_dict()
        if os.environ.get(WARM):  # in a build, which has a process that a kernel can be a fork of
            kernel["argv"][1:3] = ["-m", "rso_report.warm", "ipykernel.kernelapp"]
        return KernelSpec(**kernel)


def execute(notebook: Path, output: Path, parameters: dict[str, Any] | None = None) -> None:
    """Execute ``notebook`` with ``parameters`` in the current folder and write ``output``.

    ``output`` is replaced in one step, and only by a notebook that ran to its end.

    Raises ReportError: the notebook can't be read, or stopped, as for a wrong parameter.
    """
    source = read(notebook)
    executed = normalise(run(notebook, parameters or {}), source)
    if output.resolve() == notebook.resolve():
        add_pictures(executed, source)
    write(executed, output)


def read(notebook: Path) -> NotebookNode:
    """Return the notebook as it is stored, or raise ReportError naming what is wrong."""
    try:
        return nbformat.read(notebook, as_version=nbformat.NO_CONVERT)
    except FileNotFoundError:
        raise ReportError(f"There is no notebook {notebook}.") from None
    except (NotJSONError, ValidationError, UnicodeDecodeError) as error:
        raise ReportError(f"{notebook} is not a notebook: {error}") from None


def run(notebook: Path, parameters: dict[str, Any]) -> NotebookNode:
    """Return the executed notebook; raise ReportError when it doesn't reach its last cell."""
    logging.getLogger("papermill").setLevel("ERROR")  # of an unknown name the notebook says more
    with tempfile.TemporaryDirectory(prefix="rso-", ignore_cleanup_errors=True) as folder:
        try:
            executed = papermill.execute_notebook(
                notebook,
                None,
                parameters,
                kernel_name=KERNEL["name"],
                language=KERNEL["language"],
                kernel_manager_class=ThisPython,
                progress_bar=False,
                config=kernel_transport(Path(folder)),
                extra_arguments=[
                    f"--ipython-dir={folder}",  # nobody's own start-up files in a public report
                    "--IPKernelApp.exec_PYTHONSTARTUP=False",
                    "--log-level=CRITICAL",  # it reports its own shutdown as an error
                    # Before all others, which it makes faster to import: see there.
                    "--IPKernelApp.exec_lines=__import__('rso_report');",
                ],
                coalesce_streams=True,
                record_timing=False,
            )
        except PapermillExecutionError as error:
            raise ReportError(explain(notebook, error)) from None
        except DeadKernelError:
            raise ReportError(f"{notebook}: Python died while executing it.") from None
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    if any(output.output_type == "error" for output in outputs):  # Papermill lets exit(0) pass
        raise ReportError(f"{notebook} left by sys.exit before its last cell.")
    return executed


def kernel_transport(folder: Path) -> Config:
    """Return a configuration that connects the kernel by sockets in a folder of its own.

    TCP, the default, sends everything in plain text, warns of it, and races for ports when
    notebooks run in parallel. It remains where the folder's name is too long for a socket.
    """
    config = Config()
    if os.name == "posix" and len(os.fsencode(folder)) < LONGEST_SOCKET_PATH:
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = str(folder / "kernel")
    return config


def explain(notebook: Path, error: PapermillExecutionError) -> str:
    """Return what a reader needs of an exception in a notebook, the message last.

    The package's own exceptions are written for the reader and stand alone. Of any other the
    places that it passed are given too, a line each.
    """
    message = strip_color(error.evalue).strip()
    if is_ours(error.ename) and message:
        return message
    trace = strip_color("\n".join(error.traceback)).splitlines()
    places = [line for line in trace if line.startswith(("Cell In[", "File "))]
    where = f"{notebook} stopped in cell [{error.exec_count}]:"
    return "\n".join([where, *places, f"{error.ename}: {message}"])


def is_ours(exception: str) -> bool:
    """Return whether an exception class of that name is one of those for the reader."""
    return hasattr(errors, exception)


def normalise(executed: NotebookNode, source: NotebookNode) -> NotebookNode:
    """Take out of ``executed`` all that differs between two executions of ``source``."""
    known = {cell.get("id") for cell in source.get("cells", [])} - {None}
    executed.metadata.pop("papermill", None)
    executed.metadata["kernelspec"] = dict(KERNEL)
    executed.metadata["language_info"] = {"name": KERNEL["language"]}
    for number, cell in enumerate(executed.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        tags = cell.metadata.pop("tags", [])
        if INJECTED in tags:
            cell["id"] = INJECTED
            tags = sorted({*tags, "remove-cell"})
        elif cell.get("id") not in known:
            cell["id"] = f"cell-{number}"
        if tags:
            cell.metadata["tags"] = tags
    executed.nbformat_minor = max(executed.nbformat_minor, 5)  # the first with cell ids
    return executed


def add_pictures(executed: NotebookNode, source: NotebookNode) -> None:
    """Give each chart of a notebook a picture beside its specification.

    A chart that is the same as in ``source`` keeps the picture that it has there.
    """
    import vl_convert  # here, because it takes long and most executions draw nothing

    known = {json.dumps(chart[CHART]): chart.get(PICTURE) for chart in charts(source)}
    for chart in charts(executed):
        drawn = known.get(json.dumps(chart[CHART]))
        spec = {key: value for key, value in chart[CHART].items() if key != "usermeta"}
        chart[PICTURE] = drawn or base64.b64encode(
            vl_convert.vegalite_to_png(spec, allowed_base_urls=[])
        ).decode("ascii")


def charts(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the data of each output of a notebook that is a chart."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if CHART in output.get("data", {}):
                yield output["data"]


def write(notebook: NotebookNode, output: Path) -> None:
    """Write the notebook in one step: a reader finds the old file or the new one.

    Raises ReportError if there is no room, or no permission.
    """
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, output)
    except OSError as error:
        raise ReportError(f"{output} was not written: {error.strerror}.") from None
    finally:
        beside.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Execute one notebook as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rso_report.execute")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("-p", nargs=2, metavar=("NAME", "VALUE"), action="append", default=[])
    parser.add_argument("-y", metavar="YAML", action="append", default=[])
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the kernel is shut down too
    try:
        parameters = dict(options.p)
        for text in options.y:
            parameters |= read_text(text)
        execute(options.notebook, options.output, parameters)
    except ReportError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
