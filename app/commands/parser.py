"""The options of the command line: every command, its arguments and its help text.

Options that the kiosk and a command share may stand before or after the command: `--device cpu train …` is the same as
`train --device cpu …`. So the options of a command have no default of their own (`argparse.SUPPRESS`); a default would
overwrite what stood before the command.

To add a command: its name in `CommandName`, its options here, its module in this package, a case in `dispatch`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from app.base.i18n import LANGUAGES
from app.base.paths import COMMAND, asset_path, program_name
from app.commands.bench import BY_DEFAULT, topics_in
from app.config.checks import DEVICE_FORM

CommandName = Literal[
    "kiosk", "train", "hub", "classify", "models", "doctor", "bench", "soak", "install", "uninstall", "pin", "lessons"
]

RUNTIMES = ("auto", "litert", "tflite-runtime", "pycoral")
SCREENS = ("auto", "desktop", "kmsdrm", "cage")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line.

    Besides the options, the parsed namespace holds `command`, a `CommandName` that is "kiosk" if no command is named,
    `usage_error`, a function that prints the usage and a reason and exits with code 2, and `meaningless`, a function
    that returns those options before the command that it does not have.
    """
    parser = argparse.ArgumentParser(
        prog=program_name(), description="A camera kiosk that anybody can teach.", allow_abbrev=False
    )
    parser.set_defaults(command="kiosk", usage_error=parser.error)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    _add_kiosk(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_train(_command(commands, "train", "train a model on folders of pictures"))
    _add_hub(_command(commands, "hub", "make one model of the saved folders of many stations"))
    _add_classify(_command(commands, "classify", "classify pictures with a model"))
    _add_models(_command(commands, "models", "list, pull or verify embedding extractors"))
    _add_doctor(_command(commands, "doctor", "show what is found, what is missing and how to fix it"))
    _add_bench(_command(commands, "bench", "measure the speed of this machine"))
    _add_soak(_command(commands, "soak", "let simulated visitors use the kiosk for hours, and look for leaks"))
    _add_install(_command(commands, "install", "start the kiosk when the machine starts"))
    _add_dry_run_and_root(_command(commands, "uninstall", "undo what install did"))
    _add_lessons(_command(commands, "lessons", "list lesson sets, check one, or write its card to print"))
    _add_pin(_command(commands, "pin", "set the PIN of the staff pages; it is read from standard input"))
    of_kiosk = {action.dest: action.option_strings[0] for action in parser._actions if action.option_strings}
    parser.set_defaults(meaningless=lambda _options: [])
    for command in commands.choices.values():
        known = {action.dest for action in command._actions}
        command.set_defaults(meaningless=partial(_meaningless, {k: v for k, v in of_kiosk.items() if k not in known}))
    return parser


def _meaningless(options_by_dest: Mapping[str, str], options: argparse.Namespace) -> list[str]:
    return [option for dest, option in options_by_dest.items() if getattr(options, dest, None) not in (None, False)]


def _command(commands: argparse._SubParsersAction, name: CommandName, about: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=name, usage_error=parser.error)
    return parser


# --- the options of each command ------------------------------------------------------------------------


def _add_kiosk(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, None)
    screen = parser.add_mutually_exclusive_group()
    screen.add_argument("--windowed", dest="fullscreen", action="store_false", default=None, help="run in a window")
    screen.add_argument("--fullscreen", dest="fullscreen", action="store_true", help="fill the screen")
    parser.add_argument("--headless", action="store_true", help="open no window")
    parser.add_argument("--demo", action="store_true", help="let a scripted visitor use the kiosk, then exit")
    _add_extractor(parser, None)
    _add_back_end(parser, None)
    _add_output(parser, None, "; with --demo the screenshots go beside FILE, for demo.json into demo-screens/")


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    about = "DATA_DIR/<class label>/*.jpg, .png, .bmp, .webp or .tif; also an address such as s3://bucket/pictures"
    add("data_dir", type=_path_or_address, metavar="DATA_DIR", help=about)
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    add("--seed", type=_natural, default=0, metavar="N", help="seed of the validation split (default: 0)")
    add("--memory-mib", type=_natural, default=2048, metavar="N", help="above this, train from sums (default: 2048)")
    add("--dask", metavar="ADDRESS", help="embed on a cluster: local, local:N, tls://HOST:8786, tcp://127.0.0.1:8786")
    add("--insecure", action="store_true", help="allow a cluster on another computer that is not encrypted")
    _add_extractor(parser)
    _add_back_end(parser)
    _add_output(parser)


def _add_hub(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("dir", type=Path, metavar="DIR", help="DIR/<station>/<saved folder>: what SAVE wrote at each station")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write, which stations take as their starter")
    add("--mapping", type=Path, metavar="FILE", help='synonyms, one class a line: cup = ["mug", "Tasse"]')
    add("--sign-with", type=Path, metavar="KEYFILE", help="sign the folder, so that stations take it by themselves")
    add("--watch", action="store_true", help="wait for new folders, and train whenever enough is new")
    add("--every", type=_positive, default=30, metavar="SECONDS", help="time between two looks (default: 30)")
    add("--enough", type=_positive, default=50, metavar="N", help="new samples for another training (default: 50)")
    add("--memory-mib", type=_natural, default=2048, metavar="N", help="above this, train from sums (default: 2048)")
    about = "also write the report to FILE, outside --out, with the pictures that disagree most"
    add("--report", type=Path, metavar="FILE", help=about)
    add("--seed", type=_natural, default=0, metavar="N", help="seed of the validation split (default: 0)")
    add("--dask", metavar="ADDRESS", help="read on a cluster: local, local:N, tls://HOST:8786, tcp://127.0.0.1:8786")
    add("--insecure", action="store_true", help="allow a cluster on another computer that is not encrypted")
    _add_extractor(parser)
    parser.add_argument("--runtime", choices=RUNTIMES, default=argparse.SUPPRESS, help="library that runs the model")
    _add_output(parser)


def _add_classify(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a .tflite file, or a folder that SAVE or train wrote")
    add("images", type=Path, nargs="+", metavar="IMAGE", help="one or more pictures")
    add("--labels", type=Path, metavar="FILE", help="label file (default: the one beside the model)")
    add("--top", type=_positive, default=1, metavar="K", help="number of labels to print per picture (default: 1)")
    add("--why", type=Path, metavar="DIR", help="write a picture for each that shows where the model found its answer")
    add("--extractor", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # accepted here so that `run` can explain
    _add_back_end(parser)
    _add_output(parser)


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = "list (default): show all; pull: download one; verify: compare one, or all, with the published hash"
    add = partial(parser.add_argument, nargs="?")
    add("action", choices=("list", "pull", "verify"), default="list", metavar="ACTION", help=actions)
    add("name", metavar="NAME", help="a model's name in the list; for pull and verify")
    _add_output(parser)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    about = "pack the results, incidents, versions and settings into a ZIP file, without pictures, secrets or names"
    parser.add_argument("--bundle", type=Path, metavar="FILE", help=about)
    _add_settings(parser)
    _add_extractor(parser)
    _add_back_end(parser)
    _add_output(parser)


def _add_soak(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--minutes", type=_positive, default=20, metavar="N", help="for how long (default: 20)")
    add("--seed", type=_natural, default=0, metavar="N", help="what visitors do, and what fails (default: 0)")
    _add_settings(parser)
    _add_extractor(parser)
    _add_back_end(parser)
    _add_output(parser)


def _add_bench(parser: argparse.ArgumentParser) -> None:
    every, by_default = ", ".join(topics_in()), ", ".join(BY_DEFAULT)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"{every} (default: {by_default})")
    about = "measure what has a goal, and write the figures to FILE (JSON), without names or paths"
    parser.add_argument("--share", type=Path, metavar="FILE", help=about)
    about = "measure what has a goal, and write performance.md with charts and CSV into DIR"
    parser.add_argument("--write", type=Path, metavar="DIR", help=about)
    _add_verbose(parser)


def _add_lessons(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "check", "card"), default="list", help="default: list")
    parser.add_argument("names", nargs="*", metavar="NAME|FILE", help="a lesson that the list names, or a .toml file")
    parser.add_argument("--language", choices=tuple(LANGUAGES), default="en", help="of the card (default: en)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="HTML file of the card (default: NAME.html)")
    add = partial(parser.add_argument, type=Path, default=argparse.SUPPRESS)
    add("--data-dir", metavar="DIR", help="data directory of the kiosk, with the lessons that staff kept")
    _add_verbose(parser)


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", metavar="NAME", help="user that runs the kiosk (default: who called sudo)")
    parser.add_argument("--yes", action="store_true", help="agree to every change of the system without being asked")
    parser.add_argument("--screen", choices=SCREENS, default="auto", help="how the kiosk draws (default: auto)")
    parser.add_argument(
        "--packaged",
        action="store_true",
        help="as the Debian package does it: repeat the last installation; without one, leave a desktop as it is",
    )
    _add_dry_run_and_root(parser)


def _add_pin(parser: argparse.ArgumentParser) -> None:
    add = partial(parser.add_argument, type=Path, default=argparse.SUPPRESS)
    add("--config", metavar="FILE", help="settings file of the kiosk")
    add("--data-dir", metavar="DIR", help="data directory of the kiosk (default: that of the installed kiosk)")
    _add_verbose(parser)


def _add_dry_run_and_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and change nothing")
    parser.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="a system that is not running, e.g. a mounted image"
    )
    _add_verbose(parser)


# --- options that the kiosk and commands share ----------------------------------------------------------


def _add_settings(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    example = str(asset_path("kiosk.toml")).replace("%", "%%")
    add("--camera", metavar="SRC", help='index, device, rpicam, video, folder of images, stream address, or "demo"')
    add("--config", type=Path, metavar="FILE", help=f"settings file; {example} shows every setting")
    add("--data-dir", type=Path, metavar="DIR", help="folder for the session and its models")
    add("--export-dir", type=Path, metavar="DIR", help="folder that SAVE writes to when no drive is plugged in")


def _add_extractor(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    about = "another embedding extractor: a .tflite file, or a name that `models` lists"
    parser.add_argument("--extractor", default=default, metavar="PATH", help=about)


def _add_back_end(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    add("--device", type=_device, metavar="auto|cpu|usb:N|pci:N", help="device that runs the model")
    add("--runtime", choices=RUNTIMES, help="library that runs the model")


def _add_output(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS, more: str = "") -> None:
    about = f"write the results as JSON; - is standard output{more}"
    parser.add_argument("--json", type=Path, default=default, metavar="FILE", help=about)
    _add_verbose(parser, default)


def _add_verbose(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    parser.add_argument("--verbose", action="store_true", default=default, help="log details on standard error")


class _Version(argparse.Action):
    """Looks the version up only if it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        try:
            print(f"{COMMAND} {version(COMMAND)}")
        except PackageNotFoundError:
            print(f"{COMMAND}, not installed: run from its sources")
        parser.exit()


# --- types of arguments ---------------------------------------------------------------------------------


def _device(text: str) -> str:
    if DEVICE_FORM.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a device: write auto, cpu, or one such as usb:0 or pci:0")
    return text


def _path_or_address(text: str) -> Path | str:
    return text if "://" in text else Path(text)


def _positive(text: str) -> int:
    return _at_least(1, text)


def _natural(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more")
    return int(text)
