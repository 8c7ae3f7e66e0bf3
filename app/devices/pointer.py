"""Mouse and touch: they press what is drawn where they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pygame

from app.base.buttons import Action, Button, OnScreen
from app.core.events import ButtonPressed, ButtonReleased, Event, ScreenTouched


class Pointer:
    """Mouse and touch. A button is held from the press on it to the release, wherever that is.

    Args:
        button_at: Which button a window position is on.
        size: The window's, for touch positions, which come as shares of it.
    """

    def __init__(
        self, button_at: Callable[[tuple[int, int]], Hashable | None], size: Callable[[], tuple[int, int]]
    ) -> None:
        self._button_at = button_at
        self._size = size
        self._down: dict[Hashable, Button] = {}

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn a press or release of mouse or finger into a button's."""
        kind = window_event.type
        if kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            if getattr(window_event, "touch", False) or window_event.button != 1:
                return ()  # SDL makes a mouse event of every touch as well: it counts once
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
        """Lift every finger."""
        released = tuple(ButtonReleased(button) for button in self._down.values())
        self._down.clear()
        return released

    def _pressed(self, pointer: Hashable, at: tuple[int, int]) -> tuple[Event, ...]:
        button = self._button_at(at)
        if not isinstance(button, int | Action | OnScreen):
            return (ScreenTouched(),)
        self._down[pointer] = button
        return (ButtonPressed(button),)

    def _released(self, pointer: Hashable) -> tuple[Event, ...]:
        button = self._down.pop(pointer, None)
        return () if button is None else (ButtonReleased(button),)
