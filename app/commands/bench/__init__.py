"""`bench [TOPIC...]`: run benchmarks, each in its own process.

Benchmarks that need only the kiosk are modules of this package. Those that need photographs, compiled models or other
packages are programs in `benchmarks/`, which only a checkout contains.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.base.errors import BenchmarkUnavailable
from app.base.paths import import_folder
from app.commands.exit_codes import DONE
from app.commands.streams import print_line

STANDALONE = ("screen", "train-to-live")
FOLDER = import_folder() / "benchmarks"
COLUMNS = {"screen": "share of a tick: 1.00 is the whole time of one frame at 60 Hz; for a part, the whole drawing"}
"""Explanations of columns, by benchmark."""


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    run_bench(options.topics, print_line)
    return DONE


def topics_in(folder: Path = FOLDER) -> dict[str, list[str]]:
    """The arguments with which Python runs each benchmark, by the name of the benchmark."""
    ours = {topic: ["-m", f"{__name__}.{topic.replace('-', '_')}"] for topic in STANDALONE}
    others = {path.stem.replace("_", "-"): [str(path)] for path in folder.glob("[!_]*.py")}
    return dict(sorted({**ours, **others}.items()))


def run_bench(topics: Sequence[str], write: Callable[[str], None], *, folder: Path = FOLDER) -> None:
    """Run benchmarks one after the other.

    Args:
        topics: Their names; without any, those of STANDALONE.
        write: Receives a header for each, and an explanation of its columns if they need one.
        folder: The folder with more benchmarks.

    Raises:
        BenchmarkUnavailable: If a name is unknown, or a benchmark fails.
    """
    known = topics_in(folder)
    if unknown := [topic for topic in topics if topic not in known]:
        more = "" if folder.is_dir() else " A clone of the project contains more."
        raise BenchmarkUnavailable(f"unknown benchmark {unknown[0]!r}. Choose from: {', '.join(known)}.{more}")
    for topic in topics or STANDALONE:
        write(f"# {topic}")
        if topic in COLUMNS:
            write(f"# {COLUMNS[topic]}")
        done = subprocess.run([sys.executable, *known[topic]], cwd=import_folder(), check=False)
        if done.returncode:
            raise BenchmarkUnavailable(f"the benchmark {topic} failed. Its messages are above.")
