"""How staff reach their pages: the corner, and the PIN."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import (
    Button,
    LetterKey,
    ScreenKey,
    TypingKey,
)
from app.config.schema import Config
from app.core import events as ev
from app.core.state import KioskState, Mode
from tests.support.states import run

HOLD_S = Config().staff.hold_s


def guarded(state: KioskState, pin: str = "2580") -> KioskState:
    return replace(state, config=replace(state.config, staff=replace(state.config.staff, pin=pin)))


def held_corner(state: KioskState, seconds: float = HOLD_S) -> KioskState:
    state, _ = run(state, ev.ButtonPressed(ScreenKey.CORNER), ev.TimePassed(state.now_s + 0.1))
    return run(state, ev.TimePassed(state.now_s + seconds), ev.ButtonReleased(ScreenKey.CORNER))[0]


def inside(state: KioskState) -> KioskState:
    opened = held_corner(state)
    assert (opened.mode, opened.staff.inside) == (Mode.STAFF, True)
    return opened


def unlocked(state: KioskState) -> KioskState:
    """The pages as staff open them: with a PIN."""
    opened = pin(held_corner(guarded(state)), "2580")
    assert opened.staff.inside
    return opened


def touched(state: KioskState, *buttons: Button) -> tuple[KioskState, list[ev.Command]]:
    return run(state, *(ev.ButtonPressed(button) for button in buttons))


def pin(state: KioskState, digits: str) -> KioskState:
    return touched(state, *(LetterKey(digit) for digit in digits), TypingKey.DONE)[0]
