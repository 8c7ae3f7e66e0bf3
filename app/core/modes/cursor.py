"""A cursor for pages that are made for touch, so that the buttons of the box can operate them.

The first two class buttons move the cursor, TRAIN presses what it is on, SAVE turns the page and RESET leaves.

The cursor is an index into the `targets` of the page: the buttons that can be touched there, which each mode lists and
its view decorates. The cursor appears with the first button that moves it, and disappears with the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.base.buttons import Action, Button, OnScreen, PageTurn, ScreenKey, SettingStep, StaffPage, StaffTab, TypingKey
from app.config.input_map import KEYS, button_name
from app.core import events as ev
from app.core.modes import class_page, gallery, results, staff_targets
from app.core.state import KioskState, Mode

BACK, FORWARD = 0, 1  # class buttons: every station has at least two
REPEAT_AFTER_S, REPEAT_S = 0.5, 0.12  # while a button is held
ARROWS = {"key:left": -1, "key:up": -1, "key:right": 1, "key:down": 1}
RETURN = ("key:return", "key:kp_enter")


def targets(state: KioskState) -> tuple[Button, ...]:
    """The buttons that can be touched on the page, in the order of the cursor; empty if the page has no cursor."""
    if state.typing is not None:
        return class_page.targets(state)
    if state.staff.asked is not None:
        return ()
    page = _TARGETS.get(state.mode)
    return page(state) if page is not None else ()


def current_target(state: KioskState) -> Button | None:
    """The target that the cursor is on, or None."""
    if state.cursor is None:
        return None
    reachable = targets(state)
    return reachable[min(state.cursor, len(reachable) - 1)] if reachable else None


def box_moves_cursor(state: KioskState) -> bool:
    """Whether the buttons of the box move a cursor. The page that tests the buttons is the exception."""
    testing = state.mode is Mode.STAFF and state.typing is None and state.staff.page is StaffPage.BUTTONS
    return not testing and bool(targets(state))


def interpret_button(state: KioskState, button: Button) -> tuple[KioskState, Button | None]:
    """Interpret a button of the box on a page with a cursor.

    Returns:
        The state, with the cursor moved; and the button that was meant, or None if only the cursor moved.
    """
    if not box_moves_cursor(state):
        return state, button
    if isinstance(button, int):
        step = {BACK: -1, FORWARD: 1}.get(button, 0)
        return replace(_moved(state, step), cursor_repeats_at_s=state.now_s + REPEAT_AFTER_S), None
    match button:
        case Action.TRAIN:
            return state, current_target(state)
        case Action.RESET:
            return state, TypingKey.CANCEL if state.typing is not None else ScreenKey.BACK
        case Action.UNDO if state.typing is not None:
            return state, TypingKey.BACKSPACE
        case Action.SAVE:
            return state, _next(state)
    return state, button


def on_keyboard(state: KioskState, source: str) -> bool:
    """Whether an input is a key of a keyboard; keys that the settings assign belong to a box that acts as one."""
    if not source.startswith("key:"):
        return False
    meant = state.inputs.map.button_of(source)
    name = None if meant is None else button_name(meant)
    return name is None or tuple(getattr(state.config.inputs, name)) == KEYS[name]


def interpret_key(state: KioskState, event: ev.InputPressed) -> tuple[KioskState, Button | None]:
    """Keys of a keyboard: arrows move the cursor, Tab turns the page, Return presses what the cursor is on.

    Returns:
        The state, with the cursor moved; and the button that was meant, or None.
    """
    source, meant = event.source, state.inputs.map.button_of(event.source)
    if not targets(state) or state.staff.listening is not None:
        return state, None
    if meant is None and source in ARROWS:
        return _moved_by_arrow(state, ARROWS[source], event.ahead), None
    if meant is None and source == "key:tab":
        return state, _next(state)
    if source in RETURN and (meant is None or (meant is Action.TRAIN and not box_moves_cursor(state))):
        return state, current_target(state)
    return state, None


def repeat_while_held(state: KioskState) -> KioskState:
    """Move the cursor again while a button is held; remove the cursor if its page has gone."""
    if state.cursor is not None and state.staff.asked is None and not targets(state):
        return replace(state, cursor=None)
    if state.cursor is None or state.now_s < state.cursor_repeats_at_s or not box_moves_cursor(state):
        return state
    steps = [step for button, step in ((BACK, -1), (FORWARD, 1)) if button in state.down]
    if len(steps) != 1:
        return state
    return replace(_moved(state, steps[0]), cursor_repeats_at_s=state.now_s + REPEAT_S)


def after_page_change(before: KioskState, after: KioskState, button: Button, *, touched: bool = False) -> KioskState:
    """After a change of page, put the cursor on the first target if the box is used, else remove it."""
    if _place(before) == _place(after):
        return after
    if not targets(after):
        return replace(after, cursor=None) if after.cursor is not None else after
    # a class button that is still held moves nothing on the new page
    after = replace(after, down=tuple(one for one in after.down if not isinstance(one, int)))
    used = before.cursor is not None or not (touched or isinstance(button, OnScreen))
    return replace(after, cursor=0 if used else None)


def keep_on_control(before: KioskState, after: KioskState) -> KioskState:
    """Keep the cursor on the same control when controls before it appear or disappear.

    If an arrow beside a setting disappears, the cursor moves to the opposite arrow.
    """
    if before.cursor is None or after.cursor != before.cursor or _place(before) != _place(after):
        return after
    was, reachable = current_target(before), targets(after)
    if was is None or current_target(after) == was:
        return after
    for one in (was, _opposite(was)):
        if one in reachable:
            return replace(after, cursor=reachable.index(one))
    return after


def _opposite(button: Button) -> Button | None:
    match button:
        case SettingStep(name, step):
            return SettingStep(name, -step)
        case PageTurn(step):
            return PageTurn(-step)
    return None


def _moved_by_arrow(state: KioskState, step: int, ahead: tuple[Button, ...] | None) -> KioskState:
    """Move the cursor as an arrow key does: up or down on the screen, else by one; it stops at the ends."""
    reachable = targets(state)
    if state.cursor is None:
        return replace(state, cursor=0)
    if ahead is not None:
        return replace(state, cursor=next((reachable.index(one) for one in ahead if one in reachable), state.cursor))
    return replace(state, cursor=min(max(0, state.cursor + step), len(reachable) - 1))


def _moved(state: KioskState, step: int) -> KioskState:
    count = len(targets(state))
    if state.cursor is None or not count:
        return replace(state, cursor=0 if count else None)
    return replace(state, cursor=(min(state.cursor, count - 1) + step) % count)


def _next(state: KioskState) -> Button | None:
    """What SAVE means: "done", the next staff page, or the gallery of the next class."""
    if state.typing is not None:
        return TypingKey.DONE
    if state.mode is Mode.STAFF:
        pages = list(StaffPage)
        return StaffTab(pages[(pages.index(state.staff.page) + 1) % len(pages)])
    if state.mode is Mode.GALLERY:
        return (state.gallery.class_index + 1) % len(state.classes)
    return None


def _place(state: KioskState) -> tuple[object, ...]:
    typed = state.typing.purpose if state.typing is not None else None
    return state.mode, typed, state.staff.page, state.staff.inside, state.gallery.class_index


_TARGETS: dict[Mode, Callable[[KioskState], tuple[Button, ...]]] = {
    Mode.STAFF: staff_targets.targets,
    Mode.GALLERY: gallery.targets,
    Mode.RESULTS: results.targets,
}
