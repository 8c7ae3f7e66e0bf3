"""Whole visits in a real window, with keys and mouse: gallery, results, languages, staff pages, and leaving."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.base.buttons import (
    ClassGallery,
    ClassName,
    LetterKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    StaffTab,
    StoredPicture,
    TypingKey,
)
from app.base.picture import Picture
from app.core.pages import GalleryState, StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from tests.support.processes import KioskProcess, wait_for

PIN = "2580"
STAFF = f'[staff]\npin = "{PIN}"\nhold_s = 1.0\n'
IMPATIENT = '[idle]\nafter_s = 3.0\ncountdown_s = 3.0\n[privacy]\nwhen_idle = "keep"\n'
PAUSE_S = 0.7  # in which a press has had its effect on the screen


def test_a_visit_with_gallery_results_languages_and_the_staff_pages(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, STAFF)
    kiosk.teach_with_keys(4)
    kiosk.key("t")
    wait_for(kiosk.has_model, "T trains")
    time.sleep(1.0)

    kiosk.hold_mouse_on(ClassGallery(0))
    time.sleep(PAUSE_S)
    looked_at = in_gallery(kiosk.visit(Mode.GALLERY))
    kiosk.hold_mouse_on(StoredPicture(1), screen=looked_at)
    wait_for(lambda: kiosk.shots()[0] == 3, "a tap takes a picture out")
    kiosk.key("z")
    wait_for(lambda: kiosk.shots()[0] == 4, "Z brings it back")
    kiosk.hold_mouse_on(ScreenKey.BACK, screen=looked_at)
    time.sleep(PAUSE_S)

    kiosk.key("e")  # results
    time.sleep(PAUSE_S)
    kiosk.key("n")
    kiosk.key("l")  # German, for this visit
    time.sleep(PAUSE_S)
    kiosk.key("1")
    wait_for(lambda: kiosk.shots()[0] == 5, "teaching goes on")

    kiosk.hold_mouse_on(ScreenKey.CORNER, seconds=1.6)
    time.sleep(PAUSE_S)
    kiosk.type("1111")
    kiosk.key("Return")
    time.sleep(PAUSE_S)
    kiosk.type(PIN)
    kiosk.key("Return")
    time.sleep(PAUSE_S)
    pages = replace(kiosk.visit(Mode.STAFF), staff=StaffState(inside=True))
    kiosk.hold_mouse_on(ClassName(1), screen=pages)
    time.sleep(PAUSE_S)
    for _ in range(len("Blue")):
        kiosk.key("BackSpace")
    kiosk.type("Tasse 2")
    kiosk.key("Return")
    wait_for(lambda: "Tasse 2" in labels(kiosk), "the name is on the disk")
    kiosk.hold_mouse_on(StaffTab(StaffPage.SCREEN), screen=pages)
    time.sleep(PAUSE_S)
    on_screen_page = replace(pages, staff=replace(pages.staff, page=StaffPage.SCREEN))
    kiosk.hold_mouse_on(SettingStep("screen.language", 1), screen=on_screen_page)
    settings = tmp_path / "data" / "settings.toml"
    wait_for(lambda: settings.is_file() and 'language = "de"' in settings.read_text(), "the setting is on the disk")
    kiosk.hold_mouse_on(ScreenKey.BACK, screen=on_screen_page)
    time.sleep(PAUSE_S)

    kiosk.save_with(lambda: kiosk.key("s"))
    (saved,) = kiosk.saved()
    assert (saved / "converted_tflite_quantized/labels.txt").read_text() == "0 Red\n1 Tasse 2\n"
    report = kiosk.leave()
    assert report["shots"] == {"Red": 5, "Tasse 2": 4, "Yellow": 0}


def test_names_and_the_pin_are_typed_on_the_screen(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, STAFF)
    kiosk.hold_mouse_on(ScreenKey.CORNER, seconds=1.6)
    time.sleep(PAUSE_S)
    pad = replace(kiosk.visit(Mode.STAFF), typing=TypingState(TypingPurpose.PIN, text="1"))
    for digit in PIN:
        kiosk.hold_mouse_on(LetterKey(digit), screen=pad)
    kiosk.hold_mouse_on(TypingKey.DONE, screen=pad)
    time.sleep(PAUSE_S)
    pages = replace(kiosk.visit(Mode.STAFF), staff=StaffState(inside=True))
    kiosk.hold_mouse_on(ClassName(0), screen=pages)
    time.sleep(PAUSE_S)
    keys = replace(pages, typing=TypingState(TypingPurpose.CLASS_NAME, text="Red"))
    for _ in "Red":
        kiosk.hold_mouse_on(TypingKey.BACKSPACE, screen=keys)
    for letter in "çay":
        kiosk.hold_mouse_on(LetterKey(letter), screen=keys)
    kiosk.hold_mouse_on(TypingKey.DONE, screen=keys)
    wait_for(lambda: labels(kiosk)[0] == "çay", "the name is on the disk")
    kiosk.hold_mouse_on(ScreenKey.BACK, screen=pages)
    time.sleep(PAUSE_S)
    assert kiosk.leave()["classes"] == ["çay", "Blue", "Yellow"]


def test_the_session_of_a_visitor_who_leaves_is_archived_after_a_question(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, IMPATIENT)
    kiosk.teach_with_keys(2)
    archive = tmp_path / "data" / "archive"
    wait_for(lambda: bool(list(archive.glob("*.sqlite3"))), "the session is put away")
    wait_for(lambda: kiosk.shots() == (0, 0, 0), "the table is clear")
    time.sleep(1.0)
    kiosk.key("1")  # wakes it, and takes nothing
    time.sleep(1.0)
    assert kiosk.shots() == (0, 0, 0)
    kiosk.key("1")
    wait_for(lambda: kiosk.shots() == (1, 0, 0), "the next visitor teaches")
    kiosk.leave()


def in_gallery(state: KioskState) -> KioskState:
    """The state of a gallery with four pictures, the newest first."""
    picture = np.zeros((8, 8, 3), np.uint8)
    return replace(
        state, gallery=GalleryState(0, 0, tuple((n, Picture(("gallery", n), picture)) for n in (4, 3, 2, 1)))
    )


def labels(kiosk: KioskProcess) -> list[str]:
    """The class labels in the database."""
    database = sqlite3.connect(f"file:{kiosk.data / 'session.sqlite3'}?mode=ro", uri=True)
    try:
        return [row[0] for row in database.execute("SELECT label FROM labels ORDER BY class_index")]
    except sqlite3.OperationalError:  # being written to
        return []
    finally:
        database.close()
