"""The window returns all events, also after pygame raised an error for one of them."""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from app.base.picture import Picture
from app.ui import screens
from app.ui import window as window_module
from app.ui.window import EXPOSING_EVENTS, Window
from app.views.model import KioskView
from tests.support.views import main_views

JOYDEVICEREMOVED = 0x606  # SDL_events.h
EVENT_WORDS = 14  # an SDL_Event is 56 bytes
UNKNOWN_PAD = 7777


@pytest.fixture
def window() -> Iterator[Window]:
    opened = Window((320, 200), fullscreen=False, headless=True)
    pygame.event.clear()
    yield opened
    opened.close()


def test_the_removal_of_an_unknown_pad_loses_no_other_event(window: Window) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_1))
    _push_removal()
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=pygame.K_1))

    happened = window.events()

    assert [event.type for event in happened] == [pygame.KEYDOWN, pygame.KEYUP]
    assert window.events() == []


def test_a_window_on_a_screen_keeps_the_desktop_from_blanking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.quit()
    opened = Window((320, 200), fullscreen=False, headless=False)
    try:
        assert not pygame.display.get_allow_screensaver()
        opened.toggle_fullscreen()
        assert not pygame.display.get_allow_screensaver()
    finally:
        opened.close()


def test_events_are_returned_in_order_and_once(window: Window) -> None:
    for key in (pygame.K_1, pygame.K_2, pygame.K_3):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))

    assert [event.key for event in window.events()] == [pygame.K_1, pygame.K_2, pygame.K_3]
    assert window.events() == []


def test_a_press_ends_the_wait_for_the_next_tick_and_is_not_lost(window: Window) -> None:
    happened = [(pygame.MOUSEMOTION, {}), (pygame.KEYDOWN, {"key": pygame.K_1}), (pygame.KEYUP, {"key": pygame.K_1})]
    for kind, values in happened:
        pygame.event.post(pygame.event.Event(kind, **values))
    window.wait(1)
    started_s = time.monotonic()
    for kind, values in happened:
        pygame.event.post(pygame.event.Event(kind, **values))
    never_hz = 1 / 3600
    window.wait(never_hz)
    assert time.monotonic() - started_s < 600
    assert [event.type for event in window.events()] == [kind for kind, _ in happened] * 2


def test_what_happens_elsewhere_can_end_the_wait_too(window: Window) -> None:
    looks: list[None] = []
    window.wait(1 / 3600, early=lambda: looks.append(None) or len(looks) == 3)
    assert len(looks) == 3


def test_what_is_worth_asking_for_is_asked_at_once(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.ui.window.LOOK_S", 3600.0)
    wake = threading.Event()
    wake.set()
    window.wait(1 / 36000, early=lambda: True, wake=wake)
    assert not wake.is_set()


def test_without_a_press_ticks_come_at_the_asked_rate(window: Window) -> None:
    window.wait(1000)
    started_s = time.monotonic()
    for _ in range(5):
        pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION))
        window.wait(50)
    assert time.monotonic() - started_s >= 5 / 50 * 0.98
    assert len(window.events()) == 5


def test_another_camera_picture_alone_is_not_a_reason_to_draw_everything(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[KioskView] = []

    def draw(surface: pygame.Surface, view: KioskView, *rest: Any) -> None:
        whole.append(view)
        screens_draw(surface, view, *rest)

    screens_draw = screens.draw
    monkeypatch.setattr(screens, "draw", draw)
    monkeypatch.setattr(window_module, "WHOLE_EVERY_S", math.inf)
    view = replace(main_views(3)["teach"], flash=None)  # no picture flies into its card
    for number in range(5):
        window.draw(replace(view, picture=Picture(("other", number), np.full((48, 64, 3), 40 * number, np.uint8))))
    assert len(whole) == 1
    window.draw(replace(view, guidance="Something else."))
    assert len(whole) == 2


@pytest.mark.parametrize("event", EXPOSING_EVENTS)
def test_a_picture_that_the_screen_may_have_lost_is_drawn_again(
    window: Window, event: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_module, "WHOLE_EVERY_S", math.inf)
    view = main_views(3)["teach"]
    window.draw(view)
    lose_picture()
    window.draw(view)
    assert is_lost()
    pygame.event.post(pygame.event.Event(event))
    window.events()
    window.draw(view)
    assert not is_lost()


def test_without_an_event_it_is_drawn_again_after_a_while(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that was hidden may come back without its picture, and nothing says so."""
    monkeypatch.setattr(window_module, "WHOLE_EVERY_S", 0.0)
    view = main_views(3)["teach"]
    window.draw(view)
    lose_picture()
    window.draw(view)
    assert not is_lost()


def lose_picture() -> None:
    pygame.display.get_surface().fill("black")


def is_lost() -> bool:
    return bool((pygame.surfarray.array3d(pygame.display.get_surface()) == 0).all())


def _push_removal() -> None:
    """Send the removal of a pad that pygame does not know."""
    loaded = (line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines())
    sdl = ctypes.CDLL(next(path for path in loaded if Path(path).name.startswith("libSDL2-2")))
    event = (ctypes.c_uint32 * EVENT_WORDS)(JOYDEVICEREMOVED, 0, UNKNOWN_PAD)
    assert sdl.SDL_PushEvent(ctypes.byref(event)) == 1
