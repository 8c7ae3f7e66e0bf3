"""The whole kiosk as a process, used with a real keyboard and mouse, and killed as by a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.buttons import Action
from tests.support.processes import LABELS, KioskProcess, wait_for


@pytest.fixture
def camera(shared_photos: Path) -> str:
    """A folder of real photographs, which is used as the camera."""
    return str(shared_photos / "sign-digits" / "3")


def test_with_a_real_keyboard_a_visitor_teaches_trains_saves_and_erases_everything_after_a_question(
    display: str, camera: str, tmp_path: Path
) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    kiosk.teach_with_keys()
    before = kiosk.shots()
    kiosk.key("z")
    wait_for(lambda: sum(kiosk.shots()) == sum(before) - 1, "Z takes one back")
    kiosk.key("t")
    wait_for(kiosk.has_model, "T trains")
    kiosk.save_with(lambda: kiosk.key("s"))
    taken = sum(kiosk.shots())

    def ask_and_refuse() -> None:
        kiosk.key("n")  # the saving screen stays until a button is pressed
        kiosk.key("r")
        kiosk.key("n")
        kiosk.key("1")

    kiosk.press_until(ask_and_refuse, lambda: sum(kiosk.shots()) > taken, "R and N erase nothing")

    def erase() -> None:
        kiosk.key("r")
        kiosk.key("y")

    kiosk.press_until(erase, lambda: sum(kiosk.shots()) == 0, "R and Y erase")
    wait_for(lambda: list(kiosk.data.glob("models/*")) == [], "the model's file is gone")
    report = kiosk.leave()
    assert report["shots"] == dict.fromkeys(LABELS, 0)
    assert report["validation_accuracy"] is None


def test_the_kiosk_is_used_with_a_real_mouse(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    for index in (0, 1):
        kiosk.hold_mouse_on(index, until=lambda index=index: kiosk.shots()[index] >= 3)
    kiosk.hold_mouse_on(Action.TRAIN)
    wait_for(kiosk.has_model, "TRAIN trains")
    kiosk.save_with(lambda: kiosk.hold_mouse_on(Action.SAVE))
    taken = sum(kiosk.shots())

    def undo() -> None:
        kiosk.key("n")  # the saving screen stays until a button is pressed
        kiosk.hold_mouse_on(Action.UNDO)

    kiosk.press_until(undo, lambda: sum(kiosk.shots()) < taken, "UNDO takes pictures back")
    shots = kiosk.shots()
    report = kiosk.leave()
    assert report["shots"] == dict(zip(LABELS, shots, strict=True))
    assert report["export"] is not None


def test_a_power_cut_loses_nothing(display: str, camera: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, camera, tmp_path)
    kiosk.teach_with_keys()
    kiosk.key("t")
    wait_for(kiosk.has_model, "T trains")
    shots = kiosk.shots()
    kiosk.kill()
    again = KioskProcess(display, camera, tmp_path)
    again.key("t")
    again.kill()  # in the middle of training
    once_more = KioskProcess(display, camera, tmp_path)
    once_more.save_with(lambda: once_more.key("s"))  # the model is there again
    report = once_more.leave()
    assert report["shots"] == dict(zip(LABELS, shots, strict=True))
    assert report["validation_accuracy"] is not None
    assert not list((tmp_path / "data").rglob("*.partial"))
