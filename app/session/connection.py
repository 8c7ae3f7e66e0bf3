"""The open database of a session, which threads share: one of them reads or writes at a time."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.base.error_texts import database_error_text
from app.base.errors import SessionNotArchived, SessionNotWritten, SessionUnreadable
from app.base.files import set_aside
from app.session.database import copy_database, open_database

logger = logging.getLogger(__name__)


class SharedDatabase:
    """An open database with a lock.

    Args:
        path: The file, which is created with its folder if it is missing. A damaged one is renamed, never deleted.

    Raises:
        SessionUnreadable: If the file cannot be opened or created.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SessionUnreadable(
                f"cannot make {path.parent}: {error.strerror}. Name another folder with --data-dir."
            ) from error
        try:
            self._database = open_database(path)
        except sqlite3.OperationalError as error:
            raise SessionUnreadable(f"cannot open {path}: {error}. Check that this user may write there.") from error
        except sqlite3.DatabaseError as error:
            logger.warning("%s is damaged (%s): renamed to %s", path, error, set_aside(path))
            self._database = open_database(path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection while no other thread uses it."""
        with self._lock:
            yield self._database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for one transaction, which is on the medium when the context ends.

        Raises:
            SessionNotWritten: If the disk is full or fails; the transaction is rolled back.
        """
        with self._lock:
            try:
                with self._database:
                    yield self._database
            except sqlite3.Error as error:
                raise SessionNotWritten(database_error_text(error)) from error

    def copy_to(self, path: Path, *, pictures: bool) -> None:
        """Copy the database durably to a new file, with or without the pictures.

        Raises:
            SessionNotArchived: If the disk is full or fails; nothing is left at `path`.
        """
        try:
            copy_database(self._database, self._lock, path, pictures=pictures)
        except (OSError, sqlite3.Error) as error:
            raise SessionNotArchived(database_error_text(error)) from error

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()
