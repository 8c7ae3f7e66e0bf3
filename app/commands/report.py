"""Writing `--json` files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app.base.errors import KioskError

STANDARD_OUTPUT = Path("-")


def write_json(path: Path | None, report: object) -> None:
    """Write a report; None writes nothing, and "-" writes to standard output.

    Raises:
        KioskError: If the file cannot be written.
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
        raise KioskError(f"cannot write {path}: {error.strerror}. Name another file with --json.") from error
