"""The Content-Security-Policy of every page: what a browser may run, load and send there.

Data are escaped wherever they are written into a page. Should that fail once, the browser still
runs nothing that is not a file of this site; and a page that holds more than a browser may run is
not published at all. The policy stands in the page, so that it also holds from a folder.
"""

import base64
import re
from collections.abc import Callable
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rso_report.errors import ReportError

if TYPE_CHECKING:  # whoever publishes asks for no more than the policy, and Sphinx is slow to come
    from sphinx.application import Sphinx

# The scripts within pages, all of the theme or for it, by their words; no other may run.
_KNOWN_SCRIPTS = frozenset(
    {
        'document.documentElement.dataset.mode = localStorage.getItem("mode") || ""; '
        'document.documentElement.dataset.theme = localStorage.getItem("theme") || "";',
        'document.documentElement.dataset.mode ||= "auto";',
        "// Activate the search field on page load "
        'let searchInput = document.querySelector("form.bd-search input"); if (searchInput) { '
        "searchInput.focus(); searchInput.select(); "
        'console.log("[PST]: Set focus on search field."); }',
    }
)
_DATA_BLOCKS = ("application/json", "application/ld+json")  # never run
# What the theme sets, page by page, for features that this report does not have; and the words of
# its scripts in British English, which are those of its American English, read by `new Function`.
_UNUSED_SCRIPT = re.compile(
    r"\s*<script>DOCUMENTATION_OPTIONS\.\w+ = [^<;]*;</script>"
    r'|\s*<script src="[^"]*_static/translations\.js[^"]*"></script>'
)
_PRINT_BUTTON = 'onclick="window.print()"'  # bound by rso-theme.js instead
_META = re.compile(
    r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?<meta name="referrer"[^>]*>\n?'
)
_CHARSET = re.compile(r'<meta charset="utf-8" ?/?>\n?', re.IGNORECASE)
_NEVER = {"iframe", "frame", "object", "embed", "applet", "base", "portal"}
_ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "poster", "srcset"}
_SCHEMES = re.compile(r"(?:https?|mailto|file):|(?![a-z][a-z0-9+.-]*:)")


class PolicyError(ReportError):
    """A page holds what no page of the report may hold."""


def secured(html: str, name: str) -> str:
    """Return a page with its policy in its head; the same page if it has it already.

    `name` is what messages call the page. Raises PolicyError for a page with a script that is
    not known here, an event handler, a style outside the head, a frame or a plug-in, or an address
    that runs something, for a browser would refuse it or, worse, not.
    """
    html = _META.sub("", _UNUSED_SCRIPT.sub("", html))
    html = html.replace(_PRINT_BUTTON, "data-print")
    page = _Page()
    page.feed(html)
    page.close()
    if page.faults:
        raise PolicyError("\n".join(f"{name}, {fault}" for fault in page.faults))
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *map(_hash, page.scripts)]),
        "style-src": " ".join(["'self'", *map(_hash, page.styles)]),
        "img-src": "'self' data:",
        "font-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    content = "; ".join(f"{key} {value}" for key, value in policy.items())
    meta = (
        f'<meta http-equiv="Content-Security-Policy" content="{escape(content, quote=False)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
    )
    start = _CHARSET.search(html)
    if start is None:
        raise PolicyError(f"{name}: found no <meta charset>; allowed: a page that begins with one")
    return html[: start.end()] + meta + html[start.end() :]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


class _Page(HTMLParser):
    """What a page runs and how it looks by what stands in it, and what it should not hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.faults: list[str] = []
        self._inside = ""
        self._text = ""
        self._in_head = True

    def _fault(self, found: str, allowed: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: found {found}; allowed: {allowed}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "body":
            self._in_head = False
        if tag in _NEVER:
            self._fault(f"<{tag}>", "no frame, plug-in or other base")
        for key, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if key.startswith("on"):
                self._fault(f"the handler {key}", "scripts in files of the site")
            elif key == "style":
                self._fault(f"a style of its own on <{tag}>", "style sheets of the site")
            elif key == "srcdoc":
                self._fault("srcdoc", "no frame")
            elif key in _ADDRESSES and not (
                _SCHEMES.match(address) or (tag in ("img", "link") and address.startswith("data:"))
            ):
                self._fault(f"the address {address[:40]!r}", "web and relative addresses")
        refresh = re.search("url=(.*)", (given.get("content") or "").lower())
        if tag == "meta" and "http-equiv" in given and refresh and ":" in refresh[1]:
            self._fault(f"the address {refresh[1][:40]!r}", "a page of this site")
        inline = tag == "script" and "src" not in given and given.get("type") not in _DATA_BLOCKS
        if inline or tag == "style":
            self._inside, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag != self._inside:
            return
        self._inside = ""
        if tag == "style" and self._in_head:
            self.styles.append(self._text)
        elif tag == "style":
            self._fault("a style sheet in the text", "style sheets of the site")
        elif " ".join(self._text.split()) in _KNOWN_SCRIPTS:
            self.scripts.append(self._text)
        else:
            self._fault(f"the script {self._text.strip()[:60]!r}", "scripts in files of the site")


def secure_site(site: Path) -> None:
    """Give every page of a built site its policy; raises PolicyError with all that is wrong.

    A page that has one was built earlier and kept. Before publication each is judged again.
    """
    for path, html, safe in _judged(site, lambda html: not _META.search(html)):
        if safe != html:
            path.write_text(safe, encoding="utf-8")


def require_secured(site: Path) -> None:
    """Raise PolicyError if a page lacks its policy, has another, or holds what no page may."""
    lacking = [path for path, html, safe in _judged(site) if safe != html]
    if lacking:
        names = ", ".join(path.relative_to(site).as_posix() for path in lacking)
        raise PolicyError(
            "Pages without the Content-Security-Policy that fits them, built by another version "
            f"or changed since: {names}. Build their editions again."
        )


def _judged(site: Path, wanted: Callable[[str], bool] = bool) -> list[tuple[Path, str, str]]:
    """The pages of a site, each as it is and as it should be; all that is wrong at once."""
    faults, pages = [], []
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site)
        if any(part.startswith("_") for part in name.parts):  # templates that the theme copies
            continue
        html = path.read_text(encoding="utf-8")
        if not wanted(html):
            continue
        try:
            pages.append((path, html, secured(html, name.as_posix())))
        except PolicyError as error:
            faults.append(str(error))
    if faults:
        raise PolicyError("\n".join(faults))
    return pages


def _finish(app: "Sphinx", exception: Exception | None) -> None:
    from sphinx.errors import ExtensionError

    if exception or app.builder.format != "html":
        return
    try:
        secure_site(Path(app.outdir))
    except PolicyError as error:
        raise ExtensionError(str(error)) from None


def setup(app: "Sphinx") -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    # After every page is written, the front door and the page for lost addresses too.
    app.connect("build-finished", _finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
