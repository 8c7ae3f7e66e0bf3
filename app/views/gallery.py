"""All pictures of a class, a page at a time."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassName, PageTurn, StoredPicture
from app.base.i18n import counted, message
from app.core.modes.gallery import keys, pages
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, Gallery, GalleryPicture
from app.views.words import Say, back_key, how

TOUCH = message("Touch a picture to take it out.")
STEER = message("Buttons 1 and 2 move, TRAIN takes out, SAVE shows the next thing, RESET leaves.")

KEYS = message("Arrow keys move, Enter takes out, Tab shows the next thing, Esc leaves.")


def gallery(state: KioskState, say: Say) -> Gallery | None:
    """What the gallery shows."""
    if state.mode is not Mode.GALLERY:
        return None
    shown = state.gallery
    one, last = state.classes[shown.class_index], pages(state) - 1
    return Gallery(
        index=shown.class_index,
        title=say(counted("{label}: {count} picture", "{label}: {count} pictures", one.shots, label=one.label)),
        hint=say(how(state, touch=TOUCH, buttons=STEER, keys=KEYS)),
        pictures=tuple(GalleryPicture(StoredPicture(sample_id), picture) for sample_id, picture in shown.pictures),
        page_text=say(message("{page} of {pages}", page=shown.page + 1, pages=last + 1)) if last else "",
        keys=tuple(replace(_key(button, say), enabled=enabled) for button, enabled in keys(state).items()),
    )


def _key(button: Button, say: Say) -> ActionKey:
    match button:
        case ClassName():
            return ActionKey(button, "rename", say(message("Name it")), "")
        case PageTurn(-1):
            return ActionKey(button, "earlier", say(message("Newer")), "")
        case PageTurn(1):
            return ActionKey(button, "later", say(message("Older")), "")
        case Action.UNDO:
            return ActionKey(button, "undo", say(message("Bring back")), "Z")
    return back_key(say)
