"""Names of classes: those of the settings, and default names in the visitor's language for the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from app.base.i18n import message, translated
from app.base.labels import label_key

COLOURS = (message("Red"), message("Blue"), message("Yellow"))  # of the first buttons


def class_names(labels: Sequence[str], language: str) -> tuple[str, ...]:
    """Return a name for every class.

    Args:
        labels: The names in the settings; an empty one gets a default name.
        language: Language of the default names.

    Returns:
        Names that differ from each other in more than upper and lower case.
    """
    taken = {label_key(label) for label in labels if label}
    names = []
    for place, label in enumerate(labels):
        name = label or next(one for one in _defaults(place, language) if label_key(one) not in taken)
        taken.add(label_key(name))
        names.append(name)
    return tuple(names)


def _defaults(place: int, language: str) -> Iterator[str]:
    """Yield default names for a place: its colour, if it has one, then "Class 4" and the numbers after it."""
    if place < len(COLOURS):
        yield translated(COLOURS[place], language)
    for number in count(place + 1):
        yield translated(message("Class {number}", number=number), language)
