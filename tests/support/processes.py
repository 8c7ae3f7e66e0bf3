"""The kiosk as a process with a window on a virtual screen, used with real keys and a real mouse."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray
from PIL import ImageGrab

from app.base.picture import Picture
from app.core.facts import TaughtClass, TrainedFacts
from app.core.state import THUMBNAILS, KioskState, Mode
from app.model.observation import NOTHING_SEEN, Smoothed
from app.ui.screens import targets
from app.ui.window import CAPTION
from app.views.present import Surroundings, present
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT_S = 100.0
PRESS_AGAIN_S = 8.0
LOOKS, LOOK_EVERY_S = 4, 0.25
STILL, ANOTHER = 0.005, 0.05  # shares of the screen's pixels that change
OF_A_PHOTOGRAPH = 6000  # colours; what the kiosk draws has far fewer
WINDOW_PX = (800, 480)  # the smallest, which is drawn fastest
CAMERA_HZ = 10  # rendering, watching and drawing thirty pictures a second would take most of a processor
SMALL = f"[screen]\nwidth_px = {WINDOW_PX[0]}\nheight_px = {WINDOW_PX[1]}\n[camera]\nrate_hz = {CAMERA_HZ}\n"
LABELS = ("Red", "Blue", "Yellow")


def headless() -> dict[str, str]:
    """The environment of this process, without a screen."""
    chosen = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    return {name: value for name, value in os.environ.items() if name not in chosen}


def with_screen(display: str) -> dict[str, str]:
    """The environment of this process with one display as its only screen, and without sound."""
    return {**headless(), "DISPLAY": display, "SDL_AUDIODRIVER": "dummy"}


@contextmanager
def virtual_screen(folder: Path) -> Iterator[str]:
    """Start the X server Xvfb; yields the name of its display."""
    for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: install it with `sudo apt install {package}`")
    read_end, write_end = os.pipe()
    width, height = WINDOW_PX
    with (folder / "xvfb.log").open("w") as log:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24",
             "-nolisten", "tcp", "-noreset"],
            pass_fds=[write_end], stdout=log, stderr=log,
        )  # fmt: skip
        os.close(write_end)
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()
            server.wait()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something shows on the screen or in the database."""
    wait_until(condition, what, timeout_s=TIMEOUT_S, every_s=0.1)


