"""How soon a reader on a slow phone sees a page of ours, beside the plain stack's with its charts.

The plain page holds the same text, charts and tables: Altair's own HTML in the place of our blocks,
built by Jupyter Book with none of our settings. What it would fetch from other hosts is served here
too: the chart library as one script, of the rest nothing, in its favour.
"""

import gzip
import json
import shutil
import statistics
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import altair as alt
import vl_convert
from altair.utils import spec_to_html
from playwright.sync_api import Browser, sync_playwright

from rso_report.figures import MIME_TYPE
from rso_report.publication import chromium

EDITION, PAGE = "west-midlands-2021-22", "notebooks/regional-trends"
CONFIG = "title: Plain\nexecute:\n  execute_notebooks: 'off'\nonly_build_toc_files: true\n"
# As Lighthouse measures a phone: processor slowed down by four, 1.6 Mbit/s, 150 ms of latency.
SLOWER, NETWORK = 4, {"downloadThroughput": 2e5, "uploadThroughput": 9e4, "latency": 150}
DRAWN = """() => {
  const seen = box => [...box.querySelectorAll('img, svg, canvas')].some(each =>
    each.checkVisibility() && (each.tagName !== 'IMG' || (each.complete && each.naturalWidth)));
  const charts = [...document.querySelectorAll('.rso-chart, .vega-embed')];
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  const now = performance.now();
  return paint && charts.length >= %d && charts.every(seen) && [paint.startTime, now];
}"""


class Compressing(SimpleHTTPRequestHandler):
    """A silent web server that compresses what it sends, as those of public sites do."""

    def do_GET(self) -> None:
        """Send a file, compressed, or nothing in the place of one that is not there."""
        path = Path(self.translate_path(self.path))
        content = gzip.compress(path.read_bytes() if path.is_file() else b"", 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(BrokenPipeError):  # the browser has gone on
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    handler = partial(Compressing, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def plain(folder: Path, executed: Path, run: Callable[..., None]) -> Path:
    """Build an executed notebook's page by the plain stack; return the folder of the page."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    outputs = [each for cell in notebook["cells"] for each in cell.get("outputs", ())]
    for number, each in enumerate(outputs):
        if spec := each.get("data", {}).pop(MIME_TYPE, None):
            each["data"]["text/html"] = spec_to_html(
                spec,
                "vega-lite",
                vega_version=alt.VEGA_VERSION,
                vegalite_version=alt.VEGALITE_VERSION,
                vegaembed_version=alt.VEGAEMBED_VERSION,
                fullhtml=False,
                output_div=f"chart-{number}",
                template="universal",
            )
    (folder / "page.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "_config.yml").write_text(CONFIG)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    run(folder, Path(sys.executable).with_name("jupyter-book"), "build", folder)
    site = folder / "_build" / "html"
    cdn = site / "_static" / "cdn" / f"vega@{alt.VEGA_VERSION}"
    cdn.parent.mkdir()
    # In a function of its own: its one-letter names would otherwise be those of other scripts.
    cdn.write_text(f"(() => {{{vl_convert.javascript_bundle()}}})();", encoding="utf-8")
    page = (site / "page.html").read_text(encoding="utf-8")
    page = page.replace("https://cdn.jsdelivr.net/npm", "_static/cdn")
    (site / "page.html").write_text(page.replace('src="https://', 'src="_static/none/'))
    return site


def look(browser: Browser, address: str, charts: int) -> tuple[float, float]:
    """Return the seconds to the first paint of a page and to the last of its charts."""
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False} | NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="commit")
    paint, drawn = page.wait_for_function(DRAWN % charts, timeout=120_000).json_value()
    context.close()
    return paint / 1000, drawn / 1000


def table(ours: Path, executed: Path, work: Path, run: Callable[..., None], rounds: int = 5) -> str:
    """Return the medians of our page and of the plain one as a table in Markdown.

    `ours` is a built site, `executed` the notebook of its page, `work` a folder for the plain one;
    `run` runs a command.
    """
    charts = executed.read_text(encoding="utf-8").count(f'"{MIME_TYPE}"')
    with (
        served(ours) as own,
        served(plain(work, executed, run)) as other,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**chromium.how_to_start())
        pages = {"ours": f"{own}{PAGE}.html", "the plain stack's": f"{other}page.html"}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
        for _ in range(rounds):
            for name, address in pages.items():
                found[name].append(look(browser, address, charts))
        browser.close()
    rows = {
        name: [statistics.median(each) for each in zip(*found[name], strict=True)] for name in pages
    }
    shares = [one / two for one, two in zip(*rows.values(), strict=True)]
    rows["share"] = shares
    lines = [
        f"A page with {charts} charts on a slow phone, seconds, medians of {rounds}",
        "",
        "| Page | First paint | Last chart |",
        "|---|---:|---:|",
        *(f"| {name} | {paint:.2f} | {drawn:.2f} |" for name, (paint, drawn) in rows.items()),
    ]
    return "\n".join(lines)
