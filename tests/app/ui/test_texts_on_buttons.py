"""On any screen, at any size, in any language: no text is cut or lies over another, no word is broken on a button."""

from __future__ import annotations

import pygame
import pytest

from app.base.i18n import LANGUAGES
from app.ui.painting.canvas import CAP, DESCENT
from app.ui.painting.theme import load_theme
from tests.app.ui.test_screens import check_texts
from tests.support.drawn_texts import drawn_texts
from tests.support.every_screen import button_texts, every_screen

SIZES = [(1280, 720), (800, 480), (1080, 1920), (600, 1024)]
LEAST_PX = 8
LEAST = 10.5  # units, of letters on a button


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_on_buttons_are_whole_and_can_be_read_and_no_text_is_cut(language: str, size: tuple[int, int]) -> None:
    pygame.font.init()
    theme, seen = load_theme(size), set()
    for classes in (2, 9):
        for name, view in every_screen(language, classes).items():
            if classes == 9 and name not in ("teach", "live", "typing", "remove"):
                continue
            texts = button_texts(view)
            shown = drawn_texts(view, size)
            check_texts(shown, size)
            for drawn in shown:
                if drawn.words not in texts:
                    continue
                seen.add(drawn.words)
                assert " ".join(drawn.lines).split() == drawn.words.split(), (name, drawn)
                first_line = drawn.rect.height / (CAP + DESCENT + 1.24 * (len(drawn.lines) - 1))
                assert first_line >= max(LEAST_PX, LEAST * theme.unit) - 1, (name, drawn, first_line)
                assert drawn.area.contains(drawn.rect), (name, drawn)
    assert len(seen) > 50
