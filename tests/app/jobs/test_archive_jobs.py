"""The end of a session, and the archive: what is archived, erased, restored and exported."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from app.base.buttons import (
    Action,
    ArchivedSession,
    ScreenKey,
    StaffPage,
)
from app.base.privacy import Privacy
from app.core import events as ev
from app.core.state import Mode
from app.session.archive import Archive
from tests.support.kiosks import Station, station_that_learns_fast
from tests.support.visits import archived, leave_alone, open_page, open_staff, pictures_in, set_privacy, value

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = station_that_learns_fast(tmp_path)
    yield station
    station.close()


@pytest.mark.parametrize(("privacy", "pictures"), [("keep", 8), ("embeddings", 0)])
def test_a_session_is_archived_with_or_without_its_pictures(station: Station, privacy: str, pictures: int) -> None:
    set_privacy(station, privacy)
    station.train()
    leave_alone(station)
    assert station.store.load().samples == ()
    assert station.vision.model is None
    (session,) = archived(station)
    assert pictures_in(session) == pictures


def test_no_part_of_a_picture_stays_on_the_disk_when_only_embeddings_are_kept(station: Station) -> None:
    set_privacy(station, "embeddings")
    station.teach()
    jpegs = [one.picture[200:232] for one in station.store.load().samples]
    assert any(part in (station.config.data_dir / "session.sqlite3").read_bytes() for part in jpegs)
    leave_alone(station)
    files = [path.read_bytes() for path in station.config.data_dir.rglob("*") if path.is_file()]
    assert not any(part in data for part in jpegs for data in files)


def test_privacy_erase_deletes_archived_too(station: Station) -> None:
    set_privacy(station, "keep")
    station.teach()
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    set_privacy(station, "erase")
    station.teach()
    leave_alone(station)
    assert archived(station) == []


def test_reset_asks_first_and_then_erases_samples_and_model(station: Station) -> None:
    station.train()
    station.press(Action.RESET)
    assert station.store.load().shots() == (4, 4, 0)
    station.press(Action.CANCEL)
    assert station.kiosk.state.mode is Mode.LIVE
    station.press(Action.RESET)
    station.press(Action.CONFIRM)
    station.look()
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.store.load().samples == ()
    assert station.vision.model is None
    assert list(station.config.data_dir.glob("models/*.tflite")) == []


def test_the_next_visitor_finds_no_samples_and_no_model(station: Station) -> None:
    station.train()
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    assert (station.kiosk.state.mode, station.kiosk.state.shots) == (Mode.TEACH, (0, 0, 0))
    assert all(one.thumbnails == () for one in station.kiosk.state.classes)
    station.teach()
    assert station.kiosk.state.shots == (4, 4, 0)


def test_a_restored_session_can_be_trained_even_without_pictures(station: Station) -> None:
    station.teach()
    leave_alone(station)
    name = archived(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(ArchivedSession(name))
    station.settle()
    assert station.kiosk.state.shots == (4, 4, 0)
    station.panel.tap(ScreenKey.BACK)
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1


def test_undo_after_a_restore_removes_the_sample_and_its_thumbnail(station: Station) -> None:
    set_privacy(station, Privacy.KEEP)
    station.teach()
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(ArchivedSession(archived(station)[0].stem))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    station.press(Action.UNDO)
    assert station.store.load().shots() == (4, 3, 0)
    assert [len(one.thumbnails) for one in station.kiosk.state.classes] == [4, 3, 0]


def test_restoring_archives_the_current_session_first(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = archived(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    station.teach(2)
    open_staff(station)
    station.panel.tap(ArchivedSession(first))
    station.settle()
    assert station.kiosk.state.shots == (3, 3, 0)
    assert len(archived(station)) == 2


def test_restoring_the_current_session_again_makes_no_second_copy(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = archived(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(ArchivedSession(first))
    station.panel.tap(ArchivedSession(first))
    station.settle()
    assert station.notice == "That session is already open."
    assert station.kiosk.state.shots == (3, 3, 0)
    assert [path.stem for path in archived(station)] == [first]


def test_a_missing_or_damaged_session_is_reported_and_changes_nothing(station: Station) -> None:
    station.teach()
    open_staff(station)
    folder = station.config.data_dir / "archive"
    folder.mkdir(parents=True)
    (folder / "broken.sqlite3").write_bytes(b"no database")
    for name, words in (
        ("gone", "The session gone is not in the archive any more."),
        ("../session", "The session ../session is not in the archive any more."),
        ("broken", "The session broken cannot be read."),
    ):
        station.panel.tap(ArchivedSession(name))
        station.settle()
        assert station.notice == words
        assert station.store.load().shots() == (4, 4, 0)


def test_all_archived_are_exported_to_the_drive(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.teach()
    archive = Archive(station.config.data_dir / "archive", 1 << 40, 0)
    for minute in (1, 2):
        archive.keep(station.store, datetime(2026, 1, 31, 14, minute), Privacy.KEEP)
    page = open_page(station, StaffPage.SESSIONS)
    assert value(page, "Kept sessions") == "2"
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    assert station.notice.startswith(f"All kept sessions are in {drive}/teachable/sessions.")
    written = sorted((drive / "teachable" / "sessions").glob("*/session.sqlite3"))
    assert len(written) == 2
    with sqlite3.connect(written[0]) as database:
        assert database.execute("SELECT count(*) FROM samples").fetchone() == (8,)
    database.close()


def test_no_session_is_exported_to_the_mount_point_of_a_pulled_drive(station: Station) -> None:
    station.drives.insert("STICK", station.folder / "gone")
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    open_page(station, StaffPage.SESSIONS)
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    text = "the drive STICK was pulled too early. Plug it in and write to it again."
    assert station.notice == text
    assert not (station.folder / "gone").exists()


@pytest.mark.parametrize("link", ["teachable", "teachable/sessions"])
def test_an_export_of_sessions_refuses_links_on_the_drive(station: Station, link: str) -> None:
    drive, elsewhere = station.folder / "stick", station.folder / "elsewhere"
    (drive / link).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (drive / link).symlink_to(elsewhere)
    station.drives.insert("STICK", drive)
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    open_page(station, StaffPage.SESSIONS)
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    text = f"{link} on the drive is no folder: rename it on a computer, or use another drive."
    assert station.notice == text
    assert list(elsewhere.iterdir()) == []


def test_an_export_to_a_full_disk_of_this_computer_does_not_mention_a_drive(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    station = Station(tmp_path / "kiosk")
    export = station.config.export_dir
    export.mkdir(parents=True)
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", export], check=True)
    try:
        open_page(station, StaffPage.SESSIONS)
        station.panel.tap(ScreenKey.EXPORT_SESSIONS)
        station.settle()
        text = station.notice
        assert text.endswith("MB are free. Make room on the disk, then save again.")
        assert "drive" not in text
    finally:
        station.close()
        subprocess.run(["umount", export], check=True)
