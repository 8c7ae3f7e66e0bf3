"""Leaving the kiosk from its main screen: Esc, Alt+F4, and the button that closes a window.

A kiosk that its service started is locked in: visitors cannot leave it, and staff shut it down on their pages.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button
from app.base.i18n import Message, message
from app.core import events as ev
from app.core.modes import staff
from app.core.state import KioskState, Mode, Step, refused

SURE_AFTER_S = 0.8  # TRAIN within this time is not an answer
ANSWER_WITHIN_S = 20.0  # then the kiosk stays


def asked(state: KioskState) -> Step:
    """Somebody wants to leave: ask whether they are sure. If the kiosk is locked in, ask for the PIN, or say no."""
    if not state.locked_in:
        return replace(state, mode=Mode.CONFIRM_LEAVE, asked_at_s=state.now_s, held=None, notice=None), ()
    if state.config.staff.pin:
        return staff.pin_asked(replace(state, held=None, notice=None)), ()
    return refused(replace(state, held=None), _only_staff(state))


def answered(state: KioskState, button: Button) -> Step:
    """CONFIRM leaves, and so does TRAIN after a pause; any other button stays."""
    if button is Action.TRAIN and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return state, ()
    if button in (Action.CONFIRM, Action.TRAIN):
        return state, (ev.Leave(),)
    return replace(state, mode=state.resting_mode), ()


def give_up_asking(state: KioskState) -> Step:
    """Stay if nobody answers."""
    if state.mode is Mode.CONFIRM_LEAVE and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return replace(state, mode=state.resting_mode), ()
    return state, ()


def _only_staff(state: KioskState) -> Message:
    if contact := state.config.staff.contact:
        return message("Ask staff ({contact}). Only they can close the kiosk.", contact=contact)
    return message("Ask staff. Only they can close the kiosk.")
