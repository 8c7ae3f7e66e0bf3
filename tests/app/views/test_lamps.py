"""The brightness of each lamp, over a whole visit and in every mode."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.ports import Frame
from app.core.events import FolderFound
from app.core.facts import TaughtClass, TrainedFacts
from app.core.state import Held, KioskState, Mode, Timing
from app.model.observation import NOTHING_SEEN, Smoothed
from app.views.lamps import BREATH_S, FULL, LOW, lamps
from app.views.model import KioskView, Screen
from app.views.present import Surroundings, present
from tests.support.states import stick

FRAME = Frame(np.zeros((4, 4, 3), np.uint8), 1, 100.0)
MODEL = TrainedFacts(1.0, 0.6, (8, 8, 0))


def state(*shots: int, **more: Any) -> KioskState:
    classes = tuple(TaughtClass(label, count) for label, count in zip("abc", shots, strict=True))
    return KioskState(classes=classes, camera="x", now_s=100.0, **more)


def view(shown: KioskState, *probabilities: float) -> KioskView:
    seen = NOTHING_SEEN
    if probabilities:
        seen = Smoothed(np.array(probabilities, np.float32), captured_at_s=100.0, threshold=0.6)
    return present(shown, FRAME, seen, Surroundings())


def span(shown: KioskView, button: object) -> tuple[float, float]:
    """The lowest and highest brightness of a lamp within one breath, rounded to 0.01."""
    lit = [
        lamps(replace(shown, now_s=100 + BREATH_S * step / 48)).get(button, 0.0)  # type: ignore[call-overload]
        for step in range(48)
    ]
    return round(min(lit), 2), round(max(lit), 2)


OFF, WORKS, BREATHES, LIT = (0.0, 0.0), (LOW, LOW), (LOW, FULL), (FULL, FULL)


def test_the_next_useful_press_breathes_through_a_whole_visit() -> None:
    next_press = [
        (state(0, 0, 0), 0),
        (state(1, 0, 0), 1),
        (state(3, 5, 0), 0),
        (state(5, 3, 0), 1),
        (state(5, 5, 0), Action.TRAIN),
        (state(8, 8, 0, model=MODEL, mode=Mode.LIVE, drives=(stick(),)), Action.SAVE),
        (state(8, 9, 0, model=MODEL, mode=Mode.LIVE, drives=(stick(),)), Action.TRAIN),
    ]
    for shown, button in next_press:
        breathing = [one for one in (0, 1, 2, *Action) if span(view(shown), one) == BREATHES]
        assert breathing == [button]


def test_a_press_that_works_is_lit_low_and_one_that_would_do_nothing_is_off() -> None:
    empty = view(state(0, 0, 0))
    assert {button: span(empty, button) for button in (1, 2, Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET)} == {
        1: WORKS, 2: WORKS, Action.TRAIN: OFF, Action.SAVE: OFF, Action.UNDO: OFF, Action.RESET: OFF,
    }  # fmt: skip
    taught = view(state(3, 3, 0))
    assert {button: span(taught, button) for button in (Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET)} == {
        Action.TRAIN: WORKS, Action.SAVE: OFF, Action.UNDO: WORKS, Action.RESET: WORKS,
    }  # fmt: skip


def test_the_class_that_the_model_sees_is_lit() -> None:
    live = state(8, 8, 0, model=MODEL, mode=Mode.LIVE)
    assert [span(view(live, 0.1, 0.9, 0.0), index) for index in range(3)] == [WORKS, LIT, WORKS]
    assert [span(view(live, 0.5, 0.5, 0.0), index) for index in range(3)] == [WORKS, WORKS, WORKS]  # not sure


def test_a_held_button_is_lit_and_no_other_breathes() -> None:
    held = view(state(1, 0, 0, held=Held(0, 101.0)))
    assert [span(held, index) for index in range(3)] == [LIT, WORKS, WORKS]


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.SAVING, Mode.ERASING, Mode.IMPORTING])
def test_while_presses_do_nothing_all_lamps_are_off(mode: Mode) -> None:
    busy = view(state(8, 8, 0, model=MODEL, mode=mode), 0.1, 0.9, 0.0)
    assert {span(busy, button) for button in (0, 1, 2, *Action)} == {OFF}


def test_without_a_camera_no_class_button_is_lit() -> None:
    blind = view(replace(state(3, 3, 0), camera=None))
    assert [span(blind, index) for index in range(3)] == [OFF] * 3
    assert span(blind, Action.TRAIN) == WORKS


def test_while_a_drives_model_is_shown_its_answer_is_lit_and_only_reset_and_why_work() -> None:
    shown = view(state(0, 0, 0, model=MODEL, mode=Mode.LIVE, shown_from="STICK"), 0.1, 0.9, 0.0)
    lit = {button: span(shown, button) for button in (0, 1, 2, *Action) if span(shown, button) != OFF}
    assert lit == {1: LIT, Action.RESET: WORKS, Action.WHY: WORKS}


def test_a_near_miss_lights_no_class() -> None:
    live = state(8, 8, 0, model=MODEL, mode=Mode.LIVE)
    near = view(live, 0.25, 0.55, 0.2)  # the threshold is 0.6
    assert near.verdict is not None
    assert near.verdict.near_miss
    assert [span(near, index) for index in range(3)] == [WORKS, WORKS, WORKS]


def test_a_class_that_is_full_is_dark_until_it_is_seen() -> None:
    full = state(8, 8, 0, model=MODEL, mode=Mode.LIVE, timing=Timing(max_shots=8))
    assert [span(view(full, 0.1, 0.9, 0.0), index) for index in range(3)] == [OFF, LIT, WORKS]


def test_if_classes_are_full_early_train_breathes_and_no_full_class_does() -> None:
    full = view(state(3, 3, 0, timing=Timing(max_shots=3)))
    assert [one for one in (0, 1, 2, *Action) if span(full, one) == BREATHES] == [Action.TRAIN]
    assert full.guidance == "Press TRAIN – or teach one more thing."


def test_a_question_lights_its_answers_and_reset_which_means_yes() -> None:
    asked = view(state(8, 8, 0, model=MODEL, mode=Mode.CONFIRM_RESET), 0.1, 0.9, 0.0)
    lit = {button for button in (0, 1, 2, *Action) if span(asked, button) == LIT}
    assert lit == {Action.CONFIRM, Action.CANCEL, Action.RESET}
    assert span(asked, 1) == WORKS  # every other button means no


def test_still_there_is_answered_by_any_button_and_all_of_them_breathe() -> None:
    asked = view(state(8, 8, 0, model=MODEL, mode=Mode.STILL_THERE, asked_at_s=100.0))
    assert {span(asked, button) for button in (0, 1, 2, Action.TRAIN, Action.SAVE, Action.RESET)} == {BREATHES}


def test_a_folder_that_was_found_is_answered_by_class_buttons() -> None:
    found = FolderFound("STICK", Path("/x"), ("a", "b"), has_session=True, has_model=False)
    asked = view(state(0, 0, 0, mode=Mode.ASK_FOLDER, found=found, asked_at_s=100.0))
    assert [span(asked, button) for button in (0, 1, 2, Action.CANCEL)] == [LIT, OFF, WORKS, LIT]


def test_any_button_leaves_the_page_after_saving_but_not_before() -> None:
    busy = state(8, 8, 0, model=MODEL, mode=Mode.SAVING)
    done = replace(busy, saving=replace(busy.saving, finished=True))
    assert span(view(busy), 0) == OFF
    assert {span(view(done), button) for button in (0, 1, Action.TRAIN, Action.SAVE)} == {WORKS}
    busy_drive = replace(done, saving=replace(done.saving, note="Another program uses the drive"))
    assert span(view(busy_drive), 0) == WORKS


def test_a_gallery_lights_the_button_that_leaves() -> None:
    shown = view(state(8, 8, 0, model=MODEL, mode=Mode.GALLERY))
    assert (span(shown, Action.RESET), span(shown, Action.UNDO), span(shown, 2)) == (BREATHES, OFF, OFF)
    assert OFF not in (span(shown, 0), span(shown, 1))  # they move the cursor


def test_on_a_fault_screen_all_lamps_are_off() -> None:
    assert lamps(view(state(8, 8, 0, fault="The camera part stopped"))) == {}


def test_while_nobody_is_there_a_wave_runs_over_the_class_buttons() -> None:
    idle = replace(view(state(0, 0, 0)), screen=Screen.ATTRACT)
    brightest = []
    for step in range(12):
        lit = lamps(replace(idle, now_s=100 + 4.0 * step / 12))
        assert set(lit) == {0, 1, 2}
        brightest.append(max(lit, key=lit.__getitem__))
    assert list(dict.fromkeys(brightest)) == [0, 1, 2]


def test_no_lamp_changes_faster_than_three_times_a_second() -> None:
    """WCAG 2.2, 2.3.1: the brightness of a lamp never falls and rises again within a third of a second."""
    for screen in (Screen.TEACH, Screen.ATTRACT):
        shown = replace(view(state(0, 0, 0)), screen=screen)
        times = [100 + step / 120 for step in range(1200)]
        for index in range(3):
            lit = [lamps(replace(shown, now_s=now_s))[index] for now_s in times]
            turns = [
                now_s for now_s, before, now, after in zip(times[1:], lit, lit[1:], lit[2:], strict=False)
                if before > now <= after
            ]  # fmt: skip
            assert all(later - earlier > 1 / 3 for earlier, later in pairwise(turns))
            assert len(turns) > 1 or set(lit) == {LOW}


def test_when_the_kiosk_asks_whether_somebody_is_there_every_button_breathes() -> None:
    asked = view(state(8, 8, 0, model=MODEL, mode=Mode.STILL_THERE, asked_at_s=95.0))
    for button in (0, 1, 2, Action.TRAIN, Action.SAVE, Action.UNDO, Action.RESET):
        assert span(asked, button) == BREATHES
