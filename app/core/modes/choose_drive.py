"""SAVE with several drives plugged in: the question which of them takes the folder."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import message
from app.base.ports import Drive
from app.core import events as ev
from app.core.modes.pages import SavingState
from app.core.state import KioskState, Mode, Step, refused

MOST_ASKED = 4  # drives: a hub full of them is nobody's visit
ANSWER_AFTER_S = 0.5  # SAVE that bounces or is drummed on is no answer, nor is a press for what just moved away
ANSWER_WITHIN_S = 20.0  # then the first drive takes it


def save_pressed(state: KioskState) -> Step:
    """Save at once where there is nothing to choose, else ask."""
    state = replace(state, held=None, notice=None)
    drives = choices(state)
    if len(drives) < 2:
        return _saving(state, drives[0] if drives else None)
    return replace(state, mode=Mode.CHOOSE_DRIVE, asked_at_s=state.now_s), ()


def choices(state: KioskState) -> tuple[Drive, ...]:
    """The drives that can be written to, in the order of their class buttons."""
    return tuple(one for one in state.drives if not one.read_only)[:MOST_ASKED]


def answered(state: KioskState, button: Button) -> Step:
    """A class button chooses its drive, SAVE the first; every other button saves nothing."""
    if button is Action.LEAVE:
        return state, (ev.Leave(),)
    if state.pressed_at_s - state.asked_at_s < ANSWER_AFTER_S:
        return state, ()
    place = 0 if button is Action.SAVE else button
    if isinstance(place, int):
        drives = choices(state)
        return _saving(state, drives[place]) if 0 <= place < len(drives) else (state, ())
    return replace(state, mode=state.resting_mode), ()


def drives_changed(state: KioskState, before: tuple[Drive, ...]) -> Step:
    """A drive came or went while it was asked: ask anew, or go on where nothing is left to choose.

    Args:
        state: With the drives of now.
        before: What `choices` gave before.
    """
    now = choices(state)
    if [one.identity for one in now] == [one.identity for one in before]:
        return state, ()
    if len(now) > 1:
        return replace(state, asked_at_s=state.now_s), ()  # what was second may be first: no press in flight counts
    if now:
        return _saving(state, now[0])
    text = message("No drive is left to save to. Plug one in, then press SAVE again.")
    return refused(replace(state, mode=state.resting_mode), text)


def give_up_asking(state: KioskState) -> Step:
    """Nobody answers: the first drive takes it, or the next one where that fails."""
    if state.mode is not Mode.CHOOSE_DRIVE or state.now_s - state.asked_at_s <= ANSWER_WITHIN_S:
        return state, ()
    return _saving(state, None)


def _saving(state: KioskState, drive: Drive | None) -> Step:
    return replace(state, mode=Mode.SAVING, saving=SavingState()), (ev.StartSaving(drive),)
