"""Classes that are named by what stands behind the thing."""

from __future__ import annotations

import numpy as np
import pytest

from learning.background import in_the_middle, looks_at_background, outside_share

pytestmark = pytest.mark.needs_runtime


def test_the_share_outside_counts_what_speaks_for_the_class_and_nothing_else() -> None:
    cells = np.full((10, 10), -5.0, np.float32)
    assert outside_share(cells) == 0
    cells[4:6, 4:6] = 1.0
    assert outside_share(cells) == 0
    cells[0, 0] = 4.0
    assert outside_share(cells) == pytest.approx(0.5)


def test_the_middle_is_a_round_part_of_any_grid() -> None:
    for rows, columns in ((7, 7), (12, 12), (90, 90), (24, 12)):
        middle = in_the_middle(rows, columns)
        assert middle.mean() == pytest.approx(np.pi * 0.3**2, abs=0.06)
        assert np.array_equal(middle, middle[::-1, ::-1])


def test_a_class_is_named_by_its_background_if_most_pictures_are() -> None:
    assert looks_at_background([0.6, 0.6, 0.1], [10, 10, 10], [9, 8, 9])
    assert not looks_at_background([0.6, 0.1, 0.1], [10, 10, 10], [9, 8, 9])
    assert not looks_at_background([], [], [])


def test_light_at_the_rim_alone_is_no_proof() -> None:
    """A large thing reaches the rim; but with its middle hidden, little of the lead is left."""
    assert not looks_at_background([0.6] * 4, [10] * 4, [1] * 4)


def test_a_lead_that_stays_alone_is_no_proof() -> None:
    """A model that names one class whenever it sees nothing keeps that lead; but its evidence is in the middle."""
    assert not looks_at_background([0.1] * 4, [10] * 4, [10] * 4)


def test_a_class_that_is_not_named_at_all_is_not_named_by_its_background() -> None:
    assert not looks_at_background([0.9] * 4, [-3] * 4, [2] * 4)
