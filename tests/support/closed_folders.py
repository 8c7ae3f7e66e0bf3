"""A folder that the system refuses to read, also to root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def closed_folder(folder: Path) -> Iterator[Path]:
    """Close a folder inside this block. Root gives up its rights, but may still read everything around the folder."""
    mode, user = folder.stat().st_mode, os.geteuid()
    opened = [(above, above.stat().st_mode) for above in folder.parents if above.stat().st_uid == user == 0]
    try:
        for above, its_mode in opened:
            above.chmod(its_mode | 0o755)
        folder.chmod(0)
        if user == 0:
            os.seteuid(NOBODY)
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(mode)
        for above, its_mode in opened:
            above.chmod(its_mode)
