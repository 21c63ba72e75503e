"""A search of finished files for what may not be published, before anybody can read them.

python -m rso_report.publication.leaks FOLDER

It fails if a withheld count or a personal detail stands in a file.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rso_report import dataset, personal
from rso_report.contents import contents, files, without_tags
from rso_report.dataset import Tables
from rso_report.disclosure import COUNTS, DisclosureError, decide_package
from rso_report.errors import ReportError

_MONTH = r" (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d"
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_COUNTED = r" (?:\w+ )?(?:people|persons?|m[ae]n|wom[ae]n|rsos?|offenders?|missing|were|was)\b"


@dataclass(frozen=True)
class Secret:
    """A withheld value and the words that name its cell, e.g. ("West Mercia", "May 2012").

    The fewest words that tell the cell from others find the most.
    """

    words: tuple[str, ...]
    value: int | str = field(repr=False)


def scan(folder: Path, secrets: Iterable[Secret]) -> list[str]:
    """Return the text files below `folder` in which a withheld value stands with its words.

    That is: in one table row, JSON object or list, CSV row, attribute, block or line of text; some
    of the words, not all, may stand above it, in captions, column heads and enclosing objects.
    Numbers are found as digits, or as a word that counts people ("three people", up to nine), also
    inside `data:` addresses, and in the members of ZIP files and the rows of spreadsheets. It errs
    towards a hit. It can't see what a drawing shows by lengths or separate labels, pictures, nor
    what a value was rounded to or is part of (a sum, a rate), unless that is given as a secret too.
    """
    sought = [([_pattern(w) for w in s.words], _pattern(s.value)) for s in secrets]
    if not sought:
        return []

    def held(above: str, record: str) -> bool:
        here = _plain(record)
        likely = [words for words, value in sought if value.search(here)]
        return any(
            any(word.search(here) for word in words)
            and all(word.search(here) or word.search(_plain(above)) for word in words)
            for words in likely
        )

    return [
        name
        for path in files(folder)
        for name, records in contents(path.relative_to(folder).as_posix(), path.read_bytes())
        if any(held(above, record) for above, record in records)
    ]


def require_clean(folder: Path, secrets: Iterable[Secret]) -> None:
    """Raise DisclosureError, with the names of the files but not the values, if `scan` has hits.

    Also if there is no file to search: a mistyped folder is not a clean one.
    """
    if not files(folder):
        raise DisclosureError(f"{folder}: there is no file to search for withheld values.")
    if hits := scan(folder, secrets):
        raise DisclosureError(f"A withheld value stands in {', '.join(hits)}.")


def secrets(data: Tables) -> list[Secret]:
    """Return the counts of the data that may not be published, each with the name of its area."""
    names = data.areas.set_index("area_id")["short_name"]
    decided = decide_package(data)
    hidden = decided[(decided["sdc_decision"] != "PUBLISH") & decided["value"].notna()]
    return [Secret((names[row.area_id],), int(row.value)) for row in hidden.itertuples()]


def _plain(text: str) -> str:
    """Text without tags, entities, case, and kinds of space."""
    words = unicodedata.normalize("NFKC", without_tags(text))
    return " ".join(words.casefold().split())


def _pattern(sought: int | str) -> re.Pattern[str]:
    """Finds words, or a number that is no part of another, of a name or of a date."""
    if isinstance(sought, str):
        return re.compile(rf"(?<!\w){re.escape(_plain(sought))}(?!\w)")
    digits = f"{abs(sought):,}".replace(",", "[, ]?")
    number = rf"(?<![\w.])(?<!\w-){digits}(?:\.0+)?(?!\w|\.\d|,\d{{3}}|{_MONTH})"
    word = _WORDS[abs(sought)] if abs(sought) < len(_WORDS) else digits
    return re.compile(rf"{number}|\b{word}{_COUNTED}")


def main(arguments: list[str]) -> int:
    """Search a folder for withheld counts and personal details; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m rso_report.publication.leaks FOLDER", file=sys.stderr)
        return 2
    try:
        require_clean(Path(arguments[0]), secrets(dataset.load(*COUNTS)))
        personal.require_none(Path(arguments[0]))
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
