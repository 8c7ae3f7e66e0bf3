"""The visitor's keys while teaching and while the model answers, and the question before everything is erased."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassGallery
from app.base.i18n import message
from app.core import events as ev
from app.core.modes import choose_drive, gallery, idle, results, staff
from app.core.modes.found import pressed_while_shown
from app.core.modes.pages import SavingState
from app.core.modes.teach import class_pressed
from app.core.state import KioskState, Mode, Step, refused

SURE_AFTER_S = 0.8  # a second press on RESET within this is a bounce or a child's drumming, no answer
ANSWER_WITHIN_S = 20.0  # nobody answers: everything is kept


def pressed(state: KioskState, button: Button) -> Step:
    """A button in TEACH or LIVE."""
    if button is Action.LANGUAGE:
        return idle.next_language(state)
    if staff.is_chord(state, button):
        return state, ()
    if state.shown_from:
        return pressed_while_shown(state, button)
    if isinstance(button, int):
        return class_pressed(state, button)
    match button:
        case Action.LEAVE:
            return state, (ev.Leave(),)
        case ClassGallery(index):
            return gallery.opened(state, index)
        case Action.GALLERY:
            return gallery.first_opened(state)
        case Action.RESULTS:
            return results.opened(state)
        case Action.TRAIN:
            return _train(state)
        case Action.UNDO:
            if not any(state.shots) and not state.in_flight:
                return refused(state, message("There is nothing to take back yet."))
            return replace(state, held=None), (ev.RemoveLastSample(),)
        case Action.SAVE:
            if state.model is None:
                return refused(state, message("Press TRAIN first: then there is a model to save."))
            return choose_drive.save_pressed(state)
        case Action.RESET:
            if not any(state.shots) and state.model is None:
                return refused(state, message("It is all empty already."))
            return replace(state, mode=Mode.CONFIRM_RESET, asked_at_s=state.now_s, held=None, notice=None), ()
    return state, ()


def pressed_while_busy(state: KioskState, button: Button) -> Step:
    """Presses while training, saving or erasing do nothing, now or later; only leaving is possible."""
    return state, (ev.Leave(),) if button is Action.LEAVE else ()


def pressed_while_saving(state: KioskState, button: Button) -> Step:
    """What was saved stays on the screen until a press; before it is complete, presses do nothing."""
    if button is Action.LEAVE:
        return state, (ev.Leave(),)
    if not state.saving.finished:
        return state, ()
    return replace(state, mode=state.resting_mode, saving=SavingState()), ()


def answered(state: KioskState, button: Button) -> Step:
    """Yes is its own key, or RESET once more after a moment of rest; every other button keeps what there is."""
    if button is Action.RESET and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()  # whoever drums on it never answers
    if button in (Action.CONFIRM, Action.RESET):
        return replace(state, mode=Mode.ERASING), (ev.EraseSession(),)
    return replace(state, mode=state.resting_mode), ()


def give_up_asking(state: KioskState) -> KioskState:
    """A question that nobody answers goes away."""
    if state.mode is Mode.CONFIRM_RESET and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return replace(state, mode=state.resting_mode)
    return state


def _train(state: KioskState) -> Step:
    if state.missing:
        return refused(state, state.missing)
    state = replace(state, mode=Mode.TRAINING, held=None, notice=None)
    return state, (ev.StartTraining(), ev.PlaySound("train"))
