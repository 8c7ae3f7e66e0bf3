"""The results: mistakes, cells of the confusion matrix, removing pictures."""

from __future__ import annotations

from typing import Any

from app.base.buttons import (
    Action,
    MatrixCell,
    StoredPicture,
)
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.state import KioskState, Mode
from tests.support.states import PICTURE, kiosk, run

REPORT: dict[str, Any] = {
    "curve": [{"fraction": 0.5, "validation_accuracy": 0.5}, {"fraction": 1.0, "validation_accuracy": 0.75}],
    "confusion": [[1, 1], [0, 2]],
    "held_out": [
        {"sample": 1, "truth": 0, "answer": 0, "confidence": 0.8},
        {"sample": 2, "truth": 0, "answer": 1, "confidence": 0.9},
        {"sample": 5, "truth": 1, "answer": 1, "confidence": 0.7},
        {"sample": 6, "truth": 1, "answer": 1, "confidence": 0.6},
    ],
    "wrong": [{"sample": 2, "truth": 0, "answer": 1, "confidence": 0.9}],
}
MODEL = TrainedFacts(0.75, 0.5, (3, 3), REPORT)


def results(*more: ev.Event) -> tuple[KioskState, list[ev.Command]]:
    return run(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), ev.ButtonPressed(Action.RESULTS), *more)


def test_the_results_start_with_the_mistakes_and_a_cell_shows_its_own_pictures() -> None:
    assert results()[1] == [ev.LoadPictures((2,))]
    state, commands = results(ev.ButtonPressed(MatrixCell(1, 1)))
    assert commands[-1] == ev.LoadPictures((5, 6))
    _, commands = run(state, ev.ButtonPressed(MatrixCell(1, 1)))  # once more: all mistakes again
    assert commands == [ev.LoadPictures((2,))]


def test_a_confused_picture_can_be_removed_and_restored() -> None:
    state, commands = results(ev.ButtonPressed(StoredPicture(2)), ev.SampleRemoved(0, 2))
    assert ev.RemoveSample(2) in commands
    assert (state.shots, state.stale) == ((2, 3), True)
    state, commands = run(state, ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.RestoreSample()]
    state, _ = run(state, ev.SampleRestored(0, 2, PICTURE))
    assert state.shots == (3, 3)


def test_without_a_training_there_are_no_results() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(Action.RESULTS))
    assert state.mode is Mode.TEACH
    assert str(state.notice.text) == "Press TRAIN first: then there are results to look at."
