"""The archive: sessions of earlier visitors in the data directory, as long as there is room.

Only `Archive.keep` adds a session: at the end of a visit, and before a session from the archive or from a drive
replaces the current one. So the same rules for names, privacy, size and free space hold for all of them.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.base.erasing import shred
from app.base.error_texts import system_error_text
from app.base.errors import ArchiveUnusable, SessionNotArchived
from app.base.file_names import safe_file_name
from app.base.files import DAMAGED, free_path, is_no_plain_file
from app.base.i18n import message
from app.base.privacy import Privacy
from app.base.workers import give_sign_of_life
from app.session.copying import LARGEST_SERIAL, serial_of
from app.session.database import DATABASE_ERRORS, prepare
from app.session.erasure import JOURNAL, damaged_beside, journal_of
from app.session.session import Session
from app.session.store import SessionStore

logger = logging.getLogger(__name__)

FOLDER = "archive"  # in the data directory
NAME_BYTES = 60
ENDING = ".sqlite3"
PICTURES_AT_A_TIME = 32  # each transaction waits for the disk several times
SPARE_BYTES = 32 << 20  # reading the tables of a sound database needs far less


@dataclass(frozen=True)
class Archive:
    """A folder of sessions, with one database for each.

    Attributes:
        folder: Created for the first session.
        max_bytes: The oldest sessions are deleted if all of them are larger than this.
        floor_bytes: No session is added while less than this is free on the disk.
        free_bytes: Returns the free space of the disk of a folder.
        beside: The database of the current session. Damaged databases beside it count as sessions of the archive.
    """

    folder: Path
    max_bytes: int
    floor_bytes: int
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    beside: Path | None = None

    def new_name(self, session: Session, now: datetime) -> str:
        """Return a name that no archived session has.

        Args:
            session: Its classes are in the name.
            now: Local time, which begins the name. The order of the sessions does not depend on it.
        """
        taught = [label for label, shots in zip(session.labels, session.shots(), strict=True) if shots]
        name = f"{now:%Y-%m-%d_%H%M%S}_{safe_file_name(' '.join(taught), longest_bytes=NAME_BYTES)}"
        return free_path(self.folder, name, ENDING).name.removesuffix(ENDING)

    def keep(
        self, store: SessionStore, now: datetime, privacy: Privacy, *, or_refuse: bool = False, name: str = ""
    ) -> str | None:
        """Copy the session of `store` to the archive.

        Args:
            store: The session; it is not changed.
            now: Local time, for the name.
            privacy: What to keep of the session.
            or_refuse: Raise an error if there is too little free space, because another session will replace this one.
            name: The name of the session, from `new_name`; empty for a new one.

        Returns:
            The name of the archived session; None if there is no room for it, if it is larger than `max_bytes`, or if
            there is nothing to keep.

        Raises:
            SessionNotArchived: If the disk fails; with `or_refuse`, also if there is no room, before the copy or after.
        """
        session = store.load()
        if not session.samples or privacy is Privacy.ERASE:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._delete_unfinished()
            free_bytes = self.free_bytes(self.folder)
        except OSError as error:
            raise _not_archived(error) from error
        if free_bytes < self.floor_bytes:
            logger.warning("the session is not archived: less than %d MiB are free", self.floor_bytes >> 20)
            if or_refuse:
                raise _no_room()
            return None
        path = self._path(name or self.new_name(session, now))
        serial = min(max(map(serial_of, self._paths()), default=0) + 1, LARGEST_SERIAL)
        store.copy_to(path, pictures=privacy is Privacy.KEEP, serial=serial)
        size = _size(path)
        try:
            self._make_room()
        except OSError as error:  # the copy is complete; the next call tries again
            logger.warning("the archive could not make room: %s", error)
        if path.exists():
            return path.name.removesuffix(ENDING)
        if or_refuse and size <= self.max_bytes:  # it took the last room of the disk
            raise _no_room()
        return None

    def names(self) -> tuple[str, ...]:
        """Return the names of the sessions, newest first."""
        return tuple(path.name.removesuffix(ENDING) for path in reversed(self._paths()))

    def size(self, name: str) -> int:
        """Return the size of a session in bytes; 0 if it was deleted.

        Raises:
            ArchiveUnusable: If the name is not valid.
        """
        return _size(self._path(name))

    def data(self, name: str) -> bytes:
        """Return the content of a session's database.

        Raises:
            ArchiveUnusable: If it was deleted, or the name is not valid.
        """
        path = self._path(name)
        if not path.is_file():
            raise _gone(name)
        return path.read_bytes()

    def load(self, name: str, extractor_name: str, extractor_sha256: str) -> Session:
        """Read a session.

        Args:
            name: One of `names`.
            extractor_name, extractor_sha256: The current extractor.

        Raises:
            ArchiveUnusable: If it was deleted, is damaged, or cannot be used with this extractor.
        """
        path = self._path(name)
        if not path.is_file():
            raise _gone(name)
        store = SessionStore(path, labels=(), extractor_name=extractor_name, extractor_sha256=extractor_sha256)
        with closing(store):
            session = store.load()
        if not session.samples:  # nothing of a damaged file could be read
            raise ArchiveUnusable(message("The session {name} cannot be read.", name=name))
        of_others = [
            one for one in session.samples if (one.extractor_sha256 or session.extractor_sha256) != extractor_sha256
        ]
        if not all(one.picture for one in of_others):
            raise ArchiveUnusable(
                message(
                    "The session {name} was taught with another network, and without its pictures it cannot be "
                    "learned again.",
                    name=name,
                )
            )
        return session

    def delete_pictures(self) -> None:
        """Erase the pictures of every session; embeddings and classes stay.

        Damaged databases are erased, because their pictures cannot be on their own. If the disk fails, a database is
        busy, or memory is short, its pictures stay, and the next call tries again.
        """
        self._try_to(self._delete_unfinished)
        self._try_to(lambda: self._delete(self._damaged()))
        for path in self._paths():
            try:
                _delete_pictures_of(path)
            except (OSError, sqlite3.OperationalError, MemoryError) as error:
                logger.warning("the pictures of %s cannot be deleted now: %s", path, str(error) or type(error).__name__)
            except DATABASE_ERRORS as error:
                logger.warning("%s is damaged and is deleted: %s", path, str(error) or type(error).__name__)
                self._try_to(lambda path=path: self._delete([path]))  # type: ignore[misc]

    def clear(self) -> None:
        """Erase every session, also damaged ones; what cannot be erased now is tried again by the next call."""
        self._try_to(self._delete_unfinished)
        for path in (*self._paths(), *self._damaged()):
            self._try_to(lambda path=path: self._delete([path]))  # type: ignore[misc]

    def _try_to(self, delete: Callable[[], None]) -> None:
        try:
            delete()
        except OSError as error:
            logger.warning("a session of the archive cannot be deleted now: %s", error)

    def _delete_unfinished(self) -> None:
        """Erase copies that a power cut interrupted; they can hold pictures."""
        for path in self.folder.glob(f"*{ENDING}.partial*"):
            shred(path)

    def _delete(self, paths: list[Path]) -> None:
        for path in paths:
            for one in (path, journal_of(path)):  # pictures may be in both
                shred(one)

    def _damaged(self) -> list[Path]:
        """Return damaged databases that were renamed: in the archive, and beside the current session."""
        own = damaged_beside(self.beside) if self.beside is not None else ()
        found = [*self.folder.glob(f"*{ENDING}{DAMAGED}*"), *own]
        return [path for path in found if not path.name.endswith(JOURNAL) and not is_no_plain_file(path)]

    def _path(self, name: str) -> Path:
        if not name or Path(name).name != name:  # it could lead out of the archive
            raise _gone(name)
        return self.folder / f"{name}{ENDING}"

    def _paths(self) -> list[Path]:
        """Return the databases, oldest first."""
        return sorted((path for path in self.folder.glob(f"*{ENDING}") if not is_no_plain_file(path)), key=_order)

    def _make_room(self) -> None:
        """Erase the oldest sessions until the limits hold, damaged ones first; the current one needs space, too."""
        paths = [*sorted(self._damaged(), key=_order), *self._paths()]
        total = sum(map(_size, paths))
        while paths and (total > self.max_bytes or self.free_bytes(self.folder) < self.floor_bytes):
            oldest = paths.pop(0)
            total -= _size(oldest)
            logger.info("the oldest session %s is deleted to make room", oldest.name)
            self._delete([oldest])


def _not_archived(error: OSError) -> SessionNotArchived:
    return SessionNotArchived(system_error_text(error))


def _no_room() -> SessionNotArchived:
    return _not_archived(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def _gone(name: str) -> ArchiveUnusable:
    return ArchiveUnusable(message("The session {name} is not in the archive any more.", name=name))


def _delete_pictures_of(path: Path) -> None:
    """Overwrite the pictures of a session in place, a few at a time; then free their space, if possible.

    A process that is killed meanwhile leaves a sound session: the next call goes on. The journal holds a few pictures
    and is overwritten at the end. On a full disk, where there is no room for it, it is in memory: then a session may be
    lost if the process is killed in this moment, but its pictures are not kept.

    Raises:
        OSError, sqlite3.OperationalError, MemoryError: If the disk fails, the database is busy, or memory is short; the
            pictures may still be there.
        DATABASE_ERRORS: If the database is damaged, or not a session.
    """
    with closing(sqlite3.connect(path)) as database:
        try:
            holds_samples = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'samples'").fetchone()[0]
        except MemoryError as error:
            if _memory_is_short():
                raise
            raise sqlite3.DatabaseError("its tables claim too much memory") from error
        if not holds_samples:
            raise sqlite3.DatabaseError("it holds no samples")
        prepare(database)
        ids = database.execute("SELECT sample_id FROM samples WHERE length(picture) > 0").fetchall()
        try:
            _empty_pictures(database, ids)
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            database.execute("PRAGMA journal_mode = MEMORY")
            _empty_pictures(database, ids)
        if ids:
            with suppress(sqlite3.OperationalError):  # needs as much free space as the database
                database.execute("VACUUM")
    shred(journal_of(path))


def _memory_is_short() -> bool:
    """Whether there is not even the memory that reading the tables of a sound database may need."""
    try:
        bytearray(SPARE_BYTES)
    except MemoryError:
        return True
    return False


def _empty_pictures(database: sqlite3.Connection, ids: list[tuple[int]]) -> None:
    for first in range(0, len(ids), PICTURES_AT_A_TIME):
        give_sign_of_life()
        with database:
            some = ids[first : first + PICTURES_AT_A_TIME]
            database.executemany("UPDATE samples SET picture = x'' WHERE sample_id = ?", some)


def _order(path: Path) -> tuple[int, float, str]:
    """Sort by the serial number; sessions of version 0.1 have none and sort before the others, by their time."""
    try:
        return serial_of(path), path.stat().st_mtime, path.name
    except OSError:  # it was deleted meanwhile
        return 0, 0.0, path.name


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
