"""WHY: light on the parts of the picture that spoke for the answer."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import message
from app.core import events as ev
from app.core.game import GameStep
from app.core.state import KioskState, Mode, Step, refused


def why_pressed(state: KioskState) -> Step:
    """Switch the light on or off; it needs a model that answers."""
    if not state.answering:
        return refused(state, message("Press TRAIN first: then it can show why."))
    return replace(state, why=not state.why, notice=None), (ev.PlaySound("tick"),)


def explains(state: KioskState) -> bool:
    """Whether the model must say why: the light is on, or a game may need to know it."""
    seeking = state.game is not None and state.game.step is GameStep.SEEK
    return state.mode is Mode.LIVE and state.answering and (state.why or seeking)


def visit_over(state: KioskState) -> KioskState:
    """Forget everything about WHY and the games: RESET, the end of a visit, or another session."""
    return replace(state, why=False, game=None, best_trick=None)
