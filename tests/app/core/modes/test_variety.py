"""Variety: the ring fills when the thing is turned, and while a thing is held still the kiosk asks to turn it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core import events as ev
from app.core.modes.variety import STILL_SHARE, ring_share
from app.core.state import KioskState
from tests.support.states import PICTURE, kiosk, run


def held(*varieties: float | None, shots: int = 0) -> KioskState:
    """A kiosk whose first button is held while samples with these varieties arrive."""
    state, _ = run(kiosk(shots, 0), ev.TimePassed(0.0), ev.ButtonPressed(0))
    return added(state, *varieties)


def added(state: KioskState, *varieties: float | None) -> KioskState:
    return run(state, *(ev.SampleAdded(0, n, PICTURE, variety) for n, variety in enumerate(varieties)))[0]


def alike(state: KioskState) -> bool:
    assert state.held is not None
    return state.held.alike


def test_the_hint_comes_only_after_enough_pictures_that_are_alike() -> None:
    said = [alike(held(*[0.0] * count)) for count in range(9)]
    assert said == [False] * 6 + [True] * 3


def test_the_hint_does_not_come_while_the_pictures_differ() -> None:
    assert not any(alike(held(*[0.5] * count)) for count in range(20))


def test_the_hint_goes_when_the_thing_is_turned_and_does_not_flicker_on_the_way() -> None:
    state = held(*[0.0] * 8)
    said = []
    for variety in (0.1, 0.24, 0.26, 0.24, 0.3, 0.39, 0.41, 0.38, 0.41):
        state = added(state, variety)
        said.append(alike(state))
    assert said == [True] * 6 + [False] * 3


def test_the_hint_ends_with_the_hold_and_a_new_hold_has_time_to_turn() -> None:
    state = held(*[0.0] * 8)
    state, _ = run(state, ev.ButtonReleased(0), ev.TimePassed(2.0), ev.ButtonPressed(0))
    assert not alike(state)
    assert not alike(added(state, 0.0, 0.0))
    assert alike(added(state, 0.0, 0.0, 0.0))


def test_samples_of_another_class_change_nothing_about_a_hold() -> None:
    state = held(*[0.5] * 8)
    state, _ = run(state, *(ev.SampleAdded(1, 100 + n, PICTURE, 0.0) for n in range(8)))
    assert not alike(state)


def test_where_variety_cannot_be_measured_there_is_no_hint() -> None:
    assert not alike(held(*[None] * 20))


def test_frames_of_one_side_do_not_take_back_what_turning_has_filled() -> None:
    state = held(0.2, 0.8, 0.7, 0.6)
    assert state.classes[0].variety == 0.8
    state, _ = run(state, ev.SamplesRemoved(0, (1,), 0.3))
    assert state.classes[0].variety == 0.3  # what was taken back does not count
    state, _ = run(state, ev.SamplesRestored(0, (1,), (PICTURE,), 0.8))
    assert state.classes[0].variety == 0.8


@pytest.mark.parametrize("target", [2, 20, 300])
def test_holding_still_stops_the_ring_and_turning_fills_it(target: int) -> None:
    still = [ring_share(shots, target, 0.0) for shots in range(target + 1)]
    assert still == sorted(still)
    assert still[0] == 0
    assert still[-1] == STILL_SHARE
    turned = [ring_share(target, target, variety) for variety in (0.0, 0.3, 0.6, 1.0)]
    assert turned == sorted(turned)
    assert turned[-1] == 1


def test_a_few_pictures_do_not_fill_the_ring_however_much_they_differ() -> None:
    assert ring_share(5, 20, 1.0) == 0.25


def test_without_variety_the_ring_counts_pictures() -> None:
    assert [ring_share(shots, 20, None) for shots in (0, 5, 20, 30)] == [0, 0.25, 1, 1]


def test_a_full_ring_needs_no_more_pictures_than_before_if_the_thing_is_turned() -> None:
    state = replace(kiosk(0, 0))
    for n in range(20):
        state, _ = run(state, ev.SampleAdded(0, n, PICTURE, min(1.0, n / 10)))
    assert ring_share(state.classes[0].shots, 20, state.classes[0].variety) == 1
