"""What a person can press: class buttons, actions, and things on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """A button that is no class button."""

    TRAIN = "train"
    UNDO = "undo"
    SAVE = "save"
    RESET = "reset"
    RESULTS = "results"
    GALLERY = "gallery"
    LANGUAGE = "language"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    FULLSCREEN = "fullscreen"
    LEAVE = "leave"


@dataclass(frozen=True)
class OnScreen:
    """Something to touch that is no physical button: `what` names it, `which` says which of several."""

    what: str
    which: int | str = ""


Button = int | Action | OnScreen
"""A class button by its label index (0 is the first), an action, or something on the screen."""
