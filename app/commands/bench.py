"""`bench [TOPIC...]`: run the benchmarks of this project, each as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.errors import BenchmarkUnavailable

STANDALONE = ("screen", "train-to-live")  # need nothing but what is in the project
FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
COLUMNS = {"screen": "share of a tick: 1.00 is all the time of one frame at 60 Hz; for a part, all of drawing"}


def topics_in(folder: Path = FOLDER) -> dict[str, Path]:
    """The benchmarks there are, by name."""
    return {path.stem.replace("_", "-"): path for path in sorted(folder.glob("[!_]*.py"))}


def run_bench(topics: Sequence[str], write: Callable[[str], None], *, folder: Path = FOLDER) -> None:
    """Run topics one after the other; STANDALONE when none is named.

    Args:
        topics: Names of benchmarks.
        write: Takes a header a topic, and what its columns mean where they do not say so themselves.
        folder: Where the benchmarks are.

    Raises:
        BenchmarkUnavailable: If there is no such topic, or one fails.
    """
    known = topics_in(folder)
    if not known:
        raise BenchmarkUnavailable(f"{folder} holds no benchmarks. Run this from a clone of the project.")
    for topic in topics or STANDALONE:
        if topic not in known:
            raise BenchmarkUnavailable(f"there is no benchmark {topic!r}. Choose from: {', '.join(known)}.")
        write(f"# {topic}")
        if topic in COLUMNS:
            write(f"# {COLUMNS[topic]}")
        done = subprocess.run([sys.executable, str(known[topic])], check=False)
        if done.returncode:
            raise BenchmarkUnavailable(f"the benchmark {topic} did not finish. Its own words are above.")
