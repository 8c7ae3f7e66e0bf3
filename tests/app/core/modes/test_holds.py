"""Holds: the samples from one press of a class button until its release have one number."""

from __future__ import annotations

from dataclasses import replace

from app.core import events as ev
from app.core.events import Command, Event
from app.core.facts import ModelFacts, TaughtClass
from app.core.pages import StaffState
from app.core.presses import in_order_of_time
from app.core.state import KioskState, Mode
from tests.support.states import PICTURE, kiosk, run


def holds(commands: list[Command]) -> list[tuple[int, int]]:
    """Class index and hold of each sample that is taken."""
    return [(one.class_index, one.hold) for one in commands if isinstance(one, ev.AddSample)]


def held_for(start_s: float, seconds: float, class_index: int = 0) -> list[Event]:
    """Ticks of a tenth of a second, each after the sample of the one before is stored."""
    happened: list[Event] = []
    for tenth in range(1, round(10 * seconds) + 1):
        happened += [ev.SampleAdded(class_index, tenth, PICTURE), ev.TimePassed(start_s + tenth / 10)]
    return happened


def test_a_tap_is_a_hold_of_one_picture_and_the_next_tap_is_another() -> None:
    tap = (ev.ButtonPressed(0), ev.SampleAdded(0, 1, PICTURE), ev.ButtonReleased(0))
    _, commands = run(kiosk(0, 0), ev.TimePassed(0.0), *tap, ev.TimePassed(9.0), *tap)
    assert holds(commands) == [(0, 0), (0, 1)]


def test_all_samples_until_the_release_belong_to_one_hold() -> None:
    state, commands = run(kiosk(0, 0), ev.TimePassed(0.0), ev.ButtonPressed(0), *held_for(0.0, 2.0))
    assert len(holds(commands)) > 10
    assert set(holds(commands)) == {(0, 0)}
    _, commands = run(state, ev.ButtonReleased(0), ev.ButtonPressed(1), *held_for(2.0, 1.0, 1))
    assert len(holds(commands)) > 3
    assert set(holds(commands)) == {(1, 1)}


def test_a_late_tick_does_not_split_a_hold() -> None:
    happened = [ev.TimePassed(0.0), ev.ButtonPressed(0, at_s=0.0), ev.SampleAdded(0, 1, PICTURE), ev.TimePassed(20.0)]
    _, commands = run(kiosk(0, 0), *happened, ev.SampleAdded(0, 2, PICTURE), ev.TimePassed(25.0))
    assert holds(commands) == [(0, 0)] * 3


def test_two_presses_that_wait_for_one_late_tick_are_two_holds() -> None:
    presses = [ev.ButtonPressed(0, at_s=0.5), ev.ButtonReleased(0, at_s=0.6)]
    later = [ev.ButtonPressed(0, at_s=0.9), ev.ButtonReleased(0, at_s=1.0)]
    _, commands = run(kiosk(0, 0), ev.TimePassed(0.0), *in_order_of_time([*later, *presses]), ev.TimePassed(9.0))
    assert holds(commands) == [(0, 0), (0, 1)]


def with_inputs(state: KioskState) -> KioskState:
    """A keyboard key, a button of a pad and a pin are all buttons of the first class."""
    inputs = state.inputs
    for source in ("key:1", "pad:0:button:3", "gpio:17"):
        inputs = inputs.assign(source, 0)
    return replace(state, inputs=inputs)


def test_a_second_device_that_joins_the_press_of_a_class_does_not_split_its_hold() -> None:
    state, commands = run(
        with_inputs(kiosk(0, 0)),
        ev.TimePassed(0.0),
        ev.InputPressed("key:1", at_s=0.0),
        *held_for(0.0, 1.0),
        ev.InputPressed("pad:0:button:3", at_s=1.0),
        *held_for(1.0, 1.0),
        ev.InputReleased("key:1", at_s=2.0),
        *held_for(2.0, 1.0),
    )
    assert len(holds(commands)) > 15
    assert set(holds(commands)) == {(0, 0)}
    assert state.held is not None
    state, _ = run(state, ev.InputReleased("pad:0:button:3", at_s=3.0))
    assert state.held is None


def test_presses_of_different_devices_one_after_the_other_are_different_holds() -> None:
    state, commands = run(
        with_inputs(kiosk(0, 0)),
        ev.TimePassed(1.0),
        ev.InputPressed("key:1", at_s=1.0),
        ev.SampleAdded(0, 1, PICTURE),
        ev.InputReleased("key:1", at_s=1.1),
        ev.InputPressed("pad:0:button:3", at_s=1.2),
        ev.SampleAdded(0, 2, PICTURE),
        ev.InputReleased("pad:0:button:3", at_s=1.3),
        ev.PinChanged("gpio:17", active=True, at_s=1.4),
        ev.TimePassed(1.5),
        ev.TimePassed(1.6),
    )
    assert holds(commands) == [(0, 0), (0, 1), (0, 2)]
    assert state.next_hold == 3


def test_a_press_that_takes_nothing_begins_no_hold() -> None:
    full = run(kiosk(300, 0), ev.ButtonPressed(0))[0]
    without_camera = run(replace(kiosk(0, 0), camera=None), ev.ButtonPressed(0))[0]
    second = run(kiosk(0, 0), ev.ButtonPressed(0), ev.ButtonPressed(1))[0]
    assert (full.next_hold, without_camera.next_hold, second.next_hold) == (0, 0, 1)


def test_the_press_that_drops_the_starter_begins_a_hold_that_goes_on() -> None:
    state, _ = run(kiosk(0, 0), ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)), ev.TimePassed(0.0))
    _, commands = run(state, ev.ButtonPressed(0), *held_for(0.0, 1.0))
    assert len(holds(commands)) > 3
    assert set(holds(commands)) == {(0, 0)}


def test_after_another_session_took_over_holds_are_counted_above_its_own() -> None:
    classes = (TaughtClass("a", 3), TaughtClass("b", 3))
    importing = replace(kiosk(0, 0, mode=Mode.IMPORTING), next_hold=2)
    assert run(importing, ev.SessionImported(classes, next_hold=7))[0].next_hold == 7
    in_staff = replace(kiosk(0, 0, mode=Mode.STAFF), next_hold=9, staff=StaffState(inside=True))
    assert run(in_staff, ev.SessionRestored(classes, next_hold=7))[0].next_hold == 9
