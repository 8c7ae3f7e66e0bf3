"""The gallery: the pictures of a class, page by page."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassName, EmptyClass, PageTurn, RemoveClass, StoredPicture
from app.base.i18n import Text, counted, message
from app.core.facts import TaughtClass
from app.core.modes.gallery import keys, pages
from app.core.pages import GalleryState
from app.core.state import KioskState, Mode
from app.views.model import ActionKey, Gallery, GalleryPicture
from app.views.words import Translator, back_key, usage_hint

EMPTY = message("No pictures here. Hold its button on the main screen to teach it.")
NOT_KEPT = message("These pictures were not kept. It still knows what they taught.")
TOUCH = message("Touch a picture to take it out.")
STEER = message("Buttons 1 and 2: move · TRAIN: take out · SAVE: next thing · RESET: back (erases nothing)")

KEYS = message("Arrow keys: move · Enter: take out · Tab: next thing · Esc: back")
STEER_EMPTIED = message("UNDO: bring the pictures back · SAVE: next thing · RESET: back")
KEYS_EMPTIED = message("Z: bring the pictures back · Tab: next thing · Esc: back")


def gallery(state: KioskState, translate: Translator) -> Gallery | None:
    """The gallery, or None in every other mode."""
    if state.mode is not Mode.GALLERY:
        return None
    shown, mirror = state.gallery, state.config.camera.mirror
    one, last = state.classes[shown.class_index], pages(state) - 1
    return Gallery(
        index=shown.class_index,
        title=translate(counted("{label}: {count} picture", "{label}: {count} pictures", one.shots, label=one.label)),
        hint=translate(_hint(state, one)),
        pictures=tuple(
            GalleryPicture(StoredPicture(sample_id), picture.as_seen(mirror=mirror))
            for sample_id, picture in shown.pictures
        ),
        page_text=translate(message("{page} of {pages}", page=shown.page + 1, pages=last + 1)) if last else "",
        keys=tuple(replace(_key(button, one, translate), enabled=enabled) for button, enabled in keys(state).items()),
    )


def _hint(state: KioskState, one: TaughtClass) -> Text:
    if not one.shots and one.removed:
        return usage_hint(state, touch=EMPTY, buttons=STEER_EMPTIED, keys=KEYS_EMPTIED)
    if not one.shots:
        return EMPTY
    return NOT_KEPT if _none_kept(state.gallery) else usage_hint(state, touch=TOUCH, buttons=STEER, keys=KEYS)


def _none_kept(shown: GalleryState) -> bool:
    """Whether no picture of the page was kept, as in a session that was carried on without its pictures."""
    return bool(shown.pictures) and not any(picture.kept for _, picture in shown.pictures)


def _key(button: Button, shown: TaughtClass, translate: Translator) -> ActionKey:
    match button:
        case ClassName():
            return ActionKey(button, "rename", translate(message("Name it")), "")
        case PageTurn(-1):
            return ActionKey(button, "earlier", translate(message("Newer")), "")
        case PageTurn(1):
            return ActionKey(button, "later", translate(message("Older")), "")
        case EmptyClass():
            return ActionKey(button, "empty", translate(message("Empty")), "")
        case RemoveClass():
            return ActionKey(button, "remove", translate(message("Remove")), "")
        case Action.UNDO if shown.removed:
            count = len(shown.removed[-1])
            return ActionKey(button, "undo", translate(message("Bring back {count}", count=count)), "Z")
        case Action.UNDO:
            return ActionKey(button, "undo", translate(message("Bring back")), "Z")
    return back_key(translate)
