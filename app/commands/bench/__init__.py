"""`bench [TOPIC...]`: run benchmarks, each in a process of its own.

Those that need nothing but the kiosk are modules of this package. Those that need photographs, compiled models or
further packages are programs in `benchmarks/`, which only a checkout has.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.base.errors import BenchmarkUnavailable
from app.base.paths import import_folder

STANDALONE = ("screen", "train-to-live")
FOLDER = import_folder() / "benchmarks"
COLUMNS = {"screen": "share of a tick: 1.00 is all the time of one frame at 60 Hz; for a part, all of drawing"}


def topics_in(folder: Path = FOLDER) -> dict[str, list[str]]:
    """The benchmarks there are: by name, the arguments with which Python runs them."""
    ours = {topic: ["-m", f"{__name__}.{topic.replace('-', '_')}"] for topic in STANDALONE}
    others = {path.stem.replace("_", "-"): [str(path)] for path in folder.glob("[!_]*.py")}
    return dict(sorted({**ours, **others}.items()))


def run_bench(topics: Sequence[str], write: Callable[[str], None], *, folder: Path = FOLDER) -> None:
    """Run topics one after the other; STANDALONE when none is named.

    Args:
        topics: Names of benchmarks.
        write: Receives a header per topic, and what its columns mean where they do not say so themselves.
        folder: Where further benchmarks are.

    Raises:
        BenchmarkUnavailable: If there is no such topic, or one fails.
    """
    known = topics_in(folder)
    for topic in topics or STANDALONE:
        if topic not in known:
            more = "" if folder.is_dir() else " More come with a clone of the project."
            raise BenchmarkUnavailable(f"there is no benchmark {topic!r}. Choose from: {', '.join(known)}.{more}")
        write(f"# {topic}")
        if topic in COLUMNS:
            write(f"# {COLUMNS[topic]}")
        done = subprocess.run([sys.executable, *known[topic]], cwd=import_folder(), check=False)
        if done.returncode:
            raise BenchmarkUnavailable(f"the benchmark {topic} failed. Its messages are above.")
