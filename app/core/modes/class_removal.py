"""A class is removed after a question if anything is lost with it.

That is its pictures, also those that could be brought back, or the model that answers. The classes after it move up to
the button before theirs, and a model that answered learns again without it.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import message
from app.base.tone import Tone
from app.config.class_names import class_names
from app.core import events as ev
from app.core.facts import NameFrom, TaughtClass
from app.core.modes import class_list
from app.core.modes.language import with_names_known
from app.core.modes.why import visit_over
from app.core.pages import GalleryState
from app.core.state import KioskState, Mode, Step, noticed, refused
from app.session.session import still_missing

SURE_AFTER_S = 0.8  # a second press on RESET within this time is not an answer: it may be a bounce
ANSWER_WITHIN_S = 20.0  # then the class is kept


def answered(state: KioskState, button: Button) -> Step:
    """CONFIRM, or RESET after a pause, removes the class; any other button keeps it."""
    if button is Action.RESET and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()
    if button in (Action.CONFIRM, Action.RESET) and state.removing is not None:
        return _begun(state, state.removing)
    return kept(state), ()


def give_up_asking(state: KioskState) -> Step:
    """Keep the class if nobody answers."""
    if state.mode in (Mode.CONFIRM_REMOVE, Mode.CLASS_MENU) and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return kept(state), ()
    return state, ()


def removed(state: KioskState, event: ev.ClassRemoved) -> Step:
    """The class is gone. If its model answered, learn again without it."""
    had_model = state.model is not None
    state = replace(
        visit_over(state),
        classes=_named_as_before(state, event),
        model=None,
        changed=False,
        removing=None,
        mode=Mode.TEACH,
    )
    state = noticed(state, message("{label} is removed.", label=event.label), Tone.HINT)
    if had_model and state.missing is None:
        return replace(state, mode=Mode.TRAINING), (ev.StartTraining(), ev.PlaySound("train"))
    return state, (ev.PlaySound("undo"),)


def failed(state: KioskState, event: ev.ClassNotRemoved) -> Step:
    """Say why the class is still there."""
    return refused(kept(state), event.reason)


def ends_model(state: KioskState, index: int) -> bool:
    """Whether the model that answers is deleted with the class: its rows are the classes as they were."""
    return state.model is not None and not _goes_at_once(state, index)


def can_learn_without(state: KioskState, index: int) -> bool:
    """Whether there are enough classes with pictures for a new model after a class is removed."""
    others = [one for place, one in enumerate(state.classes) if place != index]
    return still_missing([one.label for one in others], [one.shots for one in others]) is None


def asked(state: KioskState, index: int) -> Step:
    """Ask whether a class is to be removed; remove it at once if nothing is lost."""
    taught = state.classes[index]
    if not (taught.shots or taught.removed or ends_model(state, index)):
        return _begun(state, index)
    asking = replace(state, mode=Mode.CONFIRM_REMOVE, asked_at_s=state.now_s, held=None, notice=None, removing=index)
    return replace(asking, gallery=GalleryState()), ()


def kept(state: KioskState) -> KioskState:
    """Close the question without a change."""
    return replace(state, mode=state.resting_mode, removing=None)


def _begun(state: KioskState, index: int) -> Step:
    """Remove a class: at once if nothing else changes with it, or else as a job."""
    if _goes_at_once(state, index):
        return class_list.change_number(kept(state), index)
    state = replace(state, mode=Mode.REMOVING, removing=index, arrival=None, gallery=GalleryState())
    origins = tuple(one.name_from for one in _others(state, index))
    return state, (ev.DropClass(index, _labels_without(state, index), state.labels[index], origins),)


def _goes_at_once(state: KioskState, index: int) -> bool:
    """Whether it is the last class, without pictures, and one that the model never saw."""
    known = state.model is not None and index < len(state.model.shots) and state.model.shots[index]
    return index == len(state.classes) - 1 and not state.classes[index].shots and not known


def _labels_without(state: KioskState, index: int) -> tuple[str, ...]:
    """The labels of the other classes. A default name changes with the button: it says the button's colour."""
    labels = ["" if one.name_from is NameFrom.COLOUR else one.label for one in _others(state, index)]
    return class_names(labels, state.language, state.config.screen.palette)


def _others(state: KioskState, index: int | None) -> tuple[TaughtClass, ...]:
    """All classes but one, with the origins of their names."""
    return tuple(one for place, one in enumerate(with_names_known(state).classes) if place != index)


def _named_as_before(state: KioskState, event: ev.ClassRemoved) -> tuple[TaughtClass, ...]:
    """The classes that are left, with the origins of their names as they were before."""
    named = _others(state, state.removing)
    if len(named) != len(event.classes):
        return event.classes
    return tuple(replace(new, name_from=old.name_from) for new, old in zip(event.classes, named, strict=True))
