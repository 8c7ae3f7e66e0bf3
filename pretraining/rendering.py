"""Child processes that render batches, and the order in which the training uses them."""

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

MOST = 4  # processes; one training thread does not need more
AHEAD = 4  # batches that may wait for the training
LOOKED_EVERY_S = 5.0  # how often to check the renderers while none delivers
ENDS_S = 2.0  # a renderer that has not stopped after this is killed
KEPT = 32  # batches to repeat
REPEATS = 2  # of each batch, after its first use


class RendererDied(ChildProcessError):
    """A renderer process stopped unexpectedly."""


class Renderers:
    """Processes that render: one for every processor except that of the training. A context manager.

    Args:
        things: Number of things in the world of each process.
        things_per_batch, of_one_kind: See `World.batch`.
        size_px: Edge of the pictures; `render_at` changes it.
        seed: Common seed; each process adds its number.
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
        """Change the edge of the pictures; batches that are ready keep the old one."""
        self._size_px.value = size_px

    def next(self) -> Batch:
        """Wait for a batch.

        Raises:
            RendererDied: If a renderer has stopped, even if others still run.
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
    """Batches in which each rendered one appears three times, because rendering is slower than training.

    Args:
        render: Returns a new batch.
        seed: Decides the order of the repetitions.
    """

    def __init__(self, render: Callable[[], Batch], seed: int) -> None:
        self._render, self._rng = render, random.Random(seed)
        self._kept: list[tuple[Batch, int]] = []  # with the number of remaining repetitions

    def next(self) -> Batch:
        """Return a new batch while few are kept, else repeat one, but not the newest."""
        if len(self._kept) == KEPT:
            batch, times = self._kept.pop(self._rng.randrange(KEPT - 1))
            if times > 1:
                self._kept.append((batch, times - 1))
            return batch
        batch = self._render()
        largest_px = max((_edge(one) for one, _ in self._kept), default=0)
        if _edge(batch) > largest_px:
            self._kept.clear()  # smaller pictures are not repeated
        if _edge(batch) >= largest_px:
            self._kept.append((batch, REPEATS))
        return batch


def _edge(batch: Batch) -> int:
    return int(batch.pictures.shape[1])


def _processors() -> int:
    """The number of processors that this process may use."""
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
        return not stop.is_set() and (trainer is None or trainer.is_alive())  # a trainer that was killed sets no event

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
    rendered.cancel_join_thread()  # the remaining pictures are not needed
