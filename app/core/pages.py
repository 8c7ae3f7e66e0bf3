"""The state of each page: gallery, results, saving, typing, staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from app.base.buttons import Action, ChooseLesson, MatrixCell, PowerKey, StaffPage
from app.base.explanation import Explanation
from app.base.i18n import Text
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import FoundLesson


@dataclass(frozen=True)
class GalleryState:
    """The gallery that is open.

    Attributes:
        class_index: Its class.
        page: Number of the page; 0 has the newest pictures.
        pictures: The pictures of the page, by sample id.
        returning: How many groups of removed samples are being restored.
        removed: `TaughtClass.removed` when the gallery was opened.
        changed: `KioskState.changed` when the gallery was opened; valid again once all that was removed here is back.
    """

    class_index: int = 0
    page: int = 0
    pictures: tuple[tuple[int, Picture], ...] = ()
    returning: int = 0
    removed: tuple[tuple[int, ...], ...] = ()
    changed: bool = False


@dataclass(frozen=True)
class ResultsState:
    """The page with the results of the latest training.

    Attributes:
        cell: The selected cell of the confusion matrix; None shows all mistakes.
        pictures: The pictures on the page, by sample id.
        explanations: What spoke for the answers to them, by sample id.
        on_background: Samples in which most of it is on the background.
        lit: The pictures show it.
        removed: Samples that were removed here and can be restored.
        returning: How many of them are being restored.
    """

    cell: MatrixCell | None = None
    pictures: tuple[tuple[int, Picture], ...] = ()
    explanations: tuple[tuple[int, Explanation], ...] = ()
    on_background: tuple[int, ...] = ()
    lit: bool = True
    removed: tuple[int, ...] = ()
    returning: int = 0


@dataclass(frozen=True)
class SavingState:
    """What SAVE writes, and where.

    Attributes:
        drive: Name of the drive; empty if the folder is written to this machine.
        folder: Path of the folder.
        done: By stage: None while it waits, False while it runs, True afterwards.
        finished: The folder is complete.
        note: What to do before the drive may be pulled out.
        finished_at_s: When it was complete, monotonic.
        gone: The drive was pulled out or switched off.
        number: By this number the visitor asks staff for a folder on this machine; None if it is on a drive.
    """

    drive: str = ""
    folder: str = ""
    done: tuple[tuple[ev.SavingStage, bool | None], ...] = ()
    finished: bool = False
    note: Text = ""
    finished_at_s: float = 0.0
    gone: bool = False
    number: int | None = None


class TypingPurpose(Enum):
    """What the text that is typed is for."""

    PIN = "pin"
    NEW_PIN = "new_pin"
    CLASS_NAME = "class_name"
    MODEL_NUMBER = "model_number"
    SETTING = "setting"


@dataclass(frozen=True)
class TypingState:
    """Text that is being typed on the screen.

    Attributes:
        purpose: What it is for.
        index: The class that is renamed; used by CLASS_NAME alone.
        text: What has been typed so far.
        selected: All of it is selected: the next letter replaces it.
        shift: The next letter is a capital, as the first one is.
        accents: Letters that the next press may write in the place of the last one, after a long press on it.
        pressed: The letter that was pressed last and when, monotonic, until its key is released; None afterwards.
        problem: Why the text cannot be used; empty after the next letter.
        setting: The name of the setting that is typed; used by SETTING alone.
    """

    purpose: TypingPurpose
    index: int = 0
    text: str = field(default="", repr=False)
    selected: bool = False
    shift: bool = False
    accents: tuple[str, ...] = ()
    pressed: tuple[str, float] | None = field(default=None, repr=False)
    problem: Text = ""
    setting: str = ""


@dataclass(frozen=True)
class StaffState:
    """The staff pages.

    Attributes:
        inside: The PIN was right, or there is none.
        page: The page that is open.
        listening: The button that the next input becomes, or None.
        asked: What to do with the machine, or the lesson that needs a restart, while staff are asked whether they are
            sure.
        system: What was last collected about the system.
        lessons: The lesson sets that can be chosen.
        lesson_problems: What is wrong with other files.
        wrong_pins: Number of wrong PINs since the last right one.
        locked_until_s: No PIN is accepted until then, monotonic; 0 if none was locked, or the lock is over.
        hold_since_s: Since when the two buttons or the corner are held; None while they are not.
        by_switch: The pages were opened with the one switch, so it also operates them.
    """

    inside: bool = False
    page: StaffPage = StaffPage.CLASSES
    listening: int | Action | None = None
    asked: PowerKey | ChooseLesson | None = None
    system: ev.SystemLooked = field(default_factory=ev.SystemLooked)
    lessons: tuple[FoundLesson, ...] = ()
    lesson_problems: tuple[Text, ...] = ()
    wrong_pins: int = 0
    locked_until_s: float = 0.0
    hold_since_s: float | None = None
    by_switch: bool = False

    def closed(self) -> StaffState:
        """The pages after they were left: only the count of wrong PINs and the lock stay."""
        return StaffState(wrong_pins=self.wrong_pins, locked_until_s=self.locked_until_s)
