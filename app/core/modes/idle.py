"""Nobody is there: a countdown asks, the session is put away as the settings say, and a visit plays by itself."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import LANGUAGES, Message, counted, message
from app.base.privacy import Privacy
from app.base.tone import Tone
from app.core import events as ev
from app.core.modes.language import spoken
from app.core.modes.pages import GalleryState, ResultsState, SavingState, StaffState
from app.core.state import KioskState, Mode, Step, noticed

_BUSY = (Mode.TRAINING, Mode.ERASING, Mode.IMPORTING, Mode.ATTRACT)


def look_at_the_clock(state: KioskState) -> Step:
    """Time has passed: ask, or believe that nobody is there."""
    idle = state.config.idle
    if state.mode is Mode.STILL_THERE:
        return _put_away(state) if seconds_left(state) <= 0 else (state, ())
    if idle.after_s == 0 or state.now_s - state.last_input_s < idle.after_s or state.fault is not None:
        return state, ()
    if state.mode in _BUSY or state.held is not None or (state.mode is Mode.SAVING and not state.saving.finished):
        return state, ()
    if state.mode is Mode.STAFF or state.typing is not None:  # staff forgot to leave: nobody else may find it open
        state = replace(state, mode=state.resting_mode, typing=None, last_input_s=state.now_s)
        return replace(state, staff=StaffState(locked_until_s=state.staff.locked_until_s)), ()
    if not any(state.shots) and state.model is None:
        return attracting(state)
    return replace(state, mode=Mode.STILL_THERE, asked_at_s=state.now_s, notice=None), ()


def seconds_left(state: KioskState) -> float:
    """Of the countdown."""
    return state.config.idle.countdown_s - (state.now_s - state.asked_at_s)


def what_will_happen(state: KioskState) -> Message:
    """What becomes of what was taught, in words."""
    seconds = max(1, round(seconds_left(state)))
    if state.privacy is Privacy.ERASE:
        return counted(
            "In {count} second everything is erased and somebody else may begin.",
            "In {count} seconds everything is erased and somebody else may begin.",
            seconds,
        )
    return counted(
        "In {count} second it is put away and somebody else may begin.",
        "In {count} seconds it is put away and somebody else may begin.",
        seconds,
    )


def extended(state: KioskState, _: Button) -> Step:
    """Somebody is still there: the press does nothing else."""
    return replace(state, mode=state.resting_mode), ()


def attracting(state: KioskState) -> Step:
    """Play by itself, in the kiosk's own language, until somebody does something."""
    state, renamed = spoken(state, state.config.screen.language)
    state = replace(
        state,
        mode=Mode.ATTRACT,
        attract_since_s=state.now_s,
        gone=False,
        notice=None,
        held=None,
        gallery=GalleryState(),
        results=ResultsState(),
        saving=SavingState(),
    )
    return state, renamed if state.answering else (*renamed, ev.LoadStarter())


def begun(state: KioskState, button: Button) -> Step:
    """Somebody is there: the press that woke the kiosk does nothing else, unless it is for a language or leaves."""
    if button is Action.LEAVE:
        return state, (ev.Leave(),)
    if button is Action.LANGUAGE:
        return next_language(replace(state, mode=state.resting_mode))
    return replace(state, mode=state.resting_mode), (ev.PlaySound("tick"),)


def next_language(state: KioskState) -> Step:
    """The next language, for this visit."""
    languages = tuple(LANGUAGES)
    now = languages.index(state.language) if state.language in languages else 0
    state, renamed = spoken(state, languages[(now + 1) % len(languages)])
    return state, (*renamed, ev.PlaySound("tick"))


def touched(state: KioskState, _: ev.ScreenTouched | ev.InputPressed) -> Step:
    """Something was done that is no button's press: enough to wake the kiosk, and to show that somebody is there."""
    if isinstance(_, ev.InputPressed) and state.inputs.map.button_of(_.source) is not None:
        return state, ()  # its button follows
    if state.mode is Mode.ATTRACT:
        return begun(state, -1)
    if state.mode is Mode.STILL_THERE:
        return extended(state, -1)
    return state, ()


def somebody_came(state: KioskState) -> KioskState:
    """Somebody did something that is no press, such as plugging in a drive."""
    mode = state.resting_mode if state.mode in (Mode.ATTRACT, Mode.STILL_THERE) else state.mode
    return replace(state, mode=mode, last_input_s=state.now_s)


def starter_ready(state: KioskState, event: ev.StarterReady) -> Step:
    """The starter answers; it comes too late once a visitor has begun."""
    if any(state.shots) or state.in_flight or state.model is not None:
        return state, (ev.DropStarter(),)
    mode = Mode.LIVE if state.mode is Mode.TEACH else state.mode
    return replace(state, starter=event.model, mode=mode), ()


def starter_dropped(state: KioskState) -> KioskState:
    """A visitor begins to teach: the starter steps back."""
    state = replace(state, starter=None, mode=Mode.TEACH)
    return noticed(state, message("Now it learns from you."), Tone.HINT)


def _put_away(state: KioskState) -> Step:
    state = replace(state, mode=Mode.ERASING, gone=True, starter=None)
    return state, (ev.EndSession(state.privacy),)
