"""What a whole site has to pass before readers get it.

Every link leads to a place of the site; each page has its policy; each edition is, file for file,
what its list says was built; axe finds nothing. Personal details were searched for in all that the
pages are made of before they were built (module `assemble`).
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rso_report.errors import ReportError, first_of
from rso_report.publication import links, policy, provenance


def require_publishable(site: Path, live: Path) -> None:
    """Raise ReportError with what is wrong with a site; `live` is the one that is served."""
    from rso_report.publication import axe  # only now, for it brings a browser with it

    with ThreadPoolExecutor(1) as beside:  # the browser takes its time to start
        looked = beside.submit(axe.require_accessible, site, live)
        if broken := links.faults(site):
            raise ReportError("Links lead nowhere, or out of the site:\n" + first_of(broken))
        policy.require_secured(site)
        provenance.require_as_built(site)
        looked.result()
