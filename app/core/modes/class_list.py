"""How many classes there are, and what they are called.

Staff change both for good: the settings keep it. A visitor's changes last for the visit; without a PIN everybody may be
a visitor.
"""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import message
from app.base.labels import all_different
from app.config.class_names import class_names
from app.core import events as ev
from app.core.facts import NameFrom, TaughtClass
from app.core.modes import typing
from app.core.modes.language import with_names_known
from app.core.modes.settings import CLASS_NUMBERS, change_settings
from app.core.state import KioskState, Mode, Step, refused


def may_name(state: KioskState, index: int) -> bool:
    """Whether a visitor may name a class on the main screen now, also an empty one."""
    own = state.starter is None and not state.shown_from and state.game is None
    return state.config.classes.visitors_name and state.teaching and own and 0 <= index < len(state.classes)


def may_change_number(state: KioskState) -> bool:
    """Whether a visitor may add or remove classes on the main screen now."""
    own = state.starter is None and not state.shown_from and state.game is None
    return state.config.classes.visitors_add and state.teaching and own


def rename(state: KioskState, name: str, index: int) -> Step:
    """Close the keyboard and give a class the name that was typed, or say why it cannot have that name."""
    if name == state.classes[index].label:
        return replace(state, typing=None), (ev.PlaySound("tick"),)
    if (problem := typing.name_problem(state, name, index)) is not None:
        return typing.with_problem(state, problem)
    known = with_names_known(replace(state, typing=None))
    labels = list(state.labels)
    labels[index] = name
    return _with_labels(known, tuple(labels), NameFrom.PERSON)


def change_number(state: KioskState, number: int) -> Step:
    """Add a class at the end, or remove the last one, unless it has pictures or the model answers with it."""
    if number not in CLASS_NUMBERS:
        return state, ()
    if number < len(state.classes):
        last = state.classes[-1]
        if state.in_flight or state.gallery.returning:  # a picture may be on its way into this class
            return state, ()
        if last.shots:
            text = message("{label} has pictures. Open them and press “Empty” first.", label=last.label)
            return refused(state, text)
        if state.model is not None and len(state.model.shots) > number and state.model.shots[number]:
            text = message("The model still knows {label}. Train again first, or start over.", label=last.label)
            return refused(state, text)
        after, commands = _with_labels(with_names_known(state), state.labels[:number])
        return after, (ev.ForgetRemoved(number), *commands) if last.removed else commands
    labels = class_names((*state.labels, ""), state.language, state.config.screen.palette)
    return _with_labels(with_names_known(state), labels, NameFrom.COLOUR)


def _with_labels(state: KioskState, labels: tuple[str, ...], new_from: NameFrom = NameFrom.COLOUR) -> Step:
    """Give the classes these names; `new_from` says where those come from that are new."""
    taught, kept_labels = dict(enumerate(state.classes)), _labels_to_keep(state, labels)
    classes = tuple(
        taught[index]
        if index in taught and taught[index].label == label
        else replace(taught.get(index, TaughtClass(label)), label=label, name_from=new_from)
        for index, label in enumerate(labels)
    )
    model = state.model
    if model is not None:
        model = replace(model, shots=(*model.shots, *(0,) * (len(labels) - len(model.shots)))[: len(labels)])
    state = replace(state, classes=classes, model=model)
    if state.mode is not Mode.STAFF or not state.has_pin or state.lesson is not None:
        return state, (ev.NameClasses(labels), ev.PlaySound("tick"))
    state, commands = change_settings(state, (("classes.labels", kept_labels),))
    return state, (ev.NameClasses(labels), *commands)


def _labels_to_keep(state: KioskState, labels: tuple[str, ...]) -> tuple[str, ...]:
    """What the settings keep of new labels: those that staff gave. "" stands for the default name in any language.

    A label that did not change stays in the settings as it was: it may be a default name, or a visitor's name.
    """
    settings, count = state.config.classes.labels, len(state.classes)
    unchanged = [index for index, label in enumerate(labels[:count]) if label == state.labels[index]]
    kept = tuple(
        _setting_of(state.classes[index], index, settings) if index in unchanged else label if index < count else ""
        for index, label in enumerate(labels)
    )
    return kept if all_different(filter(None, kept)) else labels


def _setting_of(one: TaughtClass, index: int, settings: tuple[str, ...]) -> str:
    """What the settings keep for a class whose name did not change; a class may have moved away from its place."""
    if one.name_from is NameFrom.COLOUR:
        return ""
    place = one.name_from if isinstance(one.name_from, int) else index
    return settings[place] if place < len(settings) else one.label
