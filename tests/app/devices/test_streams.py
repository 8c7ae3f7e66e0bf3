"""A network camera on 127.0.0.1 that sends motion JPEG, ends, or falls silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from app.base.errors import CameraUnavailable
from app.devices.camera import OpenCVCamera, open_camera

pytestmark = pytest.mark.needs_runtime

ORANGE = (230, 120, 20)


class NetworkCamera(ThreadingHTTPServer):
    """Sends an orange picture 50 times a second to every client, until it is unplugged or falls silent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.plugged = True
        self.sending = True
        picture = np.full((48, 64, 3), ORANGE[::-1], np.uint8)
        self.jpeg = cv2.imencode(".jpg", picture)[1].tobytes()


class _Handler(BaseHTTPRequestHandler):
    server: NetworkCamera

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            while self.server.plugged:
                if not self.server.sending:
                    time.sleep(0.02)
                    continue
                jpeg = self.server.jpeg
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                self.wfile.write(jpeg + b"\r\n")
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def network_camera() -> Iterator[NetworkCamera]:
    server = NetworkCamera()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.plugged = False
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_motion_jpeg_stream_is_a_camera(network_camera: NetworkCamera) -> None:
    camera = open_camera(f"http://127.0.0.1:{network_camera.server_port}/video.mjpg")
    image = camera.read()
    camera.close()
    assert image.shape == (48, 64, 3)
    assert np.abs(image.mean((0, 1)) - ORANGE).max() < 6


def test_a_stream_that_ends_is_a_lost_camera(network_camera: NetworkCamera) -> None:
    address = f"http://127.0.0.1:{network_camera.server_port}/video.mjpg"
    camera = open_camera(address)
    network_camera.plugged = False

    def read_on() -> None:
        for _ in range(500):  # what was sent already is still shown
            camera.read()

    with pytest.raises(CameraUnavailable) as caught:
        read_on()
    camera.close()
    assert str(caught.value) == (
        f"camera {address}: it delivers no pictures. "
        "Check the address and the network, or name another one with --camera."
    )


def test_a_stream_that_falls_silent_is_a_lost_camera_within_seconds(network_camera: NetworkCamera) -> None:
    camera = open_camera(f"http://127.0.0.1:{network_camera.server_port}/video.mjpg")
    network_camera.sending = False
    silent_since_s = time.monotonic()

    def read_on() -> None:
        for _ in range(500):  # what was sent already is still shown
            camera.read()

    with pytest.raises(CameraUnavailable) as caught:
        read_on()
    assert str(caught.value) == (
        f"camera http://127.0.0.1:{network_camera.server_port}/video.mjpg: it delivers no pictures. "
        "Check the address and the network, or name another one with --camera."
    )
    camera.close()
    assert time.monotonic() - silent_since_s < 20  # FFmpeg itself would wait for 30 and more


def test_the_password_of_a_stream_is_never_shown(network_camera: NetworkCamera) -> None:
    camera = open_camera(f"http://staff:secret@127.0.0.1:{network_camera.server_port}/video.mjpg")
    camera.close()
    assert "secret" not in camera.name


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_stream_without_a_server_is_refused_in_one_line(scheme: str) -> None:
    with pytest.raises(CameraUnavailable) as caught:
        open_camera(f"{scheme}://127.0.0.1:9/video")
    assert str(caught.value) == (
        f"camera {scheme}://127.0.0.1:9/video: it delivers no pictures. "
        "Check the address and the network, or name another one with --camera."
    )


def test_a_stream_that_repeats_one_picture_is_frozen_and_well_again_once_it_changes(
    network_camera: NetworkCamera,
) -> None:
    address = f"http://127.0.0.1:{network_camera.server_port}/frozen.mjpg"
    now_s = iter(np.arange(0.0, 1e6, 0.02))

    def opened() -> OpenCVCamera:
        return OpenCVCamera(address, "stream", cv2.CAP_FFMPEG, clock=lambda: float(next(now_s)))

    def show(level: int) -> None:
        network_camera.jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), level, np.uint8))[1].tobytes()

    camera = opened()
    for _ in range(300):
        camera.read()  # a test picture that stands still from the start is no fault
    show(80)
    with pytest.raises(CameraUnavailable) as caught:
        any(camera.read() is None for _ in range(1000))
    camera.close()
    step = "Check the address and the network, or name another one with --camera."
    frozen = f"camera {address}: its picture is frozen. {step}"
    assert str(caught.value) == frozen
    with pytest.raises(CameraUnavailable) as caught:
        opened()
    assert str(caught.value) == frozen
    changing = threading.Thread(target=lambda: [(show(level), time.sleep(0.05)) for level in range(20, 240, 5)])
    changing.start()
    camera = opened()
    camera.close()
    changing.join()
