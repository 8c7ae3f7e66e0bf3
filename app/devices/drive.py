"""Find removable disks in the mount table and in sysfs, both mounted and unmounted ones."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.base.i18n import Text, message
from app.base.ports import Drive, UnmountedDrive

SYSTEM_MOUNT_POINTS = {"/", "/boot", "/boot/efi", "/boot/firmware", "/home", "/usr", "/var"}
MOUNT_FIELDS = 4  # device, mount point, file system, options; two numbers follow
LEFT_TO_THE_SYSTEM = message(
    "it is not mounted, and the kiosk cannot mount it. Install udisks2 and the extra [drives], "
    "or let the system mount what is plugged in."
)


@dataclass(frozen=True)
class _Mount:
    device: Path
    mount_point: Path
    filesystem: str
    read_only: bool


class MountedDrives:
    """Lists removable disks from the kernel's tables. It needs no service and no privileges, and mounts nothing.

    Args:
        mounts: The mount table.
        block_classes: The folder of sysfs with a link for every block device.
        labels: The folder of udev with a link for every labelled file system.
    """

    def __init__(
        self,
        mounts: Path = Path("/proc/self/mounts"),
        block_classes: Path = Path("/sys/class/block"),
        labels: Path = Path("/dev/disk/by-label"),
    ) -> None:
        self._mounts, self._block_classes, self._labels = mounts, block_classes, labels
        self._disks: dict[tuple[str, str], Path] = {}
        self._known: tuple[bytes, list[_Mount]] = b"", []  # the mount table, which seldom changes

    def present(self) -> tuple[Drive, ...]:
        """The removable disks that are mounted now, sorted by mount point.

        A disk that the system runs from is left out, even if it is a USB stick.
        """
        table = self._table()
        system, labels = self._system_disks(table), self._label_by_device()
        found = {}
        for mount in table:
            disk = self._disk(mount.device)
            if disk is not None and disk not in system and _removable(disk):
                name = labels.get(mount.device.name) or mount.mount_point.name
                free_bytes = _free_bytes(mount.mount_point)
                found[mount.mount_point] = Drive(
                    _shown(name), mount.mount_point, free_bytes, mount.read_only, mount.filesystem, str(mount.device)
                )
        return tuple(found[place] for place in sorted(found))

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """The partitions of removable disks, or whole disks without partitions, that are not mounted."""
        table = self._table()
        system, labels = self._system_disks(table), self._label_by_device()
        mounted = {mount.device.name for mount in table}
        return tuple(
            UnmountedDrive(_shown(labels.get(name, name)), f"/dev/{name}", LEFT_TO_THE_SYSTEM)
            for name, disk in self._mountable()
            if name not in mounted and disk not in system and _removable(disk)
        )

    def release(self, drive: Drive) -> Text:
        """Do nothing: another program mounted the drive, and everything that was saved is on it already."""
        return ""

    def hurry(self) -> None:
        """Do nothing: no call waits."""

    def _table(self) -> list[_Mount]:
        try:
            data = self._mounts.read_bytes()
        except OSError:
            return []
        before, table = self._known
        if data != before:
            table = _mounts_in(data)
            self._known = data, table
        return table

    def _system_disks(self, table: list[_Mount]) -> set[Path | None]:
        return {self._disk(mount.device) for mount in table if str(mount.mount_point) in SYSTEM_MOUNT_POINTS}

    def _mountable(self) -> Iterator[tuple[str, Path]]:
        """Names of block devices that may have a file system, with the sysfs folder of their whole disk."""
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
        """The sysfs folder of the whole disk that a device is or is part of; None if it is not a disk."""
        link = self._block_classes / device.name
        try:
            known = device.name, str(link.readlink())  # another disk of the same name is in another place
            if known not in self._disks:
                real = link.resolve(strict=True)
                self._disks[known] = real.parent if (real / "partition").exists() else real
        except OSError:
            return None
        return self._disks[known]

    def _label_by_device(self) -> dict[str, str]:
        try:
            return {link.resolve().name: _unescaped(link.name) for link in self._labels.iterdir()}
        except OSError:  # no udev, or no labels
            return {}


def _mounts_in(table: bytes) -> list[_Mount]:
    rows = [fields for line in table.split(b"\n") if len(fields := line.split(b" ")) >= MOUNT_FIELDS]
    return [
        _Mount(Path(_decoded(device)), Path(_decoded(place)), os.fsdecode(filesystem), b"ro" in options.split(b","))
        for device, place, filesystem, options, *_ in rows
        if b"\0" not in device + place
    ]


def _removable(disk: Path) -> bool:
    """Whether a disk is on USB, or the kernel calls it removable."""
    try:
        return "/usb" in str(disk) or (disk / "removable").read_text(encoding="ascii").strip() == "1"
    except OSError:  # it was pulled meanwhile
        return False


def _sectors(block: Path) -> int:
    """The size of a block device in sectors; 0 for a card reader without a card."""
    try:
        return int((block / "size").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _has_entries(folder: Path) -> bool:
    """Whether a folder has entries; in `holders` they mean that something uses the device, e.g. an encrypted volume."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _decoded(field: bytes) -> str:
    """Decode a field of the mount table, in which the kernel writes space, tab, newline and backslash in octal.

    Everything else is as it is in the name, also what other programs count as white space or as the end of a line.
    """
    return os.fsdecode(re.sub(rb"\\([0-3][0-7]{2})", lambda match: bytes([int(match[1], 8)]), field))


def _unescaped(name: str) -> str:
    """Decode a label of udev, which has bytes that are unsafe in file names as hexadecimal numbers."""
    raw = re.sub(
        rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), name.encode("utf-8", "surrogateescape")
    )
    return raw.decode("utf-8", "replace")


def _shown(name: str) -> str:
    """Replace what must not be shown: broken characters, and those that move the cursor or reverse the text."""
    whole = name.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in whole)


def _free_bytes(place: Path) -> int:
    """The free space; 0 if the drive was pulled meanwhile."""
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return 0
