"""Simulated stations, merged by `run_kiosk.py hub`: time, peak memory, refusals, and how two ways of training answer.

How to run: python benchmarks/hub.py [--stations N] [--samples N] [--data DIR] [--dask local:2]

`benchmarks/_stations.py` says what a station sees. Every sample is a picture of its own, so 150,000 samples take half
an hour of one core: with --data they are kept in DIR and made only once, and `--generate 1/2` makes one half and ends,
so that two processes can share the work and be stopped at any time. A share of the folders is hostile: cut off, without
checksums, a link, a bomb, wrong sizes and values, a program, a name outside the folder.

`hub` runs as a process of its own, in the ways that --ways names: "memory" is one fit of all samples, "sums" fits from
sums, "dask" reads on the cluster of --dask. "Same answer" is the share of fresh views, of stations that no hub knows,
to which two heads give the same top class. `benchmarks/many_pictures.py` measures pictures on the disk.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from app.model.saved_folder.verified_folder import with_checksums
from benchmarks._processes import run
from benchmarks._shared import machine_line, measured_on, option_parser
from benchmarks._stations import FRESH, THINGS, generate, stored
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

FRESH_STATIONS = 40


def main() -> None:
    """Make the samples that are missing, and print a table for the runs of `hub`."""
    parser = option_parser(__doc__)
    parser.add_argument("--stations", type=int, default=40, help="number of stations (default: 40)")
    parser.add_argument("--samples", type=int, default=60, help="samples of each (default: 60)")
    parser.add_argument("--hostile", type=float, default=0.05, help="share of hostile folders (default: 0.05)")
    parser.add_argument("--data", type=Path, help="folder that keeps samples and results (default: a temporary one)")
    parser.add_argument("--pictures", action="store_true", help="keep the pictures, too, in DIR/pictures")
    parser.add_argument("--generate", metavar="I/N", help="only make every N-th station, from the I-th")
    parser.add_argument("--ways", default="memory,sums", help="memory, sums, dask (default: memory,sums)")
    parser.add_argument("--dask", default="local:2", help="cluster for the way dask (default: local:2)")
    options = parser.parse_args()
    print(machine_line())
    with tempfile.TemporaryDirectory(prefix="kiosk-hub-benchmark-") as name:
        data = options.data or Path(name)
        make(data, options)
        if options.generate:
            return
        folders = data / f"in-{options.stations}-{options.samples}"
        if not folders.exists():
            write_stations(folders.with_suffix(".partial"), data, options)
            folders.with_suffix(".partial").rename(folders)
        if options.ways:
            compare(folders, data, options)
    print(measured_on())


def make(data: Path, options: argparse.Namespace) -> None:
    """Make the samples that `data` does not hold yet."""
    numbers = [*range(FRESH, FRESH + FRESH_STATIONS), *range(options.stations)]
    if options.generate:
        first, _, every = options.generate.partition("/")
        numbers = numbers[int(first) - 1 :: int(every)]
    cv2.setNumThreads(1)
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        pictures = data / "pictures" if options.pictures else None
        generate(data / "stations", numbers, options.samples, extractor, pictures)


def write_stations(root: Path, data: Path, options: argparse.Namespace) -> None:
    """Write a folder for each station, and the hostile ones."""
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        sha256 = extractor.origin_sha256
    for station in range(options.stations):
        x, _, pressed, holds = stored(data / "stations", station)
        labels = [THINGS[thing] for thing in np.unique(pressed)]
        y = np.searchsorted(np.unique(pressed), pressed)
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
    rewrite_arrays(folder, np.zeros((4, 864), np.float32), np.array([0, 1, 99, -5], np.int64))


def no_numbers(folder: Path) -> None:
    """Embeddings that are not numbers; the checksum is right."""
    rewrite_arrays(folder, np.full((4, 864), np.nan, np.float32), np.array([0, 1, 0, 1], np.int64))


def program(folder: Path) -> None:
    """Objects that run a program when they are unpacked; the checksum is right."""
    rewrite_arrays(folder, np.array([print, print], object), np.array([0, 1], np.int64))


def outside(folder: Path) -> None:
    """Checksums of a file outside the folder."""
    with (folder / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  samples/../../../../etc/passwd\n")


def rewrite_arrays(folder: Path, embeddings: Any, label_indices: Any) -> None:
    """Replace the session and its checksum."""
    stream = io.BytesIO()
    np.savez_compressed(stream, embeddings=embeddings, label_indices=label_indices)
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
    no_numbers,
    program,
    outside,
)


def compare(folders: Path, data: Path, options: argparse.Namespace) -> None:
    """Run `hub` in several ways, print a row for each, and compare the answers with those of earlier runs."""
    known = {
        "memory": ["--memory-mib", "16384"],
        "sums": ["--memory-mib", "0"],
        "dask": ["--memory-mib", "0", "--dask", options.dask],
    }
    ways = {way: known[way] for way in options.ways.split(",")}
    samples = options.stations * options.samples
    print(f"{options.stations} stations with {options.samples} samples, {options.hostile:.0%} hostile folders")
    columns = "s,s of processors,ms per folder,most MB: hub,worker,guarded child"
    print(f"way,{columns},samples used,folders refused,% right where left out")
    models, facts = {}, {}
    for way, more in ways.items():
        out, report = folders.with_name(f"{folders.name}-{way}"), data / "report.json"
        command = ["run_kiosk.py", "hub", str(folders), "--out", str(out), "--json", str(report), *more]
        started_s = time.perf_counter()
        used = run(command)
        seconds = time.perf_counter() - started_s
        facts[way] = json.loads(report.read_text())
        count = options.stations + len(facts[way]["refused"])
        row = [f"{seconds:.1f}", f"{used.processor_s:.1f}", f"{1000 * seconds / count:.0f}", *used.row()]
        accuracy = f"{100 * (facts[way]['accuracy'] or 0):.1f}"
        print(way, *row, facts[way]["samples"], len(facts[way]["refused"]), accuracy, sep=",", flush=True)
    expected = round(options.hostile * options.stations)
    assert all(len(one["refused"]) == expected for one in facts.values())
    assert all(one["samples"] + one["duplicates"] == samples for one in facts.values())
    for way in known:
        head = folders.with_name(f"{folders.name}-{way}") / "head.npz"
        if head.exists():
            classes = json.loads((head.parent / "metadata.json").read_text())["labels"]
            with np.load(head) as arrays:
                models[way] = arrays["weights"], arrays["biases"], classes
    first, compared, *others = next(iter(ways)), *models
    for reason in sorted({one["reason"] for one in facts[first]["refused"]}):
        print(f"refused: {reason}")
    shares = [one["accuracy"] for one in facts[first]["stations"] if one["accuracy"] is not None]
    print("right at a station that was left out: from", " to ".join(f"{100 * one:.0f} %" for one in spread(shares)))
    fresh = [stored(data / "stations", FRESH + number) for number in range(FRESH_STATIONS)]
    x, y = np.concatenate([one[0] for one in fresh]), np.concatenate([one[1] for one in fresh])
    answers = {}
    for way, (weights, biases, classes) in models.items():
        rows = np.array([THINGS.index(label) for label in classes])
        answers[way] = rows[(x @ weights + biases).argmax(axis=1)]
        print(f"fresh views of stations that nobody knows, {way}: {100 * (answers[way] == y).mean():.2f} % right")
    for way in others:
        same = answers[compared] == answers[way]
        print(f"same answer, {compared} and {way}: {100 * same.mean():.3f} % of {len(y)} fresh views")


def spread(shares: list[float]) -> tuple[float, float, float]:
    """The lowest, the median and the highest."""
    return min(shares), float(np.median(shares)), max(shares)


if __name__ == "__main__":
    main()
