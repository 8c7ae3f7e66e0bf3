"""The rendered world: its things, pictures and batches."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from pretraining import world
from pretraining.assemblies import Assembly
from pretraining.camera import ANYWHERE, STUDIO
from pretraining.hands import Sign, random_sign
from pretraining.heldout import (
    unseen_texture,
)
from pretraining.materials import Stuff, Swatch, random_stuff
from pretraining.scene import canonical, photograph
from pretraining.textures import PATTERNS, Pattern, random_colour, random_grain, random_texture
from pretraining.things import SIZE_PX, FlatThing, Side
from pretraining.world import ALIKE, KINDS, World
from tests.support.things import a_white_square, side_of


@pytest.mark.parametrize("make", [make for make, _ in KINDS], ids=lambda make: make.__name__)
def test_every_kind_of_thing_can_be_photographed(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    for _ in range(8):
        view = photograph(make(rng), 96, rng)
        assert view.picture.shape == (96, 96, 3)
        assert view.picture.dtype == np.uint8
        assert 0.005 < view.mask.mean() < 1.0
        assert all(np.isfinite(part).all() for part in view.clean)


def test_the_same_seed_renders_the_same_world() -> None:
    first, second = (World(np.random.default_rng(4), 6).batch(3, 64) for _ in range(2))
    assert np.array_equal(first.pictures, second.pictures)
    assert np.array_equal(first.clean, second.clean)
    assert np.array_equal(first.surface, second.surface)


@pytest.mark.parametrize(("of_one_kind", "views"), [(0.0, 2), (1.0, 4)])
def test_rows_of_one_thing_are_n_apart(of_one_kind: float, views: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "ALIKE", ((Sign, 1.0),))
    monkeypatch.setattr(world, "KINDS", ((random_sign, 1.0),))
    monkeypatch.setattr(world, "FAMILIES", ())
    batch = World(np.random.default_rng(1), 20).batch(8, 64, of_one_kind=of_one_kind)
    assert batch.views == views
    assert batch.pictures.shape == (16, 64, 64, 3)
    things = 16 // views
    for view in range(1, views):
        rows = np.s_[view * things : (view + 1) * things]
        assert np.array_equal(batch.clean[:things], batch.clean[rows])
        assert not np.array_equal(batch.pictures[:things], batch.pictures[rows])
    assert len({row.tobytes() for row in batch.clean}) == things


def test_the_descriptors_of_a_picture_are_those_of_its_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    def shiny_red_or_dull_blue(rng: np.random.Generator) -> FlatThing:
        colour, gloss = (([0.9, 0.1, 0.1], 1.0), ([0.1, 0.1, 0.9], 0.0))[int(rng.integers(2))]
        albedo = np.tile(np.array(colour, np.float32), (SIZE_PX, SIZE_PX, 1))
        return FlatThing(side_of(np.zeros((SIZE_PX, SIZE_PX), np.float32), albedo, gloss=gloss))

    monkeypatch.setattr(world, "KINDS", ((shiny_red_or_dull_blue, 1.0),))
    monkeypatch.setattr(world, "FAMILIES", ())
    monkeypatch.setattr(world, "ALIKE", ((FlatThing, 1.0),))
    monkeypatch.setattr(world, "IN_THE_WAY", 0.0)
    monkeypatch.setattr(world, "ANYWHERE", STUDIO)  # in the middle of the picture
    batch = World(np.random.default_rng(2), 20).batch(8, 64, of_one_kind=1)
    assert batch.views == 4
    middle = batch.pictures[:, 28:36, 28:36].mean((1, 2))
    shiny = batch.surface[:, 0] > 0.5
    assert 0 < shiny.sum() < len(shiny)
    assert np.array_equal(middle[:, 0] > middle[:, 2], shiny)
    own = np.linalg.norm(batch.posed - batch.clean, axis=1)
    other = np.linalg.norm(batch.posed - batch.clean[np.flatnonzero(shiny)[0]], axis=1)
    assert own[~shiny].mean() < other[~shiny].mean()


def test_replaced_things_are_followed_by_things_of_the_same_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    only_two_kinds(monkeypatch)
    pool = World(np.random.default_rng(12), 40)
    before = [known.thing for known in pool._things]
    for _ in range(3):
        pool.batch(4, 32, of_one_kind=1)
    after = [known.thing for known in pool._things]
    assert list(map(type, after)) == list(map(type, before))
    assert sum(new is not old for new, old in zip(after, before, strict=True)) > 3


def test_views_of_one_thing_have_more_similar_descriptors_than_two_things() -> None:
    rng = np.random.default_rng(2)
    batch = World(rng, 60).batch(60, 64, of_one_kind=0)
    own = np.linalg.norm(batch.posed[:60] - batch.posed[60:], axis=1)
    other = np.linalg.norm(batch.posed[:60] - np.roll(batch.posed[60:], 1, axis=0), axis=1)
    assert own.mean() < 0.95 * other.mean()


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


def test_anywhere_the_light_is_warm_or_cool_and_things_are_small_and_off_centre() -> None:
    def seen(conditions) -> tuple[float, float, float, float]:  # type: ignore[no-untyped-def]
        rng, colours, areas, places = np.random.default_rng(3), [], [], []
        grey = np.full((64, 64, 3), 0.5, np.float32)
        for _ in range(300):
            view = photograph(a_white_square(), 64, rng, behind=grey, close_ups=0.0, conditions=conditions)
            red, green, blue = view.picture[::2, ::2].mean((0, 1))
            colours.append((np.log(red / blue) / 2, np.log(green) - np.log(red * blue) / 2))
            areas.append(view.mask.mean())
            rows, columns = np.nonzero(view.mask > 0.5)
            places.append((rows.mean() / 64 - 0.5, columns.mean() / 64 - 0.5))
        (warm, green), (down, across) = np.std(colours, axis=0), np.std(places, axis=0)
        return warm, green, float(np.quantile(areas, 0.1)), float(np.hypot(down, across) / np.sqrt(2))

    warm, green, small, off_centre = seen(ANYWHERE)
    assert 0.12 < warm < 0.25
    assert green < warm / 2
    assert 0.12 < off_centre < 0.2
    studio_warm, _, studio_small, studio_off_centre = seen(STUDIO)
    assert warm > 2 * studio_warm
    assert small < 0.6 * studio_small
    assert off_centre > 1.5 * studio_off_centre


def test_the_clean_thing_is_in_the_middle_and_of_one_size_wherever_it_is_seen() -> None:
    rng = np.random.default_rng(4)
    views = [photograph(a_white_square(), 96, rng, close_ups=0.0, conditions=ANYWHERE) for _ in range(40)]
    seen, clean = (
        np.array([mask.mean() for mask in masks]) for masks in ([v.mask for v in views], [v.clean[1] for v in views])
    )
    assert seen.std() / seen.mean() > 3 * clean.std() / clean.mean()
    for view in views:
        rows, columns = np.nonzero(view.clean[1] > 0.5)
        assert abs(rows.mean() - 31.5) < 7
        assert abs(columns.mean() - 31.5) < 7


def test_the_side_at_rest_is_always_the_same() -> None:
    rng = np.random.default_rng(5)
    for make, _ in KINDS:
        thing = make(rng)
        assert np.array_equal(canonical(thing, 64)[0], canonical(thing, 64)[0])


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.__name__.strip("_"))
def test_patterns_fill_their_range_at_any_size_and_differ(pattern: Pattern) -> None:
    rng = np.random.default_rng(6)
    for size_px in (48, SIZE_PX):
        first, second = (pattern(size_px, rng) for _ in range(2))
        assert first.shape == (size_px, size_px)
        assert first.dtype == np.float32
        assert first.min() >= -1e-6
        assert first.max() <= 1 + 1e-6
        assert not np.array_equal(first, second)


@pytest.mark.parametrize("texture", [random_texture, unseen_texture])
def test_textures_are_colours(texture) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(6)
    for _ in range(20):
        picture = texture(48, rng)
        assert picture.shape == (48, 48, 3)
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_pieces_of_a_swatch_differ_less_than_pieces_of_two_swatches() -> None:
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


def test_a_random_colour_stays_in_its_range_of_hues() -> None:
    rng = np.random.default_rng(10)
    for _ in range(50):
        red, green, blue = random_colour(rng, saturation=0.9, hues=(-10, 10))
        assert red > max(green, blue)


def test_a_batch_of_one_kind_shows_things_of_one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    only_two_kinds(monkeypatch)
    of_two = World(np.random.default_rng(11), 40)
    for kind in (Sign, Stuff):
        monkeypatch.setattr(world, "ALIKE", ((kind, 1.0),))
        before = list(of_two._things)
        shown = {row.tobytes() for row in of_two.batch(8, 32, of_one_kind=1).clean}
        assert {type(thing) for thing, described, _ in before if described.tobytes() in shown} == {kind}
    monkeypatch.setattr(world, "ALIKE", ((Assembly, 1.0),))  # there are none
    before = list(of_two._things)
    shown = {row.tobytes() for row in of_two.batch(8, 32, of_one_kind=1).clean}
    assert {type(thing) for thing, described, _ in before if described.tobytes() in shown} == {Sign, Stuff}


def only_two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "KINDS", ((random_sign, 0.5), (random_stuff, 0.5)))
    monkeypatch.setattr(world, "FAMILIES", ())


def test_batches_of_one_kind_show_materials_most_often(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [kind for kind, _ in ALIKE]
    counts = Counter()  # type: ignore[var-annotated]
    pool = World(np.random.default_rng(17), 4)
    monkeypatch.setattr(pool, "_alike", lambda kind: counts.update([kind]) or np.arange(4))
    for _ in range(1000):
        pool._chosen(4, 1.0)
    assert set(counts) == set(kinds)
    assert sum(share for _, share in ALIKE) == pytest.approx(1)
    assert counts[Stuff] > 1.4 * max(count for kind, count in counts.items() if kind is not Stuff)


def test_materials_have_more_close_ups_than_things(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[type, set[float]] = {}

    def noted(thing, *arguments, close_ups: float, **options):  # type: ignore[no-untyped-def]
        asked.setdefault(type(thing), set()).add(close_ups)
        return photograph(thing, *arguments, close_ups=close_ups, **options)

    monkeypatch.setattr(world, "photograph", noted)
    only_two_kinds(monkeypatch)
    World(np.random.default_rng(13), 16).batch(12, 32, of_one_kind=0)
    assert asked[Stuff].isdisjoint(asked[Sign])
    assert min(asked[Stuff]) > max(asked[Sign])
