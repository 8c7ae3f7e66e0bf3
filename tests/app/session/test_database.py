"""The database of a session: migration from the first schema, and durable commits."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.session.pictures import encode_picture
from app.session.store import SessionStore

pytestmark = pytest.mark.needs_runtime

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
VECTOR = np.arange(4, dtype=np.float32)


def opened(path: Path, **settings: object) -> SessionStore:
    given = {"labels": ("a", "b"), "extractor_name": "x", "extractor_sha256": "1", **settings}
    return SessionStore(path, **given)  # type: ignore[arg-type]


def test_a_session_of_the_first_schema_is_migrated(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "s")
    database.executescript(
        """
        CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
        CREATE TABLE labels (class_index INTEGER PRIMARY KEY, label TEXT NOT NULL);
        CREATE TABLE samples (
            sample_id INTEGER PRIMARY KEY AUTOINCREMENT, class_index INTEGER NOT NULL, embedding BLOB NOT NULL,
            picture BLOB NOT NULL, taken_at_s REAL NOT NULL
        );
        CREATE TABLE model (
            path TEXT NOT NULL, sha256 TEXT NOT NULL, validation_accuracy REAL NOT NULL, threshold REAL NOT NULL,
            shots TEXT NOT NULL
        );
        INSERT INTO facts VALUES ('extractor_name', 'x'), ('extractor_sha256', '1');
        INSERT INTO labels VALUES (0, 'a'), (1, 'b');
        PRAGMA user_version = 1;
        """
    )
    row = (1, VECTOR.tobytes(), encode_picture(PICTURE), 5.0)
    database.execute("INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (?, ?, ?, ?)", row)
    database.commit()
    database.close()
    store = opened(tmp_path / "s")
    (sample,) = store.load().samples
    assert (sample.class_index, sample.embedding.tolist(), sample.taken_at_s) == (1, VECTOR.tolist(), 5.0)
    assert not store.switch_extractor()
    assert store.stale_samples == 0
    store.close()
    assert opened(tmp_path / "s", extractor_sha256="2").switch_extractor()
    assert sqlite3.connect(tmp_path / "s").execute("PRAGMA user_version").fetchone() == (4,)
    opened(tmp_path / "new").close()
    assert indexes(tmp_path / "s") == indexes(tmp_path / "new") == ["samples_by_device", "samples_by_extractor"]


def indexes(path: Path) -> list[str]:
    rows = sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return sorted(name for (name,) in rows)


def test_a_commit_syncs_the_file_and_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def connect(*args: Any, **settings: Any) -> sqlite3.Connection:
        connections.append(real(*args, **settings))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    store = opened(tmp_path / "s")
    assert connections[0].execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
    store.close()
