"""The end of a visit on the disk: what is kept, what is erased, what comes back, and galleries on the way there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app import events as ev
from app.archive import Archive
from app.config import Config
from app.errors import ArchiveUnusable
from app.events import Action, OnScreen
from app.modes.base import Mode
from app.modes.staff import CORNER
from app.observation import NOTHING_SEEN
from app.present import Surroundings, present
from tests.support.kiosks import LABELS, Station

NOW = datetime(2026, 1, 31, 14, 12)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


def leave_alone(station: Station) -> None:
    """Nobody presses anything until it plays by itself."""
    idle = station.kiosk.state.config.idle
    for seconds in (idle.after_s, idle.countdown_s):
        station.now_s += seconds
        station.settle()
    assert station.kiosk.state.mode is Mode.ATTRACT


def privately(station: Station, what: str) -> None:
    config = station.kiosk.state.config
    station.kiosk.state = replace(
        station.kiosk.state, config=replace(config, privacy=replace(config.privacy, when_idle=what))
    )


def kept(station: Station) -> list[Path]:
    return sorted((station.config.data_dir / "archive").glob("*.sqlite3"))


def pictures_in(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM samples WHERE length(picture) > 0").fetchone()[0])
    finally:
        database.close()


@pytest.mark.parametrize(("privacy", "pictures"), [("keep", 8), ("embeddings", 0)])
def test_what_was_taught_is_kept_with_or_without_its_pictures(station: Station, privacy: str, pictures: int) -> None:
    privately(station, privacy)
    station.teach()
    station.press(Action.TRAIN)
    leave_alone(station)
    assert station.store.load().samples == ()
    assert station.vision.model is None
    (session,) = kept(station)
    assert pictures_in(session) == pictures


def test_nothing_of_the_pictures_stays_anywhere_when_only_embeddings_are_kept(station: Station) -> None:
    privately(station, "embeddings")
    station.teach()
    jpegs = [one.picture[200:232] for one in station.store.load().samples]
    assert any(part in (station.config.data_dir / "session.sqlite3").read_bytes() for part in jpegs)
    leave_alone(station)
    files = [path.read_bytes() for path in station.config.data_dir.rglob("*") if path.is_file()]
    assert not any(part in data for part in jpegs for data in files)


def test_erasing_keeps_nothing_at_all(station: Station) -> None:
    privately(station, "keep")
    station.teach()
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    privately(station, "erase")
    station.teach()
    leave_alone(station)
    assert kept(station) == []


@pytest.mark.parametrize("privacy", ["keep", "embeddings", "erase"])
def test_pictures_of_a_copy_that_a_power_cut_ended_do_not_stay(station: Station, privacy: str) -> None:
    archive = station.config.data_dir / "archive"
    archive.mkdir()
    for name in ("2026-01-31_141200_apple.sqlite3.partial", "2026-01-31_141200_apple.sqlite3.partial-journal"):
        (archive / name).write_bytes(b"pictures")
    privately(station, privacy)
    station.teach()
    leave_alone(station)
    assert [path for path in archive.iterdir() if "partial" in path.name] == []


@pytest.mark.parametrize(("privacy", "left"), [("keep", 3), ("embeddings", 0), ("erase", 0)])
def test_damaged_databases_go_as_the_sessions_do(station: Station, privacy: str, left: int) -> None:
    """Nobody can take the pictures out of them."""
    damaged = lay_damaged(station)
    privately(station, privacy)
    station.teach()
    leave_alone(station)
    assert len([path for path in damaged if path.exists()]) == left


def test_damaged_databases_make_room_by_age_as_the_sessions_do(station: Station) -> None:
    damaged = lay_damaged(station)
    station.teach()
    beside = station.config.data_dir / "session.sqlite3"
    small = Archive(station.config.data_dir / "archive", max_bytes=400_000, floor_bytes=0, beside=beside)
    assert small.keep(station.store, NOW, pictures=False) is not None
    assert [path for path in damaged if path.exists()] == []


def lay_damaged(station: Station) -> list[Path]:
    """Databases as the store sets them aside, one with its journal, all of them older than any session."""
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
    name = archive.keep(station.store, NOW, pictures=True)
    return archive, station.config.data_dir / "archive" / f"{name}.sqlite3"


def test_a_busy_session_keeps_its_pictures_for_now_and_loses_nothing_else(station: Station) -> None:
    archive, path = archive_of(station)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        archive.forget_pictures()
    assert pictures_in(path) == 8
    archive.forget_pictures()
    assert pictures_in(path) == 0
    assert path.exists()


def test_a_full_disk_takes_pictures_and_no_session(station: Station, tmp_path: Path) -> None:
    """No room for a journal or for a copy: they are overwritten where they stand."""
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
        Archive(small, 1 << 40, 0).forget_pictures()
        assert pictures_in(path) == 0
        assert not any(part in path.read_bytes() for part in jpegs)
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("data", [b"no database at all" * 100, b""])
def test_what_is_damaged_or_no_session_goes_with_the_pictures_that_may_be_in_it(station: Station, data: bytes) -> None:
    archive, path = archive_of(station)
    path.write_bytes(data)
    archive.forget_pictures()
    assert not path.exists()


def test_what_was_taken_out_of_a_session_does_not_come_back_in_one_from_a_drive(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    folder = station.kiosk.saved_to
    station.press(Action.CANCEL)
    take_one_out(station)
    station.press(Action.CANCEL)
    station.kiosk.events.put(ev.FolderFound("STICK", folder, LABELS, has_session=True, has_model=True))
    for _ in range(2):  # it is asked about at rest, and answered after a moment
        station.settle()
        station.now_s += 1.0
    station.settle()
    station.panel.tap(0)
    station.settle()
    assert station.store.load().shots() == (4, 4, 0)
    take_one_out(station)
    station.panel.tap(Action.UNDO)
    station.panel.tap(Action.UNDO)  # before the first is done
    station.settle()
    assert station.store.load().shots() == (4, 4, 0)


def take_one_out(station: Station) -> None:
    """Tap the newest picture of the first class."""
    before = station.store.load().shots()[0]
    station.panel.tap(OnScreen("gallery", 0))
    station.settle()
    station.panel.tap(present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).gallery.pictures[0].button)
    station.settle()
    assert station.store.load().shots()[0] == before - 1


def test_the_next_visitor_finds_a_clean_table(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    assert (station.kiosk.state.mode, station.kiosk.state.shots) == (Mode.TEACH, (0, 0, 0))
    assert all(one.thumbnails == () for one in station.kiosk.state.classes)
    station.teach()
    assert station.kiosk.state.shots == (4, 4, 0)


def test_staff_bring_a_session_back_and_it_trains_even_without_pictures(station: Station) -> None:
    station.teach()
    leave_alone(station)
    name = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(OnScreen("restore", name))
    station.settle()
    assert station.kiosk.state.shots == (4, 4, 0)
    station.panel.tap(OnScreen("back"))
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1


def open_staff(station: Station) -> None:
    station.panel.press(CORNER)
    station.settle()
    station.settle()  # the next tick sees it held
    station.now_s += station.kiosk.state.config.staff.hold_s + 0.1
    station.settle()
    station.panel.release(CORNER)
    station.settle()
    assert station.kiosk.state.mode is Mode.STAFF


def test_bringing_back_puts_the_session_at_hand_away_first(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    station.teach(2)
    open_staff(station)
    station.panel.tap(OnScreen("restore", first))
    station.settle()
    assert station.kiosk.state.shots == (3, 3, 0)
    assert len(kept(station)) == 2


def test_bringing_the_same_session_back_twice_keeps_no_second_copy(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(OnScreen("restore", first))
    station.panel.tap(OnScreen("restore", first))
    station.settle()
    assert str(station.kiosk.state.notice.text) == "That session is the one at hand already."
    assert station.kiosk.state.shots == (3, 3, 0)
    assert [path.stem for path in kept(station)] == [first]


def test_a_session_that_is_gone_or_damaged_is_told_and_changes_nothing(station: Station) -> None:
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
        station.panel.tap(OnScreen("restore", name))
        station.settle()
        assert str(station.kiosk.state.notice.text) == words
        assert station.store.load().shots() == (4, 4, 0)


def test_the_oldest_session_makes_room_for_the_newest(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", max_bytes=1 << 40, floor_bytes=0)
    first = archive.keep(station.store, NOW, pictures=True)
    size = archive.size(first)
    small = Archive(tmp_path / "kept", max_bytes=2 * size + size // 2, floor_bytes=0)
    names = [small.keep(station.store, NOW + timedelta(minutes=n), pictures=True) for n in (1, 2)]
    assert small.names() == tuple(reversed(names))
    assert first == "2026-01-31_141200_apple_cup"


def test_nothing_is_kept_where_the_disk_is_nearly_full(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", 1 << 40, 1000, free_bytes=lambda _folder: 999)
    assert archive.keep(station.store, NOW, pictures=True) is None
    assert archive.names() == ()


def test_a_session_of_another_network_needs_its_pictures(station: Station, tmp_path: Path) -> None:
    station.teach()
    archive = Archive(tmp_path / "kept", 1 << 40, 0)
    without = archive.keep(station.store, NOW, pictures=False)
    complete = archive.keep(station.store, NOW + timedelta(minutes=1), pictures=True)
    assert archive.load(without, "x", station.extractor.sha256).shots() == (4, 4, 0)
    assert archive.load(complete, "another", "f" * 64).shots() == (4, 4, 0)
    with pytest.raises(ArchiveUnusable) as caught:
        archive.load(without, "another", "f" * 64)
    assert str(caught.value) == (
        f"The session {without} was taught with another network, and without its pictures it cannot be learned anew."
    )


def test_an_empty_session_is_not_kept(station: Station, tmp_path: Path) -> None:
    assert Archive(tmp_path / "kept", 1 << 40, 0).keep(station.store, NOW, pictures=True) is None


def test_an_unknown_name_is_no_way_out_of_the_archive(station: Station, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(ArchiveUnusable):
        Archive(tmp_path / "kept", 1, 0).load("../data/session", "x", "y")


def test_a_removed_picture_is_off_the_disk_and_comes_back_as_it_was(station: Station) -> None:
    station.teach()
    station.panel.tap(OnScreen("gallery", 0))
    station.settle()
    gallery = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).gallery
    assert (gallery.title, len(gallery.pictures)) == ("apple: 4 pictures", 4)
    before = station.store.load()
    station.panel.tap(gallery.pictures[1].button)
    station.settle()
    assert station.store.load().shots() == (3, 4, 0)
    assert len(station.kiosk.state.gallery.pictures) == 3
    station.press(Action.UNDO)
    after = station.store.load()
    assert [one.sample_id for one in after.samples] == [one.sample_id for one in before.samples]
    assert all(
        np.array_equal(one.embedding, two.embedding) and one.picture == two.picture
        for one, two in zip(after.samples, before.samples, strict=True)
    )


def test_the_results_show_the_held_out_pictures_themselves(station: Station) -> None:
    station.teach(8)
    station.press(Action.TRAIN)
    station.press(Action.RESULTS)
    station.panel.tap(OnScreen("cell", "0:0"))
    station.settle()
    shown = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).results
    held_out = {one["sample"] for one in station.kiosk.state.model.report["held_out"] if one["truth"] == 0}
    assert {one.button.which for one in shown.confused} <= held_out
    assert sum(cell.count for row in shown.confusion for cell in row) == len(
        station.kiosk.state.model.report["held_out"]
    )
    assert len(shown.curve) > 1


def test_a_new_name_is_in_the_live_model_and_in_what_is_saved(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    before = station.vision.model.path
    picture = station.kiosk.shown.image
    judged = station.vision.model.engine.judge(picture)
    open_staff(station)
    station.panel.tap(OnScreen("rename", 1))
    for _ in range(3):
        station.panel.tap(OnScreen("backspace"))
    station.kiosk.events.put(ev.CharacterTyped("Tasse ß"))
    station.panel.tap(OnScreen("done"))
    station.panel.tap(OnScreen("back"))
    station.settle()
    assert station.vision.model.path != before
    assert not before.exists()
    assert station.vision.model.engine.labels == ("apple", "Tasse ß")
    again = station.vision.model.engine.judge(picture)
    assert np.array_equal(again.probabilities, judged.probabilities)
    assert again.novelty == judged.novelty > 0  # the test of what was never taught came along
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to / "converted_tflite_quantized"
    assert (saved / "labels.txt").read_text() == "0 apple\n1 Tasse ß\n"
    assert station.store.load().labels == ("apple", "Tasse ß", "duck")
    again = type(station)(station.folder)  # after a restart, too
    assert again.kiosk.state.labels == ("apple", "Tasse ß", "duck")
    assert again.kiosk.state.mode is Mode.LIVE
    again.close()


def test_another_class_can_be_taught_at_once(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    open_staff(station)
    station.panel.tap(OnScreen("more", "classes.number"))
    station.panel.tap(OnScreen("back"))
    station.settle()
    station.look()
    assert station.kiosk.observation.probabilities.shape == (len(LABELS) + 1,)
    station.panel.tap(3)
    station.settle()
    assert station.store.load().shots() == (4, 4, 0, 1)


def test_zoom_holds_for_teaching_looking_and_what_is_saved(station: Station) -> None:
    open_staff(station)
    for _ in range(3):
        station.panel.tap(OnScreen("more", "camera.zoom"))
    station.panel.tap(OnScreen("back"))
    station.settle()
    assert station.kiosk.state.config.camera.zoom == 2.0
    station.table.show("cup")
    station.look()
    shown = station.kiosk.shown.image
    quarter = shown[120:360, 200:440]
    assert np.allclose(station.kiosk.observation.embedding, station.extractor.embed(quarter))
    station.panel.tap(1)
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(quarter))
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    metadata = (station.kiosk.saved_to / "metadata.json").read_text()
    assert '"crop_share": 0.5' in metadata


def starting_with(station: Station, starter: str) -> Station:
    """The same kiosk, started anew with this starter."""
    station.close()
    settings = Config()
    again = Station(station.folder, replace(settings, idle=replace(settings.idle, starter=starter)))
    again.settle()
    return again


def test_the_rendered_things_are_a_starter_that_answers_at_once_and_steps_back(station: Station) -> None:
    again = starting_with(station, "demo")
    state = again.kiosk.state
    assert (state.mode, state.starter.labels) == (Mode.LIVE, again.table.kinds)
    right = 0
    for index, kind in enumerate(again.table.kinds[:3]):
        for _ in range(4):
            again.table.show(kind)
            again.table.new_view()
            again.look()
            right += int(again.kiosk.observation.probabilities.argmax() == index)
    assert right >= 11
    again.panel.tap(0)
    again.settle()
    again.look()
    assert again.kiosk.state.mode is Mode.TEACH
    assert again.store.load().shots() == (1, 0, 0)
    assert again.kiosk.observation.probabilities is None
    assert [card.label for card in view_of(again).cards] == list(LABELS)
    again.close()


def test_a_starter_that_comes_too_late_takes_nothing_from_the_model_that_was_taught(station: Station) -> None:
    again = starting_with(station, "demo")
    again.teach()
    again.press(Action.TRAIN)
    taught = again.vision.model
    again.kiosk.handle(ev.StarterReady(("dog", "cat"), 0.5))
    assert again.vision.model is taught is not None
    again.close()


def test_no_room_to_make_the_starter_ends_no_worker(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(station.folder / "gone"))
    again = starting_with(station, "demo")
    assert again.kiosk.state.mode is Mode.TEACH
    assert "the starter cannot be made" in caplog.messages
    again.close()


def view_of(station: Station):
    return present(station.kiosk.state, station.kiosk.shown, NOTHING_SEEN, Surroundings())


def test_a_folder_that_save_wrote_is_a_starter(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    station.press(Action.CANCEL)
    station.press(Action.RESET)
    station.press(Action.CONFIRM)
    again = starting_with(station, str(saved))
    assert again.kiosk.state.starter.labels == ("apple", "cup")
    assert [card.label for card in view_of(again).cards] == ["apple", "cup", "duck"]
    again.press(Action.SAVE)
    assert again.kiosk.state.mode is Mode.LIVE  # it is nobody's, so nobody saves it
    again.close()


def test_a_starter_that_cannot_be_used_is_told_and_the_kiosk_works(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = station.folder / "nowhere"
    again = starting_with(station, str(nowhere))
    assert again.kiosk.state.mode is Mode.TEACH
    assert f"The starter in {nowhere} cannot be used. Name a folder that SAVE wrote in idle.starter." in caplog.messages
    again.close()
