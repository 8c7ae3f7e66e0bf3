"""From raw inputs to presses: contacts that bounce, buttons that stick, two inputs for one button; pure.

The rules (docs/hardware.md tells them to the person with the screwdriver):

- A pin counts as changed once it has kept its level for `debounce_s`. What is shorter is a ghost: it is counted
  and does nothing. A tap that was long enough counts even where the screen stalled meanwhile.
- An input that is down for `stuck_after_s`, or was down at the start, is stuck: it counts as up until it really was.
- A button of several inputs goes down with the first of them and comes up with the last.
- Giving an input to another button changes what it means from its next press on.
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
    """What a pin says, and what is believed of it.

    Attributes:
        level: What it said last; True is pressed.
        since_s: Since when.
        believed: The last level that it kept long enough.
        restless_since_s: When it left that level, or None while it is there.
        flickered: Changes too short to be believed since then.
        ghosts: Those after which it was back where it had been, since the start: no finger was there.
        bounces: Those on the way to another level, since the start: the contacts of the switch.
        presses: How often it went down and was believed, since the start.
    """

    level: bool = False
    since_s: float = 0.0
    believed: bool = False
    restless_since_s: float | None = None
    flickered: int = 0
    ghosts: int = 0
    bounces: int = 0
    presses: int = 0


@dataclass(frozen=True)
class Down:
    """An input that is down, the button it was when it went down, and whether it is stuck."""

    button: Button | None
    since_s: float
    stuck: bool = False


@dataclass(frozen=True)
class Inputs:
    """All inputs: what they mean, which are down, and which are in trouble.

    Attributes:
        map: What each source means from its next press on.
        debounce_s: How long a pin must keep its level.
        stuck_after_s: How long an input may be down.
        down: By source.
        contacts: Pins that have changed so far or were down at the start, by source.
    """

    map: InputMap = field(default_factory=lambda: input_map(KEYS))
    debounce_s: float = 0.02
    stuck_after_s: float = 30.0
    down: Mapping[str, Down] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)

    @property
    def pressed(self) -> tuple[str, ...]:
        """Sources that are down and count as down."""
        return tuple(source for source, one in self.down.items() if not one.stuck)

    @property
    def stuck(self) -> tuple[str, ...]:
        """Sources that are down for too long; they count as up until they are released."""
        return tuple(source for source, one in self.down.items() if one.stuck)

    def may_be_released(self, button: Button) -> bool:
        """Every pin that holds the button down has left its level, not yet for long enough to be believed."""
        sources = [source for source, one in self.down.items() if one.button == button and not one.stuck]
        return bool(sources) and all(source in self.contacts and not self.contacts[source].level for source in sources)

    def assign(self, source: str, button: Button) -> Inputs:
        """Make an input a button from its next press on."""
        return replace(self, map=self.map.assign(source, button))

    def flickering(self, now_s: float) -> tuple[str, ...]:
        """Pins that have not come to rest for `FLICKERS_S`: a loose wire, or no pull resistor."""
        return tuple(
            source
            for source, one in self.contacts.items()
            if one.restless_since_s is not None and now_s - one.restless_since_s > FLICKERS_S
        )

    @property
    def unruly(self) -> Mapping[str, Contact]:
        """Pins that had changes too short to count since the start, by source."""
        return {source: one for source, one in self.contacts.items() if one.ghosts or one.bounces}


def inputs_of(config: Config) -> Inputs:
    """All inputs as the settings want them, none of them down."""
    return Inputs(
        input_map(vars(config.inputs)),
        debounce_s=config.gpio.debounce_s,
        stuck_after_s=config.buttons.stuck_after_s,
    )


def in_order_of_time(events: Sequence[Event]) -> list[Event]:
    """Order inputs by the time at which they happened. Events without a time, and inputs of one time, stay in place."""
    timed = iter(sorted((one for one in events if _time_of(one) is not None), key=_time_of))  # type: ignore[arg-type]
    return [one if _time_of(one) is None else next(timed) for one in events]


def _time_of(event: Event) -> float | None:
    return getattr(event, "at_s", None)


def interpret(inputs: Inputs, event: Event, now_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Give the inputs after `event`, and the events that follow from it: inputs that settled, buttons pressed.

    Args:
        inputs: Before.
        event: Any; most mean nothing here.
        now_s: Monotonic seconds of the last tick.
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
            inputs, settled = _rested(inputs, now_s)  # what happened since the last tick may still be on its way
            inputs, released = _watched(inputs, passed_to_s)
            return inputs, (*settled, *released)
        case _:
            return inputs, ()


def _found_down(inputs: Inputs, source: str, now_s: float) -> Inputs:
    """An input is down that nobody pressed. Of a pin, the next level that is believed is then that it came up."""
    contacts = inputs.contacts
    if pins_of([source]):
        contacts = {**contacts, source: Contact(level=True, since_s=now_s, believed=True)}
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
    return inputs, () if was.stuck else _let_go(inputs, was.button, at_s)


def _watched(inputs: Inputs, now_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Let go of what is down for too long."""
    follow: list[Event] = []
    for source, one in inputs.down.items():
        if one.stuck or now_s - one.since_s < inputs.stuck_after_s:
            continue
        inputs = replace(inputs, down={**inputs.down, source: replace(one, stuck=True)})
        follow += _let_go(inputs, one.button, now_s)
    return inputs, tuple(follow)


