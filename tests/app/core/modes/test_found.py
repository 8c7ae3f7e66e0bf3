"""The question about a folder on a drive: when it appears, its answers, and its texts."""

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


def after(state: KioskState, *events: ev.Event) -> tuple[KioskState, list[ev.Command]]:
    commands: list[ev.Command] = []
    for event in events:
        state, more = advance(state, event)
        commands += [one for one in more if not isinstance(one, ev.PlaySound)]
    return state, commands


def asked(found: ev.FolderFound = FOUND, *shots: int) -> KioskState:
    """The state one second after the question appeared."""
    state, _ = after(kiosk(*(shots or (0, 0, 0))), PRESENT, found)
    state, _ = after(state, ev.TimePassed(state.now_s + 0.1))
    assert state.mode is Mode.ASK_FOLDER
    return after(state, ev.TimePassed(state.now_s + 1.0))[0]


def test_the_question_waits_until_no_button_is_held_and_all_samples_are_stored() -> None:
    state, _ = after(kiosk(2, 2, 0), PRESENT, FOUND)
    for busy in (
        replace(state, held=Held(0, 1e9)), replace(state, in_flight=1), replace(state, mode=Mode.TRAINING),
        replace(state, mode=Mode.SAVING),
    ):  # fmt: skip
        assert after(busy, ev.TimePassed(state.now_s + 0.1))[0].mode is busy.mode


def test_the_first_class_button_carries_on_the_second_shows_and_others_do_neither() -> None:
    state, commands = after(asked(), ev.ButtonPressed(0))
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.ImportSession(FOLDER, Privacy.EMBEDDINGS)])
    state, commands = after(asked(), ev.ButtonPressed(1))
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.ShowModel(FOLDER, "STICK")])
    for button in (2, Action.CANCEL, Action.TRAIN, Action.SAVE, Action.RESET):
        state, commands = after(asked(), ev.ButtonPressed(button))
        assert (state.mode, state.found, commands) == (Mode.TEACH, None, [])


def test_a_press_just_before_the_question_is_not_an_answer() -> None:
    state, _ = after(kiosk(0, 0, 0), PRESENT, FOUND)
    state, _ = after(state, ev.TimePassed(state.now_s + 0.1))
    state, commands = after(state, ev.ButtonPressed(0), ev.ButtonReleased(0))
    assert (state.mode, commands) == (Mode.ASK_FOLDER, [])


def test_an_impossible_answer_is_not_offered_and_its_button_does_nothing() -> None:
    state = asked(replace(FOUND, has_session=False))
    question = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert [key.button for key in question.answers] == [1, Action.CANCEL]
    assert after(state, ev.ButtonPressed(0))[1] == []


def test_the_question_disappears_with_the_drive_or_after_half_a_minute() -> None:
    state, _ = after(asked(), ev.DrivesChanged(()))
    assert (state.mode, state.found) == (Mode.TEACH, None)
    state = asked()
    assert after(state, ev.TimePassed(state.now_s + 31))[0].found is None


