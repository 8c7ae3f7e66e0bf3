"""Encoders and gamepads: posted joystick events, and SDL's virtual joystick for the whole way."""

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
    """A pad on the desk of a test."""

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
    """Pads that a test plugs in, pulls and moves."""

    def __init__(self) -> None:
        self.plugged: list[Encoder] = []
        self.now_s = 100.0
        self.pads = Pads(lambda index: self.plugged[index], lambda: len(self.plugged), lambda: self.now_s)
        self._next = 0

    def plug(self, guid: str = "zero delay", held: tuple[int, ...] = (), **kwargs: Any) -> int:
        """Plug one in; SDL tells of the buttons that are `held` meanwhile in the turn after it was opened."""
        self._next += 1
        self.plugged.append(Encoder(self._next, guid, **kwargs))
        self.told = self.tell(pygame.JOYDEVICEADDED, device_index=len(self.plugged) - 1, guid=guid)
        self.told += self.turn(
            *({"kind": pygame.JOYBUTTONDOWN, "button": one, "instance_id": self._next} for one in held)
        )
        assert self.turn() == ()
        return self._next

    def turn(self, *happened: dict[str, Any]) -> tuple[Event, ...]:
        """A turn of the loop: the events, then a look."""
        told = [event for one in happened for event in self.tell(**one)]
        return (*told, *self.pads.look())

    def pull(self, instance: int) -> tuple[Event, ...]:
        self.plugged = [one for one in self.plugged if one.instance != instance]
        return self.tell(pygame.JOYDEVICEREMOVED, instance_id=instance)

    def tell(self, kind: int, **facts: Any) -> tuple[Event, ...]:
        return self.pads.translate(pygame.event.Event(kind, **facts))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.pads.close()


