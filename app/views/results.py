"""The results of the latest training, with the pictures that were confused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.base.buttons import Action, MatrixCell, StoredPicture
from app.base.explanation import Explanation
from app.base.i18n import Message, Text, message
from app.base.numbers import percent
from app.base.picture import Picture
from app.core.facts import TrainedFacts
from app.core.modes.accuracy import advice, feeling, seen_once, tally, title_of_results
from app.core.modes.results import candidates, cells, shows_test, with_picture
from app.core.state import KioskState, Mode
from app.views.light import light
from app.views.model import ActionKey, ConfusedPicture, ConfusionCell, Light, Results
from app.views.words import Translator, back_key, usage_hint

STEER = message("Buttons 1 and 2: move · TRAIN: choose · RESET: back (erases nothing)")
RISE = 0.02  # accuracy that more pictures must bring at least, so that the curve is shown
NOTHING_LEFT_TITLE = message("My pictures are gone")
NOTHING_LEFT = message("I still know what they showed. Hold a button to teach me something new.")
KEYS = message("Arrow keys: move · Enter: choose · Esc: back")


def results(state: KioskState, translate: Translator) -> Results | None:
    """The page of results, or None in every other mode."""
    model = state.model
    if state.mode is not Mode.RESULTS or model is None or model.report is None:
        return None
    report, cell, tested = model.report, state.results.cell, shows_test(state, model)
    taught = tuple(index for index, count in enumerate(model.shots) if count)
    labels = tuple(state.classes[index].label for index in taught)
    confused, in_all = _confused(state, taught, labels, translate), len(candidates(state))
    curve = tuple(float(one["validation_accuracy"]) for one in report["curve"]) if tested else ()
    rises = len(curve) > 1 and curve[-1] - curve[0] >= RISE  # a flat curve says nothing
    if cell is not None:
        title = _answered(labels[cell.truth], labels[cell.answer])
    elif state.results.lit and 2 * _on_background(state, confused) > len(confused):
        title = message("Mixed up: it looked at the background")
    elif any(one.light is not None for one in confused):
        title = message("Mixed up because of what is outlined")
    else:
        title = message("Pictures that mixed it up")
    bring_back = ActionKey(Action.UNDO, "undo", translate(message("Bring back")), "Z")
    return Results(
        title=translate(title_of_results(model, labels) if any(state.shots) else NOTHING_LEFT_TITLE),
        text=translate(advice(model, labels) if any(state.shots) else NOTHING_LEFT),
        note=translate(_note(state, model, labels)),
        glad=feeling(model) if any(state.shots) else 0.0,
        curve_title=translate(message("More pictures, better guesses")),
        curve=curve if rises else (),
        curve_text=translate(percent(curve[-1], down=True)) if rises else "",
        confusion_title=translate(message("Left: what it really was. Top: what it guessed.")),
        labels=labels if tested else (),
        indices=taught if tested else (),
        confusion=_cells(model, report, cell) if tested else (),
        confused_title=translate(title),
        confused=confused,
        confused_in_all=in_all,
        confused_cut_title=translate(message("{title} ({count} in all)", title=title, count=in_all)),
        keys=(back_key(translate), *_why_key(state, translate), *((bring_back,) if state.results.removed else ())),
    )


def _note(state: KioskState, model: TrainedFacts, labels: tuple[str, ...]) -> Text:
    """A small line below the panels: how to move, or what else is to know."""
    known: Text = ""
    if not any(state.shots):
        known = ""
    elif model.validation_from is not None and (once := seen_once(model)):
        known = message("Not tested yet: {labels}.", labels=", ".join(labels[row] for row in once))
    elif model.validation_from == "views":
        known = message("Tested with its own pictures, moved and turned.")
    elif model.provisional:
        known = message("Its “not sure” is only a guess so far.")
    return usage_hint(state, touch=known, buttons=STEER, keys=KEYS)


def _cells(
    model: TrainedFacts, report: Mapping[str, Any], chosen: MatrixCell | None
) -> tuple[tuple[ConfusionCell, ...], ...]:
    return tuple(
        tuple(
            ConfusionCell(
                button=button,
                count=int(count),
                share=count / max(1, sum(row)),
                right=truth == answer,
                selected=chosen == button,
            )
            for answer, (button, count) in enumerate(zip(buttons, row, strict=True))
        )
        for truth, (buttons, row) in enumerate(zip(cells(report), tally(model), strict=True))
    )


def _confused(
    state: KioskState, taught: tuple[int, ...], labels: tuple[str, ...], translate: Translator
) -> tuple[ConfusedPicture, ...]:
    mirror = state.config.camera.mirror
    pictures: Mapping[int, Picture] = dict(state.results.pictures)
    explanations = dict(state.results.explanations) if state.results.lit else {}
    return tuple(
        ConfusedPicture(
            button=StoredPicture(int(one["sample"])),
            picture=pictures[one["sample"]].as_seen(mirror=mirror),
            text=translate(_answered(labels[one["truth"]], labels[one["answer"]])),
            index=taught[one["truth"]],
            answered=taught[one["answer"]],
            light=_light(explanations.get(one["sample"]), int(one["sample"]), mirror=mirror),
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


def _light(why: Explanation | None, sample_id: int, *, mirror: bool) -> Light | None:
    return None if why is None else light(why, ("results", sample_id), index=why.winner, mirror=mirror)


def _answered(truth: str, answer: str) -> Message:
    if truth == answer:
        return message("{truth} – right", truth=truth)
    return message("{truth} – it guessed {answer}", truth=truth, answer=answer)
