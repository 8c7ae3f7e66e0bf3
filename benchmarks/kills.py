"""Kill the kiosk's storage at random moments, and cut its power: no acknowledged sample may be lost or doubled.

python benchmarks/kills.py [--kills 500] [--cuts 200] [--state FILE]

Each kill is a SIGKILL to a process that adds, removes, archives and erases; afterwards the session is opened and
compared with what the process had acknowledged. Each power cut is a copy of an ext4 image on a loop device (needs root)
while the process writes: what had reached the device is all that is left. With `--state` a second call goes on where
the first one stopped.
"""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TextIO

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.base.privacy import Privacy
from app.session.archive import Archive
from app.session.store import SessionStore
from benchmarks._shared import machine_line, option_parser

CUTS_OF_ONE_DISK = 10
MAKER = {"labels": ("a", "b"), "extractor_name": "x", "extractor_sha256": "1"}


def work(path: Path, seed: int, output: TextIO) -> None:
    """Add, remove, archive and erase without end; say what begins and what is done."""
    rng = np.random.default_rng(seed)
    store = SessionStore(path, **MAKER)  # type: ignore[arg-type]
    archive = Archive(path.parent / "archive", 1 << 40, 0)

    def say(what: str, value: float) -> None:
        print(json.dumps([what, value]), file=output, flush=True)

    say("ready", 0)
    for number in count(1):
        action = rng.choice(["add"] * 12 + ["remove", "good", "keep", "erase"])
        if action == "add":
            say("adding", number)
            picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
            hold = hold_of(number)
            store.add(hold % 2, np.full(64, number, np.float32), picture, hold=hold)
            say("added", number)
        elif action == "remove":
            say("removing", 0)
            store.remove_last_hold()
            say("removed", 0)
        elif action == "good":
            store.keep_good_copy()
        elif action == "keep":
            archive.keep(store, datetime(2026, 1, 1), Privacy.EMBEDDINGS)
        else:
            say("erasing", 0)
            store.erase()
            say("erased", 0)


def hold_of(number: float) -> int:
    """The hold of a sample by its number: a few that follow each other share one."""
    return int(number) // 4


def without_last_hold(numbers: list[float]) -> list[float]:
    """The samples that are left after the newest hold was removed."""
    return [one for one in numbers if hold_of(one) != hold_of(numbers[-1])]


class Child:
    """A copy of this process that works until it is killed."""

    def __init__(self, path: Path, seed: int) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            try:
                work(path, seed, os.fdopen(writing, "w"))
            finally:
                os._exit(1)
        os.close(writing)
        self.output = os.fdopen(reading, "rb", buffering=0)
        self.output.readline()
        os.set_blocking(reading, False)

    def read(self) -> str:
        """Return what it has said since the last call."""
        parts = []
        with suppress(BlockingIOError):
            while part := os.read(self.output.fileno(), 1 << 16):
                parts.append(part.decode("ascii"))
        return "".join(parts)

    def send(self, signal_number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, signal_number)

    def kill(self) -> None:
        """Kill it and wait for its end."""
        self.send(signal.SIGKILL)
        os.waitpid(self.pid, 0)


def expected(lines: list[str]) -> tuple[list[float], set[float], bool, bool]:
    """Return the acknowledged samples, those that may be there, and whether a hold or all may be gone."""
    there: list[float] = []
    maybe: set[float] = set()
    removing = erasing = False
    for line in lines:
        what, value = json.loads(line)
        if what == "adding":
            maybe = {value}
        elif what == "added":
            there.append(value)
            maybe = set()
        elif what == "removing":
            removing = True
        elif what == "removed":
            removing = False
            there = without_last_hold(there)
        elif what == "erasing":
            erasing = True
        elif what == "erased":
            there, erasing = [], False
    return there, maybe, removing, erasing


def problem(path: Path, lines: list[str]) -> str:
    """Open what is left, and compare it with what was acknowledged; empty if all is as it should be."""
    there, maybe, removing, erasing = expected(lines)
    with closing(SessionStore(path, **MAKER)) as store:  # type: ignore[arg-type]
        found = [float(one.embedding[0]) for one in store.load().samples]
        if store.opened.damage:
            return f"damaged: {store.opened.damage}"
    if erasing and not found:
        return ""
    if removing and found == without_last_hold(there):
        return ""
    if found == there or (maybe and found == [*there, *maybe]):
        return ""
    lost = [one for one in there if one not in found]
    return f"lost {len(lost)} of {len(there)}, found {len(found)}, doubled {len(found) - len(set(found))}, {lines[-3:]}"


