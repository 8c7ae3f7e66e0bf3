"""After a defect of the program: a calm screen for some seconds, then the main screen; the session stays."""

from __future__ import annotations

from dataclasses import replace

from app.core.pages import SavingState
from app.core.state import KioskState, Mode

CALM_S = 4.0
_JOBS = (Mode.TRAINING, Mode.ERASING, Mode.IMPORTING, Mode.ATTRACT)  # they go on, and their end leads on


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


def is_calm(state: KioskState) -> bool:
    """Whether the calm screen is shown. A press would hit something that nobody sees, so it has no effect."""
    return state.now_s < state.calm_until_s
