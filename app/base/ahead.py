"""Work on things in threads, some ahead of what is needed, and return the results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(work: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int) -> Iterator[Result]:
    """Yield `work(item)` for each item, in the order of the items.

    Args:
        work: Runs in the threads. Its error is raised where its result is due.
        items: They are taken one by one, as there is room.
        threads: How many items are worked on at a time.
        ahead: For each thread, how many items are taken before their results are needed, those at work included.
    """
    waiting = iter(items)
    running: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "ahead") as pool:
        try:
            while True:
                while len(running) < ahead * threads:
                    try:
                        running.append(pool.submit(work, next(waiting)))
                    except StopIteration:
                        break
                if not running:
                    return
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()