def _is_down(inputs: Inputs, button: Button | None) -> bool:
    return any(one.button == button and not one.stuck for one in inputs.down.values())


def _let_go(inputs: Inputs, button: Button | None, at_s: float | None) -> tuple[Event, ...]:
    return () if button is None or _is_down(inputs, button) else (ButtonReleased(button, at_s=at_s),)


# --- contacts -------------------------------------------------------------------------------------------


def _changed(inputs: Inputs, source: str, level: bool, at_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """A pin says something else: what it said before was long enough to be believed, or it was a ghost."""
    before = inputs.contacts.get(source, Contact())
    if level == before.level:
        return inputs, ()
    inputs, follow = _believed(inputs, source, before, at_s)
    contact = inputs.contacts.get(source, before)
    short = contact.level != contact.believed
    contact = replace(
        contact,
        level=level,
        since_s=at_s,
        restless_since_s=at_s if contact.restless_since_s is None else contact.restless_since_s,
        flickered=contact.flickered + short,
    )
    return replace(inputs, contacts={**inputs.contacts, source: contact}), follow


def _rested(inputs: Inputs, heard_to_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    """Believe every pin that has kept its level. All that changed before `heard_to_s` must have been heard."""
    follow: list[Event] = []
    for source, contact in inputs.contacts.items():
        inputs, new = _believed(inputs, source, contact, heard_to_s)
        follow += new
    return inputs, tuple(follow)


def _believed(inputs: Inputs, source: str, contact: Contact, until_s: float) -> tuple[Inputs, tuple[Event, ...]]:
    if contact.restless_since_s is None or until_s - contact.since_s < inputs.debounce_s:
        return inputs, ()
    went, came_back = (contact.flickered, 0) if contact.level != contact.believed else (0, contact.flickered)
    rested = replace(
        contact,
        believed=contact.level,
        restless_since_s=None,
        flickered=0,
        ghosts=contact.ghosts + came_back,
        bounces=contact.bounces + went,
        presses=contact.presses + (contact.level and not contact.believed),
    )
    inputs = replace(inputs, contacts={**inputs.contacts, source: rested})
    if contact.level == contact.believed:
        return inputs, ()
    kind = InputPressed if contact.level else InputReleased
    raw = kind(source, at_s=contact.since_s)
    inputs, follow = interpret(inputs, raw, until_s)
    return inputs, (raw, *follow)
