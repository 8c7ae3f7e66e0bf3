"""Durable files: what is written is on the medium when the call returns, under its whole name or not at all.

Errors are the system's own (`OSError`): whoever calls knows what the file was for, and says so.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file as a whole: write beside it, sync, rename, sync the directory.

    Args:
        path: Its directory is made where it is missing.
        data: The whole content.

    Raises:
        OSError: If there is no room or no permission; the file that was there is unchanged.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        write_through(partial, data)
        partial.replace(path)
        sync_directory(path.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def write_through(path: Path, data: bytes) -> None:
    """Write a file and sync its content; its name becomes durable with `sync_directory`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make durable which names are in a directory."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_folder(base: Path, name: str) -> Path:
    """A folder of that name that does not exist yet; clocks that stand still make names come twice."""
    numbered = (base / (name if number == 1 else f"{name}_{number}") for number in count(1))
    return next(folder for folder in numbered if not folder.exists())
