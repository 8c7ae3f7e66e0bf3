"""Simulated stations, merged by `run_kiosk.py hub`: time, peak memory, refusals, and how two ways of training answer.

How to run: python benchmarks/hub.py [--stations N] [--samples N] [--hostile SHARE] [--dask local:2] [--plan]

The things of the demonstration are rendered in several kinds of light and embedded once. A station mixes two kinds of
light, teaches some of the things, prefers some views of them, and adds noise. So 500 stations need no more rendering
than 5. A share of the folders is hostile: cut off, changed, without checksums, a link, a bomb or a wrong size.

`hub` runs twice as a process of its own: once with everything in memory, and once from sums. "Same answer" is the share
of fresh views to which both heads give the same top class. `--plan` measures the embedding of a picture and what Dask
needs for an empty task, and works out 10⁷ pictures on 100 workers.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from app.demo.camera import DemonstrationCamera
from app.demo.rendered_things import KINDS
from app.model.saved_folder.verified_folder import with_checksums
from benchmarks._shared import machine_line, measured_on, option_parser
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray, centre_crop

FloatArray = NDArray[np.float32]
LIGHTS = ((1.0, 1.0, 1.0), (1.15, 0.95, 0.7), (0.75, 0.95, 1.2), (0.5, 0.5, 0.5), (1.5, 1.45, 1.4))  # gain of RGB
TAUGHT = max(2, len(KINDS) - 1)  # things of a station
VIEWS_SHARE = 0.5  # of the rendered views that a station shows
NOISE = 0.4  # of the standard deviation within a thing
SAMPLES_OF_HOLD = 8
ENTRY_BYTES = 50_000  # of a picture on the disk, for --plan
PLANNED_PICTURES, PLANNED_WORKERS, BATCH = 10**7, 100, 64


def main() -> None:
    """Print one table for the runs, and one for the rates."""
    parser = option_parser(__doc__)
    parser.add_argument("--stations", type=int, default=40, help="number of stations (default: 40)")
    parser.add_argument("--samples", type=int, default=60, help="samples of each (default: 60)")
    parser.add_argument("--views", type=int, default=12, help="rendered views of each thing and light (default: 12)")
    parser.add_argument("--hostile", type=float, default=0.05, help="share of hostile folders (default: 0.05)")
    parser.add_argument("--dask", help="also run on a cluster, as `hub --dask`")
    parser.add_argument("--plan", action="store_true", help="work out 10⁷ pictures on 100 workers; needs Dask")
    options = parser.parse_args()
    print(machine_line())
    with tempfile.TemporaryDirectory(prefix="kiosk-hub-benchmark-") as name:
        folder = Path(name)
        with EmbeddingExtractor(default_extractor_path()) as extractor:
            rendered = rendered_embeddings(extractor, options.views)
            write_stations(folder / "in", rendered, extractor.origin_sha256, options)
        compare(folder, rendered, options)
    if options.plan:
        plan()
    print(measured_on())


def rendered_embeddings(extractor: EmbeddingExtractor, views: int) -> FloatArray:
    """Embed every thing in every light: float32 (lights, things, views, D). A view is the same in every light."""
    camera = DemonstrationCamera(sleep=lambda _s: None, clock=lambda: 0.0)
    found = []
    for kind in KINDS:
        camera.show(kind)
        for _ in range(views):
            camera.new_view()
            square = centre_crop(camera.read())
            found.append([extractor.embed(lit(square, light)) for light in LIGHTS])
    return np.asarray(found, np.float32).reshape(len(KINDS), views, len(LIGHTS), -1).transpose(2, 0, 1, 3)


def lit(picture: ImageArray, light: tuple[float, float, float]) -> ImageArray:
    """The picture with other gains of its colours."""
    return np.clip(picture * np.asarray(light, np.float32), 0, 255).astype(np.uint8)


def station_samples(
    rendered: FloatArray, station: int, count: int, *, fresh: bool = False
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Draw samples of a station: embeddings (N, D) and things (N,). Fresh ones show every view."""
    habits = np.random.default_rng((7, station))
    one, other = habits.choice(len(LIGHTS), 2, replace=False)
    share = habits.uniform(0, 1)
    things = habits.choice(len(KINDS), TAUGHT, replace=False)
    views = habits.permutation(rendered.shape[2])[: max(1, round(VIEWS_SHARE * rendered.shape[2]))]
    rng = np.random.default_rng((8, station, fresh))
    y = things[np.arange(count) % TAUGHT]
    seen = rng.integers(rendered.shape[2], size=count) if fresh else rng.choice(views, count)
    x = share * rendered[one, y, seen] + (1 - share) * rendered[other, y, seen]
    within = (rendered - rendered.mean(axis=(0, 2), keepdims=True)).std()
    return (x + NOISE * within * rng.normal(0, 1, x.shape)).astype(np.float32), y.astype(np.int64)


