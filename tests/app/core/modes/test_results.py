"""The results: mistakes, cells of the confusion matrix, removing pictures."""

from __future__ import annotations

import numpy as np

from app.base.buttons import (
    Action,
    MatrixCell,
    StoredPicture,
)
from app.base.explanation import Explanation, Way
from app.core import events as ev
from app.core.modes.results import targets
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.states import MODEL_WITH_RESULTS, PICTURE, kiosk, run


def results(*more: ev.Event) -> tuple[KioskState, list[ev.Command]]:
    return run(kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS), ev.ButtonPressed(Action.RESULTS), *more)


def test_the_results_start_with_the_mistakes_and_a_cell_shows_its_own_pictures() -> None:
    assert results()[1] == [ev.LoadPictures((2,))]
    state, commands = results(ev.ButtonPressed(MatrixCell(1, 1)))
    assert commands[-1] == ev.LoadPictures((5, 6))
    _, commands = run(state, ev.ButtonPressed(MatrixCell(1, 1)))  # once more: all mistakes again
    assert commands == [ev.LoadPictures((2,))]


def test_a_confused_picture_can_be_removed_and_restored() -> None:
    state, commands = results(ev.ButtonPressed(StoredPicture(2)), ev.SamplesRemoved(0, (2,)))
    assert ev.RemoveSample(2) in commands
    assert (state.shots, state.stale) == ((2, 3), True)
    state, commands = run(state, ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.RestoreSamples()]
    state, _ = run(state, ev.SamplesRestored(0, (2,), (PICTURE,)))
    assert state.shots == (3, 3)


def test_without_a_training_there_are_no_results() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(Action.RESULTS))
    assert state.mode is Mode.TEACH
    assert str(state.notice.text) == "Press TRAIN first: then there are results to look at."


def test_why_shows_and_hides_what_spoke_for_the_answers() -> None:
    why = Explanation(np.ones((2, 2), np.float32), 1, 0, against_all=False, margin=4.0, way=Way.EXACT)
    state, _ = results(ev.PicturesLoaded(((2, PICTURE),), ((2, why),)))
    assert state.results.lit
    assert Action.WHY in targets(state)
    state, _ = run(state, ev.ButtonPressed(Action.WHY))
    assert not state.results.lit
    assert state.mode is Mode.RESULTS
    without, _ = results(ev.PicturesLoaded(((2, PICTURE),)))
    assert Action.WHY not in targets(without)


def test_the_title_says_if_most_mistakes_come_from_the_background() -> None:
    why = Explanation(np.ones((2, 2), np.float32), 1, 0, against_all=False, margin=4.0, way=Way.EXACT)
    for on_background, title in (
        ((2,), "Mixed up: it looked at the background"), ((), "Mixed up because of what is outlined"),
    ):  # fmt: skip
        state, _ = results(ev.PicturesLoaded(((2, PICTURE),), ((2, why),), on_background))
        page = present(state, None, NOTHING_SEEN, Surroundings()).results
        assert page is not None
        assert page.confused_title == title
