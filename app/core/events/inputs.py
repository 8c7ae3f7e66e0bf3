"""Events of people: presses of buttons, keys and pins, touches, and typing.

`at_s` is when it happened, in monotonic seconds; if the device does not say, when the program first saw it. Events in
the queue are handled in this order. None means: when it is handled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.base.buttons import Button, TypingKey


@dataclass(frozen=True)
class ButtonPressed:
    """A button went down, on any device; `touched` tells one that is drawn on the screen from one of the box."""

    button: Button
    touched: bool = field(default=False, compare=False, kw_only=True)
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class ButtonReleased:
    """A button came up."""

    button: Button
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputPressed:
    """A key, pad or pin went down, whether or not a button is assigned to it.

    Attributes:
        source: Its name: "key:space", "pad:0:button:3", "gpio:17".
        ahead: For the arrow keys up and down: the buttons on the screen in that direction, nearest first; else None.
    """

    source: str
    ahead: tuple[Button, ...] | None = None
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputReleased:
    """A key, pad or pin came up, or its device was unplugged."""

    source: str
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class InputStuck:
    """A key, pad or pin was already down when the kiosk started: not a press."""

    source: str
    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class PinChanged:
    """A pin changed its raw level; `app.core.presses` debounces it. `at_s` is in monotonic seconds."""

    source: str
    active: bool
    at_s: float


@dataclass(frozen=True)
class ScreenTouched:
    """A finger or the mouse touched the screen where no button is."""

    at_s: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class WindowClosed:
    """Somebody asked the window to close; it stays open until the kiosk leaves.

    Attributes:
        by_button: With the window's own button. Without one, as in full screen, it was a key such as Alt+F4.
    """

    by_button: bool


@dataclass(frozen=True)
class CharacterTyped:
    """A real keyboard wrote text while the on-screen keyboard is open."""

    text: str = field(repr=False)  # it may belong to a PIN


@dataclass(frozen=True)
class TypingEdited:
    """A real keyboard pressed a key that writes no letter, while the on-screen keyboard is open."""

    key: TypingKey


@dataclass(frozen=True)
class TargetsShown:
    """What the screen offers; sent with every view, only while one switch operates the kiosk.

    `groups` holds what can be pressed in the order of the highlight: see `app.core.scan.Scan`. `speaking` says whether
    the screen is being read aloud now.
    """

    groups: tuple[tuple[Button, ...], ...]
    speaking: bool = False


InputEvent = (
    ButtonPressed
    | ButtonReleased
    | InputPressed
    | InputReleased
    | InputStuck
    | PinChanged
    | ScreenTouched
    | WindowClosed
    | CharacterTyped
    | TypingEdited
    | TargetsShown
)


Timed = TypeVar("Timed")


def at_time(event: Timed, now_s: float) -> Timed:
    """Add `now_s` to an input without a time; return any other event as it is."""
    inputs = (ButtonPressed, ButtonReleased, InputPressed, InputReleased, InputStuck, ScreenTouched)
    if isinstance(event, inputs) and event.at_s is None:
        return replace(event, at_s=now_s)
    return event
