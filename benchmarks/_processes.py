"""Run a command and measure what it and the processes that it starts use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVERY_S = 0.25  # a process that ends sooner can be missed
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
PARENT = re.compile(r"^PPid:\s+(\d+)", re.MULTILINE)


@dataclass
class Used:
    """What a command used.

    Attributes:
        command, worker, guarded: The largest resident memory in MB: of the command, of one Dask worker, and of one
            guarded process.
        processor_s: Processor time of all processes together. Other programs change it much less than the elapsed time.
    """

    command: float = 0.0
    worker: float = 0.0
    guarded: float = 0.0
    processor_s: float = 0.0

    def row(self) -> list[str]:
        """The memory for a table."""
        return [f"{value:.0f}" if value else "" for value in (self.command, self.worker, self.guarded)]


def run(command: Sequence[str]) -> Used:
    """Run a program of this project with Python and return what it used. Ends this program if it fails."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    found, ended = Used(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, found, ended))
    watcher.start()
    assert process.stderr is not None
    problem = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.stderr.close()
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"error: {problem}")
    found.command, found.processor_s = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    return found


def _watch(root: int, found: Used, ended: threading.Event) -> None:
    while not ended.wait(EVERY_S):
        for pid in _below(root):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                line = Path(f"/proc/{pid}/cmdline").read_text()
            except OSError:  # it has just ended
                continue
            if (peak := PEAK.search(status)) is None:
                continue
            megabytes = int(peak[1]) / 1024
            if "multiprocessing" in line:
                found.worker = max(found.worker, megabytes)
            else:
                found.guarded = max(found.guarded, megabytes)


def _below(root: int) -> set[int]:
    """The processes that a process has started, and theirs."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = PARENT.search(path.read_text())
        except OSError:
            continue
        if parent is not None:
            parents[int(path.parent.name)] = int(parent[1])
    found, new = set[int](), {root}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new}
        found |= new
    return found
