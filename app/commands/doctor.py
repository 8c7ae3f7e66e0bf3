"""`doctor`: what is found, what is missing, and how to fix it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from app.base.errors import CameraUnavailable, ConfigInvalid, PinsUnavailable
from app.commands.report import write_json
from app.config.input_map import input_map, pins_of
from app.config.schema import Config
from app.devices.camera import candidates, open_camera
from app.devices.drive import MountedDrives
from app.devices.gpio import GpioButtons
from app.devices.keyboard import check_keys
from app.devices.lights import GpioLamps, wired_lamps
from app.devices.pads import plugged_pads
from app.devices.udisks import UDisks
from tpu.edgetpu.accelerator import accelerator_for
from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.edgetpu.driver_check import driver_problem
from tpu.edgetpu.supervisor import ListDevices, Phase
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS
from tpu.errors import ModelError, RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path
from tpu.runtime import Driver, available_runtimes

LEAST_FREE_BYTES = 200 * 2**20


def run_doctor(
    config: Config,
    write: Callable[[str], None],
    *,
    json_path: Path | None = None,
    list_devices: ListDevices = list_accelerators,
    mounted: MountedDrives | None = None,
    udisks: UDisks | None = None,
) -> bool:
    """Look at everything that a kiosk with these settings uses; give whether there is nothing to fix.

    Args:
        config: Its settings.
        write: Receives a line for everything.
        json_path: Where the same is written as JSON.
        list_devices: What accelerators are plugged in.
        mounted, udisks: Where drives are looked for; None is this computer.
    """
    accelerator = partial(_accelerator, list_devices)
    with closing(udisks or UDisks()) as service:
        drives = partial(_drives, mounted or MountedDrives(), service)
        checks = (_model, _disk, _display, _camera, accelerator, _buttons, drives)
        results = [check(config) for check in checks]
    for found, line in results:
        write(f"{'ok  ' if found else 'FIX '} {line}")
    write_json(json_path, [{"found": found, "text": line} for found, line in results])
    return all(found for found, _line in results)


def _model(config: Config) -> tuple[bool, str]:
    try:
        path = extractor_path(config.model.extractor)
        with EmbeddingExtractor(path, runtime=config.model.runtime, device=config.model.device) as extractor:
            installed = ", ".join(available_runtimes())
            return True, f"model: {extractor.name} on {extractor.runtime_name}, {extractor.device} (there: {installed})"
    except RuntimeLayerError as error:
        return False, f"model: {error}"


def _disk(config: Config) -> tuple[bool, str]:
    folder = config.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return False, f"disk: {folder} cannot be written. Name another place with --data-dir."
    if free < LEAST_FREE_BYTES:
        return False, f"disk: only {free / 2**20:.0f} MiB are free in {folder}. Make room."
    return True, f"disk: {free / 2**30:.1f} GiB free in {folder}"


def _display(_config: Config) -> tuple[bool, str]:
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return True, "display: a desktop session"
    return False, "display: none. Start the kiosk from a desktop session, or with --headless."


def _camera(config: Config) -> tuple[bool, str]:
    if config.camera.source not in ("", "auto", "demo"):
        try:
            open_camera(config.camera.source).close()
        except CameraUnavailable as error:
            return False, str(error)
        return True, f"camera: {config.camera.source}"
    for device in candidates():
        try:
            camera = open_camera(device)
        except CameraUnavailable:
            continue
        camera.close()
        return True, f"camera: {device}"
    return False, "camera: none delivers pictures. Plug one in; until then the demonstration camera is shown."


def _accelerator(list_devices: ListDevices, config: Config) -> tuple[bool, str]:
    """What is plugged in, whether its driver fits, and whether it answers where the extractor is compiled for it."""
    found = list_devices()
    if not found:
        return True, "accelerator: none; the CPU does it all"
    problems = [f"{_warm(one)}: {one.problem}" for one in found if one.problem]
    usable = [_warm(one) for one in found if not one.problem]
    if usable and (wrong := driver_problem(config.accelerator.library) or _silent(list_devices, config)):
        problems.append(f"{', '.join(usable)}: {wrong}")
        usable = []
    return not problems, f"accelerator: {'; '.join([*usable, *problems])}{'.' if problems else ''}"


def _silent(list_devices: ListDevices, config: Config) -> str:
    """Why the extractor does not run on the accelerator; empty when it does, or is not meant to."""
    model = config.model
    try:
        path = extractor_path(model.extractor)
    except ModelError:
        return ""  # told of the model already
    driver = Driver(config.accelerator.library, config.accelerator.performance)
    with accelerator_for(
        path, runtime=model.runtime, device=model.device, driver=driver, list_devices=list_devices
    ) as accelerator:
        if accelerator is None:
            return ""
        with EmbeddingExtractor(path, runtime=model.runtime, accelerator=accelerator):
            status = accelerator.wait_until_settled(2 * DEFAULT_TIMEOUTS.open_s)
    return "" if status.phase is Phase.READY else status.reason.rstrip(".") or "it does not answer. Plug it in anew"


def _warm(one: Accelerator) -> str:
    """An accelerator's name, and how warm a card is."""
    return one.device if one.temperature_c is None else f"{one.device} ({one.temperature_c:.0f} °C)"


def _buttons(config: Config) -> tuple[bool, str]:
    """Keys need no check; pads are listed by name; pins are opened and read for a moment."""
    inputs, lamps = input_map(vars(config.inputs)), wired_lamps(config.lamps)
    pins = pins_of([*inputs.buttons, *config.gpio.pins])
    pressed: list[str] = []
    try:
        check_keys(inputs)
        if pins:
            opened = GpioButtons(pins, config.gpio, lambda event: pressed.append(event.source), clock=time.monotonic)
            opened.close()
        if lamps:
            GpioLamps(lamps, config.lamps).close()
    except (ConfigInvalid, PinsUnavailable) as error:
        return False, f"buttons: {error}"
    if pressed:
        return False, (
            f"buttons: {', '.join(pressed)} read as pressed. If nobody holds them, check their wires, and gpio.pull "
            "and gpio.active in the settings."
        )
    there = ["keys", *plugged_pads(), *([f"{len(pins)} on pins"] if pins else [])]
    return True, f"buttons: {', '.join(there)}; lamps: {len(lamps) or 'none'}"


def _drives(mounted: MountedDrives, udisks: UDisks, _config: Config) -> tuple[bool, str]:
    """What is plugged in. Nothing is mounted to find out: letting go of it again would switch it off."""
    waiting = mounted.unmounted()
    if waiting and not udisks.runs():
        return False, f"drives: {waiting[0].name} ({waiting[0].device}): {waiting[0].reason}"
    names = [
        f"{drive.name} ({drive.filesystem}, {drive.free_bytes / 2**20:.0f} MiB free"
        f"{', write-protected' if drive.read_only else ''})"
        for drive in mounted.present()
    ]
    names += [f"{one.name} (not mounted; the kiosk asks udisks2 to)" for one in waiting]
    return True, f"drives: {', '.join(names) or 'none; SAVE writes to the export directory'}"
