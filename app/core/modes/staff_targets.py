"""What can be touched on each staff page."""

from __future__ import annotations

from collections.abc import Callable

from app.base.buttons import Button, OnScreen
from app.core.modes.settings import class_number_arrows, page_arrows
from app.core.modes.staff import PAGES, learnable
from app.core.state import KioskState, Mode


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched on the open staff page, in the order of the cursor: its rows, "back", the tabs."""
    if state.mode is not Mode.STAFF or not state.staff.inside:
        return ()
    page = state.staff.page
    rows = _ROWS[page](state) if page in _ROWS else page_arrows(state, page)
    return (*rows, OnScreen("back"), *(OnScreen("tab", page) for page in PAGES))


def _classes(state: KioskState) -> tuple[Button, ...]:
    number = tuple(arrow for arrow in class_number_arrows(state) if arrow is not None)
    names = tuple(OnScreen("rename", index) for index in range(len(state.classes)))
    return (*number, *names, *page_arrows(state, "classes"))


def _buttons(state: KioskState) -> tuple[Button, ...]:
    return tuple(OnScreen("learn", name) for name in learnable(state))


def _sessions(state: KioskState) -> tuple[Button, ...]:
    archive = state.staff.system.archive
    export = (OnScreen("export"),) if archive else ()
    return (*export, *(OnScreen("restore", name) for name, _ in archive))


def _system(_: KioskState) -> tuple[Button, ...]:
    return (OnScreen("new_pin"), OnScreen("power", "restart"), OnScreen("power", "shutdown"))


_ROWS: dict[str, Callable[[KioskState], tuple[Button, ...]]] = {
    "classes": _classes,
    "buttons": _buttons,
    "sessions": _sessions,
    "system": _system,
}
"""Pages with more than settings in their rows."""
