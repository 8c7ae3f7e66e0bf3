"""`bench [TOPIC...]`: run the benchmarks of this project, each as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.errors import BenchmarkUnavailable

STANDALONE = ("screen", "train-to-live")  # need nothing but what is in the project
FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def run_bench(topics: Sequence[str], write: Callable[[str], None]) -> None:
    """Run topics one after the other; STANDALONE when none is named.

    Raises:
        BenchmarkUnavailable: If there is no such topic, or one fails.
    """
    known = {path.stem.replace("_", "-"): path for path in sorted(FOLDER.glob("[!_]*.py"))}
    if not known:
        raise BenchmarkUnavailable(f"{FOLDER} holds no benchmarks. Run this from a clone of the project.")
    for topic in topics or STANDALONE:
        if topic not in known:
            raise BenchmarkUnavailable(f"there is no benchmark {topic!r}. Choose from: {', '.join(known)}.")
        write(f"# {topic}")
        done = subprocess.run([sys.executable, str(known[topic])], check=False)
        if done.returncode:
            raise BenchmarkUnavailable(f"the benchmark {topic} did not finish. Its own words are above.")
