"""Removable disks that are mounted, from /proc/self/mounts and sysfs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from app.ports import Drive


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
        """Removable disks mounted at this moment, in the order of their mount points."""
        try:
            lines = self._mounts.read_text(encoding="utf-8").splitlines()
        except OSError:
            return ()
        found = {}
        for line in lines:
            device, where, filesystem, options = line.split()[:4]
            path = Path(_decoded(where))
            if device.startswith("/dev/") and self._removable(Path(device).name):
                read_only = "ro" in options.split(",")
                found[path] = Drive(path.name, path, _free_bytes(path), read_only, filesystem)
        return tuple(found[path] for path in sorted(found))

    def _removable(self, device: str) -> bool:
        """On USB, or flagged so; a partition counts as its disk does."""
        link = self._block_classes / device
        if not link.exists():
            return False
        real = link.resolve()
        disk = real.parent if (real / "partition").exists() else real
        flag = disk / "removable"
        return "/usb" in str(real) or (flag.is_file() and flag.read_text(encoding="ascii").strip() == "1")


def _decoded(field: str) -> str:
    """The table writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _free_bytes(path: Path) -> int:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return 0
