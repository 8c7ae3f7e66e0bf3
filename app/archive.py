"""Sessions of visitors who have gone: kept in the data directory, as long as there is room."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.errors import ArchiveUnusable, SampleNotStored
from app.file_names import safe_file_name
from app.i18n import message
from app.reasons import of_system
from app.session import Session
from app.storage import SessionStore

logger = logging.getLogger(__name__)

NAME_BYTES = 60
ENDING = ".sqlite3"


@dataclass(frozen=True)
class Archive:
    """A folder of sessions, a database each.

    Attributes:
        folder: Made when the first one comes.
        max_bytes: The oldest go when all of them take more.
        floor_bytes: Nothing is kept while less is free on the disk.
        free_bytes: Of the disk that a folder is on.
    """

    folder: Path
    max_bytes: int
    floor_bytes: int
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

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
        """Leave of every session what is needed to train alone."""
        self._forget_unfinished()
        for path in self._paths():
            try:
                with closing(sqlite3.connect(path)) as database:
                    if database.execute("SELECT 1 FROM samples WHERE length(picture) > 0 LIMIT 1").fetchone():
                        database.execute("UPDATE samples SET picture = x''")
                        database.commit()
                        database.execute("VACUUM")  # nothing of them stays in free pages
            except sqlite3.Error as error:
                logger.warning("%s cannot be read, so it goes: %s", path, error)
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget every session."""
        self._forget_unfinished()
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _forget_unfinished(self) -> None:
        """A power cut in the middle of a copy leaves pictures under a name that nothing else looks for."""
        for path in self.folder.glob(f"*{ENDING}.partial*"):
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{ENDING}"

    def _paths(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob(f"*{ENDING}"), key=lambda path: (path.stat().st_mtime, path.name))

    def _make_room(self) -> None:
        """The oldest make room for the newer ones, and all of them for what is taught now."""
        paths = self._paths()
        total = sum(map(_size, paths))
        while paths and (total > self.max_bytes or self.free_bytes(self.folder) < self.floor_bytes):
            oldest = paths.pop(0)
            total -= _size(oldest)
            logger.info("the oldest session %s makes room", oldest.name)
            oldest.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
