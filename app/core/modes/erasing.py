"""The end of a session: the screen forgets it at once, and stays locked until the disk has forgotten it, too."""

from __future__ import annotations

from dataclasses import replace

from app.base.tone import Tone
from app.core import events as ev
from app.core.facts import TaughtClass
from app.core.game import GameStep
from app.core.modes.why import visit_over
from app.core.state import KioskState, Mode, Notice, Step

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 30.0  # the time between tries doubles from the first to the longest


def begun(state: KioskState, *, gone: bool) -> KioskState:
    """Forget the session on the screen: nobody sees it any more, whatever the disk does.

    Args:
        state: The state before.
        gone: Its visitor has left; otherwise RESET was pressed.
    """
    waiting = state.game if state.game is not None and state.game.step is GameStep.CLEAR else None
    return replace(
        visit_over(state).with_pages_closed(),
        mode=Mode.ERASING,
        game=waiting,  # it needs an empty session
        classes=tuple(TaughtClass(one.label) for one in state.classes),
        model=None,
        starter=None,
        changed=False,
        learn_due=False,
        arrival=None,
        gone=gone,
        erase_problem="",
        erase_tries=0,
    )


def failed(state: KioskState, event: ev.EraseFailed) -> Step:
    """Say why, and try again after a while; until it works nobody can begin."""
    if state.mode is not Mode.ERASING:
        return state, ()
    wait_s = min(FIRST_RETRY_S * 2**state.erase_tries, LONGEST_RETRY_S)
    tries, again_at_s = state.erase_tries + 1, state.now_s + wait_s
    notice = Notice(event.reason, Tone.WARNING, again_at_s + 2 * LONGEST_RETRY_S)
    state = begun(state, gone=state.gone)
    return replace(
        state, erase_problem=event.reason, erase_tries=tries, erase_again_at_s=again_at_s, notice=notice, in_flight=0
    ), ()


def try_again(state: KioskState) -> Step:
    """Erase again when the time has come."""
    if state.mode is not Mode.ERASING or not state.erase_problem or state.now_s < state.erase_again_at_s:
        return state, ()
    state = replace(state, erase_problem="")
    return state, (ev.EndSession(state.privacy) if state.gone else ev.EraseSession(),)
