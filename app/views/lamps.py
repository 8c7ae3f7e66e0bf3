"""How brightly each button's lamp is lit: a pure function of what the screen shows and of the time.

- Off: a press would do nothing.
- Low: a press works.
- Breathing: the next useful press.
- Full: the class that the model sees, a held button, an answer to a question; with one switch, what is highlighted.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping

from app.base.buttons import Action
from app.views.model import ActionKey, ClassCard, KioskView, Question, Screen

OFF, LOW, FULL = 0.0, 0.12, 1.0
BREATH_S = 2.4  # slow: light that flashes faster than 3 Hz can harm (WCAG 2.2, 2.3.1)
CHASE_S = 4.0  # while nobody is there a wave runs over the class buttons


def lamps(view: KioskView) -> Mapping[Hashable, float]:
    """Return the brightness of each button's lamp, 0..1; a button that is not listed is off.

    Args:
        view: What the screen shows; `view.now_s` drives the breathing.
    """
    if view.screen is Screen.FAULT:
        return {}
    if view.scanned:
        return dict.fromkeys(view.scanned, FULL)
    if view.screen is Screen.ATTRACT:
        return {card.button: _wave(view.now_s, place / len(view.cards)) for place, card in enumerate(view.cards)}
    if view.question is not None and len(view.question.answers) == 1:  # "Still there?": every button says yes
        every = (*(card.button for card in view.cards), *(key.button for key in view.actions))
        return dict.fromkeys(every, _breath(view.now_s))
    if view.question is not None:
        return _asked(view, view.question)
    if view.saving is not None and view.saving.keys:
        return dict.fromkeys(_buttons(view), LOW)  # every press leaves the page
    if view.typing is not None or view.staff is not None or view.gallery is not None or view.results is not None:
        return _steering(view)
    return {
        **{card.button: _card(card, view.screen is Screen.LIVE, view.now_s) for card in view.cards},
        **_keys((*view.actions, *view.picture_keys), view.now_s),
    }


def _asked(view: KioskView, question: Question) -> Mapping[Hashable, float]:
    """The answers are fully lit, buttons that mean "no" are low, and buttons that do nothing are off."""
    answers: dict[Hashable, float] = {key.button: FULL for key in question.answers if key.enabled}
    if set(answers) == {Action.CANCEL}:
        return dict.fromkeys((*_buttons(view), Action.CANCEL), _breath(view.now_s))
    if question.also_yes is not None:
        answers[question.also_yes] = FULL
    return {**dict.fromkeys(_buttons(view), LOW), **dict.fromkeys(question.dead, OFF), **answers}


def _steering(view: KioskView) -> Mapping[Hashable, float]:
    """A page with a cursor: the buttons that operate it are lit. Off on pages that the box cannot operate."""
    if not view.box_moves_cursor:
        return {}
    moves = [card.button for card in view.cards[:2]]
    lit = {**dict.fromkeys((*moves, Action.SAVE), LOW), Action.RESET: _breath(view.now_s)}
    if view.typing is not None:
        lit[Action.UNDO] = LOW
    keys = view.gallery.keys if view.gallery else view.results.keys if view.results else ()
    lit.update({key.button: LOW for key in keys if key.enabled and isinstance(key.button, Action)})
    return {**lit, Action.TRAIN: LOW} if view.focus is not None else lit


def _buttons(view: KioskView) -> tuple[Hashable, ...]:
    return (*(card.button for card in view.cards), *(key.button for key in view.actions))


def _keys(keys: tuple[ActionKey, ...], now_s: float) -> Mapping[Hashable, float]:
    return {key.button: _key(key, now_s) for key in keys}


def _card(card: ClassCard, live: bool, now_s: float) -> float:
    if card.held or (card.leading and live):  # lit even if a press would do nothing
        return FULL
    if not card.enabled:
        return OFF
    return _breath(now_s) if card.suggested else LOW


def _key(key: ActionKey, now_s: float) -> float:
    if not key.enabled:
        return OFF
    if key.held:
        return FULL
    return _breath(now_s) if key.suggested else LOW


def _breath(now_s: float) -> float:
    """Up and down between LOW and FULL, once every `BREATH_S`."""
    return LOW + (FULL - LOW) * (0.5 - 0.5 * math.cos(2 * math.pi * now_s / BREATH_S))


def _wave(now_s: float, place: float) -> float:
    """A wave that runs over the places 0..1 once every `CHASE_S`."""
    return LOW + (FULL - LOW) * max(0.0, math.cos(2 * math.pi * (now_s / CHASE_S - place))) ** 4
