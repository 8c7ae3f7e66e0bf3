"""Where a command writes: lines for people, and the JSON of `--json FILE` for programs."""

from __future__ import annotations

import argparse
import errno
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.base.errors import JsonNotWritten
from app.commands.streams import print_line

STANDARD_OUTPUT = Path("-")
BEGINNING_BYTES = 64


def line_writer(options: argparse.Namespace) -> Callable[[str], None]:
    """Print lines on standard output, or on standard error if `--json -` sends the JSON to standard output."""
    return partial(print_line, to_errors=options.json == STANDARD_OUTPUT)


def check_json(path: Path | None) -> None:
    """Check that `write_json` will be able to write, before the work that the JSON reports. Leaves no file behind.

    A file that neither holds JSON nor is called .json is left alone: in `classify MODEL --json *.jpg` it is a picture.

    Raises:
        JsonNotWritten: If the file or its folder cannot be written, or the file holds something else.
    """
    if path is None or path == STANDARD_OUTPUT:
        return
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return  # a pipe or a device: opening it twice would end it
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        with path.open("a+b") as file:
            file.seek(0)
            beginning = file.read(BEGINNING_BYTES)
        if beginning and path.suffix != ".json" and not beginning.lstrip().startswith((b"{", b"[")):
            raise JsonNotWritten(path, "it holds something else than JSON")
        if is_new:
            path.unlink()
    except OSError as error:
        raise JsonNotWritten(path, _reason(error)) from error


def write_json(path: Path | None, report: object) -> None:
    """Write `report` as JSON; None writes nothing, and "-" writes to standard output.

    Raises:
        JsonNotWritten: If the file cannot be written.
    """
    if path is None:
        return
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if path == STANDARD_OUTPUT:
        print_line(text.removesuffix("\n"))
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise JsonNotWritten(path, _reason(error)) from error


def _reason(error: OSError) -> str:
    """The system's text. It is misleading where a file stands in place of a folder, and in /proc."""
    if isinstance(error, FileExistsError):
        return os.strerror(errno.ENOTDIR)
    if isinstance(error, FileNotFoundError):
        return "that place takes no files"
    return error.strerror or type(error).__name__
