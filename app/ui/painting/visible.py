"""The part of a view that can be seen: if it stays equal, nothing has to be drawn again."""

from __future__ import annotations

from dataclasses import replace

from app.views.model import Gallery, KioskView, Results, Saving, Screen, Staff


def page_of(view: KioskView) -> Gallery | Results | Saving | Staff | None:
    """The page that replaces the main screen; None if the main screen is shown."""
    pages = {
        Screen.GALLERY: view.gallery,
        Screen.RESULTS: view.results,
        Screen.SAVING: view.saving,
        Screen.STAFF: view.staff,
    }
    return pages.get(view.screen)


def visible(view: KioskView) -> KioskView:
    """A view without what cannot be seen: a page covers everything, and the picture below a question stands still."""
    blank = replace(view.status, camera="", backend="", frames_per_second=0.0, drive="", rate_text="")
    if view.typing is not None or view.screen in (Screen.FAULT, Screen.WAKING) or page_of(view) is not None:
        return replace(view, picture=None, verdict=None, not_sure=None, cards=(), actions=(), status=blank, flash=None)
    if view.question is not None or (view.progress is not None and view.screen is not Screen.TRAINING):
        return replace(view, picture=None, status=blank)
    return replace(view, status=blank)


def still(view: KioskView) -> KioskView:
    """What can be seen of a view, without its time: while this and the motion are equal, nothing has to be drawn."""
    return replace(visible(view), flash=None, now_s=0.0)
