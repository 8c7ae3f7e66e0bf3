"""SAVE with several drives plugged in: the question which drive to write to."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import message
from app.base.ports import Drive
from app.core import events as ev
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Step, refused

MOST_ASKED = 4  # drives
ANSWER_AFTER_S = 0.5  # earlier presses are no answer: SAVE may bounce, and the list may just have changed
ANSWER_WITHIN_S = 20.0  # then the first drive is used


def save_pressed(state: KioskState) -> Step:
    """Save at once if there is at most one drive, else ask."""
    state = replace(state, held=None, notice=None)
    drives = choices(state)
    if len(drives) < 2:
        return _saving(state, drives[0] if drives else None)
    return replace(state, mode=Mode.CHOOSE_DRIVE, asked_at_s=state.now_s), ()


def choices(state: KioskState) -> tuple[Drive, ...]:
    """The writable drives, in the order of their class buttons."""
    return tuple(one for one in state.drives if not one.read_only)[:MOST_ASKED]


def answered(state: KioskState, button: Button) -> Step:
    """A class button chooses its drive, SAVE chooses the first; any other button cancels."""
    if state.pressed_at_s - state.asked_at_s < ANSWER_AFTER_S:
        return state, ()
    place = 0 if button is Action.SAVE else button
    if isinstance(place, int):
        drives = choices(state)
        return _saving(state, drives[place]) if 0 <= place < len(drives) else (state, ())
    return replace(state, mode=state.resting_mode), ()


def drives_changed(state: KioskState, before: tuple[Drive, ...]) -> Step:
    """A drive was plugged in or pulled out during the question: ask again, or continue if nothing is left to choose.

    Args:
        state: Has the current drives.
        before: What `choices` returned before.
    """
    now = choices(state)
    if [one.identity for one in now] == [one.identity for one in before]:
        return state, ()
    if len(now) > 1:
        return replace(state, asked_at_s=state.now_s), ()  # the order may have changed
    if now:
        return _saving(state, now[0])
    text = message("There is no drive any more. Plug one in, then press SAVE again.")
    return refused(replace(state, mode=state.resting_mode), text)


def give_up_asking(state: KioskState) -> Step:
    """Without an answer, save to the first drive, or to the next one if that fails."""
    if state.mode is not Mode.CHOOSE_DRIVE or state.now_s - state.asked_at_s <= ANSWER_WITHIN_S:
        return state, ()
    return _saving(state, None)


def _saving(state: KioskState, drive: Drive | None) -> Step:
    """Start saving, and show at once where to and what will happen."""
    likely = drive or next(iter(choices(state)), None)
    stages = [stage for stage in ev.SavingStage if likely is not None or stage is not ev.SavingStage.RELEASE]
    saving = SavingState(likely.name if likely is not None else "", done=tuple((stage, None) for stage in stages))
    return replace(state, mode=Mode.SAVING, saving=saving), (ev.StartSaving(drive),)
