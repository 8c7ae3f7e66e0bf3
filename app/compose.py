"""Composition root: it and `app.openers` alone name concrete devices. A list; it closes in reverse order."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pygame

from app.base.ports import Clock, Frame
from app.base.recent_warnings import RecentWarnings
from app.base.workers import Mailbox, Worker
from app.config.input_map import input_map
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.core.events import Event, WorkerFailed, at_time
from app.demo.attract_stage import AttractStage, random_views
from app.demo.camera import DemonstrationCamera
from app.demo.simulated import SimulatedClock, SimulatedDrives, SimulatedPanel
from app.demo.tour import PIN
from app.demo.visitor import CLASSES, Findings, ScriptedVisitor
from app.devices.camera import candidates
from app.devices.display import screen_chosen
from app.devices.gpio import GpioButtons
from app.devices.keyboard import Keyboard, check_keys
from app.devices.pads import Pads
from app.devices.pointer import Pointer
from app.devices.power import switch_off
from app.devices.systemd import SystemdNotifier
from app.devices.text_input import TextInput
from app.jobs.running import run_jobs
from app.jobs.tools import RenderedThings, StationServices, Tools
from app.kiosk import Kiosk
from app.loop import Loop
from app.model.backend_status import backend_now
from app.model.live import Vision
from app.model.observation import Observation
from app.openers import camera_source, open_accelerator, open_drives, open_lamps, open_pins, open_store, open_window
from app.session.lock import only_kiosk_in
from app.ui import screens
from app.ui.sounds import Sounds
from app.ui.speech import Speech
from app.ui.window import Window
from app.views.lamps import lamps
from app.views.model import KioskView
from app.views.present import Surroundings
from app.workers.camera import watch_camera
from app.workers.drives import watch_drives
from app.workers.vision import watch_frames
from tpu.edgetpu.devices import list_accelerators
from tpu.edgetpu.supervisor import ListDevices
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path
from tpu.stderr_filter import ALSA, hide_lines


@dataclass(frozen=True)
class Composed:
    """The running program: what the command line starts and reports on."""

    kiosk: Kiosk
    loop: Loop
    findings: Findings | None

    def report(self) -> dict[str, object]:
        """What happened, for `--json`: plain values only."""
        state, model = self.kiosk.state, self.kiosk.state.model
        report: dict[str, object] = {
            "classes": list(state.labels),
            "shots": dict(zip(state.labels, state.shots, strict=True)),
            "validation_accuracy": model.validation_accuracy if model else None,
            "seconds": dict(self.kiosk.seconds),
            "export": str(self.kiosk.saved_to) if self.kiosk.saved_to else None,
        }
        if self.findings is not None:
            found = self.findings
            report["shots"] = dict(zip(state.labels, found.shots, strict=True))
            report["validation_accuracy"] = found.validation_accuracy
            report["live"] = {"right": found.right, "looked": found.looked, "accuracy": found.live_accuracy}
            report["seconds"] = {**self.kiosk.seconds, **found.seconds}
            report["screenshots"] = [str(path) for path in found.screenshots]
        return report


@contextmanager
def compose(
    config: Config,
    *,
    headless: bool,
    settings: SettingsFile | None = None,
    demo_out: Path | None = None,
    demo_data_dir: Path | None = None,
    list_devices: ListDevices = list_accelerators,
    table: DemonstrationCamera | None = None,
) -> Iterator[Composed]:
    """Open everything that the kiosk needs, start its workers, and close all of it in order afterwards.

    Args:
        config: Settings.
        headless: Draw into memory, open no window.
        settings: Where those are kept that staff change on the screen; None forgets them.
        demo_out: A scripted visitor uses the kiosk and leaves its screenshots here; None for real visitors.
        demo_data_dir: Where the scripted visitor's session is kept; None is a place that goes again.
        list_devices: Which accelerators are plugged in.
        table: The demonstration's table, for whoever wants to choose what lies on it; None makes one.

    Raises:
        DataDirInUse: If another kiosk uses the same data directory.
        DisplayUnavailable: If no window can be opened.
        KioskError, tpu.errors.RuntimeLayerError: If a part that the kiosk cannot do without is missing.
    """
    with ExitStack() as stack:
        config = _in_own_place(config, demo_out, demo_data_dir, stack)
        faults = _log_faults(stack)
        window = stack.enter_context(closing(open_window(config, headless)))
        with hide_lines(ALSA):
            sounds = stack.enter_context(closing(Sounds(not headless, _volume(config))))
        speech = Speech(lambda: not headless and kiosk.state.config.screen.speech, lambda: sounds.volume)
        stack.callback(speech.close)
        extractor_file = extractor_path(config.model.extractor)
        accelerator = open_accelerator(
            config, extractor_file, list_devices, lambda status: kiosk.events.put(backend_now(extractor, status))
        )
        if accelerator is not None:
            stack.callback(accelerator.close)
        extractor = stack.enter_context(
            EmbeddingExtractor(
                extractor_file,
                runtime=config.model.runtime,
                device=config.model.device,
                accelerator=accelerator,
            )
        )
        store = stack.enter_context(closing(open_store(config, extractor)))
        vision = stack.enter_context(closing(Vision(extractor, len(store.load().labels))))
        drives = SimulatedDrives() if demo_out is not None else open_drives(stack)
        check_keys(input_map(vars(config.inputs)))
        skippable = SimulatedClock()
        clock: Clock = skippable if demo_out is not None else time.monotonic
        kiosk = Kiosk(
            Tools(config, store, extractor, vision, drives, sounds, clock, accelerator),
            StationServices(
                settings, candidates, switch_off, faults.lines, RenderedThings(AttractStage.kinds, random_views())
            ),
            toggle_fullscreen=window.toggle_fullscreen,
            settings_changed=lambda new: sounds.set_volume(_volume(new)),
        )
        kiosk.events.put(backend_now(extractor, accelerator.status if accelerator else None))
        if accelerator is not None:
            accelerator.start()

        frames_to_see: Mailbox[Frame] = Mailbox()
        frames_to_show: Mailbox[Frame] = Mailbox()
        observations: Mailbox[Observation] = Mailbox()

        def deliver(frame: Frame) -> None:
            frames_to_see.put(frame)
            frames_to_show.put(frame)

        def failed(worker: str, error: Exception) -> None:
            kiosk.events.put(WorkerFailed(worker, f"{type(error).__name__}: {error}"))

        table = table or DemonstrationCamera()
        source = camera_source(lambda: kiosk.state.config, table, for_demo=demo_out is not None)
        visitor = _visitor(kiosk, table, window, demo_out, skippable) if demo_out is not None else None
        pads = stack.enter_context(closing(Pads()))
        box = Config() if demo_out is not None else config  # the scripted visitor has a panel of its own
        pins, lights = open_pins(box, kiosk, stack), open_lamps(box, stack)
        notifier = SystemdNotifier(os.environ, time.monotonic)
        stack.callback(notifier.stopping)

        def shown(view: KioskView) -> None:
            if lights is not None:
                lights.show(lamps(view))
            speech.follow(view)
            notifier.frame_shown(healthy=kiosk.state.fault is None)

        loop = Loop(
            kiosk,
            window,
            [
                Keyboard(lambda way: screens.ahead(loop.view, window.size, way)),
                pads,
                Pointer(lambda at: screens.button_at(loop.view, window.size, at), lambda: window.size),
            ],
            frames=frames_to_show,
            observations=observations,
            surroundings=Surroundings(
                target_shots=config.classes.target_shots,
                stage=AttractStage().picture,
            ),
            clock=clock,
            wait_for_tick=pygame.time.Clock().tick,
            each_tick=partial(_look_round, visitor, pins, pads, kiosk.events.put, clock),
            shown=shown,
            text_input=TextInput(),
        )
        for name, body in (
            ("session jobs", partial(run_jobs, kiosk.session_jobs)),
            ("long jobs", partial(run_jobs, kiosk.long_jobs)),
            (
                "vision",
                lambda stop: watch_frames(vision, frames_to_see, observations.put, kiosk.events.put, stop=stop),
            ),
            ("drive", lambda stop: watch_drives(drives, kiosk.events.put, stop=stop)),
            (
                "camera",
                lambda stop: watch_camera(
                    source,
                    deliver,
                    kiosk.events.put,
                    stop=stop,
                    wanted=lambda: kiosk.state.config.camera.source,
                    rotation=lambda: kiosk.state.config.camera.rotation,
                    clock=clock,
                ),
            ),
        ):
            stack.callback(Worker(name, body, failed).start().stop, timeout_s=20.0)
        stack.callback(drives.hurry)
        yield Composed(kiosk, loop, visitor.findings if visitor else None)


def display_available() -> bool:
    """Whether a window could be shown: a desktop session, or a video driver that was chosen by hand."""
    return screen_chosen(os.environ)


def _in_own_place(config: Config, demo_out: Path | None, demo_data_dir: Path | None, stack: ExitStack) -> Config:
    """Settings whose data directory is this kiosk's alone, until `stack` closes."""
    if demo_out is not None:
        config = _for_demo(config, demo_out, demo_data_dir, stack)
    stack.enter_context(only_kiosk_in(config.data_dir))
    return config


