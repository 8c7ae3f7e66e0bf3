"""Cameras and drives, on files and events made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.errors import CameraUnavailable
from app.demo.camera import DemonstrationCamera
from app.devices.camera import AutoCamera, open_camera
from app.devices.drive import MountedDrives

pytestmark = pytest.mark.needs_runtime


def test_a_folder_plays_its_pictures_in_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.full((8, 8, 3), (10, 20, 200), np.uint8))
    (tmp_path / "notes.txt").write_text("ignored")
    camera = open_camera(str(tmp_path))
    assert camera.read()[0, 0].tolist() == [200, 20, 10]
    assert camera.name == tmp_path.name


def test_a_video_loops(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 200, (64, 48))
    for level in (40, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    camera = open_camera(str(path))
    levels = [int(camera.read().mean()) for _ in range(4)]
    camera.close()
    assert [level > 120 for level in levels] == [False, True, False, True]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("7", "it delivers no pictures. Check its cable, or name another one with --camera."),
        ("/dev/video99", "it delivers no pictures. Check its cable, or name another one with --camera."),
        (
            "http://127.0.0.1:9/none",
            "it delivers no pictures. Check the address and the network, or name another one with --camera.",
        ),
        (
            "nowhere",
            "there is no such device, file or folder. Check how it is written, or name another one with --camera.",
        ),
    ],
)
def test_a_camera_that_is_not_there_says_what_to_do(source: str, told: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(source)
    assert str(caught.value) == f"camera {source}: {told}"


def test_a_folder_without_pictures_and_a_file_that_is_no_video_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(str(tmp_path))
    assert str(caught.value) == (f"camera {tmp_path}: it holds no pictures. Put JPEG, PNG or BMP files into it.")
    (tmp_path / "notes.txt").write_text("no video")
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(str(tmp_path / "notes.txt"))
    assert str(caught.value) == (
        f"camera {tmp_path / 'notes.txt'}: it is no video that can be played. Name another with --camera."
    )


def test_a_password_in_a_stream_s_address_is_never_shown() -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera("http://me:secret@127.0.0.1:9/none")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_the_table_shows_what_is_put_on_it_and_views_differ() -> None:
    camera = DemonstrationCamera(sleep=lambda _s: None, clock=lambda: 0.0)
    camera.show("apple")
    apple = camera.read().astype(int)
    camera.show(None)
    assert np.abs(apple - camera.read()).mean() > 3
    camera.show("apple")
    camera.new_view()
    assert np.abs(apple - camera.read()).mean() > 3


def test_the_same_seed_renders_the_same_picture() -> None:
    one, other = (DemonstrationCamera(seed=4, sleep=lambda _s: None, clock=lambda: 0.0).read() for _ in range(2))
    assert np.array_equal(one, other)


def test_an_unplugged_camera_raises_and_comes_back() -> None:
    camera = DemonstrationCamera(sleep=lambda _s: None)
    camera.unplug()
    with pytest.raises(CameraUnavailable):
        camera.read()
    camera.plug_in()
    assert camera.read().shape == (480, 640, 3)


def test_usb_disks_are_drives_and_built_in_ones_are_not(tmp_path: Path) -> None:
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


def sysfs(root: Path, *, usb: bool) -> Path:
    """A disk sda with one partition."""
    disk = root / ("devices/usb1/block/sda" if usb else "devices/ata1/block/sda")
    (disk / "sda1").mkdir(parents=True)
    (disk / "sda1" / "partition").write_text("1")
    (disk / "removable").write_text("0")
    classes = root / "class"
    classes.mkdir()
    (classes / "sda").symlink_to(disk)
    (classes / "sda1").symlink_to(disk / "sda1")
    return classes


def test_a_stick_that_the_system_runs_from_is_no_drive(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /mnt/data ext4 rw 0 0\n")
    assert MountedDrives(mounts, sysfs(tmp_path, usb=True)).present() == ()


def test_a_stick_with_an_odd_name_is_listed_all_the_same(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"/dev/sda1 /media/\xffSTICK vfat rw 0 0\n/dev/gone1 /media/x vfat rw 0 0\n")
    (drive,) = MountedDrives(mounts, sysfs(tmp_path, usb=True)).present()
    assert drive.name == "?STICK"


class Webcam:
    """A camera on a list of devices that a test plugs and pulls."""

    def __init__(self) -> None:
        self.devices: list[str] = []
        self.name = "webcam"

    def find(self) -> Webcam:
        if "/dev/video0" not in self.devices:
            raise CameraUnavailable("auto", "no camera was found.")
        return self

    def read(self) -> Any:
        if "/dev/video0" not in self.devices:
            raise CameraUnavailable("webcam", "it was unplugged.")
        return np.zeros((4, 4, 3), np.uint8)

    def close(self) -> None:
        pass


def test_the_stand_in_gives_way_to_the_first_camera_and_never_comes_back() -> None:
    webcam, now_s = Webcam(), [0.0]
    webcam.devices = ["/dev/video10"]  # a codec, not a camera: it must not make the stand-in give way again and again
    table = DemonstrationCamera(sleep=lambda _s: None)
    auto = AutoCamera(table, find=webcam.find, list_candidates=lambda: webcam.devices, clock=lambda: now_s[0])
    shown = auto.open()
    assert shown.name == "demonstration"
    now_s[0] = 10.0
    shown.read()
    webcam.devices = ["/dev/video0", "/dev/video10"]
    now_s[0] = 20.0
    with pytest.raises(CameraUnavailable):
        shown.read()
    assert auto.open().name == "webcam"
    webcam.devices = ["/dev/video10"]
    with pytest.raises(CameraUnavailable):
        auto.open()
    webcam.devices = ["/dev/video0"]
    assert auto.open().name == "webcam"
