"""`soak`: let simulated visitors use the whole kiosk for some minutes while parts of it fail, and look for leaks."""

from __future__ import annotations

import argparse
import math
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.memory import give_memory_back, resident_bytes
from app.base.paths import asset_path
from app.commands.exit_codes import DONE, ERROR
from app.commands.report import line_writer, write_json
from app.commands.settings import config_of
from app.compose import compose
from app.config.schema import Config
from app.demo.camera import DemonstrationCamera
from app.demo.pulled_stick import PulledStick
from app.demo.setup import Demo
from app.demo.simulated import SimulatedDrives
from app.demo.soaking import SoakVisitor
from app.kiosk import Kiosk
from app.ui.painting.surfaces import CACHE, PRINTS
from tpu.edgetpu.devices import list_accelerators
from tpu.edgetpu.supervisor import ListDevices

WARM_SHARE = 1 / 3  # of the visits: caches fill, and the first measurements do not count
FEWEST_VISITS = 6
FALLING_SHARE = 1 / 4  # of the pairs of visits, at most, where something leaks: noise falls as often as it rises
LONGEST = 2  # times the minutes, if there are fewer visits until then
BYTES_OF_A_PIXEL = 4
CAMERA_HZ = 10.0  # rendering its pictures, and drawing the screen, cost most of the processor time of a soak
TICK_HZ = 30.0


@dataclass(frozen=True)
class Measurement:
    """What the process uses after a visit.

    Attributes:
        at_s: Seconds since the start.
        memory_mb: Its resident memory, without the cache of drawn surfaces, which fills up to its limit for hours.
        descriptors: Its open files.
        threads: Its threads.
        latency_ms: The 95th percentile of the processor time of a tick during the visit: other programs that use the
            processor change the duration of a tick, but not this.
        disk_mb: Size of the data directory.
        duration_ms: The 95th percentile of the duration of a tick, with all that it waits for, such as a lock.
    """

    at_s: float
    memory_mb: float
    descriptors: float
    threads: float
    latency_ms: float
    disk_mb: float
    duration_ms: float = 0.0


@dataclass(frozen=True)
class Limit:
    """How much a figure may grow.

    Attributes:
        each_visit: Growth that no number of visits makes harmless.
        in_all: Growth that is no leak, however few visits there were: noise, and caches that fill late.
        share: The same as a share of the first value: on a slow computer, every tick takes longer.
    """

    each_visit: float
    in_all: float
    share: float = 0.0


NOT_JUDGED = Limit(math.inf, math.inf)
LIMITS = {
    "memory_mb": Limit(0.06, 12.0),
    "descriptors": Limit(0.02, 3.0),
    "threads": Limit(0.02, 2.0),
    "latency_ms": Limit(0.1, 25.0, share=0.5),
    "disk_mb": Limit(0.2, 40.0),  # the archive and the saved folders fill up to their limits
    "duration_ms": NOT_JUDGED,  # other programs change it; shown because waiting for a lock takes no processor time
}


@dataclass(frozen=True)
class Trend:
    """How a figure changed over the visits.

    Attributes:
        name: A field of `Measurement`.
        first, last: Its medians at both ends of the measured part.
        each_visit: Its growth for each visit: the median of the slopes of all pairs (Theil and Sen).
        grows: It grows more than its limit, and between most pairs of visits.
    """

    name: str
    first: float
    last: float
    each_visit: float
    grows: bool


def run(options: argparse.Namespace) -> int:
    """Run the command; return DONE if nothing grows, else ERROR."""
    write = line_writer(options)
    result = soak(config_of(options), minutes=options.minutes, seed=options.seed)
    for line in result.lines():
        write(line)
    write_json(options.json, result.as_json())
    return DONE if result.good else ERROR


@dataclass(frozen=True)
class SoakResult:
    """What came of a soak."""

    minutes: float
    visits: int
    given_up: int
    faults: dict[str, int]
    fault: str
    trends: tuple[Trend, ...]

    @property
    def good(self) -> bool:
        """Whether nothing grows, no visitor waited in vain, and no part of the kiosk stopped."""
        return bool(self.trends) and not self.fault and not self.given_up and not any(one.grows for one in self.trends)

    def lines(self) -> list[str]:
        """The result for people."""
        faults = ", ".join(f"{name} {count}" for name, count in self.faults.items())
        lines = [
            f"{self.visits} visits in {self.minutes:.1f} minutes; faults: {faults}; waited in vain: {self.given_up}"
        ]
        for one in self.trends:
            lines.append(
                f"{one.name:12} {one.first:8.1f} -> {one.last:8.1f}  {one.each_visit:+8.3f} a visit"
                f"  {'GROWS' if one.grows else 'not judged' if LIMITS[one.name] is NOT_JUDGED else 'ok'}"
            )
        if self.fault:
            lines.append(f"a part has stopped: {self.fault}")
        if not self.trends:
            lines.append(f"fewer than {FEWEST_VISITS} visits show no leak: use more minutes")
        lines.append("good" if self.good else "NOT GOOD")
        return lines

    def as_json(self) -> dict[str, object]:
        """The result for programs."""
        return {**asdict(self), "trends": [asdict(one) for one in self.trends], "good": self.good}


