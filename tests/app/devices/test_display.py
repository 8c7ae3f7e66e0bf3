"""Find the screen of a desktop session from outside that session."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.devices.display import find_screen


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder with a short path: the path of a socket has at most 108 characters."""
    folder = Path(tempfile.mkdtemp())
    (folder / "run/user/1000").mkdir(parents=True)
    (folder / "tmp/.X11-unix").mkdir(parents=True)
    (folder / "home").mkdir()
    yield folder
    shutil.rmtree(folder)


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def found(root: Path, **environment: str) -> dict[str, str]:
    return dict(find_screen({"HOME": str(root / "home"), **environment}, root=root, uid=1000))


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"])
def test_a_screen_in_the_environment_is_kept(root: Path, name: str) -> None:
    listen(root / "run/user/1000/wayland-0")
    assert found(root, **{name: "mine"}) == {}


def test_a_wayland_session_is_found_by_its_socket(root: Path) -> None:
    (root / "run/user/1000/wayland-0.lock").touch()
    listen(root / "run/user/1000/wayland-0")
    runtime = str(root / "run/user/1000")
    assert found(root) == {"XDG_RUNTIME_DIR": runtime, "WAYLAND_DISPLAY": "wayland-0"}


@pytest.mark.parametrize("key", ["home/.Xauthority", "run/user/1000/gdm/Xauthority", "run/user/1000/xauth_AbC"])
def test_an_x_server_is_used_if_its_key_is_found(root: Path, key: str) -> None:
    listen(root / "tmp/.X11-unix/X0")
    assert found(root) == {}  # the login screen's
    (root / key).parent.mkdir(exist_ok=True)
    (root / key).touch()
    assert found(root) == {
        "DISPLAY": ":0", "XAUTHORITY": str(root / key), "XDG_RUNTIME_DIR": str(root / "run/user/1000"),
    }  # fmt: skip


def test_wayland_is_preferred_to_the_x_server_inside_it(root: Path) -> None:
    listen(root / "run/user/1000/wayland-1")
    listen(root / "tmp/.X11-unix/X0")
    (root / "home/.Xauthority").touch()
    assert "DISPLAY" not in found(root)


def test_without_a_session_nothing_is_found_at_once(root: Path) -> None:
    shutil.rmtree(root / "run")
    shutil.rmtree(root / "tmp")
    assert find_screen({}, root=root, uid=1000, sleep=lambda _s: pytest.fail("it waited")) == {}


def test_the_kiosk_waits_for_a_session_that_is_still_starting(root: Path) -> None:
    now_s = [0.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds
        if now_s[0] == 12.0:
            listen(root / "run/user/1000/wayland-0")

    environment = {"KIOSK_WAIT_FOR_SCREEN_S": "90"}
    shown = find_screen(environment, root=root, uid=1000, clock=lambda: now_s[0], sleep=sleep)
    assert shown["WAYLAND_DISPLAY"] == "wayland-0"
    assert now_s[0] == 12.0


def test_the_kiosk_stops_waiting_for_a_session_that_never_starts(root: Path) -> None:
    now_s = [0.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds

    environment = {"KIOSK_WAIT_FOR_SCREEN_S": "90"}
    assert find_screen(environment, root=root, uid=1000, clock=lambda: now_s[0], sleep=sleep) == {}
    assert now_s[0] == 90.0
