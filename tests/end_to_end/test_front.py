"""On a desktop the kiosk comes back to the front. The window manager is a real one, the screen is virtual."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import ImageGrab

from app.ui.window import CAPTION
from tests.support.processes import REPOSITORY, wait_for, with_screen, xdotool
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.needs_runtime, pytest.mark.timeout(300)]

OTHER = "other window"
INTRUDER = f"""
import os, sys, time, pygame
os.environ["SDL_VIDEO_X11_WMCLASS"] = "other"
pygame.display.init()
pygame.display.set_caption({OTHER!r})
full = sys.argv[1] == "full"
surface = pygame.display.set_mode((0, 0) if full else (400, 300), pygame.FULLSCREEN if full else 0)
while True:
    pygame.event.pump()
    surface.fill((255, 0, 255))
    pygame.display.flip()
    print("drawn", flush=True)
    time.sleep(0.05)
"""


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def manager(display: str) -> Iterator[None]:
    """The window manager openbox on the virtual screen."""
    if shutil.which("openbox") is None:
        pytest.skip("needs openbox: install it with `sudo apt install openbox`")
    environment = with_screen(display)
    with ended(subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)):
        wait_for(lambda: bool(xdotool(environment, "get_desktop")), "the window manager runs")
        yield


@contextmanager
def kiosk(display: str, folder: Path) -> Iterator[dict[str, str]]:
    """The kiosk as the service starts it; yields the environment of its screen."""
    environment = {**with_screen(display), "KIOSK_LOCKED_IN": "1"}
    command = [sys.executable, "run_kiosk.py", "--camera", "demo", "--fullscreen", "--data-dir", str(folder / "data")]
    with (
        (folder / "log").open("w") as log,
        ended(subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=log)),
    ):
        wait_until(lambda: is_in_front(environment), "the kiosk is in front", timeout_s=100.0, every_s=0.2)
        yield environment


def is_in_front(environment: dict[str, str]) -> bool:
    """Whether the kiosk has the keyboard, and the corners of the screen show it and not the empty desktop."""
    active = xdotool(environment, "getactivewindow", "getwindowname")
    picture = ImageGrab.grab(xdisplay=environment["DISPLAY"])
    corners = [picture.getpixel(place) for place in ((3, picture.height // 2), (picture.width // 2, 3))]
    return active == CAPTION and (0, 0, 0) not in corners and (255, 0, 255) not in corners


@contextmanager
def other_window(environment: dict[str, str], size: str) -> Iterator[None]:
    """Another program's window, which has been drawn when this yields."""
    command = [sys.executable, "-c", INTRUDER, size]
    with ended(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)) as process:
        assert process.stdout is not None
        while b"drawn" not in process.stdout.readline():
            pass
        yield
        process.stdout.close()


def seconds_until_in_front(environment: dict[str, str]) -> float:
    began_s = time.monotonic()
    wait_for(lambda: is_in_front(environment), "the kiosk comes back")
    return time.monotonic() - began_s


@pytest.mark.usefixtures("manager")
def test_the_kiosk_comes_back_when_something_takes_its_place(
    display: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seconds = []
    with kiosk(display, tmp_path) as environment:
        for size in ("small", "full"):
            with other_window(with_screen(display), size):
                seconds.append(seconds_until_in_front(environment))
        xdotool(environment, "key", "super+d")  # shows the desktop
        seconds.append(seconds_until_in_front(environment))
        xdotool(environment, "windowminimize", xdotool(environment, "getactivewindow"))
        wait_for(lambda: "is not in front" in (tmp_path / "log").read_text(), "the kiosk notices it")
        seconds.append(seconds_until_in_front(environment))
    record_property("recovery_s", round(max(seconds), 1))
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.usefixtures("manager")
def test_keys_that_leave_other_programs_do_not_leave_the_kiosk(display: str, tmp_path: Path) -> None:
    with kiosk(display, tmp_path) as environment:
        for keys in ("alt+F4", "Escape", "super+d", "alt+Tab", "ctrl+alt+Delete", "F11", "ctrl+q", "alt+space"):
            for _ in range(3):
                xdotool(environment, "key", keys)
        wait_for(lambda: is_in_front(environment), "the kiosk is in front")
    assert "Traceback" not in (tmp_path / "log").read_text()
