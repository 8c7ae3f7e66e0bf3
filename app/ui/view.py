"""KioskView: all that the screen shows, frozen. `app.present` makes it, `app.ui.screens` draws it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """Pixels with a name. Two pictures are equal when their names are: the pixels behind one never change.

    Attributes:
        key: Unique for the life of the program; surfaces are cached under it.
        pixels: RGB, uint8, shape (H, W, 3), read-only.
    """

    key: Hashable
    pixels: NDArray[np.uint8] = field(compare=False, repr=False)


class Screen(Enum):
    """Which screen is drawn; one for every mode of the kiosk."""

    TEACH = "teach"
    TRAINING = "training"
    LIVE = "live"
    SAVING = "saving"
    CONFIRM = "confirm"
    FAULT = "fault"


class Tone(Enum):
    """How a line is meant."""

    HINT = "hint"
    SUCCESS = "success"
    WARNING = "warning"


@dataclass(frozen=True)
class ClassCard:
    """One class: its button, what it has been taught, and how much the model sees of it now.

    Attributes:
        button: Opaque token that `screens.button_at` gives back for a point on the card.
        index: Label index, 0..8; picks colour and shape.
        label: Class label.
        key: What the keyboard calls it, "1".."9".
        shots: Samples so far.
        target: Samples at which the ring is full.
        confidence: 0..1, smoothed, or None while no model answers.
        leading: The verdict names this class.
        held: Its button is down.
        enabled: A press would do something now.
        thumbnails: The newest samples, newest last.
    """

    button: Hashable
    index: int
    label: str
    key: str
    shots: int
    target: int
    confidence: float | None = None
    leading: bool = False
    held: bool = False
    enabled: bool = True
    thumbnails: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class ActionKey:
    """TRAIN, SAVE, UNDO, RESET and the answers of a question.

    `suggested` marks the one useful next press; it may glow.
    """

    button: Hashable
    name: str  # "train", "save", "undo", "reset", "confirm", "cancel": picks the icon
    text: str
    key: str
    enabled: bool = True
    suggested: bool = False
    held: bool = False


@dataclass(frozen=True)
class Verdict:
    """The model's answer in words. `index` is None for "not sure"."""

    text: str
    confidence: float
    index: int | None


@dataclass(frozen=True)
class Notice:
    """A passing message, drawn over the screen."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Question:
    """Something that must be answered before anything else happens."""

    title: str
    text: str
    answers: tuple[ActionKey, ...]


@dataclass(frozen=True)
class StatusStrip:
    """The quiet line at the edge. `problem` marks a part that wants attention."""

    camera: str
    backend: str
    frames_per_second: float
    drive: str
    problem: bool = False


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
    notice: Notice | None = None
    question: Question | None = None
    fault: tuple[str, str] | None = None
    flash: tuple[int, Picture, float] | None = None  # class index, its picture, age in seconds
    now_s: float = 0.0
