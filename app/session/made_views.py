"""The table of made views: embeddings of changed copies of the stored pictures, up to MOST_MADE_VIEWS of a class.

Only numbers are stored, never the changed copies, so they are kept where a session is kept without its pictures. Each
row names the extractor that made it. A view is used only while its sample was embedded by the same extractor.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from app.session.session import MOST_MADE_VIEWS, no_views


def insert_made_views(
    database: sqlite3.Connection, sample_id: int, class_index: int, embeddings: NDArray[np.float32], made_by: str
) -> int:
    """Add made views to a sample, as many as its class has room for; return their number.

    Args:
        database: The open database, in a transaction.
        sample_id: The sample, which is stored.
        class_index: Its class.
        embeddings: float32 (V, D); the first ones are stored if the class has not room for all.
        made_by: SHA-256 of the extractor that made them.
    """
    if not len(embeddings):
        return 0
    (of_class,) = database.execute(  # CROSS JOIN: look up the sample of each view, never the views of each sample
        "SELECT count(*) FROM made_views CROSS JOIN samples USING (sample_id) WHERE class_index = ?", (class_index,)
    ).fetchone()
    (first,) = database.execute(
        "SELECT coalesce(max(number) + 1, 0) FROM made_views WHERE sample_id = ?", (sample_id,)
    ).fetchone()
    stored = embeddings[: max(0, MOST_MADE_VIEWS - of_class)]
    database.executemany(
        "INSERT INTO made_views (sample_id, number, embedding, extractor_sha256) VALUES (?, ?, ?, ?)",
        [
            (sample_id, number, np.ascontiguousarray(view, np.float32).tobytes(), made_by)
            for number, view in enumerate(stored, start=first)
        ],
    )
    return len(stored)


def read_made_views(database: sqlite3.Connection, sample_id: int, made_by: str) -> NDArray[np.float32]:
    """Read the views of a sample that the extractor `made_by` embedded: float32 (V, D), (0, 0) if there are none."""
    rows = database.execute(
        "SELECT embedding FROM made_views WHERE sample_id = ? AND extractor_sha256 = ? ORDER BY number",
        (sample_id, made_by),
    ).fetchall()
    if not rows:
        return no_views()
    return np.frombuffer(b"".join(view for (view,) in rows), np.float32).reshape(len(rows), -1)


def need_of_views(database: sqlite3.Connection, leave_out: Collection[int], enough: int = MOST_MADE_VIEWS) -> list[int]:
    """List the samples that have no views yet, those whose views are needed most first.

    Args:
        database: The open database.
        leave_out: Samples to leave out.
        enough: A class with so many views needs no more.

    Returns:
        Sample ids of classes that need more views: classes with the fewest views first, then holds with the
        fewest, then the newest sample.
    """
    rows = database.execute(
        "SELECT sample_id, class_index, hold, (SELECT count(*) FROM made_views WHERE sample_id = one.sample_id) "
        "FROM samples AS one INDEXED BY samples_by_hold"
    ).fetchall()
    of_class: Counter[int] = Counter()
    of_hold: Counter[int | None] = Counter()
    for _, class_index, hold, views in rows:
        of_class[class_index] += views
        of_hold[hold] += views
    wanted = [
        (of_class[class_index], of_hold[hold], -sample_id)
        for sample_id, class_index, hold, views in rows
        if not views and of_class[class_index] < enough and sample_id not in leave_out
    ]
    return [-negative for _, _, negative in sorted(wanted)]
