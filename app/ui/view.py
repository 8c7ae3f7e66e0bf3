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
class Notice:
    """A passing message, drawn over the screen."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Question:
    """Something that must be answered before anything else happens.

    Attributes:
        left: The share (1..0) of the time to answer that is left, or None where there is no hurry.
        listed: The answers are things to choose from: each is given the width for a name and its detail.
    """

    title: str
    text: str
    answers: tuple[ActionKey, ...]
    left: float | None = None
    listed: bool = False


@dataclass(frozen=True)
class Attract:
    """What the kiosk shows when nobody is there: a visit that plays by itself, in a loop.

    The camera, cards and verdict of the view are the ones of the played visit: rendered things, never a visitor's.
    """

    headline: str
    caption: str  # what happens in this scene
    scene: int
    scenes: int
    call: str  # "Press any button"


@dataclass(frozen=True)
class GalleryPicture:
    """A sample in a gallery; `button` removes it."""

    button: Hashable
    picture: Picture


@dataclass(frozen=True)
class Gallery:
    """All pictures of a class, a page at a time. `index` picks its colour and shape."""

    index: int
    title: str
    hint: str
    pictures: tuple[GalleryPicture, ...]
    page_text: str
    keys: tuple[ActionKey, ...]  # back, earlier page, later page, undo


@dataclass(frozen=True)
class ConfusionCell:
    """How many held-out pictures of one class got this answer; `button` shows them."""

    button: Hashable
    count: int
    share: float  # of the row, 0..1
    right: bool
    selected: bool = False


@dataclass(frozen=True)
class ConfusedPicture:
    """A picture that was taken for something else; `button` removes it from what is taught."""

    button: Hashable
    picture: Picture
    text: str  # "cup, taken for apple"
    index: int  # its own class
    answered: int  # the class it was taken for


@dataclass(frozen=True)
class Results:
    """What came of the latest training.

    Attributes:
        curve: Accuracy on held-out pictures, 0..1, over the course of the fit.
        labels: Of rows and columns of `confusion`; `indices` are their colours and shapes.
        confusion: Rows are true classes, columns answers.
        confused: The pictures that confuse it, worst first, or those of the selected cell.
    """

    title: str
    text: str
    curve_title: str
    curve: tuple[float, ...]
    confusion_title: str
    labels: tuple[str, ...]
    indices: tuple[int, ...]
    confusion: tuple[tuple[ConfusionCell, ...], ...]
    confused_title: str
    confused: tuple[ConfusedPicture, ...]
    keys: tuple[ActionKey, ...]  # back
    curve_text: str = ""  # where the curve ends: "93 %"


@dataclass(frozen=True)
class Step:
    """A line of what is being written, and where. `done` is None while it waits, False while it runs."""

    text: str
    done: bool | None


@dataclass(frozen=True)
class Saving:
    """What is written where. `safe` once the drive may be pulled out; `keys` then leads back.

    `onto_drive` is False where no drive is in: then it goes into a folder of this machine.
    """

    title: str
    where: str
    steps: tuple[Step, ...]
    safe: bool
    text: str  # "You may pull it out now."
    keys: tuple[ActionKey, ...] = ()
    onto_drive: bool = True


@dataclass(frozen=True)
class Setting:
    """A row of the staff pages.

    Attributes:
        label, value: In words.
        less, more: Buttons of the arrows beside the value, None where it cannot be changed by steps.
        press: Button of the row itself ("rename", "learn", "write"), None where it does nothing.
        press_text: What that button says.
        lit: The row stands out: an input that is pressed now, a check that failed.
        warning: The value wants attention.
    """

    label: str
    value: str = ""
    less: Hashable | None = None
    more: Hashable | None = None
    press: Hashable | None = None
    press_text: str = ""
    lit: bool = False
    warning: bool = False


@dataclass(frozen=True)
class Tab:
    """One of the staff pages."""

    button: Hashable
    text: str
    selected: bool


@dataclass(frozen=True)
class Typing:
    """An on-screen keyboard, or a number pad for the PIN when `secret`. A real keyboard types as well.

    Attributes:
        rows: Keys as (button, text), row by row; an empty text is the space bar.
        keys: Done, cancel.
    """

    title: str
    text: str
    secret: bool
    rows: tuple[tuple[tuple[Hashable, str], ...], ...]
    keys: tuple[ActionKey, ...]
    problem: str = ""
    hint: str = ""  # stands where a problem would


@dataclass(frozen=True)
class Staff:
    """The staff pages: tabs, the rows of the chosen one, and how to leave."""

    title: str
    tabs: tuple[Tab, ...]
    rows: tuple[Setting, ...]
    keys: tuple[ActionKey, ...]
    hint: str = ""


@dataclass(frozen=True)
class StatusStrip:
    """The quiet line at the edge. `problem` marks a part that wants attention."""

    camera: str
    backend: str
    frames_per_second: float
    drive: str
    problem: bool = False
    rate_text: str = ""  # the frames per second in words


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
    notice: Notice | None = None
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
