"""Kills workers of a cluster in the middle of their work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from app.embedding.cluster import ClusterEmbedder


def kill_workers(monkeypatch: pytest.MonkeyPatch, client: Any, after: tuple[int, ...]) -> list[int]:
    """Let one worker be killed after each of these numbers of results; returns the list that gets their process ids.

    The workers are asked for their process ids before: Dask waits long for the answer of one that has just died. When
    all of these were killed, one that was started again is killed.
    """
    running, killed = list(client.run(os.getpid).values()), list[int]()
    really = ClusterEmbedder.each
    count = 0

    def each(self: ClusterEmbedder, *arguments: Any) -> Iterator[Any]:
        nonlocal count
        for result in really(self, *arguments):
            count += 1
            if count in after:
                started = [nanny.pid for nanny in client.cluster.workers.values() if nanny.pid not in (None, *killed)]
                running[:] = running or started
                killed.append(running.pop())
                os.kill(killed[-1], signal.SIGKILL)
            yield result

    monkeypatch.setattr(ClusterEmbedder, "each", each)
    return killed
