"""How training, saving and erasing end."""

from __future__ import annotations

from dataclasses import replace

from app import events as ev
from app.i18n import Message, message
from app.modes.base import NOTICE_S, ClassState, KioskState, Mode, Mood, Step, TrainedFacts, noticed, refused


def training_finished(state: KioskState, event: ev.TrainingFinished) -> Step:
    """A new model answers."""
    model = TrainedFacts(event.validation_accuracy, event.threshold, event.shots)
    state = replace(state, mode=Mode.LIVE, model=model, changed=False)
    return noticed(state, accuracy_in_words(event.validation_accuracy), Mood.SUCCESS), (ev.PlaySound("ready"),)


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


def saving_finished(state: KioskState, event: ev.SavingFinished) -> Step:
    """The folder is complete."""
    text = message("Saved to {folder}.", folder=event.folder)
    if event.note:
        text = message("Saved to {folder}. {note}", folder=event.folder, note=event.note)
    elif event.removable:
        text = message("Saved to {folder}. You may pull the drive out now.", folder=event.folder)
    state = replace(state, mode=state.resting_mode)
    return noticed(state, text, Mood.SUCCESS, 2 * NOTICE_S), (ev.PlaySound("saved"),)


def saving_failed(state: KioskState, event: ev.SavingFailed) -> Step:
    """Nothing was saved."""
    return refused(replace(state, mode=state.resting_mode), event.reason)


def session_erased(state: KioskState, _: ev.SessionErased) -> Step:
    """Everything that was taught is gone."""
    classes = tuple(ClassState(one.label) for one in state.classes)
    state = replace(state, classes=classes, mode=Mode.TEACH, model=None, changed=False, held=None, arrival=None)
    told = message("All clear. Show something and hold its button.")
    return noticed(state, told, Mood.HINT), (ev.PlaySound("undo"),)


def erase_failed(state: KioskState, event: ev.EraseFailed) -> Step:
    """All of it is still there."""
    return refused(replace(state, mode=state.resting_mode), event.reason)
