"""The staff pages: the picture of the camera with the model's square, switches, and the ring of a hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

from app.base.picture import Picture
from app.base.tone import Tone
from app.ui import screens
from app.ui.pages.staff import row_places
from app.ui.pages.staff_preview import split_body
from app.ui.painting.canvas import Canvas
from app.ui.painting.theme import load_theme
from app.views.model import Banner, KioskView, Setting
from tests.support.page_views import page_views

SIZES = [(1280, 720), (1920, 1080), (1080, 1920), (800, 480)]
GREEN, SIDE = (10, 200, 30), 200


@pytest.fixture(autouse=True)
def fonts() -> None:
    pygame.font.init()


def drawn(view: KioskView, size: tuple[int, int]) -> np.ndarray:
    surface = pygame.Surface(size)
    screens.draw(surface, view, load_theme(size))
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def camera_page() -> KioskView:
    """The page of the camera before a green picture, of which the model sees the middle."""
    page = page_views()["staff"]
    assert page.staff is not None
    pixels = np.full((SIDE, 2 * SIDE, 3), GREEN, np.uint8)
    pixels.flags.writeable = False
    shown = Picture(("preview", 1), pixels)
    staff = replace(page.staff, rows=page.staff.rows[:4], preview=True)
    return replace(page, staff=staff, picture=shown, model_square=(SIDE // 2, 0, SIDE))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_camera_page_shows_the_whole_frame_and_its_square_is_bright(size: tuple[int, int]) -> None:
    pixels = drawn(camera_page(), size)
    bright = (np.abs(pixels.astype(int) - GREEN) < 12).all(axis=2)
    dark = (np.abs(pixels.astype(int) - np.array(GREEN) // 2) < 12).all(axis=2)
    assert bright.sum() > size[0] * size[1] / 60
    share = dark.sum() / (bright.sum() + dark.sum())
    assert 0.4 < share < 0.6  # half of the frame is outside the square
    left, right = np.nonzero(bright.any(axis=0))[0][[0, -1]]
    outside = np.nonzero(dark.any(axis=0))[0]
    assert outside.min() < left
    assert outside.max() > right


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_rows_and_picture_do_not_overlap(size: tuple[int, int]) -> None:
    view = camera_page()
    assert view.staff is not None
    canvas = Canvas(pygame.Surface(size), load_theme(size))
    body = pygame.Rect(0, 0, size[0] * 3 // 4, size[1] * 3 // 4)
    rows, place = split_body(canvas, body)
    assert not rows.colliderect(place)
    assert all(rows.contains(one.row) for one in row_places(canvas, view.staff, body))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_passing_message_covers_the_hint_and_no_row(size: tuple[int, int]) -> None:
    view = page_views()["staff_system"]
    noticed = replace(view, notice=Banner("That session is back. Press TRAIN to make its model again.", Tone.SUCCESS))
    before, after = (
        {text.words for text in screens.draw(pygame.Surface(size), one, load_theme(size))} for one in (view, noticed)
    )
    assert view.staff is not None
    assert noticed.notice is not None
    assert before - after == {view.staff.hint}
    assert after - before == {noticed.notice.text}


def test_without_a_picture_the_page_says_that_it_waits_for_the_camera() -> None:
    waiting, silent = (
        screens.draw(pygame.Surface(SIZES[0]), view, load_theme(SIZES[0]))
        for view in (replace(camera_page(), picture=None), camera_page())
    )
    assert len(waiting) > len(silent)


@pytest.mark.parametrize("on", [True, False])
def test_a_switch_is_touched_where_it_is_drawn_and_looks_on_or_off(on: bool) -> None:
    size, page = SIZES[0], page_views()["staff"]
    assert page.staff is not None
    row = Setting("Sound", "on" if on else "off", on=on, less="less" if on else None, more=None if on else "more")
    view = replace(page, staff=replace(page.staff, rows=(row,)))
    area = dict(screens.targets(view, size))["less" if on else "more"]
    assert area.width >= 44
    assert area.height >= 44
    accent = load_theme(size).palette.accent
    pixels = drawn(view, size)[area.top : area.bottom, area.left : area.right]
    assert (pixels == accent).all(axis=2).any() == on


def test_the_ring_of_a_hold_grows() -> None:
    view, accent = page_views()["attract"], load_theme(SIZES[0]).palette.accent
    sizes = []
    for share in (None, 0.25, 0.75):
        pixels = drawn(replace(view, staff_hold=share), SIZES[0])[:320, :320]
        sizes.append(int((pixels == accent).all(axis=2).sum()))
    assert sizes[0] < sizes[1] < sizes[2]
