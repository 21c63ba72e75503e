"""What a whole site has to pass before readers get it; links are checked by module `links`.

    python -m rso_report.gate SITE        fail, with what is wrong, or say nothing

Each page has its policy and nothing that the policy forbids; each edition is, file for file, what
its record says was built; nothing withheld and no personal detail stands in any file. The checks
of colours, names and headings for screen readers (axe) need a browser, so the tests have them.
"""

import sys
from pathlib import Path

from rso_report import dataset, leaks, personal, policy, provenance
from rso_report.disclosure import COUNTS
from rso_report.errors import ReportError


def require_publishable(site: Path) -> None:
    """Raise ReportError with what is wrong with a site; the quick checks come first."""
    policy.require_secured(site)
    provenance.require_as_built(site)
    leaks.require_clean(site, leaks.secrets(dataset.load(*COUNTS)))
    personal.require_none(site)


def main(arguments: list[str]) -> int:
    """Check the site in a folder; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m rso_report.gate SITE", file=sys.stderr)
        return 2
    try:
        require_publishable(Path(arguments[0]))
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
