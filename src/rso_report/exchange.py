"""Put a new folder in the place of one that others read, so that they find the old or the new."""

import errno
import os
import shutil
from pathlib import Path

# What a system answers that has no symbolic links, or does not let us make one.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def beside(live: Path, role: str) -> Path:
    """Return the hidden folder next to ``live`` that plays a part in replacing it."""
    return live.with_name(f".{live.name}.{role}")


def recover(live: Path) -> None:
    """Leave ``live`` whole and alone after a replacement that was cut short."""
    old = beside(live, "old")
    if old.exists() and not live.exists():
        live.unlink(missing_ok=True)  # a link that leads nowhere
        old.rename(live)
    for left in (old, beside(live, "new")):
        _remove(left)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def point(live: Path, folder: Path) -> None:
    """Make ``live`` lead to ``folder``, in one step: at any moment it is the old or the new.

    A folder at ``live``, as earlier versions made it, is replaced once by renaming. So it is each
    time on a system without symbolic links, and then ``folder`` itself is moved.
    """
    link = beside(live, "new")
    _remove(link)
    try:
        link.symlink_to(os.path.relpath(folder, live.parent), target_is_directory=True)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        switch(folder, live)
        return
    if live.is_dir() and not live.is_symlink():
        switch(link, live)
    else:
        os.replace(link, live)


def switch(new: Path, live: Path) -> None:
    """Put ``new``, a folder or a link to one, in the place of the folder ``live``, by renaming.

    Between the two renamings there is no ``live``. Whatever interrupts there, the old site goes
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
