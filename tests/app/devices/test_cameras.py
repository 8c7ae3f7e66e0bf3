"""Cameras that play files, the automatic choice of a camera, and errors for cameras that are missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.camera_faults import CameraCause, CameraFault
from app.base.errors import CameraUnavailable
from app.base.ports import SkipsPictures
from app.config.schema import CameraSettings
from app.demo.camera import DemonstrationCamera
from app.devices.auto_camera import AutoCamera
from app.devices.camera import OpenCVCamera, candidates, check_source, first_camera, open_camera
from tests.support.closed_folders import closed_folder

pytestmark = pytest.mark.needs_runtime


def test_a_folder_of_pictures_is_a_camera_in_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.full((8, 8, 3), (10, 20, 200), np.uint8))
    (tmp_path / "notes.txt").write_text("ignored")
    camera = open_camera(str(tmp_path))
    assert camera.read()[0, 0].tolist() == [200, 20, 10]
    assert camera.name == tmp_path.name


def test_a_folder_that_is_emptied_or_deleted_is_a_lost_camera_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = np.full((8, 8, 3), 200, np.uint8)
    cv2.imwrite(str(folder / "1.png"), picture)
    camera = open_camera(str(folder))
    camera.read()
    (folder / "1.png").unlink()
    (folder / "notes.txt").touch()
    with pytest.raises(CameraUnavailable) as caught:
        any(camera.read() is None for _ in range(40))
    assert str(caught.value) == f"camera {folder}: it holds no pictures. Put JPEG, PNG or BMP files into it."
    cv2.imwrite(str(folder / "2.png"), picture)
    assert open_camera(str(folder)).read().mean() == 200


def test_a_video_starts_again_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 200, (64, 48))
    for level in (40, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    camera = open_camera(str(path))
    levels = [int(camera.read().mean()) for _ in range(4)]
    camera.close()
    assert [level > 120 for level in levels] == [False, True, False, True]


def test_a_skipped_picture_of_a_video_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 200, (64, 48))
    for level in (40, 80, 120, 160, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    for camera in (open_camera(str(path)), OpenCVCamera(str(path), "stream", cv2.CAP_FFMPEG)):
        assert isinstance(camera, SkipsPictures)
        camera.skip()
        first = int(camera.read().mean())
        camera.skip()
        assert (first > 70, int(camera.read().mean()) - first) == (True, pytest.approx(80, abs=8))
        camera.close()


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("/dev/null", "it delivers no pictures. Check its cable, or name another one with --camera."),
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
def test_the_error_for_a_missing_camera_says_what_to_do(source: str, error: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(source)
    assert str(caught.value) == f"camera {source}: {error}"
    causes = {"/dev/null": CameraCause.NOT_OPENED, "nowhere": CameraCause.FILE}
    assert caught.value.cause is causes.get(source, CameraCause.NETWORK)


def test_a_search_for_any_camera_names_each_that_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.camera.candidates", lambda: ["/dev/null", "/dev/video77"])
    with pytest.raises(CameraUnavailable) as caught:
        first_camera()
    tried = [(one.source, one.cause) for one in caught.value.faults]
    assert tried == [("/dev/null", CameraCause.NOT_OPENED), ("/dev/video77", CameraCause.NOT_CONNECTED)]
    monkeypatch.setattr("app.devices.camera.candidates", list)
    with pytest.raises(CameraUnavailable) as caught:
        first_camera()
    assert [(one.source, one.cause) for one in caught.value.faults] == [("auto", CameraCause.NONE)]


def test_the_error_for_a_folder_or_file_without_pictures_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(str(tmp_path))
    assert str(caught.value) == (f"camera {tmp_path}: it holds no pictures. Put JPEG, PNG or BMP files into it.")
    (tmp_path / "notes.txt").write_text("no video")
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(str(tmp_path / "notes.txt"))
    assert str(caught.value) == (
        f"camera {tmp_path / 'notes.txt'}: it is no video that can be played. Name another with --camera."
    )


@pytest.mark.parametrize("source", ["77", "/dev/video77"])
def test_the_error_for_a_camera_that_is_not_connected_names_those_that_are(source: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(source)
    if connected := ", ".join(candidates()):
        step = f"it is not connected. Plug it in, or name another one with --camera: {connected}."
    else:
        step = "no camera was found. Plug one in, or name a video with --camera."
    assert str(caught.value) == f"camera {source}: {step}"


def test_the_error_for_a_folder_that_this_user_may_not_read_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    with closed_folder(folder):
        for source in (folder, folder / "video.mp4"):
            for use in (open_camera, check_source):
                if source == folder and use is check_source:
                    use(str(source))  # it exists; whether it can be read is seen when it is opened
                    continue
                with pytest.raises(CameraUnavailable) as caught:
                    use(str(source))
                assert str(caught.value) == (
                    f"camera {source}: it cannot be read: Permission denied. Name another with --camera."
                )


def test_a_password_in_the_address_of_a_stream_is_never_shown() -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera("http://me:secret@127.0.0.1:9/none")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


class Webcam:
    """A camera that is present while its device is in the list `devices`."""

    def __init__(self) -> None:
        self.devices: list[str] = []
        self.name = "webcam"

    def find(self) -> Webcam:
        if "/dev/video0" not in self.devices:
            raise CameraUnavailable("auto", "no camera was found.", CameraCause.NONE)
        return self

    def read(self) -> Any:
        if "/dev/video0" not in self.devices:
            raise CameraUnavailable("webcam", "it was unplugged.")
        return np.zeros((4, 4, 3), np.uint8)

    def close(self) -> None:
        pass


def test_the_first_camera_replaces_the_stand_in_for_good() -> None:
    webcam, now_s = Webcam(), [0.0]
    webcam.devices = ["/dev/video10"]  # a codec, not a camera: it must not end the stand-in again and again
    table = DemonstrationCamera(sleep=lambda _s: None)
    auto = AutoCamera(table, find=webcam.find, list_candidates=lambda: webcam.devices, clock=lambda: now_s[0])
    shown = auto.open()
    assert shown.name == "demonstration"
    now_s[0] = 10.0
    shown.read()
    webcam.devices = ["/dev/video0", "/dev/video10"]
    now_s[0] = 20.0
    with pytest.raises(CameraUnavailable) as caught:
        shown.read()
    assert str(caught.value) == "camera demonstration: a camera was plugged in."
    assert auto.open().name == "webcam"
    webcam.devices = ["/dev/video10"]
    with pytest.raises(CameraUnavailable) as caught:
        auto.open()
    assert str(caught.value) == "camera webcam: it was unplugged. Plug it in again."
    assert caught.value.faults == (CameraFault("webcam", CameraCause.NOT_CONNECTED),)
    webcam.devices = ["/dev/video0"]
    assert auto.open().name == "webcam"


def test_a_folder_with_many_large_pictures_takes_the_memory_of_one(tmp_path: Path) -> None:
    large = np.full((1500, 2000, 3), 90, np.uint8)
    for number in range(12):
        cv2.imwrite(str(tmp_path / f"{number:02d}.jpg"), large)
    camera = open_camera(str(tmp_path))
    assert camera.read().shape == (1200, 1600, 3)
    kept = [one for one in vars(camera).values() if isinstance(one, np.ndarray)]
    assert [one.shape for one in kept] == [(1200, 1600, 3)]


def test_pictures_that_cannot_be_read_are_skipped_once_and_the_others_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))[1].tobytes()
    (tmp_path / "0 half.jpg").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(tmp_path / "1 pipe.jpg")
    (tmp_path / "2 none.png").write_bytes(b"no picture")
    (tmp_path / "3 folder.png").mkdir()
    (tmp_path / os.fsdecode(b"4 bild\xe4.png")).write_bytes(cv2.imencode(".png", np.full((8, 8, 3), 7, np.uint8))[1])
    camera = open_camera(str(tmp_path))
    assert {int(camera.read().mean()) for _ in range(40)} == {7}
    assert [message.partition(":")[0].rpartition("/")[2] for message in caplog.messages] == [
        "0 half.jpg",
        "1 pipe.jpg",
        "2 none.png",
        "3 folder.png",
    ]


def test_a_video_whose_name_is_not_utf_8_is_played(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 200, (64, 48))
    writer.write(np.full((48, 64, 3), 200, np.uint8))
    writer.release()
    odd = path.rename(tmp_path / os.fsdecode(b"film\xe4.avi"))
    camera = open_camera(str(odd))
    assert camera.read().shape == (48, 64, 3)
    assert camera.read().shape == (48, 64, 3)
    camera.close()


@pytest.mark.parametrize("address", ["HTTP://127.0.0.1:9/none", "RTSP://127.0.0.1:9/none", "Https://127.0.0.1:9/none"])
def test_the_scheme_of_an_address_may_have_any_case(address: str) -> None:
    check_source(address)
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(address)
    assert "it delivers no pictures. Check the address and the network" in str(caught.value)


@pytest.mark.parametrize("address", ["rtsp://[bad/live", "rtsp://", "http:///live", "http://\u2100/live"])
def test_an_address_that_names_no_camera_is_refused(address: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        check_source(address)
    step = "Check how it is written, or name another one with --camera."
    assert str(caught.value) == f"camera {address}: this address names no camera. {step}"


def test_a_password_may_hold_what_no_address_may() -> None:
    check_source("rtsp://me:[secret@10.0.0.7/live")


def test_an_address_that_is_not_utf_8_is_an_address_like_any_other() -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(os.fsdecode(b"http://127.0.0.1:9/k\xe4mera"))
    assert str(caught.value) == (
        "camera http://127.0.0.1:9/k%E4mera: it delivers no pictures. "
        "Check the address and the network, or name another one with --camera."
    )


class FakeWebcam:
    """What OpenCV opens: it delivers pictures that differ, and notes how it is set."""

    def __init__(self, *_: object) -> None:
        self.autofocus: list[int] = []
        self.settings: dict[int, int] = {}
        self._noise = np.random.default_rng(5)

    def set(self, setting: int, value: int) -> bool:
        if setting == cv2.CAP_PROP_AUTOFOCUS:
            self.autofocus.append(value)
        self.settings[setting] = value
        return True

    def read(self) -> tuple[bool, np.ndarray]:
        return True, self._noise.integers(0, 255, (8, 8, 3), np.uint8)

    def grab(self) -> bool:
        return True


@pytest.mark.parametrize("take", ["read", "skip"])
@pytest.mark.parametrize(
    ("autofocus", "at_first", "afterwards"), [("continuous", [1], [1]), ("once", [1], [1, 0]), ("off", [0], [0])]
)
def test_a_webcam_that_focuses_once_has_three_seconds_and_then_keeps_its_focus(
    autofocus: str, at_first: list[int], afterwards: list[int], take: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    webcam, now_s = FakeWebcam(), [50.0]
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: webcam)
    camera = OpenCVCamera(
        "/dev/video9", "webcam", cv2.CAP_V4L2, CameraSettings(autofocus=autofocus), clock=lambda: now_s[0]
    )
    for now_s[0] in (51.0, 52.9):
        getattr(camera, take)()
        assert webcam.autofocus == at_first
    for now_s[0] in (53.0, 54.0, 60.0):
        getattr(camera, take)()
        assert webcam.autofocus == afterwards


def test_a_webcam_stops_adjusting_its_light_while_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    webcam = FakeWebcam()
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: webcam)
    camera = OpenCVCamera("/dev/video9", "webcam", cv2.CAP_V4L2)
    assert cv2.CAP_PROP_AUTO_EXPOSURE not in webcam.settings  # whoever has set it by hand keeps it
    camera.keep_light(True)
    assert (webcam.settings[cv2.CAP_PROP_AUTO_EXPOSURE], webcam.settings[cv2.CAP_PROP_AUTO_WB]) == (1, 0)
    camera.keep_light(False)
    assert (webcam.settings[cv2.CAP_PROP_AUTO_EXPOSURE], webcam.settings[cv2.CAP_PROP_AUTO_WB]) == (3, 1)


def test_a_webcam_fills_one_buffer_while_the_other_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    webcam = FakeWebcam()
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: webcam)
    OpenCVCamera("/dev/video9", "webcam", cv2.CAP_V4L2)
    assert webcam.settings[cv2.CAP_PROP_BUFFERSIZE] == 2
