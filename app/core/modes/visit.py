"""Presses while teaching, live, busy or saved, and the question before RESET erases everything."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassGallery, ClassName, ClassStep
from app.base.i18n import message
from app.core import events as ev
from app.core.modes import (
    choose_drive,
    class_list,
    class_page,
    erasing,
    gallery,
    games,
    idle,
    leaving,
    permissions,
    results,
    staff,
)
from app.core.modes.found import pressed_while_shown
from app.core.modes.teach import class_pressed
from app.core.modes.why import why_pressed
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Step, refused

SURE_AFTER_S = 0.8  # a second press on RESET within this time is not an answer: it may be a bounce
ANSWER_WITHIN_S = 20.0  # then everything is kept


def pressed(state: KioskState, button: Button) -> Step:
    """A press in TEACH or LIVE."""
    if state.typing is not None:
        return class_page.pressed_while_typing(state, button)
    if button is Action.LANGUAGE:
        return idle.next_language(state) if permissions.allowed(state, button) else permissions.refusal(state)
    if staff.is_chord(state, button):
        return state, ()
    if button is Action.WHY:
        return why_pressed(state) if permissions.allowed(state, button) else permissions.refusal(state)
    if state.shown_from:
        return pressed_while_shown(state, button)
    if state.game is not None:
        played = games.pressed(state, state.game, button)
        if played is not None:
            return played
    wants_page = state.now_s < state.which_until_s
    state = replace(state, which_until_s=0.0)
    if isinstance(button, int) and wants_page and button < len(state.classes):
        return class_page.opened(state, button)
    if isinstance(button, int):
        return class_pressed(state, button)
    if not permissions.allowed(state, button):
        return permissions.refusal(state)
    match button:
        case Action.LEAVE:
            return leaving.asked(state)
        case ClassGallery(index):
            return gallery.opened(state, index)
        case ClassName(index) if class_page.has_page(state, index):
            return class_page.opened(state, index)
        case Action.NAME:
            return class_page.which_asked(state)
        case ClassStep(step) if class_list.may_change_number(state):
            return class_list.change_number(replace(state, held=None), len(state.classes) + step)
        case Action.GALLERY:
            return gallery.first_opened(state)
        case Action.PLAY:
            return games.play_pressed(state)
        case Action.RESULTS:
            return results.opened(state)
        case Action.TRAIN:
            return _train(state)
        case Action.UNDO:
            if not state.undoable:
                return refused(state, message("There is nothing to undo yet."))
            return replace(state, held=None), (ev.UndoLastAct(),)
        case Action.SAVE:
            if state.model is None:
                first = state.missing or message("Press TRAIN first: then there is a model to save.")
                return refused(state, first)
            return choose_drive.save_pressed(state)
        case Action.RESET:
            if not any(state.shots) and not any(one.removed for one in state.classes) and state.model is None:
                return refused(state, message("It's already empty."))
            return replace(state, mode=Mode.CONFIRM_RESET, asked_at_s=state.now_s, held=None, notice=None), ()
    return state, ()


def pressed_while_busy(state: KioskState, _: Button) -> Step:
    """Ignore presses while training, erasing or importing."""
    return state, ()


def pressed_while_saving(state: KioskState, _: Button) -> Step:
    """After saving any press leaves the page; while saving presses are ignored."""
    if not state.saving.finished:
        return state, ()
    return replace(state, mode=state.resting_mode, saving=SavingState()), ()


def answered(state: KioskState, button: Button) -> Step:
    """CONFIRM, or RESET again after a pause, erases everything; any other button keeps it."""
    if button is Action.RESET and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()  # pressing RESET again and again never erases
    if button in (Action.CONFIRM, Action.RESET):
        return erasing.begun(state, gone=False), (ev.EraseSession(),)
    return _kept(state), ()


def give_up_asking(state: KioskState) -> KioskState:
    """Keep everything if nobody answers."""
    if state.mode is Mode.CONFIRM_RESET and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return _kept(state)
    return state


def _kept(state: KioskState) -> KioskState:
    """Nothing is erased, so a game that needs an empty session does not begin."""
    return replace(state, mode=state.resting_mode, game=None)


def _train(state: KioskState) -> Step:
    if state.missing:
        return refused(state, state.missing)
    state = replace(state, mode=Mode.TRAINING, held=None, notice=None)
    return state, (ev.StartTraining(), ev.PlaySound("train"))
