"""Where this checkout is, and where its data are."""

import os
from pathlib import Path


def root() -> Path:
    """Folder of this checkout: the one with the Snakefile, `notebooks/` and `_site/`."""
    return Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Folder of the data package: `data/` of this checkout, or `RSO_REPORT_DATA` if set."""
    override = os.environ.get("RSO_REPORT_DATA")
    return Path(override) if override else root() / "data"
