"""Composition root: opens the parts of the kiosk, connects them, starts the workers, and closes everything.

`compose` is the table of contents; `app.openers` knows how each part is opened, `app.worker_threads` which threads
run. Only this module and `app.openers` name concrete devices.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from app.base.buttons import ScreenKey
from app.base.memory import use_few_arenas
from app.base.ports import Clock
from app.base.start_problems import Fallbacks
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.core.events import Event, StartProblem
from app.core.modes.scanning import scans
from app.core.state import Mode
from app.demo.attract_stage import AttractStage, random_views
from app.demo.camera import DemonstrationCamera
from app.demo.setup import Demo, demo_config, scripted_visitor
from app.demo.simulated import SimulatedDrives
from app.demo.visitor import Findings
from app.devices.camera import candidates
from app.devices.keyboard import Keyboard
from app.devices.pointer import Pointer
from app.devices.power import switch_off
from app.devices.systemd import locked_in
from app.devices.text_input import TextInput
from app.jobs.tools import RenderedThings, StationServices, Tools
from app.kiosk import Kiosk
from app.loop import Loop
from app.model.prior import ExtractorPrior
from app.openers import (
    Buttons,
    Outputs,
    camera_opener,
    open_buttons,
    open_drives,
    open_lessons,
    open_model_or_default,
    open_outputs,
    open_sounds,
    open_store,
    open_vision,
    record_incidents,
    record_warnings,
    start_accelerator,
    volume,
    warn_of_loss,
    with_data_in_memory,
    with_extractor_of,
    with_usable_camera,
    with_usable_export_dir,
)
from app.splash import show_splash
from app.ui import screens
from app.ui.scan_groups import scan_groups
from app.ui.window import Window
from app.views.present import Surroundings
from app.worker_threads import Mailboxes, start_workers
from tpu.edgetpu.devices import list_accelerators
from tpu.edgetpu.supervisor import ListDevices


@dataclass(frozen=True)
class Composed:
    """The running kiosk, as the command line uses it.

    Attributes:
        loop: `loop.run()` returns when the kiosk is asked to end.
        findings: What the scripted visitor saw; None without one.
    """

    kiosk: Kiosk
    loop: Loop
    findings: Findings | None

    def json_output(self) -> dict[str, object]:
        """Return what happened, in plain values, for `--json`."""
        state, model = self.kiosk.state, self.kiosk.state.model
        output: dict[str, object] = {
            "classes": list(state.labels),
            "shots": dict(zip(state.labels, state.shots, strict=True)),
            "validation_accuracy": model.validation_accuracy if model else None,
            "validation_from": model.validation_from if model else None,
            "provisional": model.provisional if model else None,
            "seconds": dict(self.kiosk.seconds),
            "export": str(self.kiosk.saved_to) if self.kiosk.saved_to else None,
        }
        if self.findings is not None:
            found = self.findings
            output["shots"] = dict(zip(state.labels, found.shots, strict=True))
            output["validation_accuracy"] = found.validation_accuracy
            output["validation_from"] = found.validation_from
            output["provisional"] = found.provisional
            output["live"] = {
                "right": found.right,
                "looked": found.looked,
                "accuracy": found.live_accuracy,
                "near_misses": found.near_misses,
                "not_sure": found.not_sure,
            }
            output["seconds"] = {**self.kiosk.seconds, **found.seconds}
            output["screenshots"] = [str(path) for path in found.screenshots]
        return output


class Visitor(Protocol):
    """A simulated visitor."""

    findings: Findings

    def step(self) -> None:
        """Do what comes next; called at every tick."""


MakeVisitor = Callable[[Demo, Kiosk, Window, SimulatedDrives], Visitor]


@dataclass(frozen=True)
class Start:
    """How a kiosk starts for visitors: whatever does not hold falls back to its default.

    Attributes:
        typed: Names of settings that were given on the command line; an error in one of them ends the program.
        problems: What did not hold in the settings, for staff.
    """

    typed: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


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
    start: Start | None = None,
    window: Window | None = None,
    make_visitor: MakeVisitor = scripted_visitor,
) -> Iterator[Composed]:
    """Open the kiosk and start its workers; close everything when the block ends.

    Parts close in the reverse order of opening: the workers first, so that nothing uses a part that is closed; the
    lock of the data directory last.

    Args:
        config: The settings.
        headless: Draw into memory instead of a window.
        settings: The file for settings that staff change on the screen; None to forget the changes.
        demo_out: Let a scripted visitor use the kiosk and write screenshots to this folder; None for real visitors.
        demo_data_dir: The data directory of the scripted visitor; None for a temporary one.
        list_devices: Lists the Edge TPUs that are plugged in.
        table: The demonstration camera; None to create one with the rate of the settings.
        start: Use defaults where settings do not hold; None raises an error instead.
        window: What `show_splash` opened, which holds the lock of the data directory; None opens it here.
        make_visitor: Creates the simulated visitor, if there is one.

    Raises:
        DataDirInUse: If another kiosk uses the same data directory.
        DisplayUnavailable: If no window can be opened.
        KioskError, tpu.errors.RuntimeLayerError: If another part cannot be opened, also with its default.
    """
    use_few_arenas()
    table = table or DemonstrationCamera(frames_per_second=config.camera.rate_hz)
    demo = Demo(demo_out, demo_data_dir, table) if demo_out is not None else None
    clock: Clock = demo.clock if demo is not None else time.monotonic
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with ExitStack() as stack:
        if demo is not None:
            config = demo_config(config, demo, stack)
        fallbacks = Fallbacks(
            lambda text: events.put(StartProblem(text)),
            typed=start.typed if start is not None else (),
            strict=start is None,
        )
        guarded = demo is None and locked_in(os.environ)
        window = window or show_splash(config, stack, fallbacks, headless=headless, locked_in=guarded)
        config = with_usable_export_dir(config, fallbacks)
        config = with_usable_camera(config, fallbacks)
        warnings = record_warnings(stack)
        if start is not None:
            record_incidents(config, stack)
        if guarded:
            warn_of_loss(config)
        sounds = open_sounds(config, headless, stack)
        kept_lesson, of_visit = open_lessons(config, fallbacks) if demo is None else (None, None)
        lesson = of_visit.lesson if of_visit is not None else kept_lesson
        of_settings = config.model.extractor
        config = with_extractor_of(config, lesson)
        extractor, accelerator = open_model_or_default(config, list_devices, events.put, stack, fallbacks)
        store = open_store(config, extractor, stack, lesson)
        on_disk = config if store.opened.disk_problem is not None else None
        if on_disk is not None:
            config = with_data_in_memory(on_disk, stack)
        vision = open_vision(extractor, store, stack)
        prior = ExtractorPrior(extractor.origin_sha256, config.data_dir)
        drives = SimulatedDrives() if demo is not None else open_drives(stack)
        problems = start.problems if start is not None else ()
        things = RenderedThings(AttractStage.kinds, random_views())
        kiosk = Kiosk(
            Tools(config, store, extractor, vision, drives, sounds, clock, accelerator, prior, on_disk),
            StationServices(
                settings,
                candidates,
                switch_off,
                warnings.lines,
                things,
                guarded,
                problems,
                kept_lesson,
                of_visit,
                of_settings,
            ),
            events=events,
            toggle_fullscreen=window.toggle_fullscreen,
            settings_changed=lambda changed: sounds.set_volume(volume(changed)),
            catch_errors=demo is None,
        )
        start_accelerator(extractor, accelerator, events.put)
        own_pins = Config() if demo is not None else config  # the scripted visitor presses a simulated panel
        outputs = open_outputs(own_pins, kiosk, sounds, window, headless, stack, fallbacks)
        buttons = open_buttons(own_pins, kiosk, clock, stack, fallbacks)
        visitor = make_visitor(demo, kiosk, window, drives) if isinstance(drives, SimulatedDrives) and demo else None
        mailboxes = Mailboxes()

        def poll_devices() -> None:
            if visitor is not None:
                visitor.step()
            buttons.poll()
            workers.look()

        loop = make_loop(kiosk, window, buttons, outputs, mailboxes, clock, poll_devices)
        open_camera = camera_opener(kiosk, table, for_demo=demo is not None)
        workers = start_workers(kiosk, vision, drives, open_camera, mailboxes, clock, stack)
        yield Composed(kiosk, loop, visitor.findings if visitor is not None else None)


def make_loop(
    kiosk: Kiosk,
    window: Window,
    buttons: Buttons,
    outputs: Outputs,
    mailboxes: Mailboxes,
    clock: Clock,
    poll_devices: Callable[[], None],
) -> Loop:
    """Connect the frame loop with the window, its input devices and the workers' mailboxes."""
    keyboard = Keyboard(
        lambda direction: screens.ahead(loop.view, window.size, direction), has_frame=lambda: not window.fullscreen
    )

    def touched(position: tuple[int, int]) -> Hashable | None:
        button = screens.button_at(loop.view, window.size, position)
        return ScreenKey.SWITCH if scans(kiosk.state) and button is not ScreenKey.CORNER else button

    def something_new() -> bool:
        if kiosk.state.mode is Mode.TRAINING:  # the processor is for the training
            return not kiosk.events.empty()
        return mailboxes.observations.full or not kiosk.events.empty()

    pointer = Pointer(touched, lambda: window.size)
    loop = Loop(
        kiosk,
        window,
        [keyboard, buttons.pads, pointer],
        frames=mailboxes.frames_for_screen,
        observations=mailboxes.observations,
        surroundings=Surroundings(
            stage=AttractStage().picture,
        ),
        clock=clock,
        wait_for_tick=partial(window.wait, early=something_new, wake=mailboxes.answered),
        poll_devices=poll_devices,
        on_shown=outputs.show,
        text_input=TextInput(),
        groups=lambda view: scan_groups(view, window.size),
        speaking=lambda: outputs.speech.narrates,
    )
    return loop
