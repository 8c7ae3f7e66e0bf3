"""How each part of the kiosk is opened, for `app.compose`. What a function opens, its `stack` closes."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from app.base.errors import (
    CameraUnavailable,
    ConfigInvalid,
    ExportFailed,
    KioskError,
    PinsUnavailable,
)
from app.base.files import folder_problem
from app.base.incidents import FOLDER, Incidents
from app.base.mounts import lost_at_restart
from app.base.ports import Camera, Clock, Drives
from app.base.recent_warnings import RecentWarnings
from app.base.start_problems import Fallbacks
from app.config.class_names import class_names
from app.config.input_map import input_map, pins_of
from app.config.lesson import Lesson
from app.config.schema import Config
from app.core.events import Event, at_time
from app.demo.camera import DemonstrationCamera
from app.devices.auto_camera import AutoCamera
from app.devices.camera import check_source, first_camera, open_camera
from app.devices.drive import MountedDrives
from app.devices.gpio import GpioButtons
from app.devices.keyboard import check_keys
from app.devices.lights import GpioLamps, wired_lamps
from app.devices.pads import Pads
from app.devices.systemd import SystemdNotifier
from app.devices.udisks import MountingDrives, UDisks
from app.importing.lessons import chosen_lesson
from app.importing.visit_lesson import VisitLesson, visit_lesson
from app.kiosk import Kiosk
from app.model.backend_status import backend_now
from app.model.live import Vision
from app.session.database import SESSION_FILE
from app.session.store import SessionStore
from app.ui.sounds import Sounds
from app.ui.speech import Speech
from app.ui.window import Window
from app.views.lamps import lamps
from app.views.model import KioskView
from learning.errors import LearningError
from learning.extractor_file import check_extractor
from tpu.edgetpu.accelerator import is_compiled
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, ListDevices
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path
from tpu.runtime import Driver
from tpu.stderr_filter import ALSA, hide_lines

logger = logging.getLogger(__name__)

BEHIND_FOR_S = 60.0  # if the window is not in front by then, only a new process may help
MEMORY = Path("/dev/shm")  # a file system in memory
AUTOMATIC, DEMO_CAMERA = ("", "auto"), "demo"  # values of camera.source that name no device


def warn_of_loss(config: Config) -> None:
    """Log, for the staff pages too, if the disk forgets at a restart what is taught, as a read-only station may do."""
    if kind := lost_at_restart(config.data_dir):
        text = "%s is on %s: what is taught is lost when the computer restarts. Mount a disk there."
        logger.warning(text, config.data_dir, kind)


def record_warnings(stack: ExitStack) -> RecentWarnings:
    """Keep the last warnings in the log for the staff pages."""
    warnings, root = RecentWarnings(), logging.getLogger()
    root.addHandler(warnings)
    stack.callback(root.removeHandler, warnings)
    return warnings


def record_incidents(config: Config, stack: ExitStack) -> None:
    """Keep messages of level INFO and above over restarts, and warnings with what came before them."""
    root = logging.getLogger()
    shown_level = root.level
    for handler in root.handlers:  # what is shown on standard error stays the same
        if handler.level < shown_level:
            handler.setLevel(shown_level)
    root.setLevel(min(shown_level, logging.INFO))
    stack.callback(root.setLevel, shown_level)
    incidents = Incidents(config.data_dir / FOLDER)
    root.addHandler(incidents)
    stack.callback(incidents.close)
    stack.callback(root.removeHandler, incidents)
    if not incidents.ended_well:
        logger.warning("the kiosk did not end as intended before: it was killed, or the power went away")


def open_sounds(config: Config, headless: bool, stack: ExitStack) -> Sounds:
    """Open the sound device; with `headless`, or without a device, the kiosk is silent."""
    with hide_lines(ALSA):
        return stack.enter_context(closing(Sounds(not headless, volume(config))))


def volume(config: Config) -> float:
    """Return the volume of sounds and speech, 0 (mute) to 1."""
    return config.screen.volume if config.screen.sound else 0.0


def open_model_or_default(
    config: Config,
    list_devices: ListDevices,
    announce: Callable[[Event], None],
    stack: ExitStack,
    fallbacks: Fallbacks,
) -> tuple[EmbeddingExtractor, EdgeTpuSupervisor | None]:
    """Open the embedding extractor of the settings; if that fails, on any runtime and device; then the built-in one.

    Raises:
        tpu.errors.RuntimeLayerError, learning.errors.UnsupportedExtractor: If none of them can be opened.
    """
    anywhere = replace(config.model, runtime="auto", device="auto")
    choices = dict.fromkeys((config.model, anywhere, replace(anywhere, extractor="")))
    last = list(choices)[-1]
    for model in choices:
        with ExitStack() as opened:
            try:
                found = open_model(replace(config, model=model), list_devices, announce, opened)
            except (RuntimeLayerError, LearningError, OSError, ValueError) as error:
                if model == last:
                    raise
                same_place = (model.runtime, model.device) == (anywhere.runtime, anywhere.device)
                fallbacks.use_default("model.extractor" if same_place else "model.runtime", error)
                continue
            stack.push(opened.pop_all())
            return found
    raise AssertionError


def open_model(
    config: Config, list_devices: ListDevices, announce: Callable[[Event], None], stack: ExitStack
) -> tuple[EmbeddingExtractor, EdgeTpuSupervisor | None]:
    """Open the embedding extractor, and the supervisor of the Edge TPU if the extractor is compiled for one.

    The supervisor is not started yet: see `start_accelerator`.

    Args:
        config: The settings.
        list_devices: Lists the Edge TPUs that are plugged in.
        announce: Receives BackendChanged whenever the supervisor's status changes.
        stack: Closes both.

    Raises:
        tpu.errors.RuntimeLayerError: If the extractor cannot be opened.
        learning.errors.UnsupportedExtractor: If no head can be appended to it.
    """
    path, settings = extractor_path(config.model.extractor), config.model
    accelerator = None
    if settings.device != "cpu" and is_compiled(path):
        accelerator = EdgeTpuSupervisor(
            runtime=settings.runtime,
            device=settings.device,
            driver=Driver(config.accelerator.library, config.accelerator.performance),
            list_devices=list_devices,
            on_status=lambda status: announce(backend_now(extractor, status)),
        )
        stack.callback(accelerator.close)
    extractor = stack.enter_context(
        EmbeddingExtractor(path, runtime=settings.runtime, device=settings.device, accelerator=accelerator)
    )
    check_extractor(extractor.model_bytes, path)
    extractor.check_embeddings()
    return extractor, accelerator


def start_accelerator(
    extractor: EmbeddingExtractor, accelerator: EdgeTpuSupervisor | None, announce: Callable[[Event], None]
) -> None:
    """Announce what computes now, and start to watch for the Edge TPU."""
    announce(backend_now(extractor, accelerator.status if accelerator is not None else None))
    if accelerator is not None:
        accelerator.start()


def open_store(
    config: Config, extractor: EmbeddingExtractor, stack: ExitStack, lesson: Lesson | None = None
) -> SessionStore:
    """Open the stored session. Samples of another extractor stay in it, to be embedded again.

    It always opens, if need be in memory: `SessionStore.opened` says so.
    """
    store = SessionStore(
        config.data_dir / SESSION_FILE,
        labels=class_names(config.classes.labels, config.screen.language, config.screen.palette)
        if lesson is None
        else lesson.labels(config.screen.language),
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
    )
    stack.callback(store.close)
    if store.switch_extractor():
        logger.info("the session was made with another extractor: its pictures are embedded again")
    return store


def open_lessons(config: Config, fallbacks: Fallbacks) -> tuple[Lesson | None, VisitLesson | None]:
    """Return the lesson set that the settings name, and what was chosen for a visit that goes on after a restart.

    Each is None without one, or if it cannot be used.
    """
    kept = None
    try:
        kept = chosen_lesson(config.data_dir, config.classes.lesson)
    except KioskError as error:
        fallbacks.use_default("classes.lesson", error)
    return kept, visit_lesson(config.data_dir)


def with_extractor_of(config: Config, lesson: Lesson | None) -> Config:
    """Return the settings with the extractor that a lesson is made for, if it names one."""
    if lesson is None or not lesson.extractor:
        return config
    return replace(config, model=replace(config.model, extractor=lesson.extractor))


def with_data_in_memory(config: Config, stack: ExitStack) -> Config:
    """Return the settings for a disk that cannot be used: trained models are written to memory, and nothing is kept.

    Without a file system in memory that can be written, the settings stay the same, and TRAIN says what is wrong.
    """
    in_memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-", dir=in_memory))
    except OSError as error:
        logger.warning("nothing can be written, so no model can be trained: %s", error)
        return config
    storage, privacy = replace(config.storage, data_dir=folder), replace(config.privacy, archive_max_mib=0)
    return replace(config, storage=storage, privacy=privacy)


def open_vision(extractor: EmbeddingExtractor, store: SessionStore, stack: ExitStack) -> Vision:
    """Create what turns frames into observations; closing it closes the model that answers."""
    return stack.enter_context(closing(Vision(extractor, len(store.load().labels))))


def check_export_dir(config: Config) -> None:
    """Check that SAVE can write to the export directory, if the settings name one.

    Raises:
        ExportFailed: If it cannot.
    """
    if config.storage.export_dir and (problem := folder_problem(config.export_dir)):
        raise ExportFailed(
            f"cannot write to the export directory {config.export_dir}: {problem}. "
            "Name another folder with --export-dir."
        )


def with_usable_export_dir(config: Config, fallbacks: Fallbacks) -> Config:
    """Return the settings, with the default export directory if theirs cannot be written."""
    try:
        check_export_dir(config)
    except ExportFailed as error:
        fallbacks.use_default("storage.export_dir", error)
        return replace(config, storage=replace(config.storage, export_dir=""))
    return config


def with_usable_camera(config: Config, fallbacks: Fallbacks) -> Config:
    """Return the settings, with the automatic camera if theirs name something that can never be a camera."""
    if config.camera.source in (*AUTOMATIC, DEMO_CAMERA):
        return config
    try:
        check_source(config.camera.source)
    except CameraUnavailable as error:
        fallbacks.use_default("camera.source", error)
        return replace(config, camera=replace(config.camera, source=AUTOMATIC[1]))
    return config


def open_drives(stack: ExitStack) -> Drives:
    """Watch removable drives, and mount them through udisks2 where it runs; closing unmounts those again."""
    return stack.enter_context(closing(MountingDrives(MountedDrives(), UDisks())))


@dataclass(frozen=True)
class Outputs:
    """Everything that follows the screen: lamps, speech, and the sign of life for systemd."""

    kiosk: Kiosk
    lamps: GpioLamps | None
    speech: Speech
    systemd: SystemdNotifier
    window: Window

    def show(self, view: KioskView) -> None:
        """Follow the view that was just drawn."""
        if self.lamps is not None:
            self.lamps.show(lamps(view))
        self.speech.follow(view)
        in_front = self.window.behind_s < BEHIND_FOR_S
        self.systemd.frame_shown(healthy=self.kiosk.state.fault is None and in_front)


def open_outputs(
    config: Config,
    kiosk: Kiosk,
    sounds: Sounds,
    window: Window,
    headless: bool,
    stack: ExitStack,
    fallbacks: Fallbacks,
) -> Outputs:
    """Open lamps, speech, and the connection to systemd. Without usable pins there are no lamps."""
    speech = Speech(
        lambda: not headless and kiosk.state.config.screen.speech,
        lambda: sounds.volume,
        everything=lambda: not headless and kiosk.state.config.screen.narration,
        rate=lambda: kiosk.state.config.screen.speech_rate,
    )
    stack.callback(speech.close)
    opened_lamps = None
    if wired := wired_lamps(config.lamps):
        try:
            opened_lamps = stack.enter_context(closing(GpioLamps(wired, config.lamps)))
        except PinsUnavailable as error:
            fallbacks.use_default("lamps", error)
    systemd = SystemdNotifier(os.environ, time.monotonic)
    stack.callback(lambda: systemd.starting_again() if kiosk.starts_again else systemd.stopping())
    return Outputs(kiosk, opened_lamps, speech, systemd, window)


@dataclass(frozen=True)
class Buttons:
    """Pins and game pads. Keyboard and pointer come as window events and need no opening."""

    pins: GpioButtons | None
    pads: Pads
    announce: Callable[[Event], None]
    clock: Clock

    def poll(self) -> None:
        """Compare what the devices reported with their present state, because a report may be lost."""
        if self.pins is not None:
            self.pins.look()
        for event in self.pads.look():
            self.announce(at_time(event, self.clock()))


def open_buttons(config: Config, kiosk: Kiosk, clock: Clock, stack: ExitStack, fallbacks: Fallbacks) -> Buttons:
    """Open the pins that are buttons, or may become buttons, and all game pads.

    A key that does not exist is never pressed, and pins that cannot be used neither.
    """
    try:
        check_keys(input_map(vars(config.inputs)))
    except ConfigInvalid as error:
        fallbacks.use_default("inputs", error)
    announce, pins = kiosk.events.put, pins_of([*kiosk.state.inputs.map.buttons, *config.gpio.pins])
    pads = stack.enter_context(closing(Pads()))
    opened_pins = None
    if pins:
        try:
            opened_pins = stack.enter_context(closing(GpioButtons(pins, config.gpio, announce, clock=time.monotonic)))
        except PinsUnavailable as error:
            fallbacks.use_default("gpio", error)
    return Buttons(opened_pins, pads, announce, clock)


def camera_opener(kiosk: Kiosk, table: DemonstrationCamera, *, for_demo: bool) -> Callable[[], Camera]:
    """Return a function that opens the camera that the settings name at the time of the call."""
    if for_demo:
        return lambda: table
    table.stay_while(lambda: kiosk.state.held is not None)
    automatic = AutoCamera(table, find=lambda: first_camera(kiosk.state.config.camera))

    def open_chosen() -> Camera:
        settings = kiosk.state.config.camera
        if settings.source == DEMO_CAMERA:
            return table
        return automatic.open() if settings.source in AUTOMATIC else open_camera(settings.source, settings)

    return open_chosen
