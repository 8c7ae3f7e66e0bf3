"""What the workers of the kiosk are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.base.ports import Frame
from app.config.schema import CameraSettings, Config
from app.core.state import KioskState
from app.worker_threads import Mailboxes, camera_wanted
from tests.support.states import kiosk

pytestmark = pytest.mark.needs_runtime


def with_camera(since_s: float = 0.0, **settings: Any) -> KioskState:
    return replace(kiosk(), config=replace(Config(), camera=CameraSettings(**settings)), attract_since_s=since_s)


@pytest.mark.parametrize("change", [{"source": "0"}, {"width_px": 1280}, {"rate_hz": 15}, {"autofocus": "off"}])
def test_the_camera_is_opened_again_for_other_settings_of_its_own(change: dict[str, Any]) -> None:
    assert camera_wanted(with_camera(**change)) != camera_wanted(with_camera())


@pytest.mark.parametrize("change", [{"rotation": 90}, {"zoom": 2.0}, {"mirror": False}])
def test_the_camera_stays_open_for_what_is_done_with_its_picture(change: dict[str, Any]) -> None:
    assert camera_wanted(with_camera(**change)) == camera_wanted(with_camera())


def test_only_a_camera_with_fixed_light_is_opened_again_when_nobody_is_there_any_more() -> None:
    assert camera_wanted(with_camera(5.0)) == camera_wanted(with_camera(9.0))
    assert camera_wanted(with_camera(5.0, fixed_light=True)) != camera_wanted(with_camera(9.0, fixed_light=True))


def test_a_new_model_gets_the_newest_frame_once_more_unless_a_newer_one_waits() -> None:
    mailboxes = Mailboxes()
    mailboxes.deliver_again()
    assert mailboxes.frames_for_vision.take() is None
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), number, 0.0) for number in range(2)]
    mailboxes.deliver(frames[0])
    assert mailboxes.frames_for_vision.take() is frames[0]
    mailboxes.deliver_again()
    assert mailboxes.frames_for_vision.take() is frames[0]
    for frame in frames:
        mailboxes.deliver(frame)
    mailboxes.deliver_again()
    assert mailboxes.frames_for_vision.take() is frames[1]
