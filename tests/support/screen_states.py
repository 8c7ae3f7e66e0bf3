"""States of the kiosk that show every screen, page and question, to be shown in each language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.base.buttons import Action, PowerKey, StaffPage
from app.base.i18n import message
from app.base.picture import Picture
from app.base.ports import Frame
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.modes.text_settings import EXPORT_DIR
from app.core.pages import GalleryState, ResultsState, SavingState, StaffState, TypingPurpose, TypingState
from app.core.state import Held, KioskState, Mode
from app.model.observation import NOTHING_SEEN, Smoothed
from app.views.model import KioskView
from app.views.present import Surroundings, present
from tests.support.painted import picture
from tests.support.staff_pages import CONTACT, FOLDER, LONGEST_NAME, STICK, staff_page, staff_pages
from tests.support.states import stick

LABELS = ("teapot", "banana", "screwdriver")
IMAGE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
WRONG = [{"sample": n, "truth": 0, "answer": 1, "confidence": 0.9} for n in range(5)]
REPORT = {
    "curve": [{"fraction": share, "validation_accuracy": share * 0.9} for share in (0.25, 0.5, 1.0)],
    "confusion": [[7, 5, 0], [0, 12, 0], [1, 0, 11]],
    "wrong": WRONG,
    "held_out": WRONG,
}
MODEL = TrainedFacts(0.83, 0.5, (14, 14, 14), REPORT, "holds", provisional=True)
STAGES = tuple((stage, True) for stage in ev.SavingStage)


def _classes(*shots: int) -> tuple[TaughtClass, ...]:
    return tuple(
        TaughtClass(label, count, tuple(picture(index, n) for n in range(min(count, 12))))
        for index, (label, count) in enumerate(zip(LABELS, shots, strict=True))
    )


def screen_states() -> dict[str, KioskState]:
    """The states by name, in English; `shown` shows one in another language."""
    new = KioskState(classes=_classes(0, 0, 0), camera="test camera", config=Config(), now_s=100.0, last_input_s=100.0)
    taught = replace(new, classes=_classes(14, 14, 14))
    live = replace(taught, mode=Mode.LIVE, model=MODEL)
    found = ev.FolderFound("KATJA", Path("teachable/x"), LABELS, has_session=True, has_model=True)
    saved = SavingState(drive="KATJA", folder="teachable/2026-11-30_1412_teapot", done=STAGES, finished=True)
    asked = {"asked_at_s": 95.0}
    untested, perfect = replace(MODEL, validation_from=None), {**REPORT, "confusion": [[12, 0, 0]] * 3, "wrong": []}
    unnamed = replace(new.config, classes=replace(new.config.classes, visitors_name=False))
    gallery = GalleryState(pictures=tuple((n, picture(0, n)) for n in range(14)))
    pictures = ResultsState(pictures=tuple((n, picture(0, n)) for n in range(5)))
    states = {
        "welcome": new,
        "one taught": replace(new, classes=_classes(9, 0, 0)),
        "few": replace(new, classes=_classes(9, 2, 0)),
        "uneven": replace(new, classes=_classes(40, 7, 0)),
        "held": replace(taught, held=Held(0, 200.0), down=(0,)),
        "alike": replace(taught, held=Held(0, 200.0, alike=True), down=(0,)),
        "ready": taught,
        "training": replace(taught, mode=Mode.TRAINING),
        "live": live,
        "stale": replace(live, changed=True),
        "background": replace(live, background=(0, 200.0)),
        "why": replace(live, why=True),
        "shown from a drive": replace(live, shown_from="KATJA"),
        "start over": replace(live, mode=Mode.CONFIRM_RESET, **asked),
        "three dots": replace(live, config=unnamed, mode=Mode.CLASS_MENU, removing=0, **asked),
        "no names": replace(live, config=unnamed),
        "leave": replace(live, mode=Mode.CONFIRM_LEAVE, **asked),
        "found": replace(live, mode=Mode.ASK_FOLDER, found=found, **asked),
        "which drive": replace(live, mode=Mode.CHOOSE_DRIVE, drives=(stick("KATJA"), stick("NO NAME")), **asked),
        "which game": replace(live, mode=Mode.CHOOSE_GAME, **asked),
        "still there": replace(live, mode=Mode.STILL_THERE, **asked),
        "gallery": replace(live, mode=Mode.GALLERY, gallery=gallery),
        "results": replace(live, mode=Mode.RESULTS, results=pictures),
        "results by buttons": replace(live, mode=Mode.RESULTS, results=pictures, cursor=0),
        "untested": replace(live, mode=Mode.RESULTS, model=untested),
        "perfect": replace(live, mode=Mode.RESULTS, model=replace(MODEL, validation_accuracy=1.0, report=perfect)),
        "saving": replace(live, mode=Mode.SAVING, saving=replace(saved, finished=False)),
        "saved": replace(live, mode=Mode.SAVING, saving=saved),
        "saved here": replace(live, mode=Mode.SAVING, saving=replace(saved, drive="", number=17)),
        "erasing": replace(new, mode=Mode.ERASING),
        "no camera": replace(taught, camera=None, camera_problem=message("no camera")),
        "starting": replace(new, camera=None),
        "defect": replace(taught, fault=message("The part that keeps pictures has stopped")),
        "name": replace(live, typing=TypingState(TypingPurpose.CLASS_NAME, 0, LABELS[0], selected=True)),
        "PIN": replace(live, mode=Mode.STAFF, typing=TypingState(TypingPurpose.PIN, 0, "12")),
        "attract": replace(new, mode=Mode.ATTRACT),
    }
    staff = replace(live, mode=Mode.STAFF, staff=StaffState(inside=True))
    guarded = replace(staff, config=replace(staff.config, staff=replace(staff.config.staff, pin="stored")))
    states |= {f"staff: {name}": state for name, state in staff_pages(guarded).items()}
    for page in (StaffPage.SESSIONS, StaffPage.SYSTEM):
        states[f"staff without a PIN: {page.value}"] = staff_page(staff, page)
    states |= _long_texts(live, guarded)
    states["shut down"] = replace(staff, staff=StaffState(inside=True, asked=PowerKey.SHUT_DOWN))
    states["listening"] = replace(staff, staff=StaffState(inside=True, page=StaffPage.BUTTONS, listening=Action.TRAIN))
    return states


def _long_texts(live: KioskState, guarded: KioskState) -> dict[str, KioskState]:
    """The longest names, paths and addresses that staff or visitors can write."""
    folder = f"{FOLDER}/teachable/2026-11-30_1412_{'schraubenzieher_' * 4}"
    setting = TypingState(TypingPurpose.SETTING, text=FOLDER, selected=True, setting=EXPORT_DIR)
    named = tuple(replace(one, label=LONGEST_NAME[n:] + LONGEST_NAME[:n]) for n, one in enumerate(live.classes))
    long = replace(live, classes=named)
    saved = SavingState("KATJA", folder, STAGES, finished=True)
    here = replace(saved, drive="", number=17)
    contact = replace(live.config, staff=replace(live.config.staff, contact=CONTACT))
    return {
        "long names": replace(long, mode=Mode.TEACH, model=None),
        "long names, live": long,
        "long names, gallery": replace(long, mode=Mode.GALLERY),
        "long names, saved": replace(long, mode=Mode.SAVING, saving=saved),
        "saved at home": replace(live, mode=Mode.SAVING, saving=here),
        "which drive, long": replace(live, mode=Mode.CHOOSE_DRIVE, drives=(STICK, replace(STICK, read_only=True))),
        "whom to call": replace(live, config=contact, fault=message("The part that keeps pictures has stopped")),
        "long name typed": replace(live, typing=TypingState(TypingPurpose.CLASS_NAME, 0, LONGEST_NAME)),
        "setting typed": replace(guarded, typing=setting),
        "new PIN": replace(guarded, typing=TypingState(TypingPurpose.NEW_PIN, 0, "1234567890")),
        "number of the model": replace(guarded, typing=TypingState(TypingPurpose.MODEL_NUMBER, 0, "17")),
    }


def shown(state: KioskState, language: str, *, surest: float = 0.9) -> KioskView:
    """The view of a state in a language; a model answers with `surest` for the second class."""
    answers = np.array([(1 - surest) / 2, surest, (1 - surest) / 2], np.float32)
    seen = Smoothed(answers, 0.5, 1, state.now_s) if state.answering else NOTHING_SEEN
    around = Surroundings(model_square=(80, 0, 480), progress=0.5, stage=_stage)
    return present(replace(state, language=language), Frame(IMAGE, 1, state.now_s), seen, around)


def _stage(kind: str, turn: float) -> Picture:
    return Picture(("stage", kind, turn), IMAGE)
