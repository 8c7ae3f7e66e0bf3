"""Call the module of a command: there is one module for each.

A module is imported only when its command runs, so that `--help` and `install` start quickly and load no window, camera
or model library.
"""

from __future__ import annotations

import argparse

from app.base.exhaustive import assert_never
from app.commands.parser import CommandName
from app.commands.report import check_json


def run_command(options: argparse.Namespace) -> int:
    """Run the command that `options` name and return its exit code.

    Raises:
        KioskError, LearningError, RuntimeLayerError: If the command fails; the text names the next step.
    """
    command: CommandName = options.command
    check_json(getattr(options, "json", None))  # not an option of every command
    match command:
        case "kiosk":
            from app.commands.kiosk import run
        case "train":
            from app.commands.train import run
        case "hub":
            from app.commands.hub import run
        case "classify":
            from app.commands.classify import run
        case "models":
            from app.commands.models import run
        case "doctor":
            from app.commands.doctor import run
        case "bench":
            from app.commands.bench import run
        case "soak":
            from app.commands.soak import run
        case "install":
            from app.commands.install import run
        case "uninstall":
            from app.commands.uninstall import run
        case "lessons":
            from app.commands.lessons import run
        case "pin":
            from app.commands.pin import run
        case _:
            assert_never(command)
    return run(options)
