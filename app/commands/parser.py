"""The grammar of the command line: what each command is called, takes, and says of itself."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from app.base.paths import asset_path, program_name
from app.commands.bench import STANDALONE, topics_in
from app.config.checks import DEVICE_FORM

RUNTIMES = ("auto", "litert", "tflite-runtime", "pycoral")


def make_parser() -> argparse.ArgumentParser:
    """Give the parser. What it parses holds `command`, "kiosk" where none stands, and `refuse`, which ends with 2."""
    parser = argparse.ArgumentParser(
        prog=program_name(), description="A camera kiosk that anybody can teach.", allow_abbrev=False
    )
    parser.set_defaults(command="kiosk", refuse=parser.error)
    _add_kiosk(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_train(_command(commands, "train", "make a model from folders of pictures"))
    _add_classify(_command(commands, "classify", "let a model answer pictures"))
    _add_models(_command(commands, "models", "embedding extractors: list, pull, verify"))
    _add_doctor(_command(commands, "doctor", "what is found, what is missing, how to fix it"))
    _add_bench(_command(commands, "bench", "measure the speed of this machine"))
    _add_install(_command(commands, "install", "start the kiosk with the power"))
    _add_system(_command(commands, "uninstall", "undo what install did"))
    return parser


def _add_kiosk(parser: argparse.ArgumentParser) -> None:
    _settings(parser, None)
    screen = parser.add_mutually_exclusive_group()
    screen.add_argument("--windowed", dest="fullscreen", action="store_false", default=None, help="in a window")
    screen.add_argument("--fullscreen", dest="fullscreen", action="store_true", help="on the whole screen")
    parser.add_argument("--headless", action="store_true", help="no window at all")
    parser.add_argument("--demo", action="store_true", help="a scripted visitor uses the kiosk; then it exits")
    _extractor(parser, None)
    _back_end(parser, None)
    _told(parser, None, "; with --demo its screenshots go beside it, for demo.json into demo-screens/")


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data_dir", type=Path, metavar="DATA_DIR", help="DATA_DIR/<class label>/*.jpg, .png, .bmp, .webp or .tif")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    add("--seed", type=_natural, default=0, metavar="N", help="decides the validation split (default: 0)")
    _extractor(parser)
    _back_end(parser)
    _told(parser)


def _add_classify(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a .tflite file, or a folder that SAVE or train wrote")
    add("images", type=Path, nargs="+", metavar="IMAGE", help="a picture; any number of them")
    add("--labels", type=Path, metavar="FILE", help="label file, if not beside the model")
    add("--top", type=_positive, default=1, metavar="K", help="how many answers to print (default: 1)")
    add("--extractor", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # taken, so that it is refused in words
    _back_end(parser)
    _told(parser)


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = "list (default): which there are; pull: fetch one; verify: whether one, or each, is what was published"
    add = partial(parser.add_argument, nargs="?")
    add("action", choices=("list", "pull", "verify"), default="list", metavar="ACTION", help=actions)
    add("name", metavar="NAME", help="what the list calls a model: for pull and verify")
    _told(parser)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    _settings(parser)
    _extractor(parser)
    _back_end(parser)
    _told(parser)


def _add_bench(parser: argparse.ArgumentParser) -> None:
    there, by_default = ", ".join(topics_in()), ", ".join(STANDALONE)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"{there} (default: {by_default})")
    _verbose(parser)


def _add_install(parser: argparse.ArgumentParser) -> None:
    screens = ("auto", "desktop", "kmsdrm", "cage")
    parser.add_argument("--user", metavar="NAME", help="who it runs as; by default who called sudo")
    parser.add_argument("--screen", choices=screens, default="auto", help="where it draws (default: auto)")
    _add_system(parser)


def _add_system(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say all that would be done, and do nothing")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="a system that does not run")
    _verbose(parser)


def _command(commands: argparse._SubParsersAction, name: str, about: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=name, refuse=parser.error)
    return parser


# What the kiosk and commands share holds wherever it stands: a command that is not told leaves what came before it.


def _settings(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    example = str(asset_path("kiosk.toml")).replace("%", "%%")
    add("--camera", metavar="SRC", help='index, device, video, folder of images, stream address, or "demo"')
    add("--config", type=Path, metavar="FILE", help=f"settings; {example} shows them all")
    add("--data-dir", type=Path, metavar="DIR", help="where the session and its models are kept")
    add("--export-dir", type=Path, metavar="DIR", help="where SAVE writes when no drive is there")


def _extractor(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    about = "another embedding extractor: a .tflite file, or a name that `models` lists"
    parser.add_argument("--extractor", default=default, metavar="PATH", help=about)


def _back_end(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    add = partial(parser.add_argument, default=default)
    add("--device", type=_device, metavar="auto|cpu|usb:N|pci:N", help="where the model runs")
    add("--runtime", choices=RUNTIMES, help="which interpreter runs it")


def _told(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS, more: str = "") -> None:
    about = f"write what happened; - is standard output{more}"
    parser.add_argument("--json", type=Path, default=default, metavar="FILE", help=about)
    _verbose(parser, default)


def _verbose(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
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
