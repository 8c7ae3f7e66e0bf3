"""The class cards come from the model that answers, and say everything about their class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

from app.base.buttons import Action, ClassGallery, ClassName, ClassStep
from app.base.i18n import LANGUAGES
from app.base.picture import Picture
from app.config.checks import PALETTES
from app.config.class_names import SHAPES, colour_name
from app.core import events as ev
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN, Smoothed
from app.ui import screens
from app.ui.painting.shapes import ICONS
from app.ui.painting.theme import CLASS_SHAPES, load_theme
from app.views.cards import cards
from app.views.model import KioskView, Places
from app.views.places import placed
from app.views.present import Surroundings, present
from app.views.verdict import Answer, Certainty
from app.views.words import Translator
from tests.support.states import kiosk, run

NAMES = tuple(f"thing {letter}" for letter in "abcdefghij")


def shown(state: KioskState, probabilities: tuple[float, ...] = ()) -> KioskView:
    seen = Smoothed(np.array(probabilities, np.float32), 0.5, 1, state.now_s) if probabilities else NOTHING_SEEN
    return present(state, None, seen, Surroundings())


def with_starter(classes: int, known: int) -> KioskState:
    taught = tuple(TaughtClass(f"own {index}") for index in range(classes))
    return replace(kiosk(0, 0), classes=taught, mode=Mode.LIVE, starter=ModelFacts(NAMES[:known], 0.5))


@pytest.mark.parametrize(("classes", "known"), [(2, 3), (2, 9), (3, 4), (8, 9), (3, 2), (9, 2)])
def test_there_is_a_card_for_each_class_of_the_starter_and_of_the_kiosk(classes: int, known: int) -> None:
    state, count = with_starter(classes, known), max(classes, known)
    answers = tuple(0.9 if index == known - 1 else 0.1 / (count - 1) for index in range(count))
    view = shown(state, answers)
    own = tuple(f"own {index}" for index in range(known, classes))
    assert tuple(card.label for card in view.cards) == (*NAMES[:known], *own)
    assert view.verdict is not None
    assert (view.verdict.text, view.verdict.index) == (NAMES[known - 1], known - 1)
    assert [card.index for card in view.cards if card.leading] == [known - 1]
    assert [card.enabled for card in view.cards] == [index < classes for index in range(count)]


def test_cards_of_the_starter_are_drawn_and_can_be_touched() -> None:
    size, view = (1280, 720), shown(with_starter(2, 9), (0.2, *(0.1,) * 8))
    pygame.font.init()
    said = {text.words for text in screens.draw(pygame.Surface(size), view, load_theme(size))}
    assert set(NAMES[:9]) <= said
    assert {button for button, _ in screens.targets(view, size)} >= set(range(9))


def said_of(known: int, named: int) -> tuple[float, ...]:
    return tuple(0.9 if index == named else 0.1 / known for index in range(known))


def looked_at(state: KioskState, known: int, *named: int) -> KioskView:
    """The last view of a starter that names one class after the other."""
    view = shown(state)
    for one in named:
        seen = Smoothed(np.array(said_of(known, one), np.float32), 0.5, 1, state.now_s)
        view = present(state, None, seen, Surroundings(places=view.places))
    return view


MANY = tuple(f"thing {number}" for number in range(40))


@pytest.mark.parametrize("classes", [2, 3, 8, 9])
def test_whatever_a_starter_names_has_a_card_that_lights_up(classes: int) -> None:
    state = replace(with_starter(classes, 2), starter=ModelFacts(MANY, 0.5))
    assert len(shown(state).cards) == 9
    view = shown(state)
    for named in (0, 39, 9, 10, 39, 1, 25, 26, 27, 28, 29, 30, 31, 39):
        seen = Smoothed(np.array(said_of(40, named), np.float32), 0.5, 1, state.now_s)
        view = present(state, None, seen, Surroundings(places=view.places))
        assert view.verdict is not None
        (leading,) = (card for card in view.cards if card.leading)
        assert (leading.label, leading.index) == (view.verdict.text, view.verdict.index) == (MANY[named], leading.index)
        assert leading.confidence == pytest.approx(0.9)
        assert len({card.label for card in view.cards}) == 9
        assert [card.button for card in view.cards] == list(range(9))
        taught = min(classes, 8)
        assert [card.label for card in view.cards[:taught]] == list(MANY[:taught])


def test_a_card_changes_only_for_a_class_that_has_none_in_the_place_of_the_one_named_longest_ago() -> None:
    state = replace(with_starter(6, 2), starter=ModelFacts(MANY, 0.5))
    labels = [card.label for card in looked_at(state, 40, 20, 30, 20, 30, 20).cards]
    assert labels == [*MANY[:7], "thing 30", "thing 20"]
    later = [card.label for card in looked_at(state, 40, 20, 30, 6, 20, 35).cards]
    assert later == [*MANY[:7], "thing 35", "thing 20"]
    blink = Smoothed(np.full(40, 1 / 40, np.float32), 0.5, 1, state.now_s)  # "not sure" changes no card
    before = looked_at(state, 40, 20)
    after = present(state, None, blink, Surroundings(places=before.places))
    assert [card.label for card in after.cards] == [card.label for card in before.cards]


def test_another_starter_begins_with_its_own_first_cards() -> None:
    state = replace(with_starter(2, 2), starter=ModelFacts(MANY, 0.5))
    other = replace(state, starter=ModelFacts(MANY[::-1], 0.5))
    view = present(other, None, NOTHING_SEEN, Surroundings(places=looked_at(state, 40, 30).places))
    assert [card.label for card in view.cards] == list(MANY[::-1][:9])


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_names_colour_and_shape_of_its_button_in_the_palette_in_use(palette: str, language: str) -> None:
    state = replace(kiosk(0, 0), classes=tuple(TaughtClass(name) for name in NAMES[:9]), language=language)
    state = replace(state, config=replace(state.config, screen=replace(state.config.screen, palette=palette)))
    for card in shown(state).cards:
        colour, shape = card.mark_text.split(" · ")
        assert (card.mark_short, bool(shape)) == (colour, True)
    named = replace(state, classes=(TaughtClass(shown(state).cards[0].mark_short), *state.classes[1:]))
    assert shown(named).cards[0].mark_text == shown(state).cards[0].mark_text.split(" · ")[1]


def test_the_words_of_the_shapes_are_those_of_the_buttons() -> None:
    assert tuple(map(str, SHAPES)) == CLASS_SHAPES
    assert str(colour_name(9, "paper")) == str(colour_name(0, "an unknown palette")) == "Red"


@pytest.mark.parametrize("mode", [Mode.TEACH, Mode.LIVE])
def test_the_chip_stays_while_something_can_be_brought_back(mode: Mode) -> None:
    state, _ = run(replace(kiosk(2, 0), mode=mode), ev.SamplesRemoved(0, (1, 2)))
    assert [card.gallery for card in shown(state).cards] == [ClassGallery(0), None]
    assert [card.rename for card in shown(state).cards] == [ClassName(0), ClassName(1)]


@pytest.mark.parametrize("classes", range(2, 10))
def test_a_key_with_words_adds_a_class_up_to_nine(classes: int) -> None:
    state = replace(kiosk(0, 0), classes=tuple(TaughtClass(name) for name in NAMES[:classes]))
    keys = [(key.button, key.text) for key in shown(state).class_keys]
    assert keys == ([(ClassStep(1), "Add a thing")] if classes < 9 else [])


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode not in (Mode.TEACH, Mode.LIVE)])
def test_nothing_about_classes_can_be_changed_on_the_main_screen_in_other_modes(mode: Mode) -> None:
    view = shown(replace(kiosk(3, 3), mode=mode))
    assert not any(key.enabled for key in view.class_keys)
    assert {(card.rename, card.gallery) for card in view.cards} == {(None, None)}


@pytest.mark.parametrize("mirror", [True, False])
def test_prints_are_mirrored_exactly_if_the_camera_picture_is(mirror: bool) -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    picture = Picture(("sample", 1), pixels)
    seen = pixels[:, ::-1] if mirror else pixels
    state = replace(kiosk(0, 0), classes=(TaughtClass("cup", 1, (picture,)), TaughtClass("pen")))
    state = replace(state, config=replace(state.config, camera=replace(state.config.camera, mirror=mirror)))
    on_card, _ = run(state, ev.SampleTaken(0, picture), ev.SampleAdded(0, 2, picture))
    view = shown(on_card)
    assert view.flash is not None
    shown_pictures = [*view.cards[0].thumbnails, view.flash[1]]
    opened, _ = run(state, ev.ButtonPressed(ClassGallery(0)), ev.GalleryLoaded(((1, picture),)))
    page = shown(opened).gallery
    assert page is not None
    shown_pictures += [one.picture for one in page.pictures]
    report = {"curve": [], "confusion": [[1, 1], [0, 2]], "wrong": [{"sample": 1, "truth": 0, "answer": 1}]}
    trained = TrainedFacts(0.5, 0.5, (2, 2), report, "holds")
    results, _ = run(replace(state, mode=Mode.LIVE, model=trained), ev.ButtonPressed(Action.RESULTS))
    results, _ = run(results, ev.PicturesLoaded(((1, picture),)))
    mistakes = shown(results).results
    assert mistakes is not None
    shown_pictures += [one.picture for one in mistakes.confused]
    assert len(shown_pictures) == 5
    for one in shown_pictures:
        assert np.array_equal(one.pixels, seen)


def test_no_bar_of_not_sure_is_shown_before_there_is_a_model() -> None:
    assert shown(kiosk(3, 3)).not_sure is None
    assert shown(with_starter(2, 2), (0.9, 0.1)).not_sure is not None


def test_the_question_whether_somebody_is_there_counts_in_large_numbers_and_takes_any_button() -> None:
    state = replace(kiosk(3, 3), mode=Mode.STILL_THERE, asked_at_s=0.0, now_s=1.0)
    question = shown(state).question
    assert question is not None
    assert question.countdown == str(round(state.config.idle.countdown_s - 1))
    assert "Press any button" in question.text
    (answer,) = question.answers
    assert (answer.name, answer.key) == ("confirm", "")
    pygame.font.init()
    size = (1280, 720)
    (number,) = [
        text
        for text in screens.draw(pygame.Surface(size), shown(state), load_theme(size))
        if text.words == question.countdown
    ]
    assert number.rect.height >= 50
    assert run(state, ev.ButtonPressed(2))[0].mode is Mode.TEACH


def test_the_key_of_the_language_has_a_symbol() -> None:
    key = shown(kiosk(0, 0)).language
    assert key is not None
    assert key.name in ICONS


def test_while_it_is_not_sure_the_bars_share_only_what_is_left() -> None:
    probabilities = np.array([0.9, 0.1], np.float32)
    unsure = Answer(0, 0.9, Certainty.NOT_SURE, 0.75)
    state, translate = kiosk(5, 5), Translator("en")
    places = placed(Places(), state.labels, len(state.classes), None)
    shown = cards(state, probabilities, unsure, places, 20, translate)
    assert [card.confidence for card in shown] == pytest.approx([0.9 * 0.25, 0.1 * 0.25])
    sure = cards(state, probabilities, Answer(0, 0.9, Certainty.SURE, 0.1), places, 20, translate)
    assert [card.confidence for card in sure] == pytest.approx([0.9, 0.1])