def main() -> None:
    """Kill, cut, compare; exit with 1 if anything was lost."""
    parser = option_parser(__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--state", type=Path, help="keeps what was done, so that another call goes on")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        bad = _kill(Path(folder), Tally(options.state, "kills"), options.kills)
        bad += _cut(Path(folder), Tally(options.state, "cuts"), options.cuts) if os.geteuid() == 0 else 0
    print(machine_line())
    sys.exit(1 if bad else 0)


class Tally:
    """How many kills or power cuts are done, how many samples were acknowledged, and how many ended badly.

    Args:
        state: A file that keeps it; None to keep nothing.
        name: "kills" or "cuts".
    """

    def __init__(self, state: Path | None, name: str) -> None:
        self._state, self._name = state, name
        self.done, self.acknowledged, self.bad = self._all().get(name, (0, 0, 0))

    def _all(self) -> dict[str, list[int]]:
        if self._state is None or not self._state.exists():
            return {}
        return dict(json.loads(self._state.read_text(encoding="utf-8")))

    def add(self, lines: Sequence[str], found: Sequence[str]) -> None:
        """Count those that found these problems ("" for none), after what the process had said."""
        self.done += len(found)
        self.acknowledged += sum('"added"' in line for line in lines)
        self.bad += sum(map(bool, found))
        if self._state is not None:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            partial = self._state.with_name(f"{self._state.name}.partial")
            partial.write_text(json.dumps({**self._all(), self._name: [self.done, self.acknowledged, self.bad]}))
            partial.replace(self._state)

    def __str__(self) -> str:
        done = f"{self.done} {self._name}, {self.acknowledged} acknowledged samples"
        return f"{done}: {self.bad} with a sample lost or doubled"


def _kill(folder: Path, tally: Tally, kills: int) -> int:
    for number in range(tally.done, kills):
        rng = random.Random(number)
        path = folder / "killed" / "s"
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        child = Child(path, rng.randrange(1 << 30))
        time.sleep(rng.uniform(0.02, 0.5))
        child.kill()
        lines = child.read().splitlines()
        child.output.close()
        if found := problem(path, lines):
            print(f"kill {number}: {found}", flush=True)
        tally.add(lines, [found])
    print(tally, flush=True)
    return tally.bad


def _cut(folder: Path, tally: Tally, cuts: int) -> int:
    """Copy the image of a mounted file system at random moments: a disk as it is when the power goes away."""
    mount, copied = folder / "mount", folder / "copied"
    mount.mkdir()
    copied.mkdir()
    while tally.done < cuts:
        rng = random.Random(tally.done)
        image = folder / f"image-{tally.done}"  # a new file: the kernel may still write to the one before
        with image.open("wb") as file:
            file.truncate(24 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True)
        child = Child(mount / "s", rng.randrange(1 << 30))
        lines: list[str] = []
        rest = ""
        found: list[str] = []
        for number in range(tally.done, min(tally.done + CUTS_OF_ONE_DISK, cuts)):
            time.sleep(rng.uniform(0.05, 0.4))
            child.send(signal.SIGSTOP)  # so that nothing is acknowledged while the image is copied
            text = rest + child.read()
            *whole, rest = text.split("\n")
            lines += whole
            copy = folder / f"copy-{number}"  # a new file: a loop device may still show the content of the one before
            _snapshot(image, copy)
            child.send(signal.SIGCONT)
            subprocess.run(["mount", "-o", "loop", copy, copied], check=True)
            try:
                found.append(problem(copied / "s", lines))
            finally:
                subprocess.run(["umount", copied], check=True)
                copy.unlink()
            if found[-1]:
                print(f"power cut {number}: {found[-1]}", flush=True)
        child.kill()
        child.output.close()
        subprocess.run(["umount", mount], check=True)
        image.unlink()
        tally.add(lines, found)
    print(tally, flush=True)
    return tally.bad


def _snapshot(image: Path, copy: Path) -> None:
    """Copy an image as it is at one moment: again, if the kernel wrote to it meanwhile."""
    before, now = b"", image.read_bytes()
    while before != now:
        before, now = now, image.read_bytes()
    copy.write_bytes(now)


if __name__ == "__main__":
    main()
