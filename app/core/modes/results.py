"""The results of the latest training: learning curve, confusion matrix, and the held-out pictures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.base.buttons import Action, Button, MatrixCell, ScreenKey, StoredPicture
from app.base.i18n import message
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.accuracy import proves_something
from app.core.pages import ResultsState
from app.core.state import KioskState, Mode, Step, refused

SHOWN = 12  # pictures at most


def opened(state: KioskState) -> Step:
    """Open the results, if a model was trained."""
    if state.model is None or state.model.report is None:
        return refused(state, state.missing or message("Press TRAIN first: then there are results to look at."))
    state = replace(state, mode=Mode.RESULTS, results=ResultsState(), held=None, notice=None)
    return state, (ev.LoadPictures(_sample_ids(state)),)


def pressed(state: KioskState, button: Button) -> Step:
    """A press on the page of results."""
    results = state.results
    match button:
        case MatrixCell():
            cell = None if results.cell == button else button
            state = replace(state, results=replace(results, cell=cell, pictures=(), explanations=()))
            return state, (ev.LoadPictures(_sample_ids(state)),)
        case StoredPicture(sample_id):
            known = sample_id in _sample_ids(state) and sample_id not in results.removed
            return (state, (ev.RemoveSample(sample_id),)) if known else (state, ())
        case Action.WHY:
            return replace(state, results=replace(results, lit=not results.lit)), (ev.PlaySound("tick"),)
        case Action.UNDO:
            if len(results.removed) <= results.returning:
                return refused(state, message("There is nothing to bring back."))
            return replace(state, results=replace(results, returning=results.returning + 1)), (ev.RestoreSamples(),)
        case ScreenKey.BACK | Action.CANCEL | Action.LEAVE | Action.RESULTS | Action.GALLERY:
            return replace(state, mode=state.resting_mode, results=ResultsState()), ()
    return state, ()


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched on the page of results, in the order of the cursor."""
    if state.mode is not Mode.RESULTS or state.model is None or state.model.report is None:
        return ()
    pictures = tuple(StoredPicture(int(one["sample"])) for one in with_picture(state))
    undo = (Action.UNDO,) if state.results.removed else ()
    why = (Action.WHY,) if state.results.explanations else ()
    matrix = cells(state.model.report) if shows_test(state, state.model) else ()
    return (*(cell for row in matrix for cell in row), *pictures, ScreenKey.BACK, *why, *undo)


def shows_test(state: KioskState, model: TrainedFacts) -> bool:
    """Whether the page shows the numbers of the test: not after all pictures were taken out."""
    return any(state.shots) and proves_something(model)


def cells(report: Mapping[str, Any]) -> tuple[tuple[MatrixCell, ...], ...]:
    """The cells of the confusion matrix as buttons, row by row."""
    return tuple(
        tuple(MatrixCell(truth, answer) for answer in range(len(row))) for truth, row in enumerate(report["confusion"])
    )


def pictures_loaded(state: KioskState, event: ev.PicturesLoaded) -> Step:
    """Show the pictures, unless the results were left meanwhile."""
    if state.mode is not Mode.RESULTS:
        return state, ()
    results = replace(
        state.results,
        pictures=event.pictures,
        explanations=event.explanations,
        on_background=event.on_background,
    )
    return replace(state, results=results), ()


def samples_gone(state: KioskState, sample_ids: tuple[int, ...]) -> Step:
    """Samples were removed."""
    return replace(state, results=replace(state.results, removed=(*state.results.removed, *sample_ids))), ()


def samples_back(state: KioskState, sample_ids: tuple[int, ...]) -> Step:
    """Samples were restored."""
    removed = tuple(one for one in state.results.removed if one not in sample_ids)
    results = replace(state.results, removed=removed, returning=max(0, state.results.returning - 1))
    state = replace(state, results=results)
    return state, (ev.LoadPictures(_sample_ids(state)),)


def chosen(state: KioskState) -> tuple[Mapping[str, Any], ...]:
    """The held-out samples on the page: the first SHOWN of `candidates`."""
    return candidates(state)[:SHOWN]


def candidates(state: KioskState) -> tuple[Mapping[str, Any], ...]:
    """The held-out samples of the selected cell, from the training report; all mistakes if no cell is selected."""
    report = state.model.report if state.model is not None else None
    if report is None:
        return ()
    wrong, cell = report["wrong"], state.results.cell
    held_out = report.get("held_out", wrong)
    those = wrong if cell is None else [one for one in held_out if MatrixCell(one["truth"], one["answer"]) == cell]
    return tuple(one for one in those if one["sample"] not in state.results.removed)


def answers(state: KioskState) -> Mapping[int, tuple[int, int]]:
    """The answer and the truth for every held-out sample, by sample id, as rows of the model."""
    report = state.model.report if state.model is not None else None
    if report is None:
        return {}
    return {
        int(one["sample"]): (int(one["answer"]), int(one["truth"])) for one in report.get("held_out", report["wrong"])
    }


def with_picture(state: KioskState) -> tuple[Mapping[str, Any], ...]:
    """Those of `chosen` whose picture is loaded."""
    loaded = {sample_id for sample_id, _ in state.results.pictures}
    return tuple(one for one in chosen(state) if one["sample"] in loaded)


def _sample_ids(state: KioskState) -> tuple[int, ...]:
    return tuple(int(one["sample"]) for one in chosen(state))
