"""Who may leave the kiosk: a visitor never, if its service started it; Esc means back on every page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, ClassGallery, LetterKey, ScreenKey, StaffPage, TypingKey
from app.base.ports import Drive
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.pages import SavingState, StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from app.views.questions import question
from app.views.words import Translator
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run, stick

MODEL = TrainedFacts(0.9, 0.5, (3, 3))
ESC = ev.InputPressed("key:escape")
ESC_UP = ev.InputReleased("key:escape")
ALT_F4 = ev.WindowClosed(by_button=False)
WAYS = {"Esc": (ESC, ESC_UP), "Alt+F4": (ALT_F4,), "the window's button": (ev.WindowClosed(by_button=True),)}


def locked_in(state: KioskState, pin: str = "", contact: str = "") -> KioskState:
    staff = replace(state.config.staff, pin=pin, contact=contact)
    return replace(state, locked_in=True, config=replace(state.config, staff=staff))


def in_mode(mode: Mode) -> KioskState:
    """A visit in a mode, with what that mode needs."""
    state = kiosk(3, 3, mode=mode, model=MODEL_WITH_RESULTS)
    if mode is Mode.TEACH:
        state = replace(state, model=None)
    if mode is Mode.ASK_FOLDER:
        state = replace(state, found=ev.FolderFound("STICK", Path("/media/STICK/x"), ("a",), True, True))
    if mode is Mode.CHOOSE_DRIVE:
        state = replace(state, drives=(stick("A"), stick("B")))
    if mode is Mode.STAFF:
        state = replace(state, staff=StaffState(inside=True, page=StaffPage.SCREEN))
    return replace(state, now_s=100.0, ticked_s=100.0, last_input_s=100.0, asked_at_s=90.0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("pin", ["", "2580"])
def test_a_visitor_never_leaves_a_kiosk_that_its_service_started(pin: str, mode: Mode, way: str) -> None:
    state, commands = locked_in(in_mode(mode), pin), []
    for second in range(12):
        state, more = run(state, *WAYS[way], ev.TimePassed(101.0 + second))
        commands += more
    assert ev.Leave() not in commands
    assert ev.EraseSession() not in commands


@pytest.mark.parametrize("way", WAYS)
def test_on_the_main_screen_it_asks_for_the_pin_and_the_right_one_opens_the_staff_pages(way: str) -> None:
    asked, _ = run(locked_in(kiosk(3, 3), "2580"), *WAYS[way])
    assert (asked.mode, asked.staff.inside) == (Mode.STAFF, False)
    assert asked.typing == TypingState(TypingPurpose.PIN)
    back, commands = run(asked, ESC, ESC_UP)
    assert (back.mode, back.typing, commands) == (Mode.TEACH, None, [])
    opened, commands = run(asked, *(ev.ButtonPressed(LetterKey(digit)) for digit in "2580"), ev.ButtonPressed(DONE))
    assert opened.staff.inside
    assert ev.Leave() not in commands


DONE = TypingKey.DONE


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("", "Ask staff. Only they can close the kiosk."),
        ("Ms Yılmaz", "Ask staff (Ms Yılmaz). Only they can close the kiosk."),
    ],
)
def test_without_a_pin_it_says_whom_to_ask(contact: str, said: str) -> None:
    state, commands = run(locked_in(kiosk(3, 3), contact=contact), ESC)
    assert (state.mode, str(state.notice.text), commands) == (Mode.TEACH, said, [ev.PlaySound("refused")])


@pytest.mark.parametrize("way", ["Esc", "Alt+F4"])
def test_a_person_who_started_the_kiosk_is_asked_first(way: str) -> None:
    asked, commands = run(kiosk(3, 3), *WAYS[way])
    assert (asked.mode, commands) == (Mode.CONFIRM_LEAVE, [])
    shown = question(asked, Translator("en"))
    assert shown is not None
    assert (shown.title, [key.text for key in shown.answers]) == ("Leave the kiosk?", ["Stay", "Leave"])
    assert run(asked, ev.ButtonPressed(Action.CONFIRM))[1] == [ev.Leave()]
    for no in (Action.CANCEL, Action.LEAVE, Action.RESET, 0):
        stayed, commands = run(asked, ev.ButtonPressed(no))
        assert (stayed.mode, commands) == (Mode.TEACH, [])
    assert run(asked, ev.TimePassed(asked.now_s + 21.0))[0].mode is Mode.TEACH


def test_train_means_leave_but_not_at_once() -> None:
    asked, _ = run(kiosk(3, 3), ev.TimePassed(10.0), ESC, ESC_UP)
    assert run(asked, ev.TimePassed(10.5), ev.ButtonPressed(Action.TRAIN))[1] == []
    assert run(asked, ev.TimePassed(11.0), ev.ButtonPressed(Action.TRAIN))[1] == [ev.Leave()]


@pytest.mark.parametrize("mode", Mode)
def test_a_window_on_a_desktop_closes_by_its_button_whatever_it_shows(mode: Mode) -> None:
    assert run(in_mode(mode), ev.WindowClosed(by_button=True))[1] == [ev.Leave()]


@pytest.mark.parametrize(
    ("mode", "after"),
    [
        (Mode.GALLERY, Mode.LIVE),
        (Mode.RESULTS, Mode.LIVE),
        (Mode.STAFF, Mode.LIVE),
        (Mode.CONFIRM_RESET, Mode.LIVE),
        (Mode.ASK_FOLDER, Mode.LIVE),
        (Mode.CHOOSE_DRIVE, Mode.LIVE),
        (Mode.STILL_THERE, Mode.LIVE),
        (Mode.ATTRACT, Mode.LIVE),
        (Mode.TRAINING, Mode.TRAINING),
        (Mode.ERASING, Mode.ERASING),
        (Mode.IMPORTING, Mode.IMPORTING),
        (Mode.SAVING, Mode.SAVING),
    ],
)
@pytest.mark.parametrize("service", [True, False])
def test_esc_means_back_on_every_page_and_nothing_while_a_job_runs(mode: Mode, after: Mode, service: bool) -> None:
    before = in_mode(mode)
    state, commands = run(locked_in(before) if service else before, ESC, ESC_UP)
    assert state.mode is after
    assert not {ev.Leave(), ev.EraseSession(), ev.StartSaving()} & {one for one in commands if hash(one)}


def test_esc_leaves_the_page_that_says_what_was_saved() -> None:
    state, commands = run(replace(in_mode(Mode.SAVING), saving=SavingState(finished=True)), ESC)
    assert (state.mode, commands) == (Mode.LIVE, [])


def test_esc_ends_the_show_of_a_drives_model() -> None:
    state, commands = run(replace(kiosk(0, 0, mode=Mode.LIVE, model=MODEL), shown_from="STICK"), ESC)
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.EndShow()])


def test_esc_closes_the_keyboard_and_keeps_the_name() -> None:
    gallery, _ = run(in_mode(Mode.LIVE), ev.ButtonPressed(ClassGallery(0)))
    named = replace(gallery, typing=TypingState(TypingPurpose.CLASS_NAME, 0, "new"))
    state, _ = run(named, ev.TypingEdited(TypingKey.CANCEL))
    assert (state.mode, state.typing, state.labels) == (Mode.GALLERY, None, ("apple", "cup"))


def test_full_screen_ends_only_where_a_person_started_the_kiosk() -> None:
    press = ev.ButtonPressed(Action.FULLSCREEN)
    assert run(kiosk(3, 3), press)[1] == [ev.ToggleFullscreen()]
    assert run(locked_in(kiosk(3, 3)), press)[1] == []


def test_the_corner_still_opens_the_pages_and_saving_always_works() -> None:
    state = locked_in(kiosk(3, 3, mode=Mode.LIVE, model=MODEL))
    _, commands = run(state, ev.ButtonPressed(Action.SAVE))
    assert commands == [ev.StartSaving(None)]
    held, _ = run(state, ev.ButtonPressed(ScreenKey.CORNER), ev.TimePassed(0.1), ev.TimePassed(4.0))
    assert (held.mode, held.staff.inside) == (Mode.STAFF, True)


def test_a_drive_can_still_be_chosen() -> None:
    drive = Drive("A", Path("/media/A"), 10**9, False, "vfat")
    state = locked_in(replace(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), drives=(drive, stick("B"))))
    asked, _ = run(state, ev.ButtonPressed(Action.SAVE), ev.TimePassed(2.0), ev.ButtonPressed(0))
    assert asked.mode is Mode.SAVING
