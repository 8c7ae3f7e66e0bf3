"""A visitor for long tests: one short visit after another, while camera, drives, accelerator and disk fail.

Waiting times of the kiosk are skipped, so a visit that takes a person some minutes takes this one some seconds.
"""

from __future__ import annotations

import logging
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from app.base.buttons import Action, Button, ClassGallery, ScreenKey
from app.base.ports import Drive
from app.core.state import Mode
from app.demo.pulled_stick import PulledStick
from app.demo.simulated import SimulatedClock, SimulatedDrives, SimulatedPanel
from app.demo.visitor import Findings, Table
from app.kiosk import Kiosk
from tpu.runtime import CPU

logger = logging.getLogger(__name__)

FAULTS = ("camera", "drive", "accelerator", "disk")
CHANCES = {"camera": 0.15, "drive": 0.3, "accelerator": 0.15, "disk": 0.15}  # in each visit; of a drive, in each SAVE
STEP_S = 60.0  # without an effect after this long, the visitor gives up and starts over
HOLD_S = 0.9
MOST_ON_STICK = 3  # saved folders: what visitors take home does not count as growth of the kiosk
SHOTS = 2  # of each class: enough for TRAIN
FULL_DISK_BYTES = 4096  # no file may be written beyond this while the disk is "full"


