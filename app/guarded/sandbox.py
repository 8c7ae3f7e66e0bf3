"""Looking into a stranger's bytes in a process of its own, which may crash, hang or run out of memory in peace.

`app.guarded.sandbox_child` is that process. Both ends speak in frames: a JSON head, then blobs.
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
    """What the process may use before it is ended.

    Attributes:
        memory_bytes: Of address space. LiteRT, OpenCV and a MobileNet take 370 MB of it and touch 90 MB.
        processor_s, wall_s: Seconds of computing, and by the clock.
        written_bytes: Longest answer.
    """

    memory_bytes: int = 1 << 30
    processor_s: int = 60
    wall_s: float = 60.0
    written_bytes: int = 256 << 20


def run_sandboxed(
    task: str, head: Mapping[str, Any], blobs: Sequence[bytes], limits: Limits
) -> tuple[dict[str, Any], list[bytes]]:
    """Let a process of its own do a task of `app.guarded.sandbox_child` and give its answer.

    Raises:
        FolderRefused: If it refuses the files.
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
            _end(child)
        if code != 0:
            raise SandboxFailed(_why(code))
        answer.seek(0)
        said, found = unframed(answer.read(limits.written_bytes + 1))
    if not isinstance(said, dict):
        raise SandboxFailed(_why(1))
    if "refused" in said:
        logger.info("refused: %.300a", said)  # %a: a stranger's letters move no cursor in a log
        reason = REFUSALS.get(str(said["refused"]))
        if reason is None:
            raise SandboxFailed(_why(1))
        raise FolderRefused(message("it cannot be used: {reason}", reason=reason))
    return said, found


def framed(head: Mapping[str, Any], blobs: Sequence[bytes]) -> bytes:
    """Put a head and blobs into one string of bytes."""
    told = json.dumps({"head": head, "sizes": [len(blob) for blob in blobs]}).encode()
    return b"".join([len(told).to_bytes(LENGTH_BYTES, "big"), told, *blobs])


def unframed(data: bytes) -> tuple[Any, list[bytes]]:
    """Take them apart again.

    Raises:
        SandboxFailed: If the bytes are no frame.
    """
    length = int.from_bytes(data[:LENGTH_BYTES], "big")
    try:
        if length > LARGEST_HEAD_BYTES:
            raise ValueError(length)
        told = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length])
        head, sizes = told["head"], told["sizes"]
        blobs, at = [], LENGTH_BYTES + length
        for size in sizes:
            blobs.append(data[at : at + size])
            at += size
        if any(size < 0 for size in sizes) or at != len(data):
            raise ValueError(at)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SandboxFailed(_why(1)) from error
    return head, blobs


def _environment() -> dict[str, str]:
    """Nothing of this process' secrets; one thread, whose memory can be foreseen."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End it and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _why(code: int | None) -> Text:
    if code is None or code == -signal.SIGXCPU:
        return message("it takes too long, so it was stopped.")
    if code == OUT_OF_MEMORY:
        return message("it takes more memory than a folder of the kiosk needs, so it was stopped.")
    return message("it is damaged, or made to do harm: looking into it ended in a crash.")
