"""A kiosk that is used by touch alone: fingers on the screen, found where the buttons are drawn."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame
from gpiozero.pins.mock import MockFactory, MockPWMPin

from app.base.buttons import Action
from app.config.schema import Config, InputSettings, LampSettings
from app.devices.pointer import Pointer
from app.devices.window_input import WindowInput
from app.ui import screens
from tests.support.kiosks import Station
from tests.support.pins import Box

SIZE = (1280, 720)
STEP_PX = 12  # between the points of a button that are tried


class TouchScreen(Box):
    """Used like `Box`, but with fingers. It has neither pins nor lamps nor keys."""

    def __init__(self, station: Station, factory: Any) -> None:
        self._touches: list[Any] = []
        super().__init__(station, factory)

    def inputs(self) -> tuple[WindowInput, ...]:
        """Only the pointer."""
        return (Pointer(lambda at: screens.button_at(self.drawn[0], SIZE, at), lambda: SIZE),)

    def events(self) -> list[Any]:
        """The touches since the last tick."""
        touches, self._touches = self._touches, []
        return touches

    def press(self, button: Hashable) -> None:
        """Put a finger on a button of the screen."""
        x, y = self._place(button)
        self._touches.append(
            pygame.event.Event(pygame.FINGERDOWN, x=(x + 0.5) / SIZE[0], y=(y + 0.5) / SIZE[1], finger_id=button)
        )

    def release(self, button: Hashable) -> None:
        """Lift this finger, wherever the button is now."""
        self._touches.append(pygame.event.Event(pygame.FINGERUP, x=0.0, y=0.0, finger_id=button))

    def hold(self, button: Hashable, seconds: float) -> None:
        """Touch a button for some seconds."""
        self.press(button)
        self.wait(seconds)
        self.release(button)
        self.wait(0.1)

    def confirm_reset(self) -> None:
        """Answer the question of RESET."""
        self.hold(Action.CONFIRM, 0.1)

    def stands_out(self, button: Hashable) -> bool:
        """Whether a button is drawn as switched on, or as an answer that can be given."""
        view = self.drawn[0]
        if view.question is not None:
            return any(key.button == button and key.enabled for key in view.question.answers)
        return any(key.button == button and key.held for key in (*view.actions, *view.picture_keys))

    def suggested(self) -> list[Hashable]:
        """The buttons that the screen suggests."""
        self.wait(0.1)
        view = self.drawn[0]
        return [one.button for one in (*view.cards, *view.actions) if one.enabled and one.suggested]

    def _place(self, button: Hashable) -> tuple[int, int]:
        """A point of a button that no other button covers."""
        view = self.drawn[0]
        area = next((area for one, area in screens.targets(view, SIZE) if one == button), None)
        assert area is not None, f"{button} is not on the screen"
        for y in range(area.top, area.bottom, STEP_PX):
            for x in range(area.left, area.right, STEP_PX):
                if screens.button_at(view, SIZE, (x, y)) == button:
                    return x, y
        raise AssertionError(f"{button} is covered by other buttons")


@contextmanager
def touch_screen(folder: Path) -> Iterator[TouchScreen]:
    """A kiosk with its data in `folder`, used by touch only."""
    pygame.font.init()
    factory = MockFactory(pin_class=MockPWMPin)
    nothing = replace(
        Config(),
        inputs=InputSettings(**dict.fromkeys(vars(InputSettings()), ())),
        lamps=LampSettings(),
    )
    station = Station(folder, nothing)
    made = TouchScreen(station, factory)
    try:
        yield made
    finally:
        made.close()
