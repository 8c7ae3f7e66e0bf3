"""How sure the model is: one function decides the words of the verdict, the bar of "not sure", and what lights up.

The answer is sure if its probability reaches the threshold and the novelty of the picture stays within 1. An answer
just beyond one of these limits is a near miss: the first answer is probably right, so the screen shows "Blue?".
Further beyond it is "not sure".

On the photographs and movements of `benchmarks/one_hold.py`, most of the few looks at a taught thing that are not sure
are near misses, and about one look in twenty at a thing that was not taught is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from app.base.not_sure import STRICT_FACTOR, STRICT_SHARE, NotSure, strict_threshold
from app.config.schema import ModelSettings
from app.model.observation import MOST_NOVELTY

NEAR_NOVELTY = STRICT_FACTOR  # a near miss has at most this novelty; a thing that was not taught usually has far more
NEAR_SHARE = STRICT_SHARE  # a near miss has at least this share of the threshold
GUESS_LEAD = 0.05  # by which the first answer of a guess is more probable than the second
CLEAR_LEAD = 0.2  # by which the first answer of a near miss is more probable than the second
USUAL_NOVELTY = 0.5  # of a taught thing: the bar is empty up to here
FULL_NOVELTY = 2.0  # the bar is full from here


class Certainty(Enum):
    """How sure an answer is, with the part of the bar that belongs to it: (from, to), 0..1."""

    SURE = (0.0, 0.39)
    NEAR_MISS = (0.4, 0.49)
    NOT_SURE = (0.5, 1.0)


@dataclass(frozen=True)
class Answer:
    """The first answer of the model.

    Attributes:
        index: Its class.
        probability: 0..1.
        certainty: How sure it is.
        unsure: Height of the bar of "not sure", 0..1: one half or more exactly if the certainty is NOT_SURE. None if
            the settings say that the kiosk is never "not sure".
    """

    index: int
    probability: float
    certainty: Certainty
    unsure: float | None

    @property
    def leader(self) -> int | None:
        """The class that the verdict names, None if it is "not sure"."""
        return None if self.certainty is Certainty.NOT_SURE else self.index

    @property
    def sure(self) -> bool:
        """Whether the verdict names its class without a question mark."""
        return self.certainty is Certainty.SURE


def answer_with_settings(
    probabilities: NDArray[np.float32], threshold: float, novelty: float, settings: ModelSettings
) -> Answer:
    """Decide how sure the first answer is with these settings; the arguments are those of `answer_of`."""
    floored = max(threshold, settings.not_sure_below)
    return answer_of(probabilities, floored, novelty, NotSure(settings.not_sure))


def answer_of(probabilities: NDArray[np.float32], threshold: float, novelty: float, setting: NotSure) -> Answer:
    """Decide how sure the first answer is.

    Args:
        probabilities: float32 (C,), smoothed, with two classes or more.
        threshold: Of the model: below this probability the answer is not sure.
        novelty: How different the picture is from everything taught; the limit is 1.
        setting: STRICT moves near misses to this side of the limits, so that fewer answers are sure; OFF makes every
            answer sure.
    """
    index = int(probabilities.argmax())
    second, best = (float(one) for one in np.sort(probabilities)[-2:])
    if setting is NotSure.OFF:
        return Answer(index, best, Certainty.SURE, None)
    if setting is NotSure.STRICT:
        sure_novelty, near_novelty = 1 / NEAR_NOVELTY, 1.0
        sure_from, near_from = strict_threshold(threshold), threshold
    else:
        sure_novelty, near_novelty = 1.0, NEAR_NOVELTY
        sure_from, near_from = threshold, threshold * NEAR_SHARE
    if best >= sure_from and novelty <= sure_novelty:
        certainty = Certainty.SURE
    elif best >= near_from and novelty <= near_novelty and best - second >= CLEAR_LEAD:
        certainty = Certainty.NEAR_MISS
    else:
        certainty = Certainty.NOT_SURE
    heights = (0.0, Certainty.NEAR_MISS.value[0], Certainty.NOT_SURE.value[0], 1.0)
    guess = min(1 / len(probabilities), near_from)  # the probability of an answer without any knowledge
    by_novelty = np.interp(novelty, (USUAL_NOVELTY, sure_novelty, near_novelty, FULL_NOVELTY), heights)
    by_probability = np.interp(1 - best, (0.0, 1 - sure_from, 1 - near_from, 1 - guess), heights)
    return Answer(index, best, certainty, float(np.clip(max(by_novelty, by_probability), *certainty.value)))


def guess(probabilities: NDArray[np.float32], novelty: float) -> Answer:
    """What a game makes of an answer: the model must always guess, also about a thing that is like nothing it knows.

    The guess counts unless the model hesitates between two classes. How sure it is depends on the novelty, too:
    `probability` of the answer is divided by it.

    Args:
        probabilities: As for `answer_with_settings`.
        novelty: How different the picture is from everything taught; up to 1 it is no different.
    """
    index = int(probabilities.argmax())
    second, best = (float(one) for one in np.sort(probabilities)[-2:])
    sureness = best / min(MOST_NOVELTY, max(1.0, novelty))
    return Answer(index, sureness, Certainty.SURE if best - second >= GUESS_LEAD else Certainty.NOT_SURE, None)
