"""Map the names of physical inputs (keys, pads, pins) to buttons.

A source is written as `key:space`, `key:kp_1`, `pad:0:button:3`, `pad:0:axis:1+`, `pad:0:hat:0:up` or `gpio:17`.
A button is written as `class_1` … `class_9`, or by the name of its action: `train`, `undo`, `save`, …
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.base.buttons import Action, Button, OnScreen
from app.base.errors import ConfigInvalid

Assignable = int | Action
"""The buttons that an input can be assigned to: those that have a name in the settings."""

MOST_CLASSES = 9
SOURCE = re.compile(
    r"key:\S+|gpio:\d{1,3}|pad:\d{1,2}:(button:\d{1,3}|axis:\d{1,2}[+-]|hat:\d{1,2}:(up|down|left|right))"
)
EXAMPLES = "Write key:space, pad:0:button:3, pad:0:axis:1+, pad:0:hat:0:up or gpio:17."

KEYS: Mapping[str, tuple[str, ...]] = {
    **{f"class_{number}": (f"key:{number}", f"key:kp_{number}") for number in range(1, MOST_CLASSES + 1)},
    "train": ("key:t", "key:return", "key:kp_enter"),
    "undo": ("key:z",),
    "save": ("key:s",),
    "reset": ("key:r",),
    "why": ("key:w",),
    "play": ("key:p",),
    "results": ("key:e",),
    "gallery": ("key:g",),
    "name": ("key:a", "key:f2"),
    "language": ("key:l",),
    "confirm": ("key:y",),
    "cancel": ("key:n",),
    "fullscreen": ("key:f11",),
    "leave": ("key:escape",),
}
"""The default keys of each button."""


@dataclass(frozen=True)
class InputMap:
    """The button of each source. A button can have several sources; a source has one button at most."""

    buttons: Mapping[str, Assignable]

    def button_of(self, source: str) -> Assignable | None:
        """The button of a source; None if it has none."""
        return self.buttons.get(source)

    def sources_of(self, button: Button) -> tuple[str, ...]:
        """All sources of a button."""
        return tuple(source for source, meant in self.buttons.items() if meant == button)

    def assign(self, source: str, button: Button) -> InputMap:
        """Return a map in which `source` belongs to `button`. The button keeps its other sources.

        Raises:
            ConfigInvalid: If the source is not valid, or the button has no name.
        """
        return InputMap({**self.buttons, _checked(source, "the settings"): button_named(button_name(button))})


def input_map(
    settings: Mapping[str, Sequence[str]],
    defaults: Mapping[str, Sequence[str]] = KEYS,
    origin: str = "the settings",
) -> InputMap:
    """Make the map from the sources of each button.

    A setting takes its sources away from the buttons that have them by default: `class_1 = ["key:s"]` is enough to
    take S away from SAVE.

    Args:
        settings: Sources by button name.
        defaults: Sources by button name; a setting that equals its default counts as not set.
        origin: Where the settings come from, for error texts.

    Raises:
        ConfigInvalid: If a source is not valid, or belongs to two buttons.
    """
    chosen: dict[str, str] = {}
    for name, sources in settings.items():
        if tuple(sources) == tuple(defaults.get(name, ())):
            continue
        for source in sources:
            if chosen.setdefault(_checked(source, origin), name) != name:
                raise ConfigInvalid(
                    f"{origin}: inputs.{name} and inputs.{chosen[source]} both name {source}. Take it out of one."
                )
    usual = {
        source: name
        for name, sources in defaults.items()
        if tuple(settings.get(name, sources)) == tuple(sources)
        for source in sources
        if source not in chosen
    }
    return InputMap({source: button_named(name, origin) for source, name in {**usual, **chosen}.items()})


def button_name(button: Button) -> str:
    """The name of a button in a file: `class_1`, `train`.

    Raises:
        ConfigInvalid: If `button` is something on the screen.
    """
    if isinstance(button, Action):
        return button.value
    if isinstance(button, OnScreen):
        raise ConfigInvalid("A key of the screen takes no input. Assign the input to a class button or an action.")
    return f"class_{button + 1}"


def button_named(name: str, origin: str = "the settings") -> Assignable:
    """The button with a name: the inverse of `button_name`.

    Raises:
        ConfigInvalid: If no button has this name.
    """
    number = re.fullmatch(r"class_([1-9])", name)
    if number is not None:
        return int(number[1]) - 1
    try:
        return Action(name)
    except ValueError:
        names = ", ".join(action.value for action in Action)
        raise ConfigInvalid(
            f"{origin}: the button {name!r} does not exist. Choose one of: class_1 to class_{MOST_CLASSES}, {names}."
        ) from None


def pins_of(sources: Sequence[str]) -> tuple[int, ...]:
    """The pin numbers among `sources`, in their order, without repetition."""
    found = (re.fullmatch(r"gpio:(\d+)", source) for source in sources)
    return tuple(dict.fromkeys(int(one[1]) for one in found if one is not None))


def _checked(source: str, origin: str) -> str:
    if SOURCE.fullmatch(source) is None:
        raise ConfigInvalid(f"{origin}: {source!r} is not an input. {EXAMPLES}")
    return source
