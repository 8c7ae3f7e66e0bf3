"""SessionStore: the session on disk, in SQLite. What `add` has returned survives a power cut.

The rollback journal with synchronous=EXTRA is used rather than WAL: every commit is on the medium when it
returns (EXTRA syncs the directory as well, so that a journal that was deleted stays deleted), there is one
writer, and a single file is what staff copy or delete.
"""

from __future__ import annotations

import hashlib
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

from app.durable_folder import sync_directory
from app.errors import SampleNotStored, SessionUnreadable
from app.i18n import message
from app.pictures import decode_picture, encode_picture
from app.ports import ImageArray
from app.session import Sample, Session

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 3
_INDEX = "CREATE INDEX samples_by_extractor ON samples (extractor_sha256);"
"""Stale samples are looked for after every one that was embedded anew: without it, each look reads all pictures."""
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
{_INDEX}
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
    2: _INDEX,
}


@dataclass(frozen=True)
class StoredModel:
    """The model that was live last: its file is still there, byte for byte."""

    path: Path
    validation_accuracy: float
    threshold: float
    shots: tuple[int, ...]


@dataclass(frozen=True)
class ReEmbedded:
    """How many samples were embedded anew, and the classes of those whose picture was damaged."""

    done: int
    dropped: tuple[int, ...] = ()


