"""WHY and the games on the screen: every text fits in every language, the light lies where it should, and buttons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

from app.base.buttons import Action
from app.base.explanation import Explanation, Way
from app.base.i18n import LANGUAGES, message, translated
from app.base.picture import Picture
from app.base.ports import Frame
from app.core.facts import TrainedFacts
from app.core.game import Game, GameStep, NewAnswer, Trick
from app.core.modes.games import HELP_AFTER_S
from app.core.state import KioskState, Mode
from app.model.observation import Smoothed
from app.ui import screens
from app.ui.painting.light import DARK, OUTSIDE, draw_light, draw_outline, light_factors
from app.ui.painting.motion import settled
from app.ui.painting.theme import load_theme
from app.views.model import KioskView, Light
from app.views.present import Surroundings, present
from tests.app.ui.test_screens import check_texts
from tests.support.drawn_texts import drawn_texts
from tests.support.page_views import every_view
from tests.support.states import kiosk
from tests.support.views import game_views

SIZES = [(1280, 720), (800, 480), (1080, 1920)]
IMAGE = np.random.default_rng(0).integers(60, 256, (480, 640, 3), np.uint8)
MODEL = TrainedFacts(0.9, 0.5, (9, 9, 0))
NAMES = ("Apfel", "Schraubenzieher", "Banane")


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def cells(*places: tuple[int, int], size: int = 12) -> np.ndarray:
    made = np.full((size, size), -0.1, np.float32)
    for row, column in places:
        made[row, column] = 1.0
    return made


def explanation(way: Way = Way.EXACT, *places: tuple[int, int]) -> Explanation:
    return Explanation(cells(*(places or ((2, 9),))), 1, 0, against_all=False, margin=1.0, way=way)


def state(language: str = "en", **changes: object) -> KioskState:
    made = kiosk(9, 9, 0, mode=Mode.LIVE, model=MODEL)
    classes = tuple(replace(one, label=name) for one, name in zip(made.classes, NAMES, strict=True))
    return replace(made, classes=classes, language=language, now_s=5.0, **changes)  # type: ignore[arg-type]


def shown(of: KioskState, top: float = 0.9, why: Explanation | None = None, *, mirror: bool = False) -> KioskView:
    rest = (1 - top) / 2
    seen = Smoothed(np.array([rest, top, rest], np.float32), 0.5, 3, 5.0, 0.2, why)
    return present(of, Frame(IMAGE, 3, 5.0), seen, Surroundings(model_square=(80, 0, 480), mirror=mirror))


def game_states(language: str) -> list[KioskState]:
    """A state for each thing that can be said in a game."""
    picture = Picture(("trick", 1), IMAGE)
    trick, blind = Trick(picture, 1, 0.97, explanation()), Trick(picture, 1, 0.97)
    covered = replace(trick, why=explanation(Way.OCCLUSION))
    made = [
        state(language, game=Game(guided, step, 1, trick=trick if step.value not in ("seek", "first") else None))
        for guided in (False, True)
        for step in GameStep
        if step is not GameStep.CLEAR and (guided or step not in (GameStep.FIRST, GameStep.SECOND, GameStep.TRAIN))
    ]
    late = Game(guided=True, step=GameStep.SEEK, target=1, began_s=5.0 - HELP_AFTER_S - 1)
    answers = [NewAnswer(2, 0.88, named=True, why=explanation()), NewAnswer(1, 0.7, named=True),
               NewAnswer(0, 0.4, named=False)]  # fmt: skip
    made += [
        state(language, game=late),
        state(language, game=Game(False, GameStep.CAUGHT, 1, trick=blind)),
        *(state(language, game=Game(guided, GameStep.CAUGHT, 1, trick=covered)) for guided in (False, True)),
        state(language, game=Game(False, GameStep.SEEK, 1), best_trick=trick),
        state(language, mode=Mode.ASK_TRICK, game=Game(False, GameStep.SEEK, 1, trick=trick), asked_at_s=4.0),
        state(language, mode=Mode.CHOOSE_GAME, asked_at_s=4.0),
        state(language, mode=Mode.CHOOSE_GAME, asked_at_s=4.0, best_trick=trick),
        replace(kiosk(0, 0, 0), language=language, mode=Mode.CHOOSE_GAME, asked_at_s=0.0),
        *(state(language, game=Game(guided, GameStep.ANSWERED, 1, trick=trick, answer=answer))
          for answer in answers for guided in (False, True)),
    ]  # fmt: skip
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_games_fits(size: tuple[int, int], language: str) -> None:
    for one in game_states(language):
        check_texts(drawn_texts(shown(one), size), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_about_why_fits(size: tuple[int, int], language: str) -> None:
    on = state(language, why=True)
    said = []
    ways = [(top, way) for top in (0.9, 0.49, 0.34) for way in (Way.EXACT, Way.OCCLUSION)]
    for top, way in [*ways, (0.9, None)]:
        view = shown(on, top, None if way is None else explanation(way))
        check_texts(drawn_texts(view, size), size)
        said.append(view.guidance)
    three = replace(on, model=replace(MODEL, shots=(9, 9, 9)))
    check_texts(drawn_texts(shown(three, 0.9, explanation()), size), size)
    further = shown(replace(three, against_all=True), 0.9, replace(explanation(), against_all=True))
    check_texts(drawn_texts(further, size), size)
    assert len({*said, further.guidance}) == len(said) + 1


@pytest.mark.parametrize("against_all", [False, True])
@pytest.mark.parametrize("top", [0.9, 0.49, 0.34])
def test_light_that_was_found_by_covering_parts_is_called_so_whatever_the_answer(top: float, against_all: bool) -> None:
    seen = replace(explanation(Way.OCCLUSION), against_all=against_all)
    view = shown(state(why=True, against_all=against_all), top, seen)
    assert view.light is not None
    assert "I covered parts:" in view.guidance


@pytest.mark.parametrize("guided", [False, True])
def test_in_a_game_light_that_is_not_exact_is_shown_only_where_the_mascot_says_so(guided: bool) -> None:
    covered = explanation(Way.OCCLUSION)
    trick = Trick(Picture(("trick", 1), IMAGE), 1, 0.97, covered)
    caught = shown(state(game=Game(guided, GameStep.CAUGHT, 1, trick=trick)))
    assert caught.light is not None
    assert caught.guidance == "You tricked me! I covered parts: the bright one fooled me."
    for why, lit in ((covered, False), (explanation(), True)):
        answer = NewAnswer(1, 0.7, named=True, why=why)
        answered = shown(state(game=Game(guided, GameStep.ANSWERED, 1, trick=trick, answer=answer)))
        assert (answered.light is not None) is lit
        assert "I covered parts" not in answered.guidance
    strip = shown(state(game=Game(False, GameStep.SEEK, 1), best_trick=trick)).game
    assert strip is not None
    assert strip.best is not None
    assert strip.best_light is None


@pytest.mark.parametrize("mirror", [False, True])
def test_the_best_trick_is_shown_as_the_model_saw_it_while_another_is_sought(mirror: bool) -> None:
    best = Trick(Picture(("trick", 1), IMAGE), 1, 0.97, explanation())
    seeking = state(game=Game(False, GameStep.SEEK, 1), best_trick=best)
    strip = shown(seeking, mirror=mirror).game
    assert strip is not None
    assert strip.best is not None
    assert strip.best_light is not None
    square = IMAGE[:, 80:560]
    assert np.array_equal(strip.best.pixels, square[:, ::-1] if mirror else square)
    assert (strip.best_light.centre[0] > 0.5) is not mirror
    first = shown(replace(seeking, best_trick=None), mirror=mirror).game
    assert first is not None
    assert (first.best, first.best_light, first.best_text) == (None, None, "")
    with_print, without = pygame.Surface(SIZES[0]), pygame.Surface(SIZES[0])
    for surface, game in ((with_print, strip), (without, replace(strip, best=None))):
        view = replace(shown(seeking, mirror=mirror), game=game)
        screens.draw(surface, view, load_theme(SIZES[0]))
    changed = np.argwhere((pygame.surfarray.array3d(with_print) != pygame.surfarray.array3d(without)).any(axis=2))
    assert len(changed) > 100 * 100


def test_the_question_which_game_shows_the_best_trick_of_the_visit() -> None:
    best = Trick(Picture(("trick", 1), IMAGE), 1, 0.97, explanation())
    asked = state(mode=Mode.CHOOSE_GAME, asked_at_s=4.0, best_trick=best)
    question = shown(asked).question
    assert question is not None
    assert question.picture is not None
    assert np.array_equal(question.picture.pixels, IMAGE[:, ::-1])  # mirrored, as the visitor saw it
    assert question.text == "Your best trick: I was 97% sure of Schraubenzieher."
    question = shown(replace(asked, best_trick=None)).question
    assert question is not None
    assert (question.picture, question.text) == (None, "")


def test_the_key_says_what_its_next_press_does() -> None:
    three = replace(state(), model=replace(MODEL, shots=(3, 3, 3)))
    texts = []
    for changes in ({}, {"why": True}, {"why": True, "against_all": True}):
        key = shown(replace(three, **changes)).picture_keys[0]  # type: ignore[arg-type]
        texts.append((key.button, key.text, key.held))
    assert texts == [
        (Action.WHY, "Why?", False), (Action.WHY, "More sure?", True), (Action.WHY, "Light off", True)
    ]  # fmt: skip
    two = replace(three, model=replace(MODEL, shots=(3, 3, 0)), why=True)
    assert shown(two).picture_keys[0].text == "Light off"


@pytest.mark.parametrize("name", ["tricked", "trick_defeated"])
def test_beside_a_frozen_picture_no_card_shows_an_answer_to_what_the_camera_sees_now(name: str) -> None:
    view = game_views()[name]
    assert view.frozen
    assert view.verdict is not None
    assert [(card.confidence, card.leading) for card in view.cards] == [(None, False)] * 3
    assert view.not_sure == 0.0


def test_every_step_says_something_else() -> None:
    said = [shown(one).guidance for one in game_states("en")[:11]]
    assert len(set(said)) >= 9
    assert all(said)


def test_the_light_is_where_the_evidence_is_and_mirrored_with_the_picture() -> None:
    on = state(why=True)
    for mirror, side in ((False, slice(24, 48)), (True, slice(0, 24))):
        light = shown(on, why=explanation(), mirror=mirror).light
        assert light is not None
        assert light.values[:24, side].max() == 1.0
        assert light.values.sum() == pytest.approx(light.values[:24, side].sum(), rel=0.05)
        assert (light.centre[0] > 0.5) is not mirror
        assert light.centre[1] < 0.3


def test_what_speaks_against_the_answer_is_dark_and_nothing_at_all_is_dark_everywhere() -> None:
    against = replace(explanation(), cells=-cells((2, 9)) - 1)
    light = shown(state(why=True), why=against).light
    assert light is not None
    assert light.values.max() == 0.0


def test_a_light_of_an_answer_that_is_not_sure_has_no_colour() -> None:
    sure, unsure = shown(state(why=True), 0.9, explanation()), shown(state(why=True), 0.34, explanation())
    assert sure.light is not None
    assert unsure.light is not None
    assert (sure.light.index, unsure.light.index) == (1, None)


def test_there_is_no_light_while_a_button_is_held_and_without_a_model() -> None:
    assert shown(state(why=False), why=explanation()).light is None
    teaching = replace(state(why=True), mode=Mode.TEACH, model=None)
    assert shown(teaching, why=explanation()).light is None


@pytest.mark.parametrize("colour", [None, (255, 0, 0)])
def test_the_picture_stays_where_there_is_light_and_darkens_elsewhere(colour: tuple[int, int, int] | None) -> None:
    surface = pygame.Surface((120, 100))
    surface.fill((200, 200, 200))
    values = np.zeros((48, 48), np.float32)
    values[:, 30:] = 1.0
    draw_light(surface, Light("key", values, None, (0.5, 0.5)), pygame.Rect(10, 0, 100, 100), colour)
    levels = pygame.surfarray.array3d(surface)
    assert np.abs(levels[95:109, 10:90].astype(int) - 200).max() <= 2
    assert np.abs(levels[15:60, 10:90].astype(int) - 200 * DARK).max() <= 3
    assert np.abs(levels[111:, :].astype(int) - 200 * DARK).max() <= 3  # what the model does not see


def test_the_edge_of_the_light_has_the_colour_of_the_class() -> None:
    middle = light_factors(np.full((1, 1), 0.5, np.float32), (20, 40, 200))[0, 0]
    assert middle[2] > 2 * middle[0]
    full, none = light_factors(np.array([[1.0, 0.0]], np.float32), (20, 40, 200))[0]
    assert list(full) == [255, 255, 255]
    assert len(set(none)) == 1


@pytest.mark.parametrize("depth", [24, 32])
def test_a_small_picture_stays_recognisable_on_both_sides_of_the_outline(depth: int) -> None:
    surface = pygame.Surface((100, 80), depth=depth)
    surface.fill((200, 100, 50))
    values = np.clip((np.arange(48, dtype=np.float32) - 11.5) / 24, 0, 1) * np.ones((48, 1), np.float32)
    area = pygame.Rect(10, 10, 80, 60)
    draw_outline(surface, Light("key", values, 0, (0.5, 0.5)), area, (20, 40, 230))
    row = pygame.surfarray.array3d(surface)[:, 40].astype(int)
    assert (row[:10] == (200, 100, 50)).all()  # only the picture changes
    assert (np.abs(row[12:28] - OUTSIDE * np.array((200, 100, 50))) <= 1).all()
    assert (np.abs(row[72:88] - (200, 100, 50)) <= 1).all()
    assert np.abs(row[49:51] - (20, 40, 230)).max() <= 1  # the line in the colour of the class
    rims = [x for x in range(40, 60) if row[x].min() > 190]
    assert rims  # white beside the line, so that it stands out from every picture
    assert min(rims) < 49 < max(rims)


def test_without_any_light_a_small_picture_has_no_outline() -> None:
    surface = pygame.Surface((60, 60))
    surface.fill((200, 100, 50))
    draw_outline(surface, Light("key", np.zeros((48, 48), np.float32), 0, (0.5, 0.5)), surface.get_rect(), (0, 0, 255))
    assert len(np.unique(pygame.surfarray.array3d(surface).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("portrait", [False, True])
def test_the_face_looks_at_the_light(portrait: bool) -> None:
    view = game_views()["why"]
    assert view.light is not None
    gazes = {
        name: settled(replace(view, light=replace(view.light, centre=(x, y))), portrait=portrait).gaze
        for name, x, y in (("left", 0.1, 0.5), ("right", 0.9, 0.5), ("top", 0.5, 0.1), ("bottom", 0.5, 0.9))
    }
    assert gazes["left"][0] < gazes["right"][0]
    assert gazes["top"][1] < gazes["bottom"][1]
    assert all(-1 <= value <= 1 for gaze in gazes.values() for value in gaze)


@pytest.mark.parametrize("size", [*SIZES, (3840, 2160)])
def test_the_keys_on_the_picture_can_be_touched(size: tuple[int, int]) -> None:
    view = game_views()["why"]
    places = dict(screens.targets(view, size))
    for action in (Action.WHY, Action.PLAY):
        assert screens.button_at(view, size, places[action].center) is action
        assert pygame.Rect(0, 0, *size).contains(places[action])
        assert min(places[action].size) >= load_theme(size).px(48)


@pytest.mark.parametrize("size", SIZES)
def test_the_answers_to_the_question_about_a_trick_can_be_touched(size: tuple[int, int]) -> None:
    view = game_views()["trick_question"]
    found = [screens.button_at(view, size, area.center) for _, area in screens.targets(view, size)]
    assert found == [0, 1]


def test_everything_that_a_game_needs_can_be_touched() -> None:
    for one in game_states("en"):
        view = shown(one)
        found = {button for button, _ in screens.targets(view, SIZES[0])}
        if view.question is not None:
            assert {0, 1} <= found
        else:
            assert {0, 1, 2, Action.TRAIN, Action.SAVE, Action.RESET} <= found


@pytest.mark.parametrize(("key", "action"), [("key:w", Action.WHY), ("key:p", Action.PLAY)])
def test_a_keyboard_has_keys_for_why_and_the_games(key: str, action: Action) -> None:
    view = game_views()["why"]
    assert state().inputs.map.button_of(key) is action
    assert f"key:{next(one.key for one in view.picture_keys if one.button is action).lower()}" == key


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_the_background_fits(size: tuple[int, int], language: str) -> None:
    advised = state(language, background=(1, 99.0))
    check_texts(drawn_texts(shown(advised), size), size)
    page = every_view()["results_why"]
    title = translated(message("Mixed up: it looked at the background"), language)
    check_texts(drawn_texts(replace(page, results=replace(page.results, confused_title=title)), size), size)
