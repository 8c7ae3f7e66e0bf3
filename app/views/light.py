"""WHY on the screen: the light on the parts of the picture that spoke for an answer, and the sentence about it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.base.explanation import Explanation, Way
from app.base.i18n import Text, message
from app.core.modes.why import asks_further
from app.core.state import KioskState
from app.views.model import Light
from app.views.verdict import Answer

EDGE = 48  # values along an edge of the light; the screen scales it up
SPREAD = 0.55  # of the smoothing between cells, in cells
DARK_BELOW, FULL_FROM = 0.15, 0.85  # shares of the strongest value: darkness below, full light above


def light(why: Explanation, key: Hashable, *, index: int | None, mirror: bool) -> Light:
    """Make the light on the square that the model sees.

    Args:
        why: What spoke for the answer.
        key: Unique for these cells: lights with equal keys are equal.
        index: The class whose colour the light has; None for no colour.
        mirror: The picture is shown mirrored.
    """
    cells = np.maximum(why.cells, 0.0)
    if mirror:
        cells = cells[:, ::-1]
    smooth = _spread(cells.shape[0]) @ cells @ _spread(cells.shape[1]).T
    strongest = float(smooth.max())
    if strongest <= 0:
        return Light((key, mirror), np.zeros((EDGE, EDGE), np.float32), index, (0.5, 0.5))
    share = np.clip((smooth / strongest - DARK_BELOW) / (FULL_FROM - DARK_BELOW), 0.0, 1.0)
    values = (share * share * (3 - 2 * share)).astype(np.float32)
    return Light((key, mirror), values, index, _centre(values))


def because(answer: Answer | None, label: str, why: Explanation | None) -> Text:
    """What the mascot says while the light is on.

    Args:
        answer: The answer of the model; None while there is none.
        label: The class that it names first.
        why: What spoke for it; None until it is known.
    """
    if answer is None:
        return message("Show me something: then I show you where I look.")
    if why is None:
        return message("Let me look…")
    if why.way is Way.OCCLUSION:
        return _covered(answer, label)
    if why.against_all:
        return message("Show more of the bright part: then I am surer it is {label}.", label=label)
    if answer.sure:
        return message("I say {label} because of the bright part.", label=label)
    if answer.leader is not None:
        return message("Maybe {label}, because of the bright part.", label=label)
    return message("I am not sure. I looked at the bright part.")


def _covered(answer: Answer, label: str) -> Text:
    """The same for light that was found by covering parts of the picture: that is another claim."""
    if answer.sure:
        return message("I say {label}. I covered parts: without the bright one I am less sure.", label=label)
    if answer.leader is not None:
        return message("Maybe {label}. I covered parts: without the bright one I am less sure.", label=label)
    return message("I am not sure. I covered parts: the bright one counts most.")


def why_text(state: KioskState) -> Text:
    """The text of the key WHY: what its next press does."""
    if not state.why:
        return message("Why?")
    return message("More sure?") if asks_further(state) else message("Light off")


def _centre(values: NDArray[np.float32]) -> tuple[float, float]:
    """The centre of the light as (x, y), 0..1 from the left and from the top."""
    total = float(values.sum())
    at = (np.arange(EDGE, dtype=np.float32) + 0.5) / EDGE
    return float(values.sum(axis=0) @ at) / total, float(values.sum(axis=1) @ at) / total


@lru_cache(maxsize=16)
def _spread(cells: int) -> NDArray[np.float32]:
    """The weights (EDGE, cells) of a Gaussian interpolation between cells."""
    at = (np.arange(EDGE) + 0.5) / EDGE * cells - 0.5
    away = (at[:, np.newaxis] - np.arange(cells)) / SPREAD
    weights = np.exp(-0.5 * away**2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
