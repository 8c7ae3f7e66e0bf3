"""Lamps on GPIO pins, dimmed by pulse width modulation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import ExitStack
from typing import Any

from app.config.input_map import Assignable, button_named, pins_of
from app.config.schema import LampSettings
from app.devices.gpio import default_factory, pins_of_this_computer

PWM_HZ = 200  # fast enough not to flicker for eyes and cameras, slow enough for pulses made by software
STEP = 1 / 256  # finer changes than this are not sent to the pins
GAMMA = 2.2  # the eye sees a duty cycle of 22% as half as bright


def wired_lamps(settings: LampSettings) -> Mapping[Assignable, int]:
    """Return the pin number of every lamp that is wired, by its button."""
    named = {name: pins_of([pin]) for name, pin in vars(settings).items() if isinstance(pin, str)}
    return {button_named(name): pins[0] for name, pins in named.items() if pins}


class GpioLamps:
    """The lamps of buttons. They are dark after opening and after closing.

    Args:
        pins: Pin number by button.
        settings: Active level, and the greatest brightness.
        factory: The pin factory of gpiozero; None is that of this computer.

    Raises:
        PinsUnavailable: If gpiozero or the pins are missing, or a pin is in use.
    """

    def __init__(self, pins: Mapping[Assignable, int], settings: LampSettings, *, factory: Any = None) -> None:
        self._most = settings.brightness
        self._lit: dict[Assignable, float] = dict.fromkeys(pins, 0.0)
        with ExitStack() as opened, pins_of_this_computer("lamps"):
            from gpiozero import PWMLED

            factory = factory or default_factory()
            self._leds: dict[Assignable, Any] = {}
            for button, pin in pins.items():
                led = PWMLED(f"GPIO{pin}", active_high=settings.active == "high", frequency=PWM_HZ, pin_factory=factory)
                opened.callback(led.close)
                self._leds[button] = led
            self._opened = opened.pop_all()

    def show(self, brightness: Mapping[Hashable, float]) -> None:
        """Set the brightness of the lamps, 0..1 as the eye sees it; lamps that are not named go dark."""
        for button, led in self._leds.items():
            duty = (self._most * brightness.get(button, 0.0)) ** GAMMA
            if abs(duty - self._lit[button]) >= STEP or (duty in (0.0, 1.0) and duty != self._lit[button]):
                self._lit[button] = led.value = duty

    def close(self) -> None:
        """Switch all lamps off and release the pins."""
        self._opened.close()
