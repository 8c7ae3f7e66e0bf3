"""Open files of unknown origin in a child process, which may crash, hang or run out of memory.

The child runs `app.guarded.sandbox_child`. Both sides exchange frames: a JSON head, then blobs.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.base.errors import FolderRefused, SandboxFailed
from app.base.i18n import Text, message
from app.base.paths import import_folder
from app.guarded.refusals import REFUSALS

logger = logging.getLogger(__name__)

LENGTH_BYTES = 8
LARGEST_HEAD_BYTES = 1 << 20
OUT_OF_MEMORY = 3  # exit code of the child


@dataclass(frozen=True)
class Limits:
    """Limits of the child process; it is killed if it exceeds one.

    Attributes:
        memory_bytes: Address space. LiteRT, OpenCV and a MobileNet reserve 370 MB and use 90 MB.
        processor_s, wall_s: Processor time, and elapsed time.
        written_bytes: Size of the longest answer.
    """

    memory_bytes: int = 1 << 30
    processor_s: int = 60
    wall_s: float = 60.0
    written_bytes: int = 256 << 20


def run_sandboxed(
    task: str, head: Mapping[str, Any], blobs: Sequence[bytes], limits: Limits
) -> tuple[dict[str, Any], list[bytes]]:
    """Let a child process do a task of `app.guarded.sandbox_child`.

    Args:
        task: A key of `app.guarded.sandbox_child.TASKS`.
        head, blobs: Its arguments.
        limits: What the child may use.

    Returns:
        Head and blobs of the answer. The child may be under the control of the files, so check them.

    Raises:
        FolderRefused: If the child refuses the files.
        SandboxFailed: If it crashes, or needs too much time or memory.
    """
    with tempfile.TemporaryFile() as question, tempfile.TemporaryFile() as answer:
        question.write(framed(head, blobs))
        question.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", "app.guarded.sandbox_child", task, str(limits.memory_bytes), str(limits.processor_s),
             str(limits.written_bytes)],
            stdin=question, stdout=answer, stderr=subprocess.DEVNULL, cwd=import_folder(), env=_environment(),
            start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = child.wait(limits.wall_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(child)
        if code != 0:
            raise SandboxFailed(_failure_text(code))
        answer.seek(0)
        reply, found = unframed(answer.read(limits.written_bytes + 1))
    if not isinstance(reply, dict):
        raise SandboxFailed(_failure_text(1))
    if "refused" in reply:
        logger.info("refused: %.300a", reply)  # %a escapes control characters, which could move the cursor
        reason = REFUSALS.get(str(reply["refused"]))
        if reason is None:
            raise SandboxFailed(_failure_text(1))
        raise FolderRefused(message("it cannot be used: {reason}", reason=reason))
    return reply, found


def framed(head: Mapping[str, Any], blobs: Sequence[bytes]) -> bytes:
    """Encode a head and blobs as bytes."""
    encoded_head = json.dumps({"head": head, "sizes": [len(blob) for blob in blobs]}).encode()
    return b"".join([len(encoded_head).to_bytes(LENGTH_BYTES, "big"), encoded_head, *blobs])


def unframed(data: bytes) -> tuple[Any, list[bytes]]:
    """Decode what `framed` encoded.

    Raises:
        SandboxFailed: If the bytes are not a frame.
    """
    length = int.from_bytes(data[:LENGTH_BYTES], "big")
    try:
        if length > LARGEST_HEAD_BYTES:
            raise ValueError(length)
        decoded = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length])
        head, sizes = decoded["head"], decoded["sizes"]
        blobs, offset = [], LENGTH_BYTES + length
        for size in sizes:
            blobs.append(data[offset : offset + size])
            offset += size
        if any(size < 0 for size in sizes) or offset != len(data):
            raise ValueError(offset)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SandboxFailed(_failure_text(1)) from error
    return head, blobs


def _environment() -> dict[str, str]:
    """Pass on no secrets of this process, and allow one thread, so that the need of memory is predictable."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and every process that it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _failure_text(code: int | None) -> Text:
    if code is None or code == -signal.SIGXCPU:
        return message("it takes too long, so it was stopped.")
    if code == OUT_OF_MEMORY:
        return message("it takes more memory than a folder of the kiosk needs, so it was stopped.")
    return message("it is damaged, or made to do harm: looking into it ended in a crash.")
