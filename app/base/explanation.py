"""An explanation of an answer: how much each part of the picture speaks for the winner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Way(Enum):
    """How an explanation was made; the values are those in JSON."""

    EXACT = "exact"
    OCCLUSION = "occlusion"


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model answered as it did.

    Attributes:
        cells: float32 (rows, columns) over the model's square of the picture, top left first; positive cells speak for
            the winner. If they are exact, they sum to `margin`.
        winner: Row of the class that was explained, by default the most probable one.
        runner_up: Row of the most probable other class.
        against_all: Whether the winner is compared with the mean of all others, not with the runner-up.
        margin: How far the winner leads, as a difference of logits.
        way: How it was made.
    """

    cells: NDArray[np.float32]
    winner: int
    runner_up: int
    against_all: bool
    margin: float
    way: Way
