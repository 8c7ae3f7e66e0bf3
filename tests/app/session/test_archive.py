"""The archive: damaged sessions, the limits of its size, and the deletion of pictures."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.base.errors import ArchiveUnusable, SessionNotArchived
from app.base.privacy import Privacy
from app.session.archive import Archive
from app.session.database import open_database
from tests.app.session.test_bit_flips import needs_too_much_memory
from tests.support.bit_flips import Flipper
from tests.support.kiosks import Station
from tests.support.visits import leave_alone, pictures_in, set_privacy

pytestmark = pytest.mark.needs_runtime

NOW = datetime(2026, 1, 31, 14, 12)


@pytest.mark.parametrize("privacy", ["keep", "embeddings", "erase"])
def test_a_copy_that_a_power_cut_interrupted_is_deleted(station: Station, privacy: str) -> None:
    archive = station.config.data_dir / "archive"
    archive.mkdir()
    for name in ("2026-01-31_141200_apple.sqlite3.partial", "2026-01-31_141200_apple.sqlite3.partial-journal"):
        (archive / name).write_bytes(b"pictures")
    set_privacy(station, privacy)
    station.teach()
    leave_alone(station)
    assert [path for path in archive.iterdir() if "partial" in path.name] == []


@pytest.mark.parametrize("ending", ["", ".partial", ".damaged-1"])
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_session_does_not_hold_up_the_end_of_a_visit(
    station: Station, make: Callable[[Path], None], ending: str
) -> None:
    archive = Archive(station.config.data_dir / "archive", max_bytes=1 << 30, floor_bytes=0)
    archive.folder.mkdir()
    make(archive.folder / f"2026-01-31_141200_apple.sqlite3{ending}")
    station.teach()
    name = archive.keep(station.store, NOW, Privacy.KEEP)
    assert archive.names() == (name,)
    archive.delete_pictures()
    archive.clear()
    assert archive.names() == ()


@pytest.mark.parametrize(("privacy", "left"), [("keep", 3), ("embeddings", 0), ("erase", 0)])
def test_damaged_databases_are_deleted_when_pictures_must_not_stay(station: Station, privacy: str, left: int) -> None:
    """Their pictures cannot be deleted on their own."""
    damaged = lay_damaged(station)
    set_privacy(station, privacy)
    station.teach()
    leave_alone(station)
    assert len([path for path in damaged if path.exists()]) == left


def test_damaged_databases_count_for_the_size_and_are_deleted_by_age(station: Station) -> None:
    damaged = lay_damaged(station)
    station.teach()
    beside = station.config.data_dir / "session.sqlite3"
    small = Archive(station.config.data_dir / "archive", max_bytes=400_000, floor_bytes=0, beside=beside)
    assert small.keep(station.store, NOW, Privacy.EMBEDDINGS) is not None
    assert [path for path in damaged if path.exists()] == []


def lay_damaged(station: Station) -> list[Path]:
    """Databases that the store renamed, one with its journal, all of them older than any session."""
    archive = station.config.data_dir / "archive"
    archive.mkdir(exist_ok=True)
    beside = station.config.data_dir
    names = ("session.sqlite3.damaged-1", "session.sqlite3.damaged-1-journal", "archive/old.sqlite3.damaged-2")
    for name in names:
        (beside / name).write_bytes(b"pictures" * 50_000)
        os.utime(beside / name, (1e9, 1e9))
    return [beside / name for name in names]


def archive_of(station: Station) -> tuple[Archive, Path]:
    """An archive with one session that has its pictures."""
    archive = Archive(station.config.data_dir / "archive", 1 << 40, 0)
    station.teach()
    name = archive.keep(station.store, NOW, Privacy.KEEP)
    return archive, station.config.data_dir / "archive" / f"{name}.sqlite3"


def test_a_busy_session_keeps_its_pictures_until_the_next_call(station: Station) -> None:
    archive, path = archive_of(station)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        archive.delete_pictures()
    assert pictures_in(path) == 8
    archive.delete_pictures()
    assert pictures_in(path) == 0
    assert path.exists()


def test_a_lack_of_memory_deletes_no_session(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, path = archive_of(station)

    def lacks(_: Path) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("app.session.archive._delete_pictures_of", lacks)
        archive.delete_pictures()
    assert pictures_in(path) == 8
    archive.delete_pictures()
    assert pictures_in(path) == 0


@pytest.mark.parametrize("short", [False, True])
def test_a_session_whose_tables_claim_too_much_memory_goes_with_its_pictures_unless_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    flipper, archive = Flipper(tmp_path / "flipped", good_copy=False), Archive(tmp_path / "archive", 1 << 40, 0)
    archive.folder.mkdir()
    for place in range(2820, 3060, 6):  # the page with the texts of the tables
        path = archive.folder / "a.sqlite3"
        shutil.copy(flipper.overwrite(place, b"\xff" * 16), path)
        if needs_too_much_memory(path):
            break
    assert needs_too_much_memory(path)
    if short:
        monkeypatch.setattr("app.session.archive.SPARE_BYTES", 1 << 62)
    archive.delete_pictures()
    assert path.exists() == short


def test_a_kill_while_pictures_are_deleted_leaves_a_session_whose_deletion_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files as they are at many moments, each one as a process that is killed leaves them."""
    folder, images = tmp_path / "archive", tmp_path / "images"
    folder.mkdir()
    large_session(folder / "one.sqlite3", samples=100)
    real = sqlite3.connect
    moments = 0

    def connect(path: object, *args: object, **settings: object) -> sqlite3.Connection:
        database = real(path, *args, **settings)  # type: ignore[call-overload]
        database.execute("PRAGMA cache_size = 10")  # pages are written early, as in a larger session

        def look() -> None:
            nonlocal moments
            moments += 1
            if moments % 60 == 0:
                shutil.copytree(folder, images / str(moments))

        database.set_progress_handler(look, 20)
        return database

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        Archive(folder, 1 << 40, 0).delete_pictures()
    assert pictures_in(folder / "one.sqlite3") == 0
    left = []
    for image in images.iterdir():
        (path,) = image.glob("*.sqlite3")
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("SELECT count(*) FROM samples").fetchone() == (100,)
        left.append(pictures_in(path))
        Archive(image, 1 << 40, 0).delete_pictures()
        assert pictures_in(path) == 0
        assert [one.name for one in image.iterdir()] == [path.name]
    assert {100, 0} < set(left)  # of some pictures, some were deleted


