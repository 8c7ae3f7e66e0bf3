"""A Dask cluster that embeds pictures. This is the only module that imports Dask.

Anybody who reaches a Dask scheduler can run code on it. So a cluster of this computer listens on 127.0.0.1 only, and a
scheduler on another computer needs TLS.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from app.base.errors import ClusterUnavailable
from app.embedding.work import Embedded, FloatArray, ToEmbed, ToVary, Unreadable, embedded, embedded_views
from tpu.extractor import EmbeddingExtractor

ADDRESS = re.compile(r"local(:[1-9][0-9]{0,3})?|(tcp|tls)://.+:[0-9]+")
CONNECTS_S, STARTS_S = 20, 300  # to reach the scheduler, and for a worker to start on a slow computer
BATCH, LARGEST_BATCH = 64, 512  # pictures of a task, some tenths of a second; more if a large cluster has many to do
TASKS_OF_THREAD = 100  # of the cluster, before the tasks grow: fewer leave threads without work at the end
BATCH_OF_VIEWS = 4
CERTIFICATES = "Name them in Dask's settings: https://distributed.dask.org/en/stable/tls.html"
AHEAD = 6  # tasks for each thread of the cluster that are submitted before their results are needed

Result = TypeVar("Result")


class HasPath(Protocol):
    """Work on what is at a path."""

    @property
    def path(self) -> str:
        """The path, for the error text if the work crashes every worker."""


Work = TypeVar("Work", bound=HasPath)


@dataclass(frozen=True)
class ExtractorFile:
    """The extractor that every worker opens.

    Attributes:
        path: Its path, the same on all computers of the cluster.
        sha256: Of the file; a worker refuses another one.
        runtime: As on the command line.
    """

    path: str
    sha256: str
    runtime: str


def check_address(address: str, *, insecure: bool) -> str | None:
    """Check what --dask names; returns a line that warns of what it risks, or None.

    Raises:
        ClusterUnavailable: If it is no address, or not a safe one.
    """
    if not ADDRESS.fullmatch(address):
        raise ClusterUnavailable(
            f"--dask {address} is not a cluster. Write local, local:4, tls://HOST:8786, or tcp://127.0.0.1:8786."
        )
    if not address.startswith("tcp:") or _is_loopback(urlsplit(address).hostname or ""):
        return None
    if not insecure:
        raise ClusterUnavailable(
            f"anybody in the network can run programs on {address}, because tcp:// is not encrypted. "
            "Use tls:// with certificates, or add --insecure."
        )
    return f"{address} is not encrypted: anybody in the network can run programs on the cluster"


def _is_loopback(host: str) -> bool:
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in found)


@contextmanager
def cluster(address: str, write: Callable[[str], None]) -> Iterator[Any]:
    """Start a cluster on this computer, or connect to one; yields Dask's client.

    Args:
        address: A checked address.
        write: Receives the address of Dask's dashboard, if there is one.

    Raises:
        ClusterUnavailable: If Dask is not installed, or the scheduler cannot be reached.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterUnavailable(
            "--dask needs Dask, which is not installed. Install it: pip install 'teachable-kiosk[hub]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
    with ExitStack() as stack:
        stack.enter_context(
            dask.config.set(
                {
                    "distributed.scheduler.allowed-failures": 0,  # `_alone` finds out which picture is the cause
                    "distributed.comm.timeouts.connect": CONNECTS_S,
                    "distributed.deploy.lost-worker-timeout": STARTS_S,
                }
            )
        )
        target: Any = address
        if address.startswith("local"):
            count = int(address.partition(":")[2] or os.cpu_count() or 1)
            one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            own = {"distributed.nanny.pre-spawn-environ": one_thread, "distributed.worker.profile.enabled": False}
            stack.enter_context(dask.config.set(own))
            target = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(distributed.Client(target, timeout=CONNECTS_S, set_as_default=False))
        except (OSError, TimeoutError, RuntimeError, TypeError) as error:
            if not address.startswith("tls:"):
                raise ClusterUnavailable(
                    f"no Dask scheduler answers at {address} ({type(error).__name__}). "
                    "Start it with the command dask scheduler, or use --dask local."
                ) from error
            if isinstance(error, TypeError):  # of a client without certificates
                raise ClusterUnavailable(f"{address} needs certificates. {CERTIFICATES}") from error
            raise ClusterUnavailable(
                f"no Dask scheduler answers at {address} with these certificates ({type(error).__name__}). "
                f"Start it with the same ones. {CERTIFICATES}"
            ) from error
        try:
            client.wait_for_workers(1, timeout=CONNECTS_S)
        except TimeoutError as error:
            raise ClusterUnavailable(
                f"the cluster at {address} has no worker. Start some with the command dask worker."
            ) from error
        if _has_dashboard() and client.dashboard_link:
            write(f"what the cluster does: {client.dashboard_link}")
        yield client


def _has_dashboard() -> bool:
    try:
        import bokeh  # noqa: F401
    except ImportError:
        return False
    return True


class ClusterEmbedder:
    """Embeds picture files on the workers of a cluster. The results do not depend on their number.

    Args:
        client: Dask's client.
        extractor: The extractor that every worker opens.
    """

    def __init__(self, client: Any, extractor: ExtractorFile) -> None:
        self._client, self._extractor = client, extractor

    def pictures(self, wanted: Sequence[ToEmbed]) -> Iterator[Embedded | Unreadable]:
        """Embed files; a file that crashes the worker that reads it counts as unreadable."""
        threads = sum(self._client.nthreads().values())
        return self.each(embed_batch, wanted, batch_size(len(wanted), threads), _crashing)

    def views(self, wanted: Sequence[ToVary]) -> Iterator[FloatArray]:
        """Embed made views of files."""
        return self.each(vary_batch, wanted, BATCH_OF_VIEWS, None)

    def each(
        self,
        task: Callable[[ExtractorFile, Sequence[Work]], list[Result]],
        wanted: Sequence[Work],
        size: int,
        if_it_crashes: Callable[[Work], Result] | None,
    ) -> Iterator[Result]:
        """Run a task for batches of work, a bounded number at a time, and yield the results in order.

        Args:
            task: A function of a module, which the workers import; returns one result for each piece of work.
            wanted: The work.
            size: Pieces of work in a batch.
            if_it_crashes: Makes the result of a piece of work that ends every worker; None makes that an error.

        Raises:
            ClusterUnavailable: If the cluster has gone, or if work ends every worker and `if_it_crashes` is None.

        When a worker dies, Dask suspects every batch that it had. These run again with nothing beside them, so that
        only those suffer that are the cause.
        """
        from distributed import KilledWorker

        batches = iter([wanted[start : start + size] for start in range(0, len(wanted), size)])
        running: deque[tuple[Sequence[Work], Any]] = deque()
        try:
            while True:
                most = AHEAD * max(1, sum(self._client.nthreads().values()))
                while len(running) < most:
                    batch = next(batches, None)
                    if batch is None:
                        break
                    running.append((batch, self._submit(task, batch)))
                if not running:
                    return
                batch, future = running.popleft()
                try:
                    yield from future.result()
                except KilledWorker:
                    for _, other in running:
                        other.exception()  # waits until it is done
                    yield from self._alone(task, batch, if_it_crashes)
        except (OSError, CancelledError) as error:  # OSError also of a worker, whose text says more
            raise ClusterUnavailable(
                f"the cluster does not answer any more: {str(error) or type(error).__name__}. "
                "Start it again, and then this command."
            ) from error
        finally:
            with suppress(OSError, CancelledError):
                self._client.cancel([future for _, future in running])

    def _alone(
        self,
        task: Callable[[ExtractorFile, Sequence[Work]], list[Result]],
        batch: Sequence[Work],
        if_it_crashes: Callable[[Work], Result] | None,
        attempts: int = 2,
    ) -> Iterator[Result]:
        """Run a batch with nothing beside it; halve it as long as its worker dies."""
        from distributed import KilledWorker

        for _ in range(attempts):
            self._wait_for_nannies()
            try:
                results = self._submit(task, batch).result()
            except KilledWorker:
                continue
            yield from results
            return
        if len(batch) > 1:
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                yield from self._alone(task, part, if_it_crashes, attempts=1 if len(part) > 1 else 2)
        elif if_it_crashes is not None:
            yield if_it_crashes(batch[0])
        else:
            raise ClusterUnavailable(
                f"the workers of the cluster crash with {batch[0].path}. Remove that picture, or train without --dask."
            )

    def _wait_for_nannies(self) -> None:
        """Wait until each process that watches a worker has seen it start.

        A nanny does not restart a worker that dies before that, so a task that crashes at once would end it for good.
        """
        self._client.wait_for_workers(1, timeout=STARTS_S)
        until_s = time.monotonic() + STARTS_S
        while time.monotonic() < until_s:
            states = self._client.run(nanny_state, nanny=True, on_error="ignore").values()
            if all(state == "running" for state in states):
                return
            time.sleep(0.1)

    def _submit(self, task: Callable[[ExtractorFile, Sequence[Work]], list[Result]], batch: Sequence[Work]) -> Any:
        return self._client.submit(task, self._extractor, batch, pure=False)


def batch_size(pictures: int, threads: int) -> int:
    """Return how many pictures a task should have, so that the scheduler of a large cluster keeps up."""
    return max(BATCH, min(LARGEST_BATCH, pictures // (TASKS_OF_THREAD * max(1, threads))))


def _crashing(wanted: ToEmbed) -> Unreadable:
    return Unreadable(wanted.path, "it crashes the program that reads it")


def nanny_state(dask_worker: Any) -> str:
    """What the process that watches a worker says of it; runs in that process."""
    return str(dask_worker.status.name)


def embed_batch(extractor: ExtractorFile, batch: Sequence[ToEmbed]) -> list[Embedded | Unreadable]:
    """Embed files, on a worker."""
    opened = opened_extractor(extractor)
    return [embedded(one, opened) for one in batch]


def vary_batch(extractor: ExtractorFile, batch: Sequence[ToVary]) -> list[FloatArray]:
    """Embed made views of files, on a worker."""
    opened = opened_extractor(extractor)
    return [embedded_views(one, opened) for one in batch]


@cache
def opened_extractor(extractor: ExtractorFile) -> EmbeddingExtractor:
    """The extractor, which a worker process opens once.

    Raises:
        ClusterUnavailable: If the worker sees another file at the path.
    """
    import cv2

    cv2.setNumThreads(1)
    path = Path(extractor.path)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != extractor.sha256:
        raise ClusterUnavailable(
            f"the worker on {socket.gethostname()} has no such extractor at {path}. "
            "Give all computers of the cluster the same files at the same paths."
        )
    return EmbeddingExtractor(path, runtime=extractor.runtime, device="cpu")
