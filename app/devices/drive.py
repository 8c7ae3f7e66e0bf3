"""Removable disks that are mounted, from /proc/self/mounts and sysfs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from app.ports import Drive

SYSTEM_PLACES = {"/", "/boot", "/boot/efi", "/boot/firmware", "/home", "/usr", "/var"}


class MountedDrives:
    """Reads the kernel's own tables: no daemon and no rights are needed.

    Args:
        mounts: The mount table.
        block_classes: sysfs folder with a link for every block device.
    """

    def __init__(
        self, mounts: Path = Path("/proc/self/mounts"), block_classes: Path = Path("/sys/class/block")
    ) -> None:
        self._mounts = mounts
        self._block_classes = block_classes

    def present(self) -> tuple[Drive, ...]:
        """Removable disks mounted at this moment, in the order of their mount points.

        A disk that the system itself runs from is none of them, even where it is a USB stick.
        """
        try:
            lines = self._mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            return ()
        table = [line.split()[:4] for line in lines]
        disks = [self._disk(Path(device)) for device, *_ in table]
        system = {disk for disk, (_, where, *_) in zip(disks, table, strict=True) if _decoded(where) in SYSTEM_PLACES}
        found = {}
        for disk, (_, place, filesystem, options) in zip(disks, table, strict=True):
            if disk is not None and disk not in system and _removable(disk):
                path = Path(_decoded(place))
                name = path.name.encode("utf-8", "replace").decode("utf-8", "replace")
                found[path] = Drive(name, path, _free_bytes(path), "ro" in options.split(","), filesystem)
        return tuple(found[path] for path in sorted(found))

    def _disk(self, device: Path) -> Path | None:
        """The sysfs folder of the whole disk that a device is, or is a partition of; None for what is no disk."""
        link = self._block_classes / device.name
        try:
            real = link.resolve(strict=True)
        except OSError:
            return None
        return real.parent if (real / "partition").exists() else real


def _removable(disk: Path) -> bool:
    """On USB, or flagged so."""
    try:
        return "/usb" in str(disk) or (disk / "removable").read_text(encoding="ascii").strip() == "1"
    except OSError:  # it was pulled between two looks
        return False


def _decoded(field: str) -> str:
    """The table writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _free_bytes(path: Path) -> int:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return 0
