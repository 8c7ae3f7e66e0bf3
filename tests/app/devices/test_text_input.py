"""A real keyboard while the on-screen keyboard is open."""

from __future__ import annotations

import pygame
import pytest

from app.base.buttons import TypingKey
from app.core.events import CharacterTyped, TypingEdited
from app.devices.text_input import TextInput


def test_text_comes_from_the_system_and_not_from_the_keys() -> None:
    assert TextInput().translate(pygame.event.Event(pygame.TEXTINPUT, text="ğ")) == (CharacterTyped("ğ"),)
    assert TextInput().translate(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_g)) == ()


@pytest.mark.parametrize(
    ("pressed", "key"),
    [
        (pygame.K_BACKSPACE, TypingKey.BACKSPACE),
        (pygame.K_RETURN, TypingKey.DONE),
        (pygame.K_ESCAPE, TypingKey.CANCEL),
        (pygame.K_RIGHT, TypingKey.FIELD),
    ],
)
def test_editing_keys_edit_the_text(pressed: int, key: TypingKey) -> None:
    assert TextInput().translate(pygame.event.Event(pygame.KEYDOWN, key=pressed)) == (TypingEdited(key),)


def test_released_keys_and_the_mouse_are_not_typing() -> None:
    assert TextInput().takes(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_s))
    assert not TextInput().takes(pygame.event.Event(pygame.KEYUP, key=pygame.K_s))
    assert not TextInput().takes(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(0, 0), button=1))
