"""Whether a site is what was built, and what it was built from.

Each edition holds two lists in the form of `sha256sum`, which checks them without this package:
`SHA256SUMS` of every file of the edition, to be checked in its folder, and `SHA256SUMS.sources` of
the code, pages, data and lock that made it, to be checked in a checkout. A site of several has a
list of the files beside their folders. There is no clock in them: the same input gives the same
bytes. Who can change every file of a site can change its list too; so compare the SHA-256 of the
list, which `verify` prints, with the one published elsewhere, or build the edition again.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from rso_report import places
from rso_report.errors import FileError, ReportError, first_of
from rso_report.publication.assemble import code_files

MANIFEST, SOURCES, RECORD = "SHA256SUMS", "SHA256SUMS.sources", "edition.json"
LOCK = "requirements.lock"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
# What is said of a file that was changed, that is missing, and that is extra.
_AS_BUILT = ("is not as it was built", "was built and is missing", "is extra: it was not built")
_AS_HERE = (
    "this checkout holds another version than the one that the site was made from",
    "the site was made from it, and this checkout has no such file",
    "this checkout has it, and the site was made without it",
)
# What is put into the pages of an edition when a later one is published beside it.
NOTICE = re.compile(
    rb'<aside class="edition-notice" data-edition-notice>'
    rb'(?:[^<>\n]|</?(?:p|strong|span)>|<a href="[^"<>\n]*">|</a>)*</aside>'
)


@dataclass(frozen=True)
class Difference:
    """A file that is not as it should be, and how."""

    file: str
    words: str

    def __str__(self) -> str:
        """One line that a person can act on."""
        return f"{self.file}: {self.words}"


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return sha256(content).hexdigest()


def listed(hashes: Mapping[str, str]) -> str:
    """Return the lines that `sha256sum` prints of files, sorted by name."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))


