"""Made views: what they change, what they keep, and the bank that is embedded with them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tpu.made_views import (
    BANK_VIEWS,
    LARGER,
    NEAR,
    SMALLER,
    VIEW_PX,
    PictureBank,
    Ranges,
    made_views,
    near_views,
    quarter_turns,
)

pytestmark = pytest.mark.needs_runtime

BANK = Path(__file__).resolve().parents[2] / "assets/models/bank.zip"


def picture(height: int = 300, width: int = 420) -> np.ndarray:
    """Return a grey picture with a red disc in the middle and, outside the centre square, a blue bar at the left."""
    image = np.full((height, width, 3), 128, np.uint8)
    cv2.circle(image, (width // 2, height // 2), height // 5, (200, 30, 30), -1)
    image[:, : width // 8] = (20, 20, 220)
    return image


def red(view: np.ndarray) -> np.ndarray:
    return np.argwhere((view[..., 0].astype(int) - view[..., 2]) > 60)


def test_the_same_generator_gives_the_same_views_and_every_view_differs() -> None:
    one, other = (made_views(picture(), 6, np.random.default_rng(3)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert all((one[0] != view).any() for view in one[1:])
    assert {(view.shape, view.dtype) for view in one} == {((VIEW_PX, VIEW_PX, 3), np.dtype(np.uint8))}


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (100, 100), (640, 480)])
def test_the_thing_stays_visible_and_is_moved_and_scaled(height: int, width: int) -> None:
    views = near_views(picture(height, width), 60, np.random.default_rng(1))
    whole = np.array([len(red(view)) for view in views])
    middles = [red(view).mean(axis=0) for view in views]
    usual = np.pi * (VIEW_PX * (height // 5) / min(height, width)) ** 2
    assert np.median(whole) == pytest.approx(usual, rel=0.2)
    assert np.abs(np.array(middles) - VIEW_PX / 2).max() < 0.25 * VIEW_PX
    assert whole.max() > 1.5 * whole.min()


def test_some_made_views_show_the_thing_farther_away_nearer_off_centre_and_in_other_light_than_a_hand_does() -> None:
    areas, places, lamps = {}, {}, {}
    for make in (near_views, made_views):
        seen = [red(view) for view in make(picture(300, 300), 200, np.random.default_rng(1))]
        areas[make] = np.array([len(view) for view in seen])
        places[make] = np.array([np.abs(view.mean(axis=0) - VIEW_PX / 2).max() for view in seen])
        greys = make(np.full((200, 200, 3), 128, np.uint8), 200, np.random.default_rng(1))
        means = np.array([view.mean(axis=(0, 1)) for view in greys])
        lamps[make] = np.log(means[:, 0] / means[:, 2]).std()
    assert (areas[made_views] < areas[near_views].min()).mean() > 0.01
    assert (areas[made_views] > areas[near_views].max()).mean() > 0.03
    assert 0.05 < (places[made_views] > places[near_views].max()).mean() < 0.5
    assert lamps[made_views] > 1.2 * lamps[near_views]


def test_any_three_views_in_a_row_are_a_near_a_smaller_and_a_larger_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[Ranges] = []
    monkeypatch.setattr("tpu.made_views._made", lambda picture, ratio, ranges, rng: kinds.append(ranges) or picture)
    firsts = set()
    for seed in range(12):
        kinds.clear()
        made_views(picture(), 7, np.random.default_rng(seed))
        assert all(set(kinds[start : start + 3]) == {NEAR, SMALLER, LARGER} for start in range(5))
        firsts.add(kinds[0])
    assert firsts == {NEAR, SMALLER, LARGER}  # so one view of each of many pictures is of any kind


def test_light_and_colour_of_light_change() -> None:
    views = made_views(np.full((200, 200, 3), 128, np.uint8), 60, np.random.default_rng(2))
    corners = np.array([view[100:120, 8:24].mean(axis=(0, 1)) for view in views])
    assert corners.mean(axis=1).std() > 8
    assert (corners[:, 0] / corners[:, 2]).std() > 0.05


def test_the_shipped_bank_has_some_hundred_pictures_and_is_small() -> None:
    bank = PictureBank(BANK)
    assert 250 <= len(bank) <= 400
    assert BANK.stat().st_size <= 3_000_000
    assert {bank.picture(number).shape for number in range(len(bank))} == {(224, 224, 3)}


def test_a_picture_of_the_bank_is_embedded_with_views_that_are_always_the_same() -> None:
    bank = PictureBank(BANK)
    one, again = (bank.embedded(3, lambda seen: seen.mean(axis=(0, 1)).astype(np.float32)) for _ in range(2))
    assert one.shape == (1 + BANK_VIEWS, 3)
    assert (one == again).all()
    assert one[0] == pytest.approx(bank.picture(3).mean(axis=(0, 1)))
    assert (one[1] != one[2]).any()


def test_quarter_turns_show_the_middle_square_in_the_three_other_directions() -> None:
    wide = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    left, upside_down, right = quarter_turns(wide)
    assert np.array_equal(left, wide[:, 1:5].transpose(1, 0, 2)[::-1])
    assert np.array_equal(upside_down, wide[::-1, 4:0:-1])
    assert np.array_equal(right, wide[::-1, 1:5].transpose(1, 0, 2))
