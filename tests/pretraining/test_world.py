"""The rendered world: pictures that are what they claim, things that keep what they are, nothing held out leaks in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pretraining import world
from pretraining.assemblies import Assembly
from pretraining.descriptors import describe
from pretraining.hands import Sign
from pretraining.heldout import unseen_body, unseen_stuffs, unseen_texture, unseen_thing
from pretraining.materials import Stuff, Swatch
from pretraining.scene import canonical, photograph
from pretraining.textures import random_colour, random_grain, random_texture
from pretraining.things import SIZE_PX, FlatThing, Side
from pretraining.world import KINDS, World

PRETRAINING = Path(__file__).resolve().parents[2] / "pretraining"


@pytest.mark.parametrize("make", [make for make, _ in KINDS], ids=lambda make: make.__name__)
def test_every_kind_of_thing_can_be_photographed(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    for _ in range(8):
        view = photograph(make(rng), 96, rng)
        assert view.picture.shape == (96, 96, 3)
        assert view.picture.dtype == np.uint8
        assert 0.005 < view.mask.mean() < 1.0
        assert np.isfinite(view.clean).all()


@pytest.mark.parametrize("rich", [False, True])
def test_the_same_seed_renders_the_same_world(rich: bool) -> None:
    first, second = (World(np.random.default_rng(4), 6, rich=rich).batch(3, 64) for _ in range(2))
    assert np.array_equal(first.pictures, second.pictures)
    assert np.array_equal(first.clean, second.clean)


@pytest.mark.parametrize("rich", [False, True])
def test_rows_that_pair_show_the_same_thing(rich: bool) -> None:
    batch = World(np.random.default_rng(1), 20, rich=rich).batch(8, 64)
    assert batch.pictures.shape == (16, 64, 64, 3)
    assert np.array_equal(batch.clean[:8], batch.clean[8:])
    assert not np.array_equal(batch.pictures[:8], batch.pictures[8:])


def test_another_view_of_a_thing_is_described_more_alike_than_another_thing() -> None:
    rng = np.random.default_rng(2)
    batch = World(rng, 100).batch(90, 64)
    own = np.linalg.norm(batch.posed[:90] - batch.posed[90:], axis=1)
    other = np.linalg.norm(batch.posed[:90] - np.roll(batch.posed[90:], 1, axis=0), axis=1)
    assert own.mean() < 0.95 * other.mean()


def test_a_description_tells_colours_apart() -> None:
    red, blue = np.zeros((2, 64, 64, 3), np.float32)
    red[..., 0] = blue[..., 2] = 0.9
    mask = np.ones((64, 64), np.float32)
    assert np.linalg.norm(describe(red, mask) - describe(blue, mask)) > 1
    assert np.linalg.norm(describe(red, mask) - describe(red, mask)) == 0


def test_an_assembled_body_hides_what_is_behind_it() -> None:
    front = np.array([[0, 0, 0.5], [0, 0, -0.5]], np.float32).repeat(50, 0)
    colours = np.array([[1, 0, 0], [0, 1, 0]], np.float32).repeat(50, 0)
    towards = np.tile(np.array([0, 0, 1], np.float32), (100, 1))
    body = Assembly(front, towards, colours, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0, 1.0))
    red, green, _ = body.rest().albedo[SIZE_PX // 2, SIZE_PX // 2]
    assert red > 0.9
    assert green < 0.1


def test_glass_hides_more_at_its_rim_than_in_its_middle() -> None:
    down, across = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    far = np.hypot(down, across)
    mask = (far < 0.9).astype(np.float32)
    height = np.sqrt(np.clip(0.81 - far**2, 0, None)).astype(np.float32)
    glass = FlatThing(Side(np.ones((SIZE_PX, SIZE_PX, 3), np.float32), mask, height, opacity=0.2))
    black = np.zeros((96, 96, 3), np.float32)
    view = photograph(glass, 96, np.random.default_rng(1), behind=black)
    inside = cv2.erode(view.mask, np.ones((3, 3)), iterations=3) > 0.9
    middle = cv2.erode(view.mask, np.ones((3, 3)), iterations=14) > 0.9
    assert view.picture[inside & ~middle].mean() > 1.2 * view.picture[middle].mean()


def test_the_side_at_rest_is_always_the_same() -> None:
    rng = np.random.default_rng(5)
    for make, _ in KINDS:
        thing = make(rng)
        assert np.array_equal(canonical(thing, 64)[0], canonical(thing, 64)[0])


@pytest.mark.parametrize("texture", [random_texture, unseen_texture])
def test_textures_are_colours(texture) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(6)
    for _ in range(20):
        picture = texture(48, rng)
        assert picture.shape == (48, 48, 3)
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_what_is_held_out_is_used_by_no_part_of_the_recipe() -> None:
    users = [path.name for path in PRETRAINING.glob("*.py") if "heldout" in path.read_text(encoding="utf-8")]
    assert users == []
    assert photograph(unseen_thing(np.random.default_rng(7)), 96, np.random.default_rng(7)).mask.mean() > 0.01


def test_bodies_and_materials_that_are_held_out_can_be_photographed() -> None:
    rng = np.random.default_rng(8)
    stuffs = unseen_stuffs(rng, 6)
    assert len({(stuff.relief, stuff.finish) for stuff in stuffs}) == 6
    for thing in (unseen_body(rng), *stuffs):
        assert 0.005 < photograph(thing, 96, rng).mask.mean() < 1.0


def test_pieces_of_a_swatch_differ_and_are_more_alike_than_those_of_another() -> None:
    def coarseness(piece) -> float:  # type: ignore[no-untyped-def]
        return float(np.abs(np.diff(piece, axis=0)).mean() + np.abs(np.diff(piece, axis=1)).mean())

    rng = np.random.default_rng(9)
    within, means = [], []
    for _ in range(12):
        swatch = Swatch(random_grain(2 * SIZE_PX, rng))
        pieces = [swatch(SIZE_PX, rng) for _ in range(6)]
        assert pieces[0].shape == (SIZE_PX, SIZE_PX)
        assert not np.array_equal(pieces[0], pieces[1])
        within.append(np.std([coarseness(piece) for piece in pieces]))
        means.append(np.mean([coarseness(piece) for piece in pieces]))
    assert np.mean(within) < 0.5 * np.std(means)


def test_a_colour_keeps_to_its_range_of_hues() -> None:
    rng = np.random.default_rng(10)
    for _ in range(50):
        red, green, blue = random_colour(rng, saturation=0.9, hues=(-10, 10))
        assert red > max(green, blue)


def test_a_batch_of_one_kind_tells_likes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "OF_ONE_KIND", 1.0)
    monkeypatch.setattr(world, "KINDS", tuple((make, 0.5) for make, _ in KINDS if make.__name__ in _TWO_KINDS))
    rich = World(np.random.default_rng(11), 40, rich=True)
    kinds = set()
    for _ in range(12):
        before = list(rich._things)
        shown = {row.tobytes() for row in rich.batch(10, 32).clean}
        kinds.add(frozenset(type(thing) for thing, described in before if described.tobytes() in shown))
    assert {frozenset([Sign]), frozenset([Stuff])} <= kinds  # mixed ones too: there is no assembly here


_TWO_KINDS = ("random_sign", "random_stuff")
