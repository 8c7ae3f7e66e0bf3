"""A real keyboard while there is one on the screen: what is written with it, not which keys are buttons."""

from __future__ import annotations

from typing import Any

import pygame

from app.core.events import CharacterTyped, Event, TypingEdited

EDITING = {
    pygame.K_BACKSPACE: "backspace",
    pygame.K_RETURN: "done",
    pygame.K_KP_ENTER: "done",
    pygame.K_ESCAPE: "cancel",
    pygame.K_RIGHT: "unselect",
    pygame.K_END: "unselect",
}


class Typewriter:
    """Turns text and editing keys into events. Key repeat is welcome; layouts and dead keys are the system's."""

    def takes(self, window_event: Any) -> bool:
        """Whether this event is typing, so that no button may come of it."""
        return window_event.type in (pygame.KEYDOWN, pygame.TEXTINPUT)

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """What was written or edited; empty when it means nothing here."""
        if window_event.type == pygame.TEXTINPUT:
            return (CharacterTyped(window_event.text),)
        if window_event.type == pygame.KEYDOWN and window_event.key in EDITING:
            return (TypingEdited(EDITING[window_event.key]),)
        return ()
