"""The rendered world: its pictures and descriptors are right, and it uses nothing that is held out."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from pretraining import world
from pretraining.assemblies import Assembly
from pretraining.camera import ANYWHERE, STUDIO
from pretraining.descriptors import OCTAVES, SURFACE, describe, describe_surface
from pretraining.families import AnyMember
from pretraining.garments import random_cut
from pretraining.hands import Sign, random_sign
from pretraining.heldout import unseen_body, unseen_stuffs, unseen_texture, unseen_thing
from pretraining.materials import Stuff, Swatch, random_stuff
from pretraining.packages import random_brand
from pretraining.scene import canonical, photograph
from pretraining.textures import PATTERNS, FloatImage, Pattern, random_colour, random_grain, random_texture
from pretraining.things import SIZE_PX, FlatThing, Side
from pretraining.world import ALIKE, FAMILIES, KINDS, World

PRETRAINING = Path(__file__).resolve().parents[2] / "pretraining"


@pytest.fixture(autouse=True)
def few_backgrounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering hundreds of walls and rooms takes most of the time and is not what these tests are about."""
    monkeypatch.setattr(world, "WALLS", 8)
    monkeypatch.setattr(world, "ROOMS", 8)
    monkeypatch.setattr(world, "ROOMS_RENEWED", 1)


@pytest.mark.parametrize("make", [make for make, _ in KINDS], ids=lambda make: make.__name__)
def test_every_kind_of_thing_can_be_photographed(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    for _ in range(8):
        view = photograph(make(rng), 96, rng)
        assert view.picture.shape == (96, 96, 3)
        assert view.picture.dtype == np.uint8
        assert 0.005 < view.mask.mean() < 1.0
        assert all(np.isfinite(part).all() for part in view.clean)


@pytest.mark.parametrize("found", [found for found, *_ in FAMILIES], ids=lambda found: found.__name__)
def test_every_member_of_a_family_can_be_photographed(found) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    for _ in range(6):
        view = photograph(found(rng).member(rng), 96, rng)
        assert 0.005 < view.mask.mean() < 1.0
        assert all(np.isfinite(part).all() for part in view.clean)
        assert np.isfinite(describe_surface(view.side)).all()


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


def test_descriptors_distinguish_colours() -> None:
    red, blue = np.zeros((2, 64, 64, 3), np.float32)
    red[..., 0] = blue[..., 2] = 0.9
    mask = np.ones((64, 64), np.float32)
    assert np.linalg.norm(describe(red, mask) - describe(blue, mask)) > 1
    assert np.linalg.norm(describe(red, mask) - describe(red, mask)) == 0


def side_of(height: FloatImage, albedo: FloatImage | None = None, **finish: float) -> Side:
    plain = np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32)
    return Side(plain if albedo is None else albedo, np.ones((SIZE_PX, SIZE_PX), np.float32), height, **finish)


def test_a_surface_is_described_by_finish_grain_and_direction() -> None:
    rng = np.random.default_rng(3)
    down, across = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    noise = rng.random((SIZE_PX, SIZE_PX), np.float32)
    flat, fine, coarse, stripes, pimples = (
        describe_surface(side_of(height.astype(np.float32)))
        for height in (
            0 * noise,
            9 * noise,
            20 * cv2.GaussianBlur(noise, (0, 0), 6),
            0.5 + 0.5 * np.sin(across / 2),
            9 * ((down % 32 < 4) & (across % 32 < 4)),
        )
    )
    direction, first = 3, 4  # of the height: how much it has one direction, and the first of three values an octave
    assert flat.shape == (SURFACE,)
    assert fine[first] > coarse[first] > flat[first]
    assert fine[first] - coarse[first] > fine[first + 3 * (OCTAVES - 1)] - coarse[first + 3 * (OCTAVES - 1)]
    assert stripes[direction] > 0.9
    assert fine[direction] < 0.2
    assert pimples[first + 1] < fine[first + 1]  # sparse
    assert pimples[first + 2] > 0.5  # and skewed
    assert fine[first + 2] < 0.5
    assert list(describe_surface(side_of(noise, gloss=0.7, metal=0.2, opacity=0.4))[:3]) == pytest.approx(
        [0.7, 0.2, 0.4]
    )


def test_a_surface_has_the_same_descriptors_in_any_colour() -> None:
    rng = np.random.default_rng(4)
    height = rng.random((SIZE_PX, SIZE_PX), np.float32)
    red, blue = (
        np.broadcast_to(np.array(colour, np.float32), (SIZE_PX, SIZE_PX, 3)) for colour in ((1, 0, 0), (0, 0, 1))
    )
    assert np.allclose(describe_surface(side_of(height, red)), describe_surface(side_of(height, blue)), atol=0.02)
    ink = np.where(cv2.GaussianBlur(height, (0, 0), 3)[..., None] > 0.5, np.float32(0.8), np.float32(0.4))
    printed = [describe_surface(side_of(height, ink * colour)) for colour in (red, blue)]
    assert np.allclose(*printed, atol=0.3)


