"""Small stored sessions, and what comes back of one after a bit of its file was flipped."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from app.base.errors import PictureDamaged
from app.session.connection import SharedDatabase
from app.session.database import create_tables, insert, set_facts, set_labels
from app.session.erasure import good_copy_of
from app.session.last_model import StoredModel, remember_model
from app.session.pictures import decode_picture, encode_picture
from app.session.session import Sample
from app.session.store import SessionStore

LABELS = ("apple", "cup")
SHA256 = "ab" * 32
SAMPLES = 4


def make_session(path: Path) -> None:
    """Write a session with four samples, views and a model, in pages of 512 bytes; and its last good copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA page_size = 512")
        create_tables(database)
        with database:
            set_labels(database, LABELS)
            set_facts(database, "small", SHA256)
            for number in range(SAMPLES):
                insert(database, _sample(number))
    model = path.with_name("model-1.tflite")
    model.write_bytes(b"a model")
    shared = SharedDatabase(path, LABELS)
    remember_model(shared, StoredModel(model, 0.9, 0.5, (2, 2), "holds"))
    shared.keep_good_copy()
    shared.close()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


def _sample(number: int) -> Sample:
    rng = np.random.default_rng(number)
    picture = encode_picture(np.full((8, 8, 3), 40 * number, np.uint8))
    vector, views = rng.random(6, np.float32), rng.random((2, 6), np.float32)
    return Sample(0, number % 2, vector, picture, 1e9 + number, SHA256, "cpu", number // 2, views)


class Flipper:
    """Flips bits of a small session, one at a time, each in a fresh copy.

    Args:
        folder: Where to work; in memory it is fastest.
        good_copy: Whether the last good copy is there.
    """

    def __init__(self, folder: Path, *, good_copy: bool) -> None:
        self._original, self._work = folder / "original", folder / "work"
        make_session(self._original / "s")
        if not good_copy:
            good_copy_of(self._original / "s").unlink()
        self.bits = 8 * (self._original / "s").stat().st_size

    def prepare(self, bit: int) -> Path:
        """Copy the session and flip a bit of the copy; return its path."""
        path = self._copy()
        data = bytearray(path.read_bytes())
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        return path

    def overwrite(self, place: int, data: bytes) -> Path:
        """Copy the session and overwrite bytes of the copy; return its path."""
        path = self._copy()
        with path.open("r+b") as file:
            file.seek(place)
            file.write(data)
        return path

    def _copy(self) -> Path:
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._original, self._work)
        return self._work / "s"

    def open_with(self, bit: int, *, use: bool = True) -> tuple[int, str]:
        """Flip a bit, open the session, and read all of it.

        Args:
            bit: Which one.
            use: Also decode its pictures, add a sample, and erase it.

        Returns:
            How many of its samples are there, and what was found damaged.
        """
        return self.open(self.prepare(bit), use=use)

    def open(self, path: Path, *, use: bool = True) -> tuple[int, str]:
        """Open what `prepare` or `overwrite` returned; see `open_with`."""
        with closing(SessionStore(path, labels=LABELS, extractor_name="small", extractor_sha256=SHA256)) as store:
            store.switch_extractor()
            session = store.load()
            store.last_model()
            assert len(session.labels) == len(set(session.labels)) >= 1
            assert all(0 <= one.class_index < len(session.labels) for one in session.samples)
            if session.samples:
                assert np.isfinite(session.embeddings()).all()
                session.made(), session.taught(), session.holds()
            if not use:
                return len(session.samples), store.opened.damage
            damage = store.opened.damage
            for one in session.samples:
                with suppress(PictureDamaged):
                    decode_picture(one.picture)
            store.add(0, np.zeros(6, np.float32), np.zeros((8, 8, 3), np.uint8))
            assert store.opened.disk_problem is None
            if damage:
                assert path.with_name("s.damaged-1").is_file()
            store.erase()
            assert store.load().samples == ()
        return len(session.samples), damage
