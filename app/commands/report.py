"""Writing `--json` files."""

from __future__ import annotations

import json
from pathlib import Path

from app.errors import KioskError


def write_json(path: Path | None, report: object) -> None:
    """Write a report; None writes nothing.

    Raises:
        KioskError: If the file cannot be written.
    """
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise KioskError(f"cannot write {path}: {error.strerror}. Name another file with --json.") from error
