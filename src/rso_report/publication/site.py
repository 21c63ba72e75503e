"""All built editions side by side, put in the place of the last site in one step.

    python -m rso_report.publication.site LIVE EDITION/pages/index.html...

LIVE is a symbolic link to a folder in ``build/site``, which is named by its content. A new site is
assembled there beside the one that is served, from the editions given and the others that are
served already; it is checked; then the link is replaced, which the system does at once or not at
all. Until that moment, whatever happens, the last site is what readers get.
"""

import argparse
import fcntl
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from rso_report.errors import ReportError
from rso_report.periods import day_label
from rso_report.publication import gate, ready
from rso_report.publication.citation import STATUS, TITLE
from rso_report.publication.policy import STYLED, plain_page, secured
from rso_report.publication.provenance import MANIFEST, NOTICE, RECORD, digest, listed

INDEX, LIST = "index.html", "editions.json"
NO_JEKYLL = ".nojekyll"  # or GitHub Pages leaves out the folders of pages that begin with _
CHANGES, START = "notebooks/changes.html", "notebooks/summary.html"

_MAIN = re.compile(rb'<main id="main-content"[^>]*>')
_NOT_PUBLISHED = "The site was not published, and the last one stays as it was."


@dataclass(frozen=True)
class BuiltEdition:
    """An edition whose pages are built: its folder's name, and what it says of itself.

    `title` is the region as a sentence names it, with the year; `data_end` the last day of its
    figures, as ISO date; `lacks` the measures without any figure for the region.
    """

    name: str
    region: str
    year: str
    title: str
    data_end: str
    lacks: tuple[str, ...]
    has_pdf: bool = False
    has_changes: bool = False
    latest: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether no parameter but the region and the year was given; the name says so."""
        return self.name.endswith(self.year)

    @property
    def place(self) -> str:
        """The region in a sentence: `the West Midlands region`, `Wales`."""
        place = self.title.partition(f", {self.year}")[0]
        return f"the {place}" if place.endswith(" region") else place


def read_edition(folder: Path, name: str) -> BuiltEdition:
    """Return what the pages in a folder say of themselves. Raises ReportError if they don't."""
    try:
        said = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(
            f"{folder}: found no {RECORD}; allowed: a folder that make report has built. Remove it."
        ) from None
    words = {key: str(said[key]) for key in ("region", "year", "title", "data_end")}
    has_changes = (folder / CHANGES).is_file()
    return BuiltEdition(name, lacks=tuple(said["lacks"]), has_changes=has_changes, **words)


def in_order(editions: Iterable[BuiltEdition]) -> list[BuiltEdition]:
    """Return editions by region, the latest year first, and the latest of each marked.

    One that was built with other parameters than a region and a year is never the latest.
    """
    newest_first = sorted(sorted(editions, key=lambda e: e.name), key=lambda e: e.year)[::-1]
    ordered = sorted(newest_first, key=lambda e: e.region)
    latest = {e.region: e.name for e in reversed(ordered) if e.is_plain}
    return [replace(e, latest=latest.get(e.region) == e.name) for e in ordered]


# Notices


def notice(
    edition: BuiltEdition, known: list[BuiltEdition], there: Iterable[str], page: str
) -> str:
    """Return what a page of an edition says of the others, as one element on one line.

    That a later one is there, and links to the same page of the other years and regions. `known`
    are all editions, `there` the names of those that have the page; of the others, their start.
    It is empty where there is nothing to say.
    """
    there = {*there}

    def link(other: BuiltEdition, words: str) -> str:
        target = page if other.name in there else START
        up = "../" * (page.count("/") + 1)
        return f'<a href="{up}{escape(other.name)}/{escape(target)}">{escape(words)}</a>'

    plain, by_region = [other for other in known if other.is_plain], attrgetter("region")
    own = [other for other in plain if other.region == edition.region]
    said = ""
    if (later := next((e for e in own if e.latest), edition)).year > edition.year:
        words = "the same page" if later.name in there else "its start page"
        said = (
            f"<p><strong>This is the edition for {escape(edition.year)}.</strong> A later one for "
            f"{escape(edition.place)}, {escape(later.year)}, is here: "
            f"{link(later, f'{words} in the edition for {later.year}')}.</p>"
        )
    years = [edition, *(e for e in own if e.year != edition.year)]
    regions = [edition]
    for _, others in groupby((e for e in plain if e.region != edition.region), by_region):
        newest, *rest = others
        regions.append(next((e for e in (newest, *rest) if e.year == edition.year), newest))
    for head, others, words in (
        ("Year", sorted(years, key=lambda e: e.year)[::-1], lambda e: e.year),
        (
            "Region",
            sorted(regions, key=by_region),
            lambda e: e.region if e.year == edition.year else f"{e.region} ({e.year})",
        ),
    ):
        if len(others) > 1:
            each = (
                f"<span>{escape(words(e))}</span>" if e == edition else link(e, words(e))
                for e in others
            )
            said += f"<p>{head}: {' '.join(each)}</p>"
    return f'<aside class="edition-notice" data-edition-notice>{said}</aside>' if said else ""


