"""The database of a session: its tables, migrations from older versions, and conversion between rows and samples.

Made views (`app.session.made_views`) are deleted with their sample by a trigger, in the same transaction.

It uses the rollback journal with synchronous=EXTRA instead of WAL: every commit is on the medium when it returns
(EXTRA also syncs the directory, so that a deleted journal stays deleted), the kiosk is the only writer, and staff can
copy or delete one single file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.base.errors import SessionUnreadable
from app.base.files import sync_directory
from app.session.made_views import insert_made_views, read_made_views
from app.session.session import Sample

SESSION_FILE = "session.sqlite3"  # in the data directory
SCHEMA_VERSION = 6
_BY_EXTRACTOR = "CREATE INDEX samples_by_extractor ON samples (extractor_sha256);"
_BY_DEVICE = "CREATE INDEX samples_by_device ON samples (device);"
_BY_HOLD = "CREATE INDEX samples_by_hold ON samples (hold, class_index);"
"""Without these three, a search for samples by extractor, device or hold would read all pictures."""
_MADE_VIEWS = """
CREATE TABLE made_views (
    sample_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    embedding BLOB NOT NULL,
    extractor_sha256 TEXT NOT NULL,
    PRIMARY KEY (sample_id, number)
);
CREATE TRIGGER made_views_go_with_their_sample AFTER DELETE ON samples
BEGIN
    DELETE FROM made_views WHERE sample_id = OLD.sample_id;
END;
"""
"""A trigger, because a foreign key would be checked only on connections that ask for it."""
_MODEL = """
CREATE TABLE model (
    path TEXT NOT NULL, sha256 TEXT NOT NULL, validation_accuracy REAL, threshold REAL NOT NULL, shots TEXT NOT NULL,
    validation_from TEXT, provisional INTEGER NOT NULL DEFAULT 0
);
"""
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
    device TEXT NOT NULL DEFAULT 'cpu',
    hold INTEGER
);
{_BY_EXTRACTOR}
{_BY_DEVICE}
{_BY_HOLD}
{_MADE_VIEWS}
{_MODEL}"""
_MIGRATIONS = {  # from a version to the next
    1: """
ALTER TABLE samples ADD COLUMN extractor_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE samples ADD COLUMN device TEXT NOT NULL DEFAULT 'cpu';
""",
    2: _BY_EXTRACTOR,
    3: _BY_DEVICE,
    4: f"ALTER TABLE samples ADD COLUMN hold INTEGER; {_BY_HOLD} {_MADE_VIEWS}",
    5: f"""
ALTER TABLE model RENAME TO old_model;
{_MODEL}
INSERT INTO model (path, sha256, validation_accuracy, threshold, shots)
    SELECT path, sha256, validation_accuracy, threshold, shots FROM old_model;
DROP TABLE old_model;
""",
}

_SELECT = "SELECT sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device, hold FROM samples"
STALE = "extractor_sha256 NOT IN ('', ?)"


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database; create it if it is missing, and migrate an older one. One thread at a time may use it.

    Raises:
        SessionUnreadable: If a newer version of the kiosk wrote it.
        sqlite3.OperationalError: If it cannot be opened.
        sqlite3.DatabaseError: If it is damaged.
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
                "Name another folder with --data-dir, or move the file away."
            )
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("its pages are inconsistent")
    except BaseException:
        database.close()
        raise
    return database


def insert(database: sqlite3.Connection, sample: Sample) -> int:
    """Write a sample under its id, or under a new one if that is 0, and its made views; return the id."""
    vector = np.ascontiguousarray(sample.embedding, np.float32).tobytes()
    number = database.execute(
        "INSERT INTO samples (sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device, hold) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (sample.sample_id or None, sample.class_index, vector, sample.picture, sample.taken_at_s,
         sample.extractor_sha256, sample.device, sample.hold),
    ).lastrowid  # fmt: skip
    sample_id = int(number or 0)
    made_by = sample.extractor_sha256 or get_fact(database, "extractor_sha256")
    insert_made_views(database, sample_id, sample.class_index, sample.made, made_by)
    return sample_id


def read_samples(database: sqlite3.Connection, clause: str, values: Sequence[object] = ()) -> tuple[Sample, ...]:
    """Read samples and their made views.

    Args:
        database: The open database.
        clause: What follows "SELECT ... FROM samples", such as "WHERE sample_id = ?".
        values: For the question marks in `clause`.
    """
    rows = database.execute(f"{_SELECT} {clause}", values).fetchall()
    session_sha256 = get_fact(database, "extractor_sha256")
    return tuple(
        Sample(
            sample_id,
            class_index,
            np.frombuffer(embedding, np.float32),
            picture,
            taken_at_s,
            made_by,
            device,
            hold,
            read_made_views(database, sample_id, made_by or session_sha256),
        )
        for sample_id, class_index, embedding, picture, taken_at_s, made_by, device, hold in rows
    )


def get_fact(database: sqlite3.Connection, name: str) -> str:
    """Return a fact, such as "extractor_sha256"; empty if it was never recorded."""
    row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def get_labels(database: sqlite3.Connection) -> tuple[str, ...]:
    """Return the class labels in the order of their label index."""
    rows = database.execute("SELECT label FROM labels ORDER BY class_index").fetchall()
    return tuple(row[0] for row in rows)


def set_labels(database: sqlite3.Connection, labels: Sequence[str]) -> None:
    """Replace the class labels."""
    database.execute("DELETE FROM labels")
    database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(labels)))


def set_facts(database: sqlite3.Connection, extractor_name: str, extractor_sha256: str) -> None:
    """Record the extractor that makes the embeddings."""
    facts = [("extractor_name", extractor_name), ("extractor_sha256", extractor_sha256)]
    database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def copy_database(database: sqlite3.Connection, lock: threading.Lock, path: Path, *, pictures: bool) -> None:
    """Copy a database durably to a new file.

    Args:
        database: The source.
        lock: Held while the source is read.
        path: The new file; it holds all samples afterwards, or it does not exist.
        pictures: Copy the pictures, too; training needs only the embeddings.

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
            copy.execute("VACUUM")  # leaves nothing of the pictures in free pages
        finally:
            copy.close()
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        sync_directory(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
