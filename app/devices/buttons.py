"""Buttons that arrive as window events: keyboard, mouse, touch."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pygame

from app.events import Action, Button, ButtonPressed, ButtonReleased, Event, OnScreen

ACTION_KEYS = {
    pygame.K_t: Action.TRAIN,
    pygame.K_RETURN: Action.TRAIN,
    pygame.K_KP_ENTER: Action.TRAIN,
    pygame.K_z: Action.UNDO,
    pygame.K_s: Action.SAVE,
    pygame.K_r: Action.RESET,
    pygame.K_y: Action.CONFIRM,
    pygame.K_n: Action.CANCEL,
    pygame.K_F11: Action.FULLSCREEN,
    pygame.K_ESCAPE: Action.LEAVE,
}
KEYPAD = (
    pygame.K_KP1, pygame.K_KP2, pygame.K_KP3, pygame.K_KP4, pygame.K_KP5,
    pygame.K_KP6, pygame.K_KP7, pygame.K_KP8, pygame.K_KP9,
)  # fmt: skip


class Keyboard:
    """Keys 1–9 (and those of the keypad) are class buttons, letters the actions. Key repeat is ignored."""

    def __init__(self, num_classes: int) -> None:
        self._keys: dict[int, Button] = dict(ACTION_KEYS)
        for index in range(num_classes):
            self._keys[pygame.K_1 + index] = self._keys[KEYPAD[index]] = index
        self._down: dict[int, Button] = {}

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """A key that goes down presses its button, one that comes up releases it."""
        if window_event.type == pygame.KEYDOWN:
            button = self._keys.get(window_event.key)
            if button is None or window_event.key in self._down:
                return ()
            self._down[window_event.key] = button
            return (ButtonPressed(button),)
        if window_event.type == pygame.KEYUP and window_event.key in self._down:
            return (ButtonReleased(self._down.pop(window_event.key)),)
        if window_event.type == pygame.WINDOWFOCUSLOST:
            return self.release_all()
        if window_event.type == pygame.QUIT:
            return (ButtonPressed(Action.LEAVE), ButtonReleased(Action.LEAVE))
        return ()

    def release_all(self) -> tuple[Event, ...]:
        """Let go of every key: a window without focus hears of no release."""
        released = tuple(ButtonReleased(button) for button in self._down.values())
        self._down.clear()
        return released


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
            return ()
        self._down[pointer] = button
        return (ButtonPressed(button),)

    def _released(self, pointer: Hashable) -> tuple[Event, ...]:
        button = self._down.pop(pointer, None)
        return () if button is None else (ButtonReleased(button),)
