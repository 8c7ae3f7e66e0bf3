"""Observations are smoothed: bars, and how new a picture is, move within a moment and never jump."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.ports import Frame
from app.model.observation import MOST_NOVELTY, NOTHING_SEEN, Observation, smooth

pytestmark = pytest.mark.needs_runtime


def seen(number: int, at_s: float, novelty: float) -> Observation:
    frame = Frame(np.zeros((2, 2, 3), np.uint8), number, at_s)
    return Observation(frame, probabilities=np.array([0.5, 0.5], np.float32), threshold=0.5, novelty=novelty)


def test_how_new_a_picture_is_moves_smoothly_up_and_down() -> None:
    first = smooth(NOTHING_SEEN, seen(1, 0.0, 0.4))
    assert first.novelty == 0.4
    up = smooth(first, seen(2, 0.25, 1.4))
    assert up.novelty == pytest.approx(0.4 + (1 - np.exp(-1)), abs=1e-4)
    down = smooth(up, seen(3, 0.5, 0.0))
    assert down.novelty == pytest.approx(up.novelty * np.exp(-1), abs=1e-4)


def test_one_extremely_new_picture_does_not_outweigh_all_later_ones() -> None:
    extreme = smooth(smooth(NOTHING_SEEN, seen(1, 0.0, 0.0)), seen(2, 0.25, 1e9))
    assert extreme.novelty < MOST_NOVELTY
    assert smooth(NOTHING_SEEN, seen(1, 0.0, 1e9)).novelty == MOST_NOVELTY


def test_another_model_may_answer_about_the_same_frame_and_its_answer_counts_at_once() -> None:
    old, new = (replace(seen(1, 0.0, novelty), model_path=Path(name)) for name, novelty in (("old", 1.5), ("new", 0.1)))
    before = smooth(NOTHING_SEEN, old)
    assert smooth(before, replace(old, novelty=0.3)) is before
    assert smooth(before, new).novelty == pytest.approx(0.1)
