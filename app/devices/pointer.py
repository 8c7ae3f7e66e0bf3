"""Mouse and touch: they press the button that is drawn under them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pygame

from app.base.buttons import Action, Button, OnScreen
from app.core.events import ButtonPressed, ButtonReleased, Event, ScreenTouched


class Pointer:
    """Turns mouse and touch events into presses. A button is held until the release, wherever that happens.

    Args:
        button_at: Returns the button at a window position; None if there is none.
        size: Returns the size of the window; touch positions are fractions of it.
    """

    def __init__(
        self, button_at: Callable[[tuple[int, int]], Hashable | None], size: Callable[[], tuple[int, int]]
    ) -> None:
        self._button_at = button_at
        self._size = size
        self._down: dict[Hashable, Button] = {}

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty if it is not about mouse or touch."""
        kind = window_event.type
        if kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            if getattr(window_event, "touch", False) or window_event.button != 1:
                return ()  # SDL sends a mouse event for every touch, too; count only the touch
            if kind == pygame.MOUSEBUTTONDOWN:
                return self._pressed("mouse", window_event.pos)
            return self._released("mouse")
        if kind == pygame.FINGERDOWN:
            width, height = self._size()
            at = (int(window_event.x * width), int(window_event.y * height))
            return self._pressed(("finger", window_event.finger_id), at)
        if kind == pygame.FINGERUP:
            return self._released(("finger", window_event.finger_id))
        if kind == pygame.WINDOWFOCUSLOST:
            return self.release_all()
        return ()

    def release_all(self) -> tuple[Event, ...]:
        """Release every button that is held."""
        released = tuple(ButtonReleased(button) for button in self._down.values())
        self._down.clear()
        return released

    def _pressed(self, pointer: Hashable, at: tuple[int, int]) -> tuple[Event, ...]:
        button = self._button_at(at)
        if not isinstance(button, int | Action | OnScreen):
            return (ScreenTouched(),)
        self._down[pointer] = button
        return (ButtonPressed(button, touched=True),)

    def _released(self, pointer: Hashable) -> tuple[Event, ...]:
        button = self._down.pop(pointer, None)
        return () if button is None else (ButtonReleased(button),)