def write_stations(root: Path, rendered: FloatArray, sha256: str, options: argparse.Namespace) -> None:
    """Write a folder for each station, and the hostile ones."""
    kinds = tuple(KINDS)
    for station in range(options.stations):
        x, things = station_samples(rendered, station, options.samples)
        labels = [kinds[thing] for thing in sorted(set(things.tolist()))]
        y = np.array([labels.index(kinds[thing]) for thing in things.tolist()], np.int64)
        holds = np.arange(len(y)) // (SAMPLES_OF_HOLD * TAUGHT) * TAUGHT + y
        name = root / f"station-{station:04d}" / f"2026-{1 + station % 12:02d}-15_1200_{labels[0]}"
        write_folder(name, labels, {"embeddings": x, "label_indices": y, "holds": holds}, sha256)
    good = next(iter(sorted(root.glob("*/*"))))
    for number, spoil in zip(range(round(options.hostile * options.stations)), cycle(SPOILS), strict=False):
        spoil(Path(shutil.copytree(good, root / f"hostile-{number:04d}" / "a")))


def write_folder(folder: Path, labels: list[str], arrays: dict[str, Any], sha256: str) -> None:
    """Write what `hub` reads of a saved folder."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    facts = {"labels": labels, "extractor": {"name": "the extractor", "sha256": sha256}}
    files = with_checksums({"session.npz": stream.getvalue(), "session.json": json.dumps(facts).encode()})
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def cut_off(folder: Path) -> None:
    """Like a copy that was broken off."""
    path = folder / "session.npz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def link(folder: Path) -> None:
    """A link to a file of the hub."""
    (folder / "session.json").unlink()
    (folder / "session.json").symlink_to("/etc/passwd")


def bomb(folder: Path) -> None:
    """An archive that claims to be small and unpacks to a gigabyte; its checksum is right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("embeddings.npy", "w") as member:
        for _ in range(1 << 10):
            member.write(bytes(1 << 20))
    rewrite(folder, "session.npz", stream.getvalue())


def wrong_labels(folder: Path) -> None:
    """Label indices of classes that do not exist; the checksum is right."""
    stream = io.BytesIO()
    x = np.zeros((4, 864), np.float32)
    np.savez_compressed(stream, embeddings=x, label_indices=np.array([0, 1, 99, -5], np.int64))
    rewrite(folder, "session.npz", stream.getvalue())


