"""The kiosk itself, which runs when no command is named; with --demo a scripted visitor uses it, then it exits."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.base.file_names import HOME_PAGE
from app.base.process_age import process_age_s
from app.base.start_problems import Fallbacks
from app.commands.exit_codes import DONE, INTERRUPTED
from app.commands.report import STANDARD_OUTPUT, check_json, line_writer, write_json
from app.commands.settings import config_of, settings_that_hold, typed_settings
from app.commands.streams import print_line
from app.config.schema import StorageSettings
from app.devices.display import find_screen, screen_chosen
from app.devices.systemd import STARTED_AGAIN, locked_in
from app.splash import show_splash

logger = logging.getLogger(__name__)

STANDARD_ERROR = 2  # the last of the three files that the new program needs

DEMO_REPORT = Path("demo-out/demo.json")
"""Without --json nothing is written here, but the demonstration's screenshots and export go beside it."""


def run(options: argparse.Namespace) -> int:
    """Run the kiosk until somebody closes it or it receives SIGINT or SIGTERM; return the exit code."""
    settings, problems = (None, ()) if options.demo else settings_that_hold(options)
    if settings is not None:
        settings.protect_pin()
    for problem in problems:
        logger.warning("%s The default is used.", problem)
    config = config_of(options, settings)
    if not options.headless and not options.demo:
        os.environ.update(find_screen(os.environ))
    headless = options.headless or (options.demo and not screen_chosen(os.environ))
    if not headless and not options.demo and not screen_chosen(os.environ):
        logger.info("no DISPLAY is set: trying to draw on the console")
    screenshots = demo_data_dir = None
    if options.demo:
        report_path = DEMO_REPORT if options.json in (None, STANDARD_OUTPUT) else options.json
        check_json(report_path)  # also without --json: the demonstration writes beside it
        screenshots, demo_data_dir = report_path.with_name(f"{report_path.stem}-screens"), options.data_dir
        config = replace(config, storage=_with_export_dir(config.storage, report_path.parent))
    with ExitStack() as stack:
        window, typed, found = None, typed_settings(options), [*problems]
        if not options.demo:
            fallbacks = Fallbacks(lambda text: found.append(str(text)), typed=typed)
            window = show_splash(config, stack, fallbacks, headless=headless, locked_in=locked_in(os.environ))
        from app.compose import Start, compose  # takes longer than all that came before

        composed = stack.enter_context(
            compose(
                config,
                headless=headless,
                settings=settings,
                demo_out=screenshots,
                demo_data_dir=demo_data_dir,
                start=None if options.demo else Start(typed, tuple(found)),
                window=window,
            )
        )
        kiosk = composed.kiosk
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: setattr(kiosk, "running", False))
        if headless and not options.demo:
            print_line("The kiosk runs without a window. Ctrl-C stops it.", to_errors=True)
        logger.info("the kiosk is ready %.2f s after the start of the process", process_age_s())
        composed.loop.run()
        if composed.findings is not None and not composed.findings.complete:
            print_line("The demonstration was interrupted, so there is no report.", to_errors=True)
            return INTERRUPTED
        report, starts_again = composed.json_output(), kiosk.starts_again
    if starts_again:
        start_again(os.environ)
    write_json(options.json, report)
    if options.demo:
        line_writer(options)(_demo_summary(report, options.json))
    return DONE


def start_again(environment: MutableMapping[str, str], execute: Callable[[str, list[str]], object] = os.execv) -> None:
    """Run the program anew in this process, with its own command line.

    A service manager sees the same process go on and counts no restart: after too many it would give the kiosk up.
    Files that a library left open are closed, because the new program could not open those devices a second time.
    """
    environment[STARTED_AGAIN] = "1"
    for link in Path("/proc/self/fd").iterdir():
        if (descriptor := int(link.name)) > STANDARD_ERROR:
            with suppress(OSError):  # that of the folder itself is closed already
                os.set_inheritable(descriptor, False)
    execute(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _with_export_dir(storage: StorageSettings, folder: Path) -> StorageSettings:
    """Let SAVE write to `folder`, unless the settings name another one."""
    return replace(storage, export_dir=storage.export_dir or str(folder))


def _demo_summary(report: dict[str, Any], json_path: Path | None) -> str:
    live, seconds = report["live"], report["seconds"]
    lines = [
        "A visitor taught " + ", ".join(f"{label} ({shots})" for label, shots in report["shots"].items()) + ".",
        f"from TRAIN to the first answer of the new model: {seconds['train']:.2f} s",
        f"new views recognised: {live['right']} of {live['looked']} ({live['accuracy']:.1%})"
        f"; “not sure”: {live['not_sure']}, nearly sure: {live['near_misses']}",
        f"model saved to: {report['export']}",
        *([f"try it in a browser: {page}"] if (page := Path(report["export"]) / HOME_PAGE).is_file() else []),
        f"screenshots: {Path(report['screenshots'][0]).parent}",
    ]
    if json_path not in (None, STANDARD_OUTPUT):
        lines.append(f"report: {json_path}")
    return "\n".join(lines)
