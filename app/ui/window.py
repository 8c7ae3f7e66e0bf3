"""The window: owns the display, draws views, hands out window events."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygame

from app.ui import screens
from app.ui.painting.motion import Animator, Moving, still
from app.ui.painting.theme import load_theme
from app.views.model import KioskView

logger = logging.getLogger(__name__)

CAPTION = "Teachable Kiosk"
DRAWS_NOWHERE = ("dummy", "offscreen")  # what SDL falls back to without a screen
UNCOVERED = (pygame.VIDEORESIZE, pygame.VIDEOEXPOSE, pygame.WINDOWEXPOSED)  # what was drawn is gone
MOST_EVENTS = 1000  # at once, so that a pad gone wild cannot hold the picture; the rest waits
WINDOW_CLASS = "teachable-kiosk"  # what window managers and scripts know it by


class Window:
    """A window, the whole screen, or memory alone.

    Raises:
        pygame.error: If no display can be opened.
    """

    def __init__(self, size: tuple[int, int], *, fullscreen: bool, headless: bool) -> None:
        chosen_by_hand = "SDL_VIDEODRIVER" in os.environ
        with _environment({"SDL_VIDEODRIVER": "dummy"} if headless else {}):
            pygame.display.init()
        if not headless and not chosen_by_hand and pygame.display.get_driver() in DRAWS_NOWHERE:
            raise pygame.error("there is no screen")
        pygame.font.init()
        pygame.display.set_caption(CAPTION)
        self._windowed_size = size
        self._fullscreen = fullscreen
        self._animator = Animator()
        self._shown: tuple[KioskView, Moving] | None = None
        self._surface = self._open()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._surface.get_size()

    def draw(self, view: KioskView) -> None:
        """Draw and show a view; one that looks like the last is left as it stands."""
        now = (still(view), self._animator.step(view))
        if now == self._shown:
            return
        self._shown = now
        screens.draw(self._surface, view, load_theme(self.size, view.palette), now[1])
        pygame.display.flip()

    def events(self) -> list[pygame.event.Event]:
        """The window events since the last call."""
        happened = list(_waiting())
        if any(event.type == pygame.VIDEORESIZE for event in happened):
            self._surface = pygame.display.get_surface() or self._surface
        if any(event.type in UNCOVERED for event in happened):
            self._shown = None
        return happened

    def toggle_fullscreen(self) -> None:
        """From a window to the whole screen, or back."""
        self._fullscreen = not self._fullscreen
        self._surface = self._open()

    def screenshot(self, path: Path) -> None:
        """Write what is shown as a PNG."""
        pygame.image.save(self._surface, str(path))

    def close(self) -> None:
        """Close the display."""
        pygame.display.quit()

    def _open(self) -> pygame.Surface:
        pygame.mouse.set_visible(not self._fullscreen)
        pygame.display.set_allow_screensaver(False)  # desktops ask SDL for it, Wayland's compositors as X11's servers
        self._shown = None
        with _environment({"SDL_VIDEO_X11_WMCLASS": WINDOW_CLASS}):
            if self._fullscreen:
                return pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            return pygame.display.set_mode(self._windowed_size, pygame.RESIZABLE)


def _waiting() -> Iterator[pygame.event.Event]:
    """What waits in the queue, one at a time.

    pygame fails on the removal of a pad that it no longer knows; `pygame.event.get` would lose all the rest with it.
    """
    for _ in range(MOST_EVENTS):
        try:
            event = pygame.event.poll()
        except SystemError as error:
            logger.warning("a window event was left out: %r", error.__cause__ or error)
            continue
        if event.type == pygame.NOEVENT:
            return
        yield event


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """SDL reads these when it starts; no process started later shall inherit them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
