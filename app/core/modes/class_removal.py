"""The page of a class's pencil: beside the name, a visitor takes all of its pictures out there, or removes the class.

Pictures that were taken out can be brought back in the gallery. A class that has pictures is removed after a question;
the classes after it move up to the button before theirs, and a model that answers learns again without it.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, EmptyClass, RemoveClass
from app.base.i18n import message
from app.base.tone import Tone
from app.config.class_names import class_names
from app.core import events as ev
from app.core.modes import class_list, staff, typing
from app.core.modes.language import default_names
from app.core.modes.lessons import given_labels
from app.core.modes.permissions import allowed
from app.core.modes.settings import CLASS_NUMBERS
from app.core.modes.why import visit_over
from app.core.pages import GalleryState, TypingPurpose
from app.core.state import KioskState, Mode, Step, noticed, refused

SURE_AFTER_S = 0.8  # a second press on RESET within this time is not an answer: it may be a bounce
ANSWER_WITHIN_S = 20.0  # then the class is kept


def keys(state: KioskState) -> tuple[EmptyClass | RemoveClass, ...]:
    """What the page of a pencil offers beside the name; nothing on other pages that are typed on."""
    now = state.typing
    at_rest = state.mode in (Mode.TEACH, Mode.LIVE, Mode.GALLERY)
    if now is None or now.purpose is not TypingPurpose.CLASS_NAME or not at_rest:
        return ()
    if not 0 <= now.index < len(state.classes):
        return ()
    may_empty = bool(state.classes[now.index].shots) and allowed(state, Action.GALLERY)
    empty = (EmptyClass(now.index),) if may_empty else ()
    return (*empty, RemoveClass(now.index)) if _may_remove(state) else empty


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched while something is typed, in the order of the cursor."""
    return (*typing.targets(state), *keys(state))


def pressed_while_typing(state: KioskState, button: Button) -> Step:
    """A press while a visitor types a name."""
    if button not in keys(state):
        return typing.pressed(state, button, staff.text_done)
    if state.in_flight or state.gallery.returning:  # a picture may be on its way into a class
        return refused(replace(state, typing=None), message("One moment – then try again."))
    match button:
        case EmptyClass(index):
            return replace(state, typing=None, emptied=index), (ev.RemoveSamplesOf(index),)
        case RemoveClass(index):
            return _asked(replace(state, typing=None), index)
    return state, ()


def answered(state: KioskState, button: Button) -> Step:
    """CONFIRM, or RESET after a pause, removes the class; any other button keeps it."""
    if button is Action.RESET and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()
    if button in (Action.CONFIRM, Action.RESET) and state.removing is not None:
        return _begun(state, state.removing)
    return _kept(state), ()


def give_up_asking(state: KioskState) -> Step:
    """Keep the class if nobody answers."""
    if state.mode is Mode.CONFIRM_REMOVE and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return _kept(state), ()
    return state, ()


def removed(state: KioskState, event: ev.ClassRemoved) -> Step:
    """The class is gone. If its model answered, learn again without it."""
    had_model = state.model is not None
    state = replace(visit_over(state), classes=event.classes, model=None, changed=False, removing=None, mode=Mode.TEACH)
    state = noticed(state, message("{label} is removed.", label=event.label), Tone.HINT)
    if had_model and state.missing is None:
        return replace(state, mode=Mode.TRAINING), (ev.StartTraining(), ev.PlaySound("train"))
    return state, (ev.PlaySound("undo"),)


def failed(state: KioskState, event: ev.ClassNotRemoved) -> Step:
    """Say why the class is still there."""
    return refused(_kept(state), event.reason)


def _may_remove(state: KioskState) -> bool:
    rest = replace(state, mode=state.resting_mode)  # also from the gallery
    return class_list.may_change_number(rest) and len(state.classes) > CLASS_NUMBERS[0] and allowed(state, Action.RESET)


def _asked(state: KioskState, index: int) -> Step:
    if not state.classes[index].shots:
        return _begun(state, index)
    asking = replace(state, mode=Mode.CONFIRM_REMOVE, asked_at_s=state.now_s, held=None, notice=None, removing=index)
    return replace(asking, gallery=GalleryState()), ()


def _begun(state: KioskState, index: int) -> Step:
    """Remove a class: one that the model never saw at once, another one as a job."""
    last, taught = index == len(state.classes) - 1, state.classes[index].shots
    known = state.model is not None and index < len(state.model.shots) and state.model.shots[index]
    if last and not taught and not known:
        return class_list.change_number(_kept(state), index)
    state = replace(state, mode=Mode.REMOVING, removing=index, arrival=None, gallery=GalleryState())
    return state, (ev.DropClass(index, _labels_without(state, index), state.labels[index]),)


def _labels_without(state: KioskState, index: int) -> tuple[str, ...]:
    """The labels of the other classes. A default name changes with the button: it says the button's colour."""
    given, defaults = given_labels(state), default_names(state)
    rest = [
        "" if label == defaults[place] and not any(given[place : place + 1]) else label
        for place, label in enumerate(state.labels)
        if place != index
    ]
    return class_names(rest, state.language, state.config.screen.palette)


def _kept(state: KioskState) -> KioskState:
    return replace(state, mode=state.resting_mode, removing=None)
