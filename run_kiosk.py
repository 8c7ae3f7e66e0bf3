#!/usr/bin/env python3
"""Command line of the kiosk: flags, logging, exit codes; nothing else.

Exit codes: 0 done, 1 an error told in one line that names the next step, 2 usage.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

from app.base.errors import KioskError
from app.commands.parser import make_parser
from app.commands.report import STANDARD_OUTPUT, write_json
from app.config.checks import check
from app.config.schema import Config, StorageSettings, load_config
from app.config.settings_file import SettingsFile
from app.devices.camera import silence_libraries
from app.devices.display import find_screen
from learning.errors import LearningError
from tpu.errors import RuntimeLayerError
from tpu.models import extractor_path

DEMO_REPORT = Path("demo-out/demo.json")  # beside it lies what the demonstration leaves; written only for --json
INTERRUPTED = 130  # as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = make_parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if not options.verbose:
        silence_libraries()
    try:
        return COMMANDS[options.command](options)
    except (KioskError, LearningError, RuntimeLayerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=error)
        print(
            f"error: something unexpected happened ({type(error).__name__}: {error}). What was taught is safe. "
            "Start again with --verbose to see more.",
            file=sys.stderr,
        )
        return 1


# --- the kiosk ------------------------------------------------------------------------------------------


def _run_kiosk(options: argparse.Namespace) -> int:
    from app.compose import compose, display_available

    settings = None if options.demo else _settings_file(options)
    config = _config(options, settings)
    if not options.headless and not options.demo:
        os.environ.update(find_screen(os.environ))
    headless = options.headless or (options.demo and not display_available())
    if not headless and not options.demo and not display_available():
        logging.getLogger(__name__).info("no DISPLAY is set: trying the console's own screen")
    demo_out = demo_data_dir = None
    if options.demo:
        beside = DEMO_REPORT if options.json in (None, STANDARD_OUTPUT) else options.json
        demo_out, demo_data_dir = beside.with_name(f"{beside.stem}-screens"), options.data_dir
        config = replace(config, storage=_saved_to(config.storage, beside.parent))
    with compose(
        config, headless=headless, settings=settings, demo_out=demo_out, demo_data_dir=demo_data_dir
    ) as composed:
        kiosk = composed.kiosk
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(kiosk, "running", False))
        composed.loop.run()
        if composed.findings is not None and not composed.findings.complete:
            print("The visit was broken off: there is nothing to report.", file=sys.stderr)
            return INTERRUPTED
        report = composed.report()
    write_json(options.json, report)
    if options.demo:
        _teller(options)(_demo_summary(report, options.json))
    return 0


def _settings_file(options: argparse.Namespace) -> SettingsFile:
    """Settings of --config, with those changed on the screen over them."""
    base = load_config(options.config)
    return SettingsFile(base, options.data_dir or base.data_dir)


def _config(options: argparse.Namespace, settings: SettingsFile | None = None) -> Config:
    """Settings of the files, with those of the command line over them."""
    config = settings.config if settings is not None else load_config(options.config)
    screen, storage, model = config.screen, config.storage, config.model
    if getattr(options, "fullscreen", None) is not None:
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
    camera = replace(config.camera, source=options.camera) if options.camera else config.camera
    config = replace(config, camera=camera, screen=screen, storage=storage, model=model)
    check(config, "the command line")
    return config


def _saved_to(storage: StorageSettings, folder: Path) -> StorageSettings:
    """Settings in which SAVE writes to a folder, where they do not name another one."""
    return replace(storage, export_dir=storage.export_dir or str(folder))


def _teller(options: argparse.Namespace) -> Callable[[str], None]:
    """Prints what a command tells: on standard error where the JSON has standard output for itself."""
    return partial(print, file=sys.stderr) if options.json == STANDARD_OUTPUT else print


def _demo_summary(report: dict[str, Any], json_path: Path | None) -> str:
    live, seconds = report["live"], report["seconds"]
    lines = [
        "A visitor taught " + ", ".join(f"{label} ({shots})" for label, shots in report["shots"].items()) + ".",
        f"TRAIN to the first answer of the new model: {seconds['train']:.2f} s",
        f"new views named right: {live['right']} of {live['looked']} ({live['accuracy']:.1%})",
        f"model saved to: {report['export']}",
        f"screenshots: {Path(report['screenshots'][0]).parent}",
    ]
    return "\n".join([*lines, *([f"report: {json_path}"] if json_path not in (None, STANDARD_OUTPUT) else [])])


# --- subcommands ----------------------------------------------------------------------------------------


def _run_train(options: argparse.Namespace) -> int:
    from app.commands.train import run_train

    run_train(
        options.data_dir,
        options.out,
        extractor=extractor_path(options.extractor or ""),
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        seed=options.seed,
        json_path=options.json,
        write=_teller(options),
    )
    return 0


def _run_classify(options: argparse.Namespace) -> int:
    if options.extractor is not None:
        options.refuse("classify takes no --extractor: the model brings its own")
    from app.commands.classify import run_classify

    run_classify(
        options.model,
        options.images,
        labels=options.labels,
        top=options.top,
        json_path=options.json,
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        write=_teller(options),
    )
    return 0


def _run_models(options: argparse.Namespace) -> int:
    from app.commands.models import run_models

    if options.action == "pull" and options.name is None:
        options.refuse("models pull needs the NAME of a model: `models list` shows them")
    if options.action == "list" and options.name is not None:
        options.refuse("models list takes no NAME: it lists them all")
    run_models(options.action, options.name, _teller(options), json_path=options.json)
    return 0


def _run_doctor(options: argparse.Namespace) -> int:
    from app.commands.doctor import run_doctor

    return 0 if run_doctor(_config(options, _settings_file(options)), _teller(options), json_path=options.json) else 1


def _run_bench(options: argparse.Namespace) -> int:
    from app.commands.bench import run_bench

    run_bench(options.topics, partial(print, flush=True))
    return 0


def _run_install(options: argparse.Namespace) -> int:
    from app.commands.install import run_install

    run_install(print, root=options.root, user=options.user, screen=options.screen, dry_run=options.dry_run)
    return 0


def _run_uninstall(options: argparse.Namespace) -> int:
    from app.commands.install import run_uninstall

    run_uninstall(print, root=options.root, dry_run=options.dry_run)
    return 0


COMMANDS = {
    "kiosk": _run_kiosk,
    "train": _run_train,
    "classify": _run_classify,
    "models": _run_models,
    "doctor": _run_doctor,
    "bench": _run_bench,
    "install": _run_install,
    "uninstall": _run_uninstall,
}


if __name__ == "__main__":
    sys.exit(main())