def read(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a list. Raises FileError if it can't be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: {getattr(error, 'strerror', error)}") from None
    found = [_LINE.fullmatch(line) for line in lines]
    if not all(found):
        raise FileError(f"{path} is no list of sha256sum.")
    return {line[2]: line[1] for line in found}


def checkout() -> Path:
    """Return the folder of this checkout. Raises FileError if the package runs elsewhere."""
    root = places.root()
    if not (root / LOCK).is_file():
        raise FileError(
            f"{root} is not a checkout of the report (no {LOCK}). Install the package from one: "
            "pip install --no-deps --editable ."
        )
    return root


def sources() -> dict[str, str]:
    """Return the SHA-256 of the code, pages, settings, data and lock of this checkout, by name."""
    root = checkout()
    files = {path.as_posix(): root / path for path in [*code_files(root), Path(LOCK)]}
    files |= {f"data/{path.name}": path for path in places.data_folder().glob("*.*")}
    return {name: digest(files[name].read_bytes()) for name in sorted(files)}


def site_files(folder: Path, recorded: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the SHA-256 of every file of an edition, or beside the editions, but of the list.

    A page to which nothing but a notice of a later edition was added has the recorded one: only
    one notice, and only of words and links.
    """
    whole = (folder / "_sources").is_dir()
    found = {}
    for path in sorted(folder.rglob("*") if whole else folder.iterdir()):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST and (path.is_file() or path.is_symlink()):
            content, wanted = path.read_bytes(), (recorded or {}).get(name)
            found[name] = digest(content)
            if wanted and digest(NOTICE.sub(b"", content, count=1)) == wanted:
                found[name] = wanted
    return found


def write_lists(folder: Path) -> None:
    """Write both lists of a finished edition; the one of its files comes last and has the other."""
    (folder / SOURCES).write_text(listed(sources()), encoding="utf-8")
    write_manifest(folder)


def write_manifest(folder: Path) -> None:
    """Write the list of the files of an edition, or of those beside the folders of editions."""
    (folder / MANIFEST).write_text(listed(site_files(folder)), encoding="utf-8")


def mark(site: Path) -> str:
    """Return what a PDF says of the edition it was printed from: the SHA-256 of its list."""
    path = site / MANIFEST
    return f"{MANIFEST} SHA-256 {digest(path.read_bytes())}" if path.is_file() else ""


def folders(site: Path) -> list[Path]:
    """Return what has a list of its own: an edition, or a site and the editions in it."""
    if not site.is_dir():
        raise FileError(f"{site} is neither a folder nor a ZIP file.")
    if (site / "_sources").is_dir():
        return [site]
    return [site, *sorted(path for path in site.iterdir() if path.is_dir())]


def verify(folder: Path, here: bool = True) -> list[Difference]:
    """Hash the files of one folder again and return what differs from its list.

    With `here` an edition is compared with this checkout too. Raises FileError if something
    can't be read.
    """
    recorded = read(folder / MANIFEST)
    try:
        differences = [*_compared(recorded, site_files(folder, recorded), *_AS_BUILT)]
        differences += _printed(folder)
        if here and (folder / "_sources").is_dir():
            differences += _compared(read(folder / SOURCES), sources(), *_AS_HERE)
    except OSError as error:
        raise FileError(f"{error.filename}: {error.strerror}") from None
    return differences


def _compared(
    recorded: Mapping[str, str], found: Mapping[str, str], changed: str, missing: str, extra: str
) -> Iterator[Difference]:
    for name in sorted({*recorded, *found}):
        if recorded.get(name) != found.get(name):
            kind = missing if name not in found else extra if name not in recorded else changed
            yield Difference(name, kind)


def _printed(folder: Path) -> Iterable[Difference]:
    """The PDF beside an edition, if there is one: whether it was printed from these pages."""
    path = folder.resolve().with_name(f"{folder.resolve().name}.pdf")
    # The digest alone: the words before it are written with escapes in a PDF.
    if path.is_file() and mark(folder).split(" ")[-1].encode() not in path.read_bytes():
        words = "was printed from other pages than these; print it again (make pdf)"
        yield Difference(path.name, words)


def require_as_built(site: Path) -> None:
    """Raise ReportError unless each edition of a site is what its own list says was built.

    This checkout is left out: an edition that is served may be of older data and code.
    """
    wrong = []
    for folder in sorted(path.parent for path in site.glob("*/index.html")):
        try:
            found = list(map(str, verify(folder, here=False)))
        except FileError as error:
            found = [str(error).replace(f"{folder}/", "")]
        wrong += [f"{folder.name}, {words}" for words in found]
    if wrong:
        raise ReportError(
            "Editions are not what was built. Build them again, or remove their folders from the "
            "site:\n" + first_of(wrong)
        )


@contextmanager
def _unpacked(site: Path) -> Iterator[Path]:
    """The folder of a site that may be packed into a ZIP file, perhaps in a folder of its own."""
    if not is_zipfile(site):
        yield site
        return
    with TemporaryDirectory(prefix="rso-") as temporary, ZipFile(site) as archive:
        if len({*archive.namelist()}) < len(archive.namelist()):
            raise FileError(f"{site} holds two files of one name.")
        archive.extractall(temporary)
        inside = [*Path(temporary).iterdir()]
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(temporary)


def report(site: Path, as_json: bool = False) -> tuple[str, int]:
    """Verify a folder or a ZIP file; return what to print and the exit status.

    The status is 0 if all is as listed, 1 if something differs, 3 if something can't be read.
    """
    try:
        with _unpacked(site) as top:
            told = [
                _told(folder) | {"folder": str(site / folder.relative_to(top))}
                for folder in folders(top)
            ]
    except (FileError, BadZipFile) as error:
        told = [{"folder": str(site), "unreadable": str(error)}]
    unreadable = any("unreadable" in each for each in told)
    status = 3 if unreadable else int(any(each["differences"] for each in told))
    if not as_json:
        return "\n".join(map(_in_words, told)), status
    return json.dumps({"status": status, "folders": told}, indent=1, ensure_ascii=False), status


def _told(folder: Path) -> dict[str, Any]:
    try:
        differences = list(map(asdict, verify(folder)))
        manifest = (folder / MANIFEST).read_bytes()
    except ReportError as error:
        return {"unreadable": str(error)}
    lines = len(manifest.splitlines())
    return {"manifest": digest(manifest), "files": lines, "differences": differences}


def _in_words(told: Mapping[str, Any]) -> str:
    if "unreadable" in told:
        return f"{told['folder']}: can't be verified. {told['unreadable']}"
    differences = [f"  {Difference(**each)}" for each in told["differences"]]
    if not differences:
        words = f"{told['files']} files are those of its list, SHA-256 {told['manifest']}"
        return f"{told['folder']}: {words}"
    things = "thing differs" if len(differences) == 1 else "things differ"
    return "\n".join([f"{told['folder']}: {len(differences)} {things}", *differences])
