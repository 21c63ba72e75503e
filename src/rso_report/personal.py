"""Personal details in text: names, ages, addresses and numbers that point to one person.

The report counts people and describes none. `findings` reads any text, so that a note in a
force's return and the sources of the report are held to the same patterns: pages show nothing but
what their sources hold. It finds what has a form; a bare name without a title, a label or an age
has none, and needs a person who reads.
"""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path

from rso_report.errors import ReportError

_WORD = r"[^\W\d_][\w'’-]*"
_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]{0,40}[^\W\d_]"  # a word of two letters or more with a capital
_FULL_NAME = rf"{_NAME}(?: [A-Z]\.?)* {_NAME}"
_PERSON = r"(?:man|woman|boy|girl|male|female|offender|victim|person|suspect|resident)\b"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_AFTER_AGE = r"(?:of|from|who|was|formerly|previously|has|is)\b"
# Ages in groups ("aged 10 and over", "aged 0 to 9") describe nobody.
_ONE_AGE = r"\d{1,2}\b(?! ?(?:and|or|to|plus|until|years and)\b| ?[-–+])"
_RANKS = (
    "PC|DC|PS|DS|DI|DCI|DCC|ACC|PCSO|WPC|Sgt|Sergeant|Insp|Inspector|Supt|Superintendent|Constable|"
    "Detective|Det|Judge|Recorder|Cllr|Councillor|Ms|Miss|Mx|Prof|Professor|Rev|Reverend|Sir|Dame"
)
_STREETS = "Street|Road|Rd|Avenue|Lane|Close|Drive|Crescent|Terrace|Grove|Gardens|Mews|Way|Court"
_INWARD = "[ABD-HJLNP-UW-Z]{2}"
_OUTWARD = "[A-PR-UWYZ](?:[0-9][0-9A-HJKPSTUW]?|[A-HK-Y][0-9][0-9ABEHMNPRVWXY]?)"


_TEXTS = (".csv", ".ipynb", ".json", ".md", ".svg", ".txt", ".html")
# Inside a sentence; other tags part words that don't belong together, as those of cells.
_WITHIN = re.compile(r"</?(?:a|abbr|b|code|em|i|span|strong|sup)\b[^<>]*>|\*\*|__|`")
_PARTING = re.compile(r"[<>\n\t]")


@dataclass(frozen=True)
class Finding:
    """One personal detail: its kind in words, and the words themselves.

    The words are kept out of `repr` and of messages, which must not spread what they report.
    """

    kind: str
    text: str = field(repr=False)


def findings(text: str) -> list[Finding]:
    """Return the personal details in a text, in its order, each once; none if there are none.

    Kinds: name, age or date of birth, e-mail address, telephone number, postcode, street address,
    National Insurance number, NHS number (by its check digit). British forms. It errs towards a
    finding: an organisation's own address is one too.
    """
    plain = _plain(text)
    found = {
        (match.start(), kind, match[0]): None
        for kind, pattern in _KINDS
        for match in pattern.finditer(plain)
        if kind not in _HOLDS or _HOLDS[kind](match[0])
    }
    return [Finding(kind, words) for _, kind, words in sorted(found)]


def scan(folder: Path, names: Collection[str] | None = None) -> Iterator[tuple[str, Finding]]:
    """Yield each personal detail in the files below a folder, or these of them, with its file."""
    found = cache(findings)  # tables and charts hold the same words many times
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if names is None or name in names:
            for text in _texts(path.suffix, path.read_text(encoding="utf-8", errors="replace")):
                for piece in _pieces(text):
                    yield from ((name, each) for each in found(piece))


def _files(folder: Path) -> list[Path]:
    """The files to search; what was built in a folder of sources is made of them."""
    found = (path for path in folder.rglob("*") if path.suffix in _TEXTS)
    return sorted(path for path in found if path.relative_to(folder).parts[0] != "_build")


def _texts(kind: str, text: str) -> Iterator[str]:
    """The parts of a file whose words belong together: the rows of a table, the texts of JSON."""
    if kind == ".csv":
        return ("; ".join(row) for row in csv.reader(text.splitlines()))
    try:
        return _strings(json.loads(text)) if kind in (".ipynb", ".json") else iter([text])
    except ValueError:  # no JSON, and a text all the same
        return iter([text])


def _strings(node: object) -> Iterator[str]:
    """Every text of a JSON value; the lines of a cell of a notebook are one."""
    if isinstance(node, list) and all(isinstance(each, str) for each in node):
        whole = any(each.endswith("\n") for each in node)
        yield from ["".join(node)] if whole else node
    elif isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, inner in pairs:
            if key != "image/png":  # letters without a meaning
                yield from _strings(inner)
    elif isinstance(node, str):
        yield node


