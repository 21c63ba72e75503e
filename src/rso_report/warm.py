"""Run a module's `main` as `python -m` would, in a fork of a process that has imported it already.

    python -m rso_report.warm MODULE ARGUMENT...    in a fork, if RSO_REPORT_WARM says of whom
    python -m rso_report.warm --serve               be that process, until standard input ends

A notebook takes two seconds to start and one to compute: two Pythons, each with all that it needs.
A build starts one that has imported it, and each notebook and each kernel is a fork of that: it has
the modules, and nothing that another did to them. Who asked stays as a stand-in with the same
streams and exit status. If either ends, so does the other; where nobody answers, it runs by itself.
"""

import builtins
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
from selectors import EVENT_READ, DefaultSelector
from types import SimpleNamespace

WARM = "RSO_REPORT_WARM"  # in the environment: the socket at which it waits
LOST = 137  # the exit status that a shell gives for what was killed


def ask(path: str, words: list[str]) -> int | None:
    """Let the process at a socket run a module; return its exit status, None if nobody is there.

    A kernel has a session of its own, so that it does not hear Ctrl-C: so has its fork.
    """
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(path)
        except OSError:
            return None
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fork hears it too, and says so
        own_session = os.getsid(0) == os.getpid()
        order = json.dumps([words, os.getcwd(), dict(os.environ), own_session]) + "\n"
        socket.send_fds(line, [b"\0"], [0, 1, 2])
        line.sendall(order.encode())
        line.settimeout(1)
        parent, said = os.getppid(), b""
        while os.getppid() == parent:
            with suppress(TimeoutError):
                if not (more := line.recv(1)):
                    return said[0] if said else LOST
                said = more
    return LOST


def serve(path: str) -> None:
    """Wait at a socket and fork for each who asks; return when standard input ends, or in a fork.

    Only who runs this can ask. A line is printed when it can be asked.
    """
    Path(path).unlink(missing_ok=True)
    umask = os.umask(0o177)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.umask(umask)
    listener.listen(128)
    print("waiting", flush=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    waiting = DefaultSelector()
    for each in (listener, sys.stdin):
        waiting.register(each, EVENT_READ)
    while all(key.fileobj is listener for key, _ in waiting.select()):
        line, _ = listener.accept()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads: numpy's own see to forks themselves
            child = os.fork()
        if not child:
            waiting.close()
            listener.close()
            become(line)
        line.close()
        reap(os.WNOHANG)
    Path(path).unlink(missing_ok=True)
    reap(0)


def reap(options: int) -> None:
    """Take note of the end of forks, so that their time counts as that of the build."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def prepare() -> None:
    """Import what executes notebooks, what a kernel is, and all that the notebooks import."""
    del sys.path[0]  # the folder it was started in, which a kernel leaves out too
    import_module("rso_report.execute")  # before all others: see the package's __init__
    from rso_report.dependencies import code_of, imports

    names = {"ipykernel.kernelapp", "ipykernel.ipkernel"}
    for notebook in Path("notebooks").glob("*.ipynb"):
        with suppress(OSError, ValueError, KeyError):  # its own step will say it
            names |= imports(code_of(notebook))
    # What pandas shows of a wide table it decides when it is imported: less outside of a kernel.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    for name in sorted(names):
        with suppress(ImportError):  # most are no modules but what is taken of them
            import_module(name)
    del builtins.get_ipython


def become(line: socket.socket) -> None:
    """Do in a fork what was asked for, and end it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _, streams, _, _ = socket.recv_fds(line, 1, 3)
    with line.makefile() as file:
        words, folder, environment, own_session = json.loads(file.readline())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if own_session:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=end_with, args=(line,), daemon=True).start()
    status = 1
    try:
        status = run(words)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        raise
    finally:
        with suppress(OSError):
            line.send(bytes([status & 255]))
    sys.exit(status)


def end_with(line: socket.socket) -> None:
    """Wait until who asked is gone, and then end this process."""
    with suppress(OSError):
        line.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


def run(words: list[str]) -> int:
    """Run the `main` of the first word's module with the others as arguments."""
    sys.argv = words
    return import_module(words[0]).main() or 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve(os.environ[WARM])
    else:
        found = ask(os.environ[WARM], sys.argv[1:]) if os.environ.get(WARM) else None
        sys.exit(run(sys.argv[1:]) if found is None else found)