def xdotool(environment: dict[str, str], *words: str) -> str:
    """Run xdotool on the display of an environment; returns its output."""
    done = subprocess.run(["xdotool", *words], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def window_is_open(environment: dict[str, str]) -> bool:
    """Whether there is a window with the title of the kiosk."""
    windows = xdotool(environment, "search", "--class", "").split()
    return CAPTION in [xdotool(environment, "getwindowname", window) for window in windows]


class KioskProcess:
    """A running kiosk with its data in `folder`; `settings` is the text of its settings file."""

    def __init__(self, display: str, camera: str, folder: Path, settings: str = "") -> None:
        config = folder / "kiosk.toml"
        config.write_text(f"{SMALL}{settings}", encoding="utf-8")
        self.data, self.export, self._report = folder / "data", folder / "export", folder / "kiosk.json"
        self._environment = with_screen(display)
        self._process = subprocess.Popen(
            [
                sys.executable, "run_kiosk.py", "--camera", camera, "--windowed", "--data-dir", str(self.data),
                "--export-dir", str(self.export), "--json", str(self._report), "--config", str(config),
            ],
            cwd=REPOSITORY, env=self._environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_for(self._window_is_open, "the window opens")
        wait_for(lambda: _colours(self._screen()) > OF_A_PHOTOGRAPH, "the camera's picture is on the screen")

    def key(self, key: str) -> None:
        """Press and release a key."""
        self._xdotool("key", key)

    def open_page(self, press: Callable[[], object], what: str) -> None:
        """Press something, and wait until another page is on the screen, one on which nothing moves."""
        before = self._screen()
        press()

        def opened() -> bool:
            looks = self._looks()
            return _changed(before, looks[0]) > ANOTHER and self._stands_still(looks)

        wait_for(opened, what)

    def back_to_camera(self, press: Callable[[], object]) -> None:
        """Leave a page on which nothing moves; wait until the moving picture of the camera is on the screen."""
        press()
        wait_for(lambda: not self._stands_still(self._looks()), "the camera's picture is on the screen")

    def type(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", "--delay", "60", text)

    def hold_mouse_on(
        self,
        button: object,
        seconds: float = 0.15,
        screen: KioskState | None = None,
        until: Callable[[], bool] = lambda: True,
    ) -> None:
        """Hold the mouse on a button of the screen.

        Args:
            button: The button.
            seconds: How long at least.
            until: Hold on until this is true.
            screen: A state whose screen is arranged like the present one; None is a visit that is teaching, or that
                has a model.
        """
        x, y = _place_of(button, screen if screen is not None else self.visit())
        self._xdotool("mousemove", str(x), str(y))
        self._xdotool("mousedown", "1")
        time.sleep(seconds)
        try:
            wait_for(until, f"a hold of {button} has its effect")
        finally:
            self._xdotool("mouseup", "1")

    def visit(self, mode: Mode | None = None) -> KioskState:
        """A state like that of the present visit, as far as the database shows it."""
        picture = Picture("any", np.zeros((8, 8, 3), np.uint8))
        classes = tuple(
            TaughtClass(label, shots, (picture,) * min(shots, THUMBNAILS))
            for label, shots in zip(LABELS, self.shots(), strict=True)
        )
        model = TrainedFacts(1.0, 0.5, self.shots(), {}) if self.has_model() else None
        usual = Mode.LIVE if model is not None else Mode.TEACH
        return KioskState(classes=classes, mode=mode or usual, model=model, camera="x")

    def shots(self) -> tuple[int, ...]:
        """Samples per class in the database."""
        rows = self._query("SELECT class_index, count(*) FROM samples GROUP BY class_index")
        return tuple(dict(rows).get(index, 0) for index in range(len(LABELS)))

    def has_model(self) -> bool:
        """Whether the database has a trained model."""
        return bool(self._query("SELECT 1 FROM model"))

    def saved(self) -> list[Path]:
        """Folders that SAVE has finished; an unfinished one has another name."""
        sums = self.export.glob("teachable/*/SHA256SUMS")
        return [file.parent for file in sums if not file.parent.name.endswith(".partial")]

    def press_until(self, press: Callable[[], object], condition: Callable[[], bool], what: str) -> None:
        """Press until something has happened: a press may come before the kiosk can follow it, and has no effect then.

        Args:
            press: What to press. It is pressed again after a long pause.
            condition: Whether it has happened.
            what: Its description.
        """
        pressed_s = float("-inf")

        def happened() -> bool:
            nonlocal pressed_s
            if not condition() and time.monotonic() - pressed_s > PRESS_AGAIN_S:
                press()
                pressed_s = time.monotonic()
            return condition()

        wait_for(happened, what)

    def save_with(self, press: Callable[[], object]) -> None:
        """Press SAVE until it has saved."""
        self.press_until(press, lambda: bool(self.saved()), "SAVE saves")

    def teach_with_keys(self, shots: int = 3) -> None:
        """Press the keys 1 and 2 until each of their classes has so many samples, or one more on a slow machine."""
        for key, index in (("1", 0), ("2", 1)):
            for wanted in range(1, shots + 1):

                def pressed(key: str = key, index: int = index, wanted: int = wanted) -> bool:
                    if self.shots()[index] < wanted:
                        self.key(key)
                        time.sleep(0.3)
                    return self.shots()[index] >= wanted

                wait_for(pressed, f"key {key} has added sample {wanted}")

    def kill(self) -> None:
        """Kill the process, as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def leave(self) -> dict[str, Any]:
        """Press Escape, say yes, and return the report. Fails if the kiosk printed a traceback."""

        def left() -> bool:
            self.key("Escape")
            time.sleep(0.3)
            self.key("y")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2.0)
            return self._process.poll() is not None

        try:
            wait_for(left, "the kiosk is left")
            assert self._process.wait(TIMEOUT_S) == 0
        finally:
            self._process.kill()
            _, errors = self._process.communicate()
        assert "Traceback" not in errors
        report: dict[str, Any] = json.loads(self._report.read_text())
        return report

    def _screen(self) -> NDArray[np.uint8]:
        """The screen as it is now, (h, w, 3)."""
        return np.asarray(ImageGrab.grab(xdisplay=self._environment["DISPLAY"]))

    def _looks(self) -> list[NDArray[np.uint8]]:
        """The screen at several moments."""
        looks = [self._screen()]
        while len(looks) < LOOKS:
            time.sleep(LOOK_EVERY_S)
            looks.append(self._screen())
        return looks

    @staticmethod
    def _stands_still(looks: Sequence[NDArray[np.uint8]]) -> bool:
        return all(_changed(first, then) < STILL for first, then in pairwise(looks))

    def _query(self, statement: str) -> list[Any]:
        path = self.data / "session.sqlite3"
        if not path.is_file():
            return []
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return database.execute(statement).fetchall()
        except sqlite3.DatabaseError:  # being created, written or overwritten
            return []
        finally:
            database.close()

    def _window_is_open(self) -> bool:
        if self._process.poll() is not None:
            _, errors = self._process.communicate()
            pytest.fail(f"the kiosk ended by itself: {errors}")
        return window_is_open(self._environment)

    def _xdotool(self, *words: str) -> str:
        return xdotool(self._environment, *words)


def _colours(screen: NDArray[np.uint8]) -> int:
    """How many different colours there are."""
    return len(np.unique(screen.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1])))


def _changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """The share of pixels that differ visibly."""
    return float((np.abs(before.astype(np.int16) - after) > 8).any(axis=2).mean())


def _place_of(button: object, state: KioskState) -> tuple[int, int]:
    """A point well inside a button, which no other button covers."""
    pygame.font.init()
    count = len(state.classes)
    seen = Smoothed(np.full(count, 1 / count, np.float32), 0.5, 1, 0.0) if state.answering else NOTHING_SEEN
    view = present(state, None, seen, Surroundings())
    buttons = targets(view, WINDOW_PX)  # the uppermost first
    places = [area for token, area in buttons if token == button]
    points = [
        (area.left + area.width * across // 8, area.top + area.height * down // 8)
        for area in places
        for across in (4, 2, 6, 1, 7)
        for down in (4, 2, 6, 1, 7)
    ]
    return next(point for point in points if _uppermost(buttons, point) == button)


def _uppermost(buttons: Sequence[tuple[object, pygame.Rect]], point: tuple[int, int]) -> object:
    return next((token for token, area in buttons if area.collidepoint(point)), None)
