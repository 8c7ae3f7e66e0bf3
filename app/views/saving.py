"""The page of SAVE: what is written where, and when the drive may be pulled out."""

from __future__ import annotations

from app.base.buttons import ScreenKey
from app.base.i18n import Message, Text, message
from app.core.events import SavingStage
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, Saving, SavingLine
from app.views.words import Translator

STAGES: dict[SavingStage, Message] = {
    SavingStage.WRITE: message("Write"),
    SavingStage.NAME: message("Finish"),
    SavingStage.READ_BACK: message("Check"),
    SavingStage.RELEASE: message("Eject"),
}

DRIVE_AGAIN = message("Or plug the drive in again and press SAVE.")
DRIVE_AT_ALL = message("Or plug in a drive and press SAVE again.")


def saving(state: KioskState, translate: Translator) -> Saving | None:
    """The page, or None in every other mode."""
    if state.mode is not Mode.SAVING:
        return None
    now = state.saving
    text: Text
    if not now.finished:
        title, text = message("Saving your model"), message("Leave the drive in until it is done.")
        text = text if now.drive else message("It takes a moment.")
    elif not now.drive:
        title, text = (
            message("Your model is saved"),
            message("Ask staff: your model is number {number}.", number=now.number),
        )
    elif now.note:
        title, text = message("Your model is saved"), now.note
    else:
        title, text = message("Your model is yours"), message("You may pull the drive out now.")
    where: Text = message("On the drive {drive}: {folder}", drive=now.drive, folder=now.folder)
    if not now.drive:  # where it is on this machine means nothing to a visitor
        where = (DRIVE_AGAIN if state.drive_seen else DRIVE_AT_ALL) if now.finished else ""
    return Saving(
        title=translate(title),
        where=translate(where),
        steps=tuple(SavingLine(translate(STAGES[stage]), done) for stage, done in now.done),
        safe=now.finished and not now.note,
        text=translate(text),
        onto_drive=bool(now.drive),
        keys=(ActionKey(ScreenKey.BACK, "back", translate(message("Go on")), "", suggested=True),)
        if now.finished
        else (),
    )
