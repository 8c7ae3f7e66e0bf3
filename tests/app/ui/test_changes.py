"""Drawing only what changed shows the same pixels as drawing everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pygame
import pytest

from app.base.picture import Picture
from app.core.facts import TaughtClass
from app.core.state import KioskState, Mode
from app.demo.attract_stage import AttractStage
from app.model.observation import NOTHING_SEEN
from app.ui import screens
from app.ui.changes import Shown, draw_changes
from app.ui.painting.motion import Animator, settled
from app.ui.painting.theme import load_theme
from app.ui.painting.visible import still
from app.views.model import KioskView
from app.views.present import Surroundings, present
from tests.support.views import main_views

SIZES = [(1280, 720), (800, 480), (1080, 1920)]
RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def resting(view: KioskView, size: tuple[int, int]) -> Shown:
    return still(view), settled(view, portrait=size[1] > size[0])


def drawn_whole(shown: Shown, size: tuple[int, int]) -> pygame.Surface:
    surface = pygame.Surface(size)
    screens.draw(surface, shown[0], load_theme(size, shown[0].palette), shown[1])
    return surface


def differences(before: Shown, now: Shown, size: tuple[int, int]) -> tuple[list[pygame.Rect] | None, int]:
    """The areas that were drawn, and how many pixels differ from drawing the whole screen."""
    surface = drawn_whole(before, size)
    areas = draw_changes(surface, before, now, load_theme(size, now[0].palette))
    if areas is None:
        return None, 0
    one, other = (pygame.surfarray.pixels3d(each) for each in (surface, drawn_whole(now, size)))
    return areas, int((one != other).any(axis=2).sum())


def noise(number: int) -> Picture:
    return Picture(("noise", number), RNG.integers(0, 256, (48, 64, 3), np.uint8))


def changed(view: KioskView) -> KioskView:
    """The same page with another picture, and other values on the cards."""
    cards = tuple(
        replace(card, confidence=None if card.confidence is None else 0.5, ring=0.3, shots=card.shots + 1)
        for card in view.cards
    )
    not_sure = None if view.not_sure is None else 0.4
    return replace(view, picture=noise(1) if view.picture is not None else None, cards=cards, not_sure=not_sure)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", [3, 9])
def test_other_values_on_the_same_page_are_drawn_to_the_pixel(size: tuple[int, int], classes: int) -> None:
    partly = 0
    for name, view in main_views(classes).items():
        before, other = resting(view, size), resting(changed(view), size)
        moving = replace(other[1], breath=0.5, lids=0.5, gaze=(0.3, -0.5), glad=0.2)
        areas, wrong = differences(before, (other[0], moving), size)
        assert wrong == 0, name
        partly += areas is not None
    assert partly >= 3  # teach and live among them


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", ["picture", "cards", "not_sure", "verdict"])
def test_one_value_that_changes_alone_leaves_the_others_as_they_are(size: tuple[int, int], part: str) -> None:
    view = main_views(3)["live"]
    assert view.verdict is not None
    other = replace(changed(view), verdict=replace(view.verdict, share_text="12%"))
    after = replace(view, **{part: getattr(other, part)})
    areas, wrong = differences(resting(view, size), resting(after, size), size)
    assert (areas is not None, wrong) == (True, 0)


@pytest.mark.parametrize("size", [(800, 480), (480, 800)])
def test_between_any_two_pages_the_result_is_right_or_everything_is_drawn(size: tuple[int, int]) -> None:
    views = list(main_views(3).items())
    for (one, view), (other, after) in product(views, views):
        _, wrong = differences(resting(view, size), resting(after, size), size)
        assert wrong == 0, (one, other)


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
def test_a_whole_demonstration_looks_the_same_and_is_mostly_drawn_in_parts(size: tuple[int, int]) -> None:
    animator, stage = Animator(), AttractStage()
    state = KioskState(classes=tuple(TaughtClass(name) for name in ("a", "b", "c")), mode=Mode.ATTRACT, camera="test")
    surface, before, partly, ticks = pygame.Surface(size), None, 0, range(0, 250, 4)
    theme = load_theme(size)
    for tick in ticks:
        around = Surroundings(stage=stage.picture)
        view = present(replace(state, now_s=tick / 15), None, NOTHING_SEEN, around)
        now: Any = (still(view), animator.step(view))
        areas = draw_changes(surface, before, now, theme) if before is not None else None
        if areas is None:
            screens.draw(surface, now[0], theme, now[1])
        else:
            partly += 1
            assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(drawn_whole(now, size), "RGB"), tick
        before = now
    assert partly > 0.75 * len(ticks)