def test_the_question_says_what_was_taught_there_and_what_happens_to_this_session() -> None:
    question = present(asked(FOUND, 3, 4, 0), None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert question.title == "STICK has a saved model"
    assert question.text == "It knows apple, cup. If you keep teaching it, your 7 pictures here are put away."
    assert [key.text for key in question.answers] == ["Keep teaching", "Try it", "Not now"]
    assert 0 < (question.left or 0) < 1


def test_the_question_says_that_this_session_is_erased_if_nothing_is_kept() -> None:
    state = asked(FOUND, 3, 4, 0)
    state = replace(state, config=replace(state.config, privacy=replace(state.config.privacy, when_idle="erase")))
    question = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    assert question.text == "It knows apple, cup. If you keep teaching it, your 7 pictures here are erased."


def test_an_imported_session_is_trained_at_once_if_it_can_be() -> None:
    importing = replace(kiosk(0, 0, 0), mode=Mode.IMPORTING)
    state, commands = after(importing, ev.SessionImported((TaughtClass("a", 3), TaughtClass("b", 3))))
    assert (state.mode, state.labels, commands) == (Mode.TRAINING, ("a", "b"), [ev.StartTraining()])
    state, commands = after(importing, ev.SessionImported((TaughtClass("a", 3), TaughtClass("b", 0))))
    assert (state.mode, state.shots, commands) == (Mode.TEACH, (3, 0), [])


def test_while_a_model_is_shown_only_reset_does_something() -> None:
    state, _ = after(replace(kiosk(3, 3, 0), mode=Mode.IMPORTING), ev.ModelShown(ModelFacts(("x", "y"), 0.5), "STICK"))
    assert (state.mode, state.labels, state.shots, state.stale) == (Mode.LIVE, ("x", "y"), (0, 0), False)
    for button in (0, Action.TRAIN, Action.UNDO, Action.SAVE):
        refused, commands = after(state, ev.ButtonPressed(button))
        assert commands == []
        assert refused.notice is not None
        assert str(refused.notice.text) == "This is the model from STICK. RESET goes back to your own."
    assert after(state, ev.ButtonPressed(Action.RESET))[1] == [ev.EndShow()]


def test_a_shown_model_that_keeps_failing_is_no_longer_shown_and_one_sentence_says_so() -> None:
    state, _ = after(replace(kiosk(3, 3, 0), mode=Mode.IMPORTING), ev.ModelShown(ModelFacts(("x", "y"), 0.5), "STICK"))
    state, commands = after(state, ev.VisionFailed("it hangs", 1))
    assert (state.mode, commands) == (Mode.LIVE, [])
    assert str(state.notice.text) == "it hangs"
    state, commands = after(state, ev.VisionFailed("it hangs", ev.GIVE_UP_AFTER))
    assert (state.mode, commands) == (Mode.IMPORTING, [ev.EndShow()])
    assert str(state.notice.text) == "The model from STICK does not answer. This is your own again."


def test_a_failing_model_of_the_kiosk_itself_stays() -> None:
    state, commands = after(replace(kiosk(3, 3, 0), mode=Mode.LIVE), ev.VisionFailed("it hangs", ev.GIVE_UP_AFTER))
    assert (state.mode, commands) == (Mode.LIVE, [])


def test_after_a_show_the_sessions_own_model_and_results_are_back() -> None:
    own = TrainedFacts(0.8, 0.6, (3, 3, 0), {"validation": []})
    before = replace(kiosk(3, 3, 0), mode=Mode.LIVE, model=own, changed=True)
    shown, _ = after(before, ev.ModelShown(ModelFacts(("x", "y"), 0.5), "STICK"))
    assert not shown.stale
    back, _ = after(shown, ev.ShowEnded(kiosk(3, 3, 0).classes, own))
    assert back.model is own
    assert (back.mode, back.stale) == (Mode.LIVE, True)


def test_the_status_strip_shows_file_system_and_free_space_or_the_problem() -> None:
    drives = (
        Drive("A", Path("/a"), 3_200_000_000, False, "vfat"), Drive("B", Path("/b"), 9_400_000, False, "exfat"),
        Drive("C", Path("/c"), 1, True, "ext4"),
    )  # fmt: skip
    reason = "it is not mounted"
    event = ev.DrivesChanged(drives, (UnmountedDrive("D", "/dev/sdd1", reason),))
    state, _ = after(kiosk(0, 0, 0), event)
    strip = present(state, None, NOTHING_SEEN, Surroundings()).status.drive
    assert strip == "A (FAT, 3.2 GB free), B (exFAT, 9 MB free), C (ext4, write-protected), D (not mounted)"
    assert state.notice is not None
    assert str(state.notice.text) == "Drive D: it is not mounted"


def test_another_folder_during_the_question_starts_the_question_again() -> None:
    other = ev.FolderFound("OTHER", Path("/media/OTHER/teachable/x"), ("a", "b"), has_session=True, has_model=True)
    state, commands = after(asked(), other, ev.ButtonPressed(0))
    assert (state.mode, state.found, commands) == (Mode.ASK_FOLDER, other, [])


def test_the_starter_stops_for_a_shown_model_and_answers_again_after_it() -> None:
    started, _ = after(kiosk(0, 0, 0), ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)))
    shown, _ = after(started, ev.ModelShown(ModelFacts(("a", "b"), 0.5), "STICK"))
    ended = ev.ShowEnded(kiosk(0, 0, 0).classes)
    state, commands = after(shown, ended)
    assert (state.mode, state.answering, commands) == (Mode.TEACH, False, [ev.LoadStarter()])
