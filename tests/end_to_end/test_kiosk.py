"""The whole kiosk as a process: a person's keys and mouse, and a plug that is pulled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.buttons import Action
from tests.support.processes import (
    LABELS,
    KioskProcess,
    virtual_screen,
    wait_until,
)


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """A virtual screen of its own."""
    with virtual_screen(tmp_path) as name:
        yield name


@pytest.fixture
def camera(shared_photos: Path) -> str:
    """A folder of real photographs that plays the camera."""
    return str(shared_photos / "sign-digits" / "3")


def test_real_key_presses_teach_the_kiosk(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    kiosk.teach_with_keys()
    before = kiosk.shots()
    kiosk.key("z")
    wait_until(lambda: sum(kiosk.shots()) == sum(before) - 1, "Z takes one back")
    kiosk.key("t")
    wait_until(kiosk.has_model, "T trains")
    time.sleep(1.0)
    kiosk.save_with(lambda: kiosk.key("s"))
    time.sleep(0.5)
    shots = kiosk.shots()
    told = kiosk.leave()
    assert told["shots"] == dict(zip(LABELS, shots, strict=True))
    assert told["export"] is not None


def test_a_real_mouse_does_all_that_keys_do(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    for index in (0, 1):
        kiosk.hold_mouse_on(index, seconds=2.5)
    wait_until(lambda: min(kiosk.shots()[:2]) >= 3, "held buttons took several samples each")
    kiosk.hold_mouse_on(Action.TRAIN)
    wait_until(kiosk.has_model, "TRAIN trains")
    time.sleep(1.0)
    kiosk.save_with(lambda: kiosk.hold_mouse_on(Action.SAVE))
    time.sleep(0.5)
    kiosk.key("n")  # what was saved stays on the screen until a press
    time.sleep(0.2)
    taken = sum(kiosk.shots())
    kiosk.hold_mouse_on(Action.UNDO)
    wait_until(lambda: sum(kiosk.shots()) == taken - 1, "UNDO takes one back")
    assert kiosk.leave()["export"] is not None


def test_reset_asks_and_then_forgets_everything(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    kiosk.teach_with_keys(2)
    kiosk.key("t")
    wait_until(kiosk.has_model, "T trains")
    time.sleep(1.0)
    kiosk.key("r")
    time.sleep(0.5)
    kiosk.key("n")
    time.sleep(0.5)
    assert sum(kiosk.shots()) == 4
    kiosk.key("r")
    time.sleep(0.5)
    kiosk.key("y")
    wait_until(lambda: sum(kiosk.shots()) == 0, "R and Y erase")
    wait_until(lambda: list(kiosk.data.glob("models/*")) == [], "the model's file is gone")
    told = kiosk.leave()
    assert told["shots"] == dict.fromkeys(LABELS, 0)
    assert told["validation_accuracy"] is None


def test_a_pulled_plug_loses_nothing(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    kiosk.teach_with_keys()
    kiosk.key("t")
    wait_until(kiosk.has_model, "T trains")
    shots = kiosk.shots()
    kiosk.kill()
    again = KioskProcess(display, camera, tmp_path)
    again.key("t")
    again.kill()  # in the middle of training
    once_more = KioskProcess(display, camera, tmp_path)
    told = once_more.leave()
    assert told["shots"] == dict(zip(LABELS, shots, strict=True))
    assert told["validation_accuracy"] is not None  # a model was live again
    assert not list((tmp_path / "data").rglob("*.partial"))
