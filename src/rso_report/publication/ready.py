"""Whether a build would change nothing: told in half a second, without asking the graph.

After a build of one edition stands in `build/ready` what all that it depends on was when it began,
what the site then was, and what was said. If both are so still, that is said again.
"""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from rso_report.places import data_folder
from rso_report.publication.assemble import code_files

RECORD, SITE = Path("build", "ready"), Path("_site")


def state(asked: list[str], commit: str) -> str:
    """Return a digest of what a build here depends on: files and their times, and surroundings.

    With their times: a file that was changed and changed back during the build counts as another.
    """
    files = [*code_files(Path()), *data_folder().glob("*.*"), Path("requirements.lock")]
    files += [Path(file) for file in asked[2:] if file]
    times = [path.stat().st_mtime_ns for path in sorted(files)]
    world = [os.environ.get(name) for name in ("RSO_REPORT_URL", "RSO_REPORT_DATA")]
    return _digest([asked, commit, times, world, sys.version, sys.prefix], files)


def note(state: str, said: list[str]) -> None:
    """Write down that a build from this state has ended well, and what it said."""
    RECORD.write_text(json.dumps([state, _site(), said]), encoding="utf-8")


def said(asked: list[str], commit: str) -> list[str]:
    """Return what the last build said if another would change nothing, or else nothing."""
    try:
        known, site, words = json.loads(RECORD.read_text(encoding="utf-8"))
        return words if (known, site) == (state(asked, commit), _site()) else []
    except (OSError, ValueError):  # never built, or not to be read, which the build will say
        return []


def _site() -> str:
    site = SITE.resolve()
    return _digest([str(site)], [path for path in sorted(site.rglob("*")) if path.is_file()])


def _digest(parts: list[object], files: list[Path]) -> str:
    contents = [[str(path), sha256(path.read_bytes()).hexdigest()] for path in files]
    return sha256(json.dumps([parts, sorted(contents)]).encode()).hexdigest()
