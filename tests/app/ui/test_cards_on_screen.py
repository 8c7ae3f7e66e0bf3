"""What the card of a class says on the screen, at every size and number of classes."""

from __future__ import annotations

from dataclasses import replace

import pygame
import pytest

from app.base.buttons import Action, ClassGallery, ClassName
from app.ui import screens
from app.ui.painting.canvas import Canvas
from app.ui.painting.card_layout import arrange_card
from app.ui.painting.layout import arrange
from app.ui.painting.theme import load_theme
from tests.app.ui.test_screens import SIZES, VIEWS, check_texts, view
from tests.support.drawn_texts import drawn_texts
from tests.support.views import main_views


@pytest.mark.parametrize("size", SIZES)
def test_every_card_and_key_can_be_touched_at_its_centre(size: tuple[int, int]) -> None:
    shown = replace(view(9), language=VIEWS["live"].language)
    layout = arrange(shown, size, load_theme(size))
    found = [screens.button_at(shown, size, area.center) for area in (*layout.actions, layout.language)]
    assert [screens.button_at(shown, size, (area.left + 12, area.centery)) for area in layout.cards] == [*range(9)]
    assert found == [Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET, Action.RESULTS, Action.LANGUAGE]
    assert screens.button_at(shown, size, layout.guidance.center) is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
@pytest.mark.parametrize("live", [False, True])
def test_every_card_has_a_pencil_a_chip_and_room_to_teach(size: tuple[int, int], classes: int, live: bool) -> None:
    shown, theme = main_views(classes)["live" if live else "ready"], load_theme(size)
    places = dict(screens.targets(shown, size))
    least = theme.px(24)  # of the height of small cards on small screens
    for index, area in enumerate(arrange(shown, size, theme).cards):
        teaches, chip, pencil = places[index], places[ClassGallery(index)], places[ClassName(index)]
        assert area == teaches
        for part in (chip, pencil):
            assert area.contains(part)
            assert min(part.size) >= least
        assert not chip.colliderect(pencil)
        assert screens.button_at(shown, size, chip.center) == ClassGallery(index)
        assert screens.button_at(shown, size, pencil.center) == ClassName(index)
        free = area.width * area.height - chip.width * chip.height - pencil.width * pencil.height
        assert free > 0.45 * area.width * area.height


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
@pytest.mark.parametrize("name", ["welcome", "ready", "live"])
def test_a_card_says_colour_and_shape_of_its_button(size: tuple[int, int], classes: int, name: str) -> None:
    shown = main_views(classes)[name]
    texts = drawn_texts(shown, size)
    said = {text.words for text in texts if text.lines == (text.words,)}
    assert {card.mark_text for card in shown.cards} <= said
    check_texts(texts, size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
def test_an_empty_card_has_a_pencil_and_no_chip(size: tuple[int, int], classes: int) -> None:
    found = {button for button, _ in screens.targets(main_views(classes)["welcome"], size)}
    assert {ClassName(index) for index in range(classes)} <= found
    assert not {ClassGallery(index) for index in range(classes)} & found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
@pytest.mark.parametrize("name", ["ready", "live"])
def test_a_card_says_its_number_of_pictures(size: tuple[int, int], classes: int, name: str) -> None:
    shown = main_views(classes)[name]
    shown = replace(shown, cards=tuple(replace(card, shots=110 + card.index) for card in shown.cards))
    said = {text.words for text in drawn_texts(shown, size)}
    assert {str(110 + index) for index in range(classes)} <= said


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", [3, 9])
def test_bars_begin_and_end_one_below_the_other_whatever_the_number_of_pictures(
    size: tuple[int, int], classes: int
) -> None:
    view, canvas = main_views(classes)["live"], Canvas(pygame.Surface(size, depth=8), load_theme(size))
    area = arrange(view, size, canvas.theme).cards[0]
    bars = [arrange_card(canvas, replace(view.cards[0], shots=shots), area).bar for shots in (1, 8, 11, 77)]
    assert len({(bar.left, bar.width) for bar in bars}) == 1
