"""Facts about an extractor: measured on a bank, stored, and used to synthesize views and measure variety."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from learning.errors import InvalidEmbeddings
from learning.novelty import signed_sqrt
from learning.view_prior import (
    STILL,
    TURNED,
    Spread,
    measure_prior,
    prior_from_bytes,
    prior_to_bytes,
    synthesized_views,
    variety,
)

pytestmark = pytest.mark.needs_runtime


def bank(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return 80 things with 30 values and two views of each; views differ in the first three values: by 3, 2 and 1."""
    rng = np.random.default_rng(seed)
    pictures = rng.normal(0, 5, (80, 30))
    changes = np.zeros((80, 2, 30))
    changes[..., :3] = rng.normal(0, 1, (80, 2, 3)) * (3, 2, 1)
    return pictures.astype(np.float32), (pictures[:, np.newaxis] + changes).astype(np.float32)


def test_distance_and_scatter_equal_those_of_the_views() -> None:
    pictures, views = bank()
    prior = measure_prior(pictures, views)
    assert prior.distance == pytest.approx(
        np.median(np.linalg.norm(signed_sqrt(views[:, 0]) - signed_sqrt(views[:, 1]), axis=1))
    )
    changes = (views[:, 0] - pictures).astype(np.float64)
    assert prior.scatter.T @ prior.scatter == pytest.approx(changes.T @ changes / 80, abs=0.02)
    assert np.abs(prior.scatter[0]).argmax() == 0  # the largest first


def test_a_prior_is_read_back_from_its_file_in_half_precision() -> None:
    prior = measure_prior(*bank())
    read = prior_from_bytes(prior_to_bytes(prior))
    assert read is not None
    assert read.distance == pytest.approx(prior.distance)
    assert read.bank == pytest.approx(prior.bank, rel=1e-3, abs=1e-3)
    assert read.scatter.T @ read.scatter == pytest.approx(prior.scatter.T @ prior.scatter, abs=0.05)


def test_the_prior_of_an_extractor_with_large_values_is_read_back() -> None:
    pictures, views = (1e5 * one for one in bank())
    prior = measure_prior(pictures, views)
    read = prior_from_bytes(prior_to_bytes(prior))
    assert read is not None
    assert read.bank == pytest.approx(prior.bank, rel=1e-3)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_file_with_values_that_are_no_numbers_is_ignored(wrong: float) -> None:
    prior = measure_prior(*bank())
    for damaged in (replace(prior, distance=wrong), replace(prior, bank=np.where(prior.bank > 0, wrong, prior.bank))):
        assert prior_from_bytes(prior_to_bytes(damaged)) is None


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04", prior_to_bytes(measure_prior(*bank()))[:-400]])
def test_a_damaged_file_is_ignored(damaged: bytes) -> None:
    assert prior_from_bytes(damaged) is None


def test_a_file_of_another_version_is_ignored() -> None:
    stream = io.BytesIO()
    np.savez(stream, version=np.int32(99))
    assert prior_from_bytes(stream.getvalue()) is None


def test_views_of_another_bank_are_refused() -> None:
    pictures, views = bank()
    with pytest.raises(InvalidEmbeddings) as caught:
        measure_prior(pictures[:79], views)
    assert str(caught.value) == "views has the shape (80, 2, 30). Use (79, V, 30) with V of 2 or more."


def test_synthesized_views_differ_like_views_and_are_never_negative_behind_a_relu() -> None:
    pictures, views = bank()
    prior = measure_prior(pictures, views)
    seen = synthesized_views(np.tile(pictures[:1], (400, 1)), prior, np.random.default_rng(0)) - pictures[0]
    assert seen.std(axis=0)[:3] == pytest.approx((3, 2, 1), rel=0.3)
    assert np.abs(seen[:, 3:]).max() < 1e-4
    positive = np.abs(pictures)
    assert synthesized_views(positive, prior, np.random.default_rng(0)).min() >= 0


def test_variety_grows_from_copies_to_turned_things() -> None:
    rng = np.random.default_rng(0)
    looks = [25 + rng.normal(0, 1, (20, 50)).astype(np.float32) * size for size in (0, 0.3, 0.55, 1)]
    found = [variety(Spread().plus(look), 1.0) for look in looks]
    assert found[0] == found[1] == 0
    assert 0 < found[2] < 1
    assert found[3] == 1
    assert variety(Spread().plus(looks[3][:1]), 1.0) == 0
    assert variety(Spread(), 1.0) == 0


def test_variety_is_that_of_all_pairs_however_the_samples_came() -> None:
    looks = (5 + np.random.default_rng(1).normal(0, 1, (60, 40))).astype(np.float32)
    roots = signed_sqrt(looks)
    pairs = [np.square(roots[n] - roots[m]).sum() for n in range(60) for m in range(n)]
    distance = 1.8 * float(np.sqrt(np.mean(pairs)))
    one_by_one, at_once = Spread(), Spread().plus(looks[:50]).plus(looks[50:])
    for look in looks:
        one_by_one = one_by_one.plus(look[np.newaxis])
    expected = (1 / 1.8 - STILL) / (TURNED - STILL)
    assert variety(one_by_one, distance) == pytest.approx(expected, rel=1e-5)
    assert variety(at_once, distance) == pytest.approx(expected, rel=1e-5)


def test_many_copies_of_one_sample_have_no_variety() -> None:
    look = np.random.default_rng(2).gamma(1.0, 30.0, (1, 864)).astype(np.float32)
    spread = Spread()
    for _ in range(3000):
        spread = spread.plus(look)
    assert variety(spread, 0.1) == 0
