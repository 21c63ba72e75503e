"""The browser that prints the PDF and lets axe look at the pages: Debian's Chromium."""

import shutil
from typing import Any

from rso_report.errors import ReportError

# No sandbox: it is refused to root, as in a container, and the only pages opened are our own.
QUIET = (
    "--no-sandbox --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-quic"
)


def program() -> str | None:
    """Return where Chromium is, or None if it is not on the path."""
    return shutil.which("chromium")


def how_to_start() -> dict[str, Any]:
    """Return what Playwright needs to start it. Raises ReportError if it is not on the path."""
    if (found := program()) is None:
        raise ReportError(
            "The PDF needs the program `chromium`, and there is none on the path.\n"
            "Install it (Debian or Ubuntu: apt install chromium). `make report` works without it."
        )
    return {"executable_path": found, "args": QUIET.split()}
