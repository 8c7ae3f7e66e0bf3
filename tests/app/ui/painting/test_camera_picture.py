"""The camera picture fills its place on the screen, whichever instructions pygame uses to scale it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pygame
import pytest

from app.base.picture import Picture
from app.ui.painting import paint

COLOURS = np.array([[[200, 30, 30], [30, 200, 30]], [[30, 30, 200], [200, 200, 30]]], np.uint8)
BACKGROUND = (1, 2, 3)


@pytest.fixture(params=["the default", "GENERIC"])
def scaling(request: pytest.FixtureRequest) -> Iterator[None]:
    """The scaling of this processor, and that of processors without SSE, such as a Raspberry Pi's."""
    before = pygame.transform.get_smoothscale_backend()
    if request.param == "GENERIC":
        pygame.transform.set_smoothscale_backend("GENERIC")
    yield
    pygame.transform.set_smoothscale_backend(before)


@pytest.mark.usefixtures("scaling")
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("size", [(400, 300), (200, 300), (60, 40)])
def test_each_quarter_of_the_picture_is_at_its_place_and_nothing_beside_it(
    size: tuple[int, int], mirrored: bool
) -> None:
    pixels = np.repeat(np.repeat(COLOURS, 60, axis=0), 80, axis=1)
    shown = pixels[:, ::-1] if mirrored else pixels
    surface = pygame.Surface((500, 400), depth=32)
    surface.fill(BACKGROUND)
    area = pygame.Rect((30, 20), size)
    paint.camera(surface, Picture("a picture", shown), area)
    expected = COLOURS[:, ::-1] if mirrored else COLOURS
    for row in range(2):
        for column in range(2):
            at = (area.left + area.width * (1 + 2 * column) // 4, area.top + area.height * (1 + 2 * row) // 4)
            assert tuple(surface.get_at(at)[:3]) == pytest.approx(expected[row, column].tolist(), abs=8)
    drawn = pygame.surfarray.array3d(surface)
    drawn[area.left : area.right, area.top : area.bottom] = BACKGROUND
    assert (drawn == BACKGROUND).all()
