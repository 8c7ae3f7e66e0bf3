"""Workers that start fast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def fork_server() -> Iterator[None]:
    """Fork workers from a process that has imported Dask, which takes each of them two seconds otherwise."""
    import dask  # other environments collect this file, too
    import distributed  # noqa: F401 — adds its settings to those of Dask

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield
