"""Things and changes that are held out for measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pretraining.heldout import (
    CHANGES,
    changed_light,
    unseen_body,
    unseen_kinds,
    unseen_packages,
    unseen_stuffs,
    unseen_thing,
)
from pretraining.scene import photograph
from tests.support.things import a_white_square

PRETRAINING = Path(__file__).resolve().parents[2] / "pretraining"


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


def test_held_out_packages_differ_within_a_brand_and_kinds_between_views() -> None:
    packages = unseen_packages(np.random.default_rng(22), 6)
    looks = np.stack([package.rest().albedo.ravel() for package in packages])
    assert len({look.tobytes() for look in looks}) == 6
    apart = np.abs(looks[0] - looks).mean(1)
    assert apart[3] < min(apart[[1, 2, 4, 5]])  # three brands in turn: the fourth is of the first's brand
    for kind in unseen_kinds():
        rng = np.random.default_rng(23)
        assert np.array_equal(kind.rest().albedo, kind.rest().albedo)
        assert not np.array_equal(kind.seen(rng).albedo, kind.seen(rng).albedo)


def test_held_out_changes_are_those_of_the_lamp_the_size_and_the_place() -> None:
    grey = np.full((8, 8, 3), 200, np.uint8)
    assert changed_light(grey, CHANGES["warm light"][1])[0, 0].tolist() == [240, 200, 150]
    assert changed_light(grey, CHANGES["cool light"][1])[0, 0].tolist() == [160, 200, 240]

    def area_and_distance(change: str) -> tuple[float, float]:
        rng, areas, far = np.random.default_rng(24), [], []
        for _ in range(40):
            view = photograph(a_white_square(), 64, rng, close_ups=0.0, conditions=CHANGES[change][0])
            areas.append(view.mask.mean())
            far.append(np.abs(np.argwhere(view.mask > 0.5).mean(0) - 31.5).mean())
        return float(np.mean(areas)), float(np.mean(far))

    area, far = area_and_distance("none")
    assert area_and_distance("size 0.4")[0] < 0.5 * area
    assert area_and_distance("off centre by 0.2")[1] > 1.5 * far
