"""Families of things: their members, and how batches show them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pretraining import world
from pretraining.descriptors import describe, describe_surface
from pretraining.families import AnyMember
from pretraining.garments import random_cut
from pretraining.packages import random_brand
from pretraining.scene import canonical, photograph
from pretraining.world import FAMILIES, World


@pytest.mark.parametrize("found", [found for found, *_ in FAMILIES], ids=lambda found: found.__name__)
def test_every_member_of_a_family_can_be_photographed(found) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    for _ in range(6):
        view = photograph(found(rng).member(rng), 96, rng)
        assert 0.005 < view.mask.mean() < 1.0
        assert all(np.isfinite(part).all() for part in view.clean)
        assert np.isfinite(describe_surface(view.side)).all()


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
