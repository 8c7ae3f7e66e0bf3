"""Texts in the language of the visit, and keys that several screens have."""

from __future__ import annotations

from dataclasses import dataclass

from app.events import OnScreen
from app.i18n import Text, message, translated
from app.ui.view import ActionKey


@dataclass(frozen=True)
class Say:
    """Puts texts into the words of a language."""

    language: str

    def __call__(self, text: Text) -> str:
        return translated(text, self.language)


def back_key(say: Say) -> ActionKey:
    """The key that leads back to where the visitor was."""
    return ActionKey(OnScreen("back"), "back", say(message("Back")), "")