def _for_demo(config: Config, demo_out: Path, data_dir: Path | None, stack: ExitStack) -> Config:
    """Give the demonstration a place of its own, that goes again: no trace in a real kiosk's data."""
    kept = data_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-demo-"))
    export_dir = config.storage.export_dir or str(demo_out)
    kinds = DemonstrationCamera.kinds[:CLASSES]
    return replace(
        config,
        classes=replace(config.classes, labels=tuple(kinds), target_shots=12),
        camera=replace(config.camera, mirror=False),
        screen=replace(config.screen, fullscreen=False),
        storage=replace(config.storage, data_dir=str(kept), export_dir=export_dir),
        staff=replace(config.staff, pin=PIN),
    )


def _visitor(
    kiosk: Kiosk, table: DemonstrationCamera, window: Window, demo_out: Path, clock: SimulatedClock
) -> ScriptedVisitor:
    return ScriptedVisitor(
        kiosk,
        SimulatedPanel(kiosk.events.put),
        table,
        clock=clock,
        take_screenshot=lambda name: _screenshot(window, demo_out / f"{name}.png"),
        skip=clock.skip,
    )


def _look_round(
    visitor: ScriptedVisitor | None, pins: GpioButtons | None, pads: Pads, put: Callable[[Event], None], clock: Clock
) -> None:
    """What is done once a turn: devices whose news may be lost are looked at themselves."""
    if visitor is not None:
        visitor.step()
    if pins is not None:
        pins.look()
    for event in pads.look():
        put(at_time(event, clock()))


def _volume(config: Config) -> float:
    return config.screen.volume if config.screen.sound else 0.0


def _log_faults(stack: ExitStack) -> RecentWarnings:
    faults = RecentWarnings()
    logging.getLogger().addHandler(faults)
    stack.callback(logging.getLogger().removeHandler, faults)
    return faults


def _screenshot(window: Window, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    window.screenshot(path)
    return path
