"""Renderer processes, and the order in which the training uses their batches."""

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


def test_every_batch_appears_three_times_but_not_in_succession() -> None:
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
    assert sum(1 + REPEATS - own for own in times) <= REPEATS * KEPT  # only kept batches have repetitions left
    apart = np.concatenate([np.diff(own) for own in places.values()])
    assert min(apart) > 1
    assert np.mean(apart) > KEPT / 2


def test_small_pictures_are_not_repeated_among_full_size_ones() -> None:
    rendered: queue.Queue[Batch] = queue.Queue()
    stream = Stream(rendered.get_nowait, seed=1)
    given = [*[8] * (KEPT - 1), 12, 8, *[12] * KEPT]  # one of two renderers changes the size later
    for size_px in given:
        rendered.put(batch_of(size_px))
    sizes = [stream.next().pictures.shape[1] for _ in range(len(given) + 2)]
    assert sizes[: KEPT + 1] == given[: KEPT + 1]
    assert set(sizes[KEPT + 1 :]) == {12}


def test_a_renderer_that_stops_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "LOOKED_EVERY_S", 0.2)
    with Renderers(0, 4, 0.0, 32, [1]) as renderers, pytest.raises(RendererDied, match="a renderer ended with 1"):
        renderers.next()  # a world without things cannot be rendered
    assert all(process.exitcode is not None for process in renderers._processes)
