"""Processes that render, and the order in which their batches are learned from."""

from __future__ import annotations

import itertools
import queue

import numpy as np
import pytest

from pretraining import rendering
from pretraining.rendering import KEPT, REPEATS, RendererDied, Renderers, Stream
from pretraining.world import Batch


def batch_of(size_px: int = 8, value: int = 0) -> Batch:
    nothing = np.zeros((2, 3), np.float32)
    return Batch(np.full((2, size_px, size_px, 3), value, np.uint8), nothing, nothing, nothing)


def test_every_batch_comes_three_times_and_not_at_once() -> None:
    values = itertools.count()
    stream = Stream(lambda: batch_of(value=next(values)), seed=1)
    seen = [int(stream.next().pictures[0, 0, 0, 0]) for _ in range(7 * KEPT)]
    assert seen[:KEPT] == list(range(KEPT))
    places: dict[int, list[int]] = {}
    for place, value in enumerate(seen):
        places.setdefault(value, []).append(place)
    assert list(places) == list(range(len(places)))
    times = [len(own) for own in places.values()]
    assert max(times) == 1 + REPEATS
    assert sum(1 + REPEATS - own for own in times) <= REPEATS * KEPT  # only those that are kept still have to come
    apart = np.concatenate([np.diff(own) for own in places.values()])
    assert min(apart) > 1
    assert np.mean(apart) > KEPT / 2


def test_small_pictures_do_not_come_again_beside_those_of_full_size() -> None:
    rendered: queue.Queue[Batch] = queue.Queue()
    stream = Stream(rendered.get_nowait, seed=1)
    given = [*[8] * (KEPT - 1), 12, 8, *[12] * KEPT]  # one of two renderers heard of it later
    for size_px in given:
        rendered.put(batch_of(size_px))
    sizes = [stream.next().pictures.shape[1] for _ in range(len(given) + 2)]
    assert sizes[: KEPT + 1] == given[: KEPT + 1]
    assert set(sizes[KEPT + 1 :]) == {12}


def test_a_renderer_that_dies_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "LOOKED_EVERY_S", 0.2)
    with Renderers(0, 4, 0.0, 32, [1]) as renderers, pytest.raises(RendererDied, match="a renderer ended with 1"):
        renderers.next()  # a world of nothing cannot be rendered
    assert all(process.exitcode is not None for process in renderers._processes)
