"""After a visit no part of a picture is on the medium: searched for in the raw blocks of the file system."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.errors import SessionNotErased
from app.base.privacy import Privacy
from app.config.schema import Config
from app.session.archive import Archive
from app.session.erasure import ERASED, erase_files
from app.session.store import SessionStore
from tests.support.disks import Disk, Sticks, run
from tests.support.kiosks import Station
from tests.support.stores import EMBEDDING, open_store
from tests.support.visits import archived, leave_alone, pictures_in, set_privacy

pytestmark = pytest.mark.needs_runtime

PIECE_BYTES = 32  # any 64 bytes in a row of a picture contain one of its pieces
BLOCK_BYTES = 4096


def pieces_left(disk: Disk, pictures: list[bytes]) -> int:
    """Count the pieces of `pictures` that are in the raw image of a disk, used blocks and free ones alike."""
    disk.unmount()
    run("sync", disk.image)
    data, empty = disk.image.read_bytes(), bytes(BLOCK_BYTES)
    blocks = (data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))
    used = b"".join(block for block in blocks if block != empty)
    disk.mount()
    pieces = {picture[at : at + PIECE_BYTES] for picture in pictures for at in range(0, len(picture), PIECE_BYTES)}
    telling = {piece for piece in pieces if len(set(piece)) > PIECE_BYTES // 3}
    heads = np.array([int.from_bytes(piece[:8], sys.byteorder) for piece in telling], np.uint64)
    bytes_used = np.frombuffer(used, np.uint8)
    found = set()
    for first in range(8):  # a piece may begin anywhere
        words = np.frombuffer(bytes_used[first : first + (len(used) - first) // 8 * 8].tobytes(), np.uint64)
        at = np.flatnonzero(np.isin(words, heads)) * 8 + first
        found |= telling & {used[start : start + PIECE_BYTES] for start in at.tolist()}
    return len(found)


@pytest.fixture
def disk(socket: Sticks) -> Disk:
    return socket.plug_in("ext4", "DATA", size_mb=24)


@pytest.fixture
def station_on(disk: Disk) -> Iterator[Callable[..., Station]]:
    """Starts stations whose data are on the disk, and closes the one before."""
    running: list[Station] = []

    def start() -> Station:
        for one in running:
            one.close()
        running[:] = [Station(disk.path, replace(Config(), privacy=replace(Config().privacy, free_floor_mib=0)))]
        return running[0]

    yield start
    for one in running:
        one.close()


def pictures_of(station: Station) -> list[bytes]:
    return [one.picture for one in station.store.load().samples]


@pytest.mark.parametrize("end", ["reset", "embeddings", "erase"])
def test_no_part_of_a_picture_is_on_the_medium_after_a_visit(
    disk: Disk, station_on: Callable[..., Station], end: str
) -> None:
    station = station_on()
    station.teach(2)
    pictures = pictures_of(station)
    station.press(Action.UNDO)
    station = station_on()  # the kiosk was restarted in between
    station.train()
    pictures += pictures_of(station)
    station.close()
    assert pieces_left(disk, pictures) > 1000
    station = station_on()
    if end == "reset":
        station.press(Action.RESET)
        station.press(Action.CONFIRM)
    else:
        set_privacy(station, end)
        leave_alone(station)
    assert station.store.load().samples == ()
    station.close()
    assert pieces_left(disk, pictures) == 0


def test_kept_sessions_that_are_deleted_later_leave_no_part_of_a_picture(
    disk: Disk, station_on: Callable[..., Station]
) -> None:
    station = station_on()
    pictures = []
    for _ in range(2):
        set_privacy(station, "keep")
        station.teach(2)
        pictures += pictures_of(station)
        leave_alone(station)
        station.press(Action.LANGUAGE)
    assert len(station.tools.archive.names()) == 2
    replace(station.tools.archive, max_bytes=0)._make_room()
    station.close()
    assert pieces_left(disk, pictures) == 0


def test_a_copy_without_pictures_never_holds_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every moment at which a power cut could come: before each step of SQLite's program."""
    store, picture = filled_store(tmp_path / "s")
    seen: list[bool] = []
    real = sqlite3.connect

    def connect(path: object, *args: object, **settings: object) -> sqlite3.Connection:
        database = real(path, *args, **settings)  # type: ignore[call-overload]
        if "copy" in str(path):
            files = lambda: [one.read_bytes() for one in tmp_path.glob("copy*")]  # noqa: E731
            database.set_progress_handler(lambda: seen.append(any(picture in one for one in files())), 10)
        return database

    monkeypatch.setattr(sqlite3, "connect", connect)
    store.copy_to(tmp_path / "copy", pictures=False)
    assert len(seen) > 20
    assert not any(seen)
    assert pictures_in(tmp_path / "copy") == 0


