"""How a message to the visitor is meant; the screen picks its colour."""

from __future__ import annotations

from enum import Enum


class Tone(Enum):
    """How a message is meant."""

    HINT = "hint"
    SUCCESS = "success"
    WARNING = "warning"
