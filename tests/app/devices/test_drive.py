"""Removable disks in the kernel's tables: which are drives, which could be mounted, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.devices.drive import MountedDrives


def test_usb_disks_are_drives_and_built_in_disks_are_not(tmp_path: Path) -> None:
    block = tmp_path / "block"
    for name, where in (("sda1", "pci0/usb1/sda/sda1"), ("nvme0n1p1", "pci0/nvme/nvme0n1/nvme0n1p1")):
        real = tmp_path / "devices" / where
        real.mkdir(parents=True)
        (real / "partition").write_text("1\n")
        (real.parent / "removable").write_text("0\n")
        block.mkdir(exist_ok=True)
        (block / name).symlink_to(real)
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/nvme0n1p1 / ext4 rw 0 0\n/dev/sda1 /media/MY\\040STICK vfat ro,nosuid 0 0\nproc /proc proc rw 0 0\n"
    )
    (drive,) = MountedDrives(mounts, block).present()
    assert (drive.name, drive.path, drive.read_only) == ("MY STICK", Path("/media/MY STICK"), True)


def sysfs_with_partition(root: Path, *, usb: bool) -> Path:
    """A sysfs with the disk sda and one partition; returns its folder of block devices."""
    disk = root / ("devices/usb1/block/sda" if usb else "devices/ata1/block/sda")
    (disk / "sda1").mkdir(parents=True)
    (disk / "sda1" / "partition").write_text("1")
    (disk / "removable").write_text("0")
    classes = root / "class"
    classes.mkdir()
    (classes / "sda").symlink_to(disk)
    (classes / "sda1").symlink_to(disk / "sda1")
    return classes


def test_a_stick_that_the_system_runs_from_is_not_a_drive(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /mnt/data ext4 rw 0 0\n")
    assert MountedDrives(mounts, sysfs_with_partition(tmp_path, usb=True)).present() == ()


def test_a_stick_whose_name_is_not_text_is_listed(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"/dev/sda1 /media/\xffSTICK vfat rw 0 0\n/dev/gone1 /media/x vfat rw 0 0\n")
    (drive,) = MountedDrives(mounts, sysfs_with_partition(tmp_path, usb=True)).present()
    assert drive.name == "?STICK"


def disk_in(root: Path, name: str = "sda", *, size: int = 100, partitions: int = 1, holder: bool = False) -> Path:
    """A sysfs with one USB disk; returns its folder of block devices."""
    classes = root / "class"
    classes.mkdir(parents=True)
    disk = root / "devices" / "usb1" / "block" / name
    disk.mkdir(parents=True)
    (disk / "removable").write_text("1\n")
    (disk / "size").write_text(f"{size}\n")
    (classes / name).symlink_to(disk)
    for number in range(1, partitions + 1):
        part = disk / f"{name}{number}"
        (part / "holders").mkdir(parents=True)
        (part / "partition").write_text(f"{number}\n")
        (part / "size").write_text(f"{size - 1}\n")
        if holder:
            (part / "holders" / "dm-0").mkdir()
        (classes / part.name).symlink_to(part)
    return classes


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"partitions": 2}, ["/dev/sda1", "/dev/sda2"]),
        ({"partitions": 0}, ["/dev/sda"]),
        ({"partitions": 0, "size": 0}, []),  # a card reader without a card
        ({"holder": True}, []),  # an open encrypted volume uses it
    ],
)
def test_unmounted_partitions_are_found(tmp_path: Path, settings: dict[str, int], found: list[str]) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("proc /proc proc rw 0 0\n")
    drives = MountedDrives(mounts, disk_in(tmp_path, **settings), tmp_path / "labels")  # type: ignore[arg-type]
    assert [one.device for one in drives.unmounted()] == found


def test_the_label_is_the_name_without_characters_that_must_not_be_shown(tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    device = tmp_path / "dev" / "sda1"
    device.parent.mkdir()
    device.touch()
    (labels / "MY\\x20ST\\xc4\\xb0CK\\x1b").symlink_to(device)
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 /media/usb0 vfat rw 0 0\n")
    (drive,) = MountedDrives(mounts, disk_in(tmp_path), labels).present()
    assert drive.name == "MY STİCK?"


@pytest.mark.parametrize(
    "name",
    ["MY\rDISK", "MY\x85DISK", "MY\u2028DISK", "MY\x0bDISK", "MY\x1cDISK", "MY\u00a0DISK", "MY\u3000DISK", "MY DISK"],
    ids=ascii,
)
def test_a_name_with_any_white_space_is_one_drive_and_hides_no_other(name: str, tmp_path: Path) -> None:
    """The kernel writes space, tab, newline and backslash in octal, and everything else as it is."""
    place = f"/media/{name}".encode().replace(b" ", b"\\040")
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"/dev/sda1 " + place + b" vfat rw 0 0\n/dev/sda1 /media/other vfat ro 0 0\nbroken line\n\n")
    named, other = MountedDrives(mounts, sysfs_with_partition(tmp_path, usb=True)).present()
    assert named.path == Path(f"/media/{name}")
    assert named.name == "".join(char if char.isprintable() else "?" for char in name)
    assert (other.path, other.read_only) == (Path("/media/other"), True)
