"""Compute independent parts of a fit side by side, where the processor has cores for that.

NumPy's linear algebra lets other Python threads run. The results do not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_ROWS = 4000
MOST_THREADS = 2  # the others are for the screen and for the model that answers; and each needs memory for matrices


def results_of(work: Callable[[Item], Result], items: Sequence[Item], *, rows: int) -> list[Result]:
    """Return `work(item)` for each item, in their order; an error of one is raised after the others have ended.

    Args:
        work: The work on one part.
        items: The parts.
        rows: Of the fit. With more than MOST_ROWS, one part follows the other, because each copies some of the rows.
    """
    threads = min(MOST_THREADS, len(items), _cores())
    if threads < 2 or rows > MOST_ROWS:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads, "fit") as pool:
        return list(pool.map(work, items))


def blas_limited(threads: int | None) -> AbstractContextManager[Any]:
    """Limit the threads of NumPy's linear algebra in the block; None leaves them as they are."""
    found: AbstractContextManager[Any] = _libraries().limit(limits=threads, user_api="blas")
    return found


@cache
def _libraries() -> ThreadpoolController:
    """The libraries of this process, which are found once: NumPy has loaded its own."""
    return ThreadpoolController()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
