"""After a defect of the program: a calm screen for some seconds, then the main screen; the session stays.

A mode that waits for a job is not left then, because the job goes on and its end leads on. But the defect may have
happened when the job was started, or in what its end leads to. So `Kiosk` also watches for a mode that waits for a job
while none runs.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.error_texts import DEFECT
from app.core import events as ev
from app.core.modes import erasing
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Step, refused

CALM_S = 4.0
_JOBS = (Mode.TRAINING, Mode.ERASING, Mode.REMOVING, Mode.IMPORTING, Mode.ATTRACT)  # they go on, and their end leads on


def recovered(state: KioskState) -> KioskState:
    """Leave every page and question, and show the calm screen."""
    saving = state.mode is Mode.SAVING and not state.saving.finished
    return replace(
        state.with_pages_closed(),
        mode=state.mode if state.mode in _JOBS or saving else state.resting_mode,
        calm_until_s=state.now_s + CALM_S,
        arrival=None,
        found=None,
        game=None,
        saving=state.saving if saving else SavingState(),
        staff=state.staff.closed(),
        typing=None,
        cursor=None,
        down=(),
    )


def waits_for_job(state: KioskState) -> bool:
    """Whether only the end of a job leads on from the current mode."""
    match state.mode:
        case Mode.TRAINING | Mode.IMPORTING | Mode.REMOVING:
            return True
        case Mode.SAVING:
            return not state.saving.finished
        case Mode.ERASING:
            return not state.erase_problem
    return False


def job_lost(state: KioskState) -> Step:
    """No job runs, although the mode waits for one: leave the mode. Erasing is tried again instead."""
    if state.mode is Mode.ERASING:
        return erasing.failed(state, ev.EraseFailed(DEFECT))
    return refused(replace(state, mode=state.resting_mode, saving=SavingState()), DEFECT)


def presses_lost(state: KioskState) -> KioskState:
    """No job runs, although presses wait to be stored: a defect has lost their end, so nothing waits for them."""
    return replace(state, in_flight=0, held=None)


def is_calm(state: KioskState) -> bool:
    """Whether the calm screen is shown. A press would hit something that nobody sees, so it has no effect."""
    return state.now_s < state.calm_until_s
