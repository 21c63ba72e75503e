"""Whether a build would change nothing: told in half a second, without asking the graph.

After each build of one edition stands in `build/ready` what all that it depends on was when it
began, what the site then was, and what was said. If both are so still, that is said again.
"""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from rso_report.places import data_folder
from rso_report.publication.assemble import code_files

RECORD = Path("build", "ready")
SITE = Path("_site")


def state(asked: list[str], commit: str) -> str:
    """Return a digest of what a build here depends on: files and their times, and surroundings.

    With their times, so that a file which was changed and changed back while it was built counts.
    """
    files = [*code_files(Path()), Path("requirements.lock"), *map(Path, filter(None, asked[2:]))]
    files += [path for path in data_folder().glob("*") if path.is_file()]
    known = [[str(path), path.stat().st_mtime_ns, _digest(path)] for path in sorted(files)]
    world = [os.environ.get(name) for name in ("RSO_REPORT_URL", "RSO_REPORT_DATA")]
    return _hash([asked, commit, known, world, sys.version, sys.prefix])


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
    files = [path for path in sorted(SITE.resolve().rglob("*")) if path.is_file()]
    return _hash([str(SITE.resolve()), *([str(path), _digest(path)] for path in files)])


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _hash(parts: list[object]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