def rewrite(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and its checksum."""
    (folder / name).write_bytes(data)
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    digest = hashlib.sha256(data).hexdigest()
    kept = [line for line in lines if not line.endswith(f"  {name}")]
    (folder / "SHA256SUMS").write_text("\n".join([*kept, f"{digest}  {name}"]) + "\n")


SPOILS: tuple[Callable[[Path], None], ...] = (
    cut_off,
    lambda folder: (folder / "SHA256SUMS").unlink(),
    link,
    bomb,
    wrong_labels,
)


def compare(folder: Path, rendered: FloatArray, options: argparse.Namespace) -> None:
    """Run `hub` in several ways and print a row for each."""
    ways = {"in memory": [], "from sums": ["--memory-mib", "0"]}
    if options.dask:
        ways[f"--dask {options.dask}"] = ["--dask", options.dask]
    samples = options.stations * options.samples
    print(f"{options.stations} stations with {options.samples} samples, {options.hostile:.0%} hostile folders")
    print("way,seconds,ms per folder,most MB of the hub,samples used,folders refused,accuracy at a left-out station %")
    models, facts = {}, {}
    for way, more in ways.items():
        out, report = folder / way.replace(" ", "_"), folder / "report.json"
        command = [sys.executable, "run_kiosk.py", "hub", str(folder / "in"), "--out", str(out)]
        started_s = time.perf_counter()
        most_mb = run([*command, "--json", str(report), *more])
        seconds = time.perf_counter() - started_s
        facts[way] = json.loads(report.read_text())
        with np.load(out / "head.npz") as arrays:
            models[way] = arrays["weights"], arrays["biases"], facts[way]["classes"]
        folders = options.stations + len(facts[way]["refused"])
        accuracy = 100 * (facts[way]["accuracy"] or 0)
        row = [f"{seconds:.1f}", f"{1000 * seconds / folders:.0f}", f"{most_mb:.0f}", facts[way]["samples"]]
        print(way, *row, len(facts[way]["refused"]), f"{accuracy:.1f}", sep=",", flush=True)
    expected = round(options.hostile * options.stations)
    assert all(len(one["refused"]) == expected and one["samples"] == samples for one in facts.values())
    fresh, truth = zip(
        *(station_samples(rendered, 10_000 + number, 200, fresh=True) for number in range(20)), strict=True
    )
    x, y = np.concatenate(fresh), np.concatenate(truth)
    kinds, answers = list(KINDS), {}
    for way, (weights, biases, classes) in models.items():
        rows = np.array([kinds.index(label) for label in classes])
        answers[way] = rows[(x @ weights + biases).argmax(axis=1)]
        print(f"fresh views of stations that nobody knows, {way}: {100 * (answers[way] == y).mean():.1f} % right")
    same = (answers["in memory"] == answers["from sums"]).mean()
    print(f"same answer in memory and from sums: {100 * same:.2f} % of {len(y)} fresh views")


def run(command: list[str]) -> float:
    """Run a process and return its peak memory in MB, without that of its children."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        assert process.stderr is not None
        sys.exit(f"error: {process.stderr.read().decode()}")
    if process.stderr is not None:
        process.stderr.close()
    return usage.ru_maxrss / 1024


def plan() -> None:
    """Work out 10⁷ pictures on 100 workers from two measured figures."""
    from distributed import Client, LocalCluster

    with EmbeddingExtractor(default_extractor_path()) as extractor:
        picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
        extractor.embed(picture)
        started_s = time.perf_counter()
        for _ in range(40):
            extractor.embed(picture)
        picture_s = (time.perf_counter() - started_s) / 40
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(_nothing, range(100), pure=False))
        started_s = time.perf_counter()
        client.gather(client.map(_nothing, range(2000), pure=False))
        task_s = (time.perf_counter() - started_s) / 2000
    work_s = PLANNED_PICTURES * picture_s / PLANNED_WORKERS
    tasks = PLANNED_PICTURES / BATCH
    least = PLANNED_WORKERS * task_s / picture_s
    print(f"a picture takes {1000 * picture_s:.1f} ms on a worker, a task {1000 * task_s:.2f} ms of the scheduler")
    print(f"10⁷ pictures on 100 workers: {work_s / 3600:.2f} h of embedding; {tasks:,.0f} tasks of {BATCH} pictures")
    print(f"the scheduler works {tasks * task_s / 3600:.2f} h; it is the limit below {least:.0f} pictures a task")
    rate = PLANNED_WORKERS / picture_s * ENTRY_BYTES / 1e6
    print(f"the file system must deliver {rate:.0f} MB/s for pictures of {ENTRY_BYTES // 1000} KB")


def _nothing(number: int) -> int:
    return number


if __name__ == "__main__":
    main()
