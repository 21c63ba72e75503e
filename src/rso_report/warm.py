"""Run a module's `main` as `python -m` would, in a fork of a process that has imported it already.

    python -m rso_report.warm MODULE ARGUMENT...    in a fork, if RSO_REPORT_WARM says of whom
    python -m rso_report.warm --serve               be that process, until standard input ends

A notebook takes two seconds to start and one to compute: two Pythons, each with all that it needs.
A build starts one that has imported it, and each notebook and each kernel is a fork of that: it has
the modules, and nothing that another did to them. So is the book of each edition. Who asked stays
as a stand-in with the same streams and exit status. If either ends, so does the other; where
nobody answers, it runs by itself.
"""

import builtins
import gc
import json
import os
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from types import SimpleNamespace

WARM = "RSO_REPORT_WARM"  # in the environment: the socket at which it waits
BOOK = "jupyter_book.cli.main"  # the builder of the book
LOST = 137  # the exit status that a shell gives for what was killed
LONGEST = 2**20  # bytes of what is asked, most of them the environment


def ask(path: str, words: list[str]) -> int | None:
    """Let the process at a socket run a module; return its exit status, None if nobody is there."""
    order = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        try:
            line.connect(path)
            socket.send_fds(line, [order], [0, 1, 2])
        except OSError:
            return None
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fork hears it too, and says so
        parent, status = os.getppid(), LOST
        while os.getppid() == parent:
            if select([line], [], [], 1)[0]:
                if not (said := line.recv(1)):
                    return status
                status = said[0]
    return LOST


def serve(path: str) -> None:
    """Print a line when it can be asked, fork for each who asks, and return in the forks too.

    Only who runs this may ask.
    """
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    umask = os.umask(0o177)
    listener.bind(path)
    os.umask(umask)
    listener.listen(128)
    print("waiting", flush=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    gc.freeze()  # to collect all of that when a fork ends takes it half a second
    while sys.stdin not in select([listener, sys.stdin], [], [])[0]:
        line, _ = listener.accept()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads: numpy's own see to forks themselves
            child = os.fork()
        if not child:
            listener.close()
            return become(line)
        line.close()
    Path(path).unlink(missing_ok=True)
    with suppress(ChildProcessError):  # the time of forks counts as that of the build
        while os.wait():
            pass


def prepare() -> None:
    """Import what executes notebooks, what a kernel is, what they import, and what makes the book.

    What cannot be imported is left to the step that needs it, which will say so.
    """
    del sys.path[0]  # the folder it was started in, which a kernel leaves out too
    import_module("rso_report.execute")  # before all others: see the package's __init__
    from rso_report.dependencies import code_of, imports

    names = {"ipykernel.kernelapp", "ipykernel.ipkernel"}
    for notebook in Path("notebooks").glob("*.ipynb"):
        with suppress(OSError, ValueError, KeyError):
            names |= imports(code_of(notebook))
    # What pandas shows of a wide table it decides when it is imported: less outside of a kernel.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    for name in (*sorted(names), *_of_the_book()):
        with suppress(Exception):  # many are no modules but what is taken of them
            import_module(name)
    del builtins.get_ipython


def _of_the_book() -> list[str]:
    """The builder of the book, and what it loads by the name that is in its configuration."""
    with suppress(Exception):
        import yaml
        from sphinx.application import builtin_extensions

        config = yaml.safe_load(Path("_config.yml").read_text(encoding="utf-8"))
        own = config["sphinx"]["config"]["extensions"]
        return [BOOK, "jupyter_book.sphinx", *builtin_extensions, *own]
    return []


def become(line: socket.socket) -> None:
    """Do in a fork what was asked for, and end it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    order, streams, _, _ = socket.recv_fds(line, LONGEST, 3)
    words, folder, environment = json.loads(order)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=end_with, args=(line,), daemon=True).start()
    status = 1
    try:
        status = run(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else bool(end.code)
        raise
    finally:
        with suppress(OSError):
            line.send(bytes([status]))


def end_with(line: socket.socket) -> None:
    """Wait until who asked is gone, and then end this process."""
    with suppress(OSError):
        line.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


def run(words: list[str]) -> int:
    """Run the `main` of the first word's module with the others as arguments; return its status."""
    sys.argv = words
    return import_module(words[0]).main() or 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve(os.environ[WARM])
    else:
        found = ask(os.environ[WARM], sys.argv[1:]) if os.environ.get(WARM) else None
        sys.exit(run(sys.argv[1:]) if found is None else found)
