"""The keyboard on the screen, or the number pad for the PIN."""

from __future__ import annotations

from collections.abc import Hashable

from app.base.buttons import OnScreen
from app.base.i18n import Text, message
from app.core.modes.typing import DIGITS, FIELD, LETTERS, PINS, upper
from app.core.state import KioskState
from app.views.model import ActionKey, Typing
from app.views.words import Say, how

STEER = message("Buttons 1 and 2 move, TRAIN writes, UNDO takes back, SAVE is done, RESET gives up.")
KEYS = message("Enter is done, Esc gives up.")
SELECTED = message("Write a new name, or touch this one to change it.")
KEYS_WHILE_SELECTED = message(
    "Type a new name, or press the right arrow to change this one. Enter is done, Esc gives up."
)


def typing(state: KioskState, say: Say) -> Typing | None:
    """What is being typed, and on which keys."""
    now = state.typing
    if now is None:
        return None
    selected = now.selected and bool(now.text)
    done = bool(now.text) or now.purpose == "new_pin"
    title = {"pin": message("PIN"), "new_pin": message("New PIN (empty: none is asked for)")}.get(
        now.purpose, message("What is button {number} called?", number=now.index + 1)
    )
    return Typing(
        title=say(title),
        text=now.text,
        secret=now.purpose == "pin",
        rows=_pad() if now.purpose in PINS else _keyboard(state, say),
        keys=(
            ActionKey(OnScreen("cancel"), "cancel", say(message("Cancel")), ""),
            ActionKey(
                OnScreen("done"),
                "confirm",
                say(message("Done")),
                "",
                enabled=done,
                suggested=True,
            ),
        ),
        problem=say(now.problem),
        hint=say(_hint(state, selected)),
        field=FIELD if selected else None,
    )


def _hint(state: KioskState, selected: bool) -> Text:
    return how(state, touch=SELECTED if selected else "", buttons=STEER, keys=KEYS_WHILE_SELECTED if selected else KEYS)


def _pad() -> tuple[tuple[tuple[Hashable, str], ...], ...]:
    rows = [tuple((OnScreen("key", digit), digit) for digit in row) for row in DIGITS]
    return (*rows[:-1], (*rows[-1], (OnScreen("backspace"), "⌫")))


def _keyboard(state: KioskState, say: Say) -> tuple[tuple[tuple[Hashable, str], ...], ...]:
    shift = state.typing is not None and state.typing.shift
    rows = [
        tuple((OnScreen("key", letter), upper(letter, state.language) if shift else letter) for letter in row)
        for row in LETTERS
    ]
    last: tuple[tuple[Hashable, str], ...] = (
        (OnScreen("shift"), "⇧"),
        (OnScreen("key", " "), ""),
        (OnScreen("backspace"), "⌫"),
    )
    return (*rows, last)
