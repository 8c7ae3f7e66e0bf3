"""Turn raw inputs into presses of buttons: debounce pins, ignore stuck inputs, join several inputs of one button.

The rules, which docs/hardware.md explains to the person who wires the box:

- A pin has changed once it has kept its new level for `debounce_s`. Shorter changes are counted and otherwise ignored.
  A tap that was long enough counts even if the program was busy meanwhile.
- An input that is down for `stuck_after_s`, or was down at the start, is stuck: it counts as up until it is released.
- A button with several inputs goes down with the first of them and comes up with the last.
- An input that is assigned to another button keeps its old meaning until it is released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.base.buttons import Button
from app.config.input_map import KEYS, InputMap, input_map, pins_of
from app.config.schema import Config
from app.core.events import (
    ButtonPressed,
    ButtonReleased,
    Event,
    InputPressed,
    InputReleased,
    InputStuck,
    PinChanged,
    TimePassed,
)

FLICKERS_S = 1.0  # a good switch settles within 10 ms


@dataclass(frozen=True)
class Contact:
    """The raw and the debounced level of a pin.

    Attributes:
        level: The raw level; True is pressed.
        since_s: When the raw level changed last.
        stable_level: The debounced level: the last one that lasted for `debounce_s`.
        unstable_since_s: When the raw level left the debounced one; None while they agree.
        short_changes: Changes since then that did not last.
        ghosts: Short changes after which the debounced level stayed the same, since the start: nobody pressed.
        bounces: Short changes on the way to a new debounced level, since the start: the switch bounced.
        presses: How often the debounced level became pressed, since the start.
    """

    level: bool = False
    since_s: float = 0.0
    stable_level: bool = False
    unstable_since_s: float | None = None
    short_changes: int = 0
    ghosts: int = 0
    bounces: int = 0
    presses: int = 0


@dataclass(frozen=True)
class Down:
    """An input that is down: the button that it meant when it went down, and whether it is stuck."""

    button: Button | None
    since_s: float
    stuck: bool = False


@dataclass(frozen=True)
class Inputs:
    """All inputs: what they mean, which are down, and how the pins behave.

    Attributes:
        map: Which button each source means at its next press.
        debounce_s: How long a pin must keep a level before it counts.
        stuck_after_s: How long an input may be down before it counts as stuck.
        down: The inputs that are down, by source.
        contacts: Pins that have changed since the start, or were down at the start, by source.
    """

    map: InputMap = field(default_factory=lambda: input_map(KEYS))
    debounce_s: float = 0.02
    stuck_after_s: float = 30.0
    down: Mapping[str, Down] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)

    @property
    def pressed(self) -> tuple[str, ...]:
        """Sources that are down and not stuck."""
        return tuple(source for source, one in self.down.items() if not one.stuck)

    @property
    def stuck(self) -> tuple[str, ...]:
        """Sources that are stuck; they count as up until they are released."""
        return tuple(source for source, one in self.down.items() if one.stuck)

    def may_be_released(self, button: Button) -> bool:
        """Whether every pin that holds the button down has been released, for less than `debounce_s` so far."""
        sources = [source for source, one in self.down.items() if one.button == button and not one.stuck]
        return bool(sources) and all(source in self.contacts and not self.contacts[source].level for source in sources)

    def assign(self, source: str, button: Button) -> Inputs:
        """Assign an input to a button; it counts from the next press."""
        return replace(self, map=self.map.assign(source, button))

    def flickering(self, now_s: float) -> tuple[str, ...]:
        """Pins that have been unstable for `FLICKERS_S`: a loose wire, or no pull resistor."""
        return tuple(
            source
            for source, one in self.contacts.items()
            if one.unstable_since_s is not None and now_s - one.unstable_since_s > FLICKERS_S
        )

    @property
    def with_short_changes(self) -> Mapping[str, Contact]:
        """Pins that had changes too short to count, by source."""
        return {source: one for source, one in self.contacts.items() if one.ghosts or one.bounces}


def inputs_of(config: Config) -> Inputs:
    """All inputs as configured, none of them down."""
    return Inputs(
        input_map(vars(config.inputs)),
        debounce_s=config.gpio.debounce_s,
        stuck_after_s=config.buttons.stuck_after_s,
    )


def in_order_of_time(events: Sequence[Event]) -> list[Event]:
    """Sort inputs by the time at which they happened; events without a time keep their place. The sort is stable."""
    timed = iter(sorted((one for one in events if _time_of(one) is not None), key=_time_of))  # type: ignore[arg-type]
    return [one if _time_of(one) is None else next(timed) for one in events]


def _time_of(event: Event) -> float | None:
    return getattr(event, "at_s", None)


def interpret(inputs: Inputs, event: Event, now_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Apply an event to the inputs.

    Args:
        inputs: The inputs before.
        event: Any event; most leave the inputs as they are.
        now_s: Monotonic seconds of the last tick.

    Returns:
        The inputs after, and the events that follow: debounced pins, and presses and releases of buttons.
    """
    match event:
        case InputPressed(source):
            return _pressed(inputs, source, now_s if event.at_s is None else event.at_s)
        case InputReleased(source):
            return _released(inputs, source, event.at_s)
        case InputStuck(source):
            return _found_down(inputs, source, now_s if event.at_s is None else event.at_s), ()
        case PinChanged(source, level, at_s):
            return _changed(inputs, source, level, at_s)
        case TimePassed(passed_to_s):
            inputs, settled = _debounced(inputs, now_s)  # events since the last tick may still be in the queue
            inputs, released = _with_stuck_released(inputs, passed_to_s)
            return inputs, (*settled, *released)
        case _:
            return inputs, ()


