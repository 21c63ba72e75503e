"""What takes long to make, and is the same each time that it is made of the same."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import FileSystemBytecodeCache

from rso_report.places import root

# For all editions; `make clean` removes it.
FOLDER = root() / "build" / "kept"
DRAWINGS = FOLDER / f"vl-convert-{version('vl-convert-python')}"  # on which alone they depend


def kept(make: Callable[..., bytes], *given: object, folder: Path | None = None) -> bytes:
    """Return what a function makes of something; from a folder, if it made it of the same before.

    The folder, without one that of drawings, has to go when the function does something else.
    """
    path = (folder or DRAWINGS) / f"{make.__name__}-{sha256(repr(given).encode()).hexdigest()}"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.{os.getpid()}")
        half.write_bytes(make(*given))
        half.replace(path)
    return path.read_bytes()


def chart_library() -> str:
    """Return the script that draws charts in a browser."""
    return kept(_bundle).decode()


def drawn(spec: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a Vega-Lite specification as Vega, and drawn as SVG. Raises ValueError if it can't."""
    vega, svg = json.loads(kept(_vega_and_svg, json.dumps(spec)))
    return vega, svg


def drawn_as_png(vega: dict[str, Any], scale: float) -> bytes:
    """Return a Vega specification drawn as PNG."""
    return kept(_png, json.dumps(vega), scale)


def templates() -> FileSystemBytecodeCache:
    """Return where Jinja keeps the code that it makes of templates."""
    (folder := FOLDER / "templates").mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def _bundle() -> bytes:
    return vl_convert.javascript_bundle().encode()


def _vega_and_svg(spec: str) -> bytes:
    vega = vl_convert.vegalite_to_vega(spec)
    return json.dumps([vega, vl_convert.vega_to_svg(vega, allowed_base_urls=[])]).encode()


def _png(vega: str, scale: float) -> bytes:
    return vl_convert.vega_to_png(vega, scale=scale, allowed_base_urls=[])
