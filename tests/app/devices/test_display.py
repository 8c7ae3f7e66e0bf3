"""Finding the screen of a session from outside it."""

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
    """A short path: names of sockets have 108 characters at most."""
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
def test_a_screen_that_was_chosen_stays_chosen(root: Path, name: str) -> None:
    listen(root / "run/user/1000/wayland-0")
    assert found(root, **{name: "mine"}) == {}


def test_a_wayland_session_is_found_by_its_socket(root: Path) -> None:
    (root / "run/user/1000/wayland-0.lock").touch()
    listen(root / "run/user/1000/wayland-0")
    runtime = str(root / "run/user/1000")
    assert found(root) == {"XDG_RUNTIME_DIR": runtime, "WAYLAND_DISPLAY": "wayland-0"}


@pytest.mark.parametrize("key", ["home/.Xauthority", "run/user/1000/gdm/Xauthority", "run/user/1000/xauth_AbC"])
def test_an_x_server_is_ours_if_we_have_its_key(root: Path, key: str) -> None:
    listen(root / "tmp/.X11-unix/X0")
    assert found(root) == {}  # the login screen's
    (root / key).parent.mkdir(exist_ok=True)
    (root / key).touch()
    assert found(root) == {
        "DISPLAY": ":0", "XAUTHORITY": str(root / key), "XDG_RUNTIME_DIR": str(root / "run/user/1000"),
    }  # fmt: skip


def test_wayland_comes_before_the_x_server_inside_it(root: Path) -> None:
    listen(root / "run/user/1000/wayland-1")
    listen(root / "tmp/.X11-unix/X0")
    (root / "home/.Xauthority").touch()
    assert "DISPLAY" not in found(root)


def test_without_a_session_there_is_nothing_and_nobody_waits(root: Path) -> None:
    shutil.rmtree(root / "run")
    shutil.rmtree(root / "tmp")
    assert find_screen({}, root=root, uid=1000, sleep=lambda _s: pytest.fail("it waited")) == {}


def test_a_session_that_is_still_starting_is_waited_for(root: Path) -> None:
    now_s = [0.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds
        if now_s[0] == 12.0:
            listen(root / "run/user/1000/wayland-0")

    environment = {"KIOSK_WAIT_FOR_SCREEN_S": "90"}
    shown = find_screen(environment, root=root, uid=1000, clock=lambda: now_s[0], sleep=sleep)
    assert shown["WAYLAND_DISPLAY"] == "wayland-0"
    assert now_s[0] == 12.0


def test_a_session_that_never_comes_ends_the_waiting(root: Path) -> None:
    now_s = [0.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds

    environment = {"KIOSK_WAIT_FOR_SCREEN_S": "90"}
    assert find_screen(environment, root=root, uid=1000, clock=lambda: now_s[0], sleep=sleep) == {}
    assert now_s[0] == 90.0
