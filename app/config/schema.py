"""Settings: one schema, its defaults, and how a TOML file overrides them.

`assets/kiosk.toml` shows every setting with its default and what it does.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs

from app.base.errors import ConfigInvalid
from app.config.checks import check
from app.config.input_map import KEYS
from tpu.runtime import EDGE_TPU_LIBRARY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class ClassSettings:
    """What can be taught. An empty label is called by the kiosk itself, in the language of the screen."""

    labels: tuple[str, ...] = ("", "", "")
    target_shots: int = 20
    max_shots: int = 300
    learn_as_you_go: bool = False
    visitors_name: bool = True


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from, how they are turned and cut, and whether the visitor sees them like in a mirror."""

    source: str = "auto"
    rotation: int = 0
    zoom: float = 1.0
    mirror: bool = True


@dataclass(frozen=True)
class ModelSettings:
    """Which network and which runtime."""

    extractor: str = ""
    runtime: str = "auto"
    device: str = "auto"
    seed: int = 0
    not_sure_below: float = 0.0


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
    results: tuple[str, ...] = KEYS["results"]
    gallery: tuple[str, ...] = KEYS["gallery"]
    language: tuple[str, ...] = KEYS["language"]
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
    results: str = ""
    gallery: str = ""
    language: str = ""
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
    volume: float = 0.4
    speech: bool = False
    language: str = "en"
    palette: str = "paper"


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
class IdleSettings:
    """When nobody is there any more, and what answers the next visitor at once."""

    after_s: float = 120.0
    countdown_s: float = 20.0
    starter: str = ""


@dataclass(frozen=True)
class PrivacySettings:
    """What stays of a visitor who has gone."""

    when_idle: str = "embeddings"
    archive_max_mib: int = 500
    free_floor_mib: int = 500


@dataclass(frozen=True)
class StaffSettings:
    """Who helps, and how staff get to their pages."""

    contact: str = ""
    pin: str = ""
    hold: tuple[str, ...] = ("reset", "undo")
    hold_s: float = 3.0
    pin_tries: int = 3
    locked_s: float = 60.0


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
    idle: IdleSettings = field(default_factory=IdleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    staff: StaffSettings = field(default_factory=StaffSettings)

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
    return Config() if path is None else overlaid(Config(), path)


def overlaid(base: Config, path: Path) -> Config:
    """Give the settings of `base` with those of a TOML file over them.

    Raises:
        ConfigInvalid: As `load_config`.
    """
    table = read_table(path)
    config = Config(**{name: _section(path, name, getattr(base, name), table) for name in get_type_hints(Config)})
    if unknown := sorted(set(table) - set(get_type_hints(Config))):
        raise ConfigInvalid(f"{path}: there is no section [{unknown[0]}]. {_known(get_type_hints(Config))}")
    check(config, str(path))
    return config


def read_table(path: Path) -> dict[str, Any]:
    """What a TOML file says.

    Raises:
        ConfigInvalid: If the file cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}. Name another file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} is not valid TOML: {error}. Mend that line and start again.") from error


def _section(path: Path, name: str, section: Any, table: Mapping[str, Any]) -> Any:
    values = table.get(name, {})
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{path}: {name} is a section. Write [{name}] above its settings.")
    hints = get_type_hints(type(section))
    if unknown := sorted(set(values) - set(hints)):
        raise ConfigInvalid(f"{path}: [{name}] has no setting {unknown[0]!r}. {_known(hints)}")
    return dataclasses.replace(
        section, **{key: _value(path, f"{name}.{key}", value, hints[key]) for key, value in values.items()}
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
