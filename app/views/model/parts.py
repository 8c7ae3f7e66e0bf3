"""Parts that several screens share: cards, keys, verdict, banner, question, status strip."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from app.base.picture import Picture
from app.base.tone import Tone


class Screen(Enum):
    """Which screen is drawn. Several modes may share one."""

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
    WAKING = "waking"


@dataclass(frozen=True)
class ClassCard:
    """A class: its button, its samples, and how sure the model is of it now.

    Attributes:
        button: What `screens.button_at` returns for a point on the card.
        index: Label index, 0..8; selects colour and shape.
        label: Class label.
        key: Its key on a keyboard, "1".."9".
        shots: Samples so far.
        ring: How full its ring is, 0..1: enough samples that differ enough.
        confidence: 0..1, smoothed, or None while no model answers.
        leading: The verdict names this class, and is sure.
        held: Its button is down.
        alike: Its samples look all the same: the screen asks to turn the thing.
        enabled: A press would do something now.
        suggested: It is the next useful press.
        thumbnails: The newest samples, newest last.
        gallery: Button of the chip with the number of pictures, which opens the gallery; None without a chip.
        rename: Button of the pencil beside the label, or of the three dots in its place; None without either.
        pencil: It is a pencil.
        count_text: "12 pictures", or how to begin.
        mark_text: Colour and shape of its button in words; without the colour where that is the label.
        mark_short: The first of these.
    """

    button: Hashable
    index: int
    label: str
    key: str
    shots: int
    ring: float
    confidence: float | None = None
    leading: bool = False
    held: bool = False
    alike: bool = False
    enabled: bool = True
    suggested: bool = False
    thumbnails: tuple[Picture, ...] = ()
    gallery: Hashable | None = None
    rename: Hashable | None = None
    pencil: bool = True
    count_text: str = ""
    mark_text: str = ""
    mark_short: str = ""


@dataclass(frozen=True)
class ActionKey:
    """A key with a text: TRAIN, SAVE, UNDO, RESET, the keys of pages, the answers to a question.

    `suggested` marks the next useful press; `detail` is a smaller line below the text. `erases` marks the answer that
    erases something.
    """

    button: Hashable
    name: str  # "train", "save", "undo", "reset", "confirm", "cancel": selects the icon
    text: str
    key: str
    enabled: bool = True
    suggested: bool = False
    held: bool = False
    detail: str = ""
    erases: bool = False


@dataclass(frozen=True)
class Verdict:
    """The model's answer in words.

    Attributes:
        text: "Blue", "Blue?" for a near miss, or "not sure".
        confidence: 0..1.
        index: The class that it names; None for "not sure".
        share_text: The confidence of a sure answer, such as "97 %".
        near_miss: The class is probably right, but the answer is not sure.
    """

    text: str
    confidence: float
    index: int | None
    share_text: str = ""
    near_miss: bool = False

    @property
    def sure(self) -> bool:
        """Whether it names a class without a question mark."""
        return self.index is not None and not self.near_miss


@dataclass(frozen=True)
class Light:
    """Light on the parts of a picture that spoke for an answer; the rest is dark.

    Attributes:
        key: Lights with equal keys are equal.
        values: Brightness over the square that the model sees, float32 (N, N), 0..1, as the visitor sees it.
        index: The class whose colour the light has; None for no colour.
        centre: Its centre as (x, y), 0..1 from the left and from the top of the square.
    """

    key: Hashable
    values: NDArray[np.float32] = field(compare=False, repr=False)
    index: int | None
    centre: tuple[float, float]


@dataclass(frozen=True)
class GameStrip:
    """The strip on the picture while a game is played.

    Attributes:
        title: What the game is about.
        index: The class that the model should name wrongly; None without a mark.
        share: How sure the model is of that class now, 0..1; None without a bar.
        best_text: How sure it was of the best trick; empty without one.
        done, steps: How far the game has come.
        best: What the model saw of the best trick.
        best_light: The light on it.
    """

    title: str
    index: int | None
    share: float | None
    best_text: str
    done: int
    steps: int
    best: Picture | None = None
    best_light: Light | None = None


@dataclass(frozen=True)
class LessonChip:
    """The name of the lesson on the picture, and the time that is left; `hurry` in its last minute."""

    name: str
    time: str = ""
    hurry: bool = False


@dataclass(frozen=True)
class Banner:
    """A message over the screen that disappears by itself.

    Attributes:
        glad: How the mascot feels meanwhile, -1..1; None if the message changes nothing about that.
    """

    text: str
    tone: Tone
    glad: float | None = None


@dataclass(frozen=True)
class Question:
    """A question that must be answered before anything else.

    Attributes:
        left: The share of the time to answer that is left, 1..0, or None if there is no limit.
        countdown: The seconds that are left, drawn large in the place of the mascot; empty without them.
        listed: The answers are a list to choose from: each is as wide as a name and its detail.
        picture: The picture that the question is about, in the place of the mascot.
        dead: Buttons that do nothing meanwhile; every other button that is not an answer means no.
        also_yes: The button of the box that means yes, for a box without a button to confirm.
    """

    title: str
    text: str
    answers: tuple[ActionKey, ...]
    left: float | None = None
    countdown: str = ""
    listed: bool = False
    picture: Picture | None = None
    dead: tuple[Hashable, ...] = ()
    also_yes: Hashable | None = None


@dataclass(frozen=True)
class StatusStrip:
    """The line at the edge of the screen. `problem` is True if something needs attention."""

    camera: str
    backend: str
    frames_per_second: float
    drive: str
    problem: bool = False
    rate_text: str = ""  # the frames per second in words


@dataclass(frozen=True)
class Places:
    """Which classes have a card, where the model knows more of them than there are cards.

    Attributes:
        labels: Of all classes that the model knows.
        shown: The class of each card, by its label index.
        named: The cards that change, by their place; the one that was named last comes last.
    """

    labels: tuple[str, ...] = ()
    shown: tuple[int, ...] = ()
    named: tuple[int, ...] = ()

    def place_of(self, index: int | None) -> int | None:
        """The place of the card of a class; None if it has none."""
        return self.shown.index(index) if index in self.shown else None
