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
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

from app.commands.report import write_json
from app.config import Config, load_config
from app.config_check import DEVICE_FORM, check
from app.devices.camera import silence_libraries
from app.errors import KioskError
from app.screen import find_screen
from app.settings import SettingsFile
from learning.errors import LearningError
from tpu.errors import RuntimeLayerError

RUNTIMES = ("auto", "litert", "tflite-runtime", "pycoral")
DEMO_OUT = Path("demo-out")
INTERRUPTED = 130  # as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if not options.verbose:
        silence_libraries()
    try:
        return int(options.run(options))
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
    demo_data_dir = options.data_dir if options.demo else None
    with compose(
        config, headless=headless, settings=settings, demo_out=_demo_out(options), demo_data_dir=demo_data_dir
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
        print(_demo_summary(report, options.json))
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


def _demo_out(options: argparse.Namespace) -> Path | None:
    if not options.demo:
        return None
    return options.json.parent if options.json else DEMO_OUT


def _demo_summary(report: dict[str, Any], json_path: Path | None) -> str:
    live, seconds = report["live"], report["seconds"]
    lines = [
        "A visitor taught " + ", ".join(f"{label} ({shots})" for label, shots in report["shots"].items()) + ".",
        f"TRAIN to the first answer of the new model: {seconds['train']:.2f} s",
        f"new views named right: {live['right']} of {live['looked']} ({live['accuracy']:.1%})",
        f"model saved to: {report['export']}",
        f"screenshots: {Path(report['screenshots'][0]).parent}",
    ]
    return "\n".join([*lines, *([f"report: {json_path}"] if json_path else [])])


# --- subcommands ----------------------------------------------------------------------------------------


def _run_train(options: argparse.Namespace) -> int:
    from app.commands.train import run_train

    run_train(
        options.data_dir,
        options.out,
        extractor=options.extractor,
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        seed=options.seed,
        json_path=options.json,
        write=print,
    )
    return 0


def _run_classify(options: argparse.Namespace) -> int:
    if options.extractor is not None:
        _parser().error("classify takes no --extractor: the model brings its own")
    from app.commands.classify import run_classify

    run_classify(
        options.model,
        options.images,
        labels=options.labels,
        top=options.top,
        json_path=options.json,
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        write=print,
    )
    return 0


def _run_models(options: argparse.Namespace) -> int:
    from app.commands.models import run_models

    run_models(options.action, options.name, print, json_path=options.json)
    return 0


def _run_doctor(options: argparse.Namespace) -> int:
    from app.commands.doctor import run_doctor

    return 0 if run_doctor(_config(options, _settings_file(options)), print, json_path=options.json) else 1


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


# --- the grammar ----------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_kiosk.py", description="A camera kiosk that anybody can teach.", allow_abbrev=False
    )
    parser.set_defaults(run=_run_kiosk)
    _settings(parser, None)
    screen = parser.add_mutually_exclusive_group()
    screen.add_argument("--windowed", dest="fullscreen", action="store_false", default=None, help="in a window")
    screen.add_argument("--fullscreen", dest="fullscreen", action="store_true", help="on the whole screen")
    parser.add_argument("--headless", action="store_true", help="no window at all")
    parser.add_argument("--demo", action="store_true", help="a scripted visitor uses the kiosk; then it exits")
    _common(parser, None)

    commands = parser.add_subparsers(title="commands", metavar="")
    train = commands.add_parser("train", help="make a model from folders of pictures", allow_abbrev=False)
    train.set_defaults(run=_run_train)
    train.add_argument("data_dir", type=Path, metavar="DATA_DIR", help="DATA_DIR/<class label>/*.jpg, .png or .bmp")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    train.add_argument("--seed", type=_natural, default=0, metavar="N", help="decides the validation split")
    _common(train)

    classify = commands.add_parser("classify", help="let a model answer pictures", allow_abbrev=False)
    classify.set_defaults(run=_run_classify)
    classify.add_argument("model", type=Path, metavar="MODEL", help="a .tflite file, or a folder that SAVE wrote")
    classify.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    classify.add_argument("--labels", type=Path, metavar="FILE", help="label file, if not beside the model")
    classify.add_argument("--top", type=_positive, default=1, metavar="K", help="how many answers to print")
    _back_end(classify)  # no --extractor: the model brings its own

    models = commands.add_parser("models", help="embedding extractors: list, pull, verify", allow_abbrev=False)
    models.set_defaults(run=_run_models)
    models.add_argument("action", nargs="?", choices=("list", "pull", "verify"), default="list")
    models.add_argument("name", nargs="?", metavar="NAME")
    _told(models)

    doctor = commands.add_parser("doctor", help="what is found, what is missing, how to fix it", allow_abbrev=False)
    doctor.set_defaults(run=_run_doctor)
    _settings(doctor)
    _common(doctor)

    bench = commands.add_parser("bench", help="measure the speed of this machine", allow_abbrev=False)
    bench.set_defaults(run=_run_bench)
    bench.add_argument(
        "topics", nargs="*", metavar="TOPIC", help="which of benchmarks/; those that need no photographs by default"
    )
    bench.add_argument("--verbose", action="store_true", default=argparse.SUPPRESS, help="say more on standard error")

    install = commands.add_parser("install", help="start the kiosk with the power", allow_abbrev=False)
    install.set_defaults(run=_run_install)
    install.add_argument("--user", metavar="NAME", help="who it runs as; by default who called sudo")
    install.add_argument(
        "--screen", choices=("auto", "desktop", "kmsdrm", "cage"), default="auto", help="where it draws"
    )
    uninstall = commands.add_parser("uninstall", help="undo what install did", allow_abbrev=False)
    uninstall.set_defaults(run=_run_uninstall)
    for command in (install, uninstall):
        command.add_argument("--dry-run", action="store_true", help="say all that would be done, and do nothing")
        command.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="a system that does not run")
        command.add_argument(
            "--verbose", action="store_true", default=argparse.SUPPRESS, help="say more on standard error"
        )

    return parser


# What the kiosk and commands share holds wherever it stands: a command that is not told leaves what came before it.


def _settings(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    add("--camera", metavar="SRC", help='index, device, video, folder of images, stream address, or "demo"')
    add("--config", type=Path, metavar="FILE", help="settings; assets/kiosk.toml shows them all")
    add("--data-dir", type=Path, metavar="DIR", help="where the session and its models are kept")
    add("--export-dir", type=Path, metavar="DIR", help="where SAVE writes when no drive is there")


def _common(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    parser.add_argument("--extractor", type=Path, default=default, metavar="PATH", help="another embedding extractor")
    _back_end(parser, default)


def _back_end(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    add("--device", type=_device, metavar="auto|cpu|usb:N|pci:N", help="where the model runs")
    add("--runtime", choices=RUNTIMES, help="which interpreter runs it")
    _told(parser, default)


def _told(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    parser.add_argument("--json", type=Path, default=default, metavar="FILE", help="write what happened")
    parser.add_argument("--verbose", action="store_true", default=default, help="say more on standard error")


def _device(text: str) -> str:
    if DEVICE_FORM.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no device: write auto, cpu, or one such as usb:0 or pci:0")
    return text


def _positive(text: str) -> int:
    return _at_least(1, text)


def _natural(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
