"""The tone of a message to the visitor; the screen chooses a colour for it."""

from __future__ import annotations

from enum import Enum


class Tone(Enum):
    """The tone of a message."""

    HINT = "hint"
    SUCCESS = "success"
    WARNING = "warning"
