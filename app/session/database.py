"""The database of a session: its tables, migrations from older versions, and conversion between rows and samples.

Made views (`app.session.made_views`) are deleted with their sample by a trigger, in the same transaction.

It uses the rollback journal with synchronous=EXTRA: every commit is on the medium when it returns. The journal mode is
PERSIST: the journal is never deleted or cut, because freed blocks would keep the pictures in them. So a picture is only
ever in two files, the database and its journal, and overwriting both in place erases it (`app.session.erasure`). WAL
would store a picture in a third of the time, but SQLite deletes the WAL when it closes. Three more settings keep
pictures inside the two files:

- secure_delete overwrites deleted rows with zeros;
- temp_store=MEMORY keeps copies of pages, which SQLite makes to undo one statement, out of temporary files;
- the file grows by zeros before a picture is written (`grow`): undoing a transaction then cuts off nothing but zeros.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.session.made_views import insert_made_views, read_made_views
from app.session.session import Sample, no_views

SESSION_FILE = "session.sqlite3"  # in the data directory
SCHEMA_VERSION = 6
NAMES_FROM = "names_from"  # the fact that says where the labels come from
DATABASE_ERRORS = (sqlite3.Error, MemoryError, UnicodeDecodeError)
"""What SQLite raises for a damaged file: a MemoryError if its tables claim more memory than SQLite may reserve, and a
UnicodeDecodeError if the text of the error would quote what is damaged."""

GROWTH_BYTES = 512 << 10  # about 30 pictures with their embeddings
MARGIN_BYTES = 64 << 10  # for the pages of tables and indexes
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
HAS_PICTURE = "length(picture) > 0"


def open_database(path: Path | str) -> sqlite3.Connection:
    """Open the database; create it if it is missing, and migrate an older one. One thread at a time may use it.

    Raises:
        sqlite3.Error: If it cannot be opened, is damaged, or was written by a newer version of the kiosk.
    """
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        prepare(database)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            create_tables(database)
        while version in _MIGRATIONS:
            database.executescript(f"BEGIN; {_MIGRATIONS[version]} PRAGMA user_version = {version + 1}; COMMIT;")
            version += 1
        if version not in (0, SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it has the unknown version {version}")
    except BaseException:
        database.close()
        raise
    return database


def prepare(database: sqlite3.Connection) -> None:
    """Set how a connection writes; see the top of this module."""
    database.text_factory = _text
    for setting in ("journal_mode = PERSIST", "synchronous = EXTRA", "secure_delete = ON", "temp_store = MEMORY"):
        database.execute(f"PRAGMA {setting}")


def create_tables(database: sqlite3.Connection) -> None:
    """Create the tables in an empty database."""
    database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def grow(database: sqlite3.Connection, needed_bytes: int) -> None:
    """Make sure that the file has free pages for `needed_bytes`; new ones are zeros, GROWTH_BYTES at a time.

    On a nearly full disk it grows by as much as is needed, or not at all.
    """
    free_pages, page_bytes = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size")
    )
    if free_pages * page_bytes >= needed_bytes + MARGIN_BYTES:
        return
    for more in (max(GROWTH_BYTES, needed_bytes + MARGIN_BYTES), needed_bytes):
        try:
            with database:
                database.execute(
                    "INSERT INTO made_views (sample_id, number, embedding, extractor_sha256) "
                    "VALUES (0, 0, zeroblob(?), '')",
                    (more,),
                )
                database.execute("DELETE FROM made_views WHERE sample_id = 0")
        except sqlite3.OperationalError:
            continue
        return


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


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
    with_views = {one for (one,) in database.execute("SELECT DISTINCT sample_id FROM made_views")} if rows else set()
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
            read_made_views(database, sample_id, made_by or session_sha256) if sample_id in with_views else no_views(),
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
    """Replace the class labels. Where the old ones came from says nothing about the new ones."""
    database.execute("DELETE FROM facts WHERE name = ?", (NAMES_FROM,))
    database.execute("DELETE FROM labels")
    database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(labels)))


def set_facts(database: sqlite3.Connection, extractor_name: str, extractor_sha256: str) -> None:
    """Record the extractor that makes the embeddings."""
    facts = [("extractor_name", extractor_name), ("extractor_sha256", extractor_sha256)]
    database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def set_fact(database: sqlite3.Connection, name: str, value: str) -> None:
    """Record a fact; see `get_fact`."""
    database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def newest_id(database: sqlite3.Connection) -> int:
    """Return the largest sample id that was ever used; 0 if none was."""
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'samples'").fetchone()
    return int(row[0]) if row else 0


def count_ids_from(database: sqlite3.Connection, newest: int) -> None:
    """Never use ids up to `newest` again: the screen caches pictures by their id."""
    if newest > newest_id(database):
        database.execute("DELETE FROM sqlite_sequence WHERE name = 'samples'")
        database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('samples', ?)", (newest,))
