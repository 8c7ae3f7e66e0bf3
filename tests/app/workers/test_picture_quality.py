"""Black and tiny pictures are said within three seconds, and no longer once they are good again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.base.errors import CameraUnavailable
from app.base.ports import DEMONSTRATION, Frame, ImageArray
from app.base.workers import StopSignal
from app.core import events as ev
from app.core.state import Mode
from app.views.guidance import guidance
from app.workers.camera import watch_camera
from app.workers.picture_quality import DARK, PictureQuality
from tests.support.states import kiosk, run

RNG = np.random.default_rng(3)
SIZE = (240, 320, 3)


def covered() -> ImageArray:
    return RNG.integers(0, 14, SIZE).astype(np.uint8)


def scene() -> ImageArray:
    return RNG.integers(0, 200, SIZE).astype(np.uint8)


def dark_scene() -> ImageArray:
    """An evening: nearly everything is black, a lamp is not."""
    image = covered()
    image[40:120, 40:160] = 230
    return image


def tiny() -> ImageArray:
    return scene()[:24, :32]


def said(quality: PictureQuality, image: ImageArray, since_s: float, seconds: float = 3.0) -> list[str]:
    steps = [quality.problem(image, since_s + step / 10) for step in range(round(seconds * 10))]
    return list(dict.fromkeys(str(one) for one in steps if one is not None))


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (covered(), ["The picture is black. Is something in front of the camera?"]),
        (tiny(), ["The camera's picture is very small: 32 × 24."]),
        (scene(), []),
        (dark_scene(), []),
        (np.full(SIZE, 40, np.uint8), []),
    ],
)
def test_what_is_wrong_is_said_within_three_seconds(image: ImageArray, problem: list[str]) -> None:
    assert said(PictureQuality(), image, 10.0) == problem


def test_a_hand_that_passes_is_not_mentioned_and_a_good_picture_ends_it_at_once() -> None:
    quality = PictureQuality()
    assert said(quality, covered(), 0.0, seconds=1.0) == []
    assert quality.problem(scene(), 1.1) is None
    assert said(quality, covered(), 2.0) == [str(DARK)]
    assert quality.problem(scene(), 6.0) is None


def test_pictures_that_become_much_smaller_are_said_until_they_are_as_large_as_before() -> None:
    quality = PictureQuality()
    assert said(quality, scene(), 0.0) == []
    assert said(quality, scene()[:160, :200], 3.0) == []  # some cameras change their size a little
    assert said(quality, scene()[:110, :150], 6.0) == ["The camera's picture is very small: 150 × 110."]
    assert said(quality, scene(), 9.0) == []


def test_pictures_in_a_folder_may_have_any_size() -> None:
    quality = PictureQuality(one_size=False)
    assert said(quality, scene(), 0.0) + said(quality, scene()[:110, :150], 3.0) == []
    assert said(quality, tiny(), 6.0) == ["The camera's picture is very small: 32 × 24."]


class Pictures:
    """A camera that delivers given pictures, then is gone."""

    def __init__(self, name: str, pictures: list[ImageArray], stop: StopSignal) -> None:
        self.name, self._left, self._stop = name, pictures, stop

    def read(self) -> ImageArray:
        if not self._left:
            self._stop.set()
            raise CameraUnavailable(self.name, "it is gone.")
        return self._left.pop(0).copy()

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("name", "judged"), [("webcam", [DARK, None]), (DEMONSTRATION, [])])
def test_the_camera_worker_says_it_and_that_it_is_over(name: str, judged: list[object]) -> None:
    stop, announced, frames = StopSignal(), [], []
    pictures = [*[covered() for _ in range(30)], scene()]
    now_s = iter(np.arange(0.0, 100.0, 0.1))

    def deliver(frame: Frame) -> None:
        frames.append(frame)

    watch_camera(
        lambda: Pictures(name, pictures, stop), deliver, announced.append, stop=stop, clock=lambda: float(next(now_s))
    )
    assert [one.problem for one in announced if isinstance(one, ev.PicturesJudged)] == judged
    assert len(frames) == 31


def test_the_screen_asks_what_is_in_front_of_the_camera_until_it_is_gone() -> None:
    state, _ = run(kiosk(3, 3), ev.PicturesJudged(DARK))
    assert str(guidance(state, None)) == "The picture is black. Is something in front of the camera?"
    assert state.mode is Mode.TEACH
    again, _ = run(state, ev.PicturesJudged(None))
    assert again == replace(state, picture_problem=None)
    assert run(state, ev.CameraLost("gone"))[0].picture_problem is None
