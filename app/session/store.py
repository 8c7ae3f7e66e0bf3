"""SessionStore: the current session on disk, in SQLite. A sample that `add` returned survives a power cut."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.errors import SessionNotRead, SessionNotWritten
from app.base.ports import ImageArray
from app.base.supervision import RunningCalls
from app.session import last_model, re_embedding
from app.session.connection import SharedDatabase
from app.session.database import (
    count_ids_from,
    get_fact,
    get_labels,
    insert,
    newest_id,
    read_samples,
    set_fact,
    set_facts,
    set_labels,
)
from app.session.label_origins import Origin, recorded_origins, set_labels_from
from app.session.last_model import StoredModel
from app.session.made_views import insert_made_views, need_of_views
from app.session.opening import Opened
from app.session.pictures import encode_picture
from app.session.re_embedding import BATCH, ReEmbedded
from app.session.session import MOST_MADE_VIEWS, Sample, Session
from app.session.spreads import Spreads
from learning.view_prior import Spread

logger = logging.getLogger(__name__)


class SessionStore:
    """The session on disk. Threads may share it: one of them uses the database at a time.

    Every method that writes raises `SessionNotWritten` if the disk is full or fails; then nothing has changed.

    Args:
        path: The database, which is created with its folder if it is missing. A damaged one is repaired as far as
            possible and renamed; on a disk that cannot be written the session is in memory (`app.session.opening`).
        labels: Class labels of a new session; a session that has samples keeps its own.
        extractor_name, extractor_sha256: The current extractor.
    """

    def __init__(self, path: Path, *, labels: Sequence[str], extractor_name: str, extractor_sha256: str) -> None:
        self._extractor = (extractor_name, extractor_sha256)
        self._labels = tuple(labels)
        self._newest_id = 0
        self._shared = SharedDatabase(path, labels)
        self._spreads = Spreads(self._shared, extractor_sha256)
        self._begin_session()

    @property
    def opened(self) -> Opened:
        """How the session was opened: what was damaged, and why it is in memory alone."""
        return self._shared.opened

    def _begin_session(self) -> None:
        try:
            with self._shared.writing() as database:
                self._begin(database, self._labels)
        except SessionNotWritten as error:  # the disk was filled just now
            logger.warning("the labels and the extractor were not written: %s", error)

    @property
    def calls(self) -> RunningCalls:
        """The reads and writes that are running now."""
        return self._shared.calls

    def _begin(self, database: sqlite3.Connection, labels: tuple[str, ...]) -> None:
        """Give a session without samples the current labels and the current extractor."""
        stored = get_labels(database)
        if database.execute("SELECT count(*) FROM samples").fetchone()[0]:
            if stored != labels:
                logger.info("the session on disk keeps its own %d classes", len(stored))
            return
        if stored != labels:
            set_labels(database, labels)
            database.execute("DELETE FROM model")
        set_facts(database, *self._extractor)
        count_ids_from(database, self._newest_id)

    # --- samples ----------------------------------------------------------------------------------------

    def add(
        self,
        class_index: int,
        embedding: NDArray[np.float32],
        picture: ImageArray,
        device: str = "cpu",
        *,
        hold: int | None = None,
    ) -> Sample:
        """Store a sample; it is on the medium when this returns.

        Args:
            class_index: 0 .. number of labels − 1.
            embedding: float32 (D,).
            picture: The frame's centre square, RGB uint8 (S, S, 3).
            device: The device that made the embedding: "cpu", "usb:N" or "pci:N".
            hold: The hold in which the picture was taken; None if that is unknown.
        """
        vector = np.ascontiguousarray(embedding, np.float32)
        data, now_s = encode_picture(picture), time.time()
        sample = Sample(0, class_index, vector, data, now_s, self._extractor[1], device, hold)
        with self._shared.writing(picture_bytes=len(data) + vector.nbytes, keeps_samples=True) as database:
            self._newest_id = insert(database, sample)
        return replace(sample, sample_id=self._newest_id)

    # Each of these removes all of its samples with their made views, or none of them, and returns them in the order in
    # which they were taken; `restore` puts them back.

    def remove_last_hold(self) -> tuple[Sample, ...]:
        """Remove the hold of the newest sample; the newest sample alone if its hold is unknown."""
        newest = "(SELECT {} FROM samples ORDER BY sample_id DESC LIMIT 1)"
        return self._remove(
            f"WHERE sample_id = {newest.format('sample_id')} "
            f"OR (hold = {newest.format('hold')} AND class_index = {newest.format('class_index')})"
        )

    def remove_hold(self, hold: int) -> tuple[Sample, ...]:
        """Remove the samples of a hold."""
        return self._remove("WHERE hold = ?", hold)

    def remove_class(self, class_index: int) -> tuple[Sample, ...]:
        """Remove the samples of a class."""
        return self._remove("WHERE class_index = ?", class_index)

    def remove(self, sample_id: int) -> tuple[Sample, ...]:
        """Remove one sample, if it exists."""
        return self._remove("WHERE sample_id = ?", sample_id)

    def _remove(self, clause: str, *values: object) -> tuple[Sample, ...]:
        with self._shared.writing(removes_pictures=True) as database:
            found = read_samples(database, f"{clause} ORDER BY sample_id", values)
            for sample in found:
                database.execute("DELETE FROM samples WHERE sample_id = ?", (sample.sample_id,))
        if found and self._shared.has_good_copy:  # it must not bring the samples back
            self._shared.keep_good_copy()
        return found

    def restore(self, samples: Sequence[Sample]) -> None:
        """Put back samples that were removed, under their old ids, and as many of their views as fit their class.

        All of them are put back, or none.
        """
        size_bytes = sum(len(one.picture) + one.embedding.nbytes for one in samples)
        with self._shared.writing(picture_bytes=size_bytes) as database:
            for sample in samples:
                insert(database, sample)

    def pictures(self, sample_ids: Sequence[int]) -> dict[int, bytes]:
        """Return JPEG data by sample id, without ids that do not exist."""
        wanted = ",".join("?" * len(sample_ids))
        with self._shared.reading() as database:
            rows = database.execute(
                f"SELECT sample_id, picture FROM samples WHERE sample_id IN ({wanted})", tuple(sample_ids)
            ).fetchall()
        return dict(rows)

    def newest(self, class_index: int, count: int, skip: int = 0) -> tuple[int, ...]:
        """Return the sample ids of a class, newest first: `count` of them after the first `skip`."""
        with self._shared.reading() as database:
            rows = database.execute(
                "SELECT sample_id FROM samples WHERE class_index = ? ORDER BY sample_id DESC LIMIT ? OFFSET ?",
                (class_index, count, skip),
            ).fetchall()
        return tuple(row[0] for row in rows)

    def newest_stored_id(self) -> int:
        """Return the id of the newest sample; 0 if there is none. Later samples have larger ids."""
        with self._shared.reading() as database:
            return int(database.execute("SELECT coalesce(max(sample_id), 0) FROM samples").fetchone()[0])

    def spread_of_class(self, class_index: int) -> Spread:
        """Return the sums of the embeddings of a class that the current extractor made; after `add` it costs little."""
        return self._spreads.of_class(class_index)

    def made_elsewhere(self, device: str, limit: int) -> tuple[Sample, ...]:
        """Return the newest samples that the other kind of device embedded: the CPU, or an accelerator.

        Args:
            device: "cpu", "usb:N" or "pci:N"; samples of the other kind are returned.
            limit: Number of samples at most.
        """
        with self._shared.reading() as database:
            return read_samples(
                database,
                "WHERE sample_id IN "
                "(SELECT sample_id FROM samples INDEXED BY samples_by_device WHERE (device = 'cpu') <> ? "
                "ORDER BY sample_id DESC LIMIT ?) ORDER BY sample_id DESC",
                (device == "cpu", limit),
            )

    # --- made views -------------------------------------------------------------------------------------

    def samples_without_views(
        self, limit: int, *, skip: Collection[int] = (), enough: int = MOST_MADE_VIEWS
    ) -> tuple[Sample, ...]:
        """Return samples whose pictures made views should be made of, the most useful first.

        These are samples that have a picture and no made views yet, embedded by the current extractor, in classes with
        fewer than `enough` views. Classes and holds with the fewest views come first, then the newest samples.

        Args:
            limit: Number of samples at most.
            skip: Samples to leave out, such as those whose picture turned out to be damaged.
            enough: A class with so many views needs no more.
        """
        with self._shared.reading() as database:
            stale = re_embedding.stale_sample_ids(database, self._extractor[1])
            found: list[Sample] = []
            for sample_id in need_of_views(database, leave_out={*stale, *skip}, enough=enough):
                if len(found) >= limit:
                    break
                found += read_samples(database, "WHERE sample_id = ? AND length(picture) > 0", (sample_id,))
        return tuple(found)

    def add_made_views(self, sample_id: int, embeddings: NDArray[np.float32], extractor_sha256: str) -> int:
        """Store embeddings of changed copies of a sample's picture beside it; return how many were stored.

        None are stored if the sample was removed meanwhile or if another extractor made its embedding; and no more than
        its class has room for.

        Args:
            sample_id: The sample.
            embeddings: float32 (V, D).
            extractor_sha256: Of the extractor that made them.
        """
        with self._shared.writing(keeps_samples=True) as database:
            found = read_samples(database, "WHERE sample_id = ?", (sample_id,))
            if not found or extractor_sha256 != (found[0].extractor_sha256 or get_fact(database, "extractor_sha256")):
                return 0
            return insert_made_views(database, sample_id, found[0].class_index, embeddings, extractor_sha256)

    # --- the whole session ------------------------------------------------------------------------------

    def load(self) -> Session:
        """Return a snapshot of the session."""
        with self._shared.reading() as database:
            labels = get_labels(database)
            samples = read_samples(database, "ORDER BY sample_id")
            name, sha256 = get_fact(database, "extractor_name"), get_fact(database, "extractor_sha256")
        return Session(labels, samples, name, sha256)

    def labels(self) -> tuple[str, ...]:
        """Return the class labels."""
        with self._shared.reading() as database:
            return get_labels(database)

    def taught_labels(self) -> tuple[str, ...]:
        """Return the class labels of the classes that have samples."""
        with self._shared.reading() as database:
            labels = get_labels(database)
            rows = database.execute("SELECT DISTINCT class_index FROM samples INDEXED BY samples_by_hold").fetchall()
        return tuple(labels[index] for index in sorted(index for (index,) in rows))

    def rename(self, labels: Sequence[str], names_from: Sequence[Origin] = ()) -> None:
        """Change the class labels; their number may grow, or shrink if the last classes have no samples.

        Args:
            labels: The labels.
            names_from: Where each label comes from, in words or as the place of a given label; see `names_from`.
        """
        with self._shared.writing() as database:
            set_labels_from(database, labels, names_from)

    def names_from(self) -> tuple[Origin, ...]:
        """Return what `rename` recorded with the present labels; empty if nothing was, as by older versions."""
        with self._shared.reading() as database:
            return recorded_origins(database)

    def drop_class(self, class_index: int, labels: Sequence[str], names_from: Sequence[Origin] = ()) -> None:
        """Remove a class with its samples and the last model; the classes after it move up by one. All or nothing.

        Args:
            class_index: The class.
            labels: The labels of the classes that are left.
            names_from: Where each of these comes from, as for `rename`.
        """
        with self._shared.writing(removes_pictures=True) as database:
            database.execute("DELETE FROM samples WHERE class_index = ?", (class_index,))
            database.execute("UPDATE samples SET class_index = class_index - 1 WHERE class_index > ?", (class_index,))
            database.execute("DELETE FROM model")
            set_labels_from(database, labels, names_from)
        if self._shared.has_good_copy:  # it must not bring the samples back
            self._shared.keep_good_copy()

    def erase(self, *, damaged: bool = True) -> None:
        """Erase all samples, their made views and the last model, so that the medium keeps none of them.

        A new session begins with the same classes. If it was kept in memory and the disk works again, it is on the
        disk. If the disk holds an earlier session then, that is open instead (`has_earlier`).

        Args:
            damaged: Erase also the damaged databases that were set aside beside it.

        Raises:
            SessionNotErased: If the disk fails. The session is empty, but its pictures are still on the disk; the call
                can be repeated until it works.
        """
        with suppress(SessionNotRead), self._shared.reading() as database:  # the disk may be gone
            self._labels = self._labels if self.has_earlier else get_labels(database) or self._labels
            self._newest_id = max(self._newest_id, newest_id(database))
        self._shared.erase(damaged=damaged)
        self._begin_session()

    @property
    def has_earlier(self) -> bool:
        """Whether `erase` found an earlier session, which the disk could not show until now, and opened it.

        Nobody has seen it: put it away, and call `erase` again.
        """
        return self._shared.has_earlier

    def replace_with(self, session: Session) -> None:
        """Replace the session with another one that the current extractor made, completely or not at all.

        The old session is lost: call `app.session.archive.Archive.keep` before.
        """
        size_bytes = sum(len(one.picture) + one.embedding.nbytes for one in session.samples)
        with self._shared.writing(picture_bytes=size_bytes, removes_pictures=True) as database:
            for table in ("samples", "model"):
                database.execute(f"DELETE FROM {table}")
            set_labels(database, session.labels)
            for one in session.samples:
                made_by = one.extractor_sha256 or session.extractor_sha256
                insert(database, replace(one, sample_id=0, extractor_sha256=made_by))
            set_facts(database, session.extractor_name, session.extractor_sha256)
        self._shared.keep_good_copy()

    @property
    def ending(self) -> str:
        """The name under which the session goes to the archive, if its visit is over; empty if it is not."""
        with self._shared.reading() as database:
            return get_fact(database, "ending")

    def note_ending(self, name: str) -> None:
        """Record that the visit is over, so that a restart ends it, too, and archives the session once.

        Args:
            name: The name of the session in the archive.
        """
        with self._shared.writing() as database:
            set_fact(database, "ending", name)

    def copy_to(self, path: Path, *, pictures: bool, serial: int = 0) -> None:
        """Copy the session durably to a new database, with the pictures or without any byte of them.

        Args:
            path: The new file; a file that is there is overwritten.
            pictures: Copy the pictures, too.
            serial: A number that tells later copies from earlier ones (`app.session.copying.serial_of`).

        Raises:
            SessionNotArchived: If the disk is full or fails; nothing is left at `path`.
        """
        self._shared.copy_to(path, pictures=pictures, serial=serial)

    def keep_good_copy(self) -> None:
        """Write the last good copy of the session, without pictures; if that fails, there is none."""
        self._shared.keep_good_copy()

    # --- the extractor and the last model ---------------------------------------------------------------

    @property
    def stale_samples(self) -> int:
        """The number of samples that another extractor embedded, and that can be embedded again."""
        return re_embedding.count_stale(self._shared, self._extractor[1])

    @property
    def samples_without_picture(self) -> int:
        """The number of samples that another extractor embedded, and that cannot be embedded again."""
        return re_embedding.count_without_picture(self._shared, self._extractor[1])

    def switch_extractor(self) -> bool:
        """Record the current extractor; return whether it differs from the one before. See `re_embedding`."""
        return re_embedding.switch_extractor(self._shared, *self._extractor)

    def re_embed(
        self,
        embed: Callable[[ImageArray], tuple[NDArray[np.float32], str]],
        limit: int = BATCH,
        *,
        enough: Callable[[], bool] = lambda: False,
    ) -> ReEmbedded:
        """Embed some stale samples again; arguments as for `re_embedding.re_embed`."""
        return re_embedding.re_embed(self._shared, self._extractor[1], embed, limit, enough=enough)

    def remember_model(self, model: StoredModel) -> None:
        """Record the model that goes live, so that it is live again after a restart."""
        last_model.remember_model(self._shared, model)

    def last_model(self) -> StoredModel | None:
        """Return the recorded model; None if there is none, or if its file is missing or changed."""
        return last_model.last_model(self._shared)

    def close(self) -> None:
        """Close the database."""
        self._shared.close()
