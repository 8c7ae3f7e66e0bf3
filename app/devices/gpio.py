"""Buttons on GPIO pins.

gpiozero calls back on its own threads; the callbacks only put the edge and its time into the event queue.
gpiozero's `bounce_time` is not used, because its effect depends on the pin library: RPi.GPIO and gpiozero's native pins
report the first edge at once and then ignore others for a while, so that a spike of a microsecond is a press; lgpio and
pigpio wait for a steady level; the mock pins do nothing. `app.core.presses` debounces all of them by one rule.
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
    """Reads buttons on pins and reports every change of their levels, until it is closed.

    Args:
        pins: Numbers of the chip (BCM), such as 17 for GPIO17.
        settings: Pull resistor and active level.
        put: Receives the events, on any thread.
        clock: Monotonic seconds of the frame loop.
        factory: The pin factory of gpiozero; None is that of this computer.

    Raises:
        PinsUnavailable: If gpiozero or the pins are missing, or a pin is in use.
    """

    def __init__(
        self, pins: Sequence[int], settings: GpioSettings, put: Put, *, clock: Clock, factory: Any = None
    ) -> None:
        self._put, self._clock = put, clock
        self._inverted = (settings.active == "high") == (settings.pull == "up") and settings.pull != "none"
        self._reported: dict[int, bool] = {}
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
            self._reported[pin] = self._level(device)
            if self._reported[pin]:
                put(InputStuck(f"gpio:{pin}"))  # held since the start, or wired the wrong way
            device.when_activated = self._reporter(pin, True)
            device.when_deactivated = self._reporter(pin, False)

    def look(self) -> None:
        """Read all pins and report changes whose edge was lost, so that no button seems held for ever."""
        for pin, device in self._devices.items():
            level = self._level(device)
            if level != self._reported[pin]:
                self._report(pin, level)

    def close(self) -> None:
        """Release the pins."""
        self._opened.close()

    def _level(self, device: Any) -> bool:
        return bool(device.is_active) != self._inverted

    def _reporter(self, pin: int, active: bool) -> Callable[[], None]:
        level = active != self._inverted
        return lambda: self._report(pin, level)

    def _report(self, pin: int, level: bool) -> None:
        self._reported[pin] = level
        self._put(PinChanged(f"gpio:{pin}", level, self._clock()))


def default_factory() -> Any:
    """Return the pin factory of this computer, which all pins of the program share."""
    from gpiozero import Device

    Device.ensure_pin_factory()
    return Device.pin_factory


@contextmanager
def pins_of_this_computer(what: str) -> Iterator[None]:
    """Translate the errors of gpiozero and of its pin libraries into one line that says what to do.

    Args:
        what: What is on the pins, for the text.

    Raises:
        PinsUnavailable: Instead of any error in the body of the `with` statement.
    """
    try:
        yield
    except ImportError as error:
        raise PinsUnavailable(
            f"the settings put {what} on pins, which needs gpiozero and a computer with pins ({error}). "
            "Install them with pip install gpiozero lgpio, or remove the pins from the settings."
        ) from error
    except Exception as error:  # the errors of lgpio, RPi.GPIO and gpiozero have no common base
        reason = str(error) or type(error).__name__
        raise PinsUnavailable(
            f"cannot use the {what} on pins: {reason}. Check [gpio] and [lamps] in the settings, that no other "
            "program uses these pins, and that the user is in the group gpio."
        ) from error
