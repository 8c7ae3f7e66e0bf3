"""Embed stored pictures again after the extractor changed, a few at a time.

Every sample records the extractor that made its embedding. A sample is stale if that is not the current extractor.

A stale sample without a picture cannot be embedded again. If most samples have none, as in a session that was saved
without pictures, they stay as they are, and the model that was trained on them goes on answering. If few have none,
because their pictures were damaged, these are deleted.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.base.errors import PictureDamaged
from app.base.ports import ImageArray
from app.session.connection import SharedDatabase
from app.session.database import HAS_PICTURE, STALE, get_fact, read_samples, set_facts
from app.session.pictures import decode_picture

logger = logging.getLogger(__name__)

BATCH = 32  # samples that are held in memory, and the work that a power cut can cost


@dataclass(frozen=True)
class ReEmbedded:
    """The number of samples that were embedded again, and the classes of those whose picture was damaged."""

    done: int
    dropped: tuple[int, ...] = ()


def switch_extractor(shared: SharedDatabase, name: str, sha256: str) -> bool:
    """Record the current extractor; return whether it differs from the one before.

    If it does, samples become stale, and the last model is forgotten, unless it cannot be trained again: see above.
    """
    with shared.writing() as database:
        before = get_fact(database, "extractor_sha256")
        if before == sha256:
            return False
        database.execute("UPDATE samples SET extractor_sha256 = ? WHERE extractor_sha256 = ''", (before,))
        (pictures,) = database.execute(f"SELECT count(*) FROM samples WHERE {HAS_PICTURE}").fetchone()
        if _count_stale(database, f"NOT {HAS_PICTURE}", sha256) <= pictures:
            database.execute(f"DELETE FROM samples WHERE {STALE} AND NOT {HAS_PICTURE}", (sha256,))
            database.execute("DELETE FROM model")
        set_facts(database, name, sha256)
    return True


def stale_sample_ids(database: sqlite3.Connection, sha256: str) -> set[int]:
    """Return the ids of the samples that another extractor than `sha256` embedded."""
    rows = database.execute(
        f"SELECT sample_id FROM samples INDEXED BY samples_by_extractor WHERE {STALE}", (sha256,)
    ).fetchall()
    return {sample_id for (sample_id,) in rows}


def count_stale(shared: SharedDatabase, sha256: str) -> int:
    """Count the samples that another extractor than `sha256` embedded, and that can be embedded again."""
    with shared.reading() as database:
        return _count_stale(database, HAS_PICTURE, sha256)


def count_without_picture(shared: SharedDatabase, sha256: str) -> int:
    """Count the samples that another extractor than `sha256` embedded, and that have no picture."""
    with shared.reading() as database:
        return _count_stale(database, f"NOT {HAS_PICTURE}", sha256)


def _count_stale(database: sqlite3.Connection, condition: str, sha256: str) -> int:
    """Count the stale samples with this condition; without the index, all pictures would be read."""
    rows = database.execute(
        f"SELECT count(*) FROM samples INDEXED BY samples_by_extractor WHERE {STALE} AND {condition}", (sha256,)
    )
    return int(rows.fetchone()[0])


def re_embed(
    shared: SharedDatabase,
    sha256: str,
    embed: Callable[[ImageArray], tuple[NDArray[np.float32], str]],
    limit: int = BATCH,
    *,
    enough: Callable[[], bool] = lambda: False,
) -> ReEmbedded:
    """Embed the pictures of some stale samples again, in one transaction; samples with a damaged picture are deleted.

    The made views of those samples are deleted: they are embeddings of the other extractor, and can be made again.

    Args:
        shared: The database.
        sha256: Of the current extractor.
        embed: Returns the embedding of a picture, and the device that made it.
        limit: Number of samples at most.
        enough: Called after each sample; True leaves the others for the next call.

    Raises:
        SessionNotWritten: If the disk is full or fails; nothing has changed.
    """
    vectors, dropped = [], []
    with shared.reading() as database:
        samples = read_samples(
            database,
            "WHERE sample_id IN "
            "(SELECT sample_id FROM samples INDEXED BY samples_by_extractor "
            f"WHERE {STALE} AND {HAS_PICTURE} LIMIT ?) "
            "ORDER BY sample_id",
            (sha256, limit),
        )
    for one in samples:
        try:
            vector, device = embed(decode_picture(one.picture))
        except PictureDamaged:
            logger.warning("the picture of sample %d is damaged: the sample is deleted", one.sample_id)
            dropped.append(one)
            continue
        vectors.append((np.ascontiguousarray(vector, np.float32).tobytes(), sha256, device, one.sample_id))
        if enough():
            break
    with shared.writing(removes_pictures=bool(dropped)) as database:
        database.executemany(
            "UPDATE samples SET embedding = ?, extractor_sha256 = ?, device = ? WHERE sample_id = ?", vectors
        )
        database.executemany("DELETE FROM made_views WHERE sample_id = ?", [(row[-1],) for row in vectors])
        database.executemany("DELETE FROM samples WHERE sample_id = ?", [(one.sample_id,) for one in dropped])
    return ReEmbedded(len(vectors), tuple(one.class_index for one in dropped))
