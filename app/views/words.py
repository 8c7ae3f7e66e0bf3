"""Texts in the language of the visit, and parts that several pages share."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.buttons import ScreenKey
from app.base.i18n import Message, Text, message, template, translated
from app.base.ports import DEMONSTRATION
from app.core.state import KioskState
from app.views.model import ActionKey


@dataclass(frozen=True)
class Translator:
    """Translates texts into one language."""

    language: str

    def __call__(self, text: Text) -> str:
        return translated(text, self.language)

    def sentence(self, text: Text) -> str:
        """Translate a text that stands alone: it begins with a capital, unless a name begins it.

        The texts of errors begin with a small letter in English, because a program prints them behind "error: ".
        """
        words = self(text)
        named = isinstance(text, Message) and template(text, self.language).startswith("{")
        return words if named else words[:1].upper() + words[1:]


def camera_name(state: KioskState, translate: Translator) -> str | None:
    """Name of the camera; None while no frames arrive."""
    return translate(message("demonstration")) if state.camera == DEMONSTRATION else state.camera


def usage_hint(state: KioskState, *, touch: Text, buttons: Text, keys: Text) -> Text:
    """The hint that fits how the page is operated now: by touch, by the buttons of the box, or by a keyboard."""
    if state.cursor is None:
        return touch
    return keys if state.by_keyboard else buttons


def back_key(translate: Translator) -> ActionKey:
    """The key that leaves the page."""
    return ActionKey(ScreenKey.BACK, "back", translate(message("Back")), "")
