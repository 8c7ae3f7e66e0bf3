"""What a person can press: class buttons, actions, and everything that can be touched on the screen.

A `Button` says only what was pressed. What a press does depends on the mode: see `app.core.modes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """A physical button that does not stand for a class; most are on the screen as well."""

    TRAIN = "train"
    UNDO = "undo"
    SAVE = "save"
    RESET = "reset"
    WHY = "why"
    PLAY = "play"
    RESULTS = "results"
    GALLERY = "gallery"
    NAME = "name"  # the next class button opens the page of that class
    LANGUAGE = "language"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    FULLSCREEN = "fullscreen"
    LEAVE = "leave"


class StaffPage(Enum):
    """The staff pages, in the order of their tabs."""

    CLASSES = "classes"
    CAMERA = "camera"
    SCREEN = "screen"
    ACCESS = "access"
    VISITORS = "visitors"
    VISITS = "visits"
    LESSONS = "lessons"
    BUTTONS = "buttons"
    SESSIONS = "sessions"
    SYSTEM = "system"


class ScreenKey(Enum):
    """Keys of the screen that need no further data."""

    BACK = "back"
    CORNER = "corner"  # held to open the staff pages
    SWITCH = "switch"  # a touch anywhere, while one switch operates the kiosk
    NEW_PIN = "new_pin"
    EXPORT_SESSIONS = "export_sessions"
    COPY_SAVED = "copy_saved"
    TAKE_STARTER = "take_starter"
    MAKE_STARTER = "make_starter"
    EXPORT_SETTINGS = "export_settings"
    IMPORT_SETTINGS = "import_settings"
    LESSON_CARDS = "lesson_cards"


class TypingKey(Enum):
    """Keys of the screen's keyboard that write no letter; a real keyboard has them, too."""

    DONE = "done"
    CANCEL = "cancel"
    BACKSPACE = "backspace"
    SHIFT = "shift"
    FIELD = "field"  # the text itself: a touch puts the cursor behind it and selects nothing


class PowerKey(Enum):
    """Staff end the machine's work."""

    RESTART = "restart"
    SHUT_DOWN = "shut_down"


@dataclass(frozen=True)
class ClassGallery:
    """Opens all pictures of a class."""

    class_index: int


@dataclass(frozen=True)
class ClassName:
    """Opens the keyboard to rename a class."""

    class_index: int


@dataclass(frozen=True)
class EmptyClass:
    """Takes all pictures of a class out."""

    class_index: int


@dataclass(frozen=True)
class RemoveClass:
    """Removes a class, also one that has others after it."""

    class_index: int


@dataclass(frozen=True)
class ClassStep:
    """Adds a class at the end (+1), or removes the last one (-1)."""

    step: int


@dataclass(frozen=True)
class StoredPicture:
    """A picture in the gallery or the results; a touch removes its sample."""

    sample_id: int


@dataclass(frozen=True)
class PageTurn:
    """Turns the gallery to newer (-1) or older (+1) pictures."""

    step: int


@dataclass(frozen=True)
class MatrixCell:
    """A cell of the confusion matrix, by row and column; a touch shows its pictures."""

    truth: int
    answer: int


@dataclass(frozen=True)
class LetterKey:
    """A key that writes a letter, a digit or a space."""

    text: str


@dataclass(frozen=True)
class StaffTab:
    """Opens a staff page."""

    page: StaffPage


@dataclass(frozen=True)
class SettingStep:
    """The arrow beside a setting that chooses the value before (-1) or after (+1) the current one.

    `name` is the setting's "section.name" in the settings file.
    """

    name: str
    step: int


@dataclass(frozen=True)
class LearnInput:
    """The next input becomes this button."""

    button: int | Action


@dataclass(frozen=True)
class ArchivedSession:
    """Brings an archived session back, by its name in the archive."""

    name: str


@dataclass(frozen=True)
class SettingText:
    """Opens the keyboard to type a setting, by its "section.name"."""

    name: str


@dataclass(frozen=True)
class ChooseLesson:
    """Uses a lesson set, by its key; an empty key uses none."""

    key: str


OnScreen = (
    ScreenKey
    | TypingKey
    | PowerKey
    | ClassGallery
    | ClassName
    | EmptyClass
    | RemoveClass
    | ClassStep
    | StoredPicture
    | PageTurn
    | MatrixCell
    | LetterKey
    | StaffTab
    | SettingStep
    | LearnInput
    | ArchivedSession
    | ChooseLesson
    | SettingText
)
"""What can only be touched on the screen; no pin or key of the box can stand for it."""

Button = int | Action | OnScreen
"""A class button by its label index (0 is the first), an action, or something on the screen."""
