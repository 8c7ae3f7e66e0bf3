"""SessionStore: the session on disk, in SQLite. What `add` has returned survives a power cut."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.error_texts import database_error_text
from app.base.errors import PictureDamaged, SessionNotArchived, SessionNotWritten, SessionUnreadable
from app.base.files import set_aside
from app.base.ports import ImageArray
from app.session.database import SELECT, STALE, as_sample, copy_database, insert, open_database, set_facts
from app.session.pictures import decode_picture, encode_picture
from app.session.session import Sample, Session

logger = logging.getLogger(__name__)

RE_EMBEDDED_AT_ONCE = 32  # pictures that are held in memory, and what a power cut may cost


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
            self._database = open_database(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise SessionUnreadable(
                    f"{path} cannot be opened: {error}. Check that this user may write there."
                ) from error
            logger.warning("%s is damaged (%s): set aside as %s", path, error, set_aside(path))
            self._database = open_database(path)
        if max_bytes is not None:
            page_bytes = self._database.execute("PRAGMA page_size").fetchone()[0]
            self._database.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")
        self._begin_if_empty(labels)

    @property
    def stale_samples(self) -> int:
        """How many samples another extractor embedded than the one in use."""
        with self._lock:
            row = self._database.execute(f"SELECT count(*) FROM samples WHERE {STALE}", self._extractor[1:]).fetchone()
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
            set_facts(database, *self._extractor)
        return True

    def re_embed(
        self,
        embed: Callable[[ImageArray], tuple[NDArray[np.float32], str]],
        limit: int = RE_EMBEDDED_AT_ONCE,
        *,
        enough: Callable[[], bool] = lambda: False,
    ) -> ReEmbedded:
        """Embed the pictures of some stale samples anew, in one transaction; what it returns is on the medium.

        Args:
            embed: Gives a picture's embedding and where it was made.
            limit: How many at most.
            enough: Asked after each; True leaves the others for the next time.
        """
        vectors, dropped = [], []
        with self._lock:
            rows = self._database.execute(
                f"{SELECT} WHERE sample_id IN "
                f"(SELECT sample_id FROM samples INDEXED BY samples_by_extractor WHERE {STALE} LIMIT ?) "
                "ORDER BY sample_id",
                (self._extractor[1], limit),
            ).fetchall()
        for one in map(as_sample, rows):
            try:
                vector, device = embed(decode_picture(one.picture))
            except PictureDamaged:
                logger.warning("the picture of sample %d is damaged: the sample is left out", one.sample_id)
                dropped.append(one)
                continue
            data = np.ascontiguousarray(vector, np.float32).tobytes()
            vectors.append((data, self._extractor[1], device, one.sample_id))
            if enough():
                break
        with self._writing() as database:
            database.executemany(
                "UPDATE samples SET embedding = ?, extractor_sha256 = ?, device = ? WHERE sample_id = ?", vectors
            )
            database.executemany("DELETE FROM samples WHERE sample_id = ?", [(one.sample_id,) for one in dropped])
        return ReEmbedded(len(vectors), tuple(one.class_index for one in dropped))

    def made_elsewhere(self, device: str, limit: int) -> tuple[Sample, ...]:
        """The newest samples that were embedded on the CPU where `device` is an accelerator, or the other way round.

        Args:
            device: "cpu", "usb:N" or "pci:N".
            limit: How many at most; newest first.
        """
        with self._lock:
            rows = self._database.execute(
                f"{SELECT} WHERE sample_id IN "
                "(SELECT sample_id FROM samples INDEXED BY samples_by_device WHERE (device = 'cpu') <> ? "
                "ORDER BY sample_id DESC LIMIT ?) ORDER BY sample_id DESC",
                (device == "cpu", limit),
            ).fetchall()
        return tuple(map(as_sample, rows))

    def add(self, class_index: int, embedding: NDArray[np.float32], picture: ImageArray, device: str = "cpu") -> Sample:
        """Keep a sample; it is on the medium when this returns.

        Args:
            class_index: 0 .. number of labels − 1.
            embedding: float32 (D,).
            picture: The frame's centre square, RGB uint8 (S, S, 3).
            device: Where the embedding was made.

        Raises:
            SessionNotWritten: If the disk is full or fails; nothing is half kept.
        """
        vector = np.ascontiguousarray(embedding, np.float32)
        data, now_s = encode_picture(picture), time.time()
        sample = Sample(0, class_index, vector, data, now_s, self._extractor[1], device)
        with self._writing() as database:
            return replace(sample, sample_id=insert(database, sample))

    def remove_last(self) -> Sample | None:
        """Take the newest sample back; None when there is none."""
        with self._writing() as database:
            row = database.execute(f"{SELECT} ORDER BY sample_id DESC LIMIT 1").fetchone()
            if row is None:
                return None
            database.execute("DELETE FROM samples WHERE sample_id = ?", (row[0],))
        return as_sample(row)

    def remove(self, sample_id: int) -> Sample | None:
        """Take a sample out; None when there is no such one. `restore` puts it back."""
        with self._writing() as database:
            row = database.execute(f"{SELECT} WHERE sample_id = ?", (sample_id,)).fetchone()
            database.execute("DELETE FROM samples WHERE sample_id = ?", (sample_id,))
        return as_sample(row) if row else None

    def restore(self, sample: Sample) -> None:
        """Put back what `remove` gave, under its own number."""
        with self._writing() as database:
            insert(database, sample)

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
            SessionNotArchived: If the disk is full or fails; nothing is left at `path`.
        """
        try:
            copy_database(self._database, self._lock, path, pictures=pictures)
        except (OSError, sqlite3.Error) as error:
            raise SessionNotArchived(database_error_text(error)) from error

    def load(self) -> Session:
        """A snapshot of everything."""
        with self._lock:
            labels = self._labels()
            rows = self._database.execute(f"{SELECT} ORDER BY sample_id").fetchall()
            name, sha256 = self._fact("extractor_name"), self._fact("extractor_sha256")
        return Session(labels, tuple(as_sample(row) for row in rows), name, sha256)

    def erase(self) -> None:
        """Forget all samples and the model, and overwrite the pages they were on."""
        with self._writing() as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("DELETE FROM samples")
            database.execute("DELETE FROM model")

    def replace_with(self, session: Session) -> None:
        """Put another session, made with the extractor in use, in the place of this one, all or nothing.

        What was there is gone: `app.session.archive.Archive.keep` comes first.

        Raises:
            SessionNotWritten: If the disk is full or fails; then nothing has changed.
        """
        with self._writing() as database:
            for table in ("samples", "labels", "model"):
                database.execute(f"DELETE FROM {table}")
            database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(session.labels)))
            for one in session.samples:
                made_by = one.extractor_sha256 or session.extractor_sha256
                insert(database, replace(one, sample_id=0, extractor_sha256=made_by))
            set_facts(database, session.extractor_name, session.extractor_sha256)

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
                raise SessionNotWritten(database_error_text(error)) from error

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
            set_facts(database, *self._extractor)

    def _labels(self) -> tuple[str, ...]:
        rows = self._database.execute("SELECT label FROM labels ORDER BY class_index").fetchall()
        return tuple(row[0] for row in rows)

    def _fact(self, name: str) -> str:
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""
