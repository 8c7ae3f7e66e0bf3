"""The pages: attract, gallery, results, saving, staff, typing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from app.base.picture import Picture
from app.views.model.parts import ActionKey, Light


@dataclass(frozen=True)
class Attract:
    """Texts of the demonstration that plays while nobody is there.

    Camera picture, cards and verdict of the view then show rendered things, never a visitor's.
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
    """A page of the pictures of a class. `index` selects its colour and shape."""

    index: int
    title: str
    hint: str
    pictures: tuple[GalleryPicture, ...]
    page_text: str
    keys: tuple[ActionKey, ...]  # back, earlier page, later page, undo


@dataclass(frozen=True)
class ConfusionCell:
    """How many held-out pictures of one class got one answer; `button` shows them."""

    button: Hashable
    count: int
    share: float  # of the row, 0..1
    right: bool
    selected: bool = False


@dataclass(frozen=True)
class ConfusedPicture:
    """A held-out picture with the model's answer; `button` removes its sample."""

    button: Hashable
    picture: Picture
    text: str  # "cup – it guessed apple"
    index: int  # its own class
    answered: int  # the class it was taken for
    light: Light | None = None  # on the parts that spoke for the answer


@dataclass(frozen=True)
class Results:
    """The results of the latest training.

    Attributes:
        title: The verdict: "18 of 20 right".
        text: One piece of advice.
        curve: Accuracy on held-out pictures, 0..1, with more and more training pictures; empty without a curve.
        labels: Labels of the rows and columns of `confusion`; `indices` select their colours and shapes.
        confusion: Rows are true classes, columns answers; empty if the model was not tested.
        confused: The mistakes, the surest first, or the pictures of the selected cell; of many, the first ones.
        confused_in_all: How many there are in all.
        confused_cut_title: The title where not all of them are shown; it says how many there are.
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
    glad: float = 0.0  # how the mascot feels about the results, -1..1
    note: str = ""  # a small line below the panels
    confused_in_all: int = 0
    confused_cut_title: str = ""


@dataclass(frozen=True)
class SavingLine:
    """A stage of saving. `done` is None before it starts, False while it runs, and True after it."""

    text: str
    done: bool | None


@dataclass(frozen=True)
class TaughtThing:
    """A class of the model that is saved, with its newest picture; None if pictures were not kept."""

    index: int
    label: str
    picture: Picture | None


@dataclass(frozen=True)
class Saving:
    """What is written, and where.

    Attributes:
        short_title: The title without the names of the things, for where they do not fit; empty without one.
        where: The folder, as a visitor recognises it at home; empty where only staff can get at it.
        things: What the model was taught.
        home: What to do at home, or how to get the model onto a drive; empty while it is saved.
        safe: The drive may be pulled out now.
        keys: The key that leaves the page, once saving is complete.
        onto_drive: False if the folder is written to this machine.
    """

    title: str
    where: str
    steps: tuple[SavingLine, ...]
    safe: bool
    text: str  # "You may pull it out now."
    keys: tuple[ActionKey, ...] = ()
    onto_drive: bool = True
    things: tuple[TaughtThing, ...] = ()
    home: str = ""
    short_title: str = ""


@dataclass(frozen=True)
class Setting:
    """A row of the staff pages.

    Attributes:
        label, value: In words.
        less, more: Buttons of the arrows beside the value, or None.
        press: Button of the row itself, for example to rename a class, or None.
        press_text: The text of that button.
        on: The value is on or off: a switch in place of the arrows; None for other values.
        lit: The row stands out: an input that is pressed now, a check that failed.
        warning: The value needs attention.
    """

    label: str
    value: str = ""
    less: Hashable | None = None
    more: Hashable | None = None
    press: Hashable | None = None
    press_text: str = ""
    on: bool | None = None
    lit: bool = False
    warning: bool = False


@dataclass(frozen=True)
class Tab:
    """The tab of a staff page."""

    button: Hashable
    text: str
    selected: bool


@dataclass(frozen=True)
class Typing:
    """An on-screen keyboard, or a number pad for a PIN. A real keyboard works as well.

    Attributes:
        rows: Keys as (button, text), row by row; an empty text is the space bar.
        keys: Done, cancel.
        tools: What else can be done with the class that is named: take its pictures out, remove it.
        secret: The text is shown as dots.
        index: The class that is named, for its mark; None where something else is typed.
        shift: The next letter is a capital.
        accents: The first row has the accents of the last letter.
        field: Button of the text itself while all of it is selected, else None; a touch removes the selection.
    """

    title: str
    text: str
    secret: bool
    rows: tuple[tuple[tuple[Hashable, str], ...], ...]
    keys: tuple[ActionKey, ...]
    tools: tuple[ActionKey, ...] = ()
    problem: str = ""
    hint: str = ""  # shown where a problem would be
    field: Hashable | None = None
    index: int | None = None
    shift: bool = False
    accents: bool = False


@dataclass(frozen=True)
class Staff:
    """A staff page: the tabs, its rows, and the key that leaves."""

    title: str
    tabs: tuple[Tab, ...]
    rows: tuple[Setting, ...]
    keys: tuple[ActionKey, ...]
    hint: str = ""
    preview: bool = False  # the live picture is beside the rows
    places: int = 0  # rows to leave room for, so that the rows stay where they are when there are more
