"""The open database of a session, which threads share: one of them reads or writes at a time."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.base.erasing import overwrite
from app.base.error_texts import database_error_text, system_error_text
from app.base.errors import SessionNotArchived, SessionNotErased, SessionNotRead, SessionNotWritten
from app.base.i18n import Text
from app.base.supervision import RunningCalls
from app.session.copying import copy_database
from app.session.database import DATABASE_ERRORS, grow
from app.session.erasure import erase_files, good_copy_of, journal_of
from app.session.opening import Opened, memory_database, open_session

logger = logging.getLogger(__name__)


class SharedDatabase:
    """An open database with a lock. It always opens: see `app.session.opening`.

    Args:
        path: The file, which is created with its folder if it is missing. A damaged one is renamed, never deleted.
        labels: Names for classes whose stored name is damaged.

    Attributes:
        opened: How the session was opened.
        rewritten: Grows when stored samples may have been changed, removed or replaced; see `writing`.
    """

    def __init__(self, path: Path, labels: Sequence[str] = ()) -> None:
        self._lock = threading.Lock()
        self.calls = RunningCalls()
        """The reads and writes that are running: a disk may hang."""
        self._path = path
        self._labels = tuple(labels)
        self._to_erase = False  # the session on the disk is over, but could not be erased yet
        self._has_earlier = False
        self.rewritten = 0
        self.opened: Opened = open_session(path, labels)
        self._database = self.opened.database

    @property
    def disk_problem(self) -> Text | None:
        """Why the session is in memory alone; None if it is on the disk."""
        return self.opened.disk_problem

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection while no other thread uses it.

        Raises:
            SessionNotRead: If the disk fails, also if it is full and a transaction that was interrupted must be undone.
        """
        with self.calls, self._lock:
            try:
                yield self._database
            except DATABASE_ERRORS as error:
                raise SessionNotRead(database_error_text(error)) from error

    @contextmanager
    def writing(
        self, *, picture_bytes: int = 0, removes_pictures: bool = False, keeps_samples: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """Yield the connection for one transaction, which is on the medium when the context ends.

        Args:
            picture_bytes: Size of the pictures that will be added: the file grows before (`app.session.database.grow`).
            removes_pictures: Pictures are deleted: the journal, which then holds them, is overwritten.
            keeps_samples: The samples stay as they are; new ones, with new ids, may come. `rewritten` does not grow.

        Raises:
            SessionNotWritten: If the disk is full or fails; the transaction is rolled back.
        """
        with self.calls, self._lock:
            self.rewritten += not keeps_samples
            try:
                if picture_bytes:
                    grow(self._database, picture_bytes)
                with self._database:
                    yield self._database
            except DATABASE_ERRORS as error:
                raise SessionNotWritten(database_error_text(error)) from error
            if removes_pictures and self.disk_problem is None:
                try:
                    overwrite(journal_of(self._path))
                except OSError as error:  # it is overwritten at the end of the visit
                    logger.warning("the journal of the session was not overwritten: %s", error)

    def copy_to(self, path: Path, *, pictures: bool, serial: int = 0) -> None:
        """Copy the database durably to a new file, with or without the pictures.

        Raises:
            SessionNotArchived: If the disk is full or fails; nothing is left at `path`.
        """
        try:
            with self.calls:
                copy_database(self._database, self._lock, path, pictures=pictures, serial=serial)
        except (OSError, *DATABASE_ERRORS) as error:
            raise SessionNotArchived(database_error_text(error)) from error

    def keep_good_copy(self) -> None:
        """Write the last good copy, without pictures: it replaces rows that cannot be read any more.

        If that fails, there is no good copy.
        """
        if self.disk_problem is not None:
            return
        good_copy = good_copy_of(self._path)
        try:
            with self.calls:
                copy_database(self._database, self._lock, good_copy, pictures=False)
        except (OSError, *DATABASE_ERRORS) as error:
            logger.warning("there is no good copy of the session: %s", error)
            with suppress(OSError):
                good_copy.unlink(missing_ok=True)

    @property
    def has_good_copy(self) -> bool:
        """Whether there is a last good copy."""
        return self.disk_problem is None and good_copy_of(self._path).is_file()

    @property
    def has_earlier(self) -> bool:
        """Whether `erase` found an earlier session on the disk, which nobody has seen, and opened it."""
        return self._has_earlier

    def erase(self, *, damaged: bool = True) -> None:
        """Erase the session and begin an empty one; what was in memory is gone first, whatever the disk does.

        A session in memory alone has nothing to erase on the disk. What the disk holds is an earlier session, which
        could not be opened. If the disk works again, it is opened now: see `has_earlier`.

        Args:
            damaged: Erase also the damaged databases that were set aside beside it.

        Raises:
            SessionNotErased: If the disk fails: the session is empty, but its pictures are still on the disk. The call
                can be repeated until it works.
        """
        with self.calls, self._lock:
            self._to_erase = self._to_erase or self.opened.is_stored
            self.rewritten += 1
            self._database.close()
            self._database = memory_database()
            if self._to_erase:
                try:
                    erase_files(self._path, damaged=damaged)
                except OSError as error:
                    reason = system_error_text(error)
                    self.opened = Opened(self._database, reason)
                    raise SessionNotErased(reason) from error
            self._database.close()
            self.opened = open_session(self._path, self._labels)
            self._database = self.opened.database
            self._has_earlier = not self._to_erase and self.opened.is_stored and self._holds_samples()
            self._to_erase = False

    def _holds_samples(self) -> bool:
        with suppress(*DATABASE_ERRORS):
            return self._database.execute("SELECT 1 FROM samples LIMIT 1").fetchone() is not None
        return True

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()