def filled_store(path: Path) -> tuple[SessionStore, bytes]:
    """A session with six samples, and a part of a picture in it."""
    store = open_store(path)
    rng = np.random.default_rng(1)
    for number in range(6):
        store.add(number % 2, EMBEDDING, rng.integers(0, 256, (64, 64, 3), np.uint8))
    return store, store.load().samples[3].picture[1000:1064]


def test_a_removed_picture_is_neither_in_the_database_nor_in_its_journal(tmp_path: Path) -> None:
    store, piece = filled_store(tmp_path / "s")
    store.remove(4)
    assert (tmp_path / "s-journal").exists()
    assert not any(piece in path.read_bytes() for path in tmp_path.iterdir())


def test_nothing_is_left_on_a_fat_file_system(socket: Sticks) -> None:
    disk = socket.plug_in("fat", "DATA", size_mb=16)
    store, _ = filled_store(disk.path / "s")
    pictures = [one.picture for one in store.load().samples]
    store.remove_last_hold()
    store.close()
    assert pieces_left(disk, pictures) > 100
    store = open_store(disk.path / "s")
    store.erase()
    store.close()
    assert pieces_left(disk, pictures) == 0


def test_erasing_needs_no_room(disk: Disk) -> None:
    store, _ = filled_store(disk.path / "s")
    pictures = [one.picture for one in store.load().samples]
    fill(disk)
    store.erase()
    assert store.load().samples == ()
    store.close()
    assert pieces_left(disk, pictures) == 0


def test_an_earlier_session_on_a_read_only_disk_is_not_shown_and_is_opened_when_the_disk_works_again(
    disk: Disk,
) -> None:
    store, _ = filled_store(disk.path / "s")
    pictures = [one.picture for one in store.load().samples]
    store.close()
    disk.write_protect()
    store = open_store(disk.path / "s", labels=("new", "names"))
    assert store.load().samples == ()  # the visit before may be over: nobody can tell, and nobody sees it
    assert str(store.opened.disk_problem) == "Read-only file system"
    store.add(0, EMBEDDING, np.zeros((8, 8, 3), np.uint8))
    store.erase()  # nothing on the disk belongs to this visit
    assert (store.load().samples, store.has_earlier) == ((), False)
    run("mount", "-o", "remount,rw", disk.path)
    store.erase()
    assert (store.load().shots(), store.has_earlier) == ((3, 3), True)
    store.erase()
    assert (store.load().samples, store.has_earlier, store.opened.disk_problem) == ((), False, None)
    assert store.load().labels == ("new", "names")
    store.close()
    assert pieces_left(disk, pictures) == 0


@pytest.mark.parametrize(
    ("privacy", "kept"), [("keep", [(6, 6), (2, 2)]), ("embeddings", [(6, 0), (2, 0)]), ("erase", [])]
)
@pytest.mark.parametrize("end", ["reset", "leave"])
def test_an_earlier_session_that_nobody_saw_is_put_away_as_the_privacy_setting_says(
    disk: Disk, station_on: Callable[..., Station], end: str, privacy: str, kept: list[tuple[int, int]]
) -> None:
    station = station_on()
    station.teach(3)
    pictures = pictures_of(station)
    station.close()
    disk.write_protect()
    station = station_on()
    set_privacy(station, privacy)
    station.teach(1)
    pictures += pictures_of(station)
    run("mount", "-o", "remount,rw", disk.path)
    if end == "reset":
        station.press(Action.RESET)
        station.press(Action.CONFIRM)
    else:
        leave_alone(station)
    assert station.store.load().samples == ()
    assert (station.kiosk.state.shots, station.kiosk.state.disk_problem) == ((0, 0, 0), None)
    found = sorted(((samples_in(path), pictures_in(path)) for path in archived(station)), reverse=True)
    assert found == (kept if end == "leave" else kept[:1])  # RESET erases what its own visitor taught
    station.close()
    if privacy != "keep":
        assert pieces_left(disk, pictures) == 0


def samples_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM samples").fetchone()[0])


