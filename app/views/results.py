"""The results of the latest training, with the pictures that were confused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.base.buttons import Action, MatrixCell, StoredPicture
from app.base.explanation import Explanation
from app.base.i18n import Message, Text, message
from app.base.picture import Picture
from app.core.facts import TrainedFacts
from app.core.modes.accuracy import advice, is_good, tested_accuracy, title_of_results
from app.core.modes.results import cells, with_picture
from app.core.state import KioskState, Mode
from app.views.light import light
from app.views.model import ActionKey, ConfusedPicture, ConfusionCell, Light, Results
from app.views.words import Translator, back_key, usage_hint

STEER = message("Buttons 1 and 2: move · TRAIN: choose · RESET: back")
KEYS = message("Arrow keys: move · Enter: choose · Esc: back")


def results(state: KioskState, translate: Translator) -> Results | None:
    """The page of results, or None in every other mode."""
    model = state.model
    if state.mode is not Mode.RESULTS or model is None or model.report is None:
        return None
    report, cell, tested = model.report, state.results.cell, tested_accuracy(model) is not None
    taught = tuple(index for index, count in enumerate(model.shots) if count)
    labels = tuple(state.classes[index].label for index in taught)
    confused = _confused(state, taught, labels, translate)
    curve = tuple(float(one["validation_accuracy"]) for one in report["curve"]) if tested else ()
    if cell is not None:
        title = _answered(labels[cell.truth], labels[cell.answer])
    elif confused and state.results.lit and 2 * _on_background(state, confused) > len(confused):
        title = message("Mixed up: it looked at the background")
    elif confused:
        title = message("Pictures that mixed it up")
    else:
        title = message("No mix-ups!") if tested else message("Not tested yet")
    bring_back = ActionKey(Action.UNDO, "undo", translate(message("Bring back")), "Z")
    return Results(
        title=translate(title_of_results(model)),
        text=" ".join(map(translate, _text(state, model))),
        glad=is_good(model),
        curve_title=translate(message("More pictures, better guesses")),
        curve=curve,
        curve_text=f"{math.floor(100 * curve[-1])}%" if curve else "",
        confusion_title=translate(message("Left: what it really was. Top: what it guessed.")),
        labels=labels,
        indices=taught,
        confusion=_cells(report, cell, tested),
        confused_title=translate(title),
        confused=confused,
        keys=(back_key(translate), *_why_key(state, translate), *((bring_back,) if state.results.removed else ())),
    )


def _text(state: KioskState, model: TrainedFacts) -> tuple[Text, ...]:
    hint = usage_hint(state, touch=advice(model), buttons=STEER, keys=KEYS)
    return (hint, message("Its “not sure” is only a guess so far.")) if model.provisional else (hint,)


def _cells(report: Mapping[str, Any], chosen: MatrixCell | None, tested: bool) -> tuple[tuple[ConfusionCell, ...], ...]:
    """The confusion matrix; empty if its pictures are near-duplicates of those that taught."""
    return tuple(
        tuple(
            ConfusionCell(
                button=button,
                count=int(count) if tested else 0,
                share=count / max(1, sum(row)) if tested else 0.0,
                right=truth == answer,
                selected=chosen == button,
            )
            for answer, (button, count) in enumerate(zip(buttons, row, strict=True))
        )
        for truth, (buttons, row) in enumerate(zip(cells(report), report["confusion"], strict=True))
    )


def _confused(
    state: KioskState, taught: tuple[int, ...], labels: tuple[str, ...], translate: Translator
) -> tuple[ConfusedPicture, ...]:
    pictures: Mapping[int, Picture] = dict(state.results.pictures)
    explanations = dict(state.results.explanations) if state.results.lit else {}
    return tuple(
        ConfusedPicture(
            button=StoredPicture(int(one["sample"])),
            picture=pictures[one["sample"]],
            text=translate(_answered(labels[one["truth"]], labels[one["answer"]])),
            index=taught[one["truth"]],
            answered=taught[one["answer"]],
            light=_light(explanations.get(one["sample"]), int(one["sample"])),
        )
        for one in with_picture(state)
    )


def _on_background(state: KioskState, confused: tuple[ConfusedPicture, ...]) -> int:
    """In how many of the pictures most of what spoke for the answer is on the background."""
    return sum(StoredPicture(one) in {picture.button for picture in confused} for one in state.results.on_background)


def _why_key(state: KioskState, translate: Translator) -> tuple[ActionKey, ...]:
    if not state.results.explanations:
        return ()
    return (ActionKey(Action.WHY, "why", translate(message("Why?")), "W", held=state.results.lit),)


def _light(why: Explanation | None, sample_id: int) -> Light | None:
    return None if why is None else light(why, ("results", sample_id), index=why.winner, mirror=False)


def _answered(truth: str, answer: str) -> Message:
    if truth == answer:
        return message("{truth} – right", truth=truth)
    return message("{truth} – it guessed {answer}", truth=truth, answer=answer)
