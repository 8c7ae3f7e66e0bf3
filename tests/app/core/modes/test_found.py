"""The question about a folder on a drive: when it is asked, who answers it, and what the screen says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.base.buttons import Action
from app.base.ports import Drive, UnmountedDrive
from app.base.privacy import Privacy
from app.core import events as ev
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.state import Held, KioskState, Mode
from app.core.transitions import advance
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.states import kiosk, stick

FOLDER = Path("/media/STICK/teachable/2026-01-31_1412_apple_cup")
FOUND = ev.FolderFound("STICK", FOLDER, ("apple", "cup"), has_session=True, has_model=True)
PRESENT = ev.DrivesChanged((stick(),))


def told(state: KioskState, *events: ev.Event) -> tuple[KioskState, list[ev.Command]]:
    commands: list[ev.Command] = []
    for event in events:
        state, more = advance(state, event)
        commands += [one for one in more if not isinstance(one, ev.PlaySound)]
    return state, commands


def asked(found: ev.FolderFound = FOUND, *shots: int) -> KioskState:
    """A second after the question came up."""
    state, _ = told(kiosk(*(shots or (0, 0, 0))), PRESENT, found)
    state, _ = told(state, ev.TimePassed(state.now_s + 0.1))
    assert state.mode is Mode.ASK_FOLDER
    return told(state, ev.TimePassed(state.now_s + 1.0))[0]


def test_it_waits_until_nothing_is_held_and_everything_is_stored() -> None:
    state, _ = told(kiosk(2, 2, 0), PRESENT, FOUND)
    for busy in (
        replace(state, held=Held(0, 1e9)), replace(state, in_flight=1), replace(state, mode=Mode.TRAINING),
        replace(state, mode=Mode.SAVING),
    ):  # fmt: skip
        assert told(busy, ev.TimePassed(state.now_s + 0.1))[0].mode is busy.mode


def test_the_first_class_button_carries_on_the_second_shows_and_all_others_leave_it() -> None:
    state, commands = told(asked(), ev.ButtonPressed(0))
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.ImportSession(FOLDER, Privacy.EMBEDDINGS)])
    state, commands = told(asked(), ev.ButtonPressed(1))
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.ShowModel(FOLDER, "STICK")])
    for button in (2, Action.CANCEL, Action.TRAIN, Action.SAVE, Action.RESET):
        state, commands = told(asked(), ev.ButtonPressed(button))
        assert (state.mode, state.found, commands) == (Mode.TEACH, None, [])


def test_a_press_that_was_meant_for_a_class_is_no_answer() -> None:
    state, _ = told(kiosk(0, 0, 0), PRESENT, FOUND)
    state, _ = told(state, ev.TimePassed(state.now_s + 0.1))
    state, commands = told(state, ev.ButtonPressed(0), ev.ButtonReleased(0))
    assert (state.mode, commands) == (Mode.ASK_FOLDER, [])


def test_what_is_not_there_is_not_offered_and_its_button_does_nothing() -> None:
    state = asked(replace(FOUND, has_session=False))
    question = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert [key.button for key in question.answers] == [1, Action.CANCEL]
    assert told(state, ev.ButtonPressed(0))[1] == []


def test_the_question_goes_with_the_drive_and_after_half_a_minute() -> None:
    state, _ = told(asked(), ev.DrivesChanged(()))
    assert (state.mode, state.found) == (Mode.TEACH, None)
    state = asked()
    assert told(state, ev.TimePassed(state.now_s + 31))[0].found is None


def test_it_says_what_was_taught_there_and_what_becomes_of_what_is_here() -> None:
    question = present(asked(FOUND, 3, 4, 0), None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert question.title == "Something was taught on STICK"
    assert question.text == "Taught there: apple, cup. Carrying on with it puts the 7 pictures of here away."
    assert [key.text for key in question.answers] == ["Carry on", "Show it", "Leave it"]
    assert 0 < (question.left or 0) < 1


def test_it_says_that_what_is_here_is_erased_where_nothing_may_be_kept() -> None:
    state = asked(FOUND, 3, 4, 0)
    state = replace(state, config=replace(state.config, privacy=replace(state.config.privacy, when_idle="erase")))
    question = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert question.text == "Taught there: apple, cup. Carrying on with it erases the 7 pictures of here."


def test_a_session_that_can_be_trained_is_trained_at_once_and_any_other_waits() -> None:
    importing = replace(kiosk(0, 0, 0), mode=Mode.IMPORTING)
    state, commands = told(importing, ev.SessionImported((TaughtClass("a", 3), TaughtClass("b", 3))))
    assert (state.mode, state.labels, commands) == (Mode.TRAINING, ("a", "b"), [ev.StartTraining()])
    state, commands = told(importing, ev.SessionImported((TaughtClass("a", 3), TaughtClass("b", 0))))
    assert (state.mode, state.shots, commands) == (Mode.TEACH, (3, 0), [])


def test_while_a_model_is_shown_only_reset_does_something() -> None:
    state, _ = told(replace(kiosk(3, 3, 0), mode=Mode.IMPORTING), ev.ModelShown(ModelFacts(("x", "y"), 0.5), "STICK"))
    assert (state.mode, state.labels, state.shots, state.stale) == (Mode.LIVE, ("x", "y"), (0, 0), False)
    for button in (0, Action.TRAIN, Action.UNDO, Action.SAVE):
        refused, commands = told(state, ev.ButtonPressed(button))
        assert commands == []
        assert refused.notice is not None
        assert str(refused.notice.text) == "This is the model from STICK. RESET goes back to your own."
    assert told(state, ev.ButtonPressed(Action.RESET))[1] == [ev.EndShow()]


def test_the_own_model_is_back_with_its_results_after_a_show() -> None:
    own = TrainedFacts(0.8, 0.6, (3, 3, 0), {"validation": []})
    before = replace(kiosk(3, 3, 0), mode=Mode.LIVE, model=own, changed=True)
    shown, _ = told(before, ev.ModelShown(ModelFacts(("x", "y"), 0.5), "STICK"))
    assert not shown.stale
    back, _ = told(shown, ev.ShowEnded(kiosk(3, 3, 0).classes, own))
    assert back.model is own
    assert (back.mode, back.stale) == (Mode.LIVE, True)


def test_the_strip_tells_kind_and_room_or_why_not() -> None:
    drives = (
        Drive("A", Path("/a"), 3_200_000_000, False, "vfat"), Drive("B", Path("/b"), 9_400_000, False, "exfat"),
        Drive("C", Path("/c"), 1, True, "ext4"),
    )  # fmt: skip
    reason = "it is not mounted"
    event = ev.DrivesChanged(drives, (UnmountedDrive("D", "/dev/sdd1", reason),))
    state, _ = told(kiosk(0, 0, 0), event)
    strip = present(state, None, NOTHING_SEEN, Surroundings()).status.drive
    assert strip == "A (FAT, 3.2 GB free), B (exFAT, 9 MB free), C (ext4, write-protected), D (not mounted)"
    assert state.notice is not None
    assert str(state.notice.text) == "Drive D: it is not mounted"


def test_another_folder_that_comes_during_the_question_is_asked_about_anew() -> None:
    other = ev.FolderFound("OTHER", Path("/media/OTHER/teachable/x"), ("a", "b"), has_session=True, has_model=True)
    state, commands = told(asked(), other, ev.ButtonPressed(0))
    assert (state.mode, state.found, commands) == (Mode.ASK_FOLDER, other, [])


def test_the_starter_steps_back_for_a_model_that_is_shown_and_comes_again_after_it() -> None:
    started, _ = told(kiosk(0, 0, 0), ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)))
    shown, _ = told(started, ev.ModelShown(ModelFacts(("a", "b"), 0.5), "STICK"))
    ended = ev.ShowEnded(kiosk(0, 0, 0).classes)
    state, commands = told(shown, ended)
    assert (state.mode, state.answering, commands) == (Mode.TEACH, False, [ev.LoadStarter()])
