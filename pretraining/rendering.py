"""Processes that render batches, and the order in which they are learned from."""

from __future__ import annotations

import multiprocessing as mp
import os
import random
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from queue import Empty, Full
from types import TracebackType

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from pretraining.world import Batch, World

MOST = 4  # more than one thread can learn from
AHEAD = 4  # batches that wait to be learned from
LOOKED_EVERY_S = 5.0  # after the renderers, while they give nothing
ENDS_S = 2.0  # how long a renderer may take to end by itself
KEPT = 32  # batches, to come again
REPEATS = 2  # of each of them, after its first time


class RendererDied(ChildProcessError):
    """A process that renders ended before it was told to."""


class Renderers:
    """Processes that render, one for every processor but the one that trains. A context manager.

    Args:
        things: In the world of each process at a time.
        things_per_batch, of_one_kind: See `World.batch`.
        size_px: Edge of the pictures, until `render_at` says otherwise.
        seed: Of all of them; each adds its number.
    """

    def __init__(self, things: int, things_per_batch: int, of_one_kind: float, size_px: int, seed: list[int]) -> None:
        spawn = mp.get_context("spawn")
        self._rendered: mp.Queue[Batch] = spawn.Queue(maxsize=AHEAD)
        self._stop: Event = spawn.Event()
        self._size_px: Synchronized[int] = spawn.Value("i", size_px)
        shared = self._rendered, self._stop, self._size_px
        self._processes = [
            spawn.Process(
                target=_render, args=(*shared, things, things_per_batch, of_one_kind, [*seed, number]), daemon=True
            )
            for number in range(min(MOST, max(1, _processors() - 1)))
        ]

    def __enter__(self) -> Renderers:
        try:
            for process in self._processes:
                process.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def render_at(self, size_px: int) -> None:
        """Pictures have this edge from some batch on."""
        self._size_px.value = size_px

    def next(self) -> Batch:
        """Wait for a batch.

        Raises:
            RendererDied: If a renderer ended, whether or not others go on.
        """
        while True:
            for process in self._processes:
                if process.exitcode is not None:
                    raise RendererDied(
                        f"a renderer ended with {process.exitcode}; its own words are above. "
                        "Start again: the run goes on from its checkpoint."
                    )
            with suppress(Empty):
                return self._rendered.get(timeout=LOOKED_EVERY_S)

    def _end(self) -> None:
        self._stop.set()
        for process in self._processes:
            if process.pid is not None:
                process.join(ENDS_S)
                process.terminate()
                process.join()


class Stream:
    """Batches, each of which comes three times: pictures take longer to render than to learn from.

    Args:
        render: Gives a new one.
        seed: Decides when one comes again.
    """

    def __init__(self, render: Callable[[], Batch], seed: int) -> None:
        self._render, self._rng = render, random.Random(seed)
        self._kept: list[tuple[Batch, int]] = []  # and how often each still comes

    def next(self) -> Batch:
        """A new one while few are kept, else one of those but the last, which was seen just now."""
        if len(self._kept) == KEPT:
            batch, times = self._kept.pop(self._rng.randrange(KEPT - 1))
            if times > 1:
                self._kept.append((batch, times - 1))
            return batch
        batch = self._render()
        largest_px = max((_edge(one) for one, _ in self._kept), default=0)
        if _edge(batch) > largest_px:
            self._kept.clear()  # what is smaller does not come again
        if _edge(batch) >= largest_px:
            self._kept.append((batch, REPEATS))
        return batch


def _edge(batch: Batch) -> int:
    return int(batch.pictures.shape[1])


def _processors() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _render(
    rendered: mp.Queue[Batch],
    stop: Event,
    size_px: Synchronized[int],
    things: int,
    things_per_batch: int,
    of_one_kind: float,
    seed: list[int],
) -> None:
    cv2.setNumThreads(1)
    trainer = mp.parent_process()

    def wanted() -> bool:
        return not stop.is_set() and (trainer is None or trainer.is_alive())  # a killed trainer sets no event

    with threadpool_limits(1):
        world = World(np.random.default_rng(seed), things)
        while wanted():
            batch = world.batch(things_per_batch, size_px.value, of_one_kind=of_one_kind)
            while wanted():
                try:
                    rendered.put(batch, timeout=1)
                    break
                except Full:
                    continue
    rendered.cancel_join_thread()  # nobody reads the pictures that are left