def without_notice(content: bytes) -> bytes:
    """Return a page as it was built."""
    return NOTICE.sub(b"", content, count=1)


def with_notice(content: bytes, words: str) -> bytes:
    """Return a page with a notice at the start of its main content; as it is if it has none."""
    start = _MAIN.search(content)
    if not start:
        return content
    return content[: start.end()] + words.encode() + content[start.end() :]


# The index


def listing(editions: list[BuiltEdition]) -> str:
    """Return the list of editions for programs, as JSON."""
    made = [
        {
            **{key: value for key, value in asdict(e).items() if not key.startswith("has_")},
            "start": f"{e.name}/{INDEX}",
            "pdf": f"{e.name}.pdf" if e.has_pdf else None,
            "changes": f"{e.name}/{CHANGES}" if e.has_changes else None,
        }
        for e in editions
    ]
    return json.dumps({"title": TITLE, "editions": made}, indent=1, ensure_ascii=False) + "\n"


def index(editions: list[BuiltEdition]) -> str:
    """Return the page that lists the editions: a table a region, no script, no other host."""
    tables = "".join(_table(list(own)) for _, own in groupby(editions, key=attrgetter("region")))
    body = (
        "<p>The editions published here, by region or force. An edition shows the figures of "
        "registered sexual offenders (RSOs) whose date or period ends in its year or before. Where "
        "figures are wanted, take the latest; an older edition says on each page that it is not. "
        f"{STATUS}.</p>\n"
        f'{tables}<p>The same list for programs: <a href="{LIST}">{LIST}</a>.</p>\n'
    )
    words = "All editions of the report, by region and year."
    return secured(plain_page(f"{TITLE}: all editions", words, body, STYLED))


