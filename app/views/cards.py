"""The class cards: label, samples, ring, and how sure the model is of each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.base.buttons import ClassGallery
from app.base.i18n import Text, counted, message
from app.core.modes.variety import ring_share
from app.core.state import KioskState
from app.views.guidance import suggested_class
from app.views.model import ClassCard
from app.views.verdict import Answer
from app.views.words import Translator


def cards(
    state: KioskState,
    probabilities: NDArray[np.float32] | None,
    answer: Answer | None,
    target_shots: int,
    translate: Translator,
) -> tuple[ClassCard, ...]:
    """Make the cards in label order.

    Args:
        state: The kiosk's state.
        probabilities: Of the classes, float32 (C,); None while no model answers.
        answer: What was made of them.
        target_shots: Samples at which a ring can be full.
        translate: Into the language of the visit.
    """
    held = state.held
    suggested = suggested_class(state)
    leader = answer.index if answer is not None and answer.sure else None
    takes = state.teaching and state.camera is not None and not state.shown_from
    return tuple(
        ClassCard(
            button=index,
            index=index,
            label=name,
            key=str(index + 1),
            shots=one.shots,
            ring=ring_share(one.shots, target_shots, one.variety),
            confidence=None if probabilities is None else float(probabilities[index]),
            leading=index == leader,
            held=held is not None and index == held.class_index,
            alike=held is not None and index == held.class_index and held.alike,
            enabled=takes and one.shots < state.timing.max_shots,
            suggested=index == suggested,
            thumbnails=one.thumbnails,
            gallery=ClassGallery(index) if state.teaching and one.shots else None,
            count_text=translate(_count(one.shots)),
        )
        for index, (name, one) in enumerate(zip(names(state), state.classes, strict=False))
    )


def names(state: KioskState) -> tuple[str, ...]:
    """The labels on the cards: those of the starter while it answers."""
    if state.starter is None:
        return state.labels
    return state.starter.labels + state.labels[len(state.starter.labels) :]


def _count(shots: int) -> Text:
    return counted("{count} picture", "{count} pictures", shots) if shots else message("hold to teach")
