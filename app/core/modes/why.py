"""WHY: light on the parts of the picture that spoke for the answer."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import message
from app.core import events as ev
from app.core.game import GameStep
from app.core.state import KioskState, Mode, Step, refused

ADVICE_S = 30.0  # for which the screen advises to change a background


def why_pressed(state: KioskState) -> Step:
    """Switch the light on or off; it needs a model that answers."""
    if not state.answering:
        return refused(state, message("Press TRAIN first: then it can show why."))
    return replace(state, why=not state.why, notice=None), (ev.PlaySound("tick"),)


def explains(state: KioskState) -> bool:
    """Whether the model must say why: the light is on, or a game may need to know it."""
    seeking = state.game is not None and state.game.step is GameStep.SEEK
    return state.mode is Mode.LIVE and state.answering and (state.why or seeking)


def background_seen(state: KioskState, event: ev.BackgroundSeen) -> Step:
    """The new model looks at the background of some classes: advise to change that of the first one."""
    if state.model is None or state.shown_from or state.game is not None:
        return state, ()
    return replace(state, background=(event.class_indices[0], state.now_s + ADVICE_S)), ()


def visit_over(state: KioskState) -> KioskState:
    """Forget everything about WHY and the games: RESET, the end of a visit, or another session."""
    return replace(state, background=None, why=False, game=None, best_trick=None)