def test_a_surface_has_the_same_descriptors_in_any_outline_and_size() -> None:
    rng = np.random.default_rng(5)
    down, across = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    relief = 5 * cv2.GaussianBlur(rng.random((SIZE_PX, SIZE_PX), np.float32), (0, 0), 2)
    plain = np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32)
    whole = describe_surface(side_of(relief))
    for wide, high in ((1, 1), (1, 0.5), (0.5, 1)):
        mask = ((across / wide) ** 2 + (down / high) ** 2 < 0.8).astype(np.float32)
        cut = describe_surface(Side(plain, mask, (relief + 1) * mask))
        assert np.abs(cut - whole).max() < 0.35
        assert cut[3] < 0.3  # an elongated outline is not a stripe
    thin = (np.abs(down) < 0.03).astype(np.float32)
    assert np.isfinite(describe_surface(Side(0 * plain, thin, thin))).all()


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


def a_white_square() -> FlatThing:
    mask = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    mask[16:-16, 16:-16] = 1
    return FlatThing(Side(np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32), mask, np.zeros_like(mask)))


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


def test_no_part_of_the_recipe_uses_what_is_held_out() -> None:
    users = [path.name for path in PRETRAINING.glob("*.py") if "heldout" in path.read_text(encoding="utf-8")]
    assert users == []
    assert photograph(unseen_thing(np.random.default_rng(7)), 96, np.random.default_rng(7)).mask.mean() > 0.01


def test_held_out_bodies_and_materials_can_be_photographed() -> None:
    rng = np.random.default_rng(8)
    stuffs = unseen_stuffs(rng, 6)
    assert len({(stuff.relief, stuff.finish) for stuff in stuffs}) == 6
    for thing in (unseen_body(rng), *stuffs):
        assert 0.005 < photograph(thing, 96, rng).mask.mean() < 1.0


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


def test_a_batch_of_one_kind_shows_members_of_the_same_families(monkeypatch: pytest.MonkeyPatch) -> None:
    few = (random_brand, 1.0, 0.1), (random_cut, 1.0, 0.1)
    monkeypatch.setattr(world, "KINDS", ())
    monkeypatch.setattr(world, "FAMILIES", few)
    pool = World(np.random.default_rng(19), 80)
    for found, *_ in few:
        things = [pool._things[row].thing for row in pool._alike(found)]
        families = [id(thing.family) for thing in things]  # type: ignore[attr-defined]
        changes = sum(one != other for one, other in itertools.pairwise(families))
        assert changes == len(set(families)) - 1
        assert len(set(families)) < 0.7 * len(things)


@pytest.mark.parametrize("found", [found for found, *_ in FAMILIES], ids=lambda found: found.__name__)
def test_members_of_one_family_resemble_each_other_more_than_members_of_two(found) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(20)
    described = np.stack(
        [[describe(*canonical(family.member(rng), 64)) for _ in range(3)] for family in (found(rng) for _ in range(8))]
    )
    assert len({row.tobytes() for row in described.reshape(24, -1)}) == 24
    apart = np.linalg.norm(described.reshape(24, 1, -1) - described.reshape(1, 24, -1), axis=-1)
    related = np.kron(np.eye(8), np.ones((3, 3))).astype(bool)
    assert 0 < apart[related & ~np.eye(24, dtype=bool)].mean() < 0.8 * apart[~related].mean()


def test_every_view_of_a_family_as_a_whole_shows_another_member() -> None:
    rng = np.random.default_rng(21)
    for found, *_ in FAMILIES:
        whole = AnyMember(found(rng), 5)
        assert np.array_equal(whole.rest().albedo, whole.rest().albedo)
        assert not np.array_equal(whole.seen(rng).albedo, whole.seen(rng).albedo)


def test_edge_histograms_follow_the_formula() -> None:
    mask = cv2.GaussianBlur(np.random.default_rng(18).random((64, 64)).astype(np.float32), (0, 0), 2)
    x, y = (cv2.Sobel(mask, cv2.CV_32F, *order, ksize=3).astype(np.float64) for order in ((1, 0), (0, 1)))
    away = np.abs((np.arctan2(y, x) % np.pi)[..., None] * 9 / np.pi - np.arange(9) - 0.5)
    votes = np.hypot(x, y)[..., None] * np.clip(1 - np.minimum(away, 9 - away), 0, None)
    cells = votes.reshape(8, 8, 8, 8, 9).mean((1, 3))
    energy = cv2.blur((cells**2).sum(-1), (3, 3))
    expected = np.sqrt(cells / np.sqrt(energy + 1e-3)[..., None]).ravel()
    assert np.abs(describe(np.zeros((64, 64, 3), np.float32), mask)[:576] - expected).max() < 2e-3


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