def test_buttons_of_an_encoder_are_inputs(desk: Desk) -> None:
    pad = desk.plug()
    assert desk.tell(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == (InputPressed("pad:0:button:3"),)
    assert desk.tell(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == ()
    assert desk.tell(pygame.JOYBUTTONUP, instance_id=pad, button=3) == (InputReleased("pad:0:button:3"),)


def test_an_axis_is_a_button_at_each_end_and_trembling_changes_nothing(desk: Desk) -> None:
    pad = desk.plug()
    told = []
    for value in (0.3, 0.59, 0.61, 0.5, 0.65, 0.41, 0.39, 0.5, -1.0, 1.0, 0.0):
        told += desk.tell(pygame.JOYAXISMOTION, instance_id=pad, axis=1, value=value)
    assert told == [
        InputPressed("pad:0:axis:1+"), InputReleased("pad:0:axis:1+"),
        InputPressed("pad:0:axis:1-"),
        InputReleased("pad:0:axis:1-"), InputPressed("pad:0:axis:1+"),
        InputReleased("pad:0:axis:1+"),
    ]  # fmt: skip


def test_a_trigger_that_rests_at_one_end_is_no_press(desk: Desk) -> None:
    pad = desk.plug(axes=(0.0, -1.0))
    assert desk.told == (InputStuck("pad:0:axis:1-"),)
    told = []
    for value in (-0.9, 0.0, 0.9, -1.0):
        told += desk.tell(pygame.JOYAXISMOTION, instance_id=pad, axis=1, value=value)
    assert InputPressed("pad:0:axis:1+") in told
    assert told[0] == InputReleased("pad:0:axis:1-")


def test_a_button_that_is_down_while_its_pad_is_plugged_in_is_stuck_and_no_press(desk: Desk) -> None:
    pad = desk.plug(held=(3,))
    assert desk.told == (InputStuck("pad:0:button:3"),)
    assert desk.tell(pygame.JOYBUTTONUP, instance_id=pad, button=3) == (InputReleased("pad:0:button:3"),)
    assert desk.tell(pygame.JOYBUTTONDOWN, instance_id=pad, button=3) == (InputPressed("pad:0:button:3"),)


def test_a_hat_is_four_buttons_and_two_of_them_at_a_corner(desk: Desk) -> None:
    pad = desk.plug()
    assert desk.tell(pygame.JOYHATMOTION, instance_id=pad, hat=0, value=(1, 1)) == (
        InputPressed("pad:0:hat:0:right"), InputPressed("pad:0:hat:0:up"),
    )  # fmt: skip
    assert desk.tell(pygame.JOYHATMOTION, instance_id=pad, hat=0, value=(0, -1)) == (
        InputReleased("pad:0:hat:0:right"), InputReleased("pad:0:hat:0:up"), InputPressed("pad:0:hat:0:down"),
    )  # fmt: skip


def test_a_pad_that_is_pulled_releases_what_it_held_and_nothing_else(desk: Desk) -> None:
    first, second = desk.plug("one"), desk.plug("two")
    desk.tell(pygame.JOYBUTTONDOWN, instance_id=first, button=0)
    desk.tell(pygame.JOYBUTTONDOWN, instance_id=second, button=0)
    assert desk.pull(first) == (InputReleased("pad:0:button:0"),)
    assert desk.tell(pygame.JOYBUTTONUP, instance_id=first, button=0) == ()
    assert desk.pads.names == ("pad:1 two encoder",)


def test_pads_of_two_kinds_get_their_slots_back_in_whatever_order_they_return(desk: Desk) -> None:
    first, second = desk.plug("one"), desk.plug("two")
    desk.pull(first)
    desk.pull(second)
    desk.plug("two")
    desk.plug("one")
    assert desk.pads.names == ("pad:0 one encoder", "pad:1 two encoder")


def test_a_window_without_focus_lets_go_of_every_pad(desk: Desk) -> None:
    pad = desk.plug()
    desk.tell(pygame.JOYBUTTONDOWN, instance_id=pad, button=0)
    desk.tell(pygame.JOYAXISMOTION, instance_id=pad, axis=0, value=1.0)
    assert desk.tell(pygame.WINDOWFOCUSLOST) == (InputReleased("pad:0:button:0"), InputReleased("pad:0:axis:0+"))


def test_a_pad_that_is_gone_before_it_is_opened_is_no_error() -> None:
    def gone(_index: int) -> Any:
        raise pygame.error("No such device")

    pads = Pads(gone)
    assert pads.translate(pygame.event.Event(pygame.JOYDEVICEADDED, device_index=0)) == ()
    pads.close()


def test_a_pad_whose_removal_nobody_told_lets_go_of_everything(desk: Desk) -> None:
    kept, pulled = desk.plug("one"), desk.plug("two")
    desk.tell(pygame.JOYBUTTONDOWN, instance_id=kept, button=1)
    desk.tell(pygame.JOYBUTTONDOWN, instance_id=pulled, button=3)
    assert desk.pads.look() == ()
    del desk.plugged[1]  # no event
    desk.now_s += 0.9
    assert desk.pads.look() == ()  # not looked again yet
    desk.now_s += 0.2
    assert desk.pads.look() == (InputReleased("pad:1:button:3"),)
    assert desk.pads.names == ("pad:0 one encoder",)
    assert desk.tell(pygame.JOYDEVICEREMOVED, instance_id=pulled) == ()  # it comes late after all
    assert desk.tell(pygame.JOYBUTTONUP, instance_id=kept, button=1) == (InputReleased("pad:0:button:1"),)


def test_a_pad_whose_arrival_nobody_told_works(desk: Desk) -> None:
    desk.plugged.append(Encoder(7, "silent", axes=(-1.0,)))
    assert desk.pads.look() == (InputStuck("pad:0:axis:0-"),)
    assert [*desk.turn(), *desk.turn()] == []
    assert desk.tell(pygame.JOYBUTTONDOWN, instance_id=7, button=2) == (InputPressed("pad:0:button:2"),)


def test_a_pad_that_cannot_be_opened_hides_no_other_one() -> None:
    held = Encoder(1)

    def opened(index: int) -> Encoder:
        if index == 0:
            raise pygame.error("Permission denied")
        return held

    pads = Pads(opened, lambda: 2)
    assert pads.look() == ()
    assert pads.names == ("pad:0 zero delay encoder",)
    pads.close()


# --- SDL's own virtual joystick: plugged, pressed, moved and pulled below pygame ------------------------


@pytest.fixture
def sdl(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDL that pygame has loaded, with a window in memory that its events go through."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    found = re.search(r"/\S*libSDL2-2\S*", Path("/proc/self/maps").read_text())
    if found is None:
        pytest.skip("needs SDL as a shared library, as pygame's wheels carry it")
    library = ctypes.CDLL(found[0])
    if not hasattr(library, "SDL_JoystickAttachVirtual"):
        pytest.skip("needs SDL 2.0.14 or newer")
    library.SDL_JoystickFromInstanceID.restype = ctypes.c_void_p
    yield library
    pygame.display.quit()


def pumped(pads: Pads) -> list[Event]:
    """What a turn of the loop hears."""
    return [*(event for happened in pygame.event.get() for event in pads.translate(happened)), *pads.look()]


def test_a_virtual_joystick_is_plugged_pressed_moved_and_pulled(sdl: Any) -> None:
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


def test_a_virtual_joystick_whose_removal_is_lost_is_missed_all_the_same(sdl: Any) -> None:
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
