"""The on-screen keyboard, or the number pad for a PIN."""

from __future__ import annotations

from app.base.buttons import EmptyClass, LetterKey, RemoveClass, TypingKey
from app.base.exhaustive import assert_never
from app.base.i18n import Text, counted, message
from app.core.modes import class_page
from app.core.modes.text_settings import setting_named
from app.core.modes.typing import DIGITS_ONLY, all_selected, may_finish, rows, upper
from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState
from app.views.model import ActionKey, Typing
from app.views.words import Translator, usage_hint

STEER = message("Buttons 1 and 2: move · TRAIN: write · UNDO: delete · SAVE: done · RESET: cancel")
KEYS = message("Enter: done · Esc: cancel")
LONG_PRESS = message("Hold a letter for its accents.")
SELECTED = message("Write a new name, or touch this one to change it.")
KEYS_WHILE_SELECTED = message("Type a new name, or press the right arrow to change this one. Enter: done · Esc: cancel")


def typing(state: KioskState, translate: Translator) -> Typing | None:
    """The keyboard with the text so far, or None if nothing is typed."""
    now = state.typing
    if now is None:
        return None
    selected = all_selected(now)
    return Typing(
        title=translate(_title(now)),
        text=now.text,
        secret=now.purpose in (TypingPurpose.PIN, TypingPurpose.NEW_PIN),
        rows=tuple(tuple((button, _face(button, state)) for button in row) for row in rows(now, state.language)),
        index=now.index if now.purpose is TypingPurpose.CLASS_NAME else None,
        shift=now.shift,
        accents=bool(now.accents),
        keys=(
            ActionKey(TypingKey.CANCEL, "cancel", translate(message("Cancel")), ""),
            ActionKey(
                TypingKey.DONE,
                "confirm",
                translate(message("Done")),
                "",
                enabled=may_finish(now),
                suggested=True,
            ),
        ),
        tools=tuple(_tool(button, state, translate) for button in class_page.keys(state)),
        problem=translate(now.problem),
        hint=translate(_hint(state, selected)),
        field=TypingKey.FIELD if selected else None,
    )


def _tool(button: EmptyClass | RemoveClass, state: KioskState, translate: Translator) -> ActionKey:
    if isinstance(button, RemoveClass):
        return ActionKey(button, "remove", translate(message("Remove")), "")
    count = state.classes[button.class_index].shots
    text = counted("{count} picture", "{count} pictures", count)
    return ActionKey(button, "empty", translate(message("Empty")), "", detail=translate(text))


def _title(now: TypingState) -> Text:
    match now.purpose:
        case TypingPurpose.PIN:
            return message("For staff: PIN")
        case TypingPurpose.NEW_PIN:
            return message("New PIN (empty: none is asked for)")
        case TypingPurpose.MODEL_NUMBER:
            return message("Number of the model")
        case TypingPurpose.CLASS_NAME:
            return message("What is this?")
        case TypingPurpose.SETTING:
            setting = setting_named(now.setting)
            return setting.title if setting is not None else ""
    return assert_never(now.purpose)


def _hint(state: KioskState, selected: bool) -> Text:
    if selected:
        return usage_hint(state, touch=SELECTED, buttons=STEER, keys=KEYS_WHILE_SELECTED)
    touch = "" if state.typing is None or state.typing.purpose in DIGITS_ONLY else LONG_PRESS
    return usage_hint(state, touch=touch, buttons=STEER, keys=KEYS)


def _face(button: LetterKey | TypingKey, state: KioskState) -> str:
    """What a key shows; the space bar shows nothing."""
    match button:
        case LetterKey(" "):
            return ""
        case LetterKey(letter):
            shift = state.typing is not None and state.typing.shift
            return upper(letter, state.language) if shift else letter
        case TypingKey.SHIFT:
            return "⇧"
    return "⌫"
