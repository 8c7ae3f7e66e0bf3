"""How often the screen is drawn and the camera is read: a kiosk idles for most of its life."""

from __future__ import annotations

import math

from app.core.state import KioskState, Mode

ACTIVE_HZ = 60
TRAINING_HZ = 30  # leaves the processor to the training
IDLE_HZ = 15  # a new picture, a new answer and a press are not waited for
ATTRACT_HZ = 10  # as many pictures as the demonstration has
IDLE_AFTER_S = 10.0
TICKS_SHARE, TICKS_SHARE_TRAINING = 0.65, 0.25  # of the time, at most, on a slow computer
LONGEST_TICK_S, LONGEST_TICK_TRAINING_S = 0.1, 0.5  # but one slow tick must not make the next one late
IDLE_CAMERA_HZ = 15.0  # every second picture of most cameras
TRAINING_CAMERA_HZ = 10.0
TICKS_OF_PICTURE = 2  # during a training on a slow computer: a picture costs as much as a tick
UNSEEN_CAMERA_HZ = 1.0  # nobody sees these pictures; they show that the camera works and is not covered


def screen_rate_hz(state: KioskState, worked_s: float = 0.0) -> float:
    """How many times per second the screen is drawn at most, and inputs are asked for.

    Args:
        state: The state of the kiosk.
        worked_s: How long the last tick took. On a slow computer ticks come less often, so that they leave the
            processor to the camera and the model, and most of it to a training.
    """
    trains = state.mode is Mode.TRAINING
    share, longest_s = (TICKS_SHARE_TRAINING, LONGEST_TICK_TRAINING_S) if trains else (TICKS_SHARE, LONGEST_TICK_S)
    return 1 / max(1 / _wanted_rate_hz(state), min(longest_s, worked_s / share))


def _wanted_rate_hz(state: KioskState) -> int:
    if state.mode is Mode.ATTRACT:
        return ATTRACT_HZ
    if state.mode is Mode.TRAINING:
        return TRAINING_HZ
    return IDLE_HZ if _idle(state) else ACTIVE_HZ


def camera_rate_hz(state: KioskState, worked_s: float = 0.0) -> float:
    """How many pictures per second are wanted of the camera at most; infinity for all of them.

    Args:
        state: The state of the kiosk.
        worked_s: As for `screen_rate_hz`: during a training on a slow computer, a picture is taken for every second
            tick.
    """
    if state.mode is Mode.ATTRACT:
        return UNSEEN_CAMERA_HZ
    if state.mode is Mode.TRAINING:
        return min(TRAINING_CAMERA_HZ, screen_rate_hz(state, worked_s) / TICKS_OF_PICTURE)
    return IDLE_CAMERA_HZ if _idle(state) else math.inf


def _idle(state: KioskState) -> bool:
    return state.held is None and state.now_s - state.last_input_s > IDLE_AFTER_S
