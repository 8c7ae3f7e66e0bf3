"""A real keyboard while the on-screen keyboard is open: its keys type text and are not buttons."""

from __future__ import annotations

from typing import Any

import pygame

from app.base.buttons import TypingKey
from app.core.events import CharacterTyped, Event, TypingEdited

EDITING = {
    pygame.K_BACKSPACE: TypingKey.BACKSPACE,
    pygame.K_RETURN: TypingKey.DONE,
    pygame.K_KP_ENTER: TypingKey.DONE,
    pygame.K_ESCAPE: TypingKey.CANCEL,
    pygame.K_RIGHT: TypingKey.FIELD,
    pygame.K_END: TypingKey.FIELD,
}


class TextInput:
    """Turns text and editing keys into events. The system handles layouts and dead keys, and repeats held keys."""

    def takes(self, window_event: Any) -> bool:
        """Whether this event is typing, so that it must not press a button."""
        return window_event.type in (pygame.KEYDOWN, pygame.TEXTINPUT)

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty if it neither types nor edits."""
        if window_event.type == pygame.TEXTINPUT:
            return (CharacterTyped(window_event.text),)
        if window_event.type == pygame.KEYDOWN and window_event.key in EDITING:
            return (TypingEdited(EDITING[window_event.key]),)
        return ()
