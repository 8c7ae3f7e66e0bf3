"""Buttons and lamps on the mock pins of gpiozero."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from app.base.buttons import Action
from app.base.errors import ConfigInvalid, PinsUnavailable
from app.config.load import load_config
from app.config.schema import GpioSettings, LampSettings
from app.core.events import Event, InputStuck, PinChanged
from app.devices.gpio import GpioButtons
from app.devices.lights import GpioLamps, wired_lamps


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


class Received:
    """The events that the pins reported, from any thread."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def all(self) -> list[Event]:
        found = []
        while not self.events.empty():
            found.append(self.events.get())
        return found


def opened(
    factory: MockFactory, received: Received, settings: GpioSettings | None = None, pin: int = 17
) -> GpioButtons:
    return GpioButtons([pin], settings or GpioSettings(), received.events.put, clock=lambda: 5.0, factory=factory)


@pytest.mark.parametrize(
    ("pull", "active", "pressed_level", "resting_pull"),
    [
        ("up", "low", False, "up"),
        ("up", "high", True, "up"),  # a contact that opens
        ("down", "high", True, "down"),
        ("down", "low", False, "down"),
        ("none", "low", False, "floating"),
        ("none", "high", True, "floating"),
    ],
)
def test_presses_and_releases_are_reported_with_their_time(
    factory: MockFactory, pull: str, active: str, pressed_level: bool, resting_pull: str
) -> None:
    pin = factory.pin("GPIO17")
    received = Received()
    buttons = opened(factory, received, GpioSettings(pull=pull, active=active))
    assert pin.pull == resting_pull
    received.all()
    for level in (not pressed_level, pressed_level, not pressed_level):
        (pin.drive_high if level else pin.drive_low)()
    assert received.all()[-2:] == [PinChanged("gpio:17", True, 5.0), PinChanged("gpio:17", False, 5.0)]
    buttons.close()
    pin.drive_low()
    pin.drive_high()
    assert received.all() == []


def test_a_button_that_is_down_at_the_start_is_stuck_and_not_pressed(factory: MockFactory) -> None:
    received = Received()
    pin = factory.pin("GPIO17")
    buttons = opened(factory, received, GpioSettings(pull="up", active="high"))  # a contact that opens, and is open
    assert received.all() == [InputStuck("gpio:17")]
    pin.drive_low()
    assert received.all() == [PinChanged("gpio:17", False, 5.0)]
    buttons.close()


def test_edges_come_from_any_thread(factory: MockFactory) -> None:
    received = Received()
    buttons = opened(factory, received)
    thread = threading.Thread(target=factory.pin("GPIO17").drive_low)
    thread.start()
    thread.join()
    assert received.all() == [PinChanged("gpio:17", True, 5.0)]
    buttons.close()


def test_a_lost_edge_is_found_by_reading_the_pin(factory: MockFactory) -> None:
    received = Received()
    buttons = opened(factory, received)
    pin = factory.pin("GPIO17")
    pin.drive_low()
    callback, pin.when_changed = pin.when_changed, None
    pin.drive_high()  # without a callback
    pin.when_changed = callback
    assert received.all() == [PinChanged("gpio:17", True, 5.0)]
    buttons.look()
    buttons.look()
    assert received.all() == [PinChanged("gpio:17", False, 5.0)]
    buttons.close()


def test_a_pin_in_use_is_reported_in_one_line(factory: MockFactory) -> None:
    received = Received()
    buttons = opened(factory, received)
    with pytest.raises(PinsUnavailable) as caught:
        GpioLamps({0: 17}, LampSettings(), factory=factory)
    text = str(caught.value)
    assert text.startswith("cannot use the lamps on pins: pin GPIO17 is already in use by ")
    assert text.endswith(
        " Check [gpio] and [lamps] in the settings, that no other program uses these pins, "
        "and that the user is in the group gpio."
    )
    buttons.close()
    GpioLamps({0: 17}, LampSettings(), factory=factory).close()


def test_if_one_pin_fails_the_others_are_released(factory: MockFactory) -> None:
    received = Received()
    with pytest.raises(PinsUnavailable, match=r"^cannot use the buttons on pins: GPIO999 is not a valid pin name\. "):
        GpioButtons([17, 999], GpioSettings(), received.events.put, clock=lambda: 0.0, factory=factory)
    opened(factory, received).close()


