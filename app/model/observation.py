"""An observation is a frame and what the model said of it; smoothing eases answers from one to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.ports import Frame

SMOOTHING_S = 0.25  # time constant of the bars: calm, yet within a blink of the truth
MOST_NOVELTY = 2.0  # of what is eased: a hand that flashed by shall not linger
STALE_AFTER_S = 2.0  # an answer older than this says nothing about the picture on the screen


@dataclass(frozen=True, eq=False)
class Observation:
    """A frame and what the model said of it.

    Attributes:
        embedding: float32 (D,) while no model answers, else None.
        device: Where the answer was made: "cpu", "usb:N" or "pci:N".
        probabilities: float32 (number of kiosk classes,), 0 for classes that the model was not taught;
            None while no model answers.
        threshold: The answering model's own: below this top probability it is "not sure".
        model_path: The file that answered.
        novelty: How unlike everything taught it is; above 1 the answer is "not sure".
    """

    frame: Frame
    embedding: NDArray[np.float32] | None = None
    device: str = "cpu"
    probabilities: NDArray[np.float32] | None = None
    threshold: float = 0.0
    model_path: Path | None = None
    novelty: float = 0.0


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Probabilities eased over time.

    Attributes:
        probabilities: float32 (number of classes,), or None while no model answers.
        threshold: The answering model's.
        sequence: The frame they are up to date with.
        captured_at_s: When that frame was taken.
        novelty: Eased likewise; above 1 the answer is "not sure".
    """

    probabilities: NDArray[np.float32] | None = None
    threshold: float = 0.0
    sequence: int = -1
    captured_at_s: float = -math.inf
    novelty: float = 0.0


NOTHING_SEEN = Smoothed()


def smooth(before: Smoothed, observation: Observation | None) -> Smoothed:
    """Ease towards a new observation; the same one twice changes nothing."""
    if observation is None or observation.frame.sequence == before.sequence:
        return before
    frame, seen = observation.frame, observation.probabilities
    if seen is None:
        return Smoothed(sequence=frame.sequence, captured_at_s=frame.captured_at_s)
    if (
        before.probabilities is None
        or before.probabilities.shape != seen.shape  # another session's classes
        or frame.captured_at_s - before.captured_at_s > STALE_AFTER_S
    ):
        eased, novelty = seen, observation.novelty
    else:
        weight = 1 - math.exp(-(frame.captured_at_s - before.captured_at_s) / SMOOTHING_S)
        eased = (before.probabilities + np.float32(weight) * (seen - before.probabilities)).astype(np.float32)
        novelty = before.novelty + weight * (min(observation.novelty, MOST_NOVELTY) - before.novelty)
    return Smoothed(eased, observation.threshold, frame.sequence, frame.captured_at_s, min(novelty, MOST_NOVELTY))
