"""What is being written where, and when the drive may be pulled out."""

from __future__ import annotations

from app.base.buttons import ScreenKey
from app.base.i18n import Message, Text, message
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, Saving, SavingLine
from app.views.words import Say

STEPS: dict[str, Message] = {
    "write": message("Write the model and what was taught"),
    "name": message("Give the folder its name"),
    "read_back": message("Read every byte back"),
    "release": message("Let the drive go"),
}

DRIVE_ANEW = message("It is on this machine: ask staff for it, or plug a drive in anew and press SAVE again.")
DRIVE_AT_ALL = message("It is on this machine: ask staff for it, or plug in a drive and press SAVE again.")


def saving(state: KioskState, say: Say) -> Saving | None:
    """What the saving screen shows."""
    if state.mode is not Mode.SAVING:
        return None
    now = state.saving
    text: Text
    if not now.finished:
        title, text = message("Saving your model"), message("Leave the drive in until it is done.")
        text = text if now.drive else message("It takes a moment.")
    elif not now.drive:
        title, text = message("Your model is saved"), DRIVE_ANEW if state.drive_seen else DRIVE_AT_ALL
    elif now.note:
        title, text = message("Your model is saved"), now.note
    else:
        title, text = message("Your model is yours"), message("You may pull the drive out now.")
    where = message("On the drive {drive}: {folder}", drive=now.drive, folder=now.folder)
    return Saving(
        title=say(title),
        where=say(where if now.drive else now.folder),
        steps=tuple(SavingLine(say(STEPS.get(name, name)), done) for name, done in now.done),
        safe=now.finished and not now.note,
        text=say(text),
        onto_drive=bool(now.drive),
        keys=(ActionKey(ScreenKey.BACK, "back", say(message("Go on")), "", suggested=True),) if now.finished else (),
    )
