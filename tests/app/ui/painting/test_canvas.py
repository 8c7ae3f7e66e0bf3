"""Text is broken where a reader would break it."""

from __future__ import annotations

import pygame
import pytest

from app.ui.painting.canvas import fitted, lines_of
from app.ui.painting.theme import font

SIZE_PX = 30


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def lines_at(words: str, width: int) -> list[str]:
    return lines_of(words, font(SIZE_PX, bold=True), width, may_break=False) or []


def test_a_dash_ends_a_line_and_never_begins_one() -> None:
    words = "Keep turning it – every picture helps – always"
    for width in range(250, 800, 5):
        lines = lines_at(words, width)
        assert lines
        assert not any(line.startswith("–") for line in lines), (width, lines)
        assert " ".join(lines).split() == words.split()


def test_each_paragraph_has_lines_of_about_the_same_width() -> None:
    first, second = "Look whether the camera is plugged in: it goes on by itself.", "Your work is safe."
    width = font(SIZE_PX, bold=True).size("Look whether the camera is plugged in: it goes on by")[0]
    _, lines = fitted(f"{first}\n{second}", SIZE_PX, (width, 200), 3, True)
    assert (len(lines), lines[-1]) == (3, second)
    widths = [font(SIZE_PX, bold=True).size(line)[0] for line in lines[:2]]
    assert max(widths) < 1.4 * min(widths), lines
    assert " ".join(lines[:2]) == first
