"""The devices of a real station, each opened as the settings say, for `app.compose`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pygame

from app.base.errors import DisplayUnavailable
from app.base.ports import Camera, Drives
from app.config.class_names import class_names
from app.config.input_map import pins_of
from app.config.schema import Config
from app.demo.camera import DemonstrationCamera
from app.devices.auto_camera import AutoCamera
from app.devices.camera import check_source, open_camera
from app.devices.drive import MountedDrives
from app.devices.gpio import GpioButtons
from app.devices.lights import GpioLamps, wired_lamps
from app.devices.udisks import MountingDrives, UDisks
from app.kiosk import Kiosk
from app.session.database import SESSION_FILE
from app.session.store import SessionStore
from app.ui.window import Window
from tpu.edgetpu.accelerator import is_compiled
from tpu.edgetpu.supervisor import EdgeTpuSupervisor as Accelerator
from tpu.edgetpu.supervisor import ListDevices, Status
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import Driver

logger = logging.getLogger(__name__)

AUTOMATIC = ("", "auto", "demo")  # cameras that are always there


def open_window(config: Config, headless: bool) -> Window:
    """Open the window, or memory alone where it is `headless`; whoever asked closes it.

    Raises:
        DisplayUnavailable: If there is no screen to open it on.
    """
    size = (config.screen.width_px, config.screen.height_px)
    try:
        return Window(size, fullscreen=config.screen.fullscreen and not headless, headless=headless)
    except pygame.error as error:
        raise DisplayUnavailable(
            f"no window can be opened: {error}. Start it from a desktop session, or with --headless."
        ) from error


def open_pins(config: Config, kiosk: Kiosk, stack: ExitStack) -> GpioButtons | None:
    """Open the pins that are buttons, or that are to be learned as buttons; None without any. `stack` closes them.

    Raises:
        PinsUnavailable: If they cannot be used.
    """
    pins = pins_of([*kiosk.state.inputs.map.buttons, *config.gpio.pins])
    if not pins:
        return None
    opened = GpioButtons(pins, config.gpio, kiosk.events.put, clock=time.monotonic)
    stack.callback(opened.close)
    return opened


def open_lamps(config: Config, stack: ExitStack) -> GpioLamps | None:
    """Open the lamps that are wired; None without any. `stack` puts them out and closes them.

    Raises:
        PinsUnavailable: If their pins cannot be used.
    """
    wired = wired_lamps(config.lamps)
    if not wired:
        return None
    opened = GpioLamps(wired, config.lamps)
    stack.callback(opened.close)
    return opened


def open_store(config: Config, extractor: EmbeddingExtractor) -> SessionStore:
    """Open the session that was there, brought to the extractor in use; whoever asked closes it.

    Raises:
        SessionUnreadable: If its file cannot be opened.
    """
    store = SessionStore(
        config.data_dir / SESSION_FILE,
        labels=class_names(config.classes.labels, config.screen.language),
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
    )
    if store.switch_extractor():
        logger.info("the session was made with another extractor: its pictures are embedded anew")
    return store


def open_accelerator(
    config: Config, extractor: Path, list_devices: ListDevices, announce: Callable[[Status], None]
) -> Accelerator | None:
    """The watch over an Edge TPU, for an extractor that is compiled for one; None where the CPU does it all."""
    if config.model.device == "cpu" or not is_compiled(extractor):
        return None
    return Accelerator(
        runtime=config.model.runtime,
        device=config.model.device,
        driver=Driver(config.accelerator.library, config.accelerator.performance),
        list_devices=list_devices,
        on_status=announce,
    )


def open_drives(stack: ExitStack) -> Drives:
    """Look for drives, and mount them through udisks2 where that runs. `stack` unmounts what was mounted."""
    drives = MountingDrives(MountedDrives(), UDisks())
    stack.callback(drives.close)
    return drives


def camera_source(config: Callable[[], Config], table: DemonstrationCamera, *, for_demo: bool) -> Callable[[], Camera]:
    """What opens the camera that the settings name, again and again when it is lost, or another one is chosen.

    Raises:
        CameraUnavailable: At once, if the name at the start is of nothing that could ever be a camera.
    """
    if for_demo:
        return lambda: table
    automatic = AutoCamera(table)
    if config().camera.source not in AUTOMATIC:
        check_source(config().camera.source)

    def opened() -> Camera:
        source = config().camera.source
        return table if source == "demo" else automatic.open() if source in AUTOMATIC[:2] else open_camera(source)

    return opened
