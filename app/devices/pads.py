"""Arcade encoders, joysticks and gamepads, which people plug in and pull out while the kiosk runs."""

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
TURNS_TO_SETTLE = 2  # SDL reports what is held on a new pad one turn after it was opened
DOWN_AT, UP_AT = 0.6, 0.4  # of an axis' range; between the two nothing changes, so that a stick may tremble
HATS = {(0, "left"): -1, (0, "right"): 1, (1, "down"): -1, (1, "up"): 1}


class Joystick(Protocol):
    """The methods of `pygame.joystick.Joystick` that are used here."""

    def get_instance_id(self) -> int:
        """A number that is unique while the program runs."""

    def get_guid(self) -> str:
        """The model of the pad; two pads of one model have the same."""

    def get_name(self) -> str:
        """The name of the model."""

    def get_numaxes(self) -> int:
        """The number of axes."""

    def get_axis(self, axis: int, /) -> float:
        """The position of an axis, -1..1."""

    def quit(self) -> None:
        """Close it."""


def plugged_pads() -> tuple[str, ...]:
    """The names of the pads that are plugged in now."""
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
    """Turns the events of pads into inputs: buttons, both ends of every axis, and the four directions of every hat.

    A pad is named by its slot; `pad:0` is the first. A pad that is plugged in again gets the last slot of its model, so
    that two encoders of different models keep their slots in any order of plugging in.

    Args:
        open_pad: Opens the pad with a device index, or returns it if it is open already.
        count: Returns how many pads are attached now.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        open_pad: Callable[[int], Joystick] | None = None,
        count: Callable[[], int] = pygame.joystick.get_count,
        clock: Clock = time.monotonic,
    ) -> None:
        os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")  # a box of buttons has no focus
        pygame.joystick.init()
        self._open_pad = open_pad or pygame.joystick.Joystick
        self._count, self._clock = count, clock
        self._next_look_s = 0.0
        self._pads: dict[int, _Pad] = {}
        self._kind_of_slot: dict[int, str] = {}
        self._down: dict[str, int] = {}  # instance id by source
        self._settling: dict[int, int] = {}  # turns until a press on a new pad counts, by instance id

    @property
    def names(self) -> tuple[str, ...]:
        """The attached pads, by slot: slot and name."""
        found = sorted(self._pads.values(), key=lambda pad: pad.slot)
        return tuple(f"pad:{pad.slot} {pad.joystick.get_name()}" for pad in found)

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty if it is not about pads."""
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
            return self._changed(window_event.instance_id, source, kind == pygame.JOYBUTTONDOWN)
        if kind == pygame.JOYAXISMOTION:
            return self._axis(window_event.instance_id, f"pad:{pad.slot}:axis:{window_event.axis}", window_event.value)
        if kind == pygame.JOYHATMOTION:
            return self._hat(window_event.instance_id, f"pad:{pad.slot}:hat:{window_event.hat}", window_event.value)
        return ()

    def look(self) -> tuple[Event, ...]:
        """Find pads whose plugging in or removal was not reported; they are counted every `LOOK_EVERY_S`.

        Call it once a turn, after the events of that turn.

        Returns:
            Releases of what was held on pads that are gone; stuck inputs of axes that rest off their middle on new
            pads.
        """
        self._settling = {instance: turns - 1 for instance, turns in self._settling.items() if turns > 1}
        if self._clock() < self._next_look_s:
            return ()
        self._next_look_s = self._clock() + LOOK_EVERY_S
        attached = self._count()
        if attached == len(self._pads):
            return ()
        present: set[int] = set()
        events: list[Event] = []
        for index in range(attached):
            try:
                present.add(self._open_pad(index).get_instance_id())
            except pygame.error:  # pulled meanwhile, or not allowed
                continue
            events += self._added(index)
        for instance in [one for one in self._pads if one not in present]:
            logger.warning("pad:%d is gone, but its removal was not reported", self._pads[instance].slot)
            events += self._removed(instance)
        return tuple(events)

    def release_all(self) -> tuple[Event, ...]:
        """Release everything that is held on any pad."""
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
        except pygame.error as error:  # pulled again meanwhile
            logger.info("cannot open a pad: %s", error)
            return ()
        instance = joystick.get_instance_id()
        if instance in self._pads:
            return ()
        slot = self._free_slot(joystick.get_guid())
        self._pads[instance] = _Pad(slot, joystick)
        self._kind_of_slot[slot] = joystick.get_guid()
        self._settling[instance] = TURNS_TO_SETTLE
        logger.info("pad:%d is %s", slot, joystick.get_name())
        resting = []
        for axis in range(joystick.get_numaxes()):  # a gamepad's trigger rests at one end
            position = joystick.get_axis(axis)
            if abs(position) > DOWN_AT:
                source = f"pad:{slot}:axis:{axis}{'+' if position > 0 else '-'}"
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
        for sign, deflection in (("-", -value), ("+", value)):
            source = f"{name}{sign}"
            events += self._changed(instance, source, deflection > (UP_AT if source in self._down else DOWN_AT))
        return tuple(sorted(events, key=lambda event: isinstance(event, InputPressed)))  # releases first

    def _hat(self, instance: int, name: str, value: tuple[int, int]) -> tuple[Event, ...]:
        events: tuple[Event, ...] = ()
        for (axis, direction), position in HATS.items():
            events += self._changed(instance, f"{name}:{direction}", value[axis] == position)
        return tuple(sorted(events, key=lambda event: isinstance(event, InputPressed)))

    def _changed(self, instance: int, source: str, down: bool) -> tuple[Event, ...]:
        if down == (source in self._down):
            return ()
        if down:
            self._down[source] = instance
            return (InputStuck(source) if instance in self._settling else InputPressed(source),)
        del self._down[source]
        return (InputReleased(source),)
