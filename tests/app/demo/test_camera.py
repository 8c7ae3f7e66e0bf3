"""The demonstration camera: what it shows, and its cable."""

from __future__ import annotations

import numpy as np
import pytest

from app.base.errors import CameraUnavailable
from app.demo.camera import DemonstrationCamera

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
