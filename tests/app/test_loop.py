"""The frame loop: presses are handled before new frames, and typing goes to the on-screen keyboard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pygame
import pytest

from app.base.ports import Frame
from app.base.workers import Mailbox
from app.core.pages import StaffState, TypingPurpose, TypingState
from app.core.state import Mode
from app.devices.keyboard import Keyboard
from app.devices.text_input import TextInput
from app.loop import Loop
from app.model.observation import Observation
from app.views.model import KioskView
from app.views.present import Surroundings
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


class Screen:
    """Records the views that were drawn, and plays key presses."""

    def __init__(self) -> None:
        self.drawn: list[KioskView] = []
        self.typed: list[Any] = []

    def draw(self, view: KioskView) -> None:
        self.drawn.append(view)

    def events(self) -> list[Any]:
        typed, self.typed = self.typed, []
        return typed


def frame(number: int) -> Frame:
    image = np.full((48, 64, 3), number, np.uint8)
    image.flags.writeable = False
    return Frame(image, number, float(number))


def test_a_press_takes_the_frame_that_was_drawn_before_it(station: Station) -> None:
    frames: Mailbox[Frame] = Mailbox()
    observations: Mailbox[Observation] = Mailbox()
    screen = Screen()
    loop = Loop(
        station.kiosk, screen, [Keyboard()], frames=frames, observations=observations,
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
    )  # fmt: skip
    frames.put(frame(1))
    loop.tick()
    frames.put(frame(2))  # arrives in the same tick as the press, so it was not on the screen
    screen.typed = [pygame.event.Event(pygame.KEYDOWN, key=pygame.K_1)]
    loop.tick()
    assert [view.picture.key[1] for view in screen.drawn] == [1, 2]
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(frame(1).image))


def test_while_the_on_screen_keyboard_is_open_keys_are_letters_not_buttons(station: Station) -> None:
    screen = Screen()
    loop = Loop(
        station.kiosk, screen, [Keyboard()], frames=Mailbox(), observations=Mailbox(),
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
        text_input=TextInput(),
    )  # fmt: skip
    loop.tick()
    naming = TypingState(TypingPurpose.CLASS_NAME, 0, "apple")
    station.kiosk.state = replace(station.kiosk.state, mode=Mode.STAFF, staff=StaffState(inside=True), typing=naming)
    screen.typed = [
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE),
        pygame.event.Event(pygame.KEYUP, key=pygame.K_ESCAPE),
    ]
    loop.tick()
    assert (station.kiosk.state.typing, station.kiosk.running) == (None, True)
    station.kiosk.state = replace(station.kiosk.state, typing=naming)
    screen.typed = [
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_s),
        pygame.event.Event(pygame.TEXTINPUT, text="s"),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_z),  # the on-screen keyboard is closed by now
    ]
    loop.tick()
    assert station.kiosk.state.labels[0] == "apples"
    assert station.kiosk.state.inputs.pressed == ("key:z",)


def test_escape_ends_the_loop(station: Station) -> None:
    screen = Screen()
    loop = Loop(
        station.kiosk, screen, [Keyboard()], frames=Mailbox(), observations=Mailbox(),
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
    )  # fmt: skip
    screen.typed = [pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE)]
    loop.run()
    assert not station.kiosk.running
