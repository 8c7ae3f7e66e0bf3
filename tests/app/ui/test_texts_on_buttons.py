"""On any screen, at any size, in any language: no text is cut or lies over another, no word is broken on a button."""

from __future__ import annotations

from collections.abc import Iterator

import pygame
import pytest

from app.base.i18n import LANGUAGES
from app.ui.painting.canvas import CAP, DESCENT, DrawnText
from app.ui.painting.theme import load_theme
from app.views.model import KioskView
from tests.app.ui.test_screens import check_texts
from tests.support.drawn_texts import drawn_texts, key_texts, question_texts
from tests.support.every_screen import button_texts, every_screen, main_screens

SIZES = [(1280, 720), (800, 480), (1920, 1080), (1080, 1920), (1200, 1920), (600, 1024)]
LEAST_PX = 8
LEAST = 10.5  # units, of letters on a button


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_on_buttons_are_whole_and_can_be_read_and_no_text_is_cut(language: str, size: tuple[int, int]) -> None:
    pygame.font.init()
    theme, seen = load_theme(size), set()
    for name, view, shown in screens_with_texts(language, size):
        check_texts(shown, size)
        texts = button_texts(view)
        for drawn in shown:
            if drawn.words not in texts:
                continue
            seen.add(drawn.words)
            assert " ".join(drawn.lines).split() == drawn.words.split(), (name, drawn)
            first_line = drawn.rect.height / (CAP + DESCENT + 1.24 * (len(drawn.lines) - 1))
            assert first_line >= max(LEAST_PX, LEAST * theme.unit) - 1, (name, drawn, first_line)
            assert drawn.area.contains(drawn.rect), (name, drawn)
    assert len(seen) > 50


def screens_with_texts(language: str, size: tuple[int, int]) -> Iterator[tuple[str, KioskView, tuple[DrawnText, ...]]]:
    """Every page and question, the whole main screen with the fewest and the most classes, else its keys alone."""
    for classes in range(2, 10):
        for name, view in main_screens(language, classes).items():
            whole = classes in (2, 9) and name in ("teach", "live")
            yield f"{name}, {classes} classes", view, (drawn_texts if whole else key_texts)(view, size)
    others = {name: view for name, view in every_screen(language).items() if name not in main_screens(language, 3)}
    for name, view in others.items():
        yield name, view, (drawn_texts if view.question is None else question_texts)(view, size)
