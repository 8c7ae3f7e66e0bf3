"""Check the values of settings; each error names the setting, its value, and what is possible."""

from __future__ import annotations

import re
from pathlib import Path

from app.base.errors import ConfigInvalid
from app.base.i18n import LANGUAGES
from app.base.labels import all_different, is_blank
from app.base.not_sure import NotSure
from app.base.pin import is_pin, is_stored
from app.base.privacy import Privacy
from app.config.input_map import button_named, input_map, pins_of
from app.config.schema import Config
from learning.dataset import MIN_CLASSES
from tpu.runtime import PERFORMANCES

MAX_CLASSES = 9
LONGEST_LABEL = 200
LONGEST_TEXT = 2000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_ZOOM = 4.0
ROTATIONS = (0, 90, 180, 270)  # degrees clockwise
AUTOFOCUS = ("continuous", "once", "off")
PALETTES = ("paper", "night", "contrast", "distinct")  # the names in assets/themes/palettes.toml
AT_ONCE, AT_PRESS = "at_once", "press"  # when the highlight of `scan` begins to move
PRIVACY = tuple(one.value for one in Privacy)
NOT_SURE = tuple(one.value for one in NotSure)
DEVICE_FORM = re.compile(r"auto|cpu|(usb|pci):\d+")


def check(config: Config, source: str) -> None:
    """Refuse the first setting that is out of range.

    Args:
        config: All settings.
        source: Where they come from, for the error text.

    Raises:
        ConfigInvalid: With the setting, its value, and what is possible.
    """
    labels = config.classes.labels
    if not MIN_CLASSES <= len(labels) <= MAX_CLASSES:
        raise ConfigInvalid(
            f"{source}: classes.labels names {len(labels)} classes. Name {MIN_CLASSES} to {MAX_CLASSES}."
        )
    given = [label for label in labels if label]
    if any(map(is_blank, given)) or not all_different(given):
        raise ConfigInvalid(f"{source}: classes.labels needs names that differ, in more than case, and are not blank.")
    if odd := [label for label in labels if not label.isprintable() or len(label) > LONGEST_LABEL]:
        raise ConfigInvalid(
            f"{source}: classes.labels names {odd[0][:LONGEST_LABEL]!r}. "
            f"Write it on one line, with {LONGEST_LABEL} letters at most."
        )
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
        ("screen.volume", config.screen.volume, 0),
        ("screen.speech_rate", config.screen.speech_rate, 0.5),
        ("scan.step_s", config.scan.step_s, 0.3),
        ("scan.dwell_s", config.scan.dwell_s, 0),
        ("camera.zoom", config.camera.zoom, 1),
        ("camera.width_px", config.camera.width_px, 160),
        ("camera.height_px", config.camera.height_px, 120),
        ("camera.rate_hz", config.camera.rate_hz, 5),
        ("model.not_sure_below", config.model.not_sure_below, 0),
        ("idle.after_s", config.idle.after_s, 0),
        ("idle.countdown_s", config.idle.countdown_s, 3),
        ("storage.saved_max_mib", config.storage.saved_max_mib, 0),
        ("privacy.archive_max_mib", config.privacy.archive_max_mib, 0),
        ("privacy.free_floor_mib", config.privacy.free_floor_mib, 0),
        ("staff.hold_s", config.staff.hold_s, 0.5),
        ("staff.pin_tries", config.staff.pin_tries, 1),
        ("staff.locked_s", config.staff.locked_s, 1),
    ):
        if value < least:
            raise ConfigInvalid(f"{source}: {name} is {value}. Make it {least} or more.")
    for name, value, most in (
        ("screen.volume", config.screen.volume, 1),
        ("screen.speech_rate", config.screen.speech_rate, 3),
        ("scan.step_s", config.scan.step_s, 20),
        ("scan.dwell_s", config.scan.dwell_s, 5),
        ("camera.zoom", config.camera.zoom, MOST_ZOOM),
        ("camera.width_px", config.camera.width_px, 4096),
        ("camera.height_px", config.camera.height_px, 4096),
        ("camera.rate_hz", config.camera.rate_hz, 120),
        ("screen.width_px", config.screen.width_px, 7680),
        ("screen.height_px", config.screen.height_px, 4320),
        ("model.seed", config.model.seed, (1 << 63) - 1),
        ("model.not_sure_below", config.model.not_sure_below, 0.99),
    ):
        if value > most:
            raise ConfigInvalid(f"{source}: {name} is {value}. Make it {most} or less.")
    for name, chosen, possible in (
        ("camera.rotation", config.camera.rotation, ROTATIONS),
        ("camera.autofocus", config.camera.autofocus, AUTOFOCUS),
        ("model.not_sure", config.model.not_sure, NOT_SURE),
        ("screen.language", config.screen.language, tuple(LANGUAGES)),
        ("screen.palette", config.screen.palette, PALETTES),
        ("scan.start", config.scan.start, (AT_ONCE, AT_PRESS)),
        ("privacy.when_idle", config.privacy.when_idle, PRIVACY),
    ):
        if chosen not in possible:
            raise ConfigInvalid(f"{source}: {name} is {chosen!r}. Choose one of: {', '.join(map(str, possible))}.")
    if unknown := [one for one in config.visitors.languages if one not in LANGUAGES]:
        raise ConfigInvalid(
            f"{source}: visitors.languages names {unknown[0][:LONGEST_LABEL]!r}. Choose from: {', '.join(LANGUAGES)}."
        )
    if config.staff.pin and not is_pin(config.staff.pin) and not is_stored(config.staff.pin):
        raise ConfigInvalid(f"{source}: staff.pin takes 4 to 12 digits, or none at all.")
    if len(set(config.staff.hold)) != 2:
        raise ConfigInvalid(f'{source}: staff.hold takes two buttons, such as ["reset", "undo"].')
    for button in config.staff.hold:
        button_named(button, source)
    input_map(vars(config.inputs), origin=source)
    _check_pins(config, source)
    _check_accelerator(config, source)
    _check_texts(config, source)


def _check_texts(config: Config, source: str) -> None:
    """Refuse texts that can be no name, no address and nothing that a screen shows."""
    for section, settings in vars(config).items():
        for key, value in vars(settings).items():
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and (len(text) > LONGEST_TEXT or CONTROL.search(text)):
                    raise ConfigInvalid(
                        f"{source}: {section}.{key} takes a text on one line, with {LONGEST_TEXT} letters at most."
                    )
    if len(config.staff.contact) > LONGEST_LABEL:
        raise ConfigInvalid(f"{source}: staff.contact takes {LONGEST_LABEL} letters at most.")
    for name, folder in (("data_dir", config.storage.data_dir), ("export_dir", config.storage.export_dir)):
        try:
            Path(folder).expanduser()
        except RuntimeError:
            raise ConfigInvalid(f"{source}: storage.{name} is {folder!r}, and that user does not exist.") from None


def _check_pins(config: Config, source: str) -> None:
    """Check the pins: each can be one button or one lamp."""
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


def _check_accelerator(config: Config, source: str) -> None:
    if DEVICE_FORM.fullmatch(config.model.device) is None:
        raise ConfigInvalid(
            f"{source}: model.device is {config.model.device!r}. Write auto, cpu, or a device such as usb:0 or pci:0."
        )
    if config.accelerator.performance not in ("", *PERFORMANCES):
        raise ConfigInvalid(
            f"{source}: accelerator.performance is {config.accelerator.performance!r}. "
            f"Write one of: {', '.join(PERFORMANCES)}, or nothing."
        )
