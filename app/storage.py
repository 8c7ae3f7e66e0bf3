"""SessionStore: what survives a power cut.

SQLite with a write-ahead log and synchronous=FULL: a commit returns after one fsync of an appended log, and
is durable from then on; a rollback journal needs three, and its last step, the removal of the journal, is
not durable itself. The lock is exclusive: a second kiosk on the same file is told so, and the log's index
stays in memory, which also works where shared memory files do not.

Source: SQLite documentation, "Write-Ahead Logging" and PRAGMA synchronous, locking_mode, secure_delete.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import SampleNotStored, SessionUnreadable
from app.pictures import decode_picture, encode_picture
from app.ports import ImageArray
from app.session import Sample, Session

logger = logging.getLogger(__name__)

APPLICATION_ID = 0x7EAC4AB1  # in the file's header: this is ours
SCHEMA_VERSION = 1
SCHEMA = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE labels (class_index INTEGER PRIMARY KEY, label TEXT NOT NULL);
    CREATE TABLE samples (
        sample_id INTEGER PRIMARY KEY AUTOINCREMENT,
        class_index INTEGER NOT NULL REFERENCES labels,
        embedding BLOB NOT NULL,
        picture BLOB NOT NULL,
        taken_at_s REAL NOT NULL
    );
"""
PAGE_BYTES = 4096
LOCK_TIMEOUT_S = 0.5

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class StoredModel:
    """The model that was live last.

    Attributes:
        shots: Samples per class of the session when it was trained, untaught classes included.
    """

    path: Path
    sha256: str
    validation_accuracy: float
    threshold: float
    shots: tuple[int, ...]


class _Damaged(Exception):
    """The file is no session, or not a whole one."""


