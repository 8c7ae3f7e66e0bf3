"""The gallery: the pictures of a class, page by page. A touch removes a picture, UNDO restores it."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassName, PageTurn, ScreenKey, StoredPicture
from app.base.i18n import message
from app.core import events as ev
from app.core.modes import staff, typing
from app.core.pages import GalleryState
from app.core.state import KioskState, Mode, Step, refused

PAGE = 18  # pictures


def opened(state: KioskState, class_index: int) -> Step:
    """Open the gallery of a class that has pictures."""
    if not (0 <= class_index < len(state.classes)) or not state.classes[class_index].shots:
        return state, ()
    state = replace(
        state, mode=Mode.GALLERY, gallery=GalleryState(class_index, changed=state.changed), held=None, notice=None
    )
    return state, (ev.LoadGallery(class_index, 0, PAGE),)


def first_opened(state: KioskState) -> Step:
    """Open the gallery of the first class that has pictures."""
    first = next((index for index, one in enumerate(state.classes) if one.shots), None)
    if first is None:
        return refused(state, message("There are no pictures yet."))
    return opened(state, first)


def pressed(state: KioskState, button: Button) -> Step:
    """A press in the gallery; a class button opens the gallery of its class."""
    if state.typing is not None:
        return typing.pressed(state, button, staff.text_done)
    gallery = state.gallery
    match button:
        case ClassName(index) if state.config.classes.visitors_name and index == gallery.class_index:
            return typing.named(state, index)
        case StoredPicture(sample_id):
            shown = any(one == sample_id for one, _ in gallery.pictures)
            return (state, (ev.RemoveSample(sample_id),)) if shown else (state, ())
        case PageTurn(step):
            page = min(max(0, gallery.page + step), pages(state) - 1)
            return _turned(state, page) if page != gallery.page else (state, ())
        case Action.UNDO:
            if gallery.removed <= gallery.returning:  # the others were removed earlier
                return refused(state, message("There is nothing to bring back."))
            return replace(state, gallery=replace(gallery, returning=gallery.returning + 1)), (ev.RestoreSample(),)
        case int(index):
            return opened(replace(state, changed=state.changed or gallery.removed > 0), index)
        case ScreenKey.BACK | Action.CANCEL | Action.LEAVE | Action.RESULTS | Action.GALLERY:
            return replace(state, mode=state.resting_mode, gallery=GalleryState()), ()
    return state, ()


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched in the gallery, in the order of the cursor."""
    if state.mode is not Mode.GALLERY:
        return ()
    pictures = tuple(StoredPicture(sample_id) for sample_id, _ in state.gallery.pictures)
    return (*pictures, *(button for button, enabled in keys(state).items() if enabled))


def keys(state: KioskState) -> dict[Button, bool]:
    """The keys below the pictures, in their order on the screen, and whether a press does something now."""
    gallery, last = state.gallery, pages(state) - 1
    return {
        ScreenKey.BACK: True,
        **({ClassName(gallery.class_index): True} if state.config.classes.visitors_name else {}),
        PageTurn(-1): gallery.page > 0,
        PageTurn(1): gallery.page < last,
        Action.UNDO: gallery.removed > 0,
    }


def pages(state: KioskState) -> int:
    """Number of pages of the class."""
    return max(1, -(-state.classes[state.gallery.class_index].shots // PAGE))


def loaded(state: KioskState, event: ev.GalleryLoaded) -> Step:
    """Show the pictures, unless the gallery was left meanwhile."""
    if state.mode is not Mode.GALLERY:
        return state, ()
    return replace(state, gallery=replace(state.gallery, pictures=event.pictures)), ()


def sample_gone(state: KioskState) -> Step:
    """A sample was removed: load the page again without it."""
    gallery = replace(state.gallery, removed=state.gallery.removed + 1)
    state = replace(state, gallery=gallery)
    return _turned(state, min(gallery.page, pages(state) - 1))


def sample_back(state: KioskState) -> Step:
    """A sample was restored: load the page again with it."""
    before = state.gallery
    gallery = replace(before, removed=max(0, before.removed - 1), returning=max(0, before.returning - 1))
    changed = state.changed if gallery.removed else gallery.changed
    return _turned(replace(state, gallery=gallery, changed=changed), gallery.page)


def _turned(state: KioskState, page: int) -> Step:
    gallery = replace(state.gallery, page=page)
    return replace(state, gallery=gallery), (ev.LoadGallery(gallery.class_index, page, PAGE),)
