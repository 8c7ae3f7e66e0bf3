"""The state of the two games: "Trick it!" and the guided round "Swap the background".

Both look for a picture that the model names wrongly, show why, and let the visitor repair it. In the guided round the
visitor first teaches two things in front of two backgrounds, so that swapping the backgrounds is such a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.base.explanation import Explanation
from app.base.picture import Picture


class GameStep(Enum):
    """What a visitor does now."""

    CLEAR = "clear"  # the guided round needs an empty session: RESET asks first
    FIRST = "first"  # teaches the first thing; in the guided round alone, as the next two
    SECOND = "second"
    TRAIN = "train"
    SEEK = "seek"  # looks for a picture that the model names wrongly
    CAUGHT = "caught"  # sees what misled the model
    REPAIR = "repair"  # teaches it better
    ANSWERED = "answered"  # sees what the new model says to the same picture


@dataclass(frozen=True)
class Trick:
    """A picture that the model named wrongly. It is kept in memory alone, until the visit ends.

    Attributes:
        picture: The frame, as the camera delivered it.
        label_index: The class that the model named.
        sureness: How sure it was, 0..1: the probability, less for a picture that is unlike everything taught.
        why: What spoke for this answer; None if the model cannot be explained.
    """

    picture: Picture
    label_index: int
    sureness: float
    why: Explanation | None = None


@dataclass(frozen=True)
class NewAnswer:
    """What another model says to the picture of a trick; `named` is False if it hesitates between two classes."""

    label_index: int
    sureness: float
    named: bool
    why: Explanation | None = None


@dataclass(frozen=True)
class Game:
    """A game that is played.

    Attributes:
        guided: The guided round, not "Trick it!".
        step: What the visitor does now.
        target: The class that the model should name wrongly.
        since_s: When the model began to name it; None while it does not.
        quiet_until_s: Until then the kiosk does not ask whether the thing in front of it is a trick.
        began_s: When the step began.
        shots: Samples of the session when the step began.
        trick: The picture about which the kiosk asks, or that misled the model.
        caught: Number of tricks that worked.
        answer: What the newest model says to the trick; None while it is being asked.
    """

    guided: bool
    step: GameStep
    target: int = 0
    since_s: float | None = None
    quiet_until_s: float = 0.0
    began_s: float = 0.0
    shots: int = 0
    trick: Trick | None = None
    caught: int = 0
    answer: NewAnswer | None = None

    @property
    def defeated(self) -> bool:
        """Whether the trick no longer works: the newest model names another class, or hesitates."""
        return self.answer is not None and not (self.answer.named and self.answer.label_index == self.target)