def test_a_session_recovered_in_memory_locks_the_screen_until_its_damaged_file_is_erased(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no room to write what was recovered; its pictures are in the damaged file."""
    path = disk.path / "s"
    store, _ = filled_store(path)
    pictures = [one.picture for one in store.load().samples]
    store.close()
    with path.open("r+b") as file:  # in place: a new file would leave the blocks of the old one behind
        (first,) = file.read(1)
        file.seek(0)
        file.write(bytes([first ^ 255]))
    fill(disk)
    store = open_store(path)
    assert store.load().shots() == (3, 3)
    assert str(store.opened.disk_problem) == "No space left on device"
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", failing)
        for _ in range(2):
            with pytest.raises(SessionNotErased) as caught:
                store.erase()
            assert str(caught.value) == (
                "The last pictures cannot be erased yet (Input/output error). It tries again by itself. "
                "Please call a member of staff."
            )
            assert store.load().samples == ()
    store.erase()
    assert (store.load().samples, store.has_earlier) == ((), False)
    store.close()
    assert pieces_left(disk, pictures) == 0


def fill(disk: Disk) -> None:
    with suppress(OSError), (disk.path / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1 << 12))


def failing(*_: object) -> int:
    raise OSError(5, os.strerror(5))


def test_a_disk_that_fails_in_a_visit_locks_the_session_until_it_is_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, piece = filled_store(tmp_path / "s")
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", failing)
    for _ in range(2):
        with pytest.raises(SessionNotErased) as caught:
            store.erase()
        assert str(caught.value) == (
            "The last pictures cannot be erased yet (Input/output error). It tries again by itself. "
            "Please call a member of staff."
        )
        assert store.load().samples == ()
    assert piece in (tmp_path / "s").read_bytes()
    monkeypatch.setattr(os, "pwrite", real)
    store.erase()
    assert store.opened.disk_problem is None
    assert not any(piece in path.read_bytes() for path in tmp_path.iterdir())


def test_sample_ids_go_on_after_erasing_because_the_screen_caches_pictures_by_id(tmp_path: Path) -> None:
    store, _ = filled_store(tmp_path / "s")
    store.erase()
    assert store.add(0, EMBEDDING, np.zeros((8, 8, 3), np.uint8)).sample_id == 7
    assert store.load().labels == ("a", "b")


class PowerCut(BaseException):
    """Ends the work of a process at once."""


def test_an_erasure_that_a_power_cut_interrupts_anywhere_is_finished_at_the_next_start(tmp_path: Path) -> None:
    """Before the mark is written the session is as before; after it, nothing of the session comes back."""
    outcomes: list[int] = []
    done = False
    while not done:
        path = tmp_path / str(len(outcomes)) / "s"
        store, piece = filled_store(path)
        store.keep_good_copy()
        store.close()
        with pytest.MonkeyPatch.context() as patch:
            cut_the_power_after(len(outcomes), patch)
            with suppress(PowerCut):
                erase_files(path)
                done = True
        with closing(open_store(path)) as again:
            outcomes.append(len(again.load().samples))
        if outcomes[-1] == 0:
            assert not any(piece in one.read_bytes() for one in path.parent.iterdir())
    assert outcomes[0] == 6
    assert sorted(outcomes, reverse=True) == outcomes
    assert set(outcomes) == {0, 6}
    assert len(outcomes) > 8


def cut_the_power_after(calls: int, patch: pytest.MonkeyPatch) -> None:
    """Let only so many calls of the system that change the disk happen."""
    left = calls

    def counted(real: Callable[..., int]) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            nonlocal left
            left -= 1
            if left < 0:
                raise PowerCut
            return real(*arguments)

        return call

    for name in ("pwrite", "fsync", "ftruncate"):
        patch.setattr(os, name, counted(getattr(os, name)))


def test_the_mark_of_an_erased_session_is_as_long_as_that_of_sqlite(tmp_path: Path) -> None:
    assert len(ERASED) == len(b"SQLite format 3\0")
    erase_files(tmp_path / "there is nothing")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_transaction_appended_is_overwritten_before_it_is_cut_off(disk: Disk) -> None:
    """A transaction that was written to the file, but whose journal was not yet ended."""
    path = disk.path / "s"
    store, _ = filled_store(path)
    store.close()
    program = f"""
import os, sqlite3
from app.session.database import open_database
database = open_database({str(path)!r})
database.execute("PRAGMA cache_size = 1")
database.execute("PRAGMA cache_spill = 1")
database.execute("BEGIN")
for number in range(90):
    database.execute("INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (0, x'00', ?, 1.0)",
        (bytes(number % 251 for number in range(2000)) * 10,))
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == -signal.SIGKILL
    assert pieces_left(disk, [bytes(range(200))]) > 0
    store = open_store(path)
    assert store.load().shots() == (3, 3)
    store.erase()
    store.close()
    assert pieces_left(disk, [bytes(range(200))]) == 0


def test_the_archive_is_in_the_order_in_which_sessions_came_whatever_the_clock_says(station: Station) -> None:
    station.teach(2)
    archive = Archive(station.config.data_dir / "archive", 1 << 40, 0)
    ahead, now = datetime(2031, 1, 1), datetime(2026, 1, 1)
    names = [archive.keep(station.store, when, Privacy.KEEP) for when in (ahead, now, now, ahead, now)]
    for path in archive.folder.iterdir():
        os.utime(path, (2e9, 2e9))
    assert list(archive.names()) == names[::-1]
    size = archive.size(names[0])
    small = replace(archive, max_bytes=2 * size + size // 2)
    newest = small.keep(station.store, now, Privacy.KEEP)
    assert list(small.names()) == [newest, names[4]]
