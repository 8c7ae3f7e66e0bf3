"""Sessions of visitors who have gone: kept in the data directory, as long as there is room.

`Archive.keep` is the only way in: at the end of a visit, and before a session from the archive or from a drive takes
the place of the current one. So one set of rules holds for all of them: names, privacy, size and free room.
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

from app.base.error_texts import system_error_text
from app.base.errors import ArchiveUnusable, SessionNotArchived
from app.base.file_names import safe_file_name
from app.base.files import DAMAGED, free_path
from app.base.i18n import message
from app.base.privacy import Privacy
from app.session.session import Session
from app.session.store import SessionStore

logger = logging.getLogger(__name__)

FOLDER = "archive"  # in the data directory
NAME_BYTES = 60
ENDING = ".sqlite3"
JOURNAL = "-journal"  # behind the name of the database that it belongs to


@dataclass(frozen=True)
class Archive:
    """A folder of sessions, a database each.

    Attributes:
        folder: Made when the first one comes.
        max_bytes: The oldest go when all of them take more.
        floor_bytes: Nothing is kept while less is free on the disk.
        free_bytes: Of the disk that a folder is on.
        beside: The database of the session at hand: damaged ones that were set aside beside it count as sessions here.
    """

    folder: Path
    max_bytes: int
    floor_bytes: int
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    beside: Path | None = None

    def keep(self, store: SessionStore, now: datetime, privacy: Privacy, *, or_refuse: bool = False) -> str | None:
        """Keep the session of `store` and return its name; None where there is no room, or nothing to keep.

        Args:
            store: Holds the session; it stays as it is.
            now: Local time, for the name.
            privacy: What to keep of the session.
            or_refuse: Another session is about to replace this one, which must not be lost for lack of free room.

        Raises:
            SessionNotArchived: If the disk fails; or, with `or_refuse`, if less is free than must stay free.
        """
        session = store.load()
        if not session.samples or privacy is Privacy.ERASE:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_put_away(error) from error
        self._forget_unfinished()
        if self.free_bytes(self.folder) < self.floor_bytes:
            logger.warning("the session is not kept: less than %d MiB are free", self.floor_bytes >> 20)
            if or_refuse:
                raise _not_put_away(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            return None
        taught = [label for label, shots in zip(session.labels, session.shots(), strict=True) if shots]
        name = f"{now:%Y-%m-%d_%H%M%S}_{safe_file_name(' '.join(taught), longest_bytes=NAME_BYTES)}"
        path = free_path(self.folder, name, ENDING)
        store.copy_to(path, pictures=privacy is Privacy.KEEP)
        self._make_room()
        return path.name.removesuffix(ENDING) if path.exists() else None

    def names(self) -> tuple[str, ...]:
        """The sessions that are kept, newest first."""
        return tuple(path.name.removesuffix(ENDING) for path in reversed(self._paths()))

    def size(self, name: str) -> int:
        """Bytes that a session takes; 0 for one that is gone.

        Raises:
            ArchiveUnusable: If this is no name of a session.
        """
        return _size(self._path(name))

    def data(self, name: str) -> bytes:
        """A session's database as it is.

        Raises:
            ArchiveUnusable: If it is gone, or this is no name of a session.
        """
        path = self._path(name)
        if not path.is_file():
            raise _gone(name)
        return path.read_bytes()

    def load(self, name: str, extractor_name: str, extractor_sha256: str) -> Session:
        """Read a session.

        Raises:
            ArchiveUnusable: If it is gone or damaged, or cannot be used with this extractor.
        """
        path = self._path(name)
        if not path.is_file():
            raise _gone(name)
        try:
            store = SessionStore(path, labels=(), extractor_name=extractor_name, extractor_sha256=extractor_sha256)
        except Exception as error:
            raise ArchiveUnusable(message("The session {name} cannot be read.", name=name)) from error
        with closing(store):
            session = store.load()
        if not session.samples:  # what is no session is set aside by the store, and begun anew
            raise ArchiveUnusable(message("The session {name} cannot be read.", name=name))
        foreign = [
            one for one in session.samples if (one.extractor_sha256 or session.extractor_sha256) != extractor_sha256
        ]
        if not all(one.picture for one in foreign):
            raise ArchiveUnusable(
                message(
                    "The session {name} was taught with another network, and without its pictures it cannot be "
                    "learned anew.",
                    name=name,
                )
            )
        return session

    def forget_pictures(self) -> None:
        """Leave of every session what is needed to train alone.

        What is damaged goes, for nobody can take the pictures out of it. A disk that is full or busy is no damage:
        pictures that stay because of it are tried again at the next call.
        """
        self._forget_unfinished()
        self._forget(self._damaged())
        for path in self._paths():
            try:
                _forget_pictures_of(path)
            except sqlite3.OperationalError as error:
                logger.warning("the pictures of %s stay for now: %s", path, error)
            except sqlite3.Error as error:
                logger.warning("%s is damaged, so it goes: %s", path, error)
                self._forget([path])

    def clear(self) -> None:
        """Forget every session, damaged ones too."""
        self._forget_unfinished()
        self._forget([*self._paths(), *self._damaged()])

    def _forget_unfinished(self) -> None:
        """A power cut in the middle of a copy leaves pictures under a name that nothing else looks for."""
        for path in self.folder.glob(f"*{ENDING}.partial*"):
            path.unlink(missing_ok=True)

    def _forget(self, paths: list[Path]) -> None:
        for path in paths:
            for one in (path, path.with_name(path.name + JOURNAL)):  # pictures may be in both
                one.unlink(missing_ok=True)

    def _damaged(self) -> list[Path]:
        """Databases that were set aside: here, and beside the session at hand."""
        own = self.beside.parent.glob(f"{self.beside.name}{DAMAGED}*") if self.beside is not None else ()
        found = [*self.folder.glob(f"*{ENDING}{DAMAGED}*"), *own]
        return [path for path in found if not path.name.endswith(JOURNAL)]

    def _path(self, name: str) -> Path:
        if not name or Path(name).name != name:  # it would lead out of the archive
            raise _gone(name)
        return self.folder / f"{name}{ENDING}"

    def _paths(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob(f"*{ENDING}"), key=_age)

    def _make_room(self) -> None:
        """The oldest make room for the newer ones, and all of them for what is taught now."""
        paths = sorted([*self._paths(), *self._damaged()], key=_age)
        total = sum(map(_size, paths))
        while paths and (total > self.max_bytes or self.free_bytes(self.folder) < self.floor_bytes):
            oldest = paths.pop(0)
            total -= _size(oldest)
            logger.info("the oldest session %s makes room", oldest.name)
            self._forget([oldest])


def _not_put_away(error: OSError) -> SessionNotArchived:
    return SessionNotArchived(system_error_text(error))


def _gone(name: str) -> ArchiveUnusable:
    return ArchiveUnusable(message("The session {name} is not in the archive any more.", name=name))


def _forget_pictures_of(path: Path) -> None:
    """Overwrite the pictures of a session where they stand, which takes no room; then give the room back, if it can be.

    Raises:
        sqlite3.OperationalError: If the disk is full or fails; the pictures may still be there.
        sqlite3.Error: If this is no session, or a damaged one.
    """
    with closing(sqlite3.connect(path)) as database:
        if database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'samples'").fetchone()[0] == 0:
            raise sqlite3.DatabaseError("it holds no samples")
        if database.execute("SELECT 1 FROM samples WHERE length(picture) > 0 LIMIT 1").fetchone() is None:
            return
        database.execute("PRAGMA secure_delete = ON")
        try:
            database.execute("UPDATE samples SET picture = x''")
            database.commit()
        except sqlite3.OperationalError:  # no room for the journal: it is kept in memory, for once
            database.rollback()
            database.execute("PRAGMA journal_mode = MEMORY")
            database.execute("UPDATE samples SET picture = x''")
            database.commit()
        with suppress(sqlite3.OperationalError):  # needs as much room again
            database.execute("VACUUM")


def _age(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
