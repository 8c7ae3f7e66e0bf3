"""Who reaches the staff pages: the corner, the two buttons, the PIN and its lock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import (
    Action,
    ArchivedSession,
    Button,
    ClassName,
    LearnInput,
    LetterKey,
    PowerKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    StaffTab,
    TypingKey,
)
from app.base.i18n import LANGUAGES
from app.base.pin import stored
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.staff_targets import targets
from app.core.pages import StaffState, TypingPurpose
from app.core.state import Mode
from app.views.staff import BackendFacts, staff
from app.views.words import Translator
from tests.support.staff import HOLD_S, guarded, held_corner, inside, pin, touched, unlocked
from tests.support.states import kiosk, run

MODEL = TrainedFacts(0.9, 0.5, (3, 3))


def test_a_corner_that_is_held_opens_the_pages_and_a_shorter_touch_does_not() -> None:
    assert held_corner(kiosk(3, 3), HOLD_S - 0.5).mode is Mode.TEACH
    assert inside(kiosk(3, 3)).staff.page == StaffPage.CLASSES


def test_two_buttons_held_together_open_the_pages_and_change_nothing() -> None:
    state, commands = run(
        kiosk(3, 3),
        ev.ButtonPressed(Action.RESET),
        ev.ButtonPressed(Action.UNDO),
        ev.TimePassed(1.0),
        ev.TimePassed(1.0 + HOLD_S),
    )
    assert (state.mode, state.shots) == (Mode.STAFF, (3, 3))
    assert ev.UndoLastAct() not in commands
    assert ev.EraseSession() not in commands
    assert ev.LookAtSystem() in commands


def test_one_of_the_two_buttons_is_not_enough() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(Action.UNDO), ev.TimePassed(1.0), ev.TimePassed(60.0))
    assert state.mode is Mode.TEACH


def test_the_right_pin_opens_and_a_wrong_one_says_so() -> None:
    asked = held_corner(guarded(kiosk(3, 3)))
    assert (asked.mode, asked.staff.inside, asked.typing.purpose) == (Mode.STAFF, False, TypingPurpose.PIN)
    assert pin(asked, "2580").staff.inside
    wrong = pin(asked, "1111")
    assert not wrong.staff.inside
    assert (str(wrong.typing.problem), wrong.typing.text) == ("That is not the PIN.", "")


def test_after_three_wrong_pins_even_the_right_one_waits() -> None:
    state = held_corner(guarded(kiosk(3, 3)))
    for _ in range(3):
        state = pin(state, "1111")
    assert str(state.typing.problem) == "Locked for 60 seconds."
    assert not pin(state, "2580").staff.inside
    left, _ = touched(state, TypingKey.CANCEL)
    assert left.mode is Mode.TEACH
    again = pin(held_corner(left), "2580")
    assert not again.staff.inside  # leaving does not help
    later, _ = run(again, ev.TimePassed(again.now_s + 60.0))
    assert pin(held_corner(later), "2580").staff.inside


def test_the_lock_grows_with_every_wrong_pin_to_five_minutes_and_the_right_one_ends_it() -> None:
    state, seconds = guarded(kiosk(3, 3)), []
    for _ in range(9):
        state, commands = touched(held_corner(state), *(LetterKey(digit) for digit in "1111"), TypingKey.DONE)
        seconds += [one.locked_s for one in commands if isinstance(one, ev.RememberPinLock)]
        state, _ = touched(state, TypingKey.CANCEL)  # leaving does not help
        state, _ = run(state, ev.TimePassed(state.now_s + seconds[-1] + 1.0))
    assert seconds == [0.0, 0.0, 60.0, 120.0, 240.0, 300.0, 300.0, 300.0, 300.0]
    opened, commands = touched(held_corner(state), *(LetterKey(digit) for digit in "2580"), TypingKey.DONE)
    assert (opened.staff.inside, opened.staff.wrong_pins) == (True, 0)
    assert ev.RememberPinLock(0, 0.0) in commands


def test_a_lock_that_is_over_does_not_begin_again_with_the_next_start() -> None:
    state = replace(guarded(kiosk(3, 3)), staff=StaffState(wrong_pins=4, locked_until_s=50.0))
    assert run(state, ev.TimePassed(49.0))[1] == []
    state, commands = run(state, ev.TimePassed(50.0), ev.TimePassed(51.0))
    assert commands == [ev.RememberPinLock(4, 0.0)]
    assert state.staff == StaffState(wrong_pins=4)


def test_forgetting_to_leave_the_pages_does_not_forget_wrong_pins() -> None:
    state = pin(held_corner(guarded(kiosk(3, 3))), "1111")
    state, _ = run(state, ev.TimePassed(state.now_s + 1000.0))
    assert (state.mode is Mode.STAFF, state.staff.wrong_pins) == (False, 1)


def test_the_number_pad_closes_when_nobody_types() -> None:
    asked = guarded(kiosk(3, 3))
    asked = held_corner(replace(asked, config=replace(asked.config, idle=replace(asked.config.idle, after_s=0.0))))
    begun, _ = touched(asked, LetterKey("1"))
    assert run(begun, ev.TimePassed(begun.now_s + 30.0))[0].typing is not None
    closed, _ = run(begun, ev.TimePassed(begun.now_s + 30.5))
    assert (closed.mode, closed.typing) == (Mode.TEACH, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_pin_the_pages_offer_no_sessions_no_shut_down_and_no_first_pin(language: str) -> None:
    state, _ = run(inside(kiosk(3, 3)), ev.SystemLooked(archive=(("2026-01-01", "3 MiB"),)))
    offered: list[Button] = []
    for page in StaffPage:
        state, _ = touched(state, StaffTab(page))
        shown = staff(state, BackendFacts(), Translator(language))
        assert shown is not None
        offered += [row.press for row in shown.rows if row.press is not None]
        assert "2026-01-01" not in [row.label for row in shown.rows]
        assert not {one for one in targets(state) if isinstance(one, PowerKey | ArchivedSession)}
    assert not {one for one in offered if not isinstance(one, ClassName | LearnInput)}
    for button in (
        ArchivedSession("2026-01-01"), ScreenKey.EXPORT_SESSIONS, ScreenKey.NEW_PIN, *PowerKey
    ):  # fmt: skip
        after, commands = touched(state, button)
        assert (commands, after.typing, after.staff.asked) == ([], None, None)


def test_a_pin_that_is_typed_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    typed = pin(held_corner(guarded(kiosk(3, 3), "9753")), "8642")
    typed, _ = run(typed, ev.CharacterTyped("86"))
    for value in (typed, ev.CharacterTyped("8642"), ev.SetPin("8642"), ev.StaffPinSet(stored("8642"))):
        assert "8642" not in repr(value)
        assert "9753" not in repr(value)
        assert "scrypt" not in repr(value)


def test_without_the_pin_nothing_can_be_changed() -> None:
    asked = held_corner(guarded(kiosk(3, 3)))
    for button in (SettingStep("screen.volume", 1), StaffTab(StaffPage.SYSTEM), PowerKey.SHUT_DOWN, 0):
        state, commands = touched(asked, button)
        assert (state.config, state.staff.inside, commands) == (asked.config, False, [])


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.ERASING, Mode.IMPORTING])
def test_the_pages_do_not_open_during_a_job(mode: Mode) -> None:
    assert held_corner(kiosk(3, 3, mode=mode)).mode is mode


def test_leaving_leads_back_to_the_visit() -> None:
    assert touched(inside(kiosk(3, 3, mode=Mode.LIVE, model=MODEL)), ScreenKey.BACK)[0].mode is Mode.LIVE
    assert touched(inside(kiosk(3, 3)), Action.LEAVE)[0].mode is Mode.TEACH


def test_the_pages_do_not_open_while_a_drives_model_is_shown() -> None:
    shown = replace(kiosk(0, 0, mode=Mode.LIVE, model=MODEL), shown_from="STICK")
    assert held_corner(shown).mode is Mode.LIVE
    held, commands = run(shown, ev.ButtonPressed(Action.RESET), ev.ButtonPressed(Action.UNDO))
    assert ev.EndShow() in commands
    back, _ = run(held, ev.ShowEnded(kiosk(3, 3).classes), ev.TimePassed(1.0), ev.TimePassed(5.0))
    assert back.mode is Mode.STAFF


def test_a_new_pin_is_saved_and_asked_for_the_next_time() -> None:
    state, _ = touched(unlocked(kiosk(3, 3)), StaffTab(StaffPage.SYSTEM), ScreenKey.NEW_PIN)
    short, _ = touched(state, *(LetterKey(digit) for digit in "123"), TypingKey.DONE)
    assert str(short.typing.problem) == "A PIN has 4 digits or more."
    state, commands = touched(short, LetterKey("4"), TypingKey.DONE)
    assert commands == [ev.SetPin("1234")]
    state, _ = run(state, ev.StaffPinSet(stored("1234")))
    assert str(state.notice.text) == "The new PIN is set."
    left, _ = touched(state, ScreenKey.BACK)
    asked = held_corner(left)
    assert not pin(asked, "4321").staff.inside
    assert pin(asked, "1234").staff.inside
    without, commands = touched(pin(asked, "1234"), ScreenKey.NEW_PIN, TypingKey.DONE)
    assert commands == [ev.SetPin("")]
    without, _ = run(without, ev.StaffPinSet(""))
    assert inside(touched(without, ScreenKey.BACK)[0])
