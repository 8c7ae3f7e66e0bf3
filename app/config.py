"""Settings: one schema, its defaults, and how a TOML file overrides them.

`assets/kiosk.toml` shows every setting with its default and what it does.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs

from app.errors import ConfigInvalid
from app.inputs import KEYS, input_map, pins_of
from tpu.runtime import EDGE_TPU_LIBRARY, PERFORMANCES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MIN_CLASSES, MAX_CLASSES = 2, 9


@dataclass(frozen=True)
class ClassSettings:
    """What can be taught."""

    labels: tuple[str, ...] = ("Red", "Blue", "Yellow")
    target_shots: int = 20
    max_shots: int = 300


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from, and whether the visitor sees them like in a mirror."""

    source: str = "auto"
    mirror: bool = True


@dataclass(frozen=True)
class ModelSettings:
    """Which network and which runtime."""

    extractor: str = ""
    runtime: str = "auto"
    device: str = "auto"
    seed: int = 0


@dataclass(frozen=True)
class ButtonSettings:
    """How holding a class button takes samples, and which presses are none."""

    hold_delay_s: float = 0.35
    sample_interval_s: float = 0.12
    stuck_after_s: float = 30.0


@dataclass(frozen=True)
class InputSettings:
    """Which keys, pads and pins are which button."""

    class_1: tuple[str, ...] = KEYS["class_1"]
    class_2: tuple[str, ...] = KEYS["class_2"]
    class_3: tuple[str, ...] = KEYS["class_3"]
    class_4: tuple[str, ...] = KEYS["class_4"]
    class_5: tuple[str, ...] = KEYS["class_5"]
    class_6: tuple[str, ...] = KEYS["class_6"]
    class_7: tuple[str, ...] = KEYS["class_7"]
    class_8: tuple[str, ...] = KEYS["class_8"]
    class_9: tuple[str, ...] = KEYS["class_9"]
    train: tuple[str, ...] = KEYS["train"]
    undo: tuple[str, ...] = KEYS["undo"]
    save: tuple[str, ...] = KEYS["save"]
    reset: tuple[str, ...] = KEYS["reset"]
    confirm: tuple[str, ...] = KEYS["confirm"]
    cancel: tuple[str, ...] = KEYS["cancel"]
    fullscreen: tuple[str, ...] = KEYS["fullscreen"]
    leave: tuple[str, ...] = KEYS["leave"]


@dataclass(frozen=True)
class GpioSettings:
    """Buttons and lamps on pins. Inputs that are pins are opened; `pins` adds those that are still to be learned."""

    pins: tuple[str, ...] = ()
    pull: str = "up"
    active: str = "low"
    debounce_s: float = 0.02


@dataclass(frozen=True)
class LampSettings:
    """The pin of each lamp, as "gpio:5"; empty where there is none."""

    class_1: str = ""
    class_2: str = ""
    class_3: str = ""
    class_4: str = ""
    class_5: str = ""
    class_6: str = ""
    class_7: str = ""
    class_8: str = ""
    class_9: str = ""
    train: str = ""
    undo: str = ""
    save: str = ""
    reset: str = ""
    confirm: str = ""
    cancel: str = ""
    active: str = "high"
    brightness: float = 1.0


@dataclass(frozen=True)
class ScreenSettings:
    """The window."""

    width_px: int = 1280
    height_px: int = 720
    fullscreen: bool = True
    sound: bool = True


@dataclass(frozen=True)
class StorageSettings:
    """Where things are kept; empty means the usual place of the system."""

    data_dir: str = ""
    export_dir: str = ""
    save_pictures: bool = False


@dataclass(frozen=True)
class AcceleratorSettings:
    """How an Edge TPU is opened; `performance` empty is the driver's own."""

    library: str = EDGE_TPU_LIBRARY
    performance: str = ""


@dataclass(frozen=True)
class Config:
    """All settings of the kiosk."""

    classes: ClassSettings = field(default_factory=ClassSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    buttons: ButtonSettings = field(default_factory=ButtonSettings)
    inputs: InputSettings = field(default_factory=InputSettings)
    gpio: GpioSettings = field(default_factory=GpioSettings)
    lamps: LampSettings = field(default_factory=LampSettings)
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    accelerator: AcceleratorSettings = field(default_factory=AcceleratorSettings)

    @property
    def data_dir(self) -> Path:
        """Where the session and the models are kept."""
        if self.storage.data_dir:
            return Path(self.storage.data_dir).expanduser()
        return platformdirs.user_data_path("teachable-kiosk")

    @property
    def export_dir(self) -> Path:
        """Where SAVE writes when no drive is there."""
        if self.storage.export_dir:
            return Path(self.storage.export_dir).expanduser()
        return platformdirs.user_documents_path()


def load_config(path: Path | None) -> Config:
    """Read settings from a TOML file; None gives the defaults.

    Raises:
        ConfigInvalid: If the file cannot be read, is no TOML, or has an unknown setting or a bad value.
    """
    if path is None:
        return Config()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}. Name another file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} is not valid TOML: {error}. Mend that line and start again.") from error
    config = Config(**{name: _section(path, name, section, table) for name, section in get_type_hints(Config).items()})
    if unknown := sorted(set(table) - set(get_type_hints(Config))):
        raise ConfigInvalid(f"{path}: there is no section [{unknown[0]}]. {_known(get_type_hints(Config))}")
    check(config, str(path))
    return config


