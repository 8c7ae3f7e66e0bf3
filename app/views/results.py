"""The results of the latest training, with the pictures that were confused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.base.buttons import Action, MatrixCell, StoredPicture
from app.base.i18n import message
from app.base.picture import Picture
from app.core.modes.jobs import accuracy_in_words
from app.core.modes.results import cells, with_picture
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, ConfusedPicture, ConfusionCell, Results
from app.views.words import Translator, back_key, usage_hint

STEER = message("Buttons 1 and 2 move, TRAIN chooses, RESET leaves.")
KEYS = message("Arrow keys move, Enter chooses, Esc leaves.")


def results(state: KioskState, translate: Translator) -> Results | None:
    """The page of results, or None in every other mode."""
    model = state.model
    if state.mode is not Mode.RESULTS or model is None or model.report is None:
        return None
    report, cell = model.report, state.results.cell
    taught = tuple(index for index, count in enumerate(model.shots) if count)
    labels = tuple(state.classes[index].label for index in taught)
    confused = _confused(state, taught, labels, translate)
    if cell is None:
        title = message("Which pictures confuse it") if confused else message("No picture confused it")
    else:
        title = message("{truth}, and it said {answer}", truth=labels[cell.truth], answer=labels[cell.answer])
    return Results(
        title=translate(message("How well did it learn?")),
        text=translate(usage_hint(state, touch=accuracy_in_words(model.validation_accuracy), buttons=STEER, keys=KEYS)),
        curve_title=translate(message("How many it named right, with more and more pictures")),
        curve=tuple(float(one["validation_accuracy"]) for one in report["curve"]),
        curve_text=f"{report['curve'][-1]['validation_accuracy']:.0%}" if report["curve"] else "",
        confusion_title=translate(message("Down the side what it was, along the top what it said")),
        labels=labels,
        indices=taught,
        confusion=_cells(report, cell),
        confused_title=translate(title),
        confused=confused,
        keys=(
            back_key(translate),
            ActionKey(Action.UNDO, "undo", translate(message("Bring back")), "Z", enabled=bool(state.results.removed)),
        ),
    )


def _cells(report: Mapping[str, Any], chosen: MatrixCell | None) -> tuple[tuple[ConfusionCell, ...], ...]:
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
        for truth, (buttons, row) in enumerate(zip(cells(report), report["confusion"], strict=True))
    )


def _confused(
    state: KioskState, taught: tuple[int, ...], labels: tuple[str, ...], translate: Translator
) -> tuple[ConfusedPicture, ...]:
    pictures: Mapping[int, Picture] = dict(state.results.pictures)
    return tuple(
        ConfusedPicture(
            button=StoredPicture(int(one["sample"])),
            picture=pictures[one["sample"]],
            text=_text(one, labels, translate),
            index=taught[one["truth"]],
            answered=taught[one["answer"]],
        )
        for one in with_picture(state)
    )


def _text(one: Mapping[str, Any], labels: tuple[str, ...], translate: Translator) -> str:
    truth, answer = labels[one["truth"]], labels[one["answer"]]
    if truth == answer:
        return translate(message("{truth}, named right", truth=truth))
    return translate(message("{truth}, taken for {answer}", truth=truth, answer=answer))
