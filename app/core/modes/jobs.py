"""Training, saving and erasing: what their progress and their ends change."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import message
from app.base.tone import Tone
from app.core import events as ev
from app.core.events import Command
from app.core.facts import TaughtClass
from app.core.modes import games, lessons
from app.core.modes.accuracy import after_training, feeling, is_good
from app.core.modes.idle import start_attract
from app.core.modes.why import visit_over
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Step, noticed, refused

READ_S = 8.0  # the kiosk may switch the drive off at once, before anybody has read that it may be pulled out


def training_finished(state: KioskState, event: ev.TrainingFinished) -> Step:
    """The new model answers; say how good it is."""
    state = replace(state, mode=Mode.LIVE, model=event.model, starter=None, changed=False, learn_due=False)
    state = replace(state, background=None)
    tone = Tone.SUCCESS if is_good(event.model) else Tone.HINT
    labels = tuple(state.classes[index].label for index, count in enumerate(event.model.shots) if count)
    if state.without_picture:
        state = noticed(state, message("It learned what you showed it."), tone)
    else:
        state = noticed(state, after_training(event.model, labels), tone, glad=feeling(event.model))
    state, commands = games.after_training(state)
    return state, (*commands, ev.PlaySound("ready"))


def report_explained(state: KioskState, event: ev.ReportExplained) -> Step:
    """Keep the complete report, if the model that it is about still answers."""
    if state.model is None or state.model.report is not event.before:
        return state, ()
    return replace(state, model=replace(state.model, report=event.report)), ()


def training_failed(state: KioskState, event: ev.TrainingFailed) -> Step:
    """Say why; the model before still answers. Whoever opened another page meanwhile stays there."""
    mode = state.resting_mode if state.mode is Mode.TRAINING else state.mode
    return refused(replace(state, mode=mode), event.reason)


def saving_started(state: KioskState, event: ev.SavingStarted) -> Step:
    """Show where the folder is written. If a drive failed, saving starts again on the next one."""
    waiting = tuple((stage, None) for stage in event.stages)
    return replace(state, saving=SavingState(event.drive, str(event.folder), waiting)), ()


def saving_advanced(state: KioskState, event: ev.SavingAdvanced) -> Step:
    """A stage of saving begins or is done."""
    done = tuple((stage, event.done if stage is event.stage else was) for stage, was in state.saving.done)
    return replace(state, saving=replace(state.saving, done=done)), ()


def saving_finished(state: KioskState, event: ev.SavingFinished) -> Step:
    """The folder is complete; the screen says so until a press, or until the drive has gone."""
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
        number=event.number,
    )
    return replace(state, saving=saving), (ev.PlaySound("saved"),)


def leave_saved(state: KioskState) -> Step:
    """Leave the page when the drive has gone and the message was on the screen long enough to be read."""
    saving = state.saving
    read = saving.finished and state.now_s - saving.finished_at_s >= READ_S
    if state.mode is not Mode.SAVING or not read or not saving.gone:
        return state, ()
    return replace(state, mode=state.resting_mode, saving=SavingState()), ()


def saving_failed(state: KioskState, event: ev.SavingFailed) -> Step:
    """Say why nothing was saved."""
    return refused(replace(state, mode=state.resting_mode, saving=SavingState()), event.reason)


def session_erased(state: KioskState, event: ev.SessionErased) -> Step:
    """Begin a new session; if the visitor left, start the demonstration."""
    gone, language = state.gone, state.config.screen.language if state.gone else state.language
    state = lessons.ended(state) if gone else state
    labels = lessons.default_labels(replace(state, language=language))  # not those of an imported session
    classes = tuple(map(TaughtClass, labels))
    renamed: tuple[Command, ...] = () if labels == state.labels else (ev.NameClasses(labels),)
    state = replace(state, classes=classes, mode=Mode.TEACH, model=None, changed=False, held=None, arrival=None)
    # samples that waited for a frame or an embedding are gone: no event will count them down
    state = replace(state, disk_problem=event.disk_problem, erase_problem="", erase_tries=0, notice=None)
    state = replace(state, language=language, gone=False, shown_from="", in_flight=0, re_embedding=0)
    game, state = state.game, visit_over(replace(state, drive_seen=bool(state.drives or state.unmounted)))
    if gone:
        state, commands = start_attract(state)
        return state, (*renamed, *commands)
    text = message("All clear. Show something and hold its button.")
    if state.without_picture:
        text = message("All clear.")
    state, commands = games.cleared(noticed(state, text, Tone.HINT), game)
    return state, (*renamed, *commands, ev.PlaySound("undo"))
