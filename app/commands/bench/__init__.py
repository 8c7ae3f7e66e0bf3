"""`bench [TOPIC...]`: run benchmarks, each in its own process.

Benchmarks that need only the kiosk are modules of this package. Those that need photographs, compiled models or other
packages are programs in `benchmarks/`, which only a checkout contains.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.base.errors import BenchmarkUnavailable
from app.base.files import folder_problem
from app.base.paths import import_folder
from app.commands.bench.figures import Figure, figures_in
from app.commands.bench.report import write_report, write_shared
from app.commands.exit_codes import DONE
from app.commands.streams import print_line

STANDALONE = ("screen", "train-to-live", "start", "idle", "answers", "pipeline", "growth", "pictures")
REPORTED = ("start", "idle", "answers", "train-to-live", "pipeline", "growth", "pictures")  # with goals: five minutes
BY_DEFAULT = ("screen", "train-to-live")
FOLDER = import_folder() / "benchmarks"
COLUMNS = {"screen": "share of a tick: 1.00 is the whole time of one frame at 60 Hz; for a part, the whole drawing"}
"""Explanations of columns, by benchmark."""


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.share is None and options.write is None:
        run_bench(options.topics or BY_DEFAULT, print_line)
        return DONE
    for folder in (options.share and options.share.parent, options.write):
        if folder is not None and (problem := folder_problem(folder)):
            raise BenchmarkUnavailable(f"{folder} cannot be written: {problem}. Name another folder.")
    figures = run_bench(options.topics or REPORTED, print_line)
    if options.share is not None:
        write_shared(options.share, figures)
        print_line(f"Written: {options.share}. It names the machine and the versions, and no user, computer or folder.")
    if options.write is not None:
        write_report(options.write, figures)
        print_line(f"Written: {options.write / 'performance.md'}")
    return DONE


def topics_in(folder: Path = FOLDER) -> dict[str, list[str]]:
    """The arguments with which Python runs each benchmark, by the name of the benchmark."""
    ours = {topic: ["-m", f"{__name__}.{topic.replace('-', '_')}"] for topic in STANDALONE}
    others = {path.stem.replace("_", "-"): [str(path)] for path in folder.glob("[!_]*.py")}
    return dict(sorted({**ours, **others}.items()))


def run_bench(topics: Sequence[str], write: Callable[[str], None], *, folder: Path = FOLDER) -> list[Figure]:
    """Run benchmarks one after the other, and return their figures.

    Args:
        topics: Their names.
        write: Receives a header for each, an explanation of its columns if they need one, and every line of its output.
        folder: The folder with more benchmarks.

    Raises:
        BenchmarkUnavailable: If a name is unknown, or a benchmark fails.
    """
    known = topics_in(folder)
    if unknown := [topic for topic in topics if topic not in known]:
        more = "" if folder.is_dir() else " A clone of the project contains more."
        raise BenchmarkUnavailable(f"unknown benchmark {unknown[0]!r}. Choose from: {', '.join(known)}.{more}")
    found: list[Figure] = []
    environment = {**os.environ, "PYGAME_HIDE_SUPPORT_PROMPT": "1", "PYTHONUNBUFFERED": "1"}
    for topic in topics:
        write(f"# {topic}")
        if topic in COLUMNS:
            write(f"# {COLUMNS[topic]}")
        command, lines = [sys.executable, *known[topic]], list[str]()
        with subprocess.Popen(command, cwd=import_folder(), env=environment, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            for line in run.stdout:
                lines.append(line.rstrip("\n"))
                write(lines[-1])
        if run.returncode:
            raise BenchmarkUnavailable(f"the benchmark {topic} failed. Its messages are above.")
        found += figures_in(lines)
    return found
