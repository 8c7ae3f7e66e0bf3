"""KioskView: all that the screen shows, frozen. `app.views.present` makes it, `app.ui.screens` draws it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from app.base.picture import Picture
from app.views.model.pages import (
    Attract,
    ConfusedPicture,
    ConfusionCell,
    Gallery,
    GalleryPicture,
    Results,
    Saving,
    SavingLine,
    Setting,
    Staff,
    Tab,
    Typing,
)
from app.views.model.parts import ActionKey, Banner, ClassCard, Question, Screen, StatusStrip, Verdict

__all__ = [
    "ActionKey",
    "Attract",
    "Banner",
    "ClassCard",
    "ConfusedPicture",
    "ConfusionCell",
    "Gallery",
    "GalleryPicture",
    "KioskView",
    "Question",
    "Results",
    "Saving",
    "SavingLine",
    "Screen",
    "Setting",
    "Staff",
    "StatusStrip",
    "Tab",
    "Typing",
    "Verdict",
]


@dataclass(frozen=True)
class KioskView:
    """One picture of the kiosk.

    Attributes:
        screen: Which screen.
        picture: The camera picture, or None while there is none.
        model_square: What the model sees of it: (left, top, side) in pixels of `picture`.
        cards: One per class, in label order.
        actions: TRAIN, SAVE, UNDO, RESET.
        guidance: One line that says the next useful thing.
        status: The quiet strip.
        verdict: While a model answers.
        not_sure: 0..1: height of the "Not sure" bar, None while no model answers.
        progress: 0..1 while training or saving, else None.
        progress_text: What is going on meanwhile.
        notice: A passing message.
        question: Answered by its own buttons.
        attract, gallery, results, saving, staff: What the screens of these names show, else None.
        typing: A keyboard over any screen; while it is there only its keys can be touched.
        corner: Button of the corner that staff hold, else None.
        focus: Button that a cursor is on, where buttons of the box steer one, else None.
        steered: Buttons of the box steer a cursor here, whether it is there yet or not.
        language: Key that changes the language, else None.
        language_code: Of the words of this view, such as "de": what reads them aloud needs it.
        not_sure_text: Name of the "Not sure" bar.
        waiting_text: Stands where the camera picture will be, while there is none.
        palette: Name of the colours, one of `assets/themes/palettes.toml`.
        fault: Title and what to do, in plain words, when the kiosk cannot work.
        flash: Class index into whose card a picture has just flown, with its picture, or None.
        now_s: Monotonic seconds; animations depend on it and on nothing else.
    """

    screen: Screen
    picture: Picture | None
    model_square: tuple[int, int, int] | None
    cards: tuple[ClassCard, ...]
    actions: tuple[ActionKey, ...]
    guidance: str
    status: StatusStrip
    verdict: Verdict | None = None
    not_sure: float | None = None
    progress: float | None = None
    progress_text: str = ""
    notice: Banner | None = None
    question: Question | None = None
    fault: tuple[str, str] | None = None
    flash: tuple[int, Picture, float] | None = None  # class index, its picture, age in seconds
    attract: Attract | None = None
    gallery: Gallery | None = None
    results: Results | None = None
    saving: Saving | None = None
    staff: Staff | None = None
    typing: Typing | None = None
    corner: Hashable | None = None
    focus: Hashable | None = None
    steered: bool = False
    language: ActionKey | None = None
    language_code: str = "en"
    not_sure_text: str = "Not sure"
    waiting_text: str = "Waiting for the camera …"
    palette: str = "paper"
    now_s: float = 0.0
