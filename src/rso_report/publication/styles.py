"""One style sheet for all pages, of the rules that they can use, in the place of the theme's many.

A reader on a slow phone waits for every style sheet before the first word is shown. The theme and
the extensions bring ten, of half a million letters, nearly all for what no page here has.
"""

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from rso_report.publication.policy import pages

SHEET = "site.css"
OURS = "rso"  # with which the names of sheets begin that have no rule too many
_LINK = re.compile(
    r'\s*<link (?=[^>]*rel="stylesheet")[^>]*href="[./]*_static/([^"?]*)[^"]*"[^>]*>'
)
_SCRIPT = re.compile(r'<script [^>]*src="[./]*_static/([^"?]*)')
_NAMED = re.compile(r'\s(?:class|id)="([^"]*)"')
_STEP = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(r'@import "([^"]*)";')
_URL = re.compile(r"url\((?![\"']?(?:data:|#))[\"']?([^)\"']*)[\"']?\)")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\]]*\]")  # of a selector: what may or need not be there
_NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Yield what stands before each block and the block, or a statement without one and None."""
    depth = start = inner = 0
    for step in _STEP.finditer(css):
        if step[0] == "{":
            inner = inner if depth else step.end()
            depth += 1
        elif step[0] == "}":
            depth -= 1
            if not depth:
                yield css[start : inner - 1].strip(), css[inner : step.start()].strip()
                start = step.end()
        elif step[0] == ";" and not depth:
            yield css[start : step.start()].strip(), None
            start = step.end()


def used(css: str, names: set[str], begun: tuple[str, ...] | None = None) -> str:
    """Return the rules of a style sheet that speak of none but these classes and identifiers.

    A name that ends in a hyphen stands for all that begin with it: scripts put names together, and
    subtract.
    """
    if begun is None:
        begun = tuple(name for name in names if name.endswith("-") and name.strip("-"))

    def known(selector: str) -> bool:
        while (plain := _ASIDE.sub("", selector)) != selector:
            selector = plain
        found = _NAME.findall(selector)
        return "\\" in selector or all(n in names or n.startswith(begun) for n in found)

    kept = []
    for head, body in rules(css):
        if body is None:
            kept += [] if head.startswith("@charset") else [f"{head};"]
        elif head.startswith(("@media", "@supports")):
            kept += [f"{head}{{{inner}}}"] if (inner := used(body, names, begun)) else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif own := [each.strip() for each in re.split(r",(?![^()]*\))", head) if known(each)]:
            kept.append(f"{','.join(own)}{{{body}}}")
    return "\n".join(kept)


def read(static: Path, name: str) -> str:
    """Return a style sheet with those that it imports, its addresses as from `static` itself."""
    folder = os.path.dirname(name)

    def within(address: str) -> str:
        return os.path.normpath(os.path.join(folder, address))

    css = _COMMENT.sub("", (static / name).read_text(encoding="utf-8"))
    css = _URL.sub(lambda found: f'url("{within(found[1])}")', css)
    return _IMPORT.sub(lambda found: read(static, within(found[1])), css)


def names_in(html: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Return the classes and identifiers of pages, and every word that a script could set."""
    found = {name for page in html for each in _NAMED.findall(page) for name in each.split()}
    return found.union(*(re.findall(r"[\w-]+", script) for script in scripts))


def _finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet and lead every page to it, those kept from an earlier build too."""
    if exception or app.builder.format != "html":
        return
    static, note = Path(app.outdir, "_static"), Path(app.doctreedir, "sheets")
    texts = {path: path.read_text(encoding="utf-8") for path in pages(Path(app.outdir))}
    lists = [" ".join(_LINK.findall(text)) for text in texts.values()]
    for sheets in {each for each in lists if each not in ("", SHEET)}:
        note.write_text(sheets)  # all pages have the same
    scripts = {name for text in texts.values() for name in _SCRIPT.findall(text)}
    names = names_in(texts.values(), [(static / name).read_text("utf-8") for name in scripts])
    css = f"/* Of {note.read_text()} what pages use */\n"
    for name in note.read_text().split():
        whole = read(static, name)
        css += (whole if OURS in name else used(whole, names)) + "\n"
    (static / SHEET).write_text(css, encoding="utf-8")
    version = sha256(css.encode()).hexdigest()[:8]
    for path, text in texts.items():
        if links := [*_LINK.finditer(text)]:
            up = "../" * (len(path.relative_to(app.outdir).parts) - 1)
            link = f'\n<link rel="stylesheet" href="{up}_static/{SHEET}?v={version}">'
            rest = _LINK.sub("", text[links[0].end() :])
            path.write_text(text[: links[0].start()] + link + rest, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect this module to Sphinx; called by Sphinx, which reads what is returned."""
    # After every page has its policy, and only the scripts that it is left with; before all are
    # listed.
    app.connect("build-finished", _finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
