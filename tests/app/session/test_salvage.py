"""A damaged session opens although its classes were renamed since the last good copy, and a cut copy leaves nothing."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.session.erasure import good_copy_of
from app.session.opening import Opened, memory_database
from app.session.salvage import rebuild, salvage
from app.session.store import SessionStore
from tests.support.bit_flips import LABELS, SAMPLES, SHA256, make_session

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


def test_the_good_copy_does_not_bring_back_what_was_removed_after_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    store = opened(path)
    for hold in (1, 2, 2):
        store.add(0, np.zeros(4, np.float32), PICTURE, hold=hold)
    store.keep_good_copy()
    assert len(store.remove_last_hold()) == 2
    store.close()
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)
    store = opened(path)
    assert store.opened.damage
    assert [one.hold for one in store.load().samples] == [1]
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


def test_what_was_done_about_a_damaged_session_is_said() -> None:
    def said(damage: str, kept: int, lost: int) -> str | None:
        with closing(memory_database()) as database:
            text = Opened(database, None, damage, kept, lost).repair
        return None if text is None else str(text)

    assert said("", 3, 0) is None
    assert said("x", 0, 0) == "The stored session was damaged and could not be read. A new one begins."
    assert said("x", 3, 0) == "The stored session was damaged and has been repaired."
    assert said("x", 3, 2) == "The stored session was damaged. Pictures kept: 3, lost: 2."
    assert said("x", 0, 2) == "The stored session was damaged. Pictures kept: 0, lost: 2."


@pytest.mark.parametrize(
    "damage",
    [
        "INSERT INTO facts VALUES ('unknown', 'x')",
        "INSERT OR REPLACE INTO facts VALUES ('extractor_name', x'ff00')",
        "UPDATE labels SET label = ''",
    ],
)
def test_a_row_that_no_kiosk_writes_is_left_out_and_all_samples_stay(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "s"
    make_session(path)
    good_copy_of(path).unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(damage)
    with closing(SessionStore(path, labels=LABELS, extractor_name="small", extractor_sha256=SHA256)) as store:
        assert store.opened.damage
        session = store.load()
    assert (len(session.samples), session.labels) == (4, LABELS)
    with closing(SessionStore(path, labels=LABELS, extractor_name="small", extractor_sha256=SHA256)) as store:
        assert store.opened.damage == ""


def test_a_folder_in_the_place_of_the_session_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "kept").write_bytes(b"x")
    with closing(opened(tmp_path / "s")) as store:
        assert store.opened.disk_problem is None
        assert store.load().samples == ()
        store.erase()
    assert (tmp_path / "s.damaged-1" / "kept").read_bytes() == b"x"


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def a_folder(path: Path) -> None:
    path.mkdir()


FILES = ["", "-journal", "-wal", ".good", ".recovered", ".probe", ".good.partial", ".damaged-1"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", [a_pipe, a_link_to_a_device, a_socket, a_folder])
def test_whatever_is_in_the_place_of_a_file_of_the_session_it_opens_and_a_visit_can_end(
    kind: Callable[[Path], None], file: str, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    opened(path).close()
    path.with_name(f"s{file}").unlink(missing_ok=True)
    kind(path.with_name(f"s{file}"))
    with closing(opened(path)) as store:
        assert store.opened.disk_problem is None
        store.add(0, np.ones(4, np.float32), PICTURE)
        store.keep_good_copy()
        store.erase()
        assert store.load().samples == ()
    assert path.is_file()


def test_views_that_belong_to_no_sample_cost_no_sample(tmp_path: Path) -> None:
    path = tmp_path / "s"
    make_session(path)
    found = salvage(path, good_copy_of(path), LABELS)
    view = found.views[1][0]
    found.views[1] = [(99, *view[1:])]
    with closing(rebuild(found)) as database:
        assert database.execute("SELECT count(*) FROM samples").fetchone() == (SAMPLES,)
        assert database.execute("SELECT count(*) FROM labels").fetchone() == (len(LABELS),)


def test_a_page_size_that_no_database_has_hides_no_sample(tmp_path: Path) -> None:
    """Also one by which the size of the file can be divided."""
    path = tmp_path / "s"
    store = opened(path)
    for index in (0, 1):
        store.add(index, np.full(4, index, np.float32), PICTURE)
    store.close()
    data = bytearray(path.read_bytes())
    data += bytes(-len(data) % (3 * 4096))
    data[16:18] = (3 * 1024).to_bytes(2, "big")
    path.write_bytes(data)
    store = opened(path)
    assert store.load().shots() == (1, 1, 0, 0)
    store.close()
