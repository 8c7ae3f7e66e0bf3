"""Change inputs of every parser at random, but repeatably, and find those that crash it, block it or take all memory.

An input is made of a seed and a number alone. Workers are processes of their own: one that crashes or hangs is a
finding, and the next one goes on behind it. The state is a file, so that a long run can be stopped and resumed.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import multiprocessing
import os
import re
import resource
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

LONGEST_S, MOST_MEMORY_BYTES = 1.0, 300 << 20
STUCK_S = 20.0  # processor time after which a worker is killed
CHUNK = 200  # inputs of one worker
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)


@dataclass(frozen=True)
class Parser:
    """One parser.

    Attributes:
        name: Its name in the state and in findings.
        seeds: Sound inputs.
        parse: Parses an input.
        refusals: What it may raise.
    """

    name: str
    seeds: Sequence[bytes]
    parse: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...]


@dataclass
class State:
    """How far a run is: the next number of each parser, and what was found."""

    done: dict[str, int] = field(default_factory=dict)
    findings: list[dict[str, object]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> State:
        """Read what `write` wrote; a new state if there is no file."""
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else cls()

    def write(self, path: Path) -> None:
        """Write the state as a whole."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(json.dumps(vars(self), indent=1), encoding="utf-8")
        partial.replace(path)


def mutated(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """Return one of the seeds after one to eight changes; number 0 to len(seeds) - 1 are the seeds themselves."""
    if number < len(seeds):
        return seeds[number]
    rng = np.random.default_rng((seed, number))
    data = bytearray(seeds[int(rng.integers(len(seeds)))])
    for _ in range(int(rng.integers(1, 9))):
        data = _changed(data, seeds, rng)
    return bytes(data)


def _changed(data: bytearray, seeds: Sequence[bytes], rng: np.random.Generator) -> bytearray:
    at = int(rng.integers(max(1, len(data))))
    if rng.random() < 0.3:  # headers decide more than what follows
        at = int(rng.integers(max(1, min(256, len(data)))))
    length = int(2 ** rng.uniform(0, 10))
    match int(rng.integers(8)):
        case 0 if data:
            data[min(at, len(data) - 1)] ^= 1 << int(rng.integers(8))
        case 1 if data:
            data[min(at, len(data) - 1)] = int(rng.integers(256))
        case 2:
            width, order = int(rng.choice([1, 2, 4, 8])), "little" if rng.random() < 0.5 else "big"
            value = NUMBERS[int(rng.integers(len(NUMBERS)))] % (1 << 8 * width)
            data[at : at + width] = value.to_bytes(width, order)  # type: ignore[arg-type]
        case 3:
            del data[at : at + length]
        case 4:
            data[at:at] = data[at : at + length]
        case 5:
            data[at:at] = rng.bytes(length)
        case 6:
            del data[at:]
        case _:
            other = seeds[int(rng.integers(len(seeds)))]
            start = int(rng.integers(max(1, len(other))))
            data[at : at + length] = other[start : start + length]
    return data


def run(parser: Parser, seed: int, first: int, last: int) -> tuple[int, list[dict[str, object]]]:
    """Parse the inputs `first` to `last - 1` in a worker.

    Returns:
        The number to go on with, and the findings: number, what happened, and how long it took.
    """
    context = multiprocessing.get_context("fork")
    place, reports = context.Value("q", first - 1), context.SimpleQueue()
    worker = context.Process(target=_work, args=(parser, seed, first, last, place, reports))
    worker.start()
    worker.join()
    findings = []
    while not reports.empty():
        findings.append(reports.get())
    if worker.exitcode != 0:
        code = worker.exitcode or 0
        why = signal.Signals(-code).name if code < 0 else f"exit {code}"
        findings.append({"parser": parser.name, "number": place.value, "what": f"the process ended with {why}"})
        return place.value + 1, findings
    return last, findings


def _work(parser: Parser, seed: int, first: int, last: int, place: object, reports: object) -> None:
    """Parse inputs in a process with limits, and report what is wrong."""
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 2 * MOST_MEMORY_BYTES, -1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()  # a crash is reported once
    gc.collect()
    gc.freeze()  # what is freed during a parse would hide as much of what the parser takes
    for descriptor in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    for number in range(first, last):
        place.value = number  # type: ignore[attr-defined]
        used = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + int(STUCK_S), -1))
        data = mutated(parser.seeds, seed, number)
        before_kib = _start_peak()
        what, started_s = "", time.process_time()
        try:
            parser.parse(data)
        except parser.refusals:
            pass
        except BaseException as error:
            what = f"{type(error).__name__}: {str(error)[:200]}"
        took_s = time.process_time() - started_s
        grown_bytes = (_memory_kib("VmHWM") - before_kib) << 10
        if took_s > LONGEST_S:
            what = what or f"it took {took_s:.1f} s"
        if grown_bytes > MOST_MEMORY_BYTES:
            what = what or f"it took {grown_bytes >> 20} MB"
        if what:
            reports.put({"parser": parser.name, "number": number, "what": what})  # type: ignore[attr-defined]


def _start_peak() -> int:
    """Forget the most memory that this process had so far, and return what it has now, in KiB.

    Source:
        "5" in /proc/PID/clear_refs: the Linux kernel's Documentation/filesystems/proc.rst.
    """
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory_kib("VmRSS")


def _memory_kib(field_name: str) -> int:
    found = re.search(rf"^{field_name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="utf-8"), re.M)
    assert found is not None
    return int(found[1])


def run_all(
    parsers: Sequence[Parser],
    shares: Mapping[str, int],
    *,
    seed: int,
    state_file: Path,
    on_progress: Callable[[State], None] = lambda _state: None,
) -> State:
    """Parse `shares[name]` inputs with each parser, from where the state says, and write the state after each chunk."""
    state = State.read(state_file)
    while True:
        behind = [one for one in parsers if state.done.get(one.name, 0) < shares[one.name]]
        if not behind:
            return state
        for parser in behind:  # all of them advance together
            first = state.done.get(parser.name, 0)
            last = min(first + CHUNK, shares[parser.name])
            state.done[parser.name], found = run(parser, seed, first, last)
            state.findings += found
            state.write(state_file)
            on_progress(state)
