"""All settings of the kiosk with their types and defaults: one class per section of the TOML file.

`assets/kiosk.toml` lists every setting with its default and what it does; a test compares both. The ranges of values
are in `app.config.checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from app.base.errors import ConfigInvalid
from app.config.input_map import KEYS
from tpu.runtime import EDGE_TPU_LIBRARY


@dataclass(frozen=True)
class ClassSettings:
    """The classes to teach. The kiosk names a class with an empty label, in the language of the screen."""

    labels: tuple[str, ...] = ("", "", "")
    target_shots: int = 20
    max_shots: int = 300
    learn_as_you_go: bool = False
    visitors_name: bool = True
    visitors_add: bool = True
    lesson: str = ""


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from, how they are rotated and cropped, and whether the screen mirrors them.

    Attributes:
        width_px, height_px, rate_hz: Asked of a webcam or a camera module, which may choose the nearest it has. The
            demonstration camera has this rate, too.
        autofocus: "continuous"; "once", when the camera is opened; or "off".
        fixed_light: A webcam keeps exposure and white balance while a class button is held. A camera module measures
            them while nobody is there, and keeps them during a visit.
    """

    source: str = "auto"
    rotation: int = 0
    zoom: float = 1.0
    mirror: bool = True
    width_px: int = 640
    height_px: int = 480
    rate_hz: int = 30
    autofocus: str = "continuous"
    fixed_light: bool = False


@dataclass(frozen=True)
class ModelSettings:
    """Which network to use, and what runs it."""

    extractor: str = ""
    runtime: str = "auto"
    device: str = "auto"
    seed: int = 0
    not_sure: str = "normal"
    not_sure_below: float = 0.0


@dataclass(frozen=True)
class ButtonSettings:
    """How a held class button takes samples, and when a button counts as stuck."""

    hold_delay_s: float = 0.35
    sample_interval_s: float = 0.12
    stuck_after_s: float = 30.0


@dataclass(frozen=True)
class InputSettings:
    """The keys, pads and pins of each button."""

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
    why: tuple[str, ...] = KEYS["why"]
    play: tuple[str, ...] = KEYS["play"]
    results: tuple[str, ...] = KEYS["results"]
    gallery: tuple[str, ...] = KEYS["gallery"]
    name: tuple[str, ...] = KEYS["name"]
    language: tuple[str, ...] = KEYS["language"]
    confirm: tuple[str, ...] = KEYS["confirm"]
    cancel: tuple[str, ...] = KEYS["cancel"]
    fullscreen: tuple[str, ...] = KEYS["fullscreen"]
    leave: tuple[str, ...] = KEYS["leave"]


@dataclass(frozen=True)
class GpioSettings:
    """Buttons on pins. The kiosk opens the pins in `inputs`, and those in `pins`, which staff can assign later."""

    pins: tuple[str, ...] = ()
    pull: str = "up"
    active: str = "low"
    debounce_s: float = 0.02


@dataclass(frozen=True)
class LampSettings:
    """The pin of each lamp, such as "gpio:5"; empty if the button has no lamp."""

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
    why: str = ""
    play: str = ""
    results: str = ""
    gallery: str = ""
    language: str = ""
    confirm: str = ""
    cancel: str = ""
    active: str = "high"
    brightness: float = 1.0


@dataclass(frozen=True)
class ScreenSettings:
    """The window, sound, language, and whether visitors may play the games."""

    width_px: int = 1280
    height_px: int = 720
    fullscreen: bool = True
    sound: bool = True
    volume: float = 0.4
    speech: bool = False
    narration: bool = False
    speech_rate: float = 1.0
    language: str = "en"
    palette: str = "paper"
    less_motion: bool = False
    games: bool = True


@dataclass(frozen=True)
class ScanSettings:
    """A highlight moves over what can be pressed, and one switch presses what is highlighted.

    Attributes:
        step_s: How long each place is highlighted.
        start: "at_once", or "press": the first press starts the highlight.
        dwell_s: How long the switch must be down to count.
    """

    enabled: bool = False
    step_s: float = 1.5
    start: str = "at_once"
    dwell_s: float = 0.0


@dataclass(frozen=True)
class StorageSettings:
    """Where files are stored; empty means the default folder of the system."""

    data_dir: str = ""
    export_dir: str = ""
    save_pictures: bool = False
    saved_max_mib: int = 1000


@dataclass(frozen=True)
class AcceleratorSettings:
    """How to open an Edge TPU; an empty `performance` leaves the driver's default."""

    library: str = EDGE_TPU_LIBRARY
    performance: str = ""


@dataclass(frozen=True)
class IdleSettings:
    """When a visit counts as over, and which model answers before the next training.

    Attributes:
        starter_key_file: If it is set, a starter is taken only if it is signed with the key in this file, or if staff
            agree.
    """

    after_s: float = 120.0
    countdown_s: float = 20.0
    starter: str = ""
    starter_key_file: str = ""


@dataclass(frozen=True)
class PrivacySettings:
    """What the kiosk keeps after a visit."""

    when_idle: str = "embeddings"
    archive_max_mib: int = 500
    free_floor_mib: int = 500


@dataclass(frozen=True)
class VisitorSettings:
    """What visitors may use: buttons, pages, and languages. Whether they may name and add classes is in `classes`."""

    save: bool = True
    undo: bool = True
    reset: bool = True
    why: bool = True
    results: bool = True
    gallery: bool = True
    empty: bool = True
    languages: tuple[str, ...] = ("en", "de", "fr", "es", "tr")


@dataclass(frozen=True)
class StaffSettings:
    """Whom visitors can ask, and how staff open their pages. `pin` is as `app.base.pin` stores it, or plain digits."""

    contact: str = ""
    pin: str = field(default="", repr=False)
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
    scan: ScanSettings = field(default_factory=ScanSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    accelerator: AcceleratorSettings = field(default_factory=AcceleratorSettings)
    idle: IdleSettings = field(default_factory=IdleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    visitors: VisitorSettings = field(default_factory=VisitorSettings)
    staff: StaffSettings = field(default_factory=StaffSettings)

    @property
    def data_dir(self) -> Path:
        """Where the session and the models are stored.

        Raises:
            ConfigInvalid: If no folder is named, and this user has no home directory.
        """
        try:
            if self.storage.data_dir:
                return Path(self.storage.data_dir).expanduser()
            return platformdirs.user_data_path("teachable-kiosk")
        except RuntimeError as error:
            raise ConfigInvalid(
                "this user has no home directory. Name a folder for the data: --data-dir DIR."
            ) from error

    @property
    def export_dir(self) -> Path:
        """Where SAVE writes if no drive is plugged in.

        Raises:
            ConfigInvalid: If no folder is named, and this user has no home directory.
        """
        try:
            if self.storage.export_dir:
                return Path(self.storage.export_dir).expanduser()
            return platformdirs.user_documents_path()
        except RuntimeError as error:
            raise ConfigInvalid(
                "this user has no home directory. Name a folder for saved models: --export-dir DIR."
            ) from error
