"""What staff want to know of the machine: room, memory, warmth, versions."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.base.i18n import Text, message
from app.base.ports import Drive, UnmountedDrive

Line = tuple[Text, Text, bool]
"""What, how it is, and whether it wants attention."""

LEAST_FREE_BYTES = 200 << 20
LEAST_MEMORY_BYTES = 100 << 20
HOT_C = 80.0  # where a Raspberry Pi begins to slow down: its documentation, "Frequency management and thermal control"
PACKAGES = ("teachable-kiosk", "ai-edge-litert", "opencv-python", "numpy")


def machine_lines(
    data_dir: Path, *, memory: Path = Path("/proc/meminfo"), thermal: Path = Path("/sys/class/thermal")
) -> tuple[Line, ...]:
    """Lines of the machine; what it does not tell is left out.

    Args:
        data_dir: Whose disk is looked at.
        memory: The kernel's table.
        thermal: The kernel's thermometers.
    """
    return tuple(line for line in (_disk(data_dir), _memory(memory), _warmth(thermal), _versions()) if line is not None)


def drive_lines(drives: Iterable[Drive], unmounted: Iterable[UnmountedDrive]) -> tuple[Line, ...]:
    """Lines of the drives."""
    lines: list[Line] = []
    for drive in drives:
        room = f"{_size(drive.free_bytes)}, {drive.filesystem}"
        lines.append((message("Drive {drive}", drive=drive.name), room, drive.read_only))
    lines += [(message("Drive {drive}", drive=one.name), one.reason, True) for one in unmounted]
    return tuple(lines) or ((message("Drives"), "–", False),)


def _disk(folder: Path) -> Line | None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None
    return message("Free on the disk"), _size(free), free < LEAST_FREE_BYTES


def _memory(path: Path) -> Line | None:
    try:
        table = dict(line.split(":", 1) for line in path.read_text(encoding="ascii").splitlines())
        free = int(table["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return None
    return message("Free memory"), _size(free), free < LEAST_MEMORY_BYTES


def _warmth(folder: Path) -> Line | None:
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


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
