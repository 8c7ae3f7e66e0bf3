"""The screen at every size: nothing overlaps, everything can be touched, the same view gives the same pixels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pygame
import pytest

from app.events import Action
from app.observation import Smoothed
from app.ports import Frame
from app.present import Surroundings, present
from app.state import ClassState, KioskState, Mode, TrainedFacts
from app.ui import screens
from app.ui.layout import arrange
from app.ui.theme import CLASS_COLOURS, Theme, contrast_ratio, load_theme
from app.ui.view import KioskView

SIZES = [(1280, 720), (800, 480), (1920, 1080), (1080, 1920)]
IMAGE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def view(classes: int = 3, mode: Mode = Mode.LIVE, top: float = 0.9) -> KioskView:
    state = KioskState(
        classes=tuple(ClassState(f"thing {index}", 5) for index in range(classes)),
        mode=mode,
        model=TrainedFacts(0.9, 0.5, (5,) * classes),
        camera="test",
        now_s=1.0,
    )
    answers = np.full(classes, (1 - top) / (classes - 1), np.float32)
    answers[1] = top
    around = Surroundings(model_square=(80, 0, 480))
    return present(state, Frame(IMAGE, 1, 1.0), Smoothed(answers, 0.5, 1, 1.0), around)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", range(2, 10))
def test_nothing_overlaps_and_nothing_leaves_the_window(size: tuple[int, int], classes: int) -> None:
    layout = arrange(view(classes), size, load_theme(size))
    parts = [layout.guidance, layout.camera, *layout.cards, layout.not_sure, *layout.actions, layout.status]
    window = pygame.Rect(0, 0, *size)
    assert all(window.contains(part) and part.width > 0 and part.height > 0 for part in parts)
    assert not any(one.colliderect(other) for one, other in combinations(parts, 2))


@pytest.mark.parametrize("size", SIZES)
def test_every_card_and_key_is_found_at_its_centre(size: tuple[int, int]) -> None:
    shown = view(9)
    layout = arrange(shown, size, load_theme(size))
    found = [screens.button_at(shown, size, area.center) for area in (*layout.cards, *layout.actions)]
    assert found == [*range(9), Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET]
    assert screens.button_at(shown, size, (0, 0)) is None


def test_while_a_question_is_asked_only_its_answers_can_be_touched() -> None:
    asking, size = view(mode=Mode.CONFIRM_RESET), SIZES[0]
    layout = arrange(asking, size, load_theme(size))
    assert [screens.button_at(asking, size, area.center) for area in layout.answers] == [Action.CANCEL, Action.CONFIRM]
    assert screens.button_at(asking, size, layout.cards[0].midleft) is None


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("size", SIZES)
def test_the_same_view_gives_the_same_pixels_in_every_mode(mode: Mode, size: tuple[int, int]) -> None:
    surfaces = [pygame.Surface(size) for _ in range(2)]
    for surface in surfaces:
        screens.draw(surface, view(mode=mode), load_theme(size))
    pixels = [pygame.image.tobytes(surface, "RGB") for surface in surfaces]
    assert pixels[0] == pixels[1]
    assert len(set(pixels[0])) > 50


def test_text_can_be_read_on_what_it_stands_on() -> None:
    theme = Theme(1.0)
    for ground in (theme.background, theme.panel):
        assert contrast_ratio(theme.text, ground) >= 4.5
        assert contrast_ratio(theme.quiet, ground) >= 4.5
        assert contrast_ratio(theme.warning, ground) >= 4.5
    for colour in (*CLASS_COLOURS, theme.accent):
        assert contrast_ratio(theme.ink, colour) >= 4.5


def test_the_verdict_names_the_leader_or_says_not_sure() -> None:
    sure, unsure = view(top=0.9), view(top=0.4)
    assert sure.verdict is not None
    assert (sure.verdict.text, sure.verdict.index) == ("thing 1", 1)
    assert sure.cards[1].leading
    assert unsure.verdict is not None
    assert (unsure.verdict.text, unsure.verdict.index) == ("not sure", None)
    assert unsure.not_sure is not None
    assert sure.not_sure is not None
    assert unsure.not_sure > 0.5 > sure.not_sure
