"""The kiosk with simulated devices: which frame a press takes, in which order jobs run, and what a restart restores."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action, ClassGallery, EmptyClass, ScreenKey
from app.core import events as ev
from app.core.state import Mode
from app.session.session import same_samples
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def test_the_sample_is_the_frame_that_was_on_the_screen(station: Station) -> None:
    station.table.show("cup")
    station.look()
    station.panel.press(1)
    station.kiosk.tick()
    shown = station.kiosk.shown
    assert shown is not None
    station.table.show("duck")
    station.look()
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(shown.image))
    assert sample.class_index == 1


def test_a_sample_counts_only_once_it_is_on_the_disk(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.kiosk.tick()
    assert station.sounds.played == ["tick"]  # sound and picture do not wait for the disk
    assert station.kiosk.state.arrival is not None
    station.kiosk.session_jobs.get_nowait()(threading.Event())
    assert station.kiosk.state.shots == (0, 0, 0)
    assert station.store.load().shots() == (1, 0, 0)
    station.kiosk.tick()
    assert station.kiosk.state.shots == (1, 0, 0)
    assert station.sounds.played == ["tick"]


def test_two_taps_during_one_frame_take_this_frame_and_the_next(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.settle()
    assert station.kiosk.state.shots == (1, 0, 0)
    station.look()
    station.settle()
    assert station.kiosk.state.shots == (2, 0, 0)
    first, second = station.store.load().samples
    assert first.picture != second.picture


def test_a_slow_camera_does_not_end_a_hold(station: Station) -> None:
    station.look()
    station.panel.press(0)
    for _ in range(8):
        for _ in range(6):  # several ticks pass without a new picture
            station.now_s += 0.1
            station.settle()
        station.look()
        station.settle()
    station.panel.release(0)
    station.settle()
    assert station.kiosk.state.shots[0] == 9
    assert "refused" not in station.sounds.played


def test_training_waits_for_the_samples_pressed_before_it(station: Station) -> None:
    station.teach(2)
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.panel.tap(Action.TRAIN)
    station.settle()
    assert station.kiosk.state.mode is Mode.TRAINING
    station.look()
    station.settle()
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.kiosk.state.shots == (4, 2, 0)
    assert not station.kiosk.state.stale


def test_undo_withdraws_the_newest_press_even_if_it_waits_for_a_frame(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(1)
    station.panel.tap(Action.UNDO)
    station.settle()
    station.look()
    station.settle()
    assert station.store.load().shots() == (1, 0, 0)
    assert station.kiosk.state.in_flight == 0


def hold(station: Station, index: int, pictures: int) -> None:
    """Hold a class button until so many pictures are stored."""
    before = station.kiosk.state.shots[index]
    station.look()
    station.panel.press(index)
    station.settle()
    while station.kiosk.state.shots[index] < before + pictures:
        station.look()
        station.settle()
    station.panel.release(index)
    station.settle()


def test_each_undo_takes_back_one_hold_and_the_gallery_brings_it_back(station: Station) -> None:
    hold(station, 0, 4)
    hold(station, 1, 3)
    hold(station, 0, 5)
    before = station.store.load()
    for shots, count, label in (((4, 3, 0), 5, "apple"), ((4, 0, 0), 3, "cup")):
        station.press(Action.UNDO)
        words = f"Removed the last {count} pictures of {label}. The number on its card brings them back."
        assert (station.store.load().shots(), station.notice) == (shots, words)
    station.press(Action.UNDO)
    assert station.store.load().shots() == station.kiosk.state.shots == (0, 0, 0)
    for index in (0, 1):
        station.panel.tap(ClassGallery(index))
        station.settle()
        for _ in station.kiosk.state.classes[index].removed:
            station.press(Action.UNDO)
        station.panel.tap(ScreenKey.BACK)
        station.settle()
    assert same_samples(station.store.load(), before)
    assert [len(one.thumbnails) for one in station.kiosk.state.classes] == [9, 3, 0]


def test_undo_during_a_hold_takes_back_all_of_it_also_what_still_waits(station: Station) -> None:
    hold(station, 1, 2)
    station.look()
    station.panel.press(0)
    station.settle()
    for _ in range(30):  # the button stays down and nobody stores anything meanwhile
        station.look()
    station.panel.tap(Action.UNDO)
    station.settle()
    station.look()
    station.settle()
    assert station.store.load().shots() == station.kiosk.state.shots == (0, 2, 0)
    assert (station.kiosk.state.in_flight, station.kiosk.state.held) == (0, None)


def test_an_emptied_class_comes_back_as_it_was_also_after_its_gallery_was_left(station: Station) -> None:
    station.teach(3)
    before = station.store.load()
    station.panel.tap(ClassGallery(1))
    station.settle()
    station.panel.tap(EmptyClass(1))
    station.settle()
    assert (station.store.load().shots(), station.kiosk.state.gallery.pictures) == ((3, 0, 0), ())
    station.panel.tap(ScreenKey.BACK)
    station.panel.tap(ClassGallery(1))
    station.settle()
    station.press(Action.UNDO)
    assert same_samples(station.store.load(), before)
    assert len(station.kiosk.state.gallery.pictures) == 3


def test_undo_right_after_a_tap_withdraws_that_tap(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(Action.UNDO)
    station.settle()
    assert station.store.load().shots() == (0, 0, 0)
    assert "refused" not in station.sounds.played


def test_presses_that_wait_when_the_camera_is_lost_are_refused_with_a_reason(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.kiosk.events.put(ev.CameraLost("gone"))
    station.settle()
    station.settle()
    assert station.notice == "The camera is gone, so that press took no picture."
    assert station.kiosk.state.in_flight == 0


def test_removing_one_sample_and_adding_one_makes_the_model_stale(station: Station) -> None:
    station.train()
    station.press(Action.UNDO)
    station.look()
    station.panel.tap(1)
    station.settle()
    assert station.kiosk.state.shots == (4, 4, 0)
    assert station.kiosk.state.stale


def test_save_does_nothing_while_the_session_is_being_erased(station: Station) -> None:
    station.train()
    station.press(Action.RESET)
    station.panel.tap(Action.CONFIRM)
    station.panel.tap(Action.SAVE)
    station.settle()
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.kiosk.saved_to is None


def test_a_damaged_stored_picture_does_not_stop_the_kiosk_from_starting(station: Station, tmp_path: Path) -> None:
    station.teach()
    station.close()
    database = sqlite3.connect(station.config.data_dir / "session.sqlite3")
    database.execute("UPDATE samples SET picture = x'00' WHERE sample_id = 1")
    database.commit()
    database.close()
    again = Station(tmp_path)
    assert again.kiosk.state.shots == (4, 4, 0)
    assert [len(one.thumbnails) for one in again.kiosk.state.classes] == [3, 4, 0]
    again.press(Action.TRAIN)
    assert again.kiosk.state.mode is Mode.LIVE
    again.close()


def test_a_press_before_the_first_frame_is_refused_with_a_reason(station: Station) -> None:
    station.panel.tap(0)
    station.settle()
    assert station.notice == "There is no picture yet. Press again in a moment."


def test_presses_while_training_do_nothing_afterwards(station: Station) -> None:
    station.teach()
    before = station.kiosk.state.shots
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    for button in (0, 1, Action.SAVE, Action.UNDO, Action.RESET, Action.TRAIN):
        station.look()
        station.panel.tap(button)
    station.settle()
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.kiosk.state.shots == before
    assert station.kiosk.saved_to is None


def test_undo_removes_the_newest_sample(station: Station) -> None:
    station.teach(2)
    station.press(Action.UNDO)
    assert station.kiosk.state.shots == (2, 1, 0)
    assert station.store.load().shots() == (2, 1, 0)


def test_samples_and_model_are_restored_after_a_restart(station: Station, tmp_path: Path) -> None:
    station.train()
    station.close()
    again = Station(tmp_path)
    again.table.show("cup")
    again.look()
    state = again.kiosk.state
    assert (state.mode, state.shots) == (Mode.LIVE, (4, 4, 0))
    assert [len(one.thumbnails) for one in state.classes] == [4, 4, 0]
    assert again.kiosk.observation.probabilities.argmax() == 1
    again.close()


def test_a_sample_that_cannot_be_stored_ends_the_hold_with_the_reason(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.look()
    station.store.close()
    station.panel.press(0)
    station.settle()
    assert station.kiosk.state.held is None
    assert station.kiosk.state.shots == (0, 0, 0)
    assert station.notice == (
        "the session could not be written (Cannot operate on a closed database.). Make room on the disk; "
        "all else is kept."
    )
    assert "refused" in station.sounds.played
    station.kiosk.handle(ev.ButtonReleased(0))
    station.close()


def test_an_unknown_command_is_an_error(station: Station) -> None:
    with pytest.raises(AssertionError):
        station.kiosk.perform("no command")  # type: ignore[arg-type]
