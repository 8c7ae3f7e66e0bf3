"""The window: it owns the display, draws views and collects window events."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pygame

from app.ui import screens
from app.ui.changes import draw_changes
from app.ui.foreground import Foreground, front_of
from app.ui.painting.motion import Animator, Moving
from app.ui.painting.theme import load_theme
from app.ui.painting.visible import still
from app.views.model import KioskView, Screen

logger = logging.getLogger(__name__)

DisplayError = pygame.error
CAPTION = "Teachable Kiosk"
INVISIBLE_DRIVERS = ("dummy", "offscreen")  # SDL falls back to these without a screen
EXPOSING_EVENTS = (  # the drawn picture is lost, wholly or in parts
    pygame.VIDEORESIZE,
    pygame.VIDEOEXPOSE,
    pygame.WINDOWEXPOSED,
    pygame.WINDOWSHOWN,
    pygame.WINDOWRESTORED,
    pygame.WINDOWSIZECHANGED,
    pygame.WINDOWFOCUSGAINED,
)
WHOLE_EVERY_S = 2.0  # so often all is drawn, because a screen may lose it without an event: a window that comes back
# So often `wait` looks for presses; pygame's own waiting does every millisecond, and takes 2% of a core. It looks four
# times a tick or more, so a press waits 4 ms at most while the screen is drawn at full speed because somebody is there.
LOOK_S, LOOKS_OF_TICK = 0.025, 4
MOST_EVENTS = 1000  # at once, so that a faulty pad cannot freeze the screen; the others wait
PRESSES = (
    pygame.KEYDOWN,
    pygame.KEYUP,
    pygame.MOUSEBUTTONDOWN,
    pygame.MOUSEBUTTONUP,
    pygame.FINGERDOWN,
    pygame.FINGERUP,
    pygame.JOYBUTTONDOWN,
    pygame.JOYBUTTONUP,
    pygame.JOYHATMOTION,
)  # these end `wait`; a stick that trembles does not
WINDOW_CLASS = "teachable-kiosk"  # the name for window managers and scripts


class Window:
    """A window, the whole screen, or only a surface in memory.

    Args:
        size: Width and height of the window in pixels.
        fullscreen: Fill the screen.
        headless: Draw into memory.
        locked_in: Visitors cannot leave: the full screen takes all keys, and comes back to the front by itself.

    Raises:
        pygame.error: If no display can be opened.
    """

    def __init__(self, size: tuple[int, int], *, fullscreen: bool, headless: bool, locked_in: bool = False) -> None:
        driver_chosen = "SDL_VIDEODRIVER" in os.environ
        with _environment({"SDL_VIDEODRIVER": "dummy"} if headless else {}):
            pygame.display.init()
        if not headless and not driver_chosen and pygame.display.get_driver() in INVISIBLE_DRIVERS:
            raise pygame.error("there is no screen")
        pygame.font.init()
        pygame.display.set_caption(CAPTION)
        self._windowed_size = size
        self._fullscreen = fullscreen
        self._locked_in = locked_in and fullscreen and not headless
        self._foreground: Foreground | None = None
        self._animator = Animator()
        self._shown: tuple[KioskView, Moving] | None = None
        self._whole_s = 0.0
        self._early: list[pygame.event.Event] = []  # arrived while `wait` waited
        self._ticked_s = time.monotonic()
        self._surface = self._open()
        self._watch_front()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._surface.get_size()

    @property
    def fullscreen(self) -> bool:
        """Whether the window fills the screen."""
        return self._fullscreen

    @property
    def behind_s(self) -> float:
        """For how long the window has not been in front although it should be; 0 if it is."""
        return self._foreground.behind_s if self._foreground is not None else 0.0

    def draw(self, view: KioskView) -> None:
        """Draw and show a view: the parts that have changed, and at times all of it."""
        width, height = self.size
        now = (still(view), self._animator.step(view, portrait=height > width))
        if (time.monotonic() >= self._whole_s and view.screen is not Screen.TRAINING) or self.behind_s:
            self._shown = None  # a training needs the processor
        before, self._shown = self._shown, now
        if now == before:
            return
        theme = load_theme(self.size, view.palette)
        areas = draw_changes(self._surface, before, now, theme) if before is not None else None
        if areas is not None:
            pygame.display.update(areas)
            return
        screens.draw(self._surface, view, theme, now[1])
        pygame.display.flip()
        self._whole_s = time.monotonic() + WHOLE_EVERY_S

    def events(self) -> list[pygame.event.Event]:
        """The window events since the last call."""
        if self._foreground is not None:
            self._foreground.step()
        early, self._early = self._early, []
        happened = [*early, *_queued()]
        if any(event.type == pygame.VIDEORESIZE for event in happened):
            self._surface = pygame.display.get_surface() or self._surface
        if any(event.type in EXPOSING_EVENTS for event in happened):
            self._shown = None
        return happened

    def wait(
        self, rate_hz: float, *, early: Callable[[], bool] = lambda: False, wake: threading.Event | None = None
    ) -> None:
        """Wait until the next tick is due, or until somebody presses something.

        Args:
            rate_hz: Ticks per second, counted from the end of the last wait.
            early: Whether something else happened that should not wait, such as a new picture, or a button on a pin.
            wake: Set when it is worth asking `early` at once; it is cleared here.
        """
        wake, look_s = wake or threading.Event(), min(LOOK_S, 1 / rate_hz / LOOKS_OF_TICK)
        due_s, pressed = self._ticked_s + 1 / rate_hz, False
        while (left_s := due_s - time.monotonic()) > 0 and not pressed:
            if wake.wait(min(left_s, look_s)):
                wake.clear()
            arrived = list(_queued())
            self._early += arrived
            pressed = any(event.type in PRESSES for event in arrived) or early()
        self._ticked_s = time.monotonic()

    def toggle_fullscreen(self) -> None:
        """Change from a window to the whole screen, or back."""
        self._fullscreen = not self._fullscreen
        self._surface = self._open()

    def screenshot(self, path: Path) -> None:
        """Save what is shown as a PNG file."""
        pygame.image.save(self._surface, str(path))

    def close(self) -> None:
        """Close the display."""
        pygame.display.quit()

    def _watch_front(self) -> None:
        if not self._locked_in:
            return
        driver = pygame.display.get_driver()
        try:
            front = front_of(driver)
        except (OSError, KeyError) as error:
            logger.warning("it cannot be watched whether the window is in front: %s", error)
            return
        if self._foreground is None:
            self._foreground = Foreground(front, self._reopen, time.monotonic)
        else:
            self._foreground.watch(front)

    def _reopen(self) -> None:
        """Replace the window by a new one."""
        pygame.display.quit()
        pygame.display.init()
        pygame.display.set_caption(CAPTION)
        self._surface = self._open()
        self._watch_front()

    def _open(self) -> pygame.Surface:
        pygame.mouse.set_visible(not self._fullscreen)
        pygame.display.set_allow_screensaver(False)  # for desktops, under Wayland and X11
        self._shown = None
        os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")  # SDL reads it when a dialog takes the keyboard
        wanted = {"SDL_VIDEO_X11_WMCLASS": WINDOW_CLASS}
        if pygame.display.get_driver() == "x11":  # other drivers have no way to show pixels but OpenGL
            wanted["SDL_FRAMEBUFFER_ACCELERATION"] = os.environ.get("SDL_FRAMEBUFFER_ACCELERATION", "0")
        with _environment(wanted):
            if self._fullscreen:
                surface = pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
                if self._locked_in:  # keys of the window manager, such as Alt+Tab, come to the kiosk alone
                    pygame.event.set_keyboard_grab(True)
                return surface
            return pygame.display.set_mode(self._windowed_size, pygame.RESIZABLE)


def _queued() -> Iterator[pygame.event.Event]:
    """Take the queued events one by one.

    pygame raises at the removal of a pad that it does not know any more; `pygame.event.get` would then lose all events.
    """
    for _ in range(MOST_EVENTS):
        try:
            event = pygame.event.poll()
        except SystemError as error:
            logger.warning("skipped a window event: %r", error.__cause__ or error)
            continue
        if event.type == pygame.NOEVENT:
            return
        yield event


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables that SDL reads when it starts, and restore them so that child processes do not inherit them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
