"""Removable disks, from the mount table and sysfs: what is mounted, and what is plugged in but is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.base.i18n import Text, message
from app.base.ports import Drive, UnmountedDrive

SYSTEM_PLACES = {"/", "/boot", "/boot/efi", "/boot/firmware", "/home", "/usr", "/var"}
LEFT_TO_THE_SYSTEM = message(
    "it is not mounted, and the kiosk cannot mount it. Install udisks2 and the extra [drives], "
    "or let the system mount what is plugged in."
)


@dataclass(frozen=True)
class _Mount:
    device: Path
    place: Path
    filesystem: str
    read_only: bool


class MountedDrives:
    """Reads the kernel's own tables: no daemon and no rights are needed. It mounts nothing.

    Args:
        mounts: The mount table.
        block_classes: sysfs folder with a link for every block device.
        labels: udev's folder with a link for every labelled file system.
    """

    def __init__(
        self,
        mounts: Path = Path("/proc/self/mounts"),
        block_classes: Path = Path("/sys/class/block"),
        labels: Path = Path("/dev/disk/by-label"),
    ) -> None:
        self._mounts, self._block_classes, self._labels = mounts, block_classes, labels

    def present(self) -> tuple[Drive, ...]:
        """Removable disks mounted at this moment, in the order of their mount points.

        A disk that the system itself runs from is none of them, even where it is a USB stick.
        """
        table = self._table()
        system, labels = self._system_disks(table), self._label_by_device()
        found = {}
        for mount in table:
            disk = self._disk(mount.device)
            if disk is not None and disk not in system and _removable(disk):
                name = labels.get(mount.device.name) or mount.place.name
                free, total = _room_bytes(mount.place)
                found[mount.place] = Drive(
                    _shown(name), mount.place, free, mount.read_only, mount.filesystem, str(mount.device), total
                )
        return tuple(found[place] for place in sorted(found))

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """Partitions of removable disks, or whole disks without any, that are mounted nowhere."""
        table = self._table()
        system, labels = self._system_disks(table), self._label_by_device()
        mounted = {mount.device.name for mount in table}
        return tuple(
            UnmountedDrive(_shown(labels.get(name, name)), f"/dev/{name}", LEFT_TO_THE_SYSTEM)
            for name, disk in self._mountable()
            if name not in mounted and disk not in system and _removable(disk)
        )

    def release(self, drive: Drive) -> Text:
        """Whatever is mounted was mounted by somebody else and stays so; what was saved is on the medium."""
        return ""

    def hurry(self) -> None:
        """Nothing here is ever waited for."""

    def _table(self) -> list[_Mount]:
        try:
            lines = self._mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            return []
        rows = [line.split()[:4] for line in lines]
        return [
            _Mount(Path(_decoded(device)), Path(_decoded(place)), filesystem, "ro" in options.split(","))
            for device, place, filesystem, options in rows
        ]

    def _system_disks(self, table: list[_Mount]) -> set[Path | None]:
        return {self._disk(mount.device) for mount in table if str(mount.place) in SYSTEM_PLACES}

    def _mountable(self) -> Iterator[tuple[str, Path]]:
        """Names of block devices that may hold a file system, with the sysfs folder of their whole disk."""
        try:
            names = sorted(link.name for link in self._block_classes.iterdir())
        except OSError:
            return
        for name in names:
            disk = self._disk(Path(name))
            if disk is None:
                continue
            own = disk if disk.name == name else disk / name
            if _sectors(own) and not _has_entries(own / "holders") and not any(own.glob("*/partition")):
                yield name, disk

    def _disk(self, device: Path) -> Path | None:
        """The sysfs folder of the whole disk that a device is, or is a partition of; None for what is no disk."""
        link = self._block_classes / device.name
        try:
            real = link.resolve(strict=True)
        except OSError:
            return None
        return real.parent if (real / "partition").exists() else real

    def _label_by_device(self) -> dict[str, str]:
        try:
            return {link.resolve().name: _unescaped(link.name) for link in self._labels.iterdir()}
        except OSError:  # no udev, or no label
            return {}


def _removable(disk: Path) -> bool:
    """On USB, or flagged so."""
    try:
        return "/usb" in str(disk) or (disk / "removable").read_text(encoding="ascii").strip() == "1"
    except OSError:  # it was pulled between two looks
        return False


def _sectors(block: Path) -> int:
    """Its size in sectors; 0 for a card reader without a card."""
    try:
        return int((block / "size").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _has_entries(folder: Path) -> bool:
    """Something is built upon the device, such as an encrypted volume."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _decoded(field: str) -> str:
    """The table writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _unescaped(name: str) -> str:
    """udev writes bytes that it finds unsafe in a file name as hexadecimal numbers."""
    raw = re.sub(
        rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), name.encode("utf-8", "surrogateescape")
    )
    return raw.decode("utf-8", "replace")


def _shown(name: str) -> str:
    """Fit for the screen: no half characters, none that move the cursor or turn the writing round."""
    whole = name.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in whole)


def _room_bytes(place: Path) -> tuple[int, int]:
    """Free and in all; zeros for a drive that was pulled at this moment."""
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        return 0, 0
    return usage.free, usage.total
