"""The frame loop: presses are handled before new frames, and typing goes to the on-screen keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from app.base.ports import Frame
from app.base.workers import Mailbox
from app.core.events import SamplesRemoved, TrainingFinished, VisionFailed
from app.core.pages import StaffState, TypingPurpose, TypingState
from app.core.state import Mode
from app.devices.keyboard import Keyboard
from app.devices.text_input import TextInput
from app.kiosk import Kiosk
from app.loop import Loop
from app.model.observation import Observation
from app.views.model import KioskView
from app.views.model import Screen as Screens
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


def test_escape_and_yes_end_the_loop(station: Station) -> None:
    screen = Screen()
    loop = Loop(
        station.kiosk, screen, [Keyboard()], frames=Mailbox(), observations=Mailbox(),
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
    )  # fmt: skip
    screen.typed = [pygame.event.Event(pygame.KEYDOWN, key=key) for key in (pygame.K_ESCAPE, pygame.K_y)]
    loop.run()
    assert not station.kiosk.running


def loop_of(station: Station, screen: Screen, frames: Mailbox[Frame]) -> Loop:
    return Loop(
        station.kiosk, screen, [Keyboard()], frames=frames, observations=Mailbox(),
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
    )  # fmt: skip


def tick_for(loop: Loop, station: Station, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        station.now_s += 0.1
        loop.tick()


def test_a_camera_whose_worker_waits_for_it_is_lost_within_three_seconds_and_found_with_its_next_picture(
    station: Station,
) -> None:
    frames: Mailbox[Frame] = Mailbox()
    screen = Screen()
    loop = loop_of(station, screen, frames)
    frames.put(frame(1))
    tick_for(loop, station, 2.4)
    assert station.kiosk.state.camera == "table"
    tick_for(loop, station, 0.4)
    assert (station.kiosk.state.camera, screen.drawn[-1].screen) == (None, Screens.FAULT)
    assert str(station.kiosk.state.camera_problem) == "camera table: it delivers no pictures."
    frames.put(frame(2))
    tick_for(loop, station, 0.2)
    assert (station.kiosk.state.camera, screen.drawn[-1].screen) == ("table", Screens.TEACH)


def test_a_process_that_stood_still_does_not_blame_the_camera(station: Station) -> None:
    frames: Mailbox[Frame] = Mailbox()
    loop = loop_of(station, Screen(), frames)
    frames.put(frame(1))
    tick_for(loop, station, 1.0)
    station.now_s += 3600.0  # suspended
    tick_for(loop, station, 2.0)
    assert station.kiosk.state.camera == "table"


def test_the_screen_is_drawn_less_often_while_nobody_does_anything(station: Station) -> None:
    rates: list[float] = []
    station.kiosk.state = replace(station.kiosk.state, last_input_s=station.now_s)

    def wait_for_tick(rate_hz: float) -> None:
        rates.append(rate_hz)
        station.now_s += 0.5
        station.kiosk.running = len(rates) < 30

    Loop(
        station.kiosk, Screen(), [], frames=Mailbox(), observations=Mailbox(),
        surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=wait_for_tick,
    ).run()  # fmt: skip
    assert (rates[0], rates[-1]) == (pytest.approx(60), pytest.approx(15))


class Broken(Screen):
    """A screen that cannot draw some views."""

    def __init__(self, broken: set[Screens]) -> None:
        super().__init__()
        self.broken = broken

    def draw(self, view: KioskView) -> None:
        if view.screen in self.broken:
            raise ZeroDivisionError("a ring of zero pixels")
        super().draw(view)


@pytest.fixture
def guarded(station: Station) -> Station:
    station.kiosk = Kiosk(station.tools, station.services, catch_errors=True)
    return station


def test_a_page_that_cannot_be_drawn_becomes_a_calm_screen_and_the_session_stays(
    guarded: Station, caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    screen = Broken({Screens.GALLERY})
    loop = loop_of(guarded, screen, Mailbox())
    guarded.kiosk.state = replace(guarded.kiosk.state, mode=Mode.GALLERY)
    began_s = guarded.now_s
    tick_for(loop, guarded, 0.2)
    assert (screen.drawn[-1].screen, screen.drawn[-1].fault) == (
        Screens.FAULT,
        (
            "One moment, please",
            "Something went wrong inside. What you taught is safe, and the kiosk goes on by itself.",
        ),
    )
    screen.typed = [pygame.event.Event(pygame.KEYDOWN, key=pygame.K_1)]
    tick_for(loop, guarded, 0.2)
    assert guarded.kiosk.state.held is None  # nobody saw what was pressed
    while screen.drawn[-1].screen is Screens.FAULT and guarded.now_s < began_s + 60:
        tick_for(loop, guarded, 0.1)
    assert (screen.drawn[-1].screen, guarded.kiosk.state.mode) == (Screens.TEACH, Mode.TEACH)
    assert "an error in the main loop, at the screen" in caplog.text
    assert "ZeroDivisionError: a ring of zero pixels" in caplog.text
    record_property("recovery_s", round(guarded.now_s - began_s, 1))


def test_the_third_defect_within_a_minute_ends_the_process_so_that_it_is_started_again(guarded: Station) -> None:
    screen = Broken({Screens.TEACH})
    loop = loop_of(guarded, screen, Mailbox())
    with pytest.raises(ZeroDivisionError, match="a ring of zero pixels"):
        tick_for(loop, guarded, 60.0)
    assert {view.screen for view in screen.drawn} == {Screens.FAULT}
    assert guarded.now_s < 100.0 + 15.0


def test_an_event_that_nothing_can_handle_does_not_lose_the_events_after_it(guarded: Station) -> None:
    screen = Screen()
    loop = loop_of(guarded, screen, Mailbox())
    guarded.kiosk.events.put(SamplesRemoved(99, (1,), None))  # of a class that does not exist
    guarded.kiosk.events.put(VisionFailed("still handled"))
    tick_for(loop, guarded, 0.1)
    assert str(guarded.kiosk.state.notice.text) == "still handled"
    assert screen.drawn[-1].fault is not None


def test_the_end_of_a_training_that_nothing_can_handle_does_not_keep_the_screen_waiting(guarded: Station) -> None:
    guarded.kiosk.state = replace(guarded.kiosk.state, mode=Mode.TRAINING)
    guarded.kiosk.events.put(TrainingFinished(Path("m.tflite"), None, {}))  # type: ignore[arg-type]
    tick_for(loop_of(guarded, Screen(), Mailbox()), guarded, 0.3)
    assert guarded.kiosk.state.mode is Mode.TEACH
    text = "Something went wrong inside. Nothing is lost: please try again."
    assert str(guarded.kiosk.state.notice.text) == text
