"""The session store: samples survive kills, damage and full disks."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import SessionNotRead, SessionNotWritten
from app.session.store import SessionStore
from tests.support.stores import EMBEDDING, PICTURE, kill_while_adding, open_store

pytestmark = pytest.mark.needs_runtime


ADDER = """
import sys, numpy as np
from pathlib import Path
from app.session.store import SessionStore
store = SessionStore(Path(sys.argv[1]), labels=("a", "b"), extractor_name="x", extractor_sha256="1")
picture = np.zeros((32, 32, 3), np.uint8)
for number in range(10_000):
    print(store.add(number % 2, np.full(4, number, np.float32), picture).sample_id, flush=True)
"""


def test_a_session_is_the_same_after_closing_and_opening(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add(1, EMBEDDING, PICTURE)
    store.close()
    session = open_store(tmp_path / "s").load()
    assert session.shots() == (0, 1)
    assert np.array_equal(session.embeddings()[0], EMBEDDING)


def test_the_file_grows_before_a_sample_is_stored_however_long_its_embedding_is(tmp_path: Path) -> None:
    """Pages that are made with the sample would be cut off, and not overwritten, if the power failed before its end."""
    store = open_store(tmp_path / "s")
    for number in range(8):
        store.add(0, np.full(50_000, number, np.float32), PICTURE)
        with closing(sqlite3.connect(tmp_path / "s")) as database:
            assert database.execute("PRAGMA freelist_count").fetchone()[0] > 0
    store.close()


def test_every_sample_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "s"
    acknowledged = kill_while_adding(ADDER, path)
    kept = {sample.sample_id for sample in open_store(path).load().samples}
    assert set(acknowledged) <= kept


def stored(store: SessionStore) -> list[tuple[int, int, int | None]]:
    return [(one.sample_id, one.class_index, one.hold) for one in store.load().samples]


def test_the_last_hold_is_removed_as_a_whole_and_comes_back_as_it_was(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for class_index, hold in ((0, 3), (1, 7), (0, 3), (1, 7), (1, 7)):
        store.add(class_index, EMBEDDING, PICTURE, hold=hold)
    before = stored(store)
    removed = store.remove_last_hold()
    assert [one.sample_id for one in removed] == [2, 4, 5]
    assert stored(store) == [(1, 0, 3), (3, 0, 3)]
    assert [one.sample_id for one in store.remove_last_hold()] == [1, 3]
    assert store.remove_last_hold() == ()
    store.restore(removed)
    assert stored(open_store(tmp_path / "s")) == [one for one in before if one[2] == 7]


def test_a_sample_whose_hold_is_unknown_is_removed_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for class_index in (0, 1, 1):
        store.add(class_index, EMBEDDING, PICTURE)
    assert [one.sample_id for one in store.remove_last_hold()] == [3]
    assert stored(store) == [(1, 0, None), (2, 1, None)]


def test_a_hold_or_a_class_is_removed_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for class_index, hold in ((0, 0), (1, 1), (0, 2), (1, 3)):
        store.add(class_index, EMBEDDING, PICTURE, hold=hold)
    assert [one.sample_id for one in store.remove_hold(1)] == [2]
    assert [one.sample_id for one in store.remove_class(0)] == [1, 3]
    assert stored(store) == [(4, 1, 3)]
    assert store.remove_hold(9) == store.remove_class(0) == ()


def test_a_damaged_database_is_renamed_and_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"this is not a database" * 100)
    assert open_store(path).load().samples == ()
    assert (tmp_path / "s.damaged-1").read_bytes().startswith(b"this is not")


def test_a_full_disk_refuses_the_sample_and_keeps_the_rest(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    stored: list[int] = []

    def fill() -> None:
        for _ in range(100):
            stored.append(store.add(0, EMBEDDING, PICTURE).sample_id)

    try:
        with pytest.raises(SessionNotWritten) as caught:
            fill()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == (
        "the session could not be written (disk I/O error). Make room on the disk; all else is kept."
    )
    assert stored
    assert [one.sample_id for one in store.load().samples] == stored
    store.close()
    assert [one.sample_id for one in open_store(tmp_path / "s").load().samples] == stored


def test_a_disk_that_does_not_give_back_what_is_stored_is_an_error_with_the_reason(tmp_path: Path) -> None:
    """A job that reads the session fails with a text for the screen; its worker goes on."""
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    store._shared._database.execute("DROP TABLE samples")
    for read in (store.load, lambda: store.newest(0, 5), lambda: store.samples_without_views(1)):
        with pytest.raises(SessionNotRead) as caught:
            read()
        assert str(caught.value) == (
            "The pictures could not be read from the disk (no such table: samples). Please try again."
        )
    store.close()


def test_only_the_newest_samples_of_the_other_device_are_returned(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for device in ("cpu", "usb:0", "cpu", "cpu", "pci:1"):
        store.add(0, EMBEDDING, PICTURE, device)
    assert [one.sample_id for one in store.made_elsewhere("usb:0", 2)] == [4, 3]
    assert [one.sample_id for one in store.made_elsewhere("cpu", 8)] == [5, 2]


def test_a_class_is_removed_with_its_samples_and_those_after_it_move_up(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "s", labels=("a", "b", "c"), extractor_name="x", extractor_sha256="1")
    for class_index in (0, 1, 2, 1, 2):
        store.add(class_index, EMBEDDING, PICTURE, hold=class_index)
    store.drop_class(1, ("a", "c"))
    store.close()
    again = SessionStore(tmp_path / "s", labels=("a", "c"), extractor_name="x", extractor_sha256="1")
    assert again.load().labels == ("a", "c")
    assert stored(again) == [(1, 0, 0), (3, 1, 2), (5, 1, 2)]
    assert again.last_model() is None
