"""The settings that a command runs with: defaults, the file of --config, changes made on the screen, the options."""

from __future__ import annotations

import argparse
from dataclasses import replace

from app.config.checks import check
from app.config.load import load_config
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.config.tolerant import load_what_holds


def settings_file(options: argparse.Namespace) -> SettingsFile:
    """Open the settings of --config together with the changes that staff made on the screen.

    Raises:
        ConfigInvalid: If a setting of --config does not hold.
    """
    base = load_config(options.config)
    return SettingsFile(base, options.data_dir or base.data_dir)


def settings_that_hold(options: argparse.Namespace) -> tuple[SettingsFile, tuple[str, ...]]:
    """Open the same settings, without those that do not hold; and return one line for each of those."""
    base = Config()
    problems: tuple[str, ...] = ()
    if options.config is not None:
        base, _, problems = load_what_holds(base, options.config)
    settings = SettingsFile(base, options.data_dir or base.data_dir)
    return settings, (*problems, *settings.problems)


def typed_settings(options: argparse.Namespace) -> frozenset[str]:
    """Return the names of the settings that were given on the command line."""
    given = {
        "camera.source": options.camera,
        "storage.data_dir": options.data_dir,
        "storage.export_dir": options.export_dir,
        "model.extractor": options.extractor,
        "model.device": options.device,
        "model.runtime": options.runtime,
    }
    return frozenset(name for name, value in given.items() if value)


def config_of(options: argparse.Namespace, settings: SettingsFile | None = None) -> Config:
    """Apply the options of the command line to `settings`, or to the file of --config without them.

    Raises:
        ConfigInvalid: If a setting or an option is out of range.
    """
    config = settings.config if settings is not None else load_config(options.config)
    camera, screen, storage, model = config.camera, config.screen, config.storage, config.model
    if options.camera:
        camera = replace(camera, source=options.camera)
    if getattr(options, "fullscreen", None) is not None:  # not an option of every command
        screen = replace(screen, fullscreen=options.fullscreen)
    if options.data_dir:
        storage = replace(storage, data_dir=str(options.data_dir))
    if options.export_dir:
        storage = replace(storage, export_dir=str(options.export_dir))
    if options.extractor:
        model = replace(model, extractor=str(options.extractor))
    if options.device:
        model = replace(model, device=options.device)
    if options.runtime:
        model = replace(model, runtime=options.runtime)
    config = replace(config, camera=camera, screen=screen, storage=storage, model=model)
    check(config, "the command line")
    return config
