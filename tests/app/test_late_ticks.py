"""Late ticks on a slow computer: queued inputs are handled in the order of their times, before time passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pygame
import pytest

from app.base.buttons import Action, ScreenKey
from app.base.workers import Mailbox
from app.core import events as ev
from app.core.pages import StaffState, TypingPurpose, TypingState
from app.core.presses import in_order_of_time
from app.core.state import Mode
from app.devices.keyboard import Keyboard
from app.devices.pointer import Pointer
from app.devices.text_input import TextInput
from app.loop import Loop
from app.views.present import Surroundings
from tests.app.devices.test_pads import Desk
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

LATE_S = 2.0


class Screen:
    """Plays window events."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def draw(self, _view: object) -> None:
        """Drop the view."""

    def events(self) -> list[Any]:
        waiting, self.waiting = self.waiting, []
        return waiting


def loop_of(station: Station, screen: Screen, *devices: Any) -> Loop:
    return Loop(
        station.kiosk, screen, devices, frames=Mailbox(), observations=Mailbox(), surroundings=Surroundings(),
        clock=lambda: station.now_s, wait_for_tick=lambda _hz: None, text_input=TextInput(),
    )  # fmt: skip


def key(kind: int, name: int = pygame.K_1) -> Any:
    return pygame.event.Event(kind, key=name)


def test_queued_events_are_handled_in_the_order_of_their_times() -> None:
    late, early, untimed = ev.ButtonReleased(0, at_s=0.2), ev.ButtonPressed(0, at_s=0.1), ev.SessionErased()
    pin = ev.PinChanged("gpio:17", active=True, at_s=0.15)
    assert in_order_of_time([late, untimed, early, pin]) == [early, untimed, pin, late]


def test_a_tap_takes_one_sample_even_if_its_release_is_handled_late(station: Station) -> None:
    station.look()
    start_s = station.now_s
    station.kiosk.events.put(ev.ButtonPressed(0, at_s=start_s))
    station.settle()
    station.look()
    assert station.kiosk.state.shots[0] == 1
    station.kiosk.events.put(ev.ButtonReleased(0, at_s=start_s + 0.1))
    station.now_s = start_s + LATE_S
    for _ in range(3):
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] == 1


def test_a_hold_takes_samples_even_if_ticks_are_late(station: Station) -> None:
    station.look()
    station.kiosk.events.put(ev.ButtonPressed(0, at_s=station.now_s))
    station.settle()
    for _ in range(3):
        station.now_s += LATE_S
        station.look()
        station.settle()
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] >= 4
    station.kiosk.events.put(ev.ButtonReleased(0, at_s=station.now_s + 0.1))
    shots = station.kiosk.state.shots[0]
    station.now_s += LATE_S
    station.look()
    station.settle()
    assert station.kiosk.state.shots[0] == shots


def test_the_delay_of_a_hold_starts_at_the_time_of_the_press(station: Station) -> None:
    """A press that happened just before a late tick is not a hold yet, although the last tick was long ago."""
    station.look()
    station.now_s += LATE_S
    station.kiosk.events.put(ev.ButtonPressed(0, at_s=station.now_s - 0.1))
    station.settle()
    for passed_s in (0.0, 0.1):
        station.now_s += passed_s
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] == 1
    station.now_s += 0.1
    station.look()
    station.settle()
    assert station.kiosk.state.shots[0] == 2


@pytest.mark.parametrize("late_by", ["press", "release"])
def test_a_tap_on_a_pin_takes_one_sample(station: Station, late_by: str) -> None:
    """Debouncing accepts the level after the release one tick later."""
    station.kiosk.state = replace(station.kiosk.state, inputs=station.kiosk.state.inputs.assign("gpio:17", 0))
    station.look()
    start_s = station.now_s
    station.kiosk.events.put(ev.PinChanged("gpio:17", active=True, at_s=start_s))
    if late_by == "release":
        for _ in range(4):
            station.look()
            station.settle()
        assert station.kiosk.state.shots[0] == 1
    station.kiosk.events.put(ev.PinChanged("gpio:17", active=False, at_s=start_s + 0.15))
    station.now_s = start_s + LATE_S
    for _ in range(6):
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] == 1
    assert station.kiosk.state.held is None


