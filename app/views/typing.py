"""The keyboard on the screen, or the number pad for the PIN."""

from __future__ import annotations

from app.base.buttons import OnScreen
from app.base.i18n import Text, message
from app.core.modes.typing import FIELD, all_selected, may_finish, rows, upper
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
    selected = all_selected(now)
    title = {"pin": message("PIN"), "new_pin": message("New PIN (empty: none is asked for)")}.get(
        now.purpose, message("What is button {number} called?", number=now.index + 1)
    )
    return Typing(
        title=say(title),
        text=now.text,
        secret=now.purpose == "pin",
        rows=tuple(tuple((button, _face(button, state)) for button in row) for row in rows(now)),
        keys=(
            ActionKey(OnScreen("cancel"), "cancel", say(message("Cancel")), ""),
            ActionKey(
                OnScreen("done"),
                "confirm",
                say(message("Done")),
                "",
                enabled=may_finish(now),
                suggested=True,
            ),
        ),
        problem=say(now.problem),
        hint=say(_hint(state, selected)),
        field=FIELD if selected else None,
    )


def _hint(state: KioskState, selected: bool) -> Text:
    return how(state, touch=SELECTED if selected else "", buttons=STEER, keys=KEYS_WHILE_SELECTED if selected else KEYS)


def _face(button: OnScreen, state: KioskState) -> str:
    """What a key shows; the space bar shows nothing."""
    match button:
        case OnScreen("key", " "):
            return ""
        case OnScreen("key", str(letter)):
            shift = state.typing is not None and state.typing.shift
            return upper(letter, state.language) if shift else letter
        case OnScreen("shift"):
            return "⇧"
    return "⌫"
