"""The Content-Security-Policy of every page: what a browser may run, load and send there.

Data are escaped wherever they are written into a page. Should that fail once, the browser still
runs nothing but files of this site and the scripts of the theme named here, and loads nothing from
another host. The policy stands in the page, so that it also holds from a folder. It is the same in
all pages; tests open them in a browser, which says whatever it refuses.
"""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rso_report.errors import ReportError, first_of

if TYPE_CHECKING:  # whoever publishes asks for no more than the policy, and Sphinx is slow to come
    from sphinx.application import Sphinx

# Of the pages that the theme does not make: the list of editions, and that for lost addresses.
STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #0b0c0c; --link: #12436d; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #121212; --ink: #f3f2f1; --link: #9fc5f8; }
}
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
  font-family: Arial, Helvetica, sans-serif; background: var(--ground); color: var(--ink); }
h1, h2 { line-height: 1.2; }
a { color: var(--link); display: inline-block; min-height: 24px; }
:focus-visible { outline: 3px solid currentcolor; outline-offset: 2px; }
.scroll { overflow-x: auto; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: 0 0 0.5rem; font-weight: bold; text-align: left; }
th, td { position: relative; min-width: 5rem; padding: 0.35rem 1rem 0.35rem 0;
  border-bottom: 1px solid #b1b4b6; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid currentcolor; }
tbody th { font-weight: normal; white-space: nowrap; }
@media print { .scroll { overflow: visible; } }
"""
STYLED = f'<link rel="icon" href="data:,">\n<style>{STYLE}</style>\n'  # in the head of one
_SCRIPTS = (  # of the theme, within pages
    "'sha256-nAlfAaSqnxNHJxuhi8ss7sVi9022nun4Nq5s4gx7MyM='",  # light or dark, as last chosen
    "'sha256-Zn2lcLRr5Xalqo1JuqGJ199bw9x0Ia80mdIXgk5sses='",  # neither chosen (module `book`)
    "'sha256-mNyD6WQ4vKGmtbf2Mk6RMjMo7k6Ib4wzc6b1fvYgVHE='",  # puts the cursor into the search
)
_STYLES = (
    "'sha256-C3nk0YHGM8DxSAqt/D7LJhnXw+LUypY+FxVXtw/fUEg='",  # of the theme, without scripts
    f"'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'",
)
HEAD = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    f"script-src 'self' {' '.join(_SCRIPTS)}; style-src 'self' {' '.join(_STYLES)}; "
    "img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'\">\n"
    '<meta name="referrer" content="no-referrer">\n'
)
_START = re.compile(r'<meta charset="utf-8" ?/?>\n?', re.IGNORECASE)
# What the theme sets, page by page, for features that this report does not have: the words of its
# scripts in British English, which are those of its American English, read by `new Function`; and
# what searches, a third of what a page loads, on pages below the one where it is done.
_UNUSED_SCRIPT = re.compile(
    r"\s*<script>DOCUMENTATION_OPTIONS\.\w+ = [^<;]*;</script>"
    r'|\s*<script src="[^"]*_static/translations\.js[^"]*"></script>'
    r'|\s*<script src="(?:\.\./)+'
    r'(?:_static/searchtools|_static/language_data|searchindex)\.js"></script>'
)
# Behind a policy browsers fetch one script after the other, and show nothing meanwhile. Deferred,
# scripts come together and run in the same order, and the text does not wait for them.
_WAITED_FOR = re.compile(r"<script (?=[^>]*\bsrc=)(?![^>]*\bdefer\b)")
_PRINT_BUTTON = 'onclick="window.print()"'  # bound by rso-theme.js instead


def plain_page(title: str, description: str, body: str, head: str) -> str:
    """Return a page that the theme does not make; all its parts are HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<meta name="description" content="{description}">\n{head}'
        f"</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )


def secured(html: str) -> str:
    """Return a page with the policy in its head, its text waiting for no script."""
    start = _START.search(html)
    if start is None:
        raise ReportError(f"found {html[:40]!r}; allowed: a page that begins with a <meta charset>")
    rest = _UNUSED_SCRIPT.sub("", html[start.end() :]).replace(_PRINT_BUTTON, "data-print")
    return html[: start.end()] + HEAD + _WAITED_FOR.sub("<script defer ", rest)


def is_secured(html: str) -> bool:
    """Whether a page has the policy in its head, before all that it speaks of."""
    start = _START.search(html)
    return start is not None and html.startswith(HEAD, start.end())


def require_secured(site: Path) -> None:
    """Raise ReportError if a page lacks the policy, or has another."""
    lacking = [p.relative_to(site).as_posix() for p in pages(site) if not is_secured(_text(p))]
    if lacking:
        raise ReportError(
            "Pages without the Content-Security-Policy, built by another version or changed since. "
            "Build their editions again:\n" + first_of(lacking)
        )


def pages(site: Path) -> Iterator[Path]:
    """The pages of a site, without templates that the theme copies."""
    for path in sorted(site.rglob("*.html")):
        if not any(part.startswith("_") for part in path.relative_to(site).parts):
            yield path


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _finish(app: "Sphinx", exception: Exception | None) -> None:
    """Give every page of a finished book its policy, but those kept from an earlier build."""
    if exception or app.builder.format != "html":
        return
    for path in pages(Path(app.outdir)):
        if not is_secured(html := _text(path)):
            path.write_text(secured(html), encoding="utf-8")


def setup(app: "Sphinx") -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    # After every page is written, the front door and the page for lost addresses too.
    app.connect("build-finished", _finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
