"""Buttons on GPIO pins.

gpiozero calls back on threads of its own; all that happens there is that the edge and its time go into the queue.
Its `bounce_time` is not used: what it does depends on the pin library below. RPi.GPIO and gpiozero's native pins
report the first edge at once and then ignore others for a while, so a spike of a microsecond is a press; lgpio and
pigpio wait for a steady level; the mock pins do nothing at all. `app.core.presses` has one rule for all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from app.base.errors import PinsUnavailable
from app.base.ports import Clock
from app.config.schema import GpioSettings
from app.core.events import InputStuck, PinChanged

logger = logging.getLogger(__name__)

Put = Callable[[PinChanged | InputStuck], None]


class GpioButtons:
    """The buttons on some pins, from when they are opened until they are closed.

    Args:
        pins: Numbers as the chip counts them (BCM), 17 for GPIO17.
        settings: Pull resistor and active level.
        put: Takes what happens, from any thread.
        clock: Monotonic seconds, the clock of the frame loop.
        factory: gpiozero's pin factory; None is the one of this computer.

    Raises:
        PinsUnavailable: If gpiozero is missing, there are no pins here, or one of them is in use.
    """

    def __init__(
        self, pins: Sequence[int], settings: GpioSettings, put: Put, *, clock: Clock, factory: Any = None
    ) -> None:
        self._put, self._clock = put, clock
        self._inverted = (settings.active == "high") == (settings.pull == "up") and settings.pull != "none"
        self._told: dict[int, bool] = {}
        with ExitStack() as opened, pins_of_this_computer("buttons"):
            from gpiozero import DigitalInputDevice

            factory = factory or default_factory()
            pull_up = {"up": True, "down": False, "none": None}[settings.pull]
            active_state = settings.active == "high" if pull_up is None else None
            self._devices: dict[int, Any] = {}
            for pin in pins:
                device = DigitalInputDevice(
                    f"GPIO{pin}", pull_up=pull_up, active_state=active_state, pin_factory=factory
                )
                opened.callback(device.close)
                self._devices[pin] = device
            self._opened = opened.pop_all()
        for pin, device in self._devices.items():
            self._told[pin] = self._level(device)
            if self._told[pin]:
                put(InputStuck(f"gpio:{pin}"))  # held while the power came on, or wired the other way round
            device.when_activated = self._teller(pin, True)
            device.when_deactivated = self._teller(pin, False)

    def look(self) -> None:
        """Read the pins themselves: an edge that was lost in a storm of them does not hold a button for ever."""
        for pin, device in self._devices.items():
            level = self._level(device)
            if level != self._told[pin]:
                self._tell(pin, level)

    def close(self) -> None:
        """Give the pins back."""
        self._opened.close()

    def _level(self, device: Any) -> bool:
        return bool(device.is_active) != self._inverted

    def _teller(self, pin: int, active: bool) -> Callable[[], None]:
        level = active != self._inverted
        return lambda: self._tell(pin, level)

    def _tell(self, pin: int, level: bool) -> None:
        self._told[pin] = level
        self._put(PinChanged(f"gpio:{pin}", level, self._clock()))


def default_factory() -> Any:
    """The pin factory of this computer, which all pins of the program share."""
    from gpiozero import Device

    Device.ensure_pin_factory()
    return Device.pin_factory


@contextmanager
def pins_of_this_computer(what: str) -> Iterator[None]:
    """Turn what gpiozero and the libraries below it raise into one line that says what to do.

    Raises:
        PinsUnavailable: In place of any of their errors.
    """
    try:
        yield
    except ImportError as error:
        raise PinsUnavailable(
            f"the settings put {what} on pins, which needs gpiozero and a computer with pins ({error}). "
            "Install it with pip install -e '.[gpio]', or take the pins out of the settings."
        ) from error
    except Exception as error:  # lgpio, RPi.GPIO and gpiozero have no common base
        told = str(error) or type(error).__name__
        raise PinsUnavailable(
            f"the {what} on pins cannot be used: {told}. Check [gpio] and [lamps] in the settings, that no other "
            "program uses these pins, and that the user is in the group gpio."
        ) from error
