"""Encoders and gamepads: with joystick events made here, and with the virtual joystick of SDL."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from app.core.events import Event, InputPressed, InputReleased, InputStuck
from app.devices.pads import Pads


class Encoder:
    """A simulated pad."""

    def __init__(self, instance: int, guid: str = "zero delay", axes: tuple[float, ...] = (0.0, 0.0)) -> None:
        self.instance, self.guid, self.axes = instance, guid, axes

    def get_instance_id(self) -> int:
        return self.instance

    def get_guid(self) -> str:
        return self.guid

    def get_name(self) -> str:
        return f"{self.guid} encoder"

    def get_numaxes(self) -> int:
        return len(self.axes)

    def get_axis(self, axis: int) -> float:
        return self.axes[axis]

    def quit(self) -> None:
        self.axes = ()


class Desk:
    """Simulated pads that a test plugs in, pulls out and moves."""

    def __init__(self) -> None:
        self.plugged: list[Encoder] = []
        self.now_s = 100.0
        self.pads = Pads(lambda index: self.plugged[index], lambda: len(self.plugged), lambda: self.now_s)
        self._next = 0

    def plug(self, guid: str = "zero delay", held: tuple[int, ...] = (), **kwargs: Any) -> int:
        """Plug a pad in. SDL reports buttons that are `held` in the turn after the pad was opened."""
        self._next += 1
        self.plugged.append(Encoder(self._next, guid, **kwargs))
        self.events_of_plugging = self.send(pygame.JOYDEVICEADDED, device_index=len(self.plugged) - 1, guid=guid)
        self.events_of_plugging += self.turn(
            *({"kind": pygame.JOYBUTTONDOWN, "button": one, "instance_id": self._next} for one in held)
        )
        assert self.turn() == ()
        return self._next

    def turn(self, *happened: dict[str, Any]) -> tuple[Event, ...]:
        """One turn of the loop: first the events, then `look`."""
        events = [event for one in happened for event in self.send(**one)]
        return (*events, *self.pads.look())

    def pull(self, instance: int) -> tuple[Event, ...]:
        self.plugged = [one for one in self.plugged if one.instance != instance]
        return self.send(pygame.JOYDEVICEREMOVED, instance_id=instance)

    def send(self, kind: int, **facts: Any) -> tuple[Event, ...]:
        return self.pads.translate(pygame.event.Event(kind, **facts))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.pads.close()


def test_the_buttons_of_an_encoder_are_inputs(desk: Desk) -> None:
    pad = desk.plug()
    assert desk.send(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == (InputPressed("pad:0:button:3"),)
    assert desk.send(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == ()
    assert desk.send(pygame.JOYBUTTONUP, instance_id=pad, button=3) == (InputReleased("pad:0:button:3"),)


def test_both_ends_of_an_axis_are_inputs_and_trembling_changes_nothing(desk: Desk) -> None:
    pad = desk.plug()
    events = []
    for value in (0.3, 0.59, 0.61, 0.5, 0.65, 0.41, 0.39, 0.5, -1.0, 1.0, 0.0):
        events += desk.send(pygame.JOYAXISMOTION, instance_id=pad, axis=1, value=value)
    assert events == [
        InputPressed("pad:0:axis:1+"), InputReleased("pad:0:axis:1+"),
        InputPressed("pad:0:axis:1-"),
        InputReleased("pad:0:axis:1-"), InputPressed("pad:0:axis:1+"),
        InputReleased("pad:0:axis:1+"),
    ]  # fmt: skip


def test_a_trigger_that_rests_at_one_end_is_not_pressed(desk: Desk) -> None:
    pad = desk.plug(axes=(0.0, -1.0))
    assert desk.events_of_plugging == (InputStuck("pad:0:axis:1-"),)
    events = []
    for value in (-0.9, 0.0, 0.9, -1.0):
        events += desk.send(pygame.JOYAXISMOTION, instance_id=pad, axis=1, value=value)
    assert InputPressed("pad:0:axis:1+") in events
    assert events[0] == InputReleased("pad:0:axis:1-")


def test_a_button_that_is_held_while_its_pad_is_plugged_in_is_stuck_and_not_pressed(desk: Desk) -> None:
    pad = desk.plug(held=(3,))
    assert desk.events_of_plugging == (InputStuck("pad:0:button:3"),)
    assert desk.send(pygame.JOYBUTTONUP, instance_id=pad, button=3) == (InputReleased("pad:0:button:3"),)
    assert desk.send(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == (InputPressed("pad:0:button:3"),)


def test_a_hat_is_four_inputs_and_a_corner_presses_two(desk: Desk) -> None:
    pad = desk.plug()
    assert desk.send(pygame.JOYHATMOTION, instance_id=pad, hat=0, value=(1, 1)) == (
        InputPressed("pad:0:hat:0:right"), InputPressed("pad:0:hat:0:up"),
    )  # fmt: skip
    assert desk.send(pygame.JOYHATMOTION, instance_id=pad, hat=0, value=(0, -1)) == (
        InputReleased("pad:0:hat:0:right"), InputReleased("pad:0:hat:0:up"), InputPressed("pad:0:hat:0:down"),
    )  # fmt: skip


def test_a_pad_that_is_pulled_out_releases_its_own_inputs_only(desk: Desk) -> None:
    first, second = desk.plug("one"), desk.plug("two")
    desk.send(pygame.JOYBUTTONDOWN, instance_id=first, button=0)
    desk.send(pygame.JOYBUTTONDOWN, instance_id=second, button=0)
    assert desk.pull(first) == (InputReleased("pad:0:button:0"),)
    assert desk.send(pygame.JOYBUTTONUP, instance_id=first, button=0) == ()
    assert desk.pads.names == ("pad:1 two encoder",)


def test_pads_of_two_models_keep_their_slots_in_any_order_of_plugging_in(desk: Desk) -> None:
    first, second = desk.plug("one"), desk.plug("two")
    desk.pull(first)
    desk.pull(second)
    desk.plug("two")
    desk.plug("one")
    assert desk.pads.names == ("pad:0 one encoder", "pad:1 two encoder")


def test_losing_the_focus_releases_every_pad(desk: Desk) -> None:
    pad = desk.plug()
    desk.send(pygame.JOYBUTTONDOWN, instance_id=pad, button=0)
    desk.send(pygame.JOYAXISMOTION, instance_id=pad, axis=0, value=1.0)
    assert desk.send(pygame.WINDOWFOCUSLOST) == (InputReleased("pad:0:button:0"), InputReleased("pad:0:axis:0+"))


def test_a_pad_that_is_gone_before_it_is_opened_is_ignored() -> None:
    def gone(_index: int) -> Any:
        raise pygame.error("No such device")

    pads = Pads(gone)
    assert pads.translate(pygame.event.Event(pygame.JOYDEVICEADDED, device_index=0)) == ()
    pads.close()


def test_a_pad_whose_removal_was_not_reported_is_released(desk: Desk) -> None:
    kept, pulled = desk.plug("one"), desk.plug("two")
    desk.send(pygame.JOYBUTTONDOWN, instance_id=kept, button=1)
    desk.send(pygame.JOYBUTTONDOWN, instance_id=pulled, button=3)
    assert desk.pads.look() == ()
    del desk.plugged[1]  # no event
    desk.now_s += 0.9
    assert desk.pads.look() == ()  # too early for another count
    desk.now_s += 0.2
    assert desk.pads.look() == (InputReleased("pad:1:button:3"),)
    assert desk.pads.names == ("pad:0 one encoder",)
    assert desk.send(pygame.JOYDEVICEREMOVED, instance_id=pulled) == ()  # the event arrives late
    assert desk.send(pygame.JOYBUTTONUP, instance_id=kept, button=1) == (InputReleased("pad:0:button:1"),)


def test_a_pad_whose_plugging_in_was_not_reported_works(desk: Desk) -> None:
    desk.plugged.append(Encoder(7, "silent", axes=(-1.0,)))
    assert desk.pads.look() == (InputStuck("pad:0:axis:0-"),)
    assert [*desk.turn(), *desk.turn()] == []
    assert desk.send(pygame.JOYBUTTONDOWN, instance_id=7, button=2) == (InputPressed("pad:0:button:2"),)


def test_a_pad_that_cannot_be_opened_does_not_hide_others() -> None:
    held = Encoder(1)

    def opened(index: int) -> Encoder:
        if index == 0:
            raise pygame.error("Permission denied")
        return held

    pads = Pads(opened, lambda: 2)
    assert pads.look() == ()
    assert pads.names == ("pad:0 zero delay encoder",)
    pads.close()


# --- the virtual joystick of SDL, below pygame ------------------------


@pytest.fixture
def sdl(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDL library that pygame has loaded, with a window in memory that receives its events."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    found = re.search(r"/\S*libSDL2-2\S*", Path("/proc/self/maps").read_text())
    if found is None:
        pytest.skip("needs SDL as a shared library, as in pygame's wheels")
    library = ctypes.CDLL(found[0])
    if not hasattr(library, "SDL_JoystickAttachVirtual"):
        pytest.skip("needs SDL 2.0.14 or newer")
    library.SDL_JoystickFromInstanceID.restype = ctypes.c_void_p
    yield library
    pygame.display.quit()


def pumped(pads: Pads) -> list[Event]:
    """The events of one turn of the loop."""
    return [*(event for happened in pygame.event.get() for event in pads.translate(happened)), *pads.look()]


def test_a_virtual_joystick_is_plugged_in_pressed_moved_and_pulled_out(sdl: Any) -> None:
    pads = Pads()
    try:
        before = pads.names
        pumped(pads)
        index = sdl.SDL_JoystickAttachVirtual(3, 2, 8, 1)  # an arcade stick: 2 axes, 8 buttons, 1 hat
        assert index >= 0
        assert [*pumped(pads), *pumped(pads)] == []
        assert len(pads.names) == len(before) + 1
        slot = int(re.match(r"pad:(\d+)", pads.names[-1])[1])
        instance = sdl.SDL_JoystickGetDeviceInstanceID(index)
        stick = ctypes.c_void_p(sdl.SDL_JoystickFromInstanceID(instance))
        for change in (
            lambda: sdl.SDL_JoystickSetVirtualButton(stick, 5, 1),
            lambda: sdl.SDL_JoystickSetVirtualAxis(stick, 1, ctypes.c_int16(-32768)),
            lambda: sdl.SDL_JoystickSetVirtualHat(stick, 0, 1),
        ):
            assert change() == 0
        assert set(pumped(pads)) == {
            InputPressed(f"pad:{slot}:axis:1-"), InputPressed(f"pad:{slot}:hat:0:up"),
            InputPressed(f"pad:{slot}:button:5"),
        }  # fmt: skip
        assert sdl.SDL_JoystickDetachVirtual(index) == 0
        assert set(pumped(pads)) == {
            InputReleased(f"pad:{slot}:button:5"), InputReleased(f"pad:{slot}:axis:1-"),
            InputReleased(f"pad:{slot}:hat:0:up"),
        }  # fmt: skip
        assert pads.names == before
    finally:
        pads.close()


def test_a_virtual_joystick_whose_removal_event_is_lost_is_released(sdl: Any) -> None:
    now_s = 0.0
    pads = Pads(clock=lambda: now_s)
    try:
        pumped(pads)
        before = pads.names
        index = sdl.SDL_JoystickAttachVirtual(3, 0, 8, 0)
        assert [*pumped(pads), *pumped(pads)] == []
        slot = int(re.match(r"pad:(\d+)", pads.names[-1])[1])
        stick = ctypes.c_void_p(sdl.SDL_JoystickFromInstanceID(sdl.SDL_JoystickGetDeviceInstanceID(index)))
        sdl.SDL_JoystickSetVirtualButton(stick, 5, 1)
        assert pumped(pads) == [InputPressed(f"pad:{slot}:button:5")]
        assert pads.look() == ()
        assert sdl.SDL_JoystickDetachVirtual(index) == 0
        pygame.event.clear()
        now_s = 1.0
        assert pads.look() == (InputReleased(f"pad:{slot}:button:5"),)
        assert pads.names == before
    finally:
        pads.close()
