"""Keep the window in front: notice when another window covers it or takes the keyboard, and bring it back.

A kiosk that visitors cannot leave needs this on a desktop, where a dialog, a notification or a key of the window
manager may come between. Under cage and on the console (KMSDRM) there is no other window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import pygame

from app.ui.x11 import X11Window

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
REOPEN_AFTER_S = 6.0  # without success; a new window appears in front where an old one may not come


class Front(Protocol):
    """What can be asked of a window on one kind of screen. No call waits for the window manager."""

    def is_in_front(self) -> bool:
        """Whether the window is visible and has the keyboard."""

    def bring(self) -> None:
        """Ask for the window to be brought to the front."""

    def close(self) -> None:
        """Release what was opened."""


class Foreground:
    """Brings a window back to the front.

    Args:
        front: The window on its screen.
        reopen: Replaces the window by a new one.
        clock: Monotonic seconds.
    """

    def __init__(self, front: Front, reopen: Callable[[], None], clock: Callable[[], float]) -> None:
        self._front = front
        self._reopen = reopen
        self._clock = clock
        self._next_look_s = clock()
        self._behind_since_s: float | None = None
        self._next_reopen_s = 0.0

    def watch(self, front: Front) -> None:
        """Go on with another window."""
        self._front.close()
        self._front = front

    @property
    def behind_s(self) -> float:
        """For how long the window has not been in front; 0 if it is."""
        return 0.0 if self._behind_since_s is None else self._clock() - self._behind_since_s

    def step(self) -> None:
        """Look whether the window is in front, and act if it is not; call it once per tick."""
        now_s = self._clock()
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + LOOK_EVERY_S
        if self._front.is_in_front():
            if self._behind_since_s is not None:
                logger.warning("the window is in front again after %.1f s", now_s - self._behind_since_s)
            self._behind_since_s = None
        elif self._behind_since_s is None:
            self._behind_since_s = now_s
            self._next_reopen_s = now_s + REOPEN_AFTER_S
            logger.warning("the window is not in front: bringing it back")
            self._front.bring()
        elif now_s >= self._next_reopen_s:
            self._next_reopen_s = now_s + REOPEN_AFTER_S
            logger.warning("the window does not come to the front: opening it again")
            self._reopen()
        else:
            self._front.bring()


class AlwaysInFront:
    """A screen without other windows: KMSDRM."""

    def is_in_front(self) -> bool:
        """True."""
        return True

    def bring(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class WaylandWindow:
    """A window under Wayland, where a client learns only whether it is minimised and whether it has the keyboard.

    Without the keyboard it asks to be activated, but does not count as behind: a kiosk with touch has no keyboard.
    """

    def is_in_front(self) -> bool:
        """Whether the window is not minimised."""
        if not pygame.key.get_focused():
            self.bring()
        return pygame.display.get_active()

    def bring(self) -> None:
        """Ask the compositor to activate the window (xdg-activation); it may refuse."""
        from pygame._sdl2.video import Window  # only this module of pygame can do it

        Window.from_display_module().focus()

    def close(self) -> None:
        """Do nothing."""


def front_of(driver: str) -> Front:
    """Return the front of pygame's window on a video driver of SDL.

    Raises:
        OSError: If the X server cannot be reached.
    """
    if driver == "x11":
        return X11Window(pygame.display.get_wm_info()["window"])
    return WaylandWindow() if driver == "wayland" else AlwaysInFront()
