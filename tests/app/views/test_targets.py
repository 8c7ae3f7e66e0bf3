"""The cursor's targets are the buttons that the page shows, and a tick builds each page once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import CodeType, FrameType

import pytest

from app.base.buttons import (
    Action,
    Button,
    ClassName,
    LearnInput,
    LetterKey,
    MatrixCell,
    PowerKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    TypingKey,
)
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.cursor import targets
from app.core.modes.gallery import PAGE
from app.core.pages import GalleryState, ResultsState, StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from app.core.transitions import advance
from app.model.observation import NOTHING_SEEN
from app.views.gallery import gallery
from app.views.model import KioskView
from app.views.present import Surroundings, present
from app.views.results import results
from app.views.staff import staff
from app.views.typing import typing
from tests.support.states import PICTURE, kiosk, run

WRONG = [{"sample": 2, "truth": 0, "answer": 1}, {"sample": 9, "truth": 1, "answer": 0}]
ARCHIVE = (("2026-01-01", "3 pictures"), ("2026-01-02", "none"))
REPORT = {"curve": [], "confusion": [[2, 0], [1, 1]], "wrong": WRONG, "held_out": WRONG}
MODEL = TrainedFacts(0.9, 0.5, (3, 3), REPORT, validation_from="holds")


def present_page(state: KioskState) -> KioskView:
    return present(state, None, NOTHING_SEEN, Surroundings())


def offered(view: KioskView) -> tuple[object, ...]:
    """The buttons of the page as it is drawn; an open keyboard covers every other page."""
    if (keyboard := view.typing) is not None:
        field = () if keyboard.field is None else (keyboard.field,)
        keys = (key.button for key in keyboard.keys if key.enabled)
        return (*(button for row in keyboard.rows for button, _ in row), *keys, *field)
    if view.staff is not None:
        rows = (one for row in view.staff.rows for one in (row.less, row.more, row.press) if one is not None)
        return (*rows, *(key.button for key in view.staff.keys), *(tab.button for tab in view.staff.tabs))
    if view.gallery is not None:
        keys = (key.button for key in view.gallery.keys if key.enabled)
        return (*(one.button for one in view.gallery.pictures), *keys)
    if view.results is not None:
        cells = (cell.button for row in view.results.confusion for cell in row)
        keys = (key.button for key in view.results.keys if key.enabled)
        return (*cells, *(one.button for one in view.results.confused), *keys)
    return ()


def without_pin(page: StaffPage) -> KioskState:
    state = replace(kiosk(3, 3), mode=Mode.STAFF, staff=StaffState(inside=True, page=page))
    return run(state, ev.SystemLooked(archive=ARCHIVE))[0]


def on_staff_page(page: StaffPage, *touched: Button) -> KioskState:
    state = replace(kiosk(3, 3), mode=Mode.STAFF, staff=StaffState(inside=True, page=page))
    state = replace(state, config=replace(state.config, staff=replace(state.config.staff, pin="2580")))
    state, _ = run(state, ev.SystemLooked(cameras=("usb:0",)), *(ev.ButtonPressed(one) for one in touched))
    return state


def visitors_name(state: KioskState) -> KioskState:
    return replace(state, config=replace(state.config, classes=replace(state.config.classes, visitors_name=True)))


def in_gallery(page: int = 0, removed: int = 0) -> KioskState:
    pictures = ((7, PICTURE), (6, PICTURE))
    state = replace(kiosk(2 * PAGE + 1, 3, mode=Mode.GALLERY), gallery=GalleryState(0, page, pictures))
    removed_ids = tuple((99 - number,) for number in range(removed))
    return replace(state, classes=(replace(state.classes[0], removed=removed_ids), *state.classes[1:]))


def in_results(**changes: object) -> KioskState:
    pictures = ((2, Picture(("sample", 2), PICTURE.pixels)),)  # that of sample 9 is not loaded yet
    return replace(
        kiosk(3, 3, mode=Mode.RESULTS, model=MODEL), results=replace(ResultsState(pictures=pictures), **changes)
    )


PAGES_WITH_TARGETS: dict[str, KioskState] = {
    **{f"staff: {page.value}": on_staff_page(page) for page in StaffPage},
    "staff: kept sessions without a PIN": without_pin(StaffPage.SESSIONS),
    "staff: system without a PIN": without_pin(StaffPage.SYSTEM),
    "staff: the fewest classes": replace(on_staff_page(StaffPage.CLASSES), classes=kiosk(0, 0).classes),
    "staff: learning a button": on_staff_page(StaffPage.BUTTONS, LearnInput(Action.TRAIN)),
    "staff: a setting at its end": on_staff_page(StaffPage.CAMERA, *[SettingStep("camera.zoom", 1)] * 9),
    "staff: kept sessions": run(on_staff_page(StaffPage.SESSIONS), ev.SystemLooked(archive=ARCHIVE))[0],
    "staff: models for visitors": run(on_staff_page(StaffPage.SESSIONS), ev.SystemLooked(saved=(17, 3)))[0],
    "number of a model": run(
        on_staff_page(StaffPage.SESSIONS), ev.SystemLooked(saved=(17,)), ev.ButtonPressed(ScreenKey.COPY_SAVED)
    )[0],
    "name of a class": on_staff_page(StaffPage.CLASSES, ClassName(0)),
    "name of a class, changed": on_staff_page(StaffPage.CLASSES, ClassName(0), LetterKey("x")),
    "name of a class, empty": on_staff_page(StaffPage.CLASSES, ClassName(0), TypingKey.BACKSPACE),
    "new PIN": on_staff_page(StaffPage.SYSTEM, ScreenKey.NEW_PIN),
    "PIN": replace(kiosk(3, 3), mode=Mode.STAFF, typing=TypingState(TypingPurpose.PIN)),
    "PIN, begun": replace(kiosk(3, 3), mode=Mode.STAFF, typing=TypingState(TypingPurpose.PIN, text="12")),
    "gallery": in_gallery(),
    "gallery: second page": in_gallery(1),
    "gallery: last page, something taken out": in_gallery(2, removed=1),
    "gallery: visitors may name": visitors_name(in_gallery()),
    "results": in_results(),
    "results: a cell": in_results(cell=MatrixCell(0, 1)),
    "results: something taken out": in_results(removed=(9,)),
}


@pytest.mark.parametrize("page", PAGES_WITH_TARGETS)
def test_the_cursor_reaches_exactly_the_buttons_of_the_page_in_their_order(page: str) -> None:
    state = PAGES_WITH_TARGETS[page]
    assert len(targets(state)) >= 3
    assert targets(state) == offered(present_page(state))


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode not in (Mode.STAFF, Mode.GALLERY, Mode.RESULTS)])
def test_a_screen_without_a_cursor_has_no_targets(mode: Mode) -> None:
    state = kiosk(3, 3, mode=mode, model=MODEL)
    assert targets(state) == () == offered(present_page(state))


def test_a_question_on_the_staff_pages_has_no_targets() -> None:
    assert targets(on_staff_page(StaffPage.SYSTEM, PowerKey.RESTART)) == ()


@pytest.mark.parametrize("page", ["staff: camera", "name of a class", "gallery", "results"])
def test_a_tick_builds_each_page_once(page: str) -> None:
    state = replace(PAGES_WITH_TARGETS[page], cursor=1, down=(1,))  # the cursor is there and a held button moves it

    def tick() -> None:
        after, _ = advance(state, ev.TimePassed(state.now_s + 1.0))
        assert after.cursor == 2
        present_page(after)

    assert calls_of(tick, staff, gallery, results, typing) == {"staff": 1, "gallery": 1, "results": 1, "typing": 1}


@pytest.mark.parametrize("page", PAGES_WITH_TARGETS)
def test_a_press_builds_no_page(page: str) -> None:
    state = replace(PAGES_WITH_TARGETS[page], cursor=0)
    press = ev.ButtonPressed(Action.TRAIN)
    assert calls_of(lambda: advance(state, press), staff, gallery, results, typing) == {}


def calls_of(run_once: Callable[[], object], *functions: Callable[..., object]) -> dict[str, int]:
    """How often `run_once` calls each function, counted with Python's profiler hook."""
    names: dict[CodeType, str] = {one.__code__: one.__name__ for one in functions}  # type: ignore[attr-defined]
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in names:
            counts[names[frame.f_code]] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run_once()
    finally:
        sys.setprofile(before)
    return dict(counts)
