"""Texts in the language of the visit, and keys that several screens have."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.buttons import ScreenKey
from app.base.i18n import Text, message, translated
from app.base.ports import DEMONSTRATION
from app.core.state import KioskState
from app.views.model import ActionKey


@dataclass(frozen=True)
class Translator:
    """Puts texts into the words of a language."""

    language: str

    def __call__(self, text: Text) -> str:
        return translated(text, self.language)


def camera_name(state: KioskState, translate: Translator) -> str | None:
    """What the camera is called; None while none delivers pictures."""
    return translate(message("demonstration")) if state.camera == DEMONSTRATION else state.camera


def how(state: KioskState, *, touch: Text, buttons: Text, keys: Text) -> Text:
    """How a page is used: by touch until a cursor is there, then by the buttons of the box, or by a keyboard's keys."""
    if state.cursor is None:
        return touch
    return keys if state.by_keyboard else buttons


def back_key(translate: Translator) -> ActionKey:
    """The key that leads back to where the visitor was."""
    return ActionKey(ScreenKey.BACK, "back", translate(message("Back")), "")
