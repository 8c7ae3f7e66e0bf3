"""USB sticks made of files: real file systems that tests plug in, fill, write-protect and pull out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from app.devices.drive import MountedDrives

PROGRAMS = {  # by kind: what makes it, what mounts it, and their Debian packages
    "ext4": {"losetup": "mount", "mkfs.ext4": "e2fsprogs"},
    "exfat": {"losetup": "mount", "mkfs.exfat": "exfatprogs", "mount.exfat-fuse": "exfat-fuse"},
    "fat": {"mkfs.vfat": "dosfstools", "fusefat": "fusefat", "fusermount": "fuse"},
}
BIGGEST_LABEL = 11  # characters of a FAT label


def run(*words: str | Path) -> str:
    """Run a program that must succeed; returns its output."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


class Disk:
    """A stick of `size_mb` that is plugged in and mounted at `path`. Made by `Sticks.plug_in`.

    Attributes:
        image: The file with the file system.
        device: Its loop device; empty for FAT, because FUSE mounts the image itself.
        entry: Its link in the simulated sysfs; None without a device.
    """

    entry: Path | None = None

    def __init__(self, folder: Path, kind: str, label: str, size_mb: int, *, mounted: bool = True) -> None:
        self.kind, self.label = kind, label
        self.image, self.path = folder / f"{label}.img", folder / "media" / label
        self.path.mkdir(parents=True)
        with self.image.open("wb") as file:
            file.truncate(size_mb << 20)
        flags = {"ext4": ["-q", "-m", "0", "-L", label], "exfat": ["-L", label], "fat": ["-n", label[:BIGGEST_LABEL]]}
        run({"ext4": "mkfs.ext4", "exfat": "mkfs.exfat", "fat": "mkfs.vfat"}[kind], *flags[kind], self.image)
        self.device = "" if kind == "fat" else run("losetup", "-f", "--show", self.image)
        if mounted:
            self.mount()

    def mount(self, *, read_only: bool = False) -> None:
        """Mount the stick, as a desktop would."""
        if self.kind == "fat":
            subprocess.run(
                ["fusefat", "-o", "ro" if read_only else "rw+", str(self.image), str(self.path)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=True,
            )  # fmt: skip
        elif self.kind == "exfat":
            run("mount.exfat-fuse", *(["-o", "ro"] if read_only else []), self.device, self.path)
        else:
            run("mount", *(["-o", "ro"] if read_only else []), self.device, self.path)

    def unmount(self) -> None:
        """Unmount the stick, as a desktop would."""
        run(*(["fusermount", "-u"] if self.kind == "fat" else ["umount"]), self.path)

    def write_protect(self) -> None:
        """Set the write protection."""
        if (
            self.kind == "ext4"
        ):  # it cannot be mounted anew while another process still has it in a namespace of its own
            run("mount", "-o", "remount,ro", self.path)
            return
        self.unmount()
        self.mount(read_only=True)

    def fill_up(self, leave_bytes: int) -> None:
        """Fill the stick until `leave_bytes` are free."""
        with (self.path / "filler.bin").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.path).free - leave_bytes)

    def pull(self) -> None:
        """Pull the stick out without unmounting it; programs that still use it keep the device until they close it."""
        if os.path.ismount(self.path):
            run("umount", "-l", self.path)
        if self.entry is not None:
            self.entry.unlink()
        if self.device:
            run("losetup", "-d", self.device)
            self.device = ""

    def close(self) -> None:
        """Unmount the stick and free its device."""
        if os.path.ismount(self.path):
            subprocess.run(["umount", "-l", str(self.path)], check=False)
        if self.device:
            subprocess.run(["losetup", "-d", self.device], check=False)


@contextmanager
def sticks(folder: Path) -> Iterator[Sticks]:
    """Yields a place to plug sticks in; removes them all at the end."""
    with ExitStack() as stack:
        yield Sticks(folder, stack)


class Sticks:
    """A place to plug sticks in. `drives` lists only these sticks as removable."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._classes = folder / "class"
        self._classes.mkdir(parents=True)
        self.drives = MountedDrives(block_classes=self._classes, labels=folder / "no-labels")

    def plug_in(self, kind: str = "ext4", label: str = "STICK", size_mb: int = 32, *, mounted: bool = True) -> Disk:
        """Make a stick with a file system of a kind, and plug it in.

        The kernel mounts ext4; FUSE mounts exFAT and FAT, which the kernels of few test machines support.
        """
        if os.geteuid() != 0:
            pytest.skip("needs root, to mount file systems on loop devices")
        for program, package in PROGRAMS[kind].items():
            if shutil.which(program) is None:
                pytest.skip(f"needs {program}: install it with `sudo apt install {package}`")
        if kind != "fat" and subprocess.run(["losetup", "-f"], capture_output=True, check=False).returncode != 0:
            pytest.skip("needs loop devices: /dev/loop-control is missing or may not be used here")
        if kind != "ext4" and not Path("/dev/fuse").exists():
            pytest.skip("needs FUSE: /dev/fuse is missing here")
        disk = Disk(self._folder, kind, label, size_mb, mounted=mounted)
        self._stack.callback(disk.close)
        if disk.device:
            disk.entry = self._on_usb(Path(disk.device).name, size_mb)
        return disk

    def _on_usb(self, name: str, size_mb: int) -> Path:
        """Simulate the sysfs entry of a USB stick, because loop devices are not on USB; returns the entry."""
        block = self._folder / "devices" / "usb1" / "block" / name
        (block / "holders").mkdir(parents=True, exist_ok=True)
        (block / "removable").write_text("1\n")
        (block / "size").write_text(f"{size_mb << 11}\n")
        entry = self._classes / name
        entry.symlink_to(block)
        return entry
