"""A session store for tests, with a picture and an embedding to add to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.session.store import SessionStore

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
EMBEDDING = np.arange(4, dtype=np.float32)


def open_store(path: Path, **settings: object) -> SessionStore:
    """Open or create a session with the classes "a" and "b", taught with the extractor "x" whose hash is "1"."""
    given = {"labels": ("a", "b"), "extractor_name": "x", "extractor_sha256": "1", **settings}
    return SessionStore(path, **given)  # type: ignore[arg-type]
