"""Names are listed as far as they fit on the screen in large letters; else the things are counted."""

from __future__ import annotations

from dataclasses import replace

import pygame
import pytest

from app.base.i18n import LANGUAGES
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.pages import SavingState
from app.core.state import KioskState, Mode
from app.ui.pages.main_screen import SPEECH
from app.ui.pages.saving import LEAST_TITLE
from app.ui.painting.canvas import CAP, DESCENT, LINE, DrawnText
from app.ui.painting.theme import load_theme
from app.views.model import KioskView
from tests.support.drawn_texts import drawn_texts
from tests.support.screen_states import shown
from tests.support.states import kiosk

SIZES = [(1280, 720), (800, 480), (1080, 1920), (600, 1024)]
NAMES = ("Schraubenzieher", "Taschenlampe", "Kugelschreiber", "Wäscheklammer", "Trinkflasche", "Tasse", "Kamm",
         "Löffel", "Zahnbürste")  # fmt: skip


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def saved(names: tuple[str, ...], language: str) -> KioskView:
    classes = tuple(TaughtClass(name, 3) for name in names)
    page = SavingState(drive="KATJA", folder="/media/KATJA/teachable/a", finished=True)
    state = replace(kiosk(), classes=classes, model=TrainedFacts(1.0, 0.5, (3,) * len(names)))
    return shown(replace(state, mode=Mode.SAVING, saving=page), language)


def title_of(view: KioskView, size: tuple[int, int]) -> DrawnText:
    assert view.saving is not None
    wordings = (view.saving.title, view.saving.short_title)
    (title,) = [text for text in drawn_texts(view, size) if text.words in wordings]
    return title


def size_of(text: DrawnText) -> float:
    return text.rect.height / (CAP + DESCENT + LINE * (len(text.lines) - 1))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_long_names_of_what_was_taught_are_celebrated_at_every_size(size: tuple[int, int], language: str) -> None:
    title = title_of(saved(NAMES[:2], language), size)
    assert all(name in title.words for name in NAMES[:2])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_names_of_what_was_taught_give_way_to_their_number_when_they_need_too_much_room(size: tuple[int, int]) -> None:
    titles = [title_of(saved(NAMES[:count], "de"), size) for count in range(2, 10)]
    named = [all(name in title.words for name in NAMES[:count]) for count, title in enumerate(titles, 2)]
    assert (named[0], named[-1], named) == (True, False, sorted(named, reverse=True))
    for count, title in enumerate(titles, 2):
        assert len(title.lines) <= (2 if size[0] > size[1] else 3)
        assert size_of(title) >= load_theme(size).px(LEAST_TITLE) - 1
        assert named[count - 2] or str(count) in title.words


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("names", [("apple", "banana", "cup"), NAMES])
def test_a_starter_lists_what_it_knows_as_far_as_that_can_be_read_from_afar(
    size: tuple[int, int], names: tuple[str, ...]
) -> None:
    state: KioskState = replace(kiosk(0, 0), mode=Mode.LIVE, starter=ModelFacts(names, 0.5))
    view = shown(state, "en")
    (said,) = [text for text in drawn_texts(view, size) if text.words in (view.guidance, view.short_guidance)]
    assert (", ".join(names) in said.words) is (len(names) == 3)
    assert size_of(said) >= 0.93 * load_theme(size).px(SPEECH)
