"""Names of classes: those of the settings, and default names in the visitor's language for the others.

A default name is the colour that the palette in use gives to the button, so that it is true of what people see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

from app.base.i18n import Message, message, translated
from app.base.labels import label_key

_USUAL = (
    message("Red"),
    message("Blue"),
    message("Yellow"),
    message("Green"),
    message("Purple"),
    message("Orange"),
    message("Turquoise"),
    message("Pink"),
    message("Olive"),
)
_FOR_COLOUR_BLIND_EYES = (
    message("Orange"),
    message("Blue"),
    message("Yellow"),
    message("Green"),
    message("Pink"),
    message("Light blue"),
    message("Gold"),
    message("Purple"),
    message("Black"),
)
COLOURS: dict[str, tuple[Message, ...]] = {
    "paper": _USUAL,
    "night": _USUAL,
    "contrast": _USUAL,
    "distinct": _FOR_COLOUR_BLIND_EYES,
}
"""The colours of the buttons in each palette of `assets/themes/palettes.toml`, by label index."""
SHAPES = (
    message("circle"),
    message("square"),
    message("triangle"),
    message("diamond"),
    message("star"),
    message("hexagon"),
    message("cross"),
    message("drop"),
    message("ring"),
)
"""The shapes on the buttons, by label index."""
DEFAULT_PALETTE = "paper"


def colour_name(index: int, palette: str) -> Message:
    """Return the colour of a class by its label index; an unknown palette means the default one."""
    colours = COLOURS.get(palette, COLOURS[DEFAULT_PALETTE])
    return colours[index % len(colours)]


def class_names(labels: Sequence[str], language: str, palette: str = DEFAULT_PALETTE) -> tuple[str, ...]:
    """Return a name for every class.

    Args:
        labels: The names in the settings; an empty one gets a default name.
        language: Language of the default names.
        palette: The palette whose colours give the default names.

    Returns:
        Names that differ from each other in more than upper and lower case.
    """
    taken = {label_key(label) for label in labels if label}
    names = []
    for place, label in enumerate(labels):
        name = label or next(one for one in _defaults(place, language, palette) if label_key(one) not in taken)
        taken.add(label_key(name))
        names.append(name)
    return tuple(names)


def is_default_name(label: str, place: int, language: str, palette: str) -> bool:
    """Whether `class_names` may have given this name to a class at this place."""
    return label in islice(_defaults(place, language, palette), len(SHAPES))


def default_names() -> tuple[Message, ...]:
    """Return all names that the kiosk gives to classes by itself, each once."""
    numbered = (message("Class {number}", number=place + 1) for place in range(len(SHAPES)))
    return tuple(dict.fromkeys([*(one for colours in COLOURS.values() for one in colours), *numbered]))


def _defaults(place: int, language: str, palette: str) -> Iterator[str]:
    """Yield default names for a place: its colour, then "Class 4" and the numbers after it."""
    yield translated(colour_name(place, palette), language)
    for number in count(place + 1):
        yield translated(message("Class {number}", number=number), language)
