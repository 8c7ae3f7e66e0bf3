"""A folder of SAVE on a drive: ask what to do with it, carry on with its session, or show its model."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import message
from app.base.tone import Tone
from app.core import events as ev
from app.core.events import Command
from app.core.facts import TaughtClass, TrainedFacts
from app.core.modes.why import visit_over
from app.core.state import KioskState, Mode, Step, noticed, refused

CARRY_ON, SHOW = 0, 1  # class buttons: every station has at least two
ANSWER_AFTER_S = 0.8  # earlier presses were meant for a class, not for the question
ANSWER_WITHIN_S = 30.0


def folder_found(state: KioskState, event: ev.FolderFound) -> Step:
    """Remember the folder; `ask_when_at_rest` asks about it."""
    # another folder during the question: the time to answer starts again
    asked_at_s = state.now_s if state.mode is Mode.ASK_FOLDER else state.asked_at_s
    return replace(state, found=event, asked_at_s=asked_at_s), ()


def drive_pulled(state: KioskState) -> KioskState:
    """Do not ask about a drive that was pulled out."""
    if state.found is None or state.found.drive in state.drive_names:
        return state
    return _forgotten(state) if state.mode is Mode.ASK_FOLDER else replace(state, found=None)


def ask_when_at_rest(state: KioskState) -> KioskState:
    """Ask as soon as no button is held and every sample is stored; stop asking when nobody answers."""
    if state.mode is Mode.ASK_FOLDER and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return _forgotten(state)
    at_rest = state.teaching and state.held is None and not state.in_flight and not state.shown_from
    at_rest = at_rest and state.typing is None
    if state.found is None or not at_rest:
        return state
    return replace(state, mode=Mode.ASK_FOLDER, asked_at_s=state.now_s, notice=None)


def answered(state: KioskState, button: Button) -> Step:
    """The first class button carries on, the second shows the model; any other button does neither."""
    found = state.found
    if found is None or state.pressed_at_s - state.asked_at_s < ANSWER_AFTER_S:
        return state, ()
    if button == CARRY_ON and found.has_session:
        return replace(_forgotten(state), mode=Mode.IMPORTING), (ev.ImportSession(found.folder, state.privacy),)
    if button == SHOW and found.has_model:
        return replace(_forgotten(state), mode=Mode.IMPORTING), (ev.ShowModel(found.folder, found.drive),)
    if button in (CARRY_ON, SHOW):
        return state, ()
    return _forgotten(state), ()


def session_imported(state: KioskState, event: ev.SessionImported) -> Step:
    """Use the session of the drive. Its model is trained here: a model file from a drive is not trusted."""
    state = replace(visit_over(state), classes=event.classes, mode=Mode.TEACH, model=None, starter=None, changed=False)
    state = replace(state, arrival=None, re_embedding=0)  # its embeddings are by the extractor in use
    state = replace(state, next_hold=max(state.next_hold, event.next_hold))
    text = message("You can go on teaching {labels}.", labels=", ".join(state.labels))
    state = noticed(state, text, Tone.SUCCESS)
    if state.missing:
        return state, ()
    return replace(state, mode=Mode.TRAINING), (ev.StartTraining(), ev.PlaySound("train"))


def import_failed(state: KioskState, event: ev.ImportFailed) -> Step:
    """Say why the folder cannot be used."""
    text = message("That folder is not used: {reason}", reason=event.reason)
    return refused(replace(state, mode=state.resting_mode), text)


def model_shown(state: KioskState, event: ev.ModelShown) -> Step:
    """The model from the drive answers; the session is unchanged."""
    labels = event.model.labels
    state = replace(
        visit_over(state),
        classes=tuple(map(TaughtClass, labels)),
        mode=Mode.LIVE,
        model=TrainedFacts(None, event.model.threshold, shots=(0,) * len(labels)),
        starter=None,
        arrival=None,
        shown_from=event.drive,
    )
    text = message("This is the model from {drive}. RESET goes back to your own.", drive=event.drive)
    return noticed(state, text, Tone.SUCCESS), (ev.PlaySound("ready"),)


def pressed_while_shown(state: KioskState, button: Button) -> Step:
    """While a drive's model is shown, RESET returns to the session, and so does Esc."""
    if button in (Action.RESET, Action.LEAVE):
        return replace(state, mode=Mode.IMPORTING, notice=None), (ev.EndShow(),)
    text = message("This is the model from {drive}. RESET goes back to your own.", drive=state.shown_from)
    return refused(state, text)


def show_ended(state: KioskState, event: ev.ShowEnded) -> Step:
    """Return to the kiosk's own session and model."""
    state = replace(visit_over(state), classes=event.classes, model=event.model, shown_from="")
    state = replace(state, mode=state.resting_mode)
    starter: tuple[Command, ...] = () if state.answering or any(state.shots) else (ev.LoadStarter(),)
    return state, (*starter, ev.PlaySound("undo"))


def _forgotten(state: KioskState) -> KioskState:
    return replace(state, found=None, mode=state.resting_mode)
