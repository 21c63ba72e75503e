"""Put a new folder in the place of one that others read, so that they find the old or the new."""

import shutil
from pathlib import Path


def beside(live: Path, role: str) -> Path:
    """Return the hidden folder next to ``live`` that plays a part in replacing it."""
    return live.with_name(f".{live.name}.{role}")


def recover(live: Path) -> None:
    """Leave ``live`` whole and alone after a replacement that was cut short."""
    old = beside(live, "old")
    if old.exists() and not live.exists():
        old.rename(live)
    for left in (old, beside(live, "new")):
        shutil.rmtree(left, ignore_errors=True)


def switch(new: Path, live: Path) -> None:
    """Put the folder ``new`` in the place of the folder ``live``, by renaming.

    Between the two renamings there is no ``live``. Whatever interrupts there, the old one goes
    back; after a power cut ``recover`` does it on the next run.
    """
    old = beside(live, "old")
    try:
        if live.exists():
            live.rename(old)
        new.rename(live)
    finally:
        if old.exists() and not live.exists():
            old.rename(live)
    shutil.rmtree(old, ignore_errors=True)
