"""What a whole site has to pass before readers get it.

Every link leads to a place of the site; each page has its policy; each edition is, file for file,
what its list says was built. Personal details were searched for in all that the pages are made of
before they were built (module `assemble`). Whether pages suit those who read with a screen reader,
a keyboard or weak eyes is for the tests (`test_accessibility`), which need a browser.
"""

from pathlib import Path

from rso_report.errors import ReportError, first_of
from rso_report.publication import links, policy, provenance


def require_publishable(site: Path) -> None:
    """Raise ReportError with what is wrong with a site."""
    if broken := links.faults(site):
        raise ReportError("Links lead nowhere, or out of the site:\n" + first_of(broken))
    policy.require_secured(site)
    provenance.require_as_built(site)
