"""What an edition was made of, and whether a site still is what it was made as.

A built edition holds `provenance.json`: its parameters, the digests of code, data and lock, and
the SHA-256 of every file of the site. There is no clock in it: the same input gives the same
bytes. `rso-report verify` computes all of it again, from the files of the site and from this
checkout. Who can change every file of a site can change the record too; so compare its own
SHA-256, which `verify` prints, with the one published elsewhere, or build the edition again.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import nbformat
from packaging.requirements import Requirement

from rso_report import places
from rso_report.edition import title
from rso_report.errors import FileError, ReportError, first_of
from rso_report.publication import citation
from rso_report.publication.assemble import code_files, commit

RECORD = "provenance.json"
LOCK = "requirements.lock"
DATA = "downloads/rso-report-data.zip"  # which module `downloads` writes
_PINNED = re.compile(r"^([A-Za-z0-9._-]+==.*?)\s*\\?$", re.MULTILINE)
# What is put into the pages of an edition when a later one is published beside it.
_NOTICE = (
    rb'<aside class="edition-notice" data-edition-notice>'
    rb'(?:[^<>\n]|</?(?:p|strong|span)>|<a href="[^"<>\n]*">|</a>)*</aside>'
)


class UnreadableError(FileError):
    """A site can't be verified: it holds no record, or one that can't be read."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was recorded; `subject` is a file, or what else differs."""

    kind: str
    subject: str
    words: str

    def __str__(self) -> str:
        """One line that a person can act on."""
        return f"{self.subject}: {self.words}"


@dataclass(frozen=True)
class Verdict:
    """What was found of one edition."""

    folder: str
    edition: str
    record: str  # SHA-256 of the record itself
    files: int
    differences: list[Difference]


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def in_lf(content: bytes) -> bytes:
    """Return a text with the line endings that git stores, whatever a checkout made of them.

    What holds a NUL is no text, as git has it, and stays as it is.
    """
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def digest(hashes: Mapping[str, str]) -> str:
    """Return one SHA-256 for many files: that of the lines `HASH  NAME`, sorted by name.

    `sha256sum` writes these lines, so anybody can compute it again without this package.
    """
    return sha256("".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode())


def short(hexadecimal: str) -> str:
    """Return the digits of a hash that a page shows, enough to tell any two apart."""
    return hexadecimal[:12]


def checkout() -> Path:
    """Return the folder of this checkout. Raises UnreadableError if the package runs elsewhere."""
    root = places.root()
    if not (root / LOCK).is_file():
        raise UnreadableError(
            f"{root} is not a checkout of the report (no {LOCK}). Install the package from one: "
            "pip install --no-deps --editable ."
        )
    return root


