"""How training, saving and erasing end."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import Message, message
from app.base.tone import Tone
from app.config.class_names import class_names
from app.core import events as ev
from app.core.events import Command
from app.core.facts import TaughtClass
from app.core.modes.idle import attracting
from app.core.modes.pages import SavingState
from app.core.state import KioskState, Mode, Step, noticed, refused

TOLD_S = 8.0  # a drive that the kiosk switches off is gone at once, long before anybody has read that it may be pulled


def training_finished(state: KioskState, event: ev.TrainingFinished) -> Step:
    """A new model answers."""
    state = replace(state, mode=Mode.LIVE, model=event.model, starter=None, changed=False, learn_due=False)
    return noticed(state, accuracy_in_words(event.model.validation_accuracy), Tone.SUCCESS), (ev.PlaySound("ready"),)


def accuracy_in_words(accuracy: float) -> Message:
    """How good a model is, so that everybody understands it; never better than it is."""
    if accuracy >= 1:
        return message("Learned it! Every picture it had not seen was named right.")
    tenths = int(accuracy * 10)
    if tenths >= 7:
        return message("Learned it: about {tenths} of 10 new pictures are named right.", tenths=tenths)
    return message(
        "Only about {tenths} of 10 new pictures are named right. Show each thing from more sides.", tenths=tenths
    )


def training_failed(state: KioskState, event: ev.TrainingFailed) -> Step:
    """The model before goes on answering."""
    return refused(replace(state, mode=state.resting_mode), event.reason)


def saving_started(state: KioskState, event: ev.SavingStarted) -> Step:
    """Writing begins; after a drive that took nothing, on the next one."""
    waiting = tuple((stage, None) for stage in event.stages)
    return replace(state, saving=SavingState(event.drive, str(event.folder), waiting)), ()


def saving_advanced(state: KioskState, event: ev.SavingAdvanced) -> Step:
    """A step of saving begins or is done."""
    done = tuple((stage, event.done if stage is event.stage else was) for stage, was in state.saving.done)
    return replace(state, saving=replace(state.saving, done=done)), ()


def saving_finished(state: KioskState, event: ev.SavingFinished) -> Step:
    """The folder is complete; the screen says so until somebody presses a button, or the drive is gone."""
    if state.mode is not Mode.SAVING:
        return state, ()
    drive = event.drive or (state.saving.drive if event.removable else "")
    done = tuple((stage, True) for stage, _ in state.saving.done)
    saving = replace(
        state.saving,
        drive=drive,
        folder=str(event.folder),
        done=done,
        finished=True,
        note=event.note,
        finished_at_s=state.now_s,
    )
    return replace(state, saving=saving), (ev.PlaySound("saved"),)


def leave_saved(state: KioskState) -> Step:
    """Time has passed: a drive that is gone, pulled or switched off, was told to be safe for long enough to be read."""
    saving = state.saving
    told = saving.finished and state.now_s - saving.finished_at_s >= TOLD_S
    if state.mode is not Mode.SAVING or not told or not saving.gone:
        return state, ()
    return replace(state, mode=state.resting_mode, saving=SavingState()), ()


def saving_failed(state: KioskState, event: ev.SavingFailed) -> Step:
    """Nothing was saved."""
    return refused(replace(state, mode=state.resting_mode, saving=SavingState()), event.reason)


def session_erased(state: KioskState, _: ev.SessionErased) -> Step:
    """Everything that was taught is gone."""
    gone, language = state.gone, state.config.screen.language if state.gone else state.language
    labels = class_names(state.config.classes.labels, language)  # those of a session from elsewhere go with it
    classes = tuple(map(TaughtClass, labels))
    renamed: tuple[Command, ...] = () if labels == state.labels else (ev.NameClasses(labels),)
    state = replace(state, classes=classes, mode=Mode.TEACH, model=None, changed=False, held=None, arrival=None)
    # what still waited for its frame or its embedding is gone as well: no event will count it down any more
    state = replace(state, language=language, gone=False, shown_from="", in_flight=0, re_embedding=0)
    state = replace(state, drive_seen=bool(state.drives or state.unmounted))
    if gone:
        state, commands = attracting(state)
        return state, (*renamed, *commands)
    text = message("All clear. Show something and hold its button.")
    return noticed(state, text, Tone.HINT), (*renamed, ev.PlaySound("undo"))


def erase_failed(state: KioskState, event: ev.EraseFailed) -> Step:
    """All of it is still there."""
    state = replace(state, mode=state.resting_mode, gone=False, in_flight=0, last_input_s=state.now_s)
    return refused(state, event.reason)
