"""YAML files of names and plain values, read as they are written.

YAML guesses: `2024_25` becomes the number 202425, `No` false, `012` ten and `2021-03-31` a date.
Here text and plain decimal numbers come as they stand, and all else as `Refused`, with words of
what was found. Nothing is constructed from the file, so no tag in it can do anything.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from rso_report.errors import FileError, on_one_line

LONGEST = 100_000  # bytes; a file of all parameters of an edition has about 500
_NUMBER = re.compile(r"(0|-?[1-9][0-9]*)(\.[0-9]+)?|-?0\.[0-9]+")
_SHOWN = 60  # characters of a scalar that a message repeats, and that a number may have
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Refused:
    """A value that is neither text nor a plain number, in words; `written` is the scalar."""

    found: str
    written: str = ""


class NotPlain(ValueError):
    """A text is no YAML mapping; the message says in words what was found."""


def read(path: Path) -> dict[str, str | int | float | Refused]:
    """The values of a file. Raises FileError if it can't be read, NotPlain if it isn't plain."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(content) > LONGEST:
        raise NotPlain(f"more than {LONGEST:,} bytes")
    try:
        return values(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotPlain("text that is not UTF-8") from None


def values(text: str) -> dict[str, str | int | float | Refused]:
    """The values of a YAML mapping by name. Raises NotPlain for anything else than a mapping."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read as such"
        where = f", line {mark.line + 1}" if mark else ""
        raise NotPlain(f"no YAML ({problem}{where})") from None
    if root is None:
        raise NotPlain("nothing")
    if not isinstance(root, yaml.MappingNode) or root.tag != f"{_TAG}map":
        raise NotPlain(_kind(root))
    found: dict[str, str | int | float | Refused] = {}
    lines: dict[str, list[str]] = {}
    for key, node in root.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else _kind(key)
        found[name] = _value(node)
        lines.setdefault(name, []).append(str(key.start_mark.line + 1))
    return found | {
        name: Refused(f"{len(each)} values, in lines {' and '.join(each)}")
        for name, each in lines.items()
        if len(each) > 1
    }


def _value(node: yaml.Node) -> str | int | float | Refused:
    """What a scalar says as it is written, or why it is refused."""
    if not isinstance(node, yaml.ScalarNode):
        return Refused(_kind(node))
    kind = node.tag.removeprefix(_TAG)
    if kind == "str":
        return node.value
    plain = node.style is None and len(node.value) <= _SHOWN and _NUMBER.fullmatch(node.value)
    if plain and kind in ("int", "float"):
        return int(node.value) if kind == "int" else float(node.value)
    if kind == "null":
        return Refused("nothing (for an empty text write '')")
    if kind not in ("int", "float", "bool", "timestamp"):
        return Refused(_tag(node), node.value)
    return Refused(f"{on_one_line(node.value)}, which YAML reads as {_read_as(node)}", node.value)


def _read_as(node: yaml.ScalarNode) -> str:
    """What YAML makes of a scalar that is neither text nor a plain number."""
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, KeyError):  # also of a date such as 2021-13-45
        return _tag(node)
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return f"the date {value}" if isinstance(value, date) else _tag(node)


def _kind(node: yaml.Node) -> str:
    """A node in words."""
    if not node.tag.startswith(_TAG) or node.tag.startswith(f"{_TAG}python"):
        return _tag(node)
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, yaml.MappingNode) else f"'{on_one_line(node.value)}'"


def _tag(node: yaml.Node) -> str:
    """The tag of a node as it is written in a file."""
    return f"the tag {on_one_line(node.tag.replace(_TAG, '!!'))}"
