"""What the workers of the kiosk are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.config.schema import CameraSettings, Config
from app.core.state import KioskState
from app.worker_threads import camera_wanted
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
