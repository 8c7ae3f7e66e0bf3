"""A live camera that repeats one picture is frozen; a test picture that never changed is not."""

from __future__ import annotations

import numpy as np

from app.devices.freezing import FreezeWatch

RNG = np.random.default_rng(7)


def noisy() -> np.ndarray:
    return RNG.integers(90, 110, (48, 64, 3)).astype(np.uint8)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def frozen_after_s(watch: FreezeWatch, clock: Clock, picture: np.ndarray, rate_hz: float = 30.0) -> float | None:
    since_s = clock.now_s
    while clock.now_s < since_s + 10.0:
        if watch.sees_frozen(picture):
            return clock.now_s - since_s
        clock.now_s += 1 / rate_hz
    return None


def test_the_noise_of_a_still_scene_is_life() -> None:
    clock = Clock()
    watch = FreezeWatch(clock)
    for _ in range(300):
        clock.now_s += 1 / 30
        assert not watch.sees_frozen(noisy())


def test_a_repeated_picture_is_found_within_three_seconds() -> None:
    for rate_hz in (30.0, 5.0):
        clock = Clock()
        found_s = frozen_after_s(FreezeWatch(clock), clock, noisy(), rate_hz)
        assert found_s is not None
        assert 2.0 < found_s < 3.0


def test_a_picture_that_never_changed_may_be_a_test_picture_and_one_that_did_may_not() -> None:
    clock, still = Clock(), noisy()
    watch = FreezeWatch(clock, may_be_still=True)
    assert frozen_after_s(watch, clock, still) is None
    assert not watch.changes
    watch.sees_frozen(noisy())
    assert watch.changes
    found_s = frozen_after_s(watch, clock, noisy())
    assert found_s is not None
    assert found_s < 3.0


def test_a_picture_that_changes_again_is_well_again() -> None:
    clock = Clock()
    watch = FreezeWatch(clock)
    assert frozen_after_s(watch, clock, noisy()) is not None
    assert not watch.sees_frozen(noisy())
