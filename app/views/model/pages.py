"""What each page beside the main screen shows."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from app.base.picture import Picture
from app.views.model.parts import ActionKey


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
class SavingLine:
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
    steps: tuple[SavingLine, ...]
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
        field: Button of the text itself while all of it is selected, else None: a touch selects nothing any more.
    """

    title: str
    text: str
    secret: bool
    rows: tuple[tuple[tuple[Hashable, str], ...], ...]
    keys: tuple[ActionKey, ...]
    problem: str = ""
    hint: str = ""  # stands where a problem would
    field: Hashable | None = None


@dataclass(frozen=True)
class Staff:
    """The staff pages: tabs, the rows of the chosen one, and how to leave."""

    title: str
    tabs: tuple[Tab, ...]
    rows: tuple[Setting, ...]
    keys: tuple[ActionKey, ...]
    hint: str = ""
