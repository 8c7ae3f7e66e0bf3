"""The one switch: where the highlight is, and what a press, a hold and a tremble do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import (
    Action,
    Button,
    ClassGallery,
    LearnInput,
    LetterKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    StaffTab,
    TypingKey,
)
from app.core import events as ev
from app.core.modes.scanning import AFTER_SPEECH_S, ROUNDS
from app.core.pages import StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run

STEP_S = 1.0
MAIN: tuple[tuple[Button, ...], ...] = ((0,), (1,), (Action.TRAIN,), (Action.RESET,))
KEYS = ((LetterKey("a"), LetterKey("b")), (LetterKey("c"), LetterKey("d")), (TypingKey.DONE,))


def scanning(state: KioskState, groups: tuple[tuple[Button, ...], ...] = MAIN, **settings: object) -> KioskState:
    """The state with the highlight on the first of the groups."""
    changed = replace(state.config.scan, enabled=True, step_s=STEP_S, **settings)
    state = replace(state, config=replace(state.config, scan=changed))
    return run(state, ev.TargetsShown(groups))[0]


def wait(state: KioskState, seconds: float) -> KioskState:
    return run(state, ev.TimePassed(state.now_s + seconds))[0]


def on(state: KioskState, button: Button) -> KioskState:
    """Wait until the button is highlighted."""
    for _ in range(60):
        if button in state.scan.highlighted:
            return state
        state = wait(state, STEP_S / 2)
    raise AssertionError(f"{button} is never highlighted")


def press(state: KioskState, source: str = "key:space") -> KioskState:
    return run(state, ev.InputPressed(source))[0]


def release(state: KioskState, source: str = "key:space") -> KioskState:
    return run(state, ev.InputReleased(source))[0]


def tap(state: KioskState, source: str = "key:space") -> KioskState:
    return release(press(state, source), source)


def test_the_highlight_visits_everything_and_begins_again() -> None:
    state, seen = scanning(kiosk(3, 3)), []
    for _ in range(9):
        seen.append(state.scan.highlighted)
        state = wait(state, 1.5 * STEP_S)
    assert seen == [*MAIN, *MAIN, MAIN[0]]


def test_the_first_place_is_highlighted_for_one_and_a_half_steps() -> None:
    state = scanning(kiosk(3, 3))
    assert wait(state, 1.4 * STEP_S).scan.highlighted == (0,)
    state = wait(state, 1.5 * STEP_S)
    assert state.scan.highlighted == (1,)
    assert wait(state, 0.9 * STEP_S).scan.highlighted == (1,)
    assert wait(state, STEP_S).scan.highlighted == (Action.TRAIN,)


@pytest.mark.parametrize("source", ["key:space", "key:2", "key:s", "gpio:17", "pad:0:button:3"])
def test_any_input_presses_what_is_highlighted_and_not_its_own_button(source: str) -> None:
    state = press(scanning(kiosk(0, 0)), source)
    assert state.held is not None
    assert state.held.class_index == 0
    assert state.mode is Mode.TEACH


def test_a_touch_anywhere_presses_what_is_highlighted_until_it_is_lifted() -> None:
    state = on(scanning(kiosk(0, 0)), 1)
    state, _ = run(state, ev.ButtonPressed(ScreenKey.SWITCH))
    assert state.held is not None
    assert state.held.class_index == 1
    assert run(state, ev.ButtonReleased(ScreenKey.SWITCH))[0].held is None


def test_a_touch_where_no_button_is_takes_one_picture() -> None:
    state, commands = run(scanning(kiosk(0, 0)), ev.ScreenTouched())
    assert ev.AddSample(0, 0) in commands
    assert state.held is None


def test_a_hold_teaches_as_the_button_of_the_class_does_and_the_highlight_stands_still() -> None:
    def taught(state: KioskState, down: ev.Event, up: ev.Event) -> tuple[KioskState, list[ev.Command]]:
        state, commands = run(state, down)
        for _ in range(20):
            state, more = run(state, ev.TimePassed(state.now_s + 0.1))
            commands += more
            added = [one for one in more if isinstance(one, ev.AddSample)]
            if added:
                held = state.held
                assert held is not None
                state = replace(state, held=replace(held, waiting=False), in_flight=0)
        state, more = run(state, up)
        return state, commands + more

    by_button, expected = taught(kiosk(0, 0), ev.ButtonPressed(0), ev.ButtonReleased(0))
    start = scanning(kiosk(0, 0))
    by_switch, commands = taught(start, ev.InputPressed("key:space"), ev.InputReleased("key:space"))
    assert [one for one in commands if isinstance(one, ev.AddSample)] == [
        one for one in expected if isinstance(one, ev.AddSample)
    ]
    assert by_switch.held is None is by_button.held
    assert by_switch.scan.highlighted == (0,)


def test_after_a_class_the_highlight_stays_there_for_another_press() -> None:
    state = tap(on(scanning(kiosk(0, 0)), 1))
    assert state.scan.highlighted == (1,)
    assert wait(state, STEP_S).scan.highlighted == (Action.TRAIN,)


def test_a_second_input_does_not_press_while_the_first_one_is_down() -> None:
    state = press(scanning(kiosk(0, 0)))
    state = press(wait(state, 5.0), "gpio:4")
    assert state.scan.highlighted == (0,)
    assert release(state, "gpio:4").held is not None
    assert release(state).held is None


def test_a_press_shorter_than_the_dwell_is_ignored() -> None:
    state = scanning(kiosk(0, 0), dwell_s=0.3)
    state = wait(press(state), 0.2)
    assert state.held is None
    assert release(state).held is None
    held = wait(press(release(state)), 0.3).held
    assert held is not None
    assert held.class_index == 0


def test_with_a_starting_press_nothing_is_highlighted_until_then_and_again_after_some_rounds() -> None:
    state = scanning(kiosk(0, 0), start="press")
    assert wait(state, 9.0).scan.highlighted == ()
    state = tap(state)
    assert state.held is None
    assert state.scan.highlighted == (0,)
    for _ in range(ROUNDS * len(MAIN)):
        assert state.scan.highlighted
        state = wait(state, 1.5 * STEP_S)
    assert state.scan.highlighted == ()


def test_many_buttons_are_visited_row_by_row_and_a_press_enters_the_row() -> None:
    naming = TypingState(TypingPurpose.CLASS_NAME, 0, "")
    state = scanning(replace(kiosk(3, 3, mode=Mode.GALLERY), typing=naming), KEYS)
    assert state.scan.highlighted == KEYS[0]
    state = tap(on(state, LetterKey("c")))
    assert state.scan.highlighted == (LetterKey("c"),)
    state = tap(on(state, LetterKey("d")))
    assert state.typing is not None
    assert state.typing.text == "d"
    assert state.scan.highlighted == KEYS[1]


def test_a_row_that_was_entered_by_mistake_is_left_after_two_rounds() -> None:
    naming = TypingState(TypingPurpose.CLASS_NAME, 0, "")
    state = tap(scanning(replace(kiosk(3, 3, mode=Mode.GALLERY), typing=naming), KEYS))
    for _ in range(4):
        assert len(state.scan.highlighted) == 1
        state = wait(state, 1.5 * STEP_S)
    assert state.scan.highlighted == KEYS[0]


def test_the_highlight_stays_on_its_button_when_others_appear() -> None:
    state = on(scanning(kiosk(1, 0)), Action.TRAIN)
    more = ((0,), (1,), (ClassGallery(0),), (Action.TRAIN,))
    state, _ = run(state, ev.TargetsShown(more))
    assert state.scan.highlighted == (Action.TRAIN,)


def test_a_press_on_a_new_screen_presses_nothing_of_the_one_before() -> None:
    state = tap(on(scanning(kiosk(3, 3)), Action.RESET))
    assert state.mode is Mode.CONFIRM_RESET
    state = tap(wait(state, 2.0))  # the screen has not yet said what it offers
    assert state.mode is Mode.CONFIRM_RESET
    state, _ = run(state, ev.TargetsShown(((Action.CANCEL,), (Action.CONFIRM,))))
    assert tap(state).mode is Mode.TEACH


def test_any_press_wakes_the_kiosk_and_answers_still_there() -> None:
    asleep = scanning(replace(kiosk(0, 0), mode=Mode.ATTRACT), ())
    assert tap(asleep).mode is Mode.TEACH
    asked = scanning(kiosk(3, 3, mode=Mode.STILL_THERE), ())
    assert tap(asked).mode is Mode.TEACH


def test_staff_open_their_pages_with_the_corner_and_use_them_as_always() -> None:
    state = scanning(kiosk(3, 3))
    state, _ = run(state, ev.ButtonPressed(ScreenKey.CORNER))
    state = wait(state, 0.1)
    state = wait(state, 3.1)
    assert state.mode is Mode.STAFF
    state, _ = run(state, ev.ButtonReleased(ScreenKey.CORNER))
    assert state.scan.highlighted == ()
    assert run(state, ev.ButtonPressed(ScreenKey.BACK))[0].mode is Mode.TEACH


def test_staff_open_their_pages_with_the_two_buttons() -> None:
    state = scanning(kiosk(3, 3))
    state, _ = run(state, ev.InputPressed("key:r"), ev.InputPressed("key:z"))
    state = wait(state, 0.1)
    assert wait(state, 3.1).mode is Mode.STAFF


def test_the_keys_of_the_window_keep_their_meaning() -> None:
    state, commands = run(scanning(kiosk(3, 3)), ev.InputPressed("key:f11"))
    assert commands == [ev.ToggleFullscreen()]
    state, _ = run(state, ev.InputReleased("key:f11"), ev.InputPressed("key:escape"))
    assert state.mode is Mode.CONFIRM_LEAVE


def test_a_switch_that_is_stuck_is_let_go() -> None:
    state = press(scanning(kiosk(0, 0)))
    assert state.held is not None
    assert wait(state, state.inputs.stuck_after_s + 1).held is None


def test_a_press_counts_as_somebody_being_there() -> None:
    state = wait(scanning(kiosk(0, 0)), 50.0)
    assert press(state).last_input_s == state.now_s


def test_without_the_setting_every_button_means_itself() -> None:
    state, _ = run(kiosk(3, 3), ev.TargetsShown(MAIN))
    assert state.scan.highlighted == ()
    assert press(state, "key:2").held.class_index == 1


def test_the_highlight_moves_on_after_results_are_closed() -> None:
    state = scanning(kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS), ((Action.RESULTS,),))
    state = tap(state)
    assert state.mode is Mode.RESULTS
    state, _ = run(state, ev.TargetsShown(((ScreenKey.BACK,),)))
    assert tap(state).mode is Mode.LIVE


def test_the_highlight_stands_still_while_the_screen_is_read_aloud() -> None:
    state = scanning(kiosk(3, 3))
    first, step_s = state.scan.highlighted, state.config.scan.step_s
    for _ in range(10):
        state, _ = run(state, ev.TargetsShown(state.scan.groups, speaking=True))
        state = wait(state, step_s / 4)
        assert state.scan.highlighted == first
    state, _ = run(state, ev.TargetsShown(state.scan.groups, speaking=False))
    state = wait(state, AFTER_SPEECH_S)
    assert state.scan.highlighted not in ((), first)


def test_switching_it_off_on_the_staff_pages_ends_it() -> None:
    state = replace(scanning(kiosk(3, 3)), mode=Mode.STAFF, staff=StaffState(inside=True))
    state, _ = run(state, ev.TimePassed(1.0))
    assert state.scan.groups == ()


def opened_by_switch(state: KioskState) -> KioskState:
    """Hold the switch on the corner for staff."""
    state = press(on(scanning(state, (*MAIN, (ScreenKey.CORNER,))), ScreenKey.CORNER))
    return release(wait(wait(state, 0.1), state.config.staff.hold_s + 0.1))


def test_held_on_the_corner_the_switch_opens_the_staff_pages_and_operates_them() -> None:
    assert release(press(on(scanning(kiosk(3, 3), (*MAIN, (ScreenKey.CORNER,))), ScreenKey.CORNER))).mode is Mode.TEACH
    state = opened_by_switch(kiosk(3, 3))
    assert (state.mode, state.staff.inside) == (Mode.STAFF, True)
    state, _ = run(state, ev.TargetsShown(((ScreenKey.BACK,), (StaffTab(StaffPage.SCREEN),))))
    state = tap(on(state, StaffTab(StaffPage.SCREEN)))
    assert state.staff.page is StaffPage.SCREEN
    state, _ = run(state, ev.TargetsShown(((SettingStep("screen.sound", -1),), (ScreenKey.BACK,))))
    state = tap(on(state, SettingStep("screen.sound", -1)))
    assert not state.config.screen.sound
    assert tap(on(state, ScreenKey.BACK)).mode is Mode.TEACH


def test_the_switch_types_the_pin_and_leaves_the_pages_if_it_is_wrong() -> None:
    state = kiosk(3, 3)
    state = replace(state, config=replace(state.config, staff=replace(state.config.staff, pin="2580")))
    state = opened_by_switch(state)
    assert state.typing is not None
    groups = tuple((LetterKey(digit),) for digit in "2580")
    for digit in "2580":
        state, _ = run(state, ev.TargetsShown((*groups, (TypingKey.DONE,))))
        state = tap(on(state, LetterKey(digit)))
    state = tap(on(state, TypingKey.DONE))
    assert (state.staff.inside, state.typing) == (True, None)


def test_while_a_button_of_the_box_is_assigned_the_next_press_is_that_input() -> None:
    state = opened_by_switch(kiosk(3, 3))
    state, _ = run(state, ev.ButtonPressed(StaffTab(StaffPage.BUTTONS)), ev.ButtonReleased(StaffTab(StaffPage.BUTTONS)))
    state = replace(state, staff=replace(state.staff, page=StaffPage.BUTTONS))
    state, _ = run(state, ev.TargetsShown(((LearnInput(Action.GALLERY),), (ScreenKey.BACK,))))
    state = tap(on(state, LearnInput(Action.GALLERY)))
    assert state.staff.listening is Action.GALLERY
    state = tap(state, "gpio:17")
    assert "gpio:17" in state.inputs.map.sources_of(Action.GALLERY)
    assert state.staff.listening is None
