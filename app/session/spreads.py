"""Sums of the embeddings of each class, in memory: a new sample costs the same in a long session as in a short one."""

from __future__ import annotations

import numpy as np

from app.session.connection import SharedDatabase
from app.session.database import STALE
from learning.view_prior import Spread


class Spreads:
    """The sums of each class. Only samples that came after the last call are read, unless stored ones were changed.

    Args:
        shared: The database.
        sha256: Of the current extractor; samples of others do not count.
    """

    def __init__(self, shared: SharedDatabase, sha256: str) -> None:
        self._shared, self._sha256 = shared, sha256
        self._known: dict[int, tuple[int, Spread]] = {}  # by class: the newest id that was looked at, and the sums
        self._rewritten = shared.rewritten

    def of_class(self, class_index: int) -> Spread:
        """Return the sums of a class.

        Raises:
            SessionNotRead: If the disk fails.
        """
        with self._shared.reading() as database:  # the count and the sums change while no other thread reads or writes
            if self._rewritten != self._shared.rewritten:
                self._known.clear()
                self._rewritten = self._shared.rewritten
            seen, spread = self._known.get(class_index, (0, Spread()))
            newest = database.execute("SELECT max(sample_id) FROM samples").fetchone()[0] or 0
            rows = database.execute(
                f"SELECT embedding FROM samples WHERE sample_id > ? AND class_index = ? AND NOT ({STALE})",
                (seen, class_index, self._sha256),
            ).fetchall()
            if rows:
                spread = spread.plus(np.stack([np.frombuffer(row[0], np.float32) for row in rows]))
            self._known[class_index] = newest, spread
        return spread
