"""A Raspberry Pi's camera module, read through a program that behaves like rpicam-vid, also when that fails."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.ports import Camera, SkipsPictures
from app.config.schema import CameraSettings
from app.devices import pi_camera
from app.devices.camera import candidates, check_source, first_camera, open_camera
from app.devices.motion_jpeg import JpegSplitter
from tests.support.rpicam import ORANGE, FakeRpicam, jpeg

BLUE = (20, 60, 220)
BUSY = "[0:23:54.2] [1941] ERROR Camera camera.cpp:960 Pipeline handler in use by another process\n" + (
    "ERROR: *** failed to acquire camera /base/soc/i2c0mux/i2c@1/imx708@1a ***\n"
)


@pytest.fixture
def rpicam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRpicam:
    monkeypatch.setattr(pi_camera, "connected", pi_camera.PiCameras())
    return FakeRpicam(tmp_path, monkeypatch)


def read_on(camera: Camera) -> None:
    for _ in range(100):
        camera.read()


def skip_on(camera: SkipsPictures) -> None:
    for _ in range(100):
        camera.skip()


def test_pictures_arrive_in_rgb(rpicam: FakeRpicam) -> None:
    camera = open_camera("rpicam")
    images = [camera.read() for _ in range(3)]
    camera.close()
    assert [image.shape for image in images] == [(48, 48, 3)] * 3
    assert np.abs(images[-1].mean((0, 1)) - ORANGE).max() < 6


def test_the_program_is_asked_for_the_module_and_the_size_of_the_settings(rpicam: FakeRpicam) -> None:
    settings = CameraSettings(width_px=1280, height_px=720, rate_hz=25, autofocus="once")
    open_camera("rpicam:1", settings).close()
    (call,) = rpicam.calls()
    asked = dict(zip(call[::2], call[1::2], strict=False))
    assert asked.items() >= {"--camera": "1", "--width": "1280", "--height": "720", "--framerate": "25"}.items()
    assert call[call.index("--autofocus-mode") + 1] == "auto"
    assert call[call.index("--codec") + 1] == "mjpeg"
    assert call[call.index("--output") + 1] == "-"


def test_a_slow_reader_gets_the_newest_picture(rpicam: FakeRpicam) -> None:
    rpicam.shows(*[(230, 120, number) for number in range(30)], BLUE)
    rpicam.does(count=31)
    camera = open_camera("rpicam")
    deadline_s = time.monotonic() + 60
    while len(rpicam.calls()) < 1 or camera.read().mean((0, 1))[2] < 150:
        assert time.monotonic() < deadline_s
        time.sleep(0.2)
    camera.close()


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (BUSY, "another program uses the camera module. End that program; the kiosk then continues by itself."),
        (
            "ERROR: *** no cameras available ***\n",
            "no camera module is connected. Switch the computer off and check the flat cable.",
        ),
        (
            "[0:01:02.1] [9] ERROR V4L2 v4l2_device.cpp:94 'video0': Failed to open: Permission denied\n",
            "this user may not use the camera module. Add the user to the groups video and render.",
        ),
        (
            "ERROR: *** failed to allocate capture buffers for stream ***\n",
            "there is not enough memory for the camera module. Choose a smaller picture in the settings.",
        ),
        (
            "ERROR: *** unrecognised option '--autofocus-mode' ***\n",
            "rpicam-vid is too old. Update it: sudo apt install --only-upgrade rpicam-apps",
        ),
        (
            "[0:08:01.7] [77] INFO Camera camera_manager.cpp:284 libcamera v0.3\n"
            "[0:08:01.9] [78] ERROR RPI pipeline_base.cpp:1341 the lens is too shy\n",
            "its program has ended: the lens is too shy. Check the flat cable.",
        ),
        ("", "its program has ended. The kiosk starts it again."),
    ],
)
def test_a_program_that_fails_says_why_and_what_to_do(rpicam: FakeRpicam, printed: str, reason: str) -> None:
    rpicam.does(error=printed, count=0, then=255)
    with pytest.raises(CameraUnavailable) as caught:
        open_camera("rpicam")
    assert str(caught.value) == f"camera rpicam: {reason}"


def test_a_program_that_dies_is_a_lost_camera_that_opens_again(rpicam: FakeRpicam) -> None:
    rpicam.does(count=5, then=1)
    camera = open_camera("rpicam")
    with pytest.raises(CameraUnavailable):
        read_on(camera)
    camera.close()
    rpicam.does(count=10**6)
    again = open_camera("rpicam")
    assert again.read().shape == (48, 48, 3)
    again.close()


def test_a_program_that_hangs_is_a_lost_camera_and_is_ended(
    rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pi_camera, "SILENT_S", 0.2)
    rpicam.does(count=3, then="hang")
    camera = open_camera("rpicam")
    with pytest.raises(CameraUnavailable) as caught:
        read_on(camera)
    assert str(caught.value) == ("camera rpicam: its program has stopped writing pictures. Check the flat cable.")
    camera.close()
    camera.close()
    running = subprocess.run(["pgrep", "-f", str(rpicam.folder / "rpicam-vid")], capture_output=True, check=False)
    assert running.stdout == b""


def test_a_program_that_repeats_one_picture_is_a_frozen_camera_until_its_picture_changes(
    rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pi_camera, "SILENT_S", 60)
    now_s = iter(np.arange(0.0, 1e6, 0.05))

    def opened() -> pi_camera.PiCamera:
        return pi_camera.PiCamera("rpicam:1", clock=lambda: float(next(now_s)))

    frozen = "camera rpicam:1: its picture is frozen. Check its cable, or name another one with --camera."
    camera = opened()
    with pytest.raises(CameraUnavailable) as caught:
        read_on(camera)
    camera.close()
    assert (str(caught.value), caught.value.cause) == (frozen, CameraCause.FROZEN)
    with pytest.raises(CameraUnavailable) as caught:
        opened()
    assert str(caught.value) == frozen
    rpicam.shows(ORANGE, BLUE)
    opened().close()


def test_a_torn_picture_is_left_out(rpicam: FakeRpicam) -> None:
    whole = jpeg(BLUE)
    rpicam.writes(whole[: len(whole) // 2], whole)
    camera = open_camera("rpicam")
    assert np.abs(camera.read().mean((0, 1)) - BLUE).max() < 8
    camera.close()


def test_a_skipped_picture_is_dropped_and_its_loss_is_noticed(rpicam: FakeRpicam) -> None:
    rpicam.does(count=5, then=1)
    camera = open_camera("rpicam")
    assert isinstance(camera, SkipsPictures)
    camera.skip()  # the one that arrived while it was opened
    with pytest.raises(CameraUnavailable) as caught:
        skip_on(camera)
    camera.close()
    assert str(caught.value) == "camera rpicam: its program has ended. The kiosk starts it again."


def test_without_the_program_the_error_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CameraUnavailable) as caught:
        open_camera("rpicam")
    assert str(caught.value) == "camera rpicam: rpicam-vid is not installed. Install it: sudo apt install rpicam-apps"
    assert pi_camera.PiCameras().sources() == []


@pytest.mark.parametrize("source", ["rpicam:", "rpicam:front", "rpicam:-1"])
def test_a_wrong_name_of_a_module_is_refused_before_anything_starts(rpicam: FakeRpicam, source: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        check_source(source)
    assert str(caught.value) == f"camera {source}: Write rpicam, or rpicam:1 for the second camera module."
    assert rpicam.calls() == []


def test_the_modules_are_found_like_any_other_camera(rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.camera.BY_ID", rpicam.folder / "no webcam")
    assert candidates() == ["rpicam:0", "rpicam:1"]
    camera = first_camera()
    camera.close()
    assert camera.name == "rpicam:0"


def test_a_module_that_another_program_holds_is_named_by_the_automatic_choice(
    rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.devices.camera.BY_ID", rpicam.folder / "no webcam")
    rpicam.does(error=BUSY, count=0, then=255)
    with pytest.raises(CameraUnavailable) as caught:
        first_camera()
    assert str(caught.value) == (
        "camera rpicam:0: another program uses the camera module. End that program; the kiosk then continues by itself."
    )


def test_the_list_is_asked_for_again_only_after_a_while(rpicam: FakeRpicam) -> None:
    now_s = 0.0
    cameras = pi_camera.PiCameras(clock=lambda: now_s)
    assert cameras.sources() == cameras.sources() == ["rpicam:0", "rpicam:1"]
    assert len(rpicam.calls()) == 1
    rpicam.does(list="No cameras available!\n")
    now_s = pi_camera.LISTED_FOR_S
    assert cameras.sources() == []


def test_a_program_that_lists_nothing_in_time_has_no_modules(
    rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pi_camera, "LIST_TAKES_S", 0.2)
    rpicam.does(lists_after_s=60)
    assert pi_camera.PiCameras().sources() == []


def test_fixed_light_keeps_what_was_measured_last(rpicam: FakeRpicam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pi_camera, "SETTLING_S", 0.2)
    open_camera("rpicam", CameraSettings(fixed_light=True)).close()
    measuring, fixed = rpicam.calls()
    assert "--metadata" in measuring
    assert "--shutter" not in measuring
    assert "--metadata" not in fixed
    assert int(fixed[fixed.index("--shutter") + 1]) > 1000  # the first picture's
    assert fixed[fixed.index("--gain") + 1] == "1.5"
    assert fixed[fixed.index("--awbgains") + 1] == "1.75,1.25"


def test_light_that_is_not_reported_stays_automatic() -> None:
    assert pi_camera.light('[{ "ExposureTime": 8000, "AnalogueGain": 1.0') == []


def picture_with_preview() -> bytes:
    """A JPEG whose application segment contains a whole small JPEG, as cameras write previews."""
    whole, preview = jpeg(BLUE), jpeg(ORANGE, 8)
    return whole[:2] + b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + whole[2:]


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_a_stream_is_split_wherever_its_bytes_are_cut(step: int) -> None:
    pictures = [jpeg(ORANGE), picture_with_preview(), jpeg(BLUE)]
    stream, splitter = b"noise" + b"".join(pictures), JpegSplitter()
    found = [one for at in range(0, len(stream), step) for one in splitter.pictures(stream[at : at + step])]
    assert found == pictures


def test_a_stream_that_never_ends_a_picture_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.motion_jpeg.MOST_BYTES", 1000)
    splitter, whole = JpegSplitter(), jpeg(BLUE)
    assert splitter.pictures(whole[:-2] + bytes(5000)) == []
    assert splitter.pictures(whole) == [whole]
