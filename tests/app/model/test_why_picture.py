"""Drawn explanations: light where most speaks for the winner."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from app.base.explanation import Explanation, Way
from app.model.why_picture import drawn_alone, drawn_over, heat, png_file


def explanation(row: int, column: int, way: Way = Way.EXACT) -> Explanation:
    cells = np.full((6, 6), -0.2, np.float32)
    cells[row, column] = 3.0
    return Explanation(cells, 0, 1, False, float(cells.sum()), way)


def test_the_heat_is_one_where_most_speaks_for_the_winner_and_zero_where_nothing_does() -> None:
    light = heat(explanation(1, 4).cells, 60)
    row, column = np.unravel_index(light.argmax(), light.shape)
    assert (row // 10, column // 10) == (1, 4)
    assert (light.min(), light.max()) == (0, 1)
    assert heat(np.full((6, 6), -1, np.float32), 60).max() == 0


def test_a_picture_stays_light_where_it_counted_and_gets_dark_elsewhere() -> None:
    square = np.full((320, 320, 3), 200, np.uint8)
    drawn = drawn_over(square, explanation(0, 5), (239, 90, 76))
    assert drawn.shape == (320, 320, 3)
    assert drawn[:40, -40:].mean() > 2.5 * drawn[-40:, :40].mean()


def test_large_and_small_pictures_are_drawn_at_a_readable_size() -> None:
    for size, expected in ((40, 240), (500, 500), (2000, 640)):
        assert drawn_over(np.zeros((size, size, 3), np.uint8), explanation(2, 2), (1, 2, 3)).shape[0] == expected


def test_a_map_alone_contains_nothing_but_the_ground_and_the_colour_of_the_class() -> None:
    drawn = drawn_alone(explanation(3, 3), (239, 90, 76)).astype(int)
    steps = np.array((239, 90, 76)) - np.array((24, 26, 32))
    share = (drawn - np.array((24, 26, 32))) @ steps / (steps @ steps)
    assert np.abs(drawn - (np.array((24, 26, 32)) + share[..., None] * steps)).max() <= 1.5


def test_only_a_map_that_is_not_exact_carries_a_note() -> None:
    exact, covered = (drawn_alone(explanation(5, 2, way), (239, 90, 76)) for way in Way)
    assert exact[-3:].std() > 5
    assert np.array_equal(exact[:100], covered[:100])
    assert not np.array_equal(exact[-12:], covered[-12:])


def test_a_note_is_left_out_where_a_text_beside_the_picture_says_the_same() -> None:
    for drawn in (partial(drawn_over, np.full((300, 300, 3), 200, np.uint8)), drawn_alone):
        plain = drawn(explanation(3, 3), (200, 60, 40))
        assert np.array_equal(drawn(explanation(3, 3, Way.OCCLUSION), (200, 60, 40), labelled=False), plain)
        assert not np.array_equal(drawn(explanation(3, 3, Way.OCCLUSION), (200, 60, 40)), plain)


def test_a_png_file_holds_the_same_pixels() -> None:
    drawn = drawn_alone(explanation(3, 3), (239, 90, 76))
    decoded = cv2.imdecode(np.frombuffer(png_file(drawn), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(decoded, drawn)