class SessionStore:
    """One visitor's session on disk. Every method may be called from any thread.

    A file that is damaged or not ours is set aside as `<name>.damaged-N`, with a warning, and a new one is
    begun. The labels in the file win over those given, unless it has no samples.

    Args:
        path: The file; its folder is made when it is missing.
        labels: Class labels for a new session.
        extractor_name: The extractor that makes the embeddings from now on.
        extractor_sha256: Its hash.
        max_bytes: The file grows no larger than about this.

    Raises:
        SessionUnreadable: If the file cannot be opened or made, is in use, or is of a later version.
    """

    def __init__(
        self,
        path: Path,
        *,
        labels: Sequence[str],
        extractor_name: str,
        extractor_sha256: str,
        max_bytes: int | None = None,
    ) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._wanted = (extractor_name, extractor_sha256)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _open(path, max_bytes)
            except _Damaged as damage:
                aside = _set_aside(path)
                logger.warning(
                    "the session %s is damaged (%s): it is kept as %s, and a new one begins",
                    path,
                    damage,
                    aside.name,
                )
                self._connection = _open(path, max_bytes)
            try:
                self._begin(labels)
                _sync_folder(path.parent)
            except BaseException:
                self._connection.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise SessionUnreadable(_opening_failed(path, error)) from error

    @property
    def needs_re_embedding(self) -> bool:
        """Whether the samples were made with another extractor than the one given."""
        with self._lock:
            return self._extractor() != self._wanted

    def add(self, class_index: int, embedding: FloatArray, picture: ImageArray) -> Sample:
        """Keep a sample; it is durable when this returns.

        Args:
            class_index: Row of its class.
            embedding: float32, shape (D,).
            picture: RGB, uint8, shape (H, W, 3); its centre square is kept.

        Raises:
            SampleNotStored: If the disk is full or fails.
        """
        vector = np.array(embedding, "<f4").reshape(-1)
        vector.flags.writeable = False
        jpeg, now_s = encode_picture(picture), time.time()
        with self._writing("the picture was not kept") as run:
            cursor = run(
                "INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (?, ?, ?, ?)",
                (class_index, vector.tobytes(), jpeg, now_s),
            )
            sample_id = int(cursor.lastrowid or 0)
        return Sample(sample_id, class_index, vector, jpeg, now_s)

    def remove_last(self) -> Sample | None:
        """Forget the newest sample and give it back; None when there is none.

        Raises:
            SampleNotStored: If the disk fails.
        """
        with self._writing("the last picture was not removed") as run:
            row = run(f"{SELECT_SAMPLES} DESC LIMIT 1").fetchone()
            if row is None:
                return None
            run("DELETE FROM samples WHERE sample_id = ?", (row[0],))
        return _sample(row)

    def load(self) -> Session:
        """Read the whole session.

        Raises:
            SessionUnreadable: If the disk fails.
        """
        with self._lock:
            try:
                labels = tuple(
                    row[0] for row in self._run("SELECT label FROM labels ORDER BY class_index")
                )
                samples = tuple(_sample(row) for row in self._run(SELECT_SAMPLES))
                return Session(labels, samples, *self._extractor())
            except sqlite3.Error as error:
                raise SessionUnreadable(_opening_failed(self._path, error)) from error

    def erase(self) -> None:
        """Forget samples and model, and overwrite what they left in the file. The labels stay.

        Raises:
            SampleNotStored: If the disk fails.
        """
        with self._writing("the session was not erased") as run:
            run("DELETE FROM samples")
            run("DELETE FROM facts WHERE name = 'model'")
            self._set_extractor(*self._wanted)
        with self._lock:
            self._run("PRAGMA wal_checkpoint(TRUNCATE)")

    def remember_model(
        self, path: Path, validation_accuracy: float, threshold: float, shots: Sequence[int]
    ) -> None:
        """Keep which model is live, for the next start.

        Args:
            path: Its file, there already.
            validation_accuracy: 0..1.
            threshold: Below this top probability the answer is "not sure".
            shots: Samples per class of the session that it was trained on.

        Raises:
            SampleNotStored: If the disk is full or fails.
        """
        with self._writing("the model was not remembered"):
            self._set_fact(
                "model",
                json.dumps(
                    {
                        "path": str(path),
                        "sha256": _sha256(path),
                        "validation_accuracy": validation_accuracy,
                        "threshold": threshold,
                        "shots": list(shots),
                    }
                ),
            )

    def last_model(self) -> StoredModel | None:
        """The remembered model, if its file is still there and still the same."""
        with self._lock:
            kept = self._fact("model")
        if kept is None:
            return None
        facts = json.loads(kept)
        model = StoredModel(**{**facts, "path": Path(facts["path"]), "shots": tuple(facts["shots"])})
        try:
            return model if _sha256(model.path) == model.sha256 else None
        except OSError:
            return None

    def re_embed(
        self, embed: Callable[[ImageArray], FloatArray], extractor_name: str, extractor_sha256: str
    ) -> None:
        """Make every embedding anew from its picture; all of them change, or none.

        A picture that cannot be opened any more is dropped with a warning. The model is forgotten: it
        was made from the other extractor.

        Raises:
            SampleNotStored: If the disk is full or fails.
        """
        with self._writing("the session was not carried over to this extractor") as run:
            for sample in self.load().samples:
                try:
                    vector = np.array(embed(decode_picture(sample.picture)), "<f4")
                except SessionUnreadable:
                    logger.warning("sample %d has a damaged picture and is dropped", sample.sample_id)
                    run("DELETE FROM samples WHERE sample_id = ?", (sample.sample_id,))
                    continue
                run(
                    "UPDATE samples SET embedding = ? WHERE sample_id = ?",
                    (vector.tobytes(), sample.sample_id),
                )
            run("DELETE FROM facts WHERE name = 'model'")
            self._set_extractor(extractor_name, extractor_sha256)
        self._wanted = (extractor_name, extractor_sha256)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    # --- inside -----------------------------------------------------------------------------------------

    def _begin(self, labels: Sequence[str]) -> None:
        """Give a session without samples the labels and the extractor of today."""
        if self._run("SELECT EXISTS (SELECT * FROM samples)").fetchone()[0]:
            return
        with _transaction(self._connection):
            self._run("DELETE FROM labels")
            self._connection.executemany("INSERT INTO labels VALUES (?, ?)", enumerate(labels))
            self._set_extractor(*self._wanted)

    @contextmanager
    def _writing(self, failure: str) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """One transaction under the lock; a failing disk becomes `SampleNotStored`."""
        with self._lock:
            try:
                with _transaction(self._connection):
                    yield self._run
            except (OSError, sqlite3.OperationalError, sqlite3.DatabaseError) as error:
                full = "full" in str(error) or "No space" in str(error)
                reason = f"the disk of {self._path.parent} is full" if full else str(error)
                mend = "Delete files there, then try again." if full else "Check the disk, then try again."
                raise SampleNotStored(f"{failure}: {reason}. {mend}") from error

    def _run(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def _fact(self, name: str) -> str | None:
        row = self._run("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set_fact(self, name: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _extractor(self) -> tuple[str, str]:
        return self._fact("extractor_name") or "", self._fact("extractor_sha256") or ""

    def _set_extractor(self, name: str, sha256: str) -> None:
        self._set_fact("extractor_name", name)
        self._set_fact("extractor_sha256", sha256)


SELECT_SAMPLES = (
    "SELECT sample_id, class_index, embedding, picture, taken_at_s FROM samples ORDER BY sample_id"
)


def _sample(row: tuple[int, int, bytes, bytes, float]) -> Sample:
    sample_id, class_index, embedding, picture, taken_at_s = row
    return Sample(sample_id, class_index, np.frombuffer(embedding, "<f4"), picture, taken_at_s)


def _open(path: Path, max_bytes: int | None) -> sqlite3.Connection:
    """Open and check the file, or begin it.

    Raises:
        _Damaged: If it is no whole session of ours.
    """
    connection = sqlite3.connect(
        path, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            connection.execute("PRAGMA synchronous = EXTRA")  # this file system has no write-ahead log
        else:
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        if max_bytes is not None:
            connection.execute(f"PRAGMA max_page_count = {max(1, max_bytes // PAGE_BYTES)}")
        with _transaction(connection):
            _check_or_create(connection, path)
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _Damaged(str(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _check_or_create(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if not connection.execute("SELECT EXISTS (SELECT * FROM sqlite_master)").fetchone()[0]:
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    if owner != APPLICATION_ID:
        raise _Damaged("it was written by another program")
    if version > SCHEMA_VERSION:
        raise SessionUnreadable(
            f"the session {path} was written by a later version of the kiosk. "
            "Update the kiosk, or name another folder with --data-dir."
        )
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _Damaged(verdict)
    sizes = connection.execute("SELECT DISTINCT length(embedding) FROM samples").fetchall()
    if len(sizes) > 1 or any(size % 4 for (size,) in sizes):
        raise _Damaged("its embeddings differ in length")
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise _Damaged("it has samples of unknown classes")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _set_aside(path: Path) -> Path:
    """Rename the file, with its log, to the first free `<name>.damaged-N`."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    return aside


def _opening_failed(path: Path, error: Exception) -> str:
    if "locked" in str(error):
        return (
            f"the session {path} is in use by another kiosk. Close that one, or name another folder with "
            "--data-dir."
        )
    reason = error.strerror if isinstance(error, OSError) else error
    return f"the session {path} cannot be opened: {reason}. Name another folder with --data-dir."


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
