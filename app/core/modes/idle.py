"""Nobody is there: count down, end the session as the settings say, then play the demonstration."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import Message, Text, counted, message
from app.base.privacy import Privacy
from app.base.tone import Tone
from app.core import events as ev
from app.core.game import GameStep
from app.core.modes import erasing, lessons, permissions
from app.core.modes.language import with_language, with_settings
from app.core.modes.why import visit_over
from app.core.state import KioskState, Mode, Step, noticed

DISK_NOTICE_S = 12.0
_BUSY = (Mode.TRAINING, Mode.ERASING, Mode.REMOVING, Mode.IMPORTING, Mode.ATTRACT)


def look_at_the_clock(state: KioskState) -> Step:
    """After a time without input ask whether somebody is there; after the countdown end the session."""
    idle = state.config.idle
    if state.mode is Mode.STILL_THERE:
        return _put_away(state) if seconds_left(state) <= 0 else (state, ())
    if idle.after_s == 0 or state.now_s - state.last_input_s < idle.after_s or state.fault is not None:
        return state, ()
    if state.mode in _BUSY or state.held is not None or (state.mode is Mode.SAVING and not state.saving.finished):
        return state, ()
    if state.mode is Mode.STAFF or state.typing is not None:  # staff forgot to leave
        state = replace(state, mode=state.resting_mode, typing=None, last_input_s=state.now_s)
        return replace(state, staff=state.staff.closed()), ()
    if not any(state.shots) and not any(one.removed for one in state.classes) and state.model is None:
        return start_attract(state)
    return replace(state, mode=Mode.STILL_THERE, asked_at_s=state.now_s, notice=None), ()


def seconds_left(state: KioskState) -> float:
    """Seconds that are left of the countdown."""
    return state.config.idle.countdown_s - (state.now_s - state.asked_at_s)


def what_will_happen(state: KioskState) -> Message:
    """What happens after the countdown, in words."""
    seconds = max(1, round(seconds_left(state)))
    if state.privacy is Privacy.ERASE:
        return counted(
            "Everything will be erased in {count} second. Press any button to stay.",
            "Everything will be erased in {count} seconds. Press any button to stay.",
            seconds,
        )
    return counted(
        "Your work will be put away in {count} second. Press any button to stay.",
        "Your work will be put away in {count} seconds. Press any button to stay.",
        seconds,
    )


def stay(state: KioskState, _: Button) -> Step:
    """Somebody is still there; the press has no other effect. A game that waited for RESET has not begun."""
    waited = state.game is not None and state.game.step is GameStep.CLEAR
    return replace(state, mode=state.resting_mode, game=None if waited else state.game), ()


def start_attract(state: KioskState) -> Step:
    """Start the demonstration, in the kiosk's own language."""
    state, renamed = with_settings(lessons.ended(visit_over(state)))
    state = replace(state.with_pages_closed(), mode=Mode.ATTRACT, attract_since_s=state.now_s, gone=False)
    return state, renamed if state.answering else (*renamed, ev.LoadStarter())


def wake_up(state: KioskState, button: Button) -> Step:
    """A press ends the demonstration. It has no other effect, except for LANGUAGE."""
    if button is Action.LANGUAGE:
        return next_language(lessons.begun(replace(state, mode=state.resting_mode)))
    return with_disk_notice(lessons.begun(replace(state, mode=state.resting_mode))), (ev.PlaySound("tick"),)


def with_disk_notice(state: KioskState) -> KioskState:
    """Tell a visitor who begins that the disk cannot be used, if that is so."""
    if state.disk_problem is None:
        return state
    return noticed(state, disk_text(state.disk_problem), Tone.WARNING, DISK_NOTICE_S)


def disk_text(problem: Text) -> Message:
    """Say what a disk that cannot be used means for a visitor."""
    return message(
        "The disk of this computer cannot be used ({reason}). What you teach is gone when it is switched off; "
        "SAVE to a drive works.",
        reason=problem,
    )


def next_language(state: KioskState) -> Step:
    """Switch to the next language, for this visit."""
    languages = permissions.languages(state)
    now = languages.index(state.language) if state.language in languages else 0
    state, renamed = with_language(state, languages[(now + 1) % len(languages)])
    return state, (*renamed, ev.PlaySound("tick"))


def touched(state: KioskState, event: ev.ScreenTouched | ev.InputPressed) -> Step:
    """A touch, or a key without a button: it wakes the kiosk and shows that somebody is there."""
    if isinstance(event, ev.InputPressed) and state.inputs.map.button_of(event.source) is not None:
        return state, ()  # the press of its button follows
    if state.mode is Mode.ATTRACT:
        return wake_up(state, -1)
    if state.mode is Mode.STILL_THERE:
        return stay(state, -1)
    return state, ()


def somebody_came(state: KioskState) -> KioskState:
    """Somebody did something other than a press, such as plugging in a drive."""
    mode = state.resting_mode if state.mode in (Mode.ATTRACT, Mode.STILL_THERE) else state.mode
    return replace(state, mode=mode, last_input_s=state.now_s)


def starter_ready(state: KioskState, event: ev.StarterReady) -> Step:
    """Use the starter, unless a visitor has already begun to teach."""
    if any(state.shots) or state.in_flight or state.model is not None:
        return state, (ev.DropStarter(),)
    mode = Mode.LIVE if state.mode is Mode.TEACH else state.mode
    return replace(state, starter=event.model, mode=mode), ()


def starter_dropped(state: KioskState) -> KioskState:
    """Stop using the starter: a visitor begins to teach."""
    state = replace(state, starter=None, mode=Mode.TEACH)
    return noticed(state, message("Now it learns from you."), Tone.HINT)


def _put_away(state: KioskState) -> Step:
    return erasing.begun(state, gone=True), (ev.EndSession(state.privacy),)
