"""How the tests of the built report read it: its pages, and a browser in each of its modes."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

THEMES = ("light", "dark")
WIDTHS = (320, 1280)
HEIGHT = 800
# By the clock of the page: the theme sees to what scrolls 300 milliseconds after a screen changed.
SETTLED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 400)))"


OPEN_CHARTS = """() => document.querySelectorAll('details:has(.rso-chart)').forEach(
  each => (each.open = true))"""
# One page of each kind: what is tried in every mode here is tried there on all pages as well.
KINDS = (
    "404.html",
    "search.html",
    "notebooks/summary.html",
    "notebooks/regional-trends.html",
    "book/data-and-sources.html",
    "book/downloads.html",
    "book/methods.html",
    "book/rows-breaches.html",
)


def pages_of(site: Path) -> dict[str, Path]:
    """Return every page by its path, without the front door and others that only lead on."""
    paths = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*.html"))}
    return {
        name: path
        for name, path in paths.items()
        if not name.startswith("_") and name != "index.html" and not leads_on(path)
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Return what every file below a folder holds, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def replace(path: Path, old: str, new: str) -> None:
    """Change a text in a file, where it stands first."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def leads_on(path: Path) -> bool:
    """Whether a page stands only in the place of one that has moved."""
    return "<h1>This page has moved</h1>" in path.read_text(encoding="utf-8")


@dataclass
class Log:
    """What one page asked for and said."""

    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def taken(self) -> "Log":
        """Return what was logged so far, and begin anew."""
        taken = Log([*self.requests], [*self.messages])
        self.requests.clear()
        self.messages.clear()
        return taken


def listen(page) -> Log:
    """Return the log of a tab in which pages are about to be opened.

    One tab opens one page after the other: a new tab takes Chromium twice as long as most pages.
    """
    log = Log()
    page.on("request", lambda request: log.requests.append(request.url))
    page.on("pageerror", lambda error: log.messages.append(str(error)))
    page.on(
        "console",
        lambda message: (
            message.type in {"error", "warning"}
            and log.messages.append(f"{message.type}: {message.text}")
        ),
    )
    return log


def once(page, holds: str, arg=None) -> None:
    """Wait until something holds on a page, however few frames a busy machine draws of it."""
    page.wait_for_function(holds, arg=arg, polling=50)


def draw_charts(page) -> None:
    """Scroll past every chart, folded ones opened, until each is drawn or has failed."""
    page.evaluate(OPEN_CHARTS)
    for box in page.locator(".rso-chart").all():
        if box.is_visible():
            box.evaluate("box => box.scrollIntoView({block: 'center', behavior: 'instant'})")
            once(page, "box => box.dataset.state !== 'static'", box.element_handle())
    page.evaluate("scrollTo(0, 0)")


def switch(page, theme: str, width: int, height: int = HEIGHT) -> None:
    """Show a page in a theme and a width, and wait until it is."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if page.viewport_size != {"width": width, "height": height}:
        page.set_viewport_size({"width": width, "height": height})
        once(page, "width => innerWidth === width", width)
        page.evaluate(SETTLED)
    once(
        page,
        "theme => document.documentElement.dataset.theme === theme"
        " || !document.querySelector('.bd-docs-nav')",  # the page for a wrong address has no theme
        theme,
    )


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """A web server that says nothing."""

    def log_message(self, *_):
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    handler = partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
