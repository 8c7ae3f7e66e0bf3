"""What is looked at, written or typed on the pages of the kiosk: parts of its state, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from app.base.buttons import Action, MatrixCell, PowerKey, StaffPage
from app.base.i18n import Text
from app.base.picture import Picture
from app.core import events as ev


@dataclass(frozen=True)
class GalleryState:
    """Which pictures are looked at; `removed` of them can be brought back, `returning` of those are on their way.

    `changed` is what the state's was when the gallery was opened: with all of them back it is so again.
    """

    class_index: int = 0
    page: int = 0
    pictures: tuple[tuple[int, Picture], ...] = ()
    removed: int = 0
    returning: int = 0
    changed: bool = False


@dataclass(frozen=True)
class ResultsState:
    """What is looked at of the latest training: a cell of the confusion matrix, or all mistakes, and their pictures.

    `removed` are the samples that can be brought back, `returning` is how many of them are on their way.
    """

    cell: MatrixCell | None = None
    pictures: tuple[tuple[int, Picture], ...] = ()
    removed: tuple[int, ...] = ()
    returning: int = 0


@dataclass(frozen=True)
class SavingState:
    """What is being written, and where.

    Attributes:
        done: By stage: None while it waits, False while it runs, True afterwards.
        finished: The folder, once it is complete.
        note: What is to be done before the drive may be pulled.
        finished_at_s: When it was complete.
        gone: The drive is there no more: pulled, or switched off.
    """

    drive: str = ""
    folder: str = ""
    done: tuple[tuple[ev.SavingStage, bool | None], ...] = ()
    finished: bool = False
    note: Text = ""
    finished_at_s: float = 0.0
    gone: bool = False


class TypingPurpose(Enum):
    """What the text that is typed is for."""

    PIN = "pin"
    NEW_PIN = "new_pin"
    CLASS_NAME = "class_name"


@dataclass(frozen=True)
class TypingState:
    """Text that is being typed on the screen.

    Attributes:
        purpose: What it is for.
        index: The class that is renamed; used by CLASS_NAME alone.
        text: What has been typed so far.
        selected: All of it is selected: the next letter replaces it.
        shift: The next letter is a capital.
        problem: Why the text cannot be used; empty after the next letter.
    """

    purpose: TypingPurpose
    index: int = 0
    text: str = ""
    selected: bool = False
    shift: bool = False
    problem: Text = ""


@dataclass(frozen=True)
class StaffState:
    """The staff pages.

    Attributes:
        inside: The PIN was right, or none is asked for.
        page: The one that is open.
        listening: The button that the next input becomes, or None.
        asked: What to do with the machine, while staff are asked whether they are sure.
        system: What was found when they were opened, or last looked at.
        wrong_pins: In a row.
        locked_until_s: The number pad takes no PIN until then.
        hold_since_s: Since when the two buttons, or the corner, are held; None while they are not.
    """

    inside: bool = False
    page: StaffPage = StaffPage.CLASSES
    listening: int | Action | None = None
    asked: PowerKey | None = None
    system: ev.SystemLooked = field(default_factory=ev.SystemLooked)
    wrong_pins: int = 0
    locked_until_s: float = 0.0
    hold_since_s: float | None = None
