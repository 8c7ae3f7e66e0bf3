"""Folders that forget what is written are recognised by the kernel's table of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.mounts import lost_at_restart

TABLE = b"""overlay / overlay rw,lowerdir=/ro,upperdir=/rw 0 0
tmpfs /run tmpfs rw,nosuid 0 0
/dev/sda1 /var/lib/teachable-kiosk ext4 rw,relatime 0 0
/dev/sda2 /media/my\\040disk ext4 ro,relatime 0 0
/dev/sda3 /media/\xffodd\x85 vfat rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/pi", "an overlay file system"),
        ("/run/user", "a file system in memory"),
        ("/var/lib/teachable-kiosk/models", ""),
        ("/var/lib/teachable-kiosk-old", "an overlay file system"),
        ("/media/my disk/x", "a read-only file system"),
    ],
)
def test_the_nearest_mount_decides(folder: str, kind: str, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_bytes(TABLE)
    assert lost_at_restart(Path(folder), mounts) == kind


def test_the_later_of_two_mounts_in_one_place_counts(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"/dev/sda1 / ext4 rw 0 0\noverlay / overlay rw 0 0\n")
    assert lost_at_restart(Path("/x"), mounts) == "an overlay file system"


def test_a_system_without_the_table_is_not_blamed(tmp_path: Path) -> None:
    assert lost_at_restart(Path("/x"), tmp_path / "missing") == ""