class SessionStore:
    """The session on disk. Threads may share it: one lock lets one in at a time.

    Args:
        path: The database; made with its folder when missing. A damaged one is set aside, never deleted.
        labels: Class labels of a new session; a session that has samples keeps its own.
        extractor_name, extractor_sha256: What makes the embeddings now.
        max_bytes: The database may not grow beyond this; None is no limit.
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
        self._extractor = (extractor_name, extractor_sha256)
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SessionUnreadable(
                f"{path.parent} cannot be made: {error.strerror}. Name another place with --data-dir."
            ) from error
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise SessionUnreadable(
                    f"{path} cannot be opened: {error}. Check that this user may write there."
                ) from error
            logger.warning("%s is damaged (%s): set aside as %s", path, error, _set_aside(path))
            self._database = self._open()
        if max_bytes is not None:
            page_bytes = self._database.execute("PRAGMA page_size").fetchone()[0]
            self._database.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")
        self._begin_if_empty(labels)

    @property
    def stale_samples(self) -> int:
        """How many samples another extractor embedded than the one in use."""
        with self._lock:
            row = self._database.execute(f"SELECT count(*) FROM samples WHERE {_STALE}", self._extractor[1:]).fetchone()
        return int(row[0])

    def switch_extractor(self) -> bool:
        """Note that the extractor in use embeds from now on; give whether another one did before.

        Samples of before become stale, until `re_embed` has been through them; the model is forgotten.
        """
        with self._writing() as database:
            before = self._fact("extractor_sha256")
            if before == self._extractor[1]:
                return False
            database.execute("UPDATE samples SET extractor_sha256 = ? WHERE extractor_sha256 = ''", (before,))
            database.execute("DELETE FROM model")
            _set_facts(database, *self._extractor)
        return True

    def re_embed(self, embed: Callable[[ImageArray], tuple[NDArray[np.float32], str]], limit: int) -> ReEmbedded:
        """Embed the pictures of some stale samples anew; what it returns is on the medium.

        Args:
            embed: Gives a picture's embedding and where it was made.
            limit: How many at most.
        """
        vectors, dropped = [], []
        with self._lock:
            rows = self._database.execute(
                f"{_SELECT} WHERE sample_id IN "
                f"(SELECT sample_id FROM samples INDEXED BY samples_by_extractor WHERE {_STALE} LIMIT ?) "
                "ORDER BY sample_id",
                (self._extractor[1], limit),
            ).fetchall()
        for one in map(_sample, rows):
            try:
                vector, device = embed(decode_picture(one.picture))
            except SessionUnreadable:
                logger.warning("the picture of sample %d is damaged: the sample is left out", one.sample_id)
                dropped.append(one)
                continue
            data = np.ascontiguousarray(vector, np.float32).tobytes()
            vectors.append((data, self._extractor[1], device, one.sample_id))
        with self._writing() as database:
            database.executemany(
                "UPDATE samples SET embedding = ?, extractor_sha256 = ?, device = ? WHERE sample_id = ?", vectors
            )
            database.executemany("DELETE FROM samples WHERE sample_id = ?", [(one.sample_id,) for one in dropped])
        return ReEmbedded(len(vectors), tuple(one.class_index for one in dropped))

    def add(self, class_index: int, embedding: NDArray[np.float32], picture: ImageArray, device: str = "cpu") -> Sample:
        """Keep a sample; it is on the medium when this returns.

        Args:
            class_index: 0 .. number of labels − 1.
            embedding: float32 (D,).
            picture: The frame's centre square, RGB uint8 (S, S, 3).
            device: Where the embedding was made.

        Raises:
            SampleNotStored: If the disk is full or fails; nothing is half kept.
        """
        vector = np.ascontiguousarray(embedding, np.float32)
        data, now_s = encode_picture(picture), time.time()
        with self._writing() as database:
            sample_id = database.execute(
                "INSERT INTO samples (class_index, embedding, picture, taken_at_s, extractor_sha256, device) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (class_index, vector.tobytes(), data, now_s, self._extractor[1], device),
            ).lastrowid
        return Sample(int(sample_id or 0), class_index, vector, data, now_s, self._extractor[1], device)

    def remove_last(self) -> Sample | None:
        """Take the newest sample back; None when there is none."""
        with self._writing() as database:
            row = database.execute(f"{_SELECT} ORDER BY sample_id DESC LIMIT 1").fetchone()
            if row is None:
                return None
            database.execute("DELETE FROM samples WHERE sample_id = ?", (row[0],))
        return _sample(row)

    def remove(self, sample_id: int) -> Sample | None:
        """Take a sample out; None when there is no such one. `restore` puts it back."""
        with self._writing() as database:
            row = database.execute(f"{_SELECT} WHERE sample_id = ?", (sample_id,)).fetchone()
            database.execute("DELETE FROM samples WHERE sample_id = ?", (sample_id,))
        return _sample(row) if row else None

    def restore(self, sample: Sample) -> None:
        """Put back what `remove` gave, under its own number."""
        with self._writing() as database:
            _insert(database, sample)

    def pictures(self, sample_ids: Sequence[int]) -> dict[int, bytes]:
        """JPEG of samples by sample id; those that are not there are left out."""
        wanted = ",".join("?" * len(sample_ids))
        with self._lock:
            rows = self._database.execute(
                f"SELECT sample_id, picture FROM samples WHERE sample_id IN ({wanted})", tuple(sample_ids)
            ).fetchall()
        return dict(rows)

    def newest(self, class_index: int, count: int, skip: int = 0) -> tuple[int, ...]:
        """Sample ids of a class, newest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT sample_id FROM samples WHERE class_index = ? ORDER BY sample_id DESC LIMIT ? OFFSET ?",
                (class_index, count, skip),
            ).fetchall()
        return tuple(row[0] for row in rows)

    def rename(self, labels: Sequence[str]) -> None:
        """Call the classes so from now on; there may be more of them, or fewer where the last ones are empty."""
        with self._writing() as database:
            database.execute("DELETE FROM labels")
            database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(labels)))

    def copy_to(self, path: Path, *, pictures: bool) -> None:
        """Write all of it to a database of its own, durably; without `pictures`, what is needed to train alone.

        Raises:
            SampleNotStored: If the disk is full or fails; nothing is left at `path`.
        """
        partial = path.with_name(path.name + ".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            copy = sqlite3.connect(partial)
            try:
                with self._lock:
                    self._database.backup(copy)
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
        except (OSError, sqlite3.Error) as error:
            partial.unlink(missing_ok=True)
            raise SampleNotStored(
                message("the session could not be put away ({reason}). Make room on the disk.", reason=str(error))
            ) from error

    def load(self) -> Session:
        """A snapshot of everything."""
        with self._lock:
            labels = self._labels()
            rows = self._database.execute(f"{_SELECT} ORDER BY sample_id").fetchall()
            name, sha256 = self._fact("extractor_name"), self._fact("extractor_sha256")
        return Session(labels, tuple(_sample(row) for row in rows), name, sha256)

    def erase(self) -> None:
        """Forget all samples and the model, and overwrite the pages they were on."""
        with self._writing() as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("DELETE FROM samples")
            database.execute("DELETE FROM model")

    def replace_with(self, session: Session, archive: Path | None) -> None:
        """Put another session in the place of this one, all or nothing; what was there is kept in a file first.

        Args:
            session: Made with the extractor in use.
            archive: Where to, or None if that is done already. The file is on the medium before anything is
                replaced; none is written where there are no samples.

        Raises:
            SampleNotStored: If the disk is full or fails; then nothing has changed.
        """
        if archive is not None and self.load().samples:
            self.copy_to(archive, pictures=True)
        with self._writing() as database:
            for table in ("samples", "labels", "model"):
                database.execute(f"DELETE FROM {table}")
            database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(session.labels)))
            database.executemany(
                "INSERT INTO samples (class_index, embedding, picture, taken_at_s, extractor_sha256, device) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.class_index, np.ascontiguousarray(one.embedding, np.float32).tobytes(), one.picture,
                     one.taken_at_s, one.extractor_sha256 or session.extractor_sha256, one.device)
                    for one in session.samples
                ],
            )  # fmt: skip
            _set_facts(database, session.extractor_name, session.extractor_sha256)

    def remember_model(self, path: Path, validation_accuracy: float, threshold: float, shots: Sequence[int]) -> None:
        """Note the model that goes live, to be back after a restart."""
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        counts = ",".join(map(str, shots))
        with self._writing() as database:
            database.execute("DELETE FROM model")
            database.execute(
                "INSERT INTO model VALUES (?, ?, ?, ?, ?)",
                (str(path.resolve()), sha256, validation_accuracy, threshold, counts),
            )

    def last_model(self) -> StoredModel | None:
        """The model noted last, if its file is still there and unchanged."""
        with self._lock:
            row = self._database.execute("SELECT * FROM model").fetchone()
        if row is None:
            return None
        path = Path(row[0])
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != row[1]:
            logger.warning("the model %s is gone or was changed: train again", path)
            return None
        return StoredModel(path, row[2], row[3], tuple(int(count) for count in row[4].split(",")))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._database:
                    yield self._database
            except sqlite3.Error as error:
                raise SampleNotStored(
                    message(
                        "the session could not be written ({reason}). Make room on the disk; all else is kept.",
                        reason=str(error),
                    )
                ) from error

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, check_same_thread=False)
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
                    f"{self._path} was written by another version of the kiosk. "
                    "Name another place with --data-dir, or move the file away."
                )
            if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("its pages are inconsistent")
        except BaseException:
            database.close()
            raise
        return database

    def _begin_if_empty(self, labels: Sequence[str]) -> None:
        with self._writing() as database:
            if database.execute("SELECT count(*) FROM samples").fetchone()[0]:
                if self._labels() != tuple(labels):
                    logger.info("the session on disk keeps its own classes: %s", ", ".join(self._labels()))
                return
            if self._labels() != tuple(labels):
                database.execute("DELETE FROM labels")
                database.execute("DELETE FROM model")
                database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(labels)))
            _set_facts(database, *self._extractor)

    def _labels(self) -> tuple[str, ...]:
        rows = self._database.execute("SELECT label FROM labels ORDER BY class_index").fetchall()
        return tuple(row[0] for row in rows)

    def _fact(self, name: str) -> str:
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""


_SELECT = "SELECT sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device FROM samples"
_STALE = "extractor_sha256 NOT IN ('', ?)"


def _insert(database: sqlite3.Connection, sample: Sample) -> None:
    vector = np.ascontiguousarray(sample.embedding, np.float32).tobytes()
    database.execute(
        "INSERT INTO samples (sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sample.sample_id, sample.class_index, vector, sample.picture, sample.taken_at_s, sample.extractor_sha256,
         sample.device),
    )  # fmt: skip


def _sample(row: tuple[int, int, bytes, bytes, float, str, str]) -> Sample:
    return Sample(row[0], row[1], np.frombuffer(row[2], np.float32), *row[3:])


def _set_facts(database: sqlite3.Connection, extractor_name: str, extractor_sha256: str) -> None:
    facts = [("extractor_name", extractor_name), ("extractor_sha256", extractor_sha256)]
    database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside
