"""How often the screen is drawn and the camera is read."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from app.core.pace import camera_rate_hz, screen_rate_hz
from app.core.state import Held, KioskState, Mode
from tests.support.states import kiosk


def after(seconds: float, mode: Mode = Mode.TEACH) -> KioskState:
    return replace(kiosk(3, 3), mode=mode, last_input_s=100.0, now_s=100.0 + seconds)


@pytest.mark.parametrize(
    ("state", "screen_hz", "camera_hz"),
    [
        (after(1), 60, math.inf),
        (after(11), 15, 15),
        (after(11, Mode.LIVE), 15, 15),
        (after(1, Mode.TRAINING), 30, 10),
        (after(1, Mode.ATTRACT), 10, 1),
        (after(500, Mode.ATTRACT), 10, 1),
    ],
)
def test_the_less_happens_the_less_is_drawn_and_read(state: KioskState, screen_hz: int, camera_hz: float) -> None:
    assert (screen_rate_hz(state), camera_rate_hz(state)) == (pytest.approx(screen_hz), camera_hz)


def test_a_button_that_is_held_for_long_takes_its_samples_at_full_speed() -> None:
    holding = replace(after(20), held=Held(0, 130.0))
    assert (screen_rate_hz(holding), camera_rate_hz(holding)) == (pytest.approx(60), math.inf)


@pytest.mark.parametrize(
    ("mode", "worked_s", "rate_hz"),
    [
        (Mode.TEACH, 0.005, 60),
        (Mode.TEACH, 0.026, 25),
        (Mode.TRAINING, 0.004, 30),
        (Mode.TRAINING, 0.025, 10),
        (Mode.TRAINING, 0.1, 2.5),
        (Mode.TRAINING, 5.0, 2),
    ],
)
def test_a_slow_computer_draws_less_often_so_that_the_model_gets_its_time(
    mode: Mode, worked_s: float, rate_hz: float
) -> None:
    assert screen_rate_hz(after(1, mode), worked_s) == pytest.approx(rate_hz)


def test_a_slow_computer_takes_a_picture_for_every_second_tick_while_it_trains() -> None:
    assert camera_rate_hz(after(1, Mode.TRAINING), 0.0125) == pytest.approx(10)
    assert camera_rate_hz(after(1, Mode.TRAINING), 5.0) == pytest.approx(1)
    assert camera_rate_hz(after(1), 5.0) == math.inf