def large_session(path: Path, samples: int) -> None:
    with closing(open_database(path)) as database, database:
        rows = [(0, bytes(16), os.urandom(20_000), 1.0) for _ in range(samples)]
        database.executemany(
            "INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (?, ?, ?, ?)", rows
        )


def test_pictures_are_deleted_on_a_full_disk_and_the_session_stays(station: Station, tmp_path: Path) -> None:
    """No room for a journal or a copy: the pictures are overwritten in place."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    _, session = archive_of(station)
    jpegs = [one.picture[200:232] for one in station.store.load().samples]
    small = tmp_path / "small"
    small.mkdir()
    room = session.stat().st_size + 8192
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", small], check=True)
    try:
        path = small / session.name
        shutil.copy(session, path)
        (small / "filler").write_bytes(bytes(shutil.disk_usage(small).free))
        assert shutil.disk_usage(small).free == 0
        Archive(small, 1 << 40, 0).delete_pictures()
        assert pictures_in(path) == 0
        assert not any(part in path.read_bytes() for part in jpegs)
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("data", [b"no database at all" * 100, b""])
def test_a_file_that_is_not_a_session_is_deleted_because_it_can_hold_pictures(station: Station, data: bytes) -> None:
    archive, path = archive_of(station)
    path.write_bytes(data)
    archive.delete_pictures()
    assert not path.exists()


def test_the_oldest_session_is_deleted_to_make_room_for_the_newest(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", max_bytes=1 << 40, floor_bytes=0)
    first = archive.keep(station.store, NOW, Privacy.KEEP)
    size = archive.size(first)
    small = Archive(tmp_path / "kept", max_bytes=2 * size + size // 2, floor_bytes=0)
    names = [small.keep(station.store, NOW + timedelta(minutes=n), Privacy.KEEP) for n in (1, 2)]
    assert small.names() == tuple(reversed(names))
    assert first == "2026-01-31_141200_apple_cup"


def test_no_session_is_archived_on_a_nearly_full_disk(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", 1 << 40, 1000, free_bytes=lambda _folder: 999)
    assert archive.keep(station.store, NOW, Privacy.KEEP) is None
    assert archive.names() == ()


def test_a_session_that_will_be_replaced_is_refused_if_its_copy_takes_the_last_room(
    station: Station, tmp_path: Path
) -> None:
    """There is room before the copy, and none after it."""
    station.teach()

    def free(folder: Path) -> int:
        return 999 if any(folder.iterdir()) else 1001

    archive = Archive(tmp_path / "kept", 1 << 40, 1000, free_bytes=free)
    assert archive.keep(station.store, NOW, Privacy.KEEP) is None
    with pytest.raises(SessionNotArchived) as caught:
        archive.keep(station.store, NOW, Privacy.KEEP, or_refuse=True)
    assert str(caught.value) == ("the session could not be put away (No space left on device). Make room on the disk.")


def test_a_session_of_another_network_needs_its_pictures(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", 1 << 40, 0)
    without = archive.keep(station.store, NOW, Privacy.EMBEDDINGS)
    complete = archive.keep(station.store, NOW + timedelta(minutes=1), Privacy.KEEP)
    assert archive.load(without, "x", station.extractor.sha256).shots() == (4, 4, 0)
    assert archive.load(complete, "another", "f" * 64).shots() == (4, 4, 0)
    with pytest.raises(ArchiveUnusable) as caught:
        archive.load(without, "another", "f" * 64)
    assert str(caught.value) == (
        f"The session {without} was taught with another network, and without its pictures it cannot be learned again."
    )


def test_an_empty_session_is_not_archived(station: Station, tmp_path: Path) -> None:
    assert Archive(tmp_path / "kept", 1 << 40, 0).keep(station.store, NOW, Privacy.KEEP) is None


@pytest.mark.parametrize("name", ["../data/session", "/etc/passwd", ""])
def test_a_name_cannot_lead_out_of_the_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "session.sqlite3").write_bytes(b"not in the archive")
    archive = Archive(tmp_path / "kept", 1, 0)
    for look in (lambda: archive.load(name, "x", "y"), lambda: archive.data(name), lambda: archive.size(name)):
        with pytest.raises(ArchiveUnusable) as caught:
            look()
        assert str(caught.value) == f"The session {name} is not in the archive any more."
