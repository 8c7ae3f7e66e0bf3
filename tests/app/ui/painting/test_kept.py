"""Parts of a screen that stay the same are copied from one draw to the next: same pixels, same texts, less work."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pygame
import pytest

from app.base.picture import Picture
from app.ui import screens
from app.ui.pages import main_screen
from app.ui.painting.cards import draw_card
from app.ui.painting.surfaces import DRAWS_KEPT, PRINTS
from app.ui.painting.theme import load_theme
from app.views.model import KioskView, Screen
from tests.support.page_views import every_view
from tests.support.views import main_views

SIZE = (800, 480)


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def drawn(view: KioskView, palette: str = "paper", size: tuple[int, int] = SIZE) -> tuple[bytes, object]:
    surface = pygame.Surface(size)
    texts = screens.draw(surface, view, load_theme(size, palette))
    return pygame.image.tobytes(surface, "RGB"), sorted((text.words, tuple(text.rect), text.on) for text in texts)


@pytest.mark.parametrize("size", [SIZE, (1280, 720), (720, 1280)])
@pytest.mark.parametrize("name", ["ready", "live", "typing", "keyboard_accents", "pin"])
def test_what_is_copied_has_the_pixels_and_the_texts_of_what_is_drawn(name: str, size: tuple[int, int]) -> None:
    view = every_view(9)[name]
    first, second, third = (drawn(view, size=size) for _ in range(3))
    assert first == second == third
    assert drawn(view, "night", size) != first
    assert drawn(view, size=size) == first


def test_only_a_card_that_looks_different_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    indices: list[int] = []

    def recorded(canvas: object, card: object, *rest: object, **more: object) -> None:
        indices.append(card.index)  # type: ignore[attr-defined]
        draw_card(canvas, card, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(main_screen, "draw_card", recorded)
    view = main_views(9)["live"]
    for _ in range(3):
        drawn(view)
    indices.clear()
    drawn(view)
    assert indices == []
    cards = (*view.cards[:4], replace(view.cards[4], shots=15), *view.cards[5:])
    drawn(replace(view, cards=cards))
    assert indices == [4]


def test_the_pictures_on_a_kept_card_go_like_all_others() -> None:
    PRINTS.clear()
    view = main_views(3)["ready"]
    cards = [
        replace(card, thumbnails=tuple(Picture(("of this visit", one.key), one.pixels) for one in card.thumbnails))
        for card in view.cards
    ]
    pictures = [weakref.ref(one) for card in cards for one in card.thumbnails]
    view = replace(view, cards=tuple(cards))
    for _ in range(3):
        drawn(view)
    assert len(PRINTS) > 3
    del view, cards
    for _ in range(DRAWS_KEPT + 1):
        drawn(replace(main_views(3)["waking"], screen=Screen.WAKING))
    assert len(PRINTS) == 0
    gc.collect()
    assert pictures
    assert [one for one in pictures if one() is not None] == []
