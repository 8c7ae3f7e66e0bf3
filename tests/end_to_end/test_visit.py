"""Whole visits in a real window, with keys and mouse: gallery, results, languages, staff pages, and leaving."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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
from tests.support.staff import guarded

PIN = "2580"
STAFF = f'[staff]\npin = "{PIN}"\nhold_s = 1.0\n'
IMPATIENT = '[idle]\nafter_s = 3.0\ncountdown_s = 3.0\n[privacy]\nwhen_idle = "keep"\n'


def test_a_visit_with_gallery_results_languages_and_the_staff_pages(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, STAFF)
    kiosk.teach_with_keys(4)
    kiosk.key("t")
    wait_for(kiosk.has_model, "T trains")
    kiosk.open_page(lambda: kiosk.hold_mouse_on(ClassGallery(0)), "a tap on the pictures opens the gallery")
    looked_at = in_gallery(kiosk.visit(Mode.GALLERY))
    taken = kiosk.shots()[0]
    kiosk.hold_mouse_on(StoredPicture(1), screen=looked_at)
    wait_for(lambda: kiosk.shots()[0] == taken - 1, "a tap takes a picture out")
    kiosk.press_until(lambda: kiosk.key("z"), lambda: kiosk.shots()[0] == taken, "Z brings it back")
    kiosk.back_to_camera(lambda: kiosk.hold_mouse_on(ScreenKey.BACK, screen=looked_at))

    kiosk.open_page(lambda: kiosk.key("e"), "E shows the results")
    kiosk.back_to_camera(lambda: kiosk.key("n"))
    kiosk.key("l")  # German, for this visit
    kiosk.press_until(lambda: kiosk.key("1"), lambda: kiosk.shots()[0] > taken, "teaching goes on")

    open_staff_pages(kiosk, lambda: kiosk.type(PIN))
    pages = guarded(replace(kiosk.visit(Mode.STAFF), staff=StaffState(inside=True)), PIN)
    kiosk.open_page(lambda: kiosk.hold_mouse_on(ClassName(1), screen=pages), "a name opens the keyboard")
    for _ in range(len("Blue")):
        kiosk.key("BackSpace")
    kiosk.type("Tasse 2")
    kiosk.open_page(lambda: kiosk.key("Return"), "the names are shown again")
    wait_for(lambda: "Tasse 2" in labels(kiosk), "the name is on the disk")
    kiosk.open_page(lambda: kiosk.hold_mouse_on(StaffTab(StaffPage.SCREEN), screen=pages), "a tab opens its page")
    on_screen_page = replace(pages, staff=replace(pages.staff, page=StaffPage.SCREEN))
    kiosk.hold_mouse_on(SettingStep("screen.language", 1), screen=on_screen_page)
    settings = tmp_path / "data" / "settings.toml"
    wait_for(lambda: settings.is_file() and 'language = "de"' in settings.read_text(), "the setting is on the disk")
    kiosk.back_to_camera(lambda: kiosk.hold_mouse_on(ScreenKey.BACK, screen=on_screen_page))

    kiosk.save_with(lambda: kiosk.key("s"))
    (saved,) = kiosk.saved()
    assert (saved / "converted_tflite_quantized/labels.txt").read_text() == "0 Rot\n1 Tasse 2\n"
    shots = kiosk.shots()
    report = kiosk.leave()
    assert report["shots"] == dict(zip(("Rot", "Tasse 2", "Gelb"), shots, strict=True))


def test_names_and_the_pin_are_typed_on_the_screen(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, STAFF)
    pad = replace(kiosk.visit(Mode.STAFF), typing=TypingState(TypingPurpose.PIN, text="1"))

    def tap_the_pin() -> None:
        for digit in PIN:
            kiosk.hold_mouse_on(LetterKey(digit), screen=pad)

    open_staff_pages(kiosk, tap_the_pin, lambda: kiosk.hold_mouse_on(TypingKey.DONE, screen=pad))
    pages = replace(kiosk.visit(Mode.STAFF), staff=StaffState(inside=True))
    kiosk.open_page(lambda: kiosk.hold_mouse_on(ClassName(0), screen=pages), "a name opens the keyboard")
    keys = replace(pages, typing=TypingState(TypingPurpose.CLASS_NAME, text="Red"))
    for _ in "Red":
        kiosk.hold_mouse_on(TypingKey.BACKSPACE, screen=keys)
    for letter in "tea":  # the first one is a capital
        kiosk.hold_mouse_on(LetterKey(letter), screen=keys)
    kiosk.open_page(lambda: kiosk.hold_mouse_on(TypingKey.DONE, screen=keys), "the names are shown again")
    wait_for(lambda: labels(kiosk)[0] == "Tea", "the name is on the disk")
    kiosk.back_to_camera(lambda: kiosk.hold_mouse_on(ScreenKey.BACK, screen=pages))
    assert kiosk.leave()["classes"] == ["Tea", "Blue", "Yellow"]


def test_the_session_of_a_visitor_who_leaves_is_archived_after_a_question(display: str, tmp_path: Path) -> None:
    kiosk = KioskProcess(display, "demo", tmp_path, IMPATIENT)
    kiosk.teach_with_keys(2)
    archive = tmp_path / "data" / "archive"
    wait_for(lambda: bool(list(archive.glob("*.sqlite3"))), "the session is put away")
    wait_for(lambda: kiosk.shots() == (0, 0, 0), "the table is clear")

    def wake_it_and_teach() -> None:
        kiosk.key("2")
        kiosk.key("2")

    kiosk.press_until(wake_it_and_teach, lambda: kiosk.shots()[1] > 0, "the next visitor teaches")
    kiosk.leave()


def open_staff_pages(
    kiosk: KioskProcess, enter_pin: Callable[[], object], done: Callable[[], object] | None = None
) -> None:
    """Hold the corner and enter the PIN; `done` is a press on Done, None is the Return key."""
    kiosk.open_page(lambda: kiosk.hold_mouse_on(ScreenKey.CORNER, seconds=3.0), "the corner opens the pad of the PIN")
    enter_pin()
    kiosk.open_page(done or (lambda: kiosk.key("Return")), "the PIN opens the staff pages")


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
