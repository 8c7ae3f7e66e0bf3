"""The demonstration camera: what it shows, and its cable."""

from __future__ import annotations

import numpy as np
import pytest

from app.base.errors import CameraUnavailable
from app.demo.camera import CHANGE_EVERY_S, DemonstrationCamera

pytestmark = pytest.mark.needs_runtime


def test_the_camera_shows_the_thing_on_the_table_in_different_views() -> None:
    camera = DemonstrationCamera(sleep=lambda _s: None, clock=lambda: 0.0)
    camera.show("apple")
    apple = camera.read().astype(int)
    camera.show(None)
    assert np.abs(apple - camera.read()).mean() > 3
    camera.show("apple")
    camera.new_view()
    assert np.abs(apple - camera.read()).mean() > 3


def test_the_same_seed_renders_the_same_picture() -> None:
    one, other = (DemonstrationCamera(seed=4, sleep=lambda _s: None, clock=lambda: 0.0).read() for _ in range(2))
    assert np.array_equal(one, other)


def test_an_unplugged_camera_fails_until_it_is_plugged_in_again() -> None:
    camera = DemonstrationCamera(sleep=lambda _s: None)
    camera.unplug()
    with pytest.raises(CameraUnavailable) as caught:
        camera.read()
    assert str(caught.value) == "camera demonstration: it was unplugged. Plug it in again."
    camera.plug_in()
    assert camera.read().shape == (480, 640, 3)


def test_a_skipped_picture_takes_its_time_and_fails_like_one_that_is_read() -> None:
    now_s = [0.0]
    camera = DemonstrationCamera(clock=lambda: now_s[0], sleep=lambda seconds: now_s.append(now_s.pop() + seconds))
    for _ in range(31):
        camera.skip()
    assert now_s[0] == pytest.approx(1.0)
    camera.unplug()
    with pytest.raises(CameraUnavailable):
        camera.skip()


def test_the_thing_stays_while_a_button_is_held_and_changes_afterwards() -> None:
    now_s, held = [0.0], [False]
    camera = DemonstrationCamera(sleep=lambda _s: None, clock=lambda: now_s[0])
    camera.stay_while(lambda: held[0])

    def after(seconds: float) -> str | None:
        for _ in range(round(seconds * 10)):
            now_s[0] += 0.1
            camera.read()
        return camera.shown

    assert after(CHANGE_EVERY_S - 0.5) == camera.kinds[0]
    held[0] = True
    assert after(3 * CHANGE_EVERY_S) == camera.kinds[0]
    held[0] = False
    assert after(0.3) == camera.kinds[0]
    assert after(0.5) == camera.kinds[1]
    assert after(CHANGE_EVERY_S) == camera.kinds[2]
