"""Erase the files of a session so that neither they nor the medium keep a picture, also across a power cut.

The first 16 bytes of the database are replaced by ERASED. From this moment the session counts as erased: whatever
interrupts the rest, the next start finds the mark and finishes. Nothing here needs free space.
"""

from __future__ import annotations

import os
import struct
from glob import escape
from pathlib import Path

from app.base.erasing import overwrite, overwrite_open, shred
from app.base.files import DAMAGED

ERASED = b"erased session\0\0"  # in place of SQLite's own mark; a write of 16 bytes is whole or not done
JOURNAL = "-journal"  # SQLite appends it to the name of the database
GOOD_COPY = ".good"  # the last good copy of a session, without pictures (`app.session.opening`)
RECOVERED = ".recovered"  # a repaired database that has not yet its final name
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""Source: sqlite.org/fileformat.html, "The Rollback Journal"."""


def erase_files(path: Path, *, damaged: bool = True) -> None:
    """Erase a session: its database, its journal and its good copy. The database is zero bytes long afterwards.

    Args:
        path: The database, which must be closed.
        damaged: Erase also the damaged databases that were set aside beside it.

    Raises:
        OSError: If the disk fails or is read-only. The call can be repeated until it works.
    """
    if path.is_file():
        _mark(path)
    for other in (*files_beside(path), *(damaged_beside(path) if damaged else ())):
        shred(other)
    overwrite(journal_of(path))
    if path.is_file():
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            overwrite_open(descriptor, len(ERASED))  # the mark goes last
            os.ftruncate(descriptor, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def finish_erasing(path: Path) -> None:
    """Finish an erasure that was interrupted, if there was one.

    Raises:
        OSError: If the disk fails or is read-only.
    """
    try:
        with path.open("rb") as file:
            marked = file.read(len(ERASED)) == ERASED
    except (FileNotFoundError, IsADirectoryError):
        return
    if marked:
        erase_files(path)


def journal_of(path: Path) -> Path:
    """Return the journal of a database."""
    return path.with_name(path.name + JOURNAL)


def good_copy_of(path: Path) -> Path:
    """Return the last good copy of a session."""
    return path.with_name(path.name + GOOD_COPY)


def damaged_beside(path: Path) -> list[Path]:
    """Return the damaged databases, and their journals, that were set aside beside a session, but no folders."""
    return sorted(
        one for one in path.parent.glob(f"{escape(path.name)}{DAMAGED}*") if one.is_symlink() or not one.is_dir()
    )


def probe_of(path: Path) -> Path:
    """Return the file that is written to find out whether the disk can be written."""
    return path.with_name(f"{path.name}.probe")


def cover_unfinished_growth(path: Path) -> None:
    """Overwrite what an interrupted transaction appended to a database, before SQLite cuts it off.

    Raises:
        OSError: If the disk fails or is read-only.
    """
    try:
        with journal_of(path).open("rb") as journal:
            head = journal.read(28)
    except FileNotFoundError:
        return
    if len(head) < 28 or not head.startswith(_JOURNAL_MAGIC) or not path.is_file():
        return
    pages, _sector_bytes, page_bytes = struct.unpack(">III", head[16:])
    if not pages or path.stat().st_size <= pages * page_bytes:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        overwrite_open(descriptor, pages * page_bytes)
    finally:
        os.close(descriptor)


def _mark(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_size:
            os.pwrite(descriptor, ERASED, 0)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_beside(path: Path) -> list[Path]:
    """Return the files that may lie beside a database, besides its journal and damaged ones."""
    return [
        path.with_name(path.name + ending)
        for name in (GOOD_COPY, RECOVERED)
        for ending in (name, f"{name}.partial", f"{name}{JOURNAL}", f"{name}.partial{JOURNAL}")
    ]
