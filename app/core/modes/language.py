"""The language of a visit, and the names of classes that go with it."""

from __future__ import annotations

from dataclasses import replace

from app.config.class_names import class_names
from app.core import events as ev
from app.core.state import KioskState, Step


def spoken(state: KioskState, language: str) -> Step:
    """Speak a language. Until something is taught, the classes that nobody named are called in it, too."""
    given, said = state.config.classes.labels, replace(state, language=language)
    begun = any(state.shots) or state.in_flight or state.model is not None or state.shown_from
    if begun or len(given) != len(state.classes):
        return said, ()
    before, after = class_names(given, state.language), class_names(given, language)
    labels = tuple(new if label == old else label for label, old, new in zip(state.labels, before, after, strict=True))
    if labels == state.labels or len({label.casefold() for label in labels}) < len(labels):
        return said, ()
    classes = tuple(replace(one, label=label) for one, label in zip(state.classes, labels, strict=True))
    return replace(said, classes=classes), (ev.NameClasses(labels),)
