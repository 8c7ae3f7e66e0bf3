"""Diagnostic lines about the computer for the staff pages: disk, memory, temperature, versions, drives."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.base.i18n import Text, message
from app.base.ports import Drive, UnmountedDrive

Line = tuple[Text, Text, bool]
"""Name, value, and whether staff should do something about it."""

MIN_FREE_BYTES = 200 << 20
MIN_MEMORY_BYTES = 100 << 20
HOT_C = 80.0  # where a Raspberry Pi slows down: its documentation, "Frequency management and thermal control"
PACKAGES = ("teachable-kiosk", "ai-edge-litert", "opencv-python", "numpy")


def machine_lines(
    data_dir: Path, *, memory: Path = Path("/proc/meminfo"), thermal: Path = Path("/sys/class/thermal")
) -> tuple[Line, ...]:
    """Return the lines about the computer; a value that the system does not report has no line.

    Args:
        data_dir: On the disk whose free room is shown.
        memory: The kernel's table of memory.
        thermal: The folder of the kernel's temperature sensors.
    """
    lines = (_disk(data_dir), _memory(memory), _temperature(thermal), _versions())
    return tuple(line for line in lines if line is not None)


def drive_lines(drives: Iterable[Drive], unmounted: Iterable[UnmountedDrive]) -> tuple[Line, ...]:
    """Return one line for each drive."""
    lines: list[Line] = []
    for drive in drives:
        free = message("{kind}, {free} free", kind=drive.filesystem, free=_size_text(drive.free_bytes))
        lines.append((message("Drive {drive}", drive=drive.name), free, drive.read_only))
    lines += [(message("Drive {drive}", drive=one.name), one.reason, True) for one in unmounted]
    return tuple(lines) or ((message("Drives"), "–", False),)


def _disk(folder: Path) -> Line | None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None
    return message("Free on the disk"), _size_text(free), free < MIN_FREE_BYTES


def _memory(path: Path) -> Line | None:
    try:
        table = dict(line.split(":", 1) for line in path.read_text(encoding="ascii").splitlines())
        free = int(table["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return None
    return message("Free memory"), _size_text(free), free < MIN_MEMORY_BYTES


def _temperature(folder: Path) -> Line | None:
    celsius = []
    for sensor in folder.glob("thermal_zone*/temp"):
        try:
            celsius.append(int(sensor.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    if not celsius:
        return None
    return message("Temperature"), f"{max(celsius):.0f} °C", max(celsius) >= HOT_C


def _versions() -> Line:
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return message("Versions"), ", ".join(found), False


def _size_text(size_bytes: int) -> str:
    """Return a size in MiB, or in GiB from 1 GiB on."""
    return f"{size_bytes / (1 << 30):.1f} GiB" if size_bytes >= 1 << 30 else f"{size_bytes / (1 << 20):.0f} MiB"
