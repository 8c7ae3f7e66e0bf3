"""The page of a class: a visitor names it there, takes all of its pictures out, or removes it (`class_removal`).

Its pencil opens the page. Where visitors may not name classes, three dots take the place of the pencil: they open a
question with the rest. The key NAME asks for a class first. UNDO brings pictures back that were taken out, and so does
the gallery.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, EmptyClass, RemoveClass
from app.base.i18n import message
from app.base.tone import Tone
from app.core import events as ev
from app.core.modes import class_list, class_removal, staff, typing
from app.core.modes.permissions import allowed, refusal
from app.core.modes.settings import CLASS_NUMBERS
from app.core.pages import TypingPurpose
from app.core.state import KioskState, Mode, Step, noticed, refused

WHICH_S = 8.0  # how long a class button opens the page of its class


def keys(state: KioskState) -> tuple[EmptyClass | RemoveClass, ...]:
    """What the page of a pencil offers beside the name; nothing on other pages that are typed on."""
    now = state.typing
    at_rest = state.mode in (Mode.TEACH, Mode.LIVE, Mode.GALLERY)
    if now is None or now.purpose is not TypingPurpose.CLASS_NAME or not at_rest:
        return ()
    return offered(state, now.index)


def offered(state: KioskState, index: int) -> tuple[EmptyClass | RemoveClass, ...]:
    """What a visitor can do with a class beside naming it; nothing while a model from elsewhere answers."""
    if not 0 <= index < len(state.classes) or state.starter is not None or state.shown_from or state.game is not None:
        return ()
    empty = (EmptyClass(index),) if state.classes[index].shots and allowed(state, EmptyClass(index)) else ()
    return (*empty, RemoveClass(index)) if _may_remove(state) else empty


def has_page(state: KioskState, index: int) -> bool:
    """Whether a class has a page: the one of the pencil, or else the question of the three dots."""
    return class_list.may_name(state, index) or (state.teaching and bool(offered(state, index)))


def opened(state: KioskState, index: int) -> Step:
    """Open the page of a class."""
    state = replace(state, held=None, notice=None, which_until_s=0.0)
    if class_list.may_name(state, index):
        return typing.named(state, index)
    if has_page(state, index):
        return replace(state, mode=Mode.CLASS_MENU, removing=index, asked_at_s=state.now_s), ()
    return refusal(state)


def which_asked(state: KioskState) -> Step:
    """Ask of which class the page is wanted: the next class button opens it."""
    if state.starter is not None:
        return refused(state, message("Hold a button to teach something first."))
    if not any(has_page(state, index) for index in range(len(state.classes))):
        return refusal(state)
    state = replace(state, held=None, which_until_s=state.now_s + WHICH_S)
    return noticed(state, message("Which one? Press its button."), Tone.HINT, WHICH_S), (ev.PlaySound("tick"),)


def after_page_change(before: KioskState, after: KioskState) -> KioskState:
    """Forget that NAME asked for a class when the screen changes: then a class button means what it says there."""
    if not after.which_until_s or _page(before) == _page(after):
        return after
    return replace(after, which_until_s=0.0)


def _page(state: KioskState) -> tuple[object, ...]:
    return state.mode, state.typing is None, state.why, state.game is None, state.shown_from


def chosen(state: KioskState, button: Button) -> Step:
    """An answer to the question of the three dots, touched or by its class button; any other button changes nothing."""
    index = state.removing
    if index is None:
        return class_removal.kept(state), ()
    answers: tuple[Button, ...] = offered(replace(state, mode=state.resting_mode), index)
    if isinstance(button, int):
        if state.pressed_at_s - state.asked_at_s < class_removal.SURE_AFTER_S or button >= len(answers):
            return state, ()  # the button that chose the class bounces, or stands for no answer
        button = answers[button]
    return _done(class_removal.kept(state), button) if button in answers else (class_removal.kept(state), ())


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched while something is typed, in the order of the cursor."""
    return (*typing.targets(state), *keys(state))


def pressed_while_typing(state: KioskState, button: Button) -> Step:
    """A press while a visitor types a name."""
    if button not in keys(state):
        return typing.pressed(state, button, staff.text_done)
    state, named = _name_finished(state)
    if state.typing is not None:
        return state, named
    state, commands = _done(state, button)
    return state, (*named, *commands)


def pressed_in_gallery(state: KioskState, button: RemoveClass) -> Step:
    """The key of the gallery that removes its class, where the page of the pencil cannot be opened."""
    return _done(state, button) if button in offered(state, button.class_index) else (state, ())


def _done(state: KioskState, button: Button) -> Step:
    """Empty a class, or remove it."""
    if state.in_flight or state.gallery.returning:  # a picture may be on its way into a class
        return refused(state, message("One moment – then try again."))
    match button:
        case EmptyClass(index):
            return replace(state, emptied=index), (ev.RemoveSamplesOf(index),)
        case RemoveClass(index):
            return class_removal.asked(state, index)
    return state, ()


def _name_finished(state: KioskState) -> Step:
    """Close the keyboard like DONE; it stays open and says why if the class cannot have the name that was typed."""
    now = state.typing
    if now is None:
        return state, ()
    name = " ".join(now.text.split())
    if name in ("", state.classes[now.index].label):
        return replace(state, typing=None), ()
    return staff.text_done(state, name)


def _may_remove(state: KioskState) -> bool:
    rest = replace(state, mode=state.resting_mode)  # also from the gallery
    return class_list.may_change_number(rest) and len(state.classes) > CLASS_NUMBERS[0] and allowed(state, Action.RESET)
