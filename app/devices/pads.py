"""Arcade encoders, joysticks and gamepads, which come and go while the kiosk runs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pygame

from app.base.ports import Clock
from app.core.events import Event, InputPressed, InputReleased, InputStuck

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LOOKS_TO_SETTLE = 2  # SDL tells what is down on a pad already with the events of the turn after it was opened
DOWN_AT, UP_AT = 0.6, 0.4  # of an axis' way: a stick that trembles between the two changes nothing
HATS = {(0, "left"): -1, (0, "right"): 1, (1, "down"): -1, (1, "up"): 1}


class Joystick(Protocol):
    """What is used of `pygame.joystick.Joystick`."""

    def get_instance_id(self) -> int:
        """A number that no other pad gets while the program runs."""

    def get_guid(self) -> str:
        """What kind of pad it is; two of a kind share it."""

    def get_name(self) -> str:
        """What it calls itself."""

    def get_numaxes(self) -> int:
        """How many axes it has."""

    def get_axis(self, axis: int, /) -> float:
        """Where an axis is, -1..1."""

    def quit(self) -> None:
        """Close it."""


def plugged_pads() -> tuple[str, ...]:
    """What the pads that are plugged in now call themselves."""
    pygame.joystick.init()
    try:
        return tuple(pygame.joystick.Joystick(index).get_name() for index in range(pygame.joystick.get_count()))
    finally:
        pygame.joystick.quit()


@dataclass(frozen=True)
class _Pad:
    slot: int
    joystick: Joystick


class Pads:
    """Turns what pads do into inputs: buttons, both ends of every axis, and the four ways of every hat.

    A pad is known by its slot, `pad:0` being the first. One that comes back gets the slot that its kind had last,
    so that two encoders of different kinds keep their places in whatever order they are plugged in.

    Args:
        open_pad: Opens the pad of a device index, or gives the one that is open already.
        count: How many pads are attached now.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        open_pad: Callable[[int], Joystick] | None = None,
        count: Callable[[], int] = pygame.joystick.get_count,
        clock: Clock = time.monotonic,
    ) -> None:
        os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")  # a box has no window to focus
        pygame.joystick.init()
        self._open_pad = open_pad or pygame.joystick.Joystick
        self._count, self._clock = count, clock
        self._next_look_s = 0.0
        self._pads: dict[int, _Pad] = {}
        self._kind_of_slot: dict[int, str] = {}
        self._down: dict[str, int] = {}  # source -> instance
        self._settling: dict[int, int] = {}  # instance -> looks until what goes down is a finger's

    @property
    def names(self) -> tuple[str, ...]:
        """The pads that are there, by slot, for the staff."""
        found = sorted(self._pads.values(), key=lambda pad: pad.slot)
        return tuple(f"pad:{pad.slot} {pad.joystick.get_name()}" for pad in found)

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn a joystick event into inputs that go down and come up."""
        kind = window_event.type
        if kind == pygame.JOYDEVICEADDED:
            return self._added(window_event.device_index)
        if kind == pygame.JOYDEVICEREMOVED:
            return self._removed(window_event.instance_id)
        if kind == pygame.WINDOWFOCUSLOST:
            return self.release_all()
        pad = self._pads.get(getattr(window_event, "instance_id", -1))
        if pad is None:
            return ()
        if kind in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP):
            source = f"pad:{pad.slot}:button:{window_event.button}"
            return self._turned(window_event.instance_id, source, kind == pygame.JOYBUTTONDOWN)
        if kind == pygame.JOYAXISMOTION:
            return self._axis(window_event.instance_id, f"pad:{pad.slot}:axis:{window_event.axis}", window_event.value)
        if kind == pygame.JOYHATMOTION:
            return self._hat(window_event.instance_id, f"pad:{pad.slot}:hat:{window_event.hat}", window_event.value)
        return ()

    def look(self) -> tuple[Event, ...]:
        """Count the pads themselves, once in `LOOK_EVERY_S`: the event of one that came or went may have been lost.

        To be called once a turn, after the events of that turn.

        Returns:
            What was held on those that are gone comes up; what rests off its middle on new ones is stuck.
        """
        self._settling = {instance: looks - 1 for instance, looks in self._settling.items() if looks > 1}
        if self._clock() < self._next_look_s:
            return ()
        self._next_look_s = self._clock() + LOOK_EVERY_S
        attached = self._count()
        if attached == len(self._pads):
            return ()
        there: set[int] = set()
        events: list[Event] = []
        for index in range(attached):
            try:
                there.add(self._open_pad(index).get_instance_id())
            except pygame.error:  # pulled at this moment, or one that cannot be opened
                continue
            events += self._added(index)
        for instance in [one for one in self._pads if one not in there]:
            logger.warning("pad:%d is gone, and nobody said so", self._pads[instance].slot)
            events += self._removed(instance)
        return tuple(events)

    def release_all(self) -> tuple[Event, ...]:
        """Let go of everything on every pad."""
        released = tuple(InputReleased(source) for source in self._down)
        self._down.clear()
        return released

    def close(self) -> None:
        """Close every pad."""
        for pad in self._pads.values():
            pad.joystick.quit()
        self._pads.clear()
        pygame.joystick.quit()

    def _added(self, device_index: int) -> tuple[Event, ...]:
        try:
            joystick = self._open_pad(device_index)
        except pygame.error as error:  # pulled again already
            logger.info("a pad cannot be opened: %s", error)
            return ()
        instance = joystick.get_instance_id()
        if instance in self._pads:
            return ()
        slot = self._free_slot(joystick.get_guid())
        self._pads[instance] = _Pad(slot, joystick)
        self._kind_of_slot[slot] = joystick.get_guid()
        self._settling[instance] = LOOKS_TO_SETTLE
        logger.info("pad:%d is %s", slot, joystick.get_name())
        resting = []
        for axis in range(joystick.get_numaxes()):  # a gamepad's trigger rests at one end
            at = joystick.get_axis(axis)
            if abs(at) > DOWN_AT:
                source = f"pad:{slot}:axis:{axis}{'+' if at > 0 else '-'}"
                self._down[source] = instance
                resting.append(InputStuck(source))
        return tuple(resting)

    def _removed(self, instance: int) -> tuple[Event, ...]:
        pad = self._pads.pop(instance, None)
        if pad is None:
            return ()
        pad.joystick.quit()
        released = [source for source, holder in self._down.items() if holder == instance]
        for source in released:
            del self._down[source]
        return tuple(InputReleased(source) for source in released)

    def _free_slot(self, guid: str) -> int:
        taken = {pad.slot for pad in self._pads.values()}
        own = [slot for slot, kind in self._kind_of_slot.items() if kind == guid and slot not in taken]
        return min(own) if own else next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def _axis(self, instance: int, name: str, value: float) -> tuple[Event, ...]:
        events: tuple[Event, ...] = ()
        for sign, way in (("-", -value), ("+", value)):
            source = f"{name}{sign}"
            events += self._turned(instance, source, way > (UP_AT if source in self._down else DOWN_AT))
        return tuple(sorted(events, key=lambda event: isinstance(event, InputPressed)))  # let go first

    def _hat(self, instance: int, name: str, value: tuple[int, int]) -> tuple[Event, ...]:
        events: tuple[Event, ...] = ()
        for (direction, way), at in HATS.items():
            events += self._turned(instance, f"{name}:{way}", value[direction] == at)
        return tuple(sorted(events, key=lambda event: isinstance(event, InputPressed)))

    def _turned(self, instance: int, source: str, down: bool) -> tuple[Event, ...]:
        if down == (source in self._down):
            return ()
        if down:
            self._down[source] = instance
            return (InputStuck(source) if instance in self._settling else InputPressed(source),)
        del self._down[source]
        return (InputReleased(source),)