def _pieces(text: str) -> Iterator[str]:
    """The pieces of a text, of a marked-up one with its marks and without them."""
    for each in dict.fromkeys((text, _WITHIN.sub("", text))):
        yield from map(unescape, _PARTING.split(each))


def require_none(folder: Path, names: Collection[str] | None = None) -> None:
    """Raise ReportError, with files and kinds but not the details, if `scan` finds any.

    Also if there is no file to search: a mistyped folder is not a clean one.
    """
    if not _files(folder):
        raise ReportError(f"{folder}: there is no file to search for personal details.")
    found = Counter((place, finding.kind) for place, finding in scan(folder, names))
    if found:
        lines = [f"{place}: {kind}, {n} times" for (place, kind), n in sorted(found.items())]
        raise ReportError(
            "Personal details stand in files that are to be published. Take them out where they "
            "come from:\n" + "\n".join(lines)
        )


def _plain(text: str) -> str:
    """Text without invisible characters and kinds of space, which would hide a name from us."""
    seen = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_telephone(text: str) -> bool:
    """Ten or eleven digits with the leading nought, which +44 stands for."""
    return len(re.sub("^(?:00)?440?", "0", _digits(text))) in (10, 11)


def _is_nhs_number(text: str) -> bool:
    """Ten digits of which the last is the check digit (modulo 11) of the others."""
    *digits, check = map(int, _digits(text))
    return (11 - sum(d * (10 - i) for i, d in enumerate(digits)) % 11) % 11 == check


_HOLDS = {"telephone number": _is_telephone, "NHS number": _is_nhs_number}
_PATTERNS = {
    "name": (
        rf"\b(?:(?:{_RANKS})\.? )+(?:\d{{1,5}} )?(?:[A-Z]\.? ?){{0,3}}{_NAME}",
        rf"\b(?i:mr|mrs|dr)\b\.? (?!and\b|or\b|&){_WORD}(?: {_NAME})?",
        r"\b(?i:named|alias|aka|a\.k\.a\.|surname|forename|first name|last name|full name)"
        rf"(?: is| was|:)? {_NAME}\b",
        rf"\b{_FULL_NAME},? \(?(?:then )?(?:aged|age) {_ONE_AGE}",
        rf"\b{_FULL_NAME}(?:, \d{{1,2}},? | \(\d{{1,2}}\),? ){_AFTER_AGE}",
    ),
    "age or date of birth": (
        r"(?i:\b(?:d\.?o\.?b|date of birth|birth ?date|birthday)\b\.?"
        rf"[^\w]{{0,3}}(?:is |was |of |on )?(?:\d|{_MONTH} \d))",
        rf"(?i:\bborn (?:on |in )?(?:the )?(?:\d{{1,4}}|{_MONTH} (?:\d+|of))\b)",
        rf"(?i:\b\d{{1,2}}[- ]years?[- ]old {_PERSON})|\b\d{{1,2}}-year-old {_FULL_NAME}",
    ),
    "e-mail address": (
        r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]+)+",
        r"(?i:\b[\w.+-]{1,64} ?[\[(]at[\])] ?[\w-]+(?:\.| ?[\[(]dot[\])] ?)\w+)",
    ),
    "telephone number": (
        r"(?<![\w.,/#-])\(?0[1-9]\d{1,4}\)?(?:[ -]?\d{2,8}){1,4}(?![\w/]|[.,-]\d)",
        r"(?<![\w.,/#-])(?:\+|00)44 ?(?:\(0\))?(?:[ -]?\d{2,8}){2,5}(?![\w/]|[.,-]\d)",
    ),
    "postcode": (
        rf"\b{_OUTWARD} ?[0-9]{_INWARD}\b",
        # In small letters only with the space, and not "s1 1st".
        rf"\b(?i:{_OUTWARD} [0-9](?!st\b|nd\b|rd\b|th\b){_INWARD})\b",
    ),
    "street address": (
        rf"\b\d{{1,4}}[a-zA-Z]?,? (?!Crown |County |Magistrates)(?:{_NAME} ){{1,3}}"
        rf"(?:{_STREETS})\b",
    ),
    "National Insurance number": (
        r"\b(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D])\b",
    ),
    "NHS number": (
        r"(?<![\w.,/-])\d{3}([ -])\d{3}\1\d{4}(?![\w/]|[.,-]\d)",
        r"(?i:\bNHS\b[^\d]{0,15})\d{10}\b",
    ),
}
_KINDS = [(kind, re.compile(text)) for kind, texts in _PATTERNS.items() for text in texts]
