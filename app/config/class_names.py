"""Names of classes: those that somebody gave, and the kiosk's own where nobody did, in the language of the visitor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from app.base.i18n import message, translated

COLOURS = (message("Red"), message("Blue"), message("Yellow"))  # of the first buttons


def class_names(labels: Sequence[str], language: str) -> tuple[str, ...]:
    """What the classes are called.

    Args:
        labels: As the settings name them; an empty one has no name of its own.
        language: Of the names that the kiosk gives itself. No two are alike, and none is like one that was given.
    """
    taken = {label.casefold() for label in labels if label}
    names = []
    for place, label in enumerate(labels):
        name = label or next(one for one in _own(place, language) if one.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def _own(place: int, language: str) -> Iterator[str]:
    """A colour, where the place has one, and numbers from its own on."""
    if place < len(COLOURS):
        yield translated(COLOURS[place], language)
    for number in count(place + 1):
        yield translated(message("Class {number}", number=number), language)
