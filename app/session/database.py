"""The session's database: its tables, how older ones become this one, and rows as samples.

The rollback journal with synchronous=EXTRA is used rather than WAL: every commit is on the medium when it
returns (EXTRA syncs the directory as well, so that a journal that was deleted stays deleted), there is one
writer, and a single file is what staff copy or delete.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import numpy as np

from app.base.errors import SessionUnreadable
from app.base.files import sync_directory
from app.session.session import Sample

SESSION_FILE = "session.sqlite3"  # in the data directory
SCHEMA_VERSION = 4
_BY_EXTRACTOR = "CREATE INDEX samples_by_extractor ON samples (extractor_sha256);"
_BY_DEVICE = "CREATE INDEX samples_by_device ON samples (device);"
"""Without them, looking for samples that something else embedded reads all pictures."""
_SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE labels (class_index INTEGER PRIMARY KEY, label TEXT NOT NULL);
CREATE TABLE samples (
    sample_id INTEGER PRIMARY KEY AUTOINCREMENT,
    class_index INTEGER NOT NULL,
    embedding BLOB NOT NULL,
    picture BLOB NOT NULL,
    taken_at_s REAL NOT NULL,
    extractor_sha256 TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT 'cpu'
);
{_BY_EXTRACTOR}
{_BY_DEVICE}
CREATE TABLE model (
    path TEXT NOT NULL, sha256 TEXT NOT NULL, validation_accuracy REAL NOT NULL, threshold REAL NOT NULL,
    shots TEXT NOT NULL
);
"""
_MIGRATIONS = {  # from a version to the next
    1: """
ALTER TABLE samples ADD COLUMN extractor_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE samples ADD COLUMN device TEXT NOT NULL DEFAULT 'cpu';
""",
    2: _BY_EXTRACTOR,
    3: _BY_DEVICE,
}

SELECT = "SELECT sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device FROM samples"
STALE = "extractor_sha256 NOT IN ('', ?)"


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, new or brought up to date; threads may share it, one at a time.

    Raises:
        SessionUnreadable: If a newer kiosk wrote it.
        sqlite3.DatabaseError: If it is damaged; sqlite3.OperationalError if it cannot be opened.
    """
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = EXTRA")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        while version in _MIGRATIONS:
            database.executescript(f"BEGIN; {_MIGRATIONS[version]} PRAGMA user_version = {version + 1}; COMMIT;")
            version += 1
        if version not in (0, SCHEMA_VERSION):
            raise SessionUnreadable(
                f"{path} was written by another version of the kiosk. "
                "Name another place with --data-dir, or move the file away."
            )
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("its pages are inconsistent")
    except BaseException:
        database.close()
        raise
    return database


def insert(database: sqlite3.Connection, sample: Sample) -> int:
    """Write a sample under its own number, or a new one where that is 0; give the number."""
    vector = np.ascontiguousarray(sample.embedding, np.float32).tobytes()
    number = database.execute(
        "INSERT INTO samples (sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sample.sample_id or None, sample.class_index, vector, sample.picture, sample.taken_at_s,
         sample.extractor_sha256, sample.device),
    ).lastrowid  # fmt: skip
    return int(number or 0)


def as_sample(row: tuple[int, int, bytes, bytes, float, str, str]) -> Sample:
    """A sample of what SELECT gave."""
    return Sample(row[0], row[1], np.frombuffer(row[2], np.float32), *row[3:])


def set_facts(database: sqlite3.Connection, extractor_name: str, extractor_sha256: str) -> None:
    """Note what makes the embeddings."""
    facts = [("extractor_name", extractor_name), ("extractor_sha256", extractor_sha256)]
    database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def copy_database(database: sqlite3.Connection, lock: threading.Lock, path: Path, *, pictures: bool) -> None:
    """Write all of it to a database of its own, durably; without `pictures`, what is needed to train alone.

    Args:
        database: Whose `lock` is held while it is read.
        path: Holds all of it afterwards, or nothing.
        pictures: Whether they are copied.

    Raises:
        OSError, sqlite3.Error: If the disk is full or fails.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        copy = sqlite3.connect(partial)
        try:
            with lock:
                database.backup(copy)
            if not pictures:
                copy.execute("UPDATE samples SET picture = x''")
            copy.commit()
            copy.execute("VACUUM")  # nothing of them stays in free pages
        finally:
            copy.close()
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        sync_directory(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
