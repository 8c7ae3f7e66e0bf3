"""The database of a session: migration from older schemas, and durable commits."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.session.pictures import encode_picture
from tests.support.stores import EMBEDDING, PICTURE, open_store

pytestmark = pytest.mark.needs_runtime

VERSION_0_1 = Path(__file__).resolve().parents[2] / "data" / "version_0_1" / "data" / "session.sqlite3"


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
    row = (1, EMBEDDING.tobytes(), encode_picture(PICTURE), 5.0)
    database.execute("INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (?, ?, ?, ?)", row)
    database.commit()
    database.close()
    store = open_store(tmp_path / "s")
    (sample,) = store.load().samples
    assert (sample.class_index, sample.embedding.tolist(), sample.taken_at_s) == (1, EMBEDDING.tolist(), 5.0)
    assert not store.switch_extractor()
    assert store.stale_samples == 0
    store.close()
    assert open_store(tmp_path / "s", extractor_sha256="2").switch_extractor()
    assert sqlite3.connect(tmp_path / "s").execute("PRAGMA user_version").fetchone() == (6,)
    assert definitions(tmp_path / "s") == new_definitions(tmp_path)


def test_a_session_of_version_0_1_is_migrated_and_can_have_holds_and_made_views(tmp_path: Path) -> None:
    path = Path(shutil.copy(VERSION_0_1, tmp_path / "s"))
    with closing(sqlite3.connect(path)) as database:
        ((version,), (sha256,)) = (
            database.execute("PRAGMA user_version").fetchone(),
            database.execute("SELECT value FROM facts WHERE name = 'extractor_sha256'").fetchone(),
        )
        before = database.execute("SELECT * FROM samples ORDER BY sample_id").fetchall()
    assert version == 4
    with closing(open_store(path, extractor_sha256=sha256)) as store:
        session = store.load()
        assert [one.sample_id for one in session.samples] == [row[0] for row in before]
        assert session.holds().tolist() == [-1] * len(before)
        assert session.made()[0].shape == (0, session.embeddings().shape[1])
        first = session.samples[0]
        assert store.add_made_views(first.sample_id, np.stack([first.embedding] * 2), sha256) == 2
        store.add(0, first.embedding, PICTURE, hold=3)
        assert store.load().holds().tolist() == [-1] * len(before) + [3]
    assert definitions(path) == new_definitions(tmp_path)
    with closing(sqlite3.connect(path)) as database:
        columns = "sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device"
        after = database.execute(f"SELECT {columns} FROM samples ORDER BY sample_id").fetchall()
    assert after[:-1] == before


def new_definitions(folder: Path) -> dict[str, str]:
    open_store(folder / "new").close()
    return definitions(folder / "new")


def definitions(path: Path) -> dict[str, str]:
    """Every index, trigger and table of a database with its columns, by name."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        return {
            name: str(database.execute(f"PRAGMA table_info({name})").fetchall()) if kind == "table" else sql
            for kind, name, sql in rows
        }


def test_a_commit_syncs_the_file_and_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def connect(*args: Any, **settings: Any) -> sqlite3.Connection:
        connections.append(real(*args, **settings))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    store = open_store(tmp_path / "s")
    assert connections[0].execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
    store.close()
