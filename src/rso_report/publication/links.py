"""Where the pages of a site lead, and what they load: every place is there, and is in the site."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rso_report.publication import policy

# What a browser fetches by itself, by attribute; of <link> only these kinds.
_LOADED = {"src", "poster", "data"}
_FETCHED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"}
_IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?\s*(?:https?:)?//""", re.IGNORECASE)
_REFRESH = re.compile(r"url=\s*['\"]?([^'\"]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """The anchors of a page, and its addresses: each with its line, and whether it is loaded."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: set[str] = set()
        self.addresses: dict[tuple[str, bool], int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        fetched = tag == "link" and _FETCHED_LINKS & set(given.get("rel", "").lower().split())
        found = [(given[key], True) for key in _LOADED & given.keys()]
        found += [(each.split()[0], True) for each in given.get("srcset", "").split(",") if each]
        found += [(given[key], bool(fetched)) for key in ("href", "xlink:href") if key in given]
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            found += [(address, True) for address in _REFRESH.findall(given.get("content", ""))]
        for each in found:
            self.addresses.setdefault(each, self.getpos()[0])


def faults(site: Path) -> list[str]:
    """Return what is wrong with the links of a site, a line each, with page and line.

    Every relative address leads to a file of the site, and with a fragment to an anchor of it.
    Nothing is loaded from another host, by a page or by a style sheet. Whether addresses of other
    sites work is not looked at: it changes without us. Files that the theme keeps for itself, in
    folders that begin with _, are no pages.
    """
    pages = {path.resolve(): _read(path) for path in policy.pages(site)}
    found = []
    for path in pages:
        name = path.relative_to(site.resolve()).as_posix()
        found += (f"{name}{fault}" for fault in _of_page(path, pages, site.resolve()))
    for path in sorted(site.rglob("*.css")):
        if _IN_STYLES.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append(f"{path.relative_to(site).as_posix()}: loads from another host")
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _of_page(path: Path, pages: dict[Path, _Page], site: Path) -> Iterator[str]:
    for (address, loaded), line in pages[path].addresses.items():
        split = urlsplit(address.strip())
        if split.scheme or split.netloc:
            if loaded and split.scheme != "data":
                yield f", line {line}: {address} is loaded from another host"
            continue
        # Only the page for lost addresses knows at which address it stands.
        if split.path.startswith("/") and path.name == "404.html":
            continue
        target = path
        if split.path:
            target = (path.parent / unquote(split.path)).resolve()
        if not target.is_relative_to(site) or not target.is_file():
            yield f", line {line}: {address} leads nowhere"
        elif target in pages and unquote(split.fragment) not in {"", *pages[target].anchors}:
            yield f", line {line}: {address} leads to no such anchor"
