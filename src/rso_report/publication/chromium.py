"""The browser that prints the PDF and lets axe look at the pages: Debian's Chromium."""

import shutil

from playwright.sync_api import Browser, Playwright

from rso_report.errors import ReportError

# No sandbox: it is refused to root, as in a container, and the only pages opened are our own.
QUIET = (
    "--no-sandbox --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-quic"
)


def program() -> str | None:
    """Return where Chromium is, or None if it is not on the path."""
    return shutil.which("chromium")


def start(playwright: Playwright) -> Browser:
    """Return a running Chromium. Raises ReportError if there is none on the path."""
    if (found := program()) is None:
        raise ReportError(
            "This needs the program `chromium`, and there is none on the path.\n"
            "Install it (Debian or Ubuntu: apt install chromium). `make report` works without it."
        )
    return playwright.chromium.launch(executable_path=found, args=QUIET.split())
