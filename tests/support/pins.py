"""A kiosk in a box with buttons and lamps on the mock pins of gpiozero; tests set and read only levels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

from app.base.buttons import Action
from app.base.ports import Drives, Frame
from app.base.workers import Mailbox
from app.config.input_map import pins_of
from app.config.schema import Config, InputSettings, LampSettings
from app.devices.gpio import GpioButtons
from app.devices.lights import GpioLamps, wired_lamps
from app.devices.window_input import WindowInput
from app.loop import Loop
from app.model.observation import Observation
from app.views.lamps import LOW, lamps
from app.views.model import KioskView
from app.views.present import Surroundings
from tests.support.kiosks import Station

BUTTON_PINS = {
    0: 17, 1: 27, 2: 22, Action.TRAIN: 23, Action.UNDO: 24, Action.SAVE: 25, Action.RESET: 16, Action.WHY: 18,
    Action.PLAY: 21,
}  # fmt: skip
LAMP_PINS = {
    0: 5, 1: 6, 2: 13, Action.TRAIN: 12, Action.UNDO: 19, Action.SAVE: 26, Action.RESET: 20, Action.WHY: 4,
    Action.PLAY: 7,
}  # fmt: skip
TICK_S = 1 / 60
TICKS_PER_FRAME = 6
LOW_DUTY = LOW**2.2


def wired(settings: Config) -> Config:
    """Settings with the buttons and lamps of the box, and without keys."""
    inputs: dict[str, tuple[str, ...]] = dict.fromkeys(vars(InputSettings()), ())
    return replace(
        settings,
        inputs=InputSettings(**{**inputs, **{_name(button): (f"gpio:{pin}",) for button, pin in BUTTON_PINS.items()}}),
        lamps=LampSettings(**{_name(button): f"gpio:{pin}" for button, pin in LAMP_PINS.items()}),  # type: ignore[arg-type]
    )


class Box:
    """A kiosk with pins only: `press` and `release` set levels, `lit` reads one, `wait` lets time pass."""

    def __init__(self, station: Station, factory: Any) -> None:
        self.station, self._factory = station, factory
        self.drawn: list[KioskView] = []
        self._frames: Mailbox[Frame] = Mailbox()
        self._observations: Mailbox[Observation] = Mailbox()
        self._ticks = 0
        self.working = True
        config, kiosk = station.config, station.kiosk
        self.buttons = GpioButtons(
            pins_of(list(kiosk.state.inputs.map.buttons)), config.gpio, kiosk.events.put,
            clock=lambda: station.now_s, factory=factory,
        )  # fmt: skip
        self.lights = GpioLamps(wired_lamps(config.lamps), config.lamps, factory=factory)
        self._loop = Loop(
            kiosk, self, self.inputs(), frames=self._frames, observations=self._observations,
            surroundings=Surroundings(), clock=lambda: station.now_s, wait_for_tick=lambda _hz: None,
            poll_devices=self.buttons.look, on_shown=lambda view: self.lights.show(lamps(view)),
        )  # fmt: skip

    # --- what a visitor does and sees ---

    def press(self, button: Hashable) -> None:
        """Close the contact: the pin goes low."""
        self._pin(BUTTON_PINS[button]).drive_low()

    def release(self, button: Hashable) -> None:
        """Open the contact again."""
        self._pin(BUTTON_PINS[button]).drive_high()

    def hold(self, button: Hashable, seconds: float) -> None:
        """Hold a worn button, whose contact bounces at press and release."""
        for _ in range(3):
            self.press(button)
            self._later(0.001)
            self.release(button)
            self._later(0.002)
        self.press(button)
        self.wait(seconds)
        for _ in range(2):
            self.release(button)
            self._later(0.002)
            self.press(button)
            self._later(0.001)
        self.release(button)
        self.wait(0.1)

    def spark(self, button: Hashable) -> None:
        """Let the wire pick up four milliseconds of noise, as from a motor nearby."""
        self.press(button)
        self._later(0.004)
        self.release(button)
        self.wait(0.05)

    def lit(self, button: Hashable) -> float:
        """The duty cycle at the pin of a lamp."""
        return float(self._pin(LAMP_PINS[button]).state)

    def breathing(self, seconds: float = 3.0) -> list[Hashable]:
        """The buttons whose lamps rise and fall within some seconds."""
        seen: dict[Hashable, list[float]] = {button: [] for button in LAMP_PINS}
        for _ in range(round(seconds / TICK_S)):
            self._tick()
            for button, duties in seen.items():
                duties.append(self.lit(button))
        return [button for button, duties in seen.items() if max(duties) > 0.9 and min(duties) < LOW_DUTY + 0.05]

    def wait(self, seconds: float) -> None:
        """Let time pass; workers run meanwhile, unless `working` is False."""
        for _ in range(round(seconds / TICK_S)):
            self._tick()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Let time pass until a condition is true."""
        until_s = self.station.now_s + timeout_s
        while not condition():
            assert self.station.now_s < until_s, "waited without success"
            self._tick()

    def confirm_reset(self) -> None:
        """Answer the question of RESET."""
        self.hold(Action.RESET, 0.1)

    def stands_out(self, button: Hashable) -> bool:
        """Whether the lamp of a button is fully lit."""
        return self.lit(button) == 1.0

    def suggested(self) -> list[Hashable]:
        """The buttons whose lamps breathe."""
        return self.breathing(2.6)

    def close(self) -> None:
        """Close the station and its pins."""
        self.buttons.close()
        self.lights.close()
        self.station.close()
        self._factory.reset()

    # --- a window for the loop ---

    def inputs(self) -> tuple[WindowInput, ...]:
        """There is no keyboard, mouse or pad."""
        return ()

    def draw(self, view: KioskView) -> None:
        """Keep the newest view."""
        self.drawn = [view]

    def events(self) -> list[Any]:
        """A window without events."""
        return []

    def _tick(self) -> None:
        self._later(TICK_S)
        self._ticks += 1
        if self._ticks % TICKS_PER_FRAME == 0:
            image = self.station.table.read()
            image.flags.writeable = False
            frame = Frame(image, self._ticks, self.station.now_s)
            self._frames.put(frame)
            self._observations.put(self.station.vision.observe(frame))
        self._loop.tick()
        if self.working:
            self.station.settle()

    def _later(self, seconds: float) -> None:
        self.station.now_s += seconds

    def _pin(self, number: int) -> Any:
        return self._factory.pin(f"GPIO{number}")


@contextmanager
def box(folder: Path, drives: Drives | None = None, settings: Config | None = None) -> Iterator[Box]:
    """A kiosk with its data in `folder`, used with pins only; it saves to `drives`, by default simulated ones."""
    factory = MockFactory(pin_class=MockPWMPin)
    station = Station(folder, wired(settings or Config()), drives=drives)
    made = Box(station, factory)
    try:
        yield made
    finally:
        made.close()


def _name(button: int | Action) -> str:
    return button.value if isinstance(button, Action) else f"class_{button + 1}"
