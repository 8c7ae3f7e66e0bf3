"""A real keyboard while there is one on the screen."""

from __future__ import annotations

import pygame
import pytest

from app.core.events import CharacterTyped, TypingEdited
from app.devices.typewriter import Typewriter


def test_what_is_written_is_what_the_system_says_not_which_key() -> None:
    assert Typewriter().translate(pygame.event.Event(pygame.TEXTINPUT, text="ğ")) == (CharacterTyped("ğ"),)
    assert Typewriter().translate(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_g)) == ()


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (pygame.K_BACKSPACE, "backspace"),
        (pygame.K_RETURN, "done"),
        (pygame.K_ESCAPE, "cancel"),
        (pygame.K_RIGHT, "unselect"),
    ],
)
def test_editing_keys_edit(key: int, what: str) -> None:
    assert Typewriter().translate(pygame.event.Event(pygame.KEYDOWN, key=key)) == (TypingEdited(what),)


def test_keys_that_come_up_and_the_mouse_go_their_usual_way() -> None:
    assert Typewriter().takes(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_s))
    assert not Typewriter().takes(pygame.event.Event(pygame.KEYUP, key=pygame.K_s))
    assert not Typewriter().takes(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(0, 0), button=1))
