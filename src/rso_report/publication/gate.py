"""What a whole site has to pass before readers get it; links are checked by module `links`.

    python -m rso_report.publication.gate SITE        fail, with what is wrong, or say nothing

Each page has its policy and nothing that the policy forbids; each edition is, file for file, what
its record says was built. Personal details were searched for in all that the pages are made of
before they were built (module `assemble`); what needs a browser is in module `axe`.
"""

import sys
from pathlib import Path

from rso_report.errors import ReportError
from rso_report.publication import policy, provenance


def require_publishable(site: Path) -> None:
    """Raise ReportError with what is wrong with a site."""
    policy.require_secured(site)
    provenance.require_as_built(site)


def main(arguments: list[str]) -> int:
    """Check the site in a folder; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m rso_report.publication.gate SITE", file=sys.stderr)
        return 2
    try:
        require_publishable(Path(arguments[0]))
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
