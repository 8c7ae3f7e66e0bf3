"""Devices that appear, disappear or fail."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import StaffPage
from app.base.i18n import message
from app.base.ports import Drive, UnmountedDrive
from app.base.tone import Tone
from app.core import events as ev
from app.core.modes import choose_drive
from app.core.modes.found import drive_pulled
from app.core.modes.idle import somebody_came
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Step, noticed, refused

CAMERA_STARTS_S = 8.0  # from the start of the kiosk; a webcam that is found late takes a few seconds


def camera_found(state: KioskState, event: ev.CameraFound) -> Step:
    """Frames arrive."""
    return replace(state, camera=event.name, camera_problem=None, camera_faults=(), camera_due_s=0.0), ()


def camera_lost(state: KioskState, event: ev.CameraLost) -> Step:
    """Frames no longer arrive."""
    state = replace(state, camera_problem=event.reason, camera_faults=event.faults)
    return replace(state, camera=None, picture_problem=None, held=None), ()


def pictures_judged(state: KioskState, event: ev.PicturesJudged) -> Step:
    """The frames are black or tiny, or good again."""
    return replace(state, picture_problem=event.problem), ()


def vision_failed(state: KioskState, event: ev.VisionFailed) -> Step:
    """Say why the model failed on a frame. A model from a drive that fails again and again is no longer shown."""
    if state.shown_from and event.in_a_row >= ev.GIVE_UP_AFTER and state.mode is Mode.LIVE:
        text = message("The model from {drive} does not answer. This is your own again.", drive=state.shown_from)
        state, commands = refused(replace(state, mode=Mode.IMPORTING), text)
        return state, (*commands, ev.EndShow())
    return refused(state, event.reason)


def drives_changed(state: KioskState, event: ev.DrivesChanged) -> Step:
    """Drives were plugged in or pulled out: offer to save, or say why a drive cannot be used."""
    new = [one.name for one in event.drives if not one.read_only and one.name not in state.drive_names]
    stuck = [one for one in event.unmounted if one not in state.unmounted]
    there = _names(event.drives, event.unmounted)
    if there - _names(state.drives, state.unmounted):
        state = somebody_came(state)  # a person plugged it in
    choices = choose_drive.choices(state)
    listed = state.mode is Mode.STAFF and state.staff.inside and state.staff.page is StaffPage.LESSONS
    look = (ev.LookForLessons(),) if listed else ()  # those on the drive
    state = replace(state, drives=event.drives, unmounted=event.unmounted)
    state = drive_pulled(replace(state, drive_seen=state.drive_seen or bool(there)))
    if state.saving.drive:
        state = replace(state, saving=replace(state.saving, gone=state.saving.drive not in there))
    if state.mode is Mode.CHOOSE_DRIVE:
        return choose_drive.drives_changed(state, choices)
    if stuck:
        text = message("Drive {drive}: {reason}", drive=stuck[0].name, reason=stuck[0].reason)
        state, commands = refused(state, text)
        return state, (*look, *commands)
    if new and state.model is not None:
        text = message("Found the drive {drive}. SAVE puts the model on it.", drive=new[0])
        return noticed(state, text, Tone.HINT), look
    return state, look


def backend_changed(state: KioskState, event: ev.BackendChanged) -> Step:
    """Another device answers: the status strip shows it, and the samples are checked against it."""
    before, state = state.backend, replace(state, backend=event)
    same = before is not None and (before.device, before.blind) == (event.device, event.blind)
    return state, (ev.CheckSamples(),) if any(state.shots) and not same and not event.blind else ()


def samples_re_embedded(state: KioskState, event: ev.SamplesReEmbedded) -> Step:
    """Some samples were embedded again; those with damaged pictures are gone."""
    lost = [event.dropped.count(index) for index in range(len(state.classes))]
    classes = tuple(replace(one, shots=max(0, one.shots - n)) for one, n in zip(state.classes, lost, strict=True))
    return replace(state, classes=classes, re_embedding=event.left), ()


def start_problem(state: KioskState, event: ev.StartProblem) -> Step:
    """Something did not hold at the start: staff read it on their pages."""
    return replace(state, start_problems=(*state.start_problems, event.text)), ()


def worker_failed(state: KioskState, event: ev.WorkerFailed) -> Step:
    """A worker stopped: show the fault screen."""
    return replace(state, held=None, fault=_STOPPED.get(event.worker, _SOMETHING)), ()


def worker_replaced(state: KioskState, event: ev.WorkerReplaced) -> Step:
    """A stuck worker was replaced. What it was doing for the visitor has to be asked for again."""
    if event.worker == "long jobs" and state.mode in (Mode.TRAINING, Mode.SAVING, Mode.IMPORTING):
        text = message("That took too long and was stopped. What you taught is safe: please try again.")
        return refused(replace(state, mode=state.resting_mode, saving=SavingState()), text)
    return state, ()


def disk_waits(state: KioskState, event: ev.DiskWaits) -> Step:
    """The disk does not answer; a held button takes no more samples until it does."""
    state = replace(state, disk_waits=event.waits)
    if event.waits:
        return replace(state, held=None), ()
    if state.mode in (Mode.SAVING, Mode.ERASING):  # what these pages say goes on
        return state, ()
    return noticed(state, message("The disk answers again."), Tone.SUCCESS), ()


def _names(drives: tuple[Drive, ...], unmounted: tuple[UnmountedDrive, ...]) -> set[str]:
    return {*(one.name for one in drives), *(one.name for one in unmounted)}


_SOMETHING = message("A part of the machine has stopped")
_STOPPED = {
    "camera": message("The part that watches the camera has stopped"),
    "vision": message("The part that recognises things has stopped"),
    "session jobs": message("The part that keeps pictures has stopped"),
    "long jobs": message("The part that learns and saves has stopped"),
    "drive": message("The part that looks for drives has stopped"),
}
