"""SAVE with several drives plugged in: how one of them is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, Button
from app.base.ports import Drive, UnmountedDrive
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.state import KioskState, Mode
from app.core.transitions import advance
from app.model.observation import NOTHING_SEEN
from app.ui.screens import targets
from app.views.lamps import FULL, OFF, lamps
from app.views.model import Question
from app.views.present import Surroundings, present
from tests.support.states import kiosk

MODEL = TrainedFacts(1.0, 0.6, (3, 3, 0))
A = Drive("HOLIDAY", Path("/media/a"), 12_300_000_000, False, "vfat")
B = Drive("NO NAME", Path("/media/b"), 812_000_000, False, "exfat")
SAME_NAME = replace(B, path=Path("/media/c"))
LOCKED = Drive("LOCKED", Path("/media/d"), 5_000_000, True, "vfat")


def plugged(*drives: Drive) -> ev.DrivesChanged:
    return ev.DrivesChanged(drives)


def after(state: KioskState, *events: ev.Event) -> tuple[KioskState, list[ev.Command]]:
    commands: list[ev.Command] = []
    for event in events:
        state, more = advance(state, event)
        commands += [one for one in more if not isinstance(one, ev.PlaySound)]
    return state, commands


def pressed(*drives: Drive) -> tuple[KioskState, list[ev.Command]]:
    """The state after SAVE with these drives plugged in."""
    state, _ = after(kiosk(3, 3, 0, mode=Mode.LIVE, model=MODEL), ev.TimePassed(100.0), plugged(*drives))
    return after(state, ev.ButtonPressed(Action.SAVE), ev.ButtonReleased(Action.SAVE))


def started(state: KioskState, drive: str) -> KioskState:
    """The state when writing begins, as the job announces it."""
    stages = tuple(stage for stage in ev.SavingStage if drive or stage is not ev.SavingStage.RELEASE)
    return after(state, ev.SavingStarted(drive, Path("/media/x/teachable/2026-01-31_1412_a_b"), stages))[0]


def asked(*drives: Drive) -> KioskState:
    """The state one second after the question appeared."""
    state, commands = pressed(*drives)
    assert (state.mode, commands) == (Mode.CHOOSE_DRIVE, [])
    return after(state, ev.TimePassed(state.now_s + 1.0))[0]


def question(state: KioskState) -> Question:
    shown = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert shown is not None
    return shown


@pytest.mark.parametrize(("drives", "taken"), [((), None), ((A,), A), ((LOCKED, A), A), ((LOCKED,), None)])
def test_with_fewer_than_two_writable_drives_nothing_is_asked(drives: tuple[Drive, ...], taken: Drive | None) -> None:
    """The chosen drive is used even if another one is plugged in before the writing begins."""
    state, commands = pressed(*drives)
    assert (state.mode, commands) == (Mode.SAVING, [ev.StartSaving(taken)])


@pytest.mark.parametrize(("drives", "drive", "steps"), [((), "", 3), ((LOCKED,), "", 3), ((LOCKED, B), "NO NAME", 4)])
def test_the_page_shows_from_its_first_moment_where_to_it_saves(
    drives: tuple[Drive, ...], drive: str, steps: int
) -> None:
    """Nothing on it changes when writing begins."""
    state, _ = pressed(*drives)
    assert (state.saving.drive, [done for _, done in state.saving.done]) == (drive, [None] * steps)
    page, begun = (present(one, None, NOTHING_SEEN, Surroundings()).saving for one in (state, started(state, drive)))
    assert page is not None
    assert begun is not None
    assert (page.text, page.onto_drive, page.steps) == (begun.text, begun.onto_drive, begun.steps)


@pytest.mark.parametrize(
    ("button", "chosen"), [(0, A), (1, B), (2, SAME_NAME), (Action.SAVE, A)]
)  # fmt: skip
def test_each_drive_has_its_class_button_and_save_is_the_first(button: Button, chosen: Drive) -> None:
    state, commands = after(asked(A, B, SAME_NAME), ev.ButtonPressed(button))
    assert (state.mode, commands) == (Mode.SAVING, [ev.StartSaving(chosen)])


@pytest.mark.parametrize("key", ["key:2", "key:kp_2"])
def test_each_answer_works_by_the_key_that_is_written_on_it(key: str) -> None:
    assert after(asked(A, B), ev.InputPressed(key))[1] == [ev.StartSaving(B)]


def test_a_touch_on_a_drawn_answer_chooses_it() -> None:
    state = asked(A, B)
    view = present(state, None, NOTHING_SEEN, Surroundings())
    (area,) = (area for button, area in targets(view, (1280, 720)) if button == 1)
    assert area.width > 300
    assert area.height >= 60
    assert [button for button, _ in targets(view, (1280, 720))] == [0, 1, Action.CANCEL]


@pytest.mark.parametrize("button", [Action.CANCEL, Action.RESET, Action.UNDO, Action.TRAIN])
def test_every_other_button_saves_nothing(button: Button) -> None:
    state, commands = after(asked(A, B), ev.ButtonPressed(button))
    assert (state.mode, commands) == (Mode.LIVE, [])


def test_a_class_button_without_a_drive_does_nothing() -> None:
    state, commands = after(asked(A, B), ev.ButtonPressed(2))
    assert (state.mode, commands) == (Mode.CHOOSE_DRIVE, [])


def test_a_bounce_of_save_is_not_an_answer() -> None:
    state, _ = pressed(A, B)
    state, commands = after(state, ev.TimePassed(state.now_s + 0.2), ev.ButtonPressed(Action.SAVE))
    assert (state.mode, commands) == (Mode.CHOOSE_DRIVE, [])


def test_without_an_answer_the_first_drive_is_used() -> None:
    state = asked(A, B)
    state, commands = after(state, ev.TimePassed(state.now_s + 18.9))
    assert commands == []
    state, commands = after(state, ev.TimePassed(state.now_s + 0.2))
    assert (state.mode, commands) == (Mode.SAVING, [ev.StartSaving(None)])


def test_the_question_shows_file_system_and_free_space_of_every_drive() -> None:
    shown = question(asked(A, B, LOCKED))
    assert [(key.text, key.detail, key.key) for key in shown.answers] == [
        ("HOLIDAY", "FAT, 12.3 GB free", "1"),
        ("NO NAME", "exFAT, 812 MB free", "2"),
        ("Do not save", "", "N"),
    ]
    assert shown.left == pytest.approx(0.95)


def test_at_most_four_drives_are_offered() -> None:
    many = [replace(A, name=f"D{n}", path=Path(f"/media/{n}")) for n in range(7)]
    assert [key.text for key in question(asked(*many)).answers] == ["D0", "D1", "D2", "D3", "Do not save"]


def test_a_pulled_drive_disappears_from_the_answers_and_a_late_press_chooses_no_other() -> None:
    state, commands = after(asked(A, B, SAME_NAME), plugged(B, SAME_NAME))
    assert [key.text for key in question(state).answers] == ["NO NAME", "NO NAME", "Do not save"]
    state, commands = after(state, ev.ButtonPressed(1))  # was B, and is another one now
    assert commands == []
    state, commands = after(state, ev.ButtonReleased(1), ev.TimePassed(state.now_s + 1.0), ev.ButtonPressed(1))
    assert commands == [ev.StartSaving(SAME_NAME)]


def test_another_drive_in_the_same_place_starts_the_question_again() -> None:
    state, commands = after(asked(A, B), plugged(A, replace(B, device="/dev/sdc1")))
    assert commands == []
    assert after(state, ev.ButtonPressed(1))[1] == []  # meant B


def test_a_swapped_drive_starts_the_question_again_even_if_no_device_is_known() -> None:
    state = asked(A, B)
    state, commands = after(state, plugged(A, SAME_NAME), ev.ButtonPressed(1))
    assert (state.mode, commands) == (Mode.CHOOSE_DRIVE, [])


def test_the_only_drive_that_is_left_is_used() -> None:
    state, commands = after(asked(A, B), plugged(B))
    assert (state.mode, commands) == (Mode.SAVING, [ev.StartSaving(B)])


def test_if_no_drive_is_left_nothing_is_saved_and_the_screen_says_why() -> None:
    state, commands = after(asked(A, B), plugged())
    assert (state.mode, commands) == (Mode.LIVE, [])
    assert state.notice is not None
    assert str(state.notice.text) == "There is no drive any more. Plug one in, then press SAVE again."


def test_a_change_of_free_space_does_not_restart_the_question() -> None:
    state = asked(A, B)
    changed, commands = after(state, plugged(replace(A, free_bytes=1), B))
    assert (changed.asked_at_s, commands) == (state.asked_at_s, [])


def test_the_lamps_of_the_answers_are_lit() -> None:
    lit = lamps(present(asked(A, B), None, NOTHING_SEEN, Surroundings()))
    assert {button for button, light in lit.items() if light == FULL} == {0, 1, Action.CANCEL}
    assert lit[2] == OFF  # no drive is behind it


def kept_here(*events: ev.Event) -> str:
    """The advice on the screen after these events, once the model is saved on this machine."""
    state, _ = after(kiosk(3, 3, 0, mode=Mode.LIVE, model=MODEL), *events)
    state = replace(state, mode=Mode.LIVE, model=MODEL)
    state, _ = after(state, ev.ButtonPressed(Action.SAVE), ev.SavingFinished(Path("/exports/x"), False, number=17))
    shown = present(state, None, NOTHING_SEEN, Surroundings()).saving
    assert shown is not None
    assert (shown.onto_drive, shown.text) == (False, "It is kept on this machine.")
    return shown.home


def test_the_advice_after_saving_here_depends_on_whether_a_drive_was_plugged_in() -> None:
    plug_in = "To take it home, plug in a drive and press SAVE again."
    again = "To take it home, plug the drive in again and press SAVE."
    assert kept_here() == plug_in
    assert kept_here(plugged()) == plug_in
    assert kept_here(plugged(A), plugged()) == again  # switched off by an earlier SAVE it may still be in
    assert kept_here(plugged(LOCKED)) == again
    unusable = UnmountedDrive("STICK", "/dev/sdb1", "it holds no file system")
    assert kept_here(ev.DrivesChanged((), unmounted=(unusable,))) == again
    assert kept_here(plugged(A), plugged(), ev.SessionErased()) == plug_in  # the next visitor's
    assert kept_here(plugged(LOCKED), ev.SessionErased()) == again
