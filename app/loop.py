"""The frame loop on the main thread: handle inputs, advance the kiosk, draw the screen, wait for the next frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.base.buttons import Button
from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import Clock, Frame
from app.base.process_age import process_age_s
from app.base.workers import Mailbox
from app.core.events import CameraFound, CameraLost, Event, TargetsShown, at_time
from app.core.modes.recovery import is_calm
from app.core.modes.scanning import scans
from app.core.pace import screen_rate_hz
from app.devices.window_input import WindowInput
from app.kiosk import Kiosk
from app.model.observation import NOTHING_SEEN, Observation, smooth
from app.views.calm import calm
from app.views.model import KioskView, Places
from app.views.present import Surroundings, present
from tpu.tensors import centre_square

logger = logging.getLogger(__name__)

NO_FRAME_S = 2.5  # a camera that is silent for so long is lost, also while its worker waits for it
PAUSED_S = 1.0  # if a tick comes so late, the whole process stood still, and the camera with it
RATE_WEIGHT = 0.1  # of the newest observation in the moving average of the rate


class Window(Protocol):
    """Draws views and collects window events."""

    def draw(self, view: KioskView) -> None:
        """Draw one view and show it."""

    def events(self) -> list[Any]:
        """Return the window events since the last call."""


class TextInput(Protocol):
    """Text typed on a real keyboard while the on-screen keyboard is open."""

    def takes(self, window_event: Any) -> bool:
        """Whether this event is typing, so that it must not press a button."""

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn the event into the text or the edit."""


