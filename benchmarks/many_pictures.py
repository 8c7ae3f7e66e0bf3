"""Many pictures on the disk, embedded by `train --dask`: cost per picture, what workers add, and a plan for 10⁷.

How to run: python benchmarks/many_pictures.py DIR [--counts 1000,10000,100000] [--scaling N] [--plan]

DIR/<class>/*.jpg holds the pictures, for example those of `benchmarks/hub.py --data … --pictures`. It needs Dask.

--counts trains on so many of them, evenly chosen, as processes of their own. --scaling embeds N pictures in one plain
process, in two plain processes, and on clusters with one and two workers, in turns. --plan measures the processor time
that scheduler and client need for tasks of 100 workers, which are threads that sleep, and works out 10⁷ pictures.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from app.commands.dataset import find_pictures
from app.embedding.cluster import BATCH, ClusterEmbedder, ExtractorFile, cluster
from app.embedding.work import Embedded, ToEmbed, embedded
from benchmarks._processes import ROOT, run
from benchmarks._shared import machine_line, measured_on, option_parser
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

ROUNDS = 5
WARM_UP = 32  # pictures that each process embeds before the time counts
PLANNED_PICTURES, PLANNED_WORKERS = 10**7, 100
SIZES = (1, 4, 16, 64)  # pictures of a task, for --plan
TASKS = 1000  # of each size


def main() -> None:
    """Print what the options ask for."""
    parser = option_parser(__doc__)
    parser.add_argument("pictures", type=Path, metavar="DIR", help="DIR/<class>/*.jpg")
    parser.add_argument("--counts", default="", help="numbers of pictures to train on, e.g. 1000,10000,100000")
    parser.add_argument("--dask", default="local:2", help="cluster for --counts (default: local:2)")
    parser.add_argument("--scaling", type=int, metavar="N", help="number of pictures to embed in each way")
    parser.add_argument("--plan", action="store_true", help="work out 10⁷ pictures on 100 workers")
    parser.add_argument("--embed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.embed:
        embed_for_parent()
        return
    print(machine_line())
    everything = [str(path) for paths in find_pictures(options.pictures).pictures.values() for path in paths]
    if options.counts:
        train(everything, [int(count) for count in options.counts.split(",")], options.dask)
    if options.scaling:
        scaling(chosen(everything, options.scaling))
    if options.plan:
        plan(everything)
    print(measured_on())


def chosen(paths: Sequence[str], count: int) -> list[str]:
    """So many paths, evenly chosen, as often as needed."""
    places = np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)
    found = [paths[place] for place in places]
    return (found * -(-count // len(found)))[:count]


def train(everything: Sequence[str], counts: Sequence[int], dask: str) -> None:
    """Train on some of the pictures and print a row for each number of them."""
    columns = "s,s of embedding,s of processors,ms of processors per picture,most MB: command,worker"
    print(f"pictures,{columns},validation %")
    for count in counts:
        if count > len(everything):
            sys.exit(f"error: there are only {len(everything)} pictures.")
        with tempfile.TemporaryDirectory(prefix="kiosk-pictures-", dir=Path(everything[0]).parents[2]) as name:
            data, report = Path(name) / "data", Path(name) / "report.json"
            for path in map(Path, chosen(everything, count)):
                folder = data / path.parent.name
                folder.mkdir(parents=True, exist_ok=True)
                os.link(path, folder / path.name)
            command = ["run_kiosk.py", "train", str(data), "--out", str(Path(name) / "out"), "--json", str(report)]
            started_s = time.perf_counter()
            used = run([*command, "--dask", dask])
            seconds = time.perf_counter() - started_s
            facts = json.loads(report.read_text())
        row = [f"{seconds:.1f}", f"{facts['seconds']['embed']:.1f}", f"{used.processor_s:.1f}"]
        row += [f"{1000 * used.processor_s / count:.2f}", *used.row()[:2]]
        print(count, *row, f"{100 * facts['validation_accuracy']:.1f}", sep=",", flush=True)


def scaling(paths: Sequence[str]) -> None:
    """Embed the same pictures in four ways, in turns; print the medians."""
    ways: dict[str, Callable[[], float]] = {
        "one process": lambda: plain(paths, 1),
        "two processes": lambda: plain(paths, 2),
    }
    found: dict[str, list[float]] = {"one process": [], "two processes": [], "one worker": [], "two workers": []}
    with dask_embedder(1) as one, dask_embedder(2) as two:
        ways |= {"one worker": lambda: seconds_on(one, paths), "two workers": lambda: seconds_on(two, paths)}
        for _ in range(ROUNDS):
            for way, measure in ways.items():
                found[way].append(measure())
    rates = {way: len(paths) / float(np.median(seconds)) for way, seconds in found.items()}
    print(f"{len(paths)} pictures, median of {ROUNDS} rounds\nway,pictures/s,times one process,each round in s")
    for way, rate in rates.items():
        rounds = " ".join(f"{seconds:.2f}" for seconds in found[way])
        print(way, f"{rate:.0f}", f"{rate / rates['one process']:.2f}", rounds, sep=",")
    reached = [plain_s / dask_s for plain_s, dask_s in zip(found["two processes"], found["two workers"], strict=True)]
    print(f"two workers reach {float(np.median(reached)):.2f} of two plain processes, the median of the rounds")


def plain(paths: Sequence[str], count: int) -> float:
    """Let plain processes embed a share each, and return the seconds until the last one is done."""
    command = [sys.executable, __file__, str(ROOT), "--embed"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(count)
    ]
    for number, process in enumerate(processes):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(paths[number::count]) + "\n")
        process.stdin.flush()
        process.stdout.readline()  # it is warm
    started_s = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    return time.perf_counter() - started_s


def embed_for_parent() -> None:
    """Embed the pictures that the first line of the standard input lists, after the second line came."""
    import cv2

    cv2.setNumThreads(1)
    wanted = [ToEmbed(path, keep=False) for path in json.loads(sys.stdin.readline())]
    with EmbeddingExtractor(default_extractor_path(), device="cpu") as extractor:
        for one in wanted[:WARM_UP]:
            embedded(one, extractor)
        print("warm", flush=True)
        sys.stdin.readline()
        assert all(isinstance(embedded(one, extractor), Embedded) for one in wanted)


@contextmanager
def dask_embedder(workers: int) -> Iterator[ClusterEmbedder]:
    """An embedder on a cluster of this computer."""
    path = default_extractor_path()
    with EmbeddingExtractor(path, device="cpu") as extractor:
        file = ExtractorFile(str(path), extractor.sha256, "auto")
    with cluster(f"local:{workers}", print) as client:
        yield ClusterEmbedder(client, file)


def seconds_on(embedder: ClusterEmbedder, paths: Sequence[str]) -> float:
    """How long a cluster takes for the pictures, after each worker has done some."""
    wanted = [ToEmbed(path, keep=False) for path in paths]
    list(embedder.pictures(wanted[: 4 * BATCH]))
    started_s = time.perf_counter()
    assert all(isinstance(one, Embedded) for one in embedder.pictures(wanted))
    return time.perf_counter() - started_s


def plan(everything: Sequence[str]) -> None:
    """Work out 10⁷ pictures on 100 workers from figures that are measured here."""
    paths = chosen(everything, 2000)
    picture_s = plain(paths, 1) / len(paths)
    size_bytes = float(np.mean([Path(path).stat().st_size for path in paths]))
    started_s = time.perf_counter()
    count = sum(map(len, find_pictures(Path(everything[0]).parents[1]).pictures.values()))
    list_s = (time.perf_counter() - started_s) / count
    hours = PLANNED_PICTURES * picture_s / PLANNED_WORKERS / 3600
    print(f"a picture takes {1000 * picture_s:.2f} ms of a worker: {hours:.2f} h for 10⁷ pictures on 100 workers")
    print(f"listing takes {1e6 * list_s:.0f} µs for a file: {PLANNED_PICTURES * list_s / 60:.1f} min, before the work")
    rate = PLANNED_WORKERS / picture_s
    print(f"the file system must open {rate:,.0f} files/s and read {rate * size_bytes / 1e6:,.0f} MB/s")
    print("pictures of a task,tasks,s,tasks/s,ms of scheduler and client for a task")
    cost_s = [simulated(size, picture_s) for size in SIZES]
    each_s, task_s = np.polyfit(SIZES, cost_s, 1)
    print(
        f"scheduler and client take {1000 * task_s:.2f} ms for a task and {1e6 * each_s:.0f} µs for each picture in it"
    )
    room_s = picture_s / PLANNED_WORKERS - each_s
    if room_s > 0:
        print(f"100 workers wait for them below {np.ceil(task_s / room_s):.0f} pictures a task")
    else:
        print(f"they are the limit with more than {picture_s / each_s:.0f} workers, however large a task is")
    for size in (*SIZES, 4 * SIZES[-1]):
        hours = PLANNED_PICTURES * max(picture_s / PLANNED_WORKERS, task_s / size + each_s) / 3600
        print(f"10⁷ pictures in tasks of {size}: {hours:.2f} h")


def simulated(size: int, picture_s: float) -> float:
    """Processor time in seconds that scheduler and client need for a task of 100 workers that sleep.

    The workers are threads of two processes of their own. Scheduler and client share this process, as in `train --dask`
    on one computer.
    """
    from distributed import Client, LocalCluster

    options: dict[str, Any] = {"threads_per_worker": PLANNED_WORKERS // 2, "dashboard_address": None}
    options |= {"memory_limit": 0, "silence_logs": logging.CRITICAL, "host": "127.0.0.1"}
    with LocalCluster(n_workers=2, **options) as local, Client(local) as client:
        embedder = ClusterEmbedder(client, ExtractorFile(str(picture_s), "", ""))
        wanted = [ToEmbed("", keep=False)] * (size * TASKS)
        list(embedder.each(sleeping, wanted[: size * PLANNED_WORKERS], size, None))
        started_s, used_s = time.perf_counter(), time.process_time()
        for _ in embedder.each(sleeping, wanted, size, None):
            pass
        used_s, seconds = time.process_time() - used_s, time.perf_counter() - started_s
    print(size, TASKS, f"{seconds:.1f}", f"{TASKS / seconds:.0f}", f"{1000 * used_s / TASKS:.2f}", sep=",", flush=True)
    return used_s / TASKS


def sleeping(picture_s: ExtractorFile, batch: Sequence[ToEmbed]) -> list[Any]:
    """Take as long as embedding, and return as much."""
    time.sleep(float(picture_s.path) * len(batch))
    return [Embedded(np.zeros(864, np.float32), "cpu", b"") for _ in batch]


if __name__ == "__main__":
    main()
