"""Drives that the kiosk mounts with udisks2, that the system mounted, and that stay unmounted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.devices.drive import LEFT_TO_THE_SYSTEM
from app.devices.udisks import CLOSING_S, MountingDrives, UDisks
from tests.support.disks import Sticks, run
from tests.support.udisks import UDISKS, UDisksService, private_bus, udisks_service
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    with private_bus(tmp_path) as address:
        yield address


@pytest.fixture
def service(bus: str, tmp_path: Path) -> Iterator[UDisksService]:
    with udisks_service(bus, tmp_path / "media") as service:
        yield service


@pytest.fixture
def drives(bus: str, socket: Sticks) -> Iterator[MountingDrives]:
    drives = MountingDrives(socket.drives, UDisks(bus))
    yield drives
    drives.close()


def test_an_unmounted_drive_is_mounted_without_programs_and_devices(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    disk = socket.plug_in(mounted=False)
    (drive,) = drives.present()
    assert drive.device == disk.device
    assert os.path.ismount(drive.path)
    options = next(line.split()[3] for line in Path("/proc/mounts").read_text().splitlines() if str(drive.path) in line)
    assert {"nosuid", "nodev", "noexec"} <= set(options.split(","))
    assert service.options["auth.no_user_interaction"] == ("b", True)
    assert drives.unmounted() == ()


def test_a_released_drive_is_unmounted_switched_off_and_not_mounted_again(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    disk = socket.plug_in(mounted=False)
    (drive,) = drives.present()
    (drive.path / "model").write_text("saved")
    assert drives.release(drive) == ""
    assert not os.path.ismount(drive.path)
    assert drives.present() == drives.unmounted() == ()
    name = Path(disk.device).name
    assert service.calls == [("Mount", name), ("Unmount", name), ("PowerOff", "Stick")]
    disk.mount()
    assert (disk.path / "model").read_text() == "saved"


def test_a_disk_that_cannot_be_switched_off_may_be_pulled_once_it_is_unmounted(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    service.switch = False
    socket.plug_in(mounted=False)
    (drive,) = drives.present()
    assert drives.release(drive) == ""
    assert "PowerOff" not in dict(service.calls)


def test_a_drive_that_the_system_mounted_stays_mounted(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    disk = socket.plug_in()
    (drive,) = drives.present()
    assert drives.release(drive) == ""
    assert os.path.ismount(disk.path)
    assert service.calls == []


def test_a_drive_with_the_device_name_of_an_earlier_one_stays_mounted_if_the_system_mounted_it(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    disk = socket.plug_in(mounted=False)
    (drive,) = drives.present()
    entry = disk.entry
    assert entry is not None
    block = entry.readlink()
    run("umount", drive.path)  # pulled: the next one gets the same device name
    entry.unlink()
    assert drives.present() == ()
    entry.symlink_to(block)
    disk.mount()
    (other,) = drives.present()
    assert other.device == drive.device
    assert drives.release(other) == ""
    assert os.path.ismount(disk.path)
    assert [name for name, _ in service.calls] == ["Mount"]


def test_a_drive_that_another_program_uses_is_not_reported_as_safe(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    socket.plug_in(mounted=False)
    (drive,) = drives.present()
    with (drive.path / "film.mp4").open("w"):
        note = drives.release(drive)
    assert str(note) == f"Another program uses the drive {drive.name}: close it before you pull the drive out."
    assert drives.present() == (drive,)
    assert drives.release(drive) == ""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            f"{UDISKS}.Error.NotAuthorizedCanObtain",
            "the kiosk may not mount it. Install the kiosk's rule for polkit: see docs/operating.md.",
        ),
        (
            "org.freedesktop.DBus.Error.UnknownMethod",
            "it holds no file system that this system knows. Format it as FAT or exFAT.",
        ),
        (
            f"{UDISKS}.Error.Failed",
            "its file system is damaged or unknown here. Repair it on a computer, or format it.",
        ),
        (f"{UDISKS}.Error.TimedOut", "it cannot be mounted. Try it on a computer, or use another drive."),
    ],
)
def test_a_drive_that_cannot_be_mounted_is_tried_once_and_has_a_reason(
    service: UDisksService, drives: MountingDrives, socket: Sticks, error: str, reason: str
) -> None:
    service.refusal = error
    disk = socket.plug_in(mounted=False)
    for _ in range(3):
        assert drives.present() == ()
    (left,) = drives.unmounted()
    assert (left.device, str(left.reason)) == (disk.device, reason)
    assert [call for call, _ in service.calls] == ["Mount"]


def test_without_udisks_mounting_is_left_to_the_system(drives: MountingDrives, socket: Sticks) -> None:
    disk = socket.plug_in(mounted=False)
    assert drives.present() == ()
    (left,) = drives.unmounted()
    assert str(left.reason) == (
        "it is not mounted, and the kiosk cannot mount it. Install udisks2 and the extra [drives], "
        "or let the system mount what is plugged in."
    )
    disk.mount()
    assert [drive.path for drive in drives.present()] == [disk.path]
    assert drives.unmounted() == ()


def test_udisks_that_starts_later_is_used(drives: MountingDrives, bus: str, socket: Sticks, tmp_path: Path) -> None:
    socket.plug_in(mounted=False)
    assert drives.present() == ()
    with udisks_service(bus, tmp_path / "media"):
        assert len(drives.present()) == 1
        drives.close()


def test_a_closing_kiosk_does_not_wait_for_a_service_that_hangs(
    service: UDisksService, drives: MountingDrives, socket: Sticks
) -> None:
    service.hang()
    socket.plug_in(mounted=False)
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(drives.present()), daemon=True)
    asking.start()
    wait_until(lambda: service.calls != [])
    closing_since_s = time.monotonic()
    drives.hurry()
    asking.join(20)
    assert answers == [()]
    assert time.monotonic() - closing_since_s < CLOSING_S + 2  # and not half a minute


def test_without_a_bus_nothing_fails(tmp_path: Path, socket: Sticks) -> None:
    drives = MountingDrives(socket.drives, UDisks(f"unix:path={tmp_path}/none"))
    socket.plug_in(mounted=False)
    assert drives.present() == ()
    assert [one.reason for one in drives.unmounted()] == [LEFT_TO_THE_SYSTEM]


REAL = """
import sys
from pathlib import Path
from app.devices.drive import MountedDrives
from app.devices.udisks import MountingDrives, UDisks
drives = MountingDrives(MountedDrives(block_classes=Path(sys.argv[1])), UDisks(sys.argv[2]))
(drive,) = drives.present()
(drive.path / "model").write_text("saved")
print(drive.name, drive.filesystem, drive.path.is_mount())
print(repr(drives.release(drive)), drive.path.is_mount(), drives.present(), drives.unmounted())
drives.close()
"""
STATION = """
mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/udev /run/lock || exit 9
/lib/systemd/systemd-udevd >/dev/null 2>&1 & udevd=$!
/usr/libexec/udisks2/udisksd >"$4/udisksd.log" 2>&1 & udisksd=$!
trap 'kill $udisksd $udevd' EXIT
for _ in $(seq 100); do udevadm control --ping --timeout=20 2>/dev/null && break; sleep 0.1; done
echo change >"/sys/class/block/$3/uevent" && udevadm settle --timeout=20
for _ in $(seq 100); do udisksctl info -b "/dev/$3" >/dev/null 2>&1 && break; sleep 0.1; done
timeout 60 "$1" -c "$2" "$4/usb/class" "$DBUS_SYSTEM_BUS_ADDRESS"
"""


@pytest.mark.skipif(
    not os.access("/usr/libexec/udisks2/udisksd", os.X_OK) or shutil.which("udevadm") is None or os.geteuid() != 0,
    reason="needs root and udisks2: install it with `sudo apt install udisks2`",
)
def test_the_real_udisks_mounts_and_unmounts(socket: Sticks, bus: str, tmp_path: Path) -> None:
    """Run the real service, with udev, in a mount namespace of its own."""
    disk = socket.plug_in(label="HOLIDAY", mounted=False)
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", STATION, "-", sys.executable, REAL, Path(disk.device).name, str(tmp_path)],
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus}, cwd=REPOSITORY, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["HOLIDAY ext4 True", "'' False () ()"], done.stderr
    disk.mount()
    assert (disk.path / "model").read_text() == "saved"
