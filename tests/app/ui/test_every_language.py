"""Every screen in every language: no text is cut, and what is to be read from afar has large letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pygame
import pytest
from babel.messages.extract import extract_from_file

from app.base.camera_faults import CameraCause, CameraFault
from app.base.i18n import LANGUAGES, message, translated
from app.base.paths import import_folder
from app.config.checks import PALETTES
from app.config.lesson import LONGEST_TASK
from app.config.schema import Config
from app.core.facts import ModelFacts
from app.core.modes.lessons import PART_S
from app.core.state import Mode
from app.importing.lessons import find_lessons
from app.ui.pages.main_screen import SPEECH
from app.ui.pages.main_screen import advice as said
from app.ui.painting.canvas import CAP, DESCENT, LINE, Canvas, DrawnText, fitted
from app.ui.painting.layout import KEY_TEXT, arrange
from app.ui.painting.motion import settled
from app.ui.painting.theme import READABLE, contrast_ratio, font, load_theme
from app.views.guidance import guidance
from app.views.waking import waking
from tests.app.ui.test_screens import check_texts
from tests.support.drawn_texts import drawn_texts
from tests.support.page_views import every_view
from tests.support.screen_states import screen_states, shown
from tests.support.staff_pages import CONTACT
from tests.support.views import main_views

SIZES = [(800, 480), (540, 960)]  # larger windows of these shapes are the same, only larger
FAR = (1280, 720)  # on a screen of 24 inches
READABLE_PX = 34  # height of a capital letter there that is 14 mm: it can be read from three metres away
FAR_PORTRAIT, LOW_PORTRAIT = (1080, 1920), (1200, 1920)
PORTRAITS = [(FAR_PORTRAIT, 50.6), (LOW_PORTRAIT, 52.0)]  # on screens of 24 inches: 531 mm, and 517 mm high
STAFF_TEXT_PX = 12
STATES = screen_states()
VALUES = {"label": "teapot", "first": "teapot", "second": "banana", "few": "teapot", "most": "banana", "drive": "KATJA"}
VALUES |= {"labels": "teapot, banana", "width": 32, "height": 24, "name": "teapot", "percent": 80, "shots": 14}
STARTERS = (("sun", "moon"), ("apple", "cup", "duck"), ("screwdriver", "teapot", "banana"), tuple("abcdefghi"))
LARGE = 24  # units from which text counts as large. Source: WCAG 2.1, 18 points


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


@cache
def drawn(state: str, language: str, size: tuple[int, int]) -> tuple[DrawnText, ...]:
    return drawn_texts(shown(STATES[state], language), size)


def capital_px(text: DrawnText) -> float:
    """The height of the capital letters of a text that was drawn."""
    lines = len(text.lines)
    sizes = range(8, 200)
    size = min(sizes, key=lambda one: abs(one * (CAP + DESCENT) + one * LINE * (lines - 1) - text.rect.height))
    return size * CAP


def advice(language: str, size: tuple[int, int], *, lines: int) -> Iterator[tuple[str, int]]:
    """Every text that tells a visitor what to do, and the size of its letters in so many lines.

    The place of the advice is the same for every number of classes, and whether a model answers or not.
    """
    theme = load_theme(size)
    views = [main_views(classes)[name] for classes in range(2, 10) for name in ("welcome", "live")]
    (room,) = {tuple(arrange(view, size, theme).guidance.size) for view in views}
    files = ("app/views/guidance.py", "app/views/light.py", "app/workers/picture_quality.py")
    found = [extract_from_file("python", import_folder() / file, keywords={"message": None}) for file in files]
    texts = [translated(message(str(text), **VALUES), language) for file in found for _, text, _, _ in file]
    starters = [replace(STATES["welcome"], starter=ModelFacts(names, 0.5), mode=Mode.LIVE) for names in STARTERS]
    canvas = Canvas(pygame.Surface(size, depth=8), theme)
    known = [said(canvas, one, arrange(one, size, theme)) for one in (shown(state, language) for state in starters)]
    for words in (*texts, *tasks(language), *known):
        yield words, fitted(words, theme.px(SPEECH), room, lines, True)[0]


def tasks(language: str) -> Iterator[str]:
    """Every part of the task of every lesson that is included, and of the longest one that a file may hold."""
    lessons = [one.lesson for one in find_lessons(Path("no such folder"), ())[0]]
    longest = ("Bringt sieben runde Dinge " * 4)[:LONGEST_TASK]
    for lesson in (*lessons, replace(lessons[0], task=dict.fromkeys(LANGUAGES, longest))):
        for part in range(9):
            now = replace(STATES["welcome"], lesson=lesson, language=language, now_s=part * PART_S)
            yield translated(guidance(now, None), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_text_is_complete_and_overlaps_no_other_in_every_language(state: str, language: str) -> None:
    for size in SIZES:
        check_texts(drawn(state, language, size), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_enough_contrast_in_every_language_because_colours_do_not_depend_on_it(
    language: str, size: tuple[int, int]
) -> None:
    """So the tests of all palettes need one language alone."""
    for state in STATES:
        colours = {(text.ink, text.on) for text in drawn(state, language, size)}
        assert all(contrast_ratio(*pair) >= READABLE for pair in colours), state
        assert colours == {(text.ink, text.on) for text in drawn(state, "en", size)}, state


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_splash_says_is_complete_in_every_language(language: str) -> None:
    for size in SIZES:
        check_texts(drawn_texts(waking(language, "paper"), size), size)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_advice_can_be_read_from_three_metres_away(language: str) -> None:
    for words, size_px in advice(language, FAR, lines=2):
        letter = font(size_px, bold=True).render("H", (0, 0, 0))
        assert pygame.mask.from_surface(letter, 127).get_bounding_rects()[0].height >= READABLE_PX, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_on_the_screen_while_nobody_presses_can_be_read_from_three_metres_away(language: str) -> None:
    for state in ("attract", "welcome", "ready", "live", "still there", "no camera", "starting"):
        view, texts = shown(STATES[state], language), drawn(state, language, FAR)
        wanted = {view.guidance}
        if view.attract is not None:
            wanted = {view.attract.headline, view.attract.caption}
        if view.question is not None:
            wanted = {view.question.countdown, view.question.title, view.question.text}
        if view.fault is not None:
            wanted = set(view.fault)
        if view.verdict is not None and view.question is None:
            wanted.add(view.verdict.text)
        if view.picture is None and view.fault is None:
            wanted.add(view.waiting_text)
        for words in wanted:
            highest = max(capital_px(text) for text in texts if text.words.replace("...", "…") == words)
            assert highest >= READABLE_PX - 0.5, (state, words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fault_page_can_be_read_from_three_metres_away_whatever_is_wrong(language: str) -> None:
    webcam = "/dev/v4l/by-id/usb-046d_HD_Webcam_C270_A1B2C3D0-video-index0"
    one = [(CameraFault(webcam, cause),) for cause in CameraCause]
    several = [(*some, CameraFault("/dev/video2", CameraCause.NOT_OPENED), *some) for some in one]
    faults = [replace(STATES["no camera"], camera_faults=tried) for tried in (*one, *several)]
    config = replace(Config(), staff=replace(Config().staff, contact=CONTACT))
    called = [replace(state, config=config) for state in faults[: len(one)]]
    for state in (*faults, *called, STATES["defect"], STATES["whom to call"]):
        view = shown(state, language)
        assert view.fault is not None
        texts = drawn_texts(view, FAR)
        check_texts(texts, FAR)
        for words in view.fault:
            (text,) = (one for one in texts if one.words.replace("...", "…") == words)
            assert capital_px(text) >= READABLE_PX - 0.5, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_values_on_staff_pages_can_be_read(language: str) -> None:
    for state in (name for name in STATES if name.startswith("staff")):
        for text in drawn(state, language, FAR):
            assert capital_px(text) / CAP >= STAFF_TEXT_PX, (state, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_visitors_see_nothing_of_processor_speed_and_drives(language: str) -> None:
    for state in ("welcome", "live", "attract"):
        view = shown(STATES[state], language)
        status = replace(view.status, camera="Cam 7", backend="CPU 7", rate_text="77 Hz", drive="STICK 7")
        texts = drawn_texts(replace(view, status=status), FAR)
        assert not any("7" in text.words for text in texts if "77" in text.words or text.words.endswith(" 7"))


@pytest.mark.parametrize("palette", PALETTES)
def test_every_text_of_every_page_and_question_has_enough_contrast(palette: str) -> None:
    for name, state in STATES.items():
        for text in drawn_texts(shown(state, "en"), SIZES[0], palette):
            assert contrast_ratio(text.ink, text.on) >= 4.5, (name, text)


@pytest.mark.parametrize("palette", PALETTES)
def test_a_key_that_breathes_keeps_its_contrast(palette: str) -> None:
    size = (800, 480)
    for name, view in every_view(4).items():
        for breath in (0.5, 1.0):
            moving = replace(settled(view), breath=breath)
            for text in drawn_texts(view, size, palette, moving):
                least = 3.0 if capital_px(text) / CAP >= load_theme(size).px(LARGE) else 4.5
                assert contrast_ratio(text.ink, text.on) >= least, (name, text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("size", "least_px"), PORTRAITS)
def test_all_advice_can_be_read_from_three_metres_away_on_a_portrait_screen(
    size: tuple[int, int], least_px: float, language: str
) -> None:
    for words, size_px in advice(language, size, lines=3):
        assert size_px * CAP >= least_px - 0.5, words


@pytest.mark.parametrize("classes", [3, 9])
@pytest.mark.parametrize(("size", "_"), PORTRAITS)
def test_the_picture_of_a_portrait_screen_stays_half_as_high_as_the_window(
    size: tuple[int, int], _: float, classes: int
) -> None:
    for name, view in main_views(classes).items():
        if view.question is None and view.fault is None:
            assert arrange(view, size, load_theme(size)).camera.height >= size[1] // 2, name


def test_a_long_text_on_a_small_key_gets_the_room_that_the_others_do_not_need() -> None:
    view, theme = shown(STATES["live"], "fr"), load_theme(FAR)
    keys = {key.text: area for key, area in zip(view.actions, arrange(view, FAR, theme).actions, strict=True)}
    assert keys["Recommencer"].width > keys["Annuler"].width
    assert max(area.right for area in keys.values()) <= FAR[0]
    size = next(text for text in drawn("live", "fr", FAR) if text.words == "Recommencer")
    assert capital_px(size) / CAP >= 0.9 * theme.px(KEY_TEXT)


def test_nothing_moves_on_the_main_screen_when_the_model_learns() -> None:
    for size in (FAR, FAR_PORTRAIT):
        theme = load_theme(size)
        ready, learns = (arrange(shown(STATES[name], "en"), size, theme) for name in ("ready", "training"))
        assert (ready.actions, ready.mascot, ready.guidance) == (learns.actions, learns.mascot, learns.guidance)
        assert [card.right for card in ready.cards] == [card.right for card in learns.cards]
        if size == FAR:
            assert ready.cards == learns.cards
