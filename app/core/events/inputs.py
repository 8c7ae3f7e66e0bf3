"""What somebody did: with a button of whatever device, a key, a pin, or a finger on the screen.

`at_s` is when it happened, in monotonic seconds, or when it was first seen where the device does not say. Events that
wait in the queue are handled in this order. None is the moment at which it is handled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.base.buttons import Button, TypingKey


@dataclass(frozen=True)
class ButtonPressed:
    """A button went down, on whatever device."""

    button: Button
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class ButtonReleased:
    """A button came up again."""

    button: Button
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputPressed:
    """A key, pad or pin went down, whatever it means. `source` names it: "key:space", "pad:0:button:3", "gpio:17".

    `ahead` is where an arrow that goes up or down leads: what stands there on the screen, nearest first. None where
    nobody has looked.
    """

    source: str
    ahead: tuple[Button, ...] | None = None
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputReleased:
    """It came up again, or it is gone."""

    source: str
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputStuck:
    """It is down and may not count as a press: it was down already when the kiosk started."""

    source: str
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class PinChanged:
    """A pin changed its level, bounces and all: `app.core.presses` decides what was a press. `at_s` is monotonic."""

    source: str
    active: bool
    at_s: float


@dataclass(frozen=True)
class ScreenTouched:
    """A finger or the mouse touched the screen where no button is."""

    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class CharacterTyped:
    """A real keyboard wrote something while a keyboard is on the screen."""

    text: str


@dataclass(frozen=True)
class TypingEdited:
    """A key of a real keyboard that writes no letter, while a keyboard is on the screen."""

    key: TypingKey


Timed = TypeVar("Timed")


def at_time(event: Timed, now_s: float) -> Timed:
    """Return an input with the time at which it was seen, where it does not have one; any other event as it is."""
    inputs = (ButtonPressed, ButtonReleased, InputPressed, InputReleased, InputStuck, ScreenTouched)
    if isinstance(event, inputs) and event.at_s is None:
        return replace(event, at_s=now_s)
    return event
