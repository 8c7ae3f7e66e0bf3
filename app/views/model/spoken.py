"""What is said aloud: sentences with a kind and an importance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Importance(IntEnum):
    """A more important sentence interrupts a less important one."""

    MOVE = 0  # the highlight of the one switch moves on by itself
    HINT = 1  # what to do next, and what the model says
    SCREEN = 2  # another screen
    ACTION = 3  # what was just pressed, chosen or typed
    ALERT = 4  # something needs an answer, or went wrong


class Kind(Enum):
    """What a sentence is about. A newer sentence takes the place of an older one of the same kind."""

    VERDICT = "verdict"
    GUIDANCE = "guidance"
    COUNT = "count"
    SCREEN = "screen"
    FOCUS = "focus"
    HELD = "held"
    TYPED = "typed"
    NOTICE = "notice"


@dataclass(frozen=True)
class Utterance:
    """One sentence or a few, in the language `language`, such as "de"."""

    text: str
    kind: Kind
    importance: Importance
    language: str