class Loop:
    """Runs the kiosk until it is asked to end.

    Args:
        kiosk: Owns the state.
        window: Shows the views.
        inputs: Devices that turn window events into button presses.
        frames: From the camera worker.
        observations: From the vision worker.
        surroundings: What the screen shows in addition to the state.
        clock: Monotonic seconds.
        wait_for_tick: Waits until the next frame is due; takes the frames per second.
        poll_devices: Called once per tick for devices that must be asked.
        on_shown: Receives each view after it was drawn.
        text_input: Takes window events while the on-screen keyboard is open.
        groups: Returns what can be pressed on a view, for the highlight of the one switch.
        speaking: Returns whether the screen is being read aloud; the highlight waits for that.

    Attributes:
        view: The view that was drawn last.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        window: Window,
        inputs: Sequence[WindowInput],
        *,
        frames: Mailbox[Frame],
        observations: Mailbox[Observation],
        surroundings: Surroundings,
        clock: Clock,
        wait_for_tick: Callable[[float], object],
        poll_devices: Callable[[], None] = lambda: None,
        on_shown: Callable[[KioskView], None] = lambda _view: None,
        text_input: TextInput | None = None,
        groups: Callable[[KioskView], tuple[tuple[Button, ...], ...]] = lambda _view: (),
        speaking: Callable[[], bool] = lambda: False,
    ) -> None:
        self._kiosk = kiosk
        self._window = window
        self._inputs = tuple(inputs)
        self._frames = frames
        self._observations = observations
        self._surroundings = surroundings
        self._clock = clock
        self._wait_for_tick = wait_for_tick
        self._poll_devices = poll_devices
        self._on_shown = on_shown
        self._text_input = text_input
        self._groups = groups
        self._speaking = speaking
        self._smoothed = NOTHING_SEEN
        self._rate_hz = 0.0
        self._progress: float | None = None
        self._ticked_s = self._frame_at_s = clock()
        self._frame_arrived = False
        self._silent_camera: str | None = None
        self._picture_shown = False
        self._places = Places()
        self.view: KioskView = self._present()

    def run(self) -> None:
        """Tick until the kiosk stops running."""
        while self._kiosk.running:
            self.tick()
            self.wait()

    def wait(self) -> None:
        """Wait for the next tick, as long as the state of the kiosk allows."""
        self._wait_for_tick(screen_rate_hz(self._kiosk.state, self._kiosk.worked_s))

    def tick(self) -> None:
        """Handle inputs, advance the kiosk, and draw.

        Presses are handled before new frames are taken: a sample is the picture that was on the screen when its button
        was pressed.
        """
        started_s = self._clock()
        with self._kiosk.guard("at a window event"):
            self._translate_window_events()
        with self._kiosk.guard("at a device"):
            self._poll_devices()
        self._kiosk.tick()
        with self._kiosk.guard("at the screen"):
            self._take_results_of_workers()
            self._watch_camera()
            self.view = self._present()
            self._window.draw(self.view)
            self._on_shown(self.view)
            if not self._picture_shown and self.view.picture is not None:
                self._picture_shown = True
                logger.info("the first picture is shown %.2f s after the start of the process", process_age_s())
            if scans(self._kiosk.state):
                self._kiosk.handle(TargetsShown(self._groups(self.view), self._speaking()))
        self._kiosk.worked_s = self._clock() - started_s

    def _watch_camera(self) -> None:
        """Say that the camera is lost while its worker waits for it, and found when it goes on."""
        now_s, name = self._clock(), self._kiosk.state.camera
        if now_s - self._ticked_s > PAUSED_S:
            self._frame_at_s = now_s
        self._ticked_s = now_s
        if self._frame_arrived:
            if self._silent_camera is not None and name is None:
                self._kiosk.events.put(CameraFound(self._silent_camera))
            self._silent_camera = None
        elif name is not None and now_s - self._frame_at_s > NO_FRAME_S:
            self._silent_camera = name
            silent = CameraUnavailable(name, message("it delivers no pictures."), CameraCause.SILENT)
            self._kiosk.events.put(CameraLost(silent.message, silent.faults))
            self._frame_at_s = now_s  # say it once

    def _translate_window_events(self) -> None:
        for window_event in self._window.events():
            if self._is_typing(window_event):
                continue
            for device in self._inputs:
                for event in device.translate(window_event):
                    self._kiosk.events.put(at_time(event, self._clock()))

    def _is_typing(self, window_event: Any) -> bool:
        """Handle a window event that is typing for the on-screen keyboard; False if it is none.

        Events are handled at once, not queued, because each one may close that keyboard: then the next key is a button
        again.
        """
        text_input = self._text_input
        if text_input is None or not self._keyboard_is_open():
            return False
        self._kiosk.handle_waiting_events()
        if not self._keyboard_is_open() or not text_input.takes(window_event):
            return False
        for event in text_input.translate(window_event):
            self._kiosk.handle(event)
        return True

    def _keyboard_is_open(self) -> bool:
        return self._kiosk.state.typing is not None and not scans(self._kiosk.state)

    def _take_results_of_workers(self) -> None:
        frame = self._frames.take()
        self._frame_arrived = frame is not None
        if frame is not None:
            self._kiosk.shown = frame
            self._frame_at_s = self._clock()
        observation = self._observations.take()
        if observation is not None:
            self._measure_rate(observation)
            self._kiosk.observation = observation
        self._smoothed = smooth(self._smoothed, self._kiosk.observation)
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
        if is_calm(self._kiosk.state):
            return calm(self._kiosk.state)
        frame, config = self._kiosk.shown, self._kiosk.state.config
        view = present(
            self._kiosk.state,
            frame,
            self._smoothed,
            replace(
                self._surroundings,
                frames_per_second=self._rate_hz,
                progress=self._progress,
                places=self._places,
                model_square=None if frame is None else _square(frame, 1 / config.camera.zoom),
                mirror=config.camera.mirror,
            ),
        )
        self._places = view.places
        return view


def _square(frame: Frame, share: float) -> tuple[int, int, int]:
    """Return left, top and side in pixels of the square that the model sees."""
    height, width = frame.image.shape[:2]
    top, left, side = centre_square(height, width, share)
    return left, top, side
