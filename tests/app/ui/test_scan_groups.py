"""The highlight of the one switch reaches everything that can be touched, and nothing else; it is drawn around it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pygame
import pytest

from app.base.buttons import Action, ClassGallery, ClassName, ClassStep, OnScreen, ScreenKey, StaffPage, StaffTab
from app.ui import screens
from app.ui.painting.theme import load_theme
from app.ui.scan_groups import ONE_BY_ONE, scan_groups
from app.views.model import KioskView, Screen
from tests.support.page_views import page_views
from tests.support.screen_states import screen_states, shown
from tests.support.views import main_views

SIZES = ((1280, 720), (1080, 1920))
VIEWS = {**main_views(), **page_views()}


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def touchable(view: KioskView, size: tuple[int, int]) -> set[Hashable]:
    return {button for button, _ in screens.targets(view, size)} - {ScreenKey.CORNER}


def disabled(view: KioskView) -> set[Hashable]:
    pages = (view.gallery, view.results, view.saving, view.typing)
    keys = [*view.actions, *view.picture_keys, *(key for page in pages if page is not None for key in page.keys)]
    keys += view.question.answers if view.question is not None else ()
    live = {key.button for key in keys if key.enabled}
    return {one.button for one in (*keys, *view.cards) if not one.enabled} - live


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", VIEWS)
def test_the_highlight_reaches_what_can_be_touched_and_does_something(name: str, size: tuple[int, int]) -> None:
    view = VIEWS[name]
    reached = {button for group in scan_groups(view, size) for button in group}
    if view.screen is Screen.ATTRACT or (view.progress is not None and view.saving is None):
        assert reached == set()
    elif view.staff is None:
        buttons = {one for one in touchable(view, size) if isinstance(one, int | Action | OnScreen)}
        assert reached - {ScreenKey.CORNER} == buttons - disabled(view)


@pytest.mark.parametrize("name", VIEWS)
def test_no_button_is_visited_twice_and_many_buttons_stand_in_groups(name: str) -> None:
    groups = scan_groups(VIEWS[name], SIZES[0])
    buttons = [button for group in groups for button in group]
    assert len(buttons) == len(set(buttons))
    assert all(groups)
    if len(buttons) <= ONE_BY_ONE:
        assert all(len(group) == 1 for group in groups)
    else:
        assert len(groups) < len(buttons)


def test_with_nine_classes_the_cards_come_first_then_the_keys() -> None:
    groups = scan_groups(main_views(9)["live"], SIZES[0])
    assert groups[0] == tuple(range(9))
    assert groups[1][:2] == (Action.TRAIN, Action.SAVE)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_highlight_is_drawn_around_its_buttons_and_nowhere_else(size: tuple[int, int]) -> None:
    view, theme = VIEWS["teach"], load_theme(size)
    plain, highlighted = pygame.Surface(size), pygame.Surface(size)
    screens.draw(plain, view, theme)
    screens.draw(highlighted, replace(view, scanned=(Action.TRAIN,)), theme)
    changed = (pygame.surfarray.array3d(plain) != pygame.surfarray.array3d(highlighted)).any(axis=2)
    area = next(area for button, area in screens.targets(view, size) if button is Action.TRAIN)
    columns, rows = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
    drawn = pygame.Rect(columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
    margin = theme.px(40)
    assert area.inflate(margin, margin).contains(drawn)
    assert drawn.contains(area.clip(pygame.Rect(0, 0, *size)))
    assert not changed[area.centerx, area.centery]


def test_the_highlight_reaches_pencil_chip_and_the_corner_for_staff_last() -> None:
    groups = scan_groups(shown(screen_states()["live"], "en"), SIZES[0])
    buttons = [button for group in groups for button in group]
    assert {*map(ClassGallery, range(3)), *map(ClassName, range(3))} <= set(buttons)
    assert buttons[-1] is ScreenKey.CORNER


@pytest.mark.parametrize("page", StaffPage)
def test_the_highlight_visits_a_staff_page_row_by_row_and_then_the_other_pages(page: StaffPage) -> None:
    view = shown(screen_states()[f"staff: {page.value}"], "en")
    groups = scan_groups(view, SIZES[0])
    assert {button for group in groups for button in group} == touchable(view, SIZES[0])
    assert groups[-1] == tuple(StaffTab(one) for one in StaffPage)
    assert groups[-2] == (ScreenKey.BACK,)


def test_a_group_whose_buttons_stand_apart_has_a_frame_around_each_and_none_around_what_lies_between() -> None:
    size, view = SIZES[0], shown(screen_states()["live"], "en")
    theme, buttons = load_theme(size), (ScreenKey.CORNER, ClassStep(-1), ClassStep(1))
    plain, highlighted = pygame.Surface(size), pygame.Surface(size)
    screens.draw(plain, view, theme)
    screens.draw(highlighted, replace(view, scanned=buttons), theme)
    changed = (pygame.surfarray.array3d(plain) != pygame.surfarray.array3d(highlighted)).any(axis=2)
    margin, near = theme.px(40), np.zeros_like(changed)
    for button, area in screens.targets(view, size):
        if button in buttons:
            around = area.inflate(margin, margin).clip(pygame.Rect(0, 0, *size))
            assert changed[around.left : around.right, around.top : around.bottom].any()
            near[around.left : around.right, around.top : around.bottom] = True
    assert not (changed & ~near).any()
