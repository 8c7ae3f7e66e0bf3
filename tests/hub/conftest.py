"""A cluster for all tests, whose workers start fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.embedding.cluster import cluster


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Iterator[None]:
    """Fork workers from a process that has imported Dask, which takes each of them two seconds otherwise."""
    import dask  # other environments collect this file, too
    import distributed  # noqa: F401 — adds its settings to those of Dask

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.fixture(scope="session")
def client(fork_server: None) -> Iterator[Any]:
    """A cluster of two workers."""
    with cluster("local:2", print) as opened:
        yield opened
