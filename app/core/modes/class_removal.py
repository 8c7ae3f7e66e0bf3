"""The page of a class's pencil: beside the name, a visitor takes all of its pictures out there, or removes the class.

Where visitors may not name classes, three dots take the place of the pencil: they open a question with the rest.

Pictures that were taken out can be brought back in the gallery. A class is removed after a question if anything is lost
with it: its pictures, also those that could be brought back, or the model that answers. The classes after it move up to
the button before theirs, and a model that answered learns again without it.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, Button, EmptyClass, RemoveClass
from app.base.i18n import message
from app.base.tone import Tone
from app.config.class_names import class_names
from app.core import events as ev
from app.core.facts import NameFrom, TaughtClass
from app.core.modes import class_list, staff, typing
from app.core.modes.language import with_names_known
from app.core.modes.permissions import allowed, refusal
from app.core.modes.settings import CLASS_NUMBERS
from app.core.modes.why import visit_over
from app.core.pages import GalleryState, TypingPurpose
from app.core.state import KioskState, Mode, Step, noticed, refused
from app.session.session import still_missing

SURE_AFTER_S = 0.8  # a second press on RESET within this time is not an answer: it may be a bounce
ANSWER_WITHIN_S = 20.0  # then the class is kept
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
        return _kept(state), ()
    answers: tuple[Button, ...] = offered(replace(state, mode=state.resting_mode), index)
    if isinstance(button, int):
        if state.pressed_at_s - state.asked_at_s < SURE_AFTER_S or button >= len(answers):
            return state, ()  # the button that chose the class bounces, or stands for no answer
        button = answers[button]
    return _done(_kept(state), button) if button in answers else (_kept(state), ())


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


def answered(state: KioskState, button: Button) -> Step:
    """CONFIRM, or RESET after a pause, removes the class; any other button keeps it."""
    if button is Action.RESET and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()
    if button in (Action.CONFIRM, Action.RESET) and state.removing is not None:
        return _begun(state, state.removing)
    return _kept(state), ()


def give_up_asking(state: KioskState) -> Step:
    """Keep the class if nobody answers."""
    if state.mode in (Mode.CONFIRM_REMOVE, Mode.CLASS_MENU) and state.now_s - state.asked_at_s > ANSWER_WITHIN_S:
        return _kept(state), ()
    return state, ()


def removed(state: KioskState, event: ev.ClassRemoved) -> Step:
    """The class is gone. If its model answered, learn again without it."""
    had_model = state.model is not None
    state = replace(
        visit_over(state),
        classes=_named_as_before(state, event),
        model=None,
        changed=False,
        removing=None,
        mode=Mode.TEACH,
    )
    state = noticed(state, message("{label} is removed.", label=event.label), Tone.HINT)
    if had_model and state.missing is None:
        return replace(state, mode=Mode.TRAINING), (ev.StartTraining(), ev.PlaySound("train"))
    return state, (ev.PlaySound("undo"),)


def failed(state: KioskState, event: ev.ClassNotRemoved) -> Step:
    """Say why the class is still there."""
    return refused(_kept(state), event.reason)


def ends_model(state: KioskState, index: int) -> bool:
    """Whether the model that answers is deleted with the class: its rows are the classes as they were."""
    return state.model is not None and not _goes_at_once(state, index)


def can_learn_without(state: KioskState, index: int) -> bool:
    """Whether there are enough classes with pictures for a new model after a class is removed."""
    others = [one for place, one in enumerate(state.classes) if place != index]
    return still_missing([one.label for one in others], [one.shots for one in others]) is None


def _done(state: KioskState, button: Button) -> Step:
    """Empty a class, or remove it."""
    if state.in_flight or state.gallery.returning:  # a picture may be on its way into a class
        return refused(state, message("One moment – then try again."))
    match button:
        case EmptyClass(index):
            return replace(state, emptied=index), (ev.RemoveSamplesOf(index),)
        case RemoveClass(index):
            return _asked(state, index)
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


def _asked(state: KioskState, index: int) -> Step:
    taught = state.classes[index]
    if not (taught.shots or taught.removed or ends_model(state, index)):
        return _begun(state, index)
    asking = replace(state, mode=Mode.CONFIRM_REMOVE, asked_at_s=state.now_s, held=None, notice=None, removing=index)
    return replace(asking, gallery=GalleryState()), ()


def _begun(state: KioskState, index: int) -> Step:
    """Remove a class: at once if nothing else changes with it, or else as a job."""
    if _goes_at_once(state, index):
        return class_list.change_number(_kept(state), index)
    state = replace(state, mode=Mode.REMOVING, removing=index, arrival=None, gallery=GalleryState())
    origins = tuple(one.name_from for one in _others(state, index))
    return state, (ev.DropClass(index, _labels_without(state, index), state.labels[index], origins),)


def _goes_at_once(state: KioskState, index: int) -> bool:
    """Whether it is the last class, without pictures, and one that the model never saw."""
    known = state.model is not None and index < len(state.model.shots) and state.model.shots[index]
    return index == len(state.classes) - 1 and not state.classes[index].shots and not known


def _labels_without(state: KioskState, index: int) -> tuple[str, ...]:
    """The labels of the other classes. A default name changes with the button: it says the button's colour."""
    labels = ["" if one.name_from is NameFrom.COLOUR else one.label for one in _others(state, index)]
    return class_names(labels, state.language, state.config.screen.palette)


def _others(state: KioskState, index: int | None) -> tuple[TaughtClass, ...]:
    """All classes but one, with the origins of their names."""
    return tuple(one for place, one in enumerate(with_names_known(state).classes) if place != index)


def _named_as_before(state: KioskState, event: ev.ClassRemoved) -> tuple[TaughtClass, ...]:
    """The classes that are left, with the origins of their names as they were before."""
    named = _others(state, state.removing)
    if len(named) != len(event.classes):
        return event.classes
    return tuple(replace(new, name_from=old.name_from) for new, old in zip(event.classes, named, strict=True))


def _kept(state: KioskState) -> KioskState:
    return replace(state, mode=state.resting_mode, removing=None)
