"""What can be touched on each staff page."""

from __future__ import annotations

from collections.abc import Callable

from app.base.buttons import (
    ArchivedSession,
    Button,
    ChooseLesson,
    ClassName,
    LearnInput,
    PowerKey,
    ScreenKey,
    StaffPage,
    StaffTab,
)
from app.core.modes.settings import class_number_arrows, page_arrows
from app.core.modes.staff import can_be_starter, learnable
from app.core.modes.text_settings import page_texts
from app.core.state import KioskState, Mode


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched on the open staff page, in the order of the cursor: its rows, "back", the tabs."""
    if state.mode is not Mode.STAFF or not state.staff.inside:
        return ()
    page = state.staff.page
    rows = _ROWS[page](state) if page in _ROWS else page_arrows(state, page)
    return (*rows, ScreenKey.BACK, *(StaffTab(page) for page in StaffPage))


def _classes(state: KioskState) -> tuple[Button, ...]:
    number = tuple(arrow for arrow in class_number_arrows(state) if arrow is not None)
    names = tuple(ClassName(index) for index in range(len(state.classes)))
    return (*number, *names, *page_arrows(state, StaffPage.CLASSES))


def _buttons(state: KioskState) -> tuple[Button, ...]:
    return tuple(LearnInput(button) for button in learnable(state))


def _sessions(state: KioskState) -> tuple[Button, ...]:
    if not state.has_pin:
        return ()
    system = state.staff.system
    starter = (ScreenKey.MAKE_STARTER,) if can_be_starter(state) else ()
    export = (ScreenKey.EXPORT_SESSIONS,) if system.archive else ()
    saved = (ScreenKey.COPY_SAVED,) if system.saved else ()
    return (*starter, *saved, *export, *(ArchivedSession(name) for name, _ in system.archive))


def _lessons(state: KioskState) -> tuple[Button, ...]:
    now = state.lesson.key if state.lesson is not None else ""
    keys = ("", *(one.lesson.key for one in state.staff.lessons))
    cards = (ScreenKey.LESSON_CARDS,) if state.staff.lessons else ()
    return (*(ChooseLesson(key) for key in keys if key != now), *cards)


def _visits(state: KioskState) -> tuple[Button, ...]:
    return (*page_arrows(state, StaffPage.VISITS), *page_texts(state, StaffPage.VISITS))


def _system(state: KioskState) -> tuple[Button, ...]:
    if not state.has_pin:
        return ()
    starter = (ScreenKey.TAKE_STARTER,) if state.staff.system.starter_waits else ()
    settings = (ScreenKey.EXPORT_SETTINGS, ScreenKey.IMPORT_SETTINGS)
    return (*starter, *settings, ScreenKey.NEW_PIN, PowerKey.RESTART, PowerKey.SHUT_DOWN)


_ROWS: dict[StaffPage, Callable[[KioskState], tuple[Button, ...]]] = {
    StaffPage.CLASSES: _classes,
    StaffPage.BUTTONS: _buttons,
    StaffPage.SESSIONS: _sessions,
    StaffPage.LESSONS: _lessons,
    StaffPage.VISITS: _visits,
    StaffPage.SYSTEM: _system,
}
"""Pages with more than settings in their rows."""
