"""`doctor`: check everything that a kiosk needs, and say how to fix what is missing."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from app.base.errors import CameraUnavailable, ConfigInvalid, ExportFailed, KeyUnusable, PinsUnavailable
from app.base.files import folder_problem
from app.base.redaction import redacted
from app.commands.bundle import write_bundle
from app.commands.error_text import command_line_text
from app.commands.exit_codes import DONE, ERROR
from app.commands.report import line_writer, write_json
from app.commands.settings import config_of, settings_that_hold
from app.config.input_map import input_map, pins_of
from app.config.schema import Config
from app.devices import pi_camera
from app.devices.camera import candidates, is_camera_module, open_camera
from app.devices.drive import MountedDrives
from app.devices.gpio import GpioButtons
from app.devices.keyboard import check_keys
from app.devices.lights import GpioLamps, wired_lamps
from app.devices.pads import plugged_pads
from app.devices.udisks import UDisks
from app.model.saved_folder.page_engine import FETCH, read_engine
from app.model.saved_folder.signature import read_key
from app.openers import check_export_dir
from learning.errors import LearningError
from learning.extractor_file import check_extractor
from tpu.edgetpu.accelerator import accelerator_for
from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.edgetpu.driver_check import driver_problem
from tpu.edgetpu.supervisor import ListDevices, Phase
from tpu.edgetpu.timeouts import DEFAULT_TIMEOUTS
from tpu.errors import ModelError, RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.guarded.isolation import NAMESPACES, SYSTEM_CALLS
from tpu.guarded.process import ChildFailed, GuardedChild
from tpu.models import extractor_path
from tpu.runtime import Driver, available_runtimes, runtime_for_cpu

LEAST_FREE_BYTES = 200 * 2**20
BOARD = Path("/proc/device-tree/model")  # names a Raspberry Pi

Result = tuple[bool, str]
"""Whether a check passed, and the line that reports it."""


def run(options: argparse.Namespace) -> int:
    """Run the command; return DONE if every check passed, else ERROR."""
    settings, problems = settings_that_hold(options)
    config = config_of(options, settings)
    write, lines = line_writer(options), list[str]()

    def keep(line: str) -> None:
        lines.append(line)
        write(line)

    passed = run_doctor(config, keep, json_path=options.json, settings_problems=problems)
    if options.bundle is not None:
        write_bundle(options.bundle, config, lines)
        write(f"bundle: {options.bundle}")
    return DONE if passed else ERROR


def run_doctor(
    config: Config,
    write: Callable[[str], None],
    *,
    json_path: Path | None = None,
    list_devices: ListDevices = list_accelerators,
    mounted: MountedDrives | None = None,
    udisks: UDisks | None = None,
    settings_problems: Sequence[str] = (),
) -> bool:
    """Check everything that a kiosk with these settings uses; return whether all checks passed.

    Args:
        config: The settings.
        write: Receives one line for each check.
        json_path: File for the same results as JSON; None writes none.
        list_devices: Lists the accelerators that are plugged in.
        mounted, udisks: Find and mount drives; None means the drives of this computer.
        settings_problems: What does not hold in the settings; the kiosk uses the defaults there.
    """
    accelerator = partial(_check_accelerator, list_devices)
    with closing(udisks or UDisks()) as service:
        drives = partial(_check_drives, mounted or MountedDrives(), service)
        devices = (_check_display, _check_camera, accelerator, _check_buttons, drives)
        key = (_check_key,) if config.idle.starter_key_file else ()
        checks = (_check_model, _check_guard, _check_page, *key, _check_disk, *devices)
        results = [(False, f"settings: {problem}") for problem in settings_problems]
        results += [check(config) for check in checks]
    for passed, line in results:
        write(f"{'ok  ' if passed else 'FIX '} {line}")
    write_json(json_path, [{"found": passed, "text": line} for passed, line in results])
    return all(passed for passed, _line in results)


def _check_model(config: Config) -> Result:
    try:
        path = extractor_path(config.model.extractor)
        with EmbeddingExtractor(path, runtime=config.model.runtime, device=config.model.device) as extractor:
            check_extractor(extractor.model_bytes, path)
            extractor.check_embeddings()
            installed = ", ".join(available_runtimes())
            return (
                True,
                f"model: {extractor.name} on {extractor.runtime_name}, {extractor.device} (installed: {installed})",
            )
    except (RuntimeLayerError, LearningError) as error:
        return False, f"model: {command_line_text(error)}"


def _check_guard(config: Config) -> Result:
    """Start the process that runs strangers' models, and say what isolates it on this system."""
    child = GuardedChild()
    try:
        until_s = time.monotonic() + child.limits.open_s
        holds = child.start(runtime_for_cpu(config.model.runtime), until_s)
    except ChildFailed:
        return False, "guard: the process for strangers' models does not start. Start again with --verbose to see why."
    finally:
        child.kill()
    missing = [kind for kind in (*NAMESPACES, SYSTEM_CALLS) if kind not in holds]
    without = f"; this system does not allow: {', '.join(missing)}" if missing else ""
    return True, f"guard: strangers' models run apart (limits{''.join(f', {kind}' for kind in holds)}{without})"


def _check_page(_config: Config) -> Result:
    if read_engine() is None:
        return False, (
            "page: saved folders lack open_me.html, because its engine was not fetched. With a network, run: "
            f"{shlex.join((sys.executable, str(FETCH)))}"
        )
    return True, "page: saved folders contain open_me.html"


