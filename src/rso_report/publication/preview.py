"""The report as its author works on it: built again, and shown again, whenever a file is saved.

    python -m rso_report.publication.preview --year 2020-21 --region "North East"

The pages are those that a build would publish, before the checks of publication, served to this
machine alone. What makes a browser load a page again is added while the page is sent: it stands in
no file, and so never in what is published.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rso_report.cli import graph
from rso_report.edition import read_parameters
from rso_report.errors import ReportError
from rso_report.places import root

WATCHED = ("book", "data", "notebooks", "src/rso_report")
LOOK_EVERY = 0.3  # seconds
# It asks whether there is a next build by a script; the policy of a page allows no other way.
RELOAD = """setInterval(() => {{
  const script = document.createElement("script");
  script.src = "/-after/{number}";
  script.onload = script.onerror = () => script.remove();
  document.head.append(script);
}}, 1000);
"""


class Pages(SimpleHTTPRequestHandler):
    """Sends the pages of a folder, each with what loads it again after the next build.

    `number` of the server says how many builds have been shown.
    """

    def do_GET(self) -> None:
        """Send a file, a page with its addition, or the answer that a page asks for."""
        words, _, number = self.path.rpartition("/")
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() and self.path.endswith("/") else path
        if words == "/-after":
            is_next = int(number) != self.server.number
            self._send("text/javascript", b"location.reload();" if is_next else b"")
        elif words == "/-reload":
            self._send("text/javascript", RELOAD.format(number=int(number)).encode())
        elif path.suffix == ".html" and path.is_file():
            more = f'<script src="/-reload/{self.server.number}"></script></head>'
            self._send("text/html", path.read_bytes().replace(b"</head>", more.encode(), 1))
        else:
            super().do_GET()

    def _send(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        """Keep a browser from showing what it has from an earlier build."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def server(pages: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a folder of pages, for this machine alone; at any free port if 0."""
    serving = ThreadingHTTPServer(("127.0.0.1", port), partial(Pages, directory=str(pages)))
    serving.number = 0
    return serving


def saved(folder: Path) -> dict[Path, int]:
    """Return when each file that pages are made of was saved."""
    found, hidden = {}, {"__pycache__", ".ipynb_checkpoints"}
    for path in (*folder.glob("*.*"), *(p for name in WATCHED for p in (folder / name).rglob("*"))):
        with suppress(FileNotFoundError):  # an editor puts a file in the place of another
            if path.is_file() and not hidden & {*path.parts}:
                found[path] = path.stat().st_mtime_ns
    return found


def changes(folder: Path, every: float = LOOK_EVERY) -> Iterator[None]:
    """Yield whenever a file was saved, and the saving of all has come to rest."""
    known = saved(folder)
    while True:
        time.sleep(every)
        if (now := saved(folder)) != known:
            while known != now:
                known = now
                time.sleep(every)
                now = saved(folder)
            yield


def show(build: Callable[[], bool], folder: Path, serving: Any) -> None:  # noqa: ANN401
    """Build, and again after each change; what does not build leaves the pages as they were."""
    watched = changes(folder)
    while True:
        if build():
            serving.number += 1
        next(watched)


def main(arguments: list[str] | None = None) -> int:
    """Build, serve and watch until somebody stops it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rso_report.publication.preview")
    parser.add_argument("--year", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    given = {"report_year": options.year, "region": options.region}
    try:
        slug = read_parameters({}, **{name: text for name, text in given.items() if text}).slug
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    start = Path("build", slug, "pages", "index.html")
    command = graph(str(start), options.year, options.region)
    try:
        with server(root() / start.parent, options.port) as serving:
            threading.Thread(target=serving.serve_forever, daemon=True).start()
            print(f"The report is shown at http://localhost:{serving.server_port}/", flush=True)
            show(lambda: subprocess.run(command, cwd=root()).returncode == 0, root(), serving)
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(f"Port {options.port}: {error.strerror}. Give another: --port.", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
