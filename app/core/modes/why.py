"""WHY: light on the parts of the picture that spoke for the answer, or that would make the model surer of it."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import message
from app.core import events as ev
from app.core.game import GameStep
from app.core.state import KioskState, Mode, Step, refused

ADVICE_S = 30.0  # for which the screen advises to change a background


def why_pressed(state: KioskState) -> Step:
    """Switch the light on, then to what would make the model surer, then off; it needs a model that answers.

    With two classes the others are the other one, so the second step would show the same and is left out.
    """
    if not state.answering:
        return refused(state, state.missing or message("Press TRAIN first: then it can show why."))
    further = asks_further(state)
    state = replace(state, why=further or not state.why, against_all=further, notice=None)
    return state, (ev.PlaySound("tick"),)


def asks_further(state: KioskState) -> bool:
    """Whether the next press on WHY shows what would make the model surer."""
    return state.why and not state.against_all and _known_classes(state) > 2


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
    return replace(state, background=None, why=False, against_all=False, game=None, best_trick=None)


def _known_classes(state: KioskState) -> int:
    """The number of classes among which the model that answers chooses."""
    if state.model is None:
        return len(state.starter.labels) if state.starter is not None else 0
    if state.shown_from:  # nobody knows from how many samples it was made
        return len(state.model.shots)
    return sum(count > 0 for count in state.model.shots)
