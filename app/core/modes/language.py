"""The language of a visit, and the default class names, which are in that language."""

from __future__ import annotations

from dataclasses import replace

from app.base.labels import all_different
from app.config.class_names import class_names
from app.core import events as ev
from app.core.state import KioskState, Step


def with_language(state: KioskState, language: str) -> Step:
    """Switch the language. Until something is taught, classes with default names change their names with it."""
    given, said = state.config.classes.labels, replace(state, language=language)
    begun = any(state.shots) or state.in_flight or state.model is not None or state.shown_from
    if begun or len(given) != len(state.classes):
        return said, ()
    before, after = class_names(given, state.language), class_names(given, language)
    labels = tuple(new if label == old else label for label, old, new in zip(state.labels, before, after, strict=True))
    if labels == state.labels or not all_different(labels):
        return said, ()
    classes = tuple(replace(one, label=label) for one, label in zip(state.classes, labels, strict=True))
    return replace(said, classes=classes), (ev.NameClasses(labels),)
