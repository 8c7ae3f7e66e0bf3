"""Every screen as `present` makes it in a language: for tests of what is on its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.base.buttons import (
    Action,
    Button,
    ClassGallery,
    ClassName,
    PowerKey,
    RemoveClass,
    StaffPage,
)
from app.base.picture import Picture
from app.base.ports import Frame
from app.core import events as ev
from app.core.facts import TaughtClass
from app.core.game import Game, GameStep, Trick
from app.core.modes.language import default_names
from app.core.pages import SavingState, StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN, Smoothed
from app.views.model import ActionKey, KioskView
from app.views.present import Surroundings, present
from learning.dataset import MIN_CLASSES
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run, stick

FRAME = Frame(np.zeros((48, 64, 3), np.uint8), 1, 1.0)
PICTURE = Picture(("picture", 1), np.zeros((8, 8, 3), np.uint8))


@lru_cache(maxsize=16)
def every_screen(language: str, classes: int = 3) -> dict[str, KioskView]:
    """All screens in a language, with as many keys on each as there can be; do not change the dictionary."""
    return {name: _shown(replace(state, language=language)) for name, state in _states(language, classes)}


@lru_cache(maxsize=16)
def main_screens(language: str, classes: int) -> dict[str, KioskView]:
    """The main screen in a language, while something is taught, answered or played; do not change the dictionary."""
    states = dict(_states(language, classes))
    main = {name: one for name, one in states.items() if one.teaching and one.typing is None}
    return {name: _shown(replace(state, language=language)) for name, state in main.items()}


def button_texts(view: KioskView) -> set[str]:
    """All texts on buttons of the view, as they are drawn."""
    pages = (view.gallery, view.results, view.saving, view.staff, view.typing)
    keys: list[ActionKey] = [*view.actions, *view.picture_keys, *view.class_keys]
    keys += [key for page in pages if page is not None for key in page.keys]
    keys += view.typing.tools if view.typing is not None else ()
    keys += view.question.answers if view.question is not None else ()
    texts = {text for key in keys for text in (key.text, key.detail)}
    if view.staff is not None:
        texts |= {tab.text for tab in view.staff.tabs} | {row.press_text for row in view.staff.rows}
    if view.attract is not None:
        texts.add(view.attract.call)
    return {text.replace("…", "...") for text in texts if text}


def _shown(state: KioskState) -> KioskView:
    count = len(state.classes)
    answers = np.full(count, 0.1 / (count - 1), np.float32)
    answers[1] = 0.9
    answering = state.mode is Mode.LIVE and state.model is not None
    seen = Smoothed(answers, 0.5, 1, state.now_s) if answering else NOTHING_SEEN
    around = Surroundings("CPU", 30.0, 0.5, (8, 0, 48), stage=lambda _kind, _number: PICTURE)
    return present(state, FRAME, seen, around)


def _states(language: str, classes: int) -> Iterator[tuple[str, KioskState]]:
    empty = replace(kiosk(0, 0), language=language, now_s=1.0)
    empty = replace(empty, classes=(TaughtClass(""),) * classes)
    taught = replace(empty, classes=tuple(TaughtClass(name, 40, (PICTURE,)) for name in default_names(empty)))
    model = replace(MODEL_WITH_RESULTS, shots=(40, 40, *(0,) * (classes - 2)))
    live = replace(taught, mode=Mode.LIVE, model=model, drives=(stick("KIOSK"), stick("HOLIDAY")))
    yield "teach", taught
    yield "live", live
    yield "attract", replace(taught, mode=Mode.ATTRACT)
    gone, _ = run(live, ev.SamplesRemoved(0, tuple(range(20))))
    yield "gallery", _pressed(gone, ClassGallery(0))
    yield "results", _pressed(replace(live, results=live.results), Action.RESULTS)
    page = _pressed(live, ClassName(0))
    yield "typing", page
    if classes > MIN_CLASSES:
        yield "remove", _pressed(page, RemoveClass(0))
    yield "saved", replace(live, mode=Mode.SAVING, saving=SavingState(finished=True, number=17))
    yield "reset", _pressed(live, Action.RESET)
    yield "leave", replace(live, mode=Mode.CONFIRM_LEAVE)
    yield "still there", replace(live, mode=Mode.STILL_THERE)
    found = ev.FolderFound("KIOSK", Path("/media/KIOSK"), ("a", "b"), has_session=True, has_model=True)
    yield "folder", replace(live, mode=Mode.ASK_FOLDER, found=found)
    yield "drive", replace(live, mode=Mode.CHOOSE_DRIVE)
    yield "which game", replace(live, mode=Mode.CHOOSE_GAME)
    trick = Trick(PICTURE, 1, 0.9)
    seeking = (GameStep.SEEK, GameStep.CAUGHT, GameStep.REPAIR, GameStep.ANSWERED)
    for step in seeking:
        yield f"trick: {step.value}", replace(live, game=Game(False, step, 1, trick=trick))
    for step in (GameStep.FIRST, GameStep.SECOND, GameStep.TRAIN, *seeking):
        kept = trick if step in seeking else None
        yield f"guided: {step.value}", replace(live, game=Game(True, step, 1, trick=kept))
    asked = Game(False, GameStep.SEEK, 1, trick=trick)
    yield "trick?", replace(live, mode=Mode.ASK_TRICK, game=asked)
    config = replace(live.config, staff=replace(live.config.staff, pin="2580"))
    staff = replace(live, config=config, mode=Mode.STAFF)
    yield "pin", replace(staff, typing=TypingState(TypingPurpose.PIN, text="12"))
    for page in StaffPage:
        inside = replace(staff, staff=StaffState(inside=True, page=page))
        looked = ev.SystemLooked(("usb:0",), (("2026-01-01", "3 MiB"),), (), (17, 16))
        yield f"staff {page.value}", run(inside, looked)[0]
    for key in PowerKey:
        yield f"power {key.value}", replace(staff, staff=StaffState(inside=True, page=StaffPage.SYSTEM, asked=key))


def _pressed(state: KioskState, button: Button) -> KioskState:
    return run(state, ev.ButtonPressed(button))[0]
