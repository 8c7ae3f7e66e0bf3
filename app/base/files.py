"""Write files durably: when the call returns, the file is on the medium with all of its content, or not at all.

Errors are the system's own (`OSError`); the caller translates them, because it knows the purpose of the file.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from app.base.file_names import numbered_names
from app.base.supervision import RunningCalls
from app.base.workers import give_sign_of_life

WRITES = RunningCalls()  # of files, by any thread of this process: one may hang
DAMAGED = ".damaged-"  # `set_aside` appends this and a number to the name of a file


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file atomically: write a temporary file, sync it, rename it, sync the directory.

    Args:
        path: Its directory is created if it is missing.
        data: The complete content.

    Raises:
        OSError: If there is no room or no permission; the file that was there is unchanged.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        unlink_special_file(partial)
        write_through(partial, data)
        partial.replace(path)
        sync_directory(path.parent)
    except OSError:
        with suppress(OSError):  # the first error is the one to report
            partial.unlink(missing_ok=True)
        raise


def write_through(path: Path, data: bytes) -> None:
    """Write a file and sync its content; its name becomes durable with `sync_directory`."""
    give_sign_of_life()
    with WRITES:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def is_no_plain_file(path: Path) -> bool:
    """Whether a path leads to something else than a plain file: a link, folder, pipe, socket or device."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def unlink_special_file(path: Path) -> None:
    """Remove a link, pipe, socket or device from the place of a file: opening a pipe would block for ever.

    Raises:
        OSError: If it cannot be removed.
    """
    if is_no_plain_file(path) and (path.is_symlink() or not path.is_dir()):
        path.unlink()


def sync_directory(directory: Path) -> None:
    """Sync a directory, so that new names in it are durable."""
    with WRITES:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def folder_problem(folder: Path) -> str:
    """Return why no file can be written to a folder, or why the folder cannot be created; empty if it can.

    The check creates a temporary folder in it, or in the nearest folder above it that exists, and creates nothing else.
    """
    try:
        place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryDirectory(prefix=".kiosk-check-", dir=place):
            return ""
    except OSError as error:
        if error.errno == errno.ENOENT:  # as in /proc
            return "that place takes no folders"
        return error.strerror or type(error).__name__


def free_path(folder: Path, name: str, suffix: str = "") -> Path:
    """Return the first of `name`, `name_2`, `name_3`, … that does not exist in `folder`.

    Names with a time need this, too: two can be made in one second, and clocks can be set back.

    Args:
        folder: The folder; it may be missing.
        name: The name without the suffix.
        suffix: Follows the number, for example ".sqlite3".
    """
    return next(path for name in numbered_names(name) if not (path := folder / f"{name}{suffix}").exists())


def set_aside(path: Path) -> Path:
    """Rename a damaged file to the first free of `NAME.damaged-1`, `NAME.damaged-2`, …

    Returns:
        The new path.

    Raises:
        OSError: If the file cannot be renamed; it keeps its name.
    """
    names = (f"{path.name}{DAMAGED}{number}" for number in count(1))
    new_path = next(new for name in names if not (new := path.with_name(name)).exists())
    path.rename(new_path)
    return new_path
