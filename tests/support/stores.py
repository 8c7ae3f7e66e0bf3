"""Session stores for tests, with a picture and an embedding to add to them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from app.session.store import SessionStore

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
EMBEDDING = np.arange(4, dtype=np.float32)


def open_store(path: Path, **settings: object) -> SessionStore:
    """Open or create a session with the classes "a" and "b", taught with the extractor "x" whose hash is "1"."""
    given = {"labels": ("a", "b"), "extractor_name": "x", "extractor_sha256": "1", **settings}
    return SessionStore(path, **given)  # type: ignore[arg-type]


def kill_while_adding(program: str, path: Path) -> list[int]:
    """Run a program that adds samples to a session, and kill it after 25 of them.

    Args:
        program: Python code that prints the id of each sample once it is stored; its argument is the session's path.
        path: The session.

    Returns:
        The ids that it printed.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    with child.stdout as printed:
        acknowledged = [int(printed.readline()) for _ in range(25)]
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in printed]
    child.wait()
    return acknowledged