def _table(editions: list[BuiltEdition]) -> str:
    place = editions[0].place.removeprefix("the ")
    caption = f"Editions for {editions[0].place}"
    rows = "".join(map(_row, editions))
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Edition", "Data end", "Lacks", "More")
    )
    return (
        f'<h2>{escape(place)}</h2>\n<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(caption)}">\n<table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _row(edition: BuiltEdition) -> str:
    name = escape(edition.name)
    more = []
    if edition.has_changes:
        more.append(
            f'<a href="{name}/{CHANGES}">What changed<span class="hidden"> in {edition.year}, '
            f"{escape(edition.place)}</span></a>"
        )
    if edition.has_pdf:
        more.append(
            f'<a href="{name}.pdf">PDF<span class="hidden"> of {escape(edition.title)}</span></a>'
        )
    ends = day_label(date.fromisoformat(edition.data_end))
    cells = (ends, "; ".join(edition.lacks) or "nothing")
    others = edition.title.partition(f", {edition.year}")[2].strip(" ()") or edition.name
    return (
        f'<tr><th scope="row"><a href="{name}/{INDEX}">{escape(edition.year)}'
        f'<span class="hidden">, {escape(edition.place)}</span></a>'
        f"{' <strong>latest</strong>' if edition.latest else ''}"
        f"{'' if edition.is_plain else f' with other parameters: {escape(others)}'}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td>{', '.join(more) or 'none'}</td></tr>\n"
    )


# The folder of the site


def sources(live: Path, starts: Iterable[Path]) -> dict[str, Path]:
    """Return the folder of pages of each edition by its name: those served, and those given.

    An edition's start page is EDITION/pages/index.html. Raises ReportError for any other.
    """
    found = {path.parent.name: path.parent for path in sorted(live.glob(f"*/{INDEX}"))}
    for start in starts:
        if start.name != INDEX or not start.is_file():
            raise ReportError(f"{start}: there is no such start page. Run make report again.")
        found[start.parents[1].name] = start.parent
    return found


def assemble(
    new: Path, live: Path, served: dict[str, str], editions: dict[str, Path]
) -> dict[str, str]:
    """Make `new` the site of these editions; return the SHA-256 of each of its files by name.

    `served` is the same of `live`.

    Each page leads to the other years and regions, and says so where a later year is there; an
    index lists all.

    A file that is served already, or that another edition has too, becomes a second name for it
    and takes no room. Nothing that is served is ever written to.
    """
    known = in_order(read_edition(folder, name) for name, folder in editions.items())
    files = _Files(new, live, served)
    shown = []
    for edition in known:
        folder = editions[edition.name]
        if pdf := _pdf(folder, live):
            files.add(f"{edition.name}.pdf", pdf.read_bytes())
        shown.append(replace(edition, has_pdf=pdf is not None))
        for page, path in _paths(folder):
            content = path.read_bytes()
            if page.endswith(".html"):
                content = without_notice(content)
                if page != "404.html":
                    there = (name for name, other in editions.items() if (other / page).is_file())
                    content = with_notice(content, notice(edition, known, there, page))
            files.add(f"{edition.name}/{page}", content)
    files.add(NO_JEKYLL, b"")
    files.add(INDEX, index(shown).encode())
    files.add(LIST, listing(shown).encode())
    own = {name: hash_ for name, hash_ in files.hashes.items() if "/" not in name}
    files.add(MANIFEST, listed(own).encode())
    return files.hashes


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder by name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in files}


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of an edition, by their place in it; what Snakemake leaves is none of them."""
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and not path.name.startswith(".snakemake"):
            yield path.relative_to(folder).as_posix(), path


def _pdf(folder: Path, live: Path) -> Path | None:
    """The PDF of an edition: beside its pages and printed from them, or served already."""
    if folder.parent == live:
        pdf = live / f"{folder.name}.pdf"
        return pdf if pdf.is_file() else None
    pdf, start = folder.parent / "report.pdf", folder / INDEX
    # A PDF of pages that have been built again since would show other figures than they do.
    return pdf if pdf.is_file() and pdf.stat().st_mtime >= start.stat().st_mtime else None


class _Files:
    """Writes the files of a new site, each content once."""

    def __init__(self, new: Path, live: Path, served: dict[str, str]) -> None:
        self.new = new
        self.hashes: dict[str, str] = {}
        self.known = {hash_: live / name for name, hash_ in served.items()}

    def add(self, name: str, content: bytes) -> None:
        """Write a file, or make it a second name of one with the same content."""
        target, key = self.new / name, digest(content)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.hashes[name] = key
        try:
            target.hardlink_to(self.known[key])
        except (KeyError, OSError):  # new; or too many names, or a file system without
            target.write_bytes(content)
            self.known[key] = target


def open_to_readers(new: Path) -> None:
    """Let a web server, which is another user, read a site and reach it, whatever the umask."""
    for path in (new, *new.rglob("*")):
        _permit(path, 0o555 if path.is_dir() else 0o444)
    for folder in (new.parent, new.parents[1]):
        _permit(folder, 0o111)


def _permit(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode & 0o7777 | bits)


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Let one publisher work at a time; the next one waits. A killed one's lock is free.

    Report and PDF are two publications of one graph, and can meet.
    """
    store.mkdir(parents=True, exist_ok=True)
    with (store / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tidy(store: Path, *kept: Path) -> None:
    """Remove what is in the store but these sites: left by a run that was cut short."""
    keep = {path.resolve() for path in kept}
    for path in store.iterdir():
        if path.is_dir() and path.resolve() not in keep:
            shutil.rmtree(path, ignore_errors=True)


def publish(live: Path, starts: Iterable[Path]) -> list[Path]:
    """Publish editions, given by their start pages, beside those at `live`; return where they are.

    Nothing is touched if the site is that already. Raises ReportError, and leaves the last site as
    it was, if a page holds a personal detail, a link is broken, or a file can't be read or written.
    """
    starts, live = list(starts), live.absolute()
    store = live.parent / "build" / "site"
    try:
        with alone(store):
            tidy(store, live)
            last = live.resolve()
            try:
                _publish(live, starts, store)
            finally:
                # The last one stays until the next time: someone may be copying or reading it.
                tidy(store, live, last)
    except OSError as error:
        where = error.filename2 or error.filename
        error_in = f"{where}: " if where else ""
        raise ReportError(f"{_NOT_PUBLISHED} {error_in}{error.strerror}.") from error
    return [live / start.parents[1].name / INDEX for start in starts]


def _publish(live: Path, starts: list[Path], store: Path) -> None:
    new, served = store / ".new", hashes(live)
    made = assemble(new, live, served, sources(live, starts))
    open_to_readers(new)
    if made == served:  # which has passed, and names the data and the code
        return
    try:
        gate.require_publishable(new, live)
    except ReportError as error:
        raise ReportError(f"{_NOT_PUBLISHED} {error}") from None
    folder = store / digest(listed(made).encode())[:16]
    if folder.exists():  # it is served, and has been meddled with
        folder = folder.with_name(f"{folder.name}-again")
    new.rename(folder)
    link = live.with_name(f".{live.name}.new")
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(folder, live.parent), target_is_directory=True)
    os.replace(link, live)  # in one step: at any moment it is the old or the new


def main(arguments: list[str] | None = None) -> int:
    """Publish as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rso_report.publication.site")
    parser.add_argument("live", type=Path, help="where the site is served, such as _site")
    parser.add_argument("starts", type=Path, nargs="+", help="EDITION/pages/index.html")
    parser.add_argument("--state", help="what all of it was made of, for module `ready`")
    options = parser.parse_args(arguments)
    try:
        published = publish(options.live, options.starts)
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    said = [f"The report is ready: {start}" for start in published]
    if len(list(options.live.glob(f"*/{INDEX}"))) > 1:
        said.append(f"All editions: {options.live.absolute() / INDEX}")
    print("\n".join(said))
    if options.state:
        ready.note(options.state, said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