def _found_down(inputs: Inputs, source: str, now_s: float) -> Inputs:
    """An input was down at the start. For a pin, that is its debounced level: its next change is a release."""
    contacts = inputs.contacts
    if pins_of([source]):
        contacts = {**contacts, source: Contact(level=True, since_s=now_s, stable_level=True)}
    return replace(inputs, down={**inputs.down, source: Down(None, now_s, stuck=True)}, contacts=contacts)


def _pressed(inputs: Inputs, source: str, at_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    if source in inputs.down:
        return inputs, ()
    button = inputs.map.button_of(source)
    already = _is_down(inputs, button)
    inputs = replace(inputs, down={**inputs.down, source: Down(button, at_s)})
    return inputs, () if button is None or already else (ButtonPressed(button, at_s=at_s),)


def _released(inputs: Inputs, source: str, at_s: float | None) -> tuple[Inputs, tuple[Event, ...]]:
    was = inputs.down.get(source)
    if was is None:
        return inputs, ()
    inputs = replace(inputs, down={other: one for other, one in inputs.down.items() if other != source})
    return inputs, () if was.stuck else _release(inputs, was.button, at_s)


def _with_stuck_released(inputs: Inputs, now_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Release what has been down for too long."""
    follow: list[Event] = []
    for source, one in inputs.down.items():
        if one.stuck or now_s - one.since_s < inputs.stuck_after_s:
            continue
        inputs = replace(inputs, down={**inputs.down, source: replace(one, stuck=True)})
        follow += _release(inputs, one.button, now_s)
    return inputs, tuple(follow)


def _is_down(inputs: Inputs, button: Button | None) -> bool:
    return any(one.button == button and not one.stuck for one in inputs.down.values())


def _release(inputs: Inputs, button: Button | None, at_s: float | None) -> tuple[Event, ...]:
    return () if button is None or _is_down(inputs, button) else (ButtonReleased(button, at_s=at_s),)


# --- contacts -------------------------------------------------------------------------------------------


def _changed(inputs: Inputs, source: str, level: bool, at_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """A pin changed. Its level before may have lasted long enough to count."""
    before = inputs.contacts.get(source, Contact())
    if level == before.level:
        return inputs, ()
    inputs, follow = _accepted(inputs, source, before, at_s)
    contact = inputs.contacts.get(source, before)
    short = contact.level != contact.stable_level
    contact = replace(
        contact,
        level=level,
        since_s=at_s,
        unstable_since_s=at_s if contact.unstable_since_s is None else contact.unstable_since_s,
        short_changes=contact.short_changes + short,
    )
    return replace(inputs, contacts={**inputs.contacts, source: contact}), follow


def _debounced(inputs: Inputs, complete_to_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Accept the level of every pin that lasted. All changes before `complete_to_s` must have been applied."""
    follow: list[Event] = []
    for source, contact in inputs.contacts.items():
        inputs, new = _accepted(inputs, source, contact, complete_to_s)
        follow += new
    return inputs, tuple(follow)


def _accepted(inputs: Inputs, source: str, contact: Contact, until_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    if contact.unstable_since_s is None or until_s - contact.since_s < inputs.debounce_s:
        return inputs, ()
    changed = contact.level != contact.stable_level
    settled = replace(
        contact,
        stable_level=contact.level,
        unstable_since_s=None,
        short_changes=0,
        ghosts=contact.ghosts + (0 if changed else contact.short_changes),
        bounces=contact.bounces + (contact.short_changes if changed else 0),
        presses=contact.presses + (changed and contact.level),
    )
    inputs = replace(inputs, contacts={**inputs.contacts, source: settled})
    if not changed:
        return inputs, ()
    kind = InputPressed if contact.level else InputReleased
    raw = kind(source, at_s=contact.since_s)
    inputs, follow = interpret(inputs, raw, until_s)
    return inputs, (raw, *follow)
