"""The page of SAVE: what was taught, what is written, when the drive may be pulled out, and what to open at home."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from app.base.buttons import ScreenKey
from app.base.file_names import HOME_PAGE
from app.base.i18n import Message, Text, counted, message
from app.core.events import SavingStage
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, Saving, SavingLine, TaughtThing
from app.views.words import Translator
from learning.dataset import MIN_CLASSES

STAGES: dict[SavingStage, Message] = {
    SavingStage.WRITE: message("Write"),
    SavingStage.NAME: message("Finish"),
    SavingStage.READ_BACK: message("Check"),
    SavingStage.RELEASE: message("Eject"),
}

ON_DRIVE, HERE = 2, 3  # how many folders are named, that of the model last: all on a drive, fewer on this machine
TAKE_HOME_AGAIN = message("To take it home, plug the drive in again and press SAVE.")
TAKE_HOME = message("To take it home, plug in a drive and press SAVE again.")
DRIVE_AGAIN = message("Or plug the drive in again and press SAVE.")
DRIVE_AT_ALL = message("Or plug in a drive and press SAVE again.")


def saving(state: KioskState, translate: Translator) -> Saving | None:
    """The page, or None in every other mode."""
    if state.mode is not Mode.SAVING:
        return None
    now = state.saving
    text: Text
    taught = _taught(state)
    title, short = (celebration(taught), how_many(taught)) if now.finished else (message("Saving your model"), "")
    if not now.finished:
        text = message("Leave the drive in until it is done.") if now.drive else message("It takes a moment.")
    elif not now.drive:
        text = message("It is kept on this machine.")
        if state.has_pin:  # staff can copy it to a drive
            text = message("Ask staff: your model is number {number}.", number=now.number)
    else:
        text = now.note or message("You may pull the drive out now.")
    if now.drive:
        home = message("At home, open {file} on the drive.", file=HOME_PAGE)
    else:
        again, at_all = (DRIVE_AGAIN, DRIVE_AT_ALL) if state.has_pin else (TAKE_HOME_AGAIN, TAKE_HOME)
        home = again if state.drive_seen else at_all
    return Saving(
        title=translate(title),
        where=translate(_where(state)),
        steps=tuple(SavingLine(translate(STAGES[stage]), done) for stage, done in now.done),
        safe=now.finished and not now.note,
        text=translate(text),
        onto_drive=bool(now.drive),
        keys=(ActionKey(ScreenKey.BACK, "later", translate(message("Go on")), "", suggested=True),)
        if now.finished
        else (),
        things=_things(state),
        home=translate(home) if now.finished else "",
        short_title=translate(short),
    )


def _where(state: KioskState) -> Text:
    """Where the folder is, for whoever looks for it later; empty while it is not known, or if staff copy it."""
    now = state.saving
    if not now.folder:
        return ""
    if now.drive:
        return message("On the drive {drive}, folder {folder}", drive=now.drive, folder=_steps_to(now.folder, ON_DRIVE))
    if state.has_pin:
        return ""
    return message("On this machine: {folders}", folders=_steps_to(now.folder, HERE))  # somebody uses it at home


def _steps_to(folder: str, count: int) -> str:
    """The folders to open one after another, as a file manager shows them; a line may end after each arrow."""
    return "\N{NO-BREAK SPACE}› ".join(PurePath(folder).parts[-count:])


def _things(state: KioskState) -> tuple[TaughtThing, ...]:
    """What was taught, each with its newest picture, mirrored like that of the camera."""
    taught, mirror = _taught(state), state.config.camera.mirror
    return tuple(
        TaughtThing(index, one.label, one.thumbnails[-1].as_seen(mirror=mirror) if one.thumbnails else None)
        for index, one in enumerate(state.classes)
        if one.label in taught
    )


def celebration(labels: Sequence[str]) -> Message:
    """What is said of a model that is saved: it names the things that it was taught."""
    if len(labels) < MIN_CLASSES:
        return message("Your model is saved")
    things = message("{some} and {last}", some=", ".join(labels[:-1]), last=labels[-1])
    return message("You taught it {things}!", things=things)


def how_many(labels: Sequence[str]) -> Text:
    """The same where the names do not fit: it counts the things. Empty where nothing is named."""
    if len(labels) < MIN_CLASSES:
        return ""
    return counted("You taught it {count} thing!", "You taught it {count} things!", len(labels))


def _taught(state: KioskState) -> tuple[str, ...]:
    """Labels of the classes that the model was taught."""
    shots = state.model.shots if state.model is not None else ()
    return tuple(label for label, count in zip(state.labels, shots, strict=False) if count)
