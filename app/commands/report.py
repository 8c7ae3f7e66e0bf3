"""Where a command writes: lines for people, and the JSON of `--json FILE` for programs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.base.errors import JsonNotWritten

STANDARD_OUTPUT = Path("-")


def line_writer(options: argparse.Namespace) -> Callable[[str], None]:
    """Print lines on standard output, or on standard error if `--json -` sends the JSON to standard output."""
    return partial(print, file=sys.stderr) if options.json == STANDARD_OUTPUT else print


def write_json(path: Path | None, report: object) -> None:
    """Write `report` as JSON; None writes nothing, and "-" writes to standard output.

    Raises:
        JsonNotWritten: If the file cannot be written.
    """
    if path is None:
        return
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if path == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise JsonNotWritten(path, error.strerror or type(error).__name__) from error
