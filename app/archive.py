"""Sessions of visitors who have gone: kept in the data directory, as long as there is room."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.database import ASIDE
from app.errors import ArchiveUnusable, SampleNotStored
from app.file_names import safe_file_name
from app.i18n import message
from app.reasons import of_system
from app.session import Session
from app.storage import SessionStore

logger = logging.getLogger(__name__)

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

    def keep(self, store: SessionStore, now: datetime, *, pictures: bool) -> str | None:
        """Keep the session of `store` and give its name; None where there is no room, or nothing to keep.

        Raises:
            SampleNotStored: If the disk fails.
        """
        session = store.load()
        if not session.samples:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SampleNotStored(
                message("the session could not be put away ({reason}). Make room on the disk.", reason=of_system(error))
            ) from error
        self._forget_unfinished()
        if self.free_bytes(self.folder) < self.floor_bytes:
            logger.warning("the session is not kept: less than %d MiB are free", self.floor_bytes >> 20)
            return None
        taught = [label for label, shots in zip(session.labels, session.shots(), strict=True) if shots]
        base = name = f"{now:%Y-%m-%d_%H%M%S}_{safe_file_name(' '.join(taught), longest_bytes=NAME_BYTES)}"
        number = 1
        while self._path(name).exists():
            number += 1
            name = f"{base}_{number}"
        store.copy_to(self._path(name), pictures=pictures)
        self._make_room()
        return name if self._path(name).exists() else None

    def names(self) -> tuple[str, ...]:
        """The sessions that are kept, newest first."""
        return tuple(path.name.removesuffix(ENDING) for path in reversed(self._paths()))

    def size(self, name: str) -> int:
        """Bytes that a session takes; 0 for one that is gone."""
        return _size(self._path(name))

    def data(self, name: str) -> bytes:
        """A session's database as it is."""
        return self._path(name).read_bytes()

    def load(self, name: str, extractor_name: str, extractor_sha256: str) -> Session:
        """Read a session.

        Raises:
            ArchiveUnusable: If it is gone or damaged, or cannot be used with this extractor.
        """
        path = self._path(name)
        if Path(name).name != name or not path.is_file():
            raise ArchiveUnusable(message("The session {name} is not in the archive any more.", name=name))
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
        own = self.beside.parent.glob(f"{self.beside.name}{ASIDE}*") if self.beside is not None else ()
        found = [*self.folder.glob(f"*{ENDING}{ASIDE}*"), *own]
        return [path for path in found if not path.name.endswith(JOURNAL)]

    def _path(self, name: str) -> Path:
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
