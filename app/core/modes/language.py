"""The default class names: they are in the language of the visit, and name the colours of the palette in use."""

from __future__ import annotations

from dataclasses import replace

from app.base.labels import all_different
from app.config.class_names import class_names
from app.core import events as ev
from app.core.facts import TaughtClass
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


def default_names(state: KioskState) -> tuple[str, ...]:
    """The names that the classes have if nobody gave them one; the settings may name fewer or more classes."""
    given, count = given_labels(state), len(state.classes)
    labels = (*given, *("",) * (count - len(given)))[:count]
    return class_names(labels, state.language, state.config.screen.palette)


def _renamed(before: KioskState, after: KioskState) -> Step:
    if after.shown_from:
        return after, ()
    old_names, new_names = default_names(before), default_names(after)
    labels = tuple(
        new if label == old else label for label, old, new in zip(after.labels, old_names, new_names, strict=True)
    )
    if labels == after.labels or not all_different(labels):
        return after, ()
    classes = tuple(replace(one, label=label) for one, label in zip(after.classes, labels, strict=True))
    return replace(after, classes=classes), (ev.NameClasses(labels),)
