"""Copy a session durably to a new database, with its pictures or without a single byte of them."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from app.base.erasing import overwrite_open, shred
from app.base.files import sync_directory
from app.base.workers import give_sign_of_life
from app.session.database import create_tables
from app.session.soundness import MODEL_COLUMNS, SAMPLE_COLUMNS, VIEW_COLUMNS, Row

LARGEST_SERIAL = (1 << 31) - 1
_SERIAL_AT, _SERIAL_BYTES = 68, 4
"""Where a database holds its application_id. Source: sqlite.org/fileformat.html, "The Database Header"."""


def copy_database(
    database: sqlite3.Connection, lock: threading.Lock, path: Path, *, pictures: bool, serial: int = 0
) -> None:
    """Copy a database durably to a new file.

    Without pictures they are never read, so that no file holds them, not even for a moment.

    Args:
        database: The source.
        lock: Held while the source is read.
        path: The new file; it holds all samples afterwards, or what was there before. A file that it replaces is
            overwritten.
        pictures: Copy the pictures, too; training needs only the embeddings.
        serial: See `serial_of`.

    Raises:
        OSError, sqlite3.Error: If the disk is full or fails.
    """
    partial = unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shred(partial)
        with closing(sqlite3.connect(partial)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # nothing is worth undoing: the file has no name yet
            copy.execute("PRAGMA synchronous = OFF")
            create_tables(copy)
            copy.execute(f"PRAGMA application_id = {serial:d}")
            with lock, copy:
                _copy_rows(database, copy, pictures=pictures)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        _replace(partial, path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to report; the next copy tries again
            shred(partial)
        raise


def unfinished(path: Path) -> Path:
    """The name of a copy while it is written; a power cut leaves it behind."""
    return path.with_name(path.name + ".partial")


def serial_of(path: Path) -> int:
    """Return the number that a copy was given: later copies have larger ones, whatever the clock said. 0 if unknown."""
    try:
        with path.open("rb") as file:
            file.seek(_SERIAL_AT)
            serial = int.from_bytes(file.read(_SERIAL_BYTES), "big")
    except OSError:
        return 0
    return serial if serial <= LARGEST_SERIAL else 0


def _copy_rows(source: sqlite3.Connection, copy: sqlite3.Connection, *, pictures: bool) -> None:
    """Copy all rows; that the visit ends (`SessionStore.ending`) is not copied."""
    chosen = SAMPLE_COLUMNS if pictures else SAMPLE_COLUMNS.replace("picture", "x''")
    for table, columns, read in (
        ("facts", "name, value", "name, value"),
        ("labels", "class_index, label", "class_index, label"),
        ("samples", SAMPLE_COLUMNS, chosen),
        ("made_views", VIEW_COLUMNS, VIEW_COLUMNS),
        ("model", MODEL_COLUMNS, MODEL_COLUMNS),
    ):
        marks = ", ".join("?" * (columns.count(",") + 1))
        rows = source.execute(f"SELECT {read} FROM {table}")
        copy.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", _with_signs_of_life(rows))
    copy.execute("DELETE FROM facts WHERE name = 'ending'")


def _with_signs_of_life(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows; copying many takes long, and each one is progress."""
    for row in rows:
        give_sign_of_life()
        yield row


def _replace(partial: Path, path: Path) -> None:
    """Give a file its name; overwrite the one that had the name, whose blocks are freed."""
    descriptor = None
    if path.is_file():
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        partial.replace(path)
        sync_directory(path.parent)
        if descriptor is not None:
            overwrite_open(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)