def code(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of code, notebooks, pages and settings, by name."""
    paths = code_files(root)
    return {path.as_posix(): sha256(in_lf((root / path).read_bytes())) for path in paths}


def data() -> dict[str, str]:
    """Return the SHA-256 of every file of the data as published, by name.

    Of rows that may not be published nothing goes into a hash, which would give a small number
    away to whoever tries all of them.
    """
    from rso_report.publication import downloads  # slow to come, and not asked for by a publisher

    return {name: sha256(content) for name, content in downloads.data_files().items()}


def changed_on() -> str:
    """Return the day on which the data were last changed, as the data package states it."""
    from rso_report import dataset  # so is this

    return max(resource["updated"] for resource in dataset.descriptor()["resources"])


def packages(lock: str) -> dict[str, str]:
    """Return the versions of a lock file that are meant for this Python and system, by name."""
    pinned = map(Requirement, _PINNED.findall(lock))
    return {
        each.name: str(each.specifier).removeprefix("==")
        for each in pinned
        if each.marker is None or each.marker.evaluate()
    }


def installed_otherwise(locked: Mapping[str, str]) -> dict[str, str]:
    """Return the versions in use that are not those of the lock; "" for what is absent."""
    found = {name: _installed(name) for name in locked}
    return {name: present for name, present in found.items() if present != locked[name]}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def made_from(notebooks: Mapping[str, Path], address: str) -> dict[str, Any]:
    """Return the record of an edition without the files of its site.

    `notebooks` are the executed notebooks by page. Raises FaultError if the data have faults.
    """
    from rso_report import dataset

    root = checkout()
    hashes, lock = code(root), (root / LOCK).read_text(encoding="utf-8")
    ours, locked, tables = places.data_folder().resolve() == root / "data", packages(lock), data()
    return {
        "edition": citation.stored_edition(next(iter(notebooks.values()))).record,
        "address": address,
        "code": {
            "version": version("rso-report"),
            "commit": commit(root) if ours else "",
            "digest": digest(hashes),
            "files": hashes,
        },
        "data": {"updated": changed_on(), "digest": digest(tables), "files": tables},
        "software": {
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "lock": sha256(in_lf((root / LOCK).read_bytes())),
            "packages": locked,
            "installed_otherwise": installed_otherwise(locked),
        },
        "pages": {
            page: {
                "notebook": f"_sources/{page}.ipynb",
                "sha256": sha256(path.read_bytes()),
                "parameters": citation.stored_parameters(path),
                "data": sorted({table.name for table in dataset.tables_read(path)}),
            }
            for page, path in notebooks.items()
        },
    }


def site_hashes(site: Path, recorded: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the SHA-256 of every file of a site but the record, by name.

    A page to which nothing but a notice of a later edition was added has the recorded one.
    """
    paths = [path for path in site.rglob("*") if path.is_file() or path.is_symlink()]
    names = {path.relative_to(site).as_posix(): path for path in paths}
    return {
        name: _hash_as_built(names[name].read_bytes(), (recorded or {}).get(name))
        for name in sorted(names)
        if name != RECORD
    }


def _hash_as_built(content: bytes, recorded: str | None) -> str:
    """The SHA-256 of a file, or the recorded one if a notice or other line endings are all.

    Only one notice, and only of words and links: anything else in it is a change of the page.
    """
    for pattern in (_NOTICE + rb"\n", _NOTICE) if recorded else ():
        if _hash_of_text(re.sub(pattern, b"", content, count=1), recorded) == recorded:
            return recorded
    return _hash_of_text(content, recorded)


def _hash_of_text(content: bytes, recorded: str | None) -> str:
    """The SHA-256 of a file, or the recorded one if nothing but line endings is different."""
    text = in_lf(content)
    other = text if text != content or b"\0" in content else text.replace(b"\n", b"\r\n")
    return recorded if recorded == sha256(other) else sha256(content)


def write_record(site: Path, made: Mapping[str, Any]) -> None:
    """Write the record of an edition into its finished site."""
    text = json.dumps({**made, "files": site_hashes(site)}, indent=1, ensure_ascii=False)
    (site / RECORD).write_bytes(text.encode() + b"\n")


def mark(site: Path) -> str:
    """Return what a PDF says of the site it was printed from: the SHA-256 of its record."""
    path = site / RECORD
    return f"{RECORD} SHA-256 {sha256(in_lf(path.read_bytes()))}" if path.is_file() else ""


def editions(site: Path) -> list[Path]:
    """Return the folders of the editions in a site: itself, or those that stand side by side.

    Raises UnreadableError if there is none.
    """
    if (site / RECORD).is_file() or (site / "_sources").is_dir():
        return [site]
    found = sorted(path.parent for path in site.glob("*/_sources"))
    found = sorted({*found, *(path.parent for path in site.glob(f"*/{RECORD}"))})
    if not found:
        raise UnreadableError(
            f"{site} holds no {RECORD} and no folder with one: it is not a built report, or it "
            "was built before there were such records."
        )
    return found


class AlteredError(ReportError):
    """An edition is not what was built."""


def require_as_built(site: Path) -> None:
    """Raise AlteredError unless each edition of a site is what its own record says was built.

    This checkout is left out: an edition that is served may be of older data and code.
    """
    wrong = []
    for folder in sorted(path.parent for path in site.glob("*/index.html")):
        try:
            found = list(map(str, verify(folder, here=False).differences))
        except UnreadableError as error:
            found = [str(error).replace(f"{folder}/", "")]
        wrong += [f"{folder.name}, {words}" for words in found]
    if wrong:
        raise AlteredError(
            "Editions are not what was built. Build them again, or remove their folders from the "
            "site:\n" + first_of(wrong)
        )


def verify(folder: Path, here: bool = True) -> Verdict:
    """Compute the record of one edition again and return what differs.

    With `here` the data, code and notebooks of this checkout are compared too.

    Raises UnreadableError if it has no record, or a file can't be read.
    """
    path = folder / RECORD
    try:
        content = path.read_bytes()
        record = json.loads(content)
        hashes = site_hashes(folder, record["files"])
        differences = [
            *_files(record["files"], hashes),
            *_notebooks(record, folder, checkout() if here else None),
            *_published_data(record["data"]["files"], folder),
            *(_checkout(record) if here else ()),
            *_printed(folder),
        ]
        edition = title(**record["edition"])
    except OSError as error:
        raise UnreadableError(f"{error.filename}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{path} is not a record of an edition: {error!r}") from None
    return Verdict(str(folder), edition, sha256(in_lf(content)), len(hashes), differences)


def _files(recorded: Mapping[str, str], found: Mapping[str, str]) -> Iterable[Difference]:
    return _compared(
        "file",
        recorded,
        found,
        "is not as it was built",
        "was built and is missing",
        "is extra: no such file was built",
    )


def _compared(
    kind: str,
    recorded: Mapping[str, str],
    found: Mapping[str, str],
    changed: str,
    missing: str,
    extra: str,
) -> Iterable[Difference]:
    """What differs between two sets of hashes by name, each in its words."""
    for name in sorted({*recorded, *found}):
        if name not in found:
            yield Difference(f"{kind} missing", name, missing)
        elif name not in recorded:
            yield Difference(f"{kind} extra", name, extra)
        elif recorded[name] != found[name]:
            yield Difference(f"{kind} changed", name, changed)


def _notebooks(record: Mapping[str, Any], folder: Path, root: Path | None) -> Iterable[Difference]:
    """Executed notebooks against what the record says of them, and against those of a checkout."""
    own = record["edition"]
    for page, made in record["pages"].items():
        name = f"_sources/{page}.ipynb"
        path, source = folder / name, root and root / f"{page}.ipynb"
        if not path.is_file():
            continue  # told as a missing file
        parameters = citation.stored_parameters(path)
        if parameters != made["parameters"]:
            yield Difference("parameters", name, "was executed with other parameters than recorded")
        if any(parameters.get(key) != own[key] for key in ("report_year", "region")):
            yield Difference("parameters", name, f"is not of the edition {own}")
        if _hash_of_text(path.read_bytes(), made["sha256"]) != made["sha256"]:
            yield Difference("notebook", name, "is not the executed notebook of the record")
        if source and source.is_file() and _cells(path) != _cells(source):
            yield Difference("notebook", name, f"holds other cells than {page}.ipynb here")


def _cells(notebook: Path) -> list[tuple[str, str]]:
    """The cells of a notebook as they were written, without parameters given to it."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        (cell.cell_type, cell.source)
        for cell in cells
        if "injected-parameters" not in cell.metadata.get("tags", [])
    ]


def _published_data(recorded: Mapping[str, str], folder: Path) -> Iterable[Difference]:
    """The archive of all data in the site against the record."""
    path = folder / DATA
    if not path.is_file():
        return ()  # told as a missing file
    try:
        with ZipFile(BytesIO(path.read_bytes())) as archive:
            found = {name: sha256(archive.read(name)) for name in archive.namelist()}
    except (BadZipFile, NotImplementedError, RuntimeError) as error:
        return [Difference("data changed", DATA, f"can't be opened: {error}")]
    found.pop("README.txt", None)
    return _compared(
        "data",
        recorded,
        found,
        f"in {DATA} is not the file of the record",
        f"is missing in {DATA}",
        f"is extra in {DATA}",
    )


def _printed(folder: Path) -> Iterable[Difference]:
    """The PDF beside an edition, if there is one: whether it was printed from these pages."""
    path = folder.resolve().with_name(f"{folder.resolve().name}.pdf")
    # The digest alone: the words before it are written with escapes in a PDF.
    if path.is_file() and mark(folder).split(" ")[-1].encode() not in path.read_bytes():
        words = "was printed from other pages than these; print it again (make pdf)"
        yield Difference("pdf", path.name, words)


def _checkout(record: Mapping[str, Any]) -> Iterable[Difference]:
    """Data, code and lock of the record against those of this checkout."""
    root = checkout()
    yield from _compared(
        "data",
        {f"data/{name}": value for name, value in record["data"]["files"].items()},
        {f"data/{name}": value for name, value in data().items()},
        "this checkout holds another file than the one the site was made from",
        "the site was made from it, and this checkout has no such file",
        "this checkout has it, and the site was made without it",
    )
    yield from _compared(
        "code",
        record["code"]["files"],
        code(root),
        "this checkout holds another version than the one that made the site",
        "it made the site, and this checkout has no such file",
        "this checkout has it, and the site was made without it",
    )
    if record["software"]["lock"] != sha256(in_lf((root / LOCK).read_bytes())):
        words = "this checkout locks other packages than those the site was made with"
        yield Difference("lock", LOCK, words)
    for part in ("code", "data"):
        if record[part]["digest"] != digest(record[part]["files"]):
            words = f"the digest of the {part} is not that of the files it lists"
            yield Difference("record", RECORD, words)


def report(site: Path, as_json: bool = False) -> tuple[str, int]:
    """Verify all editions of a site; return what to print and the exit status.

    The status is 0 if all is as recorded, 1 if something differs, 3 if something can't be read.
    """
    told: list[dict[str, Any]] = []
    try:
        folders = editions(site)
    except UnreadableError as error:
        folders, told = [], [{"folder": str(site), "unreadable": str(error)}]
    for folder in folders:
        try:
            told.append(asdict(verify(folder)))
        except ReportError as error:
            told.append({"folder": str(folder), "unreadable": str(error)})
    unreadable = any("unreadable" in each for each in told)
    status = 3 if unreadable else int(any(each["differences"] for each in told))
    if as_json:
        return json.dumps(
            {"status": status, "editions": told}, indent=1, ensure_ascii=False
        ), status
    return "\n".join(map(_in_words, told)), status


def _in_words(told: Mapping[str, Any]) -> str:
    if "unreadable" in told:
        return f"{told['folder']}: can't be verified. {told['unreadable']}"
    head = f"{told['edition']} ({told['folder']}): "
    differences = [f"  {Difference(**each)}" for each in told["differences"]]
    if not differences:
        count = f"{told['files']} files, data, code and lock"
        return f"{head}{count} are those of its record, SHA-256 {told['record']}"
    things = "thing differs" if len(differences) == 1 else "things differ"
    return "\n".join([f"{head}{len(differences)} {things}", *differences])
