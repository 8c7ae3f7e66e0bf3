"""Runs pytest again and again: each time in a fork of a process that has loaded every library, which saves a second.

Reads one JSON object per line: the folder, pytest's arguments and the longest time in seconds. Writes one per line: the
exit code, or null after too long a time, and what pytest printed. Libraries are loaded here, the program only in forks.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress

LIBRARIES = (
    "numpy", "cv2", "flatbuffers", "platformdirs", "tqdm", "threadpoolctl", "tomli_w", "hypothesis", "pytest",
    "pytest_timeout", "xdist.plugin", "pytest_cov.plugin", "_pytest.fixtures", "_pytest.assertion.rewrite",
    "ai_edge_litert.interpreter", "tflite_runtime.interpreter",
)  # fmt: skip
POLL_S = 0.02


def main() -> None:
    """Serve until the input ends."""
    sys.path = [path for path in sys.path if path and os.path.realpath(path) != os.path.dirname(__file__)]  # noqa: PTH120
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)


def run(folder: str, arguments: list[str], seconds: float) -> dict[str, object]:
    """Run pytest in a fork, and end every process of it."""
    with tempfile.TemporaryFile() as output:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _become_pytest(folder, arguments, output.fileno())
        code, end_s = None, time.monotonic() + seconds
        while code is None and time.monotonic() < end_s:
            time.sleep(POLL_S)
            ended, status = os.waitpid(pid, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if ended else None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if code is None:
            os.waitpid(pid, 0)
        output.seek(0)
        return {"code": code, "output": output.read().decode(errors="replace")}


def _become_pytest(folder: str, arguments: list[str], output: int) -> None:
    os.setsid()
    empty = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((empty, output, output)):
        os.dup2(descriptor, number)
    os.chdir(folder)
    sys.path.insert(0, folder)
    import pytest

    code = 3
    try:
        code = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
