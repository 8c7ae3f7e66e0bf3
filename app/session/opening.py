"""Open the stored session, whatever has happened to it or to the disk: this always returns a session.

1. An erasure that a power cut interrupted is finished.
2. A sound database is opened.
3. Of a damaged one, every sound row is taken over, and what is missing comes from the last good copy. The damaged file
   is renamed to `session.sqlite3.damaged-1`; it is erased at the end of the visit (`app.session.archive`).
4. If the disk is full, read-only or fails, the session is kept in memory, and staff and visitors are told so. A sound
   session on such a disk is not shown, because nobody could end it; `app.jobs.archive_jobs.erase_session` puts it away
   when the disk works again.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.base.erasing import shred
from app.base.error_texts import system_error_text
from app.base.files import DAMAGED, is_no_plain_file, set_aside, sync_directory, unlink_special_file
from app.base.i18n import Message, Text, message
from app.session.copying import unfinished
from app.session.database import DATABASE_ERRORS, GROWTH_BYTES, create_tables, grow, open_database, prepare
from app.session.erasure import (
    RECOVERED,
    cover_unfinished_growth,
    files_beside,
    finish_erasing,
    good_copy_of,
    journal_of,
    probe_of,
)
from app.session.salvage import rebuild, salvage
from app.session.soundness import DAMAGE_ERRORS, find_damage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """An open session.

    Attributes:
        database: One thread at a time may use it.
        disk_problem: Why the session is in memory alone; None if it is on the disk.
        damage: What was damaged, in English for the log; empty if nothing was.
        kept: Number of samples that were kept of a damaged session.
        lost: Number of samples that are known to be lost.
    """

    database: sqlite3.Connection
    disk_problem: Text | None = None
    damage: str = ""
    kept: int = 0
    lost: int = 0

    @property
    def is_stored(self) -> bool:
        """Whether the files on the disk hold this session, also if it was recovered from a disk that is read-only."""
        return self.disk_problem is None or self.kept > 0

    @property
    def repair(self) -> Message | None:
        """What was done about a damaged session, as a text for the screen; None if it was sound."""
        if not self.damage:
            return None
        if not self.kept and not self.lost:
            return message("The stored session was damaged and could not be read. A new one begins.")
        if not self.lost:
            return message("The stored session was damaged and has been repaired.")
        return message(
            "The stored session was damaged. Pictures kept: {kept}, lost: {lost}.", kept=self.kept, lost=self.lost
        )


def open_session(path: Path, labels: Sequence[str]) -> Opened:
    """Open a session; create it if it is missing.

    Args:
        path: The database.
        labels: Names for classes whose stored name is damaged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        odd = _clear_places_of_files(path)
        finish_erasing(path)
        _finish_recovery(path)
        cover_unfinished_growth(path)
        shred(unfinished(good_copy_of(path)))
    except OSError as error:
        return _in_memory(path, error)
    if odd:
        return _recover(path, labels, "it is not a plain file")
    lost_file = good_copy_of(path).is_file() and not (path.is_file() and path.stat().st_size)
    try:
        database = open_database(path)
    except DAMAGE_ERRORS as error:
        return _recover(path, labels, str(error) or type(error).__name__)
    try:
        damage = "its file is missing" if lost_file else find_damage(database)
    except DAMAGE_ERRORS as error:
        damage = str(error) or type(error).__name__
    if damage:
        database.close()
        return _recover(path, labels, damage)
    if (problem := _cannot_write(database)) is not None:
        database.close()
        if (disk_problem := _disk_problem(path)) is None:
            return _recover(path, labels, "it cannot be written, but the disk can")
        return _in_memory(path, disk_problem if problem.errno == errno.EROFS else problem)
    return Opened(database)


def _clear_places_of_files(path: Path) -> bool:
    """Remove what is in the place of a file of the session and is none: opening a pipe would block for ever.

    Returns:
        Whether that was the database itself. It is set aside, unless it is a folder, which `_recover` sets aside.
    """
    shared = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))  # SQLite looks for them
    for other in (journal_of(path), *shared, *files_beside(path), probe_of(path)):
        if is_no_plain_file(other):
            logger.warning("%s is not a plain file, so it does not stay there", other)
            unlink_special_file(other)
            if other.is_dir():
                set_aside(other)
    if not is_no_plain_file(path) or (path.is_dir() and not path.is_symlink()):
        return False
    logger.warning("%s is not a plain file and is renamed to %s", path, set_aside(path))
    return True


