"""Texts about drives: the line in the status strip, and the question which drive to save to."""

from __future__ import annotations

from app.base.buttons import Action
from app.base.i18n import Text, message
from app.base.ports import Drive
from app.core.modes.choose_drive import ANSWER_WITHIN_S, choices
from app.core.state import KioskState
from app.views.model import ActionKey, Question
from app.views.words import Translator

KINDS = {"vfat": "FAT", "exfat": "exFAT", "ntfs3": "NTFS"}


def drive_line(state: KioskState, translate: Translator) -> str:
    """Every drive with its file system and free space, or why SAVE cannot use it."""
    texts: list[Text] = [_drive(one) for one in state.drives]
    texts += [message("{drive} (not mounted)", drive=one.name) for one in state.unmounted]
    return ", ".join(map(translate, texts)) or translate(message("no drive"))


def which_drive(state: KioskState, translate: Translator) -> Question:
    """One answer per writable drive, on the class buttons, and "no"."""
    answers = [
        ActionKey(
            place,
            "save",
            one.name,
            str(place + 1),
            suggested=place == 0,
            detail=translate(message("{kind}, {free} free", kind=_kind(one), free=_free(one))),
        )
        for place, one in enumerate(choices(state))
    ]
    return Question(
        title=translate(message("Which drive?")),
        text=translate(message("If you don't choose, I'll use the first one.")),
        answers=(*answers, ActionKey(Action.CANCEL, "cancel", translate(message("Do not save")), "N")),
        left=max(0.0, 1 - (state.now_s - state.asked_at_s) / ANSWER_WITHIN_S),
        listed=True,
        dead=tuple(range(len(answers), len(state.classes))),
    )


def _drive(drive: Drive) -> Text:
    if drive.read_only:
        return message("{drive} ({kind}, write-protected)", drive=drive.name, kind=_kind(drive))
    return message("{drive} ({kind}, {free} free)", drive=drive.name, kind=_kind(drive), free=_free(drive))


def _kind(drive: Drive) -> str:
    return KINDS.get(drive.filesystem, drive.filesystem)


def _free(drive: Drive) -> str:
    free = drive.free_bytes
    return f"{free / 1e9:.1f} GB" if free >= 1e9 else f"{free / 1e6:.0f} MB"
