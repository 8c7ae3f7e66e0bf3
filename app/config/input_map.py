"""Which physical input is which button: keys, pads and pins by stable names, pure.

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
"""The buttons that an input can be: those that have a name in the settings."""

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
    "results": ("key:e",),
    "gallery": ("key:g",),
    "language": ("key:l",),
    "confirm": ("key:y",),
    "cancel": ("key:n",),
    "fullscreen": ("key:f11",),
    "leave": ("key:escape",),
}
"""What a keyboard does where no setting says otherwise."""


@dataclass(frozen=True)
class InputMap:
    """What each source means. Several sources may be one button; a source is one button at most."""

    buttons: Mapping[str, Assignable]

    def button_of(self, source: str) -> Assignable | None:
        """What a source means, or None if nothing."""
        return self.buttons.get(source)

    def sources_of(self, button: Button) -> tuple[str, ...]:
        """All sources that are this button."""
        return tuple(source for source, meant in self.buttons.items() if meant == button)

    def assign(self, source: str, button: Button) -> InputMap:
        """The map in which `source` is `button`, whatever it was before; the button keeps its other sources.

        Raises:
            ConfigInvalid: If there is no such source, or the button has no name.
        """
        return InputMap({**self.buttons, _checked(source, "the settings"): button_named(button_name(button))})

    def without(self, source: str) -> InputMap:
        """The map in which `source` means nothing."""
        return InputMap({other: button for other, button in self.buttons.items() if other != source})

    def as_dict(self) -> dict[str, str]:
        """Plain texts, to be kept in a file: source to button."""
        return {source: button_name(button) for source, button in self.buttons.items()}

    @staticmethod
    def from_dict(texts: Mapping[str, str], origin: str = "the settings") -> InputMap:
        """Read what `as_dict` gave.

        Raises:
            ConfigInvalid: Naming the source or button that cannot be.
        """
        return InputMap({_checked(source, origin): button_named(name, origin) for source, name in texts.items()})


def input_map(
    settings: Mapping[str, Sequence[str]],
    defaults: Mapping[str, Sequence[str]] = KEYS,
    origin: str = "the settings",
) -> InputMap:
    """Make the map from the sources of each button.

    A source that a setting gives to another button is no longer what it was by default, so that `class_1 = ["key:s"]`
    is enough to take S away from SAVE.

    Args:
        settings: Sources by button name.
        defaults: Sources by button name where nothing is set; a setting equal to its default counts as not set.
        origin: Where the settings come from, for the error.

    Raises:
        ConfigInvalid: If a source cannot be, or is given to two buttons.
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
    """How a button is written in a file: `class_1`, `train`."""
    if isinstance(button, Action):
        return button.value
    if isinstance(button, OnScreen):
        raise ConfigInvalid(f"{button.what} is touched on the screen; no input can be it.")
    return f"class_{button + 1}"


def button_named(name: str, origin: str = "the settings") -> Assignable:
    """The button of a name that `button_name` gave.

    Raises:
        ConfigInvalid: If there is none.
    """
    number = re.fullmatch(r"class_([1-9])", name)
    if number is not None:
        return int(number[1]) - 1
    try:
        return Action(name)
    except ValueError:
        names = ", ".join(action.value for action in Action)
        raise ConfigInvalid(
            f"{origin}: there is no button {name!r}. There are: class_1 to class_{MOST_CLASSES}, {names}."
        ) from None


def pins_of(sources: Sequence[str]) -> tuple[int, ...]:
    """The numbers of those sources that are pins, in order, each once."""
    found = (re.fullmatch(r"gpio:(\d+)", source) for source in sources)
    return tuple(dict.fromkeys(int(one[1]) for one in found if one is not None))


def _checked(source: str, origin: str) -> str:
    if SOURCE.fullmatch(source) is None:
        raise ConfigInvalid(f"{origin}: {source!r} is no input. {EXAMPLES}")
    return source
