"""Keys of keyboards and keypads, by name, and buttons that the kernel presents as keys."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pygame

from app.base.buttons import Action, Button, OnScreen
from app.base.errors import ConfigInvalid
from app.base.ports import Clock
from app.config.input_map import InputMap
from app.core.events import Event, InputPressed, InputReleased, WindowClosed

NAMES: dict[int, str] = {
    getattr(pygame, name): name.removeprefix("K_").lower()
    for name in sorted(dir(pygame), key=len)  # a key with two names gets the longer one: kp_1, not kp1
    if name.startswith("K_")
}
ALT = (pygame.K_LALT, pygame.K_RALT)
ALT_F4_S = 1.0  # a window manager keeps F4 for itself: only Alt is seen, before the window is asked to close
CURSOR_STEPS = {"key:up": -1, "key:down": 1}
DIGITS = {scancode: str(digit) for digit, scancode in enumerate(range(pygame.KSCAN_1, pygame.KSCAN_9 + 1), 1)}


class Keyboard:
    """Turns keys into inputs, and what closes a window into WindowClosed. Ignores key repeat.

    Keys of the digit row are named by position, because French keyboards have the digits on Shift. All other keys are
    named by their label, because German keyboards have Y and Z exchanged.

    Args:
        ahead: Returns what is above (-1) or below (1) the cursor on the screen, nearest first; None without a cursor.
        has_frame: Whether the window has a frame with a button that closes it, as it has outside full screen.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        ahead: Callable[[int], Sequence[Hashable] | None] = lambda _step: None,
        has_frame: Callable[[], bool] = lambda: False,
        clock: Clock = time.monotonic,
    ) -> None:
        self._ahead = ahead
        self._has_frame = has_frame
        self._clock = clock
        self._alt_at_s = -math.inf
        self._down: dict[int, str] = {}

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty if it is not about keys."""
        if window_event.type in (pygame.KEYDOWN, pygame.KEYUP) and window_event.key in ALT:
            self._alt_at_s = self._clock()
        if window_event.type == pygame.KEYDOWN:
            if window_event.key in self._down:
                return ()
            if window_event.key == pygame.K_F4 and getattr(window_event, "mod", 0) & pygame.KMOD_ALT:
                return (WindowClosed(by_button=False),)
            source = self._down[window_event.key] = _source(window_event)
            return (InputPressed(source, self._ahead_of_cursor(source)),)
        if window_event.type == pygame.KEYUP and window_event.key in self._down:
            return (InputReleased(self._down.pop(window_event.key)),)
        if window_event.type == pygame.WINDOWFOCUSLOST:
            return self.release_all()
        if window_event.type == pygame.QUIT:
            by_keys = self._clock() - self._alt_at_s < ALT_F4_S
            return (WindowClosed(by_button=self._has_frame() and not by_keys),)
        return ()

    def release_all(self) -> tuple[Event, ...]:
        """Release every key: a window without focus receives no releases."""
        released = tuple(InputReleased(source) for source in self._down.values())
        self._down.clear()
        return released

    def _ahead_of_cursor(self, source: str) -> tuple[Button, ...] | None:
        ahead = self._ahead(CURSOR_STEPS[source]) if source in CURSOR_STEPS else None
        return None if ahead is None else tuple(one for one in ahead if isinstance(one, int | Action | OnScreen))


def check_keys(inputs: InputMap) -> None:
    """Check that every key in the settings exists.

    Raises:
        ConfigInvalid: Naming the first key that does not exist.
    """
    known = set(NAMES.values())
    for source in inputs.buttons:
        kind, _, name = source.partition(":")
        if kind == "key" and name not in known and not name.removeprefix("code_").isdecimal():
            raise ConfigInvalid(
                f"unknown key {name!r}. Keys have names such as key:space, key:kp_1, key:f2 and key:left; "
                "the staff page shows the name of every key that is pressed."
            )


def _source(window_event: Any) -> str:
    digit = DIGITS.get(getattr(window_event, "scancode", 0))
    return f"key:{digit or NAMES.get(window_event.key) or f'code_{window_event.key}'}"
