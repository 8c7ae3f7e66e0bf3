"""Nobody is there: the countdown, what ends it, and what happens to the session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import Action
from app.base.privacy import Privacy
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import ModelFacts, TrainedFacts
from app.core.state import KioskState, Mode
from tests.support.states import PICTURE, kiosk, run, stick

MODEL = TrainedFacts(0.9, 0.5, (3, 3))
AFTER_S, COUNTDOWN_S = Config().idle.after_s, Config().idle.countdown_s


def visited(mode: Mode = Mode.LIVE, **changes: object) -> KioskState:
    return replace(kiosk(3, 3, mode=mode, model=MODEL), **changes)


def left_alone(state: KioskState, seconds: float) -> tuple[KioskState, list[ev.Command]]:
    return run(state, ev.TimePassed(state.now_s + seconds))


def privately(state: KioskState, what: str) -> KioskState:
    return replace(state, config=replace(state.config, privacy=replace(state.config.privacy, when_idle=what)))


def test_after_a_time_without_input_it_asks_and_loses_nothing() -> None:
    state, commands = left_alone(visited(), AFTER_S - 1)
    assert state.mode is Mode.LIVE
    state, more = left_alone(state, 2)
    assert (state.mode, [*commands, *more]) == (Mode.STILL_THERE, [])
    assert state.shots == (3, 3)


@pytest.mark.parametrize(
    "sign",
    [
        ev.ButtonPressed(0),
        ev.ButtonPressed(Action.TRAIN),
        ev.ButtonPressed(Action.CANCEL),
        ev.ScreenTouched(),
        ev.InputPressed("key:space"),
        ev.InputPressed("key:1"),
    ],
)
def test_any_input_extends_the_visit_and_does_nothing_else(sign: ev.Event) -> None:
    asked, _ = left_alone(visited(), AFTER_S)
    state, commands = run(asked, sign)
    assert (state.mode, commands) == (Mode.LIVE, [])
    assert state.shots == (3, 3)
    state, _ = left_alone(state, AFTER_S - 1)
    assert state.mode is Mode.LIVE


def test_a_held_button_keeps_the_visit_alive() -> None:
    state, _ = run(visited(), ev.ButtonPressed(0))
    for second in range(1, int(2 * AFTER_S)):
        state, _ = run(state, ev.TimePassed(float(second)), ev.SampleAdded(0, second, PICTURE))
    assert state.mode is Mode.LIVE


@pytest.mark.parametrize("privacy", ["keep", "embeddings", "erase"])
def test_after_the_countdown_the_session_ends_as_the_settings_say(privacy: str) -> None:
    state, _ = left_alone(privately(visited(), privacy), AFTER_S)
    state, commands = left_alone(state, COUNTDOWN_S)
    assert (state.mode, commands) == (Mode.ERASING, [ev.EndSession(Privacy(privacy))])
    state, commands = run(state, ev.SessionErased())
    assert (state.mode, state.shots, state.model) == (Mode.ATTRACT, (0, 0), None)
    assert commands == [ev.LoadStarter()]


def test_a_session_that_cannot_be_erased_is_off_the_screen_and_nobody_can_begin_until_it_is() -> None:
    state, _ = left_alone(visited(), AFTER_S)
    state, _ = left_alone(state, COUNTDOWN_S)
    assert (state.shots, state.model, [one.thumbnails for one in state.classes]) == ((0, 0), None, [(), ()])
    for wait_s in (2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        state, _ = run(state, ev.EraseFailed("the disk is gone."))
        assert state.notice is not None
        assert state.notice.text == "the disk is gone."
        assert run(state, ev.ButtonPressed(0))[1] == []
        early, commands = left_alone(state, wait_s - 0.1)
        assert (early.mode, commands) == (Mode.ERASING, [])
        state, commands = left_alone(early, 0.2)
        assert commands == [ev.EndSession(state.privacy)]
    state, _ = run(state, ev.SessionErased())
    assert (state.mode, state.notice) == (Mode.ATTRACT, None)
    assert run(state, ev.EraseFailed("too late."))[0].mode is Mode.ATTRACT


def test_with_nothing_taught_the_demonstration_starts_without_a_question() -> None:
    state, commands = left_alone(kiosk(0, 0), AFTER_S)
    assert (state.mode, commands) == (Mode.ATTRACT, [ev.LoadStarter()])


def test_the_press_that_wakes_it_does_nothing_else() -> None:
    playing, _ = left_alone(kiosk(0, 0), AFTER_S)
    state, commands = run(playing, ev.ButtonPressed(0))
    assert (state.mode, state.held) == (Mode.TEACH, None)
    assert commands == [ev.PlaySound("tick")]


@pytest.mark.parametrize("sign", [ev.ScreenTouched(), ev.InputPressed("key:space"), ev.ButtonPressed(Action.LANGUAGE)])
def test_any_input_wakes_it(sign: ev.Event) -> None:
    playing, _ = left_alone(kiosk(0, 0), AFTER_S)
    assert run(playing, sign)[0].mode is Mode.TEACH


def test_a_key_with_a_button_wakes_it_once_and_takes_no_sample() -> None:
    playing, _ = left_alone(kiosk(0, 0), AFTER_S)
    state, commands = run(playing, ev.InputPressed("key:1"), ev.InputReleased("key:1"))
    assert state.mode is Mode.TEACH
    assert not [one for one in commands if isinstance(one, ev.AddSample)]


def test_a_drive_that_is_plugged_in_wakes_it_and_one_that_is_pulled_does_not() -> None:
    playing, _ = left_alone(kiosk(0, 0), AFTER_S)
    woken, _ = run(playing, ev.DrivesChanged((stick(),)))
    assert woken.mode is Mode.TEACH
    again, _ = left_alone(woken, AFTER_S)
    assert again.mode is Mode.ATTRACT
    assert run(again, ev.DrivesChanged(()))[0].mode is Mode.ATTRACT


def test_a_drive_that_is_plugged_in_extends_the_visit() -> None:
    asked, _ = left_alone(visited(), AFTER_S)
    assert run(asked, ev.DrivesChanged((stick(),)))[0].mode is Mode.LIVE


def test_the_next_visit_begins_in_the_configured_language() -> None:
    state, _ = run(kiosk(0, 0), ev.ButtonPressed(Action.LANGUAGE))
    assert state.language == "de"
    playing, _ = left_alone(state, AFTER_S)
    assert playing.language == "en"


def test_an_idle_time_of_zero_never_asks() -> None:
    state = visited()
    state = replace(state, config=replace(state.config, idle=replace(state.config.idle, after_s=0.0)))
    assert left_alone(state, 1e6)[0].mode is Mode.LIVE


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.SAVING])
def test_work_in_progress_is_never_interrupted(mode: Mode) -> None:
    assert left_alone(visited(mode), 10 * AFTER_S)[0].mode is mode


@pytest.mark.parametrize("mode", [Mode.GALLERY, Mode.RESULTS, Mode.CONFIRM_RESET])
def test_it_asks_from_every_screen_that_a_visitor_may_leave_open(mode: Mode) -> None:
    state = visited(mode, asked_at_s=0.0)
    for _ in range(3):  # a question that nobody answers goes away first
        state, _ = left_alone(state, AFTER_S / 2 + 1)
    assert state.mode is Mode.STILL_THERE or state.mode is Mode.ERASING


def test_staff_pages_that_were_left_open_close_after_the_idle_time() -> None:
    state = visited(Mode.STAFF)
    state = replace(state, staff=replace(state.staff, inside=True))
    state, commands = left_alone(state, AFTER_S)
    assert (state.mode, state.staff.inside, commands) == (Mode.LIVE, False, [])


def test_the_starter_answers_until_somebody_teaches() -> None:
    state, _ = run(kiosk(0, 0), ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)))
    assert (state.mode, state.answering, state.model) == (Mode.LIVE, True, None)
    state, commands = run(state, ev.ButtonPressed(0))
    assert commands == [ev.DropStarter(), ev.AddSample(0, hold=0)]
    assert (state.mode, state.starter) == (Mode.TEACH, None)


def test_a_starter_that_comes_too_late_is_dropped() -> None:
    begun, _ = run(kiosk(0, 0), ev.ButtonPressed(0))
    state, commands = run(begun, ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)))
    assert (state.starter, commands) == (None, [ev.DropStarter()])
