"""A damaged session opens although its classes were renamed since the last good copy, and a cut copy leaves nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.session.store import SessionStore
from tests.support.bit_flips import LABELS, SHA256, make_session

pytestmark = pytest.mark.needs_runtime

PICTURE = np.zeros((8, 8, 3), np.uint8)


def opened(path: Path) -> SessionStore:
    return SessionStore(path, labels=("A", "B", "C", "D"), extractor_name="small", extractor_sha256="ab" * 32)


@pytest.mark.parametrize("now", [("A", "B", "D"), ("d", "C", "B"), ("A", "B")])
def test_a_damaged_session_opens_after_its_classes_were_renamed(tmp_path: Path, now: tuple[str, ...]) -> None:
    path = tmp_path / "s"
    store = opened(path)
    for index in (0, 1):
        store.add(index, np.full(4, index, np.float32), PICTURE)
    store.keep_good_copy()
    store.rename(now)
    store.close()
    data = bytearray(path.read_bytes())
    data[0] ^= 255
    path.write_bytes(data)
    for _ in range(2):  # and again: what was kept is sound
        store = opened(path)
        session = store.load()
        store.close()
        assert session.labels[: len(now)] == now
        assert len({label.casefold() for label in session.labels}) == 4
        assert session.shots()[:2] == (1, 1)


def test_what_a_power_cut_leaves_of_a_good_copy_is_erased_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "s"
    store = opened(path)
    store.add(0, np.zeros(4, np.float32), PICTURE)
    store.keep_good_copy()
    store.close()
    (good,) = tmp_path.glob("s.good")
    cut = good.rename(tmp_path / f"{good.name}.partial")
    store = opened(path)
    assert not cut.exists()
    assert store.load().shots() == (1, 0, 0, 0)
    store.close()


def test_a_sample_whose_number_was_damaged_is_not_doubled_by_the_good_copy(tmp_path: Path) -> None:
    path = tmp_path / "s"
    make_session(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE samples SET sample_id = 516 WHERE sample_id = 4")
        database.execute("UPDATE labels SET class_index = 7 WHERE class_index = 1")  # so that it is repaired
    with closing(SessionStore(path, labels=LABELS, extractor_name="small", extractor_sha256=SHA256)) as store:
        session = store.load()
    assert store.opened.damage
    assert [one.sample_id for one in session.samples] == [1, 2, 3, 4]
    assert all(one.picture for one in session.samples)
