"""The gallery: the pictures of a class, page by page.

A touch removes a picture, EMPTY all of them. UNDO brings back what was removed last, here or on the main screen: a
picture, a whole hold, or all of a class that was emptied.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, ClassName, EmptyClass, PageTurn, RemoveClass, ScreenKey, StoredPicture
from app.base.i18n import message
from app.core import events as ev
from app.core.facts import TaughtClass
from app.core.modes import class_page, typing
from app.core.modes.permissions import allowed
from app.core.pages import GalleryState
from app.core.state import KioskState, Mode, Step, refused

PAGE = 18  # pictures


def has_gallery(taught: TaughtClass) -> bool:
    """Whether a class has pictures, or some that can be brought back."""
    return bool(taught.shots or taught.removed)


def opened(state: KioskState, class_index: int, *, also_empty: bool = False) -> Step:
    """Open the gallery of a class that has pictures, or had some that can be brought back.

    From another gallery the buttons of the box also reach an empty one: there they name the class, or remove it.
    """
    if not 0 <= class_index < len(state.classes) or not (also_empty or has_gallery(state.classes[class_index])):
        return state, ()
    gallery = GalleryState(
        class_index,
        returning=state.gallery.returning,
        removed=state.classes[class_index].removed,
        changed=state.changed,
    )
    state = replace(state, mode=Mode.GALLERY, gallery=gallery, held=None, notice=None)
    return state, (ev.LoadGallery(class_index, 0, PAGE),)


def first_opened(state: KioskState) -> Step:
    """Open the gallery of the first class that has pictures."""
    first = next((index for index, one in enumerate(state.classes) if has_gallery(one)), None)
    if first is None:
        return refused(state, message("There are no pictures yet."))
    return opened(state, first)


def pressed(state: KioskState, button: Button) -> Step:
    """A press in the gallery; a class button opens the gallery of its class."""
    if state.typing is not None:
        return class_page.pressed_while_typing(state, button)
    gallery = state.gallery
    match button:
        case ClassName(index) if state.config.classes.visitors_name and index == gallery.class_index:
            return typing.named(state, index)
        case RemoveClass(index) if index == gallery.class_index and not state.config.classes.visitors_name:
            return class_page.pressed_in_gallery(state, button)
        case EmptyClass(index) if (
            index == gallery.class_index and state.classes[index].shots and allowed(state, button)
        ):
            return state, (ev.RemoveSamplesOf(index),)
        case StoredPicture(sample_id):
            shown = any(one == sample_id for one, _ in gallery.pictures)
            return (state, (ev.RemoveSample(sample_id),)) if shown else (state, ())
        case PageTurn(step):
            page = min(max(0, gallery.page + step), pages(state) - 1)
            return _turned(state, page) if page != gallery.page else (state, ())
        case Action.UNDO:
            if len(_shown(state).removed) <= gallery.returning:  # all of it is coming back already
                return refused(state, message("There is nothing to bring back."))
            state = replace(state, gallery=replace(gallery, returning=gallery.returning + 1))
            return state, (ev.RestoreSamples(gallery.class_index),)
        case int(index):
            return opened(state, index, also_empty=True)
        case ScreenKey.BACK | Action.CANCEL | Action.LEAVE | Action.RESULTS | Action.GALLERY:
            left = GalleryState(returning=gallery.returning)
            return replace(state, mode=state.resting_mode, gallery=left), ()
    return state, ()


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched in the gallery, in the order of the cursor."""
    if state.mode is not Mode.GALLERY:
        return ()
    pictures = tuple(StoredPicture(sample_id) for sample_id, _ in state.gallery.pictures)
    return (*pictures, *(button for button, enabled in keys(state).items() if enabled))


def keys(state: KioskState) -> dict[Button, bool]:
    """The keys below the pictures, in their order on the screen, and whether a press does something now."""
    gallery, last, shown = state.gallery, pages(state) - 1, _shown(state)
    offered, removal = class_page.offered(state, gallery.class_index), RemoveClass(gallery.class_index)
    turns: dict[Button, bool] = {PageTurn(-1): gallery.page > 0, PageTurn(1): gallery.page < last} if last else {}
    return {
        ScreenKey.BACK: True,
        **({ClassName(gallery.class_index): True} if state.config.classes.visitors_name else {}),
        **turns,
        **({EmptyClass(gallery.class_index): bool(shown.shots)} if allowed(state, EmptyClass(0)) else {}),
        **({removal: True} if removal in offered and not state.config.classes.visitors_name else {}),
        Action.UNDO: bool(shown.removed),
    }


def pages(state: KioskState) -> int:
    """Number of pages of the class."""
    return max(1, -(-_shown(state).shots // PAGE))


def loaded(state: KioskState, event: ev.GalleryLoaded) -> Step:
    """Show the pictures, unless the gallery was left or turned meanwhile."""
    place = (state.gallery.class_index, state.gallery.page)
    if state.mode is not Mode.GALLERY or event.place not in (None, place):
        return state, ()
    return replace(state, gallery=replace(state.gallery, pictures=event.pictures)), ()


def samples_gone(state: KioskState) -> Step:
    """Samples were removed: load the page again without them."""
    return _turned(state, min(state.gallery.page, pages(state) - 1))


def samples_back(state: KioskState) -> Step:
    """Samples were restored: load the page again with them."""
    before = state.gallery
    gallery = replace(before, returning=max(0, before.returning - 1))
    changed = before.changed if _shown(state).removed == before.removed else state.changed
    return _turned(replace(state, gallery=gallery, changed=changed), gallery.page)


def _shown(state: KioskState) -> TaughtClass:
    return state.classes[state.gallery.class_index]


def _turned(state: KioskState, page: int) -> Step:
    gallery = replace(state.gallery, page=page)
    return replace(state, gallery=gallery), (ev.LoadGallery(gallery.class_index, page, PAGE),)
