"""The class cards: label, colour and shape, samples, ring, and how sure the model is of each class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.base.buttons import Action, ClassGallery, ClassName, ClassStep
from app.base.i18n import Text, counted, message
from app.config.class_names import SHAPES, colour_name
from app.core.facts import TaughtClass
from app.core.modes.class_list import may_change_number, may_name
from app.core.modes.class_page import has_page
from app.core.modes.gallery import has_gallery
from app.core.modes.permissions import allowed
from app.core.modes.settings import CLASS_NUMBERS
from app.core.modes.variety import ring_share
from app.core.state import KioskState
from app.views.guidance import suggested_class
from app.views.model import ActionKey, ClassCard, Places
from app.views.verdict import Answer
from app.views.words import Translator


def cards(
    state: KioskState,
    probabilities: NDArray[np.float32] | None,
    answer: Answer | None,
    places: Places,
    target_shots: int,
    translate: Translator,
) -> tuple[ClassCard, ...]:
    """Make a card for each class of the model that answers, in label order, as far as there is room.

    A starter may know more classes than the kiosk teaches; nothing can be taught on their cards. Colour, shape and
    button belong to the place of a card. Confidence is in whole percents: no card is drawn again for less.

    Args:
        state: The kiosk's state.
        probabilities: Of the classes, float32 (C,); None while no model answers.
        answer: What was made of them.
        places: Which classes have a card.
        target_shots: Samples at which a ring can be full.
        translate: Into the language of the visit.
    """
    held = state.held
    suggested = suggested_class(state)
    leader = answer.index if answer is not None and answer.sure else None
    certain = 1 - answer.unsure if answer is not None and answer.leader is None and answer.unsure is not None else 1.0
    takes = state.teaching and state.camera is not None and not state.shown_from
    only_examples = (TaughtClass(""),) * (len(places.shown) - len(state.classes))
    return tuple(
        ClassCard(
            button=index,
            index=index,
            label=(name := places.labels[known]),
            key=str(index + 1),
            shots=one.shots,
            ring=ring_share(one.shots, target_shots, one.variety),
            confidence=None if probabilities is None else float(probabilities[known]) * certain,
            leading=known == leader,
            held=held is not None and index == held.class_index,
            alike=held is not None and index == held.class_index and held.alike,
            enabled=takes and index < len(state.classes) and one.shots < state.timing.max_shots,
            suggested=index == suggested,
            thumbnails=tuple(picture.as_seen(mirror=state.config.camera.mirror) for picture in one.thumbnails),
            gallery=ClassGallery(index)
            if state.teaching and has_gallery(one) and allowed(state, Action.GALLERY)
            else None,
            rename=ClassName(index) if has_page(state, index) else None,
            pencil=may_name(state, index),
            count_text=translate(_count(one.shots)) if index < len(state.classes) else "",
            mark_text=" · ".join(marks := _marks(state, index, name, translate)),
            mark_short=marks[0],
        )
        for index, (known, one) in enumerate(zip(places.shown, (*state.classes, *only_examples), strict=True))
    )


def names(state: KioskState) -> tuple[str, ...]:
    """The labels on the cards: those of the starter while it answers."""
    if state.starter is None:
        return state.labels
    return state.starter.labels + state.labels[len(state.starter.labels) :]


def class_keys(state: KioskState, translate: Translator) -> tuple[ActionKey, ...]:
    """The key that adds a class; a class is removed on the page of its pencil."""
    resting = replace(state, mode=state.resting_mode)
    if not may_change_number(resting) or len(state.classes) >= CLASS_NUMBERS[-1]:
        return ()
    return (ActionKey(ClassStep(1), "more", translate(message("Add a thing")), "", enabled=state.teaching),)


def _marks(state: KioskState, index: int, name: str, translate: Translator) -> tuple[str, ...]:
    """Colour and shape of a button in words; without the colour where that is its name."""
    colour = translate(colour_name(index, state.config.screen.palette))
    shape = translate(SHAPES[index % len(SHAPES)])
    return (shape,) if name == colour else (colour, shape)


def _count(shots: int) -> Text:
    return counted("{count} picture", "{count} pictures", shots) if shots else message("hold to teach")