class SoakVisitor:
    """Visits the kiosk again and again; the frame loop calls `step` at every tick.

    Args:
        kiosk: The kiosk to use.
        table: The table in front of its camera.
        drives: The sockets for drives.
        clock: The clock of the frame loop; waiting times are skipped with it.
        stick: A folder that plays the drive.
        rng: Decides what each visitor does, and what fails.
        on_visit: Called after each visit with its number, from 1.
        edge_tpu: The Edge TPU, if there is one.
        in_turn: Visits are as short as possible, and each has one fault, every kind in turn; otherwise chance decides.

    Attributes:
        visits: Number of finished visits.
        given_up: Number of times that an effect did not come; each is logged.
        faults: How often each fault was provoked.
        findings: Never complete: this visitor stays until the kiosk closes.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        table: Table,
        drives: SimulatedDrives,
        *,
        clock: SimulatedClock,
        stick: Path,
        rng: np.random.Generator,
        on_visit: Callable[[int], None],
        edge_tpu: PulledStick,
        in_turn: bool = False,
    ) -> None:
        self.visits = self.given_up = 0
        self.faults = dict.fromkeys(FAULTS, 0)
        self.findings = Findings()
        self._kiosk, self._table, self._drives = kiosk, table, drives
        self._clock, self._stick, self._rng, self._on_visit = clock, stick, rng, on_visit
        self._edge_tpu, self._in_turn = edge_tpu, in_turn
        self._panel = SimulatedPanel(kiosk.events.put)
        self._steps = self._visits()
        self._ready: Callable[[], bool] = lambda: True
        self._since_s = clock()

    def step(self) -> None:
        """Do the next step once the effect of the last one is there, or after STEP_S."""
        if not self._ready():
            if self._clock() - self._since_s < STEP_S:
                return
            self.given_up += 1
            logger.warning("the visitor waited %.0f s in mode %s", STEP_S, self._kiosk.state.mode.value)
            self._repair()
            self._steps = self._visits()
        self._since_s = self._clock()
        self._ready = next(self._steps)

    # --- visits ------------------------------------------------------------------------------------------

    def _visits(self) -> Iterator[Callable[[], bool]]:
        while True:
            yield from self._arrive()
            yield from self._teach()
            yield from self._use_it()
            yield from self._leave()
            self.visits += 1
            self._on_visit(self.visits)

    def _use_it(self) -> Iterator[Callable[[], bool]]:
        if self._fails("camera"):
            yield from self._without_camera()
        if self._fails("disk"):
            yield from self._with_full_disk()
        if self._fails("accelerator") and self._edge_tpu_answers():
            yield from self._without_edge_tpu()
        if self._in_turn and not self._fails("drive"):
            return
        self._tap(Action.TRAIN)
        yield lambda: self._kiosk.state.mode is not Mode.TRAINING and not self._kiosk.state.in_flight
        yield self._for(0.3)
        if not self._in_turn and self._chance(0.4):
            yield from self._look_around()
        if self._in_turn or self._chance(0.5):
            yield from self._save()

    def _fails(self, kind: str) -> bool:
        """Whether something fails in this visit."""
        return FAULTS[self.visits % len(FAULTS)] == kind if self._in_turn else self._chance(CHANCES[kind])

    def _arrive(self) -> Iterator[Callable[[], bool]]:
        yield lambda: self._kiosk.shown is not None
        if self._kiosk.state.mode is Mode.ATTRACT:
            self._tap(ScreenKey.BACK)
        yield lambda: self._kiosk.state.mode in (Mode.TEACH, Mode.LIVE)
        if self._chance(0.3):
            self._tap(Action.LANGUAGE)

    def _teach(self) -> Iterator[Callable[[], bool]]:
        for index in range(2):
            self._table.show(self._table.kinds[index])
            self._table.new_view()
            yield self._for(0.0 if self._in_turn else 0.2)
            self._panel.press(index)
            if not self._in_turn:
                yield self._for(HOLD_S)
            yield self._taught(index, SHOTS)
            self._panel.release(index)
            yield lambda: not self._kiosk.state.in_flight
        if not self._in_turn and self._chance(0.3):
            self._tap(Action.UNDO)
            yield self._for(0.1)

    def _taught(self, index: int, shots: int) -> Callable[[], bool]:
        return lambda: self._kiosk.state.classes[index].shots >= shots

    def _look_around(self) -> Iterator[Callable[[], bool]]:
        self._tap(ClassGallery(0))
        yield self._for(0.3)
        self._tap(ScreenKey.BACK)
        self._tap(Action.RESULTS)
        yield self._for(0.3)
        self._tap(ScreenKey.BACK)
        yield lambda: self._kiosk.state.mode in (Mode.TEACH, Mode.LIVE)

    def _save(self) -> Iterator[Callable[[], bool]]:
        if self._kiosk.state.model is None:
            return
        present: tuple[Drive, ...] = ()
        if self._in_turn or self._chance(0.7):
            self._stick.mkdir(exist_ok=True)
            for oldest in sorted(self._stick.glob("*/*"), key=lambda path: path.stat().st_mtime)[:-MOST_ON_STICK]:
                shutil.rmtree(oldest, ignore_errors=True)
            self._drives.insert("STICK", self._stick, read_only=not self._in_turn and self._chance(0.2))
            present = self._drives.present()
            yield lambda: self._kiosk.state.drives == present
            if self._kiosk.state.mode is Mode.ASK_FOLDER:
                self._tap(Action.CANCEL)
            yield lambda: self._kiosk.state.mode in (Mode.TEACH, Mode.LIVE)
        self._tap(Action.SAVE)
        if present and self._fails("drive"):
            self.faults["drive"] += 1
            yield self._for(float(self._rng.uniform(0, 0.2)))
            self._drives.pull("STICK")
            present = ()
        yield self._saved_or_refused
        self._tap(ScreenKey.BACK)
        if present:
            self._drives.pull("STICK")
        yield lambda: self._kiosk.state.mode in (Mode.TEACH, Mode.LIVE) and not self._kiosk.state.drives

    def _saved_or_refused(self) -> bool:
        return self._kiosk.state.mode is not Mode.SAVING or self._kiosk.state.saving.finished

    def _leave(self) -> Iterator[Callable[[], bool]]:
        if self._chance(0.3):
            self._tap(Action.RESET)
            yield lambda: self._kiosk.state.mode is Mode.CONFIRM_RESET
            self._tap(Action.CONFIRM)
        else:
            idle = self._kiosk.state.config.idle
            for seconds in (idle.after_s + 1, idle.countdown_s + 1):
                self._skip(seconds)
                yield self._for(0.2)
        yield lambda: not any(self._kiosk.state.shots) and self._kiosk.state.mode in (Mode.TEACH, Mode.ATTRACT)

    # --- faults ------------------------------------------------------------------------------------------

    def _without_camera(self) -> Iterator[Callable[[], bool]]:
        self.faults["camera"] += 1
        self._table.unplug()
        yield lambda: self._kiosk.state.camera is None
        self._table.plug_in()
        yield lambda: self._kiosk.state.camera is not None

    def _with_full_disk(self) -> Iterator[Callable[[], bool]]:
        """A press while no file of this process may grow, as on a full disk."""
        self.faults["disk"] += 1
        _limit_files(FULL_DISK_BYTES)
        self._tap(0)
        yield self._for(0.5)
        _limit_files(None)
        yield lambda: not self._kiosk.state.in_flight

    def _edge_tpu_answers(self) -> bool:
        backend = self._kiosk.state.backend
        return backend is not None and backend.device != CPU

    def _without_edge_tpu(self) -> Iterator[Callable[[], bool]]:
        """Pull the Edge TPU out while a button is held; the CPU goes on."""
        self.faults["accelerator"] += 1
        self._panel.press(0)
        self._edge_tpu.pull()
        yield lambda: not self._edge_tpu_answers()
        self._panel.release(0)
        yield lambda: not self._kiosk.state.in_flight
        self._edge_tpu.plug_in()

    def _repair(self) -> None:
        _limit_files(None)
        self._edge_tpu.plug_in()
        self._table.plug_in()
        for drive in self._drives.present():
            self._drives.pull(drive.name)
        for button in (0, 1):
            self._panel.release(button)
        self._tap(ScreenKey.BACK)

    # --- what the steps use --------------------------------------------------------------------------------

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _tap(self, button: Button) -> None:
        self._panel.tap(button)

    def _skip(self, seconds: float) -> None:
        self._clock.skip(seconds)
        self._since_s += seconds

    def _for(self, seconds: float) -> Callable[[], bool]:
        until_s = self._clock() + seconds
        return lambda: self._clock() >= until_s


def _limit_files(most_bytes: int | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))
