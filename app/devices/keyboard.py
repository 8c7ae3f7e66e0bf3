"""Keys: every key of every keyboard and keypad, by its name, and buttons that the kernel shows as keys."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pygame

from app.base.buttons import Action, Button, OnScreen
from app.base.errors import ConfigInvalid
from app.config.input_map import InputMap
from app.core.events import ButtonPressed, ButtonReleased, Event, InputPressed, InputReleased

NAMES: dict[int, str] = {
    getattr(pygame, name): name.removeprefix("K_").lower()
    for name in sorted(dir(pygame), key=len)  # of two names for a key the longer one reads better: kp_1, not kp1
    if name.startswith("K_")
}
WAYS = {"key:up": -1, "key:down": 1}
DIGITS = {scancode: str(digit) for digit, scancode in enumerate(range(pygame.KSCAN_1, pygame.KSCAN_9 + 1), 1)}


class Keyboard:
    """Turns keys into inputs. Key repeat is ignored, and closing the window is the button that leaves.

    The digit row goes by position, all other keys by what is written on them: French keyboards have the digits
    on Shift, and German ones have Y and Z exchanged.

    Args:
        ahead: What stands above (-1) or below (1) the cursor on the screen, nearest first; None without a cursor.
    """

    def __init__(self, ahead: Callable[[int], Sequence[Hashable] | None] = lambda _way: None) -> None:
        self._ahead = ahead
        self._down: dict[int, str] = {}

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """A key that goes down presses its input, one that comes up releases it."""
        if window_event.type == pygame.KEYDOWN:
            if window_event.key in self._down:
                return ()
            source = self._down[window_event.key] = _source(window_event)
            return (InputPressed(source, self._where(source)),)
        if window_event.type == pygame.KEYUP and window_event.key in self._down:
            return (InputReleased(self._down.pop(window_event.key)),)
        if window_event.type == pygame.WINDOWFOCUSLOST:
            return self.release_all()
        if window_event.type == pygame.QUIT:
            return (ButtonPressed(Action.LEAVE), ButtonReleased(Action.LEAVE))
        return ()

    def _where(self, source: str) -> tuple[Button, ...] | None:
        there = self._ahead(WAYS[source]) if source in WAYS else None
        return None if there is None else tuple(one for one in there if isinstance(one, int | Action | OnScreen))

    def release_all(self) -> tuple[Event, ...]:
        """Let go of every key: a window without focus hears of no release."""
        released = tuple(InputReleased(source) for source in self._down.values())
        self._down.clear()
        return released


def check_keys(inputs: InputMap) -> None:
    """Refuse keys that no keyboard has.

    Raises:
        ConfigInvalid: Naming the first such key.
    """
    known = set(NAMES.values())
    for source in inputs.buttons:
        kind, _, name = source.partition(":")
        if kind == "key" and name not in known and not name.removeprefix("code_").isdecimal():
            raise ConfigInvalid(
                f"there is no key {name!r}. Keys are named as in key:space, key:kp_1, key:f2, key:left; "
                "the staff page shows the name of each that is pressed."
            )


def _source(window_event: Any) -> str:
    digit = DIGITS.get(getattr(window_event, "scancode", 0))
    return f"key:{digit or NAMES.get(window_event.key) or f'code_{window_event.key}'}"
