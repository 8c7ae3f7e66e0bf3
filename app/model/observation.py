"""An observation is a frame with the answer of the model; answers are smoothed over time for the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.explanation import Explanation, Way
from app.base.ports import Frame

SMOOTHING_S = 0.25  # time constant of the bars: calm, but still fast
MOST_NOVELTY = 2.0  # limit before smoothing, so that a hand that passed by has no long effect
STALE_AFTER_S = 2.0  # an answer older than this says nothing about the picture on the screen


@dataclass(frozen=True, eq=False)
class Observation:
    """A frame and the answer of the model.

    Attributes:
        embedding: float32 (D,) if there is no model, else None.
        device: The device that computed the answer: "cpu", "usb:N" or "pci:N".
        probabilities: float32 (number of kiosk classes,), 0 for classes that are not in the model; None if there is no
            model.
        threshold: Of the model: below this top probability the answer is "not sure".
        model_path: The model file.
        novelty: How different the frame is from everything taught; above 1 the answer is "not sure".
        why: The explanation of the answer, if it was asked for; its rows are those of `probabilities`.
    """

    frame: Frame
    embedding: NDArray[np.float32] | None = None
    device: str = "cpu"
    probabilities: NDArray[np.float32] | None = None
    threshold: float = 0.0
    model_path: Path | None = None
    novelty: float = 0.0
    why: Explanation | None = None


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Probabilities smoothed over time.

    Attributes:
        probabilities: float32 (number of classes,), or None if there is no model.
        threshold: Of the model.
        sequence: Of the newest frame that is included.
        captured_at_s: Of the same frame.
        novelty: Smoothed, too; above 1 the answer is "not sure".
        why: Explanation of the answer, smoothed for the eye as long as the question stays the same.
        model_path: The model that answered; None without a model.
    """

    probabilities: NDArray[np.float32] | None = None
    threshold: float = 0.0
    sequence: int = -1
    captured_at_s: float = -math.inf
    novelty: float = 0.0
    why: Explanation | None = None
    model_path: Path | None = None


NOTHING_SEEN = Smoothed()


def smooth(before: Smoothed, observation: Observation | None) -> Smoothed:
    """Add an observation to the smoothed values; adding the same one again changes nothing.

    The answers of another model replace those of the model before.
    """
    if observation is None:
        return before
    other_model = observation.model_path != before.model_path
    if observation.frame.sequence == before.sequence and not other_model:
        return before
    frame, seen = observation.frame, observation.probabilities
    if seen is None:
        return Smoothed(sequence=frame.sequence, captured_at_s=frame.captured_at_s)
    if (
        before.probabilities is None
        or other_model
        or before.probabilities.shape != seen.shape  # the session changed, and with it the number of classes
        or frame.captured_at_s - before.captured_at_s > STALE_AFTER_S
    ):
        smoothed, novelty, why = seen, observation.novelty, observation.why
    else:
        weight = 1 - math.exp(-(frame.captured_at_s - before.captured_at_s) / SMOOTHING_S)
        smoothed = (before.probabilities + np.float32(weight) * (seen - before.probabilities)).astype(np.float32)
        novelty = before.novelty + weight * (min(observation.novelty, MOST_NOVELTY) - before.novelty)
        why = _smoothed_explanation(before.why, observation.why, weight)
    return Smoothed(
        smoothed,
        observation.threshold,
        frame.sequence,
        frame.captured_at_s,
        min(novelty, MOST_NOVELTY),
        why,
        observation.model_path,
    )


def _smoothed_explanation(before: Explanation | None, new: Explanation | None, weight: float) -> Explanation | None:
    """Smooth the cells. Between two explanations that take long, the older one stays."""
    if new is None:
        return before if before is not None and before.way is Way.OCCLUSION else None
    if (
        before is None
        or before.way is Way.OCCLUSION
        or (before.winner, before.against_all) != (new.winner, new.against_all)
        or before.cells.shape != new.cells.shape
    ):
        return new
    cells = before.cells + np.float32(weight) * (new.cells - before.cells)
    return replace(new, cells=cells.astype(np.float32))