def test_the_error_for_missing_pins_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    with pytest.raises(PinsUnavailable) as caught:
        GpioLamps({0: 17}, LampSettings())
    assert str(caught.value) == (
        "the settings put lamps on pins, which needs gpiozero and a computer with pins "
        "(Unable to find pin factory 'nonesuch'). "
        "Install them with pip install gpiozero lgpio, or remove the pins from the settings."
    )


# --- lamps ----------------------------------------------------------------------------------------------


def test_the_brightness_of_a_lamp_is_as_the_eye_sees_it(factory: MockFactory) -> None:
    pin = factory.pin("GPIO5")
    lights = GpioLamps({0: 5}, LampSettings(), factory=factory)
    assert pin.state == 0.0
    lights.show({0: 1.0, 7: 1.0})
    assert pin.state == 1.0
    lights.show({0: 0.5})
    assert pin.state == pytest.approx(0.2176, abs=1e-3)  # 0.5 ** 2.2
    lights.show({Action.TRAIN: 1.0})
    assert pin.state == 0.0


def test_a_lamp_with_active_level_low_is_dark_at_high_level(factory: MockFactory) -> None:
    pin = factory.pin("GPIO5")
    lights = GpioLamps({0: 5}, LampSettings(active="low"), factory=factory)
    assert pin.state == 1.0
    lights.show({0: 1.0})
    assert pin.state == 0.0


def test_the_brightness_in_the_settings_is_the_greatest(factory: MockFactory) -> None:
    pin = factory.pin("GPIO5")
    lights = GpioLamps({0: 5}, LampSettings(brightness=0.5), factory=factory)
    lights.show({0: 1.0})
    assert pin.state == pytest.approx(0.5**2.2)


def test_a_steady_lamp_is_not_written_to_its_pin_again(factory: MockFactory) -> None:
    pin = factory.pin("GPIO5")
    lights = GpioLamps({0: 5}, LampSettings(), factory=factory)
    pin.clear_states()
    for step in range(100):
        lights.show({0: 0.5 + step * 1e-6})
    assert len(pin.states) == 2  # as it was, and one change


def test_lamps_are_dark_after_closing(factory: MockFactory) -> None:
    pin = factory.pin("GPIO5")
    lights = GpioLamps({0: 5}, LampSettings(), factory=factory)
    lights.show({0: 1.0})
    lights.close()
    assert pin.state == 0.0
    assert pin.function == "input"


def test_the_settings_say_which_lamps_are_wired() -> None:
    assert wired_lamps(LampSettings(class_2="gpio:6", train="gpio:13")) == {1: 6, Action.TRAIN: 13}


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[gpio]\npull = "sideways"', "gpio.pull is 'sideways'. Write one of: up, down, none."),
        ('[gpio]\nactive = "on"', "gpio.active is 'on'. Write one of: low, high."),
        ('[lamps]\nactive = "on"', "lamps.active is 'on'. Write one of: low, high."),
        ("[gpio]\ndebounce_s = 0", "gpio.debounce_s is 0.0. Make it 0.001 or more."),
        ("[gpio]\ndebounce_s = 1", "gpio.debounce_s is 1.0. Make it 0.2 or less."),
        ("[lamps]\nbrightness = 2", "lamps.brightness is 2.0. Make it 1 or less."),
        ('[lamps]\ntrain = "17"', "lamps.train names '17'. Pins are written as \"gpio:17\"."),
        ('[gpio]\npins = ["key:1"]', "gpio.pins names 'key:1'. Pins are written as \"gpio:17\"."),
        (
            '[gpio]\npins = ["gpio:17"]\n[lamps]\ntrain = "gpio:17"',
            "lamps.train is gpio:17, which is a button already. Give it its own pin.",
        ),
        (
            '[inputs]\nsave = ["gpio:4"]\n[lamps]\nsave = "gpio:4"',
            "lamps.save is gpio:4, which is a button already. Give it its own pin.",
        ),
        (
            '[lamps]\nclass_1 = "gpio:5"\nsave = "gpio:5"',
            "lamps.save is gpio:5, which is lamps.class_1 already. Give it its own pin.",
        ),
    ],
)
def test_a_wrong_setting_of_pins_is_reported_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(text)
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == f"{path}: {message}"


def test_the_error_without_gpiozero_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(PinsUnavailable) as caught:
        GpioButtons([17], GpioSettings(), Received().events.put, clock=lambda: 0.0)
    assert str(caught.value) == (
        "the settings put buttons on pins, which needs gpiozero and a computer with pins "
        "(import of gpiozero halted; None in sys.modules). "
        "Install them with pip install gpiozero lgpio, or remove the pins from the settings."
    )
