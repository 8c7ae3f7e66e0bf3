"""Parts that several screens are made of: pictures, cards, keys, lines, questions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from app.base.picture import Picture
from app.base.tone import Tone


class Screen(Enum):
    """Which screen is drawn; one for every mode of the kiosk."""

    ATTRACT = "attract"
    TEACH = "teach"
    TRAINING = "training"
    LIVE = "live"
    GALLERY = "gallery"
    RESULTS = "results"
    SAVING = "saving"
    CONFIRM = "confirm"
    STAFF = "staff"
    FAULT = "fault"


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
        suggested: It is the one useful next press.
        thumbnails: The newest samples, newest last.
        gallery: Opaque token of the thumbnails: touching them shows all pictures; None where it would do nothing.
        count_text: "12 pictures", or how to begin where there are none.
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
    suggested: bool = False
    thumbnails: tuple[Picture, ...] = ()
    gallery: Hashable | None = None
    count_text: str = ""


@dataclass(frozen=True)
class ActionKey:
    """TRAIN, SAVE, UNDO, RESET and the answers of a question.

    `suggested` marks the one useful next press; it may glow. `detail` is a smaller line below the words.
    """

    button: Hashable
    name: str  # "train", "save", "undo", "reset", "confirm", "cancel": picks the icon
    text: str
    key: str
    enabled: bool = True
    suggested: bool = False
    held: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """The model's answer in words. `index` is None for "not sure"; `share_text` is the confidence, "97 %"."""

    text: str
    confidence: float
    index: int | None
    share_text: str = ""


@dataclass(frozen=True)
class Banner:
    """A passing message, drawn over the screen."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Question:
    """Something that must be answered before anything else happens.

    Attributes:
        left: The share (1..0) of the time to answer that is left, or None where there is no hurry.
        listed: The answers are things to choose from: each is given the width for a name and its detail.
        dead: Buttons that do nothing while it is asked; all others that are no answer mean no.
    """

    title: str
    text: str
    answers: tuple[ActionKey, ...]
    left: float | None = None
    listed: bool = False
    dead: tuple[Hashable, ...] = ()


@dataclass(frozen=True)
class StatusStrip:
    """The quiet line at the edge. `problem` marks a part that wants attention."""

    camera: str
    backend: str
    frames_per_second: float
    drive: str
    problem: bool = False
    rate_text: str = ""  # the frames per second in words