def test_a_pin_that_is_held_takes_samples_even_if_ticks_are_late(station: Station) -> None:
    station.kiosk.state = replace(station.kiosk.state, inputs=station.kiosk.state.inputs.assign("gpio:17", 0))
    station.look()
    station.kiosk.events.put(ev.PinChanged("gpio:17", active=True, at_s=station.now_s))
    for _ in range(5):
        station.now_s += LATE_S
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] >= 3


def taps(station: Station) -> dict[str, tuple[Any, Any, Any]]:
    """Return each kind of device with its window events for a press and a release of the first class."""
    desk = Desk()
    on_pad = {"instance_id": desk.plug(), "button": 3}
    station.kiosk.state = replace(station.kiosk.state, inputs=station.kiosk.state.inputs.assign("pad:0:button:3", 0))
    pointer = Pointer(lambda _at: 0, lambda: (100, 100))
    at = {"button": 1, "pos": (5, 5)}
    return {
        "keyboard": (Keyboard(), key(pygame.KEYDOWN), key(pygame.KEYUP)),
        "pointer": (
            pointer,
            pygame.event.Event(pygame.MOUSEBUTTONDOWN, **at),
            pygame.event.Event(pygame.MOUSEBUTTONUP, **at),
        ),
        "pads": (
            desk.pads,
            pygame.event.Event(pygame.JOYBUTTONDOWN, **on_pad),
            pygame.event.Event(pygame.JOYBUTTONUP, **on_pad),
        ),
    }


@pytest.mark.parametrize("kind", ["keyboard", "pointer", "pads"])
def test_a_tap_on_any_device_takes_one_sample(station: Station, kind: str) -> None:
    device, press, release = taps(station)[kind]
    screen = Screen()
    loop = loop_of(station, screen, device)
    station.look()
    screen.waiting = [press]
    loop.tick()
    station.settle()
    station.look()
    assert station.kiosk.state.shots[0] == 1
    screen.waiting = [release]
    station.now_s += LATE_S
    loop.tick()
    for _ in range(2):
        station.look()
        station.settle()
    assert station.kiosk.state.shots[0] == 1
    assert station.kiosk.state.held is None


def test_a_tap_on_the_corner_is_not_a_hold_even_if_the_tick_is_late(station: Station) -> None:
    station.kiosk.events.put(ev.ButtonPressed(ScreenKey.CORNER, at_s=station.now_s))
    station.settle()
    station.settle()
    assert station.kiosk.state.staff.hold_since_s is not None
    station.kiosk.events.put(ev.ButtonReleased(ScreenKey.CORNER, at_s=station.now_s + 0.1))
    station.now_s += 10.0
    station.settle()
    assert station.kiosk.state.mode is Mode.TEACH


def test_a_press_that_came_before_a_key_is_handled_before_it(station: Station) -> None:
    """The press closes the on-screen keyboard, so the key is a button again, not a letter."""
    screen = Screen()
    loop = loop_of(station, screen, Keyboard())
    loop.tick()
    naming = TypingState(TypingPurpose.CLASS_NAME, 0, "apple")
    station.kiosk.state = replace(station.kiosk.state, mode=Mode.STAFF, staff=StaffState(inside=True), typing=naming)
    station.kiosk.events.put(ev.ButtonPressed(Action.CANCEL, at_s=station.now_s))
    screen.waiting = [key(pygame.KEYDOWN, pygame.K_z)]
    loop.tick()
    assert station.kiosk.state.typing is None
    assert station.kiosk.state.inputs.pressed == ("key:z",)