def soak(
    config: Config,
    *,
    minutes: float,
    seed: int = 0,
    most_visits: int | None = None,
    in_turn: bool = False,
    list_devices: ListDevices = list_accelerators,
    after_visit: Callable[[int], None] = lambda _visit: None,
) -> SoakResult:
    """Run the kiosk without a window, with data of its own, until the time is over and FEWEST_VISITS are finished.

    Args:
        config: The settings.
        minutes: For how long; at most LONGEST times as long on a computer that is too slow for FEWEST_VISITS.
        seed: Decides what visitors do and what fails.
        most_visits: End after so many visits; None is no limit.
        in_turn: Visits are as short as possible, and each has one fault, every kind in turn.
        list_devices: Lists the Edge TPUs; their faults need an extractor that is compiled for one.
        after_visit: Called after each visit.
    """
    measurements: list[Measurement] = []
    ticks_ms: list[tuple[float, float]] = []  # processor time, and duration
    started_s = time.monotonic()
    config = replace(config, privacy=replace(config.privacy, archive_max_mib=5, free_floor_mib=0))
    config = replace(config, storage=replace(config.storage, export_dir="", saved_max_mib=20))
    with tempfile.TemporaryDirectory(prefix="kiosk-soak-") as folder:
        visitors: list[SoakVisitor] = []
        edge_tpu = PulledStick(list_devices)
        data_dir = Path(folder) / "data"

        def measure(visit: int) -> None:
            after_visit(visit)
            give_memory_back()  # what the allocator keeps free is no leak
            worked_ms, lasted_ms = np.percentile(ticks_ms, 95, axis=0).tolist() if ticks_ms else (0.0, 0.0)
            measurements.append(_measure(time.monotonic() - started_s, worked_ms, lasted_ms, Path(folder)))
            ticks_ms.clear()

        def make_visitor(demo: Demo, kiosk: Kiosk, _window: object, drives: SimulatedDrives) -> SoakVisitor:
            visitors.append(
                SoakVisitor(
                    kiosk,
                    demo.table,
                    drives,
                    clock=demo.clock,
                    stick=Path(folder) / "stick",
                    rng=np.random.default_rng(seed),
                    on_visit=measure,
                    edge_tpu=edge_tpu,
                    in_turn=in_turn,
                )
            )
            return visitors[0]

        with compose(
            config,
            headless=True,
            demo_out=Path(folder) / "saved",
            demo_data_dir=data_dir,
            list_devices=edge_tpu.list,
            table=DemonstrationCamera(frames_per_second=CAMERA_HZ),
            make_visitor=make_visitor,
        ) as composed:
            visitor = visitors[0]

            def goes_on() -> bool:
                passed = (time.monotonic() - started_s) / (60 * minutes)
                return not is_over(passed, visitor.visits) and visitor.visits != most_visits

            while goes_on():
                tick_s, worked_s = time.perf_counter(), time.thread_time()
                composed.loop.tick()
                lasted_s = time.perf_counter() - tick_s
                ticks_ms.append((1e3 * (time.thread_time() - worked_s), 1e3 * lasted_s))
                time.sleep(max(0.0, 1 / TICK_HZ - lasted_s))
                if composed.kiosk.state.fault is not None:
                    break
            fault = str(composed.kiosk.state.fault or "")
    minutes = (time.monotonic() - started_s) / 60
    return SoakResult(minutes, visitor.visits, visitor.given_up, visitor.faults, fault, trends(measurements))


def is_over(passed: float, visits: int) -> bool:
    """Whether a soak ends after so many times its minutes: later if there were fewer than FEWEST_VISITS."""
    return passed >= (1 if visits >= FEWEST_VISITS else LONGEST)


def trends(measurements: Sequence[Measurement]) -> tuple[Trend, ...]:
    """Return how every figure changed after the kiosk was warm; nothing if there were fewer than FEWEST_VISITS."""
    warm = measurements[int(len(measurements) * WARM_SHARE) :]
    if len(measurements) < FEWEST_VISITS:
        return ()
    return tuple(_trend(name, np.array([getattr(one, name) for one in warm]), limit) for name, limit in LIMITS.items())


def _trend(name: str, values: NDArray[np.float64], limit: Limit) -> Trend:
    first, second = np.triu_indices(len(values), 1)
    slopes = (values[second] - values[first]) / (second - first)
    each_visit, steady = float(np.median(slopes)), float(np.mean(slopes < 0)) <= FALLING_SHARE
    part = max(1, len(values) // 4)
    start, end = float(np.median(values[:part])), float(np.median(values[-part:]))
    in_all = each_visit * (len(values) - 1)
    grows = steady and each_visit > limit.each_visit and in_all > max(limit.in_all, limit.share * start)
    return Trend(name, start, end, each_visit, grows)


def _descriptors() -> int:
    """Count the open files, without those of the program: a font is kept open for each size that was drawn."""
    own, count = str(asset_path()), 0
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is closed by now
            count += not str(path.readlink()).startswith(own)
    return count


def _measure(at_s: float, latency_ms: float, duration_ms: float, folder: Path) -> Measurement:
    disk_bytes = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    return Measurement(
        at_s,
        (resident_bytes() - BYTES_OF_A_PIXEL * (CACHE.pixels + PRINTS.pixels)) / 1e6,
        _descriptors(),
        threading.active_count(),
        latency_ms,
        disk_bytes / 1e6,
        duration_ms,
    )
