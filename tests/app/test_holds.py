"""Holds and made views from the press to the disk and to every other place that a session goes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def hold_button(station: Station, class_index: int, pictures: int) -> None:
    """Hold a class button until it took so many pictures."""
    station.panel.press(class_index)
    before = station.kiosk.state.shots[class_index]
    while station.kiosk.state.shots[class_index] < before + pictures:
        station.table.new_view()
        station.look()
        station.settle()
    station.panel.release(class_index)
    station.settle()


def test_samples_are_stored_with_the_hold_in_which_they_were_taken(station: Station) -> None:
    station.look()
    hold_button(station, 0, 4)
    hold_button(station, 1, 1)
    hold_button(station, 0, 2)
    session = station.store.load()
    assert session.label_indices().tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert session.holds().tolist() == [0, 0, 0, 0, 1, 2, 2]


def test_presses_that_wait_for_a_new_frame_keep_their_own_holds(station: Station) -> None:
    station.look()
    for class_index in (0, 1, 0):
        station.panel.tap(class_index)
    for _ in range(3):
        station.settle()
        station.look()
    station.settle()
    assert station.store.load().holds().tolist() == [0, 1, 2]


def test_after_a_restart_holds_are_counted_above_the_largest_one_that_is_stored(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.look()
    hold_button(station, 0, 2)
    hold_button(station, 1, 2)
    station.close()
    again = Station(tmp_path)
    again.look()
    hold_button(again, 0, 1)
    assert again.store.load().holds().tolist() == [0, 0, 1, 1, 2]
    again.close()
