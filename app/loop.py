"""The frame loop: pump, advance, present, draw, flip, tick. Everything else happens on workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.base.ports import Clock, Frame
from app.base.workers import Mailbox
from app.core.events import Event, at_time
from app.devices.window_input import WindowInput
from app.kiosk import Kiosk
from app.model.observation import NOTHING_SEEN, Observation, smooth
from app.views.model import KioskView
from app.views.present import Surroundings, present
from tpu.tensors import centre_square

FRAMES_PER_SECOND = 60
RATE_WEIGHT = 0.1


class Window(Protocol):
    """Where views are drawn and window events come from."""

    def draw(self, view: KioskView) -> None:
        """Draw and show one view."""

    def events(self) -> list[Any]:
        """The window events since the last call."""


class TextInput(Protocol):
    """Text typed on a real keyboard while the on-screen keyboard is open."""

    def takes(self, window_event: Any) -> bool:
        """Whether this event is typing, so that it must not press a button."""

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn the event into the text or the edit."""


class Loop:
    """Runs the kiosk until somebody leaves.

    Attributes:
        view: What was drawn last; a pointer asks it which button it is on.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        window: Window,
        buttons: Sequence[WindowInput],
        *,
        frames: Mailbox[Frame],
        observations: Mailbox[Observation],
        surroundings: Surroundings,
        clock: Clock,
        wait_for_tick: Callable[[int], object],
        each_tick: Callable[[], None] = lambda: None,
        shown: Callable[[KioskView], None] = lambda _view: None,
        text_input: TextInput | None = None,
    ) -> None:
        self._kiosk = kiosk
        self._window = window
        self._buttons = tuple(buttons)
        self._frames = frames
        self._observations = observations
        self._surroundings = surroundings
        self._clock = clock
        self._wait_for_tick = wait_for_tick
        self._each_tick = each_tick
        self._shown = shown
        self._text_input = text_input
        self._seen = NOTHING_SEEN
        self._rate_hz = 0.0
        self._progress: float | None = None
        self.view: KioskView = self._present()

    def run(self) -> None:
        """Tick until the kiosk stops running."""
        while self._kiosk.running:
            self.tick()
            self._wait_for_tick(FRAMES_PER_SECOND)

    def tick(self) -> None:
        """One turn: what happened, what follows, what is seen.

        Presses come before new frames: a sample is the picture that its visitor was looking at.
        """
        self._pump()
        self._each_tick()
        self._kiosk.tick()
        self._look()
        self.view = self._present()
        self._window.draw(self.view)
        self._shown(self.view)

    def _pump(self) -> None:
        for window_event in self._window.events():
            text_input = self._text_input
            if text_input is not None and self._kiosk.state.typing is not None:
                self._kiosk.handle_waiting_events()  # an earlier press may have closed that keyboard
            if text_input is not None and self._kiosk.state.typing is not None and text_input.takes(window_event):
                for event in text_input.translate(window_event):
                    self._kiosk.handle(event)  # at once: the next event may be of the keyboard that this one closes
                continue
            for device in self._buttons:
                for event in device.translate(window_event):
                    self._kiosk.events.put(at_time(event, self._clock()))

    def _look(self) -> None:
        frame = self._frames.take()
        if frame is not None:
            self._kiosk.shown = frame
        observation = self._observations.take()
        if observation is not None:
            self._measure_rate(observation)
            self._kiosk.observation = observation
        self._seen = smooth(self._seen, self._kiosk.observation)
        progress = self._kiosk.progress.take()
        self._progress = self._progress if progress is None else progress

    def _measure_rate(self, observation: Observation) -> None:
        before = self._kiosk.observation
        if before is None:
            return
        passed_s = observation.frame.captured_at_s - before.frame.captured_at_s
        if passed_s > 0:
            self._rate_hz += RATE_WEIGHT * (1 / passed_s - self._rate_hz)

    def _present(self) -> KioskView:
        frame, config = self._kiosk.shown, self._kiosk.state.config
        return present(
            self._kiosk.state,
            frame,
            self._seen,
            replace(
                self._surroundings,
                frames_per_second=self._rate_hz,
                progress=self._progress,
                model_square=None if frame is None else _square(frame, 1 / config.camera.zoom),
                mirror=config.camera.mirror,
            ),
        )


def _square(frame: Frame, share: float) -> tuple[int, int, int]:
    height, width = frame.image.shape[:2]
    top, left, side = centre_square(height, width, share)
    return left, top, side
