"""Run a whole kiosk with a simulated stick, once for each combination of a fault and what the visitor is doing.

Each run is headless and uses the real threads, time limits and database. Samples are counted in the database after the
kiosk has closed.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.base.buttons import Action, Button
from app.compose import Composed, compose
from app.config.schema import (
    AcceleratorSettings,
    CameraSettings,
    Config,
    IdleSettings,
    ModelSettings,
    ScreenSettings,
    StorageSettings,
)
from app.core import events as ev
from app.core.state import Mode
from app.demo.camera import DemonstrationCamera
from tests.support.edge_tpu.faults import Fault
from tests.support.edge_tpu.stick import SimulatedStick
from tpu.runtime import available_runtimes

RUNTIME = "tflite-runtime" if "tflite-runtime" in available_runtimes() else "litert"  # what this environment is for
TICK_S = 1 / 60
WATCHED_S = 2.0  # after a fault, at least
LONGEST_S = 40.0
SETTLED_S = 1.0
TAPS = 6
PICTURES_ON_THE_WAY = 3  # one in the mailbox and one in the making may still show the thing of before

MODES = ("attract", "teaching", "training", "live", "saving")


@dataclass(frozen=True)
class Cell:
    """The result of one run.

    Attributes:
        pressed, kept: Number of samples that a button was pressed for, and that are in the database.
        picture_ms: The longest time between two pictures on the screen.
        answer_ms: The longest time from a camera picture to its answer.
        back_s: From the fault until the stick answers (again); None if it never does.
        problem: What the kiosk did wrong; empty if nothing.
        strips: The texts of the status strip about the device that answers, from the fault on.
    """

    fault: str
    mode: str
    pressed: int
    kept: int
    picture_ms: float
    answer_ms: float
    back_s: float | None
    problem: str
    strips: tuple[str, ...]


class _Visit:
    """A visitor at a kiosk, with a clock that measures how fast it answers."""

    def __init__(self, composed: Composed, stick: SimulatedStick, table: DemonstrationCamera) -> None:
        self.kiosk, self._loop, self.stick, self._table = composed.kiosk, composed.loop, stick, table
        self.pressed = 0
        self.picture_s = self.answer_s = 0.0
        self.strips: list[str] = []
        self.answered: list[tuple[str, float]] = []
        self._last_started_s = time.monotonic()
        self._last_seen = -1

    @property
    def device(self) -> str:
        """The device that answered last."""
        return self.kiosk.observation.device if self.kiosk.observation is not None else ""

    @property
    def strip(self) -> str:
        """What the status strip says of what answers."""
        return self._loop.view.status.backend

    def measure_again(self) -> None:
        """Forget how long things took so far, what the strip said, and who answered."""
        self.picture_s = self.answer_s = 0.0
        self.strips.clear()
        self.answered.clear()

    def back_at_s(self, away: bool) -> float | None:
        """When the stick answered first: of all, if it had been away before, or else after the CPU had."""
        for device, at_s in self.answered:
            if device == "usb:0" and away:
                return at_s
            away = away or device == "cpu"
        return None

    def tick(self) -> None:
        started_s = time.monotonic()
        self._loop.tick()
        ended_s = time.monotonic()
        self.picture_s = max(self.picture_s, ended_s - self._last_started_s)  # of an event just after the last pump
        self._last_started_s = started_s
        if self.strips[-1:] != [self.strip]:
            self.strips.append(self.strip)
        seen = self.kiosk.observation
        if seen is not None and seen.frame.sequence != self._last_seen:
            self._last_seen = seen.frame.sequence
            self.answer_s = max(self.answer_s, ended_s - seen.frame.captured_at_s)
            if not self.answered or self.answered[-1][0] != seen.device:
                self.answered.append((seen.device, ended_s))
        time.sleep(max(0.0, TICK_S - (ended_s - started_s)))

    def until(self, true: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + LONGEST_S
        while not true():
            self.tick()
            if time.monotonic() > end_s:
                raise TimeoutError(f"waited {LONGEST_S:g} s in vain until {what}")

    def rest(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.tick()

    def tap(self, button: Button) -> None:
        self.kiosk.events.put(ev.ButtonPressed(button))
        self.kiosk.events.put(ev.ButtonReleased(button))

    def teach(self, times: int) -> None:
        for number in range(times):
            self._show(number % 2)
            self.tap(number % 2)
            self.pressed += 1
            self.until(lambda: sum(self.kiosk.state.shots) >= self.pressed, "a sample is counted")

    def _show(self, index: int) -> None:
        """Put the thing of a class on the table, turned differently each time, and wait until it is on the screen.

        Each class needs its own thing: training may refuse one thing that was taught under two names.
        """
        self._table.show(self._table.kinds[index])
        self._table.new_view()
        before = self.kiosk.shown.sequence if self.kiosk.shown is not None else -1
        self.until(
            lambda: self.kiosk.shown is not None and self.kiosk.shown.sequence >= before + PICTURES_ON_THE_WAY,
            "the thing is on the screen",
        )

    def train(self) -> None:
        self.teach(TAPS)
        self.tap(Action.TRAIN)
        self.until(lambda: self.kiosk.state.mode is Mode.LIVE, "it is live")


def run_cell(
    fault: Fault,
    mode: str,
    extractor: Path,
    folder: Path,
    *,
    watched_s: float = WATCHED_S,
    settled_s: float = SETTLED_S,
    screen: ScreenSettings | None = None,
    camera_hz: float = 30.0,
) -> Cell:
    """Run one kiosk.

    Args:
        fault: What goes wrong.
        mode: One of MODES.
        extractor: Compiled for the Edge TPU, its CPU file beside it.
        folder: Empty; for the stick and everything that the kiosk keeps.
        watched_s: How long to go on after the fault, at least.
        settled_s: How long to wait before it: a screen's first pictures take longer, fault or none.
        screen: The size of the screen; None is the default.
        camera_hz: Pictures per second.
    """
    stick = SimulatedStick(folder / "stick", counterpart=extractor.with_name(extractor.name.replace("_edgetpu", "")))
    table = DemonstrationCamera(frames_per_second=camera_hz)
    problem, back_s = "", None
    idle_s = 0.5 if mode == "attract" else 0.0
    with _kiosk(extractor, folder, stick, table, screen or ScreenSettings(), idle_s) as composed:
        visit = _Visit(composed, stick, table)
        try:
            back_s = _play(visit, fault, mode, watched_s, settled_s)
        except TimeoutError as error:
            problem = str(error)
        state = visit.kiosk.state
        if state.fault is not None:
            problem = problem or f"fault: {state.fault}"
    with closing(sqlite3.connect(folder / "data" / "session.sqlite3")) as database:
        kept = int(database.execute("SELECT count(*) FROM samples").fetchone()[0])
    if mode == "saving" and not problem and not list((folder / "export").glob("*/*/metadata.json")):
        problem = "nothing was saved"
    return Cell(
        fault.name,
        mode,
        visit.pressed,
        kept,
        visit.picture_s * 1000,
        visit.answer_s * 1000,
        back_s,
        problem,
        tuple(visit.strips),
    )


@contextmanager
def _kiosk(
    extractor: Path,
    folder: Path,
    stick: SimulatedStick,
    table: DemonstrationCamera,
    screen: ScreenSettings,
    idle_s: float,
) -> Iterator[Composed]:
    config = Config(
        camera=CameraSettings(source="demo"),
        model=ModelSettings(extractor=str(extractor), runtime=RUNTIME),
        accelerator=AcceleratorSettings(library=str(stick.library), performance="Low"),
        storage=StorageSettings(data_dir=str(folder / "data"), export_dir=str(folder / "export")),
        idle=IdleSettings(after_s=idle_s),
        screen=screen,
    )
    with compose(config, headless=True, list_devices=stick.list, table=table) as composed:
        yield composed


def _play(visit: _Visit, fault: Fault, mode: str, watched_s: float, settled_s: float) -> float | None:
    """Lead the kiosk into the mode, let the fault strike, and go on; return the seconds until the stick answers."""
    kiosk = visit.kiosk
    if fault.serving:
        visit.stick.plug_in()
    visit.until(lambda: visit.device == ("usb:0" if fault.serving else "cpu"), "somebody answers")
    if mode in ("live", "saving"):
        visit.train()
        visit.until(lambda: visit.device == ("usb:0" if fault.serving else "cpu"), "the model answers there")
    elif mode == "training":
        visit.teach(TAPS)
    elif mode == "attract":
        visit.until(lambda: kiosk.state.mode is Mode.ATTRACT, "it plays by itself")

    visit.rest(settled_s)
    visit.measure_again()
    struck_s = time.monotonic()
    fault.strike(visit.stick)
    away = not fault.serving or fault.name == "none"

    if mode == "training":
        visit.tap(Action.TRAIN)
        visit.until(lambda: kiosk.state.mode is Mode.LIVE, "it is live")
    elif mode == "saving":
        visit.tap(Action.SAVE)
        visit.until(lambda: kiosk.state.saving.finished, "it is saved")
    while time.monotonic() - struck_s < watched_s:
        if mode == "teaching":
            visit.teach(1)
        visit.tick()
    if fault.comes_back:
        visit.until(lambda: visit.back_at_s(away) is not None, "the stick answers")
        visit.until(lambda: visit.strip == "Edge TPU usb:0", "the strip says so")
    else:
        visit.until(lambda: visit.device == "cpu" and visit.strip.startswith("CPU"), "the CPU answers, and it is said")
    if fault.expected_problem:
        visit.until(
            lambda: fault.expected_problem in str(kiosk.state.backend and kiosk.state.backend.problem),
            "the problem is shown",
        )
    back_at_s = visit.back_at_s(away)
    return None if back_at_s is None or fault.name == "none" else back_at_s - struck_s