def check(config: Config, source: str) -> None:
    """Refuse values out of range.

    Raises:
        ConfigInvalid: Naming the setting, its value, and what is possible.
    """
    labels = config.classes.labels
    if not MIN_CLASSES <= len(labels) <= MAX_CLASSES:
        raise ConfigInvalid(
            f"{source}: classes.labels names {len(labels)} classes. Name {MIN_CLASSES} to {MAX_CLASSES}."
        )
    if any(not label.strip() for label in labels) or len(set(labels)) != len(labels):
        raise ConfigInvalid(f"{source}: classes.labels needs names that differ and are not empty.")
    for name, value, least in (
        ("classes.target_shots", config.classes.target_shots, 2),
        ("classes.max_shots", config.classes.max_shots, 2),
        ("buttons.hold_delay_s", config.buttons.hold_delay_s, 0.05),
        ("buttons.sample_interval_s", config.buttons.sample_interval_s, 0.03),
        ("buttons.stuck_after_s", config.buttons.stuck_after_s, 5.0),
        ("gpio.debounce_s", config.gpio.debounce_s, 0.001),
        ("lamps.brightness", config.lamps.brightness, 0.05),
        ("model.seed", config.model.seed, 0),
        ("screen.width_px", config.screen.width_px, 480),
        ("screen.height_px", config.screen.height_px, 320),
    ):
        if value < least:
            raise ConfigInvalid(f"{source}: {name} is {value}. Make it {least} or more.")
    input_map(vars(config.inputs), origin=source)
    _check_pins(config, source)
    _check_accelerator(config, source)


def _check_accelerator(config: Config, source: str) -> None:
    if re.fullmatch(r"auto|cpu|(usb|pci):\d+", config.model.device) is None:
        raise ConfigInvalid(
            f"{source}: model.device is {config.model.device!r}. Write auto, cpu, or a device such as usb:0 or pci:0."
        )
    if config.accelerator.performance not in ("", *PERFORMANCES):
        raise ConfigInvalid(
            f"{source}: accelerator.performance is {config.accelerator.performance!r}. "
            f"Write one of: {', '.join(PERFORMANCES)}, or nothing."
        )


def _check_pins(config: Config, source: str) -> None:
    """A pin is one thing: a button or a lamp, once."""
    for name, value, possible in (
        ("gpio.pull", config.gpio.pull, ("up", "down", "none")),
        ("gpio.active", config.gpio.active, ("low", "high")),
        ("lamps.active", config.lamps.active, ("low", "high")),
    ):
        if value not in possible:
            raise ConfigInvalid(f"{source}: {name} is {value!r}. Write one of: {', '.join(possible)}.")
    if config.gpio.debounce_s > 0.2:
        raise ConfigInvalid(f"{source}: gpio.debounce_s is {config.gpio.debounce_s}. Make it 0.2 or less.")
    if config.lamps.brightness > 1:
        raise ConfigInvalid(f"{source}: lamps.brightness is {config.lamps.brightness}. Make it 1 or less.")
    lamps = {name: value for name, value in vars(config.lamps).items() if isinstance(value, str) and name != "active"}
    for name, pins in (("gpio.pins", config.gpio.pins), *((f"lamps.{lamp}", (pin,)) for lamp, pin in lamps.items())):
        if odd := [pin for pin in pins if pin and not pins_of([pin])]:
            raise ConfigInvalid(f'{source}: {name} names {odd[0]!r}. Pins are written as "gpio:17".')
    used: dict[str, str] = {
        source_name: "a button" for sources in vars(config.inputs).values() for source_name in sources
    }
    used.update(dict.fromkeys(config.gpio.pins, "a button"))
    for name, pin in lamps.items():
        if pin and used.setdefault(pin, f"lamps.{name}") != f"lamps.{name}":
            raise ConfigInvalid(f"{source}: lamps.{name} is {pin}, which is {used[pin]} already. Give it its own pin.")


def _section(path: Path, name: str, section: Any, table: Mapping[str, Any]) -> Any:
    values = table.get(name, {})
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{path}: {name} is a section. Write [{name}] above its settings.")
    hints = get_type_hints(section)
    if unknown := sorted(set(values) - set(hints)):
        raise ConfigInvalid(f"{path}: [{name}] has no setting {unknown[0]!r}. {_known(hints)}")
    return dataclasses.replace(
        section(), **{key: _value(path, f"{name}.{key}", value, hints[key]) for key, value in values.items()}
    )


def _value(path: Path, name: str, value: Any, wanted: Any) -> Any:
    if wanted is float and type(value) is int:
        return float(value)
    if wanted == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise ConfigInvalid(f'{path}: {name} takes a list of texts, such as ["apple", "cup"].')
    if type(value) is not wanted:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}[wanted]
        raise ConfigInvalid(f"{path}: {name} takes {kind}, not {value!r}.")
    return value


def _known(names: Mapping[str, Any]) -> str:
    return f"There are: {', '.join(names)}."
