"""Every transition of the kiosk in one table: `advance(state, event) -> (state, commands)`, a pure function.

`TRANSITIONS` names the function for each event, and `_PRESSED` the function for a press in each mode. The functions are
in `app.core.modes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.base.buttons import Action, Button
from app.core import events as ev
from app.core.events import Command, Event
from app.core.modes import (
    choose_drive,
    class_page,
    class_removal,
    cursor,
    devices,
    erasing,
    found,
    gallery,
    games,
    idle,
    jobs,
    leaving,
    lessons,
    recovery,
    results,
    scanning,
    staff,
    teach,
    typing,
    visit,
    why,
)
from app.core.presses import interpret
from app.core.state import KioskState, Mode, Step


def advance(state: KioskState, event: Event) -> Step:
    """Apply an event.

    Raw inputs may mean presses; these follow at once.

    Returns:
        The new state, and the commands to carry out.
    """
    inputs, follow = interpret(state.inputs, event, state.ticked_s)
    if inputs is not state.inputs:
        state = replace(state, inputs=inputs)
    events = (event, *follow)
    if isinstance(event, ev.TimePassed):  # first the releases: a released button takes no sample at this tick
        state, events = replace(state, now_s=event.now_s), (*follow, event)
    before = state
    state, translated = scanning.as_switch(state, event, events)
    commands: tuple[Command, ...] = ()
    for one in translated:
        state, more = _step(state, one)
        commands = (*commands, *more)
    return scanning.after_page_change(before, class_page.after_page_change(before, state)), commands


def _step(state: KioskState, event: Event) -> Step:
    if isinstance(event, _USER_INPUTS):
        state = replace(state, last_input_s=state.now_s)
    if isinstance(event, CONSUMED_BY_PRESSES):
        return state, ()
    return TRANSITIONS[type(event)](state, event)


def _pressed(state: KioskState, event: ev.ButtonPressed) -> Step:
    if event.button is Action.FULLSCREEN:
        return state, () if state.locked_in else (ev.ToggleFullscreen(),)
    if recovery.is_calm(state):
        return state, ()
    state = _pressed_at(state, event.at_s)
    if event.button not in state.down:
        state = replace(state, down=(*state.down, event.button))
    before = state
    state, button = cursor.interpret_button(state, event.button)
    if button is None:
        return state, ()
    state, commands = _PRESSED[state.mode](state, button)
    return cursor.keep_on_control(
        before, cursor.after_page_change(before, state, event.button, touched=event.touched)
    ), commands


def _window_closed(state: KioskState, event: ev.WindowClosed) -> Step:
    """A window closes by its button, as any window does; a key such as Alt+F4 is a press of LEAVE."""
    if event.by_button and not state.locked_in:
        return state, (ev.Leave(),)
    state, commands = _pressed(state, ev.ButtonPressed(Action.LEAVE))
    state, more = _released(state, ev.ButtonReleased(Action.LEAVE))
    return state, (*commands, *more)


def _pressed_at(state: KioskState, at_s: float | None) -> KioskState:
    return replace(state, pressed_at_s=state.now_s if at_s is None else at_s)


def _released(state: KioskState, event: ev.ButtonReleased) -> Step:
    down = tuple(button for button in state.down if button != event.button)
    return teach.released(replace(state, down=down), event)


def _time_passed(state: KioskState, event: ev.TimePassed) -> Step:
    """Everything that happens without a press, one after the other."""
    notice = state.notice if state.notice and state.notice.until_s > event.now_s else None
    state = visit.give_up_asking(replace(state, now_s=event.now_s, ticked_s=event.now_s, notice=notice))
    state = cursor.repeat_while_held(found.ask_when_at_rest(state))
    commands: tuple[Command, ...] = ()
    for change in _EVERY_TICK:
        state, more = change(state)
        commands = (*commands, *more)
    return state, commands


def _input_pressed(state: KioskState, event: ev.InputPressed) -> Step:
    if recovery.is_calm(state):
        return state, ()
    state = _pressed_at(state, event.at_s)
    before = state = replace(state, by_keyboard=cursor.on_keyboard(state, event.source))
    state, button = cursor.interpret_key(state, event)
    if button is not None:
        state, commands = _PRESSED[state.mode](state, button)
        return cursor.after_page_change(before, state, Action.TRAIN), commands
    if state.mode is Mode.STAFF:
        return staff.input_pressed(state, event)
    return idle.touched(state, event)


_EVERY_TICK = (
    staff.watch_hold,
    staff.watch_lock,
    staff.give_up_pin,
    leaving.give_up_asking,
    choose_drive.give_up_asking,
    class_removal.give_up_asking,
    jobs.leave_saved,
    erasing.try_again,
    games.look_at_the_clock,
    lessons.watch_time,
    lessons.watch_end_of_visit,
    typing.watch_long_press,
    teach.repeat_while_held,
    teach.learn_as_you_go,
    idle.look_at_the_clock,
)

_PRESSED: dict[Mode, Callable[[KioskState, Button], Step]] = {
    Mode.ATTRACT: idle.wake_up,
    Mode.TEACH: visit.pressed,
    Mode.LIVE: visit.pressed,
    Mode.TRAINING: visit.pressed_while_busy,
    Mode.GALLERY: gallery.pressed,
    Mode.RESULTS: results.pressed,
    Mode.SAVING: visit.pressed_while_saving,
    Mode.ERASING: visit.pressed_while_busy,
    Mode.CONFIRM_RESET: visit.answered,
    Mode.CLASS_MENU: class_page.chosen,
    Mode.CONFIRM_REMOVE: class_removal.answered,
    Mode.REMOVING: visit.pressed_while_busy,
    Mode.CONFIRM_LEAVE: leaving.answered,
    Mode.ASK_FOLDER: found.answered,
    Mode.CHOOSE_DRIVE: choose_drive.answered,
    Mode.CHOOSE_GAME: games.chosen,
    Mode.ASK_TRICK: games.answered,
    Mode.IMPORTING: visit.pressed_while_busy,
    Mode.STILL_THERE: idle.stay,
    Mode.STAFF: staff.pressed,
}

_USER_INPUTS = (
    ev.ButtonPressed,
    ev.ButtonReleased,
    ev.InputPressed,
    ev.ScreenTouched,
    ev.WindowClosed,
    ev.CharacterTyped,
    ev.TypingEdited,
)

CONSUMED_BY_PRESSES = (ev.InputReleased, ev.InputStuck, ev.PinChanged)
"""Raw inputs that `app.core.presses` turns into presses; they have no transition of their own."""

TRANSITIONS: dict[type, Callable[[KioskState, Any], Step]] = {
    ev.ButtonPressed: _pressed,
    ev.ButtonReleased: _released,
    ev.InputPressed: _input_pressed,
    ev.ScreenTouched: idle.touched,
    ev.TargetsShown: scanning.targets_shown,
    ev.WindowClosed: _window_closed,
    ev.CharacterTyped: staff.character_typed,
    ev.TypingEdited: staff.typing_edited,
    ev.TimePassed: _time_passed,
    ev.SampleTaken: teach.sample_taken,
    ev.SampleAdded: teach.sample_added,
    ev.SamplesRemoved: teach.samples_removed,
    ev.SamplesRestored: teach.samples_restored,
    ev.GalleryLoaded: gallery.loaded,
    ev.PicturesLoaded: results.pictures_loaded,
    ev.SampleRefused: teach.sample_refused,
    ev.SampleWithdrawn: teach.sample_withdrawn,
    ev.UndoFailed: teach.undo_failed,
    ev.EraseFailed: erasing.failed,
    ev.ClassRemoved: class_removal.removed,
    ev.ClassNotRemoved: class_removal.failed,
    ev.TrainingFinished: jobs.training_finished,
    ev.ReportExplained: jobs.report_explained,
    ev.TrainingFailed: jobs.training_failed,
    ev.SavingStarted: jobs.saving_started,
    ev.SavingAdvanced: jobs.saving_advanced,
    ev.SavingFinished: jobs.saving_finished,
    ev.SavingFailed: jobs.saving_failed,
    ev.SessionErased: jobs.session_erased,
    ev.StarterReady: idle.starter_ready,
    ev.SessionRestored: staff.session_restored,
    ev.StaffFailed: staff.staff_failed,
    ev.StaffDone: staff.staff_done,
    ev.StaffPinSet: staff.pin_set,
    ev.SettingsRead: staff.settings_read,
    ev.StarterMade: staff.starter_made,
    ev.SystemLooked: staff.system_looked,
    ev.LessonsFound: lessons.found,
    ev.ReadyToStartAgain: lessons.ready_to_start_again,
    ev.VisitLessonLeft: lessons.visit_lesson_left,
    ev.CameraFound: devices.camera_found,
    ev.CameraLost: devices.camera_lost,
    ev.PicturesJudged: devices.pictures_judged,
    ev.VisionFailed: devices.vision_failed,
    ev.DrivesChanged: devices.drives_changed,
    ev.FolderFound: found.folder_found,
    ev.SessionImported: found.session_imported,
    ev.ImportFailed: found.import_failed,
    ev.ModelShown: found.model_shown,
    ev.ShowEnded: found.show_ended,
    ev.BackendChanged: devices.backend_changed,
    ev.SamplesReEmbedded: devices.samples_re_embedded,
    ev.BackgroundSeen: why.background_seen,
    ev.AnswerSeen: games.answer_seen,
    ev.PictureAnswered: games.picture_answered,
    ev.PictureUnanswered: games.picture_unanswered,
    ev.StartProblem: devices.start_problem,
    ev.WorkerFailed: devices.worker_failed,
    ev.WorkerReplaced: devices.worker_replaced,
    ev.DiskWaits: devices.disk_waits,
}