def _check_key(config: Config) -> Result:
    """Check the key that new starters must be signed with; no text shows it."""
    path = Path(config.idle.starter_key_file).expanduser()
    try:
        read_key(path)
    except KeyUnusable as error:
        return False, f"starter: {error}"
    return True, f"starter: new ones must be signed with the key in {path}"


def _check_disk(config: Config) -> Result:
    if problem := folder_problem(config.data_dir):
        return False, f"disk: cannot write to {config.data_dir}: {problem}. Name another folder with --data-dir."
    try:
        check_export_dir(config)
    except ExportFailed as error:
        return False, f"disk: {error}"
    folder = config.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return (
            False,
            f"disk: only {free / 2**20:.0f} MiB are free in {folder}. Delete files, or choose another --data-dir.",
        )
    return True, f"disk: {free / 2**30:.1f} GiB free in {folder}"


def _check_display(_config: Config) -> Result:
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return True, "display: a desktop session"
    return False, "display: none. Start the kiosk from a desktop session, or with --headless."


def _check_camera(config: Config) -> Result:
    if config.camera.source == "demo":
        return True, "camera: the demonstration camera"
    if config.camera.source not in ("", "auto"):
        try:
            open_camera(config.camera.source, config.camera).close()
        except CameraUnavailable as error:
            return False, str(error)
        return True, f"camera: {redacted(config.camera.source)}"
    problem = "no camera delivers pictures. Plug one in; until then the kiosk shows the demonstration camera."
    for device in candidates():
        try:
            camera = open_camera(device, config.camera)
        except CameraUnavailable as error:
            if is_camera_module(device):
                problem = str(error).removeprefix("camera ")
            continue
        camera.close()
        return True, f"camera: {device}"
    if pi_camera.program() is None and _is_raspberry_pi():
        problem += " For a camera module: sudo apt install rpicam-apps"
    return False, f"camera: {problem}"


def _is_raspberry_pi() -> bool:
    try:
        return "Raspberry Pi" in BOARD.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _check_accelerator(list_devices: ListDevices, config: Config) -> Result:
    """List the accelerators, check their driver, and run the extractor on them if it is compiled for one."""
    found = list_devices()
    if not found:
        return True, "accelerator: none; the CPU runs the model"
    problems = [f"{_described(device)}: {device.problem}" for device in found if device.problem]
    usable = [_described(device) for device in found if not device.problem]
    if usable and (fault := driver_problem(config.accelerator.library) or _fault(list_devices, config)):
        problems.append(f"{', '.join(usable)}: {fault}")
        usable = []
    return not problems, f"accelerator: {'; '.join([*usable, *problems])}{'.' if problems else ''}"


def _fault(list_devices: ListDevices, config: Config) -> str:
    """Why the extractor does not run on the accelerator; empty if it does, or is not compiled for one.

    Also empty if the extractor cannot be used at all: the check of the model reports it.
    """
    model = config.model
    try:
        path = extractor_path(model.extractor)
    except ModelError:
        return ""
    driver = Driver(config.accelerator.library, config.accelerator.performance)
    with accelerator_for(
        path, runtime=model.runtime, device=model.device, driver=driver, list_devices=list_devices
    ) as accelerator:
        if accelerator is None:
            return ""
        try:
            with EmbeddingExtractor(path, runtime=model.runtime, accelerator=accelerator):
                status = accelerator.wait_until_settled(2 * DEFAULT_TIMEOUTS.open_s)
        except RuntimeLayerError:
            return ""
    return (
        ""
        if status.phase is Phase.READY
        else status.reason.rstrip(".") or "it does not answer. Unplug it and plug it in again"
    )


def _described(accelerator: Accelerator) -> str:
    """The name of an accelerator, with the temperature if it reports one."""
    if accelerator.temperature_c is None:
        return accelerator.device
    return f"{accelerator.device} ({accelerator.temperature_c:.0f} °C)"


def _check_buttons(config: Config) -> Result:
    """Check the names of keys, list the gamepads, and open the pins of buttons and lamps for a moment."""
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
            f"buttons: {', '.join(pressed)} read as pressed. If nobody holds them, check the wiring, and gpio.pull "
            "and gpio.active in the settings."
        )
    found = ["keys", *plugged_pads(), *([f"{len(pins)} on pins"] if pins else [])]
    return True, f"buttons: {', '.join(found)}; lamps: {len(lamps) or 'none'}"


def _check_drives(mounted: MountedDrives, udisks: UDisks, _config: Config) -> Result:
    """List the drives. Mounts nothing: a drive that the kiosk unmounts is switched off."""
    waiting = mounted.unmounted()
    if waiting and not udisks.runs():
        return False, f"drives: {waiting[0].name} ({waiting[0].device}): {waiting[0].reason}"
    names = [
        f"{drive.name} ({drive.filesystem}, {drive.free_bytes / 2**20:.0f} MiB free"
        f"{', write-protected' if drive.read_only else ''})"
        for drive in mounted.present()
    ]
    names += [f"{drive.name} (not mounted; the kiosk will mount it with udisks2)" for drive in waiting]
    return True, f"drives: {', '.join(names) or 'none; SAVE writes to the export directory'}"