def memory_database() -> sqlite3.Connection:
    """Create an empty session in memory."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    prepare(database)
    create_tables(database)
    return database


def _cannot_write(database: sqlite3.Connection) -> OSError | None:
    """Return why a database cannot be written; None if it can. A full disk is no reason if it holds samples."""
    try:
        database.execute("DELETE FROM facts WHERE 0")  # a read-only file refuses this, and not BEGIN IMMEDIATE
        database.rollback()
        if database.execute("SELECT 1 FROM samples LIMIT 1").fetchone() is None:
            grow(database, GROWTH_BYTES // 2)
            if database.execute("PRAGMA freelist_count").fetchone()[0] == 0:
                return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except DATABASE_ERRORS:
        return OSError(errno.EROFS, os.strerror(errno.EROFS))
    return None


def _recover(path: Path, labels: Sequence[str], damage: str) -> Opened:
    """Keep what can be read of a session that could not be opened, or is damaged."""
    if (problem := _disk_problem(path)) is not None and not _can_be_read(path):
        return _in_memory(path, problem)
    found = salvage(path, good_copy_of(path), labels)
    database = rebuild(found)
    kept = len(found.samples)
    logger.warning("%s is damaged (%s): %d samples are kept, %d are lost", path, damage, kept, found.lost)
    if problem is None:
        try:
            on_disk = _write_recovered(path, database)
        except (OSError, *DATABASE_ERRORS) as error:
            problem = error if isinstance(error, OSError) else OSError(errno.EIO, str(error))
        else:
            database.close()
            return Opened(on_disk, None, damage, kept, found.lost)
    prepare(database)
    return Opened(database, system_error_text(problem), damage, kept, found.lost)


def _write_recovered(path: Path, recovered: sqlite3.Connection) -> sqlite3.Connection:
    """Set the damaged file aside, and write what was recovered in its place."""
    new = path.with_name(path.name + RECOVERED)
    shred(new)
    copy = sqlite3.connect(new)
    try:
        recovered.backup(copy)
    finally:
        copy.close()
    with new.open("rb") as file:
        os.fsync(file.fileno())
    if path.exists() or path.is_symlink():
        logger.warning("%s is renamed to %s", path, _set_aside_with_journal(path))
    else:
        shred(journal_of(path))  # it must not be applied to the new file
    new.replace(path)
    sync_directory(path.parent)
    return open_database(path)


def _set_aside_with_journal(path: Path) -> Path:
    """Rename a damaged database; its journal gets the same number, as SQLite expects it."""
    aside = set_aside(path)
    with suppress(FileNotFoundError):
        journal_of(path).rename(journal_of(aside))
    return aside


def _finish_recovery(path: Path) -> None:
    """Give the recovered database its name if a power cut came between the two steps; else drop it."""
    new = path.with_name(path.name + RECOVERED)
    if not new.exists():
        return
    if path.exists() or not any(path.parent.glob(f"{path.name}{DAMAGED}*")):
        shred(new)
        return
    shred(journal_of(path))
    new.replace(path)


def _disk_problem(path: Path) -> OSError | None:
    """Return why nothing can be written beside a database, or why it cannot be written itself; None if it can."""
    probe = probe_of(path)
    try:
        with probe.open("wb") as file:
            file.write(bytes(1 << 16))
            file.flush()
            os.fsync(file.fileno())
        if path.is_file():
            os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return None


def _can_be_read(path: Path) -> bool:
    """Whether a full disk, not a failing one, is the problem: then the session on it can be used."""
    try:
        with path.open("r+b") as file:
            return bool(file.read(1))
    except OSError:
        return False


def _in_memory(path: Path, problem: OSError) -> Opened:
    logger.warning(
        "%s cannot be used (%s): the session is kept in memory until the kiosk stops", path, problem.strerror
    )
    return Opened(memory_database(), system_error_text(problem))
