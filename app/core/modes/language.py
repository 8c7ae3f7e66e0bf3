"""The default class names: they are in the language of the visit, and name the colours of the palette in use."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import LANGUAGES
from app.base.labels import all_different
from app.config.class_names import COLOURS, class_names, is_default_name
from app.core import events as ev
from app.core.facts import NameFrom, TaughtClass
from app.core.modes.lessons import default_labels, given_labels
from app.core.state import KioskState, Step


def with_language(state: KioskState, language: str) -> Step:
    """Switch the language. Classes with default names change their names with it; names that were given stay."""
    return _renamed(state, replace(state, language=language))


def with_palette(before: KioskState, after: KioskState) -> Step:
    """After a change of the palette, name classes with default names after their new colours, also if they are taught.

    The old names would name other buttons: what is orange now was called "Red".
    """
    return _renamed(before, after)


def with_settings(state: KioskState) -> Step:
    """Go back to the language of the settings and, if nothing was taught, to their classes."""
    state, commands = with_language(state, state.config.screen.language)
    if any(state.shots) or state.model is not None or state.shown_from:
        return state, commands
    labels = default_labels(state)
    if labels == state.labels:
        return state, commands
    forget = (ev.ForgetRemoved(),) if any(one.removed for one in state.classes) else ()
    return replace(state, classes=tuple(map(TaughtClass, labels))), (*forget, ev.NameClasses(labels))


def at_start(state: KioskState) -> Step:
    """After a restart, name the classes of the session that goes on in the language and the palette of the station.

    Sessions of older versions do not say where their names come from: a name that is the default one of its place in
    any language counts as default.
    """
    if not any(state.shots):
        return state, ()
    classes = tuple(
        replace(one, name_from=_of_any_language(state, index)) if one.name_from is None else one
        for index, one in enumerate(state.classes)
    )
    state = replace(state, classes=classes)
    named = [_given_at_start(state, one) for one in classes]
    labels = class_names(named, state.language, state.config.screen.palette)
    if labels == state.labels or not all_different(labels):
        return state, ()
    renamed = tuple(replace(one, label=label) for one, label in zip(classes, labels, strict=True))
    return replace(state, classes=renamed), (ev.NameClasses(labels),)


def _given_at_start(state: KioskState, one: TaughtClass) -> str:
    """The name that a class of a stored session was given; "" if it is called by its colour.

    A given name is translated only if it is one of the present lesson: the settings may have changed meanwhile.
    """
    if one.name_from is NameFrom.COLOUR:
        return ""
    place = one.name_from
    if not isinstance(place, int):
        return one.label
    for language in LANGUAGES:
        if one.label in given_labels(replace(state, language=language))[place:][:1]:
            return given_labels(state)[place]
    return one.label


def _of_any_language(state: KioskState, index: int) -> NameFrom | int | None:
    label = state.classes[index].label
    for language in LANGUAGES:
        given = given_labels(replace(state, language=language))
        if any(given[index : index + 1]):
            if label == given[index]:
                return index
        elif any(is_default_name(label, index, language, palette) for palette in COLOURS):
            return NameFrom.COLOUR
    return None


def default_names(state: KioskState) -> tuple[str, ...]:
    """The names that the classes have if nobody typed one; the settings may name fewer or more classes."""
    given = given_labels(state)
    labels = [_given_to(one, index, given) for index, one in enumerate(state.classes)]
    return class_names(labels, state.language, state.config.screen.palette)


def with_names_known(state: KioskState) -> KioskState:
    """Record where the name of every class comes from, before classes move or names change.

    As long as no class has moved, its name is compared with the default name of its place. A session that was opened
    again may hold fewer or more classes than the settings; then it may also be a name from another place.
    """
    given, defaults = given_labels(state), default_names(state)
    classes = tuple(
        replace(one, name_from=_recognised(state, index, given, defaults[index])) if one.name_from is None else one
        for index, one in enumerate(state.classes)
    )
    return replace(state, classes=classes)


def _recognised(state: KioskState, index: int, given: tuple[str, ...], default: str) -> NameFrom | int:
    label, moved = state.classes[index].label, len(given) != len(state.classes)
    if label == default:
        return index if any(given[index : index + 1]) else NameFrom.COLOUR
    if moved and label in given:
        return given.index(label)
    if moved and is_default_name(label, index, state.language, state.config.screen.palette):
        return NameFrom.COLOUR
    return NameFrom.PERSON


def _given_to(one: TaughtClass, index: int, given: tuple[str, ...]) -> str:
    """The name that a class was given; "" if it is called by its colour."""
    if one.name_from is NameFrom.PERSON:
        return one.label
    if one.name_from is NameFrom.COLOUR:
        return ""
    place = index if one.name_from is None else one.name_from
    return given[place] if place < len(given) else ""


def _renamed(before: KioskState, after: KioskState) -> Step:
    if after.shown_from:
        return after, ()
    known = with_names_known(before).classes
    # a name that is only taken for a person's does not displace default names: then all names stay as they are
    sure = tuple(
        old if new.name_from is NameFrom.PERSON else new for old, new in zip(before.classes, known, strict=True)
    )
    old_names, new_names = (default_names(replace(state, classes=sure)) for state in (before, after))
    labels = tuple(
        new if one.label == old or one.name_from is NameFrom.COLOUR else one.label
        for one, old, new in zip(known, old_names, new_names, strict=True)
    )
    if labels == after.labels or not all_different(labels):
        return after, ()
    classes = tuple(replace(one, label=label) for one, label in zip(known, labels, strict=True))
    return replace(after, classes=classes), (ev.NameClasses(labels),)
