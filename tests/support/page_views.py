"""Views of every page for tests: gallery, results, saving, staff pages, keyboards. `present` makes them of states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.base.buttons import Action, StaffPage
from app.base.explanation import Explanation
from app.base.i18n import message
from app.base.picture import Picture
from app.base.ports import Frame
from app.config.schema import Config
from app.core.events import SavingStage
from app.core.facts import TrainedFacts
from app.core.modes.keyboards import accents
from app.core.pages import GalleryState, ResultsState, SavingState, TypingPurpose, TypingState
from app.core.scan import Scan
from app.core.state import KioskState, Mode
from app.model.observation import Smoothed
from app.views.model import KioskView
from app.views.present import Surroundings, present
from app.views.saving import STAGES
from tests.support.painted import NAMES, painted, picture
from tests.support.staff_pages import staff_page
from tests.support.views import explanation, game_views, live_state, main_views

STAFF_PAGES = {
    "staff": StaffPage.CLASSES,
    "staff_camera": StaffPage.CAMERA,
    "staff_buttons": StaffPage.BUTTONS,
    "staff_lessons": StaffPage.LESSONS,
    "staff_system": StaffPage.SYSTEM,
}
KEYBOARDS = {"keyboard_qwertz": "de", "keyboard_azerty": "fr", "typing": "tr"}
MISTAKES, TESTED = 4, 8  # pictures that are confused, and others of each class that are not
FOLDER = "teachable/2026-01-31_1412_apple_cup_duck"
CURVE = (0.35, 0.52, 0.7, 0.78, 0.8, 0.86, 0.9, 0.91, 0.92, 0.93)


def every_view(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """All views by name."""
    return {**main_views(count, names), **game_views(count, names), **page_views(count, names)}


def page_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """All other pages, with as much on them as there can be."""
    return {name: _shown(state) for name, state in _states(count, names).items()}


def _states(count: int, names: tuple[str, ...]) -> dict[str, KioskState]:
    live = _live(count, names)
    guarded = replace(live, config=replace(live.config, staff=replace(live.config.staff, pin="stored")))
    results = replace(live, mode=Mode.RESULTS, results=_mistakes())
    staff = {name: staff_page(replace(guarded, mode=Mode.STAFF), page) for name, page in STAFF_PAGES.items()}
    return {
        "attract": replace(live, mode=Mode.ATTRACT, attract_since_s=live.now_s - 11.0),
        "gallery": replace(_gallery(live, 1, 18, page=1), drives=()),
        "gallery_few": _gallery(live, 0, 3),
        "results": results,
        "results_perfect": replace(results, model=_model(count, mistakes=0), results=ResultsState()),
        "results_untested": replace(
            results, model=replace(_model(count, mistakes=0), validation_from=None), results=ResultsState()
        ),
        "results_why": replace(results, results=replace(results.results, explanations=_explanations())),
        "saving": replace(live, mode=Mode.SAVING, saving=_saving(2)),
        "saved": replace(live, mode=Mode.SAVING, saving=_saving(4)),
        "saved_here": replace(guarded, mode=Mode.SAVING, saving=_saving(3, here=True)),
        **staff,
        **{name: _typed(replace(live, language=language), names[4]) for name, language in KEYBOARDS.items()},
        "keyboard_accents": _typed(live, names[4], pressed="e", problem=""),
        "renaming": _typed(live, names[4], selected=True, shift=True, problem=""),
        "pin": replace(guarded, mode=Mode.STAFF, typing=TypingState(TypingPurpose.PIN, 0, "12")),
        "scan": _scanned(live, Action.SAVE),
        "staff_hold": replace(live, staff=replace(live.staff, hold_since_s=live.now_s - 2.0)),
    }


def _live(count: int, names: tuple[str, ...]) -> KioskState:
    """A model answers, and everything was taught."""
    return replace(live_state(count, names), model=_model(count), config=Config())


def _model(count: int, mistakes: int = MISTAKES) -> TrainedFacts:
    """A model that answers some pictures of the second class with the first."""
    confusion = np.eye(count, dtype=int) * TESTED
    confusion[1, 0] = mistakes
    wrong = [{"sample": number, "truth": 1, "answer": 0, "confidence": 0.9} for number in range(mistakes)]
    report = {
        "curve": [{"fraction": (n + 1) / len(CURVE), "validation_accuracy": one} for n, one in enumerate(CURVE)],
        "confusion": confusion.tolist(),
        "wrong": wrong,
        "held_out": wrong,
    }
    right = float(np.trace(confusion) / confusion.sum())
    return TrainedFacts(right, 0.5, (14,) * count, report, "holds", provisional=mistakes > 0)


def _mistakes() -> ResultsState:
    return ResultsState(pictures=tuple((number, picture(1, number)) for number in range(MISTAKES)))


def _explanations() -> tuple[tuple[int, Explanation], ...]:
    return tuple((number, explanation(0, 0.3 + 0.1 * number)) for number in range(MISTAKES))


def _gallery(live: KioskState, index: int, shots: int, page: int = 0) -> KioskState:
    """The gallery of a class; on page 0 some pictures were just taken out of it."""
    removed = () if page else ((3, 4),)
    one = replace(live.classes[index], shots=shots * (page + 1), removed=removed)
    classes = (*live.classes[:index], one, *live.classes[index + 1 :])
    pictures = tuple((number, picture(index, number)) for number in range(shots))
    gallery = GalleryState(class_index=index, page=page, pictures=pictures, removed=removed)
    return replace(live, mode=Mode.GALLERY, classes=classes, gallery=gallery)


def _saving(done: int, *, here: bool = False) -> SavingState:
    """SAVE to a drive or to this machine, of which some stages are finished."""
    wanted = [stage for stage in STAGES if stage is not SavingStage.RELEASE or not here]
    stages = tuple((stage, None if n > done else n < done) for n, stage in enumerate(wanted))
    saving = SavingState(folder=FOLDER, done=stages, finished=done == len(stages))
    return replace(saving, number=17) if here else replace(saving, drive="KIOSK")


def _typed(live: KioskState, text: str, *, pressed: str = "", selected: bool = False, shift: bool = True,
           problem: str = "That name is already used.") -> KioskState:  # fmt: skip
    """A name is typed; `pressed` is a letter that is held for its accents."""
    offered = tuple(accents(pressed, live.language)) if pressed else ()
    wanted = TypingState(
        TypingPurpose.CLASS_NAME, 4 % len(live.classes), text, selected, shift and not pressed, offered
    )
    return replace(live, typing=replace(wanted, problem=message(problem) if problem else ""))


def _scanned(live: KioskState, button: Action) -> KioskState:
    """The highlight of the one switch is on a button."""
    config = replace(live.config, scan=replace(live.config.scan, enabled=True))
    return replace(live, config=config, scan=Scan(groups=((0,), (button,)), place=1, running=True))


def _shown(state: KioskState) -> KioskView:
    """The view of a state: the camera shows the second thing, and the model knows it."""
    count = len(state.classes)
    answers = np.full(count, 0.06 / (count - 1), np.float32)
    answers[1] = 0.94
    seen = Smoothed(answers, 0.5, 1, state.now_s)
    around = Surroundings("CPU", 30.0, 0.45, (20, 0, 120), stage=_stage)
    return present(state, Frame(painted(1), 1, state.now_s), seen, around)


def _stage(kind: str, number: int) -> Picture:
    """A picture of the demonstration."""
    return Picture(("stage", kind, number), painted(0 if kind == "apple" else 1, number / 10))
